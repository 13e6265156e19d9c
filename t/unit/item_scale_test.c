/* Calendars other than the Gregorian one: days that everybody knows, rules of them (RFC 7529), and what
 * libical makes of the same rules. */
#include "item_helpers.h"

#include <libical/ical.h>

#include "item/date.h"
#include "item/rule.h"
#include "item/scale.h"
#include "item/series.h"

static const char *day_text(long day, apr_pool_t *pool)
{
    int year, month, of_month;

    item_date_split(day, &year, &month, &of_month);
    return apr_psprintf(pool, "%04d%02d%02d", year, month, of_month);
}

static long day_of(const char *text)
{
    struct icaltimetype time = icaltime_from_string(text);

    return item_date_days(time.year, time.month, time.day);
}

static void test_days(apr_pool_t *pool)
{
    static const struct {
        const char *name, *day;
        int month, of_month;
    } rows[] = {
        {"CHINESE", "20240210", 1, 1}, /* New Year */
        {"CHINESE", "20250129", 1, 1},
        {"CHINESE", "20260217", 1, 1},
        {"CHINESE", "20270206", 1, 1},
        {"CHINESE", "20300203", 1, 1},
        {"CHINESE", "20240917", 8, 15}, /* Mid-Autumn */
        {"CHINESE", "20250725", 6 | ITEM_SCALE_LEAP, 1},
        {"CHINESE", "19870726", 6 | ITEM_SCALE_LEAP, 1},
        {"CHINESE", "20331222", 11 | ITEM_SCALE_LEAP, 1},
        {"DANGI", "19970208", 1, 1}, /* a day after the Chinese one */
        {"CHINESE", "19970207", 1, 1},
        {"DANGI", "20170624", 5 | ITEM_SCALE_LEAP, 1},
        {"CHINESE", "20170723", 6 | ITEM_SCALE_LEAP, 1},
        {"HEBREW", "20260912", 1, 1},      /* Rosh Hashanah 5787 */
        {"HEBREW", "20240423", 8 - 1, 15}, /* Passover: Nisan is the 7th, Adar I the fifth's */
        {"HEBREW", "20240210", 5 | ITEM_SCALE_LEAP, 1},
        {"HEBREW", "20250314", 6, 14}, /* Purim */
        {"HEBREW", "20461001", 1, 1},
        {"ISLAMIC-CIVIL", "20230719", 1, 1},
        {"ISLAMIC-TBLA", "20230718", 1, 1},
        {"ISLAMIC-UMALQURA", "20250301", 9, 1}, /* Ramadan */
        {"PERSIAN", "20260321", 1, 1},          /* Nowruz */
        {"INDIAN", "20260322", 1, 1},
        {"COPTIC", "20260906", 13, 1},
        {"ETHIOPIC", "20260911", 1, 1},
        {"JAPANESE", "20260912", 9, 12},
    };
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        item_scale_month_t month = {0};
        int of_month = 0;

        item_scale_day(item_scale_find(rows[i].name), day_of(rows[i].day), &month, &of_month);
        is_int(month.number * 100 + of_month, rows[i].month * 100 + rows[i].of_month,
               apr_pstrcat(pool, rows[i].name, " ", rows[i].day, NULL));
    }
}

/* The years join, their months too. */
static void test_years(apr_pool_t *pool)
{
    static const char *const names[] = {
        "GREGORIAN",        "CHINESE", "DANGI",  "HEBREW", "ISLAMIC-TBLA",
        "ISLAMIC-UMALQURA", "PERSIAN", "INDIAN", "COPTIC", "ETHIOPIC-AMETE-ALEM"};
    size_t i;

    for (i = 0; i < sizeof names / sizeof *names; i++) {
        item_scale_calendar_t *calendar = item_scale_open(item_scale_find(names[i]), pool);
        long day = day_of("19100101"), next = 0, end = day_of("20901231");
        int year = 0, gaps = 0, count = 0, k;
        item_scale_year_t months;

        item_scale_year_of(calendar, day, &year);
        for (; item_scale_year(calendar, year, &months) && months.months[0].first < end; year++)
            for (k = 0; k < months.count; k++, count++) {
                int of_year = -1;

                gaps += next && months.months[k].first != next;
                next = months.months[k].first + months.months[k].days;
                item_scale_year_of(calendar, next - 1, &of_year);
                gaps += of_year != year;
            }
        ok(count > 2000, "%s has %d months", names[i], count);
        is_int(gaps, 0, "one after the other");
    }
    ok(!item_scale_day(item_scale_find("CHINESE"), day_of("18991231"), &(item_scale_month_t){0},
                       &(int){0}),
       "before the table");
    ok(!item_scale_day(item_scale_find("DANGI"), day_of("21101231"), &(item_scale_month_t){0},
                       &(int){0}),
       "behind the table");
    ok(!item_scale_find("ISLAMIC"), "what is observed cannot be reckoned");
}

/* -- rules ------------------------------------------------------------------------------------ */

/* The days of a rule; "refused". */
static const char *rule_days(const char *start, const char *text, int limit, apr_pool_t *pool)
{
    struct icalrecurrencetype rule;
    item_series_t series = {.start = icaltime_from_string(start), .clock = &item_clock_utc};
    apr_array_header_t *found;
    const char *days = "";
    int i;

    if (!item_rule_parse(text, &rule))
        return "refused";
    series.rules = apr_array_make(pool, 1, sizeof rule);
    APR_ARRAY_PUSH(series.rules, struct icalrecurrencetype) = rule;
    item_series_expand(&series, APR_INT64_MIN, APR_INT64_MAX, limit, &found, pool);
    for (i = 0; i < found->nelts; i++)
        days = apr_pstrcat(pool, days, i ? " " : "",
                           day_text(item_date_floor(item_date_seconds(
                                        &APR_ARRAY_IDX(found, i, item_occurrence_t).local)),
                                    pool),
                           NULL);
    return days;
}

static void test_rules(apr_pool_t *pool)
{
    static const struct {
        const char *start, *rule, *days;
    } rows[] = {
        {"20250129", "RSCALE=CHINESE;FREQ=YEARLY;COUNT=4", "20250129 20260217 20270206 20280126"},
        {"20170723", "RSCALE=CHINESE;FREQ=YEARLY;COUNT=3", "20170723 20250725 20360723"},
        {"20170723", "RSCALE=CHINESE;FREQ=YEARLY;COUNT=4;SKIP=BACKWARD",
         "20170723 20180713 20190703 20200721"},
        {"20170723", "RSCALE=CHINESE;FREQ=YEARLY;COUNT=3;SKIP=FORWARD",
         "20170723 20180811 20190801"},
        {"20250129", "RSCALE=CHINESE;FREQ=MONTHLY;COUNT=8",
         "20250129 20250228 20250329 20250428 20250527 20250625 20250725 20250823"},
        {"20250129", "RSCALE=CHINESE;FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=-1;COUNT=3",
         "20260216 20270205 20280125"},
        {"20250227", "RSCALE=CHINESE;FREQ=MONTHLY;BYMONTHDAY=30;COUNT=3",
         "20250227 20250427 20250724"},
        {"20250227", "RSCALE=CHINESE;FREQ=MONTHLY;BYMONTHDAY=30;COUNT=3;SKIP=FORWARD",
         "20250227 20250329 20250427"},
        /* a yahrzeit of Adar I: Adar in the other years */
        {"20240214", "RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=5L;BYMONTHDAY=5;COUNT=4;SKIP=FORWARD",
         "20240214 20250305 20260222 20270212"},
        {"20240214", "RSCALE=HEBREW;FREQ=YEARLY;COUNT=2", "20240214 20270212"},
        {"20160229", "RSCALE=GREGORIAN;FREQ=YEARLY;COUNT=3;SKIP=BACKWARD",
         "20160229 20170228 20180228"},
        {"20160229", "RSCALE=GREGORIAN;FREQ=YEARLY;COUNT=3;SKIP=FORWARD",
         "20160229 20170301 20180301"},
        {"20140131", "RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=FORWARD;COUNT=4",
         "20140131 20140301 20140331 20140501"},
        {"20140131", "RSCALE=GREGORIAN;FREQ=MONTHLY;BYMONTHDAY=1,31;SKIP=FORWARD;COUNT=5",
         "20140131 20140201 20140301 20140331 20140401"},
        {"18900101", "RSCALE=CHINESE;FREQ=YEARLY;COUNT=3", ""},
    };
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        is_str(rule_days(rows[i].start, rows[i].rule, 20, pool), rows[i].days,
               apr_pstrcat(pool, rows[i].start, " ", rows[i].rule, NULL));
}

/* With an SKIP that changes nothing a rule is walked in the other way. */
static void test_gregorian(apr_pool_t *pool)
{
    static const char *const rules[] = {
        "FREQ=YEARLY",
        "FREQ=YEARLY;BYMONTH=3,11;BYMONTHDAY=1,-1",
        "FREQ=YEARLY;INTERVAL=3;BYDAY=2TU,-5FR",
        "FREQ=YEARLY;BYMONTH=1,2;BYDAY=-1SU,MO",
        "FREQ=YEARLY;BYDAY=MO,WE;BYSETPOS=1,-2",
        "FREQ=MONTHLY;INTERVAL=5;BYMONTHDAY=13;BYDAY=FR",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "FREQ=MONTHLY;INTERVAL=18;BYDAY=1MO,-1SU",
        "FREQ=WEEKLY;INTERVAL=3;BYDAY=MO,SU;WKST=SU",
        "FREQ=WEEKLY;INTERVAL=2",
        "FREQ=WEEKLY;BYMONTH=2,12",
        "FREQ=DAILY;INTERVAL=17;BYMONTH=5",
        "FREQ=DAILY;BYMONTHDAY=1,28",
        "FREQ=YEARLY;BYMONTH=12;BYDAY=SU;UNTIL=20991231",
        "FREQ=MONTHLY;COUNT=300",
    };
    size_t i;

    for (i = 0; i < sizeof rules / sizeof *rules; i++)
        is_str(rule_days("20240117",
                         apr_pstrcat(pool, "RSCALE=GREGORIAN;SKIP=FORWARD;", rules[i], NULL), 25,
                         pool),
               rule_days("20240117", rules[i], 25, pool), rules[i]);
}

static const char *libical_days(const char *start, const char *text, int limit, apr_pool_t *pool)
{
    struct icalrecurrencetype rule = icalrecurrencetype_from_string(text);
    icalrecur_iterator *iterator = icalrecur_iterator_new(rule, icaltime_from_string(start));
    const char *days = "";
    int i;

    for (i = 0; iterator && i < limit; i++) {
        struct icaltimetype time = icalrecur_iterator_next(iterator);

        if (icaltime_is_null_time(time))
            break;
        days = apr_psprintf(pool, "%s%s%04d%02d%02d", days, i ? " " : "", time.year, time.month,
                            time.day);
    }
    if (iterator)
        icalrecur_iterator_free(iterator);
    free(rule.rscale);
    return days;
}

/* libical expands such rules by ICU. Not here: an INTERVAL, which it does not count from the start's
 * period; the Korean calendar, which ICU mixes with the Chinese one once both were used. */
static void test_libical(apr_pool_t *pool)
{
    static const char *const names[] = {"HEBREW", "ISLAMIC-TBLA", "ISLAMIC-CIVIL", "PERSIAN",
                                        "INDIAN", "COPTIC",       "ETHIOPIC",      "CHINESE"};
    static const char *const rules[] = {
        "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=15",
        "FREQ=YEARLY;BYMONTH=7;BYMONTHDAY=-1",
        "FREQ=YEARLY;BYMONTH=1,9;BYMONTHDAY=1,10",
        "FREQ=YEARLY;BYMONTH=12;BYDAY=MO",
        "FREQ=MONTHLY;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYMONTHDAY=-2",
        "FREQ=DAILY;BYMONTH=9",
        "FREQ=MONTHLY;BYMONTHDAY=30;SKIP=BACKWARD",
        "FREQ=YEARLY;BYMONTH=5;BYMONTHDAY=30;SKIP=BACKWARD",
    };
    size_t i, k;

    if (!icalrecurrencetype_rscale_is_supported())
        return;
    for (i = 0; i < sizeof names / sizeof *names; i++)
        for (k = 0; k < sizeof rules / sizeof *rules; k++) {
            const char *rule = apr_pstrcat(pool, "RSCALE=", names[i], ";", rules[k], NULL);

            is_str(rule_days("20190301", rule, 24, pool), libical_days("20190301", rule, 24, pool),
                   rule);
        }
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    test_days(pool);
    test_years(pool);
    test_rules(pool);
    test_gregorian(pool);
    test_libical(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
