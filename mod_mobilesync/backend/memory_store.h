/* The memory driver's data: accounts, folders, items and their history. Everything here is
 * called with the instance's lock held. */
#ifndef BACKEND_MEMORY_STORE_H
#define BACKEND_MEMORY_STORE_H

#include <apr_hash.h>
#include <apr_thread_mutex.h>

#include "backend/backend.h"
#include "backend/search_index.h"
#include "backend/watchers.h"

typedef struct {
    apr_uint64_t uid;
    apr_uint64_t token;  /* other classes than mail: hash of the content */
    apr_uint64_t modseq; /* of its latest change */
    apr_time_t date;
    apr_uint64_t size;
    char *data; /* malloc; NULL: a tombstone */
    const char *derived_name;
    const backend_properties_t *properties; /* NULL: none; in the folder's pool */
    char *conversation;                     /* malloc; NULL: none that is known */
    apr_time_t conversation_date;           /* as in backend_entry_t */
} memory_item_t;

/* The history is a journal ordered by modseq; an entry whose modseq is not its item's any
 * more was overtaken by a later one. */
typedef struct {
    apr_uint64_t modseq;
    apr_uint64_t uid;
} memory_event_t;

typedef struct {
    backend_folder_t info;
    int deleted;
    apr_uint64_t next_uid;
    apr_uint64_t modseq;    /* of the latest change */
    apr_uint64_t forgotten; /* cursors before this modseq are too old */
    memory_item_t *items;   /* malloc; ascending uid */
    apr_size_t item_count, item_capacity;
    memory_event_t *events; /* malloc; ascending modseq */
    apr_size_t event_count, event_capacity;
    apr_size_t live_count;
    apr_uint64_t named;  /* the conversations of uids up to this were read... */
    const char *naming;  /* ...by this version of reading */
    apr_hash_t *derived; /* derived name -> memory_item_t.uid (apr_uint64_t *) */
    apr_pool_t *pool;
} memory_folder_t;

typedef struct {
    const char *name;
    apr_array_header_t *folders; /* memory_folder_t *; deleted ones stay, ids are not reused */
    apr_hash_t *settings;        /* name -> text */
    search_index_t *words;       /* NULL until somebody searches */
} memory_account_t;

typedef struct {
    const char *domain;
    apr_array_header_t *logins; /* const char *: NAME:PASSWORD */
    int messages;
} memory_config_t;

typedef struct {
    const memory_config_t *config;
    const backend_describer_t *describer; /* NULL: mail only */
    apr_thread_mutex_t *lock;
    apr_thread_mutex_t *search_lock; /* held while an account's words are used; taken before lock */
    backend_watchers_t *watchers;    /* not notified with the lock held */
    apr_hash_t *accounts;
    apr_time_t clock; /* 0: the real one */
    apr_pool_t *pool;
} memory_instance_t;

typedef struct {
    memory_instance_t *instance;
    memory_account_t *account;
} memory_session_t;

memory_account_t *memory_account_get(memory_instance_t *instance, const char *name);
/* NULL when there is no such folder (any more). */
memory_folder_t *memory_folder_find(memory_account_t *account, const char *id);
memory_folder_t *memory_folder_by_name(memory_account_t *account, const char *parent_id,
                                       const char *name);
memory_folder_t *memory_folder_add(memory_instance_t *instance, memory_account_t *account,
                                   const char *parent_id, const char *name, backend_class_t class_,
                                   backend_role_t role);
/* Frees the items; the folder stays as deleted. */
void memory_folder_clear(memory_folder_t *folder);

/* The live item, NULL when there is none. */
memory_item_t *memory_item_find(memory_folder_t *folder, apr_uint64_t uid);
memory_item_t *memory_item_by_name(memory_folder_t *folder, const char *derived_name);
/* Takes the ownership of data (malloc). */
memory_item_t *memory_item_add(memory_folder_t *folder, char *data, apr_uint64_t size,
                               apr_uint64_t flags, apr_time_t date, const char *derived_name,
                               const backend_properties_t *properties);
void memory_item_update(memory_folder_t *folder, memory_item_t *item,
                        const backend_update_t *update);
/* Takes the ownership of data (malloc). date: of other classes than mail, which keeps its own. */
void memory_item_replace(memory_folder_t *folder, memory_item_t *item, char *data,
                         apr_uint64_t size, apr_uint64_t flags, apr_time_t date);
/* Returns the data, which the caller owns then. */
char *memory_item_expunge(memory_folder_t *folder, memory_item_t *item);

/* Something that devices are told has changed. */
void memory_item_touch(memory_folder_t *folder, memory_item_t *item);
/* The item has left its conversation, or gone with it. */
void memory_item_leave(memory_folder_t *folder, memory_item_t *item);

/* Index of the first item with uid >= the given one. */
apr_size_t memory_item_position(const memory_folder_t *folder, apr_uint64_t uid);
/* Index of the first event with modseq > the given one. */
apr_size_t memory_event_position(const memory_folder_t *folder, apr_uint64_t modseq);

apr_time_t memory_now(const memory_instance_t *instance);

base_fault_t *memory_gone(apr_pool_t *pool);

/* What is about a folder's items begins with this and ends with memory_leave: the lock is held
 * between them, also when there is no such folder. */
base_fault_t *memory_enter(memory_session_t *session, const char *folder_id,
                           memory_folder_t **folder, apr_pool_t *pool);
/* Unlocks, and tells the watchers when the folder's modseq is not the one before. */
void memory_leave(memory_session_t *session, const memory_folder_t *folder, apr_uint64_t before);

/* Entries of the vtable that are not in memory.c; these take the lock. */
base_fault_t *memory_probe(void *data, const char *folder_id, const char **cursor,
                           apr_pool_t *pool);
base_fault_t *memory_changes(void *data, const char *folder_id, const char *cursor, int limit,
                             backend_changes_t **changes, apr_pool_t *pool);
base_fault_t *memory_enumerate(void *data, const char *folder_id, const backend_range_t *range,
                               int limit, backend_page_t **page, apr_pool_t *pool);
base_fault_t *memory_count(void *data, const char *folder_id, const backend_range_t *range,
                           apr_uint64_t *count, apr_pool_t *pool);
base_fault_t *memory_conversations(void *data, const char *folder_id, backend_name_fn read,
                                   const char *version, apr_time_t deadline, int *left,
                                   apr_pool_t *pool);
base_fault_t *memory_find(void *data, const char *folder_id, const char *identity,
                          backend_entry_t *entry, apr_pool_t *pool);
base_fault_t *memory_entry(void *data, const char *folder_id, apr_uint64_t uid,
                           backend_entry_t *entry, apr_pool_t *pool);
base_fault_t *memory_fetch(void *data, const char *folder_id, apr_uint64_t uid,
                           backend_blob_t **blob, apr_pool_t *pool);
base_fault_t *memory_put(void *data, const char *folder_id, const backend_put_t *put,
                         const backend_blob_t *blob, backend_entry_t *entry, int *existed,
                         apr_pool_t *pool);
base_fault_t *memory_replace(void *data, const char *folder_id, apr_uint64_t uid,
                             apr_uint64_t if_match, apr_uint64_t flags, const backend_blob_t *blob,
                             backend_entry_t *entry, apr_pool_t *pool);
base_fault_t *memory_update(void *data, const char *folder_id, apr_uint64_t uid,
                            const backend_update_t *update, backend_entry_t *entry,
                            apr_pool_t *pool);
base_fault_t *memory_move(void *data, const char *folder_id, apr_uint64_t uid,
                          const char *to_folder_id, const char *derived_name,
                          backend_entry_t *entry, apr_pool_t *pool);
base_fault_t *memory_remove(void *data, const char *folder_id, apr_uint64_t uid, apr_pool_t *pool);
base_fault_t *memory_search(void *data, const backend_search_t *search, backend_found_t **found,
                            apr_pool_t *pool);
base_fault_t *memory_watch(void *data, const char *account, const apr_array_header_t *folder_ids,
                           backend_changed_fn changed, void *baton, void **watch, apr_pool_t *pool);
void memory_unwatch(void *data, void *watch);

#endif
