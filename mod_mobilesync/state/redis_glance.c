/* state_device_glance in Redis: many devices in two round trips. */
#include "state/redis_store.h"

#include <string.h>

static state_key_t glance_key(const state_glance_t *glance, state_record_kind_t kind,
                              const char *name)
{
    return (state_key_t){
        .account = glance->account, .device = glance->device, .kind = kind, .name = name};
}

/* The members of the device's index. */
static base_fault_t *glance_index(state_glance_t *glance, const redis_value_t *value,
                                  apr_pool_t *pool)
{
    const char *hierarchy = state_kind_letter(STATE_RECORD_HIERARCHY);
    const char *folder = state_kind_letter(STATE_RECORD_FOLDER);
    int i;

    BASE_TRY(redis_value_fault(value, pool));
    glance->folders = apr_array_make(pool, 8, sizeof(const char *));
    for (i = 0; i < value->count; i++) {
        const redis_value_t *member = redis_value_string(value, i);

        if (member && strcmp(member->data, hierarchy) == 0)
            glance->hierarchy = 1;
        else if (member && member->data[0] == *folder && member->data[1] == ':')
            APR_ARRAY_PUSH(glance->folders, const char *) = member->data + 2;
    }
    state_names_sort(glance->folders);
    return NULL;
}

static base_fault_t *glance_devices(redis_store_t *self, state_glance_t *glances, int count,
                                    apr_pool_t *pool)
{
    redis_args_t **commands = apr_palloc(pool, 2 * (apr_size_t)count * sizeof *commands);
    redis_value_t **values;
    int i;

    for (i = 0; i < count; i++) {
        const state_key_t key = glance_key(&glances[i], STATE_RECORD_DEVICE, NULL);

        commands[2 * i] = state_redis_read_args(self, &key, NULL, 0, pool);
        commands[2 * i + 1] = redis_args_make(pool);
        redis_args_text(commands[2 * i + 1], "SMEMBERS");
        redis_args_text(commands[2 * i + 1],
                        state_redis_index(self, glances[i].account, glances[i].device, pool));
    }
    BASE_TRY(redis_pipeline(self->redis, commands, 2 * count, REDIS_REPEAT, &values, pool));
    for (i = 0; i < count; i++) {
        BASE_TRY(state_redis_read_record(values[2 * i], NULL, 0, &glances[i].record, pool));
        BASE_TRY(glance_index(&glances[i], values[2 * i + 1], pool));
    }
    return NULL;
}

/* One field of every folder of all of them. */
static base_fault_t *glance_folders(redis_store_t *self, state_glance_t *glances, int count,
                                    const char *field, apr_pool_t *pool)
{
    redis_args_t **commands;
    redis_value_t **values;
    int total = 0, i, k, at = 0;

    for (i = 0; i < count; i++)
        total += glances[i].folders->nelts;
    if (!total)
        return NULL;
    commands = apr_palloc(pool, (apr_size_t)total * sizeof *commands);
    for (i = 0; i < count; i++)
        for (k = 0; k < glances[i].folders->nelts; k++) {
            const state_key_t key = glance_key(&glances[i], STATE_RECORD_FOLDER,
                                               APR_ARRAY_IDX(glances[i].folders, k, const char *));

            commands[at++] = state_redis_read_args(self, &key, &field, 1, pool);
        }
    BASE_TRY(redis_pipeline(self->redis, commands, total, REDIS_REPEAT, &values, pool));
    for (i = 0, at = 0; i < count; i++) {
        glances[i].states = apr_palloc(pool, (apr_size_t)(glances[i].folders->nelts + 1) *
                                                 sizeof(state_record_t *));
        for (k = 0; k < glances[i].folders->nelts; k++)
            BASE_TRY(state_redis_read_record(values[at++], &field, 1, &glances[i].states[k], pool));
    }
    return NULL;
}

base_fault_t *state_redis_device_glance(void *data, state_glance_t *glances, int count,
                                        const char *field, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < count; i++) {
        glances[i].hierarchy = 0;
        glances[i].states = NULL;
    }
    BASE_TRY(glance_devices(data, glances, count, pool));
    return glance_folders(data, glances, count, field, pool);
}
