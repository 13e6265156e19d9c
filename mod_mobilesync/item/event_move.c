/* A series that is moved as a whole: what else names its places moves along by the same step of the wall
 * clock. */
#include "item/event_impl.h"

#include <string.h>
#include <strings.h>
#include <apr_strings.h>

#include "base/text.h"
#include "base/time.h"

static struct icaltimetype move_place(const item_event_move_t *move, struct icaltimetype place)
{
    place.is_date = 0;
    place.zone = NULL;
    return item_event_series_normal(&move->to, item_event_time_shift(place, move->by));
}

/* Are its places others than they were? Else it may be longer, no more. */
static int move_is_other(const item_event_move_t *move)
{
    return move->by || move->from->start.is_date != move->to.start.is_date ||
           strcmp(item_clock_tzid(move->from->clock), item_clock_tzid(move->to.clock)) != 0;
}

/* Written as the start is. */
static void move_write(const item_event_move_t *move, item_property_t *property,
                       struct icaltimetype place)
{
    const item_event_source_t *source = move->edit->source;

    item_event_property_time(property, item_event_as_written(source, place), move->to.clock,
                             item_event_tzid(source->series), move->edit->pool);
}

static void move_write_named(const item_event_move_t *move, item_component_t *event,
                             const char *name, struct icaltimetype place)
{
    item_property_t *property = item_property_first(event, name);

    move_write(move, property ? property : item_property_add(event, NULL, name, ""), place);
}

/* -- lists -------------------------------------------------------------------------------------- */

/* The end of a period: how long it is says it as well after it is moved. 0: it is none. */
static int move_period(const item_event_move_t *move, item_property_t *property, const char *start,
                       const char *end, const char **text)
{
    const item_event_source_t *source = move->edit->source;
    struct icaltimetype from, to;
    const item_clock_t *clock;
    apr_time_t length;

    *text = end;
    if (*end == 'P')
        return 1;
    if (!item_event_time_read_text(source, property, start, &from, &clock) || from.is_date ||
        !item_event_time_read_text(source, property, end, &to, &clock) || to.is_date)
        return 0;
    length = item_clock_to_utc(clock, &to) - item_clock_to_utc(clock, &from);
    *text = apr_psprintf(move->edit->pool, "PT%" APR_INT64_T_FMT "S", apr_time_sec(length));
    return length >= 0;
}

/* One element, appended. 0: it is no time. */
static int move_element(const item_event_move_t *move, item_property_t *property, char *one,
                        item_property_t *scratch, base_text_buffer_t *list)
{
    char *slash = strchr(one, '/');
    struct icaltimetype place;
    const char *end = NULL;

    if (slash)
        *slash = '\0';
    if (slash && !move_period(move, property, one, slash + 1, &end))
        return 0;
    if (!item_event_series_place(move->edit->source, move->from, property, one, &place))
        return 0;
    place = move_place(move, place);
    move_write(move, scratch, place);
    base_text_buffer_printf(list, "%s%s", list->length ? "," : "", item_property_value(scratch));
    if (end && !item_event_as_written(move->edit->source, place).is_date)
        base_text_buffer_printf(list, "/%s", end);
    return 1;
}

/* What is no time stays, with all that is on its line. */
static void move_list(const item_event_move_t *move, item_property_t *property)
{
    item_event_edit_t *edit = move->edit;
    char *words = apr_pstrdup(edit->pool, item_property_value(property)), *state, *one;
    base_text_buffer_t list = {.pool = edit->pool};
    item_property_t *scratch = item_property_copy(edit->event, property);
    int periods = strchr(words, '/') != NULL, good = 1;

    for (one = apr_strtok(words, ", ", &state); one && good; one = apr_strtok(NULL, ", ", &state))
        good = move_element(move, property, one, scratch, &list);
    item_property_remove(scratch);
    if (!good || !list.length)
        return;
    move_write(move, property, move->to.start);
    item_property_set_value(property, list.data);
    if (periods && strchr(list.data, '/'))
        item_property_set_parameter(property, "VALUE", "PERIOD");
}

static void move_lists(const item_event_move_t *move, const char *name)
{
    item_property_t *property = item_property_first(move->edit->event, name), *last = property;
    item_property_t *next;

    /* scratch copies come behind the last one */
    for (; (next = last ? item_property_next(last) : NULL); last = next)
        ;
    for (; property; property = next) {
        next = property == last ? NULL : item_property_next(property);
        move_list(move, property);
    }
}

/* -- instances ---------------------------------------------------------------------------------- */

/* Is it where the series has it? */
static int move_is_there(const item_event_move_t *move, const item_event_times_t *times,
                         const struct icaltimetype *place)
{
    if (times->all_day || place->is_date)
        return times->all_day == place->is_date &&
               item_ical_naive(&times->start) == item_ical_naive(place);
    return times->from == item_clock_to_utc(move->from->clock, place);
}

static apr_time_t move_length(const item_event_times_t *times)
{
    return times->all_day ? item_ical_naive(&times->end) - item_ical_naive(&times->start)
                          : times->to - times->from;
}

/* As long as it was, or as the series is now where it was as long as that. */
static void move_times(const item_event_move_t *move, item_component_t *instance,
                       const item_event_times_t *times, const struct icaltimetype *place)
{
    const item_event_source_t *source = move->edit->source;
    const item_event_times_t *before = &move->edit->before;
    struct icaltimetype end;
    item_event_times_t series;
    apr_time_t length = move_length(times);

    if (item_event_times_load(source, source->series, &series))
        return;
    if (length == move_length(before) || series.all_day != times->all_day)
        length = move_length(&series);
    if (place->is_date)
        end = item_event_time_shift(*place, length);
    else
        end =
            item_clock_to_local(move->to.clock, item_clock_to_utc(move->to.clock, place) + length);
    item_component_set_text(instance, "DURATION", NULL);
    move_write_named(move, instance, "DTSTART", *place);
    move_write_named(move, instance, "DTEND", end);
    if (item_property_first(source->series, "X-MICROSOFT-CDO-ALLDAYEVENT") ||
        item_property_first(instance, "X-MICROSOFT-CDO-ALLDAYEVENT"))
        item_component_set_text(instance, "X-MICROSOFT-CDO-ALLDAYEVENT",
                                series.all_day ? "TRUE" : "FALSE");
}

static void move_instance(const item_event_move_t *move, item_component_t *instance)
{
    item_event_edit_t own = *move->edit;
    const char *schedule = item_event_schedule(instance, own.pool);
    struct icaltimetype place, later;
    item_event_times_t times;

    if (!item_event_series_of(own.source, move->from, instance, &place) ||
        item_event_times_load(own.source, instance, &times))
        return;
    later = move_place(move, place);
    if (move_is_other(move))
        move_write_named(move, instance, "RECURRENCE-ID", later);
    if (!move_is_there(move, &times, &place))
        return;
    move_times(move, instance, &times, &later);
    own.event = instance;
    own.inherited = own.source->series;
    item_event_mark(&own, schedule);
}

/* Do those that a step of whole days does not take out of the series stay? Who begins every day a day later
 * has the same holidays still. */
static int move_may_stay(const item_event_move_t *move)
{
    const item_event_source_t *source = move->edit->source;
    struct icaltimetype place;
    item_series_t rules = move->to;
    int i, n = rules.exceptions ? rules.exceptions->nelts : 0;

    if (n + source->instances->nelts > ITEM_EVENT_EXCEPTIONS_MAX || /* it takes long */
        move->by % BASE_TIME_DAY || move->from->start.is_date != move->to.start.is_date ||
        strcmp(item_clock_tzid(move->from->clock), item_clock_tzid(move->to.clock)) != 0)
        return 0;
    for (i = 0; i < n + source->instances->nelts; i++) {
        if (i < n)
            place = item_event_series_normal(
                &move->to, APR_ARRAY_IDX(rules.exceptions, i, struct icaltimetype));
        else if (!item_event_series_of(source, &move->to,
                                       APR_ARRAY_IDX(source->instances, i - n, item_component_t *),
                                       &place))
            continue;
        if (item_ical_naive(&place) >= item_ical_naive(&move->to.start) &&
            !item_series_has(&rules, item_clock_to_utc(rules.clock, &place), move->edit->pool))
            return 0;
    }
    return 1;
}

static void move_exceptions(item_event_move_t *move)
{
    item_event_source_t *source = move->edit->source;
    int i;

    if (!item_event_rules_load(source, &move->to, move->edit->pool)) /* with its new rules */
        return;
    if (move_is_other(move)) {
        if (move_may_stay(move))
            return;
        move_lists(move, "EXDATE");
    }
    for (i = 0; i < source->instances->nelts; i++)
        move_instance(move, APR_ARRAY_IDX(source->instances, i, item_component_t *));
}

/* -- the whole ---------------------------------------------------------------------------------- */

void item_event_move_series(item_event_edit_t *edit, int rules)
{
    item_event_move_t move = {.edit = edit, .from = &edit->shown->series};

    if (!item_event_rules_load(edit->source, &move.to, edit->pool))
        return;
    move.by = item_ical_naive(&move.to.start) - item_ical_naive(&move.from->start);
    if (rules && move_is_other(&move)) {
        item_event_move_rules(&move);
        move_lists(&move, "RDATE");
    }
    if (edit->change->version < EAS_VERSION_16_0) /* R2114 */
        move_exceptions(&move);
}
