/* Provision (MS-ASPROV 3.2.5.1): the phone asks for the policy and gets it with a temporary key; it
 * acknowledges that key and gets the permanent one, which its commands come with from then on. */
#include "cmd/device.h"
#include "cmd/policy.h"

#include <string.h>

enum {
    PROVISION_STATUS_SUCCESS = 1, /* MS-ASPROV 2.2.2.54.2 */
    /* of a policy, MS-ASPROV 2.2.2.54.1 */
    PROVISION_POLICY_NONE = 2,
    PROVISION_POLICY_TYPE = 3,
    PROVISION_POLICY_KEY = 5
};

/* What is answered of the policy. */
typedef struct {
    const char *type;
    int status;
    const char *key;            /* NULL: none */
    const eas_policy_t *policy; /* whose document is sent; NULL: none is */
} provision_answer_t;

/* Is the key of the document the one that the request itself came with, as it has to be (R635)? */
static int provision_is_current(const cmd_exchange_t *exchange, const char *key)
{
    const char *current = exchange->request->policy_key;

    return current && strcmp(current, key) == 0;
}

static base_fault_t *provision_acknowledge(cmd_exchange_t *exchange, const eas_policy_t *policy,
                                           const char *key, const eas_node_t *node,
                                           provision_answer_t *answer)
{
    apr_uint64_t compliance;

    if (!key ||
        eas_node_child_uint(node, EAS_Provision_Status, EAS_POLICY_EXTERNAL, &compliance) != 1 ||
        !compliance)
        return base_fault_make(
            exchange->pool, BASE_FAULT_INVALID,
            "Provision: an acknowledgement needs PolicyKey and a Status of 1 to 4");
    if (provision_is_current(exchange, key))
        BASE_TRY(cmd_policy_acknowledge(exchange, policy, key, (eas_policy_compliance_t)compliance,
                                        &answer->key));
    answer->status = answer->key ? PROVISION_STATUS_SUCCESS : PROVISION_POLICY_KEY;
    return NULL;
}

static base_fault_t *provision_offer(cmd_exchange_t *exchange, const eas_policy_t *policy,
                                     provision_answer_t *answer)
{
    /* MS-ASPROV 2.2.2.53 R368; what a phone has told once need not keep it outside */
    if (exchange->request->version >= EAS_VERSION_14_1 &&
        !state_record_field(exchange->device, "model") &&
        !eas_node_child(exchange->body, EAS_Settings_DeviceInformation))
        return base_fault_make(exchange->pool, BASE_FAULT_INFORMATION_NEEDED,
                               "Provision: DeviceInformation is missing");
    BASE_TRY(cmd_device_seen(exchange));
    answer->policy = policy;
    answer->status = PROVISION_STATUS_SUCCESS;
    return cmd_policy_offer(exchange, policy, &answer->key);
}

static base_fault_t *provision_policy(cmd_exchange_t *exchange, const eas_node_t *policies,
                                      provision_answer_t *answer)
{
    const eas_node_t *node = eas_node_child(policies, EAS_Provision_Policy);
    const char *key = eas_node_child_text(node, EAS_Provision_PolicyKey);
    const eas_policy_t *policy = cmd_policy_find(exchange);

    answer->type = eas_node_child_text(node, EAS_Provision_PolicyType);
    if (!answer->type)
        answer->type = EAS_POLICY_TYPE;
    if (!policy)
        answer->status = PROVISION_POLICY_NONE;
    else if (strcmp(answer->type, EAS_POLICY_TYPE) != 0)
        answer->status = PROVISION_POLICY_TYPE;
    else if (key || eas_node_child(node, EAS_Provision_Status))
        return provision_acknowledge(exchange, policy, key, node, answer);
    else
        return provision_offer(exchange, policy, answer);
    return NULL;
}

static void provision_write_policy(const cmd_exchange_t *exchange, const provision_answer_t *answer)
{
    eas_writer_t *writer = exchange->writer;

    eas_writer_start(writer, EAS_Provision_Policies);
    eas_writer_start(writer, EAS_Provision_Policy);
    eas_writer_text(writer, EAS_Provision_PolicyType, answer->type);
    eas_writer_uint(writer, EAS_Provision_Status, (apr_uint64_t)answer->status);
    if (answer->key)
        eas_writer_text(writer, EAS_Provision_PolicyKey, answer->key);
    if (answer->policy) {
        eas_writer_start(writer, EAS_Provision_Data);
        eas_policy_write(answer->policy, exchange->request->version, writer);
        eas_writer_end(writer);
    }
    eas_writer_end(writer);
    eas_writer_end(writer);
}

base_fault_t *cmd_provision_run(cmd_exchange_t *exchange)
{
    const eas_node_t *information = eas_node_child(exchange->body, EAS_Settings_DeviceInformation);
    const eas_node_t *policies = eas_node_child(exchange->body, EAS_Provision_Policies);
    provision_answer_t answer = {0};
    eas_writer_t *writer = exchange->writer;

    if (information)
        BASE_TRY(cmd_device_save_information(exchange, information));
    if (policies)
        BASE_TRY(provision_policy(exchange, policies, &answer));
    eas_writer_start(writer, EAS_Provision_Provision);
    if (information) {
        eas_writer_start(writer, EAS_Settings_DeviceInformation);
        eas_writer_uint(writer, EAS_Settings_Status, PROVISION_STATUS_SUCCESS);
        eas_writer_end(writer);
    }
    eas_writer_uint(writer, EAS_Provision_Status, PROVISION_STATUS_SUCCESS);
    if (policies)
        provision_write_policy(exchange, &answer);
    eas_writer_end(writer);
    return NULL;
}
