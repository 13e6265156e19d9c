#include "cmd/meeting_send.h"

#include <string.h>
#include <apr_sha1.h>
#include <apr_strings.h>

#include "backend/blob.h"
#include "base/text.h"
#include "cmd/send.h"
#include "item/itip_diff.h"
#include "item/letter.h"

#define MEETING_SINGLE_MAX 100 /* recipients who are tried singly, when one is refused */

typedef struct {
    collection_follow_t base; /* first */
    cmd_exchange_t *exchange;
} meeting_follow_t;

/* One message. */
typedef struct {
    cmd_exchange_t *exchange;
    const backend_identity_t *identity;
    const item_itip_sending_t *sending;
    const backend_blob_t *event;
    apr_pool_t *pool;
} meeting_t;

/* What is told to whom, by whom: the same in every attempt. */
static base_fault_t *meeting_key(const meeting_t *meeting, const apr_array_header_t *to,
                                 const char **key)
{
    const item_itip_sending_t *sending = meeting->sending;
    unsigned char digest[APR_SHA1_DIGESTSIZE];
    apr_sha1_ctx_t sha;
    const char *data, *head;
    int i;

    BASE_TRY(backend_blob_load(meeting->event, &data, meeting->pool));
    head = apr_psprintf(meeting->pool, "%s\n%d\n%s\n%s\n", meeting->exchange->account,
                        (int)sending->method, sending->uid,
                        sending->instance ? sending->instance : "");
    apr_sha1_init(&sha);
    apr_sha1_update(&sha, head, (unsigned)strlen(head));
    for (i = 0; i < to->nelts; i++) {
        const char *address = APR_ARRAY_IDX(to, i, const char *);

        apr_sha1_update(&sha, address, (unsigned)strlen(address) + 1);
    }
    apr_sha1_update(&sha, data, (unsigned)meeting->event->size);
    apr_sha1_final(digest, &sha);
    *key = base_text_hex_encode(digest, sizeof digest, meeting->pool);
    return NULL;
}

static base_fault_t *meeting_send_to(const meeting_t *meeting, const apr_array_header_t *to)
{
    cmd_exchange_t *exchange = meeting->exchange;
    item_itip_send_t send = {.method = meeting->sending->method,
                             .identity = meeting->identity,
                             .to = to,
                             .instance = meeting->sending->instance,
                             .version = EAS_VERSION_16_1,
                             .partial = meeting->sending->partial,
                             .text = meeting->sending->text,
                             .html = meeting->sending->html,
                             .now = exchange->now};
    const backend_blob_t *message;
    int status;

    /* of two of the same moment the second is ignored (RFC 5546 2.1.5) */
    if (meeting->sending->follows)
        send.now += apr_time_from_sec(1);
    BASE_TRY(meeting_key(meeting, to, &send.key));
    BASE_TRY(item_itip_compose(meeting->event, &send, &message, meeting->pool));
    if (!message)
        return NULL;
    BASE_TRY(cmd_send_message(exchange, message, &status));
    return status ? base_fault_make(meeting->pool, BASE_FAULT_DENIED, "Status %d", status) : NULL;
}

/* A note of what did not go out. The organizer's client believes that everything is well. */
static void meeting_tell(const meeting_t *meeting, const apr_array_header_t *to,
                         const base_fault_t *failed)
{
    cmd_exchange_t *exchange = meeting->exchange;
    cmd_send_t send = {.exchange = exchange};
    apr_array_header_t *accounts = apr_array_make(meeting->pool, 1, sizeof(const char *));
    const char *people = apr_array_pstrcat(meeting->pool, to, '\n'), *key;
    item_letter_t letter = {
        .from = meeting->identity->address,
        .to = meeting->identity->address,
        .subject = "A meeting message could not be sent",
        .text = apr_pstrcat(
            meeting->pool, "Your calendar has the change, but ",
            meeting->sending->method == ITEM_ITIP_CANCEL ? "the cancellation" : "the invitation",
            " may not have reached:\n\n", people, "\n\nReason: ", failed->message, "\n", NULL),
        .date = exchange->now};
    backend_blob_t message = {.data = NULL};
    base_fault_t *fault;

    base_log_write(exchange->log, BASE_LOG_WARNING, "%s of a meeting of %s to %d: %s",
                   meeting->sending->method == ITEM_ITIP_CANCEL ? "CANCEL" : "REQUEST",
                   exchange->account, to->nelts, failed->message);
    fault = meeting_key(meeting, to, &key);
    if (!fault) {
        letter.id = key;
        message.data = item_letter_format(&letter, meeting->pool);
        message.size = strlen(message.data);
        APR_ARRAY_PUSH(accounts, const char *) = exchange->account;
        fault = cmd_send_deliver(&send, accounts, &message, key);
    }
    if (fault)
        base_log_write(exchange->log, BASE_LOG_WARNING, "telling %s of that: %s", exchange->account,
                       fault->message);
}

/* What cannot be sent now is tried once more, by the request that the phone repeats; then the organizer
 * is told. */
static base_fault_t *meeting_failed(const meeting_t *meeting, const apr_array_header_t *to,
                                    base_fault_t *failed)
{
    cmd_exchange_t *exchange = meeting->exchange;
    const char *key;
    cmd_once_t once;

    if (failed->code == BASE_FAULT_BUSY) /* who is at it may have vanished */
        return failed;
    if (failed->code == BASE_FAULT_UNAVAILABLE || failed->code == BASE_FAULT_TIMEOUT) {
        BASE_TRY(meeting_key(meeting, to, &key));
        cmd_once_init_account(exchange, cmd_once_scope(meeting->pool, "meeting-failed", key, NULL),
                              "meeting", CMD_ONCE_TTL, &once);
        BASE_TRY(cmd_once_claim(exchange, &once, CMD_LEASE, &exchange->patience));
        if (once.held) {
            BASE_TRY(cmd_once_record(exchange, &once, "1"));
            failed->code = BASE_FAULT_UNAVAILABLE;
            return failed;
        }
    }
    meeting_tell(meeting, to, failed);
    return NULL;
}

/* A refused address keeps the message from all (cmd/send.h); the others get it one by one. */
static base_fault_t *meeting_send(const meeting_t *meeting)
{
    const apr_array_header_t *to = meeting->sending->to;
    base_fault_t *fault = meeting_send_to(meeting, to);
    int i;

    if (base_fault_code(fault) != BASE_FAULT_DENIED || to->nelts == 1 ||
        to->nelts > MEETING_SINGLE_MAX)
        return fault ? meeting_failed(meeting, to, fault) : NULL;
    for (i = 0; i < to->nelts; i++) {
        apr_array_header_t *one = apr_array_make(meeting->pool, 1, sizeof(const char *));

        APR_ARRAY_PUSH(one, const char *) = APR_ARRAY_IDX(to, i, const char *);
        if ((fault = meeting_send_to(meeting, one)))
            BASE_TRY(meeting_failed(meeting, one, fault));
    }
    return NULL;
}

/* -- what the engine asks --------------------------------------------------------------------- */

/* A change of which nobody knows whom to tell tells nobody. */
static void meeting_puzzled(const cmd_exchange_t *exchange, const base_fault_t *fault)
{
    base_log_write(exchange->log, BASE_LOG_WARNING,
                   "whom to tell of a change in the calendar of %s: %s", exchange->account,
                   fault->message);
}

/* *sendings: item_itip_sending_t. */
static base_fault_t *meeting_diff(cmd_exchange_t *exchange, const backend_blob_t *before,
                                  const backend_blob_t *after, backend_identity_t **identity,
                                  apr_array_header_t **sendings, apr_pool_t *pool)
{
    const apr_array_header_t *own;
    base_fault_t *fault;

    BASE_TRY(cmd_exchange_addresses(exchange, &own));
    BASE_TRY(backend_identity(exchange->session, identity, pool));
    fault = item_itip_diff(before, after, own, exchange->now, sendings, pool);
    if (!fault)
        return NULL;
    meeting_puzzled(exchange, fault);
    *sendings = apr_array_make(pool, 1, sizeof(item_itip_sending_t));
    return NULL;
}

static base_fault_t *meeting_plan(const collection_follow_t *base, const backend_blob_t *before,
                                  const backend_blob_t *after, const backend_blob_t **memo,
                                  apr_pool_t *pool)
{
    cmd_exchange_t *exchange = ((const meeting_follow_t *)base)->exchange;
    apr_array_header_t *sendings;
    backend_identity_t *identity;

    *memo = NULL;
    BASE_TRY(meeting_diff(exchange, before, after, &identity, &sendings, pool));
    return sendings->nelts ? item_itip_brief(before, memo, pool) : NULL;
}

static base_fault_t *meeting_done(const collection_follow_t *base, const backend_blob_t *before,
                                  const backend_blob_t *after, apr_pool_t *pool)
{
    cmd_exchange_t *exchange = ((const meeting_follow_t *)base)->exchange;
    apr_array_header_t *sendings;
    backend_identity_t *identity;
    int i;

    BASE_TRY(meeting_diff(exchange, before, after, &identity, &sendings, pool));
    for (i = 0; i < sendings->nelts; i++) {
        const item_itip_sending_t *sending = &APR_ARRAY_IDX(sendings, i, item_itip_sending_t);
        const meeting_t meeting = {.exchange = exchange,
                                   .identity = identity,
                                   .sending = sending,
                                   .event = sending->of_before ? before : after,
                                   .pool = pool};

        BASE_TRY(meeting_send(&meeting));
    }
    return NULL;
}

const collection_follow_t *cmd_meeting_follow(cmd_exchange_t *exchange,
                                              const backend_folder_t *folder, apr_pool_t *pool)
{
    meeting_follow_t *follow;

    if (folder->class_ != BACKEND_CLASS_CALENDAR || exchange->request->version < EAS_VERSION_16_0)
        return NULL;
    follow = apr_pcalloc(pool, sizeof *follow);
    follow->base.plan = meeting_plan;
    follow->base.done = meeting_done;
    follow->exchange = exchange;
    return &follow->base;
}
