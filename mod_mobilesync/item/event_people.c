/* Who organises a meeting, who is invited, and what they answered. */
#include "item/event_impl.h"

#include <string.h>
#include <strings.h>
#include <stdlib.h>
#include <apr_hash.h>
#include <apr_strings.h>

#include "base/text.h"
#include "base/time.h"

/* AttendeeType (MS-ASCAL 2.2.2.6) */
enum { EVENT_REQUIRED = 1, EVENT_OPTIONAL = 2, EVENT_RESOURCE = 3 };

/* MeetingStatus (MS-ASCAL 2.2.2.28) */
enum { EVENT_IS_MEETING = 1, EVENT_IS_RECEIVED = 2, EVENT_IS_CANCELLED = 4 };

typedef struct {
    item_property_t *property; /* NULL: of a client */
    const char *email, *name;
    int status, type; /* 0 of a client's: it does not say (R2028); type 0: the same */
    int says_status;
    const char *from, *to; /* proposed; NULL: nothing */
} event_attendee_t;

/* -- reading ---------------------------------------------------------------------------------- */

int item_event_is_own(const item_options_t *options, const char *address)
{
    int i;

    for (i = 0; options->addresses && i < options->addresses->nelts; i++)
        if (strcasecmp(APR_ARRAY_IDX(options->addresses, i, const char *), address) == 0)
            return 1;
    return 0;
}

const char *item_event_address(item_property_t *property, apr_pool_t *pool)
{
    const char *value = item_property_value(property);
    const char *email = item_property_parameter(property, "EMAIL");

    if (strncasecmp(value, "mailto:", 7) == 0)
        email = base_text_percent_decode(value + 7, pool);
    else if (!strchr(value, ':') && strchr(value, '@'))
        email = value;
    return email && *email ? base_text_line(email, strlen(email), pool) : NULL;
}

static const char *event_name(item_property_t *property, apr_pool_t *pool)
{
    const char *name = item_property_parameter(property, "CN");

    return name ? base_text_line(name, strlen(name), pool) : "";
}

static int event_status(item_property_t *property)
{
    const char *answer = item_property_parameter(property, "PARTSTAT");

    if (!answer)
        return ITEM_EVENT_ANSWER_UNKNOWN;
    if (strcasecmp(answer, "ACCEPTED") == 0)
        return ITEM_EVENT_ANSWER_ACCEPTED;
    if (strcasecmp(answer, "DECLINED") == 0)
        return ITEM_EVENT_ANSWER_DECLINED;
    if (strcasecmp(answer, "TENTATIVE") == 0)
        return ITEM_EVENT_ANSWER_TENTATIVE;
    return strcasecmp(answer, "NEEDS-ACTION") == 0 ? ITEM_EVENT_ANSWER_NONE
                                                   : ITEM_EVENT_ANSWER_UNKNOWN;
}

static int event_type(item_property_t *property)
{
    const char *role = item_property_parameter(property, "ROLE");
    const char *type = item_property_parameter(property, "CUTYPE");

    if (type && (strcasecmp(type, "RESOURCE") == 0 || strcasecmp(type, "ROOM") == 0))
        return EVENT_RESOURCE;
    return role && (strcasecmp(role, "OPT-PARTICIPANT") == 0 ||
                    strcasecmp(role, "NON-PARTICIPANT") == 0)
               ? EVENT_OPTIONAL
               : EVENT_REQUIRED;
}

/* What is no moment is not shown. */
static const char *event_proposed(item_property_t *property, const char *name, apr_pool_t *pool)
{
    const char *text = item_property_parameter(property, name);
    apr_time_t when;

    return text && base_time_parse(text, &when) ? base_time_format_compact(when, pool) : NULL;
}

void item_event_propose(item_property_t *attendee, const char *start, const char *end)
{
    item_property_set_parameter(attendee, ITEM_EVENT_PROPOSED_START, start);
    item_property_set_parameter(attendee, ITEM_EVENT_PROPOSED_END, end);
}

int item_event_forget_proposals(item_component_t *event)
{
    item_property_t *property = item_property_first(event, "ATTENDEE");
    int any = 0;

    for (; property; property = item_property_next(property)) {
        any |= item_property_parameter(property, ITEM_EVENT_PROPOSED_START) != NULL;
        item_event_propose(property, NULL, NULL);
    }
    return any;
}

/* Of the event, else (instances often say the times alone) of its series. */
static item_property_t *event_organizer(const item_event_source_t *source, item_component_t *event)
{
    item_property_t *property = item_property_first(event, "ORGANIZER");

    return property || event == source->main ? property
                                             : item_property_first(source->main, "ORGANIZER");
}

static const char *event_organizer_address(const item_event_source_t *source,
                                           item_component_t *event, apr_pool_t *pool)
{
    item_property_t *property = event_organizer(source, event);

    return property ? item_event_address(property, pool) : NULL;
}

/* Without the organizer, who is no Attendee in EAS, and without those who have no address. Addresses
 * that are there twice are one. */
static apr_array_header_t *event_attendees(const item_event_source_t *source,
                                           item_component_t *event, apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, 8, sizeof(event_attendee_t));
    const char *organizer = event_organizer_address(source, event, pool);
    apr_hash_t *seen = apr_hash_make(pool);
    item_property_t *property;

    for (property = item_property_first(event, "ATTENDEE");
         property && list->nelts < ITEM_EVENT_ATTENDEES_MAX;
         property = item_property_next(property)) {
        const char *email = item_event_address(property, pool), *key;

        if (!email || (organizer && strcasecmp(organizer, email) == 0))
            continue;
        key = base_text_lower(email, pool);
        if (apr_hash_get(seen, key, APR_HASH_KEY_STRING))
            continue;
        apr_hash_set(seen, key, APR_HASH_KEY_STRING, key);
        APR_ARRAY_PUSH(list, event_attendee_t) =
            (event_attendee_t){.property = property,
                               .email = email,
                               .name = event_name(property, pool),
                               .status = event_status(property),
                               .type = event_type(property),
                               .from = event_proposed(property, ITEM_EVENT_PROPOSED_START, pool),
                               .to = event_proposed(property, ITEM_EVENT_PROPOSED_END, pool)};
    }
    return list;
}

static void event_write_attendees(const item_event_value_t *value, eas_version_t version,
                                  eas_writer_t *writer, apr_pool_t *pool)
{
    const apr_array_header_t *list = value->object;
    int i;

    (void)pool;
    eas_writer_start(writer, EAS_Calendar_Attendees);
    for (i = 0; i < list->nelts; i++) {
        const event_attendee_t *attendee = &APR_ARRAY_IDX(list, i, event_attendee_t);

        eas_writer_start(writer, EAS_Calendar_Attendee);
        eas_writer_text(writer, EAS_Calendar_Email, attendee->email);
        eas_writer_text(writer, EAS_Calendar_Name,
                        *attendee->name ? attendee->name : attendee->email);
        eas_writer_uint(writer, EAS_Calendar_AttendeeStatus, (apr_uint64_t)attendee->status);
        eas_writer_uint(writer, EAS_Calendar_AttendeeType, (apr_uint64_t)attendee->type);
        if (attendee->from && attendee->to &&
            eas_tag_in_version(EAS_MeetingResponse_ProposedStartTime, version)) {
            eas_writer_text(writer, EAS_MeetingResponse_ProposedStartTime, attendee->from);
            eas_writer_text(writer, EAS_MeetingResponse_ProposedEndTime, attendee->to);
        }
        eas_writer_end(writer);
    }
    eas_writer_end(writer);
}

base_fault_t *item_event_load_attendees(const item_event_view_t *view, item_event_value_t *value)
{
    apr_array_header_t *list = event_attendees(view->source, view->event, view->pool);
    base_text_buffer_t text = {.pool = view->pool};
    int i;

    if (!list->nelts)
        return NULL;
    for (i = 0; i < list->nelts; i++) {
        const event_attendee_t *attendee = &APR_ARRAY_IDX(list, i, event_attendee_t);

        base_text_buffer_printf(&text, "%s\n%s\n%d %d\n", attendee->email, attendee->name,
                                attendee->status, attendee->type);
    }
    value->text = text.data;
    value->object = list;
    value->write = event_write_attendees;
    return NULL;
}

base_fault_t *item_event_load_organizer_name(const item_event_view_t *view,
                                             item_event_value_t *value)
{
    item_property_t *property = event_organizer(view->source, view->event);
    const char *name = property ? event_name(property, view->pool) : "";

    if (property && !*name)
        name = item_event_address(property, view->pool);
    value->text = name && *name ? name : NULL;
    return NULL;
}

base_fault_t *item_event_load_organizer_email(const item_event_view_t *view,
                                              item_event_value_t *value)
{
    value->text = event_organizer_address(view->source, view->event, view->pool);
    return NULL;
}

/* Is it a meeting: does it have anybody beside who made it? */
static int event_is_meeting(const item_event_source_t *source, item_component_t *event)
{
    return item_property_first(event, "ATTENDEE") != NULL ||
           (event != source->main && item_property_first(source->main, "ATTENDEE") != NULL);
}

int item_event_is_received(const item_event_source_t *source, item_component_t *event,
                           const item_options_t *options, apr_pool_t *pool)
{
    const char *organizer = event_organizer_address(source, event, pool);

    return organizer && options->addresses && !item_event_is_own(options, organizer);
}

static int event_is_received(const item_event_view_t *view)
{
    return item_event_is_received(view->source, view->event, view->options, view->pool);
}

base_fault_t *item_event_load_meeting_status(const item_event_view_t *view,
                                             item_event_value_t *value)
{
    const char *status = item_component_text(view->event, "STATUS");
    int bits = event_is_meeting(view->source, view->event) || event_is_received(view)
                   ? EVENT_IS_MEETING
                   : 0;

    if (status && strcasecmp(status, "CANCELLED") == 0)
        bits |= EVENT_IS_MEETING | EVENT_IS_CANCELLED;
    if (bits && event_is_received(view))
        bits |= EVENT_IS_RECEIVED;
    value->text = apr_itoa(view->pool, bits);
    return NULL;
}

/* One's own line among the attendees, NULL. An instance that names nobody has those of its series. */
static item_property_t *event_own_attendee(const item_event_view_t *view)
{
    item_property_t *property = item_property_first(view->event, "ATTENDEE");

    if (!property)
        property = item_property_first(view->source->main, "ATTENDEE");
    for (; property; property = item_property_next(property)) {
        const char *email = item_event_address(property, view->pool);

        if (email && item_event_is_own(view->options, email))
            return property;
    }
    return NULL;
}

int item_event_answer(const item_event_view_t *view)
{
    item_property_t *own;

    if (!event_is_received(view))
        return ITEM_EVENT_ANSWER_ORGANIZER;
    own = event_own_attendee(view);
    return own ? event_status(own) : ITEM_EVENT_ANSWER_UNKNOWN;
}

base_fault_t *item_event_load_response_type(const item_event_view_t *view,
                                            item_event_value_t *value)
{
    if (event_is_meeting(view->source, view->event))
        value->text = apr_itoa(view->pool, item_event_answer(view));
    return NULL;
}

/* Who does not say wants an answer, as Exchange has it. Of a meeting of one's own: of anybody. */
base_fault_t *item_event_load_response_requested(const item_event_view_t *view,
                                                 item_event_value_t *value)
{
    item_property_t *property = event_is_received(view) ? event_own_attendee(view) : NULL;
    int one = property != NULL, asked = 0, said = 0;

    if (!event_is_meeting(view->source, view->event))
        return NULL;
    if (!property)
        property = item_property_first(view->event, "ATTENDEE");
    for (; property; property = one ? NULL : item_property_next(property)) {
        const char *rsvp = item_property_parameter(property, "RSVP");

        said |= rsvp != NULL;
        asked |= rsvp && strcasecmp(rsvp, "TRUE") == 0;
    }
    value->text = asked || !said ? "1" : "0";
    return NULL;
}

/* -- edits ------------------------------------------------------------------------------------ */

static const char *event_uri(const char *address, apr_pool_t *pool)
{
    return apr_pstrcat(pool, "mailto:", address, NULL);
}

/* Can it stand in a calendar address? */
static int event_address_ok(const char *address)
{
    return *address && strlen(address) <= 320 && !strpbrk(address, " \t\r\n<>\"");
}

/* The organizer of what has none: the account, where the client names nobody. */
static void event_add_organizer(item_event_edit_t *edit)
{
    const eas_node_t *data = edit->data;
    const char *email = eas_node_child_text(data, EAS_Calendar_OrganizerEmail);
    const char *name = eas_node_child_text(data, EAS_Calendar_OrganizerName);
    item_property_t *property;

    if (edit->change->version >= EAS_VERSION_16_0 || !email || !event_address_ok(email)) {
        if (!edit->change->identity || !event_address_ok(edit->change->identity->address))
            return;
        email = edit->change->identity->address; /* R2169, R2175 */
        name = edit->change->identity->display_name;
    }
    property = item_property_add(edit->event, NULL, "ORGANIZER", event_uri(email, edit->pool));
    if (name && *name)
        item_property_set_parameter(property, "CN", base_text_line(name, strlen(name), edit->pool));
}

/* An organizer who is there stays: a client that names another one has made up its own. An event that
 * invites nobody needs none, whatever phones say of who made it: with one it would be a meeting. */
static void event_organize(item_event_edit_t *edit, const eas_node_t *attendees)
{
    if (eas_node_child(attendees, EAS_Calendar_Attendee) && !edit->inherited &&
        !item_property_first(edit->event, "ORGANIZER") &&
        !item_property_first(edit->event, "ATTENDEE"))
        event_add_organizer(edit);
}

static base_fault_t *event_read_attendee(const item_event_edit_t *edit, const eas_node_t *node,
                                         event_attendee_t *attendee)
{
    const eas_node_t *email = eas_node_child(node, EAS_Calendar_Email);
    const eas_node_t *name = eas_node_child(node, EAS_Calendar_Name);
    const eas_node_t *status = eas_node_child(node, EAS_Calendar_AttendeeStatus);

    *attendee = (event_attendee_t){.email = email ? item_event_line(email, edit->pool) : "",
                                   .name = name ? item_event_line(name, edit->pool) : ""};
    BASE_TRY(item_event_number(edit, status, ITEM_EVENT_ANSWER_NONE, 0, &attendee->status));
    BASE_TRY(item_event_number(edit, eas_node_child(node, EAS_Calendar_AttendeeType),
                               EVENT_RESOURCE, 0, &attendee->type));
    attendee->says_status = status != NULL && edit->change->version < EAS_VERSION_16_0; /* R2028 */
    return NULL;
}

static void event_set_type(item_property_t *property, int type)
{
    if (type == EVENT_RESOURCE)
        item_property_set_parameter(property, "CUTYPE", "RESOURCE");
    else if (event_type(property) == EVENT_RESOURCE)
        item_property_set_parameter(property, "CUTYPE", NULL);
    item_property_set_parameter(property, "ROLE",
                                type == EVENT_OPTIONAL   ? "OPT-PARTICIPANT"
                                : type == EVENT_RESOURCE ? "NON-PARTICIPANT"
                                                         : "REQ-PARTICIPANT");
}

static void event_set_attendee(const item_event_edit_t *edit, item_property_t *property,
                               const event_attendee_t *wanted)
{
    static const char *const answers[] = {"NEEDS-ACTION", "NEEDS-ACTION", "TENTATIVE",
                                          "ACCEPTED",     "DECLINED",     "NEEDS-ACTION"};
    const char *name = event_name(property, edit->pool);
    int status = event_status(property);

    if (*wanted->name && strcmp(wanted->name, name) != 0 &&
        (*name || strcasecmp(wanted->name, wanted->email) != 0))
        item_property_set_parameter(property, "CN", wanted->name);
    if (wanted->type && wanted->type != event_type(property))
        event_set_type(property, wanted->type);
    /* what nobody answered yet is the same, by whichever number */
    if (wanted->says_status && wanted->status != status &&
        !((wanted->status == ITEM_EVENT_ANSWER_UNKNOWN ||
           wanted->status == ITEM_EVENT_ANSWER_NONE) &&
          (status == ITEM_EVENT_ANSWER_UNKNOWN || status == ITEM_EVENT_ANSWER_NONE)))
        item_property_set_parameter(property, "PARTSTAT", answers[wanted->status]);
}

static void event_add_attendee(const item_event_edit_t *edit, const event_attendee_t *wanted)
{
    item_property_t *property =
        item_property_add(edit->event, NULL, "ATTENDEE", event_uri(wanted->email, edit->pool));

    if (*wanted->name)
        item_property_set_parameter(property, "CN", wanted->name);
    event_set_type(property, wanted->type ? wanted->type : EVENT_REQUIRED);
    item_property_set_parameter(property, "PARTSTAT", "NEEDS-ACTION");
    item_property_set_parameter(property, "RSVP", "TRUE");
    event_set_attendee(edit, property, wanted);
}

/* The list replaces the list: who is on both keeps his line, but for what the client says. */
static base_fault_t *event_merge_attendees(item_event_edit_t *edit, const eas_node_t *node)
{
    apr_array_header_t *present = event_attendees(edit->source, edit->event, edit->pool);
    apr_hash_t *kept = apr_hash_make(edit->pool), *known = apr_hash_make(edit->pool);
    const char *organizer = event_organizer_address(edit->source, edit->event, edit->pool);
    item_property_t *property, *next;
    event_attendee_t wanted;
    int i, n = 0;

    for (i = 0; i < present->nelts; i++) {
        event_attendee_t *one = &APR_ARRAY_IDX(present, i, event_attendee_t);

        apr_hash_set(known, base_text_lower(one->email, edit->pool), APR_HASH_KEY_STRING, one);
    }
    for (node = eas_node_child(node, EAS_Calendar_Attendee); node; node = eas_node_next(node)) {
        const char *key;
        event_attendee_t *one;

        BASE_TRY(event_read_attendee(edit, node, &wanted));
        key = base_text_lower(wanted.email, edit->pool);
        if (!event_address_ok(wanted.email) || apr_hash_get(kept, key, APR_HASH_KEY_STRING) ||
            (organizer && strcasecmp(organizer, wanted.email) == 0))
            continue;
        if (++n > ITEM_EVENT_ATTENDEES_MAX)
            return item_event_invalid(edit, "too many attendees");
        apr_hash_set(kept, key, APR_HASH_KEY_STRING, key);
        one = apr_hash_get(known, key, APR_HASH_KEY_STRING);
        if (one)
            event_set_attendee(edit, one->property, &wanted);
        else
            event_add_attendee(edit, &wanted);
    }
    /* all lines of who is there twice; who was not shown stays */
    for (property = item_property_first(edit->event, "ATTENDEE"); property; property = next) {
        const char *email = item_event_address(property, edit->pool);
        const char *key = email ? base_text_lower(email, edit->pool) : "";

        next = item_property_next(property);
        if (apr_hash_get(known, key, APR_HASH_KEY_STRING) &&
            !apr_hash_get(kept, key, APR_HASH_KEY_STRING))
            item_property_remove(property);
    }
    return NULL;
}

base_fault_t *item_event_store_attendees(item_event_edit_t *edit, const eas_node_t *node)
{
    event_organize(edit, node);
    return event_merge_attendees(edit, node);
}

/* Only whether it is cancelled is the client's to say; the rest follows from who is invited. */
base_fault_t *item_event_store_meeting_status(item_event_edit_t *edit, const eas_node_t *node)
{
    const char *present;
    int value;

    if (!node)
        return NULL;
    BASE_TRY(item_event_number(edit, node, 15, 0, &value));
    BASE_TRY(item_event_present(edit, ITEM_EVENT_meeting_status, &present));
    if ((atoi(present) & EVENT_IS_CANCELLED) == (value & EVENT_IS_CANCELLED))
        return NULL;
    item_component_set_text(edit->event, "STATUS",
                            value & EVENT_IS_CANCELLED ? "CANCELLED" : "CONFIRMED");
    return NULL;
}

base_fault_t *item_event_store_response_requested(item_event_edit_t *edit, const eas_node_t *node)
{
    item_event_view_t view;
    item_event_value_t present;
    item_property_t *property;
    int value;

    if (!node) /* R39611: it says nothing then */
        return NULL;
    BASE_TRY(item_event_number(edit, node, 1, 1, &value));
    BASE_TRY(
        item_event_view_init(edit->source, edit->event, &edit->options, NULL, &view, edit->pool));
    BASE_TRY(item_event_value_load(&view, ITEM_EVENT_response_requested, &present));
    if (!present.text || atoi(present.text) == value || event_is_received(&view))
        return NULL;
    for (property = item_property_first(edit->event, "ATTENDEE"); property;
         property = item_property_next(property))
        item_property_set_parameter(property, "RSVP", value ? "TRUE" : "FALSE");
    return NULL;
}
