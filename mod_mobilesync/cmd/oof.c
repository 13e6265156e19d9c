#include "cmd/oof.h"

#include <string.h>

#include "base/text.h"
#include "cmd/contacts.h"
#include "item/oof.h"

#define OOF_DEVICE "*" /* answers are the account's: the ledger of no device */
#define OOF_ONCE_FOR apr_time_from_sec(7 * 24 * 3600)

/* One account that got the message. */
typedef struct {
    cmd_send_t *send;
    const char *account;
    const item_composed_t *message;
    backend_identity_t *identity;
    item_mime_t *mime;
    item_oof_t oof;
    const item_oof_message_t *answer; /* NULL: none is wanted */
    apr_pool_t *pool;
} oof_t;

/* Who is outside is known when the account has a contact with the address (MS-ASCMD R779). */
static base_fault_t *oof_audience(const oof_t *away, backend_session_t *session,
                                  item_oof_audience_t *audience)
{
    cmd_exchange_t *exchange = away->send->exchange;
    apr_time_t deadline = exchange->now + exchange->service->limits.response_time / 2;
    apr_array_header_t *people;

    *audience = item_oof_audience(away->identity, away->message->sender);
    if (*audience != ITEM_OOF_EXTERNAL_UNKNOWN)
        return NULL;
    BASE_TRY(cmd_contacts_find(session, away->message->sender, BACKEND_PEOPLE_EMAIL, deadline,
                               &people, away->pool));
    if (people->nelts)
        *audience = ITEM_OOF_EXTERNAL_KNOWN;
    return NULL;
}

/* Is the account away, with words for this sender? */
static base_fault_t *oof_look(oof_t *away)
{
    cmd_exchange_t *exchange = away->send->exchange;
    const item_oof_message_t *message;
    item_oof_audience_t audience;
    backend_session_t *session;
    item_source_t *source;
    const char *text = NULL;
    base_fault_t *fault;

    BASE_TRY(backend_session_open(exchange->service->backend, away->account, &session, away->pool));
    fault = backend_setting_get(session, ITEM_OOF_SETTING, &text, away->pool);
    if (base_fault_code(fault) == BASE_FAULT_UNSUPPORTED || (!fault && !text))
        return NULL;
    if (!fault)
        fault = item_oof_parse(text, &away->oof, away->pool);
    if (fault || !item_oof_active(&away->oof, exchange->now))
        return fault;
    BASE_TRY(backend_identity(session, &away->identity, away->pool));
    BASE_TRY(oof_audience(away, session, &audience));
    message = &away->oof.messages[audience];
    if (!message->enabled || !*message->text)
        return NULL;
    BASE_TRY(item_source_open(away->message->wire, &source, away->pool));
    BASE_TRY(item_mime_parse(source, &away->mime, away->pool));
    if (item_oof_answerable(away->mime, away->identity, away->message->sender, away->pool))
        away->answer = message;
    return NULL;
}

/* Into the mailbox of whoever is sending, which is an account of this server. */
static base_fault_t *oof_deliver(oof_t *away, const char *series)
{
    cmd_exchange_t *exchange = away->send->exchange;
    apr_array_header_t *accounts = apr_array_make(away->pool, 1, sizeof(const char *));
    item_compose_options_t options = {.mode = ITEM_COMPOSE_REPLY,
                                      .replace_mime = 1,
                                      .identity = away->identity,
                                      .key = series,
                                      .now = exchange->now,
                                      .directory = exchange->service->spool_directory};
    backend_blob_t mime = {
        .data = item_oof_compose(away->answer, away->mime, away->message->sender, away->pool)};
    item_composed_t *composed;

    mime.size = strlen(mime.data);
    BASE_TRY(item_compose(&mime, away->message->wire, &options, &composed, away->pool));
    APR_ARRAY_PUSH(accounts, const char *) = exchange->account;
    return cmd_send_deliver(away->send, accounts, composed->wire, series);
}

static base_fault_t *oof_answer(oof_t *away)
{
    cmd_exchange_t *exchange = away->send->exchange;
    const char *scope =
        cmd_once_scope(away->pool, "oof", base_text_lower(away->message->sender, away->pool),
                       item_oof_format(&away->oof, away->pool), NULL);
    /* another answer after the week is another message */
    const char *series = strchr(cmd_once_scope(away->pool, "oof", away->account, scope,
                                               away->message->message_id, NULL),
                                ':') +
                         1;
    cmd_once_t once;
    base_fault_t *fault;

    cmd_once_init(exchange, scope, "answer", OOF_ONCE_FOR, &once);
    once.key.account = away->account;
    once.key.device = OOF_DEVICE;
    fault = cmd_once_claim(exchange, &once, CMD_LEASE, NULL);
    if (base_fault_code(fault) == BASE_FAULT_BUSY || (!fault && once.result))
        return NULL;
    if (!fault && (fault = oof_deliver(away, series)))
        cmd_once_release(exchange, &once);
    return fault ? fault : cmd_once_record(exchange, &once, "0");
}

void cmd_oof_answer(cmd_send_t *send, const apr_array_header_t *accounts,
                    const item_composed_t *message)
{
    cmd_exchange_t *exchange = send->exchange;
    apr_pool_t *pool;
    int i;

    apr_pool_create(&pool, exchange->pool);
    for (i = 0; i < accounts->nelts; i++) {
        oof_t away = {.send = send,
                      .account = APR_ARRAY_IDX(accounts, i, const char *),
                      .message = message,
                      .pool = pool};
        base_fault_t *fault;

        apr_pool_clear(pool);
        fault = oof_look(&away);
        if (!fault && away.answer)
            fault = oof_answer(&away);
        if (fault)
            base_log_write(exchange->log, BASE_LOG_WARNING, "out of office of %s: %s", away.account,
                           fault->message);
    }
    apr_pool_destroy(pool);
}
