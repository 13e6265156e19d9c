/* What the files of item/document*.c share: a document is a tree of nodes, each with the bytes that it
 * was read from. Only what is changed has texts of its own. */
#ifndef ITEM_DOCUMENT_IMPL_H
#define ITEM_DOCUMENT_IMPL_H

#include "base/content_line.h"
#include "base/text.h"
#include "item/document.h"

typedef enum {
    NODE_OTHER, /* a line that is no content line: kept */
    NODE_PROPERTY,
    NODE_COMPONENT
} item_node_kind_t;

typedef struct item_node item_node_t;
struct item_node {
    item_node_kind_t kind;
    item_node_t *previous, *next;
    item_component_t *parent; /* NULL: the root */
    const char *raw;          /* with folds and line end; of a component its BEGIN */
    apr_size_t length;
};

struct item_property {
    item_node_t node; /* first: a node is cast */
    const char *name; /* upper case */
    const char *group;
    const base_content_line_t *line; /* NULL: not read yet */
    const char *value;               /* item_property_value; NULL: not decoded yet */
    int changed;                     /* raw counts no more */
    int binary;                      /* changed, and the value is base64 */
};

struct item_component {
    item_node_t node; /* first */
    item_document_t *document;
    const char *name; /* upper case */
    item_node_t *first, *last;
    const char *end; /* the line END, as raw */
    apr_size_t end_length;
};

struct item_document {
    item_document_version_t version;
    item_component_t *root;
    backend_blob_t *blob; /* as it was read; NULL: made here */
    const char *before, *after;
    apr_size_t before_length, after_length;
    const char *line_end; /* "\r\n" or "\n": that of its first line */
    int changed;
    apr_pool_t *pool;
};

/* Links a node in behind previous (NULL: as the first). */
void item_node_link(item_component_t *parent, item_node_t *previous, item_node_t *node);
void item_node_unlink(item_node_t *node);
/* Before something is put behind it: a soft line break at its end, which END stopped, must not take
 * that in. NULL is no node. */
void item_node_settle(item_node_t *node);

static inline item_document_t *item_property_document(const item_property_t *property)
{
    return property->node.parent->document;
}

/* Marks the property as changed, with what is to be written. */
void item_property_rewrite(item_property_t *property, const char *head, const char *value);

const base_content_line_t *item_property_line(item_property_t *property);

/* Heads, what stands before the value, as a list of texts (const char *), the first "group.NAME"; what
 * is beyond BASE_CONTENT_PARAMETERS_MAX as one text (document_parameter.c). */
apr_array_header_t *item_head_split(const char *head, apr_pool_t *pool);
const char *item_head_join(const apr_array_header_t *parts, apr_pool_t *pool);
/* All but the parameters of the name. */
apr_array_header_t *item_head_without(const apr_array_header_t *parts, const char *name,
                                      apr_pool_t *pool);
void item_head_append(apr_array_header_t *parts, const char *part);

/* Encodings of values (document_text.c). */
const char *item_document_unescape(item_document_version_t version, const char *text,
                                   apr_size_t length, apr_pool_t *pool);
/* element: of a list */
const char *item_document_escape_for(item_document_version_t version, const char *text, int element,
                                     apr_pool_t *pool);
/* The end of the component or element that begins at p: the next separator, or end (NULL: where the
 * text ends). */
const char *item_document_value_end(item_document_version_t version, const char *p, const char *end,
                                    char separator);
/* Where component n of the value stands in it; 0: there are fewer. */
int item_document_value_component(item_property_t *property, int n, const char **start,
                                  const char **end);
const char *item_document_decode(const base_content_line_t *line, apr_pool_t *pool);
const char *item_document_encode_quoted(const char *text, apr_pool_t *pool);

#endif
