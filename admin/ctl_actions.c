/* What changes something: it is shown first (a dry run), asked, done, and said to be done. */
#include "admin/ctl.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <apr_strings.h>

ctl_exit_t ctl_confirm(const ctl_t *ctl)
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

ctl_exit_t ctl_dry_run(ctl_t *ctl, const char *method, const char *path, json_t **plan)
{
    apr_table_t *query = apr_table_copy(ctl->pool, ctl->query);

    apr_table_setn(query, "dry_run", "1");
    return ctl_request(ctl, method, path, query, plan);
}

/* "what: account john@example.com, device APPL1" */
static void print_whom(const ctl_t *ctl, const json_t *plan)
{
    static const ctl_column_t whom[] = {{"account", "account"},
                                        {"device", "devices"},
                                        {"device", "device"},
                                        {"folder", "folder"},
                                        {"address", "address"}};
    const char *before = ": ";
    size_t i;

    printf("%s", ctl->command->what);
    for (i = 0; i < sizeof whom / sizeof *whom; i++) {
        const char *text = ctl_text(plan, whom[i].member, ctl->pool);

        if (!*text)
            continue;
        printf("%s%s %s", before, whom[i].title, text);
        before = ", ";
    }
    printf("\n");
}

static void print_plan(const ctl_t *ctl, const json_t *plan)
{
    const char *megabytes = ctl_text(plan, "estimated_mb", ctl->pool);

    if (json_object_get(plan, "devices_changed")) {
        ctl_print_changed(ctl, plan);
        return;
    }
    print_whom(ctl, plan);
    if (json_object_get(plan, "throttles"))
        printf("%s held back will be let through.\n", ctl_text(plan, "throttles", ctl->pool));
    if (json_object_get(plan, "folders"))
        printf("%s folders with %s items", ctl_text(plan, "folders", ctl->pool),
               ctl_text(plan, "items", ctl->pool));
    if (*megabytes)
        printf(", up to %s MB, will be downloaded again", megabytes);
    if (json_object_get(plan, "folders"))
        printf(".\n");
    else if (json_object_get(plan, "items"))
        printf("%s items will be tried again.\n", ctl_text(plan, "items", ctl->pool));
}

static void print_done(const ctl_t *ctl, const json_t *answer)
{
    if (*ctl_text(answer, "undo", ctl->pool))
        printf("Done. Until %s UTC it can be undone: mobilesyncctl undo %s %s\n",
               ctl_text(answer, "undo_until", ctl->pool), ctl_text(answer, "account", ctl->pool),
               ctl_text(answer, "undo", ctl->pool));
    else if (json_is_true(json_object_get(answer, "changes")))
        printf("Done.\n");
    else
        printf("Done; there was nothing to be %s.\n",
               json_object_get(answer, "changes") ? "changed" : "moved");
    if (json_is_false(json_object_get(answer, "waiting_told")))
        fprintf(stderr, "mobilesyncctl: waiting devices could not be told; they learn of it at "
                        "their next request\n");
}

ctl_exit_t ctl_act(ctl_t *ctl)
{
    const char *method = ctl->command->method;
    json_t *answer;
    ctl_exit_t code;

    if (ctl->options.dry_run || !ctl->options.yes) {
        if ((code = ctl_dry_run(ctl, method, ctl->path, &answer)))
            return code;
        if (ctl->options.dry_run && ctl->options.json)
            ctl_print_json(answer);
        else
            print_plan(ctl, answer);
        if (ctl->options.dry_run)
            return CTL_OK;
        if ((code = ctl_confirm(ctl)))
            return code;
    }
    if ((code = ctl_request(ctl, method, ctl->path, ctl->query, &answer)))
        return code;
    if (ctl->options.json)
        ctl_print_json(answer);
    else
        print_done(ctl, answer);
    return CTL_OK;
}

/* -- undo ------------------------------------------------------------------- */

/* The last action that --device (if any) had a part in. */
static ctl_exit_t undo_last(ctl_t *ctl, const char **id)
{
    const char *device = ctl_option(ctl, "device");
    json_t *answer, *list;
    ctl_exit_t code = ctl_request(
        ctl, "GET", ctl_path(ctl, "accounts", ctl->arguments[0], "undo", NULL), NULL, &answer);
    size_t i, k;

    *id = NULL;
    if (code)
        return code;
    list = json_object_get(answer, "undo");
    for (i = 0; i < json_array_size(list) && !*id; i++) {
        const json_t *entry = json_array_get(list, i), *devices = json_object_get(entry, "devices");

        for (k = 0; k < json_array_size(devices) && !*id; k++)
            if (!device || strcmp(json_string_value(json_array_get(devices, k)), device) == 0)
                *id = json_string_value(json_object_get(entry, "undo"));
    }
    if (*id)
        return CTL_OK;
    return ctl_error(CTL_NOT_FOUND, "nothing was done in the last day that could be undone");
}

static void print_undo(const ctl_t *ctl, const json_t *answer)
{
    const char *device = ctl_option(ctl, "device");

    printf("Undo of %s: account %s, device %s, done by %s at %s UTC.\n",
           ctl_text(answer, "of/action", ctl->pool), ctl_text(answer, "account", ctl->pool),
           device ? ctl_clean(device, ctl->pool) : ctl_text(answer, "of/devices", ctl->pool),
           ctl_text(answer, "of/actor", ctl->pool), ctl_text(answer, "of/time", ctl->pool));
}

static ctl_exit_t undo_look(ctl_t *ctl, const char *path)
{
    json_t *answer;
    ctl_exit_t code = ctl_dry_run(ctl, "POST", path, &answer);

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

ctl_exit_t ctl_undo(ctl_t *ctl)
{
    const char *id = ctl->argument_count > 1 ? ctl->arguments[1] : NULL, *path;
    json_t *answer;
    ctl_exit_t code;

    if (!id && (code = undo_last(ctl, &id)))
        return code;
    path = ctl_path(ctl, "accounts", ctl->arguments[0], "undo", id, NULL);
    if (ctl->options.dry_run || !ctl->options.yes) {
        if ((code = undo_look(ctl, path)) || ctl->options.dry_run)
            return code;
        if ((code = ctl_confirm(ctl)))
            return code;
    }
    if ((code = ctl_request(ctl, "POST", path, ctl->query, &answer)))
        return code;
    if (ctl->options.json)
        ctl_print_json(answer);
    else
        printf("Done: the device goes on where it was.\n");
    return CTL_OK;
}

/* -- purge ------------------------------------------------------------------ */

static void print_purge(const ctl_t *ctl, const json_t *devices)
{
    static const ctl_column_t columns[] = {{"ACCOUNT", "account"},
                                           {"DEVICE", "device"},
                                           {"LAST SEEN (UTC)", "last_seen"},
                                           {"FOLDERS", "folders"},
                                           {"ITEMS", "items"},
                                           {"UNDO", "undo"},
                                           {NULL, NULL}};

    if (json_array_size(devices))
        ctl_print_table(devices, columns, ctl->pool);
}

/* What went wrong half-way says nothing of the pages before: they are done, and shown. */
ctl_exit_t ctl_purge(ctl_t *ctl)
{
    const char *path = ctl->argument_count > 1
                           ? ctl_path(ctl, "accounts", ctl->arguments[1], "purge", NULL)
                           : "/purge";
    apr_table_t *query = apr_table_make(ctl->pool, 4);
    json_t *answer;
    ctl_exit_t code;
    int dry;

    apr_table_setn(query, "days", ctl->arguments[0]);
    for (dry = ctl->options.dry_run || !ctl->options.yes; dry >= 0; dry--) {
        const json_t *devices;

        apr_table_unset(query, "after");
        apr_table_setn(query, "dry_run", dry ? "1" : "0");
        code = ctl_request_pages(ctl, "POST", path, query, "devices", "after", &answer);
        devices = json_object_get(answer, "devices");
        if (ctl->options.json && dry == ctl->options.dry_run)
            ctl_print_json(answer);
        else if (!ctl->options.json)
            print_purge(ctl, devices);
        if (!code && !ctl->options.json)
            printf("%d devices %s.\n", (int)json_array_size(devices),
                   dry ? "would be removed" : "are removed; each can be undone for a day");
        if (code || ctl->options.dry_run || (dry && !json_array_size(devices)))
            return code;
        if (dry && (code = ctl_confirm(ctl)))
            return code;
    }
    return CTL_OK;
}

/* -- the index of accounts -------------------------------------------------- */

/* Nothing is asked: it adds what belongs there, and nothing else. */
ctl_exit_t ctl_rebuild(ctl_t *ctl)
{
    apr_table_t *query = apr_table_make(ctl->pool, 2);
    json_int_t accounts = 0, missing = 0;
    const char *next;
    json_t *answer;
    ctl_exit_t code;

    if (ctl->options.dry_run)
        apr_table_setn(query, "dry_run", "1");
    do {
        if ((code = ctl_request(ctl, "POST", "/index/rebuild", query, &answer)))
            return code;
        accounts += json_integer_value(json_object_get(answer, "accounts"));
        missing += json_integer_value(json_object_get(answer, "missing"));
        if ((next = json_string_value(json_object_get(answer, "next"))))
            apr_table_set(query, "after", next);
    } while (next);
    json_object_set_new(answer, "accounts", json_integer(accounts));
    json_object_set_new(answer, "missing", json_integer(missing));
    if (ctl->options.json)
        ctl_print_json(answer);
    else
        printf("%" JSON_INTEGER_FORMAT " accounts, of which %" JSON_INTEGER_FORMAT " %s.\n",
               accounts, missing,
               ctl->options.dry_run ? "are missing in lists" : "were missing in lists");
    return CTL_OK;
}
