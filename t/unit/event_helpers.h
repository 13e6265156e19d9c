/* For the tests of events: what of a calendar is shown at a version, and what a client makes of it. */
#ifndef T_UNIT_EVENT_HELPERS_H
#define T_UNIT_EVENT_HELPERS_H

#include "kind_helpers.h"

#include "item/event.h"

static const item_kind_t *const kind = &item_event_kind;

__attribute__((unused)) static const eas_node_t *show(const char *text, eas_version_t version,
                                                      apr_pool_t *pool)
{
    item_options_t options = options_prefer(version, ITEM_BODY_TEXT, ITEM_TRUNCATION_NONE);

    options.now = KIND_NOW;
    return kind_node(kind, blob_of_text(text, pool), &options, pool);
}

__attribute__((unused)) static const char *shown(const char *text, eas_version_t version,
                                                 eas_tag_t tag, apr_pool_t *pool)
{
    const eas_node_t *node = eas_node_child(show(text, version, pool), tag);

    if (!node)
        return NULL;
    return node->first ? kind_text(node, pool) : node->text;
}

__attribute__((unused)) static kind_result_t change_at(const char *text, const char *data,
                                                       const char *instance, eas_version_t version,
                                                       apr_pool_t *pool)
{
    backend_identity_t identity = {.address = "anna@example.org", .display_name = "Anna"};
    kind_result_t result = {0};
    item_change_t change = {.data = data ? kind_data(data, "Calendar", pool) : NULL,
                            .version = version,
                            .key = "key-1",
                            .identity = &identity,
                            .instance = instance,
                            .now = KIND_NOW,
                            .tell = &result.tell};

    result.fault =
        kind->change(&change, text ? blob_of_text(text, pool) : NULL, &result.blob, pool);
    if (!result.fault)
        result.text = apr_pstrmemdup(pool, result.blob->data, (apr_size_t)result.blob->size);
    return result;
}

__attribute__((unused)) static const char *changed(const char *text, const char *data,
                                                   const char *instance, eas_version_t version,
                                                   apr_pool_t *pool)
{
    kind_result_t result = change_at(text, data, instance, version, pool);

    return result.fault ? apr_pstrcat(pool, "fault: ", result.fault->message, NULL) : result.text;
}

__attribute__((unused)) static void has(const char *text, const char *wanted, const char *name)
{
    if (!ok(strstr(text, wanted) != NULL, "%s", name))
        printf("# no %s in\n# %s\n", wanted, text);
}

__attribute__((unused)) static void lacks(const char *text, const char *unwanted, const char *name)
{
    if (!ok(!strstr(text, unwanted), "%s", name))
        printf("# %s in\n# %s\n", unwanted, text);
}

#endif
