/* Client profiles: the file, who matches, overrides. */
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <apr_time.h>

#include "eas/profile.h"

static char path[] = "/tmp/mobilesync-profile-XXXXXX";

/* Puts the text in the place of the file, as an editor does. */
static void put(const char *text, apr_pool_t *pool)
{
    const char *fresh = apr_pstrcat(pool, path, ".new", NULL);
    FILE *file = fopen(fresh, "w");

    if (!file || fputs(text, file) < 0 || fclose(file) || rename(fresh, path))
        abort();
}

static const char *one(const char *members, apr_pool_t *pool)
{
    return apr_psprintf(pool, "{ \"version\": 1, \"clients\": [ { %s } ] }", members);
}

static void test_check(apr_pool_t *pool)
{
    static const struct {
        const char *text, *expected;
    } wrong[] = {
        {"{", "line 1"},
        {"{ \"clients\": [] }", "\"version\": 1"},
        {"{ \"version\": 2, \"clients\": [] }", "\"version\": 1"},
        {"{ \"version\": 1, \"clients\": [ 1 ] }", "client 1 is no object"},
        {"{ \"version\": 1, \"clients\": [ { \"name\": \"x\" } ] }", "needs a name, and a type"},
        {"{ \"version\": 1, \"clients\": [ { \"type\": \"x\" } ] }", "needs a name, and a type"},
    };
    static const struct {
        const char *member, *expected;
    } members[] = {
        {"\"window\": 0", "client 1: window must be a number from 1 to 512"},
        {"\"window\": 513", "from 1 to 512"},
        {"\"window\": [1]", "neither number nor string"},
        {"\"protocol\": \"2.5\"", "protocol must be one of 12.1"},
        {"\"protocol\": 14", "protocol must be one of 12.1"},
        {"\"heartbeat\": -1", "heartbeat must be a number"},
        {"\"truncation\": \"lots\"", "truncation must be a number"},
        {"\"windows\": 1", "\"windows\" is not known"},
        {"\"agent\": 1", "agent is no string"},
        {"\"type\": \"y\"", "duplicate"},
    };
    base_fault_t *fault;
    size_t i;

    for (i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        put(wrong[i].text, pool);
        fault = eas_profiles_check(path, pool);
        ok(base_fault_code(fault) == BASE_FAULT_INVALID && strstr(fault->message, path) &&
               strstr(fault->message, wrong[i].expected),
           "%s: %s", wrong[i].text, fault ? fault->message : "good");
    }
    for (i = 0; i < sizeof members / sizeof *members; i++) {
        put(one(apr_pstrcat(pool, "\"name\": \"x\", \"type\": \"x\", ", members[i].member, NULL),
                pool),
            pool);
        fault = eas_profiles_check(path, pool);
        ok(base_fault_code(fault) == BASE_FAULT_INVALID &&
               strstr(fault->message, members[i].expected),
           "%s: %s", members[i].member, fault ? fault->message : "good");
    }
    ok(eas_profiles_check("/no/such/file", pool) != NULL, "no file");
}

static void test_match(apr_pool_t *pool)
{
    static const struct {
        const char *type, *agent, *client;
    } cases[] = {
        {"iPhone", "Apple-iPhone14C1/2011.223", NULL},
        {"Android", "Android-Mail/2025.11.02.Release", "mail"},
        {"ANDROID", "android-mail/1", "mail"},
        {"Android", "Samsung/1", NULL},
        {"WindowsOutlook15", NULL, "outlook"},
        {"WindowsOutlook", "Android-Mail/1", "outlook"},
        {NULL, "Android-Mail/1", NULL},
        {NULL, NULL, NULL},
    };
    eas_profiles_t *profiles;
    eas_profile_t profile;
    size_t i;

    put("{ \"version\": 1, \"clients\": ["
        "{ \"name\": \"mail\", \"type\": \"Android\", \"agent\": \"Android-Mail/*\","
        "  \"because\": \"x\", \"truncation\": 1000, \"protocol\": \"14.1\" },"
        "{ \"name\": \"outlook\", \"type\": \"WindowsOutlook*\", \"window\": 100 } ] }",
        pool);
    ok(!eas_profiles_create(path, NULL, &profiles, pool), "profiles");
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        eas_profiles_find(profiles, cases[i].type, cases[i].agent, &profile, pool);
        is_str(profile.client, cases[i].client,
               apr_pstrcat(pool, cases[i].type ? cases[i].type : "-", ", ",
                           cases[i].agent ? cases[i].agent : "-", NULL));
    }
    eas_profiles_find(profiles, "Android", "Android-Mail/1", &profile, pool);
    is_str(eas_profile_text(&profile, EAS_PROFILE_TRUNCATION, pool), "1000", "truncation");
    is_str(eas_profile_text(&profile, EAS_PROFILE_PROTOCOL, pool), "14.1", "protocol");
    is_str(eas_profile_text(&profile, EAS_PROFILE_WINDOW, pool), NULL, "what is not there");
    eas_profiles_find(NULL, "Android", "Android-Mail/1", &profile, pool);
    is_str(profile.client, NULL, "without a file");
}

/* The file is looked at once a second. */
static const char *found_until(eas_profiles_t *profiles, const char *expected, apr_pool_t *pool)
{
    eas_profile_t profile;
    int i;

    for (i = 0; i < 600; i++) {
        eas_profiles_find(profiles, "T", NULL, &profile, pool);
        if (profile.client && strcmp(profile.client, expected) == 0)
            break;
        apr_sleep(apr_time_from_msec(100));
    }
    return profile.client;
}

static void note(void *baton, base_log_level_t level, const char *message)
{
    (void)level;
    (void)message;
    ++*(int *)baton;
}

static void test_changes(apr_pool_t *pool)
{
    int lines = 0;
    const base_log_t log = {.write = note, .baton = &lines};
    eas_profiles_t *profiles;
    eas_profile_t profile;

    put(one("\"name\": \"first\", \"type\": \"T\"", pool), pool);
    eas_profiles_create(path, &log, &profiles, pool);
    is_str(found_until(profiles, "first", pool), "first", "as it is");
    put(one("\"name\": \"second\", \"type\": \"T\"", pool), pool);
    is_str(found_until(profiles, "second", pool), "second", "as it became");
    put("{", pool);
    while (!lines) {
        apr_sleep(apr_time_from_msec(100));
        eas_profiles_find(profiles, "T", NULL, &profile, pool);
    }
    is_str(profile.client, "second", "a wrong file changes nothing");
    apr_sleep(apr_time_from_msec(1100));
    eas_profiles_find(profiles, "T", NULL, &profile, pool);
    is_int(lines, 1, "and is told once");
    put(one("\"name\": \"third\", \"type\": \"T\"", pool), pool);
    is_str(found_until(profiles, "third", pool), "third", "until it is mended");
}

static void test_overrides(apr_pool_t *pool)
{
    eas_profile_t profile = {.client = "x", .values = {[EAS_PROFILE_WINDOW] = 100}};
    static const char *const wrong[] = {"window",      "window=",     "window=600",
                                        "windows=1",   "protocol=15", "heartbeat=1 window=2",
                                        "window=1 x=y"};
    size_t i;

    is_str(eas_profile_overrides(&profile, pool), NULL, "none");
    ok(!eas_profile_override(&profile, "protocol=14.0 window=none", pool), "two");
    is_str(eas_profile_text(&profile, EAS_PROFILE_WINDOW, pool), NULL, "none: not limited");
    is_str(eas_profile_text(&profile, EAS_PROFILE_PROTOCOL, pool), "14.0", "protocol");
    is_str(eas_profile_overrides(&profile, pool), "protocol=14.0 window=none", "as text again");
    for (i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ok(base_fault_code(eas_profile_override(&profile, wrong[i], pool)) == BASE_FAULT_INVALID,
           "%s", wrong[i]);
        is_str(eas_profile_overrides(&profile, pool), "protocol=14.0 window=none", "no change");
    }
}

int main(void)
{
    apr_pool_t *pool;
    int file;

    apr_initialize();
    atexit(apr_terminate);
    apr_pool_create(&pool, NULL);
    file = mkstemp(path);
    if (file < 0)
        return 1;
    close(file);
    test_check(pool);
    test_match(pool);
    test_changes(pool);
    test_overrides(pool);
    unlink(path);
    apr_pool_destroy(pool);
    return done_testing();
}
