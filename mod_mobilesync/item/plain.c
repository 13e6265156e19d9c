/* Plain text of html.h: RFC 3676 and HTML escapes. */
#include "item/html.h"

#include <string.h>
#include <strings.h>
#include <apr_lib.h>

/* A longer line is taken in pieces, without regard to flowing. */
#define PLAIN_LINE_MAX 16384
#define PLAIN_QUOTES_MAX 100

struct item_plain {
    item_sink_t *sink;
    int flowed;
    int delsp;
    int html;
    base_text_buffer_t line;
    int partial; /* the last piece of a long line did not end it */
    int joined;  /* the last line was soft-broken: the next one continues it */
    int quotes;  /* depth of the paragraph that is open */
};

item_plain_t *item_plain_create(item_sink_t *sink, int flowed, int delsp, int html,
                                apr_pool_t *pool)
{
    item_plain_t *plain = apr_pcalloc(pool, sizeof *plain);

    plain->sink = sink;
    plain->flowed = flowed;
    plain->delsp = delsp;
    plain->html = html;
    plain->line.pool = pool;
    return plain;
}

void item_html_escape(item_sink_t *sink, const char *text, apr_size_t length)
{
    const char *end = text + length, *from = text;

    for (; text < end; text++) {
        const char *entity = *text == '<'    ? "&lt;"
                             : *text == '>'  ? "&gt;"
                             : *text == '&'  ? "&amp;"
                             : *text == '"'  ? "&quot;"
                             : *text == '\'' ? "&#39;"
                                             : NULL;

        if (!entity)
            continue;
        item_sink_write(sink, from, text - from);
        item_sink_puts(sink, entity);
        from = text + 1;
    }
    item_sink_write(sink, from, end - from);
}

/* Length of a web address at the text, 0 when there is none. */
static apr_size_t plain_url(const char *text, apr_size_t length)
{
    apr_size_t n, scheme = length > 8 && strncasecmp(text, "https://", 8) == 0  ? 8
                           : length > 7 && strncasecmp(text, "http://", 7) == 0 ? 7
                                                                                : 0;

    if (!scheme)
        return 0;
    for (n = scheme; n < length && (unsigned char)text[n] > ' ' && !strchr("<>\"", text[n]); n++)
        ;
    /* punctuation that ends the sentence, not the address */
    while (n > scheme && strchr(".,;:!?)]}'*_", text[n - 1]))
        n--;
    return n > scheme ? n : 0;
}

/* Text of one line as HTML: escaped, web addresses as links, runs of blanks kept. */
static void plain_put_html(item_plain_t *plain, const char *text, apr_size_t length)
{
    apr_size_t i, from = 0;

    for (i = 0; i < length; i++) {
        int blank = text[i] == ' ' && (i == 0 || text[i - 1] == ' ');
        apr_size_t url = (text[i] | 0x20) == 'h' && (i == 0 || !apr_isalnum(text[i - 1]))
                             ? plain_url(text + i, length - i)
                             : 0;

        if (!blank && text[i] != '\t' && !url)
            continue;
        item_html_escape(plain->sink, text + from, i - from);
        if (url) {
            item_sink_puts(plain->sink, "<a href=\"");
            item_html_escape(plain->sink, text + i, url);
            item_sink_puts(plain->sink, "\">");
            item_html_escape(plain->sink, text + i, url);
            item_sink_puts(plain->sink, "</a>");
            i += url - 1;
        }
        else
            item_sink_puts(plain->sink, blank ? "&nbsp;" : "&nbsp;&nbsp;&nbsp; ");
        from = i + 1;
    }
    item_html_escape(plain->sink, text + from, length - from);
}

static void plain_put(item_plain_t *plain, const char *text, apr_size_t length)
{
    if (plain->html)
        plain_put_html(plain, text, length);
    else
        item_sink_write(plain->sink, text, length);
}

static void plain_line_end(item_plain_t *plain)
{
    item_sink_puts(plain->sink, plain->html ? "<br>\r\n" : "\r\n");
}

/* Opens a paragraph of another depth of quotation. */
static void plain_set_quotes(item_plain_t *plain, int quotes)
{
    if (plain->html) {
        for (; plain->quotes < quotes; plain->quotes++)
            item_sink_puts(plain->sink, "<blockquote type=\"cite\">");
        for (; plain->quotes > quotes; plain->quotes--)
            item_sink_puts(plain->sink, "</blockquote>");
    }
    plain->quotes = quotes;
}

static void plain_put_quote_marks(item_plain_t *plain)
{
    int i;

    if (plain->html || plain->quotes == 0)
        return;
    for (i = 0; i < plain->quotes; i++)
        item_sink_puts(plain->sink, ">");
    item_sink_puts(plain->sink, " ");
}

/* One line of format=flowed text (RFC 3676 4.1 to 4.5). */
static void plain_flowed_line(item_plain_t *plain, const char *text, apr_size_t length)
{
    int quotes = 0, soft, signature;

    while (length && *text == '>') {
        quotes += quotes < PLAIN_QUOTES_MAX;
        text++;
        length--;
    }
    if (length && *text == ' ') { /* space-stuffing */
        text++;
        length--;
    }
    signature = length == 3 && memcmp(text, "-- ", 3) == 0;
    soft = length && text[length - 1] == ' ' && !signature;
    if (plain->joined && (quotes != plain->quotes || signature)) {
        plain_line_end(plain);
        plain->joined = 0;
    }
    if (!plain->joined) {
        plain_set_quotes(plain, quotes);
        plain_put_quote_marks(plain);
    }
    if (soft && plain->delsp)
        length--;
    plain_put(plain, text, length);
    plain->joined = soft;
    if (!soft)
        plain_line_end(plain);
}

static void plain_line(item_plain_t *plain, int ended)
{
    apr_size_t length = plain->line.length;

    if (ended && length && plain->line.data[length - 1] == '\r')
        length--;
    if (plain->flowed && ended && !plain->partial)
        plain_flowed_line(plain, plain->line.data ? plain->line.data : "", length);
    else {
        if (plain->joined)
            plain_line_end(plain);
        plain->joined = 0;
        plain_put(plain, plain->line.data ? plain->line.data : "", length);
        if (ended)
            plain_line_end(plain);
    }
    plain->partial = !ended;
    plain->line.length = 0;
}

void item_plain_feed(item_plain_t *plain, const char *text, apr_size_t length)
{
    while (length && !item_sink_done(plain->sink)) {
        const char *newline = memchr(text, '\n', length);
        apr_size_t n = newline ? (apr_size_t)(newline - text) : length;
        apr_size_t room = PLAIN_LINE_MAX - plain->line.length;
        int cut = n > room;

        if (cut)
            n = base_text_utf8_floor(text, n, room);
        base_text_buffer_append(&plain->line, text, n);
        text += n;
        length -= n;
        if (cut)
            plain_line(plain, 0);
        else if (newline) {
            plain_line(plain, 1);
            text++;
            length--;
        }
    }
}

void item_plain_finish(item_plain_t *plain)
{
    if (plain->line.length || plain->partial) {
        /* the last line has no line break: none is added to text */
        apr_size_t length = plain->line.length;
        const char *text = plain->line.data ? plain->line.data : "";

        if (plain->flowed && !plain->partial && length && text[length - 1] != ' ')
            plain_line(plain, 1);
        else
            plain_line(plain, 0);
    }
    else if (plain->joined)
        plain_line_end(plain);
    plain_set_quotes(plain, 0);
}
