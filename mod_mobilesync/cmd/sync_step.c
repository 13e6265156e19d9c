#include "cmd/sync_step.h"

#include <string.h>
#include <apr_strings.h>

#include "cmd/brake.h"
#include "cmd/profile.h"
#include "cmd/received.h"
#include "cmd/sync_ops.h"
#include "eas/status.h"
#include "item/email.h"
#include "item/kind.h"

#define STEP_ITEM_OVERHEAD 2048 /* bytes that an item's headers and attachment list may take */

typedef struct {
    sync_run_t *run;
    sync_step_t *step;
    backend_folder_t *folder;
    const item_kind_t *kind; /* the folder's */
    cmd_options_t options;
    item_options_t previews; /* the same for mail from before bodies_since */
    sync_ops_t *ops;
    apr_pool_t *pool;
    apr_pool_t *item_pool; /* cleared for each item */
    cmd_report_folder_t *report;
    int count; /* commands that go into this response */
    int commands_open;
} step_t;

/* -- rendering -------------------------------------------------------------------------------- */

static void step_open(sync_run_t *run)
{
    eas_writer_t *writer = run->exchange->writer;

    if (!run->open) {
        eas_writer_start(writer, EAS_AirSync_Sync);
        eas_writer_start(writer, EAS_AirSync_Collections);
    }
    run->open = 1;
}

static void step_write_head(sync_run_t *run, const char *key, const char *folder_id, int status)
{
    eas_writer_t *writer = run->exchange->writer;

    step_open(run);
    eas_writer_start(writer, EAS_AirSync_Collection);
    eas_writer_text(writer, EAS_AirSync_SyncKey, key);
    eas_writer_text(writer, EAS_AirSync_CollectionId, folder_id);
    eas_writer_uint(writer, EAS_AirSync_Status, (apr_uint64_t)status);
}

/* Status 3 sends the client back to key 0 (R4427), so that is the key it gets. */
void sync_step_write_status(sync_run_t *run, const sync_collection_t *asked, int status)
{
    step_write_head(run, status == SYNC_STATUS_KEY ? "0" : asked->key, asked->folder_id, status);
    eas_writer_end(run->exchange->writer);
}

static item_reference_t step_reference(const step_t *step, apr_uint64_t uid)
{
    return (item_reference_t){
        .folder_id = step->folder->id, .generation = step->folder->generation, .uid = uid};
}

static void step_write_server_id(step_t *step, apr_uint64_t uid)
{
    const item_reference_t reference = step_reference(step, uid);

    eas_writer_text(step->run->exchange->writer, EAS_AirSync_ServerId,
                    item_reference_server_id(&reference, step->item_pool));
}

/* Of mail that comes for the sake of its conversation only there is no body (MS-ASCMD R2108). */
static const item_options_t *step_item_options(const step_t *step, const backend_entry_t *entry)
{
    return entry->date < collection_answer(step->step->collection)->bodies_since
               ? &step->previews
               : &step->options.item;
}

static base_fault_t *step_load(step_t *step, const backend_entry_t *entry, void **item)
{
    const item_reference_t reference = step_reference(step, entry->uid);
    backend_session_t *session;
    backend_blob_t *blob;
    const char *remark;

    BASE_TRY(cmd_exchange_session(step->run->exchange, &session));
    BASE_TRY(backend_item_fetch(session, step->folder->id, entry->uid, &blob, step->item_pool));
    BASE_TRY(step->kind->load(blob, &reference, entry, step_item_options(step, entry), item,
                              step->item_pool));
    remark = step->kind->remark ? step->kind->remark(*item) : NULL;
    if (remark)
        base_log_write(step->run->exchange->log, BASE_LOG_WARNING,
                       "item %s:%" APR_UINT64_T_FMT " of %s: %s", step->folder->id, entry->uid,
                       step->run->exchange->account, remark);
    return NULL;
}

/* item NULL: mail, and only what has changed of its flags and properties. */
static void step_write_item(step_t *step, eas_tag_t tag, const collection_command_t *command,
                            void *item)
{
    const cmd_exchange_t *exchange = step->run->exchange;
    eas_writer_t *writer = exchange->writer;

    eas_writer_start(writer, tag);
    step_write_server_id(step, command->uid);
    eas_writer_start(writer, EAS_AirSync_ApplicationData);
    if (item)
        step->kind->write(item, 0, writer);
    else
        item_email_write_marks(exchange->request->version, command->changed, &command->entry,
                               writer, step->item_pool);
    eas_writer_end(writer);
    eas_writer_end(writer);
}

static void step_open_commands(step_t *step)
{
    if (!step->commands_open)
        eas_writer_start(step->run->exchange->writer, EAS_AirSync_Commands);
    step->commands_open = 1;
}

static void step_write_removal(step_t *step, eas_tag_t tag, apr_uint64_t uid)
{
    eas_writer_t *writer = step->run->exchange->writer;

    step_open_commands(step);
    eas_writer_start(writer, tag);
    step_write_server_id(step, uid);
    eas_writer_end(writer);
}

/* An item that cannot be shown is left out, with its reason in the log, and blocks nothing. */
static base_fault_t *step_leave_out(step_t *step, int index, base_fault_t *fault)
{
    const collection_command_t *command =
        &collection_answer(step->step->collection)->commands[index];

    switch ((int)fault->code) {
    case BASE_FAULT_NOT_FOUND:
        collection_drop(step->step->collection, index, NULL);
        return NULL;
    case BASE_FAULT_CONVERSION:
    case BASE_FAULT_CORRUPT:
    case BASE_FAULT_DENIED:
        base_log_write(step->run->exchange->log, BASE_LOG_WARNING,
                       "item %s:%" APR_UINT64_T_FMT " of %s is quarantined: %s", step->folder->id,
                       command->uid, step->run->exchange->account, fault->message);
        collection_drop(step->step->collection, index, fault->message);
        step->report->quarantined++;
        return NULL;
    default:
        return base_fault_wrap(fault, step->run->exchange->pool, "item %s:%" APR_UINT64_T_FMT,
                               step->folder->id, command->uid);
    }
}

/* Of mail that changed only flags and properties go, unless it is no longer the one that was given. */
static int step_whole(const step_t *step, const collection_command_t *command)
{
    return command->kind == COLLECTION_ADD ||
           (command->kind == COLLECTION_CHANGE && (step->folder->class_ != BACKEND_CLASS_EMAIL ||
                                                   BACKEND_REVISION_OF(command->entry.token)));
}

static base_fault_t *step_write_command(step_t *step, int index)
{
    const collection_command_t *command =
        &collection_answer(step->step->collection)->commands[index];
    const char *convicted = collection_convicted(step->step->collection, index);
    void *item = NULL;
    base_fault_t *fault;

    switch (command->kind) {
    case COLLECTION_ADD:
        if (convicted)
            return step_leave_out(
                step, index, base_fault_make(step->pool, BASE_FAULT_CONVERSION, "%s", convicted));
        if ((fault = step_load(step, &command->entry, &item)))
            return step_leave_out(step, index, fault);
        step_open_commands(step);
        step_write_item(step, EAS_AirSync_Add, command, item);
        step->report->adds++;
        break;
    case COLLECTION_CHANGE:
        if (step_whole(step, command) && (fault = step_load(step, &command->entry, &item)))
            return step_leave_out(step, index, fault);
        step_open_commands(step);
        step_write_item(step, EAS_AirSync_Change, command, item);
        step->report->changes++;
        break;
    case COLLECTION_DELETE:
        step_write_removal(step, EAS_AirSync_Delete, command->uid);
        step->report->deletes++;
        break;
    case COLLECTION_SOFT_DELETE:
        step_write_removal(step, EAS_AirSync_SoftDelete, command->uid);
        step->report->deletes++;
        break;
    }
    return NULL;
}

/* -- how much --------------------------------------------------------------------------------- */

/* An upper bound of what an item takes in the response. */
static apr_uint64_t step_estimate(const step_t *step, const backend_entry_t *entry)
{
    const item_options_t *options = step_item_options(step, entry);
    apr_uint64_t body = 0, part = options->part_preference.truncation_size;
    int i;

    for (i = 0; i < options->preference_count; i++)
        if (options->preferences[i].truncation_size > body)
            body = options->preferences[i].truncation_size;
    /* of other classes a picture may be in it, which is not truncated */
    if (!options->preference_count || body > entry->size ||
        step->folder->class_ != BACKEND_CLASS_EMAIL)
        body = entry->size;
    if (options->part_preference.type)
        body += part > entry->size ? entry->size : part;
    return body + STEP_ITEM_OVERHEAD;
}

/* Cuts the window where the response would become too large: known before anything is written,
 * so that MoreAvailable can stand before Commands as clients expect. The first item of a
 * response always goes. */
static void step_cut_by_size(step_t *step)
{
    const collection_answer_t *answer = collection_answer(step->step->collection);
    apr_uint64_t limit = (apr_uint64_t)step->run->exchange->service->limits.response_bytes;
    int i;

    step->count = answer->command_count;
    for (i = 0; i < answer->command_count; i++) {
        const collection_command_t *command = &answer->commands[i];
        apr_uint64_t bytes = step_whole(step, command) ? step_estimate(step, &command->entry)
                                                       : STEP_ITEM_OVERHEAD / 8;

        if (step->run->bytes && step->run->bytes + bytes > limit) {
            collection_cut(step->step->collection, i);
            step->count = i;
            return;
        }
        step->run->bytes += bytes;
    }
}

static int step_out_of_time(const step_t *step)
{
    return apr_time_now() - step->run->started > step->run->exchange->service->limits.response_time;
}

/* -- the collection ----------------------------------------------------------------------------- */

static base_fault_t *step_write_commands(step_t *step)
{
    const collection_answer_t *answer = collection_answer(step->step->collection);
    eas_writer_t *writer = step->run->exchange->writer;
    int announced = answer->more_available, i;

    for (i = 0; i < step->count; i++) {
        /* a replay keeps the key that was written before its commands, and so its commands */
        if (i && !answer->replayed && step_out_of_time(step)) {
            collection_cut(step->step->collection, i);
            break;
        }
        apr_pool_clear(step->item_pool);
        BASE_TRY(step_write_command(step, i));
    }
    step->run->window -= i;
    if (step->commands_open)
        eas_writer_end(writer);
    /* out of time half-way: the schema allows it here as well */
    if (!announced && answer->more_available)
        eas_writer_empty(writer, EAS_AirSync_MoreAvailable);
    return NULL;
}

static base_fault_t *step_write(step_t *step)
{
    const collection_answer_t *answer = collection_answer(step->step->collection);
    eas_writer_t *writer = step->run->exchange->writer;

    step_write_head(step->run, answer->key, step->folder->id, SYNC_STATUS_SUCCESS);
    BASE_TRY(sync_ops_write_responses(step->ops, answer, step->folder, &step->options.item));
    if (answer->more_available)
        eas_writer_empty(writer, EAS_AirSync_MoreAvailable);
    BASE_TRY(step_write_commands(step));
    eas_writer_end(writer);
    return NULL;
}

/* Items that this collection may bring; 0 when the global WindowSize is used up. */
static int step_window(const sync_run_t *run, const sync_collection_t *asked)
{
    const cmd_limits_t *limits = &run->exchange->service->limits;
    int window = asked->window ? asked->window : limits->window_default;

    if (window > limits->window_max)
        window = limits->window_max;
    return window < run->window ? window : run->window;
}

static void step_options(const step_t *step, const sync_collection_t *asked,
                         collection_options_t *options)
{
    cmd_options_t decoded;

    cmd_options_init(&decoded, step->run->exchange->request->version);
    cmd_options_decode(asked->options, &decoded);
    *options = (collection_options_t){.filter = decoded.filter_type,
                                      .client_wins = decoded.conflict == CMD_CONFLICT_CLIENT,
                                      .blob = asked->options,
                                      .blob_length = strlen(asked->options)};
}

static void step_report_ops(cmd_report_folder_t *report, const collection_request_t *request)
{
    int i;

    for (i = 0; i < request->op_count; i++) {
        report->client_adds += request->ops[i].kind == COLLECTION_OP_ADD;
        report->client_changes += request->ops[i].kind == COLLECTION_OP_CHANGE;
        report->client_deletes += request->ops[i].kind == COLLECTION_OP_DELETE;
    }
}

static void step_report_answer(cmd_report_folder_t *report, const collection_answer_t *answer,
                               apr_pool_t *pool)
{
    report->status = SYNC_STATUS_SUCCESS;
    report->next_key = apr_pstrdup(pool, answer->key);
    report->replayed = answer->replayed;
    report->more = answer->more_available;
    report->quarantined = answer->quarantined;
}

static apr_uint64_t step_count_deletes(const sync_collection_t *asked)
{
    const eas_node_t *node = asked->commands ? asked->commands->first : NULL;
    apr_uint64_t count = 0;

    for (; node; node = node->next) /* that of an occurrence is a change of its series */
        count +=
            node->tag == EAS_AirSync_Delete && !eas_node_child(node, EAS_AirSyncBase_InstanceId);
    return count;
}

static base_fault_t *step_enter(step_t *step, const sync_collection_t *asked, collection_env_t *env)
{
    cmd_exchange_t *exchange = step->run->exchange;

    env->store = exchange->service->store;
    env->log = exchange->log;
    env->patience = &exchange->patience;
    env->node =
        step->run->again ? NULL : exchange->service->node; /* two at once would go on for ever */
    env->received = cmd_received;
    env->received_baton = exchange;
    BASE_TRY(cmd_exchange_session(exchange, &env->backend));
    BASE_TRY(cmd_exchange_folder(exchange, asked->folder_id, &step->folder));
    step->kind = item_kind_find(step->folder->class_);
    if (asked->class_ && strcmp(asked->class_, step->kind->name) != 0) /* MS-ASCMD R935 */
        return base_fault_make(step->pool, BASE_FAULT_INVALID, "Options for class %.32s",
                               asked->class_);
    if (asked->conversations != COLLECTION_CONVERSATIONS_STICKY &&
        step->folder->class_ != BACKEND_CLASS_EMAIL) /* MS-ASCMD R2117 */
        return base_fault_make(step->pool, BASE_FAULT_INVALID,
                               "ConversationMode for what is no mail");
    if (asked->supported && strcmp(asked->key, "0") == 0 &&
        step->folder->class_ == BACKEND_CLASS_NOTES) /* MS-ASNOTE R80, R114 */
        return base_fault_make(step->pool, BASE_FAULT_INVALID, "Supported for notes");
    /* before the operations are read: drafts are sent then */
    return cmd_brake_check(exchange, step->folder->id, step_count_deletes(asked), asked->digest);
}

static base_fault_t *step_prepare(step_t *step, const sync_collection_t *asked)
{
    cmd_exchange_t *exchange = step->run->exchange;
    collection_env_t *env = apr_pcalloc(step->pool, sizeof *env);
    collection_request_t *request = apr_pcalloc(step->pool, sizeof *request);
    collection_options_t *options = apr_pcalloc(step->pool, sizeof *options);

    BASE_TRY(step_enter(step, asked, env));
    *request = (collection_request_t){.account = exchange->account,
                                      .device = exchange->request->device_id,
                                      .folder_id = step->folder->id,
                                      .class_ = step->folder->class_,
                                      .generation = step->folder->generation,
                                      .protocol = (unsigned)exchange->request->version,
                                      .key = asked->key,
                                      .request_digest = asked->digest,
                                      .get_changes = asked->get_changes,
                                      .conversations = asked->conversations,
                                      .window = step_window(step->run, asked),
                                      .now = exchange->now};
    if (!request->window) {
        request->get_changes = 0;
        request->window = 1;
    }
    step->report->asked = request->get_changes;
    if (asked->supported && strcmp(asked->key, "0") == 0) { /* else ignored (MS-ASCMD R4552) */
        request->supported = asked->supported;
        request->supported_length = strlen(asked->supported);
    }
    if (asked->options) {
        step_options(step, asked, options);
        request->options = options;
    }
    BASE_TRY(sync_ops_read(exchange, asked, step->folder, env, request, &step->ops, step->pool));
    sync_ops_engine(step->ops, &request->ops, &request->op_count);
    step_report_ops(step->report, request);
    BASE_TRY(cmd_exchange_series(exchange, &request->series));
    BASE_TRY(collection_prepare(env, request, &step->step->collection, step->pool));
    sync_ops_publish(step->ops, collection_answer(step->step->collection), step->folder);
    return NULL;
}

/* The options in force, which may be those of an earlier request. */
static base_fault_t *step_load_options(step_t *step)
{
    cmd_exchange_t *exchange = step->run->exchange;
    const collection_options_t *sticky = &collection_answer(step->step->collection)->options;

    cmd_options_init(&step->options, exchange->request->version);
    cmd_options_decode(
        apr_pstrmemdup(step->pool, sticky->blob ? sticky->blob : "", sticky->blob_length),
        &step->options);
    step->options.item.now = exchange->now;
    if (exchange->request->version >= EAS_VERSION_14_1 ||
        step->folder->class_ == BACKEND_CLASS_CALENDAR)
        BASE_TRY(cmd_exchange_addresses(exchange, &step->options.item.addresses));
    step->previews = step->options.item;
    item_options_previews(&step->previews);
    cmd_profile_raise(exchange, &step->options.item);
    cmd_profile_raise(exchange, &step->previews);
    return NULL;
}

static base_fault_t *step_refuse(step_t *step, const sync_collection_t *asked, base_fault_t *fault)
{
    sync_run_t *run = step->run;

    if (fault->code == BASE_FAULT_UNAVAILABLE || fault->code == BASE_FAULT_TIMEOUT)
        return base_fault_wrap(fault, run->exchange->pool, "collection %s", asked->folder_id);
    base_log_write(run->exchange->log, cmd_fault_level(fault->code),
                   "Sync of %s, device %s, collection %s: %s", run->exchange->account,
                   run->exchange->request->device_id, asked->folder_id, fault->message);
    step->report->status = eas_status_from_fault(EAS_COMMAND_Sync, fault->code);
    sync_step_write_status(run, asked, step->report->status);
    step->step->collection = NULL;
    return NULL;
}

base_fault_t *sync_step_run(sync_run_t *run, sync_step_t *result, apr_pool_t *pool)
{
    const sync_collection_t *asked = result->asked;
    step_t step = {.run = run, .step = result, .pool = pool};
    base_fault_t *fault;

    result->collection = NULL;
    step.report = cmd_report_folder(&run->exchange->report, asked->folder_id, asked->key,
                                    run->exchange->pool);
    if (asked->status) {
        step.report->status = asked->status;
        sync_step_write_status(run, asked, asked->status);
        return NULL;
    }
    if (run->window <= 0 && !asked->commands)
        return NULL; /* the global WindowSize is used up: left for the next Sync (R4783) */
    if ((fault = step_prepare(&step, asked)))
        return step_refuse(&step, asked, fault);
    step_report_answer(step.report, collection_answer(result->collection), run->exchange->pool);
    if (!collection_answer(result->collection)->changed)
        return NULL;
    apr_pool_create(&step.item_pool, pool);
    BASE_TRY(step_load_options(&step));
    step_cut_by_size(&step);
    BASE_TRY(collection_begin(result->collection));
    BASE_TRY(step_write(&step));
    if (result->asked != &APR_ARRAY_IDX(run->request->collections,
                                        run->request->collections->nelts - 1, sync_collection_t))
        collection_abandon(result->collection);
    step.report->more = collection_answer(result->collection)->more_available;
    return NULL;
}
