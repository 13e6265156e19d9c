/* SendMail, SmartReply and SmartForward of hostile MIME. The input is a message of a client; behind a
 * line "%%" the message that it answers or forwards. Whatever it is: nobody sends as somebody else,
 * nobody sees a Bcc, what is to be the same in a retry is the same, and what goes out can be read. */
#include "t/fuzz/email.h"

#include <strings.h>

#include "backend/blob.h"
#include "item/compose.h"
#include "item/content.h"
#include "item/header.h"
#include "item/oof.h"

#define SEPARATOR "\n%%\n"

static const char *text_of(const backend_blob_t *blob, apr_pool_t *pool)
{
    const char *data, *text;

    FUZZ_ASSERT(!backend_blob_load(blob, &data, pool));
    text = apr_pstrmemdup(pool, data, blob->size);
    return text;
}

static item_mime_t *parsed(const backend_blob_t *blob, apr_pool_t *pool)
{
    item_source_t *source;
    item_mime_t *mime;

    FUZZ_ASSERT(!item_source_open(blob, &source, pool));
    FUZZ_ASSERT(!item_mime_parse(source, &mime, pool));
    return mime;
}

static int count_fields(const item_mime_t *mime, const char *name)
{
    int i, n = 0;

    for (i = 0; i < mime->fields->nelts; i++)
        n += strcasecmp(APR_ARRAY_IDX(mime->fields, i, item_mime_field_t).name, name) == 0;
    return n;
}

/* Lines end with CRLF. */
static void check_lines(const backend_blob_t *blob, apr_pool_t *pool)
{
    const char *data;
    apr_size_t i;

    FUZZ_ASSERT(!backend_blob_load(blob, &data, pool));
    for (i = 0; i < blob->size; i++)
        FUZZ_ASSERT(data[i] != '\n' || (i && data[i - 1] == '\r'));
}

static int is_recipient(const item_composed_t *composed, const char *address)
{
    int i;

    for (i = 0; i < composed->recipients->nelts; i++)
        if (strcasecmp(APR_ARRAY_IDX(composed->recipients, i, const char *), address) == 0)
            return 1;
    return 0;
}

/* Who reads the message finds those it went to: no more of them, whatever the header's tricks. */
static void check_recipients(const item_composed_t *composed, const item_mime_t *mime,
                             const char *name, apr_pool_t *pool)
{
    apr_array_header_t *addresses = apr_array_make(pool, 4, sizeof(item_address_t));
    int i;

    for (i = 0; i < mime->fields->nelts; i++) {
        const item_mime_field_t *field = &APR_ARRAY_IDX(mime->fields, i, item_mime_field_t);

        if (strcasecmp(field->name, name) == 0)
            item_header_addresses(field->value, addresses, pool);
    }
    for (i = 0; i < addresses->nelts; i++)
        FUZZ_ASSERT(is_recipient(composed, APR_ARRAY_IDX(addresses, i, item_address_t).address));
}

static void check_header(const item_composed_t *composed, apr_pool_t *pool)
{
    item_mime_t *wire = parsed(composed->wire, pool), *sent = parsed(composed->sent, pool);
    apr_array_header_t *from = apr_array_make(pool, 1, sizeof(item_address_t));
    int i;

    FUZZ_ASSERT(count_fields(wire, "Bcc") == 0 && count_fields(wire, "Resent-Bcc") == 0);
    FUZZ_ASSERT(count_fields(wire, "Return-Path") == 0 && count_fields(wire, "Date") >= 1);
    FUZZ_ASSERT(count_fields(wire, "MIME-Version") == 1);
    item_header_addresses(item_mime_field(wire, "From"), from, pool);
    FUZZ_ASSERT(from->nelts == 1);
    FUZZ_ASSERT(strcasecmp(APR_ARRAY_IDX(from, 0, item_address_t).address, composed->sender) == 0);
    FUZZ_ASSERT(strcmp(item_header_message_id(item_mime_field(wire, "Message-ID"), 0, pool),
                       composed->message_id) == 0);
    check_recipients(composed, wire, "To", pool);
    check_recipients(composed, wire, "Cc", pool);
    check_recipients(composed, sent, "Bcc", pool);
    for (i = 0; i < composed->recipients->nelts; i++) {
        const char *address = APR_ARRAY_IDX(composed->recipients, i, const char *);

        FUZZ_ASSERT(*address && !strpbrk(address, "\r\n<>"));
    }
}

static void check_compose(const backend_blob_t *mime, const backend_blob_t *original,
                          item_compose_options_t options, apr_pool_t *pool)
{
    static const char *const aliases[] = {"me@example.net"};
    apr_array_header_t *list = apr_array_make(pool, 1, sizeof(const char *));
    backend_identity_t identity = {"me@example.org", "Me", list};
    item_composed_t *composed, *again;
    base_fault_t *fault;

    APR_ARRAY_PUSH(list, const char *) = aliases[0];
    options.identity = &identity;
    options.key = "key";
    options.now = RECEIVED;
    fault = item_compose(mime, original, &options, &composed, pool);
    FUZZ_ASSERT(!fault || base_fault_code(fault) == BASE_FAULT_INVALID ||
                base_fault_code(fault) == BASE_FAULT_TOO_LARGE);
    if (fault)
        return;
    FUZZ_ASSERT(strcmp(composed->sender, identity.address) == 0 ||
                strcmp(composed->sender, aliases[0]) == 0);
    FUZZ_ASSERT(composed->wire->size > 0 && composed->sent->size >= composed->wire->size);
    check_lines(composed->wire, pool);
    check_header(composed, pool);
    FUZZ_ASSERT(!item_compose(mime, original, &options, &again, pool));
    FUZZ_ASSERT(strcmp(text_of(composed->wire, pool), text_of(again->wire, pool)) == 0);
}

/* The answer of somebody who is away is made of the message as well. */
static void check_oof(const backend_blob_t *blob, apr_pool_t *pool)
{
    backend_identity_t away = {"me@example.org", "Me", NULL};
    item_oof_message_t message = {.enabled = 1, .text = "I am away"};
    item_mime_t *mime = parsed(blob, pool);
    const char *text;

    if (!item_oof_answerable(mime, &away, "a@b.c", pool))
        return;
    text = item_oof_compose(&message, mime, "a@b.c", pool);
    mime = parsed(blob_of_text(text, pool), pool);
    FUZZ_ASSERT(count_fields(mime, "To") == 1 && count_fields(mime, "Auto-Submitted") == 1);
    FUZZ_ASSERT(count_fields(mime, "Cc") == 0 && count_fields(mime, "Bcc") == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char reply[] = "From: me@example.org\nTo: a@b.c\nMIME-Version: 1.0\n"
                                "Content-Type: multipart/alternative; boundary=r\n\n--r\n\nx\n--r\n"
                                "Content-Type: text/html\n\n<body>x</body>\n--r--\n";
    apr_pool_t *pool = fuzz_pool();
    const uint8_t *separator = memmem(data, size, SEPARATOR, strlen(SEPARATOR));
    backend_blob_t *client, *original;

    fuzz_once(item_child_init);
    client = blob_of((const char *)data, separator ? (size_t)(separator - data) + 1 : size, pool);
    original = separator ? blob_of((const char *)separator + strlen(SEPARATOR),
                                   size - client->size - strlen(SEPARATOR) + 1, pool)
                         : client;
    check_compose(client, NULL, (item_compose_options_t){.mode = ITEM_COMPOSE_SEND}, pool);
    check_compose(client, original, (item_compose_options_t){.mode = ITEM_COMPOSE_REPLY}, pool);
    check_compose(client, original, (item_compose_options_t){.mode = ITEM_COMPOSE_FORWARD}, pool);
    check_compose(client, original,
                  (item_compose_options_t){.mode = ITEM_COMPOSE_FORWARD, .replace_mime = 1}, pool);
    check_compose(blob_of_text(reply, pool), original,
                  (item_compose_options_t){.mode = ITEM_COMPOSE_REPLY}, pool);
    check_compose(blob_of_text(reply, pool), original,
                  (item_compose_options_t){.mode = ITEM_COMPOSE_FORWARD}, pool);
    check_oof(original, pool);
    apr_pool_destroy(pool);
    return 0;
}
