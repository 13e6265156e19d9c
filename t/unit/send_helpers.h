/* What the tests of SendMail, SmartReply and SmartForward share: requests of alice's phone, and a
 * shell script as sendmail. */
#ifndef T_UNIT_SEND_HELPERS_H
#define T_UNIT_SEND_HELPERS_H

#include "cmd_helpers.h"

#include <unistd.h>

static char root[] = "/tmp/send-test-XXXXXX";

__attribute__((unused)) static const char to_bob[] =
    "From: Alice <alice@example.com>\r\nTo: bob@example.com\r\n"
    "Subject: hello\r\nMessage-ID: <one@phone>\r\n"
    "Date: Mon, 13 Nov 2023 10:00:00 +0000\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n\r\nHello Bob.\r\n";

/* -- a sendmail ------------------------------------------------------------------------------ */

typedef struct {
    const char *folder;
} sendmail_t;

static const char *slurp(const char *path, apr_pool_t *pool)
{
    apr_file_t *file;
    apr_finfo_t info;
    char *text;

    if (apr_file_open(&file, path, APR_FOPEN_READ, 0, pool) != APR_SUCCESS)
        return "";
    apr_file_info_get(&info, APR_FINFO_SIZE, file);
    text = apr_pcalloc(pool, (apr_size_t)info.size + 1);
    apr_file_read_full(file, text, (apr_size_t)info.size, NULL);
    apr_file_close(file);
    return text;
}

static void sendmail_write(const sendmail_t *sendmail, const char *name, const char *text,
                           apr_pool_t *pool)
{
    apr_file_t *file;

    apr_file_open(&file, apr_pstrcat(pool, sendmail->folder, "/", name, NULL),
                  APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_TRUNCATE, 0x755, pool);
    apr_file_write_full(file, text, strlen(text), NULL);
    apr_file_close(file);
}

__attribute__((unused)) static const char *sendmail_read(const sendmail_t *sendmail,
                                                         const char *name, apr_pool_t *pool)
{
    return slurp(apr_pstrcat(pool, sendmail->folder, "/", name, NULL), pool);
}

/* Makes it the world's way out. It notes each call, keeps the message, and then does what the
 * file "then" says. */
__attribute__((unused)) static void sendmail_create(world_t *world, sendmail_t *sendmail)
{
    backend_submit_t *submit;

    sendmail->folder = mkdtemp(apr_pstrcat(world->pool, root, "/XXXXXX", NULL));
    sendmail_write(sendmail, "then", "exit 0\n", world->pool);
    sendmail_write(sendmail, "sendmail",
                   "#!/bin/sh\nhere=${0%/*}\ncat >$here/message\necho \"$@\" >>$here/calls\n"
                   ". $here/then\n",
                   world->pool);
    if (backend_submit_configure(apr_pstrcat(world->pool, sendmail->folder, "/sendmail", NULL),
                                 NULL, sendmail->folder, &submit, world->pool))
        abort();
    world->service.submit = submit;
}

__attribute__((unused)) static int sendmail_calls(const sendmail_t *sendmail, apr_pool_t *pool)
{
    const char *calls = sendmail_read(sendmail, "calls", pool);
    int count = 0;

    while ((calls = strchr(calls, '\n'))) {
        calls++;
        count++;
    }
    return count;
}

/* -- requests -------------------------------------------------------------------------------- */

__attribute__((unused)) static eas_node_t *compose_body(world_t *world, eas_tag_t tag,
                                                        const char *client_id, const char *mime)
{
    eas_node_t *body = node(world->pool, NULL, tag, NULL);

    if (client_id)
        node(world->pool, body, EAS_ComposeMail_ClientId, client_id);
    node(world->pool, body, EAS_ComposeMail_SaveInSentItems, NULL);
    if (mime)
        node(world->pool, body, EAS_ComposeMail_Mime, mime);
    return body;
}

__attribute__((unused)) static answer_t send_body(world_t *world, const eas_node_t *body)
{
    eas_command_t command = body->tag == EAS_ComposeMail_SendMail     ? EAS_COMMAND_SendMail
                            : body->tag == EAS_ComposeMail_SmartReply ? EAS_COMMAND_SmartReply
                                                                      : EAS_COMMAND_SmartForward;

    return run(world, "alice", request(world->pool, command, EAS_VERSION_16_1), body, NULL);
}

__attribute__((unused)) static answer_t send_mail(world_t *world, const char *client_id,
                                                  const char *mime)
{
    return send_body(world, compose_body(world, EAS_ComposeMail_SendMail, client_id, mime));
}

__attribute__((unused)) static answer_t send_12_1(world_t *world, const char *mime)
{
    eas_request_t *made = request(world->pool, EAS_COMMAND_SendMail, EAS_VERSION_12_1);

    made->save_in_sent = 1;
    return run(world, "alice", made, NULL, backend_blob_of(mime, strlen(mime), world->pool));
}

__attribute__((unused)) static int count(world_t *world, const char *account, backend_role_t role)
{
    return mail(world, account, role, NULL)->nelts;
}

__attribute__((unused)) static const char *only(world_t *world, const char *account,
                                                backend_role_t role)
{
    apr_array_header_t *texts = mail(world, account, role, NULL);

    return texts->nelts == 1 ? APR_ARRAY_IDX(texts, 0, const char *) : "";
}

#endif
