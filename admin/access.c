#include "admin/access.h"

#include <string.h>
#include <apr_strings.h>

#include "admin/devices.h"
#include "admin/snapshot.h"
#include "state/table.h"

#define ACCESS_FIELD "access" /* of the device's record: cmd/access.h */

base_fault_t *admin_parameter_status(const admin_call_t *call, const char *name,
                                     sync_access_status_t *status)
{
    const char *value = admin_parameter(call, name);

    *status = sync_access_status_parse(value);
    if (!value || *status != SYNC_ACCESS_NONE)
        return NULL;
    return base_fault_make(call->pool, BASE_FAULT_INVALID, "%s must be allow, block or quarantine",
                           name);
}

base_fault_t *admin_access_open(const admin_service_t *service, const admin_access_t **result,
                                apr_pool_t *pool)
{
    static const char *const names[] = {SYNC_ACCESS_RULES_VERSION, SYNC_ACCESS_RULES};
    admin_access_t *access = apr_pcalloc(pool, sizeof *access);
    sync_access_rules_t *rules;
    const char *texts[2];

    access->service = service;
    BASE_TRY(state_table_read(service->store, STATE_TABLE_ACCESS, names, 2, texts, pool));
    BASE_TRY(sync_access_rules_parse(texts[1], &rules, pool));
    access->version = texts[0];
    access->rules = rules;
    *result = access;
    return NULL;
}

/* -- devices ---------------------------------------------------------------- */

/* The entry of that name as it would be. */
static const char *access_entry(const admin_access_t *access, const char *name, const char *stored)
{
    const char *text =
        access->entries ? apr_hash_get(access->entries, name, APR_HASH_KEY_STRING) : NULL;

    return text ? text : stored;
}

void admin_access_decide(const admin_access_t *access, admin_device_look_t *look, apr_pool_t *pool)
{
    sync_access_question_t question = {
        .mode = access->service->access_mode,
        .rules = access->rules,
        .subject = {.account = look->account,
                    .properties = {[SYNC_ACCESS_PROPERTY_device] = look->device}}};
    int i;

    for (i = SYNC_ACCESS_PROPERTY_device + 1; i < SYNC_ACCESS_PROPERTY_COUNT_; i++)
        question.subject.properties[i] =
            state_record_text(look->record, sync_access_property_names[i], pool);
    sync_access_entry_parse(
        access_entry(access, sync_access_entry_name(look->device, NULL, pool), look->entries[0]),
        &question.of_device, pool);
    sync_access_entry_parse(access_entry(access,
                                         sync_access_entry_name(look->device, look->account, pool),
                                         look->entries[1]),
                            &question.of_account, pool);
    look->access = sync_access_decide(&question);
    look->entry = (sync_access_entry_t){.by = "", .reason = ""};
    if (look->access.by == SYNC_ACCESS_BY_DEVICE_ENTRY)
        look->entry = question.of_device;
    else if (look->access.by == SYNC_ACCESS_BY_ACCOUNT_ENTRY)
        look->entry = question.of_account;
}

base_fault_t *admin_access_look(const admin_access_t *access, admin_device_look_t *looks, int count,
                                apr_pool_t *pool)
{
    const char **names = apr_palloc(pool, 2 * (apr_size_t)count * sizeof *names);
    const char **texts = apr_palloc(pool, 2 * (apr_size_t)count * sizeof *texts);
    int i;

    if (!count)
        return NULL;
    for (i = 0; i < count; i++) {
        names[2 * i] = sync_access_entry_name(looks[i].device, NULL, pool);
        names[2 * i + 1] = sync_access_entry_name(looks[i].device, looks[i].account, pool);
    }
    BASE_TRY(state_table_read(access->service->store, STATE_TABLE_ACCESS, names, 2 * count, texts,
                              pool));
    for (i = 0; i < count; i++) {
        looks[i].entries[0] = texts[2 * i];
        looks[i].entries[1] = texts[2 * i + 1];
        sync_access_served_parse(state_record_text(looks[i].record, ACCESS_FIELD, pool),
                                 &looks[i].served);
        admin_access_decide(access, &looks[i], pool);
    }
    return NULL;
}

json_t *admin_access_json(const admin_device_look_t *look, apr_pool_t *pool)
{
    apr_time_t since = look->entry.since                            ? look->entry.since
                       : look->access.status == look->served.status ? look->served.since
                                                                    : 0;
    json_t *json = json_object();

    admin_json_set(json, "status", sync_access_status_name(look->access.status), pool);
    admin_json_set(json, "by", sync_access_by_name(look->access.by), pool);
    admin_json_set(json, "rule", look->access.rule ? look->access.rule->id : NULL, pool);
    json_object_set_new(json, "since", admin_json_time(since, pool));
    admin_json_set(json, "actor", *look->entry.by ? look->entry.by : NULL, pool);
    admin_json_set(json, "reason", *look->entry.reason ? look->entry.reason : NULL, pool);
    return json;
}

/* -- routes ----------------------------------------------------------------- */

base_fault_t *admin_access_show(admin_call_t *call)
{
    json_t *answer = admin_json_object(call->pool);
    const admin_access_t *access;

    BASE_TRY(admin_access_open(call->service, &access, call->pool));
    admin_json_set(answer, "mode", sync_access_mode_name(call->service->access_mode), call->pool);
    json_object_set_new(answer, "rules",
                        json_integer(sync_access_rules_list(access->rules)->nelts));
    json_object_set_new(answer, "devices_max", json_integer(call->service->devices_max));
    admin_json_set(answer, "notify", call->service->access_notify, call->pool);
    admin_answer(call, 200, answer);
    return NULL;
}

/* The list has two parts: what was decided about devices, known or not, and the devices that nothing
 * was decided about. A page's "next" begins with the part that it belongs to. */
#define ACCESS_PART_ENTRIES "entries/"
#define ACCESS_PART_DEVICES "devices/"

typedef struct {
    json_t *list;
    sync_access_status_t status; /* NONE: any */
} access_list_t;

static void access_list_entry(access_list_t *list, const state_table_entry_t *entry,
                              apr_pool_t *pool)
{
    const char *device, *account;
    sync_access_entry_t decided;
    json_t *json;

    if (!sync_access_entry_name_parse(entry->name, &device, &account, pool))
        return;
    sync_access_entry_parse(entry->value, &decided, pool);
    if (list->status ? decided.status != list->status : decided.status == SYNC_ACCESS_NONE)
        return;
    json = json_object();
    admin_json_set(json, "device", device, pool);
    admin_json_set(json, "account", account, pool);
    admin_json_set(json, "status", sync_access_status_name(decided.status), pool);
    admin_json_set(
        json, "by",
        sync_access_by_name(account ? SYNC_ACCESS_BY_ACCOUNT_ENTRY : SYNC_ACCESS_BY_DEVICE_ENTRY),
        pool);
    json_object_set_new(json, "since", admin_json_time(decided.since, pool));
    admin_json_set(json, "actor", decided.by, pool);
    admin_json_set(json, "reason", *decided.reason ? decided.reason : NULL, pool);
    json_array_append_new(list->list, json);
}

static base_fault_t *access_list_device(void *baton, const admin_device_look_t *look, int *taken,
                                        apr_pool_t *pool)
{
    access_list_t *list = baton;
    json_t *json;

    *taken = (look->access.by == SYNC_ACCESS_BY_MODE || look->access.by == SYNC_ACCESS_BY_RULE) &&
             (!list->status || look->access.status == list->status);
    if (!*taken)
        return NULL;
    json = admin_access_json(look, pool);
    admin_json_set(json, "device", look->device, pool);
    admin_json_set(json, "account", look->account, pool);
    admin_json_set(json, "type", state_record_text(look->record, "type", pool), pool);
    admin_json_set(json, "user_agent", state_record_text(look->record, "agent", pool), pool);
    json_array_append_new(list->list, json);
    return NULL;
}

/* The part that the page is of, and where in it. */
static base_fault_t *access_list_part(const admin_call_t *call, int *entries, const char **after)
{
    const char *value = admin_parameter(call, "after");
    const size_t length = sizeof ACCESS_PART_ENTRIES - 1;

    *entries = !value || strncmp(value, ACCESS_PART_ENTRIES, length) == 0;
    *after = value && value[length] ? value + length : NULL;
    if (*entries || (strncmp(value, ACCESS_PART_DEVICES, sizeof ACCESS_PART_DEVICES - 1) == 0))
        return NULL;
    return base_fault_make(call->pool, BASE_FAULT_INVALID, "after must be a \"next\" of an answer");
}

base_fault_t *admin_access_list(admin_call_t *call)
{
    json_t *answer = admin_json_object(call->pool);
    access_list_t list = {.list = json_array()};
    admin_walk_t walk = {.call = call, .visit = access_list_device, .baton = &list};
    apr_array_header_t *entries;
    int in_entries, limit, i;
    const char *next;

    json_object_set_new(answer, "devices", list.list);
    BASE_TRY(admin_parameter_status(call, "status", &list.status));
    BASE_TRY(access_list_part(call, &in_entries, &walk.after));
    BASE_TRY(admin_parameter_limit(call, &limit));
    if (in_entries) {
        BASE_TRY(state_table_list(call->service->store, STATE_TABLE_ACCESS, walk.after, limit,
                                  &entries, &next, call->pool));
        for (i = 0; i < entries->nelts; i++)
            access_list_entry(&list, &APR_ARRAY_IDX(entries, i, state_table_entry_t), call->pool);
        next =
            next ? apr_pstrcat(call->pool, ACCESS_PART_ENTRIES, next, NULL) : ACCESS_PART_DEVICES;
    }
    else {
        walk.from_start = !walk.after;
        BASE_TRY(admin_walk(&walk, NULL));
        next = walk.next ? apr_pstrcat(call->pool, ACCESS_PART_DEVICES, walk.next, NULL) : NULL;
    }
    admin_json_set(answer, "next", next, call->pool);
    admin_answer(call, 200, answer);
    return NULL;
}
