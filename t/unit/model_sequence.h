/* Random sequences: what the model tests share. Every step draws its randomness from
 * (seed, step), so that steps can be left out to find the shortest sequence that fails. */
#ifndef T_UNIT_MODEL_SEQUENCE_H
#define T_UNIT_MODEL_SEQUENCE_H

#include <apr_pools.h>

#define SEQUENCE_STEPS_MAX 100

typedef struct {
    apr_uint64_t state;
} dice_t;

void dice_seed(dice_t *dice, apr_uint64_t seed, apr_uint64_t step);
unsigned dice_roll(dice_t *dice, unsigned sides); /* [0, sides) */
int dice_percent(dice_t *dice, unsigned percent);

typedef struct {
    apr_uint64_t seed;
    int steps;
    const char *left_out; /* of each step: 1 when it is */
    int verbose;
} sequence_t;

/* Runs one. Returns NULL or what went wrong, in the pool. */
typedef const char *(*sequence_run_fn)(const sequence_t *sequence, apr_pool_t *pool);

typedef struct {
    apr_uint64_t count, seed, failed;
} sequence_tally_t;

/* Runs MODEL_SEQUENCES (without it: count) sequences of up to steps_max steps, from seed MODEL_SEED
 * (without it: 1) on, and shows the shortest form of the first few that fail. */
sequence_tally_t sequence_run_all(sequence_run_fn run, int steps_max, apr_uint64_t count,
                                  apr_pool_t *pool);

#endif
