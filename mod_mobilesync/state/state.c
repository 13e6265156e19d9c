#include "state/driver.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <apr_sha1.h>
#include <apr_strings.h>

#include "base/text.h"

#define STATE_FIELD_NAME_MAX 64
#define STATE_PAUSE_FIRST apr_time_from_msec(10)
#define STATE_PAUSE_MAX apr_time_from_msec(500)

const char *state_kind_letter(state_record_kind_t kind)
{
    static const char *const letters[] = {
        [STATE_RECORD_DEVICE] = "d",
        [STATE_RECORD_HIERARCHY] = "h",
        [STATE_RECORD_FOLDER] = "f",
        [STATE_RECORD_REQUEST] = "r",
    };

    return letters[kind];
}

static int state_kind_named(state_record_kind_t kind)
{
    return kind == STATE_RECORD_FOLDER || kind == STATE_RECORD_REQUEST;
}

const char *state_key_name(const char *prefix, const state_key_t *key, apr_pool_t *pool)
{
    return redis_key_name(pool, prefix, key->account, state_kind_letter(key->kind), key->device,
                          state_kind_named(key->kind) ? key->name : NULL, NULL);
}

static int state_name_compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int state_account_bucket(const char *account)
{
    unsigned char digest[APR_SHA1_DIGESTSIZE];
    apr_sha1_ctx_t context;

    apr_sha1_init(&context);
    apr_sha1_update(&context, account, (unsigned)strlen(account));
    apr_sha1_final(digest, &context);
    return digest[0];
}

void state_names_sort(apr_array_header_t *names)
{
    if (names->nelts)
        qsort(names->elts, (size_t)names->nelts, sizeof(const char *), state_name_compare);
}

base_fault_t *state_conflict(const state_key_t *key, apr_uint64_t found, apr_pool_t *pool)
{
    return base_fault_make(pool, BASE_FAULT_CONFLICT,
                           "record %s %s of device %s was changed by somebody else (version "
                           "%" APR_UINT64_T_FMT ")",
                           state_kind_letter(key->kind), key->name ? key->name : "", key->device,
                           found);
}

/* -- checks ----------------------------------------------------------------- */

base_fault_t *state_check_text(const char *text, const char *what, apr_pool_t *pool)
{
    if (!text || !*text)
        return base_fault_make(pool, BASE_FAULT_INVALID, "state: no %s", what);
    if (strlen(text) > STATE_NAME_MAX)
        return base_fault_make(pool, BASE_FAULT_INVALID, "state: the %s is longer than %d bytes",
                               what, STATE_NAME_MAX);
    return NULL;
}

static base_fault_t *check_device(const char *account, const char *device, apr_pool_t *pool)
{
    BASE_TRY(state_check_text(account, "account", pool));
    return state_check_text(device, "device", pool);
}

static base_fault_t *check_key(const state_key_t *key, apr_pool_t *pool)
{
    BASE_TRY(check_device(key->account, key->device, pool));
    if (state_kind_named(key->kind))
        return state_check_text(key->name, "record name", pool);
    if (key->name)
        return base_fault_make(pool, BASE_FAULT_INVALID, "state: a %s record has no name",
                               state_kind_letter(key->kind));
    return NULL;
}

static base_fault_t *check_ledger_key(const state_ledger_key_t *key, apr_pool_t *pool)
{
    BASE_TRY(check_device(key->account, key->device, pool));
    BASE_TRY(state_check_text(key->scope, "ledger scope", pool));
    return state_check_text(key->entry, "ledger entry", pool);
}

static base_fault_t *check_field_name(const char *name, apr_pool_t *pool)
{
    size_t i;

    for (i = 0; name[i] && i <= STATE_FIELD_NAME_MAX; i++)
        if (!isalnum((unsigned char)name[i]) && !strchr(":._-", name[i]))
            break;
    if (i == 0 || i > STATE_FIELD_NAME_MAX || name[i] || name[0] == '_')
        return base_fault_make(pool, BASE_FAULT_INVALID, "state: \"%s\" is no field name", name);
    return NULL;
}

static base_fault_t *check_commit(const state_commit_t *commit, apr_pool_t *pool)
{
    apr_size_t total = 0;
    int i;

    for (i = 0; i < commit->set_count; i++) {
        const state_field_t *field = &commit->sets[i];

        BASE_TRY(check_field_name(field->name, pool));
        total += field->length;
        if (field->length > STATE_FIELD_MAX || total > STATE_COMMIT_MAX)
            return base_fault_make(pool, BASE_FAULT_TOO_LARGE,
                                   "state: field %s makes the commit too large", field->name);
    }
    for (i = 0; i < commit->delete_count; i++)
        BASE_TRY(check_field_name(commit->deletes[i], pool));
    return NULL;
}

static base_fault_t *check_fence(apr_uint64_t fence, apr_pool_t *pool)
{
    if (fence)
        return NULL;
    return base_fault_make(pool, BASE_FAULT_INVALID, "state: there is no claim");
}

static base_fault_t *check_interval(apr_interval_time_t interval, const char *what,
                                    apr_pool_t *pool)
{
    if (interval > 0)
        return NULL;
    return base_fault_make(pool, BASE_FAULT_INVALID, "state: the %s must be positive", what);
}

/* -- records ---------------------------------------------------------------- */

base_fault_t *state_record_read(state_store_t *store, const state_key_t *key,
                                const char *const *names, int name_count, state_record_t **record,
                                apr_pool_t *pool)
{
    int i;

    BASE_TRY(check_key(key, pool));
    for (i = 0; names && i < name_count; i++)
        BASE_TRY(check_field_name(names[i], pool));
    return store->driver->record_read(store->self, key, names, name_count, record, pool);
}

const state_field_t *state_record_field(const state_record_t *record, const char *name)
{
    int i;

    for (i = 0; i < record->count; i++)
        if (strcmp(record->fields[i].name, name) == 0)
            return &record->fields[i];
    return NULL;
}

const char *state_record_text(const state_record_t *record, const char *name, apr_pool_t *pool)
{
    const state_field_t *field = state_record_field(record, name);

    return field ? apr_pstrmemdup(pool, field->data, field->length) : NULL;
}

base_fault_t *state_record_commit(state_store_t *store, const state_key_t *key,
                                  apr_uint64_t expected_version, const state_field_t *sets,
                                  int set_count, const char *const *deletes, int delete_count,
                                  apr_uint64_t *version, apr_pool_t *pool)
{
    state_commit_t commit = {
        .key = key,
        .expected_version = expected_version,
        .sets = sets,
        .set_count = set_count,
        .deletes = deletes,
        .delete_count = delete_count,
    };

    BASE_TRY(check_key(key, pool));
    BASE_TRY(check_commit(&commit, pool));
    return store->driver->record_commit(store->self, &commit, version, pool);
}

base_fault_t *state_account_list(state_store_t *store, const char *after, int limit,
                                 apr_array_header_t **accounts, apr_pool_t *pool)
{
    if (after)
        BASE_TRY(state_check_text(after, "account", pool));
    if (limit < 1)
        return base_fault_make(pool, BASE_FAULT_INVALID, "state: a page of no accounts");
    return store->driver->account_list(store->self, after, limit, accounts, pool);
}

base_fault_t *state_account_rebuild(state_store_t *store, const char *after, int enter,
                                    state_rebuild_t *rebuild, apr_pool_t *pool)
{
    apr_uint64_t cursor;

    *rebuild = (state_rebuild_t){.next = NULL};
    if (after && !base_text_parse_uint(after, APR_UINT64_MAX, &cursor))
        return base_fault_make(pool, BASE_FAULT_INVALID, "state: that is no page of a rebuild");
    return store->driver->account_rebuild(store->self, after, enter, rebuild, pool);
}

base_fault_t *state_record_remove(state_store_t *store, const state_key_t *key, apr_pool_t *pool)
{
    BASE_TRY(check_key(key, pool));
    return store->driver->record_remove(store->self, key, pool);
}

base_fault_t *state_record_list(state_store_t *store, const char *account, const char *device,
                                state_record_kind_t kind, apr_array_header_t **names,
                                apr_pool_t *pool)
{
    BASE_TRY(check_device(account, device, pool));
    if (!state_kind_named(kind))
        return base_fault_make(pool, BASE_FAULT_INVALID, "state: %s records have no names",
                               state_kind_letter(kind));
    return store->driver->record_list(store->self, account, device, kind, names, pool);
}

/* By what every store can do. */
static base_fault_t *state_glance_one(state_store_t *store, state_glance_t *glance,
                                      const char *field, apr_pool_t *pool)
{
    state_key_t key = {
        .account = glance->account, .device = glance->device, .kind = STATE_RECORD_DEVICE};
    state_record_t *hierarchy;
    int i;

    BASE_TRY(state_record_read(store, &key, NULL, 0, &glance->record, pool));
    key.kind = STATE_RECORD_HIERARCHY;
    BASE_TRY(state_record_read(store, &key, &field, 1, &hierarchy, pool));
    glance->hierarchy = hierarchy->version != 0;
    key.kind = STATE_RECORD_FOLDER;
    BASE_TRY(state_record_list(store, key.account, key.device, key.kind, &glance->folders, pool));
    glance->states =
        apr_palloc(pool, (apr_size_t)(glance->folders->nelts + 1) * sizeof *glance->states);
    for (i = 0; i < glance->folders->nelts; i++) {
        key.name = APR_ARRAY_IDX(glance->folders, i, const char *);
        BASE_TRY(state_record_read(store, &key, &field, 1, &glance->states[i], pool));
    }
    return NULL;
}

base_fault_t *state_device_glance(state_store_t *store, state_glance_t *glances, int count,
                                  const char *field, apr_pool_t *pool)
{
    int i;

    BASE_TRY(check_field_name(field, pool));
    for (i = 0; i < count; i++)
        BASE_TRY(check_device(glances[i].account, glances[i].device, pool));
    if (store->driver->device_glance)
        return count ? store->driver->device_glance(store->self, glances, count, field, pool)
                     : NULL;
    for (i = 0; i < count; i++)
        BASE_TRY(state_glance_one(store, &glances[i], field, pool));
    return NULL;
}

base_fault_t *state_device_list(state_store_t *store, const char *account,
                                apr_array_header_t **devices, apr_pool_t *pool)
{
    BASE_TRY(state_check_text(account, "account", pool));
    return store->driver->device_list(store->self, account, devices, pool);
}

/* -- ledger ----------------------------------------------------------------- */

base_fault_t *state_ledger_claim(state_store_t *store, const state_ledger_key_t *key,
                                 apr_interval_time_t lease, apr_interval_time_t ttl,
                                 state_claim_t **claim, apr_pool_t *pool)
{
    BASE_TRY(check_ledger_key(key, pool));
    BASE_TRY(check_interval(lease, "lease", pool));
    BASE_TRY(check_interval(ttl, "TTL", pool));
    *claim = apr_pcalloc(pool, sizeof **claim);
    /* a scope must not be forgotten while somebody holds a claim in it */
    return store->driver->ledger_claim(store->self, key, lease, ttl > lease ? ttl : lease, *claim,
                                       pool);
}

/* Sleeps for the pause, or for what is left of patience or lease when that is less. */
static void patience_spend(state_patience_t *patience, apr_interval_time_t pause,
                           const state_claim_t *claim)
{
    apr_interval_time_t lease = apr_time_from_msec((apr_interval_time_t)claim->retry_after_ms + 1);

    if (pause > lease)
        pause = lease;
    if (pause > patience->left)
        pause = patience->left;
    patience->left -= pause;
    if (patience->sleep)
        patience->sleep(patience->baton, pause);
    else
        apr_sleep(pause);
}

base_fault_t *state_ledger_claim_patiently(state_store_t *store, const state_ledger_key_t *key,
                                           apr_interval_time_t lease, apr_interval_time_t ttl,
                                           state_patience_t *patience, state_claim_t **claim,
                                           apr_pool_t *pool)
{
    apr_interval_time_t pause = STATE_PAUSE_FIRST;

    for (;;) {
        BASE_TRY(state_ledger_claim(store, key, lease, ttl, claim, pool));
        if ((*claim)->outcome != STATE_CLAIM_BUSY || !patience || patience->left <= 0)
            return NULL;
        patience_spend(patience, pause, *claim);
        pause = pause < STATE_PAUSE_MAX / 2 ? 2 * pause : STATE_PAUSE_MAX;
    }
}

base_fault_t *state_ledger_record(state_store_t *store, const state_ledger_key_t *key,
                                  apr_uint64_t fence, const void *result, apr_size_t length,
                                  apr_interval_time_t ttl, apr_pool_t *pool)
{
    BASE_TRY(check_ledger_key(key, pool));
    BASE_TRY(check_fence(fence, pool));
    BASE_TRY(check_interval(ttl, "TTL", pool));
    if (length > STATE_FIELD_MAX)
        return base_fault_make(pool, BASE_FAULT_TOO_LARGE, "state: a result is too large");
    return store->driver->ledger_record(store->self, key, fence, result, length, ttl, pool);
}

base_fault_t *state_ledger_release(state_store_t *store, const state_ledger_key_t *key,
                                   apr_uint64_t fence, apr_pool_t *pool)
{
    BASE_TRY(check_ledger_key(key, pool));
    BASE_TRY(check_fence(fence, pool));
    return store->driver->ledger_release(store->self, key, fence, pool);
}

base_fault_t *state_ledger_forget(state_store_t *store, const char *account, const char *device,
                                  const char *scope, apr_pool_t *pool)
{
    BASE_TRY(check_device(account, device, pool));
    BASE_TRY(state_check_text(scope, "ledger scope", pool));
    return store->driver->ledger_forget(store->self, account, device, scope, pool);
}
