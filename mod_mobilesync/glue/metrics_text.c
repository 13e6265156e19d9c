/* The counters in Prometheus text format. */
#include "glue/limits.h"
#include "glue/metrics_impl.h"

#include <stddef.h>
#include <string.h>

#include "apr_strings.h"

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
            apr_uint64_t count = glue_metrics_get(&metrics->requests[command][status]);

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

/* label: "command=\"Sync\"," or "". */
static void metrics_write_histogram(base_text_buffer_t *out, const char *name, const char *label,
                                    const metrics_durations_t *durations, const int *bounds)
{
    apr_uint64_t count = glue_metrics_get(&durations->count), sum = 0;
    size_t bare = strlen(label) - (*label != '\0'); /* without the comma */
    const char *braces = *label ? apr_psprintf(out->pool, "{%.*s}", (int)bare, label) : "";
    int i;

    for (i = 0; i < METRICS_BOUNDS; i++) {
        sum += glue_metrics_get(&durations->counts[i]);
        base_text_buffer_printf(out, "%s_bucket{%sle=\"%g\"} %" APR_UINT64_T_FMT "\n", name, label,
                                bounds[i] / 1e6, sum);
    }
    count = count < sum ? sum : count; /* another child counts while this one reads */
    base_text_buffer_printf(out,
                            "%s_bucket{%sle=\"+Inf\"} %" APR_UINT64_T_FMT
                            "\n%s_sum%s %.6f\n%s_count%s %" APR_UINT64_T_FMT "\n",
                            name, label, count, name, braces,
                            (double)glue_metrics_get(&durations->microseconds) / 1e6, name, braces,
                            count);
}

static void metrics_write_durations(const glue_metrics_t *metrics, base_text_buffer_t *out)
{
    static const char name[] = "mobilesync_request_duration_seconds";
    static const char redis[] = "mobilesync_redis_duration_seconds";
    int command;

    metrics_head(out, name, "histogram", "Duration of requests that do not wait for changes");
    for (command = 1; command < EAS_COMMAND_COUNT_; command++)
        if (glue_metrics_get(&metrics->durations[command].count))
            metrics_write_histogram(out, name,
                                    apr_psprintf(out->pool, "command=\"%s\",",
                                                 eas_command_name((eas_command_t)command)),
                                    &metrics->durations[command], glue_metrics_bounds);
    metrics_head(out, redis, "histogram", "Duration of round trips to Redis");
    metrics_write_histogram(out, redis, "", &metrics->redis, glue_metrics_redis_bounds);
}

static void metrics_write_open(const glue_metrics_t *metrics, base_text_buffer_t *out)
{
    static const char name[] = "mobilesync_requests_open";
    int command;

    metrics_head(out, name, "gauge",
                 "Requests not answered yet by command: Pings are the waiting devices");
    for (command = 1; command < EAS_COMMAND_COUNT_; command++)
        base_text_buffer_printf(out, "%s{command=\"%s\"} %" APR_UINT64_T_FMT "\n", name,
                                eas_command_name((eas_command_t)command),
                                glue_metrics_sum(metrics, offsetof(glue_metrics_child_t, open) +
                                                              command * sizeof(apr_int64_t)));
}

static void metrics_write_waiting(const glue_metrics_t *metrics, base_text_buffer_t *out)
{
    static const char name[] = "mobilesync_waiting";
    static const char *const how[GLUE_WAIT_COUNT_] = {
        [GLUE_WAIT_PARKED] = "parked", [GLUE_WAIT_BLOCKED] = "thread"};
    int i;

    metrics_head(out, name, "gauge", "Requests that wait for changes: parked, or holding a thread");
    for (i = 0; i < GLUE_WAIT_COUNT_; i++)
        base_text_buffer_printf(out, "%s{how=\"%s\"} %" APR_UINT64_T_FMT "\n", name, how[i],
                                glue_metrics_sum(metrics, offsetof(glue_metrics_child_t, waiting) +
                                                              i * sizeof(apr_int64_t)));
}

static void metrics_write_throttled(glue_limits_t *limits, base_text_buffer_t *out)
{
    static const char name[] = "mobilesync_throttled";
    static const char *const what[GLUE_BUCKET_COUNT_] = {
        [GLUE_BUCKET_DEVICE_REQUESTS] = "what=\"requests\",of=\"device\"",
        [GLUE_BUCKET_ADDRESS_REQUESTS] = "what=\"requests\",of=\"address\"",
        [GLUE_BUCKET_ADDRESS_LOGINS] = "what=\"logins\",of=\"address\"",
        [GLUE_BUCKET_ACCOUNT_LOGINS] = "what=\"logins\",of=\"account\""};
    unsigned counts[GLUE_BUCKET_COUNT_];
    int i;

    if (!limits)
        return;
    glue_limits_count(limits, apr_time_now(), counts);
    metrics_head(out, name, "gauge", "Devices, addresses and accounts that reached a limit");
    for (i = 0; i < GLUE_BUCKET_COUNT_; i++)
        base_text_buffer_printf(out, "%s{%s} %u\n", name, what[i], counts[i]);
}

/* Asked for with each scrape; left out while Redis is down. */
static void metrics_write_dataset(redis_pool_t *redis, base_text_buffer_t *out)
{
    static const char name[] = "mobilesync_redis_dataset_bytes";
    apr_uint64_t bytes;

    if (!redis || redis_dataset_bytes(redis, &bytes, out->pool))
        return;
    metrics_head(out, name, "gauge",
                 "Memory of the data in Redis: the states, where nothing else is kept there");
    base_text_buffer_printf(out, "%s %" APR_UINT64_T_FMT "\n", name, bytes);
}

void glue_metrics_write(void *baton, base_text_buffer_t *out)
{
    const glue_config_t *config = baton;
    const glue_metrics_t *metrics = config->metrics;

    metrics_write_requests(metrics, out);
    metrics_write_durations(metrics, out);
    metrics_write_open(metrics, out);
    metrics_write_waiting(metrics, out);
    metrics_write_throttled(config->limits, out);
    metrics_write_dataset(config->redis, out);
#define METRIC(field, name, help)                                 \
    metrics_head(out, name, "counter", help);                     \
    base_text_buffer_printf(out, name " %" APR_UINT64_T_FMT "\n", \
                            glue_metrics_get(&metrics->field));
#define METRIC_WAIT(field, name, key, help) METRIC(field, name, help)
#include "glue/metrics.tbl"
#undef METRIC
#undef METRIC_WAIT
}
