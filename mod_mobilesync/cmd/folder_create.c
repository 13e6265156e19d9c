/* FolderCreate (MS-ASCMD 2.2.1.3). */
#include "cmd/folder_change.h"

#include <string.h>

#include "item/kind.h"

/* What each Type of a user's folder (MS-ASCMD 2.2.3.186.2) holds. 16, a journal, is nothing that
 * a mailbox here has. */
static const struct {
    int type;
    backend_class_t class_;
} folder_create_types[] = {
    {1, BACKEND_CLASS_EMAIL},     {12, BACKEND_CLASS_EMAIL}, {13, BACKEND_CLASS_CALENDAR},
    {14, BACKEND_CLASS_CONTACTS}, {15, BACKEND_CLASS_TASKS}, {17, BACKEND_CLASS_NOTES},
};

/* INVALID for default folders, which a client cannot make (R4035), and for what it would not see. */
static base_fault_t *folder_create_class(const folder_change_t *change, backend_class_t *class_)
{
    size_t i;

    for (i = 0; i < sizeof folder_create_types / sizeof *folder_create_types; i++)
        if (folder_create_types[i].type == change->command.type) {
            *class_ = folder_create_types[i].class_;
            if (item_kind_is_served(*class_, change->exchange->request->version))
                return NULL;
        }
    return base_fault_make(change->exchange->pool, BASE_FAULT_INVALID,
                           "a folder of type %d cannot be created", change->command.type);
}

/* An attempt that vanished has made it, when there is such a folder of which the device knows
 * nothing. */
static int folder_create_find(folder_change_t *change, backend_class_t class_,
                              const hierarchy_t *hierarchy, const apr_array_header_t *folders)
{
    const char *parent_id = folder_change_parent(change);
    int i;

    for (i = 0; i < folders->nelts; i++) {
        const backend_folder_t *folder = &APR_ARRAY_IDX(folders, i, backend_folder_t);

        if (folder->class_ != class_ || strcmp(folder->name, change->command.name) != 0 ||
            strcmp(folder->parent_id ? folder->parent_id : "", parent_id ? parent_id : "") != 0 ||
            hierarchy_change_given(hierarchy, folder->id))
            continue;
        change->command.id = folder->id;
        return 1;
    }
    return 0;
}

static base_fault_t *folder_create_perform(folder_change_t *change, const hierarchy_t *hierarchy,
                                           int again)
{
    cmd_exchange_t *exchange = change->exchange;
    apr_array_header_t *folders;
    backend_session_t *session;
    backend_class_t class_;
    base_fault_t *fault, *unknown;

    BASE_TRY(folder_create_class(change, &class_));
    BASE_TRY(folder_change_check_name(change));
    BASE_TRY(cmd_exchange_session(exchange, &session));
    fault = backend_folder_create(session, folder_change_parent(change), change->command.name,
                                  class_, &change->command.id, exchange->pool);
    if (!again || base_fault_code(fault) != BASE_FAULT_EXISTS)
        return fault;
    unknown = backend_folder_list(session, &folders, exchange->pool);
    if (unknown)
        return unknown;
    return folder_create_find(change, class_, hierarchy, folders) ? NULL : fault;
}

base_fault_t *cmd_folder_create_run(cmd_exchange_t *exchange)
{
    folder_change_t change = {
        .exchange = exchange, .perform = folder_create_perform, .command = {.kind = HIERARCHY_ADD}};

    BASE_TRY(folder_change_parse(&change));
    return folder_change_run(&change);
}
