/* ConversationMode where it does not belong. */
#include "cmd_helpers.h"

/* A folder of no mail. */
static const char *other_folder(world_t *world)
{
    backend_session_t *session;
    const char *id;

    if (backend_session_open(backend_fail_inner(world->service.backend), "alice", &session,
                             world->pool) ||
        backend_folder_create(session, NULL, "Other", BACKEND_CLASS_NOTES, &id, world->pool))
        abort();
    return id;
}

/* mode NULL: there is none. */
static int sync_status(world_t *world, const char *id, const char *mode)
{
    eas_node_t *root = node(world->pool, NULL, EAS_AirSync_Sync, NULL), *one;
    const eas_node_t *found;
    answer_t answer;

    one = node(world->pool, node(world->pool, root, EAS_AirSync_Collections, NULL),
               EAS_AirSync_Collection, NULL);
    node(world->pool, one, EAS_AirSync_SyncKey, "0");
    node(world->pool, one, EAS_AirSync_CollectionId, id);
    if (mode)
        node(world->pool, one, EAS_AirSync_ConversationMode, mode);
    world->service.limits.window_default = world->service.limits.window_max = 100;
    answer =
        run(world, "alice", request(world->pool, EAS_COMMAND_Sync, EAS_VERSION_14_1), root, NULL);
    found = eas_node_child(answer.body, EAS_AirSync_Collections);
    found = eas_node_child(eas_node_child(found, EAS_AirSync_Collection), EAS_AirSync_Status);
    return found ? atoi(found->text) : -1;
}

static int estimate_status(world_t *world, const char *id, const char *mode)
{
    eas_node_t *root = node(world->pool, NULL, EAS_GetItemEstimate_GetItemEstimate, NULL), *one;
    const eas_node_t *found;
    answer_t answer;

    one = node(world->pool, node(world->pool, root, EAS_GetItemEstimate_Collections, NULL),
               EAS_GetItemEstimate_Collection, NULL);
    node(world->pool, one, EAS_AirSync_SyncKey, "0");
    node(world->pool, one, EAS_GetItemEstimate_CollectionId, id);
    if (mode)
        node(world->pool, one, EAS_AirSync_ConversationMode, mode);
    answer = run(world, "alice",
                 request(world->pool, EAS_COMMAND_GetItemEstimate, EAS_VERSION_14_1), root, NULL);
    found = eas_node_child(answer.body, EAS_GetItemEstimate_Response);
    found = eas_node_child(found, EAS_GetItemEstimate_Status);
    return found ? atoi(found->text) : -1;
}

int main(void)
{
    apr_pool_t *pool;
    const char *id, *inbox;
    world_t *world;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    world = world_create(pool);
    id = other_folder(world);
    inbox = backend_memory_folder(world->service.backend, "alice", BACKEND_ROLE_INBOX);
    is_int(sync_status(world, id, "1"), 4, "Sync of no mail: Status 4 (MS-ASCMD R2117)");
    is_int(sync_status(world, id, "0"), 4, "whatever its value");
    is_int(sync_status(world, id, NULL), 1, "without it: 1");
    is_int(estimate_status(world, id, "1"), 103, "GetItemEstimate of no mail: 103 (R2100)");
    is_int(estimate_status(world, id, NULL), 3, "without it: not primed");
    is_int(sync_status(world, inbox, ""), 1, "of mail: 1");
    is_int(sync_status(world, inbox, "2"), 4, "what is no boolean: 4");
    is_int(estimate_status(world, inbox, "1"), 3, "of mail: the same");
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
