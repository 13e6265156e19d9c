/* GetAttachment over the memory mailbox: bytes as they are, or an HTTP code. */
#include "cmd_helpers.h"

static const char message[] =
    "From: bob@example.com\r\nSubject: files\r\nMIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    "--b\r\nContent-Type: text/plain\r\n\r\nText.\r\n"
    "--b\r\nContent-Type: image/png; name=\"a.png\"\r\nContent-Transfer-Encoding: base64\r\n"
    "Content-Disposition: attachment; filename=\"a.png\"\r\n\r\niVBORw0KGgoAAAE=\r\n"
    "--b\r\nContent-Type: \"te xt/h\\\"tml\"; name=\"odd\"\r\n"
    "Content-Disposition: attachment; filename=\"odd\"\r\n\r\nodd\r\n"
    "--b--\r\n";
static const char png[] = "\x89PNG\r\n\x1a\n\0\0\1";

static answer_t get(world_t *world, const char *name, eas_version_t version)
{
    eas_request_t *made = request(world->pool, EAS_COMMAND_GetAttachment, version);

    made->attachment_name = name;
    return run(world, "alice", made, NULL, NULL);
}

static int is_answer(world_t *world, const answer_t *answer, const char *type, const char *bytes,
                     apr_size_t length)
{
    apr_size_t got;
    const char *content = spool_bytes(answer->exchange->spool, &got, world->pool);

    return answer->http == 200 && answer->exchange->content_type &&
           strcmp(answer->exchange->content_type, type) == 0 && got == length &&
           memcmp(content, bytes, length) == 0;
}

static const char *folder(world_t *world)
{
    return backend_memory_folder(world->service.backend, "alice", BACKEND_ROLE_INBOX);
}

static apr_uint64_t deliver(world_t *world)
{
    return backend_memory_deliver(world->service.backend, "alice", folder(world), message, 0, 0);
}

/* The FileReference of a part: the multipart is 1, the text 2. */
static const char *reference(world_t *world, apr_uint64_t uid, int part)
{
    return apr_psprintf(world->pool, "%s:%d", server_id(world, "alice", BACKEND_ROLE_INBOX, uid),
                        part);
}

static void test_content(apr_pool_t *pool)
{
    world_t *world = world_create(pool);
    apr_uint64_t uid = deliver(world);
    answer_t answer = get(world, reference(world, uid, 3), EAS_VERSION_12_1);

    ok(is_answer(world, &answer, "image/png", png, sizeof png - 1), "every byte, and its type");
    answer = get(world, reference(world, uid, 4), EAS_VERSION_12_1);
    is_int(answer.http, 200, "an attachment with a type that is none");
    ok(strspn(answer.exchange->content_type, "abcdefghijklmnopqrstuvwxyz/-.+") ==
           strlen(answer.exchange->content_type),
       "comes with one that a header can have: %s", answer.exchange->content_type);
}

static void test_refused(apr_pool_t *pool)
{
    world_t *world = world_create(pool);
    apr_uint64_t uid = deliver(world);
    const char *there = reference(world, uid, 3), *gone = reference(world, uid + 1, 3);
    const struct {
        const char *name;
        int http;
        const char *what;
    } rows[] = {
        {NULL, 400, "no AttachmentName"},
        {"", 400, "an empty one"},
        {"nonsense", 500, "none of ours"},
        {"../../etc/passwd", 500, "a path"},
        {gone, 500, "a message that is gone"},
        {reference(world, uid, 99), 500, "a part that is not there"},
        {server_id(world, "alice", BACKEND_ROLE_INBOX, uid), 500, "a message"},
        {"nowhere:1:1:2", 500, "another folder"},
    };
    answer_t answer;
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        answer = get(world, rows[i].name, EAS_VERSION_12_1);
        ok(answer.http == rows[i].http && answer.empty && !answer.exchange->content_type,
           "%s: HTTP %d", rows[i].what, answer.http);
    }
    answer = get(world, there, EAS_VERSION_14_0);
    ok(answer.http == 400 && answer.empty, "later versions have ItemOperations instead");
    answer = run(world, "alice", request(pool, EAS_COMMAND_GetAttachment, EAS_VERSION_12_1),
                 node(pool, NULL, EAS_AirSync_Sync, NULL), NULL);
    is_int(answer.http, 400, "a document");
    backend_memory_renew(world->service.backend, "alice", folder(world));
    answer = get(world, there, EAS_VERSION_12_1);
    is_int(answer.http, 500, "a reference of an earlier generation");
}

static base_fault_code_t decide(void *baton, const char *call, int after)
{
    (void)after;
    return strcmp(call, baton) == 0 ? BASE_FAULT_UNAVAILABLE : BASE_FAULT_NONE;
}

static void test_outage(apr_pool_t *pool)
{
    static const char *const calls[] = {"open", "folder_list", "entry", "fetch"};
    size_t i;

    for (i = 0; i < sizeof calls / sizeof *calls; i++) {
        world_t *world = world_create(pool);
        const char *there = reference(world, deliver(world), 3);
        answer_t answer;

        world->baton = apr_pstrdup(pool, calls[i]);
        world->decide = decide;
        answer = get(world, there, EAS_VERSION_12_1);
        ok(answer.http == 503 && answer.empty &&
               apr_table_get(answer.exchange->headers, "Retry-After"),
           "%s fails: HTTP 503", calls[i]);
        world->decide = NULL;
        answer = get(world, there, EAS_VERSION_12_1);
        ok(is_answer(world, &answer, "image/png", png, sizeof png - 1), "then it is there again");
    }
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    test_content(pool);
    test_refused(pool);
    test_outage(pool);
    apr_pool_destroy(pool);
    return done_testing();
}
