/* Submission to an SMTP server by libcurl.
 *
 * libcurl gives up at the first refused recipient, before DATA, which is what submit.h promises.
 * Which recipient that was it does not tell, so its trace is listened to: the last RCPT command
 * and the last refusal. Lines of AUTH are never kept. */
#include "backend/submit_ways.h"

#include <string.h>
#include <strings.h>
#include <curl/curl.h>
#include <apr_strings.h>

#define SMTP_LINE_MAX 512        /* RFC 5321 4.5.3.1.5 */
#define SMTP_CONNECT_TIMEOUT 20L /* seconds */
#define SMTP_REPLY_DATA 354      /* start mail input */

typedef struct {
    backend_submit_reader_t reader;
    int handed_over; /* libcurl has the last byte: from now on the outcome can be unknown */
    base_fault_t *fault;
    char recipient[SMTP_LINE_MAX]; /* of the RCPT just sent, "" when it was another command */
    char refused[SMTP_LINE_MAX];   /* the recipient that the last refusal was for, or "" */
    char reply[SMTP_LINE_MAX];     /* the last refusal */
    char error[CURL_ERROR_SIZE];
    apr_pool_t *pool;
} smtp_transfer_t;

void backend_submit_child_init(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static int smtp_is_loopback(const char *host)
{
    return strcasecmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 ||
           strcmp(host, "[::1]") == 0 || strcmp(host, "::1") == 0;
}

/* A part of the URL, decoded; NULL when it is not there. */
static const char *smtp_url_part(CURLU *url, CURLUPart part, apr_pool_t *pool)
{
    const char *copy = NULL;
    char *text = NULL;

    if (curl_url_get(url, part, &text, CURLU_URLDECODE) == CURLUE_OK && text)
        copy = apr_pstrdup(pool, text);
    curl_free(text);
    return copy;
}

static apr_status_t smtp_url_cleanup(void *url)
{
    curl_url_cleanup(url);
    return APR_SUCCESS;
}

base_fault_t *backend_submit_smtp_configure(backend_submit_t *submit, const char *text,
                                            apr_pool_t *pool)
{
    CURLU *url = curl_url();
    const char *scheme, *host, *port, *path;

    apr_pool_cleanup_register(pool, url, smtp_url_cleanup, apr_pool_cleanup_null);
    if (curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
        return base_fault_make(pool, BASE_FAULT_INVALID,
                               "not of the form smtp[s]://[user:password@]host[:port]");
    scheme = smtp_url_part(url, CURLUPART_SCHEME, pool);
    host = smtp_url_part(url, CURLUPART_HOST, pool);
    port = smtp_url_part(url, CURLUPART_PORT, pool);
    path = smtp_url_part(url, CURLUPART_PATH, pool);
    if (!scheme || (strcasecmp(scheme, "smtp") && strcasecmp(scheme, "smtps")))
        return base_fault_make(pool, BASE_FAULT_INVALID, "the scheme must be smtp or smtps");
    if (!host || !*host)
        return base_fault_make(pool, BASE_FAULT_INVALID, "the host is missing");
    if ((path && *path && strcmp(path, "/")) || smtp_url_part(url, CURLUPART_QUERY, pool) ||
        smtp_url_part(url, CURLUPART_FRAGMENT, pool))
        return base_fault_make(pool, BASE_FAULT_INVALID, "nothing may follow host and port");
    submit->user = smtp_url_part(url, CURLUPART_USER, pool);
    submit->password = smtp_url_part(url, CURLUPART_PASSWORD, pool);
    if (!submit->user != !submit->password)
        return base_fault_make(pool, BASE_FAULT_INVALID,
                               "user and password must be given together");
    submit->secure = strcasecmp(scheme, "smtps") == 0;
    submit->on_host = smtp_is_loopback(host);
    submit->url = apr_pstrcat(pool, submit->secure ? "smtps://" : "smtp://", host, port ? ":" : "",
                              port ? port : "", NULL);
    return NULL;
}

static size_t smtp_read(char *buffer, size_t size, size_t count, void *baton)
{
    smtp_transfer_t *transfer = baton;
    apr_size_t length = size * count;

    transfer->fault = backend_submit_read(&transfer->reader, buffer, &length, transfer->pool);
    if (transfer->fault)
        return CURL_READFUNC_ABORT; /* ends without the final dot: the server drops it */
    if (transfer->reader.position == transfer->reader.blob->size)
        transfer->handed_over = 1;
    return length;
}

/* Up to the line's end. */
static void smtp_note(char *note, const char *line, size_t length)
{
    size_t i;

    for (i = 0; i < length && i < SMTP_LINE_MAX - 1 && line[i] != '\r' && line[i] != '\n'; i++)
        note[i] = line[i];
    note[i] = '\0';
}

static int smtp_trace(CURL *curl, curl_infotype type, char *line, size_t length, void *baton)
{
    smtp_transfer_t *transfer = baton;

    (void)curl;
    if (type == CURLINFO_HEADER_IN && length && (line[0] == '4' || line[0] == '5')) {
        smtp_note(transfer->reply, line, length);
        memcpy(transfer->refused, transfer->recipient, SMTP_LINE_MAX);
    }
    else if (type == CURLINFO_HEADER_OUT && length > 8 && strncasecmp(line, "RCPT TO:", 8) == 0)
        smtp_note(transfer->recipient, line + 8, length - 8);
    else if (type == CURLINFO_HEADER_OUT)
        transfer->recipient[0] = '\0';
    return 0;
}

static struct curl_slist *smtp_recipients(const apr_array_header_t *recipients)
{
    struct curl_slist *list = NULL, *longer;
    int i;

    for (i = 0; i < recipients->nelts; i++) {
        if (!(longer = curl_slist_append(list, APR_ARRAY_IDX(recipients, i, const char *)))) {
            curl_slist_free_all(list);
            return NULL;
        }
        list = longer;
    }
    return list;
}

static void smtp_set_security(CURL *curl, const backend_submit_t *submit)
{
    int verify = submit->authorities || (submit->user && !submit->on_host);

    curl_easy_setopt(curl, CURLOPT_USE_SSL, (long)(verify ? CURLUSESSL_ALL : CURLUSESSL_TRY));
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, (long)verify);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L);
    if (submit->authorities)
        curl_easy_setopt(curl, CURLOPT_CAINFO, submit->authorities);
    if (submit->user) {
        curl_easy_setopt(curl, CURLOPT_USERNAME, submit->user);
        curl_easy_setopt(curl, CURLOPT_PASSWORD, submit->password);
    }
}

static void smtp_set_options(CURL *curl, const backend_submit_t *submit, const char *sender,
                             smtp_transfer_t *transfer)
{
    long timeout = (long)apr_time_as_msec(submit->timeout);

    curl_easy_setopt(curl, CURLOPT_URL, submit->url);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L); /* threads */
    curl_easy_setopt(curl, CURLOPT_PROXY, "");    /* not from the environment */
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, SMTP_CONNECT_TIMEOUT);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, timeout);
    curl_easy_setopt(curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, timeout / 1000 + 1);
    curl_easy_setopt(curl, CURLOPT_MAIL_FROM, sender);
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)transfer->reader.blob->size);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, smtp_read);
    curl_easy_setopt(curl, CURLOPT_READDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);
    curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, smtp_trace);
    curl_easy_setopt(curl, CURLOPT_DEBUGDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, transfer->error);
    smtp_set_security(curl, submit);
}

/* What a reply of 400 and over means for the message (RFC 5321 4.2.3, RFC 1870, RFC 4954). */
static base_fault_code_t smtp_reply_fault(long code)
{
    if (code == 552)
        return BASE_FAULT_TOO_LARGE;
    if (code == 530 || code == 534 || code == 535 || code == 538)
        return BASE_FAULT_INTERNAL; /* our user and password, which an operator has to mend */
    return code >= 500 ? BASE_FAULT_DENIED : BASE_FAULT_UNAVAILABLE;
}

static base_fault_t *smtp_verdict(const backend_submit_t *submit, CURLcode result, long code,
                                  const smtp_transfer_t *transfer, apr_pool_t *pool)
{
    const char *why = transfer->error[0] ? transfer->error : curl_easy_strerror(result);

    if (result == CURLE_OK)
        return NULL;
    if (transfer->fault)
        return transfer->fault;
    if (code >= 400 && transfer->refused[0])
        return base_fault_make(pool, smtp_reply_fault(code), "%s refuses recipient %s: %s",
                               submit->url, transfer->refused, transfer->reply);
    if (code >= 400)
        return base_fault_make(pool, smtp_reply_fault(code), "%s refuses: %s", submit->url,
                               transfer->reply);
    if (code == SMTP_REPLY_DATA && transfer->handed_over)
        return base_fault_make(pool, BASE_FAULT_UNKNOWN_OUTCOME,
                               "%s did not answer to the message: %s", submit->url, why);
    if (result == CURLE_LOGIN_DENIED)
        return base_fault_make(pool, BASE_FAULT_INTERNAL, "%s: %s", submit->url, why);
    return base_fault_make(pool, BASE_FAULT_UNAVAILABLE, "%s: %s", submit->url, why);
}

base_fault_t *backend_submit_smtp(const backend_submit_t *submit, const char *sender,
                                  const apr_array_header_t *recipients,
                                  const backend_blob_t *message, apr_pool_t *pool)
{
    smtp_transfer_t transfer = {.reader = {.blob = message}, .pool = pool};
    struct curl_slist *list = smtp_recipients(recipients);
    CURL *curl = curl_easy_init();
    base_fault_t *fault;
    CURLcode result;
    long code = 0;

    if (!curl || !list) {
        curl_easy_cleanup(curl);
        curl_slist_free_all(list);
        return base_fault_make(pool, BASE_FAULT_INTERNAL, "libcurl is out of memory");
    }
    smtp_set_options(curl, submit, sender, &transfer);
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, list);
    result = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
    fault = smtp_verdict(submit, result, code, &transfer, pool);
    curl_easy_cleanup(curl);
    curl_slist_free_all(list);
    return fault;
}
