#include "eas/writer.h"

#include <string.h>
#include <apr_strings.h>

#include "base/text.h"
#include "eas/utf8.h"
#include "eas/wbxml_abi.h"

/* The encoder's buffer is moved to the spool at this length. Contents that are longer
 * go to the spool themselves: the encoder would copy them several times. */
#define WRITER_DRAIN 8192
#define WRITER_BLOCK 8192
#define WRITER_HEADER_LENGTH 4

#define TOKEN_STR_I "\x03"
#define TOKEN_OPAQUE '\xc3'

struct eas_writer {
    apr_pool_t *pool;
    eas_spool_t *spool;
    apr_off_t base; /* length of the spool before this document */
    WBXMLEncoder *encoder;
    base_fault_t *fault;
    unsigned depth;
    int drained;         /* the header is in the spool */
    eas_tag_t pending;   /* started, and not known yet whether it has content */
    WBXMLTagEntry entry; /* the encoder keeps a pointer to the current one */
    base_text_buffer_t scratch;
    eas_tag_t watched_tag;
    apr_uint64_t watched_success, watched;
};

static void writer_fail(eas_writer_t *writer, base_fault_t *fault)
{
    if (!writer->fault)
        writer->fault = fault;
}

static void writer_check(eas_writer_t *writer, WBXMLError error)
{
    if (error != WBXML_OK)
        writer_fail(writer, base_fault_make(writer->pool, BASE_FAULT_INTERNAL,
                                            "libwbxml error %d while encoding", (int)error));
}

static apr_status_t writer_cleanup(void *encoder)
{
    wbxml_encoder_destroy(encoder);
    return APR_SUCCESS;
}

eas_writer_t *eas_writer_create(eas_spool_t *spool, apr_pool_t *pool)
{
    eas_writer_t *writer = apr_pcalloc(pool, sizeof *writer);

    writer->pool = pool;
    writer->spool = spool;
    writer->base = eas_spool_length(spool);
    writer->scratch.pool = pool;
    writer->encoder = wbxml_encoder_create_real();
    if (!writer->encoder) {
        writer_fail(writer,
                    base_fault_make(pool, BASE_FAULT_INTERNAL, "out of memory for an encoder"));
        return writer;
    }
    apr_pool_cleanup_register(pool, writer->encoder, writer_cleanup, apr_pool_cleanup_null);
    wbxml_encoder_set_output_type(writer->encoder, WBXML_ENCODER_OUTPUT_WBXML);
    wbxml_encoder_set_lang(writer->encoder, WBXML_LANG_ACTIVESYNC);
    wbxml_encoder_set_produce_anonymous(writer->encoder, 1);
    wbxml_encoder_set_use_strtbl(writer->encoder, 0);
    return writer;
}

/* Moves what the encoder has to the spool. Each time it puts the header in front. */
static void writer_drain(eas_writer_t *writer)
{
    WB_UTINY *output;
    WB_ULONG length, skip = writer->drained ? WRITER_HEADER_LENGTH : 0;

    if (writer->fault)
        return;
    writer_check(writer, wbxml_encoder_get_output(writer->encoder, &output, &length));
    if (writer->fault)
        return;
    writer_fail(writer, eas_spool_append(writer->spool, output + skip, length - skip));
    wbxml_free(output);
    wbxml_encoder_delete_output_bytes(writer->encoder,
                                      wbxml_encoder_get_output_len(writer->encoder));
    writer->drained = 1;
}

static void writer_encode_start(eas_writer_t *writer, eas_tag_t tag, int has_content,
                                WB_ULONG options)
{
    const char *name = eas_tag_name(tag);
    WBXMLTag value = {.type = WBXML_VALUE_TOKEN, .u.token = &writer->entry};
    WBXMLTreeNode node = {.type = WBXML_TREE_ELEMENT_NODE, .name = &value};

    writer->entry.xmlName = name ? name : "unknown";
    writer->entry.wbxmlCodePage = (WB_UTINY)eas_tag_page(tag);
    writer->entry.wbxmlToken = (WB_UTINY)eas_tag_token(tag);
    writer->entry.options = options;
    writer_check(writer,
                 wbxml_encoder_encode_raw_elt_start(writer->encoder, &node, (WB_BOOL)has_content));
}

static void writer_encode_end(eas_writer_t *writer)
{
    WBXMLTreeNode node = {.type = WBXML_TREE_ELEMENT_NODE};

    writer_check(writer, wbxml_encoder_encode_raw_elt_end(writer->encoder, &node, 1));
    if (!writer->fault && wbxml_encoder_get_output_len(writer->encoder) >= WRITER_DRAIN)
        writer_drain(writer);
}

/* The pending element turns out to have content. */
static void writer_flush_pending(eas_writer_t *writer)
{
    if (writer->pending == EAS_TAG_NONE)
        return;
    writer_encode_start(writer, writer->pending, 1, 0);
    writer->pending = EAS_TAG_NONE;
}

void eas_writer_start(eas_writer_t *writer, eas_tag_t tag)
{
    if (writer->fault)
        return;
    writer_flush_pending(writer);
    writer->pending = tag;
    writer->depth++;
}

void eas_writer_end(eas_writer_t *writer)
{
    if (writer->fault)
        return;
    if (!writer->depth) {
        writer_fail(writer, base_fault_make(writer->pool, BASE_FAULT_INTERNAL,
                                            "an element is closed that was not opened"));
        return;
    }
    writer->depth--;
    if (writer->pending != EAS_TAG_NONE) {
        writer_encode_start(writer, writer->pending, 0, 0);
        writer->pending = EAS_TAG_NONE;
        return;
    }
    writer_encode_end(writer);
}

void eas_writer_empty(eas_writer_t *writer, eas_tag_t tag)
{
    if (writer->fault)
        return;
    writer_flush_pending(writer);
    writer_encode_start(writer, tag, 0, 0);
}

/* An element whose content is given to the encoder. For a text the content ends with
 * NUL and has none inside; an opaque may be anything. */
static void writer_encode_content(eas_writer_t *writer, eas_tag_t tag, const void *bytes,
                                  apr_size_t length, WB_ULONG options)
{
    WBXMLTreeNode node = {.type = WBXML_TREE_TEXT_NODE};

    writer_flush_pending(writer);
    writer_encode_start(writer, tag, 1, options);
    node.content = wbxml_buffer_sta_create_real(bytes, (WB_ULONG)length);
    if (!node.content) {
        writer_fail(writer,
                    base_fault_make(writer->pool, BASE_FAULT_INTERNAL, "out of memory for text"));
        return;
    }
    writer_check(writer, wbxml_encoder_encode_node(writer->encoder, &node));
    wbxml_buffer_destroy(node.content);
    writer_encode_end(writer);
}

/* -- contents that bypass the encoder --------------------------------------- */

static base_fault_t *writer_emit(void *baton, const char *bytes, apr_size_t length)
{
    eas_writer_t *writer = baton;

    return eas_spool_append(writer->spool, bytes, length);
}

static void writer_splice(eas_writer_t *writer, const void *bytes, apr_size_t length)
{
    if (!writer->fault)
        writer_fail(writer, eas_spool_append(writer->spool, bytes, length));
}

/* Everything up to the content of the element, in the spool. */
static void writer_splice_start(eas_writer_t *writer, eas_tag_t tag)
{
    writer_flush_pending(writer);
    writer_encode_start(writer, tag, 1, 0);
    writer_drain(writer);
}

/* A multi-byte integer (WBXML 1.3 section 5.1) after the OPAQUE token. */
static void writer_splice_opaque_length(eas_writer_t *writer, apr_size_t length)
{
    char bytes[6];
    int i = sizeof bytes;

    bytes[--i] = (char)(length & 0x7f);
    while (length >>= 7)
        bytes[--i] = (char)(0x80 | (length & 0x7f));
    bytes[--i] = TOKEN_OPAQUE;
    writer_splice(writer, bytes + i, sizeof bytes - (size_t)i);
}

/* WBXML's lengths have 32 bits. */
static int writer_opaque_fits(eas_writer_t *writer, apr_size_t length)
{
    if (length <= 0xffffffffu)
        return 1;
    writer_fail(writer, base_fault_make(writer->pool, BASE_FAULT_TOO_LARGE,
                                        "an opaque of %" APR_SIZE_T_FMT " bytes", length));
    return 0;
}

static base_fault_t *writer_copy_text(eas_writer_t *writer, eas_writer_read_fn read, void *baton)
{
    eas_utf8_t utf8 = {.count = 0};
    char block[WRITER_BLOCK];

    for (;;) {
        apr_size_t length = sizeof block;

        BASE_TRY(read(baton, block, &length));
        if (!length)
            return eas_utf8_finish(&utf8, writer_emit, writer);
        BASE_TRY(eas_utf8_feed(&utf8, block, length, writer_emit, writer));
    }
}

static base_fault_t *writer_copy_opaque(eas_writer_t *writer, apr_size_t length,
                                        eas_writer_read_fn read, void *baton)
{
    char block[WRITER_BLOCK];

    while (length) {
        apr_size_t size = length < sizeof block ? length : sizeof block;

        BASE_TRY(read(baton, block, &size));
        if (!size)
            return base_fault_make(writer->pool, BASE_FAULT_CONVERSION,
                                   "a content ends %" APR_SIZE_T_FMT " bytes early", length);
        BASE_TRY(eas_spool_append(writer->spool, block, size));
        length -= size;
    }
    return NULL;
}

void eas_writer_text_stream(eas_writer_t *writer, eas_tag_t tag, eas_writer_read_fn read,
                            void *baton)
{
    if (writer->fault)
        return;
    writer_splice_start(writer, tag);
    writer_splice(writer, TOKEN_STR_I, 1);
    if (!writer->fault)
        writer_fail(writer, writer_copy_text(writer, read, baton));
    writer_splice(writer, "", 1);
    writer_encode_end(writer);
}

void eas_writer_opaque_stream(eas_writer_t *writer, eas_tag_t tag, apr_size_t length,
                              eas_writer_read_fn read, void *baton)
{
    if (writer->fault || !writer_opaque_fits(writer, length))
        return;
    writer_splice_start(writer, tag);
    writer_splice_opaque_length(writer, length);
    if (!writer->fault)
        writer_fail(writer, writer_copy_opaque(writer, length, read, baton));
    writer_encode_end(writer);
}

/* -- contents in memory ------------------------------------------------------ */

void eas_writer_textn(eas_writer_t *writer, eas_tag_t tag, const char *text, apr_size_t length)
{
    eas_utf8_t utf8 = {.count = 0};

    if (writer->fault)
        return;
    if (!length) {
        eas_writer_empty(writer, tag);
        return;
    }
    if (length <= WRITER_DRAIN) {
        if (!base_text_xml_legal(text, length)) {
            apr_pool_t *scratch;

            /* rare enough for a pool of its own */
            apr_pool_create(&scratch, writer->pool);
            text = base_text_xml_sanitize(text, length, scratch);
            writer_encode_content(writer, tag, text, strlen(text), 0);
            apr_pool_destroy(scratch);
            return;
        }
        /* the encoder reads up to a NUL, and the text may go on after its length */
        writer->scratch.length = 0;
        base_text_buffer_append(&writer->scratch, text, length);
        writer_encode_content(writer, tag, writer->scratch.data, length, 0);
        return;
    }
    writer_splice_start(writer, tag);
    writer_splice(writer, TOKEN_STR_I, 1);
    if (!writer->fault)
        writer_fail(writer, eas_utf8_feed(&utf8, text, length, writer_emit, writer));
    if (!writer->fault)
        writer_fail(writer, eas_utf8_finish(&utf8, writer_emit, writer));
    writer_splice(writer, "", 1);
    writer_encode_end(writer);
}

void eas_writer_text(eas_writer_t *writer, eas_tag_t tag, const char *text)
{
    eas_writer_textn(writer, tag, text, strlen(text));
}

void eas_writer_uint(eas_writer_t *writer, eas_tag_t tag, apr_uint64_t value)
{
    char text[24];

    apr_snprintf(text, sizeof text, "%" APR_UINT64_T_FMT, value);
    eas_writer_text(writer, tag, text);
    if (tag == writer->watched_tag && tag != EAS_TAG_NONE &&
        (!writer->watched || writer->watched == writer->watched_success))
        writer->watched = value;
}

void eas_writer_watch(eas_writer_t *writer, eas_tag_t tag, apr_uint64_t success)
{
    writer->watched_tag = tag;
    writer->watched_success = success;
    writer->watched = 0;
}

apr_uint64_t eas_writer_watched(const eas_writer_t *writer)
{
    return writer->watched;
}

void eas_writer_opaque(eas_writer_t *writer, eas_tag_t tag, const void *bytes, apr_size_t length)
{
    if (writer->fault || !writer_opaque_fits(writer, length))
        return;
    if (!length) {
        eas_writer_empty(writer, tag);
        return;
    }
    if (length <= WRITER_DRAIN) {
        writer_encode_content(writer, tag, bytes, length, WBXML_TAG_OPTION_BINARY);
        return;
    }
    writer_splice_start(writer, tag);
    writer_splice_opaque_length(writer, length);
    writer_splice(writer, bytes, length);
    writer_encode_end(writer);
}

/* -- the whole --------------------------------------------------------------- */

apr_off_t eas_writer_size(const eas_writer_t *writer)
{
    apr_off_t size = eas_spool_length(writer->spool) - writer->base;

    if (writer->encoder)
        size += wbxml_encoder_get_output_len(writer->encoder);
    return size;
}

int eas_writer_is_empty(const eas_writer_t *writer)
{
    return eas_writer_size(writer) == 0 && writer->pending == EAS_TAG_NONE;
}

base_fault_t *eas_writer_finish(eas_writer_t *writer)
{
    if (!writer->fault && writer->depth)
        writer_fail(writer, base_fault_make(writer->pool, BASE_FAULT_INTERNAL,
                                            "%u elements are still open", writer->depth));
    if (!writer->fault && !eas_writer_is_empty(writer))
        writer_drain(writer);
    return writer->fault;
}
