/* Requests of Autodiscover: a first line that is the query of JSON, behind it the XML. Whatever they
 * are, there is an answer, and an address that was read is one. */
#include "fuzz.h"

#include <string.h>
#include <apr_strings.h>

#include "backend/memory.h"
#include "base/text.h"
#include "cmd/autodiscover.h"

static void check_answer(const cmd_autodiscover_answer_t *answer)
{
    FUZZ_ASSERT(answer->http_status == 200 || answer->http_status == 302 ||
                answer->http_status == 400);
    FUZZ_ASSERT((answer->http_status == 302) == (answer->location != NULL));
    FUZZ_ASSERT(!answer->location || !strpbrk(answer->location, "\r\n "));
    FUZZ_ASSERT(answer->location || base_text_xml_legal(answer->body, answer->length));
    FUZZ_ASSERT(answer->outcome);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    const char *text = apr_pstrmemdup(pool, (const char *)data, size);
    const char *end = text + strcspn(text, "\n");
    const char *query = apr_pstrmemdup(pool, text, (apr_size_t)(end - text));
    cmd_autodiscover_redirect_t rules[2];
    apr_array_header_t *redirects = apr_array_make(pool, 2, sizeof *rules);
    cmd_autodiscover_t service = {.url = "https://h/Microsoft-Server-ActiveSync",
                                  .autodiscover_url = "https://h/autodiscover/autodiscover.xml",
                                  .redirects = redirects,
                                  .server = "node"};
    cmd_autodiscover_request_t request;
    cmd_autodiscover_answer_t answer;
    base_fault_t *fault;

    FUZZ_ASSERT(!cmd_autodiscover_redirect_parse("@a.example", "@b.example", &rules[0], pool));
    FUZZ_ASSERT(
        !cmd_autodiscover_redirect_parse("@c.example", "https://d.example/x", &rules[1], pool));
    memcpy(apr_array_push(redirects), &rules[0], sizeof *rules);
    memcpy(apr_array_push(redirects), &rules[1], sizeof *rules);
    FUZZ_ASSERT(!backend_start("memory", NULL, NULL, NULL, &service.backend, pool));
    cmd_autodiscover_json(&service, NULL, query, &answer, pool);
    check_answer(&answer);
    if (*end)
        end++;
    size -= (size_t)(end - text) < size ? (size_t)(end - text) : size;
    fault = cmd_autodiscover_request_parse(end, size, &request, pool);
    FUZZ_ASSERT(!fault || fault->code == BASE_FAULT_INVALID);
    FUZZ_ASSERT(fault || cmd_autodiscover_is_address(request.address));
    cmd_autodiscover_xml(&service, "u", end, size, &answer, pool);
    check_answer(&answer);
    apr_pool_destroy(pool);
    return 0;
}
