/* Watching collections while other programs change them. Waits are for what must come; nothing is
 * asserted about time. */
#include "backend_ear.h"
#include "backend_vdir.h"

#include <apr_general.h>

#include "backend/drivers.h"
#include "backend/local_watch.h"

static void test_events(apr_pool_t *pool)
{
    vdir_t vdir = vdir_make("events", pool);
    const char *inbox = contract_role(vdir.session, BACKEND_ROLE_INBOX, vdir.pool), *cursor;
    ear_t ear = {.folder_id = vdir.folder};
    backend_watch_t *watch;
    apr_uint32_t before;

    card_write(&vdir, "a.vcf", card_of("a", "Anna"));
    contract_probe(vdir.session, vdir.folder, vdir.pool);
    apr_sleep(LOCAL_QUIET_USEC + APR_USEC_PER_SEC / 5);
    directory_age(vdir.path, 10);
    cursor = contract_probe(vdir.session, vdir.folder, vdir.pool);
    must(backend_watch_start(vdir.backend, "events", ids_of(vdir.folder, inbox), heard, &ear,
                             &watch, pool),
         "watch");
    is_str(vdir_changes(&vdir, &cursor), "", "nothing happened before");
    card_rewrite(&vdir, "a.vcf", card_of("a", "Anne"));
    ok(waited(&ear.calls, 1), "a file that is rewritten in place is told");
    is_str(vdir_changes(&vdir, &cursor), "+1 ",
           "and seen, though its directory's time stands still");
    ok(waited(&ear.calls, 2), "once more when things have settled");
    before = ear.calls;
    card_write(&vdir, "b.vcf", card_of("b", "Berta"));
    ok(waited(&ear.calls, before + 1), "a new one is told");
    is_str(vdir_changes(&vdir, &cursor), "+2 ", "and seen");
    ok(waited(&ear.calls, before + 2), "once more");
    card_unlink(&vdir, "b.vcf");
    ok(waited(&ear.calls, before + 3), "a removal is told");
    contract_probe(vdir.session, vdir.folder, vdir.pool);
    ok(waited(&ear.calls, before + 4), "and when it is certain");
    is_str(vdir_changes(&vdir, &cursor), "-2 ", "that it is gone");
    before = ear.calls;
    card_write(&vdir, ".hidden.vcf", "x");
    card_write(&vdir, "new.tmp", "x");
    card_write(&vdir, "displayname", "Leute");
    ok(waited(&ear.general, 1), "another name is told of the folders");
    is_int(ear.calls, before, "temporary files of others are nothing");
    mkdir(apr_pstrcat(pool, vdir.root, "/new", NULL), 0700);
    ok(waited(&ear.general, 2), "a new collection is told");
    backend_watch_stop(watch);
}

static void test_polling(apr_pool_t *pool)
{
    vdir_t vdir = vdir_make("polled", pool);
    ear_t ear = {.folder_id = ""};
    backend_watch_t *watch;

    vdir.backend = vdir_start("poll=1");
    vdir_open(&vdir);
    ear.folder_id = vdir.folder;
    local_watcher_refuse(((local_instance_t *)backend_instance_of(vdir.backend))->watcher);
    must(backend_watch_start(vdir.backend, "polled", ids_of(vdir.folder, NULL), heard, &ear, &watch,
                             pool),
         "watch");
    card_write(&vdir, "a.vcf", card_of("a", "Anna"));
    ok(waited(&ear.calls, 1), "where inotify cannot watch a new file is told all the same");
    mkdir(apr_pstrcat(pool, vdir.root, "/new", NULL), 0700);
    ok(waited(&ear.general, 1), "and a new collection");
    backend_watch_stop(watch);
}

/* What was rewritten between the last look and the watch must not be lost. */
static void test_armed(apr_pool_t *pool)
{
    vdir_t vdir = vdir_make("armed", pool);
    ear_t ear = {.folder_id = vdir.folder};
    backend_watch_t *watch;
    const char *cursor;

    card_write(&vdir, "a.vcf", card_of("a", "Anna"));
    contract_probe(vdir.session, vdir.folder, vdir.pool);
    apr_sleep(LOCAL_QUIET_USEC + APR_USEC_PER_SEC / 5);
    directory_age(vdir.path, 10);
    cursor = contract_probe(vdir.session, vdir.folder, vdir.pool);
    card_rewrite(&vdir, "a.vcf", card_of("a", "Anne"));
    must(backend_watch_start(vdir.backend, "armed", ids_of(vdir.folder, NULL), heard, &ear, &watch,
                             pool),
         "watch");
    is_str(vdir_changes(&vdir, &cursor), "+1 ", "the first look of who watches sees it");
    backend_watch_stop(watch);
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    store_make(pool);
    test_events(pool);
    test_polling(pool);
    test_armed(pool);
    store_remove();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
