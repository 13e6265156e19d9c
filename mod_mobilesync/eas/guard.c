#include "eas/guard.h"

#include <string.h>
#include <apr_strings.h>

#include "base/text.h"
#include "eas/tempfile.h"
#include "eas/utf8.h"

/* WBXML 1.3 global tokens (section 7.1) */
#define TOKEN_SWITCH_PAGE 0x00
#define TOKEN_END 0x01
#define TOKEN_STR_I 0x03
#define TOKEN_OPAQUE 0xc3
#define TOKEN_ATTRIBUTES 0x80
#define TOKEN_CONTENT 0x40
#define TOKEN_MASK 0x3f

/* A reference: magic, then the index of the spill, most significant byte first. It
 * starts with NUL, so no text can look like one; an opaque that does is spilled. */
#define REFERENCE_MAGIC "\0wbxml-spill"
#define REFERENCE_MAGIC_LENGTH 12
#define REFERENCE_LENGTH (REFERENCE_MAGIC_LENGTH + 4)

/* Contents up to here stay in memory whatever else the request holds; a client pays
 * for them with elements, which are limited. */
#define GUARD_TINY 64

typedef enum {
    GUARD_HEADER,
    GUARD_BODY,
    GUARD_PAGE,
    GUARD_STRING,
    GUARD_LENGTH,
    GUARD_OPAQUE,
    GUARD_DONE
} guard_state_t;

typedef struct {
    apr_off_t offset;
    apr_off_t length;
} guard_spill_t;

struct eas_guard {
    apr_pool_t *pool;
    eas_limits_t limits;
    const char *directory;
    base_fault_t *fault;

    guard_state_t state;
    apr_off_t consumed; /* bytes read, for limits and messages */
    unsigned header;    /* header bytes read */
    unsigned page;      /* current code page of the request */
    unsigned skeleton_page;
    unsigned depth;
    unsigned elements;
    unsigned length_bytes;  /* of a multi-byte integer, so far */
    apr_uint32_t remaining; /* of an opaque; its length while that is being read */
    eas_utf8_t utf8;        /* of a string */

    /* the content of the innermost open element */
    base_text_buffer_t content;
    int is_text;      /* every piece of it was a string */
    int has_children; /* no content may follow */
    int is_spilling;

    base_text_buffer_t skeleton;
    apr_file_t *file;
    apr_off_t file_length;
    apr_array_header_t *spills; /* guard_spill_t */
    apr_array_header_t *tags;   /* eas_tag_t */
    unsigned char seen[EAS_PAGE_COUNT][(EAS_TOKEN_LAST + 1) / 8];
};

eas_guard_t *eas_guard_create(const eas_limits_t *limits, const char *directory, apr_pool_t *pool)
{
    eas_guard_t *guard = apr_pcalloc(pool, sizeof *guard);

    guard->pool = pool;
    guard->limits = *limits;
    guard->directory = directory;
    guard->content.pool = pool;
    guard->skeleton.pool = pool;
    guard->spills = apr_array_make(pool, 1, sizeof(guard_spill_t));
    guard->tags = apr_array_make(pool, 32, sizeof(eas_tag_t));
    return guard;
}

__attribute__((format(printf, 2, 3))) static base_fault_t *guard_invalid(const eas_guard_t *guard,
                                                                         const char *format, ...)
{
    va_list arguments;
    const char *message;

    va_start(arguments, format);
    message = apr_pvsprintf(guard->pool, format, arguments);
    va_end(arguments);
    return base_fault_make(guard->pool, BASE_FAULT_INVALID, "WBXML, byte %" APR_OFF_T_FMT ": %s",
                           guard->consumed, message);
}

/* -- content --------------------------------------------------------------- */

static base_fault_t *guard_spill(eas_guard_t *guard, const char *bytes, apr_size_t length)
{
    apr_status_t status;

    if (!length)
        return NULL;
    status = apr_file_write_full(guard->file, bytes, length, NULL);
    if (status != APR_SUCCESS)
        return base_fault_make_status(guard->pool, BASE_FAULT_UNAVAILABLE, status,
                                      "writing %" APR_SIZE_T_FMT " bytes of a request to its "
                                      "temporary file",
                                      length);
    guard->file_length += (apr_off_t)length;
    return NULL;
}

static base_fault_t *guard_spill_start(eas_guard_t *guard)
{
    guard_spill_t *spill;

    if (!guard->file)
        BASE_TRY(eas_tempfile_open(guard->directory, &guard->file, guard->pool));
    spill = apr_array_push(guard->spills);
    spill->offset = guard->file_length;
    guard->is_spilling = 1;
    BASE_TRY(guard_spill(guard, guard->content.data, guard->content.length));
    guard->content.length = 0;
    return NULL;
}

static base_fault_t *guard_content_append(void *baton, const char *bytes, apr_size_t length)
{
    eas_guard_t *guard = baton;
    apr_size_t limit = guard->limits.spill_above;

    if (guard->skeleton.length + guard->content.length > guard->limits.memory && limit > GUARD_TINY)
        limit = GUARD_TINY;
    if (!guard->is_spilling && guard->content.length + length > limit)
        BASE_TRY(guard_spill_start(guard));
    if (guard->is_spilling)
        return guard_spill(guard, bytes, length);
    base_text_buffer_append(&guard->content, bytes, length);
    return NULL;
}

static int guard_is_reference(const char *content, apr_size_t length)
{
    return length == REFERENCE_LENGTH &&
           memcmp(content, REFERENCE_MAGIC, REFERENCE_MAGIC_LENGTH) == 0;
}

static void guard_skeleton_byte(eas_guard_t *guard, unsigned byte)
{
    unsigned char c = (unsigned char)byte;

    base_text_buffer_append(&guard->skeleton, &c, 1);
}

static void guard_skeleton_opaque(eas_guard_t *guard, const void *bytes, apr_size_t length)
{
    int shift = 28;

    guard_skeleton_byte(guard, TOKEN_OPAQUE);
    while (shift > 0 && !(length >> shift))
        shift -= 7;
    for (; shift > 0; shift -= 7)
        guard_skeleton_byte(guard, 0x80 | ((length >> shift) & 0x7f));
    guard_skeleton_byte(guard, length & 0x7f);
    base_text_buffer_append(&guard->skeleton, bytes, length);
}

static void guard_skeleton_reference(eas_guard_t *guard)
{
    unsigned index = (unsigned)guard->spills->nelts - 1, i;
    char reference[REFERENCE_LENGTH];

    memcpy(reference, REFERENCE_MAGIC, REFERENCE_MAGIC_LENGTH);
    for (i = 0; i < 4; i++)
        reference[REFERENCE_MAGIC_LENGTH + i] = (char)(index >> (24 - 8 * i));
    guard_skeleton_opaque(guard, reference, sizeof reference);
}

/* The content of the innermost element is complete: puts it into the skeleton. */
static base_fault_t *guard_content_end(eas_guard_t *guard)
{
    base_text_buffer_t *content = &guard->content;

    if (!guard->is_spilling && guard_is_reference(content->data, content->length))
        BASE_TRY(guard_spill_start(guard));
    if (guard->is_spilling) {
        guard_spill_t *spill =
            &APR_ARRAY_IDX(guard->spills, guard->spills->nelts - 1, guard_spill_t);

        spill->length = guard->file_length - spill->offset;
        guard_skeleton_reference(guard);
    }
    else if (content->length && guard->is_text) {
        guard_skeleton_byte(guard, TOKEN_STR_I);
        base_text_buffer_append(&guard->skeleton, content->data, content->length + 1);
    }
    else if (content->length)
        guard_skeleton_opaque(guard, content->data, content->length);
    content->length = 0;
    guard->is_text = 1;
    guard->is_spilling = 0;
    return NULL;
}

static int guard_is_blank(const base_text_buffer_t *content)
{
    size_t i;

    for (i = 0; i < content->length; i++)
        if (!strchr(" \t\r\n", content->data[i]) || !content->data[i])
            return 0;
    return 1;
}

/* An element has either text or elements (MS-ASDTYPE 2.2). White space between
 * elements, which comes from indented XML, is dropped. */
static base_fault_t *guard_content_none(eas_guard_t *guard)
{
    if (guard->is_spilling || !guard_is_blank(&guard->content))
        return guard_invalid(guard, "an element holds both text and elements");
    guard->content.length = 0;
    guard->is_text = 1;
    return NULL;
}

/* -- tokens ---------------------------------------------------------------- */

static base_fault_t *guard_header(eas_guard_t *guard, unsigned byte)
{
    static const unsigned char wanted[] = {0x03, 0x01, 0x6a, 0x00};
    static const char *const names[] = {"version", "public identifier", "character set",
                                        "length of the string table"};
    unsigned i = guard->header++;

    /* 1.1 and 1.2 differ in nothing that is allowed here */
    if (byte != wanted[i] && !(i == 0 && (byte == 0x01 || byte == 0x02)))
        return guard_invalid(guard, "the %s is 0x%02x, not 0x%02x", names[i], byte, wanted[i]);
    guard_skeleton_byte(guard, wanted[i]);
    if (guard->header == sizeof wanted) {
        guard->state = GUARD_BODY;
        guard->is_text = 1;
    }
    return NULL;
}

static void guard_tag_note(eas_guard_t *guard, unsigned token)
{
    unsigned char *bits = &guard->seen[guard->page][token / 8],
                  bit = (unsigned char)(1 << token % 8);

    if (!(*bits & bit)) {
        *bits |= bit;
        APR_ARRAY_PUSH(guard->tags, eas_tag_t) = guard->page << 8 | token;
    }
}

static base_fault_t *guard_tag(eas_guard_t *guard, unsigned byte)
{
    unsigned token = byte & TOKEN_MASK;

    if (guard->depth >= guard->limits.depth)
        return base_fault_make(guard->pool, BASE_FAULT_TOO_LARGE,
                               "WBXML: more than %u elements inside one another",
                               guard->limits.depth);
    if (++guard->elements > guard->limits.elements)
        return base_fault_make(guard->pool, BASE_FAULT_TOO_LARGE, "WBXML: more than %u elements",
                               guard->limits.elements);
    if (guard->depth)
        BASE_TRY(guard_content_none(guard));
    if (guard->page != guard->skeleton_page) {
        guard_skeleton_byte(guard, TOKEN_SWITCH_PAGE);
        guard_skeleton_byte(guard, guard->page);
        guard->skeleton_page = guard->page;
    }
    guard_skeleton_byte(guard, byte);
    guard_tag_note(guard, token);
    if (byte & TOKEN_CONTENT)
        guard->depth++;
    else if (!guard->depth)
        guard->state = GUARD_DONE;
    guard->has_children = !(byte & TOKEN_CONTENT);
    return NULL;
}

static base_fault_t *guard_end(eas_guard_t *guard)
{
    if (!guard->depth)
        return guard_invalid(guard, "END without an open element");
    if (guard->has_children)
        BASE_TRY(guard_content_none(guard));
    else
        BASE_TRY(guard_content_end(guard));
    guard_skeleton_byte(guard, TOKEN_END);
    guard->has_children = 1; /* of the parent */
    if (!--guard->depth)
        guard->state = GUARD_DONE;
    return NULL;
}

static base_fault_t *guard_token(eas_guard_t *guard, unsigned byte)
{
    switch (byte) {
    case TOKEN_SWITCH_PAGE:
        guard->state = GUARD_PAGE;
        return NULL;
    case TOKEN_END:
        return guard_end(guard);
    case TOKEN_STR_I:
    case TOKEN_OPAQUE:
        if (!guard->depth)
            return guard_invalid(guard, "content before the first element");
        guard->state = byte == TOKEN_STR_I ? GUARD_STRING : GUARD_LENGTH;
        guard->is_text &= byte == TOKEN_STR_I;
        guard->length_bytes = 0;
        guard->remaining = 0;
        memset(&guard->utf8, 0, sizeof guard->utf8);
        return NULL;
    default:
        if ((byte & TOKEN_ATTRIBUTES) || (byte & TOKEN_MASK) < EAS_TOKEN_FIRST)
            return guard_invalid(guard, "token 0x%02x is not allowed in ActiveSync", byte);
        return guard_tag(guard, byte);
    }
}

static base_fault_t *guard_page(eas_guard_t *guard, unsigned byte)
{
    if (byte >= EAS_PAGE_COUNT)
        return guard_invalid(guard, "there is no code page %u", byte);
    guard->page = byte;
    guard->state = GUARD_BODY;
    return NULL;
}

/* A multi-byte integer (WBXML 1.3 section 5.1). */
static base_fault_t *guard_length(eas_guard_t *guard, unsigned byte)
{
    if (++guard->length_bytes > 5 || guard->remaining >> 25)
        return guard_invalid(guard, "the length of an opaque is no 32 bit number");
    guard->remaining = guard->remaining << 7 | (byte & 0x7f);
    if (byte & 0x80)
        return NULL;
    if ((apr_off_t)guard->remaining > guard->limits.bytes - guard->consumed)
        return base_fault_make(guard->pool, BASE_FAULT_TOO_LARGE,
                               "WBXML: an opaque of %u bytes exceeds the limit of %" APR_OFF_T_FMT
                               " for a request",
                               guard->remaining, guard->limits.bytes);
    guard->state = guard->remaining ? GUARD_OPAQUE : GUARD_BODY;
    return NULL;
}

static base_fault_t *guard_string(eas_guard_t *guard, const char **p, const char *end)
{
    const char *nul = memchr(*p, '\0', (size_t)(end - *p)), *stop = nul ? nul : end;

    guard->consumed += stop - *p + (nul != NULL);
    BASE_TRY(eas_utf8_feed(&guard->utf8, *p, (apr_size_t)(stop - *p), guard_content_append, guard));
    if (nul) {
        BASE_TRY(eas_utf8_finish(&guard->utf8, guard_content_append, guard));
        guard->state = GUARD_BODY;
    }
    if (guard->utf8.malformed)
        return guard_invalid(guard, "a string is not UTF-8");
    *p = nul ? nul + 1 : end;
    return NULL;
}

static base_fault_t *guard_opaque(eas_guard_t *guard, const char **p, const char *end)
{
    apr_size_t length = (apr_size_t)(end - *p);

    if (length > guard->remaining)
        length = guard->remaining;
    BASE_TRY(guard_content_append(guard, *p, length));
    guard->consumed += (apr_off_t)length;
    guard->remaining -= (apr_uint32_t)length;
    *p += length;
    if (!guard->remaining)
        guard->state = GUARD_BODY;
    return NULL;
}

static base_fault_t *guard_step(eas_guard_t *guard, const char **p, const char *end)
{
    if (guard->state == GUARD_STRING)
        return guard_string(guard, p, end);
    if (guard->state == GUARD_OPAQUE)
        return guard_opaque(guard, p, end);
    unsigned byte = (unsigned char)*(*p)++;

    guard->consumed++;
    switch (guard->state) {
    case GUARD_HEADER:
        return guard_header(guard, byte);
    case GUARD_BODY:
        return guard_token(guard, byte);
    case GUARD_PAGE:
        return guard_page(guard, byte);
    case GUARD_LENGTH:
        return guard_length(guard, byte);
    case GUARD_DONE:
    case GUARD_STRING:
    case GUARD_OPAQUE:
        break;
    }
    return guard_invalid(guard, "bytes after the end of the document");
}

base_fault_t *eas_guard_feed(eas_guard_t *guard, const void *bytes, apr_size_t length)
{
    const char *p = bytes, *end = p + length;

    if (!guard->fault && (apr_off_t)length > guard->limits.bytes - guard->consumed)
        guard->fault =
            base_fault_make(guard->pool, BASE_FAULT_TOO_LARGE,
                            "the request is over %" APR_OFF_T_FMT " bytes", guard->limits.bytes);
    while (p < end && !guard->fault)
        guard->fault = guard_step(guard, &p, end);
    return guard->fault;
}

base_fault_t *eas_guard_finish(eas_guard_t *guard)
{
    if (!guard->fault && guard->state != GUARD_DONE)
        guard->fault = guard_invalid(guard, "the document ends early");
    return guard->fault;
}

int eas_guard_is_empty(const eas_guard_t *guard)
{
    return guard->consumed == 0 && !guard->fault;
}

void eas_guard_skeleton(const eas_guard_t *guard, const unsigned char **bytes, apr_size_t *length)
{
    *bytes = (const unsigned char *)guard->skeleton.data;
    *length = guard->skeleton.length;
}

const eas_tag_t *eas_guard_tags(const eas_guard_t *guard, unsigned *count)
{
    *count = (unsigned)guard->tags->nelts;
    return (const eas_tag_t *)guard->tags->elts;
}

int eas_guard_spilled(const eas_guard_t *guard, const char *content, apr_size_t length,
                      apr_file_t **file, apr_off_t *offset, apr_off_t *spilled)
{
    const guard_spill_t *spill;
    apr_uint32_t index = 0;
    int i;

    if (!guard_is_reference(content, length))
        return 0;
    for (i = REFERENCE_MAGIC_LENGTH; i < REFERENCE_LENGTH; i++)
        index = index << 8 | (unsigned char)content[i];
    if (index >= (apr_uint32_t)guard->spills->nelts)
        return 0;
    spill = &APR_ARRAY_IDX(guard->spills, index, guard_spill_t);
    *file = guard->file;
    *offset = spill->offset;
    *spilled = spill->length;
    return 1;
}
