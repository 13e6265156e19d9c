/* Whom an organizer's change of an event is to be told to, and how (RFC 5546 2.1.4, 3.2.2, 3.2.5). A
 * function of what there was and what there is: nothing is sent here. */
#ifndef ITEM_ITIP_DIFF_H
#define ITEM_ITIP_DIFF_H

#include "item/itip.h"

/* One message (item_itip_send_t). */
typedef struct {
    item_itip_method_t method;    /* REQUEST or CANCEL */
    int of_before;                /* it tells what there was: of a CANCEL */
    int partial;                  /* CANCEL: the meeting goes on without them */
    int follows;                  /* REQUEST: somebody gets a CANCEL of the whole just before it */
    const char *instance;         /* InstanceId of 16.x; NULL: the whole */
    const apr_array_header_t *to; /* const char *: addr-specs, in their order in the event */
    const char *uid;
    const char *text; /* what the organizer wrote of it; NULL: nothing */
    const char *html; /* the same, or NULL */
} item_itip_sending_t;

/* before NULL: the event is new; after NULL: it is gone. addresses (const char *): of the calendar's
 * owner. *sendings: item_itip_sending_t, none when the event is another's or nobody's to organise, is
 * over, or has the same time, place, rule and people as before: what else changes (subject, text,
 * reminder, categories) is told with the next message.
 *   REQUEST  to all of a new or moved event, or one that is no longer cancelled; to those who are added
 *   CANCEL   to all of one that is deleted or cancelled; to those who are removed
 * and both of a single occurrence; when several are moved, come or go at a time the whole series is told.
 * Who is invited to some occurrences alone is told of each by itself and never of the whole; so is who is
 * removed from the series but not from these: after the CANCEL. Who comes to a series without some
 * occurrences is told of it in a message that leaves these out (item_itip_send_t.to), a message to all who
 * are told of the same; and by a CANCEL before it, of those from which he is removed now. Else one change
 * is one message to each.
 * Not told: who says that another agent does that (SCHEDULE-AGENT, RFC 6638 7.1).
 * CONVERSION: one of them cannot be read. */
base_fault_t *item_itip_diff(const backend_blob_t *before, const backend_blob_t *after,
                             const apr_array_header_t *addresses, apr_time_t now,
                             apr_array_header_t **sendings, apr_pool_t *pool);

/* An event without the files in it: all of what there was that item_itip_diff() and a CANCEL need.
 * CONVERSION. */
base_fault_t *item_itip_brief(const backend_blob_t *event, const backend_blob_t **brief,
                              apr_pool_t *pool);

#endif
