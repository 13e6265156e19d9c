/* Scheduling messages of who wants to take all time and memory: within a bound of memory, and without end only if
 * the alarm goes off. */
#include "itip_helpers.h"
#include "memory.h"

#include "item/event_impl.h"

static void test_hostile(apr_pool_t *pool)
{
    static const char first[] =
        EVENT STAMP("01") "RECURRENCE-ID:20261124T090000Z\r\n" AT MEETING END;
    base_text_buffer_t excluded = {.pool = pool}, many = {.pool = pool}, list = {.pool = pool};
    const char *text;
    int i;

    base_text_buffer_puts(&list, EVENT WEEKLY MEETING "EXDATE:");
    base_text_buffer_puts(&excluded, EVENT WEEKLY MEETING);
    for (i = 0; i < 40000; i++)
        base_text_buffer_printf(&list, "%s2026%04dT%06dZ", i ? "," : "", i ? 1201 : 1124,
                                i ? i : 90000);
    for (i = 0; i < 9000; i++)
        base_text_buffer_printf(&excluded, "EXDATE:20261124T%06dZ\r\n", i);
    base_text_buffer_puts(&list, "\r\n" END);
    base_text_buffer_puts(&excluded, END);
    for (i = 0; i < 3000; i++)
        base_text_buffer_printf(&many, EVENT "RECURRENCE-ID:20261124T%06dZ\r\n%s" AT END, i,
                                i ? "" : ORGANIZER);
    bound_memory(200L * 1024 * 1024);
    text = applied("REQUEST", first, "bo@example.org", list.data, pool);
    ok(has(text, "RECURRENCE-ID") && !has(text, "EXDATE:20261124T090000Z") &&
           has(text, "20261201T000001Z") && has(text, "20261201T039999Z"),
       "an occurrence that is again, among thousands that are not: the others stay");
    text = applied("REQUEST", many.data, "bo@example.org", excluded.data, pool);
    ok(has(text, "RECURRENCE-ID:20261124T000255Z") && !has(text, "RECURRENCE-ID:20261124T000256Z"),
       "of thousands of occurrences as many are taken as phones are shown");
}

/* A line more than is read: what could never be read again is not written. */
static void test_full(apr_pool_t *pool)
{
    base_text_buffer_t event = {.pool = pool};
    item_itip_answer_t yes = {
        .response = ITEM_ITIP_ACCEPTED, .addresses = own_addresses(pool), .now = NOW};
    const backend_blob_t *stored, *blob;
    item_event_source_t *source;
    int i;

    base_text_buffer_puts(&event, HEAD EVENT STAMP("01") AT MEETING);
    for (i = 0; i < 19987; i++)
        base_text_buffer_puts(&event, "X-NOTE:x\r\n");
    base_text_buffer_puts(&event, END TAIL);
    stored = blob_of_text(event.data, pool);
    ok(!item_event_open(stored, &source, pool), "an event of as many lines as are read");
    is_int(base_fault_code(item_itip_answer(stored, &yes, &blob, pool)), BASE_FAULT_TOO_LARGE,
           "an answer would be the last: it is refused");
    is_int(
        base_fault_code(item_itip_apply(
            message("CANCEL", EVENT STAMP("02") "SEQUENCE:1\r\n" AT MEETING END, "bo@example.org",
                    pool),
            stored, &(item_itip_who_t){.addresses = own_addresses(pool), .now = NOW}, &blob, pool)),
        BASE_FAULT_TOO_LARGE, "and a message");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    alarm(600);
    test_hostile(pool);
    test_full(pool);
    return done_testing();
}
