/* A message is sent once, whatever fails and whoever sends it at the same time. */
#include "send_helpers.h"

#include <pthread.h>

/* -- two at a time --------------------------------------------------------------------------- */

typedef struct {
    world_t *world;
    const char *client_id;
    answer_t answer;
    pthread_t thread;
    apr_pool_t *pool;
} racer_t;

static void *race(void *baton)
{
    racer_t *racer = baton;
    world_t world = *racer->world;

    apr_pool_create(&racer->pool, NULL); /* pools are not for several threads */
    world.pool = racer->pool;
    racer->answer = send_mail(&world, racer->client_id,
                              "To: x@elsewhere.example\r\nMessage-ID: <m@phone>\r\n\r\nx\r\n");
    return NULL;
}

static void test_concurrent(apr_pool_t *pool)
{
    world_t *world = world_create(pool);
    racer_t racers[4] = {{world, "1", {0}, 0, NULL},
                         {world, "1", {0}, 0, NULL},
                         {world, "2", {0}, 0, NULL},
                         {world, "1", {0}, 0, NULL}};
    sendmail_t sendmail;
    int i;

    sendmail_create(world, &sendmail);
    sendmail_write(&sendmail, "then", "sleep 1\nexit 0\n", pool);
    for (i = 0; i < 4; i++)
        pthread_create(&racers[i].thread, NULL, race, &racers[i]);
    for (i = 0; i < 4; i++)
        pthread_join(racers[i].thread, NULL);
    for (i = 0; i < 4; i++)
        is_int(answer_status(&racers[i].answer), 0, "a repeat waits for the first and succeeds");
    for (i = 0; i < 4; i++)
        apr_pool_destroy(racers[i].pool);
    is_int(sendmail_calls(&sendmail, pool), 1, "sent once");
}

/* Whoever waits lets the store's clock go on. */
static void sleep_fast(void *baton, apr_interval_time_t interval)
{
    ((world_t *)baton)->now += interval;
}

static void test_busy(apr_pool_t *pool)
{
    world_t *world = world_create(pool);
    answer_t answer;

    world->plan = (state_fail_plan_t){.at = 2, .when = STATE_FAIL_AFTER};
    answer = send_mail(world, "1", to_bob); /* claimed, and then the process vanishes */
    is_int(answer_status(&answer), -503, "the store is down");
    world->patience = (state_patience_t){.left = apr_time_from_sec(1), .sleep = sleep_fast};
    world->patience.baton = world;
    answer = send_mail(world, "1", to_bob);
    is_int(answer_status(&answer), 111, "somebody is at it, and does not end: retry later");
    is_int(count(world, "bob", BACKEND_ROLE_INBOX), 0, "nothing sent meanwhile");
    world->patience.left = CMD_PATIENCE;
    answer = send_mail(world, "1", to_bob);
    ok(answer.empty && count(world, "bob", BACKEND_ROLE_INBOX) == 1,
       "who waits until the lease has run out takes it over");
}

/* -- failing --------------------------------------------------------------------------------- */

/* Whatever call fails, the client repeats until it gets an answer that ends the matter. Then
 * those here have the message once or, when the outcome was unknown, not at all, and sendmail was
 * called once. Returns whether there was such a call. */
static int crash_once(apr_pool_t *pool, crash_t crash)
{
    static const char mime[] = "To: bob@example.com, x@elsewhere.example, carol@example.com\r\n"
                               "Message-ID: <m@phone>\r\n\r\nHello.\r\n";
    world_t *world = world_create(pool);
    int tries = 0, status, reached, bob, carol, sent, calls;
    sendmail_t sendmail;

    sendmail_create(world, &sendmail);
    crash_arm(world, &crash);
    do {
        answer_t answer = send_mail(world, "1", mime);

        status = answer_status(&answer);
        world->now += apr_time_from_sec(300); /* past the leases of whoever vanished */
    } while (status == -503 && ++tries < 5);
    bob = count(world, "bob", BACKEND_ROLE_INBOX);
    carol = count(world, "carol", BACKEND_ROLE_INBOX);
    sent = count(world, "alice", BACKEND_ROLE_SENT);
    calls = sendmail_calls(&sendmail, pool);
    if (status == 0)
        ok(bob == 1 && carol == 1 && sent == 1 && calls == 1, "%s: sent once (%d %d %d %d)",
           crash_text(&crash, pool), bob, carol, sent, calls);
    else
        ok(status == 120 && crash.store && bob <= 1 && carol <= 1 && calls <= 1,
           "%s: unknown, and not sent again (%d; %d %d %d %d)", crash_text(&crash, pool), status,
           bob, carol, sent, calls);
    reached = crash_disarm(world, &crash);
    apr_pool_destroy(world->pool);
    return reached;
}

static void test_crashes(apr_pool_t *pool)
{
    crash_everywhere(pool, 0, 6, crash_once);
    crash_everywhere(pool, 1, 6, crash_once);
}

/* A recipient's mailbox that is full for good, beside one that is not. */
static base_fault_code_t decide_quota(void *baton, const char *call, int after)
{
    int *puts = baton;

    if (strcmp(call, "put") != 0 || after)
        return BASE_FAULT_NONE;
    return ++*puts == 1 ? BASE_FAULT_QUOTA : BASE_FAULT_NONE;
}

static void test_quota(apr_pool_t *pool)
{
    static const char mime[] = "To: bob@example.com, carol@example.com\r\n"
                               "Message-ID: <m@phone>\r\n\r\nHello.\r\n";
    world_t *world = world_create(pool);
    int puts = 0;
    answer_t answer;

    world->decide = decide_quota;
    world->baton = &puts;
    answer = send_mail(world, "1", mime);
    is_int(answer_status(&answer), 120, "one mailbox is full: reported");
    ok(count(world, "bob", BACKEND_ROLE_INBOX) == 0 &&
           count(world, "carol", BACKEND_ROLE_INBOX) == 1,
       "the other has the message");
    answer = send_mail(world, "1", mime);
    ok(answer.empty && count(world, "bob", BACKEND_ROLE_INBOX) == 1 &&
           count(world, "carol", BACKEND_ROLE_INBOX) == 1,
       "a repeat delivers to whom it could not before");
    puts = 0;
    world->decide = NULL;
    answer = send_mail(world, "2", "To: bob@example.com\r\nMessage-ID: <n@phone>\r\n\r\nx\r\n");
    world->decide = decide_quota;
    puts = -1; /* the second put: the Sent copy */
    answer = send_mail(world, "3", "To: bob@example.com\r\nMessage-ID: <o@phone>\r\n\r\nx\r\n");
    ok(answer.empty && count(world, "bob", BACKEND_ROLE_INBOX) == 3,
       "a Sent folder that is full keeps no mail from going out");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    if (!mkdtemp(root))
        return 1;
    item_child_init(pool);
    backend_submit_child_init();
    test_concurrent(pool);
    test_busy(pool);
    test_crashes(pool);
    test_quota(pool);
    ok(system(apr_pstrcat(pool, "rm -rf ", root, NULL)) == 0, "cleaned up");
    apr_pool_destroy(pool);
    return done_testing();
}
