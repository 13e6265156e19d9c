/* Parameters of a document's properties. */
#include <string.h>
#include <strings.h>
#include <apr_strings.h>

#include "item/document_impl.h"

/* -- heads: what stands before the value. A list of texts, the first of them "group.NAME" -- */

apr_array_header_t *item_head_split(const char *head, apr_pool_t *pool)
{
    apr_array_header_t *parts = apr_array_make(pool, 4, sizeof(const char *));

    for (;;) {
        const char *end =
            base_content_span(head, parts->nelts > BASE_CONTENT_PARAMETERS_MAX ? "" : ";");

        APR_ARRAY_PUSH(parts, const char *) = apr_pstrmemdup(pool, head, (apr_size_t)(end - head));
        if (!*end)
            return parts;
        head = end + 1;
    }
}

const char *item_head_join(const apr_array_header_t *parts, apr_pool_t *pool)
{
    return apr_array_pstrcat(pool, parts, ';');
}

void item_head_append(apr_array_header_t *parts, const char *part)
{
    APR_ARRAY_PUSH(parts, const char *) = part;
}

static int head_is(const char *part, const char *name, apr_pool_t *pool)
{
    return strcasecmp(base_content_parameter_name(part, strlen(part), pool), name) == 0;
}

/* All but the parameters of the name. */
apr_array_header_t *item_head_without(const apr_array_header_t *parts, const char *name,
                                      apr_pool_t *pool)
{
    apr_array_header_t *rest = apr_array_make(pool, parts->nelts + 1, sizeof(const char *));
    int i;

    for (i = 0; i < parts->nelts; i++)
        if (i == 0 || !head_is(APR_ARRAY_IDX(parts, i, const char *), name, pool))
            item_head_append(rest, APR_ARRAY_IDX(parts, i, const char *));
    return rest;
}

/* A parameter's value: RFC 6868, in quotes where it has to be. vCard 2.1 has neither: what would end
 * it is left out. */
static const char *head_value(item_document_version_t version, const char *value, apr_pool_t *pool)
{
    int plain = version == ITEM_DOCUMENT_VCARD_21;
    base_text_buffer_t text = {.pool = pool};

    base_text_buffer_append(&text, "", 0);
    for (; *value; value++) {
        if (plain && strchr(";:\"\n", *value))
            base_text_buffer_puts(&text, " ");
        else if (!plain && strchr("\n\"^", *value))
            base_text_buffer_puts(&text, *value == '\n' ? "^n" : *value == '"' ? "^'" : "^^");
        else if ((unsigned char)*value >= ' ' || *value == '\t')
            base_text_buffer_append(&text, value, 1);
    }
    if (plain || !strpbrk(text.data, ",;:"))
        return text.data;
    return apr_pstrcat(pool, "\"", text.data, "\"", NULL);
}

/* -- parameters -- */

void item_property_set_parameter(item_property_t *property, const char *name, const char *value)
{
    const item_document_t *document = item_property_document(property);
    apr_pool_t *pool = document->pool;
    const base_content_line_t *line = item_property_line(property);
    const char *old = item_property_parameter(property, name);
    apr_array_header_t *parts = item_head_split(line->head, pool), *rest;

    rest = item_head_without(parts, name, pool);
    if (value ? old && parts->nelts - rest->nelts == 1 && strcmp(old, value) == 0 : !old)
        return;
    if (value)
        item_head_append(
            rest, apr_pstrcat(pool, name, "=", head_value(document->version, value, pool), NULL));
    item_property_rewrite(property, item_head_join(rest, pool), line->value);
}

/* The values of a written parameter without the word, which has no need of quotes; NULL: none is
 * left. */
static const char *edit_unmark(const char *part, const char *word, apr_pool_t *pool)
{
    const char *equals = strchr(part, '='), *p = equals ? equals + 1 : part, *end;
    base_text_buffer_t rest = {.pool = pool};
    apr_size_t length = strlen(word);
    char *words = apr_pstrdup(pool, p), *q = words;
    int quote;

    for (; *p; p++)
        if (*p != '"')
            *q++ = *p;
    *q = '\0';
    for (p = words;; p = end + 1) {
        end = p + strcspn(p, ",");
        if ((apr_size_t)(end - p) != length || strncasecmp(p, word, length) != 0) {
            base_text_buffer_puts(&rest, rest.length ? "," : "");
            base_text_buffer_append(&rest, p, (apr_size_t)(end - p));
        }
        if (!*end)
            break;
    }
    if (!rest.length)
        return NULL;
    quote = strchr(part, '"') && strpbrk(rest.data, ",;:");
    return apr_pstrcat(pool,
                       equals ? apr_pstrmemdup(pool, part, (apr_size_t)(equals + 1 - part)) : "",
                       quote ? "\"" : "", rest.data, quote ? "\"" : "", NULL);
}

void item_property_mark(item_property_t *property, const char *name, const char *word, int on)
{
    const item_document_t *document = item_property_document(property);
    apr_pool_t *pool = document->pool;
    const base_content_line_t *line = item_property_line(property);
    apr_array_header_t *parts = item_head_split(line->head, pool),
                       *marked = apr_array_make(pool, parts->nelts + 1, sizeof(const char *));
    int i;

    if (!base_content_line_has(line, name, word) == !on)
        return;
    for (i = 0; i < parts->nelts; i++) {
        const char *part = APR_ARRAY_IDX(parts, i, const char *);

        if (!on && i > 0 && head_is(part, name, pool))
            part = edit_unmark(part, word, pool);
        if (part)
            item_head_append(marked, part);
    }
    if (on)
        item_head_append(marked, document->version == ITEM_DOCUMENT_VCARD_21 &&
                                         strcasecmp(name, "TYPE") == 0
                                     ? word
                                     : apr_pstrcat(pool, name, "=", word, NULL));
    item_property_rewrite(property, item_head_join(marked, pool), line->value);
}
