/* state/trash.h in Redis. A move renames keys, so that it costs the same whatever they hold. */
#include "state/redis_scripts.h"
#include "state/redis_store.h"

#include <stdlib.h>
#include <string.h>
#include <apr_hash.h>
#include <apr_strings.h>

#define TRASH_TRIES 10
/* Scopes and exchanges that come back live this long: no scope is meant to live longer. */
#define TRASH_LEDGER_TTL "604800000"

/* Records of devices, as a script's keys and arguments. */
typedef struct {
    int device; /* from 1 */
    const char *member;
    const char *number;
} trash_record_t;

typedef struct {
    redis_store_t *self;
    const char *account;
    const char *id;
    apr_array_header_t *devices; /* const char * */
    apr_array_header_t *records; /* trash_record_t */
    apr_pool_t *pool;
} trash_t;

static void trash_init(trash_t *trash, redis_store_t *self, const char *account, const char *id,
                       apr_pool_t *pool)
{
    *trash = (trash_t){.self = self, .account = account, .id = id, .pool = pool};
    trash->devices = apr_array_make(pool, 4, sizeof(const char *));
    trash->records = apr_array_make(pool, 32, sizeof(trash_record_t));
}

static const char *trash_key_all(const trash_t *trash)
{
    return redis_key_name(trash->pool, trash->self->prefix, trash->account, "trash", NULL);
}

static const char *trash_key(const trash_t *trash, const char *number)
{
    return redis_key_name(trash->pool, trash->self->prefix, trash->account, "t", trash->id, number,
                          NULL);
}

/* Where a record lives: the member of an index says its kind and name. */
static const char *trash_key_home(const trash_t *trash, const trash_record_t *record)
{
    const char *device = APR_ARRAY_IDX(trash->devices, record->device - 1, const char *);
    const char *name = record->member[1] == ':' ? record->member + 2 : NULL;

    return redis_key_name(trash->pool, trash->self->prefix, trash->account,
                          apr_pstrmemdup(trash->pool, record->member, 1), device, name, NULL);
}

static void trash_add(trash_t *trash, int device, const char *member, const char *number)
{
    APR_ARRAY_PUSH(trash->records, trash_record_t) =
        (trash_record_t){.device = device, .member = member, .number = number};
}

/* The keys of a call of either script, home keys first or second. */
static redis_args_t *trash_args(const trash_t *trash, const redis_script_t *script)
{
    redis_args_t *args = redis_script_args(
        script, 3 + 2 * trash->devices->nelts + 2 * trash->records->nelts, trash->pool);
    int i;

    redis_args_text(args, state_redis_devices(trash->self, trash->account, trash->pool));
    redis_args_text(args, trash_key_all(trash));
    redis_args_text(args, trash_key(trash, NULL));
    for (i = 0; i < trash->devices->nelts; i++) {
        const char *device = APR_ARRAY_IDX(trash->devices, i, const char *);

        redis_args_text(args, state_redis_index(trash->self, trash->account, device, trash->pool));
        redis_args_text(args, state_redis_scopes(trash->self, trash->account, device, trash->pool));
    }
    for (i = 0; i < trash->records->nelts; i++) {
        const trash_record_t *record = &APR_ARRAY_IDX(trash->records, i, trash_record_t);

        redis_args_text(args, trash_key_home(trash, record));
        redis_args_text(args, trash_key(trash, record->number));
    }
    return args;
}

static void trash_args_devices(const trash_t *trash, redis_args_t *args)
{
    int i;

    redis_args_uint(args, (apr_uint64_t)trash->devices->nelts);
    for (i = 0; i < trash->devices->nelts; i++)
        redis_args_text(args, APR_ARRAY_IDX(trash->devices, i, const char *));
}

static base_fault_t *trash_again(const trash_t *trash)
{
    return base_fault_make(trash->pool, BASE_FAULT_BUSY,
                           "account %s: its devices are too busy for this just now",
                           trash->account);
}

/* The device that a script names. */
static const char *trash_named(const redis_value_t *value)
{
    return redis_value_string(value, 1) ? redis_value_string(value, 1)->data : "?";
}

/* -- moving ----------------------------------------------------------------- */

static const char *trash_what(const state_trash_request_t *request, apr_pool_t *pool)
{
    switch (request->what) {
    case STATE_TRASH_FOLDER:
        return apr_pstrcat(pool, "f:", request->folder, NULL);
    case STATE_TRASH_SYNC:
        return "hfr";
    case STATE_TRASH_ALL:
        return "dhfrlex";
    }
    return "";
}

static int trash_wanted(const char *what, const char *member)
{
    return what[1] == ':' ? strcmp(member, what) == 0 : strchr(what, member[0]) != NULL;
}

static base_fault_t *trash_devices(trash_t *trash, const char *device)
{
    redis_args_t *args = redis_args_make(trash->pool);
    redis_value_t *value;
    int i;

    apr_array_clear(trash->devices);
    if (device) {
        APR_ARRAY_PUSH(trash->devices, const char *) = device;
        return NULL;
    }
    redis_args_text(args, "SMEMBERS");
    redis_args_text(args, state_redis_devices(trash->self, trash->account, trash->pool));
    BASE_TRY(redis_command(trash->self->redis, args, REDIS_REPEAT, &value, trash->pool));
    for (i = 0; i < value->count; i++)
        if (redis_value_string(value, i))
            APR_ARRAY_PUSH(trash->devices, const char *) = redis_value_string(value, i)->data;
    return NULL;
}

/* The members of a set or zset that are wanted become records of the device. */
static base_fault_t *trash_members(trash_t *trash, int device, const char *what,
                                   const redis_value_t *value, const char *prefix)
{
    int i;

    BASE_TRY(redis_value_fault(value, trash->pool));
    for (i = 0; i < value->count; i++) {
        const redis_value_t *name = redis_value_string(value, i);
        const char *member = name ? apr_pstrcat(trash->pool, prefix, name->data, NULL) : NULL;

        if (member && trash_wanted(what, member))
            trash_add(trash, device, member, apr_itoa(trash->pool, trash->records->nelts + 1));
    }
    return NULL;
}

/* What there is of the devices now. */
static base_fault_t *trash_collect(trash_t *trash, const char *what)
{
    static const char *const recorders[] = {"e", "x"}; /* which no index has */
    int count = trash->devices->nelts, i;
    size_t k;
    redis_args_t **commands =
        apr_palloc(trash->pool, 2 * (apr_size_t)(count + 1) * sizeof *commands);
    redis_value_t **values;

    apr_array_clear(trash->records);
    if (!count)
        return NULL;
    for (i = 0; i < count; i++) {
        const char *device = APR_ARRAY_IDX(trash->devices, i, const char *);

        commands[2 * i] = redis_args_make(trash->pool);
        redis_args_text(commands[2 * i], "SMEMBERS");
        redis_args_text(commands[2 * i],
                        state_redis_index(trash->self, trash->account, device, trash->pool));
        commands[2 * i + 1] = redis_args_make(trash->pool);
        redis_args_text(commands[2 * i + 1], "ZRANGE");
        redis_args_text(commands[2 * i + 1],
                        state_redis_scopes(trash->self, trash->account, device, trash->pool));
        redis_args_text(commands[2 * i + 1], "0");
        redis_args_text(commands[2 * i + 1], "-1");
    }
    BASE_TRY(redis_pipeline(trash->self->redis, commands, 2 * count, REDIS_REPEAT, &values,
                            trash->pool));
    for (i = 0; i < count; i++) {
        BASE_TRY(trash_members(trash, i + 1, what, values[2 * i], ""));
        BASE_TRY(trash_members(trash, i + 1, what, values[2 * i + 1], "l:"));
        for (k = 0; k < sizeof recorders / sizeof *recorders; k++)
            if (trash_wanted(what, recorders[k]))
                trash_add(trash, i + 1, recorders[k],
                          apr_itoa(trash->pool, trash->records->nelts + 1));
    }
    return NULL;
}

static base_fault_t *trash_move_once(trash_t *trash, const state_trash_request_t *request,
                                     const char *what, redis_value_t **value, const char **word)
{
    redis_store_t *self = trash->self;
    redis_args_t *args = trash_args(trash, self->trash);
    int i;

    redis_args_text(args, REDIS_FORMAT);
    redis_args_text(args, request->id);
    redis_args_uint(args, (apr_uint64_t)(request->ttl + 999) / 1000);
    redis_args_text(args, what);
    redis_args_text(args, request->device ? request->device : "");
    redis_args_text(args, request->folder ? request->folder : "");
    redis_args_text(args, request->note ? request->note : "");
    trash_args_devices(trash, args);
    for (i = 0; i < trash->records->nelts; i++) {
        const trash_record_t *record = &APR_ARRAY_IDX(trash->records, i, trash_record_t);

        redis_args_uint(args, (apr_uint64_t)record->device);
        redis_args_text(args, record->member);
    }
    return state_redis_run(self, self->trash, args, value, word, trash->pool);
}

base_fault_t *state_redis_trash_move(void *data, const state_trash_request_t *request, int *moved,
                                     apr_pool_t *pool)
{
    const char *what = trash_what(request, pool), *word;
    redis_value_t *value;
    trash_t trash;
    int try;

    trash_init(&trash, data, request->account, request->id, pool);
    for (try = 0; try < TRASH_TRIES; try++) {
        BASE_TRY(trash_devices(&trash, request->device));
        BASE_TRY(trash_collect(&trash, what));
        BASE_TRY(trash_move_once(&trash, request, what, &value, &word));
        if (strcmp(word, "HELD") == 0)
            return state_trash_held_fault(trash_named(value), pool);
        if (strcmp(word, "OK") == 0) {
            *moved = (int)state_redis_number(value, 1);
            return NULL;
        }
    }
    return trash_again(&trash);
}

/* -- reading ---------------------------------------------------------------- */

static apr_time_t trash_time(const char *ms)
{
    return ms ? apr_time_from_msec(apr_atoi64(ms)) : 0;
}

static const char *trash_device_of(const redis_value_t *record)
{
    return record->data; /* up to the NUL between device and member */
}

static int trash_is_record(const char *name)
{
    return name[0] >= '1' && name[0] <= '9';
}

/* The entry from its hash; NULL when there is none, or nothing is left in it. */
static state_trash_t *trash_read(const trash_t *trash, const redis_value_t *value)
{
    state_trash_t *entry = apr_pcalloc(trash->pool, sizeof *entry);
    apr_hash_t *fields = apr_hash_make(trash->pool), *seen = apr_hash_make(trash->pool);
    const char *what, *text;
    int i;

    entry->devices = apr_array_make(trash->pool, 4, sizeof(const char *));
    for (i = 0; i + 1 < value->count; i += 2) {
        const redis_value_t *name = redis_value_string(value, i),
                            *field = redis_value_string(value, i + 1);

        if (!name || !field)
            return NULL;
        apr_hash_set(fields, name->data, APR_HASH_KEY_STRING, field->data);
        if (!trash_is_record(name->data) ||
            apr_hash_get(seen, trash_device_of(field), APR_HASH_KEY_STRING))
            continue;
        apr_hash_set(seen, trash_device_of(field), APR_HASH_KEY_STRING, "");
        APR_ARRAY_PUSH(entry->devices, const char *) = trash_device_of(field);
    }
    what = apr_hash_get(fields, "what", APR_HASH_KEY_STRING);
    if (!what || !entry->devices->nelts)
        return NULL;
    state_names_sort(entry->devices);
    entry->id = trash->id;
    entry->what = what[1] == ':'      ? STATE_TRASH_FOLDER
                  : strchr(what, 'd') ? STATE_TRASH_ALL
                                      : STATE_TRASH_SYNC;
    text = apr_hash_get(fields, "device", APR_HASH_KEY_STRING);
    entry->device = text && *text ? text : NULL;
    text = apr_hash_get(fields, "folder", APR_HASH_KEY_STRING);
    entry->folder = text && *text ? text : NULL;
    text = apr_hash_get(fields, "note", APR_HASH_KEY_STRING);
    entry->note = text ? text : "";
    entry->created = trash_time(apr_hash_get(fields, "created", APR_HASH_KEY_STRING));
    entry->expires = trash_time(apr_hash_get(fields, "expires", APR_HASH_KEY_STRING));
    return entry;
}

static base_fault_t *trash_fetch(const trash_t *trash, redis_value_t **value)
{
    redis_args_t *args = redis_args_make(trash->pool);

    redis_args_text(args, "HGETALL");
    redis_args_text(args, trash_key(trash, NULL));
    return redis_command(trash->self->redis, args, REDIS_REPEAT, value, trash->pool);
}

static int trash_newer(const void *a, const void *b)
{
    const state_trash_t *one = *(const state_trash_t *const *)a,
                        *other = *(const state_trash_t *const *)b;

    if (one->created != other->created)
        return one->created < other->created ? 1 : -1;
    return strcmp(one->id, other->id);
}

base_fault_t *state_redis_trash_list(void *data, const char *account, apr_array_header_t **entries,
                                     apr_pool_t *pool)
{
    trash_t trash;
    redis_args_t *args = redis_args_make(pool);
    redis_value_t *ids, *value;
    int i;

    trash_init(&trash, data, account, "", pool);
    redis_args_text(args, "ZRANGE");
    redis_args_text(args, trash_key_all(&trash));
    redis_args_text(args, "0");
    redis_args_text(args, "-1");
    BASE_TRY(redis_command(trash.self->redis, args, REDIS_REPEAT, &ids, pool));
    *entries = apr_array_make(pool, 8, sizeof(state_trash_t *));
    for (i = 0; i < ids->count; i++) {
        state_trash_t *entry;

        if (!redis_value_string(ids, i))
            continue;
        trash.id = redis_value_string(ids, i)->data;
        BASE_TRY(trash_fetch(&trash, &value));
        if ((entry = trash_read(&trash, value)))
            APR_ARRAY_PUSH(*entries, state_trash_t *) = entry;
    }
    if ((*entries)->nelts)
        qsort((*entries)->elts, (size_t)(*entries)->nelts, sizeof(state_trash_t *), trash_newer);
    return NULL;
}

/* -- restoring -------------------------------------------------------------- */

static int trash_ordinal(trash_t *trash, const char *device)
{
    int i;

    for (i = 0; i < trash->devices->nelts; i++)
        if (strcmp(APR_ARRAY_IDX(trash->devices, i, const char *), device) == 0)
            return i + 1;
    APR_ARRAY_PUSH(trash->devices, const char *) = device;
    return trash->devices->nelts;
}

/* What the entry has of the device. */
static void trash_pick(trash_t *trash, const redis_value_t *value, const char *device)
{
    int i;

    apr_array_clear(trash->devices);
    apr_array_clear(trash->records);
    for (i = 0; i + 1 < value->count; i += 2) {
        const redis_value_t *name = redis_value_string(value, i),
                            *field = redis_value_string(value, i + 1);
        const char *owner;

        if (!name || !field || !trash_is_record(name->data))
            continue;
        owner = trash_device_of(field);
        if (strlen(owner) + 1 < field->length && (!device || strcmp(owner, device) == 0))
            trash_add(trash, trash_ordinal(trash, owner), owner + strlen(owner) + 1, name->data);
    }
}

static base_fault_t *trash_restore_once(trash_t *trash, const char *token, redis_value_t **value,
                                        const char **word)
{
    redis_args_t *args = trash_args(trash, trash->self->restore);
    int i;

    redis_args_text(args, REDIS_FORMAT);
    redis_args_text(args, trash->id);
    redis_args_text(args, token);
    redis_args_text(args, TRASH_LEDGER_TTL);
    trash_args_devices(trash, args);
    for (i = 0; i < trash->records->nelts; i++) {
        const trash_record_t *record = &APR_ARRAY_IDX(trash->records, i, trash_record_t);

        redis_args_uint(args, (apr_uint64_t)record->device);
        redis_args_text(args, record->member);
        redis_args_text(args, record->number);
    }
    return state_redis_run(trash->self, trash->self->restore, args, value, word, trash->pool);
}

base_fault_t *state_redis_trash_restore(void *data, const char *account, const char *id,
                                        const char *device, int *restored, apr_pool_t *pool)
{
    redis_store_t *self = data;
    const char *token = state_redis_token(self, pool), *word;
    redis_value_t *value;
    trash_t trash;
    int try;

    trash_init(&trash, self, account, id, pool);
    for (try = 0; try < TRASH_TRIES; try++) {
        BASE_TRY(trash_fetch(&trash, &value));
        trash_pick(&trash, value, device);
        BASE_TRY(trash_restore_once(&trash, token, &value, &word));
        if (strcmp(word, "GONE") == 0)
            return state_trash_none_fault(id, pool);
        if (strcmp(word, "CONFLICT") == 0)
            return state_trash_begun_fault(trash_named(value), pool);
        if (strcmp(word, "HELD") == 0)
            return state_trash_held_fault(trash_named(value), pool);
        if (strcmp(word, "OK") == 0) {
            *restored = (int)state_redis_number(value, 1);
            state_redis_account_enter(self, account, pool);
            return NULL;
        }
    }
    return trash_again(&trash);
}
