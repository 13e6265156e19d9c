/* A series: DTSTART with its RRULEs and RDATEs, without its EXDATEs and (RFC 2445) EXRULEs. Which days it
 * falls on is worked out here, within a budget: nothing that a file says makes it take long. */
#ifndef ITEM_SERIES_H
#define ITEM_SERIES_H

#include <apr_tables.h>

#include "item/clock.h"
#include "item/document.h"
#include "item/ical.h"
#include "item/recurrence.h"

#define ITEM_SERIES_RULES_MAX 16
#define ITEM_SERIES_DATES_MAX 10000

typedef struct {
    struct icaltimetype start; /* local, UTC, or a day */
    const item_clock_t *clock; /* in which it is local; of days, the one they are taken in */
    apr_array_header_t *rules, *exclusions; /* struct icalrecurrencetype; NULL: none */
    apr_array_header_t *dates,
        *exceptions;       /* struct icaltimetype: local, UTC, or days; NULL: none */
    const char *parameter; /* ITEM_RECURRENCE_PARAMETER of the first rule; NULL */
    int refused; /* rules that were left out, since they are none or harmful (item_rule_parse) */
} item_series_t;

typedef struct {
    apr_time_t when;
    struct icaltimetype local; /* as start is */
} item_occurrence_t;

/* Of a component (VEVENT, VTODO) of a calendar. own: for times that name no zone, and for days. 0
 * when it has no DTSTART that is a time. */
int item_series_load(item_component_t *calendar, item_component_t *component,
                     const item_clock_t *own, item_series_t *series, apr_pool_t *pool);

/* Does it recur at all? */
int item_series_recurs(const item_series_t *series);

/* The pattern of EAS that says all of it but its EXDATEs; 0 when there is none: several rules, RDATEs,
 * EXRULEs, rules of another kind, no rule. */
int item_series_pattern(const item_series_t *series, item_recurrence_t *recurrence);

/* Those that begin in [from, to), in order, each once; at most limit. 0: there may be more than
 * those, the limit or the budget is used up. */
int item_series_expand(const item_series_t *series, apr_time_t from, apr_time_t to, int limit,
                       apr_array_header_t **occurrences, apr_pool_t *pool);

/* The same, but of each day the first one alone: of rules that come several times a day. */
int item_series_expand_days(const item_series_t *series, apr_time_t from, apr_time_t to, int limit,
                            apr_array_header_t **occurrences, apr_pool_t *pool);

/* When the last one begins; APR_INT64_MAX when they do not end, or not within the budget. The
 * start when there is none at all. */
apr_time_t item_series_last(const item_series_t *series, apr_pool_t *pool);

/* Does one begin at the moment? EXDATEs are not asked. */
int item_series_has(const item_series_t *series, apr_time_t when, apr_pool_t *pool);

#endif
