/* What clients write as HTML, before other programs get to show it (html.h). libxml2 and GMime know
 * no such cleaning. */
#include "item/html.h"

#include <string.h>
#include <strings.h>

#include "item/html_parser.h"

typedef enum { CLEAN_OTHER, CLEAN_KEEP, CLEAN_VOID, CLEAN_DROP } clean_kind_t;
typedef enum { CLEAN_NONE, CLEAN_TEXT, CLEAN_LINK, CLEAN_PICTURE, CLEAN_STYLE } clean_value_t;

typedef struct {
    const char *name;
    int kind;
} clean_row_t;

#define CLEAN_ELEMENT(name, kind) {name, CLEAN_##kind},
static const clean_row_t clean_elements[] = {
#include "item/html_clean.tbl"
};
#undef CLEAN_ELEMENT

#define CLEAN_ATTRIBUTE(name, kind) {name, CLEAN_##kind},
static const clean_row_t clean_attributes[] = {
#include "item/html_clean.tbl"
};
#undef CLEAN_ATTRIBUTE

typedef struct {
    item_sink_t *sink;
    int skip;         /* depth of elements that are dropped */
    apr_pool_t *pool; /* cleared with each element */
} clean_t;

#define CLEAN_COUNT(rows) (sizeof(rows) / sizeof *(rows))

static int clean_find(const clean_row_t *rows, size_t count, const char *name)
{
    size_t i;

    for (i = 0; i < count; i++)
        if (strcmp(rows[i].name, name) == 0)
            return rows[i].kind;
    return 0;
}

static int clean_kind(const char *name)
{
    return clean_find(clean_elements, CLEAN_COUNT(clean_elements), name);
}

/* Does the address begin with one of these? */
static int clean_begins(const char *address, const char *const *beginnings)
{
    for (; *beginnings; beginnings++)
        if (strncasecmp(address, *beginnings, strlen(*beginnings)) == 0)
            return 1;
    return 0;
}

static int clean_style_is_harmless(const char *style)
{
    static const char *const active[] = {"url", "expression", "import", "behavio", "binding",
                                         "\\",  "/*",         "<",      "src(",    "image"};
    size_t i;

    for (i = 0; i < sizeof active / sizeof *active; i++)
        if (strcasestr(style, active[i]))
            return 0;
    return 1;
}

/* The value that stays; NULL: none. */
static const char *clean_value(const clean_t *clean, int kind, const char *value)
{
    static const char *const links[] = {
        "http://", "https://", "mailto:", "tel:", "sms:", "#", NULL};
    static const char *const pictures[] = {
        "http://",         "https://",        "cid:", "data:image/png;", "data:image/jpeg;",
        "data:image/gif;", "data:image/bmp;", NULL};

    switch ((clean_value_t)kind) {
    case CLEAN_TEXT:
        return value ? value : "";
    case CLEAN_STYLE:
        return value && clean_style_is_harmless(value) ? value : NULL;
    case CLEAN_LINK:
    case CLEAN_PICTURE:
        value = value ? item_html_address(value, clean->pool) : "";
        return clean_begins(value, kind == CLEAN_LINK ? links : pictures) ? value : NULL;
    case CLEAN_NONE:
        break;
    }
    return NULL;
}

static void clean_start(void *baton, const char *name, const char **attributes)
{
    clean_t *clean = baton;
    int kind = clean_kind(name);

    clean->skip += kind == CLEAN_DROP;
    if (clean->skip || (kind != CLEAN_KEEP && kind != CLEAN_VOID))
        return;
    apr_pool_clear(clean->pool);
    item_sink_puts(clean->sink, "<");
    item_sink_puts(clean->sink, name);
    for (; attributes && attributes[0]; attributes += 2) {
        int attribute = clean_find(clean_attributes, CLEAN_COUNT(clean_attributes), attributes[0]);
        const char *value = clean_value(clean, attribute, attributes[1]);

        if (!value)
            continue;
        item_sink_puts(clean->sink, " ");
        item_sink_puts(clean->sink, attributes[0]);
        item_sink_puts(clean->sink, "=\"");
        item_html_escape(clean->sink, value, strlen(value));
        item_sink_puts(clean->sink, "\"");
    }
    item_sink_puts(clean->sink, ">");
}

static void clean_end(void *baton, const char *name)
{
    clean_t *clean = baton;
    int kind = clean_kind(name);

    if (kind == CLEAN_DROP)
        clean->skip -= clean->skip > 0;
    else if (!clean->skip && kind == CLEAN_KEEP) {
        item_sink_puts(clean->sink, "</");
        item_sink_puts(clean->sink, name);
        item_sink_puts(clean->sink, ">");
    }
}

static void clean_text(void *baton, const char *text, apr_size_t length)
{
    clean_t *clean = baton;

    if (!clean->skip)
        item_html_escape(clean->sink, text, length);
}

int item_html_clean(const char *html, apr_size_t length, item_sink_t *sink, apr_pool_t *pool)
{
    static const item_html_events_t events = {
        .start = clean_start, .end = clean_end, .text = clean_text};
    clean_t clean = {.sink = sink};
    item_html_parser_t *parser;
    int whole;

    apr_pool_create(&clean.pool, pool);
    parser = item_html_parser_create(&events, &clean, pool);
    item_html_parser_feed(parser, html, length);
    whole = item_html_parser_finish(parser);
    apr_pool_destroy(clean.pool);
    return whole;
}
