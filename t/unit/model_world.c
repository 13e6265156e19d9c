#include "model.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <apr_strings.h>

#include "backend/blob.h"
#include "backend/fail.h"
#include "backend/memory.h"
#include "base/text.h"
#include "sync/filter.h"

#define MODEL_BEGIN apr_time_from_sec(1768478400) /* 2026-01-15T12:00:00Z */

void world_log(world_t *world, const char *format, ...)
{
    va_list arguments;

    if (!world->verbose)
        return;
    printf("#   ");
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
}

void world_fail(world_t *world, const char *format, ...)
{
    va_list arguments;

    if (world->failure)
        return;
    va_start(arguments, format);
    world->failure = apr_pvsprintf(world->pool, format, arguments);
    va_end(arguments);
    world_log(world, "FAILED: %s", world->failure);
}

void world_count_start(world_t *world)
{
    world->writes = world->reads = world->other_calls = world->probes = 0;
}

/* -- what goes wrong --------------------------------------------------------------------------- */

/* One more I/O call of the request: 0 = goes on, 1 = fails. */
static int world_call(world_t *world, int changes_mailbox)
{
    if (!world->busy)
        return 0;
    world->calls++;
    if (world->fate.disturb == world->calls && !world->disturbed) {
        device_t *device = world->busy;

        world->disturbed = 1;
        if (world->fate.nested) {
            world->busy = NULL;
            world_log(world, "  meanwhile a second request of %s", device->device);
            device_serve(world, device, &world->second, 1, &world->second_answer);
            world->busy = device;
        }
        else {
            world_disturb(world);
        }
    }
    if (world->fate.denied)
        return world->fate.trip && world->calls >= world->fate.trip && changes_mailbox &&
               !world->tripped && (world->tripped = 1);
    if (world->fate.trip && (world->calls == world->fate.trip ||
                             (world->fate.crash && world->calls > world->fate.trip))) {
        world->tripped = 1;
        return 1;
    }
    return 0;
}

static state_fail_when_t world_state_decide(void *baton, state_call_t call, int number)
{
    world_t *world = baton;

    (void)number;
    if (call == STATE_CALL_READ)
        world->reads++;
    else
        world->writes++;
    if (!world_call(world, 0))
        return STATE_FAIL_NOT;
    return world->fate.after && world->calls == world->fate.trip ? STATE_FAIL_AFTER
                                                                 : STATE_FAIL_BEFORE;
}

static base_fault_code_t world_backend_decide(void *baton, const char *call, int after)
{
    world_t *world = baton;
    int changes = !strcmp(call, "update") || !strcmp(call, "move") || !strcmp(call, "remove") ||
                  !strcmp(call, "put") || !strcmp(call, "replace");

    if (after)
        return world->busy && world->fate.after && world->fate.trip == world->calls &&
                       world->tripped
                   ? BASE_FAULT_UNAVAILABLE
                   : BASE_FAULT_NONE;
    if (strcmp(call, "probe") == 0)
        world->probes++;
    else if (strcmp(call, "conversations") != 0)
        world->other_calls++;
    if (!world_call(world, changes))
        return BASE_FAULT_NONE;
    if (world->fate.denied)
        return BASE_FAULT_DENIED;
    return world->fate.after && world->calls == world->fate.trip ? BASE_FAULT_NONE
                                                                 : BASE_FAULT_UNAVAILABLE;
}

static apr_time_t world_clock(void *baton)
{
    return ((world_t *)baton)->now;
}

static void world_must(base_fault_t *fault, const char *what)
{
    if (fault) {
        printf("Bail out! %s: %s\n", what, fault->message);
        exit(1);
    }
}

/* What is done matters no more. */
static base_fault_t *world_describe(const backend_blob_t *blob, backend_description_t *description,
                                    apr_pool_t *pool)
{
    const char *text = apr_pstrmemdup(pool, blob->data, (apr_size_t)blob->size);

    *description = (backend_description_t){
        .known = 1,
        .class_ = BACKEND_CLASS_TASKS,
        .date = world_text_flags(text) & MODEL_DONE ? MODEL_BEGIN : APR_INT64_MAX};
    return NULL;
}

world_t *world_make(apr_uint64_t seed, int verbose, apr_pool_t *pool)
{
    static const backend_describer_t describer = {.describe = world_describe, .version = "1"};
    world_t *world = apr_pcalloc(pool, sizeof *world);
    int i, mails;

    world->pool = pool;
    world->seed = seed;
    world->verbose = verbose;
    world->now = MODEL_BEGIN;
    dice_seed(&world->dice, seed, 0);
    world_must(backend_start("fail", apr_array_make(pool, 1, sizeof(char *)), NULL, &describer,
                             &world->backend, pool),
               "starting the backend");
    backend_fail_decide(world->backend, world_backend_decide, world);
    world->inner = backend_fail_inner(world->backend);
    world_must(backend_session_open(world->backend, MODEL_ACCOUNT, &world->session, pool), "open");
    world_must(backend_session_open(world->inner, MODEL_ACCOUNT, &world->truth, pool), "open");
    world->memory = state_store_create_memory(pool);
    state_store_memory_clock(world->memory, world_clock, world);
    world->plan = (state_fail_plan_t){.decide = world_state_decide, .baton = world};
    world->store = state_store_create_fail(world->memory, &world->plan, pool);
    world->inbox = backend_memory_folder(world->inner, MODEL_ACCOUNT, BACKEND_ROLE_INBOX);
    world->tasks = dice_percent(&world->dice, 40);
    if (world->tasks)
        world_must(backend_folder_create(world->truth, NULL, "To do", BACKEND_CLASS_TASKS,
                                         &world->inbox, pool),
                   "making a folder");
    world->trash = backend_memory_folder(world->inner, MODEL_ACCOUNT, BACKEND_ROLE_TRASH);
    backend_memory_clock(world->inner, world->now);
    if (dice_percent(&world->dice, 15))
        world->bad = 3 + (int)dice_roll(&world->dice, 5);
    mails = (int)dice_roll(&world->dice, 12);
    for (i = 0; i < mails; i++)
        world_disturb(world);
    for (i = 0; i < MODEL_DEVICES; i++)
        device_start(world->devices + i, i);
    return world;
}

/* -- the mailbox --------------------------------------------------------------------------------- */

int world_truth(world_t *world, apr_uint64_t uid, backend_entry_t *entry)
{
    apr_pool_t *pool;
    int found;

    apr_pool_create(&pool, world->pool);
    found = !backend_item_entry(world->truth, world->inbox, uid, entry, pool);
    apr_pool_destroy(pool);
    return found;
}

apr_array_header_t *world_truth_all(world_t *world, apr_pool_t *pool)
{
    backend_range_t range = {.since = APR_INT64_MIN, .before = APR_INT64_MAX};
    apr_array_header_t *all = apr_array_make(pool, 32, sizeof(backend_entry_t));
    backend_page_t *page;
    int i;

    world_must(
        backend_folder_enumerate(world->truth, world->inbox, &range, MODEL_UIDS, &page, pool),
        "enumerating");
    for (i = 0; i < page->count; i++)
        APR_ARRAY_PUSH(all, backend_entry_t) = page->entries[i];
    return all;
}

/* No cursor, which moves also when conversations are read. */
const char *world_fingerprint(world_t *world, apr_pool_t *pool)
{
    apr_array_header_t *all = world_truth_all(world, pool);
    base_text_buffer_t out = {.pool = pool};
    int i;

    for (i = 0; i < all->nelts; i++) {
        const backend_entry_t *entry = &APR_ARRAY_IDX(all, i, backend_entry_t);

        base_text_buffer_printf(&out, "%" APR_UINT64_T_FMT ":%" APR_UINT64_T_FMT " ", entry->uid,
                                entry->token);
    }
    return out.length ? out.data : "";
}

int world_content(world_t *world, const char *folder_id, apr_uint64_t uid, apr_pool_t *pool)
{
    backend_blob_t *blob;

    world_must(backend_item_fetch(world->truth, folder_id, uid, &blob, pool), "fetching");
    return atoi(apr_pstrmemdup(pool, blob->data, (apr_size_t)blob->size) + strlen("Subject: "));
}

const char *world_text(world_t *world, int content, unsigned flags, apr_pool_t *pool)
{
    return world->tasks ? apr_psprintf(pool, "Subject: %d\nFlags: %u\nStamp: %d\n", content, flags,
                                       ++world->stamps)
                        : apr_psprintf(pool, "Subject: %d\nReferences: <%d@x>\n\n", content,
                                       content % MODEL_CONVERSATIONS);
}

unsigned world_text_flags(const char *text)
{
    const char *flags = strstr(text, "Flags: ");

    return flags ? (unsigned)atoi(flags + strlen("Flags: ")) : 0;
}

static const char *world_read(world_t *world, apr_uint64_t uid, apr_pool_t *pool)
{
    backend_blob_t *blob;

    world_must(backend_item_fetch(world->truth, world->inbox, uid, &blob, pool), "fetching");
    return apr_pstrmemdup(pool, blob->data, (apr_size_t)blob->size);
}

unsigned world_flags(world_t *world, const backend_entry_t *entry)
{
    unsigned flags = BACKEND_FLAGS_OF(entry->token);
    apr_pool_t *pool;

    if (!world->tasks)
        return flags;
    apr_pool_create(&pool, world->pool);
    flags = world_text_flags(world_read(world, entry->uid, pool));
    apr_pool_destroy(pool);
    return flags;
}

int world_filter(const world_t *world, int filter)
{
    if (world->tasks)
        return filter % 2 ? SYNC_FILTER_INCOMPLETE : 0;
    return filter % MODEL_FILTERS;
}

int world_content_make(world_t *world, int origin, int excuse)
{
    int content = world->contents++;

    world->origin[content] = origin < 0 ? content : origin;
    world->excused[content] = (unsigned char)excuse;
    return content;
}

static void world_deliver(world_t *world, apr_pool_t *pool)
{
    apr_time_t age = dice_percent(&world->dice, 50)
                         ? 0
                         : apr_time_from_sec(3600) * (apr_time_t)dice_roll(&world->dice, 24 * 40);
    apr_uint64_t flags = dice_roll(&world->dice, 4);
    apr_uint64_t uid;
    const char *text;

    if (world->contents >= MODEL_CONTENTS - MODEL_DEVICES * MODEL_OPS)
        return;
    text = world_text(world, world_content_make(world, -1, 0), (unsigned)flags, pool);
    uid = backend_memory_deliver(world->inner, MODEL_ACCOUNT, world->inbox, text, flags,
                                 world->tasks ? 0 : world->now - age);
    world_log(world, "deliver %d, flags %d, %d hours old", (int)uid, (int)flags,
              (int)(apr_time_sec(age) / 3600));
}

/* Another program sets flags. */
static void world_flag(world_t *world, const backend_entry_t *entry, apr_uint64_t mask,
                       apr_uint64_t values, apr_pool_t *pool)
{
    unsigned flags = world_flags(world, entry);
    backend_entry_t after;
    const char *text;

    if (!world->tasks) {
        backend_memory_flag(world->inner, MODEL_ACCOUNT, world->inbox, entry->uid, mask, values);
        return;
    }
    text = world_text(world, world_content(world, world->inbox, entry->uid, pool),
                      (unsigned)((flags & ~mask) | (values & mask)), pool);
    world_must(backend_item_replace(world->truth, world->inbox, entry->uid, entry->token, 0,
                                    backend_blob_of(text, strlen(text), pool), &after, pool),
               "replacing");
}

void world_disturb(world_t *world)
{
    backend_entry_t *entry;
    apr_array_header_t *all;
    unsigned what = dice_roll(&world->dice, 100);
    apr_pool_t *pool;

    apr_pool_create(&pool, world->pool);
    all = world_truth_all(world, pool);
    if (what < 45 || !all->nelts) {
        world_deliver(world, pool);
    }
    else if (what < 48) {
        backend_memory_forget(world->inner, MODEL_ACCOUNT, world->inbox);
        world_log(world, "cursors expire");
    }
    else {
        entry = &APR_ARRAY_IDX(all, (int)dice_roll(&world->dice, (unsigned)all->nelts),
                               backend_entry_t);
        if (what < 75) {
            apr_uint64_t mask = 1 + dice_roll(&world->dice, 3), values = dice_roll(&world->dice, 4);

            world_flag(world, entry, mask, values, pool);
            world_log(world, "flag %d: %d of %d", (int)entry->uid, (int)(values & mask), (int)mask);
        }
        else {
            world->excused[world_content(world, world->inbox, entry->uid, pool)] = MODEL_DELETED;
            backend_memory_expunge(world->inner, MODEL_ACCOUNT, world->inbox, entry->uid);
            world_log(world, "expunge %d", (int)entry->uid);
        }
    }
    apr_pool_destroy(pool);
}

static void world_count_contents(world_t *world, const char *folder_id, unsigned char *seen,
                                 apr_pool_t *pool)
{
    backend_range_t range = {.since = APR_INT64_MIN, .before = APR_INT64_MAX};
    unsigned char origins[MODEL_CONTENTS] = {0};
    backend_page_t *page;
    int i;

    world_must(
        backend_folder_enumerate(world->truth, folder_id, &range, MODEL_CONTENTS, &page, pool),
        "enumerating");
    for (i = 0; i < page->count; i++) {
        int content = world_content(world, folder_id, page->entries[i].uid, pool);

        if (seen[content]++)
            world_fail(world, "message %d is there twice", content);
        /* in the trash there can be an earlier form, which somebody else has put there */
        if (folder_id == world->inbox && origins[world->origin[content]]++)
            world_fail(world, "message %d is there beside another form of it", content);
    }
}

void world_check_contents(world_t *world)
{
    unsigned char inbox[MODEL_CONTENTS] = {0}, trash[MODEL_CONTENTS] = {0};
    apr_pool_t *pool;
    int i;

    apr_pool_create(&pool, world->pool);
    world_count_contents(world, world->inbox, inbox, pool);
    world_count_contents(world, world->trash, trash, pool);
    apr_pool_destroy(pool);
    for (i = 0; i < world->contents; i++)
        if (!inbox[i] && !trash[i] && !world->excused[i])
            world_fail(world, "message %d is lost", i);
}
