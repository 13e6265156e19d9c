#include "item/flag.h"

#include <string.h>
#include <apr_strings.h>

#include "base/text.h"
#include "base/time.h"

#define FLAG_TYPE "Flag for follow up" /* R1059 */
#define FLAG_COMPLETE "1"
#define FLAG_ACTIVE "2"

typedef enum { FLAG_TEXT, FLAG_STATUS, FLAG_DATE, FLAG_BOOLEAN } flag_kind_t;

static const struct {
    eas_tag_t tag;
    flag_kind_t kind;
} flag_children[] = {
#define FLAG_CHILD(tag, kind) {EAS_##tag, FLAG_##kind},
#include "item/flag.tbl"
#undef FLAG_CHILD
};

typedef struct {
    const char *value[ITEM_FLAG_CHILD_COUNT]; /* NULL: none */
} flag_t;

/* -- the property --------------------------------------------------------------------------- */

/* A line "NAME VALUE" for each that there is. Lines of other names, which another version may have
 * written, are nothing to this one. */
static void flag_parse(const backend_entry_t *entry, flag_t *flag, apr_pool_t *pool)
{
    const char *text =
        entry->properties ? entry->properties->text[BACKEND_PROPERTY_FOLLOW_UP] : NULL;
    char *line, *state;
    int i;

    memset(flag, 0, sizeof *flag);
    for (line = text ? apr_strtok(apr_pstrdup(pool, text), "\n", &state) : NULL; line;
         line = apr_strtok(NULL, "\n", &state)) {
        char *space = strchr(line, ' ');

        if (!space)
            continue;
        *space = '\0';
        for (i = 0; i < ITEM_FLAG_CHILD_COUNT; i++)
            if (strcmp(line, eas_tag_name(flag_children[i].tag)) == 0)
                flag->value[i] = space + 1;
    }
}

/* NULL when that is what a flag is without a property. */
static const char *flag_format(const flag_t *flag, apr_pool_t *pool)
{
    const char *text = "";
    int i, more = 0;

    for (i = 0; i < ITEM_FLAG_CHILD_COUNT; i++) {
        const char *value = flag->value[i];

        if (!value)
            continue;
        more |= strcmp(value, i == ITEM_FLAG_Email_Status     ? FLAG_ACTIVE
                              : i == ITEM_FLAG_Email_FlagType ? FLAG_TYPE
                                                              : "") != 0;
        text = apr_pstrcat(pool, text, *text ? "\n" : "", eas_tag_name(flag_children[i].tag), " ",
                           value, NULL);
    }
    return more ? text : NULL;
}

static int flag_is_active(const backend_entry_t *entry)
{
    return (entry->token & BACKEND_FLAG_FLAGGED) != 0;
}

static int flag_is_complete(const backend_entry_t *entry, const flag_t *flag)
{
    const char *status = flag->value[ITEM_FLAG_Email_Status];

    return !flag_is_active(entry) && status && strcmp(status, FLAG_COMPLETE) == 0;
}

/* -- reading -------------------------------------------------------------------------------- */

static base_fault_t *flag_invalid(const char *what, apr_pool_t *pool)
{
    return base_fault_make(pool, BASE_FAULT_INVALID, "Flag: %s", what);
}

static base_fault_t *flag_read_child(const eas_node_t *node, flag_kind_t kind, const char **value,
                                     apr_pool_t *pool)
{
    apr_uint64_t number;
    apr_time_t when;

    if (node->first || node->file || node->length > ITEM_FLAG_TEXT_MAX)
        return flag_invalid("too much", pool);
    *value = base_text_line(node->text, node->length, pool);
    if (!**value)
        return NULL;
    switch (kind) {
    case FLAG_TEXT:
        break;
    case FLAG_STATUS: /* R757 */
        if (!base_text_parse_uint(*value, 2, &number))
            return flag_invalid("Status is none of 0, 1, 2", pool);
        *value = apr_itoa(pool, (int)number);
        break;
    case FLAG_BOOLEAN:
        if (!base_text_parse_uint(*value, 1, &number))
            return flag_invalid("ReminderSet is neither 0 nor 1", pool);
        *value = number ? "1" : "0";
        break;
    case FLAG_DATE:
        if (!base_time_parse(*value, &when))
            return flag_invalid(apr_pstrcat(pool, eas_tag_name(node->tag), " is no date", NULL),
                                pool);
        *value = base_time_format_dashed(when, pool);
        break;
    }
    return NULL;
}

static int flag_names(const item_flag_change_t *change, int child)
{
    return change->named[child] && *change->named[child];
}

/* What must be there whatever flag the mail has (3.2.5.4.2, R92). */
static base_fault_t *flag_check_named(const item_flag_change_t *change, apr_pool_t *pool)
{
    const char *reminder = change->named[ITEM_FLAG_Tasks_ReminderSet];

    if (flag_names(change, ITEM_FLAG_Tasks_DateCompleted) &&
        !flag_names(change, ITEM_FLAG_Email_CompleteTime))
        return flag_invalid("DateCompleted without CompleteTime", pool); /* R359 */
    if (change->action == ITEM_FLAG_COMPLETE &&
        (!flag_names(change, ITEM_FLAG_Email_CompleteTime) ||
         !flag_names(change, ITEM_FLAG_Tasks_DateCompleted)))
        return flag_invalid("complete, without DateCompleted and CompleteTime", pool); /* R86 */
    if (reminder && strcmp(reminder, "1") == 0 && !flag_names(change, ITEM_FLAG_Tasks_ReminderTime))
        return flag_invalid("ReminderSet without ReminderTime", pool); /* R702 */
    return NULL;
}

base_fault_t *item_flag_read(const eas_node_t *flag, item_flag_change_t *change, apr_pool_t *pool)
{
    const char *status;
    int i;

    memset(change, 0, sizeof *change);
    for (i = 0; i < ITEM_FLAG_CHILD_COUNT; i++) {
        const eas_node_t *node = eas_node_child(flag, flag_children[i].tag);

        if (node)
            BASE_TRY(flag_read_child(node, flag_children[i].kind, &change->named[i], pool));
    }
    status = change->named[ITEM_FLAG_Email_Status];
    if (status && !*status)
        return flag_invalid("Status is none of 0, 1, 2", pool);
    change->action = !flag->first || (status && strcmp(status, "0") == 0)     ? ITEM_FLAG_CLEAR
                     : status && strcmp(status, FLAG_COMPLETE) == 0           ? ITEM_FLAG_COMPLETE
                     : status && flag_names(change, ITEM_FLAG_Email_FlagType) ? ITEM_FLAG_SET
                                                                              : ITEM_FLAG_UPDATE;
    if (status || change->action == ITEM_FLAG_CLEAR)
        change->mask = BACKEND_FLAG_FLAGGED;
    if (status && strcmp(status, FLAG_ACTIVE) == 0)
        change->values = BACKEND_FLAG_FLAGGED;
    return change->action == ITEM_FLAG_CLEAR ? NULL : flag_check_named(change, pool);
}

/* -- applying ------------------------------------------------------------------------------- */

static base_fault_t *flag_check_order(const flag_t *flag, int start, int due, apr_pool_t *pool)
{
    apr_time_t from, to;

    if (flag->value[start] && flag->value[due] && base_time_parse(flag->value[start], &from) &&
        base_time_parse(flag->value[due], &to) && to < from)
        return flag_invalid("due before it starts", pool); /* R406, R850 */
    return NULL;
}

static base_fault_t *flag_check(const flag_t *flag, int active, apr_pool_t *pool)
{
    int dates = (flag->value[ITEM_FLAG_Tasks_StartDate] != NULL) +
                (flag->value[ITEM_FLAG_Tasks_DueDate] != NULL) +
                (flag->value[ITEM_FLAG_Tasks_UtcStartDate] != NULL) +
                (flag->value[ITEM_FLAG_Tasks_UtcDueDate] != NULL);

    if (active && dates != 0 && dates != 4)
        return flag_invalid("some of its dates are missing", pool); /* R408, R1068 */
    BASE_TRY(flag_check_order(flag, ITEM_FLAG_Tasks_StartDate, ITEM_FLAG_Tasks_DueDate, pool));
    return flag_check_order(flag, ITEM_FLAG_Tasks_UtcStartDate, ITEM_FLAG_Tasks_UtcDueDate, pool);
}

int item_flag_wants_meeting(const item_flag_change_t *change, const backend_entry_t *entry)
{
    return change->action == ITEM_FLAG_UPDATE && change->values && !flag_is_active(entry);
}

base_fault_t *item_flag_apply(const item_flag_change_t *change, const backend_entry_t *entry,
                              int meeting, const char **text, apr_pool_t *pool)
{
    int i, active, complete, whole = change->action == ITEM_FLAG_SET;
    flag_t flag;

    *text = NULL;
    if (change->action == ITEM_FLAG_CLEAR)
        return NULL;
    flag_parse(entry, &flag, pool);
    active = flag_is_active(entry);
    complete = flag_is_complete(entry, &flag);
    if (change->action == ITEM_FLAG_UPDATE && !active && !(complete && !change->values)) {
        if (!change->values || !meeting)
            return flag_invalid("there is none, and no FlagType for a new one", pool);
        whole = 1;
    }
    /* what is left of a flag that another program took away is not to come up again */
    if (whole || (!active && !complete))
        memset(&flag, 0, sizeof flag);
    for (i = 0; i < ITEM_FLAG_CHILD_COUNT; i++)
        if (change->named[i])
            flag.value[i] = *change->named[i] ? change->named[i] : NULL;
    active = change->mask ? change->values != 0 : active;
    flag.value[ITEM_FLAG_Email_Status] = active ? FLAG_ACTIVE : FLAG_COMPLETE;
    if (active)
        flag.value[ITEM_FLAG_Tasks_DateCompleted] = flag.value[ITEM_FLAG_Email_CompleteTime] = NULL;
    BASE_TRY(flag_check(&flag, active, pool));
    *text = flag_format(&flag, pool);
    return NULL;
}

/* -- writing -------------------------------------------------------------------------------- */

void item_flag_write(const backend_entry_t *entry, const char *subject, eas_writer_t *writer,
                     apr_pool_t *pool)
{
    int i, active = flag_is_active(entry);
    flag_t flag;

    flag_parse(entry, &flag, pool);
    if (!active && !flag_is_complete(entry, &flag)) {
        eas_writer_empty(writer, EAS_Email_Flag);
        return;
    }
    flag.value[ITEM_FLAG_Email_Status] = active ? FLAG_ACTIVE : FLAG_COMPLETE;
    if (!flag.value[ITEM_FLAG_Email_FlagType])
        flag.value[ITEM_FLAG_Email_FlagType] = FLAG_TYPE;
    if (!flag.value[ITEM_FLAG_Tasks_Subject] && subject && *subject)
        flag.value[ITEM_FLAG_Tasks_Subject] = subject;
    if (active) /* it was complete until another program set it anew */
        flag.value[ITEM_FLAG_Tasks_DateCompleted] = flag.value[ITEM_FLAG_Email_CompleteTime] = NULL;
    eas_writer_start(writer, EAS_Email_Flag);
    for (i = 0; i < ITEM_FLAG_CHILD_COUNT; i++)
        if (flag.value[i])
            eas_writer_text(writer, flag_children[i].tag, flag.value[i]);
    eas_writer_end(writer);
}
