/* vCards and iCalendar objects as documents: read, edited, and nothing else touched. */
#include "eas_helpers.h"
#include "item_helpers.h"

#include "item/document_impl.h"

static item_document_t *document_of(const char *text, apr_pool_t *pool)
{
    item_document_t *document = NULL;
    base_fault_t *fault = item_document_parse(blob_of_text(text, pool), &document, pool);

    if (fault)
        printf("# %s\n", fault->message);
    return document;
}

static item_component_t *root_of(const char *text, apr_pool_t *pool)
{
    return item_document_root(document_of(text, pool));
}

static const char *printed(item_document_t *document, apr_pool_t *pool)
{
    const backend_blob_t *blob = item_document_print(document, pool);

    return apr_pstrmemdup(pool, blob->data, blob->size);
}

/* Printed from its tree, though nothing is changed. */
static const char *reprinted(item_document_t *document, apr_pool_t *pool)
{
    item_property_remove(item_property_add(item_document_root(document), NULL, "X", "y"));
    return printed(document, pool);
}

static const char *value_of(const char *line, apr_pool_t *pool)
{
    const char *text = apr_pstrcat(pool, "BEGIN:VCARD\r\n", line, "END:VCARD\r\n", NULL);
    item_property_t *property = item_property_first(root_of(text, pool), "NOTE");

    return property ? item_property_text(property) : NULL;
}

static void test_parse(apr_pool_t *pool)
{
    static const char *const whole[] = {
        "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:x\r\nEND:VCARD\r\n",
        "begin:vcard\nVersion:3.0\nfn:x\nend:vCard",
        "\xef\xbb\xbf"
        "BEGIN:VCARD\nFN:x\r\nNOTE:a\n \xc3\n \xa4\r\n\tb\r\r\n\r\nno line\n;\nEND:VCARD \r\n",
        "junk\r\n\r\nBEGIN:VCARD\r\nFN:1\r\nEND:VCARD\r\nBEGIN:VCARD\r\nFN:2\r\nEND:VCARD\r\n\r\n",
        "BEGIN:VCARD\nAGENT:\nBEGIN:VCARD\nFN:a\nEND:VCARD\nFN:x\nEND:VCARD\n",
        "BEGIN:VCARD\nAGENT:BEGIN:VCARD\nFN:a\nEND:VCARD\nFN:x\nEND:VCARD\n",
        "BEGIN:VCARD\r\nVERSION:2.1\r\nNOTE;QUOTED-PRINTABLE:a=0D=0A=\r\n b=\r\n=C3=\r\n=A4\r\n"
        "PHOTO;BASE64:\r\n AAAA\r\n\r\nEND:VCARD\r\n",
        "BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:x\r\nBEGIN:STANDARD\r\nEND:STANDARD\r\n"
        "END:VTIMEZONE\r\nBEGIN:VEVENT\r\nBEGIN:VALARM\r\nEND:VALARM\r\nEND:VEVENT\r\n"
        "END:VCALENDAR\r\n"};
    static const char *const broken[] = {"", "hello", "BEGIN:VCARD\r\nFN:x\r\n",
                                         "BEGIN:VCARD\r\nBEGIN:X\r\nEND:VCARD\r\nEND:X\r\n",
                                         "BEGIN:VEVENT\r\nEND:VEVENT\r\n"};
    item_document_t *document;
    size_t i;

    for (i = 0; i < sizeof whole / sizeof *whole; i++) {
        document = document_of(whole[i], pool);
        is_str(document ? printed(document, pool) : NULL, whole[i], "as it was");
        is_str(document ? reprinted(document, pool) : NULL, whole[i], "also from its tree");
    }
    for (i = 0; i < sizeof broken / sizeof *broken; i++)
        is_int(base_fault_code(item_document_parse(blob_of_text(broken[i], pool), &document, pool)),
               BASE_FAULT_CONVERSION, "no object");
}

static void test_limits(apr_pool_t *pool)
{
    base_text_buffer_t text = {.pool = pool};
    item_document_t *document;
    int i;

    for (i = 0; i < ITEM_DOCUMENT_DEPTH_MAX + 1; i++)
        base_text_buffer_puts(&text, "BEGIN:VCARD\n");
    for (i = 0; i < ITEM_DOCUMENT_DEPTH_MAX + 1; i++)
        base_text_buffer_puts(&text, "END:VCARD\n");
    is_int(base_fault_code(item_document_parse(blob_of_text(text.data, pool), &document, pool)),
           BASE_FAULT_CONVERSION, "too deep");
    text.length = 0;
    base_text_buffer_puts(&text, "BEGIN:VCARD\n");
    for (i = 0; i < ITEM_DOCUMENT_LINES_MAX; i++)
        base_text_buffer_puts(&text, "A:\n");
    base_text_buffer_puts(&text, "END:VCARD\n");
    is_int(base_fault_code(item_document_parse(blob_of_text(text.data, pool), &document, pool)),
           BASE_FAULT_CONVERSION, "too many lines");
    is_int(base_fault_code(item_document_parse(
               blob_of("BEGIN:VCARD\n", ITEM_DOCUMENT_MAX + 1, pool), &document, pool)),
           BASE_FAULT_CONVERSION, "too many bytes");
}

static void test_values(apr_pool_t *pool)
{
    static const struct {
        const char *line, *value;
    } rows[] = {
        {"NOTE:a\\, b\\;c\\nd\\Ne\\\\f\r\n", "a, b;c\nd\ne\\f"},
        {"note:fold\r\n ed\r\n  twice\r\n", "folded twice"},
        {"NOTE:\xc3\r\n \xa4\r\n", "ä"},
        {"item1.NOTE;X=\"a:b;c\";Y=z:v\r\n", "v"},
        {"NOTE:caf\xe9\r\n", "café"},
        {"NOTE;CHARSET=ISO-8859-2:\xb1\r\n", "ą"},
        {"VERSION:2.1\r\nNOTE;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:=C3=\r\n=A4=0D=0Ab=\r\n"
         " c;\r\n",
         "ä\nb c;"},
        {"VERSION:2.1\r\nNOTE;QUOTED-PRINTABLE;CHARSET=ISO-8859-1:=E4=3D\r\n", "ä="},
        {"VERSION:2.1\r\nNOTE;quoted-printable:open=\r\n", "open"},
        {"VERSION:2.1\r\nNOTE:c:\\n\\;\\,a,b\r\n", "c:\\n;,a,b"},
        {"VERSION:3.0\r\nNOTE;ENCODING=QUOTED-PRINTABLE:=41=\r\n=42\r\n", "AB"},
        {"NOTE:\r\n", ""},
        {"NOTE:a\rb\r\r\n", "ab"},
        {"NOTE;X=\"open:x\r\n", NULL},
    };
    item_component_t *root;
    item_property_t *property;
    const unsigned char *bytes;
    const char *type, *at = NULL;
    apr_size_t length;
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        is_str(value_of(rows[i].line, pool), rows[i].value, apr_psprintf(pool, "value %d", (int)i));
    root = root_of("BEGIN:VCARD\nN:a\\;b;c,d;;e, f;\nCATEGORIES:x\\,y, z ,,\nitem1.EMAIL;TYPE=work,"
                   "\"HOME\";TYPE=PREF;X=\"a,b\",c;Z=q^'^n^^:m@x\nTEL;CELL;VOICE:1\nPHOTO;ENCODING="
                   "b;TYPE=JPEG:/9\n  j/\nLOGO:data:image/png;base64\\,QUJD\nORG:Acme, Inc.;R\n"
                   "PHOTO;VALUE=uri:http://x/y\nEND:VCARD\n",
                   pool);
    property = item_property_first(root, "n");
    is_str(item_property_component(property, 0), "a;b", "component with an escape");
    is_str(item_property_component(property, 1), "c, d", "a list in a component");
    is_str(item_property_component(property, 3), "e, f", "a comma that is not escaped");
    is_str(item_property_component(property, 9), "", "no such component");
    is_str(item_property_component(item_property_first(root, "ORG"), 0), "Acme, Inc.", "ORG");
    property = item_property_first(root, "CATEGORIES");
    is_str(item_property_element(property, &at), "x,y", "the first of a list");
    is_str(item_property_element(property, &at), "z", "the second");
    ok(!item_property_element(property, &at) && !*at, "and no more");
    property = item_property_first(root, "EMAIL");
    is_str(item_property_group(property), "item1", "group");
    is_str(item_property_parameter(property, "x"), "a,b", "first of a parameter's values");
    is_str(item_property_parameter(property, "Z"), "q\"\n^", "RFC 6868");
    ok(item_property_has(property, "TYPE", "home") && item_property_has(property, "type", "pref") &&
           item_property_has(item_property_first(root, "TEL"), "TYPE", "cell") &&
           !item_property_has(property, "TYPE", "cell"),
       "words of TYPE");
    property = item_property_first(root, "PHOTO");
    bytes = item_property_binary(property, &length, &type);
    ok(bytes && length == 3 && memcmp(bytes, "\xff\xd8\xff", 3) == 0 &&
           strcmp(type, "image/jpeg") == 0,
       "base64");
    ok(!item_property_binary(item_property_next(property), &length, &type), "a URL is no photo");
    bytes = item_property_binary(item_property_first(root, "LOGO"), &length, &type);
    ok(bytes && length == 3 && memcmp(bytes, "ABC", 3) == 0 && strcmp(type, "image/png") == 0,
       "a data URI, escaped");
}

typedef void edit_fn(item_component_t *root);

static void edit_text(item_component_t *root)
{
    item_component_set_text(root, "FN", "Jörg; \"a\", b\nc");
}

static void edit_nothing(item_component_t *root)
{
    item_property_t *property = item_property_first(root, "N");

    item_component_set_text(root, "FN", "x");
    item_component_set_text(root, "NONE", NULL);
    item_property_set_component(property, 0, "a");
    item_property_set_component(property, 7, "");
    item_property_set_parameter(property, "LANGUAGE", NULL);
    item_property_mark(item_property_first(root, "TEL"), "TYPE", "CELL", 1);
    item_property_mark(item_property_first(root, "TEL"), "TYPE", "FAX", 0);
}

static void edit_component(item_component_t *root)
{
    item_property_set_component(item_property_first(root, "N"), 3, "Dr; no");
}

static void edit_remove(item_component_t *root)
{
    item_component_set_text(root, "TEL", NULL);
}

static void edit_add(item_component_t *root)
{
    item_property_t *property = item_property_add(root, "item7", "Tel", "5");

    item_property_mark(property, "TYPE", "HOME", 1);
    item_property_set_parameter(property, "X-A", "q;\"\n");
    item_property_add(root, NULL, "X-NEW", "a\nEND:VCARD");
}

static void edit_marks(item_component_t *root)
{
    item_property_t *property = item_property_first(root, "TEL");

    item_property_mark(property, "TYPE", "cell", 0);
    item_property_mark(property, "TYPE", "work", 1);
}

static void edit_fold(item_component_t *root)
{
    item_component_set_text(root, "FN",
                            "0123456789012345678901234567890123456789012345678901234567890123456789"
                            "0äöüßäöüßäöüß");
}

static void edit_binary(item_component_t *root)
{
    item_property_set_binary(item_property_add(root, NULL, "PHOTO", ""), "ABC", 3, "image/png");
}

static void edit_list(item_component_t *root)
{
    apr_array_header_t *list = apr_array_make(root->document->pool, 2, sizeof(const char *));

    APR_ARRAY_PUSH(list, const char *) = "a,b;c";
    APR_ARRAY_PUSH(list, const char *) = "d";
    item_property_set_list(item_property_add(root, NULL, "CATEGORIES", ""), list, "");
}

/* What becomes of "FN:x", "N:a;b" and "TEL..." in each version. */
static void test_edits(apr_pool_t *pool)
{
    static const struct {
        const char *name;
        edit_fn *edit;
        const char *expected[3]; /* 2.1, 3.0, 4.0 */
    } rows[] = {
        {"a text",
         edit_text,
         {"FN;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:J=C3=B6rg\\; \"a\", b=0D=0Ac\nN:a;b\nTEL;"
          "TYPE=CELL,\"x\";CELL:1\n",
          "FN:Jörg\\; \"a\"\\, b\\nc\nN:a;b\nTEL;TYPE=CELL,\"x\";CELL:1\n", NULL}},
        {"nothing",
         edit_nothing,
         {"FN:x\nN:a;b\nTEL;TYPE=CELL,\"x\";CELL:1\n", "FN:x\nN:a;b\nTEL;TYPE=CELL,\"x\";CELL:1\n",
          NULL}},
        {"a component",
         edit_component,
         {"FN:x\nN:a;b;;Dr\\; no\nTEL;TYPE=CELL,\"x\";CELL:1\n",
          "FN:x\nN:a;b;;Dr\\; no\nTEL;TYPE=CELL,\"x\";CELL:1\n", NULL}},
        {"removed", edit_remove, {"FN:x\nN:a;b\n", "FN:x\nN:a;b\n", NULL}},
        {"added",
         edit_add,
         {"FN:x\nN:a;b\nTEL;TYPE=CELL,\"x\";CELL:1\nitem7.Tel;HOME;X-A=q   :5\nX-NEW;ENCODING="
          "QUOTED-PRINTABLE;CHARSET=UTF-8:a=0D=0AEND:VCARD\n",
          "FN:x\nN:a;b\nTEL;TYPE=CELL,\"x\";CELL:1\nitem7.Tel;TYPE=HOME;X-A=\"q;^'^n\":5\nX-NEW:a\\"
          "nEND:VCARD\n",
          NULL}},
        {"marks",
         edit_marks,
         {"FN:x\nN:a;b\nTEL;TYPE=x;work:1\n", "FN:x\nN:a;b\nTEL;TYPE=x;TYPE=work:1\n", NULL}},
        {"folds",
         edit_fold,
         {"FN;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:0123456789012345678901234567890=\n"
          "1234567890123456789012345678901234567890=C3=A4=C3=B6=C3=BC=C3=9F=C3=A4=C3=\n"
          "=B6=C3=BC=C3=9F=C3=A4=C3=B6=C3=BC=C3=9F\nN:a;b\nTEL;TYPE=CELL,\"x\";CELL:1\n",
          "FN:01234567890123456789012345678901234567890123456789012345678901234567890\n "
          "äöüßäöüßäöüß\nN:a;b\nTEL;TYPE=CELL,\"x\";CELL:1\n",
          NULL}},
        {"bytes",
         edit_binary,
         {"FN:x\nN:a;b\nTEL;TYPE=CELL,\"x\";CELL:1\nPHOTO;ENCODING=BASE64;TYPE=PNG:QUJD\n\n",
          "FN:x\nN:a;b\nTEL;TYPE=CELL,\"x\";CELL:1\nPHOTO;ENCODING=b;TYPE=PNG:QUJD\n",
          "FN:x\nN:a;b\nTEL;TYPE=CELL,\"x\";CELL:1\nPHOTO:data:image/png;base64,QUJD\n"}},
        {"a list",
         edit_list,
         {"FN:x\nN:a;b\nTEL;TYPE=CELL,\"x\";CELL:1\nCATEGORIES:a\\,b\\;c,d\n",
          "FN:x\nN:a;b\nTEL;TYPE=CELL,\"x\";CELL:1\nCATEGORIES:a\\,b\\;c,d\n", NULL}},
    };
    static const char *const versions[] = {"2.1", "3.0", "4.0"};
    static const char lines[] = "FN:x\nN:a;b\nTEL;TYPE=CELL,\"x\";CELL:1\n";
    size_t i, v;

    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        for (v = 0; v < 3; v++) {
            const char *frame = "BEGIN:VCARD\nVERSION:%s\n%sEND:VCARD\n",
                       *wanted = rows[i].expected[v] ? rows[i].expected[v] : rows[i].expected[1];
            item_document_t *document =
                document_of(apr_psprintf(pool, frame, versions[v], lines), pool);
            int changed = strcmp(wanted, lines) != 0;

            rows[i].edit(item_document_root(document));
            is_str(printed(document, pool), apr_psprintf(pool, frame, versions[v], wanted),
                   apr_psprintf(pool, "%s, %s", rows[i].name, versions[v]));
            is_int(item_document_is_changed(document), changed, "and it is known to be changed");
        }
}

static void test_components(apr_pool_t *pool)
{
    item_document_t
        *document = document_of(
            "BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nUID:1\r\nBEGIN:VALARM\r\nA:1\r\nEND:VALARM"
            "\r\nEND:VTODO\r\nBEGIN:X\r\nEND:X\r\nBEGIN:VTODO\r\nUID:2\r\nEND:VTODO\r\n"
            "END:VCALENDAR",
            pool),
        *other = item_document_make(ITEM_DOCUMENT_ICALENDAR, pool);
    item_component_t *root = item_document_root(document),
                     *todo = item_component_first(root, "vtodo"), *copy;

    is_str(item_component_text(item_component_next(todo), "UID"), "2", "the next of the name");
    ok(!item_component_next(item_component_next(todo)), "and no more");
    copy = item_component_copy(item_document_root(other), todo, NULL);
    item_component_set_text(copy, "UID", "3");
    item_component_set_text(copy, "SUMMARY", "s");
    is_str(printed(other, pool),
           "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//mod_mobilesync//EN\r\nBEGIN:VTODO\r\nUID:3"
           "\r\nSUMMARY:s\r\nBEGIN:VALARM\r\nA:1\r\nEND:VALARM\r\nEND:VTODO\r\nEND:VCALENDAR\r\n",
           "a copy in another document, properties before components");
    ok(!item_document_is_changed(document), "the original is as it was");
    item_component_remove(todo);
    item_component_set_text(item_component_add(root, "VJOURNAL"), "UID", "4");
    is_str(printed(document, pool),
           "BEGIN:VCALENDAR\r\nBEGIN:X\r\nEND:X\r\nBEGIN:VTODO\r\nUID:2\r\nEND:VTODO\r\nBEGIN:"
           "VJOURNAL\r\nUID:4\r\nEND:VJOURNAL\r\nEND:VCALENDAR",
           "removed and added");
    root = root_of("BEGIN:VCARD\r\nVERSION:2.1\r\nAGENT:\r\nBEGIN:VCARD\r\nFN:a\r\nEND:VCARD\r\n"
                   "END:VCARD\r\n",
                   pool);
    item_component_set_text(root, "FN", "b");
    is_str(printed(root->document, pool),
           "BEGIN:VCARD\r\nVERSION:2.1\r\nAGENT:\r\nBEGIN:VCARD\r\nFN:a\r\nEND:VCARD\r\nFN:b\r\n"
           "END:VCARD\r\n",
           "nothing comes between AGENT and its card");
    root = root_of("BEGIN:VCARD\r\nVERSION:2.1\r\nNOTE;QUOTED-PRINTABLE:a=\r\nEND:VCARD\r\n", pool);
    item_component_set_text(root, "FN", "b");
    is_str(printed(root->document, pool),
           "BEGIN:VCARD\r\nVERSION:2.1\r\nNOTE;QUOTED-PRINTABLE:a\r\nFN:b\r\nEND:VCARD\r\n",
           "a soft line break in front of END takes nothing in");
}

/* -- random documents -- */

static const char *random_line(apr_uint64_t *state, apr_pool_t *pool)
{
    static const char *const names[] = {"FN",
                                        "item1.EMAIL",
                                        "n",
                                        "TEL;HOME",
                                        "X-A;B=c",
                                        "NOTE;Q=\"a:;\"",
                                        "PHOTO",
                                        "TEL;TYPE=CELL",
                                        "NOTE;ENCODING=QUOTED-PRINTABLE",
                                        "ADR;CHARSET=ISO-8859-1"};
    static const char *const pieces[] = {"a",
                                         "\\,",
                                         ";",
                                         ",",
                                         "\\n",
                                         "ä",
                                         "\r\n ",
                                         "\n\t",
                                         "=C3=A4",
                                         "=\r\n",
                                         "\\\\",
                                         " ",
                                         "\xe9",
                                         "xEND:",
                                         "=\n",
                                         ":",
                                         "\"",
                                         "^n",
                                         "long text of some words ",
                                         "\\"};
    const char *line = names[next_random(state) % (sizeof names / sizeof *names)];
    apr_uint64_t n = next_random(state) % 12;

    if (next_random(state) % 12 == 0)
        return next_random(state) % 2 ? "\r\n" : "no line at all\n";
    line = apr_pstrcat(pool, line, ":", NULL);
    while (n--)
        line = apr_pstrcat(pool, line,
                           pieces[next_random(state) % (sizeof pieces / sizeof *pieces)], NULL);
    return apr_pstrcat(pool, line, next_random(state) % 2 ? "\r\n" : "\n", NULL);
}

static const char *random_document(apr_uint64_t *state, apr_pool_t *pool)
{
    static const char *const versions[] = {"VERSION:2.1\r\n", "VERSION:3.0\r\n", "VERSION:4.0\n"};
    const char *text = apr_pstrcat(pool, "BEGIN:VCARD\r\n", versions[next_random(state) % 3], NULL);
    apr_uint64_t n = next_random(state) % 10;

    while (n--)
        text = apr_pstrcat(pool, text, random_line(state, pool), NULL);
    return apr_pstrcat(pool, text, "X-LAST:1\r\nEND:VCARD\r\n", NULL);
}

/* Another text for one property: what is in front of its line and behind it stays to the byte, and the
 * text is what it reads. */
static int edit_one(const char *text, apr_uint64_t *state, apr_pool_t *pool)
{
    static const char *const texts[] = {
        "", "plain",
        "äöü €, a;b\\c\nEND:VCARD ^ \"q\" = and a long line of text that has to be "
        "folded somewhere, for it has more than 75 octets in it",
        " blanks "};
    item_document_t *document = document_of(text, pool);
    item_property_t *property = item_property_first(item_document_root(document), NULL), *next;
    apr_uint64_t n = next_random(state) % 8, i;
    const char *wanted = texts[next_random(state) % 4], *after;
    apr_size_t head, tail, size;

    property = item_property_after(property); /* not VERSION */
    for (i = 0; i < n && (next = item_property_after(property)); i++)
        property = next;
    head = (apr_size_t)(property->node.raw - document->blob->data);
    tail = strlen(text) - head - property->node.length;
    item_property_set_text(property, wanted);
    after = printed(document, pool);
    size = strlen(after);
    if (size < head + tail || strncmp(after, text, head) != 0 ||
        strcmp(after + size - tail, text + strlen(text) - tail) != 0)
        return 0;
    property = item_property_first(root_of(after, pool), NULL);
    for (i = 0, property = item_property_after(property); i < n; i++)
        if ((next = item_property_after(property)))
            property = next;
    return strcmp(item_property_text(property), wanted) == 0;
}

static void test_random(apr_pool_t *pool)
{
    apr_uint64_t state = 4711;
    int i, same = 0, edited = 0, count = 3000;
    apr_pool_t *own;

    apr_pool_create(&own, pool);
    for (i = 0; i < count; i++) {
        const char *text = random_document(&state, own);
        item_document_t *document = document_of(text, own);
        int same_now = document && strcmp(reprinted(document, own), text) == 0,
            edited_now = same_now && edit_one(text, &state, own);

        if (!edited_now)
            printf("# not: %s\n", text);
        same += same_now;
        edited += edited_now;
        apr_pool_clear(own);
    }
    is_int(same, count, "random documents are printed as they were read");
    is_int(edited, count, "an edit of one property leaves all else");
}

/* A photo of megabytes, lists and components without end: in a moment, or the test takes hours. */
static void test_large(apr_pool_t *pool)
{
    apr_size_t size = 8 * 1024 * 1024, i, length;
    char *value = apr_palloc(pool, size + 1);
    item_component_t *root;
    item_property_t *property;
    const char *type, *at = NULL;

    for (i = 0; i < size; i++)
        value[i] = i % 76 == 0 ? '\n' : i % 76 == 1 ? ' ' : i % 3 ? ',' : ';';
    value[0] = 'x';
    value[size] = '\0';
    root = root_of(
        apr_pstrcat(pool, "BEGIN:VCARD\nVERSION:2.1\nNOTE:", value, "\nEND:VCARD\n", NULL), pool);
    property = item_property_first(root, "NOTE");
    is_str(item_property_component(property, 5), ",,", "a component of many");
    for (length = 0; item_property_element(property, &at); length++)
        ;
    ok(length > 1000, "a long list");
    item_property_set_component(property, 5, "ä");
    ok(strlen(printed(root->document, pool)) > size, "printed");
    item_property_set_binary(property, value, size, "image/png");
    ok(item_property_binary(property, &length, &type) && length == size &&
           strlen(printed(root->document, pool)) > size,
       "and as a photo");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    test_parse(pool);
    test_limits(pool);
    test_values(pool);
    test_edits(pool);
    test_components(pool);
    test_random(pool);
    test_large(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
