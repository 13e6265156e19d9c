#include "tap.h"

#include <apr_general.h>
#include <apr_strings.h>

#include "sync/window.h"

static apr_pool_t *pool;

static sync_held_t *held_of(const char *pairs)
{
    sync_held_t *held = sync_held_make(pool);

    sync_held_load(held, 0, NULL, 0);
    for (; *pairs; pairs += pairs[3] ? 4 : 3) /* "5:1 6:0" */
        sync_held_set(held, (apr_uint64_t)(pairs[0] - '0'), (apr_uint64_t)(pairs[2] - '0'));
    return held;
}

static sync_event_t there(apr_uint64_t uid, apr_uint64_t token, apr_time_t date)
{
    return (sync_event_t){.uid = uid, .exists = 1, .token = token, .dates = {{date, date}}};
}

static sync_event_t gone(apr_uint64_t uid)
{
    return (sync_event_t){.uid = uid};
}

static const char *commands(const sync_window_t *window)
{
    static const char names[] = "?+*-~";
    const sync_command_t *sent;
    const char *text = "";
    int count, i;

    sent = sync_window_commands(window, &count);
    for (i = 0; i < count; i++)
        text = apr_psprintf(pool, "%s%c%d ", text, names[sent[i].op], (int)sent[i].uid);
    return text;
}

static const char *delta(const sync_window_t *window)
{
    const char *text = "";
    sync_delta_t made;
    int i;

    sync_window_delta(window, &made, pool);
    for (i = 0; i < made.count; i++)
        text = apr_psprintf(
            pool, "%s%d%s ", text, (int)made.entries[i].uid,
            made.entries[i].held ? apr_psprintf(pool, ":%d", (int)made.entries[i].token) : "");
    return text;
}

static const char *position(const sync_window_t *window)
{
    sync_position_t made;
    const char *text;
    int i;

    sync_window_position(window, &made, pool);
    text = apr_psprintf(pool, "%s todo", made.cursor);
    for (i = 0; i < made.todo_count; i++)
        text = apr_psprintf(pool, "%s %d", text, (int)made.todo[i]);
    for (i = 0; i < made.scans.count; i++)
        text = apr_psprintf(pool, "%s scan<%d", text, (int)made.scans.scan[i].below);
    if (made.sweep == SYNC_SWEEP_ALL)
        text = apr_pstrcat(pool, text, " sweep", NULL);
    else if (made.sweep)
        text = apr_psprintf(pool, "%s sweep<%d", text, (int)made.sweep);
    return text;
}

static void test_judge(void)
{
    static const sync_position_t own = {.cut = 10},
                                 conversations = {.cut = 10, .dates = SYNC_DATE_CONVERSATION};
    static const sync_event_t old = {1, 1, 1, {{5, 10}}, 0, 0};
    sync_holding_t none = {0, 0};
    static const struct {
        int held;
        apr_uint64_t token;
        int exists;
        apr_uint64_t now;
        apr_time_t date;
        sync_op_t op;
    } rows[] = {
        {0, 0, 1, 1, 10, SYNC_OP_ADD},
        {0, 0, 1, 1, 9, SYNC_OP_NONE},
        {0, 0, 0, 0, 0, SYNC_OP_NONE},
        {1, 1, 1, 1, 10, SYNC_OP_NONE},
        {1, 1, 1, 0, 10, SYNC_OP_CHANGE},
        {1, 1, 1, 1, 9, SYNC_OP_SOFT_DELETE},
        {1, 1, 1, 0, 9, SYNC_OP_SOFT_DELETE},
        {1, 1, 0, 0, 0, SYNC_OP_DELETE},
        {1, SYNC_TOKEN_UNKNOWN, 1, 1, 10, SYNC_OP_CHANGE},
        {1, SYNC_TOKEN_UNKNOWN, 0, 0, 0, SYNC_OP_DELETE},
    };
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        sync_holding_t device = {rows[i].held, rows[i].token};
        sync_event_t event = {1, rows[i].exists, rows[i].now, {{rows[i].date, rows[i].date}}, 0, 0};

        is_int(sync_diff_judge(&device, &event, &own), rows[i].op,
               apr_psprintf(pool, "judgement %d", (int)i));
    }
    is_int(sync_diff_judge(&none, &old, &own), SYNC_OP_NONE, "old mail is not wanted");
    is_int(sync_diff_judge(&none, &old, &conversations), SYNC_OP_ADD,
           "but in a conversation that is not old");
}

static void test_unseen(void)
{
    static const sync_position_t own = {.cut = 10};
    const sync_holding_t device = {1, 5}, unknown = {1, SYNC_TOKEN_UNKNOWN};
    sync_event_t event = {1, 1, 7, {{20, 20}}, 2, 0};

    is_int(sync_diff_judge(&device, &event, &own), SYNC_OP_NONE,
           "what a device cannot see is no news");
    is_int(sync_diff_judge(&unknown, &event, &own), SYNC_OP_CHANGE,
           "unless nobody knows what it holds");
    event.token = 2;
    is_int(sync_diff_judge(&device, &event, &own), SYNC_OP_CHANGE, "the rest is");
}

static void test_conflict(void)
{
    sync_holding_t none = {0, 0}, plain = {1, 0}, seen = {1, 1}, unknown = {1, SYNC_TOKEN_UNKNOWN};
    apr_uint64_t written = 1;

    /* device, ledger, current, mask, values */
    ok(!sync_diff_flags_conflict(&plain, NULL, 0, 1, 1), "nobody else changed it");
    ok(!sync_diff_flags_conflict(&plain, NULL, 2, 1, 1), "another flag is no conflict");
    ok(!sync_diff_flags_conflict(&plain, NULL, 1, 1, 1), "nor the same change");
    ok(sync_diff_flags_conflict(&plain, NULL, 1, 1, 0), "changed there, set back here");
    ok(sync_diff_flags_conflict(&seen, NULL, 2, 3, 1), "one of two flags is enough");
    ok(!sync_diff_flags_conflict(&plain, &written, 1, 1, 0), "the ledger wrote that itself");
    ok(sync_diff_flags_conflict(&plain, &written, 3, 3, 0), "but not the other");
    ok(!sync_diff_flags_conflict(&none, NULL, 1, 1, 0), "what it does not hold cannot conflict");
    ok(!sync_diff_flags_conflict(&unknown, NULL, 1, 1, 0), "nor what nobody knows");
    ok(sync_diff_content_conflict(&unknown, NULL, 1) && !sync_diff_content_conflict(&none, NULL, 1),
       "but a content would be lost");
    ok(!sync_diff_content_conflict(&seen, NULL, 1) && sync_diff_content_conflict(&seen, NULL, 2),
       "content: any difference");
    written = 2;
    ok(!sync_diff_content_conflict(&seen, &written, 2) &&
           sync_diff_content_conflict(&seen, &written, 3) &&
           !sync_diff_content_conflict(&unknown, &written, 2),
       "but for what the ledger wrote");
    is_int((long long)sync_diff_flags_applied(&seen, 3, 2).token, 2,
           "flags as the device has them");
    ok(sync_diff_flags_applied(&unknown, 1, 1).token == SYNC_TOKEN_UNKNOWN, "unknown stays so");
}

static void test_changes(void)
{
    sync_position_t start = {.cursor = "a", .cut = 10};
    sync_window_t *window = sync_window_make(&start, held_of("1:0 2:1 3:0 4:0"), 10, pool);
    sync_event_t events[] = {there(5, 1, 10), there(1, 1, 10), gone(2),       there(3, 0, 9),
                             there(4, 0, 10), gone(6),         there(7, 0, 9)};
    size_t i;

    for (i = 0; i < sizeof events / sizeof *events; i++)
        sync_window_offer(window, events + i);
    sync_window_changes_done(window, "b");
    sync_window_finish(window, 1);
    is_str(commands(window), "+5 *1 -2 ~3 ", "each by value, echoes and strangers left out");
    is_str(delta(window), "5:1 1:1 2 3 ", "what the device has then");
    is_str(position(window), "b todo", "told up to there");
    ok(!sync_window_more(window), "no more");
    is_int(sync_window_seen(window, SYNC_OP_NONE), 4, "four came up");
    is_int(sync_window_seen(window, SYNC_OP_ADD), 1, "one of them new");
    sync_window_drop(window, 0);
    sync_window_drop(window, 2);
    is_str(delta(window), "1:1 3 ", "what was not rendered was not given");
    is_str(position(window), "b todo", "and is not offered again");
    is_int(sync_window_kept(window), 2, "two are left");
}

static void test_cut(void)
{
    static const apr_uint64_t todo[] = {8, 9};
    sync_position_t start = {.cursor = "a", .cut = 0, .todo = todo, .todo_count = 2};
    sync_window_t *window;
    sync_event_t event;
    apr_uint64_t uid;
    sync_scan_t scan;
    int n;

    sync_scans_add(&start.scans, SYNC_DATE_OWN, 0, 100, 1);
    sync_scans_add(&start.scans, SYNC_DATE_OWN, 100, 200, 1);
    for (n = 0; n <= 6; n++) {
        static const char *const positions[] = {"a todo 8 9 scan<0 scan<0",
                                                "a todo 9 scan<0 scan<0",
                                                "a todo scan<0 scan<0",
                                                "b todo scan<0 scan<0",
                                                "c todo scan<7 scan<0",
                                                "c todo scan<5 scan<0",
                                                "c todo"};

        window = sync_window_make(&start, held_of("8:0 9:0 2:0 3:0"), 100, pool);
        while (sync_window_todo_next(window, &uid)) {
            event = gone(uid);
            sync_window_offer(window, &event);
            sync_window_todo_done(window);
        }
        event = gone(2);
        sync_window_offer(window, &event);
        sync_window_changes_done(window, "b");
        event = gone(3);
        sync_window_offer(window, &event);
        sync_window_changes_done(window, "c");
        sync_window_scan_next(window, &scan);
        event = there(6, 0, 50);
        sync_window_offer(window, &event);
        sync_window_scan_done(window, 5);
        sync_window_scan_next(window, &scan);
        is_int((long long)scan.below, 5, "a scan goes on below its last page");
        event = there(4, 0, 50);
        sync_window_offer(window, &event);
        sync_window_scan_done(window, 0);
        sync_window_scan_next(window, &scan);
        is_int(scan.since, 100, "then the next scan");
        event = there(3, 1, 150);
        sync_window_offer(window, &event);
        sync_window_scan_done(window, 0);
        ok(!sync_window_scan_next(window, &scan), "then none");
        sync_window_finish(window, 1);
        if (!n)
            is_str(commands(window), "-8 -9 -2 *3 +6 +4 ", "all stages; 3 had come up before");
        sync_window_cut(window, n);
        is_str(position(window), positions[n],
               apr_psprintf(pool, "cut to %d, the rest comes up again", n));
        is_int(sync_window_more(window), n < 6, "and there is more");
    }
}

static void test_limit(void)
{
    sync_position_t start = {.cursor = "a", .cut = 0};
    sync_window_t *window = sync_window_make(&start, held_of(""), 2, pool);
    sync_event_t event;
    apr_uint64_t uid;

    for (uid = 1; !sync_window_full(window); uid++) {
        event = there(uid, 0, 0);
        sync_window_offer(window, &event);
    }
    is_int((long long)uid, 4, "one more than the limit is taken in");
    sync_window_finish(window, 0);
    is_str(commands(window), "+1 +2 ", "to know that there is more");
    ok(sync_window_more(window), "which there is");
    is_str(position(window), "a todo", "a batch cut in the middle comes again");
    window = sync_window_make(&start, held_of("1:0"), 2, pool);
    event = there(1, 1, 0);
    sync_window_offer(window, &event);
    event = gone(1);
    sync_window_offer(window, &event);
    sync_window_finish(window, 1);
    is_str(commands(window), "-1 ", "twice in one window: the later knowledge, once");
    window = sync_window_make(&start, held_of(""), 2, pool);
    event = there(1, 1, 0);
    sync_window_offer(window, &event);
    event = gone(1);
    sync_window_offer(window, &event);
    sync_window_finish(window, 1);
    is_str(commands(window), "", "come and gone: nothing");
}

static void test_scan_rules(void)
{
    sync_position_t start = {.cursor = "a", .cut = 0};
    sync_window_t *window;
    sync_event_t event;
    sync_scan_t scan;

    sync_scans_add(&start.scans, SYNC_DATE_OWN, 0, 100, 1);
    sync_scans_advance(&start.scans, 0, 5);
    window = sync_window_make(&start, held_of("3:0"), 10, pool);
    event = there(4, 0, 50);
    sync_window_offer(window, &event);
    event = there(6, 0, 50);
    sync_window_offer(window, &event);
    event = there(2, 0, 150);
    sync_window_offer(window, &event);
    event = there(3, 1, 50);
    sync_window_offer(window, &event);
    sync_window_finish(window, 1);
    is_str(commands(window), "+6 +2 *3 ",
           "what the scan will come to is left to it, unless the device has it");
    window = sync_window_make(&start, held_of(""), 10, pool);
    sync_window_scan_next(window, &scan);
    event = there(4, 0, 50);
    sync_window_offer(window, &event);
    sync_window_finish(window, 0);
    is_str(commands(window), "+4 ", "it comes with the scan");
    ok(sync_window_more(window), "an unfinished scan is more");
}

static void test_sweep(void)
{
    sync_position_t start = {.cursor = "old", .cut = 0};
    sync_window_t *window;
    apr_uint64_t below;
    sync_event_t event;
    sync_scan_t scan;

    sync_scans_add(&start.scans, SYNC_DATE_OWN, 0, 100, 1);
    window = sync_window_make(&start, held_of("1:0 3:0 5:0"), 3, pool);
    event = gone(1);
    sync_window_offer(window, &event);
    sync_window_reconcile(window, "new");
    is_str(sync_window_cursor(window), "new", "the cursor is that of now");
    sync_window_changes_done(window, "newer");
    ok(!sync_window_scan_next(window, &scan), "no scan is needed any more");
    ok(sync_window_sweep_next(window, &below) && below == SYNC_SWEEP_ALL, "all is to be swept");
    event = there(6, 0, 50);
    sync_window_offer(window, &event);
    event = gone(5);
    sync_window_offer(window, &event);
    sync_window_sweep_done(window, 4);
    ok(sync_window_sweep_next(window, &below) && below == 4, "in pages");
    event = there(3, 0, 50);
    sync_window_offer(window, &event);
    event = there(2, 0, -50);
    sync_window_offer(window, &event);
    event = gone(1);
    sync_window_offer(window, &event);
    sync_window_sweep_done(window, 0);
    ok(!sync_window_sweep_next(window, &below), "to its end");
    sync_window_finish(window, 1);
    is_str(commands(window), "-1 +6 -5 ", "what differs, and not what the filter keeps out");
    is_str(position(window), "newer todo", "then it is settled");
    sync_window_cut(window, 2);
    is_str(position(window), "newer todo sweep<6", "cut in the sweep: it goes on there");
    sync_window_cut(window, 0);
    is_str(position(window), "new todo sweep", "cut before it: it begins anew");
}

static void test_effects(void)
{
    sync_position_t start = {.cursor = "a", .cut = 0}, after;
    sync_window_t *window;
    sync_holding_t held = {1, 1};
    sync_event_t event;

    sync_scans_add(&start.scans, SYNC_DATE_OWN, 0, 100, 1);
    window = sync_window_make(&start, held_of("1:0 2:0"), 10, pool);
    sync_window_effect(window, 1, &held);
    held.held = 0;
    sync_window_effect(window, 2, &held);
    sync_window_effect_add(window, 5, 3, &(sync_dates_t){{50, 50}});
    sync_window_todo_add(window, 2);
    sync_window_todo_add(window, 2);
    is_int((long long)sync_window_holding(window, 1).token, 1, "the device's own change counts");
    event = there(1, 1, 200);
    sync_window_offer(window, &event);
    event = gone(2);
    sync_window_offer(window, &event);
    event = there(5, 1, 50);
    sync_window_offer(window, &event);
    sync_window_finish(window, 1);
    is_str(commands(window), "*5 ", "echoes of own operations are no news, other versions are");
    is_str(delta(window), "5:1 1:1 2 ", "commands, then effects");
    is_str(position(window), "a todo 2 scan<0", "what was not looked at is still to do");
    sync_window_position(window, &after, pool);
    ok(!after.scans.scan[0].clean, "a scan that will come to an own item is not clean");
    sync_window_drop(window, 0);
    is_str(delta(window), "1:1 2 5:3 ", "dropped: the device has what it had");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_judge();
    test_unseen();
    test_conflict();
    test_changes();
    test_cut();
    test_limit();
    test_scan_rules();
    test_sweep();
    test_effects();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
