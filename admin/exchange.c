#include "admin/action.h"
#include "admin/call.h"
#include "admin/recorder.h"

#include <string.h>
#include <apr_strings.h>

#include "state/exchange.h"

static const char *const exchange_folder[] = {
    "folder", "sync_key", "next_sync_key", "status",     "repeated",      "more_available", "add",
    "change", "delete",   "quarantined",   "client_add", "client_change", "client_delete"};

#define EXCHANGE_FOLDER_COUNT (sizeof exchange_folder / sizeof *exchange_folder)

static json_t *exchange_folder_json(const json_t *list)
{
    json_t *json = json_object();
    size_t i;

    for (i = 0; i < EXCHANGE_FOLDER_COUNT; i++)
        json_object_set(json, exchange_folder[i], json_array_get(list, i));
    return json;
}

static void exchange_rest(json_t *json, const json_t *packed)
{
    const json_t *list = json_object_get(packed, "l");
    json_t *folders = json_array();
    size_t i;

    json_object_set_new(json, "folders", folders);
    for (i = 0; i < json_array_size(list); i++)
        json_array_append_new(folders, exchange_folder_json(json_array_get(list, i)));
}

base_fault_t *admin_exchange_entries(admin_call_t *call, json_t **list)
{
    static const admin_recorder_member_t members[] = {
        {"c", "command"},     {"v", "protocol"},     {"n", "node"},
        {"h", "http_status"}, {"s", "status"},       {"a", "heartbeat_asked"},
        {"b", "heartbeat"},   {"f", "fault"},        {"e", "error"},
        {"d", "duration_ms"}, {"i", "bytes_in"},     {"o", "bytes_out"},
        {"g", "hung_up"},     {"x", "more_folders"}, {NULL},
    };
    static const admin_recorder_form_t form = {
        .kind = STATE_RECORDER_EXCHANGES, .members = members, .rest = exchange_rest};

    return admin_recorder_entries(call, &form, list);
}

base_fault_t *admin_exchange_list(admin_call_t *call)
{
    json_t *answer = admin_json_object(call->pool), *list;
    int found;

    BASE_TRY(admin_device_find(call, &found));
    if (!found)
        return NULL;
    BASE_TRY(admin_exchange_entries(call, &list));
    admin_json_set(answer, "account", call->names[0], call->pool);
    admin_json_set(answer, "device", call->names[1], call->pool);
    json_object_set_new(answer, "exchanges", list);
    admin_answer(call, 200, answer);
    return NULL;
}

const json_t *admin_exchange_last(const json_t *list, const char *command, const char *folder)
{
    size_t i, k;

    for (i = 0; i < json_array_size(list); i++) {
        const json_t *exchange = json_array_get(list, i);
        const json_t *folders = json_object_get(exchange, "folders");
        const char *name = json_string_value(json_object_get(exchange, "command"));

        if (!name || strcmp(name, command) != 0)
            continue;
        if (!folder)
            return exchange;
        for (k = 0; k < json_array_size(folders); k++) {
            const char *id =
                json_string_value(json_object_get(json_array_get(folders, k), "folder"));

            if (id && strcmp(id, folder) == 0)
                return exchange;
        }
    }
    return NULL;
}

static int exchange_is(const json_t *object, const char *name, const char *text)
{
    const char *value = json_string_value(json_object_get(object, name));

    return value && strcmp(value, text) == 0;
}

int admin_exchange_presented(const json_t *list, const char *folder, const char *key)
{
    size_t i, k;

    for (i = 0; i < json_array_size(list); i++) {
        const json_t *folders = json_object_get(json_array_get(list, i), "folders");

        for (k = 0; k < json_array_size(folders); k++)
            if (exchange_is(json_array_get(folders, k), "folder", folder) &&
                exchange_is(json_array_get(folders, k), "sync_key", key))
                return 1;
    }
    return 0;
}
