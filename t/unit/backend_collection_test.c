/* The local driver and collections as directories: made, named, renamed, copied and deleted by other
 * programs, of several classes, in Radicale's layout; and what is left of them when the index is lost. */
#include "backend_vdir.h"

#include <sys/resource.h>
#include <apr_general.h>

/* A directory with files: names and contents, NULL ends them. */
__attribute__((sentinel)) static void collection_make(const char *path, ...)
{
    const char *name;
    va_list list;

    mkdir(path, 0700);
    va_start(list, path);
    while ((name = va_arg(list, const char *)))
        message_write(apr_pstrcat(store_pool, path, "/", name, NULL), va_arg(list, const char *),
                      0);
    va_end(list);
}

/* An account whose collections were there before. */
static vdir_t collection_account(const char *account, const char *arguments, apr_pool_t *pool)
{
    vdir_t vdir = {.account = account};

    apr_pool_create(&vdir.pool, pool);
    vdir.backend = vdir_start(arguments);
    maildir_make_all(account, ".Drafts", ".Sent", ".Trash", NULL);
    vdir.root = apr_psprintf(pool, "%s/%s/vdir", store_root, account);
    mkdir(vdir.root, 0700);
    return vdir;
}

static const char *in_root(const vdir_t *vdir, const char *name)
{
    return apr_pstrcat(store_pool, vdir->root, "/", name, NULL);
}

static const char *items_of(const vdir_t *vdir, backend_class_t class_, const char *name)
{
    const char *id = vdir_folder(vdir, class_, name);

    if (!*id)
        return "no such folder";
    contract_probe(vdir->session, id, vdir->pool);
    return contract_list(vdir->session, id, contract_all, 100, vdir->pool);
}

/* A fresh session, in which nothing was looked at yet. */
static void again(vdir_t *vdir)
{
    apr_pool_clear(vdir->pool);
    must(backend_session_open(vdir->backend, vdir->account, &vdir->session, vdir->pool), "open");
}

static void test_adopt(apr_pool_t *pool)
{
    vdir_t vdir = collection_account("adopt", "", pool);
    const char *event = calendar_of("VEVENT", "e-1", "x"), *todo = calendar_of("VTODO", "t-1", "x");

    collection_make(in_root(&vdir, "work"), "e.ics", event, "displayname", " Arbeit \n", NULL);
    collection_make(in_root(&vdir, "people"), "p.vcf", card_of("p-1", "x"), NULL);
    collection_make(in_root(&vdir, "both"), "e.ics", event, "t.ics", todo, "color", "#ff0000",
                    NULL);
    collection_make(in_root(&vdir, "Aufgaben"), "displayname", "\n \n", NULL);
    collection_make(in_root(&vdir, "diary"), "j.ics", calendar_of("VJOURNAL", "j-1", "x"), NULL);
    collection_make(in_root(&vdir, "unknown"), NULL, NULL);
    message_write(in_root(&vdir, "file"), "x", 0);
    collection_make(in_root(&vdir, ".hidden"), "p.vcf", card_of("p-1", "x"), NULL);
    ok(symlink(in_root(&vdir, "people"), in_root(&vdir, "link")) == 0, "a link");
    vdir_open(&vdir);
    is_str(items_of(&vdir, BACKEND_CLASS_CALENDAR, "Arbeit"), "1 ", "a calendar by its files");
    is_str(items_of(&vdir, BACKEND_CLASS_CONTACTS, "people"), "1 ", "an address book");
    is_str(items_of(&vdir, BACKEND_CLASS_CALENDAR, "both"), "1 ", "a collection of two classes");
    is_str(items_of(&vdir, BACKEND_CLASS_TASKS, "both"), "1 ", "is a folder of each");
    is_str(items_of(&vdir, BACKEND_CLASS_TASKS, "Aufgaben"), "", "an empty one by its name");
    is_str(items_of(&vdir, BACKEND_CLASS_NOTES, "diary"), "1 ", "notes");
    is_str(items_of(&vdir, BACKEND_CLASS_CALENDAR, "unknown"), "",
           "what nothing is known of is a calendar");
    is_str(vdir_folder(&vdir, BACKEND_CLASS_CONTACTS, "link"), "", "a link is nothing");
    is_str(vdir_folder(&vdir, BACKEND_CLASS_CONTACTS, ".hidden"), "", "nor is what is hidden");
    is_str(vdir_default(vdir.session, BACKEND_CLASS_CONTACTS, vdir.pool),
           vdir_folder(&vdir, BACKEND_CLASS_CONTACTS, "people"),
           "the only one of a class is its default folder");
    is_str(vdir_default(vdir.session, BACKEND_CLASS_TASKS, vdir.pool),
           vdir_folder(&vdir, BACKEND_CLASS_TASKS, "Aufgaben"), "of several the one of that name");
    ok(entry_of(in_root(&vdir, "both"), "color") != NULL, "a colour stays");
    message_write(in_root(&vdir, "unknown/p.vcf"), card_of("p-2", "x"), 0);
    again(&vdir);
    is_str(items_of(&vdir, BACKEND_CLASS_CONTACTS, "unknown"), "1 ", "a guess is put right");
    is_str(vdir_folder(&vdir, BACKEND_CLASS_CALENDAR, "unknown"), "", "by what comes");
    message_write(in_root(&vdir, "work/t.ics"), todo, 0);
    is_str(items_of(&vdir, BACKEND_CLASS_CALENDAR, "Arbeit"), "1 ", "a task in a calendar");
    is_str(items_of(&vdir, BACKEND_CLASS_TASKS, "Arbeit"), "1 ", "makes it a task list, too");
    must(backend_folder_delete(vdir.session, vdir_folder(&vdir, BACKEND_CLASS_TASKS, "Arbeit"),
                               vdir.pool),
         "delete");
    ok(!entry_of(in_root(&vdir, "work"), "t.ics") && entry_of(in_root(&vdir, "work"), "e.ics"),
       "deleted, its tasks go and its events stay");
    again(&vdir);
    is_str(vdir_folder(&vdir, BACKEND_CLASS_TASKS, "Arbeit"), "", "it is no task list any more");
    is_str(items_of(&vdir, BACKEND_CLASS_CALENDAR, "Arbeit"), "1 ", "but a calendar");
}

/* What was a guess stands once it was right; and who deletes what he knows deletes nothing else. */
static void test_views(apr_pool_t *pool)
{
    vdir_t vdir = collection_account("views", "calendar=Mine", pool);
    const char *id;

    collection_make(in_root(&vdir, "Mine"), NULL, NULL);
    collection_make(in_root(&vdir, "first"), NULL, NULL);
    collection_make(in_root(&vdir, "pair"), "e.ics", calendar_of("VEVENT", "e", "x"), NULL);
    vdir_open(&vdir);
    id = apr_pstrdup(pool, vdir_folder(&vdir, BACKEND_CLASS_CALENDAR, "first"));
    message_write(in_root(&vdir, "first/e.ics"), calendar_of("VEVENT", "f", "x"), 0);
    is_str(items_of(&vdir, BACKEND_CLASS_CALENDAR, "first"), "1 ", "a guess was right");
    message_write(in_root(&vdir, "first/t.ics"), calendar_of("VTODO", "t", "x"), 0);
    is_str(items_of(&vdir, BACKEND_CLASS_CALENDAR, "first"), "1 ", "tasks come");
    is_str(items_of(&vdir, BACKEND_CLASS_TASKS, "first"), "1 ", "into a folder of theirs");
    must(backend_item_remove(vdir.session, id, 1, vdir.pool), "remove");
    again(&vdir);
    is_str(vdir_folder(&vdir, BACKEND_CLASS_CALENDAR, "first"), id,
           "a calendar without events is no wrong guess");

    ok(rename(in_root(&vdir, "first/t.ics"), in_root(&vdir, "pair/t.ics")) == 0, "a task more");
    is_str(vdir_folder(&vdir, BACKEND_CLASS_TASKS, "pair"), "", "of which nobody knows yet");
    must(backend_folder_delete(vdir.session, vdir_folder(&vdir, BACKEND_CLASS_CALENDAR, "pair"),
                               vdir.pool),
         "delete");
    ok(!entry_of(in_root(&vdir, "pair"), "e.ics") && entry_of(in_root(&vdir, "pair"), "t.ics"),
       "stays when the calendar that it came into is deleted");
}

/* The lowest descriptor that is free. */
static rlim_t descriptors_used(void)
{
    int descriptor = dup(0);

    close(descriptor);
    return (rlim_t)descriptor;
}

static void descriptors_limit(rlim_t limit)
{
    struct rlimit all;

    getrlimit(RLIMIT_NOFILE, &all);
    all.rlim_cur = limit ? limit : all.rlim_max;
    ok(setrlimit(RLIMIT_NOFILE, &all) == 0, "descriptors: %lu", (unsigned long)all.rlim_cur);
}

static void test_descriptors(apr_pool_t *pool)
{
    vdir_t vdir = collection_account("descriptors", "", pool);
    apr_array_header_t *folders;
    int i, found = 0;

    for (i = 0; i < 60; i++)
        collection_make(in_root(&vdir, apr_psprintf(pool, "many%d", i)), "p.vcf", card_of("p", "x"),
                        NULL);
    again(&vdir);
    descriptors_limit(descriptors_used() + 30);
    must(backend_folder_list(vdir.session, &folders, vdir.pool), "folder_list");
    descriptors_limit(0);
    for (i = 0; i < folders->nelts; i++)
        found += strncmp(APR_ARRAY_IDX(folders, i, backend_folder_t).name, "many", 4) == 0;
    ok(found == 60, "more collections than descriptors: %d", found);
}

/* Two that say so in their id files. */
static void test_default_twice(apr_pool_t *pool)
{
    static const char *const names[] = {"one", "two"};
    vdir_t vdir = collection_account("twice", "", pool);
    size_t i;

    for (i = 0; i < 2; i++)
        collection_make(in_root(&vdir, names[i]), ".mobilesync-folder",
                        apr_psprintf(pool, "contacts id%s 7 default -\n", names[i]), NULL);
    vdir_open(&vdir);
    ok(system(apr_psprintf(pool,
                           "cd '%s' && test $(cat */.mobilesync-folder | grep -c "
                           "'^contacts .* default') = 1 && cat */.mobilesync-folder | grep -q "
                           "'^contacts .* user'",
                           vdir.root)) == 0,
       "one of two default folders is that");
}

/* What an id file says must not stand in the way of the rest of the mailbox. */
static void test_same_id(apr_pool_t *pool)
{
    vdir_t vdir = collection_account("same", "", pool);
    apr_array_header_t *folders;
    const char *inbox;

    again(&vdir);
    must(backend_folder_list(vdir.session, &folders, vdir.pool), "folder_list");
    inbox = apr_pstrdup(pool, contract_role(vdir.session, BACKEND_ROLE_INBOX, vdir.pool));
    collection_make(in_root(&vdir, "both"), ".mobilesync-folder",
                    "contacts same 7 user -\ntasks same 7 user -\n", NULL);
    collection_make(in_root(&vdir, "mail"), ".mobilesync-folder",
                    apr_psprintf(pool, "notes %s 7 user -\n", inbox), NULL);
    again(&vdir);
    ok(strcmp(vdir_folder(&vdir, BACKEND_CLASS_CONTACTS, "both"),
              vdir_folder(&vdir, BACKEND_CLASS_TASKS, "both")) != 0,
       "two views that say they are one are two");
    ok(*vdir_folder(&vdir, BACKEND_CLASS_NOTES, "mail") &&
           strcmp(vdir_folder(&vdir, BACKEND_CLASS_NOTES, "mail"), inbox) != 0,
       "and no collection is the Inbox");
}

static void test_permissions(apr_pool_t *pool)
{
    vdir_t vdir = collection_account("permissions", "", pool);
    const char *id;
    struct stat info;

    vdir_open(&vdir);
    must(backend_folder_create(vdir.session, NULL, "Friends", BACKEND_CLASS_CONTACTS, &id,
                               vdir.pool),
         "create");
    chmod(in_root(&vdir, "Friends"), 0775);
    must(backend_folder_rename(vdir.session, id, NULL, "Freunde", vdir.pool), "rename");
    ok(stat(in_root(&vdir, "Friends/displayname"), &info) == 0 && (info.st_mode & 0777) == 0664,
       "other programs that share the collection can read its name");
}

static void test_directories(apr_pool_t *pool)
{
    vdir_t vdir = vdir_make("directories", pool);
    const char *id, *cursor, *copy, *path = in_root(&vdir, "Friends");
    apr_uint32_t generation;

    must(backend_folder_create(vdir.session, NULL, "Friends", BACKEND_CLASS_CONTACTS, &id,
                               vdir.pool),
         "create");
    id = apr_pstrdup(pool, id);
    message_write(apr_pstrcat(pool, path, "/a.vcf", NULL), card_of("a", "Anna"), 0);
    cursor = apr_pstrdup(pool, contract_probe(vdir.session, id, vdir.pool));
    generation = contract_folder(vdir.session, id, vdir.pool)->generation;
    message_write(apr_pstrcat(pool, path, "/displayname", NULL), "Freunde", 0);
    again(&vdir);
    is_str(vdir_folder(&vdir, BACKEND_CLASS_CONTACTS, "Freunde"), id, "another name");
    ok(rename(path, in_root(&vdir, "moved")) == 0, "another directory");
    again(&vdir);
    is_str(vdir_folder(&vdir, BACKEND_CLASS_CONTACTS, "Freunde"), id, "the same folder");
    is_str(contract_changes(vdir.session, id, &cursor, 9, vdir.pool), "", "nothing to tell of it");
    is_str(contract_text(vdir.session, id, 1, vdir.pool), card_of("a", "Anna"), "its item");
    unlink(in_root(&vdir, "moved/.mobilesync-folder"));
    directory_age(vdir.root, 10);
    again(&vdir);
    is_str(vdir_folder(&vdir, BACKEND_CLASS_CONTACTS, "Freunde"), id, "without its id file too");
    ok(access(in_root(&vdir, "moved/.mobilesync-folder"), F_OK) == 0, "which is written again");
    ok(system(apr_psprintf(pool, "cp -r '%s/moved' '%s/copy'", vdir.root, vdir.root)) == 0,
       "a copy");
    again(&vdir);
    message_write(in_root(&vdir, "copy/displayname"), "Kopie", 0);
    copy = vdir_folder(&vdir, BACKEND_CLASS_CONTACTS, "Kopie");
    ok(*copy && strcmp(copy, id) != 0, "is a folder of its own");
    is_str(vdir_folder(&vdir, BACKEND_CLASS_CONTACTS, "Freunde"), id, "and the other what it was");
    is_int(contract_folder(vdir.session, id, vdir.pool)->generation, generation,
           "of the same generation");
    maildir_remove("directories/vdir/copy");
    again(&vdir);
    directory_age(vdir.root, 10);
    again(&vdir);
    is_str(vdir_folder(&vdir, BACKEND_CLASS_CONTACTS, "Kopie"), "", "what was removed is gone");
    ok(rename(in_root(&vdir, "Contacts"), in_root(&vdir, "renamed")) == 0 &&
           mkdir(in_root(&vdir, "Contacts"), 0700) == 0,
       "another in the place of the default folder");
    message_write(in_root(&vdir, "Contacts/x.vcf"), card_of("x", "x"), 0);
    again(&vdir);
    ok(strcmp(vdir_default(vdir.session, BACKEND_CLASS_CONTACTS, vdir.pool),
              vdir_folder(&vdir, BACKEND_CLASS_CONTACTS, "Contacts")) == 0,
       "the default folder is the one that it was");
    maildir_remove("directories/vdir/renamed");
    again(&vdir);
    directory_age(vdir.root, 10);
    again(&vdir);
    ok(vdir_default(vdir.session, BACKEND_CLASS_CONTACTS, vdir.pool) != NULL,
       "when it goes another one takes its place");
}

static void test_index(apr_pool_t *pool)
{
    vdir_t vdir = vdir_make("index", pool);
    const char *friends, *below, *cursor, *folder, *early;
    apr_uint32_t generation;
    backend_changes_t *changes;

    must(backend_folder_create(vdir.session, NULL, "Friends", BACKEND_CLASS_CONTACTS, &friends,
                               pool),
         "create");
    must(backend_folder_create(vdir.session, friends, "Best", BACKEND_CLASS_CONTACTS, &below, pool),
         "create");
    folder = apr_pstrdup(pool, vdir.folder);
    card_write(&vdir, "a.vcf", card_of("a", "Anna"));
    early = apr_pstrdup(pool, contract_probe(vdir.session, folder, vdir.pool));
    generation = contract_folder(vdir.session, folder, vdir.pool)->generation;
    maildir_remove("index/mobilesync");
    vdir_open(&vdir);
    is_str(vdir.folder, folder, "the default folder outlives the index");
    is_str(vdir_folder(&vdir, BACKEND_CLASS_CONTACTS, "Best"), below, "as others do");
    is_str(contract_folder(vdir.session, below, vdir.pool)->parent_id, friends,
           "where they were made");
    ok(contract_folder(vdir.session, folder, vdir.pool)->generation > generation,
       "their generation is a new one");
    is_fault(backend_folder_changes(vdir.session, folder, early, 9, &changes, vdir.pool),
             BASE_FAULT_STALE, "old cursors are stale");
    vdir.backend = vdir_start("");
    vdir_open(&vdir);
    generation = contract_folder(vdir.session, folder, vdir.pool)->generation;
    early = apr_pstrdup(pool, contract_probe(vdir.session, folder, vdir.pool));
    apr_pool_clear(vdir.pool);
    ok(system(apr_psprintf(pool, "cp -r '%s/index/mobilesync' '%s/index/saved'", store_root,
                           store_root)) == 0,
       "a backup of the index");
    vdir_open(&vdir);
    card_write(&vdir, "b.vcf", card_of("b", "Berta"));
    cursor = apr_pstrdup(pool, contract_probe(vdir.session, folder, vdir.pool));
    apr_pool_clear(vdir.pool);
    ok(system(apr_psprintf(pool,
                           "cd '%s/index' && rm -r mobilesync && mv saved mobilesync && "
                           "rm vdir/Contacts/b.vcf",
                           store_root)) == 0,
       "comes back");
    card_write(&vdir, "c.vcf", card_of("c", "Carla"));
    vdir_open(&vdir);
    contract_probe(vdir.session, folder, vdir.pool);
    is_fault(backend_folder_changes(vdir.session, folder, early, 9, &changes, vdir.pool),
             BASE_FAULT_NONE, "cursors from before it are good");
    is_fault(backend_folder_changes(vdir.session, folder, cursor, 9, &changes, vdir.pool),
             BASE_FAULT_STALE, "those from after it are not");
    ok(contract_folder(vdir.session, folder, vdir.pool)->generation > generation,
       "and prove that it is too old");
    apr_pool_clear(vdir.pool);
    maildir_remove("index/mobilesync");
    vdir_open(&vdir);
    ok(contract_folder(vdir.session, folder, vdir.pool)->generation > generation + 1,
       "no generation comes again");
}

/* As Radicale 3 has it: collections by numbers, their names in .Radicale.props. */
static void test_radicale(apr_pool_t *pool)
{
    static const char props[] =
        "{\"D:displayname\": \"Arbeit\", \"tag\": \"VCALENDAR\", \"ICAL:calendar-color\": "
        "\"#00ff00ff\", \"C:supported-calendar-component-set\": \"VEVENT,VJOURNAL,VTODO\"}";
    const char *arguments = apr_psprintf(pool, "vdir=%s/radicale/collection-root/%%u", store_root),
               *id, *text;
    vdir_t vdir = collection_account("radicale", arguments, pool);
    FILE *file;
    char content[600] = "";

    vdir.root = path_of("radicale/collection-root/radicale");
    ok(system(apr_psprintf(pool, "mkdir -p '%s'", vdir.root)) == 0, "a store of Radicale");
    collection_make(in_root(&vdir, "1b1d"), ".Radicale.props", props, "e.ics",
                    calendar_of("VEVENT", "e", "x"), NULL);
    mkdir(in_root(&vdir, "1b1d/.Radicale.cache"), 0700);
    collection_make(in_root(&vdir, "77"), ".Radicale.props", "{\"tag\": \"VADDRESSBOOK\"}", NULL);
    collection_make(in_root(&vdir, "plain"), ".Radicale.props", "{}", NULL);
    vdir_open(&vdir);
    id = vdir_folder(&vdir, BACKEND_CLASS_CALENDAR, "Arbeit");
    is_str(items_of(&vdir, BACKEND_CLASS_CALENDAR, "Arbeit"), "1 ", "a calendar of Radicale's");
    ok(*vdir_folder(&vdir, BACKEND_CLASS_CONTACTS, "77"), "an address book without a name");
    is_str(vdir_folder(&vdir, BACKEND_CLASS_CALENDAR, "plain"), "", "what is no collection");
    must(backend_folder_create(vdir.session, NULL, "Second", BACKEND_CLASS_CALENDAR, &text,
                               vdir.pool),
         "create");
    text = vdir_default(vdir.session, BACKEND_CLASS_CALENDAR, vdir.pool);
    if (strcmp(text, id) == 0)
        id = vdir_folder(&vdir, BACKEND_CLASS_CALENDAR, "Second");
    must(backend_folder_rename(vdir.session, id, NULL, "Renamed", vdir.pool), "rename");
    is_str(vdir_folder(&vdir, BACKEND_CLASS_CALENDAR, "Renamed"), id, "a new name");
    ok(system(apr_psprintf(pool,
                           "test -z \"$(find '%s' -name displayname -o -name 'mobilesync*')\" && "
                           "grep -l Renamed '%s'/*/.Radicale.props >/dev/null && "
                           "grep -l calendar-color '%s'/1b1d/.Radicale.props >/dev/null",
                           vdir.root, vdir.root, vdir.root)) == 0,
       "is in Radicale's properties, with what was there, and nothing else is visible");
    file = popen(
        apr_psprintf(pool, "grep -h VTODO '%s'/*/.Radicale.props | grep -v VEVENT", vdir.root),
        "r");
    ok(file && fgets(content, sizeof content, file) && strstr(content, "VCALENDAR"),
       "the task list that was made has the class that Radicale knows it by");
    if (file)
        pclose(file);
}

static void test_arguments(apr_pool_t *pool)
{
    static const char *const bad[] = {"root=/x/%u vdir=.hidden",       "root=/x/%u vdir=a/b",
                                      "root=/x/%u vdir=/same/for/all", "root=/x/%u vdir=",
                                      "root=/x/%u vdir=/x/%u/%z",      "root=/x/%u vdir=Maildir",
                                      "root=/x/%u maildir=m vdir=m",   "root=/x/%u tasks=..",
                                      "root=/x/%u vdir=/x/%u"};
    vdir_t vdir = collection_account("none", "vdir=none", pool);
    const char *id;
    size_t i;

    for (i = 0; i < sizeof bad / sizeof *bad; i++)
        is_fault(backend_configure("local", store_arguments(bad[i]), pool), BASE_FAULT_INVALID,
                 bad[i]);
    again(&vdir);
    is_str(vdir_folders(&vdir), "", "vdir=none: mail only");
    is_fault(backend_folder_create(vdir.session, NULL, "x", BACKEND_CLASS_TASKS, &id, vdir.pool),
             BASE_FAULT_UNSUPPORTED, "no other folders can be made");
    vdir = collection_account("named", "vdir=dav contacts=Leute create=no", pool);
    again(&vdir);
    is_str(vdir_folders(&vdir), "", "create=no: nothing is made");
    vdir.root = path_of("named/dav");
    mkdir(vdir.root, 0700);
    collection_make(in_root(&vdir, "Contacts"), "a.vcf", card_of("a", "x"), NULL);
    collection_make(in_root(&vdir, "Leute"), "b.vcf", card_of("b", "x"), NULL);
    again(&vdir);
    is_str(vdir_default(vdir.session, BACKEND_CLASS_CONTACTS, vdir.pool),
           vdir_folder(&vdir, BACKEND_CLASS_CONTACTS, "Leute"), "the default folder as configured");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    store_make(pool);
    test_adopt(pool);
    test_views(pool);
    test_descriptors(pool);
    test_default_twice(pool);
    test_same_id(pool);
    test_permissions(pool);
    test_directories(pool);
    test_index(pool);
    test_radicale(pool);
    test_arguments(pool);
    store_remove();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
