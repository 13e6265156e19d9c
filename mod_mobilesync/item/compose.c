#include "item/compose.h"

#include <string.h>
#include <strings.h>
#include <apr_hash.h>
#include <apr_sha1.h>
#include <apr_strings.h>
#include <gmime/gmime.h>

#include "base/text.h"
#include "eas/spool.h"
#include "item/compose_parts.h"
#include "item/header.h"
#include "item/wire.h"

#define COMPOSE_RECIPIENTS_MAX 1000
#define COMPOSE_THREAD_MAX 20 /* messages that References names besides the first */
#define COMPOSE_ID_MAX 900    /* an id has its own line, and a line ends after 998 */

/* What is the client's, what is decided here. */
typedef struct {
    const char *from;       /* a new From value; NULL = the client's stays */
    const char *sender;     /* envelope */
    int drop_sender;        /* the Sender field, if there is one, names somebody else */
    const char *message_id; /* without <> */
    int has_message_id;
    int has_date;
    int has_bcc;
    const char *in_reply_to; /* new values, NULL = none to add */
    const char *references;
} compose_header_t;

const char *item_compose_derive(const item_compose_options_t *options, const char *word,
                                apr_pool_t *pool)
{
    unsigned char digest[APR_SHA1_DIGESTSIZE];
    const char *text =
        apr_pstrcat(pool, options->key, "\n", options->identity->address, "\n", word, NULL);
    apr_sha1_ctx_t context;

    apr_sha1_init(&context);
    apr_sha1_update(&context, text, (unsigned)strlen(text));
    apr_sha1_final(digest, &context);
    return base_text_hex_encode(digest, sizeof digest, pool);
}

const char *item_compose_new_id(const item_compose_options_t *options, apr_pool_t *pool)
{
    const char *at = strrchr(options->identity->address, '@');

    return apr_pstrcat(pool, item_compose_derive(options, "Message-ID", pool),
                       at ? at : "@localhost", NULL);
}

static apr_array_header_t *compose_addresses(const item_mime_t *mime, const char *name,
                                             apr_pool_t *pool)
{
    apr_array_header_t *addresses = apr_array_make(pool, 4, sizeof(item_address_t));
    int i;

    for (i = 0; i < mime->fields->nelts; i++) {
        const item_mime_field_t *field = &APR_ARRAY_IDX(mime->fields, i, item_mime_field_t);

        if (strcasecmp(field->name, name) == 0)
            item_header_addresses(field->value, addresses, pool);
    }
    return addresses;
}

/* The identity's own spelling of the address, NULL when it is none of its. */
static const char *compose_own(const backend_identity_t *identity, const char *address)
{
    int i;

    if (strcasecmp(identity->address, address) == 0)
        return identity->address;
    for (i = 0; identity->aliases && i < identity->aliases->nelts; i++) {
        const char *alias = APR_ARRAY_IDX(identity->aliases, i, const char *);

        if (strcasecmp(alias, address) == 0)
            return alias;
    }
    return NULL;
}

static apr_status_t compose_free(void *memory)
{
    g_free(memory);
    return APR_SUCCESS;
}

const char *item_compose_mailbox(const char *name, const char *address, apr_pool_t *pool)
{
    char *phrase;

    if (!name || !*name)
        return address;
    phrase = g_mime_utils_header_encode_phrase(NULL, name, "utf-8");
    apr_pool_cleanup_register(pool, phrase, compose_free, apr_pool_cleanup_null);
    return apr_pstrcat(pool, phrase, " <", address, ">", NULL);
}

/* The account's own address that the one field of that name has. NULL: it has none, or another as
 * well, or there are several fields, of which readers may show any. */
static const char *compose_own_field(const item_compose_plan_t *plan, const char *name)
{
    const item_mime_t *mime = plan->client.mime;
    apr_array_header_t *addresses = compose_addresses(mime, name, plan->pool);
    int i, count = 0;

    for (i = 0; i < mime->fields->nelts; i++)
        count += strcasecmp(APR_ARRAY_IDX(mime->fields, i, item_mime_field_t).name, name) == 0;
    return count == 1 && addresses->nelts == 1
               ? compose_own(plan->options->identity,
                             APR_ARRAY_IDX(addresses, 0, item_address_t).address)
               : NULL;
}

/* Nobody sends as somebody else: From is one of the account's addresses (MS-ASCMD R448). */
static void compose_sender(const item_compose_plan_t *plan, compose_header_t *header)
{
    const backend_identity_t *identity = plan->options->identity;
    const char *own = compose_own_field(plan, "From");

    header->sender = own ? own : identity->address;
    if (!own) {
        apr_array_header_t *from = compose_addresses(plan->client.mime, "From", plan->pool);

        header->from =
            item_compose_mailbox(*identity->display_name ? identity->display_name
                                 : from->nelts ? APR_ARRAY_IDX(from, 0, item_address_t).name
                                               : "",
                                 identity->address, plan->pool);
    }
    header->drop_sender = !compose_own_field(plan, "Sender");
}

/* An address that can stand in an SMTP command. */
static int compose_address_ok(const char *address)
{
    return *address && strlen(address) <= 320 && !strpbrk(address, "<>\r\n\t");
}

static base_fault_t *compose_recipients(const item_compose_plan_t *plan,
                                        apr_array_header_t **recipients)
{
    static const char *const names[] = {"To", "Cc", "Bcc"};
    apr_hash_t *seen = apr_hash_make(plan->pool);
    size_t n;
    int i;

    *recipients = apr_array_make(plan->pool, 8, sizeof(const char *));
    for (n = 0; n < sizeof names / sizeof *names; n++) {
        apr_array_header_t *addresses = compose_addresses(plan->client.mime, names[n], plan->pool);

        for (i = 0; i < addresses->nelts; i++) {
            const char *address = APR_ARRAY_IDX(addresses, i, item_address_t).address;
            const char *key = base_text_lower(address, plan->pool);

            if (apr_hash_get(seen, key, APR_HASH_KEY_STRING))
                continue;
            if (!compose_address_ok(address))
                return base_fault_make(plan->pool, BASE_FAULT_INVALID,
                                       "a recipient in %s is no address", names[n]);
            apr_hash_set(seen, key, APR_HASH_KEY_STRING, "");
            APR_ARRAY_PUSH(*recipients, const char *) = address;
        }
    }
    if ((*recipients)->nelts > COMPOSE_RECIPIENTS_MAX)
        return base_fault_make(plan->pool, BASE_FAULT_TOO_LARGE, "the message has %d recipients",
                               (*recipients)->nelts);
    return NULL;
}

/* The thread up to a message: its first message, by which it is known (item/conversation.h), and the
 * last ones, a line for each. */
static const char *compose_references(const char *before, const char *id, apr_pool_t *pool)
{
    apr_array_header_t *ids = item_header_message_ids(before ? before : "", pool);
    base_text_buffer_t out = {.pool = pool};
    int i;

    APR_ARRAY_PUSH(ids, const char *) = id;
    for (i = 0; i < ids->nelts; i++) {
        const char *each = APR_ARRAY_IDX(ids, i, const char *);

        if ((i == 0 || i >= ids->nelts - COMPOSE_THREAD_MAX) && strlen(each) <= COMPOSE_ID_MAX)
            base_text_buffer_printf(&out, "%s<%s>", out.length ? "\r\n " : "", each);
    }
    return out.data;
}

static int compose_has(const apr_array_header_t *addresses, const char *address)
{
    int i;

    for (i = 0; i < addresses->nelts; i++)
        if (strcasecmp(APR_ARRAY_IDX(addresses, i, item_address_t).address, address) == 0)
            return 1;
    return 0;
}

/* No request says whether it is a reply to all, but its recipients do: one of them got the original,
 * and is neither its author nor the account itself. */
static int compose_is_to_all(const item_compose_plan_t *plan, const apr_array_header_t *recipients)
{
    static const char *const authors[] = {"From", "Reply-To", "Sender"};
    apr_array_header_t *got, *wrote = apr_array_make(plan->pool, 4, sizeof(item_address_t));
    apr_hash_t *others = apr_hash_make(plan->pool);
    size_t n;
    int i;

    if (!plan->original.mime || plan->options->mode != ITEM_COMPOSE_REPLY)
        return 0;
    for (n = 0; n < sizeof authors / sizeof *authors; n++)
        apr_array_cat(wrote, compose_addresses(plan->original.mime, authors[n], plan->pool));
    got = compose_addresses(plan->original.mime, "To", plan->pool);
    apr_array_cat(got, compose_addresses(plan->original.mime, "Cc", plan->pool));
    for (i = 0; i < got->nelts; i++) {
        const char *address = APR_ARRAY_IDX(got, i, item_address_t).address;

        if (!compose_own(plan->options->identity, address) && !compose_has(wrote, address))
            apr_hash_set(others, base_text_lower(address, plan->pool), APR_HASH_KEY_STRING, "");
    }
    for (i = 0; i < recipients->nelts; i++)
        if (apr_hash_get(others,
                         base_text_lower(APR_ARRAY_IDX(recipients, i, const char *), plan->pool),
                         APR_HASH_KEY_STRING))
            return 1;
    return 0;
}

/* RFC 5322 3.6.4; a forwarded message starts from the original too, but does not answer it. */
static void compose_threading(const item_compose_plan_t *plan, compose_header_t *header)
{
    const item_mime_t *original = plan->original.mime;
    const char *field = original ? item_mime_field(original, "Message-ID") : NULL;
    const char *id = field ? item_header_message_id(field, 0, plan->pool) : NULL;
    const char *before;

    if (!id || strlen(id) > COMPOSE_ID_MAX || item_mime_field(plan->client.mime, "References"))
        return;
    before = item_mime_field(original, "References");
    if (!before)
        before = item_mime_field(original, "In-Reply-To");
    header->references = compose_references(before, id, plan->pool);
    if (plan->options->mode == ITEM_COMPOSE_REPLY &&
        !item_mime_field(plan->client.mime, "In-Reply-To"))
        header->in_reply_to = apr_pstrcat(plan->pool, "<", id, ">", NULL);
}

static void compose_identify(const item_compose_plan_t *plan, compose_header_t *header)
{
    const char *id = item_mime_field(plan->client.mime, "Message-ID");
    const char *date = item_mime_field(plan->client.mime, "Date");
    apr_time_t when;

    header->message_id = id ? item_header_message_id(id, 0, plan->pool) : NULL;
    header->has_message_id = header->message_id != NULL;
    if (!header->has_message_id)
        header->message_id = item_compose_new_id(plan->options, plan->pool);
    header->has_date = date && item_header_date(date, &when);
    header->has_bcc = item_mime_field(plan->client.mime, "Bcc") != NULL;
}

/* Is the field a further one of those that a message has once (RFC 5322 3.6)? Those of recipients
 * all stay, since all of them get the message. */
static int compose_is_surplus(const item_mime_t *mime, const item_mime_field_t *field)
{
    static const char *const once[] = {"Date",       "From",        "Sender",     "Reply-To",
                                       "Message-ID", "In-Reply-To", "References", "Subject"};
    size_t i;

    for (i = 0; i < sizeof once / sizeof *once; i++)
        if (strcasecmp(field->name, once[i]) == 0)
            return item_mime_field(mime, field->name) != field->value;
    return 0;
}

static int compose_is_dropped(const compose_header_t *header, const char *name, int bcc)
{
    return strncasecmp(name, "Content-", 8) == 0 || strcasecmp(name, "MIME-Version") == 0 ||
           strcasecmp(name, "Return-Path") == 0 || strcasecmp(name, "Resent-Bcc") == 0 ||
           (!bcc && strcasecmp(name, "Bcc") == 0) ||
           (header->from && strcasecmp(name, "From") == 0) ||
           (header->drop_sender && strcasecmp(name, "Sender") == 0) ||
           (!header->has_date && strcasecmp(name, "Date") == 0) ||
           (!header->has_message_id && strcasecmp(name, "Message-ID") == 0);
}

void item_compose_put_field(item_sink_t *sink, const char *name, const char *value)
{
    item_sink_puts(sink, name);
    item_sink_puts(sink, ": ");
    item_sink_puts(sink, value);
    item_sink_puts(sink, "\r\n");
}

const char *item_compose_crlf(const char *text, apr_pool_t *pool)
{
    base_text_buffer_t out = {.pool = pool};

    base_text_buffer_puts(&out, "");
    for (; *text; text++)
        if (*text == '\n' && text[1])
            base_text_buffer_puts(&out, "\r\n");
        else if (*text != '\n' && *text != '\r')
            base_text_buffer_append(&out, text, 1);
    return out.data;
}

static apr_status_t compose_unref_date(void *date)
{
    g_date_time_unref(date);
    return APR_SUCCESS;
}

static void compose_put_date(apr_time_t when, item_sink_t *sink, apr_pool_t *pool)
{
    GDateTime *date = g_date_time_new_from_unix_utc(apr_time_sec(when));
    char *text;

    if (!date)
        return;
    apr_pool_cleanup_register(pool, date, compose_unref_date, apr_pool_cleanup_null);
    text = g_mime_utils_header_format_date(date);
    apr_pool_cleanup_register(pool, text, compose_free, apr_pool_cleanup_null);
    item_compose_put_field(sink, "Date", text);
}

static base_fault_t *compose_put_header(const item_compose_plan_t *plan,
                                        const compose_header_t *header, int bcc, item_sink_t *sink)
{
    const item_mime_t *mime = plan->client.mime;
    int i;

    if (!header->has_date)
        compose_put_date(plan->options->now, sink, plan->pool);
    if (header->from)
        item_compose_put_field(sink, "From", header->from);
    if (!header->has_message_id)
        item_compose_put_field(sink, "Message-ID",
                               apr_pstrcat(plan->pool, "<", header->message_id, ">", NULL));
    if (plan->options->subject && !item_mime_field(mime, "Subject"))
        item_compose_put_field(sink, "Subject", plan->options->subject);
    if (header->in_reply_to)
        item_compose_put_field(sink, "In-Reply-To", header->in_reply_to);
    if (header->references)
        item_compose_put_field(sink, "References", header->references);
    for (i = 0; i < mime->fields->nelts; i++) {
        const item_mime_field_t *field = &APR_ARRAY_IDX(mime->fields, i, item_mime_field_t);

        if (!compose_is_dropped(header, field->name, bcc) && !compose_is_surplus(mime, field))
            BASE_TRY(item_wire_copy_field(mime, field, sink));
    }
    return NULL;
}

base_fault_t *item_compose_blob(item_sink_t *sink, const backend_blob_t **result, apr_pool_t *pool)
{
    backend_blob_t *blob = apr_pcalloc(pool, sizeof *blob);
    apr_off_t length;

    BASE_TRY(item_sink_flush(sink));
    if (!sink->spool) {
        blob->data = sink->buffer.data;
        blob->size = sink->buffer.length;
    }
    else {
        BASE_TRY(eas_spool_content(sink->spool, &blob->data, &blob->file, &length));
        blob->size = (apr_uint64_t)length;
        if (blob->file)
            blob->data = NULL;
    }
    *result = blob;
    return NULL;
}

static base_fault_t *compose_put(const item_compose_plan_t *plan, const compose_header_t *header,
                                 int bcc, const backend_blob_t **result)
{
    item_sink_t sink;

    item_sink_init(&sink, ITEM_TRUNCATION_NONE, plan->pool);
    sink.directory = plan->options->directory;
    BASE_TRY(compose_put_header(plan, header, bcc, &sink));
    BASE_TRY(item_compose_write_body(plan, &sink));
    return item_compose_blob(&sink, result, plan->pool);
}

static base_fault_t *compose_open(const backend_blob_t *blob, item_compose_message_t *message,
                                  apr_pool_t *pool)
{
    item_source_t *source;
    item_mime_t *mime;

    BASE_TRY(item_source_open(blob, &source, pool));
    BASE_TRY(item_mime_parse(source, &mime, pool));
    message->mime = mime;
    item_content_find(mime, &message->content, pool);
    return NULL;
}

base_fault_t *item_compose(const backend_blob_t *mime, const backend_blob_t *original,
                           const item_compose_options_t *options, item_composed_t **composed,
                           apr_pool_t *pool)
{
    item_compose_plan_t plan = {.options = options, .pool = pool};
    item_composed_t *result = apr_pcalloc(pool, sizeof *result);
    compose_header_t header = {0};
    apr_array_header_t *recipients;

    BASE_TRY(compose_open(mime, &plan.client, pool));
    if (plan.client.mime->fields->nelts == 0)
        return base_fault_make(pool, BASE_FAULT_INVALID, "the message has no header");
    BASE_TRY(compose_recipients(&plan, &recipients));
    if (original && options->mode != ITEM_COMPOSE_SEND)
        BASE_TRY(compose_open(original, &plan.original, pool));
    compose_sender(&plan, &header);
    compose_identify(&plan, &header);
    compose_threading(&plan, &header);
    BASE_TRY(item_compose_plan(&plan));
    BASE_TRY(compose_put(&plan, &header, 0, &result->wire));
    result->sent = result->wire;
    if (header.has_bcc)
        BASE_TRY(compose_put(&plan, &header, 1, &result->sent));
    result->sender = header.sender;
    result->recipients = recipients;
    result->message_id = header.message_id;
    result->to_all = compose_is_to_all(&plan, recipients);
    *composed = result;
    return NULL;
}
