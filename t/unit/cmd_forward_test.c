/* A meeting is forwarded: by SmartForward with a message at every version, by Forwardees from 16.0 on; who
 * gets what, whose calendar knows of it, and what comes of repeats and failures. */
#include "forward_helpers.h"

#include <apr_base64.h>

static const char to_carol[] =
    "From: Alice <alice@example.com>\r\nTo: Carol <carol@example.com>\r\nSubject: FW: Plan\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n\r\nLook at this.\r\n";

static const eas_version_t versions[] = {EAS_VERSION_12_1, EAS_VERSION_14_0, EAS_VERSION_14_1,
                                         EAS_VERSION_16_0, EAS_VERSION_16_1};

/* The same with Forwardees (addresses, NULL at the end; without an @: Forwardee without Email). */
static eas_node_t *forwardees(world_t *world, const char *client_id, const char *id,
                              const char *const *addresses, const char *text)
{
    eas_node_t *body = node(world->pool, NULL, EAS_ComposeMail_SmartForward, NULL);
    eas_node_t *list, *one;

    node(world->pool, body, EAS_ComposeMail_ClientId, client_id);
    node(world->pool, node(world->pool, body, EAS_ComposeMail_Source, NULL), EAS_ComposeMail_ItemId,
         id);
    if (addresses) {
        list = node(world->pool, body, EAS_ComposeMail_Forwardees, NULL);
        for (; *addresses; addresses++) {
            one = node(world->pool, list, EAS_ComposeMail_Forwardee, NULL);
            node(world->pool, one, EAS_ComposeMail_Name, "Carol \xc3\xbc");
            if (**addresses)
                node(world->pool, one, EAS_ComposeMail_Email, *addresses);
        }
    }
    if (text) {
        one = node(world->pool, body, EAS_AirSyncBase_Body, NULL);
        node(world->pool, one, EAS_AirSyncBase_Type, "1");
        node(world->pool, one, EAS_AirSyncBase_Data, text);
    }
    return body;
}

static const char *const carol[] = {"carol@example.com", NULL};

static const char *base64_text(const char *from, apr_size_t length, apr_pool_t *pool)
{
    char *packed = apr_pcalloc(pool, length + 1), *text = apr_pcalloc(pool, length + 1),
         *to = packed;
    apr_size_t i;

    for (i = 0; i < length; i++)
        if (from[i] != '\r' && from[i] != '\n')
            *to++ = from[i];
    apr_base64_decode_binary((unsigned char *)text, packed);
    return text;
}

/* The parts of a message, decoded from base64, one after the other. */
static const char *decoded(world_t *world, const char *message)
{
    const char *part = message, *text = "";

    while ((part = strstr(part, "Content-Transfer-Encoding: base64"))) {
        const char *begin = strstr(part, "\r\n\r\n"), *end = begin ? strstr(begin, "\r\n--") : NULL;
        apr_pool_t *pool = world->pool;

        if (!begin || !end)
            break;
        text = apr_pstrcat(pool, text, base64_text(begin + 4, (apr_size_t)(end - begin - 4), pool),
                           "\n", NULL);
        part = end;
    }
    return unfolded(text, world->pool);
}

/* -- with a message --------------------------------------------------------------------------- */

static void test_versions(apr_pool_t *pool)
{
    size_t i;
    int replace;

    for (i = 0; i < sizeof versions / sizeof *versions; i++)
        for (replace = 0; replace <= (versions[i] >= EAS_VERSION_14_0); replace++) {
            world_t *world = meeting_world(pool);
            const char *id = put(world, "alice", HEAD TIMES BY_BOB OWN TAIL);
            const char *message, *calendar;
            answer_t answer;

            put(world, "bob", HEAD TIMES BY_BOB TAIL);
            answer = forward(world, versions[i], id, NULL, replace, to_carol);
            message = only(world, "carol", BACKEND_ROLE_INBOX);
            ok(answer.http == 200 && answer.empty, "%d%s: forwarded", (int)versions[i],
               replace ? ", ReplaceMime" : "");
            calendar = decoded(world, message);
            ok(has(message, "multipart/alternative") &&
                   has(message, "text/calendar; charset=utf-8; method=REQUEST"),
               "  as an invitation");
            ok(has(message, "Look at this.") &&
                   strstr(message, "Look at this.") < strstr(message, "text/calendar"),
               "  behind the user's text");
            is_int(has(message, "When: 2023-11-24 09:00 - 10:00 (UTC)"), !replace,
                   "  the meeting is quoted unless the client did so");
            ok(has(calendar, "METHOD:REQUEST") && has(calendar, "UID:m1\r\n") &&
                   has(calendar, "ORGANIZER;CN=Bob:mailto:bob@example.com"),
               "  of the same organizer");
            ok(has(calendar, "DTSTAMP:20231101T000000Z"), "  as late as it was");
            ok(!has(calendar, "Secret") && !has(calendar, "VALARM"),
               "  without what is the owner's own");
            ok(has(only_event(world, "carol"), "UID:m1"), "  which is in the calendar");
            is_str(only_event(world, "alice"), HEAD TIMES BY_BOB OWN TAIL, "  one's own stays");
            apr_pool_destroy(world->pool);
        }
}

static void test_instances(apr_pool_t *pool)
{
    static const struct {
        const char *event, *instance;
        int status;
        const char *has, *has_not;
    } rows[] = {
        {HEAD TIMES BY_BOB WEEKLY TAIL, NULL, 0, "RRULE:", "RECURRENCE-ID"},
        {HEAD TIMES BY_BOB WEEKLY TAIL, INSTANCE, 0, "RECURRENCE-ID:20231201T090000Z", "RRULE:"},
        {HEAD TIMES BY_BOB WEEKLY TAIL, "2023-12-02T09:00:00.000Z", 150, NULL, NULL},
        {HEAD TIMES BY_BOB WEEKLY TAIL, "next week", 104, NULL, NULL},
        {HEAD TIMES BY_BOB TAIL, INSTANCE, 150, NULL, NULL},
        {"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID", NULL, 150, NULL, NULL},
        {HEAD TIMES TAIL, NULL, 0, "UID:m1", "METHOD"},
    };
    size_t i, v;

    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        for (v = 0; v < sizeof versions / sizeof *versions; v++) {
            world_t *world = meeting_world(pool);
            const char *id = put(world, "alice", rows[i].event), *calendar;
            answer_t answer = forward(world, versions[v], id, rows[i].instance, 0, to_carol);
            int status = answer_status(&answer);

            if (versions[v] < EAS_VERSION_14_0 && rows[i].status)
                ok(status < 0, "row %d at 12.1: an error", (int)i);
            else
                is_int(status, rows[i].status,
                       apr_psprintf(pool, "row %d at %d", (int)i, (int)versions[v]));
            is_int(count(world, "carol", BACKEND_ROLE_INBOX), !rows[i].status, "  mails");
            calendar = decoded(world, only(world, "carol", BACKEND_ROLE_INBOX));
            if (rows[i].has)
                ok(has(calendar, rows[i].has) && !has(calendar, rows[i].has_not),
                   "  with %s, without %s", rows[i].has, rows[i].has_not);
            apr_pool_destroy(world->pool);
        }
}

/* A client that makes the invitation itself; one with a file; an answer. */
static void test_parts(apr_pool_t *pool)
{
    static const char own[] =
        "To: carol@example.com\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; "
        "boundary=b\r\n\r\n--b\r\n\r\nLook.\r\n--b\r\nContent-Type: text/calendar; "
        "method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n--b--\r\n";
    static const char file[] =
        "To: carol@example.com\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; "
        "boundary=b\r\n\r\n--b\r\n\r\nLook.\r\n--b\r\nContent-Type: image/png\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--b--\r\n";
    world_t *world = meeting_world(pool);
    const char *id = put(world, "alice", HEAD TIMES BY_BOB TAIL), *message;
    eas_node_t *body;
    answer_t answer;

    forward(world, EAS_VERSION_14_1, id, NULL, 1, own);
    message = only(world, "carol", BACKEND_ROLE_INBOX);
    ok(has(message, "Look.") && !has(decoded(world, message), "UID:m1"),
       "a client's own invitation is the only one");
    world = meeting_world(pool);
    id = put(world, "alice", HEAD TIMES BY_BOB TAIL);
    forward(world, EAS_VERSION_14_1, id, NULL, 0, file);
    message = only(world, "carol", BACKEND_ROLE_INBOX);
    ok(!has(message, "multipart/alternative") && has(message, "image/png") &&
           has(decoded(world, message), "UID:m1"),
       "a file and the meeting are beside each other");
    forward(world, EAS_VERSION_12_1, put(world, "alice", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID"),
            NULL, 0, own);
    is_int(count(world, "carol", BACKEND_ROLE_INBOX), 1, "a broken event keeps a message back");
    forward(world, EAS_VERSION_16_1,
            put(world, "alice", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:2"), NULL, 1, to_carol);
    is_int(count(world, "carol", BACKEND_ROLE_INBOX), 1, "a ClientId that was another message's");
    body = compose_body(world, EAS_ComposeMail_SmartForward, "3", to_carol);
    node(pool, node(pool, body, EAS_ComposeMail_Source, NULL), EAS_ComposeMail_ItemId,
         put(world, "alice", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:3"));
    node(pool, body, EAS_ComposeMail_ReplaceMime, NULL);
    send_body(world, body);
    is_int(count(world, "carol", BACKEND_ROLE_INBOX), 2, "but not one that needs nothing of it");
    body = compose_body(world, EAS_ComposeMail_SmartReply, "2", to_bob);
    node(pool, node(pool, body, EAS_ComposeMail_Source, NULL), EAS_ComposeMail_ItemId, id);
    answer = send_body(world, body);
    message = only(world, "bob", BACKEND_ROLE_INBOX);
    ok(answer.empty && has(message, "> When: 2023-11-24") && !has(message, "text/calendar"),
       "an answer quotes the meeting");
}

/* -- whose calendar knows of it --------------------------------------------------------------- */

static void test_organizer_elsewhere(apr_pool_t *pool)
{
    world_t *world = meeting_world(pool);
    const char *id = put(world, "alice", HEAD TIMES BY_BOB TAIL);
    answer_t answer;
    int again;

    put(world, "bob", HEAD TIMES BY_BOB TAIL);
    for (again = 0; again < 2; again++) {
        answer = send_body(world, forwardees(world, "c1", id, carol, "Look\nat this."));
        ok(answer.empty, "to Forwardees%s", again ? ", again" : "");
        is_int(count(world, "carol", BACKEND_ROLE_INBOX), 1, "  one invitation");
        is_int(count(world, "alice", BACKEND_ROLE_SENT), 1, "  one copy");
        is_int(count(world, "bob", BACKEND_ROLE_INBOX), 1, "  one note to the organizer");
    }
    ok(has(only(world, "carol", BACKEND_ROLE_INBOX), "Subject: FW: Plan\r\n") &&
           has(only(world, "carol", BACKEND_ROLE_INBOX), "To: Carol =?") &&
           has(only(world, "carol", BACKEND_ROLE_INBOX), "<carol@example.com>"),
       "its subject and recipient");
    ok(has(only(world, "carol", BACKEND_ROLE_INBOX), "Look\r\nat this."), "and text");
    ok(has(only_event(world, "carol"), "UID:m1"), "it is in the calendar");
    ok(has(only_event(world, "bob"),
           "ROLE=OPT-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:carol@example.com"),
       "and in the organizer's: who was invited");
    ok(has(only(world, "bob", BACKEND_ROLE_INBOX), "Meeting Forward Notification: Plan") &&
           has(decoded(world,
                       apr_pstrcat(pool, only(world, "bob", BACKEND_ROLE_INBOX), "\r\n--", NULL)),
               "<carol@example.com>"),
       "who is told");
    send_body(world, forwardees(world, "c2", id, carol, NULL));
    ok(count(world, "carol", BACKEND_ROLE_INBOX) == 2 &&
           count(world, "bob", BACKEND_ROLE_INBOX) == 1,
       "forwarded once more: nobody new");
}

/* What one's own calendar says of others is no reason to change theirs. */
static void test_not_invited(apr_pool_t *pool)
{
    static const char theirs[] =
        HEAD TIMES "ORGANIZER:mailto:bob@example.com\r\nATTENDEE:mailto:dora@example.com\r\n" TAIL;
    world_t *world = meeting_world(pool);
    const char *id = put(world, "alice", HEAD TIMES BY_BOB TAIL);

    put(world, "bob", theirs);
    ok(send_body(world, forwardees(world, "c1", id, carol, NULL)).empty,
       "a meeting to which the organizer did not invite");
    is_str(only_event(world, "bob"), theirs, "  his stays as it is");
    is_int(count(world, "bob", BACKEND_ROLE_INBOX), 0, "  he gets nothing");
    world = meeting_world(pool);
    world->service.meetings = 0;
    id = put(world, "alice", HEAD TIMES BY_BOB TAIL);
    put(world, "bob", HEAD TIMES BY_BOB TAIL);
    send_body(world, forwardees(world, "c1", id, carol, NULL));
    is_int(count(world, "carol", BACKEND_ROLE_INBOX), 1, "with calendars left to their owners");
    is_str(only_event(world, "bob"), HEAD TIMES BY_BOB TAIL, "  the organizer's is");
    is_str(only_event(world, "carol"), "", "  and the other's");
}

/* Who gets it blindly is told to nobody. */
static void test_blind(apr_pool_t *pool)
{
    static const char mime[] =
        "To: eve@example.com\r\nCc: carol@example.com\r\nBcc: bob@example.com\r\n\r\nLook.\r\n";
    static const char loud[] = "Cc: carol@example.com\r\nBcc: bob@example.com\r\n\r\nLook.\r\n";
    world_t *world = meeting_world(pool);
    const char *id = put(world, "alice", HEAD TIMES "ORGANIZER:mailto:alice@example.com\r\n" TAIL);
    answer_t answer = forward(world, EAS_VERSION_14_1, id, NULL, 0, mime);

    is_int(answer_status(&answer), 120, "somebody whom nothing reaches");
    is_str(only_event(world, "alice"), HEAD TIMES "ORGANIZER:mailto:alice@example.com\r\n" TAIL,
           "  nobody is invited");
    ok(forward(world, EAS_VERSION_14_1, id, NULL, 0, loud).empty, "by Cc and Bcc");
    ok(count(world, "bob", BACKEND_ROLE_INBOX) == 1 && has(only_event(world, "alice"), "carol@") &&
           !has(only_event(world, "alice"), "bob@"),
       "  the event names whom everybody may see");
}

/* A name and a subject that no line would hold. */
static void test_long(apr_pool_t *pool)
{
    world_t *world = meeting_world(pool);
    char *name = apr_pcalloc(pool, 20001);
    const char *id, *line;
    eas_node_t *body;
    size_t longest = 0;

    memset(name, 'x', 20000);
    id = put(world, "alice",
             apr_pstrcat(pool, HEAD "DTSTART:20231124T090000Z\r\n" BY_BOB "SUMMARY:", name,
                         "\r\n" TAIL, NULL));
    body = forwardees(world, "c1", id, carol, NULL);
    ((eas_node_t *)eas_node_child(eas_node_child(eas_node_child(body, EAS_ComposeMail_Forwardees),
                                                 EAS_ComposeMail_Forwardee),
                                  EAS_ComposeMail_Name))
        ->text = name;
    ok(send_body(world, body).empty, "a name of 20,000 characters");
    line = only(world, "carol", BACKEND_ROLE_INBOX);
    for (; *line; line += strcspn(line, "\n") + (line[strcspn(line, "\n")] != '\0'))
        if (strcspn(line, "\n") > longest)
            longest = strcspn(line, "\n");
    ok(longest > 0 && longest <= 998, "  the longest line has %d", (int)longest);
}

static void test_own(apr_pool_t *pool)
{
    world_t *world = meeting_world(pool);
    const char *id = put(world, "alice", HEAD TIMES BY_ALICE WEEKLY TAIL), *event, *instance;
    eas_node_t *body = forwardees(world, "c1", id, carol, NULL);

    node(pool, (eas_node_t *)eas_node_child(body, EAS_ComposeMail_Source),
         EAS_ComposeMail_InstanceId, INSTANCE);
    ok(send_body(world, body).empty, "one occurrence of one's own");
    event = only_event(world, "alice");
    instance = strstr(event, "END:VEVENT");
    ok(has(instance, "RECURRENCE-ID") && has(instance, "mailto:carol@example.com") &&
           has(instance, "mailto:bob@example.com") &&
           strstr(event, "mailto:carol@example.com") > instance,
       "  invites to that");
    ok(has(decoded(world, only(world, "carol", BACKEND_ROLE_INBOX)), "mailto:carol@example.com"),
       "  which the invitation says");
    ok(count(world, "alice", BACKEND_ROLE_INBOX) == 0 &&
           count(world, "bob", BACKEND_ROLE_INBOX) == 0,
       "  nobody else is told");
    send_body(world, forwardees(world, "c2", id, carol, NULL));
    event = only_event(world, "alice");
    ok(strstr(event, "mailto:carol@example.com") < strstr(event, "END:VEVENT"),
       "all of it: the series as well");
}

/* -- what is wrong ---------------------------------------------------------------------------- */

static void test_statuses(apr_pool_t *pool)
{
    static const char *const nobody[] = {NULL}, *const nameless[] = {"", NULL},
                             *const broken[] = {"carol@example.com, eve", NULL},
                             *const line[] = {"a@b\r\nBcc: eve@example.com", NULL};
    static const struct {
        const char *const *addresses;
        const char *text;
        eas_tag_t beside; /* AirSync_Sync: nothing */
        int status;
        const char *name;
    } rows[] = {
        {nobody, NULL, EAS_AirSync_Sync, 179, "Forwardees without any"},
        {nameless, NULL, EAS_AirSync_Sync, 179, "a Forwardee without Email"},
        {broken, NULL, EAS_AirSync_Sync, 179, "an Email that is none"},
        {line, NULL, EAS_AirSync_Sync, 179, "an Email of lines"},
        {carol, NULL, EAS_ComposeMail_Mime, 178, "with Mime"},
        {carol, NULL, EAS_ComposeMail_ReplaceMime, 178, "with ReplaceMime"},
        {carol, NULL, EAS_ComposeMail_SaveInSentItems, 178, "with SaveInSentItems"},
        {carol, NULL, EAS_RightsManagement_TemplateID, 178, "with TemplateID"},
        {NULL, "text", EAS_ComposeMail_Mime, 178, "Body with Mime"},
        {NULL, "text", EAS_AirSync_Sync, 119, "Body without Forwardees"},
    };
    world_t *world = meeting_world(pool);
    backend_t *backend = backend_fail_inner(world->service.backend);
    const char *inbox = backend_memory_folder(backend, "alice", BACKEND_ROLE_INBOX), *mail_id;
    const char *id = put(world, "alice", HEAD TIMES BY_BOB TAIL);
    eas_node_t *body;
    answer_t answer;
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        body = forwardees(world, "c1", id, rows[i].addresses, rows[i].text);
        if (rows[i].beside != EAS_AirSync_Sync)
            node(pool, body, rows[i].beside, "x");
        answer = send_body(world, body);
        is_int(answer_status(&answer), rows[i].status, rows[i].name);
    }
    body = forwardees(world, "c1", id, carol, NULL);
    answer =
        run(world, "alice", request(pool, EAS_COMMAND_SmartForward, EAS_VERSION_14_1), body, NULL);
    is_int(answer_status(&answer), 103, "Forwardees at 14.1");
    mail_id = server_id(world, "alice", BACKEND_ROLE_INBOX,
                        backend_memory_deliver(backend, "alice", inbox, to_bob, 0, world->now));
    answer = send_body(world, forwardees(world, "c1", mail_id, carol, NULL));
    is_int(answer_status(&answer), 179, "Forwardees of a message");
    is_int(count(world, "carol", BACKEND_ROLE_INBOX), 0, "nothing went out");
    ok(send_body(world, forwardees(world, "c1", id, carol, NULL)).empty,
       "then the same ClientId sends");
}

/* What nobody takes is not sent, and can be sent later. */
static void test_submission(apr_pool_t *pool)
{
    static const char *const eve[] = {"carol@example.com", "eve@elsewhere.org", NULL};
    world_t *world = meeting_world(pool);
    const char *id = put(world, "alice", HEAD TIMES BY_ALICE TAIL);
    sendmail_t sendmail;
    answer_t answer;

    sendmail_create(world, &sendmail);
    sendmail_write(&sendmail, "then", "exit 75\n", pool);
    answer = send_body(world, forwardees(world, "c1", id, eve, NULL));
    is_int(answer_status(&answer), -503, "a submission that fails");
    sendmail_write(&sendmail, "then", "exit 67\n", pool);
    answer = send_body(world, forwardees(world, "c1", id, eve, NULL));
    is_int(answer_status(&answer), 120, "one that is refused");
    ok(count(world, "carol", BACKEND_ROLE_INBOX) == 0 && !has(only_event(world, "alice"), "eve"),
       "nobody is invited");
    sendmail_write(&sendmail, "then", "exit 0\n", pool);
    ok(send_body(world, forwardees(world, "c1", id, eve, NULL)).empty &&
           send_body(world, forwardees(world, "c1", id, eve, NULL)).empty,
       "tried again");
    is_int(sendmail_calls(&sendmail, pool), 3, "it goes out once");
    ok(count(world, "carol", BACKEND_ROLE_INBOX) == 1 && has(only_event(world, "alice"), "eve"),
       "everybody is invited");
}

static int crash_forward(apr_pool_t *pool, crash_t crash)
{
    world_t *world = meeting_world(pool);
    const char *id = put(world, "alice", HEAD TIMES BY_BOB TAIL);
    answer_t answer;
    int tries = 0, reached;

    put(world, "bob", HEAD TIMES BY_BOB TAIL);
    crash_arm(world, &crash);
    do {
        answer = send_body(world, forwardees(world, "c1", id, carol, NULL));
        world->now += apr_time_from_sec(300); /* past the leases of whoever vanished */
    } while (answer.http != 200 && ++tries < 5);
    ok(answer.empty && count(world, "carol", BACKEND_ROLE_INBOX) == 1 &&
           count(world, "bob", BACKEND_ROLE_INBOX) == 1 &&
           count(world, "alice", BACKEND_ROLE_SENT) == 1 &&
           has(only_event(world, "bob"), "carol@example.com"),
       "%s: forwarded once (HTTP %d, %d, %d, %d)", crash_text(&crash, pool), answer.http,
       count(world, "carol", BACKEND_ROLE_INBOX), count(world, "bob", BACKEND_ROLE_INBOX),
       count(world, "alice", BACKEND_ROLE_SENT));
    reached = crash_disarm(world, &crash);
    apr_pool_destroy(world->pool);
    return reached;
}

/* An invitation that came as a message goes on as it came. */
static void test_message(apr_pool_t *pool)
{
    static const char part[] =
        "Content-Type: text/calendar; charset=utf-8; method=REQUEST\r\n\r\n"
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nX-KEPT:as it is\r\nBEGIN:VEVENT\r\n"
        "UID:m1\r\n" TIMES BY_BOB "END:VEVENT\r\nEND:VCALENDAR\r\n";
    world_t *world = meeting_world(pool);
    backend_t *backend = backend_fail_inner(world->service.backend);
    const char *inbox = backend_memory_folder(backend, "alice", BACKEND_ROLE_INBOX), *id, *message;
    apr_array_header_t *entries;

    put(world, "bob", HEAD TIMES BY_BOB TAIL);
    id = server_id(world, "alice", BACKEND_ROLE_INBOX,
                   backend_memory_deliver(
                       backend, "alice", inbox,
                       apr_pstrcat(pool, "From: bob@example.com\r\nSubject: Plan\r\n", part, NULL),
                       0, world->now));
    ok(forward(world, EAS_VERSION_14_1, id, NULL, 0, to_carol).empty, "a meeting request");
    message = only(world, "carol", BACKEND_ROLE_INBOX);
    ok(has(message, "multipart/alternative") && has(message, part), "  goes on as it came");
    ok(has(only_event(world, "carol"), "UID:m1"), "  is in the calendar");
    ok(has(only_event(world, "bob"), "carol@example.com") &&
           count(world, "bob", BACKEND_ROLE_INBOX) == 1,
       "  the organizer learns of it");
    mail(world, "alice", BACKEND_ROLE_INBOX, &entries);
    ok(APR_ARRAY_IDX(entries, 0, backend_entry_t).token & BACKEND_FLAG_FORWARDED,
       "  and it is marked");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    backend_submit_child_init();
    if (!mkdtemp(root))
        return 1;
    test_versions(pool);
    test_instances(pool);
    test_parts(pool);
    test_organizer_elsewhere(pool);
    test_not_invited(pool);
    test_blind(pool);
    test_long(pool);
    test_own(pool);
    test_statuses(pool);
    test_submission(pool);
    test_message(pool);
    crash_everywhere(pool, 0, 6, crash_forward);
    crash_everywhere(pool, 1, 3, crash_forward);
    ok(system(apr_pstrcat(pool, "rm -rf ", root, NULL)) == 0, "cleaned up");
    apr_pool_destroy(pool);
    return done_testing();
}
