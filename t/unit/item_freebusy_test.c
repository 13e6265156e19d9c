/* Free and busy times of calendars: what an event makes of its time, and by which half hours;
 * random calendars against all of their occurrences, one by one. */
#include "item_helpers.h"

#include "base/time.h"
#include "item/freebusy.h"

#define ROUNDS 500

static unsigned state = 20261123;

static unsigned pick(unsigned n)
{
    state = state * 1103515245u + 12345u;
    return (state >> 16) % n;
}

static apr_time_t moment(const char *text)
{
    apr_time_t when = 0;

    if (!base_time_parse(text, &when))
        abort();
    return when;
}

static const backend_blob_t *calendar(const char *events, apr_pool_t *pool)
{
    return blob_of_text(
        apr_pstrcat(pool, "BEGIN:VCALENDAR\nVERSION:2.0\n", events, "END:VCALENDAR\n", NULL), pool);
}

static const apr_array_header_t *owner(apr_pool_t *pool)
{
    apr_array_header_t *addresses = apr_array_make(pool, 2, sizeof(const char *));

    APR_ARRAY_PUSH(addresses, const char *) = "anna@example.org";
    APR_ARRAY_PUSH(addresses, const char *) = "a.schmidt@example.org";
    return addresses;
}

static const char *merged(const char *from, const char *to, const char *events, apr_pool_t *pool)
{
    item_freebusy_t *freebusy = item_freebusy_make(moment(from), moment(to), owner(pool), pool);
    base_fault_t *fault = item_freebusy_add(freebusy, calendar(events, pool), pool);

    return fault ? base_fault_code_name(fault->code) : item_freebusy_text(freebusy, pool);
}

#define DAY(lines) "BEGIN:VEVENT\nUID:1\n" lines "END:VEVENT\n"
#define TEN "DTSTART:20260706T100000Z\nDTEND:20260706T103000Z\n"
#define BERLIN ";TZID=Europe/Berlin"

/* MS-ASCMD R3331 to R3336 */
static void test_windows(apr_pool_t *pool)
{
    static const char out[] = DAY("DTSTART:20260706T120000Z\nDTEND:20260706T120500Z\n"
                                  "X-MICROSOFT-CDO-BUSYSTATUS:OOF\n");
    static const struct {
        const char *from, *to, *wanted;
    } rows[] = {
        {"20260706T120000Z", "20260706T130000Z", "30"},
        {"20260706T120459Z", "20260706T130000Z", "30"},
        {"20260706T120500Z", "20260706T130000Z", "00"},
        {"20260706T130000Z", "20260706T133000Z", "0"},
        {"20260706T125959Z", "20260706T133000Z", "00"},
        {"20260706T130000Z", "20260706T133001Z", "00"},
        {"20260706T113000Z", "20260706T120000Z", "0"},
        {"20260706T113001Z", "20260706T120001Z", "3"},
        {"20260706T110000Z", "20260706T120001Z", "003"},
        {"20260706T113500Z", "20260706T123500Z", "30"},
    };
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        is_str(merged(rows[i].from, rows[i].to, out, pool), rows[i].wanted,
               apr_pstrcat(pool, rows[i].from, " to ", rows[i].to, NULL));
}

/* One half hour, at ten. */
static void test_states(apr_pool_t *pool)
{
    static const struct {
        const char *name, *lines, *wanted;
    } rows[] = {
        {"busy", "", "2"},
        {"free", "TRANSP:TRANSPARENT\n", "0"},
        {"tentative", "STATUS:TENTATIVE\n", "1"},
        {"cancelled", "STATUS:CANCELLED\n", "0"},
        {"cancelled, but busy", "STATUS:cancelled\nX-MICROSOFT-CDO-BUSYSTATUS:BUSY\n", "0"},
        {"out of office", "X-MICROSOFT-CDO-BUSYSTATUS:OOF\n", "3"},
        {"working elsewhere", "X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE\n", "0"},
        {"no such state", "X-MICROSOFT-CDO-BUSYSTATUS:4711\n", "2"},
        {"declined",
         "ORGANIZER:mailto:bert@example.org\n"
         "ATTENDEE;PARTSTAT=DECLINED:mailto:ANNA@example.org\n",
         "0"},
        {"declined by another address of hers",
         "ORGANIZER:mailto:bert@example.org\n"
         "ATTENDEE;PARTSTAT=DECLINED:mailto:a.schmidt@example.org\n",
         "0"},
        {"declined by somebody else",
         "ORGANIZER:mailto:bert@example.org\nATTENDEE;PARTSTAT=ACCEPTED:mailto:anna@example.org\n"
         "ATTENDEE;PARTSTAT=DECLINED:mailto:cecil@example.org\n",
         "2"},
        {"not answered",
         "ORGANIZER:mailto:bert@example.org\n"
         "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:anna@example.org\n",
         "1"},
        {"tentatively accepted",
         "ORGANIZER:mailto:bert@example.org\n"
         "ATTENDEE;PARTSTAT=TENTATIVE:mailto:anna@example.org\n",
         "1"},
        {"free, and not answered",
         "TRANSP:TRANSPARENT\nORGANIZER:mailto:bert@example.org\n"
         "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:anna@example.org\n",
         "0"},
        {"accepted, as the invitation says",
         "ORGANIZER:mailto:bert@example.org\nATTENDEE;PARTSTAT=ACCEPTED:mailto:anna@example.org\n"
         "X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE\nX-MICROSOFT-CDO-INTENDEDSTATUS:OOF\n",
         "3"},
        {"not accepted, whatever the invitation says",
         "ORGANIZER:mailto:bert@example.org\n"
         "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:anna@example.org\n"
         "X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE\nX-MICROSOFT-CDO-INTENDEDSTATUS:BUSY\n",
         "1"},
        {"her own meeting, whatever is said of her",
         "ORGANIZER:mailto:anna@example.org\n"
         "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:anna@example.org\n"
         "ATTENDEE;PARTSTAT=DECLINED:mailto:bert@example.org\n",
         "2"},
    };
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        is_str(merged("20260706T100000Z", "20260706T103000Z",
                      apr_pstrcat(pool, "BEGIN:VEVENT\nUID:1\n" TEN, rows[i].lines, "END:VEVENT\n",
                                  NULL),
                      pool),
               rows[i].wanted, rows[i].name);
}

static void test_times(apr_pool_t *pool)
{
    static const struct {
        const char *name, *from, *to, *events, *wanted;
    } rows[] = {
        {"a day of a zone", "20260705T210000Z", "20260706T230000Z",
         "X-WR-TIMEZONE:Europe/Berlin\n" DAY("DTSTART;VALUE=DATE:20260706\n"),
         "00222222222222222222222222222222222222222222222222"
         "00"},
        {"the day that is an hour longer", "20261024T213000Z", "20261026T000000Z",
         "X-WR-TIMEZONE:Europe/Berlin\n" DAY("DTSTART;VALUE=DATE:20261024\n"
                                             "RRULE:FREQ=DAILY;COUNT=2\n"),
         "22222222222222222222222222222222222222222222222222200"},
        {"midnights that stand for a day", "20260705T210000Z", "20260705T223000Z",
         DAY("DTSTART" BERLIN ":20260706T000000\nDTEND" BERLIN ":20260707T000000\n"
             "X-MICROSOFT-CDO-ALLDAYEVENT:TRUE\n"),
         "002"},
        {"a meeting that changes its time in UTC", "20261024T080000Z", "20261024T100000Z",
         DAY("DTSTART" BERLIN ":20261022T100000\nDURATION:PT30M\nRRULE:FREQ=DAILY\n"), "2000"},
        {"and the day after", "20261025T080000Z", "20261025T100000Z",
         DAY("DTSTART" BERLIN ":20261022T100000\nDURATION:PT30M\nRRULE:FREQ=DAILY\n"), "0020"},
        {"a series over the beginning of the window", "20260706T000000Z", "20260706T020000Z",
         DAY("DTSTART:20260601T230000Z\nDURATION:PT2H\nRRULE:FREQ=DAILY\n"), "2200"},
        {"occurrences that last for days", "20260706T000000Z", "20260706T010000Z",
         DAY("DTSTART:20260601T000000Z\nDURATION:P20D\nRRULE:FREQ=MONTHLY;COUNT=2\n"), "22"},
        {"one that is taken away, one moved, one cancelled", "20260706T100000Z", "20260706T130000Z",
         DAY("DTSTART:20260706T100000Z\nDURATION:PT30M\nRRULE:FREQ=DAILY;BYHOUR=10,11,12;COUNT=3\n"
             "EXDATE:20260706T110000Z\n")
             DAY("RECURRENCE-ID:20260706T100000Z\nDTSTART:20260706T123000Z\nDURATION:PT5M\n"
                 "TRANSP:OPAQUE\nX-MICROSOFT-CDO-BUSYSTATUS:OOF\n")
                 DAY("RECURRENCE-ID:20260706T120000Z\nDTSTART:20260706T120000Z\n"
                     "DURATION:PT30M\nSTATUS:CANCELLED\n"),
         "000003"},
        {"an instance that is declined alone, one that says the times alone", "20260706T100000Z",
         "20260706T130000Z",
         DAY("DTSTART:20260706T100000Z\nDURATION:PT30M\nRRULE:FREQ=DAILY;BYHOUR=10,11,12;COUNT=3\n"
             "ORGANIZER:mailto:bert@example.org\n"
             "ATTENDEE;PARTSTAT=TENTATIVE:mailto:anna@example.org\n")
             DAY("RECURRENCE-ID:20260706T110000Z\nDTSTART:20260706T110000Z\nDURATION:PT30M\n"
                 "ATTENDEE;PARTSTAT=DECLINED:mailto:anna@example.org\n")
                 DAY("RECURRENCE-ID:20260706T120000Z\nDTSTART:20260706T123000Z\n"
                     "DURATION:PT30M\n"),
         "100001"},
        {"an instance that holds for what follows", "20260708T100000Z", "20260708T130000Z",
         DAY(TEN "RRULE:FREQ=DAILY\n") DAY("RECURRENCE-ID;RANGE=THISANDFUTURE:20260707T100000Z\n"
                                           "DTSTART:20260707T120000Z\nDURATION:PT30M\n"),
         "000020"},
        {"an instance without its series", "20260706T100000Z", "20260706T110000Z",
         DAY("RECURRENCE-ID:20260706T080000Z\n" TEN), "20"},
        {"a rule that is refused, and an instance in the place of its start", "20260706T100000Z",
         "20260706T110000Z",
         DAY(TEN "RRULE:FREQ=YEARLY;INTERVAL=101\n")
             DAY("RECURRENCE-ID:20260706T100000Z\nDTSTART:20260706T103000Z\nDURATION:PT5M\n"),
         "02"},
        {"no length", "20260706T100000Z", "20260706T110000Z", DAY("DTSTART:20260706T100000Z\n"),
         "00"},
        {"an end before its start", "20260706T080000Z", "20260706T090000Z",
         DAY("DTSTART:20260706T100000Z\nDTEND:20260706T080000Z\n"), "00"},
        {"a series that is all there is of one", "20260706T100000Z", "20260706T110000Z",
         DAY("DTSTART:20260706T100000Z\nDURATION:PT1H\nRRULE:FREQ=YEARLY;UNTIL=20260101T000000Z\n"),
         "22"},
        {"far away", "44001231T000000Z", "44001231T010000Z",
         DAY("DTSTART:19700101T000000Z\nDURATION:PT10M\nRRULE:FREQ=DAILY\n"), "20"},
        {"no event", "20260706T100000Z", "20260706T110000Z", "BEGIN:VTODO\nUID:1\nEND:VTODO\n",
         "CONVERSION"},
        {"an event without a start", "20260706T100000Z", "20260706T110000Z", DAY("SUMMARY:x\n"),
         "CONVERSION"},
    };
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        is_str(merged(rows[i].from, rows[i].to, rows[i].events, pool), rows[i].wanted,
               rows[i].name);
}

static void test_floating(apr_pool_t *pool)
{
    static const char *const events[] = {
        DAY("DTSTART;VALUE=DATE:20260706\n"),
        DAY("DTSTART;VALUE=DATE:20260601\nRRULE:FREQ=WEEKLY;BYDAY=WE\n"),
        DAY("DTSTART:20260705T230000\nDTEND:20260706T000000\n"
            "X-MICROSOFT-CDO-BUSYSTATUS:OOF\n"),
        DAY("DTSTART;TZID=America/New_York:20260706T100000\nTRANSP:TRANSPARENT\n"),
        DAY("DTSTART;TZID=Pacific/Honolulu:20260706T100000\nTRANSP:TRANSPARENT\n"),
        DAY("DTSTART;TZID=Pacific/Honolulu:20260707T100000\nTRANSP:TRANSPARENT\n"),
    };
    static const struct {
        int events;
        const char *hours; /* of one day after the other, from that before on */
    } rows[] = {
        {3, "000000000000000000000003222222222222222222222222"
            "000000000000000000000000222222222222222222222222"},
        {4, "0000000000000000000000000003222222222222222222222222"
            "00000000000000000000000022222222222222222222"},
        {6, "0000000000000000000000000000000003222222222222222222222222"
            "00000000000000000000000022222222222222"},
    };
    size_t i;
    int k;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        item_freebusy_t *freebusy = item_freebusy_make(
            moment("20260705T000000Z"), moment("20260709T000000Z"), owner(pool), pool);
        char hours[4 * 24 + 1] = "";
        const char *text;

        for (k = 0; k < rows[i].events; k++)
            if (item_freebusy_add(freebusy, calendar(events[k], pool), pool))
                abort();
        text = item_freebusy_text(freebusy, pool);
        for (k = 0; k < 4 * 24; k++)
            hours[k] = text[2 * k];
        is_str(hours, rows[i].hours, "days are those of the zone that most events are in");
    }
}

/* What takes too long to follow is not taken for free, and what is known beside it stays. */
static void test_hostile(apr_pool_t *pool)
{
    static const char hostile[] =
        DAY("DTSTART:19700101T000000Z\nDURATION:PT1S\n"
            "RRULE:FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11;BYMINUTE=0,1,2,3;"
            "COUNT=1000000\n");
    item_freebusy_t *freebusy = item_freebusy_make(moment("20260706T100000Z"),
                                                   moment("20260706T113000Z"), owner(pool), pool);

    ok(!item_freebusy_add(freebusy, calendar(DAY(TEN), pool), pool), "an event");
    ok(!item_freebusy_add(freebusy, calendar(hostile, pool), pool), "one that never ends");
    is_str(item_freebusy_text(freebusy, pool), "244", "what is not known is said");
    item_freebusy_mark(freebusy, 0, APR_INT64_MAX, ITEM_FREEBUSY_TENTATIVE);
    is_str(item_freebusy_text(freebusy, pool), "211", "the highest wins");
}

/* -- random calendars ------------------------------------------------------------------------- */

#define BEGIN 1783036800L /* 2026-07-03 */
#define HORIZON (20 * 86400L)

/* What is marked, second by second: the greatest state of each. */
static unsigned char seconds_of[HORIZON];

static void naive_mark(long from, long to, int how)
{
    long i;

    for (i = from > 0 ? from : 0; i < to && i < HORIZON; i++)
        if (seconds_of[i] < how)
            seconds_of[i] = (unsigned char)how;
}

static const char *text_of(long second, apr_pool_t *pool)
{
    return base_time_format_compact(apr_time_from_sec(BEGIN + second), pool);
}

static const char *const states[] = {"FREE", "TENTATIVE", "BUSY", "OOF"};

static const char *body(long start, long length, int how, const char *more, apr_pool_t *pool)
{
    return apr_psprintf(pool,
                        "BEGIN:VEVENT\nUID:1\nDTSTART:%s\nDTEND:%s\n"
                        "X-MICROSOFT-CDO-BUSYSTATUS:%s\n%sEND:VEVENT\n",
                        text_of(start, pool), text_of(start + length, pool), states[how], more);
}

/* A series, by what it falls on one after the other; of each it is left as it is, taken away, or an
 * instance of another time and state. */
static const char *some_series(apr_pool_t *pool)
{
    long start = (long)pick((unsigned)HORIZON / 60) * 60 - 5 * 86400L,
         length = 1 + (long)pick(7200);
    int step = (int)(1 + pick(3)), count = (int)(1 + pick(12)), how = (int)pick(4), weekly, i;
    const char *more, *instances = "";

    weekly = pick(3) == 0;
    more = apr_psprintf(pool, "RRULE:FREQ=%s;INTERVAL=%d;COUNT=%d\n", weekly ? "WEEKLY" : "DAILY",
                        step, count);
    for (i = 0; i < count; i++) {
        long when = start + i * step * (weekly ? 7 : 1) * 86400L;
        unsigned fate = pick(8);

        if (fate == 0)
            more = apr_pstrcat(pool, more, "EXDATE:", text_of(when, pool), "\n", NULL);
        else if (fate == 1) {
            long moved = when + (long)pick(200000) - 100000, lasts = (long)pick(20000);
            int other = (int)pick(4);

            instances = apr_pstrcat(
                pool, instances,
                body(moved, lasts, other,
                     apr_pstrcat(pool, "RECURRENCE-ID:", text_of(when, pool), "\n", NULL), pool),
                NULL);
            naive_mark(moved, moved + lasts, other);
        }
        else
            naive_mark(when, when + length, how);
    }
    return apr_pstrcat(pool, body(start, length, how, more, pool), instances, NULL);
}

static const char *naive_text(long from, long to, apr_pool_t *pool)
{
    char *text = apr_pcalloc(pool, (apr_size_t)((to - from) / 1800 + 2));
    long i;

    for (i = from; i < to; i++) {
        char *digit = &text[(i - from) / 1800];

        if (*digit < '0' + seconds_of[i])
            *digit = (char)('0' + seconds_of[i]);
    }
    return text;
}

static void test_random(apr_pool_t *pool)
{
    int round, i;

    for (round = 0; round < ROUNDS; round++) {
        long from = (long)pick(10 * 86400), to = from + 1800 + (long)pick(9 * 86400);
        item_freebusy_t *freebusy;
        const char *got, *wanted, *all = "";

        apr_pool_clear(pool);
        memset(seconds_of, 0, sizeof seconds_of);
        freebusy = item_freebusy_make(apr_time_from_sec(BEGIN + from),
                                      apr_time_from_sec(BEGIN + to), NULL, pool);
        for (i = 1 + (int)pick(4); i > 0; i--) {
            const char *events = some_series(pool);

            all = apr_pstrcat(pool, all, events, NULL);
            if (item_freebusy_add(freebusy, calendar(events, pool), pool))
                abort();
        }
        got = item_freebusy_text(freebusy, pool);
        wanted = naive_text(from, to, pool);
        if (strcmp(got, wanted) != 0) {
            ok(0, "round %d: from %s: %s, not %s", round, text_of(from, pool), got, wanted);
            printf("%s", all);
            return;
        }
    }
    ok(1, "%d random calendars", ROUNDS);
}

int main(void)
{
    apr_pool_t *pool, *subpool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    test_windows(pool);
    test_states(pool);
    test_times(pool);
    test_floating(pool);
    test_hostile(pool);
    apr_pool_create(&subpool, pool);
    test_random(subpool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
