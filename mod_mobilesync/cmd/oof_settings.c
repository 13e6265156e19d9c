/* Settings Oof (MS-ASCMD 2.2.3.122): Get and Set. */
#include "cmd/oof.h"

#include <string.h>
#include <strings.h>

#include "base/time.h"
#include "item/oof.h"

/* MS-ASCMD 2.2.3.177.15 */
enum {
    OOF_STATUS_SUCCESS = 1,
    OOF_STATUS_PROTOCOL = 2,
    OOF_STATUS_DENIED = 3,
    OOF_STATUS_UNAVAILABLE = 4,
    OOF_STATUS_ARGUMENTS = 5,
    OOF_STATUS_CONFLICT = 6
};

static const eas_tag_t oof_tags[ITEM_OOF_AUDIENCES] = {
    [ITEM_OOF_INTERNAL] = EAS_Settings_AppliesToInternal,
    [ITEM_OOF_EXTERNAL_KNOWN] = EAS_Settings_AppliesToExternalKnown,
    [ITEM_OOF_EXTERNAL_UNKNOWN] = EAS_Settings_AppliesToExternalUnknown};

/* What is set; off where the mailbox cannot keep it. What cannot be read is as good as not set, and
 * is replaced by the next Set. */
static base_fault_t *oof_load(cmd_exchange_t *exchange, item_oof_t *oof)
{
    backend_session_t *session;
    const char *text = NULL;
    base_fault_t *fault;

    BASE_TRY(cmd_exchange_session(exchange, &session));
    fault = backend_setting_get(session, ITEM_OOF_SETTING, &text, exchange->pool);
    if (fault && fault->code != BASE_FAULT_UNSUPPORTED)
        return fault;
    if ((fault = item_oof_parse(text, oof, exchange->pool))) {
        base_log_write(exchange->log, BASE_LOG_WARNING, "%s: %s", exchange->account,
                       fault->message);
        return item_oof_parse(NULL, oof, exchange->pool);
    }
    return NULL;
}

/* -- Get ------------------------------------------------------------------------------------- */

static void oof_write_message(cmd_exchange_t *exchange, const item_oof_t *oof, int audience,
                              int html)
{
    const item_oof_message_t *message = &oof->messages[audience];
    eas_writer_t *writer = exchange->writer;
    const char *text = item_oof_message_text(message, html, exchange->pool);

    eas_writer_start(writer, EAS_Settings_OofMessage);
    eas_writer_empty(writer, oof_tags[audience]);
    eas_writer_uint(writer, EAS_Settings_Enabled, message->enabled != 0);
    if (*text) {
        eas_writer_text(writer, EAS_Settings_ReplyMessage, text);
        eas_writer_text(writer, EAS_Settings_BodyType, html ? "HTML" : "Text");
    }
    eas_writer_end(writer);
}

/* Every audience is there, also those without a message (R3505). */
static void oof_write(cmd_exchange_t *exchange, const item_oof_t *oof, int html)
{
    eas_writer_t *writer = exchange->writer;
    int i;

    eas_writer_start(writer, EAS_Settings_Get);
    eas_writer_uint(writer, EAS_Settings_OofState, oof->state);
    if (oof->state == ITEM_OOF_TIMED) {
        eas_writer_text(writer, EAS_Settings_StartTime,
                        base_time_format_dashed(oof->start, exchange->pool));
        eas_writer_text(writer, EAS_Settings_EndTime,
                        base_time_format_dashed(oof->end, exchange->pool));
    }
    for (i = 0; i < ITEM_OOF_AUDIENCES; i++)
        oof_write_message(exchange, oof, i, html);
    eas_writer_end(writer);
}

/* -1: there is no such BodyType. Clients that name none can show text. */
static int oof_body_type(const char *type)
{
    return !type || strcasecmp(type, "Text") == 0 ? 0 : strcasecmp(type, "HTML") == 0 ? 1 : -1;
}

/* -- Set ------------------------------------------------------------------------------------- */

/* The audience that a message is for: -1 none, -2 several, which exclude each other (R3517). */
static int oof_read_audience(const eas_node_t *node)
{
    int i, found = -1;

    for (i = 0; i < ITEM_OOF_AUDIENCES; i++)
        if (eas_node_child(node, oof_tags[i]))
            found = found == -1 ? i : -2;
    return found;
}

/* Returns a Status. seen: a bit for each audience that had its message. */
static int oof_read_message(const eas_node_t *node, item_oof_t *oof, unsigned *seen,
                            apr_pool_t *pool)
{
    const eas_node_t *reply = eas_node_child(node, EAS_Settings_ReplyMessage);
    const char *type = eas_node_child_text(node, EAS_Settings_BodyType);
    const char *enabled = eas_node_child_text(node, EAS_Settings_Enabled);
    int audience = oof_read_audience(node), html = oof_body_type(type);
    item_oof_message_t *message;
    apr_size_t length;

    if (audience == -1 || (reply && !type)) /* R3785 */
        return OOF_STATUS_PROTOCOL;
    if (audience == -2 || *seen & 1u << audience) /* R3526 */
        return OOF_STATUS_CONFLICT;
    if (html < 0 || (enabled && strcmp(enabled, "0") && strcmp(enabled, "1")) ||
        (reply && reply->length > ITEM_OOF_MESSAGE_MAX))
        return OOF_STATUS_ARGUMENTS;
    *seen |= 1u << audience;
    message = &oof->messages[audience];
    if (enabled)
        message->enabled = *enabled == '1';
    if (reply) {
        message->html = html;
        if (eas_node_content(reply, &message->text, &length, pool) != APR_SUCCESS)
            return OOF_STATUS_UNAVAILABLE;
    }
    return OOF_STATUS_SUCCESS;
}

/* Returns a Status. */
static int oof_read_times(const eas_node_t *set, item_oof_t *oof)
{
    const eas_node_t *start = eas_node_child(set, EAS_Settings_StartTime);
    const eas_node_t *end = eas_node_child(set, EAS_Settings_EndTime);

    if (!start != !end)
        return OOF_STATUS_PROTOCOL; /* R2272, R5682 */
    if (oof->state != ITEM_OOF_TIMED)
        return OOF_STATUS_SUCCESS; /* R7544: they are not kept */
    if (start &&
        (!base_time_parse(start->text, &oof->start) || !base_time_parse(end->text, &oof->end)))
        return OOF_STATUS_ARGUMENTS;
    /* also when there are none, neither here nor from before */
    return oof->start < oof->end ? OOF_STATUS_SUCCESS : OOF_STATUS_ARGUMENTS;
}

static int oof_read(const eas_node_t *set, item_oof_t *oof, apr_pool_t *pool)
{
    const eas_node_t *node;
    apr_uint64_t state;
    unsigned seen = 0;
    int status, found = eas_node_child_uint(set, EAS_Settings_OofState, ITEM_OOF_TIMED, &state);

    if (found < 0)
        return OOF_STATUS_ARGUMENTS;
    if (found)
        oof->state = (item_oof_state_t)state;
    if ((status = oof_read_times(set, oof)) != OOF_STATUS_SUCCESS)
        return status;
    for (node = eas_node_child(set, EAS_Settings_OofMessage); node; node = eas_node_next(node))
        if ((status = oof_read_message(node, oof, &seen, pool)) != OOF_STATUS_SUCCESS)
            return status;
    return OOF_STATUS_SUCCESS;
}

/* What the request does not name stays as it is; with an error all does. */
static base_fault_t *oof_set(cmd_exchange_t *exchange, const eas_node_t *set, int *status)
{
    backend_session_t *session;
    item_oof_t oof;
    base_fault_t *fault;

    BASE_TRY(oof_load(exchange, &oof));
    if ((*status = oof_read(set, &oof, exchange->pool)) != OOF_STATUS_SUCCESS)
        return NULL;
    BASE_TRY(cmd_exchange_session(exchange, &session));
    fault = backend_setting_set(session, ITEM_OOF_SETTING, item_oof_format(&oof, exchange->pool),
                                exchange->pool);
    if (base_fault_code(fault) == BASE_FAULT_UNSUPPORTED ||
        base_fault_code(fault) == BASE_FAULT_DENIED) {
        base_log_write(exchange->log, BASE_LOG_WARNING, "out of office of %s: %s",
                       exchange->account, fault->message);
        *status = OOF_STATUS_DENIED;
        return NULL;
    }
    if (!fault)
        base_log_write(exchange->log, BASE_LOG_INFO, "%s set out of office: state %d",
                       exchange->account, (int)oof.state);
    return fault;
}

base_fault_t *cmd_oof_settings(cmd_exchange_t *exchange, const eas_node_t *node)
{
    const eas_node_t *get = eas_node_child(node, EAS_Settings_Get);
    const eas_node_t *set = eas_node_child(node, EAS_Settings_Set);
    int status = OOF_STATUS_SUCCESS, html = 0;
    item_oof_t oof;

    if (!get == !set)
        status = OOF_STATUS_PROTOCOL;
    else if (set)
        BASE_TRY(oof_set(exchange, set, &status));
    else if ((html = oof_body_type(eas_node_child_text(get, EAS_Settings_BodyType))) < 0)
        status = OOF_STATUS_ARGUMENTS;
    else
        BASE_TRY(oof_load(exchange, &oof));
    eas_writer_start(exchange->writer, EAS_Settings_Oof);
    eas_writer_uint(exchange->writer, EAS_Settings_Status, (apr_uint64_t)status);
    if (get && status == OOF_STATUS_SUCCESS)
        oof_write(exchange, &oof, html);
    eas_writer_end(exchange->writer);
    return NULL;
}
