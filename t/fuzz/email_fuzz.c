/* A message: rendered in every form and at every version, its parts opened, its words taken for the
 * index. Whatever the bytes are, there is no fault but those that the headers name, and what comes
 * out is legal. */
#include "fuzz.h"

#include "t/fuzz/email.h"

#include "item/attachment.h"
#include "item/summary.h"
#include "item/words.h"

static void check_form(const backend_blob_t *blob, item_body_type_t type, apr_uint64_t size,
                       apr_pool_t *pool)
{
    item_options_t options = options_prefer(EAS_VERSION_16_1, type, size);
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

/* The line of a Find. */
static void check_summary(const backend_blob_t *blob, apr_pool_t *pool)
{
    item_reference_t reference = {.folder_id = "5", .generation = 1, .uid = 42};
    backend_entry_t entry = {.uid = 42, .date = RECEIVED, .size = blob->size};
    eas_spool_t *spool = eas_spool_create(NULL, pool);
    eas_writer_t *writer = eas_writer_create(spool, pool);
    item_summary_t *summary;
    const eas_node_t *node;
    const char *data;
    apr_file_t *file;
    apr_off_t size;

    FUZZ_ASSERT(!item_summary_load(blob, &reference, &entry, EAS_VERSION_16_1, &summary, pool));
    eas_writer_start(writer, EAS_Find_Properties);
    item_summary_write(summary, writer);
    eas_writer_end(writer);
    FUZZ_ASSERT(!eas_writer_finish(writer));
    FUZZ_ASSERT(!eas_spool_content(spool, &data, &file, &size) && !file);
    FUZZ_ASSERT(!wbxml_decode(data, (apr_size_t)size, &node, pool));
    check_legal(node);
}

static void check_words(const backend_blob_t *blob, apr_pool_t *pool)
{
    backend_text_t text = {.attachments = 0};
    int i;

    FUZZ_ASSERT(!item_words_extract(blob, &text, pool));
    for (i = 0; i < BACKEND_FIELD_COUNT_; i++)
        FUZZ_ASSERT(!text.fields[i] || base_text_xml_legal(text.fields[i], strlen(text.fields[i])));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    backend_blob_t *blob;
    unsigned part;

    fuzz_once(item_child_init);
    blob = blob_of((const char *)data, size, pool);
    for (part = 1; part < 6; part++)
        check_attachment(blob, part, pool);
    check_form(blob, ITEM_BODY_TEXT, size ? data[size / 2] : 0, pool);
    check_form(blob, ITEM_BODY_HTML, size ? data[size / 3] : 0, pool);
    check_form(blob, ITEM_BODY_MIME, size ? data[size / 4] : 0, pool);
    check_form(blob, ITEM_BODY_TEXT, ITEM_TRUNCATION_NONE, pool);
    check_form(blob, ITEM_BODY_HTML, ITEM_TRUNCATION_NONE, pool);
    check_form(blob, ITEM_BODY_MIME, ITEM_TRUNCATION_NONE, pool);
    check_versions(blob, size ? data[size / 5] : 0, pool);
    check_summary(blob, pool);
    check_words(blob, pool);
    apr_pool_destroy(pool);
    return 0;
}
