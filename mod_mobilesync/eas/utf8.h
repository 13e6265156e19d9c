/* UTF-8 that comes in pieces, made legal for XML 1.0 (section 2.2).
 *
 * base/text.h does the same for text that is whole; a piece of a stream may end in
 * the middle of a character. */
#ifndef EAS_UTF8_H
#define EAS_UTF8_H

#include "base/fault.h"

typedef struct eas_utf8 eas_utf8_t;
/* The zero struct is the state before the first byte. */
struct eas_utf8 {
    char held[4];   /* the start of a character whose end is still to come */
    unsigned count; /* bytes held */
    int malformed;  /* 1 once the bytes were no UTF-8 (as generalised by RFC 3629: an
                       encoded surrogate counts as a character here, not as damage) */
};

/* Takes the legal bytes. */
typedef base_fault_t *(*eas_utf8_emit_fn)(void *baton, const char *bytes, apr_size_t length);

/* Hands on the legal text in the bytes. Every character that XML does not allow and
 * every malformed sequence becomes U+FFFD. Returns emit's fault. */
base_fault_t *eas_utf8_feed(eas_utf8_t *utf8, const char *bytes, apr_size_t length,
                            eas_utf8_emit_fn emit, void *baton);

/* The end of the text: an unfinished character is malformed. */
base_fault_t *eas_utf8_finish(eas_utf8_t *utf8, eas_utf8_emit_fn emit, void *baton);

#endif
