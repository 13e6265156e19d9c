/* Provision with a store that fails at each of its calls, before or after it had its effect, while the phone
 * repeats what was not answered: a handshake ends, and with one pair of keys; a wipe is told until it is
 * acknowledged, and never after that. */
#include "cmd_helpers.h"

#define ACCOUNT "alice@example.com"
#define TRIES 8

static const eas_version_t versions[] = {EAS_VERSION_12_1, EAS_VERSION_14_0, EAS_VERSION_14_1,
                                         EAS_VERSION_16_0, EAS_VERSION_16_1};

static eas_version_t version; /* that the phone speaks */

static const state_key_t record_key = {
    .account = ACCOUNT, .device = "D1", .kind = STATE_RECORD_DEVICE};

static answer_t provision(world_t *world, const eas_node_t *body, const char *key)
{
    eas_request_t *asked = request(world->pool, EAS_COMMAND_Provision, version);

    asked->policy_key = key;
    return run(world, ACCOUNT, asked, body, NULL);
}

/* The text of a field of the record as it is, NULL: none. */
static const char *field(world_t *world, const char *name)
{
    const state_field_t *found;
    state_record_t *record;

    if (state_record_read(world->memory, &record_key, &name, 1, &record, world->pool))
        abort();
    found = state_record_field(record, name);
    return found ? apr_pstrmemdup(world->pool, found->data, found->length) : NULL;
}

/* -- a wipe ---------------------------------------------------------------------------------------- */

static void ask_for_wipe(world_t *world, const char *scope)
{
    const state_field_t sets[] = {{"wipe", scope, strlen(scope)}};
    apr_uint64_t number;

    if (state_record_commit(world->memory, &record_key, 0, sets, 1, NULL, 0, &number, world->pool))
        abort();
}

static eas_tag_t directive_of(const answer_t *answer)
{
    if (!answer->body)
        return EAS_TAG_NONE;
    return eas_node_child(answer->body, EAS_Provision_RemoteWipe) ? EAS_Provision_RemoteWipe
           : eas_node_child(answer->body, EAS_Provision_AccountOnlyRemoteWipe)
               ? EAS_Provision_AccountOnlyRemoteWipe
               : EAS_TAG_NONE;
}

/* Asks, and reports what it is told to do. Returns whether a directive came after an acknowledgement. */
static int wipe_once_through(world_t *world, eas_tag_t wanted, int *acknowledged)
{
    eas_tag_t told = EAS_TAG_NONE;
    int try, wrong = 0;

    *acknowledged = 0;
    for (try = 0; try < TRIES && !*acknowledged; try++) {
        eas_node_t *body = node(world->pool, NULL, EAS_Provision_Provision, NULL);
        int was_done = field(world, "wipe-done") != NULL;
        answer_t answer;

        if (told)
            node(world->pool, node(world->pool, body, told, NULL), EAS_Provision_Status, "1");
        answer = provision(world, body, NULL);
        wrong += was_done && directive_of(&answer);
        wrong += directive_of(&answer) && directive_of(&answer) != wanted;
        if (told && answer_status(&answer) == 1)
            *acknowledged = 1;
        if (directive_of(&answer))
            told = directive_of(&answer);
    }
    return wrong;
}

static int wipe_crash(apr_pool_t *pool, crash_t crash)
{
    world_t *world = world_create(pool);
    eas_tag_t wanted =
        version < EAS_VERSION_16_1 ? EAS_Provision_RemoteWipe : EAS_Provision_AccountOnlyRemoteWipe;
    int acknowledged, wrong, happened;
    answer_t answer;

    ask_for_wipe(world, version < EAS_VERSION_16_1 ? "device" : "account");
    crash_arm(world, &crash);
    wrong = wipe_once_through(world, wanted, &acknowledged);
    happened = crash_disarm(world, &crash);
    answer = provision(world, NULL, NULL);
    ok(!wrong && acknowledged && field(world, "wipe-done") && !directive_of(&answer), "%s",
       crash_text(&crash, world->pool));
    is_int(answer_status(&answer), version < EAS_VERSION_14_0 ? -403 : 129,
           "and then it is blocked");
    apr_pool_destroy(world->pool);
    return happened;
}

static void test_account_alone(apr_pool_t *pool)
{
    world_t *world = world_create(pool);
    answer_t answer;

    ask_for_wipe(world, "account");
    answer = provision(world, NULL, NULL);
    if (version < EAS_VERSION_16_1) {
        is_int(answer_status(&answer), version < EAS_VERSION_14_0 ? -403 : 129,
               "a version that cannot erase the account alone is blocked");
        ok(!directive_of(&answer), "and not erased");
    }
    else {
        is_int(directive_of(&answer), EAS_Provision_AccountOnlyRemoteWipe, "the account alone");
    }
    apr_pool_destroy(world->pool);
}

/* -- a policy -------------------------------------------------------------------------------------- */

static void set_policies(world_t *world, const char *text)
{
    eas_policies_t *policies;

    if (eas_policies_parse(text, strlen(text), &policies, world->pool))
        abort();
    world->service.policies = policies;
}

/* Provision with a policy of these: key and Status NULL: asks for it. */
static answer_t policy_request(world_t *world, const char *key, const char *status)
{
    eas_node_t *body = node(world->pool, NULL, EAS_Provision_Provision, NULL), *policy;

    if (!key && version >= EAS_VERSION_14_1)
        node(world->pool,
             node(world->pool, node(world->pool, body, EAS_Settings_DeviceInformation, NULL),
                  EAS_Settings_Set, NULL),
             EAS_Settings_Model, "T");
    policy = node(world->pool, node(world->pool, body, EAS_Provision_Policies, NULL),
                  EAS_Provision_Policy, NULL);
    node(world->pool, policy, EAS_Provision_PolicyType, EAS_POLICY_TYPE);
    if (key)
        node(world->pool, policy, EAS_Provision_PolicyKey, key);
    if (status)
        node(world->pool, policy, EAS_Provision_Status, status);
    return provision(world, body, key ? key : "0");
}

/* The key that an answer has, NULL: none. */
static const char *key_of(const answer_t *answer)
{
    const eas_node_t *policies =
        answer->body ? eas_node_child(answer->body, EAS_Provision_Policies) : NULL;
    const eas_node_t *policy = policies ? eas_node_child(policies, EAS_Provision_Policy) : NULL;

    return policy ? eas_node_child_text(policy, EAS_Provision_PolicyKey) : NULL;
}

/* 0: let in, else a Status over 100, or -HTTP code. */
static int command(world_t *world, const char *key)
{
    eas_node_t *body = node(world->pool, NULL, EAS_FolderHierarchy_FolderSync, NULL);
    eas_request_t *asked = request(world->pool, EAS_COMMAND_FolderSync, version);
    answer_t answer;
    int status;

    node(world->pool, body, EAS_FolderHierarchy_SyncKey, "0");
    asked->policy_key = key;
    answer = run(world, ACCOUNT, asked, body, NULL);
    status = answer_status(&answer);
    return status == 1 ? 0 : status;
}

/* Repeats a request until it is answered with a key. */
static const char *policy_key(world_t *world, const char *key, const char *status)
{
    const char *got = NULL;
    int try;

    for (try = 0; try < TRIES && !got; try++) {
        answer_t answer = policy_request(world, key, status);

        got = key_of(&answer);
    }
    return got;
}

static int policy_crash(apr_pool_t *pool, crash_t crash)
{
    world_t *world = world_create(pool);
    const char *temporary, *permanent = NULL, *again = NULL;
    int happened;

    set_policies(world, "[a]\naccounts=*\nAllowCamera=0\n");
    crash_arm(world, &crash);
    if ((temporary = policy_key(world, NULL, NULL)))
        permanent = policy_key(world, temporary, "1");
    happened = crash_disarm(world, &crash);
    if (permanent)
        again = policy_key(world, temporary, "1");
    ok(permanent && strcmp(permanent, temporary) != 0 && again && strcmp(again, permanent) == 0 &&
           command(world, permanent) == 0,
       "%s", crash_text(&crash, world->pool));
    apr_pool_destroy(world->pool);
    return happened;
}

/* An outage at the gate is no reason to let a phone in. */
static int gate_crash(apr_pool_t *pool, crash_t crash)
{
    world_t *world = world_create(pool);
    int happened, status;

    set_policies(world, "[a]\naccounts=*\n");
    crash_arm(world, &crash);
    status = command(world, "0");
    happened = crash_disarm(world, &crash);
    ok(status == -503 || status == 142 || status == -449, "%s", crash_text(&crash, world->pool));
    apr_pool_destroy(world->pool);
    return happened;
}

int main(void)
{
    apr_pool_t *pool;
    size_t i;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    for (i = 0; i < sizeof versions / sizeof *versions; i++) {
        version = versions[i];
        printf("# %s\n", eas_version_name(version));
        crash_everywhere(pool, 1, 4, wipe_crash);
        crash_everywhere(pool, 1, 4, policy_crash);
        crash_everywhere(pool, 1, 1, gate_crash);
        test_account_alone(pool);
    }
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
