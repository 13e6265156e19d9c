/* Opening indexes and keeping idle handles. */
#include "backend/local_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include <apr_strings.h>

#include "backend/local_fs.h"

#define CACHE_SCHEMA_VERSION 5
#define CACHE_SET_VERSION "PRAGMA user_version = " APR_STRINGIFY(CACHE_SCHEMA_VERSION)
#define CACHE_BUSY_MS 20000
#define CACHE_WAL_PAGES 64 /* then they go into the file: 256 KB of log for each account */

struct local_cache {
    APR_RING_HEAD(local_cache_ring, local_index) idle; /* most recently used first */
    int count, limit;
    apr_thread_mutex_t *lock;
    const base_log_t *log;
    pid_t process;
};

/* What came with version 3. */
#define CACHE_STRAYS                                                           \
    "CREATE INDEX item_properties ON item(name) WHERE properties IS NOT NULL;" \
    "CREATE TABLE stray(name TEXT PRIMARY KEY, since INTEGER NOT NULL) WITHOUT ROWID;"

/* And with version 4. */
#define CACHE_NAMED "named INTEGER NOT NULL DEFAULT 0"
#define CACHE_NAMING "naming TEXT NOT NULL DEFAULT ''"
#define CACHE_CONVERSATION_INDEX                                         \
    "CREATE INDEX item_conversation ON item(folder, conversation, date)" \
    " WHERE conversation IS NOT NULL;"

/* And with version 5: collections (local_vdir.h). */
#define CACHE_COLLECTION(SEPARATOR)                                                             \
    "class INTEGER NOT NULL DEFAULT 0" SEPARATOR "guessed INTEGER NOT NULL DEFAULT 0" SEPARATOR \
    "chosen INTEGER NOT NULL DEFAULT 0" SEPARATOR "parent TEXT NOT NULL DEFAULT ''" SEPARATOR   \
    "swept INTEGER NOT NULL DEFAULT 0" SEPARATOR "described TEXT NOT NULL DEFAULT ''"
#define CACHE_FILE(SEPARATOR) "changed INTEGER" SEPARATOR "inode INTEGER" SEPARATOR "identity TEXT"
#define CACHE_VDIR                                                                            \
    "CREATE TABLE vdir(one INTEGER PRIMARY KEY CHECK(one = 1), mtime INTEGER NOT NULL,"       \
    " seen INTEGER NOT NULL, trusted INTEGER NOT NULL);"                                      \
    "CREATE TABLE alien(folder INTEGER NOT NULL, name TEXT NOT NULL, class INTEGER NOT NULL," \
    " changed INTEGER NOT NULL, inode INTEGER NOT NULL, size INTEGER NOT NULL,"               \
    " PRIMARY KEY(folder, name)) WITHOUT ROWID;"
#define CACHE_ADD_TO_FOLDER ";ALTER TABLE folder ADD COLUMN "
#define CACHE_ADD_TO_ITEM ";ALTER TABLE item ADD COLUMN "

/* item: a message that is there. gone: one that was. history: the random stamp of each
 * transaction by its last modseq. Names are stored as they are on disk, whatever their bytes. */
static const char cache_schema[] =
    "CREATE TABLE mailbox(one INTEGER PRIMARY KEY CHECK(one = 1), mtime INTEGER NOT NULL,"
    " seen INTEGER NOT NULL, trusted INTEGER NOT NULL);"
    "CREATE TABLE folder(number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,"
    " directory TEXT NOT NULL, device INTEGER NOT NULL, inode INTEGER NOT NULL,"
    " marked INTEGER NOT NULL, generation INTEGER NOT NULL, next_uid INTEGER NOT NULL DEFAULT 1,"
    " modseq INTEGER NOT NULL DEFAULT 0, stamp INTEGER NOT NULL DEFAULT 0,"
    " forgotten INTEGER NOT NULL DEFAULT 0, floor INTEGER NOT NULL DEFAULT 0,"
    " cur_mtime INTEGER NOT NULL DEFAULT 0, new_mtime INTEGER NOT NULL DEFAULT 0,"
    " seen INTEGER NOT NULL DEFAULT 0, trusted INTEGER NOT NULL DEFAULT 0,"
    " suspects INTEGER NOT NULL DEFAULT 0, missed INTEGER NOT NULL DEFAULT 0,"
    " scanned INTEGER NOT NULL DEFAULT 0, " CACHE_NAMED ", " CACHE_NAMING ", " CACHE_COLLECTION(
        ", ") ");"
              "CREATE TABLE item(folder INTEGER NOT NULL, uid INTEGER NOT NULL, name TEXT NOT NULL,"
              " fresh INTEGER NOT NULL, token INTEGER NOT NULL, date INTEGER NOT NULL,"
              " size INTEGER NOT NULL, modseq INTEGER NOT NULL,"
              " missed INTEGER NOT NULL DEFAULT 0, derived TEXT, properties TEXT, conversation "
              "TEXT,"
              " conversation_date INTEGER, " CACHE_FILE(
                  ", ") ","
                        " PRIMARY KEY(folder, uid)) WITHOUT ROWID;"
                        "CREATE INDEX item_modseq ON item(folder, modseq);"
                        "CREATE INDEX item_date ON item(folder, date);"
                        "CREATE INDEX item_derived ON item(folder, derived) WHERE derived IS NOT "
                        "NULL;"
                        "CREATE TABLE gone(folder INTEGER NOT NULL, modseq INTEGER NOT NULL, uid "
                        "INTEGER NOT NULL,"
                        " PRIMARY KEY(folder, modseq)) WITHOUT ROWID;"
                        "CREATE TABLE history(folder INTEGER NOT NULL, modseq INTEGER NOT NULL,"
                        " stamp INTEGER NOT NULL, PRIMARY KEY(folder, modseq)) WITHOUT "
                        "ROWID;" CACHE_STRAYS CACHE_CONVERSATION_INDEX CACHE_VDIR;

static void cache_handle_close(local_index_t *index)
{
    backend_sql_close(&index->sql);
    free(index->directory);
    free(index);
}

static apr_status_t cache_close(void *data)
{
    local_cache_t *cache = data;

    while (!APR_RING_EMPTY(&cache->idle, local_index, link)) {
        local_index_t *index = APR_RING_FIRST(&cache->idle);

        APR_RING_REMOVE(index, link);
        if (cache->process == getpid()) /* SQLite forbids it in a child of the opener */
            cache_handle_close(index);
    }
    return APR_SUCCESS;
}

base_fault_t *local_cache_make(local_cache_t **cache, int handles, const base_log_t *log,
                               apr_pool_t *pool)
{
    local_cache_t *made = apr_pcalloc(pool, sizeof *made);
    apr_status_t status = apr_thread_mutex_create(&made->lock, APR_THREAD_MUTEX_DEFAULT, pool);

    if (status != APR_SUCCESS)
        return base_fault_make_status(pool, BASE_FAULT_INTERNAL, status, "making a mutex");
    APR_RING_INIT(&made->idle, local_index, link);
    made->limit = handles;
    made->log = log;
    made->process = getpid();
    apr_pool_cleanup_register(pool, made, cache_close, apr_pool_cleanup_null);
    *cache = made;
    return NULL;
}

/* -- opening -------------------------------------------------------------------------------- */

static const char *cache_path(const char *directory, const char *suffix, apr_pool_t *pool)
{
    return apr_pstrcat(pool, directory, "/" LOCAL_INDEX_FILE, suffix, NULL);
}

/* Step by step from the version that the file has. */
static base_fault_t *cache_upgrade(local_index_t *index, int *version, apr_pool_t *pool)
{
    static const char *const steps[CACHE_SCHEMA_VERSION] = {
        [1] = "ALTER TABLE folder ADD COLUMN scanned INTEGER NOT NULL DEFAULT 0",
        /* in a token the revision has moved up, to make room for what counts the properties */
        [2] = "ALTER TABLE item ADD COLUMN properties TEXT;" CACHE_STRAYS
              "UPDATE item SET token = (token & 255) | (token >> 8 << 38) WHERE token > 255",
        [3] = "ALTER TABLE folder ADD COLUMN " CACHE_NAMED ";"
              "ALTER TABLE folder ADD COLUMN " CACHE_NAMING ";"
              "ALTER TABLE item ADD COLUMN conversation TEXT;"
              "ALTER TABLE item ADD COLUMN conversation_date INTEGER;" CACHE_CONVERSATION_INDEX,
        [4] = CACHE_VDIR "ALTER TABLE folder ADD COLUMN " CACHE_COLLECTION(CACHE_ADD_TO_FOLDER)
            CACHE_ADD_TO_ITEM CACHE_FILE(CACHE_ADD_TO_ITEM),
    };
    base_fault_t *fault = NULL;
    int had = *version;

    if (had < 1 || had >= CACHE_SCHEMA_VERSION)
        return NULL;
    BASE_TRY(backend_sql_exec(&index->sql, "BEGIN IMMEDIATE", pool));
    fault = backend_sql_version(&index->sql, version, pool); /* another process may have done it */
    for (; !fault && *version >= had && *version < CACHE_SCHEMA_VERSION; ++*version) {
        fault = backend_sql_exec(&index->sql, steps[*version], pool);
        if (!fault && *version + 1 == CACHE_SCHEMA_VERSION)
            fault = backend_sql_exec(&index->sql, CACHE_SET_VERSION, pool);
    }
    return local_end(index, fault, pool);
}

static base_fault_t *cache_set_up(local_index_t *index, apr_pool_t *pool)
{
    int version = 0;

    sqlite3_busy_timeout(index->sql.db, CACHE_BUSY_MS);
    /* Handles come and go with the mail that arrives. The log stays when the last one closes: with
     * it, the log's own files would be made and removed each time and the disk waited for, which
     * takes four times as long as all the rest. */
    sqlite3_db_config(index->sql.db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)NULL);
    sqlite3_wal_autocheckpoint(index->sql.db, CACHE_WAL_PAGES);
    BASE_TRY(backend_sql_version(&index->sql, &version, pool));
    if (version == 0) {
        /* A new file gets everything or nothing: the version is set in the same transaction.
         * NORMAL keeps the file sound through a power cut; what it may forget then is noticed
         * by the stamps and costs a resynchronisation. */
        BASE_TRY(backend_sql_exec(&index->sql, "PRAGMA journal_mode = WAL; BEGIN IMMEDIATE", pool));
        BASE_TRY(backend_sql_exec(&index->sql, cache_schema, pool));
        BASE_TRY(backend_sql_exec(&index->sql, CACHE_SET_VERSION "; COMMIT", pool));
        version = CACHE_SCHEMA_VERSION;
    }
    BASE_TRY(cache_upgrade(index, &version, pool));
    if (version != CACHE_SCHEMA_VERSION)
        return base_fault_make(pool, BASE_FAULT_UNAVAILABLE,
                               "the index has schema version %d, this module knows %d", version,
                               CACHE_SCHEMA_VERSION);
    BASE_TRY(backend_sql_exec(&index->sql,
                              "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -1024;"
                              "PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 1048576",
                              pool));
    /* reads the schema, which a damaged file may no longer have */
    return backend_sql_exec(&index->sql, "SELECT 1 FROM folder LIMIT 1; SELECT 1 FROM item LIMIT 1",
                            pool);
}

static base_fault_t *cache_handle_open(const char *directory, local_index_t **index,
                                       apr_pool_t *pool)
{
    const char *path = cache_path(directory, "", pool);
    local_index_t *made = calloc(1, sizeof *made);
    base_fault_t *fault;
    struct stat info;

    if (!made || !(made->directory = strdup(directory)))
        abort(); /* as APR's pools do */
    local_index_init(made);
    fault = backend_sql_open(&made->sql, path, pool);
    if (!fault)
        fault = cache_set_up(made, pool);
    if (!fault && stat(path, &info) != 0)
        fault = local_fault(errno, pool, "index %s", path);
    if (fault) {
        cache_handle_close(made);
        return fault;
    }
    made->device = info.st_dev;
    made->inode = info.st_ino;
    *index = made;
    return NULL;
}

/* Is the handle's file still the one at its path? */
static int cache_handle_current(const local_index_t *index, apr_pool_t *pool)
{
    struct stat info;

    return stat(cache_path(index->directory, "", pool), &info) == 0 &&
           info.st_dev == index->device && info.st_ino == index->inode;
}

/* One process at a time opens, makes or puts aside an index. Closing gives the lock back. */
static base_fault_t *cache_lock(const char *directory, int *lock, apr_pool_t *pool)
{
    if (mkdir(directory, 0700) != 0 && errno != EEXIST)
        return local_fault(errno, pool, "making %s", directory);
    *lock =
        open(cache_path(directory, ".lock", pool), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*lock < 0)
        return local_fault(errno, pool, "opening %s", cache_path(directory, ".lock", pool));
    while (flock(*lock, LOCK_EX) != 0)
        if (errno != EINTR) {
            base_fault_t *fault = local_fault(errno, pool, "locking the index");

            close(*lock);
            return fault;
        }
    return NULL;
}

static void cache_put_aside(local_cache_t *cache, const char *directory, const char *why,
                            apr_pool_t *pool)
{
    const char *path = cache_path(directory, "", pool);

    base_log_write(cache->log, BASE_LOG_WARNING,
                   "local backend: %s is damaged (%s); put aside as %s.damaged, devices of this "
                   "account will resynchronise",
                   path, why, path);
    rename(path, cache_path(directory, ".damaged", pool));
    unlink(cache_path(directory, "-wal", pool));
    unlink(cache_path(directory, "-shm", pool));
}

static base_fault_t *cache_open(local_cache_t *cache, const char *directory, local_index_t **index,
                                apr_pool_t *pool)
{
    base_fault_t *fault;
    int lock;

    BASE_TRY(cache_lock(directory, &lock, pool));
    fault = cache_handle_open(directory, index, pool);
    if (base_fault_code(fault) == BASE_FAULT_CORRUPT) {
        cache_put_aside(cache, directory, fault->message, pool);
        fault = cache_handle_open(directory, index, pool);
    }
    close(lock);
    return fault;
}

/* -- keeping -------------------------------------------------------------------------------- */

typedef struct {
    local_cache_t *cache;
    local_index_t *index;
} cache_lease_t;

/* A handle that found damage takes the file away, unless somebody did already. */
static void cache_discard(local_cache_t *cache, local_index_t *index)
{
    apr_pool_t *pool;
    int lock = -1;

    apr_pool_create(&pool, NULL);
    if (index->damaged && !cache_lock(index->directory, &lock, pool)) {
        if (cache_handle_current(index, pool))
            cache_put_aside(cache, index->directory, sqlite3_errmsg(index->sql.db), pool);
        close(lock);
    }
    apr_pool_destroy(pool);
    cache_handle_close(index);
}

static apr_status_t cache_release(void *data)
{
    cache_lease_t *lease = data;
    local_cache_t *cache = lease->cache;
    local_index_t *index = lease->index, *last = NULL;
    int i;

    for (i = 0; i < LOCAL_SQL_COUNT_; i++)
        sqlite3_reset(index->statements[i]);
    if (!sqlite3_get_autocommit(index->sql.db))
        sqlite3_exec(index->sql.db, "ROLLBACK", NULL, NULL, NULL);
    if (index->damaged) {
        cache_discard(cache, index);
        return APR_SUCCESS;
    }
    apr_thread_mutex_lock(cache->lock);
    APR_RING_INSERT_HEAD(&cache->idle, index, local_index, link);
    if (++cache->count > cache->limit) {
        last = APR_RING_LAST(&cache->idle);
        APR_RING_REMOVE(last, link);
        cache->count--;
    }
    apr_thread_mutex_unlock(cache->lock);
    if (last)
        cache_handle_close(last);
    return APR_SUCCESS;
}

/* The idle handle that was used last, NULL when there is none. */
static local_index_t *cache_take(local_cache_t *cache, const char *directory)
{
    local_index_t *index;

    apr_thread_mutex_lock(cache->lock);
    for (index = APR_RING_FIRST(&cache->idle);
         index != APR_RING_SENTINEL(&cache->idle, local_index, link);
         index = APR_RING_NEXT(index, link))
        if (strcmp(index->directory, directory) == 0)
            break;
    if (index == APR_RING_SENTINEL(&cache->idle, local_index, link))
        index = NULL;
    if (index) {
        APR_RING_REMOVE(index, link);
        cache->count--;
    }
    apr_thread_mutex_unlock(cache->lock);
    return index;
}

base_fault_t *local_index_acquire(local_cache_t *cache, const char *directory,
                                  local_index_t **index, apr_pool_t *pool)
{
    cache_lease_t *lease = apr_pcalloc(pool, sizeof *lease);
    local_index_t *found;

    if (cache->process != getpid())
        return base_fault_make(pool, BASE_FAULT_INTERNAL, "an index was opened before a fork");
    while ((found = cache_take(cache, directory)) && !cache_handle_current(found, pool))
        cache_handle_close(found);
    if (!found)
        BASE_TRY(cache_open(cache, directory, &found, pool));
    lease->cache = cache;
    lease->index = found;
    apr_pool_cleanup_register(pool, lease, cache_release, apr_pool_cleanup_null);
    *index = found;
    return NULL;
}
