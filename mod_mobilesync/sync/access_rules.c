#define PCRE2_CODE_UNIT_WIDTH 8

#include "sync/access_rules.h"

#include <string.h>
#include <strings.h>
#include <apr_sha1.h>
#include <apr_strings.h>
#include <jansson.h>
#include <pcre2.h>

#include "base/text.h"

#define RULES_SUBJECT_MAX 1024 /* bytes of a property that is compared */
#define RULES_MATCH_LIMIT 20000
#define RULES_HEAP_LIMIT 1024 /* kilobytes */
#define RULES_ID_BYTES 6

const char *const sync_access_property_names[SYNC_ACCESS_PROPERTY_COUNT_] = {
#define PROPERTY(name) #name,
    SYNC_ACCESS_PROPERTIES(PROPERTY)
#undef PROPERTY
};

typedef struct {
    pcre2_code *codes[SYNC_ACCESS_PROPERTY_COUNT_];
} rules_codes_t;

struct sync_access_rules {
    apr_array_header_t *list;  /* sync_access_rule_t */
    apr_array_header_t *codes; /* rules_codes_t, the same in number */
    pcre2_match_context *limits;
};

/* -- expressions ------------------------------------------------------------ */

static apr_status_t rules_code_free(void *code)
{
    pcre2_code_free(code);
    return APR_SUCCESS;
}

static apr_status_t rules_limits_free(void *limits)
{
    pcre2_match_context_free(limits);
    return APR_SUCCESS;
}

/* Bytes, not characters: what a device says may be any. */
static base_fault_t *rules_compile(const char *name, const char *pattern, pcre2_code **code,
                                   apr_pool_t *pool)
{
    PCRE2_UCHAR text[128];
    PCRE2_SIZE offset;
    int error;

    if (strlen(pattern) > SYNC_ACCESS_PATTERN_MAX)
        return base_fault_make(pool, BASE_FAULT_INVALID, "%s is longer than %d bytes", name,
                               SYNC_ACCESS_PATTERN_MAX);
    *code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
                          PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_CASELESS | PCRE2_DOTALL |
                              PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C,
                          &error, &offset, NULL);
    if (*code) {
        apr_pool_cleanup_register(pool, *code, rules_code_free, apr_pool_cleanup_null);
        return NULL;
    }
    pcre2_get_error_message(error, text, sizeof text);
    return base_fault_make(pool, BASE_FAULT_INVALID,
                           "%s is no regular expression: %s at character %d", name,
                           (const char *)text, (int)offset + 1);
}

static base_fault_t *rules_compile_all(const sync_access_rule_t *rule, rules_codes_t *codes,
                                       apr_pool_t *pool)
{
    int i;

    for (i = 0; i < SYNC_ACCESS_PROPERTY_COUNT_; i++)
        if (rule->patterns[i])
            BASE_TRY(rules_compile(sync_access_property_names[i], rule->patterns[i],
                                   &codes->codes[i], pool));
    return NULL;
}

/* -- the text: a JSON array ------------------------------------------------- */

static const char *rules_string(const json_t *object, const char *name, apr_pool_t *pool)
{
    return apr_pstrdup(pool, json_string_value(json_object_get(object, name)));
}

static base_fault_t *rules_read(sync_access_rules_t *rules, const json_t *object, apr_pool_t *pool)
{
    sync_access_rule_t *rule = apr_array_push(rules->list);
    int i;

    *rule = (sync_access_rule_t){
        .order = (int)json_integer_value(json_object_get(object, "order")),
        .status = sync_access_status_parse(json_string_value(json_object_get(object, "status"))),
        .domain = rules_string(object, "domain", pool),
        .since = (apr_time_t)json_integer_value(json_object_get(object, "since")),
        .by = rules_string(object, "by", pool)};
    for (i = 0; i < SYNC_ACCESS_PROPERTY_COUNT_; i++)
        rule->patterns[i] = rules_string(object, sync_access_property_names[i], pool);
    rule->id = sync_access_rule_id(rule, pool);
    memset(apr_array_push(rules->codes), 0, sizeof(rules_codes_t));
    if (rule->status == SYNC_ACCESS_NONE)
        return base_fault_make(pool, BASE_FAULT_CORRUPT, "a rule of access control has no status");
    return rules_compile_all(
        rule, &APR_ARRAY_IDX(rules->codes, rules->codes->nelts - 1, rules_codes_t), pool);
}

static sync_access_rules_t *rules_make(apr_pool_t *pool)
{
    sync_access_rules_t *rules = apr_pcalloc(pool, sizeof *rules);

    rules->list = apr_array_make(pool, 8, sizeof(sync_access_rule_t));
    rules->codes = apr_array_make(pool, 8, sizeof(rules_codes_t));
    rules->limits = pcre2_match_context_create(NULL);
    apr_pool_cleanup_register(pool, rules->limits, rules_limits_free, apr_pool_cleanup_null);
    pcre2_set_match_limit(rules->limits, RULES_MATCH_LIMIT);
    pcre2_set_heap_limit(rules->limits, RULES_HEAP_LIMIT);
    return rules;
}

base_fault_t *sync_access_rules_parse(const char *text, sync_access_rules_t **result,
                                      apr_pool_t *pool)
{
    sync_access_rules_t *rules = rules_make(pool);
    base_fault_t *fault = NULL;
    json_t *array;
    size_t i;

    *result = rules;
    if (!text || !*text)
        return NULL;
    array = json_loads(text, 0, NULL);
    if (!json_is_array(array))
        fault = base_fault_make(pool, BASE_FAULT_CORRUPT, "these are no rules of access control");
    for (i = 0; !fault && i < json_array_size(array); i++)
        fault = rules_read(rules, json_array_get(array, i), pool);
    json_decref(array);
    if (fault) /* whatever it was: what was written is not what is there */
        fault->code = BASE_FAULT_CORRUPT;
    return fault;
}

static json_t *rules_json(const sync_access_rule_t *rule)
{
    json_t *object = json_pack("{s:i, s:s, s:s*, s:I, s:s*}", "order", rule->order, "status",
                               sync_access_status_name(rule->status), "domain", rule->domain,
                               "since", (json_int_t)rule->since, "by", rule->by);
    int i;

    for (i = 0; i < SYNC_ACCESS_PROPERTY_COUNT_; i++)
        if (rule->patterns[i])
            json_object_set_new(object, sync_access_property_names[i],
                                json_string(rule->patterns[i]));
    return object;
}

static int rules_append(const char *bytes, size_t length, void *text)
{
    base_text_buffer_append(text, bytes, length);
    return 0;
}

static const char *rules_format(json_t *array, apr_pool_t *pool)
{
    base_text_buffer_t text = {.pool = pool};

    json_dump_callback(array, rules_append, &text, JSON_COMPACT);
    json_decref(array);
    return text.data;
}

/* -- changes ---------------------------------------------------------------- */

const apr_array_header_t *sync_access_rules_list(const sync_access_rules_t *rules)
{
    return rules->list;
}

static void rules_digest(apr_sha1_ctx_t *digest, const char *text)
{
    apr_sha1_update(digest, text ? text : "", text ? (unsigned)strlen(text) : 0);
    apr_sha1_update(digest, text ? "\1" : "\0", 1);
}

const char *sync_access_rule_id(const sync_access_rule_t *rule, apr_pool_t *pool)
{
    unsigned char bytes[APR_SHA1_DIGESTSIZE];
    apr_sha1_ctx_t digest;
    int i;

    apr_sha1_init(&digest);
    rules_digest(&digest, rule->domain ? base_text_lower(rule->domain, pool) : NULL);
    for (i = 0; i < SYNC_ACCESS_PROPERTY_COUNT_; i++)
        rules_digest(&digest, rule->patterns[i]);
    apr_sha1_final(bytes, &digest);
    return base_text_hex_encode(bytes, RULES_ID_BYTES, pool);
}

const sync_access_rule_t *sync_access_rules_find(const sync_access_rules_t *rules, const char *id)
{
    int i;

    for (i = 0; i < rules->list->nelts; i++) {
        const sync_access_rule_t *rule = &APR_ARRAY_IDX(rules->list, i, sync_access_rule_t);

        if (strcmp(rule->id, id) == 0)
            return rule;
    }
    return NULL;
}

static int rules_is_legal(const char *text)
{
    return !text || base_text_xml_legal(text, strlen(text));
}

/* Is it a rule at all? */
static base_fault_t *rules_check(const sync_access_rule_t *rule, apr_pool_t *pool)
{
    rules_codes_t codes = {{NULL}};
    int i, conditions = rule->domain != NULL, legal = rules_is_legal(rule->domain);

    for (i = 0; i < SYNC_ACCESS_PROPERTY_COUNT_; i++) {
        conditions += rule->patterns[i] != NULL;
        legal &= rules_is_legal(rule->patterns[i]);
    }
    if (!conditions)
        return base_fault_make(pool, BASE_FAULT_INVALID,
                               "a rule is about something: device, type, model, os, agent or "
                               "domain");
    if (!legal)
        return base_fault_make(pool, BASE_FAULT_INVALID, "a rule is text in UTF-8");
    if (rule->domain && strlen(rule->domain) > SYNC_ACCESS_PATTERN_MAX)
        return base_fault_make(pool, BASE_FAULT_INVALID, "domain is longer than %d bytes",
                               SYNC_ACCESS_PATTERN_MAX);
    if (rule->order < 1 || rule->order > SYNC_ACCESS_ORDER_MAX)
        return base_fault_make(pool, BASE_FAULT_INVALID, "order must be a number from 1 to %d",
                               SYNC_ACCESS_ORDER_MAX);
    if (rule->status == SYNC_ACCESS_NONE)
        return base_fault_make(pool, BASE_FAULT_INVALID,
                               "status must be allow, block or quarantine");
    return rules_compile_all(rule, &codes, pool);
}

base_fault_t *sync_access_rules_put(const sync_access_rules_t *rules, sync_access_rule_t *rule,
                                    const char **text, apr_pool_t *pool)
{
    json_t *array;
    int i, placed = 0;

    BASE_TRY(rules_check(rule, pool));
    rule->id = sync_access_rule_id(rule, pool);
    if (rules->list->nelts >= SYNC_ACCESS_RULES_MAX && !sync_access_rules_find(rules, rule->id))
        return base_fault_make(pool, BASE_FAULT_TOO_LARGE, "there are %d rules already",
                               rules->list->nelts);
    array = json_array();
    for (i = 0; i < rules->list->nelts; i++) {
        const sync_access_rule_t *old = &APR_ARRAY_IDX(rules->list, i, sync_access_rule_t);

        if (!placed && rule->order < old->order)
            placed = json_array_append_new(array, rules_json(rule)) == 0;
        if (strcmp(old->id, rule->id) != 0)
            json_array_append_new(array, rules_json(old));
    }
    if (!placed)
        json_array_append_new(array, rules_json(rule));
    *text = rules_format(array, pool);
    return NULL;
}

const char *sync_access_rules_without(const sync_access_rules_t *rules, const char *id,
                                      apr_pool_t *pool)
{
    json_t *array = json_array();
    int i;

    for (i = 0; i < rules->list->nelts; i++) {
        const sync_access_rule_t *rule = &APR_ARRAY_IDX(rules->list, i, sync_access_rule_t);

        if (strcmp(rule->id, id) != 0)
            json_array_append_new(array, rules_json(rule));
    }
    return rules_format(array, pool);
}

/* -- matching --------------------------------------------------------------- */

static int rules_is_domain(const char *domain, const char *account)
{
    const char *at = strrchr(account, '@');

    return !domain || (at && strcasecmp(at + 1, domain) == 0);
}

/* doubt: the answer where it is too much work. */
static int rules_fits(const pcre2_code *code, const char *text, pcre2_match_context *limits,
                      int doubt)
{
    size_t length = strlen(text);
    pcre2_match_data *data;
    int result;

    if (length > RULES_SUBJECT_MAX)
        return doubt;
    data = pcre2_match_data_create(1, NULL);
    result = pcre2_match(code, (PCRE2_SPTR)text, length, 0, 0, data, limits);
    pcre2_match_data_free(data);
    if (result == PCRE2_ERROR_NOMATCH)
        return 0;
    return result >= 0 ? 1 : doubt;
}

static int rules_is_about(const sync_access_rules_t *rules, int index,
                          const sync_access_subject_t *subject)
{
    const sync_access_rule_t *rule = &APR_ARRAY_IDX(rules->list, index, sync_access_rule_t);
    const rules_codes_t *codes = &APR_ARRAY_IDX(rules->codes, index, rules_codes_t);
    int i;

    if (!rules_is_domain(rule->domain, subject->account))
        return 0;
    for (i = 0; i < SYNC_ACCESS_PROPERTY_COUNT_; i++)
        if (codes->codes[i] && (!subject->properties[i] ||
                                !rules_fits(codes->codes[i], subject->properties[i], rules->limits,
                                            rule->status != SYNC_ACCESS_ALLOW)))
            return 0;
    return 1;
}

const sync_access_rule_t *sync_access_rules_match(const sync_access_rules_t *rules,
                                                  const sync_access_subject_t *subject)
{
    int i;

    for (i = 0; i < rules->list->nelts; i++)
        if (rules_is_about(rules, i, subject))
            return &APR_ARRAY_IDX(rules->list, i, sync_access_rule_t);
    return NULL;
}
