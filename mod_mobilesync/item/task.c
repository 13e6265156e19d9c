#include "item/task_impl.h"

#include <string.h>
#include <strings.h>
#include <apr_strings.h>

#include "base/text.h"
#include "base/time.h"
#include "item/category.h"
#include "item/note_body.h"

#define TASK_OMITTED_KEEP 1
#define TASK_OMITTED_DELETE 0

const task_property_t task_properties[TASK_COUNT] = {
#define TASK_PROPERTY(tag, kind, maximum, omitted) \
    {EAS_##tag, TASK_KIND_##kind, maximum, TASK_OMITTED_##omitted},
#include "item/task.tbl"
#undef TASK_PROPERTY
};

const char *const task_classes[TASK_CLASS_COUNT] = {"PUBLIC", "X-PERSONAL", "PRIVATE",
                                                    "CONFIDENTIAL"};

/* One that is rendered. */
typedef struct {
    task_t shown;
    eas_version_t version;
    int wanted[TASK_COUNT];
    item_note_body_t *body;
} task_view_t;

/* -- what a VTODO says ----------------------------------------------------------------------- */

/* The series itself where there are instances too. */
static item_component_t *task_component(item_document_t *document)
{
    item_component_t *first = item_component_first(item_document_root(document), "VTODO"), *todo;

    for (todo = first; todo; todo = item_component_next(todo))
        if (!item_property_first(todo, "RECURRENCE-ID"))
            return todo;
    return first;
}

base_fault_t *task_open(const backend_blob_t *blob, task_t *task, apr_pool_t *pool)
{
    memset(task, 0, sizeof *task);
    task->pool = pool;
    BASE_TRY(item_document_parse(blob, &task->document, pool));
    task->todo = task_component(task->document);
    return task->todo ? NULL
                      : base_fault_make(pool, BASE_FAULT_CONVERSION, "there is no task in it");
}

static const char *task_line(const task_t *task, const char *name)
{
    const char *text = item_component_text(task->todo, name);

    return text ? base_text_line(text, strlen(text), task->pool) : "";
}

/* PRIORITY (RFC 5545 3.8.1.9): 1-4 high, 5 or none normal, 6-9 low. Numbers beyond, which clients may
 * send, are given back (MS-ASTASK R187, R550). */
static const char *task_importance(const task_t *task)
{
    const char *text = item_component_text(task->todo, "PRIORITY");
    apr_uint64_t number;

    if (text && base_text_parse_uint(text, 9, &number) && number)
        return number < 5 ? "2" : number == 5 ? "1" : "0";
    text = item_component_text(task->todo, TASK_IMPORTANCE);
    return text && base_text_parse_uint(text, 255, &number) ? apr_itoa(task->pool, (int)number)
                                                            : "1";
}

/* Classes of others are PRIVATE (RFC 5545 3.8.1.3). */
static const char *task_sensitivity(const task_t *task)
{
    const char *text = item_component_text(task->todo, "CLASS");
    int i;

    if (!text || !*text)
        return "0";
    for (i = 0; i < TASK_CLASS_COUNT; i++)
        if (strcasecmp(text, task_classes[i]) == 0)
            return apr_itoa(task->pool, i);
    return "2";
}

/* What is cancelled is not to be done any more. Without STATUS the other two say it. */
static int task_is_complete(const task_t *task)
{
    const char *status = item_component_text(task->todo, "STATUS");
    const char *percent = item_component_text(task->todo, "PERCENT-COMPLETE");

    if (status)
        return strcasecmp(status, "COMPLETED") == 0 || strcasecmp(status, "CANCELLED") == 0;
    return item_property_first(task->todo, "COMPLETED") || (percent && strcmp(percent, "100") == 0);
}

/* A moment that stands in a property; TASK_NONE. */
static apr_time_t task_moment(const task_t *task, const char *name)
{
    item_property_t *property = item_property_first(task->todo, name);
    struct icaltimetype time;

    return property && task_time_parse(item_property_value(property), &time)
               ? item_ical_naive(&time)
               : TASK_NONE;
}

/* It must be there when Complete is 1 (R124): what comes closest, where COMPLETED is missing. */
static const char *task_completed(const task_t *task)
{
    static const char *const names[] = {"COMPLETED", "LAST-MODIFIED", "DTSTAMP", "DUE", "DTSTART"};
    apr_time_t when = TASK_NONE;
    size_t i;

    for (i = 0; i < sizeof names / sizeof *names && when == TASK_NONE; i++)
        when = task_moment(task, names[i]);
    return base_time_format_dashed(when == TASK_NONE ? 0 : when, task->pool);
}

void task_show(task_t *task)
{
    apr_time_t ordinal = task_moment(task, TASK_ORDINAL);
    int i, complete = task_is_complete(task);

    for (i = 0; i < TASK_COUNT; i++)
        task->values[i] = "";
    task->values[TASK_Tasks_Subject] = task_line(task, "SUMMARY");
    task->values[TASK_Tasks_Importance] = task_importance(task);
    task->values[TASK_Tasks_Sensitivity] = task_sensitivity(task);
    task->values[TASK_Tasks_Complete] = complete ? "1" : "0";
    task->values[TASK_Tasks_DateCompleted] = complete ? task_completed(task) : "";
    task->values[TASK_Tasks_OrdinalDate] =
        ordinal == TASK_NONE ? "" : base_time_format_dashed(ordinal, task->pool);
    task->values[TASK_Tasks_SubOrdinalDate] = task_line(task, TASK_SUB_ORDINAL);
    task->categories = item_categories_get(task->todo, task->pool);
    task_times_show(task);
    task_recurrence_show(task);
    task_alarm_show(task);
}

/* -- load ------------------------------------------------------------------------------------ */

static base_fault_t *task_load(const backend_blob_t *blob, const item_reference_t *reference,
                               const backend_entry_t *entry, const item_options_t *options,
                               void **item, apr_pool_t *pool)
{
    task_view_t *t = apr_pcalloc(pool, sizeof *t);
    const char *plain, *html;
    int i;

    (void)reference;
    (void)entry;
    BASE_TRY(task_open(blob, &t->shown, pool));
    t->version = t->shown.version = options->version;
    task_show(&t->shown);
    for (i = 0; i < TASK_COUNT; i++)
        t->wanted[i] = item_options_want(options, task_properties[i].tag);
    if (t->wanted[TASK_AirSyncBase_Body]) {
        item_note_body_get(t->shown.todo, "DESCRIPTION", &plain, &html, pool);
        BASE_TRY(item_note_body_load(plain, html, options, &t->body, pool));
    }
    *item = t;
    return NULL;
}

static base_fault_t *task_describe(const backend_blob_t *blob, backend_description_t *description,
                                   apr_pool_t *pool)
{
    task_t task;

    BASE_TRY(task_open(blob, &task, pool));
    description->date = APR_INT64_MAX;
    if (task_is_complete(&task))
        base_time_parse(task_completed(&task), &description->date);
    return NULL;
}

/* -- write ----------------------------------------------------------------------------------- */

static void task_write_recurrence(const task_view_t *task, eas_writer_t *writer)
{
    item_recurrence_origin_t origin;

    if (task->shown.recurrence.type != ITEM_RECURRENCE_NONE && task_origin(&task->shown, &origin))
        item_recurrence_write(&task->shown.recurrence, ITEM_RECURRENCE_TASKS, task->version,
                              &origin, writer, task->shown.pool);
}

static void task_write(void *item, int part, eas_writer_t *writer)
{
    task_view_t *task = item;
    int i;

    for (i = 0; i < TASK_COUNT; i++) {
        if (!task->wanted[i])
            continue;
        switch (task_properties[i].kind) {
        case TASK_KIND_TEXT:
        case TASK_KIND_NUMBER:
        case TASK_KIND_DATE:
            if (*task->shown.values[i])
                eas_writer_text(writer, task_properties[i].tag, task->shown.values[i]);
            break;
        case TASK_KIND_BODY:
            item_note_body_write(task->body, part, writer);
            break;
        case TASK_KIND_CATEGORIES:
            if (task->shown.categories->nelts)
                item_categories_put(task->shown.categories, EAS_Tasks_Categories,
                                    EAS_Tasks_Category, writer);
            else
                eas_writer_empty(writer, EAS_Tasks_Categories); /* R111 */
            break;
        case TASK_KIND_RECURRENCE:
            task_write_recurrence(task, writer);
            break;
        }
    }
}

static int task_body_has_data(const void *item)
{
    return item_note_body_has_data(((const task_view_t *)item)->body);
}

static base_fault_t *task_body_read(void *item, char *buffer, apr_size_t *length)
{
    return item_note_body_read(((task_view_t *)item)->body, buffer, length);
}

const item_kind_t item_task_kind = {.name = "Tasks",
                                    .load = task_load,
                                    .write = task_write,
                                    .body_has_data = task_body_has_data,
                                    .body_read = task_body_read,
                                    .change = task_change,
                                    .component = "VTODO",
                                    .describe = task_describe};
