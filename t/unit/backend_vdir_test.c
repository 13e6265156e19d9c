/* The local driver and collections that other programs change: files that come, go, are rewritten and
 * renamed. */
#include "backend_vdir.h"
#include "backend_contract_class.h"

#include <apr_general.h>

static void test_defaults(apr_pool_t *pool)
{
    vdir_t vdir = vdir_make("defaults", pool);
    const char *other, *folder;
    backend_entry_t a, b;
    int existed;
    backend_put_t put = {.derived_name = "D-1"};
    backend_blob_t *card =
        backend_blob_of(card_of("u-1", "Anna"), strlen(card_of("u-1", "Anna")), pool);

    is_str(vdir_folders(&vdir), "c!:Calendar p!:Contacts t!:Tasks n!:Notes ",
           "every class has a default folder");
    is_str(vdir_folders(&vdir), "c!:Calendar p!:Contacts t!:Tasks n!:Notes ", "once");
    must(backend_item_put(vdir.session, vdir.folder, &put, card, &a, &existed, vdir.pool), "put");
    ok(!existed && a.uid == 1 && a.date == APR_INT64_MAX && a.size == card->size, "an entry");
    ok(a.token == backend_content_token(card->data, card->size), "its token is its content's");
    is_str(contract_text(vdir.session, vdir.folder, a.uid, vdir.pool), card_of("u-1", "Anna"),
           "its content");
    is_str(contract_list(vdir.session, vdir.folder, contract_all, 9, vdir.pool), "1 ", "listed");
    ok(entry_of(vdir.path, "u-1.D-1.vcf") != NULL, "its file has its UID's name");
    must(backend_item_put(vdir.session, vdir.folder, &put, card, &b, &existed, vdir.pool), "put");
    ok(existed && b.uid == a.uid, "the same put finds it");
    card = backend_blob_of(card_of("u-1", "Berta"), strlen(card_of("u-1", "Berta")), pool);
    must(backend_item_replace(vdir.session, vdir.folder, a.uid, a.token, 0, card, &b, vdir.pool),
         "replace");
    ok(b.uid == a.uid && b.token != a.token, "replaced");
    is_str(contract_text(vdir.session, vdir.folder, a.uid, vdir.pool), card_of("u-1", "Berta"),
           "its new content");
    must(backend_folder_create(vdir.session, NULL, "Friends", BACKEND_CLASS_CONTACTS, &other,
                               vdir.pool),
         "create");
    folder = vdir_folder(&vdir, BACKEND_CLASS_CONTACTS, "Friends");
    is_str(folder, other, "a folder of a user");
    must(backend_item_move(vdir.session, vdir.folder, a.uid, other, "M-1", &b, vdir.pool), "move");
    is_str(contract_text(vdir.session, other, b.uid, vdir.pool), card_of("u-1", "Berta"), "moved");
    is_int(entries_of(vdir.path), 1, "displayname is left");
    must(backend_item_remove(vdir.session, other, b.uid, vdir.pool), "remove");
    is_str(contract_list(vdir.session, other, contract_all, 9, vdir.pool), "", "removed");
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
    backend_contract_classes(backend, "alice", pool);
    must(backend_start(
             "local",
             store_arguments(apr_psprintf(pool, "root=%s/%%u vdir=%s/radicale/collection-root/%%u",
                                          store_root, store_root)),
             NULL, &contract_describer, &backend, pool),
         "start");
    backend_contract_classes(backend, "bob", pool);
    test_defaults(pool);
    store_remove();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
