/* The folder hierarchy as a device has it, and what it must be told of (MS-ASCMD 2.2.1.5).
 * Fields of the HIERARCHY record: m (keys and protocol version), b (the folders at the base),
 * p.N (the folders after answer N). Lists are short enough to be kept whole. */
#ifndef SYNC_HIERARCHY_H
#define SYNC_HIERARCHY_H

#include <apr_pools.h>
#include <apr_tables.h>

#include "sync/key.h"

#define SYNC_HIERARCHY_FIELD "m"
#define SYNC_HIERARCHY_BASE_FIELD "b"

typedef struct {
    const char *id;
    const char *parent_id; /* "0": top level */
    const char *name;
    int type;
} sync_folder_t;

typedef enum { SYNC_FOLDER_ADD, SYNC_FOLDER_UPDATE, SYNC_FOLDER_DELETE } sync_folder_op_t;

typedef struct {
    sync_folder_op_t op;
    sync_folder_t folder; /* DELETE: as it was */
} sync_folder_command_t;

typedef struct {
    sync_keys_t keys;
    unsigned protocol;
} sync_hierarchy_state_t;

/* Arrays of sync_folder_t. Parents are put right: one that is not in the list, or that is
 * below the folder itself, becomes "0". */
apr_array_header_t *sync_hierarchy_normalize(const apr_array_header_t *folders, apr_pool_t *pool);

/* sync_folder_command_t: Updates, then Deletes (children before their parents), then Adds
 * (parents before their children). */
apr_array_header_t *sync_hierarchy_diff(const apr_array_header_t *given,
                                        const apr_array_header_t *now, apr_pool_t *pool);

void sync_hierarchy_state_pack(const sync_hierarchy_state_t *state, base_text_buffer_t *out);
sync_hierarchy_state_t *sync_hierarchy_state_unpack(const void *data, apr_size_t length,
                                                    apr_pool_t *pool);
void sync_hierarchy_folders_pack(const apr_array_header_t *folders, base_text_buffer_t *out);
/* NULL when damaged. */
apr_array_header_t *sync_hierarchy_folders_unpack(const void *data, apr_size_t length,
                                                  apr_pool_t *pool);

#endif
