/* Meetings among accounts of this server, as their messages are delivered. Who sent one is known here:
 * nobody sends as somebody else (item/compose.h). */
#include "cmd/send.h"

#include "cmd/meeting.h"

/* A message that only passes an invitation on invites nobody by itself, unless it was made here of what
 * the sender has. */
static int schedule_may_begin(const cmd_send_t *send, const item_itip_t *itip,
                              const item_itip_who_t *who)
{
    const char *organizer = item_itip_organizer(itip);

    return organizer && (send->meeting || item_itip_is_one_of(who->senders, organizer));
}

/* CONFLICT: the event changed meanwhile. *folder_id: where something was written; NULL: nowhere. */
static base_fault_t *schedule_once(const cmd_send_t *send, const item_itip_t *itip,
                                   const item_itip_who_t *who, backend_session_t *session,
                                   const char **folder_id, apr_pool_t *pool)
{
    apr_array_header_t *folders;
    const backend_blob_t *blob;
    cmd_meeting_t meeting;

    BASE_TRY(backend_folder_list(session, &folders, pool));
    BASE_TRY(cmd_meeting_find(session, folders, item_itip_uid(itip), &meeting, pool));
    if (!meeting.blob && !schedule_may_begin(send, itip, who))
        return NULL;
    BASE_TRY(item_itip_apply(itip, meeting.blob, who, &blob, pool));
    if (!blob)
        return NULL;
    BASE_TRY(cmd_meeting_store(session, &meeting, item_itip_uid(itip), blob, pool));
    *folder_id = meeting.folder->id;
    return NULL;
}

static base_fault_t *schedule(const cmd_send_t *send, const item_itip_t *itip,
                              backend_session_t *session, const char **folder_id, apr_pool_t *pool)
{
    item_itip_who_t who = {.now = send->exchange->now};
    apr_array_header_t *own;
    base_fault_t *fault;
    int tries = 0;

    BASE_TRY(cmd_exchange_addresses(send->exchange, &who.senders));
    if (!item_itip_sender(itip) || !item_itip_is_one_of(who.senders, item_itip_sender(itip)))
        return NULL;
    BASE_TRY(cmd_meeting_addresses(session, &own, pool));
    who.addresses = own;
    do
        fault = schedule_once(send, itip, &who, session, folder_id, pool);
    while (base_fault_code(fault) == BASE_FAULT_CONFLICT && ++tries < CMD_MEETING_TRIES);
    return fault;
}

void cmd_send_schedule(const cmd_send_t *send, const item_itip_t *itip, backend_session_t *session,
                       const char *account, apr_pool_t *pool)
{
    cmd_exchange_t *exchange = send->exchange;
    const char *folder_id = NULL;
    base_fault_t *fault = schedule(send, itip, session, &folder_id, pool);

    if (!fault && folder_id)
        fault = wake_publish(exchange->service->bus, account, folder_id, WAKE_EVENT_CHANGED, pool);
    /* by which an administrator learns why a meeting is in no calendar */
    if (fault)
        base_log_write(exchange->log, BASE_LOG_WARNING,
                       "meeting %.100s, from %s, is not in the calendar of %s: %s",
                       item_itip_uid(itip), exchange->account, account, fault->message);
    else if (!folder_id)
        base_log_write(
            exchange->log, BASE_LOG_INFO,
            "a message about meeting %.100s, from %s, changes nothing in the calendar of %s: "
            "it is older, says the same, or is not for its sender to say",
            item_itip_uid(itip), exchange->account, account);
}
