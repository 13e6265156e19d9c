/* The store in Redis: what really keeps SyncStates. */
#include "state/redis_scripts.h"
#include "state/redis_store.h"
#include "state/redis_trash_scripts.h"

#include <limits.h>
#include <string.h>
#include <apr_atomic.h>
#include <apr_general.h>
#include <apr_strings.h>

#include "base/text.h"

/* Names one write for ever: random bytes of the store and a number. */
const char *state_redis_token(redis_store_t *self, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%s.%u", self->token, apr_atomic_inc32(&self->token_number));
}

static const char *redis_index_member(const state_key_t *key, apr_pool_t *pool)
{
    const char *letter = state_kind_letter(key->kind);

    return key->name ? apr_pstrcat(pool, letter, ":", key->name, NULL) : letter;
}

const char *state_redis_devices(const redis_store_t *self, const char *account, apr_pool_t *pool)
{
    return redis_key_name(pool, self->prefix, account, "devices", NULL);
}

const char *state_redis_scopes(const redis_store_t *self, const char *account, const char *device,
                               apr_pool_t *pool)
{
    return redis_key_name(pool, self->prefix, account, "s", device, NULL);
}

const char *state_redis_index(const redis_store_t *self, const char *account, const char *device,
                              apr_pool_t *pool)
{
    return redis_key_name(pool, self->prefix, account, "i", device, NULL);
}

static base_fault_t *redis_format_fault(const char *found, apr_pool_t *pool)
{
    return base_fault_make(pool, BASE_FAULT_CORRUPT,
                           "state in Redis has format \"%s\", this version knows \"%s\"", found,
                           REDIS_FORMAT);
}

/* Runs a script whose answer begins with a word: OK, FORMAT and others. */
base_fault_t *state_redis_run(redis_store_t *self, const redis_script_t *script, redis_args_t *args,
                              redis_value_t **value, const char **word, apr_pool_t *pool)
{
    const redis_value_t *first;

    /* all scripts bear being repeated */
    BASE_TRY(redis_script_call(self->redis, script, args, REDIS_REPEAT, value, pool));
    first = redis_value_string(*value, 0);
    if (!first)
        return base_fault_make(pool, BASE_FAULT_INTERNAL, "a script's answer has no word");
    *word = first->data;
    if (strcmp(*word, "FORMAT") == 0) {
        const redis_value_t *found = redis_value_string(*value, 1);

        return redis_format_fault(found ? found->data : "", pool);
    }
    return NULL;
}

/* A number of a script's answer; 0 when it is not there. */
apr_uint64_t state_redis_number(const redis_value_t *value, int index)
{
    apr_uint64_t number = 0;

    redis_value_uint(redis_value_string(value, index), &number);
    return number;
}

/* -- records ---------------------------------------------------------------- */

redis_args_t *state_redis_read_args(const redis_store_t *self, const state_key_t *key,
                                    const char *const *names, int name_count, apr_pool_t *pool)
{
    redis_args_t *args = redis_args_make(pool);
    int i;

    redis_args_text(args, names ? "HMGET" : "HGETALL");
    redis_args_text(args, state_key_name(self->prefix, key, pool));
    if (names) {
        redis_args_text(args, "_v");
        redis_args_text(args, "_x");
    }
    for (i = 0; names && i < name_count; i++)
        redis_args_text(args, names[i]);
    return args;
}

/* Adds a field, or takes it as version or format. */
static void redis_read_field(state_record_t *record, state_field_t *fields, const char *name,
                             const redis_value_t *data, const char **format)
{
    if (!data)
        return;
    if (strcmp(name, "_v") == 0)
        redis_value_uint(data, &record->version);
    else if (strcmp(name, "_x") == 0)
        *format = data->data;
    else if (name[0] != '_')
        fields[record->count++] =
            (state_field_t){.name = name, .data = data->data, .length = data->length};
}

base_fault_t *state_redis_read_record(const redis_value_t *value, const char *const *names,
                                      int name_count, state_record_t **result, apr_pool_t *pool)
{
    state_record_t *record = apr_pcalloc(pool, sizeof *record);
    const char *format = NULL;
    state_field_t *fields;
    int i;

    BASE_TRY(redis_value_fault(value, pool));
    if (value->kind != REDIS_ARRAY || (names && value->count != name_count + 2))
        return base_fault_make(pool, BASE_FAULT_INTERNAL, "no hash came back");
    record->fields = fields = apr_palloc(pool, ((apr_size_t)value->count + 1) * sizeof *fields);
    if (names) {
        redis_read_field(record, fields, "_v", redis_value_string(value, 0), &format);
        redis_read_field(record, fields, "_x", redis_value_string(value, 1), &format);
        for (i = 0; i < name_count; i++)
            redis_read_field(record, fields, names[i], redis_value_string(value, i + 2), &format);
    }
    else {
        for (i = 0; i + 1 < value->count; i += 2)
            redis_read_field(record, fields, redis_value_string(value, i)->data,
                             redis_value_string(value, i + 1), &format);
    }
    /* a hash of somebody else's has neither; one of another version of ours has a format */
    if (format ? strcmp(format, REDIS_FORMAT) != 0 : record->version || record->count)
        return redis_format_fault(format ? format : "", pool);
    *result = record;
    return NULL;
}

static base_fault_t *redis_record_read(void *data, const state_key_t *key, const char *const *names,
                                       int name_count, state_record_t **record, apr_pool_t *pool)
{
    redis_store_t *self = data;
    redis_value_t *value;

    BASE_TRY(redis_command(self->redis, state_redis_read_args(self, key, names, name_count, pool),
                           REDIS_REPEAT, &value, pool));
    return state_redis_read_record(value, names, name_count, record, pool);
}

static redis_args_t *redis_commit_args(redis_store_t *self, const state_commit_t *commit,
                                       apr_pool_t *pool)
{
    const state_key_t *key = commit->key;
    redis_args_t *args = redis_script_args(self->commit, 3, pool);
    int i;

    redis_args_text(args, state_key_name(self->prefix, key, pool));
    redis_args_text(args, state_redis_index(self, key->account, key->device, pool));
    redis_args_text(args, state_redis_devices(self, key->account, pool));
    redis_args_uint(args, commit->expected_version);
    redis_args_text(args, state_redis_token(self, pool));
    redis_args_text(args, REDIS_FORMAT);
    redis_args_text(args, redis_index_member(key, pool));
    redis_args_text(args, key->device);
    redis_args_uint(args, (apr_uint64_t)commit->delete_count);
    for (i = 0; i < commit->delete_count; i++)
        redis_args_text(args, commit->deletes[i]);
    for (i = 0; i < commit->set_count; i++) {
        redis_args_text(args, commit->sets[i].name);
        redis_args_bytes(args, commit->sets[i].data, commit->sets[i].length);
    }
    return args;
}

static base_fault_t *redis_record_commit(void *data, const state_commit_t *commit,
                                         apr_uint64_t *version, apr_pool_t *pool)
{
    redis_store_t *self = data;
    redis_value_t *value;
    const char *word;

    BASE_TRY(state_redis_run(self, self->commit, redis_commit_args(self, commit, pool), &value,
                             &word, pool));
    if (strcmp(word, "CONFLICT") == 0)
        return state_conflict(commit->key, state_redis_number(value, 1), pool);
    *version = state_redis_number(value, 1);
    if (commit->expected_version == 0)
        state_redis_account_enter(self, commit->key->account, pool);
    return NULL;
}

static base_fault_t *redis_record_remove(void *data, const state_key_t *key, apr_pool_t *pool)
{
    redis_store_t *self = data;
    redis_args_t *args = redis_script_args(self->remove, 3, pool);
    redis_value_t *value;
    const char *word;

    redis_args_text(args, state_key_name(self->prefix, key, pool));
    redis_args_text(args, state_redis_index(self, key->account, key->device, pool));
    redis_args_text(args, state_redis_devices(self, key->account, pool));
    redis_args_text(args, redis_index_member(key, pool));
    redis_args_text(args, key->device);
    return state_redis_run(self, self->remove, args, &value, &word, pool);
}

/* The members of a set that begin with the letter and a colon, without those; all when the
 * letter is NULL. */
static base_fault_t *redis_members(redis_store_t *self, const char *name, const char *letter,
                                   apr_array_header_t **members, apr_pool_t *pool)
{
    redis_args_t *args = redis_args_make(pool);
    redis_value_t *value;
    int i;

    redis_args_text(args, "SMEMBERS");
    redis_args_text(args, name);
    BASE_TRY(redis_command(self->redis, args, REDIS_REPEAT, &value, pool));
    *members = apr_array_make(pool, value->count, sizeof(const char *));
    for (i = 0; i < value->count; i++) {
        const redis_value_t *member = redis_value_string(value, i);

        if (!member)
            continue;
        if (!letter)
            APR_ARRAY_PUSH(*members, const char *) = member->data;
        else if (member->data[0] == letter[0] && member->data[1] == ':')
            APR_ARRAY_PUSH(*members, const char *) = member->data + 2;
    }
    state_names_sort(*members);
    return NULL;
}

static base_fault_t *redis_record_list(void *data, const char *account, const char *device,
                                       state_record_kind_t kind, apr_array_header_t **names,
                                       apr_pool_t *pool)
{
    redis_store_t *self = data;

    return redis_members(self, state_redis_index(self, account, device, pool),
                         state_kind_letter(kind), names, pool);
}

static base_fault_t *redis_device_list(void *data, const char *account,
                                       apr_array_header_t **devices, apr_pool_t *pool)
{
    redis_store_t *self = data;

    return redis_members(self, state_redis_devices(self, account, pool), NULL, devices, pool);
}

/* -- ledger ----------------------------------------------------------------- */

static apr_uint64_t redis_milliseconds(apr_interval_time_t interval)
{
    return (apr_uint64_t)(interval + 999) / 1000;
}

static redis_args_t *redis_ledger_args(redis_store_t *self, const redis_script_t *script,
                                       const state_ledger_key_t *key, apr_pool_t *pool)
{
    redis_args_t *args = redis_script_args(script, 2, pool);

    redis_args_text(
        args, redis_key_name(pool, self->prefix, key->account, "l", key->device, key->scope, NULL));
    redis_args_text(args, state_redis_scopes(self, key->account, key->device, pool));
    redis_args_text(args, REDIS_FORMAT);
    redis_args_text(args, key->scope);
    redis_args_text(args, key->entry);
    return args;
}

static base_fault_t *redis_ledger_claim(void *data, const state_ledger_key_t *key,
                                        apr_interval_time_t lease, apr_interval_time_t ttl,
                                        state_claim_t *claim, apr_pool_t *pool)
{
    static const struct {
        const char *word;
        state_claim_outcome_t outcome;
    } outcomes[] = {
        {"TAKEN", STATE_CLAIM_TAKEN},
        {"AGAIN", STATE_CLAIM_AGAIN},
        {"DONE", STATE_CLAIM_DONE},
        {"BUSY", STATE_CLAIM_BUSY},
    };
    redis_store_t *self = data;
    redis_args_t *args = redis_ledger_args(self, self->claim, key, pool);
    redis_value_t *value;
    const char *word;
    apr_size_t i;

    redis_args_text(args, state_redis_token(self, pool));
    redis_args_uint(args, redis_milliseconds(lease));
    redis_args_uint(args, redis_milliseconds(ttl));
    BASE_TRY(state_redis_run(self, self->claim, args, &value, &word, pool));
    for (i = 0; i < sizeof outcomes / sizeof *outcomes; i++)
        if (strcmp(word, outcomes[i].word) == 0)
            break;
    if (i == sizeof outcomes / sizeof *outcomes)
        return base_fault_make(pool, BASE_FAULT_INTERNAL, "unknown answer %s to a claim", word);
    claim->outcome = outcomes[i].outcome;
    if (claim->outcome == STATE_CLAIM_BUSY) {
        apr_uint64_t left = state_redis_number(value, 2);

        claim->retry_after_ms = left > INT_MAX ? INT_MAX : (int)left;
    }
    else if (claim->outcome == STATE_CLAIM_DONE) {
        const redis_value_t *result = redis_value_string(value, 2);

        claim->result = result ? result->data : "";
        claim->length = result ? result->length : 0;
    }
    else
        claim->fence = state_redis_number(value, 1);
    return NULL;
}

static base_fault_t *redis_ledger_record(void *data, const state_ledger_key_t *key,
                                         apr_uint64_t fence, const void *result, apr_size_t length,
                                         apr_interval_time_t ttl, apr_pool_t *pool)
{
    redis_store_t *self = data;
    redis_args_t *args = redis_ledger_args(self, self->record, key, pool);
    redis_value_t *value;
    const char *word;

    redis_args_uint(args, fence);
    redis_args_bytes(args, result, length);
    redis_args_uint(args, redis_milliseconds(ttl));
    BASE_TRY(state_redis_run(self, self->record, args, &value, &word, pool));
    if (strcmp(word, "CONFLICT") == 0)
        return base_fault_make(pool, BASE_FAULT_CONFLICT, "ledger entry %s is no longer ours",
                               key->entry);
    return NULL;
}

static base_fault_t *redis_ledger_release(void *data, const state_ledger_key_t *key,
                                          apr_uint64_t fence, apr_pool_t *pool)
{
    redis_store_t *self = data;
    redis_args_t *args = redis_ledger_args(self, self->release, key, pool);
    redis_value_t *value;
    const char *word;

    redis_args_uint(args, fence);
    return state_redis_run(self, self->release, args, &value, &word, pool);
}

static base_fault_t *redis_ledger_forget(void *data, const char *account, const char *device,
                                         const char *scope, apr_pool_t *pool)
{
    redis_store_t *self = data;
    redis_args_t *args = redis_script_args(self->forget, 2, pool);
    redis_value_t *value;
    const char *word;

    redis_args_text(args, redis_key_name(pool, self->prefix, account, "l", device, scope, NULL));
    redis_args_text(args, state_redis_scopes(self, account, device, pool));
    redis_args_text(args, scope);
    return state_redis_run(self, self->forget, args, &value, &word, pool);
}

/* -- the store -------------------------------------------------------------- */

static const state_driver_t redis_driver = {
    .name = "redis",
    .record_read = redis_record_read,
    .record_commit = redis_record_commit,
    .record_remove = redis_record_remove,
    .record_list = redis_record_list,
    .device_list = redis_device_list,
    .account_list = state_redis_account_list,
    .account_rebuild = state_redis_account_rebuild,
    .ledger_claim = redis_ledger_claim,
    .ledger_record = redis_ledger_record,
    .ledger_release = redis_ledger_release,
    .ledger_forget = redis_ledger_forget,
    .trash_move = state_redis_trash_move,
    .trash_list = state_redis_trash_list,
    .trash_restore = state_redis_trash_restore,
    .device_glance = state_redis_device_glance,
    .recorder_add = state_redis_recorder_add,
    .recorder_read = state_redis_recorder_read,
    .table_read = state_redis_table_read,
    .table_write = state_redis_table_write,
    .table_list = state_redis_table_list,
    .audit_begin = state_redis_audit_begin,
    .audit_end = state_redis_audit_end,
    .audit_list = state_redis_audit_list,
};

state_store_t *state_store_create_redis(redis_pool_t *redis, const char *prefix,
                                        const base_log_t *log, apr_pool_t *pool)
{
    state_store_t *store = apr_palloc(pool, sizeof *store);
    redis_store_t *self = apr_pcalloc(pool, sizeof *self);
    unsigned char random[12];

    self->redis = redis;
    self->prefix = apr_pstrdup(pool, prefix);
    self->log = log;
    self->commit = redis_script_make("commit", redis_commit_source, pool);
    self->remove = redis_script_make("remove", redis_remove_source, pool);
    self->claim = redis_script_make("claim", redis_claim_source, pool);
    self->record = redis_script_make("record", redis_record_source, pool);
    self->release = redis_script_make("release", redis_release_source, pool);
    self->forget = redis_script_make("forget", redis_forget_source, pool);
    self->trash = redis_script_make("trash", redis_trash_source, pool);
    self->restore = redis_script_make("restore", redis_restore_source, pool);
    self->audit = redis_script_make("audit", redis_audit_source, pool);
    self->table = redis_script_make("table", redis_table_source, pool);
    apr_generate_random_bytes(random, sizeof random);
    self->token = base_text_hex_encode(random, sizeof random, pool);
    store->driver = &redis_driver;
    store->self = self;
    return store;
}
