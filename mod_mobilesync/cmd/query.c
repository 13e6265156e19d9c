#include "cmd/query.h"

#include <string.h>
#include <strings.h>
#include <apr_strings.h>
#include <glib.h>

#define QUERY_LENGTH_MAX 2048
#define QUERY_LEAVES_MAX 32
#define QUERY_DEPTH_MAX 16

#define FIELD(name) (1u << BACKEND_FIELD_##name)

/* Properties of MS-KQL that mail has. fields: of text; else kind says what the value is. */
static const struct {
    const char *name;
    unsigned fields;
    backend_query_kind_t kind;
    apr_uint64_t flag;
} query_properties[] = {
    {"from", FIELD(FROM), BACKEND_QUERY_TEXT, 0},
    {"sender", FIELD(FROM), BACKEND_QUERY_TEXT, 0},
    {"to", FIELD(TO), BACKEND_QUERY_TEXT, 0},
    {"cc", FIELD(CC), BACKEND_QUERY_TEXT, 0},
    {"bcc", FIELD(BCC), BACKEND_QUERY_TEXT, 0},
    {"recipients", FIELD(TO) | FIELD(CC) | FIELD(BCC), BACKEND_QUERY_TEXT, 0},
    {"participants", FIELD(FROM) | FIELD(TO) | FIELD(CC) | FIELD(BCC), BACKEND_QUERY_TEXT, 0},
    {"subject", FIELD(SUBJECT), BACKEND_QUERY_TEXT, 0},
    {"body", FIELD(BODY), BACKEND_QUERY_TEXT, 0},
    {"attachment", FIELD(ATTACHMENT), BACKEND_QUERY_TEXT, 0},
    {"attachmentnames", FIELD(ATTACHMENT), BACKEND_QUERY_TEXT, 0},
    {"hasattachment", 0, BACKEND_QUERY_ATTACHMENTS, 0},
    {"hasattachments", 0, BACKEND_QUERY_ATTACHMENTS, 0},
    {"isread", 0, BACKEND_QUERY_FLAGS, BACKEND_FLAG_SEEN},
    {"isflagged", 0, BACKEND_QUERY_FLAGS, BACKEND_FLAG_FLAGGED},
    {"received", 0, BACKEND_QUERY_DATE, 0},
    {"sent", 0, BACKEND_QUERY_DATE, 0},
};

#define QUERY_PROPERTY_COUNT (int)(sizeof query_properties / sizeof *query_properties)

typedef struct {
    const char *at;
    apr_time_t now;
    int leaves, depth;
    apr_pool_t *pool;
} query_parser_t;

/* An operand; property: index of its text property, -1 when it is none. */
typedef struct {
    backend_query_t *node; /* NULL: no word in it */
    int property;
} query_operand_t;

static base_fault_t *query_parse_or(query_parser_t *parser, unsigned fields,
                                    backend_query_t **node);

backend_query_t *cmd_query_make(backend_query_kind_t kind, apr_pool_t *pool)
{
    backend_query_t *node = apr_pcalloc(pool, sizeof *node);

    node->kind = kind;
    return node;
}

static void query_append(backend_query_t *list, backend_query_t *operand)
{
    backend_query_t **end = &list->first;

    while (*end)
        end = &(*end)->next;
    *end = operand;
}

backend_query_t *cmd_query_both(backend_query_t *one, backend_query_t *other, apr_pool_t *pool)
{
    backend_query_t *both;

    if (!one || !other)
        return one ? one : other;
    both = cmd_query_make(BACKEND_QUERY_AND, pool);
    query_append(both, one);
    query_append(both, other);
    return both;
}

/* -- words ----------------------------------------------------------------------------------- */

/* Bytes of white space at this place; U+3000 is the space of Japanese keyboards. */
static int query_space(const char *at)
{
    return g_ascii_isspace(*at) ? 1 : strncmp(at, "\xe3\x80\x80", 3) == 0 ? 3 : 0;
}

static void query_skip_space(query_parser_t *parser)
{
    int length;

    while ((length = query_space(parser->at)))
        parser->at += length;
}

/* Does it have a letter or a digit, so that there is something to look for? */
static int query_has_word(const char *text)
{
    const char *p;

    for (p = text; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char_validated(p, -1);

        if (c == (gunichar)-1 || c == (gunichar)-2)
            return 0;
        if (g_unichar_isalnum(c) || g_unichar_ismark(c))
            return 1;
    }
    return 0;
}

/* "..." (until the end when it is not closed), or what stands up to the next space or bracket. */
static const char *query_value(query_parser_t *parser, int *quoted)
{
    const char *start = parser->at, *end;

    *quoted = *start == '"';
    if (*quoted) {
        end = strchr(++start, '"');
        parser->at = end ? end + 1 : start + strlen(start);
        end = end ? end : parser->at;
    }
    else {
        end = start;
        while (*end && !query_space(end) && !strchr("()\"", *end))
            end++;
        parser->at = end;
    }
    return apr_pstrmemdup(parser->pool, start, (apr_size_t)(end - start));
}

static base_fault_t *query_count(query_parser_t *parser)
{
    if (++parser->leaves > QUERY_LEAVES_MAX)
        return base_fault_make(parser->pool, BASE_FAULT_TOO_LARGE,
                               "a query of more than %d conditions", QUERY_LEAVES_MAX);
    return NULL;
}

static base_fault_t *query_text(query_parser_t *parser, const char *text, int quoted,
                                unsigned fields, backend_query_t **node)
{
    *node = NULL;
    if (quoted && *parser->at == '*') {
        parser->at++;
        quoted = 0;
    }
    if (!query_has_word(text))
        return NULL;
    *node = cmd_query_make(BACKEND_QUERY_TEXT, parser->pool);
    (*node)->text = text;
    (*node)->fields = fields;
    (*node)->prefix = !quoted;
    return query_count(parser);
}

/* -- properties ------------------------------------------------------------------------------ */

/* The property that begins here, -1 for none; *length is that of its name, *comparison of what
 * follows it. */
static int query_property(const char *at, apr_size_t *length, apr_size_t *comparison)
{
    int i;

    *length = strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    for (i = 0; i < QUERY_PROPERTY_COUNT; i++)
        if (strlen(query_properties[i].name) == *length &&
            strncasecmp(query_properties[i].name, at, *length) == 0)
            break;
    if (i == QUERY_PROPERTY_COUNT)
        return -1;
    *comparison = strspn(at + *length, ":=<>");
    if (*comparison == 0 || *comparison > 3)
        return -1;
    /* only dates have an order */
    return query_properties[i].kind == BACKEND_QUERY_DATE || strchr(":=", at[*length]) ? i : -1;
}

static int query_truth(const char *text)
{
    static const char *const words[] = {"false", "no", "0", "true", "yes", "1"};
    int i;

    for (i = 0; i < 6; i++)
        if (strcasecmp(text, words[i]) == 0)
            return i >= 3;
    return -1;
}

static base_fault_t *query_bad_value(query_parser_t *parser, int property, const char *value)
{
    return base_fault_make(parser->pool, BASE_FAULT_INVALID, "%s: is never '%.40s'",
                           query_properties[property].name, value);
}

/* DATE..DATE: either may be missing. */
static base_fault_t *query_dates(query_parser_t *parser, int property, const char *comparison,
                                 const char *value, backend_query_t *node)
{
    const char *dots = strstr(value, ".."), *first = value, *last = value;
    apr_time_t since = APR_INT64_MIN, before = APR_INT64_MAX, other;

    if (dots) {
        first = apr_pstrmemdup(parser->pool, value, (apr_size_t)(dots - value));
        last = dots + 2;
    }
    if ((*first && !cmd_query_dates(first, parser->now, &since, &before)) || (!*first && !*last))
        return query_bad_value(parser, property, value);
    if (dots) {
        before = APR_INT64_MAX;
        if (*last && !cmd_query_dates(last, parser->now, &other, &before))
            return query_bad_value(parser, property, value);
    }
    node->since = since;
    node->before = before;
    if (strchr(comparison, '<')) {
        node->since = APR_INT64_MIN;
        node->before = strchr(comparison, '=') ? before : since;
    }
    else if (strchr(comparison, '>')) {
        node->since = strchr(comparison, '=') ? since : before;
        node->before = APR_INT64_MAX;
    }
    return NULL;
}

static base_fault_t *query_restriction(query_parser_t *parser, int property, const char *comparison,
                                       backend_query_t **node)
{
    backend_query_kind_t kind = query_properties[property].kind;
    const char *value;
    int quoted, truth;

    query_skip_space(parser);
    if (kind == BACKEND_QUERY_TEXT && *parser->at == '(') {
        parser->at++;
        BASE_TRY(query_parse_or(parser, query_properties[property].fields, node));
        parser->at += *parser->at == ')';
        return NULL;
    }
    value = query_value(parser, &quoted);
    if (kind == BACKEND_QUERY_TEXT)
        return query_text(parser, value, quoted, query_properties[property].fields, node);
    *node = cmd_query_make(kind, parser->pool);
    BASE_TRY(query_count(parser));
    if (kind == BACKEND_QUERY_DATE)
        return query_dates(parser, property, comparison, value, *node);
    truth = query_truth(value);
    if (truth < 0)
        return query_bad_value(parser, property, value);
    (*node)->mask = (*node)->flags = query_properties[property].flag;
    if (!truth) {
        backend_query_t *negated = cmd_query_make(BACKEND_QUERY_NOT, parser->pool);

        negated->first = *node;
        *node = negated;
    }
    return NULL;
}

/* -- structure ------------------------------------------------------------------------------- */

/* One of the operators, written in capitals, is next: takes it. */
static int query_take_operator(query_parser_t *parser, const char *operator_)
{
    apr_size_t length = strlen(operator_);

    query_skip_space(parser);
    if (strncmp(parser->at, operator_, length) != 0 ||
        (parser->at[length] && !query_space(parser->at + length) &&
         !strchr("()\"", parser->at[length])))
        return 0;
    parser->at += length;
    return 1;
}

static int query_at_end(query_parser_t *parser)
{
    query_skip_space(parser);
    return !*parser->at || *parser->at == ')';
}

static base_fault_t *query_primary(query_parser_t *parser, unsigned fields,
                                   query_operand_t *operand)
{
    apr_size_t length, comparison;
    const char *value;
    int quoted;

    operand->node = NULL;
    operand->property = -1;
    if (query_at_end(parser))
        return NULL;
    if (*parser->at == '(') {
        parser->at++;
        BASE_TRY(query_parse_or(parser, fields, &operand->node));
        parser->at += *parser->at == ')';
        return NULL;
    }
    operand->property = query_property(parser->at, &length, &comparison);
    if (operand->property >= 0) {
        value = apr_pstrmemdup(parser->pool, parser->at + length, comparison);
        parser->at += length + comparison;
        return query_restriction(parser, operand->property, value, &operand->node);
    }
    value = query_value(parser, &quoted);
    return query_text(parser, value, quoted, fields, &operand->node);
}

static base_fault_t *query_operand(query_parser_t *parser, unsigned fields,
                                   query_operand_t *operand)
{
    backend_query_t *negated;
    int negative = 0;

    for (;;) {
        if (query_take_operator(parser, "NOT"))
            negative ^= 1;
        else if ((*parser->at == '-' || *parser->at == '+') && parser->at[1] &&
                 !query_space(parser->at + 1))
            negative ^= *parser->at++ == '-';
        else
            break;
    }
    BASE_TRY(query_primary(parser, fields, operand));
    if (negative && operand->node) {
        negated = cmd_query_make(BACKEND_QUERY_NOT, parser->pool);
        negated->first = operand->node;
        operand->node = negated;
        operand->property = -1;
    }
    return NULL;
}

/* An operand beside others without an operator: if there is one of the same property, one of the two
 * will do (MS-KQL 2.1.10). Returns 0 when there is none. */
static int query_join_property(apr_array_header_t *operands, const query_operand_t *operand,
                               apr_pool_t *pool)
{
    int i;

    if (operand->property < 0 || query_properties[operand->property].kind != BACKEND_QUERY_TEXT)
        return 0;
    for (i = 0; i < operands->nelts; i++) {
        query_operand_t *other = &APR_ARRAY_IDX(operands, i, query_operand_t);

        if (other->property != operand->property)
            continue;
        if (other->node->kind != BACKEND_QUERY_OR) {
            backend_query_t *either = cmd_query_make(BACKEND_QUERY_OR, pool);

            query_append(either, other->node);
            other->node = either;
        }
        query_append(other->node, operand->node);
        return 1;
    }
    return 0;
}

static base_fault_t *query_parse_and(query_parser_t *parser, unsigned fields,
                                     backend_query_t **node)
{
    apr_array_header_t *operands = apr_array_make(parser->pool, 4, sizeof(query_operand_t));
    const char *before;
    int i;

    while (!query_at_end(parser)) {
        int explicit_ = query_take_operator(parser, "AND");
        query_operand_t operand;

        before = parser->at;
        if (query_take_operator(parser, "OR")) {
            parser->at = before; /* the caller's */
            break;
        }
        BASE_TRY(query_operand(parser, fields, &operand));
        if (operand.node && (explicit_ || !query_join_property(operands, &operand, parser->pool)))
            APR_ARRAY_PUSH(operands, query_operand_t) = operand;
    }
    *node = operands->nelts == 1 ? APR_ARRAY_IDX(operands, 0, query_operand_t).node : NULL;
    if (operands->nelts > 1)
        *node = cmd_query_make(BACKEND_QUERY_AND, parser->pool);
    for (i = 0; i < operands->nelts && operands->nelts > 1; i++)
        query_append(*node, APR_ARRAY_IDX(operands, i, query_operand_t).node);
    return NULL;
}

static base_fault_t *query_parse_or(query_parser_t *parser, unsigned fields, backend_query_t **node)
{
    backend_query_t *either = cmd_query_make(BACKEND_QUERY_OR, parser->pool), *one;

    if (++parser->depth > QUERY_DEPTH_MAX)
        return base_fault_make(parser->pool, BASE_FAULT_TOO_LARGE,
                               "a query with more than %d levels of brackets", QUERY_DEPTH_MAX);
    do {
        BASE_TRY(query_parse_and(parser, fields, &one));
        if (one)
            query_append(either, one);
    } while (query_take_operator(parser, "OR"));
    parser->depth--;
    *node = either->first && either->first->next ? either : either->first;
    return NULL;
}

base_fault_t *cmd_query_parse(const char *text, apr_time_t now, backend_query_t **query,
                              apr_pool_t *pool)
{
    query_parser_t parser = {.at = text, .now = now, .pool = pool};
    backend_query_t *one;

    *query = NULL;
    if (strlen(text) > QUERY_LENGTH_MAX)
        return base_fault_make(pool, BASE_FAULT_TOO_LARGE, "a query of more than %d bytes",
                               QUERY_LENGTH_MAX);
    for (;;) {
        BASE_TRY(query_parse_or(&parser, BACKEND_FIELDS_ALL, &one));
        *query = cmd_query_both(*query, one, pool);
        if (!*parser.at)
            break;
        parser.at++; /* a bracket that closes nothing */
    }
    if (!*query)
        return base_fault_make(pool, BASE_FAULT_INVALID, "a query without a word");
    return NULL;
}
