/* A series that is moved: its rules come along. Where they name hours, minutes or seconds, the occurrences
 * would stay; and an end would come before the last one. */
#include "item/event_impl.h"

#include <string.h>
#include <strings.h>
#include <apr_strings.h>

#include "base/text.h"
#include "base/time.h"
#include "item/date.h"
#include "item/rule.h"

/* -- the text of a rule ------------------------------------------------------------------------- */

void item_event_rule_set(item_property_t *rule, const char *name, const char *value,
                         apr_pool_t *pool)
{
    char *parts = apr_pstrdup(pool, item_property_value(rule)), *state, *one;
    base_text_buffer_t text = {.pool = pool};
    size_t length = strlen(name);
    int done = 0;

    for (one = apr_strtok(parts, ";", &state); one; one = apr_strtok(NULL, ";", &state)) {
        int same = strncasecmp(one, name, length) == 0 && one[length] == '=';

        if (same && (done || !value))
            continue;
        done |= same;
        base_text_buffer_printf(&text, "%s%s%s%s", text.length ? ";" : "", same ? name : one,
                                same ? "=" : "", same ? value : "");
    }
    if (value && !done)
        base_text_buffer_printf(&text, "%s%s=%s", text.length ? ";" : "", name, value);
    item_property_set_value(rule, text.data ? text.data : "");
}

/* -- times of day ------------------------------------------------------------------------------- */

enum { MOVE_HOUR, MOVE_MINUTE, MOVE_SECOND, MOVE_UNITS };

static const struct {
    const char *name;
    int seconds, count;
} move_units[MOVE_UNITS] = {{"BYHOUR", 3600, 24}, {"BYMINUTE", 60, 60}, {"BYSECOND", 1, 60}};

/* The times of day of a rule are all combinations of some hours, minutes and seconds. */
typedef struct {
    char has[MOVE_UNITS][60];
    int listed[MOVE_UNITS]; /* the rule has a list of them */
} move_times_t;

static void move_load_unit(move_times_t *times, int unit, const short *list, int size, int own,
                           int all)
{
    int i, n = item_rule_count(list, size);

    times->listed[unit] = n > 0;
    for (i = 0; i < n; i++)
        if (list[i] >= 0 && list[i] < move_units[unit].count)
            times->has[unit][list[i]] = 1;
    if (!n && all)
        memset(times->has[unit], 1, (size_t)move_units[unit].count);
    else if (!n)
        times->has[unit][own] = 1;
}

static void move_load_times(move_times_t *times, const struct icalrecurrencetype *rule,
                            const struct icaltimetype *start)
{
    icalrecurrencetype_frequency freq = rule->freq;
    int seconds = freq == ICAL_SECONDLY_RECURRENCE;
    int minutes = seconds || freq == ICAL_MINUTELY_RECURRENCE;

    memset(times, 0, sizeof *times);
    move_load_unit(times, MOVE_HOUR, rule->by_hour, ICAL_BY_HOUR_SIZE, start->hour,
                   minutes || freq == ICAL_HOURLY_RECURRENCE);
    move_load_unit(times, MOVE_MINUTE, rule->by_minute, ICAL_BY_MINUTE_SIZE, start->minute,
                   minutes);
    move_load_unit(times, MOVE_SECOND, rule->by_second, ICAL_BY_SECOND_SIZE, start->second,
                   seconds);
}

/* May a time of day become one of the next or of the last? Only where all days are alike. */
static int move_may_wrap(const struct icalrecurrencetype *rule)
{
    return (rule->freq == ICAL_DAILY_RECURRENCE || rule->freq == ICAL_HOURLY_RECURRENCE ||
            rule->freq == ICAL_MINUTELY_RECURRENCE || rule->freq == ICAL_SECONDLY_RECURRENCE) &&
           rule->interval <= 1 && rule->count <= 0 &&
           !item_rule_count(rule->by_day, ICAL_BY_DAY_SIZE) &&
           !item_rule_count(rule->by_month_day, ICAL_BY_MONTHDAY_SIZE) &&
           !item_rule_count(rule->by_year_day, ICAL_BY_YEARDAY_SIZE) &&
           !item_rule_count(rule->by_week_no, ICAL_BY_WEEKNO_SIZE) &&
           !item_rule_count(rule->by_month, ICAL_BY_MONTH_SIZE) &&
           !item_rule_count(rule->by_set_pos, ICAL_BY_SETPOS_SIZE);
}

static int move_count(const move_times_t *times, int unit)
{
    int i, n = 0;

    for (i = 0; i < move_units[unit].count; i++)
        n += times->has[unit][i];
    return n;
}

/* Each a number of seconds later. 0: lists cannot say that. */
static int move_shift_times(const move_times_t *from, int by, int wrap, move_times_t *to,
                            apr_pool_t *pool)
{
    char *day = apr_pcalloc(pool, ITEM_DATE_DAY);
    int at, later, count = 0, unit, product = 1;

    memcpy(to->listed, from->listed, sizeof to->listed);
    memset(to->has, 0, sizeof to->has);
    for (at = 0; at < ITEM_DATE_DAY; at++) {
        if (!from->has[MOVE_HOUR][at / 3600] || !from->has[MOVE_MINUTE][at / 60 % 60] ||
            !from->has[MOVE_SECOND][at % 60])
            continue;
        later = at + by;
        if ((later < 0 || later >= ITEM_DATE_DAY) && !wrap)
            return 0;
        later = (later + ITEM_DATE_DAY) % ITEM_DATE_DAY;
        count += !day[later];
        day[later] = 1;
        to->has[MOVE_HOUR][later / 3600] = 1;
        to->has[MOVE_MINUTE][later / 60 % 60] = 1;
        to->has[MOVE_SECOND][later % 60] = 1;
    }
    for (unit = 0; unit < MOVE_UNITS; unit++)
        product *= move_count(to, unit);
    return product == count;
}

static void move_write_times(const move_times_t *times, item_property_t *rule, apr_pool_t *pool)
{
    int unit, i;

    for (unit = 0; unit < MOVE_UNITS; unit++) {
        base_text_buffer_t text = {.pool = pool};

        for (i = 0; i < move_units[unit].count && times->listed[unit]; i++)
            if (times->has[unit][i])
                base_text_buffer_printf(&text, "%s%d", text.length ? "," : "", i);
        if (text.length)
            item_event_rule_set(rule, move_units[unit].name, text.data, pool);
    }
}

static int move_time_of_day(const struct icaltimetype *time)
{
    return time->hour * 3600 + time->minute * 60 + time->second;
}

/* 0: it stays where it was. */
static int move_rule_times(const item_event_move_t *move, item_property_t *property,
                           const struct icalrecurrencetype *rule)
{
    int by = move_time_of_day(&move->to.start) - move_time_of_day(&move->from->start);
    apr_pool_t *pool = move->edit->pool;
    move_times_t times, moved;

    move_load_times(&times, rule, &move->from->start);
    if (!by || move->from->start.is_date || move->to.start.is_date ||
        !(times.listed[MOVE_HOUR] || times.listed[MOVE_MINUTE] || times.listed[MOVE_SECOND]))
        return 1;
    /* within days, those of every second hour are no combinations */
    if ((rule->freq == ICAL_HOURLY_RECURRENCE || rule->freq == ICAL_MINUTELY_RECURRENCE ||
         rule->freq == ICAL_SECONDLY_RECURRENCE) &&
        rule->interval > 1)
        return 0;
    if (!move_shift_times(&times, by, move_may_wrap(rule), &moved, pool))
        return 0;
    move_write_times(&moved, property, pool);
    return 1;
}

/* -- the end ------------------------------------------------------------------------------------ */

/* UNTIL is of the type of the start (RFC 5545 3.3.10). */
static const char *move_until_text(const item_event_move_t *move, struct icaltimetype until)
{
    apr_pool_t *pool = move->edit->pool;
    const char *tzid = item_event_tzid(move->edit->source->series);
    struct icaltimetype written = item_event_as_written(move->edit->source, move->to.start);

    if (written.is_date)
        return apr_psprintf(pool, "%04d%02d%02d", until.year, until.month, until.day);
    if (until.is_date && !move->to.start.is_date) { /* all of that day */
        until.hour = 23;
        until.minute = until.second = 59;
    }
    until.is_date = 0;
    if (tzid && !*tzid)
        return apr_psprintf(pool, "%04d%02d%02dT%02d%02d%02d", until.year, until.month, until.day,
                            until.hour, until.minute, until.second);
    return base_time_format_compact(item_clock_to_utc(move->to.clock, &until), pool);
}

/* The last occurrence stays the last one; where the client says on which day that is, on that day. */
static void move_until(const item_event_move_t *move, item_property_t *property,
                       const struct icalrecurrencetype *rule)
{
    const item_series_t *from = move->from;
    struct icaltimetype until = rule->until, start = from->start, later = move->to.start;
    int said = eas_node_child(eas_node_child(move->edit->data, EAS_Calendar_Recurrence),
                              EAS_Calendar_Until) != NULL;
    apr_time_t by = move->by;

    if (icaltime_is_null_time(until))
        return;
    if (icaltime_is_utc(until) && !icaltime_is_utc(from->start))
        until = item_clock_to_local(from->clock, item_clock_to_utc(&item_clock_utc, &until));
    until.zone = NULL;
    if (from->start.is_date)
        until = item_date_day_of(until);
    if (until.is_date && !said) {
        start = item_date_day_of(start);
        later = item_date_day_of(later);
        by = item_ical_naive(&later) - item_ical_naive(&start);
    }
    else if (said)
        by = until.is_date ? 0
                           : apr_time_from_sec(move_time_of_day(&later) - move_time_of_day(&start));
    item_event_rule_set(property, "UNTIL", move_until_text(move, item_event_time_shift(until, by)),
                        move->edit->pool);
}

/* -- all of them -------------------------------------------------------------------------------- */

void item_event_move_rules(const item_event_move_t *move)
{
    static const char *const names[] = {"RRULE", "EXRULE"};
    struct icalrecurrencetype rule;
    item_property_t *property;
    size_t i;

    for (i = 0; i < sizeof names / sizeof *names; i++)
        for (property = item_property_first(move->edit->event, names[i]); property;
             property = item_property_next(property)) {
            if (!item_rule_parse(item_property_value(property), &rule))
                continue;
            move->edit->unlike |= !move_rule_times(move, property, &rule);
            move_until(move, property, &rule);
        }
}
