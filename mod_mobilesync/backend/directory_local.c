#include "backend/directory_book.h"
#include "backend/directory_local.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <apr_hash.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>

#include "backend/drivers.h"
#include "base/file.h"
#include "base/text.h"

#define LOCAL_ACCOUNTS_AGE apr_time_from_sec(60)

typedef struct {
    const char *vcard; /* NULL: no address book */
    int accounts;
} directory_config_t;

typedef struct {
    const directory_config_t *config;
    backend_t *backend;
    const base_log_t *log;
    apr_thread_mutex_t *lock;
    apr_pool_t *pool;            /* with an allocator of its own, used under the lock */
    directory_book_t book;       /* path NULL: none */
    apr_pool_t *cards_pool;      /* of the cards; NULL: not read yet */
    apr_array_header_t *cards;   /* directory_entry_t *: of the address book */
    apr_pool_t *content;         /* of the rest; NULL: not made yet */
    apr_array_header_t *entries; /* directory_entry_t *: cards and accounts, sorted */
    apr_time_t listed;           /* when the accounts were */
    int unreadable, skipped;     /* which has been said */
} directory_local_t;

static base_fault_t *local_configure(const apr_array_header_t *arguments, void **config,
                                     apr_pool_t *pool)
{
    static const char *const keys[] = {"vcard", "accounts", NULL};
    directory_config_t *made = apr_pcalloc(pool, sizeof *made);
    const char *accounts = backend_argument(arguments, "accounts");

    BASE_TRY(backend_arguments_check(arguments, keys, pool));
    made->vcard = backend_argument(arguments, "vcard");
    if (made->vcard && *made->vcard != '/')
        return base_fault_make(pool, BASE_FAULT_INVALID, "vcard=%s is not an absolute path",
                               made->vcard);
    if (accounts && strcmp(accounts, "yes") != 0 && strcmp(accounts, "no") != 0)
        return base_fault_make(pool, BASE_FAULT_INVALID, "accounts=%s is not yes or no", accounts);
    made->accounts = !accounts || strcmp(accounts, "yes") == 0;
    *config = made;
    return NULL;
}

static base_fault_t *local_start(void *config, backend_t *backend, const base_log_t *log,
                                 void **instance, apr_pool_t *pool)
{
    directory_local_t *made = apr_pcalloc(pool, sizeof *made);
    apr_status_t status;

    made->config = config;
    made->book.path = made->config->vcard;
    made->backend = backend;
    made->log = log;
    BASE_TRY(base_pool_create(&made->pool, pool));
    status = apr_thread_mutex_create(&made->lock, APR_THREAD_MUTEX_DEFAULT, pool);
    if (status != APR_SUCCESS)
        return base_fault_make_status(pool, BASE_FAULT_INTERNAL, status, "making a mutex");
    *instance = made;
    return NULL;
}

/* -- loading --------------------------------------------------------------------------------- */

static int local_order(const void *a, const void *b)
{
    const directory_entry_t *one = *(directory_entry_t *const *)a;
    const directory_entry_t *other = *(directory_entry_t *const *)b;
    int order = strcmp(one->key, other->key);

    return order ? order : strcmp(one->person.email, other->person.email);
}

/* A picture that has a file of its own is read when somebody wants it. */
static void local_load_cards(void *baton, const char *text, apr_size_t length, const char *file)
{
    directory_local_t *local = baton;
    const char *end = text + length;
    directory_entry_t *entry;

    while ((entry = directory_card_next(&text, end, !file, local->cards_pool))) {
        entry->file = file ? apr_pstrdup(local->cards_pool, file) : NULL;
        APR_ARRAY_PUSH(local->cards, directory_entry_t *) = entry;
    }
}

/* Reads the address book when it changed; while it cannot be read its cards stay as they are. Returns
 * 0 when they do. */
static int local_refresh_cards(directory_local_t *local, apr_pool_t *pool)
{
    apr_pool_t *old = local->cards_pool;
    apr_array_header_t *old_cards = local->cards;
    base_fault_t *fault;
    int skipped;

    if (!local->book.path ||
        (old && !local->unreadable && !directory_book_changed(&local->book, apr_time_now(), pool)))
        return 0;
    apr_pool_create(&local->cards_pool, local->pool);
    local->cards = apr_array_make(local->cards_pool, 64, sizeof(directory_entry_t *));
    fault = directory_book_read(&local->book, local_load_cards, local, &skipped, pool);
    if (fault && !local->unreadable)
        base_log_write(local->log, BASE_LOG_WARNING,
                       "the address book cannot be read (%s); people of it are missing",
                       fault->message);
    else if (skipped && !local->skipped)
        base_log_write(local->log, BASE_LOG_WARNING,
                       "%d files of the address book %s cannot be read; their people are missing",
                       skipped, local->book.path);
    local->unreadable = fault != NULL;
    local->skipped = skipped;
    if (fault && old) {
        apr_pool_destroy(local->cards_pool);
        local->cards_pool = old;
        local->cards = old_cards;
        return 0;
    }
    if (old)
        apr_pool_destroy(old);
    return 1;
}

static base_fault_t *local_load_accounts(directory_local_t *local, apr_hash_t *known,
                                         apr_pool_t *pool)
{
    apr_array_header_t *accounts;
    base_fault_t *fault = backend_accounts(local->backend, &accounts, pool);
    int i;

    if (base_fault_code(fault) == BASE_FAULT_UNSUPPORTED)
        return NULL; /* such a backend does not know who there is */
    BASE_TRY(fault);
    for (i = 0; i < accounts->nelts; i++) {
        const backend_identity_t *identity = &APR_ARRAY_IDX(accounts, i, backend_identity_t);

        if (!apr_hash_get(known, base_text_lower(identity->address, pool), APR_HASH_KEY_STRING))
            APR_ARRAY_PUSH(local->entries, directory_entry_t *) =
                directory_account_entry(identity, local->content);
    }
    return NULL;
}

/* Brings the entries up to date. */
static base_fault_t *local_refresh(directory_local_t *local, apr_pool_t *pool)
{
    apr_time_t now = apr_time_now();
    apr_hash_t *known = apr_hash_make(pool);
    base_fault_t *fault = NULL;
    int changed = local_refresh_cards(local, pool), i, k;

    if (local->content && !changed &&
        !(local->config->accounts && now - local->listed > LOCAL_ACCOUNTS_AGE))
        return NULL;
    if (local->content)
        apr_pool_destroy(local->content);
    apr_pool_create(&local->content, local->pool);
    local->entries = apr_array_make(local->content, 64, sizeof(directory_entry_t *));
    local->listed = now;
    for (i = 0; local->cards && i < local->cards->nelts; i++) {
        directory_entry_t *entry = APR_ARRAY_IDX(local->cards, i, directory_entry_t *);

        APR_ARRAY_PUSH(local->entries, directory_entry_t *) = entry;
        for (k = 0; k < entry->addresses->nelts; k++)
            apr_hash_set(known, APR_ARRAY_IDX(entry->addresses, k, const char *),
                         APR_HASH_KEY_STRING, entry);
    }
    if (local->config->accounts)
        fault = local_load_accounts(local, known, pool);
    if (fault)
        local->listed = 0;
    qsort(local->entries->elts, (size_t)local->entries->nelts, sizeof(directory_entry_t *),
          local_order);
    return fault;
}

/* -- finding --------------------------------------------------------------------------------- */

static int local_is_visible(const directory_entry_t *entry, const char *viewer)
{
    const char *at = strrchr(viewer, '@'), *theirs = strrchr(entry->person.email, '@');

    return !entry->account || (at && theirs && strcasecmp(at, theirs) == 0);
}

#define LOCAL_COPY(field) copy->field = person->field ? apr_pstrdup(pool, person->field) : NULL

/* The picture of a card that has a file of its own. */
static backend_bytes_t local_picture(const directory_entry_t *entry, apr_pool_t *pool)
{
    backend_bytes_t none = {0};
    directory_entry_t *read;
    const char *text, *end;
    apr_size_t length;

    if (!entry->file ||
        base_file_read(entry->file, DIRECTORY_BOOK_CARD_MAX, &text, &length, NULL, pool))
        return none;
    for (end = text + length; (read = directory_card_next(&text, end, 1, pool));)
        if (strcmp(read->person.email, entry->person.email) == 0)
            return read->person.picture;
    return none; /* it was changed meanwhile */
}

/* The entries go with the next change of the file. */
static void local_copy(const backend_person_t *person, backend_person_t *copy, apr_pool_t *pool)
{
    apr_array_header_t *certificates = apr_array_copy(pool, person->certificates);
    int i;

    memset(copy, 0, sizeof *copy);
    LOCAL_COPY(display_name);
    LOCAL_COPY(email);
    LOCAL_COPY(alias);
    LOCAL_COPY(first_name);
    LOCAL_COPY(last_name);
    LOCAL_COPY(company);
    LOCAL_COPY(title);
    LOCAL_COPY(office);
    LOCAL_COPY(phone);
    LOCAL_COPY(home_phone);
    LOCAL_COPY(mobile_phone);
    if (person->picture.length) {
        copy->picture.bytes = apr_pmemdup(pool, person->picture.bytes, person->picture.length);
        copy->picture.length = person->picture.length;
    }
    for (i = 0; i < certificates->nelts; i++) {
        backend_bytes_t *bytes = &APR_ARRAY_IDX(certificates, i, backend_bytes_t);

        bytes->bytes = apr_pmemdup(pool, bytes->bytes, bytes->length);
    }
    copy->certificates = certificates;
}

static base_fault_t *local_find(void *instance, const char *viewer, const char *text,
                                backend_people_t how, int skip, int limit,
                                backend_people_found_t *found, apr_pool_t *pool)
{
    directory_local_t *local = instance;
    apr_array_header_t *people = apr_array_make(pool, 8, sizeof(backend_person_t));
    const char *wanted = directory_wanted(text, how, pool);
    base_fault_t *fault;
    int i;

    apr_thread_mutex_lock(local->lock);
    fault = local_refresh(local, pool);
    for (i = 0; !fault && i < local->entries->nelts; i++) {
        const directory_entry_t *entry = APR_ARRAY_IDX(local->entries, i, directory_entry_t *);

        if (!local_is_visible(entry, viewer) || !directory_entry_is(entry, wanted, how, pool))
            continue;
        if (found->total >= skip && found->total - skip < limit) {
            backend_person_t *copy = apr_array_push(people);

            local_copy(&entry->person, copy, pool);
            if (entry->file)
                copy->picture = local_picture(entry, pool);
        }
        found->total++;
    }
    apr_thread_mutex_unlock(local->lock);
    found->people = (const backend_person_t *)people->elts;
    found->count = people->nelts;
    return fault;
}

const backend_directory_driver_t backend_directory_local = {
    .name = "local", .configure = local_configure, .start = local_start, .find = local_find};
