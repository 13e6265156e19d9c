/* Who is held back at the httpd that answers, and letting them through. */
#include "admin/action.h"

#include <string.h>

#define THROTTLE_RELEASE "throttle.release"

static base_fault_t *throttle_none(admin_call_t *call)
{
    admin_answer_problem(call, 404, "nothing is held back here: there is no shared memory", NULL);
    return NULL;
}

static json_t *throttle_json(const admin_throttled_t *throttled, apr_pool_t *pool)
{
    json_t *json = json_object();

    admin_json_set(json, "id", throttled->id, pool);
    admin_json_set(json, "what", throttled->what, pool);
    admin_json_set(json, "account", throttled->account, pool);
    admin_json_set(json, "device", throttled->device, pool);
    admin_json_set(json, "address", throttled->address, pool);
    json_object_set_new(json, "since", admin_json_time(throttled->since, pool));
    json_object_set_new(json, "until", admin_json_time(throttled->until, pool));
    json_object_set_new(json, "refused", json_integer(throttled->refused));
    return json;
}

static apr_array_header_t *throttle_read(const admin_call_t *call)
{
    const admin_throttles_t *throttles = call->service->throttles;

    return throttles->list(throttles->baton, call->request->now, call->pool);
}

json_t *admin_throttle_of(const admin_call_t *call, const char *account, const char *device)
{
    apr_array_header_t *throttled;
    int i;

    if (!call->service->throttles)
        return json_null();
    throttled = throttle_read(call);
    for (i = 0; i < throttled->nelts; i++) {
        const admin_throttled_t *one = &APR_ARRAY_IDX(throttled, i, admin_throttled_t);

        if (one->device && strcmp(one->device, device) == 0 && strcmp(one->account, account) == 0)
            return throttle_json(one, call->pool);
    }
    return json_null();
}

base_fault_t *admin_throttle_list(admin_call_t *call)
{
    json_t *answer = admin_json_object(call->pool), *list = json_array();
    apr_array_header_t *throttled;
    int i;

    if (!call->service->throttles)
        return throttle_none(call);
    admin_json_set(answer, "node", call->service->node, call->pool);
    json_object_set_new(answer, "throttles", list);
    throttled = throttle_read(call);
    for (i = 0; i < throttled->nelts; i++)
        json_array_append_new(
            list, throttle_json(&APR_ARRAY_IDX(throttled, i, admin_throttled_t), call->pool));
    admin_answer(call, 200, answer);
    return NULL;
}

/* one NULL: all of them. */
static base_fault_t *throttle_release(admin_call_t *call, const admin_throttled_t *one, int count)
{
    const admin_throttles_t *throttles = call->service->throttles;
    json_t *answer = admin_json_object(call->pool);
    admin_audit_t audit;
    int dry_run;

    BASE_TRY(admin_parameter_flag(call, "dry_run", &dry_run));
    admin_audit_init(call, THROTTLE_RELEASE, &audit);
    if (one) {
        admin_audit_add(&audit, "account", one->account);
        admin_audit_add(&audit, "device", one->device);
        admin_audit_add(&audit, "address", one->address);
        admin_audit_add(&audit, "why", one->what);
    }
    if (!dry_run) {
        BASE_TRY(admin_audit_begin(call, &audit));
        throttles->release(throttles->baton, one ? one->id : NULL, call->request->now, call->pool);
        admin_audit_end(call, &audit, NULL);
    }
    if (one) {
        json_t *released = throttle_json(one, call->pool);

        json_object_update(answer, released);
        json_decref(released);
    }
    admin_json_set(answer, "action", THROTTLE_RELEASE, call->pool);
    json_object_set_new(answer, "dry_run", json_boolean(dry_run));
    json_object_set_new(answer, "throttles", json_integer(count));
    json_object_set_new(answer, "changes", json_true());
    admin_answer(call, 200, answer);
    return NULL;
}

base_fault_t *admin_throttle_release(admin_call_t *call)
{
    apr_array_header_t *throttled;
    int i;

    if (!call->service->throttles)
        return throttle_none(call);
    throttled = throttle_read(call);
    for (i = 0; i < throttled->nelts; i++) {
        const admin_throttled_t *one = &APR_ARRAY_IDX(throttled, i, admin_throttled_t);

        if (strcmp(one->id, call->names[0]) == 0)
            return throttle_release(call, one, 1);
    }
    admin_answer_problem(call, 404, "nobody of that id is held back", NULL);
    return NULL;
}

base_fault_t *admin_throttle_release_all(admin_call_t *call)
{
    return call->service->throttles ? throttle_release(call, NULL, throttle_read(call)->nelts)
                                    : throttle_none(call);
}
