/* What the user of a phone does, what the phone does then, and what it has in the end. */
#include "model_mail.h"

#include "sync/filter.h"

static int user_busy(const phone_folder_t *folder, const char *id)
{
    int i;

    for (i = 0; i < folder->op_count; i++)
        if (folder->ops[i].kind != PHONE_ADD && strcmp(folder->ops[i].id, id) == 0)
            return 1;
    return 0;
}

static void user_file(scene_t *scene, phone_op_t *op, const phone_item_t *item)
{
    if (scene->files < MAIL_FILES - 1 && scene_percent(scene, 30))
        op->file = ++scene->files;
    if (item && item->ref_count && scene_percent(scene, 40))
        op->drop = item->refs[scene_roll(scene, item->ref_count)];
}

static void user_write(scene_t *scene, phone_t *phone, phone_folder_t *folder)
{
    phone_op_t *op = folder->ops + folder->op_count;

    if (scene->numbers >= MAIL_NUMBERS - 10 || scene->versions >= MAIL_VERSIONS - 10)
        return;
    memset(op, 0, sizeof *op);
    op->kind = PHONE_ADD;
    op->number = scene_number_make(scene);
    op->version = scene_version_make(scene, phone);
    op->send = folder->class_ == BACKEND_CLASS_EMAIL && scene_percent(scene, 25);
    scene->excused[op->number] = MAIL_UNSTORED;
    if (folder->class_ == BACKEND_CLASS_EMAIL)
        user_file(scene, op, NULL);
    folder->op_count++;
    scene_log(scene, "%s writes %d.%d%s, attachment %d", phone->device, op->number, op->version,
              op->send ? " and sends it" : "", op->file);
}

/* mail: a draft. */
static void user_edit(scene_t *scene, const phone_t *phone, phone_op_t *op,
                      const phone_item_t *item, int mail)
{
    op->kind = PHONE_EDIT;
    op->base = item->version;
    op->send = mail && scene_percent(scene, 30);
    if (!op->send || scene_percent(scene, 50)) {
        if (scene->versions >= MAIL_VERSIONS - 10) {
            op->kind = mail ? PHONE_READ : PHONE_DELETE;
            return;
        }
        op->version = scene_version_make(scene, phone);
        if (mail)
            user_file(scene, op, item);
    }
    scene_log(scene, "%s makes %d.%d version %d%s, attachment %d, without %d", phone->device,
              op->number, op->base, op->version, op->send ? " and sends it" : "", op->file,
              op->drop.file);
}

static void user_occurrence(scene_t *scene, const phone_t *phone, phone_op_t *op,
                            const phone_item_t *item)
{
    int one = scene_roll(scene, MAIL_OCCURRENCES);

    if (item->occurrences[one] == MAIL_GONE || scene->versions >= MAIL_VERSIONS - 10)
        return;
    op->kind = PHONE_OCCURRENCE;
    op->base = item->version;
    op->occurrence = one;
    op->was = item->occurrences[one];
    op->version = scene_percent(scene, 65) ? scene_version_make(scene, phone) : 0;
    scene_log(scene, "%s makes occurrence %d of %d.%d version %d", phone->device, one, op->number,
              op->base, op->version);
}

static void user_categorize(scene_t *scene, const phone_t *phone, phone_op_t *op,
                            const phone_item_t *item)
{
    if (scene->versions >= MAIL_VERSIONS - 10)
        return;
    op->kind = PHONE_CATEGORY;
    op->base = item->category;
    op->version = scene_version_make(scene, phone);
    scene_log(scene, "%s puts %s (%d) into category %d", phone->device, op->id, op->number,
              op->version);
}

/* One of its folders: of no mail, and that of events, more often than there are such. */
static phone_folder_t *user_folder(scene_t *scene, phone_t *phone)
{
    phone_folder_t *folder = phone_folder(phone, scene->calendar);
    int tries = scene_percent(scene, 60) ? 8 : 1;

    if (folder && folder->item_count && scene_percent(scene, 30))
        return folder;
    do {
        folder = phone->folders + scene_roll(scene, phone->folder_count);
    } while (folder->class_ == BACKEND_CLASS_EMAIL && --tries);
    return folder;
}

void phone_act(scene_t *scene, phone_t *phone)
{
    phone_folder_t *folder = phone_folder(phone, scene->drafts);
    int drafts = folder && scene_percent(scene, 45), what = scene_roll(scene, 100), mail;
    const phone_item_t *item;
    phone_op_t *op;

    if (!phone->folder_count)
        return;
    if (!drafts)
        folder = user_folder(scene, phone);
    if (folder->op_count == MAIL_OPS || strcmp(folder->key, "0") == 0 ||
        strcmp(folder->id, scene->sent) == 0)
        return;
    mail = folder->class_ == BACKEND_CLASS_EMAIL;
    drafts = !mail || strcmp(folder->id, scene->drafts) == 0;
    if (drafts && what < 25) {
        user_write(scene, phone, folder);
        return;
    }
    if (!folder->item_count)
        return;
    item = folder->items + scene_roll(scene, folder->item_count);
    if (user_busy(folder, item->id))
        return;
    op = folder->ops + folder->op_count++;
    memset(op, 0, sizeof *op);
    apr_cpystrn(op->id, item->id, sizeof op->id);
    op->number = item->number;
    op->read = !item->read;
    op->kind = what < 85 && mail ? PHONE_READ : PHONE_DELETE;
    if (scene_is_series(folder->class_, item->number) && what < 75)
        user_occurrence(scene, phone, op, item);
    else if (drafts && what < 70)
        user_edit(scene, phone, op, item, mail);
    else if (what >= 45 && what < 85 && mail)
        user_categorize(scene, phone, op, item);
    else
        scene_log(scene, "%s %s %s (%d)", phone->device,
                  op->kind == PHONE_DELETE ? "deletes" : "marks", op->id, op->number);
}

void phone_alter(scene_t *scene, phone_t *phone, phone_folder_t *folder)
{
    int i;

    for (i = 0; i < folder->op_count; i++) {
        phone_op_t *op = folder->ops + i;

        if (scene_percent(scene, 25)) {
            scene_log(scene, "%s takes back what it did to %d", phone->device, op->number);
            scene->meeting[op->number] |= MEETING_OTHERS; /* nothing asks for its mail any more */
            memmove(op, op + 1, (size_t)(--folder->op_count - i) * sizeof *op);
            i--;
        }
        else if (op->kind != PHONE_READ && op->kind != PHONE_DELETE && op->version &&
                 scene->versions < MAIL_VERSIONS - 10 && scene_percent(scene, 40)) {
            op->version = scene_version_make(scene, phone);
            op->send |= op->kind != PHONE_CATEGORY && folder->class_ == BACKEND_CLASS_EMAIL &&
                        scene_percent(scene, 20);
            scene_log(scene, "%s makes %d version %d instead%s", phone->device, op->number,
                      op->version, op->send ? " and sends it" : "");
        }
    }
    if (scene_percent(scene, 30))
        phone_act(scene, phone);
}

void phone_turn(scene_t *scene, phone_t *phone, const fate_t *fate)
{
    int what = scene_roll(scene, 100);

    if (phone->hierarchy_due && what < 80)
        phone_folder_sync(scene, phone, fate);
    else if (phone->changing && what < 50)
        phone_change(scene, phone, fate);
    else if (phone->move_count && what < 60)
        phone_move(scene, phone, fate);
    else if (phone->emptying && what < 50)
        phone_empty(scene, phone, fate);
    else if (what < 8)
        phone_folder_sync(scene, phone, fate);
    else if (what < 76)
        phone_sync(scene, phone, fate, 0);
    else if (what < 88)
        phone_move(scene, phone, fate);
    else if (what < 96)
        phone_change(scene, phone, fate);
    else
        phone_empty(scene, phone, fate);
}

/* -- in the end ---------------------------------------------------------------------------------- */

static int drain_done(const phone_t *phone)
{
    int i;

    if (phone->changing || phone->move_count || phone->emptying || phone->hierarchy_due ||
        strcmp(phone->key, "0") == 0)
        return 0;
    for (i = 0; i < phone->folder_count; i++)
        if (!phone->folders[i].quiet || phone->folders[i].unanswered ||
            phone->folders[i].op_count || strcmp(phone->folders[i].key, "0") == 0)
            return 0;
    return 1;
}

void phone_drain(scene_t *scene, phone_t *phone)
{
    int round;

    for (round = 0; round < 300 && !scene->failure; round++) {
        if (phone->changing)
            phone_change(scene, phone, NULL);
        if (phone->move_count)
            phone_move(scene, phone, NULL);
        if (phone->emptying)
            phone_empty(scene, phone, NULL);
        phone_folder_sync(scene, phone, NULL);
        phone_sync(scene, phone, NULL, 1);
        if (drain_done(phone))
            return;
        scene_time(scene, apr_time_from_sec(10));
    }
    scene_fail(scene, "%s never comes to an end", phone->device);
}

static void compare_folders(scene_t *scene, phone_t *phone, const apr_array_header_t *folders)
{
    int i;

    if (phone->folder_count != folders->nelts)
        scene_fail(scene, "%s has %d folders, the mailbox %d", phone->device, phone->folder_count,
                   folders->nelts);
    for (i = 0; i < folders->nelts; i++) {
        const backend_folder_t *folder = &APR_ARRAY_IDX(folders, i, backend_folder_t);
        const phone_folder_t *has = phone_folder(phone, folder->id);

        if (!has)
            scene_fail(scene, "%s lacks folder %s", phone->device, folder->name);
        else if (strcmp(has->parent, folder->parent_id ? folder->parent_id : "0") != 0 ||
                 (strcmp(has->name, folder->name) != 0 && strcmp(has->name, "Inbox") != 0))
            scene_fail(scene, "%s has folder %s as %s in %s", phone->device, folder->name,
                       has->name, has->parent);
    }
}

static void compare_item(scene_t *scene, phone_t *phone, const phone_item_t *has,
                         const scene_item_t *item)
{
    if (has->number != item->number || has->version != item->version)
        scene_fail(scene, "%s has %s as %d.%d, and it is %d.%d", phone->device, item->id,
                   has->number, has->version, item->number, item->version);
    else if (has->read != item->read)
        scene_fail(scene, "%s has %s (%d) %sread", phone->device, item->id, item->number,
                   has->read ? "" : "un");
    else if (has->category != item->category)
        scene_fail(scene, "%s has %s (%d) in category %d, and it is in %d", phone->device, item->id,
                   item->number, has->category, item->category);
    else if (memcmp(has->occurrences, item->occurrences, sizeof has->occurrences) != 0)
        scene_fail(scene, "%s has occurrences of %s (%d) as %d %d %d %d, and they are %d %d %d %d",
                   phone->device, item->id, item->number, has->occurrences[0], has->occurrences[1],
                   has->occurrences[2], has->occurrences[3], item->occurrences[0],
                   item->occurrences[1], item->occurrences[2], item->occurrences[3]);
    else if (has->files != item->files)
        scene_fail(scene,
                   "%s has %s (%d) with attachments %" APR_UINT64_T_HEX_FMT
                   ", and they are %" APR_UINT64_T_HEX_FMT,
                   phone->device, item->id, item->number, has->files, item->files);
}

void phone_compare(scene_t *scene, phone_t *phone)
{
    apr_time_t cut = sync_filter_cut(phone->filter, scene->base->now);
    apr_array_header_t *items;
    apr_pool_t *pool;
    int i, wanted = 0, count = 0;

    apr_pool_create(&pool, scene->pool);
    compare_folders(scene, phone, scene_folders(scene, pool));
    items = scene_items(scene, pool);
    for (i = 0; i < items->nelts && !scene->failure; i++) {
        const scene_item_t *item = &APR_ARRAY_IDX(items, i, scene_item_t);
        const phone_item_t *has = phone_item(phone_folder(phone, item->folder), item->id);

        if (item->class_ == BACKEND_CLASS_EMAIL && item->date < cut)
            continue;
        wanted++;
        if (!has)
            scene_fail(scene, "%s lacks %s (%d)", phone->device, item->id, item->number);
        else
            compare_item(scene, phone, has, item);
    }
    for (i = 0; i < phone->folder_count; i++)
        count += phone->folders[i].item_count;
    if (count != wanted)
        scene_fail(scene, "%s has %d messages, not %d", phone->device, count, wanted);
    apr_pool_destroy(pool);
}
