/* Collections as the core sees them: folders with names, parents and classes. */
#include "backend/local_vdir.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <apr_strings.h>

#include "backend/blob.h"
#include "backend/local_folder.h"
#include "backend/local_fs.h"
#include "backend/local_mark.h"
#include "backend/local_node.h"
#include "base/text.h"

/* The names of a class's default folder that is made, and others that it is known by. */
static const char *const tree_names[LOCAL_CLASSES][4] = {
    [BACKEND_CLASS_CALENDAR] = {"Calendar", "Kalender", "personal", NULL},
    [BACKEND_CLASS_CONTACTS] = {"Contacts", "Kontakte", "personal", NULL},
    [BACKEND_CLASS_TASKS] = {"Tasks", "Aufgaben", "personal", NULL},
    [BACKEND_CLASS_NOTES] = {"Notes", "Notizen", "personal", NULL}};

/* -- reading -------------------------------------------------------------------------------- */

static const local_folder_t *tree_row(const apr_array_header_t *rows, const char *id)
{
    int i;

    for (i = 0; i < rows->nelts; i++)
        if (strcmp(APR_ARRAY_IDX(rows, i, local_folder_t).id, id) == 0)
            return &APR_ARRAY_IDX(rows, i, local_folder_t);
    return NULL;
}

/* A name is the collection's: all of its views have it. */
static const char *tree_name(local_session_t *session, const local_folder_t *row, apr_pool_t *pool)
{
    int directory = local_directory_open(session->vdir, row->directory);
    local_collection_t collection = {.name = NULL};

    if (directory >= 0) {
        local_collection_read(directory, &collection, pool);
        close(directory);
    }
    return collection.name ? collection.name
                           : base_text_line(row->directory, strlen(row->directory), pool);
}

/* -- the default folder of a class -------------------------------------------------------------- */

static int tree_rank(const local_session_t *session, const local_node_t *node)
{
    const char *configured = session->instance->config->class_names[node->row->class_];
    int rank;

    if (node->row->chosen)
        return 0;
    if (configured &&
        (strcmp(node->name, configured) == 0 || strcmp(node->row->directory, configured) == 0))
        return 1;
    for (rank = 0; tree_names[node->row->class_][rank]; rank++)
        if (strcasecmp(node->name, tree_names[node->row->class_][rank]) == 0)
            return rank + 2;
    return node->parent ? 100 : 99;
}

/* The one that was chosen, also while its directory is being looked for, else the best name, else the
 * oldest; NULL: the class has no folder. */
static local_node_t *tree_best(const local_session_t *session, const apr_array_header_t *nodes,
                               backend_class_t class_)
{
    local_node_t *best = NULL;
    int i, rank, best_rank = 0;

    for (i = 0; i < nodes->nelts; i++) {
        local_node_t *node = &APR_ARRAY_IDX(nodes, i, local_node_t);

        if (node->row->class_ != class_)
            continue;
        rank = tree_rank(session, node);
        if (!best || rank < best_rank) {
            best = node;
            best_rank = rank;
        }
    }
    return best;
}

/* nodes: local_node_t of every row, in the order of their numbers. */
static base_fault_t *tree_load(local_session_t *session, apr_array_header_t **nodes,
                               apr_pool_t *pool)
{
    apr_array_header_t *rows;
    local_node_t *best;
    int i, class_;

    BASE_TRY(local_folder_all(session, 1, &rows, pool));
    *nodes = apr_array_make(pool, rows->nelts, sizeof(local_node_t));
    for (i = 0; i < rows->nelts; i++) {
        const local_folder_t *row = &APR_ARRAY_IDX(rows, i, local_folder_t);
        local_node_t *node = apr_array_push(*nodes);

        node->row = row;
        node->parent = *row->parent ? tree_row(rows, row->parent) : NULL;
        node->name = tree_name(session, row, pool);
        node->role = BACKEND_ROLE_USER;
    }
    for (class_ = BACKEND_CLASS_EMAIL + 1; class_ < LOCAL_CLASSES; class_++)
        if ((best = tree_best(session, *nodes, class_)))
            best->role = BACKEND_ROLE_DEFAULT;
    return NULL;
}

static local_node_t *tree_default(const apr_array_header_t *nodes, backend_class_t class_)
{
    int i;

    for (i = 0; i < nodes->nelts; i++) {
        local_node_t *node = &APR_ARRAY_IDX(nodes, i, local_node_t);

        if (node->row->class_ == class_ && node->role == BACKEND_ROLE_DEFAULT)
            return node;
    }
    return NULL;
}

/* -- making --------------------------------------------------------------------------------- */

/* Radicale's store is known by the name that it always has. */
static int tree_radicale(const local_session_t *session)
{
    return strstr(session->paths.vdir, "/collection-root/") != NULL;
}

/* The name that users give is the directory's too, where file systems and other programs take it. */
static int tree_directory_safe(const local_session_t *session, const char *name)
{
    size_t length = strlen(name);

    return !tree_radicale(session) && name[0] != '.' && !strchr(name, '/') && length <= 128 &&
           name[length - 1] != '~';
}

/* Makes the collection under a hidden name with all that is in it, then gives it its own. */
static base_fault_t *tree_make(local_session_t *session, const char *name, local_folder_t *folder,
                               apr_pool_t *pool)
{
    const char *hidden = apr_pstrcat(pool, LOCAL_VDIR_HIDDEN, local_id_make(pool), NULL);
    const char *directory = tree_directory_safe(session, name) ? name : local_id_make(pool);
    int descriptor, error = 0;

    if (local_mkdir_like(session->vdir, hidden, session->vdir, 02777) != 0)
        return local_fault(errno, pool, "making '%s'", name);
    descriptor = local_directory_open(session->vdir, hidden);
    if (descriptor < 0 || local_collection_name_set(descriptor, name, folder->class_,
                                                    tree_radicale(session), pool) != 0)
        error = errno;
    if (descriptor >= 0)
        close(descriptor);
    if (!error && local_rename(session->vdir, hidden, session->vdir, directory) != 0)
        error = errno;
    if (error == EEXIST || error == ENOTEMPTY) {
        directory = local_id_make(pool);
        error = local_rename(session->vdir, hidden, session->vdir, directory) == 0 ? 0 : errno;
    }
    if (error) {
        local_tree_remove(session->vdir, hidden);
        return local_fault(error, pool, "making '%s'", name);
    }
    folder->directory = directory;
    return local_vdir_add(session, folder, pool);
}

static base_fault_t *tree_place_check(const apr_array_header_t *nodes, const local_node_t *moved,
                                      const local_node_t *parent, const char *name,
                                      backend_class_t class_, apr_pool_t *pool)
{
    if (!backend_folder_name_valid(name))
        return base_fault_make(pool, BASE_FAULT_INVALID, "a folder cannot have that name");
    return local_node_place_check(nodes, moved, parent, name, class_, pool);
}

static base_fault_t *tree_create_locked(local_session_t *session, const char *parent_id,
                                        const char *name, backend_class_t class_, const char **id,
                                        apr_pool_t *pool)
{
    local_folder_t made = {.class_ = class_, .parent = parent_id ? parent_id : ""};
    local_node_t *parent;
    apr_array_header_t *nodes;

    BASE_TRY(tree_load(session, &nodes, pool));
    BASE_TRY(local_node_load(nodes, parent_id, &parent, pool));
    BASE_TRY(tree_place_check(nodes, NULL, parent, name, class_, pool));
    BASE_TRY(tree_make(session, name, &made, pool));
    *id = made.id;
    return NULL;
}

base_fault_t *local_vdir_create(local_session_t *session, const char *parent_id, const char *name,
                                backend_class_t class_, const char **id, apr_pool_t *pool)
{
    if (session->vdir < 0)
        return base_fault_make(pool, BASE_FAULT_UNSUPPORTED, "only mail folders are kept here");
    BASE_TRY(local_folders_look(session, pool));
    BASE_TRY(local_begin(session->index, pool));
    return local_end(session->index, tree_create_locked(session, parent_id, name, class_, id, pool),
                     pool);
}

/* -- listing -------------------------------------------------------------------------------- */

/* A guess is right when the collection has such an item, which may go again later, and wrong when it
 * stayed empty while the collection got other views by its files. */
static base_fault_t *tree_settle_locked(local_session_t *session, const local_folder_t *folder,
                                        apr_pool_t *pool)
{
    apr_int64_t items, views;

    BASE_TRY(
        local_sql_integer(session->index, LOCAL_SQL_VDIR_COUNT, &items, pool, "i", folder->number));
    if (items)
        return local_sql_run(session->index, LOCAL_SQL_VDIR_SETTLED, pool, "i", folder->number);
    BASE_TRY(local_sql_integer(session->index, LOCAL_SQL_VDIR_VIEWS, &views, pool, "ti",
                               folder->directory, (apr_int64_t)0));
    if (views < 2)
        return NULL;
    local_mark_remove(session, folder, pool);
    return local_folder_drop(session, folder->number, pool);
}

/* Scans one whose class was a guess. */
static base_fault_t *tree_settle_guess(local_session_t *session, const local_folder_t *row,
                                       apr_pool_t *pool)
{
    apr_int64_t items, views;
    local_folder_t folder;
    base_fault_t *fault = local_scan_folder(session, row->id, LOCAL_LOOK_NOW, &folder, pool);

    if (base_fault_code(fault) == BASE_FAULT_FOLDER_GONE ||
        base_fault_code(fault) == BASE_FAULT_DENIED || base_fault_code(fault) == BASE_FAULT_BUSY)
        return NULL; /* another look settles it */
    BASE_TRY(fault);
    BASE_TRY(
        local_sql_integer(session->index, LOCAL_SQL_VDIR_COUNT, &items, pool, "i", folder.number));
    BASE_TRY(local_sql_integer(session->index, LOCAL_SQL_VDIR_VIEWS, &views, pool, "ti",
                               folder.directory, (apr_int64_t)0));
    if (!items && views < 2)
        return NULL;
    BASE_TRY(local_begin(session->index, pool));
    return local_end(session->index, tree_settle_locked(session, &folder, pool), pool);
}

static base_fault_t *tree_settle_guesses(local_session_t *session, apr_pool_t *pool)
{
    apr_array_header_t *rows;
    int i;

    BASE_TRY(local_folder_all(session, 1, &rows, pool));
    for (i = 0; i < rows->nelts; i++)
        if (APR_ARRAY_IDX(rows, i, local_folder_t).guessed)
            BASE_TRY(tree_settle_guess(session, &APR_ARRAY_IDX(rows, i, local_folder_t), pool));
    return NULL;
}

/* Chooses the class's default folder, or makes it. */
static base_fault_t *tree_choose(local_session_t *session, backend_class_t class_, apr_pool_t *pool)
{
    const char *name = session->instance->config->class_names[class_];
    local_folder_t made = {.class_ = class_, .chosen = 1};
    apr_array_header_t *nodes;
    local_node_t *best;

    BASE_TRY(tree_load(session, &nodes, pool));
    best = tree_default(nodes, class_);
    if (!best)
        return session->instance->config->create
                   ? tree_make(session, name ? name : tree_names[class_][0], &made, pool)
                   : NULL;
    if (best->row->chosen)
        return NULL;
    made = *best->row;
    made.chosen = 1;
    (void)local_mark_set(session, &made, pool); /* the index remembers where this cannot */
    return local_sql_run(session->index, LOCAL_SQL_VDIR_CHOOSE, pool, "ii", (apr_int64_t)1,
                         made.number);
}

static base_fault_t *tree_choose_all(local_session_t *session, apr_pool_t *pool)
{
    int class_;

    for (class_ = BACKEND_CLASS_EMAIL + 1; class_ < LOCAL_CLASSES; class_++) {
        base_fault_t *fault = tree_choose(session, class_, pool);

        if (base_fault_code(fault) != BASE_FAULT_DENIED &&
            base_fault_code(fault) != BASE_FAULT_QUOTA)
            BASE_TRY(fault);
        if (fault)
            base_log_write(session->instance->log, BASE_LOG_WARNING,
                           "local backend: account %s: cannot make a folder of class %s: %s",
                           session->account, local_class_name(class_), fault->message);
    }
    return NULL;
}

/* Has every class a default folder that was chosen, or none where none is made or can be? */
static int tree_is_settled(local_session_t *session, const apr_array_header_t *nodes)
{
    int class_;

    for (class_ = BACKEND_CLASS_EMAIL + 1; class_ < LOCAL_CLASSES; class_++) {
        const local_node_t *best = tree_default(nodes, class_);

        if (best ? !best->row->chosen
                 : session->instance->config->create &&
                       faccessat(session->vdir, ".", W_OK, AT_EACCESS) == 0)
            return 0;
    }
    return 1;
}

base_fault_t *local_vdir_list(local_session_t *session, apr_array_header_t *folders,
                              apr_pool_t *pool)
{
    apr_array_header_t *nodes;

    if (session->vdir < 0)
        return NULL;
    BASE_TRY(tree_settle_guesses(session, pool));
    BASE_TRY(tree_load(session, &nodes, pool));
    if (!tree_is_settled(session, nodes)) {
        BASE_TRY(local_begin(session->index, pool));
        BASE_TRY(local_end(session->index, tree_choose_all(session, pool), pool));
        BASE_TRY(tree_load(session, &nodes, pool));
    }
    local_node_list(nodes, folders);
    return NULL;
}

/* -- renaming and deleting ------------------------------------------------------------------ */

/* Is the folder that one, or below it? */
static int tree_within(const apr_array_header_t *nodes, const local_node_t *node,
                       const local_node_t *above)
{
    int depth;

    for (depth = 0; node && depth <= nodes->nelts; depth++) {
        if (node == above)
            return 1;
        node = node->parent ? local_node_find(nodes, node->parent->id) : NULL;
    }
    return 0;
}

/* Into displayname: other programs know the collection by its directory. */
static base_fault_t *tree_name_write(local_session_t *session, const local_node_t *node,
                                     const char *name, apr_pool_t *pool)
{
    int directory, result;

    if (strcmp(name, node->name) == 0)
        return NULL;
    BASE_TRY(local_vdir_open(session, node->row, &directory, pool));
    result = local_collection_name_set(directory, name, node->row->class_, 0, pool);
    return result == 0 ? NULL : local_fault(errno, pool, "naming '%s'", node->row->directory);
}

static base_fault_t *tree_rename_locked(local_session_t *session, const char *id,
                                        const char *parent_id, const char *name, apr_pool_t *pool)
{
    apr_array_header_t *nodes;
    local_node_t *node, *parent;
    local_folder_t placed;

    BASE_TRY(tree_load(session, &nodes, pool));
    BASE_TRY(local_node_own(nodes, id, &node, pool));
    BASE_TRY(local_node_load(nodes, parent_id, &parent, pool));
    if (parent && tree_within(nodes, parent, node))
        return base_fault_make(pool, BASE_FAULT_INVALID, "a folder cannot be in itself");
    BASE_TRY(tree_place_check(nodes, node, parent, name, node->row->class_, pool));
    BASE_TRY(tree_name_write(session, node, name, pool));
    if (node->parent == (parent ? parent->row : NULL))
        return NULL;
    placed = *node->row;
    placed.parent = parent_id ? parent_id : "";
    if (!local_mark_set(session, &placed, pool))
        return local_fault(errno, pool, "moving '%s'", placed.directory);
    return local_sql_run(session->index, LOCAL_SQL_VDIR_PARENT, pool, "ti", placed.parent,
                         placed.number);
}

base_fault_t *local_vdir_rename(local_session_t *session, const char *id, const char *parent_id,
                                const char *name, apr_pool_t *pool)
{
    BASE_TRY(local_begin(session->index, pool));
    return local_end(session->index, tree_rename_locked(session, id, parent_id, name, pool), pool);
}

/* A view goes with its items; the collection, with all that is in it, with its last view. */
static base_fault_t *tree_delete_view(local_session_t *session, const local_folder_t *row,
                                      local_aside_t *aside, apr_pool_t *pool)
{
    apr_array_header_t *names = apr_array_make(pool, 16, sizeof(const char *));
    sqlite3_stmt *statement;
    local_folder_t folder = *row;
    base_fault_t *fault;
    apr_int64_t views;
    int more, directory, i;

    /* there may be files of other classes by now, of which nobody has been told */
    fault = local_scan_locked(session, &folder, LOCAL_LOOK_NOW, pool);
    if (base_fault_code(fault) == BASE_FAULT_BUSY) /* it is gone already */
        return local_folder_drop(session, row->number, pool);
    BASE_TRY(fault);
    BASE_TRY(local_sql_integer(session->index, LOCAL_SQL_VDIR_VIEWS, &views, pool, "ti",
                               row->directory, (apr_int64_t)0));
    if (views < 2) {
        BASE_TRY(local_aside_move(aside, row->directory, pool));
        return local_folder_drop(session, row->number, pool);
    }
    BASE_TRY(local_vdir_open(session, &folder, &directory, pool));
    BASE_TRY(
        local_sql_bind(session->index, LOCAL_SQL_FILE_ALL, &statement, pool, "i", folder.number));
    for (;;) {
        BASE_TRY(local_sql_step(session->index, statement, &more, pool));
        if (!more)
            break;
        APR_ARRAY_PUSH(names, const char *) =
            apr_pstrdup(pool, (const char *)sqlite3_column_text(statement, 1));
    }
    for (i = 0; i < names->nelts; i++)
        if (unlinkat(directory, APR_ARRAY_IDX(names, i, const char *), 0) != 0 && errno != ENOENT)
            return local_fault(errno, pool, "emptying '%s'", row->directory);
    local_mark_remove(session, row, pool);
    return local_folder_drop(session, row->number, pool);
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
        local_node_t *below = &APR_ARRAY_IDX(nodes, i, local_node_t);

        if (tree_within(nodes, below, node) && below->role == BACKEND_ROLE_USER)
            BASE_TRY(tree_delete_view(session, below->row, aside, pool));
    }
    return NULL;
}

base_fault_t *local_vdir_delete(local_session_t *session, const char *id, apr_pool_t *pool)
{
    local_aside_t aside;

    BASE_TRY(local_begin(session->index, pool));
    local_aside_begin(&aside, session->vdir, LOCAL_VDIR_HIDDEN, pool);
    return local_aside_end(
        &aside, local_end(session->index, tree_delete_locked(session, id, &aside, pool), pool));
}
