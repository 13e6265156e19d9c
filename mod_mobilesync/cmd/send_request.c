/* Reading SendMail, SmartReply and SmartForward. */
#include "cmd/send.h"

#include <string.h>
#include <apr_strings.h>

#include "base/text.h"
#include "base/time.h"
#include "eas/status.h"
#include "eas/tempfile.h"
#include "item/header.h"
#include "item/note_body.h"

#define SEND_CLIENT_ID_MAX 40 /* characters, R952 */
#define SEND_COPY_BLOCK 65536
#define SEND_NAME_MAX 255    /* bytes: encoded, still one line */
#define SEND_ADDRESS_MAX 320 /* bytes; RFC 5321 4.5.3.1 has fewer */

/* How a request names the original; texts may be NULL. */
typedef struct {
    const char *folder_id;
    const char *item_id;
    const char *long_id;
    const char *instance_id;
} send_source_t;

/* Where a spilled Mime does not lie at the start of its file it is copied: a blob begins at 0. */
static base_fault_t *send_copy(cmd_exchange_t *exchange, const eas_node_t *node, apr_file_t **copy)
{
    char *block = apr_palloc(exchange->pool, SEND_COPY_BLOCK);
    apr_off_t offset = node->offset, start = 0;
    apr_size_t rest = node->length;
    apr_status_t status;

    BASE_TRY(eas_tempfile_open(exchange->service->spool_directory, copy, exchange->pool));
    status = apr_file_seek(node->file, APR_SET, &offset);
    while (status == APR_SUCCESS && rest > 0) {
        apr_size_t length = rest < SEND_COPY_BLOCK ? rest : SEND_COPY_BLOCK;

        status = apr_file_read_full(node->file, block, length, NULL);
        if (status == APR_SUCCESS)
            status = apr_file_write_full(*copy, block, length, NULL);
        rest -= length;
    }
    if (status == APR_SUCCESS)
        status = apr_file_flush(*copy);
    if (status == APR_SUCCESS)
        status = apr_file_seek(*copy, APR_SET, &start);
    if (status != APR_SUCCESS)
        return base_fault_make_status(exchange->pool, BASE_FAULT_UNAVAILABLE, status,
                                      "copying the message to a temporary file");
    return NULL;
}

static base_fault_t *send_parse_mime(cmd_send_t *send)
{
    cmd_exchange_t *exchange = send->exchange;
    const eas_node_t *node = eas_node_child(exchange->body, EAS_ComposeMail_Mime);
    backend_blob_t *blob = apr_pcalloc(exchange->pool, sizeof *blob);

    if (!node)
        return base_fault_make(exchange->pool, BASE_FAULT_INVALID, "Mime is missing");
    blob->size = node->length;
    if (node->file)
        BASE_TRY(send_copy(exchange, node, &blob->file));
    else
        blob->data = node->text;
    send->mime = blob;
    return NULL;
}

static base_fault_t *send_parse_client_id(cmd_send_t *send)
{
    const char *id = eas_node_child_text(send->exchange->body, EAS_ComposeMail_ClientId);

    if (!id || !*id || base_text_utf8_count(id, strlen(id)) > SEND_CLIENT_ID_MAX)
        return base_fault_make(send->exchange->pool, BASE_FAULT_INVALID,
                               "ClientId must have 1 to %d characters", SEND_CLIENT_ID_MAX);
    send->client_id = id;
    return NULL;
}

/* The original's reference, or the Status that says why there is none. */
static int send_source_resolve(cmd_send_t *send, const send_source_t *source)
{
    /* what Search gives out is the ServerId */
    const char *item_id = source->long_id ? source->long_id : source->item_id;
    apr_time_t instance;

    if (source->instance_id && !base_time_parse(source->instance_id, &instance))
        return EAS_STATUS_InvalidDateTime; /* R541, R578 */
    if (source->long_id && (source->folder_id || source->item_id || source->instance_id))
        return EAS_STATUS_InvalidCombinationOfIDs; /* R3243 */
    if (!item_id)
        return EAS_STATUS_InvalidCombinationOfIDs;
    /* Not InvalidIDs (R4823), even where it is no ServerId of ours: a phone whose account moved
     * here from another server still names items as that one did, and upon this Status (R4930) it
     * sends the whole message itself. */
    if (!item_reference_parse_server_id(item_id, &send->original, send->exchange->pool) ||
        (source->folder_id && strcmp(source->folder_id, send->original.folder_id) != 0))
        return EAS_STATUS_ItemNotFound;
    send->instance = source->instance_id;
    return 0;
}

/* An element that stands there empty is not there. */
static const char *send_text(const char *text)
{
    return text && *text ? text : NULL;
}

static int send_parse_query(cmd_send_t *send)
{
    const eas_request_t *request = send->exchange->request;
    send_source_t source = {.folder_id = send_text(request->collection_id),
                            .item_id = send_text(request->item_id),
                            .long_id = send_text(request->long_id),
                            .instance_id = send_text(request->occurrence)};

    send->mime = send->exchange->mime;
    send->save_in_sent = request->save_in_sent;
    return send->mode == ITEM_COMPOSE_SEND ? 0 : send_source_resolve(send, &source);
}

/* Forwardees and Body are for SmartForward since 16.0 only, in the place of a message (R7176, R7467,
 * R7468). */
static int send_check_forwardees(cmd_send_t *send)
{
    const eas_node_t *body = send->exchange->body;

    send->forwardees = eas_node_child(body, EAS_ComposeMail_Forwardees) != NULL ||
                       eas_node_child(body, EAS_AirSyncBase_Body) != NULL;
    if (!send->forwardees)
        return 0;
    if (send->mode != ITEM_COMPOSE_FORWARD ||
        !eas_tag_in_version(EAS_ComposeMail_Forwardees, send->exchange->request->version))
        return EAS_STATUS_InvalidXML;
    return eas_node_child(body, EAS_ComposeMail_Mime) ||
                   eas_node_child(body, EAS_ComposeMail_SaveInSentItems) ||
                   eas_node_child(body, EAS_ComposeMail_ReplaceMime) ||
                   eas_node_child(body, EAS_RightsManagement_TemplateID)
               ? EAS_STATUS_InvalidMimeBodyCombination
               : 0;
}

/* Whom they name (item_address_t). 0: somebody has no address, or there is nobody (R6625). */
static int send_parse_forwardees(const eas_node_t *forwardees, apr_array_header_t *to,
                                 apr_pool_t *pool)
{
    const eas_node_t *node;

    for (node = forwardees ? forwardees->first : NULL; node; node = node->next) {
        const char *email = eas_node_child_text(node, EAS_ComposeMail_Email);
        const char *name = eas_node_child_text(node, EAS_ComposeMail_Name);

        if (node->tag != EAS_ComposeMail_Forwardee || !email || !*email ||
            strlen(email) > SEND_ADDRESS_MAX || strpbrk(email, " \t\r\n<>,;:\"()\\") ||
            !strchr(email, '@'))
            return 0;
        name = name ? base_text_line(name, strlen(name), pool) : "";
        name = apr_pstrmemdup(pool, name, base_text_utf8_floor(name, strlen(name), SEND_NAME_MAX));
        APR_ARRAY_PUSH(to, item_address_t) = (item_address_t){.name = name, .address = email};
    }
    return !forwardees || to->nelts > 0;
}

/* The message that a client means by Forwardees and Body. *status: one of them cannot be read (R7470). */
static base_fault_t *send_make_mime(cmd_send_t *send, int *status)
{
    cmd_exchange_t *exchange = send->exchange;
    const eas_node_t *body = eas_node_child(exchange->body, EAS_AirSyncBase_Body);
    const eas_node_t *forwardees = eas_node_child(exchange->body, EAS_ComposeMail_Forwardees);
    apr_array_header_t *to = apr_array_make(exchange->pool, 8, sizeof(item_address_t));
    const char *plain = NULL, *html = NULL;
    base_fault_t *fault = body ? item_note_body_parse(body, &plain, &html, exchange->pool) : NULL;

    if (base_fault_code(fault) == BASE_FAULT_INVALID ||
        (!fault && !send_parse_forwardees(forwardees, to, exchange->pool))) {
        *status = EAS_STATUS_InvalidSmartForwardParameters;
        return NULL;
    }
    BASE_TRY(fault);
    send->save_in_sent = 1; /* as of all that the server itself sends for an account */
    return item_compose_make(to, html && *html ? ITEM_BODY_HTML : ITEM_BODY_TEXT,
                             html && *html ? html
                             : plain       ? plain
                                           : "",
                             exchange->service->spool_directory, &send->mime, exchange->pool);
}

/* What the elements that are not served here come to: 0 or a Status. */
static int send_check_elements(cmd_send_t *send)
{
    const eas_node_t *body = send->exchange->body;
    const char *template_id = eas_node_child_text(body, EAS_RightsManagement_TemplateID);
    int status = send_check_forwardees(send);

    if (status)
        return status;
    /* a protected message must not go out unprotected; all zero asks for no protection */
    if (template_id && strspn(template_id, "0-") != strlen(template_id))
        return EAS_STATUS_IRM_FeatureDisabled;
    /* R724: Settings lists no AccountId, so that none is valid */
    if (eas_node_child(body, EAS_ComposeMail_AccountId))
        return EAS_STATUS_InvalidAccountId;
    return 0;
}

static base_fault_t *send_parse_wbxml(cmd_send_t *send, int *status)
{
    const eas_node_t *body = send->exchange->body;
    const eas_node_t *node = eas_node_child(body, EAS_ComposeMail_Source);
    send_source_t source = {
        .folder_id = send_text(eas_node_child_text(node, EAS_ComposeMail_FolderId)),
        .item_id = send_text(eas_node_child_text(node, EAS_ComposeMail_ItemId)),
        .long_id = send_text(eas_node_child_text(node, EAS_ComposeMail_LongId)),
        .instance_id = send_text(eas_node_child_text(node, EAS_ComposeMail_InstanceId))};

    if ((*status = send_check_elements(send)))
        return NULL;
    BASE_TRY(send_parse_client_id(send));
    send->save_in_sent = eas_node_child(body, EAS_ComposeMail_SaveInSentItems) != NULL;
    send->replace_mime = eas_node_child(body, EAS_ComposeMail_ReplaceMime) != NULL;
    BASE_TRY(send->forwardees ? send_make_mime(send, status) : send_parse_mime(send));
    if (*status)
        return NULL;
    if (send->mode == ITEM_COMPOSE_SEND)
        return NULL;
    if (!node)
        return base_fault_make(send->exchange->pool, BASE_FAULT_INVALID, "Source is missing");
    *status = send_source_resolve(send, &source);
    return NULL;
}

base_fault_t *cmd_send_parse(cmd_send_t *send, int *status)
{
    cmd_exchange_t *exchange = send->exchange;

    if (exchange->request->version < EAS_VERSION_14_0)
        *status = send_parse_query(send);
    else
        BASE_TRY(send_parse_wbxml(send, status));
    if (!*status && send->mime->size > exchange->service->limits.item_bytes_max)
        return base_fault_make(exchange->pool, BASE_FAULT_TOO_LARGE,
                               "the message has %" APR_UINT64_T_FMT " bytes", send->mime->size);
    return NULL;
}
