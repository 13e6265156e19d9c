/* What an organizer's change of the calendar says to others goes out once, wherever the process ends. */
#include "cmd_item_helpers.h"

#define EVENT(when, more)                                                                \
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//EN\r\nBEGIN:VEVENT\r\nUID:m1\r\n" \
    "DTSTAMP:20231101T000000Z\r\nDTSTART:" when "T090000Z\r\nDTEND:" when "T100000Z\r\n" \
    "SUMMARY:Plan\r\nORGANIZER:mailto:alice@example.com\r\n"                             \
    "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:bob@example.com\r\n" more                     \
    "END:VEVENT\r\nEND:VCALENDAR\r\n"

static int count(world_t *world, const char *account, backend_role_t role)
{
    return mail(world, account, role, NULL)->nelts;
}

/* -- what is done ----------------------------------------------------------------------------- */

typedef enum { DO_ADD, DO_CHANGE, DO_DELETE, DO_COUNT } deed_t;

static const char *const deeds[] = {"Add", "Change", "Delete"};

static void deed_command(phone_t *phone, deed_t deed, apr_uint64_t uid, const char *day)
{
    apr_pool_t *pool = phone->world->pool;
    eas_node_t *data, *one;

    if (deed == DO_DELETE) {
        command(phone, EAS_AirSync_Delete, id_of(phone, uid));
        return;
    }
    data = deed == DO_ADD ? command(phone, EAS_AirSync_Add, "c1")
                          : command(phone, EAS_AirSync_Change, id_of(phone, uid));
    node(pool, data, EAS_Calendar_StartTime, apr_pstrcat(pool, day, "T110000Z", NULL));
    node(pool, data, EAS_Calendar_EndTime, apr_pstrcat(pool, day, "T120000Z", NULL));
    if (deed == DO_CHANGE)
        return;
    node(pool, data, EAS_Calendar_Subject, "Plan");
    one = node(pool, node(pool, data, EAS_Calendar_Attendees, NULL), EAS_Calendar_Attendee, NULL);
    node(pool, one, EAS_Calendar_Email, "bob@example.com");
    node(pool, one, EAS_Calendar_Name, "Bob");
}

static phone_t *deed_phone(apr_pool_t *pool, deed_t deed, apr_uint64_t *uid)
{
    phone_t *phone = phone_make(pool, EAS_VERSION_16_1, BACKEND_CLASS_CALENDAR);

    *uid = deed == DO_ADD ? 0 : deliver(phone, EVENT("20231124", ""));
    begin(phone);
    return phone;
}

/* The request, until it is answered. */
static int deed_insist(phone_t *phone, deed_t deed, apr_uint64_t uid)
{
    int tries = 0;

    do {
        deed_command(phone, deed, uid, "20231125");
        sync_folder(phone);
        phone->world->now += apr_time_from_sec(300); /* past the leases of whoever vanished */
    } while ((phone->answer.http != 200 || strncmp(shown(phone), "Status", 6) == 0) && ++tries < 6);
    return tries < 6;
}

static int notes(world_t *world)
{
    return count(world, "alice", BACKEND_ROLE_INBOX);
}

/* excused: bob may have got none, when the organizer was told so. */
static void deed_judge(phone_t *phone, deed_t deed, int answered, int excused, const char *what)
{
    world_t *world = phone->world;
    apr_array_header_t *got = mail(world, "bob", BACKEND_ROLE_INBOX, NULL);
    int sent = count(world, "alice", BACKEND_ROLE_SENT), told = notes(world);

    ok(answered && (got->nelts == 1 || (excused && told)) && got->nelts <= 1 && sent <= 1 &&
           (excused || (sent == 1 && told == 0)),
       "%s, %s: told once (%d; %d here, %d in Sent, %d notes)", deeds[deed], what, answered,
       got->nelts, sent, told);
}

static deed_t deed_now;

static int crash_once(apr_pool_t *pool, crash_t crash)
{
    apr_uint64_t uid;
    phone_t *phone = deed_phone(pool, deed_now, &uid);
    int answered, reached;

    crash_arm(phone->world, &crash);
    answered = deed_insist(phone, deed_now, uid);
    deed_judge(phone, deed_now, answered, 0, crash_text(&crash, pool));
    reached = crash_disarm(phone->world, &crash);
    apr_pool_destroy(phone->world->pool);
    return reached;
}

/* The process ends at one of its calls, others take up what it left. */
static int vanish_once(apr_pool_t *pool, deed_t deed, int at)
{
    apr_uint64_t uid;
    vanish_t vanish = {.at = at};
    phone_t *phone = deed_phone(pool, deed, &uid);
    world_t *world = phone->world;
    int answered, reached;

    vanish_arm(world, &vanish);
    deed_command(phone, deed, uid, "20231125");
    sync_folder(phone);
    reached = vanish_disarm(world, &vanish);
    answered = !reached || deed_insist(phone, deed, uid);
    deed_judge(phone, deed, answered, 0, apr_psprintf(pool, "it ends at call %d", at));
    apr_pool_destroy(world->pool);
    return reached;
}

/* -- who comes back with something else --------------------------------------------------------- */

/* The phone has another time for the meeting by the time that it is heard again. */
static void test_overtaken(apr_pool_t *pool, int at)
{
    apr_uint64_t uid;
    vanish_t vanish = {.at = at};
    phone_t *phone = deed_phone(pool, DO_CHANGE, &uid);
    world_t *world = phone->world;
    apr_array_header_t *got;

    vanish_arm(world, &vanish);
    deed_command(phone, DO_CHANGE, uid, "20231126");
    sync_folder(phone);
    vanish_disarm(world, &vanish);
    ok(deed_insist(phone, DO_CHANGE, uid), "call %d: another content is answered", at);
    got = mail(world, "bob", BACKEND_ROLE_INBOX, NULL);
    ok(got->nelts >= 1 && strstr(text_of(phone, uid), "20231125T110000"),
       "and what the calendar has in the end was told (%d)", got->nelts);
    apr_pool_destroy(world->pool);
}

/* -- what can never be sent -------------------------------------------------------------------- */

static base_fault_code_t refuse_put(void *baton, const char *call, int after)
{
    int *puts = baton;

    if (strcmp(call, "put") != 0 || after)
        return BASE_FAULT_NONE;
    return ++*puts <= 2 ? BASE_FAULT_UNAVAILABLE : BASE_FAULT_NONE;
}

static void test_unreachable(apr_pool_t *pool)
{
    apr_uint64_t uid;
    phone_t *phone = deed_phone(pool, DO_CHANGE, &uid);
    world_t *world = phone->world;
    int puts = 0;

    world->decide = refuse_put;
    world->baton = &puts;
    deed_command(phone, DO_CHANGE, uid, "20231125");
    sync_folder(phone);
    is_int(phone->answer.http, 503, "what cannot be sent for now is to be tried again");
    is_int(notes(world), 0, "and nobody is told of trouble");
    ok(deed_insist(phone, DO_CHANGE, uid), "the repeat is answered");
    ok(count(world, "bob", BACKEND_ROLE_INBOX) == 0 && notes(world) == 1,
       "and the organizer knows whom it did not reach");
    ok(strstr(text_of(phone, uid), "20231125T110000") != NULL, "the calendar has the change");
}

/* -- what is kept meanwhile --------------------------------------------------------------------- */

static void test_nobody(apr_pool_t *pool)
{
    phone_t *phone = phone_make(pool, EAS_VERSION_16_1, BACKEND_CLASS_CALENDAR);
    apr_uint64_t uid = deliver(phone, EVENT("20231124", "CATEGORIES:x\r\n"));
    eas_node_t *data;

    begin(phone);
    data = command(phone, EAS_AirSync_Change, id_of(phone, uid));
    node(phone->world->pool, data, EAS_Calendar_Reminder, "15");
    is_str(sync_folder(phone), "", "a reminder is taken");
    is_int(count(phone->world, "bob", BACKEND_ROLE_INBOX), 0, "and nobody is told of it");
    command(phone, EAS_AirSync_Delete, id_of(phone, uid));
    sync_folder(phone);
    is_int(count(phone->world, "bob", BACKEND_ROLE_INBOX), 1, "of a deletion all are");
    ok(strstr(APR_ARRAY_IDX(mail(phone->world, "bob", BACKEND_ROLE_INBOX, NULL), 0, const char *),
              "method=CANCEL") != NULL,
       "that it is cancelled");
}

int main(void)
{
    apr_pool_t *pool;
    int at;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    backend_submit_child_init();
    for (deed_now = DO_ADD; deed_now < DO_COUNT; deed_now++) {
        crash_everywhere(pool, 0, 6, crash_once);
        crash_everywhere(pool, 1, 6, crash_once);
        for (at = 1; vanish_once(pool, deed_now, at); at++)
            ;
        ok(at > 20, "there were calls to end at");
    }
    for (at = 8; at < 40; at++)
        test_overtaken(pool, at);
    test_unreachable(pool);
    test_nobody(pool);
    apr_pool_destroy(pool);
    return done_testing();
}
