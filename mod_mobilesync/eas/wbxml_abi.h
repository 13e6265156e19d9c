/* What we use of libwbxml's parser and encoder.
 *
 * libwbxml 0.11 exports both, but distributions ship the headers of its converter
 * only, which is unfit for a server (see eas/guard.h). Where configure finds the full
 * headers they are used; otherwise the interface is declared here. The library is
 * linked by its SONAME (configure.ac), and eas/selftest.h proves at start-up, in a
 * child process, that it behaves as declared. */
#ifndef EAS_WBXML_ABI_H
#define EAS_WBXML_ABI_H

#define EAS_WBXML_SONAME "libwbxml2.so.1"

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#if defined(HAVE_WBXML_WBXML_PARSER_H) && defined(HAVE_WBXML_WBXML_ENCODER_H)

#include <wbxml/wbxml.h>
#include <wbxml/wbxml_mem.h>
#include <wbxml/wbxml_buffers.h>
#include <wbxml/wbxml_tables.h>
#include <wbxml/wbxml_parser.h>
#include <wbxml/wbxml_tree.h>
#include <wbxml/wbxml_encoder.h>

#else

typedef unsigned char WB_BOOL;
typedef unsigned char WB_UTINY;
typedef char WB_TINY;
typedef unsigned int WB_ULONG;

typedef enum { WBXML_OK = 0 } WBXMLError;
typedef enum { WBXML_LANG_ACTIVESYNC = 2402 } WBXMLLanguage;
typedef int WBXMLCharsetMIBEnum;

/* -- tables ---------------------------------------------------------------- */

#define WBXML_TAG_OPTION_BINARY 0x1 /* the encoder makes the content an OPAQUE */

typedef struct {
    WB_ULONG wbxmlPublicID;
    const WB_TINY *xmlPublicID;
    const WB_TINY *xmlRootElt;
    const WB_TINY *xmlDTD;
} WBXMLPublicIDEntry;

typedef struct {
    const WB_TINY *xmlName; /* NULL ends a table */
    WB_UTINY wbxmlCodePage;
    WB_UTINY wbxmlToken;
    WB_ULONG options;
} WBXMLTagEntry;

typedef struct {
    WBXMLLanguage langID;
    const WBXMLPublicIDEntry *publicID;
    const WBXMLTagEntry *tagTable;
    const void *nsTable;
    const void *attrTable;
    const void *attrValueTable;
    const void *extValueTable;
} WBXMLLangEntry;

typedef enum { WBXML_VALUE_TOKEN = 0, WBXML_VALUE_LITERAL } WBXMLValueType;

typedef struct WBXMLBuffer_s WBXMLBuffer;

typedef struct {
    WBXMLValueType type;
    union {
        const WBXMLTagEntry *token;
        WBXMLBuffer *literal;
    } u;
} WBXMLTag;

typedef struct WBXMLAttribute_s WBXMLAttribute;

/* -- parser ---------------------------------------------------------------- */

typedef struct WBXMLParser_s WBXMLParser;

typedef struct {
    void (*start_document_clb)(void *ctx, WBXMLCharsetMIBEnum charset, const WBXMLLangEntry *lang);
    void (*end_document_clb)(void *ctx);
    void (*start_element_clb)(void *ctx, WBXMLTag *name, WBXMLAttribute **atts, WB_BOOL empty);
    void (*end_element_clb)(void *ctx, WBXMLTag *name, WB_BOOL empty);
    void (*characters_clb)(void *ctx, WB_UTINY *ch, WB_ULONG start, WB_ULONG length);
    void (*pi_clb)(void *ctx, const WB_UTINY *target, WB_UTINY *data);
} WBXMLContentHandler;

WBXMLParser *wbxml_parser_create(void);
void wbxml_parser_destroy(WBXMLParser *parser);
WBXMLError wbxml_parser_parse(WBXMLParser *parser, WB_UTINY *wbxml, WB_ULONG wbxml_len);
void wbxml_parser_set_user_data(WBXMLParser *parser, void *user_data);
void wbxml_parser_set_content_handler(WBXMLParser *parser, WBXMLContentHandler *handler);
void wbxml_parser_set_main_table(WBXMLParser *parser, const WBXMLLangEntry *main_table);
WB_BOOL wbxml_parser_set_language(WBXMLParser *parser, WBXMLLanguage lang);

/* -- encoder --------------------------------------------------------------- */

typedef struct WBXMLEncoder_s WBXMLEncoder;

typedef enum { WBXML_ENCODER_OUTPUT_WBXML = 0 } WBXMLEncoderOutputType;
typedef enum { WBXML_TREE_ELEMENT_NODE = 0, WBXML_TREE_TEXT_NODE } WBXMLTreeNodeType;

typedef struct WBXMLTreeNode_s WBXMLTreeNode;
struct WBXMLTreeNode_s {
    WBXMLTreeNodeType type;
    WBXMLTag *name;
    void *attrs;
    WBXMLBuffer *content;
    void *tree;
    WBXMLTreeNode *parent;
    WBXMLTreeNode *children;
    WBXMLTreeNode *next;
    WBXMLTreeNode *prev;
};

WBXMLEncoder *wbxml_encoder_create_real(void);
void wbxml_encoder_destroy(WBXMLEncoder *encoder);
void wbxml_encoder_set_output_type(WBXMLEncoder *encoder, WBXMLEncoderOutputType type);
void wbxml_encoder_set_lang(WBXMLEncoder *encoder, WBXMLLanguage lang);
void wbxml_encoder_set_use_strtbl(WBXMLEncoder *encoder, WB_BOOL use);
void wbxml_encoder_set_produce_anonymous(WBXMLEncoder *encoder, WB_BOOL anonymous);
WBXMLError wbxml_encoder_encode_raw_elt_start(WBXMLEncoder *encoder, WBXMLTreeNode *node,
                                              WB_BOOL has_content);
WBXMLError wbxml_encoder_encode_raw_elt_end(WBXMLEncoder *encoder, WBXMLTreeNode *node,
                                            WB_BOOL has_content);
WBXMLError wbxml_encoder_encode_node(WBXMLEncoder *encoder, WBXMLTreeNode *node);
WBXMLError wbxml_encoder_get_output(WBXMLEncoder *encoder, WB_UTINY **result, WB_ULONG *result_len);
WB_ULONG wbxml_encoder_get_output_len(WBXMLEncoder *encoder);
void wbxml_encoder_delete_output_bytes(WBXMLEncoder *encoder, WB_ULONG count);

/* -- memory ---------------------------------------------------------------- */

/* A view of bytes that stay where they are. */
WBXMLBuffer *wbxml_buffer_sta_create_real(const WB_UTINY *data, WB_ULONG len);
void wbxml_buffer_destroy(WBXMLBuffer *buffer);
void wbxml_free(void *memory);

#endif
#endif
