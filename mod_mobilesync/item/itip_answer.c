/* What the owner of a calendar answers, in the event that he was invited to. */
#include "item/itip_impl.h"

#include <strings.h>
#include <apr_strings.h>

#include "base/time.h"

static const char *const answers[] = {[ITEM_ITIP_ACCEPTED] = "ACCEPTED",
                                      [ITEM_ITIP_TENTATIVE] = "TENTATIVE",
                                      [ITEM_ITIP_DECLINED] = "DECLINED"};

/* What the time is taken as, where Outlook's words say so: accepted, what the organizer intended. */
static void answer_busy(item_component_t *event, item_itip_response_t response)
{
    static const char name[] = "X-MICROSOFT-CDO-BUSYSTATUS";
    const char *intended = item_component_text(event, "X-MICROSOFT-CDO-INTENDEDSTATUS");
    const char *transparency = item_component_text(event, "TRANSP");
    const char *present = item_component_text(event, name);

    if (transparency && strcasecmp(transparency, "TRANSPARENT") == 0)
        return;
    if (response == ITEM_ITIP_TENTATIVE)
        item_component_set_text(event, name, "TENTATIVE");
    else if (response == ITEM_ITIP_ACCEPTED && present && strcasecmp(present, "TENTATIVE") == 0)
        item_component_set_text(event, name, intended ? intended : "BUSY");
}

static void answer_component(const item_itip_answer_t *answer, item_component_t *event,
                             apr_pool_t *pool)
{
    item_property_t *own = item_itip_attendee(event, answer->addresses, pool);
    const char *address;

    if (!own) { /* invited by a list */
        address = APR_ARRAY_IDX(answer->addresses, 0, const char *);
        own =
            item_property_add(event, NULL, "ATTENDEE", apr_pstrcat(pool, "mailto:", address, NULL));
    }
    item_property_set_parameter(own, "PARTSTAT", answers[answer->response]);
    item_event_propose(own, answer->start ? base_time_format_compact(answer->start, pool) : NULL,
                       answer->start ? base_time_format_compact(answer->end, pool) : NULL);
    answer_busy(event, answer->response);
}

/* An instance that says its times alone has its people from the series. */
static int answer_is_invited(item_component_t *event)
{
    return item_property_first(event, "ATTENDEE") != NULL;
}

static base_fault_t *answer_check(const item_event_source_t *source,
                                  const item_itip_answer_t *answer)
{
    item_property_t *organizer = item_property_first(source->main, "ORGANIZER");
    const char *address = organizer ? item_event_address(organizer, source->pool) : NULL;

    if (!answer->addresses || !answer->addresses->nelts || !organizer)
        return base_fault_make(source->pool, BASE_FAULT_DENIED, "nobody invited to the event");
    if (item_itip_is_one_of(answer->addresses, address))
        return base_fault_make(source->pool, BASE_FAULT_DENIED, "one's own meeting");
    return NULL;
}

static void answer_all(const item_event_source_t *source, const item_itip_answer_t *answer)
{
    int i;

    if (source->series)
        answer_component(answer, source->series, source->pool);
    for (i = 0; i < source->instances->nelts; i++) {
        item_component_t *instance = APR_ARRAY_IDX(source->instances, i, item_component_t *);

        if (answer_is_invited(instance) || !source->series)
            answer_component(answer, instance, source->pool);
    }
}

static void answer_mark(const item_event_source_t *source, item_component_t *event, apr_time_t now)
{
    item_itip_moment(event, "X-MICROSOFT-CDO-REPLYTIME", now, source->pool);
    /* not DTSTAMP, which is the organizer's: by it a later message is known */
    item_itip_moment(event, "LAST-MODIFIED", now, source->pool);
}

base_fault_t *item_itip_answer(const backend_blob_t *event, const item_itip_answer_t *answer,
                               const backend_blob_t **blob, apr_pool_t *pool)
{
    item_event_source_t *source;
    item_event_series_t *series;
    item_change_t change;
    item_event_edit_t edit;
    struct icaltimetype place;
    item_component_t *target;

    BASE_TRY(item_event_open(event, &source, pool));
    BASE_TRY(answer_check(source, answer));
    item_itip_edit_init(&edit, &change, source, answer->addresses, answer->version, answer->now);
    target = source->main;
    if (answer->instance && source->series) {
        BASE_TRY(item_itip_place(&edit, answer->instance, answer->version, &series, &place));
        target = item_event_occurrence(&edit, &series->series, place);
        answer_component(answer, target, pool);
    }
    else
        answer_all(source, answer);
    if (answer->start && !item_event_takes_proposals(source, target))
        return base_fault_make(pool, BASE_FAULT_DENIED, "the organizer takes no proposals");
    *blob = event;
    if (!item_document_is_changed(source->document))
        return NULL;
    answer_mark(source, target, answer->now);
    return item_document_save(source->document, blob, pool);
}

base_fault_t *item_itip_exclude(const backend_blob_t *event, const char *instance,
                                eas_version_t version, apr_time_t now, const backend_blob_t **blob,
                                apr_pool_t *pool)
{
    item_event_source_t *source;
    item_event_series_t *series;
    item_change_t change;
    item_event_edit_t edit;
    struct icaltimetype place;

    BASE_TRY(item_event_open(event, &source, pool));
    item_itip_edit_init(&edit, &change, source, NULL, version, now);
    BASE_TRY(item_itip_place(&edit, instance, version, &series, &place));
    item_event_exclude(&edit, &series->series, &place);
    *blob = event;
    if (!item_document_is_changed(source->document))
        return NULL;
    item_itip_moment(source->series, "LAST-MODIFIED", now, pool);
    return item_document_save(source->document, blob, pool);
}
