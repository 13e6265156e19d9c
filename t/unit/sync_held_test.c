#include "tap.h"

#include <stdlib.h>
#include <apr_general.h>
#include <apr_strings.h>

#include "base/time.h"
#include "sync/filter.h"
#include "sync/folder_state.h"
#include "sync/held.h"

static apr_pool_t *pool;

static int holds(const sync_held_t *held, apr_uint64_t uid, apr_uint64_t wanted)
{
    apr_uint64_t token;

    return sync_held_get(held, uid, &token) && token == wanted;
}

static int lacks(const sync_held_t *held, apr_uint64_t uid)
{
    apr_uint64_t token;

    return !sync_held_get(held, uid, &token);
}

static sync_held_t *held_with(const sync_held_write_t *write)
{
    sync_held_t *held = sync_held_make(pool);

    return sync_held_load(held, 0, write->data, write->length) ? held : NULL;
}

static void test_chunks(void)
{
    sync_held_t *held = sync_held_make(pool);
    const sync_held_write_t *writes;
    const apr_uint64_t *missing;
    int count;

    ok(!sync_held_missing(held, &count) && count == 0, "nothing is wanted at first");
    sync_held_want(held, 5);
    sync_held_want(held, 1023);
    sync_held_want(held, 1024);
    sync_held_want(held, APR_UINT64_MAX);
    missing = sync_held_missing(held, &count);
    is_int(count, 3, "uids of a chunk want it once");
    ok(missing[0] == 0 && missing[1] == 1 && missing[2] == APR_UINT64_MAX / 1024, "these");
    is_str(sync_held_field(31, pool), "h.1f", "a chunk's field");
    ok(sync_held_load(held, 0, NULL, 0) && sync_held_load(held, 1, NULL, 0), "no such field yet");
    sync_held_missing(held, &count);
    is_int(count, 1, "what was loaded is not missing any more");
    sync_held_want(held, 7);
    sync_held_missing(held, &count);
    is_int(count, 1, "nor wanted again");
    ok(lacks(held, 5), "nothing is held");
    sync_held_changed(held, &count, pool);
    is_int(count, 0, "and nothing to write");
    sync_held_set(held, 1025, 3);
    ok(holds(held, 1025, 3) && lacks(held, 1), "set is set, in its chunk");
    writes = sync_held_changed(held, &count, pool);
    ok(count == 1 && !strcmp(writes[0].field, "h.1") && writes[0].length <= 5,
       "only that chunk is written, in a few bytes");
    sync_held_remove(held, 1025);
    writes = sync_held_changed(held, &count, pool);
    ok(count == 1 && !writes[0].data, "an empty chunk is deleted");
}

static void test_coding(void)
{
    sync_held_t *held = sync_held_make(pool), *back;
    const sync_held_write_t *write;
    int count, i, good = 1;

    sync_held_load(held, 0, NULL, 0);
    for (i = 0; i < 1024; i++)
        if (i % 3)
            sync_held_set(held, (apr_uint64_t)i, i % 5 ? (apr_uint64_t)i % 32 : SYNC_TOKEN_UNKNOWN);
    write = sync_held_changed(held, &count, pool);
    ok(write->length < 682 * 2 + 5, "two bytes for a mail: %d", (int)write->length);
    back = held_with(write);
    for (i = 0; i < 1024; i++)
        good &=
            i % 3 ? holds(back, (apr_uint64_t)i, i % 5 ? (apr_uint64_t)i % 32 : SYNC_TOKEN_UNKNOWN)
                  : lacks(back, (apr_uint64_t)i);
    ok(good, "every uid comes back with its token, the unknown one too");
    sync_held_set(back, 1, holds(back, 1, 1));
    sync_held_changed(back, &count, pool);
    is_int(count, 0, "set to what it is changes nothing");
    sync_held_set(back, 1, 0x123456789abcdef0u);
    write = sync_held_changed(back, &count, pool);
    ok(holds(held_with(write), 1, 0x123456789abcdef0u), "64 bits for other classes");
}

/* Whatever the bytes, nothing but "damaged" may come of them. */
static void test_damage(void)
{
    static const struct {
        const char *data;
        size_t length;
    } bad[] = {{"", 0},
               {"\x02\x00", 2},
               {"\x01", 1},
               {"\x01\x01", 2},
               {"\x01\x01\x05", 3},
               {"\x01\x00x", 3},
               {"\x01\x81\x08", 3},
               {"\x01\x02\x00\x01\x00\x01", 6}, /* the same uid twice */
               {"\x01\x01\x80\x08\x01", 5},     /* beyond the chunk */
               {"\x01\x02\xff\x07\x01\x01\x01", 7}};
    unsigned char bytes[40];
    unsigned seed = 7;
    size_t i;
    int k;

    for (i = 0; i < sizeof bad / sizeof *bad; i++)
        ok(!sync_held_load(sync_held_make(pool), 0, bad[i].data, bad[i].length), "damage %d",
           (int)i);
    for (k = 0; k < 20000; k++) {
        apr_pool_t *scratch;
        sync_held_t *held;

        apr_pool_create(&scratch, pool);
        held = sync_held_make(scratch);
        for (i = 0; i < sizeof bytes; i++)
            bytes[i] = (unsigned char)((seed = seed * 1103515245 + 12345) >> 16);
        bytes[0] = 1;
        bytes[1] %= 8;
        sync_held_load(held, 0, bytes, seed % sizeof bytes);
        sync_folder_state_unpack(bytes, sizeof bytes, scratch);
        sync_delta_unpack(bytes, sizeof bytes, scratch);
        apr_pool_destroy(scratch);
    }
    ok(1, "random bytes do no harm");
}

static apr_time_t at(const char *text)
{
    apr_time_t when = 0;

    base_time_parse(text, &when);
    return when;
}

static void test_filter(void)
{
    static const struct {
        int filter;
        const char *now, *cut;
    } rows[] = {
        {1, "2026-11-23T08:00:00Z", "2026-11-22T00:00:00.000Z"},
        {1, "2026-11-23T23:59:59Z", "2026-11-22T00:00:00.000Z"},
        {1, "2026-11-24T00:00:00Z", "2026-11-23T00:00:00.000Z"},
        {2, "2026-03-01T08:00:00Z", "2026-02-26T00:00:00.000Z"},
        {3, "2026-11-23T08:00:00Z", "2026-11-16T00:00:00.000Z"},
        {4, "2026-11-23T08:00:00Z", "2026-11-09T00:00:00.000Z"},
        {5, "2026-11-23T08:00:00Z", "2026-10-23T00:00:00.000Z"},
        {5, "2026-03-31T08:00:00Z", "2026-02-28T00:00:00.000Z"},
        {5, "2028-03-31T08:00:00Z", "2028-02-29T00:00:00.000Z"},
        {5, "2026-01-15T08:00:00Z", "2025-12-15T00:00:00.000Z"},
        {6, "2026-01-31T08:00:00Z", "2025-10-31T00:00:00.000Z"},
        {7, "2026-08-31T08:00:00Z", "2026-02-28T00:00:00.000Z"},
    };
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        is_str(base_time_format_dashed(sync_filter_cut(rows[i].filter, at(rows[i].now)), pool),
               rows[i].cut, apr_psprintf(pool, "filter %d at %s", rows[i].filter, rows[i].now));
    ok(sync_filter_cut(0, at("2026-11-23T08:00:00Z")) == SYNC_TIME_MIN, "no filter");
    ok(sync_filter_cut(SYNC_FILTER_INCOMPLETE, at("2026-11-23T08:00:00Z")) == SYNC_TIME_MAX,
       "incomplete tasks have no date");
    ok(sync_filter_cut(9, 0) == SYNC_TIME_MIN && sync_filter_cut(-1, 0) == SYNC_TIME_MIN,
       "nor what there is not");
}

static const char *scans_text(const sync_scans_t *scans)
{
    const char *text = "";
    int i;

    for (i = 0; i < scans->count; i++)
        text = apr_psprintf(pool, "%s%s[%d,%d)<%d%s ", text,
                            scans->scan[i].dates ? "conversations " : "", (int)scans->scan[i].since,
                            (int)scans->scan[i].before, (int)scans->scan[i].below,
                            scans->scan[i].clean ? "c" : "");
    return text;
}

/* An entry of which nobody knows a conversation. */
static const sync_dates_t *on(apr_time_t date)
{
    return apr_pmemdup(pool, &(sync_dates_t){{date, date}}, sizeof(sync_dates_t));
}

static void test_scans(void)
{
    sync_scans_t scans = {.count = 0}, copy;
    int i;

    sync_scans_add(&scans, SYNC_DATE_OWN, 10, 100, 1);
    is_str(scans_text(&scans), "[10,100)<0c ", "one scan");
    ok(sync_scans_cover(&scans, 5, on(10)) && sync_scans_cover(&scans, 5, on(99)) &&
           !sync_scans_cover(&scans, 5, on(9)) && !sync_scans_cover(&scans, 5, on(100)),
       "it covers its dates");
    sync_scans_advance(&scans, 0, 50);
    ok(sync_scans_cover(&scans, 49, on(10)) && !sync_scans_cover(&scans, 50, on(10)),
       "and what is below");
    sync_scans_add(&scans, SYNC_DATE_OWN, 5, 10, 1);
    is_str(scans_text(&scans), "[10,100)<50c [5,10)<0c ", "a wider filter beside it");
    sync_scans_add(&scans, SYNC_DATE_OWN, 5, 40, 0);
    is_str(scans_text(&scans), "[40,100)<50c [5,40)<0 ", "a narrower one takes its part over");
    sync_scans_add(&scans, SYNC_DATE_OWN, 60, 70, 1);
    is_str(scans_text(&scans), "[40,60)<50c [70,100)<50c [5,40)<0 [60,70)<0 ",
           "out of the middle; what is unfinished there is not clean");
    sync_scans_add(&scans, SYNC_DATE_OWN, 60, 60, 0);
    is_int(scans.count, 4, "an empty range is none");
    copy = scans;
    ok(sync_scans_same(&scans, &copy), "equal");
    sync_scans_soil(&scans, 45, on(50));
    is_str(scans_text(&scans), "[40,60)<50 [70,100)<50c [5,40)<0 [60,70)<0 ", "soiled");
    ok(!sync_scans_same(&scans, &copy), "not equal");
    sync_scans_advance(&scans, 2, 7);
    is_str(scans_text(&scans), "[5,40)<7 [60,70)<0 ", "two done, the third begun");
    sync_scans_advance(&scans, 2, 0);
    is_int(scans.count, 0, "all done");
    for (i = 0; i < 40; i++)
        sync_scans_add(&scans, SYNC_DATE_OWN, i * 10, i * 10 + 5, 1);
    ok(scans.count <= SYNC_SCANS_MAX && sync_scans_cover(&scans, 1, on(3)) &&
           sync_scans_cover(&scans, 1, on(393)),
       "too many become few, and cover what they covered");
}

static void test_conversation_scans(void)
{
    static const sync_dates_t old = {{5, 50}}, alone = {{5, 5}};
    base_text_buffer_t out = {.pool = pool};
    sync_scans_t scans = {.count = 0}, back;
    sync_unpack_t in;
    int i;

    sync_scans_add(&scans, SYNC_DATE_CONVERSATION, 10, 100, 1);
    is_str(scans_text(&scans), "conversations [10,100)<0c ", "a scan of conversations");
    ok(sync_scans_cover(&scans, 1, &old) && !sync_scans_cover(&scans, 1, &alone),
       "it comes to what is old in a conversation that is not");
    sync_scans_add(&scans, SYNC_DATE_OWN, 0, 60, 1);
    is_str(scans_text(&scans), "conversations [10,100)<0 [0,60)<0 ",
           "beside one of the other dates, neither is clean");
    sync_scans_add(&scans, SYNC_DATE_CONVERSATION, 10, 20, 1);
    is_str(scans_text(&scans), "conversations [20,100)<0 [0,60)<0 conversations [10,20)<0 ",
           "a part of one is taken over from the like only");
    sync_scans_pack(&scans, &out);
    sync_unpack_start(&in, out.data, out.length);
    sync_scans_unpack(&back, &in);
    ok(sync_unpack_end(&in) && sync_scans_same(&scans, &back), "packed and unpacked");
    for (i = 1; i < 40; i++)
        sync_scans_add(&scans, i % 2 ? SYNC_DATE_OWN : SYNC_DATE_CONVERSATION, i * 1000,
                       i * 1000 + 5, 1);
    ok(scans.count <= SYNC_SCANS_MAX && sync_scans_cover(&scans, 1, on(39001)) &&
           sync_scans_cover(&scans, 1, on(2001)) && sync_scans_cover(&scans, 1, on(3001)),
       "too many become few, and cover what they covered");
}

static void test_conversations(void)
{
    sync_position_t position = {.cursor = "c1", .todo = NULL}, back;
    apr_time_t now = at("2026-11-23T08:00:00Z"), month = sync_filter_cut(5, now),
               week = sync_filter_cut(3, now);
    const sync_scan_t *scan = position.scans.scan;

    position.cut = SYNC_TIME_MIN;
    sync_position_refilter(&position, 0, 1, now);
    ok(position.dates == SYNC_DATE_OWN && !position.scans.count,
       "where nothing is filtered conversations change nothing");
    position.options = (sync_options_t){.filter = 0, .conversations = 1};
    ok(sync_position_filtered(&position, position.options.filter),
       "and that is as it was asked for");
    sync_position_refilter(&position, 5, 1, now);
    ok(position.dates == SYNC_DATE_CONVERSATION && position.scans.count == 1 &&
           scan->dates == SYNC_DATE_CONVERSATION && scan->since == SYNC_TIME_MIN &&
           scan->before == month,
       "a filter: what goes goes by conversations");
    ok(!sync_position_filtered(&position, position.options.filter), "not what the options say");
    position.scans.count = 0;
    sync_position_refilter(&position, 5, 1, now + BASE_TIME_DAY);
    ok(position.scans.count == 1 && scan->dates == SYNC_DATE_CONVERSATION && scan->since == month &&
           scan->before == month + BASE_TIME_DAY && !scan->clean,
       "midnight: a day's conversations go");
    position.scans.count = 0;
    position.cut = month;
    sync_position_refilter(&position, 5, 0, now);
    ok(position.dates == SYNC_DATE_OWN && position.scans.count == 1 &&
           scan->dates == SYNC_DATE_CONVERSATION && scan->since == month &&
           scan->before == SYNC_TIME_MAX,
       "without conversations: what they brought is found by them");
    position.scans.count = 0;
    sync_position_refilter(&position, 3, 1, now);
    ok(position.dates == SYNC_DATE_CONVERSATION && position.scans.count == 1 &&
           scan->since == month && scan->before == SYNC_TIME_MAX && !scan->clean && week > month,
       "another filter and conversations: all that either has");
    position.scans.count = 0;
    sync_position_refilter(&position, 0, 1, now);
    ok(position.dates == SYNC_DATE_OWN && position.scans.count == 1 &&
           scan->dates == SYNC_DATE_CONVERSATION && scan->since == SYNC_TIME_MIN &&
           scan->before == week && !scan->clean,
       "everything: what no conversation had brought yet");
    sync_position_refilter(&position, 3, 1, now);
    back = position;
    back.dates = SYNC_DATE_OWN;
    ok(!sync_position_same(&position, &back), "positions differ in that");
}

/* Open tasks have no end: their date is that of the filter for them. */
static void test_incomplete(void)
{
    sync_position_t position = {.cursor = "c1", .cut = SYNC_TIME_MIN};
    const sync_dates_t forever = {{SYNC_TIME_MAX, SYNC_TIME_MAX}}, done = {{5, 5}};
    const sync_scans_t *scans = &position.scans;
    base_text_buffer_t out = {.pool = pool};
    sync_scans_t back;
    sync_unpack_t in;

    sync_position_refilter(&position, SYNC_FILTER_INCOMPLETE, 0, 0);
    ok(position.cut == SYNC_TIME_MAX && sync_scans_cover(scans, 1, &done),
       "what is done is looked for");
    position.scans.count = 0;
    sync_position_refilter(&position, SYNC_FILTER_INCOMPLETE, 0, BASE_TIME_DAY);
    ok(!scans->count, "a day makes no difference");
    sync_position_begin(&position, "c1");
    ok(sync_scans_cover(scans, 1, &forever) && !sync_scans_cover(scans, 1, &done),
       "what is open is scanned alone");
    sync_scans_pack(scans, &out);
    sync_unpack_start(&in, out.data, out.length);
    sync_scans_unpack(&back, &in);
    ok(sync_unpack_end(&in) && sync_scans_same(scans, &back), "packed and unpacked");
    position.scans.count = 0;
    sync_position_refilter(&position, 0, 0, 0);
    ok(sync_scans_cover(scans, 1, &done) && !scans->scan[0].clean,
       "everything: beside what is held already");
}

static void test_positions(void)
{
    sync_position_t position = {.cursor = "", .todo = NULL};
    apr_time_t now = at("2026-11-23T08:00:00Z"), cut;

    sync_position_refilter(&position, 1, 0, now);
    ok(position.filter == 1 && !position.scans.count, "not begun: nothing to scan");
    sync_position_begin(&position, "c1");
    ok(position.scans.count == 1 && position.scans.scan[0].since == sync_filter_cut(1, now) &&
           position.scans.scan[0].clean,
       "begun: everything is to be scanned");
    ok(!sync_position_settled(&position), "not settled");
    position.scans.count = 0;
    ok(sync_position_settled(&position), "settled");
    cut = position.cut;
    sync_position_refilter(&position, 1, 0, now + apr_time_from_sec(3600));
    ok(position.cut == cut && !position.scans.count, "the same day: the same cut");
    sync_position_refilter(&position, 1, 0, now - BASE_TIME_DAY);
    ok(position.cut == cut && !position.scans.count, "a clock set back: the same cut");
    sync_position_refilter(&position, 1, 0, now + BASE_TIME_DAY);
    ok(position.cut == cut + BASE_TIME_DAY && position.scans.count == 1 &&
           position.scans.scan[0].since == cut && position.scans.scan[0].before == position.cut &&
           !position.scans.scan[0].clean,
       "past midnight one day is scanned for what is to go");
    position.scans.count = 0;
    sync_position_refilter(&position, 0, 0, now + BASE_TIME_DAY);
    ok(position.scans.count == 1 && position.scans.scan[0].since == SYNC_TIME_MIN &&
           position.scans.scan[0].before == cut + BASE_TIME_DAY && position.scans.scan[0].clean,
       "a wider filter: the rest is scanned");
}

static void test_state(void)
{
    static const apr_uint64_t todo[] = {3, 70000};
    sync_folder_state_t state = {.generation = 4000000000u, .protocol = 161, .forgettable = 9},
                        *back;
    sync_pending_t pending = {.more = 1};
    base_text_buffer_t out = {.pool = pool};
    unsigned dropped;
    size_t i;
    int k;

    sync_keys_start(&state.keys, "0123456789abcdef");
    state.supported = "\0s";
    state.supported_length = 2;
    state.base = (sync_position_t){
        .cursor = "1.2",
        .filter = 3,
        .cut = 5,
        .todo = todo,
        .todo_count = 2,
        .options = {.filter = 4, .client_wins = 1, .blob = "o\0", .blob_length = 2}};
    sync_scans_add(&state.base.scans, SYNC_DATE_OWN, SYNC_TIME_MIN, SYNC_TIME_MAX, 1);
    pending.after = state.base;
    pending.after.cursor = "1.3";
    pending.after.dates = SYNC_DATE_CONVERSATION;
    pending.after.options.conversations = 1;
    sync_folder_state_answer(&state, "d", &pending, &dropped);
    sync_folder_state_pack(&state, &out);
    back = sync_folder_state_unpack(out.data, out.length, pool);
    ok(back && back->generation == 4000000000u && back->protocol == 161 && back->forgettable == 9 &&
           back->supported_length == 2 && !memcmp(back->supported, "\0s", 2),
       "a state comes back");
    ok(back && sync_position_same(&back->base, &state.base), "with its position");
    ok(back && sync_position_same(&back->pending[0].after, &pending.after) &&
           back->pending[0].more == 1,
       "and its answer's");
    ok(back && !sync_position_same(&back->base, &back->pending[0].after), "which differ");
    for (i = 0; i < out.length; i++)
        if (sync_folder_state_unpack(out.data, i, pool))
            break;
    is_int((long long)i, (long long)out.length, "a cut one does not");
    for (k = 0; k < SYNC_ALTERNATIVES_MAX; k++) {
        pending.after.cursor = apr_psprintf(pool, "2.%d", k);
        sync_folder_state_answer(&state, "e", &pending, &dropped);
    }
    ok(dropped == 2 && state.keys.answer_count == SYNC_ALTERNATIVES_MAX &&
           !strcmp(state.pending[0].after.cursor, "2.0") &&
           !strcmp(state.pending[SYNC_ALTERNATIVES_MAX - 1].after.cursor, "2.3"),
       "the oldest answer makes room");
    sync_folder_state_confirm(&state, 1);
    ok(!strcmp(state.base.cursor, "2.1") && state.keys.base == 4, "a confirmed one is the base");
}

static void test_before(void)
{
    static const apr_uint64_t uids[] = {1, 5, 1023, 1024, 5000, 5119, 900000};
    sync_held_t *held = sync_held_make(pool);
    apr_uint64_t uid = APR_UINT64_MAX, token;
    int i, right = 1, count;

    ok(!sync_held_before(held, APR_UINT64_MAX), "nothing is held");
    for (i = 6; i >= 0; i--) {
        sync_held_want(held, uids[i]);
        sync_held_load(held, uids[i] / SYNC_HELD_CHUNK, NULL, 0);
        sync_held_set(held, uids[i], 0);
    }
    for (i = 6; i >= 0; i--) {
        uid = sync_held_before(held, uid);
        right &= uid == uids[i];
    }
    ok(right && !sync_held_before(held, uid), "from the greatest to the least, over all chunks");
    is_int((long long)sync_held_before(held, 5119), 5000, "before one that is held");
    is_int((long long)sync_held_before(held, 4999), 1024, "and before others");
    sync_held_remove(held, 1024);
    is_int((long long)sync_held_before(held, 4999), 1023, "what was removed is not");
    sync_held_want(held, 70000);
    sync_held_complete(held);
    sync_held_want(held, 80000);
    ok(!sync_held_missing(held, &count) && !sync_held_get(held, 70000, &token) &&
           !sync_held_get(held, 80000, &token),
       "of a set that is complete nothing is missing");
}

static void test_delta(void)
{
    static const sync_delta_entry_t entries[] = {{1, SYNC_OP_ADD, 1, 5},
                                                 {APR_UINT64_MAX, SYNC_OP_SOFT_DELETE, 0, 0},
                                                 {7, SYNC_OP_NONE, 1, SYNC_TOKEN_UNKNOWN}};
    sync_delta_t delta = {.entries = entries, .count = 3, .results = "r", .results_length = 1};
    base_text_buffer_t out = {.pool = pool};
    sync_delta_t *back;
    size_t i;

    sync_delta_pack(&delta, &out);
    back = sync_delta_unpack(out.data, out.length, pool);
    ok(back && back->count == 3 && back->results_length == 1, "a delta comes back");
    for (i = 0; back && i < 3; i++)
        ok(back->entries[i].uid == entries[i].uid && back->entries[i].op == entries[i].op &&
               back->entries[i].held == entries[i].held &&
               back->entries[i].token == entries[i].token,
           "entry %d", (int)i);
    for (i = 0; i < out.length; i++)
        if (sync_delta_unpack(out.data, i, pool))
            break;
    is_int((long long)i, (long long)out.length, "a cut one does not");
    is_str(sync_delta_field(12, pool), "p.12", "its field");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_chunks();
    test_before();
    test_coding();
    test_damage();
    test_filter();
    test_scans();
    test_conversation_scans();
    test_conversations();
    test_incomplete();
    test_positions();
    test_state();
    test_delta();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
