/* The classes of items in the model of whole mailboxes. */
#include "model_mail.h"

#define CLASS_MAIL                                                           \
    "From: bob@example.com\r\nTo: bob@example.com\r\nSubject: %1$d.%2$d\r\n" \
    "Message-ID: <m%1$d@example.com>\r\n\r\ntext\r\n"
#define CLASS_CARD                                                                   \
    "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u%1$d\r\nFN:%1$d.%2$d\r\nN:%1$d.%2$d;;;;\r\n" \
    "X-OTHER:kept\r\nEND:VCARD\r\n"
#define CLASS_CALENDAR(component)                                               \
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//model//EN\r\nBEGIN:" component \
    "\r\nUID:u%1$d\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:%1$d.%2$d\r\n"        \
    "X-OTHER:kept\r\n%3$sEND:" component "\r\n%4$sEND:VCALENDAR\r\n"

static const struct {
    int standard, user; /* types of folders */
    eas_tag_t subject;
    const char *text; /* of number and version */
} classes[] = {
    [BACKEND_CLASS_EMAIL] = {2, 12, EAS_Email_Subject, CLASS_MAIL},
    [BACKEND_CLASS_CALENDAR] = {8, 13, EAS_Calendar_Subject, CLASS_CALENDAR("VEVENT")},
    [BACKEND_CLASS_CONTACTS] = {9, 14, EAS_Contacts_LastName, CLASS_CARD},
    [BACKEND_CLASS_TASKS] = {7, 15, EAS_Tasks_Subject, CLASS_CALENDAR("VTODO")},
    [BACKEND_CLASS_NOTES] = {10, 17, EAS_Notes_Subject, CLASS_CALENDAR("VJOURNAL")},
};

#define CLASS_COUNT (int)(sizeof classes / sizeof *classes)

backend_class_t scene_class(int type)
{
    int i;

    for (i = 1; i < CLASS_COUNT; i++)
        if (classes[i].standard == type || classes[i].user == type)
            return (backend_class_t)i;
    return BACKEND_CLASS_EMAIL;
}

int scene_type_any(scene_t *scene)
{
    int class_ = scene_percent(scene, 50) ? BACKEND_CLASS_EMAIL : scene_roll(scene, CLASS_COUNT);

    return item_kind_is_served((backend_class_t)class_, EAS_VERSION_16_1)
               ? classes[class_].user
               : classes[BACKEND_CLASS_EMAIL].user;
}

eas_tag_t scene_class_subject(backend_class_t class_)
{
    return classes[class_].subject;
}

const char *scene_class_text(backend_class_t class_, int number, int version, apr_pool_t *pool)
{
    const char *more = "", *after = "";
    char *text;
    int length;

    if (class_ == BACKEND_CLASS_CALENDAR)
        more = scene_event_text(number, version, &after, pool);
    length = snprintf(NULL, 0, classes[class_].text, number, version, more, after);
    text = apr_palloc(pool, (apr_size_t)length + 1);
    snprintf(text, (size_t)length + 1, classes[class_].text, number, version, more, after);
    return text;
}
