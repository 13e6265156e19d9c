/* Free and busy times of calendars (MS-ASCMD 2.2.3.107): a digit for each half hour of a window, of
 * which the last may be shorter (R3329, R3330). What somebody does is not in it, only whether they
 * can be met. */
#ifndef ITEM_FREEBUSY_H
#define ITEM_FREEBUSY_H

#include <apr_tables.h>

#include "backend/backend.h"

typedef enum {
    ITEM_FREEBUSY_FREE = 0,
    ITEM_FREEBUSY_TENTATIVE = 1,
    ITEM_FREEBUSY_BUSY = 2,
    ITEM_FREEBUSY_OUT = 3,
    ITEM_FREEBUSY_UNKNOWN = 4
} item_freebusy_state_t;

typedef struct item_freebusy item_freebusy_t;

/* addresses: of whose calendar it is (const char *), for what they answered; NULL: unknown. */
item_freebusy_t *item_freebusy_make(apr_time_t start, apr_time_t end,
                                    const apr_array_header_t *addresses, apr_pool_t *pool);

/* Somebody is so in [from, to). In each half hour the greatest state counts (R3327). */
void item_freebusy_mark(item_freebusy_t *freebusy, apr_time_t from, apr_time_t to,
                        item_freebusy_state_t state);

/* The times of an item of a calendar: an event with its series and instances. What is cancelled or
 * declined, and who works elsewhere, is free; what is not answered yet is tentative. Of rules that
 * take too long to follow nothing is known: what is not busy otherwise is UNKNOWN then. Days and
 * times that are in no zone are in the one that most events are in, else in UTC. CONVERSION: it is no
 * event. */
base_fault_t *item_freebusy_add(item_freebusy_t *freebusy, const backend_blob_t *blob,
                                apr_pool_t *pool);

/* MergedFreeBusy. */
const char *item_freebusy_text(item_freebusy_t *freebusy, apr_pool_t *pool);

#endif
