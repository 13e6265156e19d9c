/* Queries as SQL. Whatever a query says goes in as a parameter; only its structure is SQL. */
#include "backend/search_store.h"

#include <string.h>
#include <apr_strings.h>

static const char *const query_columns[] = {"subject", "sender", "recipient", "cc",
                                            "bcc",     "body",   "attachment"};

/* -- words ----------------------------------------------------------------------------------- */

/* Scripts that write without spaces between words: South-East Asian ones, kana, Han. (Hangul has
 * spaces.) */
static int words_is_unspaced(unsigned long c)
{
    return (c >= 0x0e00 && c <= 0x0eff) || (c >= 0x1000 && c <= 0x109f) ||
           (c >= 0x1780 && c <= 0x17ff) || (c >= 0x3040 && c <= 0x30ff) ||
           (c >= 0x31f0 && c <= 0x31ff) || (c >= 0x3400 && c <= 0x4dbf) ||
           (c >= 0x4e00 && c <= 0x9fff) || (c >= 0xf900 && c <= 0xfaff) ||
           (c >= 0xff66 && c <= 0xff9f) || (c >= 0x20000 && c <= 0x3ffff);
}

/* The character at p and its length; a byte that begins none counts as itself. */
static unsigned long words_character(const unsigned char *p, size_t *length)
{
    static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    size_t n = *p < 0xc0 ? 1 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4, i;
    unsigned long c = *p & masks[n];

    for (i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            *length = 1;
            return *p;
        }
        c = c << 6 | (p[i] & 0x3f);
    }
    *length = n;
    return c;
}

const char *search_words(const char *text, apr_pool_t *pool)
{
    base_text_buffer_t out = {.pool = pool};
    const char *p, *copied = text;
    size_t length;

    if (!text)
        return "";
    for (p = text; *p; p += length) {
        length = 1;
        if ((unsigned char)*p < 0xe0 ||
            !words_is_unspaced(words_character((const unsigned char *)p, &length)))
            continue;
        base_text_buffer_append(&out, copied, (size_t)(p - copied));
        base_text_buffer_puts(&out, " ");
        base_text_buffer_append(&out, p, length);
        base_text_buffer_puts(&out, " ");
        copied = p + length;
    }
    if (copied == text)
        return text;
    base_text_buffer_puts(&out, copied);
    return out.data;
}

/* -- conditions ------------------------------------------------------------------------------ */

static void query_number(search_condition_t *condition, apr_int64_t number)
{
    APR_ARRAY_PUSH(condition->values, search_value_t) = (search_value_t){.number = number};
}

/* FTS5's own syntax: {columns} : "words one after the other" * */
static void query_text(const backend_query_t *query, search_condition_t *condition,
                       apr_pool_t *pool)
{
    base_text_buffer_t match = {.pool = pool};
    const char *p;
    int i;

    if (query->fields != BACKEND_FIELDS_ALL) {
        base_text_buffer_puts(&match, "{");
        for (i = 0; i < BACKEND_FIELD_COUNT_; i++)
            if (query->fields & 1u << i)
                base_text_buffer_printf(&match, " %s", query_columns[i]);
        base_text_buffer_puts(&match, "} : ");
    }
    base_text_buffer_puts(&match, "\"");
    for (p = search_words(query->text, pool); *p; p++)
        base_text_buffer_append(&match, *p == '"' ? " " : p, 1);
    base_text_buffer_puts(&match, query->prefix ? "\" *" : "\"");
    base_text_buffer_puts(&condition->sql,
                          "doc.number IN (SELECT rowid FROM words WHERE words MATCH ?)");
    APR_ARRAY_PUSH(condition->values, search_value_t) = (search_value_t){.text = match.data};
}

static void query_write(const backend_query_t *query, search_condition_t *condition,
                        apr_pool_t *pool);

/* "(a AND b)"; NOT has one operand. */
static void query_list(const backend_query_t *query, const char *operator_, const char *none,
                       search_condition_t *condition, apr_pool_t *pool)
{
    const backend_query_t *operand;

    base_text_buffer_puts(&condition->sql, query->kind == BACKEND_QUERY_NOT ? "NOT (" : "(");
    if (!query->first)
        base_text_buffer_puts(&condition->sql, none);
    for (operand = query->first; operand; operand = operand->next) {
        if (operand != query->first)
            base_text_buffer_puts(&condition->sql, operator_);
        query_write(operand, condition, pool);
    }
    base_text_buffer_puts(&condition->sql, ")");
}

static void query_write(const backend_query_t *query, search_condition_t *condition,
                        apr_pool_t *pool)
{
    switch (query->kind) {
    case BACKEND_QUERY_AND:
        query_list(query, " AND ", "1", condition, pool);
        break;
    case BACKEND_QUERY_OR:
        query_list(query, " OR ", "0", condition, pool);
        break;
    case BACKEND_QUERY_NOT:
        query_list(query, " AND ", "1", condition, pool);
        break;
    case BACKEND_QUERY_TEXT:
        query_text(query, condition, pool);
        break;
    case BACKEND_QUERY_DATE:
        base_text_buffer_puts(&condition->sql, "(doc.date >= ? AND doc.date < ?)");
        query_number(condition, query->since);
        query_number(condition, query->before);
        break;
    case BACKEND_QUERY_FLAGS:
        base_text_buffer_puts(&condition->sql, "(doc.token & ?) = ?");
        query_number(condition, (apr_int64_t)query->mask);
        query_number(condition, (apr_int64_t)query->flags);
        break;
    case BACKEND_QUERY_ATTACHMENTS:
        base_text_buffer_puts(&condition->sql, "doc.attachments");
        break;
    case BACKEND_QUERY_CONVERSATION:
        base_text_buffer_puts(&condition->sql, "doc.conversation IS ?");
        APR_ARRAY_PUSH(condition->values, search_value_t) = (search_value_t){.text = query->text};
        break;
    }
}

void search_condition_make(const backend_query_t *query, search_condition_t *condition,
                           apr_pool_t *pool)
{
    condition->sql = (base_text_buffer_t){.pool = pool};
    condition->values = apr_array_make(pool, 8, sizeof(search_value_t));
    query_write(query, condition, pool);
}

int search_condition_bind(const search_condition_t *condition, sqlite3_stmt *statement, int first)
{
    int i, result = SQLITE_OK;

    for (i = 0; i < condition->values->nelts && result == SQLITE_OK; i++) {
        const search_value_t *value = &APR_ARRAY_IDX(condition->values, i, search_value_t);

        result = value->text
                     ? sqlite3_bind_text(statement, first + i, value->text, -1, SQLITE_STATIC)
                     : sqlite3_bind_int64(statement, first + i, value->number);
    }
    return result;
}
