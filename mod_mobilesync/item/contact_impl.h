/* What the files of item/contact*.c share. */
#ifndef ITEM_CONTACT_IMPL_H
#define ITEM_CONTACT_IMPL_H

#include <apr_hash.h>

#include "eas/tags.h"
#include "item/document.h"

typedef struct {
    item_document_t *document;
    item_component_t *root;
    apr_hash_t *labels; /* of X-ABLabel by group (lower case); NULL: to be read (contact_line.c) */
    apr_pool_t *pool;
} contact_card_t;

typedef struct contact_property contact_property_t;

/* How a property is read and written. Texts: names of a container (Categories, Children) a line
 * each. */
typedef struct {
    /* NULL: it is not there, or cannot be shown */
    const char *(*get)(contact_card_t *card, const contact_property_t *property);
    /* texts: for each of its slots; "": it is to go, NULL: as it is. Never called when it is to go and
     * get says that it is not there. */
    void (*set)(contact_card_t *card, const contact_property_t *property, const char *const *texts);
} contact_access_t;

struct contact_property {
    eas_tag_t tag;
    const contact_access_t *access; /* NULL: airsyncbase:Body */
    const char *name;               /* what it means is the access's affair, as is n */
    int n;
    int slots;       /* elements from this row on that are set together; 0: by an earlier row */
    eas_tag_t child; /* of a container */
    int ghosted;     /* it can be ghosted (R5906) */
};

/* contact_value.c */
extern const contact_access_t contact_text, contact_list, contact_component, contact_address,
    contact_url, contact_categories, contact_picture;
/* contact_day.c, contact_related.c */
extern const contact_access_t contact_date, contact_related, contact_children;
/* contact_name.c */
extern const contact_access_t contact_first_name, contact_file_as;
/* contact_line.c, contact_phone.c */
extern const contact_access_t contact_email, contact_im, contact_phone;

/* A day "YYYY-MM-DD", "YYYYMMDD", "--MM-DD" or "--MMDD" (year 1604), whatever follows it. 0: none. */
int contact_day_parse(const char *text, int *year, int *month, int *day);

/* The first of some names apart by blanks; *rest: behind it. */
const char *contact_name_next(contact_card_t *card, const char *names, const char **rest);
int contact_is_named(const item_property_t *property, const char *names);
/* The first property with one of the names (apart by blanks) that is not empty; NULL. */
item_property_t *contact_find(contact_card_t *card, const char *names);
/* The X-ABLabel of its group, without Apple's frame; "". */
const char *contact_label(contact_card_t *card, const item_property_t *property);
/* Is it the word's, by its TYPE or by that label? */
int contact_is(contact_card_t *card, item_property_t *property, const char *word);
/* With the label that only it has. */
void contact_remove(contact_card_t *card, item_property_t *property);
/* A line of Apple's: in a group of its own, which has that label. */
item_property_t *contact_add_labelled(contact_card_t *card, const char *name, const char *label);

/* What the names of a contact are made of. */
typedef struct {
    const char *part[5]; /* of N: last, first, middle name, title, suffix */
    const char *company;
    const char *fn;      /* "": none */
    const char *file_as; /* as it is stored; NULL: not */
} contact_names_t;
void contact_names_read(contact_card_t *card, contact_names_t *names);
/* FN and, if it may, a stored FileAs follow the parts that they were made of. */
void contact_names_follow(contact_card_t *card, const contact_names_t *old, int file_as);
/* Of a new card. */
void contact_names_make(contact_card_t *card);

#define CONTACT_LINES_MAX \
    400 /* of a kind that are looked at; the children that are shown, and more */

/* Lines that are shown in slots. */
typedef struct {
    /* All, those of the slots first: item_property_t *, NULL for an empty slot */
    apr_array_header_t *(*find)(contact_card_t *card, const contact_property_t *property);
    const char *(*read)(contact_card_t *card, item_property_t *line);
    void (*write)(contact_card_t *card, item_property_t *line, const char *text);
    void (*add)(contact_card_t *card, const contact_property_t *property, int slot,
                const char *text);
    void (*remove)(contact_card_t *card, item_property_t *line);
} contact_lines_t;
/* Lines with a number in the parameter take that place, the others the rest in their order. lines is
 * used up. */
apr_array_header_t *contact_slots_place(contact_card_t *card, const apr_array_header_t *lines,
                                        int slots, const char *parameter);
/* Says which number a new line has where its place does not. before: without it. */
void contact_slot_number(const apr_array_header_t *before, item_property_t *line, int slot,
                         const char *parameter);
const char *contact_slot_get(contact_card_t *card, const contact_property_t *property,
                             const contact_lines_t *lines);
void contact_slots_set(contact_card_t *card, const contact_property_t *property,
                       const contact_lines_t *lines, const char *const *texts);

#endif
