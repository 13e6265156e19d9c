/* Which Olson zone a phone means. */
#include "item/clock_impl.h"

#include <string.h>
#include <apr_file_io.h>
#include <apr_strings.h>

#include "item/date.h"

/* All zones whose clocks differ since 1970, of tzdata. */
#define MATCH_TABLE "/usr/share/zoneinfo/zone1970.tab"
#define MATCH_LINE 512
#define MATCH_ZONES_MAX 1000

/* A year that no file lists: what holds there is what holds by now. */
#define MATCH_YEAR_FUTURE 2096

/* Of zones that have the same rules, the ones that most people use. */
static const char *const match_preferred[] = {"Europe/Berlin",       "Europe/London",
                                              "Europe/Bucharest",    "Europe/Moscow",
                                              "America/New_York",    "America/Chicago",
                                              "America/Denver",      "America/Los_Angeles",
                                              "America/Phoenix",     "America/Anchorage",
                                              "Pacific/Honolulu",    "America/Halifax",
                                              "America/Mexico_City", "America/Bogota",
                                              "America/Caracas",     "America/Santiago",
                                              "America/Sao_Paulo",   "America/Havana",
                                              "America/Asuncion",    "Africa/Lagos",
                                              "Africa/Johannesburg", "Africa/Cairo",
                                              "Asia/Jerusalem",      "Asia/Beirut",
                                              "Asia/Tehran",         "Asia/Dubai",
                                              "Asia/Karachi",        "Asia/Kolkata",
                                              "Asia/Dhaka",          "Asia/Bangkok",
                                              "Asia/Shanghai",       "Asia/Tokyo",
                                              "Australia/Sydney",    "Australia/Brisbane",
                                              "Australia/Adelaide",  "Australia/Darwin",
                                              "Pacific/Auckland",    NULL};

/* How well a clock fits: in the year in question, and by now. */
enum { MATCH_NONE, MATCH_YEAR, MATCH_NOW, MATCH_BOTH };

static int match_in_year(const item_clock_t *clock, const item_zone_t *zone, apr_time_t when)
{
    item_zone_t rules;
    struct icaltimetype local = item_clock_to_local(clock, when);

    item_clock_rules(clock, when, &rules);
    return item_clock_rules_same(&rules, zone, local.year);
}

static apr_time_t match_moment(int year)
{
    return apr_time_from_sec(item_date_days(year, 7, 1) * ITEM_DATE_DAY);
}

/* Rules that name their year hold in that alone. Else phones send those of today with events of
 * years in which there were others. */
static int match_quality(const item_clock_t *clock, const item_zone_t *zone, apr_time_t when)
{
    if (zone->year)
        return match_in_year(clock, zone, match_moment(zone->year)) ? MATCH_BOTH : MATCH_NONE;
    return (match_in_year(clock, zone, when) ? MATCH_YEAR : 0) +
           (match_in_year(clock, zone, match_moment(MATCH_YEAR_FUTURE)) ? MATCH_NOW : 0);
}

int item_clock_fits(const item_clock_t *clock, const item_zone_t *zone, apr_time_t when)
{
    return match_quality(clock, zone, when) != MATCH_NONE;
}

/* -- all zones -------------------------------------------------------------------------------- */

/* The best so far. */
typedef struct {
    const item_zone_t *zone;
    apr_time_t when;
    const item_clock_t *clock;
    int quality;
} match_best_t;

static void match_try(match_best_t *best, const char *name, apr_pool_t *subpool, apr_pool_t *pool)
{
    const item_clock_t *clock = item_clock_olson(name, subpool);
    int quality = clock ? match_quality(clock, best->zone, best->when) : MATCH_NONE;

    if (quality <= best->quality)
        return;
    best->quality = quality;
    best->clock = item_clock_olson(name, pool);
}

/* A line is "AR<tab>-3436-05827<tab>America/Argentina/Buenos_Aires<tab>comment". */
static const char *match_line_name(char *line)
{
    char *state, *word = *line == '#' ? NULL : apr_strtok(line, "\t\n", &state);

    if (word)
        word = apr_strtok(NULL, "\t\n", &state);
    return word ? apr_strtok(NULL, "\t\n", &state) : NULL;
}

static void match_try_table(match_best_t *best, apr_pool_t *subpool, apr_pool_t *pool)
{
    char line[MATCH_LINE];
    apr_file_t *file;
    int lines = 0;

    if (apr_file_open(&file, MATCH_TABLE, APR_FOPEN_READ | APR_FOPEN_BUFFERED, 0, pool) !=
        APR_SUCCESS)
        return;
    while (best->quality < MATCH_BOTH && lines++ < MATCH_ZONES_MAX &&
           apr_file_gets(line, sizeof line, file) == APR_SUCCESS) {
        const char *name = match_line_name(line);

        apr_pool_clear(subpool);
        if (name)
            match_try(best, name, subpool, pool);
    }
    apr_file_close(file);
}

/* UTC has no place, and Greenwich's winter is not meant. */
static int match_is_utc(const item_zone_t *zone)
{
    return !zone->standard.month && zone->offset == 0;
}

/* -- zones that are named --------------------------------------------------------------------- */

/* The same offsets, at other times of the year: Windows has but one rule for places whose real one it
 * cannot say (the day after a last Saturday is not always a last Sunday), and programs have old rules. */
static int match_is_near(const item_clock_t *clock, const item_zone_t *zone, apr_time_t when)
{
    item_zone_t rules;

    item_clock_rules(clock, zone->year ? match_moment(zone->year) : when, &rules);
    if (rules.offset != zone->offset)
        return 0;
    return zone->vague || (rules.daylight_offset == zone->daylight_offset &&
                           !rules.standard.month == !zone->standard.month);
}

typedef int (*match_fn)(const item_clock_t *clock, const item_zone_t *zone, apr_time_t when);

static int match_is_exact(const item_clock_t *clock, const item_zone_t *zone, apr_time_t when)
{
    return !zone->vague && item_clock_fits(clock, zone, when);
}

static const item_clock_t *match_hints(const item_zone_t *zone, apr_time_t when,
                                       const char *const *hints, match_fn fits, apr_pool_t *pool)
{
    const item_clock_t *clock;
    int i;

    for (i = 0; hints && hints[i]; i++) {
        clock = item_clock_find(NULL, hints[i], pool);
        if (clock && fits(clock, zone, when))
            return clock->offset || clock->count || clock->ruled ? clock : &item_clock_utc;
    }
    return NULL;
}

/* What looks like an abbreviation (CET, EST) may be a zone by that name, but it means no place. */
static const item_clock_t *match_name(const item_zone_t *zone, apr_time_t when, match_fn fits,
                                      apr_pool_t *pool)
{
    const char *const names[] = {zone->name, NULL};

    if (!zone->name || !strpbrk(zone->name, "/ "))
        return NULL;
    return match_hints(zone, when, names, fits, pool);
}

/* What the client says counts for more than what was there. */
static const item_clock_t *match_near(const item_zone_t *zone, apr_time_t when,
                                      const char *const *hints, apr_pool_t *pool)
{
    const item_clock_t *clock = match_name(zone, when, match_is_near, pool);

    return clock ? clock : match_hints(zone, when, hints, match_is_near, pool);
}

const item_clock_t *item_clock_match(const item_zone_t *zone, apr_time_t when,
                                     const char *const *hints, apr_pool_t *pool)
{
    match_best_t best = {.zone = zone, .when = when};
    const item_clock_t *clock = match_hints(zone, when, hints, match_is_exact, pool);
    apr_pool_t *subpool;
    int i;

    if (!clock)
        clock = match_name(zone, when, match_is_exact, pool);
    if (!clock && zone->vague)
        clock = match_near(zone, when, hints, pool);
    if (clock)
        return clock;
    if (match_is_utc(zone))
        return &item_clock_utc;
    apr_pool_create(&subpool, pool);
    for (i = 0; match_preferred[i] && best.quality < MATCH_BOTH; i++) {
        apr_pool_clear(subpool);
        match_try(&best, match_preferred[i], subpool, pool);
    }
    match_try_table(&best, subpool, pool);
    apr_pool_destroy(subpool);
    return best.clock ? best.clock : match_near(zone, when, hints, pool);
}
