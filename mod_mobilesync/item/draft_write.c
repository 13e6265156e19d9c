#include "item/draft_impl.h"

#include <string.h>
#include <strings.h>
#include <apr_strings.h>
#include <gmime/gmime.h>

#include "item/header.h"
#include "item/reader.h"
#include "item/wire.h"

/* Header fields that an element stands for. */
static const struct {
    eas_tag_t tag;
    const char *field;
    int addresses;
} draft_fields[] = {
    {EAS_Email_To, "To", 1},           {EAS_Email_Cc, "Cc", 1},
    {EAS_Email2_Bcc, "Bcc", 1},        {EAS_Email_ReplyTo, "Reply-To", 1},
    {EAS_Email_Subject, "Subject", 0}, {EAS_Email_Importance, "Importance", 0},
};

#define DRAFT_FIELD_COUNT (sizeof draft_fields / sizeof *draft_fields)

int item_draft_is_header(eas_tag_t tag)
{
    size_t i;

    for (i = 0; i < DRAFT_FIELD_COUNT; i++)
        if (draft_fields[i].tag == tag)
            return 1;
    return 0;
}

/* -- header ----------------------------------------------------------------------------------- */

static apr_status_t draft_g_free(void *memory)
{
    g_free(memory);
    return APR_SUCCESS;
}

static const char *draft_own(item_draft_work_t *draft, char *text)
{
    apr_pool_cleanup_register(draft->pool, text, draft_g_free, apr_pool_cleanup_null);
    return text;
}

static const char *draft_encoded(item_draft_work_t *draft, const char *text)
{
    return draft_own(draft, g_mime_utils_header_encode_text(NULL, text, "utf-8"));
}

/* A draft's addresses may be half written: what is none stays as a name. */
static const char *draft_addresses(item_draft_work_t *draft, const char *value)
{
    apr_array_header_t *addresses = apr_array_make(draft->pool, 4, sizeof(item_address_t));
    const char *all = "";
    int i;

    item_header_addresses(value, addresses, draft->pool);
    for (i = 0; i < addresses->nelts; i++) {
        const item_address_t *address = &APR_ARRAY_IDX(addresses, i, item_address_t);

        const char *text = item_compose_mailbox(address->name, address->address, draft->pool);

        if (!*address->address)
            text = draft_encoded(draft, address->name);
        all = apr_pstrcat(draft->pool, all, *all ? ",\r\n " : "", text, NULL);
    }
    return all;
}

static const char *draft_importance(const char *value)
{
    return strcmp(value, "2") == 0 ? "high" : strcmp(value, "0") == 0 ? "low" : "";
}

static const char *draft_value(item_draft_work_t *draft, size_t field, const char *value)
{
    if (draft_fields[field].addresses)
        return draft_addresses(draft, value);
    if (draft_fields[field].tag == EAS_Email_Importance)
        return draft_importance(value);
    return draft_encoded(draft, item_header_text(value, draft->pool));
}

/* Which element says what a field of the original said; -1: none. */
static int draft_field_find(const item_draft_work_t *draft, const char *name)
{
    size_t i;

    for (i = 0; i < DRAFT_FIELD_COUNT; i++)
        if (strcasecmp(draft_fields[i].field, name) == 0 &&
            eas_node_child(draft->data, draft_fields[i].tag))
            return (int)i;
    return -1;
}

/* The rest of the original's header stays: threading, and what other programs put there. A draft has
 * no Date: it gets one when it is sent, and a repeat of the request is the same message. */
static int draft_field_stays(const item_draft_work_t *draft, const char *name)
{
    return strncasecmp(name, "Content-", 8) != 0 && strcasecmp(name, "MIME-Version") != 0 &&
           strcasecmp(name, "Date") != 0 && strcasecmp(name, "Message-ID") != 0 &&
           strcasecmp(name, ITEM_DRAFT_MARK) != 0 && draft_field_find(draft, name) < 0;
}

static base_fault_t *draft_put_header(item_draft_work_t *draft)
{
    const item_mime_t *mime = draft->original.mime;
    const backend_identity_t *identity = draft->options->identity;
    item_sink_t *sink = &draft->sink;
    int i, has_from = 0;
    size_t k;

    item_compose_put_field(sink, "Message-ID",
                           apr_pstrcat(draft->pool, "<", draft->draft->message_id, ">", NULL));
    for (k = 0; k < DRAFT_FIELD_COUNT; k++) {
        const char *text = eas_node_child_text(draft->data, draft_fields[k].tag);

        if (text && *(text = draft_value(draft, k, text)))
            item_compose_put_field(sink, draft_fields[k].field, text);
    }
    for (i = 0; mime && i < mime->fields->nelts; i++) {
        const item_mime_field_t *field = &APR_ARRAY_IDX(mime->fields, i, item_mime_field_t);

        has_from |= strcasecmp(field->name, "From") == 0;
        if (draft_field_stays(draft, field->name))
            BASE_TRY(item_wire_copy_field(mime, field, sink));
    }
    if (!has_from)
        item_compose_put_field(
            sink, "From",
            item_compose_mailbox(identity->display_name, identity->address, draft->pool));
    if (draft->options->marked)
        item_compose_put_field(sink, ITEM_DRAFT_MARK, draft->options->key);
    item_sink_puts(sink, "MIME-Version: 1.0\r\n");
    return NULL;
}

/* -- body ------------------------------------------------------------------------------------- */

static base_fault_t *draft_put_new_text(item_draft_work_t *draft)
{
    const char *type = eas_node_child_text(draft->body, EAS_AirSyncBase_Type);
    const eas_node_t *data = eas_node_child(draft->body, EAS_AirSyncBase_Data);
    const char *text = "";
    apr_size_t length = 0;
    apr_status_t status = data ? eas_node_content(data, &text, &length, draft->pool) : APR_SUCCESS;

    if (status != APR_SUCCESS)
        return base_fault_make_status(draft->pool, BASE_FAULT_UNAVAILABLE, status,
                                      "reading the draft's body");
    return item_compose_put_text(strcmp(type, "2") == 0 ? ITEM_BODY_HTML : ITEM_BODY_TEXT, text,
                                 length, &draft->sink, draft->pool);
}

/* The text that was there, in one part: beside attachments that changed. */
static base_fault_t *draft_put_old_text(item_draft_work_t *draft)
{
    const item_compose_message_t *original = &draft->original;
    item_body_type_t type =
        original->mime && original->content->has_html ? ITEM_BODY_HTML : ITEM_BODY_TEXT;
    item_sink_t text;

    item_sink_init(&text, ITEM_TRUNCATION_NONE, draft->pool);
    text.directory = draft->options->directory;
    if (original->mime)
        BASE_TRY(
            item_body_render(original->mime, original->content, type, &text, NULL, draft->pool));
    if (text.spool)
        return base_fault_make(draft->pool, BASE_FAULT_TOO_LARGE, "the draft's text is too long");
    return item_compose_put_text(type, text.buffer.data ? text.buffer.data : "", text.length,
                                 &draft->sink, draft->pool);
}

static base_fault_t *draft_put_text(item_draft_work_t *draft)
{
    return draft->body ? draft_put_new_text(draft) : draft_put_old_text(draft);
}

/* -- attachments ------------------------------------------------------------------------------ */

static const char *draft_disposition(item_draft_work_t *draft, const eas_node_t *add,
                                     const char *type)
{
    const char *name = eas_node_child_text(add, EAS_AirSyncBase_DisplayName);
    /* what is text would be taken for the message's own */
    int inline_ = eas_node_child_flag(add, EAS_AirSyncBase_IsInline, 0) > 0 &&
                  strncasecmp(type, "text/", 5) != 0;
    GMimeContentDisposition *disposition = g_mime_content_disposition_new();
    char *text;

    g_mime_content_disposition_set_disposition(disposition, inline_ ? "inline" : "attachment");
    if (name && *name)
        g_mime_content_disposition_set_parameter(disposition, "filename",
                                                 item_header_text(name, draft->pool));
    text = g_mime_content_disposition_encode(disposition, NULL);
    g_object_unref(disposition);
    draft_own(draft, text);
    return item_compose_crlf(text + strspn(text, " "), draft->pool);
}

/* A media type that can stand in a header: a token on each side of the slash. */
static const char *draft_content_type(const eas_node_t *add)
{
    static const char token[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "!#$&-^_.+";
    const char *type = eas_node_child_text(add, EAS_AirSyncBase_ContentType), *slash;

    if (strcmp(eas_node_child_text(add, EAS_AirSyncBase_Method), "5") == 0)
        return "message/rfc822";
    slash = type ? strchr(type, '/') : NULL;
    if (!slash || slash == type || !slash[1] || strlen(type) > 127 ||
        strspn(type, token) != (size_t)(slash - type) ||
        strspn(slash + 1, token) != strlen(slash + 1) || strncasecmp(type, "multipart/", 10) == 0 ||
        strncasecmp(type, "message/", 8) == 0)
        return "application/octet-stream";
    return type;
}

/* An id or a location as the client gave it, NULL when there is none or it would end the field. */
static const char *draft_plain(const eas_node_t *add, eas_tag_t tag)
{
    const char *value = eas_node_child_text(add, tag);

    return value && *value && strlen(value) < 900 && !strpbrk(value, "\r\n<> \t") ? value : NULL;
}

const char *item_draft_content_id(const item_draft_work_t *draft, const eas_node_t *add)
{
    const char *id = draft_plain(add, EAS_AirSyncBase_ContentId);
    const char *client_id = eas_node_child_text(add, EAS_AirSyncBase_ClientId);

    if (!id)
        id = apr_pstrcat(draft->pool,
                         item_compose_derive(
                             &draft->compose,
                             apr_pstrcat(draft->pool, "attachment ", client_id, NULL), draft->pool),
                         "@localhost", NULL);
    return id;
}

static base_fault_t *draft_put_added(item_draft_work_t *draft, const eas_node_t *add)
{
    const eas_node_t *content = eas_node_child(add, EAS_AirSyncBase_Content);
    const char *type = draft_content_type(add);
    const char *location = draft_plain(add, EAS_AirSyncBase_ContentLocation);
    int embedded = strcmp(type, "message/rfc822") == 0;
    item_source_t *source;
    item_reader_t *reader;

    item_compose_put_field(&draft->sink, "Content-Type", type);
    item_compose_put_field(&draft->sink, "Content-Disposition",
                           draft_disposition(draft, add, type));
    item_compose_put_field(
        &draft->sink, "Content-ID",
        apr_pstrcat(draft->pool, "<", item_draft_content_id(draft, add), ">", NULL));
    if (location)
        item_compose_put_field(&draft->sink, "Content-Location", location);
    BASE_TRY(item_draft_source(draft, content, &source));
    if (embedded) { /* it may not be encoded (RFC 2046 5.2.1) */
        item_sink_puts(&draft->sink, "\r\n");
        return item_wire_copy(source, 0, content->length, 0, &draft->sink);
    }
    item_sink_puts(&draft->sink, "Content-Transfer-Encoding: base64\r\n\r\n");
    reader = item_reader_range(source, 0, content->length, ITEM_MIME_IDENTITY, draft->pool);
    return item_wire_encode(reader, ITEM_MIME_BASE64, &draft->sink, draft->pool);
}

static base_fault_t *draft_put_mixed(item_draft_work_t *draft)
{
    const char *boundary = apr_pstrcat(
        draft->pool, "=_", item_compose_derive(&draft->compose, "draft", draft->pool), NULL);
    const char *delimiter = apr_pstrcat(draft->pool, "\r\n--", boundary, "\r\n", NULL);
    item_sink_t *sink = &draft->sink;
    int i;

    item_compose_put_field(
        sink, "Content-Type",
        apr_pstrcat(draft->pool, "multipart/mixed; boundary=\"", boundary, "\"", NULL));
    item_sink_puts(sink, delimiter);
    BASE_TRY(draft_put_text(draft));
    for (i = 0; i < draft->kept->nelts; i++) {
        item_sink_puts(sink, delimiter);
        BASE_TRY(item_compose_put_part(
            draft->original.mime, APR_ARRAY_IDX(draft->kept, i, const item_mime_part_t *), sink));
    }
    for (i = 0; i < draft->added->nelts; i++) {
        item_sink_puts(sink, delimiter);
        BASE_TRY(draft_put_added(draft, APR_ARRAY_IDX(draft->added, i, const eas_node_t *)));
    }
    item_sink_puts(sink, apr_pstrcat(draft->pool, "\r\n--", boundary, "--\r\n", NULL));
    return NULL;
}

base_fault_t *item_draft_put(item_draft_work_t *draft)
{
    const apr_array_header_t *before =
        draft->original.mime ? draft->original.content->attachments : NULL;

    BASE_TRY(draft_put_header(draft));
    if (before && !draft->body && !draft->added->nelts && draft->kept->nelts == before->nelts)
        return item_compose_put_content(draft->original.mime, &draft->sink);
    return draft->kept->nelts || draft->added->nelts ? draft_put_mixed(draft)
                                                     : draft_put_text(draft);
}
