#include "backend/properties.h"

#include <string.h>
#include <apr_strings.h>

#include "backend/blob.h"
#include "base/text.h"

static const char *const property_names[] = {[BACKEND_PROPERTY_FOLLOW_UP] = "follow-up",
                                             [BACKEND_PROPERTY_CATEGORIES] = "categories",
                                             [BACKEND_PROPERTY_LAST_VERB] = "last-verb"};

const char *backend_property_name(backend_property_t property)
{
    return property_names[property];
}

static int property_legal(const char *text, size_t length)
{
    size_t i;

    for (i = 0; i < length; i++)
        if ((unsigned char)text[i] < ' ' && text[i] != '\n')
            return 0;
    return base_text_xml_legal(text, length);
}

base_fault_t *backend_properties_check(const backend_properties_t *properties, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < BACKEND_PROPERTY_COUNT; i++) {
        const char *text = properties->text[i];
        size_t length = text ? strlen(text) : 0;

        if (length > BACKEND_PROPERTY_MAX)
            return base_fault_make(pool, BASE_FAULT_TOO_LARGE, "%s: too much", property_names[i]);
        if (text && !property_legal(text, length))
            return base_fault_make(pool, BASE_FAULT_INVALID, "%s: no such text", property_names[i]);
    }
    return NULL;
}

int backend_properties_any(const backend_properties_t *properties)
{
    int i;

    for (i = 0; properties && i < BACKEND_PROPERTY_COUNT; i++)
        if (properties->text[i])
            return 1;
    return 0;
}

const backend_properties_t *backend_properties_copy(const backend_properties_t *properties,
                                                    apr_pool_t *pool)
{
    backend_properties_t *copy;
    int i;

    if (!backend_properties_any(properties))
        return NULL;
    copy = apr_palloc(pool, sizeof *copy);
    for (i = 0; i < BACKEND_PROPERTY_COUNT; i++)
        copy->text[i] = apr_pstrdup(pool, properties->text[i]);
    return copy;
}

backend_entry_t *backend_entry_copy(const backend_entry_t *entry, apr_pool_t *pool)
{
    backend_entry_t *copy = apr_pmemdup(pool, entry, sizeof *entry);

    copy->properties = backend_properties_copy(entry->properties, pool);
    return copy;
}

static int property_same(const char *one, const char *other)
{
    return one && other ? strcmp(one, other) == 0 : one == other;
}

apr_uint64_t backend_properties_update(const backend_properties_t *before, apr_uint64_t token,
                                       const backend_update_t *update, backend_properties_t *after)
{
    int i;

    *after = before ? *before : (backend_properties_t){{NULL}};
    for (i = 0; i < BACKEND_PROPERTY_COUNT; i++) {
        apr_uint64_t mask = BACKEND_PROPERTY_MASK(i);

        if (!(update->which & 1u << i) || property_same(after->text[i], update->properties.text[i]))
            continue;
        after->text[i] = update->properties.text[i];
        token = (token & ~mask) | ((token + (mask & -mask)) & mask);
    }
    return token;
}

base_fault_t *backend_update_check(const backend_update_t *update, apr_uint64_t uid,
                                   apr_uint64_t token, apr_pool_t *pool)
{
    return (token ^ update->match) & update->match_mask ? backend_mismatch(uid, pool) : NULL;
}
