#include "cmd/outbox.h"

#include <stdlib.h>
#include <string.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>

#include "base/text.h"
#include "cmd/meeting_send.h"
#include "cmd/once.h"
#include "state/table.h"

#define OUTBOX_FORMAT 1
#define OUTBOX_LOOK apr_time_from_sec(30)   /* between two looks of a child */
#define OUTBOX_LEASE apr_time_from_sec(600) /* for who finishes one */
#define OUTBOX_RETRY apr_time_from_sec(60)  /* doubled each time... */
#define OUTBOX_RETRY_MAX apr_time_from_sec(3600)
#define OUTBOX_PAGE 100
#define OUTBOX_PAGES_MAX 10 /* in a look: the next one goes on from there */
#define OUTBOX_FINISHED_MAX 20
#define OUTBOX_ERROR_MAX 500 /* bytes */

struct cmd_outbox {
    apr_thread_mutex_t *mutex;
    apr_time_t looked;
    char next[32]; /* "": from the beginning */
};

/* *done 0: there is nothing to be done, as things are. Faults: it is to be tried again, but with last
 * set it is up to the finisher to say so to whom it concerns. */
static const struct {
    const char *name;
    base_fault_t *(*finish)(cmd_exchange_t *exchange, const cmd_outbox_entry_t *entry, int last,
                            int *done);
} outbox_kinds[CMD_OUTBOX_COUNT_] = {
    [CMD_OUTBOX_EVENT] = {"event", cmd_meeting_finish},
};

base_fault_t *cmd_outbox_create(cmd_outbox_t **outbox, apr_pool_t *pool)
{
    apr_status_t status;

    *outbox = apr_pcalloc(pool, sizeof **outbox);
    status = apr_thread_mutex_create(&(*outbox)->mutex, APR_THREAD_MUTEX_DEFAULT, pool);
    return status == APR_SUCCESS
               ? NULL
               : base_fault_make_status(pool, BASE_FAULT_INTERNAL, status, "making a mutex");
}

/* -- an entry --------------------------------------------------------------------------------- */

/* Texts, percent-encoded, with a space after each. */
static const char *outbox_format(const cmd_outbox_entry_t *entry, apr_pool_t *pool)
{
    base_text_buffer_t out = {.pool = pool};
    const char *const texts[] = {entry->home, entry->device, entry->error};
    size_t i;
    int field;

    base_text_buffer_printf(&out, "%d %s %" APR_TIME_T_FMT " %" APR_TIME_T_FMT " %d ",
                            OUTBOX_FORMAT, outbox_kinds[entry->kind].name, entry->since, entry->due,
                            entry->tries);
    for (i = 0; i < sizeof texts / sizeof *texts; i++)
        base_text_buffer_printf(&out, "%s ", base_text_percent_encode(texts[i], pool));
    for (field = 0; field < entry->field_count; field++)
        base_text_buffer_printf(&out, "%s ", base_text_percent_encode(entry->fields[field], pool));
    return out.data;
}

/* The next text; NULL: there is none. */
static const char *outbox_next(const char **at, apr_pool_t *pool)
{
    const char *end = strchr(*at, ' '), *text;

    if (!end)
        return NULL;
    text = base_text_percent_decode(apr_pstrmemdup(pool, *at, (apr_size_t)(end - *at)), pool);
    *at = end + 1;
    return text;
}

static int outbox_parse_kind(const char *name, cmd_outbox_kind_t *kind)
{
    int i;

    for (i = 0; i < CMD_OUTBOX_COUNT_; i++)
        if (strcmp(outbox_kinds[i].name, name) == 0) {
            *kind = (cmd_outbox_kind_t)i;
            return 1;
        }
    return 0;
}

cmd_outbox_entry_t *cmd_outbox_parse(const char *name, const char *value, apr_pool_t *pool)
{
    cmd_outbox_entry_t *entry = apr_pcalloc(pool, sizeof *entry);
    const char *slash = strchr(name, '/'), *head[8], *field;
    size_t i;

    entry->name = apr_pstrdup(pool, name);
    entry->value = apr_pstrdup(pool, value);
    for (i = 0; i < sizeof head / sizeof *head; i++)
        if (!(head[i] = outbox_next(&value, pool)))
            return NULL;
    if (!slash || atoi(head[0]) != OUTBOX_FORMAT || !outbox_parse_kind(head[1], &entry->kind))
        return NULL;
    entry->account =
        base_text_percent_decode(apr_pstrmemdup(pool, name, (apr_size_t)(slash - name)), pool);
    entry->since = apr_atoi64(head[2]);
    entry->due = apr_atoi64(head[3]);
    entry->tries = atoi(head[4]);
    entry->home = head[5];
    entry->device = head[6];
    entry->error = head[7];
    while (*value && entry->field_count < CMD_OUTBOX_FIELDS && (field = outbox_next(&value, pool)))
        entry->fields[entry->field_count++] = field;
    return entry->account && !*value ? entry : NULL;
}

static const char *outbox_name(const cmd_outbox_entry_t *entry, apr_pool_t *pool)
{
    const char *all = "";
    int i;

    for (i = 0; i < entry->field_count; i++)
        all = apr_pstrcat(pool, all, base_text_percent_encode(entry->fields[i], pool), " ", NULL);
    return apr_pstrcat(pool, base_text_percent_encode(entry->account, pool), "/",
                       cmd_once_scope(pool, outbox_kinds[entry->kind].name, entry->home, all, NULL),
                       NULL);
}

/* Writes it in the place of what it was, which is then as it is; value NULL: it goes. CONFLICT: another
 * one is at it. */
static base_fault_t *outbox_write(cmd_exchange_t *exchange, cmd_outbox_entry_t *entry,
                                  const char *value, apr_pool_t *pool)
{
    const state_table_entry_t written = {.name = entry->name, .value = value};

    BASE_TRY(state_table_write(exchange->service->store, STATE_TABLE_OUTBOX,
                               entry->value ? entry->name : NULL, entry->value, &written, 1, pool));
    entry->value = value;
    return NULL;
}

static const char *outbox_home(const cmd_exchange_t *exchange)
{
    return exchange->service->home ? exchange->service->home : "";
}

base_fault_t *cmd_outbox_note(cmd_exchange_t *exchange, cmd_outbox_entry_t *entry, apr_pool_t *pool)
{
    base_fault_t *fault;

    entry->account = exchange->account;
    entry->device = exchange->request->device_id;
    entry->home = outbox_home(exchange);
    entry->error = "";
    entry->since = exchange->now;
    entry->due = exchange->now + CMD_OUTBOX_GRACE;
    entry->name = outbox_name(entry, pool);
    entry->value = NULL;
    fault = outbox_write(exchange, entry, outbox_format(entry, pool), pool);
    if (base_fault_code(fault) != BASE_FAULT_TOO_LARGE)
        return fault;
    base_log_write(exchange->log, BASE_LOG_INFO, "what %s owes is not kept: %s", exchange->account,
                   fault->message);
    return NULL;
}

/* Who does not get this written has it done once more, and that sends nothing. */
static void outbox_change(cmd_exchange_t *exchange, cmd_outbox_entry_t *entry, const char *value,
                          apr_pool_t *pool)
{
    base_fault_t *fault = entry->value ? outbox_write(exchange, entry, value, pool) : NULL;

    if (fault && fault->code != BASE_FAULT_CONFLICT)
        base_log_write(exchange->log, BASE_LOG_WARNING, "noting what %s owes: %s",
                       exchange->account, fault->message);
}

void cmd_outbox_remove(cmd_exchange_t *exchange, cmd_outbox_entry_t *entry, apr_pool_t *pool)
{
    outbox_change(exchange, entry, NULL, pool);
}

/* Not before: the entry is looked at then. */
static void outbox_delay(cmd_exchange_t *exchange, cmd_outbox_entry_t *entry, apr_time_t due,
                         apr_pool_t *pool)
{
    entry->due = due;
    outbox_change(exchange, entry, outbox_format(entry, pool), pool);
}

void cmd_outbox_postpone(cmd_exchange_t *exchange, cmd_outbox_entry_t *entry,
                         const base_fault_t *fault, apr_pool_t *pool)
{
    apr_interval_time_t delay = OUTBOX_RETRY;
    const char *message = fault->message;
    int i;

    for (i = 0; i < entry->tries && delay < OUTBOX_RETRY_MAX; i++)
        delay *= 2;
    entry->tries++;
    entry->error = apr_pstrmemdup(pool, message,
                                  base_text_utf8_floor(message, strlen(message), OUTBOX_ERROR_MAX));
    outbox_delay(exchange, entry,
                 exchange->now + (delay < OUTBOX_RETRY_MAX ? delay : OUTBOX_RETRY_MAX), pool);
}

/* -- finishing -------------------------------------------------------------------------------- */

/* As the account, whoever's request it is. Nobody waits for claims of others: they are at it. */
static void outbox_exchange(const cmd_exchange_t *from, const cmd_outbox_entry_t *entry,
                            apr_time_t now, cmd_exchange_t *exchange, apr_pool_t *pool)
{
    eas_request_t *request = apr_pcalloc(pool, sizeof *request);

    request->command = EAS_COMMAND_Sync;
    request->command_name = eas_command_name(request->command);
    request->version = EAS_VERSION_16_1;
    request->device_id = entry->device;
    request->device_type = "";
    *exchange = (cmd_exchange_t){.request = request,
                                 .account = entry->account,
                                 .service = from->service,
                                 .log = from->log,
                                 .now = now,
                                 .pool = pool,
                                 .http_status = 200,
                                 .headers = apr_table_make(pool, 1)};
}

static void outbox_settle(cmd_exchange_t *exchange, cmd_outbox_entry_t *entry, base_fault_t *fault,
                          int last, int done)
{
    if (fault)
        base_log_write(exchange->log, cmd_fault_level(fault->code),
                       "what is owed (%s) of %s, device %s, is %s: %s",
                       outbox_kinds[entry->kind].name, exchange->account, entry->device,
                       last ? "given up" : "tried again", fault->message);
    else if (done)
        base_log_write(exchange->log, BASE_LOG_INFO, "what was owed (%s) of %s, device %s, is done",
                       outbox_kinds[entry->kind].name, exchange->account, entry->device);
    if (fault && !last)
        cmd_outbox_postpone(exchange, entry, fault, exchange->pool);
    else if (!fault && !done && exchange->now - entry->since < CMD_OUTBOX_IDLE)
        outbox_delay(exchange, entry, exchange->now + OUTBOX_LEASE, exchange->pool);
    else
        cmd_outbox_remove(exchange, entry, exchange->pool);
}

static int outbox_is_home(const cmd_exchange_t *exchange, const cmd_outbox_entry_t *entry)
{
    return strcmp(entry->home, outbox_home(exchange)) == 0;
}

/* Of several who find it due one has it. Returns whether it was this one. */
static int outbox_finish(const cmd_exchange_t *from, cmd_outbox_entry_t *entry, apr_time_t now,
                         apr_pool_t *pool)
{
    int last = now - entry->since >= CMD_OUTBOX_GIVE_UP && entry->tries, done = 0;
    cmd_exchange_t exchange;
    base_fault_t *fault;

    outbox_exchange(from, entry, now, &exchange, pool);
    entry->due = now + OUTBOX_LEASE;
    if (outbox_write(&exchange, entry, outbox_format(entry, pool), pool))
        return 0;
    if (outbox_is_home(from, entry))
        fault = outbox_kinds[entry->kind].finish(&exchange, entry, last, &done);
    else
        fault = base_fault_make(pool, BASE_FAULT_UNAVAILABLE,
                                "no server has its mailbox (MobileSyncBackend) any more");
    outbox_settle(&exchange, entry, fault, last || !outbox_is_home(from, entry), done);
    cmd_exchange_release(&exchange);
    return 1;
}

/* Those of other mailboxes are for other server blocks; for nobody, when they are there for so long. */
static int outbox_is_due(const cmd_exchange_t *exchange, const cmd_outbox_entry_t *entry,
                         apr_time_t now)
{
    return entry->due <= now &&
           (outbox_is_home(exchange, entry) || now - entry->since >= 7 * CMD_OUTBOX_GIVE_UP);
}

static int outbox_look(cmd_outbox_t *outbox, apr_time_t now, const char **next, apr_pool_t *pool)
{
    int due;

    apr_thread_mutex_lock(outbox->mutex);
    due = now - outbox->looked >= OUTBOX_LOOK;
    if (due)
        outbox->looked = now;
    *next = *outbox->next ? apr_pstrdup(pool, outbox->next) : NULL;
    apr_thread_mutex_unlock(outbox->mutex);
    return due;
}

static void outbox_keep(cmd_outbox_t *outbox, const char *next)
{
    apr_thread_mutex_lock(outbox->mutex);
    apr_cpystrn(outbox->next, next && strlen(next) < sizeof outbox->next ? next : "",
                sizeof outbox->next);
    apr_thread_mutex_unlock(outbox->mutex);
}

static base_fault_t *outbox_page(const cmd_exchange_t *exchange, apr_time_t now, const char **next,
                                 int *finished, apr_pool_t *pool)
{
    apr_array_header_t *entries;
    apr_pool_t *loop;
    int i;

    BASE_TRY(state_table_list(exchange->service->store, STATE_TABLE_OUTBOX, *next, OUTBOX_PAGE,
                              &entries, next, pool));
    apr_pool_create(&loop, pool);
    for (i = 0; i < entries->nelts && *finished < OUTBOX_FINISHED_MAX; i++) {
        const state_table_entry_t *stored = &APR_ARRAY_IDX(entries, i, state_table_entry_t);
        cmd_outbox_entry_t *entry;

        apr_pool_clear(loop);
        entry = cmd_outbox_parse(stored->name, stored->value, loop);
        if (entry && outbox_is_due(exchange, entry, now))
            *finished += outbox_finish(exchange, entry, now, loop);
    }
    apr_pool_destroy(loop);
    return NULL;
}

void cmd_outbox_run(cmd_exchange_t *exchange, apr_time_t now)
{
    cmd_outbox_t *outbox = exchange->service->outbox;
    int pages = 0, finished = 0;
    base_fault_t *fault;
    const char *next;
    apr_pool_t *pool;

    if (!outbox || !outbox_look(outbox, now, &next, exchange->pool))
        return;
    apr_pool_create(&pool, exchange->pool);
    do {
        apr_pool_clear(pool);
        fault = outbox_page(exchange, now, &next, &finished, pool);
        next = fault ? NULL : apr_pstrdup(exchange->pool, next);
        outbox_keep(outbox, next);
    } while (next && ++pages < OUTBOX_PAGES_MAX && finished < OUTBOX_FINISHED_MAX);
    if (fault) /* an outage is in the log already */
        base_log_write(exchange->log, BASE_LOG_DEBUG, "looking for what is owed: %s",
                       fault->message);
    apr_pool_destroy(pool);
}
