#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

int base_log_enabled(const base_log_t *log, base_log_level_t level)
{
    return log && log->write && (!log->enabled || log->enabled(log->baton, level));
}

void base_log_write(const base_log_t *log, base_log_level_t level, const char *format, ...)
{
    char raw[1000], line[sizeof raw + 1];
    size_t i;
    va_list arguments;

    if (!base_log_enabled(log, level))
        return;
    va_start(arguments, format);
    vsnprintf(raw, sizeof raw, format, arguments);
    va_end(arguments);
    /* client-supplied bytes must not forge log lines or terminal sequences */
    for (i = 0; raw[i]; i++)
        line[i] = ((unsigned char)raw[i] < 0x20 || raw[i] == 0x7f) ? '?' : raw[i];
    line[i] = '\0';
    log->write(log->baton, level, line);
}
