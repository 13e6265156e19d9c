/* MessageClass (MS-ASEMAIL 2.2.2.49) of a message: ordinary, S/MIME, or a report. */
#ifndef ITEM_CLASS_H
#define ITEM_CLASS_H

#include "base/fault.h"
#include "item/mime.h"

/* Never NULL. Faults: those of reading (a report is looked into). */
base_fault_t *item_class_find(const item_mime_t *mime, const char **name, apr_pool_t *pool);

/* Signed or encrypted with S/MIME: what MIMESupport 1 means (MS-ASCMD R3397). */
int item_class_is_smime(const item_mime_t *mime, apr_pool_t *pool);

#endif
