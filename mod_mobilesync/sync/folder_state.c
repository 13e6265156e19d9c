#include "sync/folder_state.h"

#include <string.h>
#include <apr_strings.h>

#include "sync/filter.h"

#define FOLDER_STATE_FORMAT 2
#define DELTA_FORMAT 1
#define DELTA_ENTRIES_MAX 100000

enum { POSITION_CLIENT_WINS = 1, POSITION_CONVERSATIONS = 2, POSITION_BY_CONVERSATION = 4 };

#define POSITION_YEAR 3 /* shifted by so much, beside these flags */
#define POSITION_YEAR_MAX 9999

static void position_pack(const sync_position_t *position, base_text_buffer_t *out)
{
    int i;

    sync_pack_uint(out, (apr_uint64_t)position->options.filter);
    sync_pack_uint(out, (position->options.client_wins ? POSITION_CLIENT_WINS : 0u) |
                            (position->options.conversations ? POSITION_CONVERSATIONS : 0u) |
                            (position->dates ? POSITION_BY_CONVERSATION : 0u) |
                            (unsigned)position->year << POSITION_YEAR);
    sync_pack_bytes(out, position->options.blob, position->options.blob_length);
    sync_pack_text(out, position->cursor);
    sync_pack_uint(out, (apr_uint64_t)position->filter);
    sync_pack_int(out, position->cut);
    sync_scans_pack(&position->scans, out);
    sync_pack_uint(out, position->sweep);
    sync_pack_uint(out, (apr_uint64_t)position->todo_count);
    for (i = 0; i < position->todo_count; i++)
        sync_pack_uint(out, position->todo[i]);
}

static void position_unpack(sync_position_t *position, sync_unpack_t *in, apr_pool_t *pool)
{
    apr_uint64_t *todo;
    const void *blob;
    unsigned flags;
    int i;

    position->options.filter = (int)sync_unpack_count(in, SYNC_FILTER_MAX);
    flags = sync_unpack_count(in, 7 | POSITION_YEAR_MAX << POSITION_YEAR);
    position->year = (int)(flags >> POSITION_YEAR);
    position->options.client_wins = (flags & POSITION_CLIENT_WINS) != 0;
    position->options.conversations = (flags & POSITION_CONVERSATIONS) != 0;
    position->dates = flags & POSITION_BY_CONVERSATION ? SYNC_DATE_CONVERSATION : SYNC_DATE_OWN;
    blob = sync_unpack_bytes(in, &position->options.blob_length);
    position->options.blob = apr_pmemdup(pool, blob, position->options.blob_length);
    position->cursor = sync_unpack_text(in, pool);
    position->filter = (int)sync_unpack_count(in, SYNC_FILTER_MAX);
    position->cut = sync_unpack_int(in);
    sync_scans_unpack(&position->scans, in);
    position->sweep = sync_unpack_uint(in);
    position->todo_count = (int)sync_unpack_count(in, SYNC_TODO_MAX);
    todo = apr_palloc(pool, (apr_size_t)(position->todo_count + 1) * sizeof *todo);
    for (i = 0; i < position->todo_count; i++)
        todo[i] = sync_unpack_uint(in);
    position->todo = todo;
}

void sync_folder_state_pack(const sync_folder_state_t *state, base_text_buffer_t *out)
{
    int i;

    sync_pack_uint(out, FOLDER_STATE_FORMAT);
    sync_keys_pack(&state->keys, out);
    sync_pack_uint(out, state->forgettable);
    sync_pack_uint(out, state->generation);
    sync_pack_uint(out, state->protocol);
    sync_pack_bytes(out, state->supported, state->supported_length);
    position_pack(&state->base, out);
    for (i = 0; i < state->keys.answer_count; i++) {
        position_pack(&state->pending[i].after, out);
        sync_pack_uint(out, (apr_uint64_t)state->pending[i].more);
    }
}

sync_folder_state_t *sync_folder_state_unpack(const void *data, apr_size_t length, apr_pool_t *pool)
{
    sync_folder_state_t *state = apr_pcalloc(pool, sizeof *state);
    sync_unpack_t in;
    int i;

    sync_unpack_start(&in, data, length);
    if (sync_unpack_uint(&in) != FOLDER_STATE_FORMAT)
        return NULL;
    sync_keys_unpack(&state->keys, &in, pool);
    state->forgettable = sync_unpack_count(&in, SYNC_COUNTER_MAX);
    state->generation = (apr_uint32_t)sync_unpack_count(&in, APR_UINT32_MAX);
    state->protocol = sync_unpack_count(&in, 65535);
    state->supported = sync_unpack_bytes(&in, &state->supported_length);
    state->supported = apr_pmemdup(pool, state->supported, state->supported_length);
    position_unpack(&state->base, &in, pool);
    for (i = 0; i < state->keys.answer_count; i++) {
        position_unpack(&state->pending[i].after, &in, pool);
        state->pending[i].more = (int)sync_unpack_count(&in, 1);
    }
    return sync_unpack_end(&in) ? state : NULL;
}

const char *sync_delta_field(unsigned counter, apr_pool_t *pool)
{
    return apr_psprintf(pool, "p.%u", counter);
}

void sync_delta_pack(const sync_delta_t *delta, base_text_buffer_t *out)
{
    int i;

    sync_pack_uint(out, DELTA_FORMAT);
    sync_pack_uint(out, (apr_uint64_t)delta->count);
    for (i = 0; i < delta->count; i++) {
        const sync_delta_entry_t *entry = delta->entries + i;

        sync_pack_uint(out, entry->uid);
        sync_pack_uint(out, (apr_uint64_t)entry->op << 1 | (entry->held ? 1 : 0));
        if (entry->held)
            sync_pack_uint(out, entry->token + 1); /* UNKNOWN is the shortest */
    }
    sync_pack_bytes(out, delta->results, delta->results_length);
}

sync_delta_t *sync_delta_unpack(const void *data, apr_size_t length, apr_pool_t *pool)
{
    sync_delta_t *delta = apr_pcalloc(pool, sizeof *delta);
    sync_delta_entry_t *entries;
    sync_unpack_t in;
    int i;

    sync_unpack_start(&in, data, length);
    if (sync_unpack_uint(&in) != DELTA_FORMAT)
        return NULL;
    delta->count = (int)sync_unpack_count(&in, DELTA_ENTRIES_MAX);
    if ((apr_size_t)delta->count > length) /* each takes two bytes and more */
        return NULL;
    entries = apr_pcalloc(pool, (apr_size_t)(delta->count + 1) * sizeof *entries);
    for (i = 0; i < delta->count; i++) {
        unsigned flags;

        entries[i].uid = sync_unpack_uint(&in);
        flags = sync_unpack_count(&in, SYNC_OP_SOFT_DELETE << 1 | 1);
        entries[i].op = (sync_op_t)(flags >> 1);
        entries[i].held = flags & 1;
        entries[i].token = entries[i].held ? sync_unpack_uint(&in) - 1 : 0;
    }
    delta->entries = entries;
    delta->results = sync_unpack_bytes(&in, &delta->results_length);
    delta->results = apr_pmemdup(pool, delta->results, delta->results_length);
    return sync_unpack_end(&in) ? delta : NULL;
}

void sync_position_refilter(sync_position_t *position, int filter, int conversations,
                            apr_time_t now)
{
    apr_time_t cut = sync_filter_cut(filter, now), was = position->cut;
    sync_date_kind_t dates, old = position->dates;

    /* a clock that was set back brings nothing back */
    if (filter == position->filter && cut < was)
        cut = was;
    dates = conversations && cut != SYNC_TIME_MIN ? SYNC_DATE_CONVERSATION : SYNC_DATE_OWN;
    position->filter = filter;
    position->cut = cut;
    position->dates = dates;
    if (!*position->cursor)
        return;
    /* where nothing is cut all dates are alike */
    if (was == SYNC_TIME_MIN)
        old = dates;
    else if (cut == SYNC_TIME_MIN)
        dates = old;
    if (dates !=
        old) /* no entry is later than its conversation: so all that may differ are in it */
        sync_scans_add(&position->scans, SYNC_DATE_CONVERSATION, cut < was ? cut : was,
                       SYNC_TIME_MAX, 0);
    else if (cut < was)
        /* the date of a conversation that is held may have moved into it: not clean */
        sync_scans_add(&position->scans, dates, cut, was,
                       dates == SYNC_DATE_OWN && was != SYNC_TIME_MAX && !position->todo_count &&
                           !position->sweep);
    else if (cut > was)
        sync_scans_add(&position->scans, dates, was, cut, 0);
}

void sync_position_renew(sync_position_t *position, apr_time_t now)
{
    int was = position->year;
    apr_time_exp_t t;

    /* a clock that was set back renews nothing */
    if (apr_time_exp_gmt(&t, now) || t.tm_year + 1900 <= was ||
        t.tm_year + 1900 > POSITION_YEAR_MAX)
        return;
    position->year = t.tm_year + 1900;
    if (!was || !*position->cursor)
        return;
    /* what was over before the year that has left the window is shown as it was */
    t = (apr_time_exp_t){.tm_year = was - 1901, .tm_mday = 1};
    apr_time_exp_gmt_get(&now, &t);
    sync_scans_add(&position->scans, SYNC_DATE_OWN, now > position->cut ? now : position->cut,
                   SYNC_TIME_MAX, 0);
    position->scans.scan[position->scans.count - 1].renew = 1;
}

int sync_position_filtered(const sync_position_t *position, int filter)
{
    return position->filter == filter &&
           (position->cut == SYNC_TIME_MIN ||
            position->options.conversations == (position->dates == SYNC_DATE_CONVERSATION));
}

void sync_position_begin(sync_position_t *position, const char *cursor)
{
    position->cursor = cursor;
    position->scans.count = 0;
    sync_scans_add(&position->scans, position->dates, position->cut, SYNC_TIME_MAX, 1);
}

void sync_position_reconcile(sync_position_t *position, const char *cursor)
{
    position->cursor = cursor;
    position->scans.count = 0;
    position->sweep = SYNC_SWEEP_ALL;
}

int sync_position_settled(const sync_position_t *position)
{
    return *position->cursor && !position->scans.count && !position->sweep && !position->todo_count;
}

int sync_options_same(const sync_options_t *one, const sync_options_t *other)
{
    return one->filter == other->filter && one->client_wins == other->client_wins &&
           one->conversations == other->conversations && one->blob_length == other->blob_length &&
           (!one->blob_length || memcmp(one->blob, other->blob, one->blob_length) == 0);
}

int sync_position_same(const sync_position_t *one, const sync_position_t *other)
{
    return sync_options_same(&one->options, &other->options) &&
           strcmp(one->cursor, other->cursor) == 0 && one->filter == other->filter &&
           one->cut == other->cut && one->dates == other->dates && one->year == other->year &&
           sync_scans_same(&one->scans, &other->scans) && one->sweep == other->sweep &&
           one->todo_count == other->todo_count &&
           (!one->todo_count ||
            memcmp(one->todo, other->todo, (size_t)one->todo_count * sizeof *one->todo) == 0);
}

void sync_folder_state_confirm(sync_folder_state_t *state, int index)
{
    state->base = state->pending[index].after;
    sync_keys_confirm(&state->keys, index);
}

unsigned sync_folder_state_answer(sync_folder_state_t *state, const char *digest,
                                  const sync_pending_t *pending, unsigned *dropped)
{
    int forgotten = -1;

    sync_keys_room(&state->keys, &forgotten);
    *dropped = forgotten < 0 ? 0 : state->keys.answers[forgotten].counter;
    if (forgotten >= 0)
        memmove(state->pending + forgotten, state->pending + forgotten + 1,
                (size_t)(state->keys.answer_count - 1 - forgotten) * sizeof *pending);
    state->pending[state->keys.answer_count - (forgotten >= 0)] = *pending;
    return sync_keys_answer(&state->keys, forgotten, digest);
}
