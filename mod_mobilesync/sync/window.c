#include "sync/window.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <apr_tables.h>

/* Where the stages would have to be taken up again. */
typedef struct {
    int todo;           /* entries of the list done */
    const char *cursor; /* of the last batch that is through */
    int scans;          /* scans done */
    apr_uint64_t below; /* position in the next one, 0: as at the start */
    apr_uint64_t sweep; /* as in sync_position_t */
} window_mark_t;

typedef enum { WINDOW_CHANGES, WINDOW_SCANS, WINDOW_SWEEP } window_stage_t;

typedef struct {
    sync_command_t command;
    window_mark_t mark; /* before it */
    int dropped;
} window_command_t;

typedef struct {
    apr_uint64_t uid;
    sync_holding_t after;
} window_effect_t;

typedef struct {
    apr_uint64_t uid;
    int index;
} window_slot_t;

struct sync_window {
    sync_position_t start;
    sync_held_t *held;
    int limit;
    int live; /* commands that are not NONE */
    int kept; /* the first so many of finished are in the answer, once there is one */
    int all;
    window_stage_t stage;
    window_mark_t now;
    apr_array_header_t *todo;     /* apr_uint64_t: the start's, then the new ones */
    apr_array_header_t *commands; /* window_command_t */
    apr_hash_t *command_of;       /* uid -> window_slot_t */
    apr_array_header_t *effects;  /* window_effect_t */
    apr_hash_t *effect_of;        /* uid -> window_slot_t */
    window_command_t **finished;
    sync_command_t *sent;
    int count; /* of both */
    apr_pool_t *pool;
};

sync_window_t *sync_window_make(const sync_position_t *start, sync_held_t *held, int limit,
                                apr_pool_t *pool)
{
    sync_window_t *window = apr_pcalloc(pool, sizeof *window);
    int i;

    window->start = *start;
    window->held = held;
    window->limit = limit;
    window->now.cursor = start->cursor;
    window->now.sweep = start->sweep;
    window->todo = apr_array_make(pool, start->todo_count + 4, sizeof(apr_uint64_t));
    for (i = 0; i < start->todo_count; i++)
        APR_ARRAY_PUSH(window->todo, apr_uint64_t) = start->todo[i];
    window->commands = apr_array_make(pool, 16, sizeof(window_command_t));
    window->command_of = apr_hash_make(pool);
    window->effects = apr_array_make(pool, 4, sizeof(window_effect_t));
    window->effect_of = apr_hash_make(pool);
    window->pool = pool;
    return window;
}

/* Index of a uid, -1 when it is not in. */
static int window_index(apr_hash_t *hash, apr_uint64_t uid)
{
    const window_slot_t *slot = apr_hash_get(hash, &uid, sizeof uid);

    return slot ? slot->index : -1;
}

static void window_index_set(sync_window_t *window, apr_hash_t *hash, apr_uint64_t uid, int index)
{
    window_slot_t *slot = apr_palloc(window->pool, sizeof *slot);

    slot->uid = uid;
    slot->index = index;
    apr_hash_set(hash, &slot->uid, sizeof slot->uid, slot);
}

sync_holding_t sync_window_holding(const sync_window_t *window, apr_uint64_t uid)
{
    int index = window_index(window->effect_of, uid);
    sync_holding_t holding;

    if (index >= 0)
        return APR_ARRAY_IDX(window->effects, index, window_effect_t).after;
    holding.held = sync_held_get(window->held, uid, &holding.token);
    return holding;
}

void sync_window_effect(sync_window_t *window, apr_uint64_t uid, const sync_holding_t *after)
{
    int index = window_index(window->effect_of, uid);

    if (index < 0) {
        index = window->effects->nelts;
        apr_array_push(window->effects);
        window_index_set(window, window->effect_of, uid, index);
    }
    APR_ARRAY_IDX(window->effects, index, window_effect_t) =
        (window_effect_t){.uid = uid, .after = *after};
}

void sync_window_effect_add(sync_window_t *window, apr_uint64_t uid, apr_uint64_t token,
                            const sync_dates_t *dates)
{
    sync_holding_t after = {.held = 1, .token = token};

    sync_window_effect(window, uid, &after);
    sync_scans_soil(&window->start.scans, uid, dates);
}

void sync_window_todo_add(sync_window_t *window, apr_uint64_t uid)
{
    int i;

    for (i = 0; i < window->todo->nelts; i++)
        if (APR_ARRAY_IDX(window->todo, i, apr_uint64_t) == uid)
            return;
    /* a client that fails so often loses this nicety, nothing else */
    if (window->todo->nelts < SYNC_TODO_MAX)
        APR_ARRAY_PUSH(window->todo, apr_uint64_t) = uid;
}

int sync_window_full(const sync_window_t *window)
{
    return window->live > window->limit;
}

int sync_window_seen(const sync_window_t *window, sync_op_t op)
{
    int i, seen = 0;

    if (op == SYNC_OP_NONE)
        return window->live;
    for (i = 0; i < window->commands->nelts; i++)
        seen += APR_ARRAY_IDX(window->commands, i, window_command_t).command.op == op;
    return seen;
}

void sync_window_offer(sync_window_t *window, const sync_event_t *event)
{
    sync_holding_t device = sync_window_holding(window, event->uid);
    sync_op_t op = sync_diff_judge(&device, event, &window->start);
    int index = window_index(window->command_of, event->uid);
    window_command_t *command;

    if (op == SYNC_OP_ADD && window->stage == WINDOW_CHANGES &&
        sync_scans_cover(&window->start.scans, event->uid, &event->dates))
        op = SYNC_OP_NONE; /* the scan will come to it */
    if (index < 0) {
        if (op == SYNC_OP_NONE)
            return;
        index = window->commands->nelts;
        command = apr_array_push(window->commands);
        command->mark = window->now;
        if (window->stage == WINDOW_SCANS)
            command->mark.below = event->uid + 1;
        else if (window->stage == WINDOW_SWEEP)
            command->mark.sweep = event->uid + 1;
        command->command.op = SYNC_OP_NONE;
        command->command.uid = event->uid;
        command->dropped = 0;
        window_index_set(window, window->command_of, event->uid, index);
    }
    command = &APR_ARRAY_IDX(window->commands, index, window_command_t);
    window->live += (op != SYNC_OP_NONE) - (command->command.op != SYNC_OP_NONE);
    command->command.op = op;
    command->command.token = event->token;
}

int sync_window_todo_next(const sync_window_t *window, apr_uint64_t *uid)
{
    if (window->now.todo >= window->todo->nelts)
        return 0;
    *uid = APR_ARRAY_IDX(window->todo, window->now.todo, apr_uint64_t);
    return 1;
}

void sync_window_todo_done(sync_window_t *window)
{
    window->now.todo++;
}

const char *sync_window_cursor(const sync_window_t *window)
{
    return window->now.cursor;
}

void sync_window_changes_done(sync_window_t *window, const char *cursor)
{
    window->now.cursor = cursor;
}

int sync_window_scan_next(sync_window_t *window, sync_scan_t *scan)
{
    window->stage = WINDOW_SCANS;
    if (window->now.scans >= window->start.scans.count)
        return 0;
    *scan = window->start.scans.scan[window->now.scans];
    if (window->now.below)
        scan->below = window->now.below;
    return 1;
}

void sync_window_scan_done(sync_window_t *window, apr_uint64_t below)
{
    window->now.below = below;
    if (!below)
        window->now.scans++;
}

void sync_window_reconcile(sync_window_t *window, const char *cursor)
{
    int i;

    sync_position_reconcile(&window->start, cursor);
    /* also what is to be done, among which is what the device has just added: it may have gone
     * before that cursor, and is not in the set held yet */
    window->now = (window_mark_t){.cursor = cursor, .sweep = SYNC_SWEEP_ALL};
    /* where to take up again after what came up before is now the same for all of it */
    for (i = 0; i < window->commands->nelts; i++)
        APR_ARRAY_IDX(window->commands, i, window_command_t).mark = window->now;
}

int sync_window_sweep_next(sync_window_t *window, apr_uint64_t *below)
{
    window->stage = WINDOW_SWEEP;
    *below = window->now.sweep;
    return *below != 0;
}

void sync_window_sweep_done(sync_window_t *window, apr_uint64_t below)
{
    window->now.sweep = below;
}

void sync_window_finish(sync_window_t *window, int all)
{
    int i;

    window->all = all;
    window->count = 0;
    window->finished = apr_palloc(window->pool, (apr_size_t)(window->live + 1) * sizeof(void *));
    window->sent = apr_palloc(window->pool, (apr_size_t)(window->live + 1) * sizeof *window->sent);
    for (i = 0; i < window->commands->nelts; i++) {
        window_command_t *command = &APR_ARRAY_IDX(window->commands, i, window_command_t);

        if (command->command.op == SYNC_OP_NONE)
            continue;
        window->finished[window->count] = command;
        window->sent[window->count++] = command->command;
    }
    window->kept = window->count < window->limit ? window->count : window->limit;
}

const sync_command_t *sync_window_commands(const sync_window_t *window, int *count)
{
    *count = window->kept;
    return window->sent;
}

void sync_window_drop(sync_window_t *window, int index)
{
    window->finished[index]->dropped = 1;
}

void sync_window_cut(sync_window_t *window, int n)
{
    if (n < window->kept)
        window->kept = n < 0 ? 0 : n;
}

int sync_window_more(const sync_window_t *window)
{
    return !window->all || window->kept < window->count;
}

int sync_window_kept(const sync_window_t *window)
{
    int i, kept = 0;

    for (i = 0; i < window->kept; i++)
        kept += !window->finished[i]->dropped;
    return kept;
}

void sync_window_position(const sync_window_t *window, sync_position_t *position, apr_pool_t *pool)
{
    const window_mark_t *mark =
        window->kept < window->count ? &window->finished[window->kept]->mark : &window->now;

    *position = window->start;
    position->cursor = mark->cursor;
    sync_scans_advance(&position->scans, mark->scans, mark->below);
    position->sweep = mark->sweep;
    position->todo_count = window->todo->nelts - mark->todo;
    position->todo = apr_pmemdup(pool, (apr_uint64_t *)window->todo->elts + mark->todo,
                                 (apr_size_t)position->todo_count * sizeof(apr_uint64_t));
}

void sync_window_delta(const sync_window_t *window, sync_delta_t *delta, apr_pool_t *pool)
{
    sync_delta_entry_t *entries = apr_pcalloc(
        pool, (apr_size_t)(window->kept + window->effects->nelts + 1) * sizeof *entries);
    apr_hash_t *sent = apr_hash_make(pool);
    int i;

    delta->entries = entries;
    delta->count = 0;
    for (i = 0; i < window->kept; i++) {
        const sync_command_t *command = &window->finished[i]->command;
        sync_delta_entry_t *entry = entries + delta->count;

        if (window->finished[i]->dropped)
            continue;
        entry->uid = command->uid;
        entry->op = command->op;
        entry->held = command->op == SYNC_OP_ADD || command->op == SYNC_OP_CHANGE;
        entry->token = entry->held ? command->token : 0;
        apr_hash_set(sent, &entry->uid, sizeof entry->uid, entry);
        delta->count++;
    }
    for (i = 0; i < window->effects->nelts; i++) {
        const window_effect_t *effect = &APR_ARRAY_IDX(window->effects, i, window_effect_t);

        if (apr_hash_get(sent, &effect->uid, sizeof effect->uid))
            continue;
        entries[delta->count++] = (sync_delta_entry_t){.uid = effect->uid,
                                                       .op = SYNC_OP_NONE,
                                                       .held = effect->after.held,
                                                       .token = effect->after.token};
    }
}
