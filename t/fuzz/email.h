/* What the targets that render messages share. */
#ifndef T_FUZZ_EMAIL_H
#define T_FUZZ_EMAIL_H

#include "fuzz.h"

#include "t/unit/item_helpers.h"

/* Texts that XML can hold, all the way down. */
__attribute__((unused)) static void check_legal(const eas_node_t *node)
{
    for (; node; node = node->next) {
        if (!eas_tag_is_opaque(node->tag))
            FUZZ_ASSERT(base_text_xml_legal(node->text, node->length));
        check_legal(node->first);
    }
}

/* As each version has the message: with the preferences of a phone that wants text, and a part. */
__attribute__((unused)) static void check_versions(const backend_blob_t *blob, apr_uint64_t size,
                                                   apr_pool_t *pool)
{
    static const eas_version_t versions[] = {EAS_VERSION_12_1, EAS_VERSION_14_0, EAS_VERSION_14_1,
                                             EAS_VERSION_16_0, EAS_VERSION_16_1};
    apr_array_header_t *addresses = apr_array_make(pool, 1, sizeof(const char *));
    const eas_node_t *node;
    const char *wbxml;
    apr_size_t length;
    size_t i;

    APR_ARRAY_PUSH(addresses, const char *) = "anna@example.org";
    for (i = 0; i < sizeof versions / sizeof *versions; i++) {
        item_options_t options = options_of(versions[i]);

        options.mime_support = (int)(i % 3);
        options.addresses = addresses;
        if (versions[i] >= EAS_VERSION_14_1)
            options.part_preference =
                (item_body_preference_t){.type = ITEM_BODY_HTML, .truncation_size = size};
        FUZZ_ASSERT(!email_wbxml(blob, i, &options, &wbxml, &length, pool));
        FUZZ_ASSERT(!wbxml_decode(wbxml, length, &node, pool));
        check_legal(node);
    }
}

#endif
