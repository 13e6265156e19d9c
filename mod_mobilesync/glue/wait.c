/* Waiting for a change on behalf of a command: parked where the server can do that, else by
 * blocking the worker that serves the request, which works with every MPM. */
#include "glue/glue.h"

int glue_wait(request_rec *r, cmd_exchange_t *exchange)
{
    int rc = glue_park(r, exchange);

    if (rc != DECLINED)
        return rc;
    while (exchange->wait.waiter)
        cmd_resume(exchange, wake_waiter_block(exchange->wait.waiter));
    return glue_send(r, exchange);
}
