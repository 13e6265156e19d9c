/* Recurrence elements. */
#include "item/recurrence_impl.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/time.h"
#include "item/date.h"
#include "item/scale.h"

/* -- the elements ----------------------------------------------------------------------------- */

enum { /* in the order of Email.xsd; the others take any */
       NODE_TYPE,
       NODE_START,
       NODE_INTERVAL,
       NODE_UNTIL,
       NODE_OCCURRENCES,
       NODE_WEEK_OF_MONTH,
       NODE_DAY_OF_MONTH,
       NODE_DAY_OF_WEEK,
       NODE_MONTH_OF_YEAR,
       NODE_REGENERATE,
       NODE_DEAD_OCCUR,
       NODE_CALENDAR_TYPE,
       NODE_IS_LEAP_MONTH,
       NODE_FIRST_DAY_OF_WEEK,
       NODE_COUNT
};

typedef struct {
    eas_tag_t recurrence;
    eas_tag_t tags[NODE_COUNT]; /* 0: the class has none such */
    int occurrences_max;
} node_class_t;

static const node_class_t node_classes[] = {
    [ITEM_RECURRENCE_CALENDAR] = {EAS_Calendar_Recurrence,
                                  {[NODE_TYPE] = EAS_Calendar_Type,
                                   [NODE_INTERVAL] = EAS_Calendar_Interval,
                                   [NODE_UNTIL] = EAS_Calendar_Until,
                                   [NODE_OCCURRENCES] = EAS_Calendar_Occurrences,
                                   [NODE_WEEK_OF_MONTH] = EAS_Calendar_WeekOfMonth,
                                   [NODE_DAY_OF_MONTH] = EAS_Calendar_DayOfMonth,
                                   [NODE_DAY_OF_WEEK] = EAS_Calendar_DayOfWeek,
                                   [NODE_MONTH_OF_YEAR] = EAS_Calendar_MonthOfYear,
                                   [NODE_CALENDAR_TYPE] = EAS_Calendar_CalendarType,
                                   [NODE_IS_LEAP_MONTH] = EAS_Calendar_IsLeapMonth,
                                   [NODE_FIRST_DAY_OF_WEEK] = EAS_Calendar_FirstDayOfWeek},
                                  999}, /* MS-ASCAL 2.2.2.32 */
    [ITEM_RECURRENCE_TASKS] = {EAS_Tasks_Recurrence,
                               {[NODE_TYPE] = EAS_Tasks_Type,
                                [NODE_START] = EAS_Tasks_Start,
                                [NODE_INTERVAL] = EAS_Tasks_Interval,
                                [NODE_UNTIL] = EAS_Tasks_Until,
                                [NODE_OCCURRENCES] = EAS_Tasks_Occurrences,
                                [NODE_WEEK_OF_MONTH] = EAS_Tasks_WeekOfMonth,
                                [NODE_DAY_OF_MONTH] = EAS_Tasks_DayOfMonth,
                                [NODE_DAY_OF_WEEK] = EAS_Tasks_DayOfWeek,
                                [NODE_MONTH_OF_YEAR] = EAS_Tasks_MonthOfYear,
                                [NODE_REGENERATE] = EAS_Tasks_Regenerate,
                                [NODE_DEAD_OCCUR] = EAS_Tasks_DeadOccur,
                                [NODE_CALENDAR_TYPE] = EAS_Tasks_CalendarType,
                                [NODE_IS_LEAP_MONTH] = EAS_Tasks_IsLeapMonth,
                                [NODE_FIRST_DAY_OF_WEEK] = EAS_Tasks_FirstDayOfWeek},
                               255}, /* MS-ASTASK R213: an unsignedByte */
    [ITEM_RECURRENCE_EMAIL] = {EAS_Email_Recurrence,
                               {[NODE_TYPE] = EAS_Email_Type,
                                [NODE_INTERVAL] = EAS_Email_Interval,
                                [NODE_UNTIL] = EAS_Email_Until,
                                [NODE_OCCURRENCES] = EAS_Email_Occurrences,
                                [NODE_WEEK_OF_MONTH] = EAS_Email_WeekOfMonth,
                                [NODE_DAY_OF_MONTH] = EAS_Email_DayOfMonth,
                                [NODE_DAY_OF_WEEK] = EAS_Email_DayOfWeek,
                                [NODE_MONTH_OF_YEAR] = EAS_Email_MonthOfYear,
                                [NODE_CALENDAR_TYPE] = EAS_Email2_CalendarType,
                                [NODE_IS_LEAP_MONTH] = EAS_Email2_IsLeapMonth,
                                [NODE_FIRST_DAY_OF_WEEK] = EAS_Email2_FirstDayOfWeek},
                               999},
};

/* Types as bits, for the table below. */
#define DAILY (1 << ITEM_RECURRENCE_DAILY)
#define WEEKLY (1 << ITEM_RECURRENCE_WEEKLY)
#define ON_DAY (1 << ITEM_RECURRENCE_MONTHLY | 1 << ITEM_RECURRENCE_YEARLY)
#define NTH (1 << ITEM_RECURRENCE_MONTHLY_NTH | 1 << ITEM_RECURRENCE_YEARLY_NTH)
#define IN_YEAR (1 << ITEM_RECURRENCE_YEARLY | 1 << ITEM_RECURRENCE_YEARLY_NTH)
#define ANY (DAILY | WEEKLY | ON_DAY | NTH)

/* Numbers: their range, and which Types may and must have them (MS-ASCAL 2.2.2.37.1, R53914, R53916 to
 * R53919; MS-ASTASK R132, R320, R532). DayOfWeek of the n-th day of a year is optional (R38949). */
static const struct {
    int low, high, allowed, required;
} node_numbers[NODE_COUNT] = {
    [NODE_TYPE] = {0, 6, ANY, ANY},
    [NODE_INTERVAL] = {0, RECURRENCE_INTERVAL_MAX, ANY, 0},
    [NODE_OCCURRENCES] = {1, 999, ANY, 0},
    [NODE_WEEK_OF_MONTH] = {1, 5, NTH, NTH},
    [NODE_DAY_OF_MONTH] = {1, 31, ON_DAY, ON_DAY},
    [NODE_DAY_OF_WEEK] = {1, 127, DAILY | WEEKLY | NTH, WEEKLY | 1 << ITEM_RECURRENCE_MONTHLY_NTH},
    [NODE_MONTH_OF_YEAR] = {1, 12, IN_YEAR, IN_YEAR},
    [NODE_REGENERATE] = {0, 1, ANY, 0},
    [NODE_DEAD_OCCUR] = {0, 255, ANY, 0},
    [NODE_CALENDAR_TYPE] = {0, 23, ANY, 0},
    [NODE_IS_LEAP_MONTH] = {0, 1, ANY, 0},
    [NODE_FIRST_DAY_OF_WEEK] = {0, 6, ANY, 0},
};

/* -- reading ---------------------------------------------------------------------------------- */

/* The children by what they are, each at most once. */
static base_fault_t *node_sort(const eas_node_t *node, const node_class_t *class_,
                               const eas_node_t **children, apr_pool_t *pool)
{
    const eas_node_t *child;
    int i;

    memset(children, 0, NODE_COUNT * sizeof *children);
    for (child = node->first; child; child = child->next) {
        for (i = 0; i < NODE_COUNT && class_->tags[i] != child->tag; i++)
            ;
        if (i < NODE_COUNT && children[i])
            return base_fault_make(pool, BASE_FAULT_INVALID, "%s comes twice in Recurrence",
                                   eas_tag_name(child->tag));
        if (i < NODE_COUNT)
            children[i] = child;
    }
    return NULL;
}

/* -1: it is no such number. */
static int node_number(const eas_node_t *child, int low, int high)
{
    char *end;
    long value = strtol(child->text, &end, 10);

    return *child->text < '0' || *child->text > '9' || *end || value < low || value > high
               ? -1
               : (int)value;
}

/* A day that the month has in some year, a leap month that the calendar has. Lunar types beyond those
 * that RSCALE has (14), and those that are none (MS-ASCAL R53913), are refused. */
static base_fault_t *node_check_calendar(const int *values, apr_pool_t *pool)
{
    int type = values[NODE_CALENDAR_TYPE], month = values[NODE_MONTH_OF_YEAR];
    int day = values[NODE_DAY_OF_MONTH], leap = values[NODE_IS_LEAP_MONTH] > 0;
    const item_scale_t *scale = item_scale_of_type(type);

    if (type > 0 && !scale && !(RECURRENCE_GREGORIAN & 1 << type))
        return base_fault_make(pool, BASE_FAULT_INVALID, "CalendarType %d is not supported", type);
    if (scale && month > 0 && !item_scale_has_month(scale, leap ? month | ITEM_SCALE_LEAP : month))
        return base_fault_make(pool, BASE_FAULT_INVALID, "%s has no %smonth %d",
                               item_scale_name(scale), leap ? "leap " : "", month);
    if (scale ? day > RECURRENCE_LUNAR_DAYS : month > 0 && day > item_date_month_days(2000, month))
        return base_fault_make(pool, BASE_FAULT_INVALID, "month %d has no day %d", month, day);
    return NULL;
}

/* values: those that are there, else -1. */
static base_fault_t *node_read_numbers(const eas_node_t *const *children,
                                       const node_class_t *class_, int *values, apr_pool_t *pool)
{
    int i, type = 0;

    for (i = 0; i < NODE_COUNT; i++) {
        int high = i == NODE_OCCURRENCES ? class_->occurrences_max : node_numbers[i].high;

        values[i] = -1;
        if (!node_numbers[i].allowed)
            continue;
        if (children[i] && (values[i] = node_number(children[i], node_numbers[i].low, high)) < 0)
            return base_fault_make(pool, BASE_FAULT_INVALID, "%s is not %d to %d",
                                   eas_tag_name(class_->tags[i]), node_numbers[i].low, high);
        if (i == NODE_TYPE)
            type = 1 << (values[i] < 0 ? 0 : values[i]);
        if (children[i] ? !(node_numbers[i].allowed & type) : node_numbers[i].required & type)
            return base_fault_make(pool, BASE_FAULT_INVALID, "a Recurrence of Type %d %s %s",
                                   values[NODE_TYPE], children[i] ? "has a" : "without",
                                   eas_tag_name(class_->tags[i]));
    }
    /* MS-ASTASK R81; of events it is no mistake */
    if (class_ == &node_classes[ITEM_RECURRENCE_TASKS] && children[NODE_CALENDAR_TYPE] &&
        values[NODE_TYPE] < ITEM_RECURRENCE_MONTHLY)
        return base_fault_make(pool, BASE_FAULT_INVALID, "CalendarType of a Recurrence of Type %d",
                               values[NODE_TYPE]);
    return node_check_calendar(values, pool);
}

static int node_or(int value, int otherwise)
{
    return value < 0 ? otherwise : value;
}

static void node_fill(const int *values, item_recurrence_t *recurrence)
{
    recurrence->type = (item_recurrence_type_t)values[NODE_TYPE];
    recurrence->interval = node_or(values[NODE_INTERVAL], 1);
    if (recurrence->interval == 0)
        recurrence->interval = 1;
    recurrence->occurrences = node_or(values[NODE_OCCURRENCES], 0);
    recurrence->week_of_month = node_or(values[NODE_WEEK_OF_MONTH], 0);
    recurrence->day_of_month = node_or(values[NODE_DAY_OF_MONTH], 0);
    recurrence->day_of_week = node_or(values[NODE_DAY_OF_WEEK], 0);
    recurrence->month_of_year = node_or(values[NODE_MONTH_OF_YEAR], 0);
    recurrence->first_day_of_week = values[NODE_FIRST_DAY_OF_WEEK];
    recurrence->regenerate = values[NODE_REGENERATE];
    recurrence->dead_occur = values[NODE_DEAD_OCCUR];
    recurrence->calendar_type = values[NODE_CALENDAR_TYPE];
    if (recurrence->calendar_type == 1) /* R176: Gregorian is the default */
        recurrence->calendar_type = 0;
    /* R290: no other has leap months */
    recurrence->leap_month = values[NODE_IS_LEAP_MONTH] > 0 && recurrence->month_of_year &&
                             item_scale_of_type(recurrence->calendar_type);
    /* days of the week make it one of weeks (MS-ASCAL R3892312) */
    if (recurrence->type == ITEM_RECURRENCE_DAILY && recurrence->day_of_week)
        recurrence->type = ITEM_RECURRENCE_WEEKLY;
    if (recurrence->type < ITEM_RECURRENCE_MONTHLY) /* weeks and days are the same in all */
        recurrence->calendar_type = 0;
}

/* Start and Until. */
static base_fault_t *node_read_dates(const eas_node_t *const *children,
                                     item_recurrence_class_t class_,
                                     const item_recurrence_origin_t *origin,
                                     item_recurrence_t *recurrence, apr_pool_t *pool)
{
    apr_time_t when;

    if (class_ == ITEM_RECURRENCE_TASKS) { /* MS-ASTASK R37011 */
        if (!children[NODE_START] || !base_time_parse(children[NODE_START]->text, &when))
            return base_fault_make(pool, BASE_FAULT_INVALID, "a Recurrence without Start");
        recurrence->start = item_date_time((long)apr_time_sec(when));
    }
    /* Occurrences wins (MS-ASCAL R53911, MS-ASTASK R37013) */
    if (children[NODE_UNTIL] && !recurrence->occurrences &&
        !item_recurrence_until_read(children[NODE_UNTIL]->text, class_, origin, &recurrence->until))
        return base_fault_make(pool, BASE_FAULT_INVALID, "Until is no date");
    return NULL;
}

base_fault_t *item_recurrence_read(const eas_node_t *node, item_recurrence_class_t class_,
                                   const item_recurrence_origin_t *origin,
                                   item_recurrence_t *recurrence, apr_pool_t *pool)
{
    const eas_node_t *children[NODE_COUNT];
    int values[NODE_COUNT];

    memset(recurrence, 0, sizeof *recurrence);
    recurrence->type = ITEM_RECURRENCE_NONE;
    if (!node->first)
        return NULL;
    BASE_TRY(node_sort(node, &node_classes[class_], children, pool));
    BASE_TRY(node_read_numbers(children, &node_classes[class_], values, pool));
    node_fill(values, recurrence);
    BASE_TRY(node_read_dates(children, class_, origin, recurrence, pool));
    if (recurrence->type == ITEM_RECURRENCE_YEARLY_NTH && !recurrence->day_of_week) {
        const struct icaltimetype *start =
            class_ == ITEM_RECURRENCE_TASKS || !origin ? &recurrence->start : &origin->start;

        recurrence->day_of_week = item_recurrence_weekday(start);
    }
    return NULL;
}

/* -- writing ---------------------------------------------------------------------------------- */

/* What is written of a number; -1: nothing. */
static int node_value(const item_recurrence_t *recurrence, int number, eas_version_t version,
                      item_recurrence_class_t class_)
{
    int calendar = version >= EAS_VERSION_14_0; /* has CalendarType and IsLeapMonth */
    int in_year = recurrence->type >= ITEM_RECURRENCE_YEARLY;

    switch (number) {
    case NODE_TYPE:
        return (int)recurrence->type;
    case NODE_INTERVAL:
        return recurrence->interval;
    case NODE_WEEK_OF_MONTH:
        return recurrence->week_of_month ? recurrence->week_of_month : -1;
    case NODE_DAY_OF_MONTH:
        return recurrence->day_of_month ? recurrence->day_of_month : -1;
    case NODE_DAY_OF_WEEK:
        return recurrence->day_of_week ? recurrence->day_of_week : -1;
    case NODE_MONTH_OF_YEAR:
        return recurrence->month_of_year ? recurrence->month_of_year : -1;
    case NODE_REGENERATE:
        return recurrence->regenerate;
    case NODE_DEAD_OCCUR:
        return recurrence->dead_occur;
    case NODE_CALENDAR_TYPE: /* MS-ASCAL R143, MS-ASTASK R82, MS-ASEMAIL R291 */
        if (!calendar || recurrence->type < ITEM_RECURRENCE_MONTHLY)
            return -1;
        return node_or(recurrence->calendar_type, 0);
    case NODE_IS_LEAP_MONTH: /* MS-ASCAL R2240, R2241, MS-ASEMAIL R508 */
        return calendar && (in_year || class_ == ITEM_RECURRENCE_EMAIL) ? recurrence->leap_month
                                                                        : -1;
    case NODE_FIRST_DAY_OF_WEEK: /* MS-ASTASK R167 */
        return version >= EAS_VERSION_14_1 && recurrence->type == ITEM_RECURRENCE_WEEKLY
                   ? node_or(recurrence->first_day_of_week, 1)
                   : -1;
    default:
        return -1;
    }
}

/* Where it ends: Occurrences as long as the number fits, else when the last one begins. */
static void node_write_end(const item_recurrence_t *recurrence, item_recurrence_class_t class_,
                           const item_recurrence_origin_t *origin, eas_writer_t *writer,
                           apr_pool_t *pool)
{
    const node_class_t *table = &node_classes[class_];
    struct icaltimetype until = recurrence->until;
    item_series_t series;

    if (recurrence->occurrences && recurrence->occurrences <= table->occurrences_max) {
        eas_writer_uint(writer, table->tags[NODE_OCCURRENCES],
                        (apr_uint64_t)recurrence->occurrences);
        return;
    }
    if (recurrence->occurrences && item_recurrence_series(recurrence, origin, &series, pool)) {
        apr_time_t last = item_series_last(&series, pool);

        if (last == APR_INT64_MAX)
            return;
        until = item_clock_to_local(&item_clock_utc, last);
        until.zone = icaltimezone_get_utc_timezone();
    }
    if (!icaltime_is_null_time(until))
        eas_writer_text(writer, table->tags[NODE_UNTIL],
                        item_recurrence_until_write(&until, class_, origin, pool));
}

void item_recurrence_write(const item_recurrence_t *recurrence, item_recurrence_class_t class_,
                           eas_version_t version, const item_recurrence_origin_t *origin,
                           eas_writer_t *writer, apr_pool_t *pool)
{
    const node_class_t *table = &node_classes[class_];
    const struct icaltimetype *start =
        icaltime_is_null_time(recurrence->start) ? &origin->start : &recurrence->start;
    int i;

    eas_writer_start(writer, table->recurrence);
    for (i = 0; i < NODE_COUNT; i++) {
        int value = node_value(recurrence, i, version, class_);

        if (i == NODE_UNTIL)
            node_write_end(recurrence, class_, origin, writer, pool);
        else if (i == NODE_START && table->tags[i])
            eas_writer_text(
                writer, table->tags[i],
                base_time_format_dashed(apr_time_from_sec(item_date_seconds(start)), pool));
        else if (value >= 0 && table->tags[i])
            eas_writer_uint(writer, table->tags[i], (apr_uint64_t)value);
    }
    eas_writer_end(writer);
}
