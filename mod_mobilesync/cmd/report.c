#include "cmd/report.h"

cmd_report_folder_t *cmd_report_folder(cmd_report_t *report, const char *folder, const char *key,
                                       apr_pool_t *pool)
{
    cmd_report_folder_t *made = apr_pcalloc(pool, sizeof *made);

    made->folder = folder;
    made->key = key;
    if (!report->folders)
        report->folders = apr_array_make(pool, 4, sizeof made);
    APR_ARRAY_PUSH(report->folders, cmd_report_folder_t *) = made;
    return made;
}
