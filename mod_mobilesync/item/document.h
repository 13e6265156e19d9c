/* vCard (RFC 6350, 2426, vCard 2.1) and iCalendar (RFC 5545) as documents that are edited: every line
 * that is not touched is printed as it was read, byte for byte: unknown properties, groups,
 * parameters, their order, folding, the line ends, the version. So nothing is lost that nobody here
 * understands. (libical, which evaluates times and recurrences, drops what it cannot parse and prints
 * anew what it can; it reads no vCards.)
 *
 * Names are compared without regard to case. Texts returned live in the document's pool. */
#ifndef ITEM_DOCUMENT_H
#define ITEM_DOCUMENT_H

#include <apr_pools.h>
#include <apr_tables.h>

#include "backend/backend.h"
#include "base/fault.h"

#define ITEM_DOCUMENT_MAX (16 * 1024 * 1024) /* bytes; photos and attachments are in them */
#define ITEM_DOCUMENT_LINES_MAX 20000
#define ITEM_DOCUMENT_DEPTH_MAX 8
/* What is read of a text that no person writes so long: it is shown as if it ended there, and stays
 * whole as long as that comes back. What says what an item is about (NOTE, DESCRIPTION and the like)
 * is read whole. */
#define ITEM_DOCUMENT_TEXT_MAX (64 * 1024)

typedef struct item_document item_document_t;
typedef struct item_component item_component_t;
typedef struct item_property item_property_t;

/* How values are written. */
typedef enum {
    ITEM_DOCUMENT_VCARD_21, /* quoted-printable, CHARSET, bare types, no escapes but "\;" */
    ITEM_DOCUMENT_VCARD_3,
    ITEM_DOCUMENT_VCARD_4,
    ITEM_DOCUMENT_ICALENDAR
} item_document_version_t;

/* One object (VCARD or VCALENDAR), the first of several; what stands before and after it is kept, too.
 * A blob in memory must live as long as the document. CONVERSION: it is none, not whole, or beyond the
 * limits. */
base_fault_t *item_document_parse(const backend_blob_t *blob, item_document_t **document,
                                  apr_pool_t *pool);
/* A new one: BEGIN, VERSION, (PRODID,) END, lines end with CRLF. */
item_document_t *item_document_make(item_document_version_t version, apr_pool_t *pool);
item_document_version_t item_document_version(const item_document_t *document);
/* Was anything changed since it was parsed? What is set to what it is already is no change. */
int item_document_is_changed(const item_document_t *document);
/* Will what is printed be read again, is it within ITEM_DOCUMENT_MAX and ITEM_DOCUMENT_LINES_MAX? */
int item_document_fits(const item_document_t *document);
/* Lines that were touched are folded at 75 octets, between characters. */
const backend_blob_t *item_document_print(item_document_t *document, apr_pool_t *pool);
/* The same, for what is stored or sent. TOO_LARGE: nobody could read it again. */
base_fault_t *item_document_save(item_document_t *document, const backend_blob_t **blob,
                                 apr_pool_t *pool);

/* -- components; NULL when there is none -- */
item_component_t *item_document_root(item_document_t *document);
item_component_t *item_component_first(item_component_t *component, const char *name);
item_component_t *item_component_next(item_component_t *component); /* sibling of the same name */
const char *item_component_name(const item_component_t *component);
item_component_t *item_component_add(item_component_t *parent, const char *name);
/* A copy of a component, also of another document, at the end of the parent; without some of its own
 * properties (names in upper case, NULL at the end; or NULL). */
item_component_t *item_component_copy(item_component_t *parent, const item_component_t *from,
                                      const char *const *without);
void item_component_remove(item_component_t *component);

/* -- properties, in the order of the document -- */
/* name NULL: any */
item_property_t *item_property_first(item_component_t *component, const char *name);
item_property_t *item_property_next(item_property_t *property);   /* of the same name */
item_property_t *item_property_after(item_property_t *property);  /* of any */
const char *item_property_name(const item_property_t *property);  /* upper case */
const char *item_property_group(const item_property_t *property); /* NULL: none */
/* Unfolded, with quoted-printable and CHARSET of vCard 2.1 undone, still escaped: UTF-8. */
const char *item_property_value(item_property_t *property);
/* The value as one text, unescaped, up to ITEM_DOCUMENT_TEXT_MAX. */
const char *item_property_text(item_property_t *property);
/* Component number n (from 0) of a structured value ("N", "ADR", "ORG"), unescaped, its list of
 * values joined by ", ", up to ITEM_DOCUMENT_TEXT_MAX; "" when there are fewer. */
const char *item_property_component(item_property_t *property, int n);
/* The elements of a list of texts ("CATEGORIES", "NICKNAME"), unescaped, one by one, without those that
 * are empty; NULL at the end. *at: behind it in the value; NULL before the first one. */
const char *item_property_element(item_property_t *property, const char **at);
/* BASE64, ENCODING=b, or a data: URI decoded; NULL when it is none of these. *type: its media type,
 * NULL when it does not say. */
const unsigned char *item_property_binary(item_property_t *property, apr_size_t *length,
                                          const char **type);
/* The first value of a parameter, without quotes and RFC 6868's escapes; NULL. */
const char *item_property_parameter(item_property_t *property, const char *name);
/* Is the word among the values of the parameter ("TYPE", "HOME"), also as a bare one of vCard 2.1? */
int item_property_has(item_property_t *property, const char *name, const char *word);

/* -- edits -- */
/* Before END, or behind the last property of that name. value: as it is written, escaped. */
item_property_t *item_property_add(item_component_t *component, const char *group, const char *name,
                                   const char *value);
/* A copy of a property, also of another document of the same kind. */
item_property_t *item_property_copy(item_component_t *component, item_property_t *from);
void item_property_remove(item_property_t *property);
void item_property_set_value(item_property_t *property, const char *value);
void item_property_set_text(item_property_t *property, const char *text);
/* One component of a structured value; the others stay. */
void item_property_set_component(item_property_t *property, int n, const char *text);
/* rest: what follows them, as it is written; "" */
void item_property_set_list(item_property_t *property, const apr_array_header_t *texts,
                            const char *rest);
void item_property_set_binary(item_property_t *property, const void *bytes, apr_size_t length,
                              const char *type);
/* All values of a parameter by one; NULL: the parameter goes. */
void item_property_set_parameter(item_property_t *property, const char *name, const char *value);
/* Adds or takes away a word of a list parameter. */
void item_property_mark(item_property_t *property, const char *name, const char *word, int on);

/* What most properties need: sets the first property of the name, adds it, or with text NULL removes
 * all of the name. */
void item_component_set_text(item_component_t *component, const char *name, const char *text);
const char *item_component_text(item_component_t *component, const char *name); /* NULL: none */

/* As a text is written in a value: \\ \, \; \n. */
const char *item_document_escape(const char *text, apr_pool_t *pool);

#endif
