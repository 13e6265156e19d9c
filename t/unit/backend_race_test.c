/* The local driver while other processes rename, deliver and remove messages as fast as they can,
 * and while several processes of its own write: nothing is lost, told twice, or told as gone that
 * is only being renamed. Times are bounded by work, not by the clock. */
#include "backend_maildir.h"

#include <signal.h>
#include <apr_general.h>

enum { MESSAGES = 400 };

static unsigned race_random(unsigned *state)
{
    *state = *state * 1103515245 + 12345;
    return *state >> 16 & 0x7fff;
}

static void exit_with_parent(pid_t parent)
{
    if (getppid() != parent)
        _exit(0);
}

/* Another program that changes flags of the messages for ever; each of two starts its own half,
 * so that it always knows a message's name. */
static pid_t renamer_start(const char *box, int half)
{
    static const char *const flags[] = {"", "S", "F", "FS", "RS", "DFPRS", "Sa", "ab"};
    int at[MESSAGES] = {0};
    unsigned state = 7 + (unsigned)half;
    pid_t parent = getpid(), child;

    fflush(stdout);
    child = fork();
    if (child != 0)
        return child;
    for (;;) {
        int i = (int)(race_random(&state) % (MESSAGES / 2)) * 2 + half;
        int next = (int)(race_random(&state) % 8);
        char from[600], to[600];

        snprintf(from, sizeof from, "%s/cur/m%d.host:2,%s", box, i, flags[at[i]]);
        snprintf(to, sizeof to, "%s/cur/m%d.host:2,%s", box, i, flags[next]);
        if (rename(from, to) == 0)
            at[i] = next;
        exit_with_parent(parent);
    }
}

static void stop(pid_t child)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static void messages_make(const char *account)
{
    int i;

    maildir_make_all(account, NULL);
    for (i = 0; i < MESSAGES; i++)
        message_write(path_of("%s/Maildir/cur/m%d.host:2,", account, i), "x", 1000 + i);
}

/* Applies the changes to the picture of a device; counts what must not be. */
typedef struct {
    int seen[MESSAGES + 1];
    apr_uint64_t token[MESSAGES + 1];
    int strange; /* gone, or a uid that no message has */
    int told;
} picture_t;

static void picture_update(picture_t *picture, const backend_changes_t *changes)
{
    int i;

    picture->strange += changes->gone_count;
    for (i = 0; i < changes->upsert_count; i++) {
        apr_uint64_t uid = changes->upserts[i].uid;

        picture->told++;
        if (uid < 1 || uid > MESSAGES) {
            picture->strange++;
            continue;
        }
        picture->seen[uid] = 1;
        picture->token[uid] = changes->upserts[i].token;
    }
}

/* Looks that many times from a process of its own; its exit status says whether all was well. */
static int looks(const char *account, int rounds, int writes)
{
    backend_t *backend = store_start("");
    picture_t picture;
    const char *cursor;
    unsigned state = (unsigned)getpid();
    apr_pool_t *keep, *pool;
    int i;

    memset(&picture, 0, sizeof picture);
    apr_pool_create(&keep, NULL);
    apr_pool_create(&pool, keep);
    cursor = NULL;
    for (i = 0; i < rounds; i++) {
        backend_session_t *session;
        backend_changes_t *changes;
        const char *inbox;
        backend_entry_t e;

        must(backend_session_open(backend, account, &session, pool), "open");
        inbox = contract_role(session, BACKEND_ROLE_INBOX, pool);
        if (!cursor)
            cursor = apr_pstrdup(keep, contract_probe(session, inbox, pool));
        contract_probe(session, inbox, pool);
        must(backend_folder_changes(session, inbox, cursor, 1000, &changes, pool), "changes");
        picture_update(&picture, changes);
        cursor = apr_pstrdup(keep, changes->cursor);
        if (writes) {
            apr_uint64_t uid = 1 + race_random(&state) % MESSAGES;
            const char *text;

            must(backend_item_set_flags(session, inbox, uid, 16, race_random(&state) % 2 ? 16 : 0,
                                        &e, pool),
                 "set_flags under renames");
            text = contract_text(session, inbox, 1 + race_random(&state) % MESSAGES, pool);
            picture.strange += !text || strcmp(text, "x") != 0;
        }
        apr_pool_clear(pool);
    }
    if (picture.strange)
        printf("# %d strange of %d\n", picture.strange, picture.told);
    fflush(stdout);
    return picture.strange == 0 && picture.told > 0;
}

static pid_t looks_start(const char *account, int rounds, int writes)
{
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child == 0)
        _exit(looks(account, rounds, writes) ? 0 : 1);
    return child;
}

static void test_renamers(apr_pool_t *pool)
{
    const char *box = path_of("renamed/Maildir");
    backend_session_t *session;
    pid_t renamers[2], lookers[3];
    apr_uint64_t count;
    int i, status;

    messages_make("renamed");
    for (i = 0; i < 2; i++)
        renamers[i] = renamer_start(box, i);
    for (i = 0; i < 3; i++)
        lookers[i] = looks_start("renamed", 60, 0);
    for (i = 0; i < 3; i++) {
        status = 0;
        waitpid(lookers[i], &status, 0);
        is_int(status, 0, "nothing that is only renamed is told as gone, or as another message");
    }
    for (i = 0; i < 2; i++)
        stop(renamers[i]);
    must(backend_session_open(store_start(""), "renamed", &session, pool), "open");
    contract_probe(session, contract_role(session, BACKEND_ROLE_INBOX, pool), pool);
    must(backend_folder_count(session, contract_role(session, BACKEND_ROLE_INBOX, pool),
                              &contract_all, &count, pool),
         "count");
    is_int((long long)count, MESSAGES, "all messages are known");
}

/* After the storm the index says what the disk says. */
static void flags_compare(backend_session_t *session, const char *inbox, const char *cur,
                          apr_pool_t *pool)
{
    int i, same = 0;

    for (i = 0; i < MESSAGES; i++) {
        const char *name = entry_of(cur, apr_psprintf(pool, "m%d.host", i)), *info;
        backend_entry_t e;
        apr_uint64_t token = 0;

        if (!name || !(info = strstr(name, ":2,")))
            continue;
        token |= strchr(info, 'S') ? BACKEND_FLAG_SEEN : 0;
        token |= strchr(info, 'F') ? BACKEND_FLAG_FLAGGED : 0;
        token |= strchr(info, 'R') ? BACKEND_FLAG_ANSWERED : 0;
        token |= strchr(info, 'P') ? BACKEND_FLAG_FORWARDED : 0;
        token |= strchr(info, 'D') ? BACKEND_FLAG_DRAFT : 0;
        must(backend_item_entry(session, inbox, (apr_uint64_t)i + 1, &e, pool), "entry");
        same += e.token == token;
    }
    is_int(same, MESSAGES, "and all flags are those on disk");
}

static void test_writers(apr_pool_t *pool)
{
    const char *box = path_of("written/Maildir");
    backend_session_t *session;
    const char *inbox;
    pid_t renamer, lookers[3];
    int i, status;

    messages_make("written");
    must(backend_session_open(store_start(""), "written", &session, pool), "open");
    inbox = contract_role(session, BACKEND_ROLE_INBOX, pool);
    contract_probe(session, inbox, pool);
    renamer = renamer_start(box, 0);
    for (i = 0; i < 3; i++)
        lookers[i] = looks_start("written", 60, 1);
    for (i = 0; i < 3; i++) {
        status = 0;
        waitpid(lookers[i], &status, 0);
        is_int(status, 0, "flags are set and messages read while others rename them");
    }
    stop(renamer);
    is_int(entries_of(path_of("written/Maildir/cur")), MESSAGES, "no file is lost or doubled");
    maildir_age(box);
    contract_probe(session, inbox, pool);
    flags_compare(session, inbox, path_of("written/Maildir/cur"), pool);
}

/* Removals in the midst of renames are told, all of them and no other. */
static void test_removals(apr_pool_t *pool)
{
    const char *box = path_of("removed/Maildir"), *cursor, *inbox;
    backend_session_t *session;
    backend_changes_t *changes;
    pid_t renamer;
    int i, right = 1;

    messages_make("removed");
    must(backend_session_open(store_start(""), "removed", &session, pool), "open");
    inbox = contract_role(session, BACKEND_ROLE_INBOX, pool);
    cursor = contract_probe(session, inbox, pool);
    renamer = renamer_start(box, 0);
    for (i = 1; i < 40; i += 2) {
        unlink(path_of("removed/Maildir/cur/m%d.host:2,", i));
        contract_probe(session, inbox, pool);
    }
    stop(renamer);
    maildir_age(box);
    contract_probe(session, inbox, pool);
    must(backend_folder_changes(session, inbox, cursor, 1000, &changes, pool), "changes");
    is_int(changes->gone_count, 20, "removed messages are gone");
    for (i = 0; i < changes->gone_count; i++)
        right &= changes->gone[i] < 41 && changes->gone[i] % 2 == 0; /* uid is index + 1 */
    ok(right, "those and no other");
}

/* -- several processes store, move and remove ------------------------------------------------ */

static int stores(int number)
{
    backend_t *backend = store_start("");
    backend_session_t *session;
    apr_pool_t *pool;
    const char *inbox, *trash;
    int i;

    apr_pool_create(&pool, NULL);
    must(backend_session_open(backend, "stored", &session, pool), "open");
    inbox = contract_role(session, BACKEND_ROLE_INBOX, pool);
    trash = contract_role(session, BACKEND_ROLE_TRASH, pool);
    for (i = 0; i < 12; i++) {
        backend_entry_t mine, e;

        mine = contract_put(session, inbox, "mine", (apr_uint64_t)i % 2, 0,
                            apr_psprintf(pool, "own-%d-%d", number, i), pool);
        contract_put(session, inbox, "everybody's", 0, 0, apr_psprintf(pool, "all-%d", i), pool);
        if (i % 3 == 0)
            must(backend_item_move(session, inbox, mine.uid, trash, NULL, &e, pool), "move");
        if (i % 3 == 1)
            must(backend_item_remove(session, inbox, mine.uid, pool), "remove");
    }
    return 1;
}

static void test_stores(apr_pool_t *pool)
{
    backend_session_t *session;
    const char *inbox, *trash;
    apr_uint64_t n;
    pid_t children[4];
    int i, status;

    must(backend_session_open(store_start(""), "stored", &session, pool), "open");
    inbox = contract_role(session, BACKEND_ROLE_INBOX, pool);
    trash = contract_role(session, BACKEND_ROLE_TRASH, pool);
    fflush(stdout);
    for (i = 0; i < 4; i++) {
        children[i] = fork();
        if (children[i] == 0)
            _exit(stores(i) ? 0 : 1);
    }
    for (i = 0; i < 4; i++) {
        status = 0;
        waitpid(children[i], &status, 0);
        is_int(status, 0, "a process that stores, moves and removes beside others");
    }
    for (i = 0; i < 2; i++) { /* as the index has it, and after a look */
        must(backend_folder_count(session, inbox, &contract_all, &n, pool), "count");
        is_int((long long)n, 12 + 4 * 4, "every message is there, shared names once");
        must(backend_folder_count(session, trash, &contract_all, &n, pool), "count");
        is_int((long long)n, 4 * 4, "or where it was moved to");
        maildir_age(path_of("stored/Maildir"));
        maildir_age(path_of("stored/Maildir/.Trash"));
        contract_probe(session, inbox, pool);
        contract_probe(session, trash, pool);
    }
    is_int(entries_of(path_of("stored/Maildir/new")) + entries_of(path_of("stored/Maildir/cur")),
           12 + 4 * 4, "on disk too");
    is_int(entries_of(path_of("stored/Maildir/tmp")), 0, "and nothing is left in tmp/");
}

/* -- killed in the middle of a put or a replace ---------------------------------------------- */

/* Brings the item to that form, as whoever repeats what was cut short. */
static backend_entry_t edit(backend_session_t *session, const char *inbox, const char *text,
                            apr_uint64_t flags, apr_pool_t *pool)
{
    backend_put_t put = {.derived_name = "edited", .flags = flags};
    backend_blob_t *blob = backend_blob_of(text, strlen(text), pool);
    backend_entry_t entry;
    int existed;

    must(backend_item_put(session, inbox, &put, blob, &entry, &existed, pool), "put");
    if (existed)
        must(
            backend_item_replace(session, inbox, entry.uid, entry.token, flags, blob, &entry, pool),
            "replace");
    return entry;
}

static void edits(pid_t parent)
{
    backend_t *backend = store_start("");
    backend_session_t *session;
    apr_pool_t *pool, *scratch;
    const char *inbox;
    int i;

    apr_pool_create(&pool, NULL);
    apr_pool_create(&scratch, pool);
    must(backend_session_open(backend, "killed", &session, pool), "open");
    inbox = contract_role(session, BACKEND_ROLE_INBOX, pool);
    for (i = 0;; i++) {
        apr_pool_clear(scratch);
        edit(session, inbox, apr_psprintf(scratch, "form %d", i), (apr_uint64_t)i % 4, scratch);
        exit_with_parent(parent);
    }
}

static void test_killed(apr_pool_t *pool)
{
    int round, files = 0, torn = 0, wrong = 0;
    backend_t *backend = store_start("");
    backend_session_t *session;
    unsigned state = 5;
    const char *inbox;
    apr_pool_t *scratch; /* what a call opened is closed with its pool */
    apr_uint64_t n;

    apr_pool_create(&scratch, pool);
    must(backend_session_open(backend, "killed", &session, scratch), "open");
    inbox = contract_role(session, BACKEND_ROLE_INBOX, pool);
    edit(session, inbox, "form", 0, scratch);
    for (round = 0; round < 60; round++) {
        pid_t parent = getpid(), child;
        const char *text, *form;
        backend_entry_t entry;

        apr_pool_clear(scratch);
        form = apr_psprintf(scratch, "form of %d", round);

        fflush(stdout);
        child = fork();
        if (child == 0)
            edits(parent);
        apr_sleep(1000 + race_random(&state) % 30000);
        stop(child);
        files +=
            entries_of(path_of("killed/Maildir/new")) + entries_of(path_of("killed/Maildir/cur")) !=
            1;
        must(backend_session_open(backend, "killed", &session, scratch), "open");
        entry = contract_put(session, inbox, "nothing", 0, 0, "edited", scratch);
        text = contract_text(session, inbox, entry.uid, scratch);
        torn += !text || strncmp(text, "form", 4) != 0;
        entry = edit(session, inbox, form, (apr_uint64_t)round % 4, scratch);
        text = contract_text(session, inbox, entry.uid, scratch);
        wrong += !text || strcmp(text, form) != 0;
    }
    is_int(files, 0, "there is one file, whenever somebody was killed who stored or replaced it");
    is_int(torn, 0, "which holds one of its forms");
    is_int(wrong, 0, "and the repeat brings it to the last");
    maildir_age(path_of("killed/Maildir"));
    contract_probe(session, inbox, pool);
    maildir_age(path_of("killed/Maildir"));
    contract_probe(session, inbox, pool);
    must(backend_folder_count(session, inbox, &contract_all, &n, pool), "count");
    is_int((long long)n, 1, "the index has one as well");
}

/* Processes that find no index make one of it, not several. */
static void test_openers(apr_pool_t *pool)
{
    const char *ids[4];
    pid_t children[4];
    int i, status, same = 1;

    for (i = 0; i < 4; i++)
        ids[i] = path_of("id%d", i);
    maildir_make_all("opened", NULL);
    fflush(stdout);
    for (i = 0; i < 4; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            backend_session_t *session;

            must(backend_session_open(store_start(""), "opened", &session, pool), "open");
            message_write(ids[i], contract_role(session, BACKEND_ROLE_SENT, pool), 0);
            _exit(0);
        }
    }
    for (i = 0; i < 4; i++) {
        waitpid(children[i], &status, 0);
        is_int(status, 0, "one of several that open an account for the first time");
    }
    for (i = 1; i < 4; i++)
        same &= system(apr_psprintf(pool, "cmp -s '%s' '%s'", ids[0], ids[i])) == 0;
    ok(same, "they agree on the folders");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    store_make(pool);
    test_renamers(pool);
    test_writers(pool);
    test_removals(pool);
    test_killed(pool);
    test_stores(pool);
    test_openers(pool);
    store_remove();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
