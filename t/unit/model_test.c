/* The model test: random sequences of everything that can happen between devices, network,
 * store and mailbox, and afterwards everybody must agree. See model.h.
 *
 *   MODEL_SEQUENCES  how many (default 10000)
 *   MODEL_SEED       the first one's seed (default 1); with MODEL_SEQUENCES=1 and a seed that
 *                    failed, that one alone */
#include "tap.h"

#include <apr_general.h>

#include "backend/memory.h"
#include "model.h"

#define DEFAULT_SEQUENCES 10000

/* What went on, to see that the sequences go everywhere. */
static struct {
    unsigned long steps, taken, faults, crashes, nested, waits;
} tally;

static void step_sync(world_t *world, device_t *device)
{
    unsigned what = dice_roll(&world->dice, 100);
    fate_t fate = {0};

    if (what < 8)
        fate.request_lost = 1;
    else if (what < 25)
        fate.answer_lost = 1;
    else if (what < 45) {
        fate.trip = 1 + (int)dice_roll(&world->dice, 14);
        fate.after = dice_percent(&world->dice, 50);
        fate.crash = dice_percent(&world->dice, 50);
    }
    else if (what < 50) {
        fate.trip = 1;
        fate.denied = 1;
    }
    else if (what < 62) {
        fate.disturb = 1 + (int)dice_roll(&world->dice, 14);
        fate.nested = dice_percent(&world->dice, 60);
        fate.disturb += fate.nested; /* before the first call the second request is the first */
        fate.answer_lost = dice_percent(&world->dice, 30);
    }
    fate.patient = dice_percent(&world->dice, 80);
    fate.cut = dice_percent(&world->dice, 20) ? 60 : 0;
    if (device_sync(world, device, &fate) >= 0)
        tally.taken++;
    tally.faults += world->tripped != 0;
    tally.crashes += world->tripped && fate.crash;
    tally.nested += world->disturbed && fate.nested;
    tally.waits += world->waits;
    world->waits = 0;
}

static void step_lose_state(world_t *world, device_t *device)
{
    state_key_t key = {.account = MODEL_ACCOUNT,
                       .device = device->device,
                       .kind = STATE_RECORD_FOLDER,
                       .name = world->inbox};
    apr_pool_t *pool;

    apr_pool_create(&pool, world->pool);
    state_record_remove(world->memory, &key, pool);
    apr_pool_destroy(pool);
    world_log(world, "the state of %s is lost", device->device);
}

static void step_clock(world_t *world, apr_interval_time_t passes)
{
    int i;

    world->now += passes;
    if (passes > apr_time_from_sec(86400)) /* the ledger does not last for ever */
        for (i = 0; i < MODEL_DEVICES; i++)
            world->devices[i].applied = 0;
    backend_memory_clock(world->inner, world->now);
    world_log(world, "%d hours pass", (int)(apr_time_sec(passes) / 3600));
}

static void step_run(world_t *world, int step)
{
    device_t *device;
    unsigned what;

    dice_seed(&world->dice, world->seed, (apr_uint64_t)step + 1);
    device = world->devices + (dice_percent(&world->dice, 70) ? 0 : 1);
    what = dice_roll(&world->dice, 1000);
    tally.steps++;
    if (what < 250)
        world_disturb(world);
    else if (what < 450)
        device_act(world, device);
    else if (what < 850)
        step_sync(world, device);
    else if (what < 890)
        step_clock(world, apr_time_from_sec(3600) * (1 + (apr_time_t)dice_roll(&world->dice, 12)));
    else if (what < 905)
        step_clock(world, apr_time_from_sec(86400) * (1 + (apr_time_t)dice_roll(&world->dice, 20)));
    else if (what < 940) {
        device->filter = (int)dice_roll(&world->dice, 2 * MODEL_FILTERS);
        device->options_known = 0;
        world_log(world, "%s wants filter %d", device->device, device->filter);
    }
    else if (what < 950) {
        device->client_wins = !device->client_wins;
        device->options_known = 0;
    }
    else if (what < 985)
        device_check_estimate(world, device);
    else if (what < 990)
        device_check_stale(world, device);
    else if (what < 995)
        step_lose_state(world, device);
    else if (what < 998) {
        backend_memory_renew(world->inner, MODEL_ACCOUNT, world->inbox);
        world_log(world, "a new generation");
    }
    else {
        world_log(world, "%s starts again by itself", device->device);
        device_reset(device);
    }
}

static const char *sequence_run(const sequence_t *sequence, apr_pool_t *pool)
{
    world_t *world = world_make(sequence->seed, sequence->verbose, pool);
    int i;

    for (i = 0; i < sequence->steps && !world->failure; i++)
        if (!sequence->left_out[i]) {
            if (sequence->verbose)
                printf("# step %d\n", i);
            step_run(world, i);
        }
    dice_seed(&world->dice, sequence->seed, MODEL_STEPS + 1000);
    world->now += apr_time_from_sec(600); /* every lease has run out */
    for (i = 0; i < MODEL_DEVICES && !world->failure; i++) {
        device_check_quiet(world, world->devices + i);
        if (!world->failure) /* what it still had to send changed the mailbox of the others */
            device_check_quiet(world, world->devices + (MODEL_DEVICES - 1 - i));
    }
    if (!world->failure)
        world_check_contents(world);
    return world->failure;
}

int main(void)
{
    sequence_tally_t all;
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    all = sequence_run_all(sequence_run, MODEL_STEPS, DEFAULT_SEQUENCES, pool);
    ok(all.failed == 0,
       "%" APR_UINT64_T_FMT " sequences from seed %" APR_UINT64_T_FMT ", %" APR_UINT64_T_FMT
       " failed",
       all.count, all.seed, all.failed);
    printf("# %lu steps, %lu answers taken, %lu failed calls, %lu crashes, %lu nested requests, "
           "%lu pauses\n",
           tally.steps, tally.taken, tally.faults, tally.crashes, tally.nested, tally.waits);
    ok(all.count < 1000 || (tally.taken > all.count && tally.crashes > all.count / 10 &&
                            tally.nested > all.count / 10 && tally.waits > all.count / 10),
       "the sequences go everywhere");
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
