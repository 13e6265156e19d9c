#include "state/state.h"

#include <string.h>

#define CHANGE_TRIES 8

void state_change_set(state_change_t *change, const char *name, const char *text)
{
    change->sets[change->set_count++] =
        (state_field_t){.name = name, .data = text, .length = strlen(text)};
}

void state_change_delete(state_change_t *change, const char *name)
{
    change->deletes[change->delete_count++] = name;
}

base_fault_t *state_record_change(state_store_t *store, const state_key_t *key,
                                  const char *const *names, int name_count, state_decide_fn decide,
                                  void *baton, apr_pool_t *pool)
{
    base_fault_t *fault = NULL;
    int try;

    for (try = 0; try < CHANGE_TRIES; try++) {
        state_change_t change = {.set_count = 0};
        state_record_t *record;
        apr_uint64_t version;

        BASE_TRY(state_record_read(store, key, names, name_count, &record, pool));
        BASE_TRY(decide(baton, record, &change, pool));
        if (!change.set_count && !change.delete_count)
            return NULL;
        fault = state_record_commit(store, key, record->version, change.sets, change.set_count,
                                    change.deletes, change.delete_count, &version, pool);
        if (base_fault_code(fault) != BASE_FAULT_CONFLICT)
            break;
    }
    return fault;
}
