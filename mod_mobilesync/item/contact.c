#include "item/contact.h"

#include <string.h>
#include <strings.h>
#include <apr_base64.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "base/text.h"
#include "base/time.h"
#include "item/category.h"
#include "item/contact_impl.h"
#include "item/note_body.h"

static const contact_property_t contact_properties[] = {
#define CONTACT_PROPERTY(tag, access, name, n, slots, child, ghosted) \
    {EAS_##tag, &contact_##access, name, n, slots, EAS_##child, ghosted},
#include "item/contact.tbl"
#undef CONTACT_PROPERTY
};

#define CONTACT_COUNT ((int)(sizeof contact_properties / sizeof *contact_properties))

static base_fault_t *contact_open(const backend_blob_t *blob, contact_card_t *card,
                                  apr_pool_t *pool)
{
    memset(card, 0, sizeof *card);
    card->pool = pool;
    BASE_TRY(item_document_parse(blob, &card->document, pool));
    card->root = item_document_root(card->document);
    if (strcmp(item_component_name(card->root), "VCARD") != 0)
        return base_fault_make(pool, BASE_FAULT_CONVERSION, "no vCard");
    return NULL;
}

/* -- what it says ---------------------------------------------------------------------------- */

typedef struct {
    const char *texts[CONTACT_COUNT]; /* NULL: not there, or not wanted */
    item_note_body_t *body;
    apr_pool_t *pool;
} contact_t;

static base_fault_t *contact_load(const backend_blob_t *blob, const item_reference_t *reference,
                                  const backend_entry_t *entry, const item_options_t *options,
                                  void **item, apr_pool_t *pool)
{
    contact_t *contact = apr_pcalloc(pool, sizeof *contact);
    const char *plain, *html;
    contact_card_t card;
    int i;

    (void)reference;
    contact->pool = pool;
    BASE_TRY(base_fault_wrap(contact_open(blob, &card, pool), pool, "contact %" APR_UINT64_T_FMT,
                             entry->uid));
    for (i = 0; i < CONTACT_COUNT; i++)
        if (item_options_want(options, contact_properties[i].tag))
            contact->texts[i] = contact_properties[i].access->get(&card, &contact_properties[i]);
    if (item_options_want(options, EAS_AirSyncBase_Body)) {
        item_note_body_get(card.root, "NOTE", &plain, &html, pool);
        BASE_TRY(item_note_body_load(plain, html, options, &contact->body, pool));
    }
    *item = contact;
    return NULL;
}

static void contact_write_names(const contact_t *contact, int i, eas_writer_t *writer)
{
    char *state, *name = apr_pstrdup(contact->pool, contact->texts[i]);

    eas_writer_start(writer, contact_properties[i].tag);
    for (name = apr_strtok(name, "\n", &state); name; name = apr_strtok(NULL, "\n", &state))
        eas_writer_text(writer, contact_properties[i].child, name);
    eas_writer_end(writer);
}

static void contact_write(void *item, int part, eas_writer_t *writer)
{
    const contact_t *contact = item;
    int i;

    for (i = 0; i < CONTACT_COUNT; i++)
        if (contact->texts[i] && contact_properties[i].child)
            contact_write_names(contact, i, writer);
        else if (contact->texts[i])
            eas_writer_text(writer, contact_properties[i].tag, contact->texts[i]);
    item_note_body_write(contact->body, part, writer);
}

static int contact_body_has_data(const void *item)
{
    return item_note_body_has_data(((const contact_t *)item)->body);
}

static base_fault_t *contact_body_read(void *item, char *buffer, apr_size_t *length)
{
    return item_note_body_read(((contact_t *)item)->body, buffer, length);
}

/* -- what a client makes of it --------------------------------------------------------------- */

static base_fault_t *contact_invalid(eas_tag_t tag, const char *what, apr_pool_t *pool)
{
    return base_fault_make(pool, BASE_FAULT_INVALID, "contact: %s: %s", eas_tag_name(tag), what);
}

/* As base64 is written here, so that it compares. */
static base_fault_t *contact_picture_text(const char **text, apr_pool_t *pool)
{
    const char *from = *text;
    char *clean = apr_palloc(pool, strlen(from) + 1), *to = clean, *bytes;
    int length;

    for (; *from; from++)
        if (!apr_isspace(*from))
            *to++ = *from;
    *to = '\0';
    if (to - clean > ITEM_CONTACT_PICTURE_MAX) /* R384 */
        return contact_invalid(EAS_Contacts_Picture, "greater than 48 KB", pool);
    bytes = apr_palloc(pool, (apr_size_t)apr_base64_decode_len(clean) + 1);
    length = apr_base64_decode(bytes, clean);
    if (*clean && length <= 0)
        return contact_invalid(EAS_Contacts_Picture, "no base64", pool);
    *text = to = apr_pcalloc(pool, (apr_size_t)apr_base64_encode_len(length));
    apr_base64_encode(to, bytes, length);
    return NULL;
}

/* A line each. Two children may have the same name, two categories may not. */
static base_fault_t *contact_names(const contact_property_t *property, const eas_node_t *node,
                                   const char **text, apr_pool_t *pool)
{
    apr_array_header_t *names = apr_array_make(pool, 4, sizeof(const char *));
    const eas_node_t *child;

    if (property->access == &contact_categories)
        BASE_TRY(item_categories_names(node, property->child, &names, pool));
    else
        for (child = eas_node_child(node, property->child); child; child = eas_node_next(child)) {
            const char *name;
            apr_size_t length;

            if (child->length > ITEM_DOCUMENT_TEXT_MAX)
                return contact_invalid(property->child, "too long", pool);
            if (eas_node_content(child, &name, &length, pool) != APR_SUCCESS)
                return base_fault_make(pool, BASE_FAULT_UNAVAILABLE, "contact: reading a name");
            if (length)
                APR_ARRAY_PUSH(names, const char *) = base_text_line(name, length, pool);
        }
    if (names->nelts > ITEM_CONTACT_CHILDREN_MAX)
        return contact_invalid(property->tag, "too many", pool);
    *text = names->nelts ? apr_array_pstrcat(pool, names, '\n') : "";
    return NULL;
}

/* In the form in which access->get gives it. */
static base_fault_t *contact_wanted(const contact_property_t *property, const eas_node_t *node,
                                    const char **text, apr_pool_t *pool)
{
    apr_size_t length;
    int year, month, day;

    if (property->child)
        return contact_names(property, node, text, pool);
    if (eas_node_content(node, text, &length, pool) != APR_SUCCESS)
        return base_fault_make(pool, BASE_FAULT_UNAVAILABLE, "contact: reading an element");
    if (property->access == &contact_picture)
        return contact_picture_text(text, pool);
    if (length > ITEM_DOCUMENT_TEXT_MAX)
        return contact_invalid(property->tag, "too long", pool);
    *text = base_text_xml_sanitize(*text, length, pool);
    if (property->access != &contact_date || !**text)
        return NULL;
    if (!contact_day_parse(*text, &year, &month, &day) || **text == '-')
        return contact_invalid(property->tag, "no date", pool);
    *text = apr_psprintf(pool, "%04d-%02d-%02dT11:59:00.000Z", year, month, day);
    return NULL;
}

/* Does a Change that leaves the element out delete it? */
static int contact_is_deleted(const item_change_t *change, const contact_property_t *property)
{
    int i;

    if (!change->supported)
        return property->ghosted == 1; /* R5906 */
    for (i = 0; i < change->supported->nelts; i++)
        if (APR_ARRAY_IDX(change->supported, i, eas_tag_t) == property->tag)
            return property->ghosted;
    return 0;
}

typedef struct {
    const char *before[CONTACT_COUNT];
    const char *wanted[CONTACT_COUNT]; /* NULL: as it is; "": it is to go */
    int sent[CONTACT_COUNT];
} contact_edit_t;

static base_fault_t *contact_plan(const item_change_t *change, contact_card_t *card, int is_new,
                                  contact_edit_t *edit)
{
    int i;

    for (i = 0; i < CONTACT_COUNT; i++) {
        const contact_property_t *property = &contact_properties[i];
        const eas_node_t *node = eas_node_child(change->data, property->tag);

        edit->before[i] = property->access->get(card, property);
        edit->wanted[i] = NULL;
        edit->sent[i] = node != NULL;
        if (node)
            BASE_TRY(contact_wanted(property, node, &edit->wanted[i], card->pool));
        else if (!is_new && contact_is_deleted(change, property))
            edit->wanted[i] = "";
        if (edit->wanted[i] && !*edit->wanted[i] && !edit->before[i])
            edit->wanted[i] = NULL; /* what is not shown is not deleted */
    }
    return NULL;
}

static void contact_set(contact_card_t *card, const contact_edit_t *edit)
{
    int i, k;

    for (i = 0; i < CONTACT_COUNT; i++) {
        const contact_property_t *property = &contact_properties[i];
        int wanted = 0;

        for (k = 0; k < property->slots; k++)
            wanted |= edit->wanted[i + k] != NULL;
        if (wanted)
            property->access->set(card, property, edit->wanted + i);
    }
}

static base_fault_t *contact_set_body(const item_change_t *change, contact_card_t *card)
{
    const eas_node_t *body = eas_node_child(change->data, EAS_AirSyncBase_Body);

    if (!body) /* R461 */
        return NULL;
    return item_note_body_change(card->root, "NOTE", body, change->options, card->pool);
}

static int contact_is_same(const char *one, const char *other)
{
    one = one ? one : "";
    other = other ? other : "";
    for (;; one++, other++) {
        one += *one == '\r';
        other += *other == '\r';
        if (*one != *other)
            return 0;
        if (!*one)
            return 1;
    }
}

/* Is it what the client believes? FileAs and FirstName, when they are not there, follow from other
 * names. */
static int contact_is_expected(contact_card_t *card, const contact_edit_t *edit)
{
    int i;

    for (i = 0; i < CONTACT_COUNT; i++) {
        const contact_property_t *property = &contact_properties[i];
        const char *expected = edit->wanted[i] ? edit->wanted[i] : edit->before[i];

        if ((property->access == &contact_file_as && !edit->sent[i]) ||
            ((property->access == &contact_file_as || property->access == &contact_first_name) &&
             (!expected || !*expected)))
            continue;
        if (!contact_is_same(property->access->get(card, property), expected))
            return 0;
    }
    return 1;
}

static int contact_file_as_is_sent(const contact_edit_t *edit)
{
    int i;

    for (i = 0; i < CONTACT_COUNT; i++)
        if (contact_properties[i].access == &contact_file_as)
            return edit->sent[i];
    return 0;
}

static base_fault_t *contact_apply(const item_change_t *change, contact_card_t *card, int is_new)
{
    contact_edit_t *edit = apr_palloc(card->pool, sizeof *edit);
    contact_names_t old;

    contact_names_read(card, &old);
    BASE_TRY(contact_plan(change, card, is_new, edit));
    contact_set(card, edit);
    BASE_TRY(contact_set_body(change, card));
    if (is_new)
        contact_names_make(card);
    else
        contact_names_follow(card, &old, !contact_file_as_is_sent(edit));
    if (!contact_is_expected(card, edit))
        *change->tell = 1;
    return NULL;
}

static void contact_make(const item_change_t *change, contact_card_t *card, apr_pool_t *pool)
{
    memset(card, 0, sizeof *card);
    card->pool = pool;
    card->document = item_document_make(ITEM_DOCUMENT_VCARD_3, pool);
    card->root = item_document_root(card->document);
    item_component_set_text(card->root, "PRODID", "-//mod_mobilesync//EN");
    item_component_set_text(card->root, "UID", change->key);
    item_property_add(card->root, NULL, "N", ";;;;"); /* RFC 2426 3.1.2: required */
}

static base_fault_t *contact_change(const item_change_t *change, const backend_blob_t *original,
                                    const backend_blob_t **blob, apr_pool_t *pool)
{
    contact_card_t card;

    if (change->instance || !change->data)
        return base_fault_make(pool, BASE_FAULT_INVALID, "contact: it has no occurrences");
    if (original)
        BASE_TRY(contact_open(original, &card, pool));
    else
        contact_make(change, &card, pool);
    BASE_TRY(contact_apply(change, &card, !original));
    *blob = original;
    if (original && !item_document_is_changed(card.document))
        return NULL;
    item_component_set_text(card.root, "REV", base_time_format_compact(change->now, pool));
    *blob = item_document_print(card.document, pool);
    if ((*blob)->size > ITEM_DOCUMENT_MAX)
        return base_fault_make(pool, BASE_FAULT_INVALID, "contact: too large");
    return NULL;
}

/* -- what a store has to know ---------------------------------------------------------------- */

/* A group of contacts (RFC 6350 6.1.4, and Apple's and Evolution's ways) is none; phones would take it
 * for a person. */
static base_fault_t *contact_describe(const backend_blob_t *blob,
                                      backend_description_t *description, apr_pool_t *pool)
{
    static const struct {
        const char *name, *value;
    } groups[] = {
        {"KIND", "group"}, {"X-ADDRESSBOOKSERVER-KIND", "group"}, {"X-EVOLUTION-LIST", "true"}};
    contact_card_t card;
    size_t i;

    BASE_TRY(contact_open(blob, &card, pool));
    for (i = 0; i < sizeof groups / sizeof *groups; i++) {
        const char *value = item_component_text(card.root, groups[i].name);

        if (value && strcasecmp(value, groups[i].value) == 0)
            description->known = 0;
    }
    return NULL;
}

const item_kind_t item_contact_kind = {.name = "Contacts",
                                       .load = contact_load,
                                       .write = contact_write,
                                       .body_has_data = contact_body_has_data,
                                       .body_read = contact_body_read,
                                       .change = contact_change,
                                       .component = "VCARD",
                                       .describe = contact_describe};
