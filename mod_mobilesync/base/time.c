#include "base/time.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <apr_strings.h>

static const char *time_format(apr_time_t when, const char *format, apr_pool_t *pool)
{
    apr_time_exp_t t;

    apr_time_exp_gmt(&t, when);
    return apr_psprintf(pool, format, t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour,
                        t.tm_min, t.tm_sec, t.tm_usec / 1000);
}

const char *base_time_format_dashed(apr_time_t when, apr_pool_t *pool)
{
    return time_format(when, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", pool);
}

const char *base_time_format_compact(apr_time_t when, apr_pool_t *pool)
{
    return time_format(when, "%04d%02d%02dT%02d%02d%02dZ", pool);
}

/* Exactly n digits; -1 when there is anything else. */
static int time_digits(const char **p, int n)
{
    int value = 0;

    while (n-- > 0) {
        if (!isdigit((unsigned char)**p))
            return -1;
        value = value * 10 + (*(*p)++ - '0');
    }
    return value;
}

static int time_skip(const char **p, char c, int wanted)
{
    if (!wanted)
        return 1;
    return *(*p)++ == c;
}

static int time_read(const char *p, apr_time_exp_t *t)
{
    int dashed = strlen(p) > 4 && p[4] == '-';

    t->tm_year = time_digits(&p, 4) - 1900;
    if (!time_skip(&p, '-', dashed) || (t->tm_mon = time_digits(&p, 2) - 1) < 0 ||
        !time_skip(&p, '-', dashed) || (t->tm_mday = time_digits(&p, 2)) < 1 || *p++ != 'T' ||
        (t->tm_hour = time_digits(&p, 2)) < 0 || !time_skip(&p, ':', dashed) ||
        (t->tm_min = time_digits(&p, 2)) < 0 || !time_skip(&p, ':', dashed) ||
        (t->tm_sec = time_digits(&p, 2)) < 0)
        return 0;
    if (*p == '.') {
        int scale = 100000;

        for (p++; isdigit((unsigned char)*p); p++, scale /= 10)
            t->tm_usec += (*p - '0') * scale;
    }
    return p[0] == 'Z' && p[1] == '\0';
}

int base_time_parse(const char *text, apr_time_t *when)
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    apr_time_exp_t t;
    struct tm whole;

    memset(&t, 0, sizeof t);
    if (!text || !time_read(text, &t) || t.tm_year < -300 || t.tm_mon > 11 ||
        t.tm_mday > days[t.tm_mon] || t.tm_hour > 23 || t.tm_min > 59 || t.tm_sec > 60)
        return 0;
    /* APR's own knows nothing before 1970: birthdays are earlier */
    whole = (struct tm){.tm_year = t.tm_year,
                        .tm_mon = t.tm_mon,
                        .tm_mday = t.tm_mday,
                        .tm_hour = t.tm_hour,
                        .tm_min = t.tm_min,
                        .tm_sec = t.tm_sec};
    *when = apr_time_from_sec(timegm(&whole)) + t.tm_usec;
    return 1;
}

apr_time_t base_time_day_start(apr_time_t when)
{
    apr_time_t rest = when % BASE_TIME_DAY;

    return when - (rest < 0 ? rest + BASE_TIME_DAY : rest);
}
