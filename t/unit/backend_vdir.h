/* Collections in a temporary store, and another program at their files. */
#ifndef T_UNIT_BACKEND_VDIR_H
#define T_UNIT_BACKEND_VDIR_H

#include "backend_maildir.h"
#include "backend/local_vdir.h"
#include "item/kind.h"

/* A session on a fresh account's default address book. */
typedef struct {
    backend_t *backend;
    backend_session_t *session;
    const char *account;
    const char *root;   /* of the collections */
    const char *folder; /* id of the address book */
    const char *path;   /* and its directory */
    apr_pool_t *pool;
} vdir_t;

static backend_t *vdir_start(const char *further)
{
    backend_t *backend;

    must(backend_start(
             "local",
             store_arguments(apr_psprintf(store_pool, "root=%s/%%u %s", store_root, further)), NULL,
             &item_describer, &backend, store_pool),
         "start");
    return backend;
}

/* The default folder of a class. */
__attribute__((unused)) static const char *vdir_default(backend_session_t *session,
                                                        backend_class_t class_, apr_pool_t *pool)
{
    apr_array_header_t *folders;
    const char *id = NULL;
    int i;

    must(backend_folder_list(session, &folders, pool), "folder_list");
    for (i = 0; i < folders->nelts; i++) {
        const backend_folder_t *folder = &APR_ARRAY_IDX(folders, i, backend_folder_t);

        if (folder->class_ == class_ && folder->role == BACKEND_ROLE_DEFAULT) {
            ok(!id, "class %d has one default folder", (int)class_);
            id = folder->id;
        }
    }
    return id;
}

/* The folders of all classes but mail: "class:name " each, in capitals the default ones. */
__attribute__((unused)) static const char *vdir_folders(const vdir_t *vdir)
{
    static const char *const classes[] = {"m", "c", "p", "t", "n"}; /* p: people */
    apr_array_header_t *folders;
    const char *text = "";
    int i;

    must(backend_folder_list(vdir->session, &folders, vdir->pool), "folder_list");
    for (i = 0; i < folders->nelts; i++) {
        const backend_folder_t *folder = &APR_ARRAY_IDX(folders, i, backend_folder_t);

        if (folder->class_ != BACKEND_CLASS_EMAIL)
            text = apr_psprintf(vdir->pool, "%s%s%s:%s ", text, classes[folder->class_],
                                folder->role == BACKEND_ROLE_DEFAULT ? "!" : "", folder->name);
    }
    return text;
}

/* The id of the first folder of that class and name. */
__attribute__((unused)) static const char *vdir_folder(const vdir_t *vdir, backend_class_t class_,
                                                       const char *name)
{
    apr_array_header_t *folders;
    int i;

    must(backend_folder_list(vdir->session, &folders, vdir->pool), "folder_list");
    for (i = 0; i < folders->nelts; i++) {
        const backend_folder_t *folder = &APR_ARRAY_IDX(folders, i, backend_folder_t);

        if (folder->class_ == class_ && strcmp(folder->name, name) == 0)
            return folder->id;
    }
    return "";
}

__attribute__((unused)) static void vdir_open(vdir_t *vdir)
{
    apr_pool_clear(vdir->pool);
    must(backend_session_open(vdir->backend, vdir->account, &vdir->session, vdir->pool), "open");
    vdir->folder = vdir_default(vdir->session, BACKEND_CLASS_CONTACTS, vdir->pool);
}

__attribute__((unused)) static vdir_t vdir_make(const char *account, apr_pool_t *pool)
{
    vdir_t vdir = {.account = account};

    apr_pool_create(&vdir.pool, pool);
    vdir.backend = vdir_start("");
    maildir_make_all(account, ".Drafts", ".Sent", ".Trash", NULL);
    vdir.root = apr_psprintf(pool, "%s/%s/vdir", store_root, account);
    vdir.path = apr_psprintf(pool, "%s/Contacts", vdir.root);
    vdir_open(&vdir);
    return vdir;
}

__attribute__((unused)) static const char *card_of(const char *uid, const char *name)
{
    return apr_psprintf(store_pool,
                        "BEGIN:VCARD\r\nVERSION:3.0\r\n%s%s%sFN:%s\r\nN:%s;;;;\r\nEND:VCARD\r\n",
                        uid ? "UID:" : "", uid ? uid : "", uid ? "\r\n" : "", name, name);
}

__attribute__((unused)) static const char *calendar_of(const char *component, const char *uid,
                                                       const char *summary)
{
    return apr_psprintf(store_pool,
                        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//EN\r\nBEGIN:%s\r\n"
                        "UID:%s\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260102T100000Z\r\n"
                        "SUMMARY:%s\r\nEND:%s\r\nEND:VCALENDAR\r\n",
                        component, uid, summary, component);
}

/* As other programs write: a new file by a rename. */
__attribute__((unused)) static void card_write(const vdir_t *vdir, const char *file,
                                               const char *content)
{
    message_write(apr_pstrcat(store_pool, vdir->path, "/", file, NULL), content, 0);
}

/* Into the file that is there. */
__attribute__((unused)) static void card_rewrite(const vdir_t *vdir, const char *file,
                                                 const char *content)
{
    int descriptor = open(apr_pstrcat(store_pool, vdir->path, "/", file, NULL), O_WRONLY | O_TRUNC);

    if (descriptor < 0 || write(descriptor, content, strlen(content)) != (ssize_t)strlen(content) ||
        close(descriptor) != 0)
        printf("# cannot write %s: %s\n", file, strerror(errno));
}

__attribute__((unused)) static void card_rename(const vdir_t *vdir, const char *from,
                                                const char *to)
{
    if (rename(apr_pstrcat(store_pool, vdir->path, "/", from, NULL),
               apr_pstrcat(store_pool, vdir->path, "/", to, NULL)) != 0)
        printf("# cannot rename %s: %s\n", from, strerror(errno));
}

__attribute__((unused)) static void card_unlink(const vdir_t *vdir, const char *file)
{
    unlink(apr_pstrcat(store_pool, vdir->path, "/", file, NULL));
}

/* "+uid -uid " since the cursor, which steps on, after a look. */
__attribute__((unused)) static const char *vdir_changes(const vdir_t *vdir, const char **cursor)
{
    const char *text = "";
    backend_changes_t *changes;
    int i;

    contract_probe(vdir->session, vdir->folder, vdir->pool);
    must(backend_folder_changes(vdir->session, vdir->folder, *cursor, 100, &changes, vdir->pool),
         "changes");
    for (i = 0; i < changes->upsert_count; i++)
        text = apr_psprintf(vdir->pool, "%s+%d ", text, (int)changes->upserts[i].uid);
    for (i = 0; i < changes->gone_count; i++)
        text = apr_psprintf(vdir->pool, "%s-%d ", text, (int)changes->gone[i]);
    *cursor = changes->cursor;
    return text;
}

#endif
