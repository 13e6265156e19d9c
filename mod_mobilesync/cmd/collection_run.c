/* Brings what the backend has to the window, stage by stage (sync/window.h). */
#include "cmd/collection_impl.h"

#include <string.h>
#include <apr_strings.h>

#include "backend/properties.h"
#include "item/conversation.h"
#include "item/email.h"

/* Where the filter looks at conversations they must be known before anything else is asked. */
static base_fault_t *run_conversations(collection_t *collection)
{
    if (collection->named || collection->dates != SYNC_DATE_CONVERSATION)
        return NULL;
    collection->named = 1;
    return backend_folder_conversations(collection->env->backend, collection->request->folder_id,
                                        item_conversation_name, ITEM_CONVERSATION_VERSION,
                                        apr_time_now() + COLLECTION_NAMING_TIME,
                                        &collection->unnamed, collection->pool);
}

base_fault_t *collection_probe(collection_t *collection)
{
    if (collection->probe)
        return NULL;
    BASE_TRY(run_conversations(collection));
    return backend_folder_probe(collection->env->backend, collection->request->folder_id,
                                &collection->probe, collection->pool);
}

/* The state's version, as who only looks does not say its own. */
static apr_uint64_t run_unseen(const collection_t *collection)
{
    return collection->request->class_ == BACKEND_CLASS_EMAIL
               ? item_email_token_unseen(collection->state->protocol)
               : 0;
}

/* Entries that exist come first in the batch, then those that are gone. */
static base_fault_t *run_offer_scanned(collection_t *collection, const backend_entry_t *entries,
                                       int count, const apr_uint64_t *gone, int gone_count,
                                       int renew)
{
    sync_window_t *window = collection->window;
    apr_uint64_t unseen = run_unseen(collection);
    int i;

    for (i = 0; i < count; i++)
        sync_held_want(collection->held, entries[i].uid);
    for (i = 0; i < gone_count; i++)
        sync_held_want(collection->held, gone[i]);
    BASE_TRY(collection_held_load(collection));
    for (i = 0; i < count + gone_count && !sync_window_full(window); i++) {
        sync_event_t event = {.uid = i < count ? entries[i].uid : gone[i - count]};

        if (i < count) {
            event.exists = 1;
            event.unseen = unseen;
            event.token = entries[i].token;
            event.renewed = renew && BACKEND_DATE_IS_MOVING(entries[i].date);
            event.dates.date[SYNC_DATE_OWN] = entries[i].date;
            event.dates.date[SYNC_DATE_CONVERSATION] = entries[i].conversation_date;
        }
        else
            sync_quarantine_remove(collection->quarantine, event.uid);
        if (i < count && collection->entries) {
            backend_entry_t *kept = backend_entry_copy(entries + i, collection->pool);

            apr_hash_set(collection->entries, &kept->uid, sizeof kept->uid, kept);
        }
        sync_window_offer(window, &event);
    }
    collection->examine -= count + gone_count;
    return NULL;
}

static base_fault_t *run_offer(collection_t *collection, const backend_entry_t *entries, int count,
                               const apr_uint64_t *gone, int gone_count)
{
    return run_offer_scanned(collection, entries, count, gone, gone_count, 0);
}

static base_fault_t *run_todo(collection_t *collection, apr_pool_t *scratch)
{
    apr_uint64_t uid;

    while (!sync_window_full(collection->window) &&
           sync_window_todo_next(collection->window, &uid)) {
        backend_entry_t entry;
        base_fault_t *fault;

        apr_pool_clear(scratch);
        fault = backend_item_entry(collection->env->backend, collection->request->folder_id, uid,
                                   &entry, collection->pool);
        if (fault && fault->code != BASE_FAULT_NOT_FOUND)
            return fault;
        BASE_TRY(fault ? run_offer(collection, NULL, 0, &uid, 1)
                       : run_offer(collection, &entry, 1, NULL, 0));
        if (!sync_window_full(collection->window))
            sync_window_todo_done(collection->window);
    }
    return NULL;
}

/* What happened since the cursor. When the backend does not remember, everything is compared. */
static base_fault_t *run_changes_next(collection_t *collection, int batch,
                                      backend_changes_t **changes, apr_pool_t *scratch)
{
    sync_window_t *window = collection->window;
    base_fault_t *fault =
        backend_folder_changes(collection->env->backend, collection->request->folder_id,
                               sync_window_cursor(window), batch, changes, scratch);

    if (base_fault_code(fault) == BASE_FAULT_EXPIRED) {
        base_log_write(collection->env->log, BASE_LOG_INFO,
                       "account %s, device %s, folder %s: %s; all items are compared",
                       collection->request->account, collection->request->device,
                       collection->request->folder_id, fault->message);
        collection->probe = NULL;
        BASE_TRY(collection_probe(collection));
        sync_window_reconcile(window, collection->probe);
        fault = backend_folder_changes(collection->env->backend, collection->request->folder_id,
                                       collection->probe, batch, changes, scratch);
    }
    return base_fault_wrap(fault, collection->pool, "changes");
}

/* *drained: all of them were brought. */
static base_fault_t *run_changes(collection_t *collection, int batch, int *drained,
                                 apr_pool_t *scratch)
{
    const char *cursor = sync_window_cursor(collection->window);
    backend_changes_t *changes;
    int more = 1;

    *drained = collection->probe && !collection->request->op_count &&
               strcmp(collection->probe, cursor) == 0;
    if (*drained)
        return NULL;
    while (more && collection->examine > 0 && !sync_window_full(collection->window)) {
        apr_pool_clear(scratch);
        BASE_TRY(run_changes_next(collection, batch, &changes, scratch));
        BASE_TRY(run_offer(collection, changes->upserts, changes->upsert_count, changes->gone,
                           changes->gone_count));
        if (sync_window_full(collection->window))
            break;
        cursor = apr_pstrdup(collection->pool, changes->cursor);
        sync_window_changes_done(collection->window, cursor);
        more = changes->more;
    }
    *drained = !more;
    return NULL;
}

static backend_range_t run_scan_range(const sync_scan_t *scan)
{
    return (backend_range_t){.since = scan->since,
                             .before = scan->before,
                             .below = scan->below,
                             .conversations = scan->dates == SYNC_DATE_CONVERSATION};
}

static base_fault_t *run_scan_count(collection_t *collection, const sync_scan_t *scan,
                                    apr_uint64_t *count)
{
    const backend_range_t range = run_scan_range(scan);
    apr_uint64_t found;

    BASE_TRY(backend_folder_count(collection->env->backend, collection->request->folder_id, &range,
                                  &found, collection->pool));
    *count += found;
    return NULL;
}

static base_fault_t *run_scans(collection_t *collection, int batch, apr_uint64_t *count_clean,
                               apr_pool_t *scratch)
{
    backend_page_t *page;
    sync_scan_t scan;

    while (!sync_window_full(collection->window) &&
           sync_window_scan_next(collection->window, &scan)) {
        const backend_range_t range = run_scan_range(&scan);

        /* dates of mail never change, and those of conversations come as changes: what a clean
         * scan comes to is what is there */
        if (count_clean && ((scan.clean && collection->request->class_ == BACKEND_CLASS_EMAIL) ||
                            collection->examine <= 0)) {
            BASE_TRY(run_scan_count(collection, &scan, count_clean));
            sync_window_scan_done(collection->window, 0);
            continue;
        }
        if (collection->examine <= 0)
            break;
        apr_pool_clear(scratch);
        BASE_TRY(backend_folder_enumerate(collection->env->backend, collection->request->folder_id,
                                          &range, batch, &page, scratch));
        BASE_TRY(run_offer_scanned(collection, page->entries, page->count, NULL, 0, scan.renew));
        if (sync_window_full(collection->window))
            break;
        sync_window_scan_done(collection->window,
                              page->more && page->count ? page->entries[page->count - 1].uid : 0);
    }
    return NULL;
}

/* What is there (entries, newest first) and what is held from uid `until` on, below `below`. */
static base_fault_t *run_sweep_offer(collection_t *collection, const backend_page_t *page,
                                     apr_uint64_t below, apr_uint64_t until)
{
    apr_uint64_t held = sync_held_before(collection->held, below);
    int i = 0;

    while (!sync_window_full(collection->window)) {
        const backend_entry_t *entry = i < page->count ? page->entries + i : NULL;

        if (held && held >= until && (!entry || held > entry->uid))
            BASE_TRY(run_offer(collection, NULL, 0, &held, 1));
        else if (entry)
            BASE_TRY(run_offer(collection, page->entries + i++, 1, NULL, 0));
        else
            break;
        if (held && (!entry || held >= entry->uid))
            held = sync_held_before(collection->held, held);
    }
    return NULL;
}

static base_fault_t *run_sweep(collection_t *collection, int batch, apr_pool_t *scratch)
{
    backend_page_t *page;
    apr_uint64_t below;

    while (!sync_window_full(collection->window) && collection->examine > 0 &&
           sync_window_sweep_next(collection->window, &below)) {
        backend_range_t range = {.since = SYNC_TIME_MIN,
                                 .before = SYNC_TIME_MAX,
                                 .below = below == SYNC_SWEEP_ALL ? 0 : below};
        apr_uint64_t until;

        apr_pool_clear(scratch);
        BASE_TRY(collection_held_load_all(collection));
        BASE_TRY(backend_folder_enumerate(collection->env->backend, collection->request->folder_id,
                                          &range, batch, &page, scratch));
        until = page->more && page->count ? page->entries[page->count - 1].uid : 0;
        BASE_TRY(run_sweep_offer(collection, page, below, until));
        if (sync_window_full(collection->window))
            break;
        sync_window_sweep_done(collection->window, until);
    }
    return NULL;
}

base_fault_t *collection_run(collection_t *collection, int limit, apr_uint64_t *count_clean,
                             int *all)
{
    int batch = limit < COLLECTION_BATCH_MIN   ? COLLECTION_BATCH_MIN
                : limit > COLLECTION_BATCH_MAX ? COLLECTION_BATCH_MAX
                                               : limit + 1;
    base_fault_t *fault;
    apr_pool_t *scratch;
    apr_uint64_t uid;
    sync_scan_t scan;
    int drained = 0;

    apr_pool_create(&scratch, collection->pool);
    collection->examine = COLLECTION_EXAMINE_MAX;
    fault = run_conversations(collection);
    if (!fault)
        fault = run_todo(collection, scratch);
    if (!fault)
        fault = run_changes(collection, batch, &drained, scratch);
    if (!fault && drained) /* something is when the window was reconciled */
        fault = run_todo(collection, scratch);
    if (!fault && (drained || count_clean))
        fault = run_scans(collection, batch, count_clean, scratch);
    if (!fault && drained && !sync_window_scan_next(collection->window, &scan))
        fault = run_sweep(collection, batch, scratch);
    /* a fault made in the scratch pool must not die with it */
    fault = base_fault_wrap(fault, collection->pool, "folder %s", collection->request->folder_id);
    apr_pool_destroy(scratch);
    if (fault)
        return fault;
    *all = drained && !collection->unnamed && !sync_window_full(collection->window) &&
           !sync_window_todo_next(collection->window, &uid) &&
           !sync_window_scan_next(collection->window, &scan) &&
           !sync_window_sweep_next(collection->window, &uid);
    return NULL;
}
