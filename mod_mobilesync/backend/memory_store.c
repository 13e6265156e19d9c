#include "backend/memory_store.h"

#include <stdlib.h>
#include <string.h>
#include <apr_strings.h>

#include "backend/blob.h"
#include "backend/properties.h"

static apr_status_t memory_folder_free(void *data)
{
    memory_folder_t *folder = data;
    apr_size_t i;

    for (i = 0; i < folder->item_count; i++) {
        free(folder->items[i].data);
        free(folder->items[i].conversation);
    }
    free(folder->items);
    free(folder->events);
    folder->items = NULL;
    folder->events = NULL;
    folder->item_count = folder->item_capacity = 0;
    folder->event_count = folder->event_capacity = 0;
    folder->live_count = 0;
    return APR_SUCCESS;
}

void memory_folder_clear(memory_folder_t *folder)
{
    memory_folder_free(folder);
    folder->deleted = 1;
}

/* Makes room for one more element of the given size. */
static void *memory_grow(void *array, apr_size_t count, apr_size_t *capacity, apr_size_t size)
{
    void *grown;

    if (count < *capacity)
        return array;
    *capacity = *capacity ? *capacity * 2 : 16;
    grown = realloc(array, *capacity * size);
    if (!grown)
        abort(); /* as APR's pools do */
    return grown;
}

memory_folder_t *memory_folder_add(memory_instance_t *instance, memory_account_t *account,
                                   const char *parent_id, const char *name, backend_class_t class_,
                                   backend_role_t role)
{
    memory_folder_t *folder = apr_pcalloc(instance->pool, sizeof *folder);

    folder->pool = instance->pool;
    folder->info.id = apr_itoa(instance->pool, account->folders->nelts + 1);
    folder->info.parent_id = parent_id ? apr_pstrdup(instance->pool, parent_id) : NULL;
    folder->info.name = apr_pstrdup(instance->pool, name);
    folder->info.class_ = class_;
    folder->info.role = role;
    folder->info.generation = 1;
    folder->next_uid = 1;
    folder->derived = apr_hash_make(instance->pool);
    APR_ARRAY_PUSH(account->folders, memory_folder_t *) = folder;
    apr_pool_cleanup_register(instance->pool, folder, memory_folder_free, apr_pool_cleanup_null);
    return folder;
}

static void memory_account_fill(memory_instance_t *instance, memory_folder_t *inbox,
                                const memory_account_t *account)
{
    int i;

    for (i = 1; i <= instance->config->messages; i++) {
        char text[600];
        int length = apr_snprintf(text, sizeof text,
                                  "From: Sender %d <sender%d@%s>\r\nTo: <%s@%s>\r\n"
                                  "Subject: Message %d\r\nMessage-ID: <%d@memory.invalid>\r\n"
                                  "Content-Type: text/plain; charset=utf-8\r\n\r\n"
                                  "This is message %d.\r\n",
                                  i, i, instance->config->domain, account->name,
                                  instance->config->domain, i, i, i);

        memory_item_add(inbox, strdup(text), length, 0, memory_now(instance), NULL, NULL);
    }
}

memory_account_t *memory_account_get(memory_instance_t *instance, const char *name)
{
    static const struct {
        const char *name;
        backend_role_t role;
    } rows[] = {{"INBOX", BACKEND_ROLE_INBOX}, {"Drafts", BACKEND_ROLE_DRAFTS},
                {"Sent", BACKEND_ROLE_SENT},   {"Trash", BACKEND_ROLE_TRASH},
                {"Junk", BACKEND_ROLE_JUNK},   {"Archive", BACKEND_ROLE_ARCHIVE}};
    memory_account_t *account = apr_hash_get(instance->accounts, name, APR_HASH_KEY_STRING);
    static const struct {
        const char *name;
        backend_class_t class_;
    } others[] = {{"Calendar", BACKEND_CLASS_CALENDAR},
                  {"Contacts", BACKEND_CLASS_CONTACTS},
                  {"Tasks", BACKEND_CLASS_TASKS},
                  {"Notes", BACKEND_CLASS_NOTES}};
    size_t i;

    if (account)
        return account;
    account = apr_pcalloc(instance->pool, sizeof *account);
    account->name = apr_pstrdup(instance->pool, name);
    account->folders = apr_array_make(instance->pool, 8, sizeof(memory_folder_t *));
    account->settings = apr_hash_make(instance->pool);
    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        memory_folder_add(instance, account, NULL, rows[i].name, BACKEND_CLASS_EMAIL, rows[i].role);
    for (i = 0; instance->describer && i < sizeof others / sizeof *others; i++)
        memory_folder_add(instance, account, NULL, others[i].name, others[i].class_,
                          BACKEND_ROLE_DEFAULT);
    memory_account_fill(instance, APR_ARRAY_IDX(account->folders, 0, memory_folder_t *), account);
    apr_hash_set(instance->accounts, account->name, APR_HASH_KEY_STRING, account);
    return account;
}

memory_folder_t *memory_folder_find(memory_account_t *account, const char *id)
{
    int i;

    for (i = 0; i < account->folders->nelts; i++) {
        memory_folder_t *folder = APR_ARRAY_IDX(account->folders, i, memory_folder_t *);

        if (!folder->deleted && strcmp(folder->info.id, id) == 0)
            return folder;
    }
    return NULL;
}

memory_folder_t *memory_folder_by_name(memory_account_t *account, const char *parent_id,
                                       const char *name)
{
    int i;

    for (i = 0; i < account->folders->nelts; i++) {
        memory_folder_t *folder = APR_ARRAY_IDX(account->folders, i, memory_folder_t *);
        const char *parent = folder->info.parent_id;

        if (!folder->deleted && strcmp(folder->info.name, name) == 0 &&
            (parent_id ? parent && strcmp(parent, parent_id) == 0 : !parent))
            return folder;
    }
    return NULL;
}

apr_size_t memory_item_position(const memory_folder_t *folder, apr_uint64_t uid)
{
    apr_size_t low = 0, high = folder->item_count;

    while (low < high) {
        apr_size_t middle = low + (high - low) / 2;

        if (folder->items[middle].uid < uid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

apr_size_t memory_event_position(const memory_folder_t *folder, apr_uint64_t modseq)
{
    apr_size_t low = 0, high = folder->event_count;

    while (low < high) {
        apr_size_t middle = low + (high - low) / 2;

        if (folder->events[middle].modseq <= modseq)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

memory_item_t *memory_item_find(memory_folder_t *folder, apr_uint64_t uid)
{
    apr_size_t i = memory_item_position(folder, uid);

    if (i < folder->item_count && folder->items[i].uid == uid && folder->items[i].data)
        return &folder->items[i];
    return NULL;
}

memory_item_t *memory_item_by_name(memory_folder_t *folder, const char *derived_name)
{
    apr_uint64_t *uid = apr_hash_get(folder->derived, derived_name, APR_HASH_KEY_STRING);

    return uid ? memory_item_find(folder, *uid) : NULL;
}

/* Drops overtaken events once they are the greater part. */
static void memory_events_compact(memory_folder_t *folder)
{
    apr_size_t i, kept = 0;

    if (folder->event_count < 64 || folder->event_count < 2 * folder->item_count)
        return;
    for (i = 0; i < folder->event_count; i++) {
        memory_event_t event = folder->events[i];
        apr_size_t at = memory_item_position(folder, event.uid);

        if (folder->items[at].modseq == event.modseq)
            folder->events[kept++] = event;
    }
    folder->event_count = kept;
}

void memory_item_touch(memory_folder_t *folder, memory_item_t *item)
{
    item->modseq = ++folder->modseq;
    memory_events_compact(folder);
    folder->events = memory_grow(folder->events, folder->event_count, &folder->event_capacity,
                                 sizeof *folder->events);
    folder->events[folder->event_count].modseq = item->modseq;
    folder->events[folder->event_count++].uid = item->uid;
}

memory_item_t *memory_item_add(memory_folder_t *folder, char *data, apr_uint64_t size,
                               apr_uint64_t flags, apr_time_t date, const char *derived_name,
                               const backend_properties_t *properties)
{
    memory_item_t *item;

    folder->items = memory_grow(folder->items, folder->item_count, &folder->item_capacity,
                                sizeof *folder->items);
    item = &folder->items[folder->item_count++];
    memset(item, 0, sizeof *item);
    item->uid = folder->next_uid++;
    item->token =
        folder->info.class_ == BACKEND_CLASS_EMAIL ? flags : backend_content_token(data, size);
    item->date = item->conversation_date = date;
    item->size = size;
    item->data = data;
    item->properties = backend_properties_copy(properties, folder->pool);
    folder->live_count++;
    if (derived_name) {
        item->derived_name = apr_pstrdup(folder->pool, derived_name);
        apr_hash_set(folder->derived, item->derived_name, APR_HASH_KEY_STRING,
                     apr_pmemdup(folder->pool, &item->uid, sizeof item->uid));
    }
    memory_item_touch(folder, item);
    return item;
}

void memory_item_update(memory_folder_t *folder, memory_item_t *item,
                        const backend_update_t *update)
{
    backend_properties_t after;
    apr_uint64_t token = backend_properties_update(item->properties, item->token, update, &after);

    token = (token & ~update->mask) | (update->values & update->mask);
    if (folder->info.class_ != BACKEND_CLASS_EMAIL || token == item->token)
        return;
    if (BACKEND_PROPERTIES_OF(token ^ item->token))
        item->properties = backend_properties_copy(&after, folder->pool);
    item->token = token;
    memory_item_touch(folder, item);
}

void memory_item_replace(memory_folder_t *folder, memory_item_t *item, char *data,
                         apr_uint64_t size, apr_uint64_t flags, apr_time_t date)
{
    apr_uint64_t revision = BACKEND_REVISION_OF(item->token) + 1;

    item->token =
        folder->info.class_ == BACKEND_CLASS_EMAIL
            ? revision << BACKEND_REVISION_SHIFT | BACKEND_PROPERTIES_OF(item->token) | flags
            : backend_content_token(data, size);
    free(item->data);
    item->data = data;
    item->size = size;
    if (folder->info.class_ != BACKEND_CLASS_EMAIL)
        item->date = item->conversation_date = date;
    if (folder->named >= item->uid)
        folder->named = item->uid - 1;
    memory_item_touch(folder, item);
}

char *memory_item_expunge(memory_folder_t *folder, memory_item_t *item)
{
    char *data = item->data;

    item->data = NULL;
    folder->live_count--;
    memory_item_touch(folder, item);
    memory_item_leave(folder, item);
    return data;
}

apr_time_t memory_now(const memory_instance_t *instance)
{
    return instance->clock ? instance->clock : apr_time_now();
}
