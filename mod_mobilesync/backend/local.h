/* The local driver: Maildir++ and vdir in the file system, with one SQLite index per account.
 *
 * They are the truth and belong to everybody: deliverers, IMAP servers and mail programs,
 * khal, khard, vdirsyncer and Radicale change them at any time without telling. The index only
 * remembers what the module has told its devices: which uid an item got, its token then, when (modseq)
 * it changed, and tombstones. It is brought up to date (reconciled) when a directory's mtime moved.
 *
 *   ROOT/Maildir/{cur,new,tmp}             the Inbox (maildir=. puts it into ROOT itself)
 *   ROOT/Maildir/.Work.2024/{cur,new,tmp}  folder "2024" in "Work", names in modified UTF-7
 *   ROOT/Maildir/.../mobilesync-folder     the folder's id and generation, which thus survive
 *                                          renames, moves to another disk, and a lost index
 *   ROOT/Maildir/mobilesync-NAME           a setting of the account (out of office, ...)
 *   ROOT/Maildir/mobilesync-properties/    what messages have beside flags (local_property.h)
 *   ROOT/vdir/NAME/{*.vcf,*.ics}           a collection of items (vdir=NAME puts them elsewhere). It is
 *                                          beside the Maildir, since IMAP servers take what is in a
 *                                          Maildir for mail, and one directory for all classes, since
 *                                          programs keep calendars and tasks in the same collection
 *   ROOT/vdir/NAME/{displayname,color}     as the vdir standard has them; or .Radicale.props
 *   ROOT/vdir/NAME/.mobilesync-folder      ids and generations, as of mail (local_mark.h)
 *   ROOT/mobilesync/index.sqlite           the index (index=DIR puts it elsewhere), with its log
 *                                          (-wal, -shm): a backup has all three, or none
 *   ROOT/mobilesync/search.sqlite          the words of those who search (search_index.h)
 *
 * Arguments: root=PATH with %u (account), %n (part before @), %d (part after @), %% ; maildir=NAME
 * below root (default Maildir; where only ROOT/cur exists, ROOT is the Maildir); index=DIR with the
 * same escapes; create=yes|no (make mailboxes and special folders that are missing; default yes);
 * domain=NAME (repeatable: addresses NAME's local part of which is an account are delivered here;
 * the first is that of accounts without one); users=FILE (htpasswd format, for check_password);
 * aliases=FILE (local_alias.h);
 * drafts=, sent=, trash=, junk=, archive=, calendar=, contacts=, tasks=, notes=NAME (names tried before
 * the usual ones); vdir=NAME below root, PATH with the same escapes, or none; handles=N (idle
 * SQLite handles a child keeps, default 64); poll=SECONDS (between looks where inotify cannot
 * watch, default 5).
 *
 * Decisions
 * - Messages in new/ are shown at once and stay there until a flag is set on them: what is
 *   \Recent for an IMAP client stays so. A message is known by its base name (before ':'), so
 *   moving it to cur/ or changing its flags is no arrival.
 * - T (trashed): for a phone such a message is gone; untrashed, it is a new one.
 * - Letters that are not S R F P D (Dovecot's keywords a-z, and others) are kept on a rename.
 * - What is stored has the line ends of the host (LF), as other Maildir programs expect.
 * - A message's date is its file's mtime when first seen, which put sets.
 * - A directory's mtime younger than two seconds is not trusted: the next look scans again.
 * - A scan may miss a file that is being renamed. A message is gone only when a second, later
 *   scan misses it too, during which nothing was renamed at all; in a directory that is never at
 *   rest, when it was missed for a minute and is under none of the names it can have.
 * - Index lost or damaged: new generations. Index older than what a device was told (restored
 *   from a backup): every cursor carries a random stamp of the transaction it stands for; one
 *   that is not in the index proves it, and the folder gets a new generation.
 * - Conversations are read when somebody first asks for them in a folder (local_conversation.h): the
 *   first time all headers are, 20,000 in some seconds, which is spread over several requests.
 * - Symbolic links below ROOT are not followed.
 *
 * Of collections
 * - The file is the item. Its token is a hash of its content, its etag ctime, inode and size: a file
 *   whose etag is the same is not read. One that changed less than two seconds ago is read again.
 * - An item is known by the UID in it: under another name it is the same one; where it has no UID by
 *   its content. Under the same name with another UID it is changed. Two files of one UID are two items,
 *   and a put of a UID that is there makes a second file: two phones may add the same.
 * - A file that has become an item of another class is gone from the folder when it has been at rest. One
 *   that cannot be read or understood, or is too large (LOCAL_VDIR_FILE_MAX), is an item all the same
 *   once it is at rest: who fetches it is told what is wrong. It is logged once. Links, what is hidden,
 *   and files of other endings are nothing.
 * - A collection of several classes is a folder of each, of the same name, with an id of its own; so
 *   nothing in it is hidden from phones. It becomes one when such a file turns up. Deleting one of these
 *   folders deletes its items, deleting the last one the directory.
 * - The class of a collection that others made: .Radicale.props, else some of its files, else its name;
 *   a guess by the name is dropped for what comes.
 * - Every class has one default folder, marked in its id file: the one with the usual name, else the
 *   oldest; where there is none it is made. When it goes another one takes its place.
 * - vdir has no folders in folders: a parent is kept in the id file. A new name goes into displayname;
 *   the directory, by which programs know the collection, keeps its own.
 * - Stored is under a name made of UID and derived name ("UID.DERIVED.ics"), by which the repeat of a
 *   put finds it after a crash. Another's content is never written over: a replace changes places with
 *   the file, looks at what it got, and changes back when that is not what the phone had seen.
 * - A rewrite in place moves no directory's mtime: inotify tells those who watch (IN_CLOSE_WRITE), and
 *   without it each file is looked at once a minute at most (LOCAL_SWEEP_USEC). */
#ifndef BACKEND_LOCAL_H
#define BACKEND_LOCAL_H

#include <sys/stat.h>
#include <apr_hash.h>
#include <apr_thread_mutex.h>
#include <sqlite3.h>

#include "backend/backend.h"
#include "backend/local_alias.h"

#define LOCAL_QUIET_USEC (2 * APR_USEC_PER_SEC)
#define LOCAL_MISSED_USEC (60 * APR_USEC_PER_SEC)
#define LOCAL_ID_FILE "mobilesync-folder"
#define LOCAL_VDIR "vdir"
#define LOCAL_DELETED_PREFIX "mobilesync-deleted-"

typedef struct {
    const char *root;
    const char *maildir; /* NULL: Maildir, or root itself where that is one */
    const char *index;   /* NULL: ROOT/mobilesync */
    const char *vdir;    /* a name below root or a path; NULL: LOCAL_VDIR; "none" */
    int create;
    apr_array_header_t *domains; /* const char * */
    const char *users;
    const char *aliases;
    const char *names[BACKEND_ROLE_DEFAULT + 1];      /* configured name of a role, or NULL */
    const char *class_names[BACKEND_CLASS_NOTES + 1]; /* and of the default folder of a class */
    int handles;
    int poll_seconds;
} local_config_t;

typedef struct local_index local_index_t;
typedef struct local_cache local_cache_t;
typedef struct local_watcher local_watcher_t;

typedef struct {
    const local_config_t *config;
    const base_log_t *log;
    const backend_describer_t *describer; /* NULL: mail only */
    local_cache_t *cache;
    local_watcher_t *watcher;
    local_aliases_t *aliases;
    const char *host; /* fit for a message's file name */
} local_instance_t;

/* Where an account's things are. */
typedef struct {
    const char *root;
    const char *maildir;
    const char *index; /* the directory */
    const char *vdir;  /* of the collections; NULL: there are none */
} local_paths_t;

typedef struct {
    local_instance_t *instance;
    const char *account;
    local_paths_t paths;
    local_index_t *index; /* ours until the pool is destroyed */
    int maildir;          /* descriptor of the Maildir */
    int vdir;             /* and of the collections' directory; -1: there is none */
    int listed;           /* folders were looked at in this session */
    apr_hash_t *looked;   /* folder number -> was looked at in this session */
    int stray;            /* another program took away a message that had properties */
    apr_pool_t *pool;
} local_session_t;

/* A row of the table folder. */
typedef struct {
    apr_int64_t number;
    const char *id;
    backend_class_t class_;
    const char *directory; /* in the Maildir, "" is the Inbox; else among the collections */
    apr_int64_t device, inode;
    int marked; /* the id file is there */
    apr_uint32_t generation;
    apr_int64_t next_uid;
    apr_int64_t modseq;
    apr_int64_t stamp;                /* of modseq */
    apr_int64_t forgotten;            /* tombstones up to this modseq are purged */
    apr_int64_t floor;                /* stamps up to this modseq are purged */
    apr_int64_t cur_mtime, new_mtime; /* at the last scan */
    apr_int64_t seen;                 /* when these were first seen */
    int trusted;                      /* the last scan saw all that these mtimes stand for */
    int suspects;                     /* messages missed by the last scan */
    apr_int64_t missed;               /* since when the directory itself is, 0 = it is there */
    apr_int64_t scanned;              /* when the last scan began, 0 = it missed something */
    apr_int64_t named;                /* the conversations of uids up to this were read... */
    const char *naming;               /* ...by this version of reading */
    int changed;                      /* modseq moved in this transaction */
    /* -- of a collection -- */
    int guessed;           /* its class is a guess: it had no files */
    int chosen;            /* it is the default folder of its class */
    const char *parent;    /* id of the folder that a phone made it in; "": none */
    apr_int64_t swept;     /* when its files were looked at last, each of them */
    const char *described; /* by this version of describing */
} local_folder_t;

typedef struct {
    apr_int64_t uid;
    const char *name; /* file name */
    int fresh;        /* in new/ */
    apr_uint64_t token;
    apr_time_t date;
    apr_int64_t size;
    int missed;                   /* by the last scan */
    const char *properties;       /* local_property.h; NULL: none */
    apr_time_t conversation_date; /* 0: not known */
    const char *identity;         /* in a collection: the UID in the file; NULL: it has none */
} local_item_t;

extern const backend_driver_t backend_local_driver;

#endif
