#include "cmd/hierarchy.h"

#include <string.h>
#include <apr_hash.h>
#include <apr_strings.h>

#include "item/kind.h"
#include "sync/folder_state.h"
#include "sync/hierarchy.h"

/* FolderSync has no content but its key: every repeat is the same request. */
#define HIERARCHY_SYNC_DIGEST ""

struct hierarchy {
    const collection_env_t *env;
    const hierarchy_request_t *request;
    state_key_t key;
    apr_uint64_t version;
    sync_hierarchy_state_t *state;
    sync_key_verdict_t verdict;
    int presented;
    apr_array_header_t *given; /* sync_folder_t: what who presents the key has */
    apr_array_header_t *now;   /* sync_folder_t: what it will have */
    int written;               /* is there something to write? */
    int stepped;               /* an answer with a key of its own */
    hierarchy_answer_t answer;
    apr_pool_t *pool;
};

int hierarchy_folder_type(const backend_folder_t *folder)
{
    static const signed char mail[] = {
        [BACKEND_ROLE_USER] = 12, [BACKEND_ROLE_INBOX] = 2,    [BACKEND_ROLE_DRAFTS] = 3,
        [BACKEND_ROLE_TRASH] = 4, [BACKEND_ROLE_SENT] = 5,     [BACKEND_ROLE_OUTBOX] = 6,
        [BACKEND_ROLE_JUNK] = 12, [BACKEND_ROLE_ARCHIVE] = 12, [BACKEND_ROLE_DEFAULT] = 12,
    };
    static const struct {
        signed char standard, user;
    } other[] = {
        [BACKEND_CLASS_CALENDAR] = {8, 13},
        [BACKEND_CLASS_CONTACTS] = {9, 14},
        [BACKEND_CLASS_TASKS] = {7, 15},
        [BACKEND_CLASS_NOTES] = {10, 17},
    };

    if (folder->class_ == BACKEND_CLASS_EMAIL)
        return mail[folder->role];
    return folder->role == BACKEND_ROLE_DEFAULT ? other[folder->class_].standard
                                                : other[folder->class_].user;
}

static base_fault_t *hierarchy_damaged(hierarchy_t *hierarchy)
{
    base_log_write(hierarchy->env->log, BASE_LOG_WARNING,
                   "account %s, device %s: the stored folder hierarchy is damaged; the device "
                   "starts again",
                   hierarchy->request->account, hierarchy->request->device);
    return base_fault_make(hierarchy->pool, BASE_FAULT_STALE, "stored hierarchy is damaged");
}

/* RFC 3501 calls it INBOX; people, and Exchange, do not shout. */
static const char *hierarchy_name(const backend_folder_t *folder)
{
    return folder->role == BACKEND_ROLE_INBOX && strcmp(folder->name, "INBOX") == 0 ? "Inbox"
                                                                                    : folder->name;
}

/* The folders of the mailbox as a device of that version is to see them. */
static base_fault_t *hierarchy_folders_now(const collection_env_t *env, unsigned protocol,
                                           apr_array_header_t **folders, apr_pool_t *pool)
{
    apr_array_header_t *list, *all = apr_array_make(pool, 16, sizeof(sync_folder_t));
    int i;

    BASE_TRY(backend_folder_list(env->backend, &list, pool));
    for (i = 0; i < list->nelts; i++) {
        const backend_folder_t *folder = &APR_ARRAY_IDX(list, i, backend_folder_t);

        if (!item_kind_is_served(folder->class_, (eas_version_t)protocol))
            continue;
        APR_ARRAY_PUSH(all, sync_folder_t) = (sync_folder_t){.id = folder->id,
                                                             .parent_id = folder->parent_id,
                                                             .name = hierarchy_name(folder),
                                                             .type = hierarchy_folder_type(folder)};
    }
    *folders = sync_hierarchy_normalize(all, pool);
    return NULL;
}

static const char *hierarchy_digest(const hierarchy_request_t *request)
{
    return request->digest ? request->digest : HIERARCHY_SYNC_DIGEST;
}

static base_fault_t *hierarchy_load(hierarchy_t *hierarchy, state_record_t **record)
{
    const state_field_t *meta;

    hierarchy->key = (state_key_t){.account = hierarchy->request->account,
                                   .device = hierarchy->request->device,
                                   .kind = STATE_RECORD_HIERARCHY};
    BASE_TRY(state_record_read(hierarchy->env->store, &hierarchy->key, NULL, 0, record,
                               hierarchy->pool));
    hierarchy->version = (*record)->version;
    if (!hierarchy->version)
        return NULL;
    meta = state_record_field(*record, SYNC_HIERARCHY_FIELD);
    if (meta)
        hierarchy->state = sync_hierarchy_state_unpack(meta->data, meta->length, hierarchy->pool);
    if (!hierarchy->state)
        hierarchy_damaged(hierarchy);
    return NULL;
}

static base_fault_t *hierarchy_list(hierarchy_t *hierarchy, const state_record_t *record,
                                    const char *name, apr_array_header_t **folders)
{
    const state_field_t *field = state_record_field(record, name);

    *folders =
        field ? sync_hierarchy_folders_unpack(field->data, field->length, hierarchy->pool) : NULL;
    return *folders ? NULL : hierarchy_damaged(hierarchy);
}

static base_fault_t *hierarchy_answer_list(hierarchy_t *hierarchy, const state_record_t *record,
                                           int index, apr_array_header_t **folders)
{
    return hierarchy_list(
        hierarchy, record,
        sync_delta_field(hierarchy->state->keys.answers[index].counter, hierarchy->pool), folders);
}

static void hierarchy_commands(hierarchy_t *hierarchy)
{
    static const hierarchy_command_kind_t kinds[] = {[SYNC_FOLDER_ADD] = HIERARCHY_ADD,
                                                     [SYNC_FOLDER_UPDATE] = HIERARCHY_UPDATE,
                                                     [SYNC_FOLDER_DELETE] = HIERARCHY_DELETE};
    apr_array_header_t *diff =
        sync_hierarchy_diff(hierarchy->given, hierarchy->now, hierarchy->pool);
    hierarchy_command_t *commands =
        apr_pcalloc(hierarchy->pool, (apr_size_t)(diff->nelts + 1) * sizeof *commands);
    int i;

    for (i = 0; i < diff->nelts; i++) {
        const sync_folder_command_t *command = &APR_ARRAY_IDX(diff, i, sync_folder_command_t);

        commands[i].kind = kinds[command->op];
        commands[i].id = command->folder.id;
        if (command->op == SYNC_FOLDER_DELETE)
            continue;
        commands[i].parent_id = command->folder.parent_id;
        commands[i].name = command->folder.name;
        commands[i].type = command->folder.type;
    }
    hierarchy->answer.commands = commands;
    hierarchy->answer.command_count = diff->nelts;
}

/* Key 0: everything. The same first key as long as it says the same. */
static base_fault_t *hierarchy_prepare_start(hierarchy_t *hierarchy, const state_record_t *record)
{
    const hierarchy_request_t *request = hierarchy->request;
    sync_hierarchy_state_t *state = hierarchy->state;
    apr_array_header_t *base;

    hierarchy->answer.first = 1;
    hierarchy->given = apr_array_make(hierarchy->pool, 1, sizeof(sync_folder_t));
    if (hierarchy->verdict == SYNC_KEY_START_AGAIN && state->protocol == request->protocol &&
        !hierarchy_list(hierarchy, record, SYNC_HIERARCHY_BASE_FIELD, &base) &&
        !sync_hierarchy_diff(base, hierarchy->now, hierarchy->pool)->nelts) {
        hierarchy->answer.key =
            sync_key_format(state->keys.series, state->keys.base, hierarchy->pool);
        return NULL;
    }
    if (!sync_key_series_valid(request->series))
        return base_fault_make(hierarchy->pool, BASE_FAULT_INTERNAL, "a bad series");
    hierarchy->verdict = SYNC_KEY_START;
    hierarchy->written = 1;
    hierarchy->answer.key = sync_key_format(request->series, 1, hierarchy->pool);
    return NULL;
}

/* What who presents the key has; with REPLAY also the answer that was given to it. */
static base_fault_t *hierarchy_prepare_given(hierarchy_t *hierarchy, const state_record_t *record)
{
    const sync_keys_t *keys = &hierarchy->state->keys;

    if (hierarchy->verdict == SYNC_KEY_CONFIRM)
        return hierarchy_answer_list(hierarchy, record, hierarchy->presented, &hierarchy->given);
    BASE_TRY(hierarchy_list(hierarchy, record, SYNC_HIERARCHY_BASE_FIELD, &hierarchy->given));
    if (hierarchy->verdict != SYNC_KEY_REPLAY)
        return NULL;
    hierarchy->answer.key =
        sync_key_format(keys->series, keys->answers[hierarchy->presented].counter, hierarchy->pool);
    return hierarchy_answer_list(hierarchy, record, hierarchy->presented, &hierarchy->now);
}

static base_fault_t *hierarchy_next_key(hierarchy_t *hierarchy)
{
    const sync_keys_t *keys = &hierarchy->state->keys;
    int forgotten;

    if (!sync_keys_room(keys, &forgotten))
        return base_fault_make(hierarchy->pool, BASE_FAULT_STALE, "the series is used up");
    hierarchy->written = hierarchy->stepped = 1;
    hierarchy->answer.key = sync_key_format(keys->series, keys->next, hierarchy->pool);
    return NULL;
}

static base_fault_t *hierarchy_prepare_step(hierarchy_t *hierarchy, const state_record_t *record)
{
    BASE_TRY(hierarchy_prepare_given(hierarchy, record));
    if (hierarchy->verdict == SYNC_KEY_REPLAY)
        return NULL;
    hierarchy->answer.key = hierarchy->request->key;
    if (sync_hierarchy_diff(hierarchy->given, hierarchy->now, hierarchy->pool)->nelts)
        return hierarchy_next_key(hierarchy);
    /* the first key has come back: the next key 0 is not a repeat */
    hierarchy->written = hierarchy->state->keys.fresh;
    return NULL;
}

static int hierarchy_starts(const hierarchy_t *hierarchy)
{
    return hierarchy->verdict == SYNC_KEY_START || hierarchy->verdict == SYNC_KEY_START_AGAIN;
}

/* Reads what is kept and judges the key. */
static base_fault_t *hierarchy_judge(const collection_env_t *env,
                                     const hierarchy_request_t *request, hierarchy_t **hierarchy,
                                     state_record_t **record, apr_pool_t *pool)
{
    hierarchy_t *made = apr_pcalloc(pool, sizeof *made);
    static const sync_keys_t none;

    made->env = env;
    made->request = request;
    made->pool = pool;
    BASE_TRY(hierarchy_load(made, record));
    made->verdict = sync_key_judge(made->state ? &made->state->keys : &none, request->key,
                                   hierarchy_digest(request), &made->presented);
    if (made->verdict == SYNC_KEY_STALE)
        return base_fault_make(pool, BASE_FAULT_STALE, "hierarchy key %.64s is not current",
                               request->key);
    if (!hierarchy_starts(made) && made->state->protocol != request->protocol)
        return base_fault_make(pool, BASE_FAULT_STALE,
                               "the device changed its protocol version from %u to %u",
                               made->state->protocol, request->protocol);
    *hierarchy = made;
    return NULL;
}

base_fault_t *hierarchy_prepare(const collection_env_t *env, const hierarchy_request_t *request,
                                hierarchy_t **hierarchy, apr_pool_t *pool)
{
    hierarchy_t *made;
    state_record_t *record;

    BASE_TRY(hierarchy_judge(env, request, &made, &record, pool));
    BASE_TRY(hierarchy_folders_now(env, request->protocol, &made->now, pool));
    if (hierarchy_starts(made))
        BASE_TRY(hierarchy_prepare_start(made, record));
    else
        BASE_TRY(hierarchy_prepare_step(made, record));
    hierarchy_commands(made);
    *hierarchy = made;
    return NULL;
}

/* -- changes of the device's own ------------------------------------------------------------- */

base_fault_t *hierarchy_change_begin(const collection_env_t *env,
                                     const hierarchy_request_t *request, hierarchy_t **hierarchy,
                                     apr_pool_t *pool)
{
    state_record_t *record;

    BASE_TRY(hierarchy_judge(env, request, hierarchy, &record, pool));
    if (hierarchy_starts(*hierarchy))
        return base_fault_make(pool, BASE_FAULT_STALE, "a change needs the key of a hierarchy");
    BASE_TRY(hierarchy_prepare_given(*hierarchy, record));
    if ((*hierarchy)->verdict == SYNC_KEY_REPLAY)
        hierarchy_commands(*hierarchy);
    return NULL;
}

int hierarchy_change_given(const hierarchy_t *hierarchy, const char *id)
{
    int i;

    for (i = 0; i < hierarchy->given->nelts; i++)
        if (strcmp(APR_ARRAY_IDX(hierarchy->given, i, sync_folder_t).id, id) == 0)
            return 1;
    return 0;
}

/* The folders without that one and those below it. */
static apr_array_header_t *hierarchy_without(const apr_array_header_t *folders, const char *id,
                                             apr_pool_t *pool)
{
    apr_array_header_t *left = apr_array_make(pool, folders->nelts, sizeof(sync_folder_t));
    apr_hash_t *gone = apr_hash_make(pool);
    unsigned before;
    int i;

    apr_hash_set(gone, id, APR_HASH_KEY_STRING, id);
    do {
        before = apr_hash_count(gone);
        for (i = 0; i < folders->nelts; i++) {
            const sync_folder_t *folder = &APR_ARRAY_IDX(folders, i, sync_folder_t);

            if (apr_hash_get(gone, folder->parent_id, APR_HASH_KEY_STRING))
                apr_hash_set(gone, folder->id, APR_HASH_KEY_STRING, folder->id);
        }
    } while (apr_hash_count(gone) > before);
    for (i = 0; i < folders->nelts; i++)
        if (!apr_hash_get(gone, APR_ARRAY_IDX(folders, i, sync_folder_t).id, APR_HASH_KEY_STRING))
            APR_ARRAY_PUSH(left, sync_folder_t) = APR_ARRAY_IDX(folders, i, sync_folder_t);
    return left;
}

base_fault_t *hierarchy_change_apply(hierarchy_t *hierarchy, const hierarchy_command_t *command)
{
    sync_folder_t changed = {.id = command->id,
                             .parent_id = command->parent_id,
                             .name = command->name,
                             .type = command->type};
    apr_array_header_t *now = apr_array_copy(hierarchy->pool, hierarchy->given);
    sync_folder_t *found = NULL;
    int i;

    for (i = 0; i < now->nelts && !found; i++)
        if (strcmp(APR_ARRAY_IDX(now, i, sync_folder_t).id, command->id) == 0)
            found = &APR_ARRAY_IDX(now, i, sync_folder_t);
    if (command->kind == HIERARCHY_DELETE)
        now = hierarchy_without(now, command->id, hierarchy->pool);
    else if (found) {
        if (command->kind == HIERARCHY_UPDATE)
            changed.type = found->type;
        *found = changed;
    }
    else if (command->kind == HIERARCHY_ADD) /* an Update of what it has not: FolderSync adds it */
        APR_ARRAY_PUSH(now, sync_folder_t) = changed;
    hierarchy->now = sync_hierarchy_normalize(now, hierarchy->pool);
    hierarchy_commands(hierarchy);
    return hierarchy_next_key(hierarchy);
}

const hierarchy_answer_t *hierarchy_answer(const hierarchy_t *hierarchy)
{
    return &hierarchy->answer;
}

static state_field_t hierarchy_folders_field(const hierarchy_t *hierarchy, const char *name,
                                             const apr_array_header_t *folders)
{
    base_text_buffer_t out = {.pool = hierarchy->pool};

    sync_hierarchy_folders_pack(folders, &out);
    return (state_field_t){.name = name, .data = out.data, .length = out.length};
}

/* What of the old state is to go: the lists of all its answers. */
static int hierarchy_old_fields(const hierarchy_t *hierarchy, const char **deletes)
{
    const sync_keys_t *keys = &hierarchy->state->keys;
    int i;

    for (i = 0; i < keys->answer_count; i++)
        deletes[i] = sync_delta_field(keys->answers[i].counter, hierarchy->pool);
    return keys->answer_count;
}

typedef struct {
    state_field_t sets[3];
    int set_count;
    const char *deletes[SYNC_ALTERNATIVES_MAX + 1];
    int delete_count;
} hierarchy_write_t;

static void hierarchy_write_start(hierarchy_t *hierarchy, hierarchy_write_t *write)
{
    if (hierarchy->state)
        write->delete_count = hierarchy_old_fields(hierarchy, write->deletes);
    else
        hierarchy->state = apr_pcalloc(hierarchy->pool, sizeof *hierarchy->state);
    sync_keys_start(&hierarchy->state->keys, hierarchy->request->series);
    hierarchy->state->protocol = hierarchy->request->protocol;
    write->sets[write->set_count++] =
        hierarchy_folders_field(hierarchy, SYNC_HIERARCHY_BASE_FIELD, hierarchy->now);
}

static void hierarchy_write_step(hierarchy_t *hierarchy, hierarchy_write_t *write)
{
    sync_keys_t *keys = &hierarchy->state->keys;
    int forgotten;

    if (hierarchy->verdict == SYNC_KEY_CONFIRM) {
        write->delete_count = hierarchy_old_fields(hierarchy, write->deletes);
        write->sets[write->set_count++] =
            hierarchy_folders_field(hierarchy, SYNC_HIERARCHY_BASE_FIELD, hierarchy->given);
        sync_keys_confirm(keys, hierarchy->presented);
    }
    keys->fresh = 0;
    if (!hierarchy->stepped)
        return;
    write->sets[write->set_count++] = hierarchy_folders_field(
        hierarchy, sync_delta_field(keys->next, hierarchy->pool), hierarchy->now);
    sync_keys_room(keys, &forgotten);
    if (forgotten >= 0)
        write->deletes[write->delete_count++] =
            sync_delta_field(keys->answers[forgotten].counter, hierarchy->pool);
    sync_keys_answer(keys, forgotten, hierarchy_digest(hierarchy->request));
}

base_fault_t *hierarchy_commit(hierarchy_t *hierarchy)
{
    hierarchy_write_t write = {.set_count = 1};
    base_text_buffer_t meta = {.pool = hierarchy->pool};
    apr_uint64_t version;

    if (!hierarchy->written)
        return NULL;
    if (hierarchy->verdict == SYNC_KEY_START)
        hierarchy_write_start(hierarchy, &write);
    else
        hierarchy_write_step(hierarchy, &write);
    sync_hierarchy_state_pack(hierarchy->state, &meta);
    write.sets[0] =
        (state_field_t){.name = SYNC_HIERARCHY_FIELD, .data = meta.data, .length = meta.length};
    return base_fault_wrap(state_record_commit(hierarchy->env->store, &hierarchy->key,
                                               hierarchy->version, write.sets, write.set_count,
                                               write.deletes, write.delete_count, &version,
                                               hierarchy->pool),
                           hierarchy->pool, "committing the folder hierarchy");
}

base_fault_t *hierarchy_watch_check(const collection_env_t *env, const char *account,
                                    const char *device, int *changed, apr_pool_t *pool)
{
    hierarchy_request_t request = {.account = account, .device = device};
    hierarchy_t look = {.env = env, .request = &request, .pool = pool};
    state_record_t *record;
    const sync_keys_t *keys;

    *changed = 1;
    BASE_TRY(hierarchy_load(&look, &record));
    if (!look.state)
        return NULL;
    keys = &look.state->keys;
    BASE_TRY(hierarchy_folders_now(env, look.state->protocol, &look.now, pool));
    if (keys->answer_count)
        BASE_TRY(hierarchy_answer_list(&look, record, keys->answer_count - 1, &look.given));
    else
        BASE_TRY(hierarchy_list(&look, record, SYNC_HIERARCHY_BASE_FIELD, &look.given));
    *changed = sync_hierarchy_diff(look.given, look.now, pool)->nelts != 0;
    return NULL;
}
