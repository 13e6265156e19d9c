#include "base/text.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>
#include <apr_strings.h>

/* Length of the XML-legal character at p, 0 when there is none. Written by hand:
 * no library at hand checks UTF-8 and the XML Char production in one pass. */
static size_t text_char(const unsigned char *p, const unsigned char *end)
{
    unsigned long c;
    size_t need, i;

    if (*p < 0x80)
        return (*p >= 0x20 || *p == '\t' || *p == '\n' || *p == '\r') ? 1 : 0;
    if (*p >= 0xc2 && *p <= 0xdf) {
        need = 2;
        c = *p & 0x1f;
    }
    else if ((*p & 0xf0) == 0xe0) {
        need = 3;
        c = *p & 0x0f;
    }
    else if (*p >= 0xf0 && *p <= 0xf4) {
        need = 4;
        c = *p & 0x07;
    }
    else
        return 0;
    if ((size_t)(end - p) < need)
        return 0;
    for (i = 1; i < need; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (p[i] & 0x3f);
    }
    if ((need == 3 && c < 0x800) || (need == 4 && (c < 0x10000 || c > 0x10ffff)) ||
        (c >= 0xd800 && c <= 0xdfff) || c == 0xfffe || c == 0xffff)
        return 0;
    return need;
}

int base_text_xml_legal(const char *text, size_t length)
{
    const unsigned char *p = (const unsigned char *)text, *end = p + length;

    while (p < end) {
        size_t n = text_char(p, end);

        if (!n)
            return 0;
        p += n;
    }
    return 1;
}

const char *base_text_xml_sanitize(const char *text, size_t length, apr_pool_t *pool)
{
    const unsigned char *p = (const unsigned char *)text, *end = p + length;
    base_text_buffer_t out = {.pool = pool};
    const unsigned char *good;

    if (base_text_xml_legal(text, length))
        return text[length] == '\0' ? text : apr_pstrmemdup(pool, text, length);
    for (good = p; p < end;) {
        size_t n = text_char(p, end);

        if (n) {
            p += n;
            continue;
        }
        base_text_buffer_append(&out, good, p - good);
        base_text_buffer_append(&out, "\xef\xbf\xbd", 3);
        /* one replacement for a lead byte and the continuation bytes after it */
        for (p++; p < end && (*p & 0xc0) == 0x80; p++)
            ;
        good = p;
    }
    base_text_buffer_append(&out, good, p - good);
    return out.data;
}

const char *base_text_line(const char *text, size_t length, apr_pool_t *pool)
{
    char *line = apr_pstrdup(pool, base_text_xml_sanitize(text, length, pool)), *p;

    for (p = line; *p; p++)
        if ((unsigned char)*p < ' ')
            *p = ' ';
    return line;
}

size_t base_text_utf8_floor(const char *text, size_t length, size_t limit)
{
    if (limit >= length)
        return length;
    while (limit > 0 && ((unsigned char)text[limit] & 0xc0) == 0x80)
        limit--;
    return limit;
}

size_t base_text_utf8_count(const char *text, size_t length)
{
    size_t i, n = 0;

    for (i = 0; i < length; i++)
        n += ((unsigned char)text[i] & 0xc0) != 0x80;
    return n;
}

const char *base_text_percent_encode(const char *text, apr_pool_t *pool)
{
    static const char digits[] = "0123456789ABCDEF";
    char *out = apr_palloc(pool, strlen(text) * 3 + 1), *q = out;

    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if ((c < 0x80 && isalnum(c)) || strchr("-._~", c)) {
            *q++ = (char)c;
            continue;
        }
        *q++ = '%';
        *q++ = digits[c >> 4];
        *q++ = digits[c & 15];
    }
    *q = '\0';
    return out;
}

static int text_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

const char *base_text_percent_decode(const char *text, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, strlen(text) + 1), *q = out;

    for (; *text; text++) {
        int high, low;

        if (*text != '%') {
            *q++ = *text;
            continue;
        }
        if ((high = text_hex_digit(text[1])) < 0 || (low = text_hex_digit(text[2])) < 0 ||
            (high | low) == 0)
            return NULL;
        *q++ = (char)(high << 4 | low);
        text += 2;
    }
    *q = '\0';
    return out;
}

const char *base_text_hex_encode(const void *bytes, size_t length, apr_pool_t *pool)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *p = bytes;
    char *out = apr_palloc(pool, length * 2 + 1);
    size_t i;

    for (i = 0; i < length; i++) {
        out[2 * i] = digits[p[i] >> 4];
        out[2 * i + 1] = digits[p[i] & 15];
    }
    out[2 * length] = '\0';
    return out;
}

const char *base_text_lower(const char *text, apr_pool_t *pool)
{
    char *out = apr_pstrdup(pool, text), *q;

    for (q = out; *q; q++)
        if (*q >= 'A' && *q <= 'Z')
            *q |= 0x20;
    return out;
}

const char *base_text_upper(const char *text, apr_pool_t *pool)
{
    char *out = apr_pstrdup(pool, text), *q;

    for (q = out; *q; q++)
        if (*q >= 'a' && *q <= 'z')
            *q &= ~0x20;
    return out;
}

int base_text_parse_uint(const char *text, apr_uint64_t maximum, apr_uint64_t *value)
{
    apr_uint64_t v = 0;

    if (!text || !*text)
        return 0;
    for (; *text; text++) {
        unsigned digit = (unsigned)(*text - '0');

        if (digit > 9 || v > (maximum - digit) / 10 || digit > maximum)
            return 0;
        v = v * 10 + digit;
    }
    *value = v;
    return 1;
}

void base_text_buffer_append(base_text_buffer_t *buffer, const void *bytes, size_t length)
{
    if (buffer->length + length + 1 > buffer->capacity) {
        size_t capacity = buffer->capacity ? buffer->capacity * 2 : 256;
        char *data;

        while (capacity < buffer->length + length + 1)
            capacity *= 2;
        data = apr_palloc(buffer->pool, capacity);
        if (buffer->length)
            memcpy(data, buffer->data, buffer->length);
        buffer->data = data;
        buffer->capacity = capacity;
    }
    if (length)
        memcpy(buffer->data + buffer->length, bytes, length);
    buffer->length += length;
    buffer->data[buffer->length] = '\0';
}

void base_text_buffer_puts(base_text_buffer_t *buffer, const char *text)
{
    base_text_buffer_append(buffer, text, strlen(text));
}

void base_text_buffer_printf(base_text_buffer_t *buffer, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    base_text_buffer_puts(buffer, apr_pvsprintf(buffer->pool, format, arguments));
    va_end(arguments);
}
