/* What every store must do; each driver's test runs all of it (state_contract_run). */
#ifndef T_UNIT_STATE_CONTRACT_H
#define T_UNIT_STATE_CONTRACT_H

#include "tap.h"

#include <sched.h>
#include <stdlib.h>
#include <unistd.h>
#include <apr_hash.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "state/state.h"

#define CONTRACT_THREADS 6
#define CONTRACT_ROUNDS 300
#define CONTRACT_ODD "a/b{c}\"\xc3\xbc%7D:"

static const state_key_t contract_device = {
    .account = "joe@example.org", .device = "D1", .kind = STATE_RECORD_DEVICE};

static state_key_t contract_folder(const char *account, const char *device, const char *name)
{
    return (state_key_t){
        .account = account, .device = device, .kind = STATE_RECORD_FOLDER, .name = name};
}

static state_field_t contract_field(const char *name, const char *text)
{
    return (state_field_t){.name = name, .data = text, .length = strlen(text)};
}

/* Commits one field; returns the code of the fault. */
static base_fault_code_t contract_set(state_store_t *store, const state_key_t *key,
                                      apr_uint64_t expected, const char *name, const char *text,
                                      apr_uint64_t *version, apr_pool_t *pool)
{
    state_field_t field = contract_field(name, text);

    return base_fault_code(
        state_record_commit(store, key, expected, &field, 1, NULL, 0, version, pool));
}

/* The field's text, NULL when it or the record is not there. */
static const char *contract_get(state_store_t *store, const state_key_t *key, const char *name,
                                apr_uint64_t *version, apr_pool_t *pool)
{
    const char *names[1] = {name};
    state_record_t *record = NULL;
    const state_field_t *field;

    if (state_record_read(store, key, names, 1, &record, pool))
        return "(fault)";
    if (version)
        *version = record->version;
    field = state_record_field(record, name);
    return field ? apr_pstrmemdup(pool, field->data, field->length) : NULL;
}

static const char *contract_join(const apr_array_header_t *names, apr_pool_t *pool)
{
    return apr_array_pstrcat(pool, names, ',');
}

/* -- records ---------------------------------------------------------------- */

static void contract_commit(state_store_t *store, apr_pool_t *pool)
{
    const state_key_t *key = &contract_device;
    const char *deletes[] = {"a", "none"};
    state_field_t sets[2] = {contract_field("b", "two"), contract_field("c", "three")};
    apr_uint64_t first = 0, second = 0, version = 99;
    state_record_t *record = NULL;

    ok(!state_record_read(store, key, NULL, 0, &record, pool) && record->version == 0 &&
           record->count == 0,
       "no record: version 0");
    is_int(contract_set(store, key, 7, "a", "x", &version, pool), BASE_FAULT_CONFLICT,
           "a version expected where there is no record");
    is_int(contract_set(store, key, 0, "a", "one", &first, pool), 0, "the first commit");
    ok(first > 0, "has a version");
    is_int(contract_set(store, key, 0, "a", "x", &version, pool), BASE_FAULT_CONFLICT,
           "a second first commit");
    is_str(contract_get(store, key, "a", &version, pool), "one", "changed nothing");
    is_int((long long)version, (long long)first, "nor the version");
    ok(!state_record_commit(store, key, first, sets, 2, deletes, 2, &second, pool),
       "sets and deletes in one commit");
    ok(second > first, "the version grows");
    ok(!state_record_read(store, key, NULL, 0, &record, pool) && record->count == 2 &&
           record->version == second,
       "all fields at once: none of the store's own among them");
    ok(state_record_field(record, "b") && state_record_field(record, "c") &&
           !state_record_field(record, "a"),
       "those that were set and not deleted");
    is_int(contract_set(store, key, first, "b", "x", &version, pool), BASE_FAULT_CONFLICT,
           "an old version");
    is_str(contract_get(store, key, "b", NULL, pool), "two", "writes nothing");
    ok(contract_get(store, key, "none", &version, pool) == NULL && version == second,
       "a field that is not there is left out");
    ok(!state_record_commit(store, key, second, NULL, 0, NULL, 0, &version, pool) &&
           version > second,
       "an empty commit is one too");
}

static void contract_delete_all(state_store_t *store, apr_pool_t *pool)
{
    state_key_t key = contract_folder("all@x", "D", "5");
    const char *deletes[] = {"a"};
    state_field_t sets[1] = {contract_field("a", "again")};
    state_record_t *record = NULL;
    apr_uint64_t version = 0;

    contract_set(store, &key, 0, "a", "one", &version, pool);
    ok(!state_record_commit(store, &key, version, NULL, 0, deletes, 1, &version, pool),
       "the last field may go");
    ok(!state_record_read(store, &key, NULL, 0, &record, pool) && record->version == version &&
           record->count == 0,
       "the record stays");
    ok(!state_record_commit(store, &key, version, sets, 1, deletes, 1, &version, pool),
       "deleted and set in one commit");
    is_str(contract_get(store, &key, "a", NULL, pool), "again", "is set");
}

static void contract_binary(state_store_t *store, apr_pool_t *pool)
{
    state_key_t key = contract_folder("binary@x", "D", "5");
    char all[256];
    char *large = apr_palloc(pool, 1000000);
    state_field_t sets[3];
    state_record_t *record = NULL;
    const state_field_t *field;
    apr_uint64_t version;
    int i;

    for (i = 0; i < 256; i++)
        all[i] = (char)i;
    for (i = 0; i < 1000000; i++)
        large[i] = (char)(i * 7);
    sets[0] = (state_field_t){.name = "all", .data = all, .length = 256};
    sets[1] = (state_field_t){.name = "large", .data = large, .length = 1000000};
    sets[2] = (state_field_t){.name = "empty", .data = NULL, .length = 0};
    ok(!state_record_commit(store, &key, 0, sets, 3, NULL, 0, &version, pool), "binary fields");
    ok(!state_record_read(store, &key, NULL, 0, &record, pool) && record->count == 3, "come back");
    field = state_record_field(record, "all");
    ok(field && field->length == 256 && memcmp(field->data, all, 256) == 0, "every byte");
    field = state_record_field(record, "large");
    ok(field && field->length == 1000000 && memcmp(field->data, large, 1000000) == 0,
       "a million of them");
    field = state_record_field(record, "empty");
    ok(field && field->length == 0 && field->data, "none of them");
}

static void contract_many(state_store_t *store, apr_pool_t *pool)
{
    enum { MANY = 12345 };
    state_key_t key = contract_folder("many@x", "D", "5");
    state_field_t *sets = apr_palloc(pool, MANY * sizeof *sets);
    const char **names = apr_palloc(pool, MANY * sizeof *names);
    state_record_t *record = NULL;
    apr_uint64_t version = 0;
    int i;

    for (i = 0; i < MANY; i++) {
        names[i] = apr_psprintf(pool, "c%d", i);
        sets[i] = contract_field(names[i], names[i]);
    }
    ok(!state_record_commit(store, &key, 0, sets, MANY, NULL, 0, &version, pool),
       "thousands of fields in one commit");
    ok(!state_record_read(store, &key, names, MANY, &record, pool) && record->count == MANY,
       "all of them are read");
    for (i = 0; i < MANY && record->fields[i].length == strlen(names[i]) &&
                memcmp(record->fields[i].data, names[i], record->fields[i].length) == 0;
         i++)
        ;
    is_int(i, MANY, "each with its own text");
    ok(!state_record_commit(store, &key, version, NULL, 0, names, MANY - 1, &version, pool),
       "thousands of deletes");
    ok(!state_record_read(store, &key, NULL, 0, &record, pool) && record->count == 1,
       "one is left");
}

static void contract_remove(state_store_t *store, apr_pool_t *pool)
{
    state_key_t key = contract_folder("remove@x", "D", "5");
    apr_uint64_t before = 0, after = 0, version = 0;

    ok(!state_record_remove(store, &key, pool), "removing what is not there");
    contract_set(store, &key, 0, "a", "old", &before, pool);
    ok(!state_record_remove(store, &key, pool), "removing a record");
    ok(contract_get(store, &key, "a", &version, pool) == NULL && version == 0, "it is gone");
    is_int(contract_set(store, &key, before, "a", "late", &version, pool), BASE_FAULT_CONFLICT,
           "a late writer does not bring it back");
    is_int(contract_set(store, &key, 0, "a", "new", &after, pool), 0, "it is made anew");
    ok(after > before, "with a version never used before");
    is_int(contract_set(store, &key, before, "a", "late", &version, pool), BASE_FAULT_CONFLICT,
           "a late writer does not take it for the old one");
}

/* "record hierarchy: folder=field ..." of a device. */
static const char *contract_glance(const state_glance_t *glance, apr_pool_t *pool)
{
    const char *text = apr_psprintf(pool, "%s %s:", glance->record->version ? "known" : "unknown",
                                    glance->hierarchy ? "hierarchy" : "none");
    int i;

    for (i = 0; i < glance->folders->nelts; i++) {
        const state_field_t *field = state_record_field(glance->states[i], "a");

        text =
            apr_psprintf(pool, "%s %s=%.*s", text, APR_ARRAY_IDX(glance->folders, i, const char *),
                         field ? (int)field->length : 0, field ? (const char *)field->data : "");
    }
    return text;
}

static void contract_glances(state_store_t *store, apr_pool_t *pool)
{
    state_glance_t glances[] = {{.account = "list@x", .device = "A"},
                                {.account = "list@x", .device = "nobody"},
                                {.account = CONTRACT_ODD, .device = CONTRACT_ODD},
                                {.account = "list@x", .device = "B"}};

    ok(!state_device_glance(store, glances, 4, "a", pool), "a look at some devices");
    is_str(contract_glance(&glances[0], pool), "unknown hierarchy: 12:x,y=x 5=x", "folders");
    is_str(contract_glance(&glances[1], pool), "unknown none:", "nobody");
    is_str(contract_glance(&glances[2], pool), "unknown none: " CONTRACT_ODD "=x", "odd names");
    is_str(contract_glance(&glances[3], pool), "known none:", "a device without states");
    ok(!state_device_glance(store, glances, 1, "b", pool), "another field");
    is_str(contract_glance(&glances[0], pool), "unknown hierarchy: 12:x,y= 5=", "is not there");
    ok(!state_device_glance(store, glances, 0, "a", pool), "a look at none");
}

static void contract_lists(state_store_t *store, apr_pool_t *pool)
{
    static const struct {
        const char *account, *device, *name;
        state_record_kind_t kind;
    } rows[] = {
        {"list@x", "A", "5", STATE_RECORD_FOLDER},
        {"list@x", "A", "12:x,y", STATE_RECORD_FOLDER},
        {"list@x", "A", "Sync", STATE_RECORD_REQUEST},
        {"list@x", "A", NULL, STATE_RECORD_HIERARCHY},
        {"list@x", "B", NULL, STATE_RECORD_DEVICE},
        {"list@x", "A:5", "6", STATE_RECORD_FOLDER},
        {"list", "x:A", "7", STATE_RECORD_FOLDER},
        {CONTRACT_ODD, CONTRACT_ODD, CONTRACT_ODD, STATE_RECORD_FOLDER},
    };
    apr_array_header_t *names = NULL;
    apr_uint64_t version;
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        state_key_t key = {.account = rows[i].account,
                           .device = rows[i].device,
                           .kind = rows[i].kind,
                           .name = rows[i].name};

        is_int(contract_set(store, &key, 0, "a", "x", &version, pool), 0, "a record to list");
    }
    ok(!state_device_list(store, "list@x", &names, pool), "devices of an account");
    is_str(contract_join(names, pool), "A,A:5,B", "each once, of this account only");
    ok(!state_record_list(store, "list@x", "A", STATE_RECORD_FOLDER, &names, pool), "folders");
    is_str(contract_join(names, pool), "12:x,y,5", "of this device only");
    ok(!state_record_list(store, "list@x", "A", STATE_RECORD_REQUEST, &names, pool), "requests");
    is_str(contract_join(names, pool), "Sync", "are no folders");
    ok(!state_device_list(store, CONTRACT_ODD, &names, pool) && names->nelts == 1, "odd names");
    is_str(APR_ARRAY_IDX(names, 0, const char *), CONTRACT_ODD, "come back as they are");
    ok(!state_record_list(store, CONTRACT_ODD, CONTRACT_ODD, STATE_RECORD_FOLDER, &names, pool) &&
           names->nelts == 1,
       "in both lists");
    is_str(APR_ARRAY_IDX(names, 0, const char *), CONTRACT_ODD, "unchanged");
    ok(!state_device_list(store, "nobody@x", &names, pool) && names->nelts == 0,
       "an unknown account has no devices");
    contract_glances(store, pool);
    for (i = 0; i < 4; i++) {
        state_key_t key = {.account = rows[i].account,
                           .device = rows[i].device,
                           .kind = rows[i].kind,
                           .name = rows[i].name};

        state_record_remove(store, &key, pool);
        state_device_list(store, "list@x", &names, pool);
        is_str(contract_join(names, pool), i < 3 ? "A,A:5,B" : "A:5,B",
               "a device goes with its last record");
    }
}

static void contract_invalid(state_store_t *store, apr_pool_t *pool)
{
    static const char *const bad_names[] = {
        "", "_v", "a b", "\xc3\xbc",
        "01234567890123456789012345678901234567890123456789012345678901234"};
    char *overlong = apr_pstrcat(pool, apr_psprintf(pool, "%0*d", STATE_NAME_MAX, 0), "1", NULL);
    state_key_t keys[] = {
        contract_folder("", "D", "5"),       contract_folder("x", "", "5"),
        contract_folder("x", "D", ""),       contract_folder("x", "D", NULL),
        contract_folder(overlong, "D", "5"), contract_folder("x", overlong, "5"),
        contract_folder("x", "D", overlong), contract_device,
    };
    state_key_t good = contract_folder("invalid@x", "D", "5");
    state_field_t large = {.name = "l", .data = "", .length = STATE_FIELD_MAX + 1};
    apr_uint64_t version = 0;
    size_t i;

    keys[7].name = "5";
    for (i = 0; i < sizeof keys / sizeof *keys; i++)
        is_int(contract_set(store, &keys[i], 0, "a", "x", &version, pool), BASE_FAULT_INVALID,
               "a bad key is refused");
    for (i = 0; i < sizeof bad_names / sizeof *bad_names; i++)
        is_int(contract_set(store, &good, 0, bad_names[i], "x", &version, pool), BASE_FAULT_INVALID,
               "a bad field name is refused");
    is_int(
        base_fault_code(state_record_commit(store, &good, 0, &large, 1, NULL, 0, &version, pool)),
        BASE_FAULT_TOO_LARGE, "a field over the limit is refused");
    ok(contract_get(store, &good, "a", &version, pool) == NULL && version == 0,
       "and nothing was written");
}

/* -- ledger ----------------------------------------------------------------- */

static state_claim_t *contract_claim(state_store_t *store, const state_ledger_key_t *key,
                                     apr_interval_time_t lease, apr_pool_t *pool)
{
    state_claim_t *claim = NULL;
    base_fault_t *fault =
        state_ledger_claim(store, key, lease, apr_time_from_sec(600), &claim, pool);

    if (fault) {
        printf("# %s\n", fault->message);
        claim = apr_pcalloc(pool, sizeof *claim);
        claim->outcome = (state_claim_outcome_t)-1;
    }
    return claim;
}

/* Claims until somebody else's lease is over. */
static state_claim_t *contract_claim_wait(state_store_t *store, const state_ledger_key_t *key,
                                          apr_interval_time_t lease, apr_pool_t *pool)
{
    state_claim_t *claim;
    int tries;

    for (tries = 0; tries < 3000; tries++) {
        claim = contract_claim(store, key, lease, pool);
        if (claim->outcome != STATE_CLAIM_BUSY)
            break;
        usleep(10000);
    }
    return claim;
}

static base_fault_code_t contract_record(state_store_t *store, const state_ledger_key_t *key,
                                         apr_uint64_t fence, const char *text, apr_pool_t *pool)
{
    return base_fault_code(
        state_ledger_record(store, key, fence, text, strlen(text), apr_time_from_sec(600), pool));
}

static const apr_interval_time_t contract_long = APR_USEC_PER_SEC * 300;
static const apr_interval_time_t contract_short = 20000;

static void contract_ledger(state_store_t *store, apr_pool_t *pool)
{
    state_ledger_key_t key = {"ledger@x", "D", "s:5:3", "Add:17"};
    state_ledger_key_t other = {"ledger@x", "D", "s:5:3", "Add:18"};
    state_claim_t *first = contract_claim(store, &key, contract_long, pool), *claim;

    is_int(first->outcome, STATE_CLAIM_TAKEN, "a first claim");
    ok(first->fence > 0, "has a fence");
    claim = contract_claim(store, &key, contract_long, pool);
    is_int(claim->outcome, STATE_CLAIM_BUSY, "a second one is told to wait");
    ok(claim->retry_after_ms > 0 && claim->retry_after_ms <= 300000, "for the rest of the lease");
    is_int(contract_claim(store, &other, contract_long, pool)->outcome, STATE_CLAIM_TAKEN,
           "another entry is free");
    is_int(contract_record(store, &key, first->fence + 1000, "x", pool), BASE_FAULT_CONFLICT,
           "nobody else can record");
    is_int(contract_record(store, &key, first->fence, "uid \xff 9\n", pool), 0, "the holder can");
    claim = contract_claim(store, &key, contract_long, pool);
    is_int(claim->outcome, STATE_CLAIM_DONE, "then it is done");
    ok(claim->length == 8 && memcmp(claim->result, "uid \xff 9\n", 8) == 0, "with this result");
    ok(!state_ledger_release(store, &key, first->fence, pool), "releasing what is done");
    is_int(contract_claim(store, &key, contract_long, pool)->outcome, STATE_CLAIM_DONE,
           "does not undo it");
    is_int(contract_record(store, &other, first->fence, "x", pool), BASE_FAULT_CONFLICT,
           "a fence holds for its entry only");
    ok(!state_ledger_forget(store, "ledger@x", "D", "s:5:3", pool), "forgotten");
    is_int(contract_record(store, &key, first->fence, "x", pool), BASE_FAULT_CONFLICT,
           "a late holder cannot record");
    claim = contract_claim(store, &key, contract_long, pool);
    is_int(claim->outcome, STATE_CLAIM_TAKEN, "the entry is free again");
    ok(claim->fence > first->fence, "with a fence never used before");
    ok(!state_ledger_forget(store, "ledger@x", "D", "none", pool), "forgetting nothing");
}

static void contract_release(state_store_t *store, apr_pool_t *pool)
{
    state_ledger_key_t key = {"release@x", "D", "s", "e"};
    state_claim_t *first = contract_claim(store, &key, contract_long, pool), *second, *third;

    ok(!state_ledger_release(store, &key, first->fence + 1, pool), "somebody else's release");
    is_int(contract_claim(store, &key, contract_long, pool)->outcome, STATE_CLAIM_BUSY,
           "does nothing");
    ok(!state_ledger_release(store, &key, first->fence, pool), "the holder's release");
    is_int(contract_record(store, &key, first->fence, "x", pool), BASE_FAULT_CONFLICT,
           "ends its right to record");
    second = contract_claim(store, &key, contract_short, pool);
    is_int(second->outcome, STATE_CLAIM_TAKEN, "and frees the entry");
    ok(second->fence > first->fence, "the fence grows");
    third = contract_claim_wait(store, &key, contract_long, pool);
    is_int(third->outcome, STATE_CLAIM_AGAIN, "a lease ran out: it may have happened");
    ok(third->fence > second->fence, "the fence grows again");
    is_int(contract_record(store, &key, second->fence, "x", pool), BASE_FAULT_CONFLICT,
           "the late holder cannot record");
    ok(!state_ledger_release(store, &key, second->fence, pool), "its release does nothing");
    is_int(contract_claim(store, &key, contract_long, pool)->outcome, STATE_CLAIM_BUSY,
           "to the present one");
    ok(!state_ledger_release(store, &key, third->fence, pool), "whose release");
    is_int(contract_record(store, &key, third->fence, "x", pool), BASE_FAULT_CONFLICT,
           "ends its right");
    third = contract_claim(store, &key, contract_long, pool);
    is_int(third->outcome, STATE_CLAIM_AGAIN, "but leaves the doubt");
    is_int(contract_record(store, &key, third->fence, "done", pool), 0, "until it is recorded");
    is_int(contract_claim(store, &key, contract_long, pool)->outcome, STATE_CLAIM_DONE, "done");
}

static void contract_late(state_store_t *store, apr_pool_t *pool)
{
    state_ledger_key_t key = {"late@x", CONTRACT_ODD, CONTRACT_ODD, CONTRACT_ODD};
    state_claim_t *claim = contract_claim(store, &key, 1, pool);

    is_int(claim->outcome, STATE_CLAIM_TAKEN, "odd names, a lease of a moment");
    usleep(5000);
    is_int(contract_record(store, &key, claim->fence, "", pool), 0,
           "its end alone takes nothing away");
    claim = contract_claim(store, &key, contract_long, pool);
    ok(claim->outcome == STATE_CLAIM_DONE && claim->length == 0 && claim->result,
       "an empty result is a result");
}

static void contract_ttl(state_store_t *store, apr_pool_t *pool)
{
    state_ledger_key_t key = {"ttl@x", "D", "short", "e"};
    state_claim_t *claim = NULL;
    int tries;

    ok(!state_ledger_claim(store, &key, contract_short, contract_short, &claim, pool) &&
           !state_ledger_record(store, &key, claim->fence, "x", 1, contract_short, pool),
       "recorded for a short time");
    for (tries = 0; tries < 3000; tries++) {
        state_ledger_claim(store, &key, 1, 1, &claim, pool);
        if (claim->outcome == STATE_CLAIM_TAKEN)
            break;
        usleep(30000);
    }
    is_int(claim->outcome, STATE_CLAIM_TAKEN, "then forgotten");
    is_int(base_fault_code(state_ledger_claim(store, &key, 0, 1, &claim, pool)), BASE_FAULT_INVALID,
           "a claim without a lease is refused");
    key.entry = "";
    is_int(base_fault_code(state_ledger_claim(store, &key, 1, 1, &claim, pool)), BASE_FAULT_INVALID,
           "so is one without an entry");
}

/* -- races ------------------------------------------------------------------ */

typedef struct {
    state_store_t *store;
    int *ready; /* counts up to CONTRACT_THREADS: then all start */
    int won, conflicts, faults;
} contract_racer_t;

static void contract_race_start(contract_racer_t *racer)
{
    __atomic_add_fetch(racer->ready, 1, __ATOMIC_ACQ_REL);
    while (__atomic_load_n(racer->ready, __ATOMIC_ACQUIRE) < CONTRACT_THREADS)
        sched_yield();
}

/* Adds 1 to a number CONTRACT_ROUNDS times, trying again after each conflict. */
static void *APR_THREAD_FUNC contract_race_commit(apr_thread_t *thread, void *data)
{
    contract_racer_t *racer = data;
    state_key_t key = contract_folder("race@x", "D", "5");
    apr_pool_t *pool;

    (void)thread;
    apr_pool_create(&pool, NULL);
    contract_race_start(racer);
    while (racer->won < CONTRACT_ROUNDS && !racer->faults) {
        apr_uint64_t version = 0;
        const char *old = contract_get(racer->store, &key, "n", &version, pool);
        const char *text = apr_itoa(pool, (old ? atoi(old) : 0) + 1);
        base_fault_code_t code =
            contract_set(racer->store, &key, version, "n", text, &version, pool);

        racer->won += code == BASE_FAULT_NONE;
        racer->conflicts += code == BASE_FAULT_CONFLICT;
        racer->faults += code != BASE_FAULT_NONE && code != BASE_FAULT_CONFLICT;
        apr_pool_clear(pool);
    }
    apr_pool_destroy(pool);
    return NULL;
}

/* Each entry is claimed by everybody; whoever gets it records. */
static void *APR_THREAD_FUNC contract_race_claim(apr_thread_t *thread, void *data)
{
    contract_racer_t *racer = data;
    apr_pool_t *pool;
    int i;

    (void)thread;
    apr_pool_create(&pool, NULL);
    contract_race_start(racer);
    for (i = 0; i < CONTRACT_ROUNDS; i++) {
        state_ledger_key_t key = {"race@x", "D", "s", apr_itoa(pool, i)};
        state_claim_t *claim = contract_claim(racer->store, &key, contract_long, pool);

        if (claim->outcome == STATE_CLAIM_TAKEN) {
            racer->won++;
            racer->faults += contract_record(racer->store, &key, claim->fence, "x", pool) != 0;
        }
        else
            racer->faults +=
                claim->outcome != STATE_CLAIM_DONE && claim->outcome != STATE_CLAIM_BUSY;
    }
    apr_pool_destroy(pool);
    return NULL;
}

static contract_racer_t contract_race(state_store_t *store, apr_thread_start_t run,
                                      apr_pool_t *pool)
{
    contract_racer_t racers[CONTRACT_THREADS], sum = {.store = store};
    apr_thread_t *threads[CONTRACT_THREADS];
    apr_status_t status;
    int i, ready = 0;

    for (i = 0; i < CONTRACT_THREADS; i++) {
        racers[i] = (contract_racer_t){.store = store, .ready = &ready};
        apr_thread_create(&threads[i], NULL, run, &racers[i], pool);
    }
    for (i = 0; i < CONTRACT_THREADS; i++) {
        apr_thread_join(&status, threads[i]);
        sum.won += racers[i].won;
        sum.conflicts += racers[i].conflicts;
        sum.faults += racers[i].faults;
    }
    return sum;
}

static void contract_races(state_store_t *store, apr_pool_t *pool)
{
    state_key_t key = contract_folder("race@x", "D", "5");
    contract_racer_t sum = contract_race(store, contract_race_commit, pool);

    is_int(sum.faults, 0, "racing commits do not fail");
    is_str(contract_get(store, &key, "n", NULL, pool),
           apr_itoa(pool, CONTRACT_THREADS * CONTRACT_ROUNDS),
           "of those that expect the same version exactly one wins");
    printf("# %d conflicts\n", sum.conflicts);
    sum = contract_race(store, contract_race_claim, pool);
    is_int(sum.faults, 0, "racing claims do not fail");
    is_int(sum.won, CONTRACT_ROUNDS, "each entry is taken once");
}

#include "state_admin_contract.h"
#include "state_table_contract.h"

static void state_contract_run(state_store_t *store, const char *label, apr_pool_t *parent)
{
    static void (*const parts[])(state_store_t * store, apr_pool_t * pool) = {
        contract_commit,         contract_delete_all,    contract_binary,
        contract_many,           contract_remove,        contract_lists,
        contract_invalid,        contract_ledger,        contract_release,
        contract_late,           contract_ttl,           contract_races,
        admin_contract_reset,    admin_contract_begun,   admin_contract_remove,
        admin_contract_held,     admin_contract_account, admin_contract_ttl,
        admin_contract_accounts, admin_contract_audit,   admin_contract_recorder,
        admin_contract_races,    table_contract_write,   table_contract_list,
    };
    apr_pool_t *pool;
    size_t i;

    printf("# the contract, with the %s store\n", label);
    apr_pool_create(&pool, parent);
    for (i = 0; i < sizeof parts / sizeof *parts; i++) {
        parts[i](store, pool);
        apr_pool_clear(pool);
    }
    apr_pool_destroy(pool);
}

#endif
