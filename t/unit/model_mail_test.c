/* Random sequences over whole mailboxes, as model_mail.h says: afterwards every phone has what the
 * mailbox has, and everything was done once. Settings as in model_test.c. */
#include "model_mail.h"

#define DEFAULT_SEQUENCES 500

mail_tally_t mail_tally;

static fate_t step_fate(scene_t *scene)
{
    int what = scene_roll(scene, 100);
    fate_t fate = {0};

    if (what < 6)
        fate.request_lost = 1;
    else if (what < 25)
        fate.answer_lost = 1;
    else if (what < 45) {
        fate.trip = 1 + scene_roll(scene, 40);
        fate.after = scene_percent(scene, 50);
        fate.crash = scene_percent(scene, 60);
    }
    else if (what < 60) {
        fate.disturb = 2 + scene_roll(scene, 40);
        fate.answer_lost = scene_percent(scene, 30);
        if (scene_percent(scene, 30)) {
            fate.trip = fate.disturb + scene_roll(scene, 10);
            fate.after = scene_percent(scene, 50);
            fate.crash = scene_percent(scene, 60);
        }
    }
    return fate;
}

static void step_run(scene_t *scene, int step)
{
    phone_t *phone;
    fate_t fate;
    int what;

    dice_seed(&scene->dice, scene->sequence->seed, (apr_uint64_t)step + 1);
    phone = scene->phones + scene_percent(scene, 40);
    what = scene_roll(scene, 100);
    mail_tally.steps++;
    if (what < 16)
        scene_disturb(scene);
    else if (what < 46)
        phone_act(scene, phone);
    else if (what < 94) {
        fate = step_fate(scene);
        phone_turn(scene, phone, &fate);
    }
    else if (what < 97)
        scene_time(scene, apr_time_from_sec(60) * scene_roll(scene, 180));
    else
        scene_administer(scene, phone);
}

static const char *scene_run(const sequence_t *sequence, apr_pool_t *pool)
{
    scene_t *scene = scene_make(sequence, pool);
    int i;

    for (i = 0; i < sequence->steps && !scene->failure; i++)
        if (!sequence->left_out[i]) {
            if (sequence->verbose)
                printf("# step %d\n", i);
            step_run(scene, i);
        }
    dice_seed(&scene->dice, sequence->seed, SEQUENCE_STEPS_MAX + 1000);
    scene_time(scene, apr_time_from_sec(600));               /* every lease has run out */
    for (i = 0; i < 2 * MAIL_PHONES && !scene->failure; i++) /* what one does the other is told */
        phone_drain(scene, scene->phones + i % MAIL_PHONES);
    for (i = 0; i < MAIL_PHONES && !scene->failure; i++)
        phone_compare(scene, scene->phones + i);
    if (!scene->failure)
        judge_all(scene);
    return scene->failure;
}

int main(void)
{
    const mail_tally_t *t = &mail_tally;
    sequence_tally_t all;
    apr_pool_t *pool;
    unsigned long some;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    all = sequence_run_all(scene_run, MAIL_STEPS, DEFAULT_SEQUENCES, pool);
    ok(all.failed == 0,
       "%" APR_UINT64_T_FMT " sequences from seed %" APR_UINT64_T_FMT ", %" APR_UINT64_T_FMT
       " failed",
       all.count, all.seed, all.failed);
    printf("# %lu steps, %lu answers, %lu repeats, %lu crashes, %lu nested, %lu pauses\n", t->steps,
           t->answers, t->repeats, t->crashes, t->nested, t->waits);
    printf(
        "# %lu moves, %lu changes of folders, %lu emptied, %lu drafts edited, %lu others "
        "edited, %lu occurrences, %lu put into "
        "categories, %lu sent, %lu invited, %lu cancelled, %lu conflicts, %lu resets, %lu undone\n",
        t->moves, t->changes, t->empties, t->edits, t->others, t->occurrences, t->categories,
        t->sent, t->invited, t->cancelled, t->conflicts, t->resets, t->undone);
    some = (unsigned long)(all.count / 100);
    ok(all.count < 200 ||
           (t->repeats > some && t->crashes > some && t->nested > some && t->waits > some &&
            t->moves > some && t->changes > some && t->empties > some && t->edits > some &&
            t->others > some && t->occurrences > some && t->categories > some && t->sent > some &&
            t->invited > some && t->cancelled * 10 > some && t->conflicts > some &&
            t->resets > some && t->undone > some),
       "the sequences go everywhere");
    apr_pool_destroy(pool);
    return done_testing();
}
