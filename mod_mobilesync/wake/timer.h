/* Timers of the hub: a binary heap. APR's skip list would do, but keeps its random state in
 * unguarded statics, which httpd's own threads use at the same time. */
#ifndef WAKE_TIMER_H
#define WAKE_TIMER_H

#include <apr_time.h>

/* Within the object it wakes; zero: not set. */
typedef struct {
    apr_time_t due;
    int position; /* in the heap, from 1; 0: not in it */
} wake_timer_t;

typedef struct {
    wake_timer_t **timers;
    int count;
    int capacity;
} wake_timers_t;

/* Sets or moves a timer; 1 when it is the first to come now. */
int wake_timers_set(wake_timers_t *timers, wake_timer_t *timer, apr_time_t due);
void wake_timers_unset(wake_timers_t *timers, wake_timer_t *timer);

/* The first to come, NULL when there is none. */
wake_timer_t *wake_timers_first(const wake_timers_t *timers);

/* Frees the heap, not the timers. */
void wake_timers_free(wake_timers_t *timers);

#endif
