#include "sync/diff.h"

#include "sync/held.h"

sync_op_t sync_diff_judge(const sync_holding_t *device, const sync_event_t *event,
                          const sync_position_t *position)
{
    if (!event->exists)
        return device->held ? SYNC_OP_DELETE : SYNC_OP_NONE;
    if (event->dates.date[position->dates] < position->cut)
        return device->held ? SYNC_OP_SOFT_DELETE : SYNC_OP_NONE;
    if (!device->held)
        return SYNC_OP_ADD;
    if (device->token == SYNC_TOKEN_UNKNOWN || event->renewed)
        return SYNC_OP_CHANGE;
    return (device->token ^ event->token) & ~event->unseen ? SYNC_OP_CHANGE : SYNC_OP_NONE;
}

int sync_diff_flags_conflict(const sync_holding_t *device, const apr_uint64_t *written,
                             apr_uint64_t current, apr_uint64_t mask, apr_uint64_t values)
{
    apr_uint64_t differs;

    if (!device->held || device->token == SYNC_TOKEN_UNKNOWN)
        return 0;
    differs = (current ^ device->token) & (current ^ values) & mask;
    if (written)
        differs &= current ^ *written;
    return differs != 0;
}

int sync_diff_content_conflict(const sync_holding_t *device, const apr_uint64_t *written,
                               apr_uint64_t current)
{
    return device->held && current != device->token && !(written && current == *written);
}

sync_holding_t sync_diff_flags_applied(const sync_holding_t *device, apr_uint64_t mask,
                                       apr_uint64_t values)
{
    sync_holding_t after = *device;

    if (device->held && device->token != SYNC_TOKEN_UNKNOWN)
        after.token = (device->token & ~mask) | (values & mask);
    return after;
}
