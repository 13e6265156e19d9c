/* What is shown of the server's answers: tables, and members line by line. */
#include "admin/ctl.h"

#include <stdio.h>

#define COLUMNS(...)       \
    (const ctl_column_t[]) \
    {                      \
        __VA_ARGS__,       \
        {                  \
            NULL, NULL     \
        }                  \
    }

static const ctl_column_t device_columns[] = {{"ACCOUNT", "account"},
                                              {"DEVICE", "device"},
                                              {"TYPE", "type"},
                                              {"MODEL", "model"},
                                              {"PROTOCOL", "protocol"},
                                              {"LAST SEEN (UTC)", "last_seen"},
                                              {"WAITS AT", "parked/node"},
                                              {"QUARANTINED", "quarantined"},
                                              {"STATE", "state"},
                                              {"FOLDERS", "synchronised_folders"},
                                              {"SUSPENDED (UTC)", "suspended/since"},
                                              {"WIPE", "wipe/state"},
                                              {"ACCESS", "access/status"},
                                              {NULL, NULL}};

/* One row for each folder of an exchange, one at least. */
static json_t *exchange_rows(const json_t *exchanges)
{
    json_t *rows = json_array();
    size_t i, k;

    for (i = 0; i < json_array_size(exchanges); i++) {
        const json_t *exchange = json_array_get(exchanges, i);
        const json_t *folders = json_object_get(exchange, "folders");

        for (k = 0; k == 0 || k < json_array_size(folders); k++) {
            json_t *row = json_object();

            if (json_array_size(folders))
                json_object_update(row, json_array_get(folders, k));
            json_object_update_missing(row, (json_t *)exchange);
            json_array_append_new(rows, row);
        }
    }
    return rows;
}

/* The quarantined items of all folders. */
static json_t *quarantine_rows(const json_t *folders)
{
    json_t *rows = json_array();
    size_t i, k;

    for (i = 0; i < json_array_size(folders); i++) {
        const json_t *folder = json_array_get(folders, i);
        const json_t *items = json_object_get(folder, "quarantined");

        for (k = 0; k < json_array_size(items); k++) {
            json_t *row = json_object();

            json_object_update(row, json_array_get(items, k));
            json_object_set(row, "folder", json_object_get(folder, "name"));
            json_array_append_new(rows, row);
        }
    }
    return rows;
}

const ctl_view_t ctl_view_quarantine = {
    .list = "folders",
    .rows = quarantine_rows,
    .columns = COLUMNS({"ITEM", "item"}, {"FOLDER", "folder"}, {"TRIED (UTC)", "time"},
                       {"TRIES", "tries"}, {"RETRY WAITS", "retry_waiting"}, {"REASON", "reason"}),
};

const ctl_view_t ctl_view_access = {
    .members =
        COLUMNS({"Mode", "mode"}, {"Rules", "rules"}, {"Devices of an account", "devices_max"},
                {"New devices are told to", "notify"}),
};

const ctl_view_t ctl_view_access_devices = {
    .cursor = "after",
    .list = "devices",
    .columns = COLUMNS({"DEVICE", "device"}, {"ACCOUNT", "account"}, {"STATUS", "status"},
                       {"BY", "by"}, {"RULE", "rule"}, {"SINCE (UTC)", "since"}, {"ACTOR", "actor"},
                       {"TYPE", "type"}, {"REASON", "reason"}),
};

const ctl_view_t ctl_view_rules = {
    .list = "rules",
    .columns = COLUMNS({"ID", "rule"}, {"ORDER", "order"}, {"STATUS", "status"},
                       {"DOMAIN", "domain"}, {"DEVICE", "device"}, {"TYPE", "type"},
                       {"MODEL", "model"}, {"OS", "os"}, {"AGENT", "agent"}, {"BY", "actor"}),
};

const ctl_view_t ctl_view_accounts = {
    .cursor = "after",
    .list = "accounts",
    .columns = COLUMNS({"ACCOUNT", "account"}, {"DEVICES", "devices"}),
};

const ctl_view_t ctl_view_account = {.list = "devices", .columns = device_columns};

const ctl_view_t ctl_view_devices = {
    .cursor = "after", .list = "devices", .columns = device_columns};

const ctl_view_t ctl_view_device = {
    .members = COLUMNS(
        {"Account", "account"}, {"Device", "device"}, {"Type", "type"}, {"Model", "model"},
        {"Name", "friendly_name"}, {"System", "os"}, {"User agent", "user_agent"},
        {"Protocol", "protocol"}, {"First seen (UTC)", "first_seen"},
        {"Last seen (UTC)", "last_seen"}, {"Last Sync (UTC)", "last_sync"},
        {"Waits at", "parked/node"}, {"Waits since (UTC)", "parked/since"},
        {"Waits until (UTC)", "parked/until"}, {"Last Ping (UTC)", "ping/last"},
        {"Asked to wait, s", "ping/heartbeat_asked"}, {"Could wait, s", "ping/heartbeat"},
        {"Profile of", "profile/client"}, {"Protocol at most", "profile/protocol"},
        {"Waits at most, s", "profile/heartbeat"}, {"Items at most", "profile/window"},
        {"Truncated at least to", "profile/truncation"}, {"State", "state"},
        {"Suspended (UTC)", "suspended/since"}, {"Suspended by", "suspended/by"},
        {"Reason", "suspended/reason"}, {"Held back until (UTC)", "throttled/until"},
        {"Wipe", "wipe/state"}, {"Wipe of", "wipe/scope"}, {"Wipe asked by", "wipe/by"},
        {"Wipe asked (UTC)", "wipe/since"}, {"Wipe sent (UTC)", "wipe/sent"},
        {"Wipe failed (UTC)", "wipe/failed"}, {"Wiped (UTC)", "wipe/done"},
        {"Policy", "policy/name"}, {"Policy is", "policy/acknowledged"},
        {"Policy since (UTC)", "policy/time"}, {"Policy is current", "policy/current"},
        {"Paused folder", "paused/0/folder"}, {"Removals", "paused/0/removals"},
        {"Of items", "paused/0/items"}, {"Paused (UTC)", "paused/0/since"},
        {"Folder sync key", "hierarchy_sync_key"}, {"Items", "items"}, {"Bytes of state", "bytes"},
        {"Quarantined", "quarantined"}, {"Can be undone", "undo/0/undo"}),
    .list = "folders",
    .columns = COLUMNS({"FOLDER", "folder"}, {"NAME", "name"}, {"CLASS", "class"},
                       {"ITEMS", "items"}, {"COMPLETE", "complete"}, {"MORE", "more_available"},
                       {"SYNC KEY", "sync_key"}, {"DAMAGED", "damaged"}),
};

/* One row for each element that a phone is sent. */
static json_t *policy_rows(const json_t *policies)
{
    json_t *rows = json_array(), *value;
    const char *name;
    size_t i;

    for (i = 0; i < json_array_size(policies); i++) {
        json_t *policy = json_array_get(policies, i);

        json_object_foreach(json_object_get(policy, "elements"), name, value)
        {
            json_t *row = json_object();

            json_object_set(row, "policy", json_object_get(policy, "policy"));
            json_object_set(row, "accounts", json_object_get(policy, "accounts"));
            json_object_set_new(row, "element", json_string(name));
            json_object_set(row, "value", value);
            json_array_append_new(rows, row);
        }
    }
    return rows;
}

const ctl_view_t ctl_view_policies = {
    .list = "policies",
    .rows = policy_rows,
    .columns = COLUMNS({"POLICY", "policy"}, {"ACCOUNTS", "accounts"}, {"ELEMENT", "element"},
                       {"VALUE", "value"}),
};

const ctl_view_t ctl_view_exchanges = {
    .list = "exchanges",
    .rows = exchange_rows,
    .columns = COLUMNS({"TIME (UTC)", "time"}, {"COMMAND", "command"}, {"HTTP", "http_status"},
                       {"STATUS", "status"}, {"MS", "duration_ms"}, {"FOLDER", "folder"},
                       {"KEY", "sync_key"}, {"NEXT KEY", "next_sync_key"}, {"ADD", "add"},
                       {"CHG", "change"}, {"DEL", "delete"}, {"NODE", "node"}, {"ERROR", "error"}),
};

const ctl_view_t ctl_view_why = {
    .members = COLUMNS(
        {"Item", "item"}, {"Verdict", "verdict"}, {"That is", "explanation"},
        {"Not shown", "remark"}, {"Reason", "quarantined/reason"},
        {"Tried (UTC)", "quarantined/time"}, {"Tries", "quarantined/tries"},
        {"On the server", "on_server"}, {"On the device", "on_device"}, {"Date (UTC)", "date"},
        {"Bytes", "size"}, {"Folder", "folder"}, {"Items on device", "items"},
        {"FilterType", "filter_type"}, {"Wanted from (UTC)", "filter_from"},
        {"First sync done", "first_synchronisation_complete"},
        {"Changes waiting", "changes_waiting"}, {"Suspended (UTC)", "suspended/since"},
        {"Sync key", "sync_key"}, {"Confirmed key", "confirmed_sync_key"}),
    .list = "not_on_device",
    .columns = COLUMNS({"ITEM", "item"}, {"DATE (UTC)", "date"}, {"BYTES", "size"},
                       {"VERDICT", "verdict"}, {"REASON", "quarantined/reason"}),
};

const ctl_view_t ctl_view_parked = {
    .members = COLUMNS({"Pings that wait", "pings"}, {"Syncs that wait", "syncs"},
                       {"All nodes answered", "complete"}),
    .list = "nodes",
    .columns = COLUMNS({"NODE", "node"}, {"PINGS", "pings"}, {"SYNCS", "syncs"}),
};

const ctl_view_t ctl_view_throttles = {
    .members = COLUMNS({"Server", "node"}),
    .list = "throttles",
    .columns = COLUMNS({"ID", "id"}, {"WHAT", "what"}, {"ACCOUNT", "account"}, {"DEVICE", "device"},
                       {"ADDRESS", "address"}, {"REFUSED", "refused"}, {"SINCE (UTC)", "since"},
                       {"LET THROUGH (UTC)", "until"}),
};

const ctl_view_t ctl_view_undo = {
    .list = "undo",
    .columns = COLUMNS({"UNDO", "undo"}, {"ACTION", "action"}, {"DEVICES", "devices"},
                       {"FOLDER", "folder"}, {"BY", "actor"}, {"AT (UTC)", "time"},
                       {"UNTIL", "undo_until"}),
};

const ctl_view_t ctl_view_audit = {
    .cursor = "before",
    .list = "entries",
    .columns =
        COLUMNS({"TIME (UTC)", "time"}, {"BY", "actor"}, {"FROM", "remote"}, {"ACTION", "action"},
                {"ACCOUNT", "account"}, {"DEVICE", "device"}, {"FOLDER", "folder"},
                {"ITEMS", "items"}, {"OUTCOME", "outcome"}, {"UNDO", "undo"}, {"WHY", "why"}),
};

static void show_list(const ctl_t *ctl, const ctl_view_t *view, const json_t *list)
{
    json_t *rows = view->rows ? view->rows(list) : NULL;

    ctl_print_table(rows ? rows : list, view->columns, ctl->pool);
    json_decref(rows);
}

ctl_exit_t ctl_show(ctl_t *ctl)
{
    const ctl_view_t *view = ctl->command->view;
    const json_t *list;
    json_t *answer;
    ctl_exit_t code = view->cursor ? ctl_request_pages(ctl, "GET", ctl->path, ctl->query,
                                                       view->list, view->cursor, &answer)
                                   : ctl_request(ctl, "GET", ctl->path, ctl->query, &answer);

    if (code)
        return code;
    if (ctl->options.json) {
        ctl_print_json(answer);
        return CTL_OK;
    }
    list = json_object_get(answer, view->list);
    if (view->members) {
        ctl_print_members(answer, view->members, ctl->pool);
        if (list)
            putchar('\n');
    }
    if (list)
        show_list(ctl, view, list);
    return CTL_OK;
}
