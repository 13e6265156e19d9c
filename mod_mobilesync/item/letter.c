#include "item/letter.h"

#include <string.h>
#include <apr_strings.h>
#include <gmime/gmime.h>

#include "base/text.h"

#define LETTER_FIELD_MAX 255 /* bytes: encoded, still one line (RFC 5322 2.1.1) */

static apr_status_t letter_g_free(void *memory)
{
    g_free(memory);
    return APR_SUCCESS;
}

const char *item_letter_field(const char *text, apr_pool_t *pool)
{
    const char *cut =
        apr_pstrmemdup(pool, text, base_text_utf8_floor(text, strlen(text), LETTER_FIELD_MAX));
    char *encoded = g_mime_utils_header_encode_text(NULL, cut, "utf-8");

    apr_pool_cleanup_register(pool, encoded, letter_g_free, apr_pool_cleanup_null);
    return encoded;
}

const char *item_letter_base64(const char *text, apr_pool_t *pool)
{
    size_t length = strlen(text);
    /* GLib's bound: four for three, a line break each 72, and what is left at the end */
    char *encoded = apr_palloc(pool, (length / 3 + 1) * 4 + 4 + length / 18 + 2);
    gint state = 0, save = 0;
    gsize n = g_base64_encode_step((const guchar *)text, length, TRUE, encoded, &state, &save);

    n += g_base64_encode_close(TRUE, encoded + n, &state, &save);
    encoded[n] = '\0';
    return encoded;
}

/* Legal text with the line ends of mail. */
static const char *letter_text(const char *text, apr_pool_t *pool)
{
    base_text_buffer_t lines = {.pool = pool};

    text = base_text_xml_sanitize(text, strlen(text), pool);
    base_text_buffer_puts(&lines, "");
    while (*text) {
        size_t length = strcspn(text, "\r\n");

        base_text_buffer_append(&lines, text, length);
        text += length;
        if (*text) {
            base_text_buffer_puts(&lines, "\r\n");
            text += text[0] == '\r' && text[1] == '\n' ? 2 : 1;
        }
    }
    return lines.data;
}

/* Nothing in it ends a header field. */
static const char *letter_line(const char *text, apr_pool_t *pool)
{
    return base_text_line(text, strlen(text), pool);
}

const char *item_letter_format(const item_letter_t *letter, apr_pool_t *pool)
{
    const char *from = letter_line(letter->from, pool), *at = strrchr(from, '@');
    char date[APR_RFC822_DATE_LEN];

    apr_rfc822_date(date, letter->date);
    return apr_pstrcat(
        pool, "From: ", from, "\r\nTo: ", letter_line(letter->to, pool),
        "\r\nSubject: ", item_letter_field(letter_line(letter->subject, pool), pool),
        "\r\nDate: ", apr_pstrmemdup(pool, date, strcspn(date, "G")), "+0000\r\nMessage-ID: <",
        letter->id, "@", at ? at + 1 : "localhost", ">\r\nAuto-Submitted: auto-generated\r\n",
        "X-Auto-Response-Suppress: All\r\nMIME-Version: 1.0\r\n",
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n",
        item_letter_base64(letter_text(letter->text, pool), pool), NULL);
}
