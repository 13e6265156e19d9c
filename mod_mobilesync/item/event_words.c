/* Elements that are one property of an event each. */
#include "item/event_impl.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <apr_strings.h>

#include "base/text.h"
#include "item/category.h"

#define EVENT_DISALLOW "X-MICROSOFT-DISALLOW-COUNTER"

/* A word of iCalendar and the number that it is in EAS. */
typedef struct {
    const char *word;
    int value;
} event_word_t;

static int event_number_of(const char *text, const event_word_t *words, int otherwise)
{
    for (; text && words->word; words++)
        if (strcasecmp(text, words->word) == 0)
            return words->value;
    return otherwise;
}

static const char *event_word_of(int value, const event_word_t *words)
{
    for (; words->word; words++)
        if (words->value == value)
            return words->word;
    return NULL;
}

/* -- texts ------------------------------------------------------------------------------------ */

/* Of a series that is several times a day, of which a client is shown one: when. */
static const char *event_note(const item_event_series_t *series, apr_pool_t *pool)
{
    return apr_pstrcat(pool, " (", series->times, ")", NULL);
}

/* Without what is not the client's. */
static const char *event_subject(const item_event_edit_t *edit, const eas_node_t *node)
{
    const char *text = item_event_line(node, edit->pool), *note;

    if (!edit->shown || !edit->shown->times)
        return text;
    note = event_note(edit->shown, edit->pool);
    if (strlen(text) < strlen(note) || strcmp(text + strlen(text) - strlen(note), note) != 0)
        return text;
    return apr_pstrmemdup(edit->pool, text, strlen(text) - strlen(note));
}

base_fault_t *item_event_load_subject(const item_event_view_t *view, item_event_value_t *value)
{
    value->text = item_component_text(view->event, "SUMMARY");
    if (value->text)
        value->text = base_text_line(value->text, strlen(value->text), view->pool);
    if (view->series && view->series->times)
        value->text = apr_pstrcat(view->pool, value->text ? value->text : "",
                                  event_note(view->series, view->pool), NULL);
    return NULL;
}

base_fault_t *item_event_store_subject(item_event_edit_t *edit, const eas_node_t *node)
{
    const char *present, *text = node ? event_subject(edit, node) : NULL;

    BASE_TRY(item_event_present(edit, ITEM_EVENT_subject, &present));
    if (strcmp(present ? present : "", text ? text : "") != 0)
        item_component_set_text(edit->event, "SUMMARY", text && *text ? text : NULL);
    return NULL;
}

base_fault_t *item_event_load_uid(const item_event_view_t *view, item_event_value_t *value)
{
    const char *uid = item_component_text(view->source->main, "UID");

    if (uid && *uid && base_text_utf8_count(uid, strlen(uid)) <= ITEM_EVENT_UID_MAX)
        value->text = uid;
    return NULL;
}

/* Of the properties that programs keep an online meeting's address in, the first that has one. */
static const char *event_first_text(item_component_t *event, const char *const *names, int web)
{
    for (; *names; names++) {
        const char *text = item_component_text(event, *names);

        if (text && *text &&
            (!web || strncasecmp(text, "https://", 8) == 0 || strncasecmp(text, "http://", 7) == 0))
            return text;
    }
    return NULL;
}

base_fault_t *item_event_load_conference(const item_event_view_t *view, item_event_value_t *value)
{
    static const char *const names[] = {"X-MICROSOFT-ONLINEMEETINGCONFLINK", NULL};

    value->text = event_first_text(view->event, names, 0);
    return NULL;
}

base_fault_t *item_event_load_external(const item_event_view_t *view, item_event_value_t *value)
{
    static const char *const names[] = {"X-MICROSOFT-ONLINEMEETINGEXTERNALLINK",
                                        "X-MICROSOFT-SKYPETEAMSMEETINGURL", "CONFERENCE",
                                        "X-GOOGLE-CONFERENCE", NULL};

    value->text = event_first_text(view->event, names, 1); /* R359: an URL */
    return NULL;
}

/* -- words ------------------------------------------------------------------------------------ */

static const event_word_t sensitivities[] = {
    {"PUBLIC", 0}, {"X-PERSONAL", 1}, {"PRIVATE", 2}, {"CONFIDENTIAL", 3}, {NULL, 0}};

/* What is not known is private (RFC 5545 3.8.1.3). */
base_fault_t *item_event_load_sensitivity(const item_event_view_t *view, item_event_value_t *value)
{
    const char *text = item_component_text(view->event, "CLASS");

    value->text = apr_itoa(view->pool, text && *text ? event_number_of(text, sensitivities, 2) : 0);
    return NULL;
}

base_fault_t *item_event_store_sensitivity(item_event_edit_t *edit, const eas_node_t *node)
{
    const char *present;
    int value;

    BASE_TRY(item_event_number(edit, node, 3, 0, &value));
    BASE_TRY(item_event_present(edit, ITEM_EVENT_sensitivity, &present));
    if (atoi(present) != value)
        item_component_set_text(edit->event, "CLASS", event_word_of(value, sensitivities));
    return NULL;
}

static const event_word_t busy_words[] = {{"FREE", 0}, {"TENTATIVE", 1},        {"BUSY", 2},
                                          {"OOF", 3},  {"WORKINGELSEWHERE", 4}, {NULL, 0}};

/* TRANSP is what all programs know; what Outlook says more of it counts as long as the two agree. */
int item_event_busy(item_component_t *event)
{
    const char *transparency = item_component_text(event, "TRANSP");
    const char *status = item_component_text(event, "STATUS");
    int more =
        event_number_of(item_component_text(event, "X-MICROSOFT-CDO-BUSYSTATUS"), busy_words, -1);

    if (transparency && strcasecmp(transparency, "TRANSPARENT") == 0)
        return more == 4 ? 4 : 0;
    if (more >= 0 && (more > 0 || !transparency))
        return more;
    return status && strcasecmp(status, "TENTATIVE") == 0 ? 1 : 2;
}

int item_event_busy_intended(item_component_t *event)
{
    return event_number_of(item_component_text(event, "X-MICROSOFT-CDO-INTENDEDSTATUS"), busy_words,
                           -1);
}

base_fault_t *item_event_load_busy(const item_event_view_t *view, item_event_value_t *value)
{
    int busy = item_event_busy(view->event);

    if (busy == 4 && view->options->version < EAS_VERSION_16_0) /* R2235 ff. */
        busy = 2;
    value->text = apr_itoa(view->pool, busy);
    return NULL;
}

base_fault_t *item_event_store_busy(item_event_edit_t *edit, const eas_node_t *node)
{
    const char *present;
    int value;

    BASE_TRY(item_event_number(edit, node, 4, 2, &value));
    BASE_TRY(item_event_present(edit, ITEM_EVENT_busy, &present));
    if (atoi(present) == value)
        return NULL;
    item_component_set_text(edit->event, "TRANSP", value == 0 ? "TRANSPARENT" : "OPAQUE");
    if (item_event_busy(edit->event) != value ||
        item_property_first(edit->event, "X-MICROSOFT-CDO-BUSYSTATUS"))
        item_component_set_text(edit->event, "X-MICROSOFT-CDO-BUSYSTATUS",
                                event_word_of(value, busy_words));
    return NULL;
}

base_fault_t *item_event_load_disallow_proposal(const item_event_view_t *view,
                                                item_event_value_t *value)
{
    const char *text = item_component_text(view->event, EVENT_DISALLOW);

    value->text = text && strcasecmp(text, "TRUE") == 0 ? "1" : "0"; /* R215 */
    return NULL;
}

/* An instance that does not say has it as its series does. */
int item_event_takes_proposals(const item_event_source_t *source, item_component_t *event)
{
    const char *text = item_component_text(event, EVENT_DISALLOW);

    if (!text)
        text = item_component_text(source->main, EVENT_DISALLOW);
    return !text || strcasecmp(text, "TRUE") != 0;
}

base_fault_t *item_event_store_disallow_proposal(item_event_edit_t *edit, const eas_node_t *node)
{
    const char *present;
    int value;

    BASE_TRY(item_event_number(edit, node, 1, 0, &value)); /* R214 */
    BASE_TRY(item_event_present(edit, ITEM_EVENT_disallow_proposal, &present));
    if (atoi(present) != value)
        item_component_set_text(edit->event, EVENT_DISALLOW, value ? "TRUE" : NULL);
    return NULL;
}

/* -- categories ------------------------------------------------------------------------------- */

static void event_write_categories(const item_event_value_t *value, eas_version_t version,
                                   eas_writer_t *writer, apr_pool_t *pool)
{
    (void)version;
    (void)pool;
    item_categories_put(value->object, EAS_Calendar_Categories, EAS_Calendar_Category, writer);
}

base_fault_t *item_event_load_categories(const item_event_view_t *view, item_event_value_t *value)
{
    apr_array_header_t *names = item_categories_get(view->event, view->pool);

    if (!names->nelts)
        return NULL;
    value->text = apr_array_pstrcat(view->pool, names, '\n');
    value->object = names;
    value->write = event_write_categories;
    return NULL;
}

base_fault_t *item_event_store_categories(item_event_edit_t *edit, const eas_node_t *node)
{
    apr_array_header_t *names = NULL;

    if (node)
        BASE_TRY(item_categories_names(node, EAS_Calendar_Category, &names, edit->pool));
    item_categories_set(edit->event, names, edit->pool);
    return NULL;
}

/* -- body ------------------------------------------------------------------------------------- */

static void event_write_body(const item_event_value_t *value, eas_version_t version,
                             eas_writer_t *writer, apr_pool_t *pool)
{
    (void)version;
    (void)pool;
    item_note_body_write((item_note_body_t *)value->object, 0, writer);
}

base_fault_t *item_event_load_body(const item_event_view_t *view, item_event_value_t *value)
{
    const char *plain, *html;
    item_note_body_t *body;

    item_note_body_get(view->event, "DESCRIPTION", &plain, &html, view->pool);
    BASE_TRY(item_note_body_load(plain, html, view->options, &body, view->pool));
    if (!body)
        return NULL;
    value->text = apr_pstrcat(view->pool, plain ? plain : "", "\x1f", html, NULL);
    value->object = body;
    value->write = event_write_body;
    return NULL;
}

base_fault_t *item_event_load_native(const item_event_view_t *view, item_event_value_t *value)
{
    const char *plain, *html;

    item_note_body_get(view->event, "DESCRIPTION", &plain, &html, view->pool);
    value->text = html ? "2" : "1";
    return NULL;
}

base_fault_t *item_event_store_body(item_event_edit_t *edit, const eas_node_t *node)
{
    if (node)
        return item_note_body_change(edit->event, "DESCRIPTION", node, edit->change->options,
                                     edit->pool);
    item_note_body_set(edit->event, "DESCRIPTION", "", NULL, edit->pool);
    return NULL;
}
