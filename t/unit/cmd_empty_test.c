/* ItemOperations EmptyFolderContents over the memory mailbox, with calls that fail. */
#include "cmd_helpers.h"

static const char *folder(world_t *world, backend_role_t role)
{
    return backend_memory_folder(world->service.backend, "alice", role);
}

static void deliver(world_t *world, backend_role_t role, int count)
{
    while (count--)
        backend_memory_deliver(world->service.backend, "alice", folder(world, role), "one", 0, 0);
}

static int count(world_t *world, backend_role_t role)
{
    return mail(world, "alice", role, NULL)->nelts;
}

static backend_session_t *session(world_t *world)
{
    backend_session_t *opened;

    if (backend_session_open(backend_fail_inner(world->service.backend), "alice", &opened,
                             world->pool))
        abort();
    return opened;
}

static int folders(world_t *world)
{
    apr_array_header_t *list;

    if (backend_folder_list(session(world), &list, world->pool))
        abort();
    return list->nelts;
}

/* below: the content of DeleteSubFolders, NULL: none. */
static eas_node_t *add_empty(world_t *world, eas_node_t *root, const char *id, const char *below)
{
    eas_node_t *empty = node(world->pool, root, EAS_ItemOperations_EmptyFolderContents, NULL);

    if (id)
        node(world->pool, empty, EAS_AirSync_CollectionId, id);
    if (below)
        node(world->pool, node(world->pool, empty, EAS_ItemOperations_Options, NULL),
             EAS_ItemOperations_DeleteSubFolders, below);
    return root;
}

static eas_node_t *operations(world_t *world)
{
    return node(world->pool, NULL, EAS_ItemOperations_ItemOperations, NULL);
}

static answer_t send_operations(world_t *world, const eas_node_t *root)
{
    return run(world, "alice", request(world->pool, EAS_COMMAND_ItemOperations, EAS_VERSION_14_1),
               root, NULL);
}

/* The Status of the n-th operation; -HTTP code for the whole command's. */
static int operation_status(const answer_t *answer, int n)
{
    const eas_node_t *child;
    apr_uint64_t status = 0;

    if (answer->http != 200)
        return -answer->http;
    child = eas_node_child(eas_node_child(answer->body, EAS_ItemOperations_Response),
                           EAS_ItemOperations_EmptyFolderContents);
    while (child && n--)
        child = eas_node_next(child);
    eas_node_child_uint(child, EAS_ItemOperations_Status, 255, &status);
    return (int)status;
}

static int empty(world_t *world, const char *id, const char *below)
{
    answer_t answer = send_operations(world, add_empty(world, operations(world), id, below));

    return operation_status(&answer, 0);
}

static void test_items(apr_pool_t *pool)
{
    world_t *world = world_create(pool);
    const char *trash = folder(world, BACKEND_ROLE_TRASH);

    deliver(world, BACKEND_ROLE_TRASH, 450);
    deliver(world, BACKEND_ROLE_INBOX, 3);
    is_int(empty(world, trash, NULL), 1, "emptied");
    is_int(count(world, BACKEND_ROLE_TRASH), 0, "in several steps");
    is_int(count(world, BACKEND_ROLE_INBOX), 3, "and nothing else");
    is_int(empty(world, trash, NULL), 1, "an empty one can be emptied");
    is_int(empty(world, "nowhere", NULL), 6, "no such folder");
    is_int(empty(world, NULL, NULL), 2, "no CollectionId");
    is_int(empty(world, trash, "x"), 2, "DeleteSubFolders that is no flag");
    deliver(world, BACKEND_ROLE_TRASH, 450);
    world->service.limits.response_time = 1; /* the clock of the world stands in the past */
    is_int(empty(world, trash, NULL), 17, "more than the time for a response allows");
    is_int(count(world, BACKEND_ROLE_TRASH), 250, "is begun");
    is_int(empty(world, trash, NULL), 17, "a repeat goes on");
    is_int(empty(world, trash, NULL), 1, "until it is done");
    is_int(count(world, BACKEND_ROLE_TRASH), 0, "nothing is left");
}

static void test_folders(apr_pool_t *pool)
{
    world_t *world = world_create(pool);
    const char *trash = folder(world, BACKEND_ROLE_TRASH), *id, *deep;
    int before = folders(world);
    answer_t answer;
    eas_node_t *root;

    backend_folder_create(session(world), trash, "one", BACKEND_CLASS_EMAIL, &id, pool);
    backend_folder_create(session(world), id, "deep", BACKEND_CLASS_EMAIL, &deep, pool);
    backend_folder_create(session(world), trash, "two", BACKEND_CLASS_EMAIL, &id, pool);
    is_int(empty(world, trash, NULL), 1, "without DeleteSubFolders");
    is_int(empty(world, trash, "0"), 1, "or with none");
    is_int(folders(world), before + 3, "the folders below stay");
    deliver(world, BACKEND_ROLE_TRASH, 2);
    is_int(empty(world, trash, ""), 1, "with it");
    is_int(folders(world), before, "they go, and those below them");
    is_int(count(world, BACKEND_ROLE_TRASH), 0, "as the items");
    backend_folder_create(session(world), trash, "one", BACKEND_CLASS_EMAIL, &id, pool);
    deliver(world, BACKEND_ROLE_INBOX, 1);
    root = add_empty(world, operations(world), trash, "1");
    add_empty(world, root, id, NULL);
    add_empty(world, root, folder(world, BACKEND_ROLE_INBOX), NULL);
    answer = send_operations(world, root);
    is_int(operation_status(&answer, 0), 1, "several operations");
    is_int(operation_status(&answer, 1), 6, "the second's folder went with the first");
    is_int(operation_status(&answer, 2), 1, "the third is done all the same");
    is_int(count(world, BACKEND_ROLE_INBOX), 0, "its folder is empty");
}

/* -- failing ---------------------------------------------------------------------------------- */

/* Any call may fail before or after its effect: a repeat ends it. */
static int crash_once(apr_pool_t *pool, crash_t crash)
{
    world_t *world = world_create(pool);
    const char *trash = folder(world, BACKEND_ROLE_TRASH), *id;
    int before = folders(world), tries = 0, status, failed;

    deliver(world, BACKEND_ROLE_TRASH, 3);
    backend_folder_create(session(world), trash, "one", BACKEND_CLASS_EMAIL, &id, world->pool);
    backend_folder_create(session(world), trash, "two", BACKEND_CLASS_EMAIL, &id, world->pool);
    crash_arm(world, &crash);
    while ((status = empty(world, trash, "")) == -503 && ++tries < 3)
        ;
    failed = crash_disarm(world, &crash);
    ok(status == 1 && tries == failed && count(world, BACKEND_ROLE_TRASH) == 0 &&
           folders(world) == before,
       "%s: emptied (status %d)", crash_text(&crash, pool), status);
    apr_pool_destroy(world->pool);
    return failed;
}

static void test_faults(apr_pool_t *pool)
{
    world_t *world = world_create(pool);
    crash_t denied = {.name = "remove", .code = BASE_FAULT_DENIED, .at = 1};
    const char *trash = folder(world, BACKEND_ROLE_TRASH), *id;
    int before = folders(world);

    crash_everywhere(pool, 0, 6, crash_once);
    deliver(world, BACKEND_ROLE_TRASH, 3);
    crash_arm(world, &denied);
    is_int(empty(world, trash, NULL), 16, "not allowed");
    denied = (crash_t){.name = "remove", .code = BASE_FAULT_DENIED, .at = 2};
    is_int(empty(world, trash, NULL), 17, "some of it not allowed");
    is_int(count(world, BACKEND_ROLE_TRASH), 2, "what was allowed is done");
    denied = (crash_t){.name = "remove", .code = BASE_FAULT_NOT_FOUND, .at = 1};
    is_int(empty(world, trash, NULL), 1, "an item that goes by itself meanwhile");
    backend_folder_create(session(world), trash, "one", BACKEND_CLASS_EMAIL, &id, pool);
    backend_folder_create(session(world), trash, "two", BACKEND_CLASS_EMAIL, &id, pool);
    denied = (crash_t){.name = "folder_delete", .code = BASE_FAULT_DENIED, .at = 1};
    is_int(empty(world, trash, ""), 17, "a folder that may not be deleted");
    is_int(folders(world), before + 1, "does not keep the others");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_items(pool);
    test_folders(pool);
    test_faults(pool);
    apr_pool_destroy(pool);
    return done_testing();
}
