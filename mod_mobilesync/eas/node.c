#include "eas/node.h"

#include <string.h>
#include <apr_strings.h>

#include "base/text.h"

#define NODE_DUMP_TEXT 64

const eas_node_t *eas_node_child(const eas_node_t *node, eas_tag_t tag)
{
    const eas_node_t *child;

    if (!node)
        return NULL;
    for (child = node->first; child; child = child->next)
        if (child->tag == tag)
            return child;
    return NULL;
}

const eas_node_t *eas_node_next(const eas_node_t *node)
{
    const eas_node_t *sibling;

    for (sibling = node->next; sibling; sibling = sibling->next)
        if (sibling->tag == node->tag)
            return sibling;
    return NULL;
}

const char *eas_node_child_text(const eas_node_t *node, eas_tag_t tag)
{
    const eas_node_t *child = eas_node_child(node, tag);

    return child ? child->text : NULL;
}

int eas_node_child_uint(const eas_node_t *node, eas_tag_t tag, apr_uint64_t maximum,
                        apr_uint64_t *value)
{
    const eas_node_t *child = eas_node_child(node, tag);

    if (!child)
        return 0;
    /* a text with a NUL inside is no number */
    if (child->length != strlen(child->text))
        return -1;
    return base_text_parse_uint(child->text, maximum, value) ? 1 : -1;
}

int eas_node_child_flag(const eas_node_t *node, eas_tag_t tag, int missing)
{
    const eas_node_t *child = eas_node_child(node, tag);

    if (!child)
        return missing;
    if (child->length == 0)
        return 1;
    if (child->length != 1 || (child->text[0] != '0' && child->text[0] != '1'))
        return -1;
    return child->text[0] == '1';
}

apr_status_t eas_node_content(const eas_node_t *node, const char **data, apr_size_t *length,
                              apr_pool_t *pool)
{
    apr_off_t offset = node->offset;
    apr_status_t status;
    char *content;

    *data = node->text;
    *length = node->length;
    if (!node->file)
        return APR_SUCCESS;
    status = apr_file_seek(node->file, APR_SET, &offset);
    if (status != APR_SUCCESS)
        return status;
    content = apr_palloc(pool, node->length + 1);
    status = apr_file_read_full(node->file, content, node->length, NULL);
    content[node->length] = '\0';
    *data = content;
    return status;
}

/* -- dump ------------------------------------------------------------------ */

static int node_is_public(eas_tag_t tag)
{
    static const char *const names[] = {"Data", "Mime", "Password", "RecoveryPassword"};
    const char *name = eas_tag_name(tag);
    size_t i;

    for (i = 0; name && i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0)
            return 0;
    return 1;
}

static const char *node_name(const eas_node_t *node, apr_pool_t *pool)
{
    const char *name = eas_tag_name(node->tag);

    return name ? name
                : apr_psprintf(pool, "unknown-%02x-%02x", eas_tag_page(node->tag),
                               eas_tag_token(node->tag));
}

static void node_dump_text(base_text_buffer_t *out, const char *text)
{
    for (; *text; text++)
        if (*text == '<')
            base_text_buffer_puts(out, "&lt;");
        else if (*text == '&')
            base_text_buffer_puts(out, "&amp;");
        else
            base_text_buffer_append(out, text, 1);
}

static void node_dump_start(base_text_buffer_t *out, const eas_node_t *node,
                            const eas_node_view_t *view, int depth)
{
    const char *name = node_name(node, out->pool);

    base_text_buffer_printf(out, "%*s<%s", 2 * depth, "", name);
    if (!node->parent || eas_tag_page(node->tag) != eas_tag_page(node->parent->tag))
        base_text_buffer_printf(out, " xmlns=\"%s\"", eas_tag_namespace(node->tag));
    if (!node->first && !node->length) {
        base_text_buffer_puts(out, "/>\n");
        return;
    }
    base_text_buffer_puts(out, ">");
    if (node->first) {
        base_text_buffer_puts(out, "\n");
        return;
    }
    if (node->length > view->text_max || node->file || !view->shown(node->tag) ||
        !base_text_xml_legal(node->text, node->length))
        base_text_buffer_printf(out, "[%" APR_SIZE_T_FMT " bytes]", node->length);
    else
        node_dump_text(out, node->text);
    base_text_buffer_printf(out, "</%s>\n", name);
}

const char *eas_node_print(const eas_node_t *node, const eas_node_view_t *view, int *cut,
                           apr_pool_t *pool)
{
    base_text_buffer_t out = {.pool = pool};
    const eas_node_t *at = node;
    int depth = 0;

    *cut = 0;
    if (!node)
        return "";
    for (;;) {
        /* what is open is closed all the same */
        if (view->bytes_max && out.length > view->bytes_max)
            *cut = 1;
        if (!*cut)
            node_dump_start(&out, at, view, depth);
        if (!*cut && at->first) {
            at = at->first;
            depth++;
            continue;
        }
        while (at != node && (!at->next || *cut)) {
            at = at->parent;
            depth--;
            base_text_buffer_printf(&out, "%*s</%s>\n", 2 * depth, "", node_name(at, pool));
        }
        if (at == node)
            return out.data;
        at = at->next;
    }
}

const char *eas_node_dump(const eas_node_t *node, apr_pool_t *pool)
{
    static const eas_node_view_t view = {.shown = node_is_public, .text_max = NODE_DUMP_TEXT};
    int cut;

    return eas_node_print(node, &view, &cut, pool);
}
