/* What each of those who are invited is told of a series to which not everybody comes, and what his
 * calendar makes of it. */
#include "itip_helpers.h"

#define THIRD "20261208T090000Z"
#define BOTH OWN CY("ACCEPTED") "ATTENDEE:mailto:di@example.org\r\n"
#define DI OWN "ATTENDEE:mailto:di@example.org\r\n"
#define INSTANCE(place, people)                      \
    "BEGIN:VEVENT\r\nUID:u1\r\nRECURRENCE-ID:" place \
    "\r\n" STAMP("02") "DTSTART:" place "\r\nDURATION:PT1H\r\nSEQUENCE:1\r\n" people END

static const char *composed(const char *stored, const char *to, item_itip_method_t method,
                            const char *instance, const char **mail, apr_pool_t *pool)
{
    const backend_identity_t identity = {.address = "anna@example.org"};
    item_itip_send_t send = {.method = method,
                             .identity = &identity,
                             .to = list_of(to, pool),
                             .instance = instance,
                             .partial = 1,
                             .version = EAS_VERSION_16_1,
                             .key = "key",
                             .now = NOW};
    const backend_blob_t *message;
    item_itip_t *itip;

    if (item_itip_compose(blob_of_text(apr_pstrcat(pool, HEAD, stored, TAIL, NULL), pool), &send,
                          &message, pool) ||
        !message || item_itip_load(message, &itip, pool) || !itip)
        abort();
    *mail = apr_pstrmemdup(pool, message->data, message->size);
    /* as it is in a calendar that had none of it */
    {
        item_itip_who_t who = {.addresses = list_of(to, pool), .now = NOW};
        const backend_blob_t *blob;

        if (item_itip_apply(itip, NULL, &who, &blob, pool))
            abort();
        return blob ? text_of(blob, pool) : "";
    }
}

/* A mail in a calendar that has something. */
static const char *taken(const char *mail, const char *to, const char *stored, apr_pool_t *pool)
{
    item_itip_who_t who = {
        .addresses = list_of(to, pool), .senders = own_addresses(pool), .now = NOW};
    const backend_blob_t *blob;
    item_itip_t *itip;

    if (item_itip_load(blob_of_text(mail, pool), &itip, pool) || !itip ||
        item_itip_apply(itip, blob_of_text(stored, pool), &who, &blob, pool))
        abort();
    return blob ? text_of(blob, pool) : stored;
}

static int times(const char *text, const char *word)
{
    int count = 0;

    while ((text = strstr(text, word))) {
        text += strlen(word);
        count++;
    }
    return count;
}

static void test_compose(apr_pool_t *pool)
{
    static const char stored[] =
        EVENT STAMP("01") "SEQUENCE:1\r\n" WEEKLY BOTH END INSTANCE(SECOND, DI)
            INSTANCE(THIRD, "LOCATION:there\r\n");
    const char *mail,
        *text = composed(stored, "cy@example.org", ITEM_ITIP_REQUEST, NULL, &mail, pool);

    ok(has(text, "EXDATE:" SECOND) && !has(text, "RECURRENCE-ID:" SECOND),
       "who does not come to one is not told of it");
    ok(has(text, "RECURRENCE-ID:" THIRD) && times(text, "EXDATE") == 1,
       "but of one that names nobody of its own");
    text = composed(stored, "di@example.org", ITEM_ITIP_REQUEST, NULL, &mail, pool);
    ok(!has(text, "EXDATE") && has(text, "RECURRENCE-ID:" SECOND),
       "who comes to all is told of all");
    text = composed(
        EVENT STAMP(
            "01") "DTSTART;TZID=Europe/Berlin:20261124T090000\r\n"
                  "DTEND;TZID=Europe/Berlin:20261124T100000\r\nRRULE:FREQ=WEEKLY\r\n" BOTH END
                  "BEGIN:VEVENT\r\nUID:u1\r\nRECURRENCE-ID;TZID=Europe/Berlin:20261201T090000"
                  "\r\nDTSTART;TZID=Europe/Berlin:20261201T110000\r\nDURATION:PT1H\r\n" DI END,
        "cy@example.org", ITEM_ITIP_REQUEST, NULL, &mail, pool);
    ok(has(text, "EXDATE;TZID=Europe/Berlin:20261201T090000"), "in the zone of the series");
    text =
        composed(EVENT STAMP("01") "DTSTART;VALUE=DATE:20261124\r\nRRULE:FREQ=WEEKLY\r\n" BOTH END
                                   "BEGIN:VEVENT\r\nUID:u1\r\nRECURRENCE-ID;VALUE=DATE:20261201\r\n"
                                   "DTSTART;VALUE=DATE:20261201\r\n" DI END,
                 "cy@example.org", ITEM_ITIP_REQUEST, NULL, &mail, pool);
    ok(has(text, "EXDATE;VALUE=DATE:20261201"), "by its day");
    text = composed(EVENT STAMP("01") AT
                    "RRULE:FREQ=WEEKLY\r\n" BOTH END
                    "BEGIN:VEVENT\r\nUID:u1\r\nRECURRENCE-ID;RANGE=THISANDFUTURE:" THIRD
                    "\r\nDTSTART:" THIRD "\r\nDURATION:PT1H\r\n" DI END,
                    "cy@example.org", ITEM_ITIP_REQUEST, NULL, &mail, pool);
    ok(has(text, "UNTIL=20261208T085959Z") && !has(text, "THISANDFUTURE"),
       "nor of those from one on");
}

/* He is removed from one while the whole gets another place: what his calendar makes of both messages. */
static void test_removed(apr_pool_t *pool)
{
    static const char before[] = EVENT STAMP("01") "SEQUENCE:1\r\n" WEEKLY BOTH END INSTANCE(
        SECOND, BOTH "SUMMARY:other\r\n");
    static const char after[] =
        EVENT STAMP("03") "SEQUENCE:2\r\nLOCATION:there\r\n" WEEKLY BOTH END INSTANCE(SECOND, DI);
    const char *cancel, *request, *first, *mail, *text;

    first = composed(before, "cy@example.org", ITEM_ITIP_REQUEST, NULL, &mail, pool);
    composed(before, "cy@example.org", ITEM_ITIP_CANCEL, SECOND, &cancel, pool);
    composed(after, "cy@example.org", ITEM_ITIP_REQUEST, NULL, &request, pool);
    ok(has(first, "RECURRENCE-ID:" SECOND), "he was to come to all");
    text = taken(cancel, "cy@example.org", first, pool);
    ok(has(text, "EXDATE:" SECOND) && !has(text, "RECURRENCE-ID"), "the one is cancelled");
    text = taken(request, "cy@example.org", text, pool);
    ok(has(text, "LOCATION:there") && times(text, "EXDATE:" SECOND) == 1 &&
           !has(text, "RECURRENCE-ID"),
       "and stays so when the whole comes");
    text = taken(request, "cy@example.org", first, pool);
    ok(has(text, "EXDATE:" SECOND) && !has(text, "RECURRENCE-ID"), "or comes without it");
}

static void test_view(apr_pool_t *pool)
{
    static const char stored[] = HEAD EVENT STAMP("01") WEEKLY BOTH END INSTANCE(SECOND, DI)
        INSTANCE(THIRD, OWN "ATTENDEE:mailto:ed@example.org\r\n") TAIL;
    const backend_blob_t *view;
    const char *text;

    ok(!item_itip_view(blob_of_text(stored, pool), list_of("ed@example.org", pool), &view, pool) &&
           view,
       "who is invited to one");
    text = text_of(view, pool);
    ok(has(text, "RECURRENCE-ID:" THIRD) && !has(text, "RRULE") && !has(text, SECOND),
       "is told of that alone");
    ok(!item_itip_view(blob_of_text(stored, pool), list_of("x@example.org cy@example.org", pool),
                       &view, pool) &&
           has(text_of(view, pool), "EXDATE:" SECOND) && has(text_of(view, pool), "EXDATE:" THIRD),
       "by any of his addresses");
    ok(!item_itip_view(blob_of_text(stored, pool), list_of("eve@example.org", pool), &view, pool) &&
           !view,
       "who is not invited is told of nothing");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    test_compose(pool);
    test_removed(pool);
    test_view(pool);
    apr_pool_destroy(pool);
    return done_testing();
}
