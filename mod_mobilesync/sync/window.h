/* The window of one answer: takes in what the backend says, in stages, and decides
 * which commands go to the device and how far it has then been told.
 *
 *   todo      entries to be looked at again      sync_window_todo_next/_done
 *   changes   what happened since the cursor     sync_window_cursor/_changes_done
 *   scans     what has still to be gone through  sync_window_scan_next/_done
 *   sweep     what has to be compared with all   sync_window_sweep_next/_done
 *             that is held
 *
 * The caller brings the entries of each stage to sync_window_offer, in the backend's order,
 * until the window is full. Every command remembers where in the stages it came up, so that
 * the answer can be cut anywhere: the rest comes up again. An entry that comes up twice is
 * one command, the later knowledge counting. */
#ifndef SYNC_WINDOW_H
#define SYNC_WINDOW_H

#include <apr_pools.h>

#include "sync/diff.h"
#include "sync/folder_state.h"
#include "sync/held.h"

typedef struct sync_window sync_window_t;

typedef struct {
    sync_op_t op;
    apr_uint64_t uid;
    apr_uint64_t token; /* ADD, CHANGE */
} sync_command_t;

/* start: the position of the key presented, refiltered and begun. limit: commands at most;
 * the window takes in one more, to know whether there is more. */
sync_window_t *sync_window_make(const sync_position_t *start, sync_held_t *held, int limit,
                                apr_pool_t *pool);

/* What the device holds, its own operations of this request counted in. The uid's chunk
 * must be loaded, also for offer. */
sync_holding_t sync_window_holding(const sync_window_t *window, apr_uint64_t uid);
/* An operation of the client has made it hold something else. */
void sync_window_effect(sync_window_t *window, apr_uint64_t uid, const sync_holding_t *after);
/* The same for an item it added, which a scan may come to later. */
void sync_window_effect_add(sync_window_t *window, apr_uint64_t uid, apr_uint64_t token,
                            const sync_dates_t *dates);
/* An operation failed: the server's version must be told. */
void sync_window_todo_add(sync_window_t *window, apr_uint64_t uid);

int sync_window_full(const sync_window_t *window);
/* How many commands of that kind have come up so far; of any kind for SYNC_OP_NONE. */
int sync_window_seen(const sync_window_t *window, sync_op_t op);
void sync_window_offer(sync_window_t *window, const sync_event_t *event);

/* 1 and the next uid to look at, 0 when there is none. */
int sync_window_todo_next(const sync_window_t *window, apr_uint64_t *uid);
void sync_window_todo_done(sync_window_t *window);

/* The cursor to ask with, and the one to go on with once all events between were offered. */
const char *sync_window_cursor(const sync_window_t *window);
void sync_window_changes_done(sync_window_t *window, const char *cursor);

/* What is left of the scan to go on with; 0 when all are done. Only scans may follow. */
int sync_window_scan_next(sync_window_t *window, sync_scan_t *scan);
/* A page was offered whose last uid was `below`; 0: the scan has come to its end. */
void sync_window_scan_done(sync_window_t *window, apr_uint64_t below);

/* The backend has forgotten what happened since the cursor: everything is to be done again and
 * swept, and `cursor`, of now, is gone on with. */
void sync_window_reconcile(sync_window_t *window, const char *cursor);

/* 1 when uids below *below are to be compared; nothing else may follow. Events of what is there and
 * of what is held and is not are offered, the greatest uid first. */
int sync_window_sweep_next(sync_window_t *window, apr_uint64_t *below);
/* All from uid `below` on were offered; 0: the sweep has come to its end. */
void sync_window_sweep_done(sync_window_t *window, apr_uint64_t below);

/* Nothing more is brought; all: everything has been. Cuts what is over the limit. */
void sync_window_finish(sync_window_t *window, int all);
const sync_command_t *sync_window_commands(const sync_window_t *window, int *count);
/* Indexes are those of the commands at finish. */
void sync_window_drop(sync_window_t *window, int index);
void sync_window_cut(sync_window_t *window, int n);

/* The outcome, any time after finish. */
int sync_window_more(const sync_window_t *window);
int sync_window_kept(const sync_window_t *window); /* commands neither dropped nor cut */
void sync_window_position(const sync_window_t *window, sync_position_t *position, apr_pool_t *pool);
/* Commands kept, then the effects of the client's operations. */
void sync_window_delta(const sync_window_t *window, sync_delta_t *delta, apr_pool_t *pool);

#endif
