/* A meeting request is answered once, whatever fails meanwhile. */
#include "send_helpers.h"

static const char invitation[] =
    "From: bob@example.com\r\nTo: alice@example.com\r\nMIME-Version: 1.0\r\n"
    "Content-Type: text/calendar; charset=utf-8; method=REQUEST\r\n\r\n"
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:m1\r\n"
    "DTSTAMP:20231101T000000Z\r\nDTSTART:20231124T090000Z\r\nDTEND:20231124T100000Z\r\n"
    "ORGANIZER:mailto:bob@example.com\r\n"
    "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:alice@example.com\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n";

/* The Status of the one Request; -HTTP code. */
static int respond(world_t *world, const char *id, const char *response)
{
    eas_node_t *body = node(world->pool, NULL, EAS_MeetingResponse_MeetingResponse, NULL);
    eas_node_t *one = node(world->pool, body, EAS_MeetingResponse_Request, NULL);
    answer_t answer;

    node(world->pool, one, EAS_MeetingResponse_UserResponse, response);
    node(world->pool, one, EAS_MeetingResponse_RequestId, id);
    node(world->pool, one, EAS_MeetingResponse_SendResponse, NULL);
    answer = run(world, "alice",
                 request(world->pool, EAS_COMMAND_MeetingResponse, EAS_VERSION_16_1), body, NULL);
    if (answer.http != 200)
        return -answer.http;
    return atoi(eas_node_child_text(eas_node_child(answer.body, EAS_MeetingResponse_Result),
                                    EAS_MeetingResponse_Status));
}

static const char *calendar_of(world_t *world)
{
    backend_session_t *session;
    apr_array_header_t *folders;
    int i;

    if (backend_session_open(backend_fail_inner(world->service.backend), "alice", &session,
                             world->pool) ||
        backend_folder_list(session, &folders, world->pool))
        abort();
    for (i = 0; i < folders->nelts; i++)
        if (APR_ARRAY_IDX(folders, i, backend_folder_t).class_ == BACKEND_CLASS_CALENDAR)
            return APR_ARRAY_IDX(folders, i, backend_folder_t).id;
    return "";
}

/* How many events the calendar has. */
static int events(world_t *world)
{
    static const backend_range_t all = {.since = APR_INT64_MIN, .before = APR_INT64_MAX};
    backend_session_t *session;
    apr_uint64_t number = 0;

    if (backend_session_open(backend_fail_inner(world->service.backend), "alice", &session,
                             world->pool) ||
        backend_folder_count(session, calendar_of(world), &all, &number, world->pool))
        abort();
    return (int)number;
}

static int crash_with(apr_pool_t *pool, crash_t crash, const char *response, int wanted)
{
    world_t *world = world_create(pool);
    backend_t *backend = backend_fail_inner(world->service.backend);
    apr_uint64_t uid = backend_memory_deliver(
        backend, "alice", backend_memory_folder(backend, "alice", BACKEND_ROLE_INBOX), invitation,
        0, world->now);
    const char *id = server_id(world, "alice", BACKEND_ROLE_INBOX, uid);
    int tries = 0, status, reached;

    crash_arm(world, &crash);
    do {
        status = respond(world, id, response);
        world->now += apr_time_from_sec(300); /* past the leases of whoever vanished */
    } while ((status == -503 || status == 3) && ++tries < 5);
    ok(status == 1 && count(world, "bob", BACKEND_ROLE_INBOX) == 1 && events(world) == wanted &&
           count(world, "alice", BACKEND_ROLE_INBOX) == 0,
       "%s: answered %s once (Status %d, %d mails, %d events)", crash_text(&crash, pool), response,
       status, count(world, "bob", BACKEND_ROLE_INBOX), events(world));
    reached = crash_disarm(world, &crash);
    apr_pool_destroy(world->pool);
    return reached;
}

/* -- the process ends ------------------------------------------------------------------------ */

typedef struct {
    const char *what, *text; /* the item; text NULL: the invitation */
    const char *response;
    int events; /* that the calendar has afterwards */
} respond_case_t;

#define EVENT(rule)                                                                           \
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//EN\r\nBEGIN:VEVENT\r\nUID:m1\r\n"      \
    "DTSTAMP:20231101T000000Z\r\nDTSTART:20231124T090000Z\r\nDTEND:20231124T100000Z\r\n" rule \
    "ORGANIZER:mailto:bob@example.com\r\n"                                                    \
    "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:alice@example.com\r\n"                             \
    "END:VEVENT\r\nEND:VCALENDAR\r\n"

static const respond_case_t respond_cases[] = {{"a message is accepted", NULL, "1", 1},
                                               {"a message is declined", NULL, "3", 0},
                                               {"an event is accepted", EVENT(""), "1", 1},
                                               {"an event is declined", EVENT(""), "3", 0}};

/* At a call, whichever, nobody is there any more; the phone repeats. */
static int vanish_once(apr_pool_t *pool, const respond_case_t *one, int at)
{
    world_t *world = world_create(pool);
    backend_t *backend = backend_fail_inner(world->service.backend);
    backend_role_t role = one->text ? BACKEND_ROLE_DEFAULT : BACKEND_ROLE_INBOX;
    const char *folder =
        one->text ? calendar_of(world) : backend_memory_folder(backend, "alice", role);
    apr_uint64_t uid = backend_memory_deliver(backend, "alice", folder,
                                              one->text ? one->text : invitation, 0, world->now);
    const char *id = apr_psprintf(world->pool, "%s:1:%" APR_UINT64_T_FMT, folder, uid);
    vanish_t vanish = {.at = at};
    int tries = 0, status, reached;

    vanish_arm(world, &vanish);
    status = respond(world, id, one->response);
    reached = vanish_disarm(world, &vanish);
    while (status < 0 && ++tries < 5) {
        status = respond(world, id, one->response);
        world->now += apr_time_from_sec(300);
    }
    ok(status == 1 && count(world, "bob", BACKEND_ROLE_INBOX) == 1 &&
           count(world, "alice", BACKEND_ROLE_SENT) == 1 && events(world) == one->events &&
           count(world, "alice", BACKEND_ROLE_INBOX) == 0,
       "%s, it ends at call %d: answered once (Status %d, %d mails, %d events)", one->what, at,
       status, count(world, "bob", BACKEND_ROLE_INBOX), events(world));
    apr_pool_destroy(world->pool);
    return reached;
}

static void test_vanish(apr_pool_t *pool)
{
    size_t i;
    int at;

    for (i = 0; i < sizeof respond_cases / sizeof *respond_cases; i++) {
        for (at = 1; vanish_once(pool, respond_cases + i, at); at++)
            ;
        ok(at > 15, "there were calls to end at");
    }
}

/* -- single calls ---------------------------------------------------------------------------- */

static int crash_accept(apr_pool_t *pool, crash_t crash)
{
    return crash_with(pool, crash, "1", 1);
}

static int crash_decline(apr_pool_t *pool, crash_t crash)
{
    return crash_with(pool, crash, "3", 0);
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    backend_submit_child_init();
    test_vanish(pool);
    crash_everywhere(pool, 0, 6, crash_accept);
    crash_everywhere(pool, 1, 3, crash_accept);
    crash_everywhere(pool, 0, 6, crash_decline);
    crash_everywhere(pool, 1, 3, crash_decline);
    apr_pool_destroy(pool);
    return done_testing();
}
