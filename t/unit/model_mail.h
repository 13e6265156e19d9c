/* The model test of whole mailboxes: two phones of protocol 16.1 that sync folders of mail, contacts,
 * tasks, notes and events, move items, write, edit and send drafts, add and edit the others, make,
 * rename, delete and empty folders, through the commands as the server runs them; beside other
 * programs and administrators, with lost requests and answers, repeats, requests at the same time,
 * and calls of store and mailbox that fail or never return.
 *
 * Every message has a number, for good, and a version, another one whenever its content is replaced;
 * its subject is "number.version". So it is with contacts, tasks, notes and events (a message is any
 * item here), which have no category and are not sent. Its category, if it has one, is called after
 * a version too, that of who set it: "C7". A message that is sent goes to bob. Most events are series:
 * an occurrence has the version of who changed it alone, or is deleted. Some events that phones make
 * are meetings: bob is invited once, and told once when they are cancelled. */
#ifndef T_UNIT_MODEL_MAIL_H
#define T_UNIT_MODEL_MAIL_H

#include <apr_hash.h>

#include "cmd_helpers.h"
#include "model_sequence.h"

#define MAIL_ACCOUNT "alice"
#define MAIL_PHONES 2
#define MAIL_STEPS 50
#define MAIL_NUMBERS 256
#define MAIL_VERSIONS 512
#define MAIL_FOLDERS 32
#define MAIL_ITEMS 64
#define MAIL_OPS 6
#define MAIL_FILES 60      /* attachments; one bit each, from 1 */
#define MAIL_REFS 4        /* attachments of a message that a phone can name */
#define MAIL_OCCURRENCES 4 /* of a series, the first ones, that are changed and deleted */
#define MAIL_OTHERS 1000   /* and the version of the whole: what another program makes of one */
#define MAIL_ID 48
#define MAIL_KEY 72

/* What is known of a meeting. */
typedef enum {
    MEETING_INVITED = 1,
    MEETING_CANCELLED = 2, /* as a whole */
    MEETING_OTHERS = 4 /* others made something else of it, or what the phone asked is forgotten */
} scene_meeting_t;

enum { MAIL_GONE = -1 }; /* an occurrence */
enum { MAIL_DELETED = 1, /* on purpose */ MAIL_UNSTORED = 2 /* not yet, as far as is known */ };

typedef struct scene scene_t;
typedef struct phone phone_t;

/* -- what a phone has ---------------------------------------------------------------------------- */

typedef struct {
    char ref[MAIL_KEY]; /* FileReference */
    int file;
    int old; /* of a content that the phone has written over since: it was not told what it is now */
} phone_file_t;

typedef struct {
    char id[MAIL_ID];
    int number, version, read, category;
    apr_uint64_t files;
    phone_file_t refs[MAIL_REFS];
    int ref_count;
    int occurrences[MAIL_OCCURRENCES]; /* 0: as the series */
} phone_item_t;

typedef enum {
    PHONE_READ,
    PHONE_DELETE,
    PHONE_ADD,
    PHONE_EDIT,
    PHONE_CATEGORY,
    PHONE_OCCURRENCE
} phone_op_kind_t;

typedef struct {
    phone_op_kind_t kind;
    char id[MAIL_ID]; /* not of an ADD */
    int number;
    int version; /* ADD, EDIT: what it becomes, 0: only sent; CATEGORY: what that becomes */
    int base;    /* the version, or category, that the phone had */
    int read;
    int send;
    int file;          /* attached, 0: none */
    phone_file_t drop; /* detached, file 0: none */
    int occurrence;    /* OCCURRENCE: which, from 0; version 0: it is deleted */
    int was;           /* what it was on the phone */
} phone_op_t;

/* What is asked of one folder. */
typedef struct {
    char folder[MAIL_ID];
    backend_class_t class_;
    char key[MAIL_KEY];
    int window, filter, client_wins, to_trash, get_changes;
    phone_op_t ops[MAIL_OPS];
    int op_count;
} phone_sync_t;

typedef struct {
    char id[MAIL_ID], parent[MAIL_ID], name[64];
    backend_class_t class_;
    char key[MAIL_KEY];
    phone_item_t items[MAIL_ITEMS];
    int item_count;
    phone_op_t ops[MAIL_OPS]; /* done on the phone, not acknowledged */
    int op_count;
    int unanswered; /* last was sent, and no answer came */
    phone_sync_t last;
    int quiet; /* the last answer brought nothing */
} phone_folder_t;

typedef struct {
    char item[MAIL_ID], from[MAIL_ID], to[MAIL_ID];
    int number;
} phone_move_t;

typedef struct {
    eas_command_t command; /* FolderCreate, FolderUpdate, FolderDelete */
    char key[MAIL_KEY], id[MAIL_ID], parent[MAIL_ID], name[64];
    int type;
    char made[MAIL_ID]; /* what it created in the mailbox */
    char told[MAIL_ID]; /* the ServerId that it was answered */
} phone_change_t;

struct phone {
    char device[8];
    int filter, client_wins;
    char key[MAIL_KEY]; /* of the hierarchy */
    phone_folder_t folders[MAIL_FOLDERS];
    int folder_count;
    int hierarchy_due; /* it was told to FolderSync */
    /* sent and not answered; 0 or count */
    phone_move_t moves[3];
    int move_count;
    phone_change_t change;
    int changing;
    char empty[MAIL_ID];
    int emptying, below;
    char undo[16]; /* what an administrator can bring back */
};

/* -- a request on its way ------------------------------------------------------------------------ */

typedef enum { ASK_SYNC, ASK_FOLDERS, ASK_CHANGE, ASK_MOVE, ASK_EMPTY } ask_kind_t;

typedef struct {
    ask_kind_t kind;
    phone_t *phone;
    phone_sync_t syncs[MAIL_FOLDERS];
    int sync_count;
    int response_bytes;
    unsigned char delivered[MAIL_NUMBERS]; /* what it sent to bob */
} ask_t;

typedef struct {
    int request_lost, answer_lost;
    int trip;    /* this call of store or mailbox fails, 0: none */
    int after;   /* after its effect */
    int crash;   /* and every later one */
    int disturb; /* before this call something else happens, 0: not */
} fate_t;

/* A message in the mailbox. */
typedef struct {
    const char *folder;
    backend_class_t class_;
    char id[MAIL_ID];
    int number, version, read, category;
    apr_uint64_t files;
    apr_time_t date;
    apr_uint64_t uid;
    int occurrences[MAIL_OCCURRENCES];
} scene_item_t;

struct scene {
    world_t *base;
    apr_pool_t *pool;
    dice_t dice;
    const sequence_t *sequence;
    backend_t *inner;
    backend_session_t *truth;
    const char *inbox, *drafts, *trash, *sent, *calendar;
    phone_t phones[MAIL_PHONES];
    int numbers, versions, files;
    unsigned char excused[MAIL_NUMBERS]; /* MAIL_DELETED, MAIL_UNSTORED: may be missing */
    /* moved away before the phone that added it learned its name: a repeat does not find it */
    unsigned char strayed[MAIL_NUMBERS];
    unsigned char sent_ever[MAIL_NUMBERS];
    unsigned char sent_count[MAIL_NUMBERS]; /* as far as the ledger can know */
    unsigned char sent_by[MAIL_NUMBERS];    /* a bit for each phone */
    unsigned char author[MAIL_VERSIONS];    /* phone + 1, 0: another program */
    unsigned char meeting[MAIL_NUMBERS];    /* scene_meeting_t */
    int invited[MAIL_NUMBERS];              /* the version that bob was last invited to */
    apr_uint64_t dropped[MAIL_VERSIONS];    /* attachments that the version's edit detaches */
    apr_uint64_t bob_seen;                  /* uid */
    apr_hash_t *known;                      /* ServerId -> number */
    apr_hash_t *moved;                      /* device, item, destination -> DstMsgId */
    int trash_count;
    /* the request on its way */
    ask_t *ask; /* NULL: the calls are nobody's */
    fate_t fate;
    int calls, tripped, disturbed;
    apr_array_header_t *before; /* scene_item_t */
    apr_array_header_t *folders_before;
    apr_pool_t *before_pool;
    const char *failure; /* NULL: all is well */
};

/* What went on, to see that the sequences go everywhere. */
typedef struct {
    unsigned long steps, answers, repeats, crashes, nested, waits, moves, changes, empties, sent,
        conflicts, edits, others, occurrences, categories, invited, cancelled, resets, undone;
} mail_tally_t;

extern mail_tally_t mail_tally;

/* -- model_mail_world.c -- */
scene_t *scene_make(const sequence_t *sequence, apr_pool_t *pool);
void scene_log(scene_t *scene, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Keeps the first failure. */
void scene_fail(scene_t *scene, const char *format, ...) __attribute__((format(printf, 2, 3)));
int scene_roll(scene_t *scene, int sides);
int scene_percent(scene_t *scene, int percent);
int scene_number_make(scene_t *scene);
/* phone NULL: another program. */
int scene_version_make(scene_t *scene, const phone_t *phone);
/* Everything in alice's folders. */
apr_array_header_t *scene_items(scene_t *scene, apr_pool_t *pool);
apr_array_header_t *scene_folders(scene_t *scene, apr_pool_t *pool); /* backend_folder_t */
const backend_folder_t *scene_folder_find(const apr_array_header_t *folders, const char *id);
const scene_item_t *scene_item_find(const apr_array_header_t *items, const char *id);
/* It is moved. */
void scene_stray(scene_t *scene, int number);
/* The ServerId stands for that message, and always has. */
void scene_know(scene_t *scene, const char *id, int number);
void scene_time(scene_t *scene, apr_interval_time_t passes);
/* Number and version of a subject, 0 when it has none. */
int scene_subject(const char *text, int *number, int *version);

/* -- model_mail_class.c -- */
/* Of what the folders of a Type are (MS-ASCMD 2.2.3.186.3). */
backend_class_t scene_class(int type);
/* Type of a folder of the user's; of any class that is served and modelled. */
int scene_type_any(scene_t *scene);
/* The element that has number and version. */
eas_tag_t scene_class_subject(backend_class_t class_);
/* What another program writes. */
const char *scene_class_text(backend_class_t class_, int number, int version, apr_pool_t *pool);

/* -- model_mail_event.c -- */
/* Does a phone that adds it invite bob? */
int scene_is_meeting(backend_class_t class_, int number);
/* A message of the server's own: a cancellation, or what could not be sent. */
int scene_is_notice(const char *subject);
/* Bob was told of a meeting: may he be? */
void judge_told(scene_t *scene, const char *text);
/* In the end: who is to be invited is. */
void judge_invited(scene_t *scene, const scene_item_t *item);
/* Is it a series? */
int scene_is_series(backend_class_t class_, int number);
/* InstanceId of an occurrence. */
const char *scene_instance(int occurrence);
/* What another program writes of an event beside its subject; *after: further components. */
const char *scene_event_text(int number, int version, const char **after, apr_pool_t *pool);
/* What the phone says of a new event beside its subject. */
void scene_event_add(eas_node_t *data, int number, apr_pool_t *pool);
/* The occurrences in a file, and in ApplicationData. */
void scene_event_read(const char *text, int occurrences[MAIL_OCCURRENCES], apr_pool_t *pool);
void phone_event_take(const eas_node_t *data, int occurrences[MAIL_OCCURRENCES]);
/* May the occurrences be as they are now? */
void judge_occurrences(scene_t *scene, const scene_item_t *item, const scene_item_t *now);

/* -- model_mail_others.c -- */
/* Another program does something to the mailbox. */
void scene_disturb(scene_t *scene);
/* An administrator resets a phone, or takes that back. */
void scene_administer(scene_t *scene, phone_t *phone);

/* -- model_mail_judge.c: may that have happened? -- */
void judge_before(scene_t *scene, const char *call);
void judge_after(scene_t *scene, const char *call);
void judge_all(scene_t *scene);

/* The operation of the request on its way on that item, and in which folder's it is. */
const phone_op_t *judge_op(const ask_t *ask, const char *id, phone_op_kind_t kind,
                           const phone_sync_t **sync);
/* The same by number. */
const phone_op_t *judge_op_of(const ask_t *ask, int number, phone_op_kind_t kind,
                              const phone_sync_t **sync);
/* Is the version one that the phone has seen, or its own? */
int judge_seen(const scene_t *scene, const phone_op_t *op, int version);

/* -- model_mail_request.c -- */
/* Sends it and looks at the answer. 1: it has arrived, with WBXML in it. */
int ask_send(scene_t *scene, ask_t *ask, const fate_t *fate, answer_t *answer, apr_pool_t *pool);

/* -- model_mail_sync.c -- */
int phone_sync(scene_t *scene, phone_t *phone, const fate_t *fate, int all);
phone_folder_t *phone_folder(phone_t *phone, const char *id);
phone_item_t *phone_item(phone_folder_t *folder, const char *id);
void phone_folder_reset(phone_folder_t *folder);
void phone_check_sync(scene_t *scene, const ask_t *ask, const answer_t *answer);

/* -- model_mail_folder.c -- */
int phone_folder_sync(scene_t *scene, phone_t *phone, const fate_t *fate);
int phone_change(scene_t *scene, phone_t *phone, const fate_t *fate);
void phone_check_change(scene_t *scene, const ask_t *ask, const answer_t *answer);

/* -- model_mail_move.c -- */
int phone_move(scene_t *scene, phone_t *phone, const fate_t *fate);
int phone_empty(scene_t *scene, phone_t *phone, const fate_t *fate);
void phone_check_moves(scene_t *scene, const ask_t *ask, const answer_t *answer);

/* -- model_mail_user.c -- */
/* The user does something on the phone, which the next Sync sends. */
void phone_act(scene_t *scene, phone_t *phone);
/* No answer came, and the user goes on. */
void phone_alter(scene_t *scene, phone_t *phone, phone_folder_t *folder);
/* The phone turns to the server for whatever it wants. */
void phone_turn(scene_t *scene, phone_t *phone, const fate_t *fate);
/* Does what is left until nothing is. */
void phone_drain(scene_t *scene, phone_t *phone);
void phone_compare(scene_t *scene, phone_t *phone);

#endif
