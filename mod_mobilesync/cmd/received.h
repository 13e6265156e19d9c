/* Which answers the device has received: known when its next request came on the same connection,
 * as a client reads a response to its end before it sends another request there. An answer that was
 * handed to the network, and then lost in a tunnel, is not among them. The flight recorder
 * (state/exchange.h) tells; where it is switched off nothing is known. */
#ifndef CMD_RECEIVED_H
#define CMD_RECEIVED_H

#include "cmd/cmd.h"

/* How often the device presented `key` of the folder, was answered with `next_key`, and received
 * that. baton: the exchange. What cannot be read is none. */
int cmd_received(void *baton, const char *folder_id, const char *key, const char *next_key);

#endif
