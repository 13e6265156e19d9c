/* Items of a class (item/kind.h) as a client gets them, and what becomes of them when it sends something.
 * For people, and for t/perl/components.t:
 *
 *   kind_show CLASS FILE [VERSION [TYPE]]       the properties of an item
 *   kind_show --sync CLASS VERSION TYPE         reads names of files from standard input and writes,
 *       for each, a line with the length and a WBXML document: a whole Sync response that adds the
 *       item; length 0 where it cannot be rendered
 *   kind_show --fetch CLASS VERSION TYPE        the same as ItemOperations responses
 *   kind_show --edit CLASS VERSION TYPE ELEMENT VALUE   the client sends back what it got, but that one
 *       element is another: a line with the length, with 1 when without the edit the item stays the very
 *       same (else 0), then the item as it is then */
#include "kind_helpers.h"

typedef struct {
    const char *mode;
    const item_kind_t *kind;
    item_options_t options;
    eas_tag_t tag;
    const char *value;
} show_t;

static void write_sync(const item_kind_t *kind, void *item, eas_writer_t *writer)
{
    eas_writer_start(writer, EAS_AirSync_Sync);
    eas_writer_start(writer, EAS_AirSync_Collections);
    eas_writer_start(writer, EAS_AirSync_Collection);
    eas_writer_text(writer, EAS_AirSync_SyncKey, "1");
    eas_writer_text(writer, EAS_AirSync_CollectionId, "5");
    eas_writer_uint(writer, EAS_AirSync_Status, 1);
    eas_writer_start(writer, EAS_AirSync_Commands);
    eas_writer_start(writer, EAS_AirSync_Add);
    eas_writer_text(writer, EAS_AirSync_ServerId, "5:1:42");
    eas_writer_start(writer, EAS_AirSync_ApplicationData);
    kind->write(item, 0, writer);
    for (int i = 0; i < 6; i++)
        eas_writer_end(writer);
}

static void write_fetch(const item_kind_t *kind, void *item, eas_writer_t *writer)
{
    eas_writer_start(writer, EAS_ItemOperations_ItemOperations);
    eas_writer_uint(writer, EAS_ItemOperations_Status, 1);
    eas_writer_start(writer, EAS_ItemOperations_Response);
    eas_writer_start(writer, EAS_ItemOperations_Fetch);
    eas_writer_uint(writer, EAS_ItemOperations_Status, 1);
    eas_writer_text(writer, EAS_AirSync_CollectionId, "5");
    eas_writer_text(writer, EAS_AirSync_ServerId, "5:1:42");
    eas_writer_text(writer, EAS_AirSync_Class, kind->name);
    eas_writer_start(writer, EAS_ItemOperations_Properties);
    kind->write(item, 0, writer);
    for (int i = 0; i < 4; i++)
        eas_writer_end(writer);
}

static base_fault_t *emit_document(const show_t *show, const backend_blob_t *blob, apr_pool_t *pool)
{
    item_reference_t reference = {.folder_id = "5", .generation = 1, .uid = 42};
    backend_entry_t entry = {.uid = 42, .token = 1, .date = APR_INT64_MAX, .size = blob->size};
    eas_spool_t *spool = eas_spool_create(NULL, pool);
    eas_writer_t *writer = eas_writer_create(spool, pool);
    const char *wbxml;
    apr_size_t length;
    void *item;

    BASE_TRY(show->kind->load(blob, &reference, &entry, &show->options, &item, pool));
    (strcmp(show->mode, "--fetch") == 0 ? write_fetch : write_sync)(show->kind, item, writer);
    BASE_TRY(wbxml_finish(writer, spool, &wbxml, &length, pool));
    printf("%lu\n", (unsigned long)length);
    fwrite(wbxml, 1, length, stdout);
    return NULL;
}

static base_fault_t *emit_edit(const show_t *show, const backend_blob_t *blob, apr_pool_t *pool)
{
    const eas_node_t *node;
    const char *wbxml;
    apr_size_t length;
    kind_result_t same, edited;

    BASE_TRY(kind_wbxml(show->kind, blob, &show->options, &wbxml, &length, pool));
    BASE_TRY(wbxml_decode(wbxml, length, &node, pool));
    same = kind_change(show->kind, node, show->options.version, blob, pool);
    BASE_TRY(same.fault);
    edited = kind_change(show->kind, kind_edited(node, show->tag, show->value, pool),
                         show->options.version, blob, pool);
    BASE_TRY(edited.fault);
    printf("%lu %d\n", (unsigned long)edited.blob->size, same.blob == blob);
    fwrite(edited.blob->data, 1, (size_t)edited.blob->size, stdout);
    return NULL;
}

static const backend_blob_t *read_blob(const char *path, apr_pool_t *pool)
{
    const backend_blob_t *file = blob_of_file(path, pool);
    const char *data;

    if (!file || backend_blob_load(file, &data, pool))
        abort();
    return blob_of(data, file->size, pool);
}

static void emit_all(const show_t *show, apr_pool_t *pool)
{
    apr_pool_t *scratch;
    char path[4096];

    apr_pool_create(&scratch, pool);
    while (fgets(path, sizeof path, stdin)) {
        base_fault_t *fault;

        apr_pool_clear(scratch);
        path[strcspn(path, "\n")] = '\0';
        fault = (strcmp(show->mode, "--edit") == 0 ? emit_edit : emit_document)(
            show, read_blob(path, scratch), scratch);
        if (fault) {
            fprintf(stderr, "# %s: %s\n", path, fault->message);
            printf("0\n");
        }
    }
}

int main(int argc, char **argv)
{
    show_t show = {0};
    int all = argc > 4 && strncmp(argv[1], "--", 2) == 0;
    apr_array_header_t *own;
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    if (argc < 3 || !(show.kind = item_kind_by_name(argv[all ? 2 : 1])))
        return 2;
    show.mode = argv[1];
    show.options = options_prefer(eas_version_parse(argc > 3 ? argv[3] : "16.1"),
                                  argc > 4 ? (item_body_type_t)atoi(argv[4]) : ITEM_BODY_TEXT,
                                  ITEM_TRUNCATION_NONE);
    show.options.now = KIND_NOW;
    own = apr_array_make(pool, 1, sizeof(const char *));
    APR_ARRAY_PUSH(own, const char *) = "anna@example.org"; /* kind_change's identity */
    show.options.addresses = own;
    if (argc > 6) {
        show.tag = eas_tag_find(show.kind->name, argv[5]);
        show.value = argv[6];
    }
    if (all)
        emit_all(&show, pool);
    else
        printf(
            "%s\n",
            kind_text(kind_node(show.kind, read_blob(argv[2], pool), &show.options, pool), pool));
    apr_pool_destroy(pool);
    return 0;
}
