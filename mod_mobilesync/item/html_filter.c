#include "item/html_filter.h"

#include <string.h>
#include <strings.h>
#include <apr_lib.h>

enum {
    FILTER_TEXT,
    FILTER_LESS,    /* < */
    FILTER_SLASH,   /* </ */
    FILTER_BANG,    /* <! */
    FILTER_DASH,    /* <!- */
    FILTER_DROP,    /* to the next > */
    FILTER_COMMENT, /* to --> */
    FILTER_TAG,
    FILTER_RAW /* in a script or style: to its end tag */
};

static int filter_is_raw(const item_html_filter_t *filter)
{
    static const char *const names[] = {"script", "style"};
    size_t i;

    for (i = 0; i < sizeof names / sizeof *names; i++)
        if (filter->name_length == strlen(names[i]) &&
            memcmp(filter->name, names[i], filter->name_length) == 0)
            return 1;
    return 0;
}

static void filter_tag_begin(item_html_filter_t *filter, char c)
{
    filter->state = FILTER_TAG;
    filter->tag = filter->name_length = 0;
    filter->quote = 0;
    filter->last = c;
    if (apr_isalpha(c))
        filter->name[filter->name_length++] = (char)(c | 0x20);
}

/* One character of a tag. Returns 1 when it is to be kept. */
static int filter_tag(item_html_filter_t *filter, char c)
{
    int kept = ++filter->tag < ITEM_HTML_TAG_MAX;

    if (filter->name_length == filter->tag && apr_isalnum(c) &&
        filter->name_length < sizeof filter->name)
        filter->name[filter->name_length++] = (char)(apr_isalpha(c) ? c | 0x20 : c);
    else if (filter->name_length == filter->tag && apr_isalnum(c))
        filter->name_length = 0; /* no name that matters is so long */
    if (filter->quote) {
        if (c == filter->quote)
            filter->quote = 0;
    }
    else if ((c == '"' || c == '\'') && filter->last == '=')
        filter->quote = c;
    else if (c == '>')
        filter->state = filter_is_raw(filter) ? FILTER_RAW : FILTER_TEXT;
    if (!apr_isspace(c))
        filter->last = c;
    filter->match = 0;
    return kept;
}

/* One character of a script or style. Returns 1 at the end of "</name". */
static int filter_raw(item_html_filter_t *filter, char c)
{
    apr_size_t n = filter->match;
    char wanted = n == 0 ? '<' : n == 1 ? '/' : filter->name[n - 2];
    char lower = (char)(apr_isalpha(c) ? c | 0x20 : c);

    filter->match = lower == wanted ? n + 1 : c == '<' ? 1 : 0;
    return filter->match == filter->name_length + 2;
}

static void filter_comment(item_html_filter_t *filter, char c)
{
    if (c == '>' && filter->dashes >= 2)
        filter->state = FILTER_TEXT;
    filter->dashes = c == '-' ? filter->dashes + 1 : 0;
}

/* What follows <. */
static void filter_less(item_html_filter_t *filter, char c, item_html_filter_fn put, void *baton)
{
    if (c == '!')
        filter->state = FILTER_BANG;
    else if (c == '?')
        filter->state = FILTER_DROP;
    else if (c == '/')
        filter->state = FILTER_SLASH;
    else if (apr_isalpha(c)) {
        put(baton, "<", 1);
        put(baton, &c, 1);
        filter_tag_begin(filter, c);
    }
    else {
        put(baton, "&lt;", 4);
        filter->state = c == '<' ? FILTER_LESS : FILTER_TEXT;
        if (c != '<')
            put(baton, &c, 1);
    }
}

/* What follows </: a name, else it is a comment up to the next >. */
static void filter_slash(item_html_filter_t *filter, char c, item_html_filter_fn put, void *baton)
{
    if (apr_isalpha(c)) {
        put(baton, "</", 2);
        put(baton, &c, 1);
        filter_tag_begin(filter, '/');
    }
    else
        filter->state = c == '>' ? FILTER_TEXT : FILTER_DROP;
}

/* Everything but text and tags, which go on in pieces. */
static void filter_other(item_html_filter_t *filter, char c, item_html_filter_fn put, void *baton)
{
    switch (filter->state) {
    case FILTER_LESS:
        filter_less(filter, c, put, baton);
        break;
    case FILTER_SLASH:
        filter_slash(filter, c, put, baton);
        break;
    case FILTER_BANG:
        filter->state = c == '-' ? FILTER_DASH : c == '>' ? FILTER_TEXT : FILTER_DROP;
        break;
    case FILTER_DASH:
        filter->state = c == '-' ? FILTER_COMMENT : c == '>' ? FILTER_TEXT : FILTER_DROP;
        filter->dashes = 2; /* <!--> is one */
        break;
    case FILTER_DROP:
        if (c == '>')
            filter->state = FILTER_TEXT;
        break;
    case FILTER_COMMENT:
        filter_comment(filter, c);
        break;
    case FILTER_RAW:
        if (filter_raw(filter, c)) {
            put(baton, "</", 2);
            put(baton, filter->name, filter->name_length);
            filter_tag_begin(filter, '/');
        }
        break;
    default:
        break;
    }
}

static apr_size_t filter_text(item_html_filter_t *filter, const char *text, apr_size_t length,
                              item_html_filter_fn put, void *baton)
{
    const char *less = memchr(text, '<', length);
    apr_size_t n = less ? (apr_size_t)(less - text) : length;

    put(baton, text, n);
    if (!less)
        return n;
    filter->state = FILTER_LESS;
    return n + 1;
}

static apr_size_t filter_tag_run(item_html_filter_t *filter, const char *text, apr_size_t length,
                                 item_html_filter_fn put, void *baton)
{
    apr_size_t n = 0, kept = 0;
    char quote = 0;

    while (n < length && filter->state == FILTER_TAG) {
        quote = filter->quote;
        kept += (apr_size_t)filter_tag(filter, text[n++]);
    }
    put(baton, text, kept);
    if (filter->state != FILTER_TAG && kept < n) { /* the end of a tag that was cut */
        put(baton, quote ? &quote : "\"", 1);
        put(baton, ">", 1);
    }
    return n;
}

void item_html_filter_feed(item_html_filter_t *filter, const char *text, apr_size_t length,
                           item_html_filter_fn put, void *baton)
{
    while (length) {
        apr_size_t n = 1;

        if (filter->state == FILTER_TEXT)
            n = filter_text(filter, text, length, put, baton);
        else if (filter->state == FILTER_TAG)
            n = filter_tag_run(filter, text, length, put, baton);
        else
            filter_other(filter, *text, put, baton);
        text += n;
        length -= n;
    }
}

void item_html_filter_finish(item_html_filter_t *filter, item_html_filter_fn put, void *baton)
{
    if (filter->state == FILTER_LESS || filter->state == FILTER_SLASH)
        put(baton, "&lt;", 4);
    if (filter->state == FILTER_SLASH)
        put(baton, "/", 1);
    filter->state = FILTER_TEXT;
}
