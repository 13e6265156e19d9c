/* Mail that wants to crash, stall or fill the server: rendered in every form, within bounded memory
 * and without end only if the alarm goes off. Every result is legal and decodes. */
#include "item_helpers.h"
#include "memory.h"

#include "item/attachment.h"
#include "item/compose.h"

#define MEGABYTE (1024 * 1024)
/* Of address space, above what is in use when the test begins (ASan needs far more). */
#define MEMORY_MAX (192L * MEGABYTE)

static base_text_buffer_t message;

static void put(const char *text)
{
    base_text_buffer_puts(&message, text);
}

static void repeat(const char *text, int count)
{
    while (count-- > 0)
        base_text_buffer_puts(&message, text);
}

static void begin(apr_pool_t *pool)
{
    memset(&message, 0, sizeof message);
    message.pool = pool;
    put("From: a@b.c\nTo: d@e.f\nMIME-Version: 1.0\n");
}

static void make_deep(void)
{
    int i;

    for (i = 0; i < 10000; i++)
        base_text_buffer_printf(&message, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n",
                                i, i);
    put("\ninnermost\n");
}

static void make_deep_messages(void)
{
    repeat("Content-Type: message/rfc822\n\n", 20000);
    put("Subject: x\n\ninnermost\n");
}

static void make_deep_alternatives(void)
{
    int i;

    for (i = 0; i < 3000; i++)
        base_text_buffer_printf(
            &message, "Content-Type: multipart/alternative; boundary=b%d\n\n--b%d\n\nx\n--b%d\n", i,
            i, i);
}

static void make_many_parts(void)
{
    put("Content-Type: multipart/mixed; boundary=b\n\n");
    repeat("--b\nContent-Type: image/png; name=a.png\nContent-Disposition: attachment\n"
           "Content-ID: <a@b>\n\nxx\n",
           100000);
}

static void make_empty_parts(void)
{
    put("Content-Type: multipart/mixed; boundary=b\n\n");
    repeat("--b\n", 500000);
}

static void make_many_boundaries(void)
{
    int i;

    for (i = 0; i < 49; i++)
        base_text_buffer_printf(&message,
                                "Content-Type: multipart/mixed; boundary=%064d\n\n--%064d\n", i, i);
    put("\n");
    repeat("--000000000000000000000000000000000000000000000000000000000000000x\n", 60000);
}

static void make_long_header(void)
{
    put("Subject: ");
    repeat("xxxxxxxxxxxxxxxx", MEGABYTE);
    put("\n\nbody\n");
}

static void make_folded_header(void)
{
    put("Subject: x\n");
    repeat(" y\n", 3 * MEGABYTE);
    put("\nbody\n");
}

static void make_many_headers(void)
{
    repeat("X-Y: z\n", MEGABYTE);
    put("\nbody\n");
}

static void make_groups(void)
{
    put("Cc: ");
    repeat("a:", 2 * MEGABYTE);
    put("\n\nbody\n");
}

static void make_groups_inside(void)
{
    put("Content-Type: message/rfc822\n\nTo: ");
    repeat("a:", 2 * MEGABYTE);
    put("\n\nbody\n");
}

static void make_comments(void)
{
    put("Cc: ");
    repeat("(", 2 * MEGABYTE);
    put("\nDate: ");
    repeat("(", MEGABYTE);
    put("\n\nbody\n");
}

static void make_recipients(void)
{
    put("Cc: x@y.z");
    repeat(",\n \"A B\" <user@example.org>", 200000);
    put("\n\nbody\n");
}

static void make_parameters(void)
{
    put("Content-Type: text/plain");
    repeat("; charset*0*=a''b", 300000);
    put("\n\nbody\n");
}

static void make_words(void)
{
    put("Subject: ");
    repeat("=?utf-8?Q?=C3?= =?utf-8?B?qQ==?= =?x?Q?a", 30000);
    put("\n\nbody\n");
}

static void make_base64(void)
{
    put("Content-Transfer-Encoding: base64\n\n");
    repeat("====!!!!\n\xff\n", 500000);
}

static void make_uuencode(void)
{
    put("Content-Transfer-Encoding: x-uuencode\n\n");
    repeat("begin 644 x\n~~~~~~~\nM\n", 200000);
}

static void make_nul(void)
{
    static const char nul[] = "a\0b\n";
    int i;

    base_text_buffer_append(&message, "Sub\0ject: \0\n", 12);
    base_text_buffer_append(&message, "Subject: a\0b\n\n", 14);
    for (i = 0; i < 100000; i++)
        base_text_buffer_append(&message, nul, 4);
}

static void make_bytes(void)
{
    int i;

    put("Content-Type: text/html; charset=gb18030\n\n");
    for (i = 0; i < 2 * MEGABYTE; i++) {
        char c = (char)(i * 2654435761u >> 13);

        base_text_buffer_append(&message, &c, 1);
    }
}

static void make_html_open(void)
{
    put("Content-Type: text/html\n\n");
    repeat("<div>", 300000);
    repeat("</x>", 300000);
}

static void make_html_unclosed(void)
{
    put("Content-Type: text/html\n\n");
    repeat("<p<a href=\"", 300000);
}

static void make_html_entities(void)
{
    put("Content-Type: text/html\n\n");
    repeat("&#x", 300000);
    repeat("&amp;&bogus;&", 100000);
}

static void make_html_lists(void)
{
    put("Content-Type: text/html\n\n");
    repeat("<ul><li><blockquote>x", 200000);
}

static void make_html_comment(void)
{
    put("Content-Type: text/html\n\n");
    repeat("<!-- -", 500000);
}

static void make_html_attributes(void)
{
    put("Content-Type: text/html\n\n<p ");
    repeat("a=b ", 1000000);
    put(">x");
}

static void make_html_table(void)
{
    put("Content-Type: text/html\n\n");
    repeat("<table><tr><td>", 20000);
    repeat("x</td>", 200000);
}

static void make_cids(void)
{
    int i;

    put("Content-Type: multipart/related; boundary=b\n\n--b\nContent-Type: text/html\n\n");
    for (i = 0; i < 50000; i++)
        base_text_buffer_printf(&message, "<img src=\"cid:%d\">", i % 1900);
    for (i = 0; i < 1900; i++)
        base_text_buffer_printf(
            &message, "\n--b\nContent-Type: text/html\nContent-ID: <%d>\n\n<img src=cid:%d>", i,
            1900 - i);
}

static void make_flowed(void)
{
    put("Content-Type: text/plain; format=flowed\n\n");
    repeat(">>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>> x \n", 100000);
    repeat("> x\n>> y\n", 100000);
}

static void make_quotes(void)
{
    put("Content-Type: text/plain; format=flowed\n\n");
    repeat(">", 3 * MEGABYTE);
}

static void make_one_line(void)
{
    put("Content-Type: text/plain; format=flowed; charset=utf-8\n\n");
    repeat("\xf0\x9f\x98\x80 ", MEGABYTE);
}

static void make_references(void)
{
    put("References: ");
    repeat("<a@b> ", 100000);
    put("\nThread-Index: ");
    repeat("AQHZ", 100000);
    put("\n\nbody\n");
}

static const struct {
    const char *name;
    void (*make)(void);
} hostile[] = {
    {"10,000 multiparts in each other", make_deep},
    {"20,000 messages in each other", make_deep_messages},
    {"alternatives of alternatives", make_deep_alternatives},
    {"100,000 attachments", make_many_parts},
    {"500,000 empty parts", make_empty_parts},
    {"lines that are almost 49 boundaries", make_many_boundaries},
    {"a header field of 16 MB", make_long_header},
    {"a header field folded three million times", make_folded_header},
    {"a million header fields", make_many_headers},
    {"address groups", make_groups},
    {"address groups of a message inside", make_groups_inside},
    {"comments", make_comments},
    {"200,000 recipients", make_recipients},
    {"parameters", make_parameters},
    {"encoded-words", make_words},
    {"broken base64", make_base64},
    {"broken uuencode", make_uuencode},
    {"NULs", make_nul},
    {"noise", make_bytes},
    {"open elements", make_html_open},
    {"tags that do not end", make_html_unclosed},
    {"entities", make_html_entities},
    {"lists and quotations", make_html_lists},
    {"comments that do not end", make_html_comment},
    {"attributes", make_html_attributes},
    {"tables", make_html_table},
    {"parts that refer to each other", make_cids},
    {"quotations of flowed text", make_flowed},
    {"three million quote marks", make_quotes},
    {"one line of four-byte characters", make_one_line},
    {"references", make_references},
};

static int legal(const eas_node_t *node)
{
    for (; node; node = node->next)
        if (!eas_tag_is_opaque(node->tag) &&
            (!base_text_xml_legal(node->text, node->length) || !legal(node->first)))
            return 0;
    return 1;
}

static void test_forms(const char *name, const backend_blob_t *blob, apr_pool_t *pool)
{
    static const struct {
        int type;
        apr_uint64_t size;
    } forms[] = {{1, 5120},
                 {2, 5120},
                 {4, 5120},
                 {1, ITEM_TRUNCATION_NONE},
                 {2, ITEM_TRUNCATION_NONE},
                 {4, ITEM_TRUNCATION_NONE}};
    size_t f;
    apr_pool_t *scratch;

    apr_pool_create(&scratch, pool);
    for (f = 0; f < sizeof forms / sizeof *forms; f++) {
        item_options_t options =
            options_prefer(EAS_VERSION_16_1, (item_body_type_t)forms[f].type, forms[f].size);
        const char *wbxml;
        apr_size_t length = 0;
        const eas_node_t *node = NULL;
        base_fault_t *fault;

        apr_pool_clear(scratch);
        options.preferences[0].preview = 255;
        fault = email_wbxml(blob, 0, &options, &wbxml, &length, scratch);
        if (fault)
            printf("# %s\n", fault->message);
        /* what is cut is small: decoded and looked at; what is whole has been written, which is what
         * matters */
        if (!fault && forms[f].size != ITEM_TRUNCATION_NONE)
            fault = wbxml_decode(wbxml, length, &node, scratch);
        ok(!fault && legal(node), "%s: type %d%s", name, forms[f].type,
           forms[f].size == ITEM_TRUNCATION_NONE ? ", whole" : "");
    }
    apr_pool_destroy(scratch);
}

static void test_uses(const char *name, const backend_blob_t *blob, apr_pool_t *pool)
{
    static const char reply[] = "From: me@b.c\nTo: x@y.z\nSubject: Re\n\nanswer\n";
    backend_identity_t identity = {"me@b.c", "Me", NULL};
    item_compose_options_t options = {
        .identity = &identity, .key = "key", .now = RECEIVED, .mode = ITEM_COMPOSE_REPLY};
    item_attachment_t *attachment;
    item_composed_t *composed;
    base_fault_t *fault;
    apr_pool_t *scratch;
    unsigned part;

    apr_pool_create(&scratch, pool);
    for (part = 1; part < 4; part++) {
        apr_pool_clear(scratch);
        fault = item_attachment_open(blob, part, &attachment, scratch);
        ok(!fault || base_fault_code(fault) == BASE_FAULT_NOT_FOUND, "%s: part %u opens or is none",
           name, part);
    }
    for (; options.mode <= ITEM_COMPOSE_FORWARD; options.mode++) {
        apr_pool_clear(scratch);
        fault = item_compose(blob_of_text(reply, scratch), blob, &options, &composed, scratch);
        ok(!fault && composed->wire->size > 100, "%s: %s", name,
           options.mode == ITEM_COMPOSE_REPLY ? "answered" : "forwarded");
    }
    options.mode = ITEM_COMPOSE_SEND;
    apr_pool_clear(scratch);
    fault = item_compose(blob, NULL, &options, &composed, scratch);
    ok(!fault || base_fault_code(fault) == BASE_FAULT_INVALID ||
           base_fault_code(fault) == BASE_FAULT_TOO_LARGE,
       "%s: sent, or refused", name);
    apr_pool_destroy(scratch);
}

int main(void)
{
    apr_pool_t *pool, *scratch;
    size_t i;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    apr_pool_create(&scratch, pool);
    alarm(900); /* a loop without end ends the test */
    for (i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        apr_pool_t *making;
        backend_blob_t *blob;

        apr_pool_create(&making, NULL);
        begin(making);
        hostile[i].make();
        blob = blob_in_file(message.data, message.length, scratch);
        apr_pool_destroy(making);
        if (i == 0)
            bound_memory(MEMORY_MAX);
        test_forms(hostile[i].name, blob, scratch);
        test_uses(hostile[i].name, blob, scratch);
        apr_pool_clear(scratch);
    }
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
