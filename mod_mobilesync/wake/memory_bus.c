/* The bus within one process, for tests: several hubs on it are like several children. It
 * can break (memory.h). */
#include "wake/bus.h"
#include "wake/memory.h"

#include <stdlib.h>
#include <string.h>
#include <apr_hash.h>
#include <apr_strings.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>

#define MEMORY_BUS_DELAY apr_time_from_msec(5)
#define MEMORY_BUS_ANSWER_TIME apr_time_from_sec(1)

typedef struct memory_listener memory_listener_t;

typedef struct memory_node memory_node_t;
struct memory_node {
    memory_node_t *next;
    wake_message_t message; /* its texts follow */
};

/* On the stack of who asks. */
typedef struct memory_question memory_question_t;
struct memory_question {
    memory_question_t *next;
    const char *ticket;
    apr_array_header_t *answers;
    int silent;
};

typedef struct {
    apr_pool_t *pool;
    apr_thread_mutex_t *mutex; /* guards everything below and in the listeners */
    apr_hash_t *numbers;       /* "account\nfield" -> apr_uint64_t * */
    apr_uint64_t counter;
    memory_listener_t *listeners;
    wake_memory_state_t state;
    memory_question_t *questions; /* that wait for answers */
    apr_thread_cond_t *answered;
    unsigned last_ticket;
} memory_bus_t;

struct memory_listener {
    memory_bus_t *bus;
    memory_listener_t *next;
    apr_thread_cond_t *cond;
    apr_hash_t *accounts; /* subscribed */
    memory_node_t *first, **end;
    memory_node_t *given; /* the last message, freed by the next call */
    int connected, lost, interrupted;
    apr_pool_t *pool;
};

/* -- under the mutex -------------------------------------------------------- */

static void memory_queue(memory_listener_t *listener, const wake_message_t *message)
{
    size_t account = strlen(message->account) + 1, name = strlen(message->name) + 1;
    memory_node_t *node = malloc(sizeof *node + account + name);
    char *texts = (char *)(node + 1);

    if (!node)
        abort();
    node->next = NULL;
    node->message = *message;
    node->message.account = memcpy(texts, message->account, account);
    node->message.name = memcpy(texts + account, message->name, name);
    *listener->end = node;
    listener->end = &node->next;
    apr_thread_cond_signal(listener->cond);
}

static void memory_drop(memory_listener_t *listener)
{
    memory_node_t *node;

    while ((node = listener->first)) {
        listener->first = node->next;
        free(node);
    }
    listener->end = &listener->first;
}

static void memory_tell(memory_bus_t *bus, const wake_message_t *message)
{
    memory_listener_t *listener;

    for (listener = bus->listeners; listener; listener = listener->next)
        if (apr_hash_get(listener->accounts, message->account, APR_HASH_KEY_STRING))
            memory_queue(listener, message);
}

static const char *memory_field(const char *account, const char *field, const char *name,
                                apr_pool_t *pool)
{
    return apr_pstrcat(pool, account, "\n", field, name, NULL);
}

static apr_uint64_t memory_number(memory_bus_t *bus, const char *key)
{
    const apr_uint64_t *number = apr_hash_get(bus->numbers, key, APR_HASH_KEY_STRING);

    return number ? *number : 0;
}

static apr_uint64_t memory_take(memory_bus_t *bus, const char *key)
{
    apr_uint64_t *number = apr_hash_get(bus->numbers, key, APR_HASH_KEY_STRING);

    if (!number) {
        number = apr_palloc(bus->pool, sizeof *number);
        apr_hash_set(bus->numbers, apr_pstrdup(bus->pool, key), APR_HASH_KEY_STRING, number);
    }
    return *number = ++bus->counter;
}

/* The fault of what needs a state better than the worst. */
static base_fault_t *memory_down(const memory_bus_t *bus, wake_memory_state_t worst,
                                 apr_pool_t *pool)
{
    base_fault_t *fault;

    if (bus->state < worst)
        return NULL;
    fault = base_fault_make(pool, BASE_FAULT_UNAVAILABLE, "the memory bus is down");
    fault->retry_after = 1;
    return fault;
}

static void memory_answer(memory_bus_t *bus, wake_query_t *query, apr_pool_t *pool)
{
    const char *letter = query->kind == WAKE_KIND_PING ? "p:" : "s:";
    int i;

    query->number = memory_number(bus, memory_field(query->account, letter, query->device, pool));
    query->device_reset =
        memory_number(bus, memory_field(query->account, "r:", query->device, pool));
    query->account_reset = memory_number(bus, memory_field(query->account, "r:", "", pool));
    for (i = 0; i < query->folder_count; i++)
        query->versions[i] =
            memory_number(bus, memory_field(query->account, "f:", query->folder_ids[i], pool));
}

/* -- numbers ---------------------------------------------------------------- */

/* Takes the field's next number and tells it. */
static base_fault_t *memory_send(memory_bus_t *bus, const char *field, wake_message_t *message,
                                 wake_query_t *query, apr_pool_t *pool)
{
    base_fault_t *fault;

    apr_thread_mutex_lock(bus->mutex);
    fault = memory_down(bus, WAKE_MEMORY_DOWN, pool);
    if (!fault) {
        message->number =
            memory_take(bus, memory_field(message->account, field, message->name, pool));
        memory_tell(bus, message);
        if (query)
            memory_answer(bus, query, pool);
    }
    apr_thread_mutex_unlock(bus->mutex);
    return fault;
}

static base_fault_t *memory_bus_publish(void *self, const char *account, const char *folder_id,
                                        wake_event_t event, apr_pool_t *pool)
{
    wake_message_t message = {
        .kind = WAKE_MESSAGE_EVENT, .account = account, .name = folder_id, .event = event};

    return memory_send(self, "f:", &message, NULL, pool);
}

static base_fault_t *memory_bus_reset(void *self, const char *account, const char *device,
                                      apr_pool_t *pool)
{
    wake_message_t message = {.kind = WAKE_MESSAGE_RESET, .account = account, .name = device};

    return memory_send(self, "r:", &message, NULL, pool);
}

static base_fault_t *memory_bus_supersede(void *self, wake_query_t *query, apr_pool_t *pool)
{
    wake_message_t message = {.kind = WAKE_MESSAGE_SUPERSEDE,
                              .account = query->account,
                              .name = query->device,
                              .request = query->kind};

    return memory_send(self, query->kind == WAKE_KIND_PING ? "p:" : "s:", &message, query, pool);
}

static base_fault_t *memory_bus_read(void *self, wake_query_t *queries, int count, apr_pool_t *pool)
{
    memory_bus_t *bus = self;
    base_fault_t *fault;
    int i;

    apr_thread_mutex_lock(bus->mutex);
    fault = memory_down(bus, WAKE_MEMORY_DOWN, pool);
    for (i = 0; !fault && i < count; i++)
        memory_answer(bus, &queries[i], pool);
    apr_thread_mutex_unlock(bus->mutex);
    return fault;
}

/* -- questions ---------------------------------------------------------------- */

static void memory_question_put(memory_bus_t *bus, memory_question_t *question, const char *text)
{
    const wake_message_t message = {
        .kind = WAKE_MESSAGE_QUESTION, .account = question->ticket, .name = text};
    memory_listener_t *listener;

    question->next = bus->questions;
    bus->questions = question;
    for (listener = bus->listeners; listener; listener = listener->next)
        if (listener->connected) {
            memory_queue(listener, &message);
            question->silent++;
        }
}

static void memory_question_drop(memory_bus_t *bus, const memory_question_t *question)
{
    memory_question_t **link = &bus->questions;

    while (*link != question)
        link = &(*link)->next;
    *link = question->next;
}

static base_fault_t *memory_bus_ask(void *self, const char *text, apr_array_header_t **answers,
                                    int *silent, apr_pool_t *pool)
{
    memory_bus_t *bus = self;
    memory_question_t question = {.answers = apr_array_make(pool, 4, sizeof(const char *))};
    apr_time_t until = apr_time_now() + MEMORY_BUS_ANSWER_TIME;
    apr_interval_time_t patience;
    base_fault_t *fault;

    apr_thread_mutex_lock(bus->mutex);
    if (!(fault = memory_down(bus, WAKE_MEMORY_DOWN, pool))) {
        question.ticket = apr_psprintf(pool, "%u", ++bus->last_ticket);
        memory_question_put(bus, &question, text);
        while (question.silent && (patience = until - apr_time_now()) > 0)
            apr_thread_cond_timedwait(bus->answered, bus->mutex, patience);
        memory_question_drop(bus, &question);
    }
    apr_thread_mutex_unlock(bus->mutex);
    *answers = question.answers;
    *silent = question.silent;
    return fault;
}

static base_fault_t *memory_bus_answer(void *self, const char *ticket, const char *text,
                                       apr_pool_t *pool)
{
    memory_bus_t *bus = self;
    memory_question_t *question;

    (void)pool;
    apr_thread_mutex_lock(bus->mutex);
    for (question = bus->questions; question; question = question->next)
        if (strcmp(question->ticket, ticket) == 0) {
            /* the pool of who asks, who waits meanwhile */
            APR_ARRAY_PUSH(question->answers, const char *) =
                apr_pstrdup(question->answers->pool, text);
            question->silent--;
            apr_thread_cond_broadcast(bus->answered);
            break;
        }
    apr_thread_mutex_unlock(bus->mutex);
    return NULL;
}

/* -- listening -------------------------------------------------------------- */

static apr_status_t memory_listener_cleanup(void *data)
{
    memory_listener_t *listener = data, **link;

    apr_thread_mutex_lock(listener->bus->mutex);
    for (link = &listener->bus->listeners; *link; link = &(*link)->next)
        if (*link == listener) {
            *link = listener->next;
            break;
        }
    memory_drop(listener);
    free(listener->given);
    apr_thread_mutex_unlock(listener->bus->mutex);
    return APR_SUCCESS;
}

static base_fault_t *memory_bus_listen(void *self, void **result, apr_pool_t *pool)
{
    memory_listener_t *listener = apr_pcalloc(pool, sizeof *listener);

    listener->bus = self;
    listener->end = &listener->first;
    apr_pool_create(&listener->pool, pool);
    listener->accounts = apr_hash_make(listener->pool);
    if (apr_thread_cond_create(&listener->cond, pool) != APR_SUCCESS)
        abort();
    apr_thread_mutex_lock(listener->bus->mutex);
    listener->next = listener->bus->listeners;
    listener->bus->listeners = listener;
    apr_thread_mutex_unlock(listener->bus->mutex);
    /* before its set of accounts goes */
    apr_pool_pre_cleanup_register(pool, listener, memory_listener_cleanup);
    *result = listener;
    return NULL;
}

static base_fault_t *memory_bus_connect(void *data, apr_pool_t *pool)
{
    memory_listener_t *listener = data;
    base_fault_t *fault;

    apr_thread_mutex_lock(listener->bus->mutex);
    fault = memory_down(listener->bus, WAKE_MEMORY_DEAF, pool);
    listener->connected = !fault;
    listener->lost = 0;
    apr_thread_mutex_unlock(listener->bus->mutex);
    return fault;
}

static apr_interval_time_t memory_bus_delay(void *data)
{
    (void)data;
    return MEMORY_BUS_DELAY;
}

static void memory_subscribe(memory_listener_t *listener, const char *account,
                             wake_message_kind_t kind)
{
    wake_message_t message = {.kind = kind, .account = account, .name = ""};
    const char *key = apr_pstrdup(listener->pool, account);

    apr_thread_mutex_lock(listener->bus->mutex);
    if (listener->connected) {
        apr_hash_set(listener->accounts, key, APR_HASH_KEY_STRING,
                     kind == WAKE_MESSAGE_SUBSCRIBED ? key : NULL);
        memory_queue(listener, &message);
    }
    apr_thread_mutex_unlock(listener->bus->mutex);
}

static void memory_bus_subscribe(void *data, const char *account)
{
    memory_subscribe(data, account, WAKE_MESSAGE_SUBSCRIBED);
}

static void memory_bus_unsubscribe(void *data, const char *account)
{
    memory_subscribe(data, account, WAKE_MESSAGE_UNSUBSCRIBED);
}

static void memory_bus_next(void *data, apr_interval_time_t timeout, wake_message_t *message)
{
    memory_listener_t *listener = data;
    memory_node_t *node;

    memset(message, 0, sizeof *message);
    apr_thread_mutex_lock(listener->bus->mutex);
    free(listener->given);
    listener->given = NULL;
    if (!listener->first && !listener->lost && !listener->interrupted) {
        if (timeout < 0)
            apr_thread_cond_wait(listener->cond, listener->bus->mutex);
        else
            apr_thread_cond_timedwait(listener->cond, listener->bus->mutex, timeout);
    }
    listener->interrupted = 0;
    if (listener->lost) {
        listener->lost = 0;
        message->kind = WAKE_MESSAGE_LOST;
    }
    else if ((node = listener->first)) {
        listener->first = node->next;
        if (!listener->first)
            listener->end = &listener->first;
        listener->given = node;
        *message = node->message;
    }
    apr_thread_mutex_unlock(listener->bus->mutex);
}

static void memory_bus_interrupt(void *data)
{
    memory_listener_t *listener = data;

    apr_thread_mutex_lock(listener->bus->mutex);
    listener->interrupted = 1;
    apr_thread_cond_signal(listener->cond);
    apr_thread_mutex_unlock(listener->bus->mutex);
}

static const wake_bus_driver_t memory_bus_driver = {
    .name = "memory",
    .publish = memory_bus_publish,
    .reset = memory_bus_reset,
    .supersede = memory_bus_supersede,
    .read = memory_bus_read,
    .ask = memory_bus_ask,
    .answer = memory_bus_answer,
    .listen = memory_bus_listen,
    .connect = memory_bus_connect,
    .delay = memory_bus_delay,
    .subscribe = memory_bus_subscribe,
    .unsubscribe = memory_bus_unsubscribe,
    .next = memory_bus_next,
    .interrupt = memory_bus_interrupt,
};

wake_bus_t *wake_bus_create_memory(apr_pool_t *pool)
{
    wake_bus_t *bus = apr_palloc(pool, sizeof *bus);
    memory_bus_t *self = apr_pcalloc(pool, sizeof *self);

    apr_pool_create(&self->pool, pool);
    self->numbers = apr_hash_make(self->pool);
    if (apr_thread_mutex_create(&self->mutex, APR_THREAD_MUTEX_DEFAULT, pool) != APR_SUCCESS ||
        apr_thread_cond_create(&self->answered, pool) != APR_SUCCESS)
        abort();
    bus->driver = &memory_bus_driver;
    bus->self = self;
    return bus;
}

void wake_bus_memory_set(wake_bus_t *bus, wake_memory_state_t state)
{
    memory_bus_t *self = bus->self;
    memory_listener_t *listener;

    apr_thread_mutex_lock(self->mutex);
    self->state = state;
    for (listener = self->listeners; state != WAKE_MEMORY_UP && listener;
         listener = listener->next) {
        memory_drop(listener);
        apr_hash_clear(listener->accounts);
        listener->lost |= listener->connected;
        listener->connected = 0;
        apr_thread_cond_signal(listener->cond);
    }
    apr_thread_mutex_unlock(self->mutex);
}

void wake_bus_memory_forget(wake_bus_t *bus)
{
    memory_bus_t *self = bus->self;

    apr_thread_mutex_lock(self->mutex);
    apr_hash_clear(self->numbers);
    apr_thread_mutex_unlock(self->mutex);
}
