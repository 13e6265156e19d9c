#include "item/content.h"

#include <string.h>
#include <strings.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "base/text.h"
#include "item/header.h"
#include "item/reader.h"

/* How much HTML is looked through for references to attachments. */
#define CONTENT_SCAN_MAX (1024 * 1024)
#define CONTENT_REFERENCE_MAX 1000
#define CONTENT_NAME_MAX 200

static item_mime_part_t *content_at(const apr_array_header_t *parts, int i)
{
    return APR_ARRAY_IDX(parts, i, item_mime_part_t *);
}

static void content_push(apr_array_header_t *parts, const item_mime_part_t *part)
{
    APR_ARRAY_PUSH(parts, const item_mime_part_t *) = part;
}

int item_content_is_html(const item_mime_part_t *part)
{
    return item_mime_is(part, "text", "html");
}

static const char *content_file_name(const item_mime_part_t *part, apr_pool_t *pool)
{
    const char *name = item_header_disposition_parameter(part->disposition, "filename", pool);

    if (!name || !*name)
        name = item_header_parameter(part->content_type, "name", pool);
    return name && *name ? name : NULL;
}

/* Text that belongs to the body rather than to a file. */
static int content_is_body(const item_mime_part_t *part, apr_pool_t *pool)
{
    static const char *const shown[] = {"plain", "html", "enriched", "richtext"};
    const item_mime_part_t *parent = part->parent;
    size_t i;

    if (part->kind != ITEM_MIME_LEAF || strcmp(part->type, "text") != 0)
        return 0;
    for (i = 0; i < sizeof shown / sizeof *shown && strcmp(part->subtype, shown[i]) != 0; i++)
        ;
    if (i == sizeof shown / sizeof *shown ||
        strcmp(item_header_disposition(part->disposition, pool), "attachment") == 0)
        return 0;
    if (!parent || strcmp(parent->subtype, "alternative") == 0)
        return 1;
    return !content_file_name(part, pool);
}

typedef struct {
    item_content_t *content;
    apr_pool_t *pool;
} content_walk_t;

static void content_walk(content_walk_t *walk, item_mime_part_t *part, apr_array_header_t *text,
                         apr_array_header_t *html);

static int content_any_html(const apr_array_header_t *parts)
{
    int i;

    for (i = 0; i < parts->nelts; i++)
        if (item_content_is_html(content_at(parts, i)))
            return 1;
    return 0;
}

/* multipart/alternative (RFC 2046 5.1.4): the last one is the best; text is what has no HTML. */
static void content_walk_alternative(content_walk_t *walk, item_mime_part_t *part,
                                     apr_array_header_t *text, apr_array_header_t *html)
{
    apr_array_header_t *best_text = NULL, *best_html = NULL;
    item_mime_part_t *child;

    for (child = part->first; child; child = child->next) {
        apr_array_header_t *t = apr_array_make(walk->pool, 2, sizeof(item_mime_part_t *));
        apr_array_header_t *h = apr_array_make(walk->pool, 2, sizeof(item_mime_part_t *));

        content_walk(walk, child, t, h);
        if (t->nelts && (!best_text || content_any_html(best_text)))
            best_text = t;
        if (h->nelts && (!best_html || content_any_html(h) || !content_any_html(best_html)))
            best_html = h;
    }
    if (best_text)
        apr_array_cat(text, best_text);
    if (best_html)
        apr_array_cat(html, best_html);
}

/* multipart/related (RFC 2387): the root is shown, the others are what it refers to. */
static void content_walk_related(content_walk_t *walk, item_mime_part_t *part,
                                 apr_array_header_t *text, apr_array_header_t *html)
{
    const char *start = item_header_parameter(part->content_type, "start", walk->pool);
    item_mime_part_t *root = part->first, *child;

    for (child = start ? part->first : NULL; child; child = child->next)
        if (child->content_id &&
            strncmp(start + (*start == '<'), child->content_id, strlen(child->content_id)) == 0)
            root = child;
    for (child = part->first; child; child = child->next) {
        if (child != root && child->kind == ITEM_MIME_LEAF)
            content_push(walk->content->attachments, child);
        else
            content_walk(walk, child, text, html);
    }
}

/* Recursion is bounded by ITEM_MIME_DEPTH_MAX. */
static void content_walk(content_walk_t *walk, item_mime_part_t *part, apr_array_header_t *text,
                         apr_array_header_t *html)
{
    item_mime_part_t *child;

    if (part->kind != ITEM_MIME_MULTIPART) {
        if (html->nelts < ITEM_CONTENT_BODIES_MAX && content_is_body(part, walk->pool)) {
            content_push(text, part);
            content_push(html, part);
        }
        else
            content_push(walk->content->attachments, part);
    }
    else if (strcmp(part->subtype, "alternative") == 0)
        content_walk_alternative(walk, part, text, html);
    else if (strcmp(part->subtype, "related") == 0)
        content_walk_related(walk, part, text, html);
    else
        for (child = part->first; child; child = child->next)
            content_walk(walk, child, text, html);
}

void item_content_find(const item_mime_t *mime, item_content_t **content, apr_pool_t *pool)
{
    content_walk_t walk = {.pool = pool};

    walk.content = apr_pcalloc(pool, sizeof *walk.content);
    walk.content->text = apr_array_make(pool, 2, sizeof(item_mime_part_t *));
    walk.content->html = apr_array_make(pool, 2, sizeof(item_mime_part_t *));
    walk.content->attachments = apr_array_make(pool, 4, sizeof(item_mime_part_t *));
    content_walk(&walk, mime->root, walk.content->text, walk.content->html);
    walk.content->has_html = content_any_html(walk.content->html);
    walk.content->calendar = item_content_choose(walk.content->attachments, pool);
    *content = walk.content;
}

/* What names usually end with, for parts that have none. */
static const char *content_extension(const item_mime_part_t *part)
{
    static const struct {
        const char *type;
        const char *subtype;
        const char *extension;
    } rows[] = {
        {"message", "rfc822", "eml"},
        {"message", "global", "eml"},
        {"message", "delivery-status", "txt"},
        {"message", "disposition-notification", "txt"},
        {"text", "plain", "txt"},
        {"text", "html", "html"},
        {"text", "calendar", "ics"},
        {"text", "vcard", "vcf"},
        {"text", "x-vcard", "vcf"},
        {"text", "csv", "csv"},
        {"text", "rfc822-headers", "txt"},
        {"image", "jpeg", "jpg"},
        {"image", "png", "png"},
        {"image", "gif", "gif"},
        {"image", "svg+xml", "svg"},
        {"image", "tiff", "tif"},
        {"image", "bmp", "bmp"},
        {"image", "webp", "webp"},
        {"image", "heic", "heic"},
        {"application", "pdf", "pdf"},
        {"application", "zip", "zip"},
        {"application", "msword", "doc"},
        {"application", "pgp-signature", "asc"},
        {"application", "pgp-encrypted", "asc"},
        {"application", "pkcs7-signature", "p7s"},
        {"application", "pkcs7-mime", "p7m"},
        {"application", "ms-tnef", "dat"},
        {"audio", "mpeg", "mp3"},
        {"audio", "wav", "wav"},
        {"video", "mp4", "mp4"},
    };
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        if (item_mime_is(part, rows[i].type, rows[i].subtype))
            return rows[i].extension;
    return strcmp(part->type, "text") == 0 ? "txt" : "bin";
}

/* The last path component without what file systems refuse; NULL when nothing is left. */
static const char *content_safe_name(const char *name, apr_pool_t *pool)
{
    char *copy, *p;
    const char *slash = strrchr(name, '/'), *backslash = strrchr(name, '\\');

    if (slash && slash[1])
        name = slash + 1;
    if (backslash && backslash > name && backslash[1])
        name = backslash + 1;
    copy = apr_pstrmemdup(pool, name, base_text_utf8_floor(name, strlen(name), CONTENT_NAME_MAX));
    for (p = copy; *p; p++)
        if (strchr("/\\:*?\"<>|", *p))
            *p = '_';
    while (*copy == ' ' || *copy == '.')
        copy++;
    for (p = copy + strlen(copy); p > copy && p[-1] == ' '; p--)
        p[-1] = '\0';
    return *copy ? copy : NULL;
}

static int content_ends_with(const char *name, const char *end)
{
    size_t length = strlen(name), n = strlen(end);

    return length >= n && strcasecmp(name + length - n, end) == 0;
}

const char *item_content_name(const item_mime_part_t *part, apr_pool_t *pool)
{
    const char *name = content_file_name(part, pool), *subject = NULL;

    if (name && (name = content_safe_name(name, pool)))
        return part->kind == ITEM_MIME_MESSAGE && !content_ends_with(name, ".eml")
                   ? apr_pstrcat(pool, name, ".eml", NULL) /* MS-ASAIRS R2299 */
                   : name;
    if (part->kind == ITEM_MIME_MESSAGE && part->first && part->first->subject)
        subject = content_safe_name(item_header_text(part->first->subject, pool), pool);
    if (subject)
        return apr_pstrcat(pool, subject, ".eml", NULL);
    if (item_mime_is(part, "application", "ms-tnef"))
        return "winmail.dat";
    return apr_psprintf(pool, "attachment-%u.%s", part->number, content_extension(part));
}

apr_uint64_t item_content_estimate(const item_mime_part_t *part)
{
    apr_uint64_t size = part->end - part->body;

    switch (part->encoding) {
    case ITEM_MIME_BASE64:
        return size / 78 * 57 + size % 78 * 3 / 4; /* lines of 76 characters and a CRLF */
    case ITEM_MIME_UUENCODE:
        return size / 62 * 45;
    case ITEM_MIME_QUOTED_PRINTABLE:
    case ITEM_MIME_IDENTITY:
        break;
    }
    return size;
}

static int content_may_be_inline(const item_mime_part_t *part)
{
    return part->content_id || part->location;
}

/* Takes down what stands behind each `word` ("cid:", "src="), up to a blank, quote or bracket. */
static void content_collect(const char *html, apr_size_t length, const char *word,
                            apr_hash_t *references, apr_pool_t *pool)
{
    const char *end = html + length, *p = html;
    apr_size_t n = strlen(word);

    while ((p = memchr(p, word[n - 1], end - p))) {
        const char *begin = ++p;

        if ((apr_size_t)(begin - html) < n || strncasecmp(begin - n, word, n) != 0)
            continue;
        p += p < end && (*p == '"' || *p == '\'');
        begin = p;
        while (p < end && !strchr("\"'<>() \t\r\n", *p))
            p++;
        if (p > begin && p - begin < CONTENT_REFERENCE_MAX) {
            const char *id = apr_pstrmemdup(pool, begin, p - begin);
            const char *decoded = base_text_percent_decode(id, pool);

            apr_hash_set(references, decoded ? decoded : id, APR_HASH_KEY_STRING, "");
        }
    }
}

base_fault_t *item_content_references(const item_mime_t *mime, const item_content_t *content,
                                      apr_hash_t **references, apr_pool_t *pool)
{
    int i, wanted = 0;

    *references = apr_hash_make(pool);
    for (i = 0; i < content->attachments->nelts && !wanted; i++)
        wanted = content_may_be_inline(content_at(content->attachments, i));
    for (i = 0; i < content->html->nelts && wanted; i++) {
        const item_mime_part_t *part = content_at(content->html, i);
        apr_pool_t *scratch;
        const char *html;
        apr_size_t length;
        base_fault_t *fault;

        if (!item_content_is_html(part))
            continue;
        apr_pool_create(&scratch, pool);
        fault = item_reader_all(item_reader_text(mime, part, scratch), CONTENT_SCAN_MAX, &html,
                                &length, scratch);
        if (fault)
            return fault;
        content_collect(html, length, "cid:", *references, pool);
        content_collect(html, length, "src=", *references, pool);
        apr_pool_destroy(scratch);
    }
    return NULL;
}

int item_content_is_inline(const item_mime_part_t *part, apr_hash_t *references, apr_pool_t *pool)
{
    if (!content_may_be_inline(part) ||
        strcmp(item_header_disposition(part->disposition, pool), "attachment") == 0)
        return 0;
    return (part->content_id && apr_hash_get(references, part->content_id, APR_HASH_KEY_STRING)) ||
           (part->location && apr_hash_get(references, part->location, APR_HASH_KEY_STRING));
}

base_fault_t *item_content_attached(const item_mime_t *mime, const item_content_t *content,
                                    apr_array_header_t **attached, apr_pool_t *pool)
{
    apr_hash_t *references;
    int i;

    *attached = apr_array_make(pool, 4, sizeof(item_mime_part_t *));
    if (!content->attachments->nelts)
        return NULL;
    BASE_TRY(item_content_references(mime, content, &references, pool));
    for (i = 0; i < content->attachments->nelts; i++)
        if (!item_content_is_inline(content_at(content->attachments, i), references, pool))
            APR_ARRAY_PUSH(*attached, const item_mime_part_t *) =
                content_at(content->attachments, i);
    return NULL;
}
