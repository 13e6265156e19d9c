#include "item/body.h"

#include <string.h>
#include <apr_lib.h>

#include "item/quote.h"
#include "item/wire.h"

/* Text from which a preview is made: 255 characters, and blanks that collapse. */
#define BODY_PREVIEW_TEXT 4096

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

static base_fault_t *body_preview(const item_body_origin_t *origin, int characters,
                                  const char **preview, apr_pool_t *pool)
{
    item_sink_t sink;

    item_sink_init(&sink, BODY_PREVIEW_TEXT, pool);
    BASE_TRY(origin->render(origin->baton, ITEM_BODY_TEXT, &sink, NULL, pool));
    *preview = body_preview_text(sink.buffer.data ? sink.buffer.data : "", characters, pool);
    return NULL;
}

/* -- where it comes from --------------------------------------------------------------------- */

typedef struct {
    const item_mime_t *mime;
    const item_content_t *content;
} body_mail_t;

static base_fault_t *body_mail_render(const void *baton, item_body_type_t type, item_sink_t *sink,
                                      apr_uint64_t *estimated, apr_pool_t *pool)
{
    const body_mail_t *mail = baton;

    return item_body_render(mail->mime, mail->content, type, sink, estimated, pool);
}

/* mail: lives as long as the origin */
static item_body_origin_t body_mail_origin(const body_mail_t *mail)
{
    return (item_body_origin_t){.native = mail->content->has_html ? ITEM_BODY_HTML : ITEM_BODY_TEXT,
                                .render = body_mail_render,
                                .baton = mail};
}

base_fault_t *item_body_preview(const item_mime_t *mime, const item_content_t *content,
                                int characters, const char **preview, apr_pool_t *pool)
{
    body_mail_t mail = {.mime = mime, .content = content};
    item_body_origin_t origin = body_mail_origin(&mail);

    return body_preview(&origin, characters, preview, pool);
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

static base_fault_t *body_load_text(const item_body_origin_t *origin,
                                    const item_body_preference_t *preference, item_body_t *body,
                                    apr_pool_t *pool)
{
    body->type = preference->type;
    item_sink_init(&body->sink, preference->truncation_size, pool);
    BASE_TRY(origin->render(origin->baton, preference->type, &body->sink, &body->estimated, pool));
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
    body_mail_t mail = {.mime = mime, .content = content};
    item_body_origin_t origin = body_mail_origin(&mail);

    BASE_TRY(body_load_text(&origin, preference, b, pool));
    body_cut_quote(b);
    b->has_data = !(b->truncated && (preference->all_or_none || b->length == 0));
    if (preference->preview > 0)
        BASE_TRY(body_preview(&origin, preference->preview, &b->preview, pool));
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

/* AllOrNone: what does not fit gives way to the next one (MS-ASAIRS R80). *preview: characters that
 * are asked for. */
static base_fault_t *body_load_preferred(const item_body_origin_t *origin,
                                         const item_options_t *options, item_body_t *body,
                                         int *preview, apr_pool_t *pool)
{
    item_body_preference_t order[2];
    int i, n = body_order(options, origin->native, order);

    for (i = 0; i < n && !body->has_data; i++) {
        item_body_t tried = {0};

        BASE_TRY(body_load_text(origin, &order[i], &tried, pool));
        if (i == 0 || tried.has_data) {
            *body = tried;
            *preview = order[i].preview;
        }
    }
    if (body->type == ITEM_BODY_TEXT && body->has_data)
        *preview = 0; /* MS-ASAIRS R1001036 */
    return NULL;
}

/* What comes last, whatever the form. */
static base_fault_t *body_complete(const item_body_origin_t *origin, const item_options_t *options,
                                   int preview, item_body_t *body, apr_pool_t *pool)
{
    if (preview > 0 && options->version >= EAS_VERSION_14_0)
        BASE_TRY(body_preview(origin, preview < ITEM_PREVIEW_MAX ? preview : ITEM_PREVIEW_MAX,
                              &body->preview, pool));
    item_body_rewind(body);
    return NULL;
}

base_fault_t *item_body_load(const item_mime_t *mime, const item_content_t *content, int smime,
                             const item_options_t *options, item_body_t **body, apr_pool_t *pool)
{
    body_mail_t mail = {.mime = mime, .content = content};
    item_body_origin_t origin = body_mail_origin(&mail);
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
    else
        BASE_TRY(body_load_preferred(&origin, options, b, &preview, pool));
    return body_complete(&origin, options, preview, b, pool);
}

base_fault_t *item_body_load_origin(const item_body_origin_t *origin, const item_options_t *options,
                                    item_body_t **body, apr_pool_t *pool)
{
    item_body_t *b = apr_pcalloc(pool, sizeof *b);
    int preview = 0;

    BASE_TRY(body_load_preferred(origin, options, b, &preview, pool));
    *body = b;
    return body_complete(origin, options, preview, b, pool);
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

int item_body_is_truncated(const item_body_t *body)
{
    return body->truncated;
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
