/* Tracing of one device for a limited time. */
#include "admin/trace.h"
#include "admin/change.h"
#include "admin/recorder.h"
#include "admin/snapshot.h"

#include <string.h>
#include <apr_strings.h>

#include "base/text.h"
#include "base/time.h"

#define TRACE_FIELD "trace" /* of the device record, see cmd/device.h */
#define TRACE_MINUTES 15
#define TRACE_MINUTES_MAX 1440

json_t *admin_trace_state(const state_record_t *record, apr_time_t now, apr_pool_t *pool)
{
    apr_time_t until = admin_record_time(record, TRACE_FIELD, pool);
    const char *text = state_record_text(record, TRACE_FIELD, pool);
    json_t *json;

    if (until <= now)
        return json_null();
    json = json_object();
    json_object_set_new(json, "until", admin_json_time(until, pool));
    json_object_set_new(json, "content", json_boolean(strstr(text, " full") != NULL));
    return json;
}

/* -- on and off ---------------------------------------------------------------- */

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

/* until: as text; NULL: it ends now. */
static base_fault_t *trace_switch(admin_call_t *call, admin_change_t *change, const char *until,
                                  int content)
{
    int found;

    BASE_TRY(admin_change_begin(call, change, &found));
    if (!found)
        return NULL;
    admin_json_set(change->answer, "until", until, call->pool);
    json_object_set_new(change->answer, "content", json_boolean(content));
    BASE_TRY(admin_change_make(call, change));
    admin_answer(call, 200, change->answer);
    return NULL;
}

base_fault_t *admin_trace_start(admin_call_t *call)
{
    admin_change_field_t field = {.name = TRACE_FIELD};
    admin_change_t change = {.action = "device.trace", .fields = &field, .count = 1};
    admin_change_field_t audit[] = {{.name = "until"}, {.name = "content"}};
    int minutes, content;
    apr_time_t until;

    BASE_TRY(trace_minutes(call, &minutes));
    BASE_TRY(admin_parameter_flag(call, "content", &content));
    until = call->request->now + apr_time_from_sec(60 * (apr_int64_t)minutes);
    field.value =
        apr_psprintf(call->pool, "%" APR_TIME_T_FMT " %s", until, content ? "full" : "redacted");
    audit[0].value = base_time_format_dashed(until, call->pool);
    audit[1].value = content ? "shown" : "redacted";
    change.audit = audit;
    change.audit_count = 2;
    return trace_switch(call, &change, audit[0].value, content);
}

base_fault_t *admin_trace_stop(admin_call_t *call)
{
    static const admin_change_field_t field = {.name = TRACE_FIELD};
    admin_change_t change = {
        .action = "device.trace_off", .fields = &field, .count = 1, .when = ADMIN_CHANGE_IF_SET};

    return trace_switch(call, &change, NULL, 0);
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
    const state_key_t key = admin_change_key(call);
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
