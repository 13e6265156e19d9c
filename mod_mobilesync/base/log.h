/* Logging for code that does not know httpd: a callback with a level. The glue
 * maps the levels onto httpd's LogLevel; tests collect the lines.
 *
 * Levels: ERR = an operator must act, WARNING = degraded, INFO = once per device
 * event, DEBUG = once per request, TRACE = decoded XML. Nothing below TRACE may
 * hold a password or a body. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

typedef enum {
    BASE_LOG_ERR,
    BASE_LOG_WARNING,
    BASE_LOG_INFO,
    BASE_LOG_DEBUG,
    BASE_LOG_TRACE
} base_log_level_t;

typedef struct base_log base_log_t;
struct base_log {
    /* message has no newline; called from any thread */
    void (*write)(void *baton, base_log_level_t level, const char *message);
    /* optional: may this level be written at all? Saves formatting. */
    int (*enabled)(void *baton, base_log_level_t level);
    void *baton;
};

/* Formats (cut at 1,000 bytes, control characters escaped) and hands on.
 * A NULL log drops the line. */
void base_log_write(const base_log_t *log, base_log_level_t level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

int base_log_enabled(const base_log_t *log, base_log_level_t level);

#endif
