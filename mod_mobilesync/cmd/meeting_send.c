#include "cmd/meeting_send.h"

#include <string.h>
#include <apr_sha1.h>
#include <apr_strings.h>

#include "backend/blob.h"
#include "base/text.h"
#include "cmd/meeting.h"
#include "cmd/send.h"
#include "eas/status.h"
#include "item/itip_diff.h"
#include "item/letter.h"

#define MEETING_SINGLE_MAX 100 /* recipients who are tried singly, when one is refused */

typedef struct {
    collection_follow_t base; /* first */
    cmd_exchange_t *exchange;
    const char *folder_id;
    cmd_outbox_entry_t *entry; /* of the operation that is about to take effect; NULL: none */
    apr_pool_t *pool;          /* what that is made of */
} meeting_follow_t;

/* One message. */
typedef struct {
    cmd_exchange_t *exchange;
    const backend_identity_t *identity;
    const item_itip_sending_t *sending;
    const backend_blob_t *event;
    int last; /* what cannot be sent now never will be */
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
    if (!status)
        return NULL;
    if (status == eas_status_from_fault(EAS_COMMAND_SendMail, BASE_FAULT_UNKNOWN_OUTCOME))
        return base_fault_make(meeting->pool, BASE_FAULT_UNKNOWN_OUTCOME,
                               "an attempt was cut off while the message was handed on");
    return base_fault_make(meeting->pool, BASE_FAULT_DENIED, "Status %d", status);
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

/* A fault: it is to be tried again. Who is to get it, and cannot, the organizer is told. */
static base_fault_t *meeting_failed(const meeting_t *meeting, const apr_array_header_t *to,
                                    base_fault_t *failed)
{
    if (!meeting->last &&
        (failed->code == BASE_FAULT_BUSY || /* who is at it may have vanished */
         failed->code == BASE_FAULT_UNAVAILABLE || failed->code == BASE_FAULT_TIMEOUT))
        return failed;
    meeting_tell(meeting, to, failed);
    return NULL;
}

/* A refused address keeps the message from all (cmd/send.h); the others get it one by one. */
static base_fault_t *meeting_send(const meeting_t *meeting)
{
    const apr_array_header_t *to = meeting->sending->to;
    base_fault_t *fault = meeting_send_to(meeting, to), *worst = NULL;
    int i;

    if (base_fault_code(fault) != BASE_FAULT_DENIED || to->nelts == 1 ||
        to->nelts > MEETING_SINGLE_MAX)
        return fault ? meeting_failed(meeting, to, fault) : NULL;
    for (i = 0; i < to->nelts; i++) {
        apr_array_header_t *one = apr_array_make(meeting->pool, 1, sizeof(const char *));

        APR_ARRAY_PUSH(one, const char *) = APR_ARRAY_IDX(to, i, const char *);
        if ((fault = meeting_send_to(meeting, one)) &&
            (fault = meeting_failed(meeting, one, fault)))
            worst = fault;
    }
    return worst;
}

/* -- what is to be sent ------------------------------------------------------------------------ */

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

/* All messages; those that can be sent are, whatever becomes of the others, but for what is to come after
 * another one. */
static base_fault_t *meeting_send_all(cmd_exchange_t *exchange, const backend_blob_t *before,
                                      const backend_blob_t *after, int last, int *count,
                                      apr_pool_t *pool)
{
    apr_array_header_t *sendings;
    backend_identity_t *identity;
    base_fault_t *worst = NULL;
    int i;

    BASE_TRY(meeting_diff(exchange, before, after, &identity, &sendings, pool));
    *count = sendings->nelts;
    for (i = 0; i < sendings->nelts; i++) {
        const item_itip_sending_t *sending = &APR_ARRAY_IDX(sendings, i, item_itip_sending_t);
        const meeting_t meeting = {.exchange = exchange,
                                   .identity = identity,
                                   .sending = sending,
                                   .event = sending->of_before ? before : after,
                                   .last = last,
                                   .pool = pool};
        base_fault_t *fault = worst && sending->follows ? NULL : meeting_send(&meeting);

        worst = fault ? fault : worst;
    }
    return worst;
}

/* -- what is owed ----------------------------------------------------------------------------- */

enum { MEETING_FOLDER, MEETING_UID, MEETING_DEED, MEETING_BEFORE, MEETING_FIELDS };

#define MEETING_DEED_ADD "add"
#define MEETING_DEED_CHANGE "change"
#define MEETING_DEED_DELETE "delete"

/* Before the calendar changes. brief NULL: there is nothing yet. */
static base_fault_t *meeting_note(meeting_follow_t *follow, const char *uid,
                                  const backend_blob_t *brief, const backend_blob_t *after)
{
    cmd_outbox_entry_t *entry;
    const char *data = "";

    if (brief)
        BASE_TRY(backend_blob_load(brief, &data, follow->pool));
    data = apr_pstrmemdup(follow->pool, data, brief ? (apr_size_t)brief->size : 0);
    entry = apr_pcalloc(follow->pool, sizeof *entry);
    entry->kind = CMD_OUTBOX_EVENT;
    entry->fields[MEETING_FOLDER] = follow->folder_id;
    entry->fields[MEETING_UID] = apr_pstrdup(follow->pool, uid);
    entry->fields[MEETING_DEED] = !brief  ? MEETING_DEED_ADD
                                  : after ? MEETING_DEED_CHANGE
                                          : MEETING_DEED_DELETE;
    entry->fields[MEETING_BEFORE] = data;
    entry->field_count = MEETING_FIELDS;
    BASE_TRY(cmd_outbox_note(follow->exchange, entry, follow->pool));
    follow->entry = entry;
    return NULL;
}

/* What the calendar is by now says what of it came to pass. */
base_fault_t *cmd_meeting_finish(cmd_exchange_t *exchange, const cmd_outbox_entry_t *entry,
                                 int last, int *done)
{
    const char *text = entry->fields[MEETING_BEFORE];
    const backend_blob_t *before = NULL;
    cmd_meeting_t meeting = {.blob = NULL};
    backend_session_t *session;
    apr_array_header_t *folders;
    base_fault_t *fault;
    int count = 0;

    *done = entry->field_count != MEETING_FIELDS;
    if (*done)
        return NULL;
    if (*text)
        before = backend_blob_of(text, strlen(text), exchange->pool);
    BASE_TRY(cmd_exchange_session(exchange, &session));
    BASE_TRY(cmd_exchange_folders(exchange, &folders));
    fault =
        cmd_meeting_find(session, folders, entry->fields[MEETING_UID], &meeting, exchange->pool);
    if (fault && fault->code != BASE_FAULT_FOLDER_GONE)
        return fault;
    /* what somebody else removed since is his to tell */
    if (!meeting.blob && strcmp(entry->fields[MEETING_DEED], MEETING_DEED_DELETE) != 0)
        return NULL;
    fault = meeting_send_all(exchange, before, meeting.blob, last, &count, exchange->pool);
    *done = !fault && count;
    return fault;
}

/* -- what the engine asks --------------------------------------------------------------------- */

static base_fault_t *meeting_plan(collection_follow_t *base, const backend_blob_t *before,
                                  const backend_blob_t *after, const backend_blob_t **memo,
                                  apr_pool_t *pool)
{
    meeting_follow_t *follow = (meeting_follow_t *)base;
    apr_array_header_t *sendings;
    backend_identity_t *identity;

    *memo = NULL;
    if (follow->entry) /* another program was faster: what this was for did not come to pass */
        cmd_outbox_remove(follow->exchange, follow->entry, pool);
    follow->entry = NULL;
    apr_pool_clear(follow->pool);
    BASE_TRY(meeting_diff(follow->exchange, before, after, &identity, &sendings, pool));
    if (!sendings->nelts)
        return NULL;
    if (before)
        BASE_TRY(item_itip_brief(before, memo, pool));
    return meeting_note(follow, APR_ARRAY_IDX(sendings, 0, item_itip_sending_t).uid, *memo, after);
}

/* The change of the calendar stands, and is answered; what could not be sent is sent without the client. */
static base_fault_t *meeting_done(collection_follow_t *base, const backend_blob_t *before,
                                  const backend_blob_t *after, apr_pool_t *pool)
{
    meeting_follow_t *follow = (meeting_follow_t *)base;
    cmd_exchange_t *exchange = follow->exchange;
    cmd_outbox_entry_t *entry = follow->entry;
    base_fault_t *fault;
    int count;

    follow->entry = NULL;
    fault = meeting_send_all(exchange, before, after, !entry || !entry->value, &count, pool);
    if (!entry || !entry->value)
        return fault;
    if (!fault) {
        cmd_outbox_remove(exchange, entry, pool);
        return NULL;
    }
    base_log_write(exchange->log, BASE_LOG_WARNING,
                   "a meeting's messages of %s, device %s, are sent later: %s", exchange->account,
                   exchange->request->device_id, fault->message);
    cmd_outbox_postpone(exchange, entry, fault, pool);
    return NULL;
}

collection_follow_t *cmd_meeting_follow(cmd_exchange_t *exchange, const backend_folder_t *folder,
                                        apr_pool_t *pool)
{
    meeting_follow_t *follow;

    if (folder->class_ != BACKEND_CLASS_CALENDAR || exchange->request->version < EAS_VERSION_16_0)
        return NULL;
    follow = apr_pcalloc(pool, sizeof *follow);
    follow->base.plan = meeting_plan;
    follow->base.done = meeting_done;
    follow->exchange = exchange;
    follow->folder_id = folder->id;
    apr_pool_create(&follow->pool, pool);
    return &follow->base;
}
