/* Time zones as EAS has them: an offset, and at most one rule for the begin and one for the end of
 * daylight saving time (MS-ASDTYPE 2.7.6). */
#ifndef ITEM_ZONE_H
#define ITEM_ZONE_H

#include "item/ical.h"

/* The n-th weekday of a month at a time of day: the wall clock's before the change. */
typedef struct {
    int month;     /* 1-12; 0: there is no change */
    int weekday;   /* 0 = Sunday */
    int week;      /* 1-4, 5 = the last one */
    int first_day; /* not before this day of the month, in place of week; 0: week says it all */
    int hour, minute;
} item_zone_change_t;

typedef struct {
    int offset;          /* standard time, seconds east of UTC */
    int daylight_offset; /* the same when there is no daylight saving time */
    const char *name, *daylight_name;
    item_zone_change_t standard, daylight; /* to it */
} item_zone_t;

extern const item_zone_t item_zone_utc;

/* The rules of a VTIMEZONE that hold at a (local) time. */
void item_zone_from_component(icalcomponent *vtimezone, const struct icaltimetype *at,
                              item_zone_t *zone, apr_pool_t *pool);

/* The zone of a time's TZID: the calendar's own VTIMEZONE, else the one of the Olson database. 0 when
 * there is none; *zone is UTC then. */
int item_zone_find(icalcomponent *calendar, const char *tzid, const struct icaltimetype *at,
                   item_zone_t *zone, apr_pool_t *pool);

/* The moment of a local time in the zone. */
apr_time_t item_zone_to_utc(const item_zone_t *zone, const struct icaltimetype *local);

/* The 172 bytes in base64. */
const char *item_zone_blob(const item_zone_t *zone, apr_pool_t *pool);

/* Reads them. Names may be empty, in any language, or wrong: they are hints at most. 0 when it is no
 * such structure; *zone is UTC then. */
int item_zone_parse(const char *blob, item_zone_t *zone, apr_pool_t *pool);

#endif
