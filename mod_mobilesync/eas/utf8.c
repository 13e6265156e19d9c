#include "eas/utf8.h"

#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd"

typedef enum { UTF8_LEGAL, UTF8_ILLEGAL, UTF8_MALFORMED, UTF8_PARTIAL } utf8_kind_t;

/* Length of the sequence that a lead byte announces; 0 when it cannot lead. */
static unsigned utf8_announced(unsigned char lead)
{
    if (lead < 0x80)
        return 1;
    if (lead >= 0xc2 && lead <= 0xdf)
        return 2;
    if (lead >= 0xe0 && lead <= 0xef)
        return 3;
    return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

/* What stands at p, and how many bytes it takes (of a malformed sequence those that
 * cannot start another one). */
static utf8_kind_t utf8_classify(const unsigned char *p, apr_size_t available, unsigned *length)
{
    static const unsigned lowest[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned announced = utf8_announced(*p), i;
    unsigned long c = *p;

    *length = 1;
    if (announced == 0)
        return UTF8_MALFORMED;
    if (announced == 1)
        return c >= 0x20 || c == '\t' || c == '\n' || c == '\r' ? UTF8_LEGAL : UTF8_ILLEGAL;
    c &= 0x7fu >> announced;
    for (i = 1; i < announced; i++) {
        if (i == available)
            return UTF8_PARTIAL;
        if ((p[i] & 0xc0) != 0x80)
            return UTF8_MALFORMED;
        c = c << 6 | (p[i] & 0x3f);
        *length = i + 1;
    }
    if (c < lowest[announced] || c > 0x10ffff)
        return UTF8_MALFORMED;
    if ((c >= 0xd800 && c <= 0xdfff) || c == 0xfffe || c == 0xffff)
        return UTF8_ILLEGAL;
    return UTF8_LEGAL;
}

/* Completes the held character with bytes from the front. */
static base_fault_t *utf8_complete(eas_utf8_t *utf8, const char **bytes, apr_size_t *length,
                                   eas_utf8_emit_fn emit, void *baton)
{
    while (utf8->count) {
        unsigned used;
        utf8_kind_t kind = utf8_classify((const unsigned char *)utf8->held, utf8->count, &used);

        if (kind == UTF8_PARTIAL) {
            if (!*length)
                return NULL;
            utf8->held[utf8->count++] = *(*bytes)++;
            (*length)--;
            continue;
        }
        utf8->malformed |= kind == UTF8_MALFORMED;
        BASE_TRY(kind == UTF8_LEGAL ? emit(baton, utf8->held, used) : emit(baton, REPLACEMENT, 3));
        utf8->count -= used;
        memmove(utf8->held, utf8->held + used, utf8->count);
    }
    return NULL;
}

base_fault_t *eas_utf8_feed(eas_utf8_t *utf8, const char *bytes, apr_size_t length,
                            eas_utf8_emit_fn emit, void *baton)
{
    const char *p, *end, *good;

    BASE_TRY(utf8_complete(utf8, &bytes, &length, emit, baton));
    end = bytes + length;
    for (p = good = bytes; p < end;) {
        unsigned used;
        utf8_kind_t kind = utf8_classify((const unsigned char *)p, (apr_size_t)(end - p), &used);

        if (kind == UTF8_LEGAL) {
            p += used;
            continue;
        }
        if (p > good)
            BASE_TRY(emit(baton, good, (apr_size_t)(p - good)));
        if (kind == UTF8_PARTIAL) {
            utf8->count = (unsigned)(end - p);
            memcpy(utf8->held, p, utf8->count);
            return NULL;
        }
        utf8->malformed |= kind == UTF8_MALFORMED;
        BASE_TRY(emit(baton, REPLACEMENT, 3));
        p += used;
        good = p;
    }
    return p > good ? emit(baton, good, (apr_size_t)(p - good)) : NULL;
}

base_fault_t *eas_utf8_finish(eas_utf8_t *utf8, eas_utf8_emit_fn emit, void *baton)
{
    if (!utf8->count)
        return NULL;
    utf8->count = 0;
    utf8->malformed = 1;
    return emit(baton, REPLACEMENT, 3);
}
