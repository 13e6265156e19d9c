#include "cmd/sync_edit.h"

#include "backend/properties.h"
#include "item/category.h"
#include "item/content.h"
#include "item/flag.h"
#include "item/meeting.h"
#include "item/source.h"

typedef struct {
    collection_edit_t edit; /* first */
    cmd_exchange_t *exchange;
    const backend_folder_t *folder;
    const item_flag_change_t *flag; /* NULL: not named */
    int categorised;                /* Categories are named */
    const char *categories;
} sync_edit_t;

/* Is the message about a meeting? */
static base_fault_t *edit_meeting(const sync_edit_t *edit, const backend_entry_t *entry,
                                  int *meeting, apr_pool_t *pool)
{
    backend_session_t *session;
    item_meeting_t *found;
    item_content_t *content;
    item_source_t *source;
    backend_blob_t *blob;
    item_mime_t *mime;

    BASE_TRY(cmd_exchange_session(edit->exchange, &session));
    BASE_TRY(backend_item_fetch(session, edit->folder->id, entry->uid, &blob, pool));
    BASE_TRY(item_source_open(blob, &source, pool));
    BASE_TRY(item_mime_parse(source, &mime, pool));
    item_content_find(mime, &content, pool);
    BASE_TRY(item_meeting_load(mime, content->calendar, NULL, entry->date, &found, pool));
    *meeting = found != NULL;
    return NULL;
}

static base_fault_t *edit_apply(const collection_edit_t *base, const backend_entry_t *entry,
                                backend_update_t *update, apr_pool_t *pool)
{
    const sync_edit_t *edit = (const sync_edit_t *)base;
    int meeting = 0;

    if (edit->categorised) {
        update->which |= 1u << BACKEND_PROPERTY_CATEGORIES;
        update->properties.text[BACKEND_PROPERTY_CATEGORIES] = edit->categories;
    }
    if (!edit->flag)
        return NULL;
    if (entry->uid && item_flag_wants_meeting(edit->flag, entry))
        BASE_TRY(edit_meeting(edit, entry, &meeting, pool));
    update->which |= 1u << BACKEND_PROPERTY_FOLLOW_UP;
    return item_flag_apply(edit->flag, entry, meeting,
                           &update->properties.text[BACKEND_PROPERTY_FOLLOW_UP], pool);
}

static base_fault_t *edit_read_flag(sync_edit_t *edit, const eas_node_t *flag, collection_op_t *op,
                                    apr_pool_t *pool)
{
    item_flag_change_t *change = apr_palloc(pool, sizeof *change);

    BASE_TRY(item_flag_read(flag, change, pool));
    edit->flag = change;
    edit->edit.fields |= BACKEND_PROPERTY_MASK(BACKEND_PROPERTY_FOLLOW_UP);
    op->mask |= change->mask;
    op->values |= change->values;
    return NULL;
}

base_fault_t *sync_edit_read(cmd_exchange_t *exchange, const backend_folder_t *folder,
                             const eas_node_t *data, collection_op_t *op, apr_pool_t *pool)
{
    const eas_node_t *flag = eas_node_child(data, EAS_Email_Flag);
    const eas_node_t *categories = eas_node_child(data, EAS_Email_Categories);
    int read = eas_node_child_flag(data, EAS_Email_Read, 0);
    sync_edit_t *edit = apr_pcalloc(pool, sizeof *edit);

    edit->edit.apply = edit_apply;
    edit->exchange = exchange;
    edit->folder = folder;
    if (read < 0)
        return base_fault_make(pool, BASE_FAULT_INVALID, "Read is neither 0 nor 1");
    if (eas_node_child(data, EAS_Email_Read)) {
        op->mask |= BACKEND_FLAG_SEEN;
        op->values |= read ? BACKEND_FLAG_SEEN : 0;
    }
    if (flag)
        BASE_TRY(edit_read_flag(edit, flag, op, pool));
    if (categories && eas_tag_in_version(EAS_Email_Categories, exchange->request->version)) {
        BASE_TRY(item_categories_read(categories, &edit->categories, pool));
        edit->categorised = 1;
        edit->edit.fields |= BACKEND_PROPERTY_MASK(BACKEND_PROPERTY_CATEGORIES);
    }
    if (!edit->edit.fields)
        return NULL;
    op->edit = &edit->edit;
    return sync_request_digest(data, &edit->edit.digest, pool);
}

base_fault_t *sync_edit_put(const collection_op_t *op, backend_put_t *put, apr_pool_t *pool)
{
    const backend_entry_t nothing = {.uid = 0};
    backend_update_t update = {.mask = 0};

    if (!op->edit)
        return NULL;
    BASE_TRY(op->edit->apply(op->edit, &nothing, &update, pool));
    put->properties = backend_properties_copy(&update.properties, pool);
    return NULL;
}
