/* New devices, told to an administrator by mail (MobileSyncAccessNotify). A device is entered into a
 * table of the store when its record is made, which happens once, on whatever node. Who answers a
 * request sends what is there, after the answer: at once where it entered one itself, else now and
 * then; at most one mail in an interval from all nodes together. So ten thousand devices that come
 * in an hour are four mails. A device leaves the table when the mail was taken: who dies before, or
 * finds nobody to take it, leaves it to the next mail. */
#ifndef CMD_ACCESS_NEWS_H
#define CMD_ACCESS_NEWS_H

#include "cmd/access.h"

/* The device's record was made just now. What goes wrong is logged. */
void cmd_access_news_add(cmd_exchange_t *exchange, sync_access_status_t status);

/* After the answer was sent; it may take as long as submitting a mail takes. */
void cmd_access_news_send(cmd_exchange_t *exchange);

#endif
