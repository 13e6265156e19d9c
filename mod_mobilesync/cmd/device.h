/* What is known of a device: the record DEVICE, written by FolderSync, Settings and
 * Provision. Fields (all text): type, version (protocol), agent (HTTP User-Agent),
 * first and last (microseconds since the epoch), and what DeviceInformation gave (MS-ASCMD
 * 2.2.3.45): model, imei, name, os, language, phone, user-agent, sms, operator. */
#ifndef CMD_DEVICE_H
#define CMD_DEVICE_H

#include "cmd/cmd.h"

/* Stores a DeviceInformation element (its Set child, or its children at 14.1+ Provision).
 * INVALID when a value is longer than the schema allows. */
base_fault_t *cmd_device_save_information(cmd_exchange_t *exchange, const eas_node_t *information);

/* Notes that the device is here: first seen, protocol version, agent. Writes only when
 * something but the time changed, or the last note is older than an hour. */
base_fault_t *cmd_device_seen(cmd_exchange_t *exchange);

#endif
