#include "item/meeting.h"

#include <string.h>
#include <strings.h>
#include <apr_base64.h>
#include <apr_escape.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "base/text.h"
#include "base/time.h"
#include "item/clock.h"
#include "item/content.h"
#include "item/date.h"
#include "item/header.h"
#include "item/recurrence.h"

#define MEETING_UID_MAX 300        /* MS-ASCAL R463 */
#define MEETING_LOCATION_MAX 8192  /* bytes; R527 has more characters than that */
#define MEETING_REMINDER_MAX 65535 /* the schema's type */

enum { MEETING_SINGLE = 0, MEETING_SERIES = 1, MEETING_INSTANCE = 2, MEETING_EXCEPTION = 3 };

/* What a message is for. */
typedef enum {
    MEETING_TELLS,   /* an answer: nothing to be written (MS-ASEMAIL R543) */
    MEETING_ASKS,    /* an invitation */
    MEETING_CANCELS, /* the same, taken back */
    MEETING_PROPOSES /* another time */
} meeting_purpose_t;

static const struct {
    const char *method;
    meeting_purpose_t purpose;
    const char *class_name; /* unless PARTSTAT says more */
} meeting_methods[] = {{"REQUEST", MEETING_ASKS, "IPM.Schedule.Meeting.Request"},
                       {"CANCEL", MEETING_CANCELS, "IPM.Schedule.Meeting.Canceled"},
                       {"REPLY", MEETING_TELLS, NULL},
                       {"COUNTER", MEETING_PROPOSES, "IPM.Schedule.Meeting.Resp.Tent"}};

struct item_meeting {
    const char *class_name;
    meeting_purpose_t purpose;
    const char *uid;
    int all_day;
    int has_times;
    apr_time_t start, end, stamp;
    apr_time_t proposed_start, proposed_end; /* of MEETING_PROPOSES */
    apr_time_t instance;                     /* RECURRENCE-ID; type says whether there is one */
    struct icaltimetype instance_date;
    int type; /* InstanceType */
    const char *location;
    const char *organizer;
    long reminder; /* seconds, -1: none */
    int response_requested;
    int sensitivity;
    int busy;
    int disallow_proposal;
    int message_type;                /* MeetingMessageType */
    item_recurrence_origin_t origin; /* the start, and its zone */
    int recurs;
    item_recurrence_t recurrence;
};

/* What is being read. */
typedef struct {
    icalcomponent *calendar;
    icalcomponent *event;
    item_component_t
        *zones; /* the calendar again, for its VTIMEZONEs; NULL: it has none that are whole */
    apr_pool_t *pool;
} meeting_source_t;

/* A word of a property and what it stands for. */
typedef struct {
    const char *word;
    int value;
} meeting_word_t;

static int meeting_word(const char *text, const meeting_word_t *words, int otherwise)
{
    for (; text && words->word; words++)
        if (strcasecmp(text, words->word) == 0)
            return words->value;
    return otherwise;
}

/* -- times ------------------------------------------------------------------------------------ */

/* The zone of a time: UTC, its TZID's, or, where it names none, the calendar's own. */
static const item_clock_t *meeting_clock(const meeting_source_t *source, icalproperty *property,
                                         const struct icaltimetype *time)
{
    const char *tzid = item_ical_parameter(property, "TZID", source->pool);
    const item_clock_t *clock = NULL;
    item_component_t *own;

    if (icaltime_is_utc(*time))
        return &item_clock_utc;
    if (tzid)
        clock = item_clock_find(source->zones, tzid, source->pool);
    own = source->zones && !clock ? item_component_first(source->zones, "VTIMEZONE") : NULL;
    if (own)
        clock = item_clock_component(own, source->pool);
    return clock ? clock : &item_clock_utc;
}

/* 0 when the event has no such time. */
static int meeting_time(const meeting_source_t *source, icalproperty_kind kind, apr_time_t *when,
                        struct icaltimetype *time, const item_clock_t **clock)
{
    icalproperty *property = icalcomponent_get_first_property(source->event, kind);
    icalvalue *value = property ? icalproperty_get_value(property) : NULL;

    if (!value ||
        (icalvalue_isa(value) != ICAL_DATETIME_VALUE && icalvalue_isa(value) != ICAL_DATE_VALUE))
        return 0;
    *time = icalvalue_isa(value) == ICAL_DATE_VALUE ? icalvalue_get_date(value)
                                                    : icalvalue_get_datetime(value);
    if (icaltime_is_null_time(*time) || time->year < 1601 || time->year > 9999)
        return 0;
    *clock = meeting_clock(source, property, time);
    *when = item_clock_to_utc(*clock, time);
    return 1;
}

/* DTEND, or DTSTART and DURATION; without either a day, or no time at all (RFC 5545 3.6.1). */
static void meeting_load_end(item_meeting_t *meeting, const meeting_source_t *source)
{
    icalproperty *duration =
        icalcomponent_get_first_property(source->event, ICAL_DURATION_PROPERTY);
    struct icaltimetype time;
    const item_clock_t *clock;
    int seconds = meeting->all_day ? 86400 : 0;

    if (meeting_time(source, ICAL_DTEND_PROPERTY, &meeting->end, &time, &clock) &&
        meeting->end >= meeting->start)
        return;
    if (duration)
        seconds = icaldurationtype_as_int(icalproperty_get_duration(duration));
    meeting->end = meeting->start + apr_time_from_sec(seconds > 0 ? seconds : 0);
    if (meeting->all_day) { /* local days, not hours */
        time = meeting->origin.start;
        icaltime_adjust(&time, seconds > 86400 ? seconds / 86400 : 1, 0, 0, 0);
        meeting->end = item_clock_to_utc(meeting->origin.clock, &time);
    }
}

/* Days that are written as times, as Outlook does (see item_event_times_load). */
static void meeting_load_days(item_meeting_t *meeting, const meeting_source_t *source)
{
    const char *says =
        item_ical_extension(source->event, "X-MICROSOFT-CDO-ALLDAYEVENT", source->pool);
    item_recurrence_origin_t *origin = &meeting->origin;
    struct icaltimetype end = item_clock_to_local(origin->clock, meeting->end);

    if (!says || strcasecmp(says, "TRUE") != 0 || meeting->all_day ||
        meeting->end <= meeting->start || !item_clock_begins_day(origin->clock, &origin->start) ||
        !item_clock_begins_day(origin->clock, &end))
        return;
    meeting->all_day = 1;
    origin->start = item_date_day_of(origin->start);
    if (meeting->type != MEETING_SINGLE && !meeting->instance_date.is_date)
        meeting->instance_date =
            item_date_day_of(item_clock_to_local(origin->clock, meeting->instance));
}

static int meeting_load_times(item_meeting_t *meeting, const meeting_source_t *source,
                              apr_time_t received)
{
    item_recurrence_origin_t *origin = &meeting->origin;
    struct icaltimetype time;
    const item_clock_t *clock;

    if (!meeting_time(source, ICAL_DTSTART_PROPERTY, &meeting->start, &origin->start,
                      &origin->clock))
        return 0;
    meeting->has_times = 1;
    meeting->all_day = origin->start.is_date;
    meeting_load_end(meeting, source);
    if (!meeting_time(source, ICAL_DTSTAMP_PROPERTY, &meeting->stamp, &time, &clock))
        meeting->stamp = received;
    if (meeting_time(source, ICAL_RECURRENCEID_PROPERTY, &meeting->instance,
                     &meeting->instance_date, &clock))
        meeting->type = meeting->instance == meeting->start ? MEETING_INSTANCE : MEETING_EXCEPTION;
    meeting_load_days(meeting, source);
    return 1;
}

/* When the meeting is of which another time is proposed, as Outlook says it. 0: nobody says. */
static int meeting_original(const meeting_source_t *source, const char *name, apr_time_t *when)
{
    icalproperty *property = icalcomponent_get_first_property(source->event, ICAL_X_PROPERTY);
    struct icaltimetype time;
    const char *text;

    for (; property; property = icalcomponent_get_next_property(source->event, ICAL_X_PROPERTY)) {
        const char *found = icalproperty_get_x_name(property);

        if (found && strcasecmp(found, name) == 0)
            break;
    }
    text = property ? icalproperty_get_x(property) : NULL;
    if (!text || !item_ical_time(text, &time))
        return 0;
    *when = item_clock_to_utc(meeting_clock(source, property, &time), &time);
    return 1;
}

static void meeting_load_proposal(item_meeting_t *meeting, const meeting_source_t *source)
{
    meeting->proposed_start = meeting->start;
    meeting->proposed_end = meeting->end;
    meeting->has_times = meeting_original(source, "X-MS-OLK-ORIGINALSTART", &meeting->start) &&
                         meeting_original(source, "X-MS-OLK-ORIGINALEND", &meeting->end);
}

/* A rule that no pattern can say is left out: the phone shows the first occurrence. */
static void meeting_load_recurrence(item_meeting_t *meeting, const meeting_source_t *source)
{
    icalproperty *property = icalcomponent_get_first_property(source->event, ICAL_RRULE_PROPERTY);
    const char *rule = meeting->type == MEETING_SINGLE
                           ? item_ical_text(source->event, ICAL_RRULE_PROPERTY, source->pool)
                           : NULL;

    if (!rule || !item_recurrence_from_text(rule, &meeting->origin.start, &meeting->recurrence))
        return;
    item_recurrence_from_parameter(
        item_ical_parameter(property, ITEM_RECURRENCE_PARAMETER, source->pool),
        &meeting->recurrence);
    meeting->recurs = 1;
    meeting->type = MEETING_SERIES;
}

/* -- properties ------------------------------------------------------------------------------- */

static const char *meeting_address(const char *uri)
{
    return uri && strncasecmp(uri, "mailto:", 7) == 0 ? uri + 7 : NULL;
}

static void meeting_load_organizer(item_meeting_t *meeting, const meeting_source_t *source)
{
    icalproperty *property =
        icalcomponent_get_first_property(source->event, ICAL_ORGANIZER_PROPERTY);
    const char *name = property ? item_ical_parameter(property, "CN", source->pool) : NULL;
    const char *address =
        meeting_address(item_ical_text(source->event, ICAL_ORGANIZER_PROPERTY, source->pool));
    item_address_t organizer = {.name = name ? name : "", .address = address ? address : ""};

    if (*organizer.name || *organizer.address)
        meeting->organizer = item_header_address_text(&organizer, source->pool);
}

/* Phones offer an answer only where one is wanted; who does not say wants one, as Exchange has it. To what
 * is no invitation there is none. */
static void meeting_load_attendees(item_meeting_t *meeting, const meeting_source_t *source,
                                   const apr_array_header_t *addresses)
{
    icalproperty *property;
    int i;

    meeting->response_requested = meeting->purpose == MEETING_ASKS;
    if (!meeting->response_requested)
        return;
    for (property = icalcomponent_get_first_property(source->event, ICAL_ATTENDEE_PROPERTY);
         property && addresses;
         property = icalcomponent_get_next_property(source->event, ICAL_ATTENDEE_PROPERTY)) {
        const char *address = meeting_address(icalproperty_get_attendee(property));
        const char *rsvp = item_ical_parameter(property, "RSVP", source->pool);

        for (i = 0; address && rsvp && i < addresses->nelts; i++)
            if (strcasecmp(address, APR_ARRAY_IDX(addresses, i, const char *)) == 0)
                meeting->response_requested = strcasecmp(rsvp, "FALSE") != 0;
    }
}

static void meeting_load_reminder(item_meeting_t *meeting, const meeting_source_t *source)
{
    icalcomponent *alarm = icalcomponent_get_first_component(source->event, ICAL_VALARM_COMPONENT);
    icalproperty *property =
        alarm ? icalcomponent_get_first_property(alarm, ICAL_TRIGGER_PROPERTY) : NULL;
    struct icaltriggertype trigger;
    long seconds;

    meeting->reminder = -1;
    if (!property)
        return;
    trigger = icalproperty_get_trigger(property);
    if (!icaltime_is_null_time(trigger.time))
        return;
    seconds = -(long)icaldurationtype_as_int(trigger.duration);
    if (seconds >= 0 && seconds <= MEETING_REMINDER_MAX)
        meeting->reminder = seconds;
}

static void meeting_load_words(item_meeting_t *meeting, const meeting_source_t *source)
{
    static const meeting_word_t classes[] = {{"PRIVATE", 2}, {"CONFIDENTIAL", 3}, {NULL, 0}};
    static const meeting_word_t states[] = {{"FREE", 0}, {"TENTATIVE", 1},        {"BUSY", 2},
                                            {"OOF", 3},  {"WORKINGELSEWHERE", 4}, {NULL, 0}};
    static const meeting_word_t transparency[] = {{"TRANSPARENT", 0}, {NULL, 0}};
    static const meeting_word_t truth[] = {{"TRUE", 1}, {NULL, 0}};
    apr_pool_t *pool = source->pool;
    const char *sequence = item_ical_text(source->event, ICAL_SEQUENCE_PROPERTY, pool);

    meeting->sensitivity =
        meeting_word(item_ical_text(source->event, ICAL_CLASS_PROPERTY, pool), classes, 0);
    meeting->busy =
        meeting_word(item_ical_text(source->event, ICAL_TRANSP_PROPERTY, pool), transparency, 2);
    meeting->busy =
        meeting_word(item_ical_extension(source->event, "X-MICROSOFT-CDO-BUSYSTATUS", pool), states,
                     meeting->busy);
    meeting->busy =
        meeting_word(item_ical_extension(source->event, "X-MICROSOFT-CDO-INTENDEDSTATUS", pool),
                     states, meeting->busy);
    meeting->disallow_proposal = meeting_word(
        item_ical_extension(source->event, "X-MICROSOFT-DISALLOW-COUNTER", pool), truth, 0);
    meeting->location = item_ical_text(source->event, ICAL_LOCATION_PROPERTY, pool);
    if (meeting->location)
        meeting->location =
            apr_pstrmemdup(pool, meeting->location,
                           base_text_utf8_floor(meeting->location, strlen(meeting->location),
                                                MEETING_LOCATION_MAX));
    /* R533 to R535 */
    meeting->message_type = meeting->purpose != MEETING_ASKS                  ? 0
                            : sequence && *sequence > '0' && *sequence <= '9' ? 2
                                                                              : 1;
}

/* -- which message it is ---------------------------------------------------------------------- */

/* PARTSTAT of who answers. */
static const char *meeting_reply_class(const meeting_source_t *source, const char *otherwise)
{
    static const struct {
        const char *answer, *class_name;
    } rows[] = {{"ACCEPTED", "IPM.Schedule.Meeting.Resp.Pos"},
                {"DECLINED", "IPM.Schedule.Meeting.Resp.Neg"},
                {"TENTATIVE", "IPM.Schedule.Meeting.Resp.Tent"}};
    icalproperty *attendee =
        icalcomponent_get_first_property(source->event, ICAL_ATTENDEE_PROPERTY);
    const char *answer = attendee ? item_ical_parameter(attendee, "PARTSTAT", source->pool) : NULL;
    size_t i;

    for (i = 0; answer && i < sizeof rows / sizeof *rows; i++)
        if (strcasecmp(answer, rows[i].answer) == 0)
            return rows[i].class_name;
    return otherwise;
}

/* 0: it is none that is taken part in. */
static int meeting_load_class(item_meeting_t *meeting, const meeting_source_t *source,
                              const item_mime_part_t *part)
{
    const char *method = item_ical_text(source->calendar, ICAL_METHOD_PROPERTY, source->pool);
    size_t i;

    if (!method)
        method = item_content_method(part, source->pool);
    for (i = 0; method && i < sizeof meeting_methods / sizeof *meeting_methods; i++) {
        if (strcasecmp(method, meeting_methods[i].method))
            continue;
        meeting->purpose = meeting_methods[i].purpose;
        meeting->class_name = meeting_methods[i].class_name;
        if (meeting->purpose == MEETING_TELLS || meeting->purpose == MEETING_PROPOSES)
            meeting->class_name = meeting_reply_class(source, meeting->class_name);
    }
    return meeting->class_name != NULL;
}

/* The series itself where there are instances too. NULL: there is none, or several meetings, about which
 * no message is (RFC 5546 3.2.2). */
static icalcomponent *meeting_event(icalcomponent *calendar)
{
    icalcomponent *event = icalcomponent_get_first_component(calendar, ICAL_VEVENT_COMPONENT),
                  *found = event;
    const char *first = event ? icalcomponent_get_uid(event) : NULL;

    for (; event; event = icalcomponent_get_next_component(calendar, ICAL_VEVENT_COMPONENT)) {
        const char *uid = icalcomponent_get_uid(event);

        if (strcmp(uid ? uid : "", first ? first : ""))
            return NULL;
        if (!icalcomponent_get_first_property(event, ICAL_RECURRENCEID_PROPERTY))
            found = event;
    }
    return found;
}

/* The calendar as a document. NULL: it is too broken to be one. */
static item_component_t *meeting_zones(const char *text, apr_size_t length, apr_pool_t *pool)
{
    backend_blob_t blob = {.data = text, .size = length};
    item_document_t *document;

    return item_document_parse(&blob, &document, pool) ? NULL : item_document_root(document);
}

base_fault_t *item_meeting_load(const item_mime_t *mime, const item_mime_part_t *part,
                                const apr_array_header_t *addresses, apr_time_t received,
                                item_meeting_t **meeting, apr_pool_t *pool)
{
    item_meeting_t *m = apr_pcalloc(pool, sizeof *m);
    meeting_source_t source = {.pool = pool};
    const char *text;
    apr_size_t length;

    *meeting = NULL;
    if (!part)
        return NULL;
    BASE_TRY(item_content_calendar(mime, part, &text, &length, pool));
    source.calendar = text ? item_ical_parse(text, pool) : NULL;
    source.event = source.calendar ? meeting_event(source.calendar) : NULL;
    if (!source.event || !meeting_load_class(m, &source, part))
        return NULL;
    source.zones = meeting_zones(text, length, pool);
    m->uid = item_ical_text(source.event, ICAL_UID_PROPERTY, pool);
    if (!m->uid || !*m->uid || strlen(m->uid) > MEETING_UID_MAX ||
        !meeting_load_times(m, &source, received))
        m->purpose = MEETING_TELLS; /* nobody could answer it */
    if (m->purpose != MEETING_TELLS) {
        meeting_load_recurrence(m, &source);
        meeting_load_organizer(m, &source);
        meeting_load_attendees(m, &source, addresses);
        meeting_load_reminder(m, &source);
        meeting_load_words(m, &source);
    }
    if (m->purpose == MEETING_PROPOSES)
        meeting_load_proposal(m, &source);
    *meeting = m;
    return NULL;
}

const char *item_meeting_class(const item_meeting_t *meeting)
{
    return meeting->class_name;
}

int item_meeting_has_request(const item_meeting_t *meeting, eas_version_t version)
{
    return meeting->purpose == MEETING_ASKS || meeting->purpose == MEETING_CANCELS ||
           (meeting->purpose == MEETING_PROPOSES &&
            eas_tag_in_version(EAS_MeetingResponse_ProposedStartTime, version));
}

/* -- write ------------------------------------------------------------------------------------ */

/* An id that Outlook made is the GlobalObjId in hex; any other becomes a vCal ID (MS-ASEMAIL
 * 2.2.2.37). The bytes of the instance's date are set in either. */
static const char *meeting_global_id(const item_meeting_t *meeting, apr_pool_t *pool)
{
    static const unsigned char class_id[16] = {0x04, 0x00, 0x00, 0x00, 0x82, 0x00, 0xe0, 0x00,
                                               0x74, 0xc5, 0xb7, 0x10, 0x1a, 0x82, 0xe0, 0x08};
    static const char prefix[] = "040000008200E00074C5B7101A82E008";
    apr_size_t length = strlen(meeting->uid), size = 53 + length, used = length / 2;
    unsigned char *bytes = apr_pcalloc(pool, size);
    char *text = apr_palloc(pool, (apr_size_t)apr_base64_encode_len((int)size));

    if (length >= 80 && strncasecmp(meeting->uid, prefix, 32) == 0 &&
        apr_unescape_hex(bytes, meeting->uid, (apr_ssize_t)length, 0, &used) == APR_SUCCESS)
        size = used;
    else {
        memset(bytes, 0, size);
        memcpy(bytes, class_id, sizeof class_id);
        bytes[36] = (unsigned char)((length + 13) & 0xff);
        bytes[37] = (unsigned char)((length + 13) >> 8);
        memcpy(bytes + 40, "vCal-Uid\1\0\0\0", 12);
        memcpy(bytes + 52, meeting->uid, length);
    }
    if (meeting->type == MEETING_INSTANCE || meeting->type == MEETING_EXCEPTION) {
        bytes[16] = (unsigned char)(meeting->instance_date.year >> 8);
        bytes[17] = (unsigned char)(meeting->instance_date.year & 0xff);
        bytes[18] = (unsigned char)meeting->instance_date.month;
        bytes[19] = (unsigned char)meeting->instance_date.day;
    }
    apr_base64_encode_binary(text, bytes, (int)size);
    return text;
}

static void meeting_write_location(const item_meeting_t *meeting, eas_version_t version,
                                   eas_writer_t *writer)
{
    if (!meeting->location || !*meeting->location)
        return;
    if (version < EAS_VERSION_16_0) {
        eas_writer_text(writer, EAS_Email_Location, meeting->location);
        return;
    }
    eas_writer_start(writer, EAS_AirSyncBase_Location);
    eas_writer_text(writer, EAS_AirSyncBase_DisplayName, meeting->location);
    eas_writer_end(writer);
}

static void meeting_write_identity(const item_meeting_t *meeting, eas_version_t version,
                                   eas_writer_t *writer, apr_pool_t *pool)
{
    if (version < EAS_VERSION_16_0)
        eas_writer_text(writer, EAS_Email_GlobalObjId, meeting_global_id(meeting, pool));
    if (version >= EAS_VERSION_14_0 && meeting->disallow_proposal)
        eas_writer_uint(writer, EAS_Email_DisallowNewTimeProposal, 1);
    if (version >= EAS_VERSION_14_1)
        eas_writer_uint(writer, EAS_Email2_MeetingMessageType, (apr_uint64_t)meeting->message_type);
    if (version >= EAS_VERSION_16_0)
        eas_writer_text(writer, EAS_Calendar_UID, meeting->uid);
    if (meeting->purpose == MEETING_PROPOSES) { /* MS-ASCMD R69901712, R69901733 */
        eas_writer_text(writer, EAS_MeetingResponse_ProposedStartTime,
                        base_time_format_compact(meeting->proposed_start, pool));
        eas_writer_text(writer, EAS_MeetingResponse_ProposedEndTime,
                        base_time_format_compact(meeting->proposed_end, pool));
    }
}

static void meeting_write_time(eas_writer_t *writer, eas_tag_t tag, apr_time_t when,
                               apr_pool_t *pool)
{
    eas_writer_text(writer, tag, base_time_format_dashed(when, pool));
}

/* As InstanceId of the event has it, with which clients compare it (R1482): of a day a date from 16.0 on. */
static void meeting_write_instance(const item_meeting_t *meeting, eas_version_t version,
                                   eas_writer_t *writer, apr_pool_t *pool)
{
    int is_date = version >= EAS_VERSION_16_0 && meeting->instance_date.is_date;

    meeting_write_time(writer, EAS_Email_RecurrenceId,
                       is_date ? item_ical_naive(&meeting->instance_date) : meeting->instance,
                       pool);
}

/* The order is the schema's (Email.xsd). */
void item_meeting_write(const item_meeting_t *meeting, eas_version_t version, eas_writer_t *writer,
                        apr_pool_t *pool)
{
    int busy = meeting->busy == 4 && version < EAS_VERSION_16_0 ? 2 : meeting->busy; /* R1154 */
    int recurs = meeting->recurs && item_recurrence_in_version(&meeting->recurrence, version);
    item_zone_t zone;

    eas_writer_start(writer, EAS_Email_MeetingRequest);
    eas_writer_uint(writer, EAS_Email_AllDayEvent, meeting->all_day != 0);
    if (meeting->has_times)
        meeting_write_time(writer, EAS_Email_StartTime, meeting->start, pool);
    meeting_write_time(writer, EAS_Email_DtStamp, meeting->stamp, pool);
    if (meeting->has_times)
        meeting_write_time(writer, EAS_Email_EndTime, meeting->end, pool);
    eas_writer_uint(writer, EAS_Email_InstanceType,
                    (apr_uint64_t)(meeting->recurs && !recurs ? MEETING_SINGLE : meeting->type));
    meeting_write_location(meeting, version, writer);
    if (meeting->organizer)
        eas_writer_text(writer, EAS_Email_Organizer, meeting->organizer);
    if (meeting->type == MEETING_INSTANCE || meeting->type == MEETING_EXCEPTION)
        meeting_write_instance(meeting, version, writer, pool);
    if (meeting->reminder >= 0)
        eas_writer_uint(writer, EAS_Email_Reminder, (apr_uint64_t)meeting->reminder);
    eas_writer_uint(writer, EAS_Email_ResponseRequested, (apr_uint64_t)meeting->response_requested);
    if (recurs) {
        eas_writer_start(writer, EAS_Email_Recurrences);
        item_recurrence_write(&meeting->recurrence, ITEM_RECURRENCE_EMAIL, version,
                              &meeting->origin, writer, pool);
        eas_writer_end(writer);
    }
    eas_writer_uint(writer, EAS_Email_Sensitivity, (apr_uint64_t)meeting->sensitivity);
    eas_writer_uint(writer, EAS_Email_BusyStatus, (apr_uint64_t)busy);
    item_clock_rules(meeting->origin.clock, meeting->start, &zone);
    eas_writer_text(writer, EAS_Email_TimeZone, item_zone_blob(&zone, pool));
    meeting_write_identity(meeting, version, writer, pool);
    eas_writer_end(writer);
}
