/* People: name is a word, then names of properties. Apple has X-ABRELATEDNAMES with a label, vCard 4.0
 * RELATED with a type, which may be a text (RFC 6350 6.6.6). */
#include <string.h>
#include <strings.h>
#include <apr_strings.h>

#include "base/text.h"
#include "item/contact.h"
#include "item/contact_impl.h"

static int related_is(contact_card_t *card, item_property_t *property, const char *word,
                      const char *names)
{
    const char *name = item_property_name(property), *text;

    if (contact_is_named(property, names))
        return 1;
    if (strcmp(name, "X-ABRELATEDNAMES") != 0 && strcmp(name, "RELATED") != 0)
        return 0;
    text = item_property_value(property);
    return contact_is(card, property, word) && strncasecmp(text, "urn:", 4) != 0 &&
           strncasecmp(text, "http", 4) != 0 && strncasecmp(text, "mailto:", 7) != 0;
}

static apr_array_header_t *related_find(contact_card_t *card, const contact_property_t *property)
{
    apr_array_header_t *lines = apr_array_make(card->pool, 4, sizeof(item_property_t *));
    const char *names, *word = contact_name_next(card, property->name, &names);
    item_property_t *line;

    for (line = item_property_first(card->root, NULL); line && lines->nelts < CONTACT_LINES_MAX;
         line = item_property_after(line))
        if (related_is(card, line, word, names))
            APR_ARRAY_PUSH(lines, item_property_t *) = line;
    return lines;
}

static const char *related_read(contact_card_t *card, item_property_t *line)
{
    const char *text = item_property_text(line);

    return base_text_line(text, strlen(text), card->pool);
}

static void related_write(contact_card_t *card, item_property_t *line, const char *text)
{
    (void)card;
    item_property_set_text(line, text);
}

static void related_add(contact_card_t *card, const contact_property_t *property, int slot,
                        const char *text)
{
    const char *names, *word = contact_name_next(card, property->name, &names);
    item_property_t *line;

    (void)slot;
    if (property->n && item_document_version(card->document) == ITEM_DOCUMENT_VCARD_4) {
        line = item_property_add(card->root, NULL, "RELATED", "");
        item_property_mark(line, "TYPE", word, 1);
        item_property_set_parameter(line, "VALUE", "text");
    }
    else if (*names)
        line = item_property_add(card->root, NULL, contact_name_next(card, names, &names), "");
    else
        line = contact_add_labelled(card, "X-ABRELATEDNAMES", word);
    item_property_set_text(line, text);
}

static const contact_lines_t related_lines = {.find = related_find,
                                              .read = related_read,
                                              .write = related_write,
                                              .add = related_add,
                                              .remove = contact_remove};

static const char *related_get(contact_card_t *card, const contact_property_t *property)
{
    return contact_slot_get(card, &(contact_property_t){.name = property->name}, &related_lines);
}

static void related_set(contact_card_t *card, const contact_property_t *property,
                        const char *const *texts)
{
    contact_slots_set(card, property, &related_lines, texts);
}

const contact_access_t contact_related = {.get = related_get, .set = related_set};

static const char *children_get(contact_card_t *card, const contact_property_t *property)
{
    apr_array_header_t *lines = related_find(card, property),
                       *texts = apr_array_make(card->pool, 4, sizeof(const char *));
    int i;

    for (i = 0; i < lines->nelts && i < ITEM_CONTACT_CHILDREN_MAX; i++) {
        const char *text = related_read(card, APR_ARRAY_IDX(lines, i, item_property_t *));

        if (*text)
            APR_ARRAY_PUSH(texts, const char *) = text;
    }
    return texts->nelts ? apr_array_pstrcat(card->pool, texts, '\n') : NULL;
}

static void children_set(contact_card_t *card, const contact_property_t *property,
                         const char *const *texts)
{
    const char *wanted[ITEM_CONTACT_CHILDREN_MAX];
    char *state, *name;
    int i = 0;

    for (name = apr_strtok(apr_pstrdup(card->pool, texts[0]), "\n", &state);
         name && i < ITEM_CONTACT_CHILDREN_MAX; name = apr_strtok(NULL, "\n", &state))
        wanted[i++] = name;
    while (i < ITEM_CONTACT_CHILDREN_MAX)
        wanted[i++] = "";
    contact_slots_set(card,
                      &(contact_property_t){.name = property->name,
                                            .n = property->n,
                                            .slots = ITEM_CONTACT_CHILDREN_MAX},
                      &related_lines, wanted);
}

const contact_access_t contact_children = {.get = children_get, .set = children_set};
