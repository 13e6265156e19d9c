/* A message: rendered in every form, its parts opened, answered, forwarded and sent. Whatever the
 * bytes are, there is no fault but those that the headers name, and what comes out is legal. */
#include "fuzz.h"

#include "t/unit/item_helpers.h"

#include "item/attachment.h"
#include "item/compose.h"

static void check_legal(const eas_node_t *node)
{
    for (; node; node = node->next) {
        if (!eas_tag_is_opaque(node->tag))
            FUZZ_ASSERT(base_text_xml_legal(node->text, node->length));
        check_legal(node->first);
    }
}

static void check_form(const backend_blob_t *blob, item_body_type_t type, apr_uint64_t size,
                       apr_pool_t *pool)
{
    item_email_options_t options = options_prefer(EAS_VERSION_16_1, type, size);
    const eas_node_t *node;
    const char *wbxml;
    apr_size_t length;

    options.preferences[0].preview = 40;
    FUZZ_ASSERT(!email_wbxml(blob, 31, &options, &wbxml, &length, pool));
    FUZZ_ASSERT(!wbxml_decode(wbxml, length, &node, pool));
    check_legal(node);
    FUZZ_ASSERT(strlen(body_data(node)) <= size);
    /* characters are never split: as much as was asked for, but for the rest of one */
    if (body_property(node, EAS_AirSyncBase_Truncated) && *body_data(node) &&
        strcmp(body_property(node, EAS_AirSyncBase_Truncated), "1") == 0 && type != ITEM_BODY_TEXT)
        FUZZ_ASSERT(strlen(body_data(node)) + 4 > size);
}

static void check_attachment(const backend_blob_t *blob, unsigned part, apr_pool_t *pool)
{
    item_attachment_t *attachment;
    base_fault_t *fault = item_attachment_open(blob, part, &attachment, pool);
    apr_uint64_t total = 0;
    char buffer[333];
    apr_size_t n = 1;

    FUZZ_ASSERT(!fault || base_fault_code(fault) == BASE_FAULT_NOT_FOUND);
    while (!fault && n) {
        n = sizeof buffer;
        FUZZ_ASSERT(!item_attachment_read(attachment, buffer, &n));
        total += n;
    }
    FUZZ_ASSERT(fault || total == item_attachment_size(attachment));
    FUZZ_ASSERT(fault || *item_attachment_name(attachment));
}

static void check_compose(const backend_blob_t *mime, const backend_blob_t *original,
                          item_compose_mode_t mode, apr_pool_t *pool)
{
    backend_identity_t identity = {"me@example.org", "Me", NULL};
    item_compose_options_t options = {
        .mode = mode, .identity = &identity, .key = "key", .now = RECEIVED};
    item_composed_t *composed;
    base_fault_t *fault = item_compose(mime, original, &options, &composed, pool);

    FUZZ_ASSERT(!fault || base_fault_code(fault) == BASE_FAULT_INVALID ||
                base_fault_code(fault) == BASE_FAULT_TOO_LARGE);
    if (!fault) {
        FUZZ_ASSERT(strcmp(composed->sender, "me@example.org") == 0);
        FUZZ_ASSERT(composed->wire->size > 0 && composed->sent->size >= composed->wire->size);
    }
}

/* LeakSanitizer does not look into APR's pools: what they keep has to go at the end. */
static apr_pool_t *process;

static void end_process(void)
{
    apr_pool_destroy(process);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char reply[] = "From: me@example.org\nTo: a@b.c\nMIME-Version: 1.0\n"
                                "Content-Type: multipart/alternative; boundary=r\n\n--r\n\nx\n--r\n"
                                "Content-Type: text/html\n\n<body>x</body>\n--r--\n";
    apr_pool_t *pool = fuzz_pool();
    backend_blob_t *blob;
    unsigned part;

    if (!process) {
        apr_pool_create_unmanaged_ex(&process, NULL, NULL);
        item_child_init(process);
        atexit(end_process);
    }
    blob = blob_of((const char *)data, size, pool);
    for (part = 1; part < 6; part++)
        check_attachment(blob, part, pool);
    check_form(blob, ITEM_BODY_TEXT, size ? data[size / 2] : 0, pool);
    check_form(blob, ITEM_BODY_HTML, size ? data[size / 3] : 0, pool);
    check_form(blob, ITEM_BODY_MIME, size ? data[size / 4] : 0, pool);
    check_form(blob, ITEM_BODY_TEXT, ITEM_TRUNCATION_NONE, pool);
    check_form(blob, ITEM_BODY_HTML, ITEM_TRUNCATION_NONE, pool);
    check_form(blob, ITEM_BODY_MIME, ITEM_TRUNCATION_NONE, pool);
    check_compose(blob_of_text(reply, pool), blob, ITEM_COMPOSE_REPLY, pool);
    check_compose(blob_of_text(reply, pool), blob, ITEM_COMPOSE_FORWARD, pool);
    check_compose(blob, blob, ITEM_COMPOSE_FORWARD, pool);
    check_compose(blob, NULL, ITEM_COMPOSE_SEND, pool);
    apr_pool_destroy(pool);
    return 0;
}
