/* The commands of the protocol. */
#ifndef EAS_COMMAND_H
#define EAS_COMMAND_H

#include "eas/version.h"

typedef enum {
    EAS_COMMAND_NONE = 0, /* unknown */
#define EAS_COMMAND(name, code, first, last) EAS_COMMAND_##name,
#include "eas/command.tbl"
#undef EAS_COMMAND
    EAS_COMMAND_COUNT_
} eas_command_t;

/* By the Cmd parameter of a plain query, in any case of letters. NONE when unknown. */
eas_command_t eas_command_parse(const char *name);

/* By the Command code byte of a base64 query. NONE when unknown. */
eas_command_t eas_command_from_code(unsigned code);

/* "FolderSync"; "unknown" for NONE. */
const char *eas_command_name(eas_command_t command);

/* 1 when the protocol version has the command. */
int eas_command_in_version(eas_command_t command, eas_version_t version);

#endif
