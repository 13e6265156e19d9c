/* Clocks by TZID. */
#include "item/clock_impl.h"

#include <string.h>
#include <unicode/ucal.h>
#include <unicode/ustring.h>

#define FIND_NAME_MAX 128
#define FIND_ZONES_MAX 100 /* of a calendar that are looked at; programs write those that it uses */

/* The Olson name of one that Windows has ("W. Europe Standard Time"), of CLDR; NULL. */
static const item_clock_t *find_windows(const char *name, apr_pool_t *pool)
{
    UChar windows[FIND_NAME_MAX], olson[FIND_NAME_MAX];
    UErrorCode error = U_ZERO_ERROR;
    char found[FIND_NAME_MAX];
    int32_t length;
    const char *p;

    for (p = name; *p; p++)
        if (*p < ' ' || *p > '~') /* those names are ASCII */
            return NULL;
    if (p == name || p - name >= FIND_NAME_MAX)
        return NULL;
    u_charsToUChars(name, windows, (int32_t)(p - name));
    length = ucal_getTimeZoneIDForWindowsID(windows, (int32_t)(p - name), NULL, olson,
                                            FIND_NAME_MAX - 1, &error);
    if (U_FAILURE(error) || length <= 0)
        return NULL;
    u_UCharsToChars(olson, found, length);
    found[length] = '\0';
    return item_clock_olson(found, pool);
}

/* The Olson name at the end of "/freeassociation.sourceforge.net/Tzfile/Europe/Berlin",
 * "/mozilla.org/20070129_1/Europe/Berlin", "/softwarestudio.org/Olson_20011030_5/Europe/Berlin". */
static const item_clock_t *find_prefixed(const char *tzid, apr_pool_t *pool)
{
    const item_clock_t *clock = NULL;

    if (*tzid != '/')
        return NULL;
    while (!clock && (tzid = strchr(tzid + 1, '/')) != NULL)
        clock = item_clock_olson(tzid + 1, pool);
    return clock;
}

const item_clock_t *item_clock_find(item_component_t *calendar, const char *tzid, apr_pool_t *pool)
{
    item_component_t *component = calendar ? item_component_first(calendar, "VTIMEZONE") : NULL;
    const item_clock_t *clock = NULL;
    int left = FIND_ZONES_MAX;

    for (; component && !clock && left-- > 0; component = item_component_next(component)) {
        const char *name = item_component_text(component, "TZID");

        if (name && strcmp(name, tzid) == 0)
            clock = item_clock_component(component, pool);
    }
    if (!clock)
        clock = item_clock_olson(tzid, pool);
    if (!clock)
        clock = find_prefixed(tzid, pool);
    return clock ? clock : find_windows(tzid, pool);
}

const item_clock_t *item_clock_own(item_component_t *calendar, apr_pool_t *pool)
{
    const char *name = item_component_text(calendar, "X-WR-TIMEZONE");
    const item_clock_t *clock = name && *name ? item_clock_find(calendar, name, pool) : NULL;
    item_component_t *zone = item_component_first(calendar, "VTIMEZONE");

    return !clock && zone ? item_clock_component(zone, pool) : clock;
}
