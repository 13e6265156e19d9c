/* Series of events: how they are shown, and what phones make of one occurrence, or of all. */
#include "event_helpers.h"

#include "base/time.h"

#define HEAD "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\n"
#define BERLIN                                                                               \
    "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nBEGIN:STANDARD\r\nDTSTART:19701025T030000\r\n" \
    "TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\n"  \
    "END:STANDARD\r\nBEGIN:DAYLIGHT\r\nDTSTART:19700329T020000\r\nTZOFFSETFROM:+0100\r\n"    \
    "TZOFFSETTO:+0200\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\nEND:DAYLIGHT\r\n"         \
    "END:VTIMEZONE\r\n"
#define BEGIN "BEGIN:VEVENT\r\nUID:u1\r\nDTSTAMP:20260101T000000Z\r\n"
#define END "END:VEVENT\r\n"
#define TAIL "END:VCALENDAR\r\n"
/* Tuesdays, from the first of September on: one was deleted, one is later */
#define SERIES                                                                               \
    BEGIN "DTSTART;TZID=Europe/Berlin:20260901T100000\r\n"                                   \
          "DTEND;TZID=Europe/Berlin:20260901T110000\r\nSUMMARY:Standup\r\nLOCATION:Here\r\n" \
          "RRULE:FREQ=WEEKLY;BYDAY=TU\r\nEXDATE;TZID=Europe/Berlin:20260908T100000\r\n" END
#define MOVED                                                               \
    BEGIN "RECURRENCE-ID;TZID=Europe/Berlin:20261110T100000\r\n"            \
          "DTSTART;TZID=Europe/Berlin:20261110T140000\r\n"                  \
          "DTEND;TZID=Europe/Berlin:20261110T150000\r\nSUMMARY:Standup\r\n" \
          "LOCATION:There\r\n" END
#define ALL HEAD BERLIN SERIES MOVED TAIL

/* -- what is shown --------------------------------------------------------------------------- */

static void test_shown(apr_pool_t *pool)
{
    is_str(shown(ALL, 121, EAS_Calendar_Recurrence, pool), "Type=1|Interval=1|DayOfWeek=4",
           "12.1: the pattern");
    is_str(shown(ALL, 161, EAS_Calendar_Recurrence, pool),
           "Type=1|Interval=1|DayOfWeek=4|FirstDayOfWeek=1", "16.1: with its first day");
    is_str(shown(ALL, 141, EAS_Calendar_Exceptions, pool),
           "Exception{Deleted=1|ExceptionStartTime=20260908T080000Z}|"
           "Exception{ExceptionStartTime=20261110T090000Z|StartTime=20261110T130000Z|"
           "Location=There|EndTime=20261110T140000Z}",
           "14.1: exceptions say what differs");
    is_str(shown(ALL, 161, EAS_Calendar_Exceptions, pool),
           "Exception{Deleted=1|InstanceId=20260908T080000Z}|"
           "Exception{InstanceId=20261110T090000Z|StartTime=20261110T130000Z|"
           "Location{DisplayName=There}|EndTime=20261110T140000Z}",
           "16.1: by InstanceId");
    is_str(shown(HEAD BEGIN "DTSTART;VALUE=DATE:20260901\r\nRRULE:FREQ=DAILY;COUNT=5\r\n"
                            "EXDATE;VALUE=DATE:20260903\r\n" END TAIL,
                 160, EAS_Calendar_Exceptions, pool),
           "Exception{Deleted=1|InstanceId=20260903T000000Z}", "days at 16.0");
    is_str(shown(HEAD BEGIN "DTSTART:20260901T100000Z\r\nRRULE:FREQ=DAILY;COUNT=5\r\n"
                            "EXDATE;VALUE=DATE:20260903\r\n" END TAIL,
                 141, EAS_Calendar_Exceptions, pool),
           "Exception{Deleted=1|ExceptionStartTime=20260903T100000Z}", "a day that is excluded");
}

/* One instance is all that is known. */
static void test_orphan(apr_pool_t *pool)
{
    static const char text[] = HEAD BERLIN MOVED TAIL;

    is_str(shown(text, 161, EAS_AirSyncBase_InstanceId, pool), "20261110T090000Z",
           "16.1: an instance without its series says so");
    ok(!shown(text, 141, EAS_AirSyncBase_InstanceId, pool), "14.1: it is an event");
    is_str(shown(text, 141, EAS_Calendar_StartTime, pool), "20261110T130000Z", "at its time");
    ok(!shown(text, 141, EAS_Calendar_Recurrence, pool), "that does not recur");
    has(changed(text, "Subject=x", NULL, 161, pool), "SUMMARY:x\r\n", "it is edited");
    has(changed(text, "Subject=x", "20261110T090000Z", 161, pool), "SUMMARY:x\r\n",
        "by its InstanceId as well");
    has(changed(text, "Subject=x", "20261117T090000Z", 161, pool), "fault: ", "not by another");
    has(changed(text, "Recurrence{Type=0|Interval=1}", NULL, 161, pool), MOVED,
        "16.1: a phone makes no series of it");
    has(changed(text, "Subject=x|Recurrence{Type=0|Interval=1}", NULL, 141, pool), "SUMMARY:x\r\n",
        "14.1: nor what else it says into nothing");
}

/* The hour of a series is that of today's rules, also where the zone had others when it began. */
static void test_history(apr_pool_t *pool)
{
    static const char text[] =
        HEAD BEGIN "DTSTART;TZID=Europe/Istanbul:20150105T100000\r\n"
                   "DTEND;TZID=Europe/Istanbul:20150105T110000\r\nRRULE:FREQ=WEEKLY\r\n"
                   "EXDATE;TZID=Europe/Istanbul:20150112T100000\r\n" END TAIL;

    /* winter time was abolished in 2016: since then it is three hours ahead all the year */
    is_str(shown(text, 161, EAS_Calendar_StartTime, pool), "20150105T070000Z",
           "ten o'clock by today's rules");
    is_str(shown(text, 161, EAS_Calendar_Exceptions, pool),
           "Exception{Deleted=1|InstanceId=20150112T070000Z}", "its exceptions as well");
    has(changed(text, NULL, "20261123T070000Z", 161, pool),
        "EXDATE;TZID=Europe/Istanbul:20261123T100000\r\n", "and those that are edited");
    is_str(changed(text, "StartTime=20150105T070000Z|EndTime=20150105T080000Z", NULL, 161, pool),
           text, "what is shown comes back");
    has(changed(text, "StartTime=20150105T080000Z|EndTime=20150105T090000Z", NULL, 161, pool),
        "DTSTART;TZID=Europe/Istanbul:20150105T110000\r\n", "an hour later is an hour later");
}

/* Rules that EAS has no pattern for. */
static void test_unsayable(apr_pool_t *pool)
{
    const char *text = HEAD BEGIN "DTSTART:20260901T100000Z\r\nDTEND:20260901T110000Z\r\n"
                                  "RRULE:FREQ=MONTHLY;BYDAY=1TU,3TU;COUNT=4\r\n" END TAIL;

    is_str(shown(text, 161, EAS_Calendar_Recurrence, pool),
           "Type=1|Interval=1|Occurrences=8|DayOfWeek=4|FirstDayOfWeek=1",
           "two Tuesdays of a month: Tuesdays");
    is_str(shown(text, 161, EAS_Calendar_Exceptions, pool),
           "Exception{Deleted=1|InstanceId=20260908T100000Z}|"
           "Exception{Deleted=1|InstanceId=20260922T100000Z}|"
           "Exception{Deleted=1|InstanceId=20260929T100000Z}|"
           "Exception{Deleted=1|InstanceId=20261013T100000Z}",
           "without the others");
    has(changed(text, "Subject=x", "20260915T100000Z", 161, pool),
        "RECURRENCE-ID:20260915T100000Z\r\n", "one of them is edited");
    has(changed(text, NULL, "20260915T100000Z", 161, pool), "EXDATE:20260915T100000Z\r\n",
        "one of them is deleted");
    has(changed(text, "Subject=x", NULL, 161, pool), "RRULE:FREQ=MONTHLY;BYDAY=1TU,3TU;COUNT=4\r\n",
        "the rule stays");
    text = HEAD BEGIN "DTSTART:20260901T100000Z\r\nDTEND:20260901T110000Z\r\n"
                      "RDATE:20260910T120000Z,20261001T080000Z\r\n" END TAIL;
    has(shown(text, 161, EAS_Calendar_Exceptions, pool),
        "StartTime=20260910T120000Z|EndTime=20260910T130000Z", "dates of their own");
    ok(!shown(HEAD BEGIN "DTSTART:20260901T100000Z\r\nRRULE:FREQ=YEARLY;INTERVAL=101\r\n" END TAIL,
              161, EAS_Calendar_Recurrence, pool),
       "what is refused is shown once");
    has(changed(HEAD BEGIN "DTSTART:20260901T100000Z\r\nDTEND:20260901T110000Z\r\n"
                           "RRULE:FREQ=YEARLY;INTERVAL=101\r\n" END TAIL,
                "Subject=x|StartTime=20260901T100000Z|EndTime=20260901T110000Z", NULL, 141, pool),
        "RRULE:FREQ=YEARLY;INTERVAL=101\r\n", "and stays");
}

/* Several on a day: a daily pattern of which each occurrence is moved to where it is. */
static void test_moved(apr_pool_t *pool)
{
    static const char text[] =
        HEAD BEGIN "DTSTART:20260901T100000Z\r\nDTEND:20260901T110000Z\r\nSUMMARY:Dose\r\n"
                   "RDATE:20260901T140000Z\r\n"
                   "RDATE;VALUE=PERIOD:20260910T120000Z/PT1H\r\n" END TAIL;
    const char *second = "20250102T100001Z", *edited;
    kind_result_t result;

    is_str(shown(text, 161, EAS_Calendar_Recurrence, pool), "Type=0|Interval=1|Occurrences=3",
           "three days");
    is_str(shown(text, 161, EAS_Calendar_Exceptions, pool),
           "Exception{InstanceId=20250101T100001Z|StartTime=20260901T100000Z|"
           "EndTime=20260901T110000Z}|"
           "Exception{InstanceId=20250102T100001Z|StartTime=20260901T140000Z|"
           "EndTime=20260901T150000Z}|"
           "Exception{InstanceId=20250103T100001Z|StartTime=20260910T120000Z|"
           "EndTime=20260910T130000Z}",
           "each is where it is");
    is_str(shown(text, 161, EAS_Calendar_Subject, pool), "Dose", "and called as it is");
    edited = changed(text, "Subject=x", second, 161, pool);
    has(edited, "RECURRENCE-ID:20260901T140000Z\r\n", "one of them is edited");
    has(edited, "RDATE:20260901T140000Z\r\n", "of the dates that stay");
    is_str(changed(edited, "Subject=x", second, 161, pool), edited, "once");
    has(changed(text, NULL, "20240103T100001Z", 161, pool), "EXDATE:20260910T120000Z\r\n",
        "a place of last year's window is known still");
    has(changed(text, NULL, "20260910T120000Z", 161, pool), "EXDATE:20260910T120000Z\r\n",
        "so is that of the series itself");
    has(changed(text, NULL, "20250104T100001Z", 161, pool), "fault: ", "there are no more");
    edited = changed(text, NULL, "20250101T100001Z", 161, pool);
    has(edited, "EXDATE:20260901T100000Z\r\n", "the first is deleted");
    has(changed(edited, "Subject=x", second, 161, pool), "RECURRENCE-ID:20260901T140000Z\r\n",
        "which leaves the others their places");
    edited = changed(changed(edited, NULL, second, 161, pool), NULL, "20250103T100001Z", 161, pool);
    has(shown(edited, 161, EAS_Calendar_Exceptions, pool), "Deleted=1", "all are deleted");
    edited = changed(text, "Subject=x", NULL, 161, pool);
    has(edited, "RDATE;VALUE=PERIOD:20260910T120000Z/PT1H\r\n", "dates stay");
    result =
        change_at(text, "StartTime=20250101T120001Z|EndTime=20250101T133001Z", NULL, 161, pool);
    has(result.text, "DTSTART:20260901T100000Z\r\nDTEND:20260901T113000Z\r\n",
        "where the pattern begins is nothing to move, how long it takes is");
    ok(result.tell, "the phone gets it as it is");
#define BACK                                                                               \
    "StartTime=20250101T100001Z|EndTime=20250101T110001Z|Subject=Dose|"                    \
    "Recurrence{Type=0|Interval=1|Occurrences=3}|Exceptions{Exception{ExceptionStartTime=" \
    "20250101T100001Z|StartTime=20260901T100000Z|EndTime=20260901T110000Z|Subject=Dose}|"  \
    "Exception{ExceptionStartTime=20250102T100001Z|StartTime=20260901T140000Z|"
    is_str(changed(text, BACK "EndTime=20260901T150000Z}}", NULL, 141, pool), text,
           "14.1: what comes back changes nothing");
    edited = changed(text, BACK "EndTime=20260901T153000Z}}", NULL, 141, pool);
    has(edited, "DTEND:20260901T153000Z\r\n", "14.1: one takes longer");
    lacks(edited, "RECURRENCE-ID:20260901T100000Z", "and is the only one that changes");
}

/* An instance that holds for all that follow, too. */
static void test_following(apr_pool_t *pool)
{
#define RANGE                                                                        \
    BEGIN "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20261201T100000\r\n" \
          "DTSTART;TZID=Europe/Berlin:20261201T140000\r\n"                           \
          "DTEND;TZID=Europe/Berlin:20261201T160000\r\nSUMMARY:Late\r\n" END
#define FOLLOWING(end)                                                                  \
    HEAD BERLIN BEGIN "DTSTART;TZID=Europe/Berlin:20261110T100000\r\n"                  \
                      "DTEND;TZID=Europe/Berlin:20261110T110000\r\nSUMMARY:Standup\r\n" \
                      "RRULE:FREQ=WEEKLY;BYDAY=TU" end "\r\n" END RANGE TAIL
    static const char text[] = FOLLOWING(";COUNT=6");
    backend_description_t description = {0};
    const char *exceptions = shown(text, 141, EAS_Calendar_Exceptions, pool), *edited;

    has(exceptions, "{ExceptionStartTime=20261201T090000Z|StartTime=20261201T130000Z|Subject=Late",
        "the first is another");
    has(exceptions,
        "{ExceptionStartTime=20261215T090000Z|StartTime=20261215T130000Z|Subject=Late|"
        "EndTime=20261215T150000Z",
        "so is what follows");
    lacks(exceptions, "20261124", "what comes before is not");
    kind->describe(blob_of_text(text, pool), &description, pool);
    is_str(base_time_format_compact(description.date, pool), "20261215T150000Z",
           "it ends with the last that follows");
    has(shown(FOLLOWING(""), 161, EAS_Calendar_Exceptions, pool), "InstanceId=20271116T090000Z",
        "without end a year is shown at least");
    edited = changed(text, "Subject=x", "20261208T090000Z", 161, pool);
    has(edited, RANGE, "one is edited, and the others stay");
    has(edited,
        "RECURRENCE-ID;TZID=Europe/Berlin:20261208T100000\r\n"
        "DTSTART;TZID=Europe/Berlin:20261208T140000\r\n"
        "DTEND;TZID=Europe/Berlin:20261208T160000\r\nSUMMARY:x\r\n",
        "it was what it had followed");
    is_str(changed(edited, "Subject=x", "20261208T090000Z", 161, pool), edited, "once");
    edited = changed(text, "Subject=x", "20261201T090000Z", 161, pool);
    has(edited, "RECURRENCE-ID;TZID=Europe/Berlin:20261201T100000\r\n", "the first is edited");
    has(edited,
        "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20261208T100000\r\n"
        "DTSTART;TZID=Europe/Berlin:20261208T140000\r\n",
        "the next one holds for the others then");
    edited = changed(text, NULL, "20261201T090000Z", 161, pool);
    has(edited, "EXDATE;TZID=Europe/Berlin:20261201T100000\r\n", "the first is deleted");
    has(edited, "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20261208T100000\r\n",
        "and holds for the others still");
    edited = changed(text, NULL, "20261215T090000Z", 161, pool);
    has(edited, RANGE, "one that follows is deleted");
    has(shown(edited, 141, EAS_Calendar_Exceptions, pool),
        "{Deleted=1|ExceptionStartTime=20261215T090000Z}", "and stays so");
    has(changed(text, "Location{DisplayName=There}", NULL, 161, pool), "RANGE=THISANDFUTURE",
        "with the series it stays");
}

/* More often than can be shown: the first of each day, and the times for people to read. */
static void test_often(apr_pool_t *pool)
{
#define OFTEN(rule)                                                                     \
    HEAD BEGIN "DTSTART:20260901T100000Z\r\nDTEND:20260901T101000Z\r\nSUMMARY:Dose\r\n" \
               "RRULE:" rule "\r\n" END TAIL
    static const char text[] = OFTEN("FREQ=DAILY;BYHOUR=10,14,20");
    static const struct {
        const char *text, *subject;
    } rows[] = {
        {text, "Dose (10:00 14:00 20:00)"},
        {OFTEN("FREQ=HOURLY"), "Dose (00:00 01:00 02:00 \xe2\x80\xa6 23:00)"},
        {OFTEN("FREQ=MINUTELY;INTERVAL=720"), "Dose (10:00 22:00)"},
        {OFTEN("FREQ=SECONDLY"), "Dose (10:00 10:00 10:00 \xe2\x80\xa6 10:16)"},
        {OFTEN("FREQ=HOURLY;INTERVAL=48"), "Dose"},
        {OFTEN("FREQ=HOURLY;INTERVAL=6;COUNT=100"), "Dose"},
    };
    const char *edited, *rule;
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        is_str(shown(rows[i].text, 161, EAS_Calendar_Subject, pool), rows[i].subject,
               rows[i].subject);
        ok(shown(rows[i].text, 161, EAS_Calendar_Recurrence, pool) != NULL, "it recurs");
        edited = changed(rows[i].text, "Reminder=5", NULL, 161, pool);
        rule = strstr(rows[i].text, "RRULE");
        has(edited, apr_pstrmemdup(pool, rule, strcspn(rule, "\n")),
            "with a reminder the rule is what it was");
    }
    is_str(shown(text, 161, EAS_Calendar_Recurrence, pool),
           "Type=1|Interval=1|Occurrences=999|DayOfWeek=127|FirstDayOfWeek=1", "every day");
    ok(!shown(text, 161, EAS_Calendar_Exceptions, pool), "without exceptions");
    is_str(changed(text, "Subject=Dose (10:00 14:00 20:00)", NULL, 161, pool), text,
           "the subject comes back");
    has(changed(text, "Subject=Pill (10:00 14:00 20:00)", NULL, 161, pool), "SUMMARY:Pill\r\n",
        "or is another");
    has(changed(text, NULL, "20261123T100000Z", 161, pool), "EXDATE:20261123T100000Z\r\n",
        "the one that is shown is deleted");
}

/* -- one occurrence --------------------------------------------------------------------------- */

static void test_instance(apr_pool_t *pool)
{
    const char *text = changed(ALL, "Subject=Once", "20261117T090000Z", 161, pool);

    has(text, "SUMMARY:Standup\r\nLOCATION:Here\r\nRRULE", "the series stays as it is");
    has(text, "RECURRENCE-ID;TZID=Europe/Berlin:20261117T100000\r\n", "an instance");
    has(text, "DTSTART;TZID=Europe/Berlin:20261117T100000\r\n", "at its place");
    has(shown(text, 161, EAS_Calendar_Exceptions, pool),
        "Exception{InstanceId=20261117T090000Z|DtStamp=20261123T120000Z|", "is an exception");
    is_str(changed(text, "Subject=Once", "20261117T090000Z", 161, pool), text,
           "the repeat changes nothing");
    text = changed(ALL, "StartTime=20261118T090000Z|EndTime=20261118T100000Z", "20261117T090000Z",
                   161, pool);
    has(text, "DTSTART;TZID=Europe/Berlin:20261118T100000\r\n", "one is moved");
    text = changed(ALL, "Subject=Other", "20261110T090000Z", 161, pool);
    has(text, "SUMMARY:Other\r\nLOCATION:There", "the one that is there is edited");
    text = changed(ALL, NULL, "20261117T090000Z", 161, pool);
    has(text, "EXDATE;TZID=Europe/Berlin:20261117T100000\r\n", "one is deleted");
    is_str(changed(text, NULL, "20261117T090000Z", 161, pool), text, "once");
    text = changed(ALL, NULL, "20261110T090000Z", 161, pool);
    lacks(text, "RECURRENCE-ID", "an edited one is deleted");
    has(text, "EXDATE;TZID=Europe/Berlin:20261110T100000\r\n", "and excluded");
    has(changed(ALL, NULL, "20261118T090000Z", 161, pool), "fault: ", "there is none");
    has(changed(ALL, NULL, "rubbish", 161, pool), "fault: ", "nor is this a time");
    has(changed(HEAD BEGIN "DTSTART:20260901T100000Z\r\n" END TAIL, NULL, "20260901T100000Z", 161,
                pool),
        "fault: ", "a single event has none");
    text = changed(HEAD BEGIN "DTSTART;VALUE=DATE:20260901\r\nRRULE:FREQ=DAILY\r\n" END TAIL, NULL,
                   "20260903T000000Z", 160, pool);
    has(text, "EXDATE;VALUE=DATE:20260903\r\n", "a day is deleted");
}

#define SAME                                                                             \
    "StartTime=20260901T080000Z|EndTime=20260901T090000Z|Subject=Standup|Location=Here|" \
    "Recurrence{Type=1|Interval=1|DayOfWeek=4}"

static void test_exceptions(apr_pool_t *pool)
{
    const char *text =
        changed(ALL, SAME "|Exceptions{Exception{ExceptionStartTime=20260915T080000Z|Deleted=1}}",
                NULL, 141, pool);

    has(text, "EXDATE;TZID=Europe/Berlin:20260915T100000\r\n", "14.1: one is deleted");
    has(text, "EXDATE;TZID=Europe/Berlin:20260908T100000\r\n", "the other one stays");
    has(text, "RECURRENCE-ID;TZID=Europe/Berlin:20261110T100000\r\n", "so does what is not named");
    text = changed(ALL,
                   SAME "|Exceptions{Exception{ExceptionStartTime=20260922T080000Z|Subject=X|"
                        "StartTime=20260923T080000Z|EndTime=20260923T090000Z|AllDayEvent=0}}",
                   NULL, 141, pool);
    has(text, "DTSTART;TZID=Europe/Berlin:20260923T100000\r\n", "14.1: one is moved");
    has(text, "SUMMARY:X\r\n", "and has another subject");
    text = changed(ALL,
                   SAME "|Exceptions{Exception{ExceptionStartTime=20260922T080000Z|AllDayEvent=1|"
                        "StartTime=20260921T220000Z|EndTime=20260922T220000Z}}",
                   NULL, 141, pool);
    has(text, "DTSTART;VALUE=DATE:20260922\r\n", "14.1: one becomes a day");
    has(text, "RECURRENCE-ID;TZID=Europe/Berlin:20260922T100000\r\n", "its place stays a time");
    text =
        changed(ALL, SAME "|Exceptions{Exception{ExceptionStartTime=20261110T090000Z|Location=}}",
                NULL, 141, pool);
    lacks(text, "LOCATION:There", "an empty element takes away");
    text =
        changed(ALL, SAME "|Exceptions{Exception{ExceptionStartTime=20260908T080000Z|Subject=B}}",
                NULL, 141, pool);
    lacks(text, "EXDATE", "what was deleted is back");
    is_str(changed(ALL,
                   SAME "|Exceptions{Exception{ExceptionStartTime=20270908T080000Z|Deleted=1}}",
                   NULL, 141, pool),
           ALL, "what is none is left alone");
    text =
        changed(NULL, SAME "|Exceptions{Exception{ExceptionStartTime=20260908T080000Z|Deleted=1}}",
                NULL, 141, pool);
    has(text, "RRULE:FREQ=WEEKLY", "a new series");
    has(text, "EXDATE:20260908T080000Z\r\n", "with an exception");
}

/* -- all of them ------------------------------------------------------------------------------ */

static void test_all(apr_pool_t *pool)
{
    const char *text = changed(ALL, "Subject=New", NULL, 161, pool);

    has(text, "SUMMARY:New\r\nLOCATION:Here", "the series is edited");
    has(text, "SUMMARY:New\r\nLOCATION:There", "an instance that had its subject follows");
    text = changed(ALL, "Location{DisplayName=Nowhere}", NULL, 161, pool);
    has(text, "LOCATION:There", "what is its own stays");
    text = changed(ALL, "StartTime=20260901T090000Z|EndTime=20260901T100000Z", NULL, 161, pool);
    has(text, "DTSTART;TZID=Europe/Berlin:20260901T110000\r\n", "16.1: the series is moved");
    lacks(text, "EXDATE", "its exceptions go");
    lacks(text, "RECURRENCE-ID", "all of them");
    has(text, "RRULE:FREQ=WEEKLY;BYDAY=TU\r\n", "the rule stays");
    text = changed(ALL,
                   "StartTime=20260901T080000Z|EndTime=20260901T090000Z|Subject=Standup|"
                   "Location=Here|Recurrence{Type=1|Interval=2|DayOfWeek=4}",
                   NULL, 141, pool);
    has(text, "INTERVAL=2", "14.1: another rule");
    lacks(text, "EXDATE", "what fits no more goes");
    has(text, "RECURRENCE-ID;TZID=Europe/Berlin:20261110T100000\r\n", "what fits stays");
    text = changed(ALL, "Recurrence=", NULL, 161, pool);
    lacks(text, "RRULE:FREQ=WEEKLY", "16.1: an empty rule makes one of it");
    lacks(text, "RECURRENCE-ID", "without instances");
    text = changed(ALL, "StartTime=20260901T080000Z|EndTime=20260901T090000Z|Subject=a", NULL, 141,
                   pool);
    lacks(text, "RRULE:FREQ=WEEKLY", "14.1: a Change without a rule as well");
    has(changed(ALL, "Subject=a", NULL, 161, pool), "RRULE:FREQ=WEEKLY", "16.1: not so");
    has(changed(ALL, "Recurrence{Type=1|Interval=1|DayOfWeek=4|DayOfMonth=3}", NULL, 161, pool),
        "fault: ", "a rule that is none");
}

/* What an organizer changes of time, rule and place is another version (RFC 5546 2.1.4). */
static void test_sequence(apr_pool_t *pool)
{
#define MEETING(organizer, more)                                                                \
    HEAD BERLIN BEGIN "DTSTART;TZID=Europe/Berlin:20260901T100000\r\n"                          \
                      "DTEND;TZID=Europe/Berlin:20260901T110000\r\nLOCATION:Here\r\n"           \
                      "RRULE:FREQ=WEEKLY;BYDAY=TU\r\nSEQUENCE:3\r\nORGANIZER:mailto:" organizer \
                      "@example.org\r\nATTENDEE:mailto:bo@example.org\r\n" more END TAIL
    static const char own[] = MEETING("anna", "");
    static const char *const stepping[] = {
        "StartTime=20260901T090000Z|EndTime=20260901T100000Z",
        "EndTime=20260901T093000Z",
        "Recurrence{Type=1|Interval=2|DayOfWeek=4}",
        "Recurrence=",
        "Location{DisplayName=There}",
        "MeetingStatus=5",
    };
    static const char *const staying[] = {"Subject=x", "Reminder=15", "BusyStatus=1",
                                          "Recurrence{Type=1|Interval=1|DayOfWeek=4}|Subject=x"};
    const char *text;
    size_t i;

    for (i = 0; i < sizeof stepping / sizeof *stepping; i++) {
        text = changed(own, stepping[i], NULL, 161, pool);
        has(text, "SEQUENCE:4\r\n", stepping[i]);
        is_str(changed(text, stepping[i], NULL, 161, pool), text, "once");
    }
    for (i = 0; i < sizeof staying / sizeof *staying; i++)
        has(changed(own, staying[i], NULL, 161, pool), "SEQUENCE:3\r\n", staying[i]);
    text = changed(own, NULL, "20261117T090000Z", 161, pool);
    has(text, "SEQUENCE:4\r\n", "one that is taken away is another version of the series");
    text = changed(own, "Location{DisplayName=There}", "20261117T090000Z", 161, pool);
    has(text, "SEQUENCE:3\r\n", "one at another place is none of the series");
    has(text, "SEQUENCE:4\r\n", "but of itself");
    lacks(changed(own, "Subject=x", "20261117T090000Z", 161, pool), "SEQUENCE:4\r\n",
          "with another subject it is neither");
    lacks(changed(MEETING("cy", "ATTENDEE:mailto:anna@example.org\r\n"),
                  "Location{DisplayName=There}", NULL, 161, pool),
          "SEQUENCE:4\r\n", "who was invited makes no versions");
}

/* -- until when ------------------------------------------------------------------------------- */

static apr_time_t last(const char *lines, apr_pool_t *pool)
{
    const char *text = apr_pstrcat(pool, HEAD BEGIN, lines, END TAIL, NULL);
    backend_description_t description = {0};

    if (kind->describe(blob_of_text(text, pool), &description, pool))
        return 0;
    return description.date;
}

static void test_describe(apr_pool_t *pool)
{
#define HOUR "DTSTART:20260901T100000Z\r\nDTEND:20260901T110000Z\r\n"
    is_int(last(HOUR, pool), apr_time_from_sec(1788260400), "a single event ends");
    ok(last(HOUR "RRULE:FREQ=YEARLY\r\n", pool) == APR_INT64_MAX, "a series without end");
    is_int(last(HOUR "RRULE:FREQ=DAILY;COUNT=2\r\n", pool), apr_time_from_sec(1788260400 + 86400),
           "the end of the last one");
    is_int(last(HOUR "RDATE:20260905T100000Z\r\n", pool),
           apr_time_from_sec(1788260400 + 4 * 86400) + BACKEND_DATE_MOVING,
           "dates count, and are shown within a window");
}

/* -- hostile ---------------------------------------------------------------------------------- */

/* Many instances and exclusions take time in proportion, and are shown as far as clients take them. */
static void test_many(apr_pool_t *pool)
{
    base_text_buffer_t text = {.pool = pool};
    const eas_node_t *node;
    int i, n = 0;

    base_text_buffer_puts(&text, HEAD SERIES);
    for (i = 0; i < 1500; i++)
        base_text_buffer_printf(&text,
                                BEGIN "RECURRENCE-ID:%d0101T%02d%02d00Z\r\n"
                                      "DTSTART:20270101T000000Z\r\n" END,
                                2030 + i / 1440, i / 60 % 24, i % 60);
    base_text_buffer_puts(&text, TAIL);
    node = eas_node_child(eas_node_child(show(text.data, 161, pool), EAS_Calendar_Exceptions),
                          EAS_Calendar_Exception);
    for (; node; node = eas_node_next(node))
        n++;
    is_int(n, 256, "as many exceptions as clients take");
    ok(!change_at(text.data, "Subject=x", NULL, 161, pool).fault, "they are edited together");
}

/* As other programs write them: with blanks, of another zone. */
static void test_exclusion_lists(apr_pool_t *pool)
{
#define LISTS                                                     \
    "EXDATE;TZID=Europe/Berlin:20260908T100000, 20260915T100000," \
    "20260916T100000\r\nEXDATE;TZID=Europe/London:20260929T090000\r\n"
    static const char text[] = HEAD BERLIN BEGIN "DTSTART;TZID=Europe/Berlin:20260901T100000\r\n"
                                                 "DTEND;TZID=Europe/Berlin:20260901T110000\r\n"
                                                 "RRULE:FREQ=WEEKLY;BYDAY=TU\r\n" LISTS END TAIL;
    const char *edited = changed(text,
                                 "StartTime=20260901T080000Z|EndTime=20260901T100000Z|"
                                 "Recurrence{Type=1|Interval=1|DayOfWeek=4}",
                                 NULL, 141, pool);

    has(edited, "EXDATE;TZID=Europe/Berlin:20260908T100000,20260915T100000\r\n",
        "14.1: of a longer series those that exclude something stay");
    has(edited, "EXDATE;TZID=Europe/London:20260929T090000\r\n", "of any zone");
    edited = changed(text, "Subject=x", "20260929T080000Z", 161, pool);
    lacks(edited, "Europe/London", "16.1: one that is edited is excluded no more");
    has(edited, "T100000, 20260915T100000,20260916T100000\r\n", "and no other line is touched");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    test_shown(pool);
    test_orphan(pool);
    test_history(pool);
    test_unsayable(pool);
    test_moved(pool);
    test_often(pool);
    test_following(pool);
    test_instance(pool);
    test_exceptions(pool);
    test_all(pool);
    test_sequence(pool);
    test_describe(pool);
    test_many(pool);
    test_exclusion_lists(pool);
    apr_pool_destroy(pool);
    return done_testing();
}
