/* The local driver and collections that other programs change: files that come, go, are rewritten and
 * renamed. Directories are in backend_collection_test.c. */
#include "backend_vdir.h"
#include "backend_contract_class.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <apr_general.h>
#include <sqlite3.h>

/* Stands for the C library's: a file of that inode cannot be read. */
static ino_t unreadable;

ssize_t read(int descriptor, void *buffer, size_t size)
{
    struct stat info;

    if (unreadable && fstat(descriptor, &info) == 0 && info.st_ino == unreadable) {
        errno = EIO;
        return -1;
    }
    return syscall(SYS_read, descriptor, buffer, size);
}

static int vdir_same(const vdir_t *vdir, apr_uint64_t uid, const char *content)
{
    const char *text = contract_text(vdir->session, vdir->folder, uid, vdir->pool);

    return text && strcmp(text, content) == 0;
}

static const char *vdir_list(const vdir_t *vdir)
{
    contract_probe(vdir->session, vdir->folder, vdir->pool);
    return contract_list(vdir->session, vdir->folder, contract_all, 100, vdir->pool);
}

/* Makes everything look at rest: files are then old enough to be told apart by their ctimes. */
static void vdir_settle(const vdir_t *vdir)
{
    apr_sleep(LOCAL_QUIET_USEC + APR_USEC_PER_SEC / 5);
    directory_age(vdir->path, 10);
    contract_probe(vdir->session, vdir->folder, vdir->pool);
}

static void test_own_files(apr_pool_t *pool)
{
    vdir_t vdir = vdir_make("own", pool);
    contract_class_t world = {vdir.session, BACKEND_CLASS_CONTACTS, vdir.pool};
    backend_blob_t *card = class_item(&world, "urn:uuid:1", "Anna", 0);
    struct stat info, directory;
    backend_entry_t e;

    is_str(vdir_folders(&vdir), "c!:Calendar p!:Contacts t!:Tasks n!:Notes ",
           "every class has a default folder");
    is_str(vdir_folders(&vdir), "c!:Calendar p!:Contacts t!:Tasks n!:Notes ", "once");
    chmod(vdir.path, 02770);
    class_put(&world, vdir.folder, class_item(&world, "u@h-1", "x", 0), NULL);
    ok(entry_of(vdir.path, "u@h-1.vcf") != NULL, "a file has the name of its UID");
    ok(stat(apr_pstrcat(pool, vdir.path, "/u@h-1.vcf", NULL), &info) == 0 &&
           stat(vdir.path, &directory) == 0 && (info.st_mode & 0777) == 0660 &&
           info.st_gid == directory.st_gid,
       "and permissions as the collection");
    e = class_put(&world, vdir.folder, card, "D-1");
    ok(entry_of(vdir.path, "D-1.vcf") != NULL, "a UID that is no name for a file gives none");
    class_put(&world, vdir.folder, class_item(&world, "u-2", "x", 0), "D-2");
    ok(entry_of(vdir.path, "u-2.D-2.vcf") != NULL, "one with a derived name has both");
    class_put(&world, vdir.folder, class_item(&world, "D-3", "x", 0), "D-3");
    ok(entry_of(vdir.path, "D-3.vcf") != NULL, "which may be the same");
    is_int(entries_of(vdir.path), 5, "and displayname, nothing else");
    must(backend_item_replace(vdir.session, vdir.folder, e.uid, e.token, 0,
                              class_item(&world, "urn:uuid:1", "Berta", 0), &e, vdir.pool),
         "replace");
    is_int(entries_of(vdir.path), 5, "a replaced one keeps its name");
    ok(stat(apr_pstrcat(pool, vdir.path, "/D-1.vcf", NULL), &info) == 0 &&
           (info.st_mode & 0777) == 0660,
       "and has the collection's permissions");
    ok(access(apr_pstrcat(pool, vdir.path, "/.mobilesync-folder", NULL), F_OK) == 0,
       "the id file is hidden");
}

static void test_changes_of_others(apr_pool_t *pool)
{
    vdir_t vdir = vdir_make("others", pool);
    const char *cursor = contract_probe(vdir.session, vdir.folder, vdir.pool);
    backend_entry_t a, b;

    card_write(&vdir, "a.vcf", card_of("u-a", "Anna"));
    card_write(&vdir, "b.vcf", card_of(NULL, "Berta"));
    card_write(&vdir, "c.VCF", card_of("u-c", "Carla"));
    is_str(vdir_changes(&vdir, &cursor), "+1 +2 +3 ", "files of others");
    must(backend_item_entry(vdir.session, vdir.folder, 1, &a, vdir.pool), "entry");
    is_str(vdir_changes(&vdir, &cursor), "", "once");
    card_rewrite(&vdir, "a.vcf", card_of("u-a", "Anne"));
    is_str(vdir_changes(&vdir, &cursor), "+1 ", "one is rewritten in place");
    must(backend_item_entry(vdir.session, vdir.folder, 1, &b, vdir.pool), "entry");
    ok(a.token != b.token && vdir_same(&vdir, 1, card_of("u-a", "Anne")), "it has another token");
    card_write(&vdir, "a.vcf", card_of("u-a", "Anja"));
    is_str(vdir_changes(&vdir, &cursor), "+1 ", "another takes its place");
    card_rename(&vdir, "a.vcf", "x.vcf");
    is_str(vdir_changes(&vdir, &cursor), "", "it is renamed: the same item");
    ok(vdir_same(&vdir, 1, card_of("u-a", "Anja")), "which is read there");
    card_rename(&vdir, "b.vcf", "y.vcf");
    is_str(vdir_changes(&vdir, &cursor), "", "so is one without UID");
    card_rename(&vdir, "x.vcf", "z.vcf");
    card_rewrite(&vdir, "z.vcf", card_of("u-a", "Andrea"));
    is_str(vdir_changes(&vdir, &cursor), "+1 ", "renamed and changed: the same item");
    card_rename(&vdir, "z.vcf", "tmp");
    card_rename(&vdir, "c.VCF", "z.vcf");
    card_rename(&vdir, "tmp", "c.VCF");
    is_str(vdir_changes(&vdir, &cursor), "", "two change names: each is what it was");
    ok(vdir_same(&vdir, 1, card_of("u-a", "Andrea")) &&
           vdir_same(&vdir, 3, card_of("u-c", "Carla")),
       "by their UIDs");
    message_write(apr_pstrcat(pool, vdir.path, "/z.vcf", NULL), card_of("u-c", "Carla"), 5000);
    is_str(vdir_changes(&vdir, &cursor), "", "the same content, another time: nothing to tell");
    card_write(&vdir, "d.vcf", card_of("u-c", "Carla"));
    is_str(vdir_changes(&vdir, &cursor), "+4 ", "a copy is another item");
    card_write(&vdir, "y.vcf", card_of("u-n", "New"));
    is_str(vdir_changes(&vdir, &cursor), "+2 ", "another item in the place of one: a change");
    is_str(vdir_list(&vdir), "4 3 2 1 ", "all are there");
}

static void test_removals(apr_pool_t *pool)
{
    vdir_t vdir = vdir_make("removals", pool);
    const char *cursor;
    backend_blob_t *blob;

    card_write(&vdir, "a.vcf", card_of("u-a", "Anna"));
    card_write(&vdir, "b.vcf", card_of("u-b", "Berta"));
    cursor = contract_probe(vdir.session, vdir.folder, vdir.pool);
    card_unlink(&vdir, "a.vcf");
    is_fault(backend_item_fetch(vdir.session, vdir.folder, 1, &blob, vdir.pool),
             BASE_FAULT_NOT_FOUND, "a file that another program removed cannot be fetched");
    is_str(vdir_changes(&vdir, &cursor), "", "missed: not gone yet");
    card_write(&vdir, "other.vcf", card_of("u-a", "Anna"));
    is_str(vdir_changes(&vdir, &cursor), "", "it was being renamed: the same item");
    card_unlink(&vdir, "other.vcf");
    is_str(vdir_changes(&vdir, &cursor), "", "missed again");
    directory_age(vdir.path, 10);
    is_str(vdir_changes(&vdir, &cursor), "-1 ", "and in a directory at rest: gone");
    card_unlink(&vdir, "b.vcf");
    is_fault(backend_item_remove(vdir.session, vdir.folder, 2, vdir.pool), BASE_FAULT_NOT_FOUND,
             "what is not there is not removed");
    directory_age(vdir.path, 10);
    is_str(vdir_changes(&vdir, &cursor), "-2 ", "at once where nothing moves");
}

/* What is no item, and what becomes one. */
static void test_not_items(apr_pool_t *pool)
{
    vdir_t vdir = vdir_make("strange", pool);
    const char *cursor = contract_probe(vdir.session, vdir.folder, vdir.pool);
    char *large = apr_palloc(pool, LOCAL_VDIR_FILE_MAX + 100);

    card_write(&vdir, ".hidden.vcf", card_of("u-1", "x"));
    card_write(&vdir, "x.vcf.tmp", card_of("u-2", "x"));
    card_write(&vdir, "x.txt", card_of("u-3", "x"));
    card_write(&vdir, "vcf", card_of("u-4", "x"));
    card_write(&vdir, "empty.vcf", "");
    card_write(&vdir, "text.vcf", "this is no card\n");
    card_write(&vdir, "cut.vcf", "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u-5\r\nFN:x\r\nEND:VC");
    memset(large, 'x', LOCAL_VDIR_FILE_MAX + 99);
    large[LOCAL_VDIR_FILE_MAX + 99] = '\0';
    memcpy(large, "BEGIN:VCARD\n", 12);
    card_write(&vdir, "large.vcf", large);
    mkdir(apr_pstrcat(pool, vdir.path, "/directory.vcf", NULL), 0700);
    mkfifo(apr_pstrcat(pool, vdir.path, "/fifo.vcf", NULL), 0600);
    ok(symlink(path_of("elsewhere.vcf"), apr_pstrcat(pool, vdir.path, "/link.vcf", NULL)) == 0,
       "a link");
    message_write(path_of("elsewhere.vcf"), card_of("u-6", "x"), 0);
    card_write(&vdir, "odd \xff name.vcf", card_of("u-7", "Odd"));
    is_str(vdir_changes(&vdir, &cursor), "+1 ", "of all that was just written one is an item");
    ok(vdir_same(&vdir, 1, card_of("u-7", "Odd")), "whatever its name");
    card_rewrite(&vdir, "text.vcf", card_of("u-8", "Mended"));
    is_str(vdir_changes(&vdir, &cursor), "+2 ", "what becomes one is there");
    card_write(&vdir, "busy.vcf",
               "BEGIN:VCALENDAR\nBEGIN:VFREEBUSY\nEND:VFREEBUSY\nEND:VCALENDAR\n");
    vdir_settle(&vdir);
    is_str(vdir_changes(&vdir, &cursor), "+3 +4 +5 ", "so is what is damaged, once it is at rest");
    card_rewrite(&vdir, "text.vcf", "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u-8\r\nFN:Men");
    directory_age(vdir.path, 11);
    is_str(vdir_changes(&vdir, &cursor), "", "what is being written is not gone");
    card_rewrite(&vdir, "text.vcf", card_of("u-8", "Mended again"));
    is_str(vdir_changes(&vdir, &cursor), "+2 ", "it is the same item");
    card_rewrite(&vdir, "text.vcf", "nothing any more");
    vdir_settle(&vdir);
    is_str(vdir_changes(&vdir, &cursor), "+2 ", "what stays broken is not gone, either");
    card_write(&vdir, "text.vcf", card_of("u-8", "Back"));
    is_str(vdir_changes(&vdir, &cursor), "+2 ", "and mended it is the same item");
}

/* Where nobody watches, a file that is rewritten in place is found by a sweep. */
static void test_sweep(apr_pool_t *pool)
{
    vdir_t vdir = vdir_make("sweep", pool);
    const char *cursor;
    sqlite3 *db;

    card_write(&vdir, "a.vcf", card_of("u-a", "Anna"));
    contract_probe(vdir.session, vdir.folder, vdir.pool);
    vdir_settle(&vdir);
    cursor = contract_probe(vdir.session, vdir.folder, vdir.pool);
    card_rewrite(&vdir, "a.vcf", card_of("u-a", "Anne"));
    ok(sqlite3_open(path_of("sweep/mobilesync/index.sqlite"), &db) == SQLITE_OK &&
           sqlite3_exec(db, "UPDATE folder SET swept = swept - 70000000", NULL, NULL, NULL) ==
               SQLITE_OK,
       "a minute goes by");
    sqlite3_close(db);
    is_str(vdir_changes(&vdir, &cursor), "+1 ", "a file that was rewritten in place is found");
    vdir_settle(&vdir);
    ok(sqlite3_open(path_of("sweep/mobilesync/index.sqlite"), &db) == SQLITE_OK &&
           sqlite3_exec(db,
                        "UPDATE folder SET described = 'older'; UPDATE item SET date = 5, "
                        "identity = 'x'",
                        NULL, NULL, NULL) == SQLITE_OK,
       "an index that another version wrote");
    sqlite3_close(db);
    is_str(vdir_changes(&vdir, &cursor), "+1 ", "is learnt anew, and what differs is told");
    card_rename(&vdir, "a.vcf", "b.vcf");
    is_str(vdir_changes(&vdir, &cursor), "", "with the UIDs");
}

/* A phone's changes meet those of another program. */
static void test_conflicts(apr_pool_t *pool)
{
    vdir_t vdir = vdir_make("conflicts", pool);
    contract_class_t world = {vdir.session, BACKEND_CLASS_CONTACTS, vdir.pool};
    backend_entry_t a, e;
    const char *friends = class_create(&world, NULL, "Friends");
    const char *to = apr_pstrcat(pool, vdir.root, "/Friends", NULL);

    a = class_put(&world, vdir.folder, class_item(&world, "c-1", "one", 0), "D-1");
    vdir_settle(&vdir);
    card_rewrite(&vdir, "c-1.D-1.vcf", card_of("c-1", "Theirs"));
    is_fault(backend_item_replace(vdir.session, vdir.folder, a.uid, a.token, 0,
                                  class_item(&world, "c-1", "ours", 0), &e, vdir.pool),
             BASE_FAULT_CONFLICT, "what another program has just written is not written over");
    ok(vdir_same(&vdir, a.uid, card_of("c-1", "Theirs")), "it stays");
    is_int(entries_of(vdir.path), 2, "and nothing is left behind");
    is_str(vdir_list(&vdir), "1 ", "the item is the same");
    must(backend_item_entry(vdir.session, vdir.folder, a.uid, &a, vdir.pool), "entry");
    card_rename(&vdir, "c-1.D-1.vcf", "new.vcf");
    must(backend_item_replace(vdir.session, vdir.folder, a.uid, a.token, 0,
                              class_item(&world, "c-1", "ours", 0), &a, vdir.pool),
         "replace");
    ok(entry_of(vdir.path, "new.vcf") && !entry_of(vdir.path, "c-1"),
       "one that was renamed meanwhile is found");
    e = class_put(&world, vdir.folder, class_item(&world, "c-1", "one", 0), "D-1");
    is_int((long long)e.uid, (long long)a.uid, "also by its derived name");
    message_write(apr_pstrcat(pool, to, "/new.vcf", NULL), card_of("other", "There"), 0);
    card_rename(&vdir, "new.vcf", "moved.vcf");
    message_write(apr_pstrcat(pool, to, "/moved.vcf", NULL), card_of("third", "There"), 0);
    must(backend_item_move(vdir.session, vdir.folder, a.uid, friends, NULL, &e, vdir.pool), "move");
    is_int(entries_of(to), 4, "a move writes over nothing");
    is_int(entries_of(vdir.path), 1, "and leaves nothing");
    must(backend_item_move(vdir.session, friends, e.uid, vdir.folder, "M-1", &e, vdir.pool),
         "move back");
    ok(entry_of(vdir.path, "moved-") && strstr(entry_of(vdir.path, "moved-"), ".M-1.vcf"),
       "with its derived name");
    card_rename(&vdir, entry_of(vdir.path, "moved-"), "away.txt");
    is_fault(backend_item_move(vdir.session, vdir.folder, e.uid, friends, "M-2", &e, vdir.pool),
             BASE_FAULT_NOT_FOUND, "what is away is not moved");
}

/* What a crash leaves between two steps. */
static void test_crash(apr_pool_t *pool)
{
    vdir_t vdir = vdir_make("crash", pool);
    contract_class_t world = {vdir.session, BACKEND_CLASS_CONTACTS, vdir.pool};
    const char *old = apr_pstrcat(pool, vdir.path, "/.mobilesync-left.tmp", NULL);
    const char *name = apr_pstrcat(pool, vdir.path, "/mobilesync-0123456789abcdef.tmp", NULL);
    struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    backend_put_t put = {.derived_name = "D-9"};
    backend_entry_t e;
    int existed = 0;

    card_write(&vdir, "u-1.D-9.vcf", card_of("u-1", "Anna"));
    must(backend_item_put(vdir.session, vdir.folder, &put, class_item(&world, "u-1", "Anna", 0), &e,
                          &existed, vdir.pool),
         "put");
    ok(existed, "a file that was stored, but not recorded, is found by the repeat");
    is_int(entries_of(vdir.path), 2, "and not stored twice");
    put.derived_name = "D-10";
    card_write(&vdir, "u-3.D-10.vcf", card_of("u-3", "Berta"));
    must(backend_item_put(vdir.session, vdir.folder, &put, class_item(&world, "u-3", "Berta", 0),
                          &e, &existed, vdir.pool),
         "put");
    ok(existed, "also after this session has looked");
    is_int(entries_of(vdir.path), 3, "and not stored twice either");
    card_write(&vdir, ".mobilesync-left.tmp", card_of("u-2", "Left"));
    card_write(&vdir, ".mobilesync-fresh.tmp", card_of("u-2", "Being written"));
    card_write(&vdir, "mobilesync-0123456789abcdef.tmp", "Contacts");
    utimensat(AT_FDCWD, name, times, 0);
    mkdir(apr_pstrcat(pool, vdir.root, "/.mobilesync-gone", NULL), 0700);
    utimensat(AT_FDCWD, old, times, 0);
    is_str(vdir_list(&vdir), "2 1 ", "what was not put in its place is nothing");
    ok(access(old, F_OK) != 0 && access(name, F_OK) != 0, "and removed when it is old");
    ok(access(apr_pstrcat(pool, vdir.path, "/.mobilesync-fresh.tmp", NULL), F_OK) == 0,
       "but not while it may be being written");
    vdir_open(&vdir);
    ok(access(apr_pstrcat(pool, vdir.root, "/.mobilesync-gone", NULL), F_OK) != 0,
       "so is a collection that was being deleted");
}

/* A disk with a bad sector, a file server that answers for some files. */
static void test_unreadable(apr_pool_t *pool)
{
    vdir_t vdir = vdir_make("unreadable", pool);
    const char *cursor = contract_probe(vdir.session, vdir.folder, vdir.pool);
    const char *bad = apr_pstrcat(pool, vdir.path, "/b.vcf", NULL);
    struct stat info;

    card_write(&vdir, "a.vcf", card_of("u-a", "Anna"));
    card_write(&vdir, "b.vcf", card_of("u-b", "Berta"));
    ok(stat(bad, &info) == 0, "there");
    unreadable = info.st_ino;
    is_str(vdir_changes(&vdir, &cursor), "+1 ", "what can be read is an item");
    card_write(&vdir, "c.vcf", card_of("u-c", "Carla"));
    is_str(vdir_changes(&vdir, &cursor), "+2 ", "and goes on to be");
    unreadable = 0;
    card_write(&vdir, "d.vcf", card_of("u-d", "Dora"));
    is_str(vdir_changes(&vdir, &cursor), "+3 +4 ", "and the other one once it can be read");
    unreadable = info.st_ino;
    card_rewrite(&vdir, "b.vcf", card_of("u-b", "Bertha"));
    card_unlink(&vdir, "a.vcf");
    vdir_settle(&vdir);
    is_str(vdir_changes(&vdir, &cursor), "-1 ", "an item that cannot be read stays what it was");
    unreadable = 0;
    card_write(&vdir, "e.vcf", card_of("u-e", "Emil"));
    is_str(vdir_changes(&vdir, &cursor), "+3 +5 ", "until it can");
}

/* -- limits of the machine ------------------------------------------------------------------ */

static int check_read_only(box_t *box)
{
    vdir_t vdir = {.account = box->account, .pool = box->pool, .backend = vdir_start("")};
    contract_class_t world = {NULL, BACKEND_CLASS_CONTACTS, box->pool};
    backend_put_t put = {.flags = 0};
    backend_entry_t e;
    const char *id;
    int existed;

    must(backend_session_open(vdir.backend, vdir.account, &vdir.session, vdir.pool), "open");
    world.session = vdir.session;
    id = vdir_folder(&vdir, BACKEND_CLASS_CONTACTS, "Contacts");
    return has_code(backend_item_entry(vdir.session, id, 1, &e, vdir.pool), BASE_FAULT_NONE) &&
           has_code(backend_item_put(vdir.session, id, &put, class_item(&world, "n", "x", 0), &e,
                                     &existed, vdir.pool),
                    BASE_FAULT_DENIED) &&
           has_code(backend_item_entry(vdir.session, id, 1, &e, vdir.pool), BASE_FAULT_NONE) &&
           has_code(backend_item_replace(vdir.session, id, 1, e.token, 0,
                                         class_item(&world, "a", "y", 0), &e, vdir.pool),
                    BASE_FAULT_DENIED) &&
           has_code(backend_item_remove(vdir.session, id, 1, vdir.pool), BASE_FAULT_DENIED) &&
           has_code(
               backend_folder_create(vdir.session, NULL, "x", BACKEND_CLASS_TASKS, &id, vdir.pool),
               BASE_FAULT_DENIED);
}

/* Mail goes on where nothing else can be made. */
static int check_mail_only(box_t *box)
{
    vdir_t vdir = {.account = box->account, .pool = box->pool, .backend = vdir_start("")};

    must(backend_session_open(vdir.backend, vdir.account, &vdir.session, vdir.pool), "open");
    return strcmp(vdir_folders(&vdir), "") == 0 &&
           contract_role(vdir.session, BACKEND_ROLE_INBOX, vdir.pool) != NULL;
}

static int check_unreadable(box_t *box)
{
    vdir_t vdir = {.account = box->account, .pool = box->pool, .backend = vdir_start("")};

    return has_code(backend_session_open(vdir.backend, vdir.account, &vdir.session, vdir.pool),
                    BASE_FAULT_DENIED);
}

/* A full disk, as far as a limit on file sizes can play one. */
static int check_full(box_t *box)
{
    struct rlimit limit = {.rlim_cur = 2000000, .rlim_max = RLIM_INFINITY};
    vdir_t vdir = {.account = box->account, .pool = box->pool, .backend = vdir_start("")};
    contract_class_t world = {NULL, BACKEND_CLASS_CONTACTS, box->pool};
    char *large = apr_palloc(box->pool, 3000001);
    backend_put_t put = {.flags = 0};
    backend_entry_t e;
    const char *id;
    int existed;

    must(backend_session_open(vdir.backend, vdir.account, &vdir.session, vdir.pool), "open");
    world.session = vdir.session;
    id = vdir_folder(&vdir, BACKEND_CLASS_CONTACTS, "Contacts");
    e = class_put(&world, id, class_item(&world, "s", "small", 0), NULL);
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    memset(large, 'x', 3000000);
    large[3000000] = '\0';
    return has_code(backend_item_put(vdir.session, id, &put, class_item(&world, "l", large, 0), &e,
                                     &existed, vdir.pool),
                    BASE_FAULT_QUOTA) &&
           has_code(backend_item_replace(vdir.session, id, e.uid, e.token, 0,
                                         class_item(&world, "s", large, 0), &e, vdir.pool),
                    BASE_FAULT_QUOTA) &&
           entries_of(path_of("%s/vdir/Contacts", box->account)) == 2 &&
           class_same(&world, id, e.uid, class_item(&world, "s", "small", 0));
}

static void test_limits(apr_pool_t *pool)
{
    vdir_t vdir = vdir_make("readonly", pool);

    card_write(&vdir, "a.vcf", card_of("a", "x"));
    contract_probe(vdir.session, vdir.folder, vdir.pool);
    chmod(vdir.path, 0550);
    chmod(vdir.root, 0550);
    as_nobody(check_read_only, "readonly", "a read-only store can be read", pool);
    maildir_make_all("mailonly", ".Drafts", ".Sent", ".Trash", NULL);
    mkdir(path_of("mailonly/mobilesync"), 0700);
    chmod(path_of("mailonly"), 0550);
    as_nobody(check_mail_only, "mailonly", "without a place for collections there is mail", pool);
    vdir = vdir_make("unreadable", pool);
    chmod(vdir.root, 0);
    as_nobody(check_unreadable, "unreadable",
              "collections that are there and cannot be read are no mailbox without them", pool);
    vdir_make("full", pool);
    as_nobody(check_full, "full", "a full disk is QUOTA, and nothing is lost or left", pool);
}

static void test_many(apr_pool_t *pool)
{
    enum { FILES = 5000 };
    vdir_t vdir = vdir_make("many", pool);
    const char *cursor;
    apr_uint64_t n;
    apr_pool_t *names;
    int i;

    apr_pool_create(&names, pool);
    for (i = 0; i < FILES; i++) {
        store_pool = names;
        card_write(&vdir, apr_psprintf(names, "%05d.vcf", i),
                   card_of(apr_psprintf(names, "m-%d", i), "x"));
        apr_pool_clear(names);
    }
    store_pool = pool;
    cursor = contract_probe(vdir.session, vdir.folder, vdir.pool);
    must(backend_folder_count(vdir.session, vdir.folder, &contract_all, &n, vdir.pool), "count");
    is_int((long long)n, FILES, "many files");
    vdir_settle(&vdir);
    card_rename(&vdir, "00007.vcf", "seven.vcf");
    card_write(&vdir, "00100.vcf", card_of("m-100", "changed"));
    card_write(&vdir, "more.vcf", card_of("more", "x"));
    card_unlink(&vdir, "04000.vcf");
    is_str(vdir_changes(&vdir, &cursor), apr_psprintf(pool, "+%d +%d ", 101, FILES + 1),
           "of which some change");
    directory_age(vdir.path, 20);
    is_str(vdir_changes(&vdir, &cursor), "-4001 ", "and one goes");
}

int main(void)
{
    backend_t *backend;
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    store_make(pool);
    must(backend_start("local",
                       store_arguments(apr_psprintf(pool, "root=%s/%%u handles=2", store_root)),
                       NULL, &contract_describer, &backend, pool),
         "start");
    backend_contract(backend, "mail", pool);
    backend_contract_classes(backend, "alice", pool);
    must(backend_start(
             "local",
             store_arguments(apr_psprintf(pool, "root=%s/%%u vdir=%s/radicale/collection-root/%%u",
                                          store_root, store_root)),
             NULL, &contract_describer, &backend, pool),
         "start");
    backend_contract_classes(backend, "bob", pool);
    test_own_files(pool);
    test_changes_of_others(pool);
    test_removals(pool);
    test_not_items(pool);
    test_sweep(pool);
    test_conflicts(pool);
    test_crash(pool);
    test_unreadable(pool);
    test_limits(pool);
    test_many(pool);
    store_remove();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
