/* Birthday and anniversary: days without a time. */
#include <string.h>
#include <apr_strings.h>

#include "item/contact_impl.h"
#include "item/date.h"

static int day_digits(const char **at, int count, int *number)
{
    for (*number = 0; count--; (*at)++) {
        if (**at < '0' || **at > '9')
            return 0;
        *number = *number * 10 + **at - '0';
    }
    return 1;
}

int contact_day_parse(const char *text, int *year, int *month, int *day)
{
    int dashed;

    if (strncmp(text, "--", 2) == 0) {
        *year = 1604; /* a leap year, as Apple has it */
        text += 2;
        dashed = text[0] && text[1] && text[2] == '-';
    }
    else {
        if (!day_digits(&text, 4, year))
            return 0;
        dashed = *text == '-';
        text += dashed;
    }
    if (!day_digits(&text, 2, month) || (dashed && *text++ != '-') || !day_digits(&text, 2, day))
        return 0;
    return (!*text || strchr("T tZ", *text)) && *year > 0 && *month >= 1 && *month <= 12 &&
           *day >= 1 && *day <= item_date_month_days(*year, *month);
}

/* The first name is vCard 4.0's, the last but one what others read. Apple labels an X-ABDATE. */
static item_property_t *day_find(contact_card_t *card, const contact_property_t *property,
                                 int *year, int *month, int *day)
{
    item_property_t *found;

    for (found = item_property_first(card->root, NULL); found; found = item_property_after(found))
        if ((contact_is_named(found, property->name) ||
             (property->n && strcmp(item_property_name(found), "X-ABDATE") == 0 &&
              contact_is(card, found, "Anniversary"))) &&
            contact_day_parse(item_property_text(found), year, month, day))
            return found;
    return NULL;
}

static const char *day_get(contact_card_t *card, const contact_property_t *property)
{
    int year, month, day;

    if (!day_find(card, property, &year, &month, &day))
        return NULL;
    return apr_psprintf(card->pool, "%04d-%02d-%02dT11:59:00.000Z", year, month, day);
}

static void day_write(contact_card_t *card, item_property_t *found, const char *text)
{
    int year, month, day, old_year, old_month, old_day;
    const char *old = item_property_text(found);
    int was = contact_day_parse(old, &old_year, &old_month, &old_day),
        four = item_document_version(card->document) == ITEM_DOCUMENT_VCARD_4,
        basic = was ? !strchr(old + 2, '-') : four;

    if (!contact_day_parse(text, &year, &month, &day) ||
        (was && year == old_year && month == old_month && day == old_day))
        return;
    item_property_set_parameter(found, "VALUE", NULL);
    item_property_set_parameter(found, "X-APPLE-OMIT-YEAR", year == 1604 && !four ? "1604" : NULL);
    if (year == 1604 && four)
        item_property_set_value(found, apr_psprintf(card->pool, "--%02d%02d", month, day));
    else
        item_property_set_value(
            found,
            apr_psprintf(card->pool, basic ? "%04d%02d%02d" : "%04d-%02d-%02d", year, month, day));
}

static void day_set(contact_card_t *card, const contact_property_t *property,
                    const char *const *texts)
{
    const char *rest, *name = contact_name_next(card, property->name, &rest);
    int year, month, day;
    item_property_t *found = day_find(card, property, &year, &month, &day);

    if (!*texts[0]) {
        contact_remove(card, found);
        return;
    }
    if (!found) {
        if (*rest && item_document_version(card->document) != ITEM_DOCUMENT_VCARD_4)
            name = contact_name_next(card, rest, &rest);
        found = item_property_first(card->root, name); /* what is no day is replaced */
    }
    if (!found)
        found = item_property_add(card->root, NULL, name, "");
    day_write(card, found, texts[0]);
}

const contact_access_t contact_date = {.get = day_get, .set = day_set};
