#include "admin/recorder.h"

static json_t *recorder_json(const admin_recorder_form_t *form, const json_t *packed,
                             apr_pool_t *pool)
{
    json_t *json = json_object();
    size_t i;

    json_object_set_new(
        json, "time",
        admin_json_time(apr_time_from_msec(json_integer_value(json_object_get(packed, "t"))),
                        pool));
    for (i = 0; form->members[i].packed; i++)
        json_object_set(json, form->members[i].name,
                        json_object_get(packed, form->members[i].packed));
    form->rest(json, packed);
    return json;
}

base_fault_t *admin_recorder_entries(admin_call_t *call, const admin_recorder_form_t *form,
                                     json_t **list)
{
    apr_array_header_t *entries;
    int i;

    BASE_TRY(state_recorder_read(call->service->store, form->kind, call->names[0], call->names[1],
                                 &entries, call->pool));
    *list = json_array();
    for (i = 0; i < entries->nelts; i++) {
        json_t *packed = json_loads(APR_ARRAY_IDX(entries, i, const char *), 0, NULL);

        if (packed) /* else it is not of ours */
            json_array_append_new(*list, recorder_json(form, packed, call->pool));
        json_decref(packed);
    }
    return NULL;
}
