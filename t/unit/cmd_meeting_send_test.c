/* What an organizer's change of the calendar says to others goes out once, wherever the process ends. */
#include "cmd_item_helpers.h"

#include "cmd/outbox.h"
#include "state/table.h"

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

    if (cmd_outbox_create(&phone->world->service.outbox, phone->world->pool))
        abort();
    *uid = deed == DO_ADD ? 0 : deliver(phone, EVENT("20231124", ""));
    begin(phone);
    return phone;
}

static int is_answered(const phone_t *phone)
{
    return phone->answer.http == 200 && strncmp(shown(phone), "Status", 6) != 0;
}

/* The request, until it is answered. */
static int deed_insist(phone_t *phone, deed_t deed, apr_uint64_t uid)
{
    int tries = 0;

    do {
        deed_command(phone, deed, uid, "20231125");
        sync_folder(phone);
        phone->world->now += apr_time_from_sec(300); /* past the leases of whoever vanished */
    } while (!is_answered(phone) && ++tries < 6);
    return tries < 6;
}

/* Anybody asks for anything, a while later; and again, as long as something may be owed. */
static void others_come(world_t *world, apr_interval_time_t later)
{
    int i;

    for (i = 0; i < 4; i++) {
        eas_node_t *root = node(world->pool, NULL, EAS_FolderHierarchy_FolderSync, NULL);
        eas_request_t *made = request(world->pool, EAS_COMMAND_FolderSync, EAS_VERSION_14_1);
        answer_t answer;

        node(world->pool, root, EAS_FolderHierarchy_SyncKey, "0");
        made->device_id = "D2";
        world->now += later;
        answer = run(world, "carol", made, root, NULL);
        cmd_outbox_run(answer.exchange, world->now);
    }
}

static int owed(world_t *world)
{
    apr_array_header_t *entries;
    const char *next;

    if (state_table_list(world->memory, STATE_TABLE_OUTBOX, NULL, 100, &entries, &next,
                         world->pool))
        abort();
    return entries->nelts;
}

static int notes(world_t *world)
{
    return count(world, "alice", BACKEND_ROLE_INBOX);
}

/* Has the calendar what was wanted? */
static int deed_is_done(phone_t *phone, deed_t deed, apr_uint64_t uid)
{
    if (deed == DO_DELETE)
        return !*text_of(phone, uid);
    if (deed == DO_CHANGE)
        return strstr(text_of(phone, uid), "20231125T110000") != NULL;
    return *text_of(phone, 1) != 0;
}

/* Who comes after what happened. */
typedef enum {
    COMES_PHONE,       /* with its repeat, before anybody else */
    COMES_NOBODY_ELSE, /* only others: the phone is lost */
    COMES_PHONE_LATER, /* others, and then its repeat */
    COMES_COUNT
} comes_t;

static const char *const comers[] = {"the phone", "others alone", "others, then the phone"};

static void deed_judge(phone_t *phone, deed_t deed, apr_uint64_t uid, comes_t comes, int answered,
                       const char *what)
{
    world_t *world = phone->world;
    int got, sent, due;

    if (comes != COMES_PHONE)
        others_come(world, apr_time_from_sec(1300)); /* past the time of what came to nothing */
    if (comes != COMES_NOBODY_ELSE)
        answered = answered || deed_insist(phone, deed, uid);
    if (comes == COMES_PHONE)
        others_come(world, apr_time_from_sec(1300));
    due = comes != COMES_NOBODY_ELSE || deed_is_done(phone, deed, uid);
    got = count(world, "bob", BACKEND_ROLE_INBOX);
    sent = count(world, "alice", BACKEND_ROLE_SENT);
    ok((answered || comes == COMES_NOBODY_ELSE) && got == due && sent == due && !notes(world) &&
           !owed(world),
       "%s, %s, then %s: told once (%d; %d here of %d, %d in Sent, %d notes, %d owed)", deeds[deed],
       what, comers[comes], answered, got, due, sent, notes(world), owed(world));
}

static deed_t deed_now;
static comes_t comes_now;

static int crash_once(apr_pool_t *pool, crash_t crash)
{
    apr_uint64_t uid;
    phone_t *phone = deed_phone(pool, deed_now, &uid);
    int answered = 0, reached;

    crash_arm(phone->world, &crash);
    if (comes_now == COMES_PHONE)
        answered = deed_insist(phone, deed_now, uid);
    else {
        deed_command(phone, deed_now, uid, "20231125");
        sync_folder(phone);
        answered = is_answered(phone);
    }
    reached = crash_disarm(phone->world, &crash);
    deed_judge(phone, deed_now, uid, comes_now, answered, crash_text(&crash, pool));
    apr_pool_destroy(phone->world->pool);
    return reached;
}

/* The process ends at one of its calls, others take up what it left. */
static int vanish_once(apr_pool_t *pool, deed_t deed, comes_t comes, int at)
{
    apr_uint64_t uid;
    vanish_t vanish = {.at = at};
    phone_t *phone = deed_phone(pool, deed, &uid);
    world_t *world = phone->world;
    int reached;

    vanish_arm(world, &vanish);
    deed_command(phone, deed, uid, "20231125");
    sync_folder(phone);
    reached = vanish_disarm(world, &vanish);
    deed_judge(phone, deed, uid, comes, !reached, apr_psprintf(pool, "it ends at call %d", at));
    apr_pool_destroy(world->pool);
    return reached;
}

/* What takes up what is owed ends as well, at any of its calls. */
static void test_vanish_twice(apr_pool_t *pool, int first)
{
    int at, reached = 1;

    for (at = 1; reached; at++) {
        apr_uint64_t uid;
        vanish_t vanish = {.at = first};
        phone_t *phone = deed_phone(pool, DO_CHANGE, &uid);
        world_t *world = phone->world;

        vanish_arm(world, &vanish);
        deed_command(phone, DO_CHANGE, uid, "20231125");
        sync_folder(phone);
        vanish_disarm(world, &vanish);
        vanish = (vanish_t){.at = at};
        world->now += apr_time_from_sec(300);
        vanish_arm(world, &vanish);
        others_come(world, apr_time_from_sec(60));
        reached = vanish_disarm(world, &vanish);
        deed_judge(phone, DO_CHANGE, uid, COMES_NOBODY_ELSE, 0,
                   apr_psprintf(pool, "it ends at call %d, and the next one at %d", first, at));
        apr_pool_destroy(world->pool);
    }
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

/* -- all at once -------------------------------------------------------------------------------- */

typedef struct {
    phone_t *phone;
    apr_uint64_t uid;
    int left;
} crowd_t;

/* In the middle of what finishes it, at each of its calls: another child looks, and the phone is back. */
static base_fault_code_t crowd_comes(void *baton, const char *call, int after)
{
    crowd_t *crowd = baton;
    world_t *world = crowd->phone->world;
    struct cmd_outbox *outbox = world->service.outbox;

    if (after || strcmp(call, "check_password") == 0 || --crowd->left != 0)
        return BASE_FAULT_NONE;
    world->decide = NULL;
    if (cmd_outbox_create(&world->service.outbox, world->pool))
        abort();
    others_come(world, apr_time_from_sec(1));
    deed_command(crowd->phone, DO_CHANGE, crowd->uid, "20231125");
    sync_folder(crowd->phone);
    world->service.outbox = outbox;
    return BASE_FAULT_NONE;
}

/* at: of the process that ends; since: of the one that finishes. Returns whether that had so many calls. */
static int crowd_once(apr_pool_t *pool, int at, int since)
{
    apr_uint64_t uid;
    vanish_t vanish = {.at = at};
    phone_t *phone = deed_phone(pool, DO_CHANGE, &uid);
    world_t *world = phone->world;
    crowd_t crowd = {.phone = phone, .uid = uid, .left = since};
    const char *key = phone->key;

    vanish_arm(world, &vanish);
    deed_command(phone, DO_CHANGE, uid, "20231125");
    sync_folder(phone);
    vanish_disarm(world, &vanish);
    phone->key = key;
    world->decide = crowd_comes;
    world->baton = &crowd;
    others_come(world, apr_time_from_sec(60));
    world->decide = NULL;
    deed_judge(phone, DO_CHANGE, uid, COMES_PHONE_LATER, is_answered(phone),
               apr_psprintf(pool, "it ends at call %d, and at call %d all are there", at, since));
    apr_pool_destroy(world->pool);
    return crowd.left <= 0;
}

/* -- what can never be sent -------------------------------------------------------------------- */

static base_fault_code_t refuse_put(void *baton, const char *call, int after)
{
    return strcmp(call, "put") != 0 || after ? BASE_FAULT_NONE : *(base_fault_code_t *)baton;
}

static phone_t *refused(apr_pool_t *pool, base_fault_code_t *code, apr_uint64_t *uid)
{
    phone_t *phone = deed_phone(pool, DO_CHANGE, uid);

    phone->world->decide = refuse_put;
    phone->world->baton = code;
    deed_command(phone, DO_CHANGE, *uid, "20231125");
    is_str(sync_folder(phone), "", "a change is taken, whatever becomes of the mail");
    ok(strstr(text_of(phone, *uid), "20231125T110000") != NULL, "the calendar has it");
    return phone;
}

static void test_unreachable(apr_pool_t *pool)
{
    base_fault_code_t code = BASE_FAULT_UNAVAILABLE;
    apr_uint64_t uid;
    phone_t *phone = refused(pool, &code, &uid);
    world_t *world = phone->world;

    is_int(owed(world), 1, "what cannot be sent for now is owed");
    others_come(world, apr_time_from_sec(600));
    ok(owed(world) == 1 && notes(world) == 0, "for as long as it cannot");
    code = BASE_FAULT_NONE;
    others_come(world, apr_time_from_sec(3600));
    ok(owed(world) == 0 && count(world, "bob", BACKEND_ROLE_INBOX) == 1,
       "then it is sent, without the phone");
    others_come(world, apr_time_from_sec(3600));
    is_int(count(world, "bob", BACKEND_ROLE_INBOX), 1, "once");
    is_int(notes(world), 0, "and nobody is told of trouble");
}

/* For more than a day, and the organizer's mailbox takes mail again when it is given up. */
static base_fault_code_t refuse_first(void *baton, const char *call, int after)
{
    int *puts = baton;

    if (strcmp(call, "put") != 0 || after)
        return BASE_FAULT_NONE;
    return --*puts >= 0 ? BASE_FAULT_UNAVAILABLE : BASE_FAULT_NONE;
}

static void test_given_up(apr_pool_t *pool)
{
    base_fault_code_t code = BASE_FAULT_UNAVAILABLE;
    apr_uint64_t uid;
    phone_t *phone = refused(pool, &code, &uid);
    world_t *world = phone->world;
    int puts = 1;

    others_come(world, apr_time_from_sec(3600));
    world->decide = refuse_first;
    world->baton = &puts;
    others_come(world, apr_time_from_sec(22 * 3600));
    ok(count(world, "bob", BACKEND_ROLE_INBOX) == 0 && notes(world) == 1,
       "what cannot be sent for a day the organizer is told of");
    is_int(owed(world), 0, "and it is given up");
}

static void test_refused(apr_pool_t *pool)
{
    apr_uint64_t uid;
    phone_t *phone = deed_phone(pool, DO_CHANGE, &uid);
    world_t *world = phone->world;

    rewrite(phone, uid,
            EVENT("20231124", "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:eve@elsewhere.example\r\n"));
    begin(phone);
    deed_command(phone, DO_CHANGE, uid, "20231125");
    is_str(sync_folder(phone), "", "a change is taken, though one cannot be reached");
    ok(count(world, "bob", BACKEND_ROLE_INBOX) == 1, "the others are told");
    is_int(notes(world), 1, "and the organizer that one is not");
    is_int(owed(world), 0, "nothing more is to come");
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
    int at, since;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    backend_submit_child_init();
    for (deed_now = DO_ADD; deed_now < DO_COUNT; deed_now++) {
        for (comes_now = COMES_PHONE; comes_now < COMES_COUNT; comes_now++) {
            crash_everywhere(pool, 0, 6, crash_once);
            crash_everywhere(pool, 1, 6, crash_once);
            for (at = 1; vanish_once(pool, deed_now, comes_now, at); at++)
                ;
            ok(at > 20, "there were calls to end at");
        }
    }
    for (at = 15; at < 40; at++)
        test_vanish_twice(pool, at);
    for (since = 1; crowd_once(pool, 20, since); since++)
        ;
    ok(since > 10, "there were calls to be there at");
    for (since = 1; crowd_once(pool, 30, since); since++)
        ;
    for (at = 8; at < 40; at++)
        test_overtaken(pool, at);
    test_unreachable(pool);
    test_given_up(pool);
    test_refused(pool);
    test_nobody(pool);
    apr_pool_destroy(pool);
    return done_testing();
}
