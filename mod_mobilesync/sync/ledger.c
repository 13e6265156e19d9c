#include "sync/ledger.h"

#include <string.h>
#include <apr_sha1.h>
#include <apr_strings.h>

#include "base/text.h"
#include "sync/pack.h"

#define RESULT_FORMAT 3 /* 1: without tell, 2: without memo */

const char *sync_ledger_scope(const char *series, const char *folder_id, unsigned counter,
                              apr_pool_t *pool)
{
    return apr_psprintf(pool, "s:%s:%s:%u", series, folder_id, counter);
}

const char *sync_ledger_entry(char kind, const char *id, int occurrence, int content,
                              apr_pool_t *pool)
{
    return apr_psprintf(pool, "%c:%s:%d:%d", kind, id, occurrence, content);
}

const char *sync_ledger_derived_name(const char *account, const char *device, const char *scope,
                                     const char *entry, apr_pool_t *pool)
{
    const char *const parts[] = {account, device, scope, entry};
    unsigned char digest[APR_SHA1_DIGESTSIZE];
    apr_sha1_ctx_t sha1;
    size_t i;

    apr_sha1_init(&sha1);
    for (i = 0; i < sizeof parts / sizeof *parts; i++)
        apr_sha1_update(&sha1, parts[i], (unsigned)strlen(parts[i]) + 1);
    apr_sha1_final(digest, &sha1);
    return base_text_hex_encode(digest, sizeof digest, pool);
}

sync_ledger_verdict_t sync_ledger_judge(const sync_ledger_result_t *recorded, const char *digest)
{
    if (recorded->code == BASE_FAULT_UNKNOWN_OUTCOME)
        return SYNC_LEDGER_DOUBT;
    return strcmp(recorded->digest, digest) == 0 ? SYNC_LEDGER_ANSWER : SYNC_LEDGER_OTHER;
}

int sync_ledger_fault_final(base_fault_code_t code)
{
    static const char final[BASE_FAULT_COUNT_] = {
        [BASE_FAULT_INVALID] = 1,  [BASE_FAULT_UNSUPPORTED] = 1, [BASE_FAULT_TOO_LARGE] = 1,
        [BASE_FAULT_DENIED] = 1,   [BASE_FAULT_NOT_FOUND] = 1,   [BASE_FAULT_EXISTS] = 1,
        [BASE_FAULT_CONFLICT] = 1, [BASE_FAULT_QUOTA] = 1,       [BASE_FAULT_CONVERSION] = 1,
    };

    return code >= 0 && code < BASE_FAULT_COUNT_ && final[code];
}

/* The code by its name: records outlive the numbers of a build. */
static base_fault_code_t result_code(const char *name)
{
    int code;

    for (code = BASE_FAULT_NONE + 1; code < BASE_FAULT_COUNT_; code++)
        if (strcmp(base_fault_code_name((base_fault_code_t)code), name) == 0)
            return (base_fault_code_t)code;
    return *name ? BASE_FAULT_INTERNAL : BASE_FAULT_NONE;
}

void sync_ledger_result_pack(const sync_ledger_result_t *result, const void **data,
                             apr_size_t *length, apr_pool_t *pool)
{
    base_text_buffer_t out = {.pool = pool};

    sync_pack_uint(&out, RESULT_FORMAT);
    sync_pack_text(&out, result->digest);
    sync_pack_text(&out, result->code ? base_fault_code_name(result->code) : "");
    sync_pack_uint(&out, result->uid);
    sync_pack_uint(&out, result->token);
    sync_pack_int(&out, result->date);
    sync_pack_uint(&out, (apr_uint64_t)result->tell);
    sync_pack_bytes(&out, result->memo, result->memo_length);
    *data = out.data;
    *length = out.length;
}

sync_ledger_result_t *sync_ledger_result_unpack(const void *data, apr_size_t length,
                                                apr_pool_t *pool)
{
    sync_ledger_result_t *result = apr_pcalloc(pool, sizeof *result);
    apr_uint64_t format;
    sync_unpack_t in;

    sync_unpack_start(&in, data, length);
    format = sync_unpack_uint(&in);
    if (format < 1 || format > RESULT_FORMAT)
        return NULL;
    result->digest = sync_unpack_text(&in, pool);
    result->code = result_code(sync_unpack_text(&in, pool));
    result->uid = sync_unpack_uint(&in);
    result->token = sync_unpack_uint(&in);
    result->date = sync_unpack_int(&in);
    result->tell = format > 1 ? (sync_tell_t)sync_unpack_count(&in, SYNC_TELL_OWN) : SYNC_TELL_NOT;
    if (format > 2)
        result->memo = sync_unpack_bytes(&in, &result->memo_length);
    if (!result->memo_length)
        result->memo = NULL;
    return sync_unpack_end(&in) ? result : NULL;
}
