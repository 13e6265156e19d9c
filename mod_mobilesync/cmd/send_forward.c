/* The original of SmartReply and SmartForward, and what follows when it is an event: who gets a meeting by
 * being forwarded it is invited to it.
 *
 * The organizer stays the organizer (MS-ASCMD R7487), to whom whoever gets the meeting answers. So his event
 * has to know of them: MS-ASCMD says nothing of that, Exchange adds them as optional attendees
 * (MS-OXOCAL 3.1.4.10), and so does this: in the account's own calendar where it organises the meeting,
 * else in that of an organizer who has a mailbox here (MobileSyncMeetings), who gets a note of it as well,
 * provided that the meeting is his and the account is invited to it: what its own calendar says proves
 * nothing. An organizer elsewhere learns of them by their answers (RFC 5546 3.2.2.5). */
#include "cmd/send.h"

#include <string.h>
#include <apr_strings.h>

#include "base/text.h"
#include "cmd/meeting.h"
#include "item/header.h"
#include "item/letter.h"
#include "item/mime.h"
#include "item/source.h"

/* -- the original ----------------------------------------------------------------------------- */

static base_fault_t *forward_parse(const backend_blob_t *message, item_mime_t **mime,
                                   apr_pool_t *pool)
{
    item_source_t *source;

    BASE_TRY(item_source_open(message, &source, pool));
    return item_mime_parse(source, mime, pool);
}

/* To and Cc: who gets it blindly stays unknown to the others. */
static base_fault_t *forward_people(cmd_send_t *send)
{
    apr_pool_t *pool = send->exchange->pool;
    item_mime_t *mime;
    int i;

    send->people = apr_array_make(pool, 8, sizeof(item_address_t));
    BASE_TRY(forward_parse(send->mime, &mime, pool));
    for (i = 0; i < mime->fields->nelts; i++) {
        const item_mime_field_t *field = &APR_ARRAY_IDX(mime->fields, i, item_mime_field_t);

        if (strcasecmp(field->name, "To") == 0 || strcasecmp(field->name, "Cc") == 0)
            item_header_addresses(field->value, send->people, pool);
    }
    return NULL;
}

static base_fault_t *forward_topic(cmd_send_t *send, const backend_blob_t *message)
{
    item_mime_t *mime;
    const char *topic;

    BASE_TRY(forward_parse(message, &mime, send->exchange->pool));
    topic = item_mime_field(mime, "Subject");
    send->topic = topic ? topic : "";
    return NULL;
}

/* What is passed on: nothing where the client sends all that is sent. */
static base_fault_t *forward_load(cmd_send_t *send, const backend_blob_t *message)
{
    item_itip_t *itip;

    if (send->mode != ITEM_COMPOSE_FORWARD || (send->replace_mime && !send->event))
        return NULL;
    BASE_TRY(item_itip_load(message, &itip, send->exchange->pool));
    if (!itip || item_itip_method(itip) != ITEM_ITIP_REQUEST)
        return NULL;
    send->meeting = itip;
    BASE_TRY(forward_topic(send, message));
    return forward_people(send);
}

/* An event as the message that invites to it; one's own already names whom it is forwarded to. */
static base_fault_t *forward_event(cmd_send_t *send, const backend_blob_t *event,
                                   const backend_blob_t **message)
{
    cmd_exchange_t *exchange = send->exchange;
    item_itip_forward_t forward = {
        .instance = send->instance, .version = exchange->request->version, .now = exchange->now};
    const backend_blob_t *invited;

    BASE_TRY(cmd_exchange_addresses(exchange, &forward.addresses));
    BASE_TRY(item_itip_forward(event, &forward, message, exchange->pool));
    BASE_TRY(forward_load(send, *message));
    if (!send->meeting)
        return forward_topic(send, *message);
    BASE_TRY(item_itip_invite(event, send->people, &forward, &invited, exchange->pool));
    return item_itip_forward(invited, &forward, message, exchange->pool);
}

static base_fault_t *forward_missing(const cmd_send_t *send, const char *what)
{
    return base_fault_make(send->exchange->pool, BASE_FAULT_NOT_FOUND, "%s", what);
}

/* What no message can be made of: upon R4930 a phone sends a whole one itself, which then needs no more. */
static base_fault_t *forward_unusable(cmd_send_t *send, const char *why)
{
    if (!send->replace_mime)
        return forward_missing(send, why);
    send->original.uid = 0; /* and nothing is marked */
    return NULL;
}

static base_fault_t *forward_original_event(cmd_send_t *send, const backend_blob_t *event,
                                            const backend_blob_t **message)
{
    base_fault_t *fault = forward_event(send, event, message);
    base_fault_code_t code = base_fault_code(fault);

    if (code == BASE_FAULT_CONVERSION) {
        *message = NULL;
        return forward_unusable(send, fault->message);
    }
    if (code == BASE_FAULT_UNSUPPORTED || code == BASE_FAULT_INVALID) /* it has no occurrences */
        return forward_missing(send, fault->message);
    return fault;
}

base_fault_t *cmd_send_original(cmd_send_t *send, const backend_blob_t **message)
{
    cmd_exchange_t *exchange = send->exchange;
    const item_reference_t *original = &send->original;
    backend_session_t *session;
    backend_folder_t *folder;
    backend_blob_t *blob;

    *message = NULL;
    if (!original->uid)
        return NULL;
    BASE_TRY(cmd_exchange_session(exchange, &session));
    BASE_TRY(cmd_exchange_folder(exchange, original->folder_id, &folder));
    if (folder->generation != original->generation)
        return forward_missing(send, "the original belongs to an earlier generation of its folder");
    if (folder->class_ != BACKEND_CLASS_EMAIL && folder->class_ != BACKEND_CLASS_CALENDAR)
        return forward_unusable(send, "the original is neither a message nor an event");
    send->event = folder->class_ == BACKEND_CLASS_CALENDAR;
    if (send->instance && !send->event)
        return forward_missing(send, "a message has no such instance"); /* R4930 */
    BASE_TRY(backend_item_fetch(session, folder->id, original->uid, &blob, exchange->pool));
    *message = blob;
    return send->event ? forward_original_event(send, blob, message) : forward_load(send, blob);
}

/* -- the organizer's event -------------------------------------------------------------------- */

typedef struct {
    cmd_send_t *send;
    cmd_meeting_organizer_t who;
    const char *series;
} forward_organizer_t;

/* What Exchange calls a Meeting Forward Notification. Its name derives from the message's, so that it is
 * there once. */
static base_fault_t *forward_tell(const forward_organizer_t *organizer)
{
    cmd_send_t *send = organizer->send;
    cmd_exchange_t *exchange = send->exchange;
    apr_pool_t *pool = exchange->pool;
    apr_array_header_t *accounts = apr_array_make(pool, 1, sizeof(const char *));
    item_letter_t letter = {.to = item_itip_organizer(send->meeting), .date = exchange->now};
    base_text_buffer_t text = {.pool = pool};
    backend_identity_t *identity;
    backend_blob_t message = {.data = NULL};
    int i;

    BASE_TRY(backend_identity(exchange->session, &identity, pool));
    base_text_buffer_printf(&text, "%s has forwarded your meeting to:\n\n", identity->address);
    for (i = 0; i < send->people->nelts; i++)
        base_text_buffer_printf(
            &text, "%s\n",
            item_header_address_text(&APR_ARRAY_IDX(send->people, i, item_address_t), pool));
    letter.from = identity->address;
    letter.id = strchr(cmd_once_scope(pool, "forwarded", organizer->series, NULL), ':') + 1;
    letter.subject = apr_pstrcat(
        pool, "Meeting Forward Notification: ", item_header_text(send->topic, pool), NULL);
    letter.text = text.data;
    message.data = item_letter_format(&letter, pool);
    message.size = strlen(message.data);
    APR_ARRAY_PUSH(accounts, const char *) = organizer->who.account;
    return cmd_send_deliver(send, accounts, &message, letter.id);
}

static base_fault_t *forward_invite_once(const forward_organizer_t *organizer)
{
    cmd_send_t *send = organizer->send;
    cmd_exchange_t *exchange = send->exchange;
    const char *uid = item_itip_uid(send->meeting);
    item_itip_forward_t forward = {.addresses = organizer->who.addresses,
                                   .instance = item_itip_instance(send->meeting),
                                   .version = EAS_VERSION_16_1,
                                   .now = exchange->now};
    apr_array_header_t *folders;
    const backend_blob_t *blob;
    cmd_meeting_t meeting;

    BASE_TRY(backend_folder_list(organizer->who.session, &folders, exchange->pool));
    BASE_TRY(cmd_meeting_find(organizer->who.session, folders, uid, &meeting, exchange->pool));
    if (!meeting.blob)
        return NULL;
    if (!organizer->who.own)
        BASE_TRY(cmd_exchange_addresses(exchange, &forward.by));
    BASE_TRY(item_itip_invite(meeting.blob, send->people, &forward, &blob, exchange->pool));
    if (blob == meeting.blob)
        return NULL;
    if (!organizer->who.own)
        BASE_TRY(forward_tell(organizer));
    BASE_TRY(cmd_meeting_store(organizer->who.session, &meeting, uid, blob, exchange->pool));
    return wake_publish(exchange->service->bus, organizer->who.account, meeting.folder->id,
                        WAKE_EVENT_CHANGED, exchange->pool);
}

/* The mail is out when this is called: only what a retry can mend is a fault. */
base_fault_t *cmd_send_invite(cmd_send_t *send, const char *series)
{
    forward_organizer_t organizer = {.send = send, .series = series};
    base_fault_t *fault;
    int tries = 0;

    if (!send->meeting || !send->people->nelts)
        return NULL;
    fault =
        cmd_meeting_organizer(send->exchange, item_itip_organizer(send->meeting), &organizer.who);
    if (!fault && !organizer.who.account)
        return NULL;
    while (!fault) {
        fault = forward_invite_once(&organizer);
        if (base_fault_code(fault) != BASE_FAULT_CONFLICT || ++tries == CMD_MEETING_TRIES)
            break;
        fault = NULL;
    }
    if (base_fault_code(fault) == BASE_FAULT_UNAVAILABLE ||
        base_fault_code(fault) == BASE_FAULT_TIMEOUT)
        return base_fault_wrap(fault, send->exchange->pool, "inviting to a forwarded meeting");
    if (fault)
        base_log_write(send->exchange->log, BASE_LOG_WARNING,
                       "a meeting that %s forwarded names nobody new: %s", send->exchange->account,
                       fault->message);
    return NULL;
}
