/* A message as a line in a list of results: the children of find:Properties (MS-ASCMD 2.2.3.139.1). */
#ifndef ITEM_SUMMARY_H
#define ITEM_SUMMARY_H

#include "item/email.h"

typedef struct item_summary item_summary_t;

/* Faults and lifetimes as of item_email_load. */
base_fault_t *item_summary_load(const backend_blob_t *blob, const item_reference_t *reference,
                                const backend_entry_t *entry, eas_version_t version,
                                item_summary_t **summary, apr_pool_t *pool);

void item_summary_write(item_summary_t *summary, eas_writer_t *writer);

#endif
