/* MeetingResponse (MS-ASCMD 2.2.1.11): each Request on its own, once.
 *
 * The request is a message of any mail folder or, from 14.1 on (R6068, R7508 to R7510), the event itself.
 * What follows: the event has the answer, in the calendar where it is or in the default one; declined,
 * it is no event of the account any more; the message goes to Deleted Items. Up to 14.1 the client sends
 * the organizer its answer (R268), from 16.0 on the server does, where SendResponse asks it to (R7113).
 *
 * A message that was answered is gone, and so is an event that was declined: their answers are kept in
 * the ledger, by which a repeat gets the same. An event that stays knows its answer itself: what it
 * says already is not sent again, and an answer that was sent but not written down finds its mail by the
 * Message-ID, which is made of the event as it was. */
#include "cmd/meeting.h"

#include <stdlib.h>
#include <string.h>
#include <apr_strings.h>

#include "base/text.h"
#include "base/time.h"
#include "cmd/once.h"
#include "cmd/send.h"
#include "eas/status.h"
#include "item/itip.h"
#include "item/note_body.h"

#define MEETING_REQUESTS_MAX 100

typedef struct {
    cmd_exchange_t *exchange;
    const eas_node_t *node;
    const char *request_id, *long_id, *instance; /* NULL: it has none */
    apr_uint64_t response;                       /* item_itip_response_t */
    const eas_node_t *send;                      /* SendResponse; NULL: no mail */
    apr_time_t start, end;                       /* what is proposed; 0: nothing */
    item_reference_t reference;
    backend_folder_t *folder;       /* of the reference */
    const item_itip_t *itip;        /* of a message; NULL: it is an event */
    const char *uid;                /* of the meeting */
    const backend_blob_t *base;     /* the event that is answered, before the answer */
    const backend_blob_t *answered; /* and with it */
    cmd_meeting_t meeting;
    int mailed;              /* what an attempt sent that came to nothing else */
    const char *key;         /* that the mail's Message-ID is made of */
    const char *calendar_id; /* the answer; NULL: there is none */
} response_t;

/* -- reading the request ---------------------------------------------------------------------- */

static base_fault_t *response_invalid(const response_t *response, const char *what)
{
    return base_fault_make(response->exchange->pool, BASE_FAULT_INVALID, "MeetingResponse: %s",
                           what);
}

static const char *response_text(const eas_node_t *node, eas_tag_t tag)
{
    const char *text = eas_node_child_text(node, tag);

    return text && *text ? text : NULL;
}

/* ProposedStartTime and ProposedEndTime: both or none (R69901704, R69901725). */
static base_fault_t *response_parse_proposal(response_t *response)
{
    const char *start = response_text(response->send, EAS_MeetingResponse_ProposedStartTime);
    const char *end = response_text(response->send, EAS_MeetingResponse_ProposedEndTime);

    if (!start && !end)
        return NULL;
    if (!start || !end || !base_time_parse(start, &response->start) ||
        !base_time_parse(end, &response->end) || response->end < response->start)
        return response_invalid(response, "a proposal needs a start and an end");
    return NULL;
}

/* *status: 0, or what is wrong with how the item is named. */
static base_fault_t *response_parse(response_t *response, int *status)
{
    const eas_node_t *node = response->node;
    eas_version_t version = response->exchange->request->version;
    const char *folder_id = response_text(node, EAS_MeetingResponse_CollectionId);
    apr_time_t when;

    response->request_id = response_text(node, EAS_MeetingResponse_RequestId);
    response->long_id = response_text(node, EAS_Search_LongId);
    response->instance = response_text(node, EAS_MeetingResponse_InstanceId);
    if (eas_node_child_uint(node, EAS_MeetingResponse_UserResponse, ITEM_ITIP_DECLINED,
                            &response->response) != 1 ||
        !response->response)
        return response_invalid(response, "UserResponse is 1, 2 or 3");
    if (!response->request_id == !response->long_id)
        return response_invalid(response, "RequestId or LongId");
    if (response->instance && version < EAS_VERSION_14_1)
        return response_invalid(response, "InstanceId before 14.1");
    if (eas_tag_in_version(EAS_MeetingResponse_SendResponse, version))
        response->send = eas_node_child(node, EAS_MeetingResponse_SendResponse);
    if (eas_tag_in_version(EAS_MeetingResponse_ProposedStartTime, version))
        BASE_TRY(response_parse_proposal(response));
    if (response->instance && !base_time_parse(response->instance, &when)) {
        *status = EAS_STATUS_InvalidDateTime;
        return NULL;
    }
    /* what Search gives out is the ServerId */
    if (!item_reference_parse_server_id(response->request_id ? response->request_id
                                                             : response->long_id,
                                        &response->reference, response->exchange->pool) ||
        (folder_id && strcmp(folder_id, response->reference.folder_id) != 0))
        return response_invalid(response, "there is no such item");
    return NULL;
}

/* -- the event -------------------------------------------------------------------------------- */

static base_fault_t *response_denied(const response_t *response, const char *what)
{
    return base_fault_make(response->exchange->pool, BASE_FAULT_DENIED, "%s", what);
}

/* A message: the event is what the calendar has, with what the message says that is new. */
static base_fault_t *response_load_message(response_t *response, const backend_blob_t *message,
                                           const item_itip_who_t *who)
{
    cmd_exchange_t *exchange = response->exchange;
    apr_array_header_t *folders;
    item_itip_t *itip;

    if (response->instance)
        return response_denied(response, "a message has no occurrences");
    BASE_TRY(item_itip_load(message, &itip, exchange->pool));
    if (!itip || item_itip_method(itip) != ITEM_ITIP_REQUEST)
        return response_denied(response, "the message is no meeting request");
    response->itip = itip;
    response->uid = item_itip_uid(itip);
    BASE_TRY(cmd_exchange_folders(exchange, &folders));
    BASE_TRY(cmd_meeting_find(exchange->session, folders, response->uid, &response->meeting,
                              exchange->pool));
    BASE_TRY(item_itip_apply(itip, response->meeting.blob, who, &response->base, exchange->pool));
    if (!response->base)
        response->base = response->meeting.blob;
    return response->base ? NULL : response_denied(response, "one's own meeting");
}

/* The event itself. */
static base_fault_t *response_load_event(response_t *response, const backend_entry_t *entry,
                                         backend_blob_t *blob)
{
    if (response->exchange->request->version < EAS_VERSION_14_1)
        return response_denied(response, "events are answered from 14.1 on");
    response->meeting = (cmd_meeting_t){.folder = response->folder, .entry = *entry, .blob = blob};
    response->base = blob;
    response->uid = "";
    return NULL;
}

static base_fault_t *response_load(response_t *response)
{
    cmd_exchange_t *exchange = response->exchange;
    item_itip_who_t who = {.now = exchange->now};
    backend_session_t *session;
    backend_entry_t entry;
    backend_blob_t *blob;

    BASE_TRY(cmd_exchange_session(exchange, &session));
    BASE_TRY(cmd_exchange_folder(exchange, response->reference.folder_id, &response->folder));
    BASE_TRY(cmd_exchange_item(exchange, &response->reference, &entry, &blob, exchange->pool));
    BASE_TRY(cmd_exchange_addresses(exchange, &who.addresses));
    if (response->folder->class_ == BACKEND_CLASS_CALENDAR)
        return response_load_event(response, &entry, blob);
    if (response->folder->class_ == BACKEND_CLASS_EMAIL)
        return response_load_message(response, blob, &who);
    return response_denied(response, "neither a message nor an event");
}

/* Which occurrence is answered, and whose notation that is. */
static const char *response_instance(const response_t *response, eas_version_t *version)
{
    const char *of_message = response->itip ? item_itip_instance(response->itip) : NULL;

    *version = of_message ? EAS_VERSION_16_1 : response->exchange->request->version;
    return of_message ? of_message : response->instance;
}

/* What the calendar gets: *stored NULL: the event goes; the base itself: as it is. */
static base_fault_t *response_answer(response_t *response, const backend_blob_t **stored)
{
    cmd_exchange_t *exchange = response->exchange;
    item_itip_answer_t answer = {.response = (item_itip_response_t)response->response,
                                 .start = response->start,
                                 .end = response->end,
                                 .now = exchange->now};
    base_fault_t *fault;

    BASE_TRY(cmd_exchange_addresses(exchange, &answer.addresses));
    answer.instance = response_instance(response, &answer.version);
    BASE_TRY(item_itip_answer(response->base, &answer, &response->answered, exchange->pool));
    *stored = response->answered;
    if (response->response != ITEM_ITIP_DECLINED)
        return NULL;
    *stored = NULL;
    if (!answer.instance)
        return NULL;
    fault = item_itip_exclude(response->base, answer.instance, answer.version, exchange->now,
                              stored, exchange->pool);
    /* the calendar has nothing but that occurrence of the series */
    if (base_fault_code(fault) == BASE_FAULT_UNSUPPORTED) {
        *stored = NULL;
        return NULL;
    }
    return fault;
}

/* -- the mail --------------------------------------------------------------------------------- */

/* What the organizer is told besides. */
static base_fault_t *response_body(const response_t *response, item_itip_send_t *send)
{
    const eas_node_t *body = eas_node_child(response->send, EAS_AirSyncBase_Body);

    return body ? item_note_body_parse(body, &send->text, &send->html, response->exchange->pool)
                : NULL;
}

static base_fault_t *response_mail(const response_t *response)
{
    cmd_exchange_t *exchange = response->exchange;
    item_itip_send_t send = {.method = response->start ? ITEM_ITIP_COUNTER : ITEM_ITIP_REPLY,
                             .start = response->start,
                             .end = response->end,
                             .key = response->key,
                             .now = exchange->now};
    const backend_blob_t *message;
    backend_identity_t *identity;
    int status;

    BASE_TRY(backend_identity(exchange->session, &identity, exchange->pool));
    send.identity = identity;
    send.instance = response_instance(response, &send.version);
    BASE_TRY(response_body(response, &send));
    BASE_TRY(item_itip_compose(response->answered, &send, &message, exchange->pool));
    if (!message)
        return NULL;
    BASE_TRY(cmd_send_message(exchange, message, &status));
    /* an organizer whom no mail reaches is no reason to have no meeting */
    if (status)
        base_log_write(exchange->log, BASE_LOG_WARNING,
                       "an answer of %s to a meeting request was not sent: Status %d",
                       exchange->account, status);
    return NULL;
}

/* -- what follows ----------------------------------------------------------------------------- */

/* An event as it was: the answer to it is another one each time that it is changed. A message is answered
 * once. */
static void response_name(response_t *response)
{
    apr_pool_t *pool = response->exchange->pool;
    const cmd_meeting_t *meeting = &response->meeting;
    const char *id = response->request_id ? response->request_id : response->long_id;
    const char *token =
        apr_psprintf(pool, "%" APR_UINT64_T_HEX_FMT " %" APR_TIME_T_FMT " %" APR_TIME_T_FMT,
                     response->itip ? 0 : meeting->entry.token, response->start, response->end);

    response->key =
        strchr(cmd_once_scope(pool, "answer", id, response->instance ? response->instance : "",
                              apr_itoa(pool, (int)response->response), token, NULL),
               ':') +
        1;
}

static base_fault_t *response_write(response_t *response, const backend_blob_t *stored)
{
    cmd_exchange_t *exchange = response->exchange;
    cmd_meeting_t *meeting = &response->meeting;
    const char *folder_id = meeting->folder->id;
    int is_new = !meeting->entry.uid;

    if (stored == meeting->blob || (!stored && !response->itip))
        return NULL; /* an event that goes does so at last */
    BASE_TRY(cmd_meeting_store(exchange->session, meeting, response->uid, stored, exchange->pool));
    cmd_exchange_publish(exchange, folder_id, is_new ? WAKE_EVENT_ADDED : WAKE_EVENT_CHANGED);
    return NULL;
}

/* Does the organizer not know it yet? What the calendar has, and has so already, was sent when it came
 * to be so. */
static int response_is_news(const response_t *response, const backend_blob_t *stored)
{
    return response->send && !response->mailed &&
           (!response->meeting.blob || stored != response->meeting.blob);
}

/* Once: event, mail. CONFLICT: another program was faster, all is to be looked at again. */
static base_fault_t *response_effect(response_t *response)
{
    const backend_blob_t *stored;
    item_reference_t event;

    BASE_TRY(response_load(response));
    BASE_TRY(response_answer(response, &stored));
    response_name(response);
    if (response_is_news(response, stored)) {
        BASE_TRY(response_mail(response));
        response->mailed = 1;
    }
    BASE_TRY(response_write(response, stored));
    if (response->response == ITEM_ITIP_DECLINED) /* R837 */
        return NULL;
    event = (item_reference_t){.folder_id = response->meeting.folder->id,
                               .generation = response->meeting.folder->generation,
                               .uid = response->meeting.entry.uid};
    response->calendar_id = item_reference_server_id(&event, response->exchange->pool);
    return NULL;
}

/* What was answered goes: the message to Deleted Items, an event that was declined altogether. Only when
 * the answer is recorded, since nothing can be answered once more that is gone; a repeat comes here again. */
static base_fault_t *response_finish(response_t *response, const char *derived_name)
{
    cmd_exchange_t *exchange = response->exchange;
    apr_uint64_t uid = response->reference.uid;
    backend_folder_t *trash = NULL;
    backend_session_t *session;
    backend_entry_t entry;
    base_fault_t *fault;

    BASE_TRY(cmd_exchange_session(exchange, &session));
    fault = cmd_exchange_folder(exchange, response->reference.folder_id, &response->folder);
    if (!fault && response->folder->class_ == BACKEND_CLASS_EMAIL)
        fault = cmd_exchange_role(exchange, BACKEND_ROLE_TRASH, &trash);
    if (!fault && trash && strcmp(trash->id, response->folder->id) == 0)
        return NULL;
    if (!fault)
        fault = trash ? backend_item_move(session, response->folder->id, uid, trash->id,
                                          derived_name, &entry, exchange->pool)
                      : backend_item_remove(session, response->folder->id, uid, exchange->pool);
    if (base_fault_code(fault) == BASE_FAULT_UNAVAILABLE)
        return fault;
    /* it was answered: what keeps it is no fault of that */
    if (fault && fault->code != BASE_FAULT_NOT_FOUND && fault->code != BASE_FAULT_FOLDER_GONE)
        base_log_write(exchange->log, cmd_fault_level(fault->code),
                       "a meeting request of %s that was answered stays: %s", exchange->account,
                       fault->message);
    cmd_exchange_publish(exchange, response->reference.folder_id, WAKE_EVENT_CHANGED);
    if (trash)
        cmd_exchange_publish(exchange, trash->id, WAKE_EVENT_ADDED);
    return NULL;
}

static base_fault_t *response_perform(response_t *response)
{
    base_fault_t *fault = NULL;
    int i;

    for (i = 0; i < CMD_MEETING_TRIES; i++) {
        fault = response_effect(response);
        if (base_fault_code(fault) != BASE_FAULT_CONFLICT)
            break;
    }
    return fault;
}

/* Does the item go, so that nothing but the ledger knows what became of it? */
static int response_is_last(const response_t *response)
{
    backend_folder_t *folder;

    return cmd_exchange_folder(response->exchange, response->reference.folder_id, &folder) ||
           folder->class_ != BACKEND_CLASS_CALENDAR ||
           (response->response == ITEM_ITIP_DECLINED && !response->instance);
}

static base_fault_t *response_once(response_t *response)
{
    cmd_exchange_t *exchange = response->exchange;
    const char *id = response->request_id ? response->request_id : response->long_id;
    cmd_once_t once;
    base_fault_t *fault;

    if (!response_is_last(response))
        return response_perform(response);
    cmd_once_init(exchange,
                  cmd_once_scope(exchange->pool, "meeting", id,
                                 response->instance ? response->instance : "",
                                 apr_itoa(exchange->pool, (int)response->response), NULL),
                  "meeting", CMD_ONCE_TTL, &once);
    BASE_TRY(cmd_once_claim(exchange, &once, CMD_LEASE, &exchange->patience));
    if (once.result)
        response->calendar_id = *once.result == '-' ? NULL : once.result;
    else {
        fault = response_perform(response);
        if (fault) {
            cmd_once_release(exchange, &once);
            return fault;
        }
        BASE_TRY(
            cmd_once_record(exchange, &once, response->calendar_id ? response->calendar_id : "-"));
    }
    return response_finish(response, strchr(once.key.scope, ':') + 1);
}

/* -- the answer ------------------------------------------------------------------------------- */

static void response_write_result(const response_t *response, int status)
{
    eas_writer_t *writer = response->exchange->writer;
    apr_time_t when;

    eas_writer_start(writer, EAS_MeetingResponse_Result);
    if (response->request_id)
        eas_writer_text(writer, EAS_MeetingResponse_RequestId, cmd_id_echo(response->request_id));
    eas_writer_uint(writer, EAS_MeetingResponse_Status, (apr_uint64_t)status);
    if (status == EAS_STATUS_SUCCESS && response->calendar_id)
        eas_writer_text(writer, EAS_MeetingResponse_CalendarId, response->calendar_id);
    if (response->instance && response->exchange->request->version >= EAS_VERSION_14_1 &&
        base_time_parse(response->instance, &when))
        eas_writer_text(writer, EAS_MeetingResponse_InstanceId,
                        base_time_format_dashed(when, response->exchange->pool));
    eas_writer_end(writer);
}

/* Without the store nothing can be done once: that is a fault of the whole command, and what was
 * answered before is found again. */
static base_fault_t *response_run(cmd_exchange_t *exchange, const eas_node_t *node)
{
    response_t response = {.exchange = exchange, .node = node};
    int status = 0;
    base_fault_t *fault = response_parse(&response, &status);

    if (!fault && !status)
        fault = response_once(&response);
    if (base_fault_code(fault) == BASE_FAULT_UNAVAILABLE)
        return fault;
    if (base_fault_code(fault) == BASE_FAULT_UNSUPPORTED && response.instance)
        status = EAS_STATUS_NoRecurrenceInCalendar;
    else if (fault)
        status = eas_status_from_fault(EAS_COMMAND_MeetingResponse, fault->code);
    if (fault)
        base_log_write(exchange->log, cmd_fault_level(fault->code),
                       "MeetingResponse of %s, device %s, %s: %s", exchange->account,
                       exchange->request->device_id, cmd_id_echo(response.request_id),
                       fault->message);
    response_write_result(&response, status ? status : EAS_STATUS_SUCCESS);
    return NULL;
}

base_fault_t *cmd_meeting_response_run(cmd_exchange_t *exchange)
{
    const eas_node_t *node = eas_node_child(exchange->body, EAS_MeetingResponse_Request), *each;
    int count = 0;

    for (each = node; each; each = eas_node_next(each))
        count++;
    if (count == 0 || count > MEETING_REQUESTS_MAX) {
        cmd_answer_status(exchange, cmd_find(EAS_COMMAND_MeetingResponse), EAS_STATUS_InvalidXML);
        return NULL;
    }
    eas_writer_start(exchange->writer, EAS_MeetingResponse_MeetingResponse);
    for (each = node; each; each = eas_node_next(each))
        BASE_TRY(response_run(exchange, each));
    eas_writer_end(exchange->writer);
    return NULL;
}
