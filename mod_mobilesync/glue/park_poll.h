/* What the MPM polls in place of a parked client's socket: an epoll descriptor that has the socket
 * inside. It becomes readable when the client hangs up (EPOLLRDHUP) or when we want to go on
 * (EPOLLOUT is added, and a socket that can be written to is ready at once). So a wake-up is one
 * epoll_ctl from any thread, one that comes before the MPM polls is not lost, and bytes that the
 * client sends meanwhile wake nobody. */
#ifndef GLUE_PARK_POLL_H
#define GLUE_PARK_POLL_H

#include "httpd.h"

#include "apr_thread_mutex.h"

typedef struct {
    conn_rec *c;
    int client_fd;
    int wake_fd;               /* -1: closed */
    int swapped;               /* the MPM sees wake_fd in place of client_fd */
    apr_thread_mutex_t *mutex; /* of wake_fd */
} glue_poll_t;

/* Closed. The mutex lives as long as the connection. */
apr_status_t glue_poll_init(glue_poll_t *state, conn_rec *c);

/* Returns 0 when it cannot be made. */
int glue_poll_open(glue_poll_t *state);
void glue_poll_close(glue_poll_t *state);
int glue_poll_is_open(const glue_poll_t *state);

/* Ready only when the client hangs up; ready at once, from any thread, also when it is closed. */
void glue_poll_rest(glue_poll_t *state);
void glue_poll_wake(glue_poll_t *state);

/* Did the client hang up? */
int glue_poll_client_gone(const glue_poll_t *state);

/* The MPM is to see our descriptor, or the client's again. Who closed the socket meanwhile has closed
 * ours: then it is closed, and the client's with it. */
void glue_poll_hand_over(glue_poll_t *state);
void glue_poll_take_back(glue_poll_t *state);

#endif
