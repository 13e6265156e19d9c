/* Scheduling messages of who wants to take all time and memory: within a bound of memory, and without end only if
 * the alarm goes off. */
#include "itip_helpers.h"
#include "memory.h"

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

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    alarm(600);
    test_hostile(pool);
    return done_testing();
}
