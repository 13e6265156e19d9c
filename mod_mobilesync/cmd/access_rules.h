/* The rules of access control as a child knows them: read from the store when their version is
 * another one. */
#ifndef CMD_ACCESS_RULES_H
#define CMD_ACCESS_RULES_H

#include "cmd/access.h"

/* Completes the question with the rules of that version (NULL: there are none) and decides. The rule of
 * the decision lives with the exchange. UNAVAILABLE: the rules cannot be read. */
base_fault_t *cmd_access_rules_decide(cmd_exchange_t *exchange, const char *version,
                                      sync_access_question_t *question,
                                      sync_access_decision_t *decision);

/* When this child looks whether there is something to tell (cmd/access_news.h): 1, once in an interval
 * and after somebody said that it is to do so soon. */
int cmd_access_rules_look(cmd_access_rules_t *rules, apr_time_t now, apr_interval_time_t interval);
void cmd_access_rules_look_soon(cmd_access_rules_t *rules);

#endif
