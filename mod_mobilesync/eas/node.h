/* A decoded request: a tree of elements in the request's pool, built in linear
 * time from libwbxml's parser events. Bounded by the guard (depth, elements,
 * bytes), with large payloads left in a spill file. */
#ifndef EAS_NODE_H
#define EAS_NODE_H

#include <apr_file_io.h>
#include <apr_pools.h>

#include "eas/tags.h" /* EAS_AirSync_SyncKey = page << 8 | token, generated */

typedef struct eas_node eas_node_t;
struct eas_node {
    eas_tag_t tag;
    eas_node_t *parent;
    eas_node_t *first; /* children in document order */
    eas_node_t *last;
    eas_node_t *next;
    /* Content: never NULL, NUL-terminated, "" when empty. When the payload was
     * spilled, text is "" and file is set: the bytes are at [offset, offset +
     * length) of the file, which lives as long as the pool. */
    const char *text;
    apr_size_t length;
    apr_file_t *file;
    apr_off_t offset;
};

/* First child with that tag, NULL when there is none (or node is NULL). */
const eas_node_t *eas_node_child(const eas_node_t *node, eas_tag_t tag);

/* Next sibling with the same tag. */
const eas_node_t *eas_node_next(const eas_node_t *node);

/* Text of the first child with that tag; NULL when there is no such child. */
const char *eas_node_child_text(const eas_node_t *node, eas_tag_t tag);

/* Number of the child's text. Returns 1 and sets *value when the child is there and
 * is a number of [0, maximum]; 0 when there is no such child; -1 when it is there
 * but no such number. */
int eas_node_child_uint(const eas_node_t *node, eas_tag_t tag, apr_uint64_t maximum,
                        apr_uint64_t *value);

/* A container boolean as EAS has them: absent -> missing, "" or "1" -> 1, "0" -> 0,
 * anything else -> -1. */
int eas_node_child_flag(const eas_node_t *node, eas_tag_t tag, int missing);

/* The whole content in memory, also when it was spilled. */
apr_status_t eas_node_content(const eas_node_t *node, const char **data, apr_size_t *length,
                              apr_pool_t *pool);

/* What of a document is shown: those elements whose text shown(tag) says to, and of each no more
 * than text_max bytes; of the whole about bytes_max (0: all), *cut 1 when there was more. The
 * rest is shown as its length only. */
typedef struct {
    int (*shown)(eas_tag_t tag);
    apr_size_t text_max;
    apr_size_t bytes_max;
} eas_node_view_t;

/* Indented XML. */
const char *eas_node_print(const eas_node_t *node, const eas_node_view_t *view, int *cut,
                           apr_pool_t *pool);

/* The same for TRACE logs; texts over 64 bytes and everything in Data, Mime
 * and Password elements are shown as their length only. */
const char *eas_node_dump(const eas_node_t *node, apr_pool_t *pool);

#endif
