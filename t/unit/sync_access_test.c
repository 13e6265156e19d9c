/* Access control: what decides about a device, and the rules. */
#include "tap.h"

#include <stdlib.h>
#include <apr_general.h>
#include <apr_strings.h>

#include "sync/access.h"

static sync_access_rules_t *parse(const char *text, apr_pool_t *pool)
{
    sync_access_rules_t *rules = NULL;
    base_fault_t *fault = sync_access_rules_parse(text, &rules, pool);

    ok(!fault, "rules are read: %s", fault ? fault->message : "yes");
    return rules;
}

static sync_access_rules_t *put(const sync_access_rules_t *rules, sync_access_rule_t rule,
                                apr_pool_t *pool)
{
    const char *text = NULL;
    base_fault_t *fault = sync_access_rules_put(rules, &rule, &text, pool);

    ok(!fault, "a rule is put in: %s", fault ? fault->message : "yes");
    return parse(text, pool);
}

static base_fault_code_t refusal(sync_access_rule_t rule, apr_pool_t *pool)
{
    sync_access_rules_t *none = parse("", pool);
    const char *text;

    return base_fault_code(sync_access_rules_put(none, &rule, &text, pool));
}

/* "ORDER STATUS;..." */
static const char *listed(const sync_access_rules_t *rules, apr_pool_t *pool)
{
    const apr_array_header_t *list = sync_access_rules_list(rules);
    const char *text = "";
    int i;

    for (i = 0; i < list->nelts; i++) {
        const sync_access_rule_t *rule = &APR_ARRAY_IDX(list, i, sync_access_rule_t);

        text = apr_psprintf(pool, "%s%d %s;", text, rule->order,
                            sync_access_status_name(rule->status));
    }
    return text;
}

#define RULE(...) ((sync_access_rule_t){.by = "root", .since = 5, __VA_ARGS__})
#define OF(property, pattern) .patterns[SYNC_ACCESS_PROPERTY_##property] = pattern

static const sync_access_subject_t phone = {
    .account = "joe@Example.com",
    .properties = {[SYNC_ACCESS_PROPERTY_device] = "androidc123",
                   [SYNC_ACCESS_PROPERTY_type] = "Android",
                   [SYNC_ACCESS_PROPERTY_agent] = "Android/14\xff EAS"}};

static void test_words(void)
{
    sync_access_mode_t mode = SYNC_ACCESS_DISABLED;

    is_int(sync_access_status_parse("Quarantined"), SYNC_ACCESS_QUARANTINE, "the old word");
    is_int(sync_access_status_parse("BLOCK"), SYNC_ACCESS_BLOCK, "in any case of letters");
    is_int(sync_access_status_parse(""), SYNC_ACCESS_NONE, "no word is no status");
    is_int(sync_access_status_parse("blocked!"), SYNC_ACCESS_NONE, "nor is another word");
    ok(sync_access_mode_parse("Strict", &mode) && mode == SYNC_ACCESS_STRICT, "a mode");
    ok(!sync_access_mode_parse("stricter", &mode) && mode == SYNC_ACCESS_STRICT, "no mode");
}

static void test_texts(apr_pool_t *pool)
{
    const sync_access_entry_t entry = {.status = SYNC_ACCESS_BLOCK,
                                       .since = 1763908000000000,
                                       .by = "ro ot",
                                       .reason = "lost on a train"};
    const sync_access_served_t served = {.status = SYNC_ACCESS_QUARANTINE, .since = 77};
    static const char *const damaged[] = {"", " ", "block", "block 12", "block 12 root", "x y z w"};
    sync_access_entry_t back;
    sync_access_served_t again;
    size_t i;

    sync_access_entry_parse(sync_access_entry_format(&entry, pool), &back, pool);
    ok(back.status == entry.status && back.since == entry.since, "an entry comes back");
    is_str(back.by, "ro ot", "with who made it");
    is_str(back.reason, "lost on a train", "and why");
    for (i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        sync_access_entry_parse(damaged[i], &back, pool);
        ok(back.status == SYNC_ACCESS_NONE, "a damaged entry decides nothing: %s", damaged[i]);
    }
    sync_access_served_parse(sync_access_served_format(&served, pool), &again);
    ok(again.status == served.status && again.since == 77, "what a device was served as");
    sync_access_served_parse("quarantinequarantine 1", &again);
    is_int(again.status, SYNC_ACCESS_NONE, "a damaged one is nothing");
    sync_access_served_parse(NULL, &again);
    is_int(again.status, SYNC_ACCESS_NONE, "none is nothing");
}

static void test_order(apr_pool_t *pool)
{
    sync_access_rules_t *rules = parse(NULL, pool);
    const sync_access_rule_t *found;
    const char *id;

    rules =
        put(rules, RULE(.order = 20, .status = SYNC_ACCESS_BLOCK, OF(device, "android.*")), pool);
    rules =
        put(rules, RULE(.order = 10, .status = SYNC_ACCESS_QUARANTINE, OF(type, "android")), pool);
    rules = put(rules, RULE(.order = 20, .status = SYNC_ACCESS_ALLOW, OF(type, "iP.*")), pool);
    is_str(listed(rules, pool), "10 quarantine;20 block;20 allow;",
           "in their order, then as they came");
    found = sync_access_rules_match(rules, &phone);
    ok(found && found->order == 10, "the first that fits counts");
    rules = put(rules, RULE(.order = 30, .status = SYNC_ACCESS_ALLOW, OF(type, "android")), pool);
    is_str(listed(rules, pool), "20 block;20 allow;30 allow;",
           "the same conditions again: that rule is another now");
    found = sync_access_rules_match(rules, &phone);
    ok(found && found->status == SYNC_ACCESS_BLOCK && found->since == 5, "so another one fits");
    is_str(found->by, "root", "with who made it");
    id = apr_pstrdup(pool, found->id);
    ok(sync_access_rules_find(rules, id) == found && !sync_access_rules_find(rules, "00"), "by id");
    rules = parse(sync_access_rules_without(rules, id, pool), pool);
    is_str(listed(rules, pool), "20 allow;30 allow;", "taken out");
    rules = parse(sync_access_rules_without(rules, "none", pool), pool);
    is_int(sync_access_rules_list(rules)->nelts, 2, "one that is not there changes nothing");
}

static int fits(sync_access_rule_t rule, apr_pool_t *pool)
{
    rule.order = 1;
    if (rule.status == SYNC_ACCESS_NONE)
        rule.status = SYNC_ACCESS_BLOCK;
    return sync_access_rules_match(put(parse("", pool), rule, pool), &phone) != NULL;
}

static void test_match(apr_pool_t *pool)
{
    ok(fits(RULE(OF(device, "ANDROIDC[0-9]+")), pool), "in any case of letters");
    ok(!fits(RULE(OF(device, "android")), pool), "the whole of it");
    ok(!fits(RULE(OF(device, "c123")), pool), "not its end only");
    ok(fits(RULE(.domain = "example.COM"), pool), "a domain alone");
    ok(!fits(RULE(.domain = "ample.com"), pool), "the whole domain");
    ok(!fits(RULE(.domain = "example.org", OF(type, "android")), pool), "all conditions");
    ok(fits(RULE(.domain = "example.com", OF(type, "android"), OF(agent, ".*eas")), pool),
       "three of them, one about bytes that are no text");
    ok(!fits(RULE(OF(model, ".*")), pool), "what is not known fits nothing");
}

/* Of a text that is too long nobody looks at the first part only. */
static void test_long(apr_pool_t *pool)
{
    char text[2000];
    sync_access_subject_t liar = {.account = "x",
                                  .properties = {[SYNC_ACCESS_PROPERTY_agent] = text}};
    sync_access_rules_t *rules = parse("", pool);
    const sync_access_rule_t *found;

    memset(text, 'a', sizeof text);
    memcpy(text + sizeof text - 5, "evil", 5);
    rules = put(rules, RULE(.order = 1, .status = SYNC_ACCESS_ALLOW, OF(agent, "a+")), pool);
    ok(!sync_access_rules_match(rules, &liar), "a text that is too long: not allowed");
    rules = put(rules, RULE(.order = 2, .status = SYNC_ACCESS_BLOCK, OF(agent, ".*evil")), pool);
    found = sync_access_rules_match(rules, &liar);
    ok(found && found->status == SYNC_ACCESS_BLOCK, "but blocked");
}

/* What is too much work errs on the safe side. */
static void test_hostile(apr_pool_t *pool)
{
    static const char evil[] = "(a|aa|aaa|a+)+(a|aa|aaa|a+)+[bc]";
    static const char *const broken[] = {
        "(",        "[a-", "a{2,1}",   "\\C",    "(?P<x>",
        "(?1)(?2)", "*",   "(?<=a*)b", "(*UTF)", "((a{9999}){9999}){9999}"};
    char text[800], longest[SYNC_ACCESS_PATTERN_MAX + 2];
    sync_access_subject_t liar = {.account = "x",
                                  .properties = {[SYNC_ACCESS_PROPERTY_agent] = text}};
    sync_access_rules_t *rules = parse("", pool);
    const sync_access_rule_t *found;
    size_t i;

    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    rules = put(rules, RULE(.order = 1, .status = SYNC_ACCESS_ALLOW, OF(agent, evil)), pool);
    ok(!sync_access_rules_match(rules, &liar), "too much work: not allowed by that");
    rules = put(
        rules,
        RULE(.order = 2, .status = SYNC_ACCESS_BLOCK, .domain = NULL, OF(agent, "(a+)+(a+)+[bc]")),
        pool);
    found = sync_access_rules_match(rules, &liar);
    ok(found && found->status == SYNC_ACCESS_BLOCK, "but blocked");
    test_long(pool);
    for (i = 0; i < sizeof broken / sizeof *broken; i++)
        ok(refusal(RULE(.order = 1, .status = SYNC_ACCESS_BLOCK, OF(os, broken[i])), pool) ==
               BASE_FAULT_INVALID,
           "no expression: %s", broken[i]);
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    is_int(refusal(RULE(.order = 1, .status = SYNC_ACCESS_BLOCK, OF(os, longest)), pool),
           BASE_FAULT_INVALID, "one that is too long");
    is_int(refusal(RULE(.order = 1, .status = SYNC_ACCESS_BLOCK, OF(os, "\xff")), pool),
           BASE_FAULT_INVALID, "one that is no UTF-8");
    is_int(refusal(RULE(.order = 1, .status = SYNC_ACCESS_BLOCK), pool), BASE_FAULT_INVALID,
           "a rule about nothing");
    is_int(refusal(RULE(.order = 0, .status = SYNC_ACCESS_BLOCK, OF(os, "x")), pool),
           BASE_FAULT_INVALID, "order 0");
    is_int(refusal(RULE(.order = 1, OF(os, "x")), pool), BASE_FAULT_INVALID, "no status");
}

static void test_many(apr_pool_t *pool)
{
    sync_access_rules_t *rules = NULL;
    sync_access_rule_t more = RULE(.order = 1, .status = SYNC_ACCESS_BLOCK, OF(os, "more"));
    const char *text = "";
    int i, faults = 0;

    for (i = 0; i < SYNC_ACCESS_RULES_MAX; i++) {
        sync_access_rule_t rule =
            RULE(.order = 1, .status = SYNC_ACCESS_BLOCK, OF(os, apr_itoa(pool, i)));
        apr_pool_t *loop;

        apr_pool_create(&loop, pool);
        faults += sync_access_rules_parse(text, &rules, loop) != NULL ||
                  sync_access_rules_put(rules, &rule, &text, pool) != NULL;
        apr_pool_destroy(loop);
    }
    is_int(faults, 0, "as many rules as there may be");
    rules = parse(text, pool);
    is_int(base_fault_code(sync_access_rules_put(rules, &more, &text, pool)), BASE_FAULT_TOO_LARGE,
           "no more");
    more.patterns[SYNC_ACCESS_PROPERTY_os] = "7";
    ok(!sync_access_rules_put(rules, &more, &text, pool), "but one of them may become another");
}

static void test_damage(apr_pool_t *pool)
{
    static const char *const damaged[] = {"x", "{}", "[1]", "[{}]",
                                          "[{\"status\":\"block\",\"os\":\"(\"}]"};
    size_t i;

    for (i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        sync_access_rules_t *rules;

        is_int(base_fault_code(sync_access_rules_parse(damaged[i], &rules, pool)),
               BASE_FAULT_CORRUPT, damaged[i]);
    }
}

static const char *decided(sync_access_question_t question, apr_pool_t *pool)
{
    sync_access_decision_t decision;

    question.subject = phone;
    decision = sync_access_decide(&question);
    return apr_psprintf(pool, "%s by %s", sync_access_status_name(decision.status),
                        sync_access_by_name(decision.by));
}

#define ENTRY(what)                  \
    {                                \
        .status = SYNC_ACCESS_##what \
    }

static void test_decide(apr_pool_t *pool)
{
    sync_access_rules_t *rules =
        put(parse("", pool),
            RULE(.order = 1, .status = SYNC_ACCESS_QUARANTINE, .domain = "example.com"), pool);

#define MODE(name) .mode = SYNC_ACCESS_##name
#define DECIDED(...) decided((sync_access_question_t){__VA_ARGS__}, pool)
    is_str(DECIDED(MODE(PERMISSIVE)), "allow by mode", "permissive lets in what nobody knows");
    is_str(DECIDED(MODE(INTERACTIVE)), "quarantine by mode", "interactive waits for a decision");
    is_str(DECIDED(MODE(STRICT)), "block by mode", "strict does not");
    is_str(DECIDED(MODE(PERMISSIVE), .rules = rules), "quarantine by rule",
           "rules count in permissive mode too");
    is_str(DECIDED(MODE(STRICT), .rules = rules, .of_device = ENTRY(ALLOW)), "allow by entry",
           "an entry before the rules");
    is_str(DECIDED(MODE(STRICT), .rules = rules, .of_device = ENTRY(ALLOW),
                   .of_account = ENTRY(BLOCK)),
           "block by entry of the account", "that of the account before all");
    is_str(DECIDED(MODE(DISABLED), .rules = rules, .of_account = ENTRY(BLOCK)), "allow by mode",
           "disabled: nothing counts");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_words();
    test_texts(pool);
    test_order(pool);
    test_match(pool);
    test_hostile(pool);
    test_many(pool);
    test_damage(pool);
    test_decide(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
