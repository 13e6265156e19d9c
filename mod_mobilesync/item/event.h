/* The Calendar class (MS-ASCAL): a VCALENDAR with the VEVENTs of one UID, the series (or the only
 * event) and the instances that differ from it, and the VTIMEZONEs that they need. What a client does
 * not touch stays byte for byte (item/document.h). */
#ifndef ITEM_EVENT_H
#define ITEM_EVENT_H

#include "item/kind.h"

extern const item_kind_t item_event_kind;

#endif
