/* May what a call did to the mailbox have happened? What goes or is written over must have been
 * meant by the request on its way, and must be nothing that somebody else wrote and the phone has
 * not seen, unless the client is to win. */
#include "model_mail.h"

static int judge_watched(const char *call)
{
    return !strcmp(call, "remove") || !strcmp(call, "replace") || !strcmp(call, "move") ||
           !strcmp(call, "update") || !strcmp(call, "folder_delete") ||
           !strcmp(call, "folder_create") || !strcmp(call, "put");
}

void judge_before(scene_t *scene, const char *call)
{
    if (!judge_watched(call))
        return;
    apr_pool_clear(scene->before_pool);
    scene->before = scene_items(scene, scene->before_pool);
    scene->folders_before = scene_folders(scene, scene->before_pool);
}

const phone_op_t *judge_op(const ask_t *ask, const char *id, phone_op_kind_t kind,
                           const phone_sync_t **sync)
{
    int i, k;

    for (i = 0; i < ask->sync_count; i++)
        for (k = 0; k < ask->syncs[i].op_count; k++)
            if (ask->syncs[i].ops[k].kind == kind && strcmp(ask->syncs[i].ops[k].id, id) == 0) {
                *sync = ask->syncs + i;
                return ask->syncs[i].ops + k;
            }
    return NULL;
}

const phone_op_t *judge_op_of(const ask_t *ask, int number, phone_op_kind_t kind,
                              const phone_sync_t **sync)
{
    int i, k;

    for (i = 0; i < ask->sync_count; i++)
        for (k = 0; k < ask->syncs[i].op_count; k++)
            if (ask->syncs[i].ops[k].kind == kind && ask->syncs[i].ops[k].number == number) {
                *sync = ask->syncs + i;
                return ask->syncs[i].ops + k;
            }
    return NULL;
}

int judge_seen(const scene_t *scene, const phone_op_t *op, int version)
{
    return version == op->base || scene->author[version] == scene->ask->phone - scene->phones + 1;
}

static void judge_removed(scene_t *scene, const scene_item_t *item)
{
    const phone_sync_t *sync;
    const phone_op_t *op;
    const ask_t *ask = scene->ask;

    if (ask->kind == ASK_EMPTY && strcmp(ask->phone->empty, item->folder) == 0) {
        scene->excused[item->number] = MAIL_DELETED;
        return;
    }
    if (ask->kind == ASK_SYNC && (op = judge_op(ask, item->id, PHONE_DELETE, &sync)) &&
        (!sync->to_trash || item->class_ != BACKEND_CLASS_EMAIL ||
         strcmp(item->folder, scene->trash) == 0)) {
        scene->excused[item->number] = MAIL_DELETED;
        return;
    }
    if (ask->kind == ASK_SYNC &&
        ((op = judge_op(ask, item->id, PHONE_EDIT, &sync)) ||
         (op = judge_op_of(ask, item->number, PHONE_ADD, &sync))) &&
        op->send) {
        if (!scene->sent_ever[item->number])
            scene_fail(scene, "draft %d was removed, but not sent", item->number);
        if (!sync->client_wins && op->kind == PHONE_EDIT && !judge_seen(scene, op, item->version))
            scene_fail(scene, "%d.%d, which the phone never saw, was lost by sending", item->number,
                       item->version);
        return;
    }
    scene_fail(scene, "%s (%d) was removed, but nobody wanted it", item->id, item->number);
}

static void judge_replaced(scene_t *scene, const scene_item_t *item, const scene_item_t *now)
{
    const phone_sync_t *sync;
    const phone_op_t *op = judge_op(scene->ask, item->id, PHONE_EDIT, &sync);
    apr_uint64_t wanted, dropped;

    if (!op)
        op = judge_op_of(scene->ask, item->number, PHONE_ADD, &sync);
    if (scene->ask->kind != ASK_SYNC || !op || now->version != op->version) {
        scene_fail(scene, "%d.%d was replaced by %d.%d, but nobody wanted it", item->number,
                   item->version, now->number, now->version);
        return;
    }
    if (!sync->client_wins && !judge_seen(scene, op, item->version))
        scene_fail(scene, "%d.%d was written over with version %d, but the phone never saw it",
                   item->number, item->version, now->version);
    if (op->kind == PHONE_ADD)
        return;
    wanted = op->file ? item->files | (apr_uint64_t)1 << op->file : item->files;
    dropped = wanted & (apr_uint64_t)(op->drop.file != 0) << op->drop.file;
    wanted &= ~dropped;
    /* Of which attachment the phone speaks cannot be said when it has not seen the content: the
     * attachment stays. That can be its own content, which it has taken back unanswered, or one whose
     * references it did not want to be told (GetChanges). */
    if (item->version != op->base || op->drop.old)
        wanted |= now->files & dropped;
    if (now->files != wanted &&
        (judge_seen(scene, op, item->version) || (now->files & wanted) != wanted))
        scene_fail(scene,
                   "%d.%d has attachments %" APR_UINT64_T_HEX_FMT ", not %" APR_UINT64_T_HEX_FMT,
                   now->number, now->version, now->files, wanted);
}

static void judge_categorized(scene_t *scene, const scene_item_t *item, const scene_item_t *now)
{
    const phone_sync_t *sync;
    const phone_op_t *op = judge_op(scene->ask, item->id, PHONE_CATEGORY, &sync);

    if (scene->ask->kind != ASK_SYNC || !op || now->category != op->version)
        scene_fail(scene, "%s (%d) was put from category %d into %d, but nobody wanted it",
                   item->id, item->number, item->category, now->category);
    else if (!sync->client_wins && !judge_seen(scene, op, item->category))
        scene_fail(scene, "category %d of %s (%d) was lost to %d, but the phone never saw it",
                   item->category, item->id, item->number, now->category);
}

static void judge_moved(scene_t *scene, const scene_item_t *item)
{
    const phone_t *phone = scene->ask->phone;
    const phone_sync_t *sync;
    int i;

    scene_stray(scene, item->number);
    if (scene->ask->kind == ASK_SYNC && judge_op(scene->ask, item->id, PHONE_DELETE, &sync))
        return;
    for (i = 0; i < phone->move_count && scene->ask->kind == ASK_MOVE; i++)
        if (strcmp(phone->moves[i].item, item->id) == 0)
            return;
    scene_fail(scene, "%s (%d) was moved, but nobody wanted it", item->id, item->number);
}

/* Bob has a new message. */
static void judge_sent(scene_t *scene, int number, int version)
{
    const phone_sync_t *sync;
    const phone_op_t *op = judge_op_of(scene->ask, number, PHONE_EDIT, &sync);
    unsigned char bit = (unsigned char)(1 << (scene->ask->phone - scene->phones));

    if (!op)
        op = judge_op_of(scene->ask, number, PHONE_ADD, &sync);
    scene_log(scene, "%d.%d is sent", number, version);
    mail_tally.sent++;
    scene->ask->delivered[number] = 1;
    scene->sent_ever[number] = 1;
    /* A phone that never learned that its draft was stored sends it as a new message: what another
     * phone made of it and sent is another one by then. */
    if (scene->sent_count[number]++ &&
        (!op || op->kind != PHONE_ADD || scene->sent_by[number] & bit))
        scene_fail(scene, "message %d was sent twice", number);
    scene->sent_by[number] |= bit;
    if (scene->ask->kind != ASK_SYNC || !op || !op->send ||
        (op->version ? op->version != version
                     : !sync->client_wins && !judge_seen(scene, op, version)))
        scene_fail(scene, "%d.%d was sent, but nobody wanted it", number, version);
}

static void judge_bob(scene_t *scene, apr_pool_t *pool)
{
    const char *inbox = backend_memory_folder(scene->inner, "bob", BACKEND_ROLE_INBOX);
    backend_range_t range = {.since = APR_INT64_MIN, .before = APR_INT64_MAX};
    backend_session_t *session;
    backend_page_t *page;
    int i, number, version;

    if (backend_session_open(scene->inner, "bob", &session, pool) ||
        backend_folder_enumerate(session, inbox, &range, 1000, &page, pool))
        abort();
    for (i = page->count - 1; i >= 0; i--) {
        backend_blob_t *blob;
        const char *text;

        if (page->entries[i].uid <= scene->bob_seen)
            continue;
        scene->bob_seen = page->entries[i].uid;
        if (backend_item_fetch(session, inbox, page->entries[i].uid, &blob, pool) ||
            backend_blob_load(blob, &text, pool))
            abort();
        text = apr_pstrmemdup(pool, text, blob->size);
        if (strstr(text, "text/calendar"))
            judge_told(scene, text);
        else if (!scene_subject(text, &number, &version))
            scene_fail(scene, "bob got something else");
        else
            judge_sent(scene, number, version);
    }
}

/* Which folder went? Those below it go too, with all that is in them. */
static void judge_folders(scene_t *scene, const apr_array_header_t *items, apr_pool_t *pool)
{
    const apr_array_header_t *folders = scene_folders(scene, pool);
    const ask_t *ask = scene->ask;
    int i;

    for (i = 0; i < scene->folders_before->nelts; i++) {
        const backend_folder_t *folder = &APR_ARRAY_IDX(scene->folders_before, i, backend_folder_t);

        if (scene_folder_find(folders, folder->id) ||
            (folder->parent_id && scene_folder_find(scene->folders_before, folder->parent_id) &&
             !scene_folder_find(folders, folder->parent_id)))
            continue;
        if (ask->kind == ASK_CHANGE
                ? strcmp(ask->phone->change.id, folder->id) != 0
                : ask->kind != ASK_EMPTY || !ask->phone->below || !folder->parent_id ||
                      strcmp(ask->phone->empty, folder->parent_id) != 0)
            scene_fail(scene, "folder %s was deleted, but nobody wanted it", folder->name);
    }
    for (i = 0; i < scene->before->nelts; i++) {
        const scene_item_t *item = &APR_ARRAY_IDX(scene->before, i, scene_item_t);

        if (!scene_item_find(items, item->id))
            scene->excused[item->number] = MAIL_DELETED;
    }
}

/* Is the folder that the request has made there, as it was made? When others have given it another name
 * a repeat cannot find it. */
static int judge_made(const scene_t *scene, const phone_change_t *change)
{
    const backend_folder_t *made =
        *change->made ? scene_folder_find(scene->folders_before, change->made) : NULL;

    return made && strcmp(made->name, change->name) == 0 &&
           strcmp(made->parent_id ? made->parent_id : "0", change->parent) == 0;
}

static void judge_created(scene_t *scene, apr_pool_t *pool)
{
    const apr_array_header_t *folders = scene_folders(scene, pool);
    phone_change_t *change = &scene->ask->phone->change;
    int i;

    for (i = 0; i < folders->nelts; i++) {
        const char *id = APR_ARRAY_IDX(folders, i, backend_folder_t).id;

        if (scene_folder_find(scene->folders_before, id))
            continue;
        if (scene->ask->kind != ASK_CHANGE || judge_made(scene, change))
            scene_fail(scene, "folder %s was created, but nobody wanted it", id);
        apr_cpystrn(change->made, id, sizeof change->made);
    }
}

void judge_after(scene_t *scene, const char *call)
{
    apr_array_header_t *items;
    apr_pool_t *pool;
    int i;

    if (!judge_watched(call))
        return;
    apr_pool_create(&pool, scene->pool);
    items = scene_items(scene, pool);
    if (strcmp(call, "put") == 0)
        judge_bob(scene, pool);
    else if (strcmp(call, "folder_delete") == 0)
        judge_folders(scene, items, pool);
    else if (strcmp(call, "folder_create") == 0)
        judge_created(scene, pool);
    else
        for (i = 0; i < scene->before->nelts; i++) {
            const scene_item_t *item = &APR_ARRAY_IDX(scene->before, i, scene_item_t);
            const scene_item_t *now = scene_item_find(items, item->id);

            if (!now && strcmp(call, "move") == 0)
                judge_moved(scene, item);
            else if (!now)
                judge_removed(scene, item);
            else if (now->version != item->version)
                judge_replaced(scene, item, now);
            if (now)
                judge_occurrences(scene, item, now);
            if (now && now->category != item->category)
                judge_categorized(scene, item, now);
        }
    apr_pool_destroy(pool);
}

/* In the end: nothing is there twice, and nothing is lost. */
void judge_all(scene_t *scene)
{
    unsigned char seen[MAIL_NUMBERS] = {0};
    apr_array_header_t *items;
    apr_pool_t *pool;
    int i;

    apr_pool_create(&pool, scene->pool);
    items = scene_items(scene, pool);
    for (i = 0; i < items->nelts; i++) {
        const scene_item_t *item = &APR_ARRAY_IDX(items, i, scene_item_t);

        if (strcmp(item->folder, scene->sent) == 0 || !item->number)
            continue;
        judge_invited(scene, item);
        if (seen[item->number]++ && !scene->strayed[item->number])
            scene_fail(scene, "message %d is there twice", item->number);
    }
    for (i = 1; i <= scene->numbers; i++)
        if (!seen[i] && !scene->excused[i] && !scene->sent_ever[i])
            scene_fail(scene, "message %d is lost", i);
    apr_pool_destroy(pool);
}
