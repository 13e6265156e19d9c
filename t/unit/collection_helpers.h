/* A device, a store and a mailbox for tests of the collection's step. */
#ifndef T_UNIT_COLLECTION_HELPERS_H
#define T_UNIT_COLLECTION_HELPERS_H

#include "tap.h"

#include <stdlib.h>
#include <apr_general.h>
#include <apr_strings.h>

#include "backend/memory.h"
#include "base/time.h"
#include "cmd/collection.h"
#include "state/fail.h"

#define ACCOUNT "alice"
#define DAY apr_time_from_sec(86400)
#define NOW apr_time_from_sec(1768478400) /* 2026-01-15T12:00:00Z */

static apr_pool_t *pool;
static backend_t *backend;
static collection_env_t env;
static state_fail_plan_t plan;
static const char *inbox;
__attribute__((unused)) static const char *trash;
static unsigned digests;
static base_fault_code_t code; /* of the last step */
static const collection_answer_t *answer;

__attribute__((unused)) static void fresh(void)
{
    if (backend_start("memory", apr_array_make(pool, 1, sizeof(char *)), NULL, NULL, &backend,
                      pool) ||
        backend_session_open(backend, ACCOUNT, &env.backend, pool))
        exit(1);
    memset(&plan, 0, sizeof plan);
    env.store = state_store_create_fail(state_store_create_memory(pool), &plan, pool);
    inbox = backend_memory_folder(backend, ACCOUNT, BACKEND_ROLE_INBOX);
    trash = backend_memory_folder(backend, ACCOUNT, BACKEND_ROLE_TRASH);
    backend_memory_clock(backend, NOW);
}

__attribute__((unused)) static apr_uint64_t deliver(apr_time_t age, apr_uint64_t flags)
{
    return backend_memory_deliver(backend, ACCOUNT, inbox, "mail", flags, NOW - age);
}

static collection_request_t *request(const char *key)
{
    collection_request_t *made = apr_pcalloc(pool, sizeof *made);

    made->account = ACCOUNT;
    made->device = "phone";
    made->folder_id = inbox;
    made->class_ = BACKEND_CLASS_EMAIL;
    made->protocol = 141;
    made->key = key;
    made->request_digest = apr_psprintf(pool, "%u", ++digests);
    made->get_changes = strcmp(key, "0") != 0;
    made->window = 100;
    made->now = NOW;
    made->series = apr_psprintf(pool, "%016x", digests);
    return made;
}

static collection_t *prepare(const collection_request_t *asked)
{
    collection_t *collection;
    base_fault_t *fault = collection_prepare(&env, asked, &collection, pool);

    code = base_fault_code(fault);
    answer = fault ? NULL : collection_answer(collection);
    return fault ? NULL : collection;
}

/* Flags, how often a property changed (follow-up, categories, last verb), and the content: "1", "0c2r1".
 */
static const char *token_text(apr_uint64_t token)
{
    const char *text = apr_psprintf(pool, "%d", (int)BACKEND_FLAGS_OF(token));
    int i;

    for (i = 0; i < BACKEND_PROPERTY_COUNT; i++)
        if (token & BACKEND_PROPERTY_MASK(i))
            text = apr_psprintf(
                pool, "%s%c%d", text, "fcv"[i],
                (int)((token & BACKEND_PROPERTY_MASK(i)) >> BACKEND_PROPERTY_SHIFT(i)));
    return BACKEND_REVISION_OF(token)
               ? apr_psprintf(pool, "%sr%d", text, (int)BACKEND_REVISION_OF(token))
               : text;
}

/* Commands of an answer: "+1:0 *2:1 -3 ~4". */
static const char *commands(int from, int to)
{
    const char *text = "";
    int i;

    for (i = from; i < to; i++) {
        const collection_command_t *command = answer->commands + i;

        text = apr_psprintf(pool, "%s%s%c%d", text, *text ? " " : "", "+*-~"[command->kind],
                            (int)command -> uid);
        if (command->kind == COLLECTION_ADD || command->kind == COLLECTION_CHANGE)
            text = apr_pstrcat(pool, text, ":", token_text(command->entry.token), (char *)NULL);
    }
    return text;
}

/* A step as a caller does it. Returns the commands, NULL on a fault. */
static const char *step(const collection_request_t *asked)
{
    collection_t *collection = prepare(asked);

    if (!collection)
        return NULL;
    code = base_fault_code(collection_commit(collection));
    return code ? NULL : commands(0, answer->command_count);
}

__attribute__((unused)) static const char *first_key(void)
{
    step(request("0"));
    return answer->key;
}

__attribute__((unused)) static collection_op_t change(apr_uint64_t uid, apr_uint64_t mask,
                                                      apr_uint64_t values)
{
    return (collection_op_t){
        .kind = COLLECTION_OP_CHANGE, .uid = uid, .mask = mask, .values = values};
}

__attribute__((unused)) static collection_request_t *with_op(const char *key,
                                                             const collection_op_t *op)
{
    collection_request_t *made = request(key);

    made->ops = apr_pmemdup(pool, op, sizeof *op);
    made->op_count = 1;
    return made;
}

__attribute__((unused)) static apr_uint64_t flags_of(apr_uint64_t uid)
{
    backend_entry_t entry;

    return backend_item_entry(env.backend, inbox, uid, &entry, pool) ? 99 : entry.token;
}

#endif
