#include "eas/tags.h"

#include <string.h>

typedef struct {
    const char *name;
    unsigned char opaque;
    unsigned short first;
    unsigned short last;
} tag_row_t;

static const tag_row_t tag_rows[EAS_PAGE_COUNT][EAS_TOKEN_LAST + 1] = {
#define EAS_TAG(page, token, ns, name, opaque, first, last) \
    [page][token] = {#name, opaque, first, last},
#include "eas/tags.tbl"
#undef EAS_TAG
};

static const char *const tag_namespaces[EAS_PAGE_COUNT] = {
#define EAS_PAGE(page, ns) [page] = #ns,
#include "eas/tags.tbl"
#undef EAS_PAGE
};

static const tag_row_t *tag_row(eas_tag_t tag)
{
    const tag_row_t *row;

    if (eas_tag_page(tag) >= EAS_PAGE_COUNT || eas_tag_token(tag) > EAS_TOKEN_LAST)
        return NULL;
    row = &tag_rows[eas_tag_page(tag)][eas_tag_token(tag)];
    return row->name ? row : NULL;
}

const char *eas_tag_name(eas_tag_t tag)
{
    const tag_row_t *row = tag_row(tag);

    return row ? row->name : NULL;
}

const char *eas_tag_namespace(eas_tag_t tag)
{
    return eas_tag_page(tag) < EAS_PAGE_COUNT ? tag_namespaces[eas_tag_page(tag)] : NULL;
}

int eas_tag_is_opaque(eas_tag_t tag)
{
    const tag_row_t *row = tag_row(tag);

    return row && row->opaque;
}

int eas_tag_in_version(eas_tag_t tag, eas_version_t version)
{
    const tag_row_t *row = tag_row(tag);

    return row && row->first <= (unsigned)version && (unsigned)version <= row->last;
}

eas_tag_t eas_tag_find(const char *ns, const char *name)
{
    unsigned page, token;

    for (page = 0; page < EAS_PAGE_COUNT; page++) {
        if (strcmp(tag_namespaces[page], ns) != 0)
            continue;
        for (token = EAS_TOKEN_FIRST; token <= EAS_TOKEN_LAST; token++)
            if (tag_rows[page][token].name && strcmp(tag_rows[page][token].name, name) == 0)
                return page << 8 | token;
    }
    return EAS_TAG_NONE;
}
