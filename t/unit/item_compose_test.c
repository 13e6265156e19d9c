/* What SendMail, SmartReply and SmartForward send. */
#include "item_helpers.h"

#include <sys/resource.h>

#include "item/attachment.h"
#include "item/compose.h"
#include "item/content.h"
#include "item/header.h"
#include "item/mime.h"

static backend_identity_t identity = {"me@example.org", "Anna Müller", NULL};
static item_compose_options_t options = {
    .identity = &identity, .key = "ledger-key-1", .now = RECEIVED};

static const char *all(const backend_blob_t *blob, apr_pool_t *pool)
{
    char *data;
    apr_off_t start = 0;

    if (!blob->file)
        return apr_pstrmemdup(pool, blob->data, (apr_size_t)blob->size);
    data = apr_pcalloc(pool, (apr_size_t)blob->size + 1);
    apr_file_seek(blob->file, APR_SET, &start);
    apr_file_read_full(blob->file, data, (apr_size_t)blob->size, NULL);
    return data;
}

static item_composed_t *compose(item_compose_mode_t mode, const char *mime,
                                const backend_blob_t *original, apr_pool_t *pool)
{
    item_composed_t *composed = NULL;
    base_fault_t *fault;

    options.mode = mode;
    fault = item_compose(blob_of_text(mime, pool), original, &options, &composed, pool);
    if (fault)
        printf("# fault: %s\n", fault->message);
    return composed;
}

/* "multipart/mixed (text/plain) (image/png)" */
static const char *outline(const item_mime_part_t *part, apr_pool_t *pool)
{
    const char *text = apr_pstrcat(pool, part->type, "/", part->subtype, NULL);

    for (part = part->first; part; part = part->next)
        text = apr_pstrcat(pool, text, " (", outline(part, pool), ")", NULL);
    return text;
}

static const char *structure(const item_composed_t *composed, apr_pool_t *pool)
{
    return composed ? outline(parse(all(composed->wire, pool), pool)->root, pool) : "(fault)";
}

/* The body as a reader of the result sees it. */
static const char *body(const item_composed_t *composed, item_body_type_t type, apr_pool_t *pool)
{
    item_options_t prefer = options_prefer(EAS_VERSION_16_1, type, ITEM_TRUNCATION_NONE);

    return composed ? body_data(email_node(blob_of_text(all(composed->wire, pool), pool), 0,
                                           &prefer, pool))
                    : "(fault)";
}

static const char *field(const backend_blob_t *blob, const char *name, apr_pool_t *pool)
{
    return item_mime_field(parse(all(blob, pool), pool), name);
}

static const char *join(const apr_array_header_t *recipients, apr_pool_t *pool)
{
    return apr_array_pstrcat(pool, recipients, ' ');
}

static int only_crlf(const char *text)
{
    const char *p;

    for (p = text; (p = strchr(p, '\n')); p++)
        if (p == text || p[-1] != '\r')
            return 0;
    return 1;
}

static void test_send(apr_pool_t *pool)
{
    static const char mime[] =
        "From: \"Me\" <ME@example.org>\nTo: a@b.c, \"D\" <d@e.f>\nCc: A@B.C\nBcc: secret@b.c,\n"
        " second@b.c\nSubject: =?utf-8?Q?=C3=A9?=\nX-Kept: yes\nReturn-Path: <x@y.z>\n"
        "MIME-Version: 1.0\nContent-Type: text/plain; charset=koi8-r\n"
        "Content-Transfer-Encoding: 8bit\n\n\xf0\xd2\nlast line without end";
    item_composed_t *composed = compose(ITEM_COMPOSE_SEND, mime, NULL, pool);
    const char *wire = all(composed->wire, pool), *again;

    is_str(composed->sender, "me@example.org", "envelope sender");
    is_str(join(composed->recipients, pool), "a@b.c d@e.f secret@b.c second@b.c",
           "recipients, each once");
    ok(!strcasestr(wire, "bcc") && !strstr(wire, "secret"), "no blind copies on the wire");
    is_str(field(composed->sent, "Bcc", pool), "secret@b.c, second@b.c", "but in Sent");
    is_str(field(composed->wire, "From", pool), "\"Me\" <ME@example.org>", "own From stays");
    is_str(field(composed->wire, "Subject", pool), "=?utf-8?Q?=C3=A9?=", "Subject stays");
    is_str(field(composed->wire, "X-Kept", pool), "yes", "other fields stay");
    ok(!field(composed->wire, "Return-Path", pool), "Return-Path does not");
    is_str(field(composed->wire, "Date", pool), "Tue, 14 Nov 2023 22:13:20 +0000", "Date is added");
    ok(composed->message_id && strstr(composed->message_id, "@example.org"), "Message-ID is made");
    is_str(field(composed->wire, "Message-ID", pool),
           apr_pstrcat(pool, "<", composed->message_id, ">", NULL), "and added");
    ok(strstr(wire, "charset=koi8-r\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
                    "\xf0\xd2\r\nlast line without end") != NULL,
       "the body is sent as it is");
    ok(only_crlf(wire), "lines end with CRLF");
    again = compose(ITEM_COMPOSE_SEND, mime, NULL, pool)->message_id;
    is_str(again, composed->message_id, "a retry has the same Message-ID");
    options.key = "ledger-key-2";
    again = compose(ITEM_COMPOSE_SEND, mime, NULL, pool)->message_id;
    ok(strcmp(again, composed->message_id) != 0, "another message another one");
    options.key = "ledger-key-1";
    composed =
        compose(ITEM_COMPOSE_SEND,
                "To: a@b.c\nMessage-ID: <own@id>\nDate: 2 Jan 26 10:00 -0500\n\n", NULL, pool);
    is_str(composed->message_id, "own@id", "the client's Message-ID stays");
    is_str(field(composed->wire, "Date", pool), "2 Jan 26 10:00 -0500", "and its Date");
    wire = all(compose(ITEM_COMPOSE_SEND, "To: a@b.c\nDate: soon\n\n", NULL, pool)->wire, pool);
    ok(!strstr(wire, "soon") && strstr(wire, "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"),
       "a Date that is none does not");
    wire = all(compose(ITEM_COMPOSE_SEND,
                       "Message-ID: <one@id>\nTo: a@b.c\nMessage-ID: <two@id>\n"
                       "Date: 2 Jan 26 10:00 -0500\nDate: 3 Jan 26 10:00 -0500\n\n",
                       NULL, pool)
                   ->wire,
               pool);
    ok(strstr(wire, "<one@id>") && !strstr(wire, "two@id") && strstr(wire, "2 Jan") &&
           !strstr(wire, "3 Jan"),
       "what there is once goes out once");
    ok(composed->wire == composed->sent, "without Bcc both are one");
    composed = compose(ITEM_COMPOSE_SEND, "To: a@b.c\nSubject: header only", NULL, pool);
    is_str(field(composed->wire, "Subject", pool), "header only", "a message that is header only");
    is_str(field(composed->wire, "MIME-Version", pool), "1.0", "and becomes MIME");
}

static void test_from(apr_pool_t *pool)
{
    static const struct {
        const char *client, *from, *sender, *name;
    } rows[] = {
        {"From: me@example.org\n", "me@example.org", "me@example.org", "own address"},
        {"From: X <Alias@Example.org>\n", "X <Alias@Example.org>", "alias@example.org", "alias"},
        {"From: Boss <boss@example.org>\n", "Anna =?iso-8859-1?Q?M=FCller?= <me@example.org>",
         "me@example.org", "somebody else"},
        {"From: me@example.org, boss@example.org\n",
         "Anna =?iso-8859-1?Q?M=FCller?= <me@example.org>", "me@example.org", "two authors"},
        {"From: \"Boss\n boss@example.org\nFrom: me@example.org\n",
         "Anna =?iso-8859-1?Q?M=FCller?= <me@example.org>", "me@example.org", "two fields"},
        {"", "Anna =?iso-8859-1?Q?M=FCller?= <me@example.org>", "me@example.org", "none"},
        {"From: \n", "Anna =?iso-8859-1?Q?M=FCller?= <me@example.org>", "me@example.org", "empty"},
    };
    apr_array_header_t *aliases = apr_array_make(pool, 1, sizeof(const char *));
    item_composed_t *composed;
    size_t i;

    APR_ARRAY_PUSH(aliases, const char *) = "alias@example.org";
    identity.aliases = aliases;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *from;

        composed = compose(ITEM_COMPOSE_SEND,
                           apr_pstrcat(pool, rows[i].client, "To: a@b.c\n\nx", NULL), NULL, pool);
        from = field(composed->wire, "From", pool);
        is_str(item_header_text(from, pool), item_header_text(rows[i].from, pool),
               apr_pstrcat(pool, "From: ", rows[i].name, NULL));
        is_str(composed->sender, rows[i].sender,
               apr_pstrcat(pool, "envelope: ", rows[i].name, NULL));
    }
    composed = compose(ITEM_COMPOSE_SEND,
                       "From: me@example.org\nSender: boss@example.org\nTo: a@b.c\n\n", NULL, pool);
    ok(!field(composed->wire, "Sender", pool), "a foreign Sender is dropped");
    composed = compose(ITEM_COMPOSE_SEND,
                       "From: me@example.org\nSender: me@example.org\nSender: boss@example.org\n"
                       "To: a@b.c\n\n",
                       NULL, pool);
    ok(!field(composed->wire, "Sender", pool), "also behind one of one's own");
    identity.aliases = NULL;
}

static base_fault_code_t refusal(const char *mime, apr_pool_t *pool)
{
    item_composed_t *composed;

    options.mode = ITEM_COMPOSE_SEND;
    return base_fault_code(item_compose(blob_of_text(mime, pool), NULL, &options, &composed, pool));
}

static void test_refusals(apr_pool_t *pool)
{
    base_text_buffer_t many = {.pool = pool};
    int i;

    is_int(refusal("", pool), BASE_FAULT_INVALID, "nothing");
    is_int(refusal("no header at all", pool), BASE_FAULT_INVALID, "no header");
    is_int(compose(ITEM_COMPOSE_SEND, "To: undisclosed-recipients:;\n\nbody", NULL, pool)
               ->recipients->nelts,
           0, "no recipients are no fault here");
    is_int(refusal("To: \"a>b\"@c.d\n\nbody", pool), BASE_FAULT_INVALID,
           "an address that SMTP cannot carry");
    base_text_buffer_puts(&many, "To: a@b.c");
    for (i = 0; i < 1000; i++)
        base_text_buffer_printf(&many, ",\n user%d@example.org", i);
    base_text_buffer_puts(&many, "\n\nx");
    is_int(refusal(many.data, pool), BASE_FAULT_TOO_LARGE, "1,001 recipients");
}

/* Lines have at most 998 characters (RFC 5322 2.1.1), and a thread stays the same one however long it
 * gets: its first message is named, and the last ones. */
static void test_long_thread(const char *answer, int messages, apr_pool_t *pool)
{
    base_text_buffer_t original = {.pool = pool};
    const item_composed_t *composed;
    const char *line, *references;
    size_t longest = 0;
    int i;

    base_text_buffer_puts(&original, "Message-ID: <last@x>\nReferences: garbage <root@x>");
    for (i = messages - 2; i > 0; i--)
        base_text_buffer_printf(&original, " <a-rather-long-message-id-as-they-are-%d@x>", i);
    base_text_buffer_puts(&original, "\n\nq");
    composed = compose(ITEM_COMPOSE_REPLY, answer, blob_of_text(original.data, pool), pool);
    for (line = all(composed->wire, pool); line; line = strstr(line + 1, "\r\n"))
        if (strcspn(line + 2, "\r") > longest)
            longest = strcspn(line + 2, "\r");
    ok(longest < 998, "no line is too long");
    references = field(composed->wire, "References", pool);
    ok(strncmp(references, "<root@x> <", 10) == 0 && strstr(references, "-1@x> <last@x>"),
       "a long thread keeps its beginning and its end");
    ok(strlen(references) < 4096, "but not all there is between");
}

static void test_reply(apr_pool_t *pool)
{
    static const char text[] = "To: a@b.c\nSubject: Re: x\nMIME-Version: 1.0\n"
                               "Content-Type: text/plain; charset=iso-8859-1\n"
                               "Content-Transfer-Encoding: quoted-printable\n\nMy answ=E9r\n";
    static const char html[] = "To: a@b.c\nSubject: Re: x\nMIME-Version: 1.0\n"
                               "Content-Type: text/html; charset=utf-8\n\n"
                               "<html><body class=x><p>My answer</p></body></html>\n";
    static const char both[] =
        "To: a@b.c\nSubject: Re: x\nMIME-Version: 1.0\n"
        "Content-Type: multipart/alternative; boundary=alt\n\n--alt\n\nMy answer\n--alt\n"
        "Content-Type: text/html\nX-Part: kept\n\n<p>My answer</p>\n--alt--\n";
    backend_blob_t *rich = blob_of_file(mail_path("outlook-related.eml", pool), pool);
    backend_blob_t *flowed = blob_of_file(mail_path("flowed.eml", pool), pool);
    item_composed_t *composed = compose(ITEM_COMPOSE_REPLY, text, flowed, pool);
    const char *data, *wire;

    is_str(structure(composed, pool), "text/plain", "text answers text");
    is_str(
        body(composed, ITEM_BODY_TEXT, pool),
        "My answér\r\n\r\n\r\n________________________________\r\nFrom: Flo <flo@example.org>\r\n"
        "Sent: Wed, 15 Nov 2023 08:00:00 +0000\r\nTo: anna@example.org\r\nSubject: flowed\r\n\r\n"
        "> This paragraph was broken by the Übertragung and is one line.\r\n> This is fixed.\r\n"
        "> \r\n>> A quotation that goes on.\r\n>>> Deeper.\r\n>> no quotation (stuffed)\r\n> -- "
        "\r\n"
        "> Flo\r\n",
        "with the original quoted");
    is_str(field(composed->wire, "In-Reply-To", pool), "<flowed.1@example.org>", "In-Reply-To");
    is_str(field(composed->wire, "References", pool), "<flowed.1@example.org>", "References");
    wire = all(composed->wire, pool);
    ok(strstr(wire, "Content-Type: text/plain; charset=utf-8\r\n") != NULL && only_crlf(wire),
       "as UTF-8, with CRLF");

    composed = compose(ITEM_COMPOSE_REPLY, text, rich, pool);
    is_str(structure(composed, pool), "text/plain", "text answers HTML, pictures stay behind");
    data = body(composed, ITEM_BODY_TEXT, pool);
    ok(strstr(data, "Subject: Pläne für Montag €\r\n") && strstr(data, "> Grüße – [cid"),
       "its plain alternative is quoted");

    composed = compose(ITEM_COMPOSE_REPLY, html, rich, pool);
    is_str(structure(composed, pool), "multipart/mixed (text/html) (image/png)",
           "HTML answers HTML, with the picture that is shown");
    data = body(composed, ITEM_BODY_HTML, pool);
    ok(strstr(data, "<p>My answer</p><br><hr>") &&
           strstr(data, "<blockquote type=\"cite\">\r\n<p>Grüße – <b>bis</b> Montag</p>") &&
           strstr(data, "</blockquote>\r\n</body></html>"),
       "the quotation stands before </body>");
    ok(!strstr(data, "<style>") && !strstr(strstr(data, "</html>") + 1, "</html>"),
       "there is one document");
    ok(strstr(data, "<b>From:</b> &quot;Müller, Jörg&quot; &lt;joerg@example.org&gt;<br>") != NULL,
       "fields are escaped");

    composed = compose(ITEM_COMPOSE_REPLY, both, flowed, pool);
    is_str(structure(composed, pool), "multipart/alternative (text/plain) (text/html)",
           "both forms answer text");
    ok(strstr(body(composed, ITEM_BODY_TEXT, pool), "> This is fixed.\r\n") != NULL,
       "quoted in text");
    ok(strstr(body(composed, ITEM_BODY_HTML, pool), "This is fixed.<br>") != NULL,
       "quoted in HTML");
    ok(strstr(all(composed->wire, pool), "X-Part: kept\r\n") != NULL, "the part's header stays");

    composed =
        compose(ITEM_COMPOSE_REPLY,
                apr_pstrcat(pool, "References: <mine@x>\nIn-Reply-To: <mine@x>\n", text, NULL),
                flowed, pool);
    is_str(field(composed->wire, "References", pool), "<mine@x>", "the client's threading stays");
    composed =
        compose(ITEM_COMPOSE_REPLY, text,
                blob_of_text("Message-ID: <3@x>\nReferences: <1@x>\n <2@x>\n\nq", pool), pool);
    is_str(field(composed->wire, "References", pool), "<1@x> <2@x> <3@x>", "a thread goes on");
    test_long_thread(text, 30, pool);
    test_long_thread(text, 300, pool);

    composed = compose(ITEM_COMPOSE_REPLY, text, NULL, pool);
    is_str(body(composed, ITEM_BODY_TEXT, pool), "My answér\r\n", "the original is gone");
    options.replace_mime = 1;
    composed = compose(ITEM_COMPOSE_REPLY, text, flowed, pool);
    options.replace_mime = 0;
    is_str(body(composed, ITEM_BODY_TEXT, pool), "My answér\r\n", "ReplaceMime: nothing is added");
    is_str(field(composed->wire, "In-Reply-To", pool), "<flowed.1@example.org>",
           "but it is an answer all the same");
}

/* Who gets an answer says whether it is one to all. */
static void test_to_all(apr_pool_t *pool)
{
    static const struct {
        item_compose_mode_t mode;
        const char *to;
        int to_all;
        const char *name;
    } rows[] = {
        {ITEM_COMPOSE_REPLY, "To: eve@example.org\n\nx", 0, "to the author"},
        {ITEM_COMPOSE_REPLY, "To: list@example.org\n\nx", 0, "to where the author wants it"},
        {ITEM_COMPOSE_REPLY, "To: eve@example.org\nCc: Bo@Example.org\n\nx", 1, "to another too"},
        {ITEM_COMPOSE_REPLY, "To: carl@example.org\n\nx", 1, "to who got a copy"},
        {ITEM_COMPOSE_REPLY, "To: eve@example.org\nCc: me@example.org\n\nx", 0, "and oneself"},
        {ITEM_COMPOSE_REPLY, "To: zoe@example.org\n\nx", 0, "to somebody else"},
        {ITEM_COMPOSE_FORWARD, "To: bo@example.org\n\nx", 0, "a forward is none"},
    };
    backend_blob_t *original =
        blob_of_text("From: Eve <eve@example.org>\nReply-To: list@example.org\n"
                     "To: me@example.org, bo@example.org, list@example.org\n"
                     "Cc: carl@example.org\nSubject: s\n\nx",
                     pool);
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        is_int(compose(rows[i].mode, rows[i].to, original, pool)->to_all, rows[i].to_all,
               rows[i].name);
}

static const char *attachment(const item_composed_t *composed, int n, const char **name,
                              apr_pool_t *pool)
{
    backend_blob_t *blob = blob_of_text(all(composed->wire, pool), pool);
    item_mime_t *mime = parse(blob->data, pool);
    item_content_t *content;
    item_attachment_t *opened;
    char *data = apr_pcalloc(pool, 100000);
    apr_size_t got = 0, length = 1;

    item_content_find(mime, &content, pool);
    if (n >= content->attachments->nelts ||
        item_attachment_open(blob,
                             APR_ARRAY_IDX(content->attachments, n, item_mime_part_t *)->number,
                             &opened, pool))
        return "(none)";
    *name = item_attachment_name(opened);
    while (length) {
        length = 99999 - got;
        if (item_attachment_read(opened, data + got, &length))
            break;
        got += length;
    }
    return data;
}

static void test_forward(apr_pool_t *pool)
{
    static const char text[] = "To: a@b.c\nSubject: Fwd: x\n\nSee below.\n";
    static const char own[] =
        "To: a@b.c\nSubject: Fwd: x\nMIME-Version: 1.0\n"
        "Content-Type: multipart/mixed; boundary=m\n\npreamble\n--m\n\nSee below.\n"
        "--m\nContent-Type: image/gif; name=mine.gif\n\nGIF\n--m--\nepilogue\n";
    item_composed_t *composed = compose(
        ITEM_COMPOSE_FORWARD, text, blob_of_file(mail_path("apple-mixed.eml", pool), pool), pool);
    const char *name = "", *data;

    is_str(structure(composed, pool), "multipart/mixed (text/plain) (application/pdf)",
           "the original's attachment is attached");
    is_str(attachment(composed, 0, &name, pool), "%PDF-1.4\n", "with its content");
    is_str(name, "€uro list.pdf", "and its name");
    data = body(composed, ITEM_BODY_TEXT, pool);
    ok(strncmp(data, "See below.\r\n", 12) == 0 &&
           strstr(data, "Subject: Two pictures\r\n\r\nBefore."),
       "the original's text is below, not quoted");
    is_str(field(composed->wire, "References", pool), "<apple.1@example.org>", "References");
    ok(!field(composed->wire, "In-Reply-To", pool), "it answers nothing");

    composed = compose(ITEM_COMPOSE_FORWARD, own,
                       blob_of_file(mail_path("forwarded.eml", pool), pool), pool);
    is_str(structure(composed, pool),
           "multipart/mixed (multipart/mixed (text/plain) (image/gif)) "
           "(message/rfc822 (multipart/mixed (text/plain) (text/csv)))",
           "the client's attachments and an attached message");
    is_str(attachment(composed, 0, &name, pool), "GIF", "the client's");
    ok(strncmp(attachment(composed, 1, &name, pool), "From: inner@example.org\r\n", 25) == 0,
       "the message");

    composed = compose(ITEM_COMPOSE_FORWARD, text,
                       blob_of_file(mail_path("smime-signed.eml", pool), pool), pool);
    is_str(structure(composed, pool),
           "multipart/mixed (text/plain) (message/rfc822 (multipart/signed (text/plain) "
           "(application/pkcs7-signature)))",
           "what is signed is attached as a whole");
    composed =
        compose(ITEM_COMPOSE_FORWARD, text,
                blob_of_text("Subject: mine\nBcc: secret@b.c,\n  other-secret@b.c\nTo: a@b.c\n"
                             "Content-Type: multipart/signed; boundary=s\n\n"
                             "--s\n\nBcc: signed\n--s\n\nx\n--s--\n",
                             pool),
                pool);
    data = all(composed->wire, pool);
    ok(!strstr(data, "secret") && strstr(data, "\r\n\r\nSubject: mine\r\nTo: a@b.c\r\n"),
       "but for its blind copies");
    ok(strstr(data, "\r\n\r\n--s\r\n\r\nBcc: signed\r\n--s\r\n") != NULL, "its text as it is");
    composed = compose(ITEM_COMPOSE_FORWARD, text,
                       blob_of_text("Subject: pdf\nContent-Type: application/pdf; name=x.pdf\n"
                                    "Content-Transfer-Encoding: base64\n\nUERG\n",
                                    pool),
                       pool);
    is_str(structure(composed, pool), "multipart/mixed (text/plain) (application/pdf)",
           "a message that is an attachment");
    is_str(attachment(composed, 0, &name, pool), "PDF", "its content");
    is_str(name, "x.pdf", "its name");
    composed = compose(ITEM_COMPOSE_FORWARD, text,
                       blob_of_text("Content-Type: multipart/digest; boundary=d\n\n--d\n\n"
                                    "Subject: one\n\n1\n--d\n\nSubject: two\n\n2\n--d--\n",
                                    pool),
                       pool);
    is_str(
        structure(composed, pool),
        "multipart/mixed (text/plain) (message/rfc822 (text/plain)) (message/rfc822 (text/plain))",
        "a digest's messages stay messages");

    composed = compose(ITEM_COMPOSE_FORWARD,
                       "To: a@b.c\nContent-Type: multipart/signed; boundary=s; "
                       "protocol=\"application/pkcs7-signature\"\n\n--s\n\nsigned\n--s\n"
                       "Content-Type: application/pkcs7-signature\n\nxx\n--s--\n",
                       blob_of_file(mail_path("flowed.eml", pool), pool), pool);
    is_str(structure(composed, pool), "multipart/signed (text/plain) (application/pkcs7-signature)",
           "a signed message of the client's stays what it is");
    composed = compose(ITEM_COMPOSE_FORWARD, "To: a@b.c\nContent-Type: image/png\n\nPNG",
                       blob_of_file(mail_path("flowed.eml", pool), pool), pool);
    is_str(structure(composed, pool), "multipart/mixed (image/png) (message/rfc822 (text/plain))",
           "where there is no text to put it under, the original is attached");
}

/* 25 MB from and to files, within little memory. */
static void test_large(apr_pool_t *pool)
{
    apr_pool_t *making;
    apr_size_t size = 25 * 1024 * 1024;
    backend_blob_t *original;
    item_composed_t *composed;
    struct rusage before, after;
    char *data;
    apr_size_t n;

    apr_pool_create(&making, NULL);
    data = apr_palloc(making, size + 1000);
    n = (apr_size_t)apr_snprintf(
        data, 1000,
        "Subject: big\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b\n"
        "Content-Type: application/zip; name=big.zip\nContent-Transfer-Encoding: base64\n\n");
    memset(data + n, 'A', size);
    for (apr_size_t i = n + 76; i < n + size; i += 77)
        data[i] = '\n';
    strcpy(data + n + size, "\n--b--\n");
    original = blob_in_file(data, strlen(data), pool);
    apr_pool_destroy(making);
    getrusage(RUSAGE_SELF, &before);
    composed = compose(ITEM_COMPOSE_FORWARD, "To: a@b.c\nBcc: d@e.f\n\nbig one\n", original, pool);
    getrusage(RUSAGE_SELF, &after);
    ok(composed && composed->wire->file && composed->wire->size > size &&
           composed->sent->size > composed->wire->size,
       "25 MB are forwarded through files");
#if !defined(__SANITIZE_ADDRESS__)
    ok(after.ru_maxrss - before.ru_maxrss < 8 * 1024, "in %ld kB of memory",
       after.ru_maxrss - before.ru_maxrss);
#endif
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    test_send(pool);
    test_from(pool);
    test_refusals(pool);
    test_reply(pool);
    test_to_all(pool);
    test_forward(pool);
    test_large(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
