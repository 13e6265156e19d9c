/* Submission, with a shell script as sendmail and a thread as SMTP server. */
#include "tap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_strings.h>

#include "backend/blob.h"
#include "backend/submit.h"

static const char message[] = "From: a@example.com\r\nTo: b@example.org\r\nSubject: t\r\n\r\n"
                              "one\r\n.dot\r\n..\r\nlone\rcr\r\n";
static const char message_lf[] = "From: a@example.com\nTo: b@example.org\nSubject: t\n\n"
                                 "one\n.dot\n..\nlone\rcr\n";

static apr_array_header_t *list(apr_pool_t *pool, const char *first, const char *second)
{
    apr_array_header_t *recipients = apr_array_make(pool, 2, sizeof(const char *));

    APR_ARRAY_PUSH(recipients, const char *) = first;
    if (second)
        APR_ARRAY_PUSH(recipients, const char *) = second;
    return recipients;
}

/* -- files ----------------------------------------------------------------------------------- */

static char *slurp(const char *path, apr_size_t *length, apr_pool_t *pool)
{
    apr_file_t *file;
    apr_finfo_t info;
    char *text = NULL;

    if (apr_file_open(&file, path, APR_FOPEN_READ, 0, pool) != APR_SUCCESS)
        return NULL;
    if (apr_file_info_get(&info, APR_FINFO_SIZE, file) == APR_SUCCESS) {
        text = apr_pcalloc(pool, (apr_size_t)info.size + 1);
        *length = (apr_size_t)info.size;
        apr_file_read_full(file, text, *length, NULL);
    }
    apr_file_close(file);
    return text;
}

static void spew(const char *path, const char *text, apr_pool_t *pool)
{
    apr_file_t *file;

    apr_file_open(&file, path, APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_TRUNCATE, 0x755,
                  pool);
    apr_file_write_full(file, text, strlen(text), NULL);
    apr_file_close(file);
}

static char root[] = "/tmp/submit-test-XXXXXX";

/* A new folder under root. */
static const char *folder(apr_pool_t *pool)
{
    return mkdtemp(apr_pstrcat(pool, root, "/XXXXXX", NULL));
}

/* -- a program ------------------------------------------------------------------------------- */

static base_fault_t *submit_to_script(const char *directory, const char *script,
                                      const backend_blob_t *blob, apr_interval_time_t timeout,
                                      apr_pool_t *pool)
{
    const char *path = apr_pstrcat(pool, directory, "/sendmail", NULL);
    backend_submit_t *submit;
    base_fault_t *fault;

    spew(path, script, pool);
    fault = backend_submit_configure(apr_psprintf(pool, "%s -i 'two words' %s", path, directory),
                                     NULL, directory, &submit, pool);
    if (fault)
        return fault;
    if (timeout)
        backend_submit_set_timeout(submit, timeout);
    return backend_submit(submit, "a@example.com", list(pool, "b@example.org", "-oops@example.org"),
                          blob, pool);
}

static void test_program_gets_all(apr_pool_t *pool)
{
    const char *directory = folder(pool);
    backend_blob_t *blob = backend_blob_of(message, sizeof message - 1, pool);
    apr_size_t length = 0;
    base_fault_t *fault =
        submit_to_script(directory,
                         "#!/bin/sh\nfor a; do echo \"$a\"; done >$3/args\ncat >$3/message\n"
                         "echo fine >&2\n",
                         blob, 0, pool);
    char *got = slurp(apr_pstrcat(pool, directory, "/message", NULL), &length, pool);

    ok(!fault, "a program takes the message%s%s", fault ? ": " : "", fault ? fault->message : "");
    is_str(slurp(apr_pstrcat(pool, directory, "/args", NULL), &length, pool),
           apr_psprintf(pool,
                        "-i\ntwo words\n%s\n-f\na@example.com\n--\nb@example.org\n"
                        "-oops@example.org\n",
                        directory),
           "its arguments: configured ones, sender, recipients after --");
    is_str(got, message_lf, "line ends are the host's, all else is as it was");
}

static void test_program_large(apr_pool_t *pool)
{
    const char *directory = folder(pool);
    apr_size_t size = 8 * 1024 * 1024 + 17, length = 0, i;
    char *text = apr_palloc(pool, size);
    const char *path = apr_pstrcat(pool, directory, "/blob", NULL);
    backend_blob_t blob = {.size = size};
    apr_file_t *file;
    base_fault_t *fault;
    char *got;

    for (i = 0; i < size; i++)
        text[i] = (char)('a' + i % 23);
    apr_file_open(&file, path, APR_FOPEN_WRITE | APR_FOPEN_READ | APR_FOPEN_CREATE, 0x600, pool);
    apr_file_write_full(file, text, size, NULL);
    apr_file_write_full(file, "not of the message", 18, NULL);
    blob.file = file;
    fault = submit_to_script(directory, "#!/bin/sh\nexec cat >$3/message\n", &blob, 0, pool);
    got = slurp(apr_pstrcat(pool, directory, "/message", NULL), &length, pool);
    ok(!fault && got && length == size && memcmp(got, text, size) == 0,
       "a large file arrives whole, and no more than the blob says");
}

/* CR and LF on either side of the border of two blocks. */
static void test_program_border(apr_pool_t *pool)
{
    const char *directory = folder(pool);
    apr_size_t size = 65536 + 1, length = 0;
    char *text = apr_palloc(pool, size), *got;

    memset(text, 'x', size);
    text[65535] = '\r';
    text[65536] = '\n';
    submit_to_script(directory, "#!/bin/sh\nexec cat >$3/message\n",
                     backend_blob_of(text, size, pool), 0, pool);
    got = slurp(apr_pstrcat(pool, directory, "/message", NULL), &length, pool);
    ok(got && length == 65536 && got[65535] == '\n', "CRLF across blocks becomes LF");
    text[65536] = '\r';
    submit_to_script(directory, "#!/bin/sh\nexec cat >$3/message\n",
                     backend_blob_of(text, size, pool), 0, pool);
    got = slurp(apr_pstrcat(pool, directory, "/message", NULL), &length, pool);
    ok(got && length == size && memcmp(got, text, size) == 0, "lone CRs stay");
}

static void test_program_refuses(apr_pool_t *pool)
{
    static const struct {
        int code;
        base_fault_code_t fault;
    } rows[] = {{75, BASE_FAULT_UNAVAILABLE}, {71, BASE_FAULT_UNAVAILABLE},
                {67, BASE_FAULT_DENIED},      {69, BASE_FAULT_DENIED},
                {1, BASE_FAULT_DENIED},       {64, BASE_FAULT_INTERNAL},
                {78, BASE_FAULT_INTERNAL}};
    backend_blob_t *blob = backend_blob_of(message, sizeof message - 1, pool);
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        base_fault_t *fault = submit_to_script(
            folder(pool),
            apr_psprintf(pool, "#!/bin/sh\necho 'no such user: b' >&2\nexit %d\n", rows[i].code),
            blob, 0, pool);

        ok(fault && fault->code == rows[i].fault &&
               strstr(fault->message, "no such user: b") != NULL,
           "exit code %d is %s with what the program said", rows[i].code,
           base_fault_code_name(base_fault_code(fault)));
    }
}

/* A process that has ended may stay as a zombie until somebody reaps it. */
static int is_alive(int pid, apr_pool_t *pool)
{
    FILE *in = fopen(apr_psprintf(pool, "/proc/%d/stat", pid), "r");
    char state = 'Z';

    if (in) {
        if (fscanf(in, "%*d (%*[^)]) %c", &state) != 1)
            state = '?';
        fclose(in);
    }
    return state != 'Z' && state != 'X';
}

/* Also a process that was killed takes its time to end: given up after a minute. */
static int has_ended(int pid, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < 6000 && is_alive(pid, pool); i++)
        apr_sleep(10000);
    return !is_alive(pid, pool);
}

static void test_program_dies(apr_pool_t *pool)
{
    backend_blob_t *blob = backend_blob_of(message, sizeof message - 1, pool);
    const char *directory = folder(pool);
    base_fault_t *fault = submit_to_script(folder(pool), "#!/bin/sh\nkill -9 $$\n", blob, 0, pool);
    apr_size_t length = 0;
    char *pid;

    is_int(base_fault_code(fault), BASE_FAULT_UNKNOWN_OUTCOME, "killed: nobody knows");
    fault = submit_to_script(
        directory, "#!/bin/sh\necho $$ >$3/pid\necho busy\nsleep 600 &\necho $! >$3/child\nwait\n",
        blob, apr_time_from_sec(3), pool); /* it begins in far less */
    is_int(base_fault_code(fault), BASE_FAULT_UNKNOWN_OUTCOME, "hung: nobody knows");
    pid = slurp(apr_pstrcat(pool, directory, "/pid", NULL), &length, pool);
    ok(pid && has_ended(atoi(pid), pool), "a hung program is ended");
    pid = slurp(apr_pstrcat(pool, directory, "/child", NULL), &length, pool);
    ok(pid && has_ended(atoi(pid), pool), "and so are its children");
}

/* A program that answers and leaves a child behind that keeps its output open. */
static void test_program_leaves_child(apr_pool_t *pool)
{
    const char *directory = folder(pool);
    backend_blob_t *blob = backend_blob_of(message, sizeof message - 1, pool);
    base_fault_t *fault = submit_to_script(
        directory, "#!/bin/sh\nsleep 600 &\necho $! >$3/pid\nexit 0\n", blob, 0, pool);
    apr_size_t length = 0;
    char *pid = slurp(apr_pstrcat(pool, directory, "/pid", NULL), &length, pool);

    ok(!fault && pid && kill(atoi(pid), 0) == 0, "a queue runner left behind is not waited for");
    if (pid && atoi(pid) > 1)
        kill(atoi(pid), SIGKILL);
}

/* -- configuration ---------------------------------------------------------------------------- */

static void test_configure(apr_pool_t *pool)
{
    static const char *const bad_urls[] = {
        "",           "mail.example.com",      "http://mail.example.com",
        "smtp://",    "smtp://user@host",      "smtp://u:p@host/path",
        "smtp://h:x", "smtps://u:secret@h?x=1"};
    backend_submit_t *submit;
    base_fault_t *fault;
    size_t i;

    ok(!backend_submit_configure(NULL, NULL, NULL, &submit, pool) && !submit,
       "nothing configured is no fault");
    for (i = 0; i < sizeof bad_urls / sizeof *bad_urls; i++) {
        fault = backend_submit_configure(NULL, bad_urls[i], NULL, &submit, pool);
        ok(fault && fault->code == BASE_FAULT_INVALID && !strstr(fault->message, "secret"),
           "refused: \"%s\"", bad_urls[i]);
    }
    ok(!backend_submit_configure(NULL, "smtps://us%40er:p%3Ass@mail.example.com:465", NULL, &submit,
                                 pool),
       "smtps with user and password");
    ok(!backend_submit_configure(NULL, "smtp://[::1]:2525", NULL, &submit, pool), "IPv6 address");
    fault = backend_submit_configure("", NULL, NULL, &submit, pool);
    is_int(base_fault_code(fault), BASE_FAULT_INVALID, "an empty command");
    fault = backend_submit_configure("sendmail -i", NULL, NULL, &submit, pool);
    is_int(base_fault_code(fault), BASE_FAULT_INVALID, "a relative command");
    fault = backend_submit_configure("/nonexistent/sendmail", NULL, NULL, &submit, pool);
    ok(fault && fault->code == BASE_FAULT_INVALID && strstr(fault->message, "/nonexistent"),
       "a missing program is named");
    fault = backend_submit_configure("/bin/true", "smtp://h", NULL, &submit, pool);
    is_int(base_fault_code(fault), BASE_FAULT_INVALID, "both ways at once");
}

static void test_addresses(apr_pool_t *pool)
{
    static const char *const bad[] = {"", "<a@example.org>", "a@b>\r\nRCPT TO:<c@d", "x\n@y"};
    backend_blob_t *blob = backend_blob_of(message, sizeof message - 1, pool);
    backend_submit_t *submit;
    size_t i;

    backend_submit_configure("/bin/false", NULL, NULL, &submit, pool);
    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        is_int(
            base_fault_code(backend_submit(submit, "a@b", list(pool, "c@d", bad[i]), blob, pool)),
            BASE_FAULT_INVALID, "a broken recipient is refused");
        is_int(base_fault_code(backend_submit(submit, bad[i], list(pool, "c@d", NULL), blob, pool)),
               BASE_FAULT_INVALID, "a broken sender is refused");
    }
}

/* -- an SMTP server --------------------------------------------------------------------------- */

typedef struct {
    /* script; NULL: the usual reply. "" closes the connection instead. */
    const char *greeting, *ehlo, *login, *mail, *data, *done;
    const char *bad_recipient, *bad_reply;
    apr_size_t close_after; /* bytes of the message */
    /* what happened */
    int port, socket;
    char commands[4096];
    char secret[256]; /* what follows AUTH */
    char *content;
    apr_size_t length;
    pthread_t thread;
} smtp_t;

static int smtp_say(FILE *out, const char *reply, const char *usual)
{
    if (reply && !*reply)
        return 0;
    fprintf(out, "%s\r\n", reply ? reply : usual);
    return fflush(out) == 0;
}

/* Reads the message up to the final dot and takes off the stuffing. */
static int smtp_take(smtp_t *server, FILE *in)
{
    char line[4096];
    size_t capacity = 64 * 1024 * 1024;

    server->content = malloc(capacity);
    while (fgets(line, sizeof line, in)) {
        size_t length = strlen(line), skip = line[0] == '.';

        if (strcmp(line, ".\r\n") == 0)
            return 1;
        memcpy(server->content + server->length, line + skip, length - skip);
        server->length += length - skip;
        if (server->close_after && server->length >= server->close_after)
            return 0;
    }
    return 0;
}

static void smtp_converse(smtp_t *server, FILE *in, FILE *out)
{
    char line[4096];
    int going = smtp_say(out, server->greeting, "220 test");

    while (going && fgets(line, sizeof line, in)) {
        size_t used = strlen(server->commands);

        snprintf(server->commands + used, sizeof server->commands - used, "%s", line);
        if (strncasecmp(line, "EHLO", 4) == 0)
            going = smtp_say(out, server->ehlo, "250-test\r\n250 SIZE");
        else if (strncasecmp(line, "AUTH PLAIN", 10) == 0) {
            going = smtp_say(out, "334 ", NULL) && fgets(server->secret, 256, in) &&
                    smtp_say(out, server->login, "235 welcome");
        }
        else if (strncasecmp(line, "MAIL", 4) == 0)
            going = smtp_say(out, server->mail, "250 ok");
        else if (strncasecmp(line, "RCPT", 4) == 0)
            going = smtp_say(out,
                             server->bad_recipient && strstr(line, server->bad_recipient)
                                 ? server->bad_reply
                                 : NULL,
                             "250 ok");
        else if (strncasecmp(line, "DATA", 4) == 0)
            going = smtp_say(out, server->data, "354 go on") &&
                    (server->data ||
                     (smtp_take(server, in) && smtp_say(out, server->done, "250 queued")));
        else if (strncasecmp(line, "QUIT", 4) == 0)
            going = smtp_say(out, "221 bye", NULL) && 0;
        else
            going = smtp_say(out, "502 what?", NULL);
    }
}

static void *smtp_run(void *baton)
{
    smtp_t *server = baton;
    struct pollfd poller = {.fd = server->socket, .events = POLLIN};
    int connection;

    if (poll(&poller, 1, 30000) == 1 && (connection = accept(server->socket, NULL, NULL)) >= 0) {
        FILE *in = fdopen(connection, "r"), *out = fdopen(dup(connection), "w");

        smtp_converse(server, in, out);
        fclose(out);
        fclose(in);
    }
    return NULL;
}

static void smtp_start(smtp_t *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->socket = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(server->socket, (struct sockaddr *)&address, sizeof address) ||
        listen(server->socket, 5) ||
        getsockname(server->socket, (struct sockaddr *)&address, &length))
        abort();
    server->port = ntohs(address.sin_port);
    pthread_create(&server->thread, NULL, smtp_run, server);
}

/* login: "user:password@" or "". */
static base_fault_t *submit_as(smtp_t *server, const char *login, const backend_blob_t *blob,
                               apr_pool_t *pool)
{
    backend_submit_t *submit;
    base_fault_t *fault;

    smtp_start(server);
    fault = backend_submit_configure(
        NULL, apr_psprintf(pool, "smtp://%s127.0.0.1:%d", login, server->port), NULL, &submit,
        pool);
    if (!fault)
        fault = backend_submit(submit, "a@example.com",
                               list(pool, "b@example.org", "c@example.org"), blob, pool);
    pthread_join(server->thread, NULL);
    close(server->socket);
    return fault;
}

static base_fault_t *submit_to_smtp(smtp_t *server, const backend_blob_t *blob, apr_pool_t *pool)
{
    return submit_as(server, "", blob, pool);
}

static void test_smtp_login(apr_pool_t *pool)
{
    smtp_t server = {.ehlo = "250-test\r\n250 AUTH PLAIN"};
    smtp_t stern = {.ehlo = "250-test\r\n250 AUTH PLAIN", .login = "535 wrong password"};
    backend_blob_t *blob = backend_blob_of(message, sizeof message - 1, pool);
    base_fault_t *fault = submit_as(&server, "us%40er:p%3Ass@", blob, pool);

    ok(!fault && server.length == sizeof message - 1, "with user and password");
    is_str(server.secret, "AHVzQGVyAHA6c3M=\r\n", "which are those of the URL");
    free(server.content);
    fault = submit_as(&stern, "user:secret@", blob, pool);
    is_int(base_fault_code(fault), BASE_FAULT_INTERNAL,
           "a wrong password is the operator's matter");
    ok(fault && !strstr(fault->message, "secret") && !strstr(stern.commands, "MAIL"), "  %s",
       fault ? fault->message : "");
}

static void test_smtp_takes(apr_pool_t *pool)
{
    smtp_t server = {0};
    base_fault_t *fault =
        submit_to_smtp(&server, backend_blob_of(message, sizeof message - 1, pool), pool);

    ok(!fault, "an SMTP server takes the message%s%s", fault ? ": " : "",
       fault ? fault->message : "");
    ok(server.length == sizeof message - 1 &&
           memcmp(server.content, message, sizeof message - 1) == 0,
       "byte for byte, dots included");
    ok(strstr(server.commands, "MAIL FROM:<a@example.com>") &&
           strstr(server.commands, "RCPT TO:<b@example.org>") &&
           strstr(server.commands, "RCPT TO:<c@example.org>"),
       "with its envelope");
    free(server.content);
}

static void test_smtp_large(apr_pool_t *pool)
{
    apr_size_t size = 5 * 1024 * 1024, i;
    char *text = apr_palloc(pool, size);
    smtp_t server = {0};
    base_fault_t *fault;

    for (i = 0; i < size; i++)
        text[i] = i % 78 == 76 ? '\r' : i % 78 == 77 ? '\n' : '.';
    memcpy(text + size - 2, "\r\n", 2);
    fault = submit_to_smtp(&server, backend_blob_of(text, size, pool), pool);
    ok(!fault && server.length == size && memcmp(server.content, text, size) == 0,
       "5 MB of dots arrive as they were");
    free(server.content);
}

static void test_smtp_refuses(apr_pool_t *pool)
{
    static const struct {
        smtp_t server;
        base_fault_code_t fault;
        const char *says;
        const char *name;
    } rows[] = {
        {{.greeting = "421 too busy"}, BASE_FAULT_UNAVAILABLE, "", "greeting 421"},
        {{.mail = "550 who are you"}, BASE_FAULT_DENIED, "550 who are you", "sender refused"},
        {{.mail = "530 log in first"}, BASE_FAULT_INTERNAL, "530", "login wanted"},
        {{.mail = "552 too big"}, BASE_FAULT_TOO_LARGE, "552 too big", "too large"},
        {{.bad_recipient = "c@example.org", .bad_reply = "550 no such user"},
         BASE_FAULT_DENIED,
         "c@example.org",
         "one of two recipients refused"},
        {{.bad_recipient = "b@example.org", .bad_reply = "451 greylisted"},
         BASE_FAULT_UNAVAILABLE,
         "greylisted",
         "a recipient put off"},
        {{.data = "554 no valid recipients"}, BASE_FAULT_DENIED, "554", "DATA refused"},
        {{.done = "550 spam"}, BASE_FAULT_DENIED, "550 spam", "content refused"},
        {{.done = "452 disk full"}, BASE_FAULT_UNAVAILABLE, "452 disk full", "content put off"},
        {{.mail = ""}, BASE_FAULT_UNAVAILABLE, "", "connection lost before DATA"},
        {{.done = ""}, BASE_FAULT_UNKNOWN_OUTCOME, "", "connection lost after DATA"},
    };
    backend_blob_t *blob = backend_blob_of(message, sizeof message - 1, pool);
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        smtp_t server = rows[i].server;
        base_fault_t *fault = submit_to_smtp(&server, blob, pool);

        is_int(base_fault_code(fault), rows[i].fault, rows[i].name);
        ok(fault && strstr(fault->message, rows[i].says), "  %s",
           fault ? fault->message : "(no fault)");
        ok(!rows[i].server.bad_recipient || !strstr(server.commands, "DATA"),
           "  a refused recipient: nothing is sent to the others");
        free(server.content);
    }
}

static void test_smtp_breaks(apr_pool_t *pool)
{
    apr_size_t size = 20 * 1024 * 1024;
    char *text = apr_palloc(pool, size);
    smtp_t server = {.close_after = 1000};
    backend_submit_t *submit;
    base_fault_t *fault;
    apr_size_t i;

    for (i = 0; i < size; i += 2)
        memcpy(text + i, i % 80 ? "xx" : "\r\n", 2);
    fault = submit_to_smtp(&server, backend_blob_of(text, size, pool), pool);
    is_int(base_fault_code(fault), BASE_FAULT_UNAVAILABLE,
           "connection lost in the middle of the message: it was not taken");
    free(server.content);
    /* the port is free again: nobody listens */
    backend_submit_configure(NULL, apr_psprintf(pool, "smtp://127.0.0.1:%d", server.port), NULL,
                             &submit, pool);
    fault = backend_submit(submit, "a@b", list(pool, "c@d", NULL),
                           backend_blob_of("x\r\n", 3, pool), pool);
    is_int(base_fault_code(fault), BASE_FAULT_UNAVAILABLE, "no server there");
}

/* The blob cannot be read to its end: the server must not take what it got for the whole. */
static void test_smtp_unreadable(apr_pool_t *pool)
{
    const char *path = apr_pstrcat(pool, folder(pool), "/short", NULL);
    backend_blob_t blob = {.size = 1000000};
    smtp_t server = {0};
    base_fault_t *fault;

    spew(path, message, pool);
    apr_file_open(&blob.file, path, APR_FOPEN_READ, 0, pool);
    fault = submit_to_smtp(&server, &blob, pool);
    is_int(base_fault_code(fault), BASE_FAULT_UNAVAILABLE, "an unreadable message is not sent");
    ok(server.length < blob.size, "the server saw no end of it");
    free(server.content);
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    if (!mkdtemp(root))
        return 1;
    signal(SIGPIPE, SIG_IGN);
    backend_submit_child_init();
    test_configure(pool);
    test_addresses(pool);
    test_program_gets_all(pool);
    test_program_large(pool);
    test_program_border(pool);
    test_program_refuses(pool);
    test_program_dies(pool);
    test_program_leaves_child(pool);
    test_smtp_login(pool);
    test_smtp_takes(pool);
    test_smtp_large(pool);
    test_smtp_refuses(pool);
    test_smtp_breaks(pool);
    test_smtp_unreadable(pool);
    ok(system(apr_pstrcat(pool, "rm -rf ", root, NULL)) == 0, "cleaned up");
    apr_pool_destroy(pool);
    return done_testing();
}
