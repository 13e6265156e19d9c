/* Events by other calendars than the Gregorian one (RSCALE, CalendarType): shown, edited, and kept. */
#include "event_helpers.h"

#define EVENT(lines)                                                                     \
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\nBEGIN:VEVENT\r\nUID:u1\r\n" \
    "DTSTAMP:20260101T000000Z\r\nSUMMARY:Feast\r\n" lines "END:VEVENT\r\nEND:VCALENDAR\r\n"
#define MID_AUTUMN                                           \
    "DTSTART:20240917T100000Z\r\nDTEND:20240917T110000Z\r\n" \
    "RRULE:RSCALE=CHINESE;FREQ=YEARLY;BYMONTH=8;BYMONTHDAY=15\r\n"
#define TIMES "StartTime=20240917T100000Z|EndTime=20240917T110000Z|Subject=Feast|"
#define LUNAR \
    "Recurrence{Type=5|Interval=1|DayOfMonth=15|MonthOfYear=8|CalendarType=15|IsLeapMonth=0}"
#define RULE "RRULE:RSCALE=CHINESE;FREQ=YEARLY;BYMONTH=8;BYMONTHDAY=15\r\n"

static void test_shown(apr_pool_t *pool)
{
    const char *text = EVENT(MID_AUTUMN);
    size_t i;

    for (i = 1; i < KIND_VERSIONS; i++)
        is_str(shown(text, kind_versions[i], EAS_Calendar_Recurrence, pool),
               "Type=5|Interval=1|DayOfMonth=15|MonthOfYear=8|CalendarType=15|IsLeapMonth=0",
               "a lunar day");
    is_str(shown(text, EAS_VERSION_12_1, EAS_Calendar_Recurrence, pool),
           "Type=0|Interval=1|Occurrences=76", "12.1 has no CalendarType: it is shown as days");
    has(shown(text, EAS_VERSION_12_1, EAS_Calendar_Exceptions, pool),
        "ExceptionStartTime=20250101T100001Z|StartTime=20251006T100000Z|EndTime=20251006T110000Z",
        "on those that it falls on");
    text = EVENT("DTSTART;VALUE=DATE:20250725\r\n"
                 "RRULE:RSCALE=CHINESE;FREQ=YEARLY;BYMONTH=6L;BYMONTHDAY=1\r\n");
    has(shown(text, 161, EAS_Calendar_Recurrence, pool),
        "DayOfMonth=1|MonthOfYear=6|CalendarType=15|IsLeapMonth=1", "a day of a leap month");
    text = EVENT("DTSTART:20240214T100000Z\r\nDURATION:PT1H\r\n"
                 "RRULE:RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=5L;BYMONTHDAY=5;SKIP=FORWARD\r\n");
    lacks(shown(text, 161, EAS_Calendar_Recurrence, pool), "CalendarType",
          "no pattern says what happens in other years");
    has(shown(text, 161, EAS_Calendar_Exceptions, pool), "StartTime=20260222T100000Z",
        "but it is shown when it is");
    has(changed(text, "Subject=Yahrzeit", NULL, 161, pool),
        "RRULE:RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=5L;BYMONTHDAY=5;SKIP=FORWARD\r\n", "and stays");
}

static void test_kept(apr_pool_t *pool)
{
    const char *text = EVENT(MID_AUTUMN), *recurrence;
    size_t i;

    for (i = 0; i < KIND_VERSIONS; i++) {
        recurrence = shown(text, kind_versions[i], EAS_Calendar_Recurrence, pool);
        has(changed(text,
                    apr_pstrcat(pool, TIMES "Sensitivity=2|Recurrence{", recurrence, "}", NULL),
                    NULL, kind_versions[i], pool),
            RULE, "what a phone sends back as it got it stays");
    }
    has(changed(text, TIMES "Recurrence{Type=5|DayOfMonth=15|MonthOfYear=8}", NULL, 141, pool),
        RULE, "a client that does not name the calendar leaves it");
    has(changed(text, TIMES "Recurrence{Type=5|Interval=2|DayOfMonth=15|MonthOfYear=8}", NULL, 141,
                pool),
        "RRULE:RSCALE=CHINESE;FREQ=YEARLY;INTERVAL=2;BYMONTH=8;BYMONTHDAY=15\r\n",
        "also with another interval");
    has(changed(text, TIMES "Recurrence{Type=5|DayOfMonth=15|MonthOfYear=8|CalendarType=1}", NULL,
                141, pool),
        "RRULE:FREQ=YEARLY;BYMONTH=8;BYMONTHDAY=15\r\n", "another calendar is another rule");
    has(changed(text, "Subject=x", "20251006T100000Z", 161, pool),
        "RECURRENCE-ID:20251006T100000Z\r\n", "one of them is edited");
    has(changed(text, "Subject=x", "20250815T100000Z", 161, pool),
        "fault: ", "there is none on the 15th of August");
}

static void test_added(apr_pool_t *pool)
{
    const char *text = changed(NULL, TIMES LUNAR, NULL, 161, pool);

    has(text, RULE, "a new one has its calendar");
    is_str(shown(text, 161, EAS_Calendar_Recurrence, pool),
           "Type=5|Interval=1|DayOfMonth=15|MonthOfYear=8|CalendarType=15|IsLeapMonth=0",
           "and comes back as it was sent");
    has(changed(NULL, TIMES "Recurrence{Type=2|DayOfMonth=1|CalendarType=14}", NULL, 161, pool),
        "fault: CalendarType 14", "nobody reckons the Japanese lunar calendar");
}

/* Of calendars whose months are Gregorian the name alone. */
static void test_named(apr_pool_t *pool)
{
    const char *text =
        changed(NULL, TIMES "Recurrence{Type=5|DayOfMonth=17|MonthOfYear=9|CalendarType=3}", NULL,
                161, pool);

    has(text, "RRULE;X-MOBILESYNC-CALENDAR-TYPE=3:FREQ=YEARLY;BYMONTH=9;BYMONTHDAY=17\r\n",
        "an emperor's years are plain ones");
    has(shown(text, 161, EAS_Calendar_Recurrence, pool), "CalendarType=3|", "that come back");
    lacks(shown(text, 121, EAS_Calendar_Recurrence, pool), "CalendarType", "not at 12.1");
    has(changed(text, TIMES "Recurrence{Type=5|DayOfMonth=17|MonthOfYear=9}", NULL, 121, pool),
        "CALENDAR-TYPE=3:", "nor is it lost there");
    text = changed(text, "Recurrence{Type=5|DayOfMonth=17|MonthOfYear=9|CalendarType=0}", NULL, 161,
                   pool);
    has(text, "RRULE:FREQ=YEARLY;BYMONTH=9;BYMONTHDAY=17\r\n", "who names another has it");
    text = changed(text, "Recurrence{Type=5|DayOfMonth=17|MonthOfYear=9|CalendarType=12}", NULL,
                   161, pool);
    has(text, "RRULE;X-MOBILESYNC-CALENDAR-TYPE=12:", "again");
    has(changed(text, "Recurrence{Type=1|DayOfWeek=4}", NULL, 161, pool),
        "RRULE:FREQ=WEEKLY;BYDAY=TU\r\n", "weeks have none");
    text = changed(text, "Recurrence{Type=5|DayOfMonth=15|MonthOfYear=8|CalendarType=20}", NULL,
                   161, pool);
    has(text, "RRULE:RSCALE=DANGI;FREQ=YEARLY;BYMONTH=8;BYMONTHDAY=15\r\n", "a lunar one says it");
}

/* What administrators are told of a series that no device is shown whole. */
static const char *remark(const char *text, apr_pool_t *pool)
{
    item_options_t options = options_prefer(EAS_VERSION_16_1, ITEM_BODY_TEXT, ITEM_TRUNCATION_NONE);
    item_reference_t reference = {.folder_id = "5", .generation = 1, .uid = 42};
    backend_entry_t entry = {.uid = 42, .token = 1, .date = APR_INT64_MAX};
    base_fault_t *fault;
    void *item;

    options.now = KIND_NOW;
    fault = kind->load(blob_of_text(text, pool), &reference, &entry, &options, &item, pool);
    return fault ? fault->message : kind->remark(item);
}

#define STARTS "DTSTART:20240917T100000Z\r\n"

static void test_remark(apr_pool_t *pool)
{
    has(remark(EVENT(STARTS "RRULE:RSCALE=ISLAMIC;FREQ=YEARLY\r\n"), pool),
        "its RRULE \"RSCALE=ISLAMIC;FREQ=YEARLY\"", "a calendar that nobody reckons");
    has(remark(EVENT(STARTS "RRULE:FREQ=DAILY;COUNT=3\r\nRRULE:FREQ=YEARLY;INTERVAL=101\r\n"),
               pool),
        "\"FREQ=YEARLY;INTERVAL=101\"", "one of several rules");
    has(remark(EVENT(STARTS "RRULE:FREQ=DAILY\r\nEXRULE:rubbish\r\n"), pool),
        "its EXRULE \"rubbish\"", "what is to be left out");
    is_str(remark(EVENT(MID_AUTUMN), pool), NULL, "nothing of a rule that is shown");
    is_str(remark(EVENT(STARTS "RRULE:FREQ=MONTHLY;BYDAY=1TU,3TU\r\n"), pool), NULL,
           "nor of one that EAS cannot say");
    is_str(remark(EVENT(STARTS), pool), NULL, "nor of a single event");
    is_str(remark(EVENT(STARTS "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=3\r\n"), pool),
           "its occurrences take too long to work out: devices are shown one event; its rules stay "
           "as they are",
           "what takes too long");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    test_shown(pool);
    test_kept(pool);
    test_added(pool);
    test_named(pool);
    test_remark(pool);
    apr_pool_destroy(pool);
    return done_testing();
}
