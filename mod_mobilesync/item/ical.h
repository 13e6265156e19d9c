/* iCalendar (RFC 5545) by libical, guarded: what would make the library recurse or spin is refused
 * before it gets there. Nothing here expands a recurrence. */
#ifndef ITEM_ICAL_H
#define ITEM_ICAL_H

#include <apr_pools.h>
#include <apr_time.h>
#include <libical/ical.h>

#define ITEM_ICAL_MAX (1024 * 1024) /* bytes */
#define ITEM_ICAL_LINES_MAX 20000
#define ITEM_ICAL_DEPTH_MAX 8 /* components within components */

/* Part of item_child_init(). */
void item_ical_child_init(void);

/* A VCALENDAR, freed with the pool; NULL when the text is none, or beyond the limits. What follows an
 * END too many is not read. */
icalcomponent *item_ical_parse(const char *text, apr_pool_t *pool);

/* A property's value as decoded text; NULL when the component has none such. */
const char *item_ical_text(icalcomponent *component, icalproperty_kind kind, apr_pool_t *pool);

/* The value of a property that libical has no name for ("X-..."). */
const char *item_ical_extension(icalcomponent *component, const char *name, apr_pool_t *pool);

/* A parameter of a property ("CN", "RSVP", ...); NULL. */
const char *item_ical_parameter(icalproperty *property, const char *name, apr_pool_t *pool);

/* A date ("20260706"), local time or time in UTC; 0 when it is none that a calendar has. */
int item_ical_time(const char *text, struct icaltimetype *time);

/* Seconds since the epoch of a date and time taken as UTC. */
apr_time_t item_ical_naive(const struct icaltimetype *time);

#endif
