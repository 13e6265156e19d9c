/* Rules of recurrence (RRULE, RFC 5545 3.3.10) as they come from files and from mail: only harmless ones
 * get past here. libical parses them; it does not expand them: whether its iterator ends cannot be
 * told from outside, so that is done within a budget (item/series.h). */
#ifndef ITEM_RULE_H
#define ITEM_RULE_H

#include "item/ical.h"

#define ITEM_RULE_MAX 4096 /* bytes of a rule: all days of a year fit */

/* 0 when it is no rule, or one that is refused: in a calendar system that is not known, with values out
 * of range, with intervals beyond a century, positions within an hour. An impossible one (30
 * February) is no hazard: it has no occurrences. rule->rscale is a constant (item_scale_name());
 * NULL: the Gregorian months, and what an invalid date becomes (SKIP) does not matter. */
int item_rule_parse(const char *text, struct icalrecurrencetype *rule);

/* How many values a BY... list has. */
int item_rule_count(const short *list, int size);

#endif
