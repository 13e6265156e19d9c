/* For the tests of item kinds (item/kind.h): a blob in, the decoded properties out, and back. */
#ifndef T_UNIT_KIND_HELPERS_H
#define T_UNIT_KIND_HELPERS_H

#include "item_helpers.h"

#include "backend/blob.h"
#include "item/kind.h"

static const eas_version_t kind_versions[] = {EAS_VERSION_12_1, EAS_VERSION_14_0, EAS_VERSION_14_1,
                                              EAS_VERSION_16_0, EAS_VERSION_16_1};
#define KIND_VERSIONS (sizeof kind_versions / sizeof *kind_versions)

/* The bytes of an ApplicationData element as they go over the wire. */
__attribute__((unused)) static base_fault_t *kind_wbxml(const item_kind_t *kind,
                                                        const backend_blob_t *blob,
                                                        const item_options_t *options,
                                                        const char **wbxml, apr_size_t *length,
                                                        apr_pool_t *pool)
{
    item_reference_t reference = {.folder_id = "5", .generation = 1, .uid = 42};
    backend_entry_t entry = {.uid = 42, .token = 1, .date = APR_INT64_MAX, .size = blob->size};
    eas_spool_t *spool = eas_spool_create(NULL, pool);
    eas_writer_t *writer = eas_writer_create(spool, pool);
    void *item;

    BASE_TRY(kind->load(blob, &reference, &entry, options, &item, pool));
    eas_writer_start(writer, EAS_AirSync_ApplicationData);
    kind->write(item, 0, writer);
    eas_writer_end(writer);
    return wbxml_finish(writer, spool, wbxml, length, pool);
}

/* The ApplicationData element, decoded; NULL when there is a fault. */
__attribute__((unused)) static const eas_node_t *kind_node(const item_kind_t *kind,
                                                           const backend_blob_t *blob,
                                                           const item_options_t *options,
                                                           apr_pool_t *pool)
{
    const char *wbxml;
    apr_size_t length;
    const eas_node_t *node = NULL;
    base_fault_t *fault = kind_wbxml(kind, blob, options, &wbxml, &length, pool);

    if (!fault)
        fault = wbxml_decode(wbxml, length, &node, pool);
    if (fault)
        printf("# fault: %s\n", fault->message);
    return fault ? NULL : node;
}

/* "Name=text|Name{...}" of an element's children. */
__attribute__((unused)) static const char *kind_text(const eas_node_t *node, apr_pool_t *pool)
{
    const eas_node_t *child;
    const char *text = "";

    for (child = node ? node->first : NULL; child; child = child->next)
        text = apr_pstrcat(pool, text, *text ? "|" : "", eas_tag_name(child->tag),
                           child->first ? apr_pstrcat(pool, "{", kind_text(child, pool), "}", NULL)
                                        : apr_pstrcat(pool, "=", child->text, NULL),
                           NULL);
    return text;
}

/* The children of such a text, up to its end or the '}' that closes them; where that is. A name is of
 * the class's namespace, else of AirSyncBase. */
static const char *kind_parse(eas_node_t *parent, const char *text, const char *space,
                              apr_pool_t *pool)
{
    while (*text && *text != '}') {
        size_t length = strcspn(text, "={|}");
        const char *name = apr_pstrmemdup(pool, text, length);
        eas_tag_t tag = eas_tag_find(space, name);

        if (!tag || (tag == EAS_Calendar_Location && text[length] == '{')) /* that of 16.0 */
            tag = eas_tag_find("AirSyncBase", name);
        if (!tag || !strchr("={", text[length]))
            abort();
        if (text[length] == '{') {
            text = kind_parse(node_add(parent, tag, "", pool), text + length + 1,
                              tag == EAS_AirSyncBase_Body ? "AirSyncBase" : space, pool) +
                   1;
        }
        else {
            size_t value = strcspn(text + length + 1, "|}");

            node_add(parent, tag, apr_pstrmemdup(pool, text + length + 1, value), pool);
            text += length + 1 + value;
        }
        text += *text == '|';
    }
    return text;
}

/* ApplicationData with such children. */
__attribute__((unused)) static eas_node_t *kind_data(const char *text, const char *space,
                                                     apr_pool_t *pool)
{
    eas_node_t *data = node_add(NULL, EAS_AirSync_ApplicationData, "", pool);

    kind_parse(data, text, space, pool);
    return data;
}

/* A copy of the data in which one element is another, at the end. */
__attribute__((unused)) static eas_node_t *kind_edited(const eas_node_t *data, eas_tag_t tag,
                                                       const char *value, apr_pool_t *pool)
{
    eas_node_t *copy = node_add(NULL, data->tag, "", pool);
    const eas_node_t *child;

    for (child = data->first; child; child = child->next)
        if (child->tag != tag) {
            eas_node_t *node = node_add(copy, child->tag, child->text, pool);

            node->first = child->first;
            node->last = child->last;
        }
    node_add(copy, tag, value, pool);
    return copy;
}

/* 2026-11-23T12:00:00Z */
#define KIND_NOW apr_time_from_sec(1795435200)

typedef struct {
    base_fault_t *fault;
    const backend_blob_t *blob;
    const char *text; /* of the blob */
    int tell;
} kind_result_t;

/* instance: InstanceId, NULL: of the whole. data NULL: that one is deleted. */
__attribute__((unused)) static kind_result_t kind_change_instance(
    const item_kind_t *kind, const eas_node_t *data, const char *instance, eas_version_t version,
    const backend_blob_t *original, apr_pool_t *pool)
{
    kind_result_t result = {0};
    backend_identity_t identity = {.address = "anna@example.org", .display_name = "Anna"};
    item_reference_t reference = {.folder_id = "5", .generation = 1, .uid = 42};
    item_change_t change = {.data = data,
                            .version = version,
                            .key = "key-1",
                            .identity = &identity,
                            .instance = instance,
                            .reference = original ? &reference : NULL,
                            .now = KIND_NOW,
                            .tell = &result.tell};

    result.fault = kind->change(&change, original, &result.blob, pool);
    if (!result.fault)
        result.text = apr_pstrmemdup(pool, result.blob->data, (apr_size_t)result.blob->size);
    return result;
}

__attribute__((unused)) static kind_result_t kind_change(const item_kind_t *kind,
                                                         const eas_node_t *data,
                                                         eas_version_t version,
                                                         const backend_blob_t *original,
                                                         apr_pool_t *pool)
{
    return kind_change_instance(kind, data, NULL, version, original, pool);
}

#endif
