/* airsyncbase:Body of items that are no mail (MS-ASAIRS 2.2.2.9): a plain text, and HTML that says the
 * same where somebody wrote HTML. */
#ifndef ITEM_NOTE_BODY_H
#define ITEM_NOTE_BODY_H

#include "base/fault.h"
#include "eas/node.h"
#include "eas/writer.h"
#include "item/document.h"
#include "item/options.h"

typedef struct item_note_body item_note_body_t;

/* plain, html: NULL when there is none. Chooses among the preferences, converts, cuts. Where there is
 * neither *body is an empty text: what a client has must go (MS-ASAIRS R386). Faults: those of
 * temporary files. */
base_fault_t *item_note_body_load(const char *plain, const char *html,
                                  const item_options_t *options, item_note_body_t **body,
                                  apr_pool_t *pool);
/* airsyncbase:NativeBodyType, which of these classes the Calendar has (MS-ASCAL 2.2.2.31): TEXT or
 * HTML. */
item_body_type_t item_note_body_native(const item_note_body_t *body);
/* part: as of item_email_write. NULL writes nothing. */
void item_note_body_write(item_note_body_t *body, int part, eas_writer_t *writer);
int item_note_body_has_data(const item_note_body_t *body);
base_fault_t *item_note_body_read(item_note_body_t *body, char *buffer, apr_size_t *length);

/* What a client sends: *html is NULL where it sent plain text; of HTML (cleaned of what is active) and
 * of RTF there is a plain text made as well; lines end with LF. Both "" for an empty body: the text is
 * to be deleted. *plain is NULL where there is no Data: the text stays (MS-ASCMD R878). INVALID: a Type
 * that it cannot be (MIME), no RTF. UNAVAILABLE: a spilled one cannot be read. */
base_fault_t *item_note_body_parse(const eas_node_t *body, const char **plain, const char **html,
                                   apr_pool_t *pool);

/* HTML as text, lines end with LF. */
base_fault_t *item_note_body_plain(const char *html, const char **plain, apr_pool_t *pool);

/* A component's text: property (DESCRIPTION, NOTE) and beside it X-ALT-DESC;FMTTYPE=text/html, which
 * counts as long as its text is that of the property: another program may have changed that alone.
 * plain NULL: nothing is set. */
void item_note_body_get(item_component_t *component, const char *property, const char **plain,
                        const char **html, apr_pool_t *pool);
void item_note_body_set(item_component_t *component, const char *property, const char *plain,
                        const char *html, apr_pool_t *pool);
/* Both for a Body that a client sends. One that comes back as it was cut by the options (NULL: unknown)
 * by which it was given changes nothing: the rest of the text is not lost by that. Faults: as of
 * item_note_body_parse. */
base_fault_t *item_note_body_change(item_component_t *component, const char *property,
                                    const eas_node_t *body, const item_options_t *options,
                                    apr_pool_t *pool);

#endif
