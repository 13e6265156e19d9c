/* What the parts of item/recurrence.h share. */
#ifndef ITEM_RECURRENCE_IMPL_H
#define ITEM_RECURRENCE_IMPL_H

#include "item/recurrence.h"
#include "item/series.h"

#define RECURRENCE_EVERY_DAY 127
#define RECURRENCE_LUNAR_DAYS 30 /* of a month, at most; and one less at least */
/* CalendarType, as bits: those whose months and days are the Gregorian ones, whatever they call the
 * year. */
#define RECURRENCE_GREGORIAN                                                                     \
    (1 << 0 | 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 7 | 1 << 9 | 1 << 10 | 1 << 11 | \
     1 << 12)
#define RECURRENCE_INTERVAL_MAX 999 /* MS-ASCAL 2.2.2.25, MS-ASTASK R192 */

/* The pattern as a series without exceptions. 0 when its rule is none. */
int item_recurrence_series(const item_recurrence_t *recurrence,
                           const item_recurrence_origin_t *origin, item_series_t *series,
                           apr_pool_t *pool);

/* The start's day as a bit of DayOfWeek. */
int item_recurrence_weekday(const struct icaltimetype *start);

/* -- the end: Until of the three classes, UNTIL of rules ----------------------------------------- */

/* *until of an element's text. 0: no date. */
int item_recurrence_until_read(const char *text, item_recurrence_class_t class_,
                               const item_recurrence_origin_t *origin, struct icaltimetype *until);
const char *item_recurrence_until_write(const struct icaltimetype *until,
                                        item_recurrence_class_t class_,
                                        const item_recurrence_origin_t *origin, apr_pool_t *pool);
/* As the start is: a day, a moment of UTC, or a local time. */
const char *item_recurrence_until_rule(const struct icaltimetype *until,
                                       const item_recurrence_origin_t *origin, apr_pool_t *pool);

#endif
