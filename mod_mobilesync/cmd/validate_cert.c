/* ValidateCert (MS-ASCMD 2.2.1.22): are certificates of signed mail to be trusted? */
#include "cmd/cmd.h"

#include "eas/status.h"
#include "item/certificate.h"

#define VALIDATE_CERTIFICATES_MAX 100 /* MS-ASCMD R5661 */

/* MS-ASCMD 2.2.3.177.18. 12, an address that is not the certificate's, cannot come: no address is
 * asked about. */
static int validate_status(item_certificate_verdict_t verdict)
{
    switch (verdict) {
    case ITEM_CERTIFICATE_VALID:
        return EAS_STATUS_SUCCESS;
    case ITEM_CERTIFICATE_SIGNATURE:
        return 3;
    case ITEM_CERTIFICATE_UNTRUSTED:
        return 4;
    case ITEM_CERTIFICATE_CHAIN:
        return 5;
    case ITEM_CERTIFICATE_PURPOSE:
        return 6;
    case ITEM_CERTIFICATE_EXPIRED:
        return 7;
    case ITEM_CERTIFICATE_CHAIN_EXPIRED:
        return 8;
    case ITEM_CERTIFICATE_CHAIN_PURPOSE:
        return 9;
    case ITEM_CERTIFICATE_MALFORMED:
        return 10;
    case ITEM_CERTIFICATE_NO_AUTHORITY:
        return 11;
    case ITEM_CERTIFICATE_REVOKED:
        return 13;
    case ITEM_CERTIFICATE_REVOCATION_OLD:
        return 14;
    case ITEM_CERTIFICATE_CHAIN_REVOKED:
        return 15;
    case ITEM_CERTIFICATE_REVOCATION_UNKNOWN:
        return 16;
    case ITEM_CERTIFICATE_OTHER:
        break;
    }
    return 17;
}

static base_fault_t *validate_invalid(const cmd_exchange_t *exchange, const char *what)
{
    return base_fault_make(exchange->pool, BASE_FAULT_INVALID, "%s", what);
}

/* The certificates of a list, NULL when there is no list. *count: how many. */
static base_fault_t *validate_list(const cmd_exchange_t *exchange, eas_tag_t tag,
                                   const eas_node_t **first)
{
    const eas_node_t *list = eas_node_child(exchange->body, tag), *node;
    int count = 0;

    *first = eas_node_child(list, EAS_ValidateCert_Certificate);
    if (list && eas_node_next(list))
        return validate_invalid(exchange, "a list of certificates is there twice");
    for (node = *first; node; node = eas_node_next(node))
        if (++count > VALIDATE_CERTIFICATES_MAX)
            return validate_invalid(exchange, "too many certificates");
    return NULL;
}

static base_fault_t *validate_chain(cmd_exchange_t *exchange, item_trust_t *trust,
                                    const eas_node_t *node)
{
    const char *base64;
    apr_size_t length;

    for (; node; node = eas_node_next(node)) {
        if (eas_node_content(node, &base64, &length, exchange->pool) != APR_SUCCESS)
            return base_fault_make(exchange->pool, BASE_FAULT_INTERNAL, "reading a certificate");
        item_trust_add(trust, base64, length); /* what is none leads nowhere */
    }
    return NULL;
}

static base_fault_t *validate_write(cmd_exchange_t *exchange, const item_trust_t *trust,
                                    const eas_node_t *node)
{
    eas_writer_t *writer = exchange->writer;
    const char *base64;
    apr_size_t length;

    eas_writer_start(writer, EAS_ValidateCert_ValidateCert);
    eas_writer_uint(writer, EAS_ValidateCert_Status, EAS_STATUS_SUCCESS);
    for (; node; node = eas_node_next(node)) {
        if (eas_node_content(node, &base64, &length, exchange->pool) != APR_SUCCESS)
            return base_fault_make(exchange->pool, BASE_FAULT_INTERNAL, "reading a certificate");
        eas_writer_start(writer, EAS_ValidateCert_Certificate);
        eas_writer_uint(writer, EAS_ValidateCert_Status,
                        (apr_uint64_t)validate_status(item_trust_judge(trust, base64, length)));
        eas_writer_end(writer);
    }
    eas_writer_end(writer);
    return NULL;
}

base_fault_t *cmd_validate_cert_run(cmd_exchange_t *exchange)
{
    int strict = eas_node_child_flag(exchange->body, EAS_ValidateCert_CheckCRL, 0);
    const eas_node_t *certificates, *chain;
    item_trust_t *trust;
    base_fault_t *fault;

    BASE_TRY(validate_list(exchange, EAS_ValidateCert_Certificates, &certificates));
    BASE_TRY(validate_list(exchange, EAS_ValidateCert_CertificateChain, &chain));
    if (!certificates)
        return validate_invalid(exchange, "there are no certificates");
    if (strict < 0)
        return validate_invalid(exchange, "CheckCRL is not valid");
    fault = item_trust_make(exchange->service->authorities, exchange->service->revocations,
                            exchange->now, strict, &trust, exchange->pool);
    if (fault) /* a file that the administrator named, not the client's mistake */
        return base_fault_make(exchange->pool, BASE_FAULT_INTERNAL, "%s", fault->message);
    BASE_TRY(validate_chain(exchange, trust, chain));
    BASE_TRY(validate_write(exchange, trust, certificates));
    exchange->report.status = EAS_STATUS_SUCCESS;
    exchange->outcome = "ValidateCert 1";
    return NULL;
}
