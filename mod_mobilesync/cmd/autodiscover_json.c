/* Autodiscover v2: JSON for anybody. The codes and the parameters are those that Exchange has. */
#include "cmd/autodiscover.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <apr_strings.h>
#include <apr_uri.h>
#include <jansson.h>

#include "base/text.h"

#define JSON_REDIRECTS_MAX 10
#define JSON_PROTOCOLS "ActiveSync,AutodiscoverV1"

typedef struct {
    const char *address;
    const char *protocol;
    apr_uint64_t redirects; /* how often the client was sent elsewhere */
} json_request_t;

static void json_parameter(json_request_t *request, const char *name, const char *value)
{
    if (strcasecmp(name, "Email") == 0 && !request->address)
        request->address = value;
    else if (strcasecmp(name, "Protocol") == 0)
        request->protocol = value;
    else if (strcasecmp(name, "RedirectCount") == 0 &&
             !base_text_parse_uint(value, APR_UINT32_MAX, &request->redirects))
        request->redirects = JSON_REDIRECTS_MAX;
}

/* Parameters that are not known are of no interest here, as with Exchange. 0: broken. */
static int json_query(json_request_t *request, const char *query, apr_pool_t *pool)
{
    char *pair, *state = NULL, *rest = apr_pstrdup(pool, query ? query : "");

    for (pair = apr_strtok(rest, "&", &state); pair; pair = apr_strtok(NULL, "&", &state)) {
        char *equals = strchr(pair, '=');
        const char *value;

        if (equals)
            *equals = '\0';
        if (!(value = base_text_percent_decode(equals ? equals + 1 : "", pool)))
            return 0;
        json_parameter(request, pair, value);
    }
    return 1;
}

/* Two members, the second a text that may have anything of the client in it. */
static void json_answer(cmd_autodiscover_answer_t *answer, int status, const char *first,
                        const char *value, const char *second, const char *text, apr_pool_t *pool)
{
    json_t *object = json_pack("{s:s,s:s}", first, value, second,
                               base_text_xml_sanitize(text, strlen(text), pool));
    char *dump = object ? json_dumps(object, JSON_COMPACT) : NULL;

    json_decref(object);
    answer->http_status = dump ? status : 500;
    if (!dump)
        return;
    answer->content_type = "application/json; charset=utf-8";
    answer->body = apr_pstrdup(pool, dump);
    answer->length = strlen(answer->body);
    free(dump);
}

static void json_refuse(cmd_autodiscover_answer_t *answer, const char *code, const char *message,
                        apr_pool_t *pool)
{
    answer->result = CMD_AUTODISCOVER_REFUSED;
    answer->outcome = code;
    json_answer(answer, 400, "ErrorCode", code, "ErrorMessage", message, pool);
}

/* Where a domain is served: the same question there. */
static const char *json_elsewhere(const cmd_autodiscover_redirect_t *redirect,
                                  const json_request_t *request, apr_pool_t *pool)
{
    const char *address = cmd_autodiscover_redirect_address(redirect, request->address, pool);
    const char *host;
    apr_uri_t uri;

    if (address)
        host = apr_pstrcat(pool, "autodiscover.", strrchr(address, '@') + 1, NULL);
    else if (apr_uri_parse(pool, redirect->to, &uri) == APR_SUCCESS)
        host = uri.hostinfo;
    else
        return NULL;
    return apr_psprintf(pool,
                        "https://%s/autodiscover/autodiscover.json?Email=%s&Protocol=%s"
                        "&RedirectCount=%" APR_UINT64_T_FMT,
                        host, base_text_percent_encode(address ? address : request->address, pool),
                        base_text_percent_encode(request->protocol, pool), request->redirects + 1);
}

static void json_tell(const cmd_autodiscover_t *service, const json_request_t *request,
                      cmd_autodiscover_answer_t *answer, apr_pool_t *pool)
{
    const cmd_autodiscover_redirect_t *redirect =
        cmd_autodiscover_redirect_find(service, request->address, 1, pool);

    if (redirect) {
        answer->result = CMD_AUTODISCOVER_REDIRECTED;
        answer->http_status = 302;
        answer->location = json_elsewhere(redirect, request, pool);
        answer->outcome = apr_pstrcat(pool, "sent to ", redirect->to, NULL);
        return;
    }
    answer->result = CMD_AUTODISCOVER_TOLD;
    answer->outcome = "told";
    if (strcasecmp(request->protocol, "ActiveSync") == 0)
        json_answer(answer, 200, "Protocol", "ActiveSync", "Url", service->url, pool);
    else
        json_answer(answer, 200, "Protocol", "AutodiscoverV1", "Url", service->autodiscover_url,
                    pool);
}

void cmd_autodiscover_json(const cmd_autodiscover_t *service, const char *address,
                           const char *query, cmd_autodiscover_answer_t *answer, apr_pool_t *pool)
{
    json_request_t request = {.address = address};

    *answer = (cmd_autodiscover_answer_t){.http_status = 500};
    if (!json_query(&request, query, pool))
        json_refuse(answer, "BadRequest", "The query is not percent-encoded as it should be", pool);
    else if (!request.protocol || !*request.protocol)
        json_refuse(answer, "MandatoryParameterMissing",
                    "A valid value must be provided for the query parameter 'Protocol'", pool);
    else if (!request.address || !*request.address)
        json_refuse(answer, "MandatoryParameterMissing", "A valid smtp address must be provided",
                    pool);
    else if (!cmd_autodiscover_is_address(request.address))
        json_refuse(
            answer, "InvalidUserId",
            apr_psprintf(pool, "The given SMTP address is invalid '%.64s'", request.address), pool);
    else if (request.redirects >= JSON_REDIRECTS_MAX)
        json_refuse(answer, "RedirectCountExceeded", "The address leads from server to server",
                    pool);
    else if (strcasecmp(request.protocol, "ActiveSync") != 0 &&
             strcasecmp(request.protocol, "AutodiscoverV1") != 0)
        json_refuse(answer, "ProtocolNotSupported",
                    apr_psprintf(pool,
                                 "The given protocol value '%.64s' is not supported. Supported "
                                 "values are '" JSON_PROTOCOLS "'",
                                 request.protocol),
                    pool);
    else
        json_tell(service, &request, answer, pool);
}
