/* Between the files of scheduling by mail. */
#ifndef ITEM_ITIP_IMPL_H
#define ITEM_ITIP_IMPL_H

#include "item/event_impl.h"
#include "item/itip.h"

struct item_itip {
    item_itip_method_t method;
    const char *uid, *organizer, *sender, *instance;
    backend_blob_t calendar; /* what the part says, in UTF-8 */
};

/* A message that is being applied. */
typedef struct {
    const item_itip_t *itip;
    const item_itip_who_t *who;
    item_event_source_t *in;     /* the message's events */
    item_event_source_t *stored; /* the calendar's */
    apr_hash_t *instances; /* the stored: item_component_t by what item_itip_know made of them */
    item_event_series_t *series; /* of the stored; NULL: it does not recur */
    item_change_t change;        /* for edit: when */
    item_event_edit_t edit;      /* of the stored */
    apr_pool_t *pool;
} item_itip_apply_t;

/* What a text/calendar or a method parameter names; -1: none that is taken part in. */
int item_itip_method_of(const char *word);
const char *item_itip_method_word(item_itip_method_t method);

/* The first ATTENDEE with one of the addresses (const char *); NULL. */
item_property_t *item_itip_attendee(item_component_t *event, const apr_array_header_t *addresses,
                                    apr_pool_t *pool);

/* An edit of a source at a moment. */
void item_itip_edit_init(item_event_edit_t *edit, item_change_t *change,
                         item_event_source_t *source, const apr_array_header_t *addresses,
                         eas_version_t version, apr_time_t now);
/* The place of the series that InstanceId means. Faults: as of item_itip_answer. */
base_fault_t *item_itip_place(item_event_edit_t *edit, const char *instance, eas_version_t version,
                              item_event_series_t **series, struct icaltimetype *place);

/* SEQUENCE; 0 where there is none. */
apr_uint64_t item_itip_sequence(item_component_t *event);
/* DTSTAMP; 0 where there is none. */
apr_time_t item_itip_stamp(const item_event_source_t *source, item_component_t *event);
/* Sets or adds a moment in UTC. */
void item_itip_moment(item_component_t *event, const char *name, apr_time_t when, apr_pool_t *pool);

/* The stored instance of the same RECURRENCE-ID; NULL. */
item_component_t *item_itip_counterpart(const item_itip_apply_t *apply, item_component_t *instance);

/* How many instances of the message count, where each is looked for in what the calendar has: as many as a
 * client is shown. */
int item_itip_instances(const item_itip_apply_t *apply);

/* From now on that is the counterpart of an instance like this one of the source; NULL: there is none. */
void item_itip_know(const item_itip_apply_t *apply, const item_event_source_t *source,
                    item_component_t *instance, item_component_t *stored);

/* -- messages (itip_compose.c) -- */

/* Takes out what is the owner's own business. */
void item_itip_disclose(item_component_t *event);
/* Leaves nothing but one occurrence of the edit's series, whether it differs or not. Faults: as of
 * item_itip_answer. */
base_fault_t *item_itip_single(item_event_edit_t *edit, const char *instance, eas_version_t version,
                               item_component_t **single);
/* A part of a multipart, from the boundary on; type: its Content-Type, and further fields after CRLF. */
const char *item_itip_part(const char *boundary, const char *type, const char *text,
                           apr_pool_t *pool);
/* Bodies have the line ends of mail. */
const char *item_itip_lines(const char *text, apr_pool_t *pool);

/* Leaves what who is invited, by one of the addresses, is told of: from a series that names him the
 * instances that name others alone are excluded; else there is nothing but the instances that name him. */
void item_itip_narrow(item_event_source_t *source, const apr_array_header_t *addresses);

/* Of those who are invited to the whole (const char *), who is told of the same by it, since the same
 * instances leave him out: arrays of const char *, in the order of their first ones. */
apr_array_header_t *item_itip_groups(const item_event_source_t *source,
                                     const apr_array_header_t *people, apr_pool_t *pool);

/* itip_request.c: REQUEST to an event that there is. */
base_fault_t *item_itip_request(item_itip_apply_t *apply);

#endif
