/* What administrators are told of series that are not shown whole. */
#include "item/event_impl.h"

#include <apr_strings.h>

#include "item/rule.h"

#define EVENT_REMARK_RULE 200 /* characters of a rule that are quoted */

/* The first rule of a name that is refused; NULL. */
static const char *event_refused(const item_event_source_t *source, const char *name)
{
    item_property_t *property = item_property_first(source->series, name);
    struct icalrecurrencetype rule;
    int n = 0;

    for (; property; property = item_property_next(property))
        if (n++ >= ITEM_SERIES_RULES_MAX || !item_rule_parse(item_property_value(property), &rule))
            return item_property_value(property);
    return NULL;
}

static const char *event_remark_refused(const item_event_source_t *source)
{
    const char *rule = event_refused(source, "RRULE"), *what = "RRULE";

    if (!rule) {
        rule = event_refused(source, "EXRULE");
        what = "EXRULE";
    }
    return rule
               ? apr_psprintf(source->pool,
                              "devices are shown nothing of its %s \"%.*s\", which is none, of a "
                              "calendar that is not known, or beyond what is reckoned; it stays as "
                              "it is",
                              what, EVENT_REMARK_RULE, rule)
               : NULL;
}

const char *item_event_remark(const item_event_source_t *source, const item_event_series_t *shown)
{
    const char *remark;
    item_series_t series;

    if (!source->series || (shown && !shown->series.refused))
        return NULL;
    remark = event_remark_refused(source);
    if (remark || shown ||
        !item_series_load(source->calendar, source->series, source->own, &series, source->pool) ||
        !item_series_recurs(&series) || item_event_series_is_idle(&series, source->pool))
        return remark;
    return "its occurrences take too long to work out: devices are shown one event; its rules stay "
           "as they are";
}
