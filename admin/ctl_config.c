#include "admin/ctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <arpa/inet.h>
#include <sys/stat.h>
#include <unistd.h>
#include <apr_strings.h>

#include "base/text.h"

#define CONFIG_FILE_MAX 65536

static const struct {
    const char *key, *environment;
    size_t offset;
} config_rows[] = {
    {"server", "MOBILESYNC_SERVER", offsetof(ctl_config_t, server)},
    {"user", "MOBILESYNC_USER", offsetof(ctl_config_t, user)},
    {"password", "MOBILESYNC_PASSWORD", offsetof(ctl_config_t, password)},
    {"ca", "MOBILESYNC_CA", offsetof(ctl_config_t, ca)},
};

#define CONFIG_ROW_COUNT (sizeof config_rows / sizeof *config_rows)

static const char **config_value(ctl_config_t *config, size_t row)
{
    return (const char **)((char *)config + config_rows[row].offset);
}

/* Blanks at both ends go. */
static char *config_trim(char *text)
{
    char *end;

    text += strspn(text, " \t\r");
    end = text + strlen(text);
    while (end > text && strchr(" \t\r", end[-1]))
        *--end = '\0';
    return text;
}

/* "key = value" lines; '#' begins a comment line. */
static ctl_exit_t config_parse(ctl_config_t *config, const char *file, char *text)
{
    char *last, *line = apr_strtok(text, "\n", &last);

    for (; line; line = apr_strtok(NULL, "\n", &last)) {
        char *name = config_trim(line), *equals = strchr(name, '=');
        size_t row;

        if (!*name || *name == '#')
            continue;
        if (!equals)
            return ctl_error(CTL_USAGE, "%s: \"%.40s\" is not \"name = value\"", file, name);
        *equals = '\0';
        name = config_trim(name);
        for (row = 0; row < CONFIG_ROW_COUNT; row++)
            if (strcmp(config_rows[row].key, name) == 0)
                break;
        if (row == CONFIG_ROW_COUNT)
            return ctl_error(CTL_USAGE,
                             "%s: there is no \"%.40s\"; there are server, user, "
                             "password and ca",
                             file, name);
        *config_value(config, row) = config_trim(equals + 1);
    }
    return CTL_OK;
}

/* It holds a password: nobody else may read or write it. */
static ctl_exit_t config_check(int fd, const char *file)
{
    struct stat status;

    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        return ctl_error(CTL_USAGE, "%s is no file", file);
    if (status.st_mode & 077)
        return ctl_error(CTL_USAGE, "%s may be read by others: chmod 600 %s", file, file);
    if (status.st_uid != geteuid() && status.st_uid != 0)
        return ctl_error(CTL_USAGE, "%s belongs to another user", file);
    return CTL_OK;
}

static ctl_exit_t config_read(ctl_t *ctl, ctl_config_t *config, const char *file, int required)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    char *text = apr_pcalloc(ctl->pool, CONFIG_FILE_MAX + 1);
    ctl_exit_t code;
    ssize_t got;
    size_t length = 0;

    if (fd < 0) {
        /* the default one need not be there, or be meant for root alone */
        if (!required && (errno == ENOENT || errno == EACCES))
            return CTL_OK;
        return ctl_error(CTL_USAGE, "%s: %s", file, strerror(errno));
    }
    code = config_check(fd, file);
    while (!code && length < CONFIG_FILE_MAX &&
           (got = read(fd, text + length, CONFIG_FILE_MAX - length)) > 0)
        length += (size_t)got;
    close(fd);
    return code ? code : config_parse(config, file, text);
}

/* "localhost", 127.0.0.0/8 or [::1], and nothing that only looks like it. */
static int config_is_local(const char *host, size_t length)
{
    char text[INET_ADDRSTRLEN];
    unsigned char address[4];

    if ((length == 9 && strncasecmp(host, "localhost", 9) == 0) ||
        (length == 5 && strncmp(host, "[::1]", 5) == 0))
        return 1;
    if (length >= sizeof text)
        return 0;
    memcpy(text, host, length);
    text[length] = '\0';
    return inet_pton(AF_INET, text, address) == 1 && address[0] == 127;
}

/* Another machine would get the password in clear over http. */
static ctl_exit_t config_check_server(const ctl_t *ctl)
{
    const char *server = ctl->config.server, *host;

    if (strncmp(server, "https://", 8) == 0)
        return CTL_OK;
    if (strncmp(server, "http://", 7) != 0)
        return ctl_error(CTL_USAGE, "server must be an http or https URL, not \"%s\"",
                         ctl_clean(server, ctl->pool));
    host = server + 7;
    if (config_is_local(host, *host == '[' ? strcspn(host, "/@?#]") + 1 : strcspn(host, ":/@?#")) &&
        !memchr(host, '@', strcspn(host, "/?#")))
        return CTL_OK;
    return ctl_error(CTL_USAGE, "the password would go in clear to another machine: use https");
}

ctl_exit_t ctl_config_load(ctl_t *ctl)
{
    const char *file = ctl_option(ctl, "config");
    ctl_config_t read = {NULL};
    ctl_exit_t code;
    size_t row;

    if (!file)
        file = getenv("MOBILESYNC_CONFIG");
    if ((code = config_read(ctl, &read, file ? file : CTL_CONFIG_FILE, file != NULL)))
        return code;
    for (row = 0; row < CONFIG_ROW_COUNT; row++) {
        const char *given = ctl_option(ctl, config_rows[row].key);
        const char *environment = getenv(config_rows[row].environment);

        *config_value(&ctl->config, row) = given         ? given
                                           : environment ? environment
                                                         : *config_value(&read, row);
    }
    if (!ctl->config.server)
        return ctl_error(CTL_USAGE,
                         "which server? Give --server, MOBILESYNC_SERVER or \"server = "
                         "https://.../mobilesync-admin\" in %s",
                         file ? file : CTL_CONFIG_FILE);
    if (!ctl->config.user || !ctl->config.password)
        return ctl_error(CTL_USAGE,
                         "as whom? \"user\" and \"password\" belong into %s, or into "
                         "MOBILESYNC_USER and MOBILESYNC_PASSWORD",
                         file ? file : CTL_CONFIG_FILE);
    return config_check_server(ctl);
}
