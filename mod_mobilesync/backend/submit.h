/* Submission of mail for recipients that are no accounts of this server: a sendmail-like
 * program, or an SMTP server (RFC 6409) by libcurl. A message is streamed; neither way holds
 * more than a block of it in memory.
 *
 * A message goes to all recipients or to none: where the server refuses one, nothing is sent.
 *
 * Faults of backend_submit
 *   DENIED           refused for good (an SMTP 5xx, a sendmail exit code such as EX_NOUSER); the
 *                    text names the recipient where that is known, and what the server said
 *   UNAVAILABLE      not taken now, a retry may help (4xx, EX_TEMPFAIL, no connection)
 *   UNKNOWN_OUTCOME  the message had been handed over whole when the answer got lost (connection
 *                    broken after DATA, program killed or hung): it may or may not go out
 *   INVALID          a sender or recipient that cannot stand in an envelope
 *   TOO_LARGE        the server says so (RFC 1870)
 *   INTERNAL         the program cannot be started or is used wrongly, the server does not take our
 *                    user and password: an operator must act */
#ifndef BACKEND_SUBMIT_H
#define BACKEND_SUBMIT_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

#include "backend/backend.h"
#include "base/fault.h"

/* How long a submission takes at most before it counts as hung. */
#define BACKEND_SUBMIT_TIMEOUT apr_time_from_sec(120)

/* Parsed configuration: constant afterwards, good across fork and for any thread. */
typedef struct backend_submit backend_submit_t;

/* Reads the configuration; opens nothing. Either sendmail (a command with arguments, quoted as
 * a shell would have it, though none is involved; "-f sender -- recipient ..." is appended) or
 * smtp_url (smtp[s]://[user:password@]host[:port]); *submit = NULL when both are NULL. directory
 * is where temporary files go, NULL = the system's.
 *
 * TLS: smtps:// always; smtp:// takes STARTTLS where the server offers it. With a password TLS
 * is required and the server's certificate checked, except towards this host itself; without
 * one a certificate proves nothing that plain text would not have been good enough for, so any
 * is taken (RFC 7435). Where authorities are named, TLS and a certificate by one of them are
 * required in any case.
 *
 * INVALID says what is wrong, without the password. */
base_fault_t *backend_submit_configure(const char *sendmail, const char *smtp_url,
                                       const char *directory, backend_submit_t **submit,
                                       apr_pool_t *pool);

/* The PEM file of the authorities that may vouch for the SMTP server, in place of the system's. INVALID
 * when it cannot be read. */
base_fault_t *backend_submit_set_authorities(backend_submit_t *submit, const char *file,
                                             apr_pool_t *pool);
/* Another limit than BACKEND_SUBMIT_TIMEOUT. */
void backend_submit_set_timeout(backend_submit_t *submit, apr_interval_time_t timeout);
apr_interval_time_t backend_submit_timeout(const backend_submit_t *submit);

/* Once in each child before its threads start: libcurl's tables. */
void backend_submit_child_init(void);

/* recipients: const char *, addr-specs, at least one. Blocks, at most for the timeout. */
base_fault_t *backend_submit(const backend_submit_t *submit, const char *sender,
                             const apr_array_header_t *recipients, const backend_blob_t *message,
                             apr_pool_t *pool);

#endif
