/* A redis-server of the test's own, on a unix socket in a folder of its own. It dies with
 * the test; the folder goes at the end. */
#ifndef T_UNIT_REDIS_SERVER_H
#define T_UNIT_REDIS_SERVER_H

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "redis/redis.h"

typedef struct {
    char folder[64];
    char socket[96];
    char url[128]; /* for redis_config_parse */
    pid_t pid;     /* 0: not running */
} redis_server_t;

static int redis_server_unlink(const char *path, const struct stat *status, int type,
                               struct FTW *ftw)
{
    (void)status;
    (void)type;
    (void)ftw;
    return remove(path);
}

static const char *redis_server_binary(void)
{
    static const char *const paths[] = {"/usr/bin/redis-server", "/usr/local/bin/redis-server",
                                        "/usr/sbin/redis-server"};
    const char *named = getenv("REDIS_SERVER");
    size_t i;

    if (named)
        return named;
    for (i = 0; i < sizeof paths / sizeof *paths; i++)
        if (access(paths[i], X_OK) == 0)
            return paths[i];
    return NULL;
}

static void redis_server_exec(const redis_server_t *server, const char *option, const char *value)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!freopen("/dev/null", "w", stdout))
        _exit(127);
    execl(redis_server_binary(), "redis-server", "--port", "0", "--unixsocket", server->socket,
          "--dir", server->folder, "--save", "", "--appendonly", "yes", "--appendfsync", "always",
          "--loglevel", "warning", option, value, (char *)NULL);
    _exit(127);
}

/* 1 once it says PONG (or wants a password). */
static int redis_server_ready(const redis_server_t *server)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char answer[16] = "";
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), ready = 0;

    strcpy(address.sun_path, server->socket);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
        write(fd, "PING\r\n", 6) == 6 && read(fd, answer, sizeof answer - 1) > 0)
        ready = answer[0] == '+' || strncmp(answer, "-NOAUTH", 7) == 0;
    if (fd >= 0)
        close(fd);
    return ready;
}

/* Starts it (again, with the data it had); one more option may be given. 0: it does not start. */
static int redis_server_run(redis_server_t *server, const char *option, const char *value)
{
    int tries;

    server->pid = fork();
    if (server->pid == 0)
        redis_server_exec(server, option, value);
    for (tries = 0; server->pid > 0 && tries < 3000; tries++) {
        if (redis_server_ready(server))
            return 1;
        if (waitpid(server->pid, NULL, WNOHANG) == server->pid)
            break;
        usleep(10000);
    }
    server->pid = 0;
    return 0;
}

/* 0: there is no redis-server on this machine. Exits when it is there but does not start. */
static int redis_server_start(redis_server_t *server)
{
    memset(server, 0, sizeof *server);
    if (!redis_server_binary())
        return 0;
    signal(SIGPIPE, SIG_IGN); /* as httpd does */
    strcpy(server->folder, "/tmp/mobilesync-redis.XXXXXX");
    if (!mkdtemp(server->folder)) {
        perror("mkdtemp");
        exit(1);
    }
    snprintf(server->socket, sizeof server->socket, "%s/redis.sock", server->folder);
    snprintf(server->url, sizeof server->url, "unix:%s", server->socket);
    if (!redis_server_run(server, NULL, NULL)) {
        printf("Bail out! redis-server does not start\n");
        exit(1);
    }
    return 1;
}

static void redis_server_kill(redis_server_t *server)
{
    if (server->pid <= 0)
        return;
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
    server->pid = 0;
}

static void redis_server_finish(redis_server_t *server)
{
    redis_server_kill(server);
    if (server->folder[0])
        nftw(server->folder, redis_server_unlink, 8, FTW_DEPTH | FTW_PHYS);
}

/* A command of words, NULL ends them. NULL when it failed. */
__attribute__((unused, sentinel)) static redis_value_t *redis_say(redis_pool_t *redis,
                                                                  apr_pool_t *pool, ...)
{
    redis_args_t *args = redis_args_make(pool);
    redis_value_t *value = NULL;
    base_fault_t *fault;
    const char *text;
    va_list list;

    va_start(list, pool);
    while ((text = va_arg(list, const char *)))
        redis_args_text(args, text);
    va_end(list);
    fault = redis_command(redis, args, REDIS_REPEAT, &value, pool);
    if (fault)
        printf("# %s\n", fault->message);
    return fault ? NULL : value;
}

#endif
