/* What an exchange came to, for those who look at it afterwards (flight recorder, metrics): no
 * content, only keys, counts and Status. Commands fill it in on the way. */
#ifndef CMD_REPORT_H
#define CMD_REPORT_H

#include <apr_pools.h>
#include <apr_tables.h>

#include "base/fault.h"

/* One folder of a Sync, or the hierarchy of a FolderSync. */
typedef struct {
    const char *folder;   /* NULL: the hierarchy */
    const char *key;      /* presented */
    const char *next_key; /* answered, NULL: none */
    int status;
    int asked;                                       /* for changes (GetChanges) */
    int replayed;                                    /* the answer to a repeat */
    int more;                                        /* MoreAvailable */
    int adds, changes, deletes;                      /* given to the device */
    int quarantined;                                 /* left out, as they cannot be rendered */
    int client_adds, client_changes, client_deletes; /* asked for by the device */
} cmd_report_folder_t;

typedef struct {
    int status;          /* of the whole command; 0: the command has none, or none was reached */
    int heartbeat_asked; /* of a Ping or a hanging Sync, seconds; 0: none */
    int heartbeat;       /* granted; 0: it did not wait */
    int waited;          /* for a change: its duration says nothing of how fast the server is */
    base_fault_code_t fault;     /* that ended the command */
    const char *error;           /* its message, NULL: none */
    apr_array_header_t *folders; /* cmd_report_folder_t *; NULL: none */
    /* const char *: what a Ping calls changed, WAKE_FOLDER_HIERARCHY among them; NULL: nothing */
    apr_array_header_t *told;
} cmd_report_t;

/* A new folder in the report; key is not copied. */
cmd_report_folder_t *cmd_report_folder(cmd_report_t *report, const char *folder, const char *key,
                                       apr_pool_t *pool);

#endif
