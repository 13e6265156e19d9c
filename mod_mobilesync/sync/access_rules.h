/* Ordered rules of access control. A rule says which devices it is about, by regular expressions
 * (PCRE2) for the whole of what is known of them, in any case of letters, and perhaps a domain; all
 * that it says has to fit. What is not known of a device fits nothing: before it has told its model
 * no rule about models is about it.
 *
 * Expressions come from administrators, what they are compared with from devices: both are bounded,
 * and so is the work of a comparison. A text that is too long, or too much work, counts as a fit where
 * the rule blocks or quarantines, and as none where it allows: nobody gets in by a text that is hard
 * to compare. */
#ifndef SYNC_ACCESS_RULES_H
#define SYNC_ACCESS_RULES_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

#include "base/fault.h"

typedef enum {
    SYNC_ACCESS_NONE, /* nothing was decided */
    SYNC_ACCESS_ALLOW,
    SYNC_ACCESS_QUARANTINE,
    SYNC_ACCESS_BLOCK
} sync_access_status_t;

/* "allow", "quarantine", "block"; "" for NONE. Read in any case of letters, also as "Allowed",
 * "Quarantined" and "Blocked"; NONE: it is none of these. */
const char *sync_access_status_name(sync_access_status_t status);
sync_access_status_t sync_access_status_parse(const char *text);

#define SYNC_ACCESS_RULES_MAX 500
#define SYNC_ACCESS_ORDER_MAX 1000000
#define SYNC_ACCESS_PATTERN_MAX 256 /* bytes */

/* What a rule can be about: PROPERTY(name). */
#define SYNC_ACCESS_PROPERTIES(PROPERTY) \
    PROPERTY(device) PROPERTY(type) PROPERTY(model) PROPERTY(os) PROPERTY(agent)

typedef enum {
#define PROPERTY(name) SYNC_ACCESS_PROPERTY_##name,
    SYNC_ACCESS_PROPERTIES(PROPERTY)
#undef PROPERTY
        SYNC_ACCESS_PROPERTY_COUNT_
} sync_access_property_t;

extern const char *const sync_access_property_names[SYNC_ACCESS_PROPERTY_COUNT_];

typedef struct {
    const char *account;
    const char *properties[SYNC_ACCESS_PROPERTY_COUNT_]; /* NULL: not known */
} sync_access_subject_t;

typedef struct {
    const char *id; /* of what it is about: the same conditions have the same id */
    int order;      /* from 1; rules of the same order keep the order that they came in */
    sync_access_status_t status;
    const char *domain;                                /* of the account; NULL: any */
    const char *patterns[SYNC_ACCESS_PROPERTY_COUNT_]; /* NULL: any */
    apr_time_t since;
    const char *by; /* who made it */
} sync_access_rule_t;

typedef struct sync_access_rules sync_access_rules_t;

/* The rules of a text that sync_access_rules_format made ("" or NULL: none), ready to be matched.
 * They end with the pool. CORRUPT when it is something else. */
base_fault_t *sync_access_rules_parse(const char *text, sync_access_rules_t **rules,
                                      apr_pool_t *pool);

/* sync_access_rule_t, in their order. */
const apr_array_header_t *sync_access_rules_list(const sync_access_rules_t *rules);

/* Puts a rule in, in the place of one with the same conditions; fills in its id. INVALID says what
 * is wrong with it, TOO_LARGE that there are too many. The text of all of them: what was parsed
 * stays as it was. */
base_fault_t *sync_access_rules_put(const sync_access_rules_t *rules, sync_access_rule_t *rule,
                                    const char **text, apr_pool_t *pool);

/* The text without the rule of that id. */
const char *sync_access_rules_without(const sync_access_rules_t *rules, const char *id,
                                      apr_pool_t *pool);

/* NULL: there is none of that id. */
const sync_access_rule_t *sync_access_rules_find(const sync_access_rules_t *rules, const char *id);

/* The id of a rule with those conditions. */
const char *sync_access_rule_id(const sync_access_rule_t *rule, apr_pool_t *pool);

/* The first that is about the subject; NULL: none is. */
const sync_access_rule_t *sync_access_rules_match(const sync_access_rules_t *rules,
                                                  const sync_access_subject_t *subject);

#endif
