#include "item/compose_parts.h"

#include <string.h>
#include <strings.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "item/body.h"
#include "item/header.h"
#include "item/html.h"

/* A longer original is attached instead of being quoted. */
#define QUOTE_MAX (8 * 1024 * 1024)

/* Everything that the sink holds, in memory. */
static base_fault_t *quote_text(item_sink_t *sink, const char **text, apr_pool_t *pool)
{
    char *data = apr_palloc(pool, (apr_size_t)sink->length + 1);
    apr_uint64_t position = 0;

    while (position < sink->length) {
        apr_size_t n = (apr_size_t)(sink->length - position);

        BASE_TRY(item_sink_read(sink, position, data + position, &n));
        if (n == 0)
            break;
        position += n;
    }
    data[position] = '\0';
    *text = data;
    return NULL;
}

/* Who wrote what is below: one line for each field, as Outlook and Exchange do. */
static void quote_put_fields(const item_mime_t *original, int html, item_sink_t *sink,
                             apr_pool_t *pool)
{
    static const struct {
        const char *name;
        const char *label;
    } rows[] = {
        {"From", "From"}, {"Date", "Sent"}, {"To", "To"}, {"Cc", "Cc"}, {"Subject", "Subject"}};
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *value = item_mime_field(original, rows[i].name);

        if (!value)
            continue;
        value = item_header_text(value, pool);
        item_sink_puts(sink, html ? "<b>" : "");
        item_sink_puts(sink, rows[i].label);
        item_sink_puts(sink, html ? ":</b> " : ": ");
        if (html)
            item_html_escape(sink, value, strlen(value));
        else
            item_sink_puts(sink, value);
        item_sink_puts(sink, html ? "<br>\r\n" : "\r\n");
    }
}

/* "> " before each line; a line that is a quotation already gets ">" only. */
static void quote_put_lines(const char *text, item_sink_t *sink)
{
    while (*text) {
        apr_size_t n = strcspn(text, "\n");

        item_sink_puts(sink, *text == '>' ? ">" : "> ");
        item_sink_write(sink, text, n);
        item_sink_puts(sink, text[n] ? "\n" : "\r\n");
        text += n + (text[n] == '\n');
    }
}

static base_fault_t *quote_put_plain(const item_compose_plan_t *plan, item_sink_t *sink)
{
    item_sink_t original;
    const char *text;

    item_sink_init(&original, QUOTE_MAX, plan->pool);
    BASE_TRY(item_body_render(plan->original.mime, plan->original.content, ITEM_BODY_TEXT,
                              &original, NULL, plan->pool));
    BASE_TRY(quote_text(&original, &text, plan->pool));
    item_sink_puts(sink, "\r\n\r\n________________________________\r\n");
    quote_put_fields(plan->original.mime, 0, sink, plan->pool);
    item_sink_puts(sink, "\r\n");
    if (plan->options->mode == ITEM_COMPOSE_REPLY)
        quote_put_lines(text, sink);
    else
        item_sink_puts(sink, text);
    sink->full |= original.full;
    return sink->fault;
}

/* What is between <body> and </body>, when there are such. */
static void quote_inner(const char *html, const char **begin, apr_size_t *length)
{
    const char *body = strcasestr(html, "<body"), *close, *end = NULL, *next;

    close = body ? strchr(body, '>') : NULL;
    *begin = close ? close + 1 : html;
    for (next = strcasestr(*begin, "</body"); next; next = strcasestr(next + 1, "</body"))
        end = next;
    *length = end ? (apr_size_t)(end - *begin) : strlen(*begin);
}

static base_fault_t *quote_put_html(const item_compose_plan_t *plan, item_sink_t *sink)
{
    int reply = plan->options->mode == ITEM_COMPOSE_REPLY;
    item_sink_t original;
    const char *html, *inner;
    apr_size_t length;

    item_sink_init(&original, QUOTE_MAX, plan->pool);
    BASE_TRY(item_body_render(plan->original.mime, plan->original.content, ITEM_BODY_HTML,
                              &original, NULL, plan->pool));
    BASE_TRY(quote_text(&original, &html, plan->pool));
    quote_inner(html, &inner, &length);
    item_sink_puts(sink, "<br><hr>\r\n<div>");
    quote_put_fields(plan->original.mime, 1, sink, plan->pool);
    item_sink_puts(sink,
                   reply ? "<br></div>\r\n<blockquote type=\"cite\">\r\n" : "<br></div>\r\n<div>");
    item_sink_write(sink, inner, length);
    item_sink_puts(sink, reply ? "\r\n</blockquote>\r\n" : "\r\n</div>\r\n");
    sink->full |= original.full;
    return sink->fault;
}

base_fault_t *item_compose_quote(const item_compose_plan_t *plan, const item_mime_part_t *part,
                                 item_compose_text_t *text)
{
    item_body_type_t type = item_content_is_html(part) ? ITEM_BODY_HTML : ITEM_BODY_TEXT;
    item_sink_t own, whole;
    const char *written, *tail = "", *next;

    memset(text, 0, sizeof *text);
    item_sink_init(&own, QUOTE_MAX, plan->pool);
    BASE_TRY(item_body_render_part(plan->client.mime, part, type, &own, plan->pool));
    BASE_TRY(quote_text(&own, &written, plan->pool));
    item_sink_init(&whole, ITEM_TRUNCATION_NONE, plan->pool);
    if (type == ITEM_BODY_HTML) {
        for (next = strcasestr(written, "</body"); next; next = strcasestr(next + 1, "</body"))
            tail = next;
        item_sink_write(&whole, written, *tail ? (apr_size_t)(tail - written) : strlen(written));
        BASE_TRY(quote_put_html(plan, &whole));
    }
    else {
        item_sink_puts(&whole, written);
        BASE_TRY(quote_put_plain(plan, &whole));
    }
    if (own.full || whole.full)
        return NULL;
    item_sink_puts(&whole, tail);
    text->part = part;
    text->type = type;
    text->length = (apr_size_t)whole.length;
    return quote_text(&whole, &text->text, plan->pool);
}
