/* Invitations as MeetingRequest: what comes of which calendar, hostile ones among them; time zones
 * against the C library's. */
#include "item_helpers.h"

#include <time.h>
#include <unistd.h>
#include <apr_base64.h>

#include "item/clock.h"
#include "item/ical.h"
#include "item/itip.h"

#define BERLIN                                                                        \
    "BEGIN:VTIMEZONE\nTZID:Berlin\n"                                                  \
    "BEGIN:STANDARD\nDTSTART:16010101T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\n" \
    "TZNAME:CET\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10\nEND:STANDARD\n"  \
    "BEGIN:DAYLIGHT\nDTSTART:16010101T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\n" \
    "TZNAME:CEST\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3\nEND:DAYLIGHT\n"  \
    "END:VTIMEZONE\n"
#define EVENT "BEGIN:VEVENT\nUID:u-1\nDTSTAMP:20260101T120000Z\n"
#define TIMES "DTSTART:20260706T080000Z\nDTEND:20260706T090000Z\n"

static const char *invitation(const char *method, const char *calendar, apr_pool_t *pool)
{
    return apr_pstrcat(pool,
                       "From: o@example.org\nTo: anna@example.org\nSubject: Meeting\n"
                       "MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b\n\n"
                       "--b\n\nPlease come.\n--b\nContent-Type: text/calendar; method=",
                       method, "; charset=utf-8\n\nBEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:", method,
                       "\n", calendar, "END:VCALENDAR\n--b--\n", NULL);
}

static const eas_node_t *meeting_mail(const char *mime, eas_version_t version, apr_pool_t *pool)
{
    item_options_t options = options_of(version);
    apr_array_header_t *addresses = apr_array_make(pool, 1, sizeof(const char *));

    APR_ARRAY_PUSH(addresses, const char *) = "anna@example.org";
    options.addresses = addresses;
    return email_node(blob_of_text(mime, pool), 0, &options, pool);
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

/* -- files ------------------------------------------------------------------------------------ */

#define ICS(method, uid)                                             \
    "BEGIN:VCALENDAR\nVERSION:2.0\n" method "BEGIN:VEVENT\nUID:" uid \
    "\nDTSTAMP:20260101T120000Z\n" TIMES "ORGANIZER:mailto:o@example.org\nEND:VEVENT\n"
#define REQUEST "METHOD:REQUEST\n"
#define FILE_END "END:VCALENDAR\n"
#define PART(type, disposition, calendar) \
    "--b\nContent-Type: " type "\nContent-Disposition: " disposition "\n\n" calendar

/* What a message with such parts is; how many attachments are shown; can it be answered? */
static void is_about(const char *parts, const char *class_, int attachments, const char *name,
                     apr_pool_t *pool)
{
    const char *mime =
        apr_pstrcat(pool,
                    "From: o@example.org\nTo: anna@example.org\nMIME-Version: 1.0\n"
                    "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nPlease come.\n",
                    parts, "--b--\n", NULL);
    const eas_node_t *mail = meeting_mail(mime, EAS_VERSION_14_1, pool), *file;
    int meeting = strcmp(class_, "IPM.Note") != 0, files = 0;
    item_itip_t *itip;

    is_str(property(mail, EAS_Email_MessageClass), class_, name);
    is_int(eas_node_child(mail, EAS_Email_MeetingRequest) != NULL, meeting, "  MeetingRequest");
    file = eas_node_child(mail, EAS_AirSyncBase_Attachments);
    for (file = file ? file->first : NULL; file; file = file->next)
        files++;
    is_int(files, attachments, "  attachments");
    ok(!item_itip_load(blob_of_text(mime, pool), &itip, pool) && !itip == !meeting &&
           (!itip || strcmp(item_itip_uid(itip), "u-1") == 0),
       "  can be answered if it asks");
}

static void test_files(apr_pool_t *pool)
{
    static const char request[] = "IPM.Schedule.Meeting.Request", note[] = "IPM.Note";
    static const struct {
        const char *parts, *class_;
        int attachments;
        const char *name;
    } rows[] = {
        {PART("application/ics; name=\"invite.ics\"", "attachment", ICS(REQUEST, "u-1") FILE_END),
         request, 1, "application/ics"},
        {PART("application/ics", "inline", ICS(REQUEST, "u-1") FILE_END), request, 1,
         "without a name"},
        {PART("text/plain; name=Invite.ICS", "attachment", ICS(REQUEST, "u-1") FILE_END), request,
         1, "text/plain"},
        {PART("application/octet-stream", "attachment; filename=\"a b.ics\"",
              ICS(REQUEST, "u-1") FILE_END),
         request, 1, "application/octet-stream"},
        {PART("application/octet-stream", "attachment; filename*=utf-8''t%C3%A9.ics",
              ICS(REQUEST, "u-1") FILE_END),
         request, 1, "a name of RFC 2231"},
        {PART("text/calendar; name=a.ics", "attachment; filename=a.ics",
              ICS(REQUEST, "u-1") FILE_END),
         request, 1, "text/calendar as a file"},
        {PART("multipart/mixed; boundary=c", "inline",
              "--c\nContent-Type: multipart/mixed; boundary=d\n\n--d\nContent-Type: "
              "application/ics\n\n" ICS(REQUEST, "u-1") FILE_END "--d--\n--c--\n"),
         request, 1, "deep inside"},
        {PART("application/ics", "attachment", ICS("METHOD:CANCEL\n", "u-1") FILE_END),
         "IPM.Schedule.Meeting.Canceled", 1, "a cancellation"},
        {PART("application/ics", "attachment", ICS("METHOD:PUBLISH\n", "u-1") FILE_END), note, 1,
         "PUBLISH"},
        {PART("application/ics; method=REQUEST", "attachment", ICS("", "u-1") FILE_END), note, 1,
         "no METHOD"},
        {PART("text/plain; name=invite.ics", "attachment", ICS("", "u-1") FILE_END), note, 1,
         "no METHOD, of a name"},
        {PART("application/ics", "attachment",
              ICS(REQUEST, "u-1") "BEGIN:VEVENT\nUID:u-2\n" TIMES "END:VEVENT\n" FILE_END),
         note, 1, "several meetings"},
        {PART("text/calendar; method=REQUEST", "inline",
              ICS(REQUEST, "u-1") "BEGIN:VEVENT\nUID:u-2\n" TIMES "END:VEVENT\n" FILE_END),
         note, 1, "several meetings of a part"},
        {PART("application/ics", "attachment",
              ICS(REQUEST, "u-1") "BEGIN:VEVENT\nUID:u-1\nRECURRENCE-ID:20260713T080000Z\n" TIMES
                                  "END:VEVENT\n" FILE_END),
         request, 1, "a meeting and its instance"},
        {PART("application/ics", "attachment", ICS(REQUEST, "u-1") FILE_END)
             PART("application/ics", "attachment", ICS(REQUEST, "u-2") FILE_END),
         note, 2, "two files"},
        {PART("text/calendar; method=REQUEST", "inline", ICS(REQUEST, "u-1") FILE_END)
             PART("application/ics; name=invite.ics", "attachment", ICS(REQUEST, "u-1") FILE_END),
         request, 1, "a part and a file of the same"},
        {PART("text/calendar; method=PUBLISH", "inline", ICS("METHOD:PUBLISH\n", "u-2") FILE_END)
             PART("application/ics; name=invite.ics", "attachment", ICS(REQUEST, "u-1") FILE_END),
         request, 2, "what is published beside a meeting"},
        {PART("text/plain; name=basics.txt", "attachment", ICS(REQUEST, "u-1") FILE_END), note, 1,
         "another name"},
        {PART("application/ics", "attachment", "BEGIN:VCALENDAR\nMETHOD:REQUEST\n"), note, 1,
         "half a calendar"},
        {PART("message/rfc822; name=a.ics", "attachment",
              "Content-Type: application/ics\n\n" ICS(REQUEST, "u-1") FILE_END),
         note, 1, "a message inside"},
    };
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        is_about(rows[i].parts, rows[i].class_, rows[i].attachments, rows[i].name, pool);
}

/* Many parts, and one beyond what is read. */
static void test_many(apr_pool_t *pool)
{
    base_text_buffer_t mime = {.pool = pool};
    const eas_node_t *mail;
    int i;

    base_text_buffer_puts(&mime, "Content-Type: multipart/mixed; boundary=b\n\n");
    for (i = 0; i < 3000; i++)
        base_text_buffer_puts(
            &mime, PART("application/ics; name=a.ics", "attachment", ICS(REQUEST, "u-1") FILE_END));
    base_text_buffer_puts(&mime, "--b--\n");
    mail = meeting_mail(mime.data, EAS_VERSION_14_1, pool);
    is_str(property(mail, EAS_Email_MessageClass), "IPM.Note", "thousands of calendars");
    mime.length = 0;
    base_text_buffer_puts(&mime, "Content-Type: application/ics\n\nBEGIN:VCALENDAR\n" REQUEST);
    while (mime.length < 2 * ITEM_ICAL_MAX)
        base_text_buffer_puts(&mime, EVENT TIMES "END:VEVENT\n");
    base_text_buffer_puts(&mime, FILE_END);
    mail = meeting_mail(mime.data, EAS_VERSION_14_1, pool);
    is_str(property(mail, EAS_Email_MessageClass), "IPM.Note", "a calendar that is too long");
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
    test_classes(pool);
    test_recurrences(pool);
    test_times(pool);
    test_hostile(pool);
    test_files(pool);
    test_many(pool);
    test_silence(pool);
    test_outlook_id(pool);
    test_blob(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
