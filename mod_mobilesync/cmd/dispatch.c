#include "cmd/cmd.h"

#include <apr_strings.h>

#include "cmd/gate.h"
#include "eas/status.h"

#define CMD_RETRY_AFTER 30 /* seconds, where the fault does not say */

#define CMD_ROW(command, function, flags, root, status) \
    base_fault_t *function(cmd_exchange_t *exchange);
#include "cmd/commands.tbl"
#undef CMD_ROW

/* MS-ASCMD 2.2.3.177.10 */
#define DISPATCH_SUCCESS(command) (EAS_COMMAND_##command == EAS_COMMAND_MoveItems ? 3 : 1)

#define CMD_ROW(command, function, flags, root, status) \
    {EAS_COMMAND_##command, function, flags, EAS_##root, EAS_##status, DISPATCH_SUCCESS(command)},
static const cmd_entry_t cmd_entries[] = {
#include "cmd/commands.tbl"
};
#undef CMD_ROW

#define CMD_ENTRY_COUNT (sizeof cmd_entries / sizeof *cmd_entries)

const cmd_entry_t *cmd_find(eas_command_t command)
{
    size_t i;

    for (i = 0; i < CMD_ENTRY_COUNT; i++)
        if (cmd_entries[i].command == command)
            return &cmd_entries[i];
    return NULL;
}

const char *cmd_list(apr_pool_t *pool)
{
    apr_array_header_t *names = apr_array_make(pool, CMD_ENTRY_COUNT, sizeof(const char *));
    size_t i;

    for (i = 0; i < CMD_ENTRY_COUNT; i++)
        APR_ARRAY_PUSH(names, const char *) = eas_command_name(cmd_entries[i].command);
    return apr_array_pstrcat(pool, names, ',');
}

static void cmd_answer_http(cmd_exchange_t *exchange, int code, int retry_after)
{
    cmd_exchange_restart(exchange);
    exchange->http_status = code;
    if (retry_after)
        apr_table_setn(exchange->headers, "Retry-After", apr_itoa(exchange->pool, retry_after));
}

/* For the access log: the command, its Status where it has one, and how long it was to wait. */
static void cmd_set_outcome(cmd_exchange_t *exchange)
{
    const cmd_report_t *report = &exchange->report;
    const char *name = exchange->request->command_name;

    if (report->status && report->heartbeat_asked)
        exchange->outcome =
            apr_psprintf(exchange->pool, "%s %d %d", name, report->status, report->heartbeat_asked);
    else if (report->status)
        exchange->outcome = apr_psprintf(exchange->pool, "%s %d", name, report->status);
}

void cmd_answer_status(cmd_exchange_t *exchange, const cmd_entry_t *entry, int status)
{
    base_fault_t *fault;

    exchange->report.status = status;
    if (entry->root == EAS_TAG_NONE ||
        (exchange->request->version < EAS_VERSION_14_0 && status > 100)) {
        cmd_answer_http(exchange, eas_status_http(exchange->request->command, status), 0);
        return;
    }
    cmd_exchange_restart(exchange);
    exchange->http_status = 200;
    eas_writer_start(exchange->writer, entry->root);
    eas_writer_uint(exchange->writer, entry->status, (apr_uint64_t)status);
    eas_writer_end(exchange->writer);
    cmd_set_outcome(exchange);
    if ((fault = eas_writer_finish(exchange->writer))) {
        base_log_write(exchange->log, BASE_LOG_ERR, "writing an error response: %s",
                       fault->message);
        cmd_answer_http(exchange, 500, 0);
    }
}

/* Who must act on it decides the level: an outage and damage are the operator's, the rest is
 * what clients do. */
base_log_level_t cmd_fault_level(base_fault_code_t code)
{
    if (code == BASE_FAULT_INTERNAL || code == BASE_FAULT_CORRUPT)
        return BASE_LOG_ERR;
    if (code == BASE_FAULT_UNAVAILABLE || code == BASE_FAULT_TIMEOUT || code == BASE_FAULT_QUOTA)
        return BASE_LOG_WARNING;
    return BASE_LOG_INFO;
}

void cmd_answer_fault(cmd_exchange_t *exchange, const cmd_entry_t *entry, base_fault_t *fault)
{
    const eas_request_t *request = exchange->request;

    exchange->report.fault = fault->code;
    exchange->report.error = fault->message;
    base_log_write(exchange->log, cmd_fault_level(fault->code), "%s of %s, device %s: %s [%s]",
                   request->command_name, exchange->account, request->device_id, fault->message,
                   base_fault_code_name(fault->code));
    if (fault->code == BASE_FAULT_UNAVAILABLE || fault->code == BASE_FAULT_TIMEOUT ||
        fault->code == BASE_FAULT_SUSPENDED) {
        cmd_answer_http(exchange, 503, fault->retry_after ? fault->retry_after : CMD_RETRY_AFTER);
        return;
    }
    cmd_answer_status(exchange, entry, eas_status_from_fault(request->command, fault->code));
}

/* What is true of every command before it runs. Returns 0, or the common Status that says
 * what is wrong (MS-ASCMD 2.2.2). */
static int cmd_precondition(const cmd_exchange_t *exchange, const cmd_entry_t *entry)
{
    if (!eas_command_in_version(entry->command, exchange->request->version))
        return EAS_STATUS_VersionNotSupported;
    if ((entry->flags & CMD_MIME_12_1) && exchange->request->version < EAS_VERSION_14_0)
        return exchange->mime ? 0 : EAS_STATUS_InvalidContent;
    if (!exchange->body)
        return (entry->flags & CMD_BODY_OPTIONAL) ? 0 : EAS_STATUS_InvalidContent;
    return exchange->body->tag == entry->root ? 0 : EAS_STATUS_InvalidXML;
}

/* One that is to wait is armed by now: whoever shuts a gate from here on wakes it, and who did so
 * before is seen here. An outage ends no wait. */
static base_fault_t *cmd_check_waiting(cmd_exchange_t *exchange)
{
    sync_access_status_t looked = exchange->access.status;
    cmd_wait_t wait = exchange->wait;
    base_fault_t *fault = cmd_gate_check(exchange);
    base_fault_code_t code = base_fault_code(fault);

    if (fault || exchange->access.status == looked)
        return code == BASE_FAULT_UNAVAILABLE || code == BASE_FAULT_TIMEOUT ? NULL : fault;
    /* it waits for changes of a mailbox that is no longer what the device is served */
    exchange->wait.waiter = NULL;
    return wait.resume(exchange, WAKE_REASON_RESET, wait.baton);
}

/* Commands that do not say themselves what they came to: the first Status in the answer that was
 * no success. The empty answer of a command of ComposeMail is one. */
static void cmd_report_status(cmd_exchange_t *exchange, const cmd_entry_t *entry)
{
    cmd_report_t *report = &exchange->report;

    if (!report->status)
        report->status = (int)eas_writer_watched(exchange->writer);
    if (!report->status && entry->status == EAS_ComposeMail_Status)
        report->status = entry->success;
}

static void cmd_conclude(cmd_exchange_t *exchange, const cmd_entry_t *entry, base_fault_t *fault)
{
    if (!fault && exchange->wait.waiter)
        fault = cmd_check_waiting(exchange);
    if (!fault && !exchange->wait.waiter)
        fault = eas_writer_finish(exchange->writer);
    if (!fault) {
        if (!exchange->wait.waiter) {
            cmd_report_status(exchange, entry);
            cmd_set_outcome(exchange);
        }
        return;
    }
    exchange->wait.waiter = NULL;
    cmd_answer_fault(exchange, entry, fault);
}

void cmd_dispatch(cmd_exchange_t *exchange)
{
    const cmd_entry_t *entry = cmd_find(exchange->request->command);
    int status = cmd_precondition(exchange, entry);
    base_fault_t *fault;

    cmd_exchange_restart(exchange);
    if (status) {
        cmd_answer_status(exchange, entry, status);
        return;
    }
    fault = cmd_gate_enter(exchange);
    if (!fault)
        fault = exchange->run ? exchange->run(exchange) : entry->run(exchange);
    cmd_conclude(exchange, entry, fault);
}

void cmd_resume(cmd_exchange_t *exchange, wake_reason_t reason)
{
    const cmd_entry_t *entry = cmd_find(exchange->request->command);
    cmd_wait_t wait = exchange->wait;
    base_fault_t *fault;

    exchange->access.status = SYNC_ACCESS_NONE; /* that was before it waited */
    fault = reason == WAKE_REASON_RESET ? cmd_gate_check(exchange) : NULL;
    exchange->wait.waiter = NULL;
    cmd_conclude(exchange, entry, fault ? fault : wait.resume(exchange, reason, wait.baton));
}
