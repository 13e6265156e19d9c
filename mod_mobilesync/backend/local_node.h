/* Folders as the core sees them: what the trees of mail folders (local_tree.c) and of collections
 * (local_vdir_tree.c) have in common. */
#ifndef BACKEND_LOCAL_NODE_H
#define BACKEND_LOCAL_NODE_H

#include "backend/local_index.h"

typedef struct {
    const local_folder_t *row;
    const local_folder_t *parent; /* NULL: top level */
    const char *name;
    backend_role_t role;
} local_node_t;

/* NULL: there is none (and for id NULL). nodes: local_node_t. */
local_node_t *local_node_find(const apr_array_header_t *nodes, const char *id);
/* FOLDER_GONE when there is none; *node is NULL for id NULL, the top level. */
base_fault_t *local_node_load(const apr_array_header_t *nodes, const char *id, local_node_t **node,
                              apr_pool_t *pool);
/* One that may be renamed and deleted: FOLDER_GONE, DENIED when its role keeps it as it is. */
base_fault_t *local_node_own(const apr_array_header_t *nodes, const char *id, local_node_t **node,
                             apr_pool_t *pool);
base_fault_t *local_node_gone(apr_pool_t *pool);

/* EXISTS when another folder than moved (NULL: a new one) of that class has the place already. */
base_fault_t *local_node_place_check(const apr_array_header_t *nodes, const local_node_t *moved,
                                     const local_node_t *parent, const char *name,
                                     backend_class_t class_, apr_pool_t *pool);

/* Adds a backend_folder_t for each of them. */
void local_node_list(const apr_array_header_t *nodes, apr_array_header_t *folders);

/* -- deleting: directories are moved out of the way first, each in one step, all or none; emptying
 * them takes longer and needs no lock. What a crash leaves is removed by a later look at the
 * folders -- */

typedef struct {
    int base;           /* where they are: an open directory */
    const char *prefix; /* of the names that they have until they are emptied */
    apr_array_header_t *moved;
} local_aside_t;

void local_aside_begin(local_aside_t *aside, int base, const char *prefix, apr_pool_t *pool);
/* One that is not there any more is no fault. */
base_fault_t *local_aside_move(local_aside_t *aside, const char *directory, apr_pool_t *pool);
/* Empties them, or puts them back where there is a fault, which is returned. */
base_fault_t *local_aside_end(local_aside_t *aside, base_fault_t *fault);

#endif
