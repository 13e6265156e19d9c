/* For the tests of contacts: cards, and what a client sends. */
#ifndef T_UNIT_CONTACT_HELPERS_H
#define T_UNIT_CONTACT_HELPERS_H

#include "eas_helpers.h"
#include "kind_helpers.h"

#include "item/contact.h"
#include "item/document.h"

#define NOW apr_time_from_sec(1800000000) /* 2027-01-15T08:00:00Z */
#define CARD(version, lines) "BEGIN:VCARD\r\nVERSION:" version "\r\n" lines "END:VCARD\r\n"

__attribute__((unused)) static const eas_node_t *shown_at(const char *text, eas_version_t version,
                                                          apr_pool_t *pool)
{
    item_options_t options = options_prefer(version, ITEM_BODY_TEXT, ITEM_TRUNCATION_NONE);

    return kind_node(&item_contact_kind, blob_of_text(text, pool), &options, pool);
}

__attribute__((unused)) static int show_all(eas_tag_t tag)
{
    (void)tag;
    return 1;
}

__attribute__((unused)) static const char *as_xml(const eas_node_t *node, apr_pool_t *pool)
{
    static const eas_node_view_t view = {.shown = show_all, .text_max = 100000};
    int cut;

    return node ? eas_node_print(node, &view, &cut, pool) : "";
}

/* -- what a client sends -- */

typedef struct {
    eas_node_t *data;
    apr_array_header_t *supported; /* NULL: none was sent */
    const item_options_t *options; /* NULL: unknown */
    int tell;
    base_fault_t *fault;
    apr_pool_t *pool;
} edit_t;

__attribute__((unused)) static edit_t edit_make(int ghost, apr_pool_t *pool)
{
    edit_t edit = {.data = node_add(NULL, EAS_AirSync_ApplicationData, "", pool), .pool = pool};

    if (ghost)
        edit.supported = apr_array_make(pool, 1, sizeof(eas_tag_t));
    return edit;
}

__attribute__((unused)) static void edit_send(edit_t *edit, eas_tag_t tag, const char *text)
{
    node_add(edit->data, tag, text, edit->pool);
}

__attribute__((unused)) static const char *edit_apply(edit_t *edit, const char *card)
{
    item_change_t change = {.data = edit->data,
                            .version = EAS_VERSION_16_1,
                            .supported = edit->supported,
                            .options = edit->options,
                            .key = "key-1",
                            .now = NOW,
                            .tell = &edit->tell};
    const backend_blob_t *original = card ? blob_of_text(card, edit->pool) : NULL, *blob;

    edit->tell = 0;
    edit->fault = item_contact_kind.change(&change, original, &blob, edit->pool);
    if (edit->fault)
        return NULL;
    if (original && blob == original)
        return card;
    return apr_pstrmemdup(edit->pool, blob->data, blob->size);
}

#endif
