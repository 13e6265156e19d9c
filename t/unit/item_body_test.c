/* Which form of the body is sent, and how it is cut. */
#include "item_helpers.h"

#include "item/quote.h"

#define HEADER "From: a@b.c\nTo: d@e.f\nSubject: s\nMIME-Version: 1.0\n"
#define TEXT_MAIL HEADER "Content-Type: text/plain; charset=utf-8\n\n0123456789"
#define HTML_MAIL HEADER "Content-Type: text/html; charset=utf-8\n\n<p>0123456789</p>"

typedef struct {
    const char *name;
    const char *message;
    int mime_support;
    int count;
    item_body_preference_t preferences[3];
    const char *type;
    const char *data; /* NULL = no Data */
    const char *truncated;
    const char *preview;
} choice_t;

#define ALL ITEM_TRUNCATION_NONE

static const choice_t choices[] = {
    {"no preference: text", HTML_MAIL, 0, 0, {{0}}, "1", "0123456789", NULL, NULL},
    {"text of text", TEXT_MAIL, 0, 1, {{1, ALL, 0, 0}}, "1", "0123456789", NULL, NULL},
    {"text of HTML", HTML_MAIL, 0, 1, {{1, ALL, 0, 0}}, "1", "0123456789", NULL, NULL},
    {"HTML of HTML", HTML_MAIL, 0, 1, {{2, ALL, 0, 0}}, "2", "<p>0123456789</p>", NULL, NULL},
    {"the native one of two, whatever the order",
     HTML_MAIL,
     0,
     2,
     {{1, ALL, 0, 0}, {2, ALL, 0, 0}},
     "2",
     "<p>0123456789</p>",
     NULL,
     NULL},
    {"the native one of two, text",
     TEXT_MAIL,
     0,
     2,
     {{2, ALL, 0, 0}, {1, 4, 0, 0}},
     "1",
     "0123",
     "1",
     NULL},
    {"RTF is not offered: text", HTML_MAIL, 0, 1, {{3, 5, 0, 0}}, "1", "0123456789", NULL, NULL},
    {"RTF or HTML", HTML_MAIL, 0, 2, {{3, 5, 0, 0}, {2, 5, 0, 0}}, "2", "<p>01", "1", NULL},
    {"cut", TEXT_MAIL, 0, 1, {{1, 4, 0, 0}}, "1", "0123", "1", NULL},
    {"not cut at its length", TEXT_MAIL, 0, 1, {{1, 10, 0, 0}}, "1", "0123456789", NULL, NULL},
    {"cut to nothing: no data", TEXT_MAIL, 0, 1, {{1, 0, 0, 0}}, "1", NULL, "1", NULL},
    {"AllOrNone that fits", TEXT_MAIL, 0, 1, {{1, 10, 1, 0}}, "1", "0123456789", NULL, NULL},
    {"AllOrNone that does not", TEXT_MAIL, 0, 1, {{1, 9, 1, 0}}, "1", NULL, "1", NULL},
    {"AllOrNone without a size is nothing",
     TEXT_MAIL,
     0,
     1,
     {{1, ALL, 1, 0}},
     "1",
     "0123456789",
     NULL,
     NULL},
    {"HTML all or none, else text (MS-ASAIRS R399)",
     HTML_MAIL,
     0,
     2,
     {{2, 16, 1, 0}, {1, 5, 0, 0}},
     "1",
     "01234",
     "1",
     NULL},
    {"HTML all or none that fits",
     HTML_MAIL,
     0,
     2,
     {{2, 17, 1, 0}, {1, 5, 0, 0}},
     "2",
     "<p>0123456789</p>",
     NULL,
     NULL},
    {"both all or none: the native one, empty",
     HTML_MAIL,
     0,
     2,
     {{2, 5, 1, 0}, {1, 5, 1, 0}},
     "2",
     NULL,
     "1",
     NULL},
    {"MIME asked for, MIMESupport 0",
     TEXT_MAIL,
     0,
     2,
     {{4, ALL, 0, 0}, {1, ALL, 0, 0}},
     "1",
     "0123456789",
     NULL,
     NULL},
    {"MIME only, MIMESupport 0", TEXT_MAIL, 0, 1, {{4, ALL, 0, 0}}, "1", "0123456789", NULL, NULL},
    {"MIMESupport 1, no S/MIME",
     TEXT_MAIL,
     1,
     2,
     {{4, ALL, 0, 0}, {1, ALL, 0, 0}},
     "1",
     "0123456789",
     NULL,
     NULL},
    {"MIMESupport 2, no preference for MIME",
     TEXT_MAIL,
     2,
     1,
     {{1, ALL, 0, 0}},
     "1",
     "0123456789",
     NULL,
     NULL},
    {"MIMESupport 2",
     "A: b\n\nc\n",
     2,
     2,
     {{4, ALL, 0, 0}, {1, ALL, 0, 0}},
     "4",
     "A: b\r\n\r\nc\r\n",
     "0",
     NULL},
    {"MIMESupport 2, no preference at all",
     "A: b\n\nc\n",
     2,
     0,
     {{0}},
     "4",
     "A: b\r\n\r\nc\r\n",
     "0",
     NULL},
    {"MIME cut", "A: b\n\nc\n", 2, 1, {{4, 7, 0, 0}}, "4", "A: b\r\n\r", "1", NULL},
    {"MIME all or none", "A: b\n\nc\n", 2, 1, {{4, 7, 1, 0}}, "4", NULL, "1", NULL},
    {"preview beside HTML",
     HTML_MAIL,
     0,
     1,
     {{2, ALL, 0, 4}},
     "2",
     "<p>0123456789</p>",
     NULL,
     "0123"},
    {"no preview beside text", TEXT_MAIL, 0, 1, {{1, ALL, 0, 4}}, "1", "0123456789", NULL, NULL},
    {"preview beside text that is left out",
     TEXT_MAIL,
     0,
     1,
     {{1, 0, 0, 4}},
     "1",
     NULL,
     "1",
     "0123"},
    {"preview beside MIME", HEADER "\nx  y\n z", 2, 1, {{4, 0, 0, 255}}, "4", NULL, "1", "x y z"},
    {"no text at all",
     HEADER "Content-Type: image/png\n\nx",
     0,
     1,
     {{2, ALL, 0, 9}},
     "2",
     "",
     NULL,
     ""},
    {"text as HTML",
     HEADER "\na < b",
     0,
     1,
     {{2, ALL, 0, 0}},
     "2",
     "<html><head><meta http-equiv=\"Content-Type\" content=\"text/html; "
     "charset=utf-8\"></head>"
     "<body>\r\na &lt; b</body></html>\r\n",
     NULL,
     NULL},
};

static void test_choice(apr_pool_t *pool)
{
    size_t i;

    for (i = 0; i < sizeof choices / sizeof *choices; i++) {
        const choice_t *row = &choices[i];
        item_options_t options = options_of(EAS_VERSION_16_1);
        const eas_node_t *node;

        options.mime_support = row->mime_support;
        options.preference_count = row->count;
        memcpy(options.preferences, row->preferences, sizeof row->preferences);
        node = email_node(blob_of_text(row->message, pool), 0, &options, pool);
        is_str(body_property(node, EAS_AirSyncBase_Type), row->type,
               apr_pstrcat(pool, row->name, ": Type", NULL));
        is_str(body_property(node, EAS_AirSyncBase_Data), row->data,
               apr_pstrcat(pool, row->name, ": Data", NULL));
        is_str(body_property(node, EAS_AirSyncBase_Truncated), row->truncated,
               apr_pstrcat(pool, row->name, ": Truncated", NULL));
        is_str(body_property(node, EAS_AirSyncBase_Preview), row->preview,
               apr_pstrcat(pool, row->name, ": Preview", NULL));
    }
}

/* Every size around the ends of characters of 1 to 4 bytes: as much as was asked for, no more, no
 * part of a character. */
static void test_truncation(apr_pool_t *pool)
{
    static const char text[] = "aé€😀bö…🎉z";
    static const char *const headers[] = {
        HEADER "Content-Type: text/plain; charset=utf-8\n\n",
        HEADER "Content-Type: text/html; charset=utf-8\n\n",
        HEADER "Content-Type: multipart/mixed; boundary=q\n\n--q\n\n",
    };
    apr_size_t whole = strlen(text), size;
    size_t h;
    int type, wrong = 0, cases = 0;
    apr_pool_t *scratch;

    apr_pool_create(&scratch, pool);
    for (h = 0; h < 2; h++)
        for (type = 1; type <= 2; type++)
            for (size = 1; size <= whole + 2; size++) {
                item_options_t options =
                    options_prefer(EAS_VERSION_14_1, (item_body_type_t)type, size);
                const eas_node_t *node;
                const char *data, *full = text;
                apr_size_t wanted;

                apr_pool_clear(scratch);
                if (type == 2 && h == 0)
                    continue; /* text in a document of its own: below */
                node =
                    email_node(blob_of_text(apr_pstrcat(scratch, headers[h], text, NULL), scratch),
                               0, &options, scratch);
                data = body_data(node);
                wanted = base_text_utf8_floor(full, whole, size);
                cases++;
                wrong += strlen(data) != wanted || memcmp(data, full, wanted) != 0;
                wrong += !!body_property(node, EAS_AirSyncBase_Truncated) != (wanted < whole);
                wrong += (apr_size_t)atoll(body_property(node, EAS_AirSyncBase_EstimatedDataSize)) <
                         (wanted < whole ? wanted + 1 : wanted);
            }
    is_int(wrong, 0, apr_psprintf(pool, "%d sizes of text and HTML", cases));

    wrong = cases = 0;
    for (size = 0; size < 300; size++) {
        item_options_t options = options_prefer(EAS_VERSION_14_1, ITEM_BODY_HTML, size);
        item_options_t complete = options_prefer(EAS_VERSION_14_1, ITEM_BODY_HTML, ALL);
        const char *message, *data, *full;

        apr_pool_clear(scratch);
        message = apr_pstrcat(scratch, headers[0], text, "\nü <b>&amp;\n", NULL);
        full = body_data(email_node(blob_of_text(message, scratch), 0, &complete, scratch));
        data = body_data(email_node(blob_of_text(message, scratch), 0, &options, scratch));
        wrong += strlen(data) != base_text_utf8_floor(full, strlen(full), size) ||
                 strncmp(data, full, strlen(data)) != 0;
        cases++;
    }
    is_int(wrong, 0, apr_psprintf(pool, "%d sizes of HTML made of text", cases));

    wrong = cases = 0;
    for (size = 1; size < 200; size++) {
        item_options_t options = options_prefer(EAS_VERSION_14_1, ITEM_BODY_MIME, size);
        const char *message, *data;
        const eas_node_t *node;
        static const char wire[] = "A: é\r\n\r\nline one\r\nline zwölf\r\n€\r\n";
        apr_size_t wanted = base_text_utf8_floor(wire, strlen(wire), size);

        apr_pool_clear(scratch);
        message = size % 2 ? "A: é\n\nline one\nline zwölf\n€\n" : wire;
        if (size > strlen(wire) + 2)
            break;
        node = email_node(blob_of_text(message, scratch), 0, &options, scratch);
        data = body_data(node);
        wrong += strlen(data) != wanted || memcmp(data, wire, wanted) != 0 ||
                 atoll(body_property(node, EAS_AirSyncBase_EstimatedDataSize)) !=
                     (long long)strlen(wire);
        cases++;
    }
    is_int(wrong, 0, apr_psprintf(pool, "%d sizes of MIME, bare LF and CRLF", cases));
    apr_pool_destroy(scratch);
}

/* A body of n lines, larger than memory is used for it. */
static void test_large(apr_pool_t *pool)
{
    base_text_buffer_t message = {.pool = pool}, wire = {.pool = pool};
    static const char header[] = HEADER "Content-Type: text/plain; charset=utf-8\n\n";
    item_options_t options;
    const char *data, *total;
    const eas_node_t *node;
    int i, type;

    base_text_buffer_puts(&message, header);
    for (i = 0; i < 40000; i++) {
        base_text_buffer_printf(&message, "line %d ü%s\n", i, i % 3 ? "\r" : "");
        base_text_buffer_printf(&wire, "line %d ü\r\n", i);
    }
    total = apr_ltoa(pool, (long)(strlen(header) + 6 + wire.length)); /* 6 lines of it */
    ;
    for (type = 0; type < 2; type++) {
        const backend_blob_t *blob = type ? blob_in_file(message.data, message.length, pool)
                                          : blob_of(message.data, message.length, pool);

        options = options_prefer(EAS_VERSION_16_1, ITEM_BODY_TEXT, ALL);
        data = body_data(email_node(blob, 0, &options, pool));
        ok(strcmp(data, wire.data) == 0, "600 kB of text arrive whole, from %s",
           type ? "a file" : "memory");
        options = options_prefer(EAS_VERSION_16_1, ITEM_BODY_MIME, ALL);
        data = body_data(email_node(blob, 0, &options, pool));
        data = strstr(data, "\r\n\r\n");
        ok(data && strcmp(data + 4, wire.data) == 0, "and as MIME");
        options = options_prefer(EAS_VERSION_16_1, ITEM_BODY_TEXT, 300000);
        data = body_data(email_node(blob, 0, &options, pool));
        ok(strlen(data) >= 299999 && strlen(data) <= 300000 &&
               strncmp(data, wire.data, strlen(data)) == 0,
           "and cut at 300,000");
        options = options_prefer(EAS_VERSION_16_1, ITEM_BODY_MIME, 300000);
        node = email_node(blob, 0, &options, pool);
        ok(strlen(body_data(node)) <= 300000 &&
               strcmp(body_property(node, EAS_AirSyncBase_EstimatedDataSize), total) == 0,
           "as MIME too, which says what the whole has");
    }
}

static void test_mime_form(apr_pool_t *pool)
{
    item_options_t options = options_prefer(EAS_VERSION_16_1, ITEM_BODY_MIME, ALL);
    const char *data;
    static const char nul[] = HEADER "\na\0b\n";

    data = body_data(
        email_node(blob_of_file(mail_path("utf8-raw.eml", pool), pool), 0, &options, pool));
    ok(strstr(data, "Café €\r\n") && strstr(data, "Subject: Déjà vu €\r\n"),
       "raw UTF-8 stays as it is");
    data = body_data(
        email_node(blob_of_file(mail_path("latin1-raw.eml", pool), pool), 0, &options, pool));
    ok(strstr(data, "Content-Transfer-Encoding: quoted-printable\r\n") != NULL,
       "raw Latin-1 is transfer-encoded");
    ok(strstr(data, "Caf=E9 =80 5\r\nna=EFve\r\n") != NULL, "and keeps its bytes that way");
    ok(strstr(data, "Subject: D\ufffdj\ufffd vu\r\n") != NULL,
       "raw bytes of the header are replaced");
    data = body_data(email_node(
        blob_of_text(HEADER "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nfine\n--b\n"
                            "Content-Type: application/x-data\nContent-Transfer-Encoding: 8bit\n"
                            "X: y\n z\n\n\xff\xfe\x01\n--b\n\nfine too\n--b--\n",
                     pool),
        0, &options, pool));
    is_str(strstr(data, "--b\r\n"),
           "--b\r\n\r\nfine\r\n--b\r\nContent-Type: application/x-data\r\nX: y\r\n z\r\n"
           "Content-Transfer-Encoding: base64\r\n\r\n//4B\r\n--b\r\n\r\nfine too\r\n--b--\r\n",
           "only the part that needs it is encoded anew");
    data = body_data(email_node(blob_of(nul, sizeof nul - 1, pool), 0, &options, pool));
    ok(strstr(data, "a=00b") != NULL, "NUL is encoded");
    options.preferences[0].truncation_size = 40;
    data = body_data(email_node(
        blob_of_text(
            "Subject: \x9d\x9d\x9d\x9d\x9d\x9d\x9d\x9d\x9d\x9d\x9d\x9d\x9d\x9d\x9d\x9d\x9d\x9d"
            "\x9d\x9d\x9d\x9d\x9d\x9d\x9d\x9d\x9d\x9d\x9d\x9d\x9d\x9d\x9d\x9d\x9d\x9d\nX: yyyyyyy"
            "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\n\nx",
            pool),
        0, &options, pool));
    is_int((long long)strlen(data), 40, "bytes that are no characters do not shorten what is cut");
    options.preferences[0].truncation_size = ITEM_TRUNCATION_NONE;
    data = body_data(
        email_node(blob_of_file(mail_path("smime-signed.eml", pool), pool), 0, &options, pool));
    ok(strncmp(data, "From: Sig", 9) == 0, "S/MIME is sent as it is");
    options.mime_support = 1;
    data = body_property(
        email_node(blob_of_file(mail_path("smime-signed.eml", pool), pool), 0, &options, pool),
        EAS_AirSyncBase_Type);
    is_str(data, "4", "MIMESupport 1 and S/MIME");
}

static void test_previews(apr_pool_t *pool)
{
    item_options_t options = options_prefer(EAS_VERSION_14_0, ITEM_BODY_HTML, 10);
    const eas_node_t *node;

    options.preferences[0].preview = 5;
    node = email_node(blob_of_text(HEADER "Content-Type: text/html; charset=utf-8\n\n"
                                          "<style>x</style><p>é😀é😀é</p>",
                                   pool),
                      0, &options, pool);
    is_str(body_property(node, EAS_AirSyncBase_Preview), "é😀é", "a preview counts UTF-16 units");
    options.version = EAS_VERSION_12_1;
    node = email_node(blob_of_text(HTML_MAIL, pool), 0, &options, pool);
    ok(!body_property(node, EAS_AirSyncBase_Preview), "12.1 knows no preview");
}

static void test_html_form(apr_pool_t *pool)
{
    item_options_t html = options_prefer(EAS_VERSION_16_1, ITEM_BODY_HTML, ALL);
    item_options_t text = options_prefer(EAS_VERSION_16_1, ITEM_BODY_TEXT, ALL);
    backend_blob_t *blob = blob_of_file(mail_path("html-meta.eml", pool), pool);
    const char *data;

    is_str(body_data(email_node(blob, 0, &text, pool)), "Привет", "the charset of a meta element");
    data = body_data(email_node(blob, 0, &html, pool));
    ok(strstr(data, "<meta charset=\"utf-8\">") && strstr(data, "Привет"),
       "which then names what is sent");
    data = body_data(
        email_node(blob_of_file(mail_path("apple-mixed.eml", pool), pool), 0, &html, pool));
    ok(strstr(data, "Before.") && strstr(data, "Between."), "several HTML parts in a row");
    data = body_data(
        email_node(blob_of_file(mail_path("apple-mixed.eml", pool), pool), 0, &text, pool));
    is_str(data, "Before.\r\nBetween.\r\nAfter.\r\n", "or the plain alternative of them all");
    data = body_data(email_node(
        blob_of_text(HEADER "Content-Type: multipart/mixed; boundary=b\n\n--b\n"
                            "Content-Type: text/html\n\n<p>one</p>\n--b\n\ntwo <\n--b--\n",
                     pool),
        0, &html, pool));
    is_str(data, "<p>one</p><br>\r\ntwo &lt;", "HTML with a footer of text");
}

static void test_quotes(apr_pool_t *pool)
{
    static const struct {
        const char *html;
        int own; /* bytes; -1: all */
        const char *name;
    } rows[] = {
        {"<p>Yes.</p>", -1, "no quotation"},
        {"<p>Yes.</p><div class=\"gmail_quote\">On Monday ...</div>", 11, "Gmail"},
        {"<p>Yes.</p><blockquote style=\"x\" type=\"cite\">Why?</blockquote>", 11, "Apple Mail"},
        {"<p>Yes.</p><div ID=\"DIVRPLYFWDMSG\">Why?</div>", 11, "Outlook, in any case"},
        {"Yes.<br>-----Original Message-----<br>Why?", 8, "plain text of Outlook"},
        {"<p>Yes.</p><div id=\"appendonsend\"></div><div class=\"gmail_quote\">x</div>", 11,
         "the first of several"},
        {"<body>\n<p>&nbsp;</p><div class=\"gmail_quote\">Why?</div>Because.", -1,
         "an answer below"},
        {"FYI<div class=\"gmail_quote\">---------- Forwarded message ---------</div>", -1,
         "forwarded"},
        {"a &lt;b class=\"gmail_quote", 0 - 1, "a mark in the text"},
    };
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        apr_size_t length = strlen(rows[i].html);

        is_int((long long)item_quote_begin(rows[i].html, length),
               rows[i].own < 0 ? (long long)length : rows[i].own, rows[i].name);
    }
    (void)pool;
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    test_choice(pool);
    test_truncation(pool);
    test_large(pool);
    test_mime_form(pool);
    test_previews(pool);
    test_html_form(pool);
    test_quotes(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
