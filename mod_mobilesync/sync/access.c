#include "sync/access.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <apr_strings.h>

#include "base/text.h"

/* The names of the statuses, and those of the product that administrators may know. */
static const struct {
    const char *name, *old_name;
} access_statuses[] = {
    [SYNC_ACCESS_NONE] = {"", ""},
    [SYNC_ACCESS_ALLOW] = {"allow", "Allowed"},
    [SYNC_ACCESS_QUARANTINE] = {"quarantine", "Quarantined"},
    [SYNC_ACCESS_BLOCK] = {"block", "Blocked"},
};

static const char *const access_modes[] = {
    [SYNC_ACCESS_DISABLED] = "disabled",
    [SYNC_ACCESS_PERMISSIVE] = "permissive",
    [SYNC_ACCESS_INTERACTIVE] = "interactive",
    [SYNC_ACCESS_STRICT] = "strict",
};

/* What a mode does with a device that nothing was decided about. */
static const sync_access_status_t access_unknown[] = {
    [SYNC_ACCESS_DISABLED] = SYNC_ACCESS_ALLOW,
    [SYNC_ACCESS_PERMISSIVE] = SYNC_ACCESS_ALLOW,
    [SYNC_ACCESS_INTERACTIVE] = SYNC_ACCESS_QUARANTINE,
    [SYNC_ACCESS_STRICT] = SYNC_ACCESS_BLOCK,
};

static const char *const access_by[] = {
    [SYNC_ACCESS_BY_MODE] = "mode",
    [SYNC_ACCESS_BY_ACCOUNT_ENTRY] = "entry of the account",
    [SYNC_ACCESS_BY_DEVICE_ENTRY] = "entry",
    [SYNC_ACCESS_BY_RULE] = "rule",
};

#define ACCESS_STATUS_COUNT (sizeof access_statuses / sizeof *access_statuses)
#define ACCESS_MODE_COUNT (sizeof access_modes / sizeof *access_modes)

const char *sync_access_status_name(sync_access_status_t status)
{
    return access_statuses[status].name;
}

sync_access_status_t sync_access_status_parse(const char *text)
{
    size_t i;

    for (i = SYNC_ACCESS_ALLOW; text && i < ACCESS_STATUS_COUNT; i++)
        if (strcasecmp(text, access_statuses[i].name) == 0 ||
            strcasecmp(text, access_statuses[i].old_name) == 0)
            return (sync_access_status_t)i;
    return SYNC_ACCESS_NONE;
}

const char *sync_access_mode_name(sync_access_mode_t mode)
{
    return access_modes[mode];
}

int sync_access_mode_parse(const char *text, sync_access_mode_t *mode)
{
    size_t i;

    for (i = 0; i < ACCESS_MODE_COUNT; i++)
        if (strcasecmp(text, access_modes[i]) == 0) {
            *mode = (sync_access_mode_t)i;
            return 1;
        }
    return 0;
}

const char *sync_access_by_name(sync_access_by_t by)
{
    return access_by[by];
}

/* -- texts ------------------------------------------------------------------ */

const char *sync_access_served_format(const sync_access_served_t *served, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%s %" APR_TIME_T_FMT, sync_access_status_name(served->status),
                        served->since);
}

void sync_access_served_parse(const char *text, sync_access_served_t *served)
{
    char word[16];
    size_t length = text ? strcspn(text, " ") : 0;

    *served = (sync_access_served_t){.status = SYNC_ACCESS_NONE};
    if (!length || length >= sizeof word)
        return;
    memcpy(word, text, length);
    word[length] = '\0';
    served->status = sync_access_status_parse(word);
    served->since = apr_atoi64(text + length);
}

/* "d:DEVICE" or "d:DEVICE/ACCOUNT", percent-encoded */
const char *sync_access_entry_name(const char *device, const char *account, apr_pool_t *pool)
{
    return apr_pstrcat(pool, "d:", base_text_percent_encode(device, pool), account ? "/" : "",
                       account ? base_text_percent_encode(account, pool) : "", NULL);
}

int sync_access_entry_name_parse(const char *name, const char **device, const char **account,
                                 apr_pool_t *pool)
{
    const char *slash = strchr(name, '/');
    size_t length = strcspn(name, "/");

    if (strncmp(name, "d:", 2) != 0 || length == 2)
        return 0;
    *device = base_text_percent_decode(apr_pstrmemdup(pool, name + 2, length - 2), pool);
    *account = slash ? base_text_percent_decode(slash + 1, pool) : NULL;
    return *device && (!slash || *account);
}

/* "block 1763908000000000 root why it was done" */
const char *sync_access_entry_format(const sync_access_entry_t *entry, apr_pool_t *pool)
{
    const sync_access_served_t served = {.status = entry->status, .since = entry->since};

    return apr_pstrcat(pool, sync_access_served_format(&served, pool), " ",
                       base_text_percent_encode(entry->by, pool), " ", entry->reason, NULL);
}

void sync_access_entry_parse(const char *text, sync_access_entry_t *entry, apr_pool_t *pool)
{
    sync_access_served_t served;
    const char *by, *reason;

    *entry = (sync_access_entry_t){.status = SYNC_ACCESS_NONE, .by = "", .reason = ""};
    if (!text || !(by = strchr(text, ' ')) || !(by = strchr(by + 1, ' ')) ||
        !(reason = strchr(by + 1, ' ')))
        return;
    sync_access_served_parse(text, &served);
    entry->status = served.status;
    entry->since = served.since;
    by =
        base_text_percent_decode(apr_pstrmemdup(pool, by + 1, (apr_size_t)(reason - by - 1)), pool);
    entry->by = by ? by : "";
    entry->reason = reason + 1;
}

/* -- the decision ----------------------------------------------------------- */

sync_access_decision_t sync_access_decide(const sync_access_question_t *question)
{
    sync_access_decision_t decision = {.status = access_unknown[question->mode],
                                       .by = SYNC_ACCESS_BY_MODE};

    if (question->mode == SYNC_ACCESS_DISABLED)
        return decision;
    if (question->of_account.status != SYNC_ACCESS_NONE) {
        decision.status = question->of_account.status;
        decision.by = SYNC_ACCESS_BY_ACCOUNT_ENTRY;
        return decision;
    }
    if (question->of_device.status != SYNC_ACCESS_NONE) {
        decision.status = question->of_device.status;
        decision.by = SYNC_ACCESS_BY_DEVICE_ENTRY;
        return decision;
    }
    if (question->rules)
        decision.rule = sync_access_rules_match(question->rules, &question->subject);
    if (decision.rule) {
        decision.status = decision.rule->status;
        decision.by = SYNC_ACCESS_BY_RULE;
    }
    return decision;
}
