/* Line ends of mail: CRLF on the wire (RFC 5322 2.1), LF in the files of this host, as sendmail
 * takes them and Maildir programs expect them. item/wire.h is the way back. */
#ifndef BACKEND_LINES_H
#define BACKEND_LINES_H

#include <apr.h>

/* The zero value is the start of a message. */
typedef struct {
    /* CR CR LF stays as it is, so that the message comes back byte for byte when a CR is put before
     * those LF that have none. */
    int reversible;
    apr_uint64_t bare; /* LF without a CR before them that were put out */
    int cr;            /* the input ended with a CR that waits for what follows */
    char last;         /* byte put out */
} backend_lines_t;

/* Puts the bytes out with CRLF as LF; out has room for length + 1. length 0: the end. Returns how many
 * bytes were put out. */
apr_size_t backend_lines_host(backend_lines_t *lines, const char *in, apr_size_t length, char *out);

#endif
