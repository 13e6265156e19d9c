/* A phone's folders: FolderSync, and FolderCreate, FolderUpdate, FolderDelete. */
#include "model_mail.h"

static int folder_status(const answer_t *answer)
{
    apr_uint64_t status = 0;

    eas_node_child_uint(answer->body, EAS_FolderHierarchy_Status, 255, &status);
    return (int)status;
}

static void folder_remove(phone_t *phone, phone_folder_t *folder)
{
    if (folder)
        memmove(folder, folder + 1,
                (size_t)(phone->folders + --phone->folder_count - folder) * sizeof *folder);
}

/* With all that is below it. */
static void folder_remove_tree(phone_t *phone, const char *id)
{
    char removed[MAIL_ID];
    int i;

    apr_cpystrn(removed, id, sizeof removed);
    folder_remove(phone, phone_folder(phone, removed));
    for (i = 0; i < phone->folder_count; i++)
        if (strcmp(phone->folders[i].parent, removed) == 0) {
            folder_remove_tree(phone, phone->folders[i].id);
            i = -1;
        }
}

static void folder_set(phone_t *phone, const char *id, const char *parent, const char *name,
                       backend_class_t class_)
{
    phone_folder_t *folder = phone_folder(phone, id);

    if (!folder) {
        if (phone->folder_count == MAIL_FOLDERS)
            abort();
        folder = phone->folders + phone->folder_count++;
        memset(folder, 0, sizeof *folder);
        apr_cpystrn(folder->id, id, sizeof folder->id);
        folder->class_ = class_;
        phone_folder_reset(folder);
    }
    apr_cpystrn(folder->parent, parent, sizeof folder->parent);
    apr_cpystrn(folder->name, name, sizeof folder->name);
}

/* -- FolderSync ---------------------------------------------------------------------------------- */

/* The whole list: what is not in it is not there any more. */
static void folder_start(scene_t *scene, phone_t *phone, const eas_node_t *changes)
{
    const eas_node_t *node;
    int i, again = scene_percent(scene, 50);

    for (i = phone->folder_count - 1; i >= 0; i--) {
        for (node = changes->first; node; node = node->next)
            if (node->tag == EAS_FolderHierarchy_Add &&
                strcmp(eas_node_child_text(node, EAS_FolderHierarchy_ServerId),
                       phone->folders[i].id) == 0)
                break;
        if (!node)
            folder_remove(phone, phone->folders + i);
        else if (again)
            phone_folder_reset(phone->folders + i);
    }
}

static void folder_take(scene_t *scene, phone_t *phone, const eas_node_t *node, int first)
{
    const char *id = eas_node_child_text(node, EAS_FolderHierarchy_ServerId);
    const char *parent = eas_node_child_text(node, EAS_FolderHierarchy_ParentId);
    const char *name = eas_node_child_text(node, EAS_FolderHierarchy_DisplayName);
    const char *type = eas_node_child_text(node, EAS_FolderHierarchy_Type);
    backend_class_t class_ = scene_class(type ? atoi(type) : 0);

    switch (node->tag) {
    case EAS_FolderHierarchy_Count:
        return;
    case EAS_FolderHierarchy_Add:
        if (!first && phone_folder(phone, id))
            scene_fail(scene, "folder %s is added a second time", name);
        folder_set(phone, id, parent, name, class_);
        return;
    case EAS_FolderHierarchy_Update:
        if (!phone_folder(phone, id))
            scene_fail(scene, "an Update of %s, which the phone has not", name);
        folder_set(phone, id, parent, name, class_);
        return;
    case EAS_FolderHierarchy_Delete:
        folder_remove(phone, phone_folder(phone, id));
        return;
    default:
        scene_fail(scene, "a change of folders that is none");
    }
}

int phone_folder_sync(scene_t *scene, phone_t *phone, const fate_t *fate)
{
    ask_t ask = {.kind = ASK_FOLDERS, .phone = phone, .response_bytes = 1000000};
    int first = strcmp(phone->key, "0") == 0, taken = 0, status;
    const eas_node_t *changes, *node;
    apr_pool_t *pool;
    answer_t answer;

    apr_pool_create(&pool, scene->pool);
    if (ask_send(scene, &ask, fate, &answer, pool)) {
        status = folder_status(&answer);
        changes = eas_node_child(answer.body, EAS_FolderHierarchy_Changes);
        if (status == 9)
            apr_cpystrn(phone->key, "0", sizeof phone->key);
        else if (status == 1) {
            if (strcmp(phone->key, eas_node_child_text(answer.body, EAS_FolderHierarchy_SyncKey)))
                phone->changing = 0; /* its key is past */
            apr_cpystrn(phone->key, eas_node_child_text(answer.body, EAS_FolderHierarchy_SyncKey),
                        sizeof phone->key);
            if (first)
                folder_start(scene, phone, changes);
            for (node = changes->first; node; node = node->next)
                folder_take(scene, phone, node, first);
            phone->hierarchy_due = 0;
            taken = 1;
        }
        else if (status != 6)
            scene_fail(scene, "FolderSync Status %d", status);
    }
    apr_pool_destroy(pool);
    return taken;
}

/* -- changes ------------------------------------------------------------------------------------- */

/* The user's choice. Returns 0 when there is nothing to choose. */
static int change_make(scene_t *scene, phone_t *phone)
{
    phone_change_t *change = &phone->change;
    const phone_folder_t *folder, *parent;
    int what = scene_roll(scene, 100);

    if (strcmp(phone->key, "0") == 0 || !phone->folder_count)
        return 0;
    memset(change, 0, sizeof *change);
    apr_cpystrn(change->key, phone->key, sizeof change->key);
    folder = phone->folders + scene_roll(scene, phone->folder_count);
    parent = phone->folders + scene_roll(scene, phone->folder_count);
    apr_cpystrn(change->parent, scene_percent(scene, 60) ? "0" : parent->id, sizeof change->parent);
    apr_snprintf(change->name, sizeof change->name, "F%d/\xc3\xa4.", scene_roll(scene, 5));
    change->command = what < 50   ? EAS_COMMAND_FolderCreate
                      : what < 75 ? EAS_COMMAND_FolderUpdate
                                  : EAS_COMMAND_FolderDelete;
    if (change->command == EAS_COMMAND_FolderCreate && phone->folder_count > MAIL_FOLDERS - 10)
        return 0;
    change->type = scene_type_any(scene);
    if (change->command != EAS_COMMAND_FolderCreate)
        apr_cpystrn(change->id, folder->id, sizeof change->id);
    return phone->changing = 1;
}

/* A repeat is answered as the first time, and does not find its own folder in the way. */
void phone_check_change(scene_t *scene, const ask_t *ask, const answer_t *answer)
{
    phone_change_t *change = &ask->phone->change;
    const char *id = eas_node_child_text(answer->body, EAS_FolderHierarchy_ServerId);
    const backend_folder_t *folder;
    int status = folder_status(answer);

    scene_log(scene, "%s of %s in %s: Status %d %s", eas_command_name(change->command),
              *change->id ? change->id : change->name, change->parent, status, id ? id : "");
    mail_tally.changes += status == 1;
    folder =
        *change->made ? scene_folder_find(scene_folders(scene, scene->pool), change->made) : NULL;
    if (status == 1 && change->command == EAS_COMMAND_FolderCreate) {
        if (!id || (*change->told && strcmp(id, change->told) != 0))
            scene_fail(scene, "FolderCreate is answered %s, and was %s before", id ? id : "nothing",
                       change->told);
        else if (folder && strcmp(id, change->made) != 0) /* others may have made it anew */
            scene_fail(scene, "FolderCreate is answered %s, and made %s", id, change->made);
        if (id)
            apr_cpystrn(change->told, id, sizeof change->told);
    }
    if (status == 2 && folder && strcmp(folder->name, change->name) == 0 &&
        strcmp(folder->parent_id ? folder->parent_id : "0", change->parent) == 0)
        scene_fail(scene, "a repeated FolderCreate finds its own folder in the way");
}

static void change_take(scene_t *scene, phone_t *phone, const answer_t *answer)
{
    const phone_change_t *change = &phone->change;
    const char *key = eas_node_child_text(answer->body, EAS_FolderHierarchy_SyncKey);
    int status = folder_status(answer);

    if (status == 6) /* the server asks to try again */
        return;
    phone->changing = 0;
    phone->hierarchy_due |= status != 1;
    if (status == 9)
        apr_cpystrn(phone->key, "0", sizeof phone->key);
    if (status != 1)
        return;
    apr_cpystrn(phone->key, key, sizeof phone->key);
    if (change->command == EAS_COMMAND_FolderDelete)
        folder_remove_tree(phone, change->id);
    else if (change->command == EAS_COMMAND_FolderCreate && phone_folder(phone, change->told))
        scene_fail(scene, "the folder made is one that the phone has: %s", change->told);
    else
        folder_set(phone, *change->id ? change->id : change->told, change->parent, change->name,
                   scene_class(change->type));
}

int phone_change(scene_t *scene, phone_t *phone, const fate_t *fate)
{
    ask_t ask = {.kind = ASK_CHANGE, .phone = phone, .response_bytes = 1000000};
    apr_pool_t *pool;
    answer_t answer;

    if (!phone->changing && !change_make(scene, phone))
        return 0;
    apr_pool_create(&pool, scene->pool);
    if (ask_send(scene, &ask, fate, &answer, pool))
        change_take(scene, phone, &answer);
    apr_pool_destroy(pool);
    return 1;
}
