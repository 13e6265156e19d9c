/* HTML as text (html.h). */
#include "item/html.h"

#include <string.h>
#include <strings.h>
#include <apr_strings.h>

#include "item/html_parser.h"

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
    item_html_parser_t *parser;
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
    apr_pool_t *links; /* cleared with each link */
};

static html_kind_t html_kind(const char *name)
{
    int low = 0, high = (int)(sizeof html_elements / sizeof *html_elements) - 1;

    while (low <= high) {
        int middle = (low + high) / 2;
        int order = strcmp(name, html_elements[middle].name);

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

static void html_characters(void *baton, const char *text, apr_size_t length)
{
    item_html_text_t *html = baton;

    if (html->skip)
        return;
    if (html->pre)
        html_put_pre(html, text, length);
    else
        html_put_words(html, text, length);
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

static void html_link(item_html_text_t *html, const char **attributes)
{
    const char *target = item_html_attribute(attributes, "href");

    html->link = NULL;
    html->link_length = 0;
    if (!target || strlen(target) >= HTML_LINK_MAX)
        return;
    apr_pool_clear(html->links);
    target = item_html_address(target, html->links);
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

static void html_open(item_html_text_t *html, html_kind_t kind, const char **attributes)
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
        alternative = item_html_attribute(attributes, "alt");
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

static void html_start_element(void *baton, const char *name, const char **attributes)
{
    item_html_text_t *html = baton;
    html_kind_t kind = html_kind(name);

    if (kind == HTML_SKIP)
        html->skip++;
    else if (!html->skip)
        html_open(html, kind, attributes);
}

static void html_end_element(void *baton, const char *name)
{
    item_html_text_t *html = baton;
    html_kind_t kind = html_kind(name);

    if (kind == HTML_SKIP)
        html->skip -= html->skip > 0;
    else if (!html->skip)
        html_close(html, kind);
}

static const item_html_events_t html_events = {
    .start = html_start_element, .end = html_end_element, .text = html_characters};

item_html_text_t *item_html_text_create(item_sink_t *sink, apr_pool_t *pool)
{
    item_html_text_t *html = apr_pcalloc(pool, sizeof *html);

    html->sink = sink;
    apr_pool_create(&html->links, pool);
    html->parser = item_html_parser_create(&html_events, html, pool);
    return html;
}

void item_html_text_feed(item_html_text_t *html, const char *text, apr_size_t length)
{
    item_html_parser_feed(html->parser, text, length);
}

int item_html_text_finish(item_html_text_t *html)
{
    return item_html_parser_finish(html->parser);
}
