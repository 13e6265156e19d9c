/* Tasks: what of a VTODO is shown. */
#include "task_helpers.h"

#include "base/time.h"

static const eas_node_t *show(const char *text, eas_version_t version, apr_pool_t *pool)
{
    item_options_t options = options_prefer(version, ITEM_BODY_TEXT, ITEM_TRUNCATION_NONE);

    return kind_node(kind, blob_of_text(text, pool), &options, pool);
}

static const struct {
    const char *lines;
    eas_tag_t tag;
    const char *value;
} shown_rows[] = {
    {"SUMMARY:Milk\\, eggs\r\n", EAS_Tasks_Subject, "Milk, eggs"},
    {"SUMMARY:two\\nlines\r\n", EAS_Tasks_Subject, "two lines"},
    {"", EAS_Tasks_Subject, NULL},
    {"", EAS_Tasks_Importance, "1"},
    {"PRIORITY:0\r\n", EAS_Tasks_Importance, "1"},
    {"PRIORITY:1\r\n", EAS_Tasks_Importance, "2"},
    {"PRIORITY:4\r\n", EAS_Tasks_Importance, "2"},
    {"PRIORITY:5\r\n", EAS_Tasks_Importance, "1"},
    {"PRIORITY:6\r\n", EAS_Tasks_Importance, "0"},
    {"PRIORITY:9\r\n", EAS_Tasks_Importance, "0"},
    {"PRIORITY:10\r\n", EAS_Tasks_Importance, "1"},
    {"X-MOBILESYNC-IMPORTANCE:7\r\n", EAS_Tasks_Importance, "7"},
    {"PRIORITY:1\r\nX-MOBILESYNC-IMPORTANCE:7\r\n", EAS_Tasks_Importance, "2"},
    {"", EAS_Tasks_Sensitivity, "0"},
    {"CLASS:PUBLIC\r\n", EAS_Tasks_Sensitivity, "0"},
    {"CLASS:X-PERSONAL\r\n", EAS_Tasks_Sensitivity, "1"},
    {"CLASS:private\r\n", EAS_Tasks_Sensitivity, "2"},
    {"CLASS:CONFIDENTIAL\r\n", EAS_Tasks_Sensitivity, "3"},
    {"CLASS:X-OTHER\r\n", EAS_Tasks_Sensitivity, "2"},
    {"DUE;VALUE=DATE:20261125\r\n", EAS_Tasks_DueDate, AT("25", "00:00:00")},
    {"DUE;VALUE=DATE:20261125\r\n", EAS_Tasks_UtcDueDate, AT("24", "23:00:00")},
    {"DUE;VALUE=DATE;X-MOBILESYNC-OFFSET=-0500:20261125\r\n", EAS_Tasks_UtcDueDate,
     AT("25", "05:00:00")},
    {"DUE:20261125T150000\r\n", EAS_Tasks_DueDate, AT("25", "15:00:00")},
    {"DUE:20261125T150000\r\n", EAS_Tasks_UtcDueDate, AT("25", "14:00:00")},
    {"DUE:20261125T150000Z\r\n", EAS_Tasks_UtcDueDate, AT("25", "15:00:00")},
    {"DUE;X-MOBILESYNC-OFFSET=-0330:20261125T150000Z\r\n", EAS_Tasks_DueDate, AT("25", "11:30:00")},
    {"DUE;X-MOBILESYNC-OFFSET=+9900:20261125T150000Z\r\n", EAS_Tasks_DueDate, AT("25", "16:00:00")},
    {"DUE;TZID=Europe/Berlin:20261125T150000\r\n", EAS_Tasks_DueDate, AT("25", "15:00:00")},
    {"DUE;TZID=Europe/Berlin:20261125T150000\r\n", EAS_Tasks_UtcDueDate, AT("25", "14:00:00")},
    {"DTSTART;TZID=Mine:20260725T150000\r\n", EAS_Tasks_UtcStartDate, "2026-07-25T13:00:00.000Z"},
    {"DTSTART;TZID=Mine:20261125T150000\r\n", EAS_Tasks_UtcStartDate, AT("25", "14:00:00")},
    {"DTSTART;VALUE=DATE:20261125\r\nDURATION:P2D\r\n", EAS_Tasks_DueDate, AT("27", "00:00:00")},
    {"DURATION:P2D\r\n", EAS_Tasks_DueDate, NULL},
    {"DTSTART;VALUE=DATE:20261125\r\nDURATION:P99999999999999D\r\n", EAS_Tasks_DueDate, NULL},
    {"DUE:20261325T150000Z\r\n", EAS_Tasks_DueDate, NULL},
    {"DUE:whenever\r\n", EAS_Tasks_DueDate, NULL},
    {"", EAS_Tasks_Complete, "0"},
    {"", EAS_Tasks_DateCompleted, NULL},
    {"STATUS:NEEDS-ACTION\r\n", EAS_Tasks_Complete, "0"},
    {"STATUS:IN-PROCESS\r\nPERCENT-COMPLETE:60\r\n", EAS_Tasks_Complete, "0"},
    {"STATUS:COMPLETED\r\n", EAS_Tasks_Complete, "1"},
    {"STATUS:COMPLETED\r\n", EAS_Tasks_DateCompleted, "2026-01-01T00:00:00.000Z"},
    {"STATUS:COMPLETED\r\nCOMPLETED:20261124T101112Z\r\n", EAS_Tasks_DateCompleted,
     AT("24", "10:11:12")},
    {"STATUS:CANCELLED\r\n", EAS_Tasks_Complete, "1"},
    {"PERCENT-COMPLETE:100\r\n", EAS_Tasks_Complete, "1"},
    {"COMPLETED:20261124T101112Z\r\n", EAS_Tasks_Complete, "1"},
    {"STATUS:NEEDS-ACTION\r\nCOMPLETED:20261124T101112Z\r\n", EAS_Tasks_DateCompleted, NULL},
    {"", EAS_Tasks_ReminderSet, "0"},
    {"", EAS_Tasks_ReminderTime, NULL},
    {ALARM("TRIGGER;VALUE=DATE-TIME:20261124T080000Z\r\n"), EAS_Tasks_ReminderSet, "1"},
    {ALARM("TRIGGER;VALUE=DATE-TIME:20261124T080000Z\r\n"), EAS_Tasks_ReminderTime,
     AT("24", "08:00:00")},
    {"DTSTART:20261125T150000Z\r\n" ALARM("TRIGGER:-PT15M\r\n"), EAS_Tasks_ReminderTime,
     AT("25", "14:45:00")},
    {"DTSTART:20261125T150000Z\r\nDUE:20261126T150000Z\r\n" ALARM(
         "TRIGGER;RELATED=END:-P1DT1H\r\n"),
     EAS_Tasks_ReminderTime, AT("25", "14:00:00")},
    {"DUE;TZID=Europe/Berlin:20261126T150000\r\n" ALARM("TRIGGER:PT0S\r\n"), EAS_Tasks_ReminderTime,
     AT("26", "14:00:00")},
    {ALARM("TRIGGER:-PT15M\r\n"), EAS_Tasks_ReminderSet, "0"},
    {ALARM("TRIGGER;VALUE=DATE-TIME:20261124T080000Z\r\n")
         ALARM("TRIGGER;VALUE=DATE-TIME:20261124T070000Z\r\n"),
     EAS_Tasks_ReminderTime, AT("24", "07:00:00")},
    {"BEGIN:VALARM\r\nACTION:EMAIL\r\nTRIGGER;VALUE=DATE-TIME:20261124T080000Z\r\n"
     "END:VALARM\r\n",
     EAS_Tasks_ReminderSet, "0"},
    {"X-MOBILESYNC-ORDINAL-DATE:20261123T080000Z\r\n", EAS_Tasks_OrdinalDate, AT("23", "08:00:00")},
    {"X-MOBILESYNC-SUB-ORDINAL-DATE:5555\r\n", EAS_Tasks_SubOrdinalDate, "5555"},
};

static void test_shown(apr_pool_t *pool)
{
    size_t i;

    for (i = 0; i < sizeof shown_rows / sizeof *shown_rows; i++) {
        const eas_node_t *node =
            show(calendar_with(ZONE, shown_rows[i].lines, pool), EAS_VERSION_16_1, pool);

        is_str(property(node, shown_rows[i].tag), shown_rows[i].value,
               apr_psprintf(pool, "row %d: %s", (int)i, eas_tag_name(shown_rows[i].tag)));
    }
}

/* The zone of what names none: the calendar's, where it has one. */
static void test_zone(apr_pool_t *pool)
{
    static const struct {
        const char *before, *utc;
    } rows[] = {{"", AT("25", "00:00:00")},
                {ZONE, AT("24", "23:00:00")},
                {"X-WR-TIMEZONE:America/New_York\r\n", AT("25", "05:00:00")},
                {"X-WR-TIMEZONE:Nowhere\r\n", AT("25", "00:00:00")}};
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *text = calendar_with(rows[i].before, "DUE;VALUE=DATE:20261125\r\n", pool);
        const eas_node_t *node = show(text, EAS_VERSION_16_1, pool);

        is_str(property(node, EAS_Tasks_DueDate), AT("25", "00:00:00"), "the day");
        is_str(property(node, EAS_Tasks_UtcDueDate), rows[i].utc, "its moment");
    }
}

static const char *recurrence(const char *lines, eas_version_t version, apr_pool_t *pool)
{
    const eas_node_t *node = show(calendar(lines, pool), version, pool);
    const eas_node_t *element = eas_node_child(node, EAS_Tasks_Recurrence);

    return element ? kind_text(element, pool) : NULL;
}

static void test_recurrence(apr_pool_t *pool)
{
    static const struct {
        const char *lines, *value;
    } rows[] = {
        {DAY "RRULE:FREQ=DAILY;INTERVAL=3;COUNT=5\r\n", "Type=0|Interval=3|Occurrences=5|" START},
        {DAY "RRULE:FREQ=WEEKLY;BYDAY=MO,WE\r\n", "Type=1|DayOfWeek=10|FirstDayOfWeek=1|" START},
        {DAY "RRULE:FREQ=WEEKLY\r\n", "Type=1|DayOfWeek=8"},
        {DAY "RRULE:FREQ=MONTHLY\r\n", "Type=2|DayOfMonth=25|CalendarType=0"},
        {DAY "RRULE:FREQ=MONTHLY;BYDAY=-1FR\r\n",
         "Type=3|WeekOfMonth=5|DayOfWeek=32|CalendarType=0"},
        {DAY "RRULE:FREQ=YEARLY;BYMONTH=11;BYMONTHDAY=25\r\n",
         "Type=5|DayOfMonth=25|MonthOfYear=11|CalendarType=0"},
        {DAY "RRULE:RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=5L;BYMONTHDAY=1\r\n",
         "Type=5|DayOfMonth=1|MonthOfYear=5|CalendarType=8|IsLeapMonth=1"},
        {DAY "RRULE;X-MOBILESYNC-CALENDAR-TYPE=7:FREQ=MONTHLY\r\n",
         "Type=2|DayOfMonth=25|CalendarType=7"},
        {DAY "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU\r\n",
         "Type=6|WeekOfMonth=2|DayOfWeek=1|MonthOfYear=3"},
        {"DUE;VALUE=DATE:20261125\r\nRRULE:FREQ=DAILY\r\n", "Type=0|" START},
        {DAY "RRULE:FREQ=DAILY\r\nX-MOBILESYNC-REGENERATE:1\r\nX-MOBILESYNC-DEAD-OCCUR:1\r\n",
         "Type=0|Regenerate=1|DeadOccur=1"},
        {DAY "RRULE:FREQ=DAILY\r\nX-MOBILESYNC-SERIES-START:20261101T000000\r\n",
         "Type=0|Start=" AT("01", "00:00:00")},
        {"RRULE:FREQ=DAILY\r\n", NULL},
        {DAY "RRULE:FREQ=HOURLY\r\n", NULL},
        {DAY "RRULE:FREQ=YEARLY;BYWEEKNO=20\r\n", NULL},
        {DAY "RRULE:FREQ=DAILY\r\nRRULE:FREQ=WEEKLY\r\n", NULL},
        {DAY "RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30\r\n", NULL},
        {DAY "RRULE:rubbish\r\n", NULL},
    };
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *text = recurrence(rows[i].lines, EAS_VERSION_16_1, pool);
        const char *name = apr_psprintf(pool, "rule %d", (int)i);

        if (rows[i].value)
            has(text, rows[i].value, name, pool);
        else
            is_str(text, NULL, name);
    }
    is_int(strstr(recurrence(DAY "RRULE:FREQ=MONTHLY\r\n", EAS_VERSION_12_1, pool),
                  "CalendarType") != NULL,
           0, "12.1 has no CalendarType");
    is_str(recurrence(DAY "RRULE:RSCALE=CHINESE;FREQ=MONTHLY;BYMONTHDAY=1\r\n", EAS_VERSION_12_1,
                      pool),
           NULL, "nor a lunar rule");
    is_int(strstr(recurrence(DAY "RRULE:FREQ=WEEKLY\r\n", EAS_VERSION_14_0, pool),
                  "FirstDayOfWeek") != NULL,
           0, "14.0 has no FirstDayOfWeek");
}

/* All of it, at every version (MS-ASTASK: CalendarType and IsLeapMonth since 14.0, FirstDayOfWeek since
 * 14.1). */
static void test_golden(apr_pool_t *pool)
{
    static const char lines[] =
        "SUMMARY:Water\r\nDESCRIPTION:the plants\r\nPRIORITY:2\r\nCLASS:PRIVATE\r\n"
        "CATEGORIES:Home,Garden\r\nDTSTART;TZID=Europe/Berlin:20261125T080000\r\n"
        "DUE;TZID=Europe/Berlin:20261125T100000\r\nSTATUS:COMPLETED\r\n"
        "COMPLETED:20261126T070000Z\r\nRRULE:FREQ=%s\r\n"
        "X-MOBILESYNC-ORDINAL-DATE:20261101T000000Z\r\nX-MOBILESYNC-SUB-ORDINAL-DATE:5\r\n" ALARM(
            "TRIGGER:-PT15M\r\n");
    static const char wanted[] =
        "Subject=Water|Body{Type=1|EstimatedDataSize=10|Data=the plants}|Importance=2|"
        "UtcStartDate=" AT("25", "07:00:00") "|StartDate=" AT(
            "25",
            "08:00:00") "|"
                        "UtcDueDate=" AT("25", "09:00:00") "|DueDate=" AT(
                            "25",
                            "10:00:00") "|"
                                        "Categories{Category=Home|Category=Garden}|"
                                        "Recurrence{Type=%d|Start=" AT(
                                            "25",
                                            "08:00:00") "|Interval=1|%s}|"
                                                        "Complete=1|DateCompleted=" AT(
                                                            "26",
                                                            "07:00:00") "|Sensitivity=2|"
                                                                        "ReminderTime=" AT(
                                                                            "25",
                                                                            "06:45:00") "|ReminderS"
                                                                                        "et=1|"
                                                                                        "OrdinalDat"
                                                                                        "e=" AT(
                                                                                            "01",
                                                                                            "00:00:"
                                                                                            "00") "|SubOrdinalDate=5";
    static const struct {
        eas_version_t version;
        const char *weekly, *yearly;
    } rows[] = {
        {EAS_VERSION_12_1, "", ""},
        {EAS_VERSION_14_0, "", "|CalendarType=0|IsLeapMonth=0"},
        {EAS_VERSION_14_1, "|FirstDayOfWeek=1", "|CalendarType=0|IsLeapMonth=0"},
        {EAS_VERSION_16_0, "|FirstDayOfWeek=1", "|CalendarType=0|IsLeapMonth=0"},
        {EAS_VERSION_16_1, "|FirstDayOfWeek=1", "|CalendarType=0|IsLeapMonth=0"},
    };
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *weekly = calendar(apr_psprintf(pool, lines, "WEEKLY;BYDAY=WE"), pool);
        const char *yearly = calendar(apr_psprintf(pool, lines, "YEARLY"), pool);

        is_str(
            kind_text(show(weekly, rows[i].version, pool), pool),
            apr_psprintf(pool, wanted, 1, apr_pstrcat(pool, "DayOfWeek=8", rows[i].weekly, NULL)),
            eas_version_name(rows[i].version));
        is_str(
            kind_text(show(yearly, rows[i].version, pool), pool),
            apr_psprintf(pool, wanted, 5,
                         apr_pstrcat(pool, "DayOfMonth=25|MonthOfYear=11", rows[i].yearly, NULL)),
            eas_version_name(rows[i].version));
    }
}

static void test_body(apr_pool_t *pool)
{
    const eas_node_t *node =
        show(calendar("DESCRIPTION:one\\ntwo\r\nCATEGORIES:a,b\r\nCATEGORIES:b\\,c\r\n", pool),
             EAS_VERSION_14_1, pool);

    is_str(body_data(node), "one\r\ntwo", "the text");
    is_str(kind_text(eas_node_child(node, EAS_Tasks_Categories), pool),
           "Category=a|Category=b|Category=b,c", "categories of all lines");
    node = show(calendar("", pool), EAS_VERSION_14_1, pool);
    is_str(property(node, EAS_Tasks_Categories), "", "none: an empty element");
}

/* Of a series with instances it is the series. */
static void test_component(apr_pool_t *pool)
{
    const char *text = calendar_with(
        "BEGIN:VTODO\r\nUID:1\r\nRECURRENCE-ID;VALUE=DATE:20261126\r\nSUMMARY:other\r\n"
        "END:VTODO\r\n",
        "SUMMARY:series\r\n" DAY "RRULE:FREQ=DAILY\r\n", pool);
    item_options_t options = options_of(EAS_VERSION_16_1);
    const char *wbxml;
    apr_size_t length;

    is_str(property(show(text, EAS_VERSION_16_1, pool), EAS_Tasks_Subject), "series",
           "the series, not an instance");
    is_int(base_fault_code(
               kind_wbxml(kind,
                          blob_of_text("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\n"
                                       "END:VEVENT\r\nEND:VCALENDAR\r\n",
                                       pool),
                          &options, &wbxml, &length, pool)),
           BASE_FAULT_CONVERSION, "no task");
}

static void test_describe(apr_pool_t *pool)
{
    static const struct {
        const char *lines, *date;
    } rows[] = {
        {"SUMMARY:x\r\n", NULL},
        {"STATUS:IN-PROCESS\r\nCOMPLETED:20261101T000000Z\r\n", NULL},
        {DAY "RRULE:FREQ=DAILY;COUNT=1\r\n", NULL},
        {"STATUS:COMPLETED\r\nCOMPLETED:20261101T000000Z\r\n", "2026-11-01T00:00:00.000Z"},
        {"STATUS:CANCELLED\r\n", "2026-01-01T00:00:00.000Z"},
    };
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        backend_description_t description = {0};
        const char *name = apr_psprintf(pool, "described %d", (int)i);

        ok(!item_describer.describe(blob_of_text(calendar(rows[i].lines, pool), pool), &description,
                                    pool) &&
               description.known && description.class_ == BACKEND_CLASS_TASKS,
           "%s", name);
        is_str(description.date == APR_INT64_MAX ? NULL
                                                 : base_time_format_dashed(description.date, pool),
               rows[i].date, name);
    }
}

int main(void)
{
    static void (*const tests[])(apr_pool_t *) = {test_golden,     test_shown, test_zone,
                                                  test_recurrence, test_body,  test_component,
                                                  test_describe};

    return run_tests(tests, sizeof tests / sizeof *tests);
}
