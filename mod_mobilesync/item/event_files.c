/* Attachments (16.x): what is in the event itself. ATTACH with an address is a link that other programs
 * know; it is kept. A FileReference names the number of the attachment, and in the place of a
 * revision what its content hashes to, so that it stays right when others go. */
#include "item/event_impl.h"

#include <string.h>
#include <apr_sha1.h>
#include <apr_strings.h>

#include "base/text.h"

#define EVENT_FILE_TYPE "application/octet-stream"
#define EVENT_FILE_NAME "attachment" /* of one that a client gives none (MS-ASAIRS R1014) */

/* What iCalendar has no parameters for (MS-ASAIRS 2.2.2.16, 2.2.2.17, 2.2.2.26): the body names what is
 * inline by these. */
#define EVENT_FILE_ID "X-MOBILESYNC-CONTENT-ID"
#define EVENT_FILE_LOCATION "X-MOBILESYNC-CONTENT-LOCATION"
#define EVENT_FILE_INLINE "X-MOBILESYNC-INLINE"

typedef struct {
    item_property_t *property;
    const unsigned char *bytes;
    apr_size_t length;
    const char *name, *type;
    unsigned number; /* from 1 */
    apr_uint64_t hash;
} event_file_t;

static apr_uint64_t file_hash(const unsigned char *bytes, apr_size_t length)
{
    unsigned char digest[APR_SHA1_DIGESTSIZE];
    apr_sha1_ctx_t sha;
    apr_uint64_t hash = 0;
    int i;

    apr_sha1_init(&sha);
    apr_sha1_update_binary(&sha, bytes, (unsigned)length);
    apr_sha1_final(digest, &sha);
    for (i = 0; i < 6; i++)
        hash = hash << 8 | digest[i];
    return hash | 1; /* never 0, which is none */
}

static const char *file_name(item_property_t *property, unsigned number, apr_pool_t *pool)
{
    static const char *const names[] = {"FILENAME",
                                        "X-FILENAME",
                                        "X-APPLE-FILENAME",
                                        "X-EVOLUTION-CALDAV-ATTACHMENT-NAME",
                                        "X-LABEL",
                                        "X-ORACLE-FILENAME",
                                        NULL};
    int i;

    for (i = 0; names[i]; i++) {
        const char *name = item_property_parameter(property, names[i]);

        if (name && *name)
            return base_text_line(name, strlen(name), pool);
    }
    return apr_psprintf(pool, "attachment-%u", number);
}

static apr_array_header_t *event_files(item_component_t *event, apr_pool_t *pool)
{
    apr_array_header_t *files = apr_array_make(pool, 2, sizeof(event_file_t));
    item_property_t *property;

    for (property = item_property_first(event, "ATTACH");
         property && files->nelts < ITEM_EVENT_FILES_MAX; property = item_property_next(property)) {
        event_file_t file = {.property = property, .number = (unsigned)files->nelts + 1};

        file.bytes = item_property_binary(property, &file.length, &file.type);
        if (!file.bytes)
            continue;
        if (!file.type)
            file.type = item_property_parameter(property, "FMTTYPE");
        file.name = file_name(property, file.number, pool);
        file.hash = file_hash(file.bytes, file.length);
        APR_ARRAY_PUSH(files, event_file_t) = file;
    }
    return files;
}

/* -- reading ---------------------------------------------------------------------------------- */

typedef struct {
    apr_array_header_t *files;
    const item_reference_t *reference;
} event_file_list_t;

static const char *file_reference_of(const event_file_t *file, const item_reference_t *reference,
                                     apr_pool_t *pool)
{
    item_reference_t own = *reference;

    own.revision = file->hash;
    return item_reference_file(&own, file->number, pool);
}

static void event_write_parameter(const event_file_t *file, const char *name, eas_tag_t tag,
                                  eas_writer_t *writer, apr_pool_t *pool)
{
    const char *text = item_property_parameter(file->property, name);

    if (text && *text)
        eas_writer_text(writer, tag, base_text_line(text, strlen(text), pool));
}

static void event_write_files(const item_event_value_t *value, eas_version_t version,
                              eas_writer_t *writer, apr_pool_t *pool)
{
    const event_file_list_t *list = value->object;
    int i;

    (void)version;
    eas_writer_start(writer, EAS_AirSyncBase_Attachments);
    for (i = 0; i < list->files->nelts; i++) {
        const event_file_t *file = &APR_ARRAY_IDX(list->files, i, event_file_t);

        eas_writer_start(writer, EAS_AirSyncBase_Attachment);
        eas_writer_text(writer, EAS_AirSyncBase_DisplayName, file->name);
        eas_writer_text(writer, EAS_AirSyncBase_FileReference,
                        file_reference_of(file, list->reference, pool));
        eas_writer_uint(writer, EAS_AirSyncBase_Method, 1);
        eas_writer_uint(writer, EAS_AirSyncBase_EstimatedDataSize, file->length);
        event_write_parameter(file, EVENT_FILE_ID, EAS_AirSyncBase_ContentId, writer, pool);
        event_write_parameter(file, EVENT_FILE_LOCATION, EAS_AirSyncBase_ContentLocation, writer,
                              pool);
        if (item_property_parameter(file->property, EVENT_FILE_INLINE))
            eas_writer_text(writer, EAS_AirSyncBase_IsInline, "1");
        eas_writer_end(writer);
    }
    eas_writer_end(writer);
}

/* At 12.1 to 14.1 events have none (MS-ASCAL 2.2.2). */
base_fault_t *item_event_load_files(const item_event_view_t *view, item_event_value_t *value)
{
    event_file_list_t *list;
    base_text_buffer_t text = {.pool = view->pool};
    int i;

    if (view->options->version < EAS_VERSION_16_0 || !view->reference ||
        !item_property_first(view->event, "ATTACH"))
        return NULL;
    list = apr_palloc(view->pool, sizeof *list);
    list->files = event_files(view->event, view->pool);
    list->reference = view->reference;
    if (!list->files->nelts)
        return NULL;
    for (i = 0; i < list->files->nelts; i++) {
        const event_file_t *file = &APR_ARRAY_IDX(list->files, i, event_file_t);

        base_text_buffer_printf(&text, "%s %" APR_UINT64_T_FMT "\n", file->name, file->hash);
    }
    value->text = text.data;
    value->object = list;
    value->write = event_write_files;
    return NULL;
}

/* By its content, and its number where several are the same. */
static const event_file_t *event_find_file(const apr_array_header_t *files,
                                           const item_reference_t *reference)
{
    const event_file_t *found = NULL;
    int i;

    for (i = 0; i < files->nelts; i++) {
        const event_file_t *file = &APR_ARRAY_IDX(files, i, event_file_t);

        if (file->hash == reference->revision && (!found || file->number == reference->part))
            found = file;
    }
    return found;
}

/* Those of all events. */
static apr_array_header_t *event_all_files(const item_event_source_t *source, apr_pool_t *pool)
{
    apr_array_header_t *files = apr_array_make(pool, 2, sizeof(event_file_t));
    int i;

    if (source->series)
        apr_array_cat(files, event_files(source->series, pool));
    for (i = 0; i < source->instances->nelts; i++)
        apr_array_cat(files,
                      event_files(APR_ARRAY_IDX(source->instances, i, item_component_t *), pool));
    return files;
}

base_fault_t *item_event_attachment_open(const backend_blob_t *blob,
                                         const item_reference_t *reference,
                                         item_attachment_t **attachment, apr_pool_t *pool)
{
    item_event_source_t *source;
    const event_file_t *file;

    BASE_TRY(item_event_open(blob, &source, pool));
    file = event_find_file(event_all_files(source, pool), reference);
    return file ? item_attachment_make(file->bytes, file->length, file->type, file->name,
                                       attachment, pool)
                : base_fault_make(pool, BASE_FAULT_NOT_FOUND, "the event has no such attachment");
}

/* Of one that a client has added: by its content. *file_reference: NULL when it is not there any more. */
static base_fault_t *event_file_added(const apr_array_header_t *files,
                                      const item_reference_t *reference, const eas_node_t *add,
                                      const char **file_reference, apr_pool_t *pool)
{
    const eas_node_t *content = eas_node_child(add, EAS_AirSyncBase_Content);
    item_reference_t wanted = *reference;
    const event_file_t *file;
    const char *bytes;
    apr_size_t length;

    *file_reference = NULL;
    if (!content)
        return NULL;
    if (eas_node_content(content, &bytes, &length, pool) != APR_SUCCESS)
        return base_fault_make(pool, BASE_FAULT_UNAVAILABLE, "reading an attachment");
    wanted.revision = file_hash((const unsigned char *)bytes, length);
    file = event_find_file(files, &wanted);
    if (file)
        *file_reference = file_reference_of(file, reference, pool);
    return NULL;
}

base_fault_t *item_event_attachments_added(const backend_blob_t *blob,
                                           const item_reference_t *reference,
                                           const eas_node_t *data, apr_array_header_t **added,
                                           apr_pool_t *pool)
{
    const eas_node_t *list = eas_node_child(data, EAS_AirSyncBase_Attachments), *child;
    item_event_source_t *source;
    apr_array_header_t *files;

    *added = apr_array_make(pool, 2, sizeof(item_attachment_added_t));
    BASE_TRY(item_event_open(blob, &source, pool));
    files = event_all_files(source, pool);
    for (child = list ? list->first : NULL; child; child = child->next) {
        const char *id = eas_node_child_text(child, EAS_AirSyncBase_ClientId);
        item_attachment_added_t one = {.client_id = id};

        if (child->tag != EAS_AirSyncBase_Add || !id)
            continue;
        BASE_TRY(event_file_added(files, reference, child, &one.file_reference, pool));
        if (one.file_reference)
            APR_ARRAY_PUSH(*added, item_attachment_added_t) = one;
    }
    return NULL;
}

/* -- edits ------------------------------------------------------------------------------------ */

/* One that is gone already was deleted by an earlier attempt of the same request. */
static base_fault_t *event_delete_file(const item_event_edit_t *edit, const eas_node_t *node,
                                       apr_array_header_t *files)
{
    const char *text = eas_node_child_text(node, EAS_AirSyncBase_FileReference);
    item_reference_t named;
    const event_file_t *file;

    if (!text || !item_reference_parse_file(text, &named, edit->pool))
        return item_event_invalid(edit, "no such FileReference");
    file = event_find_file(files, &named);
    if (!file)
        return NULL;
    item_property_remove(file->property);
    *(event_file_t *)file = APR_ARRAY_IDX(files, files->nelts - 1, event_file_t);
    apr_array_pop(files);
    return NULL;
}

static const char *event_file_type(const eas_node_t *add, apr_pool_t *pool)
{
    const char *type = eas_node_child_text(add, EAS_AirSyncBase_ContentType);
    static const char token[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "!#$&-^_.+/";

    return type && *type && strlen(type) <= 127 && strspn(type, token) == strlen(type)
               ? apr_pstrdup(pool, type)
               : EVENT_FILE_TYPE;
}

static void event_set_parameter(const item_event_edit_t *edit, const eas_node_t *add, eas_tag_t tag,
                                item_property_t *property, const char *name)
{
    const eas_node_t *node = eas_node_child(add, tag);
    const char *text = node ? item_event_line(node, edit->pool) : "";

    if (*text)
        item_property_set_parameter(property, name, text);
}

/* The same content of the same name is there once, however often the request comes. */
static base_fault_t *event_add_file(const item_event_edit_t *edit, const eas_node_t *node,
                                    apr_array_header_t *files)
{
    const eas_node_t *content = eas_node_child(node, EAS_AirSyncBase_Content);
    const eas_node_t *display = eas_node_child(node, EAS_AirSyncBase_DisplayName);
    const char *method = eas_node_child_text(node, EAS_AirSyncBase_Method);
    const char *given = display ? item_event_line(display, edit->pool) : "";
    const char *name = *given ? given : EVENT_FILE_NAME;
    event_file_t *file;
    item_property_t *property;
    apr_size_t length;
    const char *bytes;
    int i;

    if (!content || (method && strcmp(method, "1") != 0)) /* MS-ASAIRS R1392 */
        return item_event_invalid(edit, "an attachment without Content, or no file");
    if (content->length > ITEM_DOCUMENT_MAX / 2 || files->nelts >= ITEM_EVENT_FILES_MAX)
        return base_fault_make(edit->pool, BASE_FAULT_TOO_LARGE, "an attachment of an event");
    if (eas_node_content(content, &bytes, &length, edit->pool) != APR_SUCCESS)
        return base_fault_make(edit->pool, BASE_FAULT_UNAVAILABLE, "reading an attachment");
    for (i = 0; i < files->nelts; i++) {
        file = &APR_ARRAY_IDX(files, i, event_file_t);
        if (file->length == length && memcmp(file->bytes, bytes, length) == 0 &&
            strcmp(file->name, name) == 0)
            return NULL;
    }
    property = item_property_add(edit->event, NULL, "ATTACH", "");
    item_property_set_binary(property, bytes, length, event_file_type(node, edit->pool));
    item_property_set_parameter(property, "FILENAME", name);
    event_set_parameter(edit, node, EAS_AirSyncBase_ContentId, property, EVENT_FILE_ID);
    event_set_parameter(edit, node, EAS_AirSyncBase_ContentLocation, property, EVENT_FILE_LOCATION);
    if (eas_node_child(node, EAS_AirSyncBase_IsInline)) /* R1381: whatever is in it */
        item_property_set_parameter(property, EVENT_FILE_INLINE, "TRUE");
    file = apr_array_push(files);
    *file = (event_file_t){.property = property,
                           .bytes = (const unsigned char *)bytes,
                           .length = length,
                           .name = name};
    return NULL;
}

base_fault_t *item_event_store_files(item_event_edit_t *edit, const eas_node_t *node)
{
    apr_array_header_t *files = node ? event_files(edit->event, edit->pool) : NULL;
    const eas_node_t *child;

    for (child = node ? node->first : NULL; child; child = child->next) {
        if (child->tag == EAS_AirSyncBase_Delete)
            BASE_TRY(event_delete_file(edit, child, files));
        else if (child->tag == EAS_AirSyncBase_Add)
            BASE_TRY(event_add_file(edit, child, files));
    }
    return NULL;
}
