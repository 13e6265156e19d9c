/* Meetings among accounts of this server, as their messages are delivered. Who sent one is known here:
 * nobody sends as somebody else (item/compose.h). What the message says of its organizer proves nothing.
 *
 * A meeting begins in a calendar that does not have it where its organizer says so: by any address of the
 * account, or by who acts for him as his own calendar has it (SENT-BY). And where who is invited to it
 * passes it on (send->meeting); then not what the message says is entered, in which anything may be written,
 * but what the organizer's calendar has for the sender, or, of an organizer elsewhere, what the sender's has.
 * All else stays mail, which its reader may answer. */
#include "cmd/send.h"

#include <string.h>
#include <strings.h>

#include "cmd/meeting.h"

/* -- who may say so --------------------------------------------------------------------------- */

/* The event of the message's UID. *event NULL: there is none. */
static base_fault_t *schedule_event(backend_session_t *session, const item_itip_t *itip,
                                    const backend_blob_t **event, item_itip_organized_t *organized,
                                    apr_pool_t *pool)
{
    apr_array_header_t *folders;
    cmd_meeting_t meeting;

    *event = NULL;
    BASE_TRY(backend_folder_list(session, &folders, pool));
    BASE_TRY(cmd_meeting_find(session, folders, item_itip_uid(itip), &meeting, pool));
    if (!meeting.blob)
        return NULL;
    *event = meeting.blob;
    return item_itip_organized(meeting.blob, organized, pool);
}

/* What the sender knows of the meeting. *known NULL: nothing; *agent: he acts for the organizer. */
static base_fault_t *schedule_known(cmd_exchange_t *exchange, const item_itip_t *itip,
                                    const apr_array_header_t *senders, const backend_blob_t **known,
                                    int *agent)
{
    const char *address = item_itip_organizer(itip);
    item_itip_organized_t organized;
    cmd_meeting_organizer_t organizer;
    backend_session_t *session;
    const backend_blob_t *event;

    *known = NULL;
    *agent = 0;
    BASE_TRY(cmd_meeting_organizer(exchange, address, &organizer));
    BASE_TRY(cmd_exchange_session(exchange, &session));
    BASE_TRY(schedule_event(organizer.account ? organizer.session : session, itip, &event,
                            &organized, exchange->pool));
    if (!event || !organized.by)
        return NULL;
    if (!organizer.account) {
        *known = strcasecmp(organized.by, address) == 0 ? event : NULL;
        return NULL;
    }
    if (!item_itip_is_one_of(organizer.addresses, organized.by))
        return NULL;
    *agent = item_itip_is_one_of(senders, organized.agent);
    return item_itip_view(event, senders, known, exchange->pool);
}

/* Does the message pass on what it was made of? */
static int schedule_passes_on(const cmd_send_t *send, const item_itip_t *itip)
{
    const char *organizer = send->meeting ? item_itip_organizer(send->meeting) : NULL;

    return organizer && strcmp(item_itip_uid(send->meeting), item_itip_uid(itip)) == 0 &&
           strcasecmp(organizer, item_itip_organizer(itip)) == 0;
}

/* The meeting as an invitation to it, and to as much of it as the message is about. */
static base_fault_t *schedule_pass_on(const cmd_send_t *send, const backend_blob_t *known,
                                      const apr_array_header_t *senders, cmd_schedule_t *schedule)
{
    cmd_exchange_t *exchange = send->exchange;
    const item_itip_forward_t forward = {.addresses = senders,
                                         .instance = item_itip_instance(schedule->itip),
                                         .version = EAS_VERSION_16_1,
                                         .now = exchange->now};
    const backend_blob_t *message;
    item_itip_t *itip;

    BASE_TRY(item_itip_forward(known, &forward, &message, exchange->pool));
    BASE_TRY(item_itip_load(message, &itip, exchange->pool));
    if (!itip)
        return NULL;
    schedule->itip = itip;
    schedule->begins = 1;
    return NULL;
}

static base_fault_t *schedule_load(cmd_send_t *send, const backend_blob_t *message,
                                   cmd_schedule_t *schedule)
{
    cmd_exchange_t *exchange = send->exchange;
    const apr_array_header_t *senders;
    const backend_blob_t *known;
    item_itip_t *itip;
    int agent;

    BASE_TRY(item_itip_load(message, &itip, exchange->pool));
    if (!itip)
        return NULL;
    BASE_TRY(cmd_exchange_addresses(exchange, &senders));
    if (!item_itip_is_one_of(senders, item_itip_sender(itip)))
        return NULL;
    schedule->itip = itip;
    if (item_itip_method(itip) != ITEM_ITIP_REQUEST || !item_itip_organizer(itip))
        return NULL;
    schedule->begins = item_itip_is_one_of(senders, item_itip_organizer(itip));
    if (schedule->begins)
        return NULL;
    BASE_TRY(schedule_known(exchange, itip, senders, &known, &agent));
    schedule->begins = agent;
    return !agent && known && schedule_passes_on(send, itip)
               ? schedule_pass_on(send, known, senders, schedule)
               : NULL;
}

void cmd_send_schedule_load(cmd_send_t *send, const backend_blob_t *message,
                            cmd_schedule_t *schedule)
{
    base_fault_t *fault;

    *schedule = (cmd_schedule_t){.itip = NULL};
    if (!send->exchange->service->meetings)
        return;
    if ((fault = schedule_load(send, message, schedule)))
        base_log_write(send->exchange->log, BASE_LOG_INFO, "is a message one of scheduling? %s",
                       fault->message);
}

/* -- doing it --------------------------------------------------------------------------------- */

/* CONFLICT: the event changed meanwhile. *folder_id: where something was written; NULL: nowhere. */
static base_fault_t *schedule_once(const cmd_schedule_t *schedule, const item_itip_who_t *who,
                                   backend_session_t *session, const char **folder_id,
                                   apr_pool_t *pool)
{
    const item_itip_t *itip = schedule->itip;
    apr_array_header_t *folders;
    const backend_blob_t *blob;
    cmd_meeting_t meeting;

    BASE_TRY(backend_folder_list(session, &folders, pool));
    BASE_TRY(cmd_meeting_find(session, folders, item_itip_uid(itip), &meeting, pool));
    if (!meeting.blob && !schedule->begins)
        return NULL;
    BASE_TRY(item_itip_apply(itip, meeting.blob, who, &blob, pool));
    if (!blob)
        return NULL;
    BASE_TRY(cmd_meeting_store(session, &meeting, item_itip_uid(itip), blob, pool));
    *folder_id = meeting.folder->id;
    return NULL;
}

static base_fault_t *schedule_perform(cmd_send_t *send, const cmd_schedule_t *schedule,
                                      backend_session_t *session, const char **folder_id,
                                      apr_pool_t *pool)
{
    item_itip_who_t who = {.now = send->exchange->now};
    apr_array_header_t *own;
    base_fault_t *fault;
    int tries = 0;

    BASE_TRY(cmd_exchange_addresses(send->exchange, &who.senders));
    BASE_TRY(cmd_meeting_addresses(session, &own, pool));
    who.addresses = own;
    do
        fault = schedule_once(schedule, &who, session, folder_id, pool);
    while (base_fault_code(fault) == BASE_FAULT_CONFLICT && ++tries < CMD_MEETING_TRIES);
    return fault;
}

/* A delivery that is tried again, because another one failed, finds a calendar as its owner left it. */
static base_fault_t *schedule_claimed(cmd_send_t *send, const cmd_schedule_t *schedule,
                                      const char *series, backend_session_t *session,
                                      const char *account, const char **folder_id, int *done,
                                      apr_pool_t *pool)
{
    cmd_exchange_t *exchange = send->exchange;
    base_fault_t *fault;
    cmd_once_t once;

    cmd_once_init_account(exchange, cmd_once_scope(pool, "scheduled", series, account, NULL),
                          "scheduled", CMD_ONCE_TTL, &once);
    BASE_TRY(cmd_once_claim(exchange, &once, CMD_LEASE, &exchange->patience));
    *done = once.result != NULL;
    if (*done)
        return NULL;
    if ((fault = schedule_perform(send, schedule, session, folder_id, pool))) {
        cmd_once_release(exchange, &once);
        return fault;
    }
    return cmd_once_record(exchange, &once, "1");
}

void cmd_send_schedule(cmd_send_t *send, const cmd_schedule_t *schedule, const char *series,
                       backend_session_t *session, const char *account, apr_pool_t *pool)
{
    cmd_exchange_t *exchange = send->exchange;
    const char *folder_id = NULL, *uid = item_itip_uid(schedule->itip);
    int done = 0;
    base_fault_t *fault =
        schedule_claimed(send, schedule, series, session, account, &folder_id, &done, pool);

    if (folder_id && !fault)
        fault = wake_publish(exchange->service->bus, account, folder_id, WAKE_EVENT_CHANGED, pool);
    /* by which an administrator learns why a meeting is in no calendar */
    if (fault)
        base_log_write(exchange->log, BASE_LOG_WARNING,
                       "meeting %.100s, from %s, is not in the calendar of %s: %s", uid,
                       exchange->account, account, fault->message);
    else if (!folder_id && !done)
        base_log_write(
            exchange->log, BASE_LOG_INFO,
            "a message about meeting %.100s, from %s, changes nothing in the calendar of %s: "
            "it is older, says the same, or is not for its sender to say",
            uid, exchange->account, account);
}
