#include "cmd/device.h"
#include "cmd/access_news.h"

#include <string.h>
#include <apr_strings.h>

#define DEVICE_TEXT_MAX 1024 /* Settings.xsd: DeviceInformationStringType */
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
    cmd_exchange_t *exchange;
    state_change_t writes;
    int is_new; /* there was no record before */
} device_fields_t;

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
                                          const state_change_t *writes)
{
    sync_access_served_t served;
    int i;

    for (i = 0; i < writes->set_count; i++)
        if (strcmp(writes->sets[i].name, CMD_ACCESS_FIELD) == 0) {
            sync_access_served_parse(writes->sets[i].data, &served);
            return served.status;
        }
    return exchange->access.status;
}

static base_fault_t *device_decide(void *baton, const state_record_t *record,
                                   state_change_t *change, apr_pool_t *pool)
{
    device_fields_t *fields = baton;
    apr_time_t time = fields->exchange->now;
    const char *now = apr_psprintf(pool, "%" APR_TIME_T_FMT, time);
    int i, differs = 0;

    fields->is_new = 0;
    for (i = 0; i < fields->writes.set_count; i++)
        differs |= device_field_differs(record, &fields->writes.sets[i]);
    if (!differs && time - device_last(record, pool) < DEVICE_NOTE_INTERVAL)
        return NULL;
    fields->is_new = !record->version;
    *change = fields->writes;
    if (!state_record_field(record, "first"))
        state_change_set(change, "first", now);
    state_change_set(change, "last", now);
    return NULL;
}

/* Writes the fields unless the record has all of them already. */
static base_fault_t *device_write(device_fields_t *fields)
{
    cmd_exchange_t *exchange = fields->exchange;
    const state_key_t key = cmd_exchange_device_key(exchange);

    BASE_TRY(base_fault_wrap(state_record_change(exchange->service->store, &key, NULL, 0,
                                                 device_decide, fields, exchange->pool),
                             exchange->pool, "noting the device"));
    if (fields->is_new)
        cmd_access_news_add(exchange, device_status(exchange, &fields->writes));
    return NULL;
}

base_fault_t *cmd_device_save_information(cmd_exchange_t *exchange, const eas_node_t *information)
{
    const eas_node_t *set = eas_node_child(information, EAS_Settings_Set);
    device_fields_t fields = {.exchange = exchange};
    size_t i;

    for (i = 0; i < DEVICE_INFORMATION_COUNT; i++) {
        const char *value = eas_node_child_text(set ? set : information, device_information[i].tag);

        if (!value)
            continue;
        if (strlen(value) > DEVICE_TEXT_MAX)
            return base_fault_make(exchange->pool, BASE_FAULT_INVALID,
                                   "DeviceInformation: %s is longer than %d bytes",
                                   device_information[i].field, DEVICE_TEXT_MAX);
        state_change_set(&fields.writes, device_information[i].field, value);
    }
    return device_write(&fields);
}

static base_fault_t *device_note(cmd_exchange_t *exchange, const char *name, const char *text)
{
    const eas_request_t *request = exchange->request;
    device_fields_t fields = {.exchange = exchange};

    state_change_set(&fields.writes, "type", request->device_type);
    state_change_set(&fields.writes, "version", eas_version_name(request->version));
    if (request->user_agent)
        state_change_set(&fields.writes, "agent", request->user_agent);
    if (name)
        state_change_set(&fields.writes, name, text);
    return device_write(&fields);
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
