/* The properties of messages, which no file name has room for.
 *
 * Each message that has some has a file ROOT/Maildir/mobilesync-properties/UNIQUE, a JSON object of
 * their names and texts; UNIQUE is the unique part of its name, what comes before ',' and ':'. So
 * they are part of the mailbox, as mail is, and stay with the message while other programs flag it,
 * or move it between folders under its base name. (Courier keeps keywords in such files. Extended
 * attributes would move along with less ado, but many file systems and most backups do not keep
 * them, and ext4 has 4 KB for all of a file.) The index has the same text in its row of the message,
 * which is where they are read from; it is read from the file when a message turns up.
 *
 * The file of a message that is removed here goes with it. One that another program removed may
 * as well have moved to a folder where nobody has looked yet: then all folders are, once a day at
 * most, and what has had no message for LOCAL_STRAY_USEC is removed. Two messages of one name, as
 * cp makes them, have one file, and it the properties set last. */
#ifndef BACKEND_LOCAL_PROPERTY_H
#define BACKEND_LOCAL_PROPERTY_H

#include "backend/local_item.h"

#define LOCAL_PROPERTY_DIRECTORY "mobilesync-properties"
#define LOCAL_STRAY_USEC (30 * 86400 * APR_USEC_PER_SEC)
#define LOCAL_STRAY_LOOK_USEC (86400 * APR_USEC_PER_SEC)

/* To and from a file's text. NULL: none is set. */
const char *local_property_format(const backend_properties_t *properties, apr_pool_t *pool);
const backend_properties_t *local_property_parse(const char *text, apr_pool_t *pool);

/* The text of a message's file, by any name of the message; NULL when it has none, or none that can
 * be understood, which is logged. */
base_fault_t *local_property_read(local_session_t *session, const char *name, const char **text,
                                  apr_pool_t *pool);
/* text NULL: none is set any more. */
base_fault_t *local_property_write(local_session_t *session, const char *name, const char *text,
                                   apr_pool_t *pool);

/* The names of all files, as keys. */
base_fault_t *local_property_list(local_session_t *session, apr_hash_t **names, apr_pool_t *pool);
/* Is the file of a message among them? */
int local_property_listed(apr_hash_t *names, const char *name);

/* Once the message has gone, or has another name: removes its file, unless there is another message
 * of its name. What fails here is done by a sweep. */
void local_property_forget(local_session_t *session, const local_item_t *item, apr_pool_t *pool);
/* 1 when messages of these names have one file. */
int local_property_same_file(const char *name, const char *other);

/* In a write transaction: the index was older than the mailbox, the files count. */
base_fault_t *local_property_reload(local_session_t *session, const local_folder_t *folder,
                                    apr_pool_t *pool);

/* Outside of transactions: looks for files without messages, unless it has today. */
base_fault_t *local_property_sweep(local_session_t *session, apr_pool_t *pool);

#endif
