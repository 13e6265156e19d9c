#include "tap.h"

#include <apr_general.h>

#include "item/reference.h"

static void test_build(apr_pool_t *pool)
{
    item_reference_t reference = {"5", 1700000000, 42, 0, 0}, parsed;
    item_reference_t longest = {"abcdefghijklmnopqrstuvwxyz012345", 4294967295u,
                                18446744073709551615ull, 0, 0};
    const char *text;

    is_str(item_reference_server_id(&reference, pool), "5:1700000000:42", "ServerId");
    is_str(item_reference_file(&reference, 3, pool), "5:1700000000:42:3", "FileReference");
    reference.revision = 7;
    is_str(item_reference_file(&reference, 3, pool), "5:1700000000:42:3:7",
           "of a content replaced");
    text = item_reference_server_id(&longest, pool);
    ok(strlen(text) <= ITEM_SERVER_ID_MAX, "the longest ServerId has 64 characters at most");
    ok(item_reference_parse_server_id(text, &parsed, pool), "the longest ServerId parses");
    is_str(parsed.folder_id, longest.folder_id, "folder id survives");
    ok(parsed.generation == longest.generation && parsed.uid == longest.uid && parsed.part == 0,
       "numbers survive");
    ok(item_reference_parse_file("5:1:42:3", &parsed, pool) && parsed.part == 3 &&
           parsed.uid == 42 && parsed.generation == 1,
       "FileReference parses");
    ok(parsed.revision == 0 && item_reference_parse_file("5:1:42:3:7", &parsed, pool) &&
           parsed.part == 3 && parsed.revision == 7,
       "with its revision");
    longest.revision = APR_UINT64_MAX >> 8;
    text = item_reference_file(&longest, 0x7fffffff, pool);
    ok(strlen(text) == 93 && item_reference_parse_file(text, &parsed, pool) &&
           parsed.revision == longest.revision,
       "the longest FileReference parses");
}

static void test_strict(apr_pool_t *pool)
{
    static const char *const bad_server_ids[] = {"",
                                                 ":",
                                                 "::",
                                                 "5",
                                                 "5:1",
                                                 "5:1:",
                                                 ":1:42",
                                                 "5::42",
                                                 "5:1:42:3",
                                                 "5:1:0",
                                                 "5:1:042",
                                                 "5:01:42",
                                                 "5:-1:42",
                                                 "5:+1:42",
                                                 "5:1:42 ",
                                                 " 5:1:42",
                                                 "5:4294967296:42",
                                                 "5:1:18446744073709551616",
                                                 "a/b:1:42",
                                                 "\xc3\xa9:1:42",
                                                 "..:1:42",
                                                 "5:1:4a",
                                                 "abcdefghijklmnopqrstuvwxyz0123456:1:42",
                                                 "5:1:42\n"};
    static const char *const bad_files[] = {"5:1:42",
                                            "5:1:42:",
                                            "5:1:42:0",
                                            "5:1:42:-1",
                                            "5:1:42:2147483648",
                                            "5:1:42:3:0",
                                            "5:1:42:03",
                                            "5:1:42:3:",
                                            "5:1:42:3:4:5",
                                            "5:1:42:3:04",
                                            "5:1:42:3:72057594037927936"};
    item_reference_t parsed;
    size_t i;

    for (i = 0; i < sizeof bad_server_ids / sizeof *bad_server_ids; i++)
        ok(!item_reference_parse_server_id(bad_server_ids[i], &parsed, pool), "no ServerId: \"%s\"",
           i < 23 ? bad_server_ids[i] : "with newline");
    for (i = 0; i < sizeof bad_files / sizeof *bad_files; i++)
        ok(!item_reference_parse_file(bad_files[i], &parsed, pool), "no FileReference: \"%s\"",
           bad_files[i]);
    ok(!item_reference_parse_server_id(NULL, &parsed, pool), "NULL is no ServerId");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_build(pool);
    test_strict(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
