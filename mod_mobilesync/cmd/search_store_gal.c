/* The store GAL of Search: people of the directory. */
#include "cmd/gal.h"
#include "cmd/search.h"
#include "cmd/search_mailbox.h"

static const cmd_pictures_tags_t gal_tags = {
    .picture = EAS_Search_Picture,
    .size_max = EAS_Search_MaxSize,
    .count_max = EAS_Search_MaxPictures,
    .answer = EAS_GAL_Picture,
    .status = EAS_GAL_Status,
    .data = EAS_GAL_Data,
};

base_fault_t *cmd_search_store_gal(cmd_exchange_t *exchange, const eas_node_t *query,
                                   const eas_node_t *options, int *status)
{
    const char *text = eas_node_child_text(options, EAS_Search_Range);
    cmd_range_t range = {0, CMD_GAL_RESULTS_MAX - 1};
    eas_writer_t *writer = exchange->writer;
    backend_people_found_t *found;
    cmd_pictures_t pictures;
    int i;

    if (query->first || (text && !cmd_range_parse(text, CMD_RANGE_RESULTS, &range))) {
        *status = CMD_SEARCH_STATUS_INVALID;
        return NULL;
    }
    if (range.last >= CMD_GAL_RESULTS_MAX) { /* R3736 */
        *status = CMD_SEARCH_STATUS_END_OF_RANGE;
        return NULL;
    }
    BASE_TRY(cmd_pictures_parse(exchange, options, &gal_tags, &pictures));
    BASE_TRY(cmd_gal_find(exchange, query->text, range.first, range.last, &found));
    if (range.first && range.first >= found->total) {
        *status = CMD_SEARCH_STATUS_END_OF_RANGE;
        return NULL;
    }
    eas_writer_uint(writer, EAS_Search_Status, CMD_SEARCH_STATUS_SUCCESS);
    for (i = 0; i < found->count && (i == 0 || !cmd_search_full(exchange)); i++) {
        eas_writer_start(writer, EAS_Search_Result);
        eas_writer_start(writer, EAS_Search_Properties);
        cmd_gal_write(writer, &found->people[i], &gal_tags, &pictures);
        eas_writer_end(writer);
        eas_writer_end(writer);
    }
    if (i)
        eas_writer_text(writer, EAS_Search_Range, cmd_range_show(&range, i, exchange->pool));
    eas_writer_uint(writer, EAS_Search_Total, (apr_uint64_t)found->total);
    return NULL;
}
