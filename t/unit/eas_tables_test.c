/* Code pages, commands, versions and statuses: values looked up in the specifications
 * by hand, and the invariants of the tables. */
#include "tap.h"

#include <apr_general.h>

#include "eas/command.h"
#include "eas/status.h"
#include "eas/tags.h"
#include "eas/version.h"

static void test_tags(void)
{
    unsigned page, token;
    int count = 0, found = 0;

    is_int(EAS_AirSync_SyncKey, 0x000b, "AirSync:SyncKey");
    is_int(EAS_Email_Location, 0x0221, "a row with a note");
    is_int(EAS_Contacts_AssistantName, 0x0106, "a row with a stray word");
    is_int(EAS_GAL_Phone, 0x1006, "a row with a doubled prefix");
    is_int(EAS_MeetingResponse_ProposedStartTime, 0x0810, "MeetingResponse 0x10");
    is_int(EAS_MeetingResponse_ProposedEndTime, 0x0811, "MeetingResponse 0x11");
    is_int(EAS_Provision_AccountOnlyRemoteWipe, 0x0e3b, "Provision 0x3B");
    is_int(EAS_Find_Picture, 0x1922, "the last tag of the last page");
    is_str(eas_tag_name(EAS_AirSyncBase_Body), "Body", "name");
    is_str(eas_tag_namespace(EAS_AirSyncBase_Body), "AirSyncBase", "namespace");
    is_str(eas_tag_name(0x0011), NULL, "an unassigned token has no name");
    is_str(eas_tag_namespace(0x0305), "AirNotify", "the page out of use has a namespace");
    is_str(eas_tag_name(0x0045), NULL, "no name past the last token");
    is_str(eas_tag_name(0x1a05), NULL, "no name past the last page");
    is_str(eas_tag_namespace(0x1a05), NULL, "no namespace past the last page");
    ok(eas_tag_is_opaque(EAS_ComposeMail_Mime), "Mime is opaque");
    ok(eas_tag_is_opaque(EAS_Email2_ConversationId), "ConversationId is opaque");
    ok(!eas_tag_is_opaque(EAS_ItemOperations_Data), "ItemOperations:Data is base64 text");
    ok(!eas_tag_is_opaque(0xffff), "a tag of nowhere is not opaque");
    ok(eas_tag_in_version(EAS_AirSync_Sync, EAS_VERSION_16_1), "Sync is in 16.1");
    ok(!eas_tag_in_version(EAS_Email_Location, EAS_VERSION_16_0), "Email:Location ends with 14.1");
    ok(!eas_tag_in_version(EAS_Find_Find, EAS_VERSION_16_0), "Find begins with 16.1");

    for (page = 0; page < EAS_PAGE_COUNT; page++)
        for (token = 0; token <= 0xff; token++) {
            eas_tag_t tag = page << 8 | token;

            if (!eas_tag_name(tag))
                continue;
            count++;
            found += eas_tag_find(eas_tag_namespace(tag), eas_tag_name(tag)) == tag;
            if (token < EAS_TOKEN_FIRST || token > EAS_TOKEN_LAST)
                ok(0, "token %02x of page %u is no tag", token, page);
        }
    is_int(count, 586, "number of tags in MS-ASWBXML");
    is_int(found, count, "every tag is found by its name");
    is_int(eas_tag_find("AirSync", "Nowhere"), EAS_TAG_NONE, "no such tag");
}

static void test_commands(void)
{
    static const struct {
        unsigned code;
        eas_command_t command;
    } codes[] = {
        {0, EAS_COMMAND_Sync},
        {1, EAS_COMMAND_SendMail},
        {2, EAS_COMMAND_SmartForward},
        {3, EAS_COMMAND_SmartReply},
        {4, EAS_COMMAND_GetAttachment},
        {8, EAS_COMMAND_NONE},
        {9, EAS_COMMAND_FolderSync},
        {10, EAS_COMMAND_FolderCreate},
        {11, EAS_COMMAND_FolderDelete},
        {12, EAS_COMMAND_FolderUpdate},
        {13, EAS_COMMAND_MoveItems},
        {14, EAS_COMMAND_GetItemEstimate},
        {15, EAS_COMMAND_MeetingResponse},
        {16, EAS_COMMAND_Search},
        {17, EAS_COMMAND_Settings},
        {18, EAS_COMMAND_Ping},
        {19, EAS_COMMAND_ItemOperations},
        {20, EAS_COMMAND_Provision},
        {21, EAS_COMMAND_ResolveRecipients},
        {22, EAS_COMMAND_ValidateCert},
        {23, EAS_COMMAND_Find},
        {24, EAS_COMMAND_Find},
        {25, EAS_COMMAND_NONE},
        {255, EAS_COMMAND_NONE},
    };
    eas_command_t command;
    size_t i;

    for (i = 0; i < sizeof codes / sizeof codes[0]; i++)
        is_int(eas_command_from_code(codes[i].code), codes[i].command,
               eas_command_name(codes[i].command));
    for (command = EAS_COMMAND_NONE + 1; command < EAS_COMMAND_COUNT_; command++)
        is_int(eas_command_parse(eas_command_name(command)), command, eas_command_name(command));
    is_int(eas_command_parse("foldersync"), EAS_COMMAND_FolderSync, "in any case of letters");
    is_int(eas_command_parse("unknown"), EAS_COMMAND_NONE, "the name of NONE is no command");
    is_int(eas_command_parse(""), EAS_COMMAND_NONE, "nor is an empty name");
    is_int(eas_command_parse("Sync2"), EAS_COMMAND_NONE, "nor a longer one");
    ok(eas_command_in_version(EAS_COMMAND_GetAttachment, EAS_VERSION_12_1), "GetAttachment, 12.1");
    ok(!eas_command_in_version(EAS_COMMAND_GetAttachment, EAS_VERSION_14_0), "but not 14.0");
    ok(!eas_command_in_version(EAS_COMMAND_Find, EAS_VERSION_16_0), "Find not in 16.0");
    ok(!eas_command_in_version(EAS_COMMAND_NONE, EAS_VERSION_16_1), "NONE in no version");
}

static void test_versions(apr_pool_t *pool)
{
    is_int(eas_version_parse("14.1"), EAS_VERSION_14_1, "14.1");
    is_int(eas_version_parse("2.5"), EAS_VERSION_NONE, "2.5 is not served");
    is_int(eas_version_parse("14.1 "), EAS_VERSION_NONE, "trailing blank");
    is_int(eas_version_parse(""), EAS_VERSION_NONE, "empty");
    is_int(eas_version_from_byte(161), EAS_VERSION_16_1, "byte 161");
    is_int(eas_version_from_byte(25), EAS_VERSION_NONE, "byte 25");
    is_str(eas_version_name(EAS_VERSION_12_1), "12.1", "name");
    is_str(eas_version_list(EAS_VERSION_NONE, pool), "12.1,14.0,14.1,16.0,16.1", "list");
    is_str(eas_version_list(EAS_VERSION_14_0, pool), "12.1,14.0", "list up to one");
    ok(EAS_VERSION_12_1 < EAS_VERSION_14_0 && EAS_VERSION_16_0 < EAS_VERSION_16_1, "order");
}

static void test_statuses(void)
{
    eas_command_t command;
    base_fault_code_t code;

    for (command = EAS_COMMAND_NONE; command < EAS_COMMAND_COUNT_; command++) {
        int failures = 0;

        for (code = BASE_FAULT_NONE; code < BASE_FAULT_COUNT_; code++) {
            int status = eas_status_from_fault(command, code);
            int moved = command == EAS_COMMAND_MoveItems && status == EAS_STATUS_MoveItems_SUCCESS;
            int pinged = command == EAS_COMMAND_Ping && status <= EAS_STATUS_Ping_CHANGES;
            /* 1 says that the source is not there, when the command is MoveItems */
            int success = status == EAS_STATUS_SUCCESS && command != EAS_COMMAND_MoveItems;

            failures += status > 0 && status < 256 && !moved && !pinged && !success &&
                        (status < 100 || eas_status_name(status));
        }
        is_int(failures, BASE_FAULT_COUNT_, eas_command_name(command));
    }
    is_int(eas_status_from_fault(EAS_COMMAND_Sync, BASE_FAULT_FOLDER_GONE), 12, "Sync 12");
    is_int(eas_status_from_fault(EAS_COMMAND_Sync, BASE_FAULT_STALE), 3, "Sync 3");
    is_int(eas_status_from_fault(EAS_COMMAND_Sync, BASE_FAULT_UNAVAILABLE), 16, "Sync 16");
    is_int(eas_status_from_fault(EAS_COMMAND_Sync, BASE_FAULT_INVALID), 4, "Sync 4");
    is_int(eas_status_from_fault(EAS_COMMAND_FolderSync, BASE_FAULT_STALE), 9, "FolderSync 9");
    is_int(eas_status_from_fault(EAS_COMMAND_FolderSync, BASE_FAULT_DENIED), 130, "common");
    is_int(eas_status_from_fault(EAS_COMMAND_Ping, BASE_FAULT_FOLDER_GONE), 7, "Ping 7");
    is_int(eas_status_from_fault(EAS_COMMAND_GetItemEstimate, BASE_FAULT_STALE), 4, "estimate 4");
    is_int(eas_status_from_fault(EAS_COMMAND_GetItemEstimate, BASE_FAULT_NOT_FOUND), 3, "no key");
    is_int(eas_status_from_fault(EAS_COMMAND_GetItemEstimate, BASE_FAULT_TIMEOUT), 111, "common");
    is_int(eas_status_from_fault(EAS_COMMAND_SendMail, BASE_FAULT_EXISTS), 118, "SendMail 118");
    is_int(eas_status_from_fault(EAS_COMMAND_COUNT_, BASE_FAULT_QUOTA), 113, "no such command");
    is_int(eas_status_from_fault(EAS_COMMAND_Sync, BASE_FAULT_NONE), 5, "no fault is a mistake");

    is_int(eas_status_http(EAS_COMMAND_Sync, EAS_STATUS_InvalidWBXML), 400, "102 at 12.1");
    is_int(eas_status_http(EAS_COMMAND_Sync, EAS_STATUS_ServerErrorRetryLater), 503, "111");
    is_int(eas_status_http(EAS_COMMAND_Sync, EAS_STATUS_MailboxQuotaExceeded), 507, "113");
    is_int(eas_status_http(EAS_COMMAND_Sync, EAS_STATUS_DeviceNotProvisioned), 449, "142");
    is_int(eas_status_http(EAS_COMMAND_Sync, EAS_STATUS_InvalidIDs), 400, "106");
    is_int(eas_status_http(EAS_COMMAND_SendMail, EAS_STATUS_InvalidIDs), 500, "106 of SendMail");
    is_int(eas_status_http(EAS_COMMAND_Sync, EAS_STATUS_SyncStateNotFound), 403, "132");
    is_int(eas_status_http(EAS_COMMAND_Provision, EAS_STATUS_SyncStateNotFound), 500,
           "132 of Provision");
    is_int(eas_status_http(EAS_COMMAND_Sync, 3), 0, "a Status below 100 stays one");
    is_int(eas_status_http(EAS_COMMAND_Sync, 199), 500, "an unknown status");
    is_str(eas_status_name(102), "InvalidWBXML", "name");
    is_str(eas_status_name(12), NULL, "only common statuses have one");
    is_str(eas_status_name(-1), NULL, "none below");
    is_str(eas_status_name(300), NULL, "none above");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_tags();
    test_commands();
    test_versions(pool);
    test_statuses();
    apr_terminate();
    return done_testing();
}
