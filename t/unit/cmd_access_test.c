/* Access control over the memory mailbox and store: a device's status changes while any call fails,
 * before or after its effect. Whatever happened, the device is never served one mailbox by the state of
 * the other, and nothing of it reaches the account's. */
#include "cmd_helpers.h"

#include "backend/notice.h"
#include "cmd/access.h"
#include "state/table.h"

/* Folders that a device sees of a new account of the memory driver. */
static int real_folders(void)
{
    int class_, count = 6; /* of mail */

    for (class_ = BACKEND_CLASS_CALENDAR; class_ <= BACKEND_CLASS_NOTES; class_++)
        count += item_kind_is_served((backend_class_t)class_, EAS_VERSION_14_1);
    return count;
}

static cmd_access_t access_of(world_t *world, sync_access_mode_t mode)
{
    cmd_access_t access = {.mode = mode};

    if (cmd_access_rules_create(&access.rules, world->pool))
        abort();
    return access;
}

static world_t *make(apr_pool_t *pool, sync_access_mode_t mode)
{
    world_t *world = world_create(pool);
    cmd_access_t *access = apr_palloc(world->pool, sizeof *access);

    *access = access_of(world, mode);
    world->service.access = access;
    return world;
}

/* NONE: nothing is decided. */
static void decide(world_t *world, const char *account, sync_access_status_t status)
{
    const sync_access_entry_t entry = {.status = status, .by = "root", .reason = ""};
    const state_table_entry_t write = {
        .name = sync_access_entry_name("D1", account, world->pool),
        .value = status ? sync_access_entry_format(&entry, world->pool) : NULL};

    if (state_table_write(world->memory, STATE_TABLE_ACCESS, NULL, NULL, &write, 1, world->pool))
        abort();
}

static const eas_node_t *child(const eas_node_t *parent, eas_tag_t tag)
{
    return parent ? eas_node_child(parent, tag) : NULL;
}

/* FolderSync with that key. *next: the new one; *folders: that were added. */
static int folder_sync(world_t *world, const char *key, const char **next, int *folders)
{
    eas_node_t *root = node(world->pool, NULL, EAS_FolderHierarchy_FolderSync, NULL);
    const eas_node_t *at;
    answer_t answer;

    node(world->pool, root, EAS_FolderHierarchy_SyncKey, key);
    answer = run(world, "alice", request(world->pool, EAS_COMMAND_FolderSync, EAS_VERSION_14_1),
                 root, NULL);
    at = child(answer.body, EAS_FolderHierarchy_Changes);
    *folders = 0;
    for (at = at ? at->first : NULL; at; at = at->next)
        *folders += at->tag == EAS_FolderHierarchy_Add;
    at = child(answer.body, EAS_FolderHierarchy_SyncKey);
    *next = at ? at->text : NULL;
    return answer_status(&answer);
}

static int send_mail(world_t *world, eas_version_t version)
{
    static const char text[] = "To: bob@example.com\r\nSubject: x\r\n\r\nx\r\n";
    backend_blob_t mime = {.data = text, .size = sizeof text - 1};
    eas_node_t *root = node(world->pool, NULL, EAS_ComposeMail_SendMail, NULL);
    answer_t answer;

    node(world->pool, root, EAS_ComposeMail_ClientId, "c1");
    node(world->pool, root, EAS_ComposeMail_Mime, text);
    answer =
        run(world, "alice", request(world->pool, EAS_COMMAND_SendMail, version),
            version < EAS_VERSION_14_0 ? NULL : root, version < EAS_VERSION_14_0 ? &mime : NULL);
    return answer_status(&answer);
}

static void test_modes(apr_pool_t *pool)
{
    world_t *world = make(pool, SYNC_ACCESS_STRICT);
    const char *key;
    int folders;

    is_int(folder_sync(world, "0", &key, &folders), 1, "strict: a device nobody decided on");
    is_int(folders, 1, "has one folder");
    is_int(send_mail(world, EAS_VERSION_14_1), 129, "and sends nothing");
    is_int(send_mail(world, EAS_VERSION_12_1), -403, "at 12.1 neither");
    is_int(mail(world, "bob", BACKEND_ROLE_INBOX, NULL)->nelts, 0, "nothing came");
    decide(world, "alice", SYNC_ACCESS_ALLOW);
    is_int(folder_sync(world, key, &key, &folders), 9, "allowed: begin again");
    is_int(folder_sync(world, "0", &key, &folders), 1, "from the beginning");
    is_int(folders, real_folders(), "with all folders");
    decide(world, NULL, SYNC_ACCESS_BLOCK);
    is_int(folder_sync(world, key, &key, &folders), 1, "the entry of the account counts first");
}

static void test_limit(apr_pool_t *pool)
{
    world_t *world = make(pool, SYNC_ACCESS_DISABLED);
    cmd_access_t access = *world->service.access;
    const state_key_t other = {.account = "alice", .device = "D2", .kind = STATE_RECORD_DEVICE};
    const state_field_t field = {.name = "type", .data = "x", .length = 1};
    apr_uint64_t version;
    const char *key;
    int folders;

    access.devices_max = 1;
    world->service.access = &access;
    if (state_record_commit(world->memory, &other, 0, &field, 1, NULL, 0, &version, world->pool))
        abort();
    is_int(folder_sync(world, "0", &key, &folders), 177, "one device too many");
    access.devices_max = 2;
    is_int(folder_sync(world, "0", &key, &folders), 1, "within the limit");
    access.devices_max = 1;
    is_int(folder_sync(world, key, &key, &folders), 1, "one that is known stays");
}

/* Rules that nobody can read let nobody through, and cost nobody his state. */
static void test_damage(apr_pool_t *pool)
{
    static const state_table_entry_t damaged[] = {{SYNC_ACCESS_RULES_VERSION, "1"},
                                                  {SYNC_ACCESS_RULES, "no rules"}};
    static const state_table_entry_t none[] = {{SYNC_ACCESS_RULES_VERSION, "2"},
                                               {SYNC_ACCESS_RULES, "[]"}};
    world_t *world = make(pool, SYNC_ACCESS_PERMISSIVE);
    const char *key, *next;
    int folders;

    folder_sync(world, "0", &key, &folders);
    state_table_write(world->memory, STATE_TABLE_ACCESS, NULL, NULL, damaged, 2, world->pool);
    is_int(folder_sync(world, key, &next, &folders), -503, "damaged rules: later");
    state_table_write(world->memory, STATE_TABLE_ACCESS, NULL, NULL, none, 2, world->pool);
    is_int(folder_sync(world, key, &next, &folders), 1, "mended, it goes on where it was");
}

/* A change of status from what was decided first to what is decided then, with a call that fails. */
static int change_once(apr_pool_t *parent, crash_t crash, sync_access_status_t first,
                       sync_access_status_t then)
{
    world_t *world = make(parent, SYNC_ACCESS_PERMISSIVE);
    const char *what = crash_text(&crash, world->pool), *key, *next;
    int folders, status, came;

    decide(world, NULL, first);
    folder_sync(world, "0", &key, &folders);
    decide(world, NULL, then);
    crash_arm(world, &crash);
    status = folder_sync(world, key, &next, &folders);
    came = crash_disarm(world, &crash);
    if (came) {
        ok(status != 1 && !folders, "%s: nothing is given by the old key (%d)", what, status);
        is_int(folder_sync(world, key, &next, &folders), 9, "begin again");
        is_int(folder_sync(world, "0", &next, &folders), 1, "from the beginning");
        is_int(folders, then == SYNC_ACCESS_ALLOW ? real_folders() : 1, "with what it may see");
        is_int(folder_sync(world, next, &key, &folders), 1, "and it goes on");
    }
    apr_pool_destroy(world->pool);
    return came;
}

static int block_once(apr_pool_t *pool, crash_t crash)
{
    return change_once(pool, crash, SYNC_ACCESS_ALLOW, SYNC_ACCESS_BLOCK);
}

static int allow_once(apr_pool_t *pool, crash_t crash)
{
    return change_once(pool, crash, SYNC_ACCESS_QUARANTINE, SYNC_ACCESS_ALLOW);
}

static void test_notice(apr_pool_t *pool)
{
    const backend_notice_t notice = {.address = "a@b", .message = "Subject: x\r\n\r\n", .date = 9};
    const backend_notice_t other = {.address = "a@b", .message = "Subject: y\r\n\r\n", .date = 9};
    const backend_range_t old = {.since = APR_INT64_MIN, .before = 100};
    const backend_range_t late = {.since = 50, .before = APR_INT64_MAX};
    backend_session_t *session, *second;
    backend_put_t put = {.flags = 0};
    backend_blob_t blob = {.data = "x", .size = 1};
    apr_array_header_t *folders;
    backend_changes_t *changes;
    backend_page_t *page;
    backend_entry_t entry;
    const char *cursor, *cursor2;
    int existed;

    ok(!backend_notice_open(&notice, "a", &session, pool) &&
           !backend_notice_open(&other, "a", &second, pool) &&
           !backend_folder_list(session, &folders, pool) && folders->nelts == 1,
       "one folder");
    ok(!backend_folder_enumerate(session, "notice", &late, 10, &page, pool) && page->count == 1,
       "its message is new, whatever its date");
    ok(!backend_folder_enumerate(session, "notice", &old, 10, &page, pool) && page->count == 0,
       "and no old one");
    ok(!backend_folder_probe(session, "notice", &cursor, pool) &&
           !backend_folder_changes(session, "notice", cursor, 10, &changes, pool) &&
           !changes->upsert_count && !changes->gone_count,
       "nothing happens in it");
    ok(!backend_folder_probe(second, "notice", &cursor2, pool) && strcmp(cursor, cursor2) != 0,
       "another message is another generation");
    is_int(base_fault_code(backend_folder_changes(second, "notice", cursor, 10, &changes, pool)),
           BASE_FAULT_STALE, "of which the cursor knows nothing");
    ok(!backend_item_remove(session, "notice", 1, pool) &&
           !backend_item_entry(session, "notice", 1, &entry, pool),
       "removed, it is there");
    is_int(
        base_fault_code(backend_item_put(session, "notice", &put, &blob, &entry, &existed, pool)),
        BASE_FAULT_UNSUPPORTED, "nothing can be put into it");
    is_int(base_fault_code(backend_folder_probe(session, "5", &cursor, pool)),
           BASE_FAULT_FOLDER_GONE, "there is no other folder");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    test_notice(pool);
    test_modes(pool);
    test_limit(pool);
    test_damage(pool);
    crash_everywhere(pool, 1, 3, block_once);
    crash_everywhere(pool, 1, 3, allow_once);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
