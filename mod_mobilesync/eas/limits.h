/* What a request may cost before it is refused. */
#ifndef EAS_LIMITS_H
#define EAS_LIMITS_H

#include <apr.h>

typedef struct eas_limits eas_limits_t;
struct eas_limits {
    unsigned depth;         /* nested elements */
    unsigned elements;      /* in the whole request */
    apr_off_t bytes;        /* of the request body */
    apr_size_t spill_above; /* a content of more bytes goes to the spill file */
    apr_size_t memory;      /* kept in memory; past that all but tiny contents are spilled */
};

/* 32 levels are three times what the schemas nest; 100,000 elements are a first upload
 * of some thousand contacts; 100 MB is a mail with the attachments that servers accept. */
#define EAS_LIMITS_DEFAULT                                                                 \
    {                                                                                      \
        .depth = 32, .elements = 100000, .bytes = 100 * 1024 * 1024, .spill_above = 16384, \
        .memory = 1024 * 1024                                                              \
    }

#endif
