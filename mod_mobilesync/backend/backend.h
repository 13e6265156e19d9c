/* A backend stores and returns blobs (RFC 5322, iCalendar, vCard) and says what changed.
 * The core translates; a backend knows nothing of EAS. Drivers: local, memory, fail (and
 * imap, caldav, carddav). All pass one contract suite (t/unit/backend_contract.h).
 *
 * Objects and lifetimes
 *   backend_t          one configured backend, opened in each child after the fork, shared by
 *                      its threads (the driver locks inside).
 *   backend_session_t  one account's mailbox, in use by one thread at a time, for one request;
 *                      close it by destroying the pool it was opened in.
 *   Results live in the pool passed last.
 *
 * Identity
 *   folder id   <= 32 characters of [A-Za-z0-9], chosen by the backend, kept with the mailbox:
 *               the same for every device, for ever, through renames (also renames by other
 *               programs where the store lets the driver see them). Never reused.
 *   uid         64 bits, > 0, ascending in order of arrival within (folder, generation), never
 *               reused within it.
 *   generation  a folder's uidvalidity: a new one means that no old uid means anything.
 *   token       what a device must be told about when it differs: for mail the flag bits
 *               BACKEND_FLAG_*, above them for each of its properties a number that is another
 *               whenever that changed (BACKEND_PROPERTY_MASK), and how often its content was
 *               replaced (BACKEND_REVISION_OF); for other classes a 64-bit hash of the content,
 *               never 0 nor all ones.
 *   cursor      opaque printable text, <= BACKEND_CURSOR_MAX bytes, naming a moment in a folder's
 *               history, generation included. Two equal cursors: nothing happened in between.
 *
 * Faults (base/fault_codes.tbl): FOLDER_GONE, NOT_FOUND (item), STALE (cursor of another
 * generation: nothing known of the folder is valid), EXPIRED (of this generation, but too old:
 * enumerate and compare), EXISTS, CONFLICT (if_match differs), DENIED, QUOTA,
 * TOO_LARGE, UNAVAILABLE (retry later may help), UNSUPPORTED, CORRUPT, AUTH. */
#ifndef BACKEND_BACKEND_H
#define BACKEND_BACKEND_H

#include <apr_file_io.h>
#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

#include "base/fault.h"
#include "base/log.h"

#define BACKEND_CURSOR_MAX 512
#define BACKEND_SETTING_MAX (1024 * 1024)

typedef enum {
    BACKEND_CLASS_EMAIL,
    BACKEND_CLASS_CALENDAR,
    BACKEND_CLASS_CONTACTS,
    BACKEND_CLASS_TASKS,
    BACKEND_CLASS_NOTES
} backend_class_t;

/* What a folder is for (RFC 6154 names where there is one). */
typedef enum {
    BACKEND_ROLE_USER,
    BACKEND_ROLE_INBOX,
    BACKEND_ROLE_DRAFTS,
    BACKEND_ROLE_TRASH,
    BACKEND_ROLE_SENT,
    BACKEND_ROLE_OUTBOX,
    BACKEND_ROLE_JUNK,
    BACKEND_ROLE_ARCHIVE,
    BACKEND_ROLE_DEFAULT /* the default folder of a class other than mail */
} backend_role_t;

enum {
    BACKEND_FLAG_SEEN = 1,
    BACKEND_FLAG_FLAGGED = 2,
    BACKEND_FLAG_ANSWERED = 4,
    BACKEND_FLAG_FORWARDED = 8,
    BACKEND_FLAG_DRAFT = 16,
    /* no flag, never set in an entry's token: for who keeps the token of what is out of date */
    BACKEND_FLAG_OUTDATED = 128
};

/* What a mail has beside its content and its flags. Each is a text (UTF-8, legal in XML, no control
 * characters but LF, at most BACKEND_PROPERTY_MAX bytes) or not set. It belongs to the mail as its
 * flags do: it moves along, stays when the content is replaced, and must survive the loss of all
 * that can be rebuilt. Flags and properties are independent: that a mail is no longer \Flagged does
 * not take away its follow-up; what it means then is the caller's affair.
 *
 * In an IMAP store: FOLLOW_UP and LAST_VERB are private annotations (RFC 5257: value.priv of
 * /vendor/mobilesync/NAME), and where there are none, lost but for the flags. CATEGORIES are
 * keywords, one for each name, in modified UTF-7 (RFC 3501 5.1.3) where the name is no atom, as
 * Thunderbird does with its tags; system keywords ("$...", RFC 5788) are none, and keywords of other
 * programs are categories of phones. */
typedef enum {
    BACKEND_PROPERTY_FOLLOW_UP, /* "follow-up": type, dates, reminder of a flag; the caller's text */
    BACKEND_PROPERTY_CATEGORIES, /* "categories": names, one a line, none empty, none twice */
    BACKEND_PROPERTY_LAST_VERB, /* "last-verb": what it was answered with last; the caller's text */
    BACKEND_PROPERTY_COUNT
} backend_property_t;

#define BACKEND_PROPERTY_MAX 65536

typedef struct {
    const char *text[BACKEND_PROPERTY_COUNT]; /* NULL: not set */
} backend_properties_t;

/* A mail's token: 8 bits of flags, 10 for each property, the revision. */
#define BACKEND_FLAGS_OF(token) ((token)&0xff)
#define BACKEND_PROPERTY_SHIFT(property) (8 + 10 * (property))
#define BACKEND_PROPERTY_MASK(property) ((apr_uint64_t)0x3ff << BACKEND_PROPERTY_SHIFT(property))
#define BACKEND_REVISION_SHIFT BACKEND_PROPERTY_SHIFT(BACKEND_PROPERTY_COUNT)
#define BACKEND_REVISION_OF(token) ((token) >> BACKEND_REVISION_SHIFT)
#define BACKEND_PROPERTIES_OF(token) \
    ((token) & (((apr_uint64_t)1 << BACKEND_REVISION_SHIFT) - 1) & ~(apr_uint64_t)0xff)

typedef struct {
    const char *id;
    const char *parent_id; /* NULL for a top-level folder */
    const char *name;      /* display name, UTF-8, one level */
    backend_class_t class_;
    backend_role_t role;
    apr_uint32_t generation;
} backend_folder_t;

typedef struct {
    apr_uint64_t uid;
    apr_uint64_t token;
    apr_time_t date;                        /* what filters look at; mail: when it was received */
    apr_uint64_t size;                      /* bytes of the blob that fetch gives */
    const backend_properties_t *properties; /* of mail; NULL: none is set */
    /* What filters of conversations look at: some moment of the day (UTC) of the latest item of its
     * conversation in the folder; date, as long as its conversation is not known. */
    apr_time_t conversation_date;
} backend_entry_t;

typedef struct {
    const backend_entry_t *upserts; /* new, or token changed; each uid once */
    int upsert_count;
    /* Removed; a uid is never in both lists. Also those that came after the cursor and went
     * again: the caller may know them from enumerate, entry or put. */
    const apr_uint64_t *gone;
    int gone_count;
    const char *cursor; /* state after exactly these changes */
    int more;           /* 1: ask again with that cursor */
} backend_changes_t;

/* Half-open range of dates and a position in it. */
typedef struct {
    apr_time_t since;  /* entries with date >= since; APR_INT64_MIN = all */
    apr_time_t before; /* entries with date < before; APR_INT64_MAX = all, those of that date too */
    apr_uint64_t below; /* entries with uid < below; 0 = from the newest */
    int conversations;  /* 1: of conversation_date, and since and before are midnights */
} backend_range_t;

typedef struct {
    const backend_entry_t *entries; /* newest (greatest uid) first */
    int count;
    int more; /* 1: ask again with range.below = the last entry's uid */
} backend_page_t;

/* A blob to read: in memory (data) or in a file, opened for reading at offset 0. Mail may have the
 * line ends of the host (LF), whatever was put. */
typedef struct {
    const char *data; /* NULL when file is set */
    apr_file_t *file; /* closed with the pool */
    apr_uint64_t size;
} backend_blob_t;

typedef struct {
    /* Derived from what caused the put (the ledger's key), [A-Za-z0-9_-]{1,64}: a put with the
     * name of an item that is already in the folder changes nothing and returns that item,
     * so that a retry after a crash does not store twice. NULL: no such protection. */
    const char *derived_name;
    apr_uint64_t flags;                     /* mail */
    apr_time_t date;                        /* mail: received; 0 = now */
    const backend_properties_t *properties; /* mail; NULL: none */
} backend_put_t;

/* What becomes of a mail's flags and properties. */
typedef struct {
    apr_uint64_t mask, values;       /* flags = (flags & ~mask) | (values & mask) */
    unsigned which;                  /* of properties: 1 << BACKEND_PROPERTY_..., those to be... */
    backend_properties_t properties; /* ...these then */
    /* CONFLICT when the token differs from this one under the mask */
    apr_uint64_t match_mask, match;
} backend_update_t;

typedef struct {
    const char *address;               /* RFC 5322 addr-spec that the account sends from */
    const char *display_name;          /* "" when unknown */
    const apr_array_header_t *aliases; /* const char *, without address */
} backend_identity_t;

#include "backend/backend_search.h"

/* Reads what conversation an item belongs to: *name is the same for all of its items, NULL for an
 * item that stands alone. CONVERSION, CORRUPT: it cannot be read, and stands alone. */
typedef base_fault_t *(*backend_name_fn)(const backend_blob_t *blob, const char **name,
                                         apr_pool_t *pool);

#define BACKEND_DATE_MOVING 1 /* other dates are of whole seconds, or APR_INT64_MAX */
#define BACKEND_DATE_IS_MOVING(date) ((date) % APR_USEC_PER_SEC == BACKEND_DATE_MOVING)
/* For ever, and moving. */
#define BACKEND_DATE_MOVING_EVER \
    (APR_INT64_MAX - APR_INT64_MAX % APR_USEC_PER_SEC + BACKEND_DATE_MOVING)

/* What a store has to know of an item that is no mail. */
typedef struct {
    int known; /* 0: it is nothing of any class */
    /* known 0: it is whole, of a kind that no folder shows; else it is damaged, or being written: shown
     * where it is or should be, so that it can be put into quarantine with its reason */
    int foreign;
    backend_class_t class_;
    const char *uid; /* the UID in it, which stays when a file is renamed; NULL: it has none */
    /* entry.date: until when it matters; APR_INT64_MAX: for ever (an open task, a series without
     * end, everything that ages not). With BACKEND_DATE_MOVING microseconds: what devices are shown
     * of it, though it is the same, is another at the beginning of each year (UTC) */
    apr_time_t date;
} backend_description_t;

/* Reads that of a blob; fast, and never a fault but of reading: what cannot be understood is not
 * known. Another version than last time: what was learnt is learnt anew. */
typedef struct {
    base_fault_t *(*describe)(const backend_blob_t *blob, backend_description_t *description,
                              apr_pool_t *pool);
    const char *version;
} backend_describer_t;

typedef struct backend backend_t;
typedef struct backend_session backend_session_t;
typedef struct backend_watch backend_watch_t;

/* Something may have changed: called from a thread of the driver, must not block.
 * folder_id NULL: the list of folders, or anything. */
typedef void (*backend_changed_fn)(void *baton, const char *folder_id);

typedef struct backend_driver backend_driver_t;
struct backend_driver {
    const char *name;

    /* Reads "key=value" arguments; called at start-up (results discarded: nothing may be opened
     * that must not survive a fork) and again in each child. INVALID names the argument. */
    base_fault_t *(*configure)(const apr_array_header_t *arguments, void **config,
                               apr_pool_t *pool);
    base_fault_t *(*start)(void *config, const base_log_t *log,
                           const backend_describer_t *describer, void **instance, apr_pool_t *pool);

    /* AUTH when the password is wrong or the account unknown. */
    base_fault_t *(*check_password)(void *instance, const char *account, const char *password,
                                    apr_pool_t *pool);
    base_fault_t *(*open)(void *instance, const char *account, void **session, apr_pool_t *pool);

    base_fault_t *(*identity)(void *session, backend_identity_t **identity, apr_pool_t *pool);
    /* Is there such an account here (for local delivery)? *address is its account name. */
    base_fault_t *(*resolve)(void *instance, const char *address, const char **account,
                             apr_pool_t *pool);

    /* Texts that are kept with the mailbox, beside what can be lost (index, store): name is of
     * [a-z-]{1,32}; at most BACKEND_SETTING_MAX bytes (TOO_LARGE); NULL: not set. A set replaces
     * the whole text at once. */
    base_fault_t *(*setting_get)(void *session, const char *name, const char **text,
                                 apr_pool_t *pool);
    base_fault_t *(*setting_set)(void *session, const char *name, const char *text,
                                 apr_pool_t *pool);

    /* All accounts there are (backend_identity_t), for the directory of people. */
    base_fault_t *(*accounts)(void *instance, apr_array_header_t **accounts, apr_pool_t *pool);

    base_fault_t *(*folder_list)(void *session, apr_array_header_t **folders /* backend_folder_t */,
                                 apr_pool_t *pool);
    base_fault_t *(*folder_create)(void *session, const char *parent_id, const char *name,
                                   backend_class_t class_, const char **id, apr_pool_t *pool);
    base_fault_t *(*folder_rename)(void *session, const char *id, const char *parent_id,
                                   const char *name, apr_pool_t *pool);
    base_fault_t *(*folder_delete)(void *session, const char *id, apr_pool_t *pool);

    /* The current cursor. Cheap: O(1) when nothing happened since the last call. */
    base_fault_t *(*probe)(void *session, const char *folder_id, const char **cursor,
                           apr_pool_t *pool);
    /* What happened since the cursor, oldest change first, at most limit upserts + gone. */
    base_fault_t *(*changes)(void *session, const char *folder_id, const char *cursor, int limit,
                             backend_changes_t **changes, apr_pool_t *pool);
    base_fault_t *(*enumerate)(void *session, const char *folder_id, const backend_range_t *range,
                               int limit, backend_page_t **page, apr_pool_t *pool);
    /* How many entries the range holds (below included). */
    base_fault_t *(*count)(void *session, const char *folder_id, const backend_range_t *range,
                           apr_uint64_t *count, apr_pool_t *pool);
    /* Has the conversations of the folder's items read that nobody has asked for yet (those that
     * came since the last call, so that who never asks pays nothing), until the deadline; *left: 1
     * when there are more. An item whose conversation_date gets another day, by this, or later by
     * the arrival or removal of others, is among the changes, also when nothing else of it changed.
     * Another version than last time: all are read anew. */
    base_fault_t *(*conversations)(void *session, const char *folder_id, backend_name_fn read,
                                   const char *version, apr_time_t deadline, int *left,
                                   apr_pool_t *pool);
    /* One entry by uid: NOT_FOUND when it is gone. */
    base_fault_t *(*entry)(void *session, const char *folder_id, apr_uint64_t uid,
                           backend_entry_t *entry, apr_pool_t *pool);

    /* The entry of the item that has that UID (backend_description_t.uid) in a folder of other classes
     * than mail, one of them where several have it: NOT_FOUND when none does. Cheap: nothing is
     * read that is not new. */
    base_fault_t *(*find)(void *session, const char *folder_id, const char *identity,
                          backend_entry_t *entry, apr_pool_t *pool);

    base_fault_t *(*fetch)(void *session, const char *folder_id, apr_uint64_t uid,
                           backend_blob_t **blob, apr_pool_t *pool);
    /* *existed: 1 when the folder has an item of the derived name, which is returned as it is. */
    base_fault_t *(*put)(void *session, const char *folder_id, const backend_put_t *put,
                         const backend_blob_t *blob, backend_entry_t *entry, int *existed,
                         apr_pool_t *pool);
    /* Another content and other flags for the item, in one step: nobody ever sees both contents,
     * or neither. uid, date, derived name and properties stay. CONFLICT when its token is not if_match. */
    base_fault_t *(*replace)(void *session, const char *folder_id, apr_uint64_t uid,
                             apr_uint64_t if_match, apr_uint64_t flags, const backend_blob_t *blob,
                             backend_entry_t *entry, apr_pool_t *pool);
    /* Returns the entry afterwards. What is set to what it is already is no change. */
    base_fault_t *(*update)(void *session, const char *folder_id, apr_uint64_t uid,
                            const backend_update_t *update, backend_entry_t *entry,
                            apr_pool_t *pool);
    /* derived_name as in backend_put_t: a repeat finds what the first call moved. */
    base_fault_t *(*move)(void *session, const char *folder_id, apr_uint64_t uid,
                          const char *to_folder_id, const char *derived_name,
                          backend_entry_t *entry, apr_pool_t *pool);
    base_fault_t *(*remove)(void *session, const char *folder_id, apr_uint64_t uid,
                            apr_pool_t *pool);

    /* Which items of the folders match. FOLDER_GONE when one of the folders is not there, TIMEOUT
     * when the query takes too long. */
    base_fault_t *(*search)(void *session, const backend_search_t *search, backend_found_t **found,
                            apr_pool_t *pool);

    /* Calls changed() until unwatched. Arms before it returns: what happens afterwards is
     * reported. UNSUPPORTED when the store cannot be watched (the caller polls). */
    base_fault_t *(*watch)(void *instance, const char *account,
                           const apr_array_header_t *folder_ids /* const char * */,
                           backend_changed_fn changed, void *baton, void **watch, apr_pool_t *pool);
    /* After it returns changed() is not called any more. */
    void (*unwatch)(void *instance, void *watch);
};

/* The same as functions, with a UNSUPPORTED fault where the driver has no such entry, and the
 * driver's name, account and folder added to faults. */
#include "backend/backend_calls.h"

#endif
