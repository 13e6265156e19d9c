/* Drafts as messages: what is made of properties, what of the old message stays, and what no
 * client can put into a header. */
#include "item_helpers.h"

#include "item/draft.h"
#include "item/mime.h"
#include "item/source.h"

static const backend_identity_t identity = {.address = "anna@example.org", .display_name = "Anna"};

static eas_node_t *child(eas_node_t *parent, eas_tag_t tag, const char *text, apr_pool_t *pool)
{
    eas_node_t *node = apr_pcalloc(pool, sizeof *node);

    node->tag = tag;
    node->parent = parent;
    node->text = text ? text : "";
    node->length = strlen(node->text);
    if (parent && parent->last)
        parent->last->next = node;
    else if (parent)
        parent->first = node;
    if (parent)
        parent->last = node;
    return node;
}

static eas_node_t *data_of(apr_pool_t *pool)
{
    return child(NULL, EAS_AirSync_ApplicationData, NULL, pool);
}

static void put_body(eas_node_t *data, const char *type, const char *text, apr_pool_t *pool)
{
    eas_node_t *body = child(data, EAS_AirSyncBase_Body, NULL, pool);

    child(body, EAS_AirSyncBase_Type, type, pool);
    child(body, EAS_AirSyncBase_Data, text, pool);
}

static eas_node_t *put_file(eas_node_t *data, const char *type, const char *name,
                            const char *content, apr_pool_t *pool)
{
    const eas_node_t *found = eas_node_child(data, EAS_AirSyncBase_Attachments);
    eas_node_t *files =
        found ? (eas_node_t *)found : child(data, EAS_AirSyncBase_Attachments, NULL, pool);
    eas_node_t *add = child(files, EAS_AirSyncBase_Add, NULL, pool);

    child(add, EAS_AirSyncBase_ClientId, "f", pool);
    child(add, EAS_AirSyncBase_Method, strcmp(type, "message") ? "1" : "5", pool);
    child(add, EAS_AirSyncBase_ContentType, type, pool);
    child(add, EAS_AirSyncBase_DisplayName, name, pool);
    child(add, EAS_AirSyncBase_Content, content, pool);
    return add;
}

/* The message as text; NULL and *fault. */
static const char *built(const eas_node_t *data, const char *original, base_fault_code_t *code,
                         item_draft_t **draft, apr_pool_t *pool)
{
    static const item_reference_t reference = {.folder_id = "5", .generation = 1, .uid = 42};
    item_draft_options_t options = {
        .identity = &identity, .key = "k1", .reference = original ? &reference : NULL};
    base_fault_t *fault = item_draft_build(data, original ? blob_of_text(original, pool) : NULL,
                                           &options, draft, pool);

    *code = base_fault_code(fault);
    return fault ? NULL : (*draft)->blob->data;
}

static const char *made(const eas_node_t *data, const char *original, apr_pool_t *pool)
{
    base_fault_code_t code;
    item_draft_t *draft;
    const char *text = built(data, original, &code, &draft, pool);

    return text ? text : base_fault_code_name(code);
}

static void has(const char *text, const char *wanted, const char *name)
{
    ok(strstr(text, wanted) != NULL, "%s", name);
}

static void test_new(apr_pool_t *pool)
{
    eas_node_t *data = data_of(pool);
    const char *text;

    child(data, EAS_Email_To, "\"B, o\" <bo@example.org>; c@d.e", pool);
    child(data, EAS_Email_Subject,
          "Gr\xc3\xbc\xc3\x9f"
          "e\r\nBcc: evil@example.org",
          pool);
    child(data, EAS_Email_Importance, "2", pool);
    put_body(data, "2", "<p>\xe2\x82\xac</p>", pool);
    text = made(data, NULL, pool);
    has(text, "From: Anna <anna@example.org>\r\n", "From is the account's");
    has(text, "<bo@example.org>", "a receiver");
    has(text, "Importance: high\r\n", "importance");
    has(text, "Content-Type: text/html; charset=utf-8\r\n", "HTML");
    has(text, "@example.org>\r\n", "a Message-ID");
    ok(!strstr(text, "\nBcc:"), "a Subject cannot make another field");
    ok(!strstr(text, "\nDate:"), "a draft has no date");
    is_str(made(data, NULL, pool), text, "the same properties are the same message");
}

static const char original[] = "From: X <x@example.org>\nTo: old@example.org\nSubject: Old\n"
                               "References: <r@x>\nMessage-ID: <m@x>\nX-Own: kept\n"
                               "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
                               "--b\nContent-Type: text/plain\n\nOld text.\n--b\n"
                               "Content-Type: image/png; name=a.png\n"
                               "Content-Transfer-Encoding: base64\n\niVBORw==\n--b--\n";

static void test_change(apr_pool_t *pool)
{
    eas_node_t *data = data_of(pool), *files;
    const char *text;
    base_fault_code_t code;
    item_draft_t *draft;

    child(data, EAS_Email_Subject, "New", pool);
    text = made(data, original, pool);
    has(text, "Subject: New\r\n", "a new subject");
    ok(!strstr(text, "Subject: Old"), "in place of the old one");
    has(text, "To: old@example.org\r\n", "receivers stay");
    has(text, "References: <r@x>\r\n", "threading stays");
    has(text, "X-Own: kept\r\n", "and what other programs put there");
    has(text, "Message-ID: <m@x>\r\n", "and who it is");
    has(text, "Old text.\r\n", "and the text");
    has(text, "iVBORw==", "and the attachment");
    child(data, EAS_Email_To, "", pool);
    ok(!strstr(made(data, original, pool), "\nTo:"), "an empty element clears");
    put_body(data, "1", "New text.", pool);
    text = made(data, original, pool);
    has(text, "New text.", "a new text");
    ok(!strstr(text, "Old text."), "in place of the old one");
    has(text, "iVBORw==", "beside the attachment");
    files = child(data, EAS_AirSyncBase_Attachments, NULL, pool);
    child(child(files, EAS_AirSyncBase_Delete, NULL, pool), EAS_AirSyncBase_FileReference,
          "5:1:42:3", pool);
    text = made(data, original, pool);
    ok(!strstr(text, "iVBORw=="), "an attachment is deleted");
    ok(!strstr(text, "multipart"), "and no structure is left for it");
    child(child(files, EAS_AirSyncBase_Delete, NULL, pool), EAS_AirSyncBase_FileReference,
          "5:1:42:3", pool);
    ok(!built(data, original, &code, &draft, pool), "twice is once too many");
    is_int(code, BASE_FAULT_NOT_FOUND, "not found");
}

static void test_files(apr_pool_t *pool)
{
    static const struct {
        const char *type, *wanted;
    } rows[] = {
        {"application/pdf", "Content-Type: application/pdf\r\n"},
        {"text/plain\r\nX: y", "Content-Type: application/octet-stream\r\n"},
        {"nonsense", "Content-Type: application/octet-stream\r\n"},
        {"multipart/mixed", "Content-Type: application/octet-stream\r\n"},
        {"message", "Content-Type: message/rfc822\r\n"},
    };
    base_fault_code_t code;
    item_draft_t *draft;
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        eas_node_t *data = data_of(pool);

        put_file(data, rows[i].type, "n\xc3\xa4me\r\n.pdf", "Subject: in\r\n\r\nhello\r\n", pool);
        has(made(data, NULL, pool), rows[i].wanted, rows[i].type);
    }
    {
        eas_node_t *data = data_of(pool), *add;

        put_body(data, "1", "text", pool);
        put_file(data, "text/plain", "a.txt", "one", pool);
        add = put_file(data, "image/gif", "b.gif", "two", pool);
        child(add, EAS_AirSyncBase_IsInline, "1", pool);
        child(add, EAS_AirSyncBase_ContentId, "id@x", pool);
        built(data, original, &code, &draft, pool);
        is_int(code, BASE_FAULT_NONE, "two are added to one");
        is_int(draft->files->nelts, 2, "both are numbered");
        is_int(APR_ARRAY_IDX(draft->files, 0, item_draft_file_t).part, 4, "after the one before");
        is_int(APR_ARRAY_IDX(draft->files, 1, item_draft_file_t).part, 5, "in their order");
        has(draft->blob->data, "Content-ID: <id@x>\r\n", "an id");
        has(draft->blob->data, "Content-Disposition: inline", "an inline one");
    }
}

static void test_refused(apr_pool_t *pool)
{
    eas_node_t *data = data_of(pool);

    put_body(data, "3", "{rtf}", pool);
    is_str(made(data, NULL, pool), "INVALID", "RTF");
    data = data_of(pool);
    put_body(data, "4", "", pool);
    is_str(made(data, NULL, pool), "INVALID", "MIME that is none");
    data = data_of(pool);
    child(child(data, EAS_AirSyncBase_Attachments, NULL, pool), EAS_AirSyncBase_Add, NULL, pool);
    is_str(made(data, NULL, pool), "INVALID", "an attachment without anything");
    data = data_of(pool);
    child(child(data, EAS_AirSyncBase_Attachments, NULL, pool), EAS_AirSyncBase_Body, NULL, pool);
    is_str(made(data, NULL, pool), "INVALID", "something else among the attachments");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    test_new(pool);
    test_change(pool);
    test_files(pool);
    test_refused(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
