/* Phones for t/bench/ping: one process plays thousands of them, each with an account, a device
 * and a connection of its own. Told what to do by lines on standard input, answers each with
 * one line on standard output ("ok ...", "latency ...").
 *
 *   ping_load HOST COUNT OFFSET SOURCE MAIL TEMPLATES REDIS
 *
 * HOST is a numeric address; SOURCE a loopback address to connect from (ports are few); phone i
 * is account "uNNNNNN" (i + OFFSET), its Maildir MAIL/uNNNNNN. TEMPLATES is a folder with the request
 * bodies folders, sync and ping, in which KEY@ stands for the sync key and FOLDER@ for the
 * folder id.
 *
 *   use N PORT TLS  the first N phones, with TLS or not, from now on
 *   prepare       FolderSync and Syncs until each phone is in step
 *   park          each phone connects and sends its Ping
 *   single N HOW  wakes N phones one after the other and tells how long each answer took. HOW is
 *                 deliver (a file in the Maildir) or publish (a newer Ping of the device, told by Redis:
 *                 nothing is looked at)
 *   all HOW       wakes every phone as fast as it can, then has them wait again
 *   again S       for S seconds: who is answered or cut off sends its Ping again
 *   hangup        closes all connections
 */
#define _GNU_SOURCE /* memmem, strcasestr */
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

/* Is the Status of a Ping 1 or 2? */
static int ping_ended(const char *body, size_t length)
{
    return memmem(body, length,
                  "\x45\x47\x03"
                  "1",
                  4) ||
           memmem(body, length,
                  "\x45\x47\x03"
                  "2",
                  4);
}

/* A whole response. Returns 1 when the phone is done with what it does. */
static int phone_take(phone_t *phone, const char *body, size_t length)
{
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
        break;
    case STEP_PING:
        if (phone->woken)
            load.latencies[load.answered] = now() - phone->woken;
        load.other += !phone->woken || !ping_ended(body, length);
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
    return done;
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

/* -- commands --------------------------------------------------------------------------------- */

static void load_use(const char *line)
{
    int port, tls;

    if (sscanf(line, "%d %d %d", &load.count, &port, &tls) != 3 || load.count > load.most)
        fail("use");
    load.server.sin_port = htons((uint16_t)port);
    if (load.tls)
        SSL_CTX_free(load.tls);
    load.tls = tls ? SSL_CTX_new(TLS_client_method()) : NULL;
    if (tls)
        SSL_CTX_set_mode(load.tls, SSL_MODE_RELEASE_BUFFERS);
    printf("ok\n");
}

static void load_prepare(void)
{
    int next = 0, done = 0, got;

    while (done < load.count) {
        for (; next < load.count && next - done < UNDER_WAY; next++) {
            phone_connect(&load.phones[next]);
            phone_send(&load.phones[next], STEP_FOLDERS);
        }
        errno = 0;
        if ((got = load_poll(PATIENCE, phone_close)) < 0)
            fail("preparing phones: no answer");
        done += got;
    }
    printf("ok\n");
}

static void phone_ping(phone_t *phone)
{
    if (phone->fd < 0)
        phone_connect(phone);
    if (phone->step != STEP_PING)
        phone_send(phone, STEP_PING);
}

/* Paced, so that what is measured is waiting phones and not a storm of new ones. */
static void load_park(void)
{
    struct timespec pause = {.tv_nsec = 5000000};
    int i;

    for (i = 0; i < load.count; i++) {
        phone_ping(&load.phones[i]);
        if (i % 8 == 7)
            nanosleep(&pause, NULL);
        load_poll(0, NULL);
    }
    printf("ok %d\n", load.other);
}

static void phone_deliver(phone_t *phone)
{
    char from[512], to[512];

    snprintf(from, sizeof from, "%s/letter", load.mail);
    snprintf(to, sizeof to, "%s/u%06d/new/%llu.%u_%d.load", load.mail, number(phone),
             (unsigned long long)time(NULL), ++load.delivered, (int)getpid());
    if (link(from, to))
        fail("delivering");
}

static void phone_wake(phone_t *phone, int deliver)
{
    char channel[64], message[64];

    phone->woken = now();
    if (deliver) {
        phone_deliver(phone);
        return;
    }
    snprintf(channel, sizeof channel, "ms:{u%06d}:c", number(phone));
    snprintf(message, sizeof message, "S p 9000000000000000 LOAD%06d", number(phone));
    if (redisAppendCommand(load.redis, "PUBLISH %s %s", channel, message) != REDIS_OK)
        fail("redis");
}

static void load_published(int count)
{
    redisReply *reply;

    for (; count; count--) {
        if (redisGetReply(load.redis, (void **)&reply) != REDIS_OK)
            fail("redis");
        freeReplyObject(reply);
    }
}

static int compare(const void *one, const void *other)
{
    uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;

    return a < b ? -1 : a > b;
}

static void report(uint64_t total)
{
    int n = load.answered;

    qsort(load.latencies, (size_t)n, sizeof *load.latencies, compare);
    if (!n)
        fail("nobody was answered");
    printf("latency %d %.3f %.3f %.3f %.1f %d %d\n", n, (double)load.latencies[n / 2] / 1e6,
           (double)load.latencies[n * 99 / 100] / 1e6, (double)load.latencies[n - 1] / 1e6,
           (double)total / 1e6, load.closed, load.other);
}

static void load_single(int count, int deliver)
{
    struct timespec pause = {.tv_nsec = 20000000};

    for (; count; count--) {
        phone_t *phone = &load.phones[rand() % load.count];

        phone_ping(phone);
        nanosleep(&pause, NULL);
        phone_wake(phone, deliver);
        if (!deliver)
            load_published(1);
        errno = 0;
        while (phone->woken)
            if (load_poll(PATIENCE / 4, NULL) < 0)
                fail("a phone was not woken");
        phone_ping(phone);
    }
    report(0);
}

/* The time is that from the first wake-up to the last answer. */
static void load_all(int deliver)
{
    uint64_t start = now(), end = start;
    int i, before;

    for (i = 0; i < load.count; i++)
        phone_wake(&load.phones[i], deliver);
    if (!deliver)
        load_published(load.count);
    while (load.answered < load.count) {
        before = load.answered;
        if (load_poll(PATIENCE / 20, NULL) < 0)
            break;
        if (load.answered > before)
            end = now();
    }
    report(end - start);
    for (i = 0; i < load.count; i++)
        load.phones[i].woken = 0;
}

static void load_again(int seconds)
{
    uint64_t end = now() + (uint64_t)seconds * 1000000000U;
    int i;

    for (i = 0; i < load.count; i++)
        phone_ping(&load.phones[i]);
    while (now() < end)
        load_poll(50, phone_ping);
    printf("ok %d %d\n", load.answered, load.closed);
}

static void load_hangup(void)
{
    int i;

    for (i = 0; i < load.count; i++) {
        phone_close(&load.phones[i]);
        load.phones[i].step = STEP_IDLE;
    }
    printf("ok\n");
}

static void load_command(const char *line)
{
    int deliver = strstr(line, "deliver") != NULL;

    load.answered = load.closed = load.other = 0;
    if (!strncmp(line, "use ", 4))
        load_use(line + 4);
    else if (!strncmp(line, "prepare", 7))
        load_prepare();
    else if (!strncmp(line, "park", 4))
        load_park();
    else if (!strncmp(line, "single ", 7))
        load_single(atoi(line + 7), deliver);
    else if (!strncmp(line, "all ", 4))
        load_all(deliver);
    else if (!strncmp(line, "again ", 6))
        load_again(atoi(line + 6));
    else if (!strncmp(line, "hangup", 6))
        load_hangup();
    else
        printf("what?\n");
    fflush(stdout);
}

/* -- start ------------------------------------------------------------------------------------ */

static bytes_t template_read(const char *folder, const char *name)
{
    bytes_t bytes = {.data = calloc(1, 1024)};
    char path[512];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (!bytes.data || !(file = fopen(path, "rb")))
        fail(path);
    bytes.length = fread(bytes.data, 1, 1000, file); /* the rest stays zero */
    fclose(file);
    return bytes;
}

static struct sockaddr_in address(const char *text, int port)
{
    struct sockaddr_in made = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

    if (inet_pton(AF_INET, text, &made.sin_addr) != 1)
        fail(text);
    return made;
}

int main(int argc, char **argv)
{
    char line[128];
    int i;

    if (argc != 8)
        fail("arguments, see the head of its source");
    load.server = address(argv[1], 0);
    load.most = load.count = atoi(argv[2]);
    load.offset = atoi(argv[3]);
    load.source = address(argv[4], 0);
    load.mail = argv[5];
    load.bodies[STEP_FOLDERS] = template_read(argv[6], "folders");
    load.bodies[STEP_KEY] = load.bodies[STEP_SYNC] = template_read(argv[6], "sync");
    load.bodies[STEP_PING] = template_read(argv[6], "ping");
    load.redis = redisConnectUnix(argv[7]);
    if (!load.redis || load.redis->err)
        fail("redis");
    load.poller = epoll_create1(EPOLL_CLOEXEC);
    load.phones = calloc((size_t)load.count, sizeof *load.phones);
    load.latencies = calloc((size_t)load.count * 4 + 100000, sizeof *load.latencies);
    if (!load.phones || !load.latencies)
        fail("memory");
    for (i = 0; i < load.count; i++)
        load.phones[i].fd = -1;
    printf("ok\n");
    fflush(stdout);
    /* between commands nothing is read: a response waits in its socket */
    while (fgets(line, sizeof line, stdin))
        load_command(line);
    return 0;
}
