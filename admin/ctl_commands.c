/* Which command the words are, and what it asks the server for. */
#include "admin/ctl.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
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

/* Is the word that name, or are the two, with '_' between them? Returns how many were used. */
static int words_name(const char *name, size_t length, const char *const *words, int count)
{
    const char *line = memchr(name, '_', length);
    size_t first = line ? (size_t)(line - name) : length;

    if (strlen(words[0]) != first || strncasecmp(words[0], name, first) != 0)
        return 0;
    if (!line)
        return 1;
    return count > 1 && strlen(words[1]) == length - first - 1 &&
                   strncasecmp(words[1], line + 1, length - first - 1) == 0
               ? 2
               : 0;
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
    const char *name = command->words, *old = command->old_names, *word;
    size_t length;
    int used = 0;

    while (count && old && *(word = words_next(&old, &length)))
        if ((used = words_name(word, length, words, count)))
            return used;
    for (; *(word = words_next(&name, &length)); used++)
        if (used == count || strlen(words[used]) != length ||
            strncmp(words[used], word, length) != 0)
            return 0;
    return used;
}

/* As the user called it. */
static const char *command_name(const ctl_t *ctl, const ctl_command_t *command,
                                const char *const *words, int given)
{
    const char *name = command->words;
    size_t length, first = strlen(words[0]);

    words_next(&name, &length);
    if (length == first && strncmp(command->words, words[0], first) == 0)
        return command->words;
    return given == 2 ? apr_pstrcat(ctl->pool, words[0], " ", words[1], NULL) : words[0];
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

/* "ABQ set DEVICE Blocked account joe": old commands have their options at the end. Returns the words
 * before them. */
static int options_old(ctl_t *ctl, const char *const *words, int count)
{
    if (!count || strcasecmp(words[0], "ABQ") != 0)
        return count;
    while (count > 3 && words_have("account domain status", words[count - 2])) {
        apr_table_setn(ctl->options.values, words[count - 2], words[count - 1]);
        count -= 2;
    }
    return count;
}

ctl_exit_t ctl_run(ctl_t *ctl, const char *const *words, int count)
{
    const char *usage = NULL;
    size_t i;

    count = options_old(ctl, words, count);
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
                        command_name(ctl, command, words, given), " ", command->arguments, NULL);
    }
    if (usage)
        return ctl_error(CTL_USAGE, "%s", usage);
    ctl->usage = 1;
    return CTL_USAGE;
}

static void print_old_names(const char *names)
{
    printf("   (");
    for (; *names; names++)
        putchar(*names == '_' ? ' ' : *names);
    printf(")");
}

void ctl_commands_print(void)
{
    size_t i;

    for (i = 0; i < COMMAND_COUNT; i++) {
        printf("  %s%s%s", commands[i].words, *commands[i].arguments ? " " : "",
               commands[i].arguments);
        if (commands[i].old_names)
            print_old_names(commands[i].old_names);
        printf("\n        %s\n", commands[i].help);
    }
}
