/* Which credentials were refused lately, and which were accepted: a table of fixed size that all
 * children share. It has keyed digests only, neither names nor passwords. Knows neither httpd nor a
 * clock; who calls holds the table's lock. */
#ifndef GLUE_CREDENTIALS_H
#define GLUE_CREDENTIALS_H

#include <apr_time.h>

#define GLUE_CREDENTIALS_SIZE 32768
#define GLUE_CREDENTIALS_WAYS 8
#define GLUE_CREDENTIALS_DIGEST 16

typedef enum {
    GLUE_CREDENTIALS_UNKNOWN,
    GLUE_CREDENTIALS_REFUSED,
    GLUE_CREDENTIALS_ACCEPTED
} glue_credentials_state_t;

typedef struct {
    unsigned char digest[GLUE_CREDENTIALS_DIGEST];
    apr_time_t when; /* refused until; accepted at. 0: free */
    glue_credentials_state_t state;
} glue_credential_t;

/* All 0: empty. */
typedef struct {
    glue_credential_t slots[GLUE_CREDENTIALS_SIZE];
} glue_credentials_t;

glue_credentials_state_t glue_credentials_find(const glue_credentials_t *credentials,
                                               const unsigned char *digest, apr_time_t now);
/* Those that are refused never push out accepted ones, however many they are: then they are not
 * kept. */
void glue_credentials_refuse(glue_credentials_t *credentials, const unsigned char *digest,
                             apr_time_t until, apr_time_t now);
void glue_credentials_accept(glue_credentials_t *credentials, const unsigned char *digest,
                             apr_time_t now);
/* Forgets all that are refused; returns how many were. */
int glue_credentials_release(glue_credentials_t *credentials, apr_time_t now);

#endif
