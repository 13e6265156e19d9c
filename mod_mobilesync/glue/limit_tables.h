/* The tables of the limits in memory that processes share, and their lock. */
#ifndef GLUE_LIMIT_TABLES_H
#define GLUE_LIMIT_TABLES_H

#include <pthread.h>

#include "glue/buckets.h"
#include "glue/credentials.h"

#define GLUE_LIMITS_KEY 32

struct glue_limits {
    int ready; /* glue_limits_init succeeded */
    pthread_mutex_t lock;
    unsigned char key[GLUE_LIMITS_KEY]; /* of the digests of credentials; of this start of httpd */
    glue_buckets_t buckets;
    glue_credentials_t credentials;
};
typedef struct glue_limits glue_limits_t;

/* Of memory that is all 0. */
apr_status_t glue_limits_init(glue_limits_t *limits);
/* A process that dies with the lock may leave a slot half written: then all is forgotten, and the
 * next one goes on. */
void glue_limits_lock(glue_limits_t *limits);
void glue_limits_unlock(glue_limits_t *limits);

#endif
