#include "cmd/profile.h"

#include <apr_strings.h>

#define PROFILE_FIELD "profile"

static void profile_find(cmd_exchange_t *exchange, const state_record_t *record)
{
    const eas_request_t *request = exchange->request;
    const char *text = record ? state_record_text(record, PROFILE_FIELD, exchange->pool) : NULL;
    base_fault_t *fault = NULL;

    eas_profiles_find(exchange->service->profiles, request->device_type, request->user_agent,
                      &exchange->profile, exchange->pool);
    if (text)
        fault = eas_profile_override(&exchange->profile, text, exchange->pool);
    if (fault)
        base_log_write(exchange->log, BASE_LOG_WARNING, "the profile of %s, device %s: %s",
                       exchange->account, request->device_id, fault->message);
}

base_fault_t *cmd_profile_judge(cmd_exchange_t *exchange)
{
    profile_find(exchange, exchange->device);
    return NULL;
}

void cmd_profile_enter(cmd_exchange_t *exchange)
{
    static const char *const names[] = {PROFILE_FIELD};
    const state_key_t key = cmd_exchange_device_key(exchange);
    state_record_t *record = NULL;

    if (key.device && state_record_read(exchange->service->store, &key, names, 1, &record,
                                        exchange->pool) != NULL)
        record = NULL;
    profile_find(exchange, record);
}

const char *cmd_profile_versions(const cmd_exchange_t *exchange)
{
    return eas_version_list((eas_version_t)exchange->profile.values[EAS_PROFILE_PROTOCOL],
                            exchange->pool);
}

static int profile_least(const cmd_exchange_t *exchange, eas_profile_property_t property, int limit)
{
    apr_uint64_t value = exchange->profile.values[property];

    return value && value < (apr_uint64_t)limit ? (int)value : limit;
}

int cmd_profile_heartbeat_max(const cmd_exchange_t *exchange)
{
    const cmd_limits_t *limits = &exchange->service->limits;
    int most = profile_least(exchange, EAS_PROFILE_HEARTBEAT, limits->heartbeat_max);

    return most < limits->heartbeat_min ? limits->heartbeat_min : most;
}

int cmd_profile_window(const cmd_exchange_t *exchange, int window)
{
    return profile_least(exchange, EAS_PROFILE_WINDOW, window);
}

void cmd_profile_raise(const cmd_exchange_t *exchange, item_options_t *options)
{
    apr_uint64_t least = exchange->profile.values[EAS_PROFILE_TRUNCATION];
    int i;

    for (i = 0; i < options->preference_count; i++)
        if (options->preferences[i].truncation_size < least)
            options->preferences[i].truncation_size = least;
    if (options->mime_truncation < least)
        options->mime_truncation = least;
}
