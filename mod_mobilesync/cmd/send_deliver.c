/* Storing what is sent: in the mailboxes of this server, and in Sent. */
#include "cmd/send.h"

/* Where the last reader left the file is unknown. */
static base_fault_t *send_rewind(const backend_blob_t *message, apr_pool_t *pool)
{
    apr_off_t start = 0;
    apr_status_t status = message->file ? apr_file_seek(message->file, APR_SET, &start) : 0;

    return status == APR_SUCCESS ? NULL
                                 : base_fault_make_status(pool, BASE_FAULT_UNAVAILABLE, status,
                                                          "rewinding the message");
}

static base_fault_t *send_inbox(backend_session_t *session, const char **id, apr_pool_t *pool)
{
    apr_array_header_t *folders;
    int i;

    BASE_TRY(backend_folder_list(session, &folders, pool));
    for (i = 0; i < folders->nelts; i++) {
        const backend_folder_t *folder = &APR_ARRAY_IDX(folders, i, backend_folder_t);

        if (folder->role == BACKEND_ROLE_INBOX) {
            *id = folder->id;
            return NULL;
        }
    }
    return base_fault_make(pool, BASE_FAULT_FOLDER_GONE, "the mailbox has no inbox");
}

static base_fault_t *send_deliver_one(cmd_send_t *send, const char *account,
                                      const backend_blob_t *message, const cmd_schedule_t *schedule,
                                      const char *series, apr_pool_t *pool)
{
    const cmd_service_t *service = send->exchange->service;
    backend_put_t put = {.derived_name = series, .date = send->exchange->now};
    backend_session_t *session;
    backend_entry_t entry;
    int existed;
    base_fault_t *fault;
    const char *inbox;

    BASE_TRY(send_rewind(message, pool));
    BASE_TRY(backend_session_open(service->backend, account, &session, pool));
    BASE_TRY(send_inbox(session, &inbox, pool));
    BASE_TRY(backend_item_put(session, inbox, &put, message, &entry, &existed, pool));
    if ((fault = wake_publish(service->bus, account, inbox, WAKE_EVENT_ADDED, pool)))
        base_log_write(send->exchange->log, BASE_LOG_WARNING, "telling %s of new mail: %s", account,
                       fault->message);
    if (schedule->itip)
        cmd_send_schedule(send, schedule, series, session, account, pool);
    return NULL;
}

/* A fault of one recipient's mailbox as what it is for the sender. Where that says less than the
 * operator has to know (a full disk), it is logged here. */
static base_fault_t *send_delivery_fault(const cmd_send_t *send, base_fault_t *fault,
                                         const char *account)
{
    base_fault_code_t code = fault->code;

    if (code == BASE_FAULT_TIMEOUT || code == BASE_FAULT_BUSY || code == BASE_FAULT_CONFLICT)
        code = BASE_FAULT_UNAVAILABLE;
    else if (code != BASE_FAULT_UNAVAILABLE && code != BASE_FAULT_TOO_LARGE)
        code = BASE_FAULT_DENIED;
    if (cmd_fault_level(code) > cmd_fault_level(fault->code))
        base_log_write(send->exchange->log, cmd_fault_level(fault->code), "delivering to %s: %s",
                       account, fault->message);
    return base_fault_make(send->exchange->pool, code, "delivering to %s: %s", account,
                           fault->message);
}

/* One recipient's trouble keeps nothing from the others; what a retry can mend is told rather
 * than what it cannot, since a retry delivers to nobody twice. */
base_fault_t *cmd_send_deliver(cmd_send_t *send, const apr_array_header_t *accounts,
                               const backend_blob_t *message, const char *series)
{
    cmd_schedule_t schedule = {.itip = NULL};
    base_fault_t *worst = NULL;
    apr_pool_t *pool;
    int i;

    if (accounts->nelts)
        cmd_send_schedule_load(send, message, &schedule);
    apr_pool_create(&pool, send->exchange->pool);
    for (i = 0; i < accounts->nelts; i++) {
        const char *account = APR_ARRAY_IDX(accounts, i, const char *);
        base_fault_t *fault = send_deliver_one(send, account, message, &schedule, series, pool);

        if (fault) {
            fault = send_delivery_fault(send, fault, account);
            if (worst)
                base_log_write(send->exchange->log, BASE_LOG_INFO, "%s", worst->message);
            if (!worst || fault->code == BASE_FAULT_UNAVAILABLE)
                worst = fault;
        }
        apr_pool_clear(pool);
    }
    apr_pool_destroy(pool);
    return worst;
}

/* The mail is out when this is called: only what a retry can mend is a fault. */
base_fault_t *cmd_send_save(cmd_send_t *send, const backend_blob_t *message, const char *series)
{
    cmd_exchange_t *exchange = send->exchange;
    backend_put_t put = {.derived_name = series, .flags = BACKEND_FLAG_SEEN, .date = exchange->now};
    backend_session_t *session;
    backend_folder_t *sent;
    backend_entry_t entry;
    int existed;
    base_fault_t *fault;

    BASE_TRY(cmd_exchange_session(exchange, &session));
    BASE_TRY(cmd_exchange_role(exchange, BACKEND_ROLE_SENT, &sent));
    if (!sent) {
        base_log_write(exchange->log, BASE_LOG_WARNING,
                       "%s has no folder for sent mail: no copy was kept", exchange->account);
        return NULL;
    }
    BASE_TRY(send_rewind(message, exchange->pool));
    fault = backend_item_put(session, sent->id, &put, message, &entry, &existed, exchange->pool);
    if (!fault) {
        cmd_exchange_publish(exchange, sent->id, WAKE_EVENT_ADDED);
        return NULL;
    }
    if (fault->code == BASE_FAULT_UNAVAILABLE || fault->code == BASE_FAULT_TIMEOUT)
        return base_fault_wrap(fault, exchange->pool, "keeping a copy of what was sent");
    base_log_write(exchange->log, BASE_LOG_WARNING, "no copy of sent mail was kept for %s: %s",
                   exchange->account, fault->message);
    return NULL;
}
