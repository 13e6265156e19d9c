/* Part of backend.h: one function for each entry of the vtable. */
#ifndef BACKEND_BACKEND_H
#error "include backend/backend.h"
#endif

/* The driver of that name ("local", "memory", "fail"), NULL when there is none. */
const backend_driver_t *backend_driver_find(const char *name);

/* Checks the arguments only: for start-up, opens nothing. */
base_fault_t *backend_configure(const char *driver, const apr_array_header_t *arguments,
                                apr_pool_t *pool);
/* In a child: instance threads and handles end with the pool. describer NULL: mail only. */
base_fault_t *backend_start(const char *driver, const apr_array_header_t *arguments,
                            const base_log_t *log, const backend_describer_t *describer,
                            backend_t **backend, apr_pool_t *pool);

base_fault_t *backend_check_password(backend_t *backend, const char *account, const char *password,
                                     apr_pool_t *pool);
base_fault_t *backend_resolve(backend_t *backend, const char *address, const char **account,
                              apr_pool_t *pool);
base_fault_t *backend_accounts(backend_t *backend, apr_array_header_t **accounts, apr_pool_t *pool);
base_fault_t *backend_session_open(backend_t *backend, const char *account,
                                   backend_session_t **session, apr_pool_t *pool);

base_fault_t *backend_identity(backend_session_t *session, backend_identity_t **identity,
                               apr_pool_t *pool);
/* All by which the account is known (const char *), the one that it sends from first. */
apr_array_header_t *backend_identity_addresses(const backend_identity_t *identity,
                                               apr_pool_t *pool);
base_fault_t *backend_setting_get(backend_session_t *session, const char *name, const char **text,
                                  apr_pool_t *pool);
base_fault_t *backend_setting_set(backend_session_t *session, const char *name, const char *text,
                                  apr_pool_t *pool);
base_fault_t *backend_folder_list(backend_session_t *session, apr_array_header_t **folders,
                                  apr_pool_t *pool);
base_fault_t *backend_folder_create(backend_session_t *session, const char *parent_id,
                                    const char *name, backend_class_t class_, const char **id,
                                    apr_pool_t *pool);
base_fault_t *backend_folder_rename(backend_session_t *session, const char *id,
                                    const char *parent_id, const char *name, apr_pool_t *pool);
base_fault_t *backend_folder_delete(backend_session_t *session, const char *id, apr_pool_t *pool);
base_fault_t *backend_folder_probe(backend_session_t *session, const char *folder_id,
                                   const char **cursor, apr_pool_t *pool);
base_fault_t *backend_folder_changes(backend_session_t *session, const char *folder_id,
                                     const char *cursor, int limit, backend_changes_t **changes,
                                     apr_pool_t *pool);
base_fault_t *backend_folder_enumerate(backend_session_t *session, const char *folder_id,
                                       const backend_range_t *range, int limit,
                                       backend_page_t **page, apr_pool_t *pool);
base_fault_t *backend_folder_count(backend_session_t *session, const char *folder_id,
                                   const backend_range_t *range, apr_uint64_t *count,
                                   apr_pool_t *pool);
base_fault_t *backend_folder_conversations(backend_session_t *session, const char *folder_id,
                                           backend_name_fn read, const char *version,
                                           apr_time_t deadline, int *left, apr_pool_t *pool);
base_fault_t *backend_item_entry(backend_session_t *session, const char *folder_id,
                                 apr_uint64_t uid, backend_entry_t *entry, apr_pool_t *pool);
base_fault_t *backend_item_find(backend_session_t *session, const char *folder_id,
                                const char *identity, backend_entry_t *entry, apr_pool_t *pool);
base_fault_t *backend_item_fetch(backend_session_t *session, const char *folder_id,
                                 apr_uint64_t uid, backend_blob_t **blob, apr_pool_t *pool);
base_fault_t *backend_item_put(backend_session_t *session, const char *folder_id,
                               const backend_put_t *put, const backend_blob_t *blob,
                               backend_entry_t *entry, int *existed, apr_pool_t *pool);
base_fault_t *backend_item_replace(backend_session_t *session, const char *folder_id,
                                   apr_uint64_t uid, apr_uint64_t if_match, apr_uint64_t flags,
                                   const backend_blob_t *blob, backend_entry_t *entry,
                                   apr_pool_t *pool);
base_fault_t *backend_item_update(backend_session_t *session, const char *folder_id,
                                  apr_uint64_t uid, const backend_update_t *update,
                                  backend_entry_t *entry, apr_pool_t *pool);
/* An update of flags only. */
base_fault_t *backend_item_set_flags(backend_session_t *session, const char *folder_id,
                                     apr_uint64_t uid, apr_uint64_t mask, apr_uint64_t values,
                                     backend_entry_t *entry, apr_pool_t *pool);
base_fault_t *backend_item_move(backend_session_t *session, const char *folder_id, apr_uint64_t uid,
                                const char *to_folder_id, const char *derived_name,
                                backend_entry_t *entry, apr_pool_t *pool);
base_fault_t *backend_item_remove(backend_session_t *session, const char *folder_id,
                                  apr_uint64_t uid, apr_pool_t *pool);
base_fault_t *backend_search(backend_session_t *session, const backend_search_t *search,
                             backend_found_t **found, apr_pool_t *pool);
base_fault_t *backend_watch_start(backend_t *backend, const char *account,
                                  const apr_array_header_t *folder_ids, backend_changed_fn changed,
                                  void *baton, backend_watch_t **watch, apr_pool_t *pool);
void backend_watch_stop(backend_watch_t *watch);
