/* Invitations as MeetingRequest: what comes of which calendar, hostile ones among them; time zones
 * against the C library's. */
#include "meeting_helpers.h"

#include <time.h>
#include <unistd.h>
#include <apr_base64.h>

#include "item/clock.h"
#include "item/ical.h"

#define BERLIN                                                                        \
    "BEGIN:VTIMEZONE\nTZID:Berlin\n"                                                  \
    "BEGIN:STANDARD\nDTSTART:16010101T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\n" \
    "TZNAME:CET\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10\nEND:STANDARD\n"  \
    "BEGIN:DAYLIGHT\nDTSTART:16010101T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\n" \
    "TZNAME:CEST\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3\nEND:DAYLIGHT\n"  \
    "END:VTIMEZONE\n"

static const char *invitation(const char *method, const char *calendar, apr_pool_t *pool)
{
    return apr_pstrcat(pool,
                       "From: o@example.org\nTo: anna@example.org\nSubject: Meeting\n"
                       "MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b\n\n"
                       "--b\n\nPlease come.\n--b\nContent-Type: text/calendar; method=",
                       method, "; charset=utf-8\n\nBEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:", method,
                       "\n", calendar, "END:VCALENDAR\n--b--\n", NULL);
}

/* "Tag=text Tag(Tag=text ...)" of what is below a node; the zone is left out. */
static const char *shown(const eas_node_t *node, apr_pool_t *pool)
{
    const char *all = "";

    for (; node; node = node->next) {
        const char *name = eas_tag_name(node->tag), *colon = strrchr(name, ':');
        const char *value = node->first
                                ? apr_pstrcat(pool, "(", shown(node->first, pool), ")", NULL)
                                : apr_pstrcat(pool, "=", node->text, NULL);

        if (node->tag != EAS_Email_TimeZone)
            all = apr_pstrcat(pool, all, *all ? " " : "", colon ? colon + 1 : name, value, NULL);
    }
    return all;
}

static const char *request_of(const char *method, const char *calendar, eas_version_t version,
                              apr_pool_t *pool)
{
    const eas_node_t *mail = meeting_mail(invitation(method, calendar, pool), version, pool);
    const eas_node_t *request = eas_node_child(mail, EAS_Email_MeetingRequest);

    return request ? shown(request->first, pool) : "none";
}

static void test_versions(apr_pool_t *pool)
{
    static const char calendar[] = BERLIN EVENT
        "DTSTART;TZID=Berlin:20260706T100000\nDURATION:PT1H30M\nSUMMARY:Meeting\n"
        "ORGANIZER;CN=\"Orga, O.\":mailto:o@example.org\nLOCATION:Room 1\\, upstairs\n"
        "ATTENDEE;RSVP=TRUE:mailto:anna@example.org\nSEQUENCE:2\nCLASS:PRIVATE\n"
        "X-MICROSOFT-CDO-INTENDEDSTATUS:WORKINGELSEWHERE\nX-MICROSOFT-DISALLOW-COUNTER:TRUE\n"
        "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT15M\nEND:VALARM\nEND:VEVENT\n";
    static const char times[] = "AllDayEvent=0 StartTime=2026-07-06T08:00:00.000Z "
                                "DtStamp=2026-01-01T12:00:00.000Z EndTime=2026-07-06T09:30:00.000Z "
                                "InstanceType=0 ";
    static const char middle[] = " Organizer=\"Orga, O.\" <o@example.org> Reminder=900 "
                                 "ResponseRequested=1 Sensitivity=2 BusyStatus=";
    /* class id, no date, no time, reserved, length, then the vCal ID with u-1 and a NUL */
    static const char id[] =
        "GlobalObjId=BAAAAIIA4AB0xbcQGoLgCAAAAAAAAAAAAAAAAAAAAAAAAAAAEAAAAHZDYW"
        "wtVWlkAQAAAHUtMQA=";

    is_str(request_of("REQUEST", calendar, EAS_VERSION_12_1, pool),
           apr_pstrcat(pool, times, "Location=Room 1, upstairs", middle, "2 ", id, NULL), "12.1");
    is_str(request_of("REQUEST", calendar, EAS_VERSION_14_0, pool),
           apr_pstrcat(pool, times, "Location=Room 1, upstairs", middle, "2 ", id,
                       " DisallowNewTimeProposal=1", NULL),
           "14.0");
    is_str(request_of("REQUEST", calendar, EAS_VERSION_14_1, pool),
           apr_pstrcat(pool, times, "Location=Room 1, upstairs", middle, "2 ", id,
                       " DisallowNewTimeProposal=1 MeetingMessageType=2", NULL),
           "14.1");
    is_str(request_of("REQUEST", calendar, EAS_VERSION_16_1, pool),
           apr_pstrcat(pool, times, "Location(DisplayName=Room 1, upstairs)", middle,
                       "4 DisallowNewTimeProposal=1 MeetingMessageType=2 UID=u-1", NULL),
           "16.1");
}

#define GLOBAL_ID(date) \
    "BAAAAIIA4AB0xbcQGoLgCA" date "AAAAAAAAAAAAAAAAAAAAEAAAAHZDYWwtVWlkAQAAAHUtMQA="
#define NO_DATE "AAAAAA"
#define AT(day, from, to)                                       \
    "AllDayEvent=0 StartTime=2026-07-" day "T" from ":00.000Z " \
    "DtStamp=2026-01-01T12:00:00.000Z EndTime=2026-07-" day "T" to ":00.000Z "

/* A MeetingRequest at each version. */
typedef struct {
    const char *method, *calendar;
    const char *common;   /* a % stands for what a recurrence has more at later versions */
    const char *id;       /* GlobalObjId; NULL: there is a MeetingRequest at 16.1 alone */
    const char *type;     /* MeetingMessageType */
    const char *proposed; /* at the end of 16.1's */
} golden_t;

static const char *golden_wanted(const golden_t *row, eas_version_t version, apr_pool_t *pool)
{
    const char *mark = strchr(row->common, '%'), *more = "", *common = row->common;

    if (version >= EAS_VERSION_14_0)
        more = version >= EAS_VERSION_14_1 ? " IsLeapMonth=0 FirstDayOfWeek=1" : " IsLeapMonth=0";
    if (mark)
        common = apr_pstrcat(pool, apr_pstrmemdup(pool, common, (apr_size_t)(mark - common)), more,
                             mark + 1, NULL);
    if (version < EAS_VERSION_16_0)
        return row->id ? apr_pstrcat(pool, common, " GlobalObjId=", row->id,
                                     version < EAS_VERSION_14_1 ? "" : " MeetingMessageType=",
                                     version < EAS_VERSION_14_1 ? "" : row->type, NULL)
                       : "none";
    if (!row->id && version < EAS_VERSION_16_1)
        return "none";
    return apr_pstrcat(pool, common, " MeetingMessageType=", row->type, " UID=u-1", row->proposed,
                       NULL);
}

static void test_golden(apr_pool_t *pool)
{
    static const eas_version_t versions[] = {EAS_VERSION_12_1, EAS_VERSION_14_0, EAS_VERSION_14_1,
                                             EAS_VERSION_16_0, EAS_VERSION_16_1};
    static const golden_t rows[] = {
        {"REQUEST",
         EVENT TIMES "RRULE:FREQ=WEEKLY;COUNT=3\nATTENDEE;RSVP=FALSE:mailto:anna@example.org\n"
                     "TRANSP:TRANSPARENT\nEND:VEVENT\n",
         AT("06", "08:00", "09:00") "InstanceType=1 ResponseRequested=0 Recurrences(Recurrence("
                                    "Type=1 Interval=1 Occurrences=3 DayOfWeek=2%)) "
                                    "Sensitivity=0 BusyStatus=0",
         GLOBAL_ID(NO_DATE), "1", ""},
        {"REQUEST",
         EVENT TIMES "RECURRENCE-ID:20260705T080000Z\nSEQUENCE:1\nCLASS:CONFIDENTIAL\nEND:VEVENT\n",
         AT("06", "08:00", "09:00") "InstanceType=3 RecurrenceId=2026-07-05T08:00:00.000Z "
                                    "ResponseRequested=1 Sensitivity=3 BusyStatus=2",
         GLOBAL_ID("fqBwUA"), "2", ""},
        {"REQUEST", EVENT TIMES "RECURRENCE-ID:20260706T080000Z\nEND:VEVENT\n",
         AT("06", "08:00", "09:00") "InstanceType=2 RecurrenceId=2026-07-06T08:00:00.000Z "
                                    "ResponseRequested=1 Sensitivity=0 BusyStatus=2",
         GLOBAL_ID("fqBwYA"), "1", ""},
        {"REQUEST",
         BERLIN EVENT "DTSTART;VALUE=DATE:20260706\nDTEND;VALUE=DATE:20260708\nEND:VEVENT\n",
         "AllDayEvent=1 StartTime=2026-07-05T22:00:00.000Z DtStamp=2026-01-01T12:00:00.000Z "
         "EndTime=2026-07-07T22:00:00.000Z InstanceType=0 ResponseRequested=1 Sensitivity=0 "
         "BusyStatus=2",
         GLOBAL_ID(NO_DATE), "1", ""},
        {"CANCEL", EVENT TIMES "SEQUENCE:1\nATTENDEE:mailto:anna@example.org\nEND:VEVENT\n",
         AT("06", "08:00", "09:00") "InstanceType=0 ResponseRequested=0 Sensitivity=0 BusyStatus=2",
         GLOBAL_ID(NO_DATE), "0", ""},
        {"COUNTER",
         EVENT TIMES "X-MS-OLK-ORIGINALSTART:20260706T070000Z\n"
                     "X-MS-OLK-ORIGINALEND:20260706T073000Z\n"
                     "ORGANIZER:mailto:anna@example.org\nEND:VEVENT\n",
         AT("06", "07:00", "07:30") "InstanceType=0 Organizer=anna@example.org "
                                    "ResponseRequested=0 Sensitivity=0 BusyStatus=2",
         NULL, "0", " ProposedStartTime=20260706T080000Z ProposedEndTime=20260706T090000Z"},
        {"COUNTER", EVENT TIMES "END:VEVENT\n",
         "AllDayEvent=0 DtStamp=2026-01-01T12:00:00.000Z InstanceType=0 ResponseRequested=0 "
         "Sensitivity=0 BusyStatus=2",
         NULL, "0", " ProposedStartTime=20260706T080000Z ProposedEndTime=20260706T090000Z"},
    };
    size_t i, v;

    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        for (v = 0; v < sizeof versions / sizeof *versions; v++)
            is_str(
                request_of(rows[i].method, rows[i].calendar, versions[v], pool),
                golden_wanted(&rows[i], versions[v], pool),
                apr_psprintf(pool, "%s, row %d at %d", rows[i].method, (int)i, (int)versions[v]));
}

static void test_classes(apr_pool_t *pool)
{
    static const struct {
        const char *method, *lines, *class_;
        int request;
    } rows[] = {
        {"REQUEST", "", "IPM.Schedule.Meeting.Request", 1},
        {"request", "", "IPM.Schedule.Meeting.Request", 1},
        {"CANCEL", "", "IPM.Schedule.Meeting.Canceled", 1},
        {"REPLY", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@b\n", "IPM.Schedule.Meeting.Resp.Pos", 0},
        {"REPLY", "ATTENDEE;PARTSTAT=DECLINED:mailto:a@b\n", "IPM.Schedule.Meeting.Resp.Neg", 0},
        {"REPLY", "ATTENDEE;PARTSTAT=TENTATIVE:mailto:a@b\n", "IPM.Schedule.Meeting.Resp.Tent", 0},
        {"REPLY", "ATTENDEE:mailto:a@b\n", "IPM.Note", 0},
        {"COUNTER", "", "IPM.Schedule.Meeting.Resp.Tent", 0},
        {"COUNTER", "ATTENDEE;PARTSTAT=DECLINED:mailto:a@b\n", "IPM.Schedule.Meeting.Resp.Neg", 0},
        {"PUBLISH", "", "IPM.Note", 0},
    };
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *calendar = apr_pstrcat(pool, EVENT TIMES, rows[i].lines, "END:VEVENT\n", NULL);
        const eas_node_t *mail =
            meeting_mail(invitation(rows[i].method, calendar, pool), EAS_VERSION_16_0, pool);

        is_str(property(mail, EAS_Email_MessageClass), rows[i].class_,
               apr_psprintf(pool, "%s %s", rows[i].method, rows[i].lines));
        is_int(eas_node_child(mail, EAS_Email_MeetingRequest) != NULL, rows[i].request,
               rows[i].request ? "with a request" : "without a request");
    }
}

/* What is in the request for one rule. */
static void test_recurrences(apr_pool_t *pool)
{
    static const struct {
        const char *rule, *wanted;
    } rows[] = {
        {"FREQ=DAILY", "Type=0 Interval=1 IsLeapMonth=0"},
        {"FREQ=DAILY;INTERVAL=3;COUNT=5", "Type=0 Interval=3 Occurrences=5 IsLeapMonth=0"},
        {"FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR",
         "Type=1 Interval=1 DayOfWeek=62 IsLeapMonth=0 FirstDayOfWeek=1"},
        {"FREQ=DAILY;INTERVAL=2;BYDAY=MO", NULL},
        {"FREQ=WEEKLY", "Type=1 Interval=1 DayOfWeek=2 IsLeapMonth=0 FirstDayOfWeek=1"},
        {"FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU;UNTIL=20261231T235959Z",
         "Type=1 Interval=2 Until=20261231T235959Z DayOfWeek=5 IsLeapMonth=0 FirstDayOfWeek=0"},
        {"FREQ=WEEKLY;UNTIL=20261231", /* the day is the zone's */
         "Type=1 Interval=1 Until=20261231T225959Z DayOfWeek=2 IsLeapMonth=0 FirstDayOfWeek=1"},
        {"FREQ=WEEKLY;BYMONTH=3", NULL},
        {"FREQ=MONTHLY", "Type=2 Interval=1 DayOfMonth=6 CalendarType=0 IsLeapMonth=0"},
        {"FREQ=MONTHLY;BYMONTHDAY=31",
         "Type=2 Interval=1 DayOfMonth=31 CalendarType=0 IsLeapMonth=0"},
        {"FREQ=MONTHLY;BYMONTHDAY=-1",
         "Type=3 Interval=1 WeekOfMonth=5 DayOfWeek=127 CalendarType=0 IsLeapMonth=0"},
        {"FREQ=MONTHLY;BYMONTHDAY=-2", NULL},
        {"FREQ=MONTHLY;BYMONTHDAY=1,15", NULL},
        {"FREQ=MONTHLY;BYDAY=2TU",
         "Type=3 Interval=1 WeekOfMonth=2 DayOfWeek=4 CalendarType=0 IsLeapMonth=0"},
        {"FREQ=MONTHLY;BYDAY=-1FR",
         "Type=3 Interval=1 WeekOfMonth=5 DayOfWeek=32 CalendarType=0 IsLeapMonth=0"},
        {"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
         "Type=3 Interval=1 WeekOfMonth=5 DayOfWeek=62 CalendarType=0 IsLeapMonth=0"},
        {"FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1,2", NULL},
        {"FREQ=MONTHLY;BYDAY=1MO,2TU", NULL},
        {"FREQ=MONTHLY;BYDAY=MO", "Type=1 Interval=1 DayOfWeek=2 IsLeapMonth=0 FirstDayOfWeek=1"},
        {"FREQ=YEARLY",
         "Type=5 Interval=1 DayOfMonth=6 MonthOfYear=7 CalendarType=0 IsLeapMonth=0"},
        {"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
         "Type=5 Interval=1 DayOfMonth=29 MonthOfYear=2 CalendarType=0 IsLeapMonth=0"},
        {"FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", "Type=6 Interval=1 WeekOfMonth=4 DayOfWeek=16 "
                                             "MonthOfYear=11 CalendarType=0 IsLeapMonth=0"},
        {"FREQ=YEARLY;BYDAY=20MO", NULL},
        {"FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", NULL},
        {"FREQ=YEARLY;BYYEARDAY=100", NULL},
        {"FREQ=HOURLY", NULL},
        {"FREQ=SECONDLY;COUNT=1000000000", NULL},
        {"FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=2", NULL},
        {"FREQ=WEEKLY;BYHOUR=1,2,3", NULL},
    };
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *calendar = apr_pstrcat(
            pool, BERLIN EVENT "DTSTART;TZID=Berlin:20260706T100000\nRRULE:", rows[i].rule,
            "\nEND:VEVENT\n", NULL);
        const char *got = request_of("REQUEST", calendar, EAS_VERSION_14_1, pool);
        const char *at = strstr(got, "Recurrences(Recurrence(");
        const char *found = at ? apr_pstrmemdup(pool, at + 23, strcspn(at + 23, ")")) : NULL;

        is_str(found, rows[i].wanted, rows[i].rule);
        ok(strstr(got, rows[i].wanted ? "InstanceType=1" : "InstanceType=0") != NULL,
           rows[i].wanted ? "a series" : "shown as one meeting");
    }
}

#define FLAG "X-MICROSOFT-CDO-ALLDAYEVENT:TRUE\n"

/* One day of several, as InstanceId has it; and when they end. */
static void test_day_of_series(apr_pool_t *pool)
{
    static const char *const days[] = {
        BERLIN EVENT "DTSTART;VALUE=DATE:20260708\nRECURRENCE-ID;VALUE=DATE:20260706\n",
        BERLIN EVENT FLAG "DTSTART;TZID=Berlin:20260708T000000\nDTEND;TZID=Berlin:20260709T000000\n"
                          "RECURRENCE-ID;TZID=Berlin:20260706T000000\n",
        BERLIN EVENT FLAG "DTSTART;TZID=Berlin:20260708T000000\nDTEND;TZID=Berlin:20260709T000000\n"
                          "RECURRENCE-ID:20260705T220000Z\n"};
    const char *got;
    size_t i;

    for (i = 0; i < sizeof days / sizeof *days; i++) {
        const char *text = apr_pstrcat(pool, days[i], "END:VEVENT\n", NULL);

        got = request_of("REQUEST", text, EAS_VERSION_16_1, pool);
        ok(strstr(got, "AllDayEvent=1") && strstr(got, "InstanceType=3") &&
               strstr(got, "RecurrenceId=2026-07-06T00:00:00.000Z"),
           "at 16.1 it is a date: %s", got);
        got = request_of("REQUEST", text, EAS_VERSION_14_1, pool);
        ok(strstr(got, "RecurrenceId=2026-07-05T22:00:00.000Z") &&
               strstr(got, "GlobalObjId=BAAAAIIA4AB0xbcQGoLgCAfqBwYAAAA"),
           "at 14.1 a moment, and the day in the id: %s", got);
    }
    got = request_of("REQUEST",
                     BERLIN EVENT FLAG "DTSTART;TZID=Berlin:20260706T000000\n"
                                       "DTEND;TZID=Berlin:20260707T000000\n"
                                       "RRULE:FREQ=DAILY;UNTIL=20260709T220000Z\nEND:VEVENT\n",
                     EAS_VERSION_14_1, pool);
    ok(strstr(got, "AllDayEvent=1") && strstr(got, "InstanceType=1") &&
           strstr(got, "Until=20260710T000000Z"),
       "the last day is one of them: %s", got);
}

static void test_times(apr_pool_t *pool)
{
    static const struct {
        const char *lines, *wanted, *name;
    } rows[] = {
        {BERLIN EVENT "DTSTART;VALUE=DATE:20260706\n",
         "AllDayEvent=1 StartTime=2026-07-05T22:00:00.000Z DtStamp=2026-01-01T12:00:00.000Z "
         "EndTime=2026-07-06T22:00:00.000Z",
         "a day, by the calendar's zone"},
        {EVENT "DTSTART;VALUE=DATE:20260706\nDTEND;VALUE=DATE:20260709\n",
         "AllDayEvent=1 StartTime=2026-07-06T00:00:00.000Z DtStamp=2026-01-01T12:00:00.000Z "
         "EndTime=2026-07-09T00:00:00.000Z",
         "three days without a zone"},
        {BERLIN EVENT "DTSTART;VALUE=DATE:20261024\nDURATION:P2D\n",
         "AllDayEvent=1 StartTime=2026-10-23T22:00:00.000Z DtStamp=2026-01-01T12:00:00.000Z "
         "EndTime=2026-10-25T23:00:00.000Z",
         "days over the end of summer time"},
        {BERLIN EVENT FLAG "DTSTART;TZID=Berlin:20261024T000000\n"
                           "DTEND;TZID=Berlin:20261026T000000\n",
         "AllDayEvent=1 StartTime=2026-10-23T22:00:00.000Z DtStamp=2026-01-01T12:00:00.000Z "
         "EndTime=2026-10-25T23:00:00.000Z",
         "the same as Outlook writes them"},
        {EVENT FLAG "DTSTART:20260706T000000Z\nDTEND:20260707T000000Z\n",
         "AllDayEvent=1 StartTime=2026-07-06T00:00:00.000Z DtStamp=2026-01-01T12:00:00.000Z "
         "EndTime=2026-07-07T00:00:00.000Z",
         "in UTC"},
        {EVENT FLAG "DTSTART:20260706T000000Z\nDTEND:20260706T120000Z\n",
         "AllDayEvent=0 StartTime=2026-07-06T00:00:00.000Z DtStamp=2026-01-01T12:00:00.000Z "
         "EndTime=2026-07-06T12:00:00.000Z",
         "hours of which a program says that they are days"},
        {EVENT "DTSTART;TZID=America/New_York:20260101T090000\n",
         "AllDayEvent=0 StartTime=2026-01-01T14:00:00.000Z DtStamp=2026-01-01T12:00:00.000Z "
         "EndTime=2026-01-01T14:00:00.000Z",
         "a zone of the database; no end"},
        {EVENT "DTSTART;TZID=../../etc/passwd:20260101T090000\nDTEND:20250101T000000Z\n",
         "AllDayEvent=0 StartTime=2026-01-01T09:00:00.000Z DtStamp=2026-01-01T12:00:00.000Z "
         "EndTime=2026-01-01T09:00:00.000Z",
         "a zone that is none; an end before the start"},
    };
    const char *got;
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        got = request_of("REQUEST", apr_pstrcat(pool, rows[i].lines, "END:VEVENT\n", NULL),
                         EAS_VERSION_14_1, pool);
        ok(strncmp(got, rows[i].wanted, strlen(rows[i].wanted)) == 0, "%s: %s", rows[i].name, got);
    }
    got = request_of("REQUEST",
                     EVENT TIMES "RECURRENCE-ID:20260706T080000Z\nRRULE:FREQ=DAILY\nEND:VEVENT\n",
                     EAS_VERSION_16_0, pool);
    ok(strstr(got, "InstanceType=2") && strstr(got, "RecurrenceId=2026-07-06T08:00:00.000Z") &&
           !strstr(got, "Recurrences"),
       "one of a series");
    got = request_of("REQUEST",
                     EVENT TIMES "RECURRENCE-ID:20260705T080000Z\nEND:VEVENT\n" EVENT TIMES
                                 "RRULE:FREQ=DAILY\nEND:VEVENT\n",
                     EAS_VERSION_16_0, pool);
    ok(strstr(got, "InstanceType=1") && !strstr(got, "RecurrenceId"),
       "a series with an exception is the series");
    got = request_of("REQUEST", EVENT TIMES "RECURRENCE-ID:20260705T080000Z\nEND:VEVENT\n",
                     EAS_VERSION_14_1, pool);
    ok(strstr(got, "InstanceType=3") && strstr(got, "GlobalObjId=BAAAAIIA4AB0xbcQGoLgCAfqBwUAAAA"),
       "one that was moved has its date in the id: %s", got);
}

static const char *padded(const char *begin, const char *line, int times, const char *end,
                          apr_pool_t *pool)
{
    apr_size_t n = strlen(line), head = strlen(begin);
    char *text = apr_palloc(pool, head + n * (apr_size_t)times + strlen(end) + 1);
    int i;

    memcpy(text, begin, head);
    for (i = 0; i < times; i++)
        memcpy(text + head + n * (apr_size_t)i, line, n);
    strcpy(text + head + n * (apr_size_t)times, end);
    return text;
}

static void test_hostile(apr_pool_t *pool)
{
    const struct {
        const char *calendar, *class_, *name;
    } rows[] = {
        {"", "IPM.Note", "no event"},
        {EVENT "END:VEVENT\n", "IPM.Schedule.Meeting.Request", "no time"},
        {"BEGIN:VEVENT\n" TIMES "END:VEVENT\n", "IPM.Schedule.Meeting.Request", "no id"},
        {EVENT "DTSTART:99999999T999999Z\nEND:VEVENT\n", "IPM.Schedule.Meeting.Request",
         "a time that is none"},
        {EVENT "DTSTART:nonsense\nEND:VEVENT\n", "IPM.Schedule.Meeting.Request", "nor a word"},
        {padded("", "BEGIN:VEVENT\n", 100000, "", pool), "IPM.Note", "deep nesting"},
        {padded("", "BEG\n IN;X=1:VEVENT\n", 9000, "", pool), "IPM.Note", "the same, folded"},
        {padded(EVENT TIMES, "ATTENDEE:mailto:a@b\n", 100000, "END:VEVENT\n", pool), "IPM.Note",
         "a hundred thousand attendees"},
        {padded(EVENT TIMES "SUMMARY:", "x", 2000000, "\nEND:VEVENT\n", pool), "IPM.Note",
         "a long line"},
        {padded("BEGIN:VEVENT\nUID:", "x", 301, "\n" TIMES "END:VEVENT\n", pool),
         "IPM.Schedule.Meeting.Request", "a long id"},
        {"BEGIN:VEVENT\nUID:\xff\xfe\x01\nDTSTART;TZID=\xff:20260706T080000\nEND:VEVENT\n",
         "IPM.Schedule.Meeting.Request", "bytes that are no text"},
    };
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        const eas_node_t *mail =
            meeting_mail(invitation("REQUEST", rows[i].calendar, pool), EAS_VERSION_14_1, pool);

        is_str(property(mail, EAS_Email_MessageClass), rows[i].class_, rows[i].name);
        is_str(property(mail, EAS_Email_Subject), "Meeting", "the message itself is there");
    }
    is_str(property(meeting_mail("Content-Type: multipart/mixed; boundary=b\n\n--b\n"
                                 "Content-Type: message/rfc822\n\nContent-Type: text/calendar\n\n"
                                 "BEGIN:VCALENDAR\nMETHOD:REQUEST\n" EVENT TIMES
                                 "END:VEVENT\nEND:VCALENDAR\n--b--\n",
                                 EAS_VERSION_14_1, pool),
                    EAS_Email_MessageClass),
           "IPM.Note", "an invitation that was forwarded as an attachment");
}

/* What libical itself says of broken calendars goes to standard error, which is the error log. */
static void test_silence(apr_pool_t *pool)
{
    static const struct {
        const char *calendar;
        int read;
    } rows[] = {
        {"BEGIN:VCALENDAR\nMETHOD:REQUEST\n" EVENT "END:VEVENT\nEND:VCALENDAR\nEND:VCALENDAR\n"
         "END:VEVENT\n",
         1},
        {"END:VCALENDAR\nBEGIN:VCALENDAR\nEND:VCALENDAR\n", 0},
        {"e\r\n nd\r\n\t;X=1 :VCALENDAR\nBEGIN:VCALENDAR\nEND:VCALENDAR\n", 0},
        {" END :x\nEND\nEND:\n", 0},
    };
    FILE *said = tmpfile();
    int kept = dup(STDERR_FILENO);
    size_t i;

    fflush(stderr);
    dup2(fileno(said), STDERR_FILENO);
    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        ok((item_ical_parse(rows[i].calendar, pool) != NULL) == rows[i].read, "calendar %d",
           (int)i);
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
    fseek(said, 0, SEEK_END);
    is_int(ftell(said), 0, "nothing was said");
    fclose(said);
}

/* An id by Outlook is the bytes themselves. */
static void test_outlook_id(apr_pool_t *pool)
{
    static const char uid[] = "040000008200E00074C5B7101A82E00800000000B0D9C6E0A5C1DB01"
                              "0000000000000000100000000A0B0C0D0E0F00010203040506070809";
    const char *calendar =
        apr_pstrcat(pool, "BEGIN:VEVENT\nUID:", uid, "\n" TIMES "END:VEVENT\n", NULL);
    const eas_node_t *mail =
        meeting_mail(invitation("REQUEST", calendar, pool), EAS_VERSION_12_1, pool);
    const char *id =
        property(eas_node_child(mail, EAS_Email_MeetingRequest), EAS_Email_GlobalObjId);
    unsigned char bytes[200];
    int length = id && strlen(id) < 200 ? apr_base64_decode_binary(bytes, id) : 0;

    is_str(base_text_hex_encode(bytes, (apr_size_t)length, pool), base_text_lower(uid, pool),
           "Outlook's id");
}

/* -- time zones ------------------------------------------------------------------------------- */

/* The first and the last byte of each field of the blob. */
static void test_blob(apr_pool_t *pool)
{
    static const char calendar[] = BERLIN EVENT "DTSTART;TZID=Berlin:20260706T100000\nEND:VEVENT\n";
    const eas_node_t *mail =
        meeting_mail(invitation("REQUEST", calendar, pool), EAS_VERSION_14_1, pool);
    const char *blob = property(eas_node_child(mail, EAS_Email_MeetingRequest), EAS_Email_TimeZone);
    char hex[400] = "";
    unsigned char bytes[200];

    is_int(blob && strlen(blob) < 250 ? apr_base64_decode_binary(bytes, blob) : 0, 172,
           "the blob's size");
    apr_snprintf(hex, sizeof hex, "%s", base_text_hex_encode(bytes, 172, pool));
    ok(strncmp(hex, "c4ffffff", 8) == 0, "bias -60");
    ok(strncmp(hex + 8, "4300450054000000", 16) == 0, "CET");
    is_str(apr_pstrmemdup(pool, hex + 136, 32), "00000a00000005000300000000000000",
           "standard time from the last Sunday of October, 3:00");
    is_str(apr_pstrmemdup(pool, hex + 168, 8), "00000000", "no further bias");
    ok(strncmp(hex + 176, "430045005300540000", 18) == 0, "CEST");
    is_str(apr_pstrmemdup(pool, hex + 304, 32), "00000300000005000200000000000000",
           "summer time from the last Sunday of March, 2:00");
    is_str(apr_pstrmemdup(pool, hex + 336, 8), "c4ffffff", "an hour less");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    test_versions(pool);
    test_golden(pool);
    test_classes(pool);
    test_recurrences(pool);
    test_times(pool);
    test_day_of_series(pool);
    test_hostile(pool);
    test_silence(pool);
    test_outlook_id(pool);
    test_blob(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
