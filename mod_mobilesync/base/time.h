/* Dates of the protocol (MS-ASDTYPE 2.3). Functions that decide take "now" as an
 * argument; only glue, cmd and wake read the clock. */
#ifndef BASE_TIME_H
#define BASE_TIME_H

#include <apr_pools.h>
#include <apr_time.h>

#define BASE_TIME_DAY apr_time_from_sec(86400)

/* "2026-11-23T08:06:46.000Z", the dateTime form of MS-ASDTYPE 2.3. */
const char *base_time_format_dashed(apr_time_t when, apr_pool_t *pool);

/* "20261123T080646Z", the Compact DateTime of MS-ASDTYPE 2.7.2. */
const char *base_time_format_compact(apr_time_t when, apr_pool_t *pool);

/* Reads either form (fraction optional). Returns 0 and leaves *when alone when
 * the text is no such date. */
int base_time_parse(const char *text, apr_time_t *when);

/* 00:00:00 UTC of the day that holds the moment. */
apr_time_t base_time_day_start(apr_time_t when);

#endif
