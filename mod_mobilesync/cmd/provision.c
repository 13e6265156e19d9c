/* Provision (MS-ASPROV 3.1.5.1). No policy is configured: the answer to a request for one is
 * Policy Status 2, "there is no policy for this client", and the client goes on without. */
#include "cmd/device.h"

enum {
    PROVISION_STATUS_SUCCESS = 1,
    PROVISION_STATUS_PROTOCOL = 2,
    PROVISION_POLICY_NONE = 2 /* MS-ASPROV 2.2.2.54.2: no policy for this client */
};

/* The PolicyType is echoed; from 12.0 on there is only one. */
static void provision_write_policy(cmd_exchange_t *exchange, const eas_node_t *policies)
{
    const eas_node_t *policy = eas_node_child(policies, EAS_Provision_Policy);
    const char *type = eas_node_child_text(policy, EAS_Provision_PolicyType);
    eas_writer_t *writer = exchange->writer;

    eas_writer_start(writer, EAS_Provision_Policies);
    eas_writer_start(writer, EAS_Provision_Policy);
    eas_writer_text(writer, EAS_Provision_PolicyType, type ? type : "MS-EAS-Provisioning-WBXML");
    eas_writer_uint(writer, EAS_Provision_Status, PROVISION_POLICY_NONE);
    eas_writer_end(writer);
    eas_writer_end(writer);
}

base_fault_t *cmd_provision_run(cmd_exchange_t *exchange)
{
    const eas_node_t *information = eas_node_child(exchange->body, EAS_Settings_DeviceInformation);
    const eas_node_t *policies = eas_node_child(exchange->body, EAS_Provision_Policies);
    eas_writer_t *writer = exchange->writer;

    if (information)
        BASE_TRY(cmd_device_save_information(exchange, information));
    eas_writer_start(writer, EAS_Provision_Provision);
    if (information) {
        eas_writer_start(writer, EAS_Settings_DeviceInformation);
        eas_writer_uint(writer, EAS_Settings_Status, PROVISION_STATUS_SUCCESS);
        eas_writer_end(writer);
    }
    eas_writer_uint(writer, EAS_Provision_Status, PROVISION_STATUS_SUCCESS);
    if (policies)
        provision_write_policy(exchange, policies);
    eas_writer_end(writer);
    return NULL;
}
