#include "backend/local_scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <apr_strings.h>

#include "backend/local_folder.h"
#include "backend/local_fs.h"
#include "backend/local_item.h"
#include "backend/local_name.h"
#include "backend/local_property.h"
#include "backend/local_vdir.h"

/* So many arrivals look for their properties each alone; more want a list of what there is. */
#define SCAN_PROPERTIES_SINGLY 16

/* A message known to the index (uid), seen on disk (sighted), or both. */
typedef struct {
    apr_int64_t uid, missed;
    const char *name; /* in the index */
    int fresh;
    apr_uint64_t token;
    int properties; /* it has some */
    int sighted;
    const char *seen_name;
    int seen_fresh;
    apr_time_t date; /* of an arrival */
    apr_int64_t size;
} scan_message_t;

typedef struct {
    local_session_t *session;
    local_folder_t *folder;
    local_place_t place;
    apr_hash_t *by_base;
    apr_array_header_t *known;    /* scan_message_t * with a uid */
    apr_array_header_t *arrivals; /* scan_message_t * without */
    apr_time_t start;
    int quiet;    /* nothing was renamed while it scanned */
    int raced;    /* something that was seen was gone a moment later */
    int suspects; /* known messages that were missed, not yet gone */
    apr_pool_t *pool;
} scan_t;

/* -- is a look needed? ---------------------------------------------------------------------- */

static int scan_stat(const local_session_t *session, const local_folder_t *folder,
                     apr_int64_t *cur_mtime, apr_int64_t *new_mtime, apr_pool_t *pool)
{
    const char *prefix = *folder->directory ? apr_pstrcat(pool, folder->directory, "/", NULL) : "";
    struct stat cur, fresh;

    if (fstatat(session->maildir, apr_pstrcat(pool, prefix, "cur", NULL), &cur,
                AT_SYMLINK_NOFOLLOW) != 0 ||
        fstatat(session->maildir, apr_pstrcat(pool, prefix, "new", NULL), &fresh,
                AT_SYMLINK_NOFOLLOW) != 0)
        return errno;
    *cur_mtime = local_mtime(&cur);
    *new_mtime = local_mtime(&fresh);
    return 0;
}

/* 1 when the last scan still holds for a look that began at that time: it can be trusted, or it
 * began later than the look. So many devices of an account that are woken by the same change, and
 * meet at the index's lock, need not scan one after the other. */
static int scan_holds(const local_session_t *session, const local_folder_t *folder,
                      apr_time_t began, apr_pool_t *pool)
{
    apr_int64_t cur_mtime, new_mtime;

    if (folder->class_ != BACKEND_CLASS_EMAIL)
        return local_vdir_holds(session, folder, began);
    /* not one of the future: the clock may have been set back */
    return (folder->trusted || (folder->scanned >= began && folder->scanned <= apr_time_now())) &&
           scan_stat(session, folder, &cur_mtime, &new_mtime, pool) == 0 &&
           cur_mtime == folder->cur_mtime && new_mtime == folder->new_mtime;
}

/* -- reading -------------------------------------------------------------------------------- */

static base_fault_t *scan_load(scan_t *scan)
{
    local_index_t *index = scan->session->index;
    sqlite3_stmt *statement;
    local_name_t parsed;
    int row;

    BASE_TRY(local_sql_bind(index, LOCAL_SQL_ITEM_ALL, &statement, scan->pool, "i",
                            scan->folder->number));
    for (;;) {
        scan_message_t *message;

        BASE_TRY(local_sql_step(index, statement, &row, scan->pool));
        if (!row)
            return NULL;
        message = apr_pcalloc(scan->pool, sizeof *message);
        message->uid = sqlite3_column_int64(statement, 0);
        message->name = apr_pstrdup(scan->pool, (const char *)sqlite3_column_text(statement, 1));
        message->fresh = sqlite3_column_int(statement, 2);
        message->token = (apr_uint64_t)sqlite3_column_int64(statement, 3);
        message->missed = sqlite3_column_int64(statement, 4);
        message->properties = sqlite3_column_int(statement, 5);
        local_name_parse(message->name, &parsed);
        APR_ARRAY_PUSH(scan->known, scan_message_t *) = message;
        if (!apr_hash_get(scan->by_base, message->name, (apr_ssize_t)parsed.base_length))
            apr_hash_set(scan->by_base, message->name, (apr_ssize_t)parsed.base_length, message);
    }
}

static int scan_exists(const scan_t *scan, const char *name, int fresh)
{
    struct stat info;

    return fstatat(fresh ? scan->place.new : scan->place.cur, name, &info, AT_SYMLINK_NOFOLLOW) ==
           0;
}

/* Which of two names of a message is it? One scan sees both when it is renamed meanwhile; or
 * there are two files, and then the choice must be the same each time. */
static int scan_prefers(const scan_t *scan, const scan_message_t *message, const char *name,
                        int fresh)
{
    if (fresh != message->seen_fresh)
        return !fresh; /* new/ is read first: it went to cur/ since */
    if (!scan_exists(scan, name, fresh))
        return 0;
    if (!scan_exists(scan, message->seen_name, fresh))
        return 1;
    if (message->name && strcmp(message->seen_name, message->name) == 0)
        return 0;
    return (message->name && strcmp(name, message->name) == 0) ||
           strcmp(name, message->seen_name) > 0;
}

static void scan_sight(scan_t *scan, const char *entry, int fresh)
{
    scan_message_t *message;
    local_name_t parsed;

    local_name_parse(entry, &parsed);
    if (!parsed.base_length)
        return;
    message = apr_hash_get(scan->by_base, entry, (apr_ssize_t)parsed.base_length);
    if (message && message->sighted && !scan_prefers(scan, message, entry, fresh))
        return;
    if (message && message->name && fresh == message->fresh && strcmp(entry, message->name) == 0) {
        message->seen_name = message->name;
    }
    else {
        const char *name = apr_pstrdup(scan->pool, entry);

        if (!message) {
            message = apr_pcalloc(scan->pool, sizeof *message);
            apr_hash_set(scan->by_base, name, (apr_ssize_t)parsed.base_length, message);
            APR_ARRAY_PUSH(scan->arrivals, scan_message_t *) = message;
        }
        message->seen_name = name;
    }
    message->sighted = 1;
    message->seen_fresh = fresh;
}

static base_fault_t *scan_directory(scan_t *scan, const char *name, int fresh)
{
    DIR *stream = local_directory_stream(scan->place.directory, name, scan->pool);
    struct dirent *entry;

    if (!stream)
        return local_fault(errno, scan->pool, "reading %s/", name);
    for (;;) {
        errno = 0;
        entry = readdir(stream);
        if (!entry)
            return errno ? local_fault(errno, scan->pool, "reading %s/", name) : NULL;
        if (entry->d_name[0] != '.' && (entry->d_type == DT_REG || entry->d_type == DT_UNKNOWN))
            scan_sight(scan, entry->d_name, fresh);
    }
}

/* -- writing -------------------------------------------------------------------------------- */

static base_fault_t *scan_gone(scan_t *scan, const scan_message_t *message)
{
    scan->session->stray |= message->properties;
    return local_item_drop(scan->session, scan->folder, message->uid, scan->pool);
}

static base_fault_t *scan_apply_sighted(scan_t *scan, const scan_message_t *message)
{
    local_index_t *index = scan->session->index;
    local_name_t parsed;

    local_name_parse(message->seen_name, &parsed);
    if (parsed.trashed)
        return scan_gone(scan, message);
    parsed.token |= BACKEND_PROPERTIES_OF(message->token); /* which no name tells */
    if (parsed.token != message->token)
        return local_sql_run(index, LOCAL_SQL_ITEM_TOKEN, scan->pool, "tiiiii", message->seen_name,
                             (apr_int64_t)message->seen_fresh, (apr_int64_t)parsed.token,
                             local_folder_step(scan->folder), scan->folder->number, message->uid);
    if (message->seen_name != message->name || message->seen_fresh != message->fresh ||
        message->missed)
        return local_sql_run(index, LOCAL_SQL_ITEM_NAME, scan->pool, "tiii", message->seen_name,
                             (apr_int64_t)message->seen_fresh, scan->folder->number, message->uid);
    return NULL;
}

static base_fault_t *scan_apply_missed(scan_t *scan, const scan_message_t *message)
{
    local_item_t item = {.name = message->name, .fresh = message->fresh};

    if (message->missed && (scan->quiet || (scan->start - message->missed > LOCAL_MISSED_USEC &&
                                            !local_item_seek(&scan->place, &item, 20, scan->pool))))
        return scan_gone(scan, message);
    scan->suspects++;
    if (message->missed)
        return NULL;
    return local_sql_run(scan->session->index, LOCAL_SQL_ITEM_MISS, scan->pool, "iii",
                         (apr_int64_t)scan->start, scan->folder->number, message->uid);
}

static int scan_arrival_order(const void *a, const void *b)
{
    const scan_message_t *one = *(scan_message_t *const *)a, *other = *(scan_message_t *const *)b;

    if (one->date != other->date)
        return one->date < other->date ? -1 : 1;
    return strcmp(one->seen_name, other->seen_name);
}

/* names NULL: not listed. */
static base_fault_t *scan_properties(scan_t *scan, apr_hash_t *names, local_item_t *item)
{
    if (names && !local_property_listed(names, item->name))
        return NULL;
    return local_property_read(scan->session, item->name, &item->properties, scan->pool);
}

/* Uids in the order of arrival, as far as the files tell. */
static base_fault_t *scan_apply_arrivals(scan_t *scan)
{
    scan_message_t **messages = (scan_message_t **)scan->arrivals->elts;
    apr_hash_t *names = NULL;
    int i, count = 0;

    for (i = 0; i < scan->arrivals->nelts; i++) {
        scan_message_t *message = messages[i];
        local_name_t parsed;
        struct stat info;

        local_name_parse(message->seen_name, &parsed);
        if (parsed.trashed)
            continue;
        if (fstatat(message->seen_fresh ? scan->place.new : scan->place.cur, message->seen_name,
                    &info, AT_SYMLINK_NOFOLLOW) != 0) {
            scan->raced = 1; /* renamed: the next scan finds it */
            continue;
        }
        if (!S_ISREG(info.st_mode))
            continue;
        message->token = parsed.token;
        message->date = local_mtime(&info) / 1000;
        message->size = info.st_size;
        messages[count++] = message;
    }
    qsort(messages, (size_t)count, sizeof *messages, scan_arrival_order);
    if (count > SCAN_PROPERTIES_SINGLY)
        BASE_TRY(local_property_list(scan->session, &names, scan->pool));
    for (i = 0; i < count; i++) {
        local_item_t item = {.name = messages[i]->seen_name,
                             .fresh = messages[i]->seen_fresh,
                             .token = messages[i]->token,
                             .date = messages[i]->date,
                             .size = messages[i]->size};

        BASE_TRY(scan_properties(scan, names, &item));
        BASE_TRY(local_item_add(scan->session, scan->folder, &item, scan->pool));
    }
    return NULL;
}

static base_fault_t *scan_apply(scan_t *scan)
{
    int i;

    for (i = 0; i < scan->known->nelts; i++) {
        const scan_message_t *message = APR_ARRAY_IDX(scan->known, i, scan_message_t *);

        BASE_TRY(message->sighted ? scan_apply_sighted(scan, message)
                                  : scan_apply_missed(scan, message));
    }
    BASE_TRY(scan_apply_arrivals(scan));
    return local_folder_store(scan->session, scan->folder, scan->pool);
}

/* One scan. *again: messages were missed though nothing was renamed, so that a second scan can
 * tell at once. */
static base_fault_t *scan_run(local_session_t *session, local_folder_t *folder, int *again,
                              apr_pool_t *pool)
{
    scan_t scan = {.session = session, .folder = folder, .pool = pool};
    apr_int64_t cur_mtime, new_mtime, latest;
    struct stat cur, fresh;

    scan.start = apr_time_now();
    scan.by_base = apr_hash_make(pool);
    scan.known = apr_array_make(pool, 1024, sizeof(scan_message_t *));
    scan.arrivals = apr_array_make(pool, 64, sizeof(scan_message_t *));
    BASE_TRY(local_place_open(session, folder, &scan.place, pool));
    if (fstat(scan.place.cur, &cur) != 0 || fstat(scan.place.new, &fresh) != 0)
        return local_fault(errno, pool, "looking at the folder");
    cur_mtime = local_mtime(&cur);
    new_mtime = local_mtime(&fresh);
    latest = cur_mtime > new_mtime ? cur_mtime : new_mtime;
    if (cur_mtime != folder->cur_mtime || new_mtime != folder->new_mtime)
        folder->seen = scan.start;
    BASE_TRY(scan_load(&scan));
    BASE_TRY(scan_directory(&scan, "new", 1));
    BASE_TRY(scan_directory(&scan, "cur", 0));
    scan.quiet = fstat(scan.place.cur, &cur) == 0 && fstat(scan.place.new, &fresh) == 0 &&
                 local_mtime(&cur) == cur_mtime && local_mtime(&fresh) == new_mtime &&
                 local_quiet(latest, folder->seen, scan.start);
    BASE_TRY(scan_apply(&scan));
    folder->cur_mtime = cur_mtime;
    folder->new_mtime = new_mtime;
    folder->suspects = scan.suspects;
    folder->trusted = scan.quiet && !scan.raced && !scan.suspects;
    *again = scan.quiet && scan.suspects;
    folder->scanned = scan.raced || scan.suspects ? 0 : scan.start;
    return local_sql_run(session->index, LOCAL_SQL_FOLDER_SCANNED, pool, "iiiiiii", cur_mtime,
                         new_mtime, folder->seen, (apr_int64_t)folder->trusted,
                         (apr_int64_t)folder->suspects, folder->scanned, folder->number);
}

static base_fault_t *scan_locked(local_session_t *session, local_folder_t *folder,
                                 local_look_t look, apr_time_t began, apr_pool_t *pool)
{
    base_fault_t *(*run)(local_session_t *, local_folder_t *, int *, apr_pool_t *) =
        folder->class_ == BACKEND_CLASS_EMAIL ? scan_run : local_vdir_scan;
    base_fault_t *fault;
    apr_pool_t *scratch;
    int again;

    if (look != LOCAL_LOOK_SCAN && scan_holds(session, folder, began, pool))
        return NULL;
    apr_pool_create(&scratch, pool);
    fault = run(session, folder, &again, scratch);
    if (!fault && again) {
        apr_pool_clear(scratch);
        fault = run(session, folder, &again, scratch);
    }
    fault = base_fault_wrap(fault, pool, "scanning '%s'", folder->directory);
    apr_pool_destroy(scratch);
    return fault;
}

base_fault_t *local_scan_locked(local_session_t *session, local_folder_t *folder, local_look_t look,
                                apr_pool_t *pool)
{
    return scan_locked(session, folder, look, apr_time_now(), pool);
}

/* -- looking -------------------------------------------------------------------------------- */

static base_fault_t *scan_update(local_session_t *session, const char *folder_id, local_look_t look,
                                 apr_time_t began, local_folder_t *folder, apr_pool_t *pool)
{
    base_fault_t *fault;

    BASE_TRY(local_begin(session->index, pool));
    fault = local_folder_load(session, folder_id, folder, pool); /* as it is under the lock */
    if (!fault)
        fault = scan_locked(session, folder, look, began, pool);
    return local_end(session->index, fault, pool);
}

/* What it cannot do now it does later. */
static void scan_sweep(local_session_t *session, apr_pool_t *pool)
{
    base_fault_t *fault = local_property_sweep(session, pool);

    if (fault)
        base_log_write(session->instance->log, BASE_LOG_INFO, "local backend: account %s: %s",
                       session->account, fault->message);
}

base_fault_t *local_scan_folder(local_session_t *session, const char *folder_id, local_look_t look,
                                local_folder_t *folder, apr_pool_t *pool)
{
    apr_time_t began = apr_time_now();
    base_fault_t *fault;

    if (look != LOCAL_LOOK_ONCE || !session->listed)
        BASE_TRY(local_folders_look(session, pool));
    BASE_TRY(local_folder_load(session, folder_id, folder, pool));
    if (look == LOCAL_LOOK_ONCE &&
        apr_hash_get(session->looked, &folder->number, sizeof folder->number))
        return NULL;
    if (look == LOCAL_LOOK_SCAN || !scan_holds(session, folder, began, pool)) {
        fault = scan_update(session, folder_id, look, began, folder, pool);
        if (base_fault_code(fault) == BASE_FAULT_BUSY) {
            /* the directory has just been renamed, or removed */
            BASE_TRY(local_folders_look(session, pool));
            fault = scan_update(session, folder_id, look, began, folder, pool);
        }
        BASE_TRY(fault);
    }
    apr_hash_set(session->looked,
                 apr_pmemdup(session->pool, &folder->number, sizeof folder->number),
                 sizeof folder->number, session);
    if (session->stray)
        scan_sweep(session, pool);
    return NULL;
}
