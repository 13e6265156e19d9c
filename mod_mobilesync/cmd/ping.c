/* Ping (MS-ASCMD 2.2.1.13): waits until a folder has something that the next Sync would bring.
 * Folders and heartbeat are kept, so that the next Ping may leave them out. What was reported is
 * kept as well: a phone that comes back without a Sync of it is told once more, as the answer may
 * have been lost; from then on only every so often, as it may be a phone that never syncs it. */
#include "cmd/brake.h"
#include "cmd/cmd.h"
#include "cmd/collection.h"
#include "cmd/conversation.h"
#include "cmd/profile.h"
#include "cmd/watch.h"

#include <stdlib.h>
#include <string.h>
#include <apr_strings.h>

#include "base/text.h"

#define PING_FOLDER_ID_MAX 64
#define PING_TIMES_AT_ONCE 2 /* that the same is told */

/* MS-ASCMD 2.2.3.177.11 */
enum {
    PING_STATUS_EXPIRED = 1,
    PING_STATUS_CHANGES = 2,
    PING_STATUS_MISSING = 3,
    PING_STATUS_SYNTAX = 4,
    PING_STATUS_HEARTBEAT = 5,
    PING_STATUS_FOLDERS = 6,
    PING_STATUS_HIERARCHY = 7,
    PING_STATUS_SERVER = 8
};

typedef struct {
    const char *id;
    const char *reported; /* version last reported, "" when none */
    int times;            /* how often; the last time at: */
    apr_time_t reported_at;
    int changed;
} ping_folder_t;

typedef struct {
    state_key_t key;
    state_record_t *record;
    int heartbeat;               /* seconds, 0: not known */
    apr_array_header_t *folders; /* ping_folder_t */
    int folder_limit;            /* with Status 6 */
    int heartbeat_limit;         /* with Status 5 */
    cmd_watch_t *watch;
} ping_t;

/* -- what is kept ----------------------------------------------------------------------------- */

static const char *ping_field(const ping_t *ping, const char *name, apr_pool_t *pool)
{
    const char *text = state_record_text(ping->record, name, pool);

    return text ? text : "";
}

static ping_folder_t *ping_find(const ping_t *ping, const char *id)
{
    int i;

    for (i = 0; i < ping->folders->nelts; i++)
        if (strcmp(APR_ARRAY_IDX(ping->folders, i, ping_folder_t).id, id) == 0)
            return &APR_ARRAY_IDX(ping->folders, i, ping_folder_t);
    return NULL;
}

static void ping_add(ping_t *ping, const char *id)
{
    if (!ping_find(ping, id))
        APR_ARRAY_PUSH(ping->folders, ping_folder_t) = (ping_folder_t){.id = id, .reported = ""};
}

/* "told": a line "id times seconds version" for each folder. */
static void ping_read_reported(ping_t *ping, apr_pool_t *pool)
{
    char *last, *line = apr_strtok(apr_pstrdup(pool, ping_field(ping, "told", pool)), "\n", &last);

    for (; line; line = apr_strtok(NULL, "\n", &last)) {
        char *rest, *id = apr_strtok(line, " ", &rest);
        char *times = apr_strtok(NULL, " ", &rest), *at = apr_strtok(NULL, " ", &rest);
        ping_folder_t *folder = at ? ping_find(ping, id) : NULL;

        if (!folder)
            continue;
        folder->times = atoi(times);
        folder->reported_at = apr_time_from_sec(apr_atoi64(at));
        folder->reported = rest;
    }
}

static const char *ping_folder_list(const ping_t *ping, apr_pool_t *pool)
{
    base_text_buffer_t out = {.pool = pool};
    int i;

    base_text_buffer_puts(&out, "");
    for (i = 0; i < ping->folders->nelts; i++)
        base_text_buffer_printf(&out, "%s%s", i ? " " : "",
                                APR_ARRAY_IDX(ping->folders, i, ping_folder_t).id);
    return out.data;
}

static const char *ping_reported_list(const ping_t *ping, apr_pool_t *pool)
{
    base_text_buffer_t out = {.pool = pool};
    int i;

    base_text_buffer_puts(&out, "");
    for (i = 0; i < ping->folders->nelts; i++) {
        const ping_folder_t *folder = &APR_ARRAY_IDX(ping->folders, i, ping_folder_t);

        if (*folder->reported)
            base_text_buffer_printf(&out, "%s %d %" APR_TIME_T_FMT " %s\n", folder->id,
                                    folder->times, apr_time_sec(folder->reported_at),
                                    folder->reported);
    }
    return out.data;
}

/* Writes what differs. A newer Ping that wrote meanwhile is the one that counts. */
static base_fault_t *ping_store(cmd_exchange_t *exchange, ping_t *ping)
{
    const char *names[] = {"heartbeat", "folders", "told"};
    const char *values[] = {apr_itoa(exchange->pool, ping->heartbeat),
                            ping_folder_list(ping, exchange->pool),
                            ping_reported_list(ping, exchange->pool)};
    state_field_t fields[3];
    base_fault_t *fault;
    int i, count = 0;

    for (i = 0; i < 3; i++)
        if (strcmp(ping_field(ping, names[i], exchange->pool), values[i]))
            fields[count++] =
                (state_field_t){.name = names[i], .data = values[i], .length = strlen(values[i])};
    if (!count)
        return NULL;
    fault = state_record_commit(exchange->service->store, &ping->key, ping->record->version, fields,
                                count, NULL, 0, &ping->record->version, exchange->pool);
    return base_fault_code(fault) == BASE_FAULT_CONFLICT ? NULL : fault;
}

/* -- the request ------------------------------------------------------------------------------ */

static int ping_id_valid(const char *id)
{
    return id && *id && strlen(id) <= PING_FOLDER_ID_MAX &&
           strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:") ==
               strlen(id);
}

static int ping_read_folders(const eas_node_t *node, ping_t *ping)
{
    const eas_node_t *folder = eas_node_child(node, EAS_Ping_Folder);

    if (!folder)
        return PING_STATUS_SYNTAX;
    for (; folder; folder = eas_node_next(folder)) {
        const char *id = eas_node_child_text(folder, EAS_Ping_Id);

        if (!ping_id_valid(id) || ping_find(ping, id)) /* twice: R6699 */
            return PING_STATUS_SYNTAX;
        ping_add(ping, id);
    }
    return 0;
}

static void ping_cached_folders(ping_t *ping, apr_pool_t *pool)
{
    char *last, *id = apr_strtok(apr_pstrdup(pool, ping_field(ping, "folders", pool)), " ", &last);

    for (; id; id = apr_strtok(NULL, " ", &last))
        ping_add(ping, id);
}

/* Limits first in the unit that the client can mend: Status 5 and 6 say how. */
static int ping_check_limits(cmd_exchange_t *exchange, ping_t *ping)
{
    const cmd_limits_t *limits = &exchange->service->limits;
    int most = cmd_profile_heartbeat_max(exchange);

    if (!ping->heartbeat || !ping->folders->nelts)
        return PING_STATUS_MISSING;
    if (ping->heartbeat < limits->heartbeat_min || ping->heartbeat > most) {
        ping->heartbeat_limit =
            ping->heartbeat < limits->heartbeat_min ? limits->heartbeat_min : most;
        return PING_STATUS_HEARTBEAT;
    }
    if (ping->folders->nelts > limits->ping_folders_max) {
        ping->folder_limit = limits->ping_folders_max;
        return PING_STATUS_FOLDERS;
    }
    return 0;
}

static int ping_read(cmd_exchange_t *exchange, ping_t *ping)
{
    const eas_node_t *folders = eas_node_child(exchange->body, EAS_Ping_Folders);
    apr_uint64_t heartbeat = 0;
    int status, found = eas_node_child_uint(exchange->body, EAS_Ping_HeartbeatInterval,
                                            APR_INT32_MAX, &heartbeat);

    if (found < 0 || (exchange->body && !found && !folders))
        return PING_STATUS_SYNTAX; /* R323 */
    ping->heartbeat = found ? (int)heartbeat : atoi(ping_field(ping, "heartbeat", exchange->pool));
    if (found && !heartbeat) {
        ping->heartbeat_limit = exchange->service->limits.heartbeat_min;
        return PING_STATUS_HEARTBEAT;
    }
    if (folders) {
        if ((status = ping_read_folders(folders, ping)))
            return status;
    }
    else
        ping_cached_folders(ping, exchange->pool);
    return ping_check_limits(exchange, ping);
}

/* -- the answer ------------------------------------------------------------------------------- */

/* What the Status calls changed, NULL: nothing. */
static apr_array_header_t *ping_told(const ping_t *ping, int status, apr_pool_t *pool)
{
    apr_array_header_t *told;
    int i;

    if (status != PING_STATUS_CHANGES && status != PING_STATUS_HIERARCHY)
        return NULL;
    told = apr_array_make(pool, 2, sizeof(const char *));
    if (status == PING_STATUS_HIERARCHY)
        APR_ARRAY_PUSH(told, const char *) = WAKE_FOLDER_HIERARCHY;
    else
        for (i = 0; i < ping->folders->nelts; i++)
            if (APR_ARRAY_IDX(ping->folders, i, ping_folder_t).changed)
                APR_ARRAY_PUSH(told, const char *) =
                    APR_ARRAY_IDX(ping->folders, i, ping_folder_t).id;
    return told;
}

static void ping_answer(cmd_exchange_t *exchange, const ping_t *ping, int status)
{
    apr_array_header_t *told = ping_told(ping, status, exchange->pool);
    eas_writer_t *writer = exchange->writer;
    int i;

    eas_writer_start(writer, EAS_Ping_Ping);
    eas_writer_uint(writer, EAS_Ping_Status, (apr_uint64_t)status);
    if (status == PING_STATUS_CHANGES) {
        eas_writer_start(writer, EAS_Ping_Folders);
        for (i = 0; i < told->nelts; i++)
            eas_writer_text(writer, EAS_Ping_Folder, APR_ARRAY_IDX(told, i, const char *));
        eas_writer_end(writer);
    }
    if (status == PING_STATUS_FOLDERS)
        eas_writer_uint(writer, EAS_Ping_MaxFolders, (apr_uint64_t)ping->folder_limit);
    if (status == PING_STATUS_HEARTBEAT)
        eas_writer_uint(writer, EAS_Ping_HeartbeatInterval, (apr_uint64_t)ping->heartbeat_limit);
    eas_writer_end(writer);
    exchange->report.status = status;
    exchange->report.told = told;
    exchange->report.heartbeat_asked = ping->heartbeat;
}

/* -- looking ---------------------------------------------------------------------------------- */

typedef struct {
    int status;                /* what to answer now, 0: nothing yet */
    int waiting;               /* something changed that may wait for more */
    apr_interval_time_t again; /* when something reported before is to be told again, 0: nothing */
} ping_look_t;

/* Is what was found to be reported now? A folder that was never synced need not be one that the
 * phone wants. */
static int ping_is_due(const cmd_exchange_t *exchange, const ping_folder_t *asked,
                       const collection_watch_answer_t *found, ping_look_t *look)
{
    apr_interval_time_t pause = apr_time_from_sec(exchange->service->limits.heartbeat_min), left;

    if (strcmp(asked->reported, found->version) || asked->times < PING_TIMES_AT_ONCE)
        return 1;
    if (found->what == COLLECTION_WATCH_UNSYNCED)
        return 0;
    left = asked->reported_at + pause - apr_time_now();
    if (left <= 0 || left > pause) /* the clock was set back */
        return 1;
    if (!look->again || left < look->again)
        look->again = left;
    return 0;
}

static void ping_report(cmd_exchange_t *exchange, ping_folder_t *asked, const char *version)
{
    asked->changed = 1;
    asked->times = strcmp(asked->reported, version) ? 1 : asked->times + 1;
    asked->reported = apr_pstrdup(exchange->pool, version);
    asked->reported_at = apr_time_now();
}

static base_fault_t *ping_look_folder(cmd_exchange_t *exchange, ping_folder_t *asked,
                                      ping_look_t *look, apr_pool_t *pool)
{
    collection_env_t env = {.store = exchange->service->store, .log = exchange->log};
    collection_request_t request = {.account = exchange->account,
                                    .device = exchange->request->device_id,
                                    .folder_id = asked->id,
                                    .now = apr_time_now()};
    collection_watch_answer_t answer;
    backend_folder_t *folder;
    base_fault_t *fault;

    if (asked->changed) /* by an earlier look at the same moment */
        return NULL;
    BASE_TRY(cmd_exchange_session(exchange, &env.backend));
    BASE_TRY(cmd_exchange_folder(exchange, asked->id, &folder));
    request.class_ = folder->class_;
    request.generation = folder->generation;
    fault = collection_watch_check(&env, &request, &answer, pool);
    if (base_fault_code(fault) == BASE_FAULT_STALE) /* the next Sync tells to begin anew */
        answer = (collection_watch_answer_t){.what = COLLECTION_WATCH_ADDED, .version = "stale"};
    else if (fault || answer.what == COLLECTION_WATCH_NOTHING)
        return fault;
    if (!ping_is_due(exchange, asked, &answer, look) || cmd_brake_is_paused(exchange, asked->id))
        return NULL;
    if (answer.what == COLLECTION_WATCH_CHANGED && look->waiting >= 0)
        look->waiting = 1;
    else
        ping_report(exchange, asked, answer.version);
    return NULL;
}

/* While the device itself changes the hierarchy the mailbox is a moment ahead of the key that says
 * that the device knows; so what is seen to happen may wait, as other changes that are no
 * arrivals. */
static base_fault_t *ping_look_hierarchy(cmd_exchange_t *exchange, ping_look_t *look,
                                         apr_pool_t *pool)
{
    int changed;

    BASE_TRY(cmd_watch_hierarchy(exchange, &changed, pool));
    if (changed && look->waiting >= 0)
        look->waiting = 1;
    else if (changed)
        look->status = PING_STATUS_HIERARCHY;
    return NULL;
}

/* patient: changes that are no arrivals may wait. When anything else is found they are reported
 * with it. */
static base_fault_t *ping_look(cmd_exchange_t *exchange, ping_t *ping, int patient,
                               ping_look_t *look)
{
    apr_pool_t *subpool;
    int i, found = 0;

    *look = (ping_look_t){.waiting = patient ? 0 : -1};
    cmd_conversation_apply(exchange);
    apr_pool_create(&subpool, exchange->pool);
    BASE_TRY(ping_look_hierarchy(exchange, look, subpool));
    for (i = 0; i < ping->folders->nelts && !look->status; i++) {
        ping_folder_t *folder = &APR_ARRAY_IDX(ping->folders, i, ping_folder_t);
        base_fault_t *fault;

        apr_pool_clear(subpool);
        fault = ping_look_folder(exchange, folder, look, subpool);
        if (base_fault_code(fault) == BASE_FAULT_FOLDER_GONE) {
            look->status = PING_STATUS_HIERARCHY;
            break;
        }
        if (fault)
            return base_fault_wrap(fault, exchange->pool, "looking at folder %s", folder->id);
        found |= folder->changed;
    }
    apr_pool_destroy(subpool);
    if (found && !look->status) {
        look->status = PING_STATUS_CHANGES;
        if (look->waiting > 0)
            return ping_look(exchange, ping, 0, look);
    }
    return NULL;
}

static base_fault_t *ping_finish(cmd_exchange_t *exchange, ping_t *ping, int status)
{
    if (ping->watch)
        cmd_watch_end(ping->watch);
    ping->watch = NULL;
    if (status == PING_STATUS_CHANGES)
        BASE_TRY(ping_store(exchange, ping));
    ping_answer(exchange, ping, status);
    return NULL;
}

static base_fault_t *ping_resume(cmd_exchange_t *exchange, wake_reason_t reason, cmd_watch_t *watch,
                                 const char *note);

/* Looks, answers when there is something, else waits (on). */
static base_fault_t *ping_step(cmd_exchange_t *exchange, ping_t *ping, int patient)
{
    ping_look_t look;

    BASE_TRY(ping_look(exchange, ping, patient, &look));
    if (look.status)
        return ping_finish(exchange, ping, look.status);
    if (look.waiting > 0)
        cmd_watch_hold(ping->watch, exchange->service->limits.coalesce);
    if (look.again)
        cmd_watch_hold(ping->watch, look.again);
    cmd_watch_wait(ping->watch, exchange, ping_resume);
    return NULL;
}

static base_fault_t *ping_load(cmd_exchange_t *exchange, ping_t *ping)
{
    ping->folders = apr_array_make(exchange->pool, 8, sizeof(ping_folder_t));
    ping->key = (state_key_t){.account = exchange->account,
                              .device = exchange->request->device_id,
                              .kind = STATE_RECORD_REQUEST,
                              .name = "ping"};
    return state_record_read(exchange->service->store, &ping->key, NULL, 0, &ping->record,
                             exchange->pool);
}

/* The request is gone: its folders are those that it left in its record. Where there are none the
 * store has lost them, and the client has to say them again. */
static base_fault_t *ping_look_again(cmd_exchange_t *exchange, ping_t *ping, int patient)
{
    cmd_watch_rearm(ping->watch);
    BASE_TRY(ping_load(exchange, ping));
    ping_cached_folders(ping, exchange->pool);
    if (!ping->folders->nelts)
        return ping_finish(exchange, ping, PING_STATUS_MISSING);
    ping_read_reported(ping, exchange->pool);
    return ping_step(exchange, ping, patient);
}

/* note: the heartbeat */
static base_fault_t *ping_resume(cmd_exchange_t *exchange, wake_reason_t reason, cmd_watch_t *watch,
                                 const char *note)
{
    ping_t *ping = apr_pcalloc(exchange->pool, sizeof *ping);
    base_fault_t *fault;

    ping->watch = watch;
    ping->heartbeat = atoi(note);
    switch (reason) {
    case WAKE_REASON_CHANGED:
    case WAKE_REASON_RIPE:
        fault = ping_look_again(exchange, ping, reason == WAKE_REASON_CHANGED);
        return fault && ping->watch ? cmd_watch_outlast(watch, exchange, fault, ping_resume)
                                    : fault;
    case WAKE_REASON_RESET:
        return ping_finish(exchange, ping, PING_STATUS_HIERARCHY);
    case WAKE_REASON_NONE:
    case WAKE_REASON_EXPIRED:
    case WAKE_REASON_SUPERSEDED:
    case WAKE_REASON_STOPPING:
        break;
    }
    return ping_finish(exchange, ping, PING_STATUS_EXPIRED);
}

base_fault_t *cmd_ping_run(cmd_exchange_t *exchange)
{
    ping_t *ping = apr_pcalloc(exchange->pool, sizeof *ping);
    const char **ids;
    int status, i;

    BASE_TRY(ping_load(exchange, ping));
    if ((status = ping_read(exchange, ping))) {
        ping_answer(exchange, ping, status);
        return NULL;
    }
    ping_read_reported(ping, exchange->pool);
    BASE_TRY(ping_store(exchange, ping));
    ids = apr_palloc(exchange->pool, (apr_size_t)ping->folders->nelts * sizeof *ids);
    for (i = 0; i < ping->folders->nelts; i++)
        ids[i] = APR_ARRAY_IDX(ping->folders, i, ping_folder_t).id;
    BASE_TRY(cmd_watch_arm(exchange, WAKE_KIND_PING, ids, ping->folders->nelts,
                           exchange->now + apr_time_from_sec(ping->heartbeat),
                           apr_itoa(exchange->pool, ping->heartbeat), &ping->watch));
    return ping_step(exchange, ping, 1);
}
