#include "wake/hub.h"

/* A look takes milliseconds; who takes longer than this waits for something: a slow disk, Redis. */
#define PACE_PATIENCE apr_time_from_msec(250)

int wake_pace_allows(wake_hub_t *hub, apr_time_t now)
{
    if (!hub->pace || hub->stopped || hub->turns < hub->pace)
        return 1;
    if (now < hub->round_end)
        return 0;
    hub->turns = 0;
    if (++hub->round == 0)
        hub->round = 1;
    return 1;
}

void wake_pace_begin(wake_waiter_t *waiter, apr_time_t now)
{
    wake_hub_t *hub = waiter->hub;

    if (!waiter->turn)
        return;
    waiter->turn->round = hub->round;
    hub->turns++;
    hub->round_end = now + PACE_PATIENCE;
}

void wake_pace_end(wake_hub_t *hub, wake_turn_t *turn)
{
    int counts = turn && turn->round == hub->round;

    if (turn)
        turn->round = 0;
    if (!counts)
        return;
    hub->turns--;
    wake_hub_fire(hub);
}
