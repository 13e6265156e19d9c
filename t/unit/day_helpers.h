/* For the tests of days: the zones and days that are odd. */
#ifndef T_UNIT_DAY_HELPERS_H
#define T_UNIT_DAY_HELPERS_H

#include <apr_strings.h>
#include <libical/ical.h>

/* Places where days are odd: summer time that begins or ends at midnight, the ends of the date line,
 * a day that was left out, and the days on which they are. */
static const struct {
    const char *zone, *day;
} day_places[] = {{"Europe/Berlin", "20260329"},
                  {"Europe/Berlin", "20261025"},
                  {"America/New_York", "20261101"},
                  {"Europe/London", "20260701"},
                  {"America/Sao_Paulo", "20181104"},
                  {"America/Sao_Paulo", "20190217"},
                  {"America/Sao_Paulo", "20190216"},
                  {"America/Santiago", "20260906"},
                  {"America/Santiago", "20260405"},
                  {"America/Havana", "20260308"},
                  {"Asia/Beirut", "20260329"},
                  {"Asia/Beirut", "20261025"},
                  {"Asia/Beirut", "20261024"},
                  {"Africa/Cairo", "20260424"},
                  {"Africa/Cairo", "20261029"},
                  {"Asia/Amman", "20210326"},
                  {"Asia/Tehran", "20220322"},
                  {"America/Asuncion", "20231001"},
                  {"Atlantic/Azores", "20260329"},
                  {"America/Scoresbysund", "20240331"},
                  {"Pacific/Apia", "20111229"},
                  {"Pacific/Apia", "20111231"},
                  {"Pacific/Apia", "20110924"},
                  {"Pacific/Kiritimati", "20260101"},
                  {"Pacific/Chatham", "20260405"},
                  {"Etc/GMT+12", "20260101"},
                  {"Pacific/Pago_Pago", "20260704"},
                  {"Asia/Kathmandu", "20260601"},
                  {"Australia/Lord_Howe", "20261004"},
                  {"Africa/Casablanca", "20260215"},
                  {"UTC", "20260228"}};

#define DAY_PLACES (sizeof day_places / sizeof *day_places)

__attribute__((unused)) static const char *day_after(const char *day, int days, apr_pool_t *pool)
{
    struct icaltimetype t = icaltime_from_string(day);

    icaltime_adjust(&t, days, 0, 0, 0);
    return apr_psprintf(pool, "%04d%02d%02d", t.year, t.month, t.day);
}

#endif
