/* What the fuzz targets of item kinds share. */
#ifndef T_FUZZ_KIND_H
#define T_FUZZ_KIND_H

#include "t/fuzz/email.h"

#include "t/unit/kind_helpers.h"

/* A blob that is hostile: described; shown at every version, as legal text; what is shown and comes back
 * changes nothing; of what the edit makes of it, a repeat makes nothing else. */
__attribute__((unused)) static void check_kind(const item_kind_t *kind, const uint8_t *data,
                                               size_t size, const eas_node_t *edit,
                                               apr_pool_t *pool)
{
    const backend_blob_t *blob =
        blob_of(apr_pstrmemdup(pool, (const char *)data, size), size, pool);
    backend_description_t description;
    const eas_node_t *node;
    const char *wbxml;
    apr_size_t length, i;

    FUZZ_ASSERT(!item_describer.describe(blob, &description, pool));
    for (i = 0; i < KIND_VERSIONS; i++) {
        item_options_t options =
            options_prefer(kind_versions[i], ITEM_BODY_TEXT, ITEM_TRUNCATION_NONE);
        kind_result_t result;
        base_fault_t *fault = kind_wbxml(kind, blob, &options, &wbxml, &length, pool);

        FUZZ_ASSERT(!fault || fault->code == BASE_FAULT_CONVERSION);
        if (fault)
            continue;
        FUZZ_ASSERT(!wbxml_decode(wbxml, length, &node, pool));
        check_legal(node);
        result = kind_change(kind, node, kind_versions[i], blob, pool);
        FUZZ_ASSERT(!result.fault && result.blob == blob);
        result = kind_change(kind, edit, kind_versions[i], blob, pool);
        FUZZ_ASSERT(!result.fault);
        FUZZ_ASSERT(kind_change(kind, edit, kind_versions[i], result.blob, pool).blob ==
                    result.blob);
    }
}

#endif
