/* Whether people can be met (MS-ASCMD 2.2.3.16): from the default calendar of those who have a
 * mailbox here, which is the one that meetings are in and the one that Exchange looks at. Calendars
 * that are subscribed to, and others of theirs, make nobody busy. */
#ifndef CMD_AVAILABILITY_H
#define CMD_AVAILABILITY_H

#include "cmd/cmd.h"

typedef struct cmd_availability cmd_availability_t;

/* Of [start, end). viewer: the address of who asks; those of other domains are not shown to them,
 * as in the directory, nor anybody where the service keeps that to itself. */
cmd_availability_t *cmd_availability_make(cmd_exchange_t *exchange, const char *viewer,
                                          apr_time_t start, apr_time_t end);

/* The Status of Availability (MS-ASCMD 2.2.3.177.12); *merged: MergedFreeBusy of a success. All
 * calls of a request share the time that there is; who comes after it is to be asked for again:
 * 162. */
int cmd_availability_find(cmd_availability_t *availability, const char *address,
                          const char **merged);

#endif
