/* Recurrence and Exceptions of a client. A rule that means what the client was shown stays as it is
 * written; that is also how rules that EAS cannot say survive. */
#include "item/event_impl.h"

#include <stdlib.h>
#include <string.h>
#include <apr_strings.h>

#include "base/text.h"
#include "base/time.h"

#define EVENT_PLACES_MAX 100000 /* 273 years of days */

static void event_remove_all(item_component_t *event, const char *name)
{
    item_component_set_text(event, name, NULL);
}

static item_component_t *event_instance(const item_event_source_t *source, int i)
{
    return APR_ARRAY_IDX(source->instances, i, item_component_t *);
}

static void event_drop_instance(item_event_source_t *source, int i)
{
    item_component_t **all = (item_component_t **)source->instances->elts;

    item_component_remove(all[i]);
    memmove(all + i, all + i + 1, (size_t)(--source->instances->nelts - i) * sizeof *all);
}

/* -- the rule --------------------------------------------------------------------------------- */

/* Everything that makes it a series, or of what was one. */
static void event_end_series(item_event_edit_t *edit)
{
    static const char *const names[] = {"RRULE", "RDATE", "EXDATE", "EXRULE"};
    size_t i;

    for (i = 0; i < sizeof names / sizeof *names; i++)
        event_remove_all(edit->event, names[i]);
    while (edit->source->instances->nelts)
        event_drop_instance(edit->source, 0);
}

/* The occurrences by the rules from the first exception to the last one. */
typedef struct {
    apr_time_t from, to;
    apr_array_header_t *found; /* item_occurrence_t, in order */
    int whole;
} event_places_t;

static void event_places_widen(event_places_t *places, const item_series_t *series,
                               const struct icaltimetype *place)
{
    apr_time_t when = item_clock_to_utc(series->clock, place);

    places->from = when < places->from ? when : places->from;
    places->to = when >= places->to ? when + 1 : places->to;
}

/* All at once: there may be thousands of exceptions, and rules that take long. */
static void event_places_load(const item_event_edit_t *edit, const item_series_t *series,
                              event_places_t *places)
{
    item_series_t rules = *series;
    struct icaltimetype place;
    int i;

    *places = (event_places_t){.from = APR_INT64_MAX, .to = APR_INT64_MIN};
    for (i = 0; i < series->exceptions->nelts; i++) {
        place = item_event_series_normal(series,
                                         APR_ARRAY_IDX(series->exceptions, i, struct icaltimetype));
        event_places_widen(places, series, &place);
    }
    for (i = 0; i < edit->source->instances->nelts; i++)
        if (item_event_series_of(edit->source, series, event_instance(edit->source, i), &place))
            event_places_widen(places, series, &place);
    rules.exceptions = NULL;
    places->whole = item_series_expand(&rules, places->from, places->to, EVENT_PLACES_MAX,
                                       &places->found, edit->pool);
}

static int event_compare_when(const void *key, const void *element)
{
    const apr_time_t *when = key;
    const item_occurrence_t *one = element;

    return (*when > one->when) - (*when < one->when);
}

/* What could not be worked out stays. */
static int event_places_have(const event_places_t *places, const item_series_t *series,
                             const struct icaltimetype *place)
{
    apr_time_t when = item_clock_to_utc(series->clock, place);

    return !places->whole || when < places->from || when >= places->to ||
           bsearch(&when, places->found->elts, (size_t)places->found->nelts,
                   sizeof(item_occurrence_t), event_compare_when);
}

/* Which of the EXDATEs go: one, or (place NULL) those that exclude nothing any more. */
typedef struct {
    const item_series_t *series;
    const struct icaltimetype *place;
    const event_places_t *places;
} event_exclusions_t;

/* What is no time stays. */
static int event_exclusion_goes(const item_event_edit_t *edit, const event_exclusions_t *these,
                                item_property_t *property, const char *text)
{
    struct icaltimetype place;

    if (!item_event_series_place(edit->source, these->series, property, text, &place))
        return 0;
    return these->place ? item_ical_naive(&place) == item_ical_naive(these->place)
                        : !event_places_have(these->places, these->series, &place);
}

/* A list keeps the rest as it is written; it may be very long. */
static void event_drop_exclusions(item_event_edit_t *edit, const event_exclusions_t *these)
{
    item_property_t *property, *next;
    apr_pool_t *pool;

    apr_pool_create(&pool, edit->pool);
    for (property = item_property_first(edit->source->series, "EXDATE"); property;
         property = next) {
        char *list = apr_pstrdup(pool, item_property_value(property)), *state, *one;
        base_text_buffer_t rest = {.pool = pool};
        int gone = 0;

        next = item_property_next(property);
        for (one = apr_strtok(list, ", ", &state); one; one = apr_strtok(NULL, ", ", &state))
            if (event_exclusion_goes(edit, these, property, one))
                gone = 1;
            else
                base_text_buffer_printf(&rest, "%s%s", rest.length ? "," : "", one);
        if (gone && !rest.length)
            item_property_remove(property);
        else if (gone)
            item_property_set_value(property, apr_pstrdup(edit->pool, rest.data));
        apr_pool_clear(pool);
    }
    apr_pool_destroy(pool);
}

/* Another rule, or other times: instances whose place is none any more go. From 16.0 on all of them do
 * (R2114, R2180, R2202). */
static void event_fit_exceptions(item_event_edit_t *edit)
{
    item_event_source_t *source = edit->source;
    struct icaltimetype place;
    event_places_t places;
    item_series_t series;
    int i, all = edit->change->version >= EAS_VERSION_16_0;

    edit->unlike |= source->instances->nelts || item_property_first(edit->event, "EXDATE");
    if (all)
        event_remove_all(edit->event, "EXDATE");
    if (!item_event_rules_load(source, &series, edit->pool))
        return;
    event_places_load(edit, &series, &places);
    event_drop_exclusions(edit, &(event_exclusions_t){.series = &series, .places = &places});
    for (i = source->instances->nelts - 1; i >= 0; i--)
        if (all || !item_event_series_of(source, &series, event_instance(source, i), &place) ||
            !event_places_have(&places, &series, &place))
            event_drop_instance(source, i);
}

/* Is a moment of the day that is the last one anyway? A client that moves a series says when the last one
 * began before it did. */
static int event_is_last_day(const item_event_series_t *shown, apr_time_t when)
{
    const item_clock_t *clock = shown->origin.clock;
    struct icaltimetype last =
        item_clock_to_local(clock, item_clock_to_utc(clock, &shown->pattern.until));
    struct icaltimetype end = item_clock_to_local(clock, when), first = last;

    first.hour = shown->origin.start.hour;
    first.minute = shown->origin.start.minute;
    first.second = shown->origin.start.second;
    return !shown->origin.start.is_date && last.year == end.year && last.month == end.month &&
           last.day == end.day && item_ical_naive(&last) >= item_ical_naive(&first);
}

/* What a client says less of than it was shown: up to 14.0 it does not know the first day of the week;
 * a midnight in UTC is no day when it comes back. */
static void event_keep_shown(const item_event_edit_t *edit, const eas_node_t *node,
                             item_recurrence_t *wanted)
{
    const item_event_series_t *shown = edit->shown;
    const char *text = eas_node_child_text(node, EAS_Calendar_Until);
    apr_time_t when;

    if (shown && wanted->first_day_of_week < 0)
        wanted->first_day_of_week = shown->pattern.first_day_of_week;
    if (shown && wanted->calendar_type < 0 && wanted->type == shown->pattern.type &&
        wanted->month_of_year == shown->pattern.month_of_year) {
        wanted->calendar_type = shown->pattern.calendar_type;
        wanted->leap_month = shown->pattern.leap_month;
    }
    if (!shown || icaltime_is_null_time(shown->pattern.until) || shown->pattern.until.is_date ||
        !text || !item_event_time_parse(text, &when))
        return;
    if (when == item_clock_to_utc(shown->origin.clock, &shown->pattern.until) ||
        event_is_last_day(shown, when))
        wanted->until = shown->pattern.until;
}

/* Is it the pattern that the client has? What was made up for a window ends where it ended then. */
static int event_same_pattern(const item_event_edit_t *edit, const item_recurrence_t *wanted)
{
    const item_event_series_t *shown = edit->shown;

    if (!shown)
        return 0;
    if (shown->manner == ITEM_EVENT_EXACT)
        return item_recurrence_same(&shown->pattern, wanted, &shown->origin, edit->pool);
    return (shown->pattern.type == wanted->type ||
            (wanted->type == ITEM_RECURRENCE_DAILY && !wanted->day_of_week &&
             shown->pattern.day_of_week == 127)) &&
           shown->pattern.interval == wanted->interval &&
           (shown->pattern.day_of_week == wanted->day_of_week ||
            shown->pattern.day_of_week == 127) &&
           (wanted->occurrences || !icaltime_is_null_time(wanted->until));
}

static void event_set_rule(item_event_edit_t *edit, const item_recurrence_t *wanted,
                           const item_recurrence_origin_t *origin)
{
    item_property_t *first, *second;
    const char *rule = item_recurrence_to_rule(wanted, origin, edit->pool);

    event_remove_all(edit->event, "RDATE");
    event_remove_all(edit->event, "EXRULE");
    first = item_property_first(edit->event, "RRULE");
    while (first && (second = item_property_next(first)))
        item_property_remove(second);
    if (first)
        item_property_set_value(first, rule);
    else
        first = item_property_add(edit->event, NULL, "RRULE", rule);
    item_property_set_parameter(first, ITEM_RECURRENCE_PARAMETER,
                                item_recurrence_to_parameter(wanted, edit->pool));
}

/* The same days by the name of another calendar. */
static void event_set_calendar(const item_event_edit_t *edit, const item_recurrence_t *wanted)
{
    if (edit->shown->manner == ITEM_EVENT_EXACT && wanted->calendar_type >= 0 &&
        wanted->calendar_type != edit->shown->pattern.calendar_type)
        item_property_set_parameter(item_property_first(edit->event, "RRULE"),
                                    ITEM_RECURRENCE_PARAMETER,
                                    item_recurrence_to_parameter(wanted, edit->pool));
}

/* Up to 14.1 a Change that says when the event is says it all (MS-ASCMD R879): without Recurrence it is
 * no series any more. */
static int event_is_single(const item_event_edit_t *edit)
{
    return edit->change->version < EAS_VERSION_16_0 && edit->shown &&
           eas_node_child(edit->data, EAS_Calendar_StartTime) &&
           eas_node_child(edit->data, EAS_Calendar_EndTime);
}

base_fault_t *item_event_store_recurrence(item_event_edit_t *edit, int moved)
{
    const eas_node_t *node = eas_node_child(edit->data, EAS_Calendar_Recurrence);
    item_recurrence_origin_t origin, written;
    item_recurrence_t wanted = {.type = ITEM_RECURRENCE_NONE};
    item_event_times_t times;

    if (!edit->source->series) { /* an instance by itself: the rule is its organizer's */
        edit->unlike |= node != NULL;
        return NULL;
    }
    BASE_TRY(item_event_times_load(edit->source, edit->event, &times));
    origin.start = times.start;
    origin.clock =
        times.all_day && edit->change->version >= EAS_VERSION_16_0 ? &item_clock_utc : times.clock;
    if (node)
        BASE_TRY(
            item_recurrence_read(node, ITEM_RECURRENCE_CALENDAR, &origin, &wanted, edit->pool));
    event_keep_shown(edit, node, &wanted);
    if (node ? wanted.type == ITEM_RECURRENCE_NONE : event_is_single(edit)) {
        if (edit->shown)
            event_end_series(edit);
        return NULL;
    }
    if (!node || event_same_pattern(edit, &wanted)) {
        if (node)
            event_set_calendar(edit, &wanted);
        if (moved && edit->shown && !edit->is_new) {
            item_event_move_series(edit, 1);
            event_fit_exceptions(edit);
        }
        return NULL;
    }
    written = (item_recurrence_origin_t){.start = item_event_as_written(edit->source, times.start),
                                         .clock = times.midnights ? times.clock : origin.clock};
    if (!item_event_tzid(edit->event))
        written.start.zone = icaltimezone_get_utc_timezone();
    event_set_rule(edit, &wanted, &written);
    if (moved && edit->shown && !edit->is_new)
        item_event_move_series(edit, 0);
    event_fit_exceptions(edit);
    return NULL;
}

/* -- one occurrence --------------------------------------------------------------------------- */

static int event_find_instance(const item_event_edit_t *edit, const item_series_t *series,
                               const struct icaltimetype *place)
{
    struct icaltimetype own;
    int i;

    for (i = 0; i < edit->source->instances->nelts; i++)
        if (item_event_series_of(edit->source, series, event_instance(edit->source, i), &own) &&
            item_ical_naive(&own) == item_ical_naive(place))
            return i;
    return -1;
}

static int event_is_excluded(const item_series_t *series, const struct icaltimetype *place)
{
    int i;

    for (i = 0; series->exceptions && i < series->exceptions->nelts; i++) {
        struct icaltimetype one = item_event_series_normal(
            series, APR_ARRAY_IDX(series->exceptions, i, struct icaltimetype));

        if (item_ical_naive(&one) == item_ical_naive(place))
            return 1;
    }
    return 0;
}

void item_event_include(item_event_edit_t *edit, const item_series_t *series,
                        const struct icaltimetype *place)
{
    if (event_is_excluded(series, place))
        event_drop_exclusions(edit, &(event_exclusions_t){.series = series, .place = place});
}

void item_event_drop_from(item_event_edit_t *edit, const item_series_t *series,
                          const struct icaltimetype *place)
{
    struct icaltimetype own;
    int i;

    for (i = edit->source->instances->nelts - 1; i >= 0; i--)
        if (item_event_series_of(edit->source, series, event_instance(edit->source, i), &own) &&
            item_ical_naive(&own) >= item_ical_naive(place))
            event_drop_instance(edit->source, i);
}

void item_event_exclude(item_event_edit_t *edit, const item_series_t *series,
                        const struct icaltimetype *place)
{
    int i = event_find_instance(edit, series, place);
    item_component_t *event = edit->source->series;
    item_property_t *property;

    if (i >= 0 && item_event_is_range(event_instance(edit->source, i))) {
        item_event_single_out(edit, series, place);
        i = event_find_instance(edit, series, place);
    }
    if (i >= 0)
        event_drop_instance(edit->source, i);
    if (event_is_excluded(series, place))
        return;
    property = item_property_add(event, NULL, "EXDATE", "");
    item_event_property_time(property, item_event_as_written(edit->source, *place), series->clock,
                             item_event_tzid(event), edit->pool);
}

/* A copy of the series at its place, which the client then changes. */
static item_component_t *event_make_instance(item_event_edit_t *edit, const item_series_t *series,
                                             struct icaltimetype place)
{
    static const char *const without[] = {"RRULE", "RDATE", "EXDATE", "EXRULE", "DURATION", NULL};
    item_event_source_t *source = edit->source;
    item_component_t *instance = item_component_copy(source->calendar, source->series, without);
    const char *tzid = item_event_tzid(source->series);
    struct icaltimetype start = item_event_as_written(source, place), end = place;
    item_event_times_t times;

    if (!item_event_times_load(source, source->series, &times)) {
        if (place.is_date)
            end = item_event_as_written(
                source, item_event_time_shift(end, item_ical_naive(&times.end) -
                                                       item_ical_naive(&times.start)));
        else
            end = item_clock_to_local(series->clock, item_clock_to_utc(series->clock, &place) +
                                                         (times.to - times.from));
        item_event_time_write(instance, "RECURRENCE-ID", start, series->clock, tzid, edit->pool);
        item_event_time_write(instance, "DTSTART", start, series->clock, tzid, edit->pool);
        item_event_time_write(instance, "DTEND", end, series->clock, tzid, edit->pool);
    }
    APR_ARRAY_PUSH(source->instances, item_component_t *) = instance;
    return instance;
}

item_component_t *item_event_occurrence(item_event_edit_t *edit, const item_series_t *series,
                                        struct icaltimetype place)
{
    int i = event_find_instance(edit, series, &place);
    item_component_t *single;

    if (i >= 0 && !item_event_is_range(event_instance(edit->source, i)))
        return event_instance(edit->source, i);
    item_event_include(edit, series, &place);
    single = item_event_single_out(edit, series, &place);
    return single ? single : event_make_instance(edit, series, place);
}

static base_fault_t *event_store_occurrence(item_event_edit_t *edit, const item_series_t *series,
                                            struct icaltimetype place, const eas_node_t *data)
{
    item_event_edit_t own = *edit;
    const char *schedule;
    int moved;

    own.data = data;
    own.inherited = edit->source->series;
    own.is_new = 0;
    own.shown = NULL;
    own.event = item_event_occurrence(edit, series, place);
    schedule = item_event_schedule(own.event, edit->pool);
    BASE_TRY(item_event_store_times(&own, &moved));
    BASE_TRY(item_event_store_all(&own));
    if (item_document_is_changed(edit->source->document))
        item_event_mark(&own, schedule);
    return NULL;
}

/* -- Exceptions ------------------------------------------------------------------------------- */

/* What is excluded now, for those that follow. */
static void event_note_exclusion(item_event_series_t *series, const struct icaltimetype *place,
                                 int excluded)
{
    apr_array_header_t *list = series->series.exceptions;
    int i, n = 0;

    if (excluded) {
        APR_ARRAY_PUSH(list, struct icaltimetype) = *place;
        return;
    }
    for (i = 0; i < list->nelts; i++) {
        struct icaltimetype one =
            item_event_series_normal(&series->series, APR_ARRAY_IDX(list, i, struct icaltimetype));

        if (item_ical_naive(&one) != item_ical_naive(place))
            APR_ARRAY_IDX(list, n++, struct icaltimetype) =
                APR_ARRAY_IDX(list, i, struct icaltimetype);
    }
    list->nelts = n;
}

static base_fault_t *event_store_exception(item_event_edit_t *edit, item_event_series_t *series,
                                           const eas_node_t *node)
{
    const char *place_text = eas_node_child_text(node, EAS_Calendar_ExceptionStartTime);
    struct icaltimetype place;
    base_fault_t *fault;
    int deleted;

    BASE_TRY(item_event_number(edit, eas_node_child(node, EAS_Calendar_Deleted), 1, 0, &deleted));
    fault = item_event_series_find(edit->source, series, place_text, edit->change->version, &place);
    /* the client has its exceptions of an earlier pattern still */
    if (base_fault_code(fault) == BASE_FAULT_NOT_FOUND) {
        edit->unlike = 1;
        return NULL;
    }
    BASE_TRY(fault);
    if (!item_document_fits(edit->source->document)) /* each may be a copy of the whole series */
        return base_fault_make(edit->pool, BASE_FAULT_TOO_LARGE, "event: too many exceptions");
    if (deleted)
        item_event_exclude(edit, &series->series, &place);
    else
        BASE_TRY(event_store_occurrence(edit, &series->series, place, node));
    event_note_exclusion(series, &place, deleted);
    return NULL;
}

/* Does a client say nothing of an occurrence that was only moved to be shown but what it was shown?
 * Start and end where it was, all else as the series has it. */
static int event_is_as_shown(const item_event_edit_t *edit, const item_event_exception_t *one,
                             const eas_node_t *node)
{
    const item_clock_t *clock = edit->shown->clock;
    item_event_value_t values[ITEM_EVENT_COUNT];
    item_event_view_t view;
    const eas_node_t *child;
    apr_time_t when;
    int i;

    if (item_event_view_init(edit->source, edit->event, &edit->options, NULL, &view, edit->pool) ||
        item_event_values_load(&view, values))
        return 0;
    item_event_series_times(edit->shown, &view.times);
    for (i = 0; i < ITEM_EVENT_COUNT; i++) {
        apr_time_t wanted = item_clock_to_utc(clock, &one->local);

        child = eas_node_child(node, item_event_property_tag(i));
        if (!child || i == ITEM_EVENT_stamp)
            continue;
        wanted += i == ITEM_EVENT_end ? view.times.to - view.times.from : 0;
        if (i == ITEM_EVENT_start || i == ITEM_EVENT_end
                ? !item_event_time_parse(child->text, &when) || when != wanted
                : child->first || strcmp(child->text, values[i].text ? values[i].text : "") != 0)
            return 0;
    }
    return 1;
}

/* One that comes back as the client was shown it, where EAS has no words for the rule: nothing is made
 * of it. */
static int event_is_shown(const item_event_edit_t *edit, const eas_node_t *node)
{
    const char *text = eas_node_child_text(node, EAS_Calendar_ExceptionStartTime);
    const char *deleted = eas_node_child_text(node, EAS_Calendar_Deleted);
    apr_time_t when;
    int i;

    if (!edit->shown || edit->shown->manner == ITEM_EVENT_EXACT || !text ||
        !item_event_time_parse(text, &when))
        return 0;
    for (i = 0; i < edit->shown->exceptions->nelts; i++) {
        const item_event_exception_t *one =
            &APR_ARRAY_IDX(edit->shown->exceptions, i, item_event_exception_t);

        if (item_clock_to_utc(edit->shown->clock, &one->shown) != when)
            continue;
        if (deleted && strcmp(deleted, "0") != 0)
            return one->deleted;
        return !one->deleted && !one->instance && event_is_as_shown(edit, one, node);
    }
    return 0;
}

base_fault_t *item_event_store_exceptions(item_event_edit_t *edit)
{
    const eas_node_t *node =
        eas_node_child(eas_node_child(edit->data, EAS_Calendar_Exceptions), EAS_Calendar_Exception);
    item_event_series_t *series;
    int n = 0;

    if (!node || edit->change->version >= EAS_VERSION_16_0) /* R2112 */
        return NULL;
    /* as the client has it, by what it says of the whole */
    BASE_TRY(item_event_series_load(edit->source, &edit->options, &series, edit->pool));
    if (!series)
        return item_event_invalid(edit, "exceptions of what does not recur");
    for (; node; node = eas_node_next(node)) {
        if (++n > 4 * ITEM_EVENT_EXCEPTIONS_MAX)
            return item_event_invalid(edit, "too many exceptions");
        if (!event_is_shown(edit, node))
            BASE_TRY(event_store_exception(edit, series, node));
    }
    return NULL;
}

base_fault_t *item_event_store_instance(item_event_edit_t *edit)
{
    const item_change_t *change = edit->change;
    const char *schedule = item_event_schedule(edit->event, edit->pool);
    item_event_series_t *series;
    struct icaltimetype place;

    if (change->version < EAS_VERSION_16_0)
        return item_event_invalid(edit, "InstanceId before 16.0");
    BASE_TRY(item_event_series_load(edit->source, &edit->options, &series, edit->pool));
    if (!series)
        return item_event_invalid(edit, "an occurrence of what does not recur");
    BASE_TRY(
        item_event_series_find(edit->source, series, change->instance, change->version, &place));
    edit->unlike = series->manner == ITEM_EVENT_MOVED; /* its places may be others now */
    if (change->data)
        return event_store_occurrence(edit, &series->series, place, change->data);
    item_event_exclude(edit, &series->series, &place);
    if (item_document_is_changed(edit->source->document))
        item_event_mark(edit, schedule);
    return NULL;
}
