/* What is made of a contact's names: FN, which every card has, and FileAs. */
#include <string.h>
#include <apr_strings.h>

#include "base/text.h"
#include "item/contact_impl.h"

#define NAME_FILE_AS "X-EVOLUTION-FILE-AS"

/* -- patterns: letters stand for parts, which are joined by blanks; a ',' is put behind the last one,
 * brackets around the rest where there is something in front of them -- */

enum { NAME_LAST, NAME_FIRST, NAME_MIDDLE, NAME_TITLE, NAME_SUFFIX };

static const char *const name_orders[] = {"tfmls", "tfml",   "fmls",   "fml",  "tfls", "tfl",
                                          "fls",   "fl",     "lfm",    "lf",   "l,fm", "l,f",
                                          "o",     "l,fm(o", "o(l,fm", "l,fms"};
#define NAME_ORDERS (sizeof name_orders / sizeof *name_orders)
#define NAME_ORDER_FILE_AS "l,fm"

static const char *name_part(const contact_names_t *names, char letter)
{
    static const char letters[] = "lfmts";
    const char *at = strchr(letters, letter);

    return letter == 'o' ? names->company : at ? names->part[at - letters] : "";
}

static const char *name_render(const contact_names_t *names, const char *order, apr_pool_t *pool)
{
    base_text_buffer_t text = {.pool = pool};
    int comma = 0, bracket = 0;

    base_text_buffer_append(&text, "", 0);
    for (; *order; order++) {
        const char *part = name_part(names, *order);

        if (*order == ',')
            comma = text.length > 0;
        else if (*order == '(')
            bracket = text.length > 0;
        else if (*part) {
            base_text_buffer_puts(&text, comma ? ", " : text.length ? " " : "");
            base_text_buffer_puts(&text, bracket == 1 ? "(" : "");
            base_text_buffer_puts(&text, part);
            bracket += bracket == 1;
            comma = 0;
        }
    }
    base_text_buffer_puts(&text, bracket == 2 ? ")" : "");
    return text.data;
}

/* The order that gave the text; NULL. */
static const char *name_order(const contact_names_t *names, const char *text, apr_pool_t *pool)
{
    size_t i;

    for (i = 0; i < NAME_ORDERS; i++)
        if (*text && strcmp(name_render(names, name_orders[i], pool), text) == 0)
            return name_orders[i];
    return NULL;
}

/* -- names -- */

void contact_names_read(contact_card_t *card, contact_names_t *names)
{
    item_property_t *n = item_property_first(card->root, "N"),
                    *org = item_property_first(card->root, "ORG");
    const char *fn = item_component_text(card->root, "FN");
    int i;

    for (i = 0; i < 5; i++)
        names->part[i] = n ? item_property_component(n, i) : "";
    names->company = org ? item_property_component(org, 0) : "";
    names->fn = fn ? fn : "";
    names->file_as = item_component_text(card->root, NAME_FILE_AS);
}

static int names_have_parts(const contact_names_t *names)
{
    int i;

    for (i = 0; i < 5 && !*names->part[i]; i++)
        ;
    return i < 5;
}

/* What stands for a contact without names. */
static const char *names_else(contact_card_t *card, const contact_names_t *names)
{
    item_property_t *found = contact_find(card, "NICKNAME EMAIL TEL");

    if (*names->company)
        return names->company;
    if (*names->fn)
        return names->fn;
    if (names->file_as && *names->file_as)
        return names->file_as;
    return found ? item_property_text(found) : "";
}

/* The text with the parts that are others now; as it is where it was not made of them. */
static const char *names_replace(const contact_names_t *old, const contact_names_t *names,
                                 const char *text, apr_pool_t *pool)
{
    const char *order = name_order(old, text, pool), *made;
    int i;

    if (order) {
        made = name_render(names, order, pool);
        return *made ? made : text;
    }
    for (i = 0; i < 5; i++) {
        const char *at = *old->part[i] ? strstr(text, old->part[i]) : NULL;

        if (at && *names->part[i] && strcmp(old->part[i], names->part[i]) != 0)
            text = apr_pstrcat(pool, apr_pstrmemdup(pool, text, (apr_size_t)(at - text)),
                               names->part[i], at + strlen(old->part[i]), NULL);
    }
    return text;
}

static int names_are_same(const contact_names_t *one, const contact_names_t *other)
{
    int i;

    for (i = 0; i < 5; i++)
        if (strcmp(one->part[i], other->part[i]) != 0)
            return 0;
    return strcmp(one->company, other->company) == 0;
}

static const char *names_make(contact_card_t *card, const contact_names_t *names)
{
    const char *fn = name_render(names, name_orders[0], card->pool);

    return *fn ? fn : names_else(card, names);
}

void contact_names_make(contact_card_t *card)
{
    contact_names_t names;

    contact_names_read(card, &names);
    item_component_set_text(card->root, "FN", names_make(card, &names));
}

void contact_names_follow(contact_card_t *card, const contact_names_t *old, int file_as)
{
    contact_names_t names;
    const char *fn;

    contact_names_read(card, &names);
    if (names_are_same(old, &names))
        return;
    fn = names_replace(old, &names, names.fn, card->pool);
    /* a whole name was shown as the first one, and that was changed */
    if (!*fn || (!names_have_parts(old) && *names.part[NAME_FIRST] &&
                 !name_order(old, names.fn, card->pool)))
        fn = names_make(card, &names);
    item_component_set_text(card->root, "FN", fn);
    if (names.file_as && *names.file_as && file_as)
        item_component_set_text(card->root, NAME_FILE_AS,
                                names_replace(old, &names, names.file_as, card->pool));
}

/* -- elements -- */

/* A person whose card says a whole name only has it as the first one, so that phones show it. */
static const char *first_name_get(contact_card_t *card, const contact_property_t *property)
{
    contact_names_t names;

    (void)property;
    contact_names_read(card, &names);
    if (names_have_parts(&names))
        return *names.part[NAME_FIRST] ? names.part[NAME_FIRST] : NULL;
    return *names.fn && strcmp(names.fn, names.company) != 0 ? names.fn : NULL;
}

static void first_name_set(contact_card_t *card, const contact_property_t *property,
                           const char *const *texts)
{
    const char *has = first_name_get(card, property);

    if (!has || strcmp(has, texts[0]) != 0)
        contact_component.set(card, property, texts);
}

const contact_access_t contact_first_name = {.get = first_name_get, .set = first_name_set};

static const char *file_as_default(contact_card_t *card, const contact_names_t *names)
{
    const char *text = name_render(names, NAME_ORDER_FILE_AS, card->pool);
    contact_names_t others = *names;

    others.file_as = NULL;
    return *text ? text : names_else(card, &others);
}

static const char *file_as_get(contact_card_t *card, const contact_property_t *property)
{
    contact_names_t names;
    const char *text;

    (void)property;
    contact_names_read(card, &names);
    text = names.file_as && *names.file_as ? names.file_as : file_as_default(card, &names);
    return *text ? text : NULL;
}

/* The one that follows from the names is not stored. */
static void file_as_set(contact_card_t *card, const contact_property_t *property,
                        const char *const *texts)
{
    contact_names_t names;

    (void)property;
    contact_names_read(card, &names);
    if (names.file_as && strcmp(names.file_as, texts[0]) == 0)
        return;
    if (strcmp(texts[0], file_as_default(card, &names)) == 0 || !*texts[0])
        item_component_set_text(card->root, NAME_FILE_AS, NULL);
    else
        item_component_set_text(card->root, NAME_FILE_AS, texts[0]);
}

const contact_access_t contact_file_as = {.get = file_as_get, .set = file_as_set};
