#include "eas/status.h"

#include <stddef.h>

static const unsigned char status_of_fault[EAS_COMMAND_COUNT_][BASE_FAULT_COUNT_] = {
#define EAS_STATUS_FAULT(command, fault, status) \
    [EAS_COMMAND_##command][BASE_FAULT_##fault] = (status),
#include "eas/status.tbl"
#undef EAS_STATUS_FAULT
};

static const struct {
    short http;
    const char *name;
} common_statuses[256] = {
#define EAS_STATUS_COMMON(status, name, http) [status] = {http, #name},
#include "eas/status.tbl"
#undef EAS_STATUS_COMMON
};

int eas_status_from_fault(eas_command_t command, base_fault_code_t code)
{
    int status;

    if (code <= BASE_FAULT_NONE || code >= BASE_FAULT_COUNT_)
        code = BASE_FAULT_INTERNAL;
    if (command >= EAS_COMMAND_COUNT_)
        command = EAS_COMMAND_NONE;
    status = status_of_fault[command][code];
    return status ? status : status_of_fault[EAS_COMMAND_NONE][code];
}

int eas_status_http(eas_command_t command, int status)
{
    if (status < 100)
        return 0;
    /* the two exceptions of MS-ASCMD 2.2.2: R7549, R7557 */
    if ((command == EAS_COMMAND_SendMail && status == EAS_STATUS_InvalidIDs) ||
        (command == EAS_COMMAND_Provision && status == EAS_STATUS_SyncStateNotFound))
        return 500;
    if (status < 256 && common_statuses[status].name)
        return common_statuses[status].http;
    return 500;
}

const char *eas_status_name(int status)
{
    return status >= 0 && status < 256 ? common_statuses[status].name : NULL;
}
