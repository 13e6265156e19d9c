#include "item/html_parser.h"

#include <string.h>
#include <apr_lib.h>
#include <libxml/HTMLparser.h>

#include "item/html_filter.h"

/* libxml2 searches its stack of open elements for each stray end tag: deeper documents would take
 * quadratic time. */
#define HTML_DEPTH_MAX 1000
/* An element around everything: once its stack is empty libxml2 takes the document for ended, and
 * drops what stands behind (a mailing list's footer after </html>). */
#define HTML_ROOT "mobilesync-root"

struct item_html_parser {
    const item_html_events_t *events;
    void *baton;
    htmlParserCtxtPtr parser;
    item_html_filter_t filter;
    int depth;
    int overflow;
};

const char *item_html_attribute(const char **attributes, const char *name)
{
    for (; attributes && attributes[0]; attributes += 2)
        if (strcmp(attributes[0], name) == 0)
            return attributes[1];
    return NULL;
}

const char *item_html_address(const char *text, apr_pool_t *pool)
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

static int html_is_root(const xmlChar *name)
{
    return strcmp((const char *)name, HTML_ROOT) == 0;
}

static void html_start(void *baton, const xmlChar *name, const xmlChar **attributes)
{
    item_html_parser_t *html = baton;

    if (++html->depth > HTML_DEPTH_MAX) {
        html->overflow = 1;
        xmlStopParser(html->parser);
    }
    else if (!html_is_root(name))
        html->events->start(html->baton, (const char *)name, (const char **)attributes);
}

static void html_end(void *baton, const xmlChar *name)
{
    item_html_parser_t *html = baton;

    html->depth--;
    if (!html_is_root(name))
        html->events->end(html->baton, (const char *)name);
}

static void html_text(void *baton, const xmlChar *text, int length)
{
    item_html_parser_t *html = baton;

    if (!html->overflow)
        html->events->text(html->baton, (const char *)text, (apr_size_t)length);
}

static apr_status_t html_free_parser(void *parser)
{
    htmlFreeParserCtxt(parser);
    return APR_SUCCESS;
}

static void html_parse(void *baton, const char *text, apr_size_t length)
{
    item_html_parser_t *html = baton;

    if (length && !html->overflow)
        htmlParseChunk(html->parser, text, (int)length, 0);
}

item_html_parser_t *item_html_parser_create(const item_html_events_t *events, void *baton,
                                            apr_pool_t *pool)
{
    item_html_parser_t *html = apr_pcalloc(pool, sizeof *html);
    htmlSAXHandler handler = {
        .startElement = html_start,
        .endElement = html_end,
        .characters = html_text,
        .ignorableWhitespace = html_text,
    };

    html->events = events;
    html->baton = baton;
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

void item_html_parser_feed(item_html_parser_t *html, const char *text, apr_size_t length)
{
    item_html_filter_feed(&html->filter, text, length, html_parse, html);
}

int item_html_parser_finish(item_html_parser_t *html)
{
    item_html_filter_finish(&html->filter, html_parse, html);
    if (html->parser && !html->overflow)
        htmlParseChunk(html->parser, NULL, 0, 1);
    return !html->overflow;
}
