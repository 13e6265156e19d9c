#include "model.h"

#include <stdlib.h>
#include <string.h>
#include <apr_strings.h>

#include "backend/blob.h"
#include "cmd/cmd.h"

/* -- the server's side ------------------------------------------------------------------------- */

static apr_uint32_t request_generation(world_t *world, apr_pool_t *pool)
{
    apr_array_header_t *folders;
    int i;

    if (!backend_folder_list(world->truth, &folders, pool))
        for (i = 0; i < folders->nelts; i++) {
            const backend_folder_t *folder = &APR_ARRAY_IDX(folders, i, backend_folder_t);

            if (strcmp(folder->id, world->inbox) == 0)
                return folder->generation;
        }
    return 0;
}

typedef struct {
    collection_merge_t base;
    world_t *world;
    const device_op_t *op;
} request_merge_t;

/* What becomes of a task. */
static base_fault_t *request_merge_apply(const collection_merge_t *base,
                                         const collection_merged_t *given,
                                         const backend_blob_t **blob, int *tell, apr_pool_t *pool)
{
    const request_merge_t *merge = (const request_merge_t *)base;
    const device_op_t *op = merge->op;
    int content = op->content, was = -1;
    unsigned flags = (unsigned)op->values, had = 0;
    const char *text;

    *tell = op->values == 3; /* so that some are told of their own */
    if (given->original) {
        text = apr_pstrmemdup(pool, given->original->data, (apr_size_t)given->original->size);
        was = atoi(text + strlen("Subject: "));
        had = world_text_flags(text);
    }
    if (op->kind == COLLECTION_OP_CHANGE) {
        content = was;
        flags = (unsigned)((had & ~op->mask) | (op->values & op->mask));
    }
    *blob = given->original;
    if (content == was && flags == had)
        return NULL;
    text = world_text(merge->world, content, flags, pool);
    *blob = backend_blob_of(text, strlen(text), pool);
    return NULL;
}

static void request_op_merge(world_t *world, const device_op_t *from, collection_op_t *to,
                             apr_pool_t *pool)
{
    request_merge_t *merge = apr_palloc(pool, sizeof *merge);

    *merge = (request_merge_t){.base = {.apply = request_merge_apply}, .world = world, .op = from};
    to->mask = to->values = 0;
    to->trash_id = NULL;
    to->merge = &merge->base;
    to->client_id = apr_psprintf(pool, "c%d", from->client_id);
    to->content_digest =
        apr_psprintf(pool, "%d %d of %d", from->content, (int)from->values, (int)from->mask);
}

static void request_op_fill(world_t *world, const device_op_t *from, collection_op_t *to,
                            apr_pool_t *pool)
{
    backend_blob_t *blob;
    backend_put_t *put;

    *to = (collection_op_t){.kind = from->kind,
                            .uid = from->uid,
                            .mask = from->mask,
                            .values = from->values,
                            .trash_id = from->to_trash ? world->trash : NULL};
    if (world->tasks) {
        request_op_merge(world, from, to, pool);
        return;
    }
    if (from->kind != COLLECTION_OP_ADD)
        return;
    blob = apr_pcalloc(pool, sizeof *blob);
    put = apr_pcalloc(pool, sizeof *put);
    blob->data = world_text(world, from->content, 0, pool);
    blob->size = strlen(blob->data);
    put->flags = from->values;
    put->date = world->now;
    to->client_id = apr_psprintf(pool, "c%d", from->client_id);
    to->put = put;
    to->blob = blob;
    to->content_digest = blob->data;
}

void device_request_fill(world_t *world, const device_t *device, const device_request_t *from,
                         collection_request_t *to, apr_pool_t *pool)
{
    collection_op_t *ops = apr_pcalloc(pool, (MODEL_OPS + 1) * sizeof *ops);
    collection_options_t *options = apr_pcalloc(pool, sizeof *options);
    int i;

    for (i = 0; i < from->op_count; i++)
        request_op_fill(world, from->ops + i, ops + i, pool);
    *options = (collection_options_t){.filter = world_filter(world, from->filter),
                                      .client_wins = from->client_wins,
                                      .blob = "body",
                                      .blob_length = 4};
    *to = (collection_request_t){
        .account = MODEL_ACCOUNT,
        .device = device->device,
        .folder_id = world->inbox,
        .class_ = world->tasks ? BACKEND_CLASS_TASKS : BACKEND_CLASS_EMAIL,
        .generation = request_generation(world, pool),
        .protocol = 141,
        .key = from->key,
        .request_digest = from->digest,
        .ops = ops,
        .op_count = from->op_count,
        .get_changes = from->get_changes,
        .window = from->window,
        .options = from->with_options ? options : NULL,
        .conversations = from->with_options && !world->tasks ? from->filter >= MODEL_FILTERS
                                                             : COLLECTION_CONVERSATIONS_STICKY,
        .now = world->now,
        .series = apr_psprintf(pool, "%08x%08x", dice_roll(&world->dice, 0x7fffffff),
                               dice_roll(&world->dice, 0x7fffffff))};
}

/* Puts the commands into the response, as far as they can be. */
static void serve_render(world_t *world, collection_t *collection, int cut, device_answer_t *answer,
                         apr_pool_t *pool)
{
    const collection_answer_t *given = collection_answer(collection);
    int i, count = given->command_count;
    backend_entry_t entry;

    if (count && dice_percent(&world->dice, (unsigned)cut)) {
        count = (int)dice_roll(&world->dice, (unsigned)count);
        world_log(world, "  cut to %d of %d", count, given->command_count);
        collection_cut(collection, count);
        answer->cut = 1;
    }
    for (i = 0; i < count; i++) {
        const collection_command_t *command = given->commands + i;
        int whole = command->kind == COLLECTION_ADD || command->kind == COLLECTION_CHANGE;

        if (whole && !world_truth(world, command->uid, &entry))
            collection_drop(collection, i, NULL);
        else if (command->kind == COLLECTION_ADD && world->bad &&
                 command->uid % (unsigned)world->bad == 0)
            collection_drop(collection, i, "odd");
        else {
            answer->contents[answer->command_count] =
                whole && (command->kind == COLLECTION_ADD || world->tasks ||
                          BACKEND_REVISION_OF(command->entry.token))
                    ? world_content(world, world->inbox, command->uid, pool)
                    : -1;
            if (whole)
                answer->flags[answer->command_count] =
                    (unsigned char)world_flags(world, &command->entry);
            answer->commands[answer->command_count++] = *command;
        }
    }
}

/* Who waits for a claim does not sleep here: its holder has vanished, or is held up for longer than
 * its lease. */
static void serve_sleep(void *baton, apr_interval_time_t interval)
{
    world_t *world = baton;

    world->now += interval;
    world->waits++;
}

void device_serve(world_t *world, device_t *device, const device_request_t *request, int nested,
                  device_answer_t *answer)
{
    collection_env_t env = {.store = nested ? world->memory : world->store,
                            .backend = nested ? world->truth : world->session,
                            .patience = world->fate.patient ? &world->patience : NULL};
    collection_request_t filled;
    collection_t *collection;
    base_fault_t *fault;
    apr_pool_t *pool;
    int try;

    apr_pool_create(&pool, world->pool);
    world->patience =
        (state_patience_t){.left = CMD_PATIENCE, .sleep = serve_sleep, .baton = world};
    for (try = 0; try < 2; try++) {
        apr_pool_clear(pool);
        memset(answer, 0, sizeof *answer);
        device_request_fill(world, device, request, &filled, pool);
        fault = collection_prepare(&env, &filled, &collection, pool);
        if (!fault) {
            const collection_answer_t *given = collection_answer(collection);

            answer->prepared = 1;
            serve_render(world, collection, world->fate.cut, answer, pool);
            apr_cpystrn(answer->key, given->key, sizeof answer->key);
            answer->changed = given->changed;
            answer->replayed = given->replayed;
            answer->more = given->more_available;
            if (given->result_count)
                memcpy(answer->results, given->results,
                       (size_t)given->result_count * sizeof *given->results);
            if (given->changed && given->result_count != request->op_count)
                world_fail(world, "%d results for %d operations", given->result_count,
                           request->op_count);
            fault = collection_commit(collection);
        }
        if (base_fault_code(fault) != BASE_FAULT_CONFLICT)
            break;
    }
    answer->fault = base_fault_code(fault);
    if (fault)
        world_log(world, "  fault %s", fault->message);
    apr_pool_destroy(pool);
}

/* -- the device's side ------------------------------------------------------------------------- */

static int take_stored(world_t *world, apr_uint64_t uid, int content)
{
    backend_entry_t entry;
    apr_pool_t *pool;
    int stored;

    apr_pool_create(&pool, world->pool);
    stored =
        world_truth(world, uid, &entry) && world_content(world, world->inbox, uid, pool) == content;
    apr_pool_destroy(pool);
    return stored;
}

static void take_result(world_t *world, device_t *device, const device_op_t *op,
                        const collection_result_t *result)
{
    apr_uint64_t uid = op->uid;

    if (result->code)
        world_log(world, "  operation on %d: %s", (int)result->uid,
                  base_fault_code_name(result->code));
    switch (op->kind) {
    case COLLECTION_OP_CHANGE:
        if (device->has[uid])
            device->token[uid] =
                (unsigned char)((device->token[uid] & ~op->mask) | (op->values & op->mask));
        break;
    case COLLECTION_OP_DELETE:
        device->has[uid] = 0;
        break;
    case COLLECTION_OP_ADD:
        if (result->code)
            break;
        uid = result->uid;
        if (uid >= MODEL_UIDS || device->has[uid]) {
            world_fail(world, "the item added by the device as %d is there already", (int)uid);
            break;
        }
        device->has[uid] = 1;
        device->token[uid] = (unsigned char)op->values;
        device->content[uid] = op->content;
        /* stored: it must not get lost any more; unless another form of it, which somebody else had
         * changed, won: then that is told */
        if (!world->tasks || take_stored(world, uid, op->content))
            world->excused[op->content] &= MODEL_DELETED;
        break;
    case COLLECTION_OP_FETCH:
        break;
    }
}

static void take_command(world_t *world, device_t *device, const collection_command_t *command,
                         int content, unsigned char flags)
{
    static const char *const names[] = {"Add", "Change", "Delete", "SoftDelete"};
    apr_uint64_t uid = command->uid;
    backend_entry_t entry;

    world_log(world, "  %s %d %d", names[command->kind], (int)uid, (int)command->entry.token);
    if (uid >= MODEL_UIDS) {
        world_fail(world, "uid %d", (int)uid);
        return;
    }
    if ((command->kind == COLLECTION_ADD || command->kind == COLLECTION_CHANGE) &&
        command->entry.uid != uid)
        world_fail(world, "a command without its entry");
    switch (command->kind) {
    case COLLECTION_ADD:
        if (device->has[uid])
            world_fail(world, "%d is added a second time", (int)uid);
        device->has[uid] = 1;
        device->token[uid] = flags;
        device->content[uid] = content;
        break;
    case COLLECTION_CHANGE:
        if (!device->has[uid])
            world_fail(world, "a Change of %d, which the device has not", (int)uid);
        device->token[uid] = flags;
        if (content >= 0)
            device->content[uid] = content;
        break;
    case COLLECTION_DELETE:
        if (world_truth(world, uid, &entry))
            world_fail(world, "a Delete of %d, which is there", (int)uid);
        device->has[uid] = 0;
        break;
    case COLLECTION_SOFT_DELETE:
        if (!device->has[uid])
            world_fail(world, "a SoftDelete of %d, which the device has not", (int)uid);
        device->has[uid] = 0;
        break;
    }
}

/* The answer has arrived. */
void device_take(world_t *world, device_t *device, const device_request_t *request,
                 const device_answer_t *answer)
{
    int i;

    world_log(world, "  answer %s%s%s", answer->key, answer->replayed ? ", replayed" : "",
              answer->more ? ", more" : "");
    if (!answer->changed && (answer->command_count || strcmp(answer->key, request->key) != 0))
        world_fail(world, "an unchanged answer that says something");
    if (strcmp(request->key, "0") == 0 && answer->command_count)
        world_fail(world, "commands for key 0");
    if (answer->command_count > request->window)
        world_fail(world, "%d commands in a window of %d", answer->command_count, request->window);
    for (i = 0; i < request->op_count; i++)
        take_result(world, device, request->ops + i, answer->results + i);
    for (i = 0; i < answer->command_count; i++)
        take_command(world, device, answer->commands + i, answer->contents[i], answer->flags[i]);
    if (strcmp(device->key, answer->key) != 0) {
        apr_cpystrn(device->confirmed, device->previous, sizeof device->confirmed);
        apr_cpystrn(device->previous, device->key, sizeof device->previous);
    }
    apr_cpystrn(device->key, answer->key, sizeof device->key);
    device->op_count = 0;
    device->unanswered = 0;
    device->more = answer->more;
    device->options_known =
        device->filter == request->filter && device->client_wins == request->client_wins;
    /* a replay's filter is of the day of the first answer */
    device->synced_day =
        answer->replayed || !request->get_changes ? 0 : world->now / apr_time_from_sec(86400);
    device->synced_filter = request->filter;
}
