/* Meetings that are passed on. */
#include "item/itip_impl.h"

#include <string.h>
#include <strings.h>
#include <apr_strings.h>

#include "base/text.h"
#include "base/time.h"
#include "item/compose_parts.h"
#include "item/header.h"
#include "item/letter.h"

#define FORWARD_BOUNDARY "=_forwarded" /* base64 has no such line */
#define FORWARD_NAMES_MAX 100          /* attendees that are named in the text */

typedef struct {
    const item_itip_forward_t *forward;
    item_event_source_t *source;
    item_component_t *event; /* that the text is about */
    apr_pool_t *pool;
} forward_t;

/* An instance may leave them to its series. */
static item_property_t *forward_organizer(const item_event_source_t *source)
{
    return item_property_first(source->main, "ORGANIZER");
}

/* -- the text --------------------------------------------------------------------------------- */

static const char *forward_person(item_property_t *property, apr_pool_t *pool)
{
    const char *address = item_event_address(property, pool);
    const char *name = item_property_parameter(property, "CN");

    if (!address || strpbrk(address, " ,;<>\"\r\n"))
        return NULL;
    return item_compose_mailbox(name ? base_text_line(name, strlen(name), pool) : NULL, address,
                                pool);
}

static void forward_put_field(base_text_buffer_t *header, const char *name, const char *value)
{
    if (value)
        base_text_buffer_printf(header, "%s: %s\r\n", name, value);
}

static const char *forward_attendees(const forward_t *forward)
{
    item_property_t *property = item_property_first(forward->event, "ATTENDEE");
    base_text_buffer_t list = {.pool = forward->pool};
    int n;

    for (n = 0; property && n < FORWARD_NAMES_MAX; property = item_property_next(property)) {
        const char *person = forward_person(property, forward->pool);

        if (person)
            base_text_buffer_printf(&list, "%s%s", n++ ? ",\r\n " : "", person);
    }
    return list.data;
}

/* What is quoted is headed by it. */
static const char *forward_header(const forward_t *forward)
{
    apr_pool_t *pool = forward->pool;
    item_property_t *organizer = forward_organizer(forward->source);
    const char *summary = item_component_text(forward->event, "SUMMARY");
    base_text_buffer_t header = {.pool = pool};

    summary = summary ? base_text_line(summary, strlen(summary), pool) : "";
    forward_put_field(&header, "From", organizer ? forward_person(organizer, pool) : NULL);
    forward_put_field(&header, "To", organizer ? forward_attendees(forward) : NULL);
    forward_put_field(&header, "Subject", item_letter_field(summary, pool));
    return header.data;
}

static const char *forward_day(const struct icaltimetype *time, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%04d-%02d-%02d", time->year, time->month, time->day);
}

/* "2026-07-06 10:00 - 11:00 (Europe/Berlin)", "2026-07-06 - 2026-07-07" */
static const char *forward_when(const forward_t *forward)
{
    apr_pool_t *pool = forward->pool;
    item_event_times_t times;
    struct icaltimetype end;
    const char *first, *last;

    if (item_event_times_load(forward->source, forward->event, &times))
        return "";
    first = forward_day(&times.start, pool);
    end = times.all_day ? item_event_time_shift(times.end, -BASE_TIME_DAY) : times.end;
    last = forward_day(&end, pool);
    if (times.all_day)
        return strcmp(first, last) >= 0 ? first : apr_pstrcat(pool, first, " - ", last, NULL);
    return apr_psprintf(pool, "%s %02d:%02d - %s%s%02d:%02d (%s)", first, times.start.hour,
                        times.start.minute, strcmp(first, last) ? last : "",
                        strcmp(first, last) ? " " : "", end.hour, end.minute,
                        times.clock == &item_clock_utc ? "UTC" : item_clock_tzid(times.clock));
}

static const char *forward_text(const forward_t *forward)
{
    const char *where = item_component_text(forward->event, "LOCATION"), *plain, *html;
    apr_pool_t *pool = forward->pool;

    item_note_body_get(forward->event, "DESCRIPTION", &plain, &html, pool);
    return apr_pstrcat(pool, "When: ", forward_when(forward), "\n", where ? "Where: " : "",
                       where ? base_text_line(where, strlen(where), pool) : "", where ? "\n" : "",
                       "\n", plain ? plain : "", NULL);
}

/* -- the message ------------------------------------------------------------------------------ */

/* DTSTAMP says which of two messages of the organizer is the later one: only he makes another. */
static void forward_event(const forward_t *forward, item_component_t *event, int own)
{
    item_itip_disclose(event);
    if (own || !item_property_first(event, "DTSTAMP"))
        item_itip_moment(event, "DTSTAMP", forward->forward->now, forward->pool);
}

static base_fault_t *forward_events(forward_t *forward, int own)
{
    const item_itip_forward_t *wanted = forward->forward;
    item_event_source_t *source = forward->source;
    item_change_t change;
    item_event_edit_t edit;
    int i;

    forward->event = source->main;
    if (wanted->instance) {
        item_itip_edit_init(&edit, &change, source, wanted->addresses, wanted->version,
                            wanted->now);
        BASE_TRY(item_itip_single(&edit, wanted->instance, wanted->version, &forward->event));
        forward_event(forward, forward->event, own);
        return NULL;
    }
    if (source->series)
        forward_event(forward, source->series, own);
    for (i = 0; i < source->instances->nelts; i++)
        forward_event(forward, APR_ARRAY_IDX(source->instances, i, item_component_t *), own);
    return NULL;
}

static base_fault_t *forward_calendar(const forward_t *forward, int meeting, const char **text)
{
    const backend_blob_t *blob;

    while (item_property_first(forward->source->calendar, "METHOD"))
        item_property_remove(item_property_first(forward->source->calendar, "METHOD"));
    if (meeting)
        item_property_add(forward->source->calendar, NULL, "METHOD", "REQUEST");
    BASE_TRY(item_document_save(forward->source->document, &blob, forward->pool));
    *text = apr_pstrmemdup(forward->pool, blob->data, blob->size);
    return NULL;
}

base_fault_t *item_itip_forward(const backend_blob_t *event, const item_itip_forward_t *wanted,
                                const backend_blob_t **message, apr_pool_t *pool)
{
    forward_t forward = {.forward = wanted, .pool = pool};
    backend_blob_t *blob = apr_pcalloc(pool, sizeof *blob);
    item_property_t *organizer;
    const char *type = "text/calendar; charset=utf-8; name=\"event.ics\"\r\n"
                       "Content-Disposition: attachment; filename=\"event.ics\"",
               *calendar;
    int own;

    BASE_TRY(item_event_open(event, &forward.source, pool));
    organizer = forward_organizer(forward.source);
    own = organizer && item_itip_is_one_of(wanted->addresses, item_event_address(organizer, pool));
    BASE_TRY(forward_events(&forward, own));
    if (organizer)
        type = "text/calendar; charset=utf-8; method=REQUEST";
    BASE_TRY(forward_calendar(&forward, organizer != NULL, &calendar));
    blob->data = apr_pstrcat(
        pool, forward_header(&forward),
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"" FORWARD_BOUNDARY
        "\"\r\n\r\n",
        item_itip_part(FORWARD_BOUNDARY, "text/plain; charset=utf-8",
                       item_itip_lines(forward_text(&forward), pool), pool),
        item_itip_part(FORWARD_BOUNDARY, type, calendar, pool), "--" FORWARD_BOUNDARY "--\r\n",
        NULL);
    blob->size = strlen(blob->data);
    *message = blob;
    return NULL;
}

/* -- the organizer's event -------------------------------------------------------------------- */

/* Adds whom the event does not name. */
static void invite_to(item_component_t *event, const apr_array_header_t *people,
                      item_property_t *organizer, apr_pool_t *pool)
{
    apr_hash_t *known = apr_hash_make(pool);
    item_property_t *property;
    int i, count = 0;

    if (organizer && item_event_address(organizer, pool))
        apr_hash_set(known, base_text_lower(item_event_address(organizer, pool), pool),
                     APR_HASH_KEY_STRING, "");
    for (property = item_property_first(event, "ATTENDEE"); property;
         property = item_property_next(property), count++) {
        const char *address = item_event_address(property, pool);

        if (address)
            apr_hash_set(known, base_text_lower(address, pool), APR_HASH_KEY_STRING, "");
    }
    for (i = 0; i < people->nelts && count < ITEM_EVENT_ATTENDEES_MAX; i++) {
        const item_address_t *one = &APR_ARRAY_IDX(people, i, item_address_t);
        const char *key = base_text_lower(one->address, pool);

        if (!*key || strpbrk(key, " \t\r\n<>\"") || apr_hash_get(known, key, APR_HASH_KEY_STRING))
            continue;
        apr_hash_set(known, key, APR_HASH_KEY_STRING, "");
        property = item_property_add(event, NULL, "ATTENDEE",
                                     apr_pstrcat(pool, "mailto:", one->address, NULL));
        if (*one->name)
            item_property_set_parameter(property, "CN", one->name);
        item_property_set_parameter(property, "ROLE", "OPT-PARTICIPANT");
        item_property_set_parameter(property, "PARTSTAT", "NEEDS-ACTION");
        item_property_set_parameter(property, "RSVP", "TRUE");
        count++;
    }
}

/* An instance that names nobody has those of its series: with one of its own it names all. */
static void invite_inherit(const item_event_source_t *source, item_component_t *instance)
{
    item_property_t *property = item_property_first(source->series, "ATTENDEE");

    if (item_property_first(instance, "ATTENDEE"))
        return;
    for (; property; property = item_property_next(property))
        item_property_copy(instance, property);
}

/* Is it the owner's meeting, and may who forwards it do so? */
static int invite_is_allowed(const item_event_source_t *source, const item_itip_forward_t *wanted)
{
    item_property_t *organizer = forward_organizer(source);

    return organizer &&
           item_itip_is_one_of(wanted->addresses, item_event_address(organizer, source->pool)) &&
           (!wanted->by || item_itip_attendee(source->main, wanted->by, source->pool));
}

base_fault_t *item_itip_invite(const backend_blob_t *event, const apr_array_header_t *people,
                               const item_itip_forward_t *wanted, const backend_blob_t **blob,
                               apr_pool_t *pool)
{
    item_event_source_t *source;
    item_event_series_t *series;
    item_property_t *organizer;
    item_change_t change;
    item_event_edit_t edit;
    struct icaltimetype place;
    int i;

    *blob = event;
    BASE_TRY(item_event_open(event, &source, pool));
    if (!invite_is_allowed(source, wanted))
        return NULL;
    item_itip_edit_init(&edit, &change, source, wanted->addresses, wanted->version, wanted->now);
    organizer = forward_organizer(source);
    if (wanted->instance && source->series) {
        BASE_TRY(item_itip_place(&edit, wanted->instance, wanted->version, &series, &place));
        edit.event = item_event_occurrence(&edit, &series->series, place);
        invite_inherit(source, edit.event);
        invite_to(edit.event, people, organizer, pool);
    }
    else {
        invite_to(source->main, people, organizer, pool);
        for (i = 0; i < source->instances->nelts; i++) {
            item_component_t *instance = APR_ARRAY_IDX(source->instances, i, item_component_t *);

            /* one that names nobody has those of its series */
            if (instance != source->main && item_property_first(instance, "ATTENDEE"))
                invite_to(instance, people, organizer, pool);
        }
    }
    if (!item_document_is_changed(source->document))
        return NULL;
    /* no other version to those who are invited: SEQUENCE stays */
    item_itip_moment(edit.event, "LAST-MODIFIED", wanted->now, pool);
    item_itip_moment(edit.event, "DTSTAMP", wanted->now, pool);
    return item_document_save(source->document, blob, pool);
}
