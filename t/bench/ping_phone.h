/* What one phone of ping_load does: its connection, its requests, and what it takes from
 * responses. */
#ifndef PING_PHONE_H
#define PING_PHONE_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <hiredis/hiredis.h>
#include <openssl/ssl.h>

#define EVENTS 256
#define UNDER_WAY 32   /* connections being made, or requests being answered, at once */
#define PATIENCE 60000 /* milliseconds without any progress before it gives up */

typedef enum { STEP_IDLE, STEP_FOLDERS, STEP_KEY, STEP_SYNC, STEP_PING } step_t;

typedef struct {
    int fd; /* -1: not connected */
    SSL *tls;
    step_t step;
    char *in; /* the response so far */
    size_t length, room;
    char *folder, *key;
    uint64_t woken; /* when, in nanoseconds; 0: not by us */
    int told;       /* of a change: a Sync comes before the next Ping */
} phone_t;

typedef struct {
    char *data;
    size_t length;
} bytes_t;

static struct {
    struct sockaddr_in server, source;
    SSL_CTX *tls; /* NULL: plain */
    int count;    /* of those in use */
    int most, offset, poller;
    const char *mail;
    redisContext *redis;
    bytes_t bodies[STEP_PING + 1];
    phone_t *phones;
    uint64_t *latencies;
    int answered, closed, other; /* since the command began; other: not the answer expected */
    unsigned delivered;
} load;

static void fail(const char *what)
{
    fprintf(stderr, "ping_load: %s: %s\n", what, errno ? strerror(errno) : "failed");
    exit(1);
}

static uint64_t now(void)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    return (uint64_t)at.tv_sec * 1000000000U + (uint64_t)at.tv_nsec;
}

static int number(const phone_t *phone)
{
    return (int)(phone - load.phones) + load.offset;
}

/* -- requests --------------------------------------------------------------------------------- */

static size_t body_render(char *to, const phone_t *phone)
{
    const bytes_t *body = &load.bodies[phone->step];
    size_t i = 0, length = 0;

    while (i < body->length)
        if (!strncmp(body->data + i, "KEY@", 4)) {
            length += (size_t)sprintf(to + length, "%s", phone->key);
            i += 4;
        }
        else if (!strncmp(body->data + i, "FOLDER@", 7)) {
            length += (size_t)sprintf(to + length, "%s", phone->folder);
            i += 7;
        }
        else
            to[length++] = body->data[i++];
    return length;
}

static void phone_write(phone_t *phone, const char *data, size_t length)
{
    ssize_t sent =
        phone->tls ? SSL_write(phone->tls, data, (int)length) : write(phone->fd, data, length);

    if (sent != (ssize_t)length && errno != EPIPE && errno != ECONNRESET)
        fail("sending a request");
}

static void phone_send(phone_t *phone, step_t step)
{
    static const char *const commands[] = {"", "FolderSync", "Sync", "Sync", "Ping"};
    char body[1024], request[2048], login[32];
    unsigned char encoded[64];
    size_t length;
    int head;

    phone->step = step;
    length = body_render(body, phone);
    snprintf(login, sizeof login, "u%06d:pw", number(phone));
    EVP_EncodeBlock(encoded, (unsigned char *)login, (int)strlen(login));
    head = snprintf(request, sizeof request,
                    "POST /Microsoft-Server-ActiveSync?Cmd=%s&User=u%06d&DeviceId=LOAD%06d"
                    "&DeviceType=iPhone HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic %s\r\n"
                    "User-Agent: Apple-iPhone14C2/2003.52\r\nMS-ASProtocolVersion: 16.1\r\n"
                    "X-MS-PolicyKey: 0\r\nContent-Type: application/vnd.ms-sync.wbxml\r\n"
                    "Accept: */*\r\nAccept-Language: en-us\r\nAccept-Encoding: gzip, deflate\r\n"
                    "Content-Length: %zu\r\n\r\n",
                    commands[step], number(phone), number(phone), encoded, length);
    memcpy(request + head, body, length);
    phone_write(phone, request, (size_t)head + length);
}

/* -- connections ------------------------------------------------------------------------------ */

static void phone_close(phone_t *phone)
{
    if (phone->fd < 0)
        return;
    if (phone->tls)
        SSL_free(phone->tls);
    phone->tls = NULL;
    close(phone->fd);
    phone->fd = -1;
    phone->length = 0;
}

static void phone_connect(phone_t *phone)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = phone};
    int one = 1;

    phone->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (phone->fd < 0)
        fail("socket");
    setsockopt(phone->fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    if (bind(phone->fd, (struct sockaddr *)&load.source, sizeof load.source) ||
        connect(phone->fd, (struct sockaddr *)&load.server, sizeof load.server))
        fail("connecting");
    setsockopt(phone->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (load.tls) {
        phone->tls = SSL_new(load.tls);
        SSL_set_fd(phone->tls, phone->fd);
        if (SSL_connect(phone->tls) != 1)
            fail("TLS");
    }
    fcntl(phone->fd, F_SETFL, O_NONBLOCK);
    epoll_ctl(load.poller, EPOLL_CTL_ADD, phone->fd, &event);
}

/* -- responses -------------------------------------------------------------------------------- */

/* The folder of Type 2 in a FolderSync response: ServerId comes before, in the same Add. */
static void take_folder(phone_t *phone, const char *body, size_t length)
{
    static const char type[] = "\x4a\x03"
                               "2",
                      id[] = "\x48\x03";
    const char *at = memmem(body, length, type, sizeof type), *found = NULL, *next = body;

    while (at && (next = memmem(next, (size_t)(at - next), id, sizeof id - 1)))
        found = (next += sizeof id - 1);
    if (!found)
        fail("a FolderSync response without an inbox");
    free(phone->folder);
    phone->folder = strdup(found);
}

static void take_key(phone_t *phone, const char *body, size_t length)
{
    const char *at = memmem(body, length, "\x4b\x03", 2);

    if (!at)
        fail("a Sync response without a key");
    free(phone->key);
    phone->key = strdup(at + 2);
}

/* 0: there is none. */
static char ping_status(const char *body, size_t length)
{
    const char *at = memmem(body, length, "\x45\x47\x03", 3);

    return at && at + 3 < body + length ? at[3] : 0;
}

/* A whole response. Returns 1 when the phone is done with what it does. */
static int phone_take(phone_t *phone, const char *body, size_t length)
{
    char status;

    switch (phone->step) {
    case STEP_FOLDERS:
        take_folder(phone, body, length);
        free(phone->key);
        phone->key = strdup("0");
        phone_send(phone, STEP_KEY);
        return 0;
    case STEP_KEY:
        take_key(phone, body, length);
        phone_send(phone, STEP_SYNC);
        return 0;
    case STEP_SYNC:
        if (length)
            take_key(phone, body, length);
        load.answered -= phone->told; /* counted for its Ping */
        phone->told = 0;
        break;
    case STEP_PING:
        if (phone->woken)
            load.latencies[load.answered] = now() - phone->woken;
        status = ping_status(body, length);
        load.other += !phone->woken || (status != '1' && status != '2');
        phone->told = status == '2';
        phone->woken = 0;
        break;
    case STEP_IDLE:
        break;
    }
    phone->step = STEP_IDLE;
    load.answered++;
    return 1;
}

static ssize_t phone_read(phone_t *phone)
{
    ssize_t got;

    if (phone->room < phone->length + 4096 &&
        !(phone->in = realloc(phone->in, phone->room = phone->length + 8192)))
        fail("memory");
    got = phone->tls ? SSL_read(phone->tls, phone->in + phone->length,
                                (int)(phone->room - phone->length - 1))
                     : read(phone->fd, phone->in + phone->length, phone->room - phone->length - 1);
    if (got <= 0 && (phone->tls ? SSL_get_error(phone->tls, (int)got) == SSL_ERROR_WANT_READ
                                : got < 0 && errno == EAGAIN))
        return -1;
    return got < 0 ? 0 : got;
}

/* Returns 1 when the phone is done (answered, or its connection closed). */
static int phone_ready(phone_t *phone)
{
    char *head, *field;
    size_t whole;
    int closing, done;
    ssize_t got = phone_read(phone);

    if (got < 0)
        return 0;
    if (!got) {
        load.closed++;
        phone_close(phone);
        return 1;
    }
    phone->length += (size_t)got;
    phone->in[phone->length] = '\0';
    if (!(head = strstr(phone->in, "\r\n\r\n")))
        return 0;
    field = strcasestr(phone->in, "\nContent-Length: ");
    whole =
        (size_t)(head + 4 - phone->in) + (field && field < head ? strtoul(field + 17, 0, 10) : 0);
    if (phone->length < whole)
        return 0;
    field = strcasestr(phone->in, "\nConnection: close");
    closing = field && field < head;
    phone->length = 0;
    if (strncmp(phone->in, "HTTP/1.1 200", 12) != 0) {
        load.other++;
        fprintf(stderr, "ping_load: u%06d: %.30s\n", number(phone), phone->in);
        phone->step = STEP_IDLE;
        done = 1;
    }
    else
        done = phone_take(phone, head + 4, whole - (size_t)(head + 4 - phone->in));
    if (done) {
        free(phone->in);
        phone->in = NULL;
        phone->room = 0;
    }
    if (closing) {
        load.closed++;
        phone_close(phone);
    }
    return done || closing;
}

/* Handles what is there within the time. Returns how many phones are done, -1
 * when nothing came; calls after for each. */
static int load_poll(int milliseconds, void (*after)(phone_t *))
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(load.poller, events, EVENTS, milliseconds), i, done = 0;

    for (i = 0; i < count; i++) {
        phone_t *phone = events[i].data.ptr;

        if (phone->fd < 0 || !phone_ready(phone))
            continue;
        done++;
        if (after)
            after(phone);
    }
    return count > 0 ? done : -1;
}

#endif
