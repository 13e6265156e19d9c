#include "item/zone.h"

#include <string.h>
#include <apr_base64.h>
#include <apr_strings.h>

#define ZONE_BLOB 172
#define ZONE_NAME 32 /* UTF-16 units */

const item_zone_t item_zone_utc = {.name = "UTC", .daylight_name = "UTC"};

/* -- rules of a VTIMEZONE --------------------------------------------------------------------- */

/* The local moment of a change in a year, as if UTC. */
static apr_time_t zone_change(const item_zone_change_t *change, int year)
{
    int day = 1 + (change->weekday -
                   (icaltime_day_of_week(
                        (struct icaltimetype){.year = year, .month = change->month, .day = 1}) -
                    1) +
                   7) %
                      7;
    struct icaltimetype time = {
        .year = year, .month = change->month, .hour = change->hour, .minute = change->minute};

    if (change->first_day)
        while (day < change->first_day)
            day += 7;
    else
        day += (change->week - 1) * 7;
    while (day > icaltime_days_in_month(change->month, year))
        day -= 7;
    time.day = day;
    return item_ical_naive(&time);
}

/* STANDARD or DAYLIGHT of a VTIMEZONE: the one that began last before the time in question. */
typedef struct {
    int found;
    int offset;
    const char *name;
    apr_time_t onset; /* when it began, local, as if UTC */
    int over;         /* it does not come again */
    item_zone_change_t change;
} zone_observance_t;

static int zone_listed(const short *list)
{
    return list[0] != ICAL_RECURRENCE_ARRAY_MAX;
}

/* Which week of the month a rule means: "2SU", "-1SU", or "SU" with BYMONTHDAY=8,9,...,14. */
static int zone_week(const struct icalrecurrencetype *rule)
{
    int position = icalrecurrencetype_day_position(rule->by_day[0]);

    if (position != 0)
        return position > 4 || position == -1 ? 5 : position > 0 ? position : 4;
    if (!zone_listed(rule->by_month_day))
        return 1;
    return rule->by_month_day[0] < 1 || rule->by_month_day[0] > 24
               ? 5
               : (rule->by_month_day[0] - 1) / 7 + 1;
}

static int zone_read_change(const struct icalrecurrencetype *rule, const struct icaltimetype *start,
                            item_zone_change_t *change)
{
    if (rule->freq != ICAL_YEARLY_RECURRENCE || !zone_listed(rule->by_day))
        return 0;
    change->month = zone_listed(rule->by_month) ? rule->by_month[0] : start->month;
    change->weekday = (int)icalrecurrencetype_day_day_of_week(rule->by_day[0]) - 1;
    change->week = zone_week(rule);
    change->hour = start->hour;
    change->minute = start->minute;
    if (zone_listed(rule->by_month_day) && rule->by_month_day[0] > 0)
        change->first_day = rule->by_month_day[0];
    return change->month >= 1 && change->month <= 12 && change->weekday >= 0;
}

/* The last time that a yearly rule began before a moment; by its rule, not by its past. */
static apr_time_t zone_rule_onset(const item_zone_change_t *change, apr_time_t start,
                                  apr_time_t when, int year)
{
    apr_time_t onset = zone_change(change, year);

    if (onset > when)
        onset = zone_change(change, year - 1);
    return onset > start ? onset : start;
}

static void zone_read_dates(icalcomponent *component, apr_time_t when,
                            zone_observance_t *observance)
{
    icalproperty *property;

    for (property = icalcomponent_get_first_property(component, ICAL_RDATE_PROPERTY); property;
         property = icalcomponent_get_next_property(component, ICAL_RDATE_PROPERTY)) {
        struct icaldatetimeperiodtype date = icalproperty_get_rdate(property);
        apr_time_t onset = item_ical_naive(&date.time);

        if (!icaltime_is_null_time(date.time) && onset <= when && onset > observance->onset)
            observance->onset = onset;
    }
}

static void zone_read_rule(icalcomponent *component, const struct icaltimetype *start,
                           const struct icaltimetype *at, zone_observance_t *observance)
{
    icalproperty *property = icalcomponent_get_first_property(component, ICAL_RRULE_PROPERTY);
    apr_time_t when = item_ical_naive(at);
    item_zone_change_t change = {0};
    struct icalrecurrencetype rule;
    int year = at->year;

    observance->over = 1;
    zone_read_dates(component, when, observance);
    if (!property)
        return;
    rule = icalproperty_get_rrule(property);
    if (!zone_read_change(&rule, start, &change))
        return;
    if (!icaltime_is_null_time(rule.until) && rule.until.year < year)
        year = rule.until.year;
    else
        observance->over = !icaltime_is_null_time(rule.until) && rule.until.year == year;
    observance->onset = zone_rule_onset(&change, observance->onset, when, year);
    if (!observance->over)
        observance->change = change;
}

/* Of those that had begun by then the last, else the first to come. */
static zone_observance_t zone_observance(icalcomponent *vtimezone, icalcomponent_kind kind,
                                         const struct icaltimetype *at, apr_pool_t *pool)
{
    apr_time_t when = item_ical_naive(at);
    zone_observance_t best = {0};
    icalcomponent *component;

    for (component = icalcomponent_get_first_component(vtimezone, kind); component;
         component = icalcomponent_get_next_component(vtimezone, kind)) {
        icalproperty *start = icalcomponent_get_first_property(component, ICAL_DTSTART_PROPERTY);
        icalproperty *to = icalcomponent_get_first_property(component, ICAL_TZOFFSETTO_PROPERTY);
        zone_observance_t observance = {.found = 1};
        struct icaltimetype time;

        if (!start || !to)
            continue;
        time = icalproperty_get_dtstart(start);
        observance.onset = item_ical_naive(&time);
        zone_read_rule(component, &time, at, &observance);
        if (best.found &&
            (observance.onset > when ? best.onset <= observance.onset
                                     : best.onset <= when && best.onset > observance.onset))
            continue;
        observance.offset = icalproperty_get_tzoffsetto(to);
        observance.name = item_ical_text(component, ICAL_TZNAME_PROPERTY, pool);
        best = observance;
    }
    return best;
}

void item_zone_from_component(icalcomponent *vtimezone, const struct icaltimetype *at,
                              item_zone_t *zone, apr_pool_t *pool)
{
    zone_observance_t standard = zone_observance(vtimezone, ICAL_XSTANDARD_COMPONENT, at, pool);
    zone_observance_t daylight = zone_observance(vtimezone, ICAL_XDAYLIGHT_COMPONENT, at, pool);
    apr_time_t when = item_ical_naive(at);
    int saving = daylight.found && daylight.onset <= when &&
                 (!standard.found || standard.onset > when || daylight.onset > standard.onset);
    const zone_observance_t *now = saving || !standard.found ? &daylight : &standard;

    *zone = item_zone_utc;
    if (!now->found)
        return;
    zone->name = now->name ? now->name : "";
    zone->daylight_name = zone->name;
    zone->offset = zone->daylight_offset = now->offset;
    if (!standard.change.month || !daylight.change.month)
        return;
    zone->name = standard.name ? standard.name : "";
    zone->daylight_name = daylight.name ? daylight.name : "";
    zone->offset = standard.offset;
    zone->daylight_offset = daylight.offset;
    zone->standard = standard.change;
    zone->daylight = daylight.change;
}

static apr_status_t zone_free(void *component)
{
    icalcomponent_free(component);
    return APR_SUCCESS;
}

int item_zone_find(icalcomponent *calendar, const char *tzid, const struct icaltimetype *at,
                   item_zone_t *zone, apr_pool_t *pool)
{
    icalcomponent *component;
    icaltimezone *builtin;

    *zone = item_zone_utc;
    for (component = icalcomponent_get_first_component(calendar, ICAL_VTIMEZONE_COMPONENT);
         component;
         component = icalcomponent_get_next_component(calendar, ICAL_VTIMEZONE_COMPONENT)) {
        const char *name = item_ical_text(component, ICAL_TZID_PROPERTY, pool);

        if (name && strcmp(name, tzid) == 0) {
            item_zone_from_component(component, at, zone, pool);
            return 1;
        }
    }
    if (strlen(tzid) > 64 || strstr(tzid, "..")) /* it becomes a file's name */
        return 0;
    builtin = icaltimezone_get_builtin_timezone(tzid);
    if (!builtin)
        return 0;
    /* reading a component changes it, and this one is shared with all threads */
    component = icalcomponent_new_clone(icaltimezone_get_component(builtin));
    if (!component)
        return 0;
    apr_pool_cleanup_register(pool, component, zone_free, apr_pool_cleanup_null);
    item_zone_from_component(component, at, zone, pool);
    return 1;
}

/* -- conversion ------------------------------------------------------------------------------- */

apr_time_t item_zone_to_utc(const item_zone_t *zone, const struct icaltimetype *local)
{
    apr_time_t when = item_ical_naive(local), begin, end;
    int saving;

    if (!zone->daylight.month)
        return when - apr_time_from_sec(zone->offset);
    begin = zone_change(&zone->daylight, local->year);
    end = zone_change(&zone->standard, local->year);
    /* in the south the year begins with it */
    saving = begin < end ? when >= begin && when < end : when >= begin || when < end;
    return when - apr_time_from_sec(saving ? zone->daylight_offset : zone->offset);
}

/* -- the blob --------------------------------------------------------------------------------- */

static void zone_put(unsigned char **at, int number, int bytes)
{
    unsigned value = (unsigned)number;

    for (; bytes > 0; bytes--, value >>= 8)
        *(*at)++ = (unsigned char)value;
}

/* Names of zones are ASCII; what is not is left out. */
static void zone_put_name(unsigned char **at, const char *name)
{
    int i;

    for (i = 0; i < ZONE_NAME; i++) {
        char c = i < ZONE_NAME - 1 && *name ? *name++ : '\0';

        zone_put(at, c > 0 ? c : 0, 2);
    }
}

/* SYSTEMTIME, in the form that means a rule: no year. */
static void zone_put_change(unsigned char **at, const item_zone_change_t *change)
{
    const int words[] = {
        0, change->month, change->weekday, change->week, change->hour, change->minute, 0, 0};
    size_t i;

    for (i = 0; i < sizeof words / sizeof *words; i++)
        zone_put(at, words[i], 2);
}

const char *item_zone_blob(const item_zone_t *zone, apr_pool_t *pool)
{
    unsigned char bytes[ZONE_BLOB], *at = bytes;
    char *text = apr_palloc(pool, apr_base64_encode_len(ZONE_BLOB));

    zone_put(&at, -zone->offset / 60, 4);
    zone_put_name(&at, zone->name);
    zone_put_change(&at, &zone->standard);
    zone_put(&at, 0, 4);
    zone_put_name(&at, zone->daylight_name);
    zone_put_change(&at, &zone->daylight);
    zone_put(&at, (zone->offset - zone->daylight_offset) / 60, 4);
    apr_base64_encode_binary(text, bytes, ZONE_BLOB);
    return text;
}
