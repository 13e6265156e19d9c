#include "backend/directory_book.h"

#include <string.h>
#include <strings.h>
#include <apr_sha1.h>
#include <apr_strings.h>

#include "base/file.h"

#define BOOK_FILE_MAX (256 * 1024 * 1024)
#define BOOK_AGE apr_time_from_sec(60)
/* A folder's date is only as fine as the system's tick: another change may be behind one so young. */
#define BOOK_SETTLED apr_time_from_sec(2)
#define BOOK_INFO (APR_FINFO_TYPE | APR_FINFO_MTIME | APR_FINFO_SIZE | APR_FINFO_INODE)

/* -- a folder -------------------------------------------------------------------------------- */

static int book_is_card(const apr_finfo_t *file)
{
    const char *dot = file->name ? strrchr(file->name, '.') : NULL;

    return dot && file->name[0] != '.' && strcasecmp(dot, ".vcf") == 0 &&
           (file->filetype == APR_REG || file->filetype == APR_LNK);
}

typedef base_fault_t *(*book_file_fn)(void *baton, const char *path, apr_pool_t *pool);

/* In no order. */
static base_fault_t *book_each(const char *folder, book_file_fn visit, void *baton,
                               apr_pool_t *pool)
{
    apr_pool_t *file_pool;
    apr_finfo_t file;
    base_fault_t *fault = NULL;
    apr_dir_t *dir;
    int count = 0;
    apr_status_t status = apr_dir_open(&dir, folder, pool);

    if (status != APR_SUCCESS)
        return base_fault_make_status(pool, BASE_FAULT_INVALID, status, "%s", folder);
    apr_pool_create(&file_pool, pool);
    while (!fault && count < DIRECTORY_BOOK_CARDS_MAX) {
        status = apr_dir_read(&file, APR_FINFO_NAME | APR_FINFO_TYPE, dir);
        if (status != APR_SUCCESS && status != APR_INCOMPLETE)
            break;
        if (!book_is_card(&file))
            continue;
        count++;
        apr_pool_clear(file_pool);
        fault = visit(baton, apr_pstrcat(file_pool, folder, "/", file.name, NULL), file_pool);
    }
    apr_pool_destroy(file_pool);
    apr_dir_close(dir);
    return fault;
}

/* A sum, since the order means nothing. */
static base_fault_t *book_sum_file(void *baton, const char *path, apr_pool_t *pool)
{
    unsigned char digest[APR_SHA1_DIGESTSIZE];
    apr_uint64_t *sum = baton, part;
    apr_sha1_ctx_t context;
    apr_finfo_t info = {0};

    if (apr_stat(&info, path, BOOK_INFO, pool) != APR_SUCCESS)
        return NULL;
    apr_sha1_init(&context);
    apr_sha1_update(&context, path, (unsigned)strlen(path) + 1);
    apr_sha1_update(&context, (const char *)&info.mtime, sizeof info.mtime);
    apr_sha1_update(&context, (const char *)&info.size, sizeof info.size);
    apr_sha1_update(&context, (const char *)&info.inode, sizeof info.inode);
    apr_sha1_final(digest, &context);
    memcpy(&part, digest, sizeof part);
    *sum += part;
    return NULL;
}

/* -- either ---------------------------------------------------------------------------------- */

/* 0: it is as it was. */
static int book_look(directory_book_t *book, apr_time_t now, apr_pool_t *pool)
{
    apr_uint64_t content = 1; /* there is a folder */
    apr_finfo_t info;
    int changed = base_file_changed(book->path, &book->info, &info, pool);

    if (info.filetype != APR_DIR) {
        book->info = info;
        book->looked = now;
        return changed;
    }
    if (!changed && now - book->looked < BOOK_AGE && book->info.mtime + BOOK_SETTLED < book->looked)
        return 0;
    if (book_each(book->path, book_sum_file, &content, pool))
        return 1;
    changed = content != book->content;
    book->info = info;
    book->content = content;
    book->looked = now;
    return changed;
}

int directory_book_changed(directory_book_t *book, apr_time_t now, apr_pool_t *pool)
{
    return book_look(book, now, pool);
}

typedef struct {
    directory_book_fn put;
    void *baton;
    int skipped;
} book_read_t;

static base_fault_t *book_read_file(void *baton, const char *path, apr_pool_t *pool)
{
    book_read_t *read = baton;
    apr_finfo_t info = {0};
    apr_size_t length;
    const char *text;

    /* looked at before it is opened, which would wait at a pipe */
    if (apr_stat(&info, path, APR_FINFO_TYPE, pool) != APR_SUCCESS || info.filetype != APR_REG ||
        base_file_read(path, DIRECTORY_BOOK_CARD_MAX, &text, &length, NULL, pool))
        read->skipped++;
    else
        read->put(read->baton, text, length, path);
    return NULL;
}

base_fault_t *directory_book_read(directory_book_t *book, directory_book_fn put, void *baton,
                                  int *skipped, apr_pool_t *pool)
{
    book_read_t read = {.put = put, .baton = baton};
    apr_size_t length;
    const char *text;

    *skipped = 0;
    book_look(book, apr_time_now(), pool); /* first: what changes meanwhile is seen next time */
    if (book->info.filetype != APR_DIR) {
        BASE_TRY(base_file_read(book->path, BOOK_FILE_MAX, &text, &length, &book->info, pool));
        put(baton, text, length, NULL);
        return NULL;
    }
    BASE_TRY(book_each(book->path, book_read_file, &read, pool));
    *skipped = read.skipped;
    return NULL;
}
