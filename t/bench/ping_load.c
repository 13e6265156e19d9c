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
 *   park          each phone connects and sends its Ping (a Sync before it, if it was told of changes)
 *   single N HOW  wakes N phones one after the other and tells how long each answer took. HOW is
 *                 deliver (a file in the Maildir) or publish (a newer Ping of the device, told by Redis:
 *                 nothing is looked at)
 *   all HOW       wakes every phone as fast as it can, then has them wait again
 *   again S       for S seconds: who is answered or cut off sends its Ping again
 *   hangup        closes all connections
 */
#define _GNU_SOURCE /* memmem, strcasestr */
#include "ping_phone.h"

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

/* A server that is busy closes connections that it keeps alive: the step is done once more. */
static void phone_prepared(phone_t *phone)
{
    step_t step = phone->step;

    phone_close(phone);
    if (step == STEP_IDLE)
        return;
    phone_connect(phone);
    phone_send(phone, step);
}

static void load_prepare(void)
{
    int next = 0;

    while (load.answered < load.count) {
        for (; next < load.count && next - load.answered < UNDER_WAY; next++) {
            phone_connect(&load.phones[next]);
            phone_send(&load.phones[next], STEP_FOLDERS);
        }
        if (load_poll(PATIENCE, phone_prepared) < 0)
            fail("preparing phones: no answer");
    }
    printf("ok\n");
}

static void phone_ping(phone_t *phone)
{
    if (phone->fd >= 0 && phone->step != STEP_IDLE)
        return;
    if (phone->fd < 0)
        phone_connect(phone);
    phone_send(phone, phone->told ? STEP_SYNC : STEP_PING);
}

/* Until it waits (again). */
static void phone_await_ping(phone_t *phone)
{
    while (phone->step != STEP_PING) {
        phone_ping(phone);
        if (load_poll(PATIENCE, phone_ping) < 0)
            fail("a phone is not answered");
    }
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

/* Paced, so that what is measured is waiting phones and not a storm of new ones. */
static void load_park(void)
{
    struct timespec pause = {.tv_nsec = 5000000};
    int i;

    for (i = 0; i < load.count; i++) {
        phone_ping(&load.phones[i]);
        if (i % 8 == 7)
            nanosleep(&pause, NULL);
        load_poll(0, phone_ping);
    }
    for (i = 0; i < load.count; i++)
        phone_await_ping(&load.phones[i]);
    load_again(1); /* who is answered at once */
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

        phone_await_ping(phone);
        nanosleep(&pause, NULL);
        phone_wake(phone, deliver);
        if (!deliver)
            load_published(1);
        errno = 0;
        while (phone->woken)
            if (load_poll(PATIENCE / 4, phone_ping) < 0)
                fail("a phone was not woken");
        phone_await_ping(phone);
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
