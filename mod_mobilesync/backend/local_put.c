/* Storing a message: written to tmp/ and synced, then linked to its place under the index's
 * write lock (https://cr.yp.to/proto/maildir.html). One that replaces another takes its place. */
#include "backend/local_item.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <apr_strings.h>

#include "backend/blob.h"
#include "backend/lines.h"
#include "backend/local_conversation.h"
#include "backend/local_folder.h"
#include "backend/local_name.h"
#include "backend/local_property.h"
#include "backend/local_scan.h"

#define PUT_BLOCK 16384

typedef struct {
    local_session_t *session;
    const char *derived_name; /* NULL: none */
    apr_uint64_t flags, revision;
    const char *properties; /* local_property.h; NULL: none */
    local_folder_t folder;
    local_place_t place;
    int tmp;
    const char *base; /* its name in tmp/ */
    const char *name; /* its name in new/ or cur/ */
    int fresh;
    int linked; /* it is there; in place of the old one, which is in tmp/ then */
    apr_time_t date;
    apr_uint64_t size;      /* of the file */
    apr_uint64_t wire_size; /* with CRLF */
} put_t;

/* Writes the message with the line ends of the host, and takes down both its sizes. */
static base_fault_t *put_write_blob(put_t *put, int descriptor, const backend_blob_t *blob,
                                    apr_pool_t *pool)
{
    backend_lines_t lines = {.reversible = 1};
    char in[PUT_BLOCK], out[PUT_BLOCK + 1];
    apr_uint64_t position = 0;
    apr_off_t start = 0;

    if (!blob->data && apr_file_seek(blob->file, APR_SET, &start) != APR_SUCCESS)
        return base_fault_make(pool, BASE_FAULT_INTERNAL, "a message that cannot be read again");
    for (;;) {
        apr_uint64_t rest = blob->size - position;
        apr_size_t length = rest < sizeof in ? (apr_size_t)rest : sizeof in, produced;
        const char *bytes = blob->data ? blob->data + position : in;
        apr_status_t status = APR_SUCCESS;

        if (!blob->data && length)
            status = apr_file_read(blob->file, in, &length);
        if (status != APR_SUCCESS)
            return base_fault_make_status(pool, BASE_FAULT_CORRUPT, status, "reading a message");
        produced = backend_lines_host(&lines, bytes, length, out);
        BASE_TRY(local_write(descriptor, out, produced, pool));
        put->size += produced;
        if (length == 0)
            break;
        position += length;
    }
    put->wire_size = put->size + lines.bare;
    return NULL;
}

/* The file in tmp/, complete and on disk, with date and permissions of the folder. */
static base_fault_t *put_tmp(put_t *put, const backend_blob_t *blob, apr_pool_t *pool)
{
    struct timespec times[2];
    base_fault_t *fault;
    int descriptor;

    put->tmp = local_directory_open(put->place.directory, "tmp");
    if (put->tmp < 0)
        return local_fault(errno, pool, "opening tmp/");
    local_descriptor_own(put->tmp, pool);
    descriptor =
        openat(put->tmp, put->base, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0)
        return local_fault(errno, pool, "making a file in tmp/");
    fault = put_write_blob(put, descriptor, blob, pool);
    local_mode_like(descriptor, put->place.cur, 0666);
    memset(times, 0, sizeof times);
    times[0].tv_sec = times[1].tv_sec = (time_t)apr_time_sec(put->date);
    times[0].tv_nsec = times[1].tv_nsec = (long)apr_time_usec(put->date) * 1000;
    if (!fault && (futimens(descriptor, times) != 0 || fsync(descriptor) != 0))
        fault = local_fault(errno, pool, "writing a message");
    if (close(descriptor) != 0 && !fault)
        fault = local_fault(errno, pool, "writing a message");
    return fault;
}

/* link(2) never replaces a file; where there are no links, a rename that does not either. */
static base_fault_t *put_link(put_t *put, apr_pool_t *pool)
{
    int to = put->fresh ? put->place.new : put->place.cur;

    if (linkat(put->tmp, put->base, to, put->name, 0) != 0 &&
        ((errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS) ||
         local_rename(put->tmp, put->base, to, put->name) != 0))
        return local_fault(errno, pool, "storing a message");
    put->linked = 1;
    if (fsync(to) != 0 && errno != EINVAL)
        return local_fault(errno, pool, "storing a message");
    return NULL;
}

static const char *put_name(const put_t *put, apr_pool_t *pool)
{
    const char *name = local_name_with_sizes(put->base, put->size, put->wire_size, pool);

    if (put->revision)
        name = local_name_with_revision(name, put->revision, pool);
    if (put->derived_name)
        name = local_name_with_derived(name, put->derived_name, pool);
    return put->fresh ? name : local_name_with_token(name, put->flags, pool);
}

/* Opens the folder and writes the file into tmp/. */
static base_fault_t *put_begin(put_t *put, const backend_blob_t *blob, apr_pool_t *pool)
{
    BASE_TRY(local_place_open(put->session, &put->folder, &put->place, pool));
    put->base = local_name_make(put->session->instance->host, pool);
    BASE_TRY(put_tmp(put, blob, pool));
    return local_begin(put->session->index, pool);
}

static void put_end(const put_t *put)
{
    if (put->tmp >= 0)
        unlinkat(put->tmp, put->base, 0);
}

static base_fault_t *put_locked(put_t *put, local_item_t *item, int *existed, apr_pool_t *pool)
{
    local_session_t *session = put->session;

    BASE_TRY(local_folder_load(session, put->folder.id, &put->folder, pool));
    if (put->derived_name) {
        BASE_TRY(local_scan_locked(session, &put->folder, LOCAL_LOOK_NOW, pool));
        BASE_TRY(
            local_item_by_derived(session, &put->folder, put->derived_name, item, existed, pool));
        if (*existed)
            return NULL;
    }
    put->name = put_name(put, pool);
    if (put->properties)
        BASE_TRY(local_property_write(session, put->base, put->properties, pool));
    BASE_TRY(put_link(put, pool));
    item->name = put->name;
    item->fresh = put->fresh;
    item->token = put->flags;
    item->date = put->date;
    item->size = (apr_int64_t)put->size;
    item->properties = put->properties;
    BASE_TRY(local_item_add(session, &put->folder, item, pool));
    return local_folder_store(session, &put->folder, pool);
}

base_fault_t *local_item_put(void *data, const char *folder_id, const backend_put_t *put,
                             const backend_blob_t *blob, backend_entry_t *entry, int *existed,
                             apr_pool_t *pool)
{
    local_session_t *session = data;
    put_t made = {
        .session = session,
        .derived_name = put->derived_name,
        .flags = put->flags,
        /* without flags it arrives as from any deliverer; with them somebody has seen it */
        .fresh = put->flags == 0,
        .date = put->date ? put->date : apr_time_now(),
        .properties = put->properties ? local_property_format(put->properties, pool) : NULL,
        .tmp = -1};
    base_fault_t *fault;
    local_item_t item;

    memset(&item, 0, sizeof item);
    *existed = 0;
    if (put->derived_name && !backend_derived_name_valid(put->derived_name))
        return base_fault_make(pool, BASE_FAULT_INVALID, "not a derived name");
    if (!session->listed)
        BASE_TRY(local_folders_look(session, pool));
    BASE_TRY(local_folder_load(session, folder_id, &made.folder, pool));
    fault = put_begin(&made, blob, pool);
    if (!fault)
        fault = local_end(session->index, put_locked(&made, &item, existed, pool), pool);
    put_end(&made);
    if (fault && made.linked) /* not recorded: as if it had not happened */
        unlinkat(made.fresh ? made.place.new : made.place.cur, made.name, 0);
    if (fault && made.name && made.properties)
        (void)local_property_write(session, made.base, NULL, pool);
    if (!fault)
        local_item_entry(&item, entry, pool);
    return fault;
}

/* -- replacing ------------------------------------------------------------------------------ */

static base_fault_t *replace_check(const local_item_t *item, apr_uint64_t if_match,
                                   apr_pool_t *pool)
{
    return item->token == if_match ? NULL : backend_mismatch((apr_uint64_t)item->uid, pool);
}

/* Letters of the old name that are no flags of ours stay. */
static const char *replace_name(put_t *put, const local_item_t *item, apr_pool_t *pool)
{
    const char *name = put_name(put, pool);
    local_name_t parsed;

    if (put->fresh)
        return name;
    local_name_parse(item->name, &parsed);
    name = apr_pstrcat(pool, apr_pstrmemdup(pool, name, strcspn(name, ":")),
                       item->name + parsed.base_length, NULL);
    return local_name_with_token(name, put->flags, pool);
}

static base_fault_t *replace_swap(put_t *put, apr_uint64_t if_match, local_item_t *item,
                                  apr_pool_t *pool)
{
    local_name_t parsed;
    int attempt;

    for (attempt = 0; local_swap(put->tmp, put->base, item->fresh ? put->place.new : put->place.cur,
                                 item->name) != 0;
         attempt++) {
        if (errno != ENOENT)
            return local_fault(errno, pool, "replacing a message");
        BASE_TRY(local_item_again(put->session, &put->folder, &put->place, attempt, item, pool));
        local_name_parse(item->name, &parsed);
        item->token = parsed.token | BACKEND_PROPERTIES_OF(item->token);
        BASE_TRY(replace_check(item, if_match, pool));
    }
    put->linked = 1;
    return NULL;
}

static base_fault_t *replace_rename(put_t *put, local_item_t *item, apr_pool_t *pool)
{
    int attempt;

    for (attempt = 0;; attempt++) {
        const char *name;
        int to;

        put->fresh = item->fresh && put->flags == 0;
        name = replace_name(put, item, pool);
        to = put->fresh ? put->place.new : put->place.cur;
        if (local_rename(item->fresh ? put->place.new : put->place.cur, item->name, to, name) ==
            0) {
            put->name = name;
            return fsync(to) == 0 || errno == EINVAL
                       ? NULL
                       : local_fault(errno, pool, "replacing a message");
        }
        if (errno != ENOENT)
            return local_fault(errno, pool, "replacing a message");
        BASE_TRY(local_item_again(put->session, &put->folder, &put->place, attempt, item, pool));
    }
}

static base_fault_t *replace_locked(put_t *put, apr_uint64_t if_match, local_item_t *item,
                                    apr_pool_t *pool)
{
    local_session_t *session = put->session;

    BASE_TRY(local_folder_load(session, put->folder.id, &put->folder, pool));
    BASE_TRY(local_item_load(session, &put->folder, (apr_uint64_t)item->uid, item, pool));
    BASE_TRY(replace_check(item, if_match, pool));
    if (item->properties)
        BASE_TRY(local_property_write(session, put->base, item->properties, pool));
    put->derived_name = local_name_derived(item->name, pool);
    put->revision = BACKEND_REVISION_OF(item->token) + 1;
    /* The new file takes the old one's place, and only then a name of its own, so that at every
     * moment there is one file of the two: what other programs see is that a message went and
     * another came, since to them a message never changes. */
    BASE_TRY(replace_swap(put, if_match, item, pool));
    BASE_TRY(replace_rename(put, item, pool));
    item->token =
        put->revision << BACKEND_REVISION_SHIFT | BACKEND_PROPERTIES_OF(item->token) | put->flags;
    item->size = (apr_int64_t)put->size;
    BASE_TRY(local_sql_run(session->index, LOCAL_SQL_ITEM_REPLACE, pool, "tiiiiii", put->name,
                           (apr_int64_t)put->fresh, (apr_int64_t)item->token, item->size,
                           local_folder_step(&put->folder), put->folder.number, item->uid));
    BASE_TRY(local_conversation_again(session, &put->folder, item->uid, pool));
    return local_folder_store(session, &put->folder, pool);
}

/* Not recorded: as if it had not happened. */
static void replace_undo(const put_t *put, const local_item_t *item)
{
    int from = item->fresh ? put->place.new : put->place.cur;

    if (put->name)
        (void)local_rename(put->fresh ? put->place.new : put->place.cur, put->name, from,
                           item->name);
    (void)local_swap(put->tmp, put->base, from, item->name);
}

base_fault_t *local_item_replace(void *data, const char *folder_id, apr_uint64_t uid,
                                 apr_uint64_t if_match, apr_uint64_t flags,
                                 const backend_blob_t *blob, backend_entry_t *entry,
                                 apr_pool_t *pool)
{
    local_session_t *session = data;
    put_t made = {.session = session, .flags = flags, .tmp = -1};
    base_fault_t *fault;
    local_item_t item;

    BASE_TRY(local_scan_folder(session, folder_id, LOCAL_LOOK_ONCE, &made.folder, pool));
    BASE_TRY(local_item_load(session, &made.folder, uid, &item, pool));
    made.date = item.date;
    fault = put_begin(&made, blob, pool);
    if (!fault)
        fault = local_end(session->index, replace_locked(&made, if_match, &item, pool), pool);
    if (fault && made.linked)
        replace_undo(&made, &item);
    put_end(&made);
    if (fault && made.base && item.properties)
        (void)local_property_write(session, made.base, NULL, pool);
    if (fault)
        return fault;
    local_property_forget(session, &item, pool); /* that of its old name */
    local_item_entry(&item, entry, pool);
    return NULL;
}
