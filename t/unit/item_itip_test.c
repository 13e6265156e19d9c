/* Scheduling messages: which can be scheduled with, what becomes of the event that there is, how its
 * owner answers, and what is sent. */
#include "itip_helpers.h"

/* -- which messages --------------------------------------------------------------------------- */

static void test_load(apr_pool_t *pool)
{
    static const struct {
        const char *method, *events;
        int taken;
    } rows[] = {{"REQUEST", EVENT AT END, 1},
                {"request", EVENT AT END, 1},
                {"CANCEL", EVENT AT END, 1},
                {"REPLY", EVENT END, 1},
                {"COUNTER", EVENT AT END, 1},
                {"DECLINECOUNTER", EVENT AT END, 1},
                {"PUBLISH", EVENT AT END, 0},
                {"ADD", EVENT AT END, 0},
                {"", EVENT AT END, 0},
                {"REQUEST", "BEGIN:VEVENT\r\n" AT END, 0},
                {"REQUEST", "BEGIN:VEVENT\r\nUID:\r\n" AT END, 0},
                {"REQUEST", "BEGIN:VTODO\r\nUID:t\r\nEND:VTODO\r\n", 0},
                {"REQUEST", EVENT AT, 0},
                {"REQUEST", "", 0}};
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        ok(!message(rows[i].method, rows[i].events, "bo@example.org", pool) == !rows[i].taken,
           "message %d", (int)i);
    is_str(item_itip_organizer(message("REQUEST", EVENT AT MEETING END, "x@example.org", pool)),
           "bo@example.org", "who organises");
    is_str(item_itip_sender(message("REQUEST", EVENT AT MEETING END, "x@example.org", pool)),
           "x@example.org", "who sends");
    is_str(item_itip_instance(
               message("REQUEST", EVENT AT "RECURRENCE-ID:" SECOND "\r\n" END, "x@y.z", pool)),
           SECOND, "which occurrence");
    ok(!item_itip_instance(message("REQUEST", EVENT WEEKLY END, "x@y.z", pool)), "or all");
}

/* -- REQUEST ---------------------------------------------------------------------------------- */

static void test_request(apr_pool_t *pool)
{
    static const char stored[] =
        EVENT STAMP("02") "SEQUENCE:1\r\n" AT MEETING
                          "SUMMARY:old\r\nX-MINE:1\r\nCATEGORIES:Mine\r\nDESCRIPTION:gone\r\n"
                          "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\n" END;
    const char *accepted =
        apr_pstrcat(pool, EVENT STAMP("02") "SEQUENCE:1\r\n" AT ORGANIZER,
                    ANNA("ACCEPTED") "SUMMARY:old\r\nCATEGORIES:Mine\r\n" END, NULL);
    const char *text =
        applied("REQUEST", EVENT STAMP("01") AT MEETING END, "bo@example.org", NULL, pool);

    ok(has(text, "\r\nUID:u1\r\n") && !has(text, "METHOD"), "a new event");
    text = applied("REQUEST",
                   EVENT STAMP("01") AT MEETING
                   "BEGIN:VALARM\r\nACTION:PROCEDURE\r\nATTACH:/bin/x\r\nEND:VALARM\r\n"
                   "BEGIN:VALARM\r\nACTION:display\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\n"
                   "BEGIN:VALARM\r\nACTION:EMAIL\r\nATTENDEE:mailto:x@y.z\r\nEND:VALARM\r\n"
                   "BEGIN:VALARM\r\nTRIGGER:-PT9M\r\nEND:VALARM\r\n" END,
                   "bo@example.org", NULL, pool);
    ok(has(text, "ACTION:display") && !has(text, "PROCEDURE") && !has(text, "EMAIL") &&
           !has(text, "PT9M"),
       "of its reminders those that only remind");
    ok(!applied("REQUEST", EVENT STAMP("01") AT OWN END, "bo@example.org", NULL, pool),
       "one's own is none");
    ok(!applied("CANCEL", EVENT STAMP("01") AT MEETING END, "bo@example.org", NULL, pool) &&
           !applied("REPLY", EVENT STAMP("01") AT MEETING END, "bo@example.org", NULL, pool),
       "nor is what answers or cancels");
    text = applied("REQUEST",
                   EVENT STAMP("03") "SEQUENCE:1\r\n" AT MEETING
                                     "SUMMARY:new\r\nCATEGORIES:His\r\n" END,
                   "bo@example.org", stored, pool);
    ok(has(text, "SUMMARY:new") && !has(text, "SUMMARY:old") && !has(text, "DESCRIPTION"),
       "the organizer's properties are his");
    ok(has(text, "X-MINE:1") && has(text, "CATEGORIES:Mine") && !has(text, "His") &&
           has(text, "BEGIN:VALARM"),
       "and the owner's stay");
    ok(!applied("REQUEST", EVENT STAMP("02") "SEQUENCE:1\r\n" AT MEETING "SUMMARY:x\r\n" END,
                "bo@example.org", stored, pool),
       "the same is not news");
    ok(!applied("REQUEST", EVENT STAMP("09") "SEQUENCE:0\r\n" AT MEETING "SUMMARY:x\r\n" END,
                "bo@example.org", stored, pool),
       "nor is what is older");
    ok(!applied("REQUEST", EVENT STAMP("03") "SEQUENCE:2\r\n" AT MEETING "SUMMARY:x\r\n" END,
                "cy@example.org", stored, pool),
       "nobody but the organizer changes it");
    ok(!applied("REQUEST",
                EVENT STAMP("03") "SEQUENCE:2\r\n" AT "ORGANIZER:mailto:cy@example.org\r\n" END,
                "cy@example.org", stored, pool),
       "nor makes it his");
    text = applied("REQUEST", EVENT STAMP("03") "SEQUENCE:1\r\n" AT MEETING "SUMMARY:new\r\n" END,
                   "bo@example.org", accepted, pool);
    ok(has(text, ANNA("ACCEPTED")) && has(text, CY("NEEDS-ACTION")),
       "an answer holds while the time is the same");
    text = applied("REQUEST",
                   EVENT STAMP("03") "SEQUENCE:2\r\nDTSTART:20261124T100000Z\r\nDTEND:20261124T"
                                     "110000Z\r\n" MEETING "CATEGORIES:His\r\n" END,
                   "bo@example.org", accepted, pool);
    ok(has(text, ANNA("NEEDS-ACTION")) && has(text, "CATEGORIES:Mine") && !has(text, "His"),
       "and not when it is another");
}

static void test_request_instances(apr_pool_t *pool)
{
    static const char stored[] =
        EVENT STAMP("02") "SEQUENCE:1\r\n" WEEKLY ORGANIZER ANNA("ACCEPTED") END;
    static const char instance[] =
        EVENT STAMP("03") "SEQUENCE:1\r\nRECURRENCE-ID:" SECOND
                          "\r\nDTSTART:20261201T150000Z\r\n" MEETING "SUMMARY:moved\r\n" END;
    static const char odd[] =
        EVENT STAMP("03") "SEQUENCE:1\r\nRECURRENCE-ID:never\r\n" AT MEETING END EVENT STAMP(
            "03") "SEQUENCE:1\r\nRECURRENCE-ID:never\r\n" AT MEETING END;
    const char *text = applied("REQUEST", instance, "bo@example.org", stored, pool), *both;

    ok(has(text, "RRULE") && has(text, "RECURRENCE-ID:" SECOND) && has(text, "SUMMARY:moved"),
       "an occurrence that is moved is an instance");
    ok(has(text, ANNA("ACCEPTED")) && has(text, ANNA("NEEDS-ACTION")),
       "which is to be answered anew");
    both = apr_pstrcat(pool, stored, instance, NULL);
    ok(!applied("REQUEST", instance, "bo@example.org", both, pool), "once");
    text = applied("REQUEST", odd, "bo@example.org", stored, pool);
    ok(text && !strstr(strstr(text, "RECURRENCE-ID") + 1, "RECURRENCE-ID"),
       "so is one that cannot be told which it is");
    text = applied("REQUEST",
                   EVENT STAMP("04") "SEQUENCE:2\r\nDTSTART:20261125T090000Z\r\nRRULE:FREQ=WEEKLY;"
                                     "COUNT=4\r\n" MEETING END,
                   "bo@example.org", both, pool);
    ok(text && !has(text, "RECURRENCE-ID"), "what has no place in the new series goes");
    text = applied("REQUEST", EVENT STAMP("04") "SEQUENCE:2\r\n" WEEKLY MEETING "SUMMARY:s\r\n" END,
                   "bo@example.org", both, pool);
    ok(has(text, "RECURRENCE-ID:" SECOND), "what has one stays");
}

/* -- CANCEL ----------------------------------------------------------------------------------- */

static void test_cancel(apr_pool_t *pool)
{
    static const char stored[] = EVENT STAMP("02") "SEQUENCE:1\r\n" WEEKLY MEETING END;
    static const char cancel[] = EVENT STAMP("03") "SEQUENCE:2\r\n" MEETING;
    const char *all = apr_pstrcat(pool, cancel, END, NULL);
    const char *one = apr_pstrcat(pool, cancel, "RECURRENCE-ID:" SECOND "\r\n" END, NULL);
    const char *text = applied("CANCEL", all, "bo@example.org", stored, pool);

    ok(has(text, "STATUS:CANCELLED") && has(text, "SEQUENCE:2"), "a meeting is cancelled");
    text = applied("CANCEL", one, "bo@example.org", stored, pool);
    ok(has(text, "EXDATE:" SECOND) && !has(text, "CANCELLED"), "an occurrence is no more");
    text = applied("REQUEST",
                   EVENT STAMP("04") "SEQUENCE:3\r\nRECURRENCE-ID:" SECOND
                                     "\r\nDTSTART:20261201T150000Z\r\n" MEETING END,
                   "bo@example.org",
                   EVENT STAMP("02") "SEQUENCE:1\r\nEXDATE:20261208T090000Z," SECOND
                                     "\r\n" WEEKLY MEETING END,
                   pool);
    ok(has(text, "RECURRENCE-ID:" SECOND) && has(text, "EXDATE:20261208T090000Z\r\n"),
       "until there is one again");
    text = applied(
        "CANCEL",
        apr_pstrcat(pool, cancel, "RECURRENCE-ID;RANGE=THISANDFUTURE:" SECOND "\r\n" END, NULL),
        "bo@example.org", stored, pool);
    ok(has(text, "RRULE:FREQ=WEEKLY;UNTIL=20261201T085959Z\r\n") && !has(text, "CANCELLED"),
       "nor is any that follows");
    ok(!applied("CANCEL", all, "cy@example.org", stored, pool), "by the organizer alone");
    ok(!applied("CANCEL", EVENT STAMP("03") "SEQUENCE:0\r\n" MEETING END, "bo@example.org", stored,
                pool),
       "not by what is older");
    ok(!applied("CANCEL", apr_pstrcat(pool, cancel, "RECURRENCE-ID:20261202T090000Z\r\n" END, NULL),
                "bo@example.org", stored, pool),
       "nor of what there is not");
}

/* -- REPLY, COUNTER --------------------------------------------------------------------------- */

static void test_reply(apr_pool_t *pool)
{
    static const char stored[] = EVENT STAMP("02") "SEQUENCE:1\r\n" WEEKLY OWN CY(
        "NEEDS-ACTION") "ATTENDEE:mailto:dora@example.org\r\n" END;
    static const char reply[] = EVENT STAMP("03") "SEQUENCE:1\r\n" OWN;
    const char *yes = apr_pstrcat(pool, reply, CY("ACCEPTED") END, NULL), *text, *later;

    text = applied("REPLY", yes, "cy@example.org", stored, pool);
    ok(has(text, "PARTSTAT=ACCEPTED;X-CALENDARSERVER-DTSTAMP=20260103T000000Z:mailto:cy"),
       "an answer is entered");
    ok(has(text, "ATTENDEE:mailto:dora@example.org"), "of who gave it");
    later = strstr(text, "BEGIN:VEVENT");
    later = apr_pstrmemdup(pool, later, (apr_size_t)(strstr(later, TAIL) - later));
    ok(!applied("REPLY", yes, "cy@example.org", later, pool), "once");
    ok(!applied("REPLY", EVENT "DTSTAMP:20260102T000000Z\r\nSEQUENCE:1\r\n" OWN CY("DECLINED") END,
                "cy@example.org", later, pool),
       "an older one does not count any more");
    ok(!applied("REPLY", EVENT STAMP("04") "SEQUENCE:0\r\n" OWN CY("DECLINED") END,
                "cy@example.org", stored, pool),
       "nor does one to what was before");
    ok(has(applied("REPLY", EVENT STAMP("04") "SEQUENCE:0\r\n" AT OWN CY("DECLINED") END,
                   "cy@example.org", stored, pool),
           "PARTSTAT=DECLINED"),
       "unless that was at the same time");
    ok(has(applied("REPLY", EVENT STAMP("04") OWN CY("DECLINED") END, "cy@example.org", stored,
                   pool),
           "PARTSTAT=DECLINED"),
       "one that does not say to what is to what is there");
    ok(!applied("REPLY", yes, "dora@example.org", stored, pool), "nobody answers for another");
    ok(!applied(
           "REPLY",
           apr_pstrcat(pool, reply, "ATTENDEE;PARTSTAT=ACCEPTED:mailto:eve@x.y\r\n", END, NULL),
           "eve@x.y", stored, pool),
       "who was not invited is none of the meeting");
    ok(!applied("REPLY", apr_pstrcat(pool, reply, CY("X-WHATEVER") END, NULL), "cy@example.org",
                stored, pool),
       "what is no answer is none");
    ok(!applied("REPLY", yes, "cy@example.org", EVENT STAMP("02") WEEKLY MEETING END, pool),
       "another's meeting takes none");
    text = applied(
        "REPLY", apr_pstrcat(pool, reply, CY("DECLINED") "RECURRENCE-ID:" SECOND "\r\n" END, NULL),
        "cy@example.org", stored, pool);
    ok(has(text, "RECURRENCE-ID:" SECOND) && has(text, "PARTSTAT=DECLINED") &&
           has(text, CY("NEEDS-ACTION")),
       "of one occurrence in an instance");
    ok(!applied("REPLY",
                apr_pstrcat(pool, reply,
                            "ATTENDEE;PARTSTAT=DECLINED:mailto:eve@x.y\r\nRECURRENCE-ID:" SECOND
                            "\r\n" END,
                            NULL),
                "eve@x.y", stored, pool),
       "which nobody makes who was not invited");
    text = applied(
        "COUNTER",
        apr_pstrcat(pool, reply, CY("NEEDS-ACTION") "DTSTART:20270101T090000Z\r\n" END, NULL),
        "cy@example.org", stored, pool);
    ok(has(text, "PARTSTAT=TENTATIVE") && !has(text, "DTSTART:20270101T090000Z"),
       "who proposes another time may come, and moves nothing");
}

/* -- who may ---------------------------------------------------------------------------------- */

/* The same, by an account of several addresses. */
static const char *applied_by(const char *method, const char *events, const char *senders,
                              const char *stored, apr_pool_t *pool)
{
    item_itip_who_t who = {
        .addresses = own_addresses(pool), .senders = list_of(senders, pool), .now = NOW};
    const backend_blob_t *blob;

    if (item_itip_apply(message(method, events, "x@example.org", pool),
                        blob_of_text(apr_pstrcat(pool, HEAD, stored, TAIL, NULL), pool), &who,
                        &blob, pool))
        return "fault";
    return text_of(blob, pool);
}

static void test_aliases(apr_pool_t *pool)
{
    static const char mine[] = EVENT STAMP("02") AT OWN CY("NEEDS-ACTION") END;
    static const char theirs[] = EVENT STAMP("02") AT MEETING END;
    static const char reply[] = EVENT STAMP("03") AT OWN;
    const char *other =
        apr_pstrcat(pool, reply, "ATTENDEE;PARTSTAT=ACCEPTED:mailto:c.y@example.org\r\n" END, NULL);
    const char *same = apr_pstrcat(pool, reply, CY("ACCEPTED") END, NULL);

    ok(has(applied_by("REPLY", other, "c.y@example.org cy@example.org", mine, pool),
           "PARTSTAT=ACCEPTED;X-CALENDARSERVER-DTSTAMP=20260103T000000Z:mailto:cy@"),
       "an attendee answers by another of his addresses");
    ok(has(applied_by("REPLY", same, "c.y@example.org cy@example.org", mine, pool), "ACCEPTED"),
       "or writes from another one");
    ok(!applied_by("REPLY", other, "dora@example.org cy@example.org", mine, pool),
       "but not by one that is not his");
    ok(!applied_by("REPLY", same, "dora@example.org", mine, pool), "nor does another for him");
    ok(has(applied_by("REPLY", same, "dora@example.org",
                      EVENT STAMP("02") AT OWN
                      "ATTENDEE;SENT-BY=\"mailto:dora@example.org\":mailto:cy@example.org\r\n" END,
                      pool),
           "PARTSTAT=ACCEPTED"),
       "unless the event says that he acts for him");
    ok(!applied_by("REPLY",
                   apr_pstrcat(pool, reply,
                               "ATTENDEE;PARTSTAT=DECLINED;SENT-BY=\"mailto:dora@example.org\":"
                               "mailto:cy@example.org\r\n" END,
                               NULL),
                   "dora@example.org", mine, pool),
       "which the message alone does not");
    ok(applied_by("CANCEL", EVENT STAMP("03") AT "ORGANIZER:mailto:b@example.org\r\n" END,
                  "b@example.org bo@example.org", theirs, pool) != NULL,
       "an organizer cancels by another of his addresses");
    ok(!applied_by("CANCEL", EVENT STAMP("03") AT MEETING END, "cy@example.org", theirs, pool) &&
           !applied_by("REQUEST",
                       EVENT STAMP("03") AT "ORGANIZER;SENT-BY=\"mailto:cy@example.org\":mailto:bo@"
                                            "example.org\r\nSUMMARY:x\r\n" END,
                       "cy@example.org", theirs, pool),
       "nobody else does, whomever he says to act for");
    ok(!applied_by("REQUEST",
                   EVENT STAMP("03") "SEQUENCE:9\r\n" AT "ORGANIZER:mailto:cy@example.org\r\n"
                                     "SUMMARY:x\r\n" END,
                   "cy@example.org", EVENT STAMP("02") AT "SUMMARY:mine\r\n" END, pool) &&
           !applied_by("CANCEL", EVENT STAMP("03") AT "ORGANIZER:mailto:cy@example.org\r\n" END,
                       "cy@example.org", EVENT STAMP("02") AT "SUMMARY:mine\r\n" END, pool),
       "an appointment of one's own is nobody's to change");
    ok(has(applied("REQUEST", EVENT STAMP("01") AT ORGANIZER ANNA("ACCEPTED") END, "bo@example.org",
                   NULL, pool),
           ANNA("NEEDS-ACTION")),
       "nobody accepts for who is invited");
}

static void test_late(apr_pool_t *pool)
{
    static const char stored[] = EVENT STAMP("05") "SEQUENCE:1\r\n" AT MEETING END;
    const char *text;

    ok(!applied("CANCEL", EVENT STAMP("04") "SEQUENCE:1\r\n" AT MEETING END, "bo@example.org",
                stored, pool),
       "a cancellation before an invitation does not undo it");
    text = applied("CANCEL", EVENT STAMP("06") "SEQUENCE:1\r\n" AT MEETING END, "bo@example.org",
                   stored, pool);
    ok(has(text, "STATUS:CANCELLED") && has(text, STAMP("06")), "one after it does");
    text = apr_pstrmemdup(pool, text + strlen(HEAD), strlen(text) - strlen(HEAD) - strlen(TAIL));
    ok(!applied("CANCEL", EVENT STAMP("07") "SEQUENCE:1\r\n" AT MEETING END, "bo@example.org", text,
                pool),
       "once");
    ok(!applied("REQUEST", EVENT STAMP("04") "SEQUENCE:1\r\n" AT MEETING END, "bo@example.org",
                text, pool),
       "an invitation that was written before does not undo that");
    text = applied("REQUEST", EVENT STAMP("07") "SEQUENCE:1\r\n" AT MEETING END, "bo@example.org",
                   text, pool);
    ok(text && !has(text, "CANCELLED"), "one that was written after it does");
}

#define PROPOSED "X-MOBILESYNC-PROPOSED-START=20261124T110000Z"

static void test_proposals(apr_pool_t *pool)
{
    static const char mine[] = EVENT STAMP("02") "SEQUENCE:1\r\n" AT OWN CY("NEEDS-ACTION");
    static const char counter[] = EVENT STAMP(
        "03") "SEQUENCE:1\r\nDTSTART:20261124T110000Z\r\nDTEND:20261124T120000Z\r\n" OWN;
    const char *stored = apr_pstrcat(pool, mine, END, NULL);
    const char *proposal = apr_pstrcat(pool, counter, CY("TENTATIVE") END, NULL), *text, *then;

    text = applied("COUNTER", proposal, "cy@example.org", stored, pool);
    ok(has(text, PROPOSED ";X-MOBILESYNC-PROPOSED-END=20261124T120000Z") &&
           has(text, "PARTSTAT=TENTATIVE") && has(text, AT),
       "what is proposed is kept");
    then = apr_pstrmemdup(pool, text + strlen(HEAD), strlen(text) - strlen(HEAD) - strlen(TAIL));
    ok(!applied("COUNTER", proposal, "cy@example.org", then, pool), "once");
    text = applied("REPLY", EVENT STAMP("04") "SEQUENCE:1\r\n" OWN CY("ACCEPTED") END,
                   "cy@example.org", then, pool);
    ok(has(text, "PARTSTAT=ACCEPTED") && !has(text, PROPOSED), "until there is an answer");
    ok(has(applied("COUNTER", apr_pstrcat(pool, counter, CY("DECLINED") END, NULL),
                   "cy@example.org", stored, pool),
           "PARTSTAT=DECLINED"),
       "who proposes may decline");
    text =
        applied("COUNTER", proposal, "cy@example.org",
                apr_pstrcat(pool, mine, "X-MICROSOFT-DISALLOW-COUNTER:TRUE\r\n" END, NULL), pool);
    ok(has(text, "PARTSTAT=TENTATIVE") && !has(text, PROPOSED),
       "but not where no proposal is taken");
}

/* -- one's own answer ------------------------------------------------------------------------- */

static base_fault_t *answer(const char *stored, item_itip_response_t response, const char *instance,
                            const char **text, apr_pool_t *pool)
{
    const char *original = apr_pstrcat(pool, HEAD, stored, TAIL, NULL);
    item_itip_answer_t wanted = {.response = response,
                                 .addresses = own_addresses(pool),
                                 .instance = instance,
                                 .version = EAS_VERSION_16_1,
                                 .now = NOW};
    const backend_blob_t *event = blob_of_text(original, pool), *blob;

    BASE_TRY(item_itip_answer(event, &wanted, &blob, pool));
    *text = blob == event ? "same" : text_of(blob, pool);
    return NULL;
}

static void test_answer(apr_pool_t *pool)
{
    static const char stored[] = EVENT STAMP("02") WEEKLY MEETING "X-A;B=c:d\r\n" END;
    const char *text = NULL;

    ok(!answer(stored, ITEM_ITIP_ACCEPTED, NULL, &text, pool) && has(text, ANNA("ACCEPTED")) &&
           has(text, CY("NEEDS-ACTION")) && has(text, STAMP("02")) && has(text, "X-A;B=c:d"),
       "accepted");
    ok(!answer(EVENT STAMP("02") AT ORGANIZER ANNA("DECLINED") END, ITEM_ITIP_DECLINED, NULL, &text,
               pool) &&
           strcmp(text, "same") == 0,
       "what is so already stays");
    ok(!answer(stored, ITEM_ITIP_TENTATIVE, "2026-12-01T09:00:00.000Z", &text, pool) &&
           has(text, "RECURRENCE-ID:" SECOND) && has(text, ANNA("TENTATIVE")) &&
           has(text, ANNA("NEEDS-ACTION")),
       "one occurrence");
    ok(!answer(EVENT STAMP("02") AT ORGANIZER CY("ACCEPTED") END, ITEM_ITIP_ACCEPTED, NULL, &text,
               pool) &&
           has(text, "ATTENDEE;PARTSTAT=ACCEPTED:mailto:anna@example.org"),
       "who was invited by a list is entered");
    is_int(base_fault_code(answer(stored, ITEM_ITIP_ACCEPTED, "20261202T090000Z", &text, pool)),
           BASE_FAULT_NOT_FOUND, "no such occurrence");
    is_int(base_fault_code(answer(stored, ITEM_ITIP_ACCEPTED, "soon", &text, pool)),
           BASE_FAULT_INVALID, "no time");
    is_int(base_fault_code(
               answer(EVENT AT MEETING END, ITEM_ITIP_ACCEPTED, "20261124T090000Z", &text, pool)),
           BASE_FAULT_UNSUPPORTED, "no series");
    is_int(base_fault_code(answer(EVENT AT OWN CY("ACCEPTED") END, 1, NULL, &text, pool)),
           BASE_FAULT_DENIED, "one's own");
    is_int(base_fault_code(answer(EVENT AT END, 1, NULL, &text, pool)), BASE_FAULT_DENIED,
           "nobody's");
}

/* -- what is sent ----------------------------------------------------------------------------- */

/* The message's calendar as it is read again; NULL: there is no message. */
static item_itip_t *sent(const char *stored, item_itip_send_t *send, const char *address,
                         const char **mail, apr_pool_t *pool)
{
    const backend_identity_t identity = {.address = address, .display_name = "An \xc3\xa4, na"};
    const char *original = apr_pstrcat(pool, HEAD, stored, TAIL, NULL);
    const backend_blob_t *message;
    item_itip_t *itip;

    send->identity = &identity;
    send->key = "key";
    send->now = NOW;
    send->version = EAS_VERSION_16_1;
    if (item_itip_compose(blob_of_text(original, pool), send, &message, pool) || !message)
        return NULL;
    *mail = text_of(message, pool);
    if (item_itip_load(message, &itip, pool))
        return NULL;
    return itip;
}

static void test_compose(apr_pool_t *pool)
{
    static const char mine[] = EVENT STAMP("02") "SEQUENCE:4\r\n" WEEKLY OWN CY("ACCEPTED")
        ANNA("ACCEPTED") "SUMMARY:L\xc3\xa4rm\r\n"
                         "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\n" END;
    static const char theirs[] =
        EVENT STAMP("02") WEEKLY ORGANIZER ANNA("ACCEPTED") CY("ACCEPTED") END;
    static const item_itip_method_t methods[] = {ITEM_ITIP_REQUEST, ITEM_ITIP_CANCEL,
                                                 ITEM_ITIP_REPLY, ITEM_ITIP_COUNTER};
    item_itip_t *itip;
    const char *mail = "";
    size_t i;

    for (i = 0; i < sizeof methods / sizeof *methods; i++) {
        item_itip_send_t send = {.method = methods[i], .text = "Hi\n"};

        itip = sent(i < 2 ? mine : theirs, &send, "anna@example.org", &mail, pool);
        ok(itip && item_itip_method(itip) == methods[i], "a message of method %d is one", (int)i);
        is_str(itip ? item_itip_sender(itip) : NULL, "anna@example.org", "from its sender");
        ok(has(mail, i < 2 ? "\r\nTo: cy@example.org\r\n" : "\r\nTo: bo@example.org\r\n"),
           "to the others");
        send.instance = "20261201T090000Z";
        itip = sent(i < 2 ? mine : theirs, &send, "anna@example.org", &mail, pool);
        is_str(itip ? item_itip_instance(itip) : NULL, SECOND, "or of one occurrence");
    }
    itip = sent(apr_pstrcat(pool, EVENT AT OWN CY("ACCEPTED") "SUMMARY:",
                            apr_pstrmemdup(pool, memset(apr_palloc(pool, 3000), 'x', 3000), 3000),
                            "\r\n" END, NULL),
                &(item_itip_send_t){.method = ITEM_ITIP_REQUEST}, "anna@example.org", &mail, pool);
    ok(itip && has(mail, "\r\nSubject: ") &&
           strcspn(strstr(mail, "\r\nSubject: ") + 2, "\r") <= 998,
       "a long subject still is a line of mail");
    ok(!sent(EVENT AT OWN ANNA("ACCEPTED") END, &(item_itip_send_t){.method = ITEM_ITIP_REQUEST},
             "anna@example.org", &mail, pool),
       "nobody is invited: none");
}

/* A message that says what the calendar has changes nothing; what is sent is entered by who gets it. */
static void test_round_trip(apr_pool_t *pool)
{
    static const char mine[] = EVENT STAMP("02") WEEKLY OWN CY("NEEDS-ACTION") "SUMMARY:s\r\n" END;
    item_itip_send_t request = {.method = ITEM_ITIP_REQUEST}, reply = {.method = ITEM_ITIP_REPLY};
    apr_array_header_t *cy = apr_array_make(pool, 1, sizeof(const char *));
    item_itip_who_t who = {.addresses = cy, .now = NOW};
    item_itip_answer_t yes = {.response = ITEM_ITIP_ACCEPTED, .addresses = cy, .now = NOW};
    const backend_blob_t *event = NULL, *answered = NULL, *again = NULL;
    const char *mail, *text;
    item_itip_t *itip = sent(mine, &request, "anna@example.org", &mail, pool);

    APR_ARRAY_PUSH(cy, const char *) = "cy@example.org";
    who.senders = own_addresses(pool);
    ok(itip && !item_itip_apply(itip, NULL, &who, &event, pool) && event, "an invitation comes");
    ok(event && !item_itip_apply(itip, event, &who, &again, pool) && !again, "once");
    ok(event && !item_itip_answer(event, &yes, &answered, pool), "it is answered");
    text = text_of(answered, pool);
    text = apr_pstrmemdup(pool, text + strlen(HEAD), strlen(text) - strlen(HEAD) - strlen(TAIL));
    itip = sent(text, &reply, "cy@example.org", &mail, pool);
    who = (item_itip_who_t){.addresses = own_addresses(pool), .senders = cy, .now = NOW};
    ok(itip &&
           !item_itip_apply(itip, blob_of_text(apr_pstrcat(pool, HEAD, mine, TAIL, NULL), pool),
                            &who, &again, pool) &&
           has(text_of(again, pool), "PARTSTAT=ACCEPTED"),
       "and the organizer has the answer");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    test_load(pool);
    test_request(pool);
    test_request_instances(pool);
    test_aliases(pool);
    test_late(pool);
    test_proposals(pool);
    test_cancel(pool);
    test_reply(pool);
    test_answer(pool);
    test_compose(pool);
    test_round_trip(pool);
    return done_testing();
}
