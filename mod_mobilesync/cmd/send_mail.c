/* SendMail (MS-ASCMD 2.2.1.17): a new message. */
#include "cmd/send.h"

base_fault_t *cmd_send_mail_run(cmd_exchange_t *exchange)
{
    return cmd_send_run(exchange, ITEM_COMPOSE_SEND);
}
