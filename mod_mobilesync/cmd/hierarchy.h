/* The steps of FolderSync, FolderCreate, FolderUpdate and FolderDelete over the folder hierarchy
 * (MS-ASCMD 2.2.1.3 to 2.2.1.6): the same flow and key rules as collection.h. Folder ids are the
 * backend's and the same for every device. */
#ifndef CMD_HIERARCHY_H
#define CMD_HIERARCHY_H

#include "cmd/collection.h"

typedef enum { HIERARCHY_ADD, HIERARCHY_UPDATE, HIERARCHY_DELETE } hierarchy_command_kind_t;

typedef struct {
    hierarchy_command_kind_t kind;
    const char *id;
    const char *parent_id; /* "0" for a top-level folder */
    const char *name;      /* NULL for DELETE, as parent_id */
    int type;              /* MS-ASCMD 2.2.3.186.3; 0 for DELETE */
} hierarchy_command_t;

typedef struct {
    const char *account;
    const char *device;
    unsigned protocol; /* another one than before is STALE */
    const char *key;
    const char *series; /* for key 0: 16 random characters of [0-9a-f] */
    const char *digest; /* tells requests with the same key apart; NULL: FolderSync */
} hierarchy_request_t;

typedef struct {
    const char *key; /* to answer with; the one presented when nothing changed */
    int first;       /* 1: the answer to key 0 */
    const hierarchy_command_t *commands; /* a parent before its children */
    int command_count;
} hierarchy_answer_t;

typedef struct hierarchy hierarchy_t;

/* Faults: STALE (FolderSync 9), UNAVAILABLE ... */
base_fault_t *hierarchy_prepare(const collection_env_t *env, const hierarchy_request_t *request,
                                hierarchy_t **hierarchy, apr_pool_t *pool);
const hierarchy_answer_t *hierarchy_answer(const hierarchy_t *hierarchy);
/* CONFLICT: do the whole step again. */
base_fault_t *hierarchy_commit(hierarchy_t *hierarchy);

/* A change that the device makes itself is begun, made in the mailbox, applied, rendered,
 * committed. When the answer was given before and lost, hierarchy_answer has its key and what it
 * changed right after hierarchy_change_begin, and there is nothing left to be done; else key is
 * NULL there. STALE also for key 0. */
base_fault_t *hierarchy_change_begin(const collection_env_t *env,
                                     const hierarchy_request_t *request, hierarchy_t **hierarchy,
                                     apr_pool_t *pool);
/* Does who presents the key have a folder of that id? */
int hierarchy_change_given(const hierarchy_t *hierarchy, const char *id);
/* What the device did: under the next key it holds exactly this besides what it had, so that
 * FolderSync with that key brings everything else. DELETE takes the folders below with it; the
 * type of an UPDATE is not looked at. */
base_fault_t *hierarchy_change_apply(hierarchy_t *hierarchy, const hierarchy_command_t *command);

/* The EAS type of a folder: 2-5 for Inbox, Drafts, Deleted and Sent, 12 for other mail folders
 * (Junk and Archive among them), 7-11 for default folders, 13-17 for others. */
int hierarchy_folder_type(const backend_folder_t *folder);

/* Would FolderSync with the last key returned bring something? Also when the device has no
 * hierarchy, which FolderSync has to tell it. */
base_fault_t *hierarchy_watch_check(const collection_env_t *env, const char *account,
                                    const char *device, int *changed, apr_pool_t *pool);

#endif
