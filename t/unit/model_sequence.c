#include "model_sequence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEQUENCE_STEPS_MIN 5
#define SEQUENCE_SHOWN 3

void dice_seed(dice_t *dice, apr_uint64_t seed, apr_uint64_t step)
{
    dice->state = seed * 0x9e3779b97f4a7c15u + step * 0xd1342543de82ef95u + 1;
}

/* splitmix64 */
unsigned dice_roll(dice_t *dice, unsigned sides)
{
    apr_uint64_t z = dice->state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (unsigned)((z ^ (z >> 31)) % sides);
}

int dice_percent(dice_t *dice, unsigned percent)
{
    return dice_roll(dice, 100) < percent;
}

/* Leaves out every step that is not needed for the failure, and shows what is left. */
static void sequence_explain(sequence_run_fn run, sequence_t sequence, apr_pool_t *pool)
{
    char left_out[SEQUENCE_STEPS_MAX] = {0};
    apr_pool_t *scratch;
    int i, again;

    sequence.left_out = left_out;
    apr_pool_create(&scratch, pool);
    for (again = 1; again;) {
        again = 0;
        for (i = sequence.steps - 1; i >= 0; i--) {
            if (left_out[i])
                continue;
            left_out[i] = 1;
            apr_pool_clear(scratch);
            if (run(&sequence, scratch))
                again = 1;
            else
                left_out[i] = 0;
        }
    }
    apr_pool_clear(scratch);
    printf("# the shortest form of sequence %" APR_UINT64_T_FMT ":\n", sequence.seed);
    sequence.verbose = 1;
    run(&sequence, scratch);
    apr_pool_destroy(scratch);
}

static apr_uint64_t sequence_setting(const char *name, apr_uint64_t missing)
{
    const char *text = getenv(name);

    return text && *text ? (apr_uint64_t)strtoull(text, NULL, 10) : missing;
}

sequence_tally_t sequence_run_all(sequence_run_fn run, int steps_max, apr_uint64_t count,
                                  apr_pool_t *pool)
{
    static const char none[SEQUENCE_STEPS_MAX];
    sequence_tally_t tally = {.count = sequence_setting("MODEL_SEQUENCES", count),
                              .seed = sequence_setting("MODEL_SEED", 1)};
    apr_pool_t *scratch;
    apr_uint64_t i;

    apr_pool_create(&scratch, pool);
    for (i = 0; i < tally.count; i++) {
        sequence_t sequence = {.seed = tally.seed + i, .left_out = none};
        const char *failure;
        dice_t dice;

        dice_seed(&dice, sequence.seed, 0);
        sequence.steps =
            SEQUENCE_STEPS_MIN + (int)dice_roll(&dice, (unsigned)(steps_max - SEQUENCE_STEPS_MIN));
        apr_pool_clear(scratch);
        if ((failure = run(&sequence, scratch)) && ++tally.failed <= SEQUENCE_SHOWN) {
            printf("# sequence with MODEL_SEED=%" APR_UINT64_T_FMT " fails: %s\n", sequence.seed,
                   failure);
            sequence_explain(run, sequence, scratch);
        }
    }
    apr_pool_destroy(scratch);
    return tally;
}
