/* S/MIME certificates (RFC 8550, RFC 5280), verified by OpenSSL.
 *
 * A trust is made for each request, from files as they are then: such requests are rare, and
 * authorities and revocations are never out of date. Revocation lists are those that the
 * administrator keeps; none is fetched, since where they are is what the certificate says. */
#ifndef ITEM_CERTIFICATE_H
#define ITEM_CERTIFICATE_H

#include <apr_pools.h>
#include <apr_time.h>

#include "base/fault.h"

typedef enum {
    ITEM_CERTIFICATE_VALID,
    ITEM_CERTIFICATE_SIGNATURE,     /* a signature in the chain is wrong */
    ITEM_CERTIFICATE_UNTRUSTED,     /* the chain ends at somebody who is not trusted */
    ITEM_CERTIFICATE_CHAIN,         /* there is no chain */
    ITEM_CERTIFICATE_PURPOSE,       /* it is not for signing mail */
    ITEM_CERTIFICATE_EXPIRED,       /* or not valid yet */
    ITEM_CERTIFICATE_CHAIN_EXPIRED, /* the same of an authority */
    ITEM_CERTIFICATE_CHAIN_PURPOSE, /* an authority is not for certificates of mail */
    ITEM_CERTIFICATE_MALFORMED,
    ITEM_CERTIFICATE_NO_AUTHORITY, /* who signed is no authority, or not for chains that long */
    ITEM_CERTIFICATE_REVOKED,
    ITEM_CERTIFICATE_CHAIN_REVOKED,
    ITEM_CERTIFICATE_REVOCATION_OLD,     /* the revocation list is outdated */
    ITEM_CERTIFICATE_REVOCATION_UNKNOWN, /* there is none */
    ITEM_CERTIFICATE_OTHER
} item_certificate_verdict_t;

typedef struct item_trust item_trust_t;

/* authorities: a file of PEM certificates or a folder as openssl-rehash(1) makes it; NULL: those of the
 * system. revocations: a file of PEM revocation lists; NULL: none. strict: what cannot be verified of
 * a certificate's revocation counts against it. INVALID names the file. */
base_fault_t *item_trust_make(const char *authorities, const char *revocations, apr_time_t now,
                              int strict, item_trust_t **trust, apr_pool_t *pool);

/* A certificate (base64 of DER) that a chain may go through. 0: it is none. */
int item_trust_add(item_trust_t *trust, const char *base64, apr_size_t length);

item_certificate_verdict_t item_trust_judge(const item_trust_t *trust, const char *base64,
                                            apr_size_t length);

#endif
