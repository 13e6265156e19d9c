/* Time zones as EAS has them: an offset, and at most one rule for the begin and one for the end of
 * daylight saving time (TimeZone, MS-ASDTYPE 2.7.4). item/clock.h has the zones themselves. */
#ifndef ITEM_ZONE_H
#define ITEM_ZONE_H

#include <apr_pools.h>

/* The n-th weekday of a month at a time of day: the wall clock's before the change. */
typedef struct {
    int month;   /* 1-12; 0: there is no change */
    int weekday; /* 0 = Sunday */
    int week;    /* 1-4, 5 = the last one */
    int hour;    /* 24: the end of the day, as 23:59:59 means it */
    int minute;
} item_zone_change_t;

typedef struct {
    int offset;          /* standard time, seconds east of UTC */
    int daylight_offset; /* the same when there is no daylight saving time */
    const char *name, *daylight_name;
    item_zone_change_t standard, daylight; /* to it; both have a month, or neither */
    /* There is a begin or an end of daylight saving time that is nonsense: of the rules only the offset of
     * standard time is known, and no change is there. */
    int vague;
    int year; /* the rules are those of this year (SYSTEMTIME with wYear); 0: of every one */
} item_zone_t;

extern const item_zone_t item_zone_utc;

/* The 172 bytes in base64. */
const char *item_zone_blob(const item_zone_t *zone, apr_pool_t *pool);

/* Reads them, whatever white space is between and with or without padding. Names may be empty, in any
 * language, or wrong: they are hints at most. 0 when it is no such structure, when an offset is one that
 * no place has, or when all of it is zero, which says nothing; *zone is UTC then. */
int item_zone_parse(const char *blob, item_zone_t *zone, apr_pool_t *pool);

#endif
