#include "backend/local_tree.h"

#include <errno.h>
#include <string.h>
#include <apr_strings.h>

#include "backend/blob.h"
#include "backend/local_folder.h"
#include "backend/local_fs.h"
#include "backend/local_name.h"
#include "backend/local_node.h"

/* -- reading -------------------------------------------------------------------------------- */

/* One whose directory is missing at the moment gives way to the one in its place. */
static const local_folder_t *tree_find(const apr_array_header_t *rows, const char *directory,
                                       apr_size_t length)
{
    const local_folder_t *found = NULL;
    int i;

    for (i = 0; i < rows->nelts; i++) {
        const local_folder_t *row = &APR_ARRAY_IDX(rows, i, local_folder_t);

        if (strlen(row->directory) == length && memcmp(row->directory, directory, length) == 0 &&
            (!found || found->missed))
            found = row;
    }
    return found;
}

/* Levels of a name that is below what is there are shown joined: ".A.B" without ".A" is "A/B". */
static const char *tree_name(const char *levels, apr_pool_t *pool)
{
    const char *name = "";

    if (!*levels || *levels == '.' || strstr(levels, "..") || levels[strlen(levels) - 1] == '.')
        return local_name_decode_level(levels, pool); /* empty levels: no hierarchy of ours */
    while (*levels) {
        apr_size_t length = strcspn(levels, ".");
        const char *level = local_name_decode_level(apr_pstrmemdup(pool, levels, length), pool);

        name = *name ? apr_pstrcat(pool, name, "/", level, NULL) : level;
        levels += length + (levels[length] == '.');
    }
    return name;
}

static void tree_node(const apr_array_header_t *rows, const local_folder_t *row, local_node_t *node,
                      apr_pool_t *pool)
{
    const char *directory = row->directory;
    apr_size_t length = strlen(directory), end;

    memset(node, 0, sizeof *node);
    node->row = row;
    if (!length) {
        node->name = "INBOX";
        node->role = BACKEND_ROLE_INBOX;
        return;
    }
    for (end = length - 1; end > 1; end--)
        if (directory[end] == '.' && directory[end + 1] &&
            (node->parent = tree_find(rows, directory, end)))
            break;
    if (!node->parent && strncmp(directory, ".INBOX.", 7) == 0 && directory[7] &&
        (node->parent = tree_find(rows, "", 0)))
        end = 6;
    node->name = tree_name(directory + (node->parent ? end + 1 : 1), pool);
}

/* The best name of each role gets it. */
static void tree_roles(apr_array_header_t *nodes, const char *const *configured)
{
    local_node_t *best[BACKEND_ROLE_DEFAULT + 1] = {NULL};
    int rank[BACKEND_ROLE_DEFAULT + 1], i;

    for (i = 0; i < nodes->nelts; i++) {
        local_node_t *node = &APR_ARRAY_IDX(nodes, i, local_node_t);
        backend_role_t role;
        int found;

        if (node->parent || node->role == BACKEND_ROLE_INBOX ||
            (found = local_name_role(node->name, configured, &role)) < 0)
            continue;
        if (!best[role] || found < rank[role]) {
            best[role] = node;
            rank[role] = found;
        }
    }
    for (i = 0; i <= BACKEND_ROLE_DEFAULT; i++)
        if (best[i])
            best[i]->role = i;
}

/* nodes: local_node_t of every folder, in the order of their numbers. */
static base_fault_t *tree_load(local_session_t *session, apr_array_header_t **nodes,
                               apr_pool_t *pool)
{
    apr_array_header_t *rows;
    int i;

    BASE_TRY(local_folder_all(session, 0, &rows, pool));
    *nodes = apr_array_make(pool, rows->nelts, sizeof(local_node_t));
    for (i = 0; i < rows->nelts; i++) {
        const local_folder_t *row = &APR_ARRAY_IDX(rows, i, local_folder_t);

        /* a row that is about to be dropped gives way to the one in its place */
        if (row->missed && tree_find(rows, row->directory, strlen(row->directory)) != row)
            continue;
        tree_node(rows, row, apr_array_push(*nodes), pool);
    }
    tree_roles(*nodes, session->instance->config->names);
    return NULL;
}

static local_node_t *tree_by_role(const apr_array_header_t *nodes, backend_role_t role)
{
    int i;

    for (i = 0; i < nodes->nelts; i++)
        if (APR_ARRAY_IDX(nodes, i, local_node_t).role == role)
            return &APR_ARRAY_IDX(nodes, i, local_node_t);
    return NULL;
}

/* -- making --------------------------------------------------------------------------------- */

/* The directory of a folder of that name; INVALID when the disk cannot have it. */
static base_fault_t *tree_directory(const local_node_t *parent, const char *name,
                                    const char **directory, apr_pool_t *pool)
{
    const char *above = !parent ? "" : !*parent->row->directory ? ".INBOX" : parent->row->directory;

    if (!backend_folder_name_valid(name))
        return base_fault_make(pool, BASE_FAULT_INVALID, "a folder cannot have that name");
    *directory = apr_pstrcat(pool, above, ".", local_name_encode_level(name, pool), NULL);
    if (strlen(*directory) > 255)
        return base_fault_make(pool, BASE_FAULT_INVALID, "the name is too long for the store");
    return NULL;
}

static base_fault_t *tree_make(local_session_t *session, const char *directory, const char **id,
                               apr_pool_t *pool)
{
    local_folder_t added;
    base_fault_t *fault = local_maildir_make(session->maildir, directory, pool);

    if (fault && APR_STATUS_IS_EEXIST(fault->status))
        return base_fault_make(pool, BASE_FAULT_EXISTS, "there is a folder '%s'", directory);
    BASE_TRY(fault);
    BASE_TRY(local_folder_add(session, directory, NULL, 0, &added, pool));
    *id = added.id;
    return NULL;
}

static base_fault_t *tree_create_locked(local_session_t *session, const char *parent_id,
                                        const char *name, const char **id, apr_pool_t *pool)
{
    local_node_t *parent;
    apr_array_header_t *nodes;
    const char *directory;

    BASE_TRY(tree_load(session, &nodes, pool));
    BASE_TRY(local_node_load(nodes, parent_id, &parent, pool));
    BASE_TRY(tree_directory(parent, name, &directory, pool));
    BASE_TRY(local_node_place_check(nodes, NULL, parent, name, BACKEND_CLASS_EMAIL, pool));
    return tree_make(session, directory, id, pool);
}

base_fault_t *local_tree_create(void *data, const char *parent_id, const char *name,
                                backend_class_t class_, const char **id, apr_pool_t *pool)
{
    local_session_t *session = data;

    if (class_ != BACKEND_CLASS_EMAIL)
        return base_fault_make(pool, BASE_FAULT_UNSUPPORTED, "only mail folders are kept here");
    BASE_TRY(local_folders_look(session, pool));
    BASE_TRY(local_begin(session->index, pool));
    return local_end(session->index, tree_create_locked(session, parent_id, name, id, pool), pool);
}

/* Special folders that every client needs and the mailbox has not; after the first time there is
 * nothing to do. A mailbox that cannot be written to goes without. */
static base_fault_t *tree_special_make(local_session_t *session, apr_pool_t *pool)
{
    static const backend_role_t roles[] = {BACKEND_ROLE_DRAFTS, BACKEND_ROLE_SENT,
                                           BACKEND_ROLE_TRASH};
    apr_array_header_t *nodes;
    const char *id, *name;
    base_fault_t *fault;
    size_t i;

    BASE_TRY(tree_load(session, &nodes, pool));
    for (i = 0; i < sizeof roles / sizeof *roles; i++) {
        if (tree_by_role(nodes, roles[i]))
            continue;
        name = local_name_of_role(roles[i], session->instance->config->names);
        fault = tree_create_locked(session, NULL, name, &id, pool);
        if (base_fault_code(fault) == BASE_FAULT_DENIED ||
            base_fault_code(fault) == BASE_FAULT_QUOTA ||
            base_fault_code(fault) == BASE_FAULT_EXISTS)
            base_log_write(session->instance->log, BASE_LOG_WARNING,
                           "local backend: account %s: cannot make the folder %s: %s",
                           session->account, name, fault->message);
        else if (fault)
            return fault;
    }
    return NULL;
}

base_fault_t *local_tree_list(void *data, apr_array_header_t **folders, apr_pool_t *pool)
{
    local_session_t *session = data;
    apr_array_header_t *nodes;

    BASE_TRY(local_folders_look(session, pool));
    BASE_TRY(tree_load(session, &nodes, pool));
    if (session->instance->config->create &&
        (!tree_by_role(nodes, BACKEND_ROLE_DRAFTS) || !tree_by_role(nodes, BACKEND_ROLE_SENT) ||
         !tree_by_role(nodes, BACKEND_ROLE_TRASH))) {
        BASE_TRY(local_begin(session->index, pool));
        BASE_TRY(local_end(session->index, tree_special_make(session, pool), pool));
        /* made by this process, or by another one that held the lock before */
        BASE_TRY(tree_load(session, &nodes, pool));
    }
    *folders = apr_array_make(pool, nodes->nelts, sizeof(backend_folder_t));
    local_node_list(nodes, *folders);
    return NULL;
}

/* -- renaming and deleting ------------------------------------------------------------------ */

/* Is the directory that one, or below it? */
static int tree_within(const char *directory, const char *above)
{
    apr_size_t length = strlen(above);

    return strncmp(directory, above, length) == 0 &&
           (directory[length] == '\0' || directory[length] == '.');
}

static base_fault_t *tree_rename_fault(int error, const char *from, const char *to,
                                       apr_pool_t *pool)
{
    if (error == EEXIST || error == ENOTEMPTY)
        return base_fault_make(pool, BASE_FAULT_EXISTS, "there is a folder '%s'", to);
    if (error == ENOENT)
        return local_node_gone(pool);
    return local_fault(error, pool, "renaming '%s' to '%s'", from, to);
}

/* Renames the folder's directory and those below it: all, or none. */
static base_fault_t *tree_rename_directories(local_session_t *session,
                                             const apr_array_header_t *nodes, const char *from,
                                             const char *to, apr_pool_t *pool)
{
    apr_array_header_t *done = apr_array_make(pool, 4, sizeof(const local_folder_t *));
    base_fault_t *fault = NULL;
    int i;

    for (i = 0; i < nodes->nelts && !fault; i++) {
        const local_folder_t *row = APR_ARRAY_IDX(nodes, i, local_node_t).row;
        const char *target;

        if (!tree_within(row->directory, from))
            continue;
        target = apr_pstrcat(pool, to, row->directory + strlen(from), NULL);
        if (local_rename(session->maildir, row->directory, session->maildir, target) != 0) {
            fault = tree_rename_fault(errno, row->directory, target, pool);
            break;
        }
        APR_ARRAY_PUSH(done, const local_folder_t *) = row;
        fault = local_folder_place(session, row, target, pool);
    }
    for (i = done->nelts - 1; i >= 0 && fault; i--) {
        const char *source = APR_ARRAY_IDX(done, i, const local_folder_t *)->directory;

        local_rename(session->maildir, apr_pstrcat(pool, to, source + strlen(from), NULL),
                     session->maildir, source);
    }
    return fault;
}

static base_fault_t *tree_rename_locked(local_session_t *session, const char *id,
                                        const char *parent_id, const char *name, apr_pool_t *pool)
{
    local_node_t *parent;
    apr_array_header_t *nodes;
    const char *directory;
    local_node_t *node;

    BASE_TRY(tree_load(session, &nodes, pool));
    BASE_TRY(local_node_own(nodes, id, &node, pool));
    BASE_TRY(local_node_load(nodes, parent_id, &parent, pool));
    BASE_TRY(tree_directory(parent, name, &directory, pool));
    if (strcmp(directory, node->row->directory) == 0)
        return NULL;
    if (tree_within(directory, node->row->directory))
        return base_fault_make(pool, BASE_FAULT_INVALID, "a folder cannot be in itself");
    BASE_TRY(local_node_place_check(nodes, node, parent, name, BACKEND_CLASS_EMAIL, pool));
    return tree_rename_directories(session, nodes, node->row->directory, directory, pool);
}

base_fault_t *local_tree_rename(void *data, const char *id, const char *parent_id, const char *name,
                                apr_pool_t *pool)
{
    local_session_t *session = data;

    BASE_TRY(local_folders_look(session, pool));
    BASE_TRY(local_begin(session->index, pool));
    return local_end(session->index, tree_rename_locked(session, id, parent_id, name, pool), pool);
}

static base_fault_t *tree_delete_locked(local_session_t *session, const char *id,
                                        local_aside_t *aside, apr_pool_t *pool)
{
    apr_array_header_t *nodes;
    local_node_t *node;
    int i;

    BASE_TRY(tree_load(session, &nodes, pool));
    BASE_TRY(local_node_own(nodes, id, &node, pool));
    for (i = nodes->nelts - 1; i >= 0; i--) {
        const local_folder_t *row = APR_ARRAY_IDX(nodes, i, local_node_t).row;

        if (!tree_within(row->directory, node->row->directory))
            continue;
        BASE_TRY(local_aside_move(aside, row->directory, pool));
        BASE_TRY(local_folder_drop(session, row->number, pool));
    }
    return NULL;
}

base_fault_t *local_tree_delete(void *data, const char *id, apr_pool_t *pool)
{
    local_session_t *session = data;
    local_aside_t aside;

    BASE_TRY(local_folders_look(session, pool));
    BASE_TRY(local_begin(session->index, pool));
    local_aside_begin(&aside, session->maildir, LOCAL_DELETED_PREFIX, pool);
    return local_aside_end(
        &aside, local_end(session->index, tree_delete_locked(session, id, &aside, pool), pool));
}
