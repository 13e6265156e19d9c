/* The local driver: contract, arguments, accounts, folders. Messages that other programs change
 * are in backend_maildir_test.c. */
#include "backend_maildir.h"

#include <apr_general.h>
#include <apr_md5.h>

#include "backend/local_name.h"

static void test_arguments(apr_pool_t *pool)
{
    static const char *const bad[] = {"maildir=x",
                                      "root=relative/%u",
                                      "root=/same/for/all",
                                      "root=/x/%q",
                                      "root=/x/%u%",
                                      "root=/x/%u maildir=../y",
                                      "root=/x/%u maildir=a/b",
                                      "root=/x/%u maildir=.hidden",
                                      "root=/x/%u index=/y",
                                      "root=/x/%u create=maybe",
                                      "root=/x/%u handles=0",
                                      "root=/x/%u poll=often",
                                      "root=/x/%u aliases=some",
                                      "root=/x/%u colour=red",
                                      "root"};
    size_t i;

    for (i = 0; i < sizeof bad / sizeof *bad; i++)
        is_fault(backend_configure("local", store_arguments(bad[i]), pool), BASE_FAULT_INVALID,
                 apr_psprintf(pool, "'%s' is refused", bad[i]));
    is_fault(backend_configure("local",
                               store_arguments("root=/srv/%d/%n maildir=. index=/var/x/%u "
                                               "create=no domain=a.org domain=b.org "
                                               "users=/x aliases=/y handles=3 poll=1 "
                                               "sent=Gesendet"),
                               pool),
             BASE_FAULT_NONE, "all arguments");
}

static void test_accounts(apr_pool_t *pool)
{
    static const char *const bad[] = {"",     ".",       "..",   "../x",  "a/b",
                                      "/etc", ".hidden", "a\nb", "a\x7f", "x/../y"};
    backend_t *backend = store_start("");
    backend_session_t *session;
    const char *account;
    struct stat info;
    size_t i;

    chmod(store_root, 0755);
    for (i = 0; i < sizeof bad / sizeof *bad; i++)
        is_fault(backend_session_open(backend, bad[i], &session, pool), BASE_FAULT_INVALID,
                 apr_psprintf(pool, "account %d is refused", (int)i));
    must(backend_session_open(backend, "new", &session, pool), "open");
    ok(access(path_of("new/Maildir/cur"), F_OK) == 0, "a new account gets a Maildir");
    ok(access(path_of("new/mobilesync/index.sqlite"), F_OK) == 0, "and an index");
    ok(stat(path_of("new/Maildir/cur"), &info) == 0 && (info.st_mode & 07) == 0,
       "which is not for all to read");
    ok(stat(path_of("new/mobilesync/index.sqlite"), &info) == 0 && (info.st_mode & 077) == 0,
       "nor is the index");
    backend = store_start("create=no");
    is_fault(backend_session_open(backend, "nobody", &session, pool), BASE_FAULT_DENIED,
             "with create=no there is no such mailbox");
    ok(access(path_of("nobody"), F_OK) != 0, "and it is not made");
    backend = store_start_at(apr_psprintf(pool, "root=%s/by/%%d/%%n domain=x.org", store_root));
    must(backend_session_open(backend, "a@x.org", &session, pool), "open");
    ok(access(path_of("by/x.org/a/Maildir/cur"), F_OK) == 0, "%%d and %%n");
    is_fault(backend_session_open(backend, "a", &session, pool), BASE_FAULT_INVALID,
             "an account without a domain is refused where one is needed");
    is_fault(backend_session_open(backend, "a@..", &session, pool), BASE_FAULT_INVALID,
             "a domain that is none too");
    must(backend_resolve(backend, "A@X.org", &account, pool), "resolve");
    is_str(account, "a@x.org", "an address is an account's, whatever its case");
    is_fault(backend_resolve(backend, "b@x.org", &account, pool), BASE_FAULT_NOT_FOUND,
             "an account that is not there has no address");
}

static int address_order(const void *a, const void *b)
{
    return strcmp(((const backend_identity_t *)a)->address,
                  ((const backend_identity_t *)b)->address);
}

/* The addresses of all accounts below that root. */
static const char *listed(const char *root, const char *const *opened, apr_pool_t *pool)
{
    backend_t *backend = store_start_at(apr_psprintf(pool, "root=%s domain=example.org", root));
    apr_array_header_t *accounts;
    backend_session_t *session;
    const char *text = "";
    int i;

    for (; *opened; opened++)
        must(backend_session_open(backend, *opened, &session, pool), "open");
    must(backend_accounts(backend, &accounts, pool), "accounts");
    qsort(accounts->elts, (size_t)accounts->nelts, sizeof(backend_identity_t), address_order);
    for (i = 0; i < accounts->nelts; i++)
        text = apr_pstrcat(pool, text, APR_ARRAY_IDX(accounts, i, backend_identity_t).address, " ",
                           NULL);
    return text;
}

static void test_list(apr_pool_t *pool)
{
    static const char *const bare[] = {"b", "a", NULL};
    static const char *const full[] = {"b@example.org", "a@example.com", "a@example.org", NULL};

    mkdir(path_of("list"), 0755);
    mkdir(path_of("list/no-maildir"), 0755);
    is_str(listed(path_of("list/%%u"), bare, pool), "a@example.org b@example.org ",
           "accounts by name; a folder without a Maildir is none");
    is_str(listed(path_of("list2/%%d/%%n/mail"), full, pool),
           "a@example.com a@example.org b@example.org ", "a folder for each domain");
    is_str(listed(path_of("list3/%%n@%%d"), full, pool),
           "a@example.com a@example.org b@example.org ", "two escapes in one name");
    is_str(listed(path_of("list4/x-%%u-y%%%%/z"), full, pool),
           "a@example.com a@example.org b@example.org ", "with text around it");
    is_str(listed(path_of("list5/%%d/%%u"), full, pool),
           "a@example.com a@example.org b@example.org ", "a domain twice");
}

static void test_resolve(apr_pool_t *pool)
{
    backend_t *backend = store_start("domain=one.org domain=two.org");
    backend_identity_t *identity;
    backend_session_t *session;
    const char *account;

    must(backend_session_open(backend, "bob", &session, pool), "open");
    must(backend_identity(session, &identity, pool), "identity");
    is_str(identity->address, "bob@one.org", "the first domain is an account's");
    must(backend_resolve(backend, "bob@two.org", &account, pool), "resolve");
    is_str(account, "bob", "every domain of ours is delivered to");
    must(backend_resolve(backend, "bob+lists@ONE.org", &account, pool), "resolve");
    is_str(account, "bob", "with a detail");
    is_fault(backend_resolve(backend, "bob@three.org", &account, pool), BASE_FAULT_NOT_FOUND,
             "other domains are not ours");
    is_fault(backend_resolve(backend, "bob", &account, pool), BASE_FAULT_NOT_FOUND,
             "a name without a domain is no address");
    is_fault(backend_resolve(backend, "../bob@one.org", &account, pool), BASE_FAULT_NOT_FOUND,
             "nor is a path");
    is_fault(backend_resolve(backend, "", &account, pool), BASE_FAULT_NOT_FOUND, "nor nothing");
}

/* What the identity of bob says besides his address, in one line. */
static const char *aliases_of(backend_t *backend, apr_pool_t *pool)
{
    backend_session_t *session;
    backend_identity_t *identity;

    must(backend_session_open(backend, "bob", &session, pool), "open");
    must(backend_identity(session, &identity, pool), "identity");
    return apr_array_pstrcat(pool, identity->aliases, ' ');
}

static void test_aliases(apr_pool_t *pool)
{
    static const char content[] = "# what bob is called\n"
                                  "\n"
                                  "Bob.Builder@one.org bob\n"
                                  "info@one.org\tbob@one.org  \n"
                                  "eve@one.org bob\n"
                                  "lost@one.org nosuch\n"
                                  "two@one.org bob, eve\n"
                                  "two@one.org bob eve\n"
                                  "again@one.org info@one.org\n"
                                  "word bob\n"
                                  "alone@one.org\n"
                                  "last@three.org BOB";
    const char *file = path_of("aliases"), *account = "";
    backend_t *backend = store_start(apr_pstrcat(pool, "domain=one.org aliases=", file, NULL));
    backend_session_t *session;

    must(backend_session_open(backend, "eve", &session, pool), "open");
    is_str(aliases_of(backend, pool), "", "no file, no aliases");
    message_write(file, content, 0);
    is_str(aliases_of(backend, pool), "Bob.Builder@one.org eve@one.org last@three.org info@one.org",
           "a file that came later is read");
    must(backend_resolve(backend, "bob.builder@ONE.org", &account, pool), "resolve");
    is_str(account, "bob", "an alias leads to the account");
    must(backend_resolve(backend, "info@one.org", &account, pool), "resolve");
    is_str(account, "bob", "also where it is given as an address");
    must(backend_resolve(backend, "last@three.org", &account, pool), "resolve");
    is_str(account, "bob", "and in another domain");
    must(backend_resolve(backend, "eve@one.org", &account, pool), "resolve");
    is_str(account, "eve", "an account of that name goes before");
    is_fault(backend_resolve(backend, "lost@one.org", &account, pool), BASE_FAULT_NOT_FOUND,
             "an alias of nobody");
    is_fault(backend_resolve(backend, "two@one.org", &account, pool), BASE_FAULT_NOT_FOUND,
             "a list is no alias");
    is_fault(backend_resolve(backend, "again@one.org", &account, pool), BASE_FAULT_NOT_FOUND,
             "nor is an alias of an alias");
    message_write(file, "new@one.org bob\n", 0);
    is_str(aliases_of(backend, pool), "new@one.org", "a changed file is read again");
    unlink(file);
    is_str(aliases_of(backend, pool), "", "and a file that is gone is none");
}

static void test_password(apr_pool_t *pool)
{
    const char *file = path_of("users");
    char hash[120];
    backend_t *backend;

    backend = store_start("");
    is_fault(backend_check_password(backend, "u", "p", pool), BASE_FAULT_UNSUPPORTED,
             "without users= there are no passwords");
    apr_md5_encode("secret", "salt", hash, sizeof hash);
    message_write(file, apr_psprintf(pool, "u2:x\nu:%s:more\nempty:\n", hash), 0);
    backend = store_start(apr_pstrcat(pool, "users=", file, NULL));
    is_fault(backend_check_password(backend, "u", "secret", pool), BASE_FAULT_NONE, "right");
    is_fault(backend_check_password(backend, "u", "Secret", pool), BASE_FAULT_AUTH, "wrong");
    is_fault(backend_check_password(backend, "u", "", pool), BASE_FAULT_AUTH, "none");
    is_fault(backend_check_password(backend, "empty", "", pool), BASE_FAULT_AUTH, "no hash");
    is_fault(backend_check_password(backend, "nosuch", "secret", pool), BASE_FAULT_AUTH, "nobody");
    is_fault(backend_check_password(backend, "../u", "secret", pool), BASE_FAULT_AUTH, "a path");
    unlink(file);
    is_fault(backend_check_password(backend, "u", "secret", pool), BASE_FAULT_UNAVAILABLE,
             "a users file that is gone is not a wrong password");
}

/* -- names ---------------------------------------------------------------------------------- */

static void test_names(apr_pool_t *pool)
{
    static const struct {
        const char *name, *level;
    } both[] = {{"Work", "Work"},
                {"R&D", "R&-D"},
                {"Entw\xc3\xbcrfe", "Entw&APw-rfe"},
                {"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", "&ZeVnLIqe-"}, /* RFC 3501 5.1.3 */
                {"\xf0\x9f\x98\x80", "&2D3eAA-"},
                {"v1.0/x", "v1&AC4-0&AC8-x"},
                {"~peter", "~peter"},
                {"&\xc3\xa4&", "&-&AOQ-&-"}};
    static const struct {
        const char *level, *name;
    } odd[] = {{"&", "&"},                              /* no modified UTF-7: as it is */
               {"&AOQ", "&AOQ"},                        /* not ended */
               {"&A-", "&A-"},                          /* bits left over */
               {"&2D0-", "&2D0-"},                      /* half a surrogate pair */
               {"&3gA-", "&3gA-"},                      /* the other half */
               {"&AAA-", "&AAA-"},                      /* NUL */
               {"Entw\xc3\xbcrfe", "Entw\xc3\xbcrfe"},  /* UTF-8, as some servers write */
               {"Entw\xfcrfe", "Entw\xef\xbf\xbdrfe"}}; /* Latin-1 */
    size_t i;

    for (i = 0; i < sizeof both / sizeof *both; i++) {
        is_str(local_name_encode_level(both[i].name, pool), both[i].level, "a name on disk");
        is_str(local_name_decode_level(both[i].level, pool), both[i].name, "and back");
    }
    for (i = 0; i < sizeof odd / sizeof *odd; i++)
        is_str(local_name_decode_level(odd[i].level, pool), odd[i].name, "an odd name");
}

static void test_message_names(apr_pool_t *pool)
{
    local_name_t parsed;

    local_name_parse("1.M2.h,S=5:2,FSab", &parsed);
    ok(parsed.base_length == 10 && parsed.token == (BACKEND_FLAG_FLAGGED | BACKEND_FLAG_SEEN) &&
           !parsed.trashed,
       "a name with flags and keywords");
    local_name_parse("1:1,S", &parsed);
    ok(parsed.base_length == 1 && parsed.token == 0, "info that is not ':2,'");
    is_str(local_name_with_token("x:2,abSZ", BACKEND_FLAG_DRAFT | BACKEND_FLAG_FORWARDED, pool),
           "x:2,DPZab", "unknown letters stay, sorted");
    is_str(local_name_with_token("x", 0, pool), "x:2,", "a name gets an info");
    is_str(local_name_with_derived("x,S=5:2,S", "L-1", pool), "x,S=5,MS=L-1:2,S", "derived name");
    is_str(local_name_with_derived("x,MS=old,W=3:2,S", "new", pool), "x,MS=new,W=3:2,S",
           "in place of another");
    is_str(local_name_derived("x,MS=L_1-a:2,S", pool), "L_1-a", "and read");
    ok(!local_name_derived("x:2,MS=a", pool) && !local_name_derived("x,MS=:2,", pool),
       "only where it is one");
}

/* -- folders -------------------------------------------------------------------------------- */

/* "name<parent(role) ..." of all folders, in the order of names; ids where asked. */
static const char *tree_text(backend_session_t *session, apr_pool_t *pool)
{
    apr_array_header_t *folders;
    const char *text = "", *last = "";
    int i, k;

    must(backend_folder_list(session, &folders, pool), "folder_list");
    for (i = 0; i < folders->nelts; i++) {
        const backend_folder_t *next = NULL, *parent;

        for (k = 0; k < folders->nelts; k++) {
            const backend_folder_t *folder = &APR_ARRAY_IDX(folders, k, backend_folder_t);

            if (strcmp(folder->name, last) > 0 && (!next || strcmp(folder->name, next->name) < 0))
                next = folder;
        }
        if (!next)
            break;
        parent = next->parent_id ? contract_folder(session, next->parent_id, pool) : NULL;
        text = apr_psprintf(pool, "%s%s%s%s(%d) ", text, next->name, parent ? "<" : "",
                            parent ? parent->name : "", (int)next->role);
        last = next->name;
    }
    return text;
}

static void test_special_folders(apr_pool_t *pool)
{
    backend_session_t *session;

    maildir_make_all("special", ".Sent Items", ".Sent Messages", ".Deleted Messages", ".Spam",
                     ".Draft", ".Archives", NULL);
    must(backend_session_open(store_start(""), "special", &session, pool), "open");
    is_str(tree_text(session, pool),
           "Archives(7) Deleted Messages(3) Draft(2) INBOX(1) Sent Items(4) Sent Messages(0) "
           "Spam(6) ",
           "special folders as other programs call them; nothing is made twice");
    maildir_make_all("german", ".Gesendet", ".Sent", NULL);
    must(backend_session_open(store_start("sent=Gesendet trash=Papierkorb"), "german", &session,
                              pool),
         "open");
    is_str(tree_text(session, pool), "Drafts(2) Gesendet(4) INBOX(1) Papierkorb(3) Sent(0) ",
           "special folders as configured; missing ones are made");
    ok(access(path_of("german/Maildir/.Papierkorb/cur"), F_OK) == 0, "on disk too");
    maildir_make_all("few", NULL);
    must(backend_session_open(store_start("create=no"), "few", &session, pool), "open");
    is_str(tree_text(session, pool), "INBOX(1) ", "with create=no nothing is made");
}

static void test_hierarchy(apr_pool_t *pool)
{
    backend_session_t *session;

    maildir_make_all("tree", ".a", ".a.b", ".a.b.c", ".x.y", ".INBOX.in", ".Entw&APw-rfe",
                     ".r\xc3\xa9sum\xc3\xa9", ".odd..name", ".trailing.", ".Drafts", ".Sent",
                     ".Trash", NULL);
    mkdir(path_of("tree/Maildir/.notmaildir"), 0700);
    message_write(path_of("tree/Maildir/.file"), "x", 0);
    (void)!symlink("/etc", path_of("tree/Maildir/.link"));
    (void)!symlink(path_of("tree/Maildir/.a"), path_of("tree/Maildir/.alink"));
    must(backend_session_open(store_start(""), "tree", &session, pool), "open");
    is_str(tree_text(session, pool),
           "Drafts(2) Entw\xc3\xbcrfe(0) INBOX(1) Sent(4) Trash(3) a(0) b<a(0) c<b(0) in<INBOX(0) "
           "odd..name(0) r\xc3\xa9sum\xc3\xa9(0) trailing.(0) x/y(0) ",
           "the folders of a Maildir; links and others are none");
}

static const char *id_of(backend_session_t *session, const char *name, apr_pool_t *pool)
{
    apr_array_header_t *folders;
    int i;

    must(backend_folder_list(session, &folders, pool), "folder_list");
    for (i = 0; i < folders->nelts; i++)
        if (strcmp(APR_ARRAY_IDX(folders, i, backend_folder_t).name, name) == 0)
            return APR_ARRAY_IDX(folders, i, backend_folder_t).id;
    return NULL;
}

static void test_folders_of_others(apr_pool_t *pool)
{
    backend_t *backend = store_start("");
    const char *box = path_of("others/Maildir"), *a, *b, *copy, *inbox;
    backend_session_t *session;

    maildir_make_all("others", ".a", ".b", NULL);
    must(backend_session_open(backend, "others", &session, pool), "open");
    a = id_of(session, "a", pool);
    b = id_of(session, "b", pool);
    inbox = id_of(session, "INBOX", pool);
    rename(path_of("others/Maildir/.a"), path_of("others/Maildir/.z"));
    rename(path_of("others/Maildir/.b"), path_of("others/Maildir/.a"));
    is_str(id_of(session, "z", pool), a, "a folder that another program renamed keeps its id");
    is_str(id_of(session, "a", pool), b, "so does one that took its name");
    ok(system(apr_psprintf(pool, "cp -a '%s/.z' '%s/.copy'", box, box)) == 0, "copied");
    copy = id_of(session, "copy", pool);
    ok(copy && strcmp(copy, a) != 0, "a copy is another folder");
    is_str(id_of(session, "z", pool), a, "the original stays what it is");
    maildir_remove("others/Maildir/.copy");
    ok(id_of(session, "copy", pool) != NULL, "a folder that is missing is not gone at once");
    directory_age(box, 10);
    ok(!id_of(session, "copy", pool), "but at the second look, when nothing else moved");
    maildir_make_all("others", ".copy", NULL);
    ok(strcmp(id_of(session, "copy", pool), copy) != 0, "a new one of that name is another");
    maildir_remove("others/mobilesync");
    must(backend_session_open(backend, "others", &session, pool), "open");
    ok(strcmp(id_of(session, "z", pool), a) == 0 && strcmp(id_of(session, "a", pool), b) == 0 &&
           strcmp(id_of(session, "INBOX", pool), inbox) == 0,
       "ids outlive the index");
    message_write(path_of("others/Maildir/mobilesync-0123456789abcdef.tmp"), "left", 100000);
    message_write(path_of("others/Maildir/mobilesync-0123456789abcdee.tmp"), "fresh", 0);
    unlink(path_of("others/Maildir/.z/mobilesync-folder"));
    directory_age(box, 20);
    is_str(id_of(session, "z", pool), a, "and, where the index is, the id file");
    ok(access(path_of("others/Maildir/.z/mobilesync-folder"), F_OK) == 0, "which is made again");
    ok(access(path_of("others/Maildir/mobilesync-0123456789abcdef.tmp"), F_OK) != 0,
       "a file that a crash left is removed");
    ok(access(path_of("others/Maildir/mobilesync-0123456789abcdee.tmp"), F_OK) == 0,
       "but not one that may be being written");
}

static void test_folder_names(apr_pool_t *pool)
{
    backend_session_t *session;
    char long_name[256];
    const char *id, *parent;

    must(backend_session_open(store_start(""), "naming", &session, pool), "open");
    parent = contract_role(session, BACKEND_ROLE_INBOX, pool);
    must(backend_folder_create(session, parent, "below", BACKEND_CLASS_EMAIL, &id, pool), "create");
    ok(access(path_of("naming/Maildir/.INBOX.below/cur"), F_OK) == 0, "a folder in the Inbox");
    is_str(contract_folder(session, id, pool)->parent_id, parent, "is in the Inbox");
    memset(long_name, 'x', sizeof long_name);
    long_name[255] = '\0';
    is_fault(backend_folder_create(session, NULL, long_name, BACKEND_CLASS_EMAIL, &id, pool),
             BASE_FAULT_INVALID, "a name that is too long for the disk is refused");
    is_fault(backend_folder_create(session, NULL, "x", BACKEND_CLASS_CALENDAR, &id, pool),
             BASE_FAULT_UNSUPPORTED, "no calendars here");
    maildir_make_all("naming", ".racer", NULL);
    is_fault(backend_folder_create(session, NULL, "racer", BACKEND_CLASS_EMAIL, &id, pool),
             BASE_FAULT_EXISTS, "a folder that another program has just made is there");
    maildir_remove("naming/Maildir/.racer");
    ok(id_of(session, "racer", pool) != NULL, "one that it has just removed is shown for a while");
    must(backend_folder_create(session, NULL, "racer", BACKEND_CLASS_EMAIL, &id, pool), "create");
    is_str(id_of(session, "racer", pool), id, "and gives way to a new one of that name");
}

/* A directory that is in the way of a rename, which the driver does not know as a folder. */
static void test_folder_rename_undone(apr_pool_t *pool)
{
    backend_session_t *session;
    const char *a, *b;

    must(backend_session_open(store_start(""), "undo", &session, pool), "open");
    a = contract_create(session, NULL, "a", pool);
    b = contract_create(session, a, "b", pool);
    mkdir(path_of("undo/Maildir/.new.b"), 0700);
    is_fault(backend_folder_rename(session, a, NULL, "new", pool), BASE_FAULT_EXISTS,
             "a rename that cannot be done");
    is_str(id_of(session, "a", pool), a, "leaves everything");
    is_str(id_of(session, "b", pool), b, "as it was");
    ok(access(path_of("undo/Maildir/.a.b/cur"), F_OK) == 0 &&
           access(path_of("undo/Maildir/.new"), F_OK) != 0,
       "on disk too");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    store_make(pool);
    backend_contract(store_start(""), "alice", pool);
    backend_contract(store_start("maildir=. handles=1"), "bob", pool);
    test_arguments(pool);
    test_accounts(pool);
    test_list(pool);
    test_resolve(pool);
    test_aliases(pool);
    test_password(pool);
    test_names(pool);
    test_message_names(pool);
    test_special_folders(pool);
    test_hierarchy(pool);
    test_folders_of_others(pool);
    test_folder_names(pool);
    test_folder_rename_undone(pool);
    store_remove();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
