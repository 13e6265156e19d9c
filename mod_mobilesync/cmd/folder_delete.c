/* FolderDelete (MS-ASCMD 2.2.1.4): with everything in it and below it. */
#include "cmd/brake.h"
#include "cmd/folder_change.h"

static base_fault_t *folder_delete_perform(folder_change_t *change, const hierarchy_t *hierarchy,
                                           int again)
{
    cmd_exchange_t *exchange = change->exchange;
    backend_session_t *session;
    base_fault_t *fault;

    (void)hierarchy;
    BASE_TRY(cmd_exchange_session(exchange, &session));
    if (!again)
        BASE_TRY(cmd_brake_check_all(exchange, change->command.id));
    fault = backend_folder_delete(session, change->command.id, exchange->pool);
    /* gone by the attempt that vanished */
    return again && base_fault_code(fault) == BASE_FAULT_FOLDER_GONE ? NULL : fault;
}

base_fault_t *cmd_folder_delete_run(cmd_exchange_t *exchange)
{
    folder_change_t change = {.exchange = exchange,
                              .perform = folder_delete_perform,
                              .command = {.kind = HIERARCHY_DELETE}};

    BASE_TRY(folder_change_parse(&change));
    return folder_change_run(&change);
}
