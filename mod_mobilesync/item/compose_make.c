/* A client's message where it sends no MIME. */
#include "item/compose_parts.h"

#include "base/text.h"
#include "item/header.h"

base_fault_t *item_compose_make(const apr_array_header_t *to, item_body_type_t type,
                                const char *text, const char *directory,
                                const backend_blob_t **mime, apr_pool_t *pool)
{
    base_text_buffer_t list = {.pool = pool};
    item_sink_t sink;
    int i;

    base_text_buffer_puts(&list, "");
    for (i = 0; i < to->nelts; i++) {
        const item_address_t *one = &APR_ARRAY_IDX(to, i, item_address_t);

        base_text_buffer_printf(
            &list, "%s%s", i ? ",\r\n " : "",
            item_compose_crlf(item_compose_mailbox(one->name, one->address, pool), pool));
    }
    item_sink_init(&sink, ITEM_TRUNCATION_NONE, pool);
    sink.directory = directory;
    item_compose_put_field(&sink, "To", list.data);
    BASE_TRY(item_compose_put_text(type, text, strlen(text), &sink, pool));
    return item_compose_blob(&sink, mime, pool);
}
