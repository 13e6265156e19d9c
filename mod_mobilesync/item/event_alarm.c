/* Reminder: of the alarms of an event the first that is shown or heard, before or at its start. What
 * Reminder cannot say (alarms after the start, before the end, by mail) stays as it is. */
#include "item/event_impl.h"

#include <string.h>
#include <strings.h>
#include <stdlib.h>
#include <apr_strings.h>

#define EVENT_REMINDER_MAX (10 * 366 * 1440) /* minutes */

/* Minutes before the start; -1: it is none that a phone is told. */
static int event_alarm_minutes(const item_event_source_t *source, const item_event_times_t *times,
                               item_component_t *alarm)
{
    item_property_t *trigger = item_property_first(alarm, "TRIGGER");
    const char *action = item_component_text(alarm, "ACTION");
    const char *type = trigger ? item_property_parameter(trigger, "VALUE") : NULL;
    struct icaldurationtype duration;
    struct icaltimetype time;
    const item_clock_t *clock;
    long long seconds;

    if (!trigger || (action && strcasecmp(action, "DISPLAY") && strcasecmp(action, "AUDIO")))
        return -1;
    if (type && strcasecmp(type, "DATE-TIME") == 0) {
        if (!item_event_time_read(source, trigger, &time, &clock))
            return -1;
        seconds = apr_time_sec(times->from - item_clock_to_utc(clock, &time));
    }
    else {
        const char *related = item_property_parameter(trigger, "RELATED");

        duration = icaldurationtype_from_string(item_property_value(trigger));
        if (icaldurationtype_is_bad_duration(duration))
            return -1;
        seconds = (duration.weeks * 7LL + duration.days) * 86400 + duration.hours * 3600LL +
                  duration.minutes * 60LL + duration.seconds;
        seconds = duration.is_neg ? seconds : -seconds;
        if (related && strcasecmp(related, "END") == 0)
            seconds -= apr_time_sec(times->to - times->from);
    }
    return seconds < 0 || seconds / 60 > EVENT_REMINDER_MAX ? -1 : (int)(seconds / 60);
}

static item_component_t *event_alarm(const item_event_source_t *source, item_component_t *event,
                                     const item_event_times_t *times, int *minutes)
{
    item_component_t *alarm;

    for (alarm = item_component_first(event, "VALARM"); alarm; alarm = item_component_next(alarm))
        if ((*minutes = event_alarm_minutes(source, times, alarm)) >= 0)
            return alarm;
    return NULL;
}

base_fault_t *item_event_load_reminder(const item_event_view_t *view, item_event_value_t *value)
{
    item_event_times_t times; /* not those of a window */
    int minutes;

    BASE_TRY(item_event_times_load(view->source, view->event, &times));
    if (event_alarm(view->source, view->event, &times, &minutes))
        value->text = apr_itoa(view->pool, minutes);
    return NULL;
}

static void event_alarm_add(item_event_edit_t *edit, const char *trigger)
{
    item_component_t *alarm = item_component_add(edit->event, "VALARM");
    const char *subject = item_component_text(edit->event, "SUMMARY");

    item_component_set_text(alarm, "ACTION", "DISPLAY");
    item_component_set_text(alarm, "DESCRIPTION", subject && *subject ? subject : "Reminder");
    item_property_add(alarm, NULL, "TRIGGER", trigger);
}

static void event_alarm_set(item_component_t *alarm, const char *trigger)
{
    item_property_t *property = item_property_first(alarm, "TRIGGER");

    item_property_set_parameter(property, "VALUE", NULL);
    item_property_set_parameter(property, "RELATED", NULL);
    item_property_set_parameter(property, "TZID", NULL);
    item_property_set_value(property, trigger);
}

/* No reminder: none of those goes off that a phone could be told. */
base_fault_t *item_event_store_reminder(item_event_edit_t *edit, const eas_node_t *node)
{
    item_event_times_t times;
    item_component_t *alarm;
    int present, value;
    const char *trigger;

    BASE_TRY(item_event_number(edit, node, EVENT_REMINDER_MAX, -1, &value));
    BASE_TRY(item_event_times_load(edit->source, edit->event, &times));
    alarm = event_alarm(edit->source, edit->event, &times, &present);
    if (value < 0) {
        for (; alarm; alarm = event_alarm(edit->source, edit->event, &times, &present))
            item_component_remove(alarm);
        return NULL;
    }
    if (alarm && present == value)
        return NULL;
    trigger = value ? apr_psprintf(edit->pool, "-PT%dM", value) : "PT0S";
    if (alarm)
        event_alarm_set(alarm, trigger);
    else
        event_alarm_add(edit, trigger);
    return NULL;
}
