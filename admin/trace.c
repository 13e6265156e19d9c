/* Tracing of one device for a limited time. */
#include "admin/trace.h"
#include "admin/action.h"
#include "admin/recorder.h"
#include "admin/snapshot.h"

#include <string.h>
#include <apr_strings.h>

#include "base/text.h"

#define TRACE_FIELD "trace" /* of the device record, see cmd/device.h */
#define TRACE_MINUTES 15
#define TRACE_MINUTES_MAX 1440
#define TRACE_TRIES 5

json_t *admin_trace_state(const state_record_t *record, apr_time_t now, apr_pool_t *pool)
{
    apr_time_t until = admin_record_time(record, TRACE_FIELD, pool);
    const char *text = admin_record_text(record, TRACE_FIELD, pool);
    json_t *json;

    if (until <= now)
        return json_null();
    json = json_object();
    json_object_set_new(json, "until", admin_json_time(until, pool));
    json_object_set_new(json, "content", json_boolean(strstr(text, " full") != NULL));
    return json;
}

/* -- on and off ---------------------------------------------------------------- */

/* value NULL: off. *changes: it was not so before. */
static base_fault_t *trace_write(const admin_call_t *call, const char *value, int *changes)
{
    static const char *const names[] = {TRACE_FIELD};
    const state_key_t key = {
        .account = call->names[0], .device = call->names[1], .kind = STATE_RECORD_DEVICE};
    const state_field_t set = {
        .name = TRACE_FIELD, .data = value, .length = value ? strlen(value) : 0};
    base_fault_t *fault = NULL;
    state_record_t *record;
    apr_uint64_t version;
    int try;

    for (try = 0; try < TRACE_TRIES; try++) { /* the device may be noting that it is here */
        BASE_TRY(state_record_read(call->service->store, &key, names, 1, &record, call->pool));
        *changes = value || state_record_field(record, TRACE_FIELD);
        if (!*changes)
            return NULL;
        fault = state_record_commit(call->service->store, &key, record->version, &set,
                                    value != NULL, names, !value, &version, call->pool);
        if (base_fault_code(fault) != BASE_FAULT_CONFLICT)
            break;
    }
    return fault;
}

static base_fault_t *trace_do(admin_call_t *call, const char *action, const char *value,
                              const char *until, int content, int *changes)
{
    admin_audit_t audit;
    base_fault_t *fault;

    admin_audit_init(call, action, &audit);
    admin_audit_add(&audit, "account", call->names[0]);
    admin_audit_add(&audit, "device", call->names[1]);
    admin_audit_add(&audit, "until", until);
    if (value)
        admin_audit_add(&audit, "content", content ? "shown" : "redacted");
    BASE_TRY(admin_audit_begin(call, &audit));
    fault = trace_write(call, value, changes);
    admin_audit_end(call, &audit, fault);
    if (fault)
        return base_fault_wrap(fault, call->pool, "%s", action);
    base_log_write(call->service->log, BASE_LOG_INFO, "admin %s: %s of account %s, device %s%s",
                   call->request->actor, action, call->names[0], call->names[1],
                   content ? ", with content" : "");
    return NULL;
}

static base_fault_t *trace_minutes(const admin_call_t *call, int *minutes)
{
    const char *text = admin_parameter(call, "minutes");
    apr_uint64_t number = TRACE_MINUTES;

    if (text && (!base_text_parse_uint(text, TRACE_MINUTES_MAX, &number) || !number))
        return base_fault_make(call->pool, BASE_FAULT_INVALID,
                               "minutes must be a number from 1 to %d", TRACE_MINUTES_MAX);
    *minutes = (int)number;
    return NULL;
}

static base_fault_t *trace_switch(admin_call_t *call, int on, int minutes, int content)
{
    apr_time_t until = call->request->now + apr_time_from_sec(60 * (apr_int64_t)minutes);
    const char *action = on ? "device.trace" : "device.trace_off";
    json_t *answer = admin_json_object(call->pool), *devices = json_array(), *time;
    const char *value;
    int dry_run, found, changes = 1;

    json_array_append_new(devices, admin_json_text(call->names[1], call->pool));
    json_object_set_new(answer, "devices", devices);
    BASE_TRY(admin_parameter_flag(call, "dry_run", &dry_run));
    BASE_TRY(admin_device_find(call, &found));
    if (!found)
        return NULL;
    time = on ? admin_json_time(until, call->pool) : json_null();
    admin_json_set(answer, "action", action, call->pool);
    json_object_set_new(answer, "dry_run", json_boolean(dry_run));
    admin_json_set(answer, "account", call->names[0], call->pool);
    json_object_set_new(answer, "until", time);
    json_object_set_new(answer, "content", json_boolean(content));
    value = on ? apr_psprintf(call->pool, "%" APR_TIME_T_FMT " %s", until,
                              content ? "full" : "redacted")
               : NULL;
    if (!dry_run)
        BASE_TRY(trace_do(call, action, value, json_string_value(time), content, &changes));
    json_object_set_new(answer, "changes", json_boolean(changes));
    admin_answer(call, 200, answer);
    return NULL;
}

base_fault_t *admin_trace_start(admin_call_t *call)
{
    int minutes, content;

    BASE_TRY(trace_minutes(call, &minutes));
    BASE_TRY(admin_parameter_flag(call, "content", &content));
    return trace_switch(call, 1, minutes, content);
}

base_fault_t *admin_trace_stop(admin_call_t *call)
{
    return trace_switch(call, 0, 0, 0);
}

/* -- what there is -------------------------------------------------------------- */

static void trace_rest(json_t *json, const json_t *packed)
{
    json_object_set_new(json, "content", json_boolean(json_object_get(packed, "f") != NULL));
    json_object_set_new(json, "truncated", json_boolean(json_object_get(packed, "u") != NULL));
}

base_fault_t *admin_trace_entries(admin_call_t *call, json_t **list)
{
    static const admin_recorder_member_t members[] = {
        {"d", "direction"}, {"c", "command"},     {"n", "node"}, {"h", "http_status"},
        {"b", "bytes"},     {"e", "undecodable"}, {"x", "xml"},  {NULL},
    };
    static const admin_recorder_form_t form = {
        .kind = STATE_RECORDER_TRACE, .members = members, .rest = trace_rest};

    return admin_recorder_entries(call, &form, list);
}

base_fault_t *admin_trace_show(admin_call_t *call)
{
    static const char *const names[] = {TRACE_FIELD};
    const state_key_t key = {
        .account = call->names[0], .device = call->names[1], .kind = STATE_RECORD_DEVICE};
    json_t *answer = admin_json_object(call->pool), *list;
    state_record_t *record;
    int found;

    BASE_TRY(admin_device_find(call, &found));
    if (!found)
        return NULL;
    BASE_TRY(state_record_read(call->service->store, &key, names, 1, &record, call->pool));
    BASE_TRY(admin_trace_entries(call, &list));
    admin_json_set(answer, "account", call->names[0], call->pool);
    admin_json_set(answer, "device", call->names[1], call->pool);
    json_object_set_new(answer, "tracing",
                        admin_trace_state(record, call->request->now, call->pool));
    json_object_set_new(answer, "trace", list);
    admin_answer(call, 200, answer);
    return NULL;
}
