/* Submission through a sendmail-like program.
 *
 * The message is written to an unlinked temporary file first, which becomes the program's
 * standard input: so it sees the whole message or is never started, whatever happens to this
 * process, and nobody waits for a full pipe. The file has the host's line ends, as programs of
 * this kind expect.
 *
 * posix_spawn rather than apr_proc_create: the program gets a process group of its own, so that
 * one that hangs is ended with its children. */
#include "backend/submit_ways.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>
#include <apr_portable.h>
#include <apr_strings.h>

#include "backend/lines.h"
#include "base/text.h"

#define PROGRAM_BLOCK 65536
#define PROGRAM_OUTPUT_MAX 500 /* bytes of what it says that are kept for the fault */
#define PROGRAM_POLL_MAX 50    /* ms between two looks whether it has ended */

extern char **environ;

/* An unlinked file with the message. */
static base_fault_t *program_input(const backend_submit_t *submit, const backend_blob_t *message,
                                   apr_file_t **file, apr_pool_t *pool)
{
    backend_submit_reader_t reader = {.blob = message};
    const char *directory = submit->directory;
    char *name, *block = apr_palloc(pool, PROGRAM_BLOCK),
                *out = apr_palloc(pool, PROGRAM_BLOCK + 1);
    backend_lines_t lines = {0};
    apr_status_t status;
    apr_size_t length = 1;

    if (!directory && (status = apr_temp_dir_get(&directory, pool)) != APR_SUCCESS)
        return base_fault_make_status(pool, BASE_FAULT_UNAVAILABLE, status,
                                      "finding a folder for temporary files");
    name = apr_pstrcat(pool, directory, "/mobilesync-submit-XXXXXX", NULL);
    status = apr_file_mktemp(file, name,
                             APR_FOPEN_CREATE | APR_FOPEN_READ | APR_FOPEN_WRITE | APR_FOPEN_EXCL |
                                 APR_FOPEN_BUFFERED,
                             pool);
    if (status == APR_SUCCESS)
        status = apr_file_remove(name, pool);
    while (status == APR_SUCCESS && length) {
        apr_size_t produced;

        length = PROGRAM_BLOCK;
        BASE_TRY(backend_submit_read(&reader, block, &length, pool));
        produced = backend_lines_host(&lines, block, length, out);
        status = apr_file_write_full(*file, out, produced, NULL);
    }
    if (status == APR_SUCCESS)
        status = apr_file_flush(*file);
    if (status != APR_SUCCESS)
        return base_fault_make_status(pool, BASE_FAULT_UNAVAILABLE, status,
                                      "writing the message for the program to %s", directory);
    return NULL;
}

static char *const *program_arguments(const backend_submit_t *submit, const char *sender,
                                      const apr_array_header_t *recipients, apr_pool_t *pool)
{
    apr_array_header_t *arguments = apr_array_make(pool, recipients->nelts + 8, sizeof(char *));
    int i;

    for (i = 0; submit->arguments[i]; i++)
        APR_ARRAY_PUSH(arguments, const char *) = submit->arguments[i];
    APR_ARRAY_PUSH(arguments, const char *) = "-f";
    APR_ARRAY_PUSH(arguments, const char *) = sender;
    APR_ARRAY_PUSH(arguments, const char *) = "--";
    for (i = 0; i < recipients->nelts; i++)
        APR_ARRAY_PUSH(arguments, const char *) = APR_ARRAY_IDX(recipients, i, const char *);
    APR_ARRAY_PUSH(arguments, const char *) = NULL;
    return (char *const *)arguments->elts;
}

/* Starts the program with the two descriptors as its input and its outputs, default signal
 * handling and nothing else of ours open. Returns an errno. */
static int program_spawn(char *const *arguments, int input, int output, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    int failed;

    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                              POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    failed = posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    if (!failed)
        failed = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    if (!failed)
        failed = posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
#if defined(__GLIBC_PREREQ)
#if __GLIBC_PREREQ(2, 34)
    /* libraries do open descriptors without O_CLOEXEC */
    if (!failed)
        failed = posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
#endif
#endif
    if (!failed)
        failed = posix_spawn(pid, arguments[0], &actions, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return failed;
}

/* Takes what the program has said so far. Returns 0 when it will say no more. */
static int program_listen(int output, base_text_buffer_t *said)
{
    char block[512];
    ssize_t got;

    while ((got = read(output, block, sizeof block)) > 0)
        if (said->length < PROGRAM_OUTPUT_MAX)
            base_text_buffer_append(said, block,
                                    (size_t)got < PROGRAM_OUTPUT_MAX - said->length
                                        ? (size_t)got
                                        : PROGRAM_OUTPUT_MAX - said->length);
    return got < 0 && (errno == EAGAIN || errno == EINTR);
}

/* Waits for its end, at most until the deadline: then it is killed and *timed_out set. Returns 0
 * when somebody else has reaped it. */
static int program_wait(pid_t pid, int output, apr_time_t deadline, base_text_buffer_t *said,
                        int *status, int *timed_out)
{
    int pause = 1, listening = 1;
    pid_t ended;

    *timed_out = 0;
    while ((ended = waitpid(pid, status, WNOHANG)) == 0 || (ended < 0 && errno == EINTR)) {
        struct pollfd poller = {.fd = output, .events = POLLIN};

        if (apr_time_now() >= deadline) {
            *timed_out = 1;
            kill(-pid, SIGKILL);
            while ((ended = waitpid(pid, status, 0)) < 0 && errno == EINTR)
                ;
            break;
        }
        poll(&poller, listening ? 1 : 0, pause);
        if (listening)
            listening = program_listen(output, said);
        pause = pause * 2 > PROGRAM_POLL_MAX ? PROGRAM_POLL_MAX : pause * 2;
    }
    if (listening)
        program_listen(output, said);
    return ended == pid;
}

/* What an exit code of sysexits.h says about the message. */
static base_fault_code_t program_exit_fault(int code)
{
    switch (code) {
    case EX_OSERR:
    case EX_OSFILE:
    case EX_CANTCREAT:
    case EX_IOERR:
    case EX_TEMPFAIL:
        return BASE_FAULT_UNAVAILABLE;
    case EX_USAGE:
    case EX_SOFTWARE:
    case EX_CONFIG:
    case 126: /* found but not executable, of a script's shell */
    case 127: /* not found */
        return BASE_FAULT_INTERNAL;
    default:
        return BASE_FAULT_DENIED;
    }
}

static base_fault_t *program_verdict(const backend_submit_t *submit, int reaped, int status,
                                     int timed_out, const base_text_buffer_t *said,
                                     apr_pool_t *pool)
{
    const char *name = submit->arguments[0];
    const char *quoted = said->length ? apr_pstrcat(pool, ": ", said->data, NULL) : "";

    if (timed_out)
        return base_fault_make(pool, BASE_FAULT_UNKNOWN_OUTCOME,
                               "%s did not end within %d seconds and was killed%s", name,
                               (int)apr_time_sec(submit->timeout), quoted);
    if (!reaped)
        return base_fault_make(pool, BASE_FAULT_UNKNOWN_OUTCOME, "%s: its exit code got lost%s",
                               name, quoted);
    if (WIFSIGNALED(status))
        return base_fault_make(pool, BASE_FAULT_UNKNOWN_OUTCOME, "%s was ended by signal %d%s",
                               name, WTERMSIG(status), quoted);
    if (WEXITSTATUS(status))
        return base_fault_make(pool, program_exit_fault(WEXITSTATUS(status)),
                               "%s ended with exit code %d%s", name, WEXITSTATUS(status), quoted);
    return NULL;
}

base_fault_t *backend_submit_program(const backend_submit_t *submit, const char *sender,
                                     const apr_array_header_t *recipients,
                                     const backend_blob_t *message, apr_pool_t *pool)
{
    base_text_buffer_t said = {.pool = pool};
    int output[2], failed, status = 0, reaped, timed_out;
    apr_os_file_t input;
    apr_file_t *file;
    pid_t pid;

    BASE_TRY(program_input(submit, message, &file, pool));
    if (pipe2(output, O_CLOEXEC | O_NONBLOCK) != 0)
        failed = errno;
    else {
        apr_os_file_get(&input, file);
        lseek(input, 0, SEEK_SET); /* shared with the program */
        /* what the program writes to must block as usual: flags belong to each end alone */
        fcntl(output[1], F_SETFL, 0);
        failed = program_spawn(program_arguments(submit, sender, recipients, pool), input,
                               output[1], &pid);
        close(output[1]);
        if (failed)
            close(output[0]);
    }
    apr_file_close(file);
    if (failed)
        return base_fault_make_status(pool, BASE_FAULT_INTERNAL, APR_FROM_OS_ERROR(failed),
                                      "starting %s", submit->arguments[0]);
    reaped =
        program_wait(pid, output[0], apr_time_now() + submit->timeout, &said, &status, &timed_out);
    close(output[0]);
    return program_verdict(submit, reaped, status, timed_out, &said, pool);
}
