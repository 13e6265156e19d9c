/* What a bus must do: keep an account's numbers (versions, newest requests, resets) and
 * carry its messages. The hub talks to it; wake.h's functions are in bus.c. */
#ifndef WAKE_BUS_H
#define WAKE_BUS_H

#include "wake/wake.h"

/* The numbers that concern one waiting request. 0: there is none. */
typedef struct {
    const char *account;
    const char *device; /* "" when only versions are asked for */
    wake_kind_t kind;
    const char *const *folder_ids;
    int folder_count;
    /* the answer */
    apr_uint64_t *versions;    /* folder_count of them */
    apr_uint64_t number;       /* of the device's newest request of the kind */
    apr_uint64_t device_reset; /* the latest */
    apr_uint64_t account_reset;
} wake_query_t;

typedef enum {
    WAKE_MESSAGE_NONE,       /* time is up, or interrupted */
    WAKE_MESSAGE_SUBSCRIBED, /* account */
    WAKE_MESSAGE_UNSUBSCRIBED,
    WAKE_MESSAGE_EVENT,     /* account, name (folder), event, number (version) */
    WAKE_MESSAGE_SUPERSEDE, /* account, name (device), request, number */
    WAKE_MESSAGE_RESET,     /* account, name (device, "": all), number */
    WAKE_MESSAGE_QUESTION,  /* account (the ticket to answer under), name (the question) */
    WAKE_MESSAGE_LOST       /* the connection and every subscription */
} wake_message_kind_t;

typedef struct {
    wake_message_kind_t kind;
    const char *account; /* valid until the next call */
    const char *name;
    wake_event_t event;
    wake_kind_t request;
    apr_uint64_t number;
} wake_message_t;

typedef struct {
    const char *name;
    base_fault_t *(*publish)(void *self, const char *account, const char *folder_id,
                             wake_event_t event, apr_pool_t *pool);
    base_fault_t *(*reset)(void *self, const char *account, const char *device, apr_pool_t *pool);
    /* Takes a new number for the device and kind, tells it, and answers the query at that
     * very moment. */
    base_fault_t *(*supersede)(void *self, wake_query_t *query, apr_pool_t *pool);
    /* Answers many queries in one round trip. */
    base_fault_t *(*read)(void *self, wake_query_t *queries, int count, apr_pool_t *pool);

    /* Puts a question to every listener that is connected and collects their answers (const char
     * *), for a limited time; *silent: how many did not answer. */
    base_fault_t *(*ask)(void *self, const char *question, apr_array_header_t **answers,
                         int *silent, apr_pool_t *pool);
    base_fault_t *(*answer)(void *self, const char *ticket, const char *text, apr_pool_t *pool);

    /* A listener is used by one thread, but for interrupt. It ends with the pool. */
    base_fault_t *(*listen)(void *self, void **listener, apr_pool_t *pool);
    base_fault_t *(*connect)(void *listener, apr_pool_t *pool);
    apr_interval_time_t (*delay)(void *listener); /* until the next attempt makes sense */
    void (*subscribe)(void *listener, const char *account);
    void (*unsubscribe)(void *listener, const char *account);
    void (*next)(void *listener, apr_interval_time_t timeout, wake_message_t *message);
    void (*interrupt)(void *listener);
} wake_bus_driver_t;

struct wake_bus {
    const wake_bus_driver_t *driver;
    void *self;
};

#endif
