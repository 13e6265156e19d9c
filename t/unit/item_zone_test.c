/* The blobs of phones: which zones they mean, and what is none. */
#include "item_helpers.h"

#include <apr_base64.h>

#include "item/clock.h"
#include "item/date.h"

/* A SYSTEMTIME: year, month, weekday, day or week, hour, minute, second, milliseconds. */
typedef struct {
    int words[8];
} systemtime_t;

typedef struct {
    int bias;
    const char *standard_name; /* UTF-8 of one or two bytes a character */
    systemtime_t standard;
    int standard_bias;
    const char *daylight_name;
    systemtime_t daylight;
    int daylight_bias;
} timezone_t;

static void put(unsigned char **at, int value, int bytes)
{
    for (; bytes-- > 0; value >>= 8)
        *(*at)++ = (unsigned char)value;
}

static void put_name(unsigned char **at, const char *name)
{
    int i;

    for (i = 0; i < 32; i++) {
        unsigned c = (unsigned char)*name;

        if (c >= 0xc0)
            c = (c & 0x1f) << 6 | (*++name & 0x3f);
        name += c != 0;
        put(at, (int)c, 2);
    }
}

static void put_time(unsigned char **at, const systemtime_t *time)
{
    int i;

    for (i = 0; i < 8; i++)
        put(at, time->words[i], 2);
}

static const char *blob_text(const timezone_t *zone, apr_pool_t *pool)
{
    unsigned char bytes[172], *at = bytes;
    char *text = apr_palloc(pool, 300);

    put(&at, zone->bias, 4);
    put_name(&at, zone->standard_name);
    put_time(&at, &zone->standard);
    put(&at, zone->standard_bias, 4);
    put_name(&at, zone->daylight_name);
    put_time(&at, &zone->daylight);
    put(&at, zone->daylight_bias, 4);
    apr_base64_encode_binary(text, bytes, sizeof bytes);
    return text;
}

/* As phones and Outlook send them: names of Windows, of Olson, in German, none. */
#define EU_END                      \
    {                               \
        {                           \
            0, 10, 0, 5, 3, 0, 0, 0 \
        }                           \
    }
#define EU_BEGIN                   \
    {                              \
        {                          \
            0, 3, 0, 5, 2, 0, 0, 0 \
        }                          \
    }
#define US_END                      \
    {                               \
        {                           \
            0, 11, 0, 1, 2, 0, 0, 0 \
        }                           \
    }
#define US_BEGIN                   \
    {                              \
        {                          \
            0, 3, 0, 2, 2, 0, 0, 0 \
        }                          \
    }
#define NEVER \
    {         \
        {     \
            0 \
        }     \
    }
static const struct {
    timezone_t zone;
    const char *hint;
    int year;
    const char *wanted; /* NULL: none has these rules */
} phones[] = {
    {{-60, "", EU_END, 0, "", EU_BEGIN, -60}, NULL, 2026, "Europe/Berlin"},
    {{-60, "W. Europe Standard Time", EU_END, 0, "W. Europe Daylight Time", EU_BEGIN, -60},
     NULL,
     2026,
     "Europe/Berlin"},
    {{-60, "Romance Standard Time", EU_END, 0, "", EU_BEGIN, -60}, NULL, 2026, "Europe/Paris"},
    {{-60, "Europe/Vienna", EU_END, 0, "Europe/Vienna", EU_BEGIN, -60},
     NULL,
     2026,
     "Europe/Vienna"},
    {{-60, "Mitteleurop\xc3\xa4ische Zeit", EU_END, 0, "Sommerzeit", EU_BEGIN, -60},
     "Europe/Zurich",
     2026,
     "Europe/Zurich"},
    /* the rules win over names and hints */
    {{300, "W. Europe Standard Time", US_END, 0, "", US_BEGIN, -60},
     "Europe/Berlin",
     2026,
     "America/New_York"},
    {{300, "", US_END, 0, "", US_BEGIN, -60}, "America/Toronto", 2026, "America/Toronto"},
    {{300, "", US_END, 0, "", US_BEGIN, -60}, NULL, 2003, "America/New_York"}, /* of today */
    {{300, "", {{0, 10, 0, 5, 2, 0, 0, 0}}, 0, "", {{0, 4, 0, 1, 2, 0, 0, 0}}, -60},
     NULL,
     2003,
     "America/New_York"}, /* of then */
    {{480, "", US_END, 0, "", US_BEGIN, -60}, NULL, 2026, "America/Los_Angeles"},
    {{420, "", NEVER, 0, "", NEVER, 0}, NULL, 2026, "America/Phoenix"},
    {{420, "", NEVER, 0, "", NEVER, -60}, NULL, 2026, "America/Phoenix"}, /* a bias of nothing */
    {{0, "", NEVER, 0, "", NEVER, 0}, NULL, 2026, "UTC"},
    {{0, "GMT Standard Time", EU_END, 0, "", {{0, 3, 0, 5, 1, 0, 0, 0}}, -60},
     NULL,
     2026,
     NULL}, /* it ends at 2:00 */
    {{0, "", {{0, 10, 0, 5, 2, 0, 0, 0}}, 0, "", {{0, 3, 0, 5, 1, 0, 0, 0}}, -60},
     NULL,
     2026,
     "Europe/London"},
    {{-330, "", NEVER, 0, "", NEVER, 0}, NULL, 2026, "Asia/Kolkata"},
    {{-345, "", NEVER, 0, "", NEVER, 0}, NULL, 2026, "Asia/Kathmandu"},
    {{-600, "", {{0, 4, 0, 1, 3, 0, 0, 0}}, 0, "", {{0, 10, 0, 1, 2, 0, 0, 0}}, -60},
     NULL,
     2026,
     "Australia/Sydney"},
    {{-630, "", {{0, 4, 0, 1, 2, 0, 0, 0}}, 0, "", {{0, 10, 0, 1, 2, 0, 0, 0}}, -30},
     NULL,
     2026,
     "Australia/Lord_Howe"},
    {{-720, "", {{0, 4, 0, 1, 3, 0, 0, 0}}, 0, "", {{0, 9, 0, 5, 2, 0, 0, 0}}, -60},
     NULL,
     2026,
     "Pacific/Auckland"},
    /* midnight as the end of the day before, of one year */
    {{-120, "", {{0, 10, 6, 5, 23, 59, 59, 999}}, 0, "", {{0, 3, 6, 5, 23, 59, 59, 999}}, -60},
     NULL,
     2026,
     NULL},
    {{-120,
      "",
      {{2026, 10, 0, 24, 23, 59, 59, 999}},
      0,
      "",
      {{2026, 3, 0, 28, 23, 59, 59, 999}},
      -60},
     NULL,
     2026,
     "Asia/Beirut"},
    /* the dates of a year */
    {{-60, "", {{2026, 10, 0, 25, 3, 0, 0, 0}}, 0, "", {{2026, 3, 0, 29, 2, 0, 0, 0}}, -60},
     NULL,
     2026,
     "Europe/Berlin"},
    /* all of it in the standard bias */
    {{0, "", EU_END, -60, "", EU_BEGIN, -120}, NULL, 2026, "Europe/Berlin"},
    {{-61, "", NEVER, 0, "", NEVER, 0}, "Europe/Berlin", 2026, NULL},
};

static void test_phones(apr_pool_t *pool)
{
    item_zone_t zone;
    size_t i;

    for (i = 0; i < sizeof phones / sizeof *phones; i++) {
        const char *hints[] = {phones[i].hint, NULL};
        const item_clock_t *clock;

        if (!ok(item_zone_parse(blob_text(&phones[i].zone, pool), &zone, pool), "blob %d", (int)i))
            continue;
        clock = item_clock_match(
            &zone, apr_time_from_sec(item_date_days(phones[i].year, 7, 1) * ITEM_DATE_DAY), hints,
            pool);
        is_str(clock ? item_clock_tzid(clock) : NULL, phones[i].wanted, "is that zone");
    }
}

static void test_broken_blobs(apr_pool_t *pool)
{
    static const timezone_t odd[] = {
        {100000, "", NEVER, 0, "", NEVER, 0},
        {0, "", NEVER, -2147483647 - 1, "", NEVER, 0},
        {1440, "", NEVER, 1440, "", NEVER, 0},
    };
    static const timezone_t none[] = {
        {-60, "", {{0, 13, 0, 5, 3, 0, 0, 0}}, 0, "", EU_BEGIN, -60},
        {-60, "", {{0, 10, 7, 5, 3, 0, 0, 0}}, 0, "", EU_BEGIN, -60},
        {-60, "", {{0, 10, 0, 6, 3, 0, 0, 0}}, 0, "", EU_BEGIN, -60},
        {-60, "", {{0, 10, 0, 5, 25, 0, 0, 0}}, 0, "", EU_BEGIN, -60},
        {-60, "", {{2026, 2, 0, 30, 3, 0, 0, 0}}, 0, "", EU_BEGIN, -60},
        {-60, "", EU_END, 0, "", NEVER, -60},
        {-60, "", EU_END, 0, "", EU_BEGIN, 0},
    };
    const char *good = item_zone_blob(&item_zone_utc, pool);
    static const char *const texts[] = {"", "AAAA", "not base64 at all",
                                        "\xff\xff\xff\xff\xff\xff\xff\xff"};
    char *star = apr_pstrdup(pool, good);
    item_zone_t zone;
    size_t i;

    ok(item_zone_parse(good, &zone, pool), "a whole one");
    star[100] = '*';
    ok(!item_zone_parse(star, &zone, pool), "one with a sign that is none of base64");
    ok(!item_zone_parse(apr_pstrcat(pool, good, "AAAA", NULL), &zone, pool), "a longer one");
    ok(!item_zone_parse(apr_pstrmemdup(pool, good, strlen(good) - 4), &zone, pool),
       "a shorter one");
    for (i = 0; i < sizeof texts / sizeof *texts; i++)
        ok(!item_zone_parse(texts[i], &zone, pool) && strcmp(zone.name, "UTC") == 0, "\"%s\"",
           texts[i]);
    for (i = 0; i < sizeof odd / sizeof *odd; i++)
        ok(!item_zone_parse(blob_text(&odd[i], pool), &zone, pool), "offsets that no place has");
    for (i = 0; i < sizeof none / sizeof *none; i++)
        ok(item_zone_parse(blob_text(&none[i], pool), &zone, pool) && !zone.standard.month &&
               !zone.daylight.month && zone.daylight_offset == 3600,
           "a change that is none: no summer time");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    test_phones(pool);
    test_broken_blobs(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
