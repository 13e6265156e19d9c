/* What every store must do for administrators; part of the contract (state_contract.h). */
#ifndef T_UNIT_STATE_ADMIN_CONTRACT_H
#define T_UNIT_STATE_ADMIN_CONTRACT_H

#include "state/audit.h"
#include "state/recorder.h"
#include "state/trash.h"

static void admin_contract_add(state_store_t *store, const char *account, const char *device,
                               state_record_kind_t kind, const char *name, apr_pool_t *pool)
{
    state_key_t key = {.account = account, .device = device, .kind = kind, .name = name};
    apr_uint64_t version;

    if (contract_set(store, &key, 0, "a", apr_psprintf(pool, "%s of %s", name ? name : "-", device),
                     &version, pool))
        ok(0, "a record of device %s", device);
}

/* A device with a record of each kind, two folders and a recorded operation. */
static void admin_contract_device(state_store_t *store, const char *account, const char *device,
                                  apr_pool_t *pool)
{
    state_ledger_key_t key = {account, device, "send:1", "e"};
    state_claim_t *claim = contract_claim(store, &key, contract_long, pool);

    contract_record(store, &key, claim->fence, "sent", pool);
    admin_contract_add(store, account, device, STATE_RECORD_DEVICE, NULL, pool);
    admin_contract_add(store, account, device, STATE_RECORD_HIERARCHY, NULL, pool);
    admin_contract_add(store, account, device, STATE_RECORD_FOLDER, "5", pool);
    admin_contract_add(store, account, device, STATE_RECORD_FOLDER, CONTRACT_ODD, pool);
    admin_contract_add(store, account, device, STATE_RECORD_REQUEST, "ping", pool);
}

/* What there is of the device: a letter for each record, '$' for the ledger. */
static const char *admin_contract_show(state_store_t *store, const char *account,
                                       const char *device, apr_pool_t *pool)
{
    static const struct {
        state_record_kind_t kind;
        const char *name, *letter;
    } rows[] = {
        {STATE_RECORD_DEVICE, NULL, "d"},    {STATE_RECORD_HIERARCHY, NULL, "h"},
        {STATE_RECORD_FOLDER, "5", "5"},     {STATE_RECORD_FOLDER, CONTRACT_ODD, "o"},
        {STATE_RECORD_REQUEST, "ping", "p"},
    };
    state_ledger_key_t key = {account, device, "send:1", "e"};
    const char *text = "";
    state_claim_t *claim;
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        state_key_t record = {
            .account = account, .device = device, .kind = rows[i].kind, .name = rows[i].name};
        const char *value = contract_get(store, &record, "a", NULL, pool);

        if (value && strstr(value, apr_psprintf(pool, " of %s", device)))
            text = apr_pstrcat(pool, text, rows[i].letter, NULL);
        else if (value)
            text = apr_pstrcat(pool, text, "?", NULL);
    }
    claim = contract_claim(store, &key, contract_long, pool);
    if (claim->outcome == STATE_CLAIM_DONE)
        return apr_pstrcat(pool, text, "$", NULL);
    state_ledger_forget(store, account, device, "send:1", pool);
    return text;
}

static int admin_contract_move(state_store_t *store, const char *id, const char *account,
                               const char *device, state_trash_what_t what, const char *folder,
                               apr_pool_t *pool)
{
    state_trash_request_t request = {.id = id,
                                     .account = account,
                                     .device = device,
                                     .what = what,
                                     .folder = folder,
                                     .note = "a \"note\"",
                                     .ttl = apr_time_from_sec(3600)};
    int moved = -1;
    base_fault_t *fault = state_trash_move(store, &request, &moved, pool);

    if (fault)
        printf("# %s\n", fault->message);
    return fault ? -(int)fault->code : moved;
}

static int admin_contract_restore(state_store_t *store, const char *account, const char *id,
                                  const char *device, apr_pool_t *pool)
{
    int restored = -1;
    base_fault_t *fault = state_trash_restore(store, account, id, device, &restored, pool);

    return fault ? -(int)fault->code : restored;
}

static const char *admin_contract_list(state_store_t *store, const char *account, apr_pool_t *pool)
{
    apr_array_header_t *entries;
    const char *text = "";
    int i;

    if (state_trash_list(store, account, &entries, pool))
        return "(fault)";
    for (i = 0; i < entries->nelts; i++) {
        const state_trash_t *entry = APR_ARRAY_IDX(entries, i, state_trash_t *);

        text = apr_pstrcat(pool, text, *text ? " " : "", entry->id, "=",
                           contract_join(entry->devices, pool), NULL);
    }
    return text;
}

static void admin_contract_reset(state_store_t *store, apr_pool_t *pool)
{
    state_key_t key = contract_folder("reset@x", "A", "5");
    const char *const account = "reset@x";
    apr_array_header_t *names, *entries;
    const state_trash_t *entry;
    apr_uint64_t version = 0, later;

    admin_contract_device(store, account, "A", pool);
    admin_contract_device(store, account, "B", pool);
    contract_get(store, &key, "a", &version, pool);
    is_int(admin_contract_move(store, "r1", account, "A", STATE_TRASH_SYNC, NULL, pool), 4,
           "a reset moves hierarchy, folders and requests");
    is_str(admin_contract_show(store, account, "A", pool), "d$", "not the device, nor its ledger");
    is_str(admin_contract_show(store, account, "B", pool), "dh5op$", "nor another device");
    is_int(contract_set(store, &key, version, "a", "late", &later, pool), BASE_FAULT_CONFLICT,
           "who read a record before cannot write it");
    ok(!state_record_list(store, account, "A", STATE_RECORD_FOLDER, &names, pool) && !names->nelts,
       "no folders are listed");
    ok(!state_device_list(store, account, &names, pool) && names->nelts == 2,
       "the device is listed still");
    is_int(admin_contract_move(store, "r1", account, "A", STATE_TRASH_SYNC, NULL, pool), 4,
           "the same again answers the same");
    is_int(admin_contract_move(store, "r2", account, "A", STATE_TRASH_SYNC, NULL, pool), 0,
           "another one finds nothing");
    is_str(admin_contract_list(store, account, pool), "r1=A", "and leaves no entry");
    ok(!state_trash_list(store, account, &entries, pool) && entries->nelts == 1, "the entry");
    entry = APR_ARRAY_IDX(entries, 0, state_trash_t *);
    is_str(entry->note, "a \"note\"", "has its note");
    ok(entry->what == STATE_TRASH_SYNC && strcmp(entry->device, "A") == 0 && !entry->folder,
       "says what it was");
    is_int(entry->expires - entry->created, apr_time_from_sec(3600), "and when it ends");
    is_int(admin_contract_restore(store, account, "r2", NULL, pool), -BASE_FAULT_NOT_FOUND,
           "what was never made cannot be brought back");
    is_int(admin_contract_restore(store, account, "r1", "B", pool), -BASE_FAULT_NOT_FOUND,
           "nor a device that is not in it");
    is_int(admin_contract_restore(store, account, "r1", NULL, pool), 4, "brought back");
    is_str(admin_contract_show(store, account, "A", pool), "dh5op$", "everything");
    is_int(contract_set(store, &key, version, "a", "late", &later, pool), 0,
           "as if nothing had happened");
    is_int(admin_contract_restore(store, account, "r1", NULL, pool), -BASE_FAULT_NOT_FOUND,
           "only once");
    is_str(admin_contract_list(store, account, pool), "", "the entry is gone");
    ok(!state_record_list(store, account, "A", STATE_RECORD_FOLDER, &names, pool) &&
           names->nelts == 2,
       "the folders are listed again");
}

static void admin_contract_begun(state_store_t *store, apr_pool_t *pool)
{
    const char *const account = "begun@x";
    state_key_t key = {.account = account, .device = "A", .kind = STATE_RECORD_HIERARCHY};
    state_key_t folder = contract_folder(account, "A", "5");

    admin_contract_device(store, account, "A", pool);
    admin_contract_move(store, "r1", account, "A", STATE_TRASH_SYNC, NULL, pool);
    admin_contract_add(store, account, "A", STATE_RECORD_REQUEST, "ping", pool);
    is_int(admin_contract_restore(store, account, "r1", NULL, pool), 4,
           "a request's parameters are no new beginning");
    admin_contract_move(store, "r2", account, "A", STATE_TRASH_SYNC, NULL, pool);
    admin_contract_add(store, account, "A", STATE_RECORD_HIERARCHY, NULL, pool);
    is_int(admin_contract_restore(store, account, "r2", NULL, pool), -BASE_FAULT_CONFLICT,
           "a new hierarchy is");
    is_str(admin_contract_show(store, account, "A", pool), "dh$", "nothing was brought back");
    state_record_remove(store, &key, pool);
    is_int(admin_contract_restore(store, account, "r2", NULL, pool), 4, "the entry was left alone");
    is_int(admin_contract_move(store, "r3", account, "A", STATE_TRASH_FOLDER, CONTRACT_ODD, pool),
           1, "one folder");
    is_str(admin_contract_show(store, account, "A", pool), "dh5p$", "only that");
    is_int(admin_contract_restore(store, account, "r3", NULL, pool), 1,
           "comes back in spite of the others");
    admin_contract_move(store, "r4", account, "A", STATE_TRASH_FOLDER, "5", pool);
    admin_contract_add(store, account, "A", STATE_RECORD_FOLDER, "5", pool);
    is_int(admin_contract_restore(store, account, "r4", NULL, pool), -BASE_FAULT_CONFLICT,
           "but not when it has begun anew itself");
    state_record_remove(store, &folder, pool);
    is_int(admin_contract_restore(store, account, "r4", NULL, pool), 1, "else it does");
}

static void admin_contract_remove(state_store_t *store, apr_pool_t *pool)
{
    const char *const account = CONTRACT_ODD;
    state_ledger_key_t key = {CONTRACT_ODD, "A", "send:1", "e"};
    apr_array_header_t *names;
    state_claim_t *claim;

    admin_contract_device(store, account, "A", pool);
    admin_contract_device(store, account, "B", pool);
    is_int(admin_contract_move(store, "x1", account, "A", STATE_TRASH_ALL, NULL, pool), 5,
           "removing a device");
    is_str(admin_contract_show(store, account, "A", pool), "", "leaves nothing");
    state_device_list(store, account, &names, pool);
    is_str(APR_ARRAY_IDX(names, 0, const char *), "B", "it is not listed");
    is_int(admin_contract_restore(store, account, "x1", NULL, pool), 5, "it can be brought back");
    is_str(admin_contract_show(store, account, "A", pool), "dh5op$", "with its ledger");
    admin_contract_move(store, "x2", account, "A", STATE_TRASH_ALL, NULL, pool);
    admin_contract_add(store, account, "A", STATE_RECORD_DEVICE, NULL, pool);
    claim = contract_claim(store, &key, contract_long, pool);
    contract_record(store, &key, claim->fence, "newer", pool);
    is_int(admin_contract_restore(store, account, "x2", NULL, pool), 5,
           "also when the device was seen since");
    claim = contract_claim(store, &key, contract_long, pool);
    ok(claim->outcome == STATE_CLAIM_DONE && claim->length == 5, "what was recorded since counts");
    is_int(admin_contract_move(store, "x3", "nobody@x", "A", STATE_TRASH_ALL, NULL, pool), 0,
           "a device that is not there");
}

static base_fault_code_t admin_contract_try(state_store_t *store, const char *id,
                                            state_trash_what_t what, apr_pool_t *pool)
{
    const state_trash_request_t request = {.id = id,
                                           .account = "admin",
                                           .device = "held",
                                           .what = what,
                                           .note = "root",
                                           .ttl = contract_long};
    int moved;

    return base_fault_code(state_trash_move(store, &request, &moved, pool));
}

/* A device record with a wipe is neither moved nor replaced. */
static void admin_contract_held(state_store_t *store, apr_pool_t *pool)
{
    const state_key_t key = {
        .account = "admin", .device = "held", .kind = STATE_RECORD_DEVICE, .name = NULL};
    apr_uint64_t version;
    int restored;

    admin_contract_device(store, "admin", "held", pool);
    is_int(admin_contract_try(store, "held-1", STATE_TRASH_ALL, pool), BASE_FAULT_NONE,
           "a device is removed");
    ok(!contract_set(store, &key, 0, STATE_TRASH_HELD, "device", &version, pool),
       "it is back, and to be wiped");
    is_int(admin_contract_try(store, "held-2", STATE_TRASH_ALL, pool), BASE_FAULT_CONFLICT,
           "it is not removed");
    is_int(base_fault_code(state_trash_restore(store, "admin", "held-1", "held", &restored, pool)),
           BASE_FAULT_CONFLICT, "nor is another record put in its place");
    is_str(contract_get(store, &key, STATE_TRASH_HELD, NULL, pool), "device", "the wipe stays");
    is_int(admin_contract_try(store, "held-3", STATE_TRASH_SYNC, pool), BASE_FAULT_NONE,
           "it is reset");
    is_str(contract_get(store, &key, STATE_TRASH_HELD, NULL, pool), "device", "the wipe stays");
    ok(!state_record_remove(store, &key, pool), "it is released");
    is_int(base_fault_code(state_trash_restore(store, "admin", "held-1", "held", &restored, pool)),
           BASE_FAULT_NONE, "the removal is undone");
    is_int(restored, 5, "whole");
    is_int(admin_contract_try(store, "held-4", STATE_TRASH_ALL, pool), BASE_FAULT_NONE,
           "and done again");
}

static void admin_contract_account(state_store_t *store, apr_pool_t *pool)
{
    const char *const account = "all@y";
    int i;

    for (i = 0; i < 12; i++)
        admin_contract_device(store, account, apr_psprintf(pool, "D%02d", i), pool);
    is_int(admin_contract_move(store, "a1", account, NULL, STATE_TRASH_SYNC, NULL, pool), 48,
           "a reset of all devices");
    for (i = 0; i < 12; i++)
        is_str(admin_contract_show(store, account, apr_psprintf(pool, "D%02d", i), pool), "d$",
               "each");
    admin_contract_add(store, account, "D03", STATE_RECORD_FOLDER, "5", pool);
    is_int(admin_contract_restore(store, account, "a1", NULL, pool), -BASE_FAULT_CONFLICT,
           "one has begun: nothing comes back");
    is_str(admin_contract_show(store, account, "D04", pool), "d$", "nothing at all");
    is_int(admin_contract_restore(store, account, "a1", "D03", pool), -BASE_FAULT_CONFLICT,
           "nor that one alone");
    is_int(admin_contract_restore(store, account, "a1", "D04", pool), 4, "another one does");
    is_str(admin_contract_show(store, account, "D04", pool), "dh5op$", "as it was");
    is_str(admin_contract_list(store, account, pool),
           "a1=D00,D01,D02,D03,D05,D06,D07,D08,D09,D10,D11", "the entry has the others");
    is_int(admin_contract_move(store, "a2", "none@y", NULL, STATE_TRASH_SYNC, NULL, pool), 0,
           "an account without devices");
}

static void admin_contract_ttl(state_store_t *store, apr_pool_t *pool)
{
    state_trash_request_t request = {.id = "t1",
                                     .account = "ttl@y",
                                     .device = "A",
                                     .what = STATE_TRASH_SYNC,
                                     .ttl = contract_short};
    int moved, tries;

    admin_contract_device(store, "ttl@y", "A", pool);
    ok(!state_trash_move(store, &request, &moved, pool), "moved for a short time");
    for (tries = 0; tries < 3000 && *admin_contract_list(store, "ttl@y", pool); tries++)
        usleep(10000);
    is_int(admin_contract_restore(store, "ttl@y", "t1", NULL, pool), -BASE_FAULT_NOT_FOUND,
           "then gone");
    is_str(admin_contract_show(store, "ttl@y", "A", pool), "d$", "the device goes on");
    request.ttl = 0;
    is_int(base_fault_code(state_trash_move(store, &request, &moved, pool)), BASE_FAULT_INVALID,
           "a time there must be");
    is_int(admin_contract_move(store, "a b", "ttl@y", "A", STATE_TRASH_ALL, NULL, pool),
           -BASE_FAULT_INVALID, "and an id");
    is_int(admin_contract_move(store, "a", "ttl@y", NULL, STATE_TRASH_FOLDER, "5", pool),
           -BASE_FAULT_INVALID, "and a device with a folder");
}

static void admin_contract_accounts(state_store_t *store, apr_pool_t *pool)
{
    apr_hash_t *seen = apr_hash_make(pool);
    apr_array_header_t *accounts;
    const char *after = NULL;
    state_rebuild_t rebuild;
    int i, pages = 0, twice = 0;

    for (i = 0; i < 60; i++)
        admin_contract_add(store, apr_psprintf(pool, "page%d@z", i), "D", STATE_RECORD_DEVICE, NULL,
                           pool);
    do {
        if (state_account_list(store, after, 7, &accounts, pool))
            break;
        for (i = 0; i < accounts->nelts; i++) {
            after = APR_ARRAY_IDX(accounts, i, const char *);
            twice += apr_hash_get(seen, after, APR_HASH_KEY_STRING) != NULL;
            apr_hash_set(seen, after, APR_HASH_KEY_STRING, after);
        }
    } while (accounts->nelts == 7 && pages++ < 1000);
    is_int(twice, 0, "accounts, page by page: none twice");
    for (i = 0; i < 60; i++)
        if (!apr_hash_get(seen, apr_psprintf(pool, "page%d@z", i), APR_HASH_KEY_STRING))
            break;
    is_int(i, 60, "none is left out");
    ok(apr_hash_get(seen, CONTRACT_ODD, APR_HASH_KEY_STRING) != NULL, "odd names neither");
    for (after = NULL, i = 0; !state_account_rebuild(store, after, 1, &rebuild, pool);) {
        i += rebuild.accounts;
        twice += rebuild.missing;
        if (!(after = rebuild.next))
            break;
    }
    ok(i > 60 && !after, "a rebuild finds them all");
    is_int(twice, 0, "and that none is missing");
    ok(state_account_rebuild(store, "x", 1, &rebuild, pool) != NULL, "not from just anywhere");
    ok(!state_account_list(store, "no longer@there", 1000, &accounts, pool),
       "a page may follow what is gone");
}

static void admin_contract_audit(state_store_t *store, apr_pool_t *pool)
{
    state_audit_field_t begun[] = {{"actor", "root"}, {"action", "reset"}};
    state_audit_field_t done[] = {
        {"actor", CONTRACT_ODD}, {"action", "reset"}, {"outcome", "done"}};
    apr_array_header_t *entries, *page;
    const state_audit_entry_t *entry;
    const char *first, *second, *third;
    int i;

    ok(!state_audit_begin(store, begun, 2, &first, pool), "an entry before the deed");
    ok(!state_audit_begin(store, begun, 2, &second, pool), "another one");
    ok(!state_audit_end(store, second, done, 3, pool), "and after it");
    ok(!state_audit_end(store, second, done, 3, pool), "twice is once");
    ok(!state_audit_list(store, NULL, 2, &entries, pool) && entries->nelts == 2, "both are listed");
    entry = APR_ARRAY_IDX(entries, 0, state_audit_entry_t *);
    is_str(state_audit_field(entry, "outcome"), "done", "the one with its outcome");
    is_str(state_audit_field(entry, "actor"), CONTRACT_ODD, "with every byte");
    entry = APR_ARRAY_IDX(entries, 1, state_audit_entry_t *);
    is_str(entry->id, first, "the other without");
    ok(state_audit_field(entry, "outcome") == NULL && entry->when > 0, "but with its time");
    for (i = 0; i < 20; i++)
        state_audit_begin(store, begun, 2, &third, pool);
    ok(!state_audit_list(store, NULL, 5, &page, pool) && page->nelts == 5, "a page");
    entry = APR_ARRAY_IDX(page, 0, state_audit_entry_t *);
    is_str(entry->id, third, "begins with the newest");
    entry = APR_ARRAY_IDX(page, 4, state_audit_entry_t *);
    ok(!state_audit_list(store, entry->id, 1000, &page, pool) && page->nelts == 17,
       "the rest follows");
    is_int(base_fault_code(state_audit_list(store, "x", 1, &page, pool)), BASE_FAULT_INVALID,
           "a bad id is refused");
}

static const char *admin_contract_recorded_of(state_store_t *store, state_recorder_kind_t kind,
                                              const char *account, const char *device,
                                              apr_pool_t *pool)
{
    apr_array_header_t *entries;

    if (state_recorder_read(store, kind, account, device, &entries, pool))
        return "(fault)";
    return contract_join(entries, pool);
}

static const char *admin_contract_recorded(state_store_t *store, const char *account,
                                           const char *device, apr_pool_t *pool)
{
    return admin_contract_recorded_of(store, STATE_RECORDER_EXCHANGES, account, device, pool);
}

static void admin_contract_recorder(state_store_t *store, apr_pool_t *pool)
{
    const char *const account = CONTRACT_ODD;
    char *large = apr_psprintf(pool, "%0*d", STATE_RECORDER_EXCHANGE_MAX + 1, 0);
    int i;

    is_str(admin_contract_recorded(store, account, "R", pool), "", "no exchanges yet");
    for (i = 1; i <= 7; i++)
        ok(!state_recorder_add(store, STATE_RECORDER_EXCHANGES, account, "R", apr_itoa(pool, i), 5,
                               pool),
           "an exchange");
    is_str(admin_contract_recorded(store, account, "R", pool), "7,6,5,4,3", "the last five");
    ok(!state_recorder_add(store, STATE_RECORDER_EXCHANGES, account, "R", "8 \"\xc3\xbc\"", 2,
                           pool),
       "of which two stay");
    is_str(admin_contract_recorded(store, account, "R", pool), "8 \"\xc3\xbc\",7", "with any text");
    is_str(admin_contract_recorded(store, account, "S", pool), "", "another device has none");
    is_int(base_fault_code(
               state_recorder_add(store, STATE_RECORDER_EXCHANGES, account, "R", large, 5, pool)),
           BASE_FAULT_TOO_LARGE, "a large one is refused");
    is_int(base_fault_code(
               state_recorder_add(store, STATE_RECORDER_EXCHANGES, account, "R", "x", 0, pool)),
           BASE_FAULT_INVALID, "to keep none");
    ok(!state_recorder_add(store, STATE_RECORDER_TRACE, account, "R", large, 5, pool),
       "a trace's entries may be larger");
    is_str(admin_contract_recorded_of(store, STATE_RECORDER_TRACE, account, "R", pool), large,
           "they are apart");
    admin_contract_device(store, account, "R", pool);
    admin_contract_move(store, "e1", account, "R", STATE_TRASH_SYNC, NULL, pool);
    is_str(admin_contract_recorded(store, account, "R", pool), "8 \"\xc3\xbc\",7",
           "a reset leaves them");
    is_int(admin_contract_move(store, "e2", account, "R", STATE_TRASH_ALL, NULL, pool), 1,
           "a removal");
    is_str(admin_contract_recorded(store, account, "R", pool), "", "takes them");
    is_str(admin_contract_recorded_of(store, STATE_RECORDER_TRACE, account, "R", pool), "",
           "and the trace");
    is_int(admin_contract_restore(store, account, "e2", NULL, pool), 1, "they come back");
    is_str(admin_contract_recorded_of(store, STATE_RECORDER_TRACE, account, "R", pool), large,
           "the trace too");
    is_str(admin_contract_recorded(store, account, "R", pool), "8 \"\xc3\xbc\",7", "with the rest");
    admin_contract_move(store, "e3", account, "R", STATE_TRASH_ALL, NULL, pool);
    state_recorder_add(store, STATE_RECORDER_EXCHANGES, account, "R", "new", 5, pool);
    admin_contract_restore(store, account, "e3", NULL, pool);
    is_str(admin_contract_recorded(store, account, "R", pool), "new", "but do not hide newer ones");
}

/* Devices that commit while somebody resets and brings back: who is in the trash is whole. */
static void *APR_THREAD_FUNC admin_contract_race_reset(apr_thread_t *thread, void *data)
{
    contract_racer_t *racer = data;
    int me = __atomic_fetch_add(racer->ready, 1, __ATOMIC_ACQ_REL), i;
    apr_pool_t *pool;

    (void)thread;
    apr_pool_create(&pool, NULL);
    while (__atomic_load_n(racer->ready, __ATOMIC_ACQUIRE) < CONTRACT_THREADS)
        sched_yield();
    for (i = 0; i < 60; i++) {
        if (me == 0) {
            const char *id = apr_psprintf(pool, "race%d", i);
            int moved = admin_contract_move(racer->store, id, "reset-race@x", NULL,
                                            STATE_TRASH_SYNC, NULL, pool);

            racer->faults += moved < 0 && moved != -BASE_FAULT_BUSY;
            racer->won += moved > 0;
            if (moved > 0 &&
                admin_contract_restore(racer->store, "reset-race@x", id, NULL, pool) >= 0)
                racer->conflicts++;
        }
        else {
            state_key_t key =
                contract_folder("reset-race@x", apr_itoa(pool, me), apr_itoa(pool, i % 7));
            apr_uint64_t version = 0, later;
            base_fault_code_t code;

            contract_get(racer->store, &key, "a", &version, pool);
            code = contract_set(racer->store, &key, version, "a", "x", &later, pool);
            racer->faults += code != BASE_FAULT_NONE && code != BASE_FAULT_CONFLICT;
        }
        apr_pool_clear(pool);
    }
    apr_pool_destroy(pool);
    return NULL;
}

static void admin_contract_races(state_store_t *store, apr_pool_t *pool)
{
    contract_racer_t sum = contract_race(store, admin_contract_race_reset, pool);
    apr_array_header_t *devices, *folders;
    int i, k, broken = 0;

    is_int(sum.faults, 0, "resets and commits at the same time do not fail");
    printf("# %d resets found something, %d were undone\n", sum.won, sum.conflicts);
    state_device_list(store, "reset-race@x", &devices, pool);
    for (i = 0; i < devices->nelts; i++) {
        const char *device = APR_ARRAY_IDX(devices, i, const char *);

        state_record_list(store, "reset-race@x", device, STATE_RECORD_FOLDER, &folders, pool);
        for (k = 0; k < folders->nelts; k++) {
            state_key_t key =
                contract_folder("reset-race@x", device, APR_ARRAY_IDX(folders, k, const char *));

            broken += contract_get(store, &key, "a", NULL, pool) == NULL;
        }
        broken += !folders->nelts;
    }
    is_int(broken, 0, "what is listed is there");
}

#endif
