/* The counters themselves, shared by metrics.c, which counts, and metrics_text.c, which writes. */
#ifndef GLUE_METRICS_IMPL_H
#define GLUE_METRICS_IMPL_H

#include "glue/metrics.h"

#include "glue/told.h"

#define METRICS_STATUSES 256 /* Status 1-254; 0: none, 255: any other */
#define METRICS_CHILDREN 512

#define METRICS_BOUNDS 13

/* Upper bounds of durations, microseconds: of requests, and of round trips to Redis. */
extern const int glue_metrics_bounds[METRICS_BOUNDS];
extern const int glue_metrics_redis_bounds[METRICS_BOUNDS];

typedef struct {
    apr_uint64_t counts[METRICS_BOUNDS];
    apr_uint64_t count;
    apr_uint64_t microseconds;
} metrics_durations_t;

struct glue_metrics_child {
    pid_t pid; /* 0: free */
    apr_int64_t open[EAS_COMMAND_COUNT_];
    apr_int64_t waiting[GLUE_WAIT_COUNT_];
};

struct glue_metrics {
    apr_uint64_t requests[EAS_COMMAND_COUNT_][METRICS_STATUSES];
    metrics_durations_t durations[EAS_COMMAND_COUNT_];
    metrics_durations_t redis;
#define METRIC(field, name, help) apr_uint64_t field;
#define METRIC_WAIT(field, name, key, help) apr_uint64_t field;
#include "glue/metrics.tbl"
#undef METRIC
#undef METRIC_WAIT
    glue_metrics_child_t children[METRICS_CHILDREN];
    glue_told_t told;
};

apr_uint64_t glue_metrics_get(const apr_uint64_t *counter);
/* The sum of a number over all children that live. offset: of the number in a slot. */
apr_uint64_t glue_metrics_sum(const glue_metrics_t *metrics, size_t offset);

#endif
