#include "cmd/search_mailbox.h"

#include <string.h>
#include <apr_sha1.h>
#include <apr_strings.h>

#include "base/text.h"
#include "item/words.h"

#define SEARCH_ROOT "0"

/* -- folders ---------------------------------------------------------------------------------- */

static const backend_folder_t *search_parent(const apr_array_header_t *folders,
                                             const backend_folder_t *folder)
{
    int i;

    for (i = 0; folder->parent_id && i < folders->nelts; i++)
        if (strcmp(APR_ARRAY_IDX(folders, i, backend_folder_t).id, folder->parent_id) == 0)
            return &APR_ARRAY_IDX(folders, i, backend_folder_t);
    return NULL;
}

static int search_is_named(const cmd_search_t *search, const char *id)
{
    int i;

    for (i = 0; i < search->folder_ids->nelts; i++)
        if (strcmp(APR_ARRAY_IDX(search->folder_ids, i, const char *), id) == 0)
            return 1;
    return 0;
}

/* The root, as some clients name it, stands for everything. */
static int search_is_wanted(const cmd_search_t *search, const apr_array_header_t *folders,
                            const backend_folder_t *folder)
{
    int steps;

    if (!(search->classes >> folder->class_ & 1))
        return 0;
    if (!search->folder_ids->nelts || search_is_named(search, SEARCH_ROOT))
        return 1;
    for (steps = 0; folder && steps <= folders->nelts; steps++) {
        if (search_is_named(search, folder->id))
            return 1;
        folder = search->deep ? search_parent(folders, folder) : NULL;
    }
    return 0;
}

static base_fault_t *search_folders(cmd_exchange_t *exchange, const cmd_search_t *search,
                                    apr_array_header_t **ids)
{
    apr_array_header_t *folders;
    backend_folder_t *named;
    int i;

    BASE_TRY(cmd_exchange_folders(exchange, &folders));
    for (i = 0; i < search->folder_ids->nelts; i++) {
        const char *id = APR_ARRAY_IDX(search->folder_ids, i, const char *);

        if (strcmp(id, SEARCH_ROOT) != 0)
            BASE_TRY(cmd_exchange_folder(exchange, id, &named));
    }
    *ids = apr_array_make(exchange->pool, folders->nelts, sizeof(const char *));
    for (i = 0; i < folders->nelts; i++)
        if (search_is_wanted(search, folders, &APR_ARRAY_IDX(folders, i, backend_folder_t)))
            APR_ARRAY_PUSH(*ids, const char *) = APR_ARRAY_IDX(folders, i, backend_folder_t).id;
    return NULL;
}

/* -- search ----------------------------------------------------------------------------------- */

static const char *search_name(const cmd_exchange_t *exchange, const cmd_search_t *search)
{
    unsigned char digest[APR_SHA1_DIGESTSIZE];
    apr_sha1_ctx_t context;

    apr_sha1_init(&context);
    apr_sha1_update(&context, exchange->request->device_id,
                    (unsigned)strlen(exchange->request->device_id) + 1);
    apr_sha1_update(&context, search->name, (unsigned)strlen(search->name));
    apr_sha1_final(digest, &context);
    return base_text_hex_encode(digest, sizeof digest, exchange->pool);
}

base_fault_t *cmd_search_mailbox(cmd_exchange_t *exchange, const cmd_search_t *search,
                                 backend_found_t **found)
{
    apr_interval_time_t patience = exchange->service->limits.response_time / 2;
    apr_array_header_t *ids;
    backend_session_t *session;
    backend_search_t asked = {.query = search->query,
                              .extract = item_words_extract,
                              .extract_version = ITEM_WORDS_VERSION,
                              .skip = search->range.first,
                              .limit = search->range.last - search->range.first + 1,
                              .name = search_name(exchange, search),
                              .renew = search->renew,
                              .deadline = exchange->now + patience};

    BASE_TRY(cmd_exchange_session(exchange, &session));
    BASE_TRY(search_folders(exchange, search, &ids));
    asked.folder_ids = (const char *const *)ids->elts;
    asked.folder_count = ids->nelts;
    BASE_TRY(backend_search(session, &asked, found, exchange->pool));
    /* "nothing" must be true: the client is to try again, which goes on from here */
    if (!(*found)->complete && !(*found)->total)
        return base_fault_make(exchange->pool, BASE_FAULT_TIMEOUT,
                               "the mailbox is not indexed yet; nothing found so far");
    return NULL;
}

int cmd_search_full(const cmd_exchange_t *exchange)
{
    const cmd_limits_t *limits = &exchange->service->limits;

    return eas_writer_size(exchange->writer) > limits->response_bytes ||
           apr_time_now() - exchange->now > limits->response_time;
}

base_fault_t *cmd_search_open(cmd_exchange_t *exchange, const backend_match_t *match,
                              item_reference_t *reference, const item_kind_t **kind,
                              backend_entry_t *entry, backend_blob_t **blob, apr_pool_t *pool)
{
    backend_folder_t *folder;
    base_fault_t *fault;

    *blob = NULL;
    *reference = (item_reference_t){
        .folder_id = match->folder_id, .generation = match->generation, .uid = match->uid};
    fault = cmd_exchange_folder(exchange, match->folder_id, &folder);
    if (!fault && kind)
        *kind = item_kind_find(folder->class_);
    if (!fault)
        fault = cmd_exchange_item(exchange, reference, entry, blob, pool);
    if (base_fault_code(fault) != BASE_FAULT_NOT_FOUND &&
        base_fault_code(fault) != BASE_FAULT_FOLDER_GONE)
        return fault;
    *blob = NULL;
    return NULL;
}
