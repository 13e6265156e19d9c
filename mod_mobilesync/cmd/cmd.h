/* Commands: one file each, one row in commands.tbl, run by cmd_dispatch().
 *
 * An exchange is one request and the response being made for it. The order that every
 * command keeps is render, commit, send: it renders into exchange->writer, finishes it,
 * commits its state, and returns; only then does the glue send. So no sync key leaves
 * before the store holds it.
 *
 * A command that waits (Ping, Sync with Wait) sets exchange->wait and returns success with
 * nothing rendered. The glue waits in whatever way the server can (blocking, or parked
 * without a thread) and then calls wait.resume, which renders the answer. Where wait.keep is set
 * the exchange may end meanwhile, with all its memory: wait.keep has what is waited with go with
 * another pool, and resume is called with another exchange of the same request, without its
 * body. */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

#include "backend/backend.h"
#include "backend/directory.h"
#include "backend/submit.h"
#include "base/fault.h"
#include "base/log.h"
#include "cmd/report.h"
#include "eas/node.h"
#include "eas/policy.h"
#include "eas/profile.h"
#include "eas/request.h"
#include "eas/spool.h"
#include "eas/writer.h"
#include "item/attachment.h"
#include "item/reference.h"
#include "state/state.h"
#include "sync/access.h"
#include "sync/brake.h"
#include "wake/wake.h"

/* How long a claim of the ledger is held at most, and waited for by others (state/state.h). A lease
 * need not outlast what is done under it, because all of that can be done twice at the same time
 * without harm. It is shorter than the wait, so that after a crash the repeat that comes at once
 * is served by the request that waits. */
#define CMD_LEASE apr_time_from_sec(5)
#define CMD_PATIENCE apr_time_from_sec(8)

/* What the configuration allows; README documents each under its directive. */
typedef struct {
    int heartbeat_min; /* seconds */
    int heartbeat_max;
    int ping_folders_max;
    int waiting_max; /* requests that wait in this child; 0: any number */
    int waiting_per_account;
    apr_interval_time_t coalesce; /* how long changes that are no arrivals may wait for more */
    int window_default;           /* items per collection when the client names no WindowSize */
    int window_max;
    apr_off_t response_bytes;          /* a Sync response ends after these ... */
    apr_interval_time_t response_time; /* ... or this, with MoreAvailable */
    apr_uint64_t item_bytes_max;       /* greatest message taken from a client */
    sync_brake_limits_t brake;         /* on what a device removes: see cmd/brake.h */
} cmd_limits_t;

#define CMD_ACCESS_TEXTS 3

typedef struct cmd_access cmd_access_t; /* cmd/access.h */
typedef struct cmd_access_rules cmd_access_rules_t;
struct cmd_outbox; /* cmd/outbox.h */

/* What a child offers to all exchanges of a virtual host. */
typedef struct {
    cmd_limits_t limits;
    const backend_submit_t *submit; /* for recipients elsewhere; NULL: not configured */
    state_store_t *store;
    backend_t *backend;
    const eas_policies_t *policies; /* NULL: none */
    backend_directory_t *people;    /* NULL in tests that need none */
    eas_profiles_t *profiles;       /* NULL: no client is known */
    wake_bus_t *bus;
    wake_hub_t *hub;
    const char *spool_directory; /* NULL: the system's */
    const char *authorities;     /* of S/MIME certificates; NULL: the system's */
    const char *revocations;     /* of theirs; NULL: none */
    const cmd_access_t *access;  /* NULL: no access control */
    struct cmd_outbox *outbox;   /* NULL: what is owed is left to others */
    const char *home;            /* names the mailboxes, on all servers alike; NULL: "" */
    int free_busy_is_private;    /* ResolveRecipients tells nobody when others can be met */
    const char *node;            /* this server's name in records */
    int meetings; /* scheduling messages among accounts change calendars on delivery */
} cmd_service_t;

typedef struct cmd_exchange cmd_exchange_t;

/* Is the device being traced? */
typedef enum {
    CMD_TRACE_OFF,
    CMD_TRACE_REDACTED, /* without contents, subjects and addresses */
    CMD_TRACE_FULL
} cmd_trace_t;

typedef struct {
    /* registered, compared, ready to wait; NULL: the command does not wait */
    wake_waiter_t *waiter;
    base_fault_t *(*resume)(cmd_exchange_t *exchange, wake_reason_t reason, void *baton);
    void *baton;
    void (*keep)(void *baton, apr_pool_t *pool); /* NULL: the exchange has to stay */
    /* what is known of the wait, into the report of another exchange */
    void (*report)(const void *baton, cmd_exchange_t *exchange);
} cmd_wait_t;

struct cmd_exchange {
    /* the request */
    const eas_request_t *request;
    const char *account;        /* authenticated and normalised */
    const eas_node_t *body;     /* decoded WBXML; NULL when the request had no body */
    const backend_blob_t *mime; /* the body of a 12.1 SendMail/SmartReply/SmartForward */
    const cmd_service_t *service;
    const base_log_t *log;
    apr_time_t now;
    int connection_port; /* the client's, which names its connection; 0: nothing does */
    int connection_use;  /* answers given on it before */
    int wait_max;        /* seconds that it may wait, because waiting holds a thread; 0: any time */
    state_patience_t patience;    /* with live claims of other requests */
    eas_profile_t profile;        /* of the client, see cmd/profile.h */
    const state_record_t *device; /* the gates' fields of its record: see cmd/gate.h */
    const char *access_texts[CMD_ACCESS_TEXTS]; /* read with it: see cmd/access.h */
    sync_access_served_t
        access; /* by a gate: what the device is served as. NONE: it was not judged */
    base_fault_t *(*run)(cmd_exchange_t *exchange); /* by a gate, in the command's place; or NULL */
    apr_pool_t *pool;
    /* the response */
    eas_spool_t *spool;
    eas_writer_t *writer;     /* into spool */
    int http_status;          /* 200 */
    const char *content_type; /* of a body that is not WBXML, else NULL */
    apr_table_t *headers;
    cmd_wait_t wait;
    cmd_report_t report;
    cmd_trace_t trace;   /* known once the command runs */
    const char *outcome; /* for the access log: "Sync 1", "Ping 2 3540"; NULL when unset */
    /* opened on demand: see cmd_exchange_session and cmd_exchange_folders */
    backend_session_t *session;
    apr_pool_t *session_pool;
    apr_array_header_t *folders;   /* backend_folder_t */
    apr_array_header_t *addresses; /* const char * */
};

/* A row of commands.tbl. */
typedef struct {
    eas_command_t command;
    base_fault_t *(*run)(cmd_exchange_t *exchange);
    unsigned flags;   /* CMD_* */
    eas_tag_t root;   /* element of the request and the response; EAS_TAG_NONE: no documents */
    eas_tag_t status; /* where an error of the whole command goes */
    int success;      /* the Status of what went well */
} cmd_entry_t;

enum {
    CMD_BODY_OPTIONAL = 1, /* Sync, Ping and some Provisions may come without */
    CMD_MIME_12_1 = 2,     /* at 12.1 the body is message/rfc822 */
    CMD_NOTICE = 4         /* for devices that may not synchronise too: cmd/access.h */
};

/* NULL when the command is not offered (HTTP 501). */
const cmd_entry_t *cmd_find(eas_command_t command);

/* "Sync,SendMail,...": MS-ASProtocolCommands, exactly the rows of the table. */
const char *cmd_list(apr_pool_t *pool);

/* Runs the command. A fault that the command did not turn into a Status itself becomes
 * one here (or an HTTP code: UNAVAILABLE is always 503 with Retry-After, and at 12.1 the codes
 * of MS-ASCMD 2.2.2), is logged once, and the writer is finished. Afterwards spool and
 * http_status are the answer, unless wait.waiter is set. */
void cmd_dispatch(cmd_exchange_t *exchange);

/* The same for an exchange whose wait is over. */
void cmd_resume(cmd_exchange_t *exchange, wake_reason_t reason);

/* Answers with a Status of the whole command (or the HTTP code that stands for a common
 * Status at 12.1, and for commands without documents): <Root><Status>n</Status></Root>. */
void cmd_answer_status(cmd_exchange_t *exchange, const cmd_entry_t *entry, int status);

/* Turns a fault into the answer of a whole command and logs it. */
/* How loud a fault is logged where it becomes a Status. */
base_log_level_t cmd_fault_level(base_fault_code_t code);
void cmd_answer_fault(cmd_exchange_t *exchange, const cmd_entry_t *entry, base_fault_t *fault);

/* Throws away what was rendered: a fresh spool and writer. */
void cmd_exchange_restart(cmd_exchange_t *exchange);

/* The account's mailbox, opened once per exchange; or the one that a device is served which may not
 * synchronise (cmd/access.h). */
base_fault_t *cmd_exchange_session(cmd_exchange_t *exchange, backend_session_t **session);

/* Gives the mailbox back, so that nothing of it is held while the exchange waits. */
void cmd_exchange_release(cmd_exchange_t *exchange);

/* The mailbox's folders (backend_folder_t) of classes that the device's version knows, listed once per
 * exchange: the others are nowhere. */
base_fault_t *cmd_exchange_folders(cmd_exchange_t *exchange, apr_array_header_t **folders);

/* One of them. FOLDER_GONE when there is none with that id. */
base_fault_t *cmd_exchange_folder(cmd_exchange_t *exchange, const char *id,
                                  backend_folder_t **folder);

/* The folder of a role, NULL when the mailbox has none. */
base_fault_t *cmd_exchange_role(cmd_exchange_t *exchange, backend_role_t role,
                                backend_folder_t **folder);

/* The item that a ServerId or FileReference names: NOT_FOUND also for one of an earlier generation
 * of its folder, or an attachment of an earlier content. */
base_fault_t *cmd_exchange_item(cmd_exchange_t *exchange, const item_reference_t *reference,
                                backend_entry_t *entry, backend_blob_t **blob, apr_pool_t *pool);

/* Opens an attachment of one, by its FileReference. */
base_fault_t *cmd_exchange_attachment(cmd_exchange_t *exchange, const item_reference_t *reference,
                                      item_attachment_t **attachment, apr_pool_t *pool);

/* Every address of the account (const char *), the main one first. */
base_fault_t *cmd_exchange_addresses(cmd_exchange_t *exchange,
                                     const apr_array_header_t **addresses);

/* Of the device's record. */
state_key_t cmd_exchange_device_key(const cmd_exchange_t *exchange);

/* 16 random characters for a new series of sync keys. */
base_fault_t *cmd_exchange_series(cmd_exchange_t *exchange, const char **series);

/* What may stand in an answer of an id that the client sent: the schemas take 64 characters, and a
 * longer one is none of ours. "" for NULL. */
const char *cmd_id_echo(const char *id);

/* Tells everybody who waits that a folder changed. A failure is logged: the change itself is
 * made, and found at the next look. */
void cmd_exchange_publish(cmd_exchange_t *exchange, const char *folder_id, wake_event_t event);

#endif
