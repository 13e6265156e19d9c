#include "item/charset.h"

#include <iconv.h>
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

static apr_status_t charset_close(void *converter)
{
    iconv_close(converter);
    return APR_SUCCESS;
}

/* The C library loads a converter's module when the first is opened and unloads it with the last one:
 * a quarter of the time that rendering takes. One of each common kind stays open, unused. */
void item_charset_child_init(apr_pool_t *pool)
{
    static const char *const common[] = {
        "CP1252", "ISO-8859-2",    "ISO-8859-15", "CP1251",  "KOI8-R",     "CP1250", "CP1254",
        "CP1256", "ISO-2022-JP-3", "CP932",       "GB18030", "BIG5-HKSCS", "UHC",    "UTF-7"};
    size_t i;

    for (i = 0; i < sizeof common / sizeof *common; i++) {
        iconv_t converter = iconv_open("UTF-8", common[i]);

        if (converter != (iconv_t)-1)
            apr_pool_cleanup_register(pool, converter, charset_close, apr_pool_cleanup_null);
    }
}

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
