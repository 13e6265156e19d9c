/* What the parts of item/clock.h share. */
#ifndef ITEM_CLOCK_IMPL_H
#define ITEM_CLOCK_IMPL_H

#include "item/clock.h"

/* A change of the offset. */
typedef struct {
    long at; /* seconds since 1970, UTC */
    int offset;
    const char *name; /* of the time that begins; "" */
} clock_change_t;

/* A change that comes every year: a weekday of a month, the n-th (5: the last), or the first not
 * before a day of the month. Or always the same day: weekday -1. */
typedef struct {
    int month, weekday, week;
    int first_day; /* 0: week says it */
    int leap;      /* a day of the year: 1 = 29 February counts; first_day is that day, from 1 on */
    long seconds;  /* of the wall clock before the change, from midnight on; may be any */
    int offset;    /* after it */
    const char *name;
} clock_rule_t;

struct item_clock {
    const char *tzid; /* NULL: it has none */
    int olson;
    int offset; /* before the first change */
    const char *name;
    const clock_change_t *changes; /* in order */
    int count;
    /* From the last change on. ruled 0: nothing changes any more. */
    int ruled;
    clock_rule_t rules[2];
};

/* The moment of a yearly change. before: the offset until then. */
long item_clock_rule_at(const clock_rule_t *rule, int year, int before);

/* Do the rules mean the same in a year? */
int item_clock_rules_same(const item_zone_t *a, const item_zone_t *b, int year);

/* The last change at or before a moment; 0 when there is none. */
int item_clock_change_before(const item_clock_t *clock, long at, clock_change_t *change);
/* The first after it. */
int item_clock_change_after(const item_clock_t *clock, long at, clock_change_t *change);

#endif
