#include "item/kind.h"

#include <string.h>

#include "item/contact.h"
#include "item/email.h"
#include "item/event.h"
#include "item/note.h"
#include "item/task.h"

static base_fault_t *kind_email_load(const backend_blob_t *blob, const item_reference_t *reference,
                                     const backend_entry_t *entry, const item_options_t *options,
                                     void **item, apr_pool_t *pool)
{
    item_email_t *email;

    BASE_TRY(item_email_load(blob, reference, entry, options, &email, pool));
    *item = email;
    return NULL;
}

static void kind_email_write(void *item, int part, eas_writer_t *writer)
{
    item_email_write(item, part, writer);
}

static int kind_email_body_has_data(const void *item)
{
    return item_email_body_has_data(item);
}

static base_fault_t *kind_email_attachment(const backend_blob_t *blob,
                                           const item_reference_t *reference,
                                           item_attachment_t **attachment, apr_pool_t *pool)
{
    return item_attachment_open(blob, reference->part, attachment, pool);
}

static const item_kind_t kind_email = {.name = "Email",
                                       .load = kind_email_load,
                                       .write = kind_email_write,
                                       .body_has_data = kind_email_body_has_data,
                                       .body_read = item_email_body_read,
                                       .attachment_open = kind_email_attachment};

static const item_kind_t *const kinds[] = {
    [BACKEND_CLASS_EMAIL] = &kind_email,           [BACKEND_CLASS_CALENDAR] = &item_event_kind,
    [BACKEND_CLASS_CONTACTS] = &item_contact_kind, [BACKEND_CLASS_TASKS] = &item_task_kind,
    [BACKEND_CLASS_NOTES] = &item_note_kind,
};

#define KIND_COUNT (sizeof kinds / sizeof *kinds)

const item_kind_t *item_kind_find(backend_class_t class_)
{
    return kinds[class_];
}

int item_kind_is_served(backend_class_t class_, eas_version_t version)
{
    return kinds[class_] && version >= kinds[class_]->first_version;
}

const item_kind_t *item_kind_by_name(const char *name)
{
    size_t i;

    for (i = 0; i < KIND_COUNT; i++)
        if (kinds[i] && strcmp(kinds[i]->name, name) == 0)
            return kinds[i];
    return NULL;
}
