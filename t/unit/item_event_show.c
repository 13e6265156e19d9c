/* Events as a client gets them, and what becomes of one when it sends something. For people, and for
 * t/perl/event.t:
 *
 *   item_event_show FILE [VERSION]                  what is shown of one
 *   item_event_show FILE VERSION DATA [InstanceId]  the file that a Change makes of it; DATA is as
 *       kind_text() has it ("Subject=x|Body{Type=1|Data=y}"). FILE "-": an Add
 *   item_event_show --check VERSION                 reads names of files from standard input and
 *       writes for each a line with the length of a WBXML document, a whole Sync response that adds it
 *       (0: it cannot be shown), and what becomes of the file when that comes back: "same", else what
 *       is wrong; and the document */
#include "kind_helpers.h"

#include "item/event.h"

static const item_reference_t reference = {.folder_id = "5", .generation = 1, .uid = 42};

static item_options_t options_now(const char *version)
{
    item_options_t options =
        options_prefer(eas_version_parse(version), ITEM_BODY_HTML, ITEM_TRUNCATION_NONE);

    options.now = KIND_NOW;
    return options;
}

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
    item_options_t options = options_now(version);
    const eas_node_t *node = kind_node(&item_event_kind, blob, &options, pool);

    printf("%s\n", kind_text(node, pool));
    return node == NULL;
}

static base_fault_t *response(const backend_blob_t *blob, const item_options_t *options,
                              const char **wbxml, apr_off_t *length, apr_pool_t *pool)
{
    static const eas_tag_t around[] = {EAS_AirSync_Sync, EAS_AirSync_Collections,
                                       EAS_AirSync_Collection};
    backend_entry_t entry = {.uid = 42, .token = 1, .size = blob->size};
    eas_spool_t *spool = eas_spool_create(NULL, pool);
    eas_writer_t *writer = eas_writer_create(spool, pool);
    apr_file_t *file;
    void *item;
    int i;

    BASE_TRY(item_event_kind.load(blob, &reference, &entry, options, &item, pool));
    for (i = 0; i < 3; i++)
        eas_writer_start(writer, around[i]);
    eas_writer_text(writer, EAS_AirSync_SyncKey, "1");
    eas_writer_text(writer, EAS_AirSync_CollectionId, "5");
    eas_writer_uint(writer, EAS_AirSync_Status, 1);
    eas_writer_start(writer, EAS_AirSync_Commands);
    eas_writer_start(writer, EAS_AirSync_Add);
    eas_writer_text(writer, EAS_AirSync_ServerId, "5:1:42");
    eas_writer_start(writer, EAS_AirSync_ApplicationData);
    item_event_kind.write(item, 0, writer);
    for (i = 0; i < 6; i++)
        eas_writer_end(writer);
    BASE_TRY(eas_writer_finish(writer));
    BASE_TRY(eas_spool_content(spool, wbxml, &file, length));
    if (file) {
        char *data = apr_palloc(pool, (apr_size_t)*length);
        apr_off_t start = 0;

        apr_file_seek(file, APR_SET, &start);
        apr_file_read_full(file, data, (apr_size_t)*length, NULL);
        *wbxml = data;
    }
    return NULL;
}

/* What is shown comes back. */
static const char *echo(const backend_blob_t *blob, const item_options_t *options, apr_pool_t *pool)
{
    kind_result_t result =
        kind_change(&item_event_kind, kind_node(&item_event_kind, blob, options, pool),
                    options->version, blob, pool);

    if (result.fault)
        return result.fault->message;
    return result.blob == blob ? "same" : "another one";
}

static void check_one(const char *path, const char *version, apr_pool_t *pool)
{
    item_options_t options = options_now(version);
    backend_blob_t *file = blob_of_file(path, pool), *blob;
    const char *wbxml;
    apr_off_t length;
    base_fault_t *fault;
    char *data = apr_palloc(pool, (apr_size_t)file->size + 1);

    apr_file_read_full(file->file, data, (apr_size_t)file->size, NULL);
    blob = blob_of(data, (apr_size_t)file->size, pool);
    fault = response(blob, &options, &wbxml, &length, pool);
    if (fault) {
        printf("0 %s\n", fault->message);
        return;
    }
    printf("%ld %s\n", (long)length, echo(blob, &options, pool));
    fwrite(wbxml, 1, (size_t)length, stdout);
}

static int check(const char *version, apr_pool_t *pool)
{
    apr_pool_t *scratch;
    char path[4096];

    apr_pool_create(&scratch, pool);
    while (fgets(path, sizeof path, stdin)) {
        apr_pool_clear(scratch);
        path[strcspn(path, "\n")] = '\0';
        check_one(path, version, scratch);
    }
    return 0;
}

int main(int argc, char **argv)
{
    apr_pool_t *pool;
    int result;

    if (argc < 2 || argc > 5)
        return 2;
    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    if (argc == 3 && strcmp(argv[1], "--check") == 0)
        result = check(argv[2], pool);
    else if (argc > 3)
        result = change(strcmp(argv[1], "-") == 0 ? NULL : blob_of_file(argv[1], pool), argc, argv,
                        pool);
    else
        result = show(blob_of_file(argv[1], pool), argc > 2 ? argv[2] : "16.1", pool);
    apr_pool_destroy(pool);
    return result;
}
