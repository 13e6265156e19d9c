/* The bus in Redis: a hash of numbers and a channel for each account (see wake.h). */
#include "wake/bus.h"

#include <string.h>
#include <apr_general.h>
#include <apr_strings.h>

#include "base/text.h"

#define REDIS_BUS_ANSWER_TIME apr_time_from_sec(1) /* for all answers to a question together */
#define REDIS_BUS_ANSWER_TTL "10"                  /* seconds: who asked may have died */

typedef struct {
    redis_pool_t *redis;
    const char *prefix;
    const base_log_t *log;
    redis_script_t *publish, *reset, *supersede;
} redis_bus_t;

typedef struct {
    redis_bus_t *bus;
    redis_subscriber_t *subscriber;
    apr_pool_t *pool; /* of names and of the last message; cleared by next */
} redis_listener_t;

/* A number that grows, and never comes back after Redis lost its data: the clock. */
#define REDIS_BUS_NEXT_LUA                               \
    "#!lua\n"                                            \
    "local now = redis.call('TIME')\n"                   \
    "now = now[1] .. string.format('%06d', now[2])\n"    \
    "local function take(field)\n"                       \
    "  local old = redis.call('HGET', KEYS[1], field)\n" \
    "  if old and tonumber(old) >= tonumber(now) then\n" \
    "    now = string.format('%.0f', old + 1)\n"         \
    "  end\n"                                            \
    "  redis.call('HSET', KEYS[1], field, now)\n"        \
    "end\n"

/* KEYS numbers, channel; ARGV A or C, folder */
static const char redis_publish_source[] = REDIS_BUS_NEXT_LUA
    "take('f:' .. ARGV[2])\n"
    "redis.call('PUBLISH', KEYS[2], 'E ' .. ARGV[1] .. ' ' .. now .. ' ' .. ARGV[2])\n"
    "return now\n";

/* KEYS numbers, channel; ARGV device or empty */
static const char redis_reset_source[] =
    REDIS_BUS_NEXT_LUA "take('r:' .. ARGV[1])\n"
                       "redis.call('PUBLISH', KEYS[2], 'R ' .. now .. ' ' .. ARGV[1])\n"
                       "return now\n";

/* KEYS numbers, channel; ARGV p or s, device, then the fields to return */
static const char redis_supersede_source[] = REDIS_BUS_NEXT_LUA
    "take(ARGV[1] .. ':' .. ARGV[2])\n"
    "redis.call('PUBLISH', KEYS[2], 'S ' .. ARGV[1] .. ' ' .. now .. ' ' .. ARGV[2])\n"
    "local answer = {}\n"
    "for i = 3, #ARGV, 1000 do\n"
    "  local part = redis.call('HMGET', KEYS[1], unpack(ARGV, i, math.min(i + 999, #ARGV)))\n"
    "  for j = 1, #part do answer[#answer + 1] = part[j] end\n"
    "end\n"
    "return answer\n";

static const char *redis_bus_letter(wake_kind_t kind)
{
    return kind == WAKE_KIND_PING ? "p" : "s";
}

static const char *redis_bus_numbers(const redis_bus_t *bus, const char *account, apr_pool_t *pool)
{
    return redis_key_name(pool, bus->prefix, account, "v", NULL);
}

static const char *redis_bus_channel(const redis_bus_t *bus, const char *account, apr_pool_t *pool)
{
    return redis_key_name(pool, bus->prefix, account, "c", NULL);
}

static redis_args_t *redis_bus_args(const redis_bus_t *bus, const redis_script_t *script,
                                    const char *account, apr_pool_t *pool)
{
    redis_args_t *args = redis_script_args(script, 2, pool);

    redis_args_text(args, redis_bus_numbers(bus, account, pool));
    redis_args_text(args, redis_bus_channel(bus, account, pool));
    return args;
}

/* -- numbers ---------------------------------------------------------------- */

static base_fault_t *redis_bus_publish(void *self, const char *account, const char *folder_id,
                                       wake_event_t event, apr_pool_t *pool)
{
    redis_bus_t *bus = self;
    redis_args_t *args = redis_bus_args(bus, bus->publish, account, pool);
    redis_value_t *value;

    redis_args_text(args, event == WAKE_EVENT_ADDED ? "A" : "C");
    redis_args_text(args, folder_id);
    return redis_script_call(bus->redis, bus->publish, args, REDIS_REPEAT, &value, pool);
}

static base_fault_t *redis_bus_reset(void *self, const char *account, const char *device,
                                     apr_pool_t *pool)
{
    redis_bus_t *bus = self;
    redis_args_t *args = redis_bus_args(bus, bus->reset, account, pool);
    redis_value_t *value;

    redis_args_text(args, device);
    return redis_script_call(bus->redis, bus->reset, args, REDIS_REPEAT, &value, pool);
}

/* The fields of a query, in the order in which redis_bus_answer reads them. */
static void redis_bus_fields(redis_args_t *args, const wake_query_t *query, apr_pool_t *pool)
{
    int i;

    redis_args_text(args,
                    apr_pstrcat(pool, redis_bus_letter(query->kind), ":", query->device, NULL));
    redis_args_text(args, apr_pstrcat(pool, "r:", query->device, NULL));
    redis_args_text(args, "r:");
    for (i = 0; i < query->folder_count; i++)
        redis_args_text(args, apr_pstrcat(pool, "f:", query->folder_ids[i], NULL));
}

static apr_uint64_t redis_bus_number(const redis_value_t *values, int index)
{
    apr_uint64_t number = 0;

    redis_value_uint(redis_value_string(values, index), &number);
    return number;
}

static base_fault_t *redis_bus_answer(wake_query_t *query, const redis_value_t *values,
                                      apr_pool_t *pool)
{
    int i;

    BASE_TRY(redis_value_fault(values, pool));
    if (values->kind != REDIS_ARRAY || values->count != query->folder_count + 3)
        return base_fault_make(pool, BASE_FAULT_INTERNAL, "not as many numbers as asked for");
    query->number = redis_bus_number(values, 0);
    query->device_reset = redis_bus_number(values, 1);
    query->account_reset = redis_bus_number(values, 2);
    for (i = 0; i < query->folder_count; i++)
        query->versions[i] = redis_bus_number(values, i + 3);
    return NULL;
}

static base_fault_t *redis_bus_supersede(void *self, wake_query_t *query, apr_pool_t *pool)
{
    redis_bus_t *bus = self;
    redis_args_t *args = redis_bus_args(bus, bus->supersede, query->account, pool);
    redis_value_t *value;

    redis_args_text(args, redis_bus_letter(query->kind));
    redis_args_text(args, query->device);
    redis_bus_fields(args, query, pool);
    BASE_TRY(redis_script_call(bus->redis, bus->supersede, args, REDIS_REPEAT, &value, pool));
    return redis_bus_answer(query, value, pool);
}

static base_fault_t *redis_bus_read(void *self, wake_query_t *queries, int count, apr_pool_t *pool)
{
    redis_bus_t *bus = self;
    redis_args_t **commands = apr_palloc(pool, (apr_size_t)count * sizeof *commands);
    redis_value_t **values;
    int i;

    for (i = 0; i < count; i++) {
        commands[i] = redis_args_make(pool);
        redis_args_text(commands[i], "HMGET");
        redis_args_text(commands[i], redis_bus_numbers(bus, queries[i].account, pool));
        redis_bus_fields(commands[i], &queries[i], pool);
    }
    BASE_TRY(redis_pipeline(bus->redis, commands, count, REDIS_REPEAT, &values, pool));
    for (i = 0; i < count; i++)
        BASE_TRY(redis_bus_answer(&queries[i], values[i], pool));
    return NULL;
}

/* -- questions ---------------------------------------------------------------- */

static const char *redis_bus_who(const redis_bus_t *bus, apr_pool_t *pool)
{
    return apr_pstrcat(pool, base_text_percent_encode(bus->prefix, pool), ":who", NULL);
}

/* The list of answers. */
static const char *redis_bus_answers(const redis_bus_t *bus, const char *ticket, apr_pool_t *pool)
{
    return apr_pstrcat(pool, redis_bus_who(bus, pool), ":", ticket, NULL);
}

static const char *redis_bus_ticket(apr_pool_t *pool)
{
    unsigned char random[12];

    apr_generate_random_bytes(random, sizeof random);
    return base_text_hex_encode(random, sizeof random, pool);
}

/* Waits for one more answer; *answer NULL: time is up. The connection's own timeout is longer. */
static base_fault_t *redis_bus_collect(redis_bus_t *bus, const char *list,
                                       apr_interval_time_t patience, const char **answer,
                                       apr_pool_t *pool)
{
    redis_args_t *args = redis_args_make(pool);
    const redis_value_t *text;
    redis_value_t *value;

    redis_args_text(args, "BLPOP");
    redis_args_text(args, list);
    redis_args_text(args, apr_psprintf(pool, "%.3f", (double)patience / APR_USEC_PER_SEC));
    BASE_TRY(redis_command(bus->redis, args, REDIS_WAIT, &value, pool));
    text = redis_value_string(value, 1);
    *answer = text ? text->data : NULL;
    return NULL;
}

/* PUBLISH says how many have heard it, so that nothing is waited for in vain. */
static base_fault_t *redis_bus_ask(void *self, const char *question, apr_array_header_t **answers,
                                   int *silent, apr_pool_t *pool)
{
    redis_bus_t *bus = self;
    const char *ticket = redis_bus_ticket(pool), *list = redis_bus_answers(bus, ticket, pool);
    apr_interval_time_t patience = redis_pool_config(bus->redis)->command_timeout / 2;
    redis_args_t *args = redis_args_make(pool);
    redis_value_t *value;
    apr_time_t until;

    redis_args_text(args, "PUBLISH");
    redis_args_text(args, redis_bus_who(bus, pool));
    redis_args_text(args, apr_pstrcat(pool, "Q ", ticket, " ", question, NULL));
    BASE_TRY(redis_command(bus->redis, args, REDIS_ONCE, &value, pool));
    *answers = apr_array_make(pool, 8, sizeof(const char *));
    until = apr_time_now() + (patience < REDIS_BUS_ANSWER_TIME ? patience : REDIS_BUS_ANSWER_TIME);
    for (*silent = (int)value->integer; *silent > 0; (*silent)--) {
        const char *answer;

        patience = until - apr_time_now();
        if (patience < apr_time_from_msec(1))
            break;
        BASE_TRY(redis_bus_collect(bus, list, patience, &answer, pool));
        if (!answer)
            break;
        APR_ARRAY_PUSH(*answers, const char *) = answer;
    }
    return NULL;
}

static base_fault_t *redis_bus_answer_give(void *self, const char *ticket, const char *text,
                                           apr_pool_t *pool)
{
    redis_bus_t *bus = self;
    redis_args_t *commands[2] = {redis_args_make(pool), redis_args_make(pool)};
    const char *list = redis_bus_answers(bus, ticket, pool);
    redis_value_t **values;

    redis_args_text(commands[0], "RPUSH");
    redis_args_text(commands[0], list);
    redis_args_text(commands[0], text);
    redis_args_text(commands[1], "EXPIRE");
    redis_args_text(commands[1], list);
    redis_args_text(commands[1], REDIS_BUS_ANSWER_TTL);
    BASE_TRY(redis_pipeline(bus->redis, commands, 2, REDIS_ONCE, &values, pool));
    return redis_value_fault(values[0], pool);
}

/* -- listening -------------------------------------------------------------- */

static base_fault_t *redis_bus_listen(void *self, void **result, apr_pool_t *pool)
{
    redis_listener_t *listener = apr_pcalloc(pool, sizeof *listener);

    listener->bus = self;
    apr_pool_create(&listener->pool, pool);
    *result = listener;
    return redis_subscriber_create(listener->bus->redis, &listener->subscriber, pool);
}

static base_fault_t *redis_bus_connect(void *data, apr_pool_t *pool)
{
    redis_listener_t *listener = data;

    BASE_TRY(redis_subscriber_connect(listener->subscriber, pool));
    redis_subscriber_subscribe(listener->subscriber, redis_bus_who(listener->bus, pool));
    return NULL;
}

static apr_interval_time_t redis_bus_delay(void *data)
{
    redis_listener_t *listener = data;

    return redis_subscriber_delay(listener->subscriber);
}

static void redis_bus_subscribe(void *data, const char *account)
{
    redis_listener_t *listener = data;

    redis_subscriber_subscribe(listener->subscriber,
                               redis_bus_channel(listener->bus, account, listener->pool));
}

static void redis_bus_unsubscribe(void *data, const char *account)
{
    redis_listener_t *listener = data;

    redis_subscriber_unsubscribe(listener->subscriber,
                                 redis_bus_channel(listener->bus, account, listener->pool));
}

/* The account of a channel's name "P:{account}:c"; NULL when it is no such name. */
static const char *redis_bus_account(const char *channel, apr_pool_t *pool)
{
    const char *begin = strchr(channel, '{'), *end = begin ? strchr(begin, '}') : NULL;

    return end ? base_text_percent_decode(apr_pstrmemdup(pool, begin + 1, end - begin - 1), pool)
               : NULL;
}

/* The word up to the next space; the rest begins after it. NULL: there is no space. */
static const char *redis_bus_word(const char **rest, apr_pool_t *pool)
{
    const char *begin = *rest, *space = strchr(begin, ' ');

    if (!space)
        return NULL;
    *rest = space + 1;
    return apr_pstrmemdup(pool, begin, space - begin);
}

/* Messages come from other versions and other programs as well: what is not understood is
 * no message. */
static int redis_bus_parse(const char *text, wake_message_t *message, apr_pool_t *pool)
{
    const char *rest = text, *kind = redis_bus_word(&rest, pool);
    const char *letter = kind && kind[0] != 'R' ? redis_bus_word(&rest, pool) : "";
    const char *number = redis_bus_word(&rest, pool);

    if (!kind || !letter || !number || strlen(kind) != 1 ||
        !base_text_parse_uint(number, APR_UINT64_MAX, &message->number))
        return 0;
    message->name = rest;
    switch (kind[0]) {
    case 'E':
        message->kind = WAKE_MESSAGE_EVENT;
        message->event = letter[0] == 'C' ? WAKE_EVENT_CHANGED : WAKE_EVENT_ADDED;
        return 1;
    case 'S':
        message->kind = WAKE_MESSAGE_SUPERSEDE;
        message->request = letter[0] == 'p' ? WAKE_KIND_PING : WAKE_KIND_SYNC;
        return letter[0] == 'p' || letter[0] == 's';
    case 'R':
        message->kind = WAKE_MESSAGE_RESET;
        return 1;
    default:
        return 0;
    }
}

/* A message of the channel that all children hear. */
static void redis_bus_parse_who(const char *text, wake_message_t *message, apr_pool_t *pool)
{
    const char *rest = text, *kind = redis_bus_word(&rest, pool);
    const char *ticket = redis_bus_word(&rest, pool);

    if (!kind || !ticket || strcmp(kind, "Q") != 0)
        return;
    *message = (wake_message_t){.kind = WAKE_MESSAGE_QUESTION, .account = ticket, .name = rest};
}

static void redis_bus_next(void *data, apr_interval_time_t timeout, wake_message_t *message)
{
    redis_listener_t *listener = data;
    redis_event_t event;

    apr_pool_clear(listener->pool);
    memset(message, 0, sizeof *message);
    redis_subscriber_next(listener->subscriber, timeout, &event);
    if (event.channel)
        message->account = redis_bus_account(event.channel, listener->pool);
    switch (event.kind) {
    case REDIS_EVENT_LOST:
        message->kind = WAKE_MESSAGE_LOST;
        return;
    case REDIS_EVENT_SUBSCRIBED:
        message->kind = WAKE_MESSAGE_SUBSCRIBED;
        break;
    case REDIS_EVENT_UNSUBSCRIBED:
        message->kind = WAKE_MESSAGE_UNSUBSCRIBED;
        break;
    case REDIS_EVENT_MESSAGE:
        if (!message->account)
            redis_bus_parse_who(event.data, message, listener->pool);
        else if (!redis_bus_parse(event.data, message, listener->pool)) {
            message->kind = WAKE_MESSAGE_NONE;
            base_log_write(listener->bus->log, BASE_LOG_DEBUG, "wake: \"%s\" is no message",
                           event.data);
        }
        break;
    case REDIS_EVENT_NONE:
        break;
    }
    if (!message->account)
        message->kind = WAKE_MESSAGE_NONE;
}

static void redis_bus_interrupt(void *data)
{
    redis_listener_t *listener = data;

    redis_subscriber_interrupt(listener->subscriber);
}

static const wake_bus_driver_t redis_bus_driver = {
    .name = "redis",
    .publish = redis_bus_publish,
    .reset = redis_bus_reset,
    .supersede = redis_bus_supersede,
    .read = redis_bus_read,
    .ask = redis_bus_ask,
    .answer = redis_bus_answer_give,
    .listen = redis_bus_listen,
    .connect = redis_bus_connect,
    .delay = redis_bus_delay,
    .subscribe = redis_bus_subscribe,
    .unsubscribe = redis_bus_unsubscribe,
    .next = redis_bus_next,
    .interrupt = redis_bus_interrupt,
};

wake_bus_t *wake_bus_create_redis(redis_pool_t *redis, const char *prefix, const base_log_t *log,
                                  apr_pool_t *pool)
{
    wake_bus_t *bus = apr_palloc(pool, sizeof *bus);
    redis_bus_t *self = apr_pcalloc(pool, sizeof *self);

    self->redis = redis;
    self->prefix = apr_pstrdup(pool, prefix);
    self->log = log;
    self->publish = redis_script_make("publish", redis_publish_source, pool);
    self->reset = redis_script_make("reset", redis_reset_source, pool);
    self->supersede = redis_script_make("supersede", redis_supersede_source, pool);
    bus->driver = &redis_bus_driver;
    bus->self = self;
    return bus;
}
