/* What every backend driver must do for folders of other classes than mail: called with a backend that
 * was started with contract_describer. */
#ifndef T_UNIT_BACKEND_CONTRACT_CLASS_H
#define T_UNIT_BACKEND_CONTRACT_CLASS_H

#include "backend_contract.h"
#include "item/kind.h"

/* item_describer, with the date that an item says itself: "X-UNTIL:SECONDS". */
static base_fault_t *contract_describe(const backend_blob_t *blob,
                                       backend_description_t *description, apr_pool_t *pool)
{
    const char *data, *until;

    BASE_TRY(item_describer.describe(blob, description, pool));
    BASE_TRY(backend_blob_load(blob, &data, pool));
    until = strstr(apr_pstrmemdup(pool, data, blob->size), "X-UNTIL:");
    description->date = until ? apr_time_from_sec(atoi(until + 8)) : APR_INT64_MAX;
    return NULL;
}

__attribute__((unused)) static const backend_describer_t contract_describer = {
    .describe = contract_describe, .version = "contract"};

typedef struct {
    backend_session_t *session;
    backend_class_t class_;
    apr_pool_t *pool;
} contract_class_t;

/* An item; until 0: for ever. */
static backend_blob_t *class_item(const contract_class_t *world, const char *uid, const char *text,
                                  int until)
{
    static const char *const components[] = {NULL, "VEVENT", NULL, "VTODO", "VJOURNAL"};
    const char *component = components[world->class_], *date, *item;

    date = until ? apr_psprintf(world->pool, "X-UNTIL:%d\r\n", until) : "";
    if (!component)
        item = apr_psprintf(world->pool,
                            "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:%s\r\nFN:%s\r\nN:%s;;;;\r\n%sEND:"
                            "VCARD\r\n",
                            uid, text, text, date);
    else
        item = apr_psprintf(world->pool,
                            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//EN\r\nBEGIN:%s\r\n"
                            "UID:%s\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260102T100000Z\r\n"
                            "SUMMARY:%s\r\n%sEND:%s\r\nEND:VCALENDAR\r\n",
                            component, uid, text, date, component);
    return backend_blob_of(item, strlen(item), world->pool);
}

static const char *class_create(const contract_class_t *world, const char *parent_id,
                                const char *name)
{
    const char *id;

    must(backend_folder_create(world->session, parent_id, name, world->class_, &id, world->pool),
         name);
    return id;
}

static backend_entry_t class_put(const contract_class_t *world, const char *folder_id,
                                 const backend_blob_t *blob, const char *derived_name)
{
    backend_put_t put = {.derived_name = derived_name};
    backend_entry_t entry;
    int existed;

    must(backend_item_put(world->session, folder_id, &put, blob, &entry, &existed, world->pool),
         "put");
    return entry;
}

static int class_same(const contract_class_t *world, const char *folder_id, apr_uint64_t uid,
                      const backend_blob_t *blob)
{
    const char *text = contract_text(world->session, folder_id, uid, world->pool);

    return text && strlen(text) == blob->size && memcmp(text, blob->data, blob->size) == 0;
}

static void class_find(const contract_class_t *world)
{
    const char *folder = class_create(world, NULL, "find");
    const backend_entry_t one =
        class_put(world, folder, class_item(world, "find-1", "One", 0), NULL);
    backend_entry_t found;

    class_put(world, folder, class_item(world, "find-2", "Two", 0), NULL);
    must(backend_item_find(world->session, folder, "find-1", &found, world->pool), "find");
    ok(found.uid == one.uid && found.token == one.token, "an item is found by the UID in it");
    is_fault(backend_item_find(world->session, folder, "find-3", &found, world->pool),
             BASE_FAULT_NOT_FOUND, "one that no item has is not found");
    must(backend_item_remove(world->session, folder, one.uid, world->pool), "remove");
    is_fault(backend_item_find(world->session, folder, "find-1", &found, world->pool),
             BASE_FAULT_NOT_FOUND, "nor one that is gone");
    is_fault(backend_item_find(world->session, "nosuch", "find-2", &found, world->pool),
             BASE_FAULT_FOLDER_GONE, "nor where there is no folder");
    must(backend_folder_delete(world->session, folder, world->pool), "delete");
}

static const char *class_default(const contract_class_t *world)
{
    apr_array_header_t *folders;
    const char *id = NULL;
    int i, count = 0;

    must(backend_folder_list(world->session, &folders, world->pool), "folder_list");
    for (i = 0; i < folders->nelts; i++) {
        const backend_folder_t *folder = &APR_ARRAY_IDX(folders, i, backend_folder_t);

        if (folder->class_ == world->class_ && folder->role == BACKEND_ROLE_DEFAULT) {
            id = folder->id;
            count++;
        }
    }
    is_int(count, 1, "the class has one default folder");
    return id;
}

static void class_folders(const contract_class_t *world)
{
    backend_session_t *session = world->session;
    const char *standard = class_default(world), *a, *b, *c, *other;
    const backend_folder_t *folder;

    a = class_create(world, NULL, "Fr\xc3\xa9unde & Co. 1/2");
    folder = contract_folder(session, a, world->pool);
    ok(folder && strcmp(folder->name, "Fr\xc3\xa9unde & Co. 1/2") == 0 && !folder->parent_id &&
           folder->class_ == world->class_ && folder->role == BACKEND_ROLE_USER &&
           folder->generation,
       "a created folder is listed");
    is_fault(backend_folder_create(session, NULL, "Fr\xc3\xa9unde & Co. 1/2", world->class_, &other,
                                   world->pool),
             BASE_FAULT_EXISTS, "a name is there once");
    b = class_create(world, a, "..x~");
    folder = contract_folder(session, b, world->pool);
    ok(folder && folder->parent_id && strcmp(folder->parent_id, a) == 0 &&
           strcmp(folder->name, "..x~") == 0,
       "in another one, and with an odd name");
    is_fault(backend_folder_create(session, "nosuch", "x", world->class_, &other, world->pool),
             BASE_FAULT_FOLDER_GONE, "but not in one that is not there");
    is_fault(backend_folder_create(session, NULL, "a\nb", world->class_, &other, world->pool),
             BASE_FAULT_INVALID, "a name is one line");
    c = class_create(world, NULL, "third");
    must(backend_folder_rename(session, b, c, "renamed", world->pool), "rename");
    folder = contract_folder(session, b, world->pool);
    ok(folder && strcmp(folder->name, "renamed") == 0 && strcmp(folder->parent_id, c) == 0,
       "renamed and moved, it keeps its id");
    is_fault(backend_folder_rename(session, c, b, "third", world->pool), BASE_FAULT_INVALID,
             "not below itself");
    is_fault(backend_folder_rename(session, c, NULL, "Fr\xc3\xa9unde & Co. 1/2", world->pool),
             BASE_FAULT_EXISTS, "not onto another");
    is_fault(backend_folder_rename(session, standard, NULL, "x", world->pool), BASE_FAULT_DENIED,
             "the default folder keeps its name");
    is_fault(backend_folder_delete(session, standard, world->pool), BASE_FAULT_DENIED, "and stays");
    must(backend_folder_delete(session, c, world->pool), "delete");
    ok(!contract_folder(session, c, world->pool) && !contract_folder(session, b, world->pool),
       "a folder is deleted with those below it");
    is_fault(backend_folder_delete(session, c, world->pool), BASE_FAULT_FOLDER_GONE, "once");
    ok(strcmp(class_create(world, NULL, "third"), c) != 0, "a new one of its name has another id");
    is_str(class_default(world), standard, "the default folder is the same");
}

static void class_items(const contract_class_t *world)
{
    const char *f = class_create(world, NULL, "items");
    backend_blob_t *one = class_item(world, "u-1", "one", 0), *blob;
    backend_blob_t *two = class_item(world, "u/2 \xc3\xa4:%", "two", 1000);
    backend_update_t update = {.mask = BACKEND_FLAG_SEEN, .values = BACKEND_FLAG_SEEN};
    contract_class_t other = *world;
    backend_put_t put = {.flags = 0};
    backend_entry_t a, b, c, e;
    int existed;

    a = class_put(world, f, one, NULL);
    b = class_put(world, f, two, NULL);
    ok(a.uid > 0 && b.uid > a.uid, "uids ascend");
    ok(a.token && a.token != APR_UINT64_MAX && a.token != b.token, "contents have tokens");
    ok(a.date == APR_INT64_MAX && b.date == apr_time_from_sec(1000), "dates are the describer's");
    ok(a.size == one->size && !a.properties, "an entry is whole");
    ok(class_same(world, f, a.uid, one) && class_same(world, f, b.uid, two),
       "what was put comes back, to the byte");
    must(backend_item_fetch(world->session, f, a.uid, &blob, world->pool), "fetch");
    is_int((long long)blob->size, (long long)a.size, "with its size");
    c = class_put(world, f, one, NULL);
    ok(c.uid > b.uid && c.token == a.token, "the same item once more is another one: same token");
    ok(class_same(world, f, a.uid, one) && class_same(world, f, c.uid, one), "both are there");
    must(backend_item_update(world->session, f, a.uid, &update, &e, world->pool), "update");
    ok(e.uid == a.uid && e.token == a.token, "there are no flags");
    is_fault(backend_item_put(world->session, f, &put,
                              backend_blob_of("Subject: x\n\nx", 13, world->pool), &e, &existed,
                              world->pool),
             BASE_FAULT_INVALID, "what is no item is refused");
    other.class_ =
        world->class_ == BACKEND_CLASS_TASKS ? BACKEND_CLASS_CONTACTS : BACKEND_CLASS_TASKS;
    is_fault(backend_item_put(world->session, f, &put, class_item(&other, "o", "o", 0), &e,
                              &existed, world->pool),
             BASE_FAULT_INVALID, "and what is one of another class");
    is_fault(backend_item_replace(world->session, f, a.uid, a.token, 0,
                                  class_item(&other, "o", "o", 0), &e, world->pool),
             BASE_FAULT_INVALID, "also in another's place");
    must(backend_item_remove(world->session, f, b.uid, world->pool), "remove");
    is_fault(backend_item_entry(world->session, f, b.uid, &e, world->pool), BASE_FAULT_NOT_FOUND,
             "removed");
    is_fault(backend_item_fetch(world->session, f, b.uid, &blob, world->pool), BASE_FAULT_NOT_FOUND,
             "nothing to fetch");
    is_fault(backend_item_remove(world->session, f, b.uid, world->pool), BASE_FAULT_NOT_FOUND,
             "nor to remove");
    is_fault(backend_item_update(world->session, f, b.uid, &update, &e, world->pool),
             BASE_FAULT_NOT_FOUND, "nor to change");
}

static void class_derived(const contract_class_t *world)
{
    const char *f = class_create(world, NULL, "derived"), *g = class_create(world, NULL, "to");
    contract_class_t other = *world;
    backend_blob_t *one = class_item(world, "d-1", "one", 0);
    backend_put_t again = {.derived_name = "L-1_a"};
    backend_entry_t a, b, c, e;
    int existed;

    a = class_put(world, f, one, "L-1_a");
    must(backend_item_put(world->session, f, &again, class_item(world, "d-2", "two", 0), &e,
                          &existed, world->pool),
         "put");
    ok(existed && e.uid == a.uid && e.token == a.token, "a put is there once by its derived name");
    b = class_put(world, f, one, "L-1_b");
    ok(b.uid != a.uid, "another name is another item");
    must(backend_item_move(world->session, f, b.uid, g, "M-1", &c, world->pool), "move");
    ok(class_same(world, g, c.uid, one) && c.token == b.token, "moved as it is");
    is_fault(backend_item_entry(world->session, f, b.uid, &e, world->pool), BASE_FAULT_NOT_FOUND,
             "it is not where it was");
    must(backend_item_move(world->session, f, b.uid, g, "M-1", &e, world->pool), "move again");
    is_int((long long)e.uid, (long long)c.uid, "a repeat finds it");
    is_fault(backend_item_move(world->session, f, b.uid, g, "M-2", &e, world->pool),
             BASE_FAULT_NOT_FOUND, "another name does not");
    must(backend_item_move(world->session, f, a.uid, g, NULL, &e, world->pool), "move");
    ok(class_same(world, g, e.uid, one) && class_same(world, g, c.uid, one),
       "onto an item of the same UID: both are there");
    must(backend_item_move(world->session, g, e.uid, f, "M-3", &e, world->pool), "move back");
    ok(e.uid > b.uid, "what comes back is new");
    other.class_ =
        world->class_ == BACKEND_CLASS_TASKS ? BACKEND_CLASS_CONTACTS : BACKEND_CLASS_TASKS;
    is_fault(backend_item_move(world->session, f, e.uid, class_create(&other, NULL, "elsewhere"),
                               NULL, &e, world->pool),
             BASE_FAULT_INVALID, "a folder of another class does not take it");
    is_fault(backend_item_move(world->session, f, e.uid,
                               contract_role(world->session, BACKEND_ROLE_INBOX, world->pool), NULL,
                               &e, world->pool),
             BASE_FAULT_INVALID, "nor the Inbox");
    ok(class_same(world, f, e.uid, one), "it stays");
}

static void class_replace(const contract_class_t *world)
{
    const char *f = class_create(world, NULL, "replaced"), *cursor;
    backend_blob_t *first = class_item(world, "r-1", "first", 2000);
    backend_blob_t *second = class_item(world, "r-1", "second", 3000);
    backend_entry_t a, b, e;
    backend_changes_t *changes;

    a = class_put(world, f, first, "R-1");
    cursor = contract_probe(world->session, f, world->pool);
    must(backend_item_replace(world->session, f, a.uid, a.token, 0, second, &b, world->pool),
         "replace");
    ok(b.uid == a.uid && b.token != a.token && b.date == apr_time_from_sec(3000) &&
           b.size == second->size,
       "the same item with another content");
    ok(class_same(world, f, a.uid, second), "which is there");
    must(backend_folder_changes(world->session, f, cursor, 9, &changes, world->pool), "changes");
    ok(changes->upsert_count == 1 && changes->gone_count == 0 && changes->upserts[0].uid == a.uid &&
           changes->upserts[0].token == b.token,
       "and told");
    is_fault(backend_item_replace(world->session, f, a.uid, a.token, 0, first, &e, world->pool),
             BASE_FAULT_CONFLICT, "with the token of before it is not");
    ok(class_same(world, f, a.uid, second), "nothing happens then");
    must(backend_item_replace(world->session, f, a.uid, b.token, 0, first, &e, world->pool),
         "replace");
    is_int((long long)e.token, (long long)a.token, "an old content has its old token");
    e = class_put(world, f, second, "R-1");
    ok(e.uid == a.uid && e.token == a.token, "its derived name still finds it");
}

static void class_history(const contract_class_t *world)
{
    const char *f = class_create(world, NULL, "history"), *start, *cursor, *all = "", *x;
    backend_range_t range = contract_all;
    backend_entry_t entry[12];
    apr_uint64_t n;
    int i;

    start = contract_probe(world->session, f, world->pool);
    is_str(contract_probe(world->session, f, world->pool), start, "nothing happened");
    for (i = 0; i < 12; i++)
        entry[i] = class_put(
            world, f,
            class_item(world, apr_psprintf(world->pool, "h-%d", i), "x", i < 6 ? 0 : 1000 * i),
            NULL);
    cursor = contract_probe(world->session, f, world->pool);
    ok(strcmp(start, cursor) != 0, "something happened");
    for (i = 11; i >= 0; i--)
        all = apr_psprintf(world->pool, "%s%d ", all, (int)entry[i].uid);
    is_str(contract_list(world->session, f, range, 5, world->pool), all, "all in pages");
    must(backend_folder_count(world->session, f, &range, &n, world->pool), "count");
    is_int((long long)n, 12, "counted");
    range.since = APR_INT64_MAX;
    must(backend_folder_count(world->session, f, &range, &n, world->pool), "count");
    is_int((long long)n, 6, "those that matter for ever");
    range.since = apr_time_from_sec(9000);
    must(backend_folder_count(world->session, f, &range, &n, world->pool), "count");
    is_int((long long)n, 9, "are among those that still matter at any time");
    range.before = apr_time_from_sec(11000);
    is_str(contract_list(world->session, f, range, 5, world->pool),
           apr_psprintf(world->pool, "%d %d ", (int)entry[10].uid, (int)entry[9].uid),
           "and not among those that end before one");
    must(backend_item_remove(world->session, f, entry[3].uid, world->pool), "remove");
    x = cursor;
    is_str(contract_changes(world->session, f, &x, 1, world->pool),
           apr_psprintf(world->pool, "-%d ", (int)entry[3].uid), "a removal is told");
    is_str(x, contract_probe(world->session, f, world->pool), "up to now");
}

static void class_watching(backend_t *backend, const char *account, const contract_class_t *world)
{
    const char *f = class_create(world, NULL, "watched");
    apr_array_header_t *ids = apr_array_make(world->pool, 1, sizeof(const char *));
    contract_watched_t one = {0};
    backend_watch_t *watch;

    APR_ARRAY_PUSH(ids, const char *) = f;
    must(backend_watch_start(backend, account, ids, contract_changed, &one, &watch, world->pool),
         "watch");
    class_put(world, f, class_item(world, "w-1", "x", 0), NULL);
    ok(contract_watch_fired(&one), "an arrival is told");
    backend_watch_stop(watch);
}

__attribute__((unused)) static void backend_contract_classes(backend_t *backend,
                                                             const char *account,
                                                             apr_pool_t *parent)
{
    int class_;

    for (class_ = BACKEND_CLASS_EMAIL + 1; class_ <= BACKEND_CLASS_NOTES; class_++) {
        contract_class_t world = {.class_ = class_};

        apr_pool_create(&world.pool, parent);
        must(backend_session_open(backend, apr_psprintf(world.pool, "%s-%d", account, class_),
                                  &world.session, world.pool),
             "open");
        class_folders(&world);
        class_items(&world);
        class_find(&world);
        class_derived(&world);
        class_replace(&world);
        class_history(&world);
        class_watching(backend, apr_psprintf(world.pool, "%s-%d", account, class_), &world);
        apr_pool_destroy(world.pool);
    }
}

#endif
