/* FolderCreate, FolderUpdate and FolderDelete over the memory mailbox and store, with calls that
 * fail before or after. */
#include "cmd_helpers.h"

/* What a phone knows: its last hierarchy key. */
static const char *key;

static backend_session_t *session(world_t *world)
{
    backend_session_t *opened;

    if (backend_session_open(backend_fail_inner(world->service.backend), "alice", &opened,
                             world->pool))
        abort();
    return opened;
}

/* The number of folders of that name, and the last one's id and parent. */
static int folders(world_t *world, const char *name, const char **id, const char **parent_id)
{
    apr_array_header_t *list;
    int i, count = 0;

    if (backend_folder_list(session(world), &list, world->pool))
        abort();
    for (i = 0; i < list->nelts; i++) {
        const backend_folder_t *folder = &APR_ARRAY_IDX(list, i, backend_folder_t);

        if (strcmp(folder->name, name) != 0)
            continue;
        count++;
        if (id)
            *id = folder->id;
        if (parent_id)
            *parent_id = folder->parent_id ? folder->parent_id : "0";
    }
    return count;
}

static const char *role_id(world_t *world, backend_role_t role)
{
    return backend_memory_folder(world->service.backend, "alice", role);
}

static void field(world_t *world, eas_node_t *root, eas_tag_t tag, const char *text)
{
    if (text)
        node(world->pool, root, tag, text);
}

static answer_t send_create(world_t *world, const char *with_key, const char *parent_id,
                            const char *name, const char *type)
{
    eas_node_t *root = node(world->pool, NULL, EAS_FolderHierarchy_FolderCreate, NULL);

    field(world, root, EAS_FolderHierarchy_SyncKey, with_key);
    field(world, root, EAS_FolderHierarchy_ParentId, parent_id);
    field(world, root, EAS_FolderHierarchy_DisplayName, name);
    field(world, root, EAS_FolderHierarchy_Type, type);
    return run(world, "alice", request(world->pool, EAS_COMMAND_FolderCreate, EAS_VERSION_14_1),
               root, NULL);
}

static answer_t send_update(world_t *world, const char *with_key, const char *id,
                            const char *parent_id, const char *name)
{
    eas_node_t *root = node(world->pool, NULL, EAS_FolderHierarchy_FolderUpdate, NULL);

    field(world, root, EAS_FolderHierarchy_SyncKey, with_key);
    field(world, root, EAS_FolderHierarchy_ServerId, id);
    field(world, root, EAS_FolderHierarchy_ParentId, parent_id);
    field(world, root, EAS_FolderHierarchy_DisplayName, name);
    return run(world, "alice", request(world->pool, EAS_COMMAND_FolderUpdate, EAS_VERSION_14_1),
               root, NULL);
}

static answer_t send_delete(world_t *world, const char *with_key, const char *id)
{
    eas_node_t *root = node(world->pool, NULL, EAS_FolderHierarchy_FolderDelete, NULL);

    field(world, root, EAS_FolderHierarchy_SyncKey, with_key);
    field(world, root, EAS_FolderHierarchy_ServerId, id);
    return run(world, "alice", request(world->pool, EAS_COMMAND_FolderDelete, EAS_VERSION_14_1),
               root, NULL);
}

static const char *answer_text(const answer_t *answer, eas_tag_t tag)
{
    return eas_node_child_text(answer->body, tag);
}

/* FolderSync with a key: "+name *name - " of what came; key becomes the answer's. */
static const char *folder_sync(world_t *world, const char *with_key)
{
    eas_node_t *root = node(world->pool, NULL, EAS_FolderHierarchy_FolderSync, NULL);
    const eas_node_t *child;
    const char *text = "";
    answer_t answer;

    node(world->pool, root, EAS_FolderHierarchy_SyncKey, with_key);
    answer = run(world, "alice", request(world->pool, EAS_COMMAND_FolderSync, EAS_VERSION_14_1),
                 root, NULL);
    if (answer_status(&answer) != 1)
        return apr_psprintf(world->pool, "Status %d", answer_status(&answer));
    key = answer_text(&answer, EAS_FolderHierarchy_SyncKey);
    child = eas_node_child(answer.body, EAS_FolderHierarchy_Changes);
    for (child = child ? child->first : NULL; child; child = child->next)
        if (child->tag != EAS_FolderHierarchy_Count) {
            const char *name = eas_node_child_text(child, EAS_FolderHierarchy_DisplayName);

            text = apr_pstrcat(world->pool, text,
                               child->tag == EAS_FolderHierarchy_Add      ? "+"
                               : child->tag == EAS_FolderHierarchy_Update ? "*"
                                                                          : "-",
                               name ? name : "", " ", NULL);
        }
    return text;
}

static world_t *enrolled(apr_pool_t *pool)
{
    world_t *world = world_create(pool);

    folder_sync(world, "0");
    folder_sync(world, key);
    return world;
}

/* -- the changes ------------------------------------------------------------------------------ */

static void test_create(apr_pool_t *pool)
{
    world_t *world = enrolled(pool);
    const char *before = key, *id, *parent, *lost, *there;
    answer_t answer = send_create(world, before, "0", "Work", "12");

    is_int(answer_status(&answer), 1, "created");
    id = answer_text(&answer, EAS_FolderHierarchy_ServerId);
    key = answer_text(&answer, EAS_FolderHierarchy_SyncKey);
    is_int(folders(world, "Work", &there, &parent), 1, "the mailbox has it");
    is_str(id, there, "under the ServerId that was told");
    is_str(parent, "0", "at the top");
    ok(key && strcmp(key, before) != 0, "under a new key");
    answer = send_create(world, before, "0", "Work", "12");
    is_str(answer_text(&answer, EAS_FolderHierarchy_ServerId), id, "a repeat: the same ServerId");
    is_str(answer_text(&answer, EAS_FolderHierarchy_SyncKey), key, "and key");
    is_int(folders(world, "Work", NULL, NULL), 1, "once");
    backend_folder_create(session(world), NULL, "Other", BACKEND_CLASS_EMAIL, &there, world->pool);
    is_str(folder_sync(world, key), "+Other ", "FolderSync brings only what others did");
    answer = send_create(world, before, "0", "Work", "12");
    is_int(answer_status(&answer), 9, "a key that is past");
    answer = send_create(world, key, id, "Büro/A.B & C", "12");
    is_int(answer_status(&answer), 1, "below it, any characters");
    is_int(folders(world, "Büro/A.B & C", NULL, &parent), 1, "the mailbox has it");
    is_str(parent, id, "below");
    lost = key;
    is_str(folder_sync(world, lost), "+Büro/A.B & C ",
           "an answer lost for good comes by FolderSync");
    answer = send_create(world, key, "0", "  Padded ", "1");
    is_int(answer_status(&answer), 1, "a generic folder");
    is_int(folders(world, "Padded", NULL, NULL), 1, "without the spaces around its name");
    is_str(folder_sync(world, answer_text(&answer, EAS_FolderHierarchy_SyncKey)), "*Padded ",
           "which the server says to be one for mail");
}

static void test_create_refused(apr_pool_t *pool)
{
    world_t *world = enrolled(pool);
    char *long_name = apr_pcalloc(pool, 300);
    const struct {
        const char *key, *parent, *name, *type;
        int status;
        const char *what;
    } rows[] = {
        {key, "0", "Sent", "12", 2, "a name that is there"},
        {key, "0", "inbox", "12", 2, "the Inbox's name"},
        {key, "nowhere", "A", "12", 5, "no such parent"},
        {key, "0", "A", "2", 10, "a default folder"},
        {key, "0", "A", "19", 10, "the recipient information cache"},
        {key, "0", "A", "16", 10, "a journal"},
        {key, "0", "A", "17", 1, "a folder of notes"},
        {key, "0", "A", "nonsense", 10, "no Type at all"},
        {key, "0", "A", NULL, 10, "without Type"},
        {key, "0", " ", "12", 10, "an empty name"},
        {key, "0", "..", "12", 10, "only dots"},
        {key, "0", long_name, "12", 10, "a name of 257 characters"},
        {key, "0", NULL, "12", 10, "without DisplayName"},
        {key, NULL, "A", "12", 10, "without ParentId"},
        {NULL, "0", "A", "12", 10, "without SyncKey"},
        {"0", "0", "B", "12", 9, "key 0"},
        {"nonsense", "0", "B", "12", 9, "an unknown key"},
        {apr_psprintf(pool, "%s0", key), "0", "B", "12", 9, "a key to come"},
    };
    answer_t answer;
    size_t i;

    memset(long_name, 'n', 257);
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        answer = send_create(world, rows[i].key, rows[i].parent, rows[i].name, rows[i].type);
        is_int(answer_status(&answer), rows[i].status, rows[i].what);
    }
    is_int(folders(world, "B", NULL, NULL), 0, "nothing made with a wrong key");
    is_str(folder_sync(world, key), "+A ", "the key is as it was");
}

static void test_update(apr_pool_t *pool)
{
    world_t *world = enrolled(pool);
    const char *work, *home, *sub, *parent, *before;
    answer_t answer;

    backend_folder_create(session(world), NULL, "Work", BACKEND_CLASS_EMAIL, &work, pool);
    backend_folder_create(session(world), NULL, "Home", BACKEND_CLASS_EMAIL, &home, pool);
    backend_folder_create(session(world), work, "Sub", BACKEND_CLASS_EMAIL, &sub, pool);
    folder_sync(world, key);
    before = key;
    answer = send_update(world, before, sub, home, "Renamed");
    is_int(answer_status(&answer), 1, "moved and renamed");
    key = answer_text(&answer, EAS_FolderHierarchy_SyncKey);
    ok(strcmp(key, before) != 0, "a new key");
    is_int(folders(world, "Renamed", NULL, &parent), 1, "the mailbox has it");
    is_str(parent, home, "below its new parent");
    answer = send_update(world, before, sub, home, "Renamed");
    is_str(answer_text(&answer, EAS_FolderHierarchy_SyncKey), key, "a repeat: the same key");
    is_str(folder_sync(world, key), "", "the device knows");
    before = key;
    answer = send_update(world, before, sub, home, "Renamed");
    is_int(answer_status(&answer), 1, "the same name again");
    key = answer_text(&answer, EAS_FolderHierarchy_SyncKey);
    ok(strcmp(key, before) != 0, "a new key all the same");
    answer = send_update(world, key, work, home, "Work");
    is_int(answer_status(&answer), 1, "under another parent");
    key = answer_text(&answer, EAS_FolderHierarchy_SyncKey);
    is_str(folder_sync(world, key), "", "the device knows");
    {
        const struct {
            const char *id, *parent, *name;
            int status;
            const char *what;
        } rows[] = {
            {sub, home, "Work", 2, "a name that is there"},
            {sub, "0", "INBOX", 2, "the Inbox's name"},
            {role_id(world, BACKEND_ROLE_INBOX), "0", "Mine", 2, "the Inbox"},
            {role_id(world, BACKEND_ROLE_SENT), home, "Sent", 2, "Sent, elsewhere"},
            {"nowhere", "0", "A", 4, "no such folder"},
            {sub, "nowhere", "A", 5, "no such parent"},
            {"nowhere", "nowhere", "A", 4, "neither"},
            {home, work, "Home", 10, "into a folder below itself"},
            {home, home, "Home", 10, "into itself"},
            {sub, home, "", 10, "no name"},
            {sub, home, NULL, 10, "without DisplayName"},
            {sub, NULL, "A", 10, "without ParentId"},
            {NULL, home, "A", 10, "without ServerId"},
        };
        size_t i;

        for (i = 0; i < sizeof rows / sizeof *rows; i++) {
            answer = send_update(world, key, rows[i].id, rows[i].parent, rows[i].name);
            is_int(answer_status(&answer), rows[i].status, rows[i].what);
        }
    }
    answer = send_update(world, "nonsense", sub, "0", "A");
    is_int(answer_status(&answer), 9, "an unknown key");
    is_str(folder_sync(world, key), "", "nothing changed");
    answer = send_update(world, key, sub, role_id(world, BACKEND_ROLE_TRASH), "Renamed");
    is_int(answer_status(&answer), 1, "into Deleted Items, as clients delete folders");
}

static void test_delete(apr_pool_t *pool)
{
    world_t *world = enrolled(pool);
    const char *work, *sub, *before;
    answer_t answer;

    backend_folder_create(session(world), NULL, "Work", BACKEND_CLASS_EMAIL, &work, pool);
    backend_folder_create(session(world), work, "Sub", BACKEND_CLASS_EMAIL, &sub, pool);
    folder_sync(world, key);
    before = key;
    answer = send_delete(world, before, work);
    is_int(answer_status(&answer), 1, "deleted");
    key = answer_text(&answer, EAS_FolderHierarchy_SyncKey);
    is_int(folders(world, "Work", NULL, NULL) + folders(world, "Sub", NULL, NULL), 0,
           "with what is below");
    answer = send_delete(world, before, work);
    is_int(answer_status(&answer), 1, "a repeat");
    is_str(answer_text(&answer, EAS_FolderHierarchy_SyncKey), key, "the same key");
    is_str(folder_sync(world, key), "", "the device knows of both");
    answer = send_delete(world, key, work);
    is_int(answer_status(&answer), 4, "what is gone, with the next key");
    answer = send_delete(world, key, role_id(world, BACKEND_ROLE_INBOX));
    is_int(answer_status(&answer), 3, "the Inbox");
    answer = send_delete(world, key, role_id(world, BACKEND_ROLE_JUNK));
    is_int(answer_status(&answer), 3, "Junk");
    answer = send_delete(world, key, NULL);
    is_int(answer_status(&answer), 10, "without ServerId");
    answer = send_delete(world, "0", sub);
    is_int(answer_status(&answer), 9, "key 0");
    ok(folders(world, "Sent", NULL, NULL) == 1, "the others are there");
}

/* One key, two different requests, both answers lost: whichever key comes back counts. */
static void test_alternatives(apr_pool_t *pool)
{
    world_t *world = enrolled(pool);
    const char *before = key, *first, *second;
    answer_t answer = send_create(world, before, "0", "One", "12");

    first = answer_text(&answer, EAS_FolderHierarchy_SyncKey);
    answer = send_create(world, before, "0", "Two", "12");
    is_int(answer_status(&answer), 1, "another request with the same key");
    second = answer_text(&answer, EAS_FolderHierarchy_SyncKey);
    ok(strcmp(first, second) != 0, "another key");
    is_str(folder_sync(world, second), "+One ", "with the second the device knows the second");
    is_str(folder_sync(world, first), "Status 9", "and the first is past");
}

/* -- failing ---------------------------------------------------------------------------------- */

/* 0 create, 1 update, 2 delete */
static answer_t send_change(world_t *world, int what, const char *with_key, const char *id)
{
    if (what == 0)
        return send_create(world, with_key, "0", "New", "12");
    if (what == 1)
        return send_update(world, with_key, id, "0", "New");
    return send_delete(world, with_key, id);
}

/* Whatever call fails, before or after it had its effect: the client repeats until it is
 * answered, the change is made once and the device knows of it. */
static int crash_once(apr_pool_t *pool, int what, crash_t crash)
{
    static const char *const names[] = {"create", "update", "delete"};
    world_t *world = enrolled(pool);
    const char *before, *id, *there = NULL, *told = NULL;
    int tries = 0, status, failed;
    answer_t answer;

    backend_folder_create(session(world), NULL, "Old", BACKEND_CLASS_EMAIL, &id, world->pool);
    folder_sync(world, key);
    before = key;
    crash_arm(world, &crash);
    do {
        answer = send_change(world, what, before, id);
        status = answer_status(&answer);
        world->now += apr_time_from_sec(61); /* past the lease of whoever vanished */
    } while (status == -503 && ++tries < 5);
    failed = crash_disarm(world, &crash);
    if (status == 1)
        told = answer_text(&answer, EAS_FolderHierarchy_ServerId);
    ok(status == 1 && folders(world, "New", &there, NULL) == (what < 2) &&
           folders(world, "Old", NULL, NULL) == (what == 0) &&
           (what != 0 || (told && there && strcmp(told, there) == 0)) &&
           strcmp(folder_sync(world, answer_text(&answer, EAS_FolderHierarchy_SyncKey)), "") == 0,
       "%s: %s: done once (status %d)", names[what], crash_text(&crash, pool), status);
    apr_pool_destroy(world->pool);
    return failed;
}

static int create_once(apr_pool_t *pool, crash_t crash)
{
    return crash_once(pool, 0, crash);
}

static int update_once(apr_pool_t *pool, crash_t crash)
{
    return crash_once(pool, 1, crash);
}

static int delete_once(apr_pool_t *pool, crash_t crash)
{
    return crash_once(pool, 2, crash);
}

static void test_crashes(apr_pool_t *pool)
{
    int store;

    for (store = 0; store < 2; store++) {
        crash_everywhere(pool, store, 2, create_once);
        crash_everywhere(pool, store, 2, update_once);
        crash_everywhere(pool, store, 2, delete_once);
    }
}

/* A process died with the claim, and somebody else has a folder of that name: the device is told
 * of that, unless it knew it. */
static void test_doubt(apr_pool_t *pool)
{
    world_t *world = enrolled(pool);
    crash_t crash = {.at = 2}; /* open is the first */
    const char *before, *id;
    answer_t answer;

    backend_folder_create(session(world), NULL, "Known", BACKEND_CLASS_EMAIL, &id, world->pool);
    folder_sync(world, key);
    before = key;
    crash_arm(world, &crash);
    answer = send_create(world, before, "0", "Known", "12");
    is_int(answer_status(&answer), -503, "the mailbox is away");
    crash_disarm(world, &crash);
    world->now += apr_time_from_sec(61);
    answer = send_create(world, before, "0", "Known", "12");
    is_int(answer_status(&answer), 2, "a folder that the device knew is not its new one");
}

typedef struct {
    world_t *world;
    const char *before; /* the key of both */
    int fail;           /* this call of the store after the other request, 0: none */
    int status;
} overtaking_t;

/* While the mailbox is at it the request is sent again, and the lease is over. */
static base_fault_code_t overtaken_decide(void *baton, const char *call, int after)
{
    overtaking_t *other = baton;
    world_t *world = other->world;
    answer_t answer;

    if (after || strcmp(call, "folder_create") != 0)
        return BASE_FAULT_NONE;
    world->decide = NULL;
    world->now += apr_time_from_sec(61);
    answer = send_create(world, other->before, "0", "New", "12");
    other->status = answer_status(&answer);
    world->plan = (state_fail_plan_t){.at = other->fail, .when = STATE_FAIL_BEFORE};
    return BASE_FAULT_NONE;
}

/* The one that is late finds the folder of the other, which is its own, or cannot tell. */
static void test_overtaken(apr_pool_t *pool)
{
    int i;

    for (i = 0; i < 2; i++) {
        world_t *world = enrolled(pool);
        overtaking_t other = {.world = world, .before = key, .fail = i ? 2 : 0};
        answer_t answer;

        world->decide = overtaken_decide;
        world->baton = &other;
        answer = send_create(world, other.before, "0", "New", "12");
        is_int(other.status, 1, "a request overtakes the same one");
        is_int(answer_status(&answer), i ? -503 : 1,
               i ? "which asks again when it cannot tell what became of it"
                 : "which is answered the same");
        world->plan = (state_fail_plan_t){.at = 0};
        answer = send_create(world, other.before, "0", "New", "12");
        is_int(answer_status(&answer), 1, "and so is a repeat");
        is_int(folders(world, "New", NULL, NULL), 1, "it was done once");
    }
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_create(pool);
    test_create_refused(pool);
    test_update(pool);
    test_delete(pool);
    test_alternatives(pool);
    test_crashes(pool);
    test_doubt(pool);
    test_overtaken(pool);
    apr_pool_destroy(pool);
    return done_testing();
}
