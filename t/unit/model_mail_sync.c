/* A phone's Sync: what it asks, and what it makes of the answer. */
#include "model_mail.h"

phone_folder_t *phone_folder(phone_t *phone, const char *id)
{
    int i;

    for (i = 0; i < phone->folder_count; i++)
        if (strcmp(phone->folders[i].id, id) == 0)
            return phone->folders + i;
    return NULL;
}

phone_item_t *phone_item(phone_folder_t *folder, const char *id)
{
    int i;

    for (i = 0; i < folder->item_count; i++)
        if (strcmp(folder->items[i].id, id) == 0)
            return folder->items + i;
    return NULL;
}

void phone_folder_reset(phone_folder_t *folder)
{
    apr_cpystrn(folder->key, "0", sizeof folder->key);
    folder->item_count = folder->op_count = folder->unanswered = folder->quiet = 0;
}

static phone_item_t *sync_item_add(scene_t *scene, phone_folder_t *folder, const char *id)
{
    phone_item_t *item = folder->items + folder->item_count;

    if (phone_item(folder, id)) {
        scene_fail(scene, "%s is added a second time", id);
        return phone_item(folder, id);
    }
    if (folder->item_count == MAIL_ITEMS)
        abort();
    folder->item_count++;
    memset(item, 0, sizeof *item);
    apr_cpystrn(item->id, id, sizeof item->id);
    return item;
}

static void sync_item_remove(phone_folder_t *folder, const char *id)
{
    phone_item_t *item = phone_item(folder, id);

    if (item)
        *item = folder->items[--folder->item_count];
}

/* -- what the server says, whether it arrives or not --------------------------------------------- */

static const eas_node_t *sync_collections(const answer_t *answer)
{
    return eas_node_child(eas_node_child(answer->body, EAS_AirSync_Collections),
                          EAS_AirSync_Collection);
}

static const eas_node_t *sync_collection(const answer_t *answer, const char *folder)
{
    const eas_node_t *node = sync_collections(answer);

    while (node && strcmp(eas_node_child_text(node, EAS_AirSync_CollectionId), folder) != 0)
        node = eas_node_next(node);
    return node;
}

static int sync_status(const eas_node_t *node)
{
    apr_uint64_t status = 0;

    eas_node_child_uint(node, EAS_AirSync_Status, 255, &status);
    return (int)status;
}

/* The Response to an operation, NULL when there is none. */
static const eas_node_t *sync_response(const eas_node_t *collection, const phone_op_t *op)
{
    const eas_node_t *responses = eas_node_child(collection, EAS_AirSync_Responses), *node;
    const char *id, *client = NULL;
    char wanted[16];

    apr_snprintf(wanted, sizeof wanted, "c%d", op->number);
    for (node = responses ? responses->first : NULL; node; node = node->next) {
        id = eas_node_child_text(node, EAS_AirSync_ServerId);
        client = eas_node_child_text(node, EAS_AirSync_ClientId);
        if (op->kind == PHONE_ADD ? client && strcmp(client, wanted) == 0
                                  : id && !client && strcmp(id, op->id) == 0)
            return node;
    }
    return NULL;
}

static void check_add(scene_t *scene, const phone_op_t *op, const eas_node_t *response)
{
    const char *id = eas_node_child_text(response, EAS_AirSync_ServerId);

    if (!response) {
        scene_fail(scene, "the Add of %d has no Response", op->number);
        return;
    }
    if (sync_status(response) != 1)
        return;
    if (op->send != !id)
        scene_fail(scene, "the Add of %d succeeded with ServerId %s", op->number, id ? id : "none");
    if (op->send && !scene->sent_ever[op->number])
        scene_fail(scene, "message %d was not sent, as the answer says", op->number);
    if (!id)
        return;
    scene_know(scene, id, op->number);
}

static void check_ops(scene_t *scene, const ask_t *ask, const phone_sync_t *sync,
                      const eas_node_t *collection)
{
    int status = sync_status(collection), code, i;

    for (i = 0; i < sync->op_count; i++) {
        const phone_op_t *op = sync->ops + i;
        const eas_node_t *response = sync_response(collection, op);

        code = response ? sync_status(response) : 1;
        if (status != 1 && status != 16 && status != 5 && op->send && ask->delivered[op->number])
            scene_fail(scene, "message %d was sent, and answered with Status %d", op->number,
                       status);
        if (status != 1)
            continue;
        mail_tally.conflicts += code == 7;
        if (op->kind == PHONE_ADD)
            check_add(scene, op, response);
        else if (op->send && code == 1 && !scene->sent_ever[op->number])
            scene_fail(scene, "draft %d was not sent, as the answer says", op->number);
        if (code != 1)
            scene_log(scene, "operation on %d: Status %d", op->number, code);
        if (code != 1 && code != 7 && code != 8 && code != 5 && code != 16)
            scene_fail(scene, "Status %d for an operation on %d", code, op->number);
    }
}

void phone_check_sync(scene_t *scene, const ask_t *ask, const answer_t *answer)
{
    int i;

    for (i = 0; i < ask->sync_count; i++) {
        const eas_node_t *collection = sync_collection(answer, ask->syncs[i].folder);
        int status = collection ? sync_status(collection) : 1;

        if (status != 1 && status != 3 && status != 5 && status != 12 && status != 16)
            scene_fail(scene, "Sync Status %d", status);
        if (!collection && ask->syncs[i].op_count && !sync_status(answer->body))
            scene_fail(scene, "operations without an answer");
        if (collection)
            check_ops(scene, ask, ask->syncs + i, collection);
    }
}

/* -- the answer has arrived ---------------------------------------------------------------------- */

static void take_files(phone_item_t *item, const eas_node_t *data)
{
    const eas_node_t *node = eas_node_child(eas_node_child(data, EAS_AirSyncBase_Attachments),
                                            EAS_AirSyncBase_Attachment);

    item->files = 0;
    item->ref_count = 0;
    for (; node; node = eas_node_next(node)) {
        const char *name = eas_node_child_text(node, EAS_AirSyncBase_DisplayName);
        const char *ref = eas_node_child_text(node, EAS_AirSyncBase_FileReference);
        int file = name && *name == 'a' ? atoi(name + 1) : 0;

        item->files |= (apr_uint64_t)1 << file;
        if (item->ref_count == MAIL_REFS || !ref)
            continue;
        item->refs[item->ref_count].file = file;
        item->refs[item->ref_count].old = 0;
        apr_cpystrn(item->refs[item->ref_count++].ref, ref, MAIL_KEY);
    }
}

static void take_data(scene_t *scene, const phone_folder_t *folder, phone_item_t *item,
                      const eas_node_t *data)
{
    const char *subject = eas_node_child_text(data, scene_class_subject(folder->class_));
    const eas_node_t *categories = eas_node_child(data, EAS_Email_Categories);
    const char *category = eas_node_child_text(categories, EAS_Email_Category);

    if (eas_node_child(data, EAS_Email_Read))
        item->read = eas_node_child_flag(data, EAS_Email_Read, 0);
    if (categories)
        item->category = category && *category ? atoi(category + 1) : 0;
    if (folder->class_ != BACKEND_CLASS_EMAIL)
        item->read = 1;
    if (!subject)
        return;
    if (sscanf(subject, "%d.%d", &item->number, &item->version) != 2 && !scene_is_notice(subject))
        scene_fail(scene, "%s comes with subject %s", item->id, subject);
    scene_know(scene, item->id, item->number);
    take_files(item, data);
    if (folder->class_ == BACKEND_CLASS_CALENDAR)
        phone_event_take(data, item->occurrences);
}

static void take_added(scene_t *scene, phone_folder_t *folder, const phone_op_t *op,
                       const eas_node_t *response)
{
    phone_item_t *item;

    scene->excused[op->number] &= MAIL_DELETED; /* stored: it must not get lost any more */
    if (op->send)
        return;
    item = sync_item_add(scene, folder, eas_node_child_text(response, EAS_AirSync_ServerId));
    item->number = op->number;
    item->version = op->version;
    item->read = 1;
    take_files(item, eas_node_child(response, EAS_AirSync_ApplicationData));
    item->files = op->file ? (apr_uint64_t)1 << op->file : 0;
}

/* What it has edited has other references now. */
static void take_edited(phone_item_t *item, const phone_op_t *op)
{
    int i;

    item->version = op->version;
    item->files |= (apr_uint64_t)(op->file != 0) << op->file;
    item->files &= ~((apr_uint64_t)(op->drop.file != 0) << op->drop.file);
    for (i = 0; i < item->ref_count; i++)
        item->refs[i].old = 1;
}

static void take_op(scene_t *scene, phone_folder_t *folder, const phone_op_t *op,
                    const eas_node_t *collection)
{
    const eas_node_t *response = sync_response(collection, op);
    phone_item_t *item = phone_item(folder, op->id);
    int status = response ? sync_status(response) : 1;

    if (op->kind == PHONE_DELETE)
        sync_item_remove(folder, op->id);
    if (op->kind == PHONE_ADD && status == 1)
        take_added(scene, folder, op, response);
    if (!item || status != 1)
        return;
    if (op->kind == PHONE_READ)
        item->read = op->read;
    if (op->kind == PHONE_CATEGORY) {
        mail_tally.categories++;
        item->category = op->version;
    }
    if (op->kind == PHONE_OCCURRENCE) {
        mail_tally.occurrences++;
        item->occurrences[op->occurrence] = op->version ? op->version : MAIL_GONE;
    }
    if (op->kind == PHONE_EDIT && op->version) {
        mail_tally.edits += folder->class_ == BACKEND_CLASS_EMAIL;
        mail_tally.others += folder->class_ != BACKEND_CLASS_EMAIL;
        take_edited(item, op);
    }
}

static void take_command(scene_t *scene, const phone_t *phone, phone_folder_t *folder,
                         const eas_node_t *node)
{
    const char *id = eas_node_child_text(node, EAS_AirSync_ServerId);
    const eas_node_t *data = eas_node_child(node, EAS_AirSync_ApplicationData);
    phone_item_t *item = phone_item(folder, id);

    switch (node->tag) {
    case EAS_AirSync_Add:
        take_data(scene, folder, sync_item_add(scene, folder, id), data);
        break;
    case EAS_AirSync_Change:
        if (!item)
            scene_fail(scene, "a Change of %s, which %s has not", id, phone->device);
        else
            take_data(scene, folder, item, data);
        break;
    case EAS_AirSync_Delete:
    case EAS_AirSync_SoftDelete:
        sync_item_remove(folder, id);
        break;
    default:
        scene_fail(scene, "a command that is none");
    }
}

static void take_collection(scene_t *scene, phone_t *phone, phone_folder_t *folder,
                            const phone_sync_t *sync, const eas_node_t *collection)
{
    const eas_node_t *commands = eas_node_child(collection, EAS_AirSync_Commands), *node;
    const char *key = eas_node_child_text(collection, EAS_AirSync_SyncKey);
    int status = collection ? sync_status(collection) : 1, i;

    if (status == 3) {
        scene_log(scene, "%s starts folder %s again", phone->device, folder->name);
        phone_folder_reset(folder);
        return;
    }
    if (status == 12)
        phone->hierarchy_due = 1;
    if (status != 1)
        return; /* it is asked again */
    folder->unanswered = 0;
    folder->quiet = !collection;
    folder->op_count = 0;
    if (!collection)
        return;
    for (i = 0; i < sync->op_count; i++)
        take_op(scene, folder, sync->ops + i, collection);
    for (node = commands ? commands->first : NULL; node; node = node->next)
        take_command(scene, phone, folder, node);
    apr_cpystrn(folder->key, key, sizeof folder->key);
}

/* -- asking -------------------------------------------------------------------------------------- */

static int sync_filter(const phone_t *phone, const phone_folder_t *folder)
{
    if (folder->class_ == BACKEND_CLASS_TASKS)
        return phone->filter ? 8 : 0;
    return folder->class_ == BACKEND_CLASS_CALENDAR ? 0 : phone->filter;
}

static void sync_ask(scene_t *scene, phone_t *phone, phone_folder_t *folder, phone_sync_t *sync,
                     int all)
{
    static const int windows[] = {1, 2, 5, 100};

    if (folder->unanswered && scene_percent(scene, 65)) {
        *sync = folder->last;
        mail_tally.repeats++;
        return;
    }
    if (folder->unanswered)
        phone_alter(scene, phone, folder);
    memset(sync, 0, sizeof *sync);
    apr_cpystrn(sync->folder, folder->id, sizeof sync->folder);
    apr_cpystrn(sync->key, folder->key, sizeof sync->key);
    sync->window = windows[scene_roll(scene, 4)];
    sync->class_ = folder->class_;
    sync->filter = sync_filter(phone, folder);
    sync->client_wins = phone->client_wins;
    sync->to_trash = scene_percent(scene, 50);
    sync->get_changes = all || scene_percent(scene, 90);
    if (strcmp(sync->key, "0") != 0) {
        memcpy(sync->ops, folder->ops, sizeof sync->ops);
        sync->op_count = folder->op_count;
    }
    folder->last = *sync;
    folder->unanswered = 1;
}

/* all: of every folder, for all that there is. */
int phone_sync(scene_t *scene, phone_t *phone, const fate_t *fate, int all)
{
    ask_t *ask = calloc(1, sizeof *ask);
    apr_pool_t *pool;
    answer_t answer;
    int i, taken = 0;

    ask->phone = phone;
    ask->kind = ASK_SYNC;
    ask->response_bytes = !all && scene_percent(scene, 15) ? 3000 : 1000000;
    for (i = 0; i < phone->folder_count; i++)
        if (all || scene_percent(scene, strcmp(phone->folders[i].id, scene->drafts) ? 40 : 85))
            sync_ask(scene, phone, phone->folders + i, ask->syncs + ask->sync_count++, all);
    apr_pool_create(&pool, scene->pool);
    if (ask->sync_count && ask_send(scene, ask, fate, &answer, pool) &&
        (!answer.body || !sync_status(answer.body))) {
        taken = 1;
        for (i = 0; i < ask->sync_count; i++) {
            phone_folder_t *folder = phone_folder(phone, ask->syncs[i].folder);

            take_collection(scene, phone, folder, ask->syncs + i,
                            answer.body ? sync_collection(&answer, ask->syncs[i].folder) : NULL);
        }
    }
    apr_pool_destroy(pool);
    free(ask);
    return taken;
}
