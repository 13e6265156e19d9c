/* How texts are written in values: escapes, quoted-printable, charsets. */
#include <string.h>
#include <strings.h>
#include <apr_strings.h>

#include "backend/blob.h"
#include "item/document_impl.h"
#include "item/reader.h"

/* -- escapes: vCard 2.1 knows "\;" only, and "\,", where there is a list -- */

static int text_is_escape(item_document_version_t version, const char *p)
{
    if (*p != '\\' || !p[1])
        return 0;
    return version != ITEM_DOCUMENT_VCARD_21 || p[1] == ';' || p[1] == ',';
}

const char *item_document_value_end(item_document_version_t version, const char *p, const char *end,
                                    char separator)
{
    while ((end ? p < end : *p) && *p != separator)
        p += p + 1 != end && text_is_escape(version, p) ? 2 : 1;
    return p;
}

const char *item_document_unescape(item_document_version_t version, const char *text,
                                   apr_size_t length, apr_pool_t *pool)
{
    const char *end = text + length;
    char *plain = apr_palloc(pool, length + 1), *q = plain;

    for (; text < end; text++) {
        int escape = text + 1 < end && text_is_escape(version, text);

        text += escape;
        *q++ = escape && (*text == 'n' || *text == 'N') ? '\n' : *text;
    }
    *q = '\0';
    return plain;
}

const char *item_document_escape_for(item_document_version_t version, const char *text, int element,
                                     apr_pool_t *pool)
{
    const char *special = version != ITEM_DOCUMENT_VCARD_21 ? "\\;,\n" : element ? ";," : ";";
    char *escaped = apr_palloc(pool, 2 * strlen(text) + 1), *q = escaped;

    for (; *text; text++) {
        if (*text == '\r')
            continue;
        if (strchr(special, *text))
            *q++ = '\\';
        *q++ = *text == '\n' && version != ITEM_DOCUMENT_VCARD_21 ? 'n' : *text;
    }
    *q = '\0';
    return escaped;
}

const char *item_document_escape(const char *text, apr_pool_t *pool)
{
    return item_document_escape_for(ITEM_DOCUMENT_VCARD_3, text, 0, pool);
}

/* -- vCard 2.1's encodings, which are also met in later versions -- */

static base_fault_t *text_read(const base_content_line_t *line, const char *charset,
                               const char **text, apr_pool_t *pool)
{
    apr_size_t size = strlen(line->value), length;
    item_source_t *source;
    item_reader_t *reader;

    BASE_TRY(item_source_open(backend_blob_of(line->value, size, pool), &source, pool));
    reader = item_reader_range(
        source, 0, size, line->quoted_printable ? ITEM_MIME_QUOTED_PRINTABLE : ITEM_MIME_IDENTITY,
        pool);
    reader = item_reader_utf8(reader, charset, pool);
    return item_reader_all(reader, ITEM_DOCUMENT_MAX, text, &length, pool);
}

/* Line breaks as LF. */
static const char *text_lines(const char *text, apr_pool_t *pool)
{
    char *lines, *q;

    if (!strchr(text, '\r'))
        return apr_pstrdup(pool, text);
    lines = q = apr_palloc(pool, strlen(text) + 1);
    for (; *text; text++)
        if (*text != '\r')
            *q++ = *text;
        else if (text[1] != '\n')
            *q++ = '\n';
    *q = '\0';
    return lines;
}

const char *item_document_decode(const base_content_line_t *line, apr_pool_t *pool)
{
    const char *charset = NULL, *text;
    apr_pool_t *own; /* the readers' buffers */
    int i;

    for (i = 0; i < line->parameters->nelts; i++) {
        const base_content_parameter_t *parameter =
            &APR_ARRAY_IDX(line->parameters, i, base_content_parameter_t);

        if (strcmp(parameter->name, "CHARSET") == 0)
            charset = parameter->first;
    }
    if (!line->quoted_printable && (!charset || strcasecmp(charset, "UTF-8") == 0) &&
        base_text_xml_legal(line->value, strlen(line->value)))
        return line->value;
    if (apr_pool_create(&own, pool) != APR_SUCCESS)
        return "";
    text = text_read(line, charset, &text, own) ? "" : text_lines(text, pool);
    apr_pool_destroy(own);
    return text;
}

/* Quoted-printable with soft line breaks (RFC 2045 6.7), of which GMime's encoder makes none in
 * front of a character of several bytes, and for a "\n" a bare one. */
const char *item_document_encode_quoted(const char *text, apr_pool_t *pool)
{
    static const char digits[] = "0123456789ABCDEF";
    char *out = apr_palloc(pool, 6 * strlen(text) + 1), *q = out;

    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '\n') {
            memcpy(q, "=0D=0A", 6);
            q += 6;
        }
        else if (c > ' ' && c < 0x7f && c != '=')
            *q++ = (char)c;
        else if (c == ' ' && text[1] && text[1] != '\n')
            *q++ = ' ';
        else {
            *q++ = '=';
            *q++ = digits[c >> 4];
            *q++ = digits[c & 15];
        }
    }
    *q = '\0';
    return out;
}
