/* What t/bin/recurrence-oracle asks: a question a line, fields between tabs.
 *
 *   occurrences ZONE START FROM TO LINES   -> moments in UTC, or "refused"
 *   written ZONE START FROM TO LINES       the same with the VTIMEZONE that is written for the zone
 *   last ZONE START LINES                  -> the last one's, or "endless"
 *   pattern ZONE START RULE                -> the rule of the pattern of EAS that says it, after it was
 *                                             written and read at 16.1; or "none"
 *
 * START: local. LINES: properties, between "|". */
#include "item_helpers.h"

#include "base/time.h"
#include "item/date.h"
#include "item/series.h"

#define SHOW_FIELDS 6

static apr_time_t moment_of(const char *text)
{
    struct icaltimetype time = icaltime_from_string(text);

    return apr_time_from_sec(item_date_seconds(&time));
}

static int load(char **fields, const char *lines, int written, item_series_t *series,
                apr_pool_t *pool)
{
    item_document_t *document = item_document_make(ITEM_DOCUMENT_ICALENDAR, pool);
    const item_clock_t *clock = item_clock_olson(fields[1], pool);
    item_component_t *event;
    char *line, *state, *list = apr_pstrdup(pool, lines);

    if (written)
        item_clock_write(clock, moment_of(fields[2]) - BASE_TIME_DAY, document, pool);
    event = item_component_add(item_document_root(document), "VEVENT");
    item_property_set_parameter(item_property_add(event, NULL, "DTSTART", fields[2]), "TZID",
                                fields[1]);
    for (line = apr_strtok(list, "|", &state); line; line = apr_strtok(NULL, "|", &state)) {
        char *value = strchr(line, ':');
        item_property_t *property;

        *value++ = '\0';
        property = item_property_add(event, NULL, line, value);
        if (!strstr(line, "RULE"))
            item_property_set_parameter(property, "TZID", fields[1]);
    }
    return item_series_load(item_document_root(document), event, clock, series, pool) &&
           !series->refused;
}

static void show_occurrences(char **fields, int written, apr_pool_t *pool)
{
    apr_array_header_t *found;
    item_series_t series;
    int i;

    if (!load(fields, fields[5], written, &series, pool)) {
        printf("refused\n");
        return;
    }
    item_series_expand(&series, moment_of(fields[3]), moment_of(fields[4]), 1000000, &found, pool);
    for (i = 0; i < found->nelts; i++)
        printf("%s%s", i ? " " : "",
               base_time_format_compact(APR_ARRAY_IDX(found, i, item_occurrence_t).when, pool));
    printf("\n");
}

static void show_last(char **fields, apr_pool_t *pool)
{
    item_series_t series;
    apr_time_t last =
        load(fields, fields[3], 0, &series, pool) ? item_series_last(&series, pool) : APR_INT64_MAX;

    printf("%s\n", last == APR_INT64_MAX ? "endless" : base_time_format_compact(last, pool));
}

static void show_pattern(char **fields, apr_pool_t *pool)
{
    item_recurrence_origin_t origin = {.start = icaltime_from_string(fields[2]),
                                       .clock = item_clock_olson(fields[1], pool)};
    eas_spool_t *spool = eas_spool_create(NULL, pool);
    eas_writer_t *writer = eas_writer_create(spool, pool);
    item_recurrence_t recurrence, again;
    const eas_node_t *node;
    const char *wbxml;
    apr_size_t length;

    if (!item_recurrence_from_text(fields[3], &origin.start, &recurrence)) {
        printf("none\n");
        return;
    }
    item_recurrence_write(&recurrence, ITEM_RECURRENCE_CALENDAR, EAS_VERSION_16_1, &origin, writer,
                          pool);
    if (wbxml_finish(writer, spool, &wbxml, &length, pool) ||
        wbxml_decode(wbxml, length, &node, pool) ||
        item_recurrence_read(node, ITEM_RECURRENCE_CALENDAR, &origin, &again, pool))
        printf("broken\n");
    else
        printf("%s%s\n", item_recurrence_same(&recurrence, &again, &origin, pool) ? "" : "another ",
               item_recurrence_to_rule(&again, &origin, pool));
}

static void show(char *line, apr_pool_t *pool)
{
    char *fields[SHOW_FIELDS], *state, *word;
    int n = 0;

    for (word = apr_strtok(line, "\t\n", &state); word && n < SHOW_FIELDS;
         word = apr_strtok(NULL, "\t\n", &state))
        fields[n++] = word;
    for (; n < SHOW_FIELDS; n++)
        fields[n] = "";
    if (strcmp(fields[0], "last") == 0)
        show_last(fields, pool);
    else if (strcmp(fields[0], "pattern") == 0)
        show_pattern(fields, pool);
    else
        show_occurrences(fields, strcmp(fields[0], "written") == 0, pool);
}

int main(void)
{
    static char line[65536];
    apr_pool_t *pool, *subpool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    apr_pool_create(&subpool, pool);
    while (fgets(line, sizeof line, stdin)) {
        apr_pool_clear(subpool);
        show(line, subpool);
    }
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
