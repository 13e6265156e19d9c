#include "backend/local_node.h"

#include <errno.h>
#include <string.h>
#include <apr_strings.h>

#include "backend/local_fs.h"

local_node_t *local_node_find(const apr_array_header_t *nodes, const char *id)
{
    int i;

    for (i = 0; id && i < nodes->nelts; i++)
        if (strcmp(APR_ARRAY_IDX(nodes, i, local_node_t).row->id, id) == 0)
            return &APR_ARRAY_IDX(nodes, i, local_node_t);
    return NULL;
}

base_fault_t *local_node_gone(apr_pool_t *pool)
{
    return base_fault_make(pool, BASE_FAULT_FOLDER_GONE, "there is no such folder");
}

base_fault_t *local_node_load(const apr_array_header_t *nodes, const char *id, local_node_t **node,
                              apr_pool_t *pool)
{
    *node = local_node_find(nodes, id);
    return *node || !id ? NULL : local_node_gone(pool);
}

base_fault_t *local_node_own(const apr_array_header_t *nodes, const char *id, local_node_t **node,
                             apr_pool_t *pool)
{
    BASE_TRY(local_node_load(nodes, id, node, pool));
    if (!*node)
        return local_node_gone(pool);
    if ((*node)->role != BACKEND_ROLE_USER)
        return base_fault_make(pool, BASE_FAULT_DENIED, "a special folder stays as it is");
    return NULL;
}

base_fault_t *local_node_place_check(const apr_array_header_t *nodes, const local_node_t *moved,
                                     const local_node_t *parent, const char *name,
                                     backend_class_t class_, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < nodes->nelts; i++) {
        const local_node_t *node = &APR_ARRAY_IDX(nodes, i, local_node_t);

        if (node != moved && node->row->class_ == class_ && !node->row->missed &&
            node->parent == (parent ? parent->row : NULL) && strcmp(node->name, name) == 0)
            return base_fault_make(pool, BASE_FAULT_EXISTS, "there is a folder of that name");
    }
    return NULL;
}

void local_node_list(const apr_array_header_t *nodes, apr_array_header_t *folders)
{
    int i;

    for (i = 0; i < nodes->nelts; i++) {
        const local_node_t *node = &APR_ARRAY_IDX(nodes, i, local_node_t);
        backend_folder_t *folder = apr_array_push(folders);

        memset(folder, 0, sizeof *folder);
        folder->id = node->row->id;
        folder->parent_id = node->parent ? node->parent->id : NULL;
        folder->name = node->name;
        folder->class_ = node->row->class_;
        folder->role = node->role;
        folder->generation = node->row->generation;
    }
}

/* -- deleting ------------------------------------------------------------------------------- */

typedef struct {
    const char *directory, *hidden;
} aside_directory_t;

void local_aside_begin(local_aside_t *aside, int base, const char *prefix, apr_pool_t *pool)
{
    aside->base = base;
    aside->prefix = prefix;
    aside->moved = apr_array_make(pool, 2, sizeof(aside_directory_t));
}

base_fault_t *local_aside_move(local_aside_t *aside, const char *directory, apr_pool_t *pool)
{
    aside_directory_t one = {directory,
                             apr_pstrcat(pool, aside->prefix, local_id_make(pool), NULL)};

    if (local_rename(aside->base, directory, aside->base, one.hidden) == 0)
        APR_ARRAY_PUSH(aside->moved, aside_directory_t) = one;
    else if (errno != ENOENT)
        return local_fault(errno, pool, "deleting '%s'", directory);
    return NULL;
}

base_fault_t *local_aside_end(local_aside_t *aside, base_fault_t *fault)
{
    int i;

    for (i = 0; i < aside->moved->nelts; i++) {
        const aside_directory_t *one = &APR_ARRAY_IDX(aside->moved, i, aside_directory_t);

        if (fault)
            local_rename(aside->base, one->hidden, aside->base, one->directory);
        else
            local_tree_remove(aside->base, one->hidden);
    }
    return fault;
}
