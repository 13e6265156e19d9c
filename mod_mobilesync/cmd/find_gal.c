/* Find among the people of the directory. */
#include "cmd/find.h"
#include "cmd/gal.h"
#include "eas/status.h"

static const cmd_pictures_tags_t gal_tags = {
    .picture = EAS_Find_Picture,
    .size_max = EAS_Find_MaxSize,
    .count_max = EAS_Find_MaxPictures,
    .answer = EAS_GAL_Picture,
    .status = EAS_GAL_Status,
    .data = EAS_GAL_Data,
};

/* The name stands in the Query, or in its FreeText. */
static base_fault_t *gal_query(cmd_exchange_t *exchange, const eas_node_t *criterion,
                               const char **text)
{
    const eas_node_t *query = eas_node_child(criterion, EAS_Find_Query);

    if (query && query->first)
        BASE_TRY(cmd_find_text(exchange, query, EAS_Find_FreeText, text));
    else
        BASE_TRY(cmd_find_text(exchange, criterion, EAS_Find_Query, text));
    return *text ? NULL : cmd_find_invalid(exchange, "there is no Query");
}

base_fault_t *cmd_find_gal(cmd_exchange_t *exchange, const eas_node_t *criterion)
{
    const eas_node_t *options = eas_node_child(criterion, EAS_Find_Options);
    eas_writer_t *writer = exchange->writer;
    backend_people_found_t *found;
    cmd_pictures_t pictures;
    cmd_range_t range;
    const char *text;
    int i;

    BASE_TRY(cmd_find_range(exchange, options, &range));
    BASE_TRY(cmd_pictures_parse(exchange, options, &gal_tags, &pictures));
    BASE_TRY(gal_query(exchange, criterion, &text));
    BASE_TRY(cmd_gal_find(exchange, text, range.first, range.last, &found));
    cmd_find_open(exchange, EAS_STATUS_SUCCESS);
    for (i = 0; i < found->count && (i == 0 || !cmd_search_full(exchange)); i++) {
        eas_writer_start(writer, EAS_Find_Result);
        eas_writer_start(writer, EAS_Find_Properties);
        cmd_gal_write(writer, &found->people[i], &gal_tags, &pictures);
        eas_writer_end(writer);
        eas_writer_end(writer);
    }
    if (i)
        eas_writer_text(writer, EAS_Find_Range, cmd_range_show(&range, i, exchange->pool));
    eas_writer_uint(writer, EAS_Find_Total, (apr_uint64_t)found->total);
    eas_writer_end(writer);
    eas_writer_end(writer);
    return NULL;
}
