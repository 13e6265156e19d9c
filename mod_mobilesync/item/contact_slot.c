/* Lines of a card in the numbered elements of a contact. */
#include <stdlib.h>
#include <string.h>

#include "item/contact.h"
#include "item/contact_impl.h"

#define SLOT_MAX ITEM_CONTACT_CHILDREN_MAX

typedef struct {
    contact_card_t *card;
    const contact_property_t *property;
    const contact_lines_t *lines;
    apr_array_header_t *found;
    int count; /* of slots */
    const char *has[SLOT_MAX], *wanted[SLOT_MAX];
    char line_settled[SLOT_MAX], text_settled[SLOT_MAX];
} slots_t;

static item_property_t *slot_line(const slots_t *slots, int i)
{
    return i < slots->found->nelts ? APR_ARRAY_IDX(slots->found, i, item_property_t *) : NULL;
}

static void slots_settle(slots_t *slots, int line, int text)
{
    slots->line_settled[line] = slots->text_settled[text] = 1;
}

static void slots_init(slots_t *slots, const char *const *texts)
{
    int i;

    memset(slots->line_settled, 0, sizeof slots->line_settled);
    memset(slots->text_settled, 0, sizeof slots->text_settled);
    for (i = 0; i < slots->count; i++) {
        item_property_t *line = slot_line(slots, i);

        slots->has[i] = line ? slots->lines->read(slots->card, line) : "";
        slots->wanted[i] = texts[i] ? texts[i] : slots->has[i];
        if (strcmp(slots->has[i], slots->wanted[i]) == 0)
            slots_settle(slots, i, i);
    }
}

/* Nothing came or went, so that each line that differs has another text: "A is B now". */
static int slots_only_changed(const slots_t *slots)
{
    int i;

    for (i = 0; i < slots->count; i++)
        if (!slots->text_settled[i] && (!*slots->has[i] || !*slots->wanted[i]))
            return 0;
    return 1;
}

/* What has only another number now is the same line. */
static void slots_match(slots_t *slots)
{
    int i, k;

    for (i = 0; i < slots->count; i++)
        for (k = 0; k < slots->count && !slots->text_settled[i]; k++)
            if (*slots->wanted[i] && !slots->line_settled[k] &&
                strcmp(slots->has[k], slots->wanted[i]) == 0)
                slots_settle(slots, k, i);
}

static void slots_write(slots_t *slots)
{
    int i;

    for (i = 0; i < slots->count; i++) {
        item_property_t *line = slot_line(slots, i);

        if (slots->text_settled[i] || !*slots->wanted[i])
            continue;
        if (line && !slots->line_settled[i]) {
            slots->lines->write(slots->card, line, slots->wanted[i]);
            slots_settle(slots, i, i);
        }
        else
            slots->lines->add(slots->card, slots->property, i, slots->wanted[i]);
    }
}

/* A line that is left as an empty one keeps those behind it where the client has them. */
static void slots_remove(slots_t *slots)
{
    int keep = slots->found->nelts > slots->count, i;

    for (i = slots->count - 1; i >= 0; i--) {
        keep |= *slots->wanted[i] != '\0';
        if (slots->line_settled[i] || !*slots->has[i])
            continue;
        if (keep && !*slots->wanted[i])
            slots->lines->write(slots->card, slot_line(slots, i), "");
        else
            slots->lines->remove(slots->card, slot_line(slots, i));
    }
}

void contact_slots_set(contact_card_t *card, const contact_property_t *property,
                       const contact_lines_t *lines, const char *const *texts)
{
    slots_t slots = {.card = card, .property = property, .lines = lines};

    slots.found = lines->find(card, property);
    slots.count = property->slots < SLOT_MAX ? property->slots : SLOT_MAX;
    slots_init(&slots, texts);
    if (!slots_only_changed(&slots))
        slots_match(&slots);
    slots_write(&slots);
    slots_remove(&slots);
}

const char *contact_slot_get(contact_card_t *card, const contact_property_t *property,
                             const contact_lines_t *lines)
{
    apr_array_header_t *found = lines->find(card, property);
    item_property_t *line =
        property->n < found->nelts ? APR_ARRAY_IDX(found, property->n, item_property_t *) : NULL;
    const char *text = line ? lines->read(card, line) : "";

    return *text ? text : NULL;
}

/* -- places -- */

apr_array_header_t *contact_slots_place(contact_card_t *card, const apr_array_header_t *lines,
                                        int slots, const char *parameter)
{
    apr_array_header_t *placed =
        apr_array_make(card->pool, lines->nelts + slots, sizeof(item_property_t *));
    int i, free = 0;

    placed->nelts = slots;
    memset(placed->elts, 0, (size_t)slots * sizeof(item_property_t *));
    for (i = 0; i < lines->nelts; i++) {
        item_property_t *line = APR_ARRAY_IDX(lines, i, item_property_t *);
        const char *text = item_property_parameter(line, parameter);
        int slot = text && strlen(text) < 4 ? atoi(text) : 0;

        if (slot < 1 || slot > slots || APR_ARRAY_IDX(placed, slot - 1, item_property_t *))
            continue;
        APR_ARRAY_IDX(placed, slot - 1, item_property_t *) = line;
        APR_ARRAY_IDX(lines, i, item_property_t *) = NULL;
    }
    for (i = 0; i < lines->nelts; i++) {
        item_property_t *line = APR_ARRAY_IDX(lines, i, item_property_t *);

        while (free < slots && APR_ARRAY_IDX(placed, free, item_property_t *))
            free++;
        if (line && free < slots)
            APR_ARRAY_IDX(placed, free, item_property_t *) = line;
        else if (line)
            APR_ARRAY_PUSH(placed, item_property_t *) = line;
    }
    return placed;
}

void contact_slot_number(const apr_array_header_t *before, item_property_t *line, int slot,
                         const char *parameter)
{
    char number[2] = {(char)('1' + slot), '\0'}; /* of few */
    int i;

    for (i = 0; i < slot; i++)
        if (i >= before->nelts || !APR_ARRAY_IDX(before, i, item_property_t *)) {
            item_property_set_parameter(line, parameter, number);
            return;
        }
}
