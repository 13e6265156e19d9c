#include "cmd/access_news.h"

#include <stdlib.h>
#include <string.h>
#include <apr_strings.h>

#include "base/text.h"
#include "base/time.h"
#include "cmd/access_rules.h"
#include "cmd/send.h"
#include "item/letter.h"
#include "state/table.h"

#define NEWS_TOLD "told" /* when somebody was told last, microseconds */
#define NEWS_PAGE 500
#define NEWS_LISTED_MAX 100 /* devices that a mail names; the others it counts */
#define NEWS_WORD_MAX 200   /* bytes of what a device says of itself */
#define NEWS_LOOK apr_time_from_sec(60)

static int news_are_wanted(const cmd_exchange_t *exchange)
{
    const cmd_access_t *access = exchange->service->access;

    return access && access->notify && access->mode != SYNC_ACCESS_DISABLED;
}

/* What a device says of itself, on one line of bounded length. */
static const char *news_word(const char *text, apr_pool_t *pool)
{
    if (!text || !*text)
        return "-";
    text = base_text_line(text, strlen(text), pool);
    return apr_pstrmemdup(pool, text, base_text_utf8_floor(text, strlen(text), NEWS_WORD_MAX));
}

void cmd_access_news_add(cmd_exchange_t *exchange, sync_access_status_t status)
{
    const eas_request_t *request = exchange->request;
    apr_pool_t *pool = exchange->pool;
    state_table_entry_t entry;
    base_fault_t *fault;

    if (!news_are_wanted(exchange))
        return;
    entry.name = sync_access_entry_name(request->device_id, exchange->account, pool);
    entry.value = apr_pstrcat(
        pool, news_word(exchange->account, pool), ": ", news_word(request->device_id, pool), ", ",
        news_word(request->device_type, pool), ", ", news_word(request->user_agent, pool), ", ",
        base_time_format_dashed(exchange->now, pool), ": ", sync_access_status_name(status), NULL);
    fault = state_table_write(exchange->service->store, STATE_TABLE_ACCESS_NEWS, NULL, NULL, &entry,
                              1, pool);
    if (fault)
        base_log_write(exchange->log, BASE_LOG_WARNING,
                       "nobody will be told of device %s of %s: %s", request->device_id,
                       exchange->account, fault->message);
    else
        cmd_access_rules_look_soon(exchange->service->access->rules);
}

/* -- the mail --------------------------------------------------------------- */

typedef struct {
    apr_array_header_t *gone; /* state_table_entry_t: what leaves the table when the mail is out */
    base_text_buffer_t text;
} news_t;

/* All that wait to be told. */
static base_fault_t *news_read(cmd_exchange_t *exchange, news_t *news)
{
    apr_array_header_t *entries;
    const char *next = NULL;
    int i;

    news->gone = apr_array_make(exchange->pool, 16, sizeof(state_table_entry_t));
    news->text = (base_text_buffer_t){.pool = exchange->pool};
    do {
        BASE_TRY(state_table_list(exchange->service->store, STATE_TABLE_ACCESS_NEWS, next,
                                  NEWS_PAGE, &entries, &next, exchange->pool));
        for (i = 0; i < entries->nelts; i++) {
            const state_table_entry_t *entry = &APR_ARRAY_IDX(entries, i, state_table_entry_t);

            if (strcmp(entry->name, NEWS_TOLD) == 0)
                continue;
            if (news->gone->nelts < NEWS_LISTED_MAX)
                base_text_buffer_printf(&news->text, "%s\n", entry->value);
            APR_ARRAY_PUSH(news->gone, state_table_entry_t) =
                (state_table_entry_t){.name = entry->name};
        }
    } while (next);
    return NULL;
}

static base_fault_t *news_deliver(cmd_exchange_t *exchange, const backend_blob_t *message,
                                  const char *sender, const char *series)
{
    const cmd_service_t *service = exchange->service;
    apr_array_header_t *to = apr_array_make(exchange->pool, 1, sizeof(const char *));
    cmd_send_t send = {.exchange = exchange};
    const char *account;
    base_fault_t *fault =
        backend_resolve(service->backend, service->access->notify, &account, exchange->pool);

    if (!fault) {
        APR_ARRAY_PUSH(to, const char *) = account;
        return cmd_send_deliver(&send, to, message, series);
    }
    if (fault->code != BASE_FAULT_NOT_FOUND && fault->code != BASE_FAULT_UNSUPPORTED)
        return fault;
    if (!service->submit)
        return base_fault_make(exchange->pool, BASE_FAULT_UNSUPPORTED,
                               "%s is no account here, and neither MobileSyncSendmail nor "
                               "MobileSyncSmtp says who takes mail for others",
                               service->access->notify);
    APR_ARRAY_PUSH(to, const char *) = service->access->notify;
    return backend_submit(service->submit, sender, to, message, exchange->pool);
}

static base_fault_t *news_mail(cmd_exchange_t *exchange, news_t *news, const char *series)
{
    const cmd_access_t *access = exchange->service->access;
    int count = news->gone->nelts;
    item_letter_t letter = {.to = access->notify, .id = series, .date = exchange->now};
    backend_blob_t message = {.size = 0};

    letter.from = cmd_access_address(exchange, "postmaster");
    letter.subject = apr_psprintf(exchange->pool, "%d new device%s on %s", count,
                                  count == 1 ? "" : "s", exchange->service->node);
    if (count > NEWS_LISTED_MAX)
        base_text_buffer_printf(&news->text, "and %d more\n", count - NEWS_LISTED_MAX);
    letter.text = apr_pstrcat(
        exchange->pool, "Seen for the first time (account: device, type, agent, when: status):\n\n",
        news->text.data,
        "\nWhat waits for a decision: mobilesyncctl access list --status quarantine\n", NULL);
    message.data = item_letter_format(&letter, exchange->pool);
    message.size = strlen(message.data);
    return news_deliver(exchange, &message, letter.from, series);
}

/* Only one of all nodes gets here in an interval. */
static base_fault_t *news_tell(cmd_exchange_t *exchange, const char *told)
{
    state_store_t *store = exchange->service->store;
    const char *now = apr_psprintf(exchange->pool, "%" APR_TIME_T_FMT, apr_time_now());
    const state_table_entry_t mark = {.name = NEWS_TOLD, .value = now};
    base_fault_t *fault;
    news_t news;

    BASE_TRY(news_read(exchange, &news));
    if (!news.gone->nelts)
        return NULL;
    fault = state_table_write(store, STATE_TABLE_ACCESS_NEWS, NEWS_TOLD, told, &mark, 1,
                              exchange->pool);
    if (base_fault_code(fault) == BASE_FAULT_CONFLICT)
        return NULL; /* somebody else is at it */
    BASE_TRY(fault);
    BASE_TRY(news_mail(exchange, &news, apr_pstrcat(exchange->pool, "devices", now, NULL)));
    base_log_write(exchange->log, BASE_LOG_INFO, "%s is told of %d new devices",
                   exchange->service->access->notify, news.gone->nelts);
    return state_table_write(store, STATE_TABLE_ACCESS_NEWS, NULL, NULL,
                             (const state_table_entry_t *)news.gone->elts, news.gone->nelts,
                             exchange->pool);
}

void cmd_access_news_send(cmd_exchange_t *exchange)
{
    static const char *const names[] = {NEWS_TOLD};
    const cmd_access_t *access = exchange->service->access;
    apr_time_t now = apr_time_now();
    base_fault_t *fault;
    const char *told;

    if (!news_are_wanted(exchange) || !cmd_access_rules_look(access->rules, now, NEWS_LOOK))
        return;
    fault = state_table_read(exchange->service->store, STATE_TABLE_ACCESS_NEWS, names, 1, &told,
                             exchange->pool);
    if (!fault && (!told || now - apr_atoi64(told) >= access->notify_interval))
        fault = news_tell(exchange, told);
    if (fault)
        base_log_write(exchange->log, BASE_LOG_WARNING, "telling %s of new devices: %s",
                       access->notify, fault->message);
}
