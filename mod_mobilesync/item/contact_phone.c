/* Telephone numbers of a card by their types. */
#include <string.h>
#include <strings.h>
#include <apr_strings.h>

#include "item/contact_impl.h"

/* A number among those of its type (Evolution's X-EVOLUTION-UI-SLOT is one among all) */
#define PHONE_SLOT "X-MOBILESYNC-SLOT"
#define PHONE_OTHER "OTHER" /* of no type that says where it rings */

/* What a number with a word (and another) is; the first that fits counts. NULL: it is not shown. What
 * it is, is also the TYPE of a new one. */
static const struct {
    const char *word, *other, *is;
} phone_types[] = {{"FAX", "HOME", "HOME FAX"},
                   {"FAX", "OTHER", NULL},
                   {"FAX", NULL, "WORK FAX"},
                   {"HOMEFAX", NULL, "HOME FAX"},
                   {"WORKFAX", NULL, "WORK FAX"},
                   {"OTHERFAX", NULL, NULL},
                   {"PAGER", NULL, "PAGER"},
                   {"CAR", NULL, "CAR"},
                   {"X-EVOLUTION-RADIO", NULL, "X-EVOLUTION-RADIO"},
                   {"RADIO", NULL, "X-EVOLUTION-RADIO"},
                   {"X-EVOLUTION-ASSISTANT", NULL, "X-EVOLUTION-ASSISTANT"},
                   {"ASSISTANT", NULL, "X-EVOLUTION-ASSISTANT"},
                   {"X-EVOLUTION-COMPANY", NULL, "X-EVOLUTION-COMPANY"},
                   {"COMPANY MAIN", NULL, "X-EVOLUTION-COMPANY"},
                   {"MAIN", NULL, "X-EVOLUTION-COMPANY"},
                   {"X-EVOLUTION-TELEX", NULL, NULL},
                   {"X-EVOLUTION-TTYTDD", NULL, NULL},
                   {"TLX", NULL, NULL},
                   {"TEXTPHONE", NULL, NULL},
                   {"MODEM", NULL, NULL},
                   {"BBS", NULL, NULL},
                   {"CELL", NULL, "CELL"},
                   {"MOBILE", NULL, "CELL"},
                   {"IPHONE", NULL, "CELL"},
                   {"HOME", NULL, "HOME"},
                   {"WORK", NULL, "WORK"}};

static const char *phone_is(contact_card_t *card, item_property_t *line)
{
    const char *label = contact_label(card, line);
    size_t i;

    for (i = 0; i < sizeof phone_types / sizeof *phone_types; i++)
        if ((item_property_has(line, "TYPE", phone_types[i].word) ||
             strcasecmp(label, phone_types[i].word) == 0) &&
            (!phone_types[i].other || item_property_has(line, "TYPE", phone_types[i].other)))
            return phone_types[i].is;
    return PHONE_OTHER;
}

/* Numbers of no type are shown, too: the first as the mobile one, if there is no other, the rest as
 * those of work. */
static apr_array_header_t *phone_find(contact_card_t *card, const contact_property_t *property)
{
    apr_array_header_t *lines = apr_array_make(card->pool, 4, sizeof(item_property_t *)),
                       *others = apr_array_make(card->pool, 4, sizeof(item_property_t *));
    int cell = strcmp(property->name, "CELL") == 0, work = strcmp(property->name, "WORK") == 0,
        skip = work /* the first of no type */, count = 0;
    item_property_t *line;

    for (line = item_property_first(card->root, "TEL"); line && skip && count < CONTACT_LINES_MAX;
         line = item_property_next(line), count++) {
        const char *is = phone_is(card, line);

        skip = !is || strcmp(is, "CELL") != 0;
    }
    count = 0;
    for (line = item_property_first(card->root, "TEL"); line && count < CONTACT_LINES_MAX;
         line = item_property_next(line), count++) {
        const char *is = phone_is(card, line);
        int other = is && strcmp(is, PHONE_OTHER) == 0;

        if (is && (strcmp(is, property->name) == 0 || (work && other && !skip)))
            APR_ARRAY_PUSH(lines, item_property_t *) = line;
        else if (cell && other) /* behind a mobile one, whose place it must not take */
            APR_ARRAY_PUSH(others, item_property_t *) = line;
        skip &= !other;
    }
    apr_array_cat(lines, others);
    return contact_slots_place(card, lines, cell ? 1 : 2, PHONE_SLOT);
}

static const char *phone_read(contact_card_t *card, item_property_t *line)
{
    const char *text = item_property_text(line);

    (void)card;
    return strncasecmp(text, "tel:", 4) == 0 ? text + 4 : text;
}

static void phone_write(contact_card_t *card, item_property_t *line, const char *text)
{
    if (strcmp(phone_read(card, line), text) == 0)
        return;
    if (item_property_has(line, "VALUE", "uri"))
        item_property_set_parameter(line, "VALUE", NULL);
    item_property_set_text(line, text);
}

static void phone_add(contact_card_t *card, const contact_property_t *property, int slot,
                      const char *text)
{
    apr_array_header_t *before = phone_find(card, property);
    item_property_t *line = item_property_add(card->root, NULL, "TEL", "");
    char *words = apr_pstrdup(card->pool, property->name), *word, *state;

    contact_slot_number(before, line, slot, PHONE_SLOT);
    for (word = apr_strtok(words, " ", &state); word; word = apr_strtok(NULL, " ", &state))
        item_property_mark(line, "TYPE", word, 1);
    item_property_set_text(line, text);
}

static const contact_lines_t phone_lines = {.find = phone_find,
                                            .read = phone_read,
                                            .write = phone_write,
                                            .add = phone_add,
                                            .remove = contact_remove};

static const char *phone_get(contact_card_t *card, const contact_property_t *property)
{
    return contact_slot_get(card, property, &phone_lines);
}

static void phone_set(contact_card_t *card, const contact_property_t *property,
                      const char *const *texts)
{
    contact_slots_set(card, property, &phone_lines, texts);
}

const contact_access_t contact_phone = {.get = phone_get, .set = phone_set};
