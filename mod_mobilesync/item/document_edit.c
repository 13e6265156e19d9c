/* Edits of a document. What is set to what it is already is no edit. */
#include <string.h>
#include <strings.h>
#include <apr_base64.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "item/document_impl.h"

/* -- properties -- */

void item_property_rewrite(item_property_t *property, const char *head, const char *value)
{
    item_document_t *document = item_property_document(property);
    char *raw = apr_pstrcat(document->pool, head, ":", value, NULL), *from, *to;
    base_content_line_t *line = apr_pcalloc(document->pool, sizeof *line);

    for (from = to = raw; *from; from++) /* they belong to line ends */
        if (*from != '\r')
            *to++ = *from;
    *to = '\0';
    if (!base_content_line_read(raw, strlen(raw), line, document->pool))
        return; /* never: a head is a head */
    property->line = line;
    property->value = NULL;
    property->changed = 1;
    document->changed = 1;
}

/* Behind the last property of the name, else behind the last one there is, but before the components
 * (RFC 5545 3.6.1) that are not the card of an agent. */
static item_node_t *edit_place(item_component_t *component, const char *name)
{
    item_node_t *node, *last = NULL, *same = NULL;

    for (node = component->first; node; node = node->next)
        if (node->kind == NODE_PROPERTY) {
            last = node;
            if (strcasecmp(((item_property_t *)node)->name, name) == 0)
                same = node;
        }
    node = same ? same : last;
    if (!node)
        return NULL;
    while (node->next && node->next->kind == NODE_OTHER) /* the blank line behind base64 */
        node = node->next;
    if (strcmp(last == node ? ((item_property_t *)node)->name : "", "AGENT") == 0 && node->next)
        node = node->next;
    return node;
}

item_property_t *item_property_add(item_component_t *component, const char *group, const char *name,
                                   const char *value)
{
    item_document_t *document = component->document;
    item_property_t *property = apr_pcalloc(document->pool, sizeof *property);

    item_node_t *place = edit_place(component, name);

    property->node.kind = NODE_PROPERTY;
    property->name = base_text_upper(name, document->pool);
    property->group = group ? apr_pstrdup(document->pool, group) : NULL;
    item_node_settle(place);
    item_node_link(component, place, &property->node);
    item_property_rewrite(property,
                          group ? apr_pstrcat(document->pool, group, ".", name, NULL) : name, "");
    item_property_set_value(property, value);
    return property;
}

item_property_t *item_property_copy(item_component_t *component, item_property_t *from)
{
    item_property_t *property = item_property_add(component, from->group, from->name, "");

    item_property_rewrite(property, item_property_line(from)->head, item_property_value(from));
    return property;
}

void item_property_remove(item_property_t *property)
{
    item_property_document(property)->changed = 1;
    item_node_unlink(&property->node);
}

/* -- values -- */

/* One line of what a value may have; a line break only where it will be encoded. */
static const char *edit_clean(item_document_version_t version, const char *value, apr_pool_t *pool)
{
    base_text_buffer_t clean = {.pool = pool};

    value = base_text_xml_sanitize(value, strlen(value), pool);
    if (!strpbrk(value, version == ITEM_DOCUMENT_VCARD_21 ? "\r" : "\r\n"))
        return value;
    base_text_buffer_append(&clean, "", 0);
    for (; *value; value++)
        if (*value == '\n')
            base_text_buffer_puts(&clean, version == ITEM_DOCUMENT_VCARD_21 ? "\n" : "\\n");
        else if (*value != '\r')
            base_text_buffer_append(&clean, value, 1);
    return clean.data;
}

/* Does vCard 2.1, which has ASCII and no line breaks, need an encoding for it? */
static int edit_needs_encoding(const char *value)
{
    const char *p;

    for (p = value; *p; p++)
        if ((unsigned char)*p >= 0x7f || *p == '\n')
            return 1;
    return p > value && (p[-1] == ' ' || *value == ' ');
}

/* Will a value behind the head be read as quoted-printable? */
static int edit_is_quoted(const apr_array_header_t *parts, apr_pool_t *pool)
{
    const char *raw = apr_pstrcat(pool, item_head_join(parts, pool), ":", NULL);
    base_content_line_t line;

    return base_content_line_read(raw, strlen(raw), &line, pool) && line.quoted_printable;
}

static void edit_write(item_property_t *property, const char *value)
{
    const item_document_t *document = item_property_document(property);
    apr_pool_t *pool = document->pool;
    apr_array_header_t *parts = item_head_split(item_property_line(property)->head, pool);

    parts = item_head_without(item_head_without(parts, "ENCODING", pool), "CHARSET", pool);
    if (document->version == ITEM_DOCUMENT_VCARD_21 && edit_needs_encoding(value))
        item_head_append(parts, "ENCODING=QUOTED-PRINTABLE");
    if (edit_is_quoted(parts, pool)) {
        item_head_append(parts, "CHARSET=UTF-8");
        value = item_document_encode_quoted(value, pool);
    }
    property->binary = 0;
    item_property_rewrite(property, item_head_join(parts, pool), value);
}

void item_property_set_value(item_property_t *property, const char *value)
{
    const item_document_t *document = item_property_document(property);

    value = edit_clean(document->version, value, document->pool);
    if (strcmp(item_property_value(property), value) != 0)
        edit_write(property, value);
}

void item_property_set_text(item_property_t *property, const char *text)
{
    const item_document_t *document = item_property_document(property);
    const char *clean = edit_clean(ITEM_DOCUMENT_VCARD_21, text, document->pool);

    if (strcmp(item_property_text(property), clean) != 0)
        item_property_set_value(
            property, item_document_escape_for(document->version, clean, 0, document->pool));
}

void item_property_set_component(item_property_t *property, int n, const char *text)
{
    const item_document_t *document = item_property_document(property);
    apr_pool_t *pool = document->pool;
    const char *value = item_property_value(property), *start, *end;

    text = edit_clean(ITEM_DOCUMENT_VCARD_21, text, pool);
    if (strcmp(item_property_component(property, n), text) == 0)
        return;
    while (!item_document_value_component(property, n, &start, &end))
        property->value = value = apr_pstrcat(pool, value, ";", NULL);
    value = apr_pstrcat(pool, apr_pstrmemdup(pool, value, (apr_size_t)(start - value)),
                        item_document_escape_for(document->version, text, 0, pool), end, NULL);
    edit_write(property, edit_clean(document->version, value, pool));
}

static int edit_same_list(item_property_t *property, const apr_array_header_t *texts,
                          const char *rest)
{
    const char *at = NULL, *text;
    int i;

    for (i = 0; i < texts->nelts; i++) {
        text = item_property_element(property, &at);
        if (!text || strcmp(text, APR_ARRAY_IDX(texts, i, const char *)) != 0)
            return 0;
    }
    return *rest ? at && strcmp(at, rest) == 0 : !item_property_element(property, &at);
}

void item_property_set_list(item_property_t *property, const apr_array_header_t *texts,
                            const char *rest)
{
    const item_document_t *document = item_property_document(property);
    base_text_buffer_t value = {.pool = document->pool};
    int i;

    if (edit_same_list(property, texts, rest))
        return;
    base_text_buffer_append(&value, "", 0);
    for (i = 0; i < texts->nelts; i++) {
        const char *text = APR_ARRAY_IDX(texts, i, const char *);

        base_text_buffer_puts(&value, i ? "," : "");
        base_text_buffer_puts(&value,
                              item_document_escape_for(document->version, text, 1, document->pool));
    }
    base_text_buffer_puts(&value, *rest && value.length ? "," : "");
    base_text_buffer_puts(&value, rest);
    item_property_set_value(property, value.data);
}

void item_property_set_binary(item_property_t *property, const void *bytes, apr_size_t length,
                              const char *type)
{
    const item_document_t *document = item_property_document(property);
    apr_pool_t *pool = document->pool;
    const char *word = type ? strchr(type, '/') : NULL, *old_type;
    apr_size_t old_length;
    const void *old = item_property_binary(property, &old_length, &old_type);
    apr_array_header_t *parts = item_head_split(item_property_line(property)->head, pool);
    char *value = apr_palloc(pool, (apr_size_t)apr_base64_encode_len((int)length));

    if (old && old_length == length && memcmp(old, bytes, length) == 0)
        return;
    apr_base64_encode_binary(value, bytes, (int)length);
    parts = item_head_without(item_head_without(parts, "ENCODING", pool), "CHARSET", pool);
    parts = item_head_without(item_head_without(parts, "VALUE", pool), "MEDIATYPE", pool);
    if (document->version == ITEM_DOCUMENT_VCARD_4)
        value = apr_pstrcat(pool, "data:", type ? type : "", ";base64,", value, NULL);
    else if (document->version == ITEM_DOCUMENT_ICALENDAR) {
        item_head_append(parts, "VALUE=BINARY");
        item_head_append(parts, "ENCODING=BASE64");
    }
    else {
        parts = item_head_without(parts, "TYPE", pool);
        item_head_append(parts, document->version == ITEM_DOCUMENT_VCARD_21 ? "ENCODING=BASE64"
                                                                            : "ENCODING=b");
        if (word)
            item_head_append(parts,
                             apr_pstrcat(pool, "TYPE=", base_text_upper(word + 1, pool), NULL));
    }
    property->binary = 1;
    item_property_rewrite(property, item_head_join(parts, pool), value);
}

/* -- texts of a component -- */

void item_component_set_text(item_component_t *component, const char *name, const char *text)
{
    item_property_t *property = item_property_first(component, name), *next;

    if (text && property)
        item_property_set_text(property, text);
    else if (text)
        item_property_set_text(item_property_add(component, NULL, name, ""), text);
    else
        for (; property; property = next) {
            next = item_property_next(property);
            item_property_remove(property);
        }
}
