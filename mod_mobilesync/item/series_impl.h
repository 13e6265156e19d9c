/* What the parts of item/series.h share: the occurrences of one rule. */
#ifndef ITEM_SERIES_IMPL_H
#define ITEM_SERIES_IMPL_H

#include "item/series.h"

/* The months of another calendar (RSCALE), or Gregorian ones whose invalid dates become valid (SKIP); see
 * series_scale.c. */
typedef struct series_months series_months_t;

/* One rule on one start, walked period by period (day, week, month, year); rules of hours, minutes and
 * seconds by days, too. */
typedef struct {
    const struct icalrecurrencetype *rule;
    const item_clock_t *clock;
    struct icaltimetype start;
    long start_seconds;      /* item_date_seconds() */
    long period;             /* the next to be looked at, counted from that of the start */
    int left;                /* occurrences that COUNT has left; -1: it has none */
    long last;               /* seconds of the local time that none is after */
    int first_of_day;        /* of each day the first is enough */
    long budget;             /* what may still be spent on days and times that are looked at */
    int day_cost, time_cost; /* of one: the longer the lists, the more */
    int over;                /* no more will come */
    series_months_t *months; /* NULL: the Gregorian ones as they are */
    int *times;              /* seconds of a day, in order; of rules within days: of this day */
    int time_count, times_max;
    int *minutes, *seconds; /* of rules within days: what BYMINUTE and BYSECOND make of an hour */
    int minute_count, second_count;
    long *days; /* of a period, in order; SERIES_DAYS_MAX */
    int day_count;
} series_walk_t;

#define SERIES_DAYS_MAX 400       /* of a period: a Hebrew year has up to 385 */
#define SERIES_BUDGET 200000      /* for all rules of a series: some milliseconds */
#define SERIES_EXCLUDED_MAX 20000 /* occurrences that EXRULEs are looked at for */

/* budget: SERIES_BUDGET, or a share of it. */
void item_series_walk_start(series_walk_t *walk, const struct icalrecurrencetype *rule,
                            const struct icaltimetype *start, const item_clock_t *clock,
                            long budget, apr_pool_t *pool);

/* Leaves out periods that end before a (local) time; not with COUNT, for which all are counted. */
void item_series_walk_skip(series_walk_t *walk, long seconds);

/* The occurrences of the next period, as seconds of the local time (apr_array_header_t of long),
 * pushed onto the array. 0 when there are no more, or the budget is used up (walk->budget <= 0). */
int item_series_walk_next(series_walk_t *walk, apr_array_header_t *seconds);

/* The local time of the last one, where COUNT says that without counting; else LONG_MAX. */
long item_series_walk_last(const struct icalrecurrencetype *rule, const struct icaltimetype *start);

/* The local time at which the next period begins. */
long item_series_walk_at(series_walk_t *walk);

/* -- of other calendars (series_scale.c) -- */

/* Completes a walk whose rule has an RSCALE; 0: the calendar does not know the start. */
int item_series_months_start(series_walk_t *walk, apr_pool_t *pool);
/* The days of a month's or a year's period; 0 when it lies beyond what is known. */
int item_series_months_period(series_walk_t *walk, long period, long *first, long *last);
/* Those of the days that are the rule's. */
void item_series_months_days(series_walk_t *walk, long first, long last);

/* Is a value in a list, counted from the front or, negative, from the end? Lists that are empty have
 * all. */
int item_series_listed(const short *list, int size, int value, int from_end);
/* Is a weekday with its position one of BYDAY? The month or the year, whichever positions count in, has
 * the days [first, last]. */
int item_series_has_weekday(const struct icalrecurrencetype *rule, long day, long first, long last);

#endif
