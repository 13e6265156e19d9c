/* What a store learns of an item: class, UID, whether it is whole. */
#include "tap.h"

#include <stdlib.h>
#include <apr_general.h>
#include <apr_strings.h>

#include "backend/blob.h"
#include "base/text.h"
#include "item/document.h"
#include "item/kind.h"

/* "class uid", or "unknown". */
static const char *described(const char *text, apr_pool_t *pool)
{
    static const char *const classes[] = {"email", "calendar", "contacts", "tasks", "notes"};
    backend_description_t description;

    if (item_describer.describe(backend_blob_of(text, strlen(text), pool), &description, pool))
        return "fault";
    if (!description.known)
        return "unknown";
    return apr_pstrcat(pool, classes[description.class_], " ",
                       description.uid ? description.uid : "-", NULL);
}

static const struct {
    const char *text, *expected, *name;
} rows[] = {
    {"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:abc\r\nFN:x\r\nEND:VCARD\r\n", "contacts abc", "a card"},
    {"\xef\xbb\xbf"
     "begin:vcard\nversion:2.1\nitem1.uid:  \nFN:x\nend:vcard",
     "contacts   ", "in any case of letters, without a last line end, behind a byte order mark"},
    {"BEGIN:VCARD\nVERSION:4.0\nitem1.UID;VALUE=text:urn:uuid:1\\,2\nEND:VCARD\n",
     "contacts urn:uuid:1,2", "a UID with group, parameter and escapes"},
    {"BEGIN:VCARD\nUID:ab\n c\n\td\nUIDX:no\nEND:VCARD\n", "contacts abcd", "and one with folds"},
    {"BEGIN:VCARD\nFN:x\n UID:no\nNOTE:\n UID:no\nEND:VCARD\n", "contacts -",
     "what is in a fold is no line"},
    {"BEGIN:VCARD\nAGENT:\nBEGIN:VCARD\nUID:inner\nEND:VCARD\nUID:outer\nEND:VCARD\n",
     "contacts outer", "a card in a card has a UID of its own"},
    {"BEGIN:VCALENDAR\nUID:no\nBEGIN:VTIMEZONE\nTZID:x\nUID:no\nBEGIN:STANDARD\nEND:STANDARD\n"
     "END:VTIMEZONE\nBEGIN:VEVENT\nBEGIN:VALARM\nUID:alarm\nEND:VALARM\nUID:e\nEND:VEVENT\n"
     "BEGIN:VEVENT\nUID:other\nEND:VEVENT\nEND:VCALENDAR\n",
     "calendar e", "the first event of a calendar, behind a time zone, around an alarm"},
    {"BEGIN:VCALENDAR\nBEGIN:VTODO\nUID:t\nEND:VTODO\nEND:VCALENDAR\n", "tasks t", "a task"},
    {"BEGIN:VCALENDAR \r\nBEGIN:VJOURNAL\t\r\nUID:n\r\nEND:VJOURNAL\r\nEND:VCALENDAR \r\n",
     "notes n", "a note, with blanks at the ends of lines"},
    {"BEGIN:VCALENDAR\nBEGIN:VFREEBUSY\nUID:f\nEND:VFREEBUSY\nEND:VCALENDAR\n", "unknown",
     "what has no class"},
    {"BEGIN:VCALENDAR\nVERSION:2.0\nEND:VCALENDAR\n", "unknown", "an empty calendar"},
    {"", "unknown", "nothing"},
    {"\n\n", "unknown", "empty lines"},
    {"Subject: x\n\nBEGIN:VCARX\nEND:VCARD\n", "unknown", "a mail"},
    {"BEGIN:VCARD\nUID:x\nFN:x\n", "unknown", "a card without its end"},
    {"BEGIN:VCARD\nUID:x\nFN:x\nEND:VC", "unknown", "or half of that"},
    {"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:x\nEND:VEVENT\n", "unknown", "a calendar without its end"},
    {"END:VCARD\nBEGIN:VCARD\nEND:VCARD\n", "unknown", "an end without a beginning"},
    {"BEGIN:VEVENT\nUID:x\nEND:VEVENT\n", "unknown", "an event outside of a calendar"},
};

int main(void)
{
    backend_description_t description;
    base_text_buffer_t large;
    apr_pool_t *pool;
    char *long_uid;
    size_t i;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        is_str(described(rows[i].text, pool), rows[i].expected, rows[i].name);
    large = (base_text_buffer_t){.pool = pool};
    base_text_buffer_puts(&large, "BEGIN:VCARD\r\nPHOTO;ENCODING=b:");
    for (i = 0; i < 100000; i++)
        base_text_buffer_puts(&large, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n ");
    base_text_buffer_puts(&large, "\r\nUID:behind\r\nEND:VCARD\r\n");
    is_str(described(large.data, pool), "contacts behind", "a UID behind a large photo");
    long_uid = apr_palloc(pool, 10001);
    memset(long_uid, 'u', 10000);
    long_uid[10000] = '\0';
    is_str(described(apr_pstrcat(pool, "BEGIN:VCARD\nUID:", long_uid, "\nEND:VCARD\n", NULL), pool),
           "contacts -", "a UID that is too long is none");
    large.length = 0;
    while (large.length <= ITEM_DOCUMENT_MAX)
        base_text_buffer_puts(&large, "X:0123456789012345678901234567890123456789\n");
    memcpy(large.data, "BEGIN:VCARD\n", 12);
    is_str(described(large.data, pool), "unknown", "what is too large");
    ok(!item_describer.describe(backend_blob_of("BEGIN:VCARD\0\nEND:VCARD\n", 23, pool),
                                &description, pool) &&
           !description.known,
       "bytes that are no text");
    ok(!item_describer.describe(backend_blob_of(rows[0].text, strlen(rows[0].text), pool),
                                &description, pool) &&
           description.date == APR_INT64_MAX,
       "a card matters for ever");
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
