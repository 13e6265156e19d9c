#include "item/words.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "item/body.h"
#include "item/content.h"
#include "item/conversation.h"
#include "item/document.h"
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

static base_fault_t *words_mail(item_source_t *source, backend_text_t *text, apr_pool_t *pool)
{
    item_content_t *content;
    item_mime_t *mime;
    const char *subject;

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

/* -- what is no mail ------------------------------------------------------------------------- */

static const struct {
    const char *name;
    backend_field_t field;
} words_properties[] = {
#define WORDS_PROPERTY(name, field) {name, BACKEND_FIELD_##field},
#include "item/words.tbl"
#undef WORDS_PROPERTY
};

typedef struct {
    base_text_buffer_t fields[BACKEND_FIELD_COUNT_];
} words_t;

static void words_component(words_t *words, item_component_t *component)
{
    size_t i;

    for (i = 0; i < sizeof words_properties / sizeof *words_properties; i++) {
        base_text_buffer_t *field = &words->fields[words_properties[i].field];
        item_property_t *property = item_property_first(component, words_properties[i].name);

        for (; property && field->length < WORDS_BODY_MAX;
             property = item_property_next(property)) {
            const char *name = item_property_parameter(property, "CN");
            const char *value = item_property_text(property);

            if (name)
                base_text_buffer_printf(field, "%s\n", name);
            base_text_buffer_append(field, value,
                                    base_text_utf8_floor(value, strlen(value), WORDS_BODY_MAX));
            base_text_buffer_puts(field, "\n");
        }
    }
}

static base_fault_t *words_document(const backend_blob_t *blob, backend_text_t *text,
                                    apr_pool_t *pool)
{
    static const char *const components[] = {"VEVENT", "VTODO", "VJOURNAL"};
    item_component_t *root, *component;
    item_document_t *document;
    words_t words = {0};
    size_t i;

    BASE_TRY(item_document_parse(blob, &document, pool));
    for (i = 0; i < BACKEND_FIELD_COUNT_; i++)
        words.fields[i].pool = pool;
    root = item_document_root(document);
    words_component(&words, root);
    for (i = 0; i < sizeof components / sizeof *components; i++)
        for (component = item_component_first(root, components[i]); component;
             component = item_component_next(component))
            words_component(&words, component);
    for (i = 0; i < BACKEND_FIELD_COUNT_; i++)
        text->fields[i] = words.fields[i].data;
    return NULL;
}

/* A search goes over folders of several classes. No message begins so: that is no header field. */
static base_fault_t *words_is_document(item_source_t *source, int *is)
{
    char begin[32];
    apr_size_t length = sizeof begin - 1;
    const char *at = begin;

    BASE_TRY(item_source_read(source, 0, begin, &length));
    begin[length] = '\0';
    if (strncmp(at, "\xef\xbb\xbf", 3) == 0)
        at += 3;
    at += strspn(at, " \t\r\n");
    *is = strncasecmp(at, "BEGIN:V", 7) == 0;
    return NULL;
}

base_fault_t *item_words_extract(const backend_blob_t *blob, backend_text_t *text, apr_pool_t *pool)
{
    item_source_t *source;
    int is_document;

    BASE_TRY(item_source_open(blob, &source, pool));
    BASE_TRY(words_is_document(source, &is_document));
    return is_document ? words_document(blob, text, pool) : words_mail(source, text, pool);
}

const char *item_words_conversation(const void *id, apr_pool_t *pool)
{
    return base_text_hex_encode(id, ITEM_CONVERSATION_ID_SIZE, pool);
}
