/* Scheduling messages, and what they make of a stored event. */
#ifndef ITIP_HELPERS_H
#define ITIP_HELPERS_H

#include "kind_helpers.h"

#include "item/itip.h"

#define HEAD "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\n"
#define TAIL "END:VCALENDAR\r\n"
#define EVENT "BEGIN:VEVENT\r\nUID:u1\r\n"
#define END "END:VEVENT\r\n"
#define STAMP(day) "DTSTAMP:202601" day "T000000Z\r\n"
#define AT "DTSTART:20261124T090000Z\r\nDTEND:20261124T100000Z\r\n"
#define WEEKLY AT "RRULE:FREQ=WEEKLY;COUNT=4\r\n"
#define SECOND "20261201T090000Z"
#define ORGANIZER "ORGANIZER:mailto:bo@example.org\r\n"
#define OWN "ORGANIZER:mailto:anna@example.org\r\n"
#define ANNA(partstat) "ATTENDEE;PARTSTAT=" partstat ":mailto:anna@example.org\r\n"
#define CY(partstat) "ATTENDEE;PARTSTAT=" partstat ":mailto:cy@example.org\r\n"
#define MEETING ORGANIZER ANNA("NEEDS-ACTION") CY("NEEDS-ACTION")

#define NOW apr_time_from_sec(1800000000) /* 20270115T080000Z */

/* Addresses, separated by blanks. */
static apr_array_header_t *list_of(const char *addresses, apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, 2, sizeof(const char *));
    char *next = apr_pstrdup(pool, addresses), *one, *state;

    for (; (one = apr_strtok(next, " ", &state)); next = NULL)
        APR_ARRAY_PUSH(list, const char *) = one;
    return list;
}

static apr_array_header_t *own_addresses(apr_pool_t *pool)
{
    return list_of("anna@example.org", pool);
}

/* With its lines unfolded. */
static const char *text_of(const backend_blob_t *blob, apr_pool_t *pool)
{
    char *text = blob ? apr_pstrmemdup(pool, blob->data, blob->size) : NULL, *fold;

    for (fold = text; fold && (fold = strstr(fold, "\r\n "));)
        memmove(fold, fold + 3, strlen(fold + 3) + 1);
    return text;
}

static item_itip_t *message(const char *method, const char *events, const char *from,
                            apr_pool_t *pool)
{
    const char *mail = apr_pstrcat(
        pool, "From: <", from,
        ">\r\nMIME-Version: 1.0\r\nContent-Type: text/calendar; charset=utf-8\r\n\r\n", HEAD,
        *method ? "METHOD:" : "", method, *method ? "\r\n" : "", events, TAIL, NULL);
    item_itip_t *itip;

    if (item_itip_load(blob_of_text(mail, pool), &itip, pool))
        abort();
    return itip;
}

/* What the calendar has then; NULL: nothing is done. believed: the sender is checked. */
__attribute__((unused)) static const char *applied(const char *method, const char *events,
                                                   const char *from, const char *stored,
                                                   apr_pool_t *pool)
{
    item_itip_t *itip = message(method, events, from, pool);
    item_itip_who_t who = {.addresses = own_addresses(pool), .now = NOW};
    const backend_blob_t *blob;
    const char *original = stored ? apr_pstrcat(pool, HEAD, stored, TAIL, NULL) : NULL;

    if (!itip)
        return "no message";
    who.senders = item_itip_sender(itip) ? list_of(item_itip_sender(itip), pool) : NULL;
    if (item_itip_apply(itip, original ? blob_of_text(original, pool) : NULL, &who, &blob, pool))
        return "fault";
    return text_of(blob, pool);
}

static int has(const char *text, const char *line)
{
    return text && strstr(text, line) != NULL;
}

#endif
