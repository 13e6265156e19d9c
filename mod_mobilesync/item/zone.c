#include "item/zone.h"

#include <stdlib.h>
#include <string.h>
#include <apr_base64.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "base/text.h"
#include "item/date.h"

#define ZONE_BLOB 172
#define ZONE_TEXT 232 /* the same in base64 */
#define ZONE_TEXT_MAX 512
#define ZONE_NAME 32 /* UTF-16 units */
#define ZONE_MINUTES_MAX (48 * 60)
#define ZONE_OFFSET_MAX (16 * 3600) /* more than any place had */

const item_zone_t item_zone_utc = {.name = "UTC", .daylight_name = "UTC"};

/* -- writing ---------------------------------------------------------------------------------- */

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

/* SYSTEMTIME, in the form that means a rule: no year. The end of a day is 23:59:59.999 there. */
static void zone_put_change(unsigned char **at, const item_zone_change_t *change)
{
    int end = change->hour == 24;
    const int words[] = {0,
                         change->month,
                         change->weekday,
                         change->week,
                         end ? 23 : change->hour,
                         end ? 59 : change->minute,
                         end ? 59 : 0,
                         end ? 999 : 0};
    size_t i;

    for (i = 0; i < sizeof words / sizeof *words; i++)
        zone_put(at, words[i], 2);
}

const char *item_zone_blob(const item_zone_t *zone, apr_pool_t *pool)
{
    unsigned char bytes[ZONE_BLOB], *at = bytes;
    char *text = apr_palloc(pool, ZONE_TEXT + 1);

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

/* -- reading ---------------------------------------------------------------------------------- */

static int zone_take(const unsigned char **at, int bytes)
{
    unsigned value = 0;
    int i;

    for (i = 0; i < bytes; i++)
        value |= (unsigned)(*at)[i] << (8 * i);
    *at += bytes;
    return bytes == 4 ? (int)value : (int)(value & 0xffff);
}

/* UTF-16 up to the first NUL, as UTF-8; surrogates are left out, no zone's name needs them. */
static const char *zone_take_name(const unsigned char **at, apr_pool_t *pool)
{
    char *name = apr_palloc(pool, ZONE_NAME * 3 + 1), *p = name;
    int i, over = 0;

    for (i = 0; i < ZONE_NAME; i++) {
        unsigned c = (unsigned)zone_take(at, 2);

        over |= c == 0;
        if (over || (c >= 0xd800 && c < 0xe000))
            continue;
        if (c < 0x80)
            *p++ = (char)c;
        else if (c < 0x800) {
            *p++ = (char)(0xc0 | c >> 6);
            *p++ = (char)(0x80 | (c & 0x3f));
        }
        else {
            *p++ = (char)(0xe0 | c >> 12);
            *p++ = (char)(0x80 | (c >> 6 & 0x3f));
            *p++ = (char)(0x80 | (c & 0x3f));
        }
    }
    *p = '\0';
    return name;
}

/* A date of one year as the rule that it is of: the same weekday of the month. */
static void zone_date_as_rule(int year, int day, item_zone_change_t *change)
{
    change->weekday = item_date_weekday(item_date_days(year, change->month, day));
    change->week = day + 7 > item_date_month_days(year, change->month) ? 5 : (day - 1) / 7 + 1;
}

/* The year is set where the change is that of a year. What is no change is none: month 0. */
static void zone_take_change(const unsigned char **at, item_zone_change_t *change,
                             item_zone_t *zone)
{
    int words[8];
    size_t i;

    for (i = 0; i < sizeof words / sizeof *words; i++)
        words[i] = zone_take(at, 2);
    *change = (item_zone_change_t){.month = words[1],
                                   .weekday = words[2],
                                   .week = words[3],
                                   .hour = words[4],
                                   .minute = words[5]};
    if (change->hour > 23)
        change->month = 0;
    if (change->hour == 23 && change->minute == 59 && words[6] == 59) {
        change->hour = 24;
        change->minute = 0;
    }
    if (change->month < 1 || change->month > 12 || change->minute > 59)
        change->month = 0;
    else if (words[0] && words[3] >= 1 && words[0] >= 1601 && words[0] <= 9999 &&
             words[3] <= item_date_month_days(words[0], change->month)) {
        zone->year = words[0];
        zone_date_as_rule(words[0], words[3], change);
    }
    else if (words[0] || change->weekday > 6 || change->week < 1 || change->week > 5)
        change->month = 0;
    zone->vague |= words[1] && !change->month;
}

static int zone_is_minutes(int minutes)
{
    return minutes >= -ZONE_MINUTES_MAX && minutes <= ZONE_MINUTES_MAX;
}

/* 0: these are not 172 bytes. */
static int zone_decode(const char *blob, unsigned char *bytes)
{
    char text[ZONE_TEXT + 1];
    size_t n = 0, i;

    for (i = 0; blob[i] && i < ZONE_TEXT_MAX; i++) {
        if (apr_isspace(blob[i]))
            continue;
        if (n == ZONE_TEXT)
            return 0;
        text[n++] = blob[i];
    }
    if (blob[i])
        return 0;
    while (n >= ZONE_TEXT - 2 && n < ZONE_TEXT)
        text[n++] = '=';
    text[n] = '\0';
    return n == ZONE_TEXT && apr_base64_decode_binary(bytes, text) == ZONE_BLOB;
}

static int zone_is_silent(const unsigned char *bytes)
{
    int i;

    for (i = 0; i < ZONE_BLOB; i++)
        if (bytes[i])
            return 0;
    return 1;
}

int item_zone_parse(const char *blob, item_zone_t *zone, apr_pool_t *pool)
{
    unsigned char bytes[ZONE_TEXT];
    const unsigned char *at = bytes;
    int bias, standard, daylight;
    item_zone_t found = {0};

    *zone = item_zone_utc;
    if (!zone_decode(blob, bytes) || zone_is_silent(bytes))
        return 0;
    bias = zone_take(&at, 4);
    found.name = zone_take_name(&at, pool);
    zone_take_change(&at, &found.standard, &found);
    standard = zone_take(&at, 4);
    found.daylight_name = zone_take_name(&at, pool);
    zone_take_change(&at, &found.daylight, &found);
    daylight = zone_take(&at, 4);
    if (!zone_is_minutes(bias) || !zone_is_minutes(standard) || !zone_is_minutes(daylight))
        return 0;
    found.offset = -(bias + standard) * 60;
    found.daylight_offset = -(bias + daylight) * 60;
    found.vague |= !found.standard.month != !found.daylight.month;
    if (found.vague || !found.standard.month || found.offset == found.daylight_offset) {
        found.standard = found.daylight = (item_zone_change_t){0};
        found.year = 0;
        found.daylight_offset = found.offset;
    }
    if (abs(found.offset) > ZONE_OFFSET_MAX || abs(found.daylight_offset) > ZONE_OFFSET_MAX)
        return 0;
    *zone = found;
    return 1;
}
