/* What the files of tasks share: task.c (load, write), task_time.c, task_alarm.c, task_recurrence.c
 * (what a VTODO says, and how it is made to say something else) and task_change.c. */
#ifndef ITEM_TASK_IMPL_H
#define ITEM_TASK_IMPL_H

#include "item/clock.h"
#include "item/document.h"
#include "item/recurrence.h"
#include "item/task.h"

/* Of properties and parameters for what iCalendar has no word for. */
#define TASK_X "X-MOBILESYNC-"
#define TASK_IMPORTANCE TASK_X "IMPORTANCE"
#define TASK_ORDINAL TASK_X "ORDINAL-DATE"
#define TASK_SUB_ORDINAL TASK_X "SUB-ORDINAL-DATE"
/* The Start of the pattern where that is not the date of the task: it moves on, the pattern stays. */
#define TASK_SERIES_START TASK_X "SERIES-START"

#define TASK_NONE APR_INT64_MIN /* no moment */

/* CLASS of Sensitivity 0 to 3, as MS-OXCICAL has them */
#define TASK_CLASS_COUNT 4
extern const char *const task_classes[TASK_CLASS_COUNT];

enum {
#define TASK_PROPERTY(tag, kind, maximum, omitted) TASK_##tag,
#include "item/task.tbl"
#undef TASK_PROPERTY
    TASK_COUNT
};

/* DTSTART or DUE: the date on the user's wall, and the moment. */
typedef struct {
    int present;
    struct icaltimetype value; /* as it stands there: a day, UTC, or local */
    const item_clock_t *clock; /* of its TZID; NULL: none that is known */
    int is_known;              /* what the twins differ by is; else they are the same */
    apr_time_t local;          /* as if UTC, as EAS has it */
    apr_time_t utc;
} task_time_t;

/* StartDate and UtcStartDate, or DueDate and UtcDueDate, of a client. */
typedef struct {
    int has_local, has_utc; /* neither: there is to be none */
    apr_time_t local, utc;
} task_twins_t;

typedef struct {
    apr_pool_t *pool;
    item_document_t *document;
    item_component_t *todo;
    eas_version_t
        version; /* in whose words it is shown; of a task that is made, or read, by nobody's: NONE */

    /* what it shows */
    task_time_t start, due;
    item_recurrence_t recurrence;   /* type NONE: it does not recur, or as no pattern can say */
    apr_array_header_t *categories; /* const char * */
    const char *values[TASK_COUNT]; /* of TEXT, NUMBER and DATE, canonical; "": not there */
} task_t;

typedef enum {
    TASK_KIND_TEXT,
    TASK_KIND_NUMBER,
    TASK_KIND_DATE,
    TASK_KIND_BODY,
    TASK_KIND_CATEGORIES,
    TASK_KIND_RECURRENCE
} task_kind_t;

typedef struct {
    eas_tag_t tag;
    task_kind_t kind;
    unsigned maximum;
    int is_kept; /* by a Change that leaves it out */
} task_property_t;

extern const task_property_t task_properties[TASK_COUNT];

/* -- task.c -- */
/* CONVERSION: there is no VTODO. */
base_fault_t *task_open(const backend_blob_t *blob, task_t *task, apr_pool_t *pool);
/* Fills what it shows; again after an edit. */
void task_show(task_t *task);

/* -- task_time.c -- */
/* A DATE or DATE-TIME of RFC 5545; 0: it is none. */
int task_time_parse(const char *text, struct icaltimetype *time);
/* RFC 5545 3.3.6, up to TASK_DURATION_MAX seconds; may be negative. */
#define TASK_DURATION_MAX ((apr_int64_t)100 * 366 * 86400)
int task_duration_parse(const char *text, apr_time_t *length);
struct icaltimetype task_time_of(apr_time_t naive);
void task_times_show(task_t *task); /* start, due and the four dates */
int task_time_is_midnight(apr_time_t local);
/* Is that what is shown? One twin is enough: who knows one of them only makes the other from it, by a
 * zone that is not known here. */
int task_time_is(const task_time_t *time, const task_twins_t *twins);
/* Puts it off by some time on the wall. */
void task_time_move(task_t *task, const char *name, apr_time_t length);
/* timed: a DATE-TIME at midnight, too. recurs: as on the user's wall, since rules are read by it. */
void task_time_set(task_t *task, const char *name, const task_twins_t *twins, int timed,
                   int recurs);

/* -- task_alarm.c: of the alarms that show or sound something, the first to go off -- */
void task_alarm_show(task_t *task);
/* when "": there is to be none. Its start and due must be those that it shows. */
void task_alarm_set(task_t *task, const char *when, const char *subject);

/* -- task_recurrence.c -- */
/* What its rule is laid upon; 0: it has no date. */
int task_origin(const task_t *task, item_recurrence_origin_t *origin);
void task_recurrence_show(task_t *task);
void task_recurrence_set(task_t *task, const item_recurrence_t *recurrence);
/* Are these the same, for the task as it is? */
int task_recurrence_same(const task_t *task, const item_recurrence_t *a,
                         const item_recurrence_t *b);

/* COUNT of the rule, 0: it has none; another one in its place. */
int task_recurrence_count(const task_t *task);
void task_recurrence_count_set(task_t *task, int count);

/* -- task_next.c -- */
/* Makes one of a recurring task that is done the next one that is to be done; 0: there is none. */
int task_next(task_t *task, apr_time_t done);

/* -- task_change.c: as item_kind_t has it -- */
base_fault_t *task_change(const item_change_t *change, const backend_blob_t *original,
                          const backend_blob_t **blob, apr_pool_t *pool);

#endif
