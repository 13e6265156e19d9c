#include "cmd/device.h"
#include "cmd/access_news.h"

#include <string.h>
#include <apr_strings.h>

#define DEVICE_TEXT_MAX 1024 /* Settings.xsd: DeviceInformationStringType */
#define DEVICE_FIELDS_MAX 16
#define DEVICE_COMMIT_TRIES 5
#define DEVICE_NOTE_INTERVAL apr_time_from_sec(3600)
#define DEVICE_SUSPENDED_RETRY 300 /* seconds: how soon a resumed device is back */

static const struct {
    eas_tag_t tag;
    const char *field;
} device_information[] = {
    {EAS_Settings_Model, "model"},
    {EAS_Settings_IMEI, "imei"},
    {EAS_Settings_FriendlyName, "name"},
    {EAS_Settings_OS, "os"},
    {EAS_Settings_OSLanguage, "language"},
    {EAS_Settings_PhoneNumber, "phone"},
    {EAS_Settings_UserAgent, "user-agent"},
    {EAS_Settings_EnableOutboundSMS, "sms"},
    {EAS_Settings_MobileOperator, "operator"},
};

#define DEVICE_INFORMATION_COUNT (sizeof device_information / sizeof *device_information)

typedef struct {
    state_field_t fields[DEVICE_FIELDS_MAX];
    int count;
} device_fields_t;

static void device_field_add(device_fields_t *set, const char *name, const char *value)
{
    set->fields[set->count++] =
        (state_field_t){.name = name, .data = value, .length = strlen(value)};
}

static int device_field_differs(const state_record_t *record, const state_field_t *field)
{
    const state_field_t *old = state_record_field(record, field->name);

    return !old || old->length != field->length ||
           memcmp(old->data, field->data, field->length) != 0;
}

/* When the device was last noted; 0 when it never was. */
static apr_time_t device_last(const state_record_t *record, apr_pool_t *pool)
{
    const state_field_t *last = state_record_field(record, "last");

    return last ? apr_atoi64(apr_pstrmemdup(pool, last->data, last->length)) : 0;
}

/* As what it is served from now on. */
static sync_access_status_t device_status(const cmd_exchange_t *exchange,
                                          const device_fields_t *set)
{
    sync_access_served_t served;
    int i;

    for (i = 0; i < set->count; i++)
        if (strcmp(set->fields[i].name, CMD_ACCESS_FIELD) == 0) {
            sync_access_served_parse(set->fields[i].data, &served);
            return served.status;
        }
    return exchange->access.status;
}

/* Writes the fields unless the record has all of them already. */
static base_fault_t *device_write(cmd_exchange_t *exchange, device_fields_t *set)
{
    const state_key_t key = {.account = exchange->account,
                             .device = exchange->request->device_id,
                             .kind = STATE_RECORD_DEVICE};
    const char *now = apr_psprintf(exchange->pool, "%" APR_TIME_T_FMT, exchange->now);
    base_fault_t *fault = NULL;
    int try, i, count = set->count;

    for (try = 0; try < DEVICE_COMMIT_TRIES; try++) {
        state_record_t *record;
        apr_uint64_t version;
        int differs = 0;

        set->count = count;
        BASE_TRY(
            state_record_read(exchange->service->store, &key, NULL, 0, &record, exchange->pool));
        for (i = 0; i < count; i++)
            differs |= device_field_differs(record, &set->fields[i]);
        if (!differs && exchange->now - device_last(record, exchange->pool) < DEVICE_NOTE_INTERVAL)
            return NULL;
        if (!state_record_field(record, "first"))
            device_field_add(set, "first", now);
        device_field_add(set, "last", now);
        fault = state_record_commit(exchange->service->store, &key, record->version, set->fields,
                                    set->count, NULL, 0, &version, exchange->pool);
        if (!fault && !record->version)
            cmd_access_news_add(exchange, device_status(exchange, set));
        if (base_fault_code(fault) != BASE_FAULT_CONFLICT)
            break;
    }
    return base_fault_wrap(fault, exchange->pool, "noting the device");
}

base_fault_t *cmd_device_save_information(cmd_exchange_t *exchange, const eas_node_t *information)
{
    const eas_node_t *set = eas_node_child(information, EAS_Settings_Set);
    device_fields_t fields = {.count = 0};
    size_t i;

    for (i = 0; i < DEVICE_INFORMATION_COUNT; i++) {
        const char *value = eas_node_child_text(set ? set : information, device_information[i].tag);

        if (!value)
            continue;
        if (strlen(value) > DEVICE_TEXT_MAX)
            return base_fault_make(exchange->pool, BASE_FAULT_INVALID,
                                   "DeviceInformation: %s is longer than %d bytes",
                                   device_information[i].field, DEVICE_TEXT_MAX);
        device_field_add(&fields, device_information[i].field, value);
    }
    return device_write(exchange, &fields);
}

static base_fault_t *device_note(cmd_exchange_t *exchange, const char *name, const char *text)
{
    const eas_request_t *request = exchange->request;
    device_fields_t fields = {.count = 0};

    device_field_add(&fields, "type", request->device_type);
    device_field_add(&fields, "version", eas_version_name(request->version));
    if (request->user_agent)
        device_field_add(&fields, "agent", request->user_agent);
    if (name)
        device_field_add(&fields, name, text);
    return device_write(exchange, &fields);
}

base_fault_t *cmd_device_seen(cmd_exchange_t *exchange)
{
    return device_note(exchange, NULL, NULL);
}

base_fault_t *cmd_device_mark(cmd_exchange_t *exchange, const char *name, const char *text)
{
    return device_note(exchange, name, text);
}

static void device_trace(cmd_exchange_t *exchange)
{
    const state_field_t *field = state_record_field(exchange->device, "trace");
    char *kind;

    exchange->trace = CMD_TRACE_OFF;
    if (field &&
        exchange->now <
            apr_strtoi64(apr_pstrmemdup(exchange->pool, field->data, field->length), &kind, 10))
        exchange->trace = strcmp(kind, " full") == 0 ? CMD_TRACE_FULL : CMD_TRACE_REDACTED;
}

base_fault_t *cmd_device_judge(cmd_exchange_t *exchange)
{
    base_fault_t *fault;

    if (!state_record_field(exchange->device, "suspended"))
        return NULL;
    fault = base_fault_make(exchange->pool, BASE_FAULT_SUSPENDED,
                            "an administrator has suspended the device");
    fault->retry_after = DEVICE_SUSPENDED_RETRY;
    return fault;
}

base_fault_t *cmd_device_enter(cmd_exchange_t *exchange)
{
    const state_record_t *record = exchange->device;

    device_trace(exchange);
    if (record->version &&
        exchange->now - device_last(record, exchange->pool) >= DEVICE_NOTE_INTERVAL)
        return cmd_device_seen(exchange);
    return NULL;
}
