/* Commands as a phone sends them, run to their end: Search and Find with all they can ask for,
 * ItemOperations, MoveItems, the folders, people, sending. The first byte is the protocol version, the
 * rest a WBXML document whose root says which command it is. Whatever it is, there is an answer that
 * can be read, and nothing that an operator had to know of. Ping and Sync, which wait and want keys,
 * are the model test's. */
#include "t/fuzz/email.h"

#include "t/unit/cmd_helpers.h"

#define NOW apr_time_from_sec(1784207655)

static const char *const messages[] = {
    "From: Anna <anna@example.org>\r\nTo: alice@example.com\r\nSubject: Budget draft\r\n"
    "Message-ID: <1@example.org>\r\n\r\nThe first version.\r\n",
    "From: bert@example.net\r\nTo: alice@example.com\r\nSubject: =?utf-8?q?K=C3=B6ln?=\r\n"
    "Content-Type: text/html; charset=utf-8\r\n\r\n<p>\xe4\xbc\x9a\xe8\xae\xae</p>\r\n",
    "From: cecil@example.net\r\nSubject: files\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    "--b\r\n\r\ntext\r\n--b\r\nContent-Type: a/b; name=\"plan.pdf\"\r\n"
    "Content-Disposition: attachment\r\n\r\n0123456789\r\n--b--\r\n"};

/* A fault that would wake an operator is no answer to anything that a client says. */
static void check_log(void *baton, base_log_level_t level, const char *message)
{
    (void)baton;
    if (level <= BASE_LOG_ERR)
        fprintf(stderr, "logged: %s\n", message);
    FUZZ_ASSERT(level > BASE_LOG_ERR);
}

static const cmd_entry_t *entry_of(eas_tag_t root)
{
    int i;

    for (i = 1; i < EAS_COMMAND_COUNT_; i++) {
        const cmd_entry_t *entry = cmd_find((eas_command_t)i);

        if (entry && entry->root == root && root != EAS_TAG_NONE && i != EAS_COMMAND_Ping &&
            i != EAS_COMMAND_Sync)
            return entry;
    }
    return NULL;
}

/* What an administrator wants of the device. */
typedef enum { WANTED_NOTHING, WANTED_POLICY, WANTED_WIPE, WANTED_COUNT } wanted_t;

static void world_want(world_t *world, wanted_t wanted)
{
    static const char text[] = "[all]\naccounts = *\nApplicationName = a.exe\n";
    const state_key_t key = {.account = "alice", .device = "D1", .kind = STATE_RECORD_DEVICE};
    const state_field_t wipe = {.name = "wipe", .data = "device", .length = 6};
    eas_policies_t *policies;
    apr_uint64_t version;

    if (wanted == WANTED_POLICY) {
        FUZZ_ASSERT(!eas_policies_parse(text, sizeof text - 1, &policies, world->pool));
        world->service.policies = policies;
    }
    else if (wanted == WANTED_WIPE) {
        FUZZ_ASSERT(
            !state_record_commit(world->memory, &key, 0, &wipe, 1, NULL, 0, &version, world->pool));
    }
}

static void check_command(const cmd_entry_t *entry, eas_version_t version, const eas_node_t *body,
                          wanted_t wanted, apr_pool_t *pool)
{
    world_t *world = world_create(pool);
    eas_request_t *made = request(world->pool, entry->command, version);
    backend_t *backend = backend_fail_inner(world->service.backend);
    const char *inbox = backend_memory_folder(backend, "alice", BACKEND_ROLE_INBOX);
    answer_t answer;
    size_t i;

    world->log.write = check_log;
    FUZZ_ASSERT(!backend_directory_start("local", apr_array_make(pool, 1, sizeof(const char *)),
                                         backend, &world->log, &world->service.people,
                                         world->pool));
    for (i = 0; i < sizeof messages / sizeof *messages; i++)
        backend_memory_deliver(backend, "alice", inbox, messages[i], 0, NOW);
    made->accept_multipart = body->first && body->first->next;
    world_want(world, wanted);
    answer = run(world, "alice", made, body, NULL);
    check_legal(answer.body);
    FUZZ_ASSERT(answer.http == 200 || (answer.http >= 400 && answer.http <= 507));
    FUZZ_ASSERT(answer.http != 500 || version == EAS_VERSION_12_1);
    FUZZ_ASSERT(wanted == WANTED_WIPE || !answer.body ||
                !eas_node_child(answer.body, EAS_Provision_RemoteWipe));
    apr_pool_destroy(world->pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const eas_version_t versions[] = {EAS_VERSION_16_1, EAS_VERSION_12_1, EAS_VERSION_14_0,
                                             EAS_VERSION_14_1, EAS_VERSION_16_0};
    apr_pool_t *pool = fuzz_pool();
    const eas_node_t *body = NULL;
    const cmd_entry_t *entry;

    fuzz_once(item_child_init);
    if (size && !decode(data + 1, size - 1, &body, pool) && body && (entry = entry_of(body->tag))) {
        eas_version_t version = versions[data[0] % (sizeof versions / sizeof *versions)];

        wanted_t wanted, count = entry->command == EAS_COMMAND_Provision ? WANTED_COUNT : 1;

        for (wanted = WANTED_NOTHING; wanted < count; wanted++)
            if (eas_command_in_version(entry->command, version))
                check_command(entry, version, body, wanted, pool);
    }
    apr_pool_destroy(pool);
    return 0;
}
