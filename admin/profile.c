/* What is done differently for one device than for others of its kind (eas/profile.h). */
#include "admin/change.h"
#include "admin/snapshot.h"

#include <string.h>

#define PROFILE_FIELD "profile" /* of the device record, see cmd/device.h */

static void profile_overrides(const state_record_t *record, eas_profile_t *profile,
                              apr_pool_t *pool)
{
    const char *text = state_record_text(record, PROFILE_FIELD, pool);

    if (text)
        (void)eas_profile_override(profile, text, pool); /* phones' requests log what is wrong */
}

json_t *admin_profile_json(const admin_call_t *call, const state_record_t *record)
{
    json_t *json = json_object(), *overrides = json_array();
    eas_profile_t profile;
    int i;

    eas_profiles_find(call->service->profiles, state_record_text(record, "type", call->pool),
                      state_record_text(record, "agent", call->pool), &profile, call->pool);
    profile_overrides(record, &profile, call->pool);
    admin_json_set(json, "client", profile.client, call->pool);
    for (i = 0; i < EAS_PROFILE_COUNT_; i++) {
        const char *name = eas_profile_name((eas_profile_property_t)i);

        admin_json_set(json, name,
                       eas_profile_text(&profile, (eas_profile_property_t)i, call->pool),
                       call->pool);
        if (profile.overrides[i])
            json_array_append_new(overrides, json_string(name));
    }
    json_object_set_new(json, "overrides", overrides);
    return json;
}

static const admin_change_field_t profile_nothing[] = {
    {.name = PROFILE_FIELD}, {.name = "type"}, {.name = "agent"}};

static base_fault_t *profile_read(const admin_call_t *call, state_record_t **record)
{
    const admin_change_t change = {.fields = profile_nothing, .count = 3};

    return admin_change_read(call, &change, record);
}

/* What the parameters say; those that are not there stay. *text NULL: nothing is left. */
static base_fault_t *profile_parameters(const admin_call_t *call, const char **text)
{
    eas_profile_t profile = {0};
    state_record_t *record;
    int i, count = 0;

    BASE_TRY(profile_read(call, &record));
    profile_overrides(record, &profile, call->pool);
    for (i = 0; i < EAS_PROFILE_COUNT_; i++) {
        eas_profile_property_t property = (eas_profile_property_t)i;
        const char *value = admin_parameter(call, eas_profile_name(property));

        if (!value)
            continue;
        count++;
        profile.overrides[i] = strcmp(value, "default") != 0;
        if (profile.overrides[i])
            BASE_TRY(eas_profile_value(property, value, &profile.values[i], call->pool));
    }
    if (!count)
        return base_fault_make(call->pool, BASE_FAULT_INVALID,
                               "nothing is to be set: protocol, heartbeat, window or truncation");
    *text = eas_profile_overrides(&profile, call->pool);
    return NULL;
}

static base_fault_t *profile_run(admin_call_t *call, admin_change_t *change)
{
    state_record_t *record;

    BASE_TRY(admin_change_make(call, change));
    BASE_TRY(profile_read(call, &record));
    json_object_set_new(change->answer, "profile", admin_profile_json(call, record));
    admin_answer(call, 200, change->answer);
    return NULL;
}

base_fault_t *admin_profile_set(admin_call_t *call)
{
    admin_change_field_t field = {.name = PROFILE_FIELD}, audit = {.name = "profile"};
    admin_change_t change = {.action = "device.profile",
                             .fields = &field,
                             .count = 1,
                             .audit = &audit,
                             .audit_count = 1};
    int found;

    BASE_TRY(admin_change_begin(call, &change, &found));
    if (!found)
        return NULL;
    BASE_TRY(profile_parameters(call, &field.value));
    audit.value = field.value ? field.value : "default";
    return profile_run(call, &change);
}

base_fault_t *admin_profile_clear(admin_call_t *call)
{
    static const admin_change_field_t audit = {"profile", "default"};
    admin_change_t change = {.action = "device.profile",
                             .fields = profile_nothing,
                             .count = 1,
                             .audit = &audit,
                             .audit_count = 1,
                             .when = ADMIN_CHANGE_IF_SET};
    int found;

    BASE_TRY(admin_change_begin(call, &change, &found));
    return found ? profile_run(call, &change) : NULL;
}
