/* Shows messages as the properties that a client gets: item_show FILE [TYPE [TRUNCATION [VERSION]]].
 * A tool for those who write tests; it checks nothing. */
#include "item_helpers.h"

static void show(const eas_node_t *node, int depth)
{
    for (; node; node = node->next) {
        printf("%*s%s", depth * 2, "", eas_tag_name(node->tag));
        if (!node->first && !eas_tag_is_opaque(node->tag))
            printf(" = %s", node->text);
        printf("\n");
        show(node->first, depth + 1);
    }
}

int main(int argc, char **argv)
{
    apr_pool_t *pool;
    item_email_options_t options;
    const eas_node_t *node;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init();
    options = options_prefer(eas_version_parse(argc > 4 ? argv[4] : "16.1"),
                             argc > 2 ? (item_body_type_t)atoi(argv[2]) : ITEM_BODY_TEXT,
                             argc > 3 ? (apr_uint64_t)atoll(argv[3]) : ITEM_TRUNCATION_NONE);
    options.preferences[0].preview = 100;
    node = argc > 1 ? email_node(blob_of_file(argv[1], pool), 0, &options, pool) : NULL;
    show(node, 0);
    apr_pool_destroy(pool);
    return node == NULL;
}
