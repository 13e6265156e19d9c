#include "item/note_body.h"

#include <string.h>
#include <strings.h>
#include <apr_base64.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "base/text.h"
#include "item/body.h"
#include "item/html.h"
#include "item/rtf.h"

struct item_note_body {
    item_body_t *body;
    item_body_type_t native;
};

/* -- what is sent ---------------------------------------------------------------------------- */

typedef struct {
    const char *plain; /* UTF-8; NULL: made of the HTML */
    const char *html;  /* NULL: made of the text */
} note_origin_t;

static void note_put_plain(const char *plain, int html, item_sink_t *sink, apr_pool_t *pool)
{
    item_plain_t *converter = item_plain_create(sink, 0, 0, html, pool);

    if (html)
        item_sink_puts(sink, item_body_html_begin);
    item_plain_feed(converter, plain, strlen(plain));
    item_plain_finish(converter);
    if (html)
        item_sink_puts(sink, item_body_html_end);
}

static void note_put_html_as_text(const char *html, item_sink_t *sink, apr_pool_t *pool)
{
    item_html_text_t *converter = item_html_text_create(sink, pool);

    item_html_text_feed(converter, html, strlen(html));
    item_html_text_finish(converter);
}

static base_fault_t *note_render(const void *baton, item_body_type_t type, item_sink_t *sink,
                                 apr_uint64_t *estimated, apr_pool_t *pool)
{
    const note_origin_t *origin = baton;
    const char *native = origin->html ? origin->html : origin->plain;

    if (type == ITEM_BODY_HTML && origin->html)
        item_body_put_html(sink, origin->html, strlen(origin->html), pool);
    else if (origin->plain && *origin->plain)
        note_put_plain(origin->plain, type == ITEM_BODY_HTML, sink, pool);
    else if (origin->html)
        note_put_html_as_text(origin->html, sink, pool);
    if (estimated) {
        *estimated = sink->length;
        if (sink->full && strlen(native) > sink->length)
            *estimated = strlen(native);
        else if (sink->full)
            *estimated = sink->length + 1;
    }
    return sink->fault;
}

static const char *note_legal(const char *text, apr_pool_t *pool)
{
    return text ? base_text_xml_sanitize(text, strlen(text), pool) : NULL;
}

base_fault_t *item_note_body_load(const char *plain, const char *html,
                                  const item_options_t *options, item_note_body_t **body,
                                  apr_pool_t *pool)
{
    note_origin_t text = {.plain = note_legal(plain, pool), .html = note_legal(html, pool)};
    item_body_origin_t origin = {.render = note_render, .baton = &text};
    item_note_body_t *made = apr_pcalloc(pool, sizeof *made);

    if (!text.plain && !text.html)
        text.plain = "";
    made->native = origin.native = text.html ? ITEM_BODY_HTML : ITEM_BODY_TEXT;
    BASE_TRY(item_body_load_origin(&origin, options, &made->body, pool));
    *body = made;
    return NULL;
}

item_body_type_t item_note_body_native(const item_note_body_t *body)
{
    return body->native;
}

void item_note_body_write(item_note_body_t *body, int part, eas_writer_t *writer)
{
    if (body)
        item_body_write(body->body, part, writer);
}

int item_note_body_has_data(const item_note_body_t *body)
{
    return body && item_body_has_data(body->body);
}

base_fault_t *item_note_body_read(item_note_body_t *body, char *buffer, apr_size_t *length)
{
    return item_body_read(body->body, buffer, length);
}

/* -- what a client sends --------------------------------------------------------------------- */

static base_fault_t *note_invalid(const char *what, apr_pool_t *pool)
{
    return base_fault_make(pool, BASE_FAULT_INVALID, "body: %s", what);
}

/* Lines end with LF, as in a component's texts, with nothing that XML cannot say. */
static const char *note_lines(const char *text, apr_size_t length, apr_pool_t *pool)
{
    char *lines, *out;

    text = base_text_xml_sanitize(text, length, pool);
    lines = out = apr_pstrdup(pool, text);
    for (; *text; text++) {
        if (*text != '\r')
            *out++ = *text;
        else if (text[1] != '\n')
            *out++ = '\n';
    }
    *out = '\0';
    return lines;
}

static base_fault_t *note_sink_lines(item_sink_t *sink, const char **text, apr_pool_t *pool)
{
    const char *whole;

    BASE_TRY(item_sink_text(sink, &whole, pool));
    *text = note_lines(whole, strlen(whole), pool);
    return NULL;
}

base_fault_t *item_note_body_plain(const char *html, const char **plain, apr_pool_t *pool)
{
    item_sink_t sink;

    item_sink_init(&sink, ITEM_TRUNCATION_NONE, pool);
    note_put_html_as_text(html, &sink, pool);
    return note_sink_lines(&sink, plain, pool);
}

static base_fault_t *note_clean(const char *data, const char **html, apr_pool_t *pool)
{
    item_sink_t sink;

    item_sink_init(&sink, ITEM_TRUNCATION_NONE, pool);
    if (!item_html_clean(data, strlen(data), &sink, pool))
        return note_invalid("HTML that is nested beyond reason", pool);
    return note_sink_lines(&sink, html, pool);
}

static base_fault_t *note_parse_html(const char *data, apr_size_t length, const char **plain,
                                     const char **html, apr_pool_t *pool)
{
    BASE_TRY(note_clean(base_text_xml_sanitize(data, length, pool), html, pool));
    BASE_TRY(item_note_body_plain(*html, plain, pool));
    if (!**plain)
        *html = ""; /* an empty editor's tags */
    return NULL;
}

/* "encoded using base64" (MS-ASAIRS R179). */
static base_fault_t *note_parse_rtf(const char *data, apr_size_t length, const char **plain,
                                    apr_pool_t *pool)
{
    char *rtf = apr_palloc(pool, length + 4), *out = rtf;
    item_sink_t sink;
    int n;

    for (; length; data++, length--) /* APR's decoder ends at a line break */
        if (!apr_isspace(*data))
            *out++ = *data;
    *out = '\0';
    n = apr_base64_decode_binary((unsigned char *)rtf, apr_pstrdup(pool, rtf));
    item_sink_init(&sink, ITEM_TRUNCATION_NONE, pool);
    if (!item_rtf_text(rtf, n > 0 ? (apr_size_t)n : 0, &sink, pool))
        return note_invalid("no RTF", pool);
    return note_sink_lines(&sink, plain, pool);
}

base_fault_t *item_note_body_parse(const eas_node_t *body, const char **plain, const char **html,
                                   apr_pool_t *pool)
{
    const eas_node_t *node = eas_node_child(body, EAS_AirSyncBase_Data);
    apr_uint64_t type = ITEM_BODY_NONE;
    const char *data = "";
    apr_size_t length = 0;
    apr_status_t status = node ? eas_node_content(node, &data, &length, pool) : APR_SUCCESS;

    if (status != APR_SUCCESS)
        return base_fault_make_status(pool, BASE_FAULT_UNAVAILABLE, status, "reading a body");
    if (eas_node_child_uint(body, EAS_AirSyncBase_Type, ITEM_BODY_MIME, &type) != 1)
        return note_invalid("no Type", pool);
    *plain = node ? "" : NULL;
    *html = length ? NULL : "";
    switch ((item_body_type_t)type) {
    case ITEM_BODY_TEXT:
        *plain = node ? note_lines(data, length, pool) : NULL;
        return NULL;
    case ITEM_BODY_HTML:
        return length ? note_parse_html(data, length, plain, html, pool) : NULL;
    case ITEM_BODY_RTF:
        return length ? note_parse_rtf(data, length, plain, pool) : NULL;
    case ITEM_BODY_MIME:
    case ITEM_BODY_NONE:
        break;
    }
    return note_invalid("a Type that is no text", pool);
}

/* -- in a component -------------------------------------------------------------------------- */

#define NOTE_HTML "X-ALT-DESC"
#define NOTE_HTML_TYPE "text/html"

/* Letters, digits and what is not ASCII: what two renderings of a text have in common. */
static const char *note_next_letter(const char *text)
{
    while (*text && (unsigned char)*text < 0x80 && !apr_isalnum(*text))
        text++;
    return text;
}

static int note_says_same(const char *one, const char *other)
{
    for (;; one++, other++) {
        one = note_next_letter(one);
        other = note_next_letter(other);
        if (*one != *other)
            return 0;
        if (!*one)
            return 1;
    }
}

static item_property_t *note_html_property(item_component_t *component)
{
    item_property_t *property = item_property_first(component, NOTE_HTML);

    while (property && !item_property_has(property, "FMTTYPE", NOTE_HTML_TYPE))
        property = item_property_next(property);
    return property;
}

/* Thunderbird has the HTML in a parameter: ALTREP="data:text/html,...". */
static const char *note_alternative(item_property_t *property, apr_pool_t *pool)
{
    static const char begin[] = "data:" NOTE_HTML_TYPE ",";
    const char *uri = property ? item_property_parameter(property, "ALTREP") : NULL;

    return uri && strncasecmp(uri, begin, sizeof begin - 1) == 0
               ? base_text_percent_decode(uri + sizeof begin - 1, pool)
               : NULL;
}

/* All of that name: a journal may have several (RFC 5545 3.6.3), cards as well. */
static const char *note_texts(item_component_t *component, const char *name, apr_pool_t *pool)
{
    item_property_t *property = item_property_first(component, name);
    base_text_buffer_t all = {.pool = pool};

    if (!property)
        return NULL;
    base_text_buffer_puts(&all, item_property_text(property));
    while ((property = item_property_next(property))) {
        base_text_buffer_puts(&all, "\n\n");
        base_text_buffer_puts(&all, item_property_text(property));
    }
    return note_lines(all.data ? all.data : "", all.length, pool);
}

void item_note_body_get(item_component_t *component, const char *property, const char **plain,
                        const char **html, apr_pool_t *pool)
{
    item_property_t *alternative = note_html_property(component);
    const char *text = NULL;

    *plain = note_texts(component, property, pool);
    *html = note_alternative(item_property_first(component, property), pool);
    if (!*html && alternative)
        *html = item_property_text(alternative);
    if (*html)
        *html = note_lines(*html, strlen(*html), pool);
    if (*html && *plain &&
        (item_note_body_plain(*html, &text, pool) || !note_says_same(text, *plain)))
        *html = NULL;
}

/* But for blanks at the end, which clients drop. */
static int note_is_same(const char *one, const char *other)
{
    apr_size_t n = strlen(one), m = strlen(other);

    while (n && apr_isspace(one[n - 1]))
        n--;
    while (m && apr_isspace(other[m - 1]))
        m--;
    return n == m && memcmp(one, other, n) == 0;
}

/* Is it what a client is given of that text in the form that it sends? Then it changed nothing, and
 * the other form stays. */
static int note_is_given(const char *plain, const char *html, const char *has_plain,
                         const char *has_html, apr_pool_t *pool)
{
    const char *given = has_html;
    item_sink_t sink;

    if (!has_plain && !has_html)
        return !*plain;
    if (!html)
        return (has_plain || !item_note_body_plain(has_html, &has_plain, pool)) &&
               note_is_same(plain, has_plain);
    if (has_html && note_is_same(html, has_html))
        return 1;
    if (!has_html) {
        item_sink_init(&sink, ITEM_TRUNCATION_NONE, pool);
        note_put_plain(has_plain, 1, &sink, pool);
        if (item_sink_text(&sink, &given, pool))
            return 0;
    }
    /* what other programs wrote goes out as it is, and comes back clean */
    return !note_clean(given, &given, pool) && note_is_same(html, given);
}

void item_note_body_set(item_component_t *component, const char *name, const char *plain,
                        const char *html, apr_pool_t *pool)
{
    item_property_t *property, *next;
    const char *has_plain, *has_html;

    if (!plain)
        return;
    html = html && *html ? html : NULL;
    item_note_body_get(component, name, &has_plain, &has_html, pool);
    if (note_is_given(plain, html, has_plain, has_html, pool))
        return;
    item_component_set_text(component, name, *plain ? plain : NULL);
    property = item_property_first(component, name);
    if (property && item_property_parameter(property, "ALTREP"))
        item_property_set_parameter(property, "ALTREP", NULL); /* of the old text */
    for (property = property ? item_property_next(property) : NULL; property; property = next) {
        next = item_property_next(property);
        item_property_remove(property);
    }
    property = note_html_property(component);
    if (property && html)
        item_property_set_text(property, html);
    else if (property)
        item_property_remove(property);
    else if (html) {
        property = item_property_add(component, NULL, NOTE_HTML, "");
        item_property_set_parameter(property, "FMTTYPE", NOTE_HTML_TYPE);
        item_property_set_text(property, html);
    }
}

/* What a client is given by the options, where that is not the whole text; NULL. */
static base_fault_t *note_cut(item_component_t *component, const char *name,
                              const item_options_t *options, item_body_type_t *type,
                              const char **cut, apr_pool_t *pool)
{
    item_note_body_t *body;
    const char *plain, *html;
    apr_size_t length;
    char *text;

    *cut = NULL;
    item_note_body_get(component, name, &plain, &html, pool);
    if (!options || (!plain && !html))
        return NULL;
    BASE_TRY(item_note_body_load(plain, html, options, &body, pool));
    *type = item_body_type(body->body);
    if (!item_body_is_truncated(body->body))
        return NULL;
    length = item_body_has_data(body->body) ? (apr_size_t)item_body_length(body->body) : 0;
    text = apr_pcalloc(pool, length + 1);
    BASE_TRY(length ? item_body_read(body->body, text, &length) : NULL);
    *cut = note_lines(text, length, pool);
    return NULL;
}

/* Is it that? What was cut down to nothing is an empty text of any type. */
static int note_is_cut(const char *plain, const char *html, const char *cut, item_body_type_t type,
                       apr_pool_t *pool)
{
    if (!*cut || !*plain)
        return !*cut && !*plain;
    if (!html)
        return type == ITEM_BODY_TEXT && note_is_same(plain, cut);
    return type == ITEM_BODY_HTML && !note_clean(cut, &cut, pool) && note_is_same(html, cut);
}

base_fault_t *item_note_body_change(item_component_t *component, const char *name,
                                    const eas_node_t *body, const item_options_t *options,
                                    apr_pool_t *pool)
{
    const char *plain, *html, *cut = NULL;
    item_body_type_t type = ITEM_BODY_NONE;

    BASE_TRY(item_note_body_parse(body, &plain, &html, pool));
    if (plain)
        BASE_TRY(note_cut(component, name, options, &type, &cut, pool));
    if (!plain || (cut && note_is_cut(plain, html, cut, type, pool)))
        return NULL;
    item_note_body_set(component, name, plain, html, pool);
    return NULL;
}
