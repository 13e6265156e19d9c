#include "cmd/contacts.h"

#include <string.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "backend/blob.h"
#include "cmd/query.h"
#include "item/words.h"

static backend_query_t *contacts_text(const char *text, int prefix, apr_pool_t *pool)
{
    backend_query_t *query = cmd_query_make(BACKEND_QUERY_TEXT, pool);

    query->text = text;
    query->fields = BACKEND_FIELDS_ALL;
    query->prefix = prefix;
    return query;
}

/* What those who match have in common: an address as it is, or words that begin so. NULL: nothing is
 * asked for. */
static backend_query_t *contacts_query(const char *text, backend_people_t how, apr_pool_t *pool)
{
    backend_query_t *query = NULL;
    char *state = NULL, *word;

    if (how == BACKEND_PEOPLE_EMAIL)
        return *text ? contacts_text(text, 0, pool) : NULL;
    for (word = apr_strtok(apr_pstrdup(pool, text), " \t\r\n", &state); word;
         word = apr_strtok(NULL, " \t\r\n", &state))
        query = cmd_query_both(query, contacts_text(word, 1, pool), pool);
    return query;
}

static base_fault_t *contacts_folders(backend_session_t *session, apr_array_header_t **ids,
                                      apr_pool_t *pool)
{
    apr_array_header_t *folders;
    int i;

    BASE_TRY(backend_folder_list(session, &folders, pool));
    *ids = apr_array_make(pool, 2, sizeof(const char *));
    for (i = 0; i < folders->nelts; i++)
        if (APR_ARRAY_IDX(folders, i, backend_folder_t).class_ == BACKEND_CLASS_CONTACTS)
            APR_ARRAY_PUSH(*ids, const char *) = APR_ARRAY_IDX(folders, i, backend_folder_t).id;
    return NULL;
}

/* What is gone meanwhile is nobody. The card is in scratch, and in pool who matches: most do not, and all
 * may have a picture. */
static base_fault_t *contacts_match(backend_session_t *session, const backend_match_t *match,
                                    const char *text, backend_people_t how,
                                    apr_array_header_t *people, apr_pool_t *scratch,
                                    apr_pool_t *pool)
{
    apr_array_header_t *matching = apr_array_make(scratch, 1, sizeof(backend_person_t));
    backend_blob_t *blob;
    const char *card;
    base_fault_t *fault = backend_item_fetch(session, match->folder_id, match->uid, &blob, scratch);

    if (!fault)
        fault = backend_blob_load(blob, &card, scratch);
    if (!fault) {
        blob = backend_blob_of(card, blob->size, scratch);
        fault = backend_people_match(blob, text, how, matching, scratch);
    }
    if (!fault && matching->nelts)
        fault = backend_people_match(blob, text, how, people, pool);
    return base_fault_code(fault) == BASE_FAULT_UNAVAILABLE ? fault : NULL;
}

base_fault_t *cmd_contacts_find(backend_session_t *session, const char *text, backend_people_t how,
                                apr_time_t deadline, apr_array_header_t **people, apr_pool_t *pool)
{
    backend_search_t search = {.query = contacts_query(text, how, pool),
                               .extract = item_words_extract,
                               .extract_version = ITEM_WORDS_VERSION,
                               .limit = CMD_CONTACTS_MAX,
                               .deadline = deadline};
    apr_array_header_t *ids;
    backend_found_t *found;
    base_fault_t *fault;
    apr_pool_t *scratch;
    int i;

    *people = apr_array_make(pool, 4, sizeof(backend_person_t));
    BASE_TRY(contacts_folders(session, &ids, pool));
    if (!search.query || !ids->nelts)
        return NULL;
    search.folder_ids = (const char *const *)ids->elts;
    search.folder_count = ids->nelts;
    fault = backend_search(session, &search, &found, pool);
    if (base_fault_code(fault) == BASE_FAULT_UNSUPPORTED)
        return NULL;
    BASE_TRY(fault);
    apr_pool_create(&scratch, pool);
    for (i = 0; i < found->count && !fault; i++) {
        apr_pool_clear(scratch);
        fault = contacts_match(session, &found->matches[i], text, how, *people, scratch, pool);
    }
    fault = base_fault_wrap(fault, pool, "looking at contacts");
    apr_pool_destroy(scratch);
    return fault;
}
