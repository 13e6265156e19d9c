/* For the tests of item/: a message in, the decoded properties out. */
#ifndef T_UNIT_ITEM_HELPERS_H
#define T_UNIT_ITEM_HELPERS_H

#include <stdlib.h>
#include <string.h>
#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_pools.h>
#include <apr_strings.h>

#include "base/text.h"
#include "eas/node.h"
#include "eas/reader.h"
#include "eas/spool.h"
#include "eas/writer.h"
#include "item/email.h"
#include "item/item.h"
#include "item/mime.h"
#include "tap.h"

/* 2023-11-14T22:13:20Z */
#define RECEIVED apr_time_from_sec(1700000000)

__attribute__((unused)) static backend_blob_t *blob_of(const char *data, apr_size_t length,
                                                       apr_pool_t *pool)
{
    backend_blob_t *blob = apr_pcalloc(pool, sizeof *blob);

    blob->data = data;
    blob->size = length;
    return blob;
}

__attribute__((unused)) static backend_blob_t *blob_of_text(const char *text, apr_pool_t *pool)
{
    return blob_of(text, strlen(text), pool);
}

__attribute__((unused)) static item_mime_t *parse(const char *text, apr_pool_t *pool)
{
    item_source_t *source;
    item_mime_t *mime;

    if (item_source_open(blob_of_text(text, pool), &source, pool) ||
        item_mime_parse(source, &mime, pool))
        abort();
    return mime;
}

/* The file opened, as the local backend hands it out; NULL when there is no such file. */
__attribute__((unused)) static backend_blob_t *blob_of_file(const char *path, apr_pool_t *pool)
{
    backend_blob_t *blob = apr_pcalloc(pool, sizeof *blob);
    apr_finfo_t info;

    if (apr_file_open(&blob->file, path, APR_READ | APR_BINARY, 0, pool) != APR_SUCCESS ||
        apr_file_info_get(&info, APR_FINFO_SIZE, blob->file) != APR_SUCCESS)
        return NULL;
    blob->size = (apr_uint64_t)info.size;
    return blob;
}

/* A temporary file with that content. */
__attribute__((unused)) static backend_blob_t *blob_in_file(const char *data, apr_size_t length,
                                                            apr_pool_t *pool)
{
    backend_blob_t *blob = apr_pcalloc(pool, sizeof *blob);
    const char *directory;
    char *name;

    apr_temp_dir_get(&directory, pool);
    name = apr_pstrcat(pool, directory, "/item-test-XXXXXX", NULL);
    if (apr_file_mktemp(&blob->file, name, 0, pool) != APR_SUCCESS ||
        apr_file_write_full(blob->file, data, length, NULL) != APR_SUCCESS)
        abort();
    blob->size = length;
    return blob;
}

/* A file of t/data/mail. */
__attribute__((unused)) static const char *mail_path(const char *name, apr_pool_t *pool)
{
    const char *top = getenv("top_srcdir");

    return apr_pstrcat(pool, top ? top : ".", "/t/data/mail/", name, NULL);
}

__attribute__((unused)) static item_options_t options_of(eas_version_t version)
{
    item_options_t options;

    item_options_init(&options, version);
    return options;
}

/* With one preference: truncation_size ITEM_TRUNCATION_NONE = whole. */
__attribute__((unused)) static item_options_t options_prefer(eas_version_t version,
                                                             item_body_type_t type,
                                                             apr_uint64_t truncation_size)
{
    item_options_t options = options_of(version);

    options.preferences[0].type = type;
    options.preferences[0].truncation_size = truncation_size;
    options.preference_count = 1;
    if (type == ITEM_BODY_MIME)
        options.mime_support = 2;
    return options;
}

/* What was written, as it goes over the wire. */
static base_fault_t *wbxml_finish(eas_writer_t *writer, eas_spool_t *spool, const char **wbxml,
                                  apr_size_t *length, apr_pool_t *pool)
{
    apr_file_t *file;
    apr_off_t size;

    BASE_TRY(eas_writer_finish(writer));
    BASE_TRY(eas_spool_content(spool, wbxml, &file, &size));
    *length = (apr_size_t)size;
    if (file) {
        char *data = apr_palloc(pool, *length);
        apr_off_t start = 0;

        apr_file_seek(file, APR_SET, &start);
        apr_file_read_full(file, data, *length, NULL);
        *wbxml = data;
    }
    return NULL;
}

/* The bytes of an ApplicationData element as they go over the wire. */
__attribute__((unused)) static base_fault_t *email_wbxml(const backend_blob_t *blob,
                                                         apr_uint64_t flags,
                                                         const item_options_t *options,
                                                         const char **wbxml, apr_size_t *length,
                                                         apr_pool_t *pool)
{
    item_reference_t reference = {.folder_id = "5", .generation = 1, .uid = 42};
    backend_entry_t entry = {.uid = 42, .token = flags, .date = RECEIVED, .size = blob->size};
    eas_spool_t *spool = eas_spool_create(NULL, pool);
    eas_writer_t *writer = eas_writer_create(spool, pool);
    item_email_t *email;

    BASE_TRY(item_email_load(blob, &reference, &entry, options, &email, pool));
    eas_writer_start(writer, EAS_AirSync_ApplicationData);
    item_email_write(email, 0, writer);
    eas_writer_end(writer);
    return wbxml_finish(writer, spool, wbxml, length, pool);
}

static base_fault_t *wbxml_decode(const char *wbxml, apr_size_t length, const eas_node_t **node,
                                  apr_pool_t *pool)
{
    /* nothing is spilled, so that all texts are at hand */
    eas_limits_t limits = {.depth = 32,
                           .elements = 100000,
                           .bytes = 1 << 30,
                           .spill_above = (apr_size_t)1 << 30,
                           .memory = (apr_size_t)1 << 30};
    eas_reader_t *reader = eas_reader_create(&limits, NULL, pool);

    BASE_TRY(eas_reader_feed(reader, wbxml, length));
    return eas_reader_finish(reader, node);
}

/* Rendered, encoded and decoded again: the ApplicationData element, NULL when there is a fault. */
__attribute__((unused)) static const eas_node_t *email_node(const backend_blob_t *blob,
                                                            apr_uint64_t flags,
                                                            const item_options_t *options,
                                                            apr_pool_t *pool)
{
    const char *wbxml;
    apr_size_t length;
    const eas_node_t *node = NULL;
    base_fault_t *fault = email_wbxml(blob, flags, options, &wbxml, &length, pool);

    if (!fault)
        fault = wbxml_decode(wbxml, length, &node, pool);
    if (fault)
        printf("# fault: %s\n", fault->message);
    return fault ? NULL : node;
}

/* An element of a request, at the end of its parent (NULL: a root). */
__attribute__((unused)) static eas_node_t *node_add(eas_node_t *parent, eas_tag_t tag,
                                                    const char *text, apr_pool_t *pool)
{
    eas_node_t *node = apr_pcalloc(pool, sizeof *node);

    node->tag = tag;
    node->text = text;
    node->length = strlen(text);
    node->parent = parent;
    if (parent && parent->last)
        parent->last->next = node;
    else if (parent)
        parent->first = node;
    if (parent)
        parent->last = node;
    return node;
}

/* Text of a property; NULL when it is not there. */
__attribute__((unused)) static const char *property(const eas_node_t *node, eas_tag_t tag)
{
    return node ? eas_node_child_text(node, tag) : NULL;
}

__attribute__((unused)) static const char *body_property(const eas_node_t *node, eas_tag_t tag)
{
    return property(eas_node_child(node, EAS_AirSyncBase_Body), tag);
}

/* The same with "" for a missing one, to look into. */
__attribute__((unused)) static const char *body_data(const eas_node_t *node)
{
    const char *data = body_property(node, EAS_AirSyncBase_Data);

    return data ? data : "";
}

__attribute__((unused)) static const eas_node_t *attachment_node(const eas_node_t *node, int n)
{
    const eas_node_t *attachments = eas_node_child(node, EAS_AirSyncBase_Attachments);
    const eas_node_t *attachment = eas_node_child(attachments, EAS_AirSyncBase_Attachment);

    while (attachment && n-- > 0)
        attachment = eas_node_next(attachment);
    return attachment;
}

#endif
