#include "cmd/access_rules.h"

#include <string.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>

#include "state/table.h"

#define RULES_RETRY 30 /* seconds */

/* Rules of one version. Memory of their own, as they go when the last who compares with them is
 * done. */
typedef struct {
    const char *version;
    sync_access_rules_t *rules;
    int users; /* guarded by the mutex; the cache itself is one */
    apr_pool_t *pool;
} rules_version_t;

struct cmd_access_rules {
    apr_thread_mutex_t *mutex;
    rules_version_t *now; /* NULL: none was read yet */
    apr_time_t looked;    /* 0: is to look soon */
};

static void rules_leave(cmd_access_rules_t *cache, rules_version_t *version)
{
    int last;

    apr_thread_mutex_lock(cache->mutex);
    last = --version->users == 0;
    apr_thread_mutex_unlock(cache->mutex);
    if (last)
        apr_pool_destroy(version->pool);
}

static apr_status_t rules_end(void *data)
{
    cmd_access_rules_t *cache = data;

    if (cache->now)
        rules_leave(cache, cache->now);
    return APR_SUCCESS;
}

base_fault_t *cmd_access_rules_create(cmd_access_rules_t **rules, apr_pool_t *pool)
{
    apr_status_t status;

    *rules = apr_pcalloc(pool, sizeof **rules);
    status = apr_thread_mutex_create(&(*rules)->mutex, APR_THREAD_MUTEX_DEFAULT, pool);
    if (status != APR_SUCCESS)
        return base_fault_make_status(pool, BASE_FAULT_INTERNAL, status, "making a mutex");
    apr_pool_pre_cleanup_register(pool, *rules, rules_end);
    return NULL;
}

/* Damaged rules let nobody through, and throw no state away: they have to be written anew. */
static base_fault_t *rules_damaged(const cmd_exchange_t *exchange, const base_fault_t *fault)
{
    base_fault_t *told = base_fault_make(exchange->pool, BASE_FAULT_UNAVAILABLE,
                                         "the rules of access control cannot be read");

    base_log_write(exchange->log, BASE_LOG_ERR, "rules of access control: %s", fault->message);
    told->retry_after = RULES_RETRY;
    return told;
}

/* In the place of those before. */
static base_fault_t *rules_load(const cmd_exchange_t *exchange, rules_version_t **version)
{
    static const char *const names[] = {SYNC_ACCESS_RULES_VERSION, SYNC_ACCESS_RULES};
    cmd_access_rules_t *cache = exchange->service->access->rules;
    rules_version_t *loaded, *before;
    base_fault_t *fault;
    const char *texts[2];
    apr_pool_t *pool;

    BASE_TRY(state_table_read(exchange->service->store, STATE_TABLE_ACCESS, names, 2, texts,
                              exchange->pool));
    apr_pool_create(&pool, NULL);
    loaded = apr_pcalloc(pool, sizeof *loaded);
    loaded->pool = pool;
    loaded->version = apr_pstrdup(pool, texts[0] ? texts[0] : "");
    loaded->users = 2;
    if ((fault = sync_access_rules_parse(texts[1], &loaded->rules, pool))) {
        fault = rules_damaged(exchange, fault);
        apr_pool_destroy(pool);
        return fault;
    }
    apr_thread_mutex_lock(cache->mutex);
    before = cache->now;
    cache->now = loaded;
    apr_thread_mutex_unlock(cache->mutex);
    if (before)
        rules_leave(cache, before);
    *version = loaded;
    return NULL;
}

static base_fault_t *rules_enter(const cmd_exchange_t *exchange, const char *wanted,
                                 rules_version_t **version)
{
    cmd_access_rules_t *cache = exchange->service->access->rules;

    *version = NULL;
    apr_thread_mutex_lock(cache->mutex);
    if (cache->now && strcmp(cache->now->version, wanted) == 0) {
        *version = cache->now;
        (*version)->users++;
    }
    apr_thread_mutex_unlock(cache->mutex);
    return *version ? NULL : rules_load(exchange, version);
}

base_fault_t *cmd_access_rules_decide(cmd_exchange_t *exchange, const char *version,
                                      sync_access_question_t *question,
                                      sync_access_decision_t *decision)
{
    rules_version_t *rules;

    if (!version) {
        *decision = sync_access_decide(question);
        return NULL;
    }
    BASE_TRY(rules_enter(exchange, version, &rules));
    question->rules = rules->rules;
    *decision = sync_access_decide(question);
    if (decision->rule) {
        sync_access_rule_t *rule = apr_pmemdup(exchange->pool, decision->rule, sizeof *rule);

        *rule = (sync_access_rule_t){.id = apr_pstrdup(exchange->pool, decision->rule->id),
                                     .order = decision->rule->order,
                                     .status = decision->rule->status};
        decision->rule = rule;
    }
    rules_leave(exchange->service->access->rules, rules);
    return NULL;
}

int cmd_access_rules_look(cmd_access_rules_t *rules, apr_time_t now, apr_interval_time_t interval)
{
    int due;

    apr_thread_mutex_lock(rules->mutex);
    due = now - rules->looked >= interval;
    if (due)
        rules->looked = now;
    apr_thread_mutex_unlock(rules->mutex);
    return due;
}

void cmd_access_rules_look_soon(cmd_access_rules_t *rules)
{
    apr_thread_mutex_lock(rules->mutex);
    rules->looked = 0;
    apr_thread_mutex_unlock(rules->mutex);
}
