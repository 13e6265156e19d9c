/* Figures for monitoring: see metrics.c. */
#ifndef GLUE_METRICS_H
#define GLUE_METRICS_H

#include "glue/glue.h"

#include "base/text.h"

/* In post_config; ends with the pool. NULL where there is no shared memory (logged). */
glue_metrics_t *glue_metrics_create(apr_pool_t *pool, server_rec *server);
void glue_metrics_child_init(glue_metrics_t *metrics);

/* Each exchange, once each. */
void glue_metrics_begin(request_rec *r, const cmd_exchange_t *exchange);
void glue_metrics_end(request_rec *r, const cmd_exchange_t *exchange);

/* Prometheus text format 0.0.4. metrics is a glue_metrics_t. */
void glue_metrics_write(void *metrics, base_text_buffer_t *out);

#endif
