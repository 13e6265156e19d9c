/* Access control (sync/access.h) where commands pass: the gate that decides what a device is served
 * as, and what a device that may not synchronise is served: a mailbox of its own, which has an Inbox
 * with one message that explains (backend/notice.h). Against it go the commands of CMD_NOTICE in
 * commands.tbl, with all their rules, and nothing of them reaches the account's mailbox; all other
 * commands are answered with the common Status 129 (MS-ASCMD 2.2.2), HTTP 403 at 12.1.
 *
 * List and rules are in a table of the store (state/table.h). The device's entries and the version of
 * the rules are read with its record in one round trip; the rules are read when that version is
 * another one. So a decision holds from the next request of the device on, on whatever node, and no
 * request costs a round trip more.
 *
 * The record's field "access" says what the device was served as last. Where that changes, its
 * SyncState goes, and those of its requests that wait are told: what it holds belongs to another
 * mailbox. It gets FolderSync 9 and Sync 3, and nothing is deleted in either mailbox. */
#ifndef CMD_ACCESS_H
#define CMD_ACCESS_H

#include "cmd/cmd.h"
#include "sync/access.h"

#define CMD_ACCESS_FIELD "access"

/* The configuration of a virtual host, and the rules that this child knows. */
struct cmd_access {
    sync_access_mode_t mode;
    int devices_max;                          /* of an account; 0: any number */
    const char *domain;                       /* of accounts that name none; NULL: this host */
    const char *texts[SYNC_ACCESS_BLOCK + 1]; /* what the message says; NULL: words of our own */
    const char *notify;                       /* address that learns of new devices; NULL: nobody */
    apr_interval_time_t notify_interval;
    cmd_access_rules_t *rules;
};

/* For all threads; it ends with the pool. */
base_fault_t *cmd_access_rules_create(cmd_access_rules_t **rules, apr_pool_t *pool);

/* A gate (cmd/gate.h), in place of one: sets exchange->access. TOO_MANY_DEVICES: the account has as
 * many devices as it may have, and this is none of them. BLOCKED: the command is not for a device
 * that may not synchronise. */
base_fault_t *cmd_access_judge(cmd_exchange_t *exchange);

/* Reads the record with those fields, and exchange->access_texts where access control is on. */
base_fault_t *cmd_access_read(cmd_exchange_t *exchange, const state_key_t *key,
                              const char *const *names, int count, state_record_t **record);

/* The mailbox that the device is served, when that is not the account's. */
base_fault_t *cmd_access_notice(cmd_exchange_t *exchange, backend_session_t **session,
                                apr_pool_t *pool);

/* Is it served another mailbox than the account's? */
int cmd_access_is_apart(const cmd_exchange_t *exchange);

/* name as an address: with the domain of the account unless it has one. */
const char *cmd_access_address(const cmd_exchange_t *exchange, const char *name);

#endif
