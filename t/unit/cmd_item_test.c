/* Items that are no mail, through the commands: what devices of each version see of them, what they
 * may do with them, and what becomes of it in the mailbox. */
#include "cmd_item_helpers.h"

#define TODO(uid, more)                                                            \
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nBEGIN:VTODO\r\nUID:" uid \
    "\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:" uid "\r\nX-OTHER:kept\r\n" more     \
    "END:VTODO\r\nEND:VCALENDAR\r\n"
#define EVENT(uid, more)                                                            \
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nBEGIN:VEVENT\r\nUID:" uid \
    "\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:" uid "\r\nX-OTHER:kept\r\n"           \
    "DTSTART:20271101T090000Z\r\nDTEND:20271101T093000Z\r\n" more                   \
    "END:VEVENT\r\nEND:VCALENDAR\r\n"
#define WEEKLY "RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=10\r\n"
#define DONE "STATUS:COMPLETED\r\nCOMPLETED:20260101T000000Z\r\n"

/* -- folders ----------------------------------------------------------------------------------- */

/* Types of the folders that a device is told of, in their order. */
static const char *types(phone_t *phone)
{
    apr_pool_t *pool = phone->world->pool;
    eas_node_t *root = node(pool, NULL, EAS_FolderHierarchy_FolderSync, NULL);
    answer_t answer;
    const eas_node_t *each;
    int type[32] = {0};
    const char *text = "";
    size_t i;

    node(pool, root, EAS_FolderHierarchy_SyncKey, "0");
    answer = run(phone->world, "alice", request(pool, EAS_COMMAND_FolderSync, phone->version), root,
                 NULL);
    each = eas_node_child(answer.body, EAS_FolderHierarchy_Changes);
    for (each = eas_node_child(each, EAS_FolderHierarchy_Add); each; each = eas_node_next(each))
        type[atoi(eas_node_child_text(each, EAS_FolderHierarchy_Type)) & 31]++;
    for (i = 0; i < 32; i++)
        if (type[i] && i != 12 && i != 8 && i != 9)
            text = apr_psprintf(pool, "%s%d ", text, (int)i);
    return text;
}

static void test_folders(apr_pool_t *pool)
{
    phone_t *old = phone_make(pool, EAS_VERSION_12_1, BACKEND_CLASS_NOTES);

    is_str(types(old), "2 3 4 5 7 ", "12.1: no notes");
    is_str(sync_folder(old), "Status 12", "nowhere");
    is_str(types(phone_make(pool, EAS_VERSION_14_0, BACKEND_CLASS_NOTES)), "2 3 4 5 7 10 ",
           "14.0: notes");
    is_str(types(phone_make(pool, EAS_VERSION_16_1, BACKEND_CLASS_NOTES)), "2 3 4 5 7 10 ",
           "16.1: the same");
}

/* -- Add, Change, Delete ----------------------------------------------------------------------- */

typedef struct {
    backend_class_t class_;
    const char *component, *old, *theirs;
    eas_tag_t subject;
    eas_tag_t tags[2]; /* what else a new one needs */
    const char *texts[2];
    const char *added; /* what is answered to an Add */
} item_row_t;

/* Which UID a new event has is told (MS-ASCAL R2223). */
static const item_row_t item_rows[] = {{.class_ = BACKEND_CLASS_TASKS,
                                        .component = "VTODO",
                                        .old = TODO("old", ""),
                                        .theirs = TODO("theirs", ""),
                                        .subject = EAS_Tasks_Subject,
                                        .tags = {EAS_Tasks_Complete},
                                        .texts = {"0"},
                                        .added = "Add=1 "},
                                       {.class_ = BACKEND_CLASS_CALENDAR,
                                        .component = "VEVENT",
                                        .old = EVENT("old", ""),
                                        .theirs = EVENT("theirs", ""),
                                        .subject = EAS_Calendar_Subject,
                                        .tags = {EAS_Calendar_StartTime, EAS_Calendar_EndTime},
                                        .texts = {"20271101T090000Z", "20271101T093000Z"},
                                        .added = "Add=1 *2 "}};

static void test_items(apr_pool_t *pool, const item_row_t *row, eas_version_t version)
{
    phone_t *phone = phone_make(pool, version, row->class_);
    eas_node_t *data;
    const eas_node_t *response;
    int i;

    deliver(phone, row->old);
    is_str(sync_folder(phone), "", "the first key");
    is_str(sync_folder(phone), "+1 ", row->component);
    is_str(eas_node_child_text(data_of(phone, EAS_AirSync_Add), row->subject), "old",
           "comes as one of its class");
    data = command(phone, EAS_AirSync_Add, "c1");
    node(pool, data, row->subject, "new");
    for (i = 0; i < 2 && row->tags[i]; i++)
        node(pool, data, row->tags[i], row->texts[i]);
    is_str(sync_folder(phone), row->added, "one goes");
    response =
        eas_node_child(eas_node_child(collection(phone), EAS_AirSync_Responses), EAS_AirSync_Add);
    is_str(eas_node_child_text(response, EAS_AirSync_ServerId), id_of(phone, 2), "with its id");
    ok(!eas_node_child(response, EAS_AirSync_Class), "without a Class (MS-ASCMD R942)");
    ok(strstr(text_of(phone, 2), "SUMMARY:new") && strstr(text_of(phone, 2), row->component),
       "it is there");
    data = command(phone, EAS_AirSync_Change, id_of(phone, 1));
    node(pool, data, row->subject, "newer");
    is_str(sync_folder(phone), "", "a Change goes, and does not come back");
    ok(strstr(text_of(phone, 1), "SUMMARY:newer") != NULL, "it is made");
    ok(strstr(text_of(phone, 1), "X-OTHER:kept\r\n") != NULL, "and what nobody knows is kept");
    rewrite(phone, 1, row->theirs);
    is_str(sync_folder(phone), "*1 ", "another program's comes, whole");
    is_str(eas_node_child_text(data_of(phone, EAS_AirSync_Change), row->subject), "theirs",
           "with its subject");
    command(phone, EAS_AirSync_Delete, id_of(phone, 1));
    is_str(sync_folder(phone), "", "a Delete goes");
    is_str(text_of(phone, 1), "", "for good");
    is_int(mail(phone->world, "alice", BACKEND_ROLE_TRASH, NULL)->nelts, 0,
           "and not into a folder of mail");
}

/* 16.1: one occurrence of a series is changed, one deleted, beside another program that writes it. */
static void test_series(apr_pool_t *pool)
{
    static const char second[] = "20271108T090000Z", third[] = "20271115T090000Z";
    phone_t *phone = phone_make(pool, EAS_VERSION_16_1, BACKEND_CLASS_CALENDAR);
    eas_node_t *data;
    const eas_node_t *exception;

    deliver(phone, EVENT("old", WEEKLY));
    begin(phone);
    data = command(phone, EAS_AirSync_Change, id_of(phone, 1));
    node(pool, data->parent, EAS_AirSyncBase_InstanceId, second);
    node(pool, data, EAS_Calendar_Subject, "longer");
    is_str(sync_folder(phone), "", "one occurrence is changed");
    ok(strstr(text_of(phone, 1), "RECURRENCE-ID:20271108T090000Z\r\n") &&
           strstr(text_of(phone, 1), "SUMMARY:longer\r\n") &&
           strstr(text_of(phone, 1), "SUMMARY:old\r\n") && strstr(text_of(phone, 1), WEEKLY),
       "that one alone");
    node(pool, command(phone, EAS_AirSync_Delete, id_of(phone, 1)), EAS_AirSyncBase_InstanceId,
         third);
    is_str(sync_folder(phone), "", "one is deleted");
    ok(strstr(text_of(phone, 1), "EXDATE:20271115T090000Z\r\n") &&
           strstr(text_of(phone, 1), "SUMMARY:longer\r\n") &&
           strstr(text_of(phone, 1), "X-OTHER:kept\r\n"),
       "and the others stay");
    phone->key = "0";
    begin(phone);
    exception = eas_node_child(data_of(phone, EAS_AirSync_Add), EAS_Calendar_Exceptions);
    exception = eas_node_child(exception, EAS_Calendar_Exception);
    is_str(eas_node_child_text(exception, EAS_Calendar_Subject), "longer", "both are told again");
    ok(eas_node_child_flag(eas_node_next(exception), EAS_Calendar_Deleted, 0), "the deleted too");
    rewrite(phone, 1, EVENT("theirs", WEEKLY));
    data = command(phone, EAS_AirSync_Change, id_of(phone, 1));
    node(pool, data->parent, EAS_AirSyncBase_InstanceId, second);
    node(pool, data, EAS_Calendar_Subject, "mine");
    is_str(sync_folder(phone), "Change=7 *1 ", "what another program wrote wins");
    ok(!strstr(text_of(phone, 1), "RECURRENCE-ID"), "over a change of one");
    rewrite(phone, 1, EVENT("again", WEEKLY));
    phone->options = "0";
    data = command(phone, EAS_AirSync_Change, id_of(phone, 1));
    node(pool, data->parent, EAS_AirSyncBase_InstanceId, second);
    node(pool, data, EAS_Calendar_Subject, "mine");
    is_str(sync_folder(phone), "*1 ", "or loses, where the client is to win");
    ok(strstr(text_of(phone, 1), "SUMMARY:again\r\n") &&
           strstr(text_of(phone, 1), "SUMMARY:mine\r\n"),
       "and both are in it");
    node(pool, command(phone, EAS_AirSync_Delete, id_of(phone, 1)), EAS_AirSyncBase_InstanceId,
         "yesterday");
    is_str(sync_folder(phone), "Delete=6 *1 ", "an InstanceId that is none");
    node(pool, command(phone, EAS_AirSync_Delete, id_of(phone, 1)), EAS_AirSyncBase_InstanceId,
         "20271109T090000Z");
    sync_folder(phone);
    ok(strstr(text_of(phone, 1), WEEKLY) && !strstr(text_of(phone, 1), "EXDATE"),
       "or of no occurrence deletes nothing");
}

static void test_refused(apr_pool_t *pool)
{
    phone_t *phone = phone_make(pool, EAS_VERSION_14_1, BACKEND_CLASS_TASKS);
    eas_node_t *data;

    deliver(phone, TODO("old", ""));
    begin(phone);
    data = command(phone, EAS_AirSync_Change, id_of(phone, 1));
    node(pool, data, EAS_Tasks_Subject, "x");
    node(pool, data, EAS_Tasks_Complete, "perhaps");
    is_str(sync_folder(phone), "Change=6 *1 ", "what cannot be is undone on the device");
    command(phone, EAS_AirSync_Add, "c1")->tag = EAS_AirSync_Status;
    is_str(sync_folder(phone), "Add=6 ", "an Add without ApplicationData");
    node(pool, command(phone, EAS_AirSync_Add, NULL), EAS_Tasks_Subject, "x");
    is_str(sync_folder(phone), "Add=6 ", "an Add without ClientId");
    data = command(phone, EAS_AirSync_Add, "c2");
    node(pool, data, EAS_Tasks_Subject, "x");
    node(pool, data->parent, EAS_AirSync_Class, "Notes");
    is_str(sync_folder(phone), "Add=6 ", "an Add of another class");
    node(pool, command(phone, EAS_AirSync_Change, id_of(phone, 9)), EAS_Tasks_Subject, "x");
    is_str(sync_folder(phone), "Change=8 ", "a Change of what is not there");
    phone->class_ = "Notes";
    is_str(sync_folder(phone), "Status 4", "Options of another class (R935)");
    phone->class_ = "Tasks";
    is_str(sync_folder(phone), "", "of its own");
    phone->world->service.limits.item_bytes_max = 100;
    node(pool, command(phone, EAS_AirSync_Add, "c3"), EAS_Tasks_Subject, "x");
    is_str(sync_folder(phone), "Add=6 ", "what is too large");
    is_str(text_of(phone, 2), "", "nothing of all this is there");
}

static void test_conflict(apr_pool_t *pool)
{
    phone_t *phone = phone_make(pool, EAS_VERSION_16_1, BACKEND_CLASS_TASKS);

    deliver(phone, TODO("one", ""));
    begin(phone);
    rewrite(phone, 1, TODO("theirs", ""));
    node(pool, command(phone, EAS_AirSync_Change, id_of(phone, 1)), EAS_Tasks_Subject, "mine");
    is_str(sync_folder(phone), "Change=7 *1 ", "the server wins");
    ok(strstr(text_of(phone, 1), "SUMMARY:theirs") != NULL, "and keeps its own");
    rewrite(phone, 1, TODO("again", "X-THEIRS:1\r\n"));
    phone->options = "0";
    node(pool, command(phone, EAS_AirSync_Change, id_of(phone, 1)), EAS_Tasks_Subject, "mine");
    is_str(sync_folder(phone), "*1 ", "the client wins, and sees what came of it");
    ok(strstr(text_of(phone, 1), "SUMMARY:mine") && strstr(text_of(phone, 1), "X-THEIRS:1"),
       "both are in it");
}

/* -- FilterType -------------------------------------------------------------------------------- */

static void test_filter(apr_pool_t *pool)
{
    static const struct {
        backend_class_t class_;
        const char *filter;
        int allowed;
    } rows[] = {{BACKEND_CLASS_TASKS, "0", 1}, {BACKEND_CLASS_TASKS, "5", 0},
                {BACKEND_CLASS_TASKS, "8", 1}, {BACKEND_CLASS_TASKS, "9", 0},
                {BACKEND_CLASS_NOTES, "5", 1}, {BACKEND_CLASS_NOTES, "8", 1},
                {BACKEND_CLASS_EMAIL, "5", 1}, {BACKEND_CLASS_EMAIL, "6", 0},
                {BACKEND_CLASS_EMAIL, "8", 0}};
    phone_t *phone;
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        phone = phone_make(pool, EAS_VERSION_14_1, rows[i].class_);
        phone->filter = rows[i].filter;
        is_str(sync_folder(phone), rows[i].allowed ? "" : "Status 4",
               apr_psprintf(pool, "FilterType %s of class %d", rows[i].filter, rows[i].class_));
    }
    phone = phone_make(pool, EAS_VERSION_14_1, BACKEND_CLASS_TASKS);
    deliver(phone, TODO("open", ""));
    deliver(phone, TODO("done", DONE));
    phone->filter = "8";
    sync_folder(phone);
    is_str(sync_folder(phone), "+1 ", "incomplete tasks");
    rewrite(phone, 2, TODO("done", ""));
    is_str(sync_folder(phone), "+2 ", "opened again, a task comes");
    node(pool, command(phone, EAS_AirSync_Change, id_of(phone, 1)), EAS_Tasks_Complete, "1");
    is_str(sync_folder(phone), "~1 ", "completed on the device it goes");
    ok(strstr(text_of(phone, 1), "COMPLETED") != NULL, "but is there");
    phone->filter = "0";
    is_str(sync_folder(phone), "+1 ", "all tasks: it is back");
}

/* -- Supported --------------------------------------------------------------------------------- */

/* What a Change of contacts leaves out: without Supported it goes (R5906), with an empty one it stays
 * (R5909), with some it goes when it is among them (R5907, R5908). */
static void test_supported(apr_pool_t *pool)
{
    static const char card[] = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u\r\nFN:Ann Lee\r\n"
                               "N:Lee;Ann;;;\r\nTITLE:Boss\r\nORG:ACME\r\nEND:VCARD\r\n";
    static const struct {
        int supported;
        eas_tag_t tag; /* in it */
        int title, org;
        const char *what;
    } rows[] = {{0, EAS_TAG_NONE, 0, 0, "without Supported"},
                {1, EAS_TAG_NONE, 1, 1, "with an empty one"},
                {1, EAS_Contacts_JobTitle, 0, 1, "with one of them"}};
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        phone_t *phone = phone_make(pool, EAS_VERSION_14_1, BACKEND_CLASS_CONTACTS);
        int times;

        deliver(phone, card);
        if (rows[i].supported)
            phone->supported = node(pool, NULL, EAS_AirSync_Supported, NULL);
        if (rows[i].tag)
            node(pool, phone->supported, rows[i].tag, NULL);
        begin(phone);
        for (times = 0; times < 2; times++) { /* the second one changes nothing */
            eas_node_t *data = command(phone, EAS_AirSync_Change, id_of(phone, 1));

            node(pool, data, EAS_Contacts_FirstName, "Anna");
            node(pool, data, EAS_Contacts_LastName, "Lee");
            /* ignored with another key (R4551, R4552) */
            phone->supported = node(pool, NULL, EAS_AirSync_Supported, NULL);
            is_str(sync_folder(phone), "", rows[i].what);
            ok(strstr(text_of(phone, 1), "N:Lee;Anna") != NULL, "the change is made");
            is_int(strstr(text_of(phone, 1), "TITLE:Boss") != NULL, rows[i].title, "the title");
            is_int(strstr(text_of(phone, 1), "ORG:ACME") != NULL, rows[i].org, "the company");
        }
    }
}

/* -- other commands ---------------------------------------------------------------------------- */

static answer_t fetch(phone_t *phone, apr_uint64_t uid, eas_tag_t schema, int multipart)
{
    apr_pool_t *pool = phone->world->pool;
    eas_node_t *root = node(pool, NULL, EAS_ItemOperations_ItemOperations, NULL), *one;
    eas_request_t *asked = request(pool, EAS_COMMAND_ItemOperations, phone->version);

    one = node(pool, root, EAS_ItemOperations_Fetch, NULL);
    node(pool, one, EAS_ItemOperations_Store, "Mailbox");
    node(pool, one, EAS_AirSync_CollectionId, phone->folder);
    node(pool, one, EAS_AirSync_ServerId, id_of(phone, uid));
    if (schema)
        node(pool,
             node(pool, node(pool, one, EAS_ItemOperations_Options, NULL),
                  EAS_ItemOperations_Schema, NULL),
             schema, NULL);
    asked->accept_multipart = multipart;
    return run(phone->world, "alice", asked, root, NULL);
}

static void test_fetch(apr_pool_t *pool)
{
    phone_t *phone = phone_make(pool, EAS_VERSION_14_1, BACKEND_CLASS_TASKS);
    const eas_node_t *found;
    answer_t answer;

    deliver(phone, TODO("one", "DESCRIPTION:text\r\n"));
    answer = fetch(phone, 1, EAS_TAG_NONE, 0);
    found = eas_node_child(answer.body, EAS_ItemOperations_Response);
    found = eas_node_child(found, EAS_ItemOperations_Fetch);
    is_str(eas_node_child_text(found, EAS_ItemOperations_Status), "1", "fetched");
    is_str(eas_node_child_text(found, EAS_AirSync_Class), "Tasks", "of its class");
    found = eas_node_child(found, EAS_ItemOperations_Properties);
    is_str(eas_node_child_text(found, EAS_Tasks_Subject), "one", "with its properties");
    ok(eas_node_child(found, EAS_AirSyncBase_Body) != NULL, "and its body");
    answer = fetch(phone, 1, EAS_Tasks_Subject, 0);
    found = eas_node_child(answer.body, EAS_ItemOperations_Response);
    found = eas_node_child(eas_node_child(found, EAS_ItemOperations_Fetch),
                           EAS_ItemOperations_Properties);
    ok(found && found->first == found->last && found->first->tag == EAS_Tasks_Subject,
       "of a Schema only what it names");
    answer = fetch(phone, 1, EAS_TAG_NONE, 1);
    is_str(answer.exchange->content_type, "application/vnd.ms-sync.multipart", "in parts");
    begin(phone);
    command(phone, EAS_AirSync_Fetch, id_of(phone, 1));
    is_str(sync_folder(phone), "Fetch=1 ", "Sync's Fetch");
}

static int move_status(phone_t *phone, const char *to)
{
    apr_pool_t *pool = phone->world->pool;
    eas_node_t *root = node(pool, NULL, EAS_Move_MoveItems, NULL);
    eas_node_t *move = node(pool, root, EAS_Move_Move, NULL);
    apr_uint64_t status = 0;
    answer_t answer;

    node(pool, move, EAS_Move_SrcMsgId, id_of(phone, 1));
    node(pool, move, EAS_Move_SrcFldId, phone->folder);
    node(pool, move, EAS_Move_DstFldId, to);
    answer = run(phone->world, "alice", request(pool, EAS_COMMAND_MoveItems, phone->version), root,
                 NULL);
    eas_node_child_uint(eas_node_child(answer.body, EAS_Move_Response), EAS_Move_Status, 255,
                        &status);
    return (int)status;
}

static void test_move(apr_pool_t *pool)
{
    phone_t *phone = phone_make(pool, EAS_VERSION_14_1, BACKEND_CLASS_TASKS);
    const char *other;

    if (backend_folder_create(phone->truth, NULL, "More", BACKEND_CLASS_TASKS, &other, pool))
        abort();
    deliver(phone, TODO("one", ""));
    begin(phone);
    is_int(move_status(phone, folder_of(phone, BACKEND_CLASS_EMAIL)), 5, "not among mail");
    is_int(move_status(phone, folder_of(phone, BACKEND_CLASS_NOTES)), 5, "nor among notes");
    is_int(move_status(phone, other), 3, "among other tasks");
    is_str(sync_folder(phone), "-1 ", "gone here");
    phone->folder = other;
    phone->key = "0";
    sync_folder(phone);
    is_str(sync_folder(phone), "+1 ", "there");
}

static void test_empty(apr_pool_t *pool)
{
    phone_t *phone = phone_make(pool, EAS_VERSION_14_1, BACKEND_CLASS_TASKS);
    eas_node_t *root = node(pool, NULL, EAS_ItemOperations_ItemOperations, NULL);
    const eas_node_t *found;
    answer_t answer;

    deliver(phone, TODO("one", ""));
    deliver(phone, TODO("two", ""));
    begin(phone);
    node(pool, node(pool, root, EAS_ItemOperations_EmptyFolderContents, NULL),
         EAS_AirSync_CollectionId, phone->folder);
    answer = run(phone->world, "alice", request(pool, EAS_COMMAND_ItemOperations, phone->version),
                 root, NULL);
    found = eas_node_child(answer.body, EAS_ItemOperations_Response);
    found = eas_node_child(found, EAS_ItemOperations_EmptyFolderContents);
    is_str(eas_node_child_text(found, EAS_ItemOperations_Status), "1", "a folder is emptied");
    is_str(sync_folder(phone), "-2 -1 ", "and that is told");
}

static const char *estimate(phone_t *phone, const char *filter)
{
    apr_pool_t *pool = phone->world->pool;
    eas_node_t *root = node(pool, NULL, EAS_GetItemEstimate_GetItemEstimate, NULL), *one;
    const eas_node_t *found;
    answer_t answer;

    one = node(pool, node(pool, root, EAS_GetItemEstimate_Collections, NULL),
               EAS_GetItemEstimate_Collection, NULL);
    node(pool, one, EAS_AirSync_SyncKey, phone->key);
    node(pool, one, EAS_GetItemEstimate_CollectionId, phone->folder);
    node(pool, node(pool, one, EAS_AirSync_Options, NULL), EAS_AirSync_FilterType, filter);
    answer = run(phone->world, "alice", request(pool, EAS_COMMAND_GetItemEstimate, phone->version),
                 root, NULL);
    found = eas_node_child(answer.body, EAS_GetItemEstimate_Response);
    found = eas_node_child(found, EAS_GetItemEstimate_Collection);
    return eas_node_child_text(found, EAS_GetItemEstimate_Estimate);
}

static void test_estimate(apr_pool_t *pool)
{
    phone_t *phone = phone_make(pool, EAS_VERSION_14_1, BACKEND_CLASS_TASKS);

    deliver(phone, TODO("one", ""));
    deliver(phone, TODO("two", DONE));
    deliver(phone, TODO("three", DONE));
    sync_folder(phone);
    is_str(estimate(phone, "0"), "3", "an estimate of all tasks");
    is_str(estimate(phone, "8"), "1", "of incomplete ones");
    sync_folder(phone);
    is_str(estimate(phone, "0"), "0", "of nothing new");
    is_str(estimate(phone, "8"), "2", "of what would go");
}

static int folder_status(phone_t *phone, eas_command_t command, eas_tag_t tag)
{
    apr_pool_t *pool = phone->world->pool;
    eas_node_t *root = node(pool, NULL, EAS_FolderHierarchy_FolderSync, NULL);
    answer_t answer;
    const char *key;

    node(pool, root, EAS_FolderHierarchy_SyncKey, "0");
    answer = run(phone->world, "alice", request(pool, EAS_COMMAND_FolderSync, phone->version), root,
                 NULL);
    key = eas_node_child_text(answer.body, EAS_FolderHierarchy_SyncKey);
    root = node(pool, NULL, tag, NULL);
    node(pool, root, EAS_FolderHierarchy_SyncKey, key);
    node(pool, root, EAS_FolderHierarchy_ServerId, phone->folder);
    if (command == EAS_COMMAND_FolderUpdate) {
        node(pool, root, EAS_FolderHierarchy_ParentId, "0");
        node(pool, root, EAS_FolderHierarchy_DisplayName, "Another");
    }
    answer = run(phone->world, "alice", request(pool, command, phone->version), root, NULL);
    return answer_status(&answer);
}

static void test_default_folders(apr_pool_t *pool)
{
    phone_t *phone = phone_make(pool, EAS_VERSION_14_1, BACKEND_CLASS_TASKS);

    is_int(folder_status(phone, EAS_COMMAND_FolderDelete, EAS_FolderHierarchy_FolderDelete), 3,
           "a default folder is not deleted");
    is_int(folder_status(phone, EAS_COMMAND_FolderUpdate, EAS_FolderHierarchy_FolderUpdate), 2,
           "nor renamed");
    if (backend_folder_create(phone->truth, NULL, "More", BACKEND_CLASS_TASKS, &phone->folder,
                              pool))
        abort();
    is_int(folder_status(phone, EAS_COMMAND_FolderUpdate, EAS_FolderHierarchy_FolderUpdate), 1,
           "the user's is renamed");
    is_int(folder_status(phone, EAS_COMMAND_FolderDelete, EAS_FolderHierarchy_FolderDelete), 1,
           "and deleted");
}

/* One that cannot be read does not keep the others. */
static void test_damaged(apr_pool_t *pool)
{
    phone_t *phone = phone_make(pool, EAS_VERSION_14_1, BACKEND_CLASS_TASKS);

    deliver(phone, TODO("one", ""));
    deliver(phone, "BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nUID:cut\r\nSUMM");
    deliver(phone, TODO("three", ""));
    sync_folder(phone);
    is_str(sync_folder(phone), "+3 +1 ", "the others come");
    is_str(sync_folder(phone), "", "and that is all");
    rewrite(phone, 2, TODO("mended", ""));
    is_str(sync_folder(phone), "+2 ", "until it is mended");
}

/* An event that cannot be read, so that nobody can be told of what it was, can be deleted. */
static void test_unreadable(apr_pool_t *pool)
{
    crash_t crash = {.at = 1, .name = "fetch", .code = BASE_FAULT_DENIED};
    phone_t *phone = phone_make(pool, EAS_VERSION_16_1, BACKEND_CLASS_CALENDAR);
    apr_uint64_t uid = deliver(phone, EVENT("u", ""));

    begin(phone);
    command(phone, EAS_AirSync_Delete, id_of(phone, uid));
    crash_arm(phone->world, &crash);
    is_str(sync_folder(phone), "", "an event that cannot be read is deleted");
    ok(crash_disarm(phone->world, &crash) >= 1, "  it was to be read");
    is_str(text_of(phone, uid), "", "  and is gone");
}

int main(void)
{
    static const eas_version_t versions[] = {EAS_VERSION_12_1, EAS_VERSION_14_0, EAS_VERSION_14_1,
                                             EAS_VERSION_16_0, EAS_VERSION_16_1};
    apr_pool_t *pool;
    size_t i, row;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    test_folders(pool);
    for (row = 0; row < sizeof item_rows / sizeof *item_rows; row++)
        for (i = 0; i < sizeof versions / sizeof *versions; i++)
            test_items(pool, item_rows + row, versions[i]);
    test_series(pool);
    test_refused(pool);
    test_conflict(pool);
    test_filter(pool);
    test_supported(pool);
    test_fetch(pool);
    test_move(pool);
    test_empty(pool);
    test_estimate(pool);
    test_default_folders(pool);
    test_damaged(pool);
    test_unreadable(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
