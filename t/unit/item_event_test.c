/* Events: what of a VEVENT is shown at every version, and what becomes of it when a phone changes
 * something. */
#include "kind_helpers.h"

#include "base/time.h"
#include "item/event.h"
#include "item/zone.h"

static const item_kind_t *const kind = &item_event_kind;

#define HEAD "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\n"
#define BERLIN                                                                               \
    "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nBEGIN:STANDARD\r\nDTSTART:19701025T030000\r\n" \
    "TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\n"  \
    "END:STANDARD\r\nBEGIN:DAYLIGHT\r\nDTSTART:19700329T020000\r\nTZOFFSETFROM:+0100\r\n"    \
    "TZOFFSETTO:+0200\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\nEND:DAYLIGHT\r\n"         \
    "END:VTIMEZONE\r\n"
#define EVENT "BEGIN:VEVENT\r\nUID:u1\r\nDTSTAMP:20260101T000000Z\r\n"
#define END "END:VEVENT\r\n"
#define TAIL "END:VCALENDAR\r\n"
#define AT "DTSTART:20261124T090000Z\r\nDTEND:20261124T100000Z\r\n"
#define BERLIN_AT                                    \
    "DTSTART;TZID=Europe/Berlin:20261124T100000\r\n" \
    "DTEND;TZID=Europe/Berlin:20261124T110000\r\n"

static const char *calendar(const char *lines, apr_pool_t *pool)
{
    return apr_pstrcat(pool, HEAD, EVENT AT, lines, END TAIL, NULL);
}

static const eas_node_t *show(const char *text, eas_version_t version, apr_pool_t *pool)
{
    item_options_t options = options_prefer(version, ITEM_BODY_TEXT, ITEM_TRUNCATION_NONE);
    apr_array_header_t *own = apr_array_make(pool, 1, sizeof(const char *));

    APR_ARRAY_PUSH(own, const char *) = "anna@example.org";
    options.addresses = own;
    options.now = KIND_NOW;
    return kind_node(kind, blob_of_text(text, pool), &options, pool);
}

/* An element as text, with what is in it. */
static const char *shown(const char *text, eas_version_t version, eas_tag_t tag, apr_pool_t *pool)
{
    const eas_node_t *node = eas_node_child(show(text, version, pool), tag);

    if (!node)
        return NULL;
    return node->first ? kind_text(node, pool) : node->text;
}

static kind_result_t change(const char *text, const char *data, eas_version_t version,
                            apr_pool_t *pool)
{
    return kind_change(kind, kind_data(data, "Calendar", pool), version,
                       text ? blob_of_text(text, pool) : NULL, pool);
}

/* -- what is shown --------------------------------------------------------------------------- */

static const struct {
    const char *lines;
    eas_version_t version;
    eas_tag_t tag;
    const char *value;
} shown_rows[] = {
    {"SUMMARY:Milk\\, eggs\r\n", 121, EAS_Calendar_Subject, "Milk, eggs"},
    {"SUMMARY:two\\nlines\r\n", 161, EAS_Calendar_Subject, "two lines"},
    {"", 161, EAS_Calendar_Subject, NULL},
    {"", 141, EAS_Calendar_UID, "u1"},
    {"", 161, EAS_Calendar_UID, "u1"},
    {"", 121, EAS_Calendar_StartTime, "20261124T090000Z"},
    {"", 161, EAS_Calendar_EndTime, "20261124T100000Z"},
    {"", 121, EAS_Calendar_AllDayEvent, "0"},
    {"", 121, EAS_Calendar_DtStamp, "20260101T000000Z"},
    {"LAST-MODIFIED:20260202T000000Z\r\n", 161, EAS_Calendar_DtStamp, "20260202T000000Z"},
    {"", 121, EAS_Calendar_Sensitivity, "0"},
    {"CLASS:PUBLIC\r\n", 121, EAS_Calendar_Sensitivity, "0"},
    {"CLASS:X-PERSONAL\r\n", 121, EAS_Calendar_Sensitivity, "1"},
    {"CLASS:private\r\n", 121, EAS_Calendar_Sensitivity, "2"},
    {"CLASS:CONFIDENTIAL\r\n", 121, EAS_Calendar_Sensitivity, "3"},
    {"CLASS:X-WHATEVER\r\n", 121, EAS_Calendar_Sensitivity, "2"},
    {"", 121, EAS_Calendar_BusyStatus, "2"},
    {"TRANSP:TRANSPARENT\r\n", 121, EAS_Calendar_BusyStatus, "0"},
    {"STATUS:TENTATIVE\r\n", 121, EAS_Calendar_BusyStatus, "1"},
    {"X-MICROSOFT-CDO-BUSYSTATUS:OOF\r\n", 121, EAS_Calendar_BusyStatus, "3"},
    {"X-MICROSOFT-CDO-BUSYSTATUS:FREE\r\n", 121, EAS_Calendar_BusyStatus, "0"},
    {"TRANSP:OPAQUE\r\nX-MICROSOFT-CDO-BUSYSTATUS:FREE\r\n", 121, EAS_Calendar_BusyStatus, "2"},
    {"TRANSP:TRANSPARENT\r\nX-MICROSOFT-CDO-BUSYSTATUS:OOF\r\n", 121, EAS_Calendar_BusyStatus, "0"},
    {"X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE\r\n", 141, EAS_Calendar_BusyStatus, "2"},
    {"X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE\r\n", 160, EAS_Calendar_BusyStatus, "4"},
    {"", 161, EAS_Calendar_Reminder, NULL},
    {"BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT15M\r\nEND:VALARM\r\n", 121,
     EAS_Calendar_Reminder, "15"},
    {"BEGIN:VALARM\r\nACTION:AUDIO\r\nTRIGGER:-P1DT1H\r\nEND:VALARM\r\n", 161,
     EAS_Calendar_Reminder, "1500"},
    {"BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:PT0S\r\nEND:VALARM\r\n", 161, EAS_Calendar_Reminder,
     "0"},
    {"BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER;VALUE=DATE-TIME:20261124T083000Z\r\n"
     "END:VALARM\r\n",
     161, EAS_Calendar_Reminder, "30"},
    {"BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER;RELATED=END:-PT90M\r\nEND:VALARM\r\n", 161,
     EAS_Calendar_Reminder, "30"},
    {"BEGIN:VALARM\r\nACTION:EMAIL\r\nTRIGGER:-PT15M\r\nEND:VALARM\r\n", 121, EAS_Calendar_Reminder,
     NULL},
    {"BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:PT15M\r\nEND:VALARM\r\n", 121,
     EAS_Calendar_Reminder, NULL},
    {"LOCATION:Room 1\r\n", 141, EAS_Calendar_Location, "Room 1"},
    {"LOCATION:Room 1\r\n", 161, EAS_Calendar_Location, NULL},
    {"LOCATION:Room 1\r\n", 141, EAS_AirSyncBase_Location, NULL},
    {"LOCATION:Room 1\r\n", 160, EAS_AirSyncBase_Location, "DisplayName=Room 1"},
    {"LOCATION:Room 1\r\nGEO:48.2;16.4\r\n", 161, EAS_AirSyncBase_Location,
     "DisplayName=Room 1|Latitude=48.2|Longitude=16.4"},
    {"LOCATION:Room 1\r\nX-MICROSOFT-LOCATIONS:[{\"DisplayName\":\"Room 1\"\\,"
     "\"LocationStreet\":\"Ring 1\"\\,\"Latitude\":48.5}]\r\n",
     161, EAS_AirSyncBase_Location, "DisplayName=Room 1|Street=Ring 1|Latitude=48.5"},
    {"LOCATION:Room 2\r\nX-MICROSOFT-LOCATIONS:[{\"DisplayName\":\"Room 1\"\\,"
     "\"LocationStreet\":\"Ring 1\"}]\r\n",
     161, EAS_AirSyncBase_Location, "DisplayName=Room 2"},
    {"CATEGORIES:a,b\r\nCATEGORIES:c\r\n", 121, EAS_Calendar_Categories,
     "Category=a|Category=b|Category=c"},
    {"", 121, EAS_Calendar_Categories, NULL},
    {"", 121, EAS_Calendar_MeetingStatus, "0"},
    {"", 140, EAS_Calendar_DisallowNewTimeProposal, "0"},
    {"", 121, EAS_Calendar_DisallowNewTimeProposal, NULL},
    {"X-MICROSOFT-DISALLOW-COUNTER:TRUE\r\n", 161, EAS_Calendar_DisallowNewTimeProposal, "1"},
    {"X-MICROSOFT-ONLINEMEETINGEXTERNALLINK:https://x.example/1\r\n", 141,
     EAS_Calendar_OnlineMeetingExternalLink, "https://x.example/1"},
    {"X-GOOGLE-CONFERENCE:https://x.example/2\r\n", 161, EAS_Calendar_OnlineMeetingExternalLink,
     "https://x.example/2"},
    {"X-GOOGLE-CONFERENCE:https://x.example/2\r\n", 140, EAS_Calendar_OnlineMeetingExternalLink,
     NULL},
    {"X-MICROSOFT-ONLINEMEETINGCONFLINK:conf:sip:a\r\n", 141, EAS_Calendar_OnlineMeetingConfLink,
     "conf:sip:a"},
    {"X-MICROSOFT-CDO-REPLYTIME:20261101T100000Z\r\n", 140, EAS_Calendar_AppointmentReplyTime,
     "20261101T100000Z"},
    {"DESCRIPTION:x\r\n", 121, EAS_AirSyncBase_NativeBodyType, "1"},
};

static void test_shown(apr_pool_t *pool)
{
    size_t i;

    for (i = 0; i < sizeof shown_rows / sizeof *shown_rows; i++)
        is_str(shown(calendar(shown_rows[i].lines, pool), shown_rows[i].version, shown_rows[i].tag,
                     pool),
               shown_rows[i].value,
               apr_psprintf(pool, "%d %s of %.40s", shown_rows[i].version,
                            eas_tag_name(shown_rows[i].tag), shown_rows[i].lines));
}

/* Whose meeting it is, and who is invited. */
static void test_people(apr_pool_t *pool)
{
    static const char own[] =
        "ORGANIZER;CN=Anna:mailto:anna@example.org\r\n"
        "ATTENDEE;CN=Anna;PARTSTAT=ACCEPTED:mailto:anna@example.org\r\n"
        "ATTENDEE;CN=Bert;PARTSTAT=TENTATIVE;RSVP=TRUE:MAILTO:bert@example.net\r\n"
        "ATTENDEE;ROLE=OPT-PARTICIPANT;PARTSTAT=DECLINED:mailto:c@example.net\r\n"
        "ATTENDEE;CUTYPE=ROOM;PARTSTAT=NEEDS-ACTION:mailto:room@example.net\r\n";
    static const char other[] = "ORGANIZER;CN=Bert:mailto:bert@example.net\r\n"
                                "ATTENDEE;PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:Anna@example.org\r\n";
    const char *text = calendar(own, pool);

    is_str(shown(text, 141, EAS_Calendar_Attendees, pool),
           "Attendee{Email=bert@example.net|Name=Bert|AttendeeStatus=2|AttendeeType=1}|"
           "Attendee{Email=c@example.net|Name=c@example.net|AttendeeStatus=4|AttendeeType=2}|"
           "Attendee{Email=room@example.net|Name=room@example.net|AttendeeStatus=5|AttendeeType=3}",
           "attendees without the organizer");
    is_str(shown(text, 121, EAS_Calendar_OrganizerEmail, pool), "anna@example.org", "organizer");
    is_str(shown(text, 121, EAS_Calendar_OrganizerName, pool), "Anna", "and the name");
    is_str(shown(text, 121, EAS_Calendar_MeetingStatus, pool), "1", "one's own meeting");
    is_str(shown(text, 141, EAS_Calendar_ResponseType, pool), "1", "as organizer");
    is_str(shown(text, 141, EAS_Calendar_ResponseRequested, pool), "1", "answers are wanted");
    text = calendar(other, pool);
    is_str(shown(text, 161, EAS_Calendar_MeetingStatus, pool), "3", "somebody else's");
    is_str(shown(text, 161, EAS_Calendar_ResponseType, pool), "3", "accepted");
    is_str(shown(text, 161, EAS_Calendar_ResponseRequested, pool), "0", "no answer is wanted");
    text = calendar(apr_pstrcat(pool, other, "STATUS:CANCELLED\r\n", NULL), pool);
    is_str(shown(text, 161, EAS_Calendar_MeetingStatus, pool), "7", "cancelled");
}

/* -- edits: nothing but what is said ---------------------------------------------------------- */

/* What is shown comes back: every byte stays. */
static void test_echo(apr_pool_t *pool)
{
    static const char *const bodies[] = {
        AT "SUMMARY:a\r\nX-UNKNOWN;P=\"q:;\":1\r\nPRIORITY:5\r\n",
        AT "ORGANIZER;CN=Anna:mailto:anna@example.org\r\n"
           "ATTENDEE;CN=\"Bert, B.\";PARTSTAT=TENTATIVE;X-NUM-GUESTS=0:mailto:bert@example.net\r\n"
           "ATTENDEE;PARTSTAT=DELEGATED:mailto:c@example.net\r\nSTATUS:CONFIRMED\r\n",
        BERLIN_AT
        "CATEGORIES:a,b\r\nCATEGORIES:c\r\nCLASS:X-WHATEVER\r\n"
        "X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE\r\nLOCATION:Here\\, there\r\n"
        "X-MICROSOFT-LOCATIONS:[{\"DisplayName\":\"Here, there\"\\,\"LocationCity\":\"W\"}]\r\n",
        "DTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20261227\r\nSUMMARY:days\r\n",
        "DTSTART;VALUE=DATE:20261224\r\nSUMMARY:day\r\nTRANSP:TRANSPARENT\r\n",
        "DTSTART:20261124T090000\r\nDURATION:PT1H\r\nSUMMARY:floating\r\n",
        "DTSTART;TZID=Europe/Berlin:20261124T100000\r\n"
        "DTEND;TZID=America/New_York:20261124T080000\r\nSUMMARY:flight\r\n",
        AT "BEGIN:VALARM\r\nACTION:EMAIL\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\nBEGIN:VALARM\r\n"
           "ACTION:DISPLAY\r\nTRIGGER;RELATED=END:-PT90M\r\nX-A:1\r\nEND:VALARM\r\n",
        AT "DESCRIPTION:one\\ntwo\\n\r\nURL:https://x.example/\r\n",
        BERLIN_AT "RRULE:FREQ=WEEKLY;UNTIL=20270101T000000Z;WKST=SU;BYDAY=TU,TH\r\n"
                  "EXDATE;TZID=Europe/Berlin:20261126T100000,20261201T100000\r\n",
        BERLIN_AT "RRULE:FREQ=MONTHLY;BYMONTHDAY=1,15\r\n",
        BERLIN_AT "RRULE:FREQ=WEEKLY\r\nRDATE;TZID=Europe/Berlin:20261127T120000\r\n",
        "DTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20261225\r\nRRULE:FREQ=YEARLY\r\n"
        "EXDATE;VALUE=DATE:20271224\r\n"};
    size_t i, v;

    for (i = 0; i < sizeof bodies / sizeof *bodies; i++)
        for (v = 0; v < KIND_VERSIONS; v++) {
            const char *text = apr_pstrcat(pool, HEAD BERLIN EVENT, bodies[i], END TAIL, NULL);
            kind_result_t result = kind_change(kind, show(text, kind_versions[v], pool),
                                               kind_versions[v], blob_of_text(text, pool), pool);

            is_str(result.fault ? result.fault->message : result.text, text,
                   apr_psprintf(pool, "echo of %d at %d", (int)i, kind_versions[v]));
        }
}

static void has(const char *text, const char *wanted, const char *name)
{
    if (!ok(text && strstr(text, wanted) != NULL, "%s", name))
        printf("# no %s in\n# %s\n", wanted, text ? text : "(null)");
}

static void lacks(const char *text, const char *unwanted, const char *name)
{
    if (!ok(text && !strstr(text, unwanted), "%s", name))
        printf("# %s in\n# %s\n", unwanted, text ? text : "(null)");
}

/* What a change of one element makes of one line. */
static void test_change(apr_pool_t *pool)
{
    static const struct {
        const char *lines, *data, *wanted;
    } rows[] = {
        {"SUMMARY:a\r\n", "Subject=b, c", "SUMMARY:b\\, c\r\n"},
        {"", "Sensitivity=2", "CLASS:PRIVATE\r\n"},
        {"CLASS:PRIVATE\r\n", "Sensitivity=0", "CLASS:PUBLIC\r\n"},
        {"", "BusyStatus=0", "TRANSP:TRANSPARENT\r\n"},
        {"", "BusyStatus=3", "X-MICROSOFT-CDO-BUSYSTATUS:OOF\r\n"},
        {"", "Reminder=10", "TRIGGER:-PT10M\r\n"},
        {"BEGIN:VALARM\r\nX-A:1\r\nACTION:DISPLAY\r\nTRIGGER;RELATED=END:-PT90M\r\nEND:VALARM\r\n",
         "Reminder=10", "BEGIN:VALARM\r\nX-A:1\r\nACTION:DISPLAY\r\nTRIGGER:-PT10M\r\n"},
        {"", "Categories{Category=x|Category=y, z}", "CATEGORIES:x,y\\, z\r\n"},
        {"", "StartTime=20261124T093000Z|EndTime=20261124T100000Z",
         "DTSTART:20261124T093000Z\r\nDTEND:20261124T100000Z\r\n"},
        {"", "DisallowNewTimeProposal=1", "X-MICROSOFT-DISALLOW-COUNTER:TRUE\r\n"},
        {"", "Body{Type=1|Data=hello}", "DESCRIPTION:hello\r\n"},
        {"", "Attendees{Attendee{Email=bert@example.net|Name=Bert}}",
         "ORGANIZER;CN=Anna:mailto:anna@example.org\r\n"},
    };
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        has(change(calendar(rows[i].lines, pool), rows[i].data, 161, pool).text, rows[i].wanted,
            rows[i].data);
    has(kind_change(kind,
                    kind_data("Location{DisplayName=Here|City=Wien|Latitude=48.2|Longitude=16}",
                              "AirSyncBase", pool),
                    161, blob_of_text(calendar("", pool), pool), pool)
            .text,
        "LOCATION:Here\r\n", "a place");
}

/* Every element that a client may send, at every version: the line that it becomes, and what is shown
 * of it again; versions that do not have it change nothing. */
static const struct {
    eas_version_t from, to; /* NONE: all later ones */
    const char *data;
    const char *line; /* NULL: the event has no line of it */
    eas_tag_t tag;
    const char *shown;
} sent_rows[] = {
    {121, 0, "Subject=b", "SUMMARY:b\r\n", EAS_Calendar_Subject, "b"},
    {121, 0, "StartTime=20261124T083000Z|EndTime=20261124T100000Z", "DTSTART:20261124T083000Z\r\n",
     EAS_Calendar_StartTime, "20261124T083000Z"},
    {121, 0, "StartTime=20261124T090000Z|EndTime=20261124T110000Z", "DTEND:20261124T110000Z\r\n",
     EAS_Calendar_EndTime, "20261124T110000Z"},
    {121, 0, "AllDayEvent=1|StartTime=20261124T000000Z|EndTime=20261125T000000Z",
     "DTSTART;VALUE=DATE:20261124\r\n", EAS_Calendar_AllDayEvent, "1"},
    {121, 141, "Location=there", "LOCATION:there\r\n", EAS_Calendar_Location, "there"},
    {160, 0,
     "Location{DisplayName=there|Street=Ring 1|City=Wien|State=W|Country=AT|PostalCode=1010}",
     "X-MICROSOFT-LOCATIONS:", EAS_AirSyncBase_Location,
     "DisplayName=there|Street=Ring 1|City=Wien|State=W|Country=AT|PostalCode=1010"},
    {160, 0,
     "Location{DisplayName=there|Annotation=n|Latitude=48.2|Longitude=-16.4|Accuracy=1|Altitude=2|"
     "AltitudeAccuracy=3|LocationUri=u}",
     "GEO:48.2;-16.4\r\n", EAS_AirSyncBase_Location,
     "DisplayName=there|Annotation=n|Latitude=48.2|Longitude=-16.4|Accuracy=1|Altitude=2|"
     "AltitudeAccuracy=3|LocationUri=u"},
    {121, 0, "Categories{Category=x|Category=y}", "CATEGORIES:x,y\r\n", EAS_Calendar_Categories,
     "Category=x|Category=y"},
    {121, 0, "Sensitivity=0", NULL, EAS_Calendar_Sensitivity, "0"},
    {121, 0, "Sensitivity=1", "CLASS:X-PERSONAL\r\n", EAS_Calendar_Sensitivity, "1"},
    {121, 0, "Sensitivity=2", "CLASS:PRIVATE\r\n", EAS_Calendar_Sensitivity, "2"},
    {121, 0, "Sensitivity=3", "CLASS:CONFIDENTIAL\r\n", EAS_Calendar_Sensitivity, "3"},
    {121, 0, "BusyStatus=0", "TRANSP:TRANSPARENT\r\n", EAS_Calendar_BusyStatus, "0"},
    {121, 0, "BusyStatus=1", "X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE\r\n", EAS_Calendar_BusyStatus,
     "1"},
    {121, 0, "BusyStatus=3", "X-MICROSOFT-CDO-BUSYSTATUS:OOF\r\n", EAS_Calendar_BusyStatus, "3"},
    {160, 0, "BusyStatus=4", "X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE\r\n",
     EAS_Calendar_BusyStatus, "4"},
    {121, 0, "Reminder=0", "TRIGGER:PT0S\r\n", EAS_Calendar_Reminder, "0"},
    {121, 0, "Reminder=90", "TRIGGER:-PT90M\r\n", EAS_Calendar_Reminder, "90"},
    {121, 0, "Body{Type=1|Data=text}", "DESCRIPTION:text\r\n", EAS_AirSyncBase_NativeBodyType, "1"},
    {121, 0, "Body{Type=2|Data=<b>text</b>}", "X-ALT-DESC", EAS_AirSyncBase_NativeBodyType, "2"},
    {121, 141, "Attendees{Attendee{Email=b@example.net|Name=B|AttendeeStatus=3|AttendeeType=2}}",
     "PARTSTAT=ACCEPTED", EAS_Calendar_Attendees,
     "Attendee{Email=b@example.net|Name=B|AttendeeStatus=3|AttendeeType=2}"},
    {160, 0, "Attendees{Attendee{Email=b@example.net|Name=B|AttendeeType=1}}",
     "ORGANIZER;CN=Anna:mailto:anna@example.org\r\n", EAS_Calendar_MeetingStatus, "1"},
    {121, 0, "Recurrence{Type=0|Interval=2}", "RRULE:FREQ=DAILY;INTERVAL=2\r\n",
     EAS_Calendar_Recurrence, NULL},
    {140, 0, "Attendees{Attendee{Email=b@example.net|Name=B|AttendeeType=1}}|ResponseRequested=1",
     "RSVP=TRUE", EAS_Calendar_ResponseRequested, "1"},
    {140, 0, "DisallowNewTimeProposal=1", "X-MICROSOFT-DISALLOW-COUNTER:TRUE\r\n",
     EAS_Calendar_DisallowNewTimeProposal, "1"},
};

static void test_sent(apr_pool_t *pool)
{
    size_t i, v;

    for (i = 0; i < sizeof sent_rows / sizeof *sent_rows; i++)
        for (v = 0; v < KIND_VERSIONS; v++) {
            const eas_version_t version = kind_versions[v], to = sent_rows[i].to;
            int is_place = sent_rows[i].tag == EAS_AirSyncBase_Location;
            const eas_node_t *data =
                kind_data(sent_rows[i].data, is_place ? "AirSyncBase" : "Calendar", pool);
            const char *before = calendar("", pool);
            kind_result_t result =
                kind_change(kind, data, version, blob_of_text(before, pool), pool);
            const char *name = apr_psprintf(pool, "%d: %.40s", version, sent_rows[i].data);

            if (version < sent_rows[i].from || (to && version > to)) {
                if (sent_rows[i].line && is_place)
                    lacks(result.text, sent_rows[i].line, name);
                continue;
            }
            if (sent_rows[i].line)
                has(result.text, sent_rows[i].line, name);
            else
                is_str(result.text, before, name);
            if (sent_rows[i].shown)
                is_str(shown(result.text, version, sent_rows[i].tag, pool), sent_rows[i].shown,
                       "and is shown so");
            else
                ok(shown(result.text, version, sent_rows[i].tag, pool) != NULL, "and is shown");
            is_str(kind_change(kind, data, version, result.blob, pool).text, result.text,
                   "the repeat changes nothing");
        }
}

/* -- what is left out ------------------------------------------------------------------------- */

static kind_result_t change_supported(const char *text, const char *data, eas_version_t version,
                                      const eas_tag_t *tags, int count, apr_pool_t *pool)
{
    backend_identity_t identity = {.address = "anna@example.org", .display_name = "Anna"};
    apr_array_header_t *supported = apr_array_make(pool, 4, sizeof(eas_tag_t));
    kind_result_t result = {0};
    item_change_t change = {.data = kind_data(data, "Calendar", pool),
                            .version = version,
                            .supported = count >= 0 ? supported : NULL,
                            .identity = &identity,
                            .now = KIND_NOW,
                            .tell = &result.tell};

    while (count > 0)
        APR_ARRAY_PUSH(supported, eas_tag_t) = tags[--count];
    result.fault = kind->change(&change, blob_of_text(text, pool), &result.blob, pool);
    if (!result.fault)
        result.text = apr_pstrmemdup(pool, result.blob->data, (apr_size_t)result.blob->size);
    return result;
}

#define SAME "StartTime=20261124T090000Z|EndTime=20261124T100000Z|Subject=a"

static void test_omitted(apr_pool_t *pool)
{
    static const eas_tag_t attendees[] = {EAS_Calendar_Attendees};
    const char *text =
        calendar("SUMMARY:a\r\nLOCATION:l\r\nCATEGORIES:c\r\nDESCRIPTION:d\r\n"
                 "ORGANIZER:mailto:anna@example.org\r\nATTENDEE:mailto:bert@example.net\r\n"
                 "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT15M\r\nEND:VALARM\r\n",
                 pool);
    kind_result_t result = change_supported(text, SAME, 141, NULL, -1, pool);

    lacks(result.text, "LOCATION", "14.1 without Supported: Location goes");
    lacks(result.text, "CATEGORIES", "Categories go");
    lacks(result.text, "VALARM", "Reminder goes");
    lacks(result.text, "ATTENDEE", "Attendees go");
    has(result.text, "DESCRIPTION:d", "the body stays");
    has(result.text, "ORGANIZER", "the organizer stays");
    result =
        change(calendar("ORGANIZER:mailto:anna@example.org\r\nATTENDEE:mailto:b@example.net\r\n"
                        "ATTENDEE;CN=B:MAILTO:B@example.net\r\n"
                        "ATTENDEE:mailto:cy@example.net\r\n",
                        pool),
               "Attendees{Attendee{Email=cy@example.net|Name=C}}", 160, pool);
    lacks(result.text, "@example.net\r\nATTENDEE", "who was there twice is gone altogether");
    result = change_supported(text, SAME, 141, NULL, 0, pool);
    has(result.text, "ATTENDEE", "an empty Supported: Attendees stay");
    lacks(result.text, "LOCATION", "Location cannot be ghosted");
    result = change_supported(text, SAME, 141, attendees, 1, pool);
    lacks(result.text, "ATTENDEE", "Supported names Attendees: they go");
    result = change_supported(text, "Subject=b", 160, NULL, -1, pool);
    has(result.text, "LOCATION", "16.0: all stays");
    has(result.text, "ATTENDEE", "16.0: those who are invited");
    has(result.text, "VALARM", "16.0: the reminder");
    result = change_supported(text, "Subject=", 160, NULL, -1, pool);
    lacks(result.text, "SUMMARY", "16.0: an empty element deletes");
    result = change_supported(text, "Attendees=", 160, NULL, -1, pool);
    lacks(result.text, "ATTENDEE", "16.0: nobody is invited any more");
}

/* -- days ------------------------------------------------------------------------------------- */

static void put_zone(eas_node_t *data, int standard, int daylight, apr_pool_t *pool)
{
    item_zone_t zone = {
        .offset = standard * 60, .daylight_offset = daylight * 60, .name = "", .daylight_name = ""};

    if (standard != daylight) {
        zone.daylight = (item_zone_change_t){.month = 3, .weekday = 0, .week = 5, .hour = 2};
        zone.standard = (item_zone_change_t){.month = 10, .weekday = 0, .week = 5, .hour = 3};
    }
    node_add(data, EAS_Calendar_Timezone, item_zone_blob(&zone, pool), pool);
}

/* A day is that day, wherever a phone is and whichever version it speaks. */
static void test_days(apr_pool_t *pool)
{
    static const struct {
        int standard, daylight; /* minutes */
        const char *start, *end;
    } rows[] = {{0, 0, "20261224T000000Z", "20261225T000000Z"},
                {60, 120, "20261223T230000Z", "20261224T230000Z"},
                {-300, -300, "20261224T050000Z", "20261225T050000Z"},
                {330, 330, "20261223T183000Z", "20261224T183000Z"},
                {780, 780, "20261223T110000Z", "20261224T110000Z"},
                {-660, -660, "20261224T110000Z", "20261225T110000Z"}};
    size_t i, v;

    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        for (v = 0; v < 3; v++) {
            eas_node_t *data = kind_data(apr_psprintf(pool, "AllDayEvent=1|StartTime=%s|EndTime=%s",
                                                      rows[i].start, rows[i].end),
                                         "Calendar", pool);
            kind_result_t made;

            put_zone(data, rows[i].standard, rows[i].daylight, pool);
            made = kind_change(kind, data, kind_versions[v], NULL, pool);
            has(made.text, "DTSTART;VALUE=DATE:20261224\r\n",
                apr_psprintf(pool, "%d: a day of the zone %d", kind_versions[v], rows[i].standard));
            has(made.text, "DTEND;VALUE=DATE:20261225\r\n", "and its end");
            is_str(shown(made.text, 160, EAS_Calendar_StartTime, pool), "20261224T000000Z",
                   "at 16.0 it is the date");
            ok(!shown(made.text, 161, EAS_Calendar_Timezone, pool), "without a zone");
            if (rows[i].standard == 60)
                is_str(shown(made.text, 141, EAS_Calendar_StartTime, pool), "20261223T230000Z",
                       "before it is midnight there");
        }
    has(kind_change(
            kind, kind_data("AllDayEvent=1|StartTime=20261224|EndTime=20261225", "Calendar", pool),
            161, NULL, pool)
            .text,
        "DTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20261225\r\n", "16.1: a date alone");
}

/* -- zones ------------------------------------------------------------------------------------ */

static void test_zones(apr_pool_t *pool)
{
    const char *text = apr_pstrcat(pool, HEAD BERLIN EVENT BERLIN_AT, END TAIL, NULL);
    eas_node_t *data = kind_data("StartTime=20261124T100000Z|EndTime=20261124T110000Z|Subject=a",
                                 "Calendar", pool);
    kind_result_t result = kind_change(kind, data, 161, blob_of_text(text, pool), pool);

    has(result.text, "DTSTART;TZID=Europe/Berlin:20261124T110000\r\n", "a time stays in its zone");
    put_zone(data, 60, 120, pool);
    result = kind_change(kind, data, 141, blob_of_text(text, pool), pool);
    has(result.text, "DTSTART;TZID=Europe/Berlin:20261124T110000\r\n", "also by its blob");
    result = kind_change(kind, data, 141, NULL, pool);
    has(result.text, "BEGIN:VTIMEZONE", "a new one has its zone");
    has(result.text, "20261124T110000\r\n", "and its local time");
    is_str(shown(result.text, 141, EAS_Calendar_StartTime, pool), "20261124T100000Z",
           "and comes back");
    data = kind_data("StartTime=20261124T100000Z|EndTime=20261124T110000Z|Timezone=rubbish",
                     "Calendar", pool);
    has(kind_change(kind, data, 141, NULL, pool).text, "DTSTART:20261124T100000Z\r\n",
        "a blob that is none is none");
    data = kind_data("StartTime=20261124T200000Z|EndTime=20261124T210000Z|"
                     "Recurrence{Type=1|Interval=1|DayOfWeek=8}",
                     "Calendar", pool);
    put_zone(data, 661, 721, pool);
    result = kind_change(kind, data, 141, NULL, pool);
    has(result.text, "TZOFFSETTO:+1201\r\n", "a zone that is no place's is written as it is");
    has(result.text, "T070100\r\n", "and its local time, by which it recurs");
    is_str(shown(result.text, 141, EAS_Calendar_StartTime, pool), "20261124T200000Z",
           "and comes back");
}

/* -- attachments ------------------------------------------------------------------------------ */

static void test_files(apr_pool_t *pool)
{
    const char *text = calendar("ATTACH:https://x.example/a\r\n"
                                "ATTACH;VALUE=BINARY;ENCODING=BASE64;FMTTYPE=text/plain;"
                                "FILENAME=a.txt:aGVsbG8=\r\n",
                                pool);
    const eas_node_t *node = eas_node_child(show(text, 161, pool), EAS_AirSyncBase_Attachments);
    const eas_node_t *file = eas_node_child(node, EAS_AirSyncBase_Attachment);
    const char *name = eas_node_child_text(file, EAS_AirSyncBase_FileReference);
    item_attachment_t *attachment;
    item_reference_t reference;
    kind_result_t result;
    eas_node_t *data, *change;
    char buffer[16];
    apr_size_t n = sizeof buffer;

    is_str(eas_node_child_text(file, EAS_AirSyncBase_DisplayName), "a.txt", "an attachment");
    ok(!eas_node_next(file), "a link is none");
    ok(!shown(text, 141, EAS_AirSyncBase_Attachments, pool), "none at 14.1");
    ok(item_reference_parse_file(name, &reference, pool) &&
           !kind->attachment_open(blob_of_text(text, pool), &reference, &attachment, pool),
       "it is opened");
    ok(!item_attachment_read(attachment, buffer, &n) && n == 5 && !memcmp(buffer, "hello", 5),
       "and read");
    data = kind_data("", "Calendar", pool);
    change = node_add(data, EAS_AirSyncBase_Attachments, "", pool);
    node_add(node_add(change, EAS_AirSyncBase_Delete, "", pool), EAS_AirSyncBase_FileReference,
             name, pool);
    change = node_add(change, EAS_AirSyncBase_Add, "", pool);
    node_add(change, EAS_AirSyncBase_ClientId, "1", pool);
    node_add(change, EAS_AirSyncBase_Method, "1", pool);
    node_add(change, EAS_AirSyncBase_DisplayName, "b;c.txt", pool);
    node_add(change, EAS_AirSyncBase_Content, "world", pool);
    result = kind_change(kind, data, 161, blob_of_text(text, pool), pool);
    has(result.text, "ATTACH:https://x.example/a\r\n", "the link stays");
    lacks(result.text, "aGVsbG8=", "the file is deleted");
    has(result.text, "d29ybGQ=", "another one is added");
    is_str(kind_change(kind, data, 161, result.blob, pool).text, result.text,
           "the repeat changes nothing");
}

/* -- new ones --------------------------------------------------------------------------------- */

static void test_new(apr_pool_t *pool)
{
    const char *text =
        change(NULL, "Subject=New|StartTime=20261124T090000Z|EndTime=20261124T100000Z", 161, pool)
            .text;

    has(text, "SUMMARY:New\r\n", "a new one has its subject");
    has(text, "DTSTART:20261124T090000Z\r\n", "and its start");
    is_str(
        change(NULL, "Subject=New|StartTime=20261124T090000Z|EndTime=20261124T100000Z", 161, pool)
            .text,
        text, "the same again is the same");
    has(change(NULL, "UID=mine|StartTime=20261124T090000Z|EndTime=20261124T100000Z", 141, pool)
            .text,
        "UID:mine\r\n", "its UID up to 14.1");
    has(change(NULL, "Subject=x", 161, pool).text, "DTSTART:20261123T120000Z\r\n",
        "without times: now");
    is_int(base_fault_code(change(NULL, "EndTime=20261123T100000Z", 161, pool).fault),
           BASE_FAULT_INVALID, "an end in the past");
    is_int(
        base_fault_code(
            change(NULL, "StartTime=20261124T090000Z|EndTime=20261124T080000Z", 161, pool).fault),
        BASE_FAULT_INVALID, "an end before the start");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    test_shown(pool);
    test_people(pool);
    test_echo(pool);
    test_change(pool);
    test_sent(pool);
    test_omitted(pool);
    test_days(pool);
    test_zones(pool);
    test_files(pool);
    test_new(pool);
    apr_pool_destroy(pool);
    return done_testing();
}
