#include "item/draft_impl.h"

#include <string.h>
#include <apr_strings.h>

#include "item/header.h"

int item_draft_is_content(const eas_node_t *data)
{
    const eas_node_t *node;

    for (node = data ? data->first : NULL; node; node = node->next)
        if (item_draft_is_header(node->tag) || node->tag == EAS_AirSyncBase_Body ||
            node->tag == EAS_AirSyncBase_Attachments || node->tag == EAS_Email2_Send)
            return 1;
    return 0;
}

base_fault_t *item_draft_source(const item_draft_work_t *draft, const eas_node_t *content,
                                item_source_t **source)
{
    backend_blob_t blob = {.data = content->text, .size = content->length};

    return content->file ? item_source_open_range(content->file, content->offset, content->length,
                                                  source, draft->pool)
                         : item_source_open(&blob, source, draft->pool);
}

/* -- what is asked for ------------------------------------------------------------------------ */

static base_fault_t *draft_invalid(const item_draft_work_t *draft, const char *what)
{
    return base_fault_make(draft->pool, BASE_FAULT_INVALID, "draft: %s", what);
}

static base_fault_t *draft_parse(item_draft_work_t *draft, item_source_t *source)
{
    item_mime_t *mime;

    BASE_TRY(item_mime_parse(source, &mime, draft->pool));
    draft->original.mime = mime;
    item_content_find(mime, &draft->original.content, draft->pool);
    return NULL;
}

static base_fault_t *draft_open(item_draft_work_t *draft, const backend_blob_t *blob)
{
    item_source_t *source;

    BASE_TRY(item_source_open(blob, &source, draft->pool));
    return draft_parse(draft, source);
}

/* Type 4: the message as a whole, in place of the one that is there. */
static base_fault_t *draft_read_mime(item_draft_work_t *draft, const eas_node_t *data)
{
    item_source_t *source;

    if (!data)
        return draft_invalid(draft, "a MIME body without Data");
    BASE_TRY(item_draft_source(draft, data, &source));
    BASE_TRY(draft_parse(draft, source));
    if (!draft->original.mime->fields->nelts)
        return draft_invalid(draft, "a MIME body without a header");
    return NULL;
}

static base_fault_t *draft_read_body(item_draft_work_t *draft)
{
    const eas_node_t *body = eas_node_child(draft->data, EAS_AirSyncBase_Body);
    const char *type = eas_node_child_text(body, EAS_AirSyncBase_Type);

    if (!body)
        return NULL;
    if (type && strcmp(type, "4") == 0)
        return draft_read_mime(draft, eas_node_child(body, EAS_AirSyncBase_Data));
    if (!type || (strcmp(type, "1") != 0 && strcmp(type, "2") != 0))
        return draft_invalid(draft, "a body that is neither text nor HTML nor MIME");
    draft->body = body;
    return NULL;
}

static void draft_drop(item_draft_work_t *draft, int i)
{
    const item_mime_part_t **kept = (const item_mime_part_t **)draft->kept->elts;

    memmove(kept + i, kept + i + 1, (size_t)(--draft->kept->nelts - i) * sizeof *kept);
}

static base_fault_t *draft_delete(item_draft_work_t *draft, const eas_node_t *node)
{
    const item_reference_t *own = draft->options->reference;
    const char *text = eas_node_child_text(node, EAS_AirSyncBase_FileReference);
    item_reference_t named;
    int i;

    if (text && own && item_reference_parse_file(text, &named, draft->pool) &&
        strcmp(named.folder_id, own->folder_id) == 0 && named.generation == own->generation &&
        named.uid == own->uid) {
        if (named.revision < own->revision)
            return NULL; /* deleted by an earlier attempt, or of a content that is no more */
        for (i = 0; i < draft->kept->nelts; i++)
            if (APR_ARRAY_IDX(draft->kept, i, const item_mime_part_t *)->number == named.part) {
                draft_drop(draft, i);
                return NULL;
            }
    }
    return base_fault_make(draft->pool, BASE_FAULT_NOT_FOUND, "draft: no such attachment");
}

/* Of what the request adds an earlier attempt may have added some, perhaps with another content. */
static void draft_drop_added(item_draft_work_t *draft)
{
    int i, k;

    for (i = 0; i < draft->added->nelts; i++) {
        const char *id =
            item_draft_content_id(draft, APR_ARRAY_IDX(draft->added, i, const eas_node_t *));

        for (k = draft->kept->nelts - 1; k >= 0; k--) {
            const char *known = APR_ARRAY_IDX(draft->kept, k, const item_mime_part_t *)->content_id;

            if (known && strcmp(known, id) == 0)
                draft_drop(draft, k);
        }
    }
}

static base_fault_t *draft_add(item_draft_work_t *draft, const eas_node_t *node)
{
    const char *id = eas_node_child_text(node, EAS_AirSyncBase_ClientId);
    const char *method = eas_node_child_text(node, EAS_AirSyncBase_Method);

    if (!id || !*id || strlen(id) > 256 || !eas_node_child(node, EAS_AirSyncBase_Content) ||
        !method || (strcmp(method, "1") != 0 && strcmp(method, "5") != 0))
        return draft_invalid(draft, "an attachment needs ClientId, Content and Method");
    APR_ARRAY_PUSH(draft->added, const eas_node_t *) = node;
    return NULL;
}

static base_fault_t *draft_read_files(item_draft_work_t *draft)
{
    const eas_node_t *files = eas_node_child(draft->data, EAS_AirSyncBase_Attachments), *node;
    const apr_array_header_t *before =
        draft->original.mime ? draft->original.content->attachments : NULL;

    draft->kept = before ? apr_array_copy(draft->pool, before)
                         : apr_array_make(draft->pool, 1, sizeof(item_mime_part_t *));
    draft->added = apr_array_make(draft->pool, 2, sizeof(const eas_node_t *));
    for (node = files ? files->first : NULL; node; node = node->next) {
        if (node->tag == EAS_AirSyncBase_Delete)
            BASE_TRY(draft_delete(draft, node));
        else if (node->tag == EAS_AirSyncBase_Add)
            BASE_TRY(draft_add(draft, node));
        else
            return draft_invalid(draft, "Attachments holds Add and Delete");
    }
    draft_drop_added(draft);
    if (draft->kept->nelts + draft->added->nelts > ITEM_DRAFT_FILES_MAX)
        return base_fault_make(draft->pool, BASE_FAULT_TOO_LARGE, "draft: %d attachments",
                               draft->kept->nelts + draft->added->nelts);
    return NULL;
}

static int draft_again(const item_draft_work_t *draft)
{
    const char *mark = item_mime_field(draft->original.mime, ITEM_DRAFT_MARK);

    return mark && strcmp(mark + strspn(mark, " "), draft->options->key) == 0;
}

static void draft_identify(item_draft_work_t *draft)
{
    const char *id =
        draft->original.mime ? item_mime_field(draft->original.mime, "Message-ID") : NULL;

    id = id ? item_header_message_id(id, 0, draft->pool) : NULL;
    draft->draft->message_id = id ? id : item_compose_new_id(&draft->compose, draft->pool);
}

/* The parts of what was added are the last attachments of the new message. */
static base_fault_t *draft_number(item_draft_work_t *draft)
{
    const apr_array_header_t *parts;
    int i, first;

    draft->draft->renumbered =
        draft->added->nelts || draft->kept->nelts ||
        (draft->original.mime && draft->original.content->attachments->nelts);
    draft->draft->files =
        apr_array_make(draft->pool, draft->added->nelts + 1, sizeof(item_draft_file_t));
    if (!draft->added->nelts)
        return NULL;
    BASE_TRY(draft_open(draft, draft->draft->blob));
    parts = draft->original.content->attachments;
    first = parts->nelts - draft->added->nelts;
    for (i = 0; first >= 0 && i < draft->added->nelts; i++)
        APR_ARRAY_PUSH(draft->draft->files, item_draft_file_t) = (item_draft_file_t){
            .client_id = eas_node_child_text(APR_ARRAY_IDX(draft->added, i, const eas_node_t *),
                                             EAS_AirSyncBase_ClientId),
            .part = APR_ARRAY_IDX(parts, first + i, const item_mime_part_t *)->number};
    return NULL;
}

base_fault_t *item_draft_build(const eas_node_t *data, const backend_blob_t *original,
                               const item_draft_options_t *options, item_draft_t **result,
                               apr_pool_t *pool)
{
    item_draft_work_t draft = {.data = data,
                               .options = options,
                               .compose = {.identity = options->identity,
                                           .key = options->key,
                                           .directory = options->directory},
                               .draft = apr_pcalloc(pool, sizeof(item_draft_t)),
                               .pool = pool};

    if (original) {
        BASE_TRY(draft_open(&draft, original));
        draft.draft->again = draft_again(&draft);
    }
    BASE_TRY(draft_read_body(&draft));
    BASE_TRY(draft_read_files(&draft));
    draft_identify(&draft);
    item_sink_init(&draft.sink, ITEM_TRUNCATION_NONE, pool);
    draft.sink.directory = options->directory;
    BASE_TRY(item_draft_put(&draft));
    BASE_TRY(item_compose_blob(&draft.sink, &draft.draft->blob, pool));
    BASE_TRY(draft_number(&draft));
    *result = draft.draft;
    return NULL;
}
