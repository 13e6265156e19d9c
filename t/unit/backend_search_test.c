/* Searching: what every driver with a search must find, and the index behind it. */
#include "backend_maildir.h"

#include <apr_general.h>
#include <sqlite3.h>

#include "backend/fail.h"

#define A_LONG_TIME apr_time_from_sec(600)

static int extracted;

/* Items of this test have a line for each field: "s" subject, "f" from, "t" to, "c" cc, "x" bcc,
 * "b" body, "a" an attachment, "v" conversation; "!" cannot be read. */
static base_fault_t *extract(const backend_blob_t *blob, backend_text_t *text, apr_pool_t *pool)
{
    static const char letters[] = "sftcxba";
    char *copy, *state = NULL, *line;
    const char *data;

    extracted++;
    must(backend_blob_load(blob, &data, pool), "load");
    copy = apr_pstrmemdup(pool, data, blob->size);
    for (line = apr_strtok(copy, "\n", &state); line; line = apr_strtok(NULL, "\n", &state)) {
        const char *letter = strchr(letters, *line);

        if (*line == '!')
            return base_fault_make(pool, BASE_FAULT_CONVERSION, "not readable");
        if (*line == 'v')
            text->conversation = line + 2;
        else if (letter)
            text->fields[letter - letters] = line + 2;
        text->attachments += *line == 'a';
    }
    return NULL;
}

static apr_uint64_t put(backend_session_t *session, const char *folder, const char *text, int hours,
                        apr_pool_t *parent)
{
    backend_entry_t entry;
    apr_pool_t *pool; /* what a call opened is closed with its pool */

    apr_pool_create(&pool, parent);
    entry = contract_put(session, folder, text, 0, CONTRACT_DATE + hours * apr_time_from_sec(3600),
                         NULL, pool);
    apr_pool_destroy(pool);
    return entry.uid;
}

static backend_query_t *words(const char *text, unsigned fields, int prefix, apr_pool_t *pool)
{
    backend_query_t *query = apr_pcalloc(pool, sizeof *query);

    query->kind = BACKEND_QUERY_TEXT;
    query->text = text;
    query->fields = fields ? fields : BACKEND_FIELDS_ALL;
    query->prefix = prefix;
    return query;
}

static backend_query_t *join(backend_query_kind_t kind, backend_query_t *one, backend_query_t *two,
                             apr_pool_t *pool)
{
    backend_query_t *query = apr_pcalloc(pool, sizeof *query);

    query->kind = kind;
    query->first = one;
    if (one)
        one->next = two;
    return query;
}

static backend_query_t *of_kind(backend_query_kind_t kind, apr_pool_t *pool)
{
    return join(kind, NULL, NULL, pool);
}

static backend_search_t search_in(const char *const *folders, int count, backend_query_t *query)
{
    return (backend_search_t){.folder_ids = folders,
                              .folder_count = count,
                              .query = query,
                              .extract = extract,
                              .extract_version = "1",
                              .limit = 1000,
                              .deadline = apr_time_now() + A_LONG_TIME};
}

static const char *uids(const backend_found_t *found, apr_pool_t *pool)
{
    const char *text = "";
    int i;

    for (i = 0; i < found->count; i++)
        text = apr_psprintf(pool, "%s%d ", text, (int)found->matches[i].uid);
    return text;
}

static const char *find(backend_session_t *session, const char *folder, backend_query_t *query,
                        apr_pool_t *pool)
{
    backend_search_t search = search_in(&folder, 1, query);
    backend_found_t *found;

    must(backend_search(session, &search, &found, pool), "search");
    if (!found->complete || found->total != found->count)
        return "not complete";
    return uids(found, pool);
}

/* -- the contract ------------------------------------------------------------------------------ */

static void contract_words(backend_session_t *session, apr_pool_t *pool)
{
    const char *f = contract_create(session, NULL, "words", pool);
    backend_query_t *one, *two;

    put(session, f, "s Quarterly report\nf Anna Schmidt anna@example.org\nb The numbers are in.", 1,
        pool);
    put(session, f,
        "s Ausflug\nt bert@example.net\nb Gr\xc3\xbc\xc3\x9f"
        "e aus K\xc3\xb6ln",
        2, pool);
    put(session, f,
        "s \xe4\xbc\x9a\xe8\xae\xae\xe8\xae\xb0\xe5\xbd\x95\nb "
        "\xe6\x98\x8e\xe5\xa4\xa9\xe4\xb8\x8b\xe5\x8d\x88",
        3, pool);
    put(session, f,
        "s \xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82 report\nc cecil\na plan.pdf\nv x1", 4,
        pool);
    put(session, f,
        "s \xe0\xa4\xb9\xe0\xa4\xbf\xe0\xa4\xa8\xe0\xa5\x8d\xe0\xa4\xa6\xe0\xa5\x80\nx dora\nb say "
        "\"hello\" world",
        5, pool);
    put(session, f, "!", 6, pool);

#define FIND(text, fields, prefix) find(session, f, words(text, fields, prefix, pool), pool)
    is_str(FIND("report", 0, 0), "4 1 ", "a word, the newest first");
    is_str(FIND("REPORT", 0, 0), "4 1 ", "in any case");
    is_str(FIND("rep", 0, 0), "", "a whole word");
    is_str(FIND("rep", 0, 1), "4 1 ", "the beginning of a word");
    is_str(FIND("port", 0, 1), "", "not its end");
    is_str(FIND("quarterly report", 0, 0), "1 ", "words one after the other");
    is_str(FIND("report quarterly", 0, 0), "", "not the other way round");
    is_str(FIND("quarterly rep", 0, 1), "1 ", "the last may go on");
    is_str(FIND("anna@example.org", 0, 0), "1 ", "an address");
    is_str(FIND("example", 0, 0), "2 1 ", "a part of addresses");
    is_str(FIND("grusse", 0, 0), "", "sharp s is a letter of its own");
    is_str(FIND("koln", 0, 0), "2 ", "without accents");
    is_str(FIND("K\xc3\x96LN", 0, 0), "2 ", "with them");
    is_str(FIND("\xd0\xbf\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82", 0, 0), "4 ", "Cyrillic");
    is_str(FIND("\xe8\xae\xae\xe8\xae\xb0", 0, 0), "3 ", "Chinese, from within a sentence");
    is_str(FIND("\xe8\xae\xb0\xe8\xae\xae", 0, 0), "", "in that order");
    is_str(FIND("\xe0\xa4\xb9\xe0\xa4\xbf\xe0\xa4\xa8\xe0\xa5\x8d\xe0\xa4\xa6\xe0\xa5\x80", 0, 0),
           "5 ", "Hindi");
    is_str(FIND("\xe0\xa4\xb9\xe0\xa4\xbf", 0, 1), "5 ", "and its beginning");
    is_str(FIND("report", 1u << BACKEND_FIELD_BODY, 0), "", "not in another field");
    is_str(FIND("cecil", 1u << BACKEND_FIELD_TO | 1u << BACKEND_FIELD_CC, 0), "4 ",
           "in one of two fields");
    is_str(FIND("dora", 1u << BACKEND_FIELD_BCC, 0), "5 ", "in Bcc");
    is_str(FIND("plan", 1u << BACKEND_FIELD_ATTACHMENT, 0), "4 ", "the name of an attachment");
    is_str(FIND("say \"hello\"", 0, 0), "5 ", "quotation marks are no syntax");
    is_str(FIND("report\" OR \"hello", 0, 0), "", "wherever they are");
    is_str(FIND("*", 0, 0), "", "nothing that is a word");
    is_str(FIND("", 0, 1), "", "nothing at all");
#undef FIND
    one = words("report", 0, 0, pool);
    two = words("anna", 0, 0, pool);
    is_str(find(session, f, join(BACKEND_QUERY_AND, one, two, pool), pool), "1 ", "and");
    is_str(find(session, f, join(BACKEND_QUERY_OR, one, two, pool), pool), "4 1 ", "or");
    one->next = NULL;
    is_str(find(session, f, join(BACKEND_QUERY_NOT, one, NULL, pool), pool), "6 5 3 2 ", "not");
    is_str(find(session, f, of_kind(BACKEND_QUERY_AND, pool), pool), "6 5 4 3 2 1 ", "everything");
    is_str(find(session, f, of_kind(BACKEND_QUERY_OR, pool), pool), "", "nothing");
    is_str(find(session, f, of_kind(BACKEND_QUERY_ATTACHMENTS, pool), pool), "4 ",
           "what has attachments");
    one = of_kind(BACKEND_QUERY_CONVERSATION, pool);
    one->text = "x1";
    is_str(find(session, f, one, pool), "4 ", "a conversation");
    is_str(find(session, f, join(BACKEND_QUERY_NOT, one, NULL, pool), pool), "6 5 3 2 1 ",
           "all but a conversation");
    one = of_kind(BACKEND_QUERY_DATE, pool);
    one->since = CONTRACT_DATE + apr_time_from_sec(2 * 3600);
    one->before = CONTRACT_DATE + apr_time_from_sec(4 * 3600);
    is_str(find(session, f, one, pool), "3 2 ", "a range of dates");
}

/* It follows what happens to the mailbox. */
static void contract_follow(backend_session_t *session, apr_pool_t *pool)
{
    const char *f = contract_create(session, NULL, "follow", pool);
    const char *g = contract_create(session, NULL, "follow too", pool), *both[] = {f, g};
    backend_query_t *query = words("word", 0, 0, pool), *flags = of_kind(BACKEND_QUERY_FLAGS, pool);
    backend_search_t search = search_in(both, 2, query);
    backend_entry_t moved;
    backend_found_t *found;
    const char *text;
    apr_uint64_t uid;
    int before;

    is_str(find(session, f, query, pool), "", "an empty folder");
    uid = put(session, f, "b word", 1, pool);
    is_str(find(session, f, query, pool), apr_psprintf(pool, "%d ", (int)uid), "an arrival");
    flags->mask = BACKEND_FLAG_SEEN;
    is_str(find(session, f, flags, pool), apr_psprintf(pool, "%d ", (int)uid), "not seen");
    before = extracted;
    must(backend_item_set_flags(session, f, uid, 1, 1, &moved, pool), "set_flags");
    is_str(find(session, f, flags, pool), "", "seen");
    is_int(extracted, before, "which takes no reading again");
    text = "b another";
    must(backend_item_replace(session, f, uid, moved.token, 0,
                              backend_blob_of(text, strlen(text), pool), &moved, pool),
         "replace");
    is_str(find(session, f, query, pool), "", "the content is another");
    is_str(find(session, f, words("another", 0, 0, pool), pool),
           apr_psprintf(pool, "%d ", (int)uid), "which is found");
    text = "b word";
    must(backend_item_replace(session, f, uid, moved.token, 0,
                              backend_blob_of(text, strlen(text), pool), &moved, pool),
         "replace");
    is_str(find(session, f, query, pool), apr_psprintf(pool, "%d ", (int)uid), "and back again");
    must(backend_item_move(session, f, uid, g, NULL, &moved, pool), "move");
    is_str(find(session, f, query, pool), "", "moved away");
    must(backend_search(session, &search, &found, pool), "search");
    ok(found->count == 1 && strcmp(found->matches[0].folder_id, g) == 0 &&
           found->matches[0].uid == moved.uid &&
           found->matches[0].generation == contract_folder(session, g, pool)->generation,
       "and found where it is");
    must(backend_item_remove(session, g, moved.uid, pool), "remove");
    is_str(find(session, g, query, pool), "", "removed");
    must(backend_folder_delete(session, g, pool), "folder_delete");
    is_fault(backend_search(session, &search, &found, pool), BASE_FAULT_FOLDER_GONE,
             "a folder that is not there");
}

/* A page of two of what the search finds. */
static const char *page(backend_session_t *session, backend_search_t *search, int skip,
                        backend_found_t **found, apr_pool_t *pool)
{
    search->skip = skip;
    search->limit = 2;
    must(backend_search(session, search, found, pool), "search");
    return uids(*found, pool);
}

static void contract_search_pages(backend_session_t *session, apr_pool_t *pool)
{
    const char *f = contract_create(session, NULL, "search pages", pool);
    backend_search_t search = search_in(&f, 1, words("word", 0, 0, pool));
    backend_found_t *found;
    int i;

    for (i = 1; i <= 5; i++)
        put(session, f, "b word", i, pool);
    search.name = "one";
    is_str(page(session, &search, 2, &found, pool), "3 2 ", "a page of a search that nobody began");
    is_int(found->resumed, 0, "which is said");
    is_str(page(session, &search, 0, &found, pool), "5 4 ", "the first page");
    is_int(found->total, 5, "of so many");
    put(session, f, "b word", 9, pool);
    is_str(page(session, &search, 2, &found, pool), "3 2 ",
           "the next goes on, in spite of arrivals");
    ok(found->resumed && found->total == 5, "and knows what it belongs to");
    is_str(page(session, &search, 4, &found, pool), "1 ", "the last one");
    is_str(page(session, &search, 6, &found, pool), "", "nothing behind it");
    search.name = "two";
    is_str(page(session, &search, 0, &found, pool), "6 5 ", "another search sees the arrival");
    search.name = "three";
    is_str(page(session, &search, 2, &found, pool), "4 3 ",
           "as does one that begins in the middle");
    search.name = "one";
    search.renew = 1;
    is_str(page(session, &search, 2, &found, pool), "4 3 ", "as does one that is renewed");
    search.name = NULL;
    is_str(page(session, &search, 1, &found, pool), "5 4 ", "a page without a name");
}

/* Time is up before everything was read. */
static void contract_late(backend_session_t *session, apr_pool_t *pool)
{
    const char *f = contract_create(session, NULL, "late", pool);
    backend_search_t search = search_in(&f, 1, words("word", 0, 0, pool));
    backend_found_t *found;

    put(session, f, "b word", 1, pool);
    search.deadline = apr_time_now() - apr_time_from_sec(1);
    must(backend_search(session, &search, &found, pool), "search");
    ok(!found->complete && found->total == 0, "nothing was read, and that is said");
    search.deadline = apr_time_now() + A_LONG_TIME;
    must(backend_search(session, &search, &found, pool), "search");
    ok(found->complete && found->total == 1, "the next search goes on");
}

static void contract_version(backend_session_t *session, apr_pool_t *pool)
{
    const char *f = contract_create(session, NULL, "version", pool);
    backend_search_t search = search_in(&f, 1, words("word", 0, 0, pool));
    backend_found_t *found;
    int before;

    put(session, f, "b word", 1, pool);
    must(backend_search(session, &search, &found, pool), "search");
    before = extracted;
    must(backend_search(session, &search, &found, pool), "search");
    is_int(extracted, before, "nothing is read twice");
    search.extract_version = "2";
    must(backend_search(session, &search, &found, pool), "search");
    ok(extracted > before && found->total == 1, "but for an extractor that finds other words");
}

static void contract_search(backend_t *backend, const char *account, apr_pool_t *pool)
{
    backend_session_t *session;

    must(backend_session_open(backend, account, &session, pool), "open");
    contract_words(session, pool);
    contract_follow(session, pool);
    contract_search_pages(session, pool);
    contract_late(session, pool);
    contract_version(session, pool);
}

/* -- the local driver's index -------------------------------------------------------------------- */

/* A new session, as each request has one. */
static const char *find_anew(backend_t *backend, const char *account, const char *folder,
                             backend_query_t *query, apr_pool_t *parent)
{
    backend_session_t *session;
    apr_pool_t *pool;
    const char *result;

    apr_pool_create(&pool, parent);
    must(backend_session_open(backend, account, &session, pool), "open");
    result = apr_pstrdup(parent, find(session, folder, query, pool));
    apr_pool_destroy(pool);
    return result;
}

static void test_damage(apr_pool_t *pool)
{
    backend_t *backend = store_start_at(apr_psprintf(pool, "root=%s", path_of("%%u")));
    const char *path = path_of("damage/mobilesync/search.sqlite"), *f;
    backend_query_t *query = words("word", 0, 0, pool);
    backend_session_t *session;
    int before;
    FILE *file;

    must(backend_session_open(backend, "damage", &session, pool), "open");
    f = contract_create(session, NULL, "damage", pool);
    put(session, f, "b word", 1, pool);
    put(session, f, "b word", 2, pool);
    is_str(find_anew(backend, "damage", f, query, pool), "2 1 ", "two items");
    file = fopen(path, "r+");
    ok(file != NULL, "the index is a file");
    if (file) {
        fwrite("This is no database, it only was one.", 1, 37, file);
        fclose(file);
    }
    is_str(find_anew(backend, "damage", f, query, pool), "2 1 ", "a damaged index is made anew");
    unlink(path);
    is_str(find_anew(backend, "damage", f, query, pool), "2 1 ", "and so is one that was lost");
    before = extracted;
    is_str(find_anew(backend, "damage", f, query, pool), "2 1 ", "it is kept");
    is_int(extracted, before, "between sessions");
}

/* A new generation: nothing of the old one is found. */
static void test_generation(apr_pool_t *pool)
{
    backend_t *backend = store_start_at(apr_psprintf(pool, "root=%s", path_of("%%u")));
    backend_query_t *query = words("word", 0, 0, pool);
    const char *f;
    backend_session_t *session;
    apr_pool_t *first;

    apr_pool_create(&first, pool);
    must(backend_session_open(backend, "carl", &session, first), "open");
    f = apr_pstrdup(pool, contract_create(session, NULL, "renewed", first));
    put(session, f, "b word", 1, first);
    put(session, f, "b other", 2, first);
    apr_pool_destroy(first);
    is_str(find_anew(backend, "carl", f, query, pool), "1 ", "before");
    backend = store_start_at(apr_psprintf(pool, "root=%s", path_of("%%u")));
    unlink(path_of("carl/mobilesync/index.sqlite"));
    unlink(path_of("carl/mobilesync/index.sqlite-wal"));
    unlink(path_of("carl/mobilesync/index.sqlite-shm"));
    is_str(find_anew(backend, "carl", f, query, pool), "1 ",
           "the lost index's uids are not mixed up");
}

/* Rows of words whose items are gone. */
static int dead_words(const char *path)
{
    sqlite3_stmt *statement = NULL;
    sqlite3 *db = NULL;
    int dead = -1;

    if (sqlite3_open(path, &db) == SQLITE_OK &&
        sqlite3_prepare_v2(db, "SELECT dead FROM state", -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        dead = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return dead;
}

/* More is gone than there is: the words begin anew. */
static void test_dead(apr_pool_t *parent)
{
    backend_t *backend = store_start_at(apr_psprintf(parent, "root=%s", path_of("%%u")));
    backend_query_t *query = words("word", 0, 0, parent);
    const char *f, *index = path_of("dead/mobilesync/search.sqlite");
    int round, i, most = 0, last = 0;
    backend_session_t *session;
    apr_pool_t *pool;

    apr_pool_create(&pool, parent);
    must(backend_session_open(backend, "dead", &session, pool), "open");
    f = contract_create(session, NULL, "dead", parent);
    put(session, f, "b word", 1, pool);
    for (round = 0; round < 6; round++) {
        apr_uint64_t uid[250];
        apr_pool_t *inner, *scratch;

        apr_pool_create(&inner, pool);
        apr_pool_create(&scratch, inner);
        for (i = 0; i < 250; i++)
            uid[i] = put(session, f, "b gone", 2, inner);
        is_str(find(session, f, query, inner), "1 ", "what is there is found");
        for (i = 0; i < 250; i++) {
            must(backend_item_remove(session, f, uid[i], scratch), "remove");
            apr_pool_clear(scratch);
        }
        is_str(find(session, f, words("gone", 0, 0, inner), inner), "", "what is gone is not");
        last = dead_words(index);
        most = last > most ? last : most;
        apr_pool_destroy(inner);
    }
    ok(most >= 750 && last < most, "words of what is gone are cleared at times (%d, then %d)", most,
       last);
    apr_pool_destroy(pool);
}

int main(void)
{
    static const apr_array_header_t none = {.elt_size = sizeof(const char *)};
    apr_pool_t *pool;
    backend_t *backend;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    store_make(pool);
    must(backend_start("memory", NULL, NULL, NULL, &backend, pool), "start");
    contract_search(backend, "alice", pool);
    must(backend_start("fail", &none, NULL, NULL, &backend, pool), "start");
    contract_search(backend, "alice", pool);
    contract_search(store_start_at(apr_psprintf(pool, "root=%s", path_of("%%u"))), "alice", pool);
    test_damage(pool);
    test_generation(pool);
    test_dead(pool);
    store_remove();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
