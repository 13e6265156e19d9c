/* MoveItems over the memory mailbox and store, with calls that fail before or after. */
#include "cmd_helpers.h"

static const char *folder_id(world_t *world, backend_role_t role)
{
    return backend_memory_folder(world->service.backend, "alice", role);
}

static apr_uint64_t deliver(world_t *world, const char *message)
{
    return backend_memory_deliver(world->service.backend, "alice",
                                  folder_id(world, BACKEND_ROLE_INBOX), message, 0, 0);
}

static eas_node_t *add_move(world_t *world, eas_node_t *root, const char *item, const char *from,
                            const char *to)
{
    eas_node_t *move = node(world->pool, root, EAS_Move_Move, NULL);

    if (item)
        node(world->pool, move, EAS_Move_SrcMsgId, item);
    node(world->pool, move, EAS_Move_SrcFldId, from);
    node(world->pool, move, EAS_Move_DstFldId, to);
    return move;
}

static eas_node_t *moves(world_t *world)
{
    return node(world->pool, NULL, EAS_Move_MoveItems, NULL);
}

static answer_t send_moves(world_t *world, const eas_node_t *root)
{
    return run(world, "alice", request(world->pool, EAS_COMMAND_MoveItems, EAS_VERSION_14_1), root,
               NULL);
}

/* Status and DstMsgId of the n-th Response (0 = the first). */
static int response(const answer_t *answer, int n, const char **new_id)
{
    const eas_node_t *child = eas_node_child(answer->body, EAS_Move_Response);
    apr_uint64_t status = 0;

    while (child && n--)
        child = eas_node_next(child);
    eas_node_child_uint(child, EAS_Move_Status, 255, &status);
    if (new_id)
        *new_id = eas_node_child_text(child, EAS_Move_DstMsgId);
    return (int)status;
}

static void test_moves(apr_pool_t *pool)
{
    world_t *world = world_create(pool);
    const char *inbox = folder_id(world, BACKEND_ROLE_INBOX);
    const char *trash = folder_id(world, BACKEND_ROLE_TRASH);
    const char *first = server_id(world, "alice", BACKEND_ROLE_INBOX, deliver(world, "one"));
    const char *second = server_id(world, "alice", BACKEND_ROLE_INBOX, deliver(world, "two"));
    const char *new_first, *new_second, *again;
    apr_array_header_t *entries;
    eas_node_t *root = moves(world);
    answer_t answer;

    add_move(world, root, first, inbox, trash);
    add_move(world, root, "nonsense", inbox, trash);
    add_move(world, root, second, inbox, trash);
    answer = send_moves(world, root);
    is_int(response(&answer, 0, &new_first), 3, "first moved");
    is_int(response(&answer, 1, &again), 1, "what is no ServerId is not there");
    ok(!again, "and gets no DstMsgId");
    is_int(response(&answer, 2, &new_second), 3, "the next one moves all the same");
    is_int(mail(world, "alice", BACKEND_ROLE_INBOX, NULL)->nelts, 0, "nothing left in the source");
    is_int(mail(world, "alice", BACKEND_ROLE_TRASH, &entries)->nelts, 2, "both are there");
    is_str(new_first,
           server_id(world, "alice", BACKEND_ROLE_TRASH,
                     APR_ARRAY_IDX(entries, 0, backend_entry_t).uid),
           "DstMsgId is what the item is called there");
    answer = send_moves(world, root);
    is_int(response(&answer, 0, &again), 3, "the same request again: still a success");
    is_str(again, new_first, "with the same DstMsgId");
    is_int(response(&answer, 2, &again), 3, "the other one too");
    is_str(again, new_second, "with its DstMsgId");
    is_int(mail(world, "alice", BACKEND_ROLE_TRASH, NULL)->nelts, 2, "nothing doubled");
    backend_memory_expunge(world->service.backend, "alice", trash,
                           APR_ARRAY_IDX(entries, 0, backend_entry_t).uid);
    answer = send_moves(world, root);
    response(&answer, 0, &again);
    is_str(again, new_first, "a repeat is answered even when the item went on meanwhile");
    root = moves(world);
    add_move(world, root, first, inbox, folder_id(world, BACKEND_ROLE_ARCHIVE));
    answer = send_moves(world, root);
    is_int(response(&answer, 0, NULL), 1, "another move of what was moved away");
    root = moves(world);
    add_move(world, root, new_second, trash, inbox);
    answer = send_moves(world, root);
    is_int(response(&answer, 0, NULL), 3, "and back by its new ServerId");
}

static void test_statuses(apr_pool_t *pool)
{
    world_t *world = world_create(pool);
    const char *inbox = folder_id(world, BACKEND_ROLE_INBOX);
    const char *trash = folder_id(world, BACKEND_ROLE_TRASH);
    const char *id = server_id(world, "alice", BACKEND_ROLE_INBOX, deliver(world, "one"));
    const struct {
        const char *item, *from, *to;
        int status;
        const char *name;
    } rows[] = {
        {id, inbox, inbox, 4, "same folder"},
        {id, inbox, "nowhere", 2, "unknown destination"},
        {id, inbox, "", 2, "empty destination"},
        {id, "nowhere", trash, 1, "unknown source"},
        {id, trash, inbox, 1, "item of another folder"},
        {server_id(world, "alice", BACKEND_ROLE_INBOX, 999), inbox, trash, 1, "no such item"},
        {"INBOX/1", inbox, trash, 1, "no ServerId at all"},
    };
    answer_t answer;
    eas_node_t *root = moves(world);
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        add_move(world, root, rows[i].item, rows[i].from, rows[i].to);
    answer = send_moves(world, root);
    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        is_int(response(&answer, (int)i, NULL), rows[i].status, rows[i].name);
    is_int(mail(world, "alice", BACKEND_ROLE_INBOX, NULL)->nelts, 1, "nothing moved");
    backend_memory_renew(world->service.backend, "alice", inbox);
    root = moves(world);
    add_move(world, root, id, inbox, trash);
    answer = send_moves(world, root);
    is_int(response(&answer, 0, NULL), 1, "a ServerId of an earlier generation");
    is_int(mail(world, "alice", BACKEND_ROLE_INBOX, NULL)->nelts, 1,
           "is never mistaken for another item");
}

static void test_requests(apr_pool_t *pool)
{
    world_t *world = world_create(pool);
    const char *inbox = folder_id(world, BACKEND_ROLE_INBOX);
    const char *trash = folder_id(world, BACKEND_ROLE_TRASH);
    const char *id = server_id(world, "alice", BACKEND_ROLE_INBOX, deliver(world, "one"));
    eas_node_t *root = moves(world);
    answer_t answer = send_moves(world, root);
    int i;

    is_int(answer_status(&answer), 103, "no Move at all");
    node(pool, add_move(world, root, id, inbox, trash), EAS_Move_DstFldId, inbox);
    answer = send_moves(world, root);
    is_int(answer_status(&answer), 5, "two destinations");
    root = moves(world);
    add_move(world, root, id, inbox, trash);
    add_move(world, root, NULL, inbox, trash);
    answer = send_moves(world, root);
    is_int(answer_status(&answer), 5, "a Move without SrcMsgId");
    root = moves(world);
    for (i = 0; i < 1001; i++)
        add_move(world, root, id, inbox, trash);
    answer = send_moves(world, root);
    is_int(answer_status(&answer), 103, "too many Moves");
    is_int(mail(world, "alice", BACKEND_ROLE_INBOX, NULL)->nelts, 1,
           "nothing moves in a refused request");
    root = moves(world);
    for (i = 0; i < 3; i++)
        add_move(world, root, id, inbox, trash);
    answer = send_moves(world, root);
    ok(response(&answer, 0, NULL) == 3 && response(&answer, 2, NULL) == 3 &&
           mail(world, "alice", BACKEND_ROLE_TRASH, NULL)->nelts == 1,
       "the same Move three times in a request is one");
}

/* -- failing --------------------------------------------------------------------------------- */

/* Whatever call fails, before or after it had its effect: the client repeats until it has the
 * item's new name, and the item is there once. */
static int crash_once(apr_pool_t *pool, crash_t crash)
{
    world_t *world = world_create(pool);
    const char *id = server_id(world, "alice", BACKEND_ROLE_INBOX, deliver(world, "one"));
    eas_node_t *root = moves(world);
    const char *new_id = NULL;
    apr_array_header_t *entries;
    int tries = 0, failed, status;

    add_move(world, root, id, folder_id(world, BACKEND_ROLE_INBOX),
             folder_id(world, BACKEND_ROLE_TRASH));
    crash_arm(world, &crash);
    do {
        answer_t answer = send_moves(world, root);

        status = answer.http == 200 ? response(&answer, 0, &new_id) : 0;
        if (answer.http != 200 && answer.http != 503)
            break;
        if (answer.http == 200 && status != 3 && status != 7)
            break;
        world->now += apr_time_from_sec(61); /* past the lease of whoever vanished */
    } while (!new_id && ++tries < 5);
    mail(world, "alice", BACKEND_ROLE_TRASH, &entries);
    ok(new_id && entries->nelts == 1 &&
           mail(world, "alice", BACKEND_ROLE_INBOX, NULL)->nelts == 0 &&
           strcmp(new_id, server_id(world, "alice", BACKEND_ROLE_TRASH,
                                    APR_ARRAY_IDX(entries, 0, backend_entry_t).uid)) == 0,
       "%s: moved once (status %d)", crash_text(&crash, pool), status);
    failed = crash_disarm(world, &crash);
    apr_pool_destroy(world->pool);
    return failed;
}

static state_fail_when_t fail_record(void *baton, state_call_t call, int number)
{
    (void)baton;
    (void)number;
    return call == STATE_CALL_RECORD ? STATE_FAIL_BEFORE : STATE_FAIL_NOT;
}

/* The item has its name in the destination, whatever became of the ledger and of the source's names. */
static void test_unrecorded(apr_pool_t *pool)
{
    world_t *world = world_create(pool);
    const char *inbox = folder_id(world, BACKEND_ROLE_INBOX);
    const char *trash = folder_id(world, BACKEND_ROLE_TRASH);
    const char *id = server_id(world, "alice", BACKEND_ROLE_INBOX, deliver(world, "one"));
    const char *told, *again;
    eas_node_t *root = moves(world);
    answer_t answer;

    deliver(world, "two");
    add_move(world, root, id, inbox, trash);
    world->plan.decide = fail_record;
    answer = send_moves(world, root);
    is_int(response(&answer, 0, &told), 3, "a move that cannot be recorded");
    world->plan.decide = NULL;
    world->now += apr_time_from_sec(61);
    backend_memory_renew(world->service.backend, "alice", inbox);
    answer = send_moves(world, root);
    is_int(response(&answer, 0, &again), 3,
           "is found again though the source is of a new generation");
    is_str(again, told, "under its name");
    is_int(mail(world, "alice", BACKEND_ROLE_INBOX, NULL)->nelts, 1, "and nothing else moves");
}

static void test_crashes(apr_pool_t *pool)
{
    crash_everywhere(pool, 0, 2, crash_once);
    crash_everywhere(pool, 1, 2, crash_once);
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_moves(pool);
    test_statuses(pool);
    test_requests(pool);
    test_unrecorded(pool);
    test_crashes(pool);
    apr_pool_destroy(pool);
    return done_testing();
}
