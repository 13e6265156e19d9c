/* Items that are no mail: what a device sends is merged into what there is, once, whatever breaks
 * off, and nothing of others is lost.
 *
 * The items here are "a=1 b=2 @5": values, and behind them a time stamp, which is another one whenever
 * something is written. A device sends "a=3 b=": b is deleted, what it does not name stays, unless
 * Supported names it. "bad" cannot be; "deaf" makes it be told of what became of the item. */
#include "collection_helpers.h"

#include "backend/blob.h"
#include "backend/fail.h"
#include "cmd/cmd.h"

static backend_t *mailbox; /* the fail driver, around the backend of the helpers */
static backend_session_t *phone, *truth;
static apr_time_t clock_now;
static int stamp;

/* What goes wrong in the mailbox: that call fails, before or after its effect. */
static struct {
    const char *call;
    int after;
    const char *theirs; /* another program writes that into item 1 before the call instead... */
    int times;          /* ...so often */
} trouble;

static const char *item_text(apr_uint64_t uid)
{
    backend_blob_t *blob;

    return backend_item_fetch(truth, inbox, uid, &blob, pool)
               ? "gone"
               : apr_pstrmemdup(pool, blob->data, (apr_size_t)blob->size);
}

/* Without its time stamp. */
static const char *item_values(apr_uint64_t uid)
{
    const char *text = item_text(uid);

    return apr_pstrmemdup(pool, text, strcspn(text, "@"));
}

/* Another program replaces an item. */
static void rewrite(apr_uint64_t uid, const char *text)
{
    backend_entry_t entry;

    if (backend_item_entry(truth, inbox, uid, &entry, pool) ||
        backend_item_replace(truth, inbox, uid, entry.token, 0,
                             backend_blob_of(text, strlen(text), pool), &entry, pool))
        exit(1);
}

static apr_uint64_t put(const char *text)
{
    const backend_put_t nameless = {.derived_name = NULL};
    backend_entry_t entry;
    int existed;

    if (backend_item_put(truth, inbox, &nameless, backend_blob_of(text, strlen(text), pool), &entry,
                         &existed, pool))
        exit(1);
    return entry.uid;
}

static base_fault_code_t mailbox_decide(void *baton, const char *call, int after)
{
    (void)baton;
    if (!trouble.call || strcmp(call, trouble.call) != 0 || after != trouble.after)
        return BASE_FAULT_NONE;
    if (trouble.theirs) {
        rewrite(1, apr_psprintf(pool, "%s @%d", trouble.theirs, ++stamp));
        if (--trouble.times <= 0)
            trouble.call = NULL;
        return BASE_FAULT_NONE;
    }
    trouble.call = NULL;
    return BASE_FAULT_UNAVAILABLE;
}

static apr_time_t clock_read(void *baton)
{
    (void)baton;
    return clock_now;
}

/* -- the kind ---------------------------------------------------------------------------------- */

typedef struct {
    collection_merge_t base;
    const char *data;
} merge_t;

/* The value of a name in "a=1 b=2", NULL: it is not in it. */
static const char *value_of(const char *text, const char *name)
{
    const char *found = strstr(text, apr_pstrcat(pool, name, "=", NULL));

    return found ? apr_pstrmemdup(pool, found + 2, strcspn(found + 2, " ")) : NULL;
}

/* Of the operations done, how many still have what they read? */
static int kept, kept_most;

static apr_status_t kept_no_more(void *data)
{
    (void)data;
    kept--;
    return APR_SUCCESS;
}

static base_fault_t *apply(const collection_merge_t *base, const collection_merged_t *given,
                           const backend_blob_t **blob, int *tell, apr_pool_t *result_pool)
{
    static const char *const names[] = {"a", "b", "c"};
    const char *data = ((const merge_t *)base)->data, *was = "", *text = "";
    size_t i;

    apr_pool_cleanup_register(result_pool, NULL, kept_no_more, apr_pool_cleanup_null);
    if (++kept > kept_most)
        kept_most = kept;
    if (strstr(data, "bad"))
        return base_fault_make(result_pool, BASE_FAULT_INVALID, "bad data");
    if (given->original)
        was = apr_pstrmemdup(pool, given->original->data, (apr_size_t)given->original->size);
    for (i = 0; i < 3; i++) {
        const char *value = value_of(data, names[i]);

        if (!value && given->original && !(given->supported && strstr(given->supported, names[i])))
            value = value_of(was, names[i]);
        if (value && *value)
            text = apr_psprintf(pool, "%s%s=%s ", text, names[i], value);
    }
    *tell = strstr(data, "deaf") != NULL;
    *blob = given->original;
    if (given->original && strncmp(was, text, strcspn(was, "@")) == 0 &&
        strlen(text) == strcspn(was, "@"))
        return NULL;
    text = apr_psprintf(result_pool, "%s@%d", text, ++stamp);
    *blob = backend_blob_of(text, strlen(text), result_pool);
    return NULL;
}

/* -- what the device does ---------------------------------------------------------------------- */

static collection_request_t *sync_request(const char *key)
{
    collection_request_t *made = request(key);

    made->class_ = BACKEND_CLASS_CONTACTS;
    return made;
}

static collection_request_t *with(const char *key, collection_op_t op, const char *data)
{
    collection_request_t *made;
    merge_t *merge = apr_pcalloc(pool, sizeof *merge);

    merge->base.apply = apply;
    merge->data = data;
    op.merge = &merge->base;
    op.content_digest = data;
    made = with_op(key, &op);
    made->class_ = BACKEND_CLASS_CONTACTS;
    return made;
}

static collection_request_t *add(const char *key, const char *data)
{
    return with(key, (collection_op_t){.kind = COLLECTION_OP_ADD, .client_id = "c1"}, data);
}

static collection_request_t *edit(const char *key, apr_uint64_t uid, const char *data)
{
    return with(key, (collection_op_t){.kind = COLLECTION_OP_CHANGE, .uid = uid}, data);
}

static void client_wins(collection_request_t *asked)
{
    static const collection_options_t options = {.client_wins = 1};

    asked->options = &options;
}

/* "=CODE" when the first operation failed, then the commands: "+1 *2 -3 ~4". */
static const char *told(const collection_request_t *asked)
{
    const char *text = "";
    collection_t *collection = prepare(asked);
    int i;

    if (collection)
        code = base_fault_code(collection_commit(collection));
    if (code)
        return base_fault_code_name(code);
    if (answer->result_count && answer->results[0].code)
        text = apr_pstrcat(pool, "=", base_fault_code_name(answer->results[0].code), " ", NULL);
    for (i = 0; i < answer->command_count; i++)
        text = apr_psprintf(pool, "%s%c%d ", text, "+*-~"[answer->commands[i].kind],
                            (int)answer -> commands[i].uid);
    return text;
}

/* An empty folder, and a device that has synced it. Returns its key. */
static const char *start_with(const char *supported)
{
    apr_array_header_t *arguments = apr_array_make(pool, 1, sizeof(char *));
    state_store_t *memory = state_store_create_memory(pool);
    collection_request_t *first;

    memset(&plan, 0, sizeof plan);
    memset(&trouble, 0, sizeof trouble);
    clock_now = NOW;
    state_store_memory_clock(memory, clock_read, NULL);
    if (backend_start("fail", arguments, NULL, NULL, &mailbox, pool))
        exit(1);
    backend_fail_decide(mailbox, mailbox_decide, NULL);
    backend = backend_fail_inner(mailbox);
    if (backend_session_open(mailbox, ACCOUNT, &phone, pool) ||
        backend_session_open(backend, ACCOUNT, &truth, pool) ||
        backend_folder_create(truth, NULL, "People", BACKEND_CLASS_CONTACTS, &inbox, pool))
        exit(1);
    env.backend = phone;
    env.store = state_store_create_fail(memory, &plan, pool);
    backend_memory_clock(backend, NOW);
    first = sync_request("0");
    first->supported = supported;
    first->supported_length = supported ? strlen(supported) : 0;
    told(first);
    told(sync_request(answer->key));
    return answer->key;
}

static const char *start(void)
{
    return start_with(NULL);
}

/* The same with an item 1 that the device has. */
static const char *start_item(const char *text)
{
    const char *key = start();

    put(text);
    told(sync_request(key));
    return answer->key;
}

/* -- Add --------------------------------------------------------------------------------------- */

static void test_add(void)
{
    const char *key = start();
    const collection_request_t *first = add(key, "a=1 b=2");

    is_str(told(first), "", "an item is added");
    ok(answer->results[0].uid == 1 && !answer->results[0].code, "and has an id");
    is_str(item_values(1), "a=1 b=2 ", "it is there");
    told(first);
    ok(answer->replayed && answer->results[0].uid == 1, "the repeat has the same answer");
    is_str(told(add(key, "a=1 b=2")), "", "once more in another request");
    ok(answer->results[0].uid == 1 && answer->results[0].repeated, "is the same item");
    is_str(item_text(2), "gone", "there is one");
    is_str(told(sync_request(answer->key)), "", "which is no news to the device");

    key = start();
    told(add(key, "a=1 b=2"));
    is_str(told(add(key, "a=3")), "", "the same ClientId with another content");
    ok(answer->results[0].uid == 1 && !answer->results[0].repeated, "is the same item");
    is_str(item_values(1), "a=3 ", "as it was sent last, without what was left out");
    is_str(told(sync_request(answer->key)), "", "which is no news either");

    key = start();
    is_str(told(add(key, "bad")), "=INVALID ", "what cannot be");
    is_str(item_text(1), "gone", "is not there");
    is_str(told(add(answer->key, "a=1 deaf")), "*1 ", "what is not taken whole is told");
}

/* Added, but nobody knows; then the device, or somebody else, changes it. */
static void test_add_doubt(void)
{
    const char *key = start(), *before;
    collection_request_t *asked;

    trouble.call = "put";
    trouble.after = 1;
    is_str(told(add(key, "a=1")), "UNAVAILABLE", "stored, but the answer of the mailbox is lost");
    before = item_text(1);
    clock_now += 2 * CMD_LEASE;
    is_str(told(add(key, "a=1")), "", "the repeat finds it");
    is_str(item_text(1), before, "as it is, with its time stamp");
    is_str(item_text(2), "gone", "and does not store it again");

    key = start();
    trouble.call = "put";
    trouble.after = 1;
    told(add(key, "a=1 b=1"));
    clock_now += 2 * CMD_LEASE;
    is_str(told(add(key, "a=2")), "", "in another form");
    is_str(item_values(1), "a=2 ", "it is that form, whole");

    key = start();
    trouble.call = "put";
    trouble.after = 1;
    told(add(key, "a=1"));
    rewrite(1, "a=9 b=9 @0");
    clock_now += 2 * CMD_LEASE;
    is_str(told(add(key, "a=1")), "*1 ", "another program has changed it: that is told");
    is_str(item_values(1), "a=9 b=9 ", "and stays");
    is_str(told(add(key, "a=2")), "*1 ", "so it is when that answer is lost and the form another");
    is_str(item_values(1), "a=9 b=9 ", "which is not taken for the device's own");

    key = start();
    trouble.call = "put";
    trouble.after = 1;
    told(add(key, "a=1"));
    rewrite(1, "a=9 b=9 @0");
    clock_now += 2 * CMD_LEASE;
    asked = add(key, "a=1");
    client_wins(asked);
    is_str(told(asked), "*1 ", "when the client is to win");
    is_str(item_values(1), "a=1 b=9 ", "it does, where it says something");
}

/* -- Change ------------------------------------------------------------------------------------ */

static void test_change(void)
{
    const char *key = start_item("a=1 b=2 @0"), *before;

    is_str(told(edit(key, 1, "a=3")), "", "a Change is no news to who made it");
    is_str(item_values(1), "a=3 b=2 ", "what it does not name stays");
    is_str(told(sync_request(answer->key)), "", "also afterwards");
    before = item_text(1);
    is_str(told(edit(answer->key, 1, "a=3 b=2")), "", "what changes nothing");
    is_str(item_text(1), before, "writes nothing");
    is_str(told(edit(answer->key, 1, "b=")), "", "an empty value");
    is_str(item_values(1), "a=3 ", "deletes");
    is_str(told(edit(answer->key, 1, "bad")), "=INVALID *1 ", "what cannot be is undone there");
    is_str(told(edit(answer->key, 1, "a=4 deaf")), "*1 ", "what is not taken whole is told");
    is_str(told(edit(answer->key, 7, "a=4")), "=NOT_FOUND ", "what is not there");
    backend_memory_expunge(backend, ACCOUNT, inbox, 1);
    is_str(told(edit(answer->key, 1, "a=5")), "=NOT_FOUND -1 ", "a Delete beats it");
}

/* What a device is to be told of its own change it need not have been told yet to go on. */
static void test_told_later(void)
{
    const char *key = start_item("a=1 b=2 @0");
    collection_request_t *asked = edit(key, 1, "a=3 deaf");

    asked->get_changes = 0;
    is_str(told(asked), "", "not taken whole, and not told");
    asked = edit(answer->key, 1, "a=4");
    asked->get_changes = 0;
    is_str(told(asked), "", "its next change is in no conflict");
    is_str(item_values(1), "a=4 b=2 ", "and made");
    is_str(told(sync_request(answer->key)), "*1 ", "then it is told");
    asked = edit(answer->key, 1, "a=5 deaf");
    asked->get_changes = 0;
    told(asked);
    rewrite(1, "a=5 b=9 @0");
    is_str(told(edit(answer->key, 1, "a=6")), "=CONFLICT *1 ", "with others it is");
}

static void test_supported(void)
{
    const char *key = start_with("s b ");

    told(add(key, "a=1 b=2 c=3"));
    told(edit(answer->key, 1, "a=4"));
    is_str(item_values(1), "a=4 c=3 ", "what Supported names goes when it is left out");
    told(edit(answer->key, 1, "b=5"));
    is_str(item_values(1), "a=4 b=5 c=3 ", "also some requests later");
}

static void test_conflict(void)
{
    const char *key = start_item("a=1 b=2 @0");
    collection_request_t *asked;

    rewrite(1, "a=1 b=9 @0");
    is_str(told(edit(key, 1, "a=3")), "=CONFLICT *1 ", "the server's version wins, and is told");
    is_str(item_values(1), "a=1 b=9 ", "and stays");
    is_str(told(edit(answer->key, 1, "a=3")), "", "the device knows it then");
    is_str(item_values(1), "a=3 b=9 ", "and may change it");

    key = start_item("a=1 b=2 @0");
    rewrite(1, "a=1 b=9 @0");
    asked = edit(key, 1, "a=3");
    client_wins(asked);
    is_str(told(asked), "*1 ", "the client's version wins: it is told of the rest");
    is_str(item_values(1), "a=3 b=9 ", "which is not lost");

    key = start_item("a=1 b=2 @0");
    rewrite(1, "a=3 b=9 @0");
    is_str(told(edit(key, 1, "a=3")), "*1 ", "the same change by two is no conflict");
    is_str(item_values(1), "a=3 b=9 ", "and the rest is told");

    key = start_item("a=1 b=2 @0");
    told(edit(key, 1, "a=3"));
    is_str(told(edit(key, 1, "a=4")), "*1 ", "altered, as no answer came");
    is_str(item_values(1), "a=4 b=2 ", "no conflict with oneself");
    told(edit(key, 1, "a=5"));
    rewrite(1, "a=5 b=9 @0");
    is_str(told(edit(key, 1, "a=6")), "=CONFLICT *1 ", "but with others after that");

    key = start_item("a=1 b=2 @0");
    asked = sync_request(key);
    {
        collection_op_t *ops = apr_pcalloc(pool, 2 * sizeof *ops);

        ops[0] = edit(key, 1, "a=3 deaf")->ops[0];
        ops[1] = edit(key, 1, "b=4")->ops[0];
        asked->ops = ops;
        asked->op_count = 2;
    }
    is_str(told(asked), "*1 ", "two Changes of an item in a request");
    ok(!answer->results[1].code, "are not in conflict with each other");
    is_str(item_values(1), "a=3 b=4 ", "both are made");
}

/* Another program is at it at the very moment. */
static void test_race(void)
{
    const char *key = start_item("a=1 b=2 @0");
    collection_request_t *asked;

    trouble.call = "replace";
    trouble.theirs = "a=1 b=9";
    is_str(told(edit(key, 1, "a=3")), "=CONFLICT *1 ", "faster by a moment: a conflict");
    is_str(item_values(1), "a=1 b=9 ", "theirs stays");

    asked = edit(answer->key, 1, "a=3");
    client_wins(asked);
    trouble.call = "replace";
    trouble.theirs = "a=1 b=8";
    trouble.times = 3;
    is_str(told(asked), "*1 ", "the client wins, at the fourth attempt");
    is_str(item_values(1), "a=3 b=8 ", "theirs is not lost");

    asked = edit(answer->key, 1, "a=4");
    client_wins(asked);
    trouble.call = "replace";
    trouble.theirs = "a=1 b=7";
    trouble.times = 1000;
    is_str(told(asked), "BUSY", "but not for ever");
    trouble.call = NULL;
    is_str(told(asked), "*1 ", "the repeat does it");
    is_str(item_values(1), "a=4 b=7 ", "once");
}

/* Every call of store and mailbox fails in turn, before and after its effect, and all of the store
 * that come after it; the device alters its change then, or another program changes the item. */
static void crash(int at, int when, const char *name, int adds, int what, int *failed)
{
    static const char *const ends[] = {"a=3 b=2 ", "a=4 b=2 ", "a=3 b=9 "};
    const char *key = adds ? start() : start_item("a=1 b=2 @0"), *values;
    const char *data = what == 1 ? "a=4 b=2" : "a=3 b=2";
    int there;

    if (name) {
        trouble.call = name;
        trouble.after = when == STATE_FAIL_AFTER;
    }
    else {
        plan = (state_fail_plan_t){.at = at, .last = 1000, .when = (state_fail_when_t)when};
    }
    told(adds ? add(key, "a=3 b=2") : edit(key, 1, "a=3 b=2"));
    memset(&plan, 0, sizeof plan);
    memset(&trouble, 0, sizeof trouble);
    clock_now += 2 * CMD_LEASE;
    there = strncmp(item_text(1), "a=3", 3) == 0;
    if (what == 2 && there)
        rewrite(1, "a=3 b=9 @0");
    told(adds ? add(key, data) : edit(key, 1, data));
    values = item_values(1);
    /* theirs stays, or was never there to be in the way */
    if (code || strcmp(item_text(2), "gone") != 0 ||
        strcmp(values, what == 2 && !there ? ends[0] : ends[what]) != 0 ||
        (answer->results[0].code && what != 2)) {
        ++*failed;
        printf("# %s %d, %d, %s, %d: %s, %s\n", name ? name : "call", at, when,
               adds ? "Add" : "Change", what, base_fault_code_name(code), values);
    }
    told(sync_request(answer->key));
    if (answer->command_count) {
        ++*failed;
        printf("# %s %d, %d: it is told once more\n", name ? name : "call", at, what);
    }
}

static void test_crashes(void)
{
    static const char *const calls[] = {"entry", "fetch", "put", "replace", "changes", "probe"};
    int at, when, adds, what, failed = 0;
    size_t i;

    for (when = STATE_FAIL_BEFORE; when <= STATE_FAIL_AFTER; when++)
        for (adds = 0; adds < 2; adds++)
            for (what = 0; what < 3; what++) {
                for (at = 1; at < 16; at++)
                    crash(at, when, NULL, adds, what, &failed);
                for (i = 0; i < sizeof calls / sizeof *calls; i++)
                    crash(0, when, calls[i], adds, what, &failed);
            }
    is_int(failed, 0, "after a crash at any call there is one item, as it was meant");
}

/* -- many -------------------------------------------------------------------------------------- */

#define MANY 20

static void test_many(void)
{
    const char *key = start();
    collection_op_t ops[MANY];
    collection_request_t *asked;
    int i;

    for (i = 0; i < MANY; i++)
        put("a=1 @0");
    told(sync_request(key));
    for (i = 0; i < MANY; i++)
        ops[i] = edit(answer->key, (apr_uint64_t)i + 1, "a=2")->ops[0];
    asked = sync_request(answer->key);
    asked->ops = ops;
    asked->op_count = MANY;
    kept_most = kept;
    is_str(told(asked), "", "many items are changed at once");
    is_str(item_values(MANY), "a=2 ", "all of them");
    ok(kept_most <= kept + 1, "and what one was merged with is not kept while the next ones are");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_add();
    test_add_doubt();
    test_change();
    test_told_later();
    test_supported();
    test_conflict();
    test_race();
    test_crashes();
    test_many();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
