#include "backend/submit_ways.h"

#include <ctype.h>
#include <string.h>
#include <unistd.h>
#include <apr_strings.h>

#define SUBMIT_ADDRESS_MAX 320 /* RFC 5321 4.5.3.1: 64 + 1 + 255 */

static base_fault_t *submit_configure_program(backend_submit_t *submit, const char *command,
                                              apr_pool_t *pool)
{
    if (apr_tokenize_to_argv(command, &submit->arguments, pool) != APR_SUCCESS ||
        !submit->arguments[0])
        return base_fault_make(pool, BASE_FAULT_INVALID, "the sendmail command is empty");
    if (submit->arguments[0][0] != '/')
        return base_fault_make(pool, BASE_FAULT_INVALID, "%s is no absolute path of a program",
                               submit->arguments[0]);
    if (access(submit->arguments[0], X_OK) != 0)
        return base_fault_make_status(pool, BASE_FAULT_INVALID, APR_FROM_OS_ERROR(errno), "%s",
                                      submit->arguments[0]);
    return NULL;
}

base_fault_t *backend_submit_configure(const char *sendmail, const char *smtp_url,
                                       const char *directory, backend_submit_t **submit,
                                       apr_pool_t *pool)
{
    *submit = NULL;
    if (!sendmail && !smtp_url)
        return NULL;
    if (sendmail && smtp_url)
        return base_fault_make(pool, BASE_FAULT_INVALID,
                               "mail is submitted either to a program or to an SMTP server");
    *submit = apr_pcalloc(pool, sizeof **submit);
    (*submit)->directory = apr_pstrdup(pool, directory);
    (*submit)->timeout = BACKEND_SUBMIT_TIMEOUT;
    return sendmail ? submit_configure_program(*submit, sendmail, pool)
                    : backend_submit_smtp_configure(*submit, smtp_url, pool);
}

base_fault_t *backend_submit_set_authorities(backend_submit_t *submit, const char *file,
                                             apr_pool_t *pool)
{
    if (access(file, R_OK) != 0)
        return base_fault_make_status(pool, BASE_FAULT_INVALID, APR_FROM_OS_ERROR(errno), "%s",
                                      file);
    submit->authorities = apr_pstrdup(pool, file);
    return NULL;
}

void backend_submit_set_timeout(backend_submit_t *submit, apr_interval_time_t timeout)
{
    submit->timeout = timeout;
}

apr_interval_time_t backend_submit_timeout(const backend_submit_t *submit)
{
    return submit->timeout;
}

/* What would end an SMTP command or an argument early is no address. */
static int submit_address_valid(const char *address)
{
    size_t i;

    for (i = 0; address[i]; i++)
        if (iscntrl((unsigned char)address[i]) || address[i] == '<' || address[i] == '>')
            return 0;
    return i > 0 && i <= SUBMIT_ADDRESS_MAX;
}

base_fault_t *backend_submit(const backend_submit_t *submit, const char *sender,
                             const apr_array_header_t *recipients, const backend_blob_t *message,
                             apr_pool_t *pool)
{
    int i;

    if (!submit_address_valid(sender))
        return base_fault_make(pool, BASE_FAULT_INVALID, "\"%s\" is no sender's address", sender);
    for (i = 0; i < recipients->nelts; i++)
        if (!submit_address_valid(APR_ARRAY_IDX(recipients, i, const char *)))
            return base_fault_make(pool, BASE_FAULT_INVALID, "\"%s\" is no recipient's address",
                                   APR_ARRAY_IDX(recipients, i, const char *));
    if (submit->arguments)
        return backend_submit_program(submit, sender, recipients, message, pool);
    return backend_submit_smtp(submit, sender, recipients, message, pool);
}

base_fault_t *backend_submit_read(backend_submit_reader_t *reader, char *buffer, apr_size_t *length,
                                  apr_pool_t *pool)
{
    const backend_blob_t *blob = reader->blob;
    apr_uint64_t rest = blob->size - reader->position;
    apr_off_t offset = (apr_off_t)reader->position;
    apr_status_t status;

    if (*length > rest)
        *length = (apr_size_t)rest;
    if (*length == 0)
        return NULL;
    if (blob->data) {
        memcpy(buffer, blob->data + reader->position, *length);
    }
    else {
        status = apr_file_seek(blob->file, APR_SET, &offset);
        if (status == APR_SUCCESS)
            status = apr_file_read_full(blob->file, buffer, *length, NULL);
        if (status != APR_SUCCESS)
            return base_fault_make_status(pool, BASE_FAULT_UNAVAILABLE, status,
                                          "reading the message to submit");
    }
    reader->position += *length;
    return NULL;
}
