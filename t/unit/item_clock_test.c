/* Clocks against the C library's in all zones, VTIMEZONEs as they are written and read, zones through
 * blobs, and days that never shift. */
#include "item_helpers.h"

#include <time.h>

#include "base/time.h"
#include "item/clock.h"
#include "item/date.h"

#define YEARS_FIRST 1971
#define YEARS_LAST 2045

static struct icaltimetype time_of(const char *text)
{
    return icaltime_from_string(text);
}

static const char *time_text(const struct icaltimetype *t, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%04d-%02d-%02d %02d:%02d:%02d", t->year, t->month, t->day, t->hour,
                        t->minute, t->second);
}

static apr_time_t moment_of(int year, int month, int day)
{
    return apr_time_from_sec(item_date_days(year, month, day) * ITEM_DATE_DAY);
}

/* All zones of tzdata that differ. */
static apr_array_header_t *all_zones(apr_pool_t *pool)
{
    apr_array_header_t *zones = apr_array_make(pool, 400, sizeof(const char *));
    FILE *file = fopen("/usr/share/zoneinfo/zone1970.tab", "r");
    char line[512], name[512];

    while (file && fgets(line, sizeof line, file))
        if (*line != '#' && sscanf(line, "%*s %*s %511s", name) == 1)
            APR_ARRAY_PUSH(zones, const char *) = apr_pstrdup(pool, name);
    if (file)
        fclose(file);
    return zones;
}

/* -- against the C library -------------------------------------------------------------------- */

static int differs(const item_clock_t *clock, time_t at)
{
    struct icaltimetype local = item_clock_to_local(clock, apr_time_from_sec(at));
    struct tm tm;

    localtime_r(&at, &tm);
    return local.year != tm.tm_year + 1900 || local.month != tm.tm_mon + 1 ||
           local.day != tm.tm_mday || local.hour != tm.tm_hour || local.minute != tm.tm_min ||
           local.second != tm.tm_sec ||
           item_clock_offset(clock, apr_time_from_sec(at)) != tm.tm_gmtoff;
}

static void test_library(const apr_array_header_t *zones, apr_pool_t *pool)
{
    apr_pool_t *subpool;
    int i, wrong = 0, back = 0, missing = 0;
    const char *first = "none";

    apr_pool_create(&subpool, pool);
    for (i = 0; i < zones->nelts; i++) {
        const char *name = APR_ARRAY_IDX(zones, i, const char *);
        const item_clock_t *clock;
        long at;

        apr_pool_clear(subpool);
        clock = item_clock_olson(name, subpool);
        missing += !clock;
        setenv("TZ", name, 1);
        tzset();
        /* about twice a week, at all hours */
        for (at = 0; clock && at < item_date_days(YEARS_LAST, 1, 1) * ITEM_DATE_DAY; at += 300007) {
            struct icaltimetype local = item_clock_to_local(clock, apr_time_from_sec(at));
            apr_time_t again = item_clock_to_utc(clock, &local);
            struct icaltimetype twice = item_clock_to_local(clock, again);

            if (differs(clock, at) && !wrong++)
                first = apr_psprintf(pool, "%s %s", name, time_text(&local, pool));
            back += icaltime_compare(local, twice) != 0 || again > apr_time_from_sec(at);
        }
    }
    ok(zones->nelts > 200 && !missing, "%d zones, %d missing", zones->nelts, missing);
    ok(!wrong, "%d times differ from the C library's, the first is %s", wrong, first);
    is_int(back, 0, "every local time leads to a moment that reads so, the first of two");
    apr_pool_destroy(subpool);
}

/* Times that are not there, and those that are there twice. */
static void test_changes(apr_pool_t *pool)
{
    static const struct {
        const char *zone, *local, *utc;
    } rows[] = {
        {"Europe/Berlin", "20260329T015959", "2026-03-29T00:59:59.000Z"},
        {"Europe/Berlin", "20260329T020000", "2026-03-29T01:00:00.000Z"},
        {"Europe/Berlin", "20260329T023000", "2026-03-29T01:30:00.000Z"}, /* is 3:30 */
        {"Europe/Berlin", "20260329T030000", "2026-03-29T01:00:00.000Z"},
        {"Europe/Berlin", "20261025T023000", "2026-10-25T00:30:00.000Z"}, /* the first */
        {"Europe/Berlin", "20261025T030000", "2026-10-25T02:00:00.000Z"},
        {"Europe/Berlin", "20990701T120000", "2099-07-01T10:00:00.000Z"},
        {"America/New_York", "20070311T023000", "2007-03-11T07:30:00.000Z"},
        {"America/New_York", "20060320T100000", "2006-03-20T15:00:00.000Z"}, /* by the rules then */
        {"America/New_York", "20070320T100000", "2007-03-20T14:00:00.000Z"},
        {"America/Sao_Paulo", "20181104", "2018-11-04T03:00:00.000Z"}, /* begins at 1:00 */
        {"America/Sao_Paulo", "20190217", "2019-02-17T03:00:00.000Z"},
        {"Asia/Beirut", "20240331", "2024-03-30T22:00:00.000Z"},
        {"America/Havana", "20260308", "2026-03-08T05:00:00.000Z"},
        {"Australia/Lord_Howe", "20260405T014500", "2026-04-04T14:45:00.000Z"},
        {"Pacific/Apia", "20111231", "2011-12-30T10:00:00.000Z"},
        {"Asia/Kathmandu", "20260101T000000", "2025-12-31T18:15:00.000Z"},
        {"Europe/Dublin", "20260701T120000", "2026-07-01T11:00:00.000Z"},
        {"Africa/Casablanca", "20260301T120000", "2026-03-01T12:00:00.000Z"}, /* Ramadan */
        {"Africa/Casablanca", "20260601T120000", "2026-06-01T11:00:00.000Z"},
        {"UTC", "20260601T120000", "2026-06-01T12:00:00.000Z"},
    };
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        const item_clock_t *clock = item_clock_olson(rows[i].zone, pool);
        struct icaltimetype local = time_of(rows[i].local);

        is_str(clock ? base_time_format_dashed(item_clock_to_utc(clock, &local), pool) : NULL,
               rows[i].utc, apr_pstrcat(pool, rows[i].zone, " ", rows[i].local, NULL));
    }
}

/* -- names ------------------------------------------------------------------------------------ */

static item_component_t *calendar_of(const char *text, apr_pool_t *pool)
{
    item_document_t *document;
    base_fault_t *fault = item_document_parse(blob_of_text(text, pool), &document, pool);

    if (fault)
        printf("# %s\n", fault->message);
    return fault ? NULL : item_document_root(document);
}

static void test_names(apr_pool_t *pool)
{
    static const char own[] =
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VTIMEZONE\r\nTZID:Customized Time Zone\r\n"
        "BEGIN:STANDARD\r\nDTSTART:16010101T000000\r\nTZOFFSETFROM:+0330\r\nTZOFFSETTO:+0330\r\n"
        "END:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\n"
        "BEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:-0500\r\nTZOFFSETTO:-0500\r\n"
        "END:STANDARD\r\nEND:VTIMEZONE\r\nEND:VCALENDAR\r\n";
    static const struct {
        const char *tzid;
        int offset; /* in July 2026; -1: there is no such zone */
        const char *found;
    } rows[] = {
        {"Customized Time Zone", 12600, "Customized Time Zone"},
        {"Europe/Berlin", -18000, "Europe/Berlin"}, /* the file's own wins */
        {"Europe/Paris", 7200, "Europe/Paris"},
        {"US/Pacific", -25200, "US/Pacific"},
        {"W. Europe Standard Time", 7200, "Europe/Berlin"},
        {"Pacific Standard Time", -25200, "America/Los_Angeles"},
        {"India Standard Time", 19800, "Asia/Calcutta"},
        {"UTC", 0, "UTC"},
        {"/freeassociation.sourceforge.net/Tzfile/Europe/Paris", 7200, "Europe/Paris"},
        {"/freeassociation.sourceforge.net/Europe/Vienna", 7200, "Europe/Vienna"},
        {"/mozilla.org/20070129_1/America/Argentina/Buenos_Aires", -10800,
         "America/Argentina/Buenos_Aires"},
        {"/softwarestudio.org/Olson_20011030_5/America/New_York", -14400, "America/New_York"},
        {"Nowhere/Land", -1, NULL},
        {"", -1, NULL},
        {"../../../etc/passwd", -1, NULL},
        {"/../../../etc/passwd", -1, NULL},
        {"Europe", -1, NULL},
        {"zone1970.tab", -1, NULL},
        {"W. Europe Standard Time\n", -1, NULL},
        {"Mitteleurop\xc3\xa4ische Zeit", -1, NULL},
    };
    item_component_t *calendar = calendar_of(own, pool);
    apr_time_t july = moment_of(2026, 7, 1);
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        const item_clock_t *clock = item_clock_find(calendar, rows[i].tzid, pool);

        is_str(clock ? item_clock_tzid(clock) : NULL, rows[i].found, rows[i].tzid);
        if (clock)
            is_int(item_clock_offset(clock, july), rows[i].offset, "its offset");
    }
}

/* -- VTIMEZONE -------------------------------------------------------------------------------- */

/* How many moments of 20 years differ. */
static int clocks_differ(const item_clock_t *a, const item_clock_t *b, apr_time_t from)
{
    apr_time_t at = from, end = from + 20 * 365 * BASE_TIME_DAY;
    int n = 0;

    for (; at < end; at += apr_time_from_sec(40009))
        n += item_clock_offset(a, at) != item_clock_offset(b, at);
    return n;
}

static void test_written(const apr_array_header_t *zones, apr_pool_t *pool)
{
    static const int years[] = {1975, 2005, 2026};
    apr_pool_t *subpool;
    int i, y, n = 0, most = 0;
    const char *first = "none";

    apr_pool_create(&subpool, pool);
    for (i = 0; i < zones->nelts; i++)
        for (y = 0; y < 3; y++) {
            const char *name = APR_ARRAY_IDX(zones, i, const char *);
            apr_time_t from = moment_of(years[y], 3, 1);
            const item_clock_t *clock, *again;
            const backend_blob_t *blob;
            item_document_t *document;
            int differ;

            apr_pool_clear(subpool);
            clock = item_clock_olson(name, subpool);
            document = item_document_make(ITEM_DOCUMENT_ICALENDAR, subpool);
            item_clock_write(clock, from, document, subpool);
            item_clock_write(clock, from, document, subpool);
            blob = item_document_print(document, subpool);
            most = (int)blob->size > most ? (int)blob->size : most;
            again = item_clock_component(
                item_component_first(
                    calendar_of(apr_pstrmemdup(subpool, blob->data, (apr_size_t)blob->size),
                                subpool),
                    "VTIMEZONE"),
                subpool);
            differ = clocks_differ(clock, again, from);
            if (differ && !n)
                first = apr_psprintf(pool, "%s of %d", name, years[y]);
            n += differ != 0;
        }
    ok(!n, "VTIMEZONEs that are not read as they were meant: %d, the first is %s", n, first);
    ok(most < 8000, "none is long: %d bytes at most", most);
    apr_pool_destroy(subpool);
}

static void test_written_text(apr_pool_t *pool)
{
    item_document_t *document = item_document_make(ITEM_DOCUMENT_ICALENDAR, pool);
    const backend_blob_t *blob;
    const char *text;

    item_clock_write(item_clock_olson("Europe/Berlin", pool), moment_of(2026, 7, 1), document,
                     pool);
    item_clock_write(item_clock_olson("Europe/Berlin", pool), moment_of(2026, 7, 1), document,
                     pool);
    item_clock_write(&item_clock_utc, 0, document, pool);
    blob = item_document_print(document, pool);
    text = strstr(apr_pstrmemdup(pool, blob->data, (apr_size_t)blob->size), "BEGIN:VTIMEZONE");
    is_str(text,
           "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\n"
           "BEGIN:DAYLIGHT\r\nDTSTART:20260329T020000\r\nTZOFFSETFROM:+0100\r\n"
           "TZOFFSETTO:+0200\r\nTZNAME:CEST\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\n"
           "END:DAYLIGHT\r\n"
           "BEGIN:STANDARD\r\nDTSTART:20251026T030000\r\nTZOFFSETFROM:+0200\r\n"
           "TZOFFSETTO:+0100\r\nTZNAME:CET\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\n"
           "END:STANDARD\r\nEND:VTIMEZONE\r\nEND:VCALENDAR\r\n",
           "one VTIMEZONE, once");
}

/* A zone that is no place's: its name is made of its rules. */
static void test_written_zone(apr_pool_t *pool)
{
    static const item_zone_t odd = {.offset = 3660,
                                    .daylight_offset = 7260,
                                    .name = "",
                                    .daylight_name = "",
                                    .standard = {.month = 10, .week = 4, .hour = 24},
                                    .daylight = {.month = 2, .week = 5, .hour = 24}};
    const item_clock_t *clock = item_clock_zone(&odd, pool), *again;
    item_document_t *document = item_document_make(ITEM_DOCUMENT_ICALENDAR, pool);
    apr_time_t from = moment_of(2026, 3, 1);

    is_str(item_clock_tzid(clock), "Customized Time Zone +0101 10/4/0 2400 +0201 2/5/0 2400",
           "its name");
    item_clock_write(clock, from, document, pool);
    again = item_clock_find(item_document_root(document), item_clock_tzid(clock), pool);
    ok(again && clocks_differ(clock, again, from) == 0, "its VTIMEZONE is what it is");
}

/* -- VTIMEZONEs of other programs -------------------------------------------------------------- */

/* "S" or "D", the start, the offsets, a rule or dates. */
#define PART(kind, start, from, to, line)                                                        \
    "BEGIN:" kind "\r\nDTSTART:" start "\r\nTZOFFSETFROM:" from "\r\nTZOFFSETTO:" to "\r\n" line \
    "\r\nEND:" kind "\r\n"
#define SUMMER(start, rule) PART("DAYLIGHT", start, "+0100", "+0200", "RRULE:FREQ=YEARLY;" rule)
#define WINTER(start, rule) PART("STANDARD", start, "+0200", "+0100", "RRULE:FREQ=YEARLY;" rule)
#define MARCH "BYMONTH=3;BYDAY=-1SU"
#define SEPTEMBER "BYMONTH=9;BYDAY=-1SU"
#define OCTOBER "BYMONTH=10;BYDAY=-1SU"

static const item_clock_t *clock_of(const char *parts, apr_pool_t *pool)
{
    return item_clock_component(
        item_component_first(
            calendar_of(apr_pstrcat(pool,
                                    "BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\n"
                                    "TZID:x\r\n",
                                    parts, "END:VTIMEZONE\r\nEND:VCALENDAR\r\n", NULL),
                        pool),
            "VTIMEZONE"),
        pool);
}

static void test_read(apr_pool_t *pool)
{
    static const struct {
        const char *what, *parts, *same;
        int from; /* year */
    } rows[] = {
        {"the one goes on for longer than the other",
         SUMMER("19810329T020000", MARCH)
             WINTER("19800928T030000", SEPTEMBER ";UNTIL=19950924T010000Z")
                 WINTER("19961027T030000", OCTOBER),
         "Europe/Berlin", 1981},
        {"its last change is old",
         PART("STANDARD", "18880101T001859", "+091859", "+0900", "COMMENT:x")
             PART("DAYLIGHT", "19500507T000000", "+0900", "+1000",
                  "RRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=1SU;UNTIL=19510505T150000Z")
                 PART("STANDARD", "19480912T010000", "+1000", "+0900",
                      "RRULE:FREQ=YEARLY;BYMONTH=9;BYDAY=2SU;UNTIL=19510908T150000Z"),
         "Asia/Tokyo", 1971},
        {"rules with the time of day, as Notes has them",
         SUMMER("19810329T020000", "BYMINUTE=0;BYHOUR=2;" MARCH)
             WINTER("19961027T030000", "BYMINUTE=0;BYHOUR=3;" OCTOBER),
         "Europe/Berlin", 1996},
        {"every twelve months",
         PART("DAYLIGHT", "19970330T020000", "+0100", "+0200",
              "RRULE:FREQ=MONTHLY;INTERVAL=12;BYDAY=-1SU")
             PART("STANDARD", "19961027T030000", "+0200", "+0100",
                  "RRULE:FREQ=MONTHLY;INTERVAL=12;BYDAY=-1SU"),
         "Europe/Berlin", 1997},
        {"from the year 1601 on, as Outlook has them",
         SUMMER("16010325T020000", MARCH) WINTER("16011028T030000", OCTOBER), "Europe/Berlin",
         1997},
    };
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        const item_clock_t *clock = clock_of(rows[i].parts, pool);
        const item_clock_t *same = item_clock_olson(rows[i].same, pool);
        int year, differ = 0;

        for (year = rows[i].from; clock && year < YEARS_LAST; year += 20)
            differ += clocks_differ(clock, same, moment_of(year, 4, 1));
        ok(clock && !differ, "%s: %d moments differ", rows[i].what, differ);
    }
}

/* Rules that no zone has change nothing: what is left are the first changes. */
static void test_hostile(apr_pool_t *pool)
{
    static const char *const rules[] = {
        "FREQ=SECONDLY",
        "FREQ=MINUTELY;BYDAY=SU",
        "FREQ=HOURLY",
        "FREQ=DAILY",
        "FREQ=WEEKLY;BYDAY=SU",
        "FREQ=MONTHLY;BYDAY=1SU",
        "FREQ=YEARLY;BYDAY=SU",
        "FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU;BYHOUR=1,2,3",
        "FREQ=YEARLY;BYMONTH=10;BYMONTHDAY=1,2,3,4,5,6,7,8,9,10,11,12;BYMINUTE=1,2,3,4,5,6,7,8,9",
    };
    size_t i;

    for (i = 0; i < sizeof rules / sizeof *rules; i++) {
        const item_clock_t *clock =
            clock_of(apr_pstrcat(pool, SUMMER("19970330T020000", MARCH),
                                 "BEGIN:STANDARD\r\nDTSTART:19971026T030000\r\n"
                                 "TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nRRULE:",
                                 rules[i], "\r\nEND:STANDARD\r\n", NULL),
                     pool);

        ok(clock && item_clock_offset(clock, moment_of(1997, 12, 1)) == 3600 &&
               item_clock_offset(clock, moment_of(1998, 2, 1)) == 3600 &&
               item_clock_offset(clock, moment_of(1998, 12, 1)) == 7200,
           "refused: %s", rules[i]);
    }
}

/* Of a calendar with more zones than anybody uses the first hundred are looked at. */
static void test_many(apr_pool_t *pool)
{
    const char *text = "BEGIN:VCALENDAR\r\n";
    item_component_t *calendar;
    int i;

    for (i = 0; i <= 100; i++)
        text = apr_psprintf(
            pool,
            "%sBEGIN:VTIMEZONE\r\nTZID:%s%d\r\n" PART("STANDARD", "19700101T000000", "+0500",
                                                      "+0500", "COMMENT:x") "END:VTIMEZONE\r\n",
            text, i < 100 ? "x" : "Etc/GMT-", i < 100 ? i : 3);
    calendar = calendar_of(apr_pstrcat(pool, text, "END:VCALENDAR\r\n", NULL), pool);
    is_int(item_clock_offset(item_clock_find(calendar, "x99", pool), 0), 5 * 3600, "the last");
    is_int(item_clock_offset(item_clock_find(calendar, "Etc/GMT-3", pool), 0), 3 * 3600,
           "one behind it is that of Olson's");
}

/* -- all zones through blobs ------------------------------------------------------------------ */

/* A zone's blob as a clock again. */
static const item_clock_t *through_blob(const item_clock_t *clock, apr_time_t when,
                                        apr_pool_t *pool)
{
    item_zone_t zone, read;

    item_clock_rules(clock, when, &zone);
    return item_zone_parse(item_zone_blob(&zone, pool), &read, pool) ? item_clock_zone(&read, pool)
                                                                     : &item_clock_utc;
}

/* Where a zone has one pair of changes in a year, or none, the blob is right in all of that year; elsewhere
 * at the moment itself. And a zone is found again. */
static void test_round_trip(const apr_array_header_t *zones, apr_pool_t *pool)
{
    apr_pool_t *subpool;
    int i, year, wrong = 0, lost = 0;
    const char *first = "none", *first_lost = "none";

    apr_pool_create(&subpool, pool);
    for (i = 0; i < zones->nelts; i++)
        for (year = YEARS_FIRST; year < YEARS_LAST; year++) {
            const char *name = APR_ARRAY_IDX(zones, i, const char *);
            const char *hints[] = {name, NULL};
            apr_time_t when = moment_of(year, 1 + year % 12, 1 + year % 28);
            const item_clock_t *clock, *again;
            item_zone_t zone;

            apr_pool_clear(subpool);
            clock = item_clock_olson(name, subpool);
            if (item_clock_offset(clock, when) % 60)
                continue; /* of seconds; there were such until 1972 */
            again = through_blob(clock, when, subpool);
            if (item_clock_offset(again, when) != item_clock_offset(clock, when) && !wrong++)
                first = apr_psprintf(pool, "%s in %d", name, year);
            item_clock_rules(clock, when, &zone);
            again = item_clock_match(&zone, when, hints, subpool);
            if ((!again || strcmp(item_clock_tzid(again), name) != 0) && !lost++)
                first_lost = apr_psprintf(pool, "%s in %d", name, year);
        }
    ok(!wrong, "blobs that say another time: %d, the first is of %s", wrong, first);
    ok(!lost, "zones that are not found again: %d, the first is %s", lost, first_lost);
    apr_pool_destroy(subpool);
}

static int shifts(const item_clock_t *clock, const item_clock_t *phone, long number)
{
    struct icaltimetype day = item_date_time(number * ITEM_DATE_DAY), again;
    apr_time_t when;

    day.is_date = 1;
    when = item_clock_to_utc(clock, &day);
    again = item_clock_day(phone, when);
    return icaltime_compare(day, again) != 0;
}

/* Days that a zone has left out, to be on the other side of the date line. */
static int is_left_out(const item_clock_t *clock, long number)
{
    int before = item_clock_offset(clock, apr_time_from_sec((number - 1) * ITEM_DATE_DAY));
    int after = item_clock_offset(clock, apr_time_from_sec((number + 1) * ITEM_DATE_DAY));

    return after - before >= ITEM_DATE_DAY;
}

/* A day that goes to a phone as the first moment of it, with a blob, and comes back. */
static void test_days(const apr_array_header_t *zones, apr_pool_t *pool)
{
    apr_pool_t *subpool;
    int i, year, wrong = 0, utc = 0, days = 0;
    const char *first = "none";

    apr_pool_create(&subpool, pool);
    for (i = 0; i < zones->nelts; i++)
        for (year = 1985; year < 2035; year++) {
            const char *name = APR_ARRAY_IDX(zones, i, const char *);
            long number = item_date_days(year, 1, 1), end = item_date_days(year + 1, 1, 1);
            const item_clock_t *clock;

            apr_pool_clear(subpool);
            clock = item_clock_olson(name, subpool);
            for (; number < end; number += 1 + (number + i) % 9) {
                struct icaltimetype day = item_date_time(number * ITEM_DATE_DAY);
                apr_time_t when = item_clock_to_utc(clock, &day);

                if (is_left_out(clock, number))
                    continue;
                days++;
                if (shifts(clock, through_blob(clock, when, subpool), number) && !wrong++)
                    first = apr_psprintf(pool, "%s %s", name, time_text(&day, pool));
                utc += shifts(&item_clock_utc, clock, number);
            }
        }
    ok(!wrong, "of %d days %d shift, the first is %s", days, wrong, first);
    is_int(utc, 0, "nor do any that come as midnight of UTC, whatever the zone");
    apr_pool_destroy(subpool);
}

int main(void)
{
    apr_array_header_t *zones;
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    zones = all_zones(pool);
    test_library(zones, pool);
    test_changes(pool);
    test_names(pool);
    test_written(zones, pool);
    test_written_text(pool);
    test_written_zone(pool);
    test_read(pool);
    test_hostile(pool);
    test_many(pool);
    test_round_trip(zones, pool);
    test_days(zones, pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
