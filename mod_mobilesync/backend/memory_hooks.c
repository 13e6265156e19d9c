/* Watching, and what tests do to a mailbox behind the server's back (memory.h). */
#include "backend/memory.h"

#include <stdlib.h>
#include <string.h>
#include <apr_strings.h>

#include "backend/blob.h"
#include "backend/drivers.h"
#include "backend/fail.h"
#include "backend/memory_store.h"

base_fault_t *memory_watch(void *data, const char *account, const apr_array_header_t *folder_ids,
                           backend_changed_fn changed, void *baton, void **watch, apr_pool_t *pool)
{
    memory_instance_t *instance = data;

    (void)pool;
    *watch = backend_watchers_add(instance->watchers, account, folder_ids, changed, baton);
    return NULL;
}

void memory_unwatch(void *data, void *watch)
{
    memory_instance_t *instance = data;

    backend_watchers_remove(instance->watchers, watch);
}

static memory_instance_t *memory_instance_of(backend_t *backend)
{
    backend = backend_fail_inner(backend);
    if (backend_driver_of(backend) != &backend_memory_driver)
        abort();
    return backend_instance_of(backend);
}

/* Locks; memory_hook_leave unlocks and tells the watchers. */
static memory_folder_t *memory_hook_enter(memory_instance_t *instance, const char *account,
                                          const char *folder_id)
{
    memory_folder_t *folder;

    apr_thread_mutex_lock(instance->lock);
    folder = memory_folder_find(memory_account_get(instance, account), folder_id);
    if (!folder)
        abort();
    return folder;
}

static void memory_hook_leave(memory_instance_t *instance, const char *account,
                              const char *folder_id)
{
    apr_thread_mutex_unlock(instance->lock);
    backend_watchers_notify(instance->watchers, account, folder_id);
}

const char *backend_memory_folder(backend_t *backend, const char *account, backend_role_t role)
{
    memory_instance_t *instance = memory_instance_of(backend);
    const char *id = NULL;
    memory_account_t *found;
    int i;

    apr_thread_mutex_lock(instance->lock);
    found = memory_account_get(instance, account);
    for (i = 0; i < found->folders->nelts && !id; i++) {
        const memory_folder_t *folder = APR_ARRAY_IDX(found->folders, i, memory_folder_t *);

        if (!folder->deleted && folder->info.role == role)
            id = folder->info.id;
    }
    apr_thread_mutex_unlock(instance->lock);
    return id;
}

apr_uint64_t backend_memory_deliver(backend_t *backend, const char *account, const char *folder_id,
                                    const char *message, apr_uint64_t flags, apr_time_t date)
{
    memory_instance_t *instance = memory_instance_of(backend);
    memory_folder_t *folder = memory_hook_enter(instance, account, folder_id);
    apr_size_t size = strlen(message);
    backend_description_t description;
    apr_uint64_t uid;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL); /* as what is put is described */
    if (!date && folder->info.class_ != BACKEND_CLASS_EMAIL &&
        !backend_content_describe(instance->describer, folder->info.class_,
                                  backend_blob_of(message, size, pool), &description, pool))
        date = description.date;
    apr_pool_destroy(pool);
    uid = memory_item_add(folder, strdup(message), size, flags, date ? date : memory_now(instance),
                          NULL, NULL)
              ->uid;
    memory_hook_leave(instance, account, folder_id);
    return uid;
}

int backend_memory_flag(backend_t *backend, const char *account, const char *folder_id,
                        apr_uint64_t uid, apr_uint64_t mask, apr_uint64_t values)
{
    memory_instance_t *instance = memory_instance_of(backend);
    memory_folder_t *folder = memory_hook_enter(instance, account, folder_id);
    memory_item_t *item = memory_item_find(folder, uid);
    const backend_update_t update = {.mask = mask, .values = values};

    if (item)
        memory_item_update(folder, item, &update);
    memory_hook_leave(instance, account, folder_id);
    return item != NULL;
}

int backend_memory_expunge(backend_t *backend, const char *account, const char *folder_id,
                           apr_uint64_t uid)
{
    memory_instance_t *instance = memory_instance_of(backend);
    memory_folder_t *folder = memory_hook_enter(instance, account, folder_id);
    memory_item_t *item = memory_item_find(folder, uid);

    if (item)
        free(memory_item_expunge(folder, item));
    memory_hook_leave(instance, account, folder_id);
    return item != NULL;
}

void backend_memory_renew(backend_t *backend, const char *account, const char *folder_id)
{
    memory_instance_t *instance = memory_instance_of(backend);
    memory_folder_t *folder = memory_hook_enter(instance, account, folder_id);
    memory_item_t *items = folder->items;
    apr_size_t count = folder->item_count, i;

    folder->items = NULL;
    folder->item_count = folder->item_capacity = 0;
    folder->event_count = 0;
    folder->live_count = 0;
    folder->modseq = folder->forgotten = 0;
    folder->next_uid = 1;
    folder->named = 0;
    folder->derived = apr_hash_make(folder->pool);
    folder->info.generation++;
    for (i = 0; i < count; i++) {
        free(items[i].conversation);
        if (items[i].data)
            memory_item_add(folder, items[i].data, items[i].size, items[i].token, items[i].date,
                            items[i].derived_name, items[i].properties);
    }
    free(items);
    memory_hook_leave(instance, account, folder_id);
}

void backend_memory_forget(backend_t *backend, const char *account, const char *folder_id)
{
    memory_instance_t *instance = memory_instance_of(backend);
    memory_folder_t *folder = memory_hook_enter(instance, account, folder_id);

    folder->forgotten = folder->modseq;
    memory_hook_leave(instance, account, folder_id);
}

void backend_memory_clock(backend_t *backend, apr_time_t now)
{
    memory_instance_t *instance = memory_instance_of(backend);

    apr_thread_mutex_lock(instance->lock);
    instance->clock = now;
    apr_thread_mutex_unlock(instance->lock);
}
