/* Tasks at random: what a phone sends is what it gets back; what it gets and sends back changes nothing;
 * and when one element of that is another, only the properties that it stands for differ.
 *
 * TASK_RANDOM says how many (make check does few), TASK_SEED which. */
#include "task_helpers.h"

#include "base/time.h"

/* -- chance ---------------------------------------------------------------------------------- */

static unsigned long seed;

static unsigned chance(unsigned below)
{
    seed = seed * 6364136223846793005ul + 1442695040888963407ul;
    return (unsigned)(seed >> 33) % below;
}

static const char *pick(const char *const *texts)
{
    unsigned n = 0;

    while (texts[n])
        n++;
    return texts[chance(n)];
}

/* A moment of 2026 to 2028, in whole minutes; day: at 00:00. */
static apr_time_t moment(int day)
{
    apr_time_t start = apr_time_from_sec(1767225600);

    return start + apr_time_from_sec(86400 * (apr_int64_t)chance(1000) +
                                     (day ? 0 : 60 * (apr_int64_t)chance(1440)));
}

/* -- what a phone sends ---------------------------------------------------------------------- */

static const char *const subjects[] = {"",     "Milk",     "a, b; c\\d", "ünïcödé ☃", "\"q\" 'r'",
                                       "x: y", "a  b   c", "😀",          "=CR=LF",    NULL};
static const char *const bodies[] = {"", "one", "one\r\ntwo\r\n", "a;b,c\\n", " lead", NULL};

static const char *twins(const char *name, apr_pool_t *pool)
{
    static const int offsets[] = {0, 60, -300, 330, 765, -720};
    apr_time_t local = moment((int)chance(2));
    apr_time_t utc = local - apr_time_from_sec(60 * offsets[chance(6)]);

    if (chance(4) == 0)
        return "";
    return apr_psprintf(pool, "%sDate=%s|Utc%sDate=%s|", name, base_time_format_dashed(local, pool),
                        name, base_time_format_dashed(utc, pool));
}

static const char *recurrence(apr_pool_t *pool)
{
    const char *start = apr_pstrcat(pool, "Start=", base_time_format_dashed(moment(1), pool), NULL);
    const char *end = chance(3) == 0 ? apr_psprintf(pool, "|Occurrences=%u", 1 + chance(255))
                      : chance(2)    ? apr_pstrcat(pool, "|Until=2029-0",
                                                   pick((const char *const[]){"1", "5", "9", NULL}),
                                                   "-17T00:00:00.000Z", NULL)
                                     : "";
    const char *extra = chance(4) == 0 ? "|Regenerate=1" : chance(4) == 0 ? "|DeadOccur=1" : "";

    switch (chance(7)) {
    case 0:
        return apr_psprintf(pool, "Recurrence{Type=0|Interval=%u|%s%s%s}|", 1 + chance(99), start,
                            end, extra);
    case 1:
        return apr_psprintf(pool,
                            "Recurrence{Type=1|Interval=%u|DayOfWeek=%u|FirstDayOfWeek=%u|%s%s%s}|",
                            1 + chance(9), 1 + chance(127), chance(7), start, end, extra);
    case 2:
        return apr_psprintf(pool, "Recurrence{Type=2|Interval=%u|DayOfMonth=%u|%s%s%s}|",
                            1 + chance(11), 1 + chance(28), start, end, extra);
    case 3:
        return apr_psprintf(pool,
                            "Recurrence{Type=3|Interval=%u|WeekOfMonth=%u|DayOfWeek=%u|%s%s%s}|",
                            1 + chance(11), 1 + chance(5), 1u << chance(7), start, end, extra);
    case 4:
        return apr_psprintf(pool,
                            "Recurrence{Type=5|Interval=1|DayOfMonth=%u|MonthOfYear=%u|%s%s%s}|",
                            1 + chance(28), 1 + chance(12), start, end, extra);
    case 5:
        return apr_psprintf(
            pool,
            "Recurrence{Type=6|Interval=1|WeekOfMonth=%u|DayOfWeek=%u|MonthOfYear=%u|%s%s%s}|",
            1 + chance(5), 1u << chance(7), 1 + chance(12), start, end, extra);
    default:
        return "";
    }
}

/* A whole task; an open one, so that what recurs stays where it is. */
static const char *task(apr_pool_t *pool)
{
    const char *text = apr_psprintf(pool, "Subject=%s|Importance=%u|Complete=0|Sensitivity=%u|",
                                    pick(subjects), chance(3), chance(4));

    if (chance(2))
        text = apr_pstrcat(pool, text, "Body{Type=1|Data=", pick(bodies), "}|", NULL);
    text = apr_pstrcat(pool, text, twins("Start", pool), twins("Due", pool), NULL);
    if (chance(2))
        text = apr_pstrcat(pool, text, "Categories{Category=", pick(subjects + 1),
                           "|Category=b,c}|", NULL);
    text = apr_pstrcat(pool, text, recurrence(pool), NULL);
    return chance(2) ? apr_pstrcat(pool, text, "ReminderSet=1|ReminderTime=",
                                   base_time_format_dashed(moment(0), pool), NULL)
                     : apr_pstrcat(pool, text, "ReminderSet=0", NULL);
}

static const eas_node_t *shown(const backend_blob_t *blob, eas_version_t version, apr_pool_t *pool)
{
    item_options_t options = options_prefer(version, ITEM_BODY_TEXT, ITEM_TRUNCATION_NONE);

    return kind_node(kind, blob, &options, pool);
}

static int same(const eas_node_t *sent, const eas_node_t *got, eas_tag_t tag)
{
    const char *a = property(sent, tag), *b = property(got, tag);

    return strcmp(a ? a : "", b ? b : "") == 0;
}

/* Is everything that was sent in what is shown? What recurs gets a start. */
static int is_shown(const eas_node_t *sent, const eas_node_t *got)
{
    static const eas_tag_t tags[] = {
        EAS_Tasks_Subject,      EAS_Tasks_Importance, EAS_Tasks_Complete,    EAS_Tasks_Sensitivity,
        EAS_Tasks_UtcDueDate,   EAS_Tasks_DueDate,    EAS_Tasks_ReminderSet, EAS_Tasks_ReminderTime,
        EAS_Tasks_UtcStartDate, EAS_Tasks_StartDate};
    static const eas_tag_t children[] = {
        EAS_Tasks_Type,        EAS_Tasks_Start,      EAS_Tasks_Until,      EAS_Tasks_Occurrences,
        EAS_Tasks_Interval,    EAS_Tasks_DayOfWeek,  EAS_Tasks_DayOfMonth, EAS_Tasks_WeekOfMonth,
        EAS_Tasks_MonthOfYear, EAS_Tasks_Regenerate, EAS_Tasks_DeadOccur};
    const eas_node_t *a = eas_node_child(sent, EAS_Tasks_Recurrence),
                     *b = eas_node_child(got, EAS_Tasks_Recurrence);
    size_t i, count = sizeof tags / sizeof *tags;

    if (a && !property(sent, EAS_Tasks_StartDate))
        count -= 2;
    for (i = 0; i < count; i++)
        if (!same(sent, got, tags[i]))
            return 0;
    for (i = 0; i < sizeof children / sizeof *children; i++)
        if (!same(a, b, children[i]))
            return 0;
    return 1;
}

static int check_sent(eas_version_t version, apr_pool_t *pool)
{
    const char *text = task(pool);
    const eas_node_t *sent = kind_data(text, "Tasks", pool), *got;
    kind_result_t made = kind_change(kind, sent, version, NULL, pool);

    if (made.fault) {
        printf("# %s: %s\n", text, made.fault->message);
        return 0;
    }
    got = shown(made.blob, version, pool);
    if (!is_shown(sent, got)) {
        printf("# sent:  %s\n# shown: %s\n# %s\n", text, kind_text(got, pool), made.text);
        return 0;
    }
    if (kind_change(kind, sent, version, made.blob, pool).blob != made.blob ||
        kind_change(kind, got, version, made.blob, pool).blob != made.blob) {
        printf("# %s\n# changed by what it is: %s\n# changed by what it shows: %s\n", text,
               difference(made.text, kind_change(kind, sent, version, made.blob, pool).text, pool),
               difference(made.text, kind_change(kind, got, version, made.blob, pool).text, pool));
        return 0;
    }
    return 1;
}

/* -- VTODOs of other programs ---------------------------------------------------------------- */

static const char *const lines[][8] = {
    {"SUMMARY:x\r\n", "SUMMARY;LANGUAGE=de:\\,\\;\\\\\r\n", "SUMMARY:lo\r\n ng\r\n", "", NULL},
    {"DESCRIPTION:a\\nb\r\n", "DESCRIPTION:\r\n", "", NULL},
    {"PRIORITY:3\r\n", "PRIORITY:5\r\n", "PRIORITY:8\r\n", "PRIORITY:0\r\n", "", NULL},
    {"DTSTART;VALUE=DATE:20260210\r\n", "DTSTART:20260210T101500\r\n",
     "DTSTART:20260210T101500Z\r\n", "DTSTART;TZID=Europe/Berlin:20260210T101500\r\n",
     "DTSTART;TZID=Nowhere:20260210T000000\r\n", "", NULL},
    {"DUE;VALUE=DATE:20260212\r\n", "DUE:20260212T200000\r\n", "DUE:20260212T200000Z\r\n",
     "DUE;TZID=America/New_York:20260212T200000\r\n", "DUE:\r\n", "", "DURATION:P3D\r\n", NULL},
    {"STATUS:NEEDS-ACTION\r\n", "STATUS:IN-PROCESS\r\nPERCENT-COMPLETE:30\r\n",
     "STATUS:COMPLETED\r\nCOMPLETED:20260213T000000Z\r\n", "STATUS:CANCELLED\r\n",
     "PERCENT-COMPLETE:100\r\n", "", NULL},
    {"CLASS:PRIVATE\r\n", "CLASS:X-FOO\r\n", "", NULL},
    {"CATEGORIES:a,b\r\nCATEGORIES:c\r\n", "CATEGORIES:a\r\n", "", NULL},
    {"RRULE:FREQ=WEEKLY\r\n", "RRULE:FREQ=MONTHLY;BYDAY=2TU;UNTIL=20301231T000000Z\r\n",
     "RRULE:FREQ=YEARLY;BYWEEKNO=9\r\n", "RRULE:FREQ=DAILY;COUNT=700\r\n",
     "RRULE:FREQ=MONTHLY;BYMONTHDAY=10;COUNT=4\r\nEXDATE:20260310T101500Z\r\n", "", "", NULL},
    {"BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT1H\r\nX-A:b\r\nEND:VALARM\r\n",
     "BEGIN:VALARM\r\nTRIGGER;RELATED=END:-P1D\r\nACTION:AUDIO\r\nEND:VALARM\r\n"
     "BEGIN:VALARM\r\nTRIGGER;VALUE=DATE-TIME:20260211T080000Z\r\nACTION:DISPLAY\r\n"
     "END:VALARM\r\n",
     "", NULL},
    {"RELATED-TO:parent\r\nx-b;C=\"d:e\":f\r\n", "GEO:1;2\r\n", "", NULL},
};

static const char *random_calendar(apr_pool_t *pool)
{
    const char *text = "";
    size_t i;

    for (i = 0; i < sizeof lines / sizeof *lines; i++)
        text = apr_pstrcat(pool, text, pick(lines[i]), NULL);
    return calendar_with(chance(2) ? ZONE : "", text, pool);
}

/* An element that is another now, and the properties that may differ by that. */
static const struct {
    eas_tag_t tag;
    const char *value, *properties;
} edits[] = {
    {EAS_Tasks_Subject, "edited", "SUMMARY"},
    {EAS_Tasks_Importance, "0", "PRIORITY"},
    {EAS_Tasks_Importance, "2", "PRIORITY"},
    {EAS_Tasks_Sensitivity, "3", "CLASS"},
    {EAS_Tasks_SubOrdinalDate, "55", "X-MOBILESYNC-SUB-ORDINAL-DATE"},
    {EAS_Tasks_OrdinalDate, "2026-03-03T03:03:03.000Z", "X-MOBILESYNC-ORDINAL-DATE"},
    {EAS_Tasks_Categories, "", "CATEGORIES"},
    {EAS_Tasks_Complete, "0", "STATUS COMPLETED PERCENT-COMPLETE SEQUENCE"},
};

/* Are the lines that differ of these properties alone? */
static int differs_in(const char *difference, const char *properties, apr_pool_t *pool)
{
    const char *all = apr_pstrcat(pool, " ", properties, " ", NULL);
    const char *p = difference;

    while (*p) {
        size_t length = strcspn(p + 1, ":;");

        if (!strstr(all, apr_pstrcat(pool, " ", apr_pstrndup(pool, p + 1, length), " ", NULL)))
            return 0;
        for (p++; *p && !((p[0] == '+' || p[0] == '-') && p[-1] == ' '); p++)
            ;
    }
    return 1;
}

static int check_edit(eas_version_t version, apr_pool_t *pool)
{
    const char *before = random_calendar(pool), *what;
    const backend_blob_t *blob = blob_of_text(before, pool);
    const eas_node_t *data = shown(blob, version, pool);
    unsigned n = chance(sizeof edits / sizeof *edits);
    kind_result_t result;

    if (kind_change(kind, data, version, blob, pool).blob != blob) {
        printf("# sent back: %s\n# %s# %s\n", kind_text(data, pool), before,
               kind_change(kind, data, version, blob, pool).text);
        return 0;
    }
    result = kind_change(kind, kind_edited(data, edits[n].tag, edits[n].value, pool), version, blob,
                         pool);
    what = result.fault ? "" : difference(before, result.text, pool);
    if (!result.fault && differs_in(what, edits[n].properties, pool))
        return 1;
    printf("# %s = %s of %s# %s\n", eas_tag_name(edits[n].tag), edits[n].value, before, what);
    return 0;
}

/* -------------------------------------------------------------------------------------------- */

static void repeat(int (*check)(eas_version_t, apr_pool_t *), const char *name, apr_pool_t *pool)
{
    const char *count = getenv("TASK_RANDOM"), *given = getenv("TASK_SEED");
    unsigned long first = given ? strtoul(given, NULL, 10) : 1;
    unsigned long i, n = count ? strtoul(count, NULL, 10) : 2000;
    apr_pool_t *scratch;

    apr_pool_create(&scratch, pool);
    for (i = first; i < first + n; i++) {
        seed = i * 2654435761ul;
        apr_pool_clear(scratch);
        if (!check(kind_versions[i % KIND_VERSIONS], scratch))
            break;
    }
    if (!ok(i == first + n, "%s", name))
        printf("# TASK_SEED=%lu TASK_RANDOM=1\n", i);
    apr_pool_destroy(scratch);
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    repeat(check_sent, "what is sent is what is shown", pool);
    repeat(check_edit, "what is edited is all that differs", pool);
    apr_pool_destroy(pool);
    return done_testing();
}
