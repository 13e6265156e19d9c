/* email2:LastVerbExecuted and LastVerbExecutionTime (MS-ASEMAIL 2.2.2.44, 2.2.2.45): the flags
 * \Answered and $Forwarded of a mail and its last-verb property.
 *
 * The property counts as long as these flags are as it left them. When another program has answered
 * since, or took a flag away, there is what they alone tell: the verb, without a time, which is
 * optional as the verb is (R510, R520). */
#ifndef ITEM_VERB_H
#define ITEM_VERB_H

#include "backend/backend.h"

typedef enum {
    ITEM_VERB_NONE = 0, /* unknown */
    ITEM_VERB_REPLY = 1,
    ITEM_VERB_REPLY_ALL = 2,
    ITEM_VERB_FORWARD = 3
} item_verb_t;

#define ITEM_VERB_FLAGS (BACKEND_FLAG_ANSWERED | BACKEND_FLAG_FORWARDED)

/* The mail's flags and property when that is done to it. */
void item_verb_apply(const backend_entry_t *entry, item_verb_t verb, apr_time_t when,
                     backend_update_t *update, apr_pool_t *pool);

/* The last verb; *when: its time, as MS-ASDTYPE has it, NULL when it is not known. */
item_verb_t item_verb_of(const backend_entry_t *entry, const char **when, apr_pool_t *pool);

#endif
