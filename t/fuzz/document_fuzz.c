/* A vCard or iCalendar object as a document: printed as it was read; a property that is set reads what
 * it was set to, and leaves everything around it; what is set again changes nothing. */
#include "fuzz.h"

#include <string.h>
#include <apr_strings.h>

#include "backend/blob.h"
#include "base/text.h"
#include "item/document_impl.h"
#include "item/item.h"
#include "item/kind.h"

#define EDITS 6
static const char text[] =
    "gr\xc3\xbc\xc3\x9f; a,b\\c ^\nEND:VCARD \"q\" = and so much more that it "
    "has to be folded, perhaps twice, in the one way or the other";

static item_document_t *parse(const char *data, apr_size_t size, apr_pool_t *pool)
{
    item_document_t *document;

    return item_document_parse(backend_blob_of(data, size, pool), &document, pool) ? NULL
                                                                                   : document;
}

static item_property_t *nth(item_document_t *document, int n)
{
    item_property_t *property = item_property_first(item_document_root(document), NULL);

    while (property && n--)
        property = item_property_after(property);
    return property;
}

static void look(item_property_t *property)
{
    const char *value = item_property_value(property), *type, *at = NULL;
    apr_size_t length;

    FUZZ_ASSERT(base_text_xml_legal(value, strlen(value)));
    item_property_component(property, 3);
    while (item_property_element(property, &at))
        ;
    item_property_binary(property, &length, &type);
    item_property_parameter(property, "TYPE");
}

static void same(const backend_blob_t *blob, const char *data, apr_size_t size)
{
    FUZZ_ASSERT(blob->size == size && memcmp(blob->data, data, size) == 0);
}

/* Sets property n of a fresh document. */
static void edit(const char *data, apr_size_t size, int n, apr_pool_t *pool)
{
    item_document_t *document = parse(data, size, pool);
    item_property_t *property = nth(document, n);
    const backend_blob_t *blob;
    apr_size_t head, tail;

    if (!property || strcmp(property->name, "VERSION") == 0)
        return;
    head = (apr_size_t)(property->node.raw - data);
    tail = size - head - property->node.length;
    item_property_set_text(property, text);
    blob = item_document_print(document, pool);
    FUZZ_ASSERT(blob->size >= head + tail && memcmp(blob->data, data, head) == 0 &&
                memcmp(blob->data + blob->size - tail, data + size - tail, tail) == 0);
    document = parse(blob->data, blob->size, pool);
    FUZZ_ASSERT(document);
    property = nth(document, n);
    FUZZ_ASSERT(property && strcmp(item_property_text(property), text) == 0);
    item_property_set_text(property, text);
    FUZZ_ASSERT(!item_document_is_changed(document));
    item_property_mark(property, "TYPE", "HOME", 1);
    item_property_mark(property, "TYPE", "WORK", 1);
    item_property_mark(property, "TYPE", "HOME", 0);
    item_property_set_parameter(property, "X-LABEL", text);
    item_property_set_component(property, 2, text);
    blob = item_document_print(document, pool);
    document = parse(blob->data, blob->size, pool);
    FUZZ_ASSERT(document);
    property = nth(document, n);
    FUZZ_ASSERT(property && item_property_has(property, "TYPE", "WORK") &&
                !item_property_has(property, "TYPE", "HOME") &&
                strcmp(item_property_component(property, 2), text) == 0);
}

/* What a store learns of it: always something. */
static void describe(const char *data, apr_size_t size, apr_pool_t *pool)
{
    backend_description_t description;

    FUZZ_ASSERT(!item_describer.describe(backend_blob_of(data, size, pool), &description, pool));
    if (!description.known)
        return;
    FUZZ_ASSERT(description.class_ > BACKEND_CLASS_EMAIL &&
                description.class_ <= BACKEND_CLASS_NOTES);
    FUZZ_ASSERT(!description.uid || *description.uid);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool;
    const char *bytes = (const char *)data;
    item_document_t *document;
    item_property_t *property;
    int i;

    fuzz_once(item_child_init);
    pool = fuzz_pool();
    describe(bytes, size, pool);
    document = parse(bytes, size, pool);
    if (document) {
        same(item_document_print(document, pool), bytes, size);
        for (i = 0, property = nth(document, 0); property; property = item_property_after(property))
            look(property);
        item_property_remove(item_property_add(document->root, "g", "X-NEW", text));
        item_component_remove(item_component_add(document->root, "X-NEW"));
        if (!nth(document, 0) || !memchr(data, '=', size))
            same(item_document_print(document, pool), bytes, size);
        for (i = 0; i < EDITS; i++)
            edit(bytes, size, i, pool);
    }
    apr_pool_destroy(pool);
    return 0;
}
