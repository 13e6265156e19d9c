/* Reading scheduling messages. */
#include "item/itip_impl.h"

#include <string.h>
#include <strings.h>
#include <apr_strings.h>

#include "base/text.h"
#include "base/time.h"
#include "item/content.h"
#include "item/header.h"
#include "item/reader.h"

static const char *const methods[] = {[ITEM_ITIP_REQUEST] = "REQUEST",
                                      [ITEM_ITIP_CANCEL] = "CANCEL",
                                      [ITEM_ITIP_REPLY] = "REPLY",
                                      [ITEM_ITIP_COUNTER] = "COUNTER",
                                      [ITEM_ITIP_DECLINECOUNTER] = "DECLINECOUNTER"};

int item_itip_method_of(const char *word)
{
    size_t i;

    for (i = 0; word && i < sizeof methods / sizeof *methods; i++)
        if (strcasecmp(word, methods[i]) == 0)
            return (int)i;
    return -1;
}

const char *item_itip_method_word(item_itip_method_t method)
{
    return methods[method];
}

/* -- what the files share --------------------------------------------------------------------- */

int item_itip_is_one_of(const apr_array_header_t *addresses, const char *address)
{
    const item_options_t options = {.addresses = addresses};

    return address && item_event_is_own(&options, address);
}

item_property_t *item_itip_attendee(item_component_t *event, const apr_array_header_t *addresses,
                                    apr_pool_t *pool)
{
    item_property_t *property = item_property_first(event, "ATTENDEE");

    while (property && !item_itip_is_one_of(addresses, item_event_address(property, pool)))
        property = item_property_next(property);
    return property;
}

void item_itip_edit_init(item_event_edit_t *edit, item_change_t *change,
                         item_event_source_t *source, const apr_array_header_t *addresses,
                         eas_version_t version, apr_time_t now)
{
    *change = (item_change_t){.version = version, .now = now};
    *edit = (item_event_edit_t){
        .change = change, .source = source, .event = source->main, .pool = source->pool};
    item_options_init(&edit->options, version);
    edit->options.addresses = addresses;
    edit->options.now = now;
}

base_fault_t *item_itip_place(item_event_edit_t *edit, const char *instance, eas_version_t version,
                              item_event_series_t **series, struct icaltimetype *place)
{
    *series = NULL;
    if (edit->source->series)
        BASE_TRY(item_event_series_load(edit->source, &edit->options, series, edit->pool));
    if (!*series)
        return base_fault_make(edit->pool, BASE_FAULT_UNSUPPORTED,
                               "an occurrence of an event that does not recur");
    return item_event_series_find(edit->source, *series, instance, version, place);
}

apr_uint64_t item_itip_sequence(item_component_t *event)
{
    const char *text = item_component_text(event, "SEQUENCE");
    apr_uint64_t number = 0;

    if (text)
        base_text_parse_uint(text, 0x7ffffffe, &number);
    return number;
}

apr_time_t item_itip_stamp(const item_event_source_t *source, item_component_t *event)
{
    struct icaltimetype time;
    const item_clock_t *clock;

    return item_event_time_read(source, item_property_first(event, "DTSTAMP"), &time, &clock)
               ? item_clock_to_utc(clock, &time)
               : 0;
}

void item_itip_moment(item_component_t *event, const char *name, apr_time_t when, apr_pool_t *pool)
{
    const char *text = base_time_format_compact(when, pool);
    item_property_t *property = item_property_first(event, name);

    if (property)
        item_property_set_value(property, text);
    else
        item_property_add(event, NULL, name, text);
}

/* -- reading ---------------------------------------------------------------------------------- */

static const char *itip_instance(const item_event_source_t *source)
{
    struct icaltimetype time;
    const item_clock_t *clock;

    if (source->series || source->instances->nelts != 1 ||
        !item_event_time_read(source, item_property_first(source->main, "RECURRENCE-ID"), &time,
                              &clock))
        return NULL;
    return item_event_time_text(source, time, clock, EAS_VERSION_16_1);
}

/* Are there several meetings? */
static int itip_is_mixed(const item_event_source_t *source, const char *uid)
{
    item_component_t *event = item_component_first(source->calendar, "VEVENT");

    for (; event; event = item_component_next(event)) {
        const char *own = item_component_text(event, "UID");

        if (strcmp(own ? own : "", uid ? uid : ""))
            return 1;
    }
    return 0;
}

/* Is it a whole calendar of a meeting? */
static int itip_read(item_itip_t *itip, const char *said, apr_pool_t *pool)
{
    item_event_source_t *source;
    item_property_t *organizer;
    const char *uid, *method;
    int number;

    if (item_event_open(&itip->calendar, &source, pool))
        return 0;
    method = item_component_text(source->calendar, "METHOD");
    number = item_itip_method_of(method ? method : said);
    uid = item_component_text(source->main, "UID");
    if (number < 0 || itip_is_mixed(source, uid) || !uid || !*uid ||
        strlen(uid) > ITEM_ITIP_UID_MAX)
        return 0;
    itip->method = (item_itip_method_t)number;
    itip->uid = uid;
    organizer = item_property_first(source->main, "ORGANIZER");
    itip->instance = itip_instance(source);
    itip->organizer = organizer ? item_event_address(organizer, pool) : NULL;
    return 1;
}

base_fault_t *item_itip_load_part(const item_mime_t *mime, const item_mime_part_t *calendar,
                                  item_itip_t **itip, apr_pool_t *pool)
{
    item_itip_t *i = apr_pcalloc(pool, sizeof *i);
    apr_size_t length;

    *itip = NULL;
    if (!calendar)
        return NULL;
    BASE_TRY(item_content_calendar(mime, calendar, &i->calendar.data, &length, pool));
    i->calendar.size = length;
    if (i->calendar.data && itip_read(i, item_content_method(calendar, pool), pool))
        *itip = i;
    return NULL;
}

base_fault_t *item_itip_load(const backend_blob_t *message, item_itip_t **itip, apr_pool_t *pool)
{
    apr_array_header_t *from = apr_array_make(pool, 1, sizeof(item_address_t));
    item_source_t *source;
    item_mime_t *mime;
    item_content_t *content;
    const char *field;

    BASE_TRY(item_source_open(message, &source, pool));
    BASE_TRY(item_mime_parse(source, &mime, pool));
    item_content_find(mime, &content, pool);
    BASE_TRY(item_itip_load_part(mime, content->calendar, itip, pool));
    field = item_mime_field(mime, "From");
    if (!*itip || !field)
        return NULL;
    item_header_addresses(field, from, pool);
    if (from->nelts && *APR_ARRAY_IDX(from, 0, item_address_t).address)
        (*itip)->sender = APR_ARRAY_IDX(from, 0, item_address_t).address;
    return NULL;
}

item_itip_method_t item_itip_method(const item_itip_t *itip)
{
    return itip->method;
}

const char *item_itip_uid(const item_itip_t *itip)
{
    return itip->uid;
}

const char *item_itip_organizer(const item_itip_t *itip)
{
    return itip->organizer;
}

const char *item_itip_sender(const item_itip_t *itip)
{
    return itip->sender;
}

const char *item_itip_instance(const item_itip_t *itip)
{
    return itip->instance;
}
