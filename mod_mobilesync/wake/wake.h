/* Waking requests that wait for a change: Ping, and Sync with Wait or HeartbeatInterval
 * (MS-ASCMD 2.2.1.13, 2.2.3.199, 2.2.3.88). Knows nothing of httpd.
 *
 * Objects and lifetimes
 *   wake_bus_t     how events travel between children and nodes: Redis, or memory (one
 *                  process, for tests). Made in each child.
 *   wake_hub_t     one per child, with one thread and one subscription connection: knows
 *                  who waits, subscribes an account's channel while somebody of it waits
 *                  here, keeps the timers. Made after the fork.
 *   wake_waiter_t  one waiting request, used by one thread at a time. Memory of its own; a pool's
 *                  cleanup takes it out of the hub and frees it, so that no callback comes
 *                  afterwards.
 *
 * How nothing is missed
 *   1. The publisher changes the mailbox, then calls wake_publish: folder's version first,
 *      then the message.
 *   2. wake_waiter_arm returns when the subscription is confirmed; *then* the caller
 *      compares its cursors with the backend, and waits only when nothing is new.
 *   3. When the connection was lost, the hub subscribes again and then compares the
 *      versions of everybody waiting with those they were armed with: who missed
 *      something is woken, nobody else.
 *   4. A wake-up means "look": what is reported is decided by comparing cursors. A caller
 *      that finds nothing to report calls wake_waiter_rearm, compares once more, waits on.
 *
 * While a waiter waits it holds no thread (but for wake_waiter_block), no connection to
 * Redis and none to the backend.
 *
 * Versions are decimal texts to be compared with != only: moments of the Redis clock in
 * microseconds, so that none comes back after Redis lost data ("0": never published).
 *
 * Keys (hash tag as in state/state.h): P:{account}:v is a hash of "f:FOLDER" -> version,
 * "p:DEVICE" and "s:DEVICE" -> number of the newest Ping and Sync, "r:DEVICE" and "r:" ->
 * the latest reset of a device and of the whole account. P:{account}:c is the channel; a
 * message is "E kind version FOLDER", "S p|s number DEVICE" or "R number DEVICE" (kind: A or
 * C; the names are the rest of the message as they are). P:who is the channel of every child that
 * somebody waits in; a message is "Q TICKET question", and the answers go to the list P:who:TICKET,
 * which is forgotten after some seconds.
 *
 * Faults: UNAVAILABLE (bus down), INVALID. */
#ifndef WAKE_WAKE_H
#define WAKE_WAKE_H

#include <apr_pools.h>
#include <apr_time.h>

#include "base/fault.h"
#include "base/log.h"
#include "redis/redis.h"

/* The folder id under which changes of the folder hierarchy are published and waited for. */
#define WAKE_FOLDER_HIERARCHY "-hierarchy"

typedef struct wake_bus wake_bus_t;
typedef struct wake_hub wake_hub_t;
typedef struct wake_waiter wake_waiter_t;

typedef enum {
    WAKE_EVENT_ADDED,  /* something is new: wakes at once */
    WAKE_EVENT_CHANGED /* flags changed, items went: wakes after the waiter's coalescing time */
} wake_event_t;

typedef enum {
    WAKE_REASON_NONE,
    WAKE_REASON_CHANGED,    /* look at the folders */
    WAKE_REASON_RIPE,       /* look: changes that waited for more have waited long enough */
    WAKE_REASON_EXPIRED,    /* the heartbeat is over */
    WAKE_REASON_SUPERSEDED, /* the device started a newer request of this kind, anywhere */
    WAKE_REASON_RESET,      /* the device's SyncStates were reset */
    WAKE_REASON_STOPPING    /* this child is going away */
} wake_reason_t;

typedef enum { WAKE_KIND_PING, WAKE_KIND_SYNC } wake_kind_t;

/* -- bus -------------------------------------------------------------------- */

/* prefix is copied; log may be NULL. */
wake_bus_t *wake_bus_create_redis(redis_pool_t *redis, const char *prefix, const base_log_t *log,
                                  apr_pool_t *pool);
wake_bus_t *wake_bus_create_memory(apr_pool_t *pool);

/* The folder has changed: call it after the change is visible in the backend. */
base_fault_t *wake_publish(wake_bus_t *bus, const char *account, const char *folder_id,
                           wake_event_t event, apr_pool_t *pool);

/* The device's SyncStates were reset; device NULL: all devices of the account. */
base_fault_t *wake_reset(wake_bus_t *bus, const char *account, const char *device,
                         apr_pool_t *pool);

/* Ends the waiting requests of the device of this kind wherever they wait, for a request
 * that does not wait itself (a Sync ends the hanging Sync). wake_waiter_arm does the same
 * for those older than itself. */
base_fault_t *wake_supersede(wake_bus_t *bus, const char *account, const char *device,
                             wake_kind_t kind, apr_pool_t *pool);

/* versions: one text for each folder id, in their order. */
base_fault_t *wake_versions_read(wake_bus_t *bus, const char *account,
                                 const char *const *folder_ids, int count, const char ***versions,
                                 apr_pool_t *pool);

/* -- hub -------------------------------------------------------------------- */

/* Starts the hub's thread. The pool's cleanup stops it; the bus outlives it. log may be NULL. */
base_fault_t *wake_hub_create(wake_bus_t *bus, const base_log_t *log, wake_hub_t **hub,
                              apr_pool_t *pool);

/* So many waiters that are parked with a turn have it at once; the others are woken when one ends,
 * in the order in which they became due. So a change that wakes thousands leaves threads to others.
 * Those who take long do not hold up the rest: when no turn began or ended for a moment, as many
 * more begin. 0, as it is at first: any number. */
void wake_hub_pace(wake_hub_t *hub, int most);

/* Begins when the waiter is woken or nudged; zero: none. Ends with wake_turn_end, or when the waiter
 * is parked again. */
typedef struct {
    unsigned round;
} wake_turn_t;

void wake_turn_end(wake_hub_t *hub, wake_turn_t *turn);

/* Everybody who waits is woken with STOPPING, also those who come later. Does not block:
 * for httpd's child_stopping hook. */
void wake_hub_drain(wake_hub_t *hub);

/* Drains and joins the thread. Waiters may still be destroyed afterwards. */
void wake_hub_stop(wake_hub_t *hub);

/* A change seen by this child itself, told to those who wait here only: from any thread, never
 * blocks. */
void wake_notify(wake_hub_t *hub, const char *account, const char *folder_id, wake_event_t event);

/* Counts in *counter, which may be shared between processes, how often the connection was made anew
 * after it was lost. NULL: nowhere. */
void wake_hub_count_reconnects(wake_hub_t *hub, apr_uint64_t *counter);

/* The name of this server, not copied: what is said of where somebody waits. Before the first
 * waiter. */
void wake_hub_identify(wake_hub_t *hub, const char *node);

/* Waiters in the hub, and those of an account. */
int wake_hub_count(wake_hub_t *hub);
int wake_hub_count_account(wake_hub_t *hub, const char *account);

/* -- who waits --------------------------------------------------------------- */

typedef struct {
    const char *account, *device, *node;
    wake_kind_t kind;
    apr_time_t since;
    int asked, granted; /* heartbeat, seconds */
} wake_waiting_t;

typedef struct {
    const char *node;
    int pings, syncs;
} wake_waiting_count_t;

/* Who of the accounts waits at this moment, in whatever child of whatever node (wake_waiting_t).
 * *silent: children that did not answer in time, so that somebody may be missing. UNAVAILABLE: the
 * bus is down. */
base_fault_t *wake_waiting_list(wake_bus_t *bus, const char *const *accounts, int count,
                                apr_array_header_t **list, int *silent, apr_pool_t *pool);

/* How many wait: a wake_waiting_count_t of each child that somebody waits in, or did. */
base_fault_t *wake_waiting_count(wake_bus_t *bus, apr_array_header_t **counts, int *silent,
                                 apr_pool_t *pool);

/* -- waiter ----------------------------------------------------------------- */

typedef struct {
    const char *account;
    const char *device;
    wake_kind_t kind;
    const char *const *folder_ids;
    int folder_count;
    apr_time_t deadline;          /* end of the heartbeat */
    apr_time_t since, wanted;     /* when the request came, and the deadline that it asked for;
                                     for those who look at who waits */
    apr_interval_time_t coalesce; /* how long WAKE_EVENT_CHANGED may wait for more: then the
                                     reason is RIPE; 0: not at all */
} wake_options_t;

/* Registers and arms: subscription confirmed, older requests of the device superseded,
 * versions read. Texts are copied. Blocks for a round trip or two, for some seconds at
 * most, and not at all while the bus is known to be down. Only events from now on are told;
 * what happens to an armed waiter before it waits is not lost. */
base_fault_t *wake_waiter_arm(wake_hub_t *hub, const wake_options_t *options,
                              wake_waiter_t **waiter, apr_pool_t *pool);

/* It goes with this pool from now on, and no longer with the one it was armed with. */
void wake_waiter_keep(wake_waiter_t *waiter, apr_pool_t *pool);

/* Ends it now. */
void wake_waiter_end(wake_waiter_t *waiter);

/* Waits in the calling thread until woken, at most for timeout (< 0: for ever): NONE when it was
 * not woken by then. */
wake_reason_t wake_waiter_block(wake_waiter_t *waiter, apr_interval_time_t timeout);

/* Waits without a thread: NONE, and wake is called once, in any thread and under the hub's
 * mutex: it must not block and must not call wake_*. Any other reason: it has been woken
 * already and wake is not called. To be called again after wake_waiter_rearm. turn: see
 * wake_hub_pace; it outlives the waiter. NULL: it is woken at once. */
wake_reason_t wake_waiter_park(wake_waiter_t *waiter, wake_turn_t *turn,
                               void (*wake)(void *baton, wake_reason_t reason), void *baton);

/* While the waiter is parked, nudge is called once after the interval (0: never), as wake is and
 * with its baton, and the waiter waits on: for servers that forget a silent connection. Call it
 * before wake_waiter_park. */
void wake_waiter_nudge(wake_waiter_t *waiter, apr_interval_time_t interval,
                       void (*nudge)(void *baton));

/* What it was woken with, NONE while it is armed. */
wake_reason_t wake_waiter_reason(wake_waiter_t *waiter);

/* After CHANGED or RIPE: armed again with the same deadline. Compare the cursors afterwards. */
void wake_waiter_rearm(wake_waiter_t *waiter);

/* Woken with RIPE after this time, if nothing wakes it before; of several the shortest counts. Call it
 * between rearm and waiting. */
void wake_waiter_hold(wake_waiter_t *waiter, apr_interval_time_t interval);

/* The version of folder_ids[index] as last heard of. */
const char *wake_waiter_version(wake_waiter_t *waiter, int index, apr_pool_t *pool);

#endif
