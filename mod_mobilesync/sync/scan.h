/* Scans: which parts of a folder have still to be gone through, newest first, to make what
 * the device holds agree with the filter. A scan neither adds nor removes: every entry it
 * comes to is judged like a change (sync/diff.h), so scanning something twice costs time
 * only. They stand beside the change cursor, which is always taken before a scan begins:
 * what happens during the scan comes as changes. */
#ifndef SYNC_SCAN_H
#define SYNC_SCAN_H

#include <apr_pools.h>
#include <apr_time.h>

#include "sync/pack.h"

#define SYNC_SCANS_MAX 8
#define SYNC_TIME_MIN APR_INT64_MIN
#define SYNC_TIME_MAX APR_INT64_MAX

/* Which of an entry's dates is looked at (sync/filter.h). */
typedef enum {
    SYNC_DATE_OWN,
    SYNC_DATE_CONVERSATION, /* that of the latest entry of its conversation */
    SYNC_DATE_COUNT_
} sync_date_kind_t;

typedef struct {
    apr_time_t date[SYNC_DATE_COUNT_];
} sync_dates_t;

typedef struct {
    apr_time_t since;   /* entries with since <= date < before... */
    apr_time_t before;  /* SYNC_TIME_MAX: no end, what is of that date belongs to it */
    apr_uint64_t below; /* ...and uid < below; 0: all, not begun */
    int clean;          /* 1: the device holds nothing of what is left to scan */
    sync_date_kind_t dates;
    int renew; /* 1: what moves with the year is a change, whatever is held of it */
} sync_scan_t;

typedef struct {
    sync_scan_t scan[SYNC_SCANS_MAX]; /* done in this order */
    int count;
} sync_scans_t;

/* Adds a scan of the whole range, in place of what other scans of these dates would do in it. Beside
 * scans of the other dates, which may come to the same entries, none is clean. */
void sync_scans_add(sync_scans_t *scans, sync_date_kind_t dates, apr_time_t since,
                    apr_time_t before, int clean);

/* Will a scan come to that entry? */
int sync_scans_cover(const sync_scans_t *scans, apr_uint64_t uid, const sync_dates_t *dates);

/* Something was added to what the device holds: scans that cover it are not clean any more. */
void sync_scans_soil(sync_scans_t *scans, apr_uint64_t uid, const sync_dates_t *dates);

/* The first n scans are done; the next one has done everything from uid `below` on (0: has
 * not begun). */
void sync_scans_advance(sync_scans_t *scans, int n, apr_uint64_t below);

int sync_scans_same(const sync_scans_t *one, const sync_scans_t *other);

void sync_scans_pack(const sync_scans_t *scans, base_text_buffer_t *out);
void sync_scans_unpack(sync_scans_t *scans, sync_unpack_t *in);

#endif
