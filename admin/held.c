#include "admin/held.h"

/* The set held at the base. */
static const char *held_load(const state_record_t *record, sync_held_t *set)
{
    apr_uint64_t chunk;
    int i;

    for (i = 0; i < record->count; i++)
        if (sync_held_field_parse(record->fields[i].name, &chunk) &&
            !sync_held_load(set, chunk, record->fields[i].data, record->fields[i].length))
            return "items held";
    return NULL;
}

/* A chunk that is not there holds nothing. */
static void held_want(sync_held_t *set, apr_uint64_t uid)
{
    const apr_uint64_t *missing;
    int count;

    sync_held_want(set, uid);
    while ((missing = sync_held_missing(set, &count)))
        sync_held_load(set, missing[0], NULL, 0);
}

static void held_overlay(admin_held_t *held)
{
    int i;

    for (i = 0; i < held->delta->count; i++) {
        const sync_delta_entry_t *entry = &held->delta->entries[i];

        held_want(held->set, entry->uid);
        if (entry->held)
            sync_held_set(held->set, entry->uid, entry->token);
        else
            sync_held_remove(held->set, entry->uid);
    }
}

admin_held_t *admin_held_decode(const state_record_t *record, apr_pool_t *pool)
{
    const state_field_t *meta = state_record_field(record, SYNC_FOLDER_FIELD), *field;
    admin_held_t *held = apr_pcalloc(pool, sizeof *held);
    int last;

    held->set = sync_held_make(pool);
    held->state = meta ? sync_folder_state_unpack(meta->data, meta->length, pool) : NULL;
    if (!held->state) {
        held->damaged = "folder state";
        return held;
    }
    last = held->state->keys.answer_count - 1;
    held->position = last < 0 ? &held->state->base : &held->state->pending[last].after;
    held->damaged = held_load(record, held->set);
    if (held->damaged || last < 0)
        return held;
    field =
        state_record_field(record, sync_delta_field(held->state->keys.answers[last].counter, pool));
    held->delta = field ? sync_delta_unpack(field->data, field->length, pool) : NULL;
    if (held->delta)
        held_overlay(held);
    else
        held->damaged = "last answer";
    return held;
}

sync_holding_t admin_held_item(const admin_held_t *held, apr_uint64_t uid)
{
    sync_holding_t holding;

    held_want(held->set, uid);
    holding.held = sync_held_get(held->set, uid, &holding.token);
    return holding;
}

const sync_delta_entry_t *admin_held_pending(const admin_held_t *held, apr_uint64_t uid)
{
    int i;

    for (i = 0; held->delta && i < held->delta->count; i++)
        if (held->delta->entries[i].uid == uid)
            return &held->delta->entries[i];
    return NULL;
}

int admin_held_todo(const admin_held_t *held, apr_uint64_t uid)
{
    int i;

    for (i = 0; i < held->position->todo_count; i++)
        if (held->position->todo[i] == uid)
            return 1;
    return 0;
}

sync_quarantine_t *admin_held_quarantine(const state_record_t *record, apr_pool_t *pool)
{
    const state_field_t *field = state_record_field(record, SYNC_QUARANTINE_FIELD);

    return sync_quarantine_unpack(field ? field->data : NULL, field ? field->length : 0, pool);
}
