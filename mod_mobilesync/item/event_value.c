#include "item/event_impl.h"

#include <strings.h>

typedef struct {
    eas_tag_t tag;
    base_fault_t *(*load)(const item_event_view_t *view, item_event_value_t *value);
    int exception;
} event_property_t;

static const event_property_t properties[ITEM_EVENT_COUNT] = {
#define EVENT_PROPERTY(tag, name, store, exception, omitted) \
    {EAS_##tag, item_event_load_##name, exception},
#include "item/event.tbl"
#undef EVENT_PROPERTY
};

eas_tag_t item_event_property_tag(int property)
{
    return properties[property].tag;
}

int item_event_property_exception(int property)
{
    return properties[property].exception;
}

base_fault_t *item_event_view_init(const item_event_source_t *source, item_component_t *event,
                                   const item_options_t *options, const item_reference_t *reference,
                                   item_event_view_t *view, apr_pool_t *pool)
{
    *view = (item_event_view_t){
        .source = source, .event = event, .options = options, .reference = reference, .pool = pool};
    return item_event_times_load(source, event, &view->times);
}

base_fault_t *item_event_value_load(const item_event_view_t *view, int property,
                                    item_event_value_t *value)
{
    *value = (item_event_value_t){0};
    return properties[property].load(view, value);
}

base_fault_t *item_event_values_load(const item_event_view_t *view, item_event_value_t *values)
{
    int i;

    for (i = 0; i < ITEM_EVENT_COUNT; i++) {
        values[i] = (item_event_value_t){0};
        if (item_options_want(view->options, properties[i].tag))
            BASE_TRY(item_event_value_load(view, i, &values[i]));
    }
    return NULL;
}

void item_event_value_write(int property, const item_event_value_t *value, eas_version_t version,
                            eas_writer_t *writer, apr_pool_t *pool)
{
    if (!value->text)
        return;
    if (value->write)
        value->write(value, version, writer, pool);
    else
        eas_writer_text(writer, properties[property].tag, value->text);
}
