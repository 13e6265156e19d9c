/* Notes, and bodies of items that are no mail. The first byte says what the rest is: 1, 2, 3: what a
 * client sends as a body of that Type (RTF without base64); else a file with a VJOURNAL.
 *
 * A body that is taken is there again when it is read, and writing it once more changes nothing. Of a
 * file: what a client gets of it is legal at each version, and sent back it changes nothing; another
 * Subject does, and is there then. */
#include "email.h"

#include "t/unit/kind_helpers.h"

#include <apr_base64.h>

#include "item/html.h"
#include "item/note.h"
#include "item/note_body.h"

static eas_node_t *body_node(item_body_type_t type, const char *data, apr_size_t length,
                             apr_pool_t *pool)
{
    eas_node_t *body = node_add(NULL, EAS_AirSyncBase_Body, "", pool);

    node_add(body, EAS_AirSyncBase_Type, apr_psprintf(pool, "%d", type), pool);
    node_add(body, EAS_AirSyncBase_Data, data, pool)->length = length;
    return body;
}

/* Nothing active is left; cleaned once more there is less of nothing but tags. */
static void check_clean(const char *html, apr_pool_t *pool)
{
    item_sink_t sink;
    const char *again, *text, *same;

    FUZZ_ASSERT(!strcasestr(html, "<script") && !strcasestr(html, "<iframe") &&
                !strcasestr(html, "<style"));
    item_sink_init(&sink, ITEM_TRUNCATION_NONE, pool);
    if (!item_html_clean(html, strlen(html), &sink, pool))
        return;
    FUZZ_ASSERT(!item_sink_text(&sink, &again, pool));
    FUZZ_ASSERT(!item_note_body_plain(html, &text, pool));
    FUZZ_ASSERT(!item_note_body_plain(again, &same, pool));
    FUZZ_ASSERT(strcmp(text, same) == 0);
}

static void check_body(item_body_type_t type, const char *data, apr_size_t length, apr_pool_t *pool)
{
    const char *plain, *html, *has_plain, *has_html;
    item_component_t *component;
    item_document_t *document;

    if (type == ITEM_BODY_RTF) {
        char *encoded = apr_palloc(pool, (apr_size_t)apr_base64_encode_len((int)length));

        apr_base64_encode_binary(encoded, (const unsigned char *)data, (int)length);
        data = encoded;
        length = strlen(encoded);
    }
    if (item_note_body_parse(body_node(type, data, length, pool), &plain, &html, pool))
        return;
    FUZZ_ASSERT(base_text_xml_legal(plain, strlen(plain)) && !strchr(plain, '\r'));
    if (html && *html)
        check_clean(html, pool);
    document = item_document_make(ITEM_DOCUMENT_ICALENDAR, pool);
    component = item_component_add(item_document_root(document), "VJOURNAL");
    item_note_body_set(component, "DESCRIPTION", plain, html, pool);
    FUZZ_ASSERT(!item_document_parse(item_document_print(document, pool), &document, pool));
    component = item_component_first(item_document_root(document), "VJOURNAL");
    item_note_body_get(component, "DESCRIPTION", &has_plain, &has_html, pool);
    FUZZ_ASSERT(strcmp(has_plain ? has_plain : "", plain) == 0);
    FUZZ_ASSERT(strcmp(has_html ? has_html : "", html ? html : "") == 0);
    item_note_body_set(component, "DESCRIPTION", plain, html, pool);
    FUZZ_ASSERT(!item_document_is_changed(document));
}

/* NULL: the file is no note. */
static const eas_node_t *shown(const backend_blob_t *blob, eas_version_t version,
                               item_body_type_t type, apr_uint64_t size, apr_pool_t *pool)
{
    item_options_t options = options_prefer(version, type, size);
    const eas_node_t *node = kind_node(&item_note_kind, blob, &options, pool);

    check_legal(node);
    return node;
}

static const backend_blob_t *changed(const backend_blob_t *blob, const eas_node_t *data,
                                     apr_pool_t *pool)
{
    kind_result_t result = kind_change(&item_note_kind, data, EAS_VERSION_16_1, blob, pool);

    FUZZ_ASSERT(!result.fault);
    return result.blob;
}

static void check_file(const char *data, apr_size_t length, apr_pool_t *pool)
{
    const backend_blob_t *blob = blob_of(data, length, pool), *made;
    const eas_node_t *node = shown(blob, EAS_VERSION_14_0, ITEM_BODY_HTML, 100, pool);
    eas_node_t *own;

    if (!node)
        return;
    FUZZ_ASSERT(shown(blob, EAS_VERSION_16_1, ITEM_BODY_HTML, 0, pool));
    node = shown(blob, EAS_VERSION_14_1, ITEM_BODY_TEXT, ITEM_TRUNCATION_NONE, pool);
    FUZZ_ASSERT(node && changed(blob, node, pool) == blob);
    own = (eas_node_t *)eas_node_child(node, EAS_Notes_Subject);
    FUZZ_ASSERT(own);
    own->text = "Another one";
    own->length = strlen(own->text);
    made = changed(blob, node, pool);
    node = shown(made, EAS_VERSION_16_1, ITEM_BODY_TEXT, ITEM_TRUNCATION_NONE, pool);
    FUZZ_ASSERT(node && strcmp(property(node, EAS_Notes_Subject), "Another one") == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool;
    const char *text;

    fuzz_once(item_child_init);
    if (!size)
        return 0;
    pool = fuzz_pool();
    text = apr_pstrmemdup(pool, (const char *)data + 1, size - 1);
    if (data[0] == ITEM_BODY_TEXT || data[0] == ITEM_BODY_HTML || data[0] == ITEM_BODY_RTF)
        check_body((item_body_type_t)data[0], text, size - 1, pool);
    else
        check_file(text, size - 1, pool);
    apr_pool_destroy(pool);
    return 0;
}
