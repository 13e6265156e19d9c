/* Series as components say them: which occurrences they have, and when the last one is. */
#include "item_helpers.h"

#include "base/time.h"
#include "item/date.h"
#include "item/rule.h"
#include "item/series_impl.h"

static const char berlin[] = "BEGIN:VTIMEZONE\nTZID:Home\n"
                             "BEGIN:STANDARD\nDTSTART:16010101T030000\nTZOFFSETFROM:+0200\n"
                             "TZOFFSETTO:+0100\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\n"
                             "END:STANDARD\nBEGIN:DAYLIGHT\nDTSTART:16010101T020000\n"
                             "TZOFFSETFROM:+0100\nTZOFFSETTO:+0200\n"
                             "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\nEND:DAYLIGHT\n"
                             "END:VTIMEZONE\n";

static int load(const char *lines, const item_clock_t *own, item_series_t *series, apr_pool_t *pool)
{
    const char *text =
        apr_pstrcat(pool, "BEGIN:VCALENDAR\nVERSION:2.0\n", berlin, "BEGIN:VEVENT\nUID:1\n", lines,
                    "END:VEVENT\nEND:VCALENDAR\n", NULL);
    item_document_t *document;
    item_component_t *calendar;

    if (item_document_parse(blob_of_text(text, pool), &document, pool))
        abort();
    calendar = item_document_root(document);
    return item_series_load(calendar, item_component_first(calendar, "VEVENT"), own, series, pool);
}

/* "20260706T080000Z ..." of the occurrences, "..." where there may be more. */
static const char *shown(const item_series_t *series, const char *from, const char *to, int limit,
                         apr_pool_t *pool)
{
    struct icaltimetype begin = icaltime_from_string(from), end = icaltime_from_string(to);
    apr_array_header_t *found;
    const char *text = "";
    int i,
        whole = item_series_expand(series, apr_time_from_sec(item_date_seconds(&begin)),
                                   apr_time_from_sec(item_date_seconds(&end)), limit, &found, pool);

    for (i = 0; i < found->nelts; i++)
        text = apr_pstrcat(
            pool, text, i ? " " : "",
            base_time_format_compact(APR_ARRAY_IDX(found, i, item_occurrence_t).when, pool), NULL);
    return whole ? text : apr_pstrcat(pool, text, "...", NULL);
}

static const struct {
    const char *name, *lines, *wanted, *last; /* last NULL: it does not end */
} rows[] = {
    {"one alone", "DTSTART:20260706T080000Z\n", "20260706T080000Z", "20260706T080000Z"},
    {"over the end of summer time", "DTSTART;TZID=Home:20261024T100000\nRRULE:FREQ=DAILY;COUNT=3\n",
     "20261024T080000Z 20261025T090000Z 20261026T090000Z", "20261026T090000Z"},
    {"without end", "DTSTART:20261230T080000Z\nRRULE:FREQ=DAILY\n",
     "20261230T080000Z 20261231T080000Z", NULL},
    {"an end in UTC that is before the last one's time",
     "DTSTART;TZID=Home:20260706T100000\nRRULE:FREQ=DAILY;UNTIL=20260708T075959Z\n",
     "20260706T080000Z 20260707T080000Z", "20260707T080000Z"},
    {"an end that is a day", "DTSTART;TZID=Home:20260706T100000\nRRULE:FREQ=DAILY;UNTIL=20260708\n",
     "20260706T080000Z 20260707T080000Z 20260708T080000Z", "20260708T080000Z"},
    {"exceptions, in UTC, local, and of another zone",
     "DTSTART;TZID=Home:20260706T100000\nRRULE:FREQ=DAILY;COUNT=5\n"
     "EXDATE:20260706T080000Z\nEXDATE;TZID=Home:20260707T100000\n"
     "EXDATE;TZID=America/New_York:20260708T040000\n",
     "20260709T080000Z 20260710T080000Z", "20260710T080000Z"},
    {"exceptions that are days",
     "DTSTART;TZID=Home:20260706T100000\nRRULE:FREQ=DAILY;COUNT=3\n"
     "EXDATE;VALUE=DATE:20260706,20260708\n",
     "20260707T080000Z", "20260707T080000Z"},
    {"all of them are exceptions",
     "DTSTART:20260706T080000Z\nRRULE:FREQ=DAILY;COUNT=1\nEXDATE:20260706T080000Z\n", "",
     "20260706T080000Z"},
    {"dates without a rule",
     "DTSTART;TZID=Home:20260706T100000\nRDATE;TZID=Home:20260709T120000\n"
     "RDATE;VALUE=PERIOD:20260708T080000Z/PT1H,20260709T080000Z/20260709T090000Z\n",
     "20260706T080000Z 20260708T080000Z 20260709T080000Z 20260709T100000Z", "20260709T100000Z"},
    {"two rules, each day once",
     "DTSTART:20260706T080000Z\nRRULE:FREQ=WEEKLY;COUNT=2\nRRULE:FREQ=DAILY;COUNT=2\n"
     "RDATE:20260707T080000Z\n",
     "20260706T080000Z 20260707T080000Z 20260713T080000Z", "20260713T080000Z"},
    {"days",
     "DTSTART;VALUE=DATE:20260706\nRRULE:FREQ=DAILY;COUNT=3\n"
     "EXDATE;VALUE=DATE:20260707\n",
     "20260706T000000Z 20260708T000000Z", "20260708T000000Z"},
    {"a rule that is refused leaves the start",
     "DTSTART:20260706T080000Z\nRRULE:FREQ=YEARLY;INTERVAL=101\n", "20260706T080000Z",
     "20260706T080000Z"},
    {"hours that are in step with the start",
     "DTSTART:20260706T220000Z\nRRULE:FREQ=HOURLY;INTERVAL=5;UNTIL=20260707T130000Z\n",
     "20260706T220000Z 20260707T030000Z 20260707T080000Z 20260707T130000Z", "20260707T130000Z"},
    {"minutes of some hours",
     "DTSTART:20260706T080000Z\nRRULE:FREQ=MINUTELY;INTERVAL=30;BYHOUR=8,9;COUNT=5\n",
     "20260706T080000Z 20260706T083000Z 20260706T090000Z 20260706T093000Z 20260707T080000Z",
     "20260707T080000Z"},
    {"minutes that are counted without looking at them",
     "DTSTART:20261231T235958Z\nRRULE:FREQ=MINUTELY;INTERVAL=20;COUNT=1000000\n",
     "20261231T235958Z", "20650109T205958Z"},
    {"half past and at the hour",
     "DTSTART:20260706T083000Z\nRRULE:FREQ=HOURLY;INTERVAL=12;BYMINUTE=0,30;COUNT=4\n",
     "20260706T083000Z 20260706T200000Z 20260706T203000Z 20260707T080000Z", "20260707T080000Z"},
    {"a rule of what is left out",
     "DTSTART:20260706T080000Z\nRRULE:FREQ=DAILY;COUNT=5\nEXRULE:FREQ=DAILY;INTERVAL=2\n",
     "20260707T080000Z 20260709T080000Z", "20260709T080000Z"},
    {"the Gregorian calendar by its name",
     "DTSTART:20260706T080000Z\nRRULE:RSCALE=GREGORIAN;FREQ=DAILY;COUNT=2\n",
     "20260706T080000Z 20260707T080000Z", "20260707T080000Z"},
    {"no dates in the list", "DTSTART:20260706T080000Z\nRDATE:tomorrow,20260230T080000Z\n",
     "20260706T080000Z", "20260706T080000Z"},
    {"blanks and a semicolon", "DTSTART:20261231T080000Z\nRRULE: FREQ=DAILY; COUNT=1;\n",
     "20261231T080000Z", "20261231T080000Z"},
    {"a floating time is the own zone's", "DTSTART:20260706T080000\n", "20260706T080000Z",
     "20260706T080000Z"},
    {"a leap day", "DTSTART:20240229T080000Z\nRRULE:FREQ=YEARLY;COUNT=2\n", "", "20280229T080000Z"},
};

static void test_occurrences(apr_pool_t *pool)
{
    item_series_t series;
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        apr_time_t last;

        if (!ok(load(rows[i].lines, &item_clock_utc, &series, pool), "%s", rows[i].name))
            continue;
        is_str(shown(&series, "20260101T000000Z", "20270101T000000Z", 100, pool), rows[i].wanted,
               "in 2026");
        last = item_series_last(&series, pool);
        is_str(last == APR_INT64_MAX ? NULL : base_time_format_compact(last, pool), rows[i].last,
               "the last one");
    }
    ok(!load("DTSTART:tomorrow\n", &item_clock_utc, &series, pool), "no time");
    ok(!load("DTSTART:20260230T080000Z\n", &item_clock_utc, &series, pool), "no day");
    ok(!load("SUMMARY:x\n", &item_clock_utc, &series, pool), "no start");
}

static void test_limits(apr_pool_t *pool)
{
    item_series_t series;
    struct icaltimetype local = icaltime_from_string("20260706T100000");
    item_recurrence_t pattern;

    load("DTSTART;TZID=Home:20260701T100000\nRRULE:FREQ=DAILY\nEXDATE;TZID=Home:20260702T100000\n",
         &item_clock_utc, &series, pool);
    is_str(shown(&series, "20260701T000000Z", "20270101T000000Z", 2, pool),
           "20260701T080000Z 20260703T080000Z...", "no more than the limit");
    is_str(shown(&series, "20260703T080000Z", "20260704T080000Z", 2, pool), "20260703T080000Z",
           "the end of a window is not in it");
    ok(item_series_has(&series, item_clock_to_utc(series.clock, &local), pool), "one of them");
    ok(!item_series_has(&series, item_clock_to_utc(series.clock, &local) + 1, pool), "none");
    local = icaltime_from_string("20260702T100000");
    ok(item_series_has(&series, item_clock_to_utc(series.clock, &local), pool),
       "one that is an exception is one");
    ok(item_series_pattern(&series, &pattern) && pattern.type == ITEM_RECURRENCE_DAILY,
       "EAS can say it");
    load("DTSTART:20260701T100000Z\nRRULE:FREQ=DAILY\nRDATE:20260801T100001Z\n", &item_clock_utc,
         &series, pool);
    ok(!item_series_pattern(&series, &pattern) && item_series_recurs(&series), "not with RDATE");
    load("DTSTART:19000101T100000Z\nRRULE:FREQ=DAILY\n", &item_clock_utc, &series, pool);
    is_str(shown(&series, "20260701T000000Z", "20260702T000000Z", 9, pool), "20260701T100000Z",
           "from far back, at once");
    load("DTSTART:19000101T100000Z\nRRULE:FREQ=MONTHLY;INTERVAL=7;BYDAY=-1FR\n", &item_clock_utc,
         &series, pool);
    is_str(shown(&series, "20260101T000000Z", "20270101T000000Z", 9, pool),
           "20260130T100000Z 20260828T100000Z", "in step with its start");
}

/* The first of a day, also where that one is taken away. */
static void test_days(apr_pool_t *pool)
{
    apr_array_header_t *found;
    item_series_t series;

    load("DTSTART:20260706T080000Z\nRRULE:FREQ=HOURLY;INTERVAL=4\nEXDATE:20260707T000000Z\n",
         &item_clock_utc, &series, pool);
    ok(!item_series_expand_days(&series, APR_INT64_MIN, APR_INT64_MAX, 3, &found, pool),
       "there are more days");
    is_int(found->nelts, 3, "three days");
    is_str(base_time_format_compact(APR_ARRAY_IDX(found, 1, item_occurrence_t).when, pool),
           "20260707T040000Z", "the next one of the day");
    load("DTSTART:20260706T080000Z\nRRULE:FREQ=SECONDLY\n", &item_clock_utc, &series, pool);
    item_series_expand_days(&series, APR_INT64_MIN, APR_INT64_MAX, 999, &found, pool);
    is_int(found->nelts, 999, "hundreds of days of 86,400 occurrences each");
}

/* Whatever a rule says, the steps of its walk are counted, and their number has a limit. */
static void test_budget(apr_pool_t *pool)
{
    static const char *const rules[] = {
        "FREQ=SECONDLY",
        "FREQ=SECONDLY;COUNT=1000000",
        "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MINUTELY;BYSECOND=0,1,2,3,4,5,6,7,8,9;BYHOUR=3",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=1000000",
        "FREQ=DAILY;COUNT=1000000",
        "FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9;BYMINUTE=0,1,2,3,4,5,6,7,8,9;BYSECOND=0,1,2",
        "FREQ=YEARLY;BYHOUR=0,1,2,3,4,5,6,7,8,9;BYMINUTE=0,1,2,3,4,5,6,7,8,9;BYDAY=MO,TU;BYSETPOS=-"
        "1",
        "FREQ=YEARLY;INTERVAL=100;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6;BYDAY=MO;UNTIL=99991231T000000Z",
    };
    static const char *const starts[] = {"16010101T000000Z", "20260706T080000Z",
                                         "99991231T235959Z"};
    apr_array_header_t *seconds = apr_array_make(pool, 64, sizeof(long));
    size_t i, k;

    for (i = 0; i < sizeof rules / sizeof *rules; i++)
        for (k = 0; k < sizeof starts / sizeof *starts; k++) {
            struct icaltimetype start = icaltime_from_string(starts[k]);
            struct icalrecurrencetype rule;
            series_walk_t walk;
            long calls = 0, found = 0;

            ok(item_rule_parse(rules[i], &rule), "%s is a rule", rules[i]);
            item_series_walk_start(&walk, &rule, &start, &item_clock_utc, SERIES_BUDGET, pool);
            while (calls <= SERIES_BUDGET && item_series_walk_next(&walk, seconds)) {
                calls++;
                found += seconds->nelts;
                apr_array_clear(seconds);
            }
            ok(calls <= SERIES_BUDGET && found <= SERIES_BUDGET && walk.budget > -100000,
               "from %s on its walk ends: %ld periods, %ld found, %ld steps left", starts[k], calls,
               found, walk.budget);
        }
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    test_occurrences(pool);
    test_limits(pool);
    test_days(pool);
    test_budget(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
