/* The trace of a device: what it asked and was answered, as XML, for as long as an administrator
 * asked for it. Written by glue/trace.c, read here. One compact JSON object for each request and
 * each response:
 *
 *   t  when, milliseconds    d  "request" or "response"    c  command    n  node
 *   b  bytes of the document on the wire                   h  HTTP status of a response
 *   x  the document as XML: contents that are not shown stand there as their length
 *   f  1: contents, subjects and addresses are shown       u  1: the document was longer
 *   e  why a response could not be decoded
 *
 * No more than ADMIN_TRACE_ENTRIES of a device are kept, of STATE_RECORDER_TRACE_MAX bytes at most,
 * and for a day after the last. */
#ifndef ADMIN_TRACE_H
#define ADMIN_TRACE_H

#define ADMIN_TRACE_ENTRIES 100

#endif
