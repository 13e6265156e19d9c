#include "item/email_load.h"

#include <string.h>
#include <strings.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "base/text.h"
#include "base/time.h"
#include "item/charset.h"
#include "item/class.h"
#include "item/conversation.h"
#include "item/header.h"
#include "item/verb.h"

/* To and From hold 32,768 characters (MS-ASEMAIL R477, R788), the others are kept to the same. */
#define EMAIL_ADDRESSES_MAX 32768
/* Bcc (Email2.xsd) */
#define EMAIL_BCC_MAX 1024
#define EMAIL_SUBJECT_MAX 8192
/* Further attachments are reached through the MIME form only. */
#define EMAIL_ATTACHMENTS_MAX 1000

static void email_text(item_email_value_t *value, const char *text)
{
    value->kind = text ? ITEM_EMAIL_TEXT : ITEM_EMAIL_ABSENT;
    value->text = text;
}

static void email_number(item_email_value_t *value, apr_uint64_t number)
{
    value->kind = ITEM_EMAIL_NUMBER;
    value->number = number;
}

static void email_opaque(item_email_value_t *value, const void *bytes, apr_size_t length)
{
    value->kind = ITEM_EMAIL_OPAQUE;
    value->text = bytes;
    value->length = length;
}

/* -- addresses ------------------------------------------------------------------------------- */

/* All fields of that name. */
static apr_array_header_t *email_addresses(const item_email_t *email, const char *name)
{
    apr_array_header_t *addresses = apr_array_make(email->pool, 8, sizeof(item_address_t));
    const apr_array_header_t *fields = email->mime->fields;
    int i;

    for (i = 0; i < fields->nelts; i++) {
        const item_mime_field_t *field = &APR_ARRAY_IDX(fields, i, item_mime_field_t);

        if (strcasecmp(field->name, name) == 0)
            item_header_addresses(field->value, addresses, email->pool);
    }
    return addresses;
}

/* As many whole addresses as fit into the limit (characters); NULL when there is none. */
static const char *email_join(const item_email_t *email, const char *name, const char *separator,
                              int names_only, apr_size_t limit)
{
    apr_array_header_t *addresses = email_addresses(email, name);
    base_text_buffer_t joined = {.pool = email->pool};
    apr_size_t used = 0;
    int i;

    for (i = 0; i < addresses->nelts; i++) {
        const item_address_t *address = &APR_ARRAY_IDX(addresses, i, item_address_t);
        const char *text = !names_only      ? item_header_address_text(address, email->pool)
                           : *address->name ? address->name
                                            : address->address;

        if (!*text)
            continue;
        used += base_text_utf8_count(text, strlen(text)) + (joined.length ? strlen(separator) : 0);
        if (used > limit)
            break;
        if (joined.length)
            base_text_buffer_puts(&joined, separator);
        base_text_buffer_puts(&joined, text);
    }
    return joined.length ? joined.data : NULL;
}

static base_fault_t *email_load_addresses(item_email_t *email, const char *name,
                                          item_email_value_t *value)
{
    email_text(value, email_join(email, name, ", ", 0, EMAIL_ADDRESSES_MAX));
    return NULL;
}

static base_fault_t *email_load_reply_to(item_email_t *email, const char *name,
                                         item_email_value_t *value)
{
    email_text(value, email_join(email, name, "; ", 0, EMAIL_ADDRESSES_MAX));
    return NULL;
}

const char *item_email_display_names(const item_email_t *email, const char *field)
{
    return email_join(email, field, "; ", 1, EMAIL_ADDRESSES_MAX);
}

static base_fault_t *email_load_display_names(item_email_t *email, const char *name,
                                              item_email_value_t *value)
{
    email_text(value, item_email_display_names(email, name));
    return NULL;
}

static base_fault_t *email_load_bcc(item_email_t *email, const char *name,
                                    item_email_value_t *value)
{
    email_text(value, email_join(email, name, ", ", 0, EMAIL_BCC_MAX));
    return NULL;
}

static const char *email_first_address(const item_email_t *email, const char *name)
{
    apr_array_header_t *addresses = email_addresses(email, name);

    return addresses->nelts ? APR_ARRAY_IDX(addresses, 0, item_address_t).address : "";
}

/* Who sent it on behalf of From, only when that was somebody else (MS-ASEMAIL R719). */
static base_fault_t *email_load_sender(item_email_t *email, const char *name,
                                       item_email_value_t *value)
{
    const char *sender = email_first_address(email, name);

    if (*sender && strcasecmp(sender, email_first_address(email, "From")) != 0)
        email_text(value, sender);
    return NULL;
}

static int email_is_mine(const item_email_t *email, const char *name)
{
    const apr_array_header_t *mine = email->options->addresses;
    apr_array_header_t *addresses = email_addresses(email, name);
    int i, j;

    for (i = 0; i < addresses->nelts; i++)
        for (j = 0; j < mine->nelts; j++)
            if (strcasecmp(APR_ARRAY_IDX(addresses, i, item_address_t).address,
                           APR_ARRAY_IDX(mine, j, const char *)) == 0)
                return 1;
    return 0;
}

/* Written only when it is true (MS-ASEMAIL R649). A list's mail names neither: only a Bcc field that
 * has the account's address tells. */
static base_fault_t *email_load_received_as_bcc(item_email_t *email, const char *name,
                                                item_email_value_t *value)
{
    if (email->options->addresses && item_mime_field(email->mime, name) &&
        email_is_mine(email, name) && !email_is_mine(email, "To") && !email_is_mine(email, "Cc") &&
        !email_is_mine(email, "From"))
        email_number(value, 1);
    return NULL;
}

/* -- header ---------------------------------------------------------------------------------- */

static const char *email_subject(const item_email_t *email)
{
    const char *raw = item_mime_field(email->mime, "Subject");
    const char *text = raw ? item_header_text(raw, email->pool) : "";
    apr_size_t length = strlen(text);

    return length <= EMAIL_SUBJECT_MAX
               ? text
               : apr_pstrmemdup(email->pool, text,
                                base_text_utf8_floor(text, length, EMAIL_SUBJECT_MAX));
}

static base_fault_t *email_load_subject(item_email_t *email, const char *name,
                                        item_email_value_t *value)
{
    (void)name;
    email_text(value, email_subject(email));
    return NULL;
}

static base_fault_t *email_load_thread_topic(item_email_t *email, const char *name,
                                             item_email_value_t *value)
{
    const char *raw = item_mime_field(email->mime, name);
    const char *topic = raw ? item_header_text(raw, email->pool) : "";

    if (!*topic || strlen(topic) > EMAIL_SUBJECT_MAX)
        topic = item_conversation_topic(email_subject(email));
    email_text(value, *topic ? topic : NULL);
    return NULL;
}

static base_fault_t *email_load_date_received(item_email_t *email, const char *name,
                                              item_email_value_t *value)
{
    const char *sent = item_mime_field(email->mime, name);
    apr_time_t when = email->entry->date;

    if (when == 0 && sent)
        item_header_date(sent, &when);
    email_text(value, base_time_format_dashed(when, email->pool));
    return NULL;
}

/* Importance (RFC 2156), X-Priority and Priority, whichever says something. */
static base_fault_t *email_load_importance(item_email_t *email, const char *name,
                                           item_email_value_t *value)
{
    const char *importance = item_mime_field(email->mime, name);
    const char *x_priority = item_mime_field(email->mime, "X-Priority");
    const char *priority = item_mime_field(email->mime, "Priority");
    int level = 1;

    if (importance)
        level = strncasecmp(importance, "high", 4) == 0  ? 2
                : strncasecmp(importance, "low", 3) == 0 ? 0
                                                         : 1;
    else if (x_priority && apr_isdigit(*x_priority))
        level = *x_priority < '3' ? 2 : *x_priority > '3' ? 0 : 1;
    else if (priority)
        level = strncasecmp(priority, "urgent", 6) == 0        ? 2
                : strncasecmp(priority, "non-urgent", 10) == 0 ? 0
                                                               : 1;
    email_number(value, (apr_uint64_t)level);
    return NULL;
}

static base_fault_t *email_load_message_class(item_email_t *email, const char *argument,
                                              item_email_value_t *value)
{
    const char *name;

    (void)argument;
    if (email->meeting)
        name = item_meeting_class(email->meeting);
    else
        BASE_TRY(item_class_find(email->mime, &name, email->pool));
    email_text(value, name);
    return NULL;
}

static base_fault_t *email_load_meeting_request(item_email_t *email, const char *argument,
                                                item_email_value_t *value)
{
    (void)argument;
    if (email->meeting && item_meeting_has_request(email->meeting, email->version))
        value->kind = ITEM_EMAIL_MEETING;
    return NULL;
}

static base_fault_t *email_load_code_page(item_email_t *email, const char *argument,
                                          item_email_value_t *value)
{
    const apr_array_header_t *parts = email->content->html;
    const char *charset = NULL;

    (void)argument;
    if (parts->nelts)
        charset =
            item_header_parameter(APR_ARRAY_IDX(parts, 0, const item_mime_part_t *)->content_type,
                                  "charset", email->pool);
    email_number(value, item_charset_find(charset)->code_page);
    return NULL;
}

static base_fault_t *email_load_constant(item_email_t *email, const char *text,
                                         item_email_value_t *value)
{
    (void)email;
    email_text(value, text);
    return NULL;
}

static base_fault_t *email_load_categories(item_email_t *email, const char *argument,
                                           item_email_value_t *value)
{
    (void)email;
    (void)argument;
    value->kind = ITEM_EMAIL_CATEGORIES;
    return NULL;
}

static base_fault_t *email_load_conversation_id(item_email_t *email, const char *argument,
                                                item_email_value_t *value)
{
    (void)argument;
    email_opaque(value, item_conversation_id(email->mime, email->pool), ITEM_CONVERSATION_ID_SIZE);
    return NULL;
}

static base_fault_t *email_load_conversation_index(item_email_t *email, const char *argument,
                                                   item_email_value_t *value)
{
    apr_size_t length;
    const void *index =
        item_conversation_index(email->mime, email->entry->date, &length, email->pool);

    (void)argument;
    email_opaque(value, index, length);
    return NULL;
}

/* -- flags ----------------------------------------------------------------------------------- */

static base_fault_t *email_load_read(item_email_t *email, const char *argument,
                                     item_email_value_t *value)
{
    (void)argument;
    email_number(value, (email->entry->token & BACKEND_FLAG_SEEN) != 0);
    return NULL;
}

static base_fault_t *email_load_flag(item_email_t *email, const char *argument,
                                     item_email_value_t *value)
{
    (void)argument;
    value->kind = ITEM_EMAIL_FLAG;
    value->text = email_subject(email);
    return NULL;
}

static base_fault_t *email_load_last_verb(item_email_t *email, const char *argument,
                                          item_email_value_t *value)
{
    const char *when;
    item_verb_t verb = item_verb_of(email->entry, &when, email->pool);

    (void)argument;
    if (verb)
        email_number(value, verb);
    return NULL;
}

static base_fault_t *email_load_last_verb_time(item_email_t *email, const char *argument,
                                               item_email_value_t *value)
{
    const char *when;

    (void)argument;
    item_verb_of(email->entry, &when, email->pool);
    email_text(value, when);
    return NULL;
}

static base_fault_t *email_load_is_draft(item_email_t *email, const char *argument,
                                         item_email_value_t *value)
{
    (void)argument;
    email_number(value, (email->entry->token & BACKEND_FLAG_DRAFT) != 0);
    return NULL;
}

/* -- content --------------------------------------------------------------------------------- */

static base_fault_t *email_load_native_body_type(item_email_t *email, const char *argument,
                                                 item_email_value_t *value)
{
    (void)argument;
    email_number(value, email->content->has_html ? ITEM_BODY_HTML : ITEM_BODY_TEXT);
    return NULL;
}

static base_fault_t *email_load_body(item_email_t *email, const char *argument,
                                     item_email_value_t *value)
{
    (void)argument;
    if (!email->options->preference_count && email->options->part_preference.type)
        return NULL;
    BASE_TRY(item_body_load(email->mime, email->content,
                            item_class_is_smime(email->mime, email->pool), email->options,
                            &email->body, email->pool));
    value->kind = ITEM_EMAIL_BODY;
    return NULL;
}

static base_fault_t *email_load_body_part(item_email_t *email, const char *argument,
                                          item_email_value_t *value)
{
    const item_body_preference_t *preference = &email->options->part_preference;

    (void)argument;
    if (!preference->type)
        return NULL;
    BASE_TRY(item_body_load_part(email->mime, email->content, preference, &email->body_part,
                                 email->pool));
    value->kind = ITEM_EMAIL_BODY_PART;
    return NULL;
}

static base_fault_t *email_load_attachments(item_email_t *email, const char *argument,
                                            item_email_value_t *value)
{
    const apr_array_header_t *parts = email->content->attachments;
    apr_hash_t *references;
    int i;

    (void)argument;
    BASE_TRY(item_content_references(email->mime, email->content, &references, email->pool));
    email->attachments =
        apr_array_make(email->pool, parts->nelts + 1, sizeof(item_email_attachment_t));
    for (i = 0; i < parts->nelts && i < EMAIL_ATTACHMENTS_MAX; i++) {
        const item_mime_part_t *part = APR_ARRAY_IDX(parts, i, const item_mime_part_t *);
        item_email_attachment_t *attachment;

        if (email->meeting && part == email->content->calendar &&
            !item_content_is_file(part, email->pool))
            continue; /* the phone shows it as the meeting */
        attachment = apr_array_push(email->attachments);
        attachment->name = item_content_name(part, email->pool);
        attachment->reference = item_reference_file(email->reference, part->number, email->pool);
        attachment->size = item_content_estimate(part);
        attachment->content_id = part->content_id;
        attachment->location = part->location;
        attachment->embedded = part->kind == ITEM_MIME_MESSAGE;
        attachment->is_inline = item_content_is_inline(part, references, email->pool);
    }
    value->kind = email->attachments->nelts ? ITEM_EMAIL_ATTACHMENTS : ITEM_EMAIL_ABSENT;
    return NULL;
}

/* -- table ----------------------------------------------------------------------------------- */

static const struct {
    eas_tag_t tag;
    base_fault_t *(*load)(item_email_t *email, const char *argument, item_email_value_t *value);
    const char *argument;
} email_properties[] = {
#define EMAIL_PROPERTY(tag, loader, argument) {EAS_##tag, email_load_##loader, argument},
#include "item/email.tbl"
#undef EMAIL_PROPERTY
};

eas_tag_t item_email_property_tag(int property)
{
    return email_properties[property].tag;
}

base_fault_t *item_email_property_load(item_email_t *email, int property)
{
    return email_properties[property].load(email, email_properties[property].argument,
                                           &email->values[property]);
}
