/* Gates: what must be true of a device before any of its commands runs, and after one has armed to
 * wait: that it is not suspended, and so on. gates.tbl has them in their order. They share one
 * look at the device's record (exchange->device), so that another gate costs no round trip.
 *
 * A gate is a function
 *
 *   base_fault_t *judge(cmd_exchange_t *exchange)
 *
 * A fault ends the command; eas/status.tbl says what the phone is told. Where a gate wants something
 * else to be done in the command's place it sets exchange->run, and no gate after it judges. */
#ifndef CMD_GATE_H
#define CMD_GATE_H

#include "cmd/cmd.h"

/* Before a command: reads the record, notes about once an hour that the device is here, judges. */
base_fault_t *cmd_gate_enter(cmd_exchange_t *exchange);

/* Reads the record again and judges: for those who wait. Whoever shuts a gate wakes who waits
 * afterwards (WAKE_REASON_RESET), and one that arms later sees it here. */
base_fault_t *cmd_gate_check(cmd_exchange_t *exchange);

#endif
