/* Scheduling by mail (iTIP, RFC 5546; in mail: iMIP, RFC 6047) on stored events: what a message does to
 * the event that a calendar has, how its owner answers, and what is sent to the others. Events are
 * blobs of the Calendar class, edited as documents: what no message is about stays byte for byte. */
#ifndef ITEM_ITIP_H
#define ITEM_ITIP_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

#include "backend/backend.h"
#include "base/fault.h"
#include "eas/version.h"
#include "item/mime.h"

#define ITEM_ITIP_UID_MAX 300 /* characters, MS-ASCAL R463 */

/* PUBLISH, ADD and REFRESH are not taken part in. */
typedef enum {
    ITEM_ITIP_REQUEST,
    ITEM_ITIP_CANCEL,
    ITEM_ITIP_REPLY,
    ITEM_ITIP_COUNTER,
    ITEM_ITIP_DECLINECOUNTER
} item_itip_method_t;

/* -- a message -- */

typedef struct item_itip item_itip_t;

/* The calendar of a message, wherever it is in it (item/content.h), also as a file attached. *itip
 * NULL: it has none that could be scheduled with: no method of the above, no VEVENT with a UID, broken.
 * Faults: those of reading. */
base_fault_t *item_itip_load(const backend_blob_t *message, item_itip_t **itip, apr_pool_t *pool);
/* The same of a part (item_content_t.calendar). */
base_fault_t *item_itip_load_part(const item_mime_t *mime, const item_mime_part_t *calendar,
                                  item_itip_t **itip, apr_pool_t *pool);

item_itip_method_t item_itip_method(const item_itip_t *itip);
const char *item_itip_uid(const item_itip_t *itip);
/* addr-specs; NULL when it names none. sender: of the mail's From, NULL by item_itip_load_part(). */
const char *item_itip_organizer(const item_itip_t *itip);
const char *item_itip_sender(const item_itip_t *itip);

/* Of a message about one occurrence of a series alone: which, as item_itip_answer_t.instance of 16.x
 * has it; NULL. */
const char *item_itip_instance(const item_itip_t *itip);

/* Is it among them (const char *), in whatever case? address NULL: no. */
int item_itip_is_one_of(const apr_array_header_t *addresses, const char *address);

/* -- what it does -- */

typedef struct {
    const apr_array_header_t *addresses; /* const char *: of the calendar's owner */
    /* Who may be believed to have written it, by all his addresses (const char *): a REPLY or COUNTER
     * counts for this attendee alone, a REQUEST or CANCEL from anybody but the organizer changes no
     * event that there is, nor does one to what nobody organises. So does who the event that there is
     * says (SENT-BY) acts for them. NULL: whom it names itself is believed (the owner acts on it). */
    const apr_array_header_t *senders;
    apr_time_t now;
} item_itip_who_t;

/* The event after the message. original NULL: the calendar has none of that UID. *blob is NULL when
 * there is nothing to do: it is older than what is there (SEQUENCE, then DTSTAMP, RFC 5546 2.1.5; of
 * each instance by itself), says the same, comes from whom it may not (a REPLY of who is not
 * invited: a party crasher), or needs an event that is not there. Otherwise
 *   REQUEST  new, or the organizer's changes; the owner's own answer, alarms, categories, transparency and
 *            X- properties stay; the answer becomes NEEDS-ACTION when start, end or rule are others
 *   CANCEL   STATUS:CANCELLED of the event; an instance is excluded (EXDATE)
 *   REPLY    PARTSTAT of the attendee in the owner's event, of the whole or of an instance
 *   COUNTER  the same, TENTATIVE unless it declines: the times stay, what is proposed is with the
 *            attendee (ITEM_EVENT_PROPOSED_START) until his next answer or until the event moves; not
 *            where the organizer takes no proposals. DECLINECOUNTER: nothing
 * CONVERSION: the original cannot be read. */
base_fault_t *item_itip_apply(const item_itip_t *itip, const backend_blob_t *original,
                              const item_itip_who_t *who, const backend_blob_t **blob,
                              apr_pool_t *pool);

/* -- the owner's answer -- */

/* MS-ASCMD 2.2.3.191, UserResponse */
typedef enum {
    ITEM_ITIP_ACCEPTED = 1,
    ITEM_ITIP_TENTATIVE = 2,
    ITEM_ITIP_DECLINED = 3
} item_itip_response_t;

typedef struct {
    item_itip_response_t response;
    const apr_array_header_t *addresses; /* of the owner */
    /* One occurrence of a series (InstanceId: compact or with punctuation; a moment of UTC); NULL: the
     * whole, and all of its instances; so it is where the calendar has instances alone. */
    const char *instance;
    eas_version_t version; /* whose InstanceId it is */
    apr_time_t start, end; /* another time that is proposed; 0: none */
    apr_time_t now;
} item_itip_answer_t;

/* The event with the answer: PARTSTAT of the owner's ATTENDEE (added when only a list invited him), and
 * what he proposes (ITEM_EVENT_PROPOSED_START), of one occurrence in an instance of its own. *blob is the event itself when it says so already.
 * UNSUPPORTED: an instance of what does not recur; NOT_FOUND: there is no such; INVALID: no time;
 * DENIED: the owner organises it, or nobody does, or it proposes a time where the organizer wants none
 * to be; CONVERSION. */
base_fault_t *item_itip_answer(const backend_blob_t *event, const item_itip_answer_t *answer,
                               const backend_blob_t **blob, apr_pool_t *pool);
/* The event without one occurrence (EXDATE): one that was declined. Faults as above. */
base_fault_t *item_itip_exclude(const backend_blob_t *event, const char *instance,
                                eas_version_t version, apr_time_t now, const backend_blob_t **blob,
                                apr_pool_t *pool);

/* -- what is sent -- */

typedef struct {
    item_itip_method_t method;          /* REQUEST, CANCEL, REPLY, COUNTER */
    const backend_identity_t *identity; /* whose message it is */
    /* addr-specs (const char *); NULL: REQUEST and CANCEL: all who are invited but the sender,
     * REPLY and COUNTER: the organizer. They are told of the same: who comes to a series without some
     * of its occurrences has EXDATEs for these, as the first of them. */
    const apr_array_header_t *to;
    /* One occurrence, as in item_itip_answer_t, whether it has an instance or not; NULL: everything that
     * the event has. */
    const char *instance;
    eas_version_t version;
    /* CANCEL: the meeting goes on without them. The SEQUENCE stays then, so that an invitation that
     * comes after it all the same is the later one. */
    int partial;
    const char *text;      /* plain text of the body; NULL: none. Lines end with LF or CRLF */
    const char *html;      /* beside it, or NULL */
    apr_time_t start, end; /* of COUNTER: what is proposed; 0: the event's own */
    /* What the Message-ID is made of, the same for a repeat. [A-Za-z0-9_-]{1,64} */
    const char *key;
    apr_time_t now; /* Date, DTSTAMP */
} item_itip_send_t;

/* A message, multipart/alternative with the body and text/calendar; method=... in UTF-8 (RFC 6047), for
 * cmd_send_message(). *message NULL: it would go to nobody, or answer what was cancelled. REPLY has the
 * sender's ATTENDEE alone, with the PARTSTAT that the event has; alarms and what is the owner's own are
 * in none. Faults as of item_itip_answer(). */
base_fault_t *item_itip_compose(const backend_blob_t *event, const item_itip_send_t *send,
                                const backend_blob_t **message, apr_pool_t *pool);

/* -- whose it is (itip_view.c) -- */

typedef struct {
    const char *by;    /* addr-spec of the ORGANIZER; NULL: nobody */
    const char *agent; /* SENT-BY, who acts for him; NULL: nobody */
} item_itip_organized_t;

/* CONVERSION. */
base_fault_t *item_itip_organized(const backend_blob_t *event, item_itip_organized_t *organized,
                                  apr_pool_t *pool);

/* The event as an attendee of one of the addresses (const char *) is told of it: without the occurrences
 * that he is not invited to. *view NULL: he is invited to none. CONVERSION, TOO_LARGE. */
base_fault_t *item_itip_view(const backend_blob_t *event, const apr_array_header_t *addresses,
                             const backend_blob_t **view, apr_pool_t *pool);

/* -- what is forwarded (itip_forward.c) -- */

typedef struct {
    const apr_array_header_t *addresses; /* const char *: of the calendar's owner */
    const char *instance;                /* as in item_itip_answer_t */
    eas_version_t version;
    /* Of item_itip_invite: the addresses of the attendee who forwards it; NULL: the owner himself. */
    const apr_array_header_t *by;
    apr_time_t now;
} item_itip_forward_t;

/* An event as a message that invites to it, for item_compose() as the original. The organizer and what
 * everybody answered are as they are (MS-ASCMD R7487, RFC 5546 3.2.2.5), so that who gets it answers to
 * the organizer. An event that nobody organises (an appointment) is a file in it, without METHOD. Faults:
 * as of item_itip_answer, but not DENIED. */
base_fault_t *item_itip_forward(const backend_blob_t *event, const item_itip_forward_t *forward,
                                const backend_blob_t **message, apr_pool_t *pool);

/* The organizer's event with those to whom it was forwarded (item_address_t) as optional attendees
 * (MS-OXOCAL 3.1.4.10.2.2). *blob is the event itself where all of them are invited already, where the
 * owner does not organise it, and where who forwards it is none of its attendees. Faults: as above. */
base_fault_t *item_itip_invite(const backend_blob_t *event, const apr_array_header_t *people,
                               const item_itip_forward_t *forward, const backend_blob_t **blob,
                               apr_pool_t *pool);

#endif
