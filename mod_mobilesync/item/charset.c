#include "item/charset.h"

#include <string.h>
#include <strings.h>
#include <apr_lib.h>
#include <apr_strings.h>

#define CHARSET_SNIFF 2048

static const item_charset_t charsets[] = {
#define CHARSET(label, converter, code_page) {label, converter, code_page},
#include "item/charset.tbl"
#undef CHARSET
};

static const item_charset_t charset_missing = {"us-ascii", NULL, 20127};
static const item_charset_t charset_unknown = {"", NULL, 65001};

const item_charset_t *item_charset_find(const char *name)
{
    size_t i;

    if (!name || !*name)
        return &charset_missing;
    for (i = 0; i < sizeof charsets / sizeof *charsets; i++)
        if (strcasecmp(name, charsets[i].label) == 0)
            return &charsets[i];
    return &charset_unknown;
}

const char *item_charset_sniff_html(const char *html, apr_size_t length, apr_pool_t *pool)
{
    char *head = apr_pstrmemdup(pool, html, length < CHARSET_SNIFF ? length : CHARSET_SNIFF);
    const char *p = head;

    while ((p = strchr(p, '<'))) {
        const char *end = strchr(p, '>'), *name;

        if (end && strncasecmp(p, "<meta", 5) == 0 && (name = strcasestr(p, "charset=")) &&
            name < end) {
            apr_size_t n = 0;

            name += 8;
            name += strspn(name, " \"'");
            while (apr_isalnum(name[n]) || (name[n] && strchr("-_.:", name[n])))
                n++;
            return n && n < 64 ? apr_pstrmemdup(pool, name, n) : NULL;
        }
        p++;
    }
    return NULL;
}
