/* What a client changes of an event. Each element is compared with what the client was shown: what is
 * the same changes nothing, however it is written. */
#include "item/event_impl.h"

#include <string.h>
#include <strings.h>
#include <apr_sha1.h>
#include <apr_strings.h>

#include "base/text.h"
#include "base/time.h"

/* What a Change of up to 14.1 means that leaves an element out. */
typedef enum { EVENT_KEPT, EVENT_DELETED, EVENT_GHOSTED } event_omitted_t;

static base_fault_t *item_event_store_nothing(item_event_edit_t *edit, const eas_node_t *node)
{
    (void)edit;
    (void)node;
    return NULL;
}

static const struct {
    item_event_store_fn store;
    event_omitted_t omitted;
} stores[ITEM_EVENT_COUNT] = {
#define EVENT_PROPERTY(tag, name, store, exception, omitted) \
    {item_event_store_##store, EVENT_##omitted},
#include "item/event.tbl"
#undef EVENT_PROPERTY
};

/* -- what stores share ------------------------------------------------------------------------ */

base_fault_t *item_event_invalid(const item_event_edit_t *edit, const char *what)
{
    return base_fault_make(edit->pool, BASE_FAULT_INVALID, "event: %s", what);
}

const char *item_event_line(const eas_node_t *node, apr_pool_t *pool)
{
    const char *text;
    apr_size_t length;

    if (eas_node_content(node, &text, &length, pool) != APR_SUCCESS)
        return "";
    return base_text_line(text, length, pool);
}

base_fault_t *item_event_present(const item_event_edit_t *edit, int property, const char **text)
{
    item_event_view_t view;
    item_event_value_t value;

    BASE_TRY(
        item_event_view_init(edit->source, edit->event, &edit->options, NULL, &view, edit->pool));
    BASE_TRY(item_event_value_load(&view, property, &value));
    *text = value.text;
    return NULL;
}

base_fault_t *item_event_number(const item_event_edit_t *edit, const eas_node_t *node, int maximum,
                                int otherwise, int *value)
{
    apr_uint64_t number;

    *value = otherwise;
    if (!node || !*node->text)
        return NULL;
    if (!base_text_parse_uint(node->text, (apr_uint64_t)maximum, &number))
        return base_fault_make(edit->pool, BASE_FAULT_INVALID, "event: %s is no number up to %d",
                               eas_tag_name(node->tag), maximum);
    *value = (int)number;
    return NULL;
}

/* -- rows ------------------------------------------------------------------------------------- */

static int event_is_supported(const item_change_t *change, eas_tag_t tag)
{
    int i;

    for (i = 0; change->supported && i < change->supported->nelts; i++)
        if (APR_ARRAY_IDX(change->supported, i, eas_tag_t) == tag)
            return 1;
    return !change->supported; /* MS-ASCMD R5906 */
}

/* Does the element go, as it is not there? Of exceptions what is left out is inherited. */
static int event_is_dropped(const item_event_edit_t *edit, int property)
{
    if (edit->is_new || edit->inherited || edit->change->version >= EAS_VERSION_16_0 ||
        !eas_tag_in_version(item_event_property_tag(property), edit->change->version))
        return 0;
    return stores[property].omitted == EVENT_DELETED ||
           (stores[property].omitted == EVENT_GHOSTED &&
            event_is_supported(edit->change, item_event_property_tag(property)));
}

base_fault_t *item_event_store_all(item_event_edit_t *edit)
{
    int i;

    for (i = 0; i < ITEM_EVENT_COUNT; i++) {
        eas_tag_t tag = item_event_property_tag(i);
        const eas_node_t *node = eas_node_child(edit->data, tag);
        int exception = item_event_property_exception(i);

        if (!eas_tag_in_version(tag, edit->change->version) ||
            (edit->inherited && (!exception || (int)edit->change->version < exception)))
            continue;
        if (node || event_is_dropped(edit, i))
            BASE_TRY(stores[i].store(edit, node));
    }
    return NULL;
}

/* -- a new one -------------------------------------------------------------------------------- */

/* Of the client up to 14.1 (R2219), else of its ClientUid, which is the same when it tries again
 * (R2061, R2062). */
const char *item_event_identity(const item_change_t *change, apr_pool_t *pool)
{
    const eas_node_t *uid = eas_node_child(change->data, EAS_Calendar_UID);
    const eas_node_t *client = eas_node_child(change->data, EAS_Calendar_ClientUid);
    const char *text = uid ? item_event_line(uid, pool) : "";
    unsigned char digest[APR_SHA1_DIGESTSIZE];
    apr_sha1_ctx_t sha;

    if (change->version < EAS_VERSION_16_0 && *text &&
        base_text_utf8_count(text, strlen(text)) <= ITEM_EVENT_UID_MAX)
        return text;
    text = client && change->version >= EAS_VERSION_16_0 ? item_event_line(client, pool) : "";
    if (!*text)
        return NULL;
    apr_sha1_init(&sha);
    if (change->identity)
        apr_sha1_update(&sha, change->identity->address,
                        (unsigned)strlen(change->identity->address));
    apr_sha1_update(&sha, "\n", 1);
    apr_sha1_update(&sha, text, (unsigned)strlen(text));
    apr_sha1_final(digest, &sha);
    return base_text_hex_encode(digest, sizeof digest, pool);
}

static void event_make(const item_change_t *change, item_event_source_t **source, apr_pool_t *pool)
{
    item_event_source_t *s = apr_pcalloc(pool, sizeof *s);
    const char *uid = item_event_identity(change, pool);

    s->pool = pool;
    s->clocks = apr_hash_make(pool);
    s->document = item_document_make(ITEM_DOCUMENT_ICALENDAR, pool);
    s->calendar = item_document_root(s->document);
    s->series = s->main = item_component_add(s->calendar, "VEVENT");
    s->instances = apr_array_make(pool, 1, sizeof(item_component_t *));
    s->own = &item_clock_utc;
    item_component_set_text(s->main, "UID", uid ? uid : change->key);
    item_property_add(s->main, NULL, "DTSTAMP", base_time_format_compact(change->now, pool));
    item_property_add(s->main, NULL, "CREATED", base_time_format_compact(change->now, pool));
    *source = s;
}

/* -- marks of an edit ------------------------------------------------------------------------- */

static void event_set_moment(item_component_t *event, const char *name, apr_time_t when,
                             apr_pool_t *pool)
{
    item_property_t *property = item_property_first(event, name);
    const char *text = base_time_format_compact(when, pool);

    if (property)
        item_property_set_value(property, text);
    else
        item_property_add(event, NULL, name, text);
}

/* Those who were invited must be able to tell which of two versions is the later (RFC 5546 2.1.4). */
static void event_set_sequence(item_component_t *event, apr_pool_t *pool)
{
    const char *text = item_component_text(event, "SEQUENCE");
    apr_uint64_t number = 0;

    if (text)
        base_text_parse_uint(text, 0x7ffffffe, &number);
    item_component_set_text(event, "SEQUENCE",
                            apr_psprintf(pool, "%" APR_UINT64_T_FMT, number + 1));
}

const char *item_event_schedule(item_component_t *event, apr_pool_t *pool)
{
    static const char *const names[] = {"DTSTART", "DTEND",  "DURATION", "RRULE",
                                        "RDATE",   "EXDATE", "EXRULE",   "LOCATION"};
    const char *status = item_component_text(event, "STATUS");
    base_text_buffer_t text = {.pool = pool};
    size_t i;

    for (i = 0; i < sizeof names / sizeof *names; i++) {
        item_property_t *property = item_property_first(event, names[i]);

        for (; property; property = item_property_next(property)) {
            const char *tzid = item_property_parameter(property, "TZID");

            base_text_buffer_printf(&text, "%s;%s:%s\n", names[i], tzid ? tzid : "",
                                    item_property_value(property));
        }
    }
    if (status && strcasecmp(status, "CANCELLED") == 0)
        base_text_buffer_puts(&text, status);
    return text.data ? text.data : "";
}

/* Only an organizer makes versions: who was invited keeps the number that he got. */
static int event_has_versions(const item_event_edit_t *edit)
{
    item_event_view_t view;

    return !edit->is_new &&
           (item_component_text(edit->event, "SEQUENCE") ||
            item_property_first(edit->event, "ATTENDEE")) &&
           !item_event_view_init(edit->source, edit->event, &edit->options, NULL, &view,
                                 edit->pool) &&
           item_event_answer(&view) == ITEM_EVENT_ANSWER_ORGANIZER;
}

void item_event_mark(item_event_edit_t *edit, const char *schedule)
{
    item_component_t *event = edit->event;

    event_set_moment(event, "LAST-MODIFIED", edit->change->now, edit->pool);
    /* what another one organises has his marks, by which his next message is known to be later */
    if (item_event_is_received(edit->source, event, &edit->options, edit->pool))
        return;
    event_set_moment(event, "DTSTAMP", edit->change->now, edit->pool);
    if (!event_has_versions(edit) || strcmp(item_event_schedule(event, edit->pool), schedule) == 0)
        return;
    edit->unlike |= item_event_forget_proposals(event);
    event_set_sequence(event, edit->pool);
}

/* -- the change ------------------------------------------------------------------------------- */

static void event_edit_init(item_event_edit_t *edit, const item_change_t *change,
                            item_event_source_t *source, apr_pool_t *pool)
{
    *edit = (item_event_edit_t){.change = change,
                                .data = change->data,
                                .source = source,
                                .event = source->main,
                                .pool = pool};
    item_options_init(&edit->options, change->version);
    edit->options.now = change->now;
    if (change->identity)
        edit->options.addresses = backend_identity_addresses(change->identity, pool);
}

/* What an instance has as its series does follows it: clients have been shown that it is inherited. */
typedef struct {
    item_component_t *instance;
    char inherits[ITEM_EVENT_COUNT];
} event_heir_t;

static base_fault_t *event_find_heirs(item_event_edit_t *edit, apr_array_header_t **heirs)
{
    item_event_value_t series[ITEM_EVENT_COUNT], own[ITEM_EVENT_COUNT];
    item_event_view_t view;
    int i, k;

    *heirs = apr_array_make(edit->pool, 4, sizeof(event_heir_t));
    if (!edit->source->series || !edit->source->instances->nelts)
        return NULL;
    BASE_TRY(
        item_event_view_init(edit->source, edit->event, &edit->options, NULL, &view, edit->pool));
    BASE_TRY(item_event_values_load(&view, series));
    for (i = 0; i < edit->source->instances->nelts; i++) {
        event_heir_t *heir = apr_array_push(*heirs);

        heir->instance = APR_ARRAY_IDX(edit->source->instances, i, item_component_t *);
        BASE_TRY(item_event_view_init(edit->source, heir->instance, &edit->options, NULL, &view,
                                      edit->pool));
        BASE_TRY(item_event_values_load(&view, own));
        for (k = 0; k < ITEM_EVENT_COUNT; k++)
            heir->inherits[k] =
                item_event_property_exception(k) &&
                strcmp(own[k].text ? own[k].text : "", series[k].text ? series[k].text : "") == 0;
    }
    return NULL;
}

static int event_is_there(const item_event_edit_t *edit, const item_component_t *instance)
{
    int i;

    for (i = 0; i < edit->source->instances->nelts; i++)
        if (APR_ARRAY_IDX(edit->source->instances, i, item_component_t *) == instance)
            return 1;
    return 0;
}

static base_fault_t *event_store_heirs(item_event_edit_t *edit, const apr_array_header_t *heirs)
{
    item_event_edit_t own = *edit;
    int i, k;

    for (i = 0; i < heirs->nelts; i++) {
        const event_heir_t *heir = &APR_ARRAY_IDX(heirs, i, event_heir_t);

        own.event = heir->instance;
        for (k = 0; k < ITEM_EVENT_COUNT && event_is_there(edit, heir->instance); k++) {
            const eas_node_t *node = eas_node_child(edit->data, item_event_property_tag(k));

            if (heir->inherits[k] && (node || event_is_dropped(edit, k)) &&
                eas_tag_in_version(item_event_property_tag(k), edit->change->version))
                BASE_TRY(stores[k].store(&own, node));
        }
    }
    return NULL;
}

static base_fault_t *event_change_all(item_event_edit_t *edit)
{
    const char *schedule = item_event_schedule(edit->event, edit->pool);
    apr_array_header_t *heirs;
    int moved;

    BASE_TRY(event_find_heirs(edit, &heirs));
    if (!edit->is_new)
        BASE_TRY(item_event_series_load(edit->source, &edit->options, &edit->shown, edit->pool));
    BASE_TRY(item_event_store_times(edit, &moved));
    BASE_TRY(item_event_store_recurrence(edit, moved));
    BASE_TRY(item_event_store_all(edit));
    BASE_TRY(event_store_heirs(edit, heirs));
    BASE_TRY(item_event_store_exceptions(edit));
    if (item_document_is_changed(edit->source->document))
        item_event_mark(edit, schedule);
    return NULL;
}

/* Is what the client is shown now something else than what it sent? Not compared: what it knows better
 * (its zone's name, when it was written), and what is made of parts. */
static int event_is_other(const item_event_edit_t *edit, const item_event_value_t *values)
{
    int i;

    for (i = 0; i < ITEM_EVENT_COUNT; i++) {
        const eas_node_t *node = eas_node_child(edit->data, item_event_property_tag(i));

        if (!node || node->first || node->file || values[i].write || i == ITEM_EVENT_timezone ||
            i == ITEM_EVENT_stamp || i == ITEM_EVENT_organizer_name ||
            i == ITEM_EVENT_organizer_email)
            continue;
        if (strcmp(node->text, values[i].text ? values[i].text : "") != 0)
            return 1;
    }
    return 0;
}

/* A new one has a UID that the client has to learn (R46311, R2223). */
static base_fault_t *event_tell(item_event_edit_t *edit)
{
    item_event_value_t values[ITEM_EVENT_COUNT];
    item_event_view_t view;

    if (edit->change->instance) {
        *edit->change->tell |= edit->unlike;
        return NULL;
    }
    BASE_TRY(
        item_event_view_init(edit->source, edit->event, &edit->options, NULL, &view, edit->pool));
    BASE_TRY(item_event_values_load(&view, values));
    if (event_is_other(edit, values) || edit->unlike ||
        (edit->is_new && (edit->change->version >= EAS_VERSION_16_0 ||
                          !eas_node_child(edit->data, EAS_Calendar_UID))))
        *edit->change->tell = 1;
    return NULL;
}

/* An instance without its series is an item of its own, which its InstanceId names as well. */
static int event_is_itself(const item_event_edit_t *edit)
{
    const item_change_t *change = edit->change;
    const char *place = item_event_orphan(edit->source, change->version);
    apr_time_t own, named;

    return change->instance && change->data && change->version >= EAS_VERSION_16_0 && place &&
           item_event_time_parse(place, &own) && item_event_time_parse(change->instance, &named) &&
           own == named;
}

static base_fault_t *event_too_large(apr_pool_t *pool)
{
    return base_fault_make(pool, BASE_FAULT_TOO_LARGE, "an event of over %d bytes or %d lines",
                           ITEM_DOCUMENT_MAX, ITEM_DOCUMENT_LINES_MAX);
}

base_fault_t *item_event_change(const item_change_t *change, const backend_blob_t *original,
                                const backend_blob_t **blob, apr_pool_t *pool)
{
    item_event_source_t *source;
    item_event_edit_t edit;

    if (original)
        BASE_TRY(item_event_open(original, &source, pool));
    else
        event_make(change, &source, pool);
    event_edit_init(&edit, change, source, pool);
    edit.is_new = original == NULL;
    if (!change->data && !change->instance)
        return item_event_invalid(&edit, "nothing is said of it");
    if (change->instance && !event_is_itself(&edit))
        BASE_TRY(item_event_store_instance(&edit));
    else
        BASE_TRY(event_change_all(&edit));
    BASE_TRY(event_tell(&edit));
    *blob = original;
    if (original && !item_document_is_changed(source->document))
        return NULL;
    if (!item_document_fits(source->document))
        return event_too_large(pool);
    *blob = item_document_print(source->document, pool);
    return (*blob)->size > ITEM_DOCUMENT_MAX ? event_too_large(pool) : NULL;
}
