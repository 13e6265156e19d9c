/* What happens to a mailbox beside the phones. */
#include "model_mail.h"

#include "state/trash.h"

static void others_deliver(scene_t *scene, const apr_array_header_t *folders, apr_pool_t *pool)
{
    const backend_folder_t *folder =
        &APR_ARRAY_IDX(folders, scene_roll(scene, folders->nelts), backend_folder_t);
    apr_time_t age =
        scene_percent(scene, 60) ? 0 : apr_time_from_sec(3600) * scene_roll(scene, 960);
    int number, version, mail;

    if (scene->numbers >= MAIL_NUMBERS - 20 || scene->versions >= MAIL_VERSIONS - 20)
        return;
    if (scene_percent(scene, 50))
        folder =
            scene_folder_find(folders, scene_percent(scene, 60) ? scene->inbox : scene->calendar);
    if (strcmp(folder->id, scene->sent) == 0)
        return;
    mail = folder->class_ == BACKEND_CLASS_EMAIL;
    number = scene_number_make(scene);
    version = scene_version_make(scene, NULL);
    backend_memory_deliver(scene->inner, MAIL_ACCOUNT, folder->id,
                           scene_class_text(folder->class_, number, version, pool),
                           (apr_uint64_t)scene_roll(scene, 2), mail ? scene->base->now - age : 0);
    scene_log(scene, "message %d.%d arrives in %s", number, version, folder->name);
}

/* Another program edits a draft, as a client of IMAP does when it keeps the number, or what is no
 * mail. */
static void others_edit(scene_t *scene, const scene_item_t *item, apr_pool_t *pool)
{
    backend_entry_t entry;
    const char *text;
    backend_blob_t blob;
    int version;

    if (scene->versions >= MAIL_VERSIONS - 20 ||
        (item->class_ == BACKEND_CLASS_EMAIL &&
         (strcmp(item->folder, scene->drafts) != 0 || item->files)))
        return;
    version = scene_version_make(scene, NULL);
    scene->meeting[item->number] |= MEETING_OTHERS;
    text = scene_class_text(item->class_, item->number, version, pool);
    blob = (backend_blob_t){.data = text, .size = strlen(text)};
    if (backend_item_entry(scene->truth, item->folder, item->uid, &entry, pool) ||
        backend_item_replace(scene->truth, item->folder, item->uid, entry.token,
                             BACKEND_FLAG_SEEN | BACKEND_FLAG_DRAFT, &blob, &entry, pool))
        abort();
    scene_log(scene, "another program makes %d version %d", item->number, version);
}

static void others_categorize(scene_t *scene, const scene_item_t *item, apr_pool_t *pool)
{
    backend_update_t update = {.which = 1u << BACKEND_PROPERTY_CATEGORIES};
    backend_entry_t entry;
    int version;

    if (scene->versions >= MAIL_VERSIONS - 20)
        return;
    version = scene_version_make(scene, NULL);
    update.properties.text[BACKEND_PROPERTY_CATEGORIES] = apr_psprintf(pool, "C%d", version);
    if (backend_item_update(scene->truth, item->folder, item->uid, &update, &entry, pool))
        abort();
    scene_log(scene, "another program puts %s (%d) into category %d", item->id, item->number,
              version);
}

static void others_touch(scene_t *scene, const scene_item_t *item,
                         const apr_array_header_t *folders, apr_pool_t *pool)
{
    const backend_folder_t *to =
        &APR_ARRAY_IDX(folders, scene_roll(scene, folders->nelts), backend_folder_t);
    int what = scene_roll(scene, 100);
    backend_entry_t entry;

    if (strcmp(item->folder, scene->sent) == 0)
        return;
    if (item->class_ != BACKEND_CLASS_EMAIL && what < 55) {
        others_edit(scene, item, pool);
    }
    else if (what < 30) {
        backend_memory_flag(scene->inner, MAIL_ACCOUNT, item->folder, item->uid, BACKEND_FLAG_SEEN,
                            (apr_uint64_t)!item->read);
        scene_log(scene, "another program marks %s (%d)", item->id, item->number);
    }
    else if (what < 45) {
        others_edit(scene, item, pool);
    }
    else if (what < 55) {
        others_categorize(scene, item, pool);
    }
    else if (what < 70) {
        scene->excused[item->number] = MAIL_DELETED;
        scene->meeting[item->number] |= MEETING_OTHERS;
        backend_memory_expunge(scene->inner, MAIL_ACCOUNT, item->folder, item->uid);
        scene_log(scene, "another program expunges %s (%d)", item->id, item->number);
    }
    else if (strcmp(to->id, item->folder) != 0 && strcmp(to->id, scene->sent) != 0 &&
             to->class_ == item->class_) {
        if (backend_item_move(scene->truth, item->folder, item->uid, to->id, NULL, &entry, pool))
            abort();
        scene_stray(scene, item->number);
        scene_log(scene, "another program moves %s (%d) to %s", item->id, item->number, to->name);
    }
}

static void others_excuse(scene_t *scene, const apr_array_header_t *items, apr_pool_t *pool)
{
    const apr_array_header_t *left = scene_items(scene, pool);
    int i;

    for (i = 0; i < items->nelts; i++) {
        const scene_item_t *item = &APR_ARRAY_IDX(items, i, scene_item_t);

        if (!scene_item_find(left, item->id)) {
            scene->excused[item->number] = MAIL_DELETED;
            scene->meeting[item->number] |= MEETING_OTHERS;
        }
    }
}

/* Faults are as they may be: a name that is taken, a folder that would be in itself. */
static void others_folder(scene_t *scene, const apr_array_header_t *folders,
                          const apr_array_header_t *items, apr_pool_t *pool)
{
    const backend_folder_t *folder =
        &APR_ARRAY_IDX(folders, scene_roll(scene, folders->nelts), backend_folder_t);
    const backend_folder_t *parent =
        &APR_ARRAY_IDX(folders, scene_roll(scene, folders->nelts), backend_folder_t);
    const char *name = apr_psprintf(pool, "F%d/\xc3\xa4.", scene_roll(scene, 5)), *id;
    int what = scene_roll(scene, 100), own = folder->role == BACKEND_ROLE_USER;

    if (what < 35 || !own) {
        if (folders->nelts < 18 &&
            !backend_folder_create(scene->truth, scene_percent(scene, 60) ? NULL : parent->id, name,
                                   scene_class(scene_type_any(scene)), &id, pool))
            scene_log(scene, "another program creates %s as %s", name, id);
    }
    else if (what < 60) {
        if (!backend_folder_rename(scene->truth, folder->id,
                                   scene_percent(scene, 60) ? NULL : parent->id, name, pool))
            scene_log(scene, "another program renames %s to %s", folder->id, name);
    }
    else {
        scene_log(scene, "another program deletes %s %s", folder->id, folder->name);
        if (backend_folder_delete(scene->truth, folder->id, pool))
            abort();
        others_excuse(scene, items, pool);
        if (what < 80 && !backend_folder_create(scene->truth, folder->parent_id, folder->name,
                                                folder->class_, &id, pool))
            scene_log(scene, "and makes it anew as %s", id);
    }
}

/* Items get new ServerIds, which stand for the same messages. */
static void others_renew(scene_t *scene, const apr_array_header_t *folders)
{
    const backend_folder_t *folder =
        &APR_ARRAY_IDX(folders, scene_roll(scene, folders->nelts), backend_folder_t);

    backend_memory_renew(scene->inner, MAIL_ACCOUNT, folder->id);
    scene_log(scene, "%s is of a new generation", folder->id);
}

/* What is no mail more often than it is there: it can be in conflict. */
static const scene_item_t *others_pick(scene_t *scene, const apr_array_header_t *items)
{
    const scene_item_t *item;
    int tries = scene_percent(scene, 30) ? 8 : 1;

    do {
        item = &APR_ARRAY_IDX(items, scene_roll(scene, items->nelts), scene_item_t);
    } while (item->class_ == BACKEND_CLASS_EMAIL && --tries);
    return item;
}

void scene_disturb(scene_t *scene)
{
    apr_array_header_t *folders, *items;
    int what = scene_roll(scene, 100);
    apr_pool_t *pool;

    apr_pool_create(&pool, scene->pool);
    folders = scene_folders(scene, pool);
    items = scene_items(scene, pool);
    if (what < 35 || !items->nelts)
        others_deliver(scene, folders, pool);
    else if (what < 70)
        others_touch(scene, others_pick(scene, items), folders, pool);
    else if (what < 90)
        others_folder(scene, folders, items, pool);
    else if (what < 95)
        backend_memory_forget(
            scene->inner, MAIL_ACCOUNT,
            APR_ARRAY_IDX(folders, scene_roll(scene, folders->nelts), backend_folder_t).id);
    else if (!scene->calls) /* within a request nobody can tell */
        others_renew(scene, folders);
    apr_pool_destroy(pool);
}

/* -- administrators ------------------------------------------------------------------------------ */

static void others_reset(scene_t *scene, phone_t *phone, apr_pool_t *pool)
{
    state_trash_request_t request = {.id = apr_psprintf(pool, "t%d", ++scene->trash_count),
                                     .account = MAIL_ACCOUNT,
                                     .device = phone->device,
                                     .what = STATE_TRASH_SYNC,
                                     .note = "",
                                     .ttl = apr_time_from_sec(86400)};
    int what = scene_roll(scene, 100), moved, i;

    if (what < 40 && phone->folder_count) {
        request.what = STATE_TRASH_FOLDER;
        request.folder = phone->folders[scene_roll(scene, phone->folder_count)].id;
    }
    else if (what < 60) {
        request.what = STATE_TRASH_ALL;
        /* the ledger is forgotten with the phone */
        apr_hash_clear(scene->moved);
        memset(scene->sent_count, 0, sizeof scene->sent_count);
        for (i = 0; i < MAIL_NUMBERS; i++)
            scene->meeting[i] |= MEETING_OTHERS;
    }
    if (state_trash_move(scene->base->memory, &request, &moved, pool))
        abort();
    apr_cpystrn(phone->undo, request.id, sizeof phone->undo);
    mail_tally.resets += moved > 0;
    scene_log(scene, "an administrator resets %s, %d of it: %d records", phone->device,
              request.what, moved);
}

void scene_administer(scene_t *scene, phone_t *phone)
{
    apr_pool_t *pool;
    base_fault_t *fault;
    int restored;

    apr_pool_create(&pool, scene->pool);
    if (!*phone->undo || scene_percent(scene, 50)) {
        others_reset(scene, phone, pool);
    }
    else {
        fault = state_trash_restore(scene->base->memory, MAIL_ACCOUNT, phone->undo, phone->device,
                                    &restored, pool);
        mail_tally.undone += !fault;
        scene_log(scene, "an administrator takes back what he did to %s: %s", phone->device,
                  fault ? fault->message : "done");
        phone->undo[0] = '\0';
    }
    apr_pool_destroy(pool);
}
