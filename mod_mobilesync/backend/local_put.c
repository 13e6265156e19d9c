/* Storing a message: written to tmp/ and synced, then linked to its place under the index's
 * write lock (https://cr.yp.to/proto/maildir.html). */
#include "backend/local_item.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <apr_strings.h>

#include "backend/blob.h"
#include "backend/lines.h"
#include "backend/local_folder.h"
#include "backend/local_name.h"
#include "backend/local_scan.h"

#define PUT_BLOCK 16384

typedef struct {
    local_session_t *session;
    const backend_put_t *put;
    local_folder_t folder;
    local_place_t place;
    int tmp;
    const char *base; /* its name in tmp/ */
    const char *name; /* its name in new/ or cur/ */
    int fresh;
    int linked;
    apr_time_t date;
    apr_uint64_t size;      /* of the file */
    apr_uint64_t wire_size; /* with CRLF */
} put_t;

static base_fault_t *put_write(int descriptor, const char *data, apr_size_t length,
                               apr_pool_t *pool)
{
    while (length > 0) {
        ssize_t written = write(descriptor, data, length);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return local_fault(written < 0 ? errno : ENOSPC, pool, "writing a message");
        data += written;
        length -= (apr_size_t)written;
    }
    return NULL;
}

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
        BASE_TRY(put_write(descriptor, out, produced, pool));
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
    struct stat info;
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
    if (!fault && fstat(put->place.cur, &info) == 0 &&
        fchown(descriptor, (uid_t)-1, info.st_gid) == 0)
        (void)!fchmod(descriptor, info.st_mode & 0666);
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

static base_fault_t *put_locked(put_t *put, local_item_t *item, apr_pool_t *pool)
{
    local_session_t *session = put->session;
    const char *derived_name = put->put->derived_name;
    int found = 0;

    BASE_TRY(local_folder_load(session, put->folder.id, &put->folder, pool));
    if (derived_name) {
        BASE_TRY(local_scan_locked(session, &put->folder, LOCAL_LOOK_NOW, pool));
        BASE_TRY(local_item_by_derived(session, &put->folder, derived_name, item, &found, pool));
        if (found)
            return NULL;
    }
    BASE_TRY(put_link(put, pool));
    item->name = put->name;
    item->fresh = put->fresh;
    item->token = put->put->flags;
    item->date = put->date;
    item->size = (apr_int64_t)put->size;
    BASE_TRY(local_item_add(session, &put->folder, item, pool));
    return local_folder_store(session, &put->folder, pool);
}

static const char *put_name(const put_t *put, apr_pool_t *pool)
{
    const char *name = local_name_with_sizes(put->base, put->size, put->wire_size, pool);

    if (put->put->derived_name)
        name = local_name_with_derived(name, put->put->derived_name, pool);
    return put->fresh ? name : local_name_with_token(name, put->put->flags, pool);
}

base_fault_t *local_item_put(void *data, const char *folder_id, const backend_put_t *put,
                             const backend_blob_t *blob, backend_entry_t *entry, apr_pool_t *pool)
{
    local_session_t *session = data;
    put_t made = {.session = session, .put = put, .tmp = -1};
    base_fault_t *fault;
    local_item_t item;

    memset(&item, 0, sizeof item);
    if (put->derived_name && !backend_derived_name_valid(put->derived_name))
        return base_fault_make(pool, BASE_FAULT_INVALID, "not a derived name");
    if (!session->listed)
        BASE_TRY(local_folders_look(session, pool));
    BASE_TRY(local_folder_load(session, folder_id, &made.folder, pool));
    BASE_TRY(local_place_open(session, &made.folder, &made.place, pool));
    made.date = put->date ? put->date : apr_time_now();
    made.base = local_name_make(session->instance->host, pool);
    /* without flags it arrives as from any deliverer; with them somebody has seen it */
    made.fresh = put->flags == 0;
    fault = put_tmp(&made, blob, pool);
    made.name = put_name(&made, pool);
    if (!fault)
        fault = local_begin(session->index, pool);
    if (!fault)
        fault = local_end(session->index, put_locked(&made, &item, pool), pool);
    if (made.tmp >= 0)
        unlinkat(made.tmp, made.base, 0);
    if (fault && made.linked) /* not recorded: as if it had not happened */
        unlinkat(made.fresh ? made.place.new : made.place.cur, made.name, 0);
    if (!fault)
        local_item_entry(&item, entry);
    return fault;
}
