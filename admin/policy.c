/* The policies of the file, and what a device has acknowledged of its own (cmd/policy.h). */
#include "admin/change.h"
#include "admin/snapshot.h"

#include <string.h>
#include <apr_strings.h>

/* Elements as members of an object; a list is an array. */
typedef struct {
    json_t *elements;
    json_t *list; /* NULL: outside of any */
} policy_members_t;

static void policy_member(void *baton, eas_tag_t tag, const char *value)
{
    policy_members_t *members = baton;

    if (tag == EAS_TAG_NONE) {
        members->list = NULL;
    }
    else if (members->list) {
        json_array_append_new(members->list, json_string(value));
    }
    else if (value) {
        json_object_set_new(members->elements, eas_tag_name(tag), json_string(value));
    }
    else {
        members->list = json_array();
        json_object_set_new(members->elements, eas_tag_name(tag), members->list);
    }
}

static json_t *policy_json(const eas_policy_t *policy, apr_pool_t *pool)
{
    policy_members_t members = {.elements = json_object()};
    json_t *json = json_object();

    admin_json_set(json, "policy", eas_policy_name(policy), pool);
    json_object_set_new(json, "accounts", admin_json_names(eas_policy_accounts(policy), pool));
    json_object_set_new(json, "allow_non_provisionable_devices",
                        json_boolean(eas_policy_allows_keyless(policy)));
    json_object_set_new(json, "allow_external_device_management",
                        json_boolean(eas_policy_accepts(policy, EAS_POLICY_EXTERNAL)));
    json_object_set_new(json, "refresh_hours",
                        json_integer(apr_time_sec(eas_policy_refresh(policy)) / 3600));
    eas_policy_visit(policy, EAS_VERSION_16_1, policy_member, &members);
    json_object_set_new(json, "elements", members.elements);
    return json;
}

base_fault_t *admin_policy_list(admin_call_t *call)
{
    const eas_policies_t *policies = call->service->policies;
    json_t *answer = admin_json_object(call->pool), *list = json_array();
    int i;

    for (i = 0; i < eas_policies_count(policies); i++)
        json_array_append_new(list, policy_json(eas_policies_get(policies, i), call->pool));
    json_object_set_new(answer, "policies", list);
    admin_answer(call, 200, answer);
    return NULL;
}

json_t *admin_policy_state(const eas_policies_t *policies, const char *account,
                           const state_record_t *record, apr_pool_t *pool)
{
    const eas_policy_t *policy = eas_policies_find(policies, account);
    const char *version = state_record_text(record, "version", pool);
    const char *digest = state_record_text(record, "policy-digest", pool);
    const char *status = state_record_text(record, "policy-status", pool);
    eas_policy_compliance_t compliance = status ? (eas_policy_compliance_t)apr_atoi64(status) : 0;
    json_t *json;

    if (!policy && !status)
        return json_null();
    json = json_object();
    admin_json_set(json, "name", policy ? eas_policy_name(policy) : NULL, pool);
    admin_json_set(json, "acknowledged", status ? eas_policy_compliance_name(compliance) : NULL,
                   pool);
    admin_json_set(json, "acknowledged_name", state_record_text(record, "policy-name", pool), pool);
    json_object_set_new(json, "time",
                        admin_json_time(admin_record_time(record, "policy-time", pool), pool));
    json_object_set_new(
        json, "current",
        json_boolean(policy && digest && version && eas_policy_accepts(policy, compliance) &&
                     !strcmp(digest, eas_policy_digest(policy, eas_version_parse(version)))));
    return json;
}

/* The device forgets nothing, the server does: its next command is told to provision. */
base_fault_t *admin_device_provision(admin_call_t *call)
{
    static const admin_change_field_t fields[] = {{.name = "policy-key"},
                                                  {.name = "policy-digest"}};
    admin_change_t change = {.action = "device.provision",
                             .fields = fields,
                             .count = sizeof fields / sizeof *fields,
                             .when = ADMIN_CHANGE_IF_SET,
                             .wake = 1};
    int found;

    BASE_TRY(admin_change_begin(call, &change, &found));
    if (!found)
        return NULL;
    BASE_TRY(admin_change_make(call, &change));
    admin_answer(call, 200, change.answer);
    return NULL;
}
