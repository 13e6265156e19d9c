/* ReminderSet and ReminderTime (MS-ASTASK 2.2.2.22, 2.2.2.23) and VALARM (RFC 5545 3.6.6). A phone has
 * one reminder, a VTODO any number of alarms: the phone's is the one that it made or moved, else the one
 * that goes off first. */
#include "item/task_impl.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <apr_strings.h>

#include "base/time.h"

/* Of the VTODO: the trigger of the alarm that is left when the phone took away another one. It shows none
 * then, so that a reminder that was turned off does not come back as the next. */
#define TASK_REMINDER_OFF TASK_X "REMINDER-OFF"
/* Of a VALARM beside others: it is the phone's. */
#define TASK_REMINDER TASK_X "REMINDER"
#define TASK_ALARM_MAX (3650 * BASE_TIME_DAY) /* of a relative one */

typedef struct {
    item_component_t *component; /* NULL: there is none */
    item_property_t *trigger;
    int is_relative;
    const task_time_t *anchor; /* of a relative one */
    apr_time_t when;
} task_alarm_t;

/* -- reading --------------------------------------------------------------------------------- */

/* What a relative trigger counts from: as RELATED says; in its absence what there is. */
static const task_time_t *task_alarm_anchor(const task_t *task, item_property_t *trigger)
{
    const char *related = item_property_parameter(trigger, "RELATED");
    int end = related && strcasecmp(related, "END") == 0;
    const task_time_t *first = end ? &task->due : &task->start;
    const task_time_t *second = end ? &task->start : &task->due;

    return first->present ? first : second->present ? second : NULL;
}

static int task_alarm_is_reminder(item_component_t *alarm)
{
    const char *action = item_component_text(alarm, "ACTION");

    return !action || strcasecmp(action, "DISPLAY") == 0 || strcasecmp(action, "AUDIO") == 0;
}

/* 0: nobody can say when it goes off. */
static int task_alarm_read(const task_t *task, item_component_t *component, task_alarm_t *alarm)
{
    struct icaltimetype time;
    const char *value;
    apr_time_t length;

    memset(alarm, 0, sizeof *alarm);
    alarm->component = component;
    alarm->trigger = item_property_first(component, "TRIGGER");
    if (!alarm->trigger || !task_alarm_is_reminder(component))
        return 0;
    value = item_property_value(alarm->trigger);
    if (task_time_parse(value, &time)) {
        alarm->when = item_ical_naive(&time); /* UTC, says RFC 5545 */
        return !time.is_date;
    }
    alarm->anchor = task_alarm_anchor(task, alarm->trigger);
    if (!alarm->anchor || !task_duration_parse(value, &length))
        return 0;
    alarm->is_relative = 1;
    alarm->when = alarm->anchor->utc + length;
    return 1;
}

/* *others: whether there are more. */
static task_alarm_t task_alarm_find(const task_t *task, int *others)
{
    task_alarm_t best = {0}, alarm;
    item_component_t *component;
    int marked = 0;

    *others = 0;
    for (component = item_component_first(task->todo, "VALARM"); component;
         component = item_component_next(component)) {
        int mark = item_component_text(component, TASK_REMINDER) != NULL;

        if (!task_alarm_read(task, component, &alarm))
            continue;
        *others |= best.component != NULL;
        if (!best.component || mark > marked || (mark == marked && alarm.when < best.when)) {
            best = alarm;
            marked = mark;
        }
    }
    return best;
}

static int task_alarm_is_off(const task_t *task, const task_alarm_t *alarm)
{
    const char *off = item_component_text(task->todo, TASK_REMINDER_OFF);

    return off && strcmp(off, item_property_value(alarm->trigger)) == 0;
}

void task_alarm_show(task_t *task)
{
    int others, set;
    task_alarm_t alarm = task_alarm_find(task, &others);

    set = alarm.component && !task_alarm_is_off(task, &alarm);
    task->values[TASK_Tasks_ReminderSet] = set ? "1" : "0";
    task->values[TASK_Tasks_ReminderTime] =
        set ? base_time_format_dashed(alarm.when, task->pool) : "";
}

/* -- writing --------------------------------------------------------------------------------- */

static void task_alarm_remove(task_t *task, item_component_t *component)
{
    task_alarm_t next;
    int others;

    item_component_remove(component);
    next = task_alarm_find(task, &others);
    if (next.component)
        item_component_set_text(task->todo, TASK_REMINDER_OFF, item_property_value(next.trigger));
}

static void task_alarm_add(task_t *task, const char *subject, task_alarm_t *alarm)
{
    memset(alarm, 0, sizeof *alarm);
    alarm->component = item_component_add(task->todo, "VALARM");
    alarm->trigger = item_property_add(alarm->component, NULL, "TRIGGER", "");
    item_property_add(alarm->component, NULL, "ACTION", "DISPLAY");
    item_property_set_text(item_property_add(alarm->component, NULL, "DESCRIPTION", ""),
                           *subject ? subject : "Reminder");
}

/* libical's form of a duration */
static const char *task_alarm_duration(apr_time_t length, apr_pool_t *pool)
{
    char *text = icaldurationtype_as_ical_string_r(
        icaldurationtype_from_int((int)(length / APR_USEC_PER_SEC)));
    const char *copy = apr_pstrdup(pool, text);

    free(text);
    return copy;
}

/* One that counts from a moment that is known goes on to do so, and moves along with the task. */
static void task_alarm_move(task_t *task, task_alarm_t *alarm, apr_time_t when)
{
    apr_time_t length = alarm->is_relative ? when - alarm->anchor->utc : 0;

    if (alarm->is_relative && alarm->anchor->is_known && llabs(length) < TASK_ALARM_MAX) {
        item_property_set_value(alarm->trigger, task_alarm_duration(length, task->pool));
        return;
    }
    item_property_set_value(alarm->trigger, base_time_format_compact(when, task->pool));
    item_property_set_parameter(alarm->trigger, "VALUE", "DATE-TIME");
    item_property_set_parameter(alarm->trigger, "RELATED", NULL);
}

void task_alarm_set(task_t *task, const char *when, const char *subject)
{
    int others, shown = strcmp(task->values[TASK_Tasks_ReminderSet], "1") == 0;
    task_alarm_t alarm = task_alarm_find(task, &others);
    apr_time_t moment;

    if (!*when || !base_time_parse(when, &moment)) {
        if (shown)
            task_alarm_remove(task, alarm.component);
        return;
    }
    if (!shown) {
        others = alarm.component != NULL;
        task_alarm_add(task, subject, &alarm);
    }
    task_alarm_move(task, &alarm, moment);
    item_component_set_text(task->todo, TASK_REMINDER_OFF, NULL);
    if (others)
        item_component_set_text(alarm.component, TASK_REMINDER, "1");
}
