#include "model.h"

#include <stdio.h>
#include <string.h>
#include <apr_strings.h>

#include "sync/filter.h"

void device_start(device_t *device, int index)
{
    memset(device, 0, sizeof *device);
    apr_snprintf(device->device, sizeof device->device, "phone%d", index);
    apr_cpystrn(device->key, "0", sizeof device->key);
}

void device_reset(device_t *device)
{
    int filter = device->filter, client_wins = device->client_wins;
    char name[8];

    memcpy(name, device->device, sizeof name);
    memset(device, 0, sizeof *device);
    memcpy(device->device, name, sizeof name);
    device->filter = filter;
    device->client_wins = client_wins;
    apr_cpystrn(device->key, "0", sizeof device->key);
}

/* -- the user ------------------------------------------------------------------------------------ */

static int device_deleted(const device_t *device, apr_uint64_t uid)
{
    int i;

    for (i = 0; i < device->op_count; i++)
        if (device->ops[i].kind == COLLECTION_OP_DELETE && device->ops[i].uid == uid)
            return 1;
    return 0;
}

/* An item that the user sees. */
static apr_uint64_t device_pick(world_t *world, const device_t *device)
{
    unsigned start = dice_roll(&world->dice, MODEL_UIDS), i;

    for (i = 0; i < MODEL_UIDS; i++) {
        apr_uint64_t uid = (start + i) % MODEL_UIDS;

        if (device->has[uid] && !device_deleted(device, uid))
            return uid;
    }
    return 0;
}

void device_act(world_t *world, device_t *device)
{
    unsigned what = dice_roll(&world->dice, 100);
    apr_uint64_t uid = device_pick(world, device);
    device_op_t *op = device->ops + device->op_count;

    if (device->op_count == MODEL_OPS || strcmp(device->key, "0") == 0)
        return;
    memset(op, 0, sizeof *op);
    op->uid = uid;
    if (what < 15 && world->contents < MODEL_CONTENTS - 1) {
        op->kind = COLLECTION_OP_ADD;
        op->uid = 0;
        op->client_id = op->content = world_content_make(world, -1, MODEL_UNSTORED);
        op->values = dice_roll(&world->dice, 4);
        world_log(world, "%s adds %d", device->device, op->content);
    }
    else if (!uid) {
        return;
    }
    else if (what < 70) {
        op->kind = COLLECTION_OP_CHANGE;
        op->mask = 1 + dice_roll(&world->dice, 3);
        op->values = dice_roll(&world->dice, 4) & op->mask;
        world_log(world, "%s changes %d: %d of %d", device->device, (int)uid, (int)op->values,
                  (int)op->mask);
    }
    else {
        op->kind = COLLECTION_OP_DELETE;
        op->to_trash = dice_percent(&world->dice, 50) && !world->tasks;
        world_log(world, "%s deletes %d%s", device->device, (int)uid,
                  op->to_trash ? " into the trash" : "");
    }
    device->op_count++;
}

/* The answer did not come, and the user goes on meanwhile. */
static void device_alter(world_t *world, device_t *device)
{
    int i;

    for (i = 0; i < device->op_count; i++) {
        device_op_t *op = device->ops + i;

        if (dice_percent(&world->dice, 30)) {
            world_log(world, "%s takes back operation %d", device->device, i);
            memmove(op, op + 1, (size_t)(--device->op_count - i) * sizeof *op);
            i--;
        }
        else if (op->kind == COLLECTION_OP_CHANGE && dice_percent(&world->dice, 30)) {
            op->values ^= op->mask;
            world_log(world, "%s changes %d back", device->device, (int)op->uid);
        }
        else if (op->kind == COLLECTION_OP_ADD && world->contents < MODEL_CONTENTS - 1 &&
                 dice_percent(&world->dice, 30)) {
            int before = op->content;

            op->content = world_content_make(world, op->client_id, MODEL_UNSTORED);
            world_log(world, "%s adds %d instead of %d", device->device, op->content, before);
        }
    }
    if (dice_percent(&world->dice, 30))
        device_act(world, device);
}

/* -- requests ------------------------------------------------------------------------------------ */

static void device_digest(world_t *world, device_request_t *request)
{
    /* another request is another digest; only a repeat has the same */
    apr_snprintf(request->digest, sizeof request->digest, "%u", ++world->digests);
}

static void device_request_make(world_t *world, device_t *device, device_request_t *request)
{
    static const int windows[] = {1, 2, 3, 5, 10, 100};

    memset(request, 0, sizeof *request);
    apr_cpystrn(request->key, device->key, sizeof request->key);
    request->window = windows[dice_roll(&world->dice, 6)];
    request->get_changes = dice_percent(&world->dice, 90);
    request->filter = device->filter;
    request->client_wins = device->client_wins;
    request->with_options =
        !strcmp(device->key, "0") || !device->options_known || dice_percent(&world->dice, 40);
    if (strcmp(device->key, "0") != 0) {
        memcpy(request->ops, device->ops, sizeof request->ops);
        request->op_count = device->op_count;
    }
    device_digest(world, request);
}

/* What is deleted for good with this request may be gone from now on. */
static void device_excuse(world_t *world, const device_request_t *request)
{
    apr_pool_t *pool;
    int i;

    apr_pool_create(&pool, world->pool);
    for (i = 0; i < request->op_count; i++) {
        backend_entry_t entry;

        if (request->ops[i].kind == COLLECTION_OP_DELETE && !request->ops[i].to_trash &&
            world_truth(world, request->ops[i].uid, &entry))
            world->excused[world_content(world, world->inbox, entry.uid, pool)] = MODEL_DELETED;
    }
    apr_pool_destroy(pool);
}

/* A conflict is one of the item: of its Changes in one request all get it or none. (Of a task those do
 * not that change nothing.) */
static void device_check_conflicts(world_t *world, const device_request_t *request,
                                   const device_answer_t *answer)
{
    int i, k;

    for (i = 0; i < request->op_count && !world->tasks; i++)
        for (k = i + 1; k < request->op_count; k++)
            if (request->ops[i].kind == COLLECTION_OP_CHANGE &&
                request->ops[k].kind == COLLECTION_OP_CHANGE &&
                request->ops[i].uid == request->ops[k].uid &&
                (answer->results[i].code == BASE_FAULT_CONFLICT) !=
                    (answer->results[k].code == BASE_FAULT_CONFLICT))
                world_fail(world, "of the changes of %d only some are in conflict",
                           (int)request->ops[i].uid);
}

/* Of a task another form may have won that somebody else has changed. */
static int device_check_added(world_t *world, apr_uint64_t uid, int content)
{
    int there = world_content(world, world->inbox, uid, world->pool);

    return there == content || (world->tasks && world->origin[there] == world->origin[content]);
}

/* What an answer says was done is done, and what it says was done before is not done again. */
static void device_check_effects(world_t *world, const device_request_t *request,
                                 const device_answer_t *answer, const char *before,
                                 const char *after)
{
    int i, k, repeated = request->op_count > 0;

    for (i = 0; i < request->op_count; i++) {
        const device_op_t *op = request->ops + i;
        backend_entry_t entry;

        repeated &= answer->results[i].repeated;
        if (op->kind == COLLECTION_OP_ADD && !answer->results[i].code &&
            !answer->results[i].repeated &&
            !device_check_added(world, answer->results[i].uid, op->content))
            world_fail(world, "message %d was added, but another is there", op->content);
        if (op->kind != COLLECTION_OP_CHANGE || answer->results[i].code ||
            answer->results[i].repeated)
            continue;
        for (k = i + 1; k < request->op_count && request->ops[k].uid != op->uid;)
            k++;
        if (k == request->op_count && world_truth(world, op->uid, &entry) &&
            ((world_flags(world, &entry) ^ op->values) & op->mask))
            world_fail(world, "the change of %d is not in the mailbox", (int)op->uid);
    }
    if (repeated && strcmp(before, after) != 0)
        world_fail(world, "a repeat changed the mailbox once more");
}

static int device_replaced(const world_t *world, const device_answer_t *answer)
{
    int i;

    for (i = 0; i < answer->command_count; i++)
        if (world->tasks || BACKEND_REVISION_OF(answer->commands[i].entry.token))
            return 1;
    return 0;
}

/* The very same request once more: what was done is not done again, and the same answer comes; or
 * another one, when it brings a content that is not the first. */
static void device_check_repeat(world_t *world, const device_t *device,
                                const device_answer_t *answer, const char *before,
                                const char *after)
{
    if (device->applied && strcmp(before, after) != 0)
        world_fail(world, "an identical repeat changed the mailbox once more");
    if (*device->given && strcmp(device->last.key, "0") != 0 && !answer->fault && !answer->cut &&
        (!answer->replayed ||
         (strcmp(answer->key, device->given) != 0 && !device_replaced(world, answer))))
        world_fail(world, "an identical repeat was answered with %s instead of %s", answer->key,
                   device->given);
}

static int device_outcome(world_t *world, device_t *device, const device_request_t *request,
                          const device_answer_t *answer, int lost)
{
    if (lost) {
        world_log(world, "  the answer is lost");
        return -1;
    }
    if (answer->fault == BASE_FAULT_STALE) {
        world_log(world, "  %s starts again", device->device);
        device_reset(device);
        return -1;
    }
    if (answer->fault == BASE_FAULT_BUSY)
        world->now += apr_time_from_sec(70); /* it tries again later */
    if (answer->fault)
        return -1;
    device_take(world, device, request, answer);
    return answer->command_count;
}

int device_sync(world_t *world, device_t *device, const fate_t *fate)
{
    static const fate_t fair;
    static device_answer_t answer;
    device_request_t request;
    const char *before, *after;
    apr_pool_t *pool;
    int altered = 0, same = 0, first = !device->unanswered;

    if (device->unanswered && dice_percent(&world->dice, 60)) {
        request = device->last;
        same = 1;
    }
    else {
        if (device->unanswered)
            device_alter(world, device);
        device_request_make(world, device, &request);
        device->applied = device->given[0] = 0;
    }
    world_log(world, "%s syncs with %s, window %d, filter %d, %d operations, request %s",
              device->device, request.key, request.window, request.filter, request.op_count,
              request.digest);
    device->last = request;
    device->unanswered = 1;
    world->fate = fate ? *fate : fair;
    if (world->fate.request_lost) {
        world_log(world, "  the request is lost");
        return -1;
    }
    device_excuse(world, &request);
    if (world->fate.nested) {
        altered = dice_percent(&world->dice, 50);
        if (altered) {
            device_alter(world, device);
            device_request_make(world, device, &device->last);
            device_excuse(world, &device->last);
        }
        world->second = device->last;
    }
    world->calls = world->tripped = world->disturbed = 0;
    world->busy = device;
    apr_pool_create(&pool, world->pool);
    before = world_fingerprint(world, pool);
    device_serve(world, device, &request, 0, &answer);
    world->busy = NULL;
    after = world_fingerprint(world, pool);
    if (!answer.fault && !world->disturbed && !world->tripped)
        device_check_effects(world, &request, &answer, before, after);
    if (!answer.fault && !world->disturbed && first)
        device_check_conflicts(world, &request, &answer);
    if (same && !world->disturbed)
        device_check_repeat(world, device, &answer, before, after);
    device->applied |= answer.prepared;
    if (answer.fault) /* committed or not, who knows */
        device->given[0] = 0;
    else if (answer.changed)
        apr_cpystrn(device->given, answer.key, sizeof device->given);
    if (altered || (world->disturbed && world->fate.nested))
        device->applied = device->given[0] = 0;
    apr_pool_destroy(pool);
    if (world->disturbed && world->fate.nested) {
        /* the device waits for the second one only, unless the two were the same */
        if (altered || dice_percent(&world->dice, 50))
            return device_outcome(world, device, &world->second, &world->second_answer,
                                  world->fate.answer_lost);
    }
    else if (altered) {
        /* the second one never left the device */
        device->unanswered = 1;
        return -1;
    }
    return device_outcome(world, device, &request, &answer, world->fate.answer_lost);
}

int device_fetch(world_t *world, device_t *device, int *more)
{
    static device_answer_t answer;
    device_op_t ops[MODEL_OPS];
    device_request_t request;
    int op_count = device->op_count;

    memcpy(ops, device->ops, sizeof ops);
    device_request_make(world, device, &request);
    request.op_count = 0;
    request.get_changes = 1;
    memset(&world->fate, 0, sizeof world->fate);
    device_serve(world, device, &request, 0, &answer);
    *more = answer.more;
    if (answer.fault) {
        if (answer.fault == BASE_FAULT_STALE)
            device_reset(device);
        *more = 0;
        return -1;
    }
    device_take(world, device, &request, &answer);
    /* what the user did is still to be sent */
    memcpy(device->ops, ops, sizeof ops);
    device->op_count = op_count;
    return answer.command_count;
}

/* -- checks -------------------------------------------------------------------------------------- */

/* Changes of what went away meanwhile have no meaning for the device either. */
static void device_forget_gone(device_t *device)
{
    int i;

    for (i = 0; i < device->op_count; i++)
        if (device->ops[i].kind != COLLECTION_OP_ADD && !device->has[device->ops[i].uid]) {
            memmove(device->ops + i, device->ops + i + 1,
                    (size_t)(--device->op_count - i) * sizeof *device->ops);
            i--;
        }
}

void device_check_estimate(world_t *world, device_t *device)
{
    collection_env_t env = {.store = world->memory, .backend = world->truth};
    int more = 1, count, total = 0, same, was_more = device->more;
    collection_watch_answer_t watch;
    collection_request_t filled;
    device_request_t request;
    apr_uint64_t estimate;
    base_fault_t *fault;
    apr_pool_t *pool;

    if (!strcmp(device->key, "0") || device->unanswered)
        return;
    same = device->filter == device->synced_filter &&
           device->synced_day == world->now / apr_time_from_sec(86400);
    apr_pool_create(&pool, world->pool);
    device_request_make(world, device, &request);
    request.with_options = 1;
    device_request_fill(world, device, &request, &filled, pool);
    fault = collection_estimate(&env, &filled, &estimate, pool);
    if (!fault)
        fault = collection_watch_check(&env, &filled, &watch, pool);
    if (fault) {
        world_log(world, "  no estimate: %s", fault->message);
        apr_pool_destroy(pool);
        return;
    }
    world_log(world, "%s: estimate %d, watch %d %s", device->device, (int)estimate, watch.what,
              watch.version);
    while (more && (count = device_fetch(world, device, &more)) >= 0)
        total += count;
    if (!world->bad && total != (int)estimate)
        world_fail(world, "the estimate was %d, but %d came", (int)estimate, total);
    if (same && !strncmp(watch.version, request.key, strlen(request.key)) &&
        watch.version[strlen(request.key)] == ' ' && !world->bad) {
        if (watch.what == COLLECTION_WATCH_NOTHING && total)
            world_fail(world, "nothing to wake for, but %d came", total);
        if (watch.what != COLLECTION_WATCH_NOTHING && !total && !was_more)
            world_fail(world, "woken for nothing");
    }
    device_forget_gone(device);
    apr_pool_destroy(pool);
}

void device_check_stale(world_t *world, device_t *device)
{
    static device_answer_t answer;
    device_request_t request;
    const char *before;
    apr_pool_t *pool;

    if (!*device->confirmed || !strcmp(device->confirmed, "0"))
        return;
    apr_pool_create(&pool, world->pool);
    before = world_fingerprint(world, pool);
    device_request_make(world, device, &request);
    apr_cpystrn(request.key, device->confirmed, sizeof request.key);
    memset(&world->fate, 0, sizeof world->fate);
    world_count_start(world);
    device_serve(world, device, &request, 0, &answer);
    if (answer.fault != BASE_FAULT_STALE || world->writes ||
        strcmp(before, world_fingerprint(world, pool)) != 0)
        world_fail(world, "the old key %s is not refused: %s", request.key,
                   base_fault_code_name(answer.fault));
    apr_pool_destroy(pool);
}

/* When there was last something new in each conversation. */
static void device_conversations(world_t *world, const apr_array_header_t *all,
                                 apr_time_t latest[MODEL_CONVERSATIONS], apr_pool_t *pool)
{
    int i;

    for (i = 0; i < MODEL_CONVERSATIONS; i++)
        latest[i] = APR_INT64_MIN;
    for (i = 0; i < all->nelts; i++) {
        const backend_entry_t *entry = &APR_ARRAY_IDX(all, i, backend_entry_t);
        apr_time_t *of =
            latest + world_content(world, world->inbox, entry->uid, pool) % MODEL_CONVERSATIONS;

        if (entry->date > *of)
            *of = entry->date;
    }
}

static void device_compare(world_t *world, device_t *device)
{
    apr_time_t cut = sync_filter_cut(world_filter(world, device->filter), world->now),
               latest[MODEL_CONVERSATIONS];
    unsigned char wanted[MODEL_UIDS] = {0};
    apr_array_header_t *all;
    apr_pool_t *pool;
    int i;

    apr_pool_create(&pool, world->pool);
    all = world_truth_all(world, pool);
    device_conversations(world, all, latest, pool);
    for (i = 0; i < all->nelts; i++) {
        const backend_entry_t *entry = &APR_ARRAY_IDX(all, i, backend_entry_t);
        int content = world_content(world, world->inbox, entry->uid, pool);

        if ((device->filter < MODEL_FILTERS || world->tasks
                 ? entry->date
                 : latest[content % MODEL_CONVERSATIONS]) < cut)
            continue;
        wanted[entry->uid] = 1;
        if (world->bad && entry->uid % (unsigned)world->bad == 0)
            continue;
        if (!device->has[entry->uid])
            world_fail(world, "%s lacks %d", device->device, (int)entry->uid);
        else if (device->token[entry->uid] != world_flags(world, entry))
            world_fail(world, "%s has %d with flags %d, the server %d", device->device,
                       (int)entry->uid, device->token[entry->uid], (int)world_flags(world, entry));
        else if (device->content[entry->uid] != content)
            world_fail(world, "%s has %d with another content", device->device, (int)entry->uid);
    }
    for (i = 0; i < MODEL_UIDS; i++)
        if (device->has[i] && !wanted[i])
            world_fail(world, "%s has %d, which it is not to have", device->device, i);
    apr_pool_destroy(pool);
}

void device_check_quiet(world_t *world, device_t *device)
{
    int round, more = 0, count = 1;

    for (round = 0; round < 400 && !world->failure; round++) {
        if (device->op_count || device->unanswered || !strcmp(device->key, "0")) {
            device_sync(world, device, NULL);
            continue;
        }
        count = device_fetch(world, device, &more);
        if (count == 0 && !more)
            break;
    }
    if (round == 400)
        world_fail(world, "%s never comes to an end", device->device);
    if (world->failure)
        return;
    device_compare(world, device);
    device_fetch(world, device, &more); /* after a quiet step the cursor may move once more */
    world_count_start(world);
    count = device_fetch(world, device, &more);
    if (count || more || world->writes || world->reads != 1 || world->probes != 1 ||
        world->other_calls)
        world_fail(world,
                   "an unchanged Sync: %d commands, %d reads, %d writes, %d probes, %d other calls",
                   count, world->reads, world->writes, world->probes, world->other_calls);
}
