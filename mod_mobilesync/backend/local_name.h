/* Names in the local store: messages (base name and info), folders (modified UTF-7). */
#ifndef BACKEND_LOCAL_NAME_H
#define BACKEND_LOCAL_NAME_H

#include "backend/backend.h"

/* What a message's file name says: BASE[:2,INFO]. */
typedef struct {
    apr_size_t base_length;
    const char *info;   /* letters after ":2,", "" when there are none */
    apr_uint64_t token; /* flags, and the revision (",MR=...") */
    int trashed;
} local_name_t;

void local_name_parse(const char *name, local_name_t *parsed);

/* The name with the token's letters; other letters stay, sorted. */
const char *local_name_with_token(const char *name, apr_uint64_t token, apr_pool_t *pool);

/* The derived name in a base name (",MS=..."), NULL when it has none. */
const char *local_name_derived(const char *name, apr_pool_t *pool);
/* A base name that has none with that revision. */
const char *local_name_with_revision(const char *base, apr_uint64_t revision, apr_pool_t *pool);
/* The name with that derived name in place of any that it has. */
const char *local_name_with_derived(const char *name, const char *derived, apr_pool_t *pool);

/* A new unique base name (https://cr.yp.to/proto/maildir.html). */
const char *local_name_make(const char *host, apr_pool_t *pool);
/* The base name with the sizes as Maildir++ and Dovecot have them: of the file (",S=") and of the
 * message on the wire (",W="). */
const char *local_name_with_sizes(const char *base, apr_uint64_t size, apr_uint64_t wire_size,
                                  apr_pool_t *pool);
/* What follows the unique base name: fields like these, and flags. */
const char *local_name_rest(const char *name);

/* The host's name with '/', ':' and ',' escaped. */
const char *local_name_host(apr_pool_t *pool);

/* One level of a folder's name to and from the disk. Decoding never fails: what is not modified
 * UTF-7 is UTF-8 that another program wrote, or has its bad bytes replaced. Dots and slashes are
 * encoded as Courier does it (RFC 3501 would not), since a dot separates levels. */
const char *local_name_encode_level(const char *name, apr_pool_t *pool);
const char *local_name_decode_level(const char *level, apr_pool_t *pool);

/* The role that a top-level folder of that display name has among all folders: lower ranks win.
 * -1 when it has none. */
int local_name_role(const char *name, const char *const *configured, backend_role_t *role);
/* What a missing folder of that role is called. */
const char *local_name_of_role(backend_role_t role, const char *const *configured);

#endif
