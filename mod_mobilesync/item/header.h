/* Values of header fields, decoded by GMime. Every text that comes out is XML-legal UTF-8 on one
 * line (no control characters), lives in the pool and is bounded. */
#ifndef ITEM_HEADER_H
#define ITEM_HEADER_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

typedef struct {
    const char *name;    /* decoded display name, "" when there is none */
    const char *address; /* addr-spec, "" when there is none */
} item_address_t;

/* Part of item_child_init(). */
void item_header_child_init(void);

/* Lower-case type and subtype; left alone when the value is none. */
void item_header_content_type(const char *value, const char **type, const char **subtype,
                              apr_pool_t *pool);

/* A parameter of a Content-Type value (RFC 2045, RFC 2231), decoded; NULL when missing. */
const char *item_header_parameter(const char *value, const char *name, apr_pool_t *pool);

/* "attachment", "inline", ... in lower case; "" when the value is NULL or none. */
const char *item_header_disposition(const char *value, apr_pool_t *pool);
const char *item_header_disposition_parameter(const char *value, const char *name,
                                              apr_pool_t *pool);

/* Unstructured text with its encoded-words decoded (RFC 2047); raw 8-bit bytes are read as
 * UTF-8, else as Windows-1252. */
const char *item_header_text(const char *value, apr_pool_t *pool);

/* The value with its encoded-words decoded (raw 8-bit bytes as above), or, encoded set, with each run
 * of them as a single one of UTF-8 and everything else untouched: what GMime can take. Line breaks
 * and control characters stay. */
const char *item_header_words(const char *value, int encoded, apr_pool_t *pool);

/* Appends the mailboxes of an address list; groups are flattened. */
void item_header_addresses(const char *value, apr_array_header_t *addresses /* item_address_t */,
                           apr_pool_t *pool);

/* "\"Name\" <address>", or what there is of it. */
const char *item_header_address_text(const item_address_t *address, apr_pool_t *pool);

/* The n-th <id> of a value (0 = first, -1 = last), without the brackets; NULL when missing. */
const char *item_header_message_id(const char *value, int n, apr_pool_t *pool);

/* All of them (const char *), in order. */
apr_array_header_t *item_header_message_ids(const char *value, apr_pool_t *pool);

/* RFC 5322 date; 0 when it cannot be read. */
int item_header_date(const char *value, apr_time_t *when);

#endif
