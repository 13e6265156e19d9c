/* Recurrences: RRULE (RFC 5545 3.3.10) as the patterns of EAS, both ways (MS-ASCAL 2.2.2.37, MS-ASTASK
 * 2.2.2.20, MS-ASEMAIL 2.2.2.60). */
#ifndef ITEM_RECURRENCE_H
#define ITEM_RECURRENCE_H

#include "base/fault.h"
#include "eas/node.h"
#include "eas/version.h"
#include "eas/writer.h"
#include "item/clock.h"
#include "item/ical.h"

typedef enum {
    ITEM_RECURRENCE_NONE = -1, /* an empty element: it does not recur (any more) */
    ITEM_RECURRENCE_DAILY = 0,
    ITEM_RECURRENCE_WEEKLY = 1,
    ITEM_RECURRENCE_MONTHLY = 2,     /* on a day of the month */
    ITEM_RECURRENCE_MONTHLY_NTH = 3, /* on the n-th weekday */
    ITEM_RECURRENCE_YEARLY = 5,
    ITEM_RECURRENCE_YEARLY_NTH = 6
} item_recurrence_type_t;

typedef struct {
    item_recurrence_type_t type;
    int interval;    /* 1-999 */
    int occurrences; /* 0: no such limit */
    /* null: no such limit. A day: that one still; UTC: that moment; else a time local to the origin */
    struct icaltimetype until;
    int week_of_month;     /* 1-4, 5 = last; 0: not of this type */
    int day_of_month;      /* 1-31; 0: not of this type */
    int day_of_week;       /* bits: 1 = Sunday ... 64 = Saturday; 0: not of this type */
    int month_of_year;     /* 1-12; 0: not of this type */
    int first_day_of_week; /* 0 = Sunday; -1: it does not say */
    /* CalendarType of what is by months and years, the only ones that it matters to: that of a lunar
     * calendar (item_scale_of_type), of which the days and months are then; that of a Gregorian one;
     * 0: plain; -1: it does not say */
    int calendar_type;
    int leap_month; /* IsLeapMonth: the month that follows month_of_year and has its number */
    /* Of tasks; nothing of a rule says them. */
    struct icaltimetype start; /* Start: local; null when there is none */
    int regenerate;            /* Regenerate; -1: it does not say */
    int dead_occur;            /* DeadOccur; -1: it does not say */
} item_recurrence_t;

/* What the pattern is laid upon. */
typedef struct {
    struct icaltimetype
        start; /* DTSTART of the first occurrence (tasks: or DUE): local, UTC or a day */
    /* In which start is local. Days: the one in which they are shown to the phone (of the account, up
     * to 14.1; UTC from 16.0 on, which is where days have no zone). Tasks: item_clock_utc, their times
     * are local ones. */
    const item_clock_t *clock;
} item_recurrence_origin_t;

/* Of an RRULE that is stored: CalendarType of a calendar whose months are Gregorian ones, so that it comes
 * back as it was sent; other programs have no use for it. */
#define ITEM_RECURRENCE_PARAMETER "X-MOBILESYNC-CALENDAR-TYPE"

/* 0 when the rule is none that EAS can say: item/series.h knows its occurrences. start: local. */
int item_recurrence_from_rule(const struct icalrecurrencetype *rule,
                              const struct icaltimetype *start, item_recurrence_t *recurrence);
/* The same of the text, which is not trusted. */
int item_recurrence_from_text(const char *rule, const struct icaltimetype *start,
                              item_recurrence_t *recurrence);

/* What the parameter of the RRULE says besides (NULL: it has none), and what it is to say (NULL: it
 * goes). */
void item_recurrence_from_parameter(const char *parameter, item_recurrence_t *recurrence);
const char *item_recurrence_to_parameter(const item_recurrence_t *recurrence, apr_pool_t *pool);

/* Can the version say it? 12.1 knows no CalendarType (MS-ASCAL R2045). What it cannot say is shown as a
 * rule without a pattern is. */
int item_recurrence_in_version(const item_recurrence_t *recurrence, eas_version_t version);

/* The value of RRULE. UNTIL is of the type of the start (RFC 5545 3.3.10). */
const char *item_recurrence_to_rule(const item_recurrence_t *recurrence,
                                    const item_recurrence_origin_t *origin, apr_pool_t *pool);

/* Do they mean the same occurrences? One that comes back from a phone and does is no change: the rule
 * stays as it was written. */
int item_recurrence_same(const item_recurrence_t *a, const item_recurrence_t *b,
                         const item_recurrence_origin_t *origin, apr_pool_t *pool);

/* Whose element it is: they differ in namespaces and in the forms of dates. */
typedef enum {
    ITEM_RECURRENCE_CALENDAR,
    ITEM_RECURRENCE_TASKS,
    ITEM_RECURRENCE_EMAIL
} item_recurrence_class_t;

/* A Recurrence element. INVALID names what is missing or out of place for its Type (MS-ASCAL 3.2.5.3,
 * MS-ASTASK 3.2.5.3). origin: of what the item becomes, its start decides whether Until at 00:00:00Z
 * is a moment or, as some phones have it, a day. Tasks: the start is taken from Start, origin may be
 * NULL. */
base_fault_t *item_recurrence_read(const eas_node_t *node, item_recurrence_class_t class_,
                                   const item_recurrence_origin_t *origin,
                                   item_recurrence_t *recurrence, apr_pool_t *pool);

/* The element itself. More occurrences than fit into Occurrences are written as Until. */
void item_recurrence_write(const item_recurrence_t *recurrence, item_recurrence_class_t class_,
                           eas_version_t version, const item_recurrence_origin_t *origin,
                           eas_writer_t *writer, apr_pool_t *pool);

#endif
