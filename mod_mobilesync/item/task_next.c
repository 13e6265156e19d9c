/* The next one of a recurring task, when one is done. The VTODO itself goes on, as the clients of
 * CalDAV do it: its dates move, the number of those that are left goes down. */
#include "item/task_impl.h"

#include <string.h>

#include "base/time.h"
#include "item/rule.h"
#include "item/series.h"

/* By its rule; 0: there are no more. */
static int task_next_occurrence(const task_t *task, apr_time_t *length)
{
    item_recurrence_origin_t origin;
    item_series_t series;
    apr_array_header_t *found;
    struct icalrecurrencetype rule;
    const item_occurrence_t *next;

    if (!task_origin(task, &origin))
        return 0;
    if (!item_series_load(item_document_root(task->document), task->todo, &item_clock_utc, &series,
                          task->pool)) { /* it has a DUE alone */
        series = (item_series_t){.start = origin.start, .clock = origin.clock};
        if (!item_rule_parse(item_property_value(item_property_first(task->todo, "RRULE")), &rule))
            return 0;
        series.rules = apr_array_make(task->pool, 1, sizeof rule);
        APR_ARRAY_PUSH(series.rules, struct icalrecurrencetype) = rule;
    }
    item_series_expand(&series, item_clock_to_utc(origin.clock, &origin.start) + 1, APR_INT64_MAX,
                       1, &found, task->pool);
    if (!found->nelts)
        return 0;
    next = &APR_ARRAY_IDX(found, 0, item_occurrence_t);
    *length = item_ical_naive(&next->local) - item_ical_naive(&origin.start);
    return 1;
}

/* Regenerate (MS-ASTASK 2.2.2.21): some time after it was done, not after it was due. */
static int task_next_regenerated(const task_t *task, apr_time_t done, apr_time_t *length)
{
    const task_time_t *time = task->start.present ? &task->start : &task->due;
    struct icaltimetype day = task_time_of(base_time_day_start(done + time->local - time->utc));
    int interval = task->recurrence.interval;

    switch (task->recurrence.type) {
    case ITEM_RECURRENCE_DAILY:
    case ITEM_RECURRENCE_NONE:
        day.day += interval;
        break;
    case ITEM_RECURRENCE_WEEKLY:
        day.day += 7 * interval;
        break;
    case ITEM_RECURRENCE_MONTHLY:
    case ITEM_RECURRENCE_MONTHLY_NTH:
        day.month += interval;
        break;
    case ITEM_RECURRENCE_YEARLY:
    case ITEM_RECURRENCE_YEARLY_NTH:
        day.year += interval;
        break;
    }
    if (day.day <= 28 || task->recurrence.type < ITEM_RECURRENCE_MONTHLY)
        day = icaltime_normalize(day);
    else { /* the last day of a shorter month */
        int wanted = day.day;

        day.day = 1;
        day = icaltime_normalize(day);
        day.day = icaltime_days_in_month(day.month, day.year);
        day.day = wanted < day.day ? wanted : day.day;
    }
    *length = item_ical_naive(&day) - base_time_day_start(time->local);
    return task->recurrence.occurrences != 1 &&
           (icaltime_is_null_time(task->recurrence.until) ||
            item_ical_naive(&day) <= item_ical_naive(&task->recurrence.until));
}

int task_next(task_t *task, apr_time_t done)
{
    const char *reminder = task->values[TASK_Tasks_ReminderTime];
    apr_time_t length, when;
    int regenerates =
        task->recurrence.type != ITEM_RECURRENCE_NONE && task->recurrence.regenerate > 0;

    if (regenerates ? !task_next_regenerated(task, done, &length)
                    : !task_next_occurrence(task, &length))
        return 0;
    task_time_move(task, "DTSTART", length);
    task_time_move(task, "DUE", length);
    if (task_recurrence_count(task) > 1)
        task_recurrence_count_set(task, task_recurrence_count(task) - 1);
    item_component_set_text(task->todo, TASK_SERIES_START, NULL);
    item_component_set_text(task->todo, "PERCENT-COMPLETE", NULL);
    if (item_property_first(task->todo, "STATUS"))
        item_component_set_text(task->todo, "STATUS", "NEEDS-ACTION");
    task_show(task);
    /* one that counts from the dates has moved along (MS-OXOTASK 3.1.4.8) */
    if (*reminder && strcmp(reminder, task->values[TASK_Tasks_ReminderTime]) == 0 &&
        base_time_parse(reminder, &when))
        task_alarm_set(task, base_time_format_dashed(when + length, task->pool), "");
    return 1;
}
