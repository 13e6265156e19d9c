/* Events that are large, and changes that are: they take no more than their share of memory. */
#include "kind_helpers.h"
#include "memory.h"

#include "base/text.h"
#include "item/event.h"

static const item_kind_t *const kind = &item_event_kind;

#define HEAD "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\n"
#define BEGIN                                                             \
    "BEGIN:VEVENT\r\nUID:u1\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:x\r\n" \
    "DTSTART:19700101T100000Z\r\nRRULE:FREQ=DAILY\r\n"
#define END "END:VEVENT\r\n"
#define TAIL "END:VCALENDAR\r\n"

/* Day number n, in years of twelve short months. */
static const char *day(int year, int n, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%04d%02d%02dT100000Z", year + n / 336, n / 28 % 12 + 1, n % 28 + 1);
}

static kind_result_t change(const char *text, const char *data, apr_pool_t *pool)
{
    return kind_change(kind, kind_data(data, "Calendar", pool), EAS_VERSION_14_1,
                       blob_of_text(text, pool), pool);
}

static void has(const kind_result_t *result, const char *wanted, const char *name)
{
    ok(!result->fault && strstr(result->text, wanted), "%s", name);
}

/* What one Change may say of occurrences. */
static const char *exceptions(int count, const char *what, apr_pool_t *pool)
{
    base_text_buffer_t data = {.pool = pool};
    int i;

    base_text_buffer_puts(&data, "Exceptions{");
    for (i = 0; i < count; i++)
        base_text_buffer_printf(&data, "%sException{ExceptionStartTime=%s|%s}", i ? "|" : "",
                                day(1972, i, pool), what);
    base_text_buffer_puts(&data, "}");
    return data.data;
}

static void test_exclusions(apr_pool_t *pool)
{
    base_text_buffer_t text = {.pool = pool};
    kind_result_t result;
    int i;

    base_text_buffer_puts(&text, HEAD BEGIN);
    for (i = 0; i < 9000; i++)
        base_text_buffer_printf(&text, "EXDATE:%s\r\n", day(1990, i, pool));
    base_text_buffer_puts(&text, END TAIL);
    result = change(text.data, exceptions(1000, "Subject=y", pool), pool);
    has(&result, "RECURRENCE-ID:19720101T100000Z\r\n", "a thousand of a series with thousands");
    result = change(text.data, exceptions(1000, "Deleted=1", pool), pool);
    has(&result, "EXDATE:19720101T100000Z\r\n", "are edited, and deleted");
    result = change(text.data,
                    "StartTime=19700101T110000Z|EndTime=19700101T120000Z|"
                    "Recurrence{Type=0|Interval=1}",
                    pool);
    ok(!result.fault && strstr(result.text, "EXDATE:19900101T110000Z\r\n") &&
           !strstr(result.text, "T100000Z"),
       "of a series that moves all come along");
}

/* One line, of which each place is looked at. */
static void test_list(apr_pool_t *pool)
{
    base_text_buffer_t text = {.pool = pool};
    kind_result_t result;
    int i;

    base_text_buffer_puts(&text, HEAD BEGIN "EXDATE:19710101T100000Z");
    for (i = 0; i < 100000; i++)
        base_text_buffer_printf(&text, ",%s", day(1990, i, pool));
    base_text_buffer_puts(&text, "\r\n" END TAIL);
    result = change(text.data,
                    "StartTime=19720101T100000Z|EndTime=19720101T110000Z|"
                    "Recurrence{Type=0|Interval=1}",
                    pool);
    ok(!result.fault && !strstr(result.text, "19710101T100000Z"), "a list of 100,000 places");
}

static void test_zones(apr_pool_t *pool)
{
    base_text_buffer_t text = {.pool = pool};
    kind_result_t result;
    int i;

    base_text_buffer_puts(&text, HEAD "BEGIN:VTIMEZONE\r\nTZID:Own\r\n");
    for (i = 0; i < 1500; i++)
        base_text_buffer_printf(&text,
                                "BEGIN:STANDARD\r\nDTSTART:%04d0101T000000\r\nTZOFFSETFROM:+0100"
                                "\r\nTZOFFSETTO:+0200\r\nEND:STANDARD\r\n",
                                1700 + i % 300);
    base_text_buffer_puts(&text, "END:VTIMEZONE\r\n" BEGIN);
    for (i = 0; i < 9000; i++)
        base_text_buffer_puts(&text, "EXDATE;TZID=Own:20260101T100000\r\n");
    base_text_buffer_puts(&text, END TAIL);
    result = change(text.data, "Subject=y", pool);
    has(&result, "SUMMARY:y\r\n", "thousands of times in a zone with thousands of lines");
}

/* An occurrence that is edited is a copy of the series. */
static void test_copies(apr_pool_t *pool)
{
    base_text_buffer_t text = {.pool = pool};
    kind_result_t result;
    char *content = apr_palloc(pool, 8000001);
    int i;

    memset(content, 'A', 8000000);
    content[8000000] = '\0';
    result = change(apr_pstrcat(pool, HEAD BEGIN "ATTACH;ENCODING=BASE64;VALUE=BINARY:", content,
                                "\r\n" END TAIL, NULL),
                    exceptions(40, "Subject=y", pool), pool);
    ok(base_fault_code(result.fault) == BASE_FAULT_TOO_LARGE, "40 copies of 8 MB are too large");
    base_text_buffer_puts(&text, HEAD BEGIN);
    for (i = 0; i < 1000; i++)
        base_text_buffer_printf(&text, "X-LINE:%d\r\n", i);
    base_text_buffer_puts(&text, END TAIL);
    result = change(text.data, exceptions(30, "Subject=y", pool), pool);
    ok(base_fault_code(result.fault) == BASE_FAULT_TOO_LARGE,
       "nor is written what has too many lines to be read again");
    result = change(text.data, exceptions(10, "Subject=y", pool), pool);
    has(&result, "RECURRENCE-ID:19720110T100000Z\r\n", "ten of them fit");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    bound_memory(500L * 1024 * 1024);
    test_exclusions(pool);
    test_list(pool);
    test_zones(pool);
    test_copies(pool);
    apr_pool_destroy(pool);
    return done_testing();
}
