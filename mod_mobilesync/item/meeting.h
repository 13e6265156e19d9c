/* Meetings by mail (iTIP, RFC 5546): what a text/calendar part of a message says, as MessageClass
 * and email:MeetingRequest (MS-ASEMAIL 2.2.2.48). */
#ifndef ITEM_MEETING_H
#define ITEM_MEETING_H

#include <apr_tables.h>

#include "backend/backend.h"
#include "eas/version.h"
#include "eas/writer.h"
#include "item/mime.h"

typedef struct item_meeting item_meeting_t;

/* part: the message's calendar, may be NULL. NULL when it is about no meeting, or cannot be read. addresses: of the
 * account (const char *), NULL = unknown. received: stands for a DTSTAMP that is missing. Faults:
 * those of reading. */
base_fault_t *item_meeting_load(const item_mime_t *mime, const item_mime_part_t *part,
                                const apr_array_header_t *addresses, apr_time_t received,
                                item_meeting_t **meeting, apr_pool_t *pool);

/* "IPM.Schedule.Meeting.Request", ... */
const char *item_meeting_class(const item_meeting_t *meeting);

/* Is there a MeetingRequest to write? A reply has none (MS-ASEMAIL R543), the proposal of another time from
 * 16.1 on, where it has that (MS-ASCMD R69901710). */
int item_meeting_has_request(const item_meeting_t *meeting, eas_version_t version);

void item_meeting_write(const item_meeting_t *meeting, eas_version_t version, eas_writer_t *writer,
                        apr_pool_t *pool);

#endif
