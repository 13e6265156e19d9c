#include "item/document_impl.h"

#include <string.h>
#include <strings.h>
#include <apr_strings.h>

#include "backend/blob.h"

/* -- parsing -- */

typedef struct {
    item_document_t *document;
    item_component_t *open; /* NULL: before the root */
    const char *at, *end;
    int depth;
    int lines;
} document_parser_t;

static base_fault_t *parse_fault(document_parser_t *parser, const char *what)
{
    return base_fault_make(parser->document->pool, BASE_FAULT_CONVERSION, "line %d: %s",
                           parser->lines, what);
}

/* What BEGIN or END names: upper case, without blanks around it. */
static const char *parse_object(const char *raw, apr_size_t length, apr_pool_t *pool)
{
    base_content_line_t line;
    const char *name;

    if (!base_content_line_read(raw, length, &line, pool))
        return "";
    name = line.value + strspn(line.value, " \t");
    return base_text_upper(apr_pstrmemdup(pool, name, strcspn(name, " \t")), pool);
}

static base_fault_t *parse_begin(document_parser_t *parser, const char *raw, apr_size_t length,
                                 const char *name)
{
    item_document_t *document = parser->document;
    item_component_t *component;

    if (!parser->open && strcmp(name, "VCARD") != 0 && strcmp(name, "VCALENDAR") != 0)
        return NULL;
    if (++parser->depth > ITEM_DOCUMENT_DEPTH_MAX)
        return parse_fault(parser, "nested too deeply");
    component = apr_pcalloc(document->pool, sizeof *component);
    component->node.kind = NODE_COMPONENT;
    component->node.raw = raw;
    component->node.length = length;
    component->document = document;
    component->name = name;
    if (parser->open)
        item_node_link(parser->open, parser->open->last, &component->node);
    else {
        document->root = component;
        document->before_length = (apr_size_t)(raw - document->before);
    }
    parser->open = component;
    return NULL;
}

static base_fault_t *parse_end(document_parser_t *parser, const char *raw, apr_size_t length)
{
    item_component_t *component = parser->open;

    if (strcmp(parse_object(raw, length, parser->document->pool), component->name) != 0)
        return parse_fault(parser, "an END of something else");
    component->end = raw;
    component->end_length = length;
    parser->open = component->node.parent;
    parser->depth--;
    return NULL;
}

static void parse_node(document_parser_t *parser, const char *raw, apr_size_t length,
                       const char *name, const char *group)
{
    item_property_t *property;
    item_node_t *node;

    if (name) {
        property = apr_pcalloc(parser->document->pool, sizeof *property);
        property->name = name;
        property->group = group;
        node = &property->node;
    }
    else
        node = apr_pcalloc(parser->document->pool, sizeof *node);
    node->kind = name ? NODE_PROPERTY : NODE_OTHER;
    node->raw = raw;
    node->length = length;
    item_node_link(parser->open, parser->open->last, node);
}

/* vCard 2.1 has the card of an agent nested, behind a line AGENT or (not by the book) in it. */
static int parse_is_agent(const char *name, const char *raw, apr_size_t length, apr_pool_t *pool)
{
    base_content_line_t line;

    return strcmp(name, "AGENT") == 0 && length < 100 &&
           base_content_line_read(raw, length, &line, pool) &&
           strcasecmp(line.value, "BEGIN:VCARD") == 0;
}

static base_fault_t *parse_line(document_parser_t *parser, const char *raw, apr_size_t length)
{
    apr_pool_t *pool = parser->document->pool;
    const char *group, *name = base_content_line_name(raw, length, &group, pool);

    if (name && strcmp(name, "BEGIN") == 0)
        return parse_begin(parser, raw, length, parse_object(raw, length, pool));
    if (!parser->open)
        return NULL;
    if (name && strcmp(name, "END") == 0)
        return parse_end(parser, raw, length);
    if (name && parse_is_agent(name, raw, length, pool))
        return parse_begin(parser, raw, length, "VCARD");
    parse_node(parser, raw, length, name, group);
    return NULL;
}

static base_fault_t *parse_lines(document_parser_t *parser)
{
    item_document_t *document = parser->document;

    while (parser->at < parser->end && (parser->open || !document->root)) {
        const char *raw = parser->at;

        if (++parser->lines > ITEM_DOCUMENT_LINES_MAX)
            return parse_fault(parser, "too many lines");
        parser->at = base_content_line_end(raw, parser->end);
        BASE_TRY(parse_line(parser, raw, (apr_size_t)(parser->at - raw)));
    }
    if (!document->root)
        return parse_fault(parser, "no vCard and no iCalendar object");
    if (parser->open)
        return parse_fault(parser, "the end of the object is missing");
    document->after = parser->at;
    document->after_length = (apr_size_t)(parser->end - parser->at);
    return NULL;
}

static item_document_version_t parse_version(item_component_t *root)
{
    const char *version;

    if (strcmp(root->name, "VCARD") != 0)
        return ITEM_DOCUMENT_ICALENDAR;
    version = item_component_text(root, "VERSION");
    if (version && strcmp(version, "2.1") == 0)
        return ITEM_DOCUMENT_VCARD_21;
    return version && *version == '4' ? ITEM_DOCUMENT_VCARD_4 : ITEM_DOCUMENT_VCARD_3;
}

static base_fault_t *document_parse(item_document_t *document, const char *data, apr_size_t size)
{
    static const char mark[] = "\xef\xbb\xbf"; /* U+FEFF */
    document_parser_t parser = {.document = document, .at = data, .end = data + size};
    const char *lf = memchr(data, '\n', size);

    document->before = data;
    document->version = ITEM_DOCUMENT_VCARD_3;
    document->line_end = lf && (lf == data || lf[-1] != '\r') ? "\n" : "\r\n";
    if (size >= 3 && memcmp(data, mark, 3) == 0)
        parser.at += 3;
    BASE_TRY(parse_lines(&parser));
    document->version = parse_version(document->root);
    return NULL;
}

base_fault_t *item_document_parse(const backend_blob_t *blob, item_document_t **document,
                                  apr_pool_t *pool)
{
    item_document_t *made = apr_pcalloc(pool, sizeof *made);
    const char *data;

    if (blob->size > ITEM_DOCUMENT_MAX)
        return base_fault_make(pool, BASE_FAULT_CONVERSION, "more than %d bytes",
                               ITEM_DOCUMENT_MAX);
    BASE_TRY(backend_blob_load(blob, &data, pool));
    made->pool = pool;
    made->blob = backend_blob_of(data, blob->size, pool);
    BASE_TRY(document_parse(made, data, (apr_size_t)blob->size));
    *document = made;
    return NULL;
}

item_document_t *item_document_make(item_document_version_t version, apr_pool_t *pool)
{
    static const char *const texts[] = {
        [ITEM_DOCUMENT_VCARD_21] = "BEGIN:VCARD\r\nVERSION:2.1\r\nEND:VCARD\r\n",
        [ITEM_DOCUMENT_VCARD_3] = "BEGIN:VCARD\r\nVERSION:3.0\r\nEND:VCARD\r\n",
        [ITEM_DOCUMENT_VCARD_4] = "BEGIN:VCARD\r\nVERSION:4.0\r\nEND:VCARD\r\n",
        [ITEM_DOCUMENT_ICALENDAR] = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
                                    "PRODID:-//mod_mobilesync//EN\r\nEND:VCALENDAR\r\n"};
    item_document_t *document = apr_pcalloc(pool, sizeof *document);

    document->pool = pool;
    if (document_parse(document, texts[version], strlen(texts[version])))
        return NULL; /* never: the texts are as they should be */
    document->changed = 1;
    return document;
}

item_document_version_t item_document_version(const item_document_t *document)
{
    return document->version;
}

int item_document_is_changed(const item_document_t *document)
{
    return document->changed;
}

item_component_t *item_document_root(item_document_t *document)
{
    return document->root;
}
