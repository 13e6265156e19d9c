/* What people type to search, parsed and asked of an index. Whatever it is, it is a query, or refused
 * for a reason that is the client's; what is found is among what there is. */
#include "fuzz.h"

#include <string.h>
#include <apr_strings.h>

#include "backend/memory.h"
#include "cmd/query.h"
#include "item/item.h"
#include "item/words.h"

#define NOW apr_time_from_sec(1784207655)

static const char *const messages[] = {
    "From: Anna <anna@example.org>\r\nSubject: Budget draft\r\n\r\nThe first version.\r\n",
    "From: bert@example.net\r\nTo: anna@example.org\r\nSubject: =?utf-8?q?K=C3=B6ln?=\r\n\r\n"
    "\xe4\xbc\x9a\xe8\xae\xae\r\n",
    "From: cecil@example.net\r\nSubject: files\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    "--b\r\n\r\ntext\r\n--b\r\nContent-Type: a/b; name=\"plan.pdf\"\r\n"
    "Content-Disposition: attachment\r\n\r\nx\r\n--b--\r\n"};

#define MESSAGE_COUNT (int)(sizeof messages / sizeof *messages)

static backend_session_t *session;
static backend_t *backend;
static const char *inbox;

static void set_up(apr_pool_t *pool)
{
    int i;

    item_child_init(pool);
    FUZZ_ASSERT(!backend_start("memory", NULL, NULL, NULL, &backend, pool));
    inbox = backend_memory_folder(backend, "u", BACKEND_ROLE_INBOX);
    for (i = 0; i < MESSAGE_COUNT; i++)
        backend_memory_deliver(backend, "u", inbox, messages[i], 0, NOW);
    FUZZ_ASSERT(!backend_session_open(backend, "u", &session, pool));
}

static int depth_of(const backend_query_t *query)
{
    const backend_query_t *operand;
    int deepest = 0, depth;

    for (operand = query->first; operand; operand = operand->next)
        if ((depth = depth_of(operand)) > deepest)
            deepest = depth;
    return deepest + 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    backend_query_t *query;
    backend_found_t *found;
    base_fault_t *fault;

    fuzz_once(set_up);
    fault = cmd_query_parse(apr_pstrmemdup(pool, (const char *)data, size), NOW, &query, pool);
    if (fault)
        FUZZ_ASSERT(fault->code == BASE_FAULT_INVALID || fault->code == BASE_FAULT_TOO_LARGE);
    else {
        const backend_search_t search = {.folder_ids = &inbox,
                                         .folder_count = 1,
                                         .query = query,
                                         .extract = item_words_extract,
                                         .extract_version = ITEM_WORDS_VERSION,
                                         .limit = 10,
                                         .deadline = apr_time_now() + apr_time_from_sec(60)};

        FUZZ_ASSERT(depth_of(query) <= 64);
        FUZZ_ASSERT(!backend_search(session, &search, &found, pool));
        FUZZ_ASSERT(found->complete && found->count == found->total &&
                    found->total <= MESSAGE_COUNT);
    }
    apr_pool_destroy(pool);
    return 0;
}
