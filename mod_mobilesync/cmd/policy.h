/* What a device has acknowledged of its account's policy (eas/policy.h, MS-ASPROV), in its record
 * DEVICE: policy-key (the permanent one) of the document policy-digest; policy-status, policy-time and
 * policy-name of the last acknowledgement, also of one that was refused: then there is no key.
 * policy-offer: temporary key, permanent key and digest of what was offered last. Both keys are
 * drawn with the offer, so that a request that is repeated gets the same answer.
 *
 * A reset of the SyncState leaves all that as it is: the phone still does what it acknowledged. With a
 * removal it goes, and the phone provisions anew. */
#ifndef CMD_POLICY_H
#define CMD_POLICY_H

#include "cmd/cmd.h"

/* The account's, NULL: none, and nothing is asked of its devices. */
const eas_policy_t *cmd_policy_find(const cmd_exchange_t *exchange);

/* A gate (cmd/gate.h): does the device have the policy? PROVISION_NEEDED: no; PROVISION_REFRESH: it has to ask
 * anew from time to time; POLICY_KEY: it has another one, by its key, or by the digest of what this
 * version would be sent. Only Provision passes in any case. Ping comes without a key
 * (MS-ASPROV 3.1.5.1): then the record alone says. */
base_fault_t *cmd_policy_judge(cmd_exchange_t *exchange);

/* The temporary key of an offer of the policy: the last one's, unless that was of another document, or is
 * acknowledged. */
base_fault_t *cmd_policy_offer(cmd_exchange_t *exchange, const eas_policy_t *policy,
                               const char **temporary);

/* The permanent key in return for the temporary one; NULL when that is not the one that was offered, or
 * the policy has changed since. POLICY_PARTIAL, POLICY_EXTERNAL: the policy does not accept that. */
base_fault_t *cmd_policy_acknowledge(cmd_exchange_t *exchange, const eas_policy_t *policy,
                                     const char *temporary, eas_policy_compliance_t compliance,
                                     const char **permanent);

#endif
