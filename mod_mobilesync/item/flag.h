/* email:Flag (MS-ASEMAIL 2.2.2.34, 3.2.5.4.2): the flag bit of a mail and its follow-up property.
 *
 *   flag bit                the flag is active (Status 2), with the details that the property has
 *   none, but a property    complete (Status 1), if the property says so; else there is no flag
 *
 * So a flag that another program takes away is gone, and one that it sets is active; when it sets
 * again what it took away, the details are still there. What a flag is without a property needs
 * none. */
#ifndef ITEM_FLAG_H
#define ITEM_FLAG_H

#include "backend/backend.h"
#include "base/fault.h"
#include "eas/node.h"
#include "eas/writer.h"

#define ITEM_FLAG_TEXT_MAX 1024 /* bytes of a FlagType, Subject or SubOrdinalDate */

enum {
#define FLAG_CHILD(tag, kind) ITEM_FLAG_##tag,
#include "item/flag.tbl"
#undef FLAG_CHILD
    ITEM_FLAG_CHILD_COUNT
};

typedef enum {
    ITEM_FLAG_CLEAR,    /* Status 0, or empty */
    ITEM_FLAG_COMPLETE, /* Status 1 */
    ITEM_FLAG_SET,      /* Status 2 with a FlagType: what is named is the whole flag */
    ITEM_FLAG_UPDATE    /* of a flag that there is: what is not named stays */
} item_flag_action_t;

/* What a client wants. */
typedef struct {
    item_flag_action_t action;
    const char *named[ITEM_FLAG_CHILD_COUNT]; /* NULL: not named; "": to be removed */
    /* The flag bit: flags = (flags & ~mask) | values */
    apr_uint64_t mask, values;
} item_flag_change_t;

/* INVALID when something is wrong whatever flag there is (Status 6). */
base_fault_t *item_flag_read(const eas_node_t *flag, item_flag_change_t *change, apr_pool_t *pool);

/* Does it want a flag where there is none, without a FlagType? That is right for meetings only
 * (R470, R1058). */
int item_flag_wants_meeting(const item_flag_change_t *change, const backend_entry_t *entry);

/* The follow-up property of the mail after it, NULL for none. INVALID when what is there and what is
 * named make no flag. meeting: it is about one. */
base_fault_t *item_flag_apply(const item_flag_change_t *change, const backend_entry_t *entry,
                              int meeting, const char **text, apr_pool_t *pool);

/* subject: the message's, for a flag that has none of its own (R1053); NULL: not known. */
void item_flag_write(const backend_entry_t *entry, const char *subject, eas_writer_t *writer,
                     apr_pool_t *pool);

#endif
