/* E-mail addresses, instant messaging, telephone numbers: lines of which a card may have many. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "base/text.h"
#include "item/contact_impl.h"
#include "item/header.h"

#define LINE_IM_MAX 50 /* that are looked at */
#define LINE_SLOT "X-EVOLUTION-UI-SLOT"

/* -- labels of groups: Apple's "item1.X-ABLabel:_$!<HomeFAX>!$_" -- */

static void label_read(contact_card_t *card)
{
    item_property_t *property;

    card->labels = apr_hash_make(card->pool);
    for (property = item_property_first(card->root, "X-ABLABEL"); property;
         property = item_property_next(property)) {
        const char *group = item_property_group(property), *text = item_property_text(property);

        if (strncmp(text, "_$!<", 4) == 0)
            text = apr_pstrmemdup(card->pool, text + 4, strcspn(text + 4, ">"));
        if (group)
            apr_hash_set(card->labels, base_text_lower(group, card->pool), APR_HASH_KEY_STRING,
                         text);
    }
}

const char *contact_label(contact_card_t *card, const item_property_t *property)
{
    const char *group = item_property_group(property);
    char lower[32];
    size_t i, length = group ? strlen(group) : 0;

    if (!group || length >= sizeof lower)
        return "";
    if (!card->labels)
        label_read(card);
    for (i = 0; i <= length; i++)
        lower[i] = (char)apr_tolower(group[i]);
    group = apr_hash_get(card->labels, lower, (apr_ssize_t)length);
    return group ? group : "";
}

int contact_is(contact_card_t *card, item_property_t *property, const char *word)
{
    return item_property_has(property, "TYPE", word) ||
           strcasecmp(contact_label(card, property), word) == 0;
}

void contact_remove(contact_card_t *card, item_property_t *property)
{
    const char *group = item_property_group(property);
    item_property_t *other, *next;

    item_property_remove(property);
    if (!group)
        return;
    card->labels = NULL;
    for (other = item_property_first(card->root, NULL); other; other = item_property_after(other))
        if (item_property_group(other) && strcasecmp(item_property_group(other), group) == 0 &&
            strcmp(item_property_name(other), "X-ABLABEL") != 0)
            return;
    for (other = item_property_first(card->root, "X-ABLABEL"); other; other = next) {
        next = item_property_next(other);
        if (item_property_group(other) && strcasecmp(item_property_group(other), group) == 0)
            item_property_remove(other);
    }
}

item_property_t *contact_add_labelled(contact_card_t *card, const char *name, const char *label)
{
    item_property_t *property, *other;
    const char *group;
    int highest = 0;

    for (other = item_property_first(card->root, NULL); other; other = item_property_after(other)) {
        group = item_property_group(other);
        if (group && strncasecmp(group, "item", 4) == 0 && strlen(group) < 10 &&
            atoi(group + 4) > highest)
            highest = atoi(group + 4);
    }
    group = apr_psprintf(card->pool, "item%d", highest + 1);
    property = item_property_add(card->root, group, name, "");
    item_property_add(card->root, group, "X-ABLabel",
                      apr_pstrcat(card->pool, "_$!<", label, ">!$_", NULL));
    card->labels = NULL;
    return property;
}

/* -- URIs -- */

/* Without the scheme of a URI. */
static const char *line_without(const char *text, const char *scheme)
{
    size_t length = strlen(scheme);

    return strncasecmp(text, scheme, length) == 0 ? text + length : text;
}

static void line_set(item_property_t *line, const char *text)
{
    if (item_property_parameter(line, "VALUE"))
        item_property_set_parameter(line, "VALUE", NULL); /* it is no URI any more */
    item_property_set_text(line, text);
}

/* -- e-mail -- */

static apr_array_header_t *email_find(contact_card_t *card, const contact_property_t *property)
{
    apr_array_header_t *lines = apr_array_make(card->pool, 4, sizeof(item_property_t *));
    item_property_t *line;
    int preferred;

    (void)property;
    for (preferred = 1; preferred >= 0; preferred--)
        for (line = item_property_first(card->root, "EMAIL"); line; line = item_property_next(line))
            if ((item_property_has(line, "TYPE", "PREF") || item_property_has(line, "PREF", "1")) ==
                preferred)
                APR_ARRAY_PUSH(lines, item_property_t *) = line;
    return contact_slots_place(card, lines, 3, LINE_SLOT);
}

static const char *email_read(contact_card_t *card, item_property_t *line)
{
    (void)card;
    return line_without(item_property_text(line), "mailto:");
}

static void email_write(contact_card_t *card, item_property_t *line, const char *text)
{
    if (strcmp(email_read(card, line), text) != 0)
        line_set(line, text);
}

static void email_add(contact_card_t *card, const contact_property_t *property, int slot,
                      const char *text)
{
    apr_array_header_t *before = email_find(card, property);
    item_property_t *line = item_property_add(card->root, NULL, "EMAIL", "");

    if (item_document_version(card->document) != ITEM_DOCUMENT_VCARD_4)
        item_property_mark(line, "TYPE", "INTERNET", 1);
    contact_slot_number(before, line, slot, LINE_SLOT);
    item_property_set_text(line, text);
}

static const contact_lines_t email_lines = {.find = email_find,
                                            .read = email_read,
                                            .write = email_write,
                                            .add = email_add,
                                            .remove = contact_remove};

static const char *email_get(contact_card_t *card, const contact_property_t *property)
{
    return contact_slot_get(card, property, &email_lines);
}

/* Some clients send "Name" <address>, as Exchange does; the address is what it is about (MS-ASDTYPE
 * R100). */
static const char *email_address(contact_card_t *card, const char *text)
{
    apr_array_header_t *addresses;

    if (!text || !strchr(text, '<'))
        return text;
    addresses = apr_array_make(card->pool, 1, sizeof(item_address_t));
    item_header_addresses(text, addresses, card->pool);
    if (addresses->nelts != 1 || !*APR_ARRAY_IDX(addresses, 0, item_address_t).address)
        return text;
    return APR_ARRAY_IDX(addresses, 0, item_address_t).address;
}

static void email_set(contact_card_t *card, const contact_property_t *property,
                      const char *const *texts)
{
    const char *addresses[3];
    int i;

    for (i = 0; i < 3; i++)
        addresses[i] = email_address(card, texts[i]);
    contact_slots_set(card, property, &email_lines, addresses);
}

const contact_access_t contact_email = {.get = email_get, .set = email_set};

/* -- instant messaging -- */

static int im_is(item_property_t *property)
{
    static const char *const names[] = {"IMPP",
                                        "X-AIM",
                                        "X-ICQ",
                                        "X-JABBER",
                                        "X-MSN",
                                        "X-YAHOO",
                                        "X-GADUGADU",
                                        "X-GOOGLE-TALK",
                                        "X-GROUPWISE",
                                        "X-SKYPE",
                                        "X-SKYPE-USERNAME",
                                        "X-QQ",
                                        "X-SIP",
                                        "X-MATRIX",
                                        "X-MS-IMADDRESS",
                                        "X-KADDRESSBOOK-X-IMADDRESS"};
    size_t i;

    for (i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(item_property_name(property), names[i]) == 0)
            return 1;
    return 0;
}

/* "xmpp:" of an IMPP, with the colon; "" where there is none. */
static const char *im_scheme(contact_card_t *card, const char *text)
{
    const char *p = text;

    while (apr_isalnum(*p) || (*p && strchr("+-.", *p)))
        p++;
    return *p == ':' && apr_isalpha(*text)
               ? apr_pstrmemdup(card->pool, text, (apr_size_t)(p + 1 - text))
               : "";
}

static const char *im_read(contact_card_t *card, item_property_t *line)
{
    const char *text = item_property_text(line), *address;

    if (strcmp(item_property_name(line), "IMPP") != 0)
        return text;
    address = text + strlen(im_scheme(card, text));
    text = base_text_percent_decode(address, card->pool);
    return text && base_text_xml_legal(text, strlen(text)) ? text : address;
}

/* Without those that say what an earlier one says: Apple writes IMPP and, say, X-AIM. */
static apr_array_header_t *im_find(contact_card_t *card, const contact_property_t *property)
{
    apr_array_header_t *lines = apr_array_make(card->pool, 4, sizeof(item_property_t *));
    item_property_t *line;
    int i;

    (void)property;
    for (line = item_property_first(card->root, NULL); line && lines->nelts < LINE_IM_MAX;
         line = item_property_after(line)) {
        const char *text;

        if (!im_is(line))
            continue;
        text = im_read(card, line);
        for (i = 0; i < lines->nelts; i++)
            if (*text &&
                strcmp(im_read(card, APR_ARRAY_IDX(lines, i, item_property_t *)), text) == 0)
                break;
        if (i == lines->nelts)
            APR_ARRAY_PUSH(lines, item_property_t *) = line;
    }
    return contact_slots_place(card, lines, 3, LINE_SLOT);
}

/* The line and its like: another text, or NULL: they go. */
static void im_each(contact_card_t *card, item_property_t *first, const char *text)
{
    const char *old = im_read(card, first), *value;
    item_property_t *line, *next;

    for (line = item_property_first(card->root, NULL); line; line = next) {
        next = item_property_after(line);
        if (line != first && (!*old || !im_is(line) || strcmp(im_read(card, line), old) != 0))
            continue;
        if (!text) {
            contact_remove(card, line);
            continue;
        }
        value = item_property_text(line);
        if (strcmp(item_property_name(line), "IMPP") == 0 && !*im_scheme(card, text))
            value = apr_pstrcat(card->pool, im_scheme(card, value), text, NULL);
        else
            value = text;
        item_property_set_text(line, value);
    }
}

static void im_write(contact_card_t *card, item_property_t *line, const char *text)
{
    if (strcmp(im_read(card, line), text) != 0)
        im_each(card, line, text);
}

static void im_add(contact_card_t *card, const contact_property_t *property, int slot,
                   const char *text)
{
    apr_array_header_t *before = im_find(card, property);
    item_property_t *line = item_property_add(card->root, NULL, "IMPP", "");

    contact_slot_number(before, line, slot, LINE_SLOT);
    item_property_set_text(
        line, *im_scheme(card, text) ? text : apr_pstrcat(card->pool, "im:", text, NULL));
}

static void im_remove(contact_card_t *card, item_property_t *line)
{
    im_each(card, line, NULL);
}

static const contact_lines_t im_lines = {
    .find = im_find, .read = im_read, .write = im_write, .add = im_add, .remove = im_remove};

static const char *im_get(contact_card_t *card, const contact_property_t *property)
{
    return contact_slot_get(card, property, &im_lines);
}

static void im_set(contact_card_t *card, const contact_property_t *property,
                   const char *const *texts)
{
    contact_slots_set(card, property, &im_lines, texts);
}

const contact_access_t contact_im = {.get = im_get, .set = im_set};
