/* What is known of a device: the record DEVICE, made by FolderSync, Settings and Provision.
 * Fields (all text): type, version (protocol), agent (HTTP User-Agent), first and last
 * (microseconds since the epoch), and what DeviceInformation gave (MS-ASCMD 2.2.3.45): model,
 * imei, name, os, language, phone, user-agent, sms, operator. While an administrator has suspended
 * the device: suspended (since when, microseconds), suspended-by, suspended-why. access: what
 * it was served as last (sync/access.h). trace: until when the device is traced (microseconds), a
 * blank, and "full" or "redacted". profile: what is done differently for this device, see
 * eas/profile.h. policy-...: cmd/policy.h. wipe, wipe-...: cmd/wipe.h. brake: sync/brake.h. */
#ifndef CMD_DEVICE_H
#define CMD_DEVICE_H

#include "cmd/cmd.h"

/* Stores a DeviceInformation element (its Set child, or its children at 14.1+ Provision).
 * INVALID when a value is longer than the schema allows. */
base_fault_t *cmd_device_save_information(cmd_exchange_t *exchange, const eas_node_t *information);

/* With exchange->device: whether the device is traced, and a note about once an hour that a known
 * device is here. */
base_fault_t *cmd_device_enter(cmd_exchange_t *exchange);

/* A gate (cmd/gate.h): SUSPENDED when the device is suspended. That is HTTP 503 with Retry-After for each
 * command and version: what MS-ASHTTP 3.1.5.2.3 has for a client that the server does not want to
 * serve for a while, and what Exchange answers devices that it blocks for a time (X-MS-ASThrottle).
 * Phones keep their keys and their outbox and ask again by themselves. A Status from 126 to 131 would
 * tell the user that his account is disabled, and some phones then stop for good; a 403 as well; a
 * Status of a single command (111, Sync 5) makes others ask again at once. */
base_fault_t *cmd_device_judge(cmd_exchange_t *exchange);

/* Notes that the device is here: first seen, protocol version, agent. Writes only when
 * something but the time changed, or the last note is older than an hour. */
base_fault_t *cmd_device_seen(cmd_exchange_t *exchange);

/* The same with a further field. */
base_fault_t *cmd_device_mark(cmd_exchange_t *exchange, const char *name, const char *text);

#endif
