/* Properties of a card that a contact has once. */
#include <string.h>
#include <apr_base64.h>
#include <apr_strings.h>

#include "base/text.h"
#include "item/category.h"
#include "item/contact.h"
#include "item/contact_impl.h"

static const char *value_or_null(const char *text)
{
    return text && *text ? text : NULL;
}

const char *contact_name_next(contact_card_t *card, const char *names, const char **rest)
{
    apr_size_t length = strcspn(names, " ");

    *rest = names + length + strspn(names + length, " ");
    return apr_pstrmemdup(card->pool, names, length);
}

int contact_is_named(const item_property_t *property, const char *names)
{
    const char *name = item_property_name(property);
    size_t length = strlen(name), n;

    for (; *names; names += n + strspn(names + n, " ")) {
        n = strcspn(names, " ");
        if (n == length && strncmp(names, name, n) == 0)
            return 1;
    }
    return 0;
}

item_property_t *contact_find(contact_card_t *card, const char *names)
{
    item_property_t *property;

    while (*names)
        for (property = item_property_first(card->root, contact_name_next(card, names, &names));
             property; property = item_property_next(property))
            if (*item_property_value(property))
                return property;
    return NULL;
}

/* -- texts: the first of the names that the card has, the first of all for a new one -- */

static const char *text_get(contact_card_t *card, const contact_property_t *property)
{
    item_property_t *found = contact_find(card, property->name);

    return found ? value_or_null(item_property_text(found)) : NULL;
}

static void text_set(contact_card_t *card, const contact_property_t *property,
                     const char *const *texts)
{
    item_property_t *found = contact_find(card, property->name);
    const char *rest;

    if (found && *texts[0])
        item_property_set_text(found, texts[0]);
    else if (found)
        contact_remove(card, found);
    else
        item_component_set_text(card->root, contact_name_next(card, property->name, &rest),
                                texts[0]);
}

const contact_access_t contact_text = {.get = text_get, .set = text_set};

/* -- lists of texts, which are one element for clients -- */

static apr_array_header_t *list_of(contact_card_t *card, item_property_t *found)
{
    apr_array_header_t *texts = apr_array_make(card->pool, 2, sizeof(const char *));
    const char *at = NULL, *text;

    while (texts->nelts < CONTACT_LINES_MAX && (text = item_property_element(found, &at)))
        APR_ARRAY_PUSH(texts, const char *) = text;
    return texts;
}

/* Where the card has a list, commas are between its texts for who edits it as well. */
static void list_set(contact_card_t *card, const contact_property_t *property,
                     const char *const *texts)
{
    item_property_t *found = contact_find(card, property->name);
    apr_array_header_t *list;
    char *state, *text;

    if (!found || !*texts[0] || list_of(card, found)->nelts < 2) {
        text_set(card, property, texts);
        return;
    }
    if (strcmp(item_property_text(found), texts[0]) == 0)
        return;
    list = apr_array_make(card->pool, 2, sizeof(const char *));
    for (text = apr_strtok(apr_pstrdup(card->pool, texts[0]), ",", &state); text;
         text = apr_strtok(NULL, ",", &state))
        APR_ARRAY_PUSH(list, const char *) = text + strspn(text, " ");
    item_property_set_list(found, list, "");
}

const contact_access_t contact_list = {.get = text_get, .set = list_set};

/* A URI is written without escapes. */
static void url_set(contact_card_t *card, const contact_property_t *property,
                    const char *const *texts)
{
    item_property_t *found = contact_find(card, property->name);

    if (found && !*texts[0])
        contact_remove(card, found);
    else if (found && strcmp(item_property_text(found), texts[0]) != 0)
        item_property_set_value(found, texts[0]);
    else if (!found)
        item_property_add(card->root, NULL, property->name, texts[0]);
}

const contact_access_t contact_url = {.get = text_get, .set = url_set};

/* -- components of N, ORG and ADR -- */

static const char *component_get(contact_card_t *card, const contact_property_t *property)
{
    item_property_t *found = item_property_first(card->root, property->name);

    return found ? value_or_null(item_property_component(found, property->n)) : NULL;
}

static int component_is_empty(item_property_t *property)
{
    return !item_property_value(property)[strspn(item_property_value(property), "; ")];
}

/* Of the property's slots, each a component. found NULL: there is none. */
static int components_differ(item_property_t *found, const contact_property_t *property,
                             const char *const *texts)
{
    int k;

    for (k = 0; k < property->slots; k++)
        if (texts[k] &&
            strcmp(found ? item_property_component(found, property[k].n) : "", texts[k]) != 0)
            return 1;
    return 0;
}

static void components_write(item_property_t *found, const contact_property_t *property,
                             const char *const *texts)
{
    int k;

    for (k = 0; k < property->slots; k++)
        if (texts[k])
            item_property_set_component(found, property[k].n, texts[k]);
}

static void component_set(contact_card_t *card, const contact_property_t *property,
                          const char *const *texts)
{
    item_property_t *found = item_property_first(card->root, property->name);

    if (!components_differ(found, property, texts))
        return;
    if (!found)
        found = item_property_add(card->root, NULL, property->name,
                                  strcmp(property->name, "N") == 0 ? ";;;;" : "");
    components_write(found, property, texts);
    if (component_is_empty(found) && strcmp(property->name, "N") != 0)
        contact_remove(card, found);
}

const contact_access_t contact_component = {.get = component_get, .set = component_set};

/* The first one of the name as its type. The alternate address is one of neither home nor work. */
static item_property_t *address_find(contact_card_t *card, const contact_property_t *property)
{
    item_property_t *found;

    for (found = item_property_first(card->root, "ADR"); found; found = item_property_next(found)) {
        int home = contact_is(card, found, "HOME"), work = contact_is(card, found, "WORK");

        if (strcmp(property->name, "HOME") == 0   ? home
            : strcmp(property->name, "WORK") == 0 ? work && !home
                                                  : !home && !work)
            return found;
    }
    return NULL;
}

static const char *address_get(contact_card_t *card, const contact_property_t *property)
{
    item_property_t *found = address_find(card, property);

    return found ? value_or_null(item_property_component(found, property->n)) : NULL;
}

static void address_set(contact_card_t *card, const contact_property_t *property,
                        const char *const *texts)
{
    item_property_t *found = address_find(card, property);

    if (!components_differ(found, property, texts))
        return;
    if (!found) {
        found = item_property_add(card->root, NULL, "ADR", ";;;;;;");
        /* vCard 4.0 has no such type (RFC 6350 6.3.1) */
        if (strcmp(property->name, "OTHER") != 0 ||
            item_document_version(card->document) == ITEM_DOCUMENT_VCARD_3)
            item_property_mark(found, "TYPE", property->name, 1);
    }
    components_write(found, property, texts);
    item_property_set_parameter(found, "LABEL", NULL); /* the address in words, as it was */
    if (component_is_empty(found))
        contact_remove(card, found);
}

const contact_access_t contact_address = {.get = address_get, .set = address_set};

/* -- categories -- */

static const char *categories_get(contact_card_t *card, const contact_property_t *property)
{
    apr_array_header_t *names = item_categories_get(card->root, card->pool);

    (void)property;
    return names->nelts ? apr_array_pstrcat(card->pool, names, '\n') : NULL;
}

static void categories_set(contact_card_t *card, const contact_property_t *property,
                           const char *const *texts)
{
    apr_array_header_t *names = apr_array_make(card->pool, 4, sizeof(const char *));
    char *state, *name;

    (void)property;
    for (name = apr_strtok(apr_pstrdup(card->pool, texts[0]), "\n", &state); name;
         name = apr_strtok(NULL, "\n", &state))
        APR_ARRAY_PUSH(names, const char *) = name;
    item_categories_set(card->root, names, card->pool);
}

const contact_access_t contact_categories = {.get = categories_get, .set = categories_set};

/* -- the picture: the first photo that is in the card. A URL is not followed -- */

static item_property_t *picture_find(contact_card_t *card, const unsigned char **bytes,
                                     apr_size_t *length)
{
    item_property_t *found;
    const char *type;

    for (found = item_property_first(card->root, "PHOTO"); found; found = item_property_next(found))
        if ((*bytes = item_property_binary(found, length, &type)) && *length)
            return found;
    return NULL;
}

static const char *picture_get(contact_card_t *card, const contact_property_t *property)
{
    const unsigned char *bytes;
    apr_size_t length;
    char *text;

    (void)property;
    if (!picture_find(card, &bytes, &length) ||
        apr_base64_encode_len((int)length) - 1 > ITEM_CONTACT_PICTURE_MAX)
        return NULL;
    text = apr_palloc(card->pool, (apr_size_t)apr_base64_encode_len((int)length));
    apr_base64_encode_binary(text, bytes, (int)length);
    return text;
}

static const char *picture_type(const char *bytes)
{
    static const struct {
        const char *begin, *type;
    } types[] = {{"\x89PNG", "image/png"}, {"GIF8", "image/gif"}, {"BM", "image/bmp"}};
    size_t i;

    for (i = 0; i < sizeof types / sizeof *types; i++)
        if (strncmp(bytes, types[i].begin, strlen(types[i].begin)) == 0)
            return types[i].type;
    return "image/jpeg";
}

static void picture_set(contact_card_t *card, const contact_property_t *property,
                        const char *const *texts)
{
    const unsigned char *old;
    apr_size_t length;
    item_property_t *found = picture_find(card, &old, &length);
    char *bytes;

    (void)property;
    if (!*texts[0]) {
        contact_remove(card, found);
        return;
    }
    bytes = apr_pcalloc(card->pool, (apr_size_t)apr_base64_decode_len(texts[0]) + 5);
    length = (apr_size_t)apr_base64_decode(bytes, texts[0]);
    if (!found)
        found = item_property_add(card->root, NULL, "PHOTO", "");
    item_property_set_binary(found, bytes, length, picture_type(bytes));
}

const contact_access_t contact_picture = {.get = picture_get, .set = picture_set};
