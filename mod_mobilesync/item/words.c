#include "item/words.h"

#include <strings.h>

#include "base/text.h"
#include "item/body.h"
#include "item/content.h"
#include "item/conversation.h"
#include "item/header.h"
#include "item/source.h"

#define WORDS_FIELD_MAX 32768
#define WORDS_BODY_MAX (100 * 1024)

/* Names and addresses of all fields of that name. */
static const char *words_addresses(const item_mime_t *mime, const char *name, apr_pool_t *pool)
{
    apr_array_header_t *addresses = apr_array_make(pool, 8, sizeof(item_address_t));
    base_text_buffer_t out = {.pool = pool};
    int i;

    for (i = 0; i < mime->fields->nelts; i++) {
        const item_mime_field_t *field = &APR_ARRAY_IDX(mime->fields, i, item_mime_field_t);

        if (strcasecmp(field->name, name) == 0)
            item_header_addresses(field->value, addresses, pool);
    }
    for (i = 0; i < addresses->nelts && out.length < WORDS_FIELD_MAX; i++) {
        const item_address_t *address = &APR_ARRAY_IDX(addresses, i, item_address_t);

        base_text_buffer_printf(&out, "%s %s ", address->name, address->address);
    }
    return out.data;
}

static base_fault_t *words_body(const item_mime_t *mime, const item_content_t *content,
                                const char **body, apr_pool_t *pool)
{
    item_sink_t sink;

    item_sink_init(&sink, WORDS_BODY_MAX, pool);
    BASE_TRY(item_body_render(mime, content, ITEM_BODY_TEXT, &sink, NULL, pool));
    BASE_TRY(item_sink_flush(&sink));
    *body = sink.buffer.data;
    return NULL;
}

static base_fault_t *words_attachments(const item_mime_t *mime, const item_content_t *content,
                                       backend_text_t *text, apr_pool_t *pool)
{
    base_text_buffer_t names = {.pool = pool};
    apr_array_header_t *attached;
    int i;

    BASE_TRY(item_content_attached(mime, content, &attached, pool));
    text->attachments = attached->nelts;
    for (i = 0; i < attached->nelts && names.length < WORDS_FIELD_MAX; i++)
        base_text_buffer_printf(
            &names, "%s ",
            item_content_name(APR_ARRAY_IDX(attached, i, const item_mime_part_t *), pool));
    text->fields[BACKEND_FIELD_ATTACHMENT] = names.data;
    return NULL;
}

base_fault_t *item_words_extract(const backend_blob_t *blob, backend_text_t *text, apr_pool_t *pool)
{
    item_source_t *source;
    item_content_t *content;
    item_mime_t *mime;
    const char *subject;

    BASE_TRY(item_source_open(blob, &source, pool));
    BASE_TRY(item_mime_parse(source, &mime, pool));
    item_content_find(mime, &content, pool);
    subject = item_mime_field(mime, "Subject");
    text->fields[BACKEND_FIELD_SUBJECT] = subject ? item_header_text(subject, pool) : NULL;
    text->fields[BACKEND_FIELD_FROM] = words_addresses(mime, "From", pool);
    text->fields[BACKEND_FIELD_TO] = words_addresses(mime, "To", pool);
    text->fields[BACKEND_FIELD_CC] = words_addresses(mime, "Cc", pool);
    text->fields[BACKEND_FIELD_BCC] = words_addresses(mime, "Bcc", pool);
    text->conversation = item_words_conversation(item_conversation_id(mime, pool), pool);
    BASE_TRY(words_body(mime, content, &text->fields[BACKEND_FIELD_BODY], pool));
    return words_attachments(mime, content, text, pool);
}

const char *item_words_conversation(const void *id, apr_pool_t *pool)
{
    return base_text_hex_encode(id, ITEM_CONVERSATION_ID_SIZE, pool);
}
