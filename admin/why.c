/* Why a device has an item, or has it not: the server's view of it, what the device holds, and what
 * the next Sync would bring. */
#include "admin/action.h"
#include "admin/held.h"

#include <string.h>
#include <apr_strings.h>

#include "backend/notice.h"
#include "base/time.h"
#include "item/email.h"
#include "item/kind.h"
#include "item/reference.h"

#define WHY_PAGE 500
#define WHY_EXAMINED_MAX 20000
#define WHY_LISTED_MAX 100

typedef enum {
    WHY_HELD,
    WHY_GIVEN,
    WHY_GONE,
    WHY_FILTERED,
    WHY_WAITING,
    WHY_QUARANTINED,
    WHY_LEFT_OUT,
    WHY_CHANGE,
    WHY_REMOVAL,
    WHY_COUNT_
} why_t;

static const struct {
    const char *name, *text;
} why_texts[WHY_COUNT_] = {
    [WHY_HELD] = {"held", "the device has it as the server has it, and has confirmed that"},
    [WHY_GIVEN] = {"given", "it was in the last answer; the device has not come back with the sync "
                            "key of that yet"},
    [WHY_GONE] = {"gone", "neither the server nor the device has it"},
    [WHY_FILTERED] = {"filtered",
                      "it, and all of its conversation where the device wants these whole, is "
                      "older than what the device asked for (FilterType), or a task that is done"},
    [WHY_WAITING] = {"waiting", "the device has it not yet: one of its next Syncs brings it"},
    [WHY_QUARANTINED] = {"quarantined", "it cannot be rendered, for the reason given; it is tried "
                                        "again when it changes, or when you say so (retry)"},
    [WHY_LEFT_OUT] = {"left_out", "it was left out, as it vanished for a moment or could not be "
                                  "rendered and is no longer on record, or the device removed its "
                                  "copy; it comes when it changes"},
    [WHY_CHANGE] = {"change_waiting", "the device has another version: one of its next Syncs "
                                      "brings the change"},
    [WHY_REMOVAL] = {"removal_waiting", "the server has it no more, or no longer for this device: "
                                        "one of its next Syncs removes it there"},
};

typedef struct {
    admin_call_t *call;
    const char *folder_id;
    admin_held_t *held;
    backend_session_t *session;
    int confirmed;           /* the device came back with the key of the last answer */
    int behind;              /* the folder has changed since the device was told */
    const item_kind_t *kind; /* NULL: the folder is gone */
    apr_uint64_t unseen;     /* bits of tokens that the device cannot see */
    const sync_quarantine_t *quarantine;
    json_t *suspended, *paused;
} why_folder_t;

static sync_event_t why_event(const why_folder_t *folder, const backend_entry_t *entry)
{
    return (sync_event_t){
        .uid = entry->uid,
        .exists = 1,
        .token = entry->token,
        .dates =
            {{[SYNC_DATE_OWN] = entry->date, [SYNC_DATE_CONVERSATION] = entry->conversation_date}},
        .unseen = folder->unseen};
}

static why_t why_judge(const why_folder_t *folder, const sync_event_t *event)
{
    const sync_position_t *position = folder->held->position;
    const sync_holding_t holding = admin_held_item(folder->held, event->uid);
    const sync_delta_entry_t *pending = admin_held_pending(folder->held, event->uid);

    switch (sync_diff_judge(&holding, event, position)) {
    case SYNC_OP_NONE:
        if (holding.held)
            return pending && !folder->confirmed ? WHY_GIVEN : WHY_HELD;
        return event->exists ? WHY_FILTERED : WHY_GONE;
    case SYNC_OP_CHANGE:
        return WHY_CHANGE;
    case SYNC_OP_DELETE:
    case SYNC_OP_SOFT_DELETE:
        return WHY_REMOVAL;
    case SYNC_OP_ADD:
        break;
    }
    if (!*position->cursor || sync_scans_cover(&position->scans, event->uid, &event->dates) ||
        event->uid < position->sweep)
        return WHY_WAITING;
    if (admin_held_todo(folder->held, event->uid))
        return WHY_WAITING;
    if (sync_quarantine_find(folder->quarantine, event->uid))
        return WHY_QUARANTINED;
    return folder->behind ? WHY_WAITING : WHY_LEFT_OUT;
}

/* -- the folder ------------------------------------------------------------- */

/* A Sync that brings nothing new writes no state, so that only the flight recorder knows that the
 * device presented the key of the last answer. */
static base_fault_t *why_confirmed(why_folder_t *folder)
{
    admin_call_t *call = folder->call;
    json_t *holder = admin_json_object(call->pool), *exchanges;
    const sync_keys_t *keys = &folder->held->state->keys;

    BASE_TRY(admin_exchange_entries(call, &exchanges));
    json_object_set_new(holder, "exchanges", exchanges);
    folder->confirmed =
        admin_exchange_presented(exchanges, folder->folder_id,
                                 sync_key_format(keys->series, sync_key_latest(keys), call->pool));
    return NULL;
}

/* What the device sees of changes in the mailbox's folder. */
static base_fault_t *why_mailbox(why_folder_t *folder)
{
    apr_pool_t *pool = folder->call->pool;
    apr_array_header_t *folders;
    const char *cursor;
    int i;

    BASE_TRY(backend_session_open(folder->call->service->backend, folder->call->names[0],
                                  &folder->session, pool));
    BASE_TRY(backend_folder_probe(folder->session, folder->folder_id, &cursor, pool));
    folder->behind = strcmp(cursor, folder->held->position->cursor) != 0;
    BASE_TRY(backend_folder_list(folder->session, &folders, pool));
    for (i = 0; i < folders->nelts; i++) {
        const backend_folder_t *each = &APR_ARRAY_IDX(folders, i, backend_folder_t);

        if (strcmp(each->id, folder->folder_id) != 0)
            continue;
        folder->kind = item_kind_find(each->class_);
        if (each->class_ == BACKEND_CLASS_EMAIL)
            folder->unseen = item_email_token_unseen(folder->held->state->protocol);
    }
    return NULL;
}

/* *answered 1: there is nothing to explain, and that was said. */
static base_fault_t *why_open(why_folder_t *folder, int *answered)
{
    admin_call_t *call = folder->call;
    const state_key_t key = {.account = call->names[0],
                             .device = call->names[1],
                             .kind = STATE_RECORD_FOLDER,
                             .name = folder->folder_id};
    state_record_t *record;

    *answered = 1;
    if (!call->service->backend)
        return base_fault_make(call->pool, BASE_FAULT_UNSUPPORTED,
                               "there is no mailbox to look at");
    if (strcmp(folder->folder_id, BACKEND_NOTICE_FOLDER) == 0) {
        admin_answer_problem(
            call, 404,
            "that is no folder of the mailbox: the device may not synchronise, and "
            "this is where it is told so (access control)",
            NULL);
        return NULL;
    }
    BASE_TRY(state_record_read(call->service->store, &key, NULL, 0, &record, call->pool));
    if (!record->version) {
        admin_answer_problem(call, 404,
                             "the device does not synchronise that folder: nobody switched it on "
                             "there, or it was reset and has not begun anew yet",
                             NULL);
        return NULL;
    }
    folder->held = admin_held_decode(record, call->pool);
    folder->quarantine = admin_held_quarantine(record, call->pool);
    if (folder->held->damaged)
        return base_fault_make(call->pool, BASE_FAULT_CORRUPT,
                               "the stored %s is damaged: the device's next Sync begins the folder "
                               "anew",
                               folder->held->damaged);
    *answered = 0;
    BASE_TRY(admin_suspension_read(call, &folder->suspended));
    BASE_TRY(admin_brake_read(call, &folder->paused));
    BASE_TRY(why_confirmed(folder));
    return why_mailbox(folder);
}

static json_t *why_folder_json(const why_folder_t *folder)
{
    const admin_held_t *held = folder->held;
    const admin_call_t *call = folder->call;
    json_t *json = admin_json_object(call->pool);

    admin_json_set(json, "account", call->names[0], call->pool);
    admin_json_set(json, "device", call->names[1], call->pool);
    admin_json_set(json, "folder", folder->folder_id, call->pool);
    admin_json_set(
        json, "sync_key",
        sync_key_format(held->state->keys.series, sync_key_latest(&held->state->keys), call->pool),
        call->pool);
    admin_json_set(json, "confirmed_sync_key",
                   sync_key_format(held->state->keys.series, held->state->keys.base, call->pool),
                   call->pool);
    json_object_set_new(json, "items", json_integer((json_int_t)sync_held_count(held->set)));
    json_object_set_new(json, "filter_type", json_integer(held->position->filter));
    json_object_set_new(json, "filter_from",
                        held->position->cut == SYNC_TIME_MIN
                            ? json_null()
                            : admin_json_time(held->position->cut, call->pool));
    json_object_set_new(json, "first_synchronisation_complete",
                        json_boolean(*held->position->cursor && !held->position->scans.count &&
                                     !held->position->sweep));
    json_object_set_new(json, "changes_waiting", json_boolean(folder->behind));
    json_object_set_new(json, "suspended", folder->suspended);
    json_object_set_new(json, "paused", folder->paused);
    return json;
}

/* Null when the item is not quarantined. */
static json_t *why_quarantined(const why_folder_t *folder, apr_uint64_t uid)
{
    const sync_quarantined_t *item = sync_quarantine_find(folder->quarantine, uid);

    return item ? admin_quarantined_json(folder->folder_id, folder->held->state->generation, item,
                                         admin_held_todo(folder->held, uid), folder->call->pool)
                : json_null();
}

static void why_verdict(json_t *json, why_t why)
{
    json_object_set_new(json, "verdict", json_string(why_texts[why].name));
    json_object_set_new(json, "explanation", json_string(why_texts[why].text));
}

/* What devices are not shown of it. One that cannot be loaded is quarantined, which says more. */
static base_fault_t *why_remark(const why_folder_t *folder, const backend_entry_t *entry,
                                json_t **remark)
{
    apr_pool_t *pool = folder->call->pool;
    const item_reference_t reference = {.folder_id = folder->folder_id,
                                        .generation = folder->held->state->generation,
                                        .uid = entry->uid};
    item_options_t options;
    backend_blob_t *blob;
    const char *text;
    void *item;

    *remark = json_null();
    if (!folder->kind || !folder->kind->remark)
        return NULL;
    item_options_init(&options, (eas_version_t)folder->held->state->protocol);
    options.now = apr_time_now();
    BASE_TRY(backend_item_fetch(folder->session, folder->folder_id, entry->uid, &blob, pool));
    if (folder->kind->load(blob, &reference, entry, &options, &item, pool))
        return NULL;
    text = folder->kind->remark(item);
    if (text)
        *remark = json_string(text);
    return NULL;
}

/* -- one item --------------------------------------------------------------- */

static base_fault_t *why_item(why_folder_t *folder, apr_uint64_t uid)
{
    admin_call_t *call = folder->call;
    const sync_holding_t holding = admin_held_item(folder->held, uid);
    sync_event_t event = {.uid = uid};
    json_t *json, *remark = json_null();
    backend_entry_t entry;
    base_fault_t *fault =
        backend_item_entry(folder->session, folder->folder_id, uid, &entry, call->pool);

    if (fault && fault->code != BASE_FAULT_NOT_FOUND)
        return fault;
    if (!fault) {
        event = why_event(folder, &entry);
        BASE_TRY(why_remark(folder, &entry, &remark));
    }
    json = why_folder_json(folder);
    admin_json_set(json, "item", admin_parameter(call, "item"), call->pool);
    json_object_set_new(json, "on_server", json_boolean(event.exists));
    json_object_set_new(json, "date",
                        event.exists ? admin_json_time(entry.date, call->pool) : json_null());
    json_object_set_new(json, "size",
                        event.exists ? json_integer((json_int_t)entry.size) : json_null());
    json_object_set_new(json, "on_device", json_boolean(holding.held));
    json_object_set_new(json, "quarantined", why_quarantined(folder, uid));
    json_object_set_new(json, "remark", remark);
    why_verdict(json, why_judge(folder, &event));
    admin_answer(call, 200, json);
    return NULL;
}

/* -- all that a device lacks ------------------------------------------------- */

static void why_list_entry(const why_folder_t *folder, const backend_entry_t *entry, why_t why,
                           json_t *list)
{
    const item_reference_t reference = {.folder_id = folder->folder_id,
                                        .generation = folder->held->state->generation,
                                        .uid = entry->uid};
    json_t *json;

    if (why == WHY_HELD || why == WHY_GIVEN || why == WHY_FILTERED ||
        json_array_size(list) == WHY_LISTED_MAX)
        return;
    json = json_object();
    admin_json_set(json, "item", item_reference_server_id(&reference, folder->call->pool),
                   folder->call->pool);
    json_object_set_new(json, "date", admin_json_time(entry->date, folder->call->pool));
    json_object_set_new(json, "size", json_integer((json_int_t)entry->size));
    json_object_set_new(json, "verdict", json_string(why_texts[why].name));
    json_object_set_new(json, "quarantined", why_quarantined(folder, entry->uid));
    json_array_append_new(list, json);
}

/* Newest first. */
static base_fault_t *why_examine(const why_folder_t *folder, int *counts, int *all, json_t *list)
{
    backend_range_t range = {.since = SYNC_TIME_MIN, .before = SYNC_TIME_MAX};
    apr_pool_t *loop;
    base_fault_t *fault;
    backend_page_t *page;
    int i, examined = 0;

    apr_pool_create(&loop, folder->call->pool);
    do {
        apr_pool_clear(loop);
        fault = backend_folder_enumerate(folder->session, folder->folder_id, &range, WHY_PAGE,
                                         &page, loop);
        for (i = 0; !fault && i < page->count; i++) {
            const backend_entry_t *entry = &page->entries[i];
            const sync_event_t event = why_event(folder, entry);
            why_t why = why_judge(folder, &event);

            counts[why]++;
            range.below = entry->uid;
            why_list_entry(folder, entry, why, list);
        }
        examined += fault ? 0 : page->count;
        *all = !fault && !page->more;
    } while (!fault && page->more && page->count && examined < WHY_EXAMINED_MAX);
    fault = base_fault_wrap(fault, folder->call->pool, "looking at the folder");
    apr_pool_destroy(loop);
    return fault;
}

static base_fault_t *why_folder(why_folder_t *folder, json_t **result)
{
    json_t *json = why_folder_json(folder), *numbers = json_object(), *list = json_array();
    int counts[WHY_COUNT_] = {0}, all, i;

    json_object_set_new(json, "on_server", numbers);
    json_object_set_new(json, "not_on_device", list);
    BASE_TRY(why_examine(folder, counts, &all, list));
    for (i = 0; i < WHY_COUNT_; i++)
        if (i != WHY_GONE && i != WHY_REMOVAL)
            json_object_set_new(numbers, why_texts[i].name, json_integer(counts[i]));
    json_object_set_new(json, "all_examined", json_boolean(all));
    *result = json;
    return NULL;
}

base_fault_t *admin_why_folder(admin_call_t *call, const char *id, json_t **result)
{
    why_folder_t folder = {.call = call, .folder_id = id};
    int answered;

    BASE_TRY(why_open(&folder, &answered));
    if (answered)
        return base_fault_make(call->pool, BASE_FAULT_NOT_FOUND, "it is no longer synchronised");
    BASE_TRY(why_folder(&folder, result));
    json_incref(*result);
    return NULL;
}

base_fault_t *admin_why_show(admin_call_t *call)
{
    const char *item = admin_parameter(call, "item"), *id = admin_parameter(call, "folder");
    why_folder_t folder = {.call = call, .folder_id = id};
    item_reference_t reference;
    json_t *json;
    int found, answered;

    if (!item == !id)
        return base_fault_make(call->pool, BASE_FAULT_INVALID, "give folder or item");
    if (item && !item_reference_parse_server_id(item, &reference, call->pool))
        return base_fault_make(call->pool, BASE_FAULT_INVALID,
                               "item must be a ServerId: folder:generation:number");
    BASE_TRY(admin_device_find(call, &found));
    if (!found)
        return NULL;
    if (item)
        folder.folder_id = reference.folder_id;
    BASE_TRY(why_open(&folder, &answered));
    if (answered)
        return NULL;
    if (item && reference.generation != folder.held->state->generation) {
        admin_answer_problem(call, 404,
                             "that ServerId is of another generation of the folder: the mailbox "
                             "was made anew since",
                             NULL);
        return NULL;
    }
    if (item)
        return why_item(&folder, reference.uid);
    BASE_TRY(why_folder(&folder, &json));
    admin_answer(call, 200, json);
    return NULL;
}
