/* What every store must do with tables; part of the contract (state_contract.h). */
#ifndef T_UNIT_STATE_TABLE_CONTRACT_H
#define T_UNIT_STATE_TABLE_CONTRACT_H

#include "state/table.h"

static const char *table_contract_get(state_store_t *store, const char *name, apr_pool_t *pool)
{
    const char *value = "(fault)";

    state_table_read(store, STATE_TABLE_ACCESS, &name, 1, &value, pool);
    return value;
}

static void table_contract_write(state_store_t *store, apr_pool_t *pool)
{
    static const char *const names[] = {"v", "none", "d:" CONTRACT_ODD};
    const state_table_entry_t first[] = {
        {"v", "1"}, {"d:" CONTRACT_ODD, "odd \xc3\xbc"}, {"x", ""}};
    const state_table_entry_t second[] = {{"v", "2"}, {"x", NULL}};
    const state_key_t key = {.account = "table@x", .device = "D", .kind = STATE_RECORD_DEVICE};
    static const char *const fields[] = {"a"};
    const state_table_beside_t beside = {.key = &key, .names = fields, .count = 1};
    state_record_t *record = NULL;
    const char *values[3] = {"?", "?", "?"};
    apr_uint64_t version;

    ok(!state_table_write(store, STATE_TABLE_ACCESS, "v", NULL, first, 3, pool), "a first write");
    is_int(contract_set(store, &key, 0, "a", "beside", &version, pool), BASE_FAULT_NONE,
           "a record");
    ok(!state_table_read_beside(store, STATE_TABLE_ACCESS, names, 3, &beside, values, &record,
                                pool),
       "read with it");
    is_str(values[0], "1", "a value");
    is_str(values[1], NULL, "one that is not there");
    is_str(values[2], "odd \xc3\xbc", "one of an odd name");
    ok(record && record->version == version && record->count == 1, "and the record");
    is_str(table_contract_get(store, "x", pool), "", "an empty text is one");
    is_int(
        base_fault_code(state_table_write(store, STATE_TABLE_ACCESS, "v", NULL, second, 2, pool)),
        BASE_FAULT_CONFLICT, "somebody else was faster");
    is_str(table_contract_get(store, "x", pool), "", "nothing is written");
    ok(!state_table_write(store, STATE_TABLE_ACCESS, "v", "1", second, 2, pool),
       "what was expected");
    is_str(table_contract_get(store, "x", pool), NULL, "one is taken away");
    is_str(table_contract_get(store, "v", pool), "2", "one replaced");
    values[0] = "?";
    ok(!state_table_read(store, STATE_TABLE_ACCESS_NEWS, names, 1, values, pool) && !values[0],
       "another table knows nothing of it");
}

static void table_contract_list(state_store_t *store, apr_pool_t *pool)
{
    apr_hash_t *seen = apr_hash_make(pool);
    apr_array_header_t *entries;
    const char *next = NULL;
    int i, pages = 0, faults = 0;

    for (i = 0; i < 1000; i++) {
        const state_table_entry_t entry = {apr_psprintf(pool, "n%d", i), "text"};

        faults +=
            state_table_write(store, STATE_TABLE_ACCESS_NEWS, NULL, NULL, &entry, 1, pool) != NULL;
    }
    do {
        faults += state_table_list(store, STATE_TABLE_ACCESS_NEWS, next, 100, &entries, &next,
                                   pool) != NULL;
        for (i = 0; !faults && i < entries->nelts; i++)
            apr_hash_set(seen, APR_ARRAY_IDX(entries, i, state_table_entry_t).name,
                         APR_HASH_KEY_STRING, "");
        pages++;
    } while (!faults && next);
    is_int(faults, 0, "a table is listed");
    is_int((int)apr_hash_count(seen), 1000, "all of it");
    ok(pages > 1, "page by page");
}

#endif
