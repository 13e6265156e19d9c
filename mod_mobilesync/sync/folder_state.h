/* The folder state of a device: fields of its FOLDER record (state/state.h).
 *
 *   m      keys, position of the base and of each answer, options: sync_folder_state_pack
 *   p.N    what the answer with counter N gave: sync_delta_pack
 *   q      items left out as they cannot be rendered (sync/quarantine.h)
 *   t      answers begun and not finished (sync/trial.h)
 *   h.X    chunk X of the set held at the base (sync/held.h)
 *
 * What a device holds that presents the key of an answer is the base's set with the
 * answer's delta laid over it. */
#ifndef SYNC_FOLDER_STATE_H
#define SYNC_FOLDER_STATE_H

#include <apr_pools.h>
#include <apr_time.h>

#include "sync/key.h"
#include "sync/scan.h"

#define SYNC_FOLDER_FIELD "m"
#define SYNC_TODO_MAX 10000
#define SYNC_SWEEP_ALL APR_UINT64_MAX

/* The options of the last request that the key's answer came from: they stay in force until
 * a request brings others (MS-ASCMD 2.2.3.125.6). */
typedef struct {
    int filter;
    int client_wins;
    int conversations; /* ConversationMode */
    const void *blob;  /* the caller's */
    apr_size_t blob_length;
} sync_options_t;

/* How far a device has been told of a folder's history. */
typedef struct {
    sync_options_t options;
    const char *cursor; /* all changes up to here were told or are left to scans; "": not begun */
    int filter;         /* FilterType as applied... */
    apr_time_t cut;     /* ...where it cut... */
    sync_date_kind_t dates; /* ...and by which dates: by their own where nothing is cut */
    int year; /* in which it was shown what moves with the year; 0: nobody has asked for that */
    sync_scans_t scans; /* still to be gone through */
    apr_uint64_t sweep; /* uids below this have still to be compared with what is held; 0: none */
    const apr_uint64_t *todo; /* entries to be looked at again, whatever the cursor says: the */
    int todo_count;           /* device's version of them is unknown or was refused */
} sync_position_t;

typedef struct {
    sync_position_t after; /* the position of who presents the answer's key */
    int more;              /* it said MoreAvailable */
} sync_pending_t;

typedef struct {
    sync_keys_t keys;
    sync_position_t base;
    sync_pending_t pending[SYNC_ALTERNATIVES_MAX]; /* of keys.answers */
    unsigned forgettable; /* counter of the key whose ledger scope ends with the next
                             confirmation, 0: none */
    apr_uint32_t generation;
    unsigned protocol;
    const void *supported;
    apr_size_t supported_length;
} sync_folder_state_t;

typedef enum {
    SYNC_OP_NONE, /* nothing was sent: an effect of the client's own operation */
    SYNC_OP_ADD,
    SYNC_OP_CHANGE,
    SYNC_OP_DELETE,
    SYNC_OP_SOFT_DELETE
} sync_op_t;

/* One uid of a delta: what the device holds of it afterwards. */
typedef struct {
    apr_uint64_t uid;
    sync_op_t op;
    int held;
    apr_uint64_t token; /* when held */
} sync_delta_entry_t;

typedef struct {
    const sync_delta_entry_t *entries; /* those sent first, in the order sent */
    int count;
    const void *results; /* of the client's operations: the caller's bytes */
    apr_size_t results_length;
} sync_delta_t;

void sync_folder_state_pack(const sync_folder_state_t *state, base_text_buffer_t *out);
/* NULL when the bytes are damaged or of another format. */
sync_folder_state_t *sync_folder_state_unpack(const void *data, apr_size_t length,
                                              apr_pool_t *pool);

const char *sync_delta_field(unsigned counter, apr_pool_t *pool); /* "p.12" */
void sync_delta_pack(const sync_delta_t *delta, base_text_buffer_t *out);
sync_delta_t *sync_delta_unpack(const void *data, apr_size_t length, apr_pool_t *pool);

/* Moves a position to another filter, of conversations or not, or to the same one as of a later
 * day. */
void sync_position_refilter(sync_position_t *position, int filter, int conversations,
                            apr_time_t now);
/* In another year what moves with it is gone through (sync_scan_t.renew). */
void sync_position_renew(sync_position_t *position, apr_time_t now);
/* Has what the options ask for been applied? filter: what they mean to the class. */
int sync_position_filtered(const sync_position_t *position, int filter);
/* The first step: the cursor was taken just now and everything is to be scanned. */
void sync_position_begin(sync_position_t *position, const char *cursor);
/* What the cursor would bring is forgotten: another was taken just now, and everything there is has
 * to be compared with everything held. That does what the scans would have done. */
void sync_position_reconcile(sync_position_t *position, const char *cursor);
/* Nothing but the cursor can bring anything: no scans, nothing to do. */
int sync_position_settled(const sync_position_t *position);
int sync_options_same(const sync_options_t *one, const sync_options_t *other);
int sync_position_same(const sync_position_t *one, const sync_position_t *other);

/* The answer becomes the base; its delta must have been laid over the set held. */
void sync_folder_state_confirm(sync_folder_state_t *state, int index);
/* Adds an answer, dropping the oldest when there are too many: *dropped is its counter, 0 =
 * none. Returns the new counter. */
unsigned sync_folder_state_answer(sync_folder_state_t *state, const char *digest,
                                  const sync_pending_t *pending, unsigned *dropped);

#endif
