/* mobilesyncctl: the REST interface (admin.h) for people and scripts. Links base/ only. */
#ifndef ADMIN_CTL_H
#define ADMIN_CTL_H

#include <jansson.h>
#include <apr_pools.h>
#include <apr_tables.h>

#define CTL_CONFIG_FILE "/etc/mobilesync/ctl.conf"

/* Exit codes; the manual page has them. */
typedef enum {
    CTL_OK = 0,
    CTL_FAILED = 1,      /* the server could not do it */
    CTL_USAGE = 2,       /* the command line or the configuration is wrong */
    CTL_NOT_FOUND = 3,   /* no such account, device, folder or undo */
    CTL_CONFLICT = 4,    /* cannot be undone any more */
    CTL_DENIED = 5,      /* user and password were refused */
    CTL_UNREACHABLE = 6, /* no answer, or Redis is down: later may work */
    CTL_UNCONFIRMED = 7  /* the user did not say yes */
} ctl_exit_t;

typedef struct {
    const char *server; /* URL of the Location */
    const char *user;
    const char *password;
    const char *ca; /* file with the authority of the server's certificate, NULL: the system's */
} ctl_config_t;

typedef struct {
    int json, yes, dry_run;
    apr_table_t *values; /* of those that have one: "seen_before" -> "2026-06-01" */
} ctl_options_t;

typedef struct {
    const char *title;
    const char *member; /* or the way to it: "suspended/since", "undo/0/undo" */
} ctl_column_t;

/* What is shown of an answer. Columns and members end with a NULL title. */
typedef struct {
    const char *cursor;          /* the parameter that the next page takes, NULL: no pages */
    const ctl_column_t *members; /* NULL: none */
    const char *list;            /* an array, shown as a table */
    json_t *(*rows)(const json_t *list); /* rows made of it, NULL: it has them */
    const ctl_column_t *columns;
} ctl_view_t;

typedef struct ctl ctl_t;

/* A row of ctl_commands.tbl. */
typedef struct {
    const char *words;
    const char *old_names; /* NULL: none */
    const char *arguments;
    const char *options;
    const char *method;
    const char *path;
    const char *what;       /* of an action: "Reset of one device" */
    const ctl_view_t *view; /* of a view */
    ctl_exit_t (*run)(ctl_t *ctl);
    const char *help;
} ctl_command_t;

struct ctl {
    ctl_config_t config;
    ctl_options_t options;
    const ctl_command_t *command;
    const char *const *arguments; /* of the command */
    int argument_count;
    const char *path;   /* of its request, encoded, perhaps with the beginning of a query */
    apr_table_t *query; /* further parameters of it */
    int usage;          /* the command line was wrong: say how it is right */
    apr_pool_t *pool;
};

/* Says "mobilesyncctl: ..." on standard error; returns code. */
ctl_exit_t ctl_error(ctl_exit_t code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* -- ctl_config.c -- */

/* Options before environment before file. The file must be its owner's alone. */
ctl_exit_t ctl_config_load(ctl_t *ctl);

/* -- ctl_client.c -- */

/* A path of names, percent-encoded: "/accounts/a%40b/devices". The list ends with NULL. */
const char *ctl_path(const ctl_t *ctl, const char *name, ...) __attribute__((sentinel));
/* One request. query (may be NULL): names and values. *answer ends with the pool. What went wrong
 * has been said when it is not CTL_OK. */
ctl_exit_t ctl_request(ctl_t *ctl, const char *method, const char *path, const apr_table_t *query,
                       json_t **answer);
/* Every page of a list, in one object { member: [...] }. */
ctl_exit_t ctl_request_pages(ctl_t *ctl, const char *method, const char *path, apr_table_t *query,
                             const char *member, const char *cursor, json_t **answer);

/* -- ctl_print.c -- */

/* A table of an array's objects; columns end with a NULL title. */
void ctl_print_table(const json_t *rows, const ctl_column_t *columns, apr_pool_t *pool);
/* "Title: value" for each member that has a value. */
void ctl_print_members(const json_t *object, const ctl_column_t *members, apr_pool_t *pool);
void ctl_print_json(const json_t *json);
/* A member (see ctl_column_t) as text fit for a terminal: no control characters; "" for null. */
const char *ctl_text(const json_t *object, const char *member, apr_pool_t *pool);
/* Any text made fit for a terminal. */
const char *ctl_clean(const char *text, apr_pool_t *pool);
/* "a, b, c" */
const char *ctl_join(const json_t *array, apr_pool_t *pool);

/* -- ctl_commands.c -- */

/* Runs the command of the words; CTL_USAGE with ctl->usage when there is none. */
ctl_exit_t ctl_run(ctl_t *ctl, const char *const *words, int count);
void ctl_commands_print(void);
/* The value of an option, NULL when it was not given. */
const char *ctl_option(const ctl_t *ctl, const char *name);

/* -- ctl_views.c, ctl_actions.c, ctl_access.c, ctl_trace.c: what commands run -- */

ctl_exit_t ctl_show(ctl_t *ctl);
ctl_exit_t ctl_act(ctl_t *ctl);
ctl_exit_t ctl_undo(ctl_t *ctl);
ctl_exit_t ctl_trace(ctl_t *ctl);
ctl_exit_t ctl_bundle(ctl_t *ctl);
ctl_exit_t ctl_purge(ctl_t *ctl);
ctl_exit_t ctl_rebuild(ctl_t *ctl);
ctl_exit_t ctl_import(ctl_t *ctl);
/* Devices that a change of access control makes a difference to. */
void ctl_print_changed(const ctl_t *ctl, const json_t *answer);
/* Asks the user, unless he said yes. */
ctl_exit_t ctl_confirm(const ctl_t *ctl);
/* Asks the server what it would do. */
ctl_exit_t ctl_dry_run(ctl_t *ctl, const char *method, const char *path, json_t **plan);

#endif
