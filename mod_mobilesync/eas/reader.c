#include "eas/reader.h"

#include <string.h>
#include <apr_strings.h>

#include "eas/guard.h"
#include "eas/wbxml_abi.h"

/* A language of our own, so that the library applies none of the conversions it has
 * for those it knows. */
#define READER_LANGUAGE ((WBXMLLanguage)24991)

struct eas_reader {
    apr_pool_t *pool;
    eas_guard_t *guard;
    eas_node_t *root;
    eas_node_t *current;
    base_fault_t *fault; /* of a callback: the parser cannot be stopped */
};

eas_reader_t *eas_reader_create(const eas_limits_t *limits, const char *directory, apr_pool_t *pool)
{
    eas_reader_t *reader = apr_pcalloc(pool, sizeof *reader);

    reader->pool = pool;
    reader->guard = eas_guard_create(limits, directory, pool);
    return reader;
}

base_fault_t *eas_reader_feed(eas_reader_t *reader, const void *bytes, apr_size_t length)
{
    return eas_guard_feed(reader->guard, bytes, length);
}

static void reader_fail(eas_reader_t *reader, const char *what)
{
    if (!reader->fault)
        reader->fault =
            base_fault_make(reader->pool, BASE_FAULT_INTERNAL,
                            "libwbxml reported %s that the guard does not let pass", what);
}

static void reader_start(void *baton, WBXMLTag *name, WBXMLAttribute **attributes, WB_BOOL empty)
{
    eas_reader_t *reader = baton;
    eas_node_t *node, *parent = reader->current;

    (void)empty; /* such an element gets its end reported as well */
    if (name->type != WBXML_VALUE_TOKEN || attributes) {
        reader_fail(reader, "a tag");
        return;
    }
    node = apr_pcalloc(reader->pool, sizeof *node);
    node->tag = (eas_tag_t)name->u.token->wbxmlCodePage << 8 | name->u.token->wbxmlToken;
    node->parent = parent;
    node->text = "";
    reader->current = node;
    if (!parent)
        reader->root = node;
    else if (parent->last)
        parent->last->next = node;
    else
        parent->first = node;
    if (parent)
        parent->last = node;
}

static void reader_end(void *baton, WBXMLTag *name, WB_BOOL empty)
{
    eas_reader_t *reader = baton;

    (void)name;
    (void)empty;
    if (reader->current)
        reader->current = reader->current->parent;
}

static void reader_content(void *baton, WB_UTINY *bytes, WB_ULONG start, WB_ULONG length)
{
    eas_reader_t *reader = baton;
    eas_node_t *node = reader->current;
    const char *content = (const char *)bytes + start;
    apr_off_t spilled;

    if (!node || node->length) {
        reader_fail(reader, "a content");
        return;
    }
    if (eas_guard_spilled(reader->guard, content, length, &node->file, &node->offset, &spilled)) {
        node->length = (apr_size_t)spilled;
        return;
    }
    node->text = apr_pstrmemdup(reader->pool, content, length);
    node->length = length;
}

/* The library looks tags up one after the other: give it those of the document only,
 * in order of appearance. Tokens that no specification knows are among them. */
static const WBXMLTagEntry *reader_tag_table(const eas_reader_t *reader)
{
    unsigned count, i;
    const eas_tag_t *tags = eas_guard_tags(reader->guard, &count);
    WBXMLTagEntry *table = apr_pcalloc(reader->pool, (count + 1) * sizeof *table);

    for (i = 0; i < count; i++) {
        const char *name = eas_tag_name(tags[i]);

        table[i].xmlName = name ? name : "unknown";
        table[i].wbxmlCodePage = (WB_UTINY)eas_tag_page(tags[i]);
        table[i].wbxmlToken = (WB_UTINY)eas_tag_token(tags[i]);
    }
    return table;
}

static apr_status_t reader_parser_cleanup(void *parser)
{
    wbxml_parser_destroy(parser);
    return APR_SUCCESS;
}

static base_fault_t *reader_parse(eas_reader_t *reader)
{
    static const WBXMLPublicIDEntry public_id = {.wbxmlPublicID = 0x01};
    WBXMLContentHandler handler = {.start_element_clb = reader_start,
                                   .end_element_clb = reader_end,
                                   .characters_clb = reader_content};
    WBXMLLangEntry languages[2] = {{.langID = READER_LANGUAGE, .publicID = &public_id}};
    WBXMLParser *parser;
    WBXMLError error;
    const unsigned char *skeleton;
    apr_size_t length;

    parser = wbxml_parser_create();
    if (!parser)
        return base_fault_make(reader->pool, BASE_FAULT_INTERNAL, "out of memory for a parser");
    apr_pool_cleanup_register(reader->pool, parser, reader_parser_cleanup, apr_pool_cleanup_null);
    languages[0].tagTable = reader_tag_table(reader);
    languages[1].langID = (WBXMLLanguage)-1;
    wbxml_parser_set_main_table(parser, languages);
    wbxml_parser_set_language(parser, READER_LANGUAGE);
    wbxml_parser_set_content_handler(parser, &handler);
    wbxml_parser_set_user_data(parser, reader);
    eas_guard_skeleton(reader->guard, &skeleton, &length);
    error = wbxml_parser_parse(parser, (WB_UTINY *)skeleton, (WB_ULONG)length);
    apr_pool_cleanup_run(reader->pool, parser, reader_parser_cleanup);
    if (error != WBXML_OK)
        return base_fault_make(reader->pool, BASE_FAULT_INVALID, "WBXML: libwbxml error %d",
                               (int)error);
    return reader->fault;
}

base_fault_t *eas_reader_finish(eas_reader_t *reader, const eas_node_t **root)
{
    *root = NULL;
    if (eas_guard_is_empty(reader->guard))
        return NULL;
    BASE_TRY(eas_guard_finish(reader->guard));
    BASE_TRY(reader_parse(reader));
    *root = reader->root;
    return NULL;
}
