/* The rules of access control. */
#include "admin/access.h"

#include <string.h>
#include <apr_general.h>
#include <apr_strings.h>

#include "base/text.h"
#include "state/table.h"

static json_t *rule_json(const sync_access_rule_t *rule, apr_pool_t *pool)
{
    json_t *json = json_object();
    int i;

    admin_json_set(json, "rule", rule->id, pool);
    json_object_set_new(json, "order", json_integer(rule->order));
    admin_json_set(json, "status", sync_access_status_name(rule->status), pool);
    admin_json_set(json, "domain", rule->domain, pool);
    for (i = 0; i < SYNC_ACCESS_PROPERTY_COUNT_; i++)
        admin_json_set(json, sync_access_property_names[i], rule->patterns[i], pool);
    json_object_set_new(json, "since", admin_json_time(rule->since, pool));
    admin_json_set(json, "actor", rule->by, pool);
    return json;
}

base_fault_t *admin_rule_list(admin_call_t *call)
{
    json_t *answer = admin_json_object(call->pool), *list = json_array();
    const apr_array_header_t *rules;
    const admin_access_t *access;
    int i;

    json_object_set_new(answer, "rules", list);
    BASE_TRY(admin_access_open(call->service, &access, call->pool));
    rules = sync_access_rules_list(access->rules);
    for (i = 0; i < rules->nelts; i++)
        json_array_append_new(
            list, rule_json(&APR_ARRAY_IDX(rules, i, const sync_access_rule_t), call->pool));
    admin_answer(call, 200, answer);
    return NULL;
}

/* What the parameters say that it is about. */
static void rule_conditions(const admin_call_t *call, sync_access_rule_t *rule)
{
    int i;

    rule->domain = admin_parameter(call, "domain");
    for (i = 0; i < SYNC_ACCESS_PROPERTY_COUNT_; i++)
        rule->patterns[i] = admin_parameter(call, sync_access_property_names[i]);
}

/* The version of rules is never used again, so that nobody takes one text for another. */
static const char *rule_version(const admin_call_t *call)
{
    unsigned char random[8];

    apr_generate_random_bytes(random, sizeof random);
    return apr_psprintf(call->pool, "%" APR_TIME_T_FMT ".%s", call->request->now,
                        base_text_hex_encode(random, sizeof random, call->pool));
}

/* CONFLICT (409): somebody else changed rules at the same moment, and nothing was done. */
static base_fault_t *rule_change(admin_call_t *call, admin_access_change_t *change,
                                 const sync_access_rule_t *rule, const char *text)
{
    sync_access_rules_t *after;
    json_t *json = rule_json(rule, call->pool);

    json_object_set_new(change->answer, "rule", json);
    apr_table_setn(change->audit, "rule", rule->id);
    apr_table_setn(change->audit, "status", sync_access_status_name(rule->status));
    BASE_TRY(sync_access_rules_parse(text, &after, call->pool));
    change->after.rules = after;
    change->check = SYNC_ACCESS_RULES_VERSION;
    change->expected = change->before->version;
    APR_ARRAY_PUSH(change->writes, state_table_entry_t) =
        (state_table_entry_t){.name = SYNC_ACCESS_RULES_VERSION, .value = rule_version(call)};
    APR_ARRAY_PUSH(change->writes, state_table_entry_t) =
        (state_table_entry_t){.name = SYNC_ACCESS_RULES, .value = text};
    return admin_access_change_run(call, change);
}

/* The same rule: what it is about is the same anyway. */
static int rule_is_there(const sync_access_rules_t *rules, const sync_access_rule_t *rule)
{
    const sync_access_rule_t *old = sync_access_rules_find(rules, rule->id);

    return old && old->order == rule->order && old->status == rule->status;
}

base_fault_t *admin_rule_set(admin_call_t *call)
{
    const char *order = admin_parameter(call, "order"), *text;
    sync_access_rule_t rule = {.since = call->request->now, .by = call->request->actor};
    admin_access_change_t change;
    apr_uint64_t number = 0;

    BASE_TRY(admin_parameter_status(call, "status", &rule.status));
    if (order && base_text_parse_uint(order, SYNC_ACCESS_ORDER_MAX, &number))
        rule.order = (int)number;
    rule_conditions(call, &rule);
    BASE_TRY(admin_access_change_init(call, "access.rule.set", &change));
    BASE_TRY(sync_access_rules_put(change.before->rules, &rule, &text, call->pool));
    change.is_new = !rule_is_there(change.before->rules, &rule);
    return rule_change(call, &change, &rule, text);
}

/* By id, or by what it is about. */
base_fault_t *admin_rule_delete(admin_call_t *call)
{
    sync_access_rule_t wanted = {.order = 0};
    const sync_access_rule_t *rule;
    admin_access_change_t change;
    const char *id = call->names[0];

    if (!id) {
        rule_conditions(call, &wanted);
        id = sync_access_rule_id(&wanted, call->pool);
    }
    BASE_TRY(admin_access_change_init(call, "access.rule.delete", &change));
    if (!(rule = sync_access_rules_find(change.before->rules, id))) {
        admin_answer_problem(call, 404, "there is no such rule", NULL);
        return NULL;
    }
    change.is_new = 1;
    return rule_change(call, &change, rule,
                       sync_access_rules_without(change.before->rules, id, call->pool));
}
