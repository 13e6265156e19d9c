/* Ledger and hierarchy rules. */
#include "tap.h"

#include <apr_general.h>
#include <apr_strings.h>

#include "sync/hierarchy.h"
#include "sync/ledger.h"

static apr_pool_t *pool;

static void test_ledger(void)
{
    sync_ledger_result_t result = {.digest = "1=1",
                                   .uid = APR_UINT64_MAX,
                                   .token = 3,
                                   .date = -5,
                                   .memo = "be\0fore",
                                   .memo_length = 7};
    sync_ledger_result_t *back;
    const char *one, *other;
    const void *data;
    apr_size_t length, i;
    int code, good = 1;

    is_str(sync_ledger_scope("s", "f", 7, pool), "s:s:f:7", "a scope");
    is_str(sync_ledger_entry('c', "12", 0, 1, pool), "c:12:0:1", "an entry");
    one = sync_ledger_derived_name("a", "d", "s", "e", pool);
    other = sync_ledger_derived_name("a", "d", "se", "", pool);
    ok(strlen(one) == 40 && strspn(one, "0123456789abcdef") == 40, "a derived name: %s", one);
    is_str(sync_ledger_derived_name("a", "d", "s", "e", pool), one, "the same again");
    ok(strcmp(one, other) != 0, "parts do not run together");
    is_int(sync_ledger_judge(&result, "1=1"), SYNC_LEDGER_ANSWER, "the same operation");
    is_int(sync_ledger_judge(&result, "1=0"), SYNC_LEDGER_OTHER, "another content");
    result.code = BASE_FAULT_UNKNOWN_OUTCOME;
    is_int(sync_ledger_judge(&result, "1=1"), SYNC_LEDGER_DOUBT, "nobody knows");
    for (code = 0; code < BASE_FAULT_COUNT_; code++) {
        result.code = (base_fault_code_t)code;
        sync_ledger_result_pack(&result, &data, &length, pool);
        back = sync_ledger_result_unpack(data, length, pool);
        good &= back && back->code == result.code && back->uid == result.uid && back->token == 3 &&
                back->date == -5 && !strcmp(back->digest, "1=1") && back->memo_length == 7 &&
                !memcmp(back->memo, "be\0fore", 7);
    }
    ok(good, "a result with any code comes back");
    for (i = 0; i < length; i++)
        if (sync_ledger_result_unpack(data, i, pool))
            break;
    is_int((long long)i, (long long)length, "a cut one does not");
    ok(sync_ledger_fault_final(BASE_FAULT_NOT_FOUND) && sync_ledger_fault_final(BASE_FAULT_QUOTA) &&
           !sync_ledger_fault_final(BASE_FAULT_UNAVAILABLE) &&
           !sync_ledger_fault_final(BASE_FAULT_TIMEOUT) &&
           !sync_ledger_fault_final(BASE_FAULT_FOLDER_GONE) &&
           !sync_ledger_fault_final(BASE_FAULT_NONE),
       "what is a result, and what is trouble");
}

/* "id/parent/name/type ..." */
static apr_array_header_t *folders(const char *text)
{
    apr_array_header_t *made = apr_array_make(pool, 4, sizeof(sync_folder_t));
    char *copy = apr_pstrdup(pool, text), *state = NULL, *word;

    for (word = apr_strtok(copy, " ", &state); word; word = apr_strtok(NULL, " ", &state)) {
        sync_folder_t *folder = apr_array_push(made);
        char *rest = NULL;

        folder->id = apr_strtok(word, "/", &rest);
        folder->parent_id = apr_strtok(NULL, "/", &rest);
        folder->name = apr_strtok(NULL, "/", &rest);
        folder->type = (int)apr_atoi64(apr_strtok(NULL, "/", &rest));
    }
    return sync_hierarchy_normalize(made, pool);
}

static const char *diff(const char *given, const char *now)
{
    apr_array_header_t *made = sync_hierarchy_diff(folders(given), folders(now), pool);
    const char *text = "";
    int i;

    for (i = 0; i < made->nelts; i++) {
        const sync_folder_command_t *command = &APR_ARRAY_IDX(made, i, sync_folder_command_t);

        text = apr_psprintf(pool, "%s%c%s/%s/%s ", text, "+*-"[command->op], command -> folder.id,
                            command->folder.parent_id, command->folder.name);
    }
    return text;
}

static void test_hierarchy(void)
{
    is_str(diff("", "1/0/Inbox/2"), "+1/0/Inbox ", "all is new");
    is_str(diff("1/0/Inbox/2", "1/0/Inbox/2"), "", "nothing is");
    is_str(diff("1/0/Inbox/2", ""), "-1/0/Inbox ", "gone");
    is_str(diff("1/0/a/12", "1/0/b/12"), "*1/0/b ", "renamed");
    is_str(diff("1/0/a/12", "1/0/a/4"), "*1/0/a ", "another type");
    is_str(diff("1/0/a/12 2/0/b/12", "1/0/a/12 2/1/b/12"), "*2/1/b ", "moved");
    is_str(diff("", "3/2/c/12 2/1/b/12 1/0/a/12"), "+1/0/a +2/1/b +3/2/c ",
           "parents before their children");
    is_str(diff("1/0/a/12 2/1/b/12 3/2/c/12", ""), "-3/2/c -2/1/b -1/0/a ",
           "children go before their parents");
    is_str(diff("1/0/a/12", "2/0/a/12"), "-1/0/a +2/0/a ", "a name can be used again");
    is_str(diff("", "1/9/a/12"), "+1/0/a ", "a parent that is not there is the top");
    is_str(diff("", "1/2/a/12 2/1/b/12"), "+1/0/a +2/0/b ", "and so is one that is below itself");
}

static void test_hierarchy_state(void)
{
    sync_hierarchy_state_t state = {.protocol = 161}, *back;
    base_text_buffer_t out = {.pool = pool}, list = {.pool = pool};
    apr_array_header_t *read;
    size_t i;

    sync_keys_start(&state.keys, "0123456789abcdef");
    sync_hierarchy_state_pack(&state, &out);
    back = sync_hierarchy_state_unpack(out.data, out.length, pool);
    ok(back && back->protocol == 161 && back->keys.fresh, "a state comes back");
    ok(!sync_hierarchy_state_unpack(out.data, out.length - 1, pool), "a cut one does not");
    sync_hierarchy_folders_pack(folders("1/0/Inbox/2 2/1/\xc3\xa4/12"), &list);
    read = sync_hierarchy_folders_unpack(list.data, list.length, pool);
    ok(read && read->nelts == 2 &&
           !strcmp(APR_ARRAY_IDX(read, 1, sync_folder_t).name, "\xc3\xa4") &&
           APR_ARRAY_IDX(read, 1, sync_folder_t).type == 12,
       "folders come back");
    for (i = 0; i < list.length; i++)
        if (sync_hierarchy_folders_unpack(list.data, i, pool))
            break;
    is_int((long long)i, (long long)list.length, "cut ones do not");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_ledger();
    test_hierarchy();
    test_hierarchy_state();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
