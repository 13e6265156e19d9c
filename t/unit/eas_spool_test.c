/* The spool: memory, file, gzip. */
#include "tap.h"

#include <zlib.h>

#include "eas_helpers.h"

static const char *gunzip(const char *bytes, apr_size_t length, apr_size_t *size, apr_pool_t *pool)
{
    z_stream stream = {0};
    apr_size_t capacity = 8 * 1024 * 1024;
    char *out = apr_palloc(pool, capacity);
    int result;

    inflateInit2(&stream, 15 + 16);
    stream.next_in = (Bytef *)bytes;
    stream.avail_in = (uInt)length;
    stream.next_out = (Bytef *)out;
    stream.avail_out = (uInt)capacity;
    result = inflate(&stream, Z_FINISH);
    *size = stream.total_out;
    inflateEnd(&stream);
    return result == Z_STREAM_END ? out : NULL;
}

static void test_sizes(apr_pool_t *pool)
{
    static const apr_size_t sizes[] = {
        0, 1, EAS_SPOOL_MEMORY - 1, EAS_SPOOL_MEMORY, EAS_SPOOL_MEMORY + 1, 1000000};
    static const apr_size_t pieces[] = {1000, 4096, 300000, 1000000};
    char *bytes = apr_palloc(pool, 1000000);
    apr_uint64_t random = 7;
    size_t i, j;

    for (i = 0; i < 1000000; i++)
        bytes[i] = (char)next_random(&random);
    for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (j = 0; j < sizeof pieces / sizeof pieces[0]; j++) {
            eas_spool_t *spool = eas_spool_create(NULL, pool), *zipped;
            apr_size_t done, length;
            base_fault_t *fault = NULL;
            const char *data, *again;
            apr_file_t *file;
            apr_off_t size;

            for (done = 0; done < sizes[i] && !fault; done += length) {
                length = sizes[i] - done < pieces[j] ? sizes[i] - done : pieces[j];
                fault = eas_spool_append(spool, bytes + done, length);
            }
            ok(!fault && eas_spool_length(spool) == (apr_off_t)sizes[i], "%d bytes by %d",
               (int)sizes[i], (int)pieces[j]);
            ok(!eas_spool_content(spool, &data, &file, &size) &&
                   (file != NULL) == (sizes[i] > EAS_SPOOL_MEMORY),
               "in a file when they are many");
            data = spool_bytes(spool, &length, pool);
            again = spool_bytes(spool, &length, pool);
            ok(data && again && length == sizes[i] && memcmp(data, bytes, length) == 0 &&
                   memcmp(again, bytes, length) == 0,
               "come back, also twice");
            ok(!eas_spool_gzip(spool, &zipped, pool) && zipped == spool, "noise is not compressed");
        }
}

static void test_gzip(apr_pool_t *pool)
{
    static const apr_size_t sizes[] = {100, 300, 30000, 300000, 5000000};
    char *bytes = apr_palloc(pool, 5000000);
    size_t i;

    for (i = 0; i < 5000000; i++)
        bytes[i] = (char)("Subject: Re: Re: "[i % 17] + (i / 1000) % 3);
    for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        eas_spool_t *spool = eas_spool_create(NULL, pool), *zipped = NULL;
        apr_size_t length, size;
        const char *data;

        ok(!eas_spool_append(spool, bytes, sizes[i]) && !eas_spool_gzip(spool, &zipped, pool),
           "%d bytes of text", (int)sizes[i]);
        if (sizes[i] < 256) {
            ok(zipped == spool, "are left alone");
            continue;
        }
        ok(zipped != spool && eas_spool_length(zipped) < eas_spool_length(spool), "shrink");
        data = spool_bytes(zipped, &length, pool);
        data = gunzip(data, length, &size, pool);
        ok(data && size == sizes[i] && memcmp(data, bytes, size) == 0, "and come back");
    }
}

static void test_folder(apr_pool_t *pool)
{
    eas_spool_t *spool = eas_spool_create("/nonexistent/folder", pool);
    char *bytes = apr_pcalloc(pool, EAS_SPOOL_MEMORY + 1);
    base_fault_t *fault;

    ok(!eas_spool_append(spool, bytes, EAS_SPOOL_MEMORY), "memory needs no folder");
    fault = eas_spool_append(spool, bytes, 1);
    is_int(base_fault_code(fault), BASE_FAULT_UNAVAILABLE, "a file does");
    ok(fault && strstr(fault->message, "/nonexistent/folder"), "and the fault names it");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_sizes(pool);
    test_gzip(pool);
    test_folder(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
