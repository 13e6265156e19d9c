/* Recurrence elements to rules and back, what is refused, what means the same, and which days a rule
 * falls on. */
#include "item_helpers.h"

#include "item/date.h"
#include "item/recurrence.h"
#include "item/rule.h"
#include "item/series.h"

static const char *const namespaces[] = {"Calendar", "Tasks", "Email"};

/* "20260706", "20260706T100000" or "20260706T100000Z" */
static struct icaltimetype time_of(const char *text)
{
    return icaltime_from_string(text);
}

static item_recurrence_origin_t origin_at(const char *start)
{
    return (item_recurrence_origin_t){.start = time_of(start), .clock = &item_clock_utc};
}

/* "Type=2 Interval=1" as an element. */
static const eas_node_t *element_of(const char *text, item_recurrence_class_t class_,
                                    apr_pool_t *pool)
{
    eas_node_t *node = apr_pcalloc(pool, sizeof *node), **next = &node->first;
    char *copy = apr_pstrdup(pool, text), *state, *word;

    node->tag = eas_tag_find(namespaces[class_], "Recurrence");
    for (word = apr_strtok(copy, " ", &state); word; word = apr_strtok(NULL, " ", &state)) {
        eas_node_t *child = *next = apr_pcalloc(pool, sizeof *node);
        char *value = strchr(word, '=');

        *value = '\0';
        child->tag = eas_tag_find(namespaces[class_], word);
        if (child->tag == EAS_TAG_NONE)
            child->tag = eas_tag_find("Email2", word);
        child->text = value + 1;
        child->length = strlen(child->text);
        next = &child->next;
    }
    return node;
}

/* The element as it goes over the wire, in the same form. */
static const char *element_text(const item_recurrence_t *recurrence, item_recurrence_class_t class_,
                                eas_version_t version, const item_recurrence_origin_t *origin,
                                apr_pool_t *pool)
{
    eas_spool_t *spool = eas_spool_create(NULL, pool);
    eas_writer_t *writer = eas_writer_create(spool, pool);
    const eas_node_t *node;
    const char *wbxml, *text = "";
    apr_size_t length;

    item_recurrence_write(recurrence, class_, version, origin, writer, pool);
    if (wbxml_finish(writer, spool, &wbxml, &length, pool) ||
        wbxml_decode(wbxml, length, &node, pool))
        return "(not written)";
    for (node = node->first; node; node = node->next)
        text = apr_pstrcat(pool, text, *text ? " " : "", eas_tag_name(node->tag), "=", node->text,
                           NULL);
    return text;
}

/* -- both ways -------------------------------------------------------------------------------- */

typedef struct {
    const char *start, *element, *rule, *back; /* back NULL: as element */
} pattern_t;

static void check_pattern(const pattern_t *row, item_recurrence_class_t class_, apr_pool_t *pool)
{
    item_recurrence_origin_t origin = origin_at(row->start);
    item_recurrence_t recurrence, again;
    base_fault_t *fault = item_recurrence_read(element_of(row->element, class_, pool), class_,
                                               &origin, &recurrence, pool);
    const char *rule;

    if (!ok(!fault, "%s: %s", row->element, fault ? fault->message : "is read"))
        return;
    rule = item_recurrence_to_rule(&recurrence, &origin, pool);
    is_str(rule, row->rule, "its rule");
    if (!ok(item_recurrence_from_text(rule, &origin.start, &again), "the rule is read"))
        return;
    is_str(element_text(&again, class_, EAS_VERSION_16_1, &origin, pool),
           row->back ? row->back : row->element, "and is that element again");
    ok(item_recurrence_same(&recurrence, &again, &origin, pool), "both mean the same");
}

static void test_calendar(apr_pool_t *pool)
{
    static const pattern_t rows[] = {
        {"20260706T100000Z", "Type=0 Interval=1", "FREQ=DAILY", NULL},
        {"20260706T100000Z", "Type=0 Interval=3 Occurrences=999", "FREQ=DAILY;COUNT=999;INTERVAL=3",
         NULL},
        {"20260706T100000Z", "Type=0", "FREQ=DAILY", "Type=0 Interval=1"},
        {"20260706T100000Z", "Type=0 Interval=0", "FREQ=DAILY", "Type=0 Interval=1"},
        {"20260706T100000Z", "Type=0 Interval=1 DayOfWeek=62", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
         "Type=1 Interval=1 DayOfWeek=62 FirstDayOfWeek=1"},
        {"20260706T100000Z", "Type=1 Interval=2 DayOfWeek=5 FirstDayOfWeek=0",
         "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,TU;WKST=SU", NULL},
        {"20260706T100000Z", "Type=1 Interval=1 Until=20261231T100000Z DayOfWeek=127",
         "FREQ=WEEKLY;UNTIL=20261231T100000Z;BYDAY=SU,MO,TU,WE,TH,FR,SA",
         "Type=1 Interval=1 Until=20261231T100000Z DayOfWeek=127 FirstDayOfWeek=1"},
        {"20260706T100000Z", "Type=2 Interval=1 DayOfMonth=31 CalendarType=0",
         "FREQ=MONTHLY;BYMONTHDAY=31", NULL},
        {"20260706T100000Z", "Type=2 Interval=1 DayOfMonth=6 CalendarType=1 IsLeapMonth=1",
         "FREQ=MONTHLY;BYMONTHDAY=6", "Type=2 Interval=1 DayOfMonth=6 CalendarType=0"},
        {"20260706T100000Z", "Type=2 Interval=1 DayOfMonth=6 CalendarType=4 IsLeapMonth=1",
         "FREQ=MONTHLY;BYMONTHDAY=6", "Type=2 Interval=1 DayOfMonth=6 CalendarType=0"},
        {"20260706T100000Z", "Type=0 Interval=2 CalendarType=15", "FREQ=DAILY;INTERVAL=2",
         "Type=0 Interval=2"},
        {"20260706T100000Z", "Type=2 Interval=3 DayOfMonth=30 CalendarType=15",
         "RSCALE=CHINESE;FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=30", NULL},
        {"20260706T100000Z", "Type=3 Interval=1 WeekOfMonth=5 DayOfWeek=127 CalendarType=6",
         "RSCALE=ISLAMIC-TBLA;FREQ=MONTHLY;BYMONTHDAY=-1", NULL},
        {"20260706T100000Z",
         "Type=5 Interval=1 DayOfMonth=15 MonthOfYear=8 CalendarType=20 IsLeapMonth=0",
         "RSCALE=DANGI;FREQ=YEARLY;BYMONTH=8;BYMONTHDAY=15", NULL},
        {"20260706T100000Z",
         "Type=5 Interval=1 DayOfMonth=29 MonthOfYear=5 CalendarType=8 IsLeapMonth=1",
         "RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=5L;BYMONTHDAY=29", NULL},
        {"20260706T100000Z",
         "Type=6 Interval=1 WeekOfMonth=2 DayOfWeek=1 MonthOfYear=12 CalendarType=15 IsLeapMonth=0",
         "RSCALE=CHINESE;FREQ=YEARLY;BYMONTH=12;BYDAY=2SU", NULL},
        {"20260706T100000Z", "Type=3 Interval=1 WeekOfMonth=5 DayOfWeek=127 CalendarType=0",
         "FREQ=MONTHLY;BYMONTHDAY=-1", NULL},
        {"20260706T100000Z", "Type=3 Interval=1 WeekOfMonth=2 DayOfWeek=127 CalendarType=0",
         "FREQ=MONTHLY;BYDAY=SU,MO,TU,WE,TH,FR,SA;BYSETPOS=2", NULL},
        {"20260706T100000Z", "Type=3 Interval=6 WeekOfMonth=1 DayOfWeek=2 CalendarType=0",
         "FREQ=MONTHLY;INTERVAL=6;BYDAY=1MO", NULL},
        {"20260706T100000Z", "Type=3 Interval=1 WeekOfMonth=5 DayOfWeek=62 CalendarType=0",
         "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", NULL},
        {"20260706T100000Z", "Type=3 Interval=1 WeekOfMonth=3 DayOfWeek=65 CalendarType=0",
         "FREQ=MONTHLY;BYDAY=SU,SA;BYSETPOS=3", NULL},
        {"20260706T100000Z",
         "Type=5 Interval=1 DayOfMonth=29 MonthOfYear=2 CalendarType=0 IsLeapMonth=0",
         "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", NULL},
        {"20260706T100000Z",
         "Type=6 Interval=2 WeekOfMonth=4 DayOfWeek=16 MonthOfYear=11 CalendarType=0 IsLeapMonth=0",
         "FREQ=YEARLY;INTERVAL=2;BYMONTH=11;BYDAY=4TH", NULL},
        {"20260706T100000Z",
         "Type=6 Interval=1 WeekOfMonth=5 DayOfWeek=127 MonthOfYear=2 CalendarType=0 IsLeapMonth=0",
         "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1", NULL},
        {"20260706T100000Z", "Type=6 Interval=1 WeekOfMonth=1 MonthOfYear=7",
         "FREQ=YEARLY;BYMONTH=7;BYDAY=1MO",
         "Type=6 Interval=1 WeekOfMonth=1 DayOfWeek=2 MonthOfYear=7 CalendarType=0 IsLeapMonth=0"},
        /* Occurrences wins */
        {"20260706T100000Z", "Type=0 Interval=1 Until=20260708T100000Z Occurrences=9",
         "FREQ=DAILY;COUNT=9", "Type=0 Interval=1 Occurrences=9"},
        /* the last day, not its first moment */
        {"20260706T100000Z", "Type=0 Interval=1 Until=20260709T000000Z",
         "FREQ=DAILY;UNTIL=20260709T100000Z", "Type=0 Interval=1 Until=20260709T100000Z"},
        /* but where one begins at that very moment */
        {"20260706T000000Z", "Type=0 Interval=1 Until=20260709T000000Z",
         "FREQ=DAILY;UNTIL=20260709T000000Z", NULL},
        {"20260706", "Type=0 Interval=1 Until=20260709T000000Z", "FREQ=DAILY;UNTIL=20260709", NULL},
        {"20260706T100000", "Type=0 Interval=1 Until=20260709T120000Z",
         "FREQ=DAILY;UNTIL=20260709T120000", NULL},
    };
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        check_pattern(&rows[i], ITEM_RECURRENCE_CALENDAR, pool);
}

static void test_tasks(apr_pool_t *pool)
{
#define START "Start=2026-07-06T10:00:00.000Z "
    static const pattern_t rows[] = {
        {"20260706T100000", "Type=0 " START "Interval=2 Occurrences=255",
         "FREQ=DAILY;COUNT=255;INTERVAL=2", NULL},
        {"20260706T100000", "Type=1 " START "Interval=1 DayOfWeek=2", "FREQ=WEEKLY;BYDAY=MO",
         "Type=1 " START "Interval=1 DayOfWeek=2 FirstDayOfWeek=1"},
        {"20260706T100000",
         "Type=5 " START "Interval=1 Until=2030-07-06T00:00:00.000Z DayOfMonth=6 MonthOfYear=7 "
         "CalendarType=0 IsLeapMonth=0",
         "FREQ=YEARLY;UNTIL=20300706T100000;BYMONTH=7;BYMONTHDAY=6", NULL},
    };
    item_recurrence_origin_t origin = origin_at("20260706T100000");
    item_recurrence_t recurrence;
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        check_pattern(&rows[i], ITEM_RECURRENCE_TASKS, pool);
    ok(!item_recurrence_read(
           element_of("Type=0 " START "Regenerate=1 DeadOccur=255", ITEM_RECURRENCE_TASKS, pool),
           ITEM_RECURRENCE_TASKS, NULL, &recurrence, pool),
       "one that regenerates");
    is_str(element_text(&recurrence, ITEM_RECURRENCE_TASKS, EAS_VERSION_14_0, &origin, pool),
           "Type=0 " START "Interval=1 Regenerate=1 DeadOccur=255", "is written as it was read");
    is_int(recurrence.start.day, 6, "Start is the start");
    item_recurrence_from_text("FREQ=DAILY;COUNT=256", &origin.start, &recurrence);
    is_str(element_text(&recurrence, ITEM_RECURRENCE_TASKS, EAS_VERSION_14_0, &origin, pool),
           "Type=0 " START "Interval=1 Until=2027-03-18T00:00:00.000Z",
           "more occurrences than fit are an end");
}

static void test_versions(apr_pool_t *pool)
{
    item_recurrence_origin_t origin = origin_at("20260706T100000Z");
    item_recurrence_t week, year;

    item_recurrence_from_text("FREQ=WEEKLY;WKST=SU", &origin.start, &week);
    item_recurrence_from_text("FREQ=YEARLY;COUNT=1000", &origin.start, &year);
    is_str(element_text(&week, ITEM_RECURRENCE_CALENDAR, EAS_VERSION_14_0, &origin, pool),
           "Type=1 Interval=1 DayOfWeek=2", "no FirstDayOfWeek at 14.0");
    is_str(element_text(&week, ITEM_RECURRENCE_CALENDAR, EAS_VERSION_14_1, &origin, pool),
           "Type=1 Interval=1 DayOfWeek=2 FirstDayOfWeek=0", "but at 14.1");
    is_str(element_text(&year, ITEM_RECURRENCE_CALENDAR, EAS_VERSION_12_1, &origin, pool),
           "Type=5 Interval=1 Until=30250706T100000Z DayOfMonth=6 MonthOfYear=7",
           "no CalendarType at 12.1, and a thousand occurrences are an end");
    is_str(element_text(&year, ITEM_RECURRENCE_EMAIL, EAS_VERSION_14_0, &origin, pool),
           "Type=5 Interval=1 Until=30250706T100000Z DayOfMonth=6 MonthOfYear=7 CalendarType=0 "
           "IsLeapMonth=0",
           "of mail at 14.0");
}

/* -- what is refused -------------------------------------------------------------------------- */

static void test_invalid(apr_pool_t *pool)
{
    static const char *const rows[] = {
        "Interval=1",
        "Type=4 Interval=1",
        "Type=7",
        "Type=x",
        "Type=",
        "Type=1 Interval=1",
        "Type=2 Interval=1",
        "Type=3 WeekOfMonth=1",
        "Type=3 DayOfWeek=1",
        "Type=5 DayOfMonth=1",
        "Type=5 MonthOfYear=1",
        "Type=6 DayOfWeek=2 MonthOfYear=1",
        "Type=6 WeekOfMonth=1 DayOfWeek=2",
        "Type=0 DayOfMonth=1",
        "Type=1 DayOfWeek=2 DayOfMonth=1",
        "Type=1 DayOfWeek=2 WeekOfMonth=1",
        "Type=2 DayOfMonth=1 DayOfWeek=2",
        "Type=5 DayOfMonth=1 MonthOfYear=1 DayOfWeek=2",
        "Type=2 DayOfMonth=1 MonthOfYear=1",
        "Type=1 DayOfWeek=0",
        "Type=1 DayOfWeek=128",
        "Type=2 DayOfMonth=32",
        "Type=2 DayOfMonth=0",
        "Type=2 DayOfMonth=-1",
        "Type=2 DayOfMonth=1 CalendarType=13",
        "Type=2 DayOfMonth=1 CalendarType=16",
        "Type=2 DayOfMonth=1 CalendarType=24",
        "Type=2 DayOfMonth=1 CalendarType=14",
        "Type=2 DayOfMonth=1 CalendarType=23",
        "Type=0 CalendarType=22",
        "Type=2 DayOfMonth=31 CalendarType=15",
        "Type=5 DayOfMonth=1 MonthOfYear=1 CalendarType=8 IsLeapMonth=1",
        "Type=5 DayOfMonth=1 MonthOfYear=9 CalendarType=6 IsLeapMonth=1",
        "Type=2 DayOfMonth=1 CalendarType=0 CalendarType=0",
        "Type=0 Type=0",
        "Type=0 Interval=1000",
        "Type=0 Occurrences=0",
        "Type=0 Occurrences=1000",
        "Type=0 Occurrences=99999999999999999999",
        "Type=0 Until=tomorrow",
        "Type=0 FirstDayOfWeek=7",
        "Type=3 WeekOfMonth=6 DayOfWeek=2",
        "Type=5 DayOfMonth=30 MonthOfYear=2",
    };
    item_recurrence_origin_t origin = origin_at("20260706T100000Z");
    item_recurrence_t recurrence;
    base_fault_t *fault;
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        fault = item_recurrence_read(element_of(rows[i], ITEM_RECURRENCE_CALENDAR, pool),
                                     ITEM_RECURRENCE_CALENDAR, &origin, &recurrence, pool);
        ok(base_fault_code(fault) == BASE_FAULT_INVALID, "%s: %s", rows[i],
           fault ? fault->message : "was taken");
    }
    fault = item_recurrence_read(element_of("Type=0", ITEM_RECURRENCE_TASKS, pool),
                                 ITEM_RECURRENCE_TASKS, NULL, &recurrence, pool);
    ok(base_fault_code(fault) == BASE_FAULT_INVALID, "a task's without Start");
    fault = item_recurrence_read(element_of("", ITEM_RECURRENCE_CALENDAR, pool),
                                 ITEM_RECURRENCE_CALENDAR, &origin, &recurrence, pool);
    ok(!fault && recurrence.type == ITEM_RECURRENCE_NONE, "an empty one ends the recurrence");
}

/* -- what rules EAS can say ------------------------------------------------------------------- */

static void test_rules(apr_pool_t *pool)
{
    static const struct {
        const char *rule, *element; /* NULL: EAS cannot say it */
    } rows[] = {
        {"FREQ=MONTHLY;BYDAY=SU;BYMONTHDAY=8,9,10,11,12,13,14",
         "Type=3 Interval=1 WeekOfMonth=2 DayOfWeek=1"},
        {"FREQ=MONTHLY;BYDAY=SU;BYMONTHDAY=-1,-2,-3,-4,-5,-6,-7",
         "Type=3 Interval=1 WeekOfMonth=5 DayOfWeek=1"},
        {"FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", NULL},
        {"FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1",
         "Type=3 Interval=1 WeekOfMonth=5 DayOfWeek=127"},
        {"FREQ=MONTHLY;BYDAY=MO", "Type=1 Interval=1 DayOfWeek=2"},
        {"FREQ=YEARLY;BYDAY=MO,WE", "Type=1 Interval=1 DayOfWeek=10"},
        {"FREQ=YEARLY;INTERVAL=2;BYDAY=MO", NULL},
        {"FREQ=MONTHLY;INTERVAL=2;BYDAY=MO", NULL},
        {"FREQ=MONTHLY;BYDAY=5MO", NULL}, /* not all months have one */
        {"FREQ=MONTHLY;BYDAY=-2MO", NULL},
        {"FREQ=MONTHLY;BYMONTH=7;BYMONTHDAY=6", "Type=5 Interval=1 DayOfMonth=6 MonthOfYear=7"},
        {"FREQ=DAILY;BYMONTHDAY=6", "Type=2 Interval=1 DayOfMonth=6"},
        {"FREQ=YEARLY;BYMONTHDAY=6", "Type=2 Interval=1 DayOfMonth=6"},
        {"FREQ=DAILY;BYHOUR=10;BYMINUTE=0;BYSECOND=0", "Type=0 Interval=1"},
        {"FREQ=DAILY;BYHOUR=10,14", NULL},
        {"FREQ=DAILY;INTERVAL=1000", NULL},
        {"FREQ=HOURLY;INTERVAL=24", NULL}, /* another time of day after a change of the clock */
        {"RSCALE=GREGORIAN;FREQ=DAILY", "Type=0 Interval=1"},
        {"RSCALE=COPTIC;FREQ=WEEKLY;BYDAY=MO", "Type=1 Interval=1 DayOfWeek=2"},
        {"RSCALE=ROC;FREQ=YEARLY", "Type=5 Interval=1 DayOfMonth=6 MonthOfYear=7"},
        {"RSCALE=GREGORIAN;FREQ=MONTHLY;BYMONTHDAY=28;SKIP=FORWARD",
         "Type=2 Interval=1 DayOfMonth=28"},
        {"RSCALE=GREGORIAN;FREQ=MONTHLY;BYMONTHDAY=29;SKIP=FORWARD", NULL},
        {"RSCALE=CHINESE;FREQ=YEARLY;BYMONTH=5,5L;BYMONTHDAY=1", NULL},
        {"RSCALE=CHINESE;FREQ=YEARLY;BYMONTH=5L;BYMONTHDAY=1;SKIP=BACKWARD", NULL},
        {"RSCALE=CHINESE;FREQ=YEARLY;BYMONTH=5;BYMONTHDAY=30;SKIP=BACKWARD", NULL},
        {"RSCALE=ISLAMIC-CIVIL;FREQ=YEARLY", NULL},
        {"RSCALE=ISLAMIC-CIVIL;FREQ=DAILY", "Type=0 Interval=1"},
        {"FREQ=YEARLY;BYMONTH=3,9", NULL},
        {"FREQ=YEARLY;BYEASTER=0", NULL},
    };
    item_recurrence_origin_t origin = origin_at("20260706T100000Z");
    item_recurrence_t recurrence;
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        int said = item_recurrence_from_text(rows[i].rule, &origin.start, &recurrence);

        is_str(said ? element_text(&recurrence, ITEM_RECURRENCE_CALENDAR, EAS_VERSION_12_1, &origin,
                                   pool)
                    : NULL,
               rows[i].element, rows[i].rule);
    }
}

static void test_same(apr_pool_t *pool)
{
    static const struct {
        const char *a, *b;
        int same;
    } rows[] = {
        {"FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU", 1},
        {"FREQ=DAILY;INTERVAL=14", "FREQ=WEEKLY;INTERVAL=2", 1},
        {"FREQ=MONTHLY;INTERVAL=12", "FREQ=YEARLY", 1},
        {"FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1", 1},
        {"FREQ=DAILY;COUNT=3", "FREQ=DAILY;UNTIL=20260708T100000Z", 1},
        {"FREQ=DAILY;COUNT=3", "FREQ=DAILY;UNTIL=20260708T235959Z", 1},
        {"FREQ=DAILY;COUNT=3", "FREQ=DAILY;UNTIL=20260708T095959Z", 0},
        {"FREQ=DAILY;COUNT=3", "FREQ=DAILY;COUNT=4", 0},
        {"FREQ=DAILY;COUNT=3", "FREQ=DAILY", 0},
        {"FREQ=WEEKLY;WKST=SU", "FREQ=WEEKLY;WKST=MO", 1},
        {"FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=SU", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO", 0},
        {"FREQ=WEEKLY", "FREQ=WEEKLY;BYDAY=MO", 1},
        {"FREQ=WEEKLY", "FREQ=WEEKLY;BYDAY=TU", 0},
        {"FREQ=YEARLY;BYMONTH=8;BYMONTHDAY=6", "FREQ=YEARLY", 0},
    };
    item_recurrence_origin_t origin = origin_at("20260706T100000Z");
    item_recurrence_t a, b;
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        item_recurrence_from_text(rows[i].a, &origin.start, &a);
        item_recurrence_from_text(rows[i].b, &origin.start, &b);
        is_int(item_recurrence_same(&a, &b, &origin, pool), rows[i].same,
               apr_psprintf(pool, "%s, %s", rows[i].a, rows[i].b));
    }
}

/* -- hostile rules ---------------------------------------------------------------------------- */

static void test_hostile(apr_pool_t *pool)
{
    static const char *const refused[] = {
        "",
        "FREQ",
        "FREQ=",
        "FREQ=SECONDLY;COUNT=1000000000",
        "FREQ=MINUTELY;INTERVAL=0",
        "FREQ=HOURLY;BYMINUTE=0,30;BYSETPOS=-1",
        "FREQ=HOURLY;BYDAY=1MO",
        "FREQ=HOURLY;BYWEEKNO=1",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=-1",
        "FREQ=YEARLY;INTERVAL=101",
        "FREQ=DAILY;INTERVAL=99999999999",
        "RSCALE=KLINGON;FREQ=YEARLY",
        "RSCALE=ISLAMIC;FREQ=YEARLY",
        "RSCALE=CHINESE;FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO",
        "RSCALE=CHINESE;FREQ=YEARLY;BYMONTH=13",
        "RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=6L",
        "RSCALE=PERSIAN;FREQ=YEARLY;BYMONTH=5L",
        "RSCALE=GREGORIAN;FREQ=MONTHLY;BYMONTHDAY=-31;SKIP=BACKWARD",
        "RSCALE=GREGORIAN;FREQ=YEARLY;BYYEARDAY=366;SKIP=FORWARD",
        "FREQ=YEARLY;BYMONTH=13",
        "FREQ=YEARLY;BYMONTH=5L",
        "FREQ=MONTHLY;BYMONTHDAY=32",
        "FREQ=MONTHLY;BYDAY=6MO",
        "FREQ=WEEKLY;BYDAY=1MO",
        "FREQ=YEARLY;BYDAY=54MO",
        "FREQ=MONTHLY;BYDAY=XX",
        "FREQ=DAILY;COUNT=2000000000",
        "FREQ=DAILY;UNTIL=99999999",
        "FREQ=DAILY\nX:1",
        "FREQ=YEARLY;BYSETPOS=367",
        "FREQ=YEARLY;BYYEARDAY=367",
        "FREQ=DAILY;BYWEEKNO=1",
        "FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9;BYMINUTE=0,1,2,3,4,5,6,7,8,9;"
        "BYSECOND=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14"};
    static const char *const impossible[] = {
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=2",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=300",
        "FREQ=YEARLY;BYYEARDAY=1;BYMONTH=2",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=1000000",
        "FREQ=MONTHLY;INTERVAL=12;BYMONTH=3;COUNT=9",
        "FREQ=YEARLY;INTERVAL=100;BYMONTH=2;BYMONTHDAY=29;COUNT=5",
        "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6;BYDAY=MO;UNTIL=99991231T000000Z"};
    struct icalrecurrencetype rule;
    apr_array_header_t *found;
    char *list = apr_palloc(pool, 30000);
    size_t i;

    for (i = 0; i < sizeof refused / sizeof *refused; i++)
        ok(!item_rule_parse(refused[i], &rule), "%s is refused", refused[i]);
    strcpy(list, "FREQ=YEARLY;BYYEARDAY=1");
    for (i = 0; i < 9000; i++)
        strcat(list + i * 2, ",1");
    ok(!item_rule_parse(list, &rule), "nine thousand days are refused");
    for (i = 0; i < sizeof impossible / sizeof *impossible; i++) {
        item_series_t series = {.start = time_of("20260706T100000Z"), .clock = &item_clock_utc};
        int parsed = item_rule_parse(impossible[i], &rule);
        apr_time_t last;

        series.rules = apr_array_make(pool, 1, sizeof rule);
        APR_ARRAY_PUSH(series.rules, struct icalrecurrencetype) = rule;
        item_series_expand(&series, APR_INT64_MIN, APR_INT64_MAX, 100, &found, pool);
        ok(!parsed || found->nelts == 0, "%s: %d occurrences", impossible[i], found->nelts);
        last = item_series_last(&series, pool);
        ok(last == item_clock_to_utc(series.clock, &series.start) || last == APR_INT64_MAX,
           "its end is its start, or it is said to have none");
    }
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    test_calendar(pool);
    test_tasks(pool);
    test_versions(pool);
    test_invalid(pool);
    test_rules(pool);
    test_same(pool);
    test_hostile(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
