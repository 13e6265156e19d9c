#include "cmd/range.h"

#include <limits.h>
#include <string.h>
#include <apr_strings.h>

#include "base/text.h"

int cmd_range_parse(const char *text, int digits, cmd_range_t *range)
{
    const char *dash = strchr(text, '-');
    char number[CMD_RANGE_BYTES + 1] = "";
    apr_uint64_t first, last;

    if (!dash || dash - text > digits || strlen(dash + 1) > (size_t)digits)
        return 0;
    memcpy(number, text, (size_t)(dash - text));
    if (!base_text_parse_uint(number, INT_MAX, &first) ||
        !base_text_parse_uint(dash + 1, INT_MAX, &last) || first > last)
        return 0;
    range->first = (int)first;
    range->last = (int)last;
    return 1;
}

const char *cmd_range_show(const cmd_range_t *range, int count, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%d-%d", range->first, range->first + (count ? count - 1 : 0));
}
