/* Waiting for folders to change, for Ping and for Sync with Wait: a waiter in the hub, and the
 * backend's own watch for what other programs do. Arm first, then look, then wait: whatever
 * happens after arming is told, so nothing falls between looking and waiting. */
#ifndef CMD_WATCH_H
#define CMD_WATCH_H

#include "cmd/cmd.h"

typedef struct cmd_watch cmd_watch_t;

/* What goes on after the wait. note is what cmd_watch_arm was given; the exchange may be another
 * one than that which armed. */
typedef base_fault_t *(*cmd_watch_resume_fn)(cmd_exchange_t *exchange, wake_reason_t reason,
                                             cmd_watch_t *watch, const char *note);

/* Arms for the folders and for the hierarchy. Ends older requests of the device of that kind. The
 * watch ends with the exchange's pool, or with the one that the wait is kept in. note, which is
 * copied: whatever resume needs to know. */
base_fault_t *cmd_watch_arm(cmd_exchange_t *exchange, wake_kind_t kind,
                            const char *const *folder_ids, int count, apr_time_t deadline,
                            const char *note, cmd_watch_t **watch);

/* Waits on: sets exchange->wait and gives the mailbox back. resume is called when something
 * happened. */
void cmd_watch_wait(cmd_watch_t *watch, cmd_exchange_t *exchange, cmd_watch_resume_fn resume);

/* After WAKE_REASON_CHANGED or RIPE: armed again. Look once more before waiting on. */
void cmd_watch_rearm(cmd_watch_t *watch);

/* Something is there that may wait: woken with RIPE after this time, if nothing wakes before. */
void cmd_watch_hold(cmd_watch_t *watch, apr_interval_time_t interval);

/* Would FolderSync bring something, or tell the client to begin anew? */
base_fault_t *cmd_watch_hierarchy(cmd_exchange_t *exchange, int *changed, apr_pool_t *pool);

/* A look that failed: where the store or the mailbox is out for a while the request waits on, and looks
 * again then. Everybody who waits would come back at once otherwise, with the same question. Returns
 * NULL when it waits, else the fault. */
base_fault_t *cmd_watch_outlast(cmd_watch_t *watch, cmd_exchange_t *exchange, base_fault_t *fault,
                                cmd_watch_resume_fn resume);

/* Nothing is told any more. */
void cmd_watch_end(cmd_watch_t *watch);

#endif
