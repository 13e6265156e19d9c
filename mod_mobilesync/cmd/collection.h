/* One step of one collection: what Sync does with a Collection element, without the WBXML
 * (MS-ASCMD 2.2.1.21). GetItemEstimate and Ping ask the same engine and step nothing.
 *
 * Render, commit, send:
 *
 *   fault = collection_prepare(&env, &request, &collection, pool);
 *   answer = collection_answer(collection);
 *   if (!answer->changed) leave the collection out of the response; commit all the same.
 *   out of bytes: collection_cut(collection, n).
 *   fault = collection_begin(collection);    -- so that a crash from here on is noticed
 *   for each command: render it, unless collection_convicted(collection, i);
 *       on failure collection_drop(collection, i, reason);
 *       out of time: collection_cut(collection, i) and stop.
 *   fault = collection_commit(collection);   -- one compare-and-set
 *   send answer->key, answer->results, the commands rendered, answer->more_available.
 *
 * answer->key is final after prepare; more_available is final after the last cut. Nothing of
 * the answer may leave before commit succeeded. When commit loses (CONFLICT: another request
 * of the device was faster) the caller throws the answer away and does the whole step once
 * more, in a fresh pool; when that loses too it answers Status 16. A request that lost against
 * its own repeat gets that one's answer then.
 *
 * A step that ends without commit, for whatever reason but a crash, is given up by
 * collection_abandon.
 *
 * The client's operations take effect during prepare, each exactly once, through the ledger:
 * a step that is given up afterwards loses nothing.
 *
 * Faults of prepare (before them no key has been stepped):
 *   STALE        the key is not one that can be presented (Status 3)
 *   FOLDER_GONE  (12)    INVALID  operations or options with key 0, a filter that the class
 *   does not have, a bad window (4)
 *   BUSY, CONFLICT  another request of the device is at it (16). After CONFLICT the step may
 *                be done again, after BUSY not: a request with operations that was overtaken by
 *                a different one would look like the later one
 *   UNAVAILABLE, TIMEOUT ... store or backend (5 or 503)
 * What is wrong with a single operation is its result, not a fault.
 *
 * Everything lives in the pool given to prepare; env and request must live as long. */
#ifndef CMD_COLLECTION_H
#define CMD_COLLECTION_H

#include <apr_pools.h>
#include <apr_time.h>

#include "backend/backend.h"
#include "base/fault.h"
#include "base/log.h"
#include "state/state.h"

#define COLLECTION_WINDOW_DEFAULT 100 /* MS-ASCMD 2.2.3.199: WindowSize absent */
#define COLLECTION_WINDOW_MAX 512     /* and for 0 or more than that */
#define COLLECTION_BLOB_MAX 65536     /* sticky Options and Supported */

typedef struct {
    state_store_t *store;
    backend_session_t *backend;
    const base_log_t *log;
    state_patience_t *patience; /* with operations that are being done for other requests */
    const char *node;           /* of this process; NULL: crashes are not looked for */
    /* how often the device received the answer next_key to key, and asked again all the same; NULL:
       nobody knows */
    int (*received)(void *baton, const char *folder_id, const char *key, const char *next_key);
    void *received_baton;
} collection_env_t;

enum { COLLECTION_CONVERSATIONS_STICKY = -1 };

/* Options (MS-ASCMD 2.2.3.125.6) stay until the next ones. The engine reads some of them; the
 * rest is the caller's and only kept. */
typedef struct {
    int filter;      /* FilterType 0-8, 0 when absent */
    int client_wins; /* Conflict 0; its default, 1, is "server wins" */
    /* ConversationMode; as part of a request it is not looked at: collection_request_t has it */
    int conversations;
    const void *blob;
    apr_size_t blob_length;
} collection_options_t;

typedef enum {
    COLLECTION_OP_CHANGE,
    COLLECTION_OP_DELETE,
    COLLECTION_OP_ADD,
    COLLECTION_OP_FETCH
} collection_op_kind_t;

/* What a CHANGE of mail does to its properties: that may depend on what they are. */
typedef struct collection_edit collection_edit_t;
struct collection_edit {
    apr_uint64_t fields; /* the parts of the token that stand for them */
    const char *digest;  /* names what is wanted, <= 64 characters */
    /* Says in *update what becomes of the entry's properties. INVALID: nothing can */
    base_fault_t *(*apply)(const collection_edit_t *edit, const backend_entry_t *entry,
                           backend_update_t *update, apr_pool_t *pool);
};

/* What an ADD or a CHANGE of an item that is no mail is merged into, while it takes effect. */
typedef struct {
    apr_uint64_t uid;               /* 0: it has none yet */
    const backend_blob_t *original; /* NULL: a new item is made */
    const char *key;                /* names the operation, whatever its content, in every attempt:
                                       [A-Za-z0-9_-]{1,64} */
    const void *supported;          /* of the folder's first Sync; NULL: there was none */
    apr_size_t supported_length;
    const collection_options_t *options; /* those in force */
} collection_merged_t;

typedef struct collection_merge collection_merge_t;
struct collection_merge {
    /* *blob is given->original itself when nothing changes; *tell: set to 1 when the device is to
     * get the item as it is then. INVALID, CONVERSION ...: it cannot be. What is in the pool is gone
     * with the operation. */
    base_fault_t *(*apply)(const collection_merge_t *merge, const collection_merged_t *given,
                           const backend_blob_t **blob, int *tell, apr_pool_t *pool);
    /* ADD: the UID that the client means (item_kind_t.identity): an item of the folder that has it is
     * what it adds. May be NULL. */
    base_fault_t *(*identify)(const collection_merge_t *merge, const char **uid, apr_pool_t *pool);
};

/* What follows from an ADD, CHANGE or DELETE of what is no mail, when it took effect: at least once,
 * also when the process ended between the effect and what follows, and the request is repeated. */
typedef struct collection_follow collection_follow_t;
struct collection_follow {
    /* Of one that is about to take effect (before NULL: it will be there; after NULL: it will be gone), or
     * has done so by an earlier attempt. *memo: what done() is to get as before; the ledger keeps it
     * until that is done. NULL: nothing is to follow, but for an ADD. What a repeat has in the place
     * of before is such a memo. */
    base_fault_t *(*plan)(collection_follow_t *follow, const backend_blob_t *before,
                          const backend_blob_t *after, const backend_blob_t **memo,
                          apr_pool_t *pool);
    /* Of what was planned last; before NULL: it was added; after NULL: it was removed. A fault
     * (UNAVAILABLE, BUSY): it is to be done again, and the operation counts as unfinished; what else
     * goes wrong is its own affair. */
    base_fault_t *(*done)(collection_follow_t *follow, const backend_blob_t *before,
                          const backend_blob_t *after, apr_pool_t *pool);
};

/* One child of Commands in the request. */
typedef struct {
    collection_op_kind_t kind;
    apr_uint64_t uid;         /* CHANGE, DELETE, FETCH: 0 when the ServerId was none of this folder
                             and generation: NOT_FOUND */
    apr_uint64_t mask;        /* CHANGE of mail: BACKEND_FLAG_* to set... */
    apr_uint64_t values;      /* ...to these */
    const char *trash_id;     /* DELETE: the folder to move to (DeletesAsMoves); NULL: remove */
    const char *client_id;    /* ADD */
    const backend_put_t *put; /* ADD; derived_name is set by the engine */
    const backend_blob_t
        *blob; /* ADD; CHANGE of mail: another content, NULL when only flags change */
    const char *content_digest;    /* with blob or merge: names the content, <= 64 characters */
    int tell;                      /* CHANGE with blob: the device gets the item as it is then */
    const collection_edit_t *edit; /* CHANGE of mail; NULL: its properties stay */
    /* ADD and CHANGE of what is no mail: in the place of put, blob, mask and edit. Also what deletes
     * a part of an item is a CHANGE */
    const collection_merge_t *merge;
    collection_follow_t *follow; /* NULL: nothing */
    int again;             /* CHANGE with blob: an earlier form of it wrote what is there... */
    apr_uint64_t revision; /* ...which is of this revision */
} collection_op_t;

typedef struct {
    const char *account;
    const char *device;
    const char *folder_id;
    backend_class_t class_;
    apr_uint32_t generation; /* of the folder now, 0 = not known: the cursor tells */
    unsigned protocol;       /* 121, 140, 141, 160, 161: another one than before is STALE */

    const char *key;            /* SyncKey as sent */
    const char *request_digest; /* names everything of this Collection (and of the request's common
                                   elements) that decides the answer, key excepted or included;
                                   <= 64 characters. An identical repeat has the same. */
    const collection_op_t *ops;
    int op_count;
    int get_changes;                     /* GetChanges, its default worked out by the caller */
    int window;                          /* 1-512 */
    const collection_options_t *options; /* NULL: the request had none, the sticky ones hold */
    int conversations;     /* ConversationMode: 0, 1, or COLLECTION_CONVERSATIONS_STICKY */
    const void *supported; /* Supported, with key 0 only, not empty; NULL: none */
    apr_size_t supported_length;

    apr_time_t now;
    const char *series; /* for key 0: 16 random characters of [0-9a-f] */
} collection_request_t;

typedef enum {
    COLLECTION_ADD,
    COLLECTION_CHANGE,
    COLLECTION_DELETE,
    COLLECTION_SOFT_DELETE
} collection_command_kind_t;

/* One child of Commands in the response. */
typedef struct {
    collection_command_kind_t kind;
    apr_uint64_t uid;
    backend_entry_t entry; /* ADD, CHANGE: as the backend has it. A CHANGE of mail is one of flags
                              and properties, unless its content was ever replaced
                              (BACKEND_REVISION_OF) */
    apr_uint64_t changed;  /* CHANGE of mail: bits of the token that differ from what the device
                              holds; all when that is not known */
} collection_command_t;

/* What became of an operation, in the order of the request's. */
typedef struct {
    base_fault_code_t code; /* NONE: done. NOT_FOUND (8), CONFLICT: the server's version won (7),
                               DENIED, QUOTA (9), INVALID (6), UNSUPPORTED ... */
    apr_uint64_t uid;       /* ADD: of the new item; others: as asked */
    int repeated;           /* 1: it had been done before, this is what was recorded */
} collection_result_t;

typedef struct {
    const char *key; /* to answer with */
    int changed;     /* 0: the same key, nothing to tell: leave the collection out */
    int first;       /* 1: the answer to key 0 */
    int replayed;    /* 1: an answer that had been given before */
    int more_available;
    const collection_command_t *commands; /* index = that of drop and cut */
    int command_count;                    /* as prepared; cut does not change it */
    int quarantined;                      /* left out already, because the device cannot take it */
    const collection_result_t *results;
    int result_count;
    collection_options_t options; /* those in force */
    /* mail from before is given for the sake of its conversation only: without its body (MS-ASCMD
     * R2108) */
    apr_time_t bodies_since;
    const void *supported;
    apr_size_t supported_length;
} collection_answer_t;

typedef struct collection collection_t;

base_fault_t *collection_prepare(const collection_env_t *env, const collection_request_t *request,
                                 collection_t **collection, apr_pool_t *pool);

const collection_answer_t *collection_answer(const collection_t *collection);

/* Notes that the commands left will be rendered now, when there is anything among them that can
 * fail. */
base_fault_t *collection_begin(collection_t *collection);

/* NULL, or why the item is not to be rendered: that ended processes. Drop it with this reason. */
const char *collection_convicted(const collection_t *collection, int index);

/* The command is not in the response: it is not recorded as given. (In a replay it stays
 * recorded, because the first answer may have arrived.) why NULL: it vanished meanwhile; else it
 * cannot be rendered, is quarantined for this reason, and not offered again until it changes or an
 * administrator wants it to be tried. */
void collection_drop(collection_t *collection, int index, const char *why);

/* Only the first n commands are in the response; sets more_available. A cut of a replay is
 * allowed too. */
void collection_cut(collection_t *collection, int n);

/* Writes what must be written, which for an unchanged collection is nothing. */
base_fault_t *collection_commit(collection_t *collection);

/* Nothing of it will be rendered any more: the crash that collection_begin expects did not happen.
 * For a step that will not be committed, or whose commit waits for other collections. */
void collection_abandon(collection_t *collection);

/* For what is done in the place of an operation, before prepare: that must not happen with a key
 * that cannot be presented (STALE), nor instead of a change of content that is in conflict
 * (CONFLICT). Of the request ops has the one operation, a CHANGE with a uid and any blob, or an ADD
 * with a ClientId; not looked at are get_changes, window and series. *earlier: what an earlier
 * attempt of the ADD made, 0: nothing that is known of. */
base_fault_t *collection_op_check(const collection_env_t *env, const collection_request_t *request,
                                  apr_uint64_t *earlier, apr_pool_t *pool);

/* -- reading only --------------------------------------------------------------- */

/* GetItemEstimate: how many commands Syncs with this key would bring. Of the request only
 * account, device, folder_id, class_, generation, protocol (0 = not compared), key, options
 * and now are looked at. Exact, unless more than 20,000 entries had to be compared one by
 * one. Faults: NOT_FOUND: the folder was never synced, or the key is 0 (Status 3); STALE (4);
 * FOLDER_GONE (2). */
base_fault_t *collection_estimate(const collection_env_t *env, const collection_request_t *request,
                                  apr_uint64_t *estimate, apr_pool_t *pool);

typedef enum {
    COLLECTION_WATCH_NOTHING,
    COLLECTION_WATCH_CHANGED, /* flags changed, items went: may be coalesced */
    COLLECTION_WATCH_ADDED,   /* something to add, or an answer was left unfinished */
    COLLECTION_WATCH_UNSYNCED /* no state: the folder was never synced */
} collection_watch_t;

typedef struct {
    collection_watch_t what;
    const char *cursor; /* the backend's, at the time of looking; "" for UNSYNCED */
    /* Names state and cursor, never "": as long as it is the same nothing new has happened and
     * no Sync has been answered. */
    const char *version;
} collection_watch_answer_t;

/* Ping: would the next Sync with the last key returned bring something? The passing of
 * midnight does not count. Of the request only account, device, folder_id, class_ and
 * generation are looked at, and now when a changed filter has still to be applied. STALE when the state is
 * of another generation; FOLDER_GONE. */
base_fault_t *collection_watch_check(const collection_env_t *env,
                                     const collection_request_t *request,
                                     collection_watch_answer_t *answer, apr_pool_t *pool);

/* The sticky options of a folder, for callers that must know them before prepare (the
 * default of Conflict, an empty Sync). NOT_FOUND when there is no state. */
base_fault_t *collection_options_read(const collection_env_t *env, const char *account,
                                      const char *device, const char *folder_id,
                                      collection_options_t *options, apr_pool_t *pool);

#endif
