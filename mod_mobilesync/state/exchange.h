/* The flight recorder's entries: what an exchange with a device came to. Written after each
 * response by glue/recorder.c, read by admin/exchange.c and cmd/received.c. One compact JSON object each:
 *
 *   t  when it began, milliseconds      c  command            v  protocol version
 *   n  node                             h  HTTP status        d  duration, milliseconds
 *   i  bytes of the request's body      o  bytes sent         g  1: the device hung up
 *   s  Status of the command            a  heartbeat asked for, b granted (it waited), seconds
 *   f  kind of fault that ended it      e  its message
 *   l  folders, each a list: folder id (null: the hierarchy), key presented, key answered, Status,
 *      repeat?, MoreAvailable?, given to the device: adds, changes, deletes, left out as they
 *      cannot be rendered; asked for by the device: adds, changes, deletes
 *   x  number of further folders
 *   w  the client's port               k  answers given on that connection before
 *
 * What is 0 or empty is left out. No content of mail, no address but the account's. */
#ifndef STATE_EXCHANGE_H
#define STATE_EXCHANGE_H

#define STATE_EXCHANGE_FOLDERS_MAX 16
/* Places in the list of a folder. */
#define STATE_EXCHANGE_FOLDER 0
#define STATE_EXCHANGE_KEY 1
#define STATE_EXCHANGE_NEXT_KEY 2
#define STATE_EXCHANGE_ERROR_MAX 300 /* bytes of a message */

#endif
