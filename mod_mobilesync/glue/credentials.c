#include "glue/credentials.h"

#include <string.h>

#define CREDENTIALS_SETS (GLUE_CREDENTIALS_SIZE / GLUE_CREDENTIALS_WAYS)

static glue_credential_t *credentials_set(const glue_credentials_t *credentials,
                                          const unsigned char *digest)
{
    apr_uint64_t number;

    memcpy(&number, digest, sizeof number);
    return (glue_credential_t *)&credentials
        ->slots[number % CREDENTIALS_SETS * GLUE_CREDENTIALS_WAYS];
}

static int credential_is(const glue_credential_t *credential, const unsigned char *digest)
{
    return credential->when && memcmp(credential->digest, digest, GLUE_CREDENTIALS_DIGEST) == 0;
}

/* What may be overwritten first: free or out of date, then refused, then accepted; the older first. */
static apr_int64_t credential_worth(const glue_credential_t *credential, apr_time_t now)
{
    if (!credential->when ||
        (credential->state == GLUE_CREDENTIALS_REFUSED && credential->when <= now))
        return -1;
    return credential->state == GLUE_CREDENTIALS_REFUSED ? credential->when - now
                                                         : credential->when + now;
}

static glue_credential_t *credentials_place(glue_credentials_t *credentials,
                                            const unsigned char *digest, apr_time_t now)
{
    glue_credential_t *set = credentials_set(credentials, digest), *place = set;
    int i;

    for (i = 0; i < GLUE_CREDENTIALS_WAYS; i++) {
        if (credential_is(&set[i], digest))
            return &set[i];
        if (credential_worth(&set[i], now) < credential_worth(place, now))
            place = &set[i];
    }
    return place;
}

glue_credentials_state_t glue_credentials_find(const glue_credentials_t *credentials,
                                               const unsigned char *digest, apr_time_t now)
{
    const glue_credential_t *set = credentials_set(credentials, digest);
    int i;

    for (i = 0; i < GLUE_CREDENTIALS_WAYS; i++)
        if (credential_is(&set[i], digest))
            return set[i].state == GLUE_CREDENTIALS_REFUSED && set[i].when <= now
                       ? GLUE_CREDENTIALS_UNKNOWN
                       : set[i].state;
    return GLUE_CREDENTIALS_UNKNOWN;
}

static void credential_set(glue_credential_t *credential, const unsigned char *digest,
                           apr_time_t when, glue_credentials_state_t state)
{
    memcpy(credential->digest, digest, GLUE_CREDENTIALS_DIGEST);
    credential->when = when;
    credential->state = state;
}

void glue_credentials_refuse(glue_credentials_t *credentials, const unsigned char *digest,
                             apr_time_t until, apr_time_t now)
{
    glue_credential_t *place = credentials_place(credentials, digest, now);

    if (!place->when || place->state == GLUE_CREDENTIALS_REFUSED || credential_is(place, digest))
        credential_set(place, digest, until, GLUE_CREDENTIALS_REFUSED);
}

void glue_credentials_accept(glue_credentials_t *credentials, const unsigned char *digest,
                             apr_time_t now)
{
    credential_set(credentials_place(credentials, digest, now), digest, now,
                   GLUE_CREDENTIALS_ACCEPTED);
}

int glue_credentials_release(glue_credentials_t *credentials, apr_time_t now)
{
    int i, count = 0;

    for (i = 0; i < GLUE_CREDENTIALS_SIZE; i++) {
        glue_credential_t *credential = &credentials->slots[i];

        if (!credential->when || credential->state != GLUE_CREDENTIALS_REFUSED)
            continue;
        count += credential->when > now;
        *credential = (glue_credential_t){.when = 0};
    }
    return count;
}
