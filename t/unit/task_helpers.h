/* For the tests of tasks: VTODOs, and what differs between two. */
#ifndef T_UNIT_TASK_HELPERS_H
#define T_UNIT_TASK_HELPERS_H

#include "kind_helpers.h"

#include "item/task.h"

static const item_kind_t *const kind = &item_task_kind;

/* A VCALENDAR with a VTODO of these lines, and what stands before it. */
__attribute__((unused)) static const char *calendar_with(const char *before, const char *lines,
                                                         apr_pool_t *pool)
{
    return apr_pstrcat(pool, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\n", before,
                       "BEGIN:VTODO\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\n", lines,
                       "END:VTODO\r\nEND:VCALENDAR\r\n", NULL);
}

__attribute__((unused)) static const char *calendar(const char *lines, apr_pool_t *pool)
{
    return calendar_with("", lines, pool);
}

#define ZONE                                                                                \
    "BEGIN:VTIMEZONE\r\nTZID:Mine\r\nBEGIN:STANDARD\r\nDTSTART:19701025T030000\r\n"         \
    "TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\n" \
    "END:STANDARD\r\nBEGIN:DAYLIGHT\r\nDTSTART:19700329T020000\r\nTZOFFSETFROM:+0100\r\n"   \
    "TZOFFSETTO:+0200\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\nEND:DAYLIGHT\r\n"        \
    "END:VTIMEZONE\r\n"
#define ALARM(lines) "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\n" lines "END:VALARM\r\n"
#define AT(day, time) "2026-11-" day "T" time ".000Z"

#define DAY "DTSTART;VALUE=DATE:20261125\r\n" /* a Wednesday */
#define START "Start=" AT("25", "00:00:00")

/* Has the element all of these, "Name=value|..."? */
__attribute__((unused)) static void has(const char *text, const char *wanted, const char *name,
                                        apr_pool_t *pool)
{
    const char *all = apr_pstrcat(pool, "|", text ? text : "", "|", NULL);
    char *part, *state;
    int found = text != NULL;

    for (part = apr_strtok(apr_pstrdup(pool, wanted), "|", &state); part;
         part = apr_strtok(NULL, "|", &state))
        found &= strstr(all, apr_pstrcat(pool, "|", part, "|", NULL)) != NULL;
    if (!ok(found, "%s", name))
        printf("#      got: %s\n# expected: %s\n", text ? text : "(null)", wanted);
}

/* Without folds. */
__attribute__((unused)) static const char *unfolded(const char *text, apr_pool_t *pool)
{
    char *line = apr_pstrdup(pool, text), *out = line;
    const char *p;

    for (p = line; *p; p += strncmp(p, "\r\n ", 3) == 0 ? 3 : 1)
        if (strncmp(p, "\r\n ", 3) != 0)
            *out++ = *p;
    *out = '\0';
    return line;
}

/* The lines of one that are not in the other, in order, each with the sign before it. What is stamped
 * with every change is left out. */
__attribute__((unused)) static const char *lines_without(const char *text, const char *other,
                                                         const char *sign, apr_pool_t *pool)
{
    const char *out = "", *all = apr_pstrcat(pool, "\r\n", other, NULL);
    char *line, *state;

    for (line = apr_strtok(apr_pstrdup(pool, text), "\r\n", &state); line;
         line = apr_strtok(NULL, "\r\n", &state))
        if (!strstr(all, apr_pstrcat(pool, "\r\n", line, "\r\n", NULL)) &&
            strncmp(line, "DTSTAMP:", 8) != 0 && strncmp(line, "LAST-MODIFIED:", 14) != 0)
            out = apr_pstrcat(pool, out, *out ? " " : "", sign, line, NULL);
    return out;
}

__attribute__((unused)) static const char *difference(const char *before, const char *after,
                                                      apr_pool_t *pool)
{
    const char *old = unfolded(before, pool), *new_ = unfolded(after, pool);
    const char *gone = lines_without(old, new_, "-", pool);
    const char *come = lines_without(new_, old, "+", pool);

    return apr_pstrcat(pool, gone, *gone && *come ? " " : "", come, NULL);
}

__attribute__((unused)) static int run_tests(void (*const *tests)(apr_pool_t *), size_t count)
{
    apr_pool_t *pool, *scratch;
    size_t i;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    apr_pool_create(&scratch, pool);
    for (i = 0; i < count; i++) {
        apr_pool_clear(scratch);
        tests[i](scratch);
    }
    apr_pool_destroy(pool);
    return done_testing();
}

#endif
