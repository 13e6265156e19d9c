/* The memory driver's conversations. */
#include "backend/memory_store.h"

#include <stdlib.h>
#include <string.h>
#include <apr_strings.h>

#include "backend/blob.h"
#include "base/time.h"

static int conversation_has(const memory_item_t *item, const char *name)
{
    return item->data && item->conversation && strcmp(item->conversation, name) == 0;
}

/* Makes the date of its items that of the latest one. */
static void conversation_date(memory_folder_t *folder, const char *name)
{
    apr_time_t day = 0;
    apr_size_t i;
    int found = 0;

    for (i = 0; i < folder->item_count; i++)
        if (conversation_has(&folder->items[i], name) && (!found++ || folder->items[i].date > day))
            day = folder->items[i].date;
    day = base_time_day_start(day);
    for (i = 0; i < folder->item_count; i++) {
        memory_item_t *item = &folder->items[i];

        if (!conversation_has(item, name))
            continue;
        if (base_time_day_start(item->conversation_date) != day)
            memory_item_touch(folder, item);
        item->conversation_date = day;
    }
}

void memory_item_leave(memory_folder_t *folder, memory_item_t *item)
{
    char *name = item->conversation;

    if (!name)
        return;
    item->conversation = NULL;
    if (item->data && base_time_day_start(item->date) != item->conversation_date)
        memory_item_touch(folder, item);
    item->conversation_date = item->date;
    conversation_date(folder, name);
    free(name);
}

static void conversation_join(memory_folder_t *folder, memory_item_t *item, const char *name)
{
    if (item->conversation && name && strcmp(item->conversation, name) == 0)
        return;
    memory_item_leave(folder, item);
    if (!name)
        return;
    item->conversation = strdup(name);
    if (!item->conversation)
        abort(); /* as APR's pools do */
    conversation_date(folder, name);
}

static void conversation_read(memory_folder_t *folder, memory_item_t *item, backend_name_fn read,
                              apr_pool_t *pool)
{
    const char *name = NULL;

    if (item->data && !read(backend_blob_of(item->data, item->size, pool), &name, pool))
        conversation_join(folder, item, name);
}

base_fault_t *memory_conversations(void *data, const char *folder_id, backend_name_fn read,
                                   const char *version, apr_time_t deadline, int *left,
                                   apr_pool_t *pool)
{
    memory_session_t *session = data;
    memory_folder_t *folder;
    apr_uint64_t before = 0;
    base_fault_t *fault = memory_enter(session, folder_id, &folder, pool);

    *left = 0;
    if (!fault) {
        apr_size_t i;

        before = folder->modseq;
        if (!folder->naming || strcmp(folder->naming, version) != 0) {
            folder->named = 0;
            folder->naming = apr_pstrdup(folder->pool, version);
        }
        for (i = memory_item_position(folder, folder->named + 1); i < folder->item_count && !*left;
             i++) {
            conversation_read(folder, &folder->items[i], read, pool);
            folder->named = folder->items[i].uid;
            *left = i + 1 < folder->item_count && apr_time_now() >= deadline;
        }
    }
    memory_leave(session, fault ? NULL : folder, before);
    return fault;
}
