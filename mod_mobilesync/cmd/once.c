#include "cmd/once.h"

#include <stdarg.h>
#include <string.h>
#include <apr_sha1.h>
#include <apr_strings.h>

#include "base/text.h"

const char *cmd_once_scope(apr_pool_t *pool, const char *kind, ...)
{
    unsigned char digest[APR_SHA1_DIGESTSIZE];
    apr_sha1_ctx_t context;
    const char *text;
    va_list texts;

    apr_sha1_init(&context);
    va_start(texts, kind);
    while ((text = va_arg(texts, const char *)))
        /* with its NUL, so that "a","bc" is not "ab","c" */
        apr_sha1_update(&context, text, (unsigned)strlen(text) + 1);
    va_end(texts);
    apr_sha1_final(digest, &context);
    return apr_pstrcat(pool, kind, ":", base_text_hex_encode(digest, sizeof digest, pool), NULL);
}

void cmd_once_init(cmd_exchange_t *exchange, const char *scope, const char *entry,
                   apr_interval_time_t ttl, cmd_once_t *once)
{
    *once = (cmd_once_t){.key = {.account = exchange->account,
                                 .device = exchange->request->device_id,
                                 .scope = scope,
                                 .entry = entry},
                         .ttl = ttl};
}

void cmd_once_init_account(cmd_exchange_t *exchange, const char *scope, const char *entry,
                           apr_interval_time_t ttl, cmd_once_t *once)
{
    cmd_once_init(exchange, scope, entry, ttl, once);
    once->key.device = CMD_ONCE_ACCOUNT;
}

base_fault_t *cmd_once_claim(cmd_exchange_t *exchange, cmd_once_t *once, apr_interval_time_t lease,
                             state_patience_t *patience)
{
    state_claim_t *claim;

    BASE_TRY(state_ledger_claim_patiently(exchange->service->store, &once->key, lease, once->ttl,
                                          patience, &claim, exchange->pool));
    if (claim->outcome == STATE_CLAIM_BUSY)
        return base_fault_make(exchange->pool, BASE_FAULT_BUSY,
                               "another request is at it for %d ms more", claim->retry_after_ms);
    if (claim->outcome == STATE_CLAIM_DONE) {
        once->result = apr_pstrmemdup(exchange->pool, claim->result, claim->length);
        return NULL;
    }
    once->held = 1;
    once->doubtful = claim->outcome == STATE_CLAIM_AGAIN;
    once->fence = claim->fence;
    return NULL;
}

base_fault_t *cmd_once_record(cmd_exchange_t *exchange, cmd_once_t *once, const char *result)
{
    base_fault_t *fault;

    if (!once->held)
        return NULL;
    once->held = 0;
    fault = state_ledger_record(exchange->service->store, &once->key, once->fence, result,
                                strlen(result), once->ttl, exchange->pool);
    once->lost = base_fault_code(fault) == BASE_FAULT_CONFLICT;
    return once->lost ? NULL : fault;
}

void cmd_once_release(cmd_exchange_t *exchange, cmd_once_t *once)
{
    base_fault_t *fault;

    if (!once->held)
        return;
    once->held = 0;
    fault = state_ledger_release(exchange->service->store, &once->key, once->fence, exchange->pool);
    if (fault) /* the lease runs out by itself */
        base_log_write(exchange->log, BASE_LOG_DEBUG, "releasing a claim of %s: %s",
                       exchange->account, fault->message);
}
