/* Part of backend.h: searching the text of items.
 *
 * A backend stores blobs and cannot read them: the caller gives an extractor, which the driver
 * calls for items that it has not indexed yet. Drivers that keep an index of their own do so in
 * search_index.h; one in front of a server that searches (IMAP) may translate the query. */
#ifndef BACKEND_BACKEND_H
#error "include backend/backend.h"
#endif

/* What a word can be looked for in. */
typedef enum {
    BACKEND_FIELD_SUBJECT,
    BACKEND_FIELD_FROM, /* names and addresses */
    BACKEND_FIELD_TO,
    BACKEND_FIELD_CC,
    BACKEND_FIELD_BCC,
    BACKEND_FIELD_BODY,
    BACKEND_FIELD_ATTACHMENT, /* names of the attachments */
    BACKEND_FIELD_COUNT_
} backend_field_t;

#define BACKEND_FIELDS_ALL ((1u << BACKEND_FIELD_COUNT_) - 1)

/* What an item is found by. */
typedef struct {
    const char *fields[BACKEND_FIELD_COUNT_]; /* UTF-8; NULL: it has none */
    int attachments;                          /* it has some */
    const char *conversation; /* the same for all items of a conversation; NULL: none */
} backend_text_t;

/* Reads an item. CONVERSION: it cannot be read, and will not be asked for again. */
typedef base_fault_t *(*backend_extract_fn)(const backend_blob_t *blob, backend_text_t *text,
                                            apr_pool_t *pool);

typedef enum {
    BACKEND_QUERY_AND, /* all of first and its nexts; none: everything */
    BACKEND_QUERY_OR,  /* one of them; none: nothing */
    BACKEND_QUERY_NOT, /* not the first */
    BACKEND_QUERY_TEXT,
    BACKEND_QUERY_DATE,
    BACKEND_QUERY_FLAGS,
    BACKEND_QUERY_ATTACHMENTS,
    BACKEND_QUERY_CONVERSATION
} backend_query_kind_t;

/* A node of a query. Whoever makes it bounds its depth and the number of its nodes. */
typedef struct backend_query backend_query_t;
struct backend_query {
    backend_query_kind_t kind;
    backend_query_t *first; /* operands of AND, OR, NOT */
    backend_query_t *next;  /* in the list of operands */
    /* TEXT: the words of text, one after the other, in one of the fields (a mask of 1 << field);
     * without regard to case and accents. CONVERSATION: text is its name. */
    const char *text;
    unsigned fields;
    int prefix;               /* the last word may go on */
    apr_time_t since, before; /* DATE: since <= date < before */
    apr_uint64_t mask, flags; /* FLAGS: (flags of the item & mask) == flags */
};

typedef struct {
    const char *const *folder_ids;
    int folder_count;
    const backend_query_t *query;
    backend_extract_fn extract;
    /* A new one means that what was extracted before is outdated. */
    const char *extract_version;
    /* Matches are numbered from 0, the newest first; these are wanted. */
    int skip, limit;
    /* Names the sequence of matches for a day, so that the pages of one search fit together
     * whatever arrives in between: kept where skip is 0 or renew is set, looked up otherwise.
     * NULL: not wanted. */
    const char *name;
    int renew;
    /* Items that are not indexed yet are read until then. */
    apr_time_t deadline;
} backend_search_t;

typedef struct {
    const char *folder_id;
    apr_uint32_t generation;
    apr_uint64_t uid;
} backend_match_t;

typedef struct {
    const backend_match_t *matches;
    int count;
    int total;    /* of all matches, without skip and limit */
    int complete; /* 0: there were items that nobody has read yet, ask again */
    int resumed;  /* the name was known: this page belongs to the earlier ones */
} backend_found_t;
