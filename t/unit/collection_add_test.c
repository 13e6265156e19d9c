/* Items that a device adds: once, whatever breaks off, and in the form sent last. */
#include "collection_helpers.h"

#include "backend/blob.h"
#include "backend/fail.h"
#include "cmd/cmd.h"

#define CLIENT_ID "client-1"

static backend_t *mailbox; /* the fail driver, around the backend of the helpers */
static backend_session_t *phone, *truth;
static apr_time_t clock_now;

/* What goes wrong in the mailbox: that call fails, before or after its effect. */
static struct {
    const char *call;
    int after;
    const collection_request_t *meanwhile; /* another request that comes before the call instead */
    int gone;                              /* ...or item 1 goes, and nobody remembers */
} trouble;

static base_fault_code_t mailbox_decide(void *baton, const char *call, int after)
{
    const collection_request_t *meanwhile = trouble.meanwhile;

    (void)baton;
    if (!trouble.call || strcmp(call, trouble.call) != 0 || after != trouble.after)
        return BASE_FAULT_NONE;
    trouble.call = NULL;
    if (trouble.gone) {
        backend_memory_expunge(backend, ACCOUNT, inbox, 1);
        backend_memory_forget(backend, ACCOUNT, inbox);
        return BASE_FAULT_NONE;
    }
    if (!meanwhile)
        return BASE_FAULT_UNAVAILABLE;
    trouble.meanwhile = NULL;
    clock_now += 2 * CMD_LEASE; /* that is why nobody waits for it any more */
    step(meanwhile);
    return BASE_FAULT_NONE;
}

static apr_time_t clock_read(void *baton)
{
    (void)baton;
    return clock_now;
}

/* An empty inbox, and a device that has synced it. Returns its key. */
static const char *start(void)
{
    apr_array_header_t *arguments = apr_array_make(pool, 1, sizeof(char *));
    state_store_t *memory = state_store_create_memory(pool);

    memset(&plan, 0, sizeof plan);
    memset(&trouble, 0, sizeof trouble);
    clock_now = NOW;
    state_store_memory_clock(memory, clock_read, NULL);
    if (backend_start("fail", arguments, NULL, NULL, &mailbox, pool))
        exit(1);
    backend_fail_decide(mailbox, mailbox_decide, NULL);
    backend = backend_fail_inner(mailbox);
    if (backend_session_open(mailbox, ACCOUNT, &phone, pool) ||
        backend_session_open(backend, ACCOUNT, &truth, pool))
        exit(1);
    env.backend = phone;
    env.store = state_store_create_fail(memory, &plan, pool);
    inbox = backend_memory_folder(backend, ACCOUNT, BACKEND_ROLE_INBOX);
    backend_memory_clock(backend, NOW);
    step(request(first_key()));
    return answer->key;
}

static const collection_request_t *add(const char *key, const char *text)
{
    backend_put_t put = {.flags = BACKEND_FLAG_SEEN, .date = NOW};
    collection_op_t op = {.kind = COLLECTION_OP_ADD,
                          .client_id = CLIENT_ID,
                          .put = apr_pmemdup(pool, &put, sizeof put),
                          .blob = backend_blob_of(text, strlen(text), pool),
                          .content_digest = text};

    return with_op(key, &op);
}

/* All that is in the inbox, oldest first: "1:text 2:text". */
static const char *inbox_text(void)
{
    const backend_range_t all = {.since = APR_INT64_MIN, .before = APR_INT64_MAX};
    const char *text = "";
    backend_page_t *page;
    int i;

    if (backend_folder_enumerate(truth, inbox, &all, 100, &page, pool))
        return NULL;
    for (i = page->count - 1; i >= 0; i--) {
        backend_blob_t *blob;

        if (backend_item_fetch(truth, inbox, page->entries[i].uid, &blob, pool))
            return NULL;
        text = apr_psprintf(pool, "%s%s%d:%.*s", text, *text ? " " : "", (int)page->entries[i].uid,
                            (int)blob->size, blob->data);
    }
    return text;
}

/* The other device of the account, which has seen everything up to now. */
static const char *other_key;

static const char *other_step(void)
{
    collection_request_t *asked;
    const char *told;

    if (!other_key) {
        asked = request("0");
        asked->device = "tablet";
        step(asked);
        other_key = answer->key;
    }
    asked = request(other_key);
    asked->device = "tablet";
    told = step(asked);
    other_key = answer->key;
    return told;
}

static void test_add(void)
{
    const char *key = start();
    const collection_request_t *first = add(key, "hello");

    is_str(step(first), "", "an item is added");
    ok(answer->results[0].uid == 1 && !answer->results[0].code, "and has an id");
    is_str(inbox_text(), "1:hello", "it is there");
    step(first);
    ok(answer->replayed && answer->results[0].uid == 1, "the repeat has the same answer");
    is_str(step(add(key, "hello")), "", "once more in another request");
    ok(answer->results[0].uid == 1 && answer->results[0].repeated, "is the same item");
    is_str(inbox_text(), "1:hello", "there is one");
    is_str(step(request(answer->key)), "", "which is no news to the device");
}

static void test_altered(void)
{
    const char *key = start();

    other_key = NULL;
    step(add(key, "hello"));
    is_str(other_step(), "+1:1", "another device gets it");
    is_str(step(add(key, "hello, world")), "", "the same ClientId with another content");
    ok(answer->results[0].uid == 1 && !answer->results[0].repeated, "is the same item");
    is_str(inbox_text(), "1:hello, world", "with that content");
    is_str(step(request(answer->key)), "", "which is no news to the device");
    is_str(other_step(), "*1:1r1", "but to the other: a Change, by its revision");

    key = start();
    other_key = NULL;
    prepare(add(key, "one")); /* crashes before the commit, each of them */
    prepare(add(key, "two"));
    prepare(add(key, "three"));
    prepare(add(key, "one"));
    step(add(key, "two"));
    is_int((long long)answer->results[0].uid, 1, "altered again and again");
    is_str(inbox_text(), "1:two", "there is one, in its last form");
}

/* It was stored, but nobody knows; then others were at it. */
static void test_found_again(void)
{
    const char *key = start();
    backend_entry_t entry;

    trouble.call = "put";
    trouble.after = 1;
    step(add(key, "line\r\nline\r\n"));
    is_int(code, BASE_FAULT_UNAVAILABLE, "stored, but the answer of the mailbox is lost");
    backend_memory_flag(backend, ACCOUNT, inbox, 1, BACKEND_FLAG_SEEN | BACKEND_FLAG_FLAGGED,
                        BACKEND_FLAG_FLAGGED);
    is_str(step(add(key, "line\r\nline\r\n")), "*1:2", "the repeat finds it as it is by now");
    ok(!backend_item_entry(truth, inbox, 1, &entry, pool) && BACKEND_REVISION_OF(entry.token) == 0,
       "and does not store it again");

    key = start();
    trouble.call = "put";
    trouble.after = 1;
    step(add(key, "line\nline\n"));
    step(add(key, "line\r\nline\r\n"));
    ok(!backend_item_entry(truth, inbox, 1, &entry, pool) && BACKEND_REVISION_OF(entry.token) == 0,
       "also when the mailbox has other line ends");
    is_str(inbox_text(), "1:line\nline\n", "there is one");

    key = start();
    prepare(add(key, "hello"));
    backend_memory_expunge(backend, ACCOUNT, inbox, 1);
    is_str(step(add(key, "hello")), "-1", "recorded as added, and removed by somebody since");
    is_str(inbox_text(), "", "it stays removed");
}

/* Nobody knows what the last attempt did, and others have written into the item since, or not. */
static void test_overtaken(void)
{
    static const char *const last[] = {"first", "third"};
    backend_entry_t entry;
    int known, which, theirs;

    for (known = 0; known < 2; known++)
        for (which = 0; which < 2; which++)
            for (theirs = 0; theirs < 2; theirs++) {
                const char *key = start();

                if (known) {
                    step(add(key, "first"));
                    trouble.call = "replace";
                }
                else
                    trouble.call = "put";
                trouble.after = 1;
                step(add(key, known ? "second" : "first"));
                is_int(code, BASE_FAULT_UNAVAILABLE, "written, but the mailbox's answer is lost");
                if (theirs &&
                    (backend_item_entry(truth, inbox, 1, &entry, pool) ||
                     backend_item_replace(truth, inbox, 1, entry.token, 0,
                                          backend_blob_of("theirs", 6, pool), &entry, pool)))
                    exit(1);
                clock_now += 2 * CMD_LEASE;
                step(add(key, last[which]));
                is_int(code, BASE_FAULT_NONE, "once more");
                is_str(inbox_text(), apr_pstrcat(pool, "1:", theirs ? "theirs" : last[which], NULL),
                       theirs ? "what others wrote stays" : "it has its last form");
            }
}

static state_fail_when_t release_fails(void *baton, state_call_t call, int number)
{
    (void)baton;
    (void)number;
    return call == STATE_CALL_RELEASE || call == STATE_CALL_COMMIT ? STATE_FAIL_BEFORE
                                                                   : STATE_FAIL_NOT;
}

/* A repeat that only found what was recorded dies, and leaves a claim behind. */
static void test_looked(void)
{
    const char *key = start();

    prepare(add(key, "hello"));
    backend_memory_expunge(backend, ACCOUNT, inbox, 1);
    plan.decide = release_fails;
    step(add(key, "hello"));
    is_int(code, BASE_FAULT_UNAVAILABLE, "a repeat that is cut short");
    plan.decide = NULL;
    clock_now += 2 * CMD_LEASE;
    is_str(step(add(key, "hello")), "-1", "does not make the next one do it again");
    ok(answer->results[0].repeated && answer->results[0].uid == 1, "it is told what was recorded");
    is_str(inbox_text(), "", "and nothing is added");
}

/* Added, and gone before the answer, and the cursor too old to tell. */
static void test_expired(void)
{
    const char *key = start();

    trouble.call = "changes";
    trouble.gone = 1;
    is_str(step(add(key, "hello")), "-1", "what goes while everything is compared is told");
    is_str(step(request(answer->key)), "", "once");
}

/* Held up for longer than its lease, while a later form of it is stored. */
static void test_late(void)
{
    static const char *const calls[] = {"put", "put", "replace"};
    static const int after[] = {0, 1, 0};
    size_t i;

    for (i = 0; i < 3; i++) {
        const char *key = start();

        if (i == 2)
            prepare(add(key, "first"));
        trouble.call = calls[i];
        trouble.after = after[i];
        trouble.meanwhile = add(key, "later");
        step(add(key, "early"));
        is_int(code, BASE_FAULT_BUSY, "who was held up too long is told so");
        is_str(inbox_text(), "1:later", "and does not put its content over a later one");
        step(add(key, "later"));
        ok(answer && answer->results[0].uid == 1, "which has the same id");
    }
}

/* Every call of the store fails in turn, before and after its effect, and everything that comes
 * after it; the device alters the item meanwhile, or not. */
static void test_crashes(void)
{
    static const char *const ends[] = {"hello", "world"};
    int at, when, which, failed = 0, crashes = 0;

    for (at = 1; at < 20; at++)
        for (when = STATE_FAIL_BEFORE; when <= STATE_FAIL_AFTER; when++)
            for (which = 0; which < 2; which++) {
                const char *key = start();

                plan = (state_fail_plan_t){.at = at, .last = 1000, .when = STATE_FAIL_BEFORE};
                plan.when = (state_fail_when_t)when;
                step(add(key, "hello"));
                crashes += code != BASE_FAULT_NONE;
                memset(&plan, 0, sizeof plan);
                clock_now += 2 * CMD_LEASE;
                if (at % 2) { /* once more, in the middle of the replacement */
                    trouble.call = "replace";
                    trouble.after = at / 2 % 2;
                    step(add(key, ends[which]));
                    trouble.call = NULL;
                    clock_now += 2 * CMD_LEASE;
                }
                step(add(key, ends[which]));
                if (code || answer->results[0].uid != 1 ||
                    strcmp(inbox_text(), apr_pstrcat(pool, "1:", ends[which], NULL)) != 0) {
                    failed++;
                    printf("# call %d: %s, %s\n", at, base_fault_code_name(code), inbox_text());
                }
            }
    is_int(failed, 0, "after a crash at any call there is one item, in its last form");
    ok(crashes > 10, "%d of them crashed", crashes);
}

/* The categories of item 1. */
static const char *categories(void)
{
    backend_entry_t entry;

    if (backend_item_entry(truth, inbox, 1, &entry, pool))
        return "gone";
    return entry.properties && entry.properties->text[BACKEND_PROPERTY_CATEGORIES]
               ? entry.properties->text[BACKEND_PROPERTY_CATEGORIES]
               : "";
}

/* What an item was put into by others between two forms of its Add is neither lost nor hidden. */
static void test_properties(void)
{
    const backend_update_t theirs = {.which = 1u << BACKEND_PROPERTY_CATEGORIES,
                                     .properties = {{[BACKEND_PROPERTY_CATEGORIES] = "Theirs"}}};
    backend_properties_t mine = {{[BACKEND_PROPERTY_CATEGORIES] = "Mine"}};
    const collection_request_t *asked;
    const char *before = start();
    backend_entry_t entry;

    step(add(before, "first"));
    backend_item_update(truth, inbox, 1, &theirs, &entry, pool);
    is_str(step(add(before, "second")), "*1:1c1r1", "an Add in another form: the category is told");
    is_str(inbox_text(), "1:second", "it is that form");
    is_str(categories(), "Theirs", "in the category");

    before = start();
    trouble.call = "put";
    trouble.after = 1;
    step(add(before, "first"));
    backend_item_update(truth, inbox, 1, &theirs, &entry, pool);
    is_str(step(add(before, "first")), "*1:1c1", "in the same form, found again: it is told");
    is_str(categories(), "Theirs", "and stays");

    before = start();
    asked = add(before, "first");
    ((backend_put_t *)asked->ops->put)->properties = &mine;
    step(asked);
    is_str(categories(), "Mine", "an Add with a category");
    is_str(step(add(before, "second")), "", "and in another form without");
    is_str(categories(), "", "takes it away");

    before = start();
    step(add(before, "first"));
    asked = add(before, "second");
    ((backend_put_t *)asked->ops->put)->properties = &mine;
    is_str(step(asked), "", "in another form with one");
    is_str(categories(), "Mine", "puts it there");
}

static base_fault_t *categorise(const collection_edit_t *edit, const backend_entry_t *entry,
                                backend_update_t *update, apr_pool_t *result_pool)
{
    (void)edit;
    (void)entry;
    (void)result_pool;
    update->which |= 1u << BACKEND_PROPERTY_CATEGORIES;
    update->properties.text[BACKEND_PROPERTY_CATEGORIES] = "Mine";
    return NULL;
}

/* A change of categories that may have been made, or not: what others did since is not lost. */
static void test_property_doubt(void)
{
    static const collection_edit_t edit = {.fields =
                                               BACKEND_PROPERTY_MASK(BACKEND_PROPERTY_CATEGORIES),
                                           .digest = "Mine",
                                           .apply = categorise};
    const backend_update_t theirs = {.which = 1u << BACKEND_PROPERTY_CATEGORIES,
                                     .properties = {{[BACKEND_PROPERTY_CATEGORIES] = "Theirs"}}};
    collection_op_t op = change(1, 0, 0);
    const collection_request_t *asked;
    backend_entry_t entry;
    int i;

    op.edit = &edit;
    for (i = 0; i < 3; i++) {
        const char *before = start();

        deliver(0, 0);
        step(request(before));
        asked = with_op(answer->key, &op);
        trouble.call = "update";
        trouble.after = i == 1;
        step(asked);
        is_int(code, BASE_FAULT_UNAVAILABLE, "nobody knows whether it was put into a category");
        if (i == 2)
            backend_item_update(truth, inbox, 1, &theirs, &entry, pool);
        clock_now += 2 * CMD_LEASE;
        is_str(step(asked), i == 2 ? "*1:0c1" : "", "once more");
        is_int(answer->results[0].code, i == 2 ? BASE_FAULT_CONFLICT : BASE_FAULT_NONE,
               i == 2 ? "others did" : "it was not, or by this device");
        is_str(categories(), i == 2 ? "Theirs" : "Mine", "and so it is");
    }
}

/* Another category than in the attempt before, and another program was at it in between. */
static void test_property_altered(void)
{
    backend_update_t theirs = {.which = 1u << BACKEND_PROPERTY_CATEGORIES,
                               .properties = {{[BACKEND_PROPERTY_CATEGORIES] = "Before"}}};
    collection_edit_t edit = {.fields = BACKEND_PROPERTY_MASK(BACKEND_PROPERTY_CATEGORIES),
                              .digest = "Mine first",
                              .apply = categorise};
    collection_op_t op = change(1, 0, 0);
    const char *key = start();
    backend_entry_t entry;

    op.edit = &edit;
    deliver(0, 0);
    backend_item_update(truth, inbox, 1, &theirs, &entry, pool);
    step(request(key));
    key = answer->key;
    prepare(with_op(key, &op));
    is_str(categories(), "Mine", "a category");
    theirs.properties.text[BACKEND_PROPERTY_CATEGORIES] = "Theirs";
    backend_item_update(truth, inbox, 1, &theirs, &entry, pool);
    edit.digest = "Mine again";
    is_str(step(with_op(key, &op)), "*1:0c3", "another one in its place");
    is_int(answer->results[0].code, BASE_FAULT_CONFLICT, "is in conflict with what came between");
    is_str(categories(), "Theirs", "which stays");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_add();
    test_altered();
    test_found_again();
    test_overtaken();
    test_looked();
    test_expired();
    test_late();
    test_crashes();
    test_properties();
    test_property_doubt();
    test_property_altered();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
