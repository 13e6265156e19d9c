/* The memory driver: a mailbox server in the heap, complete for all classes. For tests, and as
 * "MobileSyncBackend memory" in httpd for trying things out: each child process then has its
 * own mailboxes, which end with it, so run one child (ServerLimit 1, MaxConnectionsPerChild 0).
 *
 * Arguments: account=NAME:PASSWORD (repeatable; only these pass check_password, but any account
 * can be opened and is made when first opened), domain=DOMAIN (of addresses; default
 * "localhost"), messages=N (a new account's INBOX starts with N generated messages).
 *
 * A new account has the folders INBOX, Drafts, Sent, Trash, Junk and Archive, and where
 * it is started with a describer Calendar, Contacts, Tasks and Notes.
 *
 * The functions below change a mailbox as another program would. They take a backend that was
 * started as "memory", or as "fail" around it, and may be called from any thread. Accounts are
 * made when first named; folders must exist (they abort otherwise: a broken test). */
#ifndef BACKEND_MEMORY_H
#define BACKEND_MEMORY_H

#include "backend/backend.h"

/* The account's first folder of that role; NULL when there is none. Valid with the backend. */
const char *backend_memory_folder(backend_t *backend, const char *account, backend_role_t role);

/* date 0 = the clock. Returns the uid. */
apr_uint64_t backend_memory_deliver(backend_t *backend, const char *account, const char *folder_id,
                                    const char *message, apr_uint64_t flags, apr_time_t date);

/* 1 when there was such an item. */
int backend_memory_flag(backend_t *backend, const char *account, const char *folder_id,
                        apr_uint64_t uid, apr_uint64_t mask, apr_uint64_t values);
int backend_memory_expunge(backend_t *backend, const char *account, const char *folder_id,
                           apr_uint64_t uid);

/* A new generation: every item gets a new uid, from 1 in the old order. */
void backend_memory_renew(backend_t *backend, const char *account, const char *folder_id);

/* Forgets tombstones: cursors older than now are EXPIRED. */
void backend_memory_forget(backend_t *backend, const char *account, const char *folder_id);

/* Stops the clock at that time; 0 lets it run. */
void backend_memory_clock(backend_t *backend, apr_time_t now);

#endif
