/* Scheduling messages as mail (RFC 6047). */
#include "item/itip_impl.h"

#include <string.h>
#include <strings.h>
#include <apr_strings.h>

#include "base/text.h"
#include "item/compose_parts.h"
#include "item/header.h"
#include "item/letter.h"

/* What is the sender's own business. */
static const char *const hidden[] = {"X-MICROSOFT-CDO-REPLYTIME", "X-MICROSOFT-CDO-BUSYSTATUS",
                                     "CATEGORIES", "LAST-MODIFIED", "CREATED"};

/* What an answer leaves out: the organizer has written it, and what an attendee has noted there is his own. */
static const char *const unanswered[] = {"DESCRIPTION", "X-ALT-DESC", "ATTACH"};

typedef struct {
    const item_itip_send_t *send;
    item_event_source_t *source; /* a copy: what is not sent is taken out of it */
    apr_array_header_t *addresses;
    apr_uint64_t sequence; /* of the series */
    apr_pool_t *pool;
} itip_compose_t;

/* -- the calendar ----------------------------------------------------------------------------- */

static int compose_is_answer(const itip_compose_t *compose)
{
    return compose->send->method == ITEM_ITIP_REPLY || compose->send->method == ITEM_ITIP_COUNTER;
}

/* An answer has the sender alone, and nothing that he does not answer. */
static void compose_answer(const itip_compose_t *compose, item_component_t *event)
{
    item_property_t *own = item_itip_attendee(event, compose->addresses, compose->pool);
    item_property_t *property, *next;
    size_t i;

    for (i = 0; i < sizeof unanswered / sizeof *unanswered; i++)
        item_component_set_text(event, unanswered[i], NULL);
    for (property = item_property_first(event, "ATTENDEE"); property && own; property = next) {
        next = item_property_next(property);
        if (property != own)
            item_property_remove(property);
    }
    if (own && compose->send->method == ITEM_ITIP_COUNTER &&
        !item_property_parameter(own, "PARTSTAT"))
        item_property_set_parameter(own, "PARTSTAT", "TENTATIVE");
}

void item_itip_disclose(item_component_t *event)
{
    item_component_t *alarm;
    size_t i;

    while ((alarm = item_component_first(event, "VALARM")))
        item_component_remove(alarm);
    for (i = 0; i < sizeof hidden / sizeof *hidden; i++)
        item_component_set_text(event, hidden[i], NULL);
    item_event_forget_proposals(event);
}

/* An instance is no older than its series: who got a CANCEL of that takes an invitation to this one for
 * the later, and the other way round. */
static void compose_sequence(const itip_compose_t *compose, item_component_t *event)
{
    apr_uint64_t own = item_itip_sequence(event), number = own;

    if (number < compose->sequence)
        number = compose->sequence;
    if (compose->send->method == ITEM_ITIP_CANCEL && !compose->send->partial)
        number++;
    if (number != own)
        item_component_set_text(event, "SEQUENCE",
                                apr_psprintf(compose->pool, "%" APR_UINT64_T_FMT, number));
}

static void compose_event(const itip_compose_t *compose, item_component_t *event)
{
    const item_itip_send_t *send = compose->send;

    item_itip_disclose(event);
    item_itip_moment(event, "DTSTAMP", send->now, compose->pool);
    if (compose_is_answer(compose))
        compose_answer(compose, event);
    else
        compose_sequence(compose, event);
    if (send->method == ITEM_ITIP_CANCEL)
        item_component_set_text(event, "STATUS", "CANCELLED");
    if (send->method == ITEM_ITIP_COUNTER && send->start) {
        item_event_times_t times;

        if (!item_event_times_load(compose->source, event, &times)) { /* as Outlook says it */
            item_itip_moment(event, "X-MS-OLK-ORIGINALSTART", times.from, compose->pool);
            item_itip_moment(event, "X-MS-OLK-ORIGINALEND", times.to, compose->pool);
        }
        item_event_time_write(event, "DTSTART", item_clock_to_local(&item_clock_utc, send->start),
                              &item_clock_utc, NULL, compose->pool);
        item_component_set_text(event, "DURATION", NULL);
        item_event_time_write(event, "DTEND", item_clock_to_local(&item_clock_utc, send->end),
                              &item_clock_utc, NULL, compose->pool);
    }
}

base_fault_t *item_itip_single(item_event_edit_t *edit, const char *instance, eas_version_t version,
                               item_component_t **single)
{
    item_event_source_t *source = edit->source;
    item_event_series_t *series;
    struct icaltimetype place;
    int i;

    BASE_TRY(item_itip_place(edit, instance, version, &series, &place));
    *single = item_event_occurrence(edit, &series->series, place);
    for (i = 0; i < source->instances->nelts; i++) {
        item_component_t *other = APR_ARRAY_IDX(source->instances, i, item_component_t *);

        if (other != *single)
            item_component_remove(other);
    }
    item_component_remove(source->series);
    return NULL;
}

/* Nothing but one occurrence, whether it differs or not. */
static base_fault_t *compose_single(const itip_compose_t *compose, item_component_t **single)
{
    const item_itip_send_t *send = compose->send;
    item_change_t change;
    item_event_edit_t edit;

    item_itip_edit_init(&edit, &change, compose->source, compose->addresses, send->version,
                        send->now);
    return item_itip_single(&edit, send->instance, send->version, single);
}

/* Nobody is told of an occurrence that he is not invited to. */
static void compose_narrow(const itip_compose_t *compose)
{
    item_event_source_t *source = compose->source;
    apr_array_header_t *one = apr_array_make(compose->pool, 1, sizeof(const char *));

    if (compose->send->method != ITEM_ITIP_REQUEST || !compose->send->to || !source->series)
        return;
    APR_ARRAY_PUSH(one, const char *) = APR_ARRAY_IDX(compose->send->to, 0, const char *);
    if (item_itip_attendee(source->series, one, compose->pool))
        item_itip_narrow(source, one);
}

static base_fault_t *compose_calendar(const itip_compose_t *compose, item_component_t **main)
{
    item_event_source_t *source = compose->source;
    item_property_t *method = item_property_first(source->calendar, "METHOD");
    int i;

    *main = source->main;
    if (compose->send->instance && source->series) {
        BASE_TRY(compose_single(compose, main));
        compose_event(compose, *main);
    }
    else {
        compose_narrow(compose);
        if (source->series)
            compose_event(compose, source->series);
        for (i = 0; i < source->instances->nelts; i++)
            compose_event(compose, APR_ARRAY_IDX(source->instances, i, item_component_t *));
    }
    if (method)
        item_property_remove(method);
    item_property_add(source->calendar, NULL, "METHOD",
                      item_itip_method_word(compose->send->method));
    return NULL;
}

/* -- the mail --------------------------------------------------------------------------------- */

/* Adds whom an event names, each once. */
static void compose_add(const itip_compose_t *compose, item_component_t *event,
                        apr_array_header_t *list, apr_hash_t *seen)
{
    const char *name = compose_is_answer(compose) ? "ORGANIZER" : "ATTENDEE";
    item_property_t *property = item_property_first(event, name);

    for (; property && list->nelts < ITEM_EVENT_ATTENDEES_MAX;
         property = item_property_next(property)) {
        const char *address = item_event_address(property, compose->pool), *key;

        if (!address || strpbrk(address, " ,;<>\"") ||
            item_itip_is_one_of(compose->addresses, address))
            continue;
        key = base_text_lower(address, compose->pool);
        if (!apr_hash_get(seen, key, APR_HASH_KEY_STRING)) {
            apr_hash_set(seen, key, APR_HASH_KEY_STRING, key);
            APR_ARRAY_PUSH(list, const char *) = address;
        }
    }
}

static apr_array_header_t *compose_recipients(const itip_compose_t *compose)
{
    apr_array_header_t *list = apr_array_make(compose->pool, 8, sizeof(const char *));
    const apr_array_header_t *instances = compose->source->instances;
    apr_hash_t *seen = apr_hash_make(compose->pool);
    int i;

    if (compose->send->to)
        return apr_array_copy(compose->pool, compose->send->to);
    compose_add(compose, compose->source->main, list, seen);
    for (i = 0; !compose_is_answer(compose) && i < instances->nelts; i++)
        compose_add(compose, APR_ARRAY_IDX(instances, i, item_component_t *), list, seen);
    return list;
}

static const char *compose_subject(const itip_compose_t *compose, item_component_t *event)
{
    const char *summary = item_component_text(event, "SUMMARY"), *prefix = "";
    item_property_t *own = item_itip_attendee(event, compose->addresses, compose->pool);
    const char *answer = own ? item_property_parameter(own, "PARTSTAT") : NULL;

    if (compose->send->method == ITEM_ITIP_CANCEL)
        prefix = "Canceled: ";
    else if (compose->send->method == ITEM_ITIP_COUNTER)
        prefix = "New Time Proposed: ";
    else if (compose->send->method == ITEM_ITIP_REPLY && answer)
        prefix = strcasecmp(answer, "ACCEPTED") == 0    ? "Accepted: "
                 : strcasecmp(answer, "DECLINED") == 0  ? "Declined: "
                 : strcasecmp(answer, "TENTATIVE") == 0 ? "Tentative: "
                                                        : "";
    summary = apr_pstrcat(compose->pool, prefix, summary ? summary : "", NULL);
    return item_letter_field(base_text_line(summary, strlen(summary), compose->pool),
                             compose->pool);
}

const char *item_itip_part(const char *boundary, const char *type, const char *text,
                           apr_pool_t *pool)
{
    return apr_pstrcat(pool, "--", boundary, "\r\nContent-Type: ", type,
                       "\r\nContent-Transfer-Encoding: base64\r\n\r\n",
                       item_letter_base64(text, pool), "\r\n", NULL);
}

static const char *compose_from(const backend_identity_t *identity, apr_pool_t *pool)
{
    const char *name = identity->display_name ? identity->display_name : "";

    return item_compose_mailbox(base_text_line(name, strlen(name), pool), identity->address, pool);
}

static const char *compose_header(const itip_compose_t *compose, item_component_t *event,
                                  const apr_array_header_t *to, const char *boundary)
{
    const backend_identity_t *identity = compose->send->identity;
    const char *at = strrchr(identity->address, '@');
    apr_pool_t *pool = compose->pool;
    char date[APR_RFC822_DATE_LEN];
    base_text_buffer_t recipients = {.pool = pool};
    int i;

    for (i = 0; i < to->nelts; i++)
        base_text_buffer_printf(&recipients, "%s%s", i ? ",\r\n " : "",
                                APR_ARRAY_IDX(to, i, const char *));
    apr_rfc822_date(date, compose->send->now);
    return apr_pstrcat(pool, "From: ", compose_from(identity, pool), "\r\nTo: ", recipients.data,
                       "\r\nSubject: ", compose_subject(compose, event),
                       "\r\nDate: ", apr_pstrmemdup(pool, date, strcspn(date, "G")),
                       "+0000\r\nMessage-ID: <", compose->send->key, "@", at ? at + 1 : "localhost",
                       ">\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=\"",
                       boundary, "\"\r\n\r\n", NULL);
}

const char *item_itip_lines(const char *text, apr_pool_t *pool)
{
    base_text_buffer_t lines = {.pool = pool};

    base_text_buffer_append(&lines, "", 0);
    for (; *text; text++)
        if (*text == '\n')
            base_text_buffer_puts(&lines, "\r\n");
        else if (*text != '\r')
            base_text_buffer_append(&lines, text, 1);
    return lines.data;
}

static const char *compose_mail(const itip_compose_t *compose, item_component_t *event,
                                const apr_array_header_t *to, const backend_blob_t *calendar)
{
    const item_itip_send_t *send = compose->send;
    apr_pool_t *pool = compose->pool;
    const char *boundary = apr_pstrcat(pool, "=_itip_", send->key, NULL);

    if (strlen(boundary) > 70) /* RFC 2046 5.1.1 */
        boundary = apr_pstrndup(pool, boundary, 70);
    return apr_pstrcat(pool, compose_header(compose, event, to, boundary),
                       item_itip_part(boundary, "text/plain; charset=utf-8",
                                      item_itip_lines(send->text ? send->text : "", pool), pool),
                       send->html ? item_itip_part(boundary, "text/html; charset=utf-8",
                                                   item_itip_lines(send->html, pool), pool)
                                  : "",
                       item_itip_part(boundary,
                                      apr_pstrcat(pool, "text/calendar; charset=utf-8; method=",
                                                  item_itip_method_word(send->method), NULL),
                                      apr_pstrmemdup(pool, calendar->data, calendar->size), pool),
                       "--", boundary, "--\r\n", NULL);
}

/* No organizer waits for an answer to what was called off. */
static int compose_is_pointless(const itip_compose_t *compose, item_component_t *event)
{
    const char *status = item_component_text(event, "STATUS");

    return compose_is_answer(compose) && status && strcasecmp(status, "CANCELLED") == 0;
}

base_fault_t *item_itip_compose(const backend_blob_t *event, const item_itip_send_t *send,
                                const backend_blob_t **message, apr_pool_t *pool)
{
    itip_compose_t compose = {.send = send, .pool = pool};
    backend_blob_t *blob = apr_pcalloc(pool, sizeof *blob);
    const backend_blob_t *calendar;
    apr_array_header_t *to;
    item_component_t *main;

    *message = NULL;
    BASE_TRY(item_event_open(event, &compose.source, pool));
    compose.addresses = backend_identity_addresses(send->identity, pool);
    if (compose.source->series)
        compose.sequence = item_itip_sequence(compose.source->series);
    to = compose_recipients(&compose);
    if (!to->nelts)
        return NULL;
    BASE_TRY(compose_calendar(&compose, &main));
    if (compose_is_pointless(&compose, main))
        return NULL;
    BASE_TRY(item_document_save(compose.source->document, &calendar, pool));
    blob->data = compose_mail(&compose, main, to, calendar);
    blob->size = strlen(blob->data);
    *message = blob;
    return NULL;
}
