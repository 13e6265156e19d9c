/* When an event is: StartTime, EndTime, AllDayEvent and Timezone of a client. A start, an end or a zone
 * that is what the client was shown stays as it was written. */
#include "item/event_impl.h"

#include <string.h>
#include <strings.h>
#include <apr_strings.h>

#include "base/time.h"
#include "item/date.h"

#define EVENT_HALF_HOUR apr_time_from_sec(1800)

typedef struct {
    item_event_edit_t *edit;
    int known; /* there was a time before */
    item_event_times_t present;
    item_event_times_t seen; /* the same as the client was shown them */
    int all_day;
    int has_from, has_to; /* the client says them */
    apr_time_t from, to;
    struct icaltimetype start, end;
    const item_clock_t *clock;  /* in which it is written */
    const item_clock_t *reckon; /* by which the client has turned its times into moments */
} event_when_t;

/* -- what is wanted --------------------------------------------------------------------------- */

/* "20261224" is one, too: a value that has no time component (R2005). */
int item_event_time_parse(const char *text, apr_time_t *when)
{
    if (strlen(text) == 8 && strspn(text, "0123456789") == 8) {
        char full[] = "00000000T000000Z";

        memcpy(full, text, 8);
        return base_time_parse(full, when);
    }
    if (strlen(text) == 10 && text[4] == '-' && text[7] == '-') {
        char full[] = "0000-00-00T00:00:00Z";

        memcpy(full, text, 10);
        return base_time_parse(full, when);
    }
    return base_time_parse(text, when);
}

static base_fault_t *event_read_time(const event_when_t *when, eas_tag_t tag, int *has,
                                     apr_time_t *time)
{
    const char *text = eas_node_child_text(when->edit->data, tag);

    *has = text && *text;
    if (*has && (!item_event_time_parse(text, time) || *time < apr_time_from_sec(-11000000000LL) ||
                 *time > apr_time_from_sec(70000000000LL)))
        return item_event_invalid(when->edit, "a time that is none");
    return NULL;
}

/* What a new event that does not say it all begins and ends with (MS-ASCAL 3.2.4.4). */
static base_fault_t *event_complete(event_when_t *when)
{
    apr_time_t now = when->edit->change->now;
    apr_time_t rounded = (now + EVENT_HALF_HOUR - 1) / EVENT_HALF_HOUR * EVENT_HALF_HOUR;

    if (when->all_day && when->has_from && !when->has_to)
        when->to = when->from + BASE_TIME_DAY;
    else if (!when->has_from && when->has_to && when->to < rounded)
        return item_event_invalid(when->edit, "it ends before it begins");
    else if (when->has_from && !when->has_to && when->from > now)
        return item_event_invalid(when->edit, "it has a start and no end");
    else if (!when->has_to)
        when->to = rounded + EVENT_HALF_HOUR;
    if (!when->has_from)
        when->from = rounded;
    when->has_from = when->has_to = 1;
    return NULL;
}

static int event_recurs(const event_when_t *when)
{
    return when->edit->shown || eas_node_child(when->edit->data, EAS_Calendar_Recurrence);
}

/* When the rules that a client names hold: those of a series do today. */
static apr_time_t event_zone_moment(const event_when_t *when)
{
    apr_time_t now = when->edit->change->now, from = when->from ? when->from : now;

    return event_recurs(when) && now > from ? now : from;
}

/* The zone that the client names; NULL when it names none, or nonsense. */
static const item_clock_t *event_named_clock(const event_when_t *when, const eas_node_t *data)
{
    const char *blob = eas_node_child_text(data, EAS_Calendar_Timezone);
    apr_pool_t *pool = when->edit->pool;
    const char *hints[3] = {NULL};
    const item_clock_t *clock;
    item_zone_t zone;
    int n = 0;

    if (!blob || !*blob || !item_zone_parse(blob, &zone, pool))
        return NULL;
    if (when->known && item_clock_tzid(when->present.clock))
        hints[n++] = item_clock_tzid(when->present.clock);
    if (item_clock_tzid(when->edit->source->own))
        hints[n] = item_clock_tzid(when->edit->source->own);
    clock = item_clock_match(&zone, event_zone_moment(when), hints, pool);
    if (!clock)
        return item_clock_zone(&zone, pool);
    /* the calendar may have one of its own by that name */
    return item_clock_is_olson(clock)
               ? item_clock_find(when->edit->source->calendar, item_clock_tzid(clock), pool)
               : clock;
}

/* Is it the zone that the client was shown, or one with the same rules? */
static int event_same_zone(const event_when_t *when)
{
    const char *blob = eas_node_child_text(when->edit->data, EAS_Calendar_Timezone);
    item_zone_t zone;

    if (!when->known || !blob)
        return when->known;
    return item_zone_parse(blob, &zone, when->edit->pool) &&
           item_clock_fits(when->seen.clock, &zone, when->seen.from);
}

static void event_choose_clock(event_when_t *when)
{
    const item_clock_t *named;

    when->clock = when->known ? when->present.clock : &item_clock_utc;
    when->reckon = when->known ? when->seen.clock : when->clock;
    if (event_same_zone(when))
        return;
    named = event_named_clock(when, when->edit->data);
    if (!named)
        return;
    /* the same by another object */
    if (when->known && item_clock_tzid(named) && item_clock_tzid(when->present.clock) &&
        strcmp(item_clock_tzid(named), item_clock_tzid(when->present.clock)) == 0)
        return;
    when->clock = when->reckon = named;
}

/* By which a client turned days into moments: the rules that it names, in whichever year. From 16.0 on it
 * names none (R2005); one that does all the same may mean it. */
static const item_clock_t *event_day_clock(const event_when_t *when)
{
    const item_change_t *change = when->edit->change;
    const eas_node_t *const data[] = {when->edit->data, change->data};
    item_zone_t zone;
    int i;

    for (i = 0; i < 2; i++) {
        const char *blob = eas_node_child_text(data[i], EAS_Calendar_Timezone);

        if (blob && item_zone_parse(blob, &zone, when->edit->pool))
            return item_clock_zone(&zone, when->edit->pool);
    }
    if (change->version >= EAS_VERSION_16_0)
        return &item_clock_utc;
    return when->known ? when->seen.clock : when->edit->source->own;
}

/* The day that a client means: at 16.x the date as it stands; before the one that begins at the
 * moment. The one that it was shown stays, also where two days begin at one moment. */
static struct icaltimetype event_day(const event_when_t *when, apr_time_t moment,
                                     const struct icaltimetype *shown)
{
    const item_event_series_t *series = when->edit->shown;

    if (shown->is_date && (!series || series->manner == ITEM_EVENT_EXACT) &&
        when->edit->change->version < EAS_VERSION_16_0 &&
        moment == item_clock_to_utc(when->seen.clock, shown))
        return *shown;
    return item_clock_day(event_day_clock(when), moment);
}

/* Is it a single event from now on? */
static int event_ends_series(const event_when_t *when)
{
    const eas_node_t *recurrence = eas_node_child(when->edit->data, EAS_Calendar_Recurrence);

    if (recurrence)
        return !recurrence->first;
    return when->edit->change->version < EAS_VERSION_16_0 && when->has_from && when->has_to;
}

/* A single event begins where a client says, also when that is the first that it was shown of a series. */
static int event_begins_there(const event_when_t *when)
{
    return when->edit->shown && when->edit->shown->manner != ITEM_EVENT_EXACT &&
           event_ends_series(when);
}

/* How much later than the series begins it was shown to begin: from a window on. */
static apr_time_t event_shown_later(const event_when_t *when)
{
    const item_event_series_t *shown = when->edit->shown;

    return shown && shown->manner != ITEM_EVENT_EXACT
               ? item_ical_naive(&shown->start) - item_ical_naive(&shown->series.start)
               : 0;
}

/* What a client says of a series that it was shown from a window on is about the first there: an
 * occurrence, of whichever window, is where it was; else the series moves by as much. Where the rules
 * do not make that an occurrence, it begins there: a repeat must change nothing. */
static void event_settle_window(event_when_t *when)
{
    const item_event_series_t *shown = when->edit->shown;
    apr_time_t later = event_shown_later(when), wanted;
    item_series_t series;

    if (event_begins_there(when))
        return;
    if (shown && shown->manner == ITEM_EVENT_MOVED) {
        /* where the pattern begins says nothing of the series, which stays */
        when->edit->unlike |= when->has_from && when->from != when->seen.from;
        when->start = when->present.start;
        if (when->all_day)
            when->start.is_date = 1;
        return;
    }
    if (!later || !when->has_from ||
        item_ical_naive(&when->start) == item_ical_naive(&when->present.start))
        return;
    series = shown->series;
    wanted = item_clock_to_utc(series.clock, &when->start);
    if (item_series_has(&series, wanted, when->edit->pool)) {
        when->start = when->present.start;
        return;
    }
    series.start = item_event_time_shift(when->start, -later);
    if (item_series_has(&series, wanted, when->edit->pool))
        when->start = series.start;
}

/* The first day after an end: a time belongs to its day, but for midnight. */
static struct icaltimetype event_day_after(struct icaltimetype end)
{
    int begun = !end.is_date && end.hour * 3600 + end.minute * 60 + end.second;

    end = item_date_day_of(end);
    icaltime_adjust(&end, begun, 0, 0, 0);
    return end;
}

static void event_settle_days(event_when_t *when)
{
    const item_event_times_t *present = &when->present;
    int was = when->known && present->all_day;
    struct icaltimetype zero = icaltime_null_time();
    apr_time_t days;

    when->start = when->has_from ? event_day(when, when->from, &present->start) : present->start;
    when->end = when->has_to                              ? event_day(when, when->to, &present->end)
                : was || (when->known && !when->has_from) ? event_day_after(present->end)
                                                          : zero;
    when->start = item_date_day_of(when->start);
    if (when->has_from && !when->has_to && was) { /* it is moved as a whole */
        when->end = item_event_time_shift(when->start, item_ical_naive(&present->end) -
                                                           item_ical_naive(&present->start));
    }
    if (icaltime_is_null_time(when->end) ||
        item_ical_naive(&when->end) <= item_ical_naive(&when->start)) {
        when->end = when->start;
        icaltime_adjust(&when->end, 1, 0, 0, 0);
    }
    days = item_ical_naive(&when->end) - item_ical_naive(&when->start);
    event_settle_window(when);
    when->end = item_event_time_shift(when->start, days);
}

static base_fault_t *event_settle_times(event_when_t *when)
{
    const item_event_times_t *seen = &when->seen;
    apr_time_t length;

    if (!when->has_from)
        when->from = seen->from;
    if (!when->has_to)
        when->to = when->has_from ? when->from + (seen->to - seen->from) : seen->to;
    if (when->to < when->from)
        return item_event_invalid(when->edit, "it ends before it begins");
    event_choose_clock(when);
    length = when->to - when->from;
    if (when->known && !when->present.all_day && when->clock == when->present.clock &&
        when->from == seen->from && !event_begins_there(when))
        when->start = when->present.start;
    else {
        when->start = item_clock_to_local(when->reckon, when->from);
        event_settle_window(when);
    }
    if (!event_recurs(when) && item_clock_to_utc(when->clock, &when->start) != when->from) {
        /* an hour that is there twice, of which a local time is the first */
        when->clock = &item_clock_utc;
        when->start = item_clock_to_local(when->clock, when->from);
    }
    when->from = item_clock_to_utc(when->clock, &when->start);
    when->to = when->from + length;
    when->end = item_clock_to_local(when->clock, when->to);
    return NULL;
}

/* -- what is written -------------------------------------------------------------------------- */

static const char *event_time_value(const struct icaltimetype *time, const char *suffix,
                                    apr_pool_t *pool)
{
    if (time->is_date)
        return apr_psprintf(pool, "%04d%02d%02d", time->year, time->month, time->day);
    return apr_psprintf(pool, "%04d%02d%02dT%02d%02d%02d%s", time->year, time->month, time->day,
                        time->hour, time->minute, time->second, suffix);
}

static int event_in_utc(const item_clock_t *clock)
{
    return clock == &item_clock_utc || !*item_clock_tzid(clock);
}

void item_event_property_time(item_property_t *property, struct icaltimetype time,
                              const item_clock_t *clock, const char *tzid, apr_pool_t *pool)
{
    item_property_set_parameter(property, "VALUE", time.is_date ? "DATE" : NULL);
    if (time.is_date)
        tzid = NULL;
    else if (!tzid) {
        time = item_clock_to_local(&item_clock_utc, item_clock_to_utc(clock, &time));
        item_property_set_parameter(property, "TZID", NULL);
        item_property_set_value(property, event_time_value(&time, "Z", pool));
        return;
    }
    item_property_set_parameter(property, "TZID", tzid && *tzid ? tzid : NULL);
    item_property_set_value(property, event_time_value(&time, "", pool));
}

void item_event_time_write(item_component_t *event, const char *name, struct icaltimetype time,
                           const item_clock_t *clock, const char *tzid, apr_pool_t *pool)
{
    item_property_t *property = item_property_first(event, name);

    if (!property)
        property = item_property_add(event, NULL, name, "");
    item_event_property_time(property, time, clock, tzid, pool);
}

const char *item_event_tzid(item_component_t *event)
{
    item_property_t *start = item_property_first(event, "DTSTART");
    const char *tzid = item_property_parameter(start, "TZID");

    if (icaltime_is_utc(icaltime_from_string(item_property_value(start))))
        return NULL;
    return tzid ? tzid : "";
}

/* Days that were written as times stay so. */
static int event_has_midnights(const event_when_t *when)
{
    return when->all_day && when->known && when->present.midnights;
}

/* How the start names its zone: as it did, where that stays the same. */
static const char *event_tzid(const event_when_t *when)
{
    if (event_has_midnights(when) || (when->known && !when->present.start.is_date &&
                                      when->clock == when->present.clock && !when->all_day))
        return item_event_tzid(when->edit->event);
    if (when->all_day || event_in_utc(when->clock))
        return NULL;
    item_clock_write(when->clock, when->from, when->edit->source->document, when->edit->pool);
    return item_clock_tzid(when->clock);
}

/* Days have no zone of their own: phones of up to 14.1 are shown them in the calendar's. */
static void event_remember_zone(event_when_t *when)
{
    item_event_source_t *source = when->edit->source;
    const item_clock_t *named = event_named_clock(when, when->edit->data);

    if (!named || !item_clock_is_olson(named) || event_in_utc(named) ||
        item_property_first(source->calendar, "X-WR-TIMEZONE") ||
        item_component_first(source->calendar, "VTIMEZONE"))
        return;
    item_component_set_text(source->calendar, "X-WR-TIMEZONE", item_clock_tzid(named));
    source->own = named;
}

/* Days are counted, whatever their hours. */
static int event_same_length(const event_when_t *when)
{
    const item_event_times_t *present = &when->present;

    if (!when->known || when->all_day != present->all_day)
        return 0;
    return when->all_day ? item_ical_naive(&when->end) - item_ical_naive(&when->start) ==
                               item_ical_naive(&present->end) - item_ical_naive(&present->start)
                         : when->to - when->from == present->to - present->from;
}

static void event_write_end(event_when_t *when, const char *tzid)
{
    item_component_t *event = when->edit->event;
    const item_clock_t *clock = when->clock;

    /* an end that stays may be in a zone of its own */
    if (when->known && !when->all_day && !when->present.all_day &&
        item_property_first(event, "DTEND") && when->to == when->present.to &&
        when->clock == when->present.clock)
        return;
    if (item_property_first(event, "DURATION")) {
        if (event_same_length(when))
            return;
        item_component_set_text(event, "DURATION", NULL);
    }
    if (!when->all_day && !event_recurs(when) &&
        item_clock_to_utc(when->clock, &when->end) != when->to) {
        when->end = item_clock_to_local(&item_clock_utc, when->to); /* as the start */
        tzid = NULL;
        clock = &item_clock_utc;
    }
    item_event_time_write(event, "DTEND", when->end, clock, tzid, when->edit->pool);
}

static void event_write(event_when_t *when)
{
    item_component_t *event = when->edit->event;
    const char *tzid = event_tzid(when);

    if (event_has_midnights(when)) {
        when->clock = when->present.clock;
        when->start.is_date = when->end.is_date = 0;
    }
    else if (when->all_day && when->edit->change->version < EAS_VERSION_16_0)
        event_remember_zone(when);
    item_event_time_write(event, "DTSTART", when->start, when->clock, tzid, when->edit->pool);
    event_write_end(when, tzid);
    if (item_property_first(event, "X-MICROSOFT-CDO-ALLDAYEVENT"))
        item_component_set_text(event, "X-MICROSOFT-CDO-ALLDAYEVENT",
                                when->all_day ? "TRUE" : "FALSE");
}

static int event_is_same(const event_when_t *when)
{
    const item_event_times_t *present = &when->present;

    if (!when->known || when->all_day != present->all_day)
        return 0;
    if (when->all_day)
        return item_ical_naive(&when->start) == item_ical_naive(&present->start) &&
               item_ical_naive(&when->end) == item_ical_naive(&present->end);
    return when->clock == present->clock && when->from == present->from && when->to == present->to;
}

base_fault_t *item_event_store_times(item_event_edit_t *edit, int *moved)
{
    event_when_t when = {.edit = edit, .known = !edit->is_new};
    int all_day;

    *moved = 0;
    if (when.known) {
        BASE_TRY(item_event_times_load(edit->source, edit->event, &when.present));
        when.seen = edit->before = when.present;
        if (edit->shown)
            item_event_series_times(edit->shown, &when.seen);
    }
    BASE_TRY(item_event_number(edit, eas_node_child(edit->data, EAS_Calendar_AllDayEvent), 1, -1,
                               &all_day));
    when.all_day = all_day >= 0 ? all_day : when.known && when.present.all_day;
    BASE_TRY(event_read_time(&when, EAS_Calendar_StartTime, &when.has_from, &when.from));
    BASE_TRY(event_read_time(&when, EAS_Calendar_EndTime, &when.has_to, &when.to));
    if (!when.known)
        BASE_TRY(event_complete(&when));
    if (when.all_day)
        event_settle_days(&when);
    else
        BASE_TRY(event_settle_times(&when));
    if (event_is_same(&when))
        return NULL;
    if (when.all_day) { /* what follows looks at lengths */
        when.from = item_ical_naive(&when.start);
        when.to = item_ical_naive(&when.end);
        when.clock = &item_clock_utc;
    }
    event_write(&when);
    *moved = 1;
    return NULL;
}
