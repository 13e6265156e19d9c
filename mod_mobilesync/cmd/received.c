#include "cmd/received.h"

#include <string.h>
#include <jansson.h>

#include "state/exchange.h"
#include "state/recorder.h"

/* The request after which an answer must have been received. */
typedef struct {
    const char *node;
    json_int_t port, use;
} received_t;

static int received_text(const json_t *json, const char *text)
{
    const char *value = json_string_value(json);

    return value && strcmp(value, text) == 0;
}

/* Is that the exchange before one of the requests, on the same connection? */
static int received_before(const json_t *entry, const received_t *requests, int count)
{
    const char *node = json_string_value(json_object_get(entry, "n"));
    json_int_t port = json_integer_value(json_object_get(entry, "w"));
    json_int_t use = json_integer_value(json_object_get(entry, "k"));
    int i;

    for (i = 0; i < count && node && port; i++)
        if (requests[i].port == port && requests[i].use == use + 1 &&
            strcmp(requests[i].node, node) == 0)
            return 1;
    return 0;
}

static int received_answered(const json_t *entry, const char *folder_id, const char *key,
                             const char *next_key)
{
    const json_t *folders = json_object_get(entry, "l");
    size_t i;

    if (!received_text(json_object_get(entry, "c"), "Sync") ||
        json_integer_value(json_object_get(entry, "h")) != 200 || json_object_get(entry, "g"))
        return 0;
    for (i = 0; i < json_array_size(folders); i++) {
        const json_t *folder = json_array_get(folders, i);

        if (received_text(json_array_get(folder, STATE_EXCHANGE_FOLDER), folder_id) &&
            received_text(json_array_get(folder, STATE_EXCHANGE_KEY), key) &&
            received_text(json_array_get(folder, STATE_EXCHANGE_NEXT_KEY), next_key))
            return 1;
    }
    return 0;
}

static apr_status_t received_free(void *json)
{
    json_decref(json);
    return APR_SUCCESS;
}

int cmd_received(void *baton, const char *folder_id, const char *key, const char *next_key)
{
    cmd_exchange_t *exchange = baton;
    apr_array_header_t *entries;
    received_t *requests;
    int i, count = 1, received = 0;

    if (!exchange->connection_port ||
        state_recorder_read(exchange->service->store, STATE_RECORDER_EXCHANGES, exchange->account,
                            exchange->request->device_id, &entries, exchange->pool))
        return 0;
    requests = apr_palloc(exchange->pool, (apr_size_t)(entries->nelts + 1) * sizeof *requests);
    requests[0] = (received_t){.node = exchange->service->node,
                               .port = exchange->connection_port,
                               .use = exchange->connection_use};
    for (i = 0; i < entries->nelts; i++) { /* newest first */
        json_t *entry = json_loads(APR_ARRAY_IDX(entries, i, const char *), 0, NULL);

        if (!entry)
            continue;
        apr_pool_cleanup_register(exchange->pool, entry, received_free, apr_pool_cleanup_null);
        received += received_answered(entry, folder_id, key, next_key) &&
                    received_before(entry, requests, count);
        requests[count] = (received_t){.node = json_string_value(json_object_get(entry, "n")),
                                       .port = json_integer_value(json_object_get(entry, "w")),
                                       .use = json_integer_value(json_object_get(entry, "k"))};
        count += requests[count].node != NULL;
    }
    return received;
}
