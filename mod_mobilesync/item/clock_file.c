/* The system's zoneinfo files (TZif, RFC 8536). The C library has one zone for a whole process, libical
 * forgets the rule that holds from a file's last change on, and ICU's own data is older than the
 * system's; the format is small. */
#include "item/clock_impl.h"

#include <string.h>
#include <apr_file_io.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "item/date.h"

#define FILE_DIRECTORY "/usr/share/zoneinfo/"
#define FILE_MAX 65536
#define FILE_HEADER 44
#define FILE_TYPES_MAX 256

/* -- the rule at the end ("CET-1CEST,M3.5.0,M10.5.0/3", POSIX.1 8.3) ---------------------------- */

static int rule_digits(const char **at, int low, int high, int *value)
{
    int n = 0;

    if (!apr_isdigit(**at))
        return 0;
    while (apr_isdigit(**at) && n < 10000)
        n = n * 10 + *(*at)++ - '0';
    *value = n;
    return n >= low && n <= high;
}

static int rule_skip(const char **at, char c)
{
    if (**at != c)
        return 0;
    ++*at;
    return 1;
}

/* [+-]hh[:mm[:ss]] */
static int rule_time(const char **at, int *seconds)
{
    int sign = **at == '-' ? -1 : 1, hour, minute = 0, second = 0;

    *at += **at == '-' || **at == '+';
    if (!rule_digits(at, 0, 167, &hour))
        return 0;
    if (**at == ':' && (++*at, !rule_digits(at, 0, 59, &minute)))
        return 0;
    if (**at == ':' && (++*at, !rule_digits(at, 0, 59, &second)))
        return 0;
    *seconds = sign * (hour * 3600 + minute * 60 + second);
    return 1;
}

/* "CEST" or "<-03>" */
static const char *rule_name(const char **at, apr_pool_t *pool)
{
    const char *begin = *at;

    if (*begin == '<') {
        const char *end = strchr(begin, '>');

        *at = end ? end + 1 : begin;
        return end ? apr_pstrmemdup(pool, begin + 1, (apr_size_t)(end - begin - 1)) : NULL;
    }
    while (apr_isalpha(**at))
        ++*at;
    return *at > begin ? apr_pstrmemdup(pool, begin, (apr_size_t)(*at - begin)) : NULL;
}

/* "Mm.w.d", "Jn" or "n", and "/time" */
static int rule_date(const char **at, clock_rule_t *rule)
{
    int seconds = 7200, found;

    rule->weekday = -1;
    if (**at == 'M') {
        ++*at;
        found = rule_digits(at, 1, 12, &rule->month) && rule_skip(at, '.') &&
                rule_digits(at, 1, 5, &rule->week) && rule_skip(at, '.') &&
                rule_digits(at, 0, 6, &rule->weekday);
    }
    else {
        rule->leap = **at != 'J';
        *at += **at == 'J';
        found = rule_digits(at, !rule->leap, 365, &rule->first_day);
        rule->first_day += rule->leap; /* those begin with 0 */
    }
    if (found && **at == '/' && (++*at, !rule_time(at, &seconds)))
        return 0;
    rule->seconds = seconds;
    return found;
}

static void rule_load(const char *text, item_clock_t *clock, apr_pool_t *pool)
{
    clock_rule_t daylight = {0}, standard = {0};

    standard.name = rule_name(&text, pool);
    if (!standard.name || !rule_time(&text, &standard.offset))
        return;
    standard.offset = -standard.offset;
    daylight.offset = standard.offset + 3600;
    if (!*text || !(daylight.name = rule_name(&text, pool)))
        return;
    if (*text && *text != ',') {
        if (!rule_time(&text, &daylight.offset))
            return;
        daylight.offset = -daylight.offset;
    }
    if (*text != ',' || (++text, !rule_date(&text, &daylight)) || *text != ',' ||
        (++text, !rule_date(&text, &standard)) || *text)
        return;
    clock->ruled = 1;
    clock->rules[0] = daylight;
    clock->rules[1] = standard;
}

/* -- the changes ------------------------------------------------------------------------------ */

/* The counts of a header, in the order of the file. */
typedef struct {
    apr_size_t isut, isstd, leap, time, type, letter;
} file_header_t;

static apr_int64_t file_number(const unsigned char *at, int bytes)
{
    apr_int64_t n = *at & 0x80 ? -1 : 0;

    while (bytes-- > 0)
        n = (apr_int64_t)((apr_uint64_t)n << 8 | *at++);
    return n;
}

static int file_read_header(const unsigned char *data, apr_size_t length, file_header_t *header)
{
    apr_size_t *counts = &header->isut;
    int i;

    if (length < FILE_HEADER || memcmp(data, "TZif", 4) != 0)
        return 0;
    for (i = 0; i < 6; i++) {
        apr_int64_t n = file_number(data + 20 + 4 * i, 4);

        if (n < 0 || n > FILE_MAX)
            return 0;
        counts[i] = (apr_size_t)n;
    }
    return header->type > 0 && header->type <= FILE_TYPES_MAX;
}

/* Bytes after the header. */
static apr_size_t file_size(const file_header_t *header, int bytes)
{
    return header->time * (apr_size_t)(bytes + 1) + header->type * 6 + header->letter +
           header->leap * (apr_size_t)(bytes + 4) + header->isstd + header->isut;
}

/* A type of local time. 0: there is none such. */
static int file_type(const unsigned char *types, const file_header_t *header, unsigned number,
                     clock_change_t *change, apr_pool_t *pool)
{
    const unsigned char *type = types + number * 6;
    const char *letters = (const char *)types + header->type * 6;
    apr_size_t name;

    if (number >= header->type || type[5] >= header->letter)
        return 0;
    name = type[5];
    change->offset = (int)file_number(type, 4);
    change->name = apr_pstrndup(pool, letters + name, header->letter - name);
    return change->offset > -2 * ITEM_DATE_DAY && change->offset < 2 * ITEM_DATE_DAY;
}

/* Changes at the end that the rules say as well are dropped. */
static void file_drop_ruled(item_clock_t *clock)
{
    item_clock_t ruled = *clock;
    clock_change_t next;

    for (ruled.count = 0; clock->count > 1; clock->count--) {
        const clock_change_t *last = &clock->changes[clock->count - 1];

        if (!item_clock_change_after(&ruled, last[-1].at, &next) || next.at != last->at ||
            next.offset != last->offset)
            return;
    }
}

static int file_load(const unsigned char *data, apr_size_t length, item_clock_t *clock,
                     apr_pool_t *pool)
{
    file_header_t header;
    const unsigned char *end = data + length, *types;
    clock_change_t *changes, first;
    apr_size_t i, skipped;

    /* the first block has 32 bits; every file of today has a second one with 64 */
    if (!file_read_header(data, length, &header) || data[4] < '2')
        return 0;
    skipped = FILE_HEADER + file_size(&header, 4);
    if (skipped > length || !file_read_header(data + skipped, length - skipped, &header))
        return 0;
    data += skipped + FILE_HEADER;
    if ((apr_size_t)(end - data) < file_size(&header, 8))
        return 0;
    types = data + header.time * 9;
    if (!file_type(types, &header, 0, &first, pool))
        return 0;
    clock->offset = first.offset;
    clock->name = first.name;
    changes = apr_palloc(pool, (header.time + 1) * sizeof *changes);
    for (i = 0; i < header.time; i++) {
        changes[i].at = (long)file_number(data + i * 8, 8);
        if (!file_type(types, &header, data[header.time * 8 + i], &changes[i], pool) ||
            (i && changes[i].at <= changes[i - 1].at))
            return 0;
    }
    clock->changes = changes;
    clock->count = (int)header.time;
    data += file_size(&header, 8);
    if (data < end && *data == '\n') {
        const unsigned char *line = memchr(data + 1, '\n', (apr_size_t)(end - data - 1));

        if (line)
            rule_load(apr_pstrmemdup(pool, (const char *)data + 1, (apr_size_t)(line - data - 1)),
                      clock, pool);
    }
    if (clock->ruled)
        file_drop_ruled(clock);
    return 1;
}

/* Of the names that zones have; none of a file elsewhere. */
static int file_is_name(const char *name)
{
    const char *p;

    if (!apr_isupper(*name) || strlen(name) > 64)
        return 0;
    for (p = name; *p; p++)
        if (!apr_isalnum(*p) && !strchr("_+-/", *p))
            return 0;
    return 1;
}

const item_clock_t *item_clock_olson(const char *name, apr_pool_t *pool)
{
    item_clock_t *clock;
    apr_file_t *file;
    unsigned char *data = NULL;
    apr_size_t length = 0;
    apr_finfo_t info;

    if (!file_is_name(name) ||
        apr_file_open(&file, apr_pstrcat(pool, FILE_DIRECTORY, name, NULL),
                      APR_FOPEN_READ | APR_FOPEN_BINARY, 0, pool) != APR_SUCCESS)
        return NULL;
    if (apr_file_info_get(&info, APR_FINFO_SIZE, file) == APR_SUCCESS && info.size <= FILE_MAX) {
        data = apr_palloc(pool, (apr_size_t)info.size + 1);
        apr_file_read_full(file, data, (apr_size_t)info.size, &length);
    }
    apr_file_close(file);
    clock = apr_pcalloc(pool, sizeof *clock);
    clock->tzid = apr_pstrdup(pool, name);
    clock->olson = 1;
    return file_load(data, length, clock, pool) ? clock : NULL;
}
