/* What the files of glue/ share: the hooks of the module, one file for each concern. */
#ifndef GLUE_GLUE_H
#define GLUE_GLUE_H

#include "glue/config.h"

/* What SetHandler says for phones. */
#define GLUE_HANDLER "mobilesync"
#define GLUE_AUTODISCOVER_HANDLER "mobilesync-autodiscover"
/* And for administrators. */
#define GLUE_ADMIN_HANDLER "mobilesync-admin"

/* log.c: base_log_t that writes to httpd's error log. */
const base_log_t *glue_log_for_request(request_rec *r);
const base_log_t *glue_log_for_server(server_rec *server, apr_pool_t *pool);

/* accept.c: in child_init. The child goes on to accept connections. */
void glue_accept_child_init(apr_pool_t *pool, server_rec *main_server);

/* auth.c */
/* Is this request for a Location that mobilesync serves? Known before the handler phase. */
int glue_auth_is_ours(request_rec *r);
/* Is it one for our administration? */
int glue_auth_is_admin(request_rec *r);
/* check_authn hook, before the providers: puts the normalised account name into the
 * Authorization header. DECLINED, or what refuses a login that need not be tried. */
int glue_auth_check(request_rec *r);
/* "DOMAIN\user", "user", "User@Domain" -> the account's name. Control characters, a slash and
 * an empty name give NULL. */
const char *glue_auth_account(const char *login, const glue_config_t *config, apr_pool_t *pool);
/* AuthBasicProvider mobilesync */
void glue_auth_register(apr_pool_t *pool);

/* child.c: child_init hook: opens what a child needs, after the fork. */
void glue_child_init(apr_pool_t *pool, server_rec *main_server);
/* child_stopping hook: everybody who waits is woken. Must not block. */
void glue_child_stopping(apr_pool_t *pool, int graceful);
/* post_config: warnings on what Redis is configured to do with our data. */
void glue_child_probe_redis(server_rec *main_server, apr_pool_t *pool);

/* checks.c: warnings at start-up on limits that are too low for those who wait. */
void glue_checks_run(server_rec *main_server, apr_pool_t *pool);
/* MobileSyncWaitingMax, or what file descriptors, threads and AsyncRequestWorkerFactor allow. */
int glue_checks_waiting_max(const glue_config_t *config);

/* shared.c: in post_config: memory that the children share, kept over restarts as long as its layout
 * stays; new it is all 0. name: of a literal. NULL: there is none. */
void *glue_shared_create(server_rec *server, const char *name, const char *layout, apr_size_t size);

/* handler.c */
int glue_handler(request_rec *r);

/* body.c: reads and decodes the request's body. Faults: INVALID, TOO_LARGE, GONE.
 * No body at all gives NULL. */
base_fault_t *glue_body_read_wbxml(request_rec *r, const glue_config_t *config,
                                   const eas_node_t **body);
base_fault_t *glue_body_read_mime(request_rec *r, const glue_config_t *config,
                                  const backend_blob_t **blob);

/* Any body up to the limit, as it is; TOO_LARGE beyond. */
base_fault_t *glue_body_read_text(request_rec *r, apr_off_t limit, const char **data,
                                  apr_size_t *length);

/* admin.c: SetHandler mobilesync-admin */
int glue_admin_handler(request_rec *r);

/* autodiscover.c: SetHandler mobilesync-autodiscover */
int glue_autodiscover_handler(request_rec *r);

/* The exchange of a request that glue_kept_revive made. */
cmd_exchange_t *glue_handler_again(request_rec *r);

/* kept.c: what is kept of a request while it waits, in memory of its own. */
typedef struct glue_kept glue_kept_t;
glue_kept_t *glue_kept_make(const request_rec *r);
/* The request once more, but for its body and its input filters: nothing is to be read, and
 * ap_finalize_request_protocol would block. */
request_rec *glue_kept_revive(const glue_kept_t *kept, conn_rec *c);
void glue_kept_free(glue_kept_t *kept);

/* park.c: lets the request wait without a thread. Returns SUSPENDED, what a handler returns when
 * it had not to wait after all, or DECLINED where the server cannot do that. */
int glue_park(request_rec *r, cmd_exchange_t *exchange);
/* child_init, after everything that waiting requests use: those that still wait when the child ends
 * are logged. */
void glue_park_child_init(apr_pool_t *pool, server_rec *main_server);
/* Could a request that waits be parked here? */
int glue_park_offered(const request_rec *r);
/* A request of ours begins on the connection: it may be one that waits. */
void glue_park_begin(conn_rec *c);
int glue_park_process_connection(conn_rec *c);
void glue_park_suspend(conn_rec *c, request_rec *r);
void glue_park_resume(conn_rec *c, request_rec *r);

/* recorder.c: the flight recorder */
/* The exchange is to be recorded when its request is logged. */
void glue_recorder_attach(request_rec *r, cmd_exchange_t *exchange);
/* log_transaction hook: the response is out, nobody waits for this. */
int glue_recorder_log(request_rec *r);

/* status.c: mod_status */
void glue_status_register(void);

/* trace.c: nothing, unless the device is traced. */
void glue_trace_request(request_rec *r, const cmd_exchange_t *exchange);
void glue_trace_response(request_rec *r, const cmd_exchange_t *exchange);

/* wait.c: waits until exchange->wait.waiter is woken or the client hangs up, then answers. */
int glue_wait(request_rec *r, cmd_exchange_t *exchange);
/* Nobody gets an answer: notes why, for the logs. outcome is not copied. */
void glue_wait_abandon(request_rec *r, cmd_exchange_t *exchange, const char *outcome);

/* send.c: the exchange's answer. Returns what a handler returns. */
int glue_send(request_rec *r, cmd_exchange_t *exchange);

#endif
