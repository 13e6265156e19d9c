/* What a device is served that may not synchronise: one message, whatever it asks for. */
#include "cmd_helpers.h"

#include "backend/notice.h"
#include "cmd/access.h"

static const eas_node_t *collection(world_t *world, const char *key, const char *filter,
                                    const char *mode)
{
    eas_node_t *root = node(world->pool, NULL, EAS_AirSync_Sync, NULL), *one;
    answer_t answer;

    one = node(world->pool, node(world->pool, root, EAS_AirSync_Collections, NULL),
               EAS_AirSync_Collection, NULL);
    node(world->pool, one, EAS_AirSync_SyncKey, key);
    node(world->pool, one, EAS_AirSync_CollectionId, BACKEND_NOTICE_FOLDER);
    if (mode)
        node(world->pool, one, EAS_AirSync_ConversationMode, mode);
    if (filter)
        node(world->pool, node(world->pool, one, EAS_AirSync_Options, NULL), EAS_AirSync_FilterType,
             filter);
    answer =
        run(world, "alice", request(world->pool, EAS_COMMAND_Sync, EAS_VERSION_14_1), root, NULL);
    return eas_node_child(eas_node_child(answer.body, EAS_AirSync_Collections),
                          EAS_AirSync_Collection);
}

/* How many messages the device gets that begins now. */
static int messages(world_t *world, const char *filter, const char *mode)
{
    const char *key = eas_node_child_text(collection(world, "0", NULL, NULL), EAS_AirSync_SyncKey);
    const eas_node_t *add;
    int count = 0;

    add = eas_node_child(eas_node_child(collection(world, key, filter, mode), EAS_AirSync_Commands),
                         EAS_AirSync_Add);
    for (; add; add = eas_node_next(add))
        count++;
    return count;
}

int main(void)
{
    cmd_access_t access = {.mode = SYNC_ACCESS_INTERACTIVE};
    apr_pool_t *pool;
    world_t *world;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    world = world_create(pool);
    world->service.access = &access;
    world->service.limits.window_default = world->service.limits.window_max = 100;
    ok(!cmd_access_rules_create(&access.rules, pool), "access control");
    is_int(messages(world, NULL, NULL), 1, "a device in quarantine has one message");
    is_int(messages(world, "3", NULL), 1, "also of a week");
    is_int(messages(world, "3", "1"), 1, "and of a week's conversations");
    world->now += apr_time_from_sec(100 * 86400);
    is_int(messages(world, "3", NULL), 1, "a message that does not age");
    is_int(messages(world, "3", "1"), 1, "in no way");
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
