#include "model_mail.h"

#include "eas/limits.h"

#define MAIL_BEGIN apr_time_from_sec(1768478400) /* 2026-01-15T12:00:00Z */

void scene_log(scene_t *scene, const char *format, ...)
{
    va_list arguments;

    if (!scene->sequence->verbose)
        return;
    printf("#   %s", scene->ask && scene->calls ? "  " : "");
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
}

void scene_fail(scene_t *scene, const char *format, ...)
{
    va_list arguments;

    if (scene->failure)
        return;
    va_start(arguments, format);
    scene->failure = apr_pvsprintf(scene->pool, format, arguments);
    va_end(arguments);
    scene_log(scene, "FAILED: %s", scene->failure);
}

int scene_roll(scene_t *scene, int sides)
{
    return (int)dice_roll(&scene->dice, (unsigned)sides);
}

int scene_percent(scene_t *scene, int percent)
{
    return dice_percent(&scene->dice, (unsigned)percent);
}

int scene_number_make(scene_t *scene)
{
    return ++scene->numbers;
}

int scene_version_make(scene_t *scene, const phone_t *phone)
{
    int version = ++scene->versions;

    scene->author[version] = (unsigned char)(phone ? phone - scene->phones + 1 : 0);
    return version;
}

void scene_time(scene_t *scene, apr_interval_time_t passes)
{
    scene->base->now += passes;
    backend_memory_clock(scene->inner, scene->base->now);
}

/* -- the mailbox --------------------------------------------------------------------------------- */

int scene_subject(const char *text, int *number, int *version)
{
    static const char *const names[] = {"Subject: ", "SUMMARY:", "\nN:"};
    const char *subject;
    size_t i;

    *number = *version = 0;
    for (i = 0; i < sizeof names / sizeof *names; i++)
        if (text && (subject = strstr(text, names[i])))
            return sscanf(subject + strlen(names[i]), "%d.%d", number, version) == 2 &&
                   *number > 0 && *number < MAIL_NUMBERS;
    return 0;
}

static int scene_has_notice(const char *text)
{
    const char *subject = strstr(text, "Subject: ");

    return subject && scene_is_notice(subject + strlen("Subject: "));
}

/* The attachments that a message has. */
static apr_uint64_t scene_files(scene_t *scene, const char *text, int number)
{
    apr_uint64_t files = 0;
    const char *at = text;
    int file;

    while ((at = strstr(at, "filename=")) != NULL) {
        at += strcspn(at, "a");
        for (at = strstr(at, "="); *at == '=' || *at == '"' || *at == 'a'; at++)
            ;
        file = atoi(at);
        if (files & ((apr_uint64_t)1 << file))
            scene_fail(scene, "message %d has attachment %d twice", number, file);
        files |= (apr_uint64_t)1 << file;
    }
    return files;
}

static void scene_folder_items(scene_t *scene, const backend_folder_t *folder,
                               apr_array_header_t *all, apr_pool_t *pool)
{
    backend_range_t range = {.since = APR_INT64_MIN, .before = APR_INT64_MAX};
    backend_page_t *page;
    int i;

    if (backend_folder_enumerate(scene->truth, folder->id, &range, 1000, &page, pool))
        abort();
    for (i = 0; i < page->count; i++) {
        const backend_entry_t *entry = page->entries + i;
        scene_item_t *item = apr_array_push(all);
        backend_blob_t *blob;
        const char *text;

        if (backend_item_fetch(scene->truth, folder->id, entry->uid, &blob, pool) ||
            backend_blob_load(blob, &text, pool))
            abort();
        text = apr_pstrmemdup(pool, text, blob->size);
        memset(item, 0, sizeof *item);
        item->folder = folder->id;
        item->class_ = folder->class_;
        item->uid = entry->uid;
        item->date = entry->date;
        item->read =
            folder->class_ != BACKEND_CLASS_EMAIL || (entry->token & BACKEND_FLAG_SEEN) != 0;
        apr_snprintf(item->id, sizeof item->id, "%s:%u:%" APR_UINT64_T_FMT, folder->id,
                     folder->generation, entry->uid);
        if (entry->properties && entry->properties->text[BACKEND_PROPERTY_CATEGORIES])
            item->category = atoi(entry->properties->text[BACKEND_PROPERTY_CATEGORIES] + 1);
        if (!scene_subject(text, &item->number, &item->version) && !scene_has_notice(text))
            scene_fail(scene, "there is a message that nobody wrote: %s", text);
        item->files = scene_files(scene, text, item->number);
        if (scene_is_series(item->class_, item->number))
            scene_event_read(text, item->occurrences, pool);
        scene_know(scene, item->id, item->number);
    }
}

apr_array_header_t *scene_folders(scene_t *scene, apr_pool_t *pool)
{
    apr_array_header_t *folders, *served = apr_array_make(pool, 16, sizeof(backend_folder_t));
    int i;

    if (backend_folder_list(scene->truth, &folders, pool))
        abort();
    for (i = 0; i < folders->nelts; i++) {
        const backend_folder_t *folder = &APR_ARRAY_IDX(folders, i, backend_folder_t);

        if (item_kind_is_served(folder->class_, EAS_VERSION_16_1))
            APR_ARRAY_PUSH(served, backend_folder_t) = *folder;
    }
    return served;
}

apr_array_header_t *scene_items(scene_t *scene, apr_pool_t *pool)
{
    apr_array_header_t *all = apr_array_make(pool, 64, sizeof(scene_item_t));
    apr_array_header_t *folders = scene_folders(scene, pool);
    int i;

    for (i = 0; i < folders->nelts; i++)
        scene_folder_items(scene, &APR_ARRAY_IDX(folders, i, backend_folder_t), all, pool);
    return all;
}

const backend_folder_t *scene_folder_find(const apr_array_header_t *folders, const char *id)
{
    int i;

    for (i = 0; i < folders->nelts; i++)
        if (strcmp(APR_ARRAY_IDX(folders, i, backend_folder_t).id, id) == 0)
            return &APR_ARRAY_IDX(folders, i, backend_folder_t);
    return NULL;
}

const scene_item_t *scene_item_find(const apr_array_header_t *items, const char *id)
{
    int i;

    for (i = 0; i < items->nelts; i++)
        if (strcmp(APR_ARRAY_IDX(items, i, scene_item_t).id, id) == 0)
            return &APR_ARRAY_IDX(items, i, scene_item_t);
    return NULL;
}

void scene_stray(scene_t *scene, int number)
{
    scene->meeting[number] |= MEETING_OTHERS;
    scene->strayed[number] |= scene->excused[number] & MAIL_UNSTORED;
}

void scene_know(scene_t *scene, const char *id, int number)
{
    int *known = apr_hash_get(scene->known, id, APR_HASH_KEY_STRING);

    if (!known) {
        known = apr_pmemdup(scene->pool, &number, sizeof number);
        apr_hash_set(scene->known, apr_pstrdup(scene->pool, id), APR_HASH_KEY_STRING, known);
    }
    if (*known != number)
        scene_fail(scene, "%s was message %d, and now it is %d", id, *known, number);
}

/* -- what goes wrong ----------------------------------------------------------------------------- */

static void scene_nested(scene_t *scene)
{
    ask_t *ask = scene->ask;
    fate_t fate = scene->fate;
    int calls = scene->calls, tripped = scene->tripped, what = scene_roll(scene, 100);
    static const fate_t fair;
    apr_pool_t *pool;
    answer_t answer;

    mail_tally.nested++;
    if (what < 35) {
        scene->ask = NULL;
        scene_disturb(scene);
    }
    else if (what < 70) {
        scene_log(scene, "meanwhile the other phone");
        phone_turn(scene, scene->phones + (ask->phone == scene->phones), NULL);
    }
    else {
        ask_t *again = malloc(sizeof *again);

        scene_log(scene, "meanwhile the same request once more");
        *again = *ask;
        apr_pool_create(&pool, scene->pool);
        ask_send(scene, again, &fair, &answer, pool);
        memcpy(ask->delivered, again->delivered, sizeof ask->delivered);
        apr_pool_destroy(pool);
        free(again);
    }
    scene->ask = ask;
    scene->fate = fate;
    scene->calls = calls;
    scene->tripped = tripped;
    scene->disturbed = 1;
}

/* One more call of the request: 0 = goes on, 1 = fails. */
static int scene_call(scene_t *scene)
{
    if (!scene->ask)
        return 0;
    scene->calls++;
    if (scene->fate.disturb == scene->calls && !scene->disturbed)
        scene_nested(scene);
    if (scene->fate.trip && (scene->calls == scene->fate.trip ||
                             (scene->fate.crash && scene->calls > scene->fate.trip))) {
        scene->tripped = 1;
        return 1;
    }
    return 0;
}

static state_fail_when_t scene_store_decide(void *baton, state_call_t call, int number)
{
    scene_t *scene = baton;

    (void)call;
    (void)number;
    if (!scene_call(scene))
        return STATE_FAIL_NOT;
    return scene->fate.after && scene->calls == scene->fate.trip ? STATE_FAIL_AFTER
                                                                 : STATE_FAIL_BEFORE;
}

static base_fault_code_t scene_mailbox_decide(void *baton, const char *call, int after)
{
    scene_t *scene = baton;

    if (!scene->ask)
        return BASE_FAULT_NONE;
    if (after) {
        judge_after(scene, call);
        return scene->fate.after && scene->tripped && scene->calls == scene->fate.trip
                   ? BASE_FAULT_UNAVAILABLE
                   : BASE_FAULT_NONE;
    }
    /* nothing can be removed on condition that it is as it was */
    if (strcmp(call, "remove") == 0 && scene->fate.disturb == scene->calls + 1)
        scene->fate.disturb++;
    if (scene_call(scene) && !(scene->fate.after && scene->calls == scene->fate.trip))
        return BASE_FAULT_UNAVAILABLE;
    judge_before(scene, call);
    return BASE_FAULT_NONE;
}

/* Who waits for a claim does not sleep here: its holder has vanished, or is held up for longer than
 * its lease. */
static void scene_sleep(void *baton, apr_interval_time_t interval)
{
    scene_time(baton, interval);
    mail_tally.waits++;
}

/* -- the beginning ------------------------------------------------------------------------------- */

static const char *scene_default(scene_t *scene, backend_class_t class_)
{
    const apr_array_header_t *folders = scene_folders(scene, scene->pool);
    int i;

    for (i = 0; i < folders->nelts; i++)
        if (APR_ARRAY_IDX(folders, i, backend_folder_t).class_ == class_)
            return APR_ARRAY_IDX(folders, i, backend_folder_t).id;
    abort();
}

scene_t *scene_make(const sequence_t *sequence, apr_pool_t *pool)
{
    scene_t *scene = apr_pcalloc(pool, sizeof *scene);
    cmd_limits_t *limits;
    int i, count;

    scene->pool = pool;
    scene->sequence = sequence;
    dice_seed(&scene->dice, sequence->seed, 0);
    scene->base = world_create(pool);
    scene->base->now = MAIL_BEGIN;
    scene->base->plan = (state_fail_plan_t){.decide = scene_store_decide, .baton = scene};
    scene->base->decide = scene_mailbox_decide;
    scene->base->baton = scene;
    scene->base->patience.sleep = scene_sleep;
    scene->base->patience.baton = scene;
    limits = &scene->base->service.limits;
    limits->window_default = 100;
    limits->window_max = 512;
    limits->response_time = apr_time_from_sec(3600);
    scene->inner = backend_fail_inner(scene->base->service.backend);
    if (backend_session_open(scene->inner, MAIL_ACCOUNT, &scene->truth, pool))
        abort();
    scene->inbox = backend_memory_folder(scene->inner, MAIL_ACCOUNT, BACKEND_ROLE_INBOX);
    scene->drafts = backend_memory_folder(scene->inner, MAIL_ACCOUNT, BACKEND_ROLE_DRAFTS);
    scene->trash = backend_memory_folder(scene->inner, MAIL_ACCOUNT, BACKEND_ROLE_TRASH);
    scene->sent = backend_memory_folder(scene->inner, MAIL_ACCOUNT, BACKEND_ROLE_SENT);
    scene->calendar = scene_default(scene, BACKEND_CLASS_CALENDAR);
    scene->known = apr_hash_make(pool);
    scene->moved = apr_hash_make(pool);
    apr_pool_create(&scene->before_pool, pool);
    scene_time(scene, 0);
    for (i = 0; i < MAIL_PHONES; i++) {
        static const int filters[] = {0, 0, 3, 5}; /* all, a week, a month */
        phone_t *phone = scene->phones + i;

        apr_snprintf(phone->device, sizeof phone->device, "phone%d", i);
        apr_cpystrn(phone->key, "0", sizeof phone->key);
        phone->filter = filters[scene_roll(scene, 4)];
        phone->client_wins = scene_percent(scene, 30);
    }
    for (count = 2 + scene_roll(scene, 6); count; count--)
        scene_disturb(scene);
    for (i = 0; i < MAIL_PHONES; i++) {
        phone_folder_sync(scene, scene->phones + i, NULL);
        phone_sync(scene, scene->phones + i, NULL, 1);
        phone_sync(scene, scene->phones + i, NULL, 1);
    }
    return scene;
}
