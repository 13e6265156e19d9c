#include "backend/local_name.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <apr_general.h>
#include <apr_strings.h>

#include "base/text.h"

static const struct {
    char letter;
    apr_uint64_t flag;
} name_letters[] = {{'D', BACKEND_FLAG_DRAFT},
                    {'F', BACKEND_FLAG_FLAGGED},
                    {'P', BACKEND_FLAG_FORWARDED},
                    {'R', BACKEND_FLAG_ANSWERED},
                    {'S', BACKEND_FLAG_SEEN}};
enum { NAME_LETTERS = sizeof name_letters / sizeof *name_letters };

#define NAME_REVISION ",MR="

static apr_uint64_t name_revision(const char *name, apr_size_t base_length)
{
    const char *start = strstr(name, NAME_REVISION);
    apr_uint64_t revision = 0;

    if (!start || start >= name + base_length)
        return 0;
    for (start += strlen(NAME_REVISION); isdigit((unsigned char)*start); start++)
        revision = revision * 10 + (apr_uint64_t)(*start - '0');
    /* another program's, or a joke: above it there is no room in a row of the index */
    return revision < APR_INT64_MAX >> BACKEND_REVISION_SHIFT ? revision : 0;
}

const char *local_name_with_revision(const char *base, apr_uint64_t revision, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%s" NAME_REVISION "%" APR_UINT64_T_FMT, base, revision);
}

void local_name_parse(const char *name, local_name_t *parsed)
{
    const char *colon = strchr(name, ':');
    int i;

    memset(parsed, 0, sizeof *parsed);
    parsed->base_length = colon ? (apr_size_t)(colon - name) : strlen(name);
    parsed->info = colon && strncmp(colon, ":2,", 3) == 0 ? colon + 3 : "";
    for (i = 0; i < NAME_LETTERS; i++)
        if (strchr(parsed->info, name_letters[i].letter))
            parsed->token |= name_letters[i].flag;
    parsed->token |= name_revision(name, parsed->base_length) << BACKEND_REVISION_SHIFT;
    parsed->trashed = strchr(parsed->info, 'T') != NULL;
}

const char *local_name_with_token(const char *name, apr_uint64_t token, apr_pool_t *pool)
{
    unsigned char has[256] = {0};
    local_name_t parsed;
    char letters[256];
    size_t length = 0;
    int i;

    local_name_parse(name, &parsed);
    for (i = 0; parsed.info[i]; i++)
        has[(unsigned char)parsed.info[i]] = 1;
    for (i = 0; i < NAME_LETTERS; i++)
        has[(unsigned char)name_letters[i].letter] = (token & name_letters[i].flag) != 0;
    for (i = 1; i < 256; i++)
        if (has[i])
            letters[length++] = (char)i;
    return apr_pstrcat(pool, apr_pstrmemdup(pool, name, parsed.base_length), ":2,",
                       apr_pstrmemdup(pool, letters, length), NULL);
}

#define NAME_DERIVED ",MS="

const char *local_name_derived(const char *name, apr_pool_t *pool)
{
    const char *start = strstr(name, NAME_DERIVED), *colon = strchr(name, ':');
    size_t length;

    if (!start || (colon && colon < start))
        return NULL;
    start += strlen(NAME_DERIVED);
    length = strcspn(start, ",:");
    return length ? apr_pstrmemdup(pool, start, length) : NULL;
}

const char *local_name_with_derived(const char *name, const char *derived, apr_pool_t *pool)
{
    const char *old = local_name_derived(name, pool), *start, *rest;
    local_name_t parsed;

    if (!old) {
        local_name_parse(name, &parsed);
        return apr_pstrcat(pool, apr_pstrmemdup(pool, name, parsed.base_length), NAME_DERIVED,
                           derived, name + parsed.base_length, NULL);
    }
    start = strstr(name, NAME_DERIVED) + strlen(NAME_DERIVED);
    rest = start + strlen(old);
    return apr_pstrcat(pool, apr_pstrmemdup(pool, name, start - name), derived, rest, NULL);
}

const char *local_name_make(const char *host, apr_pool_t *pool)
{
    apr_time_t now = apr_time_now();
    unsigned char random[8];

    apr_generate_random_bytes(random, sizeof random);
    return apr_psprintf(pool, "%" APR_INT64_T_FMT ".M%dP%dR%s.%s", (apr_int64_t)apr_time_sec(now),
                        (int)apr_time_usec(now), (int)getpid(),
                        base_text_hex_encode(random, sizeof random, pool), host);
}

const char *local_name_with_sizes(const char *base, apr_uint64_t size, apr_uint64_t wire_size,
                                  apr_pool_t *pool)
{
    return apr_psprintf(pool, "%s,S=%" APR_UINT64_T_FMT ",W=%" APR_UINT64_T_FMT, base, size,
                        wire_size);
}

const char *local_name_rest(const char *name)
{
    return name + strcspn(name, ",:");
}

const char *local_name_host(apr_pool_t *pool)
{
    char host[64] = "localhost";
    base_text_buffer_t out = {.pool = pool};
    const char *p;

    gethostname(host, sizeof host - 1);
    for (p = host; *p; p++) {
        if (isalnum((unsigned char)*p) || *p == '.' || *p == '-' || *p == '_')
            base_text_buffer_append(&out, p, 1);
        else
            base_text_buffer_printf(&out, "\\%03o", (unsigned char)*p);
    }
    return out.length ? out.data : "localhost";
}

/* -- modified UTF-7 (RFC 3501 5.1.3): no library at hand has both directions of it --------- */

static const char name_base64[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/* The character at p of legal UTF-8. */
static unsigned long name_utf8_next(const char **p)
{
    const unsigned char *q = (const unsigned char *)*p;
    int more = *q < 0x80 ? 0 : *q < 0xe0 ? 1 : *q < 0xf0 ? 2 : 3;
    unsigned long c = more ? *q & (0x3f >> more) : *q;

    for (q++; more > 0; more--)
        c = c << 6 | (*q++ & 0x3f);
    *p = (const char *)q;
    return c;
}

static void name_utf8_put(base_text_buffer_t *out, unsigned long c)
{
    char bytes[4];
    int length = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4, i;

    for (i = length - 1; i > 0; i--, c >>= 6)
        bytes[i] = (char)(0x80 | (c & 0x3f));
    bytes[0] = (char)(length == 1 ? c : ((0xf00 >> length) & 0xff) | c);
    base_text_buffer_append(out, bytes, length);
}

static int name_encodes_itself(char c)
{
    return c >= 0x20 && c < 0x7f && c != '&' && c != '.' && c != '/';
}

/* Appends 16 bits to a base64 run; *count bits of *bits are left over. */
static void name_base64_unit(base_text_buffer_t *out, unsigned unit, unsigned long *bits,
                             int *count)
{
    *bits = *bits << 16 | unit;
    for (*count += 16; *count >= 6; *count -= 6)
        base_text_buffer_append(out, &name_base64[*bits >> (*count - 6) & 0x3f], 1);
    *bits &= (1UL << *count) - 1;
}

const char *local_name_encode_level(const char *name, apr_pool_t *pool)
{
    base_text_buffer_t out = {.pool = pool};

    base_text_buffer_puts(&out, "");
    while (*name) {
        unsigned long bits = 0;
        int count = 0;

        if (name_encodes_itself(*name)) {
            base_text_buffer_append(&out, name++, 1);
            continue;
        }
        if (*name == '&') {
            base_text_buffer_puts(&out, "&-");
            name++;
            continue;
        }
        base_text_buffer_puts(&out, "&");
        while (*name && *name != '&' && !name_encodes_itself(*name)) {
            unsigned long c = name_utf8_next(&name);

            if (c >= 0x10000) {
                name_base64_unit(&out, 0xd800 + ((c - 0x10000) >> 10), &bits, &count);
                c = 0xdc00 + ((c - 0x10000) & 0x3ff);
            }
            name_base64_unit(&out, (unsigned)c, &bits, &count);
        }
        if (count)
            base_text_buffer_append(&out, &name_base64[bits << (6 - count) & 0x3f], 1);
        base_text_buffer_puts(&out, "-");
    }
    return out.data;
}

/* Reads "...-" after an ampersand; NULL when it is no modified UTF-7. */
static const char *name_decode_run(const char *p, base_text_buffer_t *out)
{
    unsigned long bits = 0, high = 0, unit;
    int count = 0;

    for (; *p != '-'; p++) {
        const char *digit = *p ? strchr(name_base64, *p) : NULL;

        if (!digit)
            return NULL;
        bits = (bits << 6 | (unsigned long)(digit - name_base64)) & 0xffffffffUL;
        if ((count += 6) < 16)
            continue;
        count -= 16;
        unit = bits >> count & 0xffff;
        bits &= (1UL << count) - 1;
        if (high && (unit < 0xdc00 || unit > 0xdfff))
            return NULL;
        if (!high && unit >= 0xdc00 && unit <= 0xdfff)
            return NULL;
        if (high)
            name_utf8_put(out, 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00));
        else if (unit < 0xd800 || unit > 0xdfff)
            name_utf8_put(out, unit);
        high = !high && unit >= 0xd800 && unit <= 0xdbff ? unit : 0;
    }
    return high || bits || count >= 6 ? NULL : p + 1;
}

static const char *name_decode_utf7(const char *level, apr_pool_t *pool)
{
    base_text_buffer_t out = {.pool = pool};

    base_text_buffer_puts(&out, "");
    while (*level) {
        if (*level < 0x20 || *level > 0x7e)
            return NULL; /* also bytes above 0x7f, where char is signed */
        if (*level != '&') {
            base_text_buffer_append(&out, level++, 1);
            continue;
        }
        if (level[1] == '-') {
            base_text_buffer_puts(&out, "&");
            level += 2;
            continue;
        }
        level = name_decode_run(level + 1, &out);
        if (!level)
            return NULL;
    }
    return base_text_xml_legal(out.data, out.length) ? out.data : NULL;
}

const char *local_name_decode_level(const char *level, apr_pool_t *pool)
{
    const char *name = name_decode_utf7(level, pool);

    return name ? name : base_text_xml_sanitize(level, strlen(level), pool);
}

/* -- special folders: what Dovecot, Courier and their clients create, best first ----------- */

static const struct {
    backend_role_t role;
    const char *name;
} name_roles[] = {
    {BACKEND_ROLE_DRAFTS, "Drafts"},
    {BACKEND_ROLE_DRAFTS, "Draft"},
    {BACKEND_ROLE_SENT, "Sent"},
    {BACKEND_ROLE_SENT, "Sent Items"},
    {BACKEND_ROLE_SENT, "Sent Messages"},
    {BACKEND_ROLE_SENT, "Sent Mail"},
    {BACKEND_ROLE_TRASH, "Trash"},
    {BACKEND_ROLE_TRASH, "Deleted Items"},
    {BACKEND_ROLE_TRASH, "Deleted Messages"},
    {BACKEND_ROLE_TRASH, "Deleted"},
    {BACKEND_ROLE_JUNK, "Junk"},
    {BACKEND_ROLE_JUNK, "Spam"},
    {BACKEND_ROLE_JUNK, "Junk E-mail"},
    {BACKEND_ROLE_JUNK, "Junk Email"},
    {BACKEND_ROLE_JUNK, "Bulk Mail"},
    {BACKEND_ROLE_ARCHIVE, "Archive"},
    {BACKEND_ROLE_ARCHIVE, "Archives"},
};
enum { NAME_ROLES = sizeof name_roles / sizeof *name_roles };

int local_name_role(const char *name, const char *const *configured, backend_role_t *role)
{
    int i;

    for (i = 0; i < BACKEND_ROLE_DEFAULT; i++)
        if (configured[i] && strcmp(configured[i], name) == 0) {
            *role = i;
            return 0;
        }
    for (i = 0; i < NAME_ROLES; i++)
        if (strcasecmp(name_roles[i].name, name) == 0) {
            *role = name_roles[i].role;
            return i + 1;
        }
    return -1;
}

const char *local_name_of_role(backend_role_t role, const char *const *configured)
{
    int i;

    if (configured[role])
        return configured[role];
    for (i = 0; i < NAME_ROLES; i++)
        if (name_roles[i].role == role)
            return name_roles[i].name;
    return NULL;
}
