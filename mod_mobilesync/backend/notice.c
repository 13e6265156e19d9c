#include "backend/notice.h"

#include <string.h>
#include <apr_hash.h>
#include <apr_strings.h>

#include "backend/drivers.h"

#define NOTICE_UID 1

static apr_uint32_t notice_generation(const backend_notice_t *notice)
{
    apr_ssize_t length = APR_HASH_KEY_STRING;

    return apr_hashfunc_default(notice->message, &length) | 1;
}

static void notice_entry_of(const backend_notice_t *notice, backend_entry_t *entry)
{
    *entry = (backend_entry_t){.uid = NOTICE_UID,
                               .date = notice->date,
                               .conversation_date = notice->date,
                               .size = strlen(notice->message)};
}

static base_fault_t *notice_check(const char *folder_id, apr_pool_t *pool)
{
    return strcmp(folder_id, BACKEND_NOTICE_FOLDER) == 0
               ? NULL
               : base_fault_make(pool, BASE_FAULT_FOLDER_GONE, "there is no such folder");
}

static base_fault_t *notice_identity(void *notice, backend_identity_t **identity, apr_pool_t *pool)
{
    *identity = apr_pcalloc(pool, sizeof **identity);
    (*identity)->address = ((const backend_notice_t *)notice)->address;
    (*identity)->display_name = "";
    (*identity)->aliases = apr_array_make(pool, 1, sizeof(const char *));
    return NULL;
}

static base_fault_t *notice_setting_get(void *notice, const char *name, const char **text,
                                        apr_pool_t *pool)
{
    (void)notice;
    (void)name;
    (void)pool;
    *text = NULL;
    return NULL;
}

static base_fault_t *notice_setting_set(void *notice, const char *name, const char *text,
                                        apr_pool_t *pool)
{
    (void)notice;
    (void)name;
    (void)text;
    return base_fault_make(pool, BASE_FAULT_BLOCKED, "the device is kept from the mailbox");
}

static base_fault_t *notice_folder_list(void *notice, apr_array_header_t **folders,
                                        apr_pool_t *pool)
{
    *folders = apr_array_make(pool, 1, sizeof(backend_folder_t));
    APR_ARRAY_PUSH(*folders, backend_folder_t) =
        (backend_folder_t){.id = BACKEND_NOTICE_FOLDER,
                           .name = "Inbox",
                           .class_ = BACKEND_CLASS_EMAIL,
                           .role = BACKEND_ROLE_INBOX,
                           .generation = notice_generation(notice)};
    return NULL;
}

static base_fault_t *notice_probe(void *notice, const char *folder_id, const char **cursor,
                                  apr_pool_t *pool)
{
    BASE_TRY(notice_check(folder_id, pool));
    *cursor = apr_psprintf(pool, "notice.%u", notice_generation(notice));
    return NULL;
}

static base_fault_t *notice_changes(void *notice, const char *folder_id, const char *cursor,
                                    int limit, backend_changes_t **changes, apr_pool_t *pool)
{
    const char *now;

    (void)limit;
    BASE_TRY(notice_probe(notice, folder_id, &now, pool));
    if (strcmp(now, cursor) != 0)
        return base_fault_make(pool, BASE_FAULT_STALE, "cursor of another notice");
    *changes = apr_pcalloc(pool, sizeof **changes);
    (*changes)->cursor = now;
    return NULL;
}

/* Whatever the filter: it is new for whoever has to read it. Only what a range ends before is old
 * mail. */
static int notice_is_within(const backend_range_t *range)
{
    return range->before == APR_INT64_MAX && (!range->below || range->below > NOTICE_UID);
}

static base_fault_t *notice_enumerate(void *notice, const char *folder_id,
                                      const backend_range_t *range, int limit,
                                      backend_page_t **page, apr_pool_t *pool)
{
    backend_entry_t *entry = apr_palloc(pool, sizeof *entry);

    BASE_TRY(notice_check(folder_id, pool));
    notice_entry_of(notice, entry);
    *page = apr_pcalloc(pool, sizeof **page);
    (*page)->entries = entry;
    (*page)->count = limit > 0 && notice_is_within(range);
    return NULL;
}

static base_fault_t *notice_count(void *notice, const char *folder_id, const backend_range_t *range,
                                  apr_uint64_t *count, apr_pool_t *pool)
{
    (void)notice;
    BASE_TRY(notice_check(folder_id, pool));
    *count = (apr_uint64_t)notice_is_within(range);
    return NULL;
}

/* It stands alone. */
static base_fault_t *notice_conversations(void *notice, const char *folder_id, backend_name_fn read,
                                          const char *version, apr_time_t deadline, int *left,
                                          apr_pool_t *pool)
{
    (void)notice;
    (void)read;
    (void)version;
    (void)deadline;
    *left = 0;
    return notice_check(folder_id, pool);
}

static base_fault_t *notice_entry(void *notice, const char *folder_id, apr_uint64_t uid,
                                  backend_entry_t *entry, apr_pool_t *pool)
{
    BASE_TRY(notice_check(folder_id, pool));
    if (uid != NOTICE_UID)
        return base_fault_make(pool, BASE_FAULT_NOT_FOUND, "there is no such item");
    notice_entry_of(notice, entry);
    return NULL;
}

static base_fault_t *notice_fetch(void *notice, const char *folder_id, apr_uint64_t uid,
                                  backend_blob_t **blob, apr_pool_t *pool)
{
    backend_entry_t entry;

    BASE_TRY(notice_entry(notice, folder_id, uid, &entry, pool));
    *blob = apr_pcalloc(pool, sizeof **blob);
    (*blob)->data = ((const backend_notice_t *)notice)->message;
    (*blob)->size = entry.size;
    return NULL;
}

static base_fault_t *notice_update(void *notice, const char *folder_id, apr_uint64_t uid,
                                   const backend_update_t *update, backend_entry_t *entry,
                                   apr_pool_t *pool)
{
    (void)update;
    return notice_entry(notice, folder_id, uid, entry, pool);
}

static base_fault_t *notice_remove(void *notice, const char *folder_id, apr_uint64_t uid,
                                   apr_pool_t *pool)
{
    backend_entry_t entry;

    return notice_entry(notice, folder_id, uid, &entry, pool);
}

static const backend_driver_t notice_driver = {
    .name = "notice",
    .identity = notice_identity,
    .setting_get = notice_setting_get,
    .setting_set = notice_setting_set,
    .folder_list = notice_folder_list,
    .probe = notice_probe,
    .changes = notice_changes,
    .enumerate = notice_enumerate,
    .count = notice_count,
    .conversations = notice_conversations,
    .entry = notice_entry,
    .fetch = notice_fetch,
    .update = notice_update,
    .remove = notice_remove,
};

base_fault_t *backend_notice_open(const backend_notice_t *notice, const char *account,
                                  backend_session_t **session, apr_pool_t *pool)
{
    *session = backend_session_make(&notice_driver, account,
                                    apr_pmemdup(pool, notice, sizeof *notice), pool);
    return NULL;
}
