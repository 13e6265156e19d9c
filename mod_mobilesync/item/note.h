/* The Notes class (MS-ASNOTE): one VJOURNAL.
 *
 * Why VJOURNAL: it is the standard's component for a text that is kept (RFC 5545 3.6.3), and what other
 * programs have notes as: jtx Board (with DAVx5), Evolution's memos, KOrganizer's journals, over CalDAV
 * servers like Nextcloud and Radicale. A file of a note is one of a vdir as any other, beside tasks or
 * in a collection of its own. (IMAP notes of Apple's are mail, and known to Apple's programs only.)
 *
 *   Subject           SUMMARY; without one the first line of the text stands for it
 *   Body              DESCRIPTION, and X-ALT-DESC;FMTTYPE=text/html (item/note_body.h)
 *   MessageClass      X-MOBILESYNC-MESSAGE-CLASS, when it is not IPM.StickyNote
 *   LastModifiedDate  LAST-MODIFIED, else DTSTAMP, else CREATED
 *   Categories        CATEGORIES
 *
 * Everything else in the file stays as it is. */
#ifndef ITEM_NOTE_H
#define ITEM_NOTE_H

#include "item/kind.h"

extern const item_kind_t item_note_kind;

#endif
