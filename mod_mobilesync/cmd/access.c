#include "cmd/access.h"

#include <string.h>
#include <apr_general.h>
#include <apr_strings.h>

#include "base/text.h"
#include "cmd/access_rules.h"
#include "cmd/device.h"
#include "state/table.h"
#include "state/trash.h"

/* Nothing is to be brought back: the device has been told to begin again. */
#define ACCESS_TRASH_TTL apr_time_from_sec(1)

/* What of the table comes with the record, in exchange->access_texts. */
enum { ACCESS_TEXT_VERSION, ACCESS_TEXT_DEVICE, ACCESS_TEXT_ACCOUNT };

static int access_is_on(const cmd_exchange_t *exchange)
{
    const cmd_access_t *access = exchange->service->access;

    return access && access->mode != SYNC_ACCESS_DISABLED;
}

int cmd_access_is_apart(const cmd_exchange_t *exchange)
{
    return exchange->access.status == SYNC_ACCESS_QUARANTINE ||
           exchange->access.status == SYNC_ACCESS_BLOCK;
}

base_fault_t *cmd_access_read(cmd_exchange_t *exchange, const state_key_t *key,
                              const char *const *names, int count, state_record_t **record)
{
    const state_table_beside_t beside = {.key = key, .names = names, .count = count};
    const char *const wanted[CMD_ACCESS_TEXTS] = {
        [ACCESS_TEXT_VERSION] = SYNC_ACCESS_RULES_VERSION,
        [ACCESS_TEXT_DEVICE] = sync_access_entry_name(key->device, NULL, exchange->pool),
        [ACCESS_TEXT_ACCOUNT] = sync_access_entry_name(key->device, key->account, exchange->pool)};

    if (!access_is_on(exchange))
        return state_record_read(exchange->service->store, key, names, count, record,
                                 exchange->pool);
    return state_table_read_beside(exchange->service->store, STATE_TABLE_ACCESS, wanted,
                                   CMD_ACCESS_TEXTS, &beside, exchange->access_texts, record,
                                   exchange->pool);
}

/* -- the limit of devices --------------------------------------------------- */

/* Only a device that nothing is known of can be one too many. */
static base_fault_t *access_count(cmd_exchange_t *exchange)
{
    const cmd_access_t *access = exchange->service->access;
    apr_array_header_t *devices;
    int i;

    if (!access || !access->devices_max || exchange->device->version)
        return NULL;
    BASE_TRY(
        state_device_list(exchange->service->store, exchange->account, &devices, exchange->pool));
    if (devices->nelts < access->devices_max)
        return NULL;
    for (i = 0; i < devices->nelts; i++)
        if (strcmp(APR_ARRAY_IDX(devices, i, const char *), exchange->request->device_id) == 0)
            return NULL;
    return base_fault_make(exchange->pool, BASE_FAULT_TOO_MANY_DEVICES,
                           "the account has %d devices already (MobileSyncDevicesPerAccount)",
                           devices->nelts);
}

/* -- the decision ----------------------------------------------------------- */

static void access_subject(const cmd_exchange_t *exchange, sync_access_subject_t *subject)
{
    const eas_request_t *request = exchange->request;
    const char *agent = request->user_agent;

    *subject = (sync_access_subject_t){
        .account = exchange->account,
        .properties = {
            [SYNC_ACCESS_PROPERTY_device] = request->device_id,
            [SYNC_ACCESS_PROPERTY_type] = request->device_type,
            [SYNC_ACCESS_PROPERTY_model] =
                state_record_text(exchange->device, "model", exchange->pool),
            [SYNC_ACCESS_PROPERTY_os] = state_record_text(exchange->device, "os", exchange->pool),
            [SYNC_ACCESS_PROPERTY_agent] =
                agent ? agent : state_record_text(exchange->device, "agent", exchange->pool)}};
}

static base_fault_t *access_decide(cmd_exchange_t *exchange, sync_access_decision_t *decision)
{
    sync_access_question_t question = {.mode = SYNC_ACCESS_DISABLED};
    const char *const *texts = exchange->access_texts;

    if (!access_is_on(exchange)) {
        *decision = sync_access_decide(&question);
        return NULL;
    }
    question.mode = exchange->service->access->mode;
    access_subject(exchange, &question.subject);
    sync_access_entry_parse(texts[ACCESS_TEXT_DEVICE], &question.of_device, exchange->pool);
    sync_access_entry_parse(texts[ACCESS_TEXT_ACCOUNT], &question.of_account, exchange->pool);
    return cmd_access_rules_decide(exchange, texts[ACCESS_TEXT_VERSION], &question, decision);
}

/* -- a change --------------------------------------------------------------- */

/* First the state goes, then it is noted as what the device is served: dying in between, the next
 * request does it once more. Two requests that meet here both do it, and the device may have to begin
 * again twice. */
static base_fault_t *access_switch(cmd_exchange_t *exchange, sync_access_served_t *served,
                                   const sync_access_decision_t *decision)
{
    const char *device = exchange->request->device_id;
    state_trash_request_t reset = {.account = exchange->account,
                                   .device = device,
                                   .what = STATE_TRASH_SYNC,
                                   .note = "access control",
                                   .ttl = ACCESS_TRASH_TTL};
    base_fault_t *fault;
    int moved;

    BASE_TRY(cmd_exchange_series(exchange, &reset.id));
    BASE_TRY(state_trash_move(exchange->service->store, &reset, &moved, exchange->pool));
    served->status = decision->status;
    served->since = exchange->now;
    BASE_TRY(cmd_device_mark(exchange, CMD_ACCESS_FIELD,
                             sync_access_served_format(served, exchange->pool)));
    base_log_write(exchange->log, BASE_LOG_INFO, "device %s of %s: %s, by %s%s%s; %d records reset",
                   device, exchange->account, sync_access_status_name(decision->status),
                   sync_access_by_name(decision->by), decision->rule ? " " : "",
                   decision->rule ? decision->rule->id : "", moved);
    fault = wake_reset(exchange->service->bus, exchange->account, device, exchange->pool);
    if (fault) /* they learn of it when they look */
        base_log_write(exchange->log, BASE_LOG_WARNING, "waking device %s of %s: %s", device,
                       exchange->account, fault->message);
    return NULL;
}

base_fault_t *cmd_access_judge(cmd_exchange_t *exchange)
{
    sync_access_served_t served;
    sync_access_decision_t decision;
    int asked;

    BASE_TRY(access_count(exchange));
    BASE_TRY(access_decide(exchange, &decision));
    sync_access_served_parse(state_record_text(exchange->device, CMD_ACCESS_FIELD, exchange->pool),
                             &served);
    asked = served.status != SYNC_ACCESS_NONE;
    if (asked ? served.status != decision.status : decision.status != SYNC_ACCESS_ALLOW)
        BASE_TRY(access_switch(exchange, &served, &decision));
    if (exchange->access.status != decision.status)
        cmd_exchange_release(exchange); /* what was opened is another mailbox */
    served.status = decision.status;
    exchange->access = served;
    if (cmd_access_is_apart(exchange) &&
        !(cmd_find(exchange->request->command)->flags & CMD_NOTICE))
        return base_fault_make(exchange->pool, BASE_FAULT_BLOCKED,
                               "access control says %s for the device",
                               sync_access_status_name(decision.status));
    return NULL;
}
