#include "item/certificate.h"

#include <string.h>
#include <apr_base64.h>
#include <apr_file_info.h>
#include <apr_lib.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#define CERTIFICATE_DEPTH_MAX 10
#define CERTIFICATE_SIZE_MAX (64 * 1024) /* of its base64 */

struct item_trust {
    X509_STORE *store;
    STACK_OF(X509) * chain; /* not trusted */
    apr_time_t now;
    int strict;
    apr_pool_t *pool;
};

static apr_status_t trust_free(void *data)
{
    item_trust_t *trust = data;

    X509_STORE_free(trust->store);
    sk_X509_pop_free(trust->chain, X509_free);
    return APR_SUCCESS;
}

/* OpenSSL's word on what went wrong, which it keeps for the thread. */
static base_fault_t *trust_fault(const char *path, apr_pool_t *pool)
{
    char reason[256] = "";

    ERR_error_string_n(ERR_get_error(), reason, sizeof reason);
    ERR_clear_error();
    return base_fault_make(pool, BASE_FAULT_INVALID, "%s: %s", path, reason);
}

static base_fault_t *trust_load_authorities(item_trust_t *trust, const char *path)
{
    apr_finfo_t info = {0};

    if (!path)
        return X509_STORE_set_default_paths(trust->store)
                   ? NULL
                   : trust_fault("authorities of the system", trust->pool);
    if (apr_stat(&info, path, APR_FINFO_TYPE, trust->pool) == APR_SUCCESS &&
        info.filetype == APR_DIR)
        return X509_STORE_load_path(trust->store, path) ? NULL : trust_fault(path, trust->pool);
    return X509_STORE_load_file(trust->store, path) ? NULL : trust_fault(path, trust->pool);
}

static base_fault_t *trust_load_revocations(item_trust_t *trust, const char *path)
{
    X509_LOOKUP *lookup = X509_STORE_add_lookup(trust->store, X509_LOOKUP_file());

    return lookup && X509_load_crl_file(lookup, path, X509_FILETYPE_PEM) > 0
               ? NULL
               : trust_fault(path, trust->pool);
}

base_fault_t *item_trust_make(const char *authorities, const char *revocations, apr_time_t now,
                              int strict, item_trust_t **trust, apr_pool_t *pool)
{
    item_trust_t *made = apr_pcalloc(pool, sizeof *made);

    made->store = X509_STORE_new();
    made->chain = sk_X509_new_null();
    apr_pool_cleanup_register(pool, made, trust_free, apr_pool_cleanup_null);
    if (!made->store || !made->chain)
        return base_fault_make(pool, BASE_FAULT_INTERNAL, "OpenSSL: no memory");
    made->now = now;
    made->strict = strict;
    made->pool = pool;
    BASE_TRY(trust_load_authorities(made, authorities));
    if (revocations)
        BASE_TRY(trust_load_revocations(made, revocations));
    *trust = made;
    return NULL;
}

/* NULL when it is no certificate. The caller frees it. */
static X509 *certificate_read(const char *base64, apr_size_t length, apr_pool_t *pool)
{
    char *text = apr_palloc(pool, length + 1), *q = text;
    const unsigned char *p, *end;
    X509 *certificate = NULL;
    unsigned char *der;
    apr_size_t i;

    if (length > CERTIFICATE_SIZE_MAX)
        return NULL;
    for (i = 0; i < length; i++)
        if (!apr_isspace(base64[i]))
            *q++ = base64[i];
    *q = '\0';
    /* APR's decoder takes the first byte that is none for the end */
    q = text + strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
    if (q[strspn(q, "=")])
        return NULL;
    der = apr_palloc(pool, (apr_size_t)apr_base64_decode_len(text) + 1);
    p = der;
    end = der + apr_base64_decode_binary(der, text);
    if (end > p)
        certificate = d2i_X509(NULL, &p, end - p);
    ERR_clear_error();
    if (certificate && p != end) { /* something behind it */
        X509_free(certificate);
        certificate = NULL;
    }
    return certificate;
}

int item_trust_add(item_trust_t *trust, const char *base64, apr_size_t length)
{
    X509 *certificate = certificate_read(base64, length, trust->pool);

    if (certificate && sk_X509_push(trust->chain, certificate) > 0)
        return 1;
    X509_free(certificate);
    return 0;
}

/* -- the verdict ------------------------------------------------------------------------------- */

/* What cannot be verified is ignored unless the client insists (MS-ASCMD R893, R895). */
static int certificate_check(int ok, X509_STORE_CTX *context)
{
    const item_trust_t *trust = X509_STORE_CTX_get_app_data(context);
    int error = X509_STORE_CTX_get_error(context);

    if (ok || trust->strict)
        return ok;
    return error == X509_V_ERR_UNABLE_TO_GET_CRL || error == X509_V_ERR_CRL_HAS_EXPIRED ||
           error == X509_V_ERR_CRL_NOT_YET_VALID || error == X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER ||
           error == X509_V_ERR_DIFFERENT_CRL_SCOPE;
}

static const struct {
    int error;
    item_certificate_verdict_t own, authority; /* by whose fault it is */
} certificate_verdicts[] = {
    {X509_V_ERR_CERT_SIGNATURE_FAILURE, ITEM_CERTIFICATE_SIGNATURE, ITEM_CERTIFICATE_SIGNATURE},
    {X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE, ITEM_CERTIFICATE_SIGNATURE,
     ITEM_CERTIFICATE_SIGNATURE},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, ITEM_CERTIFICATE_UNTRUSTED,
     ITEM_CERTIFICATE_UNTRUSTED},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, ITEM_CERTIFICATE_UNTRUSTED,
     ITEM_CERTIFICATE_UNTRUSTED},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, ITEM_CERTIFICATE_UNTRUSTED, ITEM_CERTIFICATE_UNTRUSTED},
    {X509_V_ERR_CERT_UNTRUSTED, ITEM_CERTIFICATE_UNTRUSTED, ITEM_CERTIFICATE_UNTRUSTED},
    {X509_V_ERR_CERT_REJECTED, ITEM_CERTIFICATE_UNTRUSTED, ITEM_CERTIFICATE_UNTRUSTED},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, ITEM_CERTIFICATE_CHAIN, ITEM_CERTIFICATE_CHAIN},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, ITEM_CERTIFICATE_CHAIN, ITEM_CERTIFICATE_CHAIN},
    {X509_V_ERR_CERT_CHAIN_TOO_LONG, ITEM_CERTIFICATE_CHAIN, ITEM_CERTIFICATE_CHAIN},
    {X509_V_ERR_SUBJECT_ISSUER_MISMATCH, ITEM_CERTIFICATE_CHAIN, ITEM_CERTIFICATE_CHAIN},
    {X509_V_ERR_AKID_SKID_MISMATCH, ITEM_CERTIFICATE_CHAIN, ITEM_CERTIFICATE_CHAIN},
    {X509_V_ERR_AKID_ISSUER_SERIAL_MISMATCH, ITEM_CERTIFICATE_CHAIN, ITEM_CERTIFICATE_CHAIN},
    {X509_V_ERR_INVALID_PURPOSE, ITEM_CERTIFICATE_PURPOSE, ITEM_CERTIFICATE_CHAIN_PURPOSE},
    {X509_V_ERR_CERT_HAS_EXPIRED, ITEM_CERTIFICATE_EXPIRED, ITEM_CERTIFICATE_CHAIN_EXPIRED},
    {X509_V_ERR_CERT_NOT_YET_VALID, ITEM_CERTIFICATE_EXPIRED, ITEM_CERTIFICATE_CHAIN_EXPIRED},
    {X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD, ITEM_CERTIFICATE_MALFORMED, ITEM_CERTIFICATE_CHAIN},
    {X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD, ITEM_CERTIFICATE_MALFORMED, ITEM_CERTIFICATE_CHAIN},
    {X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY, ITEM_CERTIFICATE_MALFORMED,
     ITEM_CERTIFICATE_CHAIN},
    {X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION, ITEM_CERTIFICATE_MALFORMED, ITEM_CERTIFICATE_CHAIN},
    {X509_V_ERR_INVALID_EXTENSION, ITEM_CERTIFICATE_MALFORMED, ITEM_CERTIFICATE_CHAIN},
    {X509_V_ERR_INVALID_CA, ITEM_CERTIFICATE_NO_AUTHORITY, ITEM_CERTIFICATE_NO_AUTHORITY},
    {X509_V_ERR_INVALID_NON_CA, ITEM_CERTIFICATE_NO_AUTHORITY, ITEM_CERTIFICATE_NO_AUTHORITY},
    {X509_V_ERR_PATH_LENGTH_EXCEEDED, ITEM_CERTIFICATE_NO_AUTHORITY, ITEM_CERTIFICATE_NO_AUTHORITY},
    {X509_V_ERR_KEYUSAGE_NO_CERTSIGN, ITEM_CERTIFICATE_NO_AUTHORITY, ITEM_CERTIFICATE_NO_AUTHORITY},
    {X509_V_ERR_CERT_REVOKED, ITEM_CERTIFICATE_REVOKED, ITEM_CERTIFICATE_CHAIN_REVOKED},
    {X509_V_ERR_CRL_HAS_EXPIRED, ITEM_CERTIFICATE_REVOCATION_OLD, ITEM_CERTIFICATE_REVOCATION_OLD},
    {X509_V_ERR_CRL_NOT_YET_VALID, ITEM_CERTIFICATE_REVOCATION_OLD,
     ITEM_CERTIFICATE_REVOCATION_OLD},
    {X509_V_ERR_UNABLE_TO_GET_CRL, ITEM_CERTIFICATE_REVOCATION_UNKNOWN,
     ITEM_CERTIFICATE_REVOCATION_UNKNOWN},
    {X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER, ITEM_CERTIFICATE_REVOCATION_UNKNOWN,
     ITEM_CERTIFICATE_REVOCATION_UNKNOWN},
    {X509_V_ERR_DIFFERENT_CRL_SCOPE, ITEM_CERTIFICATE_REVOCATION_UNKNOWN,
     ITEM_CERTIFICATE_REVOCATION_UNKNOWN},
};

static item_certificate_verdict_t certificate_verdict(int error, int depth)
{
    size_t i;

    for (i = 0; i < sizeof certificate_verdicts / sizeof *certificate_verdicts; i++)
        if (certificate_verdicts[i].error == error)
            return depth ? certificate_verdicts[i].authority : certificate_verdicts[i].own;
    return ITEM_CERTIFICATE_OTHER;
}

static item_certificate_verdict_t certificate_verify(const item_trust_t *trust, X509 *certificate,
                                                     X509_STORE_CTX *context)
{
    X509_VERIFY_PARAM *parameters;
    int error;

    if (!X509_STORE_CTX_init(context, trust->store, certificate, trust->chain))
        return ITEM_CERTIFICATE_OTHER;
    parameters = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SMIME_SIGN);
    X509_VERIFY_PARAM_set_time(parameters, (time_t)apr_time_sec(trust->now));
    X509_VERIFY_PARAM_set_depth(parameters, CERTIFICATE_DEPTH_MAX);
    X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    X509_STORE_CTX_set_app_data(context, (void *)trust);
    X509_STORE_CTX_set_verify_cb(context, certificate_check);
    if (X509_verify_cert(context) == 1)
        return ITEM_CERTIFICATE_VALID;
    error = X509_STORE_CTX_get_error(context);
    return certificate_verdict(error, X509_STORE_CTX_get_error_depth(context));
}

item_certificate_verdict_t item_trust_judge(const item_trust_t *trust, const char *base64,
                                            apr_size_t length)
{
    item_certificate_verdict_t verdict = ITEM_CERTIFICATE_MALFORMED;
    X509 *certificate = certificate_read(base64, length, trust->pool);
    X509_STORE_CTX *context = certificate ? X509_STORE_CTX_new() : NULL;

    if (context)
        verdict = certificate_verify(trust, certificate, context);
    X509_STORE_CTX_free(context);
    X509_free(certificate);
    ERR_clear_error();
    return verdict;
}
