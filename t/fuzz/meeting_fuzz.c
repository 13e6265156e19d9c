/* The calendar of a message (iTIP), as MeetingRequest at every version, and what it does to the event
 * that there is, the answer to it, and what is sent. The input is what stands in the text/calendar
 * part. */
#include "t/fuzz/email.h"

#include "item/header.h"
#include "item/itip.h"

#define MEETING_NOW apr_time_from_sec(1800000000)

static const char stored[] =
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:u-1\r\nDTSTAMP:20250101T000000Z\r\n"
    "DTSTART:20260706T080000Z\r\nDTEND:20260706T090000Z\r\nRRULE:FREQ=DAILY;COUNT=9\r\n"
    "ORGANIZER:mailto:%s\r\nATTENDEE;PARTSTAT=ACCEPTED:mailto:anna@example.org\r\n"
    "ATTENDEE:mailto:x@example.com\r\nCATEGORIES:Kept\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

/* What is forwarded can be read; who is invited by that is so once. */
static void check_forwarded(const backend_blob_t *event, apr_array_header_t *own, apr_pool_t *pool)
{
    item_itip_forward_t forward = {
        .addresses = own, .version = EAS_VERSION_16_1, .now = MEETING_NOW};
    apr_array_header_t *people = apr_array_make(pool, 1, sizeof(item_address_t));
    const backend_blob_t *message, *once, *twice;
    item_itip_t *itip;

    APR_ARRAY_PUSH(people, item_address_t) =
        (item_address_t){.name = "Cy \"x\"", .address = "cy@example.org"};
    FUZZ_ASSERT(!item_itip_forward(event, &forward, &message, pool));
    FUZZ_ASSERT(!item_itip_load(message, &itip, pool));
    FUZZ_ASSERT(!item_itip_invite(event, people, &forward, &once, pool));
    FUZZ_ASSERT(!item_itip_invite(once, people, &forward, &twice, pool));
    FUZZ_ASSERT(once == twice);
    forward.instance = "20260707T080000Z";
    if (item_itip_forward(event, &forward, &message, pool))
        return;
    FUZZ_ASSERT(!item_itip_load(message, &itip, pool));
    FUZZ_ASSERT(!item_itip_invite(event, people, &forward, &once, pool));
    FUZZ_ASSERT(!item_itip_invite(once, people, &forward, &twice, pool));
    FUZZ_ASSERT(once == twice);
}

/* What is written is an event still; the same message does nothing more to it. */
static void check_applied(const item_itip_t *itip, const char *original, apr_array_header_t *own,
                          apr_pool_t *pool)
{
    const item_itip_who_t who = {.addresses = own, .now = MEETING_NOW};
    const backend_blob_t *blob = NULL, *again = NULL;
    item_itip_answer_t answer = {
        .response = ITEM_ITIP_TENTATIVE, .addresses = own, .now = MEETING_NOW};
    item_itip_send_t send = {.method = ITEM_ITIP_REPLY, .key = "k", .now = MEETING_NOW};
    const backend_identity_t anna = {.address = "anna@example.org", .display_name = "Anna"};
    item_itip_t *sent;

    if (item_itip_apply(itip, original ? blob_of_text(original, pool) : NULL, &who, &blob, pool) ||
        !blob)
        return;
    FUZZ_ASSERT(!item_itip_apply(itip, blob, &who, &again, pool));
    check_forwarded(blob, own, pool);
    FUZZ_ASSERT(!original ||
                strstr(apr_pstrmemdup(pool, blob->data, blob->size), "CATEGORIES:Kept"));
    answer.instance = item_itip_instance(itip);
    answer.version = send.version = EAS_VERSION_16_1;
    if (item_itip_answer(blob, &answer, &again, pool))
        return;
    send.identity = &anna;
    FUZZ_ASSERT(!item_itip_compose(again, &send, &blob, pool));
    FUZZ_ASSERT(!blob || !item_itip_load(blob, &sent, pool));
}

static void check_itip(const backend_blob_t *message, apr_pool_t *pool)
{
    apr_array_header_t *own = apr_array_make(pool, 1, sizeof(const char *));
    const char *organizer;
    item_itip_t *itip;

    APR_ARRAY_PUSH(own, const char *) = "anna@example.org";
    FUZZ_ASSERT(!item_itip_load(message, &itip, pool));
    if (!itip)
        return;
    organizer = item_itip_organizer(itip);
    check_applied(itip, NULL, own, pool);
    check_applied(itip, apr_psprintf(pool, stored, "anna@example.org"), own, pool);
    if (organizer && !strpbrk(organizer, "\r\n"))
        check_applied(itip, apr_psprintf(pool, stored, organizer), own, pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char header[] = "From: bert@example.net\r\nTo: anna@example.org\r\n"
                                 "Subject: =?utf-8?Q?K=C3=B6ln?=\r\nMIME-Version: 1.0\r\n"
                                 "Content-Type: text/calendar; charset=utf-8; method=REQUEST\r\n"
                                 "Content-Transfer-Encoding: 8bit\r\n\r\n";
    apr_pool_t *pool = fuzz_pool();
    base_text_buffer_t message = {.pool = pool};

    fuzz_once(item_child_init);
    base_text_buffer_append(&message, header, strlen(header));
    base_text_buffer_append(&message, data, size);
    check_versions(blob_of(message.data, message.length, pool), 4096, pool);
    check_itip(blob_of(message.data, message.length, pool), pool);
    apr_pool_destroy(pool);
    return 0;
}
