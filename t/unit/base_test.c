#include "tap.h"

#include <apr_general.h>
#include <apr_strings.h>

#include "base/content_line.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"

static void test_fault(apr_pool_t *pool)
{
    base_fault_t *fault = base_fault_make(pool, BASE_FAULT_NOT_FOUND, "item %d", 7);

    is_str(fault->message, "item 7", "a fault has its message");
    fault = base_fault_wrap(fault, pool, "folder %s", "5");
    is_str(fault->message, "folder 5: item 7", "context goes in front");
    is_int(base_fault_code(fault), BASE_FAULT_NOT_FOUND, "wrapping keeps the code");
    is_int(base_fault_code(NULL), BASE_FAULT_NONE, "no fault has code NONE");
    ok(base_fault_wrap(NULL, pool, "x") == NULL, "wrapping success stays success");
    is_str(base_fault_code_name(BASE_FAULT_UNAVAILABLE), "UNAVAILABLE", "codes have names");
    fault = base_fault_make_status(pool, BASE_FAULT_INTERNAL, APR_ENOENT, "opening");
    ok(strncmp(fault->message, "opening: ", 9) == 0, "a status adds its text");
}

static void test_utf8(apr_pool_t *pool)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"plain", "plain"},
        {"tab\tnl\r\n", "tab\tnl\r\n"},
        {"bell\x07", "bell\xef\xbf\xbd"},
        {"\xc3\xa9", "\xc3\xa9"},
        {"\xe9t\xe9", "\xef\xbf\xbdt\xef\xbf\xbd"},
        {"\xc0\xaf", "\xef\xbf\xbd"},             /* overlong */
        {"\xed\xa0\x80x", "\xef\xbf\xbdx"},       /* surrogate */
        {"\xef\xbf\xbe", "\xef\xbf\xbd"},         /* U+FFFE */
        {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"}, /* emoji */
        {"\xf5\x80\x80\x80", "\xef\xbf\xbd"},     /* above U+10FFFF */
        {"cut\xe2\x82", "cut\xef\xbf\xbd"},
    };
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *out = base_text_xml_sanitize(rows[i].in, strlen(rows[i].in), pool);

        is_str(out, rows[i].out, apr_psprintf(pool, "sanitise row %d", (int)i));
        ok(base_text_xml_legal(out, strlen(out)), "row %d is legal afterwards", (int)i);
    }
    ok(!base_text_xml_legal("a\0b", 3), "NUL is not legal");
    is_int(base_text_utf8_floor("a\xe2\x82\xac", 4, 3), 1, "a cut never splits a character");
    is_int(base_text_utf8_floor("abc", 3, 9), 3, "a limit beyond the end is the end");
    is_int(base_text_utf8_count("a\xe2\x82\xac", 4), 2, "characters, not bytes");
}

static void test_codings(apr_pool_t *pool)
{
    apr_uint64_t n = 99;

    is_str(base_text_percent_encode("a/{b} \xc3\xa9", pool), "a%2F%7Bb%7D%20%C3%A9", "percent");
    is_str(base_text_percent_decode("a%2F%7bb", pool), "a/{b", "percent back");
    ok(base_text_percent_decode("%4", pool) == NULL, "a broken escape is refused");
    ok(base_text_percent_decode("%00", pool) == NULL, "an encoded NUL is refused");
    is_str(base_text_hex_encode("\x00\xff", 2, pool), "00ff", "hex");
    ok(base_text_parse_uint("512", 512, &n) && n == 512, "a number at its maximum");
    ok(!base_text_parse_uint("513", 512, &n) && n == 512, "a number above it");
    ok(!base_text_parse_uint("99999999999999999999999", 512, &n), "overflow");
    ok(!base_text_parse_uint("-1", 512, &n) && !base_text_parse_uint("", 512, &n), "no number");
    ok(base_text_parse_uint("18446744073709551615", APR_UINT64_MAX, &n) && n == APR_UINT64_MAX,
       "the greatest number");
    ok(!base_text_parse_uint("7", 5, &n), "a single digit above the maximum");
}

static void test_time(apr_pool_t *pool)
{
    apr_time_t when = 0;

    ok(base_time_parse("2026-11-23T08:06:46.250Z", &when), "dashed date");
    is_str(base_time_format_dashed(when, pool), "2026-11-23T08:06:46.250Z", "and back");
    is_str(base_time_format_compact(when, pool), "20261123T080646Z", "compact form");
    ok(base_time_parse("20261123T080646Z", &when), "compact date");
    is_str(base_time_format_dashed(base_time_day_start(when), pool), "2026-11-23T00:00:00.000Z",
           "start of day");
    ok(!base_time_parse("2026-13-01T00:00:00Z", &when), "month 13");
    ok(base_time_parse("19500515T000000Z", &when) && when == apr_time_from_sec(-619574400),
       "before 1970");
    ok(!base_time_parse("2026-11-23", &when) && !base_time_parse("", &when), "no time");
    ok(!base_time_parse("20261123T080646", &when), "a date without Z");
}

static void test_content_lines(apr_pool_t *pool)
{
    const char *at = "BEGIN:VCARD\r\n"
                     "no line\r\n"
                     ":nor this\r\n"
                     "item1.EMAIL;TYPE=\"a;b:c\",home;PREF:x@example.org\r\n"
                     "note:one\\, two\\nthree\r\n"
                     "  four\r\n"
                     "N:a\\;b;c;;\n"
                     "END:VCARD";
    const char *value, *part, *end = at + strlen(at);
    base_content_line_t line;

    ok(base_content_line_next(&at, end, &line, pool) && strcmp(line.name, "BEGIN") == 0,
       "first line");
    ok(base_content_line_next(&at, end, &line, pool), "what is no line is skipped");
    is_str(line.name, "EMAIL", "name without its group");
    is_str(line.value, "x@example.org", "value behind quoted parameters");
    ok(base_content_line_has(&line, "TYPE", "HOME") &&
           base_content_line_has(&line, "TYPE", "a;b:c") &&
           base_content_line_has(&line, "TYPE", "pref"),
       "parameters, with and without a name");
    ok(!base_content_line_has(&line, "TYPE", "hom") && !base_content_line_has(&line, "X", "HOME"),
       "whole values of that parameter");
    ok(base_content_line_next(&at, end, &line, pool), "a folded line");
    is_str(base_content_text(line.value, pool), "one, two\nthree four", "unfolded, unescaped");
    ok(base_content_line_next(&at, end, &line, pool), "a structured value");
    value = line.value;
    is_str(base_content_component(&value, ';', pool), "a;b", "first component");
    is_str(base_content_component(&value, ';', pool), "c", "second component");
    part = base_content_component(&value, ';', pool);
    ok(part && !*part && (part = base_content_component(&value, ';', pool)) && !*part &&
           !base_content_component(&value, ';', pool),
       "empty components and the end");
    ok(base_content_line_next(&at, end, &line, pool) && strcmp(line.value, "VCARD") == 0,
       "the last line without a line break");
    ok(!base_content_line_next(&at, end, &line, pool), "the end");
    at = "A;B=\"never closed:x\nC:d\n \n";
    end = at + strlen(at);
    ok(base_content_line_next(&at, end, &line, pool) && strcmp(line.name, "C") == 0 &&
           strcmp(line.value, "d") == 0 && !base_content_line_next(&at, end, &line, pool),
       "a broken line is skipped, a fold may be empty");
}

static void log_collect(void *baton, base_log_level_t level, const char *message)
{
    (void)level;
    strcpy(baton, message);
}

static void test_log(void)
{
    char line[2000] = "";
    base_log_t log = {.write = log_collect, .baton = line};

    base_log_write(&log, BASE_LOG_INFO, "user %s", "a\nb\x1b");
    is_str(line, "user a?b?", "control characters cannot forge a line");
    base_log_write(NULL, BASE_LOG_INFO, "nothing");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_fault(pool);
    test_utf8(pool);
    test_codings(pool);
    test_time(pool);
    test_content_lines(pool);
    test_log();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
