/* Policies: what a file may say, what is wrong in it, and what phones of each version are sent. */
#include "tap.h"

#include "eas/policy.h"
#include "eas_helpers.h"

#define SECTION "[a]\naccounts=*\n"

static const eas_version_t versions[] = {EAS_VERSION_12_1, EAS_VERSION_14_0, EAS_VERSION_14_1,
                                         EAS_VERSION_16_0, EAS_VERSION_16_1};

static eas_policies_t *parse(const char *text, apr_pool_t *pool)
{
    eas_policies_t *policies;
    base_fault_t *fault = eas_policies_parse(text, strlen(text), &policies, pool);

    if (fault)
        printf("# %s\n", fault->message);
    return fault ? NULL : policies;
}

static void is_wrong(const char *text, const char *message, apr_pool_t *pool)
{
    eas_policies_t *policies;
    base_fault_t *fault = eas_policies_parse(text, strlen(text), &policies, pool);

    is_int(base_fault_code(fault), BASE_FAULT_INVALID, "refused");
    is_str(fault ? fault->message : NULL, message, "and why");
}

static void test_mistakes(apr_pool_t *pool)
{
    static const struct {
        const char *text, *message;
    } mistakes[] = {
        {"AllowCamera = 0\n", "line 1: a section [name] has to come first"},
        {"\n# x\n[a\n", "line 3: a section is [name], of up to 64 bytes"},
        {"[]\n", "line 1: a section is [name], of up to 64 bytes"},
        {"[a]\nAllowCamera=0\n", "line 1: [a] has no line \"accounts = ...\""},
        {"[a]\naccounts=\n", "line 1: [a] has no line \"accounts = ...\""},
        {SECTION "[A]\naccounts=*\n", "line 3: [A] is there already, in line 1"},
        {SECTION "AllowCamera\n", "line 3: this is neither [name] nor name = value"},
        {SECTION "AllowFlying=1\n", "line 3: MS-ASPROV has no element \"AllowFlying\""},
        {SECTION "AllowCamera=2\n", "line 3: AllowCamera takes one of 0 1, not \"2\""},
        {SECTION "AllowCamera= \n", "line 3: AllowCamera takes one of 0 1, not \"\""},
        {SECTION "MaxCalendarAgeFilter=3\n",
         "line 3: MaxCalendarAgeFilter takes one of 0 4 5 6 7, not \"3\""},
        {SECTION "MaxCalendarAgeFilter=\t \n",
         "line 3: MaxCalendarAgeFilter takes one of 0 4 5 6 7, not \"\""},
        {SECTION "PasswordRecoveryEnabled=1\n",
         "line 3: PasswordRecoveryEnabled takes one of 0, not \"1\""},
        {SECTION "MinDevicePasswordLength=17\n",
         "line 3: MinDevicePasswordLength takes a number from 1 to 16, or nothing, not \"17\""},
        {SECTION "MaxDevicePasswordFailedAttempts=3\n",
         "line 3: MaxDevicePasswordFailedAttempts takes a number from 4 to 16, or nothing, not "
         "\"3\""},
        {SECTION "DevicePasswordHistory=\n",
         "line 3: DevicePasswordHistory takes a number from 0 to 4294967295, not \"\""},
        {SECTION "DevicePasswordExpiration=4294967296\n",
         "line 3: DevicePasswordExpiration takes a number from 0 to 4294967295, or nothing, not "
         "\"4294967296\""},
        {SECTION "MaxEmailBodyTruncationSize=-2\n",
         "line 3: MaxEmailBodyTruncationSize takes a number from -1 to 2147483647, not \"-2\""},
        {SECTION "Hash=12\n", "line 3: Hash takes a SHA-1 of 40 hex digits, not \"12\""},
        {SECTION "ApplicationName=\n",
         "line 3: ApplicationName takes a name of up to 255 bytes, not \"\""},
        {SECTION "UnapprovedInROMApplicationList=a.exe\n",
         "line 3: UnapprovedInROMApplicationList takes its items as lines ApplicationName = ..."},
        {SECTION "AllowCamera=0\nAllowWiFi=1\nallowcamera=0\n",
         "line 5: AllowCamera is there already, in line 3"},
        {SECTION "DevicePolicyRefreshInterval=1\nDevicePolicyRefreshInterval=1\n",
         "line 4: DevicePolicyRefreshInterval is there already, in line 3"},
        {SECTION "AllowNonProvisionableDevices=2\n",
         "line 3: AllowNonProvisionableDevices takes a number from 0 to 1, not \"2\""},
        {SECTION "ApplicationName=\xff\n", "line 3: this is no UTF-8 text"},
    };
    size_t i;
    eas_policies_t *policies;
    base_fault_t *fault;

    for (i = 0; i < sizeof mistakes / sizeof *mistakes; i++)
        is_wrong(mistakes[i].text, mistakes[i].message, pool);
    fault = eas_policies_read("/no/such/file", &policies, pool);
    ok(fault && strstr(fault->message, "/no/such/file"), "no such file");
    fault = eas_policies_read("/dev/zero", &policies, pool);
    ok(fault && strstr(fault->message, "/dev/zero is no file"), "no file at all");
}

static const char *name_of(const eas_policies_t *policies, const char *account)
{
    const eas_policy_t *policy = eas_policies_find(policies, account);

    return policy ? eas_policy_name(policy) : NULL;
}

static void test_accounts(apr_pool_t *pool)
{
    eas_policies_t *policies = parse("; who is who\r\n"
                                     "[ceo]\r\naccounts = boss@example.com\r\n\r\n"
                                     "[staff]\r\naccounts = *@example.com, [ab]*@example.org\r\n"
                                     "accounts = anna\r\nAllowCamera = 0\r\n",
                                     pool);

    is_int(eas_policies_count(policies), 2, "sections");
    is_str(name_of(policies, "boss@example.com"), "ceo", "the first that fits");
    is_str(name_of(policies, "Carl@Example.COM"), "staff", "a pattern, in any case of letters");
    is_str(name_of(policies, "bert@example.org"), "staff", "another");
    is_str(name_of(policies, "anna"), "staff", "patterns on a further line");
    is_str(name_of(policies, "carl@example.org"), NULL, "none");
    is_str(name_of(NULL, "anna"), NULL, "no file");
    is_int(eas_policies_count(parse("", pool)), 0, "an empty file");
    is_int(eas_policies_count(parse("[a]\naccounts=x", pool)), 1, "no newline at the end");
    is_int(eas_policies_count(parse("\xef\xbb\xbf[a]\naccounts=x", pool)), 1, "a mark of UTF-8");
}

static const eas_policy_t *policy_of(const char *lines, apr_pool_t *pool)
{
    return eas_policies_find(parse(apr_pstrcat(pool, SECTION, lines, NULL), pool), "anna");
}

/* The document as it is read back from WBXML, with text for each element. */
static const eas_node_t *document(const eas_policy_t *policy, eas_version_t version,
                                  apr_pool_t *pool)
{
    eas_spool_t *spool = eas_spool_create(NULL, pool);
    eas_writer_t *writer = eas_writer_create(spool, pool);
    const eas_node_t *root;
    apr_size_t length = 0;
    const char *bytes;

    eas_policy_write(policy, version, writer);
    if (eas_writer_finish(writer))
        return NULL;
    bytes = spool_bytes(spool, &length, pool);
    return decode(bytes, length, &root, pool) ? NULL : root;
}

static void test_document(apr_pool_t *pool)
{
    const eas_policy_t *policy = policy_of(
        "devicepasswordenabled = 1\nMinDevicePasswordLength = 6\nMaxAttachmentSize =\n"
        "MaxEmailBodyTruncationSize = -1\nApplicationName = a.exe\nApplicationName = b c.exe\n"
        "ApprovedApplicationList =\n",
        pool);
    size_t i;

    for (i = 0; i < sizeof versions / sizeof *versions; i++) {
        const eas_node_t *root = document(policy, versions[i], pool), *node, *list;
        int count = 0;

        is_int(root ? (long long)root->tag : 0, EAS_Provision_EASProvisionDoc,
               eas_version_name(versions[i]));
        if (!root)
            continue;
        for (node = root->first; node; node = node->next) {
            count++;
            if (!eas_tag_in_version(node->tag, versions[i]))
                ok(0, "%s is none of %s", eas_tag_name(node->tag), eas_version_name(versions[i]));
        }
        is_int(count, 42, "every element of MS-ASPROV 2.2.2.28");
        is_str(eas_node_child_text(root, EAS_Provision_DevicePasswordEnabled), "1", "as it says");
        is_str(eas_node_child_text(root, EAS_Provision_MinDevicePasswordLength), "6", "a number");
        is_str(eas_node_child_text(root, EAS_Provision_MaxAttachmentSize), "", "an empty one");
        is_str(eas_node_child_text(root, EAS_Provision_AllowCamera), "1", "a default");
        list = eas_node_child(root, EAS_Provision_UnapprovedInROMApplicationList);
        is_str(list && list->first ? eas_node_child_text(list, EAS_Provision_ApplicationName)
                                   : NULL,
               "a.exe", "a list");
        ok(list && list->first && list->first->next && !list->first->next->next, "has its items");
        list = eas_node_child(root, EAS_Provision_ApprovedApplicationList);
        ok(list && !list->first, "a list that is empty");
    }
    ok(!eas_node_child(document(policy_of("", pool), EAS_VERSION_16_1, pool),
                       EAS_Provision_ApprovedApplicationList),
       "a list that is not named is not sent: it would forbid everything");
}

/* The same digest for the same document, another one for any other. */
static void test_digest(apr_pool_t *pool)
{
    static const char *const lines[] = {
        "",
        "AllowCamera = 0\n",
        "AllowWiFi = 0\n",
        "MinDevicePasswordLength = 4\n",
        "MaxInactivityTimeDeviceLock = 4\n",
        "ApplicationName = ab\n",
        "ApplicationName = a\nApplicationName = b\n",
        "UnapprovedInROMApplicationList =\n",
        "ApprovedApplicationList =\n",
    };
    size_t i, j, k;

    for (k = 0; k < sizeof versions / sizeof *versions; k++) {
        int wrong = 0;

        for (i = 0; i < sizeof lines / sizeof *lines; i++)
            for (j = 0; j < sizeof lines / sizeof *lines; j++)
                wrong += (strcmp(eas_policy_digest(policy_of(lines[i], pool), versions[k]),
                                 eas_policy_digest(policy_of(lines[j], pool), versions[k])) == 0) !=
                         (i == j);
        is_int(wrong, 0, eas_version_name(versions[k]));
        is_str(eas_policy_digest(policy_of("AllowCamera = 1\n", pool), versions[k]),
               eas_policy_digest(policy_of("DevicePolicyRefreshInterval=2\n"
                                           "AllowNonProvisionableDevices=1\n",
                                           pool),
                                 versions[k]),
               "what is not sent, and what is sent anyway, does not count");
    }
}

static void test_options(apr_pool_t *pool)
{
    const eas_policy_t *strict = policy_of("", pool);
    const eas_policy_t *lax = policy_of("AllowNonProvisionableDevices=1\n"
                                        "AllowExternalDeviceManagement=1\n"
                                        "DevicePolicyRefreshInterval=12\n",
                                        pool);
    int compliance;

    for (compliance = EAS_POLICY_APPLIED; compliance <= EAS_POLICY_EXTERNAL; compliance++) {
        ok(eas_policy_accepts(lax, compliance), "%d is accepted", compliance);
        is_int(eas_policy_accepts(strict, compliance), compliance == EAS_POLICY_APPLIED,
               "where it may be");
    }
    ok(!eas_policy_accepts(lax, 0) && !eas_policy_accepts(lax, 5), "others never");
    ok(eas_policy_allows_keyless(lax) && !eas_policy_allows_keyless(strict), "no key");
    is_int(eas_policy_refresh(lax), 12 * 3600 * APR_USEC_PER_SEC, "hours");
    is_int(eas_policy_refresh(strict), 0, "never");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_mistakes(pool);
    test_accounts(pool);
    test_document(pool);
    test_digest(pool);
    test_options(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
