/* Between the files of the Calendar class. */
#ifndef ITEM_EVENT_IMPL_H
#define ITEM_EVENT_IMPL_H

#include <apr_hash.h>

#include "item/clock.h"
#include "item/document.h"
#include "item/event.h"
#include "item/note_body.h"
#include "item/series.h"

#define ITEM_EVENT_UID_MAX 300        /* characters, MS-ASCAL R463 */
#define ITEM_EVENT_EXCEPTIONS_MAX 256 /* R24311 */
#define ITEM_EVENT_ATTENDEES_MAX 5000
#define ITEM_EVENT_FILES_MAX 1000

/* -- what is read (event_open.c) -- */

typedef struct {
    item_document_t *document;
    item_component_t *calendar;
    item_component_t *series; /* the VEVENT without RECURRENCE-ID; NULL: there are instances only */
    item_component_t *main;   /* that, else the first instance */
    apr_array_header_t *instances; /* item_component_t *: those with RECURRENCE-ID */
    apr_hash_t *clocks;            /* those that times have named: item_clock_t by TZID */
    const item_clock_t *own; /* of times that name no zone, and where days are shown to phones */
    apr_pool_t *pool;
} item_event_source_t;

/* CONVERSION: no VCALENDAR with a VEVENT. */
base_fault_t *item_event_open(const backend_blob_t *blob, item_event_source_t **source,
                              apr_pool_t *pool);

/* -- times (event_time.c) -- */

typedef struct {
    int all_day;
    int midnights;                  /* days that are written as times */
    struct icaltimetype start, end; /* local or UTC; days: the end is the first one after it */
    const item_clock_t *clock;      /* in which the start is local */
    apr_time_t from, to;            /* days: in the source's own clock */
} item_event_times_t;

/* A time (or day) of a property; *clock: in which it is local. 0 when it is none. */
int item_event_time_read(const item_event_source_t *source, item_property_t *property,
                         struct icaltimetype *time, const item_clock_t **clock);
/* The same of one element of a property's list. */
int item_event_time_read_text(const item_event_source_t *source, item_property_t *property,
                              const char *text, struct icaltimetype *time,
                              const item_clock_t **clock);

/* CONVERSION: there is no start. */
base_fault_t *item_event_times_load(const item_event_source_t *source, item_component_t *event,
                                    item_event_times_t *times);

/* How an event's start names its zone: a TZID; "": not at all, it is floating; NULL: it is in UTC. */
const char *item_event_tzid(item_component_t *event);
/* The wall clock's time so much later. */
struct icaltimetype item_event_time_shift(struct icaltimetype time, apr_time_t by);

/* As StartTime, EndTime, ExceptionStartTime and InstanceId have a time of the event: days are dates
 * at 16.x (MS-ASCAL R2005), moments before. */
const char *item_event_time_text(const item_event_source_t *source, struct icaltimetype time,
                                 const item_clock_t *clock, eas_version_t version);
/* The place of an instance that is all there is, somebody was invited to that one; NULL: it is none. */
const char *item_event_orphan(const item_event_source_t *source, eas_version_t version);

/* -- values -- */

/* Of which event an element is read. */
typedef struct {
    const item_event_source_t *source;
    item_component_t *event;
    item_event_times_t times;
    struct item_event_series *series; /* NULL: it does not recur, or is not asked for */
    const item_options_t *options;
    const item_reference_t *reference; /* NULL: attachments are not asked for */
    apr_pool_t *pool;
} item_event_view_t;

typedef struct item_event_value item_event_value_t;
struct item_event_value {
    const char *text; /* NULL: there is none. Equal texts: equal values */
    void (*write)(const item_event_value_t *value, eas_version_t version, eas_writer_t *writer,
                  apr_pool_t *pool); /* of an element that is no text; NULL: the text is written */
    const void *object;              /* for write */
};

enum {
#define EVENT_PROPERTY(tag, name, store, exception, omitted) ITEM_EVENT_##name,
#include "item/event.tbl"
#undef EVENT_PROPERTY
    ITEM_EVENT_COUNT
};

#define EVENT_PROPERTY(tag, name, store, exception, omitted) \
    base_fault_t *item_event_load_##name(const item_event_view_t *view, item_event_value_t *value);
#include "item/event.tbl"
#undef EVENT_PROPERTY

eas_tag_t item_event_property_tag(int property);
/* The version from which on an Exception has it; 0: it never has. */
int item_event_property_exception(int property);
/* Loads one, or all that the options want. */
base_fault_t *item_event_value_load(const item_event_view_t *view, int property,
                                    item_event_value_t *value);
base_fault_t *item_event_values_load(const item_event_view_t *view, item_event_value_t *values);
void item_event_value_write(int property, const item_event_value_t *value, eas_version_t version,
                            eas_writer_t *writer, apr_pool_t *pool);
base_fault_t *item_event_view_init(const item_event_source_t *source, item_component_t *event,
                                   const item_options_t *options, const item_reference_t *reference,
                                   item_event_view_t *view, apr_pool_t *pool);

/* Is it one of the account's addresses? */
int item_event_is_own(const item_options_t *options, const char *address);
/* Does somebody else organise it? Whose organizer is not known is taken as one's own. */
int item_event_is_received(const item_event_source_t *source, item_component_t *event,
                           const item_options_t *options, apr_pool_t *pool);
/* May who is invited propose another time? */
int item_event_takes_proposals(const item_event_source_t *source, item_component_t *event);

/* Parameters of an ATTENDEE who proposed another time (no other program's are known): moments of UTC, as
 * compact date-times. */
#define ITEM_EVENT_PROPOSED_START "X-MOBILESYNC-PROPOSED-START"
#define ITEM_EVENT_PROPOSED_END "X-MOBILESYNC-PROPOSED-END"
/* Sets both of a line, or takes them away (NULL). */
void item_event_propose(item_property_t *attendee, const char *start, const char *end);
/* The same of all of an event: nobody's proposal holds any more. Was there any? */
int item_event_forget_proposals(item_component_t *event);

/* A calendar address (RFC 5545 3.3.3); NULL when it names no mailbox. */
const char *item_event_address(item_property_t *property, apr_pool_t *pool);

/* AttendeeStatus and ResponseType (MS-ASCAL 2.2.2.5, 2.2.2.40) */
enum {
    ITEM_EVENT_ANSWER_UNKNOWN = 0,
    ITEM_EVENT_ANSWER_ORGANIZER = 1,
    ITEM_EVENT_ANSWER_TENTATIVE = 2,
    ITEM_EVENT_ANSWER_ACCEPTED = 3,
    ITEM_EVENT_ANSWER_DECLINED = 4,
    ITEM_EVENT_ANSWER_NONE = 5
};

/* What the account answered; ORGANIZER: it is its own event. */
int item_event_answer(const item_event_view_t *view);

/* BusyStatus (MS-ASCAL 2.2.2.9); and what its organizer wants it to be once it is accepted, -1:
 * nothing is said. */
int item_event_busy(item_component_t *event);
int item_event_busy_intended(item_component_t *event);

/* -- series (event_series.c) -- */

/* What differs from the pattern that a client gets. */
typedef struct {
    struct icaltimetype local;  /* its place in the series, as the start of the series is */
    struct icaltimetype shown;  /* the same in the pattern: ExceptionStartTime, InstanceId */
    item_component_t *instance; /* NULL: there is none of it */
    int follows;                /* the instance is that of an earlier place */
    int deleted;
} item_event_exception_t;

typedef enum {
    ITEM_EVENT_EXACT, /* the pattern says the rule */
    /* Nothing in EAS says the rules. The pattern is weekly on all days that the series falls on, from
     * the beginning of a window; exceptions take away what is too much. */
    ITEM_EVENT_COVERED,
    /* The same where that would be too many, or where there are several on a day and not too many of
     * them: daily, from a New Year's Day on, and exceptions move each to where it is. */
    ITEM_EVENT_MOVED
} item_event_manner_t;

typedef struct item_event_series {
    item_series_t series;
    item_event_manner_t manner;
    item_recurrence_t pattern;
    item_recurrence_origin_t origin;
    apr_array_header_t *exceptions;  /* item_event_exception_t, in order */
    apr_array_header_t *ranges;      /* item_event_exception_t: instances that hold for what
                                   follows, too (RANGE=THISANDFUTURE) */
    apr_array_header_t *differences; /* the same of the rules, where they are none of the pattern */
    struct icaltimetype start;       /* of the first occurrence that is shown */
    /* Of each day the first is shown, as there are too many; the times of a day, for people to read.
     * Else NULL. */
    const char *times;
    int daily;
    /* A client lays a series out by one rule of its zone (Timezone), whatever the year: this clock has
     * the one of today, and times are told and taken by it. */
    const item_clock_t *clock;
} item_event_series_t;

/* item_series_load() of an event: where its days are written as times, it is one of days. */
int item_event_rules_load(const item_event_source_t *source, item_series_t *series,
                          apr_pool_t *pool);
/* A place of the series as its start is written: days may be so as midnights. */
struct icaltimetype item_event_as_written(const item_event_source_t *source,
                                          struct icaltimetype place);
/* *series is NULL when it does not recur. */
base_fault_t *item_event_series_load(const item_event_source_t *source,
                                     const item_options_t *options, item_event_series_t **series,
                                     apr_pool_t *pool);
/* Why a series is shown without some of its occurrences (event_remark.c); shown NULL: as one event. NULL:
 * it is shown with all of them. */
const char *item_event_remark(const item_event_source_t *source, const item_event_series_t *shown);
/* Makes up what shows a series without a pattern, of which the exceptions say what differs from its
 * rules (event_expand.c). 0: there is nothing to show. */
int item_event_series_expand(item_event_series_t *series, apr_time_t now, apr_pool_t *pool);
/* Of a series that is shown as MOVED: the place that is behind one of the pattern. 0: none. */
int item_event_series_moved(const item_event_series_t *series, struct icaltimetype *place,
                            apr_pool_t *pool);
/* Rules that never come true: the start is all there is. */
int item_event_series_is_idle(const item_series_t *series, apr_pool_t *pool);
/* The times of a series as a client is shown them, of what they are. */
void item_event_series_times(const item_event_series_t *series, item_event_times_t *times);
/* The place in the series that a client means by ExceptionStartTime or InstanceId; NOT_FOUND: there is
 * no such occurrence; INVALID. */
base_fault_t *item_event_series_find(const item_event_source_t *source,
                                     const item_event_series_t *series, const char *text,
                                     eas_version_t version, struct icaltimetype *place);
/* The place that an instance's RECURRENCE-ID names. 0: none. */
int item_event_series_of(const item_event_source_t *source, const item_series_t *series,
                         item_component_t *instance, struct icaltimetype *place);
/* The place that an element of a property's list (EXDATE) names. 0: none. */
int item_event_series_place(const item_event_source_t *source, const item_series_t *series,
                            item_property_t *property, const char *text,
                            struct icaltimetype *place);
/* A time as the start of the series is: a day, or local. */
struct icaltimetype item_event_series_normal(const item_series_t *series, struct icaltimetype time);
/* "20261224", too. */
int item_event_time_parse(const char *text, apr_time_t *when);

/* -- edits -- */

typedef struct {
    const item_change_t *change;
    const eas_node_t *data;
    item_event_source_t *source;
    item_component_t *event;     /* the one that is edited */
    item_component_t *inherited; /* the series of an instance; NULL: it is no instance */
    int is_new;
    int unlike;                 /* something that was sent is not so now */
    item_event_series_t *shown; /* the series as the client has it; NULL: none */
    item_event_times_t before;  /* of the event, before its times were stored; not of a new one */
    item_options_t options;     /* version and addresses, for views of what there is */
    apr_pool_t *pool;
} item_event_edit_t;

/* node NULL: it goes. */
typedef base_fault_t *(*item_event_store_fn)(item_event_edit_t *edit, const eas_node_t *node);

base_fault_t *item_event_store_subject(item_event_edit_t *edit, const eas_node_t *node);
base_fault_t *item_event_store_location(item_event_edit_t *edit, const eas_node_t *node);
base_fault_t *item_event_store_place(item_event_edit_t *edit, const eas_node_t *node);
base_fault_t *item_event_store_attendees(item_event_edit_t *edit, const eas_node_t *node);
base_fault_t *item_event_store_body(item_event_edit_t *edit, const eas_node_t *node);
base_fault_t *item_event_store_sensitivity(item_event_edit_t *edit, const eas_node_t *node);
base_fault_t *item_event_store_busy(item_event_edit_t *edit, const eas_node_t *node);
base_fault_t *item_event_store_reminder(item_event_edit_t *edit, const eas_node_t *node);
base_fault_t *item_event_store_meeting_status(item_event_edit_t *edit, const eas_node_t *node);
base_fault_t *item_event_store_files(item_event_edit_t *edit, const eas_node_t *node);
base_fault_t *item_event_store_categories(item_event_edit_t *edit, const eas_node_t *node);
base_fault_t *item_event_store_response_requested(item_event_edit_t *edit, const eas_node_t *node);
base_fault_t *item_event_store_disallow_proposal(item_event_edit_t *edit, const eas_node_t *node);

/* StartTime, EndTime, AllDayEvent and Timezone, which are one thing (event_time_store.c). *moved: 1
 * when the event begins or ends at another time than it did. */
base_fault_t *item_event_store_times(item_event_edit_t *edit, int *moved);

/* A time as the value of a property. tzid: how it names its zone; "": not at all, NULL: it is in UTC
 * (where the clock is one without a name as well). */
void item_event_time_write(item_component_t *event, const char *name, struct icaltimetype time,
                           const item_clock_t *clock, const char *tzid, apr_pool_t *pool);

void item_event_property_time(item_property_t *property, struct icaltimetype time,
                              const item_clock_t *clock, const char *tzid, apr_pool_t *pool);
/* What of an event makes it another version to those who are invited, as a text: its times, its rules
 * and what they leave out, its place, and that it is cancelled. */
const char *item_event_schedule(item_component_t *event, apr_pool_t *pool);
/* When it was changed, and whether it is another version. schedule: as it was before. */
void item_event_mark(item_event_edit_t *edit, const char *schedule);

/* All rows but the times, of an event or an instance (event_change.c). */
base_fault_t *item_event_store_all(item_event_edit_t *edit);

/* Is it there, and what does it say? A text on one line that is legal in XML; "" when it is empty. */
const char *item_event_line(const eas_node_t *node, apr_pool_t *pool);
base_fault_t *item_event_invalid(const item_event_edit_t *edit, const char *what);
/* The value that a client of the version sees at present. */
base_fault_t *item_event_present(const item_event_edit_t *edit, int property, const char **text);
/* INVALID: no number up to the maximum; *value is otherwise when node is NULL or empty. */
base_fault_t *item_event_number(const item_event_edit_t *edit, const eas_node_t *node, int maximum,
                                int otherwise, int *value);

/* Recurrence and Exceptions of a Change or Add; the times are stored already, moved says whether that
 * changed them (event_series_store.c). */
base_fault_t *item_event_store_recurrence(item_event_edit_t *edit, int moved);
base_fault_t *item_event_store_exceptions(item_event_edit_t *edit);
/* InstanceId of 16.x. */
base_fault_t *item_event_store_instance(item_event_edit_t *edit);

/* -- a series that is moved as a whole (event_move.c, event_move_rule.c) -- */

typedef struct {
    item_event_edit_t *edit;
    const item_series_t *from; /* as it was */
    item_series_t to;          /* its start and clock are those that it has now */
    apr_time_t by;             /* so much later on the wall clock */
} item_event_move_t;

/* After its times were stored: what else names times of it moves along, RDATE, the lists and the ends of
 * rules (rules: they are those that it had), and up to 14.1 EXDATE and instances, of which those that are
 * where the series has them stay so. */
void item_event_move_series(item_event_edit_t *edit, int rules);
void item_event_move_rules(const item_event_move_t *move);
/* A part of a rule ("UNTIL"); value NULL: it goes. */
void item_event_rule_set(item_property_t *rule, const char *name, const char *value,
                         apr_pool_t *pool);

/* The instance at a place of the series; it is made, as the series is, where there is none. */
item_component_t *item_event_occurrence(item_event_edit_t *edit, const item_series_t *series,
                                        struct icaltimetype place);
void item_event_exclude(item_event_edit_t *edit, const item_series_t *series,
                        const struct icaltimetype *place);
/* Takes away what excludes it. */
void item_event_include(item_event_edit_t *edit, const item_series_t *series,
                        const struct icaltimetype *place);

const char *item_event_identity(const item_change_t *change, apr_pool_t *pool);
/* -- instances that hold for what follows (event_range.c) -- */

/* Does an instance hold for all that follow, too (RFC 5545 3.2.13)? */
int item_event_is_range(item_component_t *instance);
/* Of such instances (item_event_exception_t) the one that a place without an instance of its
 * own follows; NULL: the series. */
const item_event_exception_t *item_event_range_of(const apr_array_header_t *ranges,
                                                  const struct icaltimetype *place);
/* The times of an instance at a place that follows it. */
void item_event_times_move(item_event_times_t *times, const item_event_exception_t *range,
                           const struct icaltimetype *place);
/* A place that such an instance holds for becomes one of its own, and is returned; the others stay as they
 * are: what is said of one is said of that alone (RFC 5545 3.8.4.4). NULL: it follows the series. */
item_component_t *item_event_single_out(item_event_edit_t *edit, const item_series_t *series,
                                        const struct icaltimetype *place);
/* The series has nothing from a place on: a CANCEL of THISANDFUTURE (RFC 5546 3.2.5). */
void item_event_end_before(item_event_edit_t *edit, const item_series_t *series,
                           const struct icaltimetype *place);
/* Instances from a place on go. */
void item_event_drop_from(item_event_edit_t *edit, const item_series_t *series,
                          const struct icaltimetype *place);

base_fault_t *item_event_change(const item_change_t *change, const backend_blob_t *original,
                                const backend_blob_t **blob, apr_pool_t *pool);

/* -- attachments (event_files.c) -- */

base_fault_t *item_event_attachments_added(const backend_blob_t *blob,
                                           const item_reference_t *reference,
                                           const eas_node_t *data, apr_array_header_t **added,
                                           apr_pool_t *pool);
base_fault_t *item_event_attachment_open(const backend_blob_t *blob,
                                         const item_reference_t *reference,
                                         item_attachment_t **attachment, apr_pool_t *pool);

#endif
