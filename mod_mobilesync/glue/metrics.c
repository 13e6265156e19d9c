/* Counters of all children, in memory that they share: made before the fork, it begins at 0 with
 * every restart, as Prometheus expects of a process. What is open in a child stands in a slot of
 * the child's own, so that a child that is killed takes it along. */
#include "glue/metrics.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "apr_atomic.h"
#include "apr_shm.h"
#include "apr_strings.h"
#include "http_log.h"

APLOG_USE_MODULE(mobilesync);

#define METRICS_STATUSES 256 /* Status 1-254; 0: none, 255: any other */
#define METRICS_CHILDREN 512
#define METRICS_SYNC_KEY_STATUS 3
#define METRICS_FOLDER_SYNC_KEY_STATUS 9

/* Upper bounds of durations, milliseconds. */
static const int metrics_bounds[] = {1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000};

#define METRICS_BOUNDS (int)(sizeof metrics_bounds / sizeof *metrics_bounds)

typedef struct {
    apr_uint64_t counts[sizeof metrics_bounds / sizeof *metrics_bounds];
    apr_uint64_t count;
    apr_uint64_t microseconds;
} metrics_durations_t;

typedef struct {
    pid_t pid; /* 0: free */
    apr_int64_t open[EAS_COMMAND_COUNT_];
} metrics_child_t;

struct glue_metrics {
    apr_uint64_t requests[EAS_COMMAND_COUNT_][METRICS_STATUSES];
    metrics_durations_t durations[EAS_COMMAND_COUNT_];
#define METRIC(field, name, help) apr_uint64_t field;
#include "glue/metrics.tbl"
#undef METRIC
    metrics_child_t children[METRICS_CHILDREN];
};

/* Relaxed: figures need no order among each other. */
static void metrics_add(apr_uint64_t *counter, apr_uint64_t number)
{
    if (number)
        __atomic_fetch_add(counter, number, __ATOMIC_RELAXED);
}

static apr_uint64_t metrics_get(const apr_uint64_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

glue_metrics_t *glue_metrics_create(apr_pool_t *pool, server_rec *server)
{
    apr_shm_t *shared;
    apr_status_t status = apr_shm_create(&shared, sizeof(glue_metrics_t), NULL, pool);

    if (status != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, status, server,
                     "mobilesync: no shared memory: there will be no metrics");
        return NULL;
    }
    return memset(apr_shm_baseaddr_get(shared), 0, sizeof(glue_metrics_t));
}

/* -- children --------------------------------------------------------------- */

static int metrics_is_gone(pid_t pid)
{
    return kill(pid, 0) != 0 && errno == ESRCH;
}

/* This child's slot, found or taken; NULL when there are too many children. */
static metrics_child_t *metrics_child(glue_metrics_t *metrics)
{
    pid_t me = getpid();
    int i;

    for (i = 0; i < METRICS_CHILDREN; i++)
        if (__atomic_load_n(&metrics->children[i].pid, __ATOMIC_ACQUIRE) == me)
            return &metrics->children[i];
    for (i = 0; i < METRICS_CHILDREN; i++) {
        metrics_child_t *child = &metrics->children[i];
        pid_t old = __atomic_load_n(&child->pid, __ATOMIC_ACQUIRE);

        if ((old && !metrics_is_gone(old)) ||
            !__atomic_compare_exchange_n(&child->pid, &old, me, 0, __ATOMIC_ACQ_REL,
                                         __ATOMIC_ACQUIRE))
            continue;
        memset(child->open, 0, sizeof child->open);
        return child;
    }
    return NULL;
}

void glue_metrics_child_init(glue_metrics_t *metrics)
{
    metrics_child_t *child = metrics ? metrics_child(metrics) : NULL;

    if (child) /* another child may have had this pid */
        memset(child->open, 0, sizeof child->open);
}

static void metrics_open(glue_metrics_t *metrics, const cmd_exchange_t *exchange, int difference)
{
    metrics_child_t *child = metrics_child(metrics);

    if (child)
        __atomic_fetch_add(&child->open[exchange->request->command], difference, __ATOMIC_RELAXED);
}

static apr_int64_t metrics_open_count(const glue_metrics_t *metrics, int command)
{
    apr_int64_t count = 0;
    int i;

    for (i = 0; i < METRICS_CHILDREN; i++) {
        pid_t pid = __atomic_load_n(&metrics->children[i].pid, __ATOMIC_ACQUIRE);

        if (pid && !metrics_is_gone(pid))
            count += __atomic_load_n(&metrics->children[i].open[command], __ATOMIC_RELAXED);
    }
    return count;
}

/* -- counting --------------------------------------------------------------- */

void glue_metrics_begin(request_rec *r, const cmd_exchange_t *exchange)
{
    glue_metrics_t *metrics = glue_config_get(r->server)->metrics;

    if (metrics)
        metrics_open(metrics, exchange, 1);
}

static void metrics_duration(metrics_durations_t *durations, apr_interval_time_t duration)
{
    int i;

    for (i = 0; i < METRICS_BOUNDS; i++)
        if (duration <= apr_time_from_msec(metrics_bounds[i])) {
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
    metrics_open(metrics, exchange, -1);
    status = status < 0 || status >= METRICS_STATUSES ? METRICS_STATUSES - 1 : status;
    metrics_add(&metrics->requests[command][status], 1);
    metrics_add(&metrics->unavailable, r->status == HTTP_SERVICE_UNAVAILABLE);
    metrics_add(&metrics->hung_up, r->connection->aborted != 0);
    metrics_add(&metrics->bytes_in, (apr_uint64_t)r->read_length);
    metrics_add(&metrics->bytes_out, (apr_uint64_t)r->bytes_sent);
    metrics_add(&metrics->refused,
                command == EAS_COMMAND_FolderSync && status == METRICS_FOLDER_SYNC_KEY_STATUS);
    if (!report->heartbeat) /* what waits says nothing of how fast the server is */
        metrics_duration(&metrics->durations[command], apr_time_now() - r->request_time);
    for (i = 0; report->folders && i < report->folders->nelts; i++)
        metrics_folder(metrics, APR_ARRAY_IDX(report->folders, i, const cmd_report_folder_t *));
}

/* -- Prometheus text format ------------------------------------------------- */

static void metrics_head(base_text_buffer_t *out, const char *name, const char *type,
                         const char *help)
{
    base_text_buffer_printf(out, "# HELP %s %s.\n# TYPE %s %s\n", name, help, name, type);
}

static void metrics_write_requests(const glue_metrics_t *metrics, base_text_buffer_t *out)
{
    static const char name[] = "mobilesync_requests_total";
    int command, status;

    metrics_head(out, name, "counter", "Requests by command and Status, empty where there is none");
    for (command = 1; command < EAS_COMMAND_COUNT_; command++)
        for (status = 0; status < METRICS_STATUSES; status++) {
            apr_uint64_t count = metrics_get(&metrics->requests[command][status]);

            if (!count)
                continue;
            base_text_buffer_printf(out, "%s{command=\"%s\",status=\"", name,
                                    eas_command_name((eas_command_t)command));
            if (status == METRICS_STATUSES - 1)
                base_text_buffer_puts(out, "other");
            else if (status)
                base_text_buffer_printf(out, "%d", status);
            base_text_buffer_printf(out, "\"} %" APR_UINT64_T_FMT "\n", count);
        }
}

static void metrics_write_durations(const glue_metrics_t *metrics, base_text_buffer_t *out)
{
    static const char name[] = "mobilesync_request_duration_seconds";
    int command, i;

    metrics_head(out, name, "histogram", "Duration of requests that do not wait for changes");
    for (command = 1; command < EAS_COMMAND_COUNT_; command++) {
        const metrics_durations_t *durations = &metrics->durations[command];
        const char *label = eas_command_name((eas_command_t)command);
        apr_uint64_t count = metrics_get(&durations->count), sum = 0;

        if (!count)
            continue;
        for (i = 0; i < METRICS_BOUNDS; i++) {
            sum += metrics_get(&durations->counts[i]);
            base_text_buffer_printf(out,
                                    "%s_bucket{command=\"%s\",le=\"%g\"} %" APR_UINT64_T_FMT "\n",
                                    name, label, metrics_bounds[i] / 1000.0, sum);
        }
        count = count < sum ? sum : count; /* another child counts while this one reads */
        base_text_buffer_printf(
            out,
            "%s_bucket{command=\"%s\",le=\"+Inf\"} %" APR_UINT64_T_FMT
            "\n%s_sum{command=\"%s\"} %.6f\n%s_count{command=\"%s\"} %" APR_UINT64_T_FMT "\n",
            name, label, count, name, label, (double)metrics_get(&durations->microseconds) / 1e6,
            name, label, count);
    }
}

static void metrics_write_open(const glue_metrics_t *metrics, base_text_buffer_t *out)
{
    static const char name[] = "mobilesync_requests_open";
    int command;

    metrics_head(out, name, "gauge",
                 "Requests not answered yet by command: Pings are the waiting devices");
    for (command = 1; command < EAS_COMMAND_COUNT_; command++)
        base_text_buffer_printf(out, "%s{command=\"%s\"} %" APR_INT64_T_FMT "\n", name,
                                eas_command_name((eas_command_t)command),
                                metrics_open_count(metrics, command));
}

void glue_metrics_write(void *baton, base_text_buffer_t *out)
{
    const glue_metrics_t *metrics = baton;

    metrics_write_requests(metrics, out);
    metrics_write_durations(metrics, out);
    metrics_write_open(metrics, out);
#define METRIC(field, name, help)             \
    metrics_head(out, name, "counter", help); \
    base_text_buffer_printf(out, name " %" APR_UINT64_T_FMT "\n", metrics_get(&metrics->field));
#include "glue/metrics.tbl"
#undef METRIC
}
