#include "wake/hub.h"

#include <stdlib.h>
#include <string.h>
#include <apr_general.h>

#define CHANNEL_COMPARE_JITTER apr_time_from_msec(250)

wake_channel_t *wake_channel_find(wake_hub_t *hub, const char *account)
{
    return apr_hash_get(hub->channels, account, APR_HASH_KEY_STRING);
}

wake_channel_t *wake_channel_make(wake_hub_t *hub, const char *account)
{
    wake_channel_t *channel = wake_channel_find(hub, account);
    size_t length = strlen(account) + 1;

    if (channel)
        return channel;
    /* not of a pool: they come and go as long as the child lives */
    channel = calloc(1, sizeof *channel + length);
    if (!channel)
        abort(); /* as APR's pools do */
    memcpy(channel->account, account, length);
    apr_hash_set(hub->channels, channel->account, (apr_ssize_t)length - 1, channel);
    return channel;
}

void wake_channel_touch(wake_hub_t *hub, wake_channel_t *channel)
{
    if (channel->dirty)
        return;
    channel->dirty = 1;
    channel->next_dirty = hub->dirty;
    hub->dirty = channel;
    hub->bus->driver->interrupt(hub->listener);
}

int wake_channel_ready(const wake_hub_t *hub, const wake_channel_t *channel)
{
    return hub->connected && channel->requested && channel->unconfirmed == 0;
}

static void channel_free(wake_hub_t *hub, wake_channel_t *channel)
{
    apr_hash_set(hub->channels, channel->account, APR_HASH_KEY_STRING, NULL);
    free(channel);
}

void wake_channel_send(wake_hub_t *hub)
{
    wake_channel_t *channel;

    while ((channel = hub->dirty)) {
        hub->dirty = channel->next_dirty;
        channel->dirty = 0;
        if (channel->waiters && !channel->requested) {
            hub->bus->driver->subscribe(hub->listener, channel->account);
            channel->requested = 1;
            channel->unconfirmed++;
        }
        else if (!channel->waiters && channel->requested) {
            hub->bus->driver->unsubscribe(hub->listener, channel->account);
            channel->requested = 0;
            channel->unconfirmed++;
        }
        else if (!channel->waiters && channel->unconfirmed == 0)
            channel_free(hub, channel);
    }
}

static void channel_compare_soon(wake_hub_t *hub)
{
    unsigned short dice = 0;

    /* all children of all nodes come back at the same time: spread what they ask */
    apr_generate_random_bytes((unsigned char *)&dice, sizeof dice);
    if (!hub->compare_at)
        hub->compare_at = apr_time_now() + CHANNEL_COMPARE_JITTER * dice / 0x10000;
}

/* Answers come in the order of what was sent: the last one says how it is. */
void wake_channel_confirmed(wake_hub_t *hub, const char *account)
{
    wake_channel_t *channel = wake_channel_find(hub, account);

    if (!channel || channel->unconfirmed == 0)
        return;
    channel->unconfirmed--;
    if (!channel->waiters)
        wake_channel_touch(hub, channel);
    if (!wake_channel_ready(hub, channel))
        return;
    if (channel->stale)
        channel_compare_soon(hub);
    apr_thread_cond_broadcast(hub->confirmed);
}

void wake_channel_message(wake_hub_t *hub, const wake_message_t *message)
{
    wake_channel_t *channel = wake_channel_find(hub, message->account);
    wake_waiter_t *waiter;

    for (waiter = channel ? channel->waiters : NULL; waiter; waiter = waiter->next) {
        int own = strcmp(waiter->device, message->name) == 0;

        if (message->kind == WAKE_MESSAGE_EVENT)
            wake_waiter_event(waiter, message->name, message->event, message->number);
        else if (message->kind == WAKE_MESSAGE_SUPERSEDE && own && message->request == waiter->kind)
            wake_waiter_rival(waiter, message->number);
        else if (message->kind == WAKE_MESSAGE_RESET && (own || !*message->name))
            wake_waiter_reset(waiter, !*message->name, message->number);
    }
}

void wake_channel_connection(wake_hub_t *hub, int connected)
{
    apr_hash_index_t *index;

    hub->connected = connected;
    hub->generation++;
    hub->compare_at = 0;
    for (index = apr_hash_first(NULL, hub->channels); index; index = apr_hash_next(index)) {
        wake_channel_t *channel = apr_hash_this_val(index);

        channel->requested = 0;
        channel->unconfirmed = 0;
        channel->stale = channel->waiters != NULL;
        wake_channel_touch(hub, channel);
    }
}

void wake_channel_free_all(wake_hub_t *hub)
{
    apr_hash_index_t *index;

    for (index = apr_hash_first(NULL, hub->channels); index; index = apr_hash_next(index))
        channel_free(hub, apr_hash_this_val(index));
}
