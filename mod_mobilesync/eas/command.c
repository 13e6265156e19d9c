#include "eas/command.h"

#include <strings.h>

static const struct {
    const char *name;
    unsigned char code;
    eas_version_t first;
    eas_version_t last;
} commands[] = {
    [EAS_COMMAND_NONE] = {"unknown", 0xff, EAS_VERSION_NONE, EAS_VERSION_NONE},
#define EAS_COMMAND(name, code, first, last) \
    [EAS_COMMAND_##name] = {#name, code, EAS_VERSION_##first, EAS_VERSION_##last},
#include "eas/command.tbl"
#undef EAS_COMMAND
};

eas_command_t eas_command_parse(const char *name)
{
    eas_command_t command;

    for (command = EAS_COMMAND_NONE + 1; command < EAS_COMMAND_COUNT_; command++)
        if (strcasecmp(commands[command].name, name) == 0)
            return command;
    return EAS_COMMAND_NONE;
}

eas_command_t eas_command_from_code(unsigned code)
{
    eas_command_t command;

    /* MS-ASHTTP's statements give Find no code. Clients and servers in the field use
     * 23, the next free one, or 24; neither means anything else. */
    if (code == 24)
        return EAS_COMMAND_Find;
    for (command = EAS_COMMAND_NONE + 1; command < EAS_COMMAND_COUNT_; command++)
        if (commands[command].code == code)
            return command;
    return EAS_COMMAND_NONE;
}

const char *eas_command_name(eas_command_t command)
{
    return commands[command < EAS_COMMAND_COUNT_ ? command : EAS_COMMAND_NONE].name;
}

int eas_command_in_version(eas_command_t command, eas_version_t version)
{
    return command != EAS_COMMAND_NONE && command < EAS_COMMAND_COUNT_ &&
           commands[command].first <= version && version <= commands[command].last;
}
