/* RTF as plain text: what older clients send as airsyncbase:Type 3 (MS-ASNOTE 2.2.2.1). Only the text
 * counts: formats, pictures and embedded objects are left out. No library that reads it is small
 * enough to be worth its dependencies. */
#ifndef ITEM_RTF_H
#define ITEM_RTF_H

#include "item/sink.h"

/* Lines end with CRLF. Returns 0 when it is no RTF, or nested beyond reason. */
int item_rtf_text(const char *rtf, apr_size_t length, item_sink_t *sink, apr_pool_t *pool);

#endif
