/* Calendar systems that rules may count in (RSCALE, RFC 7529): their years as months. By ICU, but not where
 * it is wrong (72): it has the Chinese New Year of 2027 and 2030 and the leap month of 1987, and the Hebrew year
 * 5806, at other days than those who live by them; and a date in East Asia costs it 50 us. So these
 * calendars are a table (scale.tbl), and the Hebrew one is worked out here. */
#ifndef ITEM_SCALE_H
#define ITEM_SCALE_H

#include <apr_pools.h>

/* Beside the number of a month: the leap month that follows the month of this number (in the Hebrew
 * calendar Adar I: 5L). As libical has it in BYMONTH. */
#define ITEM_SCALE_LEAP 0x1000
#define ITEM_SCALE_MONTHS_MAX 14

typedef struct {
    long first; /* its first day, since 1970-01-01 */
    int days;
    short number; /* as in BYMONTH, with ITEM_SCALE_LEAP */
} item_scale_month_t;

typedef struct {
    item_scale_month_t months[ITEM_SCALE_MONTHS_MAX];
    int count;
} item_scale_year_t;

typedef struct item_scale item_scale_t;
typedef struct item_scale_calendar item_scale_calendar_t;

/* By the name in RSCALE; NULL: it is not known, or nobody can reckon it ahead ("ISLAMIC", which is
 * observed). */
const item_scale_t *item_scale_find(const char *name);
/* By CalendarType (MS-ASCAL 2.2.2.10); NULL: its months are Gregorian, or it is none. */
const item_scale_t *item_scale_of_type(int calendar_type);

/* As item_scale_find() takes it; a constant. */
const char *item_scale_name(const item_scale_t *scale);
/* CalendarType; -1: EAS has none. */
int item_scale_type(const item_scale_t *scale);
/* Are its months and their days the Gregorian ones, whatever it calls the year? */
int item_scale_is_gregorian(const item_scale_t *scale);
/* Can it have this month in some year? With ITEM_SCALE_LEAP. */
int item_scale_has_month(const item_scale_t *scale, int number);

/* NULL when ICU does not know it. */
item_scale_calendar_t *item_scale_open(const item_scale_t *scale, apr_pool_t *pool);
/* The year that a day (since 1970-01-01) is in; 0: beyond what is known. */
int item_scale_year_of(item_scale_calendar_t *calendar, long day, int *year);
int item_scale_year(item_scale_calendar_t *calendar, int year, item_scale_year_t *months);
/* The month of a day (since 1970-01-01), and which of its days. 0: beyond what is known. */
int item_scale_day(const item_scale_t *scale, long day, item_scale_month_t *month, int *of_month);

#endif
