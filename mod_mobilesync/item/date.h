/* Days of the Gregorian calendar as numbers: what recurrences and time zones count in. libical's own
 * arithmetic works on broken-down times and is too slow for sets of days. */
#ifndef ITEM_DATE_H
#define ITEM_DATE_H

#include <libical/ical.h>

#define ITEM_DATE_DAY 86400

/* Days since 1970-01-01. month: 1-12, day: any number, counted from the month's first. */
static inline long item_date_days(int year, int month, int day)
{
    /* years begin in March, so that the leap day is their last one */
    long y = year - (month <= 2), era = (y >= 0 ? y : y - 399) / 400;
    long of_era = y - era * 400, of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year + day - 1 - 719468;
}

static inline void item_date_split(long days, int *year, int *month, int *day)
{
    long z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097, of_era = z - era * 146097;
    long y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    long of_year = of_era - (365 * y + y / 4 - y / 100), m = (5 * of_year + 2) / 153;

    *day = (int)(of_year - (153 * m + 2) / 5) + 1;
    *month = (int)(m < 10 ? m + 3 : m - 9);
    *year = (int)(y + era * 400 + (*month <= 2));
}

/* 0 = Sunday */
static inline int item_date_weekday(long days)
{
    return (int)(((days + 4) % 7 + 7) % 7);
}

static inline int item_date_is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static inline int item_date_month_days(int year, int month)
{
    static const unsigned char days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && item_date_is_leap(year));
}

/* Seconds since 1970 of a date and time, whatever zone it is in; those of midnight for a day. */
static inline long item_date_seconds(const struct icaltimetype *time)
{
    long seconds = item_date_days(time->year, time->month, time->day) * ITEM_DATE_DAY;

    return time->is_date ? seconds
                         : seconds + time->hour * 3600L + time->minute * 60L + time->second;
}

/* The day of a date and time; no zone in it. */
static inline struct icaltimetype item_date_day_of(struct icaltimetype time)
{
    time.hour = time.minute = time.second = 0;
    time.is_date = 1;
    time.zone = NULL;
    return time;
}

static inline long item_date_floor(long seconds)
{
    return (seconds >= 0 ? seconds : seconds - ITEM_DATE_DAY + 1) / ITEM_DATE_DAY;
}

/* The date and time of such seconds; no zone in it. */
static inline struct icaltimetype item_date_time(long seconds)
{
    struct icaltimetype time = {0};
    long days = item_date_floor(seconds), rest = seconds - days * ITEM_DATE_DAY;

    item_date_split(days, &time.year, &time.month, &time.day);
    time.hour = (int)(rest / 3600);
    time.minute = (int)(rest / 60 % 60);
    time.second = (int)(rest % 60);
    return time;
}

#endif
