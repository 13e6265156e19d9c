/* SmartReply (MS-ASCMD 2.2.1.20): an answer; the original is quoted here. */
#include "cmd/send.h"

base_fault_t *cmd_smart_reply_run(cmd_exchange_t *exchange)
{
    return cmd_send_run(exchange, ITEM_COMPOSE_REPLY);
}
