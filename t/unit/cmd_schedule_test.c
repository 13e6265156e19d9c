/* What a mail from a phone does to the calendars of others here: only what its sender may say in the
 * organizer's name. */
#include "forward_helpers.h"

#define BY_EVE                               \
    "ORGANIZER:mailto:eve@elsewhere.org\r\n" \
    "ATTENDEE;PARTSTAT=ACCEPTED:mailto:alice@example.com\r\n"
#define BY_BOB_FOR_DORA                    \
    "ORGANIZER:mailto:bob@example.com\r\n" \
    "ATTENDEE:mailto:dora@example.com\r\n"
#define BY_BOBS_AGENT                                                           \
    "ORGANIZER;SENT-BY=\"mailto:alice@example.com\":mailto:bob@example.com\r\n" \
    "ATTENDEE:mailto:carol@example.com\r\n"
#define LIE                                                                              \
    "DTSTAMP:20231102T000000Z\r\nDTSTART:20231125T170000Z\r\nDTEND:20231125T180000Z\r\n" \
    "SEQUENCE:9\r\nSUMMARY:Lie\r\nURL:http://elsewhere.org/\r\n"

static const char *mime_of(const char *method, const char *event, apr_pool_t *pool)
{
    const char *lines = strstr(event, "BEGIN:VEVENT");

    return apr_pstrcat(pool,
                       "From: alice@example.com\r\nTo: carol@example.com\r\nSubject: Plan\r\n"
                       "MIME-Version: 1.0\r\nContent-Type: text/calendar; charset=utf-8; method=",
                       method, "\r\n\r\nBEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:", method, "\r\n",
                       lines, NULL);
}

/* -- what the sender's program wrote ---------------------------------------------------------- */

typedef struct {
    const char *says;        /* the event of the message */
    const char *alice, *bob; /* what their calendars have; NULL: nothing */
    const char *has;         /* what carol's has then; "": nothing */
    const char *name;
} mail_row_t;

static const mail_row_t mails[] = {
    {HEAD TIMES BY_ALICE TAIL, NULL, NULL, "SUMMARY:Plan", "one's own meeting"},
    {HEAD TIMES BY_BOB TAIL, NULL, NULL, "", "in the name of another here"},
    {HEAD LIE BY_BOB TAIL, HEAD TIMES BY_BOB TAIL, HEAD TIMES BY_BOB TAIL, "",
     "who invited the sender"},
    {HEAD TIMES BY_EVE TAIL, HEAD TIMES BY_EVE TAIL, NULL, "", "in the name of somebody elsewhere"},
    {HEAD TIMES BY_BOBS_AGENT TAIL, NULL, NULL, "", "who acts for another, as he says"},
    {HEAD TIMES BY_BOBS_AGENT TAIL, HEAD TIMES BY_BOBS_AGENT TAIL, HEAD TIMES BY_BOB TAIL, "",
     "and his own calendar"},
    {HEAD TIMES BY_BOBS_AGENT TAIL, NULL, HEAD TIMES BY_BOBS_AGENT TAIL, "SUMMARY:Plan",
     "as that one's calendar says"},
};

static void test_mails(apr_pool_t *pool)
{
    size_t i;

    for (i = 0; i < sizeof mails / sizeof *mails; i++) {
        world_t *world = meeting_world(pool);
        const char *found;

        if (mails[i].alice)
            put(world, "alice", mails[i].alice);
        if (mails[i].bob)
            put(world, "bob", mails[i].bob);
        ok(send_mail(world, "c1", mime_of("REQUEST", mails[i].says, pool)).empty, "%s: sent",
           mails[i].name);
        is_int(count(world, "carol", BACKEND_ROLE_INBOX), 1, "  it is in the Inbox");
        found = only_event(world, "carol");
        ok(*mails[i].has ? has(found, mails[i].has) : !*found, "  and %s",
           *mails[i].has ? "in the calendar" : "nowhere else");
        apr_pool_destroy(world->pool);
    }
}

/* -- what is forwarded ------------------------------------------------------------------------ */

typedef struct {
    const char *original; /* the event that is forwarded */
    int is_mail;          /* it is a message in the Inbox, and there is no such event */
    const char *says;     /* what the client writes in its place; NULL: nothing */
    const char *bob;      /* what the organizer has; NULL: nothing */
    const char *has;
    const char *name;
} forward_row_t;

static const forward_row_t forwards[] = {
    {HEAD TIMES BY_BOB TAIL, 0, NULL, HEAD TIMES BY_BOB TAIL, "SUMMARY:Plan", "an event"},
    {HEAD TIMES BY_BOB TAIL, 1, NULL, HEAD TIMES BY_BOB TAIL, "SUMMARY:Plan", "an invitation"},
    {HEAD TIMES BY_BOB TAIL, 0, HEAD LIE BY_BOB TAIL, HEAD TIMES BY_BOB TAIL, "SUMMARY:Plan",
     "with other times: those of the organizer count"},
    {HEAD LIE BY_BOB TAIL, 0, NULL, HEAD TIMES BY_BOB TAIL, "SUMMARY:Plan",
     "one's own with other times"},
    {HEAD LIE BY_BOB TAIL, 1, NULL, HEAD TIMES BY_BOB TAIL, "SUMMARY:Plan",
     "a message with other times"},
    {HEAD TIMES BY_BOB TAIL, 0, "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:m2\r\n" TIMES BY_BOB TAIL,
     HEAD TIMES BY_BOB TAIL, "", "as another one of his"},
    {HEAD TIMES BY_BOB TAIL, 0, HEAD TIMES BY_EVE TAIL, HEAD TIMES BY_BOB TAIL, "",
     "as somebody else's"},
    {HEAD TIMES BY_BOB TAIL, 0, NULL, HEAD TIMES BY_BOB_FOR_DORA TAIL, "",
     "who did not invite the sender"},
    {HEAD TIMES BY_BOB TAIL, 0, NULL, NULL, "", "who knows nothing of it"},
    {HEAD TIMES BY_BOB TAIL, 0, NULL, HEAD TIMES BY_ALICE TAIL, "", "who does not organise it"},
    {HEAD TIMES BY_EVE TAIL, 0, NULL, NULL, "SUMMARY:Plan", "an event from elsewhere"},
    {HEAD TIMES BY_EVE TAIL, 0, HEAD LIE BY_EVE TAIL, NULL, "SUMMARY:Plan",
     "with other times: those of the sender's count"},
    {HEAD TIMES BY_EVE TAIL, 1, NULL, NULL, "", "a message that was not answered"},
};

static void test_forwards(apr_pool_t *pool)
{
    size_t i;

    for (i = 0; i < sizeof forwards / sizeof *forwards; i++) {
        const forward_row_t *row = forwards + i;
        world_t *world = meeting_world(pool);
        backend_t *backend = backend_fail_inner(world->service.backend);
        const char *inbox = backend_memory_folder(backend, "alice", BACKEND_ROLE_INBOX), *found;
        const char *id =
            row->is_mail
                ? server_id(world, "alice", BACKEND_ROLE_INBOX,
                            backend_memory_deliver(backend, "alice", inbox,
                                                   mime_of("REQUEST", row->original, pool), 0, 0))
                : put(world, "alice", row->original);

        if (row->bob)
            put(world, "bob", row->bob);
        ok(forward(world, EAS_VERSION_14_1, id, NULL, row->says != NULL,
                   row->says ? mime_of("REQUEST", row->says, pool)
                             : "To: carol@example.com\r\nSubject: FW: Plan\r\n\r\nLook.\r\n")
               .empty,
           "%s: forwarded", row->name);
        is_int(count(world, "carol", BACKEND_ROLE_INBOX), 1, "  it is in the Inbox");
        found = only_event(world, "carol");
        ok(*row->has ? has(found, row->has) && !has(found, "Lie") : !*found, "  and %s",
           *row->has ? "in the calendar" : "nowhere else");
        apr_pool_destroy(world->pool);
    }
}

/* Of a series the sender passes on what he himself is told. */
static void test_series(apr_pool_t *pool)
{
    static const char stored[] = HEAD TIMES WEEKLY BY_BOB
        "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:m1\r\nRECURRENCE-ID:20231201T090000Z\r\n"
        "DTSTART:20231201T120000Z\r\nSUMMARY:Without alice\r\n" BY_BOB_FOR_DORA TAIL;
    world_t *world = meeting_world(pool);
    const char *id = put(world, "alice", HEAD TIMES WEEKLY BY_BOB TAIL), *found;

    put(world, "bob", stored);
    forward(world, EAS_VERSION_14_1, id, NULL, 0, "To: carol@example.com\r\n\r\nLook.\r\n");
    found = only_event(world, "carol");
    ok(has(found, "RRULE") && has(found, "EXDATE:20231201T090000Z") && !has(found, "Without alice"),
       "nobody passes on what he is not invited to");
}

/* -- tried again ------------------------------------------------------------------------------ */

/* After carol has it bob's mailbox is away. */
static base_fault_code_t third_put(void *baton, const char *call, int after)
{
    int *puts = baton;

    return strcmp(call, "put") == 0 && !after && ++*puts == 3 ? BASE_FAULT_UNAVAILABLE
                                                              : BASE_FAULT_NONE;
}

static void test_again(apr_pool_t *pool)
{
    static const char both[] =
        "From: alice@example.com\r\nTo: carol@example.com, bob@example.com\r\nSubject: Plan\r\n"
        "MIME-Version: 1.0\r\nContent-Type: text/calendar; charset=utf-8; method=REQUEST\r\n\r\n"
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:m1\r\n" TIMES
            BY_ALICE TAIL;
    world_t *world = meeting_world(pool);
    backend_t *backend = backend_fail_inner(world->service.backend);
    const char *folder = backend_memory_folder(backend, "carol", BACKEND_ROLE_DEFAULT);
    apr_array_header_t *entries;
    int puts = 0;

    world->decide = third_put;
    world->baton = &puts;
    is_int(send_mail(world, "c1", both).http, 503, "one of two has it");
    mail(world, "carol", BACKEND_ROLE_DEFAULT, &entries);
    is_int(entries->nelts, 1, "  in the calendar");
    backend_memory_expunge(backend, "carol", folder,
                           APR_ARRAY_IDX(entries, 0, backend_entry_t).uid);
    world->now += apr_time_from_sec(300);
    ok(send_mail(world, "c1", both).empty, "the repeat reaches the other");
    ok(has(only_event(world, "bob"), "UID:m1"), "  who has it");
    is_int(count(world, "carol", BACKEND_ROLE_DEFAULT), 0, "what was removed meanwhile stays so");
    is_int(count(world, "carol", BACKEND_ROLE_INBOX), 1, "  and there is one mail of it");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    backend_submit_child_init();
    test_mails(pool);
    test_forwards(pool);
    test_series(pool);
    test_again(pool);
    apr_pool_destroy(pool);
    return done_testing();
}
