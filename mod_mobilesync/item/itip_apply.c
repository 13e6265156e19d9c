/* What a scheduling message does to the event that there is (RFC 5546). */
#include "item/itip_impl.h"

#include <string.h>
#include <strings.h>
#include <apr_strings.h>

#include "base/time.h"

/* By which calendar servers remember when an attendee has answered (DTSTAMP of the reply), so that
 * an older reply that arrives later is known. */
#define ITIP_REPLIED "X-CALENDARSERVER-DTSTAMP"

/* -- who may ---------------------------------------------------------------------------------- */

static const char *itip_organizer(const item_event_source_t *source)
{
    item_property_t *property = item_property_first(source->main, "ORGANIZER");

    return property ? item_event_address(property, source->pool) : NULL;
}

/* Is a line of the event that there is (ORGANIZER, ATTENDEE) one of who sent the message, or one that
 * he acts for? Only what the event says of that already is believed. */
static int itip_is_sender(const item_itip_apply_t *apply, item_property_t *line)
{
    const apr_array_header_t *senders = apply->who->senders;
    const char *agent = item_property_parameter(line, "SENT-BY");

    return !senders || item_itip_is_one_of(senders, item_event_address(line, apply->pool)) ||
           (agent && strncasecmp(agent, "mailto:", 7) == 0 &&
            item_itip_is_one_of(senders, agent + 7));
}

/* Do both mean the same person: by the same address, or both by one of who sent the message? */
static int itip_is_same(const item_itip_apply_t *apply, const char *one, const char *other)
{
    return one && other &&
           (strcasecmp(one, other) == 0 ||
            (apply->who->senders && item_itip_is_one_of(apply->who->senders, one) &&
             item_itip_is_one_of(apply->who->senders, other)));
}

/* A REQUEST or CANCEL is the organizer's of the event that there is. */
static int itip_is_organizer(const item_itip_apply_t *apply)
{
    item_property_t *line = item_property_first(apply->stored->main, "ORGANIZER");
    const char *organizer = itip_organizer(apply->stored);

    if (item_itip_is_one_of(apply->who->addresses, organizer))
        return 0;
    if (!organizer) /* an appointment that the owner made himself */
        return !apply->who->senders;
    return itip_is_same(apply, organizer, apply->itip->organizer) && itip_is_sender(apply, line);
}

static int itip_is_own(const item_itip_apply_t *apply)
{
    return item_itip_is_one_of(apply->who->addresses, itip_organizer(apply->stored));
}

/* -- instances -------------------------------------------------------------------------------- */

/* The moment that an instance's RECURRENCE-ID names, or what it says where that is no time. */
static const char *itip_instance_key(const item_event_source_t *source, item_component_t *instance,
                                     apr_pool_t *pool)
{
    item_property_t *property = item_property_first(instance, "RECURRENCE-ID");
    struct icaltimetype time;
    const item_clock_t *clock;

    if (!item_event_time_read(source, property, &time, &clock))
        return apr_pstrcat(pool, "?", property ? item_property_value(property) : "", NULL);
    return apr_psprintf(pool, "%d.%" APR_TIME_T_FMT, time.is_date, item_clock_to_utc(clock, &time));
}

void item_itip_know(const item_itip_apply_t *apply, const item_event_source_t *source,
                    item_component_t *instance, item_component_t *stored)
{
    apr_hash_set(apply->instances, itip_instance_key(source, instance, apply->pool),
                 APR_HASH_KEY_STRING, stored);
}

item_component_t *item_itip_counterpart(const item_itip_apply_t *apply, item_component_t *instance)
{
    return apr_hash_get(apply->instances, itip_instance_key(apply->in, instance, apply->pool),
                        APR_HASH_KEY_STRING);
}

int item_itip_instances(const item_itip_apply_t *apply)
{
    int count = apply->in->instances->nelts;

    return count < ITEM_EVENT_EXCEPTIONS_MAX ? count : ITEM_EVENT_EXCEPTIONS_MAX;
}

/* The place in the stored series of an instance of the message; 0: it has none. */
static int itip_place(const item_itip_apply_t *apply, item_component_t *instance,
                      struct icaltimetype *place)
{
    const item_series_t *series = apply->series ? &apply->series->series : NULL;

    return series && item_event_series_of(apply->in, series, instance, place) &&
           item_series_has(series, item_clock_to_utc(series->clock, place), apply->pool);
}

/* -- CANCEL ----------------------------------------------------------------------------------- */

/* Was it written before what there is (RFC 5546 2.1.5)? */
static int itip_cancel_is_old(const item_itip_apply_t *apply, item_component_t *in,
                              item_component_t *stored)
{
    apr_uint64_t new = item_itip_sequence(in), old = item_itip_sequence(stored);
    apr_time_t stamp = item_itip_stamp(apply->in, in);

    return new < old || (new == old &&stamp &&stamp < item_itip_stamp(apply->stored, stored));
}

static void itip_cancel_component(const item_itip_apply_t *apply, item_component_t *in,
                                  item_component_t *stored)
{
    const char *sequence = item_component_text(in, "SEQUENCE");
    const char *present = item_component_text(stored, "STATUS");
    apr_time_t stamp = item_itip_stamp(apply->in, in);

    if (itip_cancel_is_old(apply, in, stored) || (present && !strcasecmp(present, "CANCELLED")))
        return;
    item_component_set_text(stored, "STATUS", "CANCELLED");
    if (sequence)
        item_component_set_text(stored, "SEQUENCE", sequence);
    if (stamp) /* so that an invitation that was written earlier does not undo it */
        item_itip_moment(stored, "DTSTAMP", stamp, apply->pool);
}

static void itip_cancel_instance(item_itip_apply_t *apply, item_component_t *in)
{
    item_component_t *stored = item_itip_counterpart(apply, in);
    struct icaltimetype place;

    if (itip_cancel_is_old(apply, in, stored ? stored : apply->stored->main))
        return;
    if (itip_place(apply, in, &place)) {
        if (item_event_is_range(in))
            item_event_end_before(&apply->edit, &apply->series->series, &place);
        else
            item_event_exclude(&apply->edit, &apply->series->series, &place);
        item_itip_know(apply, apply->in, in, NULL);
    }
    else if (stored)
        itip_cancel_component(apply, in, stored);
}

static void itip_cancel(item_itip_apply_t *apply)
{
    int i;

    if (!itip_is_organizer(apply))
        return;
    if (apply->in->series && apply->stored->series)
        itip_cancel_component(apply, apply->in->series, apply->stored->series);
    for (i = 0; apply->in->series && i < apply->stored->instances->nelts; i++)
        itip_cancel_component(apply, apply->in->series,
                              APR_ARRAY_IDX(apply->stored->instances, i, item_component_t *));
    for (i = 0; !apply->in->series && i < item_itip_instances(apply); i++)
        itip_cancel_instance(apply, APR_ARRAY_IDX(apply->in->instances, i, item_component_t *));
}

/* -- REPLY ------------------------------------------------------------------------------------ */

/* The word that is stored; NULL: it is no answer. */
static const char *itip_answer(const item_itip_apply_t *apply, item_property_t *attendee)
{
    static const char *const words[] = {"ACCEPTED", "TENTATIVE", "DECLINED", "DELEGATED"};
    const char *word = item_property_parameter(attendee, "PARTSTAT");
    size_t i;

    if (apply->itip->method == ITEM_ITIP_COUNTER)
        return word && strcasecmp(word, "DECLINED") == 0 ? "DECLINED" : "TENTATIVE";
    for (i = 0; word && i < sizeof words / sizeof *words; i++)
        if (strcasecmp(word, words[i]) == 0)
            return words[i];
    return NULL;
}

/* Is a message about the very time that the event has? */
static int itip_is_at_its_time(const item_itip_apply_t *apply, item_component_t *in,
                               item_component_t *stored)
{
    item_event_times_t times, present;

    return !item_event_times_load(apply->in, in, &times) &&
           !item_event_times_load(apply->stored, stored, &present) && times.from == present.from &&
           times.to == present.to;
}

/* An answer to what was before the event's last change, at another time: who said yes to a series of which
 * one occurrence was cancelled since still comes. One that does not say which revision it is about
 * is about the present one: clients of EAS up to 14.1 write answers themselves, and no element tells
 * them the SEQUENCE. */
static int itip_reply_is_old(const item_itip_apply_t *apply, item_component_t *in,
                             item_component_t *stored)
{
    return item_component_text(in, "SEQUENCE") &&
           item_itip_sequence(in) < item_itip_sequence(stored) &&
           (apply->itip->method == ITEM_ITIP_COUNTER || !itip_is_at_its_time(apply, in, stored));
}

/* When the message was written, as it is remembered; NULL: it does not say. */
static const char *itip_stamp(const item_itip_apply_t *apply, item_component_t *in)
{
    apr_time_t stamp = item_itip_stamp(apply->in, in);

    return stamp ? base_time_format_compact(stamp, apply->pool) : NULL;
}

/* The line of who answers: that of the address, else one of who sent the message, who is known. */
static item_property_t *itip_line(const item_itip_apply_t *apply, item_property_t *attendee,
                                  item_component_t *stored)
{
    apr_array_header_t *address = apr_array_make(apply->pool, 1, sizeof(const char *));
    const apr_array_header_t *senders = apply->who->senders;
    item_property_t *line;

    APR_ARRAY_PUSH(address, const char *) = item_event_address(attendee, apply->pool);
    line = item_itip_attendee(stored, address, apply->pool);
    if (line)
        return itip_is_sender(apply, line) ? line : NULL;
    return senders && item_itip_is_one_of(senders, item_event_address(attendee, apply->pool))
               ? item_itip_attendee(stored, senders, apply->pool)
               : NULL;
}

/* What an attendee proposes, or that he does not any more. */
static void itip_propose(const item_itip_apply_t *apply, item_component_t *in,
                         item_component_t *stored, item_property_t *line)
{
    item_event_times_t times;

    if (apply->itip->method != ITEM_ITIP_COUNTER ||
        !item_event_takes_proposals(apply->stored, stored) ||
        itip_is_at_its_time(apply, in, stored) || item_event_times_load(apply->in, in, &times)) {
        item_event_propose(line, NULL, NULL);
        return;
    }
    item_event_propose(line, base_time_format_compact(times.from, apply->pool),
                       base_time_format_compact(times.to, apply->pool));
}

static void itip_reply_component(const item_itip_apply_t *apply, item_component_t *in,
                                 item_property_t *attendee, item_component_t *stored)
{
    item_property_t *line = itip_line(apply, attendee, stored);
    const char *word = itip_answer(apply, attendee), *stamp = itip_stamp(apply, in), *before;

    if (!line || !word || itip_reply_is_old(apply, in, stored))
        return;
    before = item_property_parameter(line, ITIP_REPLIED);
    if (stamp && before && strcmp(stamp, before) < 0) /* of one length: in order */
        return;
    item_property_set_parameter(line, "PARTSTAT", word);
    itip_propose(apply, in, stored, line);
    if (stamp && item_document_is_changed(apply->stored->document))
        item_property_set_parameter(line, ITIP_REPLIED, stamp);
}

/* Who answers. */
static item_property_t *itip_replier(const item_itip_apply_t *apply, item_component_t *in)
{
    item_property_t *attendee = item_property_first(in, "ATTENDEE");

    return attendee && item_event_address(attendee, apply->pool) ? attendee : NULL;
}

static void itip_reply_instance(item_itip_apply_t *apply, item_component_t *in,
                                item_property_t *attendee)
{
    item_component_t *stored = item_itip_counterpart(apply, in);
    struct icaltimetype place;

    if (!stored && itip_place(apply, in, &place) &&
        itip_line(apply, attendee, apply->stored->series) /* who is not invited makes none */ &&
        itip_answer(apply, attendee) && !itip_reply_is_old(apply, in, apply->stored->series))
        stored = item_event_occurrence(&apply->edit, &apply->series->series, place);
    if (stored)
        itip_reply_component(apply, in, attendee, stored);
}

static void itip_reply(item_itip_apply_t *apply)
{
    item_component_t *in = apply->in->series;
    item_property_t *attendee = in ? itip_replier(apply, in) : NULL;
    int i;

    if (!itip_is_own(apply))
        return;
    if (attendee && apply->stored->series)
        itip_reply_component(apply, in, attendee, apply->stored->series);
    for (i = 0; attendee && i < apply->stored->instances->nelts; i++)
        itip_reply_component(apply, in, attendee,
                             APR_ARRAY_IDX(apply->stored->instances, i, item_component_t *));
    for (i = 0; i < item_itip_instances(apply); i++) {
        in = APR_ARRAY_IDX(apply->in->instances, i, item_component_t *);
        attendee = itip_replier(apply, in);
        if (attendee)
            itip_reply_instance(apply, in, attendee);
    }
}

/* -- a message -------------------------------------------------------------------------------- */

/* Time that nobody has agreed to yet, whatever who invites says (item_itip_answer() says what becomes
 * of that). */
static void itip_reserve(const item_itip_apply_t *apply, item_component_t *event)
{
    const char *transparency = item_component_text(event, "TRANSP");
    item_property_t *own = item_itip_attendee(event, apply->who->addresses, apply->pool);

    if (own)
        item_property_set_parameter(own, "PARTSTAT", "NEEDS-ACTION");
    if (!transparency || strcasecmp(transparency, "TRANSPARENT") != 0)
        item_component_set_text(event, "X-MICROSOFT-CDO-BUSYSTATUS", "TENTATIVE");
}

/* The event of a REQUEST that the calendar does not have: as it came, without METHOD and what else
 * the calendar of the message has. */
static base_fault_t *itip_new(const item_itip_apply_t *apply, const backend_blob_t **blob)
{
    item_component_t *event = item_component_first(apply->in->calendar, "VEVENT"), *next;
    static const char *const others[] = {"VTODO", "VJOURNAL", "VFREEBUSY"};
    size_t i;

    if (apply->itip->method != ITEM_ITIP_REQUEST ||
        item_itip_is_one_of(apply->who->addresses, apply->itip->organizer))
        return NULL;
    for (; event; event = next) {
        const char *uid = item_component_text(event, "UID");

        next = item_component_next(event);
        if (!uid || strcmp(uid, apply->itip->uid) != 0)
            item_component_remove(event);
        else
            itip_reserve(apply, event);
    }
    for (i = 0; i < sizeof others / sizeof *others; i++)
        while ((event = item_component_first(apply->in->calendar, others[i])))
            item_component_remove(event);
    item_component_set_text(apply->in->calendar, "METHOD", NULL);
    return item_document_save(apply->in->document, blob, apply->pool);
}

static base_fault_t *itip_existing(item_itip_apply_t *apply, const backend_blob_t *original,
                                   const backend_blob_t **blob)
{
    int i;

    BASE_TRY(item_event_open(original, &apply->stored, apply->pool));
    for (i = 0; i < apply->stored->instances->nelts; i++) {
        item_component_t *one = APR_ARRAY_IDX(apply->stored->instances, i, item_component_t *);

        item_itip_know(apply, apply->stored, one, one);
    }
    item_itip_edit_init(&apply->edit, &apply->change, apply->stored, apply->who->addresses,
                        EAS_VERSION_16_1, apply->who->now);
    if (apply->stored->series)
        BASE_TRY(item_event_series_load(apply->stored, &apply->edit.options, &apply->series,
                                        apply->pool));
    switch (apply->itip->method) {
    case ITEM_ITIP_REQUEST:
        if (itip_is_organizer(apply))
            BASE_TRY(item_itip_request(apply));
        break;
    case ITEM_ITIP_CANCEL:
        itip_cancel(apply);
        break;
    case ITEM_ITIP_REPLY:
    case ITEM_ITIP_COUNTER:
        itip_reply(apply);
        break;
    case ITEM_ITIP_DECLINECOUNTER:
        break;
    }
    if (!item_document_is_changed(apply->stored->document))
        return NULL;
    item_itip_moment(apply->stored->main, "LAST-MODIFIED", apply->who->now, apply->pool);
    return item_document_save(apply->stored->document, blob, apply->pool);
}

/* An invitation may remind. It does not have programs of its reader run something or send mail, as
 * other alarms would (RFC 5545 3.8.6.1). */
static void itip_disarm(const item_event_source_t *in)
{
    item_component_t *event = item_component_first(in->calendar, "VEVENT"), *alarm, *next;

    for (; event; event = item_component_next(event))
        for (alarm = item_component_first(event, "VALARM"); alarm; alarm = next) {
            const char *action = item_component_text(alarm, "ACTION");

            next = item_component_next(alarm);
            if (!action || (strcasecmp(action, "DISPLAY") != 0 && strcasecmp(action, "AUDIO") != 0))
                item_component_remove(alarm);
        }
}

base_fault_t *item_itip_apply(const item_itip_t *itip, const backend_blob_t *original,
                              const item_itip_who_t *who, const backend_blob_t **blob,
                              apr_pool_t *pool)
{
    item_itip_apply_t apply = {
        .itip = itip, .who = who, .instances = apr_hash_make(pool), .pool = pool};

    *blob = NULL;
    BASE_TRY(item_event_open(&itip->calendar, &apply.in, pool));
    itip_disarm(apply.in);
    return original ? itip_existing(&apply, original, blob) : itip_new(&apply, blob);
}
