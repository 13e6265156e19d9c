/* Autodiscover: addresses, and where they belong. */
#include "cmd/autodiscover.h"

#include <string.h>
#include <strings.h>
#include <apr_strings.h>
#include <apr_uri.h>

#include "base/text.h"

#define AUTODISCOVER_ADDRESS_MAX 320 /* RFC 3696: 64 + 1 + 255 */

int cmd_autodiscover_is_address(const char *address)
{
    const char *at = strrchr(address, '@'), *p;
    size_t length = strlen(address);

    if (!at || at == address || !at[1] || length > AUTODISCOVER_ADDRESS_MAX ||
        !base_text_xml_legal(address, length))
        return 0;
    for (p = address; *p; p++)
        if ((unsigned char)*p <= ' ' || *p == 0x7f || strchr("<>,;:\\\"()[]", *p) ||
            (*p == '@' && p != at))
            return 0;
    /* it may become a host's name in a URL */
    for (p = at + 1; *p; p++)
        if (strchr("/?#%&=+$!'*^`{|}~", *p))
            return 0;
    return 1;
}

static int autodiscover_is_url(const char *text, apr_pool_t *pool)
{
    apr_uri_t uri;

    return apr_uri_parse(pool, text, &uri) == APR_SUCCESS && uri.scheme && uri.hostname &&
           strcasecmp(uri.scheme, "https") == 0 && !uri.user && !uri.query && !uri.fragment;
}

/* "@example.com" */
static int autodiscover_is_domain(const char *text, apr_pool_t *pool)
{
    return *text == '@' && cmd_autodiscover_is_address(apr_pstrcat(pool, "x", text, NULL));
}

base_fault_t *cmd_autodiscover_redirect_parse(const char *from, const char *to,
                                              cmd_autodiscover_redirect_t *redirect,
                                              apr_pool_t *pool)
{
    if (!cmd_autodiscover_is_address(from) && !autodiscover_is_domain(from, pool))
        return base_fault_make(pool, BASE_FAULT_INVALID, "\"%s\" is neither an address nor @domain",
                               from);
    if (!cmd_autodiscover_is_address(to) && !autodiscover_is_domain(to, pool) &&
        !autodiscover_is_url(to, pool))
        return base_fault_make(pool, BASE_FAULT_INVALID,
                               "\"%s\" is neither an address, nor @domain, nor an https URL", to);
    if (strcasecmp(from, to) == 0)
        return base_fault_make(pool, BASE_FAULT_INVALID, "\"%s\" leads to itself", from);
    redirect->from = base_text_lower(from, pool);
    redirect->to = apr_pstrdup(pool, to);
    return NULL;
}

const cmd_autodiscover_redirect_t *cmd_autodiscover_redirect_find(const cmd_autodiscover_t *service,
                                                                  const char *address,
                                                                  int whole_domain,
                                                                  apr_pool_t *pool)
{
    const char *wanted = base_text_lower(address, pool), *domain = strrchr(wanted, '@');
    int i;

    for (i = 0; service->redirects && i < service->redirects->nelts; i++) {
        const cmd_autodiscover_redirect_t *redirect =
            &APR_ARRAY_IDX(service->redirects, i, cmd_autodiscover_redirect_t);

        if (strcmp(redirect->from, domain) == 0 ||
            (!whole_domain && strcmp(redirect->from, wanted) == 0))
            return redirect;
    }
    return NULL;
}

const char *cmd_autodiscover_redirect_address(const cmd_autodiscover_redirect_t *redirect,
                                              const char *address, apr_pool_t *pool)
{
    if (*redirect->to == '@')
        return apr_pstrcat(
            pool, apr_pstrmemdup(pool, address, (apr_size_t)(strrchr(address, '@') - address)),
            redirect->to, NULL);
    return strchr(redirect->to, '@') ? redirect->to : NULL;
}
