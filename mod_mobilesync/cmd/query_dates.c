/* Dates of the Keyword Query Language. */
#include "cmd/query.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/time.h"

#define DATES_YEAR_MIN 1601
#define DATES_YEAR_MAX 9998

/* The start of a day; months and days beyond their range carry over. */
static apr_time_t dates_day(int year, int month, int day)
{
    apr_time_exp_t exploded = {.tm_mday = 1};
    apr_time_t when = 0;

    year += (month - 1) / 12;
    month = (month - 1) % 12 + 1;
    if (month < 1) {
        month += 12;
        year--;
    }
    exploded.tm_year = year - 1900;
    exploded.tm_mon = month - 1;
    apr_time_exp_get(&when, &exploded);
    return when + (day - 1) * BASE_TIME_DAY;
}

static int dates_valid(int year, int month, int day)
{
    apr_time_t next;

    if (year < DATES_YEAR_MIN || year > DATES_YEAR_MAX || month < 1 || month > 12 || day < 1)
        return 0;
    next = dates_day(year, month + 1, 1);
    return dates_day(year, month, day) < next;
}

/* "this" and "last" week, month and year. */
static int dates_period(const char *text, apr_time_t now, apr_time_t *since, apr_time_t *before)
{
    apr_time_exp_t today;
    const char *unit = text + 4;
    int back = strncasecmp(text, "last", 4) == 0;

    if (!back && strncasecmp(text, "this", 4) != 0)
        return 0;
    unit += strspn(unit, " ");
    if (apr_time_exp_gmt(&today, now) != APR_SUCCESS)
        return 0;
    today.tm_year += 1900;
    if (strcasecmp(unit, "week") == 0) {
        *since = base_time_day_start(now) - ((today.tm_wday + 6) % 7 + 7 * back) * BASE_TIME_DAY;
        *before = *since + 7 * BASE_TIME_DAY;
    }
    else if (strcasecmp(unit, "month") == 0) {
        *since = dates_day(today.tm_year, today.tm_mon + 1 - back, 1);
        *before = dates_day(today.tm_year, today.tm_mon + 2 - back, 1);
    }
    else if (strcasecmp(unit, "year") == 0) {
        *since = dates_day(today.tm_year - back, 1, 1);
        *before = dates_day(today.tm_year - back + 1, 1, 1);
    }
    else
        return 0;
    return 1;
}

int cmd_query_dates(const char *text, apr_time_t now, apr_time_t *since, apr_time_t *before)
{
    int year, month, day, end = -1;

    if (strcasecmp(text, "today") == 0 || strcasecmp(text, "yesterday") == 0) {
        *since = base_time_day_start(now) - (text[0] == 'y' || text[0] == 'Y' ? BASE_TIME_DAY : 0);
        *before = *since + BASE_TIME_DAY;
        return 1;
    }
    if (dates_period(text, now, since, before))
        return 1;
    if (base_time_parse(text, since)) {
        *before = *since + APR_USEC_PER_SEC;
        return 1;
    }
    if ((sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &end) == 3 && !text[end]) ||
        (sscanf(text, "%2d/%2d/%4d%n", &month, &day, &year, &end) == 3 && !text[end])) {
        *since = dates_valid(year, month, day) ? dates_day(year, month, day) : 0;
        *before = *since + BASE_TIME_DAY;
        return dates_valid(year, month, day);
    }
    if (sscanf(text, "%4d-%2d%n", &year, &month, &end) == 2 && !text[end]) {
        *since = dates_valid(year, month, 1) ? dates_day(year, month, 1) : 0;
        *before = dates_valid(year, month, 1) ? dates_day(year, month + 1, 1) : 0;
        return dates_valid(year, month, 1);
    }
    if (sscanf(text, "%4d%n", &year, &end) != 1 || text[end] || !dates_valid(year, 1, 1))
        return 0;
    *since = dates_day(year, 1, 1);
    *before = dates_day(year + 1, 1, 1);
    return 1;
}
