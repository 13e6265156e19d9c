/* The Tasks class (MS-ASTASK): a VTODO (RFC 5545 3.6.2) as the children of ApplicationData or
 * Properties, and back. Of a VCALENDAR with instances (RECURRENCE-ID) it is the series itself; they are
 * kept as they are.
 *
 * Every element has one canonical value that the VTODO shows. A value that a client sends and that is
 * the one shown changes nothing: so PRIORITY, a DATE, a rule, a relative trigger stay what they are
 * while something else is edited. How values map is in mod_mobilesync/README. Its date is
 * APR_INT64_MAX as long as Complete is 0, else DateCompleted: FilterType 8 leaves what the phone sees as
 * incomplete (MS-ASCMD R3034). */
#ifndef ITEM_TASK_H
#define ITEM_TASK_H

#include "item/kind.h"

extern const item_kind_t item_task_kind;

#endif
