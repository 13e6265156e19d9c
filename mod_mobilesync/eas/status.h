/* From faults to the Status of a command, and from there to HTTP where a protocol
 * version has no such Status. The only place that knows these numbers. */
#ifndef EAS_STATUS_H
#define EAS_STATUS_H

#include "base/fault.h"
#include "eas/command.h"

/* 1 is success for every command but these. */
#define EAS_STATUS_SUCCESS 1
#define EAS_STATUS_MoveItems_SUCCESS 3 /* MS-ASCMD 2.2.3.177.10 */
#define EAS_STATUS_Ping_EXPIRED 1      /* MS-ASCMD 2.2.3.177.11 */
#define EAS_STATUS_Ping_CHANGES 2      /* MS-ASCMD 2.2.3.177.11 */

/* EAS_STATUS_InvalidWBXML = 102, ...: common to all commands (MS-ASCMD 2.2.2). */
enum {
#define EAS_STATUS_COMMON(status, name, http) EAS_STATUS_##name = (status),
#include "eas/status.tbl"
#undef EAS_STATUS_COMMON
};

/* The Status that says a fault to the client. Never a success: BASE_FAULT_NONE is a
 * mistake of the caller and gives the Status of an internal error. */
int eas_status_from_fault(eas_command_t command, base_fault_code_t code);

/* The HTTP code that stands for a Status of 100 and over at protocol version 12.1
 * (MS-ASCMD 2.2.2 R7461); 0 for a Status below 100, which every version has. */
int eas_status_http(eas_command_t command, int status);

/* "InvalidWBXML" for a common status, else NULL. */
const char *eas_status_name(int status);

#endif
