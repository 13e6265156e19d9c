#include "cmd/brake.h"

#include <apr_strings.h>

#include "sync/brake.h"

int cmd_brake_is_on(const cmd_exchange_t *exchange)
{
    const cmd_limits_t *limits = &exchange->service->limits;

    return limits->brake.items || limits->brake.share;
}

static base_fault_t *brake_fault(const cmd_exchange_t *exchange, const char *folder_id)
{
    return base_fault_make(exchange->pool, BASE_FAULT_PAUSED,
                           "folder %s is paused for the device, which wanted to remove more of it "
                           "than MobileSyncBrake allows",
                           folder_id);
}

static base_fault_t *brake_count(cmd_exchange_t *exchange, const char *folder_id,
                                 apr_uint64_t *count)
{
    static const backend_range_t all = {.since = APR_INT64_MIN, .before = APR_INT64_MAX};
    backend_session_t *session;

    BASE_TRY(cmd_exchange_session(exchange, &session));
    return backend_folder_count(session, folder_id, &all, count, exchange->pool);
}

/* What is to be counted. */
typedef struct {
    cmd_exchange_t *exchange;
    const char *folder_id;
    apr_uint64_t wanted;
    apr_uint64_t size;
    const char *digest;
    sync_brake_verdict_t verdict;
} brake_t;

static base_fault_t *brake_decide(void *baton, const state_record_t *record, state_change_t *change,
                                  apr_pool_t *pool)
{
    brake_t *brake = baton;
    const sync_brake_limits_t *limits = &brake->exchange->service->limits.brake;
    apr_array_header_t *entries =
        sync_brake_parse(state_record_text(record, SYNC_BRAKE_FIELD, pool), pool);
    const char *text;

    brake->verdict = sync_brake_judge(entries, limits, brake->folder_id, brake->wanted, brake->size,
                                      brake->digest, brake->exchange->now);
    if (brake->verdict == SYNC_BRAKE_FREE || brake->verdict == SYNC_BRAKE_HELD)
        return NULL;
    if ((text = sync_brake_format(entries, limits->window, brake->exchange->now, pool)))
        state_change_set(change, SYNC_BRAKE_FIELD, text);
    return NULL;
}

/* Counts them, whatever other requests of the device count meanwhile. */
static base_fault_t *brake_judge(brake_t *brake)
{
    static const char *const names[] = {SYNC_BRAKE_FIELD};
    cmd_exchange_t *exchange = brake->exchange;
    const state_key_t key = cmd_exchange_device_key(exchange);

    return base_fault_wrap(state_record_change(exchange->service->store, &key, names, 1,
                                               brake_decide, brake, exchange->pool),
                           exchange->pool, "counting what is removed");
}

int cmd_brake_is_paused(cmd_exchange_t *exchange, const char *folder_id)
{
    const sync_brake_entry_t *entry;
    const char *text;

    if (!cmd_brake_is_on(exchange))
        return 0;
    text = state_record_text(exchange->device, SYNC_BRAKE_FIELD, exchange->pool);
    entry = sync_brake_find(sync_brake_parse(text, exchange->pool), folder_id);
    return entry && entry->state == SYNC_BRAKE_PAUSED;
}

base_fault_t *cmd_brake_check(cmd_exchange_t *exchange, const char *folder_id, apr_uint64_t wanted,
                              const char *digest)
{
    brake_t brake = {
        .exchange = exchange, .folder_id = folder_id, .wanted = wanted, .digest = digest};

    if (!cmd_brake_is_on(exchange))
        return NULL;
    if (cmd_brake_is_paused(exchange, folder_id))
        return brake_fault(exchange, folder_id);
    if (!wanted)
        return NULL;
    BASE_TRY(brake_count(exchange, folder_id, &brake.size));
    BASE_TRY(brake_judge(&brake));
    if (brake.verdict == SYNC_BRAKE_PULLED)
        base_log_write(exchange->log, BASE_LOG_WARNING,
                       "account %s, device %s wants to remove %" APR_UINT64_T_FMT
                       " more of the %" APR_UINT64_T_FMT
                       " items of folder %s: it is paused until an administrator approves or "
                       "rejects that",
                       exchange->account, exchange->request->device_id, wanted, brake.size,
                       folder_id);
    return brake.verdict == SYNC_BRAKE_PULLED || brake.verdict == SYNC_BRAKE_HELD
               ? brake_fault(exchange, folder_id)
               : NULL;
}

base_fault_t *cmd_brake_check_all(cmd_exchange_t *exchange, const char *folder_id)
{
    apr_uint64_t count = 0;

    if (cmd_brake_is_on(exchange))
        BASE_TRY(brake_count(exchange, folder_id, &count));
    return cmd_brake_check(exchange, folder_id, count, "all");
}
