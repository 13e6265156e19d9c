/* The inside of a collection's step, shared by collection*.c. */
#ifndef CMD_COLLECTION_IMPL_H
#define CMD_COLLECTION_IMPL_H

#include <apr_hash.h>

#include "cmd/collection.h"
#include "sync/folder_state.h"
#include "sync/held.h"
#include "sync/key.h"
#include "sync/ledger.h"
#include "sync/quarantine.h"
#include "sync/trial.h"
#include "sync/window.h"

#define COLLECTION_TRIES 2 /* when another request of the device steps the folder meanwhile */
#define COLLECTION_BATCH_MIN 64
#define COLLECTION_BATCH_MAX 512
#define COLLECTION_EXAMINE_MAX 20000 /* entries compared in one step */
#define COLLECTION_NAMING_TIME \
    apr_time_from_sec(3) /* to read mails whose conversation is not known */

struct collection {
    const collection_env_t *env;
    const collection_request_t *request;
    apr_pool_t *pool;
    apr_pool_t *op_pool; /* what one operation opens and reads: cleared by the next one */

    /* the state as read */
    state_key_t key;
    apr_uint64_t version;       /* 0: no record */
    sync_folder_state_t *state; /* NULL: none, or damaged */
    unsigned next;              /* of state's keys, as read: a commit counts it up */
    sync_key_verdict_t verdict;
    int presented;          /* index of the answer whose key it is, -1: the base's */
    sync_held_t *held;      /* the base's set; after collection_held_load what who presents
                                  that key holds */
    sync_delta_t *delta;    /* of the answer presented, once loaded */
    sync_position_t before; /* the position as recorded for the key presented */
    const char *probe;      /* the backend's cursor, NULL: not asked */
    sync_date_kind_t dates; /* that the filter in force looks at */
    int named;              /* the conversations of mails were asked for... */
    int unnamed;            /* ...and there are mails whose conversation nobody knows yet */
    sync_quarantine_t *quarantine;
    sync_trial_t *trial;
    int tried; /* there is a trial in the record */
    sync_attempt_t attempt;
    int begun; /* attempt is noted */

    /* the step */
    const char *scope;
    sync_window_t *window;
    apr_hash_t *entries;            /* uid -> backend_entry_t: of the commands; NULL: not wanted */
    int examine;                    /* entries that may still be compared */
    apr_hash_t *occurrences;        /* kind and id of an operation -> int: how many so far */
    sync_ledger_result_t *recorded; /* of each operation */
    apr_hash_t *written; /* uid -> sync_ledger_result_t: what earlier Changes of it wrote */
    sync_delta_t *replay;
    int *replay_index; /* command -> entry of the replayed delta */
    char *replay_dropped;
    int replay_kept;
    apr_uint64_t replay_convicted; /* what the device cannot take, when answer.quarantined */

    /* what to write */
    sync_folder_state_t *fresh; /* a new series; fields of the old state are deleted */
    const char **fresh_deletes;
    int fresh_delete_count;
    int stepped; /* a new answer with a new key */
    int moved;   /* the position has changed */

    collection_answer_t answer;
};

/* -- collection_state.c -- */

/* Reads the state. A damaged one is logged and as good as none. */
base_fault_t *collection_state_load(collection_t *collection);
/* Which key is it? Sets verdict, presented and before. */
base_fault_t *collection_state_judge(collection_t *collection, const char *digest);
/* The position to begin with, refiltered as the request and the clock want it. */
base_fault_t *collection_state_start(collection_t *collection, sync_position_t *start);
/* Loads the chunks that are wanted, and with the first call the delta of the answer presented. */
base_fault_t *collection_held_load(collection_t *collection);
/* The same for all chunks. */
base_fault_t *collection_held_load_all(collection_t *collection);
base_fault_t *collection_delta_load(collection_t *collection, int answer, sync_delta_t **delta);
/* What the options in force are: the request's or the sticky ones. */
void collection_options_in_force(const collection_t *collection, collection_options_t *options);
void collection_options_keep(sync_position_t *position, const collection_options_t *options);
/* The filter that the class has for a FilterType. */
int collection_filter(const collection_t *collection, int filter);
/* INVALID when the class has no such filter. */
base_fault_t *collection_filter_check(const collection_t *collection, int filter);
/* Has a different request been answered since the state was read? */
int collection_state_overtaken(const collection_t *collection);
/* CONFLICT when another request has stepped the folder since it was read. */
base_fault_t *collection_state_still(collection_t *collection);
/* Takes a fault that says that stored state is damaged for STALE, and logs it. */
base_fault_t *collection_state_damaged(collection_t *collection, const char *what);

/* -- collection_trial.c -- */

/* Takes in what was begun by processes that are gone. */
void collection_trial_judge(collection_t *collection);
/* An answer that the device received several times, and cannot take: it gets the first command
 * alone; what was alone is quarantined. */
void collection_trial_replay(collection_t *collection);
/* Commands at most, with regard to suspects. */
int collection_trial_window(const collection_t *collection);

/* -- collection_run.c -- */

base_fault_t *collection_probe(collection_t *collection);
/* Brings todo, changes, scans and sweep to the window. count_clean: clean scans are counted, not
 * gone through. */
base_fault_t *collection_run(collection_t *collection, int limit, apr_uint64_t *count_clean,
                             int *all);

/* -- collection_ops.c -- */

base_fault_t *collection_ops_apply(collection_t *collection);

/* -- collection_claim.c -- */

/* One operation of the client on its way through the ledger. */
typedef struct {
    char kind; /* 'c', 'd', 'a' */
    const char *id;
    int occurrence; /* of this kind and id in the request */
    const char *digest;
    int content; /* entries looked at so far */
    /* what is known of earlier contents */
    const sync_ledger_result_t *other; /* the last that was done */
    int doubt;                         /* there is one that may have been done */
    int merges;                        /* it says what it will write before it does... */
    /* ...and these may have been written since the other one, or not */
    const sync_ledger_result_t *intents[SYNC_LEDGER_CONTENTS_MAX];
    int intent_count;
    state_ledger_key_t key;
    state_claim_t *held; /* NULL: too many contents, it has to go without */
} collection_claim_t;

/* Claims the request's operation of that index, each once and in their order; or *answer is what
 * was recorded for it. */
base_fault_t *collection_claim_take(collection_t *collection, int index, collection_claim_t *claim,
                                    sync_ledger_result_t **answer);
/* What is known of earlier attempts, without claiming anything. */
base_fault_t *collection_claim_look(collection_t *collection, int index, collection_claim_t *claim);
/* A name for what the operation creates, the same in every attempt, whatever the content. */
const char *collection_claim_derived_name(const collection_t *collection,
                                          const collection_claim_t *claim, const char *more);
/* Before a content is written over another: a fault when the claim was taken over meanwhile, so
 * that no request that was held up puts its old content in the place of a later one. */
base_fault_t *collection_claim_renew(collection_t *collection, collection_claim_t *claim);
/* The same, with what will be written. uid: of what is there, 0: it is made. hash: of the content, not
 * 0. memo: of who follows, or NULL. */
base_fault_t *collection_claim_intend(collection_t *collection, collection_claim_t *claim,
                                      apr_uint64_t uid, apr_uint64_t hash,
                                      const backend_blob_t *memo);
/* The memo of an attempt that nobody knows to be finished; NULL. */
const backend_blob_t *collection_claim_memo(const collection_claim_t *claim, apr_pool_t *pool);
base_fault_t *collection_claim_record(collection_t *collection, const collection_claim_t *claim,
                                      const sync_ledger_result_t *result);
/* Nothing has been done. */
void collection_claim_release(collection_t *collection, const collection_claim_t *claim);
void collection_ops_pack(const collection_t *collection, sync_delta_t *delta);
base_fault_t *collection_ops_unpack(collection_t *collection, const sync_delta_t *delta);

/* -- collection_effect.c -- */

/* What of the token the operation sets... */
apr_uint64_t collection_op_mask(const collection_op_t *op);
/* ...and to what, when the token is this one afterwards. */
apr_uint64_t collection_op_values(const collection_op_t *op, apr_uint64_t token);
/* Was the content replaced by somebody else since the device got it? */
int collection_op_content_conflict(const collection_t *collection, const collection_op_t *op,
                                   const collection_claim_t *claim, apr_uint64_t current);
/* Before it takes effect: *memo as of collection_follow_t, what an earlier attempt has left to be
 * followed with it. */
base_fault_t *collection_op_plan(const collection_t *collection, const collection_op_t *op,
                                 const collection_claim_t *claim, const backend_blob_t *before,
                                 const backend_blob_t *after, const backend_blob_t **memo);
/* The same of an ADD that makes a new item. */
base_fault_t *collection_op_plan_added(const collection_t *collection, const collection_op_t *op,
                                       const backend_blob_t *after);
/* Tells who is to be told that it took effect. */
base_fault_t *collection_op_follow(const collection_t *collection, const collection_op_t *op,
                                   const backend_blob_t *before, const backend_blob_t *after);
/* Does it. *begun 1: it may have had an effect, whatever the fault. */
base_fault_t *collection_op_effect(collection_t *collection, const collection_op_t *op,
                                   collection_claim_t *claim, sync_ledger_result_t *result,
                                   int *begun);

/* -- collection_merge.c: the same for operations that merge -- */

/* What the device holds after an operation with that result. */
apr_uint64_t collection_merge_token(const sync_ledger_result_t *result);

base_fault_t *collection_merge_change(collection_t *collection, const collection_op_t *op,
                                      collection_claim_t *claim, sync_ledger_result_t *result,
                                      int *begun);
base_fault_t *collection_merge_add(collection_t *collection, const collection_op_t *op,
                                   collection_claim_t *claim, sync_ledger_result_t *result,
                                   int *begun);

/* -- collection.c -- */

/* Does the token say that the device holds another thing than it believes, and must be told? What it
 * has seen of the item, and written itself, the rest of the token says. */
int collection_outdated(const collection_t *collection, apr_uint64_t token);

/* A request with operations must not be done again when another one of the device was answered
 * meanwhile: it is the one that the device has given up, and would now look like the later one.
 * CONFLICT becomes BUSY, unless the other one was its repeat, whose answer it can have. */
base_fault_t *collection_overtaken(collection_t *collection, base_fault_t *fault);

#endif
