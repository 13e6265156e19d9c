/* The model test's world: a mailbox that others change too, a store, and devices that obey
 * MS-ASCMD on a network that loses things. One world is one random sequence, about a folder of mail or
 * of tasks.
 *
 * An item has a number, which stays, and flags. Those of a task are in its content, beside a time
 * stamp that is another one whenever it is written: who changes one flag merges it into what there is.
 * Its flag 2 says that it is done. */
#ifndef T_UNIT_MODEL_H
#define T_UNIT_MODEL_H

#include <apr_pools.h>

#include "backend/backend.h"
#include "cmd/collection.h"
#include "model_sequence.h"
#include "state/fail.h"
#include "state/state.h"

#define MODEL_ACCOUNT "alice"
#define MODEL_UIDS 512
#define MODEL_OPS 12
#define MODEL_CONTENTS 1024
#define MODEL_DEVICES 2
#define MODEL_STEPS 60
/* A device's filter is a FilterType of mail, and this more with ConversationMode; of tasks an even one
 * is 0, an odd one 8. */
#define MODEL_FILTERS 6
#define MODEL_DONE 2
#define MODEL_CONVERSATIONS 9

enum { MODEL_DELETED = 1, /* on purpose */ MODEL_UNSTORED = 2 /* not yet, as far as is known */ };

typedef struct world world_t;

/* -- what a device sends -- */
typedef struct {
    collection_op_kind_t kind;
    apr_uint64_t uid;
    apr_uint64_t mask, values;
    int to_trash;
    int client_id; /* ADD */
    int content;   /* ADD: what is added */
} device_op_t;

typedef struct {
    char key[80];
    char digest[65];
    device_op_t ops[MODEL_OPS];
    int op_count;
    int window;
    int get_changes;
    int filter, client_wins;
    int with_options;
} device_request_t;

typedef struct {
    char device[8];
    char key[80];
    int filter, client_wins;
    int options_known; /* the server has acknowledged filter and client_wins */
    unsigned char has[MODEL_UIDS];
    unsigned char token[MODEL_UIDS]; /* flags */
    int content[MODEL_UIDS];
    device_op_t ops[MODEL_OPS]; /* done on the device, not acknowledged */
    int op_count;
    int unanswered; /* last was sent, and no answer came */
    device_request_t last;
    char given[80];     /* the key that last was answered with, "": it was not */
    int applied;        /* the operations of last took effect, as far as the server told itself */
    char confirmed[80]; /* the key before the one before: nothing but Status 3 for it */
    char previous[80];
    int more; /* the last answer said so */
    apr_time_t synced_day;
    int synced_filter;
} device_t;

/* -- what it gets -- */
typedef struct {
    base_fault_code_t fault;
    char key[80];
    int changed, more, replayed, cut;
    int prepared; /* the operations were done, whatever came then */
    int command_count;
    collection_command_t commands[MODEL_UIDS];
    int contents[MODEL_UIDS]; /* of the commands that bring one, -1 */
    unsigned char flags[MODEL_UIDS];
    collection_result_t results[MODEL_OPS];
} device_answer_t;

/* What one request goes through on its way. */
typedef struct {
    int request_lost, answer_lost;
    int trip;    /* this I/O call fails, 0: none */
    int after;   /* after its effect */
    int crash;   /* and every later one */
    int denied;  /* it fails for good, when it is one that changes the mailbox */
    int disturb; /* before this I/O call somebody else does something, 0: not */
    int nested;  /* ...namely another request of the same device */
    int cut;     /* percent of answers that are cut short */
    int patient; /* it waits for live claims, and time passes */
} fate_t;

struct world {
    apr_pool_t *pool;
    dice_t dice;
    apr_uint64_t seed;
    apr_time_t now;
    backend_t *backend; /* the one that fails */
    backend_t *inner;
    backend_session_t *session; /* of backend */
    backend_session_t *truth;   /* of inner */
    state_store_t *store;       /* the one that fails */
    state_store_t *memory;
    state_fail_plan_t plan;
    int tasks; /* the folder is one of tasks */
    int stamps;
    const char *inbox;
    const char *trash;
    device_t devices[MODEL_DEVICES];
    int contents;                          /* messages made so far */
    unsigned char excused[MODEL_CONTENTS]; /* MODEL_DELETED, MODEL_UNSTORED: may be missing */
    int origin[MODEL_CONTENTS];            /* the first form of an Add that was altered */
    int bad; /* uids divisible by this cannot be rendered, 0: all can */
    unsigned digests;
    /* the request on its way */
    state_patience_t patience;
    unsigned long waits; /* sleeps with patience */
    fate_t fate;
    device_t *busy; /* whose request it is */
    int calls;
    int tripped;
    int disturbed;
    device_request_t second; /* the nested request */
    device_answer_t second_answer;
    /* counted since world_count_start */
    int writes, reads, other_calls, probes;
    /* the verdict */
    const char *failure; /* NULL: all is well */
    int verbose;
};

world_t *world_make(apr_uint64_t seed, int verbose, apr_pool_t *pool);
void world_log(world_t *world, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Keeps the first failure. */
void world_fail(world_t *world, const char *format, ...) __attribute__((format(printf, 2, 3)));
void world_count_start(world_t *world);

/* The mailbox as it is. */
int world_truth(world_t *world, apr_uint64_t uid, backend_entry_t *entry);
apr_array_header_t *world_truth_all(world_t *world, apr_pool_t *pool); /* backend_entry_t */
const char *world_fingerprint(world_t *world, apr_pool_t *pool);
/* The item, as it is written. flags: of a task. */
const char *world_text(world_t *world, int content, unsigned flags, apr_pool_t *pool);
/* Flags of an item; entry: as the mailbox has it. */
unsigned world_flags(world_t *world, const backend_entry_t *entry);
/* The same of the text of a task. */
unsigned world_text_flags(const char *text);
int world_filter(const world_t *world, int filter); /* FilterType */
int world_content(world_t *world, const char *folder_id, apr_uint64_t uid, apr_pool_t *pool);
/* A new message, as yet nowhere; origin -1: its own. */
int world_content_make(world_t *world, int origin, int excuse);
/* Somebody else changes the mailbox. */
void world_disturb(world_t *world);
/* The content of every message is in one place only, and none is lost. */
void world_check_contents(world_t *world);

/* -- device -- */
void device_start(device_t *device, int index);
/* The user does something. */
void device_act(world_t *world, device_t *device);
/* One Sync. fate may be NULL: nothing goes wrong. Returns the number of commands taken in, -1
 * when no answer was taken in. */
int device_sync(world_t *world, device_t *device, const fate_t *fate);
/* A Sync without operations whose answer arrives; *more: MoreAvailable. */
int device_fetch(world_t *world, device_t *device, int *more);
/* GetItemEstimate and Ping's look against what Syncs then bring. */
void device_check_estimate(world_t *world, device_t *device);
/* A key that was confirmed long ago is refused, and nothing happens. */
void device_check_stale(world_t *world, device_t *device);
/* Syncs until nothing is left, then compares everything. */
void device_check_quiet(world_t *world, device_t *device);
/* Its state is lost or its operations in doubt: what it has not been told of is given up. */
void device_reset(device_t *device);

/* model_request.c: the server's side of a request, and what the device makes of the answer */
void device_serve(world_t *world, device_t *device, const device_request_t *request, int nested,
                  device_answer_t *answer);
void device_request_fill(world_t *world, const device_t *device, const device_request_t *from,
                         collection_request_t *to, apr_pool_t *pool);
void device_take(world_t *world, device_t *device, const device_request_t *request,
                 const device_answer_t *answer);

#endif
