/* Events that are shown within a window which moves with the year: the first Sync of a year brings them anew,
 * and nothing else. */
#include "cmd_item_helpers.h"

#include "base/time.h"

#define EVENT(uid, more)                                                            \
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nBEGIN:VEVENT\r\nUID:" uid \
    "\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:" uid "\r\n"                           \
    "DTSTART:20260105T090000Z\r\nDTEND:20260105T093000Z\r\n" more                   \
    "END:VEVENT\r\nEND:VCALENDAR\r\n"

static apr_time_t moment(const char *text)
{
    apr_time_t when = 0;

    base_time_parse(text, &when);
    return when;
}

static void test_year(eas_version_t version, apr_pool_t *pool)
{
    phone_t *phone = phone_make(pool, version, BACKEND_CLASS_CALENDAR);
    const char *brought;

    phone->world->now = moment("20261230T120000Z");
    deliver(phone, EVENT("plain", "RRULE:FREQ=WEEKLY\r\n"));
    deliver(phone, EVENT("twice", "RRULE:FREQ=MONTHLY;BYDAY=1TU,3TU\r\n"));
    deliver(phone, EVENT("single", ""));
    deliver(phone, EVENT("ends", "RRULE:FREQ=HOURLY;INTERVAL=7;UNTIL=20290101T000000Z\r\n"));
    deliver(phone, EVENT("lunar", "RRULE:RSCALE=CHINESE;FREQ=YEARLY\r\n"));
    begin(phone);
    is_str(shown(phone), "+5 +4 +3 +2 +1 ", "all that there are");
    is_str(sync_folder(phone), "", "nothing afterwards");
    phone->world->now = moment("20261231T235959Z");
    is_str(sync_folder(phone), "", "nor on the last day of the year");
    phone->world->now = moment("20270101T000001Z");
    brought = sync_folder(phone);
    is_str(brought, "*5 *4 *2 ", "those that EAS cannot say come anew");
    is_str(sync_folder(phone), "", "once");
    phone->world->now = moment("20261231T120000Z");
    is_str(sync_folder(phone), "", "a clock that is set back brings nothing");
    phone->world->now = moment("20270601T000000Z");
    is_str(sync_folder(phone), "", "nor does the rest of the year");
    rewrite(phone, 3, EVENT("single", "LOCATION:Here\r\n"));
    phone->world->now = moment("20280301T000000Z");
    is_str(sync_folder(phone), "*3 *5 *4 *2 ", "the next year, beside a change");
    is_str(sync_folder(phone), "", "all of it");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    test_year(EAS_VERSION_12_1, pool);
    test_year(EAS_VERSION_16_1, pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
