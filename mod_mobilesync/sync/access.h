/* Access control ("ABQ": allow, block, quarantine): may a device synchronise? What decides, from the
 * first to the last that says something:
 *
 *   1. mode DISABLED: every device may
 *   2. the entry of the list for this device of this account
 *   3. the entry of the list for this device, whatever the account
 *   4. the first rule that the device matches (sync/access_rules.h)
 *   5. the mode, as no decision about the device was made: PERMISSIVE allows it, INTERACTIVE
 *      quarantines it until somebody decides, STRICT blocks it */
#ifndef SYNC_ACCESS_H
#define SYNC_ACCESS_H

#include "sync/access_rules.h"

typedef enum {
    SYNC_ACCESS_DISABLED,
    SYNC_ACCESS_PERMISSIVE,
    SYNC_ACCESS_INTERACTIVE,
    SYNC_ACCESS_STRICT
} sync_access_mode_t;

/* "disabled", ... Returns 0 when the text is no mode. */
const char *sync_access_mode_name(sync_access_mode_t mode);
int sync_access_mode_parse(const char *text, sync_access_mode_t *mode);

/* An entry of the list: what an administrator decided about a device. */
typedef struct {
    sync_access_status_t status;
    apr_time_t since;
    const char *by;     /* who decided */
    const char *reason; /* "" when none was given */
} sync_access_entry_t;

#define SYNC_ACCESS_REASON_MAX 300 /* bytes */

/* How the table of access control (state/table.h) names things: the rules and their version, and an
 * entry. account NULL: of the device, whatever the account. */
#define SYNC_ACCESS_RULES "rules"
#define SYNC_ACCESS_RULES_VERSION "rules-version"
const char *sync_access_entry_name(const char *device, const char *account, apr_pool_t *pool);
/* Returns 0 when it is no name of an entry. */
int sync_access_entry_name_parse(const char *name, const char **device, const char **account,
                                 apr_pool_t *pool);

/* An entry as text, and back; NULL or a damaged text is no decision (NONE). */
const char *sync_access_entry_format(const sync_access_entry_t *entry, apr_pool_t *pool);
void sync_access_entry_parse(const char *text, sync_access_entry_t *entry, apr_pool_t *pool);

/* What a device was served as last: a field of its record, so that a change is noticed. */
typedef struct {
    sync_access_status_t status; /* NONE: it was never asked */
    apr_time_t since;
} sync_access_served_t;

const char *sync_access_served_format(const sync_access_served_t *served, apr_pool_t *pool);
void sync_access_served_parse(const char *text, sync_access_served_t *served);

/* What is known about a device when it is to be decided upon. */
typedef struct {
    sync_access_mode_t mode;
    sync_access_entry_t of_account;   /* its entry for this account */
    sync_access_entry_t of_device;    /* its entry for any account */
    const sync_access_rules_t *rules; /* NULL: none */
    sync_access_subject_t subject;
} sync_access_question_t;

typedef enum {
    SYNC_ACCESS_BY_MODE,
    SYNC_ACCESS_BY_ACCOUNT_ENTRY,
    SYNC_ACCESS_BY_DEVICE_ENTRY,
    SYNC_ACCESS_BY_RULE
} sync_access_by_t;

typedef struct {
    sync_access_status_t status; /* never NONE */
    sync_access_by_t by;
    const sync_access_rule_t *rule; /* BY_RULE; lives with the rules */
} sync_access_decision_t;

sync_access_decision_t sync_access_decide(const sync_access_question_t *question);

/* "mode", "entry of the account", "entry", "rule". */
const char *sync_access_by_name(sync_access_by_t by);

#endif
