#include "item/summary.h"

#include "item/email_load.h"

struct item_summary {
    item_email_t *email;
    const char *preview;
    int attachments;
};

static const eas_tag_t summary_properties[] = {
    EAS_Email_Subject, EAS_Email_DateReceived, EAS_Email_DisplayTo, EAS_Email_Importance,
    EAS_Email_Read,    EAS_Email2_IsDraft,     EAS_Email_From};

base_fault_t *item_summary_load(const backend_blob_t *blob, const item_reference_t *reference,
                                const backend_entry_t *entry, eas_version_t version,
                                item_summary_t **summary, apr_pool_t *pool)
{
    item_summary_t *made = apr_pcalloc(pool, sizeof *made);
    apr_array_header_t *attached;
    item_options_t options;

    item_options_init(&options, version);
    options.schema = summary_properties;
    options.schema_count = sizeof summary_properties / sizeof *summary_properties;
    BASE_TRY(item_email_load(blob, reference, entry, &options, &made->email, pool));
    BASE_TRY(item_body_preview(made->email->mime, made->email->content, ITEM_PREVIEW_MAX,
                               &made->preview, pool));
    BASE_TRY(item_content_attached(made->email->mime, made->email->content, &attached, pool));
    made->attachments = attached->nelts;
    *summary = made;
    return NULL;
}

static void summary_write_names(const item_summary_t *summary, eas_tag_t tag, const char *field,
                                eas_writer_t *writer)
{
    const char *names = item_email_display_names(summary->email, field);

    if (names)
        eas_writer_text(writer, tag, names);
}

void item_summary_write(item_summary_t *summary, eas_writer_t *writer)
{
    item_email_write(summary->email, 0, writer);
    summary_write_names(summary, EAS_Find_DisplayCc, "Cc", writer);
    summary_write_names(summary, EAS_Find_DisplayBcc, "Bcc", writer);
    if (*summary->preview)
        eas_writer_text(writer, EAS_Find_Preview, summary->preview);
    eas_writer_uint(writer, EAS_Find_HasAttachments, summary->attachments != 0);
}
