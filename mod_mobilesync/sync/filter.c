#include "sync/filter.h"

#include "base/time.h"
#include "sync/scan.h"

static apr_time_t filter_months_before(apr_time_t now, int months)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    apr_time_exp_t exploded;
    apr_time_t then = 0;
    int year, last;

    if (apr_time_exp_gmt(&exploded, now) != APR_SUCCESS)
        return SYNC_TIME_MIN;
    exploded.tm_mon -= months;
    if (exploded.tm_mon < 0) {
        exploded.tm_mon += 12;
        exploded.tm_year--;
    }
    year = exploded.tm_year + 1900;
    last = days[exploded.tm_mon];
    if (exploded.tm_mon == 1 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
        last++;
    if (exploded.tm_mday > last) /* 31 March less a month is the last of February */
        exploded.tm_mday = last;
    return apr_time_exp_gmt_get(&then, &exploded) == APR_SUCCESS ? then : SYNC_TIME_MIN;
}

apr_time_t sync_filter_cut(int filter, apr_time_t now)
{
    static const struct {
        short days, months;
    } periods[SYNC_FILTER_MAX + 1] = {[1] = {1, 0}, [2] = {3, 0}, [3] = {7, 0}, [4] = {14, 0},
                                      [5] = {0, 1}, [6] = {0, 3}, [7] = {0, 6}};
    apr_time_t then;

    if (filter < 0 || filter > SYNC_FILTER_MAX)
        return SYNC_TIME_MIN;
    if (periods[filter].months)
        then = filter_months_before(now, periods[filter].months);
    else if (periods[filter].days)
        then = now - periods[filter].days * BASE_TIME_DAY;
    else
        return filter == SYNC_FILTER_INCOMPLETE ? SYNC_TIME_MAX : SYNC_TIME_MIN;
    return then == SYNC_TIME_MIN ? then : base_time_day_start(then);
}
