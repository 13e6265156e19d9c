#include "cmd/meeting.h"

#include <string.h>

#include "cmd/once.h"
#include "item/itip.h"

base_fault_t *cmd_meeting_addresses(backend_session_t *session, apr_array_header_t **addresses,
                                    apr_pool_t *pool)
{
    backend_identity_t *identity;

    BASE_TRY(backend_identity(session, &identity, pool));
    *addresses = backend_identity_addresses(identity, pool);
    return NULL;
}

base_fault_t *cmd_meeting_organizer(cmd_exchange_t *exchange, const char *address,
                                    cmd_meeting_organizer_t *organizer)
{
    const cmd_service_t *service = exchange->service;
    apr_array_header_t *addresses;
    base_fault_t *fault;

    *organizer = (cmd_meeting_organizer_t){.account = exchange->account};
    BASE_TRY(cmd_exchange_session(exchange, &organizer->session));
    BASE_TRY(cmd_exchange_addresses(exchange, &organizer->addresses));
    organizer->own = item_itip_is_one_of(organizer->addresses, address);
    if (organizer->own)
        return NULL;
    organizer->account = NULL;
    if (!service->meetings || !address)
        return NULL;
    fault = backend_resolve(service->backend, address, &organizer->account, exchange->pool);
    if (fault) {
        organizer->account = NULL;
        return fault->code == BASE_FAULT_NOT_FOUND || fault->code == BASE_FAULT_UNSUPPORTED ? NULL
                                                                                            : fault;
    }
    BASE_TRY(backend_session_open(service->backend, organizer->account, &organizer->session,
                                  exchange->pool));
    BASE_TRY(cmd_meeting_addresses(organizer->session, &addresses, exchange->pool));
    organizer->addresses = addresses;
    return NULL;
}

static base_fault_t *meeting_look(backend_session_t *session, const backend_folder_t *folder,
                                  const char *uid, cmd_meeting_t *meeting, apr_pool_t *pool)
{
    base_fault_t *fault = backend_item_find(session, folder->id, uid, &meeting->entry, pool);

    if (!fault)
        fault = backend_item_fetch(session, folder->id, meeting->entry.uid, &meeting->blob, pool);
    if (fault) {
        meeting->entry.uid = 0;
        meeting->blob = NULL;
    }
    /* removed meanwhile is not there, either */
    return base_fault_code(fault) == BASE_FAULT_NOT_FOUND ? NULL : fault;
}

base_fault_t *cmd_meeting_find(backend_session_t *session, const apr_array_header_t *folders,
                               const char *uid, cmd_meeting_t *meeting, apr_pool_t *pool)
{
    const backend_folder_t *standard = NULL;
    int pass, i;

    memset(meeting, 0, sizeof *meeting);
    for (pass = 0; pass < 2; pass++)
        for (i = 0; i < folders->nelts; i++) {
            const backend_folder_t *folder = &APR_ARRAY_IDX(folders, i, backend_folder_t);

            if (folder->class_ != BACKEND_CLASS_CALENDAR ||
                (folder->role == BACKEND_ROLE_DEFAULT) == pass)
                continue;
            if (!pass)
                standard = folder;
            BASE_TRY(meeting_look(session, folder, uid, meeting, pool));
            if (meeting->blob) {
                meeting->folder = folder;
                return NULL;
            }
        }
    if (!standard)
        return base_fault_make(pool, BASE_FAULT_FOLDER_GONE, "the mailbox has no calendar");
    meeting->folder = standard;
    return NULL;
}

base_fault_t *cmd_meeting_store(backend_session_t *session, cmd_meeting_t *meeting, const char *uid,
                                const backend_blob_t *blob, apr_pool_t *pool)
{
    const char *folder_id = meeting->folder->id;
    backend_put_t put = {0};
    int existed;

    if (meeting->entry.uid && !blob)
        return backend_item_remove(session, folder_id, meeting->entry.uid, pool);
    if (meeting->entry.uid)
        return backend_item_replace(session, folder_id, meeting->entry.uid, meeting->entry.token, 0,
                                    blob, &meeting->entry, pool);
    if (!blob)
        return NULL;
    put.derived_name = strchr(cmd_once_scope(pool, "event", uid, NULL), ':') + 1;
    BASE_TRY(backend_item_put(session, folder_id, &put, blob, &meeting->entry, &existed, pool));
    return existed ? base_fault_make(pool, BASE_FAULT_CONFLICT, "the event has come meanwhile")
                   : NULL;
}
