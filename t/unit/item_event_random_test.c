/* Random events, both ways. What a phone is shown comes back: every byte stays. What a phone sends is
 * shown as it was sent, to any phone; and what it does not name stays byte for byte. */
#include "kind_helpers.h"

#include "item/event.h"

#define ROUNDS 400

static const item_kind_t *const kind = &item_event_kind;
static unsigned state;

static unsigned pick(unsigned n)
{
    state = state * 1103515245u + 12345u;
    return (state >> 16) % n;
}

static const char zone[] =
    "BEGIN:VTIMEZONE\r\nTZID:Somewhere\r\nBEGIN:STANDARD\r\nDTSTART:19701025T030000\r\n"
    "TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\n"
    "END:STANDARD\r\nBEGIN:DAYLIGHT\r\nDTSTART:19700329T020000\r\nTZOFFSETFROM:+0100\r\n"
    "TZOFFSETTO:+0200\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\nEND:DAYLIGHT\r\n"
    "END:VTIMEZONE\r\n";

/* -- what is shown comes back ----------------------------------------------------------------- */

static const char *time_of(int form, int year, int hour, apr_pool_t *pool)
{
    int month = 1 + (int)pick(12), day = 1 + (int)pick(28), minute = (int)pick(4) * 15;
    static const char *const zones[] = {"", ";TZID=Somewhere", ";TZID=America/New_York",
                                        ";TZID=Asia/Kolkata"};

    switch (form) {
    case 0:
        return apr_psprintf(pool, ";VALUE=DATE:%04d%02d%02d", year, month, day);
    case 1:
        return apr_psprintf(pool, ":%04d%02d%02dT%02d%02d00Z", year, month, day, hour, minute);
    default:
        return apr_psprintf(pool, "%s:%04d%02d%02dT%02d%02d00", zones[form - 2], year, month, day,
                            hour, minute);
    }
}

static const char *rule(apr_pool_t *pool)
{
    static const char *const rules[] = {
        "FREQ=DAILY",
        "FREQ=WEEKLY;BYDAY=MO,WE",
        "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=SU,MO",
        "FREQ=MONTHLY",
        "FREQ=MONTHLY;BYDAY=-1FR",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "FREQ=MONTHLY;BYMONTHDAY=-1",
        "FREQ=MONTHLY;BYMONTHDAY=1,15",
        "FREQ=YEARLY",
        "FREQ=YEARLY;BYMONTH=3,9;BYMONTHDAY=1",
        "FREQ=YEARLY;BYDAY=2SU;BYMONTH=5",
        "FREQ=YEARLY;BYWEEKNO=20",
        "FREQ=HOURLY;INTERVAL=6",
        "FREQ=WEEKLY;BYDAY=TU;BYMONTH=1,2,3",
    };
    static const char *const ends[] = {"", ";COUNT=7", ";UNTIL=20281231T000000Z"};

    return apr_pstrcat(pool, "RRULE:", rules[pick(sizeof rules / sizeof *rules)], ends[pick(3)],
                       "\r\n", NULL);
}

static const char *some_event(apr_pool_t *pool)
{
    static const char *const lines[] = {
        "SUMMARY:a\\, b\r\n",
        "LOCATION:Raum\\; 1\r\n",
        "DESCRIPTION:eins\\nzwei\r\n",
        "CLASS:PRIVATE\r\n",
        "TRANSP:TRANSPARENT\r\n",
        "X-MICROSOFT-CDO-BUSYSTATUS:OOF\r\n",
        "CATEGORIES:a,b\r\n",
        "CATEGORIES:c\\,d\r\n",
        "ORGANIZER;CN=Bo:mailto:bo@example.net\r\n",
        "ATTENDEE;PARTSTAT=ACCEPTED;CN=\"C, D\":mailto:c@example.net\r\n",
        "ATTENDEE;ROLE=CHAIR;X-A=1:mailto:d@example.net\r\n",
        "ATTENDEE;CUTYPE=GROUP:urn:uuid:1\r\n",
        "STATUS:TENTATIVE\r\n",
        "SEQUENCE:3\r\n",
        "PRIORITY:5\r\n",
        "URL:https://x.example/\r\n",
        "X-FOO;BAR=\"a:b\":c\r\n",
        "GEO:48.2;16.3\r\n",
        "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT10M\r\nX-B:1\r\nEND:VALARM\r\n",
        "BEGIN:VALARM\r\nACTION:EMAIL\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\n",
        "BEGIN:VALARM\r\nACTION:AUDIO\r\nTRIGGER;VALUE=DATE-TIME:20200101T000000Z\r\nEND:"
        "VALARM\r\n"};
    int form = (int)pick(6), year = 1950 + (int)pick(90), n = (int)pick(10);
    const char *text = apr_pstrcat(pool, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", zone,
                                   "BEGIN:VEVENT\r\nUID:u\r\nDTSTART",
                                   time_of(form, year, (int)pick(24), pool), "\r\n", NULL);

    if (pick(2))
        text = apr_pstrcat(pool, text, form ? "DURATION:PT45M\r\n" : "DURATION:P2D\r\n", NULL);
    if (pick(2))
        text = apr_pstrcat(pool, text, rule(pool), NULL);
    while (n-- > 0)
        text = apr_pstrcat(pool, text, lines[pick(sizeof lines / sizeof *lines)], NULL);
    return apr_pstrcat(pool, text, "END:VEVENT\r\nEND:VCALENDAR\r\n", NULL);
}

static int comes_back(const char *text, eas_version_t version, apr_pool_t *pool)
{
    item_options_t options = options_prefer(version, ITEM_BODY_TEXT, ITEM_TRUNCATION_NONE);
    backend_blob_t *blob = blob_of_text(text, pool);
    const eas_node_t *node;
    kind_result_t result;

    options.now = KIND_NOW;
    node = kind_node(kind, blob, &options, pool);
    if (!node)
        return 0;
    result = kind_change(kind, node, version, blob, pool);
    if (!result.fault && result.blob == blob)
        return 1;
    printf("# at %d: %s\n# %s\n# %s\n# %s\n", version,
           result.fault ? result.fault->message : "another one", text, kind_text(node, pool),
           result.text ? result.text : "");
    return 0;
}

static void test_back(apr_pool_t *pool)
{
    apr_pool_t *scratch;
    int i, failed = 0;
    size_t v;

    apr_pool_create(&scratch, pool);
    for (i = 0; i < ROUNDS && failed < 5; i++) {
        const char *text;

        apr_pool_clear(scratch);
        text = some_event(scratch);
        for (v = 0; v < KIND_VERSIONS; v++)
            failed += !comes_back(text, kind_versions[v], scratch);
    }
    is_int(failed, 0, "what is shown comes back as it was");
}

/* -- what is sent is shown -------------------------------------------------------------------- */

typedef struct {
    eas_tag_t tag;
    const char *const values[4];
} element_t;

static const element_t elements[] = {
    {EAS_Calendar_Subject, {"x", "Grüße, \"alle\"; \\n", " ", "a:b"}},
    {EAS_Calendar_Sensitivity, {"0", "1", "2", "3"}},
    {EAS_Calendar_BusyStatus, {"0", "1", "2", "3"}},
    {EAS_Calendar_Reminder, {"0", "15", "1440", "10080"}},
    {EAS_Calendar_DisallowNewTimeProposal, {"0", "1", "1", "0"}},
    {EAS_Calendar_StartTime,
     {"20260329T003000Z", "20261025T010000Z", "20270101T000000Z", "19990704T120000Z"}},
};

#define ELEMENTS (sizeof elements / sizeof *elements)

/* Lines of the event that no element of these is made of. */
static const char *rest_of(const char *text, apr_pool_t *pool)
{
    static const char *const own[] = {"SUMMARY",  "CLASS",   "TRANSP",  "X-MICROSOFT",
                                      "SEQUENCE", "DTSTART", "DTEND",   "DURATION",
                                      "DTSTAMP",  "LAST-",   "TRIGGER", NULL};
    base_text_buffer_t rest = {.pool = pool};

    while (*text) {
        size_t n = strcspn(text, "\n"), i = 0;

        n += text[n] == '\n';
        while (own[i] && strncmp(text, own[i], strlen(own[i])) != 0)
            i++;
        if (!own[i])
            base_text_buffer_append(&rest, text, n);
        text += n;
    }
    return rest.length ? rest.data : "";
}

static int is_shown(const eas_node_t *data, const char *text, eas_version_t version,
                    apr_pool_t *pool)
{
    item_options_t options = options_prefer(version, ITEM_BODY_TEXT, ITEM_TRUNCATION_NONE);
    const eas_node_t *node = kind_node(kind, blob_of_text(text, pool), &options, pool), *child;

    for (child = data->first; child; child = child->next) {
        const char *got = eas_node_child_text(node, child->tag);

        /* of what is several times a day the times are told with it */
        if (got && child->tag == EAS_Calendar_Subject && strstr(text, "FREQ=HOURLY") &&
            strstr(got, " ("))
            got = apr_pstrmemdup(pool, got, (apr_size_t)(strstr(got, " (") - got));
        if (eas_tag_in_version(child->tag, version) && (!got || strcmp(got, child->text) != 0)) {
            printf("# at %d: %s is %s, not %s, in\n# %s\n", version, eas_tag_name(child->tag),
                   got ? got : "(nothing)", child->text, text);
            return 0;
        }
    }
    return 1;
}

/* At 16.x, where what is left out stays; times are given together, of an event that is no day. */
static int is_sent(apr_pool_t *pool)
{
    eas_node_t *data = node_add(NULL, EAS_AirSync_ApplicationData, "", pool);
    const char *text = some_event(pool), *changed;
    kind_result_t result;
    size_t i, v;

    while (strstr(text, "VALUE=DATE:") || strstr(text, "RRULE:FREQ=MONTHLY;BYMONTHDAY=1,15") ||
           strstr(text, "BEGIN:VALARM"))
        text = some_event(pool);
    for (i = 0; i < ELEMENTS; i++) {
        if (pick(2) || (elements[i].tag == EAS_Calendar_StartTime && strstr(text, "RRULE:FREQ")))
            continue;
        node_add(data, elements[i].tag, elements[i].values[pick(4)], pool);
        if (elements[i].tag == EAS_Calendar_StartTime)
            node_add(data, EAS_Calendar_EndTime, "20280101T000000Z", pool);
    }
    result = kind_change(kind, data, EAS_VERSION_16_1, blob_of_text(text, pool), pool);
    if (result.fault) {
        printf("# %s\n# %s\n", result.fault->message, text);
        return 0;
    }
    changed = result.text;
    for (v = 0; v < KIND_VERSIONS; v++)
        if (!is_shown(data, changed, kind_versions[v], pool))
            return 0;
    if (eas_node_child(data, EAS_Calendar_Reminder)) /* which adds an alarm */
        return 1;
    if (strcmp(rest_of(text, pool), rest_of(changed, pool)) == 0)
        return 1;
    printf("# of\n# %s\n# became\n# %s\n", text, changed);
    return 0;
}

static void test_sent(apr_pool_t *pool)
{
    apr_pool_t *scratch;
    int i, failed = 0;

    apr_pool_create(&scratch, pool);
    for (i = 0; i < ROUNDS && failed < 5; i++) {
        apr_pool_clear(scratch);
        failed += !is_sent(scratch);
    }
    is_int(failed, 0, "what is sent is shown, and the rest stays");
}

int main(int argc, char **argv)
{
    apr_pool_t *pool;

    state = argc > 1 ? (unsigned)atoi(argv[1]) : 20261123;
    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    test_back(pool);
    test_sent(pool);
    apr_pool_destroy(pool);
    return done_testing();
}
