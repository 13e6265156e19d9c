#include "admin/parked.h"

#include <string.h>
#include <apr_hash.h>
#include <apr_strings.h>

struct admin_parked {
    apr_hash_t *waiting; /* account NUL device -> wake_waiting_t * */
    int silent;
};

static const char *parked_key(const char *account, const char *device, apr_ssize_t *length,
                              apr_pool_t *pool)
{
    *length = (apr_ssize_t)(strlen(account) + 1 + strlen(device));
    return apr_psprintf(pool, "%s%c%s", account, '\0', device);
}

base_fault_t *admin_parked_read(const admin_call_t *call, const apr_array_header_t *accounts,
                                admin_parked_t **result)
{
    admin_parked_t *parked = apr_pcalloc(call->pool, sizeof *parked);
    apr_array_header_t *list;
    int i;

    BASE_TRY(wake_waiting_list(call->service->bus, (const char *const *)accounts->elts,
                               accounts->nelts, &list, &parked->silent, call->pool));
    parked->waiting = apr_hash_make(call->pool);
    for (i = 0; i < list->nelts; i++) {
        const wake_waiting_t *one = &APR_ARRAY_IDX(list, i, wake_waiting_t), *other;
        apr_ssize_t length;
        const char *key = parked_key(one->account, one->device, &length, call->pool);

        other = apr_hash_get(parked->waiting, key, length);
        if (!other || one->since > other->since) /* a Ping and a Sync, or one that is ending */
            apr_hash_set(parked->waiting, key, length, one);
    }
    *result = parked;
    return NULL;
}

int admin_parked_is_complete(const admin_parked_t *parked)
{
    return !parked->silent;
}

static const char *parked_command(wake_kind_t kind)
{
    return kind == WAKE_KIND_SYNC ? "Sync" : "Ping";
}

json_t *admin_parked_json(const admin_parked_t *parked, const char *account, const char *device,
                          apr_pool_t *pool)
{
    apr_ssize_t length;
    const char *key = parked_key(account, device, &length, pool);
    const wake_waiting_t *waiting = apr_hash_get(parked->waiting, key, length);
    json_t *json;

    if (!waiting)
        return json_null();
    json = json_object();
    json_object_set_new(json, "command", json_string(parked_command(waiting->kind)));
    admin_json_set(json, "node", waiting->node, pool);
    json_object_set_new(json, "since", admin_json_time(waiting->since, pool));
    json_object_set_new(
        json, "until", admin_json_time(waiting->since + apr_time_from_sec(waiting->granted), pool));
    json_object_set_new(json, "heartbeat_asked", json_integer(waiting->asked));
    json_object_set_new(json, "heartbeat", json_integer(waiting->granted));
    return json;
}

/* -- how many ------------------------------------------------------------------ */

static json_t *parked_node(json_t *nodes, const char *name, apr_pool_t *pool)
{
    json_t *node;
    size_t i;

    for (i = 0; i < json_array_size(nodes); i++) {
        node = json_array_get(nodes, i);
        if (strcmp(json_string_value(json_object_get(node, "node")), name) == 0)
            return node;
    }
    node = json_object();
    admin_json_set(node, "node", name, pool);
    json_array_append_new(nodes, node);
    return node;
}

static void parked_count(json_t *object, const char *name, int number)
{
    json_int_t before = json_integer_value(json_object_get(object, name));

    json_object_set_new(object, name, json_integer(before + number));
}

base_fault_t *admin_parked_show(admin_call_t *call)
{
    json_t *answer = admin_json_object(call->pool), *nodes = json_array();
    apr_array_header_t *counts;
    int silent, i;

    json_object_set_new(answer, "pings", json_integer(0));
    json_object_set_new(answer, "syncs", json_integer(0));
    json_object_set_new(answer, "nodes", nodes);
    BASE_TRY(wake_waiting_count(call->service->bus, &counts, &silent, call->pool));
    for (i = 0; i < counts->nelts; i++) {
        const wake_waiting_count_t *count = &APR_ARRAY_IDX(counts, i, wake_waiting_count_t);
        json_t *node = parked_node(nodes, count->node, call->pool);

        parked_count(answer, "pings", count->pings);
        parked_count(answer, "syncs", count->syncs);
        parked_count(node, "pings", count->pings);
        parked_count(node, "syncs", count->syncs);
    }
    json_object_set_new(answer, "complete", json_boolean(!silent));
    admin_answer(call, 200, answer);
    return NULL;
}
