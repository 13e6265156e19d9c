/* The list of decisions about devices: one by one, from a file, or as things are. */
#include "admin/access.h"

#include <string.h>
#include <apr_strings.h>

#include "admin/devices.h"
#include "base/text.h"
#include "state/table.h"

#define ENTRIES_IMPORT_MAX 1000 /* in one request */

/* What may be a device or an account: a text of one line that the store can keep. */
static base_fault_t *entries_check_name(const char *what, const char *name, apr_pool_t *pool)
{
    size_t length = strlen(name);

    if (!length || length > STATE_NAME_MAX || !base_text_xml_legal(name, length) ||
        strpbrk(name, "\r\n\t"))
        return base_fault_make(pool, BASE_FAULT_INVALID,
                               "the %s must be a text of 1 to %d bytes in UTF-8", what,
                               STATE_NAME_MAX);
    return NULL;
}

/* Adds one to the change. entry NULL: none. */
static base_fault_t *entries_add(admin_call_t *call, admin_access_change_t *change,
                                 const char *device, const char *account,
                                 const sync_access_entry_t *entry)
{
    const char *name = sync_access_entry_name(device, account, call->pool), *stored;
    const char *text = entry ? sync_access_entry_format(entry, call->pool) : NULL;
    sync_access_entry_t before;

    BASE_TRY(
        state_table_read(call->service->store, STATE_TABLE_ACCESS, &name, 1, &stored, call->pool));
    sync_access_entry_parse(stored, &before, call->pool);
    if (entry ? before.status == entry->status && strcmp(before.reason, entry->reason) == 0
              : !stored)
        return NULL;
    change->is_new = 1;
    if (!change->after.entries)
        change->after.entries = apr_hash_make(call->pool);
    apr_hash_set(change->after.entries, name, APR_HASH_KEY_STRING, text ? text : "");
    APR_ARRAY_PUSH(change->writes, state_table_entry_t) =
        (state_table_entry_t){.name = name, .value = text};
    return NULL;
}

static base_fault_t *entries_decision(admin_call_t *call, sync_access_entry_t *entry)
{
    const char *reason = admin_parameter(call, "reason");

    *entry = (sync_access_entry_t){
        .since = call->request->now, .by = call->request->actor, .reason = reason ? reason : ""};
    BASE_TRY(admin_parameter_status(call, "status", &entry->status));
    if (strlen(entry->reason) > SYNC_ACCESS_REASON_MAX)
        return base_fault_make(call->pool, BASE_FAULT_INVALID,
                               "reason must not be longer than %d bytes", SYNC_ACCESS_REASON_MAX);
    return NULL;
}

static base_fault_t *entries_missing(const char *name, apr_pool_t *pool)
{
    return base_fault_make(pool, BASE_FAULT_INVALID, "%s is missing", name);
}

/* -- one -------------------------------------------------------------------- */

static base_fault_t *entries_one(admin_call_t *call, const char *action,
                                 const sync_access_entry_t *entry)
{
    const char *device = call->names[0], *account = admin_parameter(call, "account");
    admin_access_change_t change;

    BASE_TRY(entries_check_name("device", device, call->pool));
    if (account)
        BASE_TRY(entries_check_name("account", account, call->pool));
    BASE_TRY(admin_access_change_init(call, action, &change));
    BASE_TRY(entries_add(call, &change, device, account, entry));
    change.device = device;
    change.account = account;
    apr_table_setn(change.audit, "device", device);
    if (account)
        apr_table_setn(change.audit, "account", account);
    if (entry) {
        apr_table_setn(change.audit, "status", sync_access_status_name(entry->status));
        apr_table_setn(change.audit, "why", entry->reason);
        admin_json_set(change.answer, "status", sync_access_status_name(entry->status), call->pool);
    }
    admin_json_set(change.answer, "device", device, call->pool);
    admin_json_set(change.answer, "account", account, call->pool);
    return admin_access_change_run(call, &change);
}

base_fault_t *admin_access_set(admin_call_t *call)
{
    sync_access_entry_t entry;

    BASE_TRY(entries_decision(call, &entry));
    if (entry.status == SYNC_ACCESS_NONE)
        return entries_missing("status", call->pool);
    return entries_one(call, "access.set", &entry);
}

base_fault_t *admin_access_forget(admin_call_t *call)
{
    return entries_one(call, "access.forget", NULL);
}

/* -- many ------------------------------------------------------------------- */

/* "DEVICE" or "DEVICE/ACCOUNT"; blanks around it, empty lines and those that begin with # do not count. */
static base_fault_t *entries_line(admin_call_t *call, admin_access_change_t *change, char *line,
                                  const sync_access_entry_t *entry)
{
    char *slash;

    line += strspn(line, " \t\r");
    while (*line && strchr(" \t\r", line[strlen(line) - 1]))
        line[strlen(line) - 1] = '\0';
    if (!*line || *line == '#')
        return NULL;
    if ((slash = strchr(line, '/')))
        *slash = '\0';
    BASE_TRY(entries_check_name("device", line, call->pool));
    if (slash)
        BASE_TRY(entries_check_name("account", slash + 1, call->pool));
    if (change->writes->nelts == ENTRIES_IMPORT_MAX)
        return base_fault_make(call->pool, BASE_FAULT_INVALID, "more than %d devices at once",
                               ENTRIES_IMPORT_MAX);
    return entries_add(call, change, line, slash ? slash + 1 : NULL, entry);
}

static base_fault_t *entries_many(admin_call_t *call, admin_access_change_t *change,
                                  const sync_access_entry_t *entry)
{
    apr_table_setn(change->audit, "status", sync_access_status_name(entry->status));
    apr_table_setn(change->audit, "why", entry->reason);
    apr_table_setn(change->audit, "entries", apr_itoa(call->pool, change->writes->nelts));
    admin_json_set(change->answer, "status", sync_access_status_name(entry->status), call->pool);
    json_object_set_new(change->answer, "entries", json_integer(change->writes->nelts));
    return admin_access_change_run(call, change);
}

base_fault_t *admin_access_import(admin_call_t *call)
{
    const char *list = admin_parameter(call, "list");
    admin_access_change_t change;
    sync_access_entry_t entry;
    char *line, *end;
    int number = 0;

    BASE_TRY(entries_decision(call, &entry));
    if (entry.status == SYNC_ACCESS_NONE)
        return entries_missing("status", call->pool);
    if (!list)
        return entries_missing("list", call->pool);
    BASE_TRY(admin_access_change_init(call, "access.import", &change));
    for (line = apr_pstrdup(call->pool, list); line; line = end) {
        if ((end = strchr(line, '\n')))
            *end++ = '\0';
        number++;
        BASE_TRY(base_fault_wrap(entries_line(call, &change, line, &entry), call->pool, "line %d",
                                 number));
    }
    return entries_many(call, &change, &entry);
}

/* -- as things are ---------------------------------------------------------- */

typedef struct {
    admin_call_t *call;
    admin_access_change_t *change;
    const sync_access_entry_t *entry;
} entries_adopt_t;

static base_fault_t *entries_adopt(void *baton, const admin_device_look_t *look, int *taken,
                                   apr_pool_t *pool)
{
    entries_adopt_t *adopt = baton;

    (void)pool;
    *taken = 0;
    if (!look->active || look->served.status == SYNC_ACCESS_QUARANTINE ||
        look->served.status == SYNC_ACCESS_BLOCK || look->access.by != SYNC_ACCESS_BY_MODE)
        return NULL;
    return entries_add(adopt->call, adopt->change, look->device,
                       apr_pstrdup(adopt->call->pool, look->account), adopt->entry);
}

/* Every device that synchronises and that nothing was decided about is allowed by name: so that a
 * stricter mode is about those that come later. */
base_fault_t *admin_access_adopt(admin_call_t *call)
{
    admin_access_change_t change;
    sync_access_entry_t entry;
    entries_adopt_t adopt = {.call = call, .change = &change, .entry = &entry};
    admin_walk_t walk = {.call = call, .whole = 1, .visit = entries_adopt, .baton = &adopt};

    BASE_TRY(entries_decision(call, &entry));
    entry.status = SYNC_ACCESS_ALLOW;
    BASE_TRY(admin_access_change_init(call, "access.adopt", &change));
    walk.access = change.before;
    BASE_TRY(admin_walk(&walk, NULL));
    return entries_many(call, &change, &entry);
}
