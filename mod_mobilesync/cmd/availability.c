#include "cmd/availability.h"

#include <string.h>
#include <strings.h>
#include <apr_hash.h>
#include <apr_strings.h>

#include "base/text.h"
#include "base/time.h"
#include "eas/status.h"
#include "item/freebusy.h"

#define AVAILABILITY_PAGE 500
#define AVAILABILITY_ITEMS_MAX 20000 /* of a calendar, that are not over before the window */

struct cmd_availability {
    cmd_exchange_t *exchange;
    const char *viewer;
    apr_time_t start, end;
    apr_time_t deadline; /* 0: none */
    apr_hash_t *known;   /* availability_answer_t by address in lower case */
};

typedef struct {
    int status;
    const char *merged;
} availability_answer_t;

cmd_availability_t *cmd_availability_make(cmd_exchange_t *exchange, const char *viewer,
                                          apr_time_t start, apr_time_t end)
{
    cmd_availability_t *availability = apr_pcalloc(exchange->pool, sizeof *availability);
    apr_interval_time_t time = exchange->service->limits.response_time;

    availability->exchange = exchange;
    availability->viewer = viewer;
    availability->start = start;
    availability->end = end;
    availability->deadline = time ? exchange->now + time : 0;
    availability->known = apr_hash_make(exchange->pool);
    return availability;
}

static base_fault_t *availability_check_time(const cmd_availability_t *availability,
                                             apr_pool_t *pool)
{
    if (availability->deadline && apr_time_now() > availability->deadline)
        return base_fault_make(pool, BASE_FAULT_TIMEOUT, "no time is left to read calendars");
    return NULL;
}

/* -- one calendar ------------------------------------------------------------------------------ */

/* An item that is no event, is damaged, or went meanwhile, keeps nobody busy. */
static int availability_is_of_item(const base_fault_t *fault)
{
    base_fault_code_t code = base_fault_code(fault);

    return code == BASE_FAULT_NOT_FOUND || code == BASE_FAULT_CONVERSION ||
           code == BASE_FAULT_CORRUPT || code == BASE_FAULT_TOO_LARGE || code == BASE_FAULT_INVALID;
}

static base_fault_t *availability_add_page(const cmd_availability_t *availability,
                                           backend_session_t *session, const char *folder_id,
                                           const backend_page_t *page, item_freebusy_t *freebusy,
                                           apr_pool_t *pool)
{
    apr_pool_t *subpool;
    base_fault_t *fault = NULL;
    int i;

    apr_pool_create(&subpool, pool);
    for (i = 0; i < page->count && !fault; i++) {
        backend_blob_t *blob;

        apr_pool_clear(subpool);
        if ((fault = availability_check_time(availability, pool)))
            break;
        fault = backend_item_fetch(session, folder_id, page->entries[i].uid, &blob, subpool);
        if (!fault)
            fault = item_freebusy_add(freebusy, blob, subpool);
        if (availability_is_of_item(fault))
            fault = NULL;
        fault = base_fault_wrap(fault, pool, "item %" APR_UINT64_T_FMT, page->entries[i].uid);
    }
    apr_pool_destroy(subpool);
    return fault;
}

/* What is over before the window is not looked at: an entry's date is when its last one
 * ends. A day more, for days that are in no zone. */
static base_fault_t *availability_add_folder(const cmd_availability_t *availability,
                                             backend_session_t *session, const char *folder_id,
                                             item_freebusy_t *freebusy, apr_pool_t *pool)
{
    backend_range_t range = {.since = availability->start - BASE_TIME_DAY, .before = APR_INT64_MAX};
    backend_page_t *page;
    int looked = 0;

    do {
        BASE_TRY(
            backend_folder_enumerate(session, folder_id, &range, AVAILABILITY_PAGE, &page, pool));
        if ((looked += page->count) > AVAILABILITY_ITEMS_MAX)
            return base_fault_make(pool, BASE_FAULT_TOO_LARGE, "more than %d events",
                                   AVAILABILITY_ITEMS_MAX);
        BASE_TRY(availability_add_page(availability, session, folder_id, page, freebusy, pool));
        if (page->count)
            range.below = page->entries[page->count - 1].uid;
    } while (page->more && page->count);
    return NULL;
}

static base_fault_t *availability_calendar(backend_session_t *session, const char **folder_id,
                                           apr_pool_t *pool)
{
    apr_array_header_t *folders;
    int i;

    *folder_id = NULL;
    BASE_TRY(backend_folder_list(session, &folders, pool));
    for (i = 0; i < folders->nelts && !*folder_id; i++) {
        const backend_folder_t *folder = &APR_ARRAY_IDX(folders, i, backend_folder_t);

        if (folder->class_ == BACKEND_CLASS_CALENDAR && folder->role == BACKEND_ROLE_DEFAULT)
            *folder_id = folder->id;
    }
    return NULL;
}

/* -- one person -------------------------------------------------------------------------------- */

static int availability_same_domain(const char *one, const char *other)
{
    const char *a = strrchr(one, '@'), *b = strrchr(other, '@');

    return a && b && strcasecmp(a, b) == 0;
}

/* DENIED: who asks may not know. */
static base_fault_t *availability_open(const cmd_availability_t *availability, const char *address,
                                       backend_session_t **session, backend_identity_t **identity,
                                       apr_pool_t *pool)
{
    cmd_exchange_t *exchange = availability->exchange;
    const char *account;
    int own;

    BASE_TRY(backend_resolve(exchange->service->backend, address, &account, pool));
    own = strcmp(account, exchange->account) == 0;
    if (own)
        BASE_TRY(cmd_exchange_session(exchange, session));
    else
        BASE_TRY(backend_session_open(exchange->service->backend, account, session, pool));
    BASE_TRY(backend_identity(*session, identity, pool));
    if (!own && (exchange->service->free_busy_is_private ||
                 !availability_same_domain((*identity)->address, availability->viewer)))
        return base_fault_make(pool, BASE_FAULT_DENIED, "they are not to be seen");
    return NULL;
}

/* Of who has no calendar nothing is known. */
static base_fault_t *availability_load(const cmd_availability_t *availability, const char *address,
                                       const char **merged, apr_pool_t *pool)
{
    backend_session_t *session;
    backend_identity_t *identity;
    item_freebusy_t *freebusy;
    const char *folder_id;

    BASE_TRY(availability_check_time(availability, pool));
    BASE_TRY(availability_open(availability, address, &session, &identity, pool));
    BASE_TRY(availability_calendar(session, &folder_id, pool));
    freebusy = item_freebusy_make(availability->start, availability->end,
                                  backend_identity_addresses(identity, pool), pool);
    if (folder_id)
        BASE_TRY(availability_add_folder(availability, session, folder_id, freebusy, pool));
    else
        item_freebusy_mark(freebusy, availability->start, availability->end, ITEM_FREEBUSY_UNKNOWN);
    *merged = item_freebusy_text(freebusy, availability->exchange->pool);
    return NULL;
}

/* Nobody who asks is told whether somebody is not here or not to be seen. */
static int availability_status(const cmd_availability_t *availability, const char *address,
                               base_fault_t *fault)
{
    const cmd_exchange_t *exchange = availability->exchange;
    base_fault_code_t code = base_fault_code(fault);
    int later =
        code == BASE_FAULT_UNAVAILABLE || code == BASE_FAULT_TIMEOUT || code == BASE_FAULT_BUSY;

    if (!fault)
        return EAS_STATUS_SUCCESS;
    if (code != BASE_FAULT_NOT_FOUND && code != BASE_FAULT_UNSUPPORTED && code != BASE_FAULT_DENIED)
        base_log_write(exchange->log, cmd_fault_level(code), "free and busy times of %s for %s: %s",
                       address, exchange->account, fault->message);
    return later ? EAS_STATUS_AvailabilityTransientFailure : EAS_STATUS_AvailabilityFailure;
}

int cmd_availability_find(cmd_availability_t *availability, const char *address,
                          const char **merged)
{
    apr_pool_t *pool = availability->exchange->pool, *subpool;
    const char *key = base_text_lower(address, pool);
    availability_answer_t *answer = apr_hash_get(availability->known, key, APR_HASH_KEY_STRING);

    if (!answer) { /* a To may be there a hundred times */
        answer = apr_pcalloc(pool, sizeof *answer);
        apr_hash_set(availability->known, key, APR_HASH_KEY_STRING, answer);
        apr_pool_create(&subpool, pool);
        answer->status =
            availability_status(availability, address,
                                availability_load(availability, address, &answer->merged, subpool));
        apr_pool_destroy(subpool);
    }
    *merged = answer->merged;
    return answer->status;
}
