/* Who waits: nobody writes it down. Whoever wants to know asks the children in which somebody
 * waits, over the bus, and they answer from their hubs. So waiting costs nothing, and a child that
 * was killed is forgotten with its connection.
 *
 * Question: "*" (only count), or accounts, percent-encoded, one space between two. Answer: the
 * node, a line break, then "pings syncs", or a line "account device p|s since asked granted" (since
 * in microseconds) for each that waits. */
#include "wake/hub.h"

#include <stdlib.h>
#include <string.h>
#include <apr_strings.h>

#include "base/text.h"

#define WAITING_COUNT "*"
#define WAITING_WORDS 6

/* -- the child that is asked -------------------------------------------------- */

static void waiting_count(const wake_hub_t *hub, base_text_buffer_t *out)
{
    int kinds[2] = {0};
    apr_hash_index_t *index;

    for (index = apr_hash_first(NULL, hub->channels); index; index = apr_hash_next(index)) {
        const wake_channel_t *channel = apr_hash_this_val(index);
        const wake_waiter_t *waiter;

        for (waiter = channel->waiters; waiter; waiter = waiter->next)
            kinds[waiter->kind == WAKE_KIND_SYNC]++;
    }
    base_text_buffer_printf(out, "%d %d", kinds[0], kinds[1]);
}

static void waiting_account(const wake_channel_t *channel, const char *account,
                            base_text_buffer_t *out, apr_pool_t *pool)
{
    const wake_waiter_t *waiter;

    for (waiter = channel ? channel->waiters : NULL; waiter; waiter = waiter->next)
        base_text_buffer_printf(
            out, "%s %s %s %" APR_TIME_T_FMT " %" APR_TIME_T_FMT " %" APR_TIME_T_FMT "\n", account,
            base_text_percent_encode(waiter->device, pool),
            waiter->kind == WAKE_KIND_SYNC ? "s" : "p", waiter->since,
            apr_time_sec(waiter->wanted - waiter->since),
            apr_time_sec(waiter->deadline - waiter->since));
}

const char *wake_waiting_answer(wake_hub_t *hub, const char *question, apr_pool_t *pool)
{
    base_text_buffer_t out = {.pool = pool};
    char *last, *word;

    base_text_buffer_printf(&out, "%s\n", base_text_percent_encode(hub->node, pool));
    if (strcmp(question, WAITING_COUNT) == 0) {
        waiting_count(hub, &out);
        return out.data;
    }
    for (word = apr_strtok(apr_pstrdup(pool, question), " ", &last); word;
         word = apr_strtok(NULL, " ", &last)) {
        const char *account = base_text_percent_decode(word, pool);

        if (account)
            waiting_account(wake_channel_find(hub, account), word, &out, pool);
    }
    return out.data;
}

/* -- who asks ------------------------------------------------------------------ */

/* A line of an answer. 0: it is none that is understood. */
static int waiting_parse(const char *line, wake_waiting_t *waiting, apr_pool_t *pool)
{
    char *last, *words[WAITING_WORDS] = {NULL}, *word;
    apr_uint64_t since, asked, granted;
    int count = 0;

    for (word = apr_strtok(apr_pstrdup(pool, line), " ", &last); word && count < WAITING_WORDS;
         word = apr_strtok(NULL, " ", &last))
        words[count++] = word;
    if (count < WAITING_WORDS || !(waiting->account = base_text_percent_decode(words[0], pool)) ||
        !(waiting->device = base_text_percent_decode(words[1], pool)) ||
        !base_text_parse_uint(words[3], APR_INT64_MAX, &since) ||
        !base_text_parse_uint(words[4], APR_INT32_MAX, &asked) ||
        !base_text_parse_uint(words[5], APR_INT32_MAX, &granted))
        return 0;
    waiting->kind = *words[2] == 's' ? WAKE_KIND_SYNC : WAKE_KIND_PING;
    waiting->since = (apr_time_t)since;
    waiting->asked = (int)asked;
    waiting->granted = (int)granted;
    return 1;
}

/* The node of an answer, NULL when it is none; *rest follows it. */
static const char *waiting_node(const char *answer, const char **rest, apr_pool_t *pool)
{
    const char *end = strchr(answer, '\n');

    if (!end)
        return NULL;
    *rest = end + 1;
    return base_text_percent_decode(apr_pstrmemdup(pool, answer, (apr_size_t)(end - answer)), pool);
}

base_fault_t *wake_waiting_list(wake_bus_t *bus, const char *const *accounts, int count,
                                apr_array_header_t **list, int *silent, apr_pool_t *pool)
{
    base_text_buffer_t question = {.pool = pool};
    apr_array_header_t *answers;
    int i;

    *list = apr_array_make(pool, 8, sizeof(wake_waiting_t));
    *silent = 0;
    if (!count)
        return NULL;
    for (i = 0; i < count; i++)
        base_text_buffer_printf(&question, "%s%s", i ? " " : "",
                                base_text_percent_encode(accounts[i], pool));
    BASE_TRY(base_fault_wrap(bus->driver->ask(bus->self, question.data, &answers, silent, pool),
                             pool, "asking who waits"));
    for (i = 0; i < answers->nelts; i++) {
        const char *rest,
            *node = waiting_node(APR_ARRAY_IDX(answers, i, const char *), &rest, pool);
        char *last, *line = node ? apr_strtok(apr_pstrdup(pool, rest), "\n", &last) : NULL;

        for (; line; line = apr_strtok(NULL, "\n", &last)) {
            wake_waiting_t waiting = {.node = node};

            if (waiting_parse(line, &waiting, pool))
                APR_ARRAY_PUSH(*list, wake_waiting_t) = waiting;
        }
    }
    return NULL;
}

base_fault_t *wake_waiting_count(wake_bus_t *bus, apr_array_header_t **counts, int *silent,
                                 apr_pool_t *pool)
{
    apr_array_header_t *answers;
    int i;

    *counts = apr_array_make(pool, 8, sizeof(wake_waiting_count_t));
    BASE_TRY(base_fault_wrap(bus->driver->ask(bus->self, WAITING_COUNT, &answers, silent, pool),
                             pool, "asking how many wait"));
    for (i = 0; i < answers->nelts; i++) {
        const char *rest,
            *node = waiting_node(APR_ARRAY_IDX(answers, i, const char *), &rest, pool);
        wake_waiting_count_t count = {.node = node};
        char *end;

        if (!node)
            continue;
        count.pings = (int)strtol(rest, &end, 10);
        count.syncs = (int)strtol(end, NULL, 10);
        APR_ARRAY_PUSH(*counts, wake_waiting_count_t) = count;
    }
    return NULL;
}
