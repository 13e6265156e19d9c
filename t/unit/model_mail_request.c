/* What phones send, and how it fares on its way. */
#include "model_mail.h"

static void tree_option(eas_node_t *root, eas_tag_t tag, int value, apr_pool_t *pool)
{
    node(pool, root, tag, apr_itoa(pool, value));
}

static void tree_body(eas_node_t *data, int version, apr_pool_t *pool)
{
    eas_node_t *body = node(pool, data, EAS_AirSyncBase_Body, NULL);

    tree_option(body, EAS_AirSyncBase_Type, 1, pool);
    node(pool, body, EAS_AirSyncBase_Data, apr_psprintf(pool, "text of version %d", version));
}

static void tree_files(eas_node_t *data, const phone_op_t *op, apr_pool_t *pool)
{
    eas_node_t *files, *file;

    if (!op->file && !op->drop.file)
        return;
    files = node(pool, data, EAS_AirSyncBase_Attachments, NULL);
    if (op->drop.file) {
        file = node(pool, files, EAS_AirSyncBase_Delete, NULL);
        node(pool, file, EAS_AirSyncBase_FileReference, op->drop.ref);
    }
    if (op->file) {
        file = node(pool, files, EAS_AirSyncBase_Add, NULL);
        node(pool, file, EAS_AirSyncBase_ClientId, apr_psprintf(pool, "file%d", op->file));
        tree_option(file, EAS_AirSyncBase_Method, 1, pool);
        node(pool, file, EAS_AirSyncBase_Content, "content");
        node(pool, file, EAS_AirSyncBase_DisplayName, apr_psprintf(pool, "a%d.bin", op->file));
    }
}

static void tree_content(eas_node_t *data, const phone_op_t *op, backend_class_t class_,
                         apr_pool_t *pool)
{
    tree_files(data, op, pool);
    if (op->version) {
        tree_body(data, op->version, pool);
        if (class_ == BACKEND_CLASS_EMAIL)
            node(pool, data, EAS_Email_To, "bob@example.com");
        node(pool, data, scene_class_subject(class_),
             apr_psprintf(pool, "%d.%d", op->number, op->version));
    }
    if (op->kind == PHONE_ADD && class_ == BACKEND_CLASS_CALENDAR)
        scene_event_add(data, op->number, pool);
    if (op->send)
        node(pool, data, EAS_Email2_Send, NULL);
}

static void tree_op(eas_node_t *commands, const phone_op_t *op, backend_class_t class_,
                    apr_pool_t *pool)
{
    static const eas_tag_t tags[] = {
        [PHONE_READ] = EAS_AirSync_Change,     [PHONE_DELETE] = EAS_AirSync_Delete,
        [PHONE_ADD] = EAS_AirSync_Add,         [PHONE_EDIT] = EAS_AirSync_Change,
        [PHONE_CATEGORY] = EAS_AirSync_Change, [PHONE_OCCURRENCE] = EAS_AirSync_Change};
    int gone = op->kind == PHONE_DELETE || (op->kind == PHONE_OCCURRENCE && !op->version);
    eas_node_t *command = node(pool, commands, gone ? EAS_AirSync_Delete : tags[op->kind], NULL);
    eas_node_t *data;

    if (op->kind == PHONE_ADD)
        node(pool, command, EAS_AirSync_ClientId, apr_psprintf(pool, "c%d", op->number));
    else
        node(pool, command, EAS_AirSync_ServerId, op->id);
    if (op->kind == PHONE_OCCURRENCE)
        node(pool, command, EAS_AirSyncBase_InstanceId, scene_instance(op->occurrence));
    if (gone)
        return;
    data = node(pool, command, EAS_AirSync_ApplicationData, NULL);
    if (op->kind == PHONE_READ)
        tree_option(data, EAS_Email_Read, op->read, pool);
    else if (op->kind == PHONE_CATEGORY)
        node(pool, node(pool, data, EAS_Email_Categories, NULL), EAS_Email_Category,
             apr_psprintf(pool, "C%d", op->version));
    else
        tree_content(data, op, class_, pool);
}

static void tree_collection(eas_node_t *collections, const phone_sync_t *sync, apr_pool_t *pool)
{
    eas_node_t *collection = node(pool, collections, EAS_AirSync_Collection, NULL), *inner;
    int i, first = strcmp(sync->key, "0") == 0;

    node(pool, collection, EAS_AirSync_SyncKey, sync->key);
    node(pool, collection, EAS_AirSync_CollectionId, sync->folder);
    tree_option(collection, EAS_AirSync_DeletesAsMoves, sync->to_trash, pool);
    if (!first)
        tree_option(collection, EAS_AirSync_GetChanges, sync->get_changes, pool);
    tree_option(collection, EAS_AirSync_WindowSize, sync->window, pool);
    inner = node(pool, collection, EAS_AirSync_Options, NULL);
    tree_option(inner, EAS_AirSync_FilterType, sync->filter, pool);
    tree_option(inner, EAS_AirSync_Conflict, !sync->client_wins, pool);
    inner = node(pool, inner, EAS_AirSyncBase_BodyPreference, NULL);
    tree_option(inner, EAS_AirSyncBase_Type, 1, pool);
    if (!sync->op_count)
        return;
    inner = node(pool, collection, EAS_AirSync_Commands, NULL);
    for (i = 0; i < sync->op_count; i++)
        tree_op(inner, sync->ops + i, sync->class_, pool);
}

static eas_node_t *tree_sync(const ask_t *ask, apr_pool_t *pool)
{
    eas_node_t *root = node(pool, NULL, EAS_AirSync_Sync, NULL);
    eas_node_t *collections = node(pool, root, EAS_AirSync_Collections, NULL);
    int i;

    for (i = 0; i < ask->sync_count; i++)
        tree_collection(collections, ask->syncs + i, pool);
    return root;
}

static eas_node_t *tree_change(const phone_change_t *change, apr_pool_t *pool)
{
    eas_tag_t tag = change->command == EAS_COMMAND_FolderCreate ? EAS_FolderHierarchy_FolderCreate
                    : change->command == EAS_COMMAND_FolderUpdate
                        ? EAS_FolderHierarchy_FolderUpdate
                        : EAS_FolderHierarchy_FolderDelete;
    eas_node_t *root = node(pool, NULL, tag, NULL);

    node(pool, root, EAS_FolderHierarchy_SyncKey, change->key);
    if (change->command != EAS_COMMAND_FolderCreate)
        node(pool, root, EAS_FolderHierarchy_ServerId, change->id);
    if (change->command == EAS_COMMAND_FolderDelete)
        return root;
    node(pool, root, EAS_FolderHierarchy_ParentId, change->parent);
    node(pool, root, EAS_FolderHierarchy_DisplayName, change->name);
    if (change->command == EAS_COMMAND_FolderCreate)
        tree_option(root, EAS_FolderHierarchy_Type, change->type, pool);
    return root;
}

static eas_node_t *tree_moves(const phone_t *phone, apr_pool_t *pool)
{
    eas_node_t *root = node(pool, NULL, EAS_Move_MoveItems, NULL), *move;
    int i;

    for (i = 0; i < phone->move_count; i++) {
        move = node(pool, root, EAS_Move_Move, NULL);
        node(pool, move, EAS_Move_SrcMsgId, phone->moves[i].item);
        node(pool, move, EAS_Move_SrcFldId, phone->moves[i].from);
        node(pool, move, EAS_Move_DstFldId, phone->moves[i].to);
    }
    return root;
}

static eas_node_t *tree_empty(const phone_t *phone, apr_pool_t *pool)
{
    eas_node_t *root = node(pool, NULL, EAS_ItemOperations_ItemOperations, NULL);
    eas_node_t *empty = node(pool, root, EAS_ItemOperations_EmptyFolderContents, NULL);

    node(pool, empty, EAS_AirSync_CollectionId, phone->empty);
    if (phone->below)
        node(pool, node(pool, empty, EAS_ItemOperations_Options, NULL),
             EAS_ItemOperations_DeleteSubFolders, NULL);
    return root;
}

static eas_node_t *ask_tree(const ask_t *ask, eas_command_t *command, apr_pool_t *pool)
{
    eas_node_t *root;

    switch (ask->kind) {
    case ASK_SYNC:
        *command = EAS_COMMAND_Sync;
        return tree_sync(ask, pool);
    case ASK_FOLDERS:
        *command = EAS_COMMAND_FolderSync;
        root = node(pool, NULL, EAS_FolderHierarchy_FolderSync, NULL);
        node(pool, root, EAS_FolderHierarchy_SyncKey, ask->phone->key);
        return root;
    case ASK_CHANGE:
        *command = ask->phone->change.command;
        return tree_change(&ask->phone->change, pool);
    case ASK_MOVE:
        *command = EAS_COMMAND_MoveItems;
        return tree_moves(ask->phone, pool);
    case ASK_EMPTY:
        break;
    }
    *command = EAS_COMMAND_ItemOperations;
    return tree_empty(ask->phone, pool);
}

/* What the server says is looked at, whether it arrives or not. */
static void ask_check(scene_t *scene, const ask_t *ask, const answer_t *answer)
{
    if (answer->http != 200 && answer->http != 503)
        scene_fail(scene, "HTTP %d", answer->http);
    if (!answer->body)
        return;
    if (ask->kind == ASK_SYNC)
        phone_check_sync(scene, ask, answer);
    else if (ask->kind == ASK_CHANGE)
        phone_check_change(scene, ask, answer);
    else if (ask->kind == ASK_MOVE)
        phone_check_moves(scene, ask, answer);
}

int ask_send(scene_t *scene, ask_t *ask, const fate_t *fate, answer_t *answer, apr_pool_t *pool)
{
    ask_t *outer = scene->ask;
    fate_t outer_fate = scene->fate;
    int outer_calls = scene->calls;
    apr_pool_t *outer_pool = scene->base->pool;
    state_store_t *store = scene->base->service.store;
    eas_command_t command;
    eas_node_t *root = ask_tree(ask, &command, pool);
    eas_request_t *asked;

    scene_log(scene, "%s: %s", ask->phone->device, eas_command_name(command));
    if (fate && fate->request_lost) {
        scene_log(scene, "the request is lost");
        return 0;
    }
    scene->ask = ask;
    scene->fate = fate ? *fate : (fate_t){0};
    scene->calls = scene->tripped = scene->disturbed = 0;
    scene->base->pool = pool;
    /* the store that fails is locked while it asks whether it is to */
    scene->base->service.store = outer ? scene->base->memory : store;
    scene->base->service.limits.response_bytes = ask->response_bytes;
    asked = request(pool, command, EAS_VERSION_16_1);
    asked->device_id = ask->phone->device;
    *answer = run(scene->base, MAIL_ACCOUNT, asked, root, NULL);
    scene->base->pool = outer_pool;
    scene->base->service.store = store;
    scene->ask = outer;
    mail_tally.crashes += scene->tripped && scene->fate.crash;
    scene->fate = outer_fate;
    scene->calls = outer_calls;
    if (scene->sequence->verbose && answer->body && getenv("VERBOSE"))
        printf("# %s\n", eas_node_dump(answer->body, pool));
    else if (!answer->body)
        scene_log(scene, "answer: HTTP %d", answer->http);
    ask_check(scene, ask, answer);
    if (fate && fate->answer_lost) {
        scene_log(scene, "the answer is lost");
        return 0;
    }
    mail_tally.answers++;
    return answer->http == 200;
}
