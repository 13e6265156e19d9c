/* Events in the model of whole mailboxes: series of which single occurrences are changed and deleted. */
#include "model_mail.h"

static const char *const instances[MAIL_OCCURRENCES] = {"20271101T090000Z", "20271108T090000Z",
                                                        "20271115T090000Z", "20271122T090000Z"};

#define EVENT_TIME "DTSTART:20271101T090000Z\r\nDTEND:20271101T093000Z\r\n"
#define EVENT_RULE "RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=10\r\n"

int scene_is_series(backend_class_t class_, int number)
{
    return class_ == BACKEND_CLASS_CALENDAR && number % 3;
}

int scene_is_meeting(backend_class_t class_, int number)
{
    return class_ == BACKEND_CLASS_CALENDAR && number % 4 < 2;
}

int scene_is_notice(const char *subject)
{
    return subject && (strncmp(subject, "Canceled: ", 10) == 0 ||
                       strncmp(subject, "A meeting message", 17) == 0);
}

const char *scene_instance(int occurrence)
{
    return instances[occurrence];
}

/* -- other programs ------------------------------------------------------------------------------ */

/* Of some versions one occurrence is another one, of some one is deleted. */
const char *scene_event_text(int number, int version, const char **after, apr_pool_t *pool)
{
    const char *instance = instances[version % MAIL_OCCURRENCES];

    if (!scene_is_series(BACKEND_CLASS_CALENDAR, number))
        return EVENT_TIME;
    if (version % 3 == 0)
        *after = apr_psprintf(pool,
                              "BEGIN:VEVENT\r\nUID:u%d\r\nDTSTAMP:20260101T000000Z\r\n"
                              "RECURRENCE-ID:%s\r\nDTSTART:%s\r\nDURATION:PT1H\r\n"
                              "SUMMARY:%d.%d\r\nEND:VEVENT\r\n",
                              number, instance, instance, number, version + MAIL_OTHERS);
    return version % 3 == 1
               ? apr_pstrcat(pool, EVENT_TIME EVENT_RULE "EXDATE:", instance, "\r\n", NULL)
               : EVENT_TIME EVENT_RULE;
}

static int event_occurrence(const char *instance)
{
    int i = MAIL_OCCURRENCES;

    while (instance && i-- && strncmp(instance, instances[i], strlen(instances[i])) != 0)
        ;
    return instance ? i : -1;
}

void scene_event_read(const char *text, int occurrences[MAIL_OCCURRENCES], apr_pool_t *pool)
{
    static const char exdate[] = "\nEXDATE:", recurrence[] = "\nRECURRENCE-ID:";
    const char *event, *end, *found;
    int one, number, version;

    for (found = text; (found = strstr(found, exdate)); found++)
        if ((one = event_occurrence(found + strlen(exdate))) >= 0)
            occurrences[one] = MAIL_GONE;
    for (event = text; (event = strstr(event, "BEGIN:VEVENT")); event = end) {
        if (!(end = strstr(event, "END:VEVENT")))
            return;
        event = apr_pstrmemdup(pool, event, (apr_size_t)(end - event));
        found = strstr(event, recurrence);
        one = event_occurrence(found ? found + strlen(recurrence) : NULL);
        if (one >= 0 && scene_subject(event, &number, &version))
            occurrences[one] = version;
    }
}

/* -- phones -------------------------------------------------------------------------------------- */

void scene_event_add(eas_node_t *data, int number, apr_pool_t *pool)
{
    static const struct {
        eas_tag_t tag;
        const char *text;
    } rows[] = {{EAS_Calendar_Type, "1"},
                {EAS_Calendar_Interval, "1"},
                {EAS_Calendar_DayOfWeek, "2"},
                {EAS_Calendar_Occurrences, "10"}};
    eas_node_t *recurrence;
    size_t i;

    node(pool, data, EAS_Calendar_StartTime, instances[0]);
    node(pool, data, EAS_Calendar_EndTime, "20271101T093000Z");
    if (scene_is_meeting(BACKEND_CLASS_CALENDAR, number)) {
        eas_node_t *bob =
            node(pool, node(pool, data, EAS_Calendar_Attendees, NULL), EAS_Calendar_Attendee, NULL);

        node(pool, bob, EAS_Calendar_Email, "bob@example.com");
        node(pool, bob, EAS_Calendar_Name, "bob");
        node(pool, data, EAS_Calendar_MeetingStatus, "1");
    }
    if (!scene_is_series(BACKEND_CLASS_CALENDAR, number))
        return;
    recurrence = node(pool, data, EAS_Calendar_Recurrence, NULL);
    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        node(pool, recurrence, rows[i].tag, rows[i].text);
}

void phone_event_take(const eas_node_t *data, int occurrences[MAIL_OCCURRENCES])
{
    const eas_node_t *each = eas_node_child(data, EAS_Calendar_Exceptions);
    const char *instance, *subject;
    int one, number;

    memset(occurrences, 0, MAIL_OCCURRENCES * sizeof *occurrences);
    for (each = eas_node_child(each, EAS_Calendar_Exception); each; each = eas_node_next(each)) {
        instance = eas_node_child_text(each, EAS_AirSyncBase_InstanceId);
        if (!instance)
            instance = eas_node_child_text(each, EAS_Calendar_ExceptionStartTime);
        if ((one = event_occurrence(instance)) < 0)
            continue;
        subject = eas_node_child_text(each, EAS_Calendar_Subject);
        if (eas_node_child_flag(each, EAS_Calendar_Deleted, 0))
            occurrences[one] = MAIL_GONE;
        else if (!subject || sscanf(subject, "%d.%d", &number, occurrences + one) != 2)
            occurrences[one] = 0;
    }
}

/* -- may that have happened? --------------------------------------------------------------------- */

void judge_occurrences(scene_t *scene, const scene_item_t *item, const scene_item_t *now)
{
    const phone_sync_t *sync;
    const phone_op_t *op = NULL;
    int i, was, is;

    if (scene->ask->kind == ASK_SYNC)
        op = judge_op(scene->ask, item->id, PHONE_OCCURRENCE, &sync);
    for (i = 0; i < MAIL_OCCURRENCES; i++) {
        was = item->occurrences[i];
        is = now->occurrences[i];
        if (was == is)
            continue;
        if (!op || op->occurrence != i || is != (op->version ? op->version : MAIL_GONE)) {
            scene_fail(scene, "occurrence %d of %d was %d and is %d, but nobody wanted it", i,
                       item->number, was, is);
            return;
        }
        /* its own earlier attempt may have deleted it */
        if (!sync->client_wins &&
            (!judge_seen(scene, op, item->version) ||
             (was != op->was && was != MAIL_GONE &&
              (was >= MAIL_OTHERS || scene->author[was] != scene->ask->phone - scene->phones + 1))))
            scene_fail(scene, "occurrence %d of %d.%d was written over, but the phone never saw it",
                       i, item->number, item->version);
    }
}

/* The operation on its way that tells bob of it; NULL: there is none. */
static const phone_op_t *told_by(const scene_t *scene, int number, int cancel)
{
    const phone_sync_t *sync;
    const phone_op_t *op = NULL;

    if (scene->ask->kind != ASK_SYNC)
        return NULL;
    if (!cancel)
        return judge_op_of(scene->ask, number, PHONE_ADD, &sync);
    if ((op = judge_op_of(scene->ask, number, PHONE_DELETE, &sync)))
        return op;
    op = judge_op_of(scene->ask, number, PHONE_OCCURRENCE, &sync);
    return op && !op->version ? op : NULL;
}

void judge_told(scene_t *scene, const char *text)
{
    int cancel = strstr(text, "method=CANCEL") != NULL, number, version;
    const char *subject = strstr(text, "Subject: ") + strlen("Subject: ");
    unsigned char bit = cancel ? MEETING_CANCELLED : MEETING_INVITED;
    const phone_op_t *op;

    if (scene_is_notice(subject))
        subject = strstr(subject, ": ") + 2;
    if (sscanf(subject, "%d.%d", &number, &version) != 2 || number >= MAIL_NUMBERS) {
        scene_fail(scene, "bob was told of something else: %s", subject);
        return;
    }
    op = told_by(scene, number, cancel);
    scene_log(scene, "bob is told of %d.%d%s", number, version, cancel ? ": cancelled" : "");
    mail_tally.invited += !cancel;
    mail_tally.cancelled += (unsigned long)cancel;
    if (!op)
        scene_fail(scene, "bob was told of meeting %d, but nobody wanted it", number);
    else if ((scene->meeting[number] & bit) && (cancel || scene->invited[number] == version) &&
             !(scene->meeting[number] & MEETING_OTHERS))
        scene_fail(scene, "bob was told twice of meeting %d", number);
    /* what was not acknowledged yet may be sent in another form, which is told then */
    if (!cancel)
        scene->invited[number] = version;
    if (!cancel || (op && op->kind == PHONE_DELETE))
        scene->meeting[number] |= bit;
}

void judge_invited(scene_t *scene, const scene_item_t *item)
{
    if (scene_is_meeting(item->class_, item->number) && scene->author[item->version] &&
        !(scene->meeting[item->number] & (MEETING_OTHERS | MEETING_INVITED)))
        scene_fail(scene, "bob was not invited to meeting %d", item->number);
}
