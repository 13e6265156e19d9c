/* Components and properties of a document, and what their values say. */
#include <string.h>
#include <strings.h>
#include <apr_base64.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "item/document_impl.h"

/* -- components -- */

static item_component_t *component_from(item_node_t *node, const char *name)
{
    for (; node; node = node->next)
        if (node->kind == NODE_COMPONENT &&
            (!name || strcasecmp(((item_component_t *)node)->name, name) == 0))
            return (item_component_t *)node;
    return NULL;
}

item_component_t *item_component_first(item_component_t *component, const char *name)
{
    return component_from(component->first, name);
}

item_component_t *item_component_next(item_component_t *component)
{
    return component_from(component->node.next, component->name);
}

const char *item_component_name(const item_component_t *component)
{
    return component->name;
}

/* -- properties -- */

static item_property_t *property_from(item_node_t *node, const char *name)
{
    for (; node; node = node->next)
        if (node->kind == NODE_PROPERTY &&
            (!name || strcasecmp(((item_property_t *)node)->name, name) == 0))
            return (item_property_t *)node;
    return NULL;
}

item_property_t *item_property_first(item_component_t *component, const char *name)
{
    return property_from(component->first, name);
}

item_property_t *item_property_next(item_property_t *property)
{
    return property_from(property->node.next, property->name);
}

item_property_t *item_property_after(item_property_t *property)
{
    return property_from(property->node.next, NULL);
}

const char *item_property_name(const item_property_t *property)
{
    return property->name;
}

const char *item_property_group(const item_property_t *property)
{
    return property->group;
}

const base_content_line_t *item_property_line(item_property_t *property)
{
    apr_pool_t *pool = item_property_document(property)->pool;
    base_content_line_t *line;

    if (property->line)
        return property->line;
    line = apr_pcalloc(pool, sizeof *line);
    if (!base_content_line_read(property->node.raw, property->node.length, line, pool)) {
        line->name = line->head = property->name; /* never: it was one when it was parsed */
        line->parameters = apr_array_make(pool, 1, sizeof(base_content_parameter_t));
        line->value = "";
    }
    property->line = line;
    return line;
}

const char *item_property_value(item_property_t *property)
{
    if (!property->value)
        property->value = item_document_decode(item_property_line(property),
                                               item_property_document(property)->pool);
    return property->value;
}

/* Is it one of the texts that may be long? */
static int value_is_body(const item_property_t *property)
{
    static const char *const names[] = {"NOTE", "DESCRIPTION", "COMMENT", "X-ALT-DESC"};
    size_t i;

    for (i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(property->name, names[i]) == 0)
            return 1;
    return 0;
}

/* [p, end) unescaped, as far as it is read: up to a whole character. */
static const char *value_unescape(item_document_version_t version, const char *p, const char *end,
                                  apr_pool_t *pool)
{
    apr_size_t length = base_text_utf8_floor(p, (apr_size_t)(end - p), ITEM_DOCUMENT_TEXT_MAX);

    return item_document_unescape(version, p, length, pool);
}

const char *item_property_text(item_property_t *property)
{
    const item_document_t *document = item_property_document(property);
    const char *value = item_property_value(property);
    apr_size_t length = strlen(value);

    return value_is_body(property)
               ? item_document_unescape(document->version, value, length, document->pool)
               : value_unescape(document->version, value, value + length, document->pool);
}

/* -- structured values -- */

/* Without blanks around it, unescaped. */
static const char *value_element(item_document_version_t version, const char *p, const char *end,
                                 apr_pool_t *pool)
{
    while (p < end && apr_isspace(*p))
        p++;
    while (end > p && apr_isspace(end[-1]))
        end--;
    return p < end ? value_unescape(version, p, end, pool) : "";
}

const char *item_property_element(item_property_t *property, const char **at)
{
    const item_document_t *document = item_property_document(property);
    const char *p = *at ? *at : item_property_value(property), *last, *text = "";

    for (; *p && !*text; p = *last ? last + 1 : last) {
        last = item_document_value_end(document->version, p, NULL, ',');
        text = value_element(document->version, p, last, document->pool);
    }
    *at = p;
    return *text ? text : NULL;
}

int item_document_value_component(item_property_t *property, int n, const char **start,
                                  const char **end)
{
    item_document_version_t version = item_property_document(property)->version;
    const char *p = item_property_value(property), *last = p + strlen(p);

    for (;; n--) {
        *start = p;
        *end = item_document_value_end(version, p, last, ';');
        if (n == 0)
            return 1;
        if (*end == last)
            return 0;
        p = *end + 1;
    }
}

const char *item_property_component(item_property_t *property, int n)
{
    const item_document_t *document = item_property_document(property);
    base_text_buffer_t text = {.pool = document->pool};
    const char *p, *end, *last;

    if (!item_document_value_component(property, n, &p, &end))
        return "";
    if (document->version == ITEM_DOCUMENT_VCARD_21) /* it has no lists in them */
        return value_unescape(document->version, p, end, document->pool);
    base_text_buffer_append(&text, "", 0);
    for (;; p = last + 1) {
        last = item_document_value_end(document->version, p, end, ',');
        if (p < last)
            base_text_buffer_puts(&text,
                                  value_unescape(document->version, p, last, document->pool));
        if (last == end || text.length >= ITEM_DOCUMENT_TEXT_MAX)
            return text.data;
        /* a comma that somebody forgot to escape has its blank already */
        base_text_buffer_puts(&text, last + 1 < end && last[1] == ' ' ? "," : ", ");
    }
}

/* -- bytes -- */

/* Behind the "data:...;base64," of RFC 2397, also with the escapes of a text, which some write; NULL
 * when it is none. *type: what it says of the media type. */
static const char *value_data_uri(item_property_t *property, const char *value, const char **type)
{
    apr_pool_t *pool = item_property_document(property)->pool;
    const char *comma, *head;
    apr_size_t length;

    if (strncasecmp(value, "data:", 5) != 0 || !(comma = strchr(value, ',')))
        return NULL;
    length = (apr_size_t)(comma - value) - (comma[-1] == '\\');
    head = item_document_unescape(ITEM_DOCUMENT_VCARD_3, value, length, pool);
    length = strlen(head);
    if (length < 12 || strcasecmp(head + length - 7, ";base64") != 0)
        return NULL;
    length = strcspn(head + 5, ";");
    *type = length ? base_text_lower(apr_pstrmemdup(pool, head + 5, length), pool) : NULL;
    return comma + 1;
}

static const char *value_media_type(item_property_t *property)
{
    apr_pool_t *pool = item_property_document(property)->pool;
    const char *type = item_property_parameter(property, "MEDIATYPE");

    if (!type)
        type = item_property_parameter(property, "TYPE");
    if (!type)
        return NULL;
    type = base_text_lower(type, pool);
    if (strchr(type, '/'))
        return type;
    if (strcmp(property->name, "PHOTO") != 0 && strcmp(property->name, "LOGO") != 0)
        return NULL;
    return apr_pstrcat(pool, "image/", type, NULL);
}

const unsigned char *item_property_binary(item_property_t *property, apr_size_t *length,
                                          const char **type)
{
    const base_content_line_t *line = item_property_line(property);
    apr_pool_t *pool = item_property_document(property)->pool;
    const char *data, *value = line->value;
    char *clean, *decoded, *q;

    *type = NULL;
    data = value_data_uri(property, value, type);
    if (!data) {
        if (!base_content_line_has(line, "ENCODING", "b") &&
            !base_content_line_has(line, "ENCODING", "base64"))
            return NULL;
        *type = value_media_type(property);
        data = value;
    }
    clean = q = apr_palloc(pool, strlen(data) + 1);
    for (; *data; data++)
        if (!apr_isspace(*data))
            *q++ = *data;
    *q = '\0';
    decoded = apr_palloc(pool, (apr_size_t)apr_base64_decode_len(clean) + 1);
    *length = (apr_size_t)apr_base64_decode(decoded, clean);
    return (const unsigned char *)decoded;
}

/* -- parameters -- */

const char *item_property_parameter(item_property_t *property, const char *name)
{
    const base_content_line_t *line = item_property_line(property);
    int i;

    for (i = 0; i < line->parameters->nelts; i++) {
        const base_content_parameter_t *parameter =
            &APR_ARRAY_IDX(line->parameters, i, base_content_parameter_t);

        if (strcasecmp(parameter->name, name) == 0)
            return parameter->first;
    }
    return NULL;
}

int item_property_has(item_property_t *property, const char *name, const char *word)
{
    return base_content_line_has(item_property_line(property), name, word);
}

/* -- texts of a component -- */

const char *item_component_text(item_component_t *component, const char *name)
{
    item_property_t *property = item_property_first(component, name);

    return property ? item_property_text(property) : NULL;
}
