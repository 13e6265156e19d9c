#include "item/compose_parts.h"

#include <string.h>
#include <strings.h>
#include <apr_strings.h>

#include "item/class.h"
#include "item/header.h"
#include "item/reader.h"
#include "item/wire.h"

/* -- plan ------------------------------------------------------------------------------------ */

/* Nothing can be put into a message that is signed or encrypted. */
static int compose_is_sealed(const item_mime_t *mime, apr_pool_t *pool)
{
    return item_class_is_smime(mime, pool) || item_mime_is(mime->root, "multipart", "signed") ||
           item_mime_is(mime->root, "multipart", "encrypted");
}

static const item_mime_part_t *compose_last(const apr_array_header_t *parts, int html)
{
    int i;

    for (i = parts->nelts - 1; i >= 0; i--) {
        const item_mime_part_t *part = APR_ARRAY_IDX(parts, i, const item_mime_part_t *);

        if (item_content_is_html(part) == html)
            return part;
    }
    return NULL;
}

/* Quotes the original under the client's text and under its HTML. */
static base_fault_t *compose_plan_texts(item_compose_plan_t *plan)
{
    const item_mime_part_t *plain = compose_last(plan->client.content->text, 0);
    const item_mime_part_t *html = compose_last(plan->client.content->html, 1);
    const item_mime_part_t *parts[2] = {plain, html};
    int i;

    if (plain && html && html->number < plain->number) {
        parts[0] = html;
        parts[1] = plain;
    }
    for (i = 0; i < 2; i++) {
        item_compose_text_t *text = &plan->texts[plan->text_count];

        if (!parts[i])
            continue;
        BASE_TRY(item_compose_quote(plan, parts[i], text));
        if (!text->part) { /* too long */
            plan->text_count = 0;
            break;
        }
        plan->text_count++;
    }
    plan->attach_original = plan->text_count == 0;
    return NULL;
}

/* The original's attachments: all of them when it is forwarded, what its HTML shows when it is
 * quoted. */
static base_fault_t *compose_plan_parts(item_compose_plan_t *plan)
{
    const apr_array_header_t *attachments = plan->original.content->attachments;
    apr_hash_t *references;
    int i, html = 0;

    for (i = 0; i < plan->text_count; i++)
        html |= plan->texts[i].type == ITEM_BODY_HTML;
    BASE_TRY(item_content_references(plan->original.mime, plan->original.content, &references,
                                     plan->pool));
    for (i = 0; i < attachments->nelts; i++) {
        const item_mime_part_t *part = APR_ARRAY_IDX(attachments, i, const item_mime_part_t *);

        if (part == plan->invitation)
            continue;
        if (plan->options->mode == ITEM_COMPOSE_FORWARD ||
            (html && item_content_is_inline(part, references, plan->pool)))
            APR_ARRAY_PUSH(plan->parts, const item_mime_part_t *) = part;
    }
    return NULL;
}

/* Is the part a message of scheduling (RFC 6047 2.4), rather than a file? */
static int compose_is_scheduling(const item_mime_part_t *part, apr_pool_t *pool)
{
    const char *method;

    if (!part)
        return 0;
    method = item_content_method(part, pool);
    return method && strcasecmp(method, "PUBLISH") && !item_content_is_file(part, pool);
}

/* An invitation is passed on as it came: beside the text, where readers look for it. Where the client has
 * files of its own it is one of them, since of alternatives a reader shows one. */
static void compose_plan_invitation(item_compose_plan_t *plan)
{
    const item_mime_part_t *calendar = plan->original.content->calendar;

    if (plan->options->mode == ITEM_COMPOSE_FORWARD &&
        compose_is_scheduling(calendar, plan->pool) && !plan->client.content->attachments->nelts)
        plan->invitation = calendar;
}

static const char *compose_boundary(const item_compose_plan_t *plan, const char *word)
{
    return apr_pstrcat(plan->pool, "=_", item_compose_derive(plan->options, word, plan->pool),
                       NULL);
}

/* Nothing but the calendar. */
static void compose_plan_event(item_compose_plan_t *plan)
{
    if (plan->options->mode == ITEM_COMPOSE_FORWARD && !plan->invitation &&
        !plan->client.content->calendar)
        APR_ARRAY_PUSH(plan->parts, const item_mime_part_t *) = plan->original.content->calendar;
    plan->attach_original = 0;
}

static base_fault_t *compose_plan_message(item_compose_plan_t *plan)
{
    if (compose_is_sealed(plan->original.mime, plan->pool))
        plan->attach_original = plan->options->mode == ITEM_COMPOSE_FORWARD;
    if (!plan->attach_original)
        BASE_TRY(compose_plan_texts(plan));
    if (plan->attach_original)
        plan->invitation = NULL;
    else if (!plan->options->event)
        BASE_TRY(compose_plan_parts(plan));
    return NULL;
}

base_fault_t *item_compose_plan(item_compose_plan_t *plan)
{
    plan->parts = apr_array_make(plan->pool, 4, sizeof(const item_mime_part_t *));
    if (!plan->original.mime || compose_is_sealed(plan->client.mime, plan->pool) ||
        (plan->options->replace_mime && !plan->options->event))
        return NULL;
    compose_plan_invitation(plan);
    if (!plan->options->replace_mime)
        BASE_TRY(compose_plan_message(plan));
    if (plan->options->event)
        compose_plan_event(plan);
    if (plan->parts->nelts || plan->attach_original)
        plan->boundary = compose_boundary(plan, "boundary");
    if (plan->invitation)
        plan->alternative = compose_boundary(plan, "alternative");
    return NULL;
}

/* -- writing --------------------------------------------------------------------------------- */

/* New text is UTF-8 (MS-ASCMD R548, R584), readable unless most of it is not ASCII. */
base_fault_t *item_compose_put_text(item_body_type_t type, const char *text, apr_size_t length,
                                    item_sink_t *sink, apr_pool_t *pool)
{
    backend_blob_t blob = {.data = text, .size = length};
    item_source_t *source;
    apr_size_t i, high = 0;
    int base64;

    for (i = 0; i < length; i++)
        high += (text[i] & 0x80) != 0;
    base64 = high > length / 4;
    item_sink_puts(sink, type == ITEM_BODY_HTML ? "Content-Type: text/html; charset=utf-8\r\n"
                                                : "Content-Type: text/plain; charset=utf-8\r\n");
    item_sink_puts(sink, base64 ? "Content-Transfer-Encoding: base64\r\n\r\n"
                                : "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
    BASE_TRY(item_source_open(&blob, &source, pool));
    return item_wire_encode(item_reader_range(source, 0, length, ITEM_MIME_IDENTITY, pool),
                            base64 ? ITEM_MIME_BASE64 : ITEM_MIME_QUOTED_PRINTABLE, sink, pool);
}

static base_fault_t *compose_put_text(const item_compose_plan_t *plan,
                                      const item_compose_text_t *text, item_sink_t *sink)
{
    return item_compose_put_text(text->type, text->text, text->length, sink, plan->pool);
}

/* The Content- fields of a message and the empty line. */
static base_fault_t *compose_put_content_fields(const item_mime_t *mime, item_sink_t *sink)
{
    int i;

    for (i = 0; i < mime->fields->nelts; i++) {
        const item_mime_field_t *field = &APR_ARRAY_IDX(mime->fields, i, item_mime_field_t);

        if (strncasecmp(field->name, "Content-", 8) == 0 &&
            strcasecmp(field->name, "Content-Length") != 0)
            BASE_TRY(item_wire_copy_field(mime, field, sink));
    }
    item_sink_puts(sink, "\r\n");
    return NULL;
}

/* The client's body from the header on, with its texts exchanged. */
static base_fault_t *compose_put_client(const item_compose_plan_t *plan, item_sink_t *sink)
{
    static const char *const without[] = {"Content-Type", "Content-Transfer-Encoding",
                                          "Content-MD5", "Content-Length", NULL};
    const item_mime_t *mime = plan->client.mime;
    apr_uint64_t position = mime->root->body;
    int i;

    if (plan->text_count && plan->texts[0].part == mime->root)
        return compose_put_text(plan, &plan->texts[0], sink);
    BASE_TRY(compose_put_content_fields(mime, sink));
    for (i = 0; i < plan->text_count; i++) {
        const item_mime_part_t *part = plan->texts[i].part;

        BASE_TRY(item_wire_copy(mime->source, position, part->start, 0, sink));
        BASE_TRY(item_wire_copy_header(mime->source, part, without, sink, plan->pool));
        BASE_TRY(compose_put_text(plan, &plan->texts[i], sink));
        position = part->end;
    }
    return item_wire_copy(mime->source, position, item_source_size(mime->source), 0, sink);
}

static void compose_put_delimiter(const char *boundary, const char *end, item_sink_t *sink)
{
    item_sink_puts(sink, "\r\n--");
    item_sink_puts(sink, boundary);
    item_sink_puts(sink, end);
}

/* Up to the header of the first part. */
static void compose_begin(const char *subtype, const char *boundary, item_sink_t *sink)
{
    item_sink_puts(sink, "Content-Type: multipart/");
    item_sink_puts(sink, subtype);
    item_sink_puts(sink, "; boundary=\"");
    item_sink_puts(sink, boundary);
    item_sink_puts(sink, "\"\r\n");
    compose_put_delimiter(boundary, "\r\n", sink);
}

base_fault_t *item_compose_put_content(const item_mime_t *mime, item_sink_t *sink)
{
    BASE_TRY(compose_put_content_fields(mime, sink));
    return item_wire_copy(mime->source, mime->root->body, item_source_size(mime->source), 0, sink);
}

base_fault_t *item_compose_put_part(const item_mime_t *mime, const item_mime_part_t *part,
                                    item_sink_t *sink)
{
    if (part == mime->root) {
        /* the message is nothing but an attachment: its own header stays behind */
        BASE_TRY(compose_put_content_fields(mime, sink));
        return item_wire_copy(mime->source, part->body, part->end, 0, sink);
    }
    /* what a digest does not have to say */
    if (!part->content_type && part->kind == ITEM_MIME_MESSAGE)
        item_sink_puts(sink, "Content-Type: message/rfc822\r\n");
    return item_wire_copy(mime->source, part->start, part->end, 0, sink);
}

/* A message as it is, but for whom it was sent to blindly: one's own are forwarded too. */
static base_fault_t *compose_put_message(const item_mime_t *mime, item_sink_t *sink)
{
    apr_uint64_t position = 0;
    int i;

    for (i = 0; i < mime->fields->nelts; i++) {
        const item_mime_field_t *field = &APR_ARRAY_IDX(mime->fields, i, item_mime_field_t);

        if (strcasecmp(field->name, "Bcc") && strcasecmp(field->name, "Resent-Bcc"))
            continue;
        BASE_TRY(item_wire_copy(mime->source, position, field->start, 0, sink));
        position = field->end;
    }
    return item_wire_copy(mime->source, position, item_source_size(mime->source), 0, sink);
}

static base_fault_t *compose_put_original(const item_compose_plan_t *plan, item_sink_t *sink)
{
    const item_mime_t *mime = plan->original.mime;
    int i;

    for (i = 0; i < plan->parts->nelts; i++) {
        compose_put_delimiter(plan->boundary, "\r\n", sink);
        BASE_TRY(item_compose_put_part(
            mime, APR_ARRAY_IDX(plan->parts, i, const item_mime_part_t *), sink));
    }
    if (plan->attach_original) {
        compose_put_delimiter(plan->boundary, "\r\n", sink);
        item_sink_puts(sink, "Content-Type: message/rfc822\r\n"
                             "Content-Disposition: attachment\r\n\r\n");
        BASE_TRY(compose_put_message(mime, sink));
    }
    return NULL;
}

/* The client's body, and beside it what it invites to. */
static base_fault_t *compose_put_invitation(const item_compose_plan_t *plan, item_sink_t *sink)
{
    if (!plan->invitation)
        return compose_put_client(plan, sink);
    compose_begin("alternative", plan->alternative, sink);
    BASE_TRY(compose_put_client(plan, sink));
    compose_put_delimiter(plan->alternative, "\r\n", sink);
    BASE_TRY(item_compose_put_part(plan->original.mime, plan->invitation, sink));
    compose_put_delimiter(plan->alternative, "--\r\n", sink);
    return NULL;
}

base_fault_t *item_compose_write_body(const item_compose_plan_t *plan, item_sink_t *sink)
{
    item_sink_puts(sink, "MIME-Version: 1.0\r\n");
    if (!plan->boundary)
        return compose_put_invitation(plan, sink);
    compose_begin("mixed", plan->boundary, sink);
    BASE_TRY(compose_put_invitation(plan, sink));
    BASE_TRY(compose_put_original(plan, sink));
    compose_put_delimiter(plan->boundary, "--\r\n", sink);
    return sink->fault;
}
