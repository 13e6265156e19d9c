/* Whom an organizer's change is told to: a table of changes, and random edits that change no schedule. */
#include "item_helpers.h"
#include "memory.h"

#include <apr_strings.h>

#include "item/itip_diff.h"

#define NOW apr_time_from_sec(1795435200) /* 2026-11-23 12:00 UTC */

#define ME "ORGANIZER:mailto:Me@example.org\r\n"
#define EVE "ATTENDEE:mailto:eve@example.com\r\n"
#define JOE "ATTENDEE;PARTSTAT=ACCEPTED:mailto:joe@example.com\r\n"
#define BOTH ME EVE JOE
#define AT "DTSTART:20301104T090000Z\r\nDTEND:20301104T100000Z\r\n"
#define LATER "DTSTART:20301104T100000Z\r\nDTEND:20301104T110000Z\r\n"
#define PAST "DTSTART:20201104T090000Z\r\nDTEND:20201104T100000Z\r\n"
#define WEEKLY AT "RRULE:FREQ=WEEKLY\r\n"
#define OF(place) "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:u1\r\nRECURRENCE-ID:" place "\r\n"
#define SECOND OF("20301111T090000Z")
#define THIRD OF("20301118T090000Z")
#define SECOND_AT "DTSTART:20301111T090000Z\r\nDTEND:20301111T100000Z\r\n"
#define SECOND_LATER "DTSTART:20301111T110000Z\r\nDTEND:20301111T120000Z\r\n"
#define PAST_WEEKLY PAST "RRULE:FREQ=WEEKLY\r\n"
#define THIRD_AT "DTSTART:20301118T090000Z\r\nDTEND:20301118T100000Z\r\n"
#define THIRD_LATER "DTSTART:20301118T110000Z\r\nDTEND:20301118T120000Z\r\n"

static const struct {
    const char *before, *after; /* lines; NULL: there is none */
    const char *sendings;       /* METHOD[@instance][ of what was][, then]: recipients|... */
    const char *name;
} rows[] = {
    {NULL, AT BOTH, "REQUEST: eve joe", "a new meeting"},
    {NULL, AT ME, "", "an appointment with an organizer"},
    {NULL, AT EVE JOE, "", "a meeting that nobody organises"},
    {NULL, AT "ORGANIZER:mailto:eve@example.com\r\n" JOE, "", "another's meeting"},
    {NULL, AT "ORGANIZER:mailto:alias@example.org\r\n" EVE, "REQUEST: eve", "by another address"},
    {NULL, AT BOTH "ATTENDEE:mailto:me@example.org\r\n", "REQUEST: eve joe", "oneself is not told"},
    {NULL, AT BOTH "ATTENDEE:MAILTO:EVE@example.com\r\n", "REQUEST: eve joe", "each once"},
    {NULL, AT ME "ATTENDEE;SCHEDULE-AGENT=NONE:mailto:eve@example.com\r\n" JOE, "REQUEST: joe",
     "another agent tells her"},
    {NULL, AT ME EVE "ATTENDEE:urn:uuid:1\r\nATTENDEE:mailto:a b\r\n", "REQUEST: eve",
     "who has no address"},
    {NULL, PAST BOTH, "", "what is over"},
    {NULL, AT BOTH "STATUS:CANCELLED\r\n", "", "what is cancelled already"},
    {AT BOTH, NULL, "CANCEL of what was: eve joe", "deleted"},
    {PAST BOTH, NULL, "", "deleted when it is over"},
    {AT BOTH "STATUS:CANCELLED\r\n", NULL, "", "deleted when it is cancelled"},
    {AT "ORGANIZER:mailto:eve@example.com\r\n" JOE, NULL, "", "deleted by an attendee"},
    {AT BOTH, AT BOTH "STATUS:CANCELLED\r\n", "CANCEL of what was: eve joe", "cancelled"},
    {AT BOTH "STATUS:CANCELLED\r\n", AT BOTH, "REQUEST: eve joe", "not cancelled any more"},
    {AT, AT BOTH, "REQUEST: eve joe", "an appointment becomes a meeting"},
    {AT BOTH, AT BOTH "SUMMARY:x\r\nDESCRIPTION:y\r\nCATEGORIES:z\r\nSEQUENCE:5\r\n", "",
     "no schedule"},
    {AT BOTH, AT ME EVE "ATTENDEE;PARTSTAT=DECLINED:mailto:joe@example.com\r\n", "", "an answer"},
    {AT BOTH, "DTSTART:20301104T090000Z\r\nDURATION:PT1H\r\n" BOTH, "", "the same times"},
    {AT BOTH, LATER BOTH, "REQUEST: eve joe", "moved"},
    {AT BOTH, AT BOTH "LOCATION:x\r\n", "REQUEST: eve joe", "another place"},
    {AT BOTH, WEEKLY BOTH, "REQUEST: eve joe", "it recurs"},
    {WEEKLY BOTH, AT "RRULE:FREQ=DAILY\r\n" BOTH, "REQUEST: eve joe", "another rule"},
    {PAST BOTH, AT BOTH, "REQUEST: eve joe", "from the past"},
    {AT BOTH, PAST BOTH, "REQUEST: eve joe", "into the past"},
    {AT ME EVE, AT BOTH, "REQUEST: joe", "one is added"},
    {AT BOTH, AT ME EVE, "CANCEL of what was: joe", "one is removed"},
    {AT BOTH, AT ME, "CANCEL of what was: eve joe", "all are removed"},
    {AT ME EVE, LATER ME JOE, "CANCEL of what was: eve|REQUEST: joe", "another, at another time"},
    {WEEKLY BOTH, WEEKLY BOTH SECOND BOTH SECOND_AT "SUMMARY:x\r\n", "", "another subject of one"},
    {WEEKLY BOTH, WEEKLY BOTH SECOND BOTH SECOND_LATER, "REQUEST@20301111T090000Z: eve joe",
     "one is moved"},
    {WEEKLY BOTH, WEEKLY BOTH SECOND SECOND_LATER, "REQUEST@20301111T090000Z: eve joe",
     "an instance without people of its own"},
    {WEEKLY BOTH SECOND BOTH SECOND_LATER, WEEKLY BOTH, "REQUEST@20301111T090000Z: eve joe",
     "and back"},
    {WEEKLY BOTH, WEEKLY BOTH "EXDATE:20301111T090000Z\r\n",
     "CANCEL@20301111T090000Z of what was: eve joe", "one is deleted"},
    {WEEKLY BOTH "EXDATE:20301111T090000Z\r\n", WEEKLY BOTH "EXDATE:20301111T090000Z\r\n", "",
     "one was deleted"},
    {WEEKLY BOTH "EXDATE:20301111T090000Z\r\n", WEEKLY BOTH, "REQUEST@20301111T090000Z: eve joe",
     "one is there again"},
    {WEEKLY BOTH, WEEKLY BOTH SECOND BOTH SECOND_AT "STATUS:CANCELLED\r\n",
     "CANCEL@20301111T090000Z of what was: eve joe", "one is cancelled"},
    {WEEKLY ME EVE, WEEKLY ME EVE SECOND BOTH SECOND_AT, "REQUEST@20301111T090000Z: joe",
     "one is added to one"},
    {WEEKLY BOTH, WEEKLY BOTH SECOND ME EVE SECOND_AT, "CANCEL@20301111T090000Z of what was: joe",
     "one is removed from one"},
    {WEEKLY ME EVE SECOND ME EVE SECOND_LATER, WEEKLY BOTH SECOND BOTH SECOND_LATER, "REQUEST: joe",
     "one is added to all"},
    {WEEKLY BOTH SECOND BOTH SECOND_LATER, WEEKLY ME EVE SECOND ME EVE SECOND_LATER,
     "CANCEL of what was: joe", "one is removed from all"},
    {WEEKLY BOTH, WEEKLY BOTH SECOND BOTH SECOND_LATER THIRD BOTH THIRD_LATER, "REQUEST: eve joe",
     "several are moved: one message"},
    {WEEKLY BOTH, LATER "RRULE:FREQ=WEEKLY\r\n" BOTH "EXDATE:20301111T090000Z\r\n",
     "REQUEST: eve joe", "all is moved: one message"},
    {WEEKLY ME EVE SECOND BOTH SECOND_AT, LATER "RRULE:FREQ=WEEKLY\r\n" ME EVE,
     "REQUEST: eve|CANCEL@20301111T090000Z of what was: joe",
     "all is moved, and who was invited to one is not to come"},
    {WEEKLY ME EVE SECOND BOTH SECOND_AT THIRD BOTH THIRD_LATER, WEEKLY ME EVE,
     "CANCEL@20301111T090000Z of what was: joe|CANCEL@20301118T090000Z of what was: joe|"
     "REQUEST@20301118T090000Z: eve",
     "nor who was invited to several"},
    {NULL, WEEKLY ME EVE SECOND BOTH SECOND_AT, "REQUEST: eve|REQUEST@20301111T090000Z: joe",
     "a new series, to one of which somebody is invited"},
    {WEEKLY ME EVE SECOND BOTH SECOND_AT, NULL,
     "CANCEL of what was: eve|CANCEL@20301111T090000Z of what was: joe", "that is deleted"},
    {WEEKLY ME EVE SECOND BOTH SECOND_AT,
     WEEKLY ME EVE SECOND BOTH SECOND_AT "STATUS:CANCELLED\r\n",
     "CANCEL@20301111T090000Z of what was: eve joe", "that one is cancelled"},
    {WEEKLY ME EVE SECOND BOTH SECOND_AT,
     WEEKLY ME EVE "STATUS:CANCELLED\r\n" SECOND BOTH SECOND_AT,
     "CANCEL of what was: eve|CANCEL@20301111T090000Z of what was: joe", "all is cancelled"},
    {WEEKLY ME EVE SECOND BOTH SECOND_AT, WEEKLY ME EVE SECOND ME EVE SECOND_AT,
     "CANCEL@20301111T090000Z of what was: joe", "who is removed from his only one"},
    {WEEKLY ME EVE SECOND BOTH SECOND_AT, WEEKLY ME EVE SECOND BOTH SECOND_LATER,
     "REQUEST@20301111T090000Z: eve joe", "his only one is moved"},
    {WEEKLY ME EVE SECOND BOTH SECOND_AT, WEEKLY ME EVE "EXDATE:20301111T090000Z\r\n",
     "CANCEL@20301111T090000Z of what was: eve joe", "his only one is deleted"},
    {WEEKLY ME EVE SECOND BOTH SECOND_AT, WEEKLY ME EVE "LOCATION:x\r\n" SECOND BOTH SECOND_AT,
     "REQUEST: eve", "the others are moved, which is none of his business"},
    {WEEKLY ME EVE SECOND BOTH SECOND_AT,
     WEEKLY ME EVE "LOCATION:x\r\n" SECOND BOTH SECOND_AT "LOCATION:x\r\n",
     "REQUEST: eve|REQUEST@20301111T090000Z: joe", "all are, which is"},
    {WEEKLY ME EVE SECOND BOTH SECOND_AT, WEEKLY BOTH SECOND BOTH SECOND_AT, "REQUEST: joe",
     "who was invited to one is invited to all"},
    {WEEKLY ME EVE, WEEKLY ME EVE SECOND BOTH SECOND_AT THIRD BOTH THIRD_AT,
     "REQUEST@20301111T090000Z: joe|REQUEST@20301118T090000Z: joe", "one is added to two"},
    {WEEKLY BOTH SECOND BOTH SECOND_LATER, WEEKLY ME EVE SECOND BOTH SECOND_LATER,
     "CANCEL of what was: joe|REQUEST@20301111T090000Z, then: joe",
     "who is removed from all but one"},
    {WEEKLY BOTH SECOND BOTH SECOND_AT, WEEKLY ME EVE SECOND BOTH SECOND_LATER,
     "CANCEL of what was: joe|REQUEST@20301111T090000Z, then: eve joe", "which is moved"},
    {WEEKLY BOTH SECOND BOTH SECOND_AT, LATER "RRULE:FREQ=WEEKLY\r\n" ME EVE SECOND BOTH SECOND_AT,
     "CANCEL of what was: joe|REQUEST: eve|REQUEST@20301111T090000Z, then: joe",
     "from all that are moved"},
    {WEEKLY ME EVE "STATUS:CANCELLED\r\n" SECOND BOTH SECOND_AT,
     WEEKLY ME EVE SECOND BOTH SECOND_AT, "REQUEST: eve|REQUEST@20301111T090000Z: joe",
     "a series that is not cancelled any more"},
    {WEEKLY BOTH SECOND ME EVE SECOND_AT, WEEKLY "LOCATION:x\r\n" BOTH SECOND ME EVE SECOND_AT,
     "REQUEST: eve|REQUEST: joe", "all is told, and one is not to come to one: another message"},
    {WEEKLY BOTH, WEEKLY "LOCATION:x\r\n" BOTH SECOND ME EVE SECOND_AT,
     "CANCEL@20301111T090000Z of what was: joe|REQUEST: eve|REQUEST, then: joe",
     "who is removed from one while all is changed"},
    {WEEKLY BOTH, WEEKLY "LOCATION:x\r\n" BOTH SECOND ME EVE SECOND_AT THIRD ME EVE THIRD_AT,
     "CANCEL@20301111T090000Z of what was: joe|CANCEL@20301118T090000Z of what was: joe|"
     "REQUEST: eve|REQUEST, then: joe",
     "from several: each once"},
    {WEEKLY BOTH, LATER "RRULE:FREQ=WEEKLY\r\n" BOTH OF("20301111T100000Z") ME EVE SECOND_AT,
     "REQUEST: eve|REQUEST: joe", "all is moved: there is nothing to be taken away from"},
    {WEEKLY BOTH SECOND ME EVE SECOND_AT, WEEKLY "LOCATION:x\r\n" BOTH SECOND BOTH SECOND_AT,
     "REQUEST: eve joe", "who comes to all again is told like all"},
    {WEEKLY BOTH "ATTENDEE:mailto:al@example.com\r\n" SECOND ME EVE SECOND_AT,
     WEEKLY "LOCATION:x\r\n" BOTH
            "ATTENDEE:mailto:al@example.com\r\n" SECOND ME EVE SECOND_AT THIRD ME JOE
            "ATTENDEE:mailto:AL@example.com\r\n" THIRD_AT,
     "CANCEL@20301118T090000Z of what was: eve|REQUEST, then: eve|REQUEST: joe al",
     "who is told of the same gets the same message"},
    {WEEKLY ME EVE SECOND BOTH SECOND_AT, WEEKLY BOTH SECOND ME EVE SECOND_AT,
     "CANCEL@20301111T090000Z of what was: joe|REQUEST, then: joe",
     "who came to one alone, and now to all but that one"},
    {PAST_WEEKLY BOTH,
     PAST_WEEKLY "LOCATION:x\r\n" BOTH OF("20201111T090000Z") ME EVE
     "DTSTART:20201111T090000Z\r\nDTEND:20201111T100000Z\r\n",
     "REQUEST: eve|REQUEST: joe", "removed from one that is over: no CANCEL of it"},
    {PAST_WEEKLY ME EVE OF("20201111T090000Z") BOTH
     "DTSTART:20201111T090000Z\r\nDTEND:20201111T100000Z\r\n",
     PAST_WEEKLY ME EVE "LOCATION:x\r\n", "REQUEST: eve",
     "who was invited to one that is over is not told"},
};

static const backend_blob_t *event(const char *lines, apr_pool_t *pool)
{
    return lines ? blob_of_text(apr_pstrcat(pool,
                                            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\n"
                                            "UID:u1\r\n",
                                            lines, "END:VEVENT\r\nEND:VCALENDAR\r\n", NULL),
                                pool)
                 : NULL;
}

static const char *sendings_text(const apr_array_header_t *sendings, apr_pool_t *pool)
{
    const char *text = "";
    int i, k;

    for (i = 0; i < sendings->nelts; i++) {
        const item_itip_sending_t *one = &APR_ARRAY_IDX(sendings, i, item_itip_sending_t);

        text = apr_pstrcat(
            pool, text, i ? "|" : "", one->method == ITEM_ITIP_CANCEL ? "CANCEL" : "REQUEST",
            one->instance ? "@" : "", one->instance ? one->instance : "",
            one->of_before ? " of what was" : "", one->follows ? ", then:" : ":", NULL);
        for (k = 0; k < one->to->nelts; k++) {
            const char *address = APR_ARRAY_IDX(one->to, k, const char *);

            text = apr_pstrcat(pool, text, " ",
                               apr_pstrmemdup(pool, address, strcspn(address, "@")), NULL);
        }
    }
    return text;
}

static const char *diff(const char *before, const char *after, apr_pool_t *pool)
{
    apr_array_header_t *own = apr_array_make(pool, 2, sizeof(const char *)), *sendings;
    base_fault_t *fault;

    APR_ARRAY_PUSH(own, const char *) = "me@example.org";
    APR_ARRAY_PUSH(own, const char *) = "alias@example.org";
    fault = item_itip_diff(event(before, pool), event(after, pool), own, NOW, &sendings, pool);
    return fault ? fault->message : sendings_text(sendings, pool);
}

/* Some of the lines, each or not. */
static const char *some(unsigned choice, apr_pool_t *pool)
{
    static const char *const lines[] = {"SUMMARY:x\r\n",
                                        "DESCRIPTION:LOCATION is unknown\r\n",
                                        "CATEGORIES:a,b\r\n",
                                        "TRANSP:TRANSPARENT\r\n",
                                        "CLASS:PRIVATE\r\n",
                                        "PRIORITY:1\r\n",
                                        "X-OTHER:y\r\n",
                                        "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\n"
                                        "END:VALARM\r\n"};
    const char *text = "";
    size_t i;

    for (i = 0; i < sizeof lines / sizeof *lines; i++)
        if (choice & (1u << i))
            text = apr_pstrcat(pool, text, lines[i], NULL);
    return text;
}

static void test_nothing(apr_pool_t *parent)
{
    static const char *const bases[] = {AT BOTH, WEEKLY BOTH, PAST BOTH, WEEKLY ME EVE,
                                        WEEKLY BOTH "EXDATE:20301111T090000Z\r\n"};
    unsigned seed = 20261123;
    int i, wrong = 0;
    apr_pool_t *pool;

    apr_pool_create(&pool, parent);
    for (i = 0; i < 2000 && !wrong; i++) {
        const char *base = bases[(seed >> 8) % 5], *before, *after, *got;

        seed = seed * 1664525u + 1013904223u;
        before = apr_pstrcat(pool, base, some(seed >> 16, pool), NULL);
        seed = seed * 1664525u + 1013904223u;
        after = apr_pstrcat(pool, base, some(seed >> 16, pool), NULL);
        got = diff(before, after, pool);
        if (*got) {
            printf("# %s\n# %s\n# %s\n", before, after, got);
            wrong = 1;
        }
        apr_pool_clear(pool);
    }
    ok(!wrong, "what changes no schedule is told to nobody");
    apr_pool_destroy(pool);
}

/* Any row, as an attendee's calendar has it. */
static void test_attendee(apr_pool_t *pool)
{
    size_t i, wrong = 0;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        apr_array_header_t *own = apr_array_make(pool, 1, sizeof(const char *)), *sendings;

        APR_ARRAY_PUSH(own, const char *) = "joe@example.com";
        if (item_itip_diff(event(rows[i].before, pool), event(rows[i].after, pool), own, NOW,
                           &sendings, pool) ||
            sendings->nelts)
            wrong++;
    }
    is_int((long long)wrong, 0, "an attendee tells nobody");
}

/* What there is a lot of takes no more than it needs. */
static void test_large(apr_pool_t *pool)
{
    base_text_buffer_t dates = {.pool = pool}, places = {.pool = pool};
    int i;

    base_text_buffer_puts(&dates, WEEKLY ME);
    for (i = 0; i < 9000; i++)
        base_text_buffer_printf(&dates, "RDATE:20310101T%06dZ\r\n", i);
    base_text_buffer_puts(&places, WEEKLY ME);
    for (i = 0; i < 1000; i++)
        base_text_buffer_printf(&places, "ATTENDEE:mailto:somebody%d@example.com\r\n", i);
    for (i = 0; i < 300; i++) {
        const char *place =
            apr_psprintf(pool, "203%d%02d%02dT090000Z", i / 12 % 9, i % 12 + 1, i / 108 + 1);

        base_text_buffer_printf(&places, OF("%s") "DTSTART:%s\r\nDURATION:PT1H\r\n", place, place);
    }
    bound_memory(200L * 1024 * 1024);
    is_str(diff(dates.data, dates.data, pool), "", "thousands of dates");
    is_str(diff(places.data, places.data, pool), "", "hundreds of instances, a thousand people");
}

int main(void)
{
    apr_array_header_t *sendings;
    apr_pool_t *pool;
    size_t i;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        is_str(diff(rows[i].before, rows[i].after, pool), rows[i].sendings, rows[i].name);
    test_nothing(pool);
    test_attendee(pool);
    test_large(pool);
    is_int(base_fault_code(item_itip_diff(blob_of_text("nothing", pool), NULL,
                                          apr_array_make(pool, 1, sizeof(const char *)), NOW,
                                          &sendings, pool)),
           BASE_FAULT_CONVERSION, "what is no event");
    apr_pool_destroy(pool);
    return done_testing();
}
