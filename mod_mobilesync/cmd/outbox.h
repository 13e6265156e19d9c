/* What is owed: effects on others (mail, mostly) of a request that has, or is about to have, its own
 * effect. It is noted before that, and taken away when all is done; what is left there when a process
 * ended, or what could not be sent for now, is finished without the device: by any request of whatever
 * account, after it was answered, at whichever server.
 *
 * So finishing must be possible twice, by two at a time and while the device repeats its request:
 * what it sends has to go out once by itself (cmd_send_message), and what it finds out it finds out of
 * the mailbox as it is then.
 *
 * An entry of STATE_TABLE_OUTBOX (state/table.h), of a name that is the same when the same is noted
 * again: it is then noted anew, and who notes last takes it away. */
#ifndef CMD_OUTBOX_H
#define CMD_OUTBOX_H

#include "cmd/cmd.h"

/* Who noted it is at it himself for so long. Nothing else depends on it: who takes longer is helped. */
#define CMD_OUTBOX_GRACE apr_time_from_sec(60)
/* Where nothing is to be done, the effect that it was to follow may still come for so long. */
#define CMD_OUTBOX_IDLE apr_time_from_sec(3600)
/* What could not be done until then never will be. */
#define CMD_OUTBOX_GIVE_UP apr_time_from_sec(24 * 3600)

#define CMD_OUTBOX_FIELDS 8

typedef enum {
    CMD_OUTBOX_EVENT, /* cmd/meeting_send.h */
    CMD_OUTBOX_COUNT_
} cmd_outbox_kind_t;

typedef struct {
    cmd_outbox_kind_t kind;
    const char *account;
    const char *device;
    const char *fields[CMD_OUTBOX_FIELDS]; /* the kind's own, none NULL; those that name it */
    int field_count;
    /* -- set here -- */
    apr_time_t since;         /* it was noted */
    apr_time_t due;           /* when whoever comes is to finish it */
    int tries;                /* that failed */
    const char *error;        /* of the last one; "" */
    const char *home;         /* which mailboxes (cmd_service_t) */
    const char *name, *value; /* as it is stored; value NULL: it is not */
} cmd_outbox_entry_t;

/* What a child knows of when it looked. */
typedef struct cmd_outbox cmd_outbox_t;
base_fault_t *cmd_outbox_create(cmd_outbox_t **outbox, apr_pool_t *pool);

/* Notes it. What is too large is not noted, and no fault. The strings have to live as long as the
 * entry. */
base_fault_t *cmd_outbox_note(cmd_exchange_t *exchange, cmd_outbox_entry_t *entry,
                              apr_pool_t *pool);
/* All is done, or nothing is to be. */
void cmd_outbox_remove(cmd_exchange_t *exchange, cmd_outbox_entry_t *entry, apr_pool_t *pool);
/* It could not be done for now. */
void cmd_outbox_postpone(cmd_exchange_t *exchange, cmd_outbox_entry_t *entry,
                         const base_fault_t *fault, apr_pool_t *pool);

/* Finishes some of what is due, once in a while; now: by the clock, as the exchange may have waited. */
void cmd_outbox_run(cmd_exchange_t *exchange, apr_time_t now);

/* An entry as it is stored; NULL: it is none. */
cmd_outbox_entry_t *cmd_outbox_parse(const char *name, const char *value, apr_pool_t *pool);

#endif
