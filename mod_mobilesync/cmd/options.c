#include "cmd/options.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cmd/collection.h"
#include "eas/status.h"
#include "sync/filter.h"

void cmd_options_init(cmd_options_t *options, eas_version_t version)
{
    memset(options, 0, sizeof *options);
    options->conflict = CMD_CONFLICT_SERVER; /* R2083: the default */
    item_options_init(&options->item, version);
}

static base_fault_t *options_invalid(const char *what, apr_pool_t *pool)
{
    return base_fault_make(pool, BASE_FAULT_INVALID, "Options: %s is not valid", what);
}

/* A number among the children: absent leaves *value alone. */
static base_fault_t *options_uint(const eas_node_t *node, eas_tag_t tag, apr_uint64_t maximum,
                                  apr_uint64_t *value, apr_pool_t *pool)
{
    return eas_node_child_uint(node, tag, maximum, value) < 0
               ? options_invalid(eas_tag_name(tag), pool)
               : NULL;
}

/* BodyPreference and BodyPartPreference have the same children. */
static base_fault_t *options_preference(const eas_node_t *node, item_body_preference_t *preference,
                                        apr_pool_t *pool)
{
    apr_uint64_t type = 0, size = ITEM_TRUNCATION_NONE, preview = 0;
    int all_or_none = eas_node_child_flag(node, EAS_AirSyncBase_AllOrNone, 0);

    BASE_TRY(options_uint(node, EAS_AirSyncBase_Type, ITEM_BODY_MIME, &type, pool));
    BASE_TRY(options_uint(node, EAS_AirSyncBase_TruncationSize, APR_UINT32_MAX, &size, pool));
    BASE_TRY(options_uint(node, EAS_AirSyncBase_Preview, ITEM_PREVIEW_MAX, &preview, pool));
    if (type < ITEM_BODY_TEXT || all_or_none < 0)
        return options_invalid(eas_tag_name(node->tag), pool);
    *preference =
        (item_body_preference_t){.type = (item_body_type_t)type,
                                 .truncation_size = size,
                                 /* MS-ASAIRS R60, R75 */
                                 .all_or_none = all_or_none && size != ITEM_TRUNCATION_NONE,
                                 .preview = (int)preview};
    return NULL;
}

static base_fault_t *options_body(const eas_node_t *node, item_options_t *item, apr_pool_t *pool)
{
    item_body_preference_t preference;
    int i;

    BASE_TRY(options_preference(node, &preference, pool));
    for (i = 0; i < item->preference_count; i++)
        if (item->preferences[i].type == preference.type)
            return options_invalid("a second BodyPreference of a Type", pool);
    item->preferences[item->preference_count++] = preference;
    return NULL;
}

/* There is one for each Type (MS-ASAIRS R146), and HTML is the only one (R324). A version that does
 * not have the element has no Status for it either. */
static base_fault_t *options_body_part(const eas_node_t *node, cmd_options_t *options,
                                       apr_pool_t *pool)
{
    item_body_preference_t preference;

    if (!eas_tag_in_version(node->tag, options->item.version))
        return NULL;
    BASE_TRY(options_preference(node, &preference, pool));
    if (preference.type != ITEM_BODY_HTML)
        options->refused = EAS_STATUS_BodyPartPreferenceTypeNotSupported;
    else if (options->item.part_preference.type)
        return options_invalid("a second BodyPartPreference of a Type", pool);
    else
        options->item.part_preference = preference;
    return NULL;
}

base_fault_t *cmd_options_parse(const eas_node_t *node, cmd_options_t *options, apr_pool_t *pool)
{
    const eas_node_t *child;
    apr_uint64_t filter = 0, conflict = options->conflict, support = 0, truncation = 8;

    BASE_TRY(options_uint(node, EAS_AirSync_FilterType, SYNC_FILTER_MAX, &filter, pool));
    BASE_TRY(options_uint(node, EAS_AirSync_Conflict, 1, &conflict, pool));
    BASE_TRY(options_uint(node, EAS_AirSync_MIMESupport, 2, &support, pool));
    BASE_TRY(options_uint(node, EAS_AirSync_MIMETruncation, 8, &truncation, pool));
    options->filter_type = (int)filter;
    options->conflict = (cmd_conflict_t)conflict;
    options->item.mime_support = (int)support;
    if (!item_options_mime_truncation((unsigned)truncation, &options->item.mime_truncation))
        return options_invalid("MIMETruncation", pool);
    for (child = eas_node_child(node, EAS_AirSyncBase_BodyPreference); child;
         child = eas_node_next(child))
        BASE_TRY(options_body(child, &options->item, pool));
    for (child = eas_node_child(node, EAS_AirSyncBase_BodyPartPreference); child;
         child = eas_node_next(child))
        BASE_TRY(options_body_part(child, options, pool));
    return NULL;
}

int cmd_options_conversations(const eas_node_t *collection, eas_version_t version, int *value)
{
    const eas_node_t *node = eas_node_child(collection, EAS_AirSync_ConversationMode);

    *value = COLLECTION_CONVERSATIONS_STICKY;
    if (!node || !eas_tag_in_version(node->tag, version))
        return 1;
    *value = eas_node_child_flag(collection, node->tag, 0);
    return *value >= 0;
}

int cmd_options_foreign(const eas_node_t *operation)
{
    const eas_node_t *options = eas_node_child(operation, EAS_ItemOperations_Options);
    const eas_node_t *option = options ? options->first : NULL;

    for (; option; option = option->next) {
        eas_tag_t owner = option->tag == EAS_ItemOperations_DeleteSubFolders
                              ? EAS_ItemOperations_EmptyFolderContents
                          : option->tag == EAS_ItemOperations_MoveAlways ? EAS_ItemOperations_Move
                                                                         : EAS_ItemOperations_Fetch;

        if (owner != operation->tag)
            return 1;
    }
    return 0;
}

static void options_encode_preference(base_text_buffer_t *out, char letter,
                                      const item_body_preference_t *preference)
{
    base_text_buffer_printf(out, " %c%d,%" APR_UINT64_T_FMT ",%d,%d", letter, (int)preference->type,
                            preference->truncation_size, preference->all_or_none,
                            preference->preview);
}

const char *cmd_options_encode(const cmd_options_t *options, apr_pool_t *pool)
{
    base_text_buffer_t out = {.pool = pool};
    const item_options_t *item = &options->item;
    int i;

    base_text_buffer_printf(&out, "f%d c%d m%d t%" APR_UINT64_T_FMT, options->filter_type,
                            (int)options->conflict, item->mime_support, item->mime_truncation);
    for (i = 0; i < item->preference_count; i++)
        options_encode_preference(&out, 'b', &item->preferences[i]);
    if (item->part_preference.type)
        options_encode_preference(&out, 'p', &item->part_preference);
    return out.data;
}

static int options_decode_preference(const char *text, item_body_preference_t *preference)
{
    unsigned long long size;
    int type;

    if (sscanf(text, "%d,%llu,%d,%d", &type, &size, &preference->all_or_none,
               &preference->preview) != 4 ||
        type < ITEM_BODY_TEXT || type > ITEM_BODY_MIME)
        return 0;
    preference->type = (item_body_type_t)type;
    preference->truncation_size = size;
    return 1;
}

void cmd_options_decode(const char *text, cmd_options_t *options)
{
    const char *p;

    for (p = text; p && *p; p = strchr(p, ' ')) {
        item_options_t *item = &options->item;
        item_body_preference_t preference;
        unsigned long long number = 0;

        p += *p == ' ';
        if (*p == 'b' || *p == 'p') {
            if (!options_decode_preference(p + 1, &preference))
                continue;
            if (*p == 'p')
                item->part_preference = preference;
            else if (item->preference_count < ITEM_BODY_PREFERENCES_MAX)
                item->preferences[item->preference_count++] = preference;
            continue;
        }
        if (sscanf(p + 1, "%llu", &number) != 1)
            continue;
        if (*p == 'f' && number <= SYNC_FILTER_MAX)
            options->filter_type = (int)number;
        else if (*p == 'c' && number <= 1)
            options->conflict = (cmd_conflict_t)number;
        else if (*p == 'm' && number <= 2)
            options->item.mime_support = (int)number;
        else if (*p == 't')
            options->item.mime_truncation = number;
    }
}
