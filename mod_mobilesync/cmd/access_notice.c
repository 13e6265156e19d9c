/* The mailbox of a device that may not synchronise: one message, which explains. */
#include "cmd/access.h"

#include <string.h>
#include <apr_strings.h>

#include "backend/notice.h"
#include "item/letter.h"

static const struct {
    const char *subject, *text;
} notices[] = {
    [SYNC_ACCESS_QUARANTINE] =
        {"This device is waiting for permission",
         "An administrator has to allow this device before it can synchronise. Until then this "
         "message is all that it shows, and mail written on it cannot be sent. Nothing has been "
         "deleted: your mail stays on the server, and the device fetches it by itself as soon as "
         "it is allowed."},
    [SYNC_ACCESS_BLOCK] =
        {"This device may not synchronise",
         "An administrator does not allow this device to synchronise. This message is all that it "
         "shows, and mail written on it cannot be sent. Nothing has been deleted: your mail stays "
         "on the server."},
};

const char *cmd_access_address(const cmd_exchange_t *exchange, const char *name)
{
    const char *domain = exchange->service->access->domain, *at = strrchr(name, '@');

    if (at)
        return name;
    at = strrchr(exchange->account, '@');
    return apr_pstrcat(exchange->pool, name, "@",
                       at       ? at + 1
                       : domain ? domain
                                : "localhost",
                       NULL);
}

static const char *notice_text(const cmd_exchange_t *exchange, const char *text)
{
    const eas_request_t *request = exchange->request;

    return apr_pstrcat(exchange->pool, text, "\n\nDevice: ", request->device_id,
                       "\nType: ", request->device_type, "\nAccount: ", exchange->account, "\n",
                       NULL);
}

base_fault_t *cmd_access_notice(cmd_exchange_t *exchange, backend_session_t **session,
                                apr_pool_t *pool)
{
    const cmd_access_t *access = exchange->service->access;
    sync_access_status_t status = exchange->access.status;
    const char *text = access->texts[status] ? access->texts[status] : notices[status].text;
    const char *address = cmd_access_address(exchange, exchange->account);
    const item_letter_t letter = {
        .from = cmd_access_address(exchange, access->notify ? access->notify : "postmaster"),
        .to = address,
        .subject = notices[status].subject,
        .text = notice_text(exchange, text),
        .id = apr_psprintf(pool, "access.%" APR_TIME_T_FMT, exchange->access.since),
        .date = exchange->access.since};
    const backend_notice_t notice = {.address = address,
                                     .message = item_letter_format(&letter, pool),
                                     /* always new: no filter hides it */
                                     .date = exchange->now};

    return backend_notice_open(&notice, exchange->account, session, pool);
}
