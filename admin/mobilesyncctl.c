/* mobilesyncctl: administration of SyncStates from the command line. */
#include "config.h"

#include "admin/ctl.h"

#include <getopt.h>
#include <locale.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <curl/curl.h>
#include <apr_general.h>
#include <apr_strings.h>

/* Options with a value. */
static const struct {
    const char *name;
    const char *help;
} main_texts[] = {
    {"config", "file to read instead of " CTL_CONFIG_FILE},
    {"server", "URL of the administration"},
    {"user", "who administers"},
    {"ca", "file with the authority of its certificate"},
    {"domain", "access rule: of accounts of this domain"},
    {"model", "access rule set: a regular expression"},
    {"os", "access rule set: a regular expression"},
    {"status", "access list: allow, block or quarantine"},
    {"access", "device list: allow, block or quarantine"},
    {"folder", "device reset, device why: this folder"},
    {"device", "device list, undo, audit, access rule set: of this device"},
    {"account", "device list, audit, access: of this account"},
    {"type", "device list: whose type has this text; access rule set: a regular expression"},
    {"agent", "the same for the user agent"},
    {"state", "device list: active, empty, suspended, wiping, wiped or parked"},
    {"search", "device list: of which all these words are known"},
    {"seen-before", "device list: not seen since this date"},
    {"seen-after", "device list: seen since this date"},
    {"reason", "device suspend, wipe, access: shown to other administrators"},
    {"minutes", "device trace on: for how long, 15 if not given"},
    {"content", "device trace on: yes: with contents, subjects and addresses"},
    {"protocol", "device profile set: the newest that is announced, such as 14.1"},
    {"heartbeat", "device profile set: seconds that it may wait at most"},
    {"window", "device profile set: items in a Sync response at most"},
    {"truncation", "device profile set: bytes that bodies are truncated to at least"},
    {"actor", "audit: by this administrator"},
    {"action", "audit: this action, such as device.reset"},
    {"limit", "lists: no more than this many rows"},
};

static const struct {
    const char *name;
    size_t offset;
    const char *help;
} main_flags[] = {
    {"json", offsetof(ctl_options_t, json), "JSON instead of tables"},
    {"yes", offsetof(ctl_options_t, yes), "do not ask"},
    {"dry-run", offsetof(ctl_options_t, dry_run), "say what would be done, and do nothing"},
};

#define MAIN_TEXTS ((int)(sizeof main_texts / sizeof *main_texts))
#define MAIN_FLAGS ((int)(sizeof main_flags / sizeof *main_flags))

enum { MAIN_HELP = MAIN_TEXTS + MAIN_FLAGS, MAIN_VERSION };

ctl_exit_t ctl_error(ctl_exit_t code, const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "mobilesyncctl: ");
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\n");
    return code;
}

static void main_help(void)
{
    int i;

    printf("usage: mobilesyncctl [options] command [arguments]\n\nCommands (with the names that "
           "they had elsewhere):\n");
    ctl_commands_print();
    printf("\nOptions:\n");
    for (i = 0; i < MAIN_FLAGS; i++)
        printf("  --%-18s %s\n", main_flags[i].name, main_flags[i].help);
    for (i = 0; i < MAIN_TEXTS; i++)
        printf("  --%-12s VALUE %s\n", main_texts[i].name, main_texts[i].help);
    printf("  --%-18s %s\n  --%-18s %s\n", "help", "this", "version", "the version");
}

/* As the server calls it. */
static const char *main_parameter(const char *name, apr_pool_t *pool)
{
    char *copy = apr_pstrdup(pool, name), *p;

    for (p = copy; *p; p++)
        if (*p == '-')
            *p = '_';
    return copy;
}

/* Reads the options; *code is what to end with when it returns 0. */
static int main_options(ctl_t *ctl, int argc, char **argv, ctl_exit_t *code)
{
    struct option table[MAIN_TEXTS + MAIN_FLAGS + 3] = {{NULL, 0, NULL, 0}};
    ctl_options_t *options = &ctl->options;
    int i, option;

    options->values = apr_table_make(ctl->pool, 4);
    for (i = 0; i < MAIN_TEXTS; i++)
        table[i] = (struct option){main_texts[i].name, required_argument, NULL, 256 + i};
    for (i = 0; i < MAIN_FLAGS; i++)
        table[MAIN_TEXTS + i] =
            (struct option){main_flags[i].name, no_argument, NULL, 256 + MAIN_TEXTS + i};
    table[MAIN_HELP] = (struct option){"help", no_argument, NULL, 'h'};
    table[MAIN_VERSION] = (struct option){"version", no_argument, NULL, 'V'};
    while ((option = getopt_long(argc, argv, "hy", table, NULL)) != -1) {
        *code = CTL_OK;
        if (option == 'h')
            main_help();
        else if (option == 'V')
            printf("mobilesyncctl %s\n", PACKAGE_VERSION);
        else if (option == '?')
            *code = CTL_USAGE;
        if (option == 'h' || option == 'V' || option == '?')
            return 0;
        if (option == 'y')
            options->yes = 1;
        else if (option - 256 < MAIN_TEXTS)
            apr_table_setn(options->values,
                           main_parameter(main_texts[option - 256].name, ctl->pool), optarg);
        else
            *(int *)((char *)options + main_flags[option - 256 - MAIN_TEXTS].offset) = 1;
    }
    return 1;
}

int main(int argc, char **argv)
{
    ctl_exit_t code = CTL_OK;
    ctl_t ctl = {.usage = 0};

    setlocale(LC_ALL, "");
    if (apr_initialize() != APR_SUCCESS || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return (int)ctl_error(CTL_FAILED, "the libraries do not start");
    apr_pool_create(&ctl.pool, NULL);
    if (main_options(&ctl, argc, argv, &code))
        code = ctl_run(&ctl, (const char *const *)argv + optind, argc - optind);
    if (ctl.usage)
        ctl_error(code, "%s; mobilesyncctl --help tells what there is",
                  optind < argc ? "there is no such command" : "which command?");
    if (fflush(stdout) != 0 && code == CTL_OK)
        code = ctl_error(CTL_FAILED, "cannot write");
    apr_pool_destroy(ctl.pool);
    curl_global_cleanup();
    apr_terminate();
    return (int)code;
}
