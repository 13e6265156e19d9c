/* People of the local directory: read from vCards, made of accounts. */
#include <string.h>
#include <strings.h>
#include <apr_base64.h>
#include <apr_strings.h>
#include <glib.h>

#include "backend/blob.h"
#include "backend/directory_local.h"
#include "base/content_line.h"
#include "base/text.h"

#define CARD_TEXT_MAX 1024
#define CARD_BYTES_MAX (1024 * 1024) /* of a picture or certificate, in base64 */
#define CARD_ADDRESSES_MAX 20
#define CARD_CERTIFICATES_MAX 10

const char *directory_words(const char *text, apr_pool_t *pool)
{
    char *folded = g_utf8_casefold(text, -1),
         *plain = g_utf8_normalize(folded, -1, G_NORMALIZE_ALL);
    base_text_buffer_t words = {.pool = pool};
    const char *p;
    char bytes[6];
    int blank = 0;

    g_free(folded);
    for (p = plain; p && *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);

        if (g_unichar_ismark(c))
            continue;
        if (!g_unichar_isalnum(c)) {
            blank = 1;
            continue;
        }
        if (blank && words.length)
            base_text_buffer_puts(&words, " ");
        blank = 0;
        base_text_buffer_append(&words, bytes, (size_t)g_unichar_to_utf8(c, bytes));
    }
    g_free(plain);
    return words.data ? words.data : "";
}

/* Legal, on one line, not beyond reason; NULL when nothing is left. */
static const char *card_clean(const char *text, apr_pool_t *pool)
{
    apr_size_t length = strlen(text);
    char *clean = apr_pstrdup(pool, base_text_xml_sanitize(text, length, pool)), *p;

    clean[base_text_utf8_floor(clean, strlen(clean), CARD_TEXT_MAX)] = '\0';
    for (p = clean; *p; p++)
        if ((unsigned char)*p < ' ')
            *p = ' ';
    g_strstrip(clean);
    return *clean ? clean : NULL;
}

static void card_text(const char **into, const char *value, apr_pool_t *pool)
{
    if (!*into)
        *into = card_clean(base_content_text(value, pool), pool);
}

/* The n-th component, from 0. */
static void card_component(const char **into, const char *value, int n, apr_pool_t *pool)
{
    const char *component = NULL;

    for (; n >= 0 && (component = base_content_component(&value, ';', pool)); n--)
        ;
    if (component && !*into)
        *into = card_clean(component, pool);
}

/* Base64, or a data: URI of RFC 2397 in base64. */
static int card_bytes(const base_content_line_t *line, backend_bytes_t *bytes, apr_pool_t *pool)
{
    const char *data = line->value;
    char *decoded;

    if (strncasecmp(data, "data:", 5) == 0) {
        const char *comma = strchr(data, ',');

        if (!comma || comma - data < 7 || strncasecmp(comma - 7, ";base64", 7) != 0)
            return 0;
        data = comma + 1;
    }
    else if (!base_content_line_has(line, "ENCODING", "b") &&
             !base_content_line_has(line, "ENCODING", "base64"))
        return 0;
    if (strlen(data) > CARD_BYTES_MAX)
        return 0;
    decoded = apr_palloc(pool, (apr_size_t)apr_base64_decode_len(data) + 1);
    bytes->length = (apr_size_t)apr_base64_decode(decoded, data);
    bytes->bytes = decoded;
    return bytes->length > 0;
}

static void card_phone(backend_person_t *person, const base_content_line_t *line, apr_pool_t *pool)
{
    const char *value = strncasecmp(line->value, "tel:", 4) == 0 ? line->value + 4 : line->value;

    if (base_content_line_has(line, "TYPE", "fax") || base_content_line_has(line, "TYPE", "pager"))
        return;
    if (base_content_line_has(line, "TYPE", "cell"))
        card_text(&person->mobile_phone, value, pool);
    else if (base_content_line_has(line, "TYPE", "home"))
        card_text(&person->home_phone, value, pool);
    else
        card_text(&person->phone, value, pool);
}

static void card_email(directory_entry_t *entry, const base_content_line_t *line, apr_pool_t *pool)
{
    const char *text = card_clean(base_content_text(line->value, pool), pool), *at;
    int preferred =
        base_content_line_has(line, "TYPE", "pref") || base_content_line_has(line, "PREF", "1");

    at = text ? strchr(text, '@') : NULL;
    if (!at || at == text || !at[1] || entry->addresses->nelts == CARD_ADDRESSES_MAX)
        return;
    APR_ARRAY_PUSH(entry->addresses, const char *) = base_text_lower(text, pool);
    if (!entry->person.email || preferred)
        entry->person.email = text;
}

static void card_line(directory_entry_t *entry, const base_content_line_t *line, apr_pool_t *pool)
{
    backend_person_t *person = &entry->person;
    backend_bytes_t bytes;

    if (strcmp(line->name, "FN") == 0)
        card_text(&person->display_name, line->value, pool);
    else if (strcmp(line->name, "N") == 0) {
        card_component(&person->last_name, line->value, 0, pool);
        card_component(&person->first_name, line->value, 1, pool);
    }
    else if (strcmp(line->name, "EMAIL") == 0)
        card_email(entry, line, pool);
    else if (strcmp(line->name, "TEL") == 0)
        card_phone(person, line, pool);
    else if (strcmp(line->name, "NICKNAME") == 0)
        card_text(&person->alias, line->value, pool);
    else if (strcmp(line->name, "ORG") == 0)
        card_component(&person->company, line->value, 0, pool);
    else if (strcmp(line->name, "TITLE") == 0)
        card_text(&person->title, line->value, pool);
    else if (strcmp(line->name, "X-OFFICE") == 0 || strcmp(line->name, "X-EVOLUTION-OFFICE") == 0)
        card_text(&person->office, line->value, pool);
    else if (strcmp(line->name, "PHOTO") == 0) {
        if (!person->picture.length)
            card_bytes(line, &person->picture, pool);
    }
    else if (strcmp(line->name, "KEY") == 0 &&
             person->certificates->nelts < CARD_CERTIFICATES_MAX && card_bytes(line, &bytes, pool))
        APR_ARRAY_PUSH((apr_array_header_t *)person->certificates, backend_bytes_t) = bytes;
}

static directory_entry_t *card_make(apr_pool_t *pool)
{
    directory_entry_t *entry = apr_pcalloc(pool, sizeof *entry);

    entry->addresses = apr_array_make(pool, 2, sizeof(const char *));
    entry->person.certificates = apr_array_make(pool, 1, sizeof(backend_bytes_t));
    return entry;
}

/* What follows from what is there. */
static void card_finish(directory_entry_t *entry, apr_pool_t *pool)
{
    backend_person_t *person = &entry->person;
    const char *texts[] = {person->title, person->company,    person->office,
                           person->phone, person->home_phone, person->mobile_phone};
    base_text_buffer_t all = {.pool = pool};
    size_t i;
    int k;

    if (!person->alias)
        person->alias = apr_pstrmemdup(pool, person->email, strcspn(person->email, "@"));
    if (!person->display_name && (person->first_name || person->last_name))
        person->display_name =
            card_clean(apr_pstrcat(pool, person->first_name ? person->first_name : "", " ",
                                   person->last_name ? person->last_name : "", NULL),
                       pool);
    if (!person->display_name)
        person->display_name = person->alias;
    entry->key = directory_words(person->display_name, pool);
    entry->names =
        apr_pstrcat(pool, entry->key, " ",
                    directory_words(apr_pstrcat(pool, person->first_name ? person->first_name : "",
                                                " ", person->last_name ? person->last_name : "",
                                                " ", person->alias, NULL),
                                    pool),
                    NULL);
    base_text_buffer_puts(&all, entry->names);
    for (i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i])
            base_text_buffer_printf(&all, "\n%s", directory_words(texts[i], pool));
    for (k = 0; k < entry->addresses->nelts; k++)
        base_text_buffer_printf(
            &all, "\n%s", directory_words(APR_ARRAY_IDX(entry->addresses, k, const char *), pool));
    entry->texts = all.data;
}

directory_entry_t *directory_card_next(const char **at, const char *end, int pictures,
                                       apr_pool_t *pool)
{
    directory_entry_t *entry = NULL;
    base_content_line_t line;
    apr_pool_t *lines; /* a card is mostly its picture */

    apr_pool_create(&lines, pool);
    while (base_content_line_next(at, end, &line, lines)) {
        if (strcmp(line.name, "BEGIN") == 0 && strcasecmp(line.value, "VCARD") == 0)
            entry = card_make(pool);
        else if (strcmp(line.name, "END") == 0 && entry && entry->person.email) {
            card_finish(entry, pool);
            apr_pool_destroy(lines);
            return entry;
        }
        else if (entry && (pictures || strcmp(line.name, "PHOTO") != 0))
            card_line(entry, &line, pool);
        apr_pool_clear(lines);
    }
    apr_pool_destroy(lines);
    return NULL;
}

/* -- is it who is looked for? ---------------------------------------------------------------- */

/* Does the text have the words, from the beginning of a word on? */
static int card_begins(const char *text, const char *words)
{
    const char *p;

    for (p = text; (p = strstr(p, words)); p++)
        if (p == text || p[-1] == ' ' || p[-1] == '\n')
            return 1;
    return 0;
}

/* All words begin a name, in whatever order. */
static int card_names_begin(const directory_entry_t *entry, const char *words, apr_pool_t *pool)
{
    char *state = NULL, *copy = apr_pstrdup(pool, words), *word;

    for (word = apr_strtok(copy, " ", &state); word; word = apr_strtok(NULL, " ", &state))
        if (!card_begins(entry->names, word))
            return 0;
    return 1;
}

static int card_has_address(const directory_entry_t *entry, const char *address)
{
    int i;

    for (i = 0; i < entry->addresses->nelts; i++)
        if (strcmp(APR_ARRAY_IDX(entry->addresses, i, const char *), address) == 0)
            return 1;
    return 0;
}

const char *directory_wanted(const char *text, backend_people_t how, apr_pool_t *pool)
{
    return how == BACKEND_PEOPLE_EMAIL ? base_text_lower(text, pool) : directory_words(text, pool);
}

int directory_entry_is(const directory_entry_t *entry, const char *wanted, backend_people_t how,
                       apr_pool_t *pool)
{
    if (!*wanted)
        return 0;
    if (how == BACKEND_PEOPLE_EMAIL)
        return card_has_address(entry, wanted);
    return card_begins(entry->texts, wanted) || card_names_begin(entry, wanted, pool);
}

base_fault_t *backend_people_match(const backend_blob_t *cards, const char *text,
                                   backend_people_t how, apr_array_header_t *people,
                                   apr_pool_t *pool)
{
    const char *wanted = directory_wanted(text, how, pool), *at, *end;
    directory_entry_t *entry;

    BASE_TRY(backend_blob_load(cards, &at, pool));
    end = at + cards->size;
    while ((entry = directory_card_next(&at, end, 1, pool)))
        if (directory_entry_is(entry, wanted, how, pool))
            APR_ARRAY_PUSH(people, backend_person_t) = entry->person;
    return NULL;
}

/* -- of an account --------------------------------------------------------------------------- */

directory_entry_t *directory_account_entry(const backend_identity_t *identity, apr_pool_t *pool)
{
    directory_entry_t *entry = card_make(pool);
    int i;

    entry->account = 1;
    entry->person.email = apr_pstrdup(pool, identity->address);
    if (*identity->display_name)
        entry->person.display_name = card_clean(identity->display_name, pool);
    APR_ARRAY_PUSH(entry->addresses, const char *) = base_text_lower(identity->address, pool);
    for (i = 0; identity->aliases && i < identity->aliases->nelts; i++)
        APR_ARRAY_PUSH(entry->addresses, const char *) =
            base_text_lower(APR_ARRAY_IDX(identity->aliases, i, const char *), pool);
    card_finish(entry, pool);
    return entry;
}
