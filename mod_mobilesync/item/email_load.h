/* Between email.c and email_load.c: what the properties of one message are. */
#ifndef ITEM_EMAIL_LOAD_H
#define ITEM_EMAIL_LOAD_H

#include "item/body.h"
#include "item/content.h"
#include "item/email.h"
#include "item/meeting.h"

typedef enum {
    ITEM_EMAIL_ABSENT,
    ITEM_EMAIL_TEXT,
    ITEM_EMAIL_NUMBER,
    ITEM_EMAIL_OPAQUE,
    ITEM_EMAIL_EMPTY, /* <Tag/> */
    ITEM_EMAIL_FLAG,  /* text: the message's subject */
    ITEM_EMAIL_CATEGORIES,
    ITEM_EMAIL_ATTACHMENTS,
    ITEM_EMAIL_MEETING,
    ITEM_EMAIL_BODY,
    ITEM_EMAIL_BODY_PART
} item_email_kind_t;

typedef struct {
    item_email_kind_t kind;
    const char *text;
    apr_size_t length; /* of an opaque */
    apr_uint64_t number;
} item_email_value_t;

typedef struct {
    const char *name;
    const char *reference;
    const char *content_id;
    const char *location;
    apr_uint64_t size;
    int embedded; /* a message */
    int is_inline;
} item_email_attachment_t;

enum {
#define EMAIL_PROPERTY(tag, loader, argument) ITEM_EMAIL_##tag,
#include "item/email.tbl"
#undef EMAIL_PROPERTY
    ITEM_EMAIL_PROPERTY_COUNT
};

struct item_email {
    item_email_value_t values[ITEM_EMAIL_PROPERTY_COUNT];
    apr_array_header_t *attachments; /* item_email_attachment_t */
    item_body_t *body;               /* NULL when it is not asked for */
    item_body_t *body_part;          /* the same */
    item_meeting_t *meeting;         /* NULL when it is about none */
    eas_version_t version;
    /* what it was loaded from */
    const item_mime_t *mime;
    const item_content_t *content;
    const item_reference_t *reference;
    const backend_entry_t *entry;
    const item_options_t *options;
    apr_pool_t *pool;
};

/* eas_tag_t of a property by its position in email.tbl. */
eas_tag_t item_email_property_tag(int property);

/* The names (addresses where there are none) of an address field, with "; " in between; NULL when there
 * are none. */
const char *item_email_display_names(const item_email_t *email, const char *field);

base_fault_t *item_email_property_load(item_email_t *email, int property);

#endif
