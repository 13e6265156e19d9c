/* Messages, contacts, events, tasks and notes as a client gets them. For people, and for the tests in
 * t/perl:
 *
 *   item_show FILE [TYPE [TRUNCATION [VERSION]]]   the properties of one message, indented
 *   item_show --wbxml VERSION TYPE TRUNCATION      reads names of files from standard input and
 *       writes, for each, a line with the length and a WBXML document: a whole Sync response that
 *       adds the message
 *   item_show --fetch VERSION TYPE TRUNCATION      the same as ItemOperations responses
 *   item_show --edit VERSION NAMESPACE NAME VALUE  the same, but what becomes of the files, as they
 *       are, when a client sets that element and leaves all others (not of messages); length -1 and
 *       the fault where that cannot be
 *   item_show --attachment FILE NUMBER             one attachment's bytes */
#include "kind_helpers.h"

#include "backend/blob.h"
#include "item/attachment.h"
#include "item/kind.h"

static void show(const eas_node_t *node, int depth)
{
    for (; node; node = node->next) {
        printf("%*s%s", depth * 2, "", eas_tag_name(node->tag));
        if (!node->first && !eas_tag_is_opaque(node->tag))
            printf(" = %s", node->text);
        printf("\n");
        show(node->first, depth + 1);
    }
}

/* What is neither a vCard nor iCalendar is a message. */
static const item_kind_t *kind_of(const backend_blob_t *blob, apr_pool_t *pool)
{
    backend_description_t description;
    apr_off_t start = 0;

    if (item_describer.describe(blob, &description, pool) || !description.known)
        description.class_ = BACKEND_CLASS_EMAIL;
    apr_file_seek(blob->file, APR_SET, &start);
    return item_kind_find(description.class_);
}

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

static base_fault_t *emit(const char *path, int fetch, const item_options_t *options,
                          apr_pool_t *pool)
{
    const backend_blob_t *blob = blob_of_file(path, pool);
    item_reference_t reference = {.folder_id = "5", .generation = 1, .uid = 42};
    backend_entry_t entry = {.uid = 42,
                             .token = BACKEND_FLAG_FLAGGED | BACKEND_FLAG_ANSWERED,
                             .date = RECEIVED,
                             .size = 0};
    eas_spool_t *spool = eas_spool_create(NULL, pool);
    eas_writer_t *writer = eas_writer_create(spool, pool);
    const item_kind_t *kind;
    void *item;
    char buffer[8192];
    const char *data;
    apr_file_t *file;
    apr_off_t length;

    if (!blob)
        return base_fault_make(pool, BASE_FAULT_NOT_FOUND, "no file %s", path);
    kind = kind_of(blob, pool);
    BASE_TRY(kind->load(blob, &reference, &entry, options, &item, pool));
    (fetch ? write_fetch : write_sync)(kind, item, writer);
    BASE_TRY(eas_writer_finish(writer));
    BASE_TRY(eas_spool_content(spool, &data, &file, &length));
    printf("%lld\n", (long long)length);
    if (!file)
        fwrite(data, 1, (size_t)length, stdout);
    while (file && length > 0) {
        apr_size_t n = sizeof buffer;

        if (apr_file_read(file, buffer, &n) != APR_SUCCESS)
            break;
        fwrite(buffer, 1, n, stdout);
        length -= (apr_off_t)n;
    }
    return NULL;
}

static int emit_all(int fetch, char **arguments, apr_pool_t *pool)
{
    item_options_t options =
        options_prefer(eas_version_parse(arguments[0]), (item_body_type_t)atoi(arguments[1]),
                       *arguments[2] ? (apr_uint64_t)atoll(arguments[2]) : ITEM_TRUNCATION_NONE);
    char path[1024];
    apr_pool_t *scratch;

    options.preferences[0].preview = 80;
    apr_pool_create(&scratch, pool);
    while (fgets(path, sizeof path, stdin)) {
        base_fault_t *fault;

        apr_pool_clear(scratch);
        path[strcspn(path, "\n")] = '\0';
        fault = emit(path, fetch, &options, scratch);
        if (fault) {
            fprintf(stderr, "%s\n", fault->message);
            return 1;
        }
    }
    return 0;
}

static base_fault_t *edit(const char *path, const item_change_t *change,
                          const backend_blob_t **after, apr_pool_t *pool)
{
    const backend_blob_t *blob = blob_of_file(path, pool);
    const item_kind_t *kind = blob ? kind_of(blob, pool) : NULL;

    if (!kind || !kind->change)
        return base_fault_make(pool, BASE_FAULT_UNSUPPORTED, "%s cannot be changed", path);
    return kind->change(change, blob, after, pool);
}

static int edit_all(char **arguments, apr_pool_t *pool)
{
    eas_node_t *data = node_add(NULL, EAS_AirSync_ApplicationData, "", pool);
    backend_identity_t identity = {.address = "anna@example.org", .display_name = "Anna"};
    item_reference_t reference = {.folder_id = "5", .generation = 1, .uid = 42};
    int tell;
    item_change_t change = {.data = data,
                            .version = eas_version_parse(arguments[0]),
                            .supported = apr_array_make(pool, 1, sizeof(eas_tag_t)),
                            .identity = &identity,
                            .reference = &reference,
                            .now = RECEIVED,
                            .tell = &tell};
    char path[1024];
    apr_pool_t *scratch;

    node_add(data, eas_tag_find(arguments[1], arguments[2]), arguments[3], pool);
    apr_pool_create(&scratch, pool);
    while (fgets(path, sizeof path, stdin)) {
        const backend_blob_t *blob;
        const char *bytes = NULL;
        base_fault_t *fault;

        apr_pool_clear(scratch);
        path[strcspn(path, "\n")] = '\0';
        fault = edit(path, &change, &blob, scratch);
        if (!fault)
            fault = backend_blob_load(blob, &bytes, scratch);
        if (fault)
            printf("-1 %s\n", fault->message);
        else {
            printf("%lu\n", (unsigned long)blob->size);
            fwrite(bytes, 1, blob->size, stdout);
        }
    }
    return 0;
}

static int emit_attachment(const char *path, int number, apr_pool_t *pool)
{
    item_attachment_t *attachment;
    base_fault_t *fault =
        item_attachment_open(blob_of_file(path, pool), (unsigned)number, &attachment, pool);
    char buffer[5000];

    while (!fault) {
        apr_size_t n = sizeof buffer;

        fault = item_attachment_read(attachment, buffer, &n);
        if (fault || n == 0)
            break;
        fwrite(buffer, 1, n, stdout);
    }
    return fault != NULL;
}

static int show_file(int argc, char **argv, apr_pool_t *pool)
{
    item_options_t options =
        options_prefer(eas_version_parse(argc > 4 ? argv[4] : "16.1"),
                       argc > 2 ? (item_body_type_t)atoi(argv[2]) : ITEM_BODY_TEXT,
                       argc > 3 ? (apr_uint64_t)atoll(argv[3]) : ITEM_TRUNCATION_NONE);
    const backend_blob_t *blob;
    const eas_node_t *node;

    options.preferences[0].preview = 100;
    blob = blob_of_file(argv[1], pool);
    node = blob ? kind_node(kind_of(blob, pool), blob, &options, pool) : NULL;
    show(node, 0);
    return node == NULL;
}

int main(int argc, char **argv)
{
    apr_pool_t *pool;
    int result = 2;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    if (argc == 5 && (strcmp(argv[1], "--wbxml") == 0 || strcmp(argv[1], "--fetch") == 0))
        result = emit_all(strcmp(argv[1], "--fetch") == 0, argv + 2, pool);
    else if (argc == 6 && strcmp(argv[1], "--edit") == 0)
        result = edit_all(argv + 2, pool);
    else if (argc == 4 && strcmp(argv[1], "--attachment") == 0)
        result = emit_attachment(argv[2], atoi(argv[3]), pool);
    else if (argc > 1 && argv[1][0] != '-')
        result = show_file(argc, argv, pool);
    apr_pool_destroy(pool);
    return result;
}
