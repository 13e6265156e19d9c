/* FilterType (MS-ASCMD 2.2.3.68.2): which entries a device is to hold, by date. The cut is
 * always a midnight (UTC), so that it moves once a day and not with every request.
 *
 * With ConversationMode (2.2.3.36.2) the date that counts is that of the latest entry of the
 * conversation in the folder: so a conversation is in or out as a whole. */
#ifndef SYNC_FILTER_H
#define SYNC_FILTER_H

#include <apr_time.h>

#define SYNC_FILTER_INCOMPLETE 8
#define SYNC_FILTER_MAX SYNC_FILTER_INCOMPLETE

/* Entries with date >= cut are wanted: 00:00 UTC of the day that lies the filter's period
 * before now; SYNC_TIME_MIN for 0. SYNC_TIME_MAX for 8, incomplete tasks: these matter until they
 * are done, so that their date is that. */
apr_time_t sync_filter_cut(int filter, apr_time_t now);

#endif
