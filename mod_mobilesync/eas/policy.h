/* Policies: what phones of which accounts have to do before they are let in (MS-ASPROV), from a file
 * that administrators write:
 *
 *   # staff has a PIN
 *   [staff]
 *   accounts = *@staff.example.com boss@example.com
 *   DevicePasswordEnabled = 1
 *   MinDevicePasswordLength = 6
 *
 * The first section that has a pattern (apr_fnmatch, in any case of letters) of the account is its
 * policy; an account that no section names has none. Elements are those of policy.tbl, and
 *
 *   AllowNonProvisionableDevices  0 1  phones that send no policy key, or apply the policy in part or not at
 *                                      all, are let in (default 0)
 *   AllowExternalDeviceManagement 0 1  so are those that say that somebody else manages them (0)
 *   DevicePolicyRefreshInterval   hours after which a phone has to ask anew (0: never)
 *
 * The two lists have one line for each item: ApplicationName = ..., Hash = ... */
#ifndef EAS_POLICY_H
#define EAS_POLICY_H

#include <apr_pools.h>
#include <apr_tables.h>

#include "base/fault.h"
#include "eas/version.h"
#include "eas/writer.h"

#define EAS_POLICY_TYPE "MS-EAS-Provisioning-WBXML" /* the only one from 12.0 on (2.2.2.43) */
#define EAS_POLICY_NAME_MAX 64

typedef struct eas_policies eas_policies_t; /* of a file; read-only once it is made */
typedef struct eas_policy eas_policy_t;

/* What an acknowledgement says (MS-ASPROV 2.2.2.54.1). */
typedef enum {
    EAS_POLICY_APPLIED = 1,
    EAS_POLICY_PARTLY = 2,  /* at least the PIN was enabled */
    EAS_POLICY_IGNORED = 3, /* not applied at all */
    EAS_POLICY_EXTERNAL = 4 /* provisioned by a third party */
} eas_policy_compliance_t;

/* INVALID: "line 12: ..." says what is wrong. Needs nothing but APR: it runs in the parent. */
base_fault_t *eas_policies_parse(const char *text, apr_size_t length, eas_policies_t **policies,
                                 apr_pool_t *pool);

/* The same of a file; the message begins with its name. */
base_fault_t *eas_policies_read(const char *path, eas_policies_t **policies, apr_pool_t *pool);

/* The account's policy, NULL: none. policies may be NULL. */
const eas_policy_t *eas_policies_find(const eas_policies_t *policies, const char *account);

int eas_policies_count(const eas_policies_t *policies);
const eas_policy_t *eas_policies_get(const eas_policies_t *policies, int index);

const char *eas_policy_name(const eas_policy_t *policy);
const apr_array_header_t *eas_policy_accounts(const eas_policy_t *policy); /* const char * */

/* Does the policy let a phone in that acknowledged it so? */
int eas_policy_accepts(const eas_policy_t *policy, eas_policy_compliance_t compliance);
int eas_policy_allows_keyless(const eas_policy_t *policy);
/* 0: it need not ask anew. */
apr_interval_time_t eas_policy_refresh(const eas_policy_t *policy);

/* Every element of the document for a protocol version, in its order. A list comes with the value NULL,
 * then its items, then EAS_TAG_NONE. */
typedef void (*eas_policy_visit_fn)(void *baton, eas_tag_t tag, const char *value);
void eas_policy_visit(const eas_policy_t *policy, eas_version_t version, eas_policy_visit_fn visit,
                      void *baton);

/* Writes the document, EASProvisionDoc. */
void eas_policy_write(const eas_policy_t *policy, eas_version_t version, eas_writer_t *writer);

/* Names just what eas_policy_write writes: the same text for the same document. */
const char *eas_policy_digest(const eas_policy_t *policy, eas_version_t version);

/* "applied", "partly applied", ... */
const char *eas_policy_compliance_name(eas_policy_compliance_t compliance);

#endif
