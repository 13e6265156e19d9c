/* The file is read by hand: APR has no reader for it, that of GLib (GKeyFile) knows no line numbers and
 * must not run in the parent, and JSON has no comments. */
#include "eas/policy.h"

#include <stddef.h>
#include <string.h>
#include <apr_fnmatch.h>
#include <apr_lib.h>
#include <apr_sha1.h>
#include <apr_strings.h>

#include "base/file.h"
#include "base/text.h"

#define POLICY_FILE_MAX 1048576
#define POLICY_HASH_LENGTH 40 /* hex digits of a SHA-1 */
#define POLICY_TEXT_MAX 255
#define POLICY_HOURS_MAX 87600

typedef enum { POLICY_ITEM_TEXT, POLICY_ITEM_SHA1 } policy_item_t;

typedef enum { POLICY_KIND_CHOICE, POLICY_KIND_NUMBER, POLICY_KIND_LIST } policy_kind_t;

typedef struct {
    eas_tag_t tag;
    const char *name;
    policy_kind_t kind;
    const char *value;  /* the default; NULL: a list */
    const char *values; /* CHOICE */
    apr_int64_t least;  /* NUMBER */
    apr_int64_t greatest;
    eas_tag_t item; /* LIST */
    const char *item_name;
    policy_item_t what;
} policy_row_t;

#define POLICY_CHOICE(element, choices, otherwise) \
    {.tag = EAS_Provision_##element,               \
     .name = #element,                             \
     .kind = POLICY_KIND_CHOICE,                   \
     .value = otherwise,                           \
     .values = choices},
#define POLICY_NUMBER(element, lowest, highest, otherwise) \
    {.tag = EAS_Provision_##element,                       \
     .name = #element,                                     \
     .kind = POLICY_KIND_NUMBER,                           \
     .value = otherwise,                                   \
     .least = lowest,                                      \
     .greatest = highest},
#define POLICY_LIST(element, one, kind_of_item) \
    {.tag = EAS_Provision_##element,            \
     .name = #element,                          \
     .kind = POLICY_KIND_LIST,                  \
     .item = EAS_Provision_##one,               \
     .item_name = #one,                         \
     .what = kind_of_item},
static const policy_row_t policy_rows[] = {
#include "eas/policy.tbl"
};

#define POLICY_ROWS (sizeof policy_rows / sizeof *policy_rows)

static const eas_version_t policy_versions[] = {
    EAS_VERSION_12_1, EAS_VERSION_14_0, EAS_VERSION_14_1, EAS_VERSION_16_0, EAS_VERSION_16_1};

#define POLICY_VERSIONS (sizeof policy_versions / sizeof *policy_versions)

struct eas_policy {
    const char *name;
    int line;
    apr_array_header_t *accounts; /* const char *: patterns; NULL: not said yet */
    int allow_keyless;
    int allow_external;
    int refresh_hours;
    int option_lines[3];
    struct {
        const char *value;         /* NULL: the default */
        apr_array_header_t *items; /* of a list, NULL: not named */
        int line;
    } elements[POLICY_ROWS];
    const char *digests[POLICY_VERSIONS];
};

struct eas_policies {
    apr_array_header_t *list; /* eas_policy_t * */
};

static const struct {
    const char *name;
    size_t offset;
    apr_uint64_t greatest;
} policy_options[] = {
    {"AllowNonProvisionableDevices", offsetof(eas_policy_t, allow_keyless), 1},
    {"AllowExternalDeviceManagement", offsetof(eas_policy_t, allow_external), 1},
    {"DevicePolicyRefreshInterval", offsetof(eas_policy_t, refresh_hours), POLICY_HOURS_MAX},
};

#define POLICY_OPTIONS (sizeof policy_options / sizeof *policy_options)

typedef struct {
    eas_policies_t *policies;
    eas_policy_t *policy; /* whose section it is, NULL: none yet */
    int line;
    apr_pool_t *pool;
} policy_parser_t;

/* -- values ------------------------------------------------------------------------------------ */

static base_fault_t *policy_wrong(const policy_parser_t *parser, const char *message)
{
    return base_fault_make(parser->pool, BASE_FAULT_INVALID, "line %d: %s", parser->line, message);
}

static int policy_is_choice(const char *values, const char *value)
{
    const char *at = strlen(value) == 1 ? strstr(values, value) : NULL;

    return at && apr_isdigit(*value);
}

static int policy_is_number(const policy_row_t *row, const char *value)
{
    apr_uint64_t number;

    if (!*value)
        return !*row->value;
    if (*value == '-')
        return row->least < 0 && strcmp(value, "-1") == 0;
    return base_text_parse_uint(value, (apr_uint64_t)row->greatest, &number) &&
           (apr_int64_t)number >= row->least;
}

static base_fault_t *policy_check(const policy_parser_t *parser, const policy_row_t *row,
                                  const char *value)
{
    if (row->kind == POLICY_KIND_CHOICE && !policy_is_choice(row->values, value))
        return policy_wrong(parser, apr_psprintf(parser->pool, "%s takes one of %s, not \"%s\"",
                                                 row->name, row->values, value));
    if (row->kind == POLICY_KIND_NUMBER && !policy_is_number(row, value))
        return policy_wrong(parser, apr_psprintf(parser->pool,
                                                 "%s takes a number from %" APR_INT64_T_FMT
                                                 " to %" APR_INT64_T_FMT "%s, not \"%s\"",
                                                 row->name, row->least, row->greatest,
                                                 *row->value ? "" : ", or nothing", value));
    return NULL;
}

static int policy_is_item(const policy_row_t *row, const char *value)
{
    size_t length = strlen(value);

    if (row->what == POLICY_ITEM_SHA1)
        return length == POLICY_HASH_LENGTH &&
               strspn(value, "0123456789abcdefABCDEF") == POLICY_HASH_LENGTH;
    return length > 0 && length <= POLICY_TEXT_MAX;
}

/* "UnapprovedInROMApplicationList =" is the empty list, "ApplicationName = a.exe" an item of it. */
static base_fault_t *policy_add_item(policy_parser_t *parser, size_t index, const char *value,
                                     int is_item)
{
    const policy_row_t *row = &policy_rows[index];
    apr_array_header_t **items = &parser->policy->elements[index].items;

    if (!is_item && *value)
        return policy_wrong(parser,
                            apr_psprintf(parser->pool, "%s takes its items as lines %s = ...",
                                         row->name, row->item_name));
    if (is_item && !policy_is_item(row, value))
        return policy_wrong(
            parser, apr_psprintf(parser->pool, "%s takes %s, not \"%s\"", row->item_name,
                                 row->what == POLICY_ITEM_SHA1 ? "a SHA-1 of 40 hex digits"
                                                               : "a name of up to 255 bytes",
                                 value));
    if (!*items)
        *items = apr_array_make(parser->pool, 4, sizeof(const char *));
    if (is_item)
        APR_ARRAY_PUSH(*items, const char *) = value;
    return NULL;
}

static base_fault_t *policy_once(const policy_parser_t *parser, const char *name, int *line)
{
    if (*line)
        return policy_wrong(
            parser, apr_psprintf(parser->pool, "%s is there already, in line %d", name, *line));
    *line = parser->line;
    return NULL;
}

static base_fault_t *policy_set_accounts(policy_parser_t *parser, const char *value)
{
    char *copy = apr_pstrdup(parser->pool, value), *rest, *pattern;

    if (!parser->policy->accounts)
        parser->policy->accounts = apr_array_make(parser->pool, 4, sizeof(const char *));
    for (pattern = apr_strtok(copy, " \t,", &rest); pattern;
         pattern = apr_strtok(NULL, " \t,", &rest))
        APR_ARRAY_PUSH(parser->policy->accounts, const char *) = pattern;
    return NULL;
}

static base_fault_t *policy_set_option(policy_parser_t *parser, size_t index, const char *value)
{
    apr_uint64_t number;

    BASE_TRY(policy_once(parser, policy_options[index].name, &parser->policy->option_lines[index]));
    if (!base_text_parse_uint(value, policy_options[index].greatest, &number))
        return policy_wrong(parser, apr_psprintf(parser->pool,
                                                 "%s takes a number from 0 to %" APR_UINT64_T_FMT
                                                 ", not \"%s\"",
                                                 policy_options[index].name,
                                                 policy_options[index].greatest, value));
    *(int *)((char *)parser->policy + policy_options[index].offset) = (int)number;
    return NULL;
}

static base_fault_t *policy_set_element(policy_parser_t *parser, size_t index, const char *value)
{
    const policy_row_t *row = &policy_rows[index];

    BASE_TRY(policy_once(parser, row->name, &parser->policy->elements[index].line));
    if (row->kind == POLICY_KIND_LIST)
        return policy_add_item(parser, index, value, 0);
    BASE_TRY(policy_check(parser, row, value));
    parser->policy->elements[index].value = value;
    return NULL;
}

static base_fault_t *policy_set(policy_parser_t *parser, const char *name, const char *value)
{
    size_t i;

    if (strcasecmp(name, "accounts") == 0)
        return policy_set_accounts(parser, value);
    for (i = 0; i < POLICY_OPTIONS; i++)
        if (strcasecmp(name, policy_options[i].name) == 0)
            return policy_set_option(parser, i, value);
    for (i = 0; i < POLICY_ROWS; i++) {
        if (strcasecmp(name, policy_rows[i].name) == 0)
            return policy_set_element(parser, i, value);
        if (policy_rows[i].item_name && strcasecmp(name, policy_rows[i].item_name) == 0)
            return policy_add_item(parser, i, value, 1);
    }
    return policy_wrong(parser,
                        apr_psprintf(parser->pool, "MS-ASPROV has no element \"%s\"", name));
}

/* -- sections ------------------------------------------------------------------------------------ */

static void policy_digest_add(void *context, eas_tag_t tag, const char *value)
{
    apr_sha1_update_binary(context, (const unsigned char *)&tag, sizeof tag);
    apr_sha1_update(context, value ? value : "", value ? (unsigned)strlen(value) + 1 : 0);
}

static const char *policy_digest_make(const eas_policy_t *policy, eas_version_t version,
                                      apr_pool_t *pool)
{
    unsigned char digest[APR_SHA1_DIGESTSIZE];
    apr_sha1_ctx_t context;

    apr_sha1_init(&context);
    eas_policy_visit(policy, version, policy_digest_add, &context);
    apr_sha1_final(digest, &context);
    return base_text_hex_encode(digest, sizeof digest, pool);
}

/* The section ends. */
static base_fault_t *policy_close(policy_parser_t *parser)
{
    eas_policy_t *policy = parser->policy;
    size_t i;

    if (!policy)
        return NULL;
    if (!policy->accounts || !policy->accounts->nelts)
        return base_fault_make(parser->pool, BASE_FAULT_INVALID,
                               "line %d: [%s] has no line \"accounts = ...\"", policy->line,
                               policy->name);
    for (i = 0; i < POLICY_VERSIONS; i++)
        policy->digests[i] = policy_digest_make(policy, policy_versions[i], parser->pool);
    APR_ARRAY_PUSH(parser->policies->list, eas_policy_t *) = policy;
    parser->policy = NULL;
    return NULL;
}

static base_fault_t *policy_open(policy_parser_t *parser, char *line)
{
    size_t length = strlen(line);
    int i;

    BASE_TRY(policy_close(parser));
    if (length < 3 || line[length - 1] != ']' || length - 2 > EAS_POLICY_NAME_MAX)
        return policy_wrong(parser, "a section is [name], of up to 64 bytes");
    line[length - 1] = '\0';
    for (i = 0; i < parser->policies->list->nelts; i++) {
        const eas_policy_t *other = APR_ARRAY_IDX(parser->policies->list, i, eas_policy_t *);

        if (strcasecmp(other->name, line + 1) == 0)
            return policy_wrong(parser,
                                apr_psprintf(parser->pool, "[%s] is there already, in line %d",
                                             line + 1, other->line));
    }
    parser->policy = apr_pcalloc(parser->pool, sizeof *parser->policy);
    parser->policy->name = line + 1;
    parser->policy->line = parser->line;
    return NULL;
}

static char *policy_trim(char *text)
{
    char *end = text + strlen(text);

    while (end > text && apr_isspace(end[-1]))
        *--end = '\0';
    while (apr_isspace(*text))
        text++;
    return text;
}

static base_fault_t *policy_line(policy_parser_t *parser, char *line)
{
    char *value;

    line = policy_trim(line);
    if (!*line || *line == '#' || *line == ';')
        return NULL;
    if (*line == '[')
        return policy_open(parser, line);
    if (!(value = strchr(line, '=')))
        return policy_wrong(parser, "this is neither [name] nor name = value");
    if (!parser->policy)
        return policy_wrong(parser, "a section [name] has to come first");
    *value++ = '\0';
    return policy_set(parser, policy_trim(line), policy_trim(value));
}

base_fault_t *eas_policies_parse(const char *text, apr_size_t length, eas_policies_t **policies,
                                 apr_pool_t *pool)
{
    policy_parser_t parser = {.policies = apr_pcalloc(pool, sizeof **policies), .pool = pool};
    const char *end = text + length;

    *policies = parser.policies;
    parser.policies->list = apr_array_make(pool, 4, sizeof(eas_policy_t *));
    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) /* some editors begin so */
        text += 3;
    while (text < end) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        size_t size = (size_t)((stop ? stop : end) - text);

        parser.line++;
        if (!base_text_xml_legal(text, size))
            return policy_wrong(&parser, "this is no UTF-8 text");
        BASE_TRY(policy_line(&parser, apr_pstrmemdup(pool, text, size)));
        text += size + 1;
    }
    return policy_close(&parser);
}

base_fault_t *eas_policies_read(const char *path, eas_policies_t **policies, apr_pool_t *pool)
{
    const char *text;
    apr_size_t length;

    BASE_TRY(base_file_read(path, POLICY_FILE_MAX, &text, &length, NULL, pool));
    return base_fault_wrap(eas_policies_parse(text, length, policies, pool), pool, "%s", path);
}

/* -- what it says ---------------------------------------------------------------------------------- */

const eas_policy_t *eas_policies_find(const eas_policies_t *policies, const char *account)
{
    int i, j;

    for (i = 0; i < eas_policies_count(policies); i++) {
        const eas_policy_t *policy = eas_policies_get(policies, i);

        for (j = 0; j < policy->accounts->nelts; j++)
            if (apr_fnmatch(APR_ARRAY_IDX(policy->accounts, j, const char *), account,
                            APR_FNM_CASE_BLIND) == APR_SUCCESS)
                return policy;
    }
    return NULL;
}

int eas_policies_count(const eas_policies_t *policies)
{
    return policies ? policies->list->nelts : 0;
}

const eas_policy_t *eas_policies_get(const eas_policies_t *policies, int index)
{
    return APR_ARRAY_IDX(policies->list, index, eas_policy_t *);
}

const char *eas_policy_name(const eas_policy_t *policy)
{
    return policy->name;
}

const apr_array_header_t *eas_policy_accounts(const eas_policy_t *policy)
{
    return policy->accounts;
}

int eas_policy_accepts(const eas_policy_t *policy, eas_policy_compliance_t compliance)
{
    switch (compliance) {
    case EAS_POLICY_APPLIED:
        return 1;
    case EAS_POLICY_PARTLY:
    case EAS_POLICY_IGNORED:
        return policy->allow_keyless;
    case EAS_POLICY_EXTERNAL:
        return policy->allow_external;
    }
    return 0;
}

int eas_policy_allows_keyless(const eas_policy_t *policy)
{
    return policy->allow_keyless;
}

apr_interval_time_t eas_policy_refresh(const eas_policy_t *policy)
{
    return apr_time_from_sec(3600 * (apr_int64_t)policy->refresh_hours);
}

void eas_policy_visit(const eas_policy_t *policy, eas_version_t version, eas_policy_visit_fn visit,
                      void *baton)
{
    size_t i;
    int j;

    for (i = 0; i < POLICY_ROWS; i++) {
        const policy_row_t *row = &policy_rows[i];
        const char *value = policy->elements[i].value;
        const apr_array_header_t *items = policy->elements[i].items;

        if (!eas_tag_in_version(row->tag, version) || (row->kind == POLICY_KIND_LIST && !items))
            continue;
        visit(baton, row->tag, value ? value : row->value);
        for (j = 0; items && j < items->nelts; j++)
            visit(baton, row->item, APR_ARRAY_IDX(items, j, const char *));
        if (items)
            visit(baton, EAS_TAG_NONE, NULL);
    }
}

static void policy_write_element(void *writer, eas_tag_t tag, const char *value)
{
    if (tag == EAS_TAG_NONE)
        eas_writer_end(writer);
    else if (!value)
        eas_writer_start(writer, tag);
    else if (*value)
        eas_writer_text(writer, tag, value);
    else
        eas_writer_empty(writer, tag);
}

void eas_policy_write(const eas_policy_t *policy, eas_version_t version, eas_writer_t *writer)
{
    eas_writer_start(writer, EAS_Provision_EASProvisionDoc);
    eas_policy_visit(policy, version, policy_write_element, writer);
    eas_writer_end(writer);
}

const char *eas_policy_digest(const eas_policy_t *policy, eas_version_t version)
{
    size_t i;

    for (i = 0; i < POLICY_VERSIONS; i++)
        if (policy_versions[i] == version)
            return policy->digests[i];
    return "";
}

const char *eas_policy_compliance_name(eas_policy_compliance_t compliance)
{
    switch (compliance) {
    case EAS_POLICY_APPLIED:
        return "applied";
    case EAS_POLICY_PARTLY:
        return "partly applied";
    case EAS_POLICY_IGNORED:
        return "not applied";
    case EAS_POLICY_EXTERNAL:
        return "managed by others";
    }
    return "unknown";
}
