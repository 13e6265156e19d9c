/* "m-n": which results of Search and Find, which bytes of an ItemOperations Fetch (MS-ASCMD
 * 2.2.3.143). */
#ifndef CMD_RANGE_H
#define CMD_RANGE_H

#include <apr_pools.h>

/* The most digits that the schemas give a number. */
enum { CMD_RANGE_RESULTS = 3, CMD_RANGE_BYTES = 9 };

typedef struct {
    int first, last; /* from 0, both included */
} cmd_range_t;

/* Returns 0 when the text is no range, or a number has more digits. */
int cmd_range_parse(const char *text, int digits, cmd_range_t *range);

/* The range of what was given: count of them from the range's first. */
const char *cmd_range_show(const cmd_range_t *range, int count, apr_pool_t *pool);

#endif
