#include "cmd/collection_impl.h"

#include <string.h>
#include <apr_strings.h>

#include "sync/filter.h"

static const char *const meta_field[] = {SYNC_FOLDER_FIELD};
static const char *const small_fields[] = {SYNC_FOLDER_FIELD, SYNC_QUARANTINE_FIELD,
                                           SYNC_TRIAL_FIELD};

base_fault_t *collection_state_damaged(collection_t *collection, const char *what)
{
    const collection_request_t *request = collection->request;

    base_log_write(collection->env->log, BASE_LOG_WARNING,
                   "account %s, device %s, folder %s: stored %s is damaged; the device starts "
                   "the folder again",
                   request->account, request->device, request->folder_id, what);
    return base_fault_make(collection->pool, BASE_FAULT_STALE, "stored %s is damaged", what);
}

base_fault_t *collection_state_load(collection_t *collection)
{
    const collection_request_t *request = collection->request;
    const state_field_t *meta, *quarantine, *trial;
    state_record_t *record;

    collection->key = (state_key_t){.account = request->account,
                                    .device = request->device,
                                    .kind = STATE_RECORD_FOLDER,
                                    .name = request->folder_id};
    collection->presented = -1;
    collection->held = sync_held_make(collection->pool);
    BASE_TRY(state_record_read(collection->env->store, &collection->key, small_fields, 3, &record,
                               collection->pool));
    collection->version = record->version;
    quarantine = state_record_field(record, SYNC_QUARANTINE_FIELD);
    collection->quarantine =
        sync_quarantine_unpack(quarantine ? quarantine->data : NULL,
                               quarantine ? quarantine->length : 0, collection->pool);
    trial = state_record_field(record, SYNC_TRIAL_FIELD);
    collection->tried = trial != NULL;
    collection->trial =
        sync_trial_unpack(trial ? trial->data : NULL, trial ? trial->length : 0, collection->pool);
    collection_trial_judge(collection);
    meta = record->version ? state_record_field(record, SYNC_FOLDER_FIELD) : NULL;
    if (meta)
        collection->state = sync_folder_state_unpack(meta->data, meta->length, collection->pool);
    if (collection->state)
        collection->next = collection->state->keys.next;
    else if (collection->version)
        collection_state_damaged(collection, "folder state");
    return NULL;
}

base_fault_t *collection_state_judge(collection_t *collection, const char *digest)
{
    const collection_request_t *request = collection->request;
    const sync_folder_state_t *state = collection->state;
    static const sync_keys_t none;

    collection->verdict =
        sync_key_judge(state ? &state->keys : &none, request->key, digest, &collection->presented);
    if (collection->verdict == SYNC_KEY_START || collection->verdict == SYNC_KEY_START_AGAIN)
        return NULL;
    if (collection->verdict == SYNC_KEY_STALE)
        return base_fault_make(collection->pool, BASE_FAULT_STALE, "sync key %.64s is not current",
                               request->key);
    if (request->protocol && request->protocol != state->protocol)
        return base_fault_make(collection->pool, BASE_FAULT_STALE,
                               "the device changed its protocol version from %u to %u",
                               state->protocol, request->protocol);
    if (request->generation && state->generation && request->generation != state->generation)
        return base_fault_make(collection->pool, BASE_FAULT_STALE,
                               "the folder is of generation %u, the device's is %u",
                               request->generation, state->generation);
    collection->before = collection->presented >= 0 && collection->verdict == SYNC_KEY_CONFIRM
                             ? state->pending[collection->presented].after
                             : state->base;
    return NULL;
}

void collection_options_in_force(const collection_t *collection, collection_options_t *options)
{
    const sync_options_t *sticky = &collection->before.options;
    int sticky_conversations;

    const collection_request_t *request = collection->request;

    *options = (collection_options_t){.blob = ""};
    if (collection->state && collection->verdict != SYNC_KEY_START &&
        collection->verdict != SYNC_KEY_START_AGAIN)
        *options = (collection_options_t){.filter = sticky->filter,
                                          .client_wins = sticky->client_wins,
                                          .conversations = sticky->conversations,
                                          .blob = sticky->blob,
                                          .blob_length = sticky->blob_length};
    sticky_conversations = options->conversations;
    if (request->options)
        *options = *request->options;
    options->conversations = request->conversations == COLLECTION_CONVERSATIONS_STICKY
                                 ? sticky_conversations
                                 : request->conversations;
}

void collection_options_keep(sync_position_t *position, const collection_options_t *options)
{
    position->options = (sync_options_t){.filter = options->filter,
                                         .client_wins = options->client_wins,
                                         .conversations = options->conversations,
                                         .blob = options->blob,
                                         .blob_length = options->blob_length};
}

base_fault_t *collection_filter_check(const collection_t *collection, int filter)
{
    /* MS-ASCMD 2.2.3.68.2; contacts and notes ignore it (R3078) */
    static const unsigned filters[] = {
        [BACKEND_CLASS_EMAIL] = 0x3f,   [BACKEND_CLASS_CALENDAR] = 0xf1,
        [BACKEND_CLASS_CONTACTS] = ~0u, [BACKEND_CLASS_TASKS] = 0x101,
        [BACKEND_CLASS_NOTES] = ~0u,
    };

    if (filter >= 0 && filter <= SYNC_FILTER_MAX &&
        (filters[collection->request->class_] >> filter & 1))
        return NULL;
    return base_fault_make(collection->pool, BASE_FAULT_INVALID, "the class has no FilterType %d",
                           filter);
}

int collection_filter(const collection_t *collection, int filter)
{
    backend_class_t class_ = collection->request->class_;

    return class_ == BACKEND_CLASS_CONTACTS || class_ == BACKEND_CLASS_NOTES ? 0 : filter;
}

base_fault_t *collection_state_start(collection_t *collection, sync_position_t *start)
{
    collection_options_t options;

    collection_options_in_force(collection, &options);
    BASE_TRY(collection_filter_check(collection, options.filter));
    *start = collection->before;
    collection_options_keep(start, &options);
    sync_position_refilter(start, collection_filter(collection, options.filter),
                           options.conversations, collection->request->now);
    if (collection->request->class_ == BACKEND_CLASS_CALENDAR)
        sync_position_renew(start, collection->request->now);
    collection->dates = start->dates;
    return NULL;
}

/* Reads fields of the very state that was read first. */
static base_fault_t *state_read_same(collection_t *collection, const char *const *names, int count,
                                     state_record_t **record)
{
    BASE_TRY(state_record_read(collection->env->store, &collection->key, names, count, record,
                               collection->pool));
    if ((*record)->version != collection->version)
        return base_fault_make(collection->pool, BASE_FAULT_CONFLICT,
                               "another request of the device stepped the folder");
    return NULL;
}

int collection_state_overtaken(const collection_t *collection)
{
    collection_t look = {
        .env = collection->env, .request = collection->request, .pool = collection->pool};
    const sync_keys_t *now;

    /* what the store cannot tell is taken for a yes */
    if (!collection->state || collection_state_load(&look) || !look.state ||
        collection_state_judge(&look, look.request->request_digest))
        return 1;
    now = &look.state->keys;
    return look.verdict != SYNC_KEY_REPLAY &&
           (strcmp(now->series, collection->state->keys.series) != 0 ||
            now->next != collection->next);
}

base_fault_t *collection_state_still(collection_t *collection)
{
    state_record_t *record;

    return state_read_same(collection, meta_field, 1, &record);
}

static base_fault_t *delta_decode(collection_t *collection, const state_record_t *record,
                                  const char *name, sync_delta_t **delta)
{
    const state_field_t *field = state_record_field(record, name);

    *delta = field ? sync_delta_unpack(field->data, field->length, collection->pool) : NULL;
    return *delta ? NULL : collection_state_damaged(collection, "answer");
}

base_fault_t *collection_delta_load(collection_t *collection, int answer, sync_delta_t **delta)
{
    const char *name =
        sync_delta_field(collection->state->keys.answers[answer].counter, collection->pool);
    state_record_t *record;

    BASE_TRY(state_read_same(collection, &name, 1, &record));
    return delta_decode(collection, record, name, delta);
}

static base_fault_t *held_read_chunks(collection_t *collection, const char *delta_name)
{
    int count, i;
    const apr_uint64_t *missing = sync_held_missing(collection->held, &count);
    apr_uint64_t *chunks =
        apr_pmemdup(collection->pool, missing, (apr_size_t)count * sizeof *chunks);
    const char **names = apr_palloc(collection->pool, (apr_size_t)(count + 1) * sizeof *names);
    state_record_t *record;

    for (i = 0; i < count; i++)
        names[i] = sync_held_field(chunks[i], collection->pool);
    if (delta_name)
        names[count] = delta_name;
    if (!count && !delta_name)
        return NULL;
    BASE_TRY(state_read_same(collection, names, count + (delta_name != NULL), &record));
    for (i = 0; i < count; i++) {
        const state_field_t *field = state_record_field(record, names[i]);

        if (!sync_held_load(collection->held, chunks[i], field ? field->data : NULL,
                            field ? field->length : 0))
            return collection_state_damaged(collection, "set of items held");
    }
    return delta_name ? delta_decode(collection, record, delta_name, &collection->delta) : NULL;
}

base_fault_t *collection_held_load(collection_t *collection)
{
    const char *delta_name = NULL;
    int i;

    if (collection->verdict == SYNC_KEY_CONFIRM && !collection->delta)
        delta_name = sync_delta_field(
            collection->state->keys.answers[collection->presented].counter, collection->pool);
    BASE_TRY(held_read_chunks(collection, delta_name));
    if (!delta_name)
        return NULL;
    for (i = 0; i < collection->delta->count; i++)
        sync_held_want(collection->held, collection->delta->entries[i].uid);
    BASE_TRY(held_read_chunks(collection, NULL));
    for (i = 0; i < collection->delta->count; i++) {
        const sync_delta_entry_t *entry = collection->delta->entries + i;

        if (entry->held)
            sync_held_set(collection->held, entry->uid, entry->token);
        else
            sync_held_remove(collection->held, entry->uid);
    }
    return NULL;
}

base_fault_t *collection_held_load_all(collection_t *collection)
{
    state_record_t *record;
    apr_uint64_t chunk;
    int i;

    if (sync_held_is_complete(collection->held))
        return NULL;
    BASE_TRY(collection_held_load(collection)); /* with the delta, if not yet done */
    BASE_TRY(state_read_same(collection, NULL, 0, &record));
    for (i = 0; i < record->count; i++) {
        const state_field_t *field = &record->fields[i];

        if (sync_held_field_parse(field->name, &chunk) &&
            !sync_held_load(collection->held, chunk, field->data, field->length))
            return collection_state_damaged(collection, "set of items held");
    }
    sync_held_complete(collection->held);
    return NULL;
}
