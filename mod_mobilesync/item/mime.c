#include "item/mime.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "base/text.h"
#include "item/header.h"

typedef struct {
    const char *text; /* valid until the next line is read; a very long line is cut */
    apr_size_t length;
    apr_uint64_t start;
    apr_uint64_t next;
    apr_size_t eol; /* bytes of the line break, 0 at the end of the blob */
} mime_line_t;

typedef struct {
    item_mime_t *mime;
    apr_uint64_t offset;
    const char *boundaries[ITEM_MIME_DEPTH_MAX + 1];
    unsigned depth;
    /* how the last scan ended */
    int hit;   /* level of the boundary that was met, -1 = end of the blob */
    int close; /* it was the closing one */
    apr_uint64_t content_end;
    apr_size_t kept; /* bytes of fields */
} mime_scanner_t;

static base_fault_t *mime_line_read(mime_scanner_t *scanner, mime_line_t *line)
{
    item_source_t *source = scanner->mime->source;
    const char *newline;
    apr_size_t available;

    line->start = scanner->offset;
    line->eol = 0;
    BASE_TRY(item_source_view(source, scanner->offset, 1, &line->text, &available));
    newline = memchr(line->text, '\n', available);
    if (!newline && available < ITEM_SOURCE_WINDOW) {
        BASE_TRY(
            item_source_view(source, scanner->offset, ITEM_SOURCE_WINDOW, &line->text, &available));
        newline = memchr(line->text, '\n', available);
    }
    if (newline) {
        line->length = newline - line->text;
        line->eol = 1;
        line->next = scanner->offset + line->length + 1;
        if (line->length && newline[-1] == '\r') {
            line->length--;
            line->eol = 2;
        }
    }
    else {
        line->length = available;
        line->next = scanner->offset + available;
    }
    scanner->offset = line->next;
    return NULL;
}

/* Goes to the end of a line that did not fit into one view. Its text is lost. */
static base_fault_t *mime_line_finish(mime_scanner_t *scanner, mime_line_t *line)
{
    while (!line->eol && scanner->offset < item_source_size(scanner->mime->source)) {
        const char *text, *newline;
        apr_size_t available;

        BASE_TRY(item_source_view(scanner->mime->source, scanner->offset, 1, &text, &available));
        if (available == 0)
            break;
        newline = memchr(text, '\n', available);
        line->eol = newline != NULL;
        scanner->offset += newline ? (apr_size_t)(newline - text) + 1 : available;
        if (newline && newline > text && newline[-1] == '\r')
            line->eol = 2;
    }
    line->next = scanner->offset;
    return NULL;
}

static int mime_at_end(const mime_scanner_t *scanner)
{
    return scanner->offset >= item_source_size(scanner->mime->source);
}

/* Is the line the delimiter of an open multipart? Inner ones first. */
static int mime_is_boundary(mime_scanner_t *scanner, const mime_line_t *line)
{
    int level;

    if (line->length < 3 || line->text[0] != '-' || line->text[1] != '-')
        return 0;
    for (level = (int)scanner->depth - 1; level >= 0; level--) {
        const char *boundary = scanner->boundaries[level], *rest = line->text + 2;
        apr_size_t length = strlen(boundary), left = line->length - 2;

        if (left < length || memcmp(rest, boundary, length) != 0)
            continue;
        rest += length;
        left -= length;
        scanner->close = left >= 2 && rest[0] == '-' && rest[1] == '-';
        if (scanner->close) {
            rest += 2;
            left -= 2;
        }
        while (left && (*rest == ' ' || *rest == '\t')) {
            rest++;
            left--;
        }
        if (left)
            continue;
        scanner->hit = level;
        return 1;
    }
    return 0;
}

/* Reads content up to a delimiter or the end. */
static base_fault_t *mime_scan_content(mime_scanner_t *scanner)
{
    apr_uint64_t begin = scanner->offset;
    apr_size_t eol = 0;

    scanner->hit = -1;
    if (scanner->depth == 0)
        scanner->offset = item_source_size(scanner->mime->source);
    while (!mime_at_end(scanner)) {
        mime_line_t line;

        BASE_TRY(mime_line_read(scanner, &line));
        if (mime_is_boundary(scanner, &line)) {
            scanner->content_end = line.start > begin ? line.start - eol : line.start;
            return mime_line_finish(scanner, &line);
        }
        BASE_TRY(mime_line_finish(scanner, &line));
        eol = line.eol;
    }
    scanner->content_end = item_source_size(scanner->mime->source);
    return NULL;
}

/* Length of "Name" when the line is a field, 0 otherwise. */
static apr_size_t mime_field_name(const mime_line_t *line)
{
    apr_size_t n = 0, end;

    while (n < line->length && line->text[n] > ' ' && line->text[n] < 0x7f && line->text[n] != ':')
        n++;
    for (end = n; end < line->length && (line->text[end] == ' ' || line->text[end] == '\t'); end++)
        ;
    return n > 0 && n < 256 && end < line->length && line->text[end] == ':' ? n : 0;
}

typedef struct {
    char *name;
    base_text_buffer_t value;
    apr_size_t limit;
    apr_uint64_t start;
    apr_uint64_t end;
} mime_pending_t;

static const char *mime_trim(const char *text, apr_pool_t *pool)
{
    apr_size_t length;

    while (*text == ' ' || *text == '\t')
        text++;
    for (length = strlen(text); length && strchr(" \t\r\n", text[length - 1]); length--)
        ;
    return apr_pstrmemdup(pool, text, length);
}

static const char *mime_content_id(const char *value, apr_pool_t *pool)
{
    const char *trimmed = mime_trim(value, pool), *close;

    if (*trimmed != '<')
        return *trimmed ? trimmed : NULL;
    close = strchr(trimmed, '>');
    return close && close > trimmed + 1 ? apr_pstrmemdup(pool, trimmed + 1, close - trimmed - 1)
                                        : NULL;
}

static item_mime_encoding_t mime_encoding(const char *value, apr_pool_t *pool)
{
    static const struct {
        const char *name;
        item_mime_encoding_t encoding;
    } names[] = {{"base64", ITEM_MIME_BASE64},
                 {"quoted-printable", ITEM_MIME_QUOTED_PRINTABLE},
                 {"x-uuencode", ITEM_MIME_UUENCODE},
                 {"uuencode", ITEM_MIME_UUENCODE},
                 {"x-uue", ITEM_MIME_UUENCODE}};
    const char *name = mime_trim(value, pool);
    size_t i;

    for (i = 0; i < sizeof names / sizeof *names; i++) {
        apr_size_t length = strlen(names[i].name);

        /* "base64;" and "quoted-printable (comment)" happen */
        if (strncasecmp(name, names[i].name, length) == 0 && !apr_isalnum(name[length]))
            return names[i].encoding;
    }
    return ITEM_MIME_IDENTITY;
}

static void mime_keep_content_field(item_mime_part_t *part, const char *name, const char *value,
                                    apr_pool_t *pool)
{
    if (strcasecmp(name, "Content-Type") == 0 && !part->content_type)
        part->content_type = value;
    else if (strcasecmp(name, "Content-Disposition") == 0 && !part->disposition)
        part->disposition = value;
    else if (strcasecmp(name, "Content-Transfer-Encoding") == 0)
        part->encoding = mime_encoding(value, pool);
    else if (strcasecmp(name, "Content-ID") == 0 && !part->content_id)
        part->content_id = mime_content_id(value, pool);
    else if (strcasecmp(name, "Content-Location") == 0 && !part->location)
        part->location = mime_trim(value, pool);
    else if (strcasecmp(name, "Subject") == 0 && !part->subject)
        part->subject = value;
}

static void mime_field_finish(mime_scanner_t *scanner, item_mime_part_t *part,
                              mime_pending_t *pending)
{
    item_mime_t *mime = scanner->mime;
    const char *value;

    if (!pending->name)
        return;
    value = pending->value.data ? mime_trim(pending->value.data, mime->pool) : "";
    mime_keep_content_field(part, pending->name, value, mime->pool);
    scanner->kept += strlen(value) + sizeof(item_mime_field_t) + 32;
    if (part == mime->root) {
        item_mime_field_t *field = apr_array_push(mime->fields);

        field->name = pending->name;
        field->value = value;
        field->start = pending->start;
        field->end = pending->end;
    }
    pending->name = NULL;
}

static void mime_field_append(mime_pending_t *pending, const char *text, apr_size_t length)
{
    apr_size_t i, room = pending->limit - pending->value.length;

    if (length > room)
        length = room;
    base_text_buffer_append(&pending->value, text, length);
    /* NUL would end the value early for everybody after us */
    for (i = pending->value.length - length; i < pending->value.length; i++)
        if (pending->value.data[i] == '\0')
            pending->value.data[i] = ' ';
}

static void mime_field_begin(mime_scanner_t *scanner, const item_mime_part_t *part,
                             mime_pending_t *pending, const mime_line_t *line, apr_size_t name)
{
    const char *colon = memchr(line->text + name, ':', line->length - name);
    int wanted = part == scanner->mime->root || strncasecmp(line->text, "Content-", 8) == 0 ||
                 strncasecmp(line->text, "Subject", 7) == 0;

    if (!wanted || scanner->kept >= ITEM_MIME_HEADER_MAX)
        return;
    pending->name = apr_pstrmemdup(scanner->mime->pool, line->text, name);
    pending->value.length = 0;
    pending->limit = part->parent ? ITEM_MIME_PART_FIELD_MAX : ITEM_MIME_FIELD_MAX;
    pending->start = line->start;
    mime_field_append(pending, colon + 1, line->length - (colon + 1 - line->text));
}

/* The separator of the mbox format, left by programs that split such files. */
static int mime_is_mbox_line(const mime_line_t *line)
{
    return (line->length >= 5 && memcmp(line->text, "From ", 5) == 0) ||
           (line->length >= 6 && memcmp(line->text, ">From ", 6) == 0);
}

/* Reads the header. Returns with part->body set; *ended: a boundary or the end came first. */
static base_fault_t *mime_scan_header(mime_scanner_t *scanner, item_mime_part_t *part, int *ended)
{
    mime_pending_t pending = {.value.pool = scanner->mime->pool};
    int first = 1, in_field = 0;

    *ended = 0;
    scanner->hit = -1;
    for (;; first = 0) {
        mime_line_t line;
        apr_size_t name;

        part->body = scanner->content_end = scanner->offset;
        if ((*ended = mime_at_end(scanner)))
            break;
        BASE_TRY(mime_line_read(scanner, &line));
        if ((*ended = mime_is_boundary(scanner, &line))) {
            BASE_TRY(mime_line_finish(scanner, &line));
            break;
        }
        if (line.length == 0 && line.eol) {
            part->body = line.next;
            break;
        }
        if (in_field && (line.text[0] == ' ' || line.text[0] == '\t')) {
            if (pending.name)
                mime_field_append(&pending, line.text, line.length);
        }
        else if ((name = mime_field_name(&line)) > 0) {
            mime_field_finish(scanner, part, &pending);
            mime_field_begin(scanner, part, &pending, &line, name);
            in_field = 1;
        }
        else if (!first || !mime_is_mbox_line(&line)) {
            scanner->offset = line.start; /* no header line: the body begins without empty line */
            break;
        }
        BASE_TRY(mime_line_finish(scanner, &line));
        pending.end = scanner->offset;
    }
    mime_field_finish(scanner, part, &pending);
    return NULL;
}

static item_mime_part_t *mime_part_new(mime_scanner_t *scanner, item_mime_part_t *parent)
{
    item_mime_part_t *part = apr_pcalloc(scanner->mime->pool, sizeof *part);

    part->number = ++scanner->mime->count;
    part->parent = parent;
    part->start = scanner->offset;
    if (!parent)
        return part;
    part->depth = parent->depth + 1;
    if (parent->last)
        parent->last->next = part;
    else
        parent->first = part;
    parent->last = part;
    return part;
}

static void mime_part_classify(mime_scanner_t *scanner, item_mime_part_t *part)
{
    apr_pool_t *pool = scanner->mime->pool;
    int digest = part->parent && item_mime_is(part->parent, "multipart", "digest");

    part->type = digest ? "message" : "text";
    part->subtype = digest ? "rfc822" : "plain";
    if (part->content_type)
        item_header_content_type(part->content_type, &part->type, &part->subtype, pool);
    if (part->depth >= ITEM_MIME_DEPTH_MAX)
        return;
    if (strcmp(part->type, "multipart") == 0) {
        part->boundary =
            part->content_type ? item_header_parameter(part->content_type, "boundary", pool) : NULL;
        if (part->boundary && *part->boundary)
            part->kind = ITEM_MIME_MULTIPART;
    }
    else if (part->encoding == ITEM_MIME_IDENTITY &&
             (item_mime_is(part, "message", "rfc822") || item_mime_is(part, "message", "global") ||
              item_mime_is(part, "message", "news")))
        part->kind = ITEM_MIME_MESSAGE;
}

static base_fault_t *mime_scan_part(mime_scanner_t *scanner, item_mime_part_t *part);

static base_fault_t *mime_scan_multipart(mime_scanner_t *scanner, item_mime_part_t *part)
{
    int level = (int)scanner->depth;

    scanner->boundaries[scanner->depth++] = part->boundary;
    BASE_TRY(mime_scan_content(scanner)); /* preamble */
    while (scanner->hit == level && !scanner->close) {
        if (scanner->mime->count >= ITEM_MIME_PARTS_MAX)
            BASE_TRY(mime_scan_content(scanner));
        else
            BASE_TRY(mime_scan_part(scanner, mime_part_new(scanner, part)));
    }
    scanner->depth--;
    if (scanner->hit == level)
        BASE_TRY(mime_scan_content(scanner)); /* epilogue */
    if (!part->first) {
        /* no delimiter ever came: what is there is shown as text */
        part->kind = ITEM_MIME_LEAF;
        part->type = "text";
        part->subtype = "plain";
        part->content_type = NULL;
    }
    return NULL;
}

/* Recursion is bounded by ITEM_MIME_DEPTH_MAX. */
static base_fault_t *mime_scan_part(mime_scanner_t *scanner, item_mime_part_t *part)
{
    int ended;

    BASE_TRY(mime_scan_header(scanner, part, &ended));
    mime_part_classify(scanner, part);
    if (ended)
        part->kind = ITEM_MIME_LEAF;
    else if (part->kind == ITEM_MIME_MULTIPART)
        BASE_TRY(mime_scan_multipart(scanner, part));
    else if (part->kind == ITEM_MIME_MESSAGE && scanner->mime->count < ITEM_MIME_PARTS_MAX)
        BASE_TRY(mime_scan_part(scanner, mime_part_new(scanner, part)));
    else
        BASE_TRY(mime_scan_content(scanner));
    part->end = scanner->content_end > part->body ? scanner->content_end : part->body;
    return NULL;
}

base_fault_t *item_mime_parse(item_source_t *source, item_mime_t **mime, apr_pool_t *pool)
{
    mime_scanner_t scanner = {.hit = -1};

    scanner.mime = apr_pcalloc(pool, sizeof *scanner.mime);
    scanner.mime->source = source;
    scanner.mime->pool = pool;
    scanner.mime->fields = apr_array_make(pool, 24, sizeof(item_mime_field_t));
    scanner.mime->root = mime_part_new(&scanner, NULL);
    BASE_TRY(mime_scan_part(&scanner, scanner.mime->root));
    *mime = scanner.mime;
    return NULL;
}

item_mime_part_t *item_mime_next(const item_mime_part_t *part)
{
    if (part->first)
        return part->first;
    while (part && !part->next)
        part = part->parent;
    return part ? part->next : NULL;
}

item_mime_part_t *item_mime_part(const item_mime_t *mime, unsigned number)
{
    item_mime_part_t *part = mime->root;

    while (part && part->number != number)
        part = item_mime_next(part);
    return part;
}

int item_mime_is(const item_mime_part_t *part, const char *type, const char *subtype)
{
    return strcmp(part->type, type) == 0 && strcmp(part->subtype, subtype) == 0;
}

const char *item_mime_field(const item_mime_t *mime, const char *name)
{
    int i;

    for (i = 0; i < mime->fields->nelts; i++) {
        const item_mime_field_t *field = &APR_ARRAY_IDX(mime->fields, i, item_mime_field_t);

        if (strcasecmp(field->name, name) == 0)
            return field->value;
    }
    return NULL;
}
