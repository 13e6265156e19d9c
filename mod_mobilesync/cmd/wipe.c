#include "cmd/wipe.h"

#include <string.h>
#include <apr_strings.h>

#include "state/audit.h"

/* What a phone reports (MS-ASPROV 2.2.2.54.3), and what it is answered (2.2.2.54.2). */
enum { WIPE_NOT_REPORTED, WIPE_SUCCEEDED = 1, WIPE_FAILED = 2 };

typedef struct {
    cmd_exchange_t *exchange;
    eas_tag_t directive; /* EAS_TAG_NONE: none is sent */
    int reported;        /* WIPE_... */
    int is_new;          /* it was not reported before */
    int is_done;
} wipe_t;

static const char *const wipe_fields[] = {"wipe", "wipe-done"};

#define WIPE_FIELDS ((int)(sizeof wipe_fields / sizeof *wipe_fields))

/* The directive that the record's wipe comes as. */
static eas_tag_t wipe_directive(const state_record_t *record)
{
    const state_field_t *kind = state_record_field(record, "wipe");

    if (!kind)
        return EAS_TAG_NONE;
    return kind->length == 7 && memcmp(kind->data, "account", 7) == 0
               ? EAS_Provision_AccountOnlyRemoteWipe
               : EAS_Provision_RemoteWipe;
}

/* What the request says of the directive. */
static int wipe_reported(const cmd_exchange_t *exchange, eas_tag_t directive)
{
    const eas_node_t *node = exchange->body ? eas_node_child(exchange->body, directive) : NULL;
    apr_uint64_t status;

    if (!node || eas_node_child_uint(node, EAS_Provision_Status, WIPE_FAILED, &status) != 1)
        return WIPE_NOT_REPORTED;
    return (int)status;
}

static base_fault_t *wipe_blocked(const cmd_exchange_t *exchange, const char *why)
{
    return base_fault_make(exchange->pool, BASE_FAULT_BLOCKED, "%s", why);
}

base_fault_t *cmd_wipe_judge(cmd_exchange_t *exchange)
{
    eas_tag_t directive = wipe_directive(exchange->device);
    int is_provision = exchange->request->command == EAS_COMMAND_Provision;

    if (directive == EAS_TAG_NONE)
        return NULL;
    if (!eas_tag_in_version(directive, exchange->request->version))
        return wipe_blocked(exchange, "the account is to be wiped from the device");
    if (state_record_field(exchange->device, "wipe-done") &&
        (!is_provision || wipe_reported(exchange, directive) != WIPE_SUCCEEDED))
        return wipe_blocked(exchange, "the device was wiped, and is not released yet");
    if (!is_provision)
        return base_fault_make(exchange->pool, BASE_FAULT_WIPE_REQUESTED,
                               "the device is to be wiped");
    exchange->run = cmd_wipe_run;
    return NULL;
}

/* -- the audit --------------------------------------------------------------------------------- */

#define WIPE_AUDIT_FIELDS 5

/* What a phone reports is on record as well. That this cannot be written is logged: the wipe itself
 * is more important. */
static void wipe_audit(const wipe_t *wipe, const base_fault_t *fault, const char **id)
{
    cmd_exchange_t *exchange = wipe->exchange;
    const state_audit_field_t fields[WIPE_AUDIT_FIELDS] = {
        {"actor", "(phone)"},
        {"action", wipe->reported == WIPE_SUCCEEDED ? "device.wiped" : "device.wipe_failed"},
        {"account", exchange->account},
        {"device", exchange->request->device_id},
        {"outcome", fault ? "failed" : "done"}};
    base_fault_t *trouble = *id ? state_audit_end(exchange->service->store, *id, fields,
                                                  WIPE_AUDIT_FIELDS, exchange->pool)
                                : state_audit_begin(exchange->service->store, fields,
                                                    WIPE_AUDIT_FIELDS - 1, id, exchange->pool);

    if (trouble)
        base_log_write(exchange->log, BASE_LOG_WARNING,
                       "a wipe of %s's device %s is not audited: %s", exchange->account,
                       exchange->request->device_id, trouble->message);
}

/* -- Provision ----------------------------------------------------------------------------------- */

static base_fault_t *wipe_decide(void *baton, const state_record_t *record, state_change_t *change,
                                 apr_pool_t *pool)
{
    wipe_t *wipe = baton;
    const char *now = apr_psprintf(pool, "%" APR_TIME_T_FMT, wipe->exchange->now);
    eas_tag_t directive = wipe_directive(record);

    wipe->is_done = state_record_field(record, "wipe-done") != NULL;
    wipe->is_new = 0;
    wipe->directive = EAS_TAG_NONE;
    /* cancelled, or asked for otherwise, while this request came */
    if (!eas_tag_in_version(directive, wipe->exchange->request->version))
        return NULL;
    wipe->reported = wipe_reported(wipe->exchange, directive);
    if (wipe->is_done)
        return NULL;
    if (wipe->reported == WIPE_SUCCEEDED) {
        wipe->is_done = wipe->is_new = 1;
        state_change_set(change, "wipe-done", now);
        state_change_delete(change, "wipe-failed");
        return NULL;
    }
    wipe->directive = directive;
    state_change_set(change, "wipe-sent", now);
    if (wipe->reported == WIPE_FAILED) {
        wipe->is_new = 1;
        state_change_set(change, "wipe-failed", now);
    }
    return NULL;
}

static base_fault_t *wipe_note(wipe_t *wipe)
{
    cmd_exchange_t *exchange = wipe->exchange;
    const state_key_t key = cmd_exchange_device_key(exchange);
    const char *id = NULL;
    base_fault_t *fault;
    int is_report;

    wipe->reported = wipe_reported(exchange, wipe_directive(exchange->device));
    is_report = wipe->reported && !state_record_field(exchange->device, "wipe-done");
    if (is_report)
        wipe_audit(wipe, NULL, &id);
    fault = state_record_change(exchange->service->store, &key, wipe_fields, WIPE_FIELDS,
                                wipe_decide, wipe, exchange->pool);
    if (is_report && id)
        wipe_audit(wipe, fault, &id);
    return base_fault_wrap(fault, exchange->pool, "noting a wipe");
}

base_fault_t *cmd_wipe_run(cmd_exchange_t *exchange)
{
    wipe_t wipe = {.exchange = exchange};
    eas_writer_t *writer = exchange->writer;

    BASE_TRY(wipe_note(&wipe));
    if (wipe.is_done && wipe.reported != WIPE_SUCCEEDED)
        return wipe_blocked(exchange, "the device was wiped, and is not released yet");
    if (wipe.directive || wipe.is_new)
        base_log_write(exchange->log, BASE_LOG_INFO, "account %s, device %s: %s", exchange->account,
                       exchange->request->device_id,
                       wipe.is_done                   ? "says that it is wiped"
                       : wipe.reported == WIPE_FAILED ? "says that it cannot be wiped"
                                                      : "is told to wipe");
    eas_writer_start(writer, EAS_Provision_Provision);
    eas_writer_uint(writer, EAS_Provision_Status,
                    wipe.reported == WIPE_FAILED ? WIPE_FAILED : WIPE_SUCCEEDED);
    if (wipe.directive)
        eas_writer_empty(writer, wipe.directive);
    eas_writer_end(writer);
    return NULL;
}
