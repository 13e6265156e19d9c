/* The request of Autodiscover in XML, read through libxml2's SAX interface: no tree is built, and what
 * a document type could bring (entities, files, other hosts) ends the reading. */
#include "cmd/autodiscover.h"

#include <string.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <libxml/parserInternals.h>

#include "base/text.h"

#define REQUEST_DEPTH_MAX 32
/* Longer texts are neither an address nor the name of a schema. */
#define REQUEST_TEXT_MAX 1024

typedef struct {
    xmlParserCtxtPtr parser;
    base_text_buffer_t text;
    cmd_autodiscover_request_t *request;
    const char *wrong;  /* NULL: nothing yet */
    const char **field; /* what the text is of, NULL: of nothing that counts */
    int depth;
    int requests; /* elements of that name: one is the rule (MS-ASCMD R3799) */
} request_reader_t;

static void request_refuse(request_reader_t *reader, const char *why)
{
    if (!reader->wrong)
        reader->wrong = why;
    xmlStopParser(reader->parser);
}

/* Namespaces are not looked at: clients get them wrong, and what is asked for stands in
 * AcceptableResponseSchema. */
static void request_start(void *baton, const xmlChar *name, const xmlChar *prefix,
                          const xmlChar *uri, int namespaces, const xmlChar **namespace_list,
                          int attributes, int defaulted, const xmlChar **attribute_list)
{
    request_reader_t *reader = baton;
    const char *local = (const char *)name;

    (void)prefix, (void)uri, (void)namespaces, (void)namespace_list;
    (void)attributes, (void)defaulted, (void)attribute_list;
    reader->field = NULL;
    if (++reader->depth > REQUEST_DEPTH_MAX)
        request_refuse(reader, "it is nested too deeply");
    else if (reader->depth == 1 && strcmp(local, "Autodiscover") != 0)
        request_refuse(reader, "the document is no Autodiscover");
    else if (reader->depth == 2 && strcmp(local, "Request") == 0 && ++reader->requests > 1)
        request_refuse(reader, "there is more than one Request");
    else if (reader->depth == 3 && reader->requests == 1) {
        if (strcmp(local, "EMailAddress") == 0)
            reader->field = &reader->request->address;
        else if (strcmp(local, "AcceptableResponseSchema") == 0)
            reader->field = &reader->request->schema;
    }
    if (reader->field && *reader->field)
        request_refuse(reader, "an element is there twice");
    reader->text.length = 0;
}

static void request_text(void *baton, const xmlChar *text, int length)
{
    request_reader_t *reader = baton;

    if (!reader->field)
        return;
    if (reader->text.length + (size_t)length > REQUEST_TEXT_MAX)
        request_refuse(reader, "a text is too long");
    else
        base_text_buffer_append(&reader->text, text, (size_t)length);
}

/* Without the white space around it. */
static const char *request_trimmed(const base_text_buffer_t *text)
{
    const char *start = text->data ? text->data : "", *end = start + text->length;

    while (start < end && apr_isspace(*start))
        start++;
    while (end > start && apr_isspace(end[-1]))
        end--;
    return apr_pstrmemdup(text->pool, start, (apr_size_t)(end - start));
}

static void request_end(void *baton, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    request_reader_t *reader = baton;

    (void)name, (void)prefix, (void)uri;
    if (reader->field && reader->depth == 3)
        *reader->field = request_trimmed(&reader->text);
    reader->field = NULL;
    reader->depth--;
}

static void request_document_type(void *baton, const xmlChar *name, const xmlChar *external,
                                  const xmlChar *system)
{
    (void)name, (void)external, (void)system;
    request_refuse(baton, "it has a document type");
}

static apr_status_t request_free_parser(void *parser)
{
    xmlFreeParserCtxt(parser);
    return APR_SUCCESS;
}

/* Not through the push parser: of UTF-16 that comes as a whole it would convert the first line only. */
static base_fault_t *request_run(request_reader_t *reader, const char *text, apr_size_t length,
                                 apr_pool_t *pool)
{
    static const xmlSAXHandler handler = {.initialized = XML_SAX2_MAGIC,
                                          .internalSubset = request_document_type,
                                          .startElementNs = request_start,
                                          .endElementNs = request_end,
                                          .characters = request_text,
                                          .cdataBlock = request_text};

    if (!length)
        return base_fault_make(pool, BASE_FAULT_INVALID, "it is empty");
    if (!(reader->parser = xmlCreateMemoryParserCtxt(text, (int)length)))
        return base_fault_make(pool, BASE_FAULT_INTERNAL, "libxml2 has no memory for a parser");
    apr_pool_cleanup_register(pool, reader->parser, request_free_parser, apr_pool_cleanup_null);
    *reader->parser->sax = handler;
    reader->parser->userData = reader;
    xmlCtxtUseOptions(reader->parser, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    xmlParseDocument(reader->parser);
    if (reader->wrong)
        return base_fault_make(pool, BASE_FAULT_INVALID, "%s", reader->wrong);
    if (!reader->parser->wellFormed)
        return base_fault_make(pool, BASE_FAULT_INVALID, "it is not well-formed XML");
    return NULL;
}

base_fault_t *cmd_autodiscover_request_parse(const char *text, apr_size_t length,
                                             cmd_autodiscover_request_t *request, apr_pool_t *pool)
{
    request_reader_t reader = {.text = {.pool = pool}, .request = request};

    *request = (cmd_autodiscover_request_t){0};
    if (length > CMD_AUTODISCOVER_MAX)
        return base_fault_make(pool, BASE_FAULT_INVALID, "it is too long");
    BASE_TRY(request_run(&reader, text, length, pool));
    if (!request->address || !cmd_autodiscover_is_address(request->address))
        return base_fault_make(pool, BASE_FAULT_INVALID, "there is no EMailAddress");
    if (!request->schema || !*request->schema)
        return base_fault_make(pool, BASE_FAULT_INVALID, "there is no AcceptableResponseSchema");
    return NULL;
}
