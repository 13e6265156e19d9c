/* Recurrences: RRULE (RFC 5545 3.3.10) as the patterns of EAS (MS-ASCAL 2.2.2.37, MS-ASEMAIL
 * 2.2.2.60). */
#ifndef ITEM_RECURRENCE_H
#define ITEM_RECURRENCE_H

#include "item/ical.h"

typedef enum {
    ITEM_RECURRENCE_DAILY = 0,
    ITEM_RECURRENCE_WEEKLY = 1,
    ITEM_RECURRENCE_MONTHLY = 2,     /* on a day of the month */
    ITEM_RECURRENCE_MONTHLY_NTH = 3, /* on the n-th weekday */
    ITEM_RECURRENCE_YEARLY = 5,
    ITEM_RECURRENCE_YEARLY_NTH = 6
} item_recurrence_type_t;

typedef struct {
    item_recurrence_type_t type;
    int interval;
    int occurrences;           /* 0: no such limit */
    struct icaltimetype until; /* null: no such limit; else UTC, or local where it says no more */
    int week_of_month;         /* 1-4, 5 = last; 0: not of this type */
    int day_of_month;          /* 1-31; 0: not of this type */
    int day_of_week;           /* bits: 1 = Sunday ... 64 = Saturday; 0: not of this type */
    int month_of_year;         /* 1-12; 0: not of this type */
    int first_day_of_week;     /* 0 = Sunday */
} item_recurrence_t;

/* 0 when the rule is none that EAS can say. start: of the first occurrence, local. */
int item_recurrence_from_rule(const struct icalrecurrencetype *rule,
                              const struct icaltimetype *start, item_recurrence_t *recurrence);

#endif
