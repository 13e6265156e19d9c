/* An index of the words of a mailbox, for drivers whose store has none: SQLite's FTS5.
 *
 * The index is one more device of the mailbox: for each folder it keeps a cursor, and asks the
 * driver's own probe, changes, enumerate and fetch for what is new. So every driver can have it,
 * and nothing has to tell it of arrivals.
 *
 * Decisions
 * - It is brought up to date by those who search, before they do, for the folders they search:
 *   delivery and Sync pay nothing, an account that never searches has no index, and no thread
 *   outlives a request. The price is the first search of a large mailbox. It works from the newest
 *   message down and for a bounded time; then it answers from what there is and says that it is not
 *   complete, and the next search goes on from there.
 * - A file of its own beside the driver's: its transactions are long and would hold up Sync. It can
 *   be lost at any time.
 * - Contentless: it holds words and where they are, no text that could be read back, at about a
 *   third of the size. SQLite before 3.43 cannot delete from such a table, so what is gone loses its
 *   row in doc only; when more is gone than there is, it begins anew.
 * - doc.number ascends for arrivals and descends for what was there before: "no arrivals since" is
 *   a comparison, which keeps the pages of one search together.
 * - Words are those of Unicode (letters, digits and marks) without case and accents. Scripts that
 *   put no spaces between words are indexed character by character and searched as phrases. */
#ifndef BACKEND_SEARCH_INDEX_H
#define BACKEND_SEARCH_INDEX_H

#include "backend/backend.h"

typedef struct search_index search_index_t;

/* Opens or makes the file; NULL: in memory. Closed with the pool. To be used by one thread at a
 * time. CORRUPT when it is damaged: search_index_remove it. */
base_fault_t *search_index_open(const char *path, search_index_t **index, apr_pool_t *pool);

/* Removes the file and what SQLite keeps beside it. Those who have it open do not notice. */
void search_index_remove(const char *path, apr_pool_t *pool);

/* The driver's search() on a session of it. */
base_fault_t *search_index_run(search_index_t *index, const backend_driver_t *driver, void *session,
                               const backend_search_t *search, backend_found_t **found,
                               apr_pool_t *pool);

#endif
