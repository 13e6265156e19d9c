#include "item/ical.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "item/date.h"

#define ICAL_YEAR_MIN 1601 /* where the time of Windows begins, which clients are made by */
#define ICAL_YEAR_MAX 9999

void item_ical_child_init(void)
{
    icalerror_set_errors_are_fatal(0);
}

static apr_status_t ical_free(void *component)
{
    icalcomponent_free(component);
    return APR_SUCCESS;
}

static apr_status_t ical_free_text(void *text)
{
    free(text);
    return APR_SUCCESS;
}

/* The line breaks and the blank that fold a line. */
static const char *ical_skip_fold(const char *p)
{
    for (;;) {
        const char *fold = p + (*p == '\r');

        if (fold[0] != '\n' || (fold[1] != ' ' && fold[1] != '\t'))
            return p;
        p = fold + 2;
    }
}

/* Is this the property, however it is folded and spaced out? */
static int ical_line_is(const char *line, const char *name)
{
    for (; *name; name++, line++) {
        line = ical_skip_fold(line);
        if (apr_toupper(*line) != *name)
            return 0;
    }
    for (line = ical_skip_fold(line); *line == ' ' || *line == '\t'; line = ical_skip_fold(line))
        line++;
    return strchr(":;\r\n", *line) != NULL;
}

/* The part of the text that libical is given: it frees components by recursion, its time grows faster
 * than the lines of one, and of an END without BEGIN it tells standard error. What it might take for
 * BEGIN or END is counted against it, what it surely does for it. NULL: too much of it. */
static const char *ical_usable(const char *text, apr_pool_t *pool)
{
    int lines = 0, depth = 0, open = 0;
    const char *line;

    if (strlen(text) > ITEM_ICAL_MAX)
        return NULL;
    for (line = text; *line; line += *line != '\0') {
        depth += ical_line_is(line, "BEGIN");
        if (++lines > ITEM_ICAL_LINES_MAX || depth > ITEM_ICAL_DEPTH_MAX)
            return NULL;
        open += strncasecmp(line, "BEGIN:", 6) == 0;
        if (ical_line_is(line, "END") && open-- == 0)
            return apr_pstrmemdup(pool, text, (apr_size_t)(line - text));
        depth -= depth && strncasecmp(line, "END:", 4) == 0;
        line += strcspn(line, "\n");
    }
    return text;
}

icalcomponent *item_ical_parse(const char *text, apr_pool_t *pool)
{
    icalcomponent *component;

    text = ical_usable(text, pool);
    component = text ? icalparser_parse_string(text) : NULL;
    if (!component)
        return NULL;
    apr_pool_cleanup_register(pool, component, ical_free, apr_pool_cleanup_null);
    return icalcomponent_isa(component) == ICAL_VCALENDAR_COMPONENT ? component : NULL;
}

/* What icalproperty_get_value_as_string_r() gives is escaped as in the file. */
static const char *ical_unescape(const char *text, apr_pool_t *pool)
{
    char *plain = apr_palloc(pool, strlen(text) + 1), *q = plain;

    for (; *text; text++) {
        if (*text == '\\' && text[1]) {
            text++;
            *q++ = *text == 'n' || *text == 'N' ? '\n' : *text;
        }
        else
            *q++ = *text;
    }
    *q = '\0';
    return plain;
}

static const char *ical_value(icalproperty *property, apr_pool_t *pool)
{
    char *text = property ? icalproperty_get_value_as_string_r(property) : NULL;

    if (!text)
        return NULL;
    apr_pool_cleanup_register(pool, text, ical_free_text, apr_pool_cleanup_null);
    return ical_unescape(text, pool);
}

const char *item_ical_text(icalcomponent *component, icalproperty_kind kind, apr_pool_t *pool)
{
    return ical_value(icalcomponent_get_first_property(component, kind), pool);
}

const char *item_ical_extension(icalcomponent *component, const char *name, apr_pool_t *pool)
{
    icalproperty *property;

    for (property = icalcomponent_get_first_property(component, ICAL_X_PROPERTY); property;
         property = icalcomponent_get_next_property(component, ICAL_X_PROPERTY)) {
        const char *found = icalproperty_get_x_name(property);

        if (found && strcasecmp(found, name) == 0)
            return ical_value(property, pool);
    }
    return NULL;
}

const char *item_ical_parameter(icalproperty *property, const char *name, apr_pool_t *pool)
{
    char *text = icalproperty_get_parameter_as_string_r(property, name);
    size_t length;

    if (!text)
        return NULL;
    apr_pool_cleanup_register(pool, text, ical_free_text, apr_pool_cleanup_null);
    length = strlen(text);
    return length > 1 && text[0] == '"' && text[length - 1] == '"'
               ? apr_pstrmemdup(pool, text + 1, length - 2)
               : text;
}

int item_ical_time(const char *text, struct icaltimetype *time)
{
    *time = icaltime_from_string(text);
    return !icaltime_is_null_time(*time) && time->year >= ICAL_YEAR_MIN &&
           time->year <= ICAL_YEAR_MAX && time->month >= 1 && time->month <= 12 && time->day >= 1 &&
           time->day <= icaltime_days_in_month(time->month, time->year) && time->hour >= 0 &&
           time->hour <= 23 && time->minute >= 0 && time->minute <= 59 && time->second >= 0 &&
           time->second <= 60;
}

apr_time_t item_ical_naive(const struct icaltimetype *time)
{
    return apr_time_from_sec(item_date_seconds(time));
}
