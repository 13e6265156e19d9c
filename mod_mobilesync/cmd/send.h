/* What SendMail, SmartReply and SmartForward share (MS-ASCMD 2.2.1.17, 2.2.1.19, 2.2.1.20).
 *
 * Order, and why: first the recipients elsewhere are served, all or none, so that a refused
 * address leaves nothing behind; then those of this server, then the Sent copy, then the
 * original's flag. Everything after the submission can be done again without harm, because what
 * is stored has a name derived from the message's series, a random text that the ledger keeps.
 *
 * The ledger's scopes (cmd/once.h)
 *   send-id:ClientId   entry "send": which message the ClientId (14.0 on) stands for
 *   send:message       entries "series" -> the series, "submit" -> done, "send" -> the result
 * where the message is known by its Message-ID; without one by content and ClientId, at 12.1 by content
 * and what is done with which original.
 * A result is a Status, 0 for success.
 *
 * So a message that a client sends again is recognised by its ClientId and, for clients that make
 * a new one for each attempt, by its Message-ID: both are what R4850 and R7465 name. A repeat gets
 * the recorded result. A ClientId that stood for another message is refused with Status 118, for
 * then nobody can tell which of the two the client means. */
#ifndef CMD_SEND_H
#define CMD_SEND_H

#include "cmd/cmd.h"
#include "cmd/once.h"
#include "item/compose.h"
#include "item/itip.h"
#include "item/reference.h"

/* One command, of either form: MIME with the parameters in the query (12.1), or WBXML. */
typedef struct {
    cmd_exchange_t *exchange;
    eas_command_t command; /* which one's Status values */
    item_compose_mode_t mode;
    const backend_blob_t *mime;
    const char *client_id; /* NULL at 12.1 */
    int save_in_sent;
    int replace_mime;
    item_reference_t original; /* uid 0: none */
    const char *instance;      /* of the original, as the request has it; NULL: all of it */
    /* The request has Forwardees or Body in the place of Mime, which was made of them */
    int forwardees;
    /* -- what the original comes to (cmd_send_original) -- */
    int event;                  /* it is one of a calendar */
    const item_itip_t *meeting; /* that is passed on; NULL: none */
    apr_array_header_t *people; /* item_address_t: to whom, as everybody may see; with a meeting */
    const char *topic;          /* its Subject, as it is written */
    int shared; /* all devices of the account have the message, so that it is sent once by them all */
} cmd_send_t;

/* Reads the request. *status = 0, or the Status that says what is wrong with it. Faults: INVALID
 * (103), TOO_LARGE, UNAVAILABLE. */
base_fault_t *cmd_send_parse(cmd_send_t *send, int *status);

/* The original as a message; an event is made one that invites to it. NULL: there is none to add. Faults: NOT_FOUND
 * also of what cannot be added (Status 150). */
base_fault_t *cmd_send_original(cmd_send_t *send, const backend_blob_t **message);
/* Once the message is out: whom a meeting was forwarded to is invited to it, as far as its organizer's
 * calendar is here. series as of cmd_send_deliver. */
base_fault_t *cmd_send_invite(cmd_send_t *send, const char *series);

/* The message for accounts of this server and for Sent. series is the derived name; a message
 * that is there already stays one. */
base_fault_t *cmd_send_deliver(cmd_send_t *send, const apr_array_header_t *accounts,
                               const backend_blob_t *message, const char *series);

/* What a message does to the calendars of those here to whom it is delivered. */
typedef struct {
    const item_itip_t
        *itip;  /* NULL: it is none of scheduling, or calendars are left to their owners */
    int begins; /* a meeting that a calendar does not have: it is for the sender to say */
} cmd_schedule_t;

/* What the sender may say in the name of the message's organizer. What is wrong is no fault: the mail is
 * what it is. */
void cmd_send_schedule_load(cmd_send_t *send, const backend_blob_t *message,
                            cmd_schedule_t *schedule);
/* It was delivered to an account: its calendar has what it says, once for a series (cmd_send_deliver). The
 * mail stays, so nothing that goes wrong is a fault. */
void cmd_send_schedule(cmd_send_t *send, const cmd_schedule_t *schedule, const char *series,
                       backend_session_t *session, const char *account, apr_pool_t *pool);
base_fault_t *cmd_send_save(cmd_send_t *send, const backend_blob_t *message, const char *series);

/* Sends a message that is none of these commands', once: a repeat, of whatever device, finds it by its
 * Message-ID. *status: 0, or one of SendMail's. */
base_fault_t *cmd_send_message(cmd_exchange_t *exchange, const backend_blob_t *mime, int *status);

/* Runs the command. */
base_fault_t *cmd_send_run(cmd_exchange_t *exchange, item_compose_mode_t mode);

#endif
