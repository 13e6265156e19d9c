#include "item/item.h"

#include <gmime/gmime.h>
#include <libxml/parser.h>

#include "item/charset.h"
#include "item/header.h"
#include "item/ical.h"

void item_child_init(apr_pool_t *pool)
{
    g_mime_init();
    item_header_child_init();
    item_ical_child_init();
    item_charset_child_init(pool);
    xmlInitParser();
}
