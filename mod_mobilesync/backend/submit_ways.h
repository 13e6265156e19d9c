/* The two ways of submit.h. */
#ifndef BACKEND_SUBMIT_WAYS_H
#define BACKEND_SUBMIT_WAYS_H

#include "backend/submit.h"

struct backend_submit {
    char **arguments; /* of the program, NULL-terminated; NULL: SMTP */
    /* SMTP; the URL has no user and password */
    const char *url;
    const char *user;
    const char *password;
    int secure;              /* smtps: TLS from the first byte */
    int on_host;             /* the server is this host itself */
    const char *authorities; /* PEM file, NULL = the system's */
    const char *directory;
    apr_interval_time_t timeout;
};

base_fault_t *backend_submit_program(const backend_submit_t *submit, const char *sender,
                                     const apr_array_header_t *recipients,
                                     const backend_blob_t *message, apr_pool_t *pool);

/* Checks the URL and sets url, user, password, secure and on_host. */
base_fault_t *backend_submit_smtp_configure(backend_submit_t *submit, const char *url,
                                            apr_pool_t *pool);
base_fault_t *backend_submit_smtp(const backend_submit_t *submit, const char *sender,
                                  const apr_array_header_t *recipients,
                                  const backend_blob_t *message, apr_pool_t *pool);

/* Reads on from where the last call ended; *length = 0 at the end. The zero position is the
 * start. */
typedef struct {
    const backend_blob_t *blob;
    apr_uint64_t position;
} backend_submit_reader_t;

base_fault_t *backend_submit_read(backend_submit_reader_t *reader, char *buffer, apr_size_t *length,
                                  apr_pool_t *pool);

#endif
