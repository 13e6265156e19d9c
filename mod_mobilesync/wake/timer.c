#include "wake/timer.h"

#include <stdlib.h>

static void timers_put(wake_timers_t *timers, int position, wake_timer_t *timer)
{
    timers->timers[position - 1] = timer;
    timer->position = position;
}

static wake_timer_t *timers_at(const wake_timers_t *timers, int position)
{
    return timers->timers[position - 1];
}

static void timers_up(wake_timers_t *timers, wake_timer_t *timer, int position)
{
    while (position > 1 && timers_at(timers, position / 2)->due > timer->due) {
        timers_put(timers, position, timers_at(timers, position / 2));
        position /= 2;
    }
    timers_put(timers, position, timer);
}

static void timers_down(wake_timers_t *timers, wake_timer_t *timer, int position)
{
    for (;;) {
        int child = position * 2;

        if (child < timers->count &&
            timers_at(timers, child + 1)->due < timers_at(timers, child)->due)
            child++;
        if (child > timers->count || timers_at(timers, child)->due >= timer->due)
            break;
        timers_put(timers, position, timers_at(timers, child));
        position = child;
    }
    timers_put(timers, position, timer);
}

int wake_timers_set(wake_timers_t *timers, wake_timer_t *timer, apr_time_t due)
{
    if (!timer->position) {
        if (timers->count == timers->capacity) {
            timers->capacity = timers->capacity ? timers->capacity * 2 : 64;
            timers->timers =
                realloc(timers->timers, (size_t)timers->capacity * sizeof *timers->timers);
            if (!timers->timers)
                abort(); /* as APR's pools do */
        }
        timers_put(timers, ++timers->count, timer);
    }
    timer->due = due;
    timers_up(timers, timer, timer->position);
    timers_down(timers, timer, timer->position);
    return timer->position == 1;
}

void wake_timers_unset(wake_timers_t *timers, wake_timer_t *timer)
{
    int position = timer->position;
    wake_timer_t *last;

    if (!position)
        return;
    timer->position = 0;
    last = timers_at(timers, timers->count--);
    if (last == timer)
        return;
    timers_up(timers, last, position);
    timers_down(timers, last, last->position);
}

wake_timer_t *wake_timers_first(const wake_timers_t *timers)
{
    return timers->count ? timers->timers[0] : NULL;
}

void wake_timers_free(wake_timers_t *timers)
{
    free(timers->timers);
    timers->timers = NULL;
    timers->count = timers->capacity = 0;
}
