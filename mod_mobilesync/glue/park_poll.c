#include "glue/park_poll.h"

#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>
#include "apr_portable.h"
#include "http_core.h"

apr_status_t glue_poll_init(glue_poll_t *state, conn_rec *c)
{
    *state = (glue_poll_t){.c = c, .wake_fd = -1};
    return apr_thread_mutex_create(&state->mutex, APR_THREAD_MUTEX_DEFAULT, c->pool);
}

static int poll_control(glue_poll_t *state, int operation, unsigned events)
{
    struct epoll_event event = {.events = events};

    return epoll_ctl(state->wake_fd, operation, state->client_fd, &event) == 0;
}

static void poll_change(glue_poll_t *state, unsigned events)
{
    apr_thread_mutex_lock(state->mutex);
    if (state->wake_fd >= 0)
        poll_control(state, EPOLL_CTL_MOD, events);
    apr_thread_mutex_unlock(state->mutex);
}

int glue_poll_open(glue_poll_t *state)
{
    apr_socket_t *socket = ap_get_conn_socket(state->c);
    int fd, made;

    if (!socket || apr_os_sock_get(&state->client_fd, socket) != APR_SUCCESS ||
        (fd = epoll_create1(EPOLL_CLOEXEC)) < 0)
        return 0;
    apr_thread_mutex_lock(state->mutex);
    state->wake_fd = fd;
    made = poll_control(state, EPOLL_CTL_ADD, EPOLLRDHUP);
    apr_thread_mutex_unlock(state->mutex);
    if (!made)
        glue_poll_close(state);
    return made;
}

/* Takes the descriptor out; -1: it was closed. */
static int poll_take(glue_poll_t *state)
{
    int fd;

    apr_thread_mutex_lock(state->mutex);
    fd = state->wake_fd;
    state->wake_fd = -1;
    apr_thread_mutex_unlock(state->mutex);
    return fd;
}

void glue_poll_close(glue_poll_t *state)
{
    int fd = poll_take(state);

    if (fd >= 0)
        close(fd);
}

int glue_poll_is_open(const glue_poll_t *state)
{
    return state->wake_fd >= 0;
}

void glue_poll_rest(glue_poll_t *state)
{
    poll_change(state, EPOLLRDHUP);
}

void glue_poll_wake(glue_poll_t *state)
{
    poll_change(state, EPOLLRDHUP | EPOLLOUT);
}

int glue_poll_client_gone(const glue_poll_t *state)
{
    struct pollfd fd = {.fd = state->client_fd, .events = POLLRDHUP};

    return poll(&fd, 1, 0) == 1 && (fd.revents & (POLLRDHUP | POLLHUP | POLLERR));
}

static void poll_swap(glue_poll_t *state, int fd)
{
    apr_socket_t *socket = ap_get_conn_socket(state->c);

    apr_os_sock_put(&socket, &fd, state->c->pool);
}

void glue_poll_hand_over(glue_poll_t *state)
{
    if (state->swapped || state->wake_fd < 0)
        return;
    poll_swap(state, state->wake_fd);
    state->swapped = 1;
}

static int poll_socket_open(const glue_poll_t *state)
{
    apr_socket_t *socket = ap_get_conn_socket(state->c);
    int fd;

    return socket && apr_os_sock_get(&fd, socket) == APR_SUCCESS && fd != -1;
}

void glue_poll_take_back(glue_poll_t *state)
{
    if (!state->swapped)
        return;
    state->swapped = 0;
    if (poll_socket_open(state))
        poll_swap(state, state->client_fd);
    else {
        poll_take(state);
        close(state->client_fd);
    }
}
