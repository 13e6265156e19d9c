#include "cmd/send.h"

#include <stdlib.h>
#include <string.h>
#include <apr_sha1.h>
#include <apr_strings.h>

#include "base/text.h"
#include "cmd/oof.h"
#include "eas/status.h"
#include "item/header.h"
#include "item/mime.h"
#include "item/source.h"
#include "item/verb.h"

#define SEND_TTL_DIGEST apr_time_from_sec(3600) /* without any id: the same text may be meant */
#define SEND_LEASE_MARGIN apr_time_from_sec(60) /* past the submission's own timeout */
#define SEND_MESSAGE_ID_MAX 998                 /* RFC 5322 2.1.1 */
#define SEND_DONE "0"

/* A message on its way. */
typedef struct {
    cmd_send_t request;
    const char *identity; /* scope of the message */
    cmd_once_t client;    /* entry of the ClientId */
    cmd_once_t whole;     /* entry of the message */
    const char *series;
    item_composed_t *composed;
    apr_array_header_t *local;  /* const char *: accounts, each once */
    apr_array_header_t *remote; /* const char *: addresses */
} send_t;

/* -- which message it is -------------------------------------------------------------------- */

static base_fault_t *send_digest(item_source_t *source, const char **digest, apr_pool_t *pool)
{
    unsigned char bytes[APR_SHA1_DIGESTSIZE];
    apr_sha1_ctx_t context;
    apr_uint64_t offset = 0;
    const char *view;
    apr_size_t length;

    apr_sha1_init(&context);
    while (offset < item_source_size(source)) {
        BASE_TRY(item_source_view(source, offset, 1, &view, &length));
        if (!length)
            break;
        if (length > ITEM_SOURCE_WINDOW)
            length = ITEM_SOURCE_WINDOW;
        apr_sha1_update_binary(&context, (const unsigned char *)view, (unsigned)length);
        offset += length;
    }
    apr_sha1_final(bytes, &context);
    *digest = base_text_hex_encode(bytes, sizeof bytes, pool);
    return NULL;
}

/* *status: InvalidMIME for what has no header at all. */
static base_fault_t *send_identify(send_t *send, apr_interval_time_t *ttl, int *status)
{
    cmd_send_t *request = &send->request;
    apr_pool_t *pool = request->exchange->pool;
    const char *client_id = request->client_id;
    item_source_t *source;
    item_mime_t *mime;
    const char *value, *id = NULL, *digest;

    *ttl = request->shared ? CMD_ONCE_TTL_SYNC : CMD_ONCE_TTL;
    BASE_TRY(item_source_open(request->mime, &source, pool));
    BASE_TRY(item_mime_parse(source, &mime, pool));
    if (mime->fields->nelts == 0) {
        *status = EAS_STATUS_InvalidMIME;
        return NULL;
    }
    if ((value = item_mime_field(mime, "Message-ID")))
        id = item_header_message_id(value, 0, pool);
    if (id && *id && strlen(id) <= SEND_MESSAGE_ID_MAX) {
        send->identity = cmd_once_scope(pool, "send", "message-id", id, NULL);
        return NULL;
    }
    BASE_TRY(send_digest(source, &digest, pool));
    if (!client_id)
        *ttl = SEND_TTL_DIGEST;
    send->identity = cmd_once_scope(
        pool, "send", "content", digest,
        client_id ? client_id : request->exchange->request->command_name,
        request->original.uid ? item_reference_server_id(&request->original, pool) : "",
        request->instance ? request->instance : "", NULL);
    return NULL;
}

/* -- the ledger ----------------------------------------------------------------------------- */

/* The entry of a ClientId says which message it stands for, and what came of it. */
static const char *send_client_result(const send_t *send, const char *result)
{
    return apr_pstrcat(send->request.exchange->pool, send->identity, " ", result, NULL);
}

/* *result: what came of it before, NULL when it is ours to do. */
static base_fault_t *send_claim_client(send_t *send, const char **result)
{
    cmd_exchange_t *exchange = send->request.exchange;
    const char *client_id = send->request.client_id, *known;
    size_t length = strlen(send->identity);

    *result = NULL;
    if (!client_id)
        return NULL;
    cmd_once_init(exchange, cmd_once_scope(exchange->pool, "send-id", client_id, NULL), "send",
                  CMD_ONCE_TTL, &send->client);
    BASE_TRY(cmd_once_claim(exchange, &send->client, CMD_LEASE, &exchange->patience));
    if (!(known = send->client.result))
        return NULL;
    if (strncmp(known, send->identity, length) != 0 || known[length] != ' ')
        return base_fault_make(exchange->pool, BASE_FAULT_EXISTS,
                               "the ClientId stands for another message sent before");
    *result = known + length + 1;
    return NULL;
}

static void send_once_init(send_t *send, const char *entry, apr_interval_time_t ttl,
                           cmd_once_t *once)
{
    (send->request.shared ? cmd_once_init_account : cmd_once_init)(
        send->request.exchange, send->identity, entry, ttl, once);
}

/* Claims both entries. After a fault nothing is held. */
static base_fault_t *send_claim(send_t *send, apr_interval_time_t ttl, const char **result)
{
    cmd_exchange_t *exchange = send->request.exchange;
    base_fault_t *fault;

    BASE_TRY(send_claim_client(send, result));
    if (*result)
        return NULL;
    send_once_init(send, "send", ttl, &send->whole);
    fault = cmd_once_claim(exchange, &send->whole, CMD_LEASE, &exchange->patience);
    if (fault)
        cmd_once_release(exchange, &send->client);
    *result = send->whole.result;
    return fault;
}

/* What was done is done whether it can be recorded or not: a repeat finds the parts done. */
static void send_record(send_t *send, const char *result)
{
    cmd_exchange_t *exchange = send->request.exchange;
    base_fault_t *fault = cmd_once_record(exchange, &send->whole, result);

    if (!fault)
        fault = cmd_once_record(exchange, &send->client, send_client_result(send, result));
    if (fault)
        base_log_write(exchange->log, BASE_LOG_WARNING, "recording what %s sent: %s",
                       exchange->account, fault->message);
}

/* The series: made once for the message, kept before anything is done in its name. */
static base_fault_t *send_series(send_t *send)
{
    cmd_exchange_t *exchange = send->request.exchange;
    cmd_once_t once;
    const char *half, *other;

    send_once_init(send, "series", send->whole.ttl, &once);
    BASE_TRY(cmd_once_claim(exchange, &once, CMD_LEASE, &exchange->patience));
    if (once.result) {
        send->series = once.result;
        return NULL;
    }
    BASE_TRY(cmd_exchange_series(exchange, &half));
    BASE_TRY(cmd_exchange_series(exchange, &other));
    send->series = apr_pstrcat(exchange->pool, half, other, NULL);
    BASE_TRY(cmd_once_record(exchange, &once, send->series));
    if (!once.lost)
        return NULL;
    /* held up for so long that a repeat took it over: there is one series, and it is that one's */
    BASE_TRY(cmd_once_claim(exchange, &once, CMD_LEASE, &exchange->patience));
    cmd_once_release(exchange, &once);
    send->series = once.result;
    return send->series ? NULL
                        : base_fault_make(exchange->pool, BASE_FAULT_BUSY,
                                          "another request is sending the message");
}

/* -- what is sent --------------------------------------------------------------------------- */

static base_fault_t *send_compose(send_t *send, int *status)
{
    cmd_send_t *request = &send->request;
    cmd_exchange_t *exchange = request->exchange;
    item_compose_options_t options = {.mode = request->mode,
                                      .replace_mime = request->replace_mime,
                                      .key = send->series,
                                      .now = exchange->now,
                                      .directory = exchange->service->spool_directory};
    backend_session_t *session;
    backend_identity_t *identity;
    const backend_blob_t *original;
    base_fault_t *fault;

    BASE_TRY(cmd_send_original(request, &original));
    if (request->forwardees && !request->event) { /* R7177 */
        *status = EAS_STATUS_InvalidSmartForwardParameters;
        return NULL;
    }
    options.event = request->event;
    if (request->forwardees)
        options.subject = apr_pstrcat(exchange->pool, "FW: ", request->topic, NULL);
    BASE_TRY(cmd_exchange_session(exchange, &session));
    BASE_TRY(backend_identity(session, &identity, exchange->pool));
    options.identity = identity;
    fault = item_compose(send->request.mime, original, &options, &send->composed, exchange->pool);
    if (base_fault_code(fault) == BASE_FAULT_INVALID)
        *status = EAS_STATUS_MessageRecipientUnresolved;
    else if (base_fault_code(fault) == BASE_FAULT_TOO_LARGE) /* so many recipients */
        *status = EAS_STATUS_SendQuotaExceeded;
    if (*status) {
        base_log_write(exchange->log, BASE_LOG_INFO, "%s of %s: %s",
                       exchange->request->command_name, exchange->account, fault->message);
        return NULL;
    }
    if (!fault && !send->composed->recipients->nelts)
        *status = EAS_STATUS_MessageHasNoRecipient;
    return base_fault_wrap(fault, exchange->pool, "composing the message");
}

static int send_list_has(const apr_array_header_t *list, const char *text)
{
    int i;

    for (i = 0; i < list->nelts; i++)
        if (strcmp(APR_ARRAY_IDX(list, i, const char *), text) == 0)
            return 1;
    return 0;
}

/* Who of the recipients has a mailbox here. */
static base_fault_t *send_route(send_t *send)
{
    cmd_exchange_t *exchange = send->request.exchange;
    const apr_array_header_t *recipients = send->composed->recipients;
    int i;

    send->local = apr_array_make(exchange->pool, 4, sizeof(const char *));
    send->remote = apr_array_make(exchange->pool, recipients->nelts, sizeof(const char *));
    for (i = 0; i < recipients->nelts; i++) {
        const char *address = APR_ARRAY_IDX(recipients, i, const char *), *account;
        base_fault_t *fault =
            backend_resolve(exchange->service->backend, address, &account, exchange->pool);

        if (base_fault_code(fault) == BASE_FAULT_NOT_FOUND ||
            base_fault_code(fault) == BASE_FAULT_UNSUPPORTED)
            APR_ARRAY_PUSH(send->remote, const char *) = address;
        else if (fault)
            return fault;
        else if (!send_list_has(send->local, account))
            APR_ARRAY_PUSH(send->local, const char *) = account;
    }
    if (send->remote->nelts && !exchange->service->submit)
        return base_fault_make(exchange->pool, BASE_FAULT_DENIED,
                               "%s has no mailbox here, and neither MobileSyncSendmail nor "
                               "MobileSyncSmtp is configured",
                               APR_ARRAY_IDX(send->remote, 0, const char *));
    return NULL;
}

/* -- doing it ------------------------------------------------------------------------------- */

/* Hands the message on for the recipients elsewhere, once: that it is being tried is in the
 * ledger before. Whoever finds it tried by somebody who vanished does not try again. */
static base_fault_t *send_submit(send_t *send)
{
    cmd_exchange_t *exchange = send->request.exchange;
    const backend_submit_t *submit = exchange->service->submit;
    cmd_once_t once;
    base_fault_t *fault;

    if (!send->remote->nelts)
        return NULL;
    send_once_init(send, "submit", send->whole.ttl, &once);
    BASE_TRY(cmd_once_claim(exchange, &once, backend_submit_timeout(submit) + SEND_LEASE_MARGIN,
                            &exchange->patience));
    if (once.result)
        return NULL;
    if (once.doubtful)
        return base_fault_make(exchange->pool, BASE_FAULT_UNKNOWN_OUTCOME,
                               "an earlier attempt was cut off while message <%s> was handed on",
                               send->composed->message_id);
    fault = backend_submit(submit, send->composed->sender, send->remote, send->composed->wire,
                           exchange->pool);
    if (base_fault_code(fault) == BASE_FAULT_UNKNOWN_OUTCOME)
        return base_fault_wrap(fault, exchange->pool, "message <%s>", send->composed->message_id);
    if (fault) {
        cmd_once_release(exchange, &once);
        return fault;
    }
    /* that it is out is known here, whether the ledger learns of it or not */
    if ((fault = cmd_once_record(exchange, &once, SEND_DONE)))
        base_log_write(exchange->log, BASE_LOG_WARNING, "recording that <%s> was handed on: %s",
                       send->composed->message_id, fault->message);
    return NULL;
}

static base_fault_t *send_mark_original(const send_t *send, item_verb_t verb)
{
    cmd_exchange_t *exchange = send->request.exchange;
    const item_reference_t *original = &send->request.original;
    backend_update_t update = {.mask = 0};
    backend_session_t *session;
    backend_entry_t entry;

    BASE_TRY(cmd_exchange_session(exchange, &session));
    BASE_TRY(
        backend_item_entry(session, original->folder_id, original->uid, &entry, exchange->pool));
    item_verb_apply(&entry, verb, exchange->now, &update, exchange->pool);
    return backend_item_update(session, original->folder_id, original->uid, &update, &entry,
                               exchange->pool);
}

/* ANSWERED or FORWARDED on the original, and when. The mail is out: no reason to fail. */
static void send_mark(const send_t *send)
{
    cmd_exchange_t *exchange = send->request.exchange;
    const item_reference_t *original = &send->request.original;
    base_fault_t *fault;

    if (!original->uid || send->request.event)
        return;
    fault = send_mark_original(send, send->request.mode == ITEM_COMPOSE_FORWARD ? ITEM_VERB_FORWARD
                                     : send->composed->to_all ? ITEM_VERB_REPLY_ALL
                                                              : ITEM_VERB_REPLY);
    if (!fault)
        cmd_exchange_publish(exchange, original->folder_id, WAKE_EVENT_CHANGED);
    else
        base_log_write(exchange->log, BASE_LOG_INFO, "marking the original for %s: %s",
                       exchange->account, fault->message);
}

static base_fault_t *send_perform(send_t *send, int *status)
{
    cmd_exchange_t *exchange = send->request.exchange;

    BASE_TRY(send_series(send));
    BASE_TRY(send_compose(send, status));
    if (*status)
        return NULL;
    BASE_TRY(send_route(send));
    BASE_TRY(send_submit(send));
    BASE_TRY(cmd_send_deliver(&send->request, send->local, send->composed->wire, send->series));
    if (send->request.save_in_sent)
        BASE_TRY(cmd_send_save(&send->request, send->composed->sent, send->series));
    BASE_TRY(cmd_send_invite(&send->request, send->series));
    send_mark(send);
    cmd_oof_answer(&send->request, send->local, send->composed);
    base_log_write(exchange->log, BASE_LOG_DEBUG, "%s of %s: message <%s>, %d here, %d elsewhere",
                   exchange->request->command_name, exchange->account, send->composed->message_id,
                   send->local->nelts, send->remote->nelts);
    return NULL;
}

/* -- the command ---------------------------------------------------------------------------- */

/* Success is an empty response. */
static void send_answer(const send_t *send, int status)
{
    cmd_exchange_t *exchange = send->request.exchange;

    if (status)
        cmd_answer_status(exchange, cmd_find(exchange->request->command), status);
    else
        exchange->outcome =
            apr_pstrcat(exchange->pool, exchange->request->command_name, " 1", NULL);
}

static base_fault_t *send_claimed(send_t *send, int *status)
{
    cmd_exchange_t *exchange = send->request.exchange;
    base_fault_t *fault = send_perform(send, status);

    if (!fault && !*status) {
        send_record(send, SEND_DONE);
    }
    else if (base_fault_code(fault) == BASE_FAULT_UNKNOWN_OUTCOME) {
        /* said once and for all: a repeat gets the same answer, not a second message */
        *status = eas_status_from_fault(send->request.command, fault->code);
        base_log_write(exchange->log, BASE_LOG_WARNING, "%s of %s may or may not have gone out: %s",
                       exchange->request->command_name, exchange->account, fault->message);
        send_record(send, apr_itoa(exchange->pool, *status));
        fault = NULL;
    }
    else {
        cmd_once_release(exchange, &send->whole);
        cmd_once_release(exchange, &send->client);
    }
    return fault;
}

/* *status: 0, or why it was not sent. */
static base_fault_t *send_once(send_t *send, int *status)
{
    cmd_exchange_t *exchange = send->request.exchange;
    apr_interval_time_t ttl;
    const char *result;

    BASE_TRY(send_identify(send, &ttl, status));
    if (*status)
        return NULL;
    BASE_TRY(send_claim(send, ttl, &result));
    if (!result)
        return send_claimed(send, status);
    if (send->client.held) { /* known by its Message-ID: by its ClientId too from now on */
        base_fault_t *fault =
            cmd_once_record(exchange, &send->client, send_client_result(send, result));

        if (fault)
            base_log_write(exchange->log, BASE_LOG_INFO, "recording a ClientId of %s: %s",
                           exchange->account, fault->message);
    }
    base_log_write(exchange->log, BASE_LOG_INFO, "%s of %s, device %s: sent before",
                   exchange->request->command_name, exchange->account,
                   exchange->request->device_id);
    *status = atoi(result);
    return NULL;
}

base_fault_t *cmd_send_message(cmd_exchange_t *exchange, const backend_blob_t *mime, int *status)
{
    send_t send = {.request = {.exchange = exchange,
                               .command = EAS_COMMAND_SendMail,
                               .mode = ITEM_COMPOSE_SEND,
                               .mime = mime,
                               .save_in_sent = 1,
                               .shared = 1}};

    *status = 0;
    return send_once(&send, status);
}

base_fault_t *cmd_send_run(cmd_exchange_t *exchange, item_compose_mode_t mode)
{
    send_t send = {
        .request = {.exchange = exchange, .command = exchange->request->command, .mode = mode}};
    int status = 0;

    BASE_TRY(cmd_send_parse(&send.request, &status));
    if (!status)
        BASE_TRY(send_once(&send, &status));
    send_answer(&send, status);
    return NULL;
}
