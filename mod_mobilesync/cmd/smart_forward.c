/* SmartForward (MS-ASCMD 2.2.1.19): the original goes along from here. */
#include "cmd/send.h"

base_fault_t *cmd_smart_forward_run(cmd_exchange_t *exchange)
{
    return cmd_send_run(exchange, ITEM_COMPOSE_FORWARD);
}
