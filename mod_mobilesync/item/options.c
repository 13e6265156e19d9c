#include "item/options.h"

#include <string.h>

void item_options_init(item_options_t *options, eas_version_t version)
{
    memset(options, 0, sizeof *options);
    options->version = version;
    options->mime_truncation = ITEM_TRUNCATION_NONE;
}

void item_options_previews(item_options_t *options)
{
    int i;

    if (!options->preference_count && !options->part_preference.type) { /* what it is without any */
        options->preferences[options->preference_count++].type = ITEM_BODY_TEXT;
        options->preferences[options->preference_count++].type = ITEM_BODY_MIME;
    }
    for (i = 0; i < options->preference_count; i++)
        options->preferences[i].truncation_size = 0;
    options->mime_truncation = 0;
}

int item_options_mime_truncation(unsigned value, apr_uint64_t *size)
{
    static const apr_uint64_t sizes[] = {
        0, 4096, 5120, 7168, 10240, 20480, 51200, 102400, ITEM_TRUNCATION_NONE};

    if (value >= sizeof sizes / sizeof *sizes)
        return 0;
    *size = sizes[value];
    return 1;
}

int item_options_want(const item_options_t *options, eas_tag_t tag)
{
    int i;

    if (!eas_tag_in_version(tag, options->version))
        return 0;
    for (i = 0; i < options->omitted_count; i++)
        if (options->omitted[i] == tag)
            return 0;
    for (i = 0; options->schema && i < options->schema_count; i++)
        if (options->schema[i] == tag)
            return 1;
    return !options->schema;
}
