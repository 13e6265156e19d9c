/* The body of a message as text or HTML (body.h): its parts, decoded and converted. */
#include "item/body.h"

#include <string.h>
#include <strings.h>

#include "item/charset.h"
#include "item/header.h"
#include "item/html.h"
#include "item/reader.h"

#define BODY_CHUNK 8192

const char item_body_html_begin[] =
    "<html><head><meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\"></head>"
    "<body>\r\n";
const char item_body_html_end[] = "</body></html>\r\n";

void item_body_put_html(item_sink_t *sink, const char *html, apr_size_t length, apr_pool_t *pool)
{
    const char *name = item_charset_sniff_html(html, length, pool), *at;

    at = name ? strcasestr(html, name) : NULL;
    while (at && at - html > 8 && strncasecmp(at - 8, "charset=", 8) != 0 &&
           strncasecmp(at - 9, "charset=", 8) != 0)
        at = strcasestr(at + 1, name);
    if (at && at - html > 8) {
        item_sink_write(sink, html, at - html);
        item_sink_puts(sink, "utf-8");
        length -= at - html + strlen(name);
        html = at + strlen(name);
    }
    item_sink_write(sink, html, length);
}

typedef struct {
    const item_mime_t *mime;
    item_sink_t *sink;
    apr_pool_t *pool;
    apr_uint64_t consumed; /* encoded bytes read */
    int incomplete;        /* a converter gave up */
} body_render_t;

static base_fault_t *body_render_html_part(body_render_t *render, item_reader_t *reader)
{
    char buffer[BODY_CHUNK + 1];
    int first = 1;

    while (!item_sink_done(render->sink)) {
        apr_size_t n = BODY_CHUNK;

        BASE_TRY(reader->read(reader, buffer, &n));
        if (n == 0)
            break;
        buffer[n] = '\0';
        if (first)
            item_body_put_html(render->sink, buffer, n, render->pool);
        else
            item_sink_write(render->sink, buffer, n);
        first = 0;
    }
    return NULL;
}

static base_fault_t *body_render_html_as_text(body_render_t *render, item_reader_t *reader)
{
    item_html_text_t *html = item_html_text_create(render->sink, render->pool);
    char buffer[BODY_CHUNK];

    while (!item_sink_done(render->sink)) {
        apr_size_t n = sizeof buffer;

        BASE_TRY(reader->read(reader, buffer, &n));
        if (n == 0)
            break;
        item_html_text_feed(html, buffer, n);
    }
    if (!item_html_text_finish(html))
        render->incomplete = 1;
    return NULL;
}

static int body_parameter_is(const item_mime_part_t *part, const char *name, const char *value,
                             apr_pool_t *pool)
{
    const char *parameter = item_header_parameter(part->content_type, name, pool);

    return parameter && strcasecmp(parameter, value) == 0;
}

static base_fault_t *body_render_plain(body_render_t *render, const item_mime_part_t *part,
                                       item_reader_t *reader, int html)
{
    item_plain_t *plain = item_plain_create(
        render->sink, body_parameter_is(part, "format", "flowed", render->pool),
        body_parameter_is(part, "delsp", "yes", render->pool), html, render->pool);
    char buffer[BODY_CHUNK];

    while (!item_sink_done(render->sink)) {
        apr_size_t n = sizeof buffer;

        BASE_TRY(reader->read(reader, buffer, &n));
        if (n == 0)
            break;
        item_plain_feed(plain, buffer, n);
    }
    item_plain_finish(plain);
    return NULL;
}

static base_fault_t *body_render_part(body_render_t *render, const item_mime_part_t *part,
                                      item_body_type_t type)
{
    item_reader_t *reader = item_reader_text(render->mime, part, render->pool);
    base_fault_t *fault;

    if (!item_content_is_html(part))
        fault = body_render_plain(render, part, reader, type == ITEM_BODY_HTML);
    else if (type == ITEM_BODY_HTML)
        fault = body_render_html_part(render, reader);
    else
        fault = body_render_html_as_text(render, reader);
    render->consumed += reader->consumed;
    return fault;
}

base_fault_t *item_body_render_part(const item_mime_t *mime, const item_mime_part_t *part,
                                    item_body_type_t type, item_sink_t *sink, apr_pool_t *pool)
{
    body_render_t render = {.mime = mime, .sink = sink};
    base_fault_t *fault;

    apr_pool_create(&render.pool, pool);
    fault = body_render_part(&render, part, type);
    apr_pool_destroy(render.pool);
    return fault ? fault : sink->fault;
}

/* What the whole would come to, when the sink became full on the way. */
static apr_uint64_t body_estimate(const body_render_t *render, const apr_array_header_t *parts)
{
    apr_uint64_t total = 0, estimate;
    int i;

    for (i = 0; i < parts->nelts; i++) {
        const item_mime_part_t *part = APR_ARRAY_IDX(parts, i, item_mime_part_t *);

        total += part->end - part->body;
    }
    estimate = render->consumed
                   ? (apr_uint64_t)((double)render->sink->length * total / render->consumed)
                   : total;
    return estimate > render->sink->length ? estimate : render->sink->length + 1;
}

base_fault_t *item_body_render(const item_mime_t *mime, const item_content_t *content,
                               item_body_type_t type, item_sink_t *sink, apr_uint64_t *estimated,
                               apr_pool_t *pool)
{
    body_render_t render = {.mime = mime, .sink = sink};
    const apr_array_header_t *parts = type == ITEM_BODY_HTML ? content->html : content->text;
    int i, wrap = type == ITEM_BODY_HTML && !content->has_html && parts->nelts;
    base_fault_t *fault = NULL;

    apr_pool_create(&render.pool, pool);
    if (wrap)
        item_sink_puts(sink, item_body_html_begin);
    for (i = 0; i < parts->nelts && !item_sink_done(sink) && !fault; i++) {
        if (i > 0)
            item_sink_puts(sink, type == ITEM_BODY_HTML ? "<br>\r\n" : "\r\n\r\n");
        fault = body_render_part(&render, APR_ARRAY_IDX(parts, i, item_mime_part_t *), type);
    }
    if (wrap)
        item_sink_puts(sink, item_body_html_end);
    if (estimated)
        *estimated = sink->full || render.incomplete ? body_estimate(&render, parts) : sink->length;
    apr_pool_destroy(render.pool);
    return fault ? fault : sink->fault;
}
