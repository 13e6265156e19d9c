#include "item/conversation.h"

#include <string.h>
#include <strings.h>
#include <apr_lib.h>
#include <apr_sha1.h>
#include <apr_strings.h>
#include <gmime/gmime.h>

#include "backend/blob.h"
#include "base/text.h"
#include "item/header.h"

/* 100 ns since 1601 to microseconds since 1970 (MS-DTYP FILETIME) */
#define CONVERSATION_EPOCH 116444736000000000ull
/* Thread-Index: 1 reserved byte, 5 of the time, 16 of an identifier, then the responses */
#define CONVERSATION_THREAD_HEADER 22
#define CONVERSATION_INDEX_MAX 255

const char *item_conversation_topic(const char *subject)
{
    /* what the programs of many languages put in front of answers and forwarded mail */
    static const char *const prefixes[] = {"re",   "fw",  "fwd",    "aw",  "wg",  "sv",  "vs",
                                           "antw", "tr",  "rv",     "ref", "odp", "pd",  "r",
                                           "i",    "enc", "doorst", "vb",  "vl",  "ynt", "ilt"};
    size_t i = 0;

    while (i < sizeof prefixes / sizeof *prefixes) {
        apr_size_t n = strlen(prefixes[i]);
        const char *rest;

        subject += strspn(subject, " ");
        rest = subject + n;
        if (strncasecmp(subject, prefixes[i], n) != 0) {
            i++;
            continue;
        }
        if (*rest == '[') {
            rest += 1 + strspn(rest + 1, "0123456789");
            rest += *rest == ']';
        }
        if (*rest != ':') {
            i++;
            continue;
        }
        subject = rest + 1;
        i = 0;
    }
    return subject;
}

/* The Message-ID that the thread began with, or NULL. */
static const char *conversation_root(const item_mime_t *mime, apr_pool_t *pool)
{
    static const char *const fields[] = {"References", "In-Reply-To", "Message-ID"};
    size_t i;

    for (i = 0; i < sizeof fields / sizeof *fields; i++) {
        const char *value = item_mime_field(mime, fields[i]);
        const char *id = value ? item_header_message_id(value, 0, pool) : NULL;

        if (id)
            return id;
    }
    return NULL;
}

static const char *conversation_field(const item_mime_t *mime, const char *name)
{
    const char *value = item_mime_field(mime, name);

    return value ? value : "";
}

const unsigned char *item_conversation_id(const item_mime_t *mime, apr_pool_t *pool)
{
    unsigned char digest[APR_SHA1_DIGESTSIZE];
    const char *root = conversation_root(mime, pool);
    apr_sha1_ctx_t context;

    if (!root) {
        const char *subject = item_mime_field(mime, "Subject");

        root = base_text_lower(
            item_conversation_topic(subject ? item_header_text(subject, pool) : ""), pool);
    }
    if (!*root)
        root = apr_pstrcat(pool, conversation_field(mime, "From"), "\n",
                           conversation_field(mime, "Date"), NULL);
    apr_sha1_init(&context);
    apr_sha1_update(&context, root, (unsigned)strlen(root));
    apr_sha1_final(digest, &context);
    return apr_pmemdup(pool, digest, ITEM_CONVERSATION_ID_SIZE);
}

/* The header alone, when it ends within the first window: it is all that is wanted, and the body
 * may be large. */
static base_fault_t *conversation_header(item_source_t **source, apr_pool_t *pool)
{
    const char *bytes, *end = NULL;
    apr_size_t length, i;

    BASE_TRY(item_source_view(*source, 0, ITEM_SOURCE_WINDOW, &bytes, &length));
    for (i = 0; i + 1 < length && !end; i++)
        if (bytes[i] == '\n' && (bytes[i + 1] == '\n' ||
                                 (bytes[i + 1] == '\r' && i + 2 < length && bytes[i + 2] == '\n')))
            end = bytes + i + 1;
    if (!end)
        return NULL;
    length = (apr_size_t)(end - bytes);
    return item_source_open(backend_blob_of(apr_pmemdup(pool, bytes, length), length, pool), source,
                            pool);
}

base_fault_t *item_conversation_name(const backend_blob_t *blob, const char **name,
                                     apr_pool_t *pool)
{
    item_source_t *source;
    item_mime_t *mime;

    BASE_TRY(item_source_open(blob, &source, pool));
    BASE_TRY(conversation_header(&source, pool));
    BASE_TRY(item_mime_parse(source, &mime, pool));
    *name = base_text_hex_encode(item_conversation_id(mime, pool), ITEM_CONVERSATION_ID_SIZE, pool);
    return NULL;
}

const unsigned char *item_conversation_index(const item_mime_t *mime, apr_time_t date,
                                             apr_size_t *length, apr_pool_t *pool)
{
    const char *thread = item_mime_field(mime, "Thread-Index");
    const char *sent = item_mime_field(mime, "Date");
    unsigned char *index = apr_pcalloc(pool, CONVERSATION_INDEX_MAX);
    apr_uint64_t filetime;
    int i;

    if (thread && strlen(thread) < 2 * CONVERSATION_INDEX_MAX) {
        GMimeEncoding state; /* a plain struct: nothing to release */
        char *decoded = apr_palloc(pool, strlen(thread) + 4);
        apr_size_t n;

        g_mime_encoding_init_decode(&state, GMIME_CONTENT_ENCODING_BASE64);
        n = g_mime_encoding_flush(&state, thread, strlen(thread), decoded);
        if (n >= CONVERSATION_THREAD_HEADER && decoded[0] == 1) {
            apr_size_t responses = (n - CONVERSATION_THREAD_HEADER) / 5 * 5;

            if (responses > CONVERSATION_INDEX_MAX - 5)
                responses = CONVERSATION_INDEX_MAX - 5;
            memcpy(index, decoded + 1, 5);
            memcpy(index + 5, decoded + CONVERSATION_THREAD_HEADER, responses);
            *length = 5 + responses;
            return index;
        }
    }
    if (sent)
        item_header_date(sent, &date);
    /* its five most significant bytes, as in Thread-Index */
    filetime = (apr_uint64_t)date * 10 + CONVERSATION_EPOCH;
    for (i = 0; i < 5; i++)
        index[i] = (unsigned char)(filetime >> (56 - 8 * i));
    *length = 5;
    return index;
}
