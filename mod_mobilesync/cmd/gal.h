/* People of the directory in responses: Search and Find of the Global Address List, and the pictures
 * that ResolveRecipients gives as well. */
#ifndef CMD_GAL_H
#define CMD_GAL_H

#include "cmd/cmd.h"

#define CMD_GAL_RESULTS_MAX 100 /* MS-ASCMD R416, R3735 */
#define CMD_GAL_TEXT_MAX 256

/* Picture of Options, and what of it is left (MS-ASCMD 2.2.3.104, 2.2.3.105). */
typedef struct {
    int wanted;
    apr_uint64_t size_max;
    apr_uint64_t left; /* pictures that may still be given */
} cmd_pictures_t;

/* The elements of one page. */
typedef struct {
    eas_tag_t picture, size_max, count_max; /* of the request */
    eas_tag_t answer, status, data;         /* of the response */
} cmd_pictures_tags_t;

/* INVALID: a number that is none. Before 14.1 no picture is ever wanted. */
base_fault_t *cmd_pictures_parse(cmd_exchange_t *exchange, const eas_node_t *options,
                                 const cmd_pictures_tags_t *tags, cmd_pictures_t *pictures);

/* The picture's element, where pictures are wanted. */
void cmd_pictures_write(eas_writer_t *writer, const cmd_pictures_tags_t *tags,
                        cmd_pictures_t *pictures, const backend_person_t *person);

/* INVALID: nothing, or too much, to look for. */
base_fault_t *cmd_gal_find(cmd_exchange_t *exchange, const char *text, int first, int last,
                           backend_people_found_t **found);

/* The properties of a person. pictures: where pictures are wanted. */
void cmd_gal_write(eas_writer_t *writer, const backend_person_t *person,
                   const cmd_pictures_tags_t *tags, cmd_pictures_t *pictures);

#endif
