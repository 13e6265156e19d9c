/* Encoding and decoding what is well-formed. */
#include "tap.h"

#include <signal.h>
#include <unistd.h>

#include "eas_helpers.h"

static eas_spool_t *spool;

static eas_writer_t *new_writer(apr_pool_t *pool)
{
    spool = eas_spool_create(NULL, pool);
    return eas_writer_create(spool, pool);
}

/* The document as hexadecimal text, NULL on a fault. */
static const char *written(eas_writer_t *writer, apr_pool_t *pool)
{
    base_fault_t *fault = eas_writer_finish(writer);
    apr_size_t length;
    const char *bytes;

    if (fault) {
        printf("# %s\n", fault->message);
        return NULL;
    }
    bytes = spool_bytes(spool, &length, pool);
    return base_text_hex_encode(bytes, length, pool);
}

static const eas_node_t *reread(eas_writer_t *writer, apr_pool_t *pool)
{
    base_fault_t *fault = eas_writer_finish(writer);
    const eas_node_t *root = NULL;
    apr_size_t length;
    const char *bytes;

    if (!fault) {
        bytes = spool_bytes(spool, &length, pool);
        fault = decode(bytes, length, &root, pool);
    }
    if (fault)
        printf("# %s\n", fault->message);
    return root;
}

/* -- self-test --------------------------------------------------------------- */

static base_fault_t *check_aborts(apr_pool_t *pool)
{
    raise(SIGABRT);
    return base_fault_make(pool, BASE_FAULT_INTERNAL, "still alive");
}

static base_fault_t *check_hangs(apr_pool_t *pool)
{
    (void)pool;
    while (pause() == -1)
        ;
    return NULL;
}

static base_fault_t *check_fails(apr_pool_t *pool)
{
    return base_fault_make(pool, BASE_FAULT_INTERNAL, "byte 7 differs");
}

static void test_selftest(apr_pool_t *pool)
{
    base_fault_t *fault = eas_selftest_check(pool);

    ok(!fault, "the golden vectors decode and encode");
    if (fault)
        printf("# %s\n", fault->message);
    ok(!eas_selftest_run(pool), "in a child process as well");
    fault = eas_selftest_fork(check_aborts, 10, pool);
    is_int(base_fault_code(fault), BASE_FAULT_UNSUPPORTED, "a crash is a fault");
    ok(fault && strstr(fault->message, "crashed by signal 6"), "and says so");
    fault = eas_selftest_fork(check_hangs, 1, pool);
    is_int(base_fault_code(fault), BASE_FAULT_UNSUPPORTED, "a hang is a fault");
    ok(fault && strstr(fault->message, "no end after 1 s"), "and says so");
    fault = eas_selftest_fork(check_fails, 10, pool);
    is_str(fault ? fault->message : NULL, "byte 7 differs", "a mismatch arrives as it is");
}

/* -- round trips ------------------------------------------------------------- */

static void test_every_tag(apr_pool_t *pool)
{
    eas_writer_t *writer = new_writer(pool);
    unsigned page, token, wrong = 0, count = 0;
    const eas_node_t *root, *node;

    eas_writer_start(writer, EAS_AirSync_Sync);
    for (token = EAS_TOKEN_FIRST; token <= EAS_TOKEN_LAST; token++)
        for (page = 0; page < EAS_PAGE_COUNT; page++) {
            eas_tag_t tag = page << 8 | token;

            if (!eas_tag_name(tag))
                continue;
            eas_writer_empty(writer, tag);
            eas_writer_start(writer, tag);
            if (eas_tag_is_opaque(tag))
                eas_writer_opaque(writer, tag, "\0x", 2);
            else
                eas_writer_text(writer, tag, eas_tag_name(tag));
            eas_writer_end(writer);
        }
    eas_writer_end(writer);
    root = reread(writer, pool);
    node = root ? root->first : NULL;
    for (token = EAS_TOKEN_FIRST; token <= EAS_TOKEN_LAST; token++)
        for (page = 0; page < EAS_PAGE_COUNT; page++) {
            eas_tag_t tag = page << 8 | token;
            const char *text = eas_tag_is_opaque(tag) ? "" : eas_tag_name(tag);

            if (!eas_tag_name(tag) || !node || !node->next)
                continue;
            wrong += node->tag != tag || node->length || node->first;
            node = node->next;
            wrong += node->tag != tag || !node->first || node->first->tag != tag ||
                     strcmp(node->first->text, text) != 0;
            node = node->next;
            count++;
        }
    is_int(count, 586, "all tags come back");
    is_int(wrong, 0, "as they were");
    ok(!node, "and no others");
}

static void test_forms(apr_pool_t *pool)
{
    eas_writer_t *writer = new_writer(pool);
    eas_limits_t limits = EAS_LIMITS_DEFAULT;
    const eas_node_t *root;
    base_fault_t *fault;
    const char *bytes;
    apr_size_t length;

    eas_writer_start(writer, EAS_Ping_Ping);
    eas_writer_uint(writer, EAS_Ping_Status, 1);
    eas_writer_end(writer);
    is_str(written(writer, pool),
           "03016a00000d4547033100"
           "0101",
           "a Ping response");

    writer = new_writer(pool);
    eas_writer_start(writer, EAS_Ping_Ping);
    eas_writer_end(writer);
    is_str(written(writer, pool), "03016a00000d05", "an element without content has no END");

    writer = new_writer(pool);
    eas_writer_start(writer, EAS_AirSync_Sync);
    eas_writer_text(writer, EAS_AirSync_SyncKey, "");
    eas_writer_opaque(writer, EAS_Email2_ConversationId, "", 0);
    eas_writer_end(writer);
    is_str(written(writer, pool), "03016a00450b00160901", "nor have empty contents");

    bytes = from_hex("03016a00 00 00 00 0d 00 0d 45 00 0d 00 0d 47 03 31 00 01 00 00 01", &length,
                     pool);
    ok(!decode(bytes, length, &root, pool) && root, "repeated SWITCH_PAGE anywhere");
    is_int(root ? root->tag : 0, EAS_Ping_Ping, "the root's page is the last one");
    is_str(eas_node_child_text(root, EAS_Ping_Status), "1", "the child's as well");

    bytes = from_hex("03016a00 45 4b 03 61 00 c3 01 62 03 00 03 63 00 01 01", &length, pool);
    ok(!decode(bytes, length, &root, pool) && root, "content in several pieces");
    is_str(eas_node_child_text(root, EAS_AirSync_SyncKey), "abc", "is put together");

    bytes = from_hex("03016a00 45 03 0a20 00 0b 03 0900 01", &length, pool);
    ok(!decode(bytes, length, &root, pool) && root, "white space between elements");
    ok(root && root->length == 0 && root->first && !root->first->next, "is dropped");

    bytes = from_hex("02016a00 05", &length, pool);
    ok(!decode(bytes, length, &root, pool) && root && !root->first, "WBXML 1.2 is the same");

    bytes = from_hex("03016a00 45 51 03 78 00 01 00 03 7f 01 01", &length, pool);
    ok(!decode(bytes, length, &root, pool) && root, "tokens that nobody knows");
    is_str(eas_node_child_text(root, 0x0011), "x", "keep their content");
    ok(eas_node_child(root, 0x033f) != NULL, "on any page");

    ok(!decode_limited(&limits, "", 0, 0, &root, pool) && !root, "no body, no tree");
    fault = decode("\x03", 1, &root, pool);
    is_int(base_fault_code(fault), BASE_FAULT_INVALID, "a byte is a body");
}

/* -- the writer's contents --------------------------------------------------- */

typedef struct {
    const char *bytes;
    apr_size_t left;
    apr_size_t piece;
} source_t;

static base_fault_t *read_source(void *baton, char *buffer, apr_size_t *length)
{
    source_t *source = baton;

    if (*length > source->piece)
        *length = source->piece;
    if (*length > source->left)
        *length = source->left;
    memcpy(buffer, source->bytes, *length);
    source->bytes += *length;
    source->left -= *length;
    return NULL;
}

static base_fault_t *read_fault(void *baton, char *buffer, apr_size_t *length)
{
    (void)buffer;
    (void)length;
    return base_fault_make(baton, BASE_FAULT_UNAVAILABLE, "the mailbox is gone");
}

static const char *one_text(const char *text, apr_size_t length, apr_pool_t *pool)
{
    eas_writer_t *writer = new_writer(pool);
    const eas_node_t *root;
    const char *data;

    eas_writer_start(writer, EAS_AirSync_Sync);
    eas_writer_textn(writer, EAS_AirSyncBase_Data, text, length);
    eas_writer_end(writer);
    root = reread(writer, pool);
    if (!root || !root->first || eas_node_content(root->first, &data, &length, pool))
        return NULL;
    return data;
}

static void test_texts(apr_pool_t *pool)
{
    char *big = apr_palloc(pool, 100001), *expected = apr_palloc(pool, 300001);
    source_t source;
    eas_writer_t *writer;
    const eas_node_t *root;
    const char *data;
    apr_size_t length, i, piece, bad = 0;

    is_str(one_text("a\0b", 3, pool),
           "a\xef\xbf\xbd"
           "b",
           "a NUL cuts nothing off");
    is_str(one_text("a\x01\x1f\xff z", 6, pool), "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd z",
           "what XML forbids is replaced");
    is_str(one_text("abcdef", 3, pool), "abc", "the length counts, not the NUL");
    is_str(one_text("<&>\r\n\t", 6, pool), "<&>\r\n\t", "markup is text");

    /* every length around the borders of the writer's paths */
    memset(big, 'x', 100000);
    big[100000] = '\0';
    for (i = 8180; i < 8200; i++)
        bad += strncmp(one_text(big, i, pool), big, i) != 0;
    is_int((long long)bad, 0, "texts around the size that bypasses the encoder");

    /* a four byte character and a forbidden one, everywhere in the blocks */
    for (i = 0, length = 0; i + 6 <= 100000; i += 6) {
        memcpy(big + i, "\xf0\x9f\x93\x85\x02z", 6);
        memcpy(expected + length, "\xf0\x9f\x93\x85\xef\xbf\xbdz", 8);
        length += 8;
    }
    expected[length] = '\0';
    is_str(one_text(big, i, pool), expected, "a large text is sanitised as well");
    for (piece = 1, bad = 0; piece < 8192; piece = piece * 2 + 1) {
        source = (source_t){big, i, piece};
        writer = new_writer(pool);
        eas_writer_start(writer, EAS_AirSync_Sync);
        eas_writer_text_stream(writer, EAS_AirSyncBase_Data, read_source, &source);
        eas_writer_empty(writer, EAS_AirSync_MoreAvailable);
        eas_writer_end(writer);
        root = reread(writer, pool);
        bad += !root || eas_node_content(root->first, &data, &length, pool) ||
               strcmp(data, expected) != 0 || !eas_node_child(root, EAS_AirSync_MoreAvailable);
    }
    is_int((long long)bad, 0, "a stream in pieces of any size");
    source = (source_t){"a\xe2\x82", 3, 1};
    writer = new_writer(pool);
    eas_writer_text_stream(writer, EAS_AirSyncBase_Data, read_source, &source);
    root = reread(writer, pool);
    is_str(root ? root->text : NULL, "a\xef\xbf\xbd", "a stream that ends within a character");
    source = (source_t){"", 0, 1};
    writer = new_writer(pool);
    eas_writer_text_stream(writer, EAS_AirSyncBase_Data, read_source, &source);
    root = reread(writer, pool);
    is_str(root ? root->text : NULL, "", "an empty stream");
}

static void test_opaques(apr_pool_t *pool)
{
    static const apr_size_t lengths[] = {1,    16,    127,   128,   8191,    8192,
                                         8193, 16383, 16384, 16385, 2097151, 2097152};
    char *bytes = apr_palloc(pool, 2097152);
    apr_size_t i, bad = 0, length;
    const eas_node_t *root;
    const char *data;

    for (i = 0; i < 2097152; i++)
        bytes[i] = (char)(i * 7 >> 3);
    for (i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        source_t source = {bytes, lengths[i] + 5, 1000};
        eas_writer_t *writer = new_writer(pool);

        eas_writer_start(writer, EAS_ComposeMail_SendMail);
        eas_writer_opaque(writer, EAS_ComposeMail_Mime, bytes, lengths[i]);
        eas_writer_opaque_stream(writer, EAS_ComposeMail_Mime, lengths[i], read_source, &source);
        eas_writer_text(writer, EAS_ComposeMail_Status, "1");
        eas_writer_end(writer);
        root = reread(writer, pool);
        if (!root || !root->first || !root->first->next) {
            bad++;
            continue;
        }
        bad += eas_node_content(root->first, &data, &length, pool) || length != lengths[i] ||
               memcmp(data, bytes, length) != 0;
        bad += eas_node_content(root->first->next, &data, &length, pool) || length != lengths[i] ||
               memcmp(data, bytes, length) != 0;
        bad += !root->last || strcmp(root->last->text, "1") != 0;
    }
    is_int((long long)bad, 0, "opaques of all sizes, whole and streamed");
}

static void test_writer_faults(apr_pool_t *pool)
{
    source_t source = {"abc", 3, 2};
    eas_writer_t *writer = new_writer(pool);
    base_fault_t *fault;

    eas_writer_start(writer, EAS_AirSync_Sync);
    fault = eas_writer_finish(writer);
    is_int(base_fault_code(fault), BASE_FAULT_INTERNAL, "an element left open");

    writer = new_writer(pool);
    eas_writer_start(writer, EAS_AirSync_Sync);
    eas_writer_end(writer);
    eas_writer_end(writer);
    fault = eas_writer_finish(writer);
    is_int(base_fault_code(fault), BASE_FAULT_INTERNAL, "an element closed twice");

    writer = new_writer(pool);
    eas_writer_start(writer, EAS_AirSync_Sync);
    eas_writer_opaque_stream(writer, EAS_ComposeMail_Mime, 4, read_source, &source);
    eas_writer_text(writer, EAS_AirSync_SyncKey, "1");
    eas_writer_end(writer);
    fault = eas_writer_finish(writer);
    is_int(base_fault_code(fault), BASE_FAULT_CONVERSION, "an opaque that ends early");

    writer = new_writer(pool);
    eas_writer_text_stream(writer, EAS_AirSyncBase_Data, read_fault, pool);
    eas_writer_text(writer, EAS_AirSync_SyncKey, "1");
    fault = eas_writer_finish(writer);
    is_int(base_fault_code(fault), BASE_FAULT_UNAVAILABLE, "the reader's fault comes through");

    writer = new_writer(pool);
    ok(eas_writer_is_empty(writer), "a new writer is empty");
    is_int(eas_writer_size(writer), 0, "of size 0");
    ok(!eas_writer_finish(writer), "which is no fault");
    is_int(eas_spool_length(spool), 0, "and writes nothing");
    eas_writer_start(writer, EAS_AirSync_Sync);
    ok(!eas_writer_is_empty(writer), "an open element is something");
}

static void test_writer_drain(apr_pool_t *pool)
{
    eas_writer_t *writer = new_writer(pool);
    const eas_node_t *root, *node;
    apr_off_t size = 0;
    int i, wrong = 0;

    eas_writer_start(writer, EAS_AirSync_Sync);
    for (i = 0; i < 30000; i++) {
        eas_writer_start(writer, i % 2 ? EAS_AirSync_Add : EAS_Calendar_Attendee);
        eas_writer_uint(writer, EAS_AirSync_ServerId, (apr_uint64_t)i);
        eas_writer_end(writer);
        wrong += eas_writer_size(writer) <= size;
        size = eas_writer_size(writer);
    }
    eas_writer_end(writer);
    root = reread(writer, pool);
    for (i = 0, node = root ? root->first : NULL; node; node = node->next, i++)
        wrong += (unsigned)atoi(eas_node_child_text(node, EAS_AirSync_ServerId)) != (unsigned)i;
    is_int(i, 30000, "a document over many drains");
    is_int(wrong, 0, "in order, its size growing all the time");
    ok(eas_writer_size(writer) == eas_spool_length(spool), "the size is the spool's at the end");
}

/* -- nodes ------------------------------------------------------------------- */

static void test_nodes(apr_pool_t *pool)
{
    eas_writer_t *writer = new_writer(pool);
    const eas_node_t *root, *node;
    apr_uint64_t value = 77;

    eas_writer_start(writer, EAS_AirSync_Sync);
    eas_writer_text(writer, EAS_AirSync_WindowSize, "512");
    eas_writer_text(writer, EAS_AirSync_SyncKey, "a");
    eas_writer_empty(writer, EAS_AirSync_GetChanges);
    eas_writer_text(writer, EAS_AirSync_SyncKey, "b");
    eas_writer_text(writer, EAS_AirSync_DeletesAsMoves, "0");
    eas_writer_text(writer, EAS_AirSync_Conflict, "2");
    eas_writer_text(writer, EAS_Settings_Password, "secret");
    eas_writer_text(writer, EAS_AirSyncBase_DisplayName, "a<b&c");
    eas_writer_opaque(writer, EAS_ComposeMail_Mime, "1\0002", 3);
    eas_writer_text(writer, EAS_Email_Subject,
                    "0123456789012345678901234567890123456789012345678901234567890123x");
    eas_writer_end(writer);
    root = reread(writer, pool);
    is_int(eas_node_child_uint(root, EAS_AirSync_WindowSize, 512, &value), 1, "a number");
    is_int((long long)value, 512, "its value");
    is_int(eas_node_child_uint(root, EAS_AirSync_WindowSize, 511, &value), -1, "one too large");
    is_int(eas_node_child_uint(root, EAS_AirSync_SyncKey, 511, &value), -1, "no number");
    is_int(eas_node_child_uint(root, EAS_ComposeMail_Mime, 511, &value), -1, "one with a NUL");
    is_int(eas_node_child_uint(root, EAS_AirSync_Limit, 511, &value), 0, "no element");
    is_int((long long)value, 512, "leaves the value alone");
    is_int(eas_node_child_flag(root, EAS_AirSync_GetChanges, 0), 1, "an empty flag is set");
    is_int(eas_node_child_flag(root, EAS_AirSync_DeletesAsMoves, 1), 0, "0");
    is_int(eas_node_child_flag(root, EAS_AirSync_Conflict, 1), -1, "2 is no flag");
    is_int(eas_node_child_flag(root, EAS_AirSync_Partial, 1), 1, "a missing flag");
    node = eas_node_child(root, EAS_AirSync_SyncKey);
    is_str(node ? node->text : NULL, "a", "the first child of a tag");
    node = node ? eas_node_next(node) : NULL;
    is_str(node ? node->text : NULL, "b", "the next one");
    ok(node && !eas_node_next(node), "there is no third");
    ok(!eas_node_child(NULL, EAS_AirSync_Sync), "a missing parent has no children");
    ok(!eas_node_child_text(root, EAS_AirSync_Limit), "a missing child has no text");
    is_str(eas_node_dump(NULL, pool), "", "no tree, no dump");
    is_str(eas_node_dump(root, pool),
           "<Sync xmlns=\"AirSync\">\n"
           "  <WindowSize>512</WindowSize>\n"
           "  <SyncKey>a</SyncKey>\n"
           "  <GetChanges/>\n"
           "  <SyncKey>b</SyncKey>\n"
           "  <DeletesAsMoves>0</DeletesAsMoves>\n"
           "  <Conflict>2</Conflict>\n"
           "  <Password xmlns=\"Settings\">[6 bytes]</Password>\n"
           "  <DisplayName xmlns=\"AirSyncBase\">a&lt;b&amp;c</DisplayName>\n"
           "  <Mime xmlns=\"ComposeMail\">[3 bytes]</Mime>\n"
           "  <Subject xmlns=\"Email\">[65 bytes]</Subject>\n"
           "</Sync>\n",
           "a dump shows no secrets and no bodies");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_selftest(pool);
    test_every_tag(pool);
    test_forms(pool);
    test_texts(pool);
    test_opaques(pool);
    test_writer_faults(pool);
    test_writer_drain(pool);
    test_nodes(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
