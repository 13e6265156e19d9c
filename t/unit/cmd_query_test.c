/* Queries as people type them. */
#include "tap.h"

#include <string.h>
#include <apr_general.h>
#include <apr_strings.h>

#include "base/time.h"
#include "cmd/query.h"

/* Thursday, 2026-07-16 13:14:15 */
#define NOW apr_time_from_sec(1784207655)

static const char *show_date(apr_time_t when, apr_pool_t *pool)
{
    if (when == APR_INT64_MIN || when == APR_INT64_MAX)
        return "*";
    return apr_pstrndup(pool, base_time_format_dashed(when, pool), when % BASE_TIME_DAY ? 19 : 10);
}

static const char *show_fields(unsigned fields)
{
    static const char letters[] = "sftcxba";
    static char text[9];
    int i, n = 0;

    if (fields == BACKEND_FIELDS_ALL)
        return "";
    for (i = 0; i < BACKEND_FIELD_COUNT_; i++)
        if (fields & 1u << i)
            text[n++] = letters[i];
    text[n++] = ':';
    text[n] = '\0';
    return text;
}

static const char *show(const backend_query_t *query, apr_pool_t *pool)
{
    const char *text = "";
    const backend_query_t *operand;

    switch (query->kind) {
    case BACKEND_QUERY_TEXT:
        return apr_pstrcat(pool, show_fields(query->fields), query->text, query->prefix ? "*" : "",
                           NULL);
    case BACKEND_QUERY_DATE:
        return apr_pstrcat(pool, show_date(query->since, pool), "..",
                           show_date(query->before, pool), NULL);
    case BACKEND_QUERY_FLAGS:
        return apr_psprintf(pool, "flags%d/%d", (int)query->flags, (int)query->mask);
    case BACKEND_QUERY_ATTACHMENTS:
        return "attachments";
    case BACKEND_QUERY_CONVERSATION:
        return "conversation";
    case BACKEND_QUERY_NOT:
        return apr_pstrcat(pool, "!", show(query->first, pool), NULL);
    case BACKEND_QUERY_AND:
    case BACKEND_QUERY_OR:
        break;
    }
    for (operand = query->first; operand; operand = operand->next)
        text =
            apr_pstrcat(pool, text, *text ? query->kind == BACKEND_QUERY_AND ? " & " : " | " : "",
                        show(operand, pool), NULL);
    return apr_pstrcat(pool, "(", text, ")", NULL);
}

static const char *parsed(const char *text, apr_pool_t *pool)
{
    backend_query_t *query;
    base_fault_t *fault = cmd_query_parse(text, NOW, &query, pool);

    return fault ? base_fault_code_name(fault->code) : show(query, pool);
}

static void test_structure(apr_pool_t *pool)
{
    static const char *const rows[][2] = {
        {"hello", "hello*"},
        {"  hello   world ", "(hello* & world*)"},
        {"\"hello world\"", "hello world"},
        {"\"hello wor\"*", "hello wor*"},
        {"\"never closed", "never closed"},
        {"a AND b OR c", "((a* & b*) | c*)"},
        {"a b OR c d", "((a* & b*) | (c* & d*))"},
        {"(a OR b) c", "((a* | b*) & c*)"},
        {"a and b", "(a* & and* & b*)"},
        {"NOT a", "!a*"},
        {"NOT NOT a", "a*"},
        {"b -a", "(b* & !a*)"},
        {"b -\"a c\" +d", "(b* & !a c & d*)"},
        {"b NOT (a c)", "(b* & !(a* & c*))"},
        {"b - a", "(b* & a*)"},
        {"AND", "INVALID"},
        {"OR a OR", "a*"},
        {"a AND OR b", "(a* | b*)"},
        {"NOT", "INVALID"},
        {"a)) b (c", "(a* & (b* & c*))"},
        {"()", "INVALID"},
        {"", "INVALID"},
        {"   ", "INVALID"},
        {"!!! ... \xe2\x80\x93", "INVALID"},
        {"a & b", "(a* & b*)"},
        {"ANDY", "ANDY*"},
        {"\xe3\x80\x80\xe4\xbc\x9a\xe3\x80\x80\xe8\xae\xae", "(\xe4\xbc\x9a* & \xe8\xae\xae*)"},
    };
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        is_str(parsed(rows[i][0], pool), rows[i][1], apr_psprintf(pool, "'%s'", rows[i][0]));
}

static void test_properties(apr_pool_t *pool)
{
    static const char *const rows[][2] = {
        {"from:anna", "f:anna*"},
        {"FROM:\"Anna Schmidt\"", "f:Anna Schmidt"},
        {"from: anna", "f:anna*"},
        {"from=anna", "f:anna*"},
        {"from:anna from:bert", "(f:anna* | f:bert*)"},
        {"from:anna x from:bert", "((f:anna* | f:bert*) & x*)"},
        {"from:anna AND from:bert", "(f:anna* & f:bert*)"},
        {"from:anna to:bert", "(f:anna* & t:bert*)"},
        {"from:(anna OR \"Bert B\")", "(f:anna* | f:Bert B)"},
        {"from:a from:b from:c", "(f:a* | f:b* | f:c*)"},
        {"cc:c bcc:x subject:s body:b attachment:a", "(c:c* & x:x* & s:s* & b:b* & a:a*)"},
        {"participants:p recipients:r", "(ftcx:p* & tcx:r*)"},
        {"-from:anna", "!f:anna*"},
        {"from<anna", "from<anna*"},
        {"nosuch:thing", "nosuch:thing*"},
        {"http://example.org/", "http://example.org/*"},
        {"from:", "INVALID"},
        {"from:\"\" x", "x*"},
        {"hasattachment:true", "attachments"},
        {"hasattachment:no", "!attachments"},
        {"hasattachment:perhaps", "INVALID"},
        {"isread:false", "!flags1/1"},
        {"isflagged:yes", "flags2/2"},
    };
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        is_str(parsed(rows[i][0], pool), rows[i][1], apr_psprintf(pool, "'%s'", rows[i][0]));
}

static void test_dates(apr_pool_t *pool)
{
    static const char *const rows[][2] = {
        {"received:2026-02-28", "2026-02-28..2026-03-01"},
        {"received=2024-02-29", "2024-02-29..2024-03-01"},
        {"received:2/28/2026", "2026-02-28..2026-03-01"},
        {"received:2025-12", "2025-12-01..2026-01-01"},
        {"sent:2025", "2025-01-01..2026-01-01"},
        {"received:2026-01-02T03:04:05Z", "2026-01-02T03:04:05..2026-01-02T03:04:06"},
        {"received>2026-01-02", "2026-01-03..*"},
        {"received>=2026-01-02", "2026-01-02..*"},
        {"received<2026-01-02", "*..2026-01-02"},
        {"received<=2026-01-02", "*..2026-01-03"},
        {"received:>=2026-01-02", "2026-01-02..*"},
        {"received:2026-01-02..2026-02", "2026-01-02..2026-03-01"},
        {"received:2026-01-02..", "2026-01-02..*"},
        {"received:..2026-01-02", "*..2026-01-03"},
        {"received:today", "2026-07-16..2026-07-17"},
        {"received:Yesterday", "2026-07-15..2026-07-16"},
        {"received:\"this week\"", "2026-07-13..2026-07-20"},
        {"received:lastweek", "2026-07-06..2026-07-13"},
        {"received:\"this month\"", "2026-07-01..2026-08-01"},
        {"received:\"last month\"", "2026-06-01..2026-07-01"},
        {"received:\"this year\"", "2026-01-01..2027-01-01"},
        {"received:\"last year\"", "2025-01-01..2026-01-01"},
        {"received:2026-02-30", "INVALID"},
        {"received:2026-13", "INVALID"},
        {"received:13/1/2026", "INVALID"},
        {"received:soon", "INVALID"},
        {"received:..", "INVALID"},
        {"received:", "INVALID"},
        {"received:99999", "INVALID"},
    };
    apr_time_t since, before;
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        is_str(parsed(rows[i][0], pool), rows[i][1], apr_psprintf(pool, "'%s'", rows[i][0]));
    /* 2026-01-31 */
    ok(cmd_query_dates("last month", apr_time_from_sec(1769817600), &since, &before) &&
           strcmp(show_date(since, pool), "2025-12-01") == 0 &&
           strcmp(show_date(before, pool), "2026-01-01") == 0,
       "the month before January");
}

static const char *repeat(const char *text, int count, apr_pool_t *pool)
{
    char *result = apr_palloc(pool, strlen(text) * (apr_size_t)count + 1);
    int i;

    for (i = 0; i < count; i++)
        memcpy(result + strlen(text) * (apr_size_t)i, text, strlen(text));
    result[strlen(text) * (apr_size_t)count] = '\0';
    return result;
}

static void test_bounds(apr_pool_t *pool)
{
    ok(strcmp(parsed(repeat("a ", 32, pool), pool), "TOO_LARGE") != 0, "32 words");
    is_str(parsed(repeat("a ", 33, pool), pool), "TOO_LARGE", "33 words");
    is_str(parsed(repeat("isread:1 ", 33, pool), pool), "TOO_LARGE", "33 other conditions");
    is_str(parsed(apr_pstrcat(pool, repeat("(", 15, pool), "a", NULL), pool), "a*", "15 brackets");
    is_str(parsed(repeat("(", 16, pool), pool), "TOO_LARGE", "16 brackets");
    is_str(parsed(repeat("NOT ", 500, pool), pool), "INVALID", "many NOTs");
    is_str(parsed(repeat(") ", 1000, pool), pool), "INVALID", "many closing brackets");
    is_str(parsed(repeat("x", 2049, pool), pool), "TOO_LARGE", "a very long word");
    is_str(parsed("\xff\xfe", pool), "INVALID", "bytes that are no text");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_structure(pool);
    test_properties(pool);
    test_dates(pool);
    test_bounds(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
