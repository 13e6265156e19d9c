#include "cmd/policy.h"

#include <string.h>
#include <apr_general.h>
#include <apr_strings.h>

#define POLICY_KEY_BITS 0x7fffffffu /* 31: some clients take the key for a signed number */

typedef struct {
    const char *temporary;
    const char *permanent;
    const char *digest;
} policy_offer_t;

typedef struct {
    cmd_exchange_t *exchange;
    const eas_policy_t *policy;
    eas_policy_compliance_t compliance;
    const char *key;      /* presented */
    policy_offer_t offer; /* there is, or is made */
    int matches;
} policy_change_t;

static const char *const policy_fields[] = {"policy-key", "policy-digest", "policy-status",
                                            "policy-time", "policy-offer"};

#define POLICY_FIELDS ((int)(sizeof policy_fields / sizeof *policy_fields))

const eas_policy_t *cmd_policy_find(const cmd_exchange_t *exchange)
{
    return eas_policies_find(exchange->service->policies, exchange->account);
}

/* "" when there is none. */
static const char *policy_text(const state_record_t *record, const char *name, apr_pool_t *pool)
{
    const char *text = state_record_text(record, name, pool);

    return text ? text : "";
}

/* -- the gate -------------------------------------------------------------------------------------- */

/* NULL and "0" are none. */
static const char *policy_presented(const cmd_exchange_t *exchange)
{
    const char *key = exchange->request->policy_key;

    return key && strcmp(key, "0") != 0 ? key : NULL;
}

static base_fault_t *policy_judge_record(const cmd_exchange_t *exchange, const eas_policy_t *policy)
{
    const state_record_t *record = exchange->device;
    apr_pool_t *pool = exchange->pool;
    apr_int64_t status = apr_atoi64(policy_text(record, "policy-status", pool));
    apr_time_t time = apr_atoi64(policy_text(record, "policy-time", pool));
    apr_interval_time_t refresh = eas_policy_refresh(policy);

    if (strcmp(policy_text(record, "policy-digest", pool),
               eas_policy_digest(policy, exchange->request->version)) != 0 ||
        !eas_policy_accepts(policy, (eas_policy_compliance_t)status))
        return base_fault_make(pool, BASE_FAULT_POLICY_KEY, "the policy %s has changed",
                               eas_policy_name(policy));
    if (refresh && exchange->now - time >= refresh)
        return base_fault_make(pool, BASE_FAULT_PROVISION_REFRESH,
                               "the policy %s is to be asked for anew", eas_policy_name(policy));
    return NULL;
}

base_fault_t *cmd_policy_judge(cmd_exchange_t *exchange)
{
    const eas_policy_t *policy = cmd_policy_find(exchange);
    const char *stored, *key = policy_presented(exchange);
    eas_command_t command = exchange->request->command;

    if (!policy || command == EAS_COMMAND_Provision ||
        (!exchange->request->policy_key && eas_policy_allows_keyless(policy)))
        return NULL;
    stored = policy_text(exchange->device, "policy-key", exchange->pool);
    if (!key && command == EAS_COMMAND_Ping && *stored)
        key = stored;
    if (!key)
        return base_fault_make(exchange->pool, BASE_FAULT_PROVISION_NEEDED,
                               "the device has to acknowledge the policy %s",
                               eas_policy_name(policy));
    if (strcmp(key, stored) != 0)
        return base_fault_make(exchange->pool, BASE_FAULT_POLICY_KEY,
                               "the device's policy key is no longer valid");
    return policy_judge_record(exchange, policy);
}

/* -- the handshake --------------------------------------------------------------------------------- */

static void policy_read_offer(const state_record_t *record, policy_offer_t *offer, apr_pool_t *pool)
{
    char *rest, *text = apr_pstrdup(pool, policy_text(record, "policy-offer", pool));

    offer->temporary = apr_strtok(text, " ", &rest);
    offer->permanent = offer->temporary ? apr_strtok(NULL, " ", &rest) : NULL;
    offer->digest = offer->permanent ? apr_strtok(NULL, " ", &rest) : NULL;
}

static const char *policy_key_make(apr_pool_t *pool)
{
    apr_uint32_t number = 0;

    while (!(number & POLICY_KEY_BITS))
        if (apr_generate_random_bytes((unsigned char *)&number, sizeof number) != APR_SUCCESS)
            return NULL;
    return apr_psprintf(pool, "%u", number & POLICY_KEY_BITS);
}

static base_fault_t *policy_change(policy_change_t *change, state_decide_fn decide)
{
    cmd_exchange_t *exchange = change->exchange;
    const state_key_t key = cmd_exchange_device_key(exchange);

    return state_record_change(exchange->service->store, &key, policy_fields, POLICY_FIELDS, decide,
                               change, exchange->pool);
}

static base_fault_t *policy_decide_offer(void *baton, const state_record_t *record,
                                         state_change_t *writes, apr_pool_t *pool)
{
    policy_change_t *change = baton;
    policy_offer_t *offer = &change->offer;
    const char *digest = eas_policy_digest(change->policy, change->exchange->request->version);

    policy_read_offer(record, offer, pool);
    if (offer->digest && strcmp(offer->digest, digest) == 0 &&
        strcmp(offer->permanent, policy_text(record, "policy-key", pool)) != 0)
        return NULL;
    offer->temporary = policy_key_make(pool);
    do
        offer->permanent = policy_key_make(pool);
    while (offer->permanent && offer->temporary && !strcmp(offer->permanent, offer->temporary));
    if (!offer->temporary || !offer->permanent)
        return base_fault_make(pool, BASE_FAULT_INTERNAL, "no random number for a policy key");
    state_change_set(writes, "policy-offer",
                     apr_pstrcat(pool, offer->temporary, " ", offer->permanent, " ", digest, NULL));
    return NULL;
}

base_fault_t *cmd_policy_offer(cmd_exchange_t *exchange, const eas_policy_t *policy,
                               const char **temporary)
{
    policy_change_t change = {.exchange = exchange, .policy = policy};
    base_fault_t *fault = policy_change(&change, policy_decide_offer);

    *temporary = change.offer.temporary;
    return base_fault_wrap(fault, exchange->pool, "offering a policy");
}

static base_fault_t *policy_decide_acknowledge(void *baton, const state_record_t *record,
                                               state_change_t *writes, apr_pool_t *pool)
{
    policy_change_t *change = baton;
    const char *digest = eas_policy_digest(change->policy, change->exchange->request->version);
    const char *status = apr_itoa(pool, (int)change->compliance);

    policy_read_offer(record, &change->offer, pool);
    change->matches = change->offer.digest && strcmp(change->offer.temporary, change->key) == 0 &&
                      strcmp(change->offer.digest, digest) == 0;
    if (!change->matches ||
        (strcmp(policy_text(record, "policy-key", pool), change->offer.permanent) == 0 &&
         strcmp(policy_text(record, "policy-status", pool), status) == 0))
        return NULL;
    state_change_set(writes, "policy-status", status);
    state_change_set(writes, "policy-name", eas_policy_name(change->policy));
    state_change_set(writes, "policy-time",
                     apr_psprintf(pool, "%" APR_TIME_T_FMT, change->exchange->now));
    if (eas_policy_accepts(change->policy, change->compliance)) {
        state_change_set(writes, "policy-key", change->offer.permanent);
        state_change_set(writes, "policy-digest", digest);
    }
    else {
        state_change_delete(writes, "policy-key");
        state_change_delete(writes, "policy-digest");
    }
    return NULL;
}

base_fault_t *cmd_policy_acknowledge(cmd_exchange_t *exchange, const eas_policy_t *policy,
                                     const char *temporary, eas_policy_compliance_t compliance,
                                     const char **permanent)
{
    policy_change_t change = {
        .exchange = exchange, .policy = policy, .compliance = compliance, .key = temporary};
    base_fault_t *fault = policy_change(&change, policy_decide_acknowledge);

    *permanent = NULL;
    if (fault || !change.matches)
        return base_fault_wrap(fault, exchange->pool, "noting that a policy is acknowledged");
    base_log_write(exchange->log, BASE_LOG_INFO, "account %s, device %s: policy %s %s",
                   exchange->account, exchange->request->device_id, eas_policy_name(policy),
                   eas_policy_compliance_name(compliance));
    if (!eas_policy_accepts(policy, compliance))
        return base_fault_make(exchange->pool,
                               compliance == EAS_POLICY_EXTERNAL ? BASE_FAULT_POLICY_EXTERNAL
                                                                 : BASE_FAULT_POLICY_PARTIAL,
                               "the policy %s does not accept that it is %s",
                               eas_policy_name(policy), eas_policy_compliance_name(compliance));
    *permanent = change.offer.permanent;
    return NULL;
}
