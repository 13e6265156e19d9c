/* What a mail has beside its content: Flag, Categories, LastVerbExecuted. */
#include "item_helpers.h"

#include "backend/properties.h"
#include "base/time.h"
#include "item/category.h"
#include "item/flag.h"
#include "item/verb.h"

#define F BACKEND_FLAG_FLAGGED
#define START "StartDate=2026-11-23T00:00:00.000Z"
#define DUE "DueDate=2026-11-25T00:00:00.000Z"
#define UTC_START "UtcStartDate=2026-11-22T23:00:00.000Z"
#define UTC_DUE "UtcDueDate=2026-11-24T23:00:00.000Z"
#define DATES START ";" DUE ";" UTC_START ";" UTC_DUE
#define DONE "DateCompleted=2026-11-24T00:00:00.000Z;CompleteTime=2026-11-24T08:00:00.000Z"

static apr_pool_t *pool;

static eas_tag_t tag_of(const char *name)
{
    eas_tag_t tag = strcmp(name, "Subject") == 0 ? EAS_TAG_NONE : eas_tag_find("Email", name);

    return tag ? tag : eas_tag_find("Tasks", name);
}

/* "Status=2;FlagType=x" */
static eas_node_t *flag_node(const char *children)
{
    eas_node_t *flag = node_add(NULL, EAS_Email_Flag, "", pool);
    char *child, *state;

    for (child = apr_strtok(apr_pstrdup(pool, children), ";", &state); child;
         child = apr_strtok(NULL, ";", &state)) {
        char *equals = strchr(child, '=');

        *equals = '\0';
        node_add(flag, tag_of(child), equals + 1, pool);
    }
    return flag;
}

/* The same of what is written. */
static const char *written(const eas_node_t *node)
{
    const char *text = "";
    const eas_node_t *child;

    for (child = node ? node->first : NULL; child; child = child->next)
        text = apr_pstrcat(
            pool, text, *text ? ";" : "", eas_tag_name(child->tag), "=",
            child->first ? apr_pstrcat(pool, "(", written(child), ")", NULL) : child->text, NULL);
    return text;
}

static const eas_node_t *decoded(eas_writer_t *writer, eas_spool_t *spool)
{
    const eas_node_t *root = NULL;
    const char *data;
    apr_off_t length;
    apr_file_t *file;

    if (eas_writer_finish(writer) || eas_spool_content(spool, &data, &file, &length) ||
        wbxml_decode(data, (apr_size_t)length, &root, pool))
        abort();
    return root;
}

static const char *shown(const backend_entry_t *entry)
{
    eas_spool_t *spool = eas_spool_create(NULL, pool);
    eas_writer_t *writer = eas_writer_create(spool, pool);

    item_flag_write(entry, NULL, writer, pool);
    return written(decoded(writer, spool));
}

static backend_entry_t with(apr_uint64_t flags, backend_property_t property, const char *text)
{
    backend_properties_t *properties = apr_pcalloc(pool, sizeof *properties);

    properties->text[property] = text;
    return (backend_entry_t){.uid = 1, .token = flags, .properties = properties};
}

/* Does a Change; returns "invalid", or how the flag is shown then. */
static const char *changed(backend_entry_t *entry, const char *children, int meeting)
{
    item_flag_change_t change;
    const char *text = NULL;

    if (item_flag_read(flag_node(children), &change, pool) ||
        item_flag_apply(&change, entry, meeting, &text, pool))
        return "invalid";
    *entry = with((entry->token & ~change.mask) | change.values, BACKEND_PROPERTY_FOLLOW_UP, text);
    return shown(entry);
}

/* Each row goes on from where the one before it ended; flags -1: from there. */
static const struct {
    int flags; /* the bit as another program leaves it; -1: as it is; -2: no flag at all */
    const char *children, *shown, *name;
} flag_rows[] = {
    {-2, "Status=2;FlagType=Flag for follow up", "Status=2;FlagType=Flag for follow up",
     "a plain flag"},
    {-1, "", "", "an empty Flag clears it"},
    {-2, "Status=2;FlagType=later;" DATES, "Status=2;FlagType=later;" DATES, "with dates"},
    {-1, "Status=0", "", "Status 0 clears"},
    {F, "DueDate=", "Status=2;FlagType=Flag for follow up",
     "and takes the dates with it: set again by another program it has none"},
    {-2,
     "Subject=Call;Status=2;FlagType=x;" DATES
     ";ReminderSet=1;ReminderTime=2026-11-25T08:00:00.000Z;"
     "OrdinalDate=20261123T080000Z;SubOrdinalDate=5555",
     "Subject=Call;Status=2;FlagType=x;" DATES
     ";ReminderSet=1;ReminderTime=2026-11-25T08:00:00.000Z;"
     "OrdinalDate=2026-11-23T08:00:00.000Z;SubOrdinalDate=5555",
     "with everything"},
    {-1, "ReminderSet=0;ReminderTime=",
     "Subject=Call;Status=2;FlagType=x;" DATES
     ";ReminderSet=0;OrdinalDate=2026-11-23T08:00:00.000Z;SubOrdinalDate=5555",
     "what an update does not name stays"},
    {-1, "Status=2;DueDate=2026-11-30T00:00:00Z;UtcDueDate=2026-11-29T23:00:00Z",
     "Subject=Call;Status=2;FlagType=x;" START ";DueDate=2026-11-30T00:00:00.000Z;" UTC_START
     ";UtcDueDate=2026-11-29T23:00:00.000Z;ReminderSet=0;"
     "OrdinalDate=2026-11-23T08:00:00.000Z;SubOrdinalDate=5555",
     "also with a Status"},
    {-1, "DueDate=2026-11-01T00:00:00.000Z", "invalid", "due before it starts"},
    {-1, "UtcDueDate=2026-11-01T00:00:00.000Z", "invalid", "in UTC"},
    {-1, "StartDate=;UtcStartDate=", "invalid", "half of the dates cannot be removed"},
    {-1, "Status=2;FlagType=x", "Status=2;FlagType=x", "a flag that is set anew is a new one"},
    {-1, "Status=2;FlagType=x;" DATES, "Status=2;FlagType=x;" DATES, "dates again"},
    {0, "DueDate=2026-11-30T00:00:00Z", "invalid",
     "another program took it away: there is nothing to update"},
    {F, "ReminderSet=0", "Status=2;FlagType=x;" DATES ";ReminderSet=0",
     "it set it again: everything is there"},
    {-1, "Status=1;" DONE, "Status=1;FlagType=x;" DONE ";" DATES ";ReminderSet=0",
     "complete, with its dates"},
    {-1, "SubOrdinalDate=z",
     "Status=1;FlagType=x;" DONE ";" DATES ";ReminderSet=0;SubOrdinalDate=z",
     "what is complete can be updated"},
    {F, "SubOrdinalDate=", "Status=2;FlagType=x;" DATES ";ReminderSet=0",
     "set again by another program it is no longer complete"},
    {-1, "Status=1;" DONE, "Status=1;FlagType=x;" DONE ";" DATES ";ReminderSet=0", "complete"},
    {-1, "Status=2", "invalid", "a new flag needs a FlagType"},
    {-1, "Status=2;FlagType=y", "Status=2;FlagType=y", "active again"},
    {-2, "Status=1;" DONE, "Status=1;FlagType=Flag for follow up;" DONE, "complete at once"},
    {-2, "Status=1;CompleteTime=2026-11-24T08:00:00.000Z", "invalid", "without DateCompleted"},
    {-2, "Status=1", "invalid", "without both"},
    {-2, "Status=2;FlagType=x;DateCompleted=2026-11-24T08:00:00.000Z", "invalid",
     "DateCompleted without CompleteTime"},
    {-2, "Status=2", "invalid", "no FlagType"},
    {-2, "FlagType=x", "invalid", "no Status"},
    {-2, "Status=3;FlagType=x", "invalid", "no such Status"},
    {-2, "Status=x;FlagType=x", "invalid", "no number"},
    {-2, "Status=;FlagType=x", "invalid", "an empty Status"},
    {-2, "Status=2;FlagType=x;" START, "invalid", "one date"},
    {-2, "Status=2;FlagType=x;" START ";" DUE, "invalid", "two dates"},
    {-2, "Status=2;FlagType=x;" START ";" DUE ";" UTC_START, "invalid", "three dates"},
    {-2, "Status=2;FlagType=x;StartDate=today;" DUE ";" UTC_START ";" UTC_DUE, "invalid",
     "no date"},
    {-2, "Status=2;FlagType=x;ReminderSet=1", "invalid", "a reminder without a time"},
    {-2, "Status=2;FlagType=x;ReminderSet=2;ReminderTime=2026-11-24T08:00:00Z", "invalid",
     "no such reminder"},
    {-2,
     "Status=2;FlagType=x;" START ";DueDate=2026-11-23T00:00:00Z;" UTC_START
     ";UtcDueDate=2026-11-22T23:00:00Z",
     "Status=2;FlagType=x;" START ";DueDate=2026-11-23T00:00:00.000Z;" UTC_START
     ";UtcDueDate=2026-11-22T23:00:00.000Z",
     "due when it starts"},
    {-2, "Status=2;FlagType=two\nlines\t\001", "Status=2;FlagType=two lines \xef\xbf\xbd",
     "a type is one line"},
    {-2, "Status=2;FlagType=x;Status=0", "Status=2;FlagType=x", "of two the first counts"},
};

static void test_flag(void)
{
    backend_entry_t entry = {.uid = 1};
    size_t i;

    for (i = 0; i < sizeof flag_rows / sizeof *flag_rows; i++) {
        if (flag_rows[i].flags == -2)
            entry = (backend_entry_t){.uid = 1};
        else if (flag_rows[i].flags >= 0)
            entry.token = (apr_uint64_t)flag_rows[i].flags;
        is_str(changed(&entry, flag_rows[i].children, 0), flag_rows[i].shown, flag_rows[i].name);
    }
}

static void test_flag_rest(void)
{
    backend_entry_t entry = {.uid = 1};
    item_flag_change_t change;
    char *much = apr_pcalloc(pool, ITEM_FLAG_TEXT_MAX + 2);

    is_str(changed(&entry, "Status=2", 1), "Status=2;FlagType=Flag for follow up",
           "a meeting needs no FlagType");
    ok(!entry.properties->text[BACKEND_PROPERTY_FOLLOW_UP],
       "what a flag is anyway is not worth a property");
    ok(!item_flag_read(flag_node("Status=2"), &change, pool) &&
           !item_flag_wants_meeting(&change, &entry),
       "whether it is one matters only when it is not flagged");
    entry.token = 0;
    ok(item_flag_wants_meeting(&change, &entry), "as then");
    memset(much, 'x', ITEM_FLAG_TEXT_MAX + 1);
    is_str(changed(&entry, apr_pstrcat(pool, "Status=2;FlagType=", much, NULL), 0), "invalid",
           "a long text");
    entry = with(F, BACKEND_PROPERTY_FOLLOW_UP, "Status 2\nFuture thing\nFlagType\n\nStartDate");
    is_str(shown(&entry), "Status=2;FlagType=Flag for follow up", "lines that nobody knows");
    entry = with(F, BACKEND_PROPERTY_CATEGORIES, "x");
    is_str(shown(&entry), "Status=2;FlagType=Flag for follow up", "another property");
}

static const char *categories_of(const eas_node_t *node, const char **text)
{
    eas_spool_t *spool = eas_spool_create(NULL, pool);
    eas_writer_t *writer = eas_writer_create(spool, pool);
    backend_entry_t entry;

    if (item_categories_read(node, text, pool))
        return "invalid";
    entry = with(0, BACKEND_PROPERTY_CATEGORIES, *text);
    item_categories_write(&entry, writer, pool);
    return written(decoded(writer, spool));
}

static void test_categories(void)
{
    eas_node_t *node = node_add(NULL, EAS_Email_Categories, "", pool);
    const char *text = "x";
    int i;

    is_str(categories_of(node, &text), "", "none");
    ok(!text, "is no property");
    node_add(node, EAS_Email_Category, "Blue category", pool);
    node_add(node, EAS_Email_Category, "", pool);
    node_add(node, EAS_Email_Category, "R\xc3\xb6t\n", pool);
    node_add(node, EAS_Email_Category, "Blue category", pool);
    is_str(categories_of(node, &text), "Category=Blue category;Category=R\xc3\xb6t ",
           "in their order, each once");
    is_str(text, "Blue category\nR\xc3\xb6t ", "one a line");
    for (i = 2; i < ITEM_CATEGORIES_MAX; i++)
        node_add(node, EAS_Email_Category, apr_psprintf(pool, "%d", i), pool);
    ok(strcmp(categories_of(node, &text), "invalid") != 0, "300 of them");
    node_add(node, EAS_Email_Category, "one more", pool);
    is_str(categories_of(node, &text), "invalid", "and not one more");
}

static void check_verb(const backend_entry_t *entry, item_verb_t verb, const char *time,
                       const char *name)
{
    const char *when;

    is_int(item_verb_of(entry, &when, pool), verb, name);
    is_str(when, time, apr_pstrcat(pool, name, ": time", NULL));
}

static void test_verb(void)
{
    const char *time = "2026-11-23T08:00:00.000Z";
    const apr_uint64_t A = BACKEND_FLAG_ANSWERED, P = BACKEND_FLAG_FORWARDED;
    backend_entry_t entry = {.uid = 1};
    backend_update_t update = {.mask = 0};
    backend_properties_t after;
    apr_time_t when;

    base_time_parse(time, &when);
    check_verb(&entry, ITEM_VERB_NONE, NULL, "nothing was done");
    item_verb_apply(&entry, ITEM_VERB_REPLY_ALL, when, &update, pool);
    ok(update.mask == A && update.values == A, "a reply sets its flag");
    backend_properties_update(NULL, 0, &update, &after);
    entry = (backend_entry_t){.token = A | BACKEND_FLAG_SEEN, .properties = &after};
    check_verb(&entry, ITEM_VERB_REPLY_ALL, time, "a reply to all");
    entry.token = A | P;
    check_verb(&entry, ITEM_VERB_FORWARD, NULL, "then forwarded by another program");
    entry.token = P;
    check_verb(&entry, ITEM_VERB_FORWARD, NULL, "which has taken the other away");
    entry.token = 0;
    check_verb(&entry, ITEM_VERB_NONE, NULL, "or both");
    entry.token = A;
    update = (backend_update_t){.mask = 0};
    item_verb_apply(&entry, ITEM_VERB_FORWARD, when, &update, pool);
    backend_properties_update(NULL, 0, &update, &after);
    entry.token = A | P;
    check_verb(&entry, ITEM_VERB_FORWARD, time, "forwarded after it was answered");
    entry.token = A;
    check_verb(&entry, ITEM_VERB_REPLY, NULL, "and that taken back");
    entry = with(A, BACKEND_PROPERTY_LAST_VERB, "9 x");
    check_verb(&entry, ITEM_VERB_REPLY, NULL, "a property that is none");
    entry = (backend_entry_t){.token = A | P};
    check_verb(&entry, ITEM_VERB_REPLY, NULL, "both, and nobody knows when");
}

/* What of it goes into a Change and an Add, at which version. */
static void test_write(void)
{
    static const struct {
        eas_version_t version;
        apr_uint64_t changed;
        const char *written;
    } rows[] = {
        {EAS_VERSION_12_1, BACKEND_PROPERTY_MASK(BACKEND_PROPERTY_FOLLOW_UP),
         "Flag=(Status=2;FlagType=x)"},
        {EAS_VERSION_12_1, ~(apr_uint64_t)0, "Read=0;Flag=(Status=2;FlagType=x)"},
        {EAS_VERSION_14_0, BACKEND_PROPERTY_MASK(BACKEND_PROPERTY_CATEGORIES),
         "Categories=(Category=One;Category=Two)"},
        {EAS_VERSION_16_1, BACKEND_FLAG_SEEN, "Read=0"},
        {EAS_VERSION_14_1, BACKEND_PROPERTY_MASK(BACKEND_PROPERTY_LAST_VERB),
         "LastVerbExecuted=2;LastVerbExecutionTime=2026-11-23T08:00:00.000Z"},
        {EAS_VERSION_16_0, BACKEND_FLAG_FLAGGED | BACKEND_FLAG_DRAFT,
         "Flag=(Status=2;FlagType=x);IsDraft=0"},
    };
    backend_properties_t properties = {{"FlagType x", "One\nTwo", "2 2026-11-23T08:00:00.000Z 4"}};
    backend_entry_t entry = {.uid = 42,
                             .token = BACKEND_FLAG_FLAGGED | BACKEND_FLAG_ANSWERED,
                             .properties = &properties};
    item_options_t options = options_of(EAS_VERSION_14_0);
    item_reference_t reference = {.folder_id = "5", .generation = 1, .uid = 42};
    const eas_node_t *node;
    eas_spool_t *spool;
    eas_writer_t *writer;
    item_email_t *email;
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        spool = eas_spool_create(NULL, pool);
        writer = eas_writer_create(spool, pool);
        eas_writer_start(writer, EAS_AirSync_ApplicationData);
        item_email_write_marks(rows[i].version, rows[i].changed, &entry, writer, pool);
        eas_writer_end(writer);
        is_str(written(decoded(writer, spool)), rows[i].written,
               apr_psprintf(pool, "change %d", (int)i));
    }
    spool = eas_spool_create(NULL, pool);
    writer = eas_writer_create(spool, pool);
    if (item_email_load(blob_of_text("Subject: s\n\nx", pool), &reference, &entry, &options, &email,
                        pool))
        abort();
    eas_writer_start(writer, EAS_AirSync_ApplicationData);
    item_email_write(email, 0, writer);
    eas_writer_end(writer);
    node = decoded(writer, spool);
    is_str(written(eas_node_child(node, EAS_Email_Flag)), "Subject=s;Status=2;FlagType=x",
           "an Add has the flag, with the message's subject");
    is_str(written(eas_node_child(node, EAS_Email_Categories)), "Category=One;Category=Two",
           "the categories");
    is_str(property(node, EAS_Email2_LastVerbExecuted), "2", "the last verb");
    is_str(property(node, EAS_Email2_LastVerbExecutionTime), "2026-11-23T08:00:00.000Z",
           "and its time");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    test_flag();
    test_flag_rest();
    test_categories();
    test_verb();
    test_write();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
