/* Which command the words are, and what it asks the server for. */
#include "admin/ctl.h"

#include <stdio.h>
#include <string.h>
#include <apr_strings.h>

#include "base/text.h"

#define VIEW(words, old_names, arguments, options, path, view, help) \
    extern const ctl_view_t ctl_view_##view;
#define ACTION(words, old_names, arguments, options, method, path, what, help)
#define SPECIAL(words, old_names, arguments, options, run, help)
#include "admin/ctl_commands.tbl"
#undef VIEW
#undef ACTION
#undef SPECIAL

static const ctl_command_t commands[] = {
#define VIEW(words, old_names, arguments, options, path, view, help) \
    {words, old_names, arguments, options, "GET", path, NULL, &ctl_view_##view, ctl_show, help},
#define ACTION(words, old_names, arguments, options, method, path, what, help) \
    {words, old_names, arguments, options, method, path, what, NULL, ctl_act, help},
#define SPECIAL(words, old_names, arguments, options, run, help) \
    {words, old_names, arguments, options, NULL, "", NULL, NULL, run, help},
#include "admin/ctl_commands.tbl"
#undef VIEW
#undef ACTION
#undef SPECIAL
};

#define COMMAND_COUNT (sizeof commands / sizeof *commands)

const char *ctl_option(const ctl_t *ctl, const char *name)
{
    return apr_table_get(ctl->options.values, name);
}

/* -- words ------------------------------------------------------------------ */

/* The next of blank-separated words; "" at the end. */
static const char *words_next(const char **words, size_t *length)
{
    const char *word = *words + strspn(*words, " ");

    *length = strcspn(word, " ");
    *words = word + *length;
    return word;
}

static int words_have(const char *words, const char *wanted)
{
    const char *word;
    size_t length;

    while (words && *(word = words_next(&words, &length)))
        if (length == strlen(wanted) && strncmp(word, wanted, length) == 0)
            return 1;
    return 0;
}

/* How many of the words name this command, 0: they do not. */
static int command_match(const ctl_command_t *command, const char *const *words, int count)
{
    const char *name = command->words, *word;
    size_t length;
    int used = 0;

    if (count && words_have(command->old_names, words[0]))
        return 1;
    for (; *(word = words_next(&name, &length)); used++)
        if (used == count || strlen(words[used]) != length ||
            strncmp(words[used], word, length) != 0)
            return 0;
    return used;
}

static int command_takes(const ctl_command_t *command, int count)
{
    const char *arguments = command->arguments, *word;
    int least = 0, most = 0;
    size_t length;

    for (; *(word = words_next(&arguments, &length)); most++)
        least += *word != '[';
    return count >= least && count <= most;
}

/* -- the request ------------------------------------------------------------ */

/* NULL when an option is missing. used (may be NULL): options that stand in the path. */
static const char *path_build(const ctl_t *ctl, const ctl_command_t *command, apr_table_t *used)
{
    const char *at = command->path, *path = "/", *value;
    int argument = 0;

    while (*at) {
        size_t length = strcspn(at, "*{");

        path = apr_pstrcat(ctl->pool, path, apr_pstrmemdup(ctl->pool, at, length), NULL);
        at += length;
        if (!*at)
            break;
        if (*at == '*') {
            value = ctl->arguments[argument++];
            at++;
        }
        else {
            const char *name = apr_pstrmemdup(ctl->pool, at + 1, strcspn(at, "}") - 1);

            value = ctl_option(ctl, name);
            apr_table_setn(used, name, "");
            at += strlen(name) + 2;
        }
        if (!value)
            return NULL;
        path = apr_pstrcat(ctl->pool, path, base_text_percent_encode(value, ctl->pool), NULL);
    }
    return path;
}

/* Every option given belongs to the command, or to all of them. What stands not in the path goes
 * into the query. */
static ctl_exit_t options_take(ctl_t *ctl, const apr_table_t *used)
{
    const apr_array_header_t *all = apr_table_elts(ctl->options.values);
    int i;

    ctl->query = apr_table_make(ctl->pool, 4);
    for (i = 0; i < all->nelts; i++) {
        const apr_table_entry_t *option = &APR_ARRAY_IDX(all, i, apr_table_entry_t);

        if (words_have("config server user ca", option->key))
            continue;
        if (!words_have(ctl->command->options, option->key))
            return ctl_error(CTL_USAGE, "\"%s\" has nothing to do with --%s", ctl->command->words,
                             option->key);
        if (!apr_table_get(used, option->key))
            apr_table_setn(ctl->query, option->key, option->val);
    }
    return CTL_OK;
}

static ctl_exit_t command_run(ctl_t *ctl, const ctl_command_t *command, const apr_table_t *used)
{
    ctl_exit_t code;

    ctl->command = command;
    if ((code = options_take(ctl, used)) || (code = ctl_config_load(ctl)))
        return code;
    return command->run(ctl);
}

ctl_exit_t ctl_run(ctl_t *ctl, const char *const *words, int count)
{
    const char *usage = NULL;
    size_t i;

    for (i = 0; i < COMMAND_COUNT; i++) {
        const ctl_command_t *command = &commands[i];
        int given = command_match(command, words, count);
        apr_table_t *used = apr_table_make(ctl->pool, 1);

        if (!given)
            continue;
        ctl->arguments = words + given;
        ctl->argument_count = count - given;
        if (command_takes(command, ctl->argument_count) &&
            (ctl->path = path_build(ctl, command, used)))
            return command_run(ctl, command, used);
        usage =
            apr_pstrcat(ctl->pool, usage ? usage : "usage:", usage ? " or" : "", " mobilesyncctl ",
                        given == 1 && command->old_names ? words[0] : command->words, " ",
                        command->arguments, NULL);
    }
    if (usage)
        return ctl_error(CTL_USAGE, "%s", usage);
    ctl->usage = 1;
    return CTL_USAGE;
}

void ctl_commands_print(void)
{
    size_t i;

    for (i = 0; i < COMMAND_COUNT; i++) {
        printf("  %s%s%s", commands[i].words, *commands[i].arguments ? " " : "",
               commands[i].arguments);
        if (commands[i].old_names)
            printf("   (%s)", commands[i].old_names);
        printf("\n        %s\n", commands[i].help);
    }
}
