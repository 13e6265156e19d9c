/* Encoded-words (RFC 2047). GMime 3.2 decodes neighbouring words of one charset in one go and loses
 * everything behind the first one that ends with base64 padding, which most do; its address and
 * parameter parsers share that. So words are decoded here, and what goes to GMime has each run of
 * them as one. */
#include "item/header.h"

#include <string.h>
#include <strings.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <gmime/gmime.h>

#include "base/text.h"
#include "item/reader.h"

#define WORDS_BLANK " \t\r\n"

typedef struct {
    const char *charset;
    apr_size_t charset_length; /* without a language (RFC 2231 5) */
    char encoding;             /* 'b', 'q' */
    const char *text;
    apr_size_t length;
    const char *end; /* behind ?= */
} words_word_t;

/* Is there an encoded-word at the text? */
static int words_parse(const char *text, words_word_t *word)
{
    const char *question, *end;

    if (text[0] != '=' || text[1] != '?')
        return 0;
    word->charset = text + 2;
    question = word->charset + strcspn(word->charset, "?" WORDS_BLANK);
    if (*question != '?' || question == word->charset || !question[1] || question[2] != '?')
        return 0;
    word->charset_length = strcspn(word->charset, "*?");
    word->encoding = (char)(question[1] | 0x20);
    word->text = question + 3;
    end = strstr(word->text, "?=");
    if (!end || (word->encoding != 'b' && word->encoding != 'q'))
        return 0;
    word->length = end - word->text;
    word->end = end + 2;
    return 1;
}

static int words_hex(char c)
{
    return apr_isdigit(c) ? c - '0' : apr_isxdigit(c) ? (c | 0x20) - 'a' + 10 : -1;
}

static void words_decode_q(const words_word_t *word, base_text_buffer_t *bytes)
{
    apr_size_t i;

    for (i = 0; i < word->length; i++) {
        char c = word->text[i];

        if (c == '_')
            c = ' ';
        else if (c == '=' && i + 2 < word->length && words_hex(word->text[i + 1]) >= 0 &&
                 words_hex(word->text[i + 2]) >= 0) {
            c = (char)(words_hex(word->text[i + 1]) << 4 | words_hex(word->text[i + 2]));
            i += 2;
        }
        base_text_buffer_append(bytes, &c, 1);
    }
}

static void words_decode_b(const words_word_t *word, base_text_buffer_t *bytes)
{
    GMimeEncoding state; /* a plain struct: nothing to release */
    char *decoded = apr_palloc(bytes->pool, word->length + 8);
    apr_size_t n;

    g_mime_encoding_init_decode(&state, GMIME_CONTENT_ENCODING_BASE64);
    n = g_mime_encoding_flush(&state, word->text, word->length, decoded);
    base_text_buffer_append(bytes, decoded, n);
}

/* Bytes of a charset as legal UTF-8. */
static const char *words_convert(const char *bytes, apr_size_t length, const char *charset,
                                 apr_pool_t *pool)
{
    backend_blob_t blob = {.data = bytes, .size = length};
    item_source_t *source;
    const char *text;
    base_fault_t *fault = item_source_open(&blob, &source, pool);

    if (!fault)
        fault = item_reader_all(
            item_reader_utf8(item_reader_range(source, 0, length, ITEM_MIME_IDENTITY, pool),
                             charset, pool),
            APR_SIZE_MAX, &text, &length, pool);
    return fault ? "" : text; /* memory does not fail */
}

static int words_same_charset(const words_word_t *a, const words_word_t *b)
{
    return a->charset_length == b->charset_length &&
           strncasecmp(a->charset, b->charset, a->charset_length) == 0;
}

/* Decodes the run of words that begins at *text and moves behind it. Characters may be split between
 * words of one charset. */
static const char *words_run(const char **text, const words_word_t *first, apr_pool_t *pool)
{
    base_text_buffer_t out = {.pool = pool}, bytes = {.pool = pool};
    words_word_t word = *first, next;
    int more = 1;

    while (more) {
        if (word.encoding == 'b')
            words_decode_b(&word, &bytes);
        else
            words_decode_q(&word, &bytes);
        *text = word.end;
        more = words_parse(word.end + strspn(word.end, WORDS_BLANK), &next);
        if (!more || !words_same_charset(&word, &next)) {
            const char *charset = apr_pstrmemdup(pool, word.charset, word.charset_length);

            base_text_buffer_puts(
                &out, words_convert(bytes.data ? bytes.data : "", bytes.length, charset, pool));
            bytes.length = 0;
        }
        if (more)
            word = next;
    }
    return out.data;
}

/* Text that is no encoded-word, as it stands or made UTF-8. */
static void words_put_plain(base_text_buffer_t *out, const char *text, apr_size_t length,
                            int encoded)
{
    apr_size_t i;

    for (i = 0; i < length && !(text[i] & 0x80); i++)
        ;
    if (i == length || encoded)
        base_text_buffer_append(out, text, length);
    else
        base_text_buffer_puts(out, words_convert(text, length, NULL, out->pool));
}

/* A run of words: as its text, or as one word of UTF-8. */
static void words_put_run(base_text_buffer_t *out, const char *text, int encoded)
{
    GMimeEncoding state; /* a plain struct: nothing to release */
    apr_size_t length = strlen(text), n, i;
    char *base64;

    if (!encoded) {
        base_text_buffer_puts(out, text);
        return;
    }
    g_mime_encoding_init_encode(&state, GMIME_CONTENT_ENCODING_BASE64);
    base64 = apr_palloc(out->pool, g_mime_encoding_outlen(&state, length) + 16);
    n = g_mime_encoding_flush(&state, text, length, base64);
    base_text_buffer_puts(out, "=?utf-8?B?");
    for (i = 0; i < n; i++)
        if (base64[i] != '\n')
            base_text_buffer_append(out, base64 + i, 1);
    base_text_buffer_puts(out, "?=");
}

const char *item_header_words(const char *value, int encoded, apr_pool_t *pool)
{
    base_text_buffer_t out = {.pool = pool};
    const char *from = value, *p = value;
    apr_pool_t *scratch;

    base_text_buffer_append(&out, "", 0);
    apr_pool_create(&scratch, pool);
    while ((p = strstr(p, "=?"))) {
        words_word_t word;

        if (!words_parse(p, &word)) {
            p += 2;
            continue;
        }
        words_put_plain(&out, from, p - from, encoded);
        words_put_run(&out, words_run(&p, &word, scratch), encoded);
        from = p;
    }
    words_put_plain(&out, from, strlen(from), encoded);
    apr_pool_destroy(scratch);
    return out.data;
}
