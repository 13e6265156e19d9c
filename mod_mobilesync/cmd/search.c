/* Search (MS-ASCMD 2.2.1.16): finds the store that is meant and gives its answer. What is wrong with
 * a search is the Status of the Store; only an outage or a mistake of ours is that of the command. */
#include "cmd/search.h"

#include <string.h>
#include <strings.h>
#include <apr_strings.h>

#include "eas/status.h"

static base_fault_t *search_store_documents(cmd_exchange_t *exchange, const eas_node_t *query,
                                            const eas_node_t *options, int *status)
{
    (void)exchange;
    (void)query;
    (void)options;
    *status = CMD_SEARCH_STATUS_BLOCKED; /* no document library is served here */
    return NULL;
}

/* MS-ASCMD 2.2.3.120.2 */
static const struct {
    const char *name;
    cmd_search_store_fn run;
} search_stores[] = {
    {"Mailbox", cmd_search_store_mailbox},
    {"GAL", cmd_search_store_gal},
    {"DocumentLibrary", search_store_documents},
    {"Document Library", search_store_documents},
};

static cmd_search_store_fn search_store(const eas_node_t *store)
{
    const char *name = eas_node_child_text(store, EAS_Search_Name);
    size_t i;

    for (i = 0; name && i < sizeof search_stores / sizeof *search_stores; i++)
        if (strcasecmp(search_stores[i].name, name) == 0)
            return search_stores[i].run;
    return NULL;
}

static void search_open(eas_writer_t *writer)
{
    eas_writer_start(writer, EAS_Search_Search);
    eas_writer_uint(writer, EAS_Search_Status, CMD_SEARCH_STATUS_SUCCESS);
    eas_writer_start(writer, EAS_Search_Response);
    eas_writer_start(writer, EAS_Search_Store);
}

/* Faults that are the search's own, not the server's. TIMEOUT is no outage here. */
static int search_fault_status(const base_fault_t *fault)
{
    static const base_fault_code_t own[] = {
        BASE_FAULT_INVALID, BASE_FAULT_UNSUPPORTED, BASE_FAULT_TOO_LARGE, BASE_FAULT_FOLDER_GONE,
        BASE_FAULT_STALE,   BASE_FAULT_DENIED,      BASE_FAULT_TIMEOUT};
    size_t i;

    for (i = 0; i < sizeof own / sizeof *own; i++)
        if (fault->code == own[i])
            return eas_status_from_fault(EAS_COMMAND_Search, fault->code);
    return 0;
}

base_fault_t *cmd_search_run(cmd_exchange_t *exchange)
{
    const eas_node_t *store = eas_node_child(exchange->body, EAS_Search_Store);
    const eas_node_t *query = eas_node_child(store, EAS_Search_Query);
    cmd_search_store_fn run = search_store(store);
    int status = CMD_SEARCH_STATUS_INVALID;
    base_fault_t *fault = NULL;

    search_open(exchange->writer);
    if (run && query && !eas_node_next(store) && !eas_node_next(query)) {
        status = CMD_SEARCH_STATUS_SUCCESS;
        fault = run(exchange, query, eas_node_child(store, EAS_Search_Options), &status);
    }
    if (fault) {
        status = search_fault_status(fault);
        if (!status)
            return fault;
        base_log_write(exchange->log, BASE_LOG_INFO, "Search of %s, device %s: %s [%s]",
                       exchange->account, exchange->request->device_id, fault->message,
                       base_fault_code_name(fault->code));
    }
    if (status != CMD_SEARCH_STATUS_SUCCESS)
        eas_writer_uint(exchange->writer, EAS_Search_Status, (apr_uint64_t)status);
    eas_writer_end(exchange->writer);
    eas_writer_end(exchange->writer);
    eas_writer_end(exchange->writer);
    exchange->report.status = status;
    exchange->outcome = apr_psprintf(exchange->pool, "Search %d", status);
    return NULL;
}
