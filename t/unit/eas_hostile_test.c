/* What a client may send to do harm, or by mistake. */
#include "tap.h"

#include "eas_helpers.h"

static const struct {
    const char *name;
    const char *hex;
    base_fault_code_t code;
    const char *message; /* a part of it */
} cases[] = {
    {"the opaque that aborts libwbxml", "03016a00 45 02 8880808000 01", BASE_FAULT_INVALID,
     "token 0x02"},
    {"nothing but a header", "03016a00", BASE_FAULT_INVALID, "ends early"},
    {"WBXML 1.0", "00016a00 05", BASE_FAULT_INVALID, "version is 0x00"},
    {"WBXML 4", "04016a00 05", BASE_FAULT_INVALID, "version is 0x04"},
    {"a public identifier", "03046a00 05", BASE_FAULT_INVALID, "public identifier"},
    {"a public identifier in the string table", "0300006a00 05", BASE_FAULT_INVALID,
     "public identifier"},
    {"Latin 1", "03010400 05", BASE_FAULT_INVALID, "character set is 0x04"},
    {"a string table", "03016a02 6100 05", BASE_FAULT_INVALID, "string table"},
    {"code page 26", "03016a00 001a 05", BASE_FAULT_INVALID, "no code page 26"},
    {"code page 255", "03016a00 45 00ff 05 01", BASE_FAULT_INVALID, "no code page 255"},
    {"END first", "03016a00 01", BASE_FAULT_INVALID, "END without"},
    {"END twice", "03016a00 45 01 01", BASE_FAULT_INVALID, "after the end"},
    {"a second root", "03016a00 05 05", BASE_FAULT_INVALID, "after the end"},
    {"a NUL at the end", "03016a00 4501 00", BASE_FAULT_INVALID, "after the end"},
    {"text first", "03016a00 03 6100 05", BASE_FAULT_INVALID, "before the first element"},
    {"an opaque first", "03016a00 c301 61 05", BASE_FAULT_INVALID, "before the first element"},
    {"STR_T", "03016a00 45 8300 01", BASE_FAULT_INVALID, "token 0x83"},
    {"ENTITY", "03016a00 45 0220 01", BASE_FAULT_INVALID, "token 0x02"},
    {"LITERAL", "03016a00 0400 01", BASE_FAULT_INVALID, "token 0x04"},
    {"LITERAL_C", "03016a00 4400 01", BASE_FAULT_INVALID, "token 0x44"},
    {"LITERAL_A", "03016a00 8400 01", BASE_FAULT_INVALID, "token 0x84"},
    {"LITERAL_AC", "03016a00 c400 01", BASE_FAULT_INVALID, "token 0xc4"},
    {"PI", "03016a00 43 0501 05", BASE_FAULT_INVALID, "token 0x43"},
    {"EXT_I_0", "03016a00 45 406100 01", BASE_FAULT_INVALID, "token 0x40"},
    {"EXT_I_2", "03016a00 45 426100 01", BASE_FAULT_INVALID, "token 0x42"},
    {"EXT_T_0", "03016a00 45 8000 01", BASE_FAULT_INVALID, "token 0x80"},
    {"EXT_0", "03016a00 45 c0 01", BASE_FAULT_INVALID, "token 0xc0"},
    {"EXT_2 behind a SWITCH_PAGE", "03016a00 45 0001c2 01", BASE_FAULT_INVALID, "token 0xc2"},
    {"attributes", "03016a00 c5 0501 01", BASE_FAULT_INVALID, "token 0xc5"},
    {"attributes of an empty element", "03016a00 45 8505 01 01", BASE_FAULT_INVALID, "token 0x85"},
    {"an opaque of 4 GB", "03016a00 45 c3 8fffffff7f 61 01", BASE_FAULT_TOO_LARGE,
     "exceeds the limit"},
    {"a length of 33 bits", "03016a00 45 c3 9080808000 61 01", BASE_FAULT_INVALID, "32 bit"},
    {"a length of six bytes", "03016a00 45 c3 808080808001 61 01", BASE_FAULT_INVALID, "32 bit"},
    {"a length without an end", "03016a00 45 c3 ffffffffffff", BASE_FAULT_INVALID, "32 bit"},
    {"an opaque cut short", "03016a00 45 c305 616263", BASE_FAULT_INVALID, "ends early"},
    {"a string cut short", "03016a00 45 03 616263", BASE_FAULT_INVALID, "ends early"},
    {"a string in Latin 1", "03016a00 45 03 66fc7200 01", BASE_FAULT_INVALID, "not UTF-8"},
    {"an overlong character", "03016a00 45 03 c08000 01", BASE_FAULT_INVALID, "not UTF-8"},
    {"an overlong slash", "03016a00 45 03 e080af00 01", BASE_FAULT_INVALID, "not UTF-8"},
    {"beyond Unicode", "03016a00 45 03 f490808000 01", BASE_FAULT_INVALID, "not UTF-8"},
    {"a string that ends within a character", "03016a00 45 03 61e28200 01", BASE_FAULT_INVALID,
     "not UTF-8"},
    {"text and an element", "03016a00 45 03 6100 05 01", BASE_FAULT_INVALID, "both text"},
    {"an element and text", "03016a00 45 05 03 6100 01", BASE_FAULT_INVALID, "both text"},
    {"an opaque NUL beside an element", "03016a00 45 05 c30100 01", BASE_FAULT_INVALID,
     "both text"},
    {"XML", "3c3f786d6c2076657273696f6e3d22312e30223f3e", BASE_FAULT_INVALID, "version is 0x3c"},
    {"HTML in gzip", "1f8b0800", BASE_FAULT_INVALID, "version is 0x1f"},
};

static void test_table(apr_pool_t *pool)
{
    static const eas_limits_t limits = EAS_LIMITS_DEFAULT;
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        apr_size_t length;
        const char *bytes = from_hex(cases[i].hex, &length, pool);
        const eas_node_t *root;
        base_fault_t *whole = decode(bytes, length, &root, pool);
        base_fault_t *single = decode_limited(&limits, bytes, length, 1, &root, pool);

        if (!ok(base_fault_code(whole) == cases[i].code &&
                    strstr(whole->message, cases[i].message) &&
                    base_fault_code(single) == cases[i].code &&
                    strstr(single->message, cases[i].message) && !root,
                "%s", cases[i].name))
            printf("# %s, %s\n", whole ? whole->message : "no fault",
                   single ? single->message : "no fault");
    }
}

static void test_characters(apr_pool_t *pool)
{
    apr_size_t length;
    const char *bytes;
    const eas_node_t *root;

    bytes = from_hex("03016a00 45 03 61 0b 62 01 63 00 01", &length, pool);
    ok(!decode(bytes, length, &root, pool), "control characters that a user pasted");
    is_str(root ? root->text : NULL,
           "a\xef\xbf\xbd"
           "b\xef\xbf\xbd"
           "c",
           "are replaced");
    bytes = from_hex("03016a00 45 03 61 eda0bd 62 00 01", &length, pool);
    ok(!decode(bytes, length, &root, pool), "half of an emoji, cut by the client");
    is_str(root ? root->text : NULL,
           "a\xef\xbf\xbd"
           "b",
           "is replaced");
}

/* -- limits ------------------------------------------------------------------ */

/* A document of so many elements, nested or side by side. */
static const char *document(unsigned nested, unsigned siblings, apr_size_t *length,
                            apr_pool_t *pool)
{
    char *bytes = apr_palloc(pool, 6 + 2 * nested + siblings), *p = bytes;

    memcpy(p, "\x03\x01\x6a\x00", 4);
    p += 4;
    memset(p, 0x45, nested);
    p += nested;
    memset(p, 0x0b, siblings);
    p += siblings;
    memset(p, 0x01, nested);
    p += nested;
    *length = (apr_size_t)(p - bytes);
    return bytes;
}

static void test_limits(apr_pool_t *pool)
{
    eas_limits_t limits = EAS_LIMITS_DEFAULT;
    const eas_node_t *root;
    apr_size_t length;
    const char *bytes;

    bytes = document(32, 0, &length, pool);
    ok(!decode(bytes, length, &root, pool), "32 levels");
    bytes = document(33, 0, &length, pool);
    is_int(base_fault_code(decode(bytes, length, &root, pool)), BASE_FAULT_TOO_LARGE, "33 levels");
    bytes = document(31, 1, &length, pool);
    ok(!decode(bytes, length, &root, pool), "an empty element on the last level");
    bytes = document(32, 1, &length, pool);
    is_int(base_fault_code(decode(bytes, length, &root, pool)), BASE_FAULT_TOO_LARGE,
           "an empty element past it");
    bytes = document(1000000, 0, &length, pool);
    is_int(base_fault_code(decode(bytes, length, &root, pool)), BASE_FAULT_TOO_LARGE,
           "a million levels");
    bytes = document(1, 99999, &length, pool);
    ok(!decode(bytes, length, &root, pool), "100,000 elements");
    bytes = document(1, 100000, &length, pool);
    is_int(base_fault_code(decode(bytes, length, &root, pool)), BASE_FAULT_TOO_LARGE, "one more");
    limits.bytes = 1000;
    bytes = document(1, 994, &length, pool);
    is_int((long long)length, 1000, "a document of 1,000 bytes");
    ok(!decode_limited(&limits, bytes, length, 0, &root, pool), "is within the limit");
    bytes = document(1, 995, &length, pool);
    is_int(base_fault_code(decode_limited(&limits, bytes, length, 0, &root, pool)),
           BASE_FAULT_TOO_LARGE, "one more is not");
    is_int(base_fault_code(decode_limited(&limits, bytes, length, 100, &root, pool)),
           BASE_FAULT_TOO_LARGE, "in pieces neither");
}

static void test_spilling(apr_pool_t *pool)
{
    eas_limits_t limits = EAS_LIMITS_DEFAULT;
    eas_spool_t *spool = eas_spool_create(NULL, pool);
    eas_writer_t *writer = eas_writer_create(spool, pool);
    const eas_node_t *root, *node;
    const char *bytes, *data;
    apr_size_t length, piece;
    int i, wrong = 0, spilled = 0;
    char text[121];

    /* a content that looks like the guard's own reference to a spill */
    bytes = from_hex("03016a00 45 47 c310 00 7762786d6c2d7370696c6c 00000000 01 01", &length, pool);
    ok(!decode(bytes, length, &root, pool) && root && root->first, "a forged reference");
    ok(root && root->first && !eas_node_content(root->first, &data, &length, pool) &&
           length == 16 && memcmp(data, "\0wbxml-spill\0\0\0", 16) == 0,
       "is a content like others");

    memset(text, 'x', sizeof text);
    limits.spill_above = 100;
    limits.memory = 5000;
    eas_writer_start(writer, EAS_AirSync_Sync);
    for (i = 0; i < 121; i++)
        eas_writer_textn(writer, EAS_AirSync_SyncKey, text, (apr_size_t)i);
    eas_writer_end(writer);
    ok(!eas_writer_finish(writer), "a document with texts of 0 to 120 bytes");
    bytes = spool_bytes(spool, &length, pool);
    for (piece = 0; piece < 200; piece += 7) {
        ok(!decode_limited(&limits, bytes, length, piece, &root, pool), "in pieces of %d",
           (int)piece);
        for (node = root->first, i = 0; node; node = node->next, i++) {
            apr_size_t size;

            /* over the limit always; tiny never; in between once the memory is used up */
            spilled += node->file != NULL;
            wrong += node->file != NULL && (i <= 64 || i == 80);
            wrong += node->file == NULL && i >= 99;
            wrong += eas_node_content(node, &data, &size, pool) || size != (apr_size_t)i ||
                     memcmp(data, text, size) != 0 || (node->file && *node->text);
        }
    }
    ok(spilled > 0, "some went to the file");
    is_int(wrong, 0, "those that should, and all came back");
}

/* -- faults everywhere -------------------------------------------------------- */

static const char *sample(apr_size_t *length, apr_pool_t *pool)
{
    return from_hex("03016a00 45 5c 4f 4b 03 7b617d3100 01 13 57 0011 45 46 03 3100 01 01 01"
                    "0000 56 47 4c 03 6300 01 5d 0004 66 03 4772c3bcc39f6500 01"
                    "0015 50 c308 0046726f6d3a0d0a 01 0019 46 01 01 01 01 01 01 01",
                    length, pool);
}

static void test_truncated(apr_pool_t *pool)
{
    apr_size_t length, i;
    const char *bytes = sample(&length, pool);
    const eas_node_t *root;
    int wrong = 0;

    ok(!decode(bytes, length, &root, pool), "the sample is well-formed");
    for (i = 1; i < length; i++) {
        /* memory of that very length, so that a sanitizer sees a read past it */
        char *cut = malloc(i);

        memcpy(cut, bytes, i);
        wrong += base_fault_code(decode(cut, i, &root, pool)) != BASE_FAULT_INVALID || root;
        free(cut);
    }
    is_int(wrong, 0, "cut anywhere it is not");
}

static void test_mutations(apr_pool_t *pool)
{
    static const char tokens[] = {0x00,       0x01,       0x02,       0x03,       0x04,
                                  0x05,       0x40,       0x43,       0x44,       0x45,
                                  (char)0x80, (char)0x83, (char)0xc0, (char)0xc3, (char)0xff};
    apr_uint64_t random = 20260101;
    apr_size_t length, i;
    const char *bytes = sample(&length, pool);
    char *mutant = apr_palloc(pool, length);
    int accepted = 0, refused = 0, other = 0, unstable = 0;
    apr_pool_t *turn;

    apr_pool_create(&turn, pool);
    for (i = 0; i < 40000; i++) {
        unsigned changes = 1 + (unsigned)(next_random(&random) % 4);
        const eas_node_t *root, *again;
        base_fault_t *fault;

        apr_pool_clear(turn);
        memcpy(mutant, bytes, length);
        while (changes--) {
            apr_size_t at = 4 + (apr_size_t)(next_random(&random) % (length - 4));
            apr_uint64_t choice = next_random(&random);

            mutant[at] = choice & 1 ? tokens[(choice >> 1) % sizeof tokens] : (char)(choice >> 8);
        }
        fault = decode(mutant, length, &root, turn);
        accepted += !fault;
        refused += base_fault_code(fault) == BASE_FAULT_INVALID ||
                   base_fault_code(fault) == BASE_FAULT_TOO_LARGE;
        if (fault) {
            other += root != NULL;
            continue;
        }
        /* what was accepted can be written, and reads the same */
        eas_spool_t *spool = eas_spool_create(NULL, turn);
        eas_writer_t *writer = eas_writer_create(spool, turn);
        const char *copy;
        apr_size_t size;

        eas_selftest_encode(writer, root, turn);
        if (eas_writer_finish(writer) || !(copy = spool_bytes(spool, &size, turn)) ||
            decode(copy, size, &again, turn) ||
            strcmp(eas_node_dump(root, turn), eas_node_dump(again, turn)) != 0)
            unstable++;
    }
    is_int(accepted + refused, (long long)i, "every mutant is accepted or refused");
    ok(accepted > 0 && refused > 0, "some of each: %d and %d", accepted, refused);
    is_int(other, 0, "a refused one has no tree");
    is_int(unstable, 0, "an accepted one makes a round trip");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_table(pool);
    test_characters(pool);
    test_limits(pool);
    test_spilling(pool);
    test_truncated(pool);
    test_mutations(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
