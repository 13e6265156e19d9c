#include "backend/watchers.h"

#include <stdlib.h>
#include <string.h>
#include <apr_portable.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>

struct backend_subscription {
    char *account;
    char **folder_ids;
    int folder_count;
    backend_changed_fn changed;
    void *baton;
    int references; /* the list's, and one for each call that is under way or about to be */
    int removed;
    backend_subscription_t *next;
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
    apr_thread_cond_t *idle; /* a call ended */
    backend_subscription_t *list;
    watchers_call_t *calls;
};

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

    while (watchers->list) {
        backend_subscription_t *first = watchers->list;

        watchers->list = first->next;
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
    made->next = watchers->list;
    watchers->list = made;
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
    backend_subscription_t **link;

    apr_thread_mutex_lock(watchers->lock);
    for (link = &watchers->list; *link && *link != subscription; link = &(*link)->next)
        ;
    if (*link) {
        *link = subscription->next;
        subscription->removed = 1;
        while (watchers_called(watchers, subscription))
            apr_thread_cond_wait(watchers->idle, watchers->lock);
        watchers_release(subscription);
    }
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

void backend_watchers_notify(backend_watchers_t *watchers, const char *account,
                             const char *folder_id)
{
    backend_subscription_t **matching, *one;
    size_t count = 0, i;

    apr_thread_mutex_lock(watchers->lock);
    for (one = watchers->list; one; one = one->next)
        count += watchers_match(one, account, folder_id);
    matching = watchers_alloc((count + 1) * sizeof *matching);
    for (one = watchers->list, count = 0; one; one = one->next)
        if (watchers_match(one, account, folder_id)) {
            one->references++;
            matching[count++] = one;
        }
    for (i = 0; i < count; i++) {
        if (!matching[i]->removed)
            watchers_call(watchers, matching[i], folder_id);
        watchers_release(matching[i]);
    }
    apr_thread_mutex_unlock(watchers->lock);
    free(matching);
}
