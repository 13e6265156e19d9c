/* The id file of a collection: ROOT/vdir/NAME/.mobilesync-folder, a line for each class that the
 * collection is shown as:
 *
 *   CLASS ID GENERATION default|user PARENT
 *
 * CLASS: calendar, contacts, tasks or notes. PARENT: id of the folder that a phone made it in, or "-".
 * It is hidden, so that other programs do not take it for an item. */
#ifndef BACKEND_LOCAL_MARK_H
#define BACKEND_LOCAL_MARK_H

#include "backend/local.h"

#define LOCAL_MARK_FILE ".mobilesync-folder"
#define LOCAL_CLASSES (BACKEND_CLASS_NOTES + 1)

typedef struct {
    char id[33]; /* "": the class has no line */
    apr_uint32_t generation;
    int chosen;
    char parent[33]; /* "": none */
} local_mark_t;

/* By class; those without a line, and without one that can be understood, are empty. */
void local_marks_read(int directory, local_mark_t marks[LOCAL_CLASSES], apr_pool_t *pool);

/* Writes the line of the folder, and leaves those of others; 0 when it cannot be written. */
int local_mark_set(local_session_t *session, const local_folder_t *folder, apr_pool_t *pool);
/* Takes it away. */
void local_mark_remove(local_session_t *session, const local_folder_t *folder, apr_pool_t *pool);

const char *local_class_name(backend_class_t class_);

#endif
