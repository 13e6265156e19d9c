/* FolderUpdate (MS-ASCMD 2.2.1.6): a folder gets another name or another parent. */
#include "cmd/folder_change.h"

#define FOLDER_UPDATE_STATUS_PARENT 5 /* MS-ASCMD 2.2.3.177.6: no such parent */

/* Made twice it is made once, so an attempt that vanished is of no interest. */
static base_fault_t *folder_update_perform(folder_change_t *change, const hierarchy_t *hierarchy,
                                           int again)
{
    cmd_exchange_t *exchange = change->exchange;
    const char *parent_id = folder_change_parent(change);
    backend_session_t *session;
    backend_folder_t *folder;
    base_fault_t *fault;

    (void)hierarchy;
    (void)again;
    BASE_TRY(cmd_exchange_folder(exchange, change->command.id, &folder));
    fault = parent_id ? cmd_exchange_folder(exchange, parent_id, &folder) : NULL;
    if (base_fault_code(fault) == BASE_FAULT_FOLDER_GONE) {
        change->status = FOLDER_UPDATE_STATUS_PARENT;
        return NULL;
    }
    BASE_TRY(fault);
    BASE_TRY(folder_change_check_name(change));
    BASE_TRY(cmd_exchange_session(exchange, &session));
    return backend_folder_rename(session, change->command.id, parent_id, change->command.name,
                                 exchange->pool);
}

base_fault_t *cmd_folder_update_run(cmd_exchange_t *exchange)
{
    folder_change_t change = {.exchange = exchange,
                              .perform = folder_update_perform,
                              .command = {.kind = HIERARCHY_UPDATE}};

    BASE_TRY(folder_change_parse(&change));
    return folder_change_run(&change);
}
