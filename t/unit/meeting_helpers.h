/* Messages about a meeting, as the account anna@example.org has them. */
#ifndef T_UNIT_MEETING_HELPERS_H
#define T_UNIT_MEETING_HELPERS_H

#include "item_helpers.h"

#define EVENT "BEGIN:VEVENT\nUID:u-1\nDTSTAMP:20260101T120000Z\n"
#define TIMES "DTSTART:20260706T080000Z\nDTEND:20260706T090000Z\n"

static const eas_node_t *meeting_mail(const char *mime, eas_version_t version, apr_pool_t *pool)
{
    item_options_t options = options_of(version);
    apr_array_header_t *addresses = apr_array_make(pool, 1, sizeof(const char *));

    APR_ARRAY_PUSH(addresses, const char *) = "anna@example.org";
    options.addresses = addresses;
    return email_node(blob_of_text(mime, pool), 0, &options, pool);
}

#endif
