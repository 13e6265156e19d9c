/* What is done differently for this client: its profile (eas/profile.h), with what an administrator
 * set for the device alone (its record's field "profile"). */
#ifndef CMD_PROFILE_H
#define CMD_PROFILE_H

#include "cmd/cmd.h"
#include "item/email.h"

/* A gate that is always open (cmd/gate.h): fills exchange->profile. */
base_fault_t *cmd_profile_judge(cmd_exchange_t *exchange);

/* The same for OPTIONS, which passes no gates. What Redis does not tell is left out. */
void cmd_profile_enter(cmd_exchange_t *exchange);

/* What MS-ASProtocolVersions tells this client. A request of a newer version is served all the same:
 * a phone that is synchronising is not shut out. */
const char *cmd_profile_versions(const cmd_exchange_t *exchange);

/* The directive's limit, or the profile's where it is narrower: seconds. */
int cmd_profile_heartbeat_max(const cmd_exchange_t *exchange);
/* The window, or the profile's where it is narrower. */
int cmd_profile_window(const cmd_exchange_t *exchange, int window);

/* Raises what bodies would be truncated to: for clients that show what Sync gave them and never fetch
 * the rest. */
void cmd_profile_raise(const cmd_exchange_t *exchange, item_options_t *options);

#endif
