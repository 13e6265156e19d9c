#include "item/class.h"

#include <string.h>
#include <strings.h>

#include "item/header.h"
#include "item/reader.h"

#define CLASS_REPORT_MAX 16384

typedef struct {
    const char *word; /* begins the field's value */
    const char *name;
} class_row_t;

/* Action of a delivery status notification (RFC 3464 2.3.3) */
static const class_row_t class_actions[] = {
    {"failed", "REPORT.IPM.NOTE.NDR"},   {"delayed", "REPORT.IPM.NOTE.DELAYED"},
    {"delivered", "REPORT.IPM.NOTE.DR"}, {"relayed", "REPORT.IPM.NOTE.DR"},
    {"expanded", "REPORT.IPM.NOTE.DR"},  {NULL, NULL},
};

/* Type of disposition of a read receipt (RFC 8098 3.2.6) */
static const class_row_t class_dispositions[] = {
    {"displayed", "REPORT.IPM.NOTE.IPNRN"},
    {"deleted", "REPORT.IPM.NOTE.IPNNRN"},
    {"dispatched", "REPORT.IPM.NOTE.IPNRN"},
    {"processed", "REPORT.IPM.NOTE.IPNRN"},
    {NULL, NULL},
};

static int class_is_pkcs7(const char *subtype, const char *wanted)
{
    return strcasecmp(subtype, wanted) == 0 ||
           (strncasecmp(subtype, "x-", 2) == 0 && strcasecmp(subtype + 2, wanted) == 0);
}

static const char *class_smime(const item_mime_t *mime, apr_pool_t *pool)
{
    const item_mime_part_t *root = mime->root;

    if (strcmp(root->type, "application") == 0 && class_is_pkcs7(root->subtype, "pkcs7-mime"))
        return "IPM.Note.SMIME";
    if (item_mime_is(root, "multipart", "signed")) {
        const char *protocol = item_header_parameter(root->content_type, "protocol", pool);

        if (protocol && strncasecmp(protocol, "application/", 12) == 0 &&
            class_is_pkcs7(protocol + 12, "pkcs7-signature"))
            return "IPM.Note.SMIME.MultipartSigned";
    }
    return NULL;
}

int item_class_is_smime(const item_mime_t *mime, apr_pool_t *pool)
{
    return class_smime(mime, pool) != NULL;
}

static const item_mime_part_t *class_report_part(const item_mime_t *mime, const char *subtype)
{
    const item_mime_part_t *part;

    for (part = mime->root; part; part = item_mime_next(part))
        if (item_mime_is(part, "message", subtype))
            return part;
    return NULL;
}

/* Looks for the first line "field: word" of the report's machine-readable part. The word stands
 * behind the last ';' (Disposition: mode; type). */
static const char *class_look_up(const char *text, const char *field, const class_row_t *rows)
{
    apr_size_t n = strlen(field);
    const char *line, *next;

    for (line = text; line && *line; line = next) {
        const char *value, *semicolon;
        apr_size_t length = strcspn(line, "\r\n");

        next = line[length] ? line + length + 1 : NULL;
        if (strncasecmp(line, field, n) != 0)
            continue;
        value = line + n;
        semicolon = memchr(value, ';', length - n);
        value = semicolon ? semicolon + 1 : value;
        value += strspn(value, " \t");
        for (; rows->word; rows++)
            if (strncasecmp(value, rows->word, strlen(rows->word)) == 0)
                return rows->name;
        return NULL;
    }
    return NULL;
}

static base_fault_t *class_report(const item_mime_t *mime, const char **name, apr_pool_t *pool)
{
    const char *type = item_header_parameter(mime->root->content_type, "report-type", pool);
    int receipt = type && strcasecmp(type, "disposition-notification") == 0;
    const item_mime_part_t *part =
        class_report_part(mime, receipt ? "disposition-notification" : "delivery-status");
    const char *text, *found;
    apr_size_t length;

    if (!part)
        return NULL;
    BASE_TRY(item_reader_all(item_reader_text(mime, part, pool), CLASS_REPORT_MAX, &text, &length,
                             pool));
    found = receipt ? class_look_up(text, "Disposition:", class_dispositions)
                    : class_look_up(text, "Action:", class_actions);
    if (found)
        *name = found;
    return NULL;
}

base_fault_t *item_class_find(const item_mime_t *mime, const char **name, apr_pool_t *pool)
{
    *name = class_smime(mime, pool);
    if (*name)
        return NULL;
    *name = "IPM.Note";
    return item_mime_is(mime->root, "multipart", "report") ? class_report(mime, name, pool) : NULL;
}
