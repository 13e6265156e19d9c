/* DTSTART and DUE of a VTODO as the twins of EAS (MS-ASTASK 2.2.2.12, 2.2.2.26, 2.2.2.31, 2.2.2.32).
 *
 *   iCalendar                    local twin          UTC twin
 *   DATE                         that day at 00:00   by the offset kept, or the calendar's own clock
 *   DATE-TIME, floating          as it stands        the same
 *   DATE-TIME with TZID          as it stands        by the zone
 *   DATE-TIME in UTC             as the others' UTC  as it stands
 *
 * The offset is a parameter of the property: what a client's twins differed by, as only the client knows
 * the user's zone. Where nothing says it the twins are the same. */
#include "item/task_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "base/time.h"

#define TASK_OFFSET TASK_X "OFFSET"
#define TASK_OFFSET_MAX (14 * 3600) /* seconds; no zone is farther from UTC */

/* -- parsing and formatting ------------------------------------------------------------------ */

static int task_digits(const char *text, int count)
{
    int number = 0;

    while (count-- > 0)
        number = number * 10 + *text++ - '0';
    return number;
}

int task_time_parse(const char *text, struct icaltimetype *time)
{
    static const char form[] = "00000000T000000";
    size_t i, length = strspn(text, "0123456789TZ");
    int utc = length == 16 && text[15] == 'Z';

    if (text[length] || (length != 8 && length != 15 && !utc))
        return 0;
    for (i = 0; i < length - (size_t)utc; i++)
        if (form[i] == 'T' ? text[i] != 'T' : !apr_isdigit(text[i]))
            return 0;
    *time = icaltime_null_time();
    time->year = task_digits(text, 4);
    time->month = task_digits(text + 4, 2);
    time->day = task_digits(text + 6, 2);
    time->is_date = length == 8;
    if (length > 8) {
        time->hour = task_digits(text + 9, 2);
        time->minute = task_digits(text + 11, 2);
        time->second = task_digits(text + 13, 2);
    }
    if (utc)
        time->zone = icaltimezone_get_utc_timezone();
    return time->year >= 1601 && time->month >= 1 && time->month <= 12 && time->day >= 1 &&
           time->day <= icaltime_days_in_month(time->month, time->year) && time->hour < 24 &&
           time->minute < 60 && time->second <= 60;
}

struct icaltimetype task_time_of(apr_time_t naive)
{
    struct icaltimetype time = icaltime_null_time();
    apr_time_exp_t t;

    apr_time_exp_gmt(&t, naive);
    time.year = t.tm_year + 1900;
    time.month = t.tm_mon + 1;
    time.day = t.tm_mday;
    time.hour = t.tm_hour;
    time.minute = t.tm_min;
    time.second = t.tm_sec;
    return time;
}

int task_time_is_midnight(apr_time_t local)
{
    return local == base_time_day_start(local);
}

/* "+0100"; 0 when the parameter is none. */
static int task_offset_parse(const char *text, apr_time_t *offset)
{
    int seconds;

    if (!text || (*text != '+' && *text != '-') || strlen(text) != 5 ||
        strspn(text + 1, "0123456789") != 4)
        return 0;
    seconds = task_digits(text + 1, 2) * 3600 + task_digits(text + 3, 2) * 60;
    if (seconds > TASK_OFFSET_MAX)
        return 0;
    *offset = apr_time_from_sec(*text == '-' ? -seconds : seconds);
    return 1;
}

/* NULL when the twins differ by what no zone does; or by nothing, where that is what is read without. */
static const char *task_offset_format(const task_t *task, const task_twins_t *twins)
{
    apr_int64_t seconds = (twins->local - twins->utc) / APR_USEC_PER_SEC;
    int minutes;

    if (!twins->has_local || !twins->has_utc || seconds % 60 || seconds > TASK_OFFSET_MAX ||
        seconds < -TASK_OFFSET_MAX)
        return NULL;
    if (!seconds && !item_clock_own(item_document_root(task->document), task->pool))
        return NULL;
    minutes = abs((int)seconds) / 60;
    return apr_psprintf(task->pool, "%c%02d%02d", seconds < 0 ? '-' : '+', minutes / 60,
                        minutes % 60);
}

/* -- reading --------------------------------------------------------------------------------- */

static const item_clock_t *task_clock(const task_t *task, item_property_t *property)
{
    const char *tzid = item_property_parameter(property, "TZID");

    return tzid ? item_clock_find(item_document_root(task->document), tzid, task->pool) : NULL;
}

/* By the offset that is kept, else by the clock that the calendar has, else not at all. */
static void task_time_relate(const task_t *task, item_property_t *property, task_time_t *time)
{
    const char *text = item_property_parameter(property, TASK_OFFSET);
    const item_clock_t *own = item_clock_own(item_document_root(task->document), task->pool);
    apr_time_t offset = 0;
    struct icaltimetype local;
    int is_kept = task_offset_parse(text, &offset), is_utc = icaltime_is_utc(time->value);

    time->is_known = is_utc || is_kept || own;
    if (is_utc && !is_kept && own) {
        local = item_clock_to_local(own, time->utc);
        time->local = item_ical_naive(&local);
    }
    else if (is_utc)
        time->local += offset;
    else
        time->utc = !is_kept && own ? item_clock_to_utc(own, &time->value) : time->utc - offset;
}

static void task_time_read(const task_t *task, item_property_t *property, task_time_t *time)
{
    struct icaltimetype value;

    memset(time, 0, sizeof *time);
    if (!property || !task_time_parse(item_property_value(property), &value))
        return;
    time->present = 1;
    time->value = value;
    time->local = time->utc = item_ical_naive(&value);
    time->clock = value.is_date || icaltime_is_utc(value) ? NULL : task_clock(task, property);
    if (!time->clock) {
        task_time_relate(task, property, time);
        return;
    }
    time->is_known = 1;
    time->utc = item_clock_to_utc(time->clock, &value);
}

int task_duration_parse(const char *text, apr_time_t *length)
{
    struct icaldurationtype d = icaldurationtype_from_string(text);
    apr_int64_t seconds;

    if (icaldurationtype_is_bad_duration(d))
        return 0;
    seconds = (apr_int64_t)d.weeks * 604800 + (apr_int64_t)d.days * 86400 +
              (apr_int64_t)d.hours * 3600 + (apr_int64_t)d.minutes * 60 + d.seconds;
    if (seconds > TASK_DURATION_MAX)
        return 0;
    *length = apr_time_from_sec(d.is_neg ? -seconds : seconds);
    return 1;
}

/* DTSTART and DURATION are a due date, too (RFC 5545 3.6.2). */
static void task_duration_read(task_t *task)
{
    item_property_t *property = item_property_first(task->todo, "DURATION");
    apr_time_t length;

    if (!property || task->due.present || !task->start.present ||
        !task_duration_parse(item_property_value(property), &length) || length < 0)
        return;
    task->due = task->start;
    task->due.value.is_date = task->start.value.is_date && task_time_is_midnight(length);
    task->due.local += length;
    task->due.utc += length;
}

static const char *task_twin_text(const task_time_t *time, apr_time_t twin, apr_pool_t *pool)
{
    return time->present ? base_time_format_dashed(twin, pool) : "";
}

void task_times_show(task_t *task)
{
    task_time_read(task, item_property_first(task->todo, "DTSTART"), &task->start);
    task_time_read(task, item_property_first(task->todo, "DUE"), &task->due);
    task_duration_read(task);
    task->values[TASK_Tasks_StartDate] =
        task_twin_text(&task->start, task->start.local, task->pool);
    task->values[TASK_Tasks_UtcStartDate] =
        task_twin_text(&task->start, task->start.utc, task->pool);
    task->values[TASK_Tasks_DueDate] = task_twin_text(&task->due, task->due.local, task->pool);
    task->values[TASK_Tasks_UtcDueDate] = task_twin_text(&task->due, task->due.utc, task->pool);
}

/* -- comparing ------------------------------------------------------------------------------- */

int task_time_is(const task_time_t *time, const task_twins_t *twins)
{
    if (!time->present || (!twins->has_local && !twins->has_utc))
        return !time->present && !twins->has_local && !twins->has_utc;
    if ((twins->has_local && twins->local == time->local) ||
        (twins->has_utc && twins->utc == time->utc))
        return 1;
    /* who knows days only, as Outlook does (MS-OXOTASK), sends a time back as its day */
    return twins->has_local && !time->value.is_date && task_time_is_midnight(twins->local) &&
           twins->local == base_time_day_start(time->local);
}

/* -- writing --------------------------------------------------------------------------------- */

static const char *task_time_format(const struct icaltimetype *time, int is_date, int is_utc,
                                    apr_pool_t *pool)
{
    return is_date
               ? apr_psprintf(pool, "%04d%02d%02d", time->year, time->month, time->day)
               : apr_psprintf(pool, "%04d%02d%02dT%02d%02d%02d%s", time->year, time->month,
                              time->day, time->hour, time->minute, time->second, is_utc ? "Z" : "");
}

/* A zone that the property has stays: the time by its clock. */
static struct icaltimetype task_time_zoned(const item_clock_t *clock, const task_twins_t *twins)
{
    return twins->has_utc ? item_clock_to_local(clock, twins->utc) : task_time_of(twins->local);
}

void task_time_set(task_t *task, const char *name, const task_twins_t *twins, int timed, int recurs)
{
    item_property_t *property = item_property_first(task->todo, name);
    const item_clock_t *clock = property ? task_clock(task, property) : NULL;
    task_time_t old;
    apr_time_t local;
    struct icaltimetype time;
    int is_date, is_utc;

    if (!twins->has_local && !twins->has_utc) {
        item_component_set_text(task->todo, name, NULL);
        return;
    }
    task_time_read(task, property, &old);
    /* of a client that sends the moment alone, in the zone that is known */
    local = twins->has_local ? twins->local : twins->utc + (old.local - old.utc);
    is_date = !timed && task_time_is_midnight(local);
    is_utc = !is_date && !clock && !recurs && twins->has_utc;
    time = is_date  ? task_time_of(local)
           : clock  ? task_time_zoned(clock, twins)
           : is_utc ? task_time_of(twins->utc)
                    : task_time_of(local);
    if (!property)
        property = item_property_add(task->todo, NULL, name, "");
    item_property_set_value(property, task_time_format(&time, is_date, is_utc, task->pool));
    item_property_set_parameter(property, "VALUE", is_date ? "DATE" : NULL);
    if (is_date || !clock)
        item_property_set_parameter(property, "TZID", NULL);
    item_property_set_parameter(property, TASK_OFFSET,
                                clock && !is_date ? NULL : task_offset_format(task, twins));
}

void task_time_move(task_t *task, const char *name, apr_time_t length)
{
    item_property_t *property = item_property_first(task->todo, name);
    struct icaltimetype time, moved;

    if (!property || !task_time_parse(item_property_value(property), &time))
        return;
    moved = task_time_of(item_ical_naive(&time) + length);
    item_property_set_value(
        property, task_time_format(&moved, time.is_date, icaltime_is_utc(time), task->pool));
}
