#include "sync/hierarchy.h"

#include <string.h>
#include <apr_hash.h>
#include <apr_strings.h>

#define HIERARCHY_FORMAT 1
#define HIERARCHY_FOLDERS_MAX 100000
#define HIERARCHY_DEPTH_MAX 300

static const sync_folder_t *folder_at(const apr_array_header_t *folders, int i)
{
    return &APR_ARRAY_IDX(folders, i, sync_folder_t);
}

static apr_hash_t *folders_by_id(const apr_array_header_t *folders, apr_pool_t *pool)
{
    apr_hash_t *by_id = apr_hash_make(pool);
    int i;

    for (i = 0; i < folders->nelts; i++)
        apr_hash_set(by_id, folder_at(folders, i)->id, APR_HASH_KEY_STRING, folder_at(folders, i));
    return by_id;
}

/* How many folders are above; HIERARCHY_DEPTH_MAX when it never ends. */
static int folder_depth(apr_hash_t *by_id, const sync_folder_t *folder)
{
    int depth;

    for (depth = 0; depth < HIERARCHY_DEPTH_MAX && folder->parent_id; depth++) {
        folder = apr_hash_get(by_id, folder->parent_id, APR_HASH_KEY_STRING);
        if (!folder)
            break;
    }
    return depth;
}

apr_array_header_t *sync_hierarchy_normalize(const apr_array_header_t *folders, apr_pool_t *pool)
{
    apr_array_header_t *normal = apr_array_copy(pool, folders);
    apr_hash_t *by_id = folders_by_id(folders, pool);
    int i;

    for (i = 0; i < normal->nelts; i++) {
        sync_folder_t *folder = &APR_ARRAY_IDX(normal, i, sync_folder_t);

        if (!folder->parent_id || !apr_hash_get(by_id, folder->parent_id, APR_HASH_KEY_STRING) ||
            folder_depth(by_id, folder) == HIERARCHY_DEPTH_MAX)
            folder->parent_id = "0";
    }
    return normal;
}

/* Adds the commands of all folders of one list that the other has not, by depth. */
static void diff_one_sided(const apr_array_header_t *folders, apr_hash_t *other,
                           sync_folder_op_t op, apr_array_header_t *commands, apr_pool_t *pool)
{
    apr_hash_t *by_id = folders_by_id(folders, pool);
    int deepest = 0, step, i;
    int *depths = apr_palloc(pool, (apr_size_t)(folders->nelts + 1) * sizeof *depths);

    for (i = 0; i < folders->nelts; i++) {
        depths[i] = apr_hash_get(other, folder_at(folders, i)->id, APR_HASH_KEY_STRING)
                        ? -1
                        : folder_depth(by_id, folder_at(folders, i));
        if (depths[i] > deepest)
            deepest = depths[i];
    }
    for (step = 0; step <= deepest; step++)
        for (i = 0; i < folders->nelts; i++)
            if (depths[i] == (op == SYNC_FOLDER_DELETE ? deepest - step : step))
                APR_ARRAY_PUSH(commands, sync_folder_command_t) =
                    (sync_folder_command_t){.op = op, .folder = *folder_at(folders, i)};
}

apr_array_header_t *sync_hierarchy_diff(const apr_array_header_t *given,
                                        const apr_array_header_t *now, apr_pool_t *pool)
{
    apr_array_header_t *commands = apr_array_make(pool, 4, sizeof(sync_folder_command_t));
    apr_hash_t *given_by_id = folders_by_id(given, pool);
    int i;

    for (i = 0; i < now->nelts; i++) {
        const sync_folder_t *folder = folder_at(now, i);
        const sync_folder_t *was = apr_hash_get(given_by_id, folder->id, APR_HASH_KEY_STRING);

        if (was && (strcmp(was->name, folder->name) != 0 || was->type != folder->type ||
                    strcmp(was->parent_id, folder->parent_id) != 0))
            APR_ARRAY_PUSH(commands, sync_folder_command_t) =
                (sync_folder_command_t){.op = SYNC_FOLDER_UPDATE, .folder = *folder};
    }
    diff_one_sided(given, folders_by_id(now, pool), SYNC_FOLDER_DELETE, commands, pool);
    diff_one_sided(now, given_by_id, SYNC_FOLDER_ADD, commands, pool);
    return commands;
}

void sync_hierarchy_state_pack(const sync_hierarchy_state_t *state, base_text_buffer_t *out)
{
    sync_pack_uint(out, HIERARCHY_FORMAT);
    sync_keys_pack(&state->keys, out);
    sync_pack_uint(out, state->protocol);
}

sync_hierarchy_state_t *sync_hierarchy_state_unpack(const void *data, apr_size_t length,
                                                    apr_pool_t *pool)
{
    sync_hierarchy_state_t *state = apr_pcalloc(pool, sizeof *state);
    sync_unpack_t in;

    sync_unpack_start(&in, data, length);
    if (sync_unpack_uint(&in) != HIERARCHY_FORMAT)
        return NULL;
    sync_keys_unpack(&state->keys, &in, pool);
    state->protocol = sync_unpack_count(&in, 65535);
    return sync_unpack_end(&in) ? state : NULL;
}

void sync_hierarchy_folders_pack(const apr_array_header_t *folders, base_text_buffer_t *out)
{
    int i;

    sync_pack_uint(out, HIERARCHY_FORMAT);
    sync_pack_uint(out, (apr_uint64_t)folders->nelts);
    for (i = 0; i < folders->nelts; i++) {
        const sync_folder_t *folder = folder_at(folders, i);

        sync_pack_text(out, folder->id);
        sync_pack_text(out, folder->parent_id);
        sync_pack_text(out, folder->name);
        sync_pack_uint(out, (apr_uint64_t)folder->type);
    }
}

apr_array_header_t *sync_hierarchy_folders_unpack(const void *data, apr_size_t length,
                                                  apr_pool_t *pool)
{
    apr_array_header_t *folders;
    sync_unpack_t in;
    unsigned count, i;

    sync_unpack_start(&in, data, length);
    if (sync_unpack_uint(&in) != HIERARCHY_FORMAT)
        return NULL;
    count = sync_unpack_count(&in, HIERARCHY_FOLDERS_MAX);
    folders = apr_array_make(pool, 16, sizeof(sync_folder_t));
    for (i = 0; i < count && !in.bad; i++) {
        sync_folder_t *folder = apr_array_push(folders);

        folder->id = sync_unpack_text(&in, pool);
        folder->parent_id = sync_unpack_text(&in, pool);
        folder->name = sync_unpack_text(&in, pool);
        folder->type = (int)sync_unpack_count(&in, 255);
    }
    return sync_unpack_end(&in) ? folders : NULL;
}
