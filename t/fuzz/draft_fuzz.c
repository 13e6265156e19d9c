/* Drafts of 16.x: the Add or Change of a draft. The input is an ApplicationData element as WBXML;
 * behind a line "%%" the draft that it changes. Contents over some bytes are spilled, as long ones
 * are by the server. What comes out is a message that its phone can read. */
#include "t/fuzz/email.h"

#include <strings.h>

#include "item/content.h"
#include "item/draft.h"
#include "item/header.h"

#define SEPARATOR "\n%%\n"

static const item_reference_t own = {.folder_id = "5", .generation = 1, .uid = 42};
static const backend_identity_t identity = {"me@example.org", "Me", NULL};

/* The parts that were added are attachments of the new draft, each another one. */
static void check_files(const item_draft_t *draft, const item_mime_t *mime, apr_pool_t *pool)
{
    item_content_t *content;
    int i, k;

    item_content_find(mime, &content, pool);
    for (i = 0; i < draft->files->nelts; i++) {
        const item_draft_file_t *file = &APR_ARRAY_IDX(draft->files, i, item_draft_file_t);

        FUZZ_ASSERT(file->client_id && *file->client_id);
        for (k = 0; k < content->attachments->nelts; k++)
            if (APR_ARRAY_IDX(content->attachments, k, item_mime_part_t *)->number == file->part)
                break;
        FUZZ_ASSERT(k < content->attachments->nelts);
        FUZZ_ASSERT(!i || file->part > (file - 1)->part);
    }
}

static void check_draft(const eas_node_t *data, const backend_blob_t *original, apr_pool_t *pool)
{
    item_draft_options_t options = {
        .identity = &identity, .key = "key", .reference = original ? &own : NULL};
    item_draft_t *draft;
    item_source_t *source;
    item_mime_t *mime;
    base_fault_t *fault = item_draft_build(data, original, &options, &draft, pool);
    int i, from = 0, ids = 0;

    if (fault) {
        FUZZ_ASSERT(fault->code == BASE_FAULT_INVALID || fault->code == BASE_FAULT_NOT_FOUND ||
                    fault->code == BASE_FAULT_TOO_LARGE);
        return;
    }
    FUZZ_ASSERT(!item_source_open(draft->blob, &source, pool));
    FUZZ_ASSERT(!item_mime_parse(source, &mime, pool));
    for (i = 0; i < mime->fields->nelts; i++) {
        const char *name = APR_ARRAY_IDX(mime->fields, i, item_mime_field_t).name;

        from += strcasecmp(name, "From") == 0;
        ids += strcasecmp(name, "Message-ID") == 0;
        FUZZ_ASSERT(strcasecmp(name, "Date") != 0);
    }
    FUZZ_ASSERT(from >= 1 && ids == 1);
    FUZZ_ASSERT(strcmp(item_header_message_id(item_mime_field(mime, "Message-ID"), 0, pool),
                       draft->message_id) == 0);
    check_files(draft, mime, pool);
    check_versions(draft->blob, 1024, pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const eas_limits_t limits = {
        .depth = 32, .elements = 1000, .bytes = 1 << 20, .spill_above = 512, .memory = 1 << 20};
    apr_pool_t *pool = fuzz_pool();
    const uint8_t *separator = memmem(data, size, SEPARATOR, strlen(SEPARATOR));
    size_t length = separator ? (size_t)(separator - data) : size;
    eas_reader_t *reader = eas_reader_create(&limits, NULL, pool);
    const eas_node_t *node = NULL;

    fuzz_once(item_child_init);
    if (!eas_reader_feed(reader, data, length) && !eas_reader_finish(reader, &node) && node) {
        if (separator)
            check_draft(node,
                        blob_of((const char *)separator + strlen(SEPARATOR),
                                size - length - strlen(SEPARATOR), pool),
                        pool);
        else
            check_draft(node, NULL, pool);
    }
    apr_pool_destroy(pool);
    return 0;
}
