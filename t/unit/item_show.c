/* Messages as a client gets them. For people, and for t/perl/item.t:
 *
 *   item_show FILE [TYPE [TRUNCATION [VERSION]]]   the properties of one message, indented
 *   item_show --wbxml VERSION TYPE TRUNCATION      reads names of files from standard input and
 *       writes, for each, a line with the length and a WBXML document: a whole Sync response that
 *       adds the message
 *   item_show --fetch VERSION TYPE TRUNCATION      the same as ItemOperations responses
 *   item_show --attachment FILE NUMBER             one attachment's bytes */
#include "item_helpers.h"

#include "item/attachment.h"

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

static void write_sync(item_email_t *email, eas_writer_t *writer)
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
    item_email_write(email, 0, writer);
    for (int i = 0; i < 6; i++)
        eas_writer_end(writer);
}

static void write_fetch(item_email_t *email, eas_writer_t *writer)
{
    eas_writer_start(writer, EAS_ItemOperations_ItemOperations);
    eas_writer_uint(writer, EAS_ItemOperations_Status, 1);
    eas_writer_start(writer, EAS_ItemOperations_Response);
    eas_writer_start(writer, EAS_ItemOperations_Fetch);
    eas_writer_uint(writer, EAS_ItemOperations_Status, 1);
    eas_writer_text(writer, EAS_AirSync_CollectionId, "5");
    eas_writer_text(writer, EAS_AirSync_ServerId, "5:1:42");
    eas_writer_text(writer, EAS_AirSync_Class, "Email");
    eas_writer_start(writer, EAS_ItemOperations_Properties);
    item_email_write(email, 0, writer);
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
    item_email_t *email;
    char buffer[8192];
    const char *data;
    apr_file_t *file;
    apr_off_t length;

    if (!blob)
        return base_fault_make(pool, BASE_FAULT_NOT_FOUND, "no file %s", path);
    BASE_TRY(item_email_load(blob, &reference, &entry, options, &email, pool));
    (fetch ? write_fetch : write_sync)(email, writer);
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
    const eas_node_t *node;

    options.preferences[0].preview = 100;
    node = email_node(blob_of_file(argv[1], pool), 0, &options, pool);
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
    else if (argc == 4 && strcmp(argv[1], "--attachment") == 0)
        result = emit_attachment(argv[2], atoi(argv[3]), pool);
    else if (argc > 1 && argv[1][0] != '-')
        result = show_file(argc, argv, pool);
    apr_pool_destroy(pool);
    return result;
}
