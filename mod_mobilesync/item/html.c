/* HTML as text (html.h): libxml2's HTML parser through its SAX interface; no tree is built. */
#include "item/html.h"

#include <string.h>
#include <strings.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <libxml/HTMLparser.h>

#include "item/html_filter.h"

/* libxml2 searches its stack of open elements for each stray end tag: deeper documents would take
 * quadratic time. */
#define HTML_DEPTH_MAX 1000
/* An element around everything: once its stack is empty libxml2 takes the document for ended, and
 * drops what stands behind (a mailing list's footer after </html>). */
#define HTML_ROOT "mobilesync-root"
#define HTML_LISTS_MAX 16
#define HTML_QUOTES_MAX 32
#define HTML_LINK_MAX 2048

typedef enum {
    HTML_TRANSPARENT,
    HTML_SKIP,
    HTML_LINE,
    HTML_BLOCK,
    HTML_BREAK,
    HTML_RULE,
    HTML_LIST,
    HTML_ORDERED,
    HTML_ENTRY,
    HTML_CELL,
    HTML_QUOTE,
    HTML_PRE,
    HTML_LINK,
    HTML_IMAGE
} html_kind_t;

static const struct {
    const char *name;
    html_kind_t kind;
} html_elements[] = {
#define HTML_ELEMENT(name, kind) {name, HTML_##kind},
#include "item/html_element.tbl"
#undef HTML_ELEMENT
};

struct item_html_text {
    item_sink_t *sink;
    htmlParserCtxtPtr parser;
    int depth;
    int overflow;
    int skip;                         /* depth of elements that are not rendered */
    int pre;                          /* depth of PRE */
    int quotes;                       /* depth of QUOTE */
    int lists;                        /* depth of lists */
    int counters[HTML_LISTS_MAX + 1]; /* next number, 0 = unordered */
    /* output */
    int started;  /* something was written */
    int newlines; /* line breaks to write before the next text */
    int space;    /* a blank to write before the next text on the line */
    int column;   /* something is on the line */
    /* link: its target, and whether the text is just that target again */
    const char *link;
    char link_text[HTML_LINK_MAX];
    apr_size_t link_length;
    item_html_filter_t filter;
    apr_pool_t *links; /* cleared with each link */
};

static html_kind_t html_kind(const xmlChar *name)
{
    int low = 0, high = (int)(sizeof html_elements / sizeof *html_elements) - 1;

    while (low <= high) {
        int middle = (low + high) / 2;
        int order = strcmp((const char *)name, html_elements[middle].name);

        if (order == 0)
            return html_elements[middle].kind;
        if (order < 0)
            high = middle - 1;
        else
            low = middle + 1;
    }
    return HTML_TRANSPARENT;
}

/* At least n line breaks between what was written and what comes. */
static void html_need_newlines(item_html_text_t *html, int n)
{
    if (html->newlines < n)
        html->newlines = n;
    html->space = 0;
}

static void html_line_start(item_html_text_t *html)
{
    int i;

    for (i = 0; i < html->quotes && i < HTML_QUOTES_MAX; i++)
        item_sink_puts(html->sink, ">");
    if (html->quotes)
        item_sink_puts(html->sink, " ");
    for (i = 1; i < html->lists && i < HTML_LISTS_MAX; i++)
        item_sink_puts(html->sink, "  ");
}

/* Visible text: first what it waits for. */
static void html_put(item_html_text_t *html, const char *text, apr_size_t length)
{
    if (!html->started)
        html_line_start(html);
    else if (html->newlines) {
        for (; html->newlines; html->newlines--)
            item_sink_puts(html->sink, "\r\n");
        html_line_start(html);
        html->column = 0;
    }
    else if (html->space && html->column)
        item_sink_puts(html->sink, " ");
    html->newlines = html->space = 0;
    html->started = html->column = 1;
    item_sink_write(html->sink, text, length);
    if (html->link && html->link_length + length < sizeof html->link_text) {
        memcpy(html->link_text + html->link_length, text, length);
        html->link_length += length;
    }
}

static void html_put_pre(item_html_text_t *html, const char *text, apr_size_t length)
{
    while (length) {
        const char *newline = memchr(text, '\n', length);
        apr_size_t n = newline ? (apr_size_t)(newline - text) : length;

        if (n && text[n - 1] == '\r')
            html_put(html, text, n - 1);
        else if (n)
            html_put(html, text, n);
        if (!newline)
            break;
        if (html->newlines < 3)
            html->newlines++;
        text = newline + 1;
        length -= n + 1;
    }
}

/* Length of a blank at p: ASCII white space 1, no-break space 2, zero-width space and the like. */
static int html_blank(const unsigned char *p, const unsigned char *end)
{
    if (*p <= ' ')
        return 1;
    if (*p == 0xc2 && end - p > 1 && p[1] == 0xa0)
        return 2;
    if (*p == 0xe2 && end - p > 2 && p[1] == 0x80 && (p[2] == 0x8b || p[2] == 0x8c))
        return 3;
    if (*p == 0xef && end - p > 2 && p[1] == 0xbb && p[2] == 0xbf)
        return 3;
    return 0;
}

static void html_put_words(item_html_text_t *html, const char *text, apr_size_t length)
{
    const unsigned char *p = (const unsigned char *)text, *end = p + length, *from;

    while (p < end) {
        int blank = html_blank(p, end);

        if (blank) {
            html->space = 1;
            p += blank;
            continue;
        }
        for (from = p; p < end && !html_blank(p, end); p++)
            ;
        html_put(html, (const char *)from, p - from);
    }
}

static void html_characters(void *baton, const xmlChar *text, int length)
{
    item_html_text_t *html = baton;

    if (html->skip || html->overflow)
        return;
    if (html->pre)
        html_put_pre(html, (const char *)text, length);
    else
        html_put_words(html, (const char *)text, length);
}

static const char *html_attribute(const xmlChar **attributes, const char *name)
{
    for (; attributes && attributes[0]; attributes += 2)
        if (strcmp((const char *)attributes[0], name) == 0)
            return (const char *)attributes[1];
    return NULL;
}

static void html_entry(item_html_text_t *html)
{
    int level = html->lists < HTML_LISTS_MAX ? html->lists : HTML_LISTS_MAX;
    char number[24];

    html_need_newlines(html, 1);
    if (level && html->counters[level]) {
        apr_snprintf(number, sizeof number, "%d.", html->counters[level]++);
        html_put(html, number, strlen(number));
    }
    else
        html_put(html, "*", 1);
    html->space = 1;
}

static void html_list(item_html_text_t *html, int ordered)
{
    html_need_newlines(html, html->lists ? 1 : 2);
    html->lists++;
    if (html->lists <= HTML_LISTS_MAX)
        html->counters[html->lists] = ordered;
}

/* A web address as browsers take it (WHATWG URL 4.4): no blanks around it, no line breaks and tabs in
 * it. */
static const char *html_address(const char *text, apr_pool_t *pool)
{
    const char *end;
    char *address, *out;

    while (apr_isspace(*text))
        text++;
    end = text + strlen(text);
    while (end > text && apr_isspace(end[-1]))
        end--;
    address = out = apr_palloc(pool, (apr_size_t)(end - text) + 1);
    for (; text < end; text++)
        if (!strchr("\t\r\n", *text))
            *out++ = *text;
    *out = '\0';
    return address;
}

static void html_link(item_html_text_t *html, const xmlChar **attributes)
{
    const char *target = html_attribute(attributes, "href");

    html->link = NULL;
    html->link_length = 0;
    if (!target || strlen(target) >= HTML_LINK_MAX)
        return;
    apr_pool_clear(html->links);
    target = html_address(target, html->links);
    if (strncasecmp(target, "http://", 7) == 0 || strncasecmp(target, "https://", 8) == 0 ||
        strncasecmp(target, "mailto:", 7) == 0)
        html->link = target;
}

/* The target of a link, unless the text was the same. */
static void html_link_end(item_html_text_t *html)
{
    const char *target = html->link;

    html->link = NULL;
    if (!target || html->link_length == 0)
        return;
    html->link_text[html->link_length] = '\0';
    if (strncasecmp(target, "mailto:", 7) == 0)
        target += 7;
    if (strstr(target, html->link_text) && html->link_length + 12 >= strlen(target))
        return;
    html->space = 1;
    html_put(html, "<", 1);
    html_put(html, target, strlen(target));
    html_put(html, ">", 1);
}

static void html_open(item_html_text_t *html, html_kind_t kind, const xmlChar **attributes)
{
    const char *alternative;

    switch (kind) {
    case HTML_LINE:
        html_need_newlines(html, 1);
        break;
    case HTML_BLOCK:
        html_need_newlines(html, 2);
        break;
    case HTML_BREAK:
        html->newlines += html->newlines < 3;
        html->space = 0;
        break;
    case HTML_RULE:
        html_need_newlines(html, 1);
        html_put(html, "----------------------------------------", 40);
        html_need_newlines(html, 1);
        break;
    case HTML_LIST:
    case HTML_ORDERED:
        html_list(html, kind == HTML_ORDERED);
        break;
    case HTML_ENTRY:
        html_entry(html);
        break;
    case HTML_CELL:
        if (html->column && !html->newlines)
            html_put(html, "\t", 1);
        html->space = 0;
        break;
    case HTML_QUOTE:
        html_need_newlines(html, html->quotes ? 1 : 2);
        html->quotes++;
        break;
    case HTML_PRE:
        html_need_newlines(html, 2);
        html->pre++;
        break;
    case HTML_LINK:
        html_link(html, attributes);
        break;
    case HTML_IMAGE:
        alternative = html_attribute(attributes, "alt");
        if (alternative && *alternative)
            html_put_words(html, alternative, strlen(alternative));
        break;
    case HTML_TRANSPARENT:
    case HTML_SKIP:
        break;
    }
}

static void html_close(item_html_text_t *html, html_kind_t kind)
{
    switch (kind) {
    case HTML_LINE:
    case HTML_ENTRY:
        html_need_newlines(html, 1);
        break;
    case HTML_BLOCK:
        html_need_newlines(html, 2);
        break;
    case HTML_LIST:
    case HTML_ORDERED:
        html->lists -= html->lists > 0;
        html_need_newlines(html, html->lists ? 1 : 2);
        break;
    case HTML_QUOTE:
        html->quotes -= html->quotes > 0;
        html_need_newlines(html, 2);
        break;
    case HTML_PRE:
        html->pre -= html->pre > 0;
        html_need_newlines(html, 2);
        break;
    case HTML_LINK:
        html_link_end(html);
        break;
    case HTML_CELL:
    case HTML_BREAK:
    case HTML_RULE:
    case HTML_IMAGE:
    case HTML_TRANSPARENT:
    case HTML_SKIP:
        break;
    }
}

static void html_start_element(void *baton, const xmlChar *name, const xmlChar **attributes)
{
    item_html_text_t *html = baton;
    html_kind_t kind = html_kind(name);

    if (++html->depth > HTML_DEPTH_MAX) {
        html->overflow = 1;
        xmlStopParser(html->parser);
        return;
    }
    if (kind == HTML_SKIP)
        html->skip++;
    else if (!html->skip)
        html_open(html, kind, attributes);
}

static void html_end_element(void *baton, const xmlChar *name)
{
    item_html_text_t *html = baton;
    html_kind_t kind = html_kind(name);

    html->depth--;
    if (kind == HTML_SKIP)
        html->skip -= html->skip > 0;
    else if (!html->skip)
        html_close(html, kind);
}

static apr_status_t html_free_parser(void *parser)
{
    htmlFreeParserCtxt(parser);
    return APR_SUCCESS;
}

static void html_parse(void *baton, const char *text, apr_size_t length)
{
    item_html_text_t *html = baton;

    if (length && !html->overflow)
        htmlParseChunk(html->parser, text, (int)length, 0);
}

item_html_text_t *item_html_text_create(item_sink_t *sink, apr_pool_t *pool)
{
    item_html_text_t *html = apr_pcalloc(pool, sizeof *html);
    htmlSAXHandler handler = {
        .startElement = html_start_element,
        .endElement = html_end_element,
        .characters = html_characters,
        .ignorableWhitespace = html_characters,
    };

    html->sink = sink;
    apr_pool_create(&html->links, pool);
    html->parser = htmlCreatePushParserCtxt(&handler, html, NULL, 0, NULL, XML_CHAR_ENCODING_UTF8);
    if (!html->parser) {
        html->overflow = 1;
        return html;
    }
    apr_pool_cleanup_register(pool, html->parser, html_free_parser, apr_pool_cleanup_null);
    htmlCtxtUseOptions(html->parser, HTML_PARSE_RECOVER | HTML_PARSE_NOERROR |
                                         HTML_PARSE_NOWARNING | HTML_PARSE_NONET |
                                         HTML_PARSE_IGNORE_ENC | HTML_PARSE_NOIMPLIED);
    html_parse(html, "<" HTML_ROOT ">", strlen("<" HTML_ROOT ">"));
    return html;
}

void item_html_text_feed(item_html_text_t *html, const char *text, apr_size_t length)
{
    item_html_filter_feed(&html->filter, text, length, html_parse, html);
}

int item_html_text_finish(item_html_text_t *html)
{
    item_html_filter_finish(&html->filter, html_parse, html);
    if (html->parser && !html->overflow)
        htmlParseChunk(html->parser, NULL, 0, 1);
    return !html->overflow;
}
