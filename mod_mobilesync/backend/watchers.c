#include "backend/watchers.h"

#include <stdlib.h>
#include <string.h>
#include <apr_hash.h>
#include <apr_portable.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>

/* Tens of thousands of accounts, a few subscriptions each: apr_hash_t would keep what was freed. */
#define WATCHERS_BUCKETS 4096

struct backend_subscription {
    char *account;
    char **folder_ids;
    int folder_count;
    backend_changed_fn changed;
    void *baton;
    int references; /* the list's, and one for each call that is under way or about to be */
    int removed;
    backend_subscription_t *next, **link;
};

/* A call under way, on the stack of the thread that makes it. */
typedef struct watchers_call watchers_call_t;
struct watchers_call {
    const backend_subscription_t *subscription;
    apr_os_thread_t thread;
    watchers_call_t *next;
};

struct backend_watchers {
    apr_thread_mutex_t *lock;
    apr_thread_cond_t *idle;                           /* a call ended */
    backend_subscription_t *buckets[WATCHERS_BUCKETS]; /* by account */
    watchers_call_t *calls;
};

static backend_subscription_t **watchers_bucket(backend_watchers_t *watchers, const char *account)
{
    apr_ssize_t length = APR_HASH_KEY_STRING;

    return &watchers->buckets[apr_hashfunc_default(account, &length) % WATCHERS_BUCKETS];
}

static void watchers_link(backend_subscription_t **bucket, backend_subscription_t *one)
{
    one->next = *bucket;
    one->link = bucket;
    if (one->next)
        one->next->link = &one->next;
    *bucket = one;
}

static void watchers_unlink(backend_subscription_t *one)
{
    *one->link = one->next;
    if (one->next)
        one->next->link = one->link;
}

/* Subscriptions come and go as long as the child lives: malloc, not a pool. */
static void *watchers_alloc(size_t size)
{
    void *made = calloc(1, size);

    if (!made)
        abort(); /* as APR's pools do */
    return made;
}

static char *watchers_copy(const char *text)
{
    size_t size = strlen(text) + 1;

    return memcpy(watchers_alloc(size), text, size);
}

static void watchers_free(backend_subscription_t *subscription)
{
    int i;

    for (i = 0; i < subscription->folder_count; i++)
        free(subscription->folder_ids[i]);
    free(subscription->folder_ids);
    free(subscription->account);
    free(subscription);
}

static apr_status_t watchers_close(void *data)
{
    backend_watchers_t *watchers = data;
    size_t i;

    for (i = 0; i < WATCHERS_BUCKETS; i++)
        while (watchers->buckets[i]) {
            backend_subscription_t *first = watchers->buckets[i];

            watchers_unlink(first);
            watchers_free(first);
        }
    return APR_SUCCESS;
}

base_fault_t *backend_watchers_make(backend_watchers_t **watchers, apr_pool_t *pool)
{
    backend_watchers_t *made = apr_pcalloc(pool, sizeof *made);
    apr_status_t status = apr_thread_mutex_create(&made->lock, APR_THREAD_MUTEX_DEFAULT, pool);

    if (status == APR_SUCCESS)
        status = apr_thread_cond_create(&made->idle, pool);
    if (status != APR_SUCCESS)
        return base_fault_make_status(pool, BASE_FAULT_INTERNAL, status, "making a mutex");
    apr_pool_cleanup_register(pool, made, watchers_close, apr_pool_cleanup_null);
    *watchers = made;
    return NULL;
}

backend_subscription_t *backend_watchers_add(backend_watchers_t *watchers, const char *account,
                                             const apr_array_header_t *folder_ids,
                                             backend_changed_fn changed, void *baton)
{
    backend_subscription_t *made = watchers_alloc(sizeof *made);
    int i;

    made->account = watchers_copy(account);
    made->folder_count = folder_ids->nelts;
    made->folder_ids = watchers_alloc((size_t)(folder_ids->nelts + 1) * sizeof(char *));
    for (i = 0; i < folder_ids->nelts; i++)
        made->folder_ids[i] = watchers_copy(APR_ARRAY_IDX(folder_ids, i, const char *));
    made->changed = changed;
    made->baton = baton;
    made->references = 1;
    apr_thread_mutex_lock(watchers->lock);
    watchers_link(watchers_bucket(watchers, account), made);
    apr_thread_mutex_unlock(watchers->lock);
    return made;
}

static void watchers_release(backend_subscription_t *subscription)
{
    if (--subscription->references == 0)
        watchers_free(subscription);
}

/* Does another thread call it? */
static int watchers_called(const backend_watchers_t *watchers,
                           const backend_subscription_t *subscription)
{
    apr_os_thread_t self = apr_os_thread_current();
    const watchers_call_t *call;

    for (call = watchers->calls; call; call = call->next)
        if (call->subscription == subscription && !apr_os_thread_equal(call->thread, self))
            return 1;
    return 0;
}

void backend_watchers_remove(backend_watchers_t *watchers, backend_subscription_t *subscription)
{
    apr_thread_mutex_lock(watchers->lock);
    watchers_unlink(subscription);
    subscription->removed = 1;
    while (watchers_called(watchers, subscription))
        apr_thread_cond_wait(watchers->idle, watchers->lock);
    watchers_release(subscription);
    apr_thread_mutex_unlock(watchers->lock);
}

static int watchers_match(const backend_subscription_t *subscription, const char *account,
                          const char *folder_id)
{
    int i;

    if (account && strcmp(subscription->account, account) != 0)
        return 0;
    for (i = 0; folder_id && i < subscription->folder_count; i++)
        if (strcmp(subscription->folder_ids[i], folder_id) == 0)
            return 1;
    return !folder_id;
}

/* Entered and left with the lock held. */
static void watchers_call(backend_watchers_t *watchers, backend_subscription_t *subscription,
                          const char *folder_id)
{
    watchers_call_t call = {subscription, apr_os_thread_current(), watchers->calls}, **link;

    watchers->calls = &call;
    apr_thread_mutex_unlock(watchers->lock);
    subscription->changed(subscription->baton, folder_id);
    apr_thread_mutex_lock(watchers->lock);
    for (link = &watchers->calls; *link != &call; link = &(*link)->next)
        ;
    *link = call.next;
    apr_thread_cond_broadcast(watchers->idle);
}

/* Those of a bucket that match are appended to matching, NULL: only counted. */
static size_t watchers_collect(backend_subscription_t *one, const char *account,
                               const char *folder_id, backend_subscription_t **matching)
{
    size_t count = 0;

    for (; one; one = one->next) {
        if (!watchers_match(one, account, folder_id))
            continue;
        if (matching) {
            one->references++;
            matching[count] = one;
        }
        count++;
    }
    return count;
}

/* Called with the lock held, given up during calls. */
static void watchers_notify_bucket(backend_watchers_t *watchers, backend_subscription_t **bucket,
                                   const char *account, const char *folder_id)
{
    size_t count = watchers_collect(*bucket, account, folder_id, NULL), i;
    backend_subscription_t **matching;

    if (!count)
        return;
    matching = watchers_alloc(count * sizeof *matching);
    watchers_collect(*bucket, account, folder_id, matching);
    for (i = 0; i < count; i++) {
        if (!matching[i]->removed)
            watchers_call(watchers, matching[i], folder_id);
        watchers_release(matching[i]);
    }
    free(matching);
}

void backend_watchers_notify(backend_watchers_t *watchers, const char *account,
                             const char *folder_id)
{
    size_t i;

    apr_thread_mutex_lock(watchers->lock);
    if (account)
        watchers_notify_bucket(watchers, watchers_bucket(watchers, account), account, folder_id);
    for (i = 0; !account && i < WATCHERS_BUCKETS; i++)
        watchers_notify_bucket(watchers, &watchers->buckets[i], NULL, folder_id);
    apr_thread_mutex_unlock(watchers->lock);
}
