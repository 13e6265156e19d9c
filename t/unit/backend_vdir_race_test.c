/* The local driver's collections while another program renames, replaces and rewrites files as fast as
 * it can, while several processes of its own write, and when these are killed: nothing is lost, doubled,
 * or told as gone that is only being written. */
#include "backend_vdir.h"

#include <signal.h>
#include <apr_general.h>

enum { CARDS = 60, LOOKS = 150, PUTS = 120, COUNTS = 60 };

static unsigned race_random(unsigned *state)
{
    *state = *state * 1103515245 + 12345;
    return *state >> 16 & 0x7fff;
}

static void stop(pid_t child)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static int exited_well(pid_t child)
{
    int status = 0;

    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Another program, for ever: of each card it changes the name, the file, or the content in place. */
static pid_t other_start(const vdir_t *vdir)
{
    pid_t parent = getpid(), child;
    char name[CARDS][16];
    unsigned state = 5;
    apr_pool_t *pool;
    int i, step;

    fflush(stdout);
    child = fork();
    if (child != 0)
        return child;
    apr_pool_create(&pool, NULL);
    store_pool = pool;
    for (i = 0; i < CARDS; i++)
        snprintf(name[i], sizeof name[i], "%d-a.vcf", i);
    for (step = 0; getppid() == parent; step++) {
        const char *content, *next;

        i = (int)(race_random(&state) % CARDS);
        content = card_of(apr_psprintf(pool, "r-%d", i), apr_psprintf(pool, "step %d", step));
        switch (race_random(&state) % 3) {
        case 0:
            next = apr_psprintf(pool, "%d-%c.vcf", i, 'a' + step % 3);
            card_rename(vdir, name[i], next);
            snprintf(name[i], sizeof name[i], "%s", next);
            break;
        case 1:
            card_write(vdir, name[i], content);
            break;
        default:
            card_rewrite(vdir, name[i], content);
        }
        apr_pool_clear(pool);
    }
    _exit(0);
}

static void test_others(apr_pool_t *pool)
{
    vdir_t vdir = vdir_make("others", pool);
    int i, k, strange = 0, unread = 0, told = 0, wrong = 0;
    backend_changes_t *changes;
    const char *cursor;
    apr_uint64_t n;
    pid_t other;

    for (i = 0; i < CARDS; i++)
        card_write(&vdir, apr_psprintf(pool, "%d-a.vcf", i),
                   card_of(apr_psprintf(pool, "r-%d", i), "x"));
    cursor = apr_pstrdup(pool, contract_probe(vdir.session, vdir.folder, vdir.pool));
    other = other_start(&vdir);
    for (i = 0; i < LOOKS; i++) {
        const char *text;

        apr_pool_clear(vdir.pool);
        must(backend_session_open(vdir.backend, "others", &vdir.session, vdir.pool), "open");
        must(backend_folder_list(vdir.session, &(apr_array_header_t *){NULL}, vdir.pool), "list");
        vdir.folder = vdir_folder(&vdir, BACKEND_CLASS_CONTACTS, "Contacts");
        contract_probe(vdir.session, vdir.folder, vdir.pool);
        must(backend_folder_changes(vdir.session, vdir.folder, cursor, 1000, &changes, vdir.pool),
             "changes");
        strange += changes->gone_count;
        for (k = 0; k < changes->upsert_count; k++)
            strange += changes->upserts[k].uid > CARDS;
        told += changes->upsert_count;
        cursor = apr_pstrdup(pool, changes->cursor);
        text = contract_text(vdir.session, vdir.folder, 1 + (apr_uint64_t)(i % CARDS), vdir.pool);
        unread += !text;
    }
    stop(other);
    is_int(strange, 0, "nothing is gone, nothing is new");
    is_int(unread, 0, "what is renamed can be read");
    ok(told > 0, "changes are told (%d)", told);
    directory_age(vdir.path, 10);
    vdir_open(&vdir);
    contract_probe(vdir.session, vdir.folder, vdir.pool);
    must(backend_folder_count(vdir.session, vdir.folder, &contract_all, &n, vdir.pool), "count");
    is_int((long long)n, CARDS, "at rest all are there");
    for (i = 1; i <= CARDS; i++) {
        const char *text = contract_text(vdir.session, vdir.folder, (apr_uint64_t)i, vdir.pool);
        backend_entry_t e;

        must(backend_item_entry(vdir.session, vdir.folder, (apr_uint64_t)i, &e, vdir.pool),
             "entry");
        /* the last card may have been cut short by the kill */
        wrong += !text || (*text && e.token != backend_content_token(text, strlen(text)));
    }
    ok(wrong <= 1, "with the tokens of their contents");
}

/* Puts each of the names; in another order for each process. */
static int puts_all(const char *account, int start)
{
    backend_t *backend = vdir_start("");
    apr_pool_t *pool;
    int i;

    apr_pool_create(&pool, NULL);
    for (i = 0; i < PUTS; i++) {
        int number = (i + start) % PUTS, existed;
        const char *text = card_of(apr_psprintf(pool, "p-%d", number), "x");
        backend_put_t put = {.derived_name = apr_psprintf(pool, "D-%d", number)};
        backend_session_t *session;
        backend_entry_t e;

        must(backend_session_open(backend, account, &session, pool), "open");
        must(backend_item_put(session, vdir_default(session, BACKEND_CLASS_CONTACTS, pool), &put,
                              backend_blob_of(text, strlen(text), pool), &e, &existed, pool),
             "put");
        apr_pool_clear(pool);
    }
    return 1;
}

/* Output of a child is no test. */
static pid_t puts_start(const char *account, int start)
{
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        if (!freopen("/dev/null", "w", stdout))
            _exit(2);
        _exit(puts_all(account, start) ? 0 : 1);
    }
    return child;
}

static void test_puts(apr_pool_t *pool)
{
    vdir_t vdir = vdir_make("puts", pool);
    pid_t one = puts_start("puts", 0), two = puts_start("puts", PUTS / 2), killed;
    apr_uint64_t n;
    int i;

    ok(exited_well(one) && exited_well(two), "two processes store the same items");
    contract_probe(vdir.session, vdir.folder, vdir.pool);
    must(backend_folder_count(vdir.session, vdir.folder, &contract_all, &n, vdir.pool), "count");
    is_int((long long)n, PUTS, "each is there once");
    vdir = vdir_make("killed", pool);
    for (i = 0; i < 8; i++) {
        killed = puts_start("killed", 0);
        apr_sleep(10000 + 17000 * i);
        stop(killed);
    }
    ok(exited_well(puts_start("killed", 0)), "processes that are killed, until one comes through");
    vdir_open(&vdir);
    contract_probe(vdir.session, vdir.folder, vdir.pool);
    must(backend_folder_count(vdir.session, vdir.folder, &contract_all, &n, vdir.pool), "count");
    is_int((long long)n, PUTS, "each is there once");
    is_int(entries_of(vdir.path), PUTS + 1, "in one file");
}

/* Adds to a card's number, by reading and replacing what was read. */
static int counts_up(const char *account, int times)
{
    backend_t *backend = vdir_start("");
    apr_pool_t *pool;
    int i;

    apr_pool_create(&pool, NULL);
    for (i = 0; i < times; apr_pool_clear(pool)) {
        backend_session_t *session;
        const char *folder, *text, *found;
        backend_entry_t e;
        base_fault_t *fault;

        must(backend_session_open(backend, account, &session, pool), "open");
        folder = vdir_default(session, BACKEND_CLASS_CONTACTS, pool);
        contract_probe(session, folder, pool);
        text = contract_text(session, folder, 1, pool);
        found = text ? strstr(text, "FN:") : NULL;
        if (!found)
            return 0;
        found = card_of("count", apr_itoa(pool, atoi(found + 3) + 1));
        fault = backend_item_replace(session, folder, 1, backend_content_token(text, strlen(text)),
                                     0, backend_blob_of(found, strlen(found), pool), &e, pool);
        if (base_fault_code(fault) != BASE_FAULT_CONFLICT)
            must(fault, "replace");
        i += !fault;
    }
    return 1;
}

static void test_replaces(apr_pool_t *pool)
{
    vdir_t vdir = vdir_make("counts", pool);
    pid_t child[3];
    int i, well = 1;

    card_write(&vdir, "count.vcf", card_of("count", "0"));
    contract_probe(vdir.session, vdir.folder, vdir.pool);
    for (i = 0; i < 3; i++) {
        fflush(stdout);
        child[i] = fork();
        if (child[i] == 0) {
            if (!freopen("/dev/null", "w", stdout))
                _exit(2);
            _exit(counts_up("counts", COUNTS) ? 0 : 1);
        }
    }
    for (i = 0; i < 3; i++)
        well &= exited_well(child[i]);
    ok(well, "three processes change one item");
    vdir_open(&vdir);
    contract_probe(vdir.session, vdir.folder, vdir.pool);
    is_str(contract_text(vdir.session, vdir.folder, 1, vdir.pool),
           card_of("count", apr_itoa(pool, 3 * COUNTS)), "and no change is lost");
    is_int(entries_of(vdir.path), 2, "nothing is left behind");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    store_make(pool);
    test_others(pool);
    test_puts(pool);
    test_replaces(pool);
    store_remove();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
