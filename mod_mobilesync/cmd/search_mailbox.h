/* Searching the mailbox: what Search and Find share. */
#ifndef CMD_SEARCH_MAILBOX_H
#define CMD_SEARCH_MAILBOX_H

#include "cmd/cmd.h"
#include "cmd/range.h"
#include "item/kind.h"

typedef struct {
    unsigned classes;               /* 1 << backend_class_t: folders of these */
    apr_array_header_t *folder_ids; /* const char *, as the client wrote them; none: all of the
                                       classes */
    int deep;                       /* the folders below them as well */
    const backend_query_t *query;
    cmd_range_t range;
    const char *name; /* of the sequence of results; what makes it is hashed together */
    int renew;
} cmd_search_t;

/* FOLDER_GONE: one of the folders is not there (any more). TIMEOUT: nothing was found so far, and
 * there are messages that were not looked at. */
base_fault_t *cmd_search_mailbox(cmd_exchange_t *exchange, const cmd_search_t *search,
                                 backend_found_t **found);

/* Enough was rendered, or it took long enough: the client asks for the rest. */
int cmd_search_full(const cmd_exchange_t *exchange);

/* An item that was found. *blob NULL: it is gone meanwhile. kind (may be NULL): what it is, also where
 * there is a fault of reading it. */
base_fault_t *cmd_search_open(cmd_exchange_t *exchange, const backend_match_t *match,
                              item_reference_t *reference, const item_kind_t **kind,
                              backend_entry_t *entry, backend_blob_t **blob, apr_pool_t *pool);

#endif
