/* Autodiscover: from an address to the URL of ActiveSync.
 *
 * Two ways of asking: XML in a POST (MS-ASCMD 2.2.1.1, 6.3 and 6.4; MS-OXDSCLI), of somebody who is
 * authenticated and is told of his own addresses only; and JSON in a GET (Autodiscover v2), of
 * anybody: its answer depends on nothing but the domain, so that it tells nothing of who there is. */
#ifndef CMD_AUTODISCOVER_H
#define CMD_AUTODISCOVER_H

#include <apr_tables.h>
#include <apr_time.h>

#include "backend/backend.h"
#include "backend/directory.h"
#include "base/log.h"

/* Longest request. */
#define CMD_AUTODISCOVER_MAX 16384

/* Where addresses belong that are not served here. */
typedef struct {
    const char *from; /* lower case: "john@example.com", or "@example.com" for all of a domain */
    const char
        *to; /* an address, "@domain" (same local part), or the URL of another Autodiscover */
} cmd_autodiscover_redirect_t;

typedef struct {
    const char *url;              /* of ActiveSync */
    const char *autodiscover_url; /* of the XML service itself */
    const apr_array_header_t
        *redirects;     /* cmd_autodiscover_redirect_t; the first that fits counts */
    const char *server; /* by what errors name it: MS-OXDSCLI's Id */
    backend_t *backend;
    backend_directory_t *people; /* who knows names */
    const base_log_t *log;
    apr_time_t now;
} cmd_autodiscover_t;

/* What becomes of a request, for counting. */
typedef enum {
    CMD_AUTODISCOVER_TOLD,       /* this server's URL */
    CMD_AUTODISCOVER_REDIRECTED, /* to where the address belongs */
    CMD_AUTODISCOVER_REFUSED     /* an error */
} cmd_autodiscover_result_t;

typedef struct {
    cmd_autodiscover_result_t result;
    int http_status;
    const char *location;     /* of a redirect by HTTP, else NULL */
    const char *content_type; /* NULL: no body */
    const char *body;         /* lives in the pool */
    apr_size_t length;
    const char *outcome; /* for logs; may have text of the client in it */
} cmd_autodiscover_answer_t;

/* A rule from what the configuration says; INVALID names what is wrong with it. */
base_fault_t *cmd_autodiscover_redirect_parse(const char *from, const char *to,
                                              cmd_autodiscover_redirect_t *redirect,
                                              apr_pool_t *pool);

/* Always gives an answer. account: who is authenticated. */
void cmd_autodiscover_xml(const cmd_autodiscover_t *service, const char *account,
                          const char *request, apr_size_t length, cmd_autodiscover_answer_t *answer,
                          apr_pool_t *pool);

/* address: that of the path, decoded, NULL: the query names it. query: as sent, NULL: none. */
void cmd_autodiscover_json(const cmd_autodiscover_t *service, const char *address,
                           const char *query, cmd_autodiscover_answer_t *answer, apr_pool_t *pool);

/* -- what the files of this command share -- */

typedef struct {
    const char *address;
    const char *schema; /* AcceptableResponseSchema */
} cmd_autodiscover_request_t;

/* INVALID: it is no such request (ErrorCode 600). Reads no entities, no files, no network. */
base_fault_t *cmd_autodiscover_request_parse(const char *text, apr_size_t length,
                                             cmd_autodiscover_request_t *request, apr_pool_t *pool);

/* Is it an addr-spec, of legal UTF-8 and a sensible length? */
int cmd_autodiscover_is_address(const char *address);

/* The rule for an address, NULL: none. whole_domain: rules of single addresses do not count. */
const cmd_autodiscover_redirect_t *cmd_autodiscover_redirect_find(const cmd_autodiscover_t *service,
                                                                  const char *address,
                                                                  int whole_domain,
                                                                  apr_pool_t *pool);
/* The address that a rule leads to; NULL when it leads to a URL. */
const char *cmd_autodiscover_redirect_address(const cmd_autodiscover_redirect_t *redirect,
                                              const char *address, apr_pool_t *pool);

#endif
