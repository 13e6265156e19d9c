#include "item/body.h"

#include <string.h>
#include <strings.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "item/charset.h"
#include "item/header.h"
#include "item/html.h"
#include "item/quote.h"
#include "item/reader.h"
#include "item/wire.h"

#define BODY_CHUNK 8192
/* Text from which a preview is made: 255 characters, and blanks that collapse. */
#define BODY_PREVIEW_TEXT 4096

static const char body_html_begin[] =
    "<html><head><meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\"></head>"
    "<body>\r\n";
static const char body_html_end[] = "</body></html>\r\n";

struct item_body {
    item_body_type_t type;
    int has_data;
    int truncated;
    apr_uint64_t length;
    apr_uint64_t estimated;
    const char *preview;
    item_sink_t sink;      /* the converted body */
    item_wire_t wire;      /* or the message itself, */
    item_source_t *source; /* when this is set */
    apr_uint64_t position;
};

/* -- rendering ------------------------------------------------------------------------------- */

/* The document will be UTF-8, whatever its head says. */
static void body_put_html_head(item_sink_t *sink, const char *html, apr_size_t length,
                               apr_pool_t *pool)
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
            body_put_html_head(render->sink, buffer, n, render->pool);
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
        item_sink_puts(sink, body_html_begin);
    for (i = 0; i < parts->nelts && !item_sink_done(sink) && !fault; i++) {
        if (i > 0)
            item_sink_puts(sink, type == ITEM_BODY_HTML ? "<br>\r\n" : "\r\n\r\n");
        fault = body_render_part(&render, APR_ARRAY_IDX(parts, i, item_mime_part_t *), type);
    }
    if (wrap)
        item_sink_puts(sink, body_html_end);
    if (estimated)
        *estimated = sink->full || render.incomplete ? body_estimate(&render, parts) : sink->length;
    apr_pool_destroy(render.pool);
    return fault ? fault : sink->fault;
}

/* -- preview --------------------------------------------------------------------------------- */

/* Blanks collapsed, at most that many UTF-16 units, which is what clients call a character. */
static const char *body_preview_text(const char *text, int characters, apr_pool_t *pool)
{
    char *preview = apr_palloc(pool, strlen(text) + 1), *q = preview;
    int blank = 0;

    while (*text) {
        unsigned char c = (unsigned char)*text;
        int bytes = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4, units = bytes == 4 ? 2 : 1;

        if (apr_isspace(c)) {
            blank = q > preview;
            text++;
            continue;
        }
        if (characters < units + blank)
            break;
        characters -= units + blank;
        if (blank)
            *q++ = ' ';
        blank = 0;
        memcpy(q, text, bytes);
        q += bytes;
        text += bytes;
    }
    *q = '\0';
    return preview;
}

base_fault_t *item_body_preview(const item_mime_t *mime, const item_content_t *content,
                                int characters, const char **preview, apr_pool_t *pool)
{
    item_sink_t sink;

    item_sink_init(&sink, BODY_PREVIEW_TEXT, pool);
    BASE_TRY(item_body_render(mime, content, ITEM_BODY_TEXT, &sink, NULL, pool));
    *preview = body_preview_text(sink.buffer.data ? sink.buffer.data : "", characters, pool);
    return NULL;
}

/* -- choice ---------------------------------------------------------------------------------- */

static base_fault_t *body_load_mime(const item_mime_t *mime, apr_uint64_t limit, int all_or_none,
                                    item_body_t *body, apr_pool_t *pool)
{
    item_wire_measure_t measure;

    body->type = ITEM_BODY_MIME;
    BASE_TRY(item_wire_measure(mime->source, limit, &measure));
    if (measure.legal) {
        body->source = mime->source;
        body->length = measure.length;
        body->truncated = measure.total > measure.length;
    }
    else {
        item_sink_init(&body->sink, limit, pool);
        BASE_TRY(item_wire_downgrade(mime, &body->sink, pool));
        body->length = body->sink.length;
        body->truncated = body->sink.full;
    }
    body->estimated = body->length;
    if (body->truncated)
        body->estimated = measure.total > body->length ? measure.total : body->length + 1;
    body->has_data = !(body->truncated && (all_or_none || limit == 0));
    return NULL;
}

static base_fault_t *body_load_text(const item_mime_t *mime, const item_content_t *content,
                                    const item_body_preference_t *preference, item_body_t *body,
                                    apr_pool_t *pool)
{
    body->type = preference->type;
    item_sink_init(&body->sink, preference->truncation_size, pool);
    BASE_TRY(
        item_body_render(mime, content, preference->type, &body->sink, &body->estimated, pool));
    body->length = body->sink.length;
    body->truncated = body->sink.full || body->estimated > body->length;
    body->has_data = !(body->truncated && (preference->all_or_none || body->length == 0));
    return NULL;
}

/* Only where all that was looked at is at hand; in a longer one what is said first is far above. */
static void body_cut_quote(item_body_t *body)
{
    apr_size_t length = body->sink.buffer.length, own;

    if (body->sink.spool || !length)
        return;
    own = item_quote_begin(body->sink.buffer.data, length);
    if (own == length)
        return;
    body->sink.buffer.length = own;
    body->sink.length = body->length = body->estimated = own;
    body->truncated = 0;
}

base_fault_t *item_body_load_part(const item_mime_t *mime, const item_content_t *content,
                                  const item_body_preference_t *preference, item_body_t **body,
                                  apr_pool_t *pool)
{
    item_body_t *b = apr_pcalloc(pool, sizeof *b);

    BASE_TRY(body_load_text(mime, content, preference, b, pool));
    body_cut_quote(b);
    b->has_data = !(b->truncated && (preference->all_or_none || b->length == 0));
    if (preference->preview > 0)
        BASE_TRY(item_body_preview(mime, content, preference->preview, &b->preview, pool));
    item_body_rewind(b);
    *body = b;
    return NULL;
}

static const item_body_preference_t *body_preference(const item_options_t *options,
                                                     item_body_type_t type)
{
    int i;

    for (i = 0; i < options->preference_count; i++)
        if (options->preferences[i].type == type)
            return &options->preferences[i];
    return NULL;
}

/* MIME goes out when MIMESupport says so for this message and the client can take it: a preference
 * for it, or no preference at all (MS-ASCMD R3395 to R3407). */
static int body_wants_mime(const item_options_t *options, int smime)
{
    return (options->mime_support == 2 || (options->mime_support == 1 && smime)) &&
           (options->preference_count == 0 || body_preference(options, ITEM_BODY_MIME));
}

/* Text and HTML in the order of choice: the native format first (MS-ASAIRS R77). Of a client that
 * names neither, plain text is what it can show. */
static int body_order(const item_options_t *options, item_body_type_t native,
                      item_body_preference_t order[2])
{
    static const item_body_type_t others[] = {
        [ITEM_BODY_TEXT] = ITEM_BODY_HTML, [ITEM_BODY_HTML] = ITEM_BODY_TEXT};
    const item_body_preference_t *first = body_preference(options, native);
    const item_body_preference_t *second = body_preference(options, others[native]);
    int n = 0;

    if (first)
        order[n++] = *first;
    if (second)
        order[n++] = *second;
    if (n == 0) {
        memset(order, 0, sizeof *order);
        order->type = ITEM_BODY_TEXT;
        order->truncation_size = ITEM_TRUNCATION_NONE;
        n = 1;
    }
    return n;
}

base_fault_t *item_body_load(const item_mime_t *mime, const item_content_t *content, int smime,
                             const item_options_t *options, item_body_t **body, apr_pool_t *pool)
{
    item_body_t *b = apr_pcalloc(pool, sizeof *b);
    int preview = 0;

    *body = b;
    if (body_wants_mime(options, smime)) {
        const item_body_preference_t *preference = body_preference(options, ITEM_BODY_MIME);
        apr_uint64_t limit = preference && preference->truncation_size != ITEM_TRUNCATION_NONE
                                 ? preference->truncation_size
                                 : options->mime_truncation;

        preview = preference ? preference->preview : 0;
        BASE_TRY(body_load_mime(mime, limit, preference && preference->all_or_none, b, pool));
    }
    else {
        item_body_preference_t order[2];
        int i, n = body_order(options, content->has_html ? ITEM_BODY_HTML : ITEM_BODY_TEXT, order);

        /* AllOrNone: what does not fit gives way to the next one (MS-ASAIRS R80) */
        for (i = 0; i < n && !b->has_data; i++) {
            item_body_t tried = {0};

            BASE_TRY(body_load_text(mime, content, &order[i], &tried, pool));
            if (i == 0 || tried.has_data) {
                *b = tried;
                preview = order[i].preview;
            }
        }
        if (b->type == ITEM_BODY_TEXT && b->has_data)
            preview = 0; /* MS-ASAIRS R1001036 */
    }
    if (preview > 0 && options->version >= EAS_VERSION_14_0)
        BASE_TRY(item_body_preview(mime, content,
                                   preview < ITEM_PREVIEW_MAX ? preview : ITEM_PREVIEW_MAX,
                                   &b->preview, pool));
    item_body_rewind(b);
    return NULL;
}

/* -- delivery -------------------------------------------------------------------------------- */

item_body_type_t item_body_type(const item_body_t *body)
{
    return body->type;
}

int item_body_has_data(const item_body_t *body)
{
    return body->has_data;
}

apr_uint64_t item_body_length(const item_body_t *body)
{
    return body->length;
}

void item_body_rewind(item_body_t *body)
{
    body->position = 0;
    if (body->source)
        item_wire_init(&body->wire, body->source, 0, item_source_size(body->source));
}

base_fault_t *item_body_read(void *baton, char *buffer, apr_size_t *length)
{
    item_body_t *body = baton;

    if (*length > body->length - body->position)
        *length = (apr_size_t)(body->length - body->position);
    if (*length)
        BASE_TRY(body->source ? item_wire_read(&body->wire, buffer, length)
                              : item_sink_read(&body->sink, body->position, buffer, length));
    body->position += *length;
    return NULL;
}

static void body_write_data(item_body_t *body, eas_writer_t *writer)
{
    if (body->source || body->sink.spool) {
        item_body_rewind(body);
        eas_writer_text_stream(writer, EAS_AirSyncBase_Data, item_body_read, body);
    }
    else
        eas_writer_textn(writer, EAS_AirSyncBase_Data,
                         body->sink.buffer.data ? body->sink.buffer.data : "",
                         body->sink.buffer.length);
}

/* The order is the schema's (AirSyncBase.xsd). */
static void body_write_head(item_body_t *body, eas_writer_t *writer)
{
    apr_uint64_t estimated = body->estimated < 0xffffffffu ? body->estimated : 0xffffffffu;

    eas_writer_uint(writer, EAS_AirSyncBase_Type, body->type);
    eas_writer_uint(writer, EAS_AirSyncBase_EstimatedDataSize, estimated);
    /* S/MIME clients want it said either way (MS-ASCMD R3409) */
    if (body->truncated || body->type == ITEM_BODY_MIME)
        eas_writer_uint(writer, EAS_AirSyncBase_Truncated, body->truncated != 0);
}

void item_body_write(item_body_t *body, int part, eas_writer_t *writer)
{
    eas_writer_start(writer, EAS_AirSyncBase_Body);
    body_write_head(body, writer);
    if (body->has_data && part == 0)
        body_write_data(body, writer);
    if (body->preview)
        eas_writer_text(writer, EAS_AirSyncBase_Preview, body->preview);
    if (body->has_data && part > 0)
        eas_writer_uint(writer, EAS_ItemOperations_Part, (apr_uint64_t)part);
    eas_writer_end(writer);
}

void item_body_write_part(item_body_t *body, eas_writer_t *writer)
{
    eas_writer_start(writer, EAS_AirSyncBase_BodyPart);
    eas_writer_uint(writer, EAS_AirSyncBase_Status, 1);
    body_write_head(body, writer);
    if (body->has_data)
        body_write_data(body, writer);
    if (body->preview)
        eas_writer_text(writer, EAS_AirSyncBase_Preview, body->preview);
    eas_writer_end(writer);
}
