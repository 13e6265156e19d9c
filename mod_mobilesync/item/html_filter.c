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

/* Where in a tag (WHATWG HTML 13.2.5.8, 13.2.5.32 to 39). */
enum {
    TAG_NAME,
    TAG_BEFORE,    /* blanks before an attribute */
    TAG_ATTRIBUTE, /* its name */
    TAG_AFTER,     /* blanks behind that */
    TAG_EQUALS,    /* = and blanks */
    TAG_VALUE      /* without quotation marks */
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
    filter->part = TAG_NAME;
    filter->quote = filter->cut = 0;
    filter->slash = 0;
    if (apr_isalpha(c))
        filter->name[filter->name_length++] = (char)(c | 0x20);
}

static void filter_tag_name(item_html_filter_t *filter, char c)
{
    if (filter->name_length != filter->tag)
        return;
    if (apr_isalnum(c) && filter->name_length < sizeof filter->name)
        filter->name[filter->name_length++] = (char)(apr_isalpha(c) ? c | 0x20 : c);
    else if (!apr_isspace(c) && c != '/' && c != '>')
        filter->name_length = 0; /* no name that matters is so long, or has anything else */
}

/* A character of a name as libxml2 knows them: at the begin of an attribute's fewer. */
static char tag_name_char(char c, int first)
{
    if (apr_isalpha(c) || strchr("_:.", c))
        return c;
    return !first && (apr_isdigit(c) || c == '-') ? c : '_';
}

/* One character outside of quotation marks that is none of > and /. Returns what stands for it. */
static char filter_tag_part(item_html_filter_t *filter, char c)
{
    int part = filter->part;

    if (apr_isspace(c)) {
        if (part == TAG_NAME || part == TAG_VALUE)
            filter->part = TAG_BEFORE;
        else if (part == TAG_ATTRIBUTE)
            filter->part = TAG_AFTER;
        return c;
    }
    if (c == '=' && (part == TAG_ATTRIBUTE || part == TAG_AFTER)) {
        filter->part = TAG_EQUALS;
        return c;
    }
    if (part == TAG_EQUALS || part == TAG_VALUE) {
        filter->part = TAG_VALUE;
        if (c != '"' && c != '\'')
            return c;
        if (part == TAG_VALUE)
            return '_';
        filter->part = TAG_BEFORE; /* when it ends */
        return filter->quote = c;
    }
    if (part != TAG_NAME)
        filter->part = TAG_ATTRIBUTE;
    return tag_name_char(c, part == TAG_BEFORE || part == TAG_AFTER);
}

/* One character of a tag: puts what stands for it, unless the tag is cut. Returns the bytes put. */
static apr_size_t filter_tag(item_html_filter_t *filter, char c, char *out)
{
    apr_size_t n = 0;
    int slash = filter->slash;

    if (++filter->tag == ITEM_HTML_TAG_MAX)
        filter->cut = filter->quote;
    filter_tag_name(filter, c);
    filter->slash = 0;
    filter->match = 0;
    if (slash)
        out[n++] = c == '>' ? '/' : ' ';
    if (filter->quote) {
        out[n++] = c;
        if (c == filter->quote)
            filter->quote = 0;
    }
    else if (c == '>') {
        out[n++] = c;
        filter->state = filter_is_raw(filter) ? FILTER_RAW : FILTER_TEXT;
    }
    else if (c == '/' && filter->part != TAG_EQUALS && filter->part != TAG_VALUE) {
        filter->slash = 1; /* only before > does libxml2 know it */
        filter->part = TAG_BEFORE;
    }
    else
        out[n++] = filter_tag_part(filter, c);
    return filter->tag < ITEM_HTML_TAG_MAX ? n : 0;
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
    char out[1024];

    while (n < length && filter->state == FILTER_TAG && kept + 2 <= sizeof out)
        kept += filter_tag(filter, text[n++], out + kept);
    put(baton, out, kept);
    if (filter->state != FILTER_TAG && filter->tag >= ITEM_HTML_TAG_MAX) {
        put(baton, &filter->cut, filter->cut != 0);
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
