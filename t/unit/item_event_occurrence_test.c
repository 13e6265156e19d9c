/* Occurrences: until when a series has any, which decides whether a filter by age hides it, and such as
 * become days in a series of hours, or hours in one of days. */
#include "kind_helpers.h"

#include "base/time.h"
#include "item/event.h"

static const item_kind_t *const kind = &item_event_kind;

#define HEAD "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\n"
#define BEGIN "BEGIN:VEVENT\r\nUID:u1\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:S\r\n"
#define END "END:VEVENT\r\n"
#define TAIL "END:VCALENDAR\r\n"

/* -- until when ------------------------------------------------------------------------------- */

#define HOUR "DTSTART:20200106T100000Z\r\nDTEND:20200106T110000Z\r\n"
/* another component: an occurrence elsewhere */
#define MOVED(from, to) END BEGIN "RECURRENCE-ID:" from "\r\nDTSTART:" to "\r\nDURATION:PT1H\r\n"

static const struct {
    const char *name, *lines, *last; /* "": never */
} lives[] = {
    {"a single one", HOUR, "20200106T110000Z"},
    {"no end", HOUR "RRULE:FREQ=WEEKLY\r\n", ""},
    {"no end, of which an occurrence was moved",
     HOUR "RRULE:FREQ=WEEKLY\r\n" MOVED("20200113T100000Z", "20200114T100000Z"), ""},
    {"a count", HOUR "RRULE:FREQ=WEEKLY;COUNT=3\r\n", "20200120T110000Z"},
    {"an end", HOUR "RRULE:FREQ=DAILY;UNTIL=20200109T095959Z\r\n", "20200108T110000Z"},
    {"an end that is a date", HOUR "RRULE:FREQ=DAILY;UNTIL=20200109\r\n", "20200109T110000Z"},
    {"a count, and a later date", HOUR "RRULE:FREQ=WEEKLY;COUNT=3\r\nRDATE:20301201T100000Z\r\n",
     "20301201T110000Z"},
    {"a count, and a date in between",
     HOUR "RRULE:FREQ=WEEKLY;COUNT=3\r\nRDATE:20200107T100000Z\r\n", "20200120T110000Z"},
    {"a date alone", HOUR "RDATE:20301201T100000Z\r\n", "20301201T110000Z"},
    {"an end, and an occurrence that was moved to later",
     HOUR
     "RRULE:FREQ=DAILY;UNTIL=20200110T100000Z\r\n" MOVED("20200108T100000Z", "20301201T100000Z"),
     "20301201T110000Z"},
    {"an end, and an occurrence that was moved to earlier",
     HOUR
     "RRULE:FREQ=DAILY;UNTIL=20200110T100000Z\r\n" MOVED("20200110T100000Z", "20200109T120000Z"),
     "20200110T110000Z"},
    {"a count, of which the last was deleted",
     HOUR "RRULE:FREQ=WEEKLY;COUNT=3\r\nEXDATE:20200120T100000Z\r\n", "20200113T110000Z"},
    {"a date that is a period", HOUR "RDATE;VALUE=PERIOD:20301201T100000Z/20301201T110000Z\r\n",
     "20301201T110000Z"},
    {"hours", HOUR "RRULE:FREQ=HOURLY\r\n", ""},
    {"hours by count", HOUR "RRULE:FREQ=HOURLY;INTERVAL=6;COUNT=5\r\n", "20200107T110000Z"},
    {"minutes by count", HOUR "RRULE:FREQ=MINUTELY;COUNT=31\r\n", "20200106T113000Z"},
    {"minutes with an end", HOUR "RRULE:FREQ=MINUTELY;INTERVAL=30;UNTIL=20200106T114500Z\r\n",
     "20200106T123000Z"},
    {"days",
     "DTSTART;VALUE=DATE:20200106\r\nDTEND;VALUE=DATE:20200108\r\nRRULE:FREQ=WEEKLY;COUNT=2\r\n",
     "20200115T000000Z"},
    {"an occurrence without its series",
     "RECURRENCE-ID:20200106T100000Z\r\n"
     "DTSTART:20301201T100000Z\r\nDURATION:PT1H\r\n",
     "20301201T110000Z"},
};

static void test_life(apr_pool_t *pool)
{
    size_t i;

    for (i = 0; i < sizeof lives / sizeof *lives; i++) {
        const char *text = apr_pstrcat(pool, HEAD BEGIN, lives[i].lines, END TAIL, NULL);
        backend_description_t description = {0};
        base_fault_t *fault = kind->describe(blob_of_text(text, pool), &description, pool);

        is_str(fault ? fault->message
               : description.date >= BACKEND_DATE_MOVING_EVER
                   ? ""
                   : base_time_format_compact(description.date, pool),
               lives[i].last, lives[i].name);
    }
}

/* -- days among hours ------------------------------------------------------------------------- */

#define MONDAYS                                                         \
    HEAD BEGIN "DTSTART:20260907T100000Z\r\nDTEND:20260907T110000Z\r\n" \
               "RRULE:FREQ=WEEKLY;BYDAY=MO\r\n" END
#define MONDAY_DAYS                                                           \
    HEAD BEGIN "DTSTART;VALUE=DATE:20260907\r\nDTEND;VALUE=DATE:20260908\r\n" \
               "RRULE:FREQ=WEEKLY;BYDAY=MO\r\n" END
#define SAME                                                         \
    "Subject=S|StartTime=20260907T100000Z|EndTime=20260907T110000Z|" \
    "Recurrence{Type=1|Interval=1|DayOfWeek=2}|"
#define SAME_DAYS                                                                  \
    "Subject=S|AllDayEvent=1|StartTime=20260907T000000Z|EndTime=20260908T000000Z|" \
    "Recurrence{Type=1|Interval=1|DayOfWeek=2}|"
#define PLACE "RECURRENCE-ID:20260914T100000Z\r\n"
#define PLACE_DAY "RECURRENCE-ID;VALUE=DATE:20260914\r\n"
#define AS_DAY "DTSTART;VALUE=DATE:20260914\r\nDTEND;VALUE=DATE:20260915\r\n"
#define AS_NOON "DTSTART:20260914T120000Z\r\nDTEND:20260914T130000Z\r\n"

#define DAY "StartTime=20260914T000000Z|EndTime=20260915T000000Z"
#define NOON "StartTime=20260914T120000Z|EndTime=20260914T130000Z"
#define ONE(place) "Exceptions{Exception{ExceptionStartTime=" place "|AllDayEvent="

/* What a phone sends of one occurrence, and what it is then: in the file, and on phones. */
static const struct {
    const char *name, *text;
    eas_version_t version;
    const char *data, *stored, *shown;
    int of_days; /* the series */
} days[] = {
    {"14.1: a day", MONDAYS TAIL, 141, SAME ONE("20260914T100000Z") "1|" DAY "}}", AS_DAY PLACE,
     DAY "|AllDayEvent=1", 0},
    {"16.0: a day", MONDAYS TAIL, 160, "AllDayEvent=1|" DAY, AS_DAY PLACE, DAY "|AllDayEvent=1", 0},
    {"16.1: a day", MONDAYS TAIL, 161, "AllDayEvent=1|" DAY, AS_DAY PLACE, DAY "|AllDayEvent=1", 0},
    {"16.1: a day, without its times", MONDAYS TAIL, 161, "AllDayEvent=1", AS_DAY PLACE,
     DAY "|AllDayEvent=1", 0},
    {"14.1: an hour again", MONDAYS BEGIN AS_DAY PLACE END TAIL, 141,
     SAME ONE("20260914T100000Z") "0|" NOON "}}", AS_NOON PLACE, NOON, 0},
    {"16.0: an hour again", MONDAYS BEGIN AS_DAY PLACE END TAIL, 160, "AllDayEvent=0|" NOON,
     AS_NOON PLACE, NOON, 0},
    {"16.1: an hour again", MONDAYS BEGIN AS_DAY PLACE END TAIL, 161, "AllDayEvent=0|" NOON,
     AS_NOON PLACE, NOON, 0},
    {"14.1: an hour among days", MONDAY_DAYS TAIL, 141,
     SAME_DAYS ONE("20260914T000000Z") "0|" NOON "}}", AS_NOON PLACE_DAY, NOON "|AllDayEvent=0", 1},
    {"16.1: an hour among days", MONDAY_DAYS TAIL, 161, "AllDayEvent=0|" NOON, AS_NOON PLACE_DAY,
     NOON "|AllDayEvent=0", 1},
    {"14.1: a day again", MONDAY_DAYS BEGIN AS_NOON PLACE_DAY END TAIL, 141,
     SAME_DAYS ONE("20260914T000000Z") "1|" DAY "}}", AS_DAY PLACE_DAY, DAY, 1},
    {"16.0: a day again", MONDAY_DAYS BEGIN AS_NOON PLACE_DAY END TAIL, 160, "AllDayEvent=1|" DAY,
     AS_DAY PLACE_DAY, DAY, 1},
};

static const char *exceptions(const backend_blob_t *blob, eas_version_t version, apr_pool_t *pool)
{
    item_options_t options = options_prefer(version, ITEM_BODY_TEXT, ITEM_TRUNCATION_NONE);

    options.now = KIND_NOW;
    return kind_text(eas_node_child(kind_node(kind, blob, &options, pool), EAS_Calendar_Exceptions),
                     pool);
}

/* The one occurrence that is another, as phones of a version see it. */
static const char *wanted(size_t i, eas_version_t version, apr_pool_t *pool)
{
    return apr_psprintf(pool, "Exception{%s=20260914T%s0000Z|%s%s}",
                        version < EAS_VERSION_16_0 ? "ExceptionStartTime" : "InstanceId",
                        days[i].of_days ? "00" : "10",
                        days[i].version < EAS_VERSION_16_0 ? "" : "DtStamp=20261123T120000Z|",
                        days[i].shown);
}

static void test_day(size_t i, apr_pool_t *pool)
{
    backend_identity_t identity = {.address = "anna@example.org", .display_name = "Anna"};
    const char *instance = days[i].of_days ? "20260914T000000Z" : "20260914T100000Z";
    kind_result_t result = {0};
    item_change_t change = {.data = kind_data(days[i].data, "Calendar", pool),
                            .version = days[i].version,
                            .key = "key-1",
                            .identity = &identity,
                            .instance = days[i].version < EAS_VERSION_16_0 ? NULL : instance,
                            .now = KIND_NOW,
                            .tell = &result.tell};

    result.fault = kind->change(&change, blob_of_text(days[i].text, pool), &result.blob, pool);
    if (!ok(!result.fault, "%s", days[i].name)) {
        printf("# %s\n", result.fault->message);
        return;
    }
    result.text = apr_pstrmemdup(pool, result.blob->data, (apr_size_t)result.blob->size);
    if (!ok(strstr(result.text, days[i].stored) != NULL, "%s, in the file", days[i].name))
        printf("# no %s in\n# %s\n", days[i].stored, result.text);
    is_str(exceptions(result.blob, 141, pool), wanted(i, 141, pool), "shown at 14.1");
    is_str(exceptions(result.blob, 161, pool), wanted(i, 161, pool), "shown at 16.1");
}

static void test_days(apr_pool_t *pool)
{
    size_t i;

    for (i = 0; i < sizeof days / sizeof *days; i++)
        test_day(i, pool);
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    test_life(pool);
    test_days(pool);
    apr_pool_destroy(pool);
    return done_testing();
}
