/* Items: blobs of a backend (RFC 5322, iCalendar, vCard) <-> properties of EAS.
 *
 * Fallible first, then write: item_CLASS_load() reads and converts everything that can fail
 * into a plain struct; item_CLASS_write() afterwards only writes (the writer latches its own
 * faults). So nothing half-rendered is ever in a response.
 *
 * Files: reference (ServerId, FileReference), source (reads a blob), mime (its structure),
 * header (decoded header fields), charset, reader (decoded content), html (HTML <-> text), rtf,
 * body (what is sent as airsyncbase:Body), attachment, email (the Email class), compose (what
 * SendMail, SmartReply and SmartForward send), draft, ical, zone, recurrence (iCalendar), meeting
 * (invitations), oof (out of office), words (what it is found by), summary (a line of Find),
 * certificate (is it to be trusted?).
 *
 * kind.h has a row for each class: email, contact, task, note, event. What is no mail is edited by
 * document.h; its texts are note_body.h's. */
#ifndef ITEM_ITEM_H
#define ITEM_ITEM_H

#include <apr_pools.h>

/* Once in each child process before its threads start, never in the parent: GMime and libxml2
 * keep process-wide tables, and httpd unloads and reloads modules during start-up. Their tables live
 * until the process ends, since other threads may still use them; the pool is the child's. */
void item_child_init(apr_pool_t *pool);

#endif
