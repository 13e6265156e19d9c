/* email:Categories (MS-ASEMAIL 2.2.2.16): the categories property, names one a line. */
#ifndef ITEM_CATEGORY_H
#define ITEM_CATEGORY_H

#include "backend/backend.h"
#include "base/fault.h"
#include "eas/node.h"
#include "eas/writer.h"
#include "item/document.h"

#define ITEM_CATEGORIES_MAX 300 /* R324 */

/* The names in a Categories element of a class, whose Category has the tag (const char *). What is
 * empty, or there twice, is left out. INVALID for more than there can be. */
base_fault_t *item_categories_names(const eas_node_t *categories, eas_tag_t tag,
                                    apr_array_header_t **names, apr_pool_t *pool);

/* CATEGORIES of a component (RFC 5545 3.8.1.2, RFC 6350 6.7.1), of which it may have several: the
 * names, each once and as a line, at most ITEM_CATEGORIES_MAX (const char *). */
apr_array_header_t *item_categories_get(item_component_t *component, apr_pool_t *pool);
/* These in place of those; none: NULL or empty. What it has already, in whatever order, is no change.
 * What is beyond ITEM_CATEGORIES_MAX stays. */
void item_categories_set(item_component_t *component, const apr_array_header_t *names,
                         apr_pool_t *pool);
/* The element of a class with its Category elements; nothing when there are none. */
void item_categories_put(const apr_array_header_t *names, eas_tag_t categories, eas_tag_t category,
                         eas_writer_t *writer);

/* *text: the property, NULL for none (R319); names as above. */
base_fault_t *item_categories_read(const eas_node_t *categories, const char **text,
                                   apr_pool_t *pool);

/* An empty element when there are none (R318). */
void item_categories_write(const backend_entry_t *entry, eas_writer_t *writer, apr_pool_t *pool);

#endif
