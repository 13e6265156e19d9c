/* What holds abuse back: see limits.c. */
#ifndef GLUE_LIMITS_H
#define GLUE_LIMITS_H

#include "glue/glue.h"

#include "admin/throttle.h"

/* In post_config: what an earlier generation began goes on. NULL where there is no shared memory
 * (logged): nothing is held back then. */
glue_limits_t *glue_limits_create(server_rec *server);

/* check_access hook: requests for phones, by their source. */
int glue_limits_check_access(request_rec *r);
/* In the check_authn hook, before the providers: DECLINED, or what refuses a login that need not be
 * tried. account: as the providers will see it. */
int glue_limits_check_login(request_rec *r, const char *account, const char *password);
/* check_authz hook: whoever comes here has logged in. Always DECLINED. */
int glue_limits_login_passed(request_rec *r);
/* insert_error_filter and log_transaction hooks: a login that did not pass has failed. */
void glue_limits_login_failed(request_rec *r);
int glue_limits_log(request_rec *r);
/* A request of a device: OK, or what refuses it. */
int glue_limits_check_device(request_rec *r, const char *account, const char *device);

/* How many buckets of each kind are listed at this moment. */
void glue_limits_count(glue_limits_t *limits, apr_time_t now, unsigned counts[GLUE_BUCKET_COUNT_]);

/* For the administration; NULL: nothing is held back here. */
const admin_throttles_t *glue_limits_throttles(const glue_config_t *config, apr_pool_t *pool);

#endif
