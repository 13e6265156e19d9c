/* Events as a client gets them, and what becomes of one when it sends something. For people:
 *
 *   item_event_show FILE [VERSION]                       what is shown of one
 *   item_event_show FILE VERSION DATA [InstanceId]       the file that a Change makes of it; DATA is as
 *       kind_text() has it ("Subject=x|Body{Type=1|Data=y}"). FILE "-": an Add */
#include "kind_helpers.h"

#include "item/event.h"

static int change(const backend_blob_t *blob, int argc, char **argv, apr_pool_t *pool)
{
    const backend_blob_t *result;
    const backend_identity_t identity = {.address = "anna@example.org", .display_name = "Anna"};
    int tell = 0;
    item_change_t what = {.data = kind_data(argv[3], "Calendar", pool),
                          .version = eas_version_parse(argv[2]),
                          .key = "key-1",
                          .identity = &identity,
                          .instance = argc > 4 ? argv[4] : NULL,
                          .now = KIND_NOW,
                          .tell = &tell};
    base_fault_t *fault = item_event_kind.change(&what, blob, &result, pool);

    if (fault)
        printf("%s: %s\n", base_fault_code_name(fault->code), fault->message);
    else
        fwrite(result->data, 1, (size_t)result->size, stdout);
    return fault != NULL;
}

static int show(const backend_blob_t *blob, const char *version, apr_pool_t *pool)
{
    item_options_t options =
        options_prefer(eas_version_parse(version), ITEM_BODY_TEXT, ITEM_TRUNCATION_NONE);
    const eas_node_t *node;

    options.now = KIND_NOW;
    node = kind_node(&item_event_kind, blob, &options, pool);
    printf("%s\n", kind_text(node, pool));
    return node == NULL;
}

int main(int argc, char **argv)
{
    apr_pool_t *pool;
    backend_blob_t *blob;
    int result;

    if (argc < 2 || argc > 5)
        return 2;
    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    blob = strcmp(argv[1], "-") == 0 ? NULL : blob_of_file(argv[1], pool);
    result =
        argc > 3 ? change(blob, argc, argv, pool) : show(blob, argc > 2 ? argv[2] : "16.1", pool);
    apr_pool_destroy(pool);
    return result;
}
