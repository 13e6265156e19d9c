/* What support needs to know of a device, in one answer: no content of mail, no subject, no name of
 * a folder, no credentials. */
#include "admin/action.h"

#include <string.h>

/* Names of folders are what people write. */
static void bundle_folders(json_t *device)
{
    json_t *folders = json_object_get(device, "folders");
    size_t i;

    for (i = 0; i < json_array_size(folders); i++)
        json_object_del(json_array_get(folders, i), "name");
}

static json_t *bundle_server(const admin_call_t *call)
{
    json_t *json = json_object();
    const apr_array_header_t *facts;
    int i;

    admin_json_set(json, "node", call->service->node, call->pool);
    if (!call->service->facts)
        return json;
    facts = apr_table_elts(call->service->facts);
    for (i = 0; i < facts->nelts; i++) {
        const apr_table_entry_t *fact = &APR_ARRAY_IDX(facts, i, apr_table_entry_t);

        admin_json_set(json, fact->key, fact->val, call->pool);
    }
    return json;
}

/* Of each folder that is synchronised; what cannot be explained says why. */
static json_t *bundle_why(admin_call_t *call, const json_t *device)
{
    const json_t *folders = json_object_get(device, "folders");
    json_t *list = json_array();
    size_t i;

    for (i = 0; i < json_array_size(folders); i++) {
        const json_t *folder = json_array_get(folders, i);
        const char *id = json_string_value(json_object_get(folder, "folder"));
        base_fault_t *fault;
        json_t *json;

        if (!id || !json_is_true(json_object_get(folder, "synchronised")))
            continue;
        fault = admin_why_folder(call, id, &json);
        if (fault) {
            json = json_object();
            admin_json_set(json, "folder", id, call->pool);
            admin_json_set(json, "fault", fault->message, call->pool);
        }
        json_array_append_new(list, json);
    }
    return list;
}

/* A trace that somebody made with contents stays here, but for its XML. */
static base_fault_t *bundle_trace(admin_call_t *call, json_t **list)
{
    size_t i;

    BASE_TRY(admin_trace_entries(call, list));
    for (i = 0; i < json_array_size(*list); i++) {
        json_t *entry = json_array_get(*list, i);

        if (json_is_true(json_object_get(entry, "content")))
            json_object_set_new(entry, "xml", json_null());
    }
    return NULL;
}

base_fault_t *admin_bundle_show(admin_call_t *call)
{
    json_t *answer = admin_json_object(call->pool), *device, *list;
    int found;

    BASE_TRY(admin_device_find(call, &found));
    if (!found)
        return NULL;
    json_object_set_new(answer, "made", admin_json_time(call->request->now, call->pool));
    json_object_set_new(answer, "server", bundle_server(call));
    device = json_object();
    json_object_set_new(answer, "device", device);
    BASE_TRY(admin_device_json(call, device));
    bundle_folders(device);
    BASE_TRY(admin_exchange_entries(call, &list));
    json_object_set_new(answer, "exchanges", list);
    BASE_TRY(bundle_trace(call, &list));
    json_object_set_new(answer, "trace", list);
    json_object_set_new(answer, "why", bundle_why(call, device));
    apr_table_setn(call->response->headers, "Content-Disposition",
                   "attachment; filename=\"mobilesync-bundle.json\"");
    admin_answer(call, 200, answer);
    return NULL;
}
