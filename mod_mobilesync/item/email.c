#include "item/email.h"

#include <string.h>
#include <apr_strings.h>

#include "backend/properties.h"
#include "item/category.h"
#include "item/email_load.h"
#include "item/flag.h"
#include "item/source.h"
#include "item/verb.h"

/* -- load ------------------------------------------------------------------------------------ */

static base_fault_t *email_load(item_email_t *email, const backend_blob_t *blob)
{
    item_source_t *source;
    item_mime_t *mime;
    item_content_t *content;
    int i;

    BASE_TRY(item_source_open(blob, &source, email->pool));
    BASE_TRY(item_mime_parse(source, &mime, email->pool));
    item_content_find(mime, &content, email->pool);
    email->mime = mime;
    email->content = content;
    BASE_TRY(item_meeting_load(mime, content->calendar, email->options->addresses,
                               email->entry->date, &email->meeting, email->pool));
    for (i = 0; i < ITEM_EMAIL_PROPERTY_COUNT; i++)
        if (item_options_want(email->options, item_email_property_tag(i)))
            BASE_TRY(item_email_property_load(email, i));
    return NULL;
}

base_fault_t *item_email_load(const backend_blob_t *blob, const item_reference_t *reference,
                              const backend_entry_t *entry, const item_options_t *options,
                              item_email_t **email, apr_pool_t *pool)
{
    item_email_t *e = apr_pcalloc(pool, sizeof *e);
    item_reference_t *own = apr_pmemdup(pool, reference, sizeof *reference);

    own->revision = BACKEND_REVISION_OF(entry->token);
    e->pool = pool;
    e->reference = own;
    e->entry = backend_entry_copy(entry, pool);
    e->options = options;
    e->version = options->version;
    BASE_TRY(base_fault_wrap(email_load(e, blob), pool, "message %" APR_UINT64_T_FMT, entry->uid));
    e->options = NULL; /* the caller's; nothing below looks at it */
    *email = e;
    return NULL;
}

/* -- write ----------------------------------------------------------------------------------- */

static void email_write_attachment(const item_email_attachment_t *attachment, eas_writer_t *writer)
{
    apr_uint64_t size = attachment->size < 0xffffffffu ? attachment->size : 0xffffffffu;

    eas_writer_start(writer, EAS_AirSyncBase_Attachment);
    eas_writer_text(writer, EAS_AirSyncBase_DisplayName, attachment->name);
    eas_writer_text(writer, EAS_AirSyncBase_FileReference, attachment->reference);
    eas_writer_uint(writer, EAS_AirSyncBase_Method, attachment->embedded ? 5 : 1);
    eas_writer_uint(writer, EAS_AirSyncBase_EstimatedDataSize, size);
    if (attachment->content_id)
        eas_writer_text(writer, EAS_AirSyncBase_ContentId, attachment->content_id);
    if (attachment->location)
        eas_writer_text(writer, EAS_AirSyncBase_ContentLocation, attachment->location);
    if (attachment->is_inline)
        eas_writer_uint(writer, EAS_AirSyncBase_IsInline, 1);
    eas_writer_end(writer);
}

static void email_write_attachments(const item_email_t *email, eas_writer_t *writer)
{
    int i;

    eas_writer_start(writer, EAS_AirSyncBase_Attachments);
    for (i = 0; i < email->attachments->nelts; i++)
        email_write_attachment(&APR_ARRAY_IDX(email->attachments, i, item_email_attachment_t),
                               writer);
    eas_writer_end(writer);
}

void item_email_write(item_email_t *email, int part, eas_writer_t *writer)
{
    int i;

    for (i = 0; i < ITEM_EMAIL_PROPERTY_COUNT; i++) {
        const item_email_value_t *value = &email->values[i];
        eas_tag_t tag = item_email_property_tag(i);

        switch (value->kind) {
        case ITEM_EMAIL_ABSENT:
            break;
        case ITEM_EMAIL_TEXT:
            eas_writer_text(writer, tag, value->text);
            break;
        case ITEM_EMAIL_NUMBER:
            eas_writer_uint(writer, tag, value->number);
            break;
        case ITEM_EMAIL_OPAQUE:
            eas_writer_opaque(writer, tag, value->text, value->length);
            break;
        case ITEM_EMAIL_EMPTY:
            eas_writer_empty(writer, tag);
            break;
        case ITEM_EMAIL_FLAG:
            item_flag_write(email->entry, value->text, writer, email->pool);
            break;
        case ITEM_EMAIL_CATEGORIES:
            item_categories_write(email->entry, writer, email->pool);
            break;
        case ITEM_EMAIL_ATTACHMENTS:
            email_write_attachments(email, writer);
            break;
        case ITEM_EMAIL_MEETING:
            item_meeting_write(email->meeting, email->version, writer, email->pool);
            break;
        case ITEM_EMAIL_BODY:
            item_body_write(email->body, part, writer);
            break;
        case ITEM_EMAIL_BODY_PART:
            item_body_write_part(email->body_part, writer);
            break;
        }
    }
}

int item_email_body_has_data(const item_email_t *email)
{
    return email->body && item_body_has_data(email->body);
}

base_fault_t *item_email_body_length(item_email_t *email, apr_uint64_t *length)
{
    *length = email->body ? item_body_length(email->body) : 0;
    return NULL;
}

base_fault_t *item_email_body_read(void *baton, char *buffer, apr_size_t *length)
{
    item_email_t *email = baton;

    return item_body_read(email->body, buffer, length);
}

/* -- flags and properties ------------------------------------------------------------------- */

/* Parts of the token, and the element that they come to. */
static const struct {
    apr_uint64_t bits;
    eas_tag_t tag;
} email_marks[] = {
    {BACKEND_FLAG_SEEN, EAS_Email_Read},
    {BACKEND_FLAG_FLAGGED | BACKEND_PROPERTY_MASK(BACKEND_PROPERTY_FOLLOW_UP), EAS_Email_Flag},
    {BACKEND_PROPERTY_MASK(BACKEND_PROPERTY_CATEGORIES), EAS_Email_Categories},
    {ITEM_VERB_FLAGS | BACKEND_PROPERTY_MASK(BACKEND_PROPERTY_LAST_VERB),
     EAS_Email2_LastVerbExecuted},
    {BACKEND_FLAG_DRAFT, EAS_Email2_IsDraft}};

apr_uint64_t item_email_token_visible(eas_version_t version)
{
    apr_uint64_t visible = ~(((apr_uint64_t)1 << BACKEND_REVISION_SHIFT) - 1);
    size_t i;

    for (i = 0; i < sizeof email_marks / sizeof *email_marks; i++)
        if (eas_tag_in_version(email_marks[i].tag, version))
            visible |= email_marks[i].bits;
    return visible;
}

apr_uint64_t item_email_token_unseen(unsigned protocol)
{
    return protocol ? ~(item_email_token_visible((eas_version_t)protocol) | BACKEND_FLAG_OUTDATED)
                    : 0;
}

static void email_write_mark(const backend_entry_t *entry, eas_tag_t tag, eas_writer_t *writer,
                             apr_pool_t *pool)
{
    const char *when;

    switch (tag) {
    case EAS_Email_Flag:
        item_flag_write(entry, NULL, writer, pool);
        break;
    case EAS_Email_Categories:
        item_categories_write(entry, writer, pool);
        break;
    case EAS_Email2_LastVerbExecuted:
        eas_writer_uint(writer, tag, item_verb_of(entry, &when, pool));
        if (when)
            eas_writer_text(writer, EAS_Email2_LastVerbExecutionTime, when);
        break;
    default: /* a flag of one bit */
        eas_writer_uint(
            writer, tag,
            (entry->token & (tag == EAS_Email_Read ? BACKEND_FLAG_SEEN : BACKEND_FLAG_DRAFT)) != 0);
    }
}

void item_email_write_marks(eas_version_t version, apr_uint64_t changed,
                            const backend_entry_t *entry, eas_writer_t *writer, apr_pool_t *pool)
{
    size_t i;

    for (i = 0; i < sizeof email_marks / sizeof *email_marks; i++)
        if ((changed & email_marks[i].bits) && eas_tag_in_version(email_marks[i].tag, version))
            email_write_mark(entry, email_marks[i].tag, writer, pool);
}
