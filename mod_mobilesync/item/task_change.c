/* What a client says of a task, laid upon the VTODO: what it says, completed by what it leaves out, is
 * compared with what the VTODO shows, and only what differs is edited. */
#include "item/task_impl.h"

#include <string.h>
#include <apr_strings.h>

#include "backend/blob.h"
#include "base/text.h"
#include "base/time.h"
#include "item/category.h"
#include "item/note_body.h"

/* What the task is to show. */
typedef struct {
    const char *values[TASK_COUNT]; /* NULL: not named; "": there is to be none */
    int named[TASK_COUNT];
    task_twins_t start, due;
    apr_array_header_t *categories;
    item_recurrence_t recurrence;
} task_wish_t;

typedef struct {
    const item_change_t *change;
    task_t task;
    task_wish_t wish;
    int is_new;
    apr_pool_t *pool;
} task_change_t;

/* -- reading --------------------------------------------------------------------------------- */

static base_fault_t *task_invalid(eas_tag_t tag, const char *what, apr_pool_t *pool)
{
    return base_fault_make(pool, BASE_FAULT_INVALID, "%s %s", eas_tag_name(tag), what);
}

static base_fault_t *task_read_value(const task_property_t *property, const eas_node_t *node,
                                     const char **value, apr_pool_t *pool)
{
    apr_uint64_t number;
    apr_time_t when;
    apr_size_t length;

    if (node->first || node->length > ITEM_DOCUMENT_TEXT_MAX)
        return task_invalid(property->tag, "is too long", pool);
    if (eas_node_content(node, value, &length, pool) != APR_SUCCESS)
        return base_fault_make(pool, BASE_FAULT_UNAVAILABLE, "reading %s",
                               eas_tag_name(property->tag));
    *value = base_text_line(*value, length, pool);
    if (!**value || property->kind == TASK_KIND_TEXT)
        return NULL;
    if (property->kind == TASK_KIND_NUMBER) {
        if (!base_text_parse_uint(*value, property->maximum, &number))
            return task_invalid(property->tag, "has no such value", pool);
        *value = apr_itoa(pool, (int)number);
        return NULL;
    }
    if (!base_time_parse(*value, &when))
        return task_invalid(property->tag, "is no date", pool);
    *value = base_time_format_dashed(when, pool);
    return NULL;
}

static base_fault_t *task_read_element(task_change_t *change, int i, const eas_node_t *node)
{
    task_wish_t *wish = &change->wish;

    wish->named[i] = 1;
    switch (task_properties[i].kind) {
    case TASK_KIND_TEXT:
    case TASK_KIND_NUMBER:
    case TASK_KIND_DATE:
        return task_read_value(&task_properties[i], node, &wish->values[i], change->pool);
    case TASK_KIND_BODY:
        return item_note_body_change(change->task.todo, "DESCRIPTION", node,
                                     change->change->options, change->pool);
    case TASK_KIND_CATEGORIES:
        return item_categories_names(node, EAS_Tasks_Category, &wish->categories, change->pool);
    case TASK_KIND_RECURRENCE:
        return item_recurrence_read(node, ITEM_RECURRENCE_TASKS, NULL, &wish->recurrence,
                                    change->pool);
    }
    return NULL;
}

static base_fault_t *task_read(task_change_t *change)
{
    const eas_node_t *node;
    int i;

    for (i = 0; i < TASK_COUNT; i++) {
        eas_tag_t tag = task_properties[i].tag;

        node = eas_node_child(change->change->data, tag);
        if (node && eas_tag_in_version(tag, change->change->version))
            BASE_TRY(task_read_element(change, i, node));
    }
    return NULL;
}

/* -- what is left out ------------------------------------------------------------------------ */

/* Of a folder that was begun with Supported what it does not name stays (MS-ASCMD R5907 - R5912). */
static int task_keeps(const task_change_t *change, int i)
{
    const apr_array_header_t *supported = change->change->supported;
    int n;

    if (task_properties[i].is_kept || !supported)
        return task_properties[i].is_kept;
    for (n = 0; n < supported->nelts; n++)
        if (APR_ARRAY_IDX(supported, n, eas_tag_t) == task_properties[i].tag)
            return 0;
    return 1;
}

static int task_is_named(const task_wish_t *wish, int i)
{
    return wish->values[i] && *wish->values[i];
}

static void task_complete_twins(const task_change_t *change, int local, int utc,
                                const task_time_t *shown, task_twins_t *twins)
{
    const task_wish_t *wish = &change->wish;

    memset(twins, 0, sizeof *twins);
    if (!wish->named[local] && !wish->named[utc]) {
        twins->has_local = twins->has_utc =
            shown->present && (task_keeps(change, local) || task_keeps(change, utc));
        twins->local = shown->local;
        twins->utc = shown->utc;
        return;
    }
    twins->has_local =
        task_is_named(wish, local) && base_time_parse(wish->values[local], &twins->local);
    twins->has_utc = task_is_named(wish, utc) && base_time_parse(wish->values[utc], &twins->utc);
}

/* Where the client says nothing but that it is done, it is done now. */
static const char *task_complete_date(const task_change_t *change)
{
    const task_wish_t *wish = &change->wish;

    if (strcmp(wish->values[TASK_Tasks_Complete], "1") != 0)
        return "";
    if (task_is_named(wish, TASK_Tasks_DateCompleted))
        return wish->values[TASK_Tasks_DateCompleted];
    return *change->task.values[TASK_Tasks_DateCompleted]
               ? change->task.values[TASK_Tasks_DateCompleted]
               : base_time_format_dashed(change->change->now, change->pool);
}

static base_fault_t *task_complete_reminder(task_change_t *change)
{
    task_wish_t *wish = &change->wish;
    const char **when = &wish->values[TASK_Tasks_ReminderTime];
    apr_time_t due = wish->due.has_utc ? wish->due.utc : wish->due.local;

    if (strcmp(wish->values[TASK_Tasks_ReminderSet], "1") != 0)
        *when = "";
    else if (!task_is_named(wish, TASK_Tasks_ReminderTime)) {
        if (*change->task.values[TASK_Tasks_ReminderTime])
            *when = change->task.values[TASK_Tasks_ReminderTime];
        else if (wish->due.has_local || wish->due.has_utc)
            *when = base_time_format_dashed(due, change->pool);
        else
            return task_invalid(EAS_Tasks_ReminderSet, "without ReminderTime", change->pool);
    }
    return NULL;
}

static void task_complete_recurrence(task_change_t *change)
{
    task_wish_t *wish = &change->wish;
    int dated;

    if (!wish->named[TASK_Tasks_Recurrence]) {
        wish->recurrence.type = ITEM_RECURRENCE_NONE;
        if (task_keeps(change, TASK_Tasks_Recurrence))
            wish->recurrence = change->task.recurrence;
    }
    if (wish->recurrence.first_day_of_week < 0 && /* who knows none has no other */
        change->task.recurrence.type != ITEM_RECURRENCE_NONE)
        wish->recurrence.first_day_of_week = change->task.recurrence.first_day_of_week;
    /* what recurs has a start (RFC 5545 3.8.2.4); of files that do with a due date it is not asked */
    dated = wish->start.has_local || wish->start.has_utc ||
            (change->task.recurrence.type != ITEM_RECURRENCE_NONE && !change->task.start.present &&
             (wish->due.has_local || wish->due.has_utc));
    if (wish->named[TASK_Tasks_Recurrence] && wish->recurrence.type != ITEM_RECURRENCE_NONE &&
        !dated) {
        wish->start.has_local = 1;
        wish->start.local = item_ical_naive(&wish->recurrence.start);
    }
}

static base_fault_t *task_complete(task_change_t *change)
{
    static const struct {
        int property;
        const char *value;
    } defaults[] = {{TASK_Tasks_Importance, "1"},
                    {TASK_Tasks_Sensitivity, "0"},
                    {TASK_Tasks_Complete, "0"},
                    {TASK_Tasks_ReminderSet, "0"}};
    task_wish_t *wish = &change->wish;
    size_t n;
    int i;

    for (i = 0; i < TASK_COUNT; i++)
        if (!wish->named[i])
            wish->values[i] = task_keeps(change, i) ? change->task.values[i] : "";
        else if (!wish->values[i])
            wish->values[i] = "";
    for (n = 0; n < sizeof defaults / sizeof *defaults; n++)
        if (!*wish->values[defaults[n].property])
            wish->values[defaults[n].property] = defaults[n].value;
    if (!wish->named[TASK_Tasks_Categories])
        wish->categories = task_keeps(change, TASK_Tasks_Categories)
                               ? change->task.categories
                               : apr_array_make(change->pool, 1, sizeof(const char *));
    task_complete_twins(change, TASK_Tasks_StartDate, TASK_Tasks_UtcStartDate, &change->task.start,
                        &wish->start);
    task_complete_twins(change, TASK_Tasks_DueDate, TASK_Tasks_UtcDueDate, &change->task.due,
                        &wish->due);
    task_complete_recurrence(change);
    wish->values[TASK_Tasks_DateCompleted] = task_complete_date(change);
    return task_complete_reminder(change);
}

/* -- edits ----------------------------------------------------------------------------------- */

static int task_differs(const task_change_t *change, int property)
{
    return strcmp(change->wish.values[property], change->task.values[property]) != 0;
}

static void task_set(const task_change_t *change, const char *name, const char *text)
{
    item_component_set_text(change->task.todo, name, *text ? text : NULL);
}

static void task_edit_importance(task_change_t *change)
{
    const char *wanted = change->wish.values[TASK_Tasks_Importance];
    int normal = strcmp(wanted, "1") == 0, high = strcmp(wanted, "2") == 0,
        low = strcmp(wanted, "0") == 0;

    if (!task_differs(change, TASK_Tasks_Importance))
        return;
    task_set(change, "PRIORITY", high ? "1" : low ? "9" : "");
    task_set(change, TASK_IMPORTANCE, high || low || normal ? "" : wanted);
}

static void task_edit_sensitivity(task_change_t *change)
{
    const char *wanted = change->wish.values[TASK_Tasks_Sensitivity];

    if (task_differs(change, TASK_Tasks_Sensitivity))
        task_set(change, "CLASS", task_classes[*wanted - '0']);
}

static void task_edit_complete(task_change_t *change)
{
    const char *when = change->wish.values[TASK_Tasks_DateCompleted];
    item_component_t *todo = change->task.todo;
    apr_time_t moment;

    if (*when && base_time_parse(when, &moment) &&
        (task_differs(change, TASK_Tasks_DateCompleted) ||
         task_differs(change, TASK_Tasks_Complete)))
        task_set(change, "COMPLETED", base_time_format_compact(moment, change->pool));
    if (!task_differs(change, TASK_Tasks_Complete))
        return;
    if (*when) {
        task_set(change, "STATUS", "COMPLETED");
        task_set(change, "PERCENT-COMPLETE", "100");
        return;
    }
    task_set(change, "COMPLETED", "");
    task_set(change, "PERCENT-COMPLETE", "");
    task_set(change, "STATUS", item_property_first(todo, "STATUS") ? "NEEDS-ACTION" : "");
}

static void task_edit_words(task_change_t *change)
{
    apr_time_t when;

    if (task_differs(change, TASK_Tasks_Subject))
        task_set(change, "SUMMARY", change->wish.values[TASK_Tasks_Subject]);
    if (task_differs(change, TASK_Tasks_SubOrdinalDate))
        task_set(change, TASK_SUB_ORDINAL, change->wish.values[TASK_Tasks_SubOrdinalDate]);
    if (task_differs(change, TASK_Tasks_OrdinalDate))
        task_set(change, TASK_ORDINAL,
                 base_time_parse(change->wish.values[TASK_Tasks_OrdinalDate], &when)
                     ? base_time_format_compact(when, change->pool)
                     : "");
}

static int task_is_timed(const task_twins_t *twins, const task_time_t *shown)
{
    if (!twins->has_local && !twins->has_utc)
        return 0;
    return task_time_is(shown, twins)
               ? !shown->value.is_date
               : !task_time_is_midnight(twins->has_local ? twins->local : twins->utc);
}

/* Both are days, or both are times (RFC 5545 3.8.2.3), as far as it is about what is edited. */
static void task_edit_times(task_change_t *change)
{
    const task_wish_t *wish = &change->wish;
    task_t *task = &change->task;
    int timed = task_is_timed(&wish->start, &task->start) || task_is_timed(&wish->due, &task->due);
    int start = !task_time_is(&task->start, &wish->start);
    int due = !task_time_is(&task->due, &wish->due);
    int recurs = wish->recurrence.type != ITEM_RECURRENCE_NONE;

    /* a due date that was told as a length of time is one by itself from now on */
    if ((start || due) && item_property_first(task->todo, "DURATION")) {
        item_component_set_text(task->todo, "DURATION", NULL);
        due = 1;
    }
    if (start)
        task_time_set(task, "DTSTART", &wish->start, timed, recurs);
    if (due)
        task_time_set(task, "DUE", &wish->due, timed, recurs);
}

/* Of a recurring task one is done: unless the client says that it is about a single one, split off (a
 * dead occurrence, MS-ASTASK R157), the next one is to be done, as Exchange and others have it. */
static int task_is_next(const task_change_t *change, int was_open)
{
    return was_open && strcmp(change->wish.values[TASK_Tasks_Complete], "1") == 0 &&
           change->wish.recurrence.dead_occur <= 0 &&
           item_property_first(change->task.todo, "RRULE");
}

static int task_edit_next(task_change_t *change)
{
    apr_time_t done = change->change->now;

    base_time_parse(change->wish.values[TASK_Tasks_DateCompleted], &done);
    task_show(&change->task);
    return task_next(&change->task, done);
}

static void task_edit(task_change_t *change)
{
    task_t *task = &change->task;
    task_wish_t *wish = &change->wish;
    int was_open = !change->is_new && strcmp(task->values[TASK_Tasks_Complete], "0") == 0;

    task_edit_words(change);
    task_edit_importance(change);
    task_edit_sensitivity(change);
    item_categories_set(task->todo, wish->categories, change->pool);
    task_edit_times(change);
    /* a rule and an alarm are read by the dates that they count from */
    task_show(task);
    task_recurrence_set(task, &wish->recurrence);
    if (task_differs(change, TASK_Tasks_ReminderSet) ||
        task_differs(change, TASK_Tasks_ReminderTime))
        task_alarm_set(task, wish->values[TASK_Tasks_ReminderTime],
                       wish->values[TASK_Tasks_Subject]);
    if (!task_is_next(change, was_open) || !task_edit_next(change))
        task_edit_complete(change);
}

/* -- the whole ------------------------------------------------------------------------------- */

static const char *const task_significant[] = {"DTSTART", "DUE", "DURATION", "RRULE", "STATUS"};
#define TASK_SIGNIFICANT (sizeof task_significant / sizeof *task_significant)

/* What a revision is counted by (RFC 5546 2.1.4). */
static const char *task_fingerprint(const task_t *task)
{
    const char *text = "";
    size_t i;

    for (i = 0; i < TASK_SIGNIFICANT; i++) {
        item_property_t *property = item_property_first(task->todo, task_significant[i]);

        text = apr_pstrcat(task->pool, text, "\n", property ? item_property_value(property) : "",
                           NULL);
    }
    return text;
}

static void task_stamp(const task_change_t *change, const char *before)
{
    const char *now = base_time_format_compact(change->change->now, change->pool);
    const char *sequence = item_component_text(change->task.todo, "SEQUENCE");
    apr_uint64_t number = 0;

    task_set(change, "DTSTAMP", now);
    task_set(change, "LAST-MODIFIED", now);
    if (!before || strcmp(before, task_fingerprint(&change->task)) == 0)
        return;
    if (sequence && !base_text_parse_uint(sequence, APR_INT32_MAX - 1, &number))
        return;
    task_set(change, "SEQUENCE", apr_psprintf(change->pool, "%d", (int)number + 1));
}

static void task_make(task_change_t *change)
{
    task_t *task = &change->task;

    task->pool = change->pool;
    task->document = item_document_make(ITEM_DOCUMENT_ICALENDAR, change->pool);
    task->todo = item_component_add(item_document_root(task->document), "VTODO");
    task_set(change, "UID", change->change->key);
    task_set(change, "DTSTAMP", base_time_format_compact(change->change->now, change->pool));
    task_set(change, "CREATED", base_time_format_compact(change->change->now, change->pool));
}

/* Does it show something else than the client has? It gets it then. */
static int task_is_other(const task_change_t *change)
{
    const task_t *task = &change->task;
    const task_wish_t *wish = &change->wish;
    int i;

    for (i = 0; i < TASK_COUNT; i++)
        if (task_properties[i].kind == TASK_KIND_NUMBER && task_differs(change, i))
            return 1;
    return task_differs(change, TASK_Tasks_ReminderTime) ||
           !task_time_is(&task->start, &wish->start) || !task_time_is(&task->due, &wish->due) ||
           !task_recurrence_same(task, &task->recurrence, &wish->recurrence);
}

/* Is it to the byte what it was? What was set forth and back (task_next) is no change. */
static base_fault_t *task_is_same(const task_change_t *change, const backend_blob_t *original,
                                  int *same)
{
    const backend_blob_t *now;
    const char *before;

    *same = 0;
    if (item_document_is_changed(change->task.document)) {
        BASE_TRY(backend_blob_load(original, &before, change->pool));
        now = item_document_print(change->task.document, change->pool);
        *same = now->size == original->size && memcmp(now->data, before, now->size) == 0;
        return NULL;
    }
    *same = 1;
    return NULL;
}

base_fault_t *task_change(const item_change_t *change, const backend_blob_t *original,
                          const backend_blob_t **blob, apr_pool_t *pool)
{
    task_change_t c = {.change = change, .is_new = !original, .pool = pool};
    const char *before = NULL;
    int same = 0;

    if (change->instance)
        return base_fault_make(pool, BASE_FAULT_INVALID, "tasks have no instances");
    if (original)
        BASE_TRY(task_open(original, &c.task, pool));
    else
        task_make(&c);
    c.task.version = change->version;
    task_show(&c.task);
    if (original)
        before = task_fingerprint(&c.task);
    BASE_TRY(task_read(&c));
    BASE_TRY(task_complete(&c));
    task_edit(&c);
    if (original)
        BASE_TRY(task_is_same(&c, original, &same));
    if (!same)
        task_stamp(&c, before);
    task_show(&c.task);
    if (task_is_other(&c))
        *change->tell = 1;
    *blob = original;
    return same ? NULL : item_document_save(c.task.document, blob, pool);
}
