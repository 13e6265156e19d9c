/* A temporary store, and another program at its Maildirs: for tests of the local driver. */
#ifndef T_UNIT_BACKEND_MAILDIR_H
#define T_UNIT_BACKEND_MAILDIR_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "backend_contract.h"

/* Enough for what one test step allocates; paths are short-lived. */
static apr_pool_t *store_pool;
static const char *store_root;

__attribute__((format(printf, 1, 2), unused)) static const char *path_of(const char *format, ...)
{
    va_list arguments;
    const char *path;

    va_start(arguments, format);
    path = apr_pvsprintf(store_pool, format, arguments);
    va_end(arguments);
    return apr_pstrcat(store_pool, store_root, "/", path, NULL);
}

__attribute__((unused)) static void store_make(apr_pool_t *pool)
{
    const char *temporary = getenv("TMPDIR");
    char *template = apr_pstrcat(pool, temporary ? temporary : "/tmp", "/mobilesync-XXXXXX", NULL);

    store_pool = pool;
    store_root = mkdtemp(template);
    if (!store_root) {
        perror("mkdtemp");
        exit(2);
    }
}

__attribute__((unused)) static void store_remove(void)
{
    const char *command = apr_pstrcat(store_pool, "chmod -R u+rwx '", store_root, "' && rm -rf '",
                                      store_root, "'", NULL);

    if (system(command) != 0)
        printf("# cannot remove %s\n", store_root);
}

/* "key=value key=value" as arguments. */
static const apr_array_header_t *store_arguments(const char *list)
{
    apr_array_header_t *arguments = apr_array_make(store_pool, 4, sizeof(const char *));
    char *state = NULL, *word, *copy = apr_pstrdup(store_pool, list);

    for (word = apr_strtok(copy, " ", &state); word; word = apr_strtok(NULL, " ", &state))
        APR_ARRAY_PUSH(arguments, const char *) = word;
    return arguments;
}

static backend_t *store_start_at(const char *arguments)
{
    backend_t *backend;

    must(backend_start("local", store_arguments(arguments), NULL, NULL, &backend, store_pool),
         "start");
    return backend;
}

/* On the temporary store, with further arguments. */
__attribute__((unused)) static backend_t *store_start(const char *further)
{
    return store_start_at(apr_psprintf(store_pool, "root=%s/%%u %s", store_root, further));
}

__attribute__((unused)) static void maildir_make(const char *path)
{
    static const char *const parts[] = {"", "/cur", "/new", "/tmp"};
    size_t i;

    for (i = 0; i < sizeof parts / sizeof *parts; i++)
        mkdir(apr_pstrcat(store_pool, path, parts[i], NULL), 0700);
}

/* An account's Maildir with the directories named; NULL ends them. */
__attribute__((unused, sentinel)) static void maildir_make_all(const char *account, ...)
{
    const char *directory;
    va_list list;

    mkdir(path_of("%s", account), 0700);
    maildir_make(path_of("%s/Maildir", account));
    va_start(list, account);
    while ((directory = va_arg(list, const char *)))
        maildir_make(path_of("%s/Maildir/%s", account, directory));
    va_end(list);
}

__attribute__((unused)) static void maildir_remove(const char *path)
{
    if (system(apr_pstrcat(store_pool, "rm -rf '", store_root, "'/", path, NULL)) != 0)
        printf("# cannot remove %s\n", path);
}

/* Writes the file with that mtime (0 = now), as a deliverer would: by a rename. */
__attribute__((unused)) static void message_write(const char *path, const char *text, time_t when)
{
    const char *tmp = apr_psprintf(store_pool, "%s/tmp.%d", store_root, (int)getpid());
    struct timespec times[2] = {{.tv_sec = when}, {.tv_sec = when}};
    int file = open(tmp, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    if (file < 0 || write(file, text, strlen(text)) != (ssize_t)strlen(text) ||
        (when && futimens(file, times) != 0) || close(file) != 0 || rename(tmp, path) != 0) {
        printf("Bail out! %s: %s\n", path, strerror(errno));
        exit(2);
    }
}

/* Makes a directory look as if nothing happened in it for that many seconds. */
__attribute__((unused)) static void directory_age(const char *path, int seconds)
{
    static long different; /* no two of these mtimes are the same */
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
                                {.tv_sec = time(NULL) - seconds, .tv_nsec = ++different}};

    if (utimensat(AT_FDCWD, path, times, 0) != 0)
        printf("# cannot age %s: %s\n", path, strerror(errno));
}

__attribute__((unused)) static void maildir_age(const char *path)
{
    directory_age(apr_pstrcat(store_pool, path, "/cur", NULL), 10);
    directory_age(apr_pstrcat(store_pool, path, "/new", NULL), 10);
    directory_age(path, 10);
}

/* The name in the directory that starts so; NULL when there is none. */
__attribute__((unused)) static const char *entry_of(const char *directory, const char *start)
{
    DIR *stream = opendir(directory);
    const char *found = NULL;
    struct dirent *entry;

    while (stream && (entry = readdir(stream)))
        if (strncmp(entry->d_name, start, strlen(start)) == 0 && entry->d_name[0] != '.')
            found = apr_pstrdup(store_pool, entry->d_name);
    if (stream)
        closedir(stream);
    return found;
}

__attribute__((unused)) static int entries_of(const char *directory)
{
    DIR *stream = opendir(directory);
    struct dirent *entry;
    int count = 0;

    while (stream && (entry = readdir(stream)))
        count += entry->d_name[0] != '.';
    if (stream)
        closedir(stream);
    return count;
}

/* A session on a fresh account's Inbox, aged so that its mtimes are trusted. */
typedef struct {
    backend_t *backend;
    backend_session_t *session;
    const char *account, *box, *inbox;
    apr_pool_t *pool;
} box_t;

__attribute__((unused)) static void box_open(box_t *box)
{
    apr_pool_clear(box->pool);
    must(backend_session_open(box->backend, box->account, &box->session, box->pool), "open");
    box->inbox = contract_role(box->session, BACKEND_ROLE_INBOX, box->pool);
}

__attribute__((unused)) static box_t box_make(const char *account, apr_pool_t *pool)
{
    box_t box = {.account = account};

    apr_pool_create(&box.pool, pool);
    box.backend = store_start("");
    maildir_make_all(account, ".Drafts", ".Sent", ".Trash", NULL);
    box.box = apr_psprintf(pool, "%s/%s/Maildir", store_root, account);
    box_open(&box);
    return box;
}

__attribute__((format(printf, 3, 4), unused)) static void box_put(const box_t *box,
                                                                  const char *text,
                                                                  const char *format, ...)
{
    va_list arguments;
    const char *name;

    va_start(arguments, format);
    name = apr_pvsprintf(store_pool, format, arguments);
    va_end(arguments);
    message_write(apr_pstrcat(store_pool, box->box, "/", name, NULL), text, 0);
}

__attribute__((format(printf, 3, 4), unused)) static void box_rename(const box_t *box,
                                                                     const char *from,
                                                                     const char *format, ...)
{
    va_list arguments;
    const char *to;

    va_start(arguments, format);
    to = apr_pvsprintf(store_pool, format, arguments);
    va_end(arguments);
    if (rename(apr_pstrcat(store_pool, box->box, "/", from, NULL),
               apr_pstrcat(store_pool, box->box, "/", to, NULL)) != 0)
        printf("# cannot rename %s: %s\n", from, strerror(errno));
}

__attribute__((unused)) static void box_unlink(const box_t *box, const char *name)
{
    unlink(apr_pstrcat(store_pool, box->box, "/", name, NULL));
}

/* The changes since the cursor, which steps on, after a look. */
__attribute__((unused)) static const char *box_changes(const box_t *box, const char **cursor)
{
    contract_probe(box->session, box->inbox, box->pool);
    return contract_changes(box->session, box->inbox, cursor, 100, box->pool);
}

/* Runs a check as a user whom permissions hold, in a child; its result is one test here. */
__attribute__((unused)) static void as_nobody(int (*check)(box_t *), const char *account,
                                              const char *name, apr_pool_t *pool)
{
    int status = 0;
    pid_t child;

    if (geteuid() == 0 &&
        system(apr_psprintf(pool, "chmod 711 '%s' && chown -R 65534:65534 '%s/%s'", store_root,
                            store_root, account)) != 0)
        printf("# cannot give %s away\n", account);
    fflush(stdout);
    child = fork();
    if (child == 0) {
        box_t box = {.account = account};

        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
            _exit(3);
        apr_pool_create(&box.pool, pool);
        box.backend = store_start("");
        _exit(check(&box) ? 0 : 1);
    }
    waitpid(child, &status, 0);
    ok(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s (%d)", name, status);
}

__attribute__((unused)) static int has_code(base_fault_t *fault, base_fault_code_t code)
{
    if (base_fault_code(fault) != code)
        printf("# got %s: %s\n", base_fault_code_name(base_fault_code(fault)),
               fault ? fault->message : "");
    fflush(stdout);
    return base_fault_code(fault) == code;
}

#endif
