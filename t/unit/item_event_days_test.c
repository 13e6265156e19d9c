/* A series of days, in whichever form a program has stored it, is of these days to phones of every version,
 * and what one of them says of one, or of all, is of these days to all others. */
#include "day_helpers.h"
#include "kind_helpers.h"

#include "base/time.h"
#include "item/clock.h"
#include "item/event.h"
#include "item/itip.h"

static const item_kind_t *const kind = &item_event_kind;

#define FLAG "X-MICROSOFT-CDO-ALLDAYEVENT:TRUE\r\n"

/* -- how days are written ---------------------------------------------------------------------- */

enum { FORM_DATE, FORM_LOCAL, FORM_FLOATING, FORM_UTC, FORM_MOMENT, FORM_COUNT };
static const char *const form_names[] = {"dates", "midnights of a TZID", "floating midnights",
                                         "midnights of UTC", "midnights in UTC"};

static const char *form_value(int form, const char *zone, const char *day, apr_pool_t *pool)
{
    struct icaltimetype t = icaltime_from_string(day);
    const char *name = strcmp(zone, "UTC") == 0 ? "Etc/UTC" : zone;

    switch (form) {
    case FORM_LOCAL:
        return apr_pstrcat(pool, ";TZID=", name, ":", day, "T000000", NULL);
    case FORM_FLOATING:
        return apr_pstrcat(pool, ":", day, "T000000", NULL);
    case FORM_UTC:
        return apr_pstrcat(pool, ":", day, "T000000Z", NULL);
    case FORM_MOMENT:
        t.is_date = 0;
        return apr_pstrcat(
            pool, ":",
            base_time_format_compact(item_clock_to_utc(item_clock_olson(zone, pool), &t), pool),
            NULL);
    default:
        return apr_pstrcat(pool, ";VALUE=DATE:", day, NULL);
    }
}

static const char *form_line(int form, const char *zone, const char *name, const char *day,
                             apr_pool_t *pool)
{
    return apr_pstrcat(pool, name, form_value(form, zone, day, pool), "\r\n", NULL);
}

static const char *form_times(int form, const char *zone, const char *day, int days,
                              apr_pool_t *pool)
{
    return apr_pstrcat(pool, form_line(form, zone, "DTSTART", day, pool),
                       form_line(form, zone, "DTEND", day_after(day, days, pool), pool),
                       form == FORM_DATE ? "" : FLAG, NULL);
}

/* -- a series and its days --------------------------------------------------------------------- */

/* One day of these is gone, one is at another time; the others are to be edited, moved and deleted. */
typedef struct {
    int form;
    const char *zone;
    const char *first, *gone, *moved, *edited, *shifted, *deleted;
    const char *later; /* where those that move go, of two days */
    apr_pool_t *pool;
} days_t;

/* Each of the days may be the odd one; none is one that was left out. */
static void days_init(days_t *days, int form, size_t i, int turn, apr_pool_t *pool)
{
    const char *odd = day_places[i].day, *all[5];
    int k;

    if (strcmp(day_places[i].zone, "Pacific/Apia") == 0)
        odd = day_after(odd, -8, pool);
    for (k = 0; k < 5; k++)
        all[(k + turn) % 5] = day_after(odd, -k, pool);
    *days = (days_t){.form = form,
                     .zone = day_places[i].zone,
                     .first = day_after(odd, -5, pool),
                     .gone = all[0],
                     .moved = all[1],
                     .edited = all[2],
                     .shifted = all[3],
                     .deleted = all[4],
                     .later = day_after(odd, 60, pool),
                     .pool = pool};
}

static const char *days_line(const days_t *days, const char *name, const char *day)
{
    return form_line(days->form, days->zone, name, day, days->pool);
}

static const char *days_text(const days_t *days)
{
    apr_pool_t *pool = days->pool;

    return apr_pstrcat(pool, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nX-WR-TIMEZONE:", days->zone,
                       "\r\nBEGIN:VEVENT\r\nUID:u\r\nSUMMARY:a\r\n",
                       form_times(days->form, days->zone, days->first, 1, pool),
                       "RRULE:FREQ=DAILY\r\n", days_line(days, "EXDATE", days->gone),
                       "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:u\r\nSUMMARY:a\r\n",
                       days_line(days, "RECURRENCE-ID", days->moved),
                       form_times(days->form, days->zone, days->later, 2, pool),
                       "END:VEVENT\r\nEND:VCALENDAR\r\n", NULL);
}

/* -- phones ------------------------------------------------------------------------------------ */

/* A phone of a version, and what it has. */
typedef struct {
    eas_version_t version;
    const eas_node_t *node;
    const item_clock_t *clock; /* by which it turns moments into days */
    apr_pool_t *pool;
} phone_t;

static void phone_get(phone_t *phone, eas_version_t version, const backend_blob_t *blob,
                      apr_pool_t *pool)
{
    item_options_t options = options_prefer(version, ITEM_BODY_TEXT, ITEM_TRUNCATION_NONE);
    item_zone_t zone;

    options.now = KIND_NOW;
    *phone = (phone_t){.version = version, .clock = &item_clock_utc, .pool = pool};
    phone->node = kind_node(kind, blob, &options, pool);
    if (version < EAS_VERSION_16_0 &&
        item_zone_parse(eas_node_child_text(phone->node, EAS_Calendar_Timezone), &zone, pool))
        phone->clock = item_clock_zone(&zone, pool);
}

static const char *phone_day(const phone_t *phone, const char *day)
{
    struct icaltimetype t = icaltime_from_string(day);

    return base_time_format_compact(item_clock_to_utc(phone->clock, &t), phone->pool);
}

static const char *phone_times(const phone_t *phone, const char *day, int days)
{
    return apr_pstrcat(phone->pool, "StartTime=", phone_day(phone, day),
                       "|EndTime=", phone_day(phone, day_after(day, days, phone->pool)), NULL);
}

/* Its Exception of a day; NULL. */
static const eas_node_t *phone_exception(const phone_t *phone, const char *day)
{
    const eas_node_t *node = eas_node_child(eas_node_child(phone->node, EAS_Calendar_Exceptions),
                                            EAS_Calendar_Exception);
    eas_tag_t tag = phone->version < EAS_VERSION_16_0 ? EAS_Calendar_ExceptionStartTime
                                                      : EAS_AirSyncBase_InstanceId;

    for (; node; node = eas_node_next(node))
        if (strcmp(eas_node_child_text(node, tag), phone_day(phone, day)) == 0)
            return node;
    return NULL;
}

enum { SAY_DATE, SAY_TODAY, SAY_THEN, SAY_COUNT };

/* InstanceId: a date, or a moment by the rules of today, as once was shown, or by those of the year. */
static const char *phone_instance(const phone_t *phone, const days_t *days, const char *day,
                                  int manner)
{
    const item_clock_t *clock = item_clock_olson(days->zone, phone->pool);
    struct icaltimetype t = icaltime_from_string(day);
    item_zone_t zone;

    if (manner == SAY_DATE)
        return phone_day(phone, day);
    if (manner == SAY_TODAY) {
        item_clock_rules(clock, KIND_NOW, &zone);
        clock = item_clock_zone(&zone, phone->pool);
    }
    return base_time_format_compact(item_clock_to_utc(clock, &t), phone->pool);
}

/* What it says of one day (data NULL: that it is deleted), as its version does. */
static kind_result_t phone_say(const phone_t *phone, const days_t *days, const char *day,
                               const char *data, int manner, const backend_blob_t *blob)
{
    apr_pool_t *pool = phone->pool;
    eas_node_t *whole;

    if (phone->version >= EAS_VERSION_16_0)
        return kind_change_instance(kind, data ? kind_data(data, "Calendar", pool) : NULL,
                                    phone_instance(phone, days, day, manner), phone->version, blob,
                                    pool);
    whole = kind_edited(phone->node, EAS_Calendar_Exceptions, "", pool);
    data = apr_psprintf(pool, "Exception{ExceptionStartTime=%s|%s}", phone_day(phone, day),
                        data ? data : "Deleted=1");
    whole->last->first = kind_data(data, "Calendar", pool)->first;
    return kind_change(kind, whole, phone->version, blob, pool);
}

/* -- what is wrong ----------------------------------------------------------------------------- */

static int is_times(const eas_node_t *node, const char *times, apr_pool_t *pool)
{
    const char *start = eas_node_child_text(node, EAS_Calendar_StartTime);
    const char *end = eas_node_child_text(node, EAS_Calendar_EndTime);

    return start && end &&
           strcmp(apr_pstrcat(pool, "StartTime=", start, "|EndTime=", end, NULL), times) == 0;
}

static int is_deleted(const phone_t *phone, const char *day)
{
    const char *deleted = eas_node_child_text(phone_exception(phone, day), EAS_Calendar_Deleted);

    return deleted && strcmp(deleted, "1") == 0;
}

/* It is all day because the series is. */
static int is_day(const eas_node_t *exception)
{
    return exception && !eas_node_child(exception, EAS_Calendar_AllDayEvent);
}

static int count(const phone_t *phone)
{
    const eas_node_t *node = eas_node_child(eas_node_child(phone->node, EAS_Calendar_Exceptions),
                                            EAS_Calendar_Exception);
    int n = 0;

    for (; node; node = eas_node_next(node))
        n++;
    return n;
}

/* Does a phone of the version see the series, and the two exceptions that it came with? */
static int is_shown(const days_t *days, const phone_t *phone)
{
    const char *all_day = eas_node_child_text(phone->node, EAS_Calendar_AllDayEvent);
    const eas_node_t *moved = phone_exception(phone, days->moved);

    return all_day && strcmp(all_day, "1") == 0 &&
           is_times(phone->node, phone_times(phone, days->first, 1), phone->pool) &&
           is_deleted(phone, days->gone) && is_day(moved) &&
           is_times(moved, phone_times(phone, days->later, 2), phone->pool);
}

/* One says something of three days, another one sees all of it. Which of the steps is wrong; 0: none. */
static int days_edit(const days_t *days, eas_version_t from, eas_version_t to, int manner)
{
    apr_pool_t *pool = days->pool;
    const char *text = days_text(days);
    const backend_blob_t *blob = blob_of_text(text, pool);
    kind_result_t result;
    phone_t one, other;

    phone_get(&one, from, blob, pool);
    if (!is_shown(days, &one) || count(&one) != 2)
        return 1;
    result = kind_change(kind, one.node, from, blob, pool);
    if (from < EAS_VERSION_16_0 && (result.fault || strcmp(result.text, text) != 0))
        return 2;
    result = phone_say(&one, days, days->edited, "Subject=b", manner, blob);
    if (result.fault || !strstr(result.text, days_line(days, "RECURRENCE-ID", days->edited)) ||
        !strstr(result.text, form_times(days->form, days->zone, days->edited, 1, pool)))
        return 3;
    result = phone_say(&one, days, days->shifted, phone_times(&one, days->later, 2), manner,
                       result.blob);
    if (result.fault || !strstr(result.text, days_line(days, "RECURRENCE-ID", days->shifted)))
        return 4;
    result = phone_say(&one, days, days->deleted, NULL, manner, result.blob);
    if (result.fault || !strstr(result.text, days_line(days, "EXDATE", days->deleted)))
        return 5;
    phone_get(&other, to, result.blob, pool);
    if (!is_shown(days, &other) || count(&other) != 5)
        return 6;
    if (!is_day(phone_exception(&other, days->edited)) || !is_deleted(&other, days->deleted))
        return 7;
    if (!is_day(phone_exception(&other, days->shifted)) ||
        !is_times(phone_exception(&other, days->shifted), phone_times(&other, days->later, 2),
                  pool))
        return 8;
    /* the other one takes it back, and deletes what was edited */
    result = phone_say(&other, days, days->shifted, phone_times(&other, days->shifted, 1), manner,
                       result.blob);
    if (result.fault)
        return 9;
    result = phone_say(&other, days, days->edited, NULL, manner, result.blob);
    if (result.fault)
        return 10;
    phone_get(&one, from, result.blob, pool);
    return is_shown(days, &one) && is_deleted(&one, days->edited) &&
                   is_day(phone_exception(&one, days->shifted))
               ? 0
               : 11;
}

/* The whole is renamed, and begins a day later. */
static int days_move(const days_t *days, eas_version_t from, eas_version_t to)
{
    apr_pool_t *pool = days->pool;
    const char *next = day_after(days->first, 1, pool);
    const eas_node_t *node;
    kind_result_t result;
    phone_t phone;

    phone_get(&phone, from, blob_of_text(days_text(days), pool), pool);
    node = from < EAS_VERSION_16_0 ? phone.node : kind_data("", "Calendar", pool);
    result = kind_change(kind, kind_edited(node, EAS_Calendar_Subject, "b", pool), from,
                         blob_of_text(days_text(days), pool), pool);
    if (result.fault || !strstr(result.text, "SUMMARY:b") ||
        !strstr(result.text, form_times(days->form, days->zone, days->first, 1, pool)))
        return 1;
    phone_get(&phone, to, result.blob, pool);
    if (!is_shown(days, &phone))
        return 2;
    node = kind_edited(kind_edited(to < EAS_VERSION_16_0
                                       ? phone.node
                                       : kind_data("AllDayEvent=1", "Calendar", pool),
                                   EAS_Calendar_StartTime, phone_day(&phone, next), pool),
                       EAS_Calendar_EndTime, phone_day(&phone, day_after(next, 1, pool)), pool);
    result = kind_change(kind, node, to, result.blob, pool);
    if (result.fault || !strstr(result.text, form_times(days->form, days->zone, next, 1, pool)))
        return 3;
    phone_get(&phone, from, result.blob, pool);
    return is_times(phone.node, phone_times(&phone, next, 1), pool) ? 0 : 4;
}

/* A zone that changed the date: a moment is of one day by the rules of today, of another by those of then. */
static int is_beyond(const days_t *days)
{
    return strcmp(days->zone, "Pacific/Apia") == 0;
}

static void test_form(int form, apr_pool_t *pool)
{
    apr_pool_t *sub;
    size_t i, a, b;

    apr_pool_create(&sub, pool);
    for (i = 0; i < DAY_PLACES; i++) {
        const char *wrong = "";

        for (a = 0; a < KIND_VERSIONS; a++)
            for (b = 0; b < KIND_VERSIONS; b++) {
                days_t days;
                int edit, move, manner;

                apr_pool_clear(sub);
                days_init(&days, form, i, (int)(a + b) % 5, sub);
                for (edit = manner = 0; manner < SAY_COUNT && !edit; manner++)
                    if (manner == SAY_DATE || (form != FORM_UTC && !is_beyond(&days)))
                        edit = days_edit(&days, kind_versions[a], kind_versions[b], manner);
                move = days_move(&days, kind_versions[a], kind_versions[b]);
                if (edit || move)
                    wrong = apr_psprintf(pool, "%s%d to %d: edit %d, move %d; ", wrong,
                                         kind_versions[a], kind_versions[b], edit, move);
            }
        is_str(wrong, "",
               apr_psprintf(pool, "%s around %s in %s", form_names[form], day_places[i].day,
                            day_places[i].zone));
    }
    apr_pool_destroy(sub);
}

/* -- answers ----------------------------------------------------------------------------------- */

/* Who is invited answers for one day, as versions name it; the answer names it as the invitation does. */
static void test_answer(int form, eas_version_t version, const char *instance, const char *zone,
                        apr_pool_t *pool)
{
    static const char day[] = "20261028";
    const char *name =
        apr_psprintf(pool, "%s, %s in %s at %d", form_names[form], instance, zone, version);
    const char *place = form_line(form, zone, "RECURRENCE-ID", day, pool), *text;
    apr_array_header_t *addresses = apr_array_make(pool, 1, sizeof(const char *));
    backend_identity_t anna = {.address = "anna@example.org"};
    item_itip_answer_t answer = {.response = ITEM_ITIP_ACCEPTED,
                                 .addresses = addresses,
                                 .instance = instance,
                                 .version = version,
                                 .now = KIND_NOW};
    item_itip_send_t send = {.method = ITEM_ITIP_REPLY,
                             .identity = &anna,
                             .instance = instance,
                             .version = version,
                             .key = "k",
                             .now = KIND_NOW};
    const backend_blob_t *event, *blob, *message;
    item_itip_t *itip;

    APR_ARRAY_PUSH(addresses, const char *) = "anna@example.org";
    event =
        blob_of_text(apr_pstrcat(pool, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nX-WR-TIMEZONE:", zone,
                                 "\r\nBEGIN:VEVENT\r\nUID:u\r\nORGANIZER:mailto:bo@example.org\r\n"
                                 "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:anna@example.org\r\n",
                                 form_times(form, zone, "20261014", 1, pool),
                                 "RRULE:FREQ=WEEKLY\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", NULL),
                     pool);
    if (!ok(!item_itip_answer(event, &answer, &blob, pool), "%s: it is answered", name))
        return;
    text = apr_pstrmemdup(pool, blob->data, (apr_size_t)blob->size);
    ok(strstr(text, place) && strstr(text, "PARTSTAT=ACCEPTED") &&
           strstr(text, form_times(form, zone, day, 1, pool)),
       "%s: that day", name);
    ok(!item_itip_compose(blob, &send, &message, pool) && message &&
           !item_itip_load(message, &itip, pool) && item_itip_instance(itip) &&
           !item_itip_exclude(event, item_itip_instance(itip), EAS_VERSION_16_1, KIND_NOW, &blob,
                              pool) &&
           strstr(apr_pstrmemdup(pool, blob->data, (apr_size_t)blob->size),
                  form_line(form, zone, "EXDATE", day, pool)),
       "%s: which the answer names", name);
    ok(!item_itip_exclude(event, instance, version, KIND_NOW, &blob, pool) &&
           strstr(apr_pstrmemdup(pool, blob->data, (apr_size_t)blob->size),
                  form_line(form, zone, "EXDATE", day, pool)),
       "%s: or it is taken away", name);
}

static void test_answers(int form, apr_pool_t *pool)
{
    static const struct {
        const char *zone, *moment;
    } rows[] = {{"Europe/Berlin", "2026-10-27T23:00:00.000Z"},
                {"Pacific/Kiritimati", "2026-10-27T10:00:00.000Z"},
                {"Pacific/Pago_Pago", "2026-10-28T11:00:00.000Z"}};
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *moment = form == FORM_UTC ? "2026-10-28T00:00:00.000Z" : rows[i].moment;

        test_answer(form, EAS_VERSION_16_1, "2026-10-28T00:00:00.000Z", rows[i].zone, pool);
        test_answer(form, EAS_VERSION_16_1, moment, rows[i].zone, pool);
        test_answer(form, EAS_VERSION_14_1, moment, rows[i].zone, pool);
        test_answer(form, EAS_VERSION_14_1, "2026-10-28T00:00:00.000Z", rows[i].zone, pool);
    }
}

int main(void)
{
    apr_pool_t *pool;
    int form;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    for (form = 0; form < FORM_COUNT; form++) {
        test_form(form, pool);
        test_answers(form, pool);
    }
    apr_pool_destroy(pool);
    return done_testing();
}
