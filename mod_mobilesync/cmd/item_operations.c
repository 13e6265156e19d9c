/* ItemOperations: Fetch of items and attachments (MS-ASCMD 2.2.1.10), inline or as a multipart
 * response (2.2.1.10.1.1), EmptyFolderContents and Move. */
#include "cmd/cmd.h"

#include <string.h>
#include <apr_strings.h>

#include "base/text.h"
#include "cmd/conversation.h"
#include "cmd/empty_folder.h"
#include "cmd/options.h"
#include "cmd/range.h"
#include "eas/status.h"
#include "item/attachment.h"
#include "item/kind.h"
#include "item/reference.h"

#define OPERATIONS_MULTIPART_TYPE "application/vnd.ms-sync.multipart"
#define OPERATIONS_SCHEMA_MAX 256 /* elements; contacts have 80 */
#define OPERATIONS_FETCH_MAX 100  /* in one request */

/* MS-ASCMD 2.2.3.177.8, where no fault stands for it */
enum {
    OPERATIONS_STATUS_SUCCESS = 1,
    OPERATIONS_STATUS_PROTOCOL = 2,
    OPERATIONS_STATUS_RANGE = 8,
    OPERATIONS_STATUS_STORE = 9,
    OPERATIONS_STATUS_EMPTY = 10,
    OPERATIONS_STATUS_ATTACHMENT = 15
};

/* One request: the parts of a multipart response as they are made. */
typedef struct {
    cmd_exchange_t *exchange;
    apr_array_header_t *parts; /* eas_spool_t *; NULL: inline */
} operations_t;

/* One Fetch. */
typedef struct {
    operations_t *operations;
    const eas_node_t *node;
    const eas_node_t *options;
    item_reference_t reference;
    const item_kind_t *kind; /* the item's, as soon as its folder is known */
    apr_pool_t *pool;
} operations_fetch_t;

/* -- parts ---------------------------------------------------------------------------------- */

/* Spools what a reader gives as the next part; *index is what Part says. */
static base_fault_t *operations_part(operations_t *operations, eas_writer_read_fn read, void *baton,
                                     int *index)
{
    cmd_exchange_t *exchange = operations->exchange;
    eas_spool_t *spool = eas_spool_create(exchange->service->spool_directory, exchange->pool);
    char buffer[16384];
    apr_size_t length;

    for (;;) {
        length = sizeof buffer;
        BASE_TRY(read(baton, buffer, &length));
        if (!length)
            break;
        BASE_TRY(eas_spool_append(spool, buffer, length));
    }
    APR_ARRAY_PUSH(operations->parts, eas_spool_t *) = spool;
    *index = operations->parts->nelts; /* part 0 is the WBXML */
    return NULL;
}

static base_fault_t *operations_copy(eas_spool_t *from, eas_spool_t *to, apr_pool_t *pool)
{
    const char *data;
    apr_file_t *file;
    apr_off_t length, zero = 0;
    char buffer[16384];

    BASE_TRY(eas_spool_content(from, &data, &file, &length));
    if (!file)
        return eas_spool_append(to, data, (apr_size_t)length);
    if (apr_file_seek(file, APR_SET, &zero) != APR_SUCCESS)
        return base_fault_make(pool, BASE_FAULT_INTERNAL, "rewinding a temporary file");
    while (length > 0) {
        apr_size_t n = sizeof buffer;
        apr_status_t status = apr_file_read(file, buffer, &n);

        if (status != APR_SUCCESS)
            return base_fault_make_status(pool, BASE_FAULT_INTERNAL, status,
                                          "reading a temporary file");
        BASE_TRY(eas_spool_append(to, buffer, n));
        length -= (apr_off_t)n;
    }
    return NULL;
}

static void operations_put_number(char *at, apr_uint32_t number)
{
    int i;

    for (i = 0; i < 4; i++)
        at[i] = (char)(number >> (8 * i));
}

/* MultiPartResponse: count, (offset, length) of each part, the parts; little-endian. */
static base_fault_t *operations_assemble(operations_t *operations)
{
    cmd_exchange_t *exchange = operations->exchange;
    eas_spool_t *whole = eas_spool_create(exchange->service->spool_directory, exchange->pool);
    int count = operations->parts->nelts + 1, i;
    apr_size_t head = 4 + 8 * (apr_size_t)count;
    char *table = apr_palloc(exchange->pool, head);
    apr_off_t offset = (apr_off_t)head;

    BASE_TRY(eas_writer_finish(exchange->writer));
    operations_put_number(table, (apr_uint32_t)count);
    for (i = 0; i < count; i++) {
        eas_spool_t *part =
            i ? APR_ARRAY_IDX(operations->parts, i - 1, eas_spool_t *) : exchange->spool;

        operations_put_number(table + 4 + 8 * i, (apr_uint32_t)offset);
        operations_put_number(table + 8 + 8 * i, (apr_uint32_t)eas_spool_length(part));
        offset += eas_spool_length(part);
    }
    BASE_TRY(eas_spool_append(whole, table, head));
    BASE_TRY(operations_copy(exchange->spool, whole, exchange->pool));
    for (i = 0; i < operations->parts->nelts; i++)
        BASE_TRY(operations_copy(APR_ARRAY_IDX(operations->parts, i, eas_spool_t *), whole,
                                 exchange->pool));
    exchange->spool = whole;
    exchange->content_type = OPERATIONS_MULTIPART_TYPE;
    return NULL;
}

/* -- Fetch ---------------------------------------------------------------------------------- */

/* The answer begins with what the client named the item by, in the schema's order. */
static void operations_open(operations_fetch_t *fetch, int status)
{
    /* with the greatest lengths that the schema has: a longer one is none of ours */
    static const struct {
        eas_tag_t tag;
        size_t length;
    } echoed[] = {{EAS_AirSync_CollectionId, 64},
                  {EAS_AirSync_ServerId, 64},
                  {EAS_Search_LongId, 256},
                  {EAS_AirSyncBase_FileReference, 256}};
    eas_writer_t *writer = fetch->operations->exchange->writer;
    size_t i;

    eas_writer_start(writer, EAS_ItemOperations_Fetch);
    eas_writer_uint(writer, EAS_ItemOperations_Status, (apr_uint64_t)status);
    for (i = 0; i < sizeof echoed / sizeof *echoed; i++) {
        const char *text = eas_node_child_text(fetch->node, echoed[i].tag);

        if (text && *text && strlen(text) <= echoed[i].length)
            eas_writer_text(writer, echoed[i].tag, text);
        if (echoed[i].tag == EAS_Search_LongId && status == OPERATIONS_STATUS_SUCCESS &&
            !fetch->reference.part)
            eas_writer_text(writer, EAS_AirSync_Class, fetch->kind->name);
    }
}

/* Schema: only the properties it names. */
static base_fault_t *operations_schema(operations_fetch_t *fetch, item_options_t *options)
{
    const eas_node_t *schema = eas_node_child(fetch->options, EAS_ItemOperations_Schema), *child;
    eas_tag_t *tags = apr_palloc(fetch->pool, OPERATIONS_SCHEMA_MAX * sizeof *tags);
    int count = 0;

    if (!schema)
        return NULL;
    for (child = schema->first; child; child = child->next) {
        if (count == OPERATIONS_SCHEMA_MAX)
            return base_fault_make(fetch->pool, BASE_FAULT_INVALID, "Schema is too long");
        tags[count++] = child->tag;
    }
    options->schema = tags;
    options->schema_count = count;
    return NULL;
}

/* The item, and what kind it is of. */
static base_fault_t *operations_read(operations_fetch_t *fetch, backend_entry_t *entry,
                                     backend_blob_t **blob)
{
    cmd_exchange_t *exchange = fetch->operations->exchange;
    backend_folder_t *folder;

    BASE_TRY(cmd_exchange_folder(exchange, fetch->reference.folder_id, &folder));
    fetch->kind = item_kind_find(folder->class_);
    return cmd_exchange_item(exchange, &fetch->reference, entry, blob, fetch->pool);
}

static base_fault_t *operations_fetch_item(operations_fetch_t *fetch, int *status)
{
    cmd_exchange_t *exchange = fetch->operations->exchange;
    cmd_options_t options;
    backend_entry_t entry;
    backend_blob_t *blob;
    const item_kind_t *kind;
    void *item;
    int part = 0;

    cmd_options_init(&options, exchange->request->version);
    if (fetch->options)
        BASE_TRY(cmd_options_parse(fetch->options, &options, fetch->pool));
    if ((*status = options.refused))
        return NULL;
    BASE_TRY(operations_schema(fetch, &options.item));
    BASE_TRY(cmd_exchange_addresses(exchange, &options.item.addresses));
    options.item.now = exchange->now;
    BASE_TRY(operations_read(fetch, &entry, &blob));
    kind = fetch->kind;
    BASE_TRY(kind->load(blob, &fetch->reference, &entry, &options.item, &item, fetch->pool));
    if (fetch->operations->parts && kind->body_has_data(item))
        BASE_TRY(operations_part(fetch->operations, kind->body_read, item, &part));
    operations_open(fetch, OPERATIONS_STATUS_SUCCESS);
    eas_writer_start(exchange->writer, EAS_ItemOperations_Properties);
    kind->write(item, part, exchange->writer);
    eas_writer_end(exchange->writer);
    eas_writer_end(exchange->writer);
    return NULL;
}

/* Range of Options, cut to the attachment's size. Returns 0, or the Status that says why not. */
static int operations_range(const char *text, apr_uint64_t size, cmd_range_t *range)
{
    if (!cmd_range_parse(text, CMD_RANGE_BYTES, range))
        return OPERATIONS_STATUS_RANGE;
    if ((apr_uint64_t)range->first >= size)
        return size ? OPERATIONS_STATUS_RANGE : OPERATIONS_STATUS_EMPTY;
    if ((apr_uint64_t)range->last >= size)
        range->last = (int)(size - 1);
    return 0;
}

static void operations_write_attachment(operations_fetch_t *fetch, item_attachment_t *attachment,
                                        const char *range, int part)
{
    cmd_exchange_t *exchange = fetch->operations->exchange;
    eas_writer_t *writer = exchange->writer;

    operations_open(fetch, OPERATIONS_STATUS_SUCCESS);
    eas_writer_start(writer, EAS_ItemOperations_Properties);
    if (range) {
        eas_writer_text(writer, EAS_ItemOperations_Range, range);
        eas_writer_uint(writer, EAS_ItemOperations_Total, item_attachment_size(attachment));
    }
    eas_writer_text(writer, EAS_AirSyncBase_ContentType, item_attachment_content_type(attachment));
    if (part)
        eas_writer_uint(writer, EAS_ItemOperations_Part, (apr_uint64_t)part);
    else
        eas_writer_text_stream(writer, EAS_ItemOperations_Data, item_attachment_read_base64,
                               attachment);
    eas_writer_end(writer);
    eas_writer_end(writer);
}

static base_fault_t *operations_fetch_attachment(operations_fetch_t *fetch, int *status)
{
    const char *asked = eas_node_child_text(fetch->options, EAS_ItemOperations_Range);
    const char *given = NULL;
    item_attachment_t *attachment;
    cmd_range_t range;
    int part = 0;

    BASE_TRY(cmd_exchange_attachment(fetch->operations->exchange, &fetch->reference, &attachment,
                                     fetch->pool));
    if (asked) {
        int count;

        if ((*status = operations_range(asked, item_attachment_size(attachment), &range)))
            return NULL;
        count = range.last - range.first + 1;
        BASE_TRY(item_attachment_seek(attachment, (apr_uint64_t)range.first, (apr_uint64_t)count));
        given = cmd_range_show(&range, count, fetch->pool);
    }
    if (fetch->operations->parts)
        BASE_TRY(operations_part(fetch->operations, item_attachment_read, attachment, &part));
    operations_write_attachment(fetch, attachment, given, part);
    return NULL;
}

/* What is asked for, and whether it can be. Returns 0, or the Status that says why not. */
static int operations_examine(operations_fetch_t *fetch)
{
    const char *store = eas_node_child_text(fetch->node, EAS_ItemOperations_Store);
    const eas_node_t *file = eas_node_child(fetch->node, EAS_AirSyncBase_FileReference);
    const char *collection = eas_node_child_text(fetch->node, EAS_AirSync_CollectionId);
    const char *server_id = eas_node_child_text(fetch->node, EAS_AirSync_ServerId);
    const char *long_id = eas_node_child_text(fetch->node, EAS_Search_LongId);

    fetch->options = eas_node_child(fetch->node, EAS_ItemOperations_Options);
    if (!store || cmd_options_foreign(fetch->node))
        return OPERATIONS_STATUS_PROTOCOL;
    if (strcasecmp(store, "Mailbox"))
        return OPERATIONS_STATUS_STORE;
    if (file) {
        if (eas_node_next(file) || server_id || long_id)
            return OPERATIONS_STATUS_PROTOCOL; /* R765 */
        return item_reference_parse_file(file->text, &fetch->reference, fetch->pool)
                   ? 0
                   : OPERATIONS_STATUS_ATTACHMENT;
    }
    if (long_id)
        server_id = long_id; /* what Search gives out is the ServerId */
    else if (!collection)
        return OPERATIONS_STATUS_PROTOCOL;
    if (!server_id)
        return OPERATIONS_STATUS_PROTOCOL;
    if (!item_reference_parse_server_id(server_id, &fetch->reference, fetch->pool) ||
        (collection && strcmp(collection, fetch->reference.folder_id)))
        return eas_status_from_fault(EAS_COMMAND_ItemOperations, BASE_FAULT_NOT_FOUND);
    return 0;
}

/* An item's failure is its own Status; only an outage ends the whole command. */
static base_fault_t *operations_fetch(operations_t *operations, const eas_node_t *node,
                                      apr_pool_t *pool)
{
    operations_fetch_t fetch = {.operations = operations, .node = node, .pool = pool};
    base_fault_t *fault = NULL;
    int status = operations_examine(&fetch);

    if (!status)
        fault = fetch.reference.part ? operations_fetch_attachment(&fetch, &status)
                                     : operations_fetch_item(&fetch, &status);
    if (base_fault_code(fault) == BASE_FAULT_UNAVAILABLE)
        return fault;
    if (fault) {
        base_log_write(operations->exchange->log, cmd_fault_level(fault->code),
                       "ItemOperations Fetch of %s, item %s:%" APR_UINT64_T_FMT ": %s",
                       operations->exchange->account, fetch.reference.folder_id,
                       fetch.reference.uid, fault->message);
        status = fetch.reference.part && (fault->code == BASE_FAULT_NOT_FOUND ||
                                          fault->code == BASE_FAULT_FOLDER_GONE)
                     ? OPERATIONS_STATUS_ATTACHMENT
                     : eas_status_from_fault(EAS_COMMAND_ItemOperations, fault->code);
    }
    if (status) {
        operations_open(&fetch, status);
        eas_writer_end(operations->exchange->writer);
    }
    return NULL;
}

/* -- the command ------------------------------------------------------------------------------ */

static base_fault_t *operations_empty_folder(operations_t *operations, const eas_node_t *node,
                                             apr_pool_t *pool)
{
    return cmd_empty_folder(operations->exchange, node, pool);
}

static base_fault_t *operations_move(operations_t *operations, const eas_node_t *node,
                                     apr_pool_t *pool)
{
    return cmd_conversation_move(operations->exchange, node, pool);
}

static const struct {
    eas_tag_t tag;
    eas_version_t first_version;
    base_fault_t *(*run)(operations_t *operations, const eas_node_t *node, apr_pool_t *pool);
} operations_kinds[] = {
    {EAS_ItemOperations_Fetch, EAS_VERSION_12_1, operations_fetch},
    {EAS_ItemOperations_EmptyFolderContents, EAS_VERSION_12_1, operations_empty_folder},
    {EAS_ItemOperations_Move, EAS_VERSION_14_0, operations_move},
};

#define OPERATIONS_KIND_COUNT (int)(sizeof operations_kinds / sizeof *operations_kinds)

static int operations_find(const eas_node_t *node, eas_version_t version)
{
    int i;

    for (i = 0; i < OPERATIONS_KIND_COUNT; i++)
        if (operations_kinds[i].tag == node->tag && version >= operations_kinds[i].first_version)
            return i;
    return -1;
}

static base_fault_t *operations_check(cmd_exchange_t *exchange)
{
    const eas_node_t *node;
    int count = 0;

    for (node = exchange->body->first; node; node = node->next)
        if (operations_find(node, exchange->request->version) < 0)
            return base_fault_make(exchange->pool, BASE_FAULT_INVALID,
                                   "ItemOperations: %s is not an operation",
                                   eas_tag_name(node->tag));
        else if (++count > OPERATIONS_FETCH_MAX)
            return base_fault_make(exchange->pool, BASE_FAULT_INVALID,
                                   "ItemOperations: more than %d operations", OPERATIONS_FETCH_MAX);
    if (!count)
        return base_fault_make(exchange->pool, BASE_FAULT_INVALID, "ItemOperations: no operation");
    return NULL;
}

base_fault_t *cmd_item_operations_run(cmd_exchange_t *exchange)
{
    operations_t operations = {.exchange = exchange};
    const eas_node_t *node;
    apr_pool_t *subpool;
    base_fault_t *fault = operations_check(exchange);

    if (exchange->request->accept_multipart)
        operations.parts = apr_array_make(exchange->pool, 4, sizeof(eas_spool_t *));
    if (fault)
        return fault;
    apr_pool_create(&subpool, exchange->pool);
    eas_writer_start(exchange->writer, EAS_ItemOperations_ItemOperations);
    eas_writer_uint(exchange->writer, EAS_ItemOperations_Status, OPERATIONS_STATUS_SUCCESS);
    eas_writer_start(exchange->writer, EAS_ItemOperations_Response);
    for (node = exchange->body->first; node; node = node->next) {
        apr_pool_clear(subpool);
        fault = operations_kinds[operations_find(node, exchange->request->version)].run(
            &operations, node, subpool);
        if (fault)
            return base_fault_wrap(fault, exchange->pool, "ItemOperations");
    }
    eas_writer_end(exchange->writer);
    eas_writer_end(exchange->writer);
    return operations.parts ? operations_assemble(&operations) : NULL;
}
