/* What people type to search, as a query: the Keyword Query Language (MS-KQL) as far as mail has use
 * for it. Search and Find share it.
 *
 *   word            somewhere in the message; words may go on (hel finds hello)
 *   "some words"    exactly these, one after the other; "some wor"* may go on
 *   a b, a AND b, a OR b, NOT a, -a, ( )     AND binds closer than OR
 *   from: to: cc: bcc: subject: body: attachment: participants: recipients:  with a word, "words" or
 *                   ( ); several of one kind side by side mean one of them
 *   hasattachment: isread: isflagged:        true, false, yes, no, 1, 0
 *   received: sent: with : = < <= > >= and a date, or with DATE..DATE; dates are YYYY, YYYY-MM,
 *                   YYYY-MM-DD, M/D/YYYY, YYYY-MM-DDThh:mm:ssZ, today, yesterday, "this week",
 *                   "last week", and so with month and year. In UTC; weeks begin on Monday.
 *
 * Everything else is words: a query is never refused because it is not well-formed. */
#ifndef CMD_QUERY_H
#define CMD_QUERY_H

#include <apr_pools.h>
#include <apr_time.h>

#include "backend/backend.h"

/* TOO_LARGE: more than a person would ask for. INVALID: there is no word in it, or a date that is
 * none. */
base_fault_t *cmd_query_parse(const char *text, apr_time_t now, backend_query_t **query,
                              apr_pool_t *pool);

/* AND of what is not NULL; NULL when both are. */
backend_query_t *cmd_query_both(backend_query_t *one, backend_query_t *other, apr_pool_t *pool);
backend_query_t *cmd_query_make(backend_query_kind_t kind, apr_pool_t *pool);

/* The dates that a text of KQL stands for: from *since to before *before. 0: it stands for none. */
int cmd_query_dates(const char *text, apr_time_t now, apr_time_t *since, apr_time_t *before);

#endif
