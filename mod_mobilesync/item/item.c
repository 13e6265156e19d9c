#include "item/item.h"

#include <gmime/gmime.h>
#include <libxml/parser.h>

#include "item/header.h"

void item_child_init(void)
{
    g_mime_init();
    item_header_child_init();
    xmlInitParser();
}
