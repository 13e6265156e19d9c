/* Elements of the protocol (MS-ASWBXML 2.1.2.1): a tag is its code page and token.
 *
 * EAS_AirSync_SyncKey, EAS_Email2_ConversationId, ... come from tags.tbl. A tag is a
 * number rather than an enumeration because a client may send tokens that no
 * specification knows; they are carried along and ignored. */
#ifndef EAS_TAGS_H
#define EAS_TAGS_H

#include "eas/version.h"

typedef unsigned eas_tag_t; /* page << 8 | token */

enum {
    EAS_TAG_NONE = 0, /* no tag: tokens below 5 are WBXML's own */
#define EAS_TAG(page, token, ns, name, opaque, first, last) \
    EAS_##ns##_##name = (page) << 8 | (token),
#include "eas/tags.tbl"
#undef EAS_TAG
};

enum {
#define EAS_PAGE(page, ns) EAS_PAGE_##ns = (page),
#include "eas/tags.tbl"
#undef EAS_PAGE
    EAS_PAGE_COUNT = 26
};

#define EAS_TOKEN_FIRST 0x05
#define EAS_TOKEN_LAST 0x3f

static inline unsigned eas_tag_page(eas_tag_t tag)
{
    return tag >> 8;
}

static inline unsigned eas_tag_token(eas_tag_t tag)
{
    return tag & 0xff;
}

/* "SyncKey"; NULL when no specification knows the tag. */
const char *eas_tag_name(eas_tag_t tag);

/* "AirSync": the namespace of the tag's code page; NULL past the last page. */
const char *eas_tag_namespace(eas_tag_t tag);

/* 1 when the content is a byte array (MS-ASDTYPE 2.7.1), opaque on the wire. */
int eas_tag_is_opaque(eas_tag_t tag);

/* 1 when that protocol version knows the tag (MS-ASWBXML). */
int eas_tag_in_version(eas_tag_t tag, eas_version_t version);

/* The tag of "AirSync", "SyncKey"; EAS_TAG_NONE when there is none. A linear search:
 * for tests and tools. */
eas_tag_t eas_tag_find(const char *ns, const char *name);

#endif
