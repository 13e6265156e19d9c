#include "item/note.h"

#include <string.h>
#include <strings.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "base/text.h"
#include "base/time.h"
#include "item/category.h"
#include "item/document.h"
#include "item/note_body.h"

#define NOTE_COMPONENT "VJOURNAL"
#define NOTE_CLASS "IPM.StickyNote"
#define NOTE_CLASS_PROPERTY "X-MOBILESYNC-MESSAGE-CLASS"
#define NOTE_CLASS_MAX 255
#define NOTE_SUBJECT_MAX 255 /* bytes of a text's first line that stands for it */

enum {
#define NOTE_PROPERTY(tag, property, omitted) NOTE_##property,
#include "item/note.tbl"
#undef NOTE_PROPERTY
    NOTE_COUNT
};

typedef struct {
    item_component_t *journal;
    item_note_body_t *body;
    int wanted[NOTE_COUNT];
    apr_pool_t *pool;
} note_t;

/* -- what it says ---------------------------------------------------------------------------- */

static base_fault_t *note_open(const backend_blob_t *blob, item_document_t **document,
                               item_component_t **journal, apr_pool_t *pool)
{
    BASE_TRY(item_document_parse(blob, document, pool));
    *journal = item_component_first(item_document_root(*document), NOTE_COMPONENT);
    return *journal ? NULL : base_fault_make(pool, BASE_FAULT_CONVERSION, "no " NOTE_COMPONENT);
}

/* Phones list notes by their subjects. */
static const char *note_first_line(item_component_t *journal, apr_pool_t *pool)
{
    const char *text, *html;
    apr_size_t length;

    item_note_body_get(journal, "DESCRIPTION", &text, &html, pool);
    if (!text && html && item_note_body_plain(html, &text, pool))
        text = NULL;
    text = text ? text : "";
    while (apr_isspace(*text))
        text++;
    length = base_text_utf8_floor(text, strlen(text), NOTE_SUBJECT_MAX);
    return base_text_line(text, strcspn(apr_pstrmemdup(pool, text, length), "\r\n"), pool);
}

static const char *note_subject(item_component_t *journal, apr_pool_t *pool)
{
    const char *summary = item_component_text(journal, "SUMMARY");

    return summary ? base_text_line(summary, strlen(summary), pool)
                   : note_first_line(journal, pool);
}

/* "IPM.StickyNote" or "IPM.StickyNote.*" (R57). */
static int note_is_class(const char *text)
{
    apr_size_t n = strlen(NOTE_CLASS);

    return strncasecmp(text, NOTE_CLASS, n) == 0 && (!text[n] || text[n] == '.') &&
           strlen(text) <= NOTE_CLASS_MAX && !text[strcspn(text, "\r\n")];
}

static const char *note_class(item_component_t *journal)
{
    const char *text = item_component_text(journal, NOTE_CLASS_PROPERTY);

    return text && note_is_class(text) ? text : NOTE_CLASS;
}

/* It is required (R125): a file without any date is as old as can be. */
static apr_time_t note_modified(item_component_t *journal)
{
    static const char *const names[] = {"LAST-MODIFIED", "DTSTAMP", "CREATED"};
    apr_time_t when = 0;
    size_t i;

    for (i = 0; i < sizeof names / sizeof *names; i++) {
        const char *text = item_component_text(journal, names[i]);

        if (text && base_time_parse(text, &when))
            return when;
    }
    return 0;
}

static void note_write_subject(const note_t *note, int part, eas_writer_t *writer)
{
    (void)part;
    eas_writer_text(writer, EAS_Notes_Subject, note_subject(note->journal, note->pool));
}

static void note_write_body(const note_t *note, int part, eas_writer_t *writer)
{
    item_note_body_write(note->body, part, writer);
}

static void note_write_message_class(const note_t *note, int part, eas_writer_t *writer)
{
    (void)part;
    eas_writer_text(writer, EAS_Notes_MessageClass, note_class(note->journal));
}

static void note_write_last_modified(const note_t *note, int part, eas_writer_t *writer)
{
    (void)part;
    eas_writer_text(writer, EAS_Notes_LastModifiedDate,
                    base_time_format_compact(note_modified(note->journal), note->pool));
}

static void note_write_categories(const note_t *note, int part, eas_writer_t *writer)
{
    (void)part;
    item_categories_put(item_categories_get(note->journal, note->pool), EAS_Notes_Categories,
                        EAS_Notes_Category, writer);
}

/* -- what a client makes of it --------------------------------------------------------------- */

static base_fault_t *note_invalid(const char *what, apr_pool_t *pool)
{
    return base_fault_make(pool, BASE_FAULT_INVALID, "note: %s", what);
}

static base_fault_t *note_text(const eas_node_t *node, const char **text, apr_pool_t *pool)
{
    apr_size_t length;
    apr_status_t status;

    *text = "";
    if (!node)
        return NULL;
    status = eas_node_content(node, text, &length, pool);
    return status == APR_SUCCESS
               ? NULL
               : base_fault_make_status(pool, BASE_FAULT_UNAVAILABLE, status, "reading an element");
}

/* The first line that stands for a subject is none until somebody writes another. */
static base_fault_t *note_change_subject(item_component_t *journal, const eas_node_t *node,
                                         const item_change_t *change, apr_pool_t *pool)
{
    const char *text;

    (void)change;
    BASE_TRY(note_text(node, &text, pool));
    text = base_text_line(text, strlen(text), pool);
    if (strcmp(text, note_subject(journal, pool)) != 0)
        item_component_set_text(journal, "SUMMARY", *text ? text : NULL);
    return NULL;
}

static base_fault_t *note_change_body(item_component_t *journal, const eas_node_t *node,
                                      const item_change_t *change, apr_pool_t *pool)
{
    return item_note_body_change(journal, "DESCRIPTION", node, change->options, pool);
}

static base_fault_t *note_change_message_class(item_component_t *journal, const eas_node_t *node,
                                               const item_change_t *change, apr_pool_t *pool)
{
    const char *text;

    (void)change;
    BASE_TRY(note_text(node, &text, pool));
    if (!note_is_class(text)) /* R119 */
        return note_invalid("a MessageClass that is none of a note", pool);
    if (strcmp(text, note_class(journal)) != 0)
        item_component_set_text(journal, NOTE_CLASS_PROPERTY,
                                strcmp(text, NOTE_CLASS) != 0 ? text : NULL);
    return NULL;
}

static base_fault_t *note_change_last_modified(item_component_t *journal, const eas_node_t *node,
                                               const item_change_t *change, apr_pool_t *pool)
{
    (void)change;
    (void)journal;
    (void)node;
    (void)pool;
    return NULL; /* R209 */
}

static base_fault_t *note_change_categories(item_component_t *journal, const eas_node_t *node,
                                            const item_change_t *change, apr_pool_t *pool)
{
    apr_array_header_t *names = NULL;

    (void)change;
    if (node)
        BASE_TRY(item_categories_names(node, EAS_Notes_Category, &names, pool));
    item_categories_set(journal, names, pool);
    return NULL;
}

/* -- the kind -------------------------------------------------------------------------------- */

enum { NOTE_KEEP, NOTE_DELETE };

static const struct {
    eas_tag_t tag;
    void (*write)(const note_t *note, int part, eas_writer_t *writer);
    /* node NULL: it was left out, and that means that it goes */
    base_fault_t *(*change)(item_component_t *journal, const eas_node_t *node,
                            const item_change_t *change, apr_pool_t *pool);
    int omitted;
} note_properties[NOTE_COUNT] = {
#define NOTE_PROPERTY(tag, property, omitted) \
    {EAS_##tag, note_write_##property, note_change_##property, NOTE_##omitted},
#include "item/note.tbl"
#undef NOTE_PROPERTY
};

static base_fault_t *note_load(const backend_blob_t *blob, const item_reference_t *reference,
                               const backend_entry_t *entry, const item_options_t *options,
                               void **item, apr_pool_t *pool)
{
    note_t *note = apr_pcalloc(pool, sizeof *note);
    const char *plain, *html;
    item_document_t *document;
    int i;

    (void)reference;
    note->pool = pool;
    BASE_TRY(base_fault_wrap(note_open(blob, &document, &note->journal, pool), pool,
                             "note %" APR_UINT64_T_FMT, entry->uid));
    for (i = 0; i < NOTE_COUNT; i++)
        note->wanted[i] = item_options_want(options, note_properties[i].tag);
    if (note->wanted[NOTE_body]) {
        item_note_body_get(note->journal, "DESCRIPTION", &plain, &html, pool);
        BASE_TRY(item_note_body_load(plain, html, options, &note->body, pool));
    }
    *item = note;
    return NULL;
}

static void note_write(void *item, int part, eas_writer_t *writer)
{
    const note_t *note = item;
    int i;

    for (i = 0; i < NOTE_COUNT; i++)
        if (note->wanted[i])
            note_properties[i].write(note, part, writer);
}

static int note_body_has_data(const void *item)
{
    return item_note_body_has_data(((const note_t *)item)->body);
}

static base_fault_t *note_body_read(void *item, char *buffer, apr_size_t *length)
{
    return item_note_body_read(((note_t *)item)->body, buffer, length);
}

static base_fault_t *note_apply(const item_change_t *change, item_component_t *journal,
                                apr_pool_t *pool)
{
    int i;

    for (i = 0; i < NOTE_COUNT; i++) {
        const eas_node_t *node = eas_node_child(change->data, note_properties[i].tag);

        if (node || note_properties[i].omitted == NOTE_DELETE)
            BASE_TRY(note_properties[i].change(journal, node, change, pool));
    }
    return NULL;
}

/* A first line that stands for the subject, and came back as that, is another one with another text. */
static base_fault_t *note_tell(const item_change_t *change, item_component_t *journal,
                               apr_pool_t *pool)
{
    const char *text;

    BASE_TRY(note_text(eas_node_child(change->data, EAS_Notes_Subject), &text, pool));
    text = base_text_line(text, strlen(text), pool);
    if (*text && strcmp(text, note_subject(journal, pool)) != 0)
        *change->tell = 1;
    return NULL;
}

static base_fault_t *note_change(const item_change_t *change, const backend_blob_t *original,
                                 const backend_blob_t **blob, apr_pool_t *pool)
{
    const char *now = base_time_format_compact(change->now, pool);
    item_component_t *journal;
    item_document_t *document;

    if (change->instance || !change->data)
        return note_invalid("it has no occurrences", pool);
    if (original)
        BASE_TRY(note_open(original, &document, &journal, pool));
    else {
        document = item_document_make(ITEM_DOCUMENT_ICALENDAR, pool);
        journal = item_component_add(item_document_root(document), NOTE_COMPONENT);
        item_component_set_text(journal, "UID", change->key);
        item_component_set_text(journal, "CREATED", now);
    }
    BASE_TRY(note_apply(change, journal, pool));
    BASE_TRY(note_tell(change, journal, pool));
    *blob = original;
    if (original && !item_document_is_changed(document))
        return NULL;
    item_component_set_text(journal, "LAST-MODIFIED", now);
    item_component_set_text(journal, "DTSTAMP", now);
    return item_document_save(document, blob, pool);
}

const item_kind_t item_note_kind = {.name = "Notes",
                                    .first_version = EAS_VERSION_14_0,
                                    .load = note_load,
                                    .write = note_write,
                                    .body_has_data = note_body_has_data,
                                    .body_read = note_body_read,
                                    .change = note_change,
                                    .component = NOTE_COMPONENT};
