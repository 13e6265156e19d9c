/* The request line and headers of a command (MS-ASHTTP 2.2.1.1): plain or base64
 * query, the same struct afterwards. */
#ifndef EAS_REQUEST_H
#define EAS_REQUEST_H

#include <apr_pools.h>

#include "base/fault.h"
#include "eas/command.h" /* eas_command_t, generated from command.tbl */
#include "eas/version.h"

typedef struct eas_request eas_request_t;
struct eas_request {
    eas_command_t command;    /* EAS_COMMAND_NONE when unknown */
    const char *command_name; /* as the client wrote it, for the log */
    eas_version_t version;    /* header MS-ASProtocolVersion, or the base64 byte */
    const char *user;         /* User parameter, NULL when absent */
    const char *device_id;    /* canonical: 16 raw bytes become their hex form, upper case */
    const char *device_type;
    const char *user_agent; /* NULL when absent */
    const char *policy_key; /* decimal, NULL when absent */
    const char *locale;     /* "0409" or NULL */
    /* command parameters, NULL when absent */
    const char *attachment_name;
    const char *collection_id;
    const char *item_id;
    const char *long_id;
    const char *occurrence;
    const char *parent_id;
    int save_in_sent;     /* SaveInSent=T or the Options bit */
    int accept_multipart; /* MS-ASAcceptMultiPart: T or the Options bit */
};

/* Header look-up: returns the value or NULL. */
typedef const char *(*eas_request_header_fn)(void *baton, const char *name);

/* Parses. Faults: INVALID (HTTP 400: malformed query, DeviceId missing or over 32
 * characters or not alphanumeric, ...), UNSUPPORTED (unknown version). An unknown command
 * is no fault here (HTTP 501 is the dispatcher's word). */
base_fault_t *eas_request_parse(const char *query, eas_request_header_fn header, void *baton,
                                eas_request_t **request, apr_pool_t *pool);

/* Of an OPTIONS request, which need not say anything: what it says of the client, else NULL. */
eas_request_t *eas_request_parse_options(const char *query, eas_request_header_fn header,
                                         void *baton, apr_pool_t *pool);

#endif
