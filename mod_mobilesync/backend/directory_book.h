/* The address book of a directory of people: a file of any number of vCards 3.0 or 4.0 (UTF-8), or a
 * folder with a file each: a vdir, as programs share and synchronise them. */
#ifndef BACKEND_DIRECTORY_BOOK_H
#define BACKEND_DIRECTORY_BOOK_H

#include <apr_file_info.h>
#include <apr_pools.h>

#include "base/fault.h"

#define DIRECTORY_BOOK_CARD_MAX (16 * 1024 * 1024) /* bytes of a file of a folder */
#define DIRECTORY_BOOK_CARDS_MAX 100000            /* files of a folder */

typedef struct {
    const char *path;
    apr_finfo_t info;     /* of the path when it was looked at */
    apr_uint64_t content; /* of a folder: a sum of what its files were */
    apr_time_t looked;
} directory_book_t; /* the zero struct with a path: not looked at yet */

/* Was it changed since the last time? Of a folder the files are looked at when something was added,
 * removed or replaced, and once a minute, since a file may be written over as it is. */
int directory_book_changed(directory_book_t *book, apr_time_t now, apr_pool_t *pool);

/* file: the card's own, NULL in a file of many; text (of length bytes) and file are gone afterwards. */
typedef void (*directory_book_fn)(void *baton, const char *text, apr_size_t length,
                                  const char *file);

/* Reads all of it. *skipped: files that cannot be read. INVALID: it is not there. */
base_fault_t *directory_book_read(directory_book_t *book, directory_book_fn put, void *baton,
                                  int *skipped, apr_pool_t *pool);

#endif
