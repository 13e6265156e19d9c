/* SendMail, SmartReply and SmartForward over the memory mailbox and store. */
#include "send_helpers.h"

#include "item/verb.h"

/* -- tests ----------------------------------------------------------------------------------- */

static void test_local(apr_pool_t *pool)
{
    static const char mime[] =
        "From: alice@example.com\r\nTo: bob@example.com\r\nCc: <bob@example.com>, "
        "alice@example.com\r\nBcc: carol@example.com\r\nSubject: hello\r\n"
        "Message-ID: <one@phone>\r\n\r\nHello all.\r\n";
    world_t *world = world_create(pool);
    apr_array_header_t *entries;
    answer_t answer = send_mail(world, "1", mime);

    ok(answer.http == 200 && answer.empty, "success is an empty response");
    ok(strstr(only(world, "bob", BACKEND_ROLE_INBOX), "Hello all.") != NULL, "bob has it, once");
    ok(strstr(only(world, "alice", BACKEND_ROLE_INBOX), "Hello all.") != NULL, "so has the sender");
    ok(strstr(only(world, "carol", BACKEND_ROLE_INBOX), "Hello all.") != NULL, "and who is in Bcc");
    ok(!strstr(only(world, "bob", BACKEND_ROLE_INBOX), "carol") &&
           !strstr(only(world, "carol", BACKEND_ROLE_INBOX), "carol"),
       "nobody sees Bcc");
    ok(strstr(only(world, "alice", BACKEND_ROLE_SENT), "carol") != NULL, "but for the Sent copy");
    mail(world, "alice", BACKEND_ROLE_SENT, &entries);
    ok(entries->nelts == 1 && APR_ARRAY_IDX(entries, 0, backend_entry_t).token == BACKEND_FLAG_SEEN,
       "which is read");
    answer = send_mail(world, "1", mime);
    ok(answer.http == 200 && answer.empty, "the same again: the same answer");
    answer = send_mail(world, "2", mime);
    ok(answer.http == 200 && answer.empty, "again under another ClientId: known by its Message-ID");
    answer = send_mail(world, "2", mime);
    ok(answer.http == 200 && answer.empty, "and then by that ClientId");
    ok(count(world, "bob", BACKEND_ROLE_INBOX) == 1 &&
           count(world, "alice", BACKEND_ROLE_SENT) == 1,
       "nothing was sent twice");
    answer = send_mail(world, "1", to_bob + strlen("From: Alice <alice@example.com>\r\n"));
    is_int(answer_status(&answer), 0, "another body under the same Message-ID is the same message");
    answer = send_mail(world, "2", "To: bob@example.com\r\nMessage-ID: <two@phone>\r\n\r\nx\r\n");
    is_int(answer_status(&answer), 118, "a ClientId used for another message");
    answer = send_mail(world, "3", "To: bob@example.com\r\nMessage-ID: <two@phone>\r\n\r\nx\r\n");
    ok(answer.empty && count(world, "bob", BACKEND_ROLE_INBOX) == 2,
       "which goes out under its own");
    world->now += apr_time_from_sec(25 * 3600);
    answer = send_mail(world, "1", "To: bob@example.com\r\nMessage-ID: <three@phone>\r\n\r\nx\r\n");
    ok(answer.empty && count(world, "bob", BACKEND_ROLE_INBOX) == 3,
       "a ClientId may come back after a day");
}

static void test_no_message_id(apr_pool_t *pool)
{
    static const char mime[] = "To: bob@example.com\r\nSubject: s\r\n\r\nHello.\r\n";
    world_t *world = world_create(pool);
    answer_t answer = send_mail(world, "1", mime);

    answer = send_mail(world, "1", mime);
    ok(answer.empty && count(world, "bob", BACKEND_ROLE_INBOX) == 1, "known by ClientId");
    ok(strstr(only(world, "bob", BACKEND_ROLE_INBOX), "Message-I") != NULL, "gets a Message-ID");
    answer = send_mail(world, "2", mime);
    ok(answer.empty && count(world, "bob", BACKEND_ROLE_INBOX) == 2,
       "the same text under another ClientId is another message");
    answer = send_mail(world, "2", "To: bob@example.com\r\nSubject: s\r\n\r\nBye.\r\n");
    is_int(answer_status(&answer), 118, "another text under the same ClientId");
    world->now += apr_time_from_sec(25 * 3600);
    answer = send_mail(world, "1", mime);
    ok(answer.empty && count(world, "bob", BACKEND_ROLE_INBOX) == 3,
       "a counter that begins anew loses no mail");
}

static void test_12_1(apr_pool_t *pool)
{
    static const char mime[] = "To: bob@example.com\r\nSubject: s\r\n\r\nHello.\r\n";
    world_t *world = world_create(pool);
    answer_t answer = send_12_1(world, to_bob);

    ok(answer.http == 200 && answer.empty, "12.1: MIME in the body");
    answer = send_12_1(world, to_bob);
    ok(answer.empty && count(world, "bob", BACKEND_ROLE_INBOX) == 1 &&
           count(world, "alice", BACKEND_ROLE_SENT) == 1,
       "known by its Message-ID");
    send_12_1(world, mime);
    answer = send_12_1(world, mime);
    ok(answer.empty && count(world, "bob", BACKEND_ROLE_INBOX) == 2, "known by its text");
    answer = send_12_1(world, "To: bob@example.com\r\nSubject: s\r\n\r\nHello!\r\n");
    ok(answer.empty && count(world, "bob", BACKEND_ROLE_INBOX) == 3, "another text");
    answer = send_12_1(world, "Subject: nobody\r\n\r\nHello.\r\n");
    is_int(answer_status(&answer), -500, "no recipient");
    answer = send_12_1(world, "");
    is_int(answer_status(&answer), -400, "no message");
    answer = run(world, "alice", request(pool, EAS_COMMAND_SendMail, EAS_VERSION_12_1),
                 compose_body(world, EAS_ComposeMail_SendMail, "1", to_bob), NULL);
    is_int(answer_status(&answer), -400, "WBXML at 12.1");
}

/* Where nothing names a message it is known by its text, and by what it answers. */
static void test_12_1_originals(apr_pool_t *pool)
{
    static const char mime[] = "To: bob@example.com\r\nSubject: Re: yours\r\n\r\nYes.\r\n";
    world_t *world = world_create(pool);
    const char *inbox = backend_memory_folder(world->service.backend, "alice", BACKEND_ROLE_INBOX);
    eas_command_t commands[] = {EAS_COMMAND_SmartReply, EAS_COMMAND_SmartForward};
    const char *ids[2];
    int i, again;

    for (i = 0; i < 2; i++)
        ids[i] =
            server_id(world, "alice", BACKEND_ROLE_INBOX,
                      backend_memory_deliver(world->service.backend, "alice", inbox, to_bob, 0, 0));
    for (again = 0; again < 2; again++)
        for (i = 0; i < 4; i++) {
            eas_request_t *made = request(pool, commands[i / 2], EAS_VERSION_12_1);

            made->collection_id = inbox;
            made->item_id = ids[i % 2];
            run(world, "alice", made, NULL, backend_blob_of(mime, strlen(mime), pool));
        }
    is_int(count(world, "bob", BACKEND_ROLE_INBOX), 4,
           "the same text to two originals, answered and forwarded, once each");
}

static void test_bad_requests(apr_pool_t *pool)
{
    world_t *world = world_create(pool);
    eas_node_t *body;
    answer_t answer;

    answer = send_mail(world, "1", "Subject: nobody\r\n\r\nHello.\r\n");
    is_int(answer_status(&answer), 119, "no recipient");
    answer = send_mail(world, "1", "To: bob@example.com, <nobody\r\n\r\nHello.\r\n");
    ok(answer_status(&answer) != 103, "odd recipients are not bad XML");
    answer = send_mail(world, "1", "");
    is_int(answer_status(&answer), 107, "an empty Mime");
    answer = send_mail(world, "1", NULL);
    is_int(answer_status(&answer), 103, "no Mime");
    answer = send_mail(world, NULL, to_bob);
    is_int(answer_status(&answer), 103, "no ClientId");
    answer = send_mail(world, "", to_bob);
    is_int(answer_status(&answer), 103, "an empty ClientId");
    answer = send_mail(world, "12345678901234567890123456789012345678901", to_bob);
    is_int(answer_status(&answer), 103, "a ClientId of 41 characters");
    answer = send_mail(world, "1", "To: x@elsewhere.example\r\n\r\nHello.\r\n");
    is_int(answer_status(&answer), 120, "nobody here, and no way out");
    body = compose_body(world, EAS_ComposeMail_SendMail, "1", to_bob);
    node(pool, body, EAS_ComposeMail_AccountId, "other");
    answer = send_body(world, body);
    is_int(answer_status(&answer), 166, "an unknown AccountId");
    body = compose_body(world, EAS_ComposeMail_SendMail, "1", to_bob);
    node(pool, body, EAS_RightsManagement_TemplateID, "12345678-0000-0000-0000-000000000000");
    answer = send_body(world, body);
    is_int(answer_status(&answer), 168, "protection that cannot be given");
    world->service.limits.item_bytes_max = 50;
    answer = send_mail(world, "1", to_bob);
    is_int(answer_status(&answer), 122, "too large");
    ok(count(world, "bob", BACKEND_ROLE_INBOX) == 0 &&
           count(world, "alice", BACKEND_ROLE_SENT) == 0,
       "nothing went out");
    world->service.limits.item_bytes_max = 5000;
    answer = send_mail(world, "1", to_bob);
    ok(answer.empty && count(world, "bob", BACKEND_ROLE_INBOX) == 1,
       "after errors the same ClientId sends");
    body = compose_body(world, EAS_ComposeMail_SendMail, "2",
                        "To: bob@example.com\r\n\r\nwithout restriction\r\n");
    node(pool, body, EAS_RightsManagement_TemplateID, "00000000-0000-0000-0000-000000000000");
    answer = send_body(world, body);
    is_int(answer_status(&answer), 0, "the template of no restriction");
}

static void test_sources(apr_pool_t *pool)
{
    world_t *world = world_create(pool);
    const char *inbox = backend_memory_folder(world->service.backend, "alice", BACKEND_ROLE_INBOX);
    const char *stale,
        *id =
            server_id(world, "alice", BACKEND_ROLE_INBOX,
                      backend_memory_deliver(world->service.backend, "alice", inbox, to_bob, 0, 0));
    const struct {
        const char *folder, *item, *long_id, *instance;
        int status;
        const char *name;
    } rows[] = {
        {inbox, "nonsense", NULL, NULL, 150, "no ServerId"},
        {inbox, server_id(world, "alice", BACKEND_ROLE_INBOX, 77), NULL, NULL, 150, "no such item"},
        {"other", id, NULL, NULL, 150, "another folder"},
        {inbox, NULL, NULL, NULL, 105, "FolderId alone"},
        {NULL, NULL, "long", NULL, 150, "a LongId"},
        {NULL, id, "long", NULL, 105, "LongId and ItemId"},
        {inbox, id, NULL, "yesterday", 104, "InstanceId that is no date"},
        {inbox, id, NULL, "2026-03-20T22:40:00.000Z", 150, "an instance of a message"},
    };
    eas_node_t *body, *source;
    answer_t answer;
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        body = compose_body(world, EAS_ComposeMail_SmartReply, "1", to_bob);
        source = node(pool, body, EAS_ComposeMail_Source, NULL);
        if (rows[i].folder)
            node(pool, source, EAS_ComposeMail_FolderId, rows[i].folder);
        if (rows[i].item)
            node(pool, source, EAS_ComposeMail_ItemId, rows[i].item);
        if (rows[i].long_id)
            node(pool, source, EAS_ComposeMail_LongId, rows[i].long_id);
        if (rows[i].instance)
            node(pool, source, EAS_ComposeMail_InstanceId, rows[i].instance);
        answer = send_body(world, body);
        is_int(answer_status(&answer), rows[i].status, rows[i].name);
    }
    answer = send_body(world, compose_body(world, EAS_ComposeMail_SmartReply, "1", to_bob));
    is_int(answer_status(&answer), 103, "no Source");
    body = compose_body(world, EAS_ComposeMail_SmartForward, "1", to_bob);
    node(pool, body, EAS_ComposeMail_Forwardees, NULL);
    answer = send_body(world, body);
    is_int(answer_status(&answer), 178, "Forwardees beside Mime");
    body = node(pool, NULL, EAS_ComposeMail_SmartForward, NULL);
    node(pool, body, EAS_ComposeMail_ClientId, "1");
    node(pool, body, EAS_ComposeMail_Forwardees, NULL);
    answer = send_body(world, body);
    is_int(answer_status(&answer), 179, "Forwardees of nobody");
    stale = id;
    backend_memory_renew(world->service.backend, "alice", inbox);
    body = compose_body(world, EAS_ComposeMail_SmartReply, "1", to_bob);
    node(pool, node(pool, body, EAS_ComposeMail_Source, NULL), EAS_ComposeMail_ItemId, stale);
    answer = send_body(world, body);
    is_int(answer_status(&answer), 150, "an item of an earlier generation");
    is_int(count(world, "bob", BACKEND_ROLE_INBOX), 0, "nothing went out");
}

static void test_smart(apr_pool_t *pool)
{
    static const char forward[] = "To: carol@example.com\r\nSubject: FW\r\n\r\nsee below\r\n";
    static const char original[] =
        "From: Carol <carol@example.com>\r\nTo: alice@example.com\r\nSubject: plan\r\n"
        "Message-ID: <plan@x>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n"
        "The plan is simple.\r\n--b\r\nContent-Type: application/pdf; name=plan.pdf\r\n"
        "Content-Disposition: attachment; filename=plan.pdf\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\nUERGLWRhdGE=\r\n--b--\r\n";
    world_t *world = world_create(pool);
    const char *inbox = backend_memory_folder(world->service.backend, "alice", BACKEND_ROLE_INBOX);
    apr_uint64_t uid =
        backend_memory_deliver(world->service.backend, "alice", inbox, original, 0, 0);
    const char *id = server_id(world, "alice", BACKEND_ROLE_INBOX, uid), *text, *when;
    apr_array_header_t *entries;
    eas_node_t *body, *source;
    eas_request_t *made;
    answer_t answer;

    body = compose_body(world, EAS_ComposeMail_SmartReply, "1", to_bob);
    source = node(pool, body, EAS_ComposeMail_Source, NULL);
    node(pool, source, EAS_ComposeMail_FolderId, inbox);
    node(pool, source, EAS_ComposeMail_ItemId, id);
    answer = send_body(world, body);
    text = only(world, "bob", BACKEND_ROLE_INBOX);
    ok(answer.empty && strstr(text, "Hello Bob.") && strstr(text, "The plan is simple."),
       "a reply quotes the original");
    ok(!strstr(text, "plan.pdf"), "without its attachments");
    mail(world, "alice", BACKEND_ROLE_INBOX, &entries);
    is_int((long long)BACKEND_FLAGS_OF(APR_ARRAY_IDX(entries, 0, backend_entry_t).token),
           BACKEND_FLAG_ANSWERED, "which is marked as answered");
    is_int(item_verb_of(&APR_ARRAY_IDX(entries, 0, backend_entry_t), &when, pool), ITEM_VERB_REPLY,
           "by a reply");
    ok(when != NULL, "at %s", when ? when : "no time");

    made = request(pool, EAS_COMMAND_SmartForward, EAS_VERSION_12_1);
    made->collection_id = inbox;
    made->item_id = id;
    answer = run(world, "alice", made, NULL, backend_blob_of(forward, strlen(forward), pool));
    text = only(world, "carol", BACKEND_ROLE_INBOX);
    ok(answer.http == 200 && strstr(text, "see below") && strstr(text, "The plan is simple.") &&
           strstr(text, "plan.pdf") && strstr(text, "UERGLWRhdGE="),
       "a forward carries the original and its attachments (12.1)");
    mail(world, "alice", BACKEND_ROLE_INBOX, &entries);
    is_int((long long)BACKEND_FLAGS_OF(APR_ARRAY_IDX(entries, 0, backend_entry_t).token),
           BACKEND_FLAG_ANSWERED | BACKEND_FLAG_FORWARDED, "and is marked as forwarded");
    is_int(item_verb_of(&APR_ARRAY_IDX(entries, 0, backend_entry_t), &when, pool),
           ITEM_VERB_FORWARD, "which was the last");
    is_int(count(world, "alice", BACKEND_ROLE_SENT), 1, "no Sent copy where none was asked for");

    body = compose_body(world, EAS_ComposeMail_SmartForward, "3",
                        "To: bob@example.com\r\nSubject: edited\r\n\r\nall of it\r\n");
    source = node(pool, body, EAS_ComposeMail_Source, NULL);
    node(pool, source, EAS_ComposeMail_ItemId, id);
    node(pool, body, EAS_ComposeMail_ReplaceMime, NULL);
    answer = send_body(world, body);
    text = APR_ARRAY_IDX(mail(world, "bob", BACKEND_ROLE_INBOX, NULL), 1, const char *);
    ok(answer.empty && strstr(text, "all of it") && !strstr(text, "The plan"),
       "ReplaceMime: nothing is added");
    backend_memory_expunge(world->service.backend, "alice", inbox, uid);
    answer = send_body(world, body);
    ok(answer.empty && count(world, "bob", BACKEND_ROLE_INBOX) == 2,
       "a repeat is answered even when the original is gone meanwhile");
}

static void test_spilled(apr_pool_t *pool)
{
    const char *path = apr_pstrcat(pool, root, "/spill", NULL);
    eas_node_t *body;
    world_t *world = world_create(pool);
    apr_file_t *file;
    answer_t answer;

    apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_WRITE | APR_FOPEN_CREATE, 0x600, pool);
    apr_file_write_full(file, "other contents ", 15, NULL);
    apr_file_write_full(file, to_bob, strlen(to_bob), NULL);
    apr_file_write_full(file, "and more", 8, NULL);
    body = compose_body(world, EAS_ComposeMail_SendMail, "1", "");
    body->last->file = file;
    body->last->offset = 15;
    body->last->length = strlen(to_bob);
    answer = send_body(world, body);
    ok(answer.empty && strstr(only(world, "bob", BACKEND_ROLE_INBOX), "Hello Bob.") &&
           !strstr(only(world, "bob", BACKEND_ROLE_INBOX), "and more"),
       "a Mime in a spill file");
}

static void test_remote(apr_pool_t *pool)
{
    static const char mime[] = "To: bob@example.com, x@elsewhere.example\r\n"
                               "Bcc: secret@elsewhere.example\r\nSubject: s\r\n"
                               "Message-ID: <m@phone>\r\n\r\nHello.\r\n";
    world_t *world = world_create(pool);
    sendmail_t sendmail;
    answer_t answer;

    sendmail_create(world, &sendmail);
    sendmail_write(&sendmail, "then", "exit 67\n", pool);
    answer = send_mail(world, "1", mime);
    is_int(answer_status(&answer), 120, "refused for good: MailSubmissionFailed");
    sendmail_write(&sendmail, "then", "exit 75\n", pool);
    answer = send_mail(world, "1", mime);
    is_int(answer_status(&answer), -503, "put off: come back later");
    ok(apr_table_get(answer.exchange->headers, "Retry-After") != NULL, "with Retry-After");
    ok(count(world, "bob", BACKEND_ROLE_INBOX) == 0 &&
           count(world, "alice", BACKEND_ROLE_SENT) == 0,
       "until it is taken nobody gets it");
    sendmail_write(&sendmail, "then", "exit 0\n", pool);
    answer = send_mail(world, "1", mime);
    is_int(answer_status(&answer), 0, "taken in the end");
    is_int(sendmail_calls(&sendmail, pool), 3, "at the third attempt");
    answer = send_mail(world, "1", mime);
    is_int(sendmail_calls(&sendmail, pool), 3, "a repeat submits nothing");
    ok(count(world, "bob", BACKEND_ROLE_INBOX) == 1 &&
           count(world, "alice", BACKEND_ROLE_SENT) == 1,
       "those here have it once");
    ok(strstr(sendmail_read(&sendmail, "message", pool), "Hello.") &&
           !strstr(sendmail_read(&sendmail, "message", pool), "secret"),
       "Bcc is not on the wire");
    ok(strstr(sendmail_read(&sendmail, "calls", pool),
              "-f alice@example.com -- x@elsewhere.example secret@elsewhere.example\n") != NULL,
       "but in the envelope, without those here");
}

static void test_unknown_outcome(apr_pool_t *pool)
{
    static const char mime[] = "To: x@elsewhere.example\r\nMessage-ID: <m@phone>\r\n\r\nHello.\r\n";
    world_t *world = world_create(pool);
    sendmail_t sendmail;
    answer_t answer;

    sendmail_create(world, &sendmail);
    sendmail_write(&sendmail, "then", "kill -9 $$\n", pool);
    answer = send_mail(world, "1", mime);
    is_int(answer_status(&answer), 120, "it may have gone out: reported");
    sendmail_write(&sendmail, "then", "exit 0\n", pool);
    answer = send_mail(world, "1", mime);
    is_int(answer_status(&answer), 120, "a repeat gets the same report");
    answer = send_mail(world, "2", mime);
    is_int(answer_status(&answer), 120, "under another ClientId too");
    is_int(sendmail_calls(&sendmail, pool), 1, "and nothing was sent again");
    world->now += apr_time_from_sec(25 * 3600);
    answer = send_mail(world, "1", mime);
    ok(answer.empty && sendmail_calls(&sendmail, pool) == 2, "a day later it is another matter");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    if (!mkdtemp(root))
        return 1;
    item_child_init(pool);
    backend_submit_child_init();
    test_local(pool);
    test_no_message_id(pool);
    test_12_1(pool);
    test_12_1_originals(pool);
    test_bad_requests(pool);
    test_sources(pool);
    test_smart(pool);
    test_spilled(pool);
    test_remote(pool);
    test_unknown_outcome(pool);
    ok(system(apr_pstrcat(pool, "rm -rf ", root, NULL)) == 0, "cleaned up");
    apr_pool_destroy(pool);
    return done_testing();
}
