/* tasks:Recurrence (MS-ASTASK 2.2.2.20) and RRULE. Only the rule itself is edited: RDATE, EXDATE and
 * instances (RECURRENCE-ID), which EAS has no words for, stay as long as the task recurs. */
#include "item/task_impl.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <apr_strings.h>

#include "base/text.h"

#define TASK_REGENERATE TASK_X "REGENERATE"
#define TASK_DEAD_OCCUR TASK_X "DEAD-OCCUR"

int task_origin(const task_t *task, item_recurrence_origin_t *origin)
{
    const task_time_t *time = task->start.present ? &task->start : &task->due;

    origin->start = time->value;
    origin->clock = time->clock ? time->clock : &item_clock_utc;
    return time->present;
}

/* The date of the task, local. */
static struct icaltimetype task_date(const task_t *task)
{
    return task_time_of(task->start.present ? task->start.local : task->due.local);
}

static int task_number(const task_t *task, const char *name, int maximum)
{
    const char *text = item_component_text(task->todo, name);
    apr_uint64_t number;

    return text && base_text_parse_uint(text, (apr_uint64_t)maximum, &number) ? (int)number : -1;
}

/* The pattern of the one rule there is. */
static int task_pattern(const task_t *task, item_recurrence_t *recurrence)
{
    item_property_t *rule = item_property_first(task->todo, "RRULE");
    item_recurrence_origin_t origin;

    if (!rule || item_property_next(rule) || !task_origin(task, &origin) ||
        !item_recurrence_from_text(item_property_value(rule), &origin.start, recurrence))
        return 0;
    item_recurrence_from_parameter(item_property_parameter(rule, ITEM_RECURRENCE_PARAMETER),
                                   recurrence);
    return item_recurrence_in_version(recurrence, task->version);
}

void task_recurrence_show(task_t *task)
{
    struct icaltimetype time;
    const char *start;

    memset(&task->recurrence, 0, sizeof task->recurrence);
    task->recurrence.type = ITEM_RECURRENCE_NONE;
    if (task_pattern(task, &task->recurrence)) {
        start = item_component_text(task->todo, TASK_SERIES_START);
        task->recurrence.start = start && task_time_parse(start, &time) ? time : task_date(task);
    }
    else
        task->recurrence.type = ITEM_RECURRENCE_NONE;
    /* also beside a rule that is not shown: another one in its place must not come to mean them */
    task->recurrence.regenerate = task_number(task, TASK_REGENERATE, 1);
    task->recurrence.dead_occur = task_number(task, TASK_DEAD_OCCUR, 255);
}

/* The digits of COUNT in the first rule; NULL. */
static const char *task_count(const task_t *task)
{
    item_property_t *property = item_property_first(task->todo, "RRULE");
    const char *p = property ? item_property_value(property) : NULL;

    for (; p; p = strchr(p, ';')) {
        p += *p == ';';
        if (strncasecmp(p, "COUNT=", 6) == 0)
            return p + 6;
    }
    return NULL;
}

int task_recurrence_count(const task_t *task)
{
    const char *count = task_count(task);

    return count ? atoi(count) : 0;
}

void task_recurrence_count_set(task_t *task, int count)
{
    item_property_t *property = item_property_first(task->todo, "RRULE");
    const char *rule = item_property_value(property), *digits = task_count(task);

    item_property_set_value(property,
                            apr_psprintf(task->pool, "%.*s%d%s", (int)(digits - rule), rule, count,
                                         digits + strspn(digits, "0123456789")));
}

int task_recurrence_same(const task_t *task, const item_recurrence_t *a, const item_recurrence_t *b)
{
    item_recurrence_origin_t origin;

    if (a->type == ITEM_RECURRENCE_NONE || b->type == ITEM_RECURRENCE_NONE)
        return a->type == b->type;
    return task_origin(task, &origin) && item_recurrence_same(a, b, &origin, task->pool);
}

/* Is it nothing but the number of occurrences that differs? */
static int task_recurrence_is_counted(const task_t *task, const item_recurrence_t *recurrence)
{
    item_recurrence_t other = *recurrence;

    other.occurrences = task->recurrence.occurrences;
    return recurrence->occurrences && other.occurrences && task_count(task) &&
           task_recurrence_same(task, &other, &task->recurrence);
}

/* A number that is 0 in its absence. */
static void task_number_set(task_t *task, const char *name, int shown, int number)
{
    if ((number > 0 ? number : 0) != (shown > 0 ? shown : 0))
        item_component_set_text(task->todo, name, number > 0 ? apr_itoa(task->pool, number) : NULL);
}

static void task_start_set(task_t *task, const struct icaltimetype *start)
{
    struct icaltimetype own = task_date(task);
    const char *text = NULL;

    if (task->recurrence.type != ITEM_RECURRENCE_NONE &&
        item_ical_naive(start) == item_ical_naive(&task->recurrence.start))
        return;
    if (item_ical_naive(start) != item_ical_naive(&own))
        text = apr_psprintf(task->pool, "%04d%02d%02dT%02d%02d%02d", start->year, start->month,
                            start->day, start->hour, start->minute, start->second);
    item_component_set_text(task->todo, TASK_SERIES_START, text);
}

/* CalendarType of one whose months are Gregorian; nothing of the rule says it. */
static void task_calendar_set(task_t *task, const item_recurrence_t *recurrence)
{
    item_property_t *rule = item_property_first(task->todo, "RRULE");

    if (recurrence->calendar_type != task->recurrence.calendar_type)
        item_property_set_parameter(rule, ITEM_RECURRENCE_PARAMETER,
                                    item_recurrence_to_parameter(recurrence, task->pool));
}

void task_recurrence_set(task_t *task, const item_recurrence_t *recurrence)
{
    static const char *const dates[] = {"RDATE", "EXDATE", "EXRULE"};
    int recurs = recurrence->type != ITEM_RECURRENCE_NONE;
    item_recurrence_origin_t origin;
    item_property_t *property;
    const char *rule;
    size_t i;

    if (!recurs && task->recurrence.type == ITEM_RECURRENCE_NONE)
        return; /* a rule that no pattern says stays */
    task_number_set(task, TASK_REGENERATE, task->recurrence.regenerate,
                    recurs ? recurrence->regenerate : 0);
    task_number_set(task, TASK_DEAD_OCCUR, task->recurrence.dead_occur,
                    recurs ? recurrence->dead_occur : 0);
    if (!recurs || !task_origin(task, &origin)) {
        item_component_set_text(task->todo, TASK_SERIES_START, NULL);
        item_component_set_text(task->todo, "RRULE", NULL);
        for (i = 0; i < sizeof dates / sizeof *dates; i++)
            item_component_set_text(task->todo, dates[i], NULL);
        return;
    }
    task_start_set(task, &recurrence->start);
    if (task_recurrence_same(task, recurrence, &task->recurrence)) {
        if (recurrence->calendar_type >= 0)
            task_calendar_set(task, recurrence);
        return;
    }
    if (task_recurrence_is_counted(task, recurrence)) {
        task_recurrence_count_set(task, recurrence->occurrences);
        return;
    }
    rule = item_recurrence_to_rule(recurrence, &origin, task->pool);
    property = item_property_first(task->todo, "RRULE");
    if (property && item_property_next(property)) { /* several, as no pattern says */
        item_component_set_text(task->todo, "RRULE", NULL);
        property = NULL;
    }
    if (property)
        item_property_set_value(property, rule);
    else
        item_property_add(task->todo, NULL, "RRULE", rule);
    task_calendar_set(task, recurrence);
}
