#include "item/category.h"

#include <string.h>
#include <apr_hash.h>
#include <apr_strings.h>

#include "base/text.h"

base_fault_t *item_categories_names(const eas_node_t *categories, eas_tag_t tag,
                                    apr_array_header_t **names, apr_pool_t *pool)
{
    apr_hash_t *seen = apr_hash_make(pool);
    const eas_node_t *node;

    *names = apr_array_make(pool, 4, sizeof(const char *));
    for (node = eas_node_child(categories, tag); node; node = eas_node_next(node)) {
        const char *name;
        apr_size_t length;

        if (node->first || node->length > ITEM_DOCUMENT_TEXT_MAX)
            return base_fault_make(pool, BASE_FAULT_INVALID, "a Category is too long");
        if (eas_node_content(node, &name, &length, pool) != APR_SUCCESS)
            return base_fault_make(pool, BASE_FAULT_UNAVAILABLE, "reading a Category");
        name = base_text_line(name, length, pool);
        if (!*name || apr_hash_get(seen, name, APR_HASH_KEY_STRING))
            continue;
        apr_hash_set(seen, name, APR_HASH_KEY_STRING, name);
        if (apr_hash_count(seen) > ITEM_CATEGORIES_MAX)
            return base_fault_make(pool, BASE_FAULT_INVALID, "over %d categories",
                                   ITEM_CATEGORIES_MAX);
        APR_ARRAY_PUSH(*names, const char *) = name;
    }
    return NULL;
}

base_fault_t *item_categories_read(const eas_node_t *categories, const char **text,
                                   apr_pool_t *pool)
{
    apr_array_header_t *names;

    BASE_TRY(item_categories_names(categories, EAS_Email_Category, &names, pool));
    *text = names->nelts ? apr_array_pstrcat(pool, names, '\n') : NULL;
    if (*text && strlen(*text) > BACKEND_PROPERTY_MAX)
        return base_fault_make(pool, BASE_FAULT_INVALID, "the categories are too long");
    return NULL;
}

void item_categories_write(const backend_entry_t *entry, eas_writer_t *writer, apr_pool_t *pool)
{
    const char *text =
        entry->properties ? entry->properties->text[BACKEND_PROPERTY_CATEGORIES] : NULL;
    char *name, *state;

    if (!text) {
        eas_writer_empty(writer, EAS_Email_Categories);
        return;
    }
    eas_writer_start(writer, EAS_Email_Categories);
    for (name = apr_strtok(apr_pstrdup(pool, text), "\n", &state); name;
         name = apr_strtok(NULL, "\n", &state))
        eas_writer_text(writer, EAS_Email_Category, name);
    eas_writer_end(writer);
}

/* -- of a component -------------------------------------------------------------------------- */

#define CATEGORY_LOOKED_MAX 3000 /* elements: many may be the same name */

/* The names that are shown. *last: the property where they end, *rest: what follows them in its value,
 * as it is written; both are not shown, nor are the properties behind it. */
static apr_array_header_t *category_walk(item_component_t *component, item_property_t **last,
                                         const char **rest, apr_pool_t *pool)
{
    apr_array_header_t *names = apr_array_make(pool, 4, sizeof(const char *));
    apr_hash_t *seen = apr_hash_make(pool);
    item_property_t *property;
    int looked = 0;

    *last = NULL;
    *rest = "";
    for (property = item_property_first(component, "CATEGORIES"); property;
         property = item_property_next(property)) {
        const char *at = NULL, *text;

        *last = property;
        while ((text = item_property_element(property, &at))) {
            const char *name = base_text_line(text, strlen(text), pool);

            if (*name && !apr_hash_get(seen, name, APR_HASH_KEY_STRING)) {
                apr_hash_set(seen, name, APR_HASH_KEY_STRING, name);
                APR_ARRAY_PUSH(names, const char *) = name;
            }
            if (names->nelts == ITEM_CATEGORIES_MAX || ++looked == CATEGORY_LOOKED_MAX) {
                *rest = at;
                return names;
            }
        }
    }
    return names;
}

apr_array_header_t *item_categories_get(item_component_t *component, apr_pool_t *pool)
{
    item_property_t *last;
    const char *rest;

    return category_walk(component, &last, &rest, pool);
}

static int category_has(const apr_array_header_t *names, const char *name)
{
    int i;

    for (i = 0; i < names->nelts; i++)
        if (strcmp(APR_ARRAY_IDX(names, i, const char *), name) == 0)
            return 1;
    return 0;
}

void item_categories_set(item_component_t *component, const apr_array_header_t *names,
                         apr_pool_t *pool)
{
    item_property_t *property, *next, *last;
    const char *rest;
    const apr_array_header_t *has = category_walk(component, &last, &rest, pool);
    int i, count = names ? names->nelts : 0, same = count == has->nelts;

    for (i = 0; i < count && same; i++)
        same = category_has(has, APR_ARRAY_IDX(names, i, const char *));
    if (same)
        return;
    if (!last)
        last = item_property_add(component, NULL, "CATEGORIES", "");
    for (property = item_property_first(component, "CATEGORIES"); property != last;
         property = next) {
        next = item_property_next(property);
        item_property_remove(property);
    }
    if (count || *rest)
        item_property_set_list(last, names ? names : apr_array_make(pool, 1, sizeof(char *)), rest);
    else
        item_property_remove(last);
}

void item_categories_put(const apr_array_header_t *names, eas_tag_t categories, eas_tag_t category,
                         eas_writer_t *writer)
{
    int i;

    if (!names->nelts)
        return;
    eas_writer_start(writer, categories);
    for (i = 0; i < names->nelts; i++)
        eas_writer_text(writer, category, APR_ARRAY_IDX(names, i, const char *));
    eas_writer_end(writer);
}
