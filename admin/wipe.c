/* Wiping a device (cmd/wipe.h): asked for, cancelled before the phone acknowledged it, and released
 * afterwards. */
#include "admin/change.h"
#include "admin/snapshot.h"

#include <string.h>
#include <apr_strings.h>

#include "eas/tags.h"

#define WIPE_REASON_MAX 300 /* bytes */

static const admin_change_field_t wipe_nothing[] = {
    {.name = "wipe"},      {.name = "wipe-since"}, {.name = "wipe-by"},    {.name = "wipe-why"},
    {.name = "wipe-sent"}, {.name = "wipe-done"},  {.name = "wipe-failed"}};

#define WIPE_FIELDS ((int)(sizeof wipe_nothing / sizeof *wipe_nothing))

admin_wipe_t admin_wipe_state(const state_record_t *record)
{
    if (!state_record_field(record, "wipe"))
        return ADMIN_WIPE_NONE;
    return state_record_field(record, "wipe-done") ? ADMIN_WIPE_DONE : ADMIN_WIPE_PENDING;
}

json_t *admin_wipe_json(const state_record_t *record, apr_pool_t *pool)
{
    static const struct {
        const char *name, *field;
    } times[] = {{"since", "wipe-since"},
                 {"sent", "wipe-sent"},
                 {"failed", "wipe-failed"},
                 {"done", "wipe-done"}};
    admin_wipe_t state = admin_wipe_state(record);
    json_t *json;
    size_t i;

    if (state == ADMIN_WIPE_NONE)
        return json_null();
    json = json_object();
    json_object_set_new(json, "state", json_string(state == ADMIN_WIPE_DONE ? "wiped" : "wiping"));
    admin_json_set(json, "scope", state_record_text(record, "wipe", pool), pool);
    admin_json_set(json, "by", state_record_text(record, "wipe-by", pool), pool);
    admin_json_set(json, "reason", state_record_text(record, "wipe-why", pool), pool);
    for (i = 0; i < sizeof times / sizeof *times; i++)
        json_object_set_new(json, times[i].name,
                            admin_json_time(admin_record_time(record, times[i].field, pool), pool));
    return json;
}

static base_fault_t *wipe_read(const admin_call_t *call, const char *const *names, int count,
                               state_record_t **record)
{
    const state_key_t key = admin_change_key(call);

    return state_record_read(call->service->store, &key, names, count, record, call->pool);
}

base_fault_t *admin_wipe_forbids(admin_call_t *call, int *forbidden)
{
    static const char *const names[] = {STATE_TRASH_HELD};
    state_record_t *record;

    BASE_TRY(wipe_read(call, names, 1, &record));
    *forbidden = record->count > 0;
    if (*forbidden)
        admin_answer_problem(call, 409,
                             "a wipe of the device is noted, which would be forgotten with it: "
                             "cancel it, or release the device first",
                             NULL);
    return NULL;
}

/* Makes the change and shows what is noted then. */
static base_fault_t *wipe_change(admin_call_t *call, admin_change_t *change)
{
    const admin_change_t all = {.fields = wipe_nothing, .count = WIPE_FIELDS};
    state_record_t *record;

    BASE_TRY(admin_change_make(call, change));
    BASE_TRY(admin_change_read(call, &all, &record));
    if (change->unless && admin_wipe_state(record) == ADMIN_WIPE_DONE) {
        admin_answer_problem(call, 409, "too late, the device was wiped: it can only be released",
                             NULL);
        return NULL;
    }
    json_object_set_new(change->answer, "wipe", admin_wipe_json(record, call->pool));
    admin_answer(call, 200, change->answer);
    return NULL;
}

/* Why it cannot be asked for, NULL when it can. */
static const char *wipe_objection(const state_record_t *record, const char *scope, apr_pool_t *pool)
{
    const char *noted = state_record_text(record, "wipe", pool);
    const char *version = state_record_text(record, "version", pool);

    if (state_record_field(record, "wipe-done"))
        return "the device was wiped already: release it first";
    if (noted && strcmp(noted, scope) != 0)
        return apr_psprintf(pool, "a wipe of the %s is noted already: cancel it first", noted);
    if (strcmp(scope, "account") == 0 &&
        (!version ||
         !eas_tag_in_version(EAS_Provision_AccountOnlyRemoteWipe, eas_version_parse(version))))
        return apr_psprintf(
            pool,
            "the device speaks protocol %s, and only from 16.1 on can the account be "
            "wiped alone: nothing was done",
            version ? version : "unknown");
    return NULL;
}

static base_fault_t *wipe_parameters(const admin_call_t *call, const char **scope,
                                     const char **reason)
{
    const char *text = admin_parameter(call, "scope");

    *reason = admin_parameter(call, "reason");
    if (*reason && strlen(*reason) > WIPE_REASON_MAX)
        return base_fault_make(call->pool, BASE_FAULT_INVALID,
                               "reason must not be longer than %d bytes", WIPE_REASON_MAX);
    *scope = "device";
    if (text && strcmp(text, "account_only") == 0)
        *scope = "account";
    else if (text && strcmp(text, "device") != 0)
        return base_fault_make(call->pool, BASE_FAULT_INVALID,
                               "scope must be device or account_only");
    return NULL;
}

base_fault_t *admin_device_wipe(admin_call_t *call)
{
    static const char *const names[] = {"wipe", "wipe-done", "version"};
    const char *scope, *reason, *objection;
    state_record_t *record;
    int found;

    BASE_TRY(wipe_parameters(call, &scope, &reason));
    {
        const admin_change_field_t fields[] = {
            {"wipe", scope},
            {"wipe-since", apr_psprintf(call->pool, "%" APR_TIME_T_FMT, call->request->now)},
            {"wipe-by", call->request->actor},
            {"wipe-why", reason ? reason : ""}};
        const admin_change_field_t audit[] = {{"scope", scope}, {"why", reason}};
        admin_change_t change = {.action = "device.wipe",
                                 .fields = fields,
                                 .count = sizeof fields / sizeof *fields,
                                 .audit = audit,
                                 .audit_count = sizeof audit / sizeof *audit,
                                 .when = ADMIN_CHANGE_UNLESS_SET,
                                 .wake = 1};

        BASE_TRY(admin_change_begin(call, &change, &found));
        if (!found)
            return NULL;
        BASE_TRY(wipe_read(call, names, sizeof names / sizeof *names, &record));
        if ((objection = wipe_objection(record, scope, call->pool))) {
            admin_answer_problem(call, 409, objection, NULL);
            return NULL;
        }
        return wipe_change(call, &change);
    }
}

/* Only of one that is not acknowledged: between the phone's word and a cancellation the word counts. */
base_fault_t *admin_device_wipe_cancel(admin_call_t *call)
{
    admin_change_t change = {.action = "device.wipe_cancel",
                             .fields = wipe_nothing,
                             .count = WIPE_FIELDS,
                             .when = ADMIN_CHANGE_IF_SET,
                             .unless = "wipe-done"};
    int found;

    BASE_TRY(admin_change_begin(call, &change, &found));
    return found ? wipe_change(call, &change) : NULL;
}

/* Only of one that was wiped. */
base_fault_t *admin_device_release(admin_call_t *call)
{
    static const char *const names[] = {"wipe", "wipe-done"};
    admin_change_field_t fields[WIPE_FIELDS];
    admin_change_t change = {.action = "device.release",
                             .fields = fields,
                             .count = WIPE_FIELDS,
                             .when = ADMIN_CHANGE_IF_SET};
    state_record_t *record;
    int i, found;

    for (i = 0; i < WIPE_FIELDS; i++)
        fields[i] = wipe_nothing[(i + 5) % WIPE_FIELDS]; /* wipe-done is the one that counts */
    BASE_TRY(admin_change_begin(call, &change, &found));
    if (!found)
        return NULL;
    BASE_TRY(wipe_read(call, names, 2, &record));
    if (admin_wipe_state(record) == ADMIN_WIPE_PENDING) {
        admin_answer_problem(call, 409, "the device is still to be wiped: cancel that instead",
                             NULL);
        return NULL;
    }
    return wipe_change(call, &change);
}
