/* item_describer: what a store has to know of an item. It goes over the lines without unfolding them:
 * a card is mostly its photo, and a mailbox has thousands of them. */
#include "item/kind.h"

#include <string.h>
#include <strings.h>
#include <apr_strings.h>

#include "backend/blob.h"
#include "base/content_line.h"
#include "item/document.h"

#define DESCRIBE_UID_MAX 4096 /* as it is in the file */

typedef struct {
    const char *at, *end; /* what is left */
    int depth;            /* of components */
    int item_depth;       /* 1: a card; 2: an item of a calendar; 0: none was found yet */
    int inside;           /* between its BEGIN and its END */
    int complete;         /* the object was closed */
    backend_description_t *description;
    apr_pool_t *pool;
} describe_t;

static const struct {
    const char *component;
    backend_class_t class_;
} describe_components[] = {{"VEVENT", BACKEND_CLASS_CALENDAR},
                           {"VTODO", BACKEND_CLASS_TASKS},
                           {"VJOURNAL", BACKEND_CLASS_NOTES}};

/* The next line, with the folds that follow it in *folded. */
static int describe_line(describe_t *describe, const char **line, size_t *length, size_t *folded)
{
    const char *p = describe->at, *newline;

    if (p == describe->end)
        return 0;
    *line = p;
    describe->at = base_content_line_end(p, describe->end);
    *folded = (size_t)(describe->at - p);
    newline = memchr(p, '\n', *folded);
    *length = newline ? (size_t)(newline - p) : *folded;
    return 1;
}

/* Has the line that name, behind a group or without? */
static int describe_is(const char *line, size_t length, const char *name)
{
    size_t size = strlen(name), i;
    const char *dot;

    for (i = 0; i < length && line[i] != ':' && line[i] != ';'; i++)
        ;
    dot = memchr(line, '.', i);
    if (dot) {
        i -= (size_t)(dot + 1 - line);
        line = dot + 1;
    }
    return i == size && strncasecmp(line, name, size) == 0;
}

/* Is the value of BEGIN or END that? */
static int describe_names(const char *line, size_t length, const char *component)
{
    const char *colon = memchr(line, ':', length), *value = colon ? colon + 1 : line + length;
    size_t size = strlen(component);

    for (length -= (size_t)(value - line); length && memchr(" \t\r", value[length - 1], 3);
         length--)
        ;
    return length == size && strncasecmp(value, component, size) == 0;
}

/* 0: it is nothing of ours. */
static int describe_begin(describe_t *describe, const char *line, size_t length)
{
    backend_description_t *description = describe->description;
    size_t i;

    describe->depth++;
    if (describe->depth == 1 && describe_names(line, length, "VCARD")) {
        description->class_ = BACKEND_CLASS_CONTACTS;
        describe->item_depth = describe->inside = 1;
    }
    else if (describe->depth == 1)
        return describe_names(line, length, "VCALENDAR");
    for (i = 0; i < sizeof describe_components / sizeof *describe_components; i++)
        if (describe->depth == 2 && !describe->item_depth &&
            describe_names(line, length, describe_components[i].component)) {
            description->class_ = describe_components[i].class_;
            describe->item_depth = 2;
            describe->inside = 1;
        }
    return 1;
}

static void describe_uid(describe_t *describe, const char *line, size_t folded)
{
    const char *text;
    base_content_line_t parsed;

    if (folded > DESCRIBE_UID_MAX)
        return;
    if (!base_content_line_read(line, folded, &parsed, describe->pool))
        return;
    text = base_content_text(parsed.value, describe->pool);
    describe->description->uid = *text ? text : NULL;
}

/* Until the object is closed, so that one that is being written is not known. */
static void describe_object(describe_t *describe)
{
    const char *line;
    size_t length, folded;

    while (!describe->complete && describe_line(describe, &line, &length, &folded)) {
        if (describe_is(line, length, "BEGIN")) {
            if (!describe_begin(describe, line, length))
                return;
        }
        else if (describe_is(line, length, "END")) {
            if (--describe->depth < 0)
                return;
            describe->inside &= describe->depth >= describe->item_depth;
            describe->complete =
                describe->depth == 0 &&
                describe_names(line, length, describe->item_depth == 1 ? "VCARD" : "VCALENDAR");
        }
        else if (describe->inside && describe->depth == describe->item_depth &&
                 !describe->description->uid && describe_is(line, length, "UID"))
            describe_uid(describe, line, folded);
    }
    describe->description->known = describe->complete && describe->item_depth;
    describe->description->foreign = describe->complete && !describe->item_depth;
}

static base_fault_t *describe_blob(const backend_blob_t *blob, backend_description_t *description,
                                   apr_pool_t *pool)
{
    describe_t describe = {.description = description, .pool = pool};
    const item_kind_t *kind;
    base_fault_t *fault;
    const char *data;

    *description = (backend_description_t){.date = APR_INT64_MAX};
    if (blob->size > ITEM_DOCUMENT_MAX)
        return NULL;
    BASE_TRY(backend_blob_load(blob, &data, pool));
    describe.at = data;
    describe.end = data + blob->size;
    if (blob->size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0)
        describe.at += 3;
    describe_object(&describe);
    if (!description->known)
        return NULL;
    kind = item_kind_find(description->class_);
    if (!kind || !kind->describe)
        return NULL;
    fault = kind->describe(backend_blob_of(data, blob->size, pool), description, pool);
    if (base_fault_code(fault) != BASE_FAULT_CONVERSION)
        return fault;
    description->date = APR_INT64_MAX; /* it is shown to be put into quarantine, with its reason */
    return NULL;
}

const backend_describer_t item_describer = {.describe = describe_blob, .version = "2"};
