/* The store Mailbox of Search. */
#include <string.h>
#include <apr_strings.h>

#include "base/text.h"
#include "base/time.h"
#include "cmd/options.h"
#include "cmd/query.h"
#include "cmd/search.h"
#include "cmd/search_mailbox.h"
#include "item/conversation.h"
#include "item/words.h"

#define MAILBOX_RESULTS_MAX 100 /* MS-ASCMD R3733 */
#define MAILBOX_CONDITIONS_MAX 10

typedef struct {
    cmd_exchange_t *exchange;
    cmd_search_t search;
    backend_query_t *query;
    base_text_buffer_t name; /* everything that the results depend on */
    unsigned named;          /* 1 << backend_class_t: classes that the request names */
    int conversation;        /* one is asked for */
    int status;
} mailbox_t;

static void mailbox_refuse(mailbox_t *mailbox, int status)
{
    if (mailbox->status == CMD_SEARCH_STATUS_SUCCESS)
        mailbox->status = status;
}

static void mailbox_narrow(mailbox_t *mailbox, backend_query_kind_t list, backend_query_t **into,
                           backend_query_t *condition)
{
    backend_query_t *both;

    if (!*into || list == BACKEND_QUERY_AND) {
        *into = cmd_query_both(*into, condition, mailbox->exchange->pool);
        return;
    }
    both = cmd_query_make(list, mailbox->exchange->pool);
    both->first = *into;
    both->first->next = condition;
    *into = both;
}

/* -- the query --------------------------------------------------------------------------------- */

/* The names are those of MS-ASCMD R920; SMS (14.0 on) is there nowhere, and finds nothing. */
static void mailbox_class(mailbox_t *mailbox, const char *name)
{
    static const struct {
        const char *name;
        eas_version_t first;
        unsigned bit;
    } classes[] = {{"Email", EAS_VERSION_12_1, 1u << BACKEND_CLASS_EMAIL},
                   {"Calendar", EAS_VERSION_12_1, 1u << BACKEND_CLASS_CALENDAR},
                   {"Contacts", EAS_VERSION_12_1, 1u << BACKEND_CLASS_CONTACTS},
                   {"Tasks", EAS_VERSION_12_1, 1u << BACKEND_CLASS_TASKS},
                   {"Notes", EAS_VERSION_14_0, 1u << BACKEND_CLASS_NOTES},
                   {"SMS", EAS_VERSION_14_0, 0}};
    size_t i;

    for (i = 0; i < sizeof classes / sizeof *classes; i++)
        if (strcmp(classes[i].name, name) == 0 &&
            mailbox->exchange->request->version >= classes[i].first) {
            mailbox->named |= classes[i].bit;
            return;
        }
    mailbox_refuse(mailbox, CMD_SEARCH_STATUS_INVALID);
}

/* Is there a condition that only mail can meet? */
static int mailbox_is_of_mail(const backend_query_t *query)
{
    if (query->kind == BACKEND_QUERY_DATE || query->kind == BACKEND_QUERY_FLAGS ||
        query->kind == BACKEND_QUERY_ATTACHMENTS || query->kind == BACKEND_QUERY_CONVERSATION)
        return 1;
    for (query = query->first; query; query = query->next)
        if (mailbox_is_of_mail(query))
            return 1;
    return 0;
}

/* Which classes are searched: those that are named, else all (R922). */
static unsigned mailbox_classes(const mailbox_t *mailbox, const eas_node_t *list)
{
    unsigned all = 1u << BACKEND_CLASS_EMAIL | 1u << BACKEND_CLASS_CALENDAR |
                   1u << BACKEND_CLASS_CONTACTS | 1u << BACKEND_CLASS_TASKS |
                   1u << BACKEND_CLASS_NOTES;
    unsigned classes = eas_node_child(list, EAS_AirSync_Class) ? mailbox->named : all;

    return mailbox_is_of_mail(mailbox->query) ? classes & 1u << BACKEND_CLASS_EMAIL : classes;
}

/* GreaterThan and LessThan: <DateReceived/><Value>...</Value>, in this order (R3141, R3218). */
static backend_query_t *mailbox_date(mailbox_t *mailbox, const eas_node_t *node)
{
    backend_query_t *date = cmd_query_make(BACKEND_QUERY_DATE, mailbox->exchange->pool);
    const eas_node_t *value = node->first ? node->first->next : NULL;
    apr_time_t when;

    date->since = APR_INT64_MIN;
    date->before = APR_INT64_MAX;
    if (!value || node->first->tag != EAS_Email_DateReceived || value->tag != EAS_Search_Value ||
        !base_time_parse(value->text, &when)) {
        mailbox_refuse(mailbox, CMD_SEARCH_STATUS_INVALID);
        return date;
    }
    if (node->tag == EAS_Search_GreaterThan)
        date->since = when + 1;
    else
        date->before = when;
    return date;
}

static backend_query_t *mailbox_conversation(mailbox_t *mailbox, const eas_node_t *node)
{
    backend_query_t *conversation =
        cmd_query_make(BACKEND_QUERY_CONVERSATION, mailbox->exchange->pool);

    conversation->text = "";
    if (node->length != ITEM_CONVERSATION_ID_SIZE || node->file ||
        !eas_tag_in_version(node->tag, mailbox->exchange->request->version))
        mailbox_refuse(mailbox, CMD_SEARCH_STATUS_INVALID);
    else
        conversation->text = item_words_conversation(node->text, mailbox->exchange->pool);
    return conversation;
}

static base_fault_t *mailbox_text(mailbox_t *mailbox, const eas_node_t *node,
                                  backend_query_t **query)
{
    const char *text;
    apr_size_t length;

    if (eas_node_content(node, &text, &length, mailbox->exchange->pool) != APR_SUCCESS)
        return base_fault_make(mailbox->exchange->pool, BASE_FAULT_INTERNAL, "reading FreeText");
    *query = NULL;
    if (!text[strspn(text, " ")]) /* as if it were not there */
        return NULL;
    return cmd_query_parse(text, mailbox->exchange->now, query, mailbox->exchange->pool);
}

static base_fault_t *mailbox_list(mailbox_t *mailbox, const eas_node_t *list,
                                  backend_query_t **query);

/* A child of And or Or. A query that names no class or folder means all of them. */
static base_fault_t *mailbox_condition(mailbox_t *mailbox, const eas_node_t *node,
                                       backend_query_t **condition)
{
    int in_and = node->parent->tag == EAS_Search_And;

    *condition = NULL;
    switch (node->tag) {
    case EAS_Search_FreeText:
        return mailbox_text(mailbox, node, condition);
    case EAS_Search_ConversationId:
        mailbox->conversation = 1;
        *condition = mailbox_conversation(mailbox, node);
        break;
    case EAS_Search_GreaterThan:
    case EAS_Search_LessThan:
        *condition = mailbox_date(mailbox, node);
        break;
    case EAS_AirSync_Class:
        if (!in_and)
            mailbox_refuse(mailbox, CMD_SEARCH_STATUS_TOO_COMPLEX);
        mailbox_class(mailbox, node->text);
        break;
    case EAS_AirSync_CollectionId:
        if (!in_and)
            mailbox_refuse(mailbox, CMD_SEARCH_STATUS_TOO_COMPLEX);
        APR_ARRAY_PUSH(mailbox->search.folder_ids, const char *) = node->text;
        break;
    case EAS_Search_Or:
        if (in_and)
            return mailbox_list(mailbox, node, condition);
        mailbox_refuse(mailbox, CMD_SEARCH_STATUS_TOO_COMPLEX);
        break;
    case EAS_Search_And: /* one And is all there may be (R772) */
        mailbox_refuse(mailbox, CMD_SEARCH_STATUS_TOO_COMPLEX);
        break;
    default:
        mailbox_refuse(mailbox, CMD_SEARCH_STATUS_INVALID);
    }
    return NULL;
}

static base_fault_t *mailbox_list(mailbox_t *mailbox, const eas_node_t *list,
                                  backend_query_t **query)
{
    static const eas_tag_t once[] = {EAS_Search_ConversationId, EAS_Search_GreaterThan,
                                     EAS_Search_LessThan};
    backend_query_kind_t kind = list->tag == EAS_Search_And ? BACKEND_QUERY_AND : BACKEND_QUERY_OR;
    const eas_node_t *node;
    size_t i;
    int count = 0;

    *query = NULL;
    for (i = 0; i < sizeof once / sizeof *once; i++)
        if ((node = eas_node_child(list, once[i])) && eas_node_next(node))
            mailbox_refuse(mailbox, CMD_SEARCH_STATUS_INVALID);
    for (node = list->first; node; node = node->next) {
        backend_query_t *condition;

        BASE_TRY(mailbox_condition(mailbox, node, &condition));
        if (condition && ++count > MAILBOX_CONDITIONS_MAX)
            mailbox_refuse(mailbox, CMD_SEARCH_STATUS_TOO_COMPLEX);
        if (mailbox->status != CMD_SEARCH_STATUS_SUCCESS)
            return NULL;
        if (condition)
            mailbox_narrow(mailbox, kind, query, condition);
    }
    return NULL;
}

/* Everything stands in one And, or in one Or; Class and CollectionId in the And only. */
static base_fault_t *mailbox_query(mailbox_t *mailbox, const eas_node_t *query)
{
    const eas_node_t *list = query->first;

    if (!list) {
        mailbox_refuse(mailbox, CMD_SEARCH_STATUS_INVALID);
        return NULL;
    }
    if (list->next || (list->tag != EAS_Search_And && list->tag != EAS_Search_Or)) {
        mailbox_refuse(mailbox, CMD_SEARCH_STATUS_TOO_COMPLEX);
        return NULL;
    }
    BASE_TRY(mailbox_list(mailbox, list, &mailbox->query));
    if (!mailbox->query)
        mailbox_refuse(mailbox, CMD_SEARCH_STATUS_INVALID);
    else
        mailbox->search.classes = mailbox_classes(mailbox, list);
    return NULL;
}

/* The whole query as text: another query has another sequence of results. */
static void mailbox_describe(mailbox_t *mailbox, const eas_node_t *node)
{
    const eas_node_t *child;

    base_text_buffer_printf(&mailbox->name, "<%x:%" APR_SIZE_T_FMT ":", node->tag, node->length);
    if (node->tag == EAS_Search_ConversationId) /* bytes */
        base_text_buffer_puts(&mailbox->name, mailbox_conversation(mailbox, node)->text);
    else
        base_text_buffer_puts(&mailbox->name, node->text);
    for (child = node->first; child; child = child->next)
        mailbox_describe(mailbox, child);
    base_text_buffer_puts(&mailbox->name, ">");
}

static void mailbox_options(mailbox_t *mailbox, const eas_node_t *options)
{
    const char *range = eas_node_child_text(options, EAS_Search_Range);

    mailbox->search.range = (cmd_range_t){0, MAILBOX_RESULTS_MAX - 1};
    if (range && !cmd_range_parse(range, CMD_RANGE_RESULTS, &mailbox->search.range))
        mailbox_refuse(mailbox, CMD_SEARCH_STATUS_INVALID);
    else if (mailbox->search.range.last >= MAILBOX_RESULTS_MAX) /* R3736 */
        mailbox_refuse(mailbox, CMD_SEARCH_STATUS_END_OF_RANGE);
    mailbox->search.deep = eas_node_child(options, EAS_Search_DeepTraversal) != NULL;
    mailbox->search.renew = eas_node_child(options, EAS_Search_RebuildResults) != NULL;
}

/* -- the answer -------------------------------------------------------------------------------- */

/* LongId also where MS-ASCMD R6750 does without: ItemOperations takes it at every version (R6742), and
 * it is the only name that a result has there. */
static void mailbox_write_result(const mailbox_t *mailbox, const item_reference_t *reference,
                                 const item_kind_t *kind, void *item, apr_pool_t *pool)
{
    eas_writer_t *writer = mailbox->exchange->writer;

    eas_writer_start(writer, EAS_Search_Result);
    eas_writer_text(writer, EAS_AirSync_Class, kind->name);
    eas_writer_text(writer, EAS_Search_LongId, item_reference_server_id(reference, pool));
    eas_writer_text(writer, EAS_AirSync_CollectionId, reference->folder_id);
    if (item) {
        eas_writer_start(writer, EAS_Search_Properties);
        kind->write(item, 0, writer);
        eas_writer_end(writer);
    }
    eas_writer_end(writer);
}

static base_fault_t *mailbox_write_match(const mailbox_t *mailbox, const backend_match_t *match,
                                         const item_options_t *options, int *written,
                                         apr_pool_t *pool)
{
    const item_kind_t *kind = NULL;
    void *item = NULL;
    item_reference_t reference;
    backend_entry_t entry;
    backend_blob_t *blob;
    base_fault_t *fault =
        cmd_search_open(mailbox->exchange, match, &reference, &kind, &entry, &blob, pool);

    if (!fault && blob)
        fault = kind->load(blob, &reference, &entry, options, &item, pool);
    if (base_fault_code(fault) == BASE_FAULT_UNAVAILABLE)
        return fault;
    if (fault) /* shown without its content */
        base_log_write(mailbox->exchange->log, BASE_LOG_INFO,
                       "Search of %s, item %s:%" APR_UINT64_T_FMT ": %s",
                       mailbox->exchange->account, match->folder_id, match->uid, fault->message);
    if (!kind || (!fault && !item))
        return NULL;
    mailbox_write_result(mailbox, &reference, kind, fault ? NULL : item, pool);
    ++*written;
    return NULL;
}

static base_fault_t *mailbox_write(const mailbox_t *mailbox, const backend_found_t *found,
                                   item_options_t *options)
{
    eas_writer_t *writer = mailbox->exchange->writer;
    apr_pool_t *pool;
    int i, written = 0;

    eas_writer_uint(writer, EAS_Search_Status, CMD_SEARCH_STATUS_SUCCESS);
    apr_pool_create(&pool, mailbox->exchange->pool);
    for (i = 0; i < found->count && (i == 0 || !cmd_search_full(mailbox->exchange)); i++) {
        apr_pool_clear(pool);
        BASE_TRY(mailbox_write_match(mailbox, &found->matches[i], options, &written, pool));
    }
    apr_pool_destroy(pool);
    if (!written)
        eas_writer_empty(writer, EAS_Search_Result); /* R3850 */
    if (i)
        eas_writer_text(writer, EAS_Search_Range,
                        cmd_range_show(&mailbox->search.range, i, mailbox->exchange->pool));
    eas_writer_uint(writer, EAS_Search_Total, (apr_uint64_t)found->total);
    return NULL;
}

base_fault_t *cmd_search_store_mailbox(cmd_exchange_t *exchange, const eas_node_t *query,
                                       const eas_node_t *options, int *status)
{
    /* SearchResponse.xsd knows all properties of the classes but these */
    static const eas_tag_t omitted[] = {EAS_Calendar_Categories, EAS_Calendar_OnlineMeetingConfLink,
                                        EAS_Calendar_OnlineMeetingExternalLink,
                                        EAS_Tasks_OrdinalDate, EAS_Tasks_SubOrdinalDate};
    mailbox_t mailbox = {.exchange = exchange, .status = CMD_SEARCH_STATUS_SUCCESS};
    backend_found_t nothing = {.complete = 1}, *found = &nothing;
    cmd_options_t parsed;

    mailbox.name.pool = exchange->pool;
    mailbox.search.folder_ids = apr_array_make(exchange->pool, 4, sizeof(const char *));
    cmd_options_init(&parsed, exchange->request->version);
    if (options)
        BASE_TRY(cmd_options_parse(options, &parsed, exchange->pool));
    if (parsed.refused)
        mailbox_refuse(&mailbox, parsed.refused);
    mailbox_options(&mailbox, options);
    BASE_TRY(mailbox_query(&mailbox, query));
    if (parsed.item.part_preference.type && !mailbox.conversation) /* R5568 */
        mailbox_refuse(&mailbox, CMD_SEARCH_STATUS_INVALID);
    mailbox_describe(&mailbox, query);
    mailbox.search.query = mailbox.query;
    mailbox.search.name =
        apr_psprintf(exchange->pool, "%s%d", mailbox.name.data, mailbox.search.deep);
    if (mailbox.status == CMD_SEARCH_STATUS_SUCCESS && mailbox.search.classes)
        BASE_TRY(cmd_search_mailbox(exchange, &mailbox.search, &found));
    if (mailbox.search.range.first && mailbox.search.range.first >= found->total)
        mailbox_refuse(&mailbox, CMD_SEARCH_STATUS_END_OF_RANGE);
    *status = mailbox.status;
    if (mailbox.status != CMD_SEARCH_STATUS_SUCCESS)
        return NULL;
    parsed.item.omitted = omitted;
    parsed.item.omitted_count = sizeof omitted / sizeof *omitted;
    BASE_TRY(cmd_exchange_addresses(exchange, &parsed.item.addresses));
    parsed.item.now = exchange->now;
    return mailbox_write(&mailbox, found, &parsed.item);
}
