/* A series that a phone moves as a whole: what else names its places comes along. What an instance says of
 * its time, and occurrences of which several are on a day. */
#include "kind_helpers.h"

#include "item/event.h"

static const item_kind_t *const kind = &item_event_kind;

#define BEGIN "BEGIN:VEVENT\r\nUID:u1\r\nDTSTAMP:20260101T000000Z\r\n"
#define END "END:VEVENT\r\n"
#define HOUR                                         \
    "DTSTART;TZID=Europe/Berlin:20261124T100000\r\n" \
    "DTEND;TZID=Europe/Berlin:20261124T110000\r\n"
#define ZONE ";TZID=Europe/Berlin:"
#define INSTANCE(place, start, end) \
    END BEGIN "RECURRENCE-ID" ZONE place "\r\nDTSTART" ZONE start "\r\nDTEND" ZONE end "\r\n"
#define TUESDAYS HOUR "RRULE:FREQ=WEEKLY;BYDAY=TU\r\n"

#define TO_NINE "StartTime=20261124T080000Z|EndTime=20261124T090000Z"
#define TO_ELEVEN "StartTime=20261124T100000Z|EndTime=20261124T110000Z"
#define TO_HALF "StartTime=20261124T093000Z|EndTime=20261124T103000Z"
#define LONGER "StartTime=20261124T090000Z|EndTime=20261124T110000Z"
#define NEXT_DAY "StartTime=20261125T090000Z|EndTime=20261125T100000Z"
#define WEEKLY "|Recurrence{Type=1|Interval=1|DayOfWeek=4}"

static const struct {
    const char *name, *lines;
    eas_version_t version;
    const char *data;
    const char *has[3], *lacks;
} rows[] = {
    {"14.1: what is deleted stays deleted",
     TUESDAYS "EXDATE" ZONE "20261201T100000\r\n",
     141,
     TO_ELEVEN WEEKLY,
     {"EXDATE" ZONE "20261201T110000\r\n"},
     "20261201T100000"},
    {"14.1: in lists, and in UTC",
     TUESDAYS "EXDATE" ZONE "20261201T100000,20261208T100000\r\nEXDATE:20261215T090000Z\r\n",
     141,
     TO_ELEVEN WEEKLY,
     {"EXDATE" ZONE "20261201T110000,20261208T110000\r\n", "EXDATE" ZONE "20261215T110000\r\n"},
     "T100000"},
    {"14.1: an instance where the series has it comes along",
     TUESDAYS INSTANCE("20261201T100000", "20261201T100000", "20261201T110000"),
     141,
     TO_ELEVEN WEEKLY,
     {"RECURRENCE-ID" ZONE "20261201T110000\r\n", "DTSTART" ZONE "20261201T110000\r\n",
      "DTEND" ZONE "20261201T120000\r\n"},
     "20261201T100000"},
    {"14.1: one at a time of its own stays there",
     TUESDAYS INSTANCE("20261201T100000", "20261202T170000", "20261202T180000"),
     141,
     TO_ELEVEN WEEKLY,
     {"RECURRENCE-ID" ZONE "20261201T110000\r\n", "DTSTART" ZONE "20261202T170000\r\n",
      "DTEND" ZONE "20261202T180000\r\n"},
     "20261201T100000"},
    {"14.1: one that was as long as the series is so still",
     TUESDAYS INSTANCE("20261201T100000", "20261201T100000", "20261201T110000"),
     141,
     LONGER WEEKLY,
     {"RECURRENCE-ID" ZONE "20261201T100000\r\n", "DTEND" ZONE "20261201T120000\r\n"},
     "20261201T110000"},
    {"14.1: another day of the week",
     TUESDAYS "EXDATE" ZONE "20261201T100000\r\n" INSTANCE("20261208T100000", "20261208T100000",
                                                           "20261208T110000"),
     141,
     NEXT_DAY "|Recurrence{Type=1|Interval=1|DayOfWeek=8}",
     {"EXDATE" ZONE "20261202T100000\r\n", "RECURRENCE-ID" ZONE "20261209T100000\r\n",
      "DTSTART" ZONE "20261209T100000\r\n"},
     "20261208"},
    {"14.1: days a day later have the same holidays",
     HOUR "RRULE:FREQ=DAILY\r\nEXDATE" ZONE "20261201T100000\r\n",
     141,
     NEXT_DAY "|Recurrence{Type=0|Interval=1}",
     {"EXDATE" ZONE "20261201T100000\r\n"},
     "20261202"},
    {"16.1: exceptions go",
     TUESDAYS "EXDATE" ZONE "20261201T100000\r\n",
     161,
     TO_ELEVEN,
     {"DTSTART" ZONE "20261124T110000\r\n"},
     "EXDATE"},
    {"dates of their own",
     HOUR "RDATE" ZONE "20261203T140000,20261210T100000\r\n",
     161,
     "",
     {""},
     "fault"},
    {"16.1: dates move along",
     TUESDAYS "RDATE" ZONE "20261203T140000\r\n",
     161,
     TO_ELEVEN,
     {"RDATE" ZONE "20261203T150000\r\n"},
     "T140000"},
    {"16.1: periods as well",
     TUESDAYS "RDATE;VALUE=PERIOD:20261203T130000Z/PT3H\r\n",
     161,
     TO_ELEVEN,
     {"20261203T150000/PT3H\r\n", "VALUE=PERIOD"},
     "T130000Z"},
    {"16.1: a line that is no time stays",
     TUESDAYS "RDATE" ZONE "20261203T140000,rubbish\r\n",
     161,
     TO_ELEVEN,
     {"RDATE" ZONE "20261203T140000,rubbish\r\n"},
     NULL},
    {"16.1: the hour of a rule",
     HOUR "RRULE:FREQ=DAILY;BYHOUR=10\r\n",
     161,
     TO_ELEVEN,
     {"RRULE:FREQ=DAILY;BYHOUR=11\r\n"},
     "BYHOUR=10"},
    {"16.1: hours",
     HOUR "RRULE:FREQ=WEEKLY;BYDAY=TU;BYHOUR=10,16\r\n",
     161,
     TO_ELEVEN,
     {"BYDAY=TU;BYHOUR=11,17\r\n"},
     "BYHOUR=10"},
    {"16.1: half an hour",
     HOUR "RRULE:FREQ=DAILY;BYHOUR=10,16;BYMINUTE=0\r\n",
     161,
     TO_HALF,
     {"BYHOUR=10,16;BYMINUTE=30\r\n"},
     NULL},
    {"16.1: around midnight, where all days are alike",
     HOUR "RRULE:FREQ=DAILY;BYHOUR=10,23\r\n",
     161,
     TO_ELEVEN,
     {"BYHOUR=0,11\r\n"},
     "BYHOUR=10"},
    {"16.1: not where they are not",
     HOUR "RRULE:FREQ=WEEKLY;BYDAY=TU;BYHOUR=10,23\r\n",
     161,
     TO_ELEVEN,
     {"BYHOUR=10,23\r\n"},
     NULL},
    {"16.1: the last one stays the last one",
     HOUR "RRULE:FREQ=WEEKLY;BYDAY=TU;UNTIL=20261229T090000Z\r\n",
     161,
     TO_ELEVEN,
     {"UNTIL=20261229T100000Z\r\n"},
     "UNTIL=20261229T090000Z"},
    {"14.1: where the client says the end, too",
     HOUR "RRULE:FREQ=WEEKLY;BYDAY=TU;UNTIL=20261229T090000Z\r\n",
     141,
     TO_ELEVEN "|Recurrence{Type=1|Interval=1|DayOfWeek=4|Until=20261229T090000Z}",
     {"UNTIL=20261229T100000Z\r\n"},
     "UNTIL=20261229T090000Z"},
    {"16.1: earlier",
     HOUR "RRULE:FREQ=WEEKLY;BYDAY=TU;UNTIL=20261229T090000Z\r\n",
     161,
     TO_NINE,
     {"UNTIL=20261229T080000Z\r\n"},
     NULL},
    {"16.1: days of hours end on a day",
     HOUR "RRULE:FREQ=DAILY;UNTIL=20261229T090000Z\r\n",
     161,
     "AllDayEvent=1|StartTime=20261124T000000Z|EndTime=20261125T000000Z",
     {"DTSTART;VALUE=DATE:20261124\r\n", "UNTIL=20261229\r\n"},
     "UNTIL=20261229T"},
};

static const backend_blob_t *event_of_lines(const char *lines, apr_pool_t *pool)
{
    return blob_of_text(apr_pstrcat(pool, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" BEGIN, lines,
                                    END "END:VCALENDAR\r\n", NULL),
                        pool);
}

static const char *events_of(const char *text)
{
    return text ? strstr(text, "BEGIN:VEVENT") : "fault";
}

static void test_move(apr_pool_t *pool)
{
    size_t i, k;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        const eas_node_t *data = kind_data(rows[i].data, "Calendar", pool);
        kind_result_t result =
            kind_change(kind, data, rows[i].version, event_of_lines(rows[i].lines, pool), pool);
        const char *text = events_of(result.text);
        int good = !rows[i].lacks || !strstr(text, rows[i].lacks);

        for (k = 0; k < 3 && rows[i].has[k]; k++)
            good &= strstr(text, rows[i].has[k]) != NULL;
        if (!ok(good, "%s", rows[i].name))
            printf("# %s\n", text);
        if (result.blob)
            is_str(kind_change(kind, data, rows[i].version, result.blob, pool).text, result.text,
                   "the repeat changes nothing");
    }
}

static const char *shown(const char *lines, eas_version_t version, eas_tag_t tag, apr_pool_t *pool)
{
    item_options_t options = options_prefer(version, ITEM_BODY_TEXT, ITEM_TRUNCATION_NONE);
    const eas_node_t *node;

    options.now = KIND_NOW;
    node = eas_node_child(kind_node(kind, event_of_lines(lines, pool), &options, pool), tag);
    return node ? kind_text(node, pool) : "";
}

/* One that was moved to where the series begins, or ends where it does, says so (MS-ASCAL R436). */
static void test_said(apr_pool_t *pool)
{
    is_str(shown(TUESDAYS INSTANCE("20261201T100000", "20261124T100000", "20261124T110000"), 141,
                 EAS_Calendar_Exceptions, pool),
           "Exception{ExceptionStartTime=20261201T090000Z|StartTime=20261124T090000Z|"
           "EndTime=20261124T100000Z}",
           "14.1: it was moved onto the first");
    is_str(shown(TUESDAYS INSTANCE("20261201T100000", "20261124T103000", "20261124T110000"), 161,
                 EAS_Calendar_Exceptions, pool),
           "Exception{InstanceId=20261201T090000Z|StartTime=20261124T093000Z|"
           "EndTime=20261124T100000Z}",
           "16.1: and ends as it does");
    is_str(shown(TUESDAYS INSTANCE("20261124T100000", "20261124T100000",
                                   "20261124T110000") "LOCATION:x\r\n",
                 141, EAS_Calendar_Exceptions, pool),
           "Exception{ExceptionStartTime=20261124T090000Z|Location=x}",
           "the first, where it is, need not");
}

/* Of several on a day each can be named, by its moment, also where a pattern shows the first alone. */
static void test_dense(apr_pool_t *pool)
{
    const backend_blob_t *blob =
        event_of_lines("DTSTART:20261101T080000Z\r\nDTEND:20261101T090000Z\r\n"
                       "RRULE:FREQ=DAILY;BYHOUR=8,14,20\r\n",
                       pool);
    kind_result_t result = kind_change_instance(kind, kind_data("Subject=x", "Calendar", pool),
                                                "20261124T140000Z", 161, blob, pool);

    ok(result.text && strstr(result.text, "RECURRENCE-ID:20261124T140000Z\r\n"),
       "16.1: the second of a day is edited");
    result = kind_change_instance(kind, NULL, "20261124T200000Z", 161, blob, pool);
    ok(result.text && strstr(result.text, "EXDATE:20261124T200000Z\r\n"),
       "16.1: or the third gone");
    ok(kind_change_instance(kind, NULL, "20261124T150000Z", 161, blob, pool).fault != NULL,
       "what is none is none");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    test_move(pool);
    test_said(pool);
    test_dense(pool);
    apr_pool_destroy(pool);
    return done_testing();
}
