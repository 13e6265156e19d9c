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

        if (node->first || node->file)
            return base_fault_make(pool, BASE_FAULT_INVALID, "a Category is too long");
        name = base_text_line(node->text, node->length, pool);
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

apr_array_header_t *item_categories_get(item_component_t *component, apr_pool_t *pool)
{
    apr_array_header_t *names = apr_array_make(pool, 4, sizeof(const char *));
    item_property_t *property = item_property_first(component, "CATEGORIES");
    apr_hash_t *seen = apr_hash_make(pool);

    for (; property; property = item_property_next(property)) {
        const apr_array_header_t *list = item_property_list(property);
        int i;

        for (i = 0; i < list->nelts && names->nelts < ITEM_CATEGORIES_MAX; i++) {
            const char *text = APR_ARRAY_IDX(list, i, const char *);
            const char *name = base_text_line(text, strlen(text), pool);

            if (!*name || apr_hash_get(seen, name, APR_HASH_KEY_STRING))
                continue;
            apr_hash_set(seen, name, APR_HASH_KEY_STRING, name);
            APR_ARRAY_PUSH(names, const char *) = name;
        }
    }
    return names;
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
    const apr_array_header_t *has = item_categories_get(component, pool);
    item_property_t *property, *next;
    int i, count = names ? names->nelts : 0, same = count == has->nelts;

    for (i = 0; i < count && same; i++)
        same = category_has(has, APR_ARRAY_IDX(names, i, const char *));
    if (same)
        return;
    property = item_property_first(component, "CATEGORIES");
    if (count) {
        if (!property)
            property = item_property_add(component, NULL, "CATEGORIES", "");
        item_property_set_list(property, names);
        property = item_property_next(property);
    }
    for (; property; property = next) {
        next = item_property_next(property);
        item_property_remove(property);
    }
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
