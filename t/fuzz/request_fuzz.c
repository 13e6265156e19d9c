/* A request line and its headers, a line each: query, MS-ASProtocolVersion,
 * X-MS-PolicyKey, MS-ASAcceptMultiPart. */
#include "fuzz.h"

#include <ctype.h>
#include <string.h>
#include <apr_strings.h>

#include "base/text.h"
#include "eas/request.h"

enum { LINE_QUERY, LINE_VERSION, LINE_POLICY_KEY, LINE_MULTIPART, LINE_COUNT };

static const char *get_header(void *baton, const char *name)
{
    const char **lines = baton;

    if (strcmp(name, "MS-ASProtocolVersion") == 0)
        return lines[LINE_VERSION];
    if (strcmp(name, "X-MS-PolicyKey") == 0)
        return lines[LINE_POLICY_KEY];
    return strcmp(name, "MS-ASAcceptMultiPart") == 0 ? lines[LINE_MULTIPART] : NULL;
}

static void check_text(const char *text)
{
    if (!text)
        return;
    FUZZ_ASSERT(*text);
    FUZZ_ASSERT(base_text_xml_legal(text, strlen(text)));
    FUZZ_ASSERT(!strpbrk(text, "\r\n\t"));
}

static void check_request(const eas_request_t *request)
{
    const char *p;

    FUZZ_ASSERT(request->command < EAS_COMMAND_COUNT_ && request->command_name);
    FUZZ_ASSERT(request->version != EAS_VERSION_NONE);
    FUZZ_ASSERT(request->device_id && strlen(request->device_id) <= 32 && request->device_type);
    for (p = request->device_id; *p; p++)
        FUZZ_ASSERT(isalnum((unsigned char)*p));
    check_text(request->command_name);
    check_text(request->device_id);
    check_text(request->device_type);
    check_text(request->user);
    check_text(request->attachment_name);
    check_text(request->collection_id);
    check_text(request->item_id);
    check_text(request->long_id);
    check_text(request->occurrence);
    check_text(request->parent_id);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    char *rest = apr_pstrmemdup(pool, (const char *)data, size), *state;
    const char *lines[LINE_COUNT] = {NULL};
    eas_request_t *request;
    base_fault_t *fault;
    int i;

    lines[LINE_QUERY] = apr_strtok(rest, "\n", &state);
    for (i = LINE_VERSION; i < LINE_COUNT && lines[i - 1]; i++)
        lines[i] = apr_strtok(NULL, "\n", &state);
    fault = eas_request_parse(lines[LINE_QUERY], get_header, lines, &request, pool);
    FUZZ_ASSERT(!fault == (request != NULL));
    FUZZ_ASSERT(!fault || fault->code == BASE_FAULT_INVALID ||
                fault->code == BASE_FAULT_UNSUPPORTED);
    if (request)
        check_request(request);
    apr_pool_destroy(pool);
    return 0;
}
