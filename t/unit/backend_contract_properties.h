/* Part of backend_contract.h: what a mail has beside content and flags. */
#ifndef T_UNIT_BACKEND_CONTRACT_PROPERTIES_H
#define T_UNIT_BACKEND_CONTRACT_PROPERTIES_H

#include "backend/properties.h"

/* "follow-up|categories|last-verb", "-" for what is not set. */
static const char *contract_properties(const backend_entry_t *entry, apr_pool_t *pool)
{
    const char *text = "";
    int i;

    if (entry->properties && !backend_properties_any(entry->properties))
        return "empty";
    for (i = 0; entry->properties && i < BACKEND_PROPERTY_COUNT; i++)
        text = apr_pstrcat(pool, text, i ? "|" : "",
                           entry->properties->text[i] ? entry->properties->text[i] : "-",
                           (void *)NULL);
    return text;
}

static backend_entry_t contract_update(backend_session_t *session, const char *folder_id,
                                       apr_uint64_t uid, backend_property_t property,
                                       const char *text, apr_pool_t *pool)
{
    backend_update_t update = {.which = 1u << property};
    backend_entry_t entry;

    update.properties.text[property] = text;
    must(backend_item_update(session, folder_id, uid, &update, &entry, pool), "update");
    return entry;
}

/* Passes when all ways to the entry say the same as this one. */
static void contract_entries(backend_session_t *session, const char *folder_id,
                             const backend_entry_t *entry, const char *since, const char *name,
                             apr_pool_t *pool)
{
    const char *wanted = contract_properties(entry, pool);
    backend_changes_t *changes;
    backend_page_t *page;
    backend_entry_t e;
    int i, found = 0;

    must(backend_item_entry(session, folder_id, entry->uid, &e, pool), "entry");
    found += e.token == entry->token && strcmp(contract_properties(&e, pool), wanted) == 0;
    must(backend_folder_changes(session, folder_id, since, 100, &changes, pool), "changes");
    for (i = 0; i < changes->upsert_count; i++)
        found += changes->upserts[i].uid == entry->uid &&
                 changes->upserts[i].token == entry->token &&
                 strcmp(contract_properties(&changes->upserts[i], pool), wanted) == 0;
    must(backend_folder_enumerate(session, folder_id, &contract_all, 100, &page, pool),
         "enumerate");
    for (i = 0; i < page->count; i++)
        found += page->entries[i].uid == entry->uid && page->entries[i].token == entry->token &&
                 strcmp(contract_properties(&page->entries[i], pool), wanted) == 0;
    is_int(found, 3, name);
}

static void contract_properties_set(backend_session_t *session, const char *f, apr_pool_t *pool)
{
    const char *cursor = contract_probe(session, f, pool), *before;
    backend_entry_t a = contract_put(session, f, "a", BACKEND_FLAG_SEEN, CONTRACT_DATE, NULL, pool);
    backend_entry_t b, c;

    ok(!a.properties, "a mail has no properties at first");
    b = contract_update(session, f, a.uid, BACKEND_PROPERTY_CATEGORIES, "Blue\nR\xc3\xb6t \"'\\",
                        pool);
    is_str(contract_properties(&b, pool), "-|Blue\nR\xc3\xb6t \"'\\|-", "one is set");
    ok(b.token != a.token && BACKEND_FLAGS_OF(b.token) == BACKEND_FLAG_SEEN &&
           !((a.token ^ b.token) & ~BACKEND_PROPERTY_MASK(BACKEND_PROPERTY_CATEGORIES)),
       "which changes its part of the token only");
    contract_entries(session, f, &b, cursor, "it is in every list of entries", pool);
    before = contract_probe(session, f, pool);
    c = contract_update(session, f, a.uid, BACKEND_PROPERTY_CATEGORIES, "Blue\nR\xc3\xb6t \"'\\",
                        pool);
    ok(c.token == b.token && strcmp(contract_probe(session, f, pool), before) == 0,
       "the same once more is no change");
    c = contract_update(session, f, a.uid, BACKEND_PROPERTY_FOLLOW_UP, "x", pool);
    is_str(contract_properties(&c, pool), "x|Blue\nR\xc3\xb6t \"'\\|-", "others stay");
    ok(strcmp(contract_probe(session, f, pool), before) != 0, "another one is a change");
    must(backend_item_set_flags(session, f, a.uid, 255, BACKEND_FLAG_FLAGGED, &c, pool),
         "set_flags");
    is_str(contract_properties(&c, pool), "x|Blue\nR\xc3\xb6t \"'\\|-",
           "they stay when flags change");
    b = contract_update(session, f, a.uid, BACKEND_PROPERTY_FOLLOW_UP, NULL, pool);
    ok(b.token != c.token && BACKEND_PROPERTIES_OF(b.token) != BACKEND_PROPERTIES_OF(a.token),
       "not set any more is another token, and none that there was");
    b = contract_update(session, f, a.uid, BACKEND_PROPERTY_CATEGORIES, NULL, pool);
    ok(!b.properties, "until there is none");
    contract_entries(session, f, &b, cursor, "in every list", pool);
}

static void contract_properties_faults(backend_session_t *session, const char *f, apr_pool_t *pool)
{
    char *much = apr_palloc(pool, BACKEND_PROPERTY_MAX + 2);
    backend_entry_t a = contract_put(session, f, "b", 0, CONTRACT_DATE, NULL, pool), e;
    backend_update_t update = {.mask = 2, .values = 2, .which = 7};

    update.properties.text[0] = "a\001b";
    is_fault(backend_item_update(session, f, a.uid, &update, &e, pool), BASE_FAULT_INVALID,
             "no control characters");
    update.properties.text[0] = "\xff";
    is_fault(backend_item_update(session, f, a.uid, &update, &e, pool), BASE_FAULT_INVALID,
             "UTF-8 only");
    memset(much, 'x', BACKEND_PROPERTY_MAX + 1);
    much[BACKEND_PROPERTY_MAX + 1] = '\0';
    update.properties.text[0] = much;
    is_fault(backend_item_update(session, f, a.uid, &update, &e, pool), BASE_FAULT_TOO_LARGE,
             "not too much");
    must(backend_item_entry(session, f, a.uid, &e, pool), "entry");
    ok(e.token == a.token && !e.properties, "nothing of it is done");
    much[BACKEND_PROPERTY_MAX] = '\0';
    must(backend_item_update(session, f, a.uid, &update, &e, pool), "update");
    is_int(strlen(e.properties->text[0]), BACKEND_PROPERTY_MAX, "much is kept");
    is_int(BACKEND_FLAGS_OF(e.token), BACKEND_FLAG_FLAGGED, "with flags in one step");
    update = (backend_update_t){.which = 1,
                                .match_mask = BACKEND_PROPERTY_MASK(BACKEND_PROPERTY_FOLLOW_UP),
                                .match = a.token};
    is_fault(backend_item_update(session, f, a.uid, &update, &e, pool), BASE_FAULT_CONFLICT,
             "not when it has changed meanwhile");
    update.match_mask = BACKEND_PROPERTY_MASK(BACKEND_PROPERTY_CATEGORIES);
    must(backend_item_update(session, f, a.uid, &update, &e, pool), "update");
    ok(!e.properties, "what else has changed does not matter");
    must(backend_item_remove(session, f, a.uid, pool), "remove");
    is_fault(backend_item_update(session, f, a.uid, &update, &e, pool), BASE_FAULT_NOT_FOUND,
             "nor when it is gone");
}

static void contract_properties_kept(backend_session_t *session, const char *f, apr_pool_t *pool)
{
    const char *g = contract_create(session, NULL, "properties to", pool);
    backend_properties_t properties = {{"follow", "One", NULL}};
    backend_put_t put = {.derived_name = "P-1", .date = CONTRACT_DATE, .properties = &properties};
    backend_blob_t *blob = backend_blob_of("c", 1, pool);
    backend_entry_t a, b;
    int existed;

    must(backend_item_put(session, f, &put, blob, &a, &existed, pool), "put");
    is_str(contract_properties(&a, pool), "follow|One|-", "a mail that comes with properties");
    must(backend_item_replace(session, f, a.uid, a.token, 0, blob, &b, pool), "replace");
    is_str(contract_properties(&b, pool), "follow|One|-", "they stay with another content");
    a = contract_update(session, f, a.uid, BACKEND_PROPERTY_LAST_VERB, "1", pool);
    ok(BACKEND_REVISION_OF(a.token) == BACKEND_REVISION_OF(b.token), "which stays as it is");
    must(backend_item_move(session, f, a.uid, g, NULL, &b, pool), "move");
    is_str(contract_properties(&b, pool), "follow|One|1", "they move along");
    a = contract_update(session, g, b.uid, BACKEND_PROPERTY_CATEGORIES, "Two", pool);
    must(backend_item_move(session, g, b.uid, f, "P-2", &b, pool), "move");
    is_str(contract_properties(&b, pool), "follow|Two|1", "and back");
    put.properties = NULL;
    must(backend_item_remove(session, f, b.uid, pool), "remove");
    must(backend_item_put(session, f, &put, blob, &a, &existed, pool), "put");
    ok(!a.properties && !existed, "another mail does not inherit them");
}

static void contract_properties_all(backend_session_t *session, apr_pool_t *pool)
{
    const char *f = contract_create(session, NULL, "properties", pool);

    contract_properties_set(session, f, pool);
    contract_properties_faults(session, f, pool);
    contract_properties_kept(session, f, pool);
}

#endif
