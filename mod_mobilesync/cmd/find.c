/* Find (MS-ASCMD 2.2.1.2, since 16.1): the newer Search, of the mailbox; find_gal.c has the
 * directory. */
#include "cmd/find.h"

#include <string.h>
#include <apr_strings.h>

#include "cmd/query.h"
#include "eas/status.h"
#include "item/summary.h"

#define FIND_RANGE_DEFAULT 99 /* the last of the default range, and the most in one response */
#define FIND_SEARCH_ID_MAX 256

/* MS-ASCMD 2.2.3.177.2, child of Response */
enum { FIND_STATUS_START_WITH_ZERO = 4 };

base_fault_t *cmd_find_invalid(const cmd_exchange_t *exchange, const char *what)
{
    return base_fault_make(exchange->pool, BASE_FAULT_INVALID, "%s", what);
}

base_fault_t *cmd_find_text(cmd_exchange_t *exchange, const eas_node_t *parent, eas_tag_t tag,
                            const char **text)
{
    const eas_node_t *node = eas_node_child(parent, tag);
    apr_size_t length;

    *text = NULL;
    if (!node)
        return NULL;
    if (eas_node_next(node))
        return cmd_find_invalid(exchange,
                                apr_psprintf(exchange->pool, "several of %s", eas_tag_name(tag)));
    if (eas_node_content(node, text, &length, exchange->pool) != APR_SUCCESS)
        return base_fault_make(exchange->pool, BASE_FAULT_INTERNAL, "reading %s",
                               eas_tag_name(tag));
    return NULL;
}

base_fault_t *cmd_find_range(cmd_exchange_t *exchange, const eas_node_t *options,
                             cmd_range_t *range)
{
    const char *text;

    BASE_TRY(cmd_find_text(exchange, options, EAS_Find_Range, &text));
    *range = (cmd_range_t){0, FIND_RANGE_DEFAULT};
    if (text && !cmd_range_parse(text, CMD_RANGE_RESULTS, range))
        return cmd_find_invalid(exchange, "not a Range");
    /* fewer than asked for are allowed (R37071816) */
    if (range->last - range->first > FIND_RANGE_DEFAULT)
        range->last = range->first + FIND_RANGE_DEFAULT;
    return NULL;
}

/* A Query without words means everything in the folder. */
static base_fault_t *find_query(cmd_exchange_t *exchange, const eas_node_t *criterion,
                                const char *search_id, cmd_search_t *search)
{
    const eas_node_t *node = eas_node_child(criterion, EAS_Find_Query);
    const char *class_, *collection, *text;
    backend_query_t *query;

    if (!node || eas_node_next(node))
        return cmd_find_invalid(exchange, "there must be one Query");
    BASE_TRY(cmd_find_text(exchange, node, EAS_AirSync_Class, &class_));
    if (!class_ || strcmp(class_, "Email") != 0) /* R901100613 */
        return cmd_find_invalid(exchange, "the Class is not Email");
    BASE_TRY(cmd_find_text(exchange, node, EAS_AirSync_CollectionId, &collection));
    search->folder_ids = apr_array_make(exchange->pool, 1, sizeof(const char *));
    if (collection)
        APR_ARRAY_PUSH(search->folder_ids, const char *) = collection;
    BASE_TRY(cmd_find_text(exchange, node, EAS_Find_FreeText, &text));
    if (text && text[strspn(text, " ")])
        BASE_TRY(cmd_query_parse(text, exchange->now, &query, exchange->pool));
    else
        query = cmd_query_make(BACKEND_QUERY_AND, exchange->pool);
    search->query = query;
    search->name = apr_psprintf(exchange->pool, "%s\n%s\n%d\n%s", search_id,
                                collection ? collection : "", search->deep, text ? text : "");
    return NULL;
}

static base_fault_t *find_write_match(cmd_exchange_t *exchange, const backend_match_t *match,
                                      apr_pool_t *pool)
{
    eas_writer_t *writer = exchange->writer;
    item_summary_t *summary = NULL;
    item_reference_t reference;
    backend_entry_t entry;
    backend_blob_t *blob;
    base_fault_t *fault = cmd_search_open(exchange, match, &reference, NULL, &entry, &blob, pool);

    if (!fault && blob)
        fault =
            item_summary_load(blob, &reference, &entry, exchange->request->version, &summary, pool);
    if (base_fault_code(fault) == BASE_FAULT_UNAVAILABLE)
        return fault;
    if (fault)
        base_log_write(exchange->log, BASE_LOG_INFO,
                       "Find of %s, item %s:%" APR_UINT64_T_FMT ": %s", exchange->account,
                       match->folder_id, match->uid, fault->message);
    if (!summary)
        return NULL;
    eas_writer_start(writer, EAS_Find_Result);
    eas_writer_text(writer, EAS_AirSync_Class, "Email");
    eas_writer_text(writer, EAS_AirSync_ServerId, item_reference_server_id(&reference, pool));
    eas_writer_text(writer, EAS_AirSync_CollectionId, reference.folder_id);
    eas_writer_start(writer, EAS_Find_Properties);
    item_summary_write(summary, writer);
    eas_writer_end(writer);
    eas_writer_end(writer);
    return NULL;
}

static base_fault_t *find_write(cmd_exchange_t *exchange, const cmd_search_t *search,
                                const backend_found_t *found)
{
    eas_writer_t *writer = exchange->writer;
    apr_pool_t *pool;
    int i;

    apr_pool_create(&pool, exchange->pool);
    for (i = 0; i < found->count && (i == 0 || !cmd_search_full(exchange)); i++) {
        apr_pool_clear(pool);
        BASE_TRY(find_write_match(exchange, &found->matches[i], pool));
    }
    apr_pool_destroy(pool);
    if (i)
        eas_writer_text(writer, EAS_Find_Range, cmd_range_show(&search->range, i, exchange->pool));
    eas_writer_uint(writer, EAS_Find_Total, (apr_uint64_t)found->total);
    return NULL;
}

void cmd_find_open(cmd_exchange_t *exchange, int status)
{
    eas_writer_t *writer = exchange->writer;

    eas_writer_start(writer, EAS_Find_Find);
    eas_writer_uint(writer, EAS_Find_Status, EAS_STATUS_SUCCESS);
    eas_writer_start(writer, EAS_Find_Response);
    eas_writer_text(writer, EAS_ItemOperations_Store, "Mailbox"); /* always: R45251807 */
    eas_writer_uint(writer, EAS_Find_Status, (apr_uint64_t)status);
    exchange->report.status = status;
    exchange->outcome = apr_psprintf(exchange->pool, "Find %d", status);
}

static base_fault_t *find_mailbox(cmd_exchange_t *exchange, const eas_node_t *criterion,
                                  const char *search_id)
{
    const eas_node_t *options = eas_node_child(criterion, EAS_Find_Options);
    eas_writer_t *writer = exchange->writer;
    cmd_search_t search = {.classes = 1u << BACKEND_CLASS_EMAIL};
    backend_found_t *found;
    int status = EAS_STATUS_SUCCESS;

    BASE_TRY(cmd_find_range(exchange, options, &search.range));
    search.deep = eas_node_child(options, EAS_Find_DeepTraversal) != NULL;
    BASE_TRY(find_query(exchange, criterion, search_id, &search));
    BASE_TRY(cmd_search_mailbox(exchange, &search, &found));
    if (search.range.first && !found->resumed)
        status = FIND_STATUS_START_WITH_ZERO;
    cmd_find_open(exchange, status);
    if (status == EAS_STATUS_SUCCESS)
        BASE_TRY(find_write(exchange, &search, found));
    eas_writer_end(writer);
    eas_writer_end(writer);
    return NULL;
}

base_fault_t *cmd_find_run(cmd_exchange_t *exchange)
{
    const eas_node_t *execute = eas_node_child(exchange->body, EAS_Find_ExecuteSearch);
    const eas_node_t *criterion = execute ? execute->first : NULL;
    const char *search_id;

    BASE_TRY(cmd_find_text(exchange, exchange->body, EAS_Find_SearchId, &search_id));
    if (!search_id || !*search_id || strlen(search_id) > FIND_SEARCH_ID_MAX)
        return cmd_find_invalid(exchange, "there is no SearchId");
    if (!criterion || criterion->next || eas_node_next(execute))
        return cmd_find_invalid(exchange, "there must be one criterion");
    if (criterion->tag == EAS_Find_MailBoxSearchCriterion)
        return find_mailbox(exchange, criterion, search_id);
    if (criterion->tag == EAS_Find_GalSearchCriterion)
        return cmd_find_gal(exchange, criterion);
    return cmd_find_invalid(exchange, "no criterion that is known");
}
