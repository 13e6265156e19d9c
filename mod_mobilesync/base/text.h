/* Text: UTF-8 that is legal in XML 1.0, percent and hex codings, and a growing
 * buffer. Lengths are in bytes. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stddef.h>
#include <apr_pools.h>

/* 1 when the bytes are well-formed UTF-8 of XML 1.0 Char (section 2.2) only:
 * no NUL, no C0 but tab, LF, CR, no surrogates, no U+FFFE/U+FFFF. */
int base_text_xml_legal(const char *text, size_t length);

/* A NUL-terminated copy in which every byte sequence that is not legal becomes
 * U+FFFD, one for each maximal bad run start (never cuts a good character).
 * Returns the input itself when it was legal and is NUL-terminated at length. */
const char *base_text_xml_sanitize(const char *text, size_t length, apr_pool_t *pool);

/* A copy that is one line of legal text: control characters become spaces. */
const char *base_text_line(const char *text, size_t length, apr_pool_t *pool);

/* The greatest length <= limit at which the text can be cut without splitting a
 * UTF-8 character. */
size_t base_text_utf8_floor(const char *text, size_t length, size_t limit);

/* Number of Unicode characters in legal UTF-8. */
size_t base_text_utf8_count(const char *text, size_t length);

/* Percent-encodes everything but RFC 3986 unreserved characters. */
const char *base_text_percent_encode(const char *text, apr_pool_t *pool);

/* Decodes %XX (nothing else: '+' stays). NULL when an escape is broken or
 * decodes to NUL. */
const char *base_text_percent_decode(const char *text, apr_pool_t *pool);

const char *base_text_hex_encode(const void *bytes, size_t length, apr_pool_t *pool);

/* ASCII lower and upper case copies. */
const char *base_text_lower(const char *text, apr_pool_t *pool);
const char *base_text_upper(const char *text, apr_pool_t *pool);

/* Reads a decimal number of [0, maximum]; 0 when the text is anything else. */
int base_text_parse_uint(const char *text, apr_uint64_t maximum, apr_uint64_t *value);

/* A growing byte buffer in a pool. Data stays NUL-terminated. The zero struct
 * with a pool is an empty buffer. */
typedef struct base_text_buffer base_text_buffer_t;
struct base_text_buffer {
    char *data;
    size_t length;
    size_t capacity;
    apr_pool_t *pool;
};

void base_text_buffer_append(base_text_buffer_t *buffer, const void *bytes, size_t length);
void base_text_buffer_puts(base_text_buffer_t *buffer, const char *text);
void base_text_buffer_printf(base_text_buffer_t *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
