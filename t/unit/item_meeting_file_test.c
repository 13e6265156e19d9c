/* Invitations that are sent as files, and which of several calendars a message is about. */
#include "meeting_helpers.h"

#include "item/ical.h"
#include "item/itip.h"

#define ICS(method, uid)                                             \
    "BEGIN:VCALENDAR\nVERSION:2.0\n" method "BEGIN:VEVENT\nUID:" uid \
    "\nDTSTAMP:20260101T120000Z\n" TIMES "ORGANIZER:mailto:o@example.org\nEND:VEVENT\n"
#define REQUEST "METHOD:REQUEST\n"
#define FILE_END "END:VCALENDAR\n"
#define PART(type, disposition, calendar) \
    "--b\nContent-Type: " type "\nContent-Disposition: " disposition "\n\n" calendar

/* What a message with such parts is; how many attachments are shown; can it be answered? */
static void is_about(const char *parts, const char *class_, int attachments, const char *name,
                     apr_pool_t *pool)
{
    const char *mime =
        apr_pstrcat(pool,
                    "From: o@example.org\nTo: anna@example.org\nMIME-Version: 1.0\n"
                    "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nPlease come.\n",
                    parts, "--b--\n", NULL);
    const eas_node_t *mail = meeting_mail(mime, EAS_VERSION_14_1, pool), *file;
    int meeting = strcmp(class_, "IPM.Note") != 0, files = 0;
    item_itip_t *itip;

    is_str(property(mail, EAS_Email_MessageClass), class_, name);
    is_int(eas_node_child(mail, EAS_Email_MeetingRequest) != NULL, meeting, "  MeetingRequest");
    file = eas_node_child(mail, EAS_AirSyncBase_Attachments);
    for (file = file ? file->first : NULL; file; file = file->next)
        files++;
    is_int(files, attachments, "  attachments");
    ok(!item_itip_load(blob_of_text(mime, pool), &itip, pool) && !itip == !meeting &&
           (!itip || strcmp(item_itip_uid(itip), "u-1") == 0),
       "  can be answered if it asks");
}

static void test_files(apr_pool_t *pool)
{
    static const char request[] = "IPM.Schedule.Meeting.Request", note[] = "IPM.Note";
    static const struct {
        const char *parts, *class_;
        int attachments;
        const char *name;
    } rows[] = {
        {PART("application/ics; name=\"invite.ics\"", "attachment", ICS(REQUEST, "u-1") FILE_END),
         request, 1, "application/ics"},
        {PART("application/ics", "inline", ICS(REQUEST, "u-1") FILE_END), request, 1,
         "without a name"},
        {PART("text/plain; name=Invite.ICS", "attachment", ICS(REQUEST, "u-1") FILE_END), request,
         1, "text/plain"},
        {PART("application/octet-stream", "attachment; filename=\"a b.ics\"",
              ICS(REQUEST, "u-1") FILE_END),
         request, 1, "application/octet-stream"},
        {PART("application/octet-stream", "attachment; filename*=utf-8''t%C3%A9.ics",
              ICS(REQUEST, "u-1") FILE_END),
         request, 1, "a name of RFC 2231"},
        {PART("text/calendar; name=a.ics", "attachment; filename=a.ics",
              ICS(REQUEST, "u-1") FILE_END),
         request, 1, "text/calendar as a file"},
        {PART("multipart/mixed; boundary=c", "inline",
              "--c\nContent-Type: multipart/mixed; boundary=d\n\n--d\nContent-Type: "
              "application/ics\n\n" ICS(REQUEST, "u-1") FILE_END "--d--\n--c--\n"),
         request, 1, "deep inside"},
        {PART("application/ics", "attachment", ICS("METHOD:CANCEL\n", "u-1") FILE_END),
         "IPM.Schedule.Meeting.Canceled", 1, "a cancellation"},
        {PART("application/ics", "attachment", ICS("METHOD:PUBLISH\n", "u-1") FILE_END), note, 1,
         "PUBLISH"},
        {PART("application/ics; method=REQUEST", "attachment", ICS("", "u-1") FILE_END), note, 1,
         "no METHOD"},
        {PART("text/plain; name=invite.ics", "attachment", ICS("", "u-1") FILE_END), note, 1,
         "no METHOD, of a name"},
        {PART("application/ics", "attachment",
              ICS(REQUEST, "u-1") "BEGIN:VEVENT\nUID:u-2\n" TIMES "END:VEVENT\n" FILE_END),
         note, 1, "several meetings"},
        {PART("text/calendar; method=REQUEST", "inline",
              ICS(REQUEST, "u-1") "BEGIN:VEVENT\nUID:u-2\n" TIMES "END:VEVENT\n" FILE_END),
         note, 1, "several meetings of a part"},
        {PART("application/ics", "attachment",
              ICS(REQUEST, "u-1") "BEGIN:VEVENT\nUID:u-1\nRECURRENCE-ID:20260713T080000Z\n" TIMES
                                  "END:VEVENT\n" FILE_END),
         request, 1, "a meeting and its instance"},
        {PART("application/ics", "attachment", ICS(REQUEST, "u-1") FILE_END)
             PART("application/ics", "attachment", ICS(REQUEST, "u-2") FILE_END),
         note, 2, "two files"},
        {PART("text/calendar; method=REQUEST", "inline", ICS(REQUEST, "u-1") FILE_END)
             PART("application/ics; name=invite.ics", "attachment", ICS(REQUEST, "u-1") FILE_END),
         request, 1, "a part and a file of the same"},
        {PART("text/calendar; method=PUBLISH", "inline", ICS("METHOD:PUBLISH\n", "u-2") FILE_END)
             PART("application/ics; name=invite.ics", "attachment", ICS(REQUEST, "u-1") FILE_END),
         request, 2, "what is published beside a meeting"},
        {PART("text/plain; name=basics.txt", "attachment", ICS(REQUEST, "u-1") FILE_END), note, 1,
         "another name"},
        {PART("application/ics", "attachment", "BEGIN:VCALENDAR\nMETHOD:REQUEST\n"), note, 1,
         "half a calendar"},
        {PART("message/rfc822; name=a.ics", "attachment",
              "Content-Type: application/ics\n\n" ICS(REQUEST, "u-1") FILE_END),
         note, 1, "a message inside"},
    };
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        is_about(rows[i].parts, rows[i].class_, rows[i].attachments, rows[i].name, pool);
}

/* Many parts, and one beyond what is read. */
static void test_many(apr_pool_t *pool)
{
    base_text_buffer_t mime = {.pool = pool};
    const eas_node_t *mail;
    int i;

    base_text_buffer_puts(&mime, "Content-Type: multipart/mixed; boundary=b\n\n");
    for (i = 0; i < 3000; i++)
        base_text_buffer_puts(
            &mime, PART("application/ics; name=a.ics", "attachment", ICS(REQUEST, "u-1") FILE_END));
    base_text_buffer_puts(&mime, "--b--\n");
    mail = meeting_mail(mime.data, EAS_VERSION_14_1, pool);
    is_str(property(mail, EAS_Email_MessageClass), "IPM.Note", "thousands of calendars");
    mime.length = 0;
    base_text_buffer_puts(&mime, "Content-Type: application/ics\n\nBEGIN:VCALENDAR\n" REQUEST);
    while (mime.length < 2 * ITEM_ICAL_MAX)
        base_text_buffer_puts(&mime, EVENT TIMES "END:VEVENT\n");
    base_text_buffer_puts(&mime, FILE_END);
    mail = meeting_mail(mime.data, EAS_VERSION_14_1, pool);
    is_str(property(mail, EAS_Email_MessageClass), "IPM.Note", "a calendar that is too long");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    test_files(pool);
    test_many(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
