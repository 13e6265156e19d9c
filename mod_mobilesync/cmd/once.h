/* Once: a side effect of a command without a sync key (SendMail, SmartReply, SmartForward,
 * MoveItems, MeetingResponse) under an entry of the ledger (state/state.h). Claim, do it, record; a
 * repeat finds the record. */
#ifndef CMD_ONCE_H
#define CMD_ONCE_H

#include "cmd/cmd.h"

#define CMD_ONCE_TTL apr_time_from_sec(24 * 3600) /* how long a repeat is recognised */
/* What a Sync sends: as long as a repeat of its operations (collection_claim.c). */
#define CMD_ONCE_TTL_SYNC apr_time_from_sec(30 * 86400)

/* In the place of the device, for what all devices of an account may do once together; it is no
 * DeviceId (eas/request.h). */
#define CMD_ONCE_ACCOUNT "/account"

typedef struct {
    state_ledger_key_t key;
    apr_interval_time_t ttl;
    apr_uint64_t fence;
    int held;
    int doubtful;       /* held, but an earlier holder vanished: it may have happened */
    int lost;           /* somebody took it over before it was recorded */
    const char *result; /* what was recorded; NULL while it is ours to do */
} cmd_once_t;

/* The name of a scope: kind and a digest of the texts, which may be of any length (NULL ends). */
const char *cmd_once_scope(apr_pool_t *pool, const char *kind, ...) __attribute__((sentinel));

/* What to claim; the ledger's entry of scope and entry, which must live as long as once. */
void cmd_once_init(cmd_exchange_t *exchange, const char *scope, const char *entry,
                   apr_interval_time_t ttl, cmd_once_t *once);

/* The same for all devices of the account. */
void cmd_once_init_account(cmd_exchange_t *exchange, const char *scope, const char *entry,
                           apr_interval_time_t ttl, cmd_once_t *once);

/* Claims, or finds the result. A claim that another request holds is waited for with
 * patience (NULL: none; a command's own is the exchange's); BUSY when it is held still. */
base_fault_t *cmd_once_claim(cmd_exchange_t *exchange, cmd_once_t *once, apr_interval_time_t lease,
                             state_patience_t *patience);

/* It is done. A claim that was taken over meanwhile is no fault: what was done is done, and who
 * took it over finds that out by itself. */
base_fault_t *cmd_once_record(cmd_exchange_t *exchange, cmd_once_t *once, const char *result);

/* Nothing was done that a repeat must not do again. Harmless when nothing is held. */
void cmd_once_release(cmd_exchange_t *exchange, cmd_once_t *once);

#endif
