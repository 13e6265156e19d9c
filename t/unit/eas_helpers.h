/* Decoding and encoding in one call, for the tests of eas/. */
#ifndef T_UNIT_EAS_HELPERS_H
#define T_UNIT_EAS_HELPERS_H

#include <stdlib.h>
#include <string.h>
#include <apr_general.h>
#include <apr_strings.h>

#include "base/text.h"
#include "eas/reader.h"
#include "eas/selftest.h"
#include "eas/writer.h"

/* Reads a document, fed in pieces of a size (0 = whole). */
__attribute__((unused)) static base_fault_t *decode_limited(const eas_limits_t *limits,
                                                            const void *bytes, apr_size_t length,
                                                            apr_size_t piece,
                                                            const eas_node_t **root,
                                                            apr_pool_t *pool)
{
    eas_reader_t *reader = eas_reader_create(limits, NULL, pool);
    const char *p = bytes;

    *root = NULL;
    while (length) {
        apr_size_t size = piece && piece < length ? piece : length;

        BASE_TRY(eas_reader_feed(reader, p, size));
        p += size;
        length -= size;
    }
    return eas_reader_finish(reader, root);
}

__attribute__((unused)) static base_fault_t *decode(const void *bytes, apr_size_t length,
                                                    const eas_node_t **root, apr_pool_t *pool)
{
    static const eas_limits_t limits = EAS_LIMITS_DEFAULT;

    return decode_limited(&limits, bytes, length, 0, root, pool);
}

/* The content of a spool in memory. */
__attribute__((unused)) static const char *spool_bytes(eas_spool_t *spool, apr_size_t *length,
                                                       apr_pool_t *pool)
{
    const char *data;
    apr_file_t *file;
    apr_off_t size;
    char *copy;

    if (eas_spool_content(spool, &data, &file, &size))
        return NULL;
    *length = (apr_size_t)size;
    if (!file)
        return data;
    copy = apr_palloc(pool, *length + 1);
    if (apr_file_read_full(file, copy, *length, NULL) != APR_SUCCESS)
        return NULL;
    copy[*length] = '\0';
    return copy;
}

/* "03 01 6a00" -> bytes */
__attribute__((unused)) static const char *from_hex(const char *hex, apr_size_t *length,
                                                    apr_pool_t *pool)
{
    char *bytes = apr_palloc(pool, strlen(hex) / 2 + 1);

    *length = 0;
    for (; *hex; hex++) {
        char digits[3] = {hex[0], hex[1], '\0'};

        if (*hex == ' ')
            continue;
        bytes[(*length)++] = (char)strtoul(digits, NULL, 16);
        hex++;
    }
    return bytes;
}

/* A generator that gives the same numbers on every machine (xorshift64). */
__attribute__((unused)) static apr_uint64_t next_random(apr_uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

#endif
