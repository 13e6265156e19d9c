/* The second half of reader.h: bytes of some charset to legal UTF-8. */
#include "item/reader.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>
#include <apr_strings.h>

#include "base/text.h"
#include "item/charset.h"
#include "item/header.h"

#define UTF8_CHUNK 8192
#define UTF8_REPLACEMENT "\xef\xbf\xbd"

typedef struct {
    item_reader_t reader;
    item_reader_t *bytes;
    const char *charset; /* NULL: none was named */
    int sniff_html;
    int begun;
    iconv_t converter; /* (iconv_t)-1: the bytes are UTF-8 already */
    char in[UTF8_CHUNK];
    apr_size_t in_length;
    int in_ended;
    char out[UTF8_CHUNK * 3 + 16];
    apr_size_t out_start;
    apr_size_t out_end;
    apr_pool_t *pool;
} reader_utf8_t;

static apr_status_t utf8_close(void *converter)
{
    iconv_close(converter);
    return APR_SUCCESS;
}

static void utf8_open(reader_utf8_t *r, const char *name)
{
    r->converter = iconv_open("UTF-8", name);
    if (r->converter != (iconv_t)-1)
        apr_pool_cleanup_register(r->pool, r->converter, utf8_close, apr_pool_cleanup_null);
}

/* Bytes of the well-formed character at p; 0 = none, -1 = the buffer ends inside of one. */
static int utf8_char(const unsigned char *p, apr_size_t left)
{
    apr_size_t need = *p < 0x80   ? 1
                      : *p < 0xc2 ? 0
                      : *p < 0xe0 ? 2
                      : *p < 0xf0 ? 3
                      : *p < 0xf5 ? 4
                                  : 0;
    apr_size_t i;

    if (need <= 1)
        return (int)need;
    for (i = 1; i < need; i++) {
        if (i == left)
            return -1;
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    }
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
        (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
        return 0;
    return (int)need;
}

/* Is text that says nothing, or is said to be UTF-8, UTF-8? One Latin letter amid ASCII is not. */
static int utf8_looks_like(const char *text, apr_size_t length, int ended)
{
    const unsigned char *p = (const unsigned char *)text, *end = p + length;
    apr_size_t good = 0, bad = 0;

    while (p < end) {
        int n = utf8_char(p, end - p);

        if (n < 0 && !ended)
            break;
        good += n > 1;
        bad += n <= 0;
        p += n > 0 ? n : 1;
    }
    return good >= bad;
}

/* A name that is safe to hand to iconv_open, which looks for files of that name. */
static int utf8_name_ok(const char *name)
{
    apr_size_t length =
        strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    return length > 0 && length < 40 && name[length] == '\0';
}

static base_fault_t *utf8_fill(reader_utf8_t *r)
{
    while (!r->in_ended && r->in_length < sizeof r->in) {
        apr_size_t n = sizeof r->in - r->in_length;

        BASE_TRY(r->bytes->read(r->bytes, r->in + r->in_length, &n));
        r->in_ended = n == 0;
        r->in_length += n;
    }
    r->reader.consumed = r->bytes->consumed;
    return NULL;
}

static void utf8_begin(reader_utf8_t *r)
{
    const char *name = r->charset;
    const item_charset_t *charset;

    r->begun = 1;
    if ((!name || !*name) && r->sniff_html)
        name = item_charset_sniff_html(r->in, r->in_length, r->pool);
    charset = item_charset_find(name);
    if (charset->converter)
        utf8_open(r, charset->converter);
    else if (!*charset->label && utf8_name_ok(name))
        utf8_open(r, name);
    if (r->converter == (iconv_t)-1 && !utf8_looks_like(r->in, r->in_length, r->in_ended))
        utf8_open(r, "CP1252");
}

static void utf8_put(reader_utf8_t *r, const char *bytes, apr_size_t length)
{
    memcpy(r->out + r->out_end, bytes, length);
    r->out_end += length;
}

/* Returns how much of the input was used. */
static apr_size_t utf8_copy(reader_utf8_t *r)
{
    const unsigned char *p = (const unsigned char *)r->in, *end = p + r->in_length;

    while (p < end) {
        int n = utf8_char(p, end - p);

        if (n < 0 && !r->in_ended)
            break;
        if (n > 0)
            utf8_put(r, (const char *)p, n);
        else
            utf8_put(r, UTF8_REPLACEMENT, 3);
        p += n > 0 ? n : 1;
    }
    return p - (const unsigned char *)r->in;
}

static apr_size_t utf8_convert(reader_utf8_t *r)
{
    char *in = r->in;
    size_t left = r->in_length;

    while (left) {
        char *out = r->out + r->out_end;
        size_t room = sizeof r->out - r->out_end - 8;
        size_t result = iconv(r->converter, &in, &left, &out, &room);
        int error = errno;

        r->out_end = out - r->out;
        if (result != (size_t)-1 || error == E2BIG)
            break;
        if (error == EINVAL && !r->in_ended)
            break; /* the rest of the character comes with the next block */
        if (sizeof r->out - r->out_end < 16)
            break;
        utf8_put(r, UTF8_REPLACEMENT, 3);
        in++;
        left--;
    }
    return in - r->in;
}

/* Drops control characters and what XML has no place for. */
static void utf8_make_legal(reader_utf8_t *r)
{
    apr_size_t i, n = 0;

    for (i = 0; i < r->out_end; i++) {
        unsigned char c = (unsigned char)r->out[i];

        if (c < 0x20 && c != '\t' && c != '\n' && c != '\r')
            continue;
        if (c == 0xef && i + 2 < r->out_end && (unsigned char)r->out[i + 1] == 0xbf &&
            (unsigned char)r->out[i + 2] >= 0xbe)
            r->out[i + 2] = (char)0xbd; /* U+FFFE, U+FFFF */
        r->out[n++] = r->out[i];
    }
    r->out_end = n;
}

static base_fault_t *utf8_next(reader_utf8_t *r)
{
    r->out_start = r->out_end = 0;
    while (r->out_end == 0) {
        apr_size_t used;
        int first = !r->begun;

        BASE_TRY(utf8_fill(r));
        if (r->in_length == 0)
            return NULL;
        if (first)
            utf8_begin(r);
        used = r->converter == (iconv_t)-1 ? utf8_copy(r) : utf8_convert(r);
        memmove(r->in, r->in + used, r->in_length - used);
        r->in_length -= used;
        utf8_make_legal(r);
        if (first && r->out_end >= 3 && memcmp(r->out, "\xef\xbb\xbf", 3) == 0)
            r->out_start = 3;
        if (r->out_start == r->out_end)
            r->out_start = r->out_end = 0;
    }
    return NULL;
}

static base_fault_t *reader_utf8_read(item_reader_t *reader, char *buffer, apr_size_t *length)
{
    reader_utf8_t *r = (reader_utf8_t *)reader;
    apr_size_t n;

    if (r->out_start == r->out_end)
        BASE_TRY(utf8_next(r));
    n = r->out_end - r->out_start;
    *length = base_text_utf8_floor(r->out + r->out_start, n, *length);
    memcpy(buffer, r->out + r->out_start, *length);
    r->out_start += *length;
    return NULL;
}

static reader_utf8_t *reader_utf8_new(item_reader_t *bytes, const char *charset, apr_pool_t *pool)
{
    reader_utf8_t *r = apr_palloc(pool, sizeof *r);

    memset(r, 0, offsetof(reader_utf8_t, in));
    r->in_length = r->out_start = r->out_end = 0;
    r->in_ended = 0;
    r->reader.read = reader_utf8_read;
    r->reader.total = bytes->total;
    r->bytes = bytes;
    r->charset = charset;
    r->converter = (iconv_t)-1;
    r->pool = pool;
    return r;
}

item_reader_t *item_reader_utf8(item_reader_t *bytes, const char *charset, apr_pool_t *pool)
{
    return &reader_utf8_new(bytes, charset, pool)->reader;
}

item_reader_t *item_reader_text(const item_mime_t *mime, const item_mime_part_t *part,
                                apr_pool_t *pool)
{
    reader_utf8_t *r =
        reader_utf8_new(item_reader_part(mime, part, pool),
                        item_header_parameter(part->content_type, "charset", pool), pool);

    r->sniff_html = strcmp(part->subtype, "html") == 0;
    return &r->reader;
}
