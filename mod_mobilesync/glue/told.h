/* What Pings called changed and no Sync has taken since: to find false wake-ups. In memory that all
 * children share, of a fixed size; an entry may be lost to another one, none is ever made up. */
#ifndef GLUE_TOLD_H
#define GLUE_TOLD_H

#include <apr.h>
#include <apr_pools.h>
#include <apr_time.h>

#define GLUE_TOLD_SLOTS 65536

/* All 0: empty. */
typedef struct {
    apr_uint64_t slots[GLUE_TOLD_SLOTS];
} glue_told_t;

void glue_told_put(glue_told_t *told, const char *account, const char *device, const char *folder,
                   apr_time_t now, apr_pool_t *pool);

/* Was the folder called changed, before since? It is forgotten. */
int glue_told_take(glue_told_t *told, const char *account, const char *device, const char *folder,
                   apr_time_t since, apr_pool_t *pool);

#endif
