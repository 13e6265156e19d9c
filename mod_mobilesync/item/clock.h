/* The clock of a place through the years: a time zone with all of its changes, past and to come. Of
 * the system's zoneinfo files (RFC 8536), of a VTIMEZONE (RFC 5545 3.6.5), or of what EAS has
 * (item/zone.h). Immutable; any thread may read one. */
#ifndef ITEM_CLOCK_H
#define ITEM_CLOCK_H

#include "item/document.h"
#include "item/ical.h"
#include "item/zone.h"

typedef struct item_clock item_clock_t;

/* UTC; also of floating times and days that are to be taken as they stand. */
extern const item_clock_t item_clock_utc;

/* The zone of the Olson database ("Europe/Berlin", "US/Pacific"); NULL when there is none. */
const item_clock_t *item_clock_olson(const char *name, apr_pool_t *pool);

/* By a TZID: the calendar's own VTIMEZONE (calendar may be NULL), else the Olson zone of that name,
 * also with the prefixes that programs put before it ("/freeassociation.sourceforge.net/..."), else the
 * one that Windows means by it ("W. Europe Standard Time"). NULL when there is none. */
const item_clock_t *item_clock_find(item_component_t *calendar, const char *tzid, apr_pool_t *pool);
/* Of times that name no zone: what the calendar says of itself, as most programs do that export one;
 * else the zone that its other times are in. NULL: nothing says it. */
const item_clock_t *item_clock_own(item_component_t *calendar, apr_pool_t *pool);
const item_clock_t *item_clock_component(item_component_t *vtimezone, apr_pool_t *pool);
const item_clock_t *item_clock_zone(const item_zone_t *zone, apr_pool_t *pool);

/* TZID as it was found, the Olson name where it is one; of item_clock_zone() a name made of its rules. */
const char *item_clock_tzid(const item_clock_t *clock);
int item_clock_is_olson(const item_clock_t *clock);

/* The moment of a local time. Of one that is there twice the first; of one that is skipped what it
 * would be by the clock before the gap (RFC 5545 3.3.5). Times in UTC are taken as such, days as
 * their first moment: 00:00, or what is the first time of the day where midnight is skipped. */
apr_time_t item_clock_to_utc(const item_clock_t *clock, const struct icaltimetype *local);
/* The local time of a moment; no date, and no zone in it. */
struct icaltimetype item_clock_to_local(const item_clock_t *clock, apr_time_t when);
/* Seconds east of UTC at a moment. */
int item_clock_offset(const item_clock_t *clock, apr_time_t when);

/* The rules that hold in the year of a moment, for the blob of EAS. Of a single event that is its
 * year. A phone lays a series out by the rules that it is given, whatever the year: of one that goes on
 * it is today. */
void item_clock_rules(const item_clock_t *clock, apr_time_t when, item_zone_t *zone);

/* Adds the VTIMEZONE of a clock to a calendar, unless it has one of that TZID, or it is UTC: what holds
 * from a moment on. */
void item_clock_write(const item_clock_t *clock, apr_time_t from, item_document_t *document,
                      apr_pool_t *pool);

/* Are these the clock's rules, of the year of a moment or of today? */
int item_clock_fits(const item_clock_t *clock, const item_zone_t *zone, apr_time_t when);

/* The clock that a phone means by its zone at a moment. Of the zones that have these rules then: the
 * hints (TZIDs, may be NULL, ends with NULL) in their order, the one that its name says, the one that
 * most people use. When no Olson zone has them, and before all others when the rules are vague: the one
 * that its name says or a hint is, with the same offsets at other times of the year. NULL when
 * there is none of these: item_clock_zone() then. */
const item_clock_t *item_clock_match(const item_zone_t *zone, apr_time_t when,
                                     const char *const *hints, apr_pool_t *pool);

/* Days as phones up to 14.1 have them: a moment, read by the zone that it came with; never the day before or
 * after. */
struct icaltimetype item_clock_day(const item_clock_t *clock, apr_time_t when);
/* Does a day begin at the local time: at 00:00, or at what is the first time of it where midnight is
 * skipped? */
int item_clock_begins_day(const item_clock_t *clock, const struct icaltimetype *local);

#endif
