/* The local directory: the accounts of the backend, and people of an address book in vCard format.
 *
 * Arguments: vcard=PATH (directory_book.h), accounts=no (people of the address book only). A card with
 * the address of an account takes its place. The address book is read when it changed, the accounts are
 * listed once a minute while somebody asks. */
#ifndef BACKEND_DIRECTORY_LOCAL_H
#define BACKEND_DIRECTORY_LOCAL_H

#include "backend/directory.h"

extern const backend_directory_driver_t backend_directory_local;

/* A person and what it is found by. */
typedef struct {
    backend_person_t person;
    const char *key;               /* sorts by display name */
    const char *names;             /* names, as words */
    const char *texts;             /* all texts, as words; a line each */
    apr_array_header_t *addresses; /* const char *, lower case; the first is person.email */
    int account;                   /* shown to its own domain only */
    const char *file;              /* where its picture is; NULL: in person */
} directory_entry_t;

/* The next card of a text, with its picture or without; NULL at the end. What has no address is
 * skipped. */
directory_entry_t *directory_card_next(const char **at, const char *end, int pictures,
                                       apr_pool_t *pool);

/* What is looked for, in the form in which entries have it; "": nothing. */
const char *directory_wanted(const char *text, backend_people_t how, apr_pool_t *pool);
int directory_entry_is(const directory_entry_t *entry, const char *wanted, backend_people_t how,
                       apr_pool_t *pool);

/* An entry of an account. */
directory_entry_t *directory_account_entry(const backend_identity_t *identity, apr_pool_t *pool);

/* Lower case without accents, letters and digits only, one blank between words. */
const char *directory_words(const char *text, apr_pool_t *pool);

#endif
