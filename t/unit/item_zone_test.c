/* The blobs of clients: which zones they mean (t/data/zones/blobs.tsv), and what is none. */
#include "item_helpers.h"

#include <stdlib.h>
#include <apr_base64.h>

#include "item/clock.h"
#include "item/date.h"

/* A SYSTEMTIME: year, month, weekday, day or week, hour, minute, second, milliseconds. */
typedef struct {
    int words[8];
} systemtime_t;

typedef struct {
    int bias;
    const char *standard_name; /* UTF-8, no surrogates */
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
        int more = c >= 0xe0 ? 2 : c >= 0xc0;

        c &= more == 2 ? 0xf : more ? 0x1f : 0x7f;
        name += c != 0;
        for (; more; more--)
            c = c << 6 | (*name++ & 0x3f);
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
#define NEVER \
    {         \
        {     \
            0 \
        }     \
    }

/* -- the table -------------------------------------------------------------------------------- */

typedef struct {
    const char *sender, *hint, *wanted;
    int year, month, day, offset;
    timezone_t zone;
} row_t;

static systemtime_t time_of(const char *text)
{
    systemtime_t t = {{0}};
    int *w = t.words, n;

    if (strcmp(text, "-") == 0)
        return t;
    if (sscanf(text, "%d/%d/%d %d:%d:%d.%d", &w[0], &w[1], &w[3], &w[4], &w[5], &w[6], &w[7]) < 5 ||
        w[0] < 1601) {
        memset(&t, 0, sizeof t);
        n = sscanf(text, "%d/%d/%d %d:%d:%d.%d", &w[1], &w[2], &w[3], &w[4], &w[5], &w[6], &w[7]);
        if (n < 5)
            abort();
    }
    return t;
}

static const char *name_of(const char *text)
{
    return strcmp(text, "-") == 0 ? "" : text;
}

static int row_read(char *line, row_t *row)
{
    char *fields[12], *state;
    int n = 0;

    for (fields[0] = apr_strtok(line, "\t\n", &state); fields[n] && ++n < 12;)
        fields[n] = apr_strtok(NULL, "\t\n", &state);
    if (n != 12 || sscanf(fields[1], "%d-%d-%d", &row->year, &row->month, &row->day) != 3)
        return 0;
    row->sender = fields[0];
    row->hint = strcmp(fields[2], "-") == 0 ? NULL : fields[2];
    row->zone = (timezone_t){.bias = atoi(fields[3]),
                             .standard_name = name_of(fields[4]),
                             .standard = time_of(fields[5]),
                             .standard_bias = atoi(fields[6]),
                             .daylight_name = name_of(fields[7]),
                             .daylight = time_of(fields[8]),
                             .daylight_bias = atoi(fields[9])};
    row->wanted = strcmp(fields[10], "+") == 0 ? NULL : fields[10];
    row->offset = atoi(fields[11]) * 60;
    return 1;
}

/* The zone is written as clients without a name for it write it. */
static void test_written(const item_clock_t *clock, const row_t *row, apr_time_t noon,
                         const char *blob, apr_pool_t *pool)
{
    item_zone_t zone;

    item_clock_rules(clock, noon, &zone);
    zone.name = zone.daylight_name = "";
    is_str(item_zone_blob(&zone, pool), blob,
           apr_psprintf(pool, "%s: the same blob is made of it", row->wanted));
}

static void test_row(const row_t *row, apr_pool_t *pool)
{
    const char *hints[] = {row->hint, NULL}, *blob = blob_text(&row->zone, pool);
    apr_time_t noon = apr_time_from_sec(
        item_date_days(row->year, row->month, row->day) * ITEM_DATE_DAY + ITEM_DATE_DAY / 2);
    const item_clock_t *clock;
    item_zone_t zone;

    if (!ok(item_zone_parse(blob, &zone, pool), "%s, %d: %d %s", row->sender, row->year,
            row->zone.bias, row->zone.standard_name))
        return;
    clock = item_clock_match(&zone, noon, hints, pool);
    is_str(clock ? item_clock_tzid(clock) : NULL, row->wanted, "is that zone");
    if (!clock)
        clock = item_clock_zone(&zone, pool);
    is_int(item_clock_offset(clock, noon), row->offset, "and has that time");
    if (strcmp(row->sender, "Android") == 0)
        test_written(clock, row, noon, blob, pool);
}

static void test_table(apr_pool_t *pool)
{
    const char *top = getenv("top_srcdir");
    FILE *file = fopen(apr_pstrcat(pool, top ? top : ".", "/t/data/zones/blobs.tsv", NULL), "r");
    char line[1024];
    int rows = 0;
    row_t row;

    while (file && fgets(line, sizeof line, file)) {
        if (*line == '#')
            continue;
        if (!ok(row_read(line, &row), "line %d is a row", ++rows))
            continue;
        test_row(&row, pool);
    }
    if (file)
        fclose(file);
    ok(rows > 50, "%d rows", rows);
}

/* -- what is none ----------------------------------------------------------------------------- */

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
    static const timezone_t silent = {0, "", NEVER, 0, "", NEVER, 0};
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
               !zone.daylight.month && zone.daylight_offset == 3600 && zone.vague == (i < 6),
           "a change that is none: no summer time");
    ok(!item_zone_parse(blob_text(&silent, pool), &zone, pool), "zeros say nothing");
}

/* Some write base64 as mail has it. */
static void test_loose(apr_pool_t *pool)
{
    const char *good = item_zone_blob(&item_zone_utc, pool);
    const char *lines =
        apr_pstrcat(pool, apr_pstrmemdup(pool, good, 76), "\r\n", good + 76, "\n", NULL);
    item_zone_t zone;

    ok(item_zone_parse(lines, &zone, pool), "in lines");
    ok(item_zone_parse(apr_pstrmemdup(pool, good, strlen(good) - 2), &zone, pool),
       "without padding");
    ok(!item_zone_parse(apr_psprintf(pool, "%s%1000s", good, ""), &zone, pool), "but not endless");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    test_table(pool);
    test_broken_blobs(pool);
    test_loose(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
