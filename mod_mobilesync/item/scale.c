#include "item/scale.h"

#include <string.h>
#include <strings.h>
#include <unicode/ucal.h>
#include <unicode/ustring.h>

#include "item/date.h"

/* What reckons it. */
typedef enum { SCALE_GREGORIAN, SCALE_TABLE, SCALE_HEBREW, SCALE_ICU } scale_source_t;

typedef enum {
    SCALE_LEAP_NEVER,
    SCALE_LEAP_ADAR, /* one of them, the fifth's */
    SCALE_LEAP_ANY
} scale_leap_t;

struct item_scale {
    const char *name;
    int type; /* CalendarType */
    scale_source_t source;
    const char *locale; /* of ICU */
    int months;
    scale_leap_t leap;
};

/* Hijri is what Windows, and so what EAS comes from, reckons: thirty years of fixed lengths whose first
 * day is a Thursday (16 July 622 is a Friday). The Korean Tangun era (5) and the others whose months are
 * Gregorian have no name in RSCALE or need none: these rules are plain ones. Of the Japanese lunar
 * calendar (14) there is neither a name nor a rule any more. */
static const item_scale_t scales[] = {
    {"GREGORIAN", 0, SCALE_GREGORIAN, NULL, 12, SCALE_LEAP_NEVER},
    {"JAPANESE", 3, SCALE_GREGORIAN, NULL, 12, SCALE_LEAP_NEVER},
    {"ROC", 4, SCALE_GREGORIAN, NULL, 12, SCALE_LEAP_NEVER},
    {"BUDDHIST", 7, SCALE_GREGORIAN, NULL, 12, SCALE_LEAP_NEVER},
    {"CHINESE", 15, SCALE_TABLE, NULL, 12, SCALE_LEAP_ANY},
    {"DANGI", 20, SCALE_TABLE, NULL, 12, SCALE_LEAP_ANY},
    {"HEBREW", 8, SCALE_HEBREW, NULL, 12, SCALE_LEAP_ADAR},
    {"ISLAMIC-TBLA", 6, SCALE_ICU, "en@calendar=islamic-tbla", 12, SCALE_LEAP_NEVER},
    {"ISLAMIC-CIVIL", -1, SCALE_ICU, "en@calendar=islamic-civil", 12, SCALE_LEAP_NEVER},
    {"ISLAMIC-UMALQURA", -1, SCALE_ICU, "en@calendar=islamic-umalqura", 12, SCALE_LEAP_NEVER},
    {"PERSIAN", -1, SCALE_ICU, "en@calendar=persian", 12, SCALE_LEAP_NEVER},
    {"INDIAN", -1, SCALE_ICU, "en@calendar=indian", 12, SCALE_LEAP_NEVER},
    {"COPTIC", -1, SCALE_ICU, "en@calendar=coptic", 13, SCALE_LEAP_NEVER},
    {"ETHIOPIC", -1, SCALE_ICU, "en@calendar=ethiopic", 13, SCALE_LEAP_NEVER},
    {"ETHIOPIC-AMETE-ALEM", -1, SCALE_ICU, "en@calendar=ethiopic-amete-alem", 13, SCALE_LEAP_NEVER},
};

#define SCALE_COUNT (sizeof scales / sizeof *scales)
#define SCALE_MONTH_DAYS 32    /* no month is longer */
#define SCALE_TABLE_FIRST 1900 /* of the years in scale.tbl, by the Gregorian one they begin in */
#define SCALE_TABLE_COUNT 201
#define SCALE_DAY_MILLIS 86400000.0

typedef struct {
    int first; /* its first day */
    short leap;
    unsigned short days; /* bits of the months that have 30 */
} scale_row_t;

#define LUNAR_YEAR(name, year, first, leap, days) \
    [SCALE_##name][(year)-SCALE_TABLE_FIRST] = {first, leap, days},

enum { SCALE_CHINESE, SCALE_DANGI };

static const scale_row_t scale_rows[][SCALE_TABLE_COUNT] = {
#include "item/scale.tbl"
};

struct item_scale_calendar {
    const item_scale_t *scale;
    const scale_row_t *rows;
    UCalendar *icu;
};

/* -- the systems ------------------------------------------------------------------------------ */

const item_scale_t *item_scale_find(const char *name)
{
    size_t i;

    for (i = 0; i < SCALE_COUNT; i++)
        if (strcasecmp(scales[i].name, name) == 0)
            return &scales[i];
    return NULL;
}

const item_scale_t *item_scale_of_type(int calendar_type)
{
    size_t i;

    for (i = 0; i < SCALE_COUNT; i++)
        if (scales[i].source != SCALE_GREGORIAN && scales[i].type == calendar_type &&
            calendar_type > 0)
            return &scales[i];
    return NULL;
}

const char *item_scale_name(const item_scale_t *scale)
{
    return scale->name;
}

int item_scale_type(const item_scale_t *scale)
{
    return scale->type;
}

int item_scale_is_gregorian(const item_scale_t *scale)
{
    return scale->source == SCALE_GREGORIAN;
}

int item_scale_has_month(const item_scale_t *scale, int number)
{
    int month = number & ~ITEM_SCALE_LEAP;

    if (month < 1 || month > scale->months)
        return 0;
    return !(number & ITEM_SCALE_LEAP) || scale->leap == SCALE_LEAP_ANY ||
           (scale->leap == SCALE_LEAP_ADAR && month == 5);
}

/* -- Gregorian -------------------------------------------------------------------------------- */

static int scale_gregorian_year(int year, item_scale_year_t *months)
{
    int i;

    for (i = 0; i < 12; i++)
        months->months[i] = (item_scale_month_t){item_date_days(year, i + 1, 1),
                                                 item_date_month_days(year, i + 1), (short)(i + 1)};
    months->count = 12;
    return 1;
}

/* -- tables ----------------------------------------------------------------------------------- */

static int scale_table_year(const scale_row_t *rows, int year, item_scale_year_t *months)
{
    const scale_row_t *row;
    long day;
    int i, number = 0;

    if (year < SCALE_TABLE_FIRST || year >= SCALE_TABLE_FIRST + SCALE_TABLE_COUNT)
        return 0;
    row = &rows[year - SCALE_TABLE_FIRST];
    day = row->first;
    months->count = row->leap ? 13 : 12;
    for (i = 0; i < months->count; i++) {
        int leap = row->leap && i == row->leap, days = 29 + (row->days >> i & 1);

        number += !leap;
        months->months[i] =
            (item_scale_month_t){day, days, (short)(leap ? number | ITEM_SCALE_LEAP : number)};
        day += days;
    }
    return 1;
}

static int scale_table_year_of(const scale_row_t *rows, long day, int *year)
{
    int unused;

    item_date_split(day, year, &unused, &unused);
    if (*year >= SCALE_TABLE_FIRST && *year < SCALE_TABLE_FIRST + SCALE_TABLE_COUNT &&
        day < rows[*year - SCALE_TABLE_FIRST].first)
        --*year;
    return *year >= SCALE_TABLE_FIRST && *year < SCALE_TABLE_FIRST + SCALE_TABLE_COUNT;
}

/* -- Hebrew ----------------------------------------------------------------------------------- */

#define SCALE_HEBREW_EPOCH (-2092590L) /* 1 Tishri 1 */
#define SCALE_HEBREW_YEARS 9999

/* Days from the epoch to the new moon that a year begins with, put off where it comes late in the day, and
 * from Sunday, Wednesday and Friday. A day has 25920 parts. */
static long scale_hebrew_moon(int year)
{
    long months = (235L * year - 234) / 19, parts = 12084 + 13753 * months;
    long days = 29 * months + parts / 25920;

    return 3 * (days + 1) % 7 < 3 ? days + 1 : days;
}

/* No year may become too long or too short. */
static long scale_hebrew_first(int year)
{
    long before = scale_hebrew_moon(year - 1), own = scale_hebrew_moon(year);
    long late = scale_hebrew_moon(year + 1) - own == 356 ? 2 : own - before == 382;

    return SCALE_HEBREW_EPOCH + own + late;
}

static int scale_hebrew_year(int year, item_scale_year_t *months)
{
    long first, day, length;
    int i, number = 1;

    if (year < 2 || year > SCALE_HEBREW_YEARS)
        return 0;
    first = day = scale_hebrew_first(year);
    length = scale_hebrew_first(year + 1) - first;
    months->count = length > 360 ? 13 : 12;
    for (i = 0; i < months->count; i++) {
        int leap = months->count == 13 && i == 5; /* Adar I, before the sixth, which is Adar */
        int days = leap ? 30 : 30 - (number % 2 == 0);

        if (number == 2) /* Heshvan */
            days = length % 10 == 5 ? 30 : 29;
        else if (number == 3) /* Kislev */
            days = length % 10 == 3 ? 29 : 30;
        months->months[i] =
            (item_scale_month_t){day, days, (short)(leap ? 5 | ITEM_SCALE_LEAP : number)};
        number += i != 4 || months->count == 12;
        day += days;
    }
    return 1;
}

/* Years are not 366 days long on average, but nearly. */
static int scale_hebrew_year_of(long day, int *year)
{
    long guess = (day - SCALE_HEBREW_EPOCH) / 366 + 1;

    if (guess < 2 || guess > SCALE_HEBREW_YEARS)
        return 0;
    for (*year = (int)guess; scale_hebrew_first(*year + 1) <= day; ++*year)
        ;
    return 1;
}

/* -- ICU -------------------------------------------------------------------------------------- */

static apr_status_t scale_close(void *icu)
{
    ucal_close(icu);
    return APR_SUCCESS;
}

/* NULL: ICU does not know the calendar. */
static UCalendar *scale_icu_open(const char *locale)
{
    UErrorCode error = U_ZERO_ERROR;
    UCalendar *icu;
    UChar zone[8];

    u_uastrcpy(zone, "GMT");
    icu = ucal_open(zone, -1, locale, UCAL_DEFAULT, &error);
    if (U_FAILURE(error))
        return NULL;
    /* a name it does not know is taken for Gregorian */
    if (strcmp(ucal_getType(icu, &error), strchr(locale, '=') + 1) == 0)
        return icu;
    ucal_close(icu);
    return NULL;
}

/* A field of a day; 0 when there is none. */
static int scale_icu_field(UCalendar *icu, long day, UCalendarDateFields field)
{
    UErrorCode error = U_ZERO_ERROR;
    int value;

    ucal_setMillis(icu, (double)day * SCALE_DAY_MILLIS, &error);
    value = ucal_get(icu, field, &error);
    return U_FAILURE(error) ? 0 : value;
}

/* Where the month that begins on a day ends: it may be as short as five days. 0: not known. */
static int scale_icu_month_days(UCalendar *icu, long first)
{
    int days = 29, of_month = scale_icu_field(icu, first + days, UCAL_DATE);

    if (of_month > 1 && of_month < days)
        return days - (of_month - 1);
    while (of_month > days && days < SCALE_MONTH_DAYS)
        of_month = scale_icu_field(icu, first + ++days, UCAL_DATE);
    return of_month == 1 ? days : 0;
}

static int scale_icu_year(const item_scale_calendar_t *calendar, int year,
                          item_scale_year_t *months)
{
    UErrorCode error = U_ZERO_ERROR;
    UCalendar *icu = calendar->icu;
    long day;

    ucal_clear(icu);
    ucal_set(icu, UCAL_EXTENDED_YEAR, year);
    ucal_set(icu, UCAL_MONTH, 0);
    ucal_set(icu, UCAL_DATE, 1);
    day = (long)(ucal_getMillis(icu, &error) / SCALE_DAY_MILLIS);
    for (months->count = 0; U_SUCCESS(error) && months->count < ITEM_SCALE_MONTHS_MAX;) {
        int month = scale_icu_field(icu, day, UCAL_MONTH), days;

        if (ucal_get(icu, UCAL_EXTENDED_YEAR, &error) != year)
            return months->count > 0;
        days = scale_icu_month_days(icu, day);
        if (days == 0)
            return 0;
        months->months[months->count++] = (item_scale_month_t){day, days, (short)(month + 1)};
        day += days;
    }
    return 0;
}

/* -- a calendar ------------------------------------------------------------------------------- */

/* 0: nothing reckons it. */
static int scale_open(item_scale_calendar_t *calendar, const item_scale_t *scale)
{
    *calendar = (item_scale_calendar_t){.scale = scale};
    if (scale->source == SCALE_TABLE)
        calendar->rows =
            scale_rows[strcmp(scale->name, "CHINESE") == 0 ? SCALE_CHINESE : SCALE_DANGI];
    if (scale->source == SCALE_ICU)
        calendar->icu = scale_icu_open(scale->locale);
    return scale->source != SCALE_ICU || calendar->icu;
}

item_scale_calendar_t *item_scale_open(const item_scale_t *scale, apr_pool_t *pool)
{
    item_scale_calendar_t *calendar = apr_palloc(pool, sizeof *calendar);

    if (!scale_open(calendar, scale))
        return NULL;
    if (calendar->icu)
        apr_pool_cleanup_register(pool, calendar->icu, scale_close, apr_pool_cleanup_null);
    return calendar;
}

int item_scale_year_of(item_scale_calendar_t *calendar, long day, int *year)
{
    int unused;

    switch (calendar->scale->source) {
    case SCALE_GREGORIAN:
        item_date_split(day, year, &unused, &unused);
        return 1;
    case SCALE_TABLE:
        return scale_table_year_of(calendar->rows, day, year);
    case SCALE_HEBREW:
        return scale_hebrew_year_of(day, year);
    case SCALE_ICU:
        *year = scale_icu_field(calendar->icu, day, UCAL_EXTENDED_YEAR);
        return 1;
    }
    return 0;
}

int item_scale_year(item_scale_calendar_t *calendar, int year, item_scale_year_t *months)
{
    switch (calendar->scale->source) {
    case SCALE_GREGORIAN:
        return scale_gregorian_year(year, months);
    case SCALE_TABLE:
        return scale_table_year(calendar->rows, year, months);
    case SCALE_HEBREW:
        return scale_hebrew_year(year, months);
    case SCALE_ICU:
        return scale_icu_year(calendar, year, months);
    }
    return 0;
}

static int scale_day(item_scale_calendar_t *calendar, long day, item_scale_month_t *month,
                     int *of_month)
{
    item_scale_year_t months;
    int year, i;

    if (!item_scale_year_of(calendar, day, &year) || !item_scale_year(calendar, year, &months))
        return 0;
    for (i = 0; i < months.count; i++)
        if (day < months.months[i].first + months.months[i].days) {
            *month = months.months[i];
            *of_month = (int)(day - month->first) + 1;
            return *of_month >= 1;
        }
    return 0;
}

int item_scale_day(const item_scale_t *scale, long day, item_scale_month_t *month, int *of_month)
{
    item_scale_calendar_t calendar;
    int known = scale_open(&calendar, scale) && scale_day(&calendar, day, month, of_month);

    if (calendar.icu)
        ucal_close(calendar.icu);
    return known;
}
