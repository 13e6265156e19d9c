/* A series as a component says it. */
#include "item/series.h"

#include <string.h>
#include <apr_hash.h>
#include <apr_strings.h>

#include "item/date.h"
#include "item/rule.h"

/* What is being read. */
typedef struct {
    item_component_t *calendar, *component;
    const item_clock_t *own;
    apr_hash_t *clocks; /* those that were found, by TZID */
    item_series_t *series;
    apr_pool_t *pool;
} series_source_t;

/* The clock of a property's times; one that nobody knows is taken for none. */
static const item_clock_t *series_clock(const series_source_t *source, const char *tzid)
{
    const item_clock_t *clock =
        tzid ? apr_hash_get(source->clocks, tzid, APR_HASH_KEY_STRING) : source->own;

    if (clock)
        return clock;
    clock = item_clock_find(source->calendar, tzid, source->pool);
    clock = clock ? clock : source->own;
    apr_hash_set(source->clocks, tzid, APR_HASH_KEY_STRING, clock);
    return clock;
}

static int series_load_start(series_source_t *source)
{
    item_property_t *property = item_property_first(source->component, "DTSTART");
    item_series_t *series = source->series;

    if (!property) /* of a task, programs leave it out */
        property = item_property_first(source->component, "DUE");
    if (!property || !item_ical_time(item_property_value(property), &series->start))
        return 0;
    series->clock = series_clock(source, item_property_parameter(property, "TZID"));
    if (icaltime_is_utc(series->start))
        series->clock = &item_clock_utc;
    else if (series->start.is_date)
        series->clock = source->own;
    return 1;
}

/* A time of another zone than the start's is told in UTC. */
static void series_push_time(const series_source_t *source, const item_clock_t *clock,
                             const char *text, apr_array_header_t *times)
{
    struct icaltimetype time;

    if (times->nelts >= ITEM_SERIES_DATES_MAX || !item_ical_time(text, &time))
        return;
    if (clock != source->series->clock && !time.is_date && !icaltime_is_utc(time)) {
        time = item_clock_to_local(&item_clock_utc, item_clock_to_utc(clock, &time));
        time.zone = icaltimezone_get_utc_timezone();
    }
    APR_ARRAY_PUSH(times, struct icaltimetype) = time;
}

/* RDATE or EXDATE: lists of dates, times, and periods, of which the begin counts here. */
static apr_array_header_t *series_load_times(const series_source_t *source, const char *name)
{
    item_property_t *property = item_property_first(source->component, name);
    apr_array_header_t *times = apr_array_make(source->pool, 4, sizeof(struct icaltimetype));

    for (; property; property = item_property_next(property)) {
        const item_clock_t *clock = series_clock(source, item_property_parameter(property, "TZID"));
        char *list = apr_pstrdup(source->pool, item_property_value(property)), *state, *word;

        for (word = apr_strtok(list, ", ", &state); word; word = apr_strtok(NULL, ", ", &state)) {
            word[strcspn(word, "/")] = '\0';
            series_push_time(source, clock, word, times);
        }
    }
    return times;
}

/* RRULE or EXRULE. */
static apr_array_header_t *series_load_rules(const series_source_t *source, const char *name)
{
    item_property_t *property = item_property_first(source->component, name);
    struct icalrecurrencetype rule;
    apr_array_header_t *rules = apr_array_make(source->pool, 1, sizeof rule);

    for (; property; property = item_property_next(property))
        if (rules->nelts < ITEM_SERIES_RULES_MAX &&
            item_rule_parse(item_property_value(property), &rule))
            APR_ARRAY_PUSH(rules, struct icalrecurrencetype) = rule;
        else
            source->series->refused++;
    return rules;
}

int item_series_load(item_component_t *calendar, item_component_t *component,
                     const item_clock_t *own, item_series_t *series, apr_pool_t *pool)
{
    series_source_t source = {calendar, component, own, apr_hash_make(pool), series, pool};

    *series = (item_series_t){.clock = own};
    if (!series_load_start(&source))
        return 0;
    series->rules = series_load_rules(&source, "RRULE");
    if (item_property_first(component, "RRULE"))
        series->parameter = item_property_parameter(item_property_first(component, "RRULE"),
                                                    ITEM_RECURRENCE_PARAMETER);
    series->exclusions = series_load_rules(&source, "EXRULE");
    series->dates = series_load_times(&source, "RDATE");
    series->exceptions = series_load_times(&source, "EXDATE");
    return 1;
}
