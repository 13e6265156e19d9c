/* The tree of a document, and how it is printed. */
#include <string.h>
#include <strings.h>
#include <apr_strings.h>

#include "backend/blob.h"
#include "item/document_impl.h"

#define PRINT_LINE 75 /* octets without the line end (RFC 6350 3.2, RFC 5545 3.1) */

/* -- the tree -- */

void item_node_link(item_component_t *parent, item_node_t *previous, item_node_t *node)
{
    item_node_t *next = previous ? previous->next : parent->first;

    node->parent = parent;
    node->previous = previous;
    node->next = next;
    *(previous ? &previous->next : &parent->first) = node;
    *(next ? &next->previous : &parent->last) = node;
}

void item_node_unlink(item_node_t *node)
{
    *(node->previous ? &node->previous->next : &node->parent->first) = node->next;
    *(node->next ? &node->next->previous : &node->parent->last) = node->previous;
}

void item_node_settle(item_node_t *node)
{
    item_property_t *property = (item_property_t *)node;
    const base_content_line_t *line;

    if (!node || node->kind != NODE_PROPERTY || property->changed)
        return;
    line = item_property_line(property);
    if (line->quoted_printable && *line->value && line->value[strlen(line->value) - 1] == '=')
        item_property_rewrite(property, line->head, line->value);
}

/* -- components -- */

item_component_t *item_component_add(item_component_t *parent, const char *name)
{
    item_document_t *document = parent->document;
    item_component_t *component = apr_pcalloc(document->pool, sizeof *component);

    component->node.kind = NODE_COMPONENT;
    component->document = document;
    component->name = apr_pstrdup(document->pool, name);
    component->node.raw = apr_pstrcat(document->pool, "BEGIN:", name, document->line_end, NULL);
    component->node.length = strlen(component->node.raw);
    component->end = apr_pstrcat(document->pool, "END:", name, document->line_end, NULL);
    component->end_length = strlen(component->end);
    item_node_settle(parent->last);
    item_node_link(parent, parent->last, &component->node);
    document->changed = 1;
    return component;
}

void item_component_remove(item_component_t *component)
{
    component->document->changed = 1;
    item_node_unlink(&component->node);
}

/* -- printing -- */

/* Where a physical line ends that begins at p and has room octets: between characters. */
static const char *print_cut(const char *p, apr_size_t room)
{
    apr_size_t length = strnlen(p, room + 1), cut = base_text_utf8_floor(p, length, room);

    return p + (cut ? cut : length < room ? length : room); /* no UTF-8 at all: anywhere */
}

/* The same of quoted-printable, with room for "=". */
static const char *print_cut_quoted(const char *p, apr_size_t room)
{
    apr_size_t length = strnlen(p, room + 1);
    const char *cut = p + room - 1;

    if (length <= room)
        return p + length;
    cut -= cut[-1] == '=' ? 1 : cut[-2] == '=' ? 2 : 0;
    return strncasecmp(cut, "END:", 4) == 0 ? cut - 1 : cut; /* what ends an object ends no line */
}

static void print_fold(const char *text, const char *line_end, base_text_buffer_t *out)
{
    const char *end = print_cut(text, PRINT_LINE);

    base_text_buffer_append(out, text, (apr_size_t)(end - text));
    while (*end) {
        text = end;
        end = print_cut(text, PRINT_LINE - 1);
        base_text_buffer_puts(out, line_end);
        base_text_buffer_puts(out, " ");
        base_text_buffer_append(out, text, (apr_size_t)(end - text));
    }
    base_text_buffer_puts(out, line_end);
}

static void print_quoted(const char *head, const char *value, const char *line_end,
                         base_text_buffer_t *out)
{
    apr_size_t room = strlen(head) + 1;
    const char *end;

    base_text_buffer_printf(out, "%s:", head);
    if (*value && value[strlen(value) - 1] == '=') /* it would take in the next line */
        value = apr_pstrmemdup(out->pool, value, strlen(value) - 1);
    for (room = room + 10 < PRINT_LINE ? PRINT_LINE - room : 10;; room = PRINT_LINE) {
        end = print_cut_quoted(value, room);
        base_text_buffer_append(out, value, (apr_size_t)(end - value));
        if (!*end)
            break;
        base_text_buffer_printf(out, "=%s", line_end);
        value = end;
    }
    base_text_buffer_puts(out, line_end);
}

static void print_property(const item_property_t *property, base_text_buffer_t *out)
{
    const item_document_t *document = item_property_document(property);
    const base_content_line_t *line = property->line;
    const item_node_t *next = property->node.next;

    if (!property->changed)
        base_text_buffer_append(out, property->node.raw, property->node.length);
    else if (line->quoted_printable)
        print_quoted(line->head, line->value, document->line_end, out);
    else if (document->version == ITEM_DOCUMENT_VCARD_21 && !property->binary)
        /* what its folds mean (is their blank a part of the text?) is read in two ways */
        base_text_buffer_printf(out, "%s:%s%s", line->head, line->value, document->line_end);
    else {
        print_fold(apr_pstrcat(document->pool, line->head, ":", line->value, NULL),
                   document->line_end, out);
        /* an empty line ends base64 in vCard 2.1 */
        if (document->version == ITEM_DOCUMENT_VCARD_21 && (!next || next->kind != NODE_OTHER))
            base_text_buffer_puts(out, document->line_end);
    }
}

static void print_component(const item_component_t *component, base_text_buffer_t *out)
{
    const item_node_t *node;

    base_text_buffer_append(out, component->node.raw, component->node.length);
    for (node = component->first; node; node = node->next)
        switch (node->kind) {
        case NODE_OTHER:
            base_text_buffer_append(out, node->raw, node->length);
            break;
        case NODE_PROPERTY:
            print_property((const item_property_t *)node, out);
            break;
        case NODE_COMPONENT:
            print_component((const item_component_t *)node, out);
            break;
        }
    base_text_buffer_append(out, component->end, component->end_length);
}

const backend_blob_t *item_document_print(item_document_t *document, apr_pool_t *pool)
{
    base_text_buffer_t out = {.pool = pool};

    if (!document->changed)
        return document->blob;
    base_text_buffer_append(&out, document->before, document->before_length);
    print_component(document->root, &out);
    base_text_buffer_append(&out, document->after, document->after_length);
    return backend_blob_of(out.data, out.length, pool);
}

typedef struct {
    long lines;
    apr_size_t bytes;
} print_extent_t;

/* 0: it is beyond the limits. */
static int print_measure(const item_component_t *component, print_extent_t *extent)
{
    const item_node_t *node;

    extent->lines += 2;
    extent->bytes += component->node.length + component->end_length;
    for (node = component->first; node; node = node->next) {
        const item_property_t *property = (const item_property_t *)node;

        if (node->kind == NODE_COMPONENT) {
            if (!print_measure((const item_component_t *)node, extent))
                return 0;
            continue;
        }
        extent->lines++;
        extent->bytes += node->kind == NODE_PROPERTY && property->changed
                             ? strlen(property->line->head) + strlen(property->line->value) + 3
                             : node->length;
        if (extent->lines > ITEM_DOCUMENT_LINES_MAX || extent->bytes > ITEM_DOCUMENT_MAX)
            return 0;
    }
    return 1;
}

int item_document_fits(const item_document_t *document)
{
    print_extent_t extent = {.bytes = document->before_length + document->after_length};

    return print_measure(document->root, &extent);
}

base_fault_t *item_document_save(item_document_t *document, const backend_blob_t **blob,
                                 apr_pool_t *pool)
{
    if (!document->changed) { /* it was read */
        *blob = document->blob;
        return NULL;
    }
    if (item_document_fits(document)) { /* folding adds to what was measured */
        *blob = item_document_print(document, pool);
        if ((*blob)->size <= ITEM_DOCUMENT_MAX)
            return NULL;
    }
    return base_fault_make(pool, BASE_FAULT_TOO_LARGE, "more than %d bytes, or than %d lines",
                           ITEM_DOCUMENT_MAX, ITEM_DOCUMENT_LINES_MAX);
}

/* -- copies -- */

/* What was read and not changed since is one text for all copies in a document. */
static item_node_t *copy_node(item_document_t *document, const item_node_t *from)
{
    base_text_buffer_t raw = {.pool = document->pool};
    int same = from->parent->document == document;
    item_node_t *node;

    if (from->kind == NODE_PROPERTY) {
        const item_property_t *property = (const item_property_t *)from;
        item_property_t *copy = apr_pcalloc(document->pool, sizeof *copy);

        copy->name = apr_pstrdup(document->pool, property->name);
        copy->group = property->group ? apr_pstrdup(document->pool, property->group) : NULL;
        same = same && !property->changed;
        if (!same)
            print_property(property, &raw);
        node = &copy->node;
    }
    else {
        node = apr_pcalloc(document->pool, sizeof *node);
        if (!same)
            base_text_buffer_append(&raw, from->raw, from->length);
    }
    node->kind = from->kind;
    node->raw = same ? from->raw : raw.data;
    node->length = same ? from->length : raw.length;
    return node;
}

static int copy_is_without(const item_node_t *node, const char *const *without)
{
    for (; without && *without && node->kind == NODE_PROPERTY; without++)
        if (strcmp(((const item_property_t *)node)->name, *without) == 0)
            return 1;
    return 0;
}

item_component_t *item_component_copy(item_component_t *parent, const item_component_t *from,
                                      const char *const *without)
{
    apr_pool_t *pool = parent->document->pool;
    item_component_t *copy = item_component_add(parent, from->name);
    const item_node_t *node;

    copy->node.raw = apr_pstrmemdup(pool, from->node.raw, from->node.length);
    copy->node.length = from->node.length;
    copy->end = apr_pstrmemdup(pool, from->end, from->end_length);
    copy->end_length = from->end_length;
    for (node = from->first; node; node = node->next)
        if (node->kind == NODE_COMPONENT)
            item_component_copy(copy, (const item_component_t *)node, NULL);
        else if (!copy_is_without(node, without))
            item_node_link(copy, copy->last, copy_node(parent->document, node));
    return copy;
}
