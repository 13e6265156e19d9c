/* Inside of the hub: shared by hub.c (the thread), channel.c (who waits for which account)
 * and waiter.c (the callers' side). Everything is guarded by the hub's mutex, unless it says
 * otherwise; the functions of this header are called with it held. */
#ifndef WAKE_HUB_H
#define WAKE_HUB_H

#include <apr_hash.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>
#include <apr_thread_proc.h>

#include "wake/bus.h"
#include "wake/timer.h"

/* One account of which somebody waits here, or has waited until just now. */
typedef struct wake_channel wake_channel_t;
struct wake_channel {
    wake_waiter_t *waiters; /* a list */
    int requested;          /* the last thing sent was a subscription */
    int unconfirmed;        /* subscriptions and their ends that were sent and not answered */
    int dirty;              /* in hub->dirty: something may have to be sent */
    int stale;              /* messages may have been missed: compare the numbers */
    wake_channel_t *next_dirty;
    char account[];
};

struct wake_waiter {
    wake_timer_t timer; /* first: the heap knows it by this */
    apr_uint64_t id;    /* never used again */
    wake_hub_t *hub;
    wake_channel_t *channel; /* NULL: not in the hub */
    wake_waiter_t *next, **link;
    /* fixed */
    const char *account, *device;
    wake_kind_t kind;
    const char **folder_ids;
    int folder_count;
    apr_time_t deadline;
    apr_time_t since, wanted; /* told to those who ask */
    apr_interval_time_t coalesce;
    apr_pool_t *pool; /* whose cleanup frees it */
    /* the numbers it was armed with, or has heard since */
    int armed;
    apr_uint64_t *versions;
    apr_uint64_t number, rival; /* rival: the greatest number heard of */
    apr_uint64_t device_reset, account_reset;
    /* waking */
    apr_time_t ripe_at;    /* 0: nothing ripens */
    wake_reason_t pending; /* it is to be woken with this, */
    apr_time_t pending_at; /* since then */
    wake_reason_t reason;  /* it was woken with this */
    apr_thread_cond_t *cond;
    void (*wake)(void *baton, wake_reason_t reason);
    void *baton;
    /* while it is parked: every so often, without waking it */
    void (*nudge)(void *baton);
    apr_interval_time_t nudge_interval;
    apr_time_t nudge_at; /* 0: not at all */
    wake_turn_t *turn;   /* NULL: it needs none */
};

struct wake_hub {
    wake_bus_t *bus;
    const base_log_t *log;
    const char *node;
    void *listener; /* used by the thread, but for interrupt */
    apr_thread_t *thread;
    apr_pool_t *pool;        /* of the channels */
    apr_pool_t *thread_pool; /* the thread's: cleared in each round */
    apr_thread_mutex_t *mutex;
    apr_thread_cond_t *confirmed; /* a subscription was confirmed, or connecting failed */
    apr_hash_t *channels;         /* account -> wake_channel_t */
    wake_channel_t *dirty;
    wake_timers_t timers;
    int waiters;
    int pace;  /* turns at once, 0: any number */
    int turns; /* that began in this round and have not ended */
    unsigned round;
    apr_time_t round_end; /* if none begins or ends until then */
    apr_uint64_t last_id;
    int connected;
    int failing;              /* the last attempt to connect failed */
    int lost;                 /* once connected, not any more */
    apr_uint64_t *reconnects; /* NULL: not counted */
    unsigned generation;      /* of the connection: grows when one is made or lost */
    apr_time_t connect_at;
    apr_time_t compare_at; /* when to look at stale channels, 0: there are none */
    int draining;
    int stopped; /* the thread has to end, or has */
};

/* -- hub.c ------------------------------------------------------------------ */

/* Wakes who is due, as far as the pace allows. In any thread. */
void wake_hub_fire(wake_hub_t *hub);

/* -- pace.c: not everybody at once ------------------------------------------ */

/* May one more turn begin? */
int wake_pace_allows(wake_hub_t *hub, apr_time_t now);
/* The waiter is about to be woken, or nudged, from where it is parked. */
void wake_pace_begin(wake_waiter_t *waiter, apr_time_t now);
/* If there is one, it ends, and others begin. */
void wake_pace_end(wake_hub_t *hub, wake_turn_t *turn);

/* -- channel.c -------------------------------------------------------------- */

wake_channel_t *wake_channel_find(wake_hub_t *hub, const char *account);
wake_channel_t *wake_channel_make(wake_hub_t *hub, const char *account);
/* Something may have to be sent for it. */
void wake_channel_touch(wake_hub_t *hub, wake_channel_t *channel);
/* Messages of the account arrive. */
int wake_channel_ready(const wake_hub_t *hub, const wake_channel_t *channel);

/* Sends what has to be sent, forgets channels that nobody needs. In the hub's thread. */
void wake_channel_send(wake_hub_t *hub);
void wake_channel_confirmed(wake_hub_t *hub, const char *account);
void wake_channel_message(wake_hub_t *hub, const wake_message_t *message);
/* The connection is new (connected 1) or was lost. */
void wake_channel_connection(wake_hub_t *hub, int connected);
void wake_channel_free_all(wake_hub_t *hub);

/* -- compare.c: after an interruption --------------------------------------- */

/* Compares the numbers of everybody who may have missed something. In the hub's thread;
 * gives the mutex up meanwhile. */
void wake_compare(wake_hub_t *hub);

/* -- waiting.c --------------------------------------------------------------- */

/* What this child answers to the question. */
const char *wake_waiting_answer(wake_hub_t *hub, const char *question, apr_pool_t *pool);

/* -- waiter.c --------------------------------------------------------------- */

void wake_waiter_event(wake_waiter_t *waiter, const char *folder_id, wake_event_t event,
                       apr_uint64_t version);
/* A newer request of its device and kind, if number is greater than its own. */
void wake_waiter_rival(wake_waiter_t *waiter, apr_uint64_t number);
/* A reset of its device, or of the whole account. */
void wake_waiter_reset(wake_waiter_t *waiter, int whole_account, apr_uint64_t number);
/* What the bus knows now, against what the waiter knows. */
void wake_waiter_compare(wake_waiter_t *waiter, const wake_query_t *query);
/* Has the hub's thread wake it with this reason, unless there is one already. */
void wake_waiter_due(wake_waiter_t *waiter, wake_reason_t reason);
/* Its timer came. */
void wake_waiter_fire(wake_waiter_t *waiter, apr_time_t now);

#endif
