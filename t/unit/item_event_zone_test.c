/* Events and the zones of phones: a wall clock is kept whatever the phone calls it, and a day is that
 * day, in every zone, at every version, from one device to the next. */
#include "day_helpers.h"
#include "kind_helpers.h"

#include "base/time.h"
#include "item/clock.h"
#include "item/date.h"
#include "item/event.h"

static const item_kind_t *const kind = &item_event_kind;

#define HEAD "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\n"
#define EVENT "BEGIN:VEVENT\r\nUID:u1\r\nDTSTAMP:20260101T000000Z\r\n"
#define TAIL "END:VEVENT\r\nEND:VCALENDAR\r\n"

static const eas_node_t *show(const char *text, eas_version_t version, apr_pool_t *pool)
{
    item_options_t options = options_prefer(version, ITEM_BODY_TEXT, ITEM_TRUNCATION_NONE);

    options.now = KIND_NOW;
    return kind_node(kind, blob_of_text(text, pool), &options, pool);
}

static const char *shown(const char *text, eas_version_t version, eas_tag_t tag, apr_pool_t *pool)
{
    const eas_node_t *node = eas_node_child(show(text, version, pool), tag);

    return !node ? NULL : node->first ? kind_text(node, pool) : node->text;
}

static void has(const char *text, const char *wanted, const char *name)
{
    if (!ok(text && strstr(text, wanted) != NULL, "%s", name))
        printf("# no %s in\n# %s\n", wanted, text ? text : "(null)");
}

/* What a phone sends, with the blob of a zone; text NULL: a new event. */
static kind_result_t store(const char *text, const char *data, const char *blob,
                           eas_version_t version, apr_pool_t *pool)
{
    eas_node_t *node = kind_data(data, "Calendar", pool);

    if (blob)
        node_add(node, EAS_Calendar_Timezone, blob, pool);
    return kind_change(kind, node, version, text ? blob_of_text(text, pool) : NULL, pool);
}

static const char *blob_of_zone(const char *name, const char *date, apr_pool_t *pool)
{
    const struct icaltimetype day = icaltime_from_string(date);
    const item_clock_t *clock = item_clock_olson(name, pool);
    item_zone_t zone;

    item_clock_rules(clock, item_clock_to_utc(clock, &day), &zone);
    return item_zone_blob(&zone, pool);
}

/* As London, but that the clocks change hours later. */
static const item_zone_t nowhere = {.offset = 0,
                                    .daylight_offset = 3600,
                                    .name = "Nowhere",
                                    .daylight_name = "Nowhere",
                                    .standard = {.month = 10, .week = 5, .hour = 4},
                                    .daylight = {.month = 3, .week = 5, .hour = 3}};

/* -- zones of no place ------------------------------------------------------------------------- */

/* A series of a zone that nobody knows is at the same local time in summer and in winter. */
static void test_nowhere(apr_pool_t *pool)
{
    static const struct {
        const char *instance;
        base_fault_code_t code;
    } rows[] = {
        {"20270111T100000Z", BASE_FAULT_NONE},      {"20270329T090000Z", BASE_FAULT_NONE},
        {"20270329T100000Z", BASE_FAULT_NOT_FOUND}, {"20270705T090000Z", BASE_FAULT_NONE},
        {"20271101T100000Z", BASE_FAULT_NONE},      {"20271101T090000Z", BASE_FAULT_NOT_FOUND}};
    const char *blob = item_zone_blob(&nowhere, pool), *text;
    kind_result_t made = store(NULL,
                               "Subject=Weekly|StartTime=20261130T100000Z|EndTime=20261130T110000Z|"
                               "Recurrence{Type=1|Interval=1|DayOfWeek=2}",
                               blob, 141, pool);
    item_zone_t zone;
    size_t i;

    text = made.text;
    has(text, "DTSTART;TZID=Customized Time Zone", "a zone of its own");
    has(text, "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "with the rules of the blob");
    has(text, "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU", "both");
    is_str(shown(text, 121, EAS_Calendar_StartTime, pool), "20261130T100000Z", "it is when it was");
    ok(item_zone_parse(shown(text, 141, EAS_Calendar_Timezone, pool), &zone, pool) &&
           zone.offset == 0 && zone.daylight_offset == 3600 && zone.daylight.hour == 3 &&
           zone.standard.hour == 4,
       "and comes back with these rules");
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        kind_result_t result = {0};
        backend_identity_t identity = {.address = "anna@example.org"};
        item_change_t change = {.version = 161,
                                .key = "key-1",
                                .instance = rows[i].instance,
                                .identity = &identity,
                                .now = KIND_NOW,
                                .tell = &result.tell};

        is_int(base_fault_code(kind->change(&change, made.blob, &result.blob, pool)), rows[i].code,
               rows[i].instance);
    }
    is_str(kind_change(kind, show(text, 141, pool), 141, made.blob, pool).text, text,
           "what comes back changes nothing");
}

#define BERLIN_AT                                    \
    "DTSTART;TZID=Europe/Berlin:20261124T100000\r\n" \
    "DTEND;TZID=Europe/Berlin:20261124T110000\r\n"
#define MOVED "StartTime=20261125T090000Z|EndTime=20261125T100000Z"

/* An event that is moved by a phone keeps the zone that it has. */
static void test_kept(apr_pool_t *pool)
{
    static const item_zone_t broken = {.offset = 3600,
                                       .daylight_offset = 7200,
                                       .name = "",
                                       .daylight_name = "",
                                       .standard = {.month = 10, .week = 9, .hour = 3},
                                       .daylight = {.month = 3, .week = 5, .hour = 2}};
    char zeros[233];
    const char *blobs[4] = {zeros, "rubbish", NULL, NULL}, *text;
    size_t i;

    memset(zeros, 'A', 230);
    memcpy(zeros + 230, "==", 3);
    blobs[2] = item_zone_blob(&broken, pool);
    blobs[3] = blob_of_zone("Europe/Paris", "20261124", pool);
    text = apr_pstrcat(pool, HEAD EVENT BERLIN_AT TAIL, NULL);
    for (i = 0; i < sizeof blobs / sizeof *blobs; i++)
        has(store(text, MOVED, blobs[i], 141, pool).text,
            "DTSTART;TZID=Europe/Berlin:20261125T100000\r\n",
            apr_psprintf(pool, "blob %d: it stays in Berlin", (int)i));
    has(store(text, MOVED, blob_of_zone("America/New_York", "20261124", pool), 141, pool).text,
        "DTSTART;TZID=America/New_York:20261125T040000\r\n", "unless the phone moves it");
    has(store(text, MOVED, blob_of_zone("Atlantic/Reykjavik", "20261124", pool), 141, pool).text,
        "DTSTART:20261125T090000Z\r\n", "and to UTC");
    text = apr_pstrcat(pool,
                       HEAD "BEGIN:VTIMEZONE\r\nTZID:America/New_York\r\nBEGIN:STANDARD\r\n"
                            "DTSTART:19700101T000000\r\nTZOFFSETFROM:+0300\r\nTZOFFSETTO:+0300\r\n"
                            "END:STANDARD\r\nEND:VTIMEZONE\r\n" EVENT BERLIN_AT TAIL,
                       NULL);
    text = store(text, MOVED, blob_of_zone("America/New_York", "20261124", pool), 141, pool).text;
    is_str(shown(text, 141, EAS_Calendar_StartTime, pool), "20261125T090000Z",
           "also when the calendar means another one by that name");
}

/* A series that is shown from a window on and becomes a single event is where the phone has it. */
static void test_ended(apr_pool_t *pool)
{
    static const eas_version_t versions[] = {EAS_VERSION_12_1, EAS_VERSION_14_1, EAS_VERSION_16_1};
    const char *text = apr_pstrcat(pool,
                                   HEAD EVENT "DTSTART;TZID=Europe/Berlin:20200901T100000\r\n"
                                              "DTEND;TZID=Europe/Berlin:20200901T110000\r\n"
                                              "RRULE:FREQ=MONTHLY;BYMONTHDAY=1,15\r\n" TAIL,
                                   NULL);
    size_t i;

    for (i = 0; i < sizeof versions / sizeof *versions; i++) {
        const char *start = shown(text, versions[i], EAS_Calendar_StartTime, pool);
        apr_time_t end;
        const char *data, *ended;

        base_time_parse(start, &end);
        data = apr_psprintf(pool, "StartTime=%s|EndTime=%s%s", start,
                            base_time_format_compact(end + apr_time_from_sec(3600), pool),
                            versions[i] < EAS_VERSION_16_0 ? "" : "|Recurrence=");
        ended = store(text, data, NULL, versions[i], pool).text;
        ok(ended && !strstr(ended, "\nRRULE:FREQ=MONTHLY"), "%d: it is no series", versions[i]);
        is_str(shown(ended, versions[i], EAS_Calendar_StartTime, pool), start,
               "and is where it was shown");
        is_str(store(ended, data, NULL, versions[i], pool).text, ended,
               "the repeat changes nothing");
    }
}

/* -- hours that are there twice, or not at all ------------------------------------------------- */

static void test_twice(apr_pool_t *pool)
{
    static const struct {
        const char *start, *end;
    } rows[] = {{"20261025T003000Z", "20261025T004500Z"}, /* 2:30, summer */
                {"20261025T013000Z", "20261025T014500Z"}, /* 2:30, winter */
                {"20261025T003000Z", "20261025T013000Z"}, /* from the one to the other */
                {"20261024T220000Z", "20261025T013000Z"}, {"20261025T013000Z", "20261025T030000Z"},
                {"20260329T003000Z", "20260329T013000Z"}, /* 1:30 to 3:30 */
                {"20260329T010000Z", "20260329T010000Z"}};
    const char *blob = blob_of_zone("Europe/Berlin", "20261124", pool);
    const char *there = apr_pstrcat(pool, HEAD EVENT BERLIN_AT TAIL, NULL);
    size_t i, v;
    int moved;

    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        for (v = 0; v < KIND_VERSIONS; v++)
            for (moved = 0; moved < 2; moved++) {
                const char *data =
                    apr_psprintf(pool, "StartTime=%s|EndTime=%s", rows[i].start, rows[i].end);
                kind_result_t made =
                    store(moved ? there : NULL, data, blob, kind_versions[v], pool);

                is_str(shown(made.text, kind_versions[v], EAS_Calendar_StartTime, pool),
                       rows[i].start, "it begins when it does");
                is_str(shown(made.text, kind_versions[v], EAS_Calendar_EndTime, pool), rows[i].end,
                       "and ends");
                is_str(store(made.text, data, blob, kind_versions[v], pool).text, made.text,
                       "the repeat changes nothing");
            }
    has(store(NULL, "StartTime=20261025T003000Z|EndTime=20261025T013000Z", blob, 161, pool).text,
        "DTSTART;TZID=Europe/Berlin:20261025T023000\r\n", "the first of two keeps its zone");
}

/* -- days -------------------------------------------------------------------------------------- */

/* As a client of the version says a day of a zone. */
static const char *day_text(const char *zone, const char *day, eas_version_t version,
                            apr_pool_t *pool)
{
    struct icaltimetype t = icaltime_from_string(day);

    return base_time_format_compact(
        item_clock_to_utc(
            version >= EAS_VERSION_16_0 ? &item_clock_utc : item_clock_olson(zone, pool), &t),
        pool);
}

static const char *day_data(const char *zone, const char *day, int days, eas_version_t version,
                            apr_pool_t *pool)
{
    return apr_psprintf(pool, "AllDayEvent=1|StartTime=%s|EndTime=%s",
                        day_text(zone, day, version, pool),
                        day_text(zone, day_after(day, days, pool), version, pool));
}

static const char *day_blob(const char *zone, const char *day, eas_version_t version,
                            apr_pool_t *pool)
{
    return version >= EAS_VERSION_16_0 ? NULL : blob_of_zone(zone, day, pool);
}

static int days_are(const char *text, const char *day, int days, apr_pool_t *pool)
{
    return text &&
           strstr(text, apr_pstrcat(pool, "DTSTART;VALUE=DATE:", day, "\r\n", NULL)) != NULL &&
           strstr(text, apr_pstrcat(pool, "DTEND;VALUE=DATE:", day_after(day, days, pool), "\r\n",
                                    NULL)) != NULL;
}

/* One version makes it, another one says it again with another subject, moves it, and makes it longer. */
static void test_days(apr_pool_t *pool)
{
    apr_pool_t *sub;
    size_t i, a, b;

    apr_pool_create(&sub, pool);
    for (i = 0; i < DAY_PLACES; i++) {
        const char *zone = day_places[i].zone, *day = day_places[i].day;
        int wrong = 0;

        for (a = 0; a < KIND_VERSIONS; a++)
            for (b = 0; b < KIND_VERSIONS; b++) {
                const eas_version_t from = kind_versions[a], to = kind_versions[b];
                const char *next, *text;

                apr_pool_clear(sub);
                next = day_after(day, 3, sub);
                text = store(NULL, day_data(zone, day, 1, from, sub),
                             day_blob(zone, day, from, sub), from, sub)
                           .text;
                wrong += !days_are(text, day, 1, sub);
                text = kind_change(kind,
                                   kind_edited(show(text, to, sub), EAS_Calendar_Subject, "b", sub),
                                   to, blob_of_text(text, sub), sub)
                           .text;
                wrong += !days_are(text, day, 1, sub) || !strstr(text, "SUMMARY:b");
                text = store(text, day_data(zone, next, 1, to, sub), day_blob(zone, next, to, sub),
                             to, sub)
                           .text;
                wrong += !days_are(text, next, 1, sub);
                text = store(text, day_data(zone, day, 4, from, sub),
                             day_blob(zone, day, from, sub), from, sub)
                           .text;
                wrong += !days_are(text, day, 4, sub);
            }
        is_int(wrong, 0, apr_psprintf(pool, "%s in %s is that day for all", day, zone));
    }
    apr_pool_destroy(sub);
}

/* One of 16.x that sends what it must not: a moment, and a zone. */
static void test_strays(apr_pool_t *pool)
{
    static const char *const zones[] = {"Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Berlin"};
    size_t i;

    for (i = 0; i < sizeof zones / sizeof *zones; i++) {
        const char *blob = blob_of_zone(zones[i], "20261224", pool);

        ok(days_are(store(NULL, day_data(zones[i], "20261224", 1, EAS_VERSION_14_1, pool), blob,
                          EAS_VERSION_16_1, pool)
                        .text,
                    "20261224", 1, pool),
           "midnight of %s at 16.1", zones[i]);
        ok(days_are(store(NULL, day_data(zones[i], "20261224", 1, EAS_VERSION_16_1, pool), blob,
                          EAS_VERSION_16_1, pool)
                        .text,
                    "20261224", 1, pool),
           "a date with a zone");
    }
}

/* What a phone up to 14.1 is shown begins and ends at midnight of the blob that is with it. */
static void test_midnight(apr_pool_t *pool)
{
    size_t i;

    for (i = 0; i < DAY_PLACES; i++) {
        const char *zone = day_places[i].zone, *day = day_places[i].day;
        const char *text =
            apr_pstrcat(pool, HEAD "X-WR-TIMEZONE:", zone, "\r\n" EVENT "DTSTART;VALUE=DATE:", day,
                        "\r\nSUMMARY:a\r\n" TAIL, NULL);
        const eas_node_t *node = show(text, EAS_VERSION_14_1, pool);
        struct icaltimetype local;
        item_zone_t rules;
        apr_time_t start;

        ok(item_zone_parse(eas_node_child_text(node, EAS_Calendar_Timezone), &rules, pool) &&
               base_time_parse(eas_node_child_text(node, EAS_Calendar_StartTime), &start),
           "%s in %s is a moment, with a zone", day, zone);
        local = item_clock_day(item_clock_zone(&rules, pool), start);
        is_str(apr_psprintf(pool, "%04d%02d%02d", local.year, local.month, local.day), day,
               "which is that day by the zone");
        is_str(day_text(zone, day, EAS_VERSION_14_1, pool),
               eas_node_child_text(node, EAS_Calendar_StartTime), "from its first moment on");
        is_str(shown(text, 160, EAS_Calendar_StartTime, pool),
               apr_pstrcat(pool, day, "T000000Z", NULL), "and a date at 16.0");
        ok(!shown(text, 161, EAS_Calendar_Timezone, pool), "without a zone");
    }
}

/* Day after day: one is moved, one is deleted, by either kind of client, and all see the same. */
static void test_series(apr_pool_t *pool)
{
    apr_pool_t *sub;
    size_t i, v, w;

    apr_pool_create(&sub, pool);
    for (i = 0; i < DAY_PLACES; i++) {
        const char *zone = day_places[i].zone;
        int wrong = 0;

        for (v = 0; v < KIND_VERSIONS; v++) {
            const eas_version_t version = kind_versions[v];
            const char *first, *gone, *moved, *to, *text, *zone_line, *exceptions;

            apr_pool_clear(sub);
            first = day_after(day_places[i].day, -4, sub);
            gone = day_places[i].day;
            if (strcmp(zone, "Pacific/Apia") == 0)
                gone = day_after(gone, -2, sub); /* not the day that was left out */
            moved = day_after(gone, 1, sub);
            to = day_after(gone, 9, sub);
            zone_line = apr_pstrcat(sub, "X-WR-TIMEZONE:", zone, "\r\n", NULL);
            text = apr_pstrcat(sub, HEAD, zone_line, EVENT "DTSTART;VALUE=DATE:", first,
                               "\r\nDTEND;VALUE=DATE:", day_after(first, 1, sub),
                               "\r\nRRULE:FREQ=DAILY\r\nSUMMARY:a\r\nEXDATE;VALUE=DATE:", gone,
                               "\r\nEND:VEVENT\r\n" EVENT "RECURRENCE-ID;VALUE=DATE:", moved,
                               "\r\nDTSTART;VALUE=DATE:", to,
                               "\r\nDTEND;VALUE=DATE:", day_after(to, 2, sub),
                               "\r\nSUMMARY:a\r\n" TAIL, NULL);
            exceptions = shown(text, version, EAS_Calendar_Exceptions, sub);
            wrong += !exceptions || !strstr(exceptions, "Deleted=1");
            for (w = 0; version < EAS_VERSION_16_0 && w < 2; w++) {
                const eas_node_t *node = show(text, version, sub);
                kind_result_t result =
                    kind_change(kind, w ? kind_edited(node, EAS_Calendar_Subject, "b", sub) : node,
                                version, blob_of_text(text, sub), sub);

                wrong += w ? !strstr(result.text,
                                     apr_pstrcat(sub, "EXDATE;VALUE=DATE:", gone, "\r\n", NULL)) ||
                                 !strstr(result.text, apr_pstrcat(sub, "RECURRENCE-ID;VALUE=DATE:",
                                                                  moved, "\r\n", NULL)) ||
                                 !days_are(result.text, to, 2, sub) ||
                                 !days_are(result.text, first, 1, sub)
                           : strcmp(result.text, text) != 0;
            }
        }
        is_int(wrong, 0, apr_psprintf(pool, "a series around %s in %s", day_places[i].day, zone));
    }
    apr_pool_destroy(sub);
}

/* At 16.x a phone may say no more than that it is all day now. */
static void test_turned(apr_pool_t *pool)
{
    static const struct {
        const char *start, *end, *day;
        int days;
    } rows[] = {{"20261019T150000", "20261019T160000", "20261019", 1},
                {"20261019T150000", "20261021T160000", "20261019", 3},
                {"20261019T220000", "20261020T000000", "20261019", 1},
                {"20261019T090000", "20261019T090000", "20261019", 1}};
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *text =
            apr_pstrcat(pool, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:u\r\n",
                        "DTSTART;TZID=Europe/Berlin:", rows[i].start,
                        "\r\nDTEND;TZID=Europe/Berlin:", rows[i].end,
                        "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", NULL);

        text = store(text, "AllDayEvent=1", NULL, EAS_VERSION_16_1, pool).text;
        ok(days_are(text, rows[i].day, rows[i].days, pool), "from %s to %s: the days it is on",
           rows[i].start, rows[i].end);
    }
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    test_nowhere(pool);
    test_kept(pool);
    test_ended(pool);
    test_twice(pool);
    test_days(pool);
    test_strays(pool);
    test_midnight(pool);
    test_series(pool);
    test_turned(pool);
    apr_pool_destroy(pool);
    return done_testing();
}
