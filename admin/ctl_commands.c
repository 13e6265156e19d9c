#include "admin/ctl.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <apr_strings.h>

#define ARGUMENT(ctl, n) ((n) < (ctl)->argument_count ? (ctl)->arguments[n] : NULL)

typedef ctl_exit_t (*command_run_fn)(ctl_t *ctl);

/* -- lists ------------------------------------------------------------------ */

static void query_add(apr_table_t *query, const char *name, const char *value)
{
    if (value)
        apr_table_setn(query, name, value);
}

static void show_table(const ctl_t *ctl, const json_t *answer, const char *member,
                       const ctl_column_t *columns)
{
    if (ctl->options.json)
        ctl_print_json(answer);
    else
        ctl_print_table(json_object_get(answer, member), columns, ctl->pool);
}

static ctl_exit_t account_list(ctl_t *ctl)
{
    static const ctl_column_t columns[] = {
        {"ACCOUNT", "account"}, {"DEVICES", "devices"}, {NULL, NULL}};
    json_t *answer;
    ctl_exit_t code = ctl_request_pages(ctl, "/accounts", apr_table_make(ctl->pool, 4), "accounts",
                                        "after", &answer);

    if (!code)
        show_table(ctl, answer, "accounts", columns);
    return code;
}

static ctl_exit_t device_list(ctl_t *ctl)
{
    static const ctl_column_t columns[] = {{"ACCOUNT", "account"},
                                           {"DEVICE", "device"},
                                           {"TYPE", "type"},
                                           {"MODEL", "model"},
                                           {"PROTOCOL", "protocol"},
                                           {"LAST SEEN (UTC)", "last_seen"},
                                           {"STATE", "state"},
                                           {"FOLDERS", "synchronised_folders"},
                                           {NULL, NULL}};
    const ctl_options_t *options = &ctl->options;
    apr_table_t *query = apr_table_make(ctl->pool, 8);
    json_t *answer;
    ctl_exit_t code;

    if (ctl->argument_count)
        code = ctl_request(ctl, "GET", ctl_path(ctl, "accounts", ARGUMENT(ctl, 0), NULL), NULL,
                           &answer);
    else {
        query_add(query, "account", options->account);
        query_add(query, "device", options->device);
        query_add(query, "type", options->type);
        query_add(query, "agent", options->agent);
        query_add(query, "state", options->state);
        query_add(query, "seen_before", options->seen_before);
        query_add(query, "seen_after", options->seen_after);
        code = ctl_request_pages(ctl, "/devices", query, "devices", "after", &answer);
    }
    if (!code)
        show_table(ctl, answer, "devices", columns);
    return code;
}

static ctl_exit_t device_show(ctl_t *ctl)
{
    static const ctl_column_t members[] = {{"Account", "account"},
                                           {"Device", "device"},
                                           {"Type", "type"},
                                           {"Model", "model"},
                                           {"Name", "friendly_name"},
                                           {"System", "os"},
                                           {"User agent", "user_agent"},
                                           {"Protocol", "protocol"},
                                           {"First seen (UTC)", "first_seen"},
                                           {"Last seen (UTC)", "last_seen"},
                                           {"Last Sync (UTC)", "last_sync"},
                                           {"State", "state"},
                                           {"Folder sync key", "hierarchy_sync_key"},
                                           {"Items", "items"},
                                           {"Bytes of state", "bytes"},
                                           {NULL, NULL}};
    static const ctl_column_t columns[] = {
        {"FOLDER", "folder"},     {"NAME", "name"},         {"CLASS", "class"},
        {"ITEMS", "items"},       {"COMPLETE", "complete"}, {"MORE", "more_available"},
        {"SYNC KEY", "sync_key"}, {"DAMAGED", "damaged"},   {NULL, NULL}};
    json_t *answer;
    ctl_exit_t code = ctl_request(
        ctl, "GET", ctl_path(ctl, "accounts", ARGUMENT(ctl, 0), "devices", ARGUMENT(ctl, 1), NULL),
        NULL, &answer);

    if (code)
        return code;
    if (ctl->options.json) {
        ctl_print_json(answer);
        return CTL_OK;
    }
    ctl_print_members(answer, members, ctl->pool);
    if (json_array_size(json_object_get(answer, "undo")))
        printf("%-18s %s\n", "Can be undone:",
               ctl_text(json_array_get(json_object_get(answer, "undo"), 0), "undo", ctl->pool));
    putchar('\n');
    ctl_print_table(json_object_get(answer, "folders"), columns, ctl->pool);
    return CTL_OK;
}

/* One row for each folder of an exchange, one at least. */
static json_t *log_rows(const json_t *exchanges)
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

static ctl_exit_t device_log(ctl_t *ctl)
{
    static const ctl_column_t columns[] = {{"TIME (UTC)", "time"},  {"COMMAND", "command"},
                                           {"HTTP", "http_status"}, {"STATUS", "status"},
                                           {"MS", "duration_ms"},   {"FOLDER", "folder"},
                                           {"KEY", "sync_key"},     {"NEXT KEY", "next_sync_key"},
                                           {"ADD", "add"},          {"CHG", "change"},
                                           {"DEL", "delete"},       {"NODE", "node"},
                                           {"ERROR", "error"},      {NULL, NULL}};
    json_t *answer, *rows;
    ctl_exit_t code = ctl_request(
        ctl, "GET",
        ctl_path(ctl, "accounts", ARGUMENT(ctl, 0), "devices", ARGUMENT(ctl, 1), "exchanges", NULL),
        NULL, &answer);

    if (code)
        return code;
    if (ctl->options.json) {
        ctl_print_json(answer);
        return CTL_OK;
    }
    rows = log_rows(json_object_get(answer, "exchanges"));
    ctl_print_table(rows, columns, ctl->pool);
    json_decref(rows);
    return CTL_OK;
}

static ctl_exit_t device_why(ctl_t *ctl)
{
    static const ctl_column_t members[] = {{"Item", "item"},
                                           {"Verdict", "verdict"},
                                           {"That is", "explanation"},
                                           {"On the server", "on_server"},
                                           {"On the device", "on_device"},
                                           {"Date (UTC)", "date"},
                                           {"Bytes", "size"},
                                           {"Folder", "folder"},
                                           {"Items on device", "items"},
                                           {"FilterType", "filter_type"},
                                           {"Wanted from (UTC)", "filter_from"},
                                           {"First sync done", "first_synchronisation_complete"},
                                           {"Changes waiting", "changes_waiting"},
                                           {"Sync key", "sync_key"},
                                           {"Confirmed key", "confirmed_sync_key"},
                                           {NULL, NULL}};
    static const ctl_column_t columns[] = {{"ITEM", "item"},
                                           {"DATE (UTC)", "date"},
                                           {"BYTES", "size"},
                                           {"VERDICT", "verdict"},
                                           {NULL, NULL}};
    apr_table_t *query = apr_table_make(ctl->pool, 2);
    json_t *answer;
    ctl_exit_t code;

    query_add(query, "item", ARGUMENT(ctl, 2));
    query_add(query, "folder", ctl->options.folder);
    code = ctl_request(
        ctl, "GET",
        ctl_path(ctl, "accounts", ARGUMENT(ctl, 0), "devices", ARGUMENT(ctl, 1), "why", NULL),
        query, &answer);
    if (code)
        return code;
    if (ctl->options.json) {
        ctl_print_json(answer);
        return CTL_OK;
    }
    ctl_print_members(answer, members, ctl->pool);
    if (json_object_get(answer, "not_on_device")) {
        putchar('\n');
        ctl_print_table(json_object_get(answer, "not_on_device"), columns, ctl->pool);
    }
    return CTL_OK;
}

static ctl_exit_t undo_list(ctl_t *ctl)
{
    static const ctl_column_t columns[] = {
        {"UNDO", "undo"}, {"ACTION", "action"}, {"DEVICES", "devices"},  {"FOLDER", "folder"},
        {"BY", "actor"},  {"AT (UTC)", "time"}, {"UNTIL", "undo_until"}, {NULL, NULL}};
    json_t *answer;
    ctl_exit_t code = ctl_request(
        ctl, "GET", ctl_path(ctl, "accounts", ARGUMENT(ctl, 0), "undo", NULL), NULL, &answer);

    if (!code)
        show_table(ctl, answer, "undo", columns);
    return code;
}

static ctl_exit_t audit(ctl_t *ctl)
{
    static const ctl_column_t columns[] = {
        {"TIME (UTC)", "time"}, {"BY", "actor"},      {"FROM", "remote"},   {"ACTION", "action"},
        {"ACCOUNT", "account"}, {"DEVICE", "device"}, {"FOLDER", "folder"}, {"ITEMS", "items"},
        {"OUTCOME", "outcome"}, {"UNDO", "undo"},     {NULL, NULL}};
    const ctl_options_t *options = &ctl->options;
    apr_table_t *query = apr_table_make(ctl->pool, 8);
    json_t *answer;
    ctl_exit_t code;

    query_add(query, "account", options->account);
    query_add(query, "device", options->device);
    query_add(query, "actor", options->actor);
    query_add(query, "action", options->action);
    code = ctl_request_pages(ctl, "/audit", query, "entries", "before", &answer);
    if (!code)
        show_table(ctl, answer, "entries", columns);
    return code;
}

/* -- actions ---------------------------------------------------------------- */

static ctl_exit_t confirm(const ctl_t *ctl)
{
    char answer[8] = "";

    if (ctl->options.yes)
        return CTL_OK;
    if (!isatty(STDIN_FILENO))
        return ctl_error(CTL_UNCONFIRMED, "nothing was done: nobody to ask; --yes says it at once");
    printf("Continue? [y/N] ");
    fflush(stdout);
    if (fgets(answer, sizeof answer, stdin) && (*answer == 'y' || *answer == 'Y'))
        return CTL_OK;
    return ctl_error(CTL_UNCONFIRMED, "nothing was done");
}

static void print_plan(const ctl_t *ctl, const json_t *plan, const char *what)
{
    const char *megabytes = ctl_text(plan, "estimated_mb", ctl->pool);

    printf("%s: account %s, device %s", what, ctl_text(plan, "account", ctl->pool),
           ctl_text(plan, "devices", ctl->pool));
    if (*ctl_text(plan, "folder", ctl->pool))
        printf(", folder %s", ctl_text(plan, "folder", ctl->pool));
    printf("\n%s folders with %s items", ctl_text(plan, "folders", ctl->pool),
           ctl_text(plan, "items", ctl->pool));
    if (*megabytes)
        printf(", up to %s MB, will be downloaded again", megabytes);
    printf(".\n");
}

/* Shows what it would do, asks, does it, says what was done. */
static ctl_exit_t act(ctl_t *ctl, const char *method, const char *path, const char *what)
{
    apr_table_t *dry = apr_table_make(ctl->pool, 1);
    json_t *answer;
    ctl_exit_t code;

    apr_table_setn(dry, "dry_run", "1");
    if (ctl->options.dry_run || !ctl->options.yes) {
        if ((code = ctl_request(ctl, method, path, dry, &answer)))
            return code;
        if (ctl->options.dry_run && ctl->options.json)
            ctl_print_json(answer);
        else
            print_plan(ctl, answer, what);
        if (ctl->options.dry_run)
            return CTL_OK;
        if ((code = confirm(ctl)))
            return code;
    }
    if ((code = ctl_request(ctl, method, path, NULL, &answer)))
        return code;
    if (ctl->options.json)
        ctl_print_json(answer);
    else if (*ctl_text(answer, "undo", ctl->pool))
        printf("Done. Until %s UTC it can be undone: mobilesyncctl undo %s %s\n",
               ctl_text(answer, "undo_until", ctl->pool), ctl_text(answer, "account", ctl->pool),
               ctl_text(answer, "undo", ctl->pool));
    else
        printf("Done; there was nothing to be moved.\n");
    if (json_is_false(json_object_get(answer, "waiting_told")))
        fprintf(stderr, "mobilesyncctl: waiting devices could not be told; they learn of it at "
                        "their next request\n");
    return CTL_OK;
}

static ctl_exit_t account_reset(ctl_t *ctl)
{
    return act(ctl, "POST", ctl_path(ctl, "accounts", ARGUMENT(ctl, 0), "reset", NULL),
               "Reset of all devices");
}

static ctl_exit_t device_reset(ctl_t *ctl)
{
    const char *account = ARGUMENT(ctl, 0), *device = ARGUMENT(ctl, 1);

    if (!device && ctl->options.folder)
        return ctl_error(CTL_USAGE, "--folder needs a device");
    if (!device)
        return account_reset(ctl);
    if (ctl->options.folder)
        return act(ctl, "POST",
                   ctl_path(ctl, "accounts", account, "devices", device, "folders",
                            ctl->options.folder, "reset", NULL),
                   "Reset of one folder");
    return act(ctl, "POST", ctl_path(ctl, "accounts", account, "devices", device, "reset", NULL),
               "Reset of one device");
}

static ctl_exit_t device_remove(ctl_t *ctl)
{
    return act(ctl, "DELETE",
               ctl_path(ctl, "accounts", ARGUMENT(ctl, 0), "devices", ARGUMENT(ctl, 1), NULL),
               "Removal of a device");
}

/* The last action that --device (if any) had a part in. */
static ctl_exit_t undo_last(ctl_t *ctl, const char **id)
{
    json_t *answer, *list;
    ctl_exit_t code = ctl_request(
        ctl, "GET", ctl_path(ctl, "accounts", ARGUMENT(ctl, 0), "undo", NULL), NULL, &answer);
    size_t i, k;

    *id = NULL;
    if (code)
        return code;
    list = json_object_get(answer, "undo");
    for (i = 0; i < json_array_size(list) && !*id; i++) {
        const json_t *entry = json_array_get(list, i), *devices = json_object_get(entry, "devices");

        for (k = 0; k < json_array_size(devices) && !*id; k++)
            if (!ctl->options.device ||
                strcmp(json_string_value(json_array_get(devices, k)), ctl->options.device) == 0)
                *id = json_string_value(json_object_get(entry, "undo"));
    }
    if (*id)
        return CTL_OK;
    return ctl_error(CTL_NOT_FOUND, "nothing was done in the last day that could be undone");
}

static void print_undo(const ctl_t *ctl, const json_t *answer)
{
    const json_t *of = json_object_get(answer, "of");

    printf("Undo of %s: account %s, device %s, done by %s at %s UTC.\n",
           ctl_text(of, "action", ctl->pool), ctl_text(answer, "account", ctl->pool),
           ctl->options.device ? ctl_clean(ctl->options.device, ctl->pool)
                               : ctl_text(of, "devices", ctl->pool),
           ctl_text(of, "actor", ctl->pool), ctl_text(of, "time", ctl->pool));
}

static ctl_exit_t undo_look(ctl_t *ctl, const char *path, apr_table_t *query)
{
    json_t *answer;
    ctl_exit_t code;

    apr_table_setn(query, "dry_run", "1");
    code = ctl_request(ctl, "POST", path, query, &answer);
    apr_table_unset(query, "dry_run");
    if (code)
        return code;
    if (ctl->options.json && ctl->options.dry_run)
        ctl_print_json(answer);
    else
        print_undo(ctl, answer);
    if (json_is_true(json_object_get(answer, "possible")))
        return CTL_OK;
    return ctl_error(CTL_CONFLICT, "it cannot be undone: begun to synchronise anew since: %s",
                     ctl_text(answer, "begun_anew", ctl->pool));
}

static ctl_exit_t undo(ctl_t *ctl)
{
    apr_table_t *query = apr_table_make(ctl->pool, 2);
    const char *id = ARGUMENT(ctl, 1), *path;
    json_t *answer;
    ctl_exit_t code;

    query_add(query, "device", ctl->options.device);
    if (!id && (code = undo_last(ctl, &id)))
        return code;
    path = ctl_path(ctl, "accounts", ARGUMENT(ctl, 0), "undo", id, NULL);
    if (ctl->options.dry_run || !ctl->options.yes) {
        if ((code = undo_look(ctl, path, query)) || ctl->options.dry_run)
            return code;
        if ((code = confirm(ctl)))
            return code;
    }
    if ((code = ctl_request(ctl, "POST", path, query, &answer)))
        return code;
    if (ctl->options.json)
        ctl_print_json(answer);
    else
        printf("Done: the device goes on where it was.\n");
    return CTL_OK;
}

/* -- the table -------------------------------------------------------------- */

static const struct {
    const char *words;
    const char *old_name;
    const char *arguments;
    int least, most;
    command_run_fn run;
    const char *help;
} commands[] = {
#define COMMAND(words, old_name, arguments, least, most, run, help) \
    {words, old_name, arguments, least, most, run, help},
#include "admin/ctl_commands.tbl"
#undef COMMAND
};

#define COMMAND_COUNT (sizeof commands / sizeof *commands)

/* How many of the words name this command, 0: they do not. */
static int command_match(size_t index, const char *const *words, int count)
{
    const char *name = commands[index].words;
    int used = 0;

    if (count && commands[index].old_name && strcmp(words[0], commands[index].old_name) == 0)
        return 1;
    while (*name) {
        size_t length = strcspn(name, " ");

        if (used == count || strlen(words[used]) != length ||
            strncmp(words[used], name, length) != 0)
            return 0;
        used++;
        name += length + strspn(name + length, " ");
    }
    return used;
}

ctl_exit_t ctl_run(ctl_t *ctl, const char *const *words, int count)
{
    ctl_exit_t code;
    size_t i;

    for (i = 0; i < COMMAND_COUNT; i++) {
        int used = command_match(i, words, count);

        if (!used)
            continue;
        ctl->arguments = words + used;
        ctl->argument_count = count - used;
        if (ctl->argument_count < commands[i].least || ctl->argument_count > commands[i].most)
            return ctl_error(CTL_USAGE, "usage: mobilesyncctl %s %s",
                             used == 1 && commands[i].old_name ? commands[i].old_name
                                                               : commands[i].words,
                             commands[i].arguments);
        code = ctl_config_load(ctl);
        return code ? code : commands[i].run(ctl);
    }
    ctl->usage = 1;
    return CTL_USAGE;
}

void ctl_commands_print(void)
{
    size_t i;

    for (i = 0; i < COMMAND_COUNT; i++) {
        printf("  %s%s%s", commands[i].words, *commands[i].arguments ? " " : "",
               commands[i].arguments);
        if (commands[i].old_name)
            printf("   (%s)", commands[i].old_name);
        printf("\n        %s\n", commands[i].help);
    }
}
