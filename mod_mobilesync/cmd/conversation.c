#include "cmd/conversation.h"
#include "cmd/brake.h"

#include <string.h>
#include <apr_strings.h>

#include "base/text.h"
#include "cmd/once.h"
#include "cmd/options.h"
#include "eas/status.h"
#include "item/conversation.h"
#include "item/words.h"

#define CONVERSATION_SETTING "conversations"
#define CONVERSATION_RULES_MAX 500 /* the oldest are forgotten */
#define CONVERSATION_PAGE 200
#define CONVERSATION_COUNTED_MAX 1000              /* messages of a conversation, for the brake */
#define CONVERSATION_PATIENCE apr_time_from_sec(1) /* to read what is not indexed yet, in a Sync */
#define CONVERSATION_DEVICE "*"                    /* the setting is the account's */

/* MS-ASCMD 2.2.3.177.8, where no fault stands for it */
enum { CONVERSATION_STATUS_SUCCESS = 1, CONVERSATION_STATUS_PROTOCOL = 2 };

typedef struct {
    const char *name; /* item_words_conversation() */
    const char *folder_id;
} conversation_rule_t;

/* -- what is kept ----------------------------------------------------------------------------- */

static apr_array_header_t *conversation_rules(const char *text, apr_pool_t *pool)
{
    apr_array_header_t *rules = apr_array_make(pool, 8, sizeof(conversation_rule_t));
    char *last, *line = text ? apr_strtok(apr_pstrdup(pool, text), "\n", &last) : NULL;

    for (; line; line = apr_strtok(NULL, "\n", &last)) {
        char *space = strchr(line, ' ');

        if (!space)
            continue;
        *space = '\0';
        APR_ARRAY_PUSH(rules, conversation_rule_t) =
            (conversation_rule_t){.name = line, .folder_id = space + 1};
    }
    return rules;
}

static const char *conversation_text(const apr_array_header_t *rules,
                                     const conversation_rule_t *added, apr_pool_t *pool)
{
    base_text_buffer_t out = {.pool = pool};
    int i = rules->nelts < CONVERSATION_RULES_MAX ? 0 : rules->nelts - CONVERSATION_RULES_MAX + 1;

    for (; i < rules->nelts; i++) {
        const conversation_rule_t *rule = &APR_ARRAY_IDX(rules, i, conversation_rule_t);

        if (strcmp(rule->name, added->name) != 0)
            base_text_buffer_printf(&out, "%s %s\n", rule->name, rule->folder_id);
    }
    base_text_buffer_printf(&out, "%s %s\n", added->name, added->folder_id);
    return out.data;
}

static base_fault_t *conversation_add(cmd_exchange_t *exchange, const conversation_rule_t *rule)
{
    backend_session_t *session;
    const char *text;

    BASE_TRY(cmd_exchange_session(exchange, &session));
    BASE_TRY(backend_setting_get(session, CONVERSATION_SETTING, &text, exchange->pool));
    return backend_setting_set(
        session, CONVERSATION_SETTING,
        conversation_text(conversation_rules(text, exchange->pool), rule, exchange->pool),
        exchange->pool);
}

/* Two devices that add one at the same time must both succeed. */
static base_fault_t *conversation_keep(cmd_exchange_t *exchange, const conversation_rule_t *rule)
{
    cmd_once_t lock;
    base_fault_t *fault;

    cmd_once_init(exchange, CONVERSATION_SETTING, "lock", CMD_ONCE_TTL, &lock);
    lock.key.device = CONVERSATION_DEVICE;
    BASE_TRY(cmd_once_claim(exchange, &lock, CMD_LEASE, &exchange->patience));
    fault = conversation_add(exchange, rule);
    cmd_once_release(exchange, &lock);
    return fault;
}

/* -- moving ----------------------------------------------------------------------------------- */

/* All but Sent (MS-ASCON R130) and where they go; nor is a draft taken from who is writing it. */
static base_fault_t *conversation_folders(cmd_exchange_t *exchange, const char *target_id,
                                          apr_array_header_t **ids)
{
    apr_array_header_t *folders;
    int i;

    BASE_TRY(cmd_exchange_folders(exchange, &folders));
    *ids = apr_array_make(exchange->pool, folders->nelts, sizeof(const char *));
    for (i = 0; i < folders->nelts; i++) {
        const backend_folder_t *folder = &APR_ARRAY_IDX(folders, i, backend_folder_t);

        if (folder->class_ == BACKEND_CLASS_EMAIL && folder->role != BACKEND_ROLE_SENT &&
            folder->role != BACKEND_ROLE_DRAFTS && folder->role != BACKEND_ROLE_OUTBOX &&
            strcmp(folder->id, target_id) != 0)
            APR_ARRAY_PUSH(*ids, const char *) = folder->id;
    }
    return NULL;
}

static base_fault_t *conversation_move_one(cmd_exchange_t *exchange, const backend_match_t *match,
                                           const char *target_id, apr_pool_t *pool)
{
    const char *scope =
        cmd_once_scope(pool, "conversation", match->folder_id,
                       apr_psprintf(pool, "%u %" APR_UINT64_T_FMT, match->generation, match->uid),
                       target_id, NULL);
    backend_session_t *session;
    backend_entry_t entry;
    base_fault_t *fault;

    BASE_TRY(cmd_exchange_session(exchange, &session));
    fault = backend_item_move(session, match->folder_id, match->uid, target_id,
                              strchr(scope, ':') + 1, &entry, pool);
    if (base_fault_code(fault) == BASE_FAULT_NOT_FOUND) /* somebody else moved it meanwhile */
        return NULL;
    if (fault)
        return fault;
    cmd_exchange_publish(exchange, match->folder_id, WAKE_EVENT_CHANGED);
    cmd_exchange_publish(exchange, target_id, WAKE_EVENT_ADDED);
    return NULL;
}

/* What is looked for: the conversation in all folders that it may be taken from. */
static base_fault_t *conversation_search(cmd_exchange_t *exchange, const conversation_rule_t *rule,
                                         backend_query_t *query, backend_search_t *search)
{
    apr_array_header_t *ids;

    BASE_TRY(conversation_folders(exchange, rule->folder_id, &ids));
    *query = (backend_query_t){.kind = BACKEND_QUERY_CONVERSATION, .text = rule->name};
    *search = (backend_search_t){.query = query,
                                 .extract = item_words_extract,
                                 .extract_version = ITEM_WORDS_VERSION,
                                 .folder_ids = (const char *const *)ids->elts,
                                 .folder_count = ids->nelts,
                                 .limit = CONVERSATION_PAGE};
    return NULL;
}

/* May so much be taken out of the folders? Before anything is moved, and before the rule is kept. */
static base_fault_t *conversation_brake(cmd_exchange_t *exchange, const conversation_rule_t *rule,
                                        apr_time_t deadline)
{
    const char *digest =
        cmd_once_scope(exchange->pool, "conversation", rule->name, rule->folder_id, NULL);
    backend_session_t *session;
    backend_search_t search;
    backend_query_t query;
    backend_found_t *found;
    int i, k;

    if (!cmd_brake_is_on(exchange))
        return NULL;
    BASE_TRY(cmd_exchange_session(exchange, &session));
    BASE_TRY(conversation_search(exchange, rule, &query, &search));
    search.limit = CONVERSATION_COUNTED_MAX;
    search.deadline = deadline;
    BASE_TRY(backend_search(session, &search, &found, exchange->pool));
    for (i = 0; i < search.folder_count; i++) {
        apr_uint64_t wanted = 0;

        for (k = 0; k < found->count; k++)
            wanted += strcmp(found->matches[k].folder_id, search.folder_ids[i]) == 0;
        if (wanted)
            BASE_TRY(cmd_brake_check(exchange, search.folder_ids[i], wanted, digest));
    }
    return NULL;
}

/* Faults: TIMEOUT when there are messages that could not be looked at in that time. */
static base_fault_t *conversation_move_all(cmd_exchange_t *exchange,
                                           const conversation_rule_t *rule, apr_time_t deadline)
{
    backend_session_t *session;
    backend_search_t search;
    backend_query_t query;
    backend_found_t *found;
    apr_pool_t *pool;
    base_fault_t *fault;
    int i;

    BASE_TRY(cmd_exchange_session(exchange, &session));
    BASE_TRY(conversation_search(exchange, rule, &query, &search));
    search.deadline = deadline;
    apr_pool_create(&pool, exchange->pool);
    do {
        apr_pool_clear(pool);
        fault = backend_search(session, &search, &found, pool);
        for (i = 0; !fault && i < found->count; i++)
            fault = conversation_move_one(exchange, &found->matches[i], rule->folder_id, pool);
        fault = base_fault_wrap(fault, exchange->pool, "moving a conversation");
    } while (!fault && found->count == CONVERSATION_PAGE && apr_time_now() < deadline);
    if (!fault && (!found->complete || found->count == CONVERSATION_PAGE))
        fault = base_fault_make(exchange->pool, BASE_FAULT_TIMEOUT,
                                "not all messages could be looked at");
    apr_pool_destroy(pool);
    return fault;
}

static int conversation_has_folder(const apr_array_header_t *folders, const char *id)
{
    int i;

    for (i = 0; i < folders->nelts; i++)
        if (strcmp(APR_ARRAY_IDX(folders, i, backend_folder_t).id, id) == 0)
            return 1;
    return 0;
}

static base_fault_t *conversation_apply(cmd_exchange_t *exchange)
{
    backend_session_t *session;
    apr_array_header_t *rules, *folders;
    const char *text = NULL;
    base_fault_t *fault;
    int i;

    BASE_TRY(cmd_exchange_session(exchange, &session));
    fault = backend_setting_get(session, CONVERSATION_SETTING, &text, exchange->pool);
    if (base_fault_code(fault) == BASE_FAULT_UNSUPPORTED || (!fault && !text))
        return NULL;
    if (fault)
        return fault;
    rules = conversation_rules(text, exchange->pool);
    BASE_TRY(cmd_exchange_folders(exchange, &folders));
    for (i = 0; i < rules->nelts; i++) {
        const conversation_rule_t *rule = &APR_ARRAY_IDX(rules, i, conversation_rule_t);

        /* of a folder that was deleted nothing more is wanted */
        if (conversation_has_folder(folders, rule->folder_id))
            BASE_TRY(conversation_move_all(exchange, rule, exchange->now + CONVERSATION_PATIENCE));
    }
    return NULL;
}

void cmd_conversation_apply(cmd_exchange_t *exchange)
{
    base_fault_t *fault = conversation_apply(exchange);

    if (fault)
        base_log_write(exchange->log,
                       fault->code == BASE_FAULT_TIMEOUT ? BASE_LOG_INFO : BASE_LOG_WARNING,
                       "conversations of %s: %s", exchange->account, fault->message);
}

/* -- ItemOperations Move ---------------------------------------------------------------------- */

/* *status: 0, or what is wrong with the request. */
static base_fault_t *conversation_read(cmd_exchange_t *exchange, const eas_node_t *node,
                                       conversation_rule_t *rule, int *status)
{
    const eas_node_t *id = eas_node_child(node, EAS_ItemOperations_ConversationId);
    const eas_node_t *options = eas_node_child(node, EAS_ItemOperations_Options);
    backend_folder_t *folder;
    base_fault_t *fault;

    rule->folder_id = eas_node_child_text(node, EAS_ItemOperations_DstFldId);
    *status = 0;
    if (!id || id->file || id->length != ITEM_CONVERSATION_ID_SIZE || !rule->folder_id ||
        cmd_options_foreign(node)) {
        *status = CONVERSATION_STATUS_PROTOCOL;
        return NULL;
    }
    rule->name = item_words_conversation(id->text, exchange->pool);
    if (!eas_node_child(options, EAS_ItemOperations_MoveAlways)) { /* MS-ASCMD R3475 */
        *status = EAS_STATUS_MoveCommandDisallowedForNonPersistentMoveAction;
        return NULL;
    }
    fault = cmd_exchange_folder(exchange, rule->folder_id, &folder);
    if (base_fault_code(fault) == BASE_FAULT_FOLDER_GONE ||
        (!fault && (folder->class_ != BACKEND_CLASS_EMAIL || folder->role == BACKEND_ROLE_DRAFTS ||
                    folder->role == BACKEND_ROLE_OUTBOX))) { /* MS-ASCON R175 */
        *status = EAS_STATUS_MoveCommandInvalidDestinationFolder;
        return NULL;
    }
    if (!fault)
        rule->folder_id = folder->id;
    return fault;
}

/* What cannot be looked at now is moved by and by, before each Sync. */
static base_fault_t *conversation_perform(cmd_exchange_t *exchange, const eas_node_t *node,
                                          int *status)
{
    apr_time_t deadline = exchange->now + exchange->service->limits.response_time / 2;
    conversation_rule_t rule;
    base_fault_t *fault;

    BASE_TRY(conversation_read(exchange, node, &rule, status));
    if (*status)
        return NULL;
    BASE_TRY(conversation_brake(exchange, &rule, deadline));
    BASE_TRY(conversation_keep(exchange, &rule));
    fault = conversation_move_all(exchange, &rule, deadline);
    if (base_fault_code(fault) == BASE_FAULT_TIMEOUT) {
        base_log_write(exchange->log, BASE_LOG_INFO, "conversations of %s: %s", exchange->account,
                       fault->message);
        fault = NULL;
    }
    if (!fault)
        *status = CONVERSATION_STATUS_SUCCESS;
    return fault;
}

base_fault_t *cmd_conversation_move(cmd_exchange_t *exchange, const eas_node_t *node,
                                    apr_pool_t *pool)
{
    const eas_node_t *id = eas_node_child(node, EAS_ItemOperations_ConversationId);
    eas_writer_t *writer = exchange->writer;
    int status = 0, echo = id && !id->file;
    base_fault_t *fault = conversation_perform(exchange, node, &status);

    (void)pool;
    if (base_fault_code(fault) == BASE_FAULT_UNAVAILABLE)
        return fault;
    if (fault) {
        base_log_write(exchange->log, BASE_LOG_INFO, "ItemOperations Move of %s, device %s: %s",
                       exchange->account, exchange->request->device_id, fault->message);
        status = EAS_STATUS_FailureInMoveOperation;
    }
    eas_writer_start(writer, EAS_ItemOperations_Move);
    eas_writer_uint(writer, EAS_ItemOperations_Status, (apr_uint64_t)status);
    eas_writer_opaque(writer, EAS_ItemOperations_ConversationId, echo ? id->text : "",
                      echo ? id->length : 0);
    eas_writer_end(writer);
    return NULL;
}
