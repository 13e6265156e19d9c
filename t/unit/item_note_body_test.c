/* Bodies of items that are no mail: which form is sent, how it is cut, and what is made of what clients
 * send. */
#include "item_helpers.h"

#include <malloc.h>
#include <apr_base64.h>

#include "item/html.h"
#include "item/note_body.h"
#include "item/rtf.h"

#define ALL ITEM_TRUNCATION_NONE
#define WRAPPED(text)                                                                            \
    "<html><head><meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\"></head>" \
    "<body>\r\n" text "</body></html>\r\n"

/* -- what is sent ---------------------------------------------------------------------------- */

typedef struct {
    const char *name;
    const char *plain, *html;
    int count;
    item_body_preference_t preferences[3];
    const char *type, *data, *estimated, *truncated, *preview; /* NULL: not there */
} choice_t;

static const choice_t choices[] = {
    {"nothing at all is an empty text", NULL, NULL, 0, {{0}}, "1", "", "0", NULL, NULL},
    {"nothing at all, as HTML", NULL, NULL, 1, {{2, ALL, 0, 0}}, "2", "", "0", NULL, NULL},
    {"no preference: text", "a\nb", "<p>a</p>b", 0, {{0}}, "1", "a\r\nb", "4", NULL, NULL},
    {"text", "a\nb", NULL, 1, {{1, ALL, 0, 0}}, "1", "a\r\nb", "4", NULL, NULL},
    {"text that ends its lines",
     "a\r\nb\r\n",
     NULL,
     1,
     {{1, ALL, 0, 0}},
     "1",
     "a\r\nb\r\n",
     "6",
     NULL,
     NULL},
    {"the text's own form, not one made of its HTML",
     "a  b",
     "<p>a b</p>",
     1,
     {{1, ALL, 0, 0}},
     "1",
     "a  b",
     "4",
     NULL,
     NULL},
    {"text of HTML alone",
     NULL,
     "<p>a<p>b",
     1,
     {{1, ALL, 0, 0}},
     "1",
     "a\r\n\r\nb",
     "6",
     NULL,
     NULL},
    {"HTML", "a", "<p>a</p>", 1, {{2, ALL, 0, 0}}, "2", "<p>a</p>", "8", NULL, NULL},
    {"HTML of text",
     "a<b\nc",
     NULL,
     1,
     {{2, ALL, 0, 0}},
     "2",
     WRAPPED("a&lt;b<br>\r\nc"),
     "123",
     NULL,
     NULL},
    {"the native one of two, whatever the order",
     "a",
     "<p>a</p>",
     2,
     {{1, ALL, 0, 0}, {2, ALL, 0, 0}},
     "2",
     "<p>a</p>",
     "8",
     NULL,
     NULL},
    {"the native one of two, text",
     "a",
     NULL,
     2,
     {{2, ALL, 0, 0}, {1, ALL, 0, 0}},
     "1",
     "a",
     "1",
     NULL,
     NULL},
    {"RTF is not offered", "a", "<p>a</p>", 1, {{3, 1, 0, 0}}, "1", "a", "1", NULL, NULL},
    {"MIME is not offered", "a", NULL, 1, {{4, 1, 0, 0}}, "1", "a", "1", NULL, NULL},
    {"RTF or HTML",
     "a",
     "<p>a</p>",
     2,
     {{3, 1, 0, 0}, {2, ALL, 0, 0}},
     "2",
     "<p>a</p>",
     "8",
     NULL,
     NULL},
    {"cut", "0123456789", NULL, 1, {{1, 4, 0, 0}}, "1", "0123", "10", "1", NULL},
    {"cut between characters",
     "ab\xc3\xa9\xf0\x9f\x98\x80z",
     NULL,
     1,
     {{1, 7, 0, 0}},
     "1",
     "ab\xc3\xa9",
     "9",
     "1",
     NULL},
    {"not cut at its length",
     "0123456789",
     NULL,
     1,
     {{1, 10, 0, 0}},
     "1",
     "0123456789",
     "10",
     NULL,
     NULL},
    {"cut to nothing: no data", "0123456789", NULL, 1, {{1, 0, 0, 0}}, "1", NULL, "10", "1", NULL},
    {"nothing is not cut", "", NULL, 1, {{1, 0, 0, 0}}, "1", "", "0", NULL, NULL},
    {"AllOrNone that fits",
     "0123456789",
     NULL,
     1,
     {{1, 10, 1, 0}},
     "1",
     "0123456789",
     "10",
     NULL,
     NULL},
    {"AllOrNone that does not", "0123456789", NULL, 1, {{1, 9, 1, 0}}, "1", NULL, "10", "1", NULL},
    {"AllOrNone gives way to the next",
     "ab",
     "<p><b>ab</b></p>",
     2,
     {{2, 5, 1, 0}, {1, 5, 0, 0}},
     "1",
     "ab",
     "2",
     NULL,
     NULL},
    {"a preview of what is cut to nothing",
     "one\n two",
     NULL,
     1,
     {{1, 0, 0, 5}},
     "1",
     NULL,
     "8",
     "1",
     "one t"},
    {"a preview beside HTML is text",
     "one two",
     "<p>one <i>two</i></p>",
     1,
     {{2, 3, 0, 255}},
     "2",
     "<p>",
     "21",
     "1",
     "one two"},
    {"no preview beside text (R1001036)",
     "one two",
     NULL,
     1,
     {{1, ALL, 0, 255}},
     "1",
     "one two",
     "7",
     NULL,
     NULL},
    {"what is no UTF-8 or no XML",
     "a\x01\xff",
     NULL,
     1,
     {{1, ALL, 0, 0}},
     "1",
     "a\xef\xbf\xbd\xef\xbf\xbd",
     "7",
     NULL,
     NULL},
    {"the charset that HTML names",
     "a",
     "<meta charset=\"latin1\">a",
     1,
     {{2, ALL, 0, 0}},
     "2",
     "<meta charset=\"utf-8\">a",
     "23",
     NULL,
     NULL},
};

static const eas_node_t *written(item_note_body_t *body, int part, apr_pool_t *pool)
{
    eas_spool_t *spool = eas_spool_create(NULL, pool);
    eas_writer_t *writer = eas_writer_create(spool, pool);
    const eas_node_t *node = NULL;
    const char *wbxml;
    apr_size_t size;

    eas_writer_start(writer, EAS_AirSync_ApplicationData);
    item_note_body_write(body, part, writer);
    eas_writer_end(writer);
    if (wbxml_finish(writer, spool, &wbxml, &size, pool) || wbxml_decode(wbxml, size, &node, pool))
        abort();
    return node;
}

static item_options_t choice_options(const choice_t *choice, eas_version_t version)
{
    item_options_t options = options_of(version);

    memcpy(options.preferences, choice->preferences, sizeof choice->preferences);
    options.preference_count = choice->count;
    return options;
}

static void test_choices(apr_pool_t *pool)
{
    size_t i;

    for (i = 0; i < sizeof choices / sizeof *choices; i++) {
        const choice_t *choice = &choices[i];
        item_options_t options = choice_options(choice, EAS_VERSION_16_1);
        const eas_node_t *node;
        item_note_body_t *body;

        if (item_note_body_load(choice->plain, choice->html, &options, &body, pool))
            abort();
        node = written(body, 0, pool);
        is_str(body_property(node, EAS_AirSyncBase_Type), choice->type, choice->name);
        is_str(body_property(node, EAS_AirSyncBase_Data), choice->data, "  its data");
        is_str(body_property(node, EAS_AirSyncBase_EstimatedDataSize), choice->estimated,
               "  its size");
        is_str(body_property(node, EAS_AirSyncBase_Truncated), choice->truncated, "  is it cut");
        is_str(body_property(node, EAS_AirSyncBase_Preview), choice->preview, "  its preview");
        is_int(item_note_body_native(body), choice->html ? 2 : 1, "  its native type");
        is_int(item_note_body_has_data(body), choice->data != NULL, "  has it data");
    }
}

static void test_versions(apr_pool_t *pool)
{
    static const choice_t choice = {.count = 1, .preferences = {{1, 0, 0, 9}}};
    item_options_t options = choice_options(&choice, EAS_VERSION_12_1);
    item_note_body_t *body;

    if (item_note_body_load("text", NULL, &options, &body, pool))
        abort();
    is_str(body_property(written(body, 0, pool), EAS_AirSyncBase_Preview), NULL,
           "no preview before 14.0");
    ok(eas_node_child(written(NULL, 0, pool), EAS_AirSyncBase_Body) == NULL,
       "no body writes nothing");
    ok(!item_note_body_has_data(NULL), "and has no data");
}

static void test_parts(apr_pool_t *pool)
{
    apr_size_t size = 300000, got = 0, n, i;
    char *text = apr_palloc(pool, size + 1), *read = apr_palloc(pool, size + 1);
    item_options_t options = options_prefer(EAS_VERSION_14_1, ITEM_BODY_TEXT, ALL);
    const eas_node_t *node;
    item_note_body_t *body;

    for (i = 0; i < size; i++)
        text[i] = (char)('a' + i % 23);
    text[size] = '\0';
    if (item_note_body_load(text, NULL, &options, &body, pool))
        abort();
    node = eas_node_child(written(body, 3, pool), EAS_AirSyncBase_Body);
    is_str(property(node, EAS_ItemOperations_Part), "3", "a multipart response names the part");
    is_str(property(node, EAS_AirSyncBase_Data), NULL, "and has no data");
    do {
        n = size - got < 7000 ? size - got + 1 : 7000;
        if (item_note_body_read(body, read + got, &n))
            abort();
        got += n;
    } while (n && got <= size);
    ok(got == size && memcmp(read, text, size) == 0, "the part is the text");
    is_str(body_data(written(body, 0, pool)), text, "a long text is written");
}

/* -- what clients send ----------------------------------------------------------------------- */

static eas_node_t *sent(const char *type, const char *data, apr_pool_t *pool)
{
    eas_node_t *body = node_add(NULL, EAS_AirSyncBase_Body, "", pool);

    if (type)
        node_add(body, EAS_AirSyncBase_Type, type, pool);
    if (data)
        node_add(body, EAS_AirSyncBase_Data, data, pool);
    return body;
}

static void test_parse(apr_pool_t *pool)
{
    static const struct {
        const char *name, *type, *data, *plain, *html;
    } rows[] = {
        {"text", "1", "a\r\nb\rc\n", "a\nb\nc\n", NULL},
        {"empty text", "1", "", "", ""},
        {"no Data", "1", NULL, NULL, ""},
        {"empty HTML", "2", "", "", ""},
        {"HTML of an empty editor", "2", "<html><body><div><br></div></body></html>", "", ""},
        {"HTML", "2", "<p>a\r\n<b>b</b></p>", "a b", "<p>a\n<b>b</b></p>"},
        {"active HTML", "2", "<body onload=x()><script>y</script>a</body>", "a", "a"},
    };
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *plain = NULL, *html = NULL;

        ok(!item_note_body_parse(sent(rows[i].type, rows[i].data, pool), &plain, &html, pool),
           "%s is taken", rows[i].name);
        is_str(plain, rows[i].plain, "  its text");
        is_str(html, rows[i].html, "  its HTML");
    }
}

static void test_parse_refused(apr_pool_t *pool)
{
    const char *plain, *html;
    char *deep = apr_palloc(pool, 5 * 5000 + 1);
    int i;

    for (i = 0; i < 5000; i++)
        memcpy(deep + (apr_size_t)i * 5, "<div>", 6);
    ok(base_fault_code(item_note_body_parse(sent("4", "x", pool), &plain, &html, pool)) ==
           BASE_FAULT_INVALID,
       "MIME is refused");
    ok(base_fault_code(item_note_body_parse(sent("0", "x", pool), &plain, &html, pool)) ==
           BASE_FAULT_INVALID,
       "Type 0 is refused");
    ok(base_fault_code(item_note_body_parse(sent(NULL, "x", pool), &plain, &html, pool)) ==
           BASE_FAULT_INVALID,
       "no Type is refused");
    ok(base_fault_code(item_note_body_parse(sent("3", "bm8gUlRG", pool), &plain, &html, pool)) ==
           BASE_FAULT_INVALID,
       "what is no RTF is refused");
    ok(base_fault_code(item_note_body_parse(sent("2", deep, pool), &plain, &html, pool)) ==
           BASE_FAULT_INVALID,
       "HTML of 5,000 levels is refused");
}

static void test_parse_spilled(apr_pool_t *pool)
{
    eas_node_t *body = sent("1", "", pool);
    backend_blob_t *file = blob_in_file("....long\r\ntext....", 18, pool);
    const char *plain, *html;

    body->last->file = file->file;
    body->last->offset = 4;
    body->last->length = 10;
    ok(!item_note_body_parse(body, &plain, &html, pool), "a body in a file is taken");
    is_str(plain, "long\ntext", "all of it");
}

static void test_clean(apr_pool_t *pool)
{
    static const struct {
        const char *html, *clean;
    } rows[] = {
        {"a &lt;b&gt; &amp;amp; \xc3\xa9", "a &lt;b&gt; &amp;amp; \xc3\xa9"},
        {"<P CLASS=x ONCLICK='y()' id=z>a<BR/>b", "<p class=\"x\">a<br>b</p>"},
        {"<a href=' java\nscript:x()'>a</a><a href=\"https://e.org/?a&amp;b\">b</a>",
         "<a>a</a><a href=\"https://e.org/?a&amp;b\">b</a>"},
        {"<img src=data:text/html,x alt='&quot;'><img src=cid:1>",
         "<img alt=\"&quot;\"><img src=\"cid:1\">"},
        {"<p style='color:red'>a<p style='background:URL(//e.org/x)'>b",
         "<p style=\"color:red\">a</p><p>b</p>"},
        {"<html><head><title>t</title><style>s</style></head><body>a</body></html>", "a"},
        {"<iframe src=x>no</iframe><object>no</object><form action=x>yes<input value=no></form>",
         "yes"},
        {"<svg><a href=javascript:x>no</a></svg>yes<o:p>too</o:p>", "yestoo"},
        {"<scr<script>ipt>x</script>y", "ipt&gt;xy"},
    };
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        item_sink_t once, twice;

        item_sink_init(&once, ALL, pool);
        item_sink_init(&twice, ALL, pool);
        item_html_clean(rows[i].html, strlen(rows[i].html), &once, pool);
        is_str(once.buffer.data, rows[i].clean, "cleaned HTML");
        item_html_clean(once.buffer.data, once.length, &twice, pool);
        is_str(twice.buffer.data, once.buffer.data, "and the same once more");
    }
}

static const char *rtf_text(const char *rtf, apr_pool_t *pool)
{
    item_sink_t sink;

    item_sink_init(&sink, ALL, pool);
    if (!item_rtf_text(rtf, strlen(rtf), &sink, pool))
        return NULL;
    return sink.buffer.data ? sink.buffer.data : "";
}

static void test_rtf(apr_pool_t *pool)
{
    static const struct {
        const char *rtf, *text;
    } rows[] = {
        {"{\\rtf1 plain}", "plain"},
        {"{\\rtf1\\ansi\\deff0{\\fonttbl{\\f0 Arial;}}{\\colortbl;\\red0;}\\f0\\fs20 a\\par\r\nb}",
         "a\r\nb"},
        {"{\\rtf1 a\\'e9\\'80b}", "a\xc3\xa9\xe2\x82\xac"
                                  "b"},
        {"{\\rtf1\\ansicpg1251 \\'e0}", "\xd0\xb0"},
        {"{\\rtf1\\ansicpg932 \\'82\\'a0}", "\xe3\x81\x82"},
        {"{\\rtf1\\uc1 \\u233?\\u8364 ?x\\u-10179?\\u-8704?}",
         "\xc3\xa9\xe2\x82\xacx\xf0\x9f\x98\x80"},
        {"{\\rtf1{\\uc0 \\u233 }\\u233\\'3fx}", "\xc3\xa9\xc3\xa9x"},
        {"{\\rtf1 \\{\\}\\\\\\~\\_\\tab x\\line y}", "{}\\\xc2\xa0-\tx\r\ny"},
        {"{\\rtf1{\\*\\generator Msftedit;}{\\info{\\author me}}{\\pict ffd8}\\b bold\\b0  on}",
         "bold on"},
        {"{\\rtf1{\\field{\\*\\fldinst HYPERLINK x}{\\fldrslt shown}}}", "shown"},
        {"{\\rtf1 a\\bin5 {}\\{}b}", "ab"},
        {"{\\rtf1 ends in the midd", "ends in the midd"},
        {"{\\rtf1 a}behind", "a"},
        {"{\\rtf1 \\'8", "8"},
        {"{\\rtf1 \\'e9\\ansicpg1251 \\'e0}", "\xc3\xa9\xd0\xb0"},
        {"not at all", NULL},
    };
    char deep[2000] = "{\\rtf1";
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        is_str(rtf_text(rows[i].rtf, pool), rows[i].text, rows[i].rtf);
    memset(deep + 6, '{', 1900);
    is_str(rtf_text(deep, pool), NULL, "1,900 groups are refused");
}

/* A converter has hundreds of bytes, what asks for one a dozen. */
static void test_rtf_code_pages(apr_pool_t *pool)
{
    static const char word[] = "\\ansicpg1250\\ansicpg1251";
    enum { COUNT = 20000, LENGTH = sizeof word - 1 };
    char *rtf = apr_palloc(pool, 6 + COUNT * LENGTH + 1);
    size_t before;
    int i;

    memcpy(rtf, "{\\rtf1", 6);
    for (i = 0; i < COUNT; i++)
        memcpy(rtf + 6 + i * LENGTH, word, LENGTH);
    rtf[6 + COUNT * LENGTH] = '\0';
    before = mallinfo2().uordblks;
    is_str(rtf_text(rtf, pool), "", "40,000 code pages");
    ok(mallinfo2().uordblks < before + 1000000, "of which one is open at a time");
}

static void test_parse_rtf(apr_pool_t *pool)
{
    static const char rtf[] = "{\\rtf1 a\\par b}";
    char encoded[64];
    const char *plain, *html;

    apr_base64_encode(encoded, rtf, sizeof rtf - 1);
    memmove(encoded + 9, encoded + 8, strlen(encoded + 8) + 1);
    encoded[8] = '\n';
    ok(!item_note_body_parse(sent("3", encoded, pool), &plain, &html, pool), "RTF is taken");
    is_str(plain, "a\nb", "as text");
    is_str(html, NULL, "and no HTML");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    test_choices(pool);
    test_versions(pool);
    test_parts(pool);
    test_parse(pool);
    test_parse_refused(pool);
    test_parse_spilled(pool);
    test_clean(pool);
    test_rtf(pool);
    test_rtf_code_pages(pool);
    test_parse_rtf(pool);
    apr_pool_destroy(pool);
    return done_testing();
}
