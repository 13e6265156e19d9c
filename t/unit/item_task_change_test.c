/* Tasks: what becomes of a VTODO when a phone changes something. */
#include "task_helpers.h"

/* All that a phone sends whose user did nothing. */
typedef struct {
    const char *name, *lines, *data, *difference;
} change_row_t;

#define SAME "Subject=s|Complete=0|Sensitivity=0|"
#define DUE(local, utc) "DueDate=" local "|UtcDueDate=" utc "|"

static const change_row_t changes[] = {
    {"the subject", "SUMMARY:s\r\n", "Subject=t|Complete=0", "-SUMMARY:s +SUMMARY:t"},
    {"a subject emptied", "SUMMARY:s\r\n", "Subject=|Complete=0", "-SUMMARY:s"},
    {"a subject left out (MS-ASCMD R879)", "SUMMARY:s\r\n", "Complete=0", "-SUMMARY:s"},
    {"PRIORITY stays as long as its class does", "SUMMARY:s\r\nPRIORITY:3\r\n", SAME "Importance=2",
     ""},
    {"importance left out (MS-ASTASK R369)", "SUMMARY:s\r\nPRIORITY:3\r\n", SAME, ""},
    {"importance", "SUMMARY:s\r\nPRIORITY:3\r\n", SAME "Importance=0", "-PRIORITY:3 +PRIORITY:9"},
    {"normal importance", "SUMMARY:s\r\nPRIORITY:3\r\n", SAME "Importance=1", "-PRIORITY:3"},
    {"another importance (R550)", "SUMMARY:s\r\nPRIORITY:3\r\n", SAME "Importance=9",
     "-PRIORITY:3 +X-MOBILESYNC-IMPORTANCE:9"},
    {"a sensitivity of others", "SUMMARY:s\r\nCLASS:X-OTHER\r\n",
     "Subject=s|Complete=0|Sensitivity=2", ""},
    {"sensitivity", "SUMMARY:s\r\nCLASS:X-OTHER\r\n", "Subject=s|Complete=0|Sensitivity=3",
     "-CLASS:X-OTHER +CLASS:CONFIDENTIAL"},
    {"sensitivity left out", "SUMMARY:s\r\nCLASS:PRIVATE\r\n", "Subject=s|Complete=0",
     "-CLASS:PRIVATE +CLASS:PUBLIC"},
    {"a day comes back", "SUMMARY:s\r\nDUE;VALUE=DATE:20261125\r\n",
     SAME DUE(AT("25", "00:00:00"), AT("25", "00:00:00")), ""},
    {"a day comes back with the phone's own moment", "SUMMARY:s\r\nDUE;VALUE=DATE:20261125\r\n",
     SAME DUE(AT("25", "00:00:00"), AT("24", "23:00:00")), ""},
    {"a day comes back by its moment alone", "SUMMARY:s\r\nDUE;VALUE=DATE:20261125\r\n",
     SAME DUE(AT("24", "19:00:00"), AT("25", "00:00:00")), ""},
    {"another day", "SUMMARY:s\r\nDUE;VALUE=DATE:20261125\r\n",
     SAME DUE(AT("26", "00:00:00"), AT("25", "23:00:00")),
     "-DUE;VALUE=DATE:20261125 +DUE;VALUE=DATE;X-MOBILESYNC-OFFSET=+0100:20261126 "
     "+SEQUENCE:1"},
    {"a time comes back as a day", "SUMMARY:s\r\nDUE;TZID=Europe/Berlin:20261125T150000\r\n",
     SAME DUE(AT("25", "00:00:00"), AT("24", "23:00:00")), ""},
    {"another time in a zone", "SUMMARY:s\r\nDUE;TZID=Europe/Berlin:20261125T150000\r\n",
     SAME DUE(AT("25", "17:00:00"), AT("25", "16:00:00")),
     "-DUE;TZID=Europe/Berlin:20261125T150000 +DUE;TZID=Europe/Berlin:20261125T170000 "
     "+SEQUENCE:1"},
    {"another time of a phone elsewhere", "SUMMARY:s\r\nDUE;TZID=Europe/Berlin:20261125T150000\r\n",
     SAME DUE(AT("25", "09:00:00"), AT("25", "17:00:00")),
     "-DUE;TZID=Europe/Berlin:20261125T150000 +DUE;TZID=Europe/Berlin:20261125T180000 "
     "+SEQUENCE:1"},
    {"another time in UTC", "SUMMARY:s\r\nDUE:20261125T150000Z\r\n",
     SAME DUE(AT("25", "18:00:00"), AT("25", "17:00:00")),
     "-DUE:20261125T150000Z +DUE;X-MOBILESYNC-OFFSET=+0100:20261125T170000Z +SEQUENCE:1"},
    {"no due date", "SUMMARY:s\r\nDUE;VALUE=DATE:20261125\r\n", SAME,
     "-DUE;VALUE=DATE:20261125 +SEQUENCE:1"},
    {"a due date emptied", "SUMMARY:s\r\nDUE;VALUE=DATE:20261125\r\n",
     SAME "DueDate=|UtcDueDate=", "-DUE;VALUE=DATE:20261125 +SEQUENCE:1"},
    {"a due date as a moment alone", "SUMMARY:s\r\nDUE;VALUE=DATE:20261125\r\n",
     SAME "UtcDueDate=" AT("26", "00:00:00"),
     "-DUE;VALUE=DATE:20261125 +DUE;VALUE=DATE:20261126 +SEQUENCE:1"},
    {"a recurrence emptied",
     "SUMMARY:s\r\n" DAY "RRULE:FREQ=DAILY\r\nX-MOBILESYNC-REGENERATE:1\r\n",
     SAME "StartDate=" AT("25", "00:00:00") "|Recurrence=",
     "-RRULE:FREQ=DAILY -X-MOBILESYNC-REGENERATE:1 +SEQUENCE:1"},
    {"one time of two is another",
     "SUMMARY:s\r\nDTSTART:20261125T080000Z\r\n"
     "DUE:20261125T090000Z\r\n",
     SAME "StartDate=" AT("25", "08:00:00") "|" DUE(AT("26", "00:00:00"), AT("26", "00:00:00")),
     "-DUE:20261125T090000Z +DUE:20261126T000000Z +SEQUENCE:1"},
    {"a start for what has a due date by DURATION",
     "SUMMARY:s\r\nDTSTART;VALUE=DATE:20261125\r\nDURATION:P2D\r\n",
     SAME "StartDate=" AT("26", "00:00:00") "|" DUE(AT("27", "00:00:00"), AT("27", "00:00:00")),
     "-DTSTART;VALUE=DATE:20261125 -DURATION:P2D +DTSTART;VALUE=DATE:20261126 "
     "+DUE;VALUE=DATE:20261127 +SEQUENCE:1"},
    {"done", "SUMMARY:s\r\nSTATUS:IN-PROCESS\r\nPERCENT-COMPLETE:60\r\n",
     "Subject=s|Complete=1|DateCompleted=" AT("24", "10:00:00"),
     "-STATUS:IN-PROCESS -PERCENT-COMPLETE:60 +STATUS:COMPLETED +PERCENT-COMPLETE:100 "
     "+COMPLETED:20261124T100000Z +SEQUENCE:1"},
    {"done now", "SUMMARY:s\r\n", "Subject=s|Complete=1",
     "+COMPLETED:20261123T120000Z +STATUS:COMPLETED +PERCENT-COMPLETE:100 +SEQUENCE:1"},
    {"what is under way stays so", "SUMMARY:s\r\nSTATUS:IN-PROCESS\r\nPERCENT-COMPLETE:60\r\n",
     SAME, ""},
    {"what is cancelled stays so", "SUMMARY:s\r\nSTATUS:CANCELLED\r\n",
     "Subject=s|Complete=1|DateCompleted=2026-01-01T00:00:00.000Z", ""},
    {"not done after all",
     "SUMMARY:s\r\nSTATUS:COMPLETED\r\nCOMPLETED:20261124T100000Z\r\n"
     "PERCENT-COMPLETE:100\r\n",
     SAME,
     "-STATUS:COMPLETED -COMPLETED:20261124T100000Z -PERCENT-COMPLETE:100 "
     "+STATUS:NEEDS-ACTION +SEQUENCE:1"},
    {"Complete left out says nothing", "SUMMARY:s\r\nSTATUS:COMPLETED\r\n", "Subject=s", ""},
    {"categories", "SUMMARY:s\r\nCATEGORIES:a,b\r\n", SAME "Categories{Category=b|Category=c}",
     "-CATEGORIES:a,b +CATEGORIES:b,c"},
    {"no categories", "SUMMARY:s\r\nCATEGORIES:a\r\nCATEGORIES:b\r\n",
     SAME "Categories=", "-CATEGORIES:a -CATEGORIES:b"},
    {"a body", "SUMMARY:s\r\nDESCRIPTION:x\r\n", SAME "Body{Type=1|Data=y; z}",
     "-DESCRIPTION:x +DESCRIPTION:y\\; z"},
    {"a body without data (MS-ASCMD R878)", "SUMMARY:s\r\nDESCRIPTION:x\r\n", SAME "Body{Type=1}",
     ""},
    {"no body", "SUMMARY:s\r\nDESCRIPTION:x\r\n", SAME "Body{Type=1|Data=}", "-DESCRIPTION:x"},
    {"the order", "SUMMARY:s\r\n", SAME "OrdinalDate=" AT("23", "08:00:00") "|SubOrdinalDate=55",
     "+X-MOBILESYNC-SUB-ORDINAL-DATE:55 +X-MOBILESYNC-ORDINAL-DATE:20261123T080000Z"},
};

#define SET(time) "ReminderSet=1|ReminderTime=" time
#define ABSOLUTE(time) "TRIGGER;VALUE=DATE-TIME:202611" time "Z"

static const change_row_t reminders[] = {
    {"a new one", "SUMMARY:s\r\n", SET(AT("24", "08:00:00")),
     "+BEGIN:VALARM +" ABSOLUTE("24T080000") " +ACTION:DISPLAY +DESCRIPTION:s +END:VALARM"},
    {"the same", "SUMMARY:s\r\n" ALARM("TRIGGER;VALUE=DATE-TIME:20261124T080000Z\r\nX-A:1\r\n"),
     SET(AT("24", "08:00:00")), ""},
    {"left out (R370)", "SUMMARY:s\r\n" ALARM("TRIGGER;VALUE=DATE-TIME:20261124T080000Z\r\n"), "",
     ""},
    {"moved", "SUMMARY:s\r\n" ALARM("TRIGGER;VALUE=DATE-TIME:20261124T080000Z\r\nX-A:1\r\n"),
     SET(AT("24", "09:00:00")), "-" ABSOLUTE("24T080000") " +" ABSOLUTE("24T090000")},
    {"taken away", "SUMMARY:s\r\n" ALARM("TRIGGER;VALUE=DATE-TIME:20261124T080000Z\r\n"),
     "ReminderSet=0",
     "-BEGIN:VALARM -ACTION:DISPLAY -DESCRIPTION:x -" ABSOLUTE("24T080000") " -END:VALARM"},
    {"taken away beside others",
     "SUMMARY:s\r\n" ALARM("TRIGGER;VALUE=DATE-TIME:20261124T080000Z\r\n")
         ALARM("TRIGGER;VALUE=DATE-TIME:20261124T090000Z\r\n"),
     "ReminderSet=0", "-" ABSOLUTE("24T080000") " +X-MOBILESYNC-REMINDER-OFF:20261124T090000Z"},
    {"moved beside others",
     "SUMMARY:s\r\n" ALARM("TRIGGER;VALUE=DATE-TIME:20261124T080000Z\r\n")
         ALARM("TRIGGER;VALUE=DATE-TIME:20261124T090000Z\r\n"),
     SET(AT("24", "10:00:00")),
     "-" ABSOLUTE("24T080000") " +" ABSOLUTE("24T100000") " +X-MOBILESYNC-REMINDER:1"},
    {"set again beside others",
     "SUMMARY:s\r\nX-MOBILESYNC-REMINDER-OFF:20261124T090000Z\r\n" ALARM(
         "TRIGGER;VALUE=DATE-TIME:20261124T090000Z\r\n"),
     SET(AT("24", "10:00:00")),
     "-X-MOBILESYNC-REMINDER-OFF:20261124T090000Z +" ABSOLUTE(
         "24T100000") " +DESCRIPTION:s +X-MOBILESYNC-REMINDER:1"},
    {"a relative one stays relative",
     "SUMMARY:s\r\nDTSTART:20261125T150000Z\r\n" ALARM("TRIGGER:-PT15M\r\n"),
     "StartDate=" AT("25", "15:00:00") "|UtcStartDate=" AT("25", "15:00:00") "|" SET(
         AT("25", "14:00:00")),
     "-TRIGGER:-PT15M +TRIGGER:-PT1H"},
    {"of a day in an unknown zone it becomes a moment",
     "SUMMARY:s\r\nDTSTART;VALUE=DATE:20261125\r\n" ALARM("TRIGGER;RELATED=START:-PT15M\r\n"),
     "StartDate=" AT("25", "00:00:00") "|" SET(AT("25", "07:00:00")),
     "-TRIGGER;RELATED=START:-PT15M +" ABSOLUTE("25T070000")},
    {"it moves along with the task",
     "SUMMARY:s\r\nDUE:20261125T150000Z\r\n" ALARM("TRIGGER;RELATED=END:-PT15M\r\n"),
     DUE(AT("26", "15:00:00"), AT("26", "15:00:00")) SET(AT("26", "14:45:00")),
     "-DUE:20261125T150000Z +DUE:20261126T150000Z +SEQUENCE:1"},
    {"it stays where it was",
     "SUMMARY:s\r\nDUE:20261125T150000Z\r\n" ALARM("TRIGGER;RELATED=END:-PT15M\r\n"),
     DUE(AT("26", "15:00:00"), AT("26", "15:00:00")) SET(AT("25", "14:45:00")),
     "-DUE:20261125T150000Z -TRIGGER;RELATED=END:-PT15M "
     "+DUE:20261126T150000Z +SEQUENCE:1 "
     "+TRIGGER;RELATED=END:-P1DT15M"},
    {"without a time it is the due date's", "SUMMARY:s\r\nDUE:20261125T150000Z\r\n",
     DUE(AT("25", "15:00:00"), AT("25", "15:00:00")) "ReminderSet=1",
     "+BEGIN:VALARM +" ABSOLUTE("25T150000") " +ACTION:DISPLAY +DESCRIPTION:s +END:VALARM"},
};

#define RULE(rule) "SUMMARY:s\r\n" DAY "RRULE:" rule "\r\n"
#define ON "StartDate=" AT("25", "00:00:00") "|"

static const change_row_t rules[] = {
    {"the same", RULE("FREQ=WEEKLY;WKST=SU;INTERVAL=1"),
     ON "Recurrence{Type=1|Interval=1|DayOfWeek=8|FirstDayOfWeek=0|" START "}", ""},
    {"a new one", "SUMMARY:s\r\n" DAY, ON "Recurrence{Type=0|Interval=2|" START "}",
     "+RRULE:FREQ=DAILY;INTERVAL=2 +SEQUENCE:1"},
    {"another", RULE("FREQ=DAILY") "EXDATE;VALUE=DATE:20261127\r\n",
     ON "Recurrence{Type=0|Interval=3|" START "}",
     "-RRULE:FREQ=DAILY +RRULE:FREQ=DAILY;INTERVAL=3 +SEQUENCE:1"},
    {"none", RULE("FREQ=DAILY") "EXDATE;VALUE=DATE:20261127\r\n", ON,
     "-RRULE:FREQ=DAILY -EXDATE;VALUE=DATE:20261127 +SEQUENCE:1"},
    {"one that no pattern says", RULE("FREQ=YEARLY;BYWEEKNO=20"), ON, ""},
    {"one that no pattern says, replaced", RULE("FREQ=YEARLY;BYWEEKNO=20"),
     ON "Recurrence{Type=0|Interval=2|" START "}",
     "-RRULE:FREQ=YEARLY;BYWEEKNO=20 +RRULE:FREQ=DAILY;INTERVAL=2 +SEQUENCE:1"},
    {"another start of the series", RULE("FREQ=DAILY"),
     ON "Recurrence{Type=0|Interval=1|Start=" AT("20", "00:00:00") "}",
     "+X-MOBILESYNC-SERIES-START:20261120T000000"},
    {"regenerated", RULE("FREQ=DAILY"), ON "Recurrence{Type=0|Interval=1|Regenerate=1|" START "}",
     "+X-MOBILESYNC-REGENERATE:1"},
    {"without a date: that of the series", "SUMMARY:s\r\n",
     "Recurrence{Type=0|Interval=2|" START "}",
     "+DTSTART;VALUE=DATE:20261125 +RRULE:FREQ=DAILY;INTERVAL=2 +SEQUENCE:1"},
    {"Occurrences before Until (R37013)", "SUMMARY:s\r\n" DAY,
     ON "Recurrence{Type=0|Interval=2|Occurrences=4|Until=2026-12-31T00:00:00.000Z|" START "}",
     "+RRULE:FREQ=DAILY;COUNT=4;INTERVAL=2 +SEQUENCE:1"},
};

#define DONE "Subject=s|Complete=1|DateCompleted=" AT("30", "12:00:00") "|Sensitivity=0|"
#define STATUS "STATUS:IN-PROCESS\r\n"

/* One of a recurring task is done. */
static const change_row_t nexts[] = {
    {"the next day", RULE("FREQ=DAILY;INTERVAL=2") STATUS "PERCENT-COMPLETE:40\r\n",
     ON "Recurrence{Type=0|Interval=2|" START "}",
     "-DTSTART;VALUE=DATE:20261125 -STATUS:IN-PROCESS -PERCENT-COMPLETE:40 "
     "+DTSTART;VALUE=DATE:20261127 +STATUS:NEEDS-ACTION +SEQUENCE:1"},
    {"one less", RULE("FREQ=DAILY;COUNT=3;WKST=SU"),
     ON "Recurrence{Type=0|Interval=1|Occurrences=3|" START "}",
     "-DTSTART;VALUE=DATE:20261125 -RRULE:FREQ=DAILY;COUNT=3;WKST=SU "
     "+DTSTART;VALUE=DATE:20261126 +RRULE:FREQ=DAILY;COUNT=2;WKST=SU +SEQUENCE:1"},
    {"but for those that are left out",
     RULE("FREQ=DAILY") "EXDATE;VALUE=DATE:20261126,20261127\r\n",
     ON "Recurrence{Type=0|Interval=1|" START "}",
     "-DTSTART;VALUE=DATE:20261125 +DTSTART;VALUE=DATE:20261128 +SEQUENCE:1"},
    {"by a rule that no pattern says", RULE("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO"), ON,
     "-DTSTART;VALUE=DATE:20261125 +DTSTART;VALUE=DATE:20270517 +SEQUENCE:1"},
    {"due and reminder along with it",
     "SUMMARY:s\r\nDUE:20261125T150000\r\nRRULE:FREQ=WEEKLY\r\n" ALARM(
         "TRIGGER;VALUE=DATE-TIME:20261125T080000Z\r\n"),
     DUE(AT("25", "15:00:00"), AT("25", "15:00:00"))
         SET(AT("25", "08:00:00")) "|Recurrence{Type=1|DayOfWeek=8|Start=" AT("25", "15:00:00") "}",
     "-DUE:20261125T150000 -" ABSOLUTE(
         "25T080000") " +DUE:20261202T150000 "
                      "+SEQUENCE:1 +TRIGGER;VALUE=DATE-TIME:20261202T080000Z"},
    {"regenerated", RULE("FREQ=DAILY;INTERVAL=3") "X-MOBILESYNC-REGENERATE:1\r\n",
     ON "Recurrence{Type=0|Interval=3|Regenerate=1|" START "}",
     "-DTSTART;VALUE=DATE:20261125 +DTSTART;VALUE=DATE:20261203 +SEQUENCE:1"},
    {"the last one", RULE("FREQ=DAILY;COUNT=1"),
     ON "Recurrence{Type=0|Interval=1|Occurrences=1|" START "}",
     "+COMPLETED:20261130T120000Z +STATUS:COMPLETED +PERCENT-COMPLETE:100 +SEQUENCE:1"},
    {"one that the phone has split off (R157)", RULE("FREQ=DAILY"),
     ON "Recurrence{Type=0|Interval=1|DeadOccur=1|" START "}",
     "+X-MOBILESYNC-DEAD-OCCUR:1 +COMPLETED:20261130T120000Z +STATUS:COMPLETED "
     "+PERCENT-COMPLETE:100 +SEQUENCE:1"},
};

/* prefix: of the data */
static void check_row(const change_row_t *row, const char *prefix, apr_pool_t *pool)
{
    const char *before = calendar(row->lines, pool);
    const backend_blob_t *blob = blob_of_text(before, pool);
    eas_node_t *data = kind_data(apr_pstrcat(pool, prefix, row->data, NULL), "Tasks", pool);
    kind_result_t result = kind_change(kind, data, EAS_VERSION_14_1, blob, pool);

    if (!ok(!result.fault, "%s", row->name)) {
        printf("# %s\n", result.fault->message);
        return;
    }
    is_str(difference(before, result.text, pool), row->difference, row->name);
    if (!*row->difference)
        ok(result.blob == blob, "%s: the very same blob", row->name);
    ok(kind_change(kind, data, EAS_VERSION_14_1, result.blob, pool).blob == result.blob,
       "%s: a repeat changes nothing", row->name);
    is_int(result.tell, strcmp(prefix, DONE) == 0 && !strstr(result.text, "STATUS:COMPLETED"),
           "is the phone told of the next one?");
}

static void test_changes(apr_pool_t *pool)
{
    size_t i;

    for (i = 0; i < sizeof changes / sizeof *changes; i++)
        check_row(&changes[i], "", pool);
    for (i = 0; i < sizeof reminders / sizeof *reminders; i++)
        check_row(&reminders[i], SAME, pool);
    for (i = 0; i < sizeof rules / sizeof *rules; i++)
        check_row(&rules[i], SAME, pool);
}

static void test_next(apr_pool_t *pool)
{
    size_t i;

    for (i = 0; i < sizeof nexts / sizeof *nexts; i++)
        check_row(&nexts[i], DONE, pool);
}

static void test_refused(apr_pool_t *pool)
{
    static const char *const rows[] = {
        "ReminderSet=2", /* R252 */
        "ReminderSet=1", /* no time to be had */
        "Complete=2",
        "Sensitivity=4",
        "Importance=256",
        "DueDate=tomorrow",
        "Recurrence{Type=0|Interval=1}",    /* R37011 */
        "Recurrence{Interval=1|" START "}", /* R289 */
        "Recurrence{Type=4|Interval=1|" START "}",
        "Recurrence{Type=0|DayOfMonth=3|" START "}",                           /* R132 */
        "Recurrence{Type=2|DayOfMonth=3|DayOfWeek=2|" START "}",               /* R532 */
        "Recurrence{Type=5|DayOfMonth=3|MonthOfYear=2|DayOfWeek=2|" START "}", /* R533 */
        "Recurrence{Type=1|DayOfWeek=2|WeekOfMonth=1|" START "}",              /* R320 */
        "Recurrence{Type=1|DayOfWeek=2|CalendarType=1|" START "}",             /* R81 */
        "Recurrence{Type=1|DayOfWeek=2|FirstDayOfWeek=7|" START "}",           /* R171 */
        "Body{Type=9|Data=x}",
    };
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        is_int(base_fault_code(kind_change(kind, kind_data(rows[i], "Tasks", pool),
                                           EAS_VERSION_14_1, NULL, pool)
                                   .fault),
               BASE_FAULT_INVALID, rows[i]);
}

static void test_new(apr_pool_t *pool)
{
    kind_result_t result =
        kind_change(kind,
                    kind_data("Subject=Milk|Importance=2|Complete=0|Sensitivity=0|"
                              "Categories{Category=Home}|ReminderSet=0|" DUE(AT("25", "00:00:00"),
                                                                             AT("24", "23:00:00")),
                              "Tasks", pool),
                    EAS_VERSION_16_1, NULL, pool);
    const char *p;

    ok(!result.fault && !result.tell, "a new task");
    for (p = result.text; (p = strchr(p, '\n')); p++)
        if (p[-1] != '\r')
            break;
    ok(!p, "lines end with CRLF");
    has(apr_pstrcat(pool, lines_without(result.text, "", "|", pool), "|", NULL),
        "BEGIN:VCALENDAR |VERSION:2.0 |BEGIN:VTODO |UID:key-1 |CREATED:20261123T120000Z "
        "|SUMMARY:Milk |PRIORITY:1 |CATEGORIES:Home "
        "|DUE;VALUE=DATE;X-MOBILESYNC-OFFSET=+0100:20261125 |END:VTODO |END:VCALENDAR",
        "with what was sent", pool);
    ok(strstr(result.text, "\r\nDTSTAMP:20261123T120000Z\r\n") != NULL, "and a DTSTAMP");
    ok(!strstr(result.text, "SEQUENCE"), "of the first revision");
}

static void test_supported(apr_pool_t *pool)
{
    const char *before = calendar("SUMMARY:s\r\nDUE;VALUE=DATE:20261125\r\nCATEGORIES:a\r\n", pool);
    apr_array_header_t *supported = apr_array_make(pool, 2, sizeof(eas_tag_t));
    int tell = 0;
    item_change_t change = {.data = kind_data("Complete=0", "Tasks", pool),
                            .version = EAS_VERSION_14_1,
                            .supported = supported,
                            .key = "key",
                            .now = KIND_NOW,
                            .tell = &tell};
    const backend_blob_t *blob = blob_of_text(before, pool), *after;

    ok(!kind->change(&change, blob, &after, pool) && after == blob,
       "an empty Supported: all that is left out stays (MS-ASCMD R5909)");
    APR_ARRAY_PUSH(supported, eas_tag_t) = EAS_Tasks_Categories;
    ok(!kind->change(&change, blob, &after, pool), "with Categories");
    is_str(difference(before, apr_pstrmemdup(pool, after->data, (apr_size_t)after->size), pool),
           "-CATEGORIES:a", "what it names goes (R5912)");
}

/* What nobody here understands is there afterwards, to the byte. */
static void test_unknown(apr_pool_t *pool)
{
    static const char lines[] =
        "SUMMARY;LANGUAGE=en:s\r\nRELATED-TO;RELTYPE=PARENT:parent-1\r\n"
        "X-APPLE-SORT-ORDER:42\r\nx-lower;PARAM=\"a;b:c\":Value\r\n"
        "ATTACH;FMTTYPE=text/plain;ENCODING=BASE64;VALUE=BINARY:\r\n aGVsbG8=\r\n"
        "GEO:1.0;2.0\r\nBEGIN:X-THING\r\nA:b\r\nEND:X-THING\r\n"
        "ATTENDEE;CN=Bert:mailto:bert@example.net\r\n";
    const char *before = calendar_with(ZONE, lines, pool);
    kind_result_t result =
        kind_change(kind, kind_data("Subject=t|Complete=0|Sensitivity=0", "Tasks", pool),
                    EAS_VERSION_16_1, blob_of_text(before, pool), pool);

    ok(!result.fault, "a task of somebody else");
    is_str(difference(before, result.text, pool), "-SUMMARY;LANGUAGE=en:s +SUMMARY;LANGUAGE=en:t",
           "nothing but its subject");
}

int main(void)
{
    static void (*const tests[])(apr_pool_t *) = {test_changes, test_next,      test_refused,
                                                  test_new,     test_supported, test_unknown};

    return run_tests(tests, sizeof tests / sizeof *tests);
}
