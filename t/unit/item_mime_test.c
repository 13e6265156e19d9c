/* Structure of messages, header values, charsets. */
#include "item_helpers.h"

#include "item/charset.h"
#include "item/header.h"
#include "item/mime.h"
#include "item/reader.h"

/* "1 multipart/mixed (2 text/plain) (3 ...)" */
static void outline(const item_mime_part_t *part, base_text_buffer_t *out)
{
    base_text_buffer_printf(out, "%u %s/%s", part->number, part->type, part->subtype);
    for (part = part->first; part; part = part->next) {
        base_text_buffer_puts(out, " (");
        outline(part, out);
        base_text_buffer_puts(out, ")");
    }
}

static const char *structure(const char *text, apr_pool_t *pool)
{
    base_text_buffer_t out = {.pool = pool};

    outline(parse(text, pool)->root, &out);
    return out.data;
}

static const char *content(const char *text, unsigned number, apr_pool_t *pool)
{
    item_mime_t *mime = parse(text, pool);
    const item_mime_part_t *part = item_mime_part(mime, number);
    const char *data;
    apr_size_t length;

    if (!part || item_reader_all(item_reader_part(mime, part, pool), 10000, &data, &length, pool))
        return "(no such part)";
    return data;
}

static void test_structure(apr_pool_t *pool)
{
    static const struct {
        const char *name, *message, *outline;
    } rows[] = {
        {"empty message", "", "1 text/plain"},
        {"header only", "Subject: x", "1 text/plain"},
        {"no header", "\nbody\n", "1 text/plain"},
        {"type without subtype", "Content-Type: text\n\nx", "1 text/plain"},
        {"multipart",
         "Content-Type: multipart/mixed; boundary=b\n\npreamble\n--b\n\none\n--b\n"
         "Content-Type: TEXT/HTML\n\ntwo\n--b--\nepilogue\n--b\nno part\n",
         "1 multipart/mixed (2 text/plain) (3 text/html)"},
        {"CRLF and quoted boundary with blanks behind",
         "Content-Type: multipart/mixed;\r\n\tboundary=\"b b?\"\r\n\r\n--b b?  \r\n\r\none\r\n"
         "--b b?--  \r\n",
         "1 multipart/mixed (2 text/plain)"},
        {"boundary that begins with another one",
         "Content-Type: multipart/mixed; boundary=a\n\n--a\n"
         "Content-Type: multipart/alternative; "
         "boundary=ab\n\n--ab\n\n1\n--ab\n\n2\n--ab--\n--a\n\n3\n"
         "--a--\n",
         "1 multipart/mixed (2 multipart/alternative (3 text/plain) (4 text/plain)) (5 "
         "text/plain)"},
        {"inner multipart that is not closed",
         "Content-Type: multipart/mixed; boundary=a\n\n--a\n"
         "Content-Type: multipart/related; boundary=c\n\n--c\n\n1\n--a\n\n2\n--a--\n",
         "1 multipart/mixed (2 multipart/related (3 text/plain)) (4 text/plain)"},
        {"never closed", "Content-Type: multipart/mixed; boundary=a\n\n--a\n\n1\n--a\n\n2",
         "1 multipart/mixed (2 text/plain) (3 text/plain)"},
        {"boundary that never comes: text",
         "Content-Type: multipart/mixed; boundary=a\n\nhello\n--b\n", "1 text/plain"},
        {"no boundary parameter", "Content-Type: multipart/mixed\n\nhello", "1 multipart/mixed"},
        {"digest", "Content-Type: multipart/digest; boundary=d\n\n--d\n\nSubject: in\n\nx\n--d--\n",
         "1 multipart/digest (2 message/rfc822 (3 text/plain))"},
        {"message in a message",
         "Content-Type: message/rfc822\n\nContent-Type: multipart/mixed; "
         "boundary=b\n\n--b\n\nx\n--b--\n",
         "1 message/rfc822 (2 multipart/mixed (3 text/plain))"},
        {"encoded message is opaque",
         "Content-Type: message/rfc822\nContent-Transfer-Encoding: "
         "base64\n\nU3ViamVjdDogeAoKeQo=\n",
         "1 message/rfc822"},
        {"boundary within a part's header",
         "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: "
         "text/html\n--b\n\nx\n--b--\n",
         "1 multipart/mixed (2 text/html) (3 text/plain)"},
    };
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        is_str(structure(rows[i].message, pool), rows[i].outline, rows[i].name);
}

static void test_content(apr_pool_t *pool)
{
    static const char mixed[] =
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n\r\n--b\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\naGVs\r\nbG8h\r\n--b\r\n"
        "Content-Transfer-Encoding: Quoted-Printable\r\n\r\na=3Db=\r\nc\r\n--b\r\n"
        "Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 "
        "x\r\n%:&5L;&\\`\r\n`\r\nend\r\n--b\r\n"
        "--b\r\nContent-Type: text/x\r\n\r\n--b--";

    is_str(content(mixed, 2, pool), "one\r\n", "the line break before a boundary is not content");
    is_str(content(mixed, 3, pool), "hello!", "base64");
    is_str(content(mixed, 4, pool), "a=bc", "quoted-printable");
    is_str(content(mixed, 5, pool), "hello", "uuencode");
    is_str(content(mixed, 6, pool), "", "part of nothing");
    is_str(content(mixed, 7, pool), "", "part with a header only");
    is_str(content("Content-Transfer-Encoding: base64\n\naGVs\n*bG8", 1, pool), "hello",
           "base64 with strange characters and no padding");
    is_str(content("From someone Mon Nov 14\nSubject: x\n\nbody", 1, pool), "body",
           "a line of mbox before the header");
    is_str(content("Subject: x\nno field here\nbody", 1, pool), "no field here\nbody",
           "a body without an empty line before it");
}

/* Content of every length, with its padding and without. */
static void test_base64(apr_pool_t *pool)
{
    static const char *const encoded[] = {
        "",         "YQ==",     "YWI=",         "YWJj",        "YWJjZA==",
        "YWJjZGU=", "YWJjZGVm", "YWJjZGVmZw==", "YWJjZGVmZ2g="};
    int i, n;

    for (i = 0; i < 9; i++) {
        const char *wanted = apr_pstrmemdup(pool, "abcdefgh", (apr_size_t)i);

        for (n = 0; n < 3; n++) {
            const char *text = n == 1   ? apr_pstrmemdup(pool, encoded[i], strcspn(encoded[i], "="))
                               : n == 2 ? apr_pstrcat(pool, encoded[i], "\n", NULL)
                                        : encoded[i];

            is_str(content(apr_pstrcat(pool, "Content-Transfer-Encoding: base64\n\n", text, NULL),
                           1, pool),
                   wanted, apr_psprintf(pool, "%d bytes of base64, form %d", i, n));
        }
    }
}

static void test_fields(apr_pool_t *pool)
{
    item_mime_t *mime =
        parse("Subject: one\n two\n\tthree\nX-Empty:\nSUBJECT: second\nspaced : value \r\n\nbody\n",
              pool);
    char *long_field = apr_palloc(pool, 400000 + 40);

    is_str(item_mime_field(mime, "subject"), "one two\tthree", "folded field, any case, the first");
    is_str(item_mime_field(mime, "X-Empty"), "", "empty field");
    is_str(item_mime_field(mime, "Spaced"), "value", "blanks around");
    ok(item_mime_field(mime, "body") == NULL, "the body is no field");
    is_int(mime->fields->nelts, 4, "number of fields");

    memcpy(long_field, "Subject: ", 9);
    memset(long_field + 9, 'x', 400000);
    strcpy(long_field + 400009, "\nTo: a@b\n\n");
    mime = parse(long_field, pool);
    /* the blank after the colon counts */
    is_int((long long)strlen(item_mime_field(mime, "Subject")), ITEM_MIME_FIELD_MAX - 1,
           "a very long field is cut");
    is_str(item_mime_field(mime, "To"), "a@b", "and the next one found");
}

static void test_words(apr_pool_t *pool)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"plain text", "plain text"},
        {"=?utf-8?Q?=C3=A9t=C3=A9?=", "été"},
        {"=?UTF-8?B?w6l0w6k=?=", "été"},
        {"=?utf-8*fr?q?_x_?=", " x "},
        /* padding in the first of two words; a character split between them */
        {"=?utf-8?B?w6k=?= =?utf-8?B?dA==?=", "ét"},
        {"=?utf-8?B?w6ngqA==?= =?utf-8?B?lw==?= end", "é\u0a17 end"},
        {"=?utf-8?Q?=E2=82?= =?utf-8?Q?=AC?=", "€"},
        {"=?utf-8?Q?a?= =?iso-8859-1?Q?=E9?=", "aé"},
        {"=?utf-8?Q?a?= b =?utf-8?Q?c?=", "a b c"},
        {"a =?utf-8?Q?b?=", "a b"},
        {"=?windows-1252?Q?=80?=", "€"},
        {"=?iso-8859-1?Q?=80?=", "€"},
        {"=?iso-2022-jp?B?GyRCMnE1RBsoQg==?=", "会議"},
        {"=?x-nonsense?Q?=E9?=", "é"},
        {"=?utf-8?X?abc?=", "=?utf-8?X?abc?="},
        {"=?utf-8?Q?open", "=?utf-8?Q?open"},
        {"=?utf-8?Q?a b?=", "a b"},
        {"=??Q?a?=", "=??Q?a?="},
        {"raw \xe9t\xe9", "raw été"},
        {"raw \xc3\xa9", "raw é"},
        {"tab\tand =?utf-8?Q?new=0Aline?=", "tab and new line"},
        {"=?utf-8?Q?nul=00bell=07?=", "nulbell"},
        {"", ""},
    };
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *out = item_header_text(rows[i].in, pool);

        is_str(out, rows[i].out, apr_psprintf(pool, "words of row %d", (int)i));
        ok(base_text_xml_legal(out, strlen(out)), "row %d is legal", (int)i);
    }
}

static const char *addresses(const char *value, apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, 1, sizeof(item_address_t));
    const char *text = "";
    int i;

    item_header_addresses(value, list, pool);
    for (i = 0; i < list->nelts; i++)
        text = apr_pstrcat(pool, text, i ? " | " : "",
                           item_header_address_text(&APR_ARRAY_IDX(list, i, item_address_t), pool),
                           NULL);
    return text;
}

static void test_addresses(apr_pool_t *pool)
{
    char *groups = apr_palloc(pool, 200001);
    int i;

    is_str(addresses("a@b.c", pool), "a@b.c", "bare address");
    is_str(addresses("A <a@b.c>, \"D, E\" <d@e.f>", pool), "\"A\" <a@b.c> | \"D, E\" <d@e.f>",
           "names, a comma in quotes");
    is_str(addresses("=?utf-8?B?w4Q=?= =?utf-8?B?w5Y=?= <a@b.c>", pool), "\"ÄÖ\" <a@b.c>",
           "padded words in a name");
    is_str(addresses("=?utf-8?Q?X=2C_Y?= <a@b.c>", pool), "\"X, Y\" <a@b.c>",
           "a comma in an encoded-word separates nothing");
    is_str(addresses("Q \"q\\\"q\" <a@b.c>", pool), "\"Q q\\\"q\" <a@b.c>", "quotes in a name");
    is_str(addresses("team: a@b.c, B <b@b.c>;, z@z.z", pool), "a@b.c | \"B\" <b@b.c> | z@z.z",
           "group");
    is_str(addresses("undisclosed-recipients:;", pool), "", "empty group");
    is_str(addresses("root", pool), "root", "no domain");
    is_str(addresses("M\xfcller <m@b.c>", pool), "\"Müller\" <m@b.c>", "raw 8-bit name");
    is_str(addresses("", pool), "", "nothing");
    for (i = 0; i < 100000; i++)
        memcpy(groups + 2 * i, "a:", 2);
    groups[200000] = '\0';
    ok(addresses(groups, pool) != NULL, "100,000 nested groups are survived");
}

static void test_values(apr_pool_t *pool)
{
    static const char type[] = "text/plain; charset=\"UTF-8\"; format=flowed;\n"
                               " name*0*=utf-8''%E2%82%AC; name*1=uro.txt";
    apr_time_t when = 0;

    is_str(item_header_parameter(type, "charset", pool), "UTF-8", "quoted parameter");
    is_str(item_header_parameter(type, "name", pool), "€uro.txt", "continued parameter");
    ok(!item_header_parameter(type, "delsp", pool), "missing parameter");
    is_str(item_header_disposition("ATTACHMENT; filename=x", pool), "attachment", "disposition");
    is_str(item_header_disposition(NULL, pool), "", "no disposition");
    is_str(item_header_disposition_parameter(
               "attachment; filename=\"=?utf-8?B?w6k=?= =?utf-8?B?LnR4dA==?=\"", "filename", pool),
           "é.txt", "encoded-words in a parameter");
    is_str(item_header_message_id("<a@b> <c@d>", 0, pool), "a@b", "first id");
    is_str(item_header_message_id("<a@b> <c@d>", -1, pool), "c@d", "last id");
    ok(!item_header_message_id("<a@b>", 1, pool), "no second id");
    ok(!item_header_message_id("none", 0, pool), "no id");
    ok(item_header_date("Tue, 14 Nov 2023 23:13:20 +0100", &when) && when == RECEIVED, "date");
    ok(!item_header_date("yesterday", &when), "no date");
}

static const char *decoded(const char *charset, const char *bytes, apr_pool_t *pool)
{
    item_mime_t *mime =
        parse(apr_psprintf(pool, "Content-Type: text/plain%s%s\n\n%s", charset ? "; charset=" : "",
                           charset ? charset : "", bytes),
              pool);
    const char *data;
    apr_size_t length;

    if (item_reader_all(item_reader_text(mime, mime->root, pool), 1000000, &data, &length, pool))
        return NULL;
    return data;
}

static void test_charsets(apr_pool_t *pool)
{
    char *big = apr_palloc(pool, 60001);
    const char *out;
    int i;

    is_str(decoded("utf-8", "\xc3\xa9", pool), "é", "UTF-8");
    is_str(decoded("iso-8859-1", "\x80\xe9", pool), "€é", "ISO-8859-1 is Windows-1252");
    is_str(decoded("koi8-r", "\xf0\xd2\xc9\xd7\xc5\xd4", pool), "Привет", "KOI8-R");
    is_str(decoded("shift_jis", "\x89\xef\x8b\x63", pool), "会議", "Shift_JIS");
    is_str(decoded("gb2312", "\xbb\xe1\xd2\xe9", pool), "会议", "GB2312");
    is_str(decoded("utf-8",
                   "Stra\xdf"
                   "e",
                   pool),
           "Straße", "Latin-1 that is said to be UTF-8");
    is_str(decoded(NULL, "caf\xe9", pool), "café", "Latin-1 that says nothing");
    is_str(decoded("us-ascii", "caf\xc3\xa9", pool), "café", "UTF-8 that is said to be ASCII");
    is_str(decoded("x-unknown", "caf\xe9", pool), "café", "unknown charset");
    is_str(decoded("../../etc/passwd", "a", pool), "a", "a charset that is a path");
    is_str(decoded("utf-8", "\xc3\xa9\xc3\xa9 \xff \xc3", pool), "éé \ufffd \ufffd",
           "bad bytes in UTF-8");
    is_str(decoded("utf-8",
                   "\xef\xbb\xbf"
                   "bom",
                   pool),
           "bom", "no byte order mark");
    is_str(decoded("utf-8",
                   "a\x01\x0c\x1b"
                   "b\xef\xbf\xbe",
                   pool),
           "ab\ufffd", "no control characters, no U+FFFE");
    is_str(decoded("iso-2022-jp", "\x1b$B2q\x1b(B\xff", pool), "会\ufffd", "bad ISO-2022-JP");
    is_int(item_charset_find("ISO-8859-15")->code_page, 28605, "code page");
    is_int(item_charset_find(NULL)->code_page, 20127, "code page of nothing");
    is_int(item_charset_find("nonsense")->code_page, 65001, "code page of the unknown");

    /* a character at each offset of a block's border */
    for (i = 0; i < 4; i++) {
        int n = 0;

        memset(big, 'a', (size_t)i);
        for (n = i; n + 4 <= 60000; n += 4)
            memcpy(big + n, "\xf0\x9f\x98\x80", 4);
        big[n] = '\0';
        out = decoded("utf-8", big, pool);
        ok(out && strcmp(out, big) == 0, "long text arrives whole, shifted by %d", i);
    }
}

static void test_window(apr_pool_t *pool)
{
    apr_size_t length = 400000, n, start;
    char *message = apr_palloc(pool, length + 1);
    item_source_t *source;
    item_mime_t *mime;
    const char *data;

    /* a message in a file, larger than the window, with one very long line */
    n = (apr_size_t)apr_snprintf(message, length,
                                 "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n");
    start = n;
    memset(message + n, 'x', length - n - 200);
    n = length - 200;
    n += (apr_size_t)apr_snprintf(message + n, 200,
                                  "\n--b\nContent-Type: text/html\n\nend\n--b--\n");
    ok(!item_source_open(blob_in_file(message, n, pool), &source, pool) &&
           !item_mime_parse(source, &mime, pool),
       "a large file parses");
    is_int(mime->count, 3, "all of its parts are found behind a line of 400 kB");
    is_int((long long)(item_mime_part(mime, 2)->end - item_mime_part(mime, 2)->body),
           (long long)(length - 200 - start), "the long line is all there");
    ok(!item_reader_all(item_reader_part(mime, item_mime_part(mime, 3), pool), 100, &data, &n,
                        pool) &&
           strcmp(data, "end") == 0,
       "the part behind it reads well");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    test_structure(pool);
    test_content(pool);
    test_base64(pool);
    test_fields(pool);
    test_words(pool);
    test_addresses(pool);
    test_values(pool);
    test_charsets(pool);
    test_window(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
