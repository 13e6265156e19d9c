#include "sync/pack.h"

#include <string.h>
#include <apr_strings.h>

void sync_pack_uint(base_text_buffer_t *out, apr_uint64_t value)
{
    unsigned char bytes[10];
    size_t length = 0;

    do {
        bytes[length] = (unsigned char)(value & 0x7f);
        value >>= 7;
        if (value)
            bytes[length] |= 0x80;
        length++;
    } while (value);
    base_text_buffer_append(out, bytes, length);
}

/* zigzag: small numbers of either sign stay short */
void sync_pack_int(base_text_buffer_t *out, apr_int64_t value)
{
    apr_uint64_t shifted = (apr_uint64_t)value << 1;

    sync_pack_uint(out, value < 0 ? ~shifted : shifted);
}

void sync_pack_bytes(base_text_buffer_t *out, const void *data, apr_size_t length)
{
    sync_pack_uint(out, length);
    if (length)
        base_text_buffer_append(out, data, length);
}

void sync_pack_text(base_text_buffer_t *out, const char *text)
{
    sync_pack_bytes(out, text, strlen(text));
}

void sync_unpack_start(sync_unpack_t *in, const void *data, apr_size_t length)
{
    in->at = data;
    in->end = in->at ? in->at + length : NULL;
    in->bad = 0;
}

apr_uint64_t sync_unpack_uint(sync_unpack_t *in)
{
    apr_uint64_t value = 0;
    int shift;

    for (shift = 0; shift < 64 && in->at < in->end && !in->bad; shift += 7) {
        unsigned char byte = *in->at++;

        if (shift == 63 && byte > 1)
            break;
        value |= (apr_uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return value;
    }
    in->bad = 1;
    return 0;
}

apr_int64_t sync_unpack_int(sync_unpack_t *in)
{
    apr_uint64_t value = sync_unpack_uint(in);

    return (apr_int64_t)(value & 1 ? ~(value >> 1) : value >> 1);
}

unsigned sync_unpack_count(sync_unpack_t *in, unsigned maximum)
{
    apr_uint64_t value = sync_unpack_uint(in);

    if (value <= maximum)
        return (unsigned)value;
    in->bad = 1;
    return 0;
}

const void *sync_unpack_bytes(sync_unpack_t *in, apr_size_t *length)
{
    apr_uint64_t wanted = sync_unpack_uint(in);
    const void *data = in->at;

    if (in->bad || wanted > (apr_uint64_t)(in->end - in->at)) {
        in->bad = 1;
        *length = 0;
        return "";
    }
    in->at += wanted;
    *length = (apr_size_t)wanted;
    return data;
}

const char *sync_unpack_text(sync_unpack_t *in, apr_pool_t *pool)
{
    apr_size_t length;
    const char *text = sync_unpack_bytes(in, &length);

    if (memchr(text, '\0', length)) {
        in->bad = 1;
        return "";
    }
    return apr_pstrmemdup(pool, text, length);
}

int sync_unpack_end(const sync_unpack_t *in)
{
    return !in->bad && in->at == in->end;
}
