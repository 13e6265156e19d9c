/* Settings (MS-ASCMD 2.2.1.18): each property is answered in the order asked, with a Status
 * of its own. Served: DeviceInformation Set, UserInformation Get, Oof (oof.h). The others are
 * answered as properties that are switched off here, which clients take calmly. */
#include <string.h>

#include "base/text.h"
#include "cmd/device.h"
#include "cmd/oof.h"
#include "eas/status.h"

#define SETTINGS_PASSWORD_MAX 255 /* characters, MS-ASCMD R3660 */

/* MS-ASCMD 2.2.3.177.15 */
enum {
    SETTINGS_STATUS_SUCCESS = 1,
    SETTINGS_STATUS_PROTOCOL = 2,
    SETTINGS_STATUS_ARGUMENTS = 5,
    SETTINGS_STATUS_POLICY = 7 /* DevicePassword: denied by policy */
};

static void settings_write_status(eas_writer_t *writer, eas_tag_t property, int status)
{
    eas_writer_start(writer, property);
    eas_writer_uint(writer, EAS_Settings_Status, (apr_uint64_t)status);
    eas_writer_end(writer);
}

static void settings_write_addresses(eas_writer_t *writer, const backend_identity_t *identity,
                                     eas_version_t version)
{
    int i;

    eas_writer_start(writer, EAS_Settings_EmailAddresses);
    eas_writer_text(writer, EAS_Settings_SMTPAddress, identity->address);
    for (i = 0; identity->aliases && i < identity->aliases->nelts; i++)
        eas_writer_text(writer, EAS_Settings_SMTPAddress,
                        APR_ARRAY_IDX(identity->aliases, i, const char *));
    if (version >= EAS_VERSION_14_1)
        eas_writer_text(writer, EAS_Settings_PrimarySmtpAddress, identity->address);
    eas_writer_end(writer);
}

static base_fault_t *settings_user_information(cmd_exchange_t *exchange, const eas_node_t *node)
{
    eas_writer_t *writer = exchange->writer;
    eas_version_t version = exchange->request->version;
    backend_session_t *session;
    backend_identity_t *identity;

    if (!eas_node_child(node, EAS_Settings_Get)) {
        settings_write_status(writer, node->tag, SETTINGS_STATUS_PROTOCOL);
        return NULL;
    }
    BASE_TRY(cmd_exchange_session(exchange, &session));
    BASE_TRY(backend_identity(session, &identity, exchange->pool));
    eas_writer_start(writer, EAS_Settings_UserInformation);
    eas_writer_uint(writer, EAS_Settings_Status, SETTINGS_STATUS_SUCCESS);
    eas_writer_start(writer, EAS_Settings_Get);
    if (version >= EAS_VERSION_14_1) {
        eas_writer_start(writer, EAS_Settings_Accounts);
        eas_writer_start(writer, EAS_Settings_Account);
        if (*identity->display_name)
            eas_writer_text(writer, EAS_Settings_UserDisplayName, identity->display_name);
    }
    settings_write_addresses(writer, identity, version);
    if (version >= EAS_VERSION_14_1) {
        eas_writer_end(writer);
        eas_writer_end(writer);
    }
    eas_writer_end(writer);
    eas_writer_end(writer);
    return NULL;
}

static base_fault_t *settings_device_information(cmd_exchange_t *exchange, const eas_node_t *node)
{
    int status = SETTINGS_STATUS_PROTOCOL;

    if (eas_node_child(node, EAS_Settings_Set)) {
        base_fault_t *fault = cmd_device_save_information(exchange, node);

        if (fault && fault->code != BASE_FAULT_INVALID)
            return fault;
        if (!fault)
            status = SETTINGS_STATUS_SUCCESS;
    }
    settings_write_status(exchange->writer, node->tag, status);
    return NULL;
}

/* A password for recovery is kept for nobody; what is none is told apart all the same. */
static base_fault_t *settings_device_password(cmd_exchange_t *exchange, const eas_node_t *node)
{
    const eas_node_t *set = eas_node_child(node, EAS_Settings_Set);
    const char *password = eas_node_child_text(set, EAS_Settings_Password);
    int status = SETTINGS_STATUS_POLICY;

    if (!password)
        status = SETTINGS_STATUS_PROTOCOL;
    else if (base_text_utf8_count(password, strlen(password)) > SETTINGS_PASSWORD_MAX)
        status = SETTINGS_STATUS_ARGUMENTS;
    settings_write_status(exchange->writer, node->tag, status);
    return NULL;
}

/* The schema wants the (empty) list of templates even with an error. */
static base_fault_t *settings_rights(cmd_exchange_t *exchange, const eas_node_t *node)
{
    eas_writer_t *writer = exchange->writer;

    eas_writer_start(writer, node->tag);
    eas_writer_uint(writer, EAS_Settings_Status, EAS_STATUS_IRM_FeatureDisabled);
    eas_writer_start(writer, EAS_Settings_Get);
    eas_writer_empty(writer, EAS_RightsManagement_RightsManagementTemplates);
    eas_writer_end(writer);
    eas_writer_end(writer);
    return NULL;
}

static const struct {
    eas_tag_t tag;
    eas_version_t first_version;
    base_fault_t *(*run)(cmd_exchange_t *exchange, const eas_node_t *node);
} settings_properties[] = {
    {EAS_Settings_Oof, EAS_VERSION_12_1, cmd_oof_settings},
    {EAS_Settings_DevicePassword, EAS_VERSION_12_1, settings_device_password},
    {EAS_Settings_DeviceInformation, EAS_VERSION_12_1, settings_device_information},
    {EAS_Settings_UserInformation, EAS_VERSION_12_1, settings_user_information},
    {EAS_Settings_RightsManagementInformation, EAS_VERSION_14_1, settings_rights},
};

#define SETTINGS_PROPERTY_COUNT (sizeof settings_properties / sizeof *settings_properties)

/* The row of a property, or -1 (R483: nothing at all is processed then). */
static int settings_find(const eas_node_t *node, eas_version_t version)
{
    size_t i;

    for (i = 0; i < SETTINGS_PROPERTY_COUNT; i++)
        if (settings_properties[i].tag == node->tag)
            return version >= settings_properties[i].first_version ? (int)i : -1;
    return -1;
}

base_fault_t *cmd_settings_run(cmd_exchange_t *exchange)
{
    const eas_node_t *node;
    eas_version_t version = exchange->request->version;

    for (node = exchange->body->first; node; node = node->next)
        if (settings_find(node, version) < 0)
            return base_fault_make(exchange->pool, BASE_FAULT_INVALID,
                                   "Settings: property %s is not one of protocol %s",
                                   eas_tag_name(node->tag), eas_version_name(version));
    eas_writer_start(exchange->writer, EAS_Settings_Settings);
    eas_writer_uint(exchange->writer, EAS_Settings_Status, SETTINGS_STATUS_SUCCESS);
    for (node = exchange->body->first; node; node = node->next)
        BASE_TRY(settings_properties[settings_find(node, version)].run(exchange, node));
    eas_writer_end(exchange->writer);
    return NULL;
}
