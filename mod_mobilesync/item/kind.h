/* The kinds of items: what a class of folders (mail, contacts, tasks, ...) does with its blobs. A row
 * of a table each (item/kind.c), so that Sync, ItemOperations, Search and the engine know no class.
 *
 * A blob is one message (mail), one vCard (contacts) or one VCALENDAR with one item (tasks: VTODO;
 * notes: VJOURNAL; calendar: the VEVENTs of one UID, and the VTIMEZONEs that they need). */
#ifndef ITEM_KIND_H
#define ITEM_KIND_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

#include "backend/backend.h"
#include "base/fault.h"
#include "eas/node.h"
#include "eas/writer.h"
#include "item/attachment.h"
#include "item/options.h"
#include "item/reference.h"

/* What a client says of an item: ApplicationData of an Add or a Change. */
typedef struct {
    const eas_node_t *data; /* ApplicationData */
    eas_version_t version;
    /* Supported (MS-ASCMD 2.2.3.179) of the folder's first Sync: elements that a Change deletes by
     * leaving them out; all others that it leaves out are ghosted: they stay. NULL: it had none, and
     * what that means is the class's affair (R5906, R7309). */
    const apr_array_header_t *supported; /* eas_tag_t */
    /* Of a new item: what its UID is made of, the same for a repeat of the request.
     * [A-Za-z0-9_-]{1,64} */
    const char *key;
    const backend_identity_t *identity; /* whose mailbox it is */
    /* airsyncbase:InstanceId beside the ServerId, as it was sent (16.x, MS-ASCMD R6238, R6420): the
     * Change is one of this occurrence of a series alone; with data NULL the occurrence is deleted.
     * NULL: the item. Classes but calendar: INVALID. */
    const char *instance;
    /* By which the client is shown the folder's items: what it was given cut may come back so. NULL:
     * nobody knows. */
    const item_options_t *options;
    const item_reference_t *reference; /* of an item that is there; its FileReferences begin so */
    apr_time_t now;
    /* Never NULL: set to 1 when the item is not what the client must believe now (what it sent was
     * not taken whole, or something else follows from it): it gets the item as it is then. */
    int *tell;
} item_change_t;

typedef struct {
    const char *name;            /* AirSync:Class */
    eas_version_t first_version; /* that knows the class; NONE: all */

    /* Fallible first, then write (item/item.h). *item lives in the pool; blob as long as it. Faults:
     * CONVERSION (it goes into quarantine), and those of reading. */
    base_fault_t *(*load)(const backend_blob_t *blob, const item_reference_t *reference,
                          const backend_entry_t *entry, const item_options_t *options, void **item,
                          apr_pool_t *pool);
    /* The children of ApplicationData or Properties. part: as of item_email_write. */
    void (*write)(void *item, int part, eas_writer_t *writer);
    /* The body's data alone, for a multipart response: as of item_email_body_... */
    int (*body_has_data)(const void *item);
    base_fault_t *(*body_read)(void *item, char *buffer, apr_size_t *length);

    /* What of a loaded item devices are not shown, though it is there, in words for administrators;
     * NULL: nothing. NULL: the class leaves out nothing but what the tables of README name. */
    const char *(*remark)(const void *item);

    /* The rest is NULL for mail, which is changed by flags, properties and drafts. */

    /* What becomes of an item: original with what the client changed, everything else as it is to the
     * byte; *blob is original itself when nothing changes, so that a repeat changes nothing. original
     * NULL: a new one. INVALID says what is wrong with the data (Status 6). */
    base_fault_t *(*change)(const item_change_t *change, const backend_blob_t *original,
                            const backend_blob_t **blob, apr_pool_t *pool);

    /* Opens an attachment of a blob by its FileReference. NOT_FOUND: the blob has no such. */
    base_fault_t *(*attachment_open)(const backend_blob_t *blob, const item_reference_t *reference,
                                     item_attachment_t **attachment, apr_pool_t *pool);

    /* What the server makes of a new item, and the client learns from the Response to its Add (16.0 on);
     * EAS_TAG_NONE: nothing. */
    eas_tag_t made;

    /* What data, an Add or a Change that has taken effect, added as attachments: where they are in the
     * blob of the item as it is now (item_attachment_added_t); what is gone since is left out. NULL: no
     * attachments. */
    base_fault_t *(*attachments_added)(const backend_blob_t *blob,
                                       const item_reference_t *reference, const eas_node_t *data,
                                       apr_array_header_t **added, apr_pool_t *pool);

    /* The UID that a client means by the data of an Add; NULL: it says none. What has it already is not
     * added a second time. NULL: the class has nothing of that kind. */
    const char *(*identity)(const item_change_t *change, apr_pool_t *pool);

    const char *component; /* "VTODO": what a blob of the class has; "VCARD" */
    /* Fills date and whatever else the class knows better: see item_describer. May be NULL. */
    base_fault_t *(*describe)(const backend_blob_t *blob, backend_description_t *description,
                              apr_pool_t *pool);
} item_kind_t;

/* NULL: the class is not served (its folders are not shown). */
const item_kind_t *item_kind_find(backend_class_t class_);
/* Does a device of that version see folders of the class? */
int item_kind_is_served(backend_class_t class_, eas_version_t version);
const item_kind_t *item_kind_by_name(const char *name);

/* What backends are started with: class and UID by the component, date by the kind. */
extern const backend_describer_t item_describer;

#endif
