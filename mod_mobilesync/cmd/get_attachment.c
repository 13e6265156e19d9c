/* GetAttachment (MS-ASCMD 2.2.1.7), at 12.1 only: AttachmentName of the query is the FileReference of
 * an attachment, and the answer is its decoded content as it is, no WBXML. Errors are HTTP codes:
 * 500 for an attachment that is gone (R166), 400 for a request without a name. */
#include "cmd/cmd.h"

#include <string.h>
#include <apr_strings.h>

#include "item/attachment.h"
#include "item/reference.h"

#define ATTACHMENT_TYPE_DEFAULT "application/octet-stream"
#define ATTACHMENT_TYPE_MAX 255

/* What RFC 2045 calls a token, twice: the message says it, and it becomes a header. */
static int get_attachment_type_valid(const char *type)
{
    static const char token[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "!#$%&'*+-.^_`{|}~";
    size_t first = strspn(type, token), second;

    if (!first || type[first] != '/')
        return 0;
    second = strspn(type + first + 1, token);
    return second && !type[first + 1 + second] && first + second < ATTACHMENT_TYPE_MAX;
}

/* Into a spool of its own: the writer's is for documents. */
static base_fault_t *get_attachment_spool(cmd_exchange_t *exchange, item_attachment_t *attachment)
{
    eas_spool_t *spool = eas_spool_create(exchange->service->spool_directory, exchange->pool);
    char buffer[16384];
    apr_size_t length;

    for (;;) {
        length = sizeof buffer;
        BASE_TRY(item_attachment_read(attachment, buffer, &length));
        if (!length)
            break;
        BASE_TRY(eas_spool_append(spool, buffer, length));
    }
    exchange->spool = spool;
    return NULL;
}

base_fault_t *cmd_get_attachment_run(cmd_exchange_t *exchange)
{
    const char *name = exchange->request->attachment_name;
    item_attachment_t *attachment;
    item_reference_t reference;
    const char *type;

    if (!name || !*name)
        return base_fault_make(exchange->pool, BASE_FAULT_INVALID,
                               "GetAttachment without AttachmentName");
    if (!item_reference_parse_file(name, &reference, exchange->pool))
        return base_fault_make(exchange->pool, BASE_FAULT_NOT_FOUND, "there is no attachment %.80s",
                               name);
    BASE_TRY(cmd_exchange_attachment(exchange, &reference, &attachment, exchange->pool));
    BASE_TRY(get_attachment_spool(exchange, attachment));
    type = item_attachment_content_type(attachment);
    exchange->content_type = get_attachment_type_valid(type) ? type : ATTACHMENT_TYPE_DEFAULT;
    return NULL;
}
