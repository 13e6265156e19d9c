/* Counters of all children, in memory that they share: made before the first fork and kept over
 * graceful restarts, so that children of two generations count in the same place. What is open and
 * what waits in a child stands in a slot of the child's own, so that a child that is killed takes it
 * along. */
#include "glue/metrics_impl.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "apr_atomic.h"
#include "apr_strings.h"
#include "http_config.h"
#include "http_log.h"

APLOG_USE_MODULE(mobilesync);

#define METRICS_SYNC_KEY_STATUS 3
#define METRICS_FOLDER_SYNC_KEY_STATUS 9

const int glue_metrics_bounds[METRICS_BOUNDS] = {1000,    2000,    5000,    10000,  25000,
                                                 50000,   100000,  250000,  500000, 1000000,
                                                 2500000, 5000000, 10000000};
const int glue_metrics_redis_bounds[METRICS_BOUNDS] = {
    50, 100, 200, 500, 1000, 2000, 5000, 10000, 25000, 100000, 250000, 1000000, 2500000};

#define METRIC(field, name, help) name " "
#define METRIC_WAIT(field, name, key, help) name " "
static const char metrics_fields[] =
#include "glue/metrics.tbl"
    "";
#undef METRIC
#undef METRIC_WAIT

/* Relaxed: figures need no order among each other. */
static void metrics_add(apr_uint64_t *counter, apr_uint64_t number)
{
    if (number)
        __atomic_fetch_add(counter, number, __ATOMIC_RELAXED);
}

apr_uint64_t glue_metrics_get(const apr_uint64_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

glue_metrics_t *glue_metrics_create(server_rec *server)
{
    const char *layout = apr_psprintf(server->process->pconf, "%" APR_SIZE_T_FMT " %s",
                                      sizeof(glue_metrics_t), metrics_fields);
    glue_metrics_t *metrics =
        glue_shared_create(server, "mod_mobilesync metrics", layout, sizeof(glue_metrics_t));

    if (!metrics)
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                     "mobilesync: no shared memory: there will be no metrics");
    return metrics;
}

/* -- children --------------------------------------------------------------- */

static int metrics_is_gone(pid_t pid)
{
    return kill(pid, 0) != 0 && errno == ESRCH;
}

glue_metrics_child_t *glue_metrics_child_init(glue_metrics_t *metrics)
{
    pid_t me = getpid();
    int i;

    for (i = 0; metrics && i < METRICS_CHILDREN; i++) {
        glue_metrics_child_t *child = &metrics->children[i];
        pid_t old = __atomic_load_n(&child->pid, __ATOMIC_ACQUIRE);

        if ((old && old != me && !metrics_is_gone(old)) ||
            !__atomic_compare_exchange_n(&child->pid, &old, me, 0, __ATOMIC_ACQ_REL,
                                         __ATOMIC_ACQUIRE))
            continue;
        memset(child->open, 0, sizeof child->open);
        memset(child->waiting, 0, sizeof child->waiting);
        return child;
    }
    return NULL;
}

void glue_metrics_child_gone(glue_metrics_t *metrics, pid_t pid)
{
    int i;

    for (i = 0; metrics && pid > 0 && i < METRICS_CHILDREN; i++)
        if (__atomic_load_n(&metrics->children[i].pid, __ATOMIC_ACQUIRE) == pid)
            __atomic_store_n(&metrics->children[i].pid, 0, __ATOMIC_RELEASE);
}

static void metrics_open(const server_rec *server, const cmd_exchange_t *exchange, int difference)
{
    glue_metrics_child_t *child = glue_config_get(server)->metrics_child;

    if (child)
        __atomic_fetch_add(&child->open[exchange->request->command], difference, __ATOMIC_RELAXED);
}

apr_uint64_t glue_metrics_sum(const glue_metrics_t *metrics, size_t offset)
{
    apr_int64_t sum = 0;
    int i;

    for (i = 0; i < METRICS_CHILDREN; i++) {
        const glue_metrics_child_t *child = &metrics->children[i];
        pid_t pid = __atomic_load_n(&child->pid, __ATOMIC_ACQUIRE);

        if (pid && !metrics_is_gone(pid))
            sum += __atomic_load_n((const apr_int64_t *)((const char *)child + offset),
                                   __ATOMIC_RELAXED);
    }
    return sum > 0 ? (apr_uint64_t)sum : 0;
}

/* -- counting --------------------------------------------------------------- */

void glue_metrics_begin(request_rec *r, const cmd_exchange_t *exchange)
{
    metrics_open(r->server, exchange, 1);
}

static void metrics_duration(metrics_durations_t *durations, const int *bounds,
                             apr_interval_time_t duration)
{
    int i;

    for (i = 0; i < METRICS_BOUNDS; i++)
        if (duration <= bounds[i]) {
            metrics_add(&durations->counts[i], 1);
            break;
        }
    metrics_add(&durations->count, 1);
    metrics_add(&durations->microseconds, (apr_uint64_t)duration);
}

static void metrics_folder(glue_metrics_t *metrics, const cmd_report_folder_t *folder)
{
    metrics_add(&metrics->replayed, (apr_uint64_t)folder->replayed);
    metrics_add(&metrics->started, folder->key && strcmp(folder->key, "0") == 0);
    metrics_add(&metrics->refused, folder->status == METRICS_SYNC_KEY_STATUS);
    metrics_add(&metrics->quarantined, (apr_uint64_t)folder->quarantined);
    metrics_add(&metrics->adds, (apr_uint64_t)folder->adds);
    metrics_add(&metrics->changes, (apr_uint64_t)folder->changes);
    metrics_add(&metrics->deletes, (apr_uint64_t)folder->deletes);
    metrics_add(&metrics->client_adds, (apr_uint64_t)folder->client_adds);
    metrics_add(&metrics->client_changes, (apr_uint64_t)folder->client_changes);
    metrics_add(&metrics->client_deletes, (apr_uint64_t)folder->client_deletes);
}

void glue_metrics_end(request_rec *r, const cmd_exchange_t *exchange)
{
    glue_metrics_t *metrics = glue_config_get(r->server)->metrics;
    const cmd_report_t *report = &exchange->report;
    int command = exchange->request->command, status = report->status, i;

    if (!metrics)
        return;
    metrics_open(r->server, exchange, -1);
    status = status < 0 || status >= METRICS_STATUSES ? METRICS_STATUSES - 1 : status;
    metrics_add(&metrics->requests[command][status], 1);
    if (report->fault == BASE_FAULT_SUSPENDED)
        metrics_add(&metrics->suspended, 1);
    else
        metrics_add(&metrics->unavailable, r->status == HTTP_SERVICE_UNAVAILABLE);
    metrics_add(&metrics->hung_up, r->connection->aborted != 0);
    metrics_add(&metrics->bytes_in, (apr_uint64_t)r->read_length);
    metrics_add(&metrics->bytes_out, (apr_uint64_t)r->bytes_sent);
    metrics_add(&metrics->refused,
                command == EAS_COMMAND_FolderSync && status == METRICS_FOLDER_SYNC_KEY_STATUS);
    if (!report->waited)
        metrics_duration(&metrics->durations[command], glue_metrics_bounds,
                         apr_time_now() - r->request_time);
    for (i = 0; report->folders && i < report->folders->nelts; i++)
        metrics_folder(metrics, APR_ARRAY_IDX(report->folders, i, const cmd_report_folder_t *));
}

void glue_metrics_autodiscover(const server_rec *server, cmd_autodiscover_result_t result)
{
    glue_metrics_t *metrics = glue_config_get(server)->metrics;

    if (!metrics)
        return;
    metrics_add(&metrics->autodiscover_told, result == CMD_AUTODISCOVER_TOLD);
    metrics_add(&metrics->autodiscover_redirected, result == CMD_AUTODISCOVER_REDIRECTED);
    metrics_add(&metrics->autodiscover_refused, result == CMD_AUTODISCOVER_REFUSED);
}

void glue_metrics_limit(const server_rec *server, glue_limit_t limit)
{
    glue_metrics_t *metrics = glue_config_get(server)->metrics;

    if (!metrics)
        return;
    metrics_add(&metrics->throttled_devices, limit == GLUE_LIMIT_DEVICE);
    metrics_add(&metrics->throttled_addresses, limit == GLUE_LIMIT_ADDRESS);
    metrics_add(&metrics->throttled_logins, limit == GLUE_LIMIT_LOGIN);
    metrics_add(&metrics->failed_logins, limit == GLUE_LIMIT_FAILED_LOGIN);
    metrics_add(&metrics->repeated_logins, limit == GLUE_LIMIT_REPEATED_LOGIN);
}

void glue_metrics_redis(void *baton, const redis_trip_t *trip)
{
    glue_metrics_t *metrics = baton;

    if (trip->duration)
        metrics_duration(&metrics->redis, glue_metrics_redis_bounds, trip->duration);
    metrics_add(&metrics->redis_errors, (apr_uint64_t)trip->failed);
    metrics_add(&metrics->redis_bytes, trip->sent);
}

/* -- waiting ---------------------------------------------------------------- */

void glue_metrics_wait(const server_rec *server, glue_wait_t how, int difference)
{
    const glue_config_t *config = glue_config_get(server);

    if (config->metrics_child)
        __atomic_fetch_add(&config->metrics_child->waiting[how], difference, __ATOMIC_RELAXED);
    if (config->metrics && how == GLUE_WAIT_BLOCKED && difference > 0)
        metrics_add(&config->metrics->fallbacks, 1);
}

void glue_metrics_wake(const server_rec *server, wake_reason_t reason)
{
    glue_metrics_t *metrics = glue_config_get(server)->metrics;

    if (!metrics)
        return;
    switch (reason) {
    case WAKE_REASON_CHANGED:
    case WAKE_REASON_RIPE:
    case WAKE_REASON_RESET:
        metrics_add(&metrics->wakeups, 1);
        break;
    case WAKE_REASON_EXPIRED:
        metrics_add(&metrics->heartbeats, 1);
        break;
    case WAKE_REASON_SUPERSEDED:
        metrics_add(&metrics->superseded, 1);
        break;
    case WAKE_REASON_STOPPING:
        metrics_add(&metrics->stopped, 1);
        break;
    case WAKE_REASON_NONE:
        break;
    }
}

void glue_metrics_hang_up(const server_rec *server)
{
    glue_metrics_t *metrics = glue_config_get(server)->metrics;

    if (metrics)
        metrics_add(&metrics->hang_ups, 1);
}

void glue_metrics_close(const server_rec *server)
{
    glue_metrics_t *metrics = glue_config_get(server)->metrics;

    if (metrics)
        metrics_add(&metrics->closed, 1);
}

apr_uint64_t *glue_metrics_reconnects(glue_metrics_t *metrics)
{
    return metrics ? &metrics->reconnects : NULL;
}

/* The first Sync that asks for the changes of a folder after a Ping called it changed has to bring
 * some, or to begin anew. A message that came and was taken away again meanwhile counts as well. */
static void metrics_settle(glue_metrics_t *metrics, request_rec *r, const cmd_exchange_t *exchange,
                           const cmd_report_folder_t *folder)
{
    int begins = folder->key && strcmp(folder->key, "0") == 0;

    if (folder->status == 1 && (folder->asked || begins) &&
        glue_told_take(&metrics->told, exchange->account, exchange->request->device_id,
                       folder->folder ? folder->folder : WAKE_FOLDER_HIERARCHY, r->request_time,
                       r->pool) &&
        !begins && !folder->more &&
        !(folder->adds + folder->changes + folder->deletes + folder->quarantined)) {
        metrics_add(&metrics->false_wakeups, 1);
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                      "%s, device %s: a Ping said that %s had changed, and there was nothing",
                      exchange->account, exchange->request->device_id,
                      folder->folder ? folder->folder : "the hierarchy");
    }
}

void glue_metrics_answer(request_rec *r, const cmd_exchange_t *exchange)
{
    glue_metrics_t *metrics = glue_config_get(r->server)->metrics;
    const cmd_report_t *report = &exchange->report;
    int i;

    if (!metrics || exchange->http_status != HTTP_OK)
        return;
    for (i = 0; report->told && i < report->told->nelts; i++)
        glue_told_put(&metrics->told, exchange->account, exchange->request->device_id,
                      APR_ARRAY_IDX(report->told, i, const char *), apr_time_now(), r->pool);
    for (i = 0; report->folders && i < report->folders->nelts; i++)
        metrics_settle(metrics, r, exchange,
                       APR_ARRAY_IDX(report->folders, i, const cmd_report_folder_t *));
}

void glue_metrics_waiting(const glue_metrics_t *metrics,
                          void (*figure)(void *baton, const char *key, const char *help,
                                         apr_uint64_t value),
                          void *baton)
{
    static const size_t waiting = offsetof(glue_metrics_child_t, waiting);

    figure(baton, "Parked", "Requests that wait without a thread",
           glue_metrics_sum(metrics, waiting + GLUE_WAIT_PARKED * sizeof(apr_int64_t)));
    figure(baton, "Blocked", "Requests that wait and hold a thread",
           glue_metrics_sum(metrics, waiting + GLUE_WAIT_BLOCKED * sizeof(apr_int64_t)));
#define METRIC(field, name, help)
#define METRIC_WAIT(field, name, key, help) \
    figure(baton, key, help, glue_metrics_get(&metrics->field));
#include "glue/metrics.tbl"
#undef METRIC
#undef METRIC_WAIT
}
