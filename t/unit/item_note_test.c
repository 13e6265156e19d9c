/* Notes: VJOURNAL <-> the Notes class. */
#include "kind_helpers.h"

#include "item/category.h"
#include "item/document.h"
#include "item/note.h"
#include "item/note_body.h"
#include "item/words.h"

#define ALL ITEM_TRUNCATION_NONE
#define JOURNAL(lines)                                               \
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//other//EN\r\n"      \
    "BEGIN:VJOURNAL\r\nUID:u1\r\nDTSTAMP:20260102T030405Z\r\n" lines \
    "END:VJOURNAL\r\nEND:VCALENDAR\r\n"

static const char *journal_of(const char *lines, apr_pool_t *pool)
{
    const char *journal = JOURNAL(""), *end = strstr(journal, "END:VJOURNAL");

    return apr_pstrcat(pool, apr_pstrmemdup(pool, journal, (apr_size_t)(end - journal)), lines, end,
                       NULL);
}

static const eas_node_t *shown(const char *text, const item_options_t *options, apr_pool_t *pool)
{
    return kind_node(&item_note_kind, blob_of_text(text, pool), options, pool);
}

static int show_all(eas_tag_t tag)
{
    (void)tag;
    return 1;
}

static void test_golden(apr_pool_t *pool)
{
    static const eas_version_t versions[] = {EAS_VERSION_14_0, EAS_VERSION_14_1, EAS_VERSION_16_0,
                                             EAS_VERSION_16_1};
    static const char journal[] =
        JOURNAL("SUMMARY:Shopping\\, soon\r\nDESCRIPTION:milk\\nbread\r\n"
                "CATEGORIES:home,food\r\nCATEGORIES:home\r\nLAST-MODIFIED:20260506T070809Z\r\n");
    static const char wanted[] = "<ApplicationData xmlns=\"AirSync\">\n"
                                 "  <Subject xmlns=\"Notes\">Shopping, soon</Subject>\n"
                                 "  <Body xmlns=\"AirSyncBase\">\n"
                                 "    <Type>1</Type>\n"
                                 "    <EstimatedDataSize>11</EstimatedDataSize>\n"
                                 "    <Data>milk\r\nbread</Data>\n"
                                 "  </Body>\n"
                                 "  <MessageClass xmlns=\"Notes\">IPM.StickyNote</MessageClass>\n"
                                 "  <LastModifiedDate xmlns=\"Notes\">20260506T070809Z"
                                 "</LastModifiedDate>\n"
                                 "  <Categories xmlns=\"Notes\">\n"
                                 "    <Category>home</Category>\n"
                                 "    <Category>food</Category>\n"
                                 "  </Categories>\n"
                                 "</ApplicationData>\n";
    static const eas_node_view_t view = {.shown = show_all, .text_max = 10000};
    int cut;
    size_t i;

    for (i = 0; i < sizeof versions / sizeof *versions; i++) {
        item_options_t options = options_prefer(versions[i], ITEM_BODY_TEXT, ALL);
        const eas_node_t *node = shown(journal, &options, pool);

        is_str(node ? eas_node_print(node, &view, &cut, pool) : NULL, wanted,
               eas_version_name(versions[i]));
    }
    is_int(item_note_kind.first_version, EAS_VERSION_14_0, "there are no notes before 14.0");
}

static void test_properties(apr_pool_t *pool)
{
    static const struct {
        const char *name, *lines;
        eas_tag_t tag;
        const char *value;
    } rows[] = {
        {"no SUMMARY: the first line", "DESCRIPTION: \\nmilk\\nbread\r\n", EAS_Notes_Subject,
         "milk"},
        {"of HTML alone", "X-ALT-DESC;FMTTYPE=text/html:<p>milk</p>bread\r\n", EAS_Notes_Subject,
         "milk"},
        {"an empty SUMMARY", "SUMMARY:\r\nDESCRIPTION:milk\r\n", EAS_Notes_Subject, ""},
        {"a SUMMARY of two lines", "SUMMARY:one\\ntwo\r\n", EAS_Notes_Subject, "one two"},
        {"nothing at all", "", EAS_Notes_Subject, ""},
        {"no LAST-MODIFIED: DTSTAMP", "", EAS_Notes_LastModifiedDate, "20260102T030405Z"},
        {"a LAST-MODIFIED that is none", "LAST-MODIFIED:yesterday\r\n", EAS_Notes_LastModifiedDate,
         "20260102T030405Z"},
        {"a form of its own", "X-MOBILESYNC-MESSAGE-CLASS:IPM.StickyNote.Mine\r\n",
         EAS_Notes_MessageClass, "IPM.StickyNote.Mine"},
        {"a form that is none", "X-MOBILESYNC-MESSAGE-CLASS:IPM.Note\r\n", EAS_Notes_MessageClass,
         "IPM.StickyNote"},
        {"no categories", "", EAS_Notes_Categories, NULL},
    };
    item_options_t options = options_of(EAS_VERSION_16_1);
    eas_tag_t schema[] = {EAS_Notes_Subject};
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *journal = journal_of(rows[i].lines, pool);

        is_str(property(shown(journal, &options, pool), rows[i].tag), rows[i].value, rows[i].name);
    }
    options.schema = schema;
    options.schema_count = 1;
    ok(!property(shown(JOURNAL("SUMMARY:s\r\n"), &options, pool), EAS_Notes_MessageClass),
       "the Schema restricts what is written");
    options.schema_count = 0;
    options.schema = NULL;
    ok(!shown("BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nEND:VTODO\r\nEND:VCALENDAR\r\n", &options, pool),
       "a task is no note");
    ok(!shown("nonsense", &options, pool), "nonsense is no note");
}

static void test_body(apr_pool_t *pool)
{
    static const struct {
        const char *name, *lines;
        item_body_type_t type;
        const char *data;
    } rows[] = {
        {"HTML", "DESCRIPTION:a b\r\nX-ALT-DESC;FMTTYPE=text/html:<p>a <b>b</b></p>\r\n",
         ITEM_BODY_HTML, "<p>a <b>b</b></p>"},
        {"its text", "DESCRIPTION:a b\r\nX-ALT-DESC;FMTTYPE=text/html:<p>a <b>b</b></p>\r\n",
         ITEM_BODY_TEXT, "a b"},
        {"HTML of which the text was changed alone",
         "DESCRIPTION:a c\r\nX-ALT-DESC;FMTTYPE=text/html:<p>a <b>b</b></p>\r\n", ITEM_BODY_HTML,
         "<html><head><meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">"
         "</head><body>\r\na c</body></html>\r\n"},
        {"Thunderbird's HTML",
         "DESCRIPTION;ALTREP=\"data:text/html,a%20%3Cb%3Eb%3C%2Fb%3E\":a b\r\n", ITEM_BODY_HTML,
         "a <b>b</b>"},
        {"several texts", "DESCRIPTION:a\r\nDESCRIPTION:b\r\n", ITEM_BODY_TEXT, "a\r\n\r\nb"},
        {"no text", "", ITEM_BODY_TEXT, ""},
    };
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        item_options_t options = options_prefer(EAS_VERSION_14_0, rows[i].type, ALL);
        const char *journal = journal_of(rows[i].lines, pool);

        is_str(body_property(shown(journal, &options, pool), EAS_AirSyncBase_Data), rows[i].data,
               rows[i].name);
    }
}

/* -- changes --------------------------------------------------------------------------------- */

/* Subject, Body (text), a Category, MessageClass; NULL leaves out. */
static eas_node_t *data_of(const char *subject, const char *body, const char *category,
                           const char *class_, apr_pool_t *pool)
{
    eas_node_t *data = node_add(NULL, EAS_AirSync_ApplicationData, "", pool), *node;

    if (subject)
        node_add(data, EAS_Notes_Subject, subject, pool);
    if (body) {
        node = node_add(data, EAS_AirSyncBase_Body, "", pool);
        node_add(node, EAS_AirSyncBase_Type, "1", pool);
        node_add(node, EAS_AirSyncBase_Data, body, pool);
    }
    if (category) {
        node = node_add(data, EAS_Notes_Categories, "", pool);
        if (*category)
            node_add(node, EAS_Notes_Category, category, pool);
    }
    if (class_)
        node_add(data, EAS_Notes_MessageClass, class_, pool);
    return data;
}

/* What becomes of it; NULL when it is refused. */
static const char *changed(const char *original, const eas_node_t *data, apr_pool_t *pool)
{
    kind_result_t result = kind_change(&item_note_kind, data, EAS_VERSION_16_1,
                                       original ? blob_of_text(original, pool) : NULL, pool);

    if (result.fault)
        printf("# fault: %s\n", result.fault->message);
    return base_fault_code(result.fault) == BASE_FAULT_INVALID ? NULL : result.text;
}

static void test_add(apr_pool_t *pool)
{
    const char *made =
        changed(NULL, data_of("Title", "one\r\ntwo, three", "home", "IPM.StickyNote", pool), pool);

    is_str(made,
           "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//mod_mobilesync//EN\r\n"
           "BEGIN:VJOURNAL\r\nUID:key-1\r\nCREATED:20261123T120000Z\r\nSUMMARY:Title\r\n"
           "DESCRIPTION:one\\ntwo\\, three\r\nCATEGORIES:home\r\n"
           "LAST-MODIFIED:20261123T120000Z\r\nDTSTAMP:20261123T120000Z\r\n"
           "END:VJOURNAL\r\nEND:VCALENDAR\r\n",
           "a new note");
    is_str(changed(NULL, data_of(NULL, NULL, NULL, "IPM.Note", pool), pool), NULL,
           "a form that is none of a note is refused (R119)");
    ok(changed(NULL, data_of("x", NULL, NULL, NULL, pool), pool) != NULL,
       "one without a form is taken");
}

static void test_change(apr_pool_t *pool)
{
    static const char original[] =
        JOURNAL("X-OTHER;P=\"a:b\":folded \r\n  value\r\nCLASS:PRIVATE\r\n"
                "LAST-MODIFIED:20260506T070809Z\r\nSUMMARY;LANGUAGE=de:Alt\r\n"
                "DESCRIPTION:text\r\nCATEGORIES:home\r\nSTATUS:FINAL\r\n");
    const char *made;

    is_str(changed(original, data_of("Alt", "text\r\n", "home", "IPM.StickyNote", pool), pool),
           original, "what is said already changes nothing");
    made = changed(original, data_of("Neu", NULL, "home", NULL, pool), pool);
    is_str(made,
           "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//other//EN\r\n"
           "BEGIN:VJOURNAL\r\nUID:u1\r\nDTSTAMP:20261123T120000Z\r\n"
           "X-OTHER;P=\"a:b\":folded \r\n  value\r\nCLASS:PRIVATE\r\n"
           "LAST-MODIFIED:20261123T120000Z\r\nSUMMARY;LANGUAGE=de:Neu\r\n"
           "DESCRIPTION:text\r\nCATEGORIES:home\r\nSTATUS:FINAL\r\n"
           "END:VJOURNAL\r\nEND:VCALENDAR\r\n",
           "a Subject, and nothing else");
    is_str(changed(made, data_of("Neu", NULL, "home", NULL, pool), pool), made,
           "the repeat changes nothing");
    made = changed(original, data_of(NULL, NULL, NULL, "IPM.StickyNote.x", pool), pool);
    ok(made && strstr(made, "\r\nSUMMARY;LANGUAGE=de:Alt\r\nDESCRIPTION:text\r\n") &&
           !strstr(made, "CATEGORIES") && strstr(made, "MESSAGE-CLASS:IPM.StickyNote.x\r\n"),
       "Subject and Body stay when they are left out, Categories go (R112, R113)");
    made = changed(original, data_of("", "", "home", NULL, pool), pool);
    ok(made && !strstr(made, "SUMMARY") && !strstr(made, "DESCRIPTION"), "empty elements delete");
    is_str(changed(original, data_of(NULL, NULL, "home", "IPM.Task", pool), pool), NULL,
           "a form that is none of a note is refused");
    made = JOURNAL("DESCRIPTION:milk\\nbread\r\n");
    is_str(changed(made, data_of("milk", NULL, NULL, NULL, pool), pool), made,
           "the first line is no SUMMARY until somebody writes another");
    ok(strstr(changed(made, data_of("food", NULL, NULL, NULL, pool), pool), "SUMMARY:food\r\n") !=
           NULL,
       "then it is one");
}

static void test_tell(apr_pool_t *pool)
{
    const backend_blob_t *note = blob_of_text(JOURNAL("DESCRIPTION:one\\ntwo\r\n"), pool);

    ok(kind_change(&item_note_kind, data_of("one", "three\ntwo", NULL, NULL, pool),
                   EAS_VERSION_16_1, note, pool)
           .tell,
       "it is told that the first line, which is the subject, is another one");
    ok(!kind_change(&item_note_kind, data_of("one", "one\nthree", NULL, NULL, pool),
                    EAS_VERSION_16_1, note, pool)
            .tell,
       "but not that it is the same");
}

static void test_change_html(apr_pool_t *pool)
{
    static const char html[] =
        JOURNAL("DESCRIPTION;ALTREP=\"cid:1\":a b\r\nX-ALT-DESC;FMTTYPE=text/html:a <b>b</b>\r\n");
    eas_node_t *data = data_of(NULL, NULL, NULL, NULL, pool), *body;
    const char *made;

    node_add(node_add(data, EAS_AirSyncBase_Body, "", pool), EAS_AirSyncBase_Type, "1", pool);
    is_str(changed(html, data, pool), html, "a Body without Data says nothing of the text");
    data = data_of(NULL, NULL, NULL, NULL, pool);
    is_str(changed(html, data_of(NULL, "a b", NULL, NULL, pool), pool), html,
           "the text of HTML that comes back as it was keeps the HTML");
    made = changed(html, data_of(NULL, "a c", NULL, NULL, pool), pool);
    ok(strstr(made, "\r\nDESCRIPTION:a c\r\n") && !strstr(made, "X-ALT-DESC"),
       "another text takes its place");
    body = node_add(data, EAS_AirSyncBase_Body, "", pool);
    node_add(body, EAS_AirSyncBase_Type, "2", pool);
    node_add(body, EAS_AirSyncBase_Data, "<i>new</i><script>x</script>", pool);
    made = changed(html, data, pool);
    ok(strstr(made, "\r\nDESCRIPTION:new\r\n") &&
           strstr(made, "\r\nX-ALT-DESC;FMTTYPE=text/html:<i>new</i>\r\n"),
       "HTML, and its text beside it");
    is_str(changed(made, data, pool), made, "which comes again");
    made = changed(JOURNAL("DESCRIPTION:a\r\n"), data, pool);
    ok(strstr(made, "X-ALT-DESC;FMTTYPE=text/html:<i>new</i>\r\n") != NULL,
       "HTML where there was none");
    body->last->text = "<html><head><meta http-equiv=\"Content-Type\" content=\"text/html; "
                       "charset=utf-8\"></head><body>\r\na &lt; b<br>\r\nc</body></html>\r\n";
    body->last->length = strlen(body->last->text);
    made = JOURNAL("DESCRIPTION:a < b\\nc\r\n");
    is_str(changed(made, data, pool), made, "text that went out as HTML and comes back is no HTML");
    body->last->text = "<html><head><title>x</title></head><body onload=x><p>a</p></body></html>";
    body->last->length = strlen(body->last->text);
    made = journal_of(apr_pstrcat(pool, "DESCRIPTION:a\r\nX-ALT-DESC;FMTTYPE=text/html:",
                                  body->last->text, "\r\n", NULL),
                      pool);
    is_str(changed(made, data, pool), made, "HTML of another program that comes back stays");
}

/* -- random notes ---------------------------------------------------------------------------- */

static unsigned random_of(unsigned *seed, unsigned below)
{
    *seed = *seed * 1103515245u + 12345u;
    return (*seed >> 16) % below;
}

static const char *random_text(unsigned *seed, apr_pool_t *pool)
{
    static const char *const words[] = {"a",
                                        ",",
                                        ";",
                                        "\\",
                                        "\n",
                                        ":",
                                        "\"",
                                        " ",
                                        "\t",
                                        "\\n",
                                        "=",
                                        "é",
                                        "\xf0\x9f\x98\x80",
                                        "%",
                                        "<b>",
                                        "&amp;",
                                        "zz zz zz zz zz zz zz zz zz zz zz zz"};
    base_text_buffer_t text = {.pool = pool};
    unsigned n = random_of(seed, 30);

    while (n--)
        base_text_buffer_puts(&text, words[random_of(seed, sizeof words / sizeof *words)]);
    return text.data ? text.data : "";
}

/* Lines that no element stands for. */
static const char *random_lines(unsigned *seed, apr_pool_t *pool)
{
    base_text_buffer_t lines = {.pool = pool};
    unsigned n = random_of(seed, 6), i;

    for (i = 0; i < n; i++)
        base_text_buffer_printf(&lines, "X-R%u;Q=%u;R=\"x;y\":%s\r\n", i, random_of(seed, 9),
                                item_document_escape(random_text(seed, pool), pool));
    return lines.data ? lines.data : "";
}

static const char *one_line(const char *text, apr_pool_t *pool)
{
    return base_text_line(text, strlen(text), pool);
}

static void test_random(apr_pool_t *parent)
{
    unsigned seed = 7, round;
    int kept = 1, said = 1, again = 1;
    apr_pool_t *pool;

    apr_pool_create(&pool, parent);
    for (round = 0; round < 500; round++) {
        item_options_t options = options_prefer(EAS_VERSION_16_1, ITEM_BODY_TEXT, ALL);
        const char *lines, *subject, *text, *name, *made, *original;
        const eas_node_t *node, *data;

        apr_pool_clear(pool);
        lines = random_lines(&seed, pool);
        subject = one_line(random_text(&seed, pool), pool);
        text = random_text(&seed, pool);
        name = one_line(random_text(&seed, pool), pool);
        original = apr_pstrcat(pool, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", lines,
                               "BEGIN:VJOURNAL\r\nUID:x\r\n", lines, "END:VJOURNAL\r\n",
                               "END:VCALENDAR\r\n", NULL);
        data = data_of(subject, text, name, "IPM.StickyNote", pool);
        made = changed(round % 2 ? original : NULL, data, pool);
        node = made ? shown(made, &options, pool) : NULL;
        if (!node || !ok(1, "a note is made and shown")) {
            ok(0, "round %u", round);
            break;
        }
        if (round % 2 && *lines)
            kept &= strstr(made, lines) && strstr(strstr(made, lines) + 1, lines);
        said &= !*subject || strcmp(property(node, EAS_Notes_Subject), subject) == 0;
        again &= strcmp(changed(made, data, pool), made) == 0;
        /* what the phone got, sent back */
        data = data_of(property(node, EAS_Notes_Subject), body_data(node),
                       property(eas_node_child(node, EAS_Notes_Categories), EAS_Notes_Category),
                       "IPM.StickyNote", pool);
        again &= strcmp(changed(made, data, pool), made) == 0;
    }
    apr_pool_destroy(pool);
    ok(kept, "what no element stands for is kept to the byte");
    ok(said, "what was written is shown");
    ok(again, "a repeat, and what is sent back as it came, change nothing");
}

/* -- words ----------------------------------------------------------------------------------- */

static void test_words(apr_pool_t *pool)
{
    backend_text_t text = {0};
    const char *card =
        "BEGIN:VCARD\nVERSION:3.0\nFN:Ann Bell\nORG:Works;Lab\nEMAIL:ann@example.org\n"
        "PHOTO;ENCODING=b:AAAA\nEND:VCARD\n";

    ok(!item_words_extract(blob_of_text(JOURNAL("SUMMARY:milk\r\nDESCRIPTION:and br\r\n ead\r\n"
                                                "CATEGORIES:food\r\n"),
                                        pool),
                           &text, pool),
       "a note is read for its words");
    is_str(text.fields[BACKEND_FIELD_SUBJECT], "milk\n", "its subject");
    is_str(text.fields[BACKEND_FIELD_BODY], "food\nand bread\n", "the rest");
    memset(&text, 0, sizeof text);
    ok(!item_words_extract(blob_of_text(card, pool), &text, pool), "a card as well");
    is_str(text.fields[BACKEND_FIELD_SUBJECT], "Ann Bell\n", "its name");
    ok(strstr(text.fields[BACKEND_FIELD_BODY], "ann@example.org") != NULL, "its address");
    ok(strstr(text.fields[BACKEND_FIELD_BODY], "AAAA") == NULL, "not its picture");
    memset(&text, 0, sizeof text);
    ok(!item_words_extract(blob_of_text("Subject: BEGIN:VCARD\n\nx", pool), &text, pool), "mail");
    is_str(text.fields[BACKEND_FIELD_SUBJECT], "BEGIN:VCARD", "is read as mail");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    test_golden(pool);
    test_properties(pool);
    test_body(pool);
    test_add(pool);
    test_change(pool);
    test_change_html(pool);
    test_tell(pool);
    test_random(pool);
    test_words(pool);
    apr_pool_destroy(pool);
    return done_testing();
}
