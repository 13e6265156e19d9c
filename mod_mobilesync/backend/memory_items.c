/* The memory driver's items: reading, changing, history. */
#include "backend/memory_store.h"

#include <stdlib.h>
#include <string.h>
#include <apr_strings.h>

#include "backend/blob.h"
#include "backend/drivers.h"
#include "backend/properties.h"
#include "base/text.h"

static base_fault_t *memory_missing(apr_uint64_t uid, apr_pool_t *pool)
{
    return base_fault_make(pool, BASE_FAULT_NOT_FOUND, "there is no item %" APR_UINT64_T_FMT, uid);
}

base_fault_t *memory_enter(memory_session_t *session, const char *folder_id,
                           memory_folder_t **folder, apr_pool_t *pool)
{
    apr_thread_mutex_lock(session->instance->lock);
    *folder = memory_folder_find(session->account, folder_id);
    return *folder ? NULL : memory_gone(pool);
}

void memory_leave(memory_session_t *session, const memory_folder_t *folder, apr_uint64_t before)
{
    int changed = folder && folder->modseq != before;

    apr_thread_mutex_unlock(session->instance->lock);
    if (changed)
        backend_watchers_notify(session->instance->watchers, session->account->name,
                                folder->info.id);
}

static const char *memory_cursor(const memory_folder_t *folder, apr_uint64_t modseq,
                                 apr_pool_t *pool)
{
    return apr_psprintf(pool, "%u.%" APR_UINT64_T_FMT, folder->info.generation, modseq);
}

base_fault_t *memory_probe(void *data, const char *folder_id, const char **cursor, apr_pool_t *pool)
{
    memory_session_t *session = data;
    memory_folder_t *folder;
    base_fault_t *fault = memory_enter(session, folder_id, &folder, pool);

    if (!fault)
        *cursor = memory_cursor(folder, folder->modseq, pool);
    memory_leave(session, NULL, 0);
    return fault;
}

static base_fault_t *memory_cursor_parse(const memory_folder_t *folder, const char *cursor,
                                         apr_uint64_t *modseq, apr_pool_t *pool)
{
    const char *dot = strchr(cursor, '.');
    apr_uint64_t generation;

    if (!dot ||
        !base_text_parse_uint(apr_pstrmemdup(pool, cursor, dot - cursor), APR_UINT32_MAX,
                              &generation) ||
        !base_text_parse_uint(dot + 1, APR_UINT64_MAX, modseq))
        return base_fault_make(pool, BASE_FAULT_STALE, "not a cursor of this folder");
    if (generation != folder->info.generation || *modseq > folder->modseq)
        return base_fault_make(pool, BASE_FAULT_STALE, "cursor of another time");
    if (*modseq < folder->forgotten)
        return base_fault_make(pool, BASE_FAULT_EXPIRED, "cursor from before what is remembered");
    return NULL;
}

static void memory_entry_of(const memory_item_t *item, backend_entry_t *entry, apr_pool_t *pool)
{
    entry->uid = item->uid;
    entry->token = item->token;
    entry->date = item->date;
    entry->size = item->size;
    entry->properties = backend_properties_copy(item->properties, pool);
    entry->conversation_date = item->conversation_date;
}

static void memory_changes_collect(const memory_folder_t *folder, apr_uint64_t since, int limit,
                                   backend_changes_t *changes, apr_pool_t *pool)
{
    apr_size_t at = memory_event_position(folder, since);
    apr_size_t most = folder->event_count - at;
    apr_uint64_t reached = since;
    backend_entry_t *upserts;
    apr_uint64_t *gone;

    if (limit >= 0 && most > (apr_size_t)limit)
        most = (apr_size_t)limit;
    upserts = apr_palloc(pool, (most + 1) * sizeof *upserts);
    gone = apr_palloc(pool, (most + 1) * sizeof *gone);
    for (; at < folder->event_count; at++) {
        const memory_event_t *event = &folder->events[at];
        const memory_item_t *item = &folder->items[memory_item_position(folder, event->uid)];

        if (item->modseq == event->modseq) {
            if (changes->upsert_count + changes->gone_count == limit) {
                changes->more = 1;
                break;
            }
            if (item->data)
                memory_entry_of(item, &upserts[changes->upsert_count++], pool);
            else
                gone[changes->gone_count++] = item->uid;
        }
        reached = event->modseq;
    }
    changes->upserts = upserts;
    changes->gone = gone;
    changes->cursor = memory_cursor(folder, changes->more ? reached : folder->modseq, pool);
}

base_fault_t *memory_changes(void *data, const char *folder_id, const char *cursor, int limit,
                             backend_changes_t **changes, apr_pool_t *pool)
{
    memory_session_t *session = data;
    memory_folder_t *folder;
    apr_uint64_t since;
    base_fault_t *fault = memory_enter(session, folder_id, &folder, pool);

    if (!fault)
        fault = memory_cursor_parse(folder, cursor, &since, pool);
    if (!fault) {
        *changes = apr_pcalloc(pool, sizeof **changes);
        memory_changes_collect(folder, since, limit, *changes, pool);
    }
    memory_leave(session, NULL, 0);
    return fault;
}

static apr_size_t memory_range_start(const memory_folder_t *folder, const backend_range_t *range)
{
    return range->below ? memory_item_position(folder, range->below) : folder->item_count;
}

static int memory_range_holds(const backend_range_t *range, const memory_item_t *item)
{
    apr_time_t date = range->conversations ? item->conversation_date : item->date;

    return item->data && date >= range->since &&
           (date < range->before || range->before == APR_INT64_MAX);
}

base_fault_t *memory_enumerate(void *data, const char *folder_id, const backend_range_t *range,
                               int limit, backend_page_t **page, apr_pool_t *pool)
{
    memory_session_t *session = data;
    memory_folder_t *folder;
    base_fault_t *fault = memory_enter(session, folder_id, &folder, pool);
    backend_page_t *made = apr_pcalloc(pool, sizeof *made);

    if (!fault) {
        apr_size_t at = memory_range_start(folder, range);
        backend_entry_t *entries = apr_palloc(
            pool, ((at < (apr_size_t)limit ? at : (apr_size_t)limit) + 1) * sizeof *entries);

        while (at-- > 0 && !made->more) {
            if (!memory_range_holds(range, &folder->items[at]))
                continue;
            if (made->count == limit)
                made->more = 1;
            else
                memory_entry_of(&folder->items[at], &entries[made->count++], pool);
        }
        made->entries = entries;
        *page = made;
    }
    memory_leave(session, NULL, 0);
    return fault;
}

base_fault_t *memory_count(void *data, const char *folder_id, const backend_range_t *range,
                           apr_uint64_t *count, apr_pool_t *pool)
{
    memory_session_t *session = data;
    memory_folder_t *folder;
    base_fault_t *fault = memory_enter(session, folder_id, &folder, pool);

    if (!fault) {
        apr_size_t at = memory_range_start(folder, range);

        *count = 0;
        if (!range->below && range->since == APR_INT64_MIN && range->before == APR_INT64_MAX)
            *count = folder->live_count;
        else
            while (at-- > 0)
                *count += memory_range_holds(range, &folder->items[at]);
    }
    memory_leave(session, NULL, 0);
    return fault;
}

base_fault_t *memory_entry(void *data, const char *folder_id, apr_uint64_t uid,
                           backend_entry_t *entry, apr_pool_t *pool)
{
    memory_session_t *session = data;
    memory_folder_t *folder;
    memory_item_t *item = NULL;
    base_fault_t *fault = memory_enter(session, folder_id, &folder, pool);

    if (!fault && !(item = memory_item_find(folder, uid)))
        fault = memory_missing(uid, pool);
    if (!fault)
        memory_entry_of(item, entry, pool);
    memory_leave(session, NULL, 0);
    return fault;
}

/* What the item has for its UID; NULL. */
static const char *memory_identity_of(const memory_session_t *session,
                                      const memory_folder_t *folder, const memory_item_t *item,
                                      apr_pool_t *pool)
{
    backend_description_t description;

    return item->data && folder->info.class_ != BACKEND_CLASS_EMAIL &&
                   !backend_content_describe(session->instance->describer, folder->info.class_,
                                             backend_blob_of(item->data, item->size, pool),
                                             &description, pool)
               ? description.uid
               : NULL;
}

base_fault_t *memory_find(void *data, const char *folder_id, const char *identity,
                          backend_entry_t *entry, apr_pool_t *pool)
{
    memory_session_t *session = data;
    memory_folder_t *folder;
    memory_item_t *item = NULL;
    base_fault_t *fault = memory_enter(session, folder_id, &folder, pool);
    apr_size_t i;

    for (i = 0; !fault && !item && i < folder->item_count; i++) {
        const char *own = memory_identity_of(session, folder, &folder->items[i], pool);

        if (own && strcmp(own, identity) == 0)
            item = &folder->items[i];
    }
    if (!fault && !item)
        fault = base_fault_make(pool, BASE_FAULT_NOT_FOUND, "there is no item of that UID");
    if (!fault)
        memory_entry_of(item, entry, pool);
    memory_leave(session, NULL, 0);
    return fault;
}

static char *memory_copy(const char *data, apr_uint64_t size)
{
    char *copy = malloc(size + 1);

    if (!copy)
        abort(); /* as APR's pools do */
    memcpy(copy, data, size);
    copy[size] = '\0';
    return copy;
}

base_fault_t *memory_fetch(void *data, const char *folder_id, apr_uint64_t uid,
                           backend_blob_t **blob, apr_pool_t *pool)
{
    memory_session_t *session = data;
    memory_folder_t *folder;
    memory_item_t *item = NULL;
    base_fault_t *fault = memory_enter(session, folder_id, &folder, pool);

    if (!fault && !(item = memory_item_find(folder, uid)))
        fault = memory_missing(uid, pool);
    if (!fault) /* a copy: the item may be expunged while it is read */
        *blob = backend_blob_of(apr_pstrmemdup(pool, item->data, item->size), item->size, pool);
    memory_leave(session, NULL, 0);
    return fault;
}

/* The date of an item: for mail the one that it is given; INVALID for what is no item of the class. */
static base_fault_t *memory_date(const memory_session_t *session, const memory_folder_t *folder,
                                 const backend_blob_t *blob, apr_time_t *date, apr_pool_t *pool)
{
    backend_description_t description;

    if (folder->info.class_ == BACKEND_CLASS_EMAIL)
        return NULL;
    BASE_TRY(backend_content_describe(session->instance->describer, folder->info.class_, blob,
                                      &description, pool));
    *date = description.date;
    return NULL;
}

base_fault_t *memory_put(void *data, const char *folder_id, const backend_put_t *put,
                         const backend_blob_t *blob, backend_entry_t *entry, int *existed,
                         apr_pool_t *pool)
{
    memory_session_t *session = data;
    memory_folder_t *folder;
    memory_item_t *item = NULL;
    apr_time_t date = put->date ? put->date : memory_now(session->instance);
    apr_uint64_t before = 0;
    const char *content;
    base_fault_t *fault;

    if (put->derived_name && !backend_derived_name_valid(put->derived_name))
        return base_fault_make(pool, BASE_FAULT_INVALID, "not a derived name");
    BASE_TRY(backend_blob_load(blob, &content, pool));
    fault = memory_enter(session, folder_id, &folder, pool);
    if (!fault)
        fault =
            memory_date(session, folder, backend_blob_of(content, blob->size, pool), &date, pool);
    if (!fault) {
        before = folder->modseq;
        if (put->derived_name)
            item = memory_item_by_name(folder, put->derived_name);
        *existed = item != NULL;
        if (!item)
            item = memory_item_add(folder, memory_copy(content, blob->size), blob->size, put->flags,
                                   date, put->derived_name, put->properties);
        memory_entry_of(item, entry, pool);
    }
    memory_leave(session, fault ? NULL : folder, before);
    return fault;
}

base_fault_t *memory_replace(void *data, const char *folder_id, apr_uint64_t uid,
                             apr_uint64_t if_match, apr_uint64_t flags, const backend_blob_t *blob,
                             backend_entry_t *entry, apr_pool_t *pool)
{
    memory_session_t *session = data;
    memory_folder_t *folder;
    memory_item_t *item = NULL;
    apr_uint64_t before = 0;
    apr_time_t date = 0;
    const char *content;
    base_fault_t *fault;

    BASE_TRY(backend_blob_load(blob, &content, pool));
    fault = memory_enter(session, folder_id, &folder, pool);
    if (!fault && !(item = memory_item_find(folder, uid)))
        fault = memory_missing(uid, pool);
    if (!fault && item->token != if_match)
        fault = backend_mismatch(uid, pool);
    if (!fault)
        fault =
            memory_date(session, folder, backend_blob_of(content, blob->size, pool), &date, pool);
    if (!fault) {
        before = folder->modseq;
        memory_item_replace(folder, item, memory_copy(content, blob->size), blob->size, flags,
                            date);
        memory_entry_of(item, entry, pool);
    }
    memory_leave(session, fault ? NULL : folder, before);
    return fault;
}

base_fault_t *memory_update(void *data, const char *folder_id, apr_uint64_t uid,
                            const backend_update_t *update, backend_entry_t *entry,
                            apr_pool_t *pool)
{
    memory_session_t *session = data;
    memory_folder_t *folder;
    memory_item_t *item = NULL;
    apr_uint64_t before = 0;
    base_fault_t *fault = memory_enter(session, folder_id, &folder, pool);

    if (!fault && !(item = memory_item_find(folder, uid)))
        fault = memory_missing(uid, pool);
    if (!fault)
        fault = backend_update_check(update, uid, item->token, pool);
    if (!fault) {
        before = folder->modseq;
        memory_item_update(folder, item, update);
        memory_entry_of(item, entry, pool);
    }
    memory_leave(session, fault ? NULL : folder, before);
    return fault;
}

base_fault_t *memory_move(void *data, const char *folder_id, apr_uint64_t uid,
                          const char *to_folder_id, const char *derived_name,
                          backend_entry_t *entry, apr_pool_t *pool)
{
    memory_session_t *session = data;
    memory_folder_t *folder, *to = NULL;
    memory_item_t *item = NULL, *moved = NULL;
    apr_uint64_t before = 0;
    base_fault_t *fault;

    if (derived_name && !backend_derived_name_valid(derived_name))
        return base_fault_make(pool, BASE_FAULT_INVALID, "not a derived name");
    fault = memory_enter(session, folder_id, &folder, pool);
    if (!fault && !(to = memory_folder_find(session->account, to_folder_id)))
        fault =
            base_fault_make(pool, BASE_FAULT_FOLDER_GONE, "there is no folder %s", to_folder_id);
    if (!fault && to == folder)
        fault = base_fault_make(pool, BASE_FAULT_INVALID, "source and destination are the same");
    if (!fault && to->info.class_ != folder->info.class_)
        fault = base_fault_make(pool, BASE_FAULT_INVALID, "the destination is of another class");
    if (!fault && derived_name)
        moved = memory_item_by_name(to, derived_name);
    if (!fault && !moved && !(item = memory_item_find(folder, uid)))
        fault = memory_missing(uid, pool);
    if (!fault) {
        before = folder->modseq;
        if (!moved) {
            memory_item_t from = *item;

            moved = memory_item_add(to, memory_item_expunge(folder, item), from.size, from.token,
                                    from.date, derived_name, from.properties);
        }
        memory_entry_of(moved, entry, pool);
    }
    memory_leave(session, fault ? NULL : folder, before);
    if (item)
        backend_watchers_notify(session->instance->watchers, session->account->name, to_folder_id);
    return fault;
}

base_fault_t *memory_remove(void *data, const char *folder_id, apr_uint64_t uid, apr_pool_t *pool)
{
    memory_session_t *session = data;
    memory_folder_t *folder;
    memory_item_t *item = NULL;
    apr_uint64_t before = 0;
    base_fault_t *fault = memory_enter(session, folder_id, &folder, pool);

    if (!fault && !(item = memory_item_find(folder, uid)))
        fault = memory_missing(uid, pool);
    if (!fault) {
        before = folder->modseq;
        free(memory_item_expunge(folder, item));
    }
    memory_leave(session, fault ? NULL : folder, before);
    return fault;
}

base_fault_t *memory_search(void *data, const backend_search_t *search, backend_found_t **found,
                            apr_pool_t *pool)
{
    memory_session_t *session = data;
    memory_instance_t *instance = session->instance;
    base_fault_t *fault = NULL;

    apr_thread_mutex_lock(instance->search_lock);
    if (!session->account->words) {
        apr_thread_mutex_lock(instance->lock);
        fault = search_index_open(NULL, &session->account->words, instance->pool);
        apr_thread_mutex_unlock(instance->lock);
    }
    if (!fault)
        fault = search_index_run(session->account->words, &backend_memory_driver, session, search,
                                 found, pool);
    apr_thread_mutex_unlock(instance->search_lock);
    return fault;
}
