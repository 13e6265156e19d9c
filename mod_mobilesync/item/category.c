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
