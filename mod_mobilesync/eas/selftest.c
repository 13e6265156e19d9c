#include "eas/selftest.h"

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <apr_strings.h>

#include "base/text.h"
#include "eas/reader.h"
#include "eas/wbxml_abi.h"

#define SELFTEST_SECONDS 10
#define SELFTEST_PASSED "passed"

/* Documents in the form that the writer produces, and what they say. */
static const struct {
    const char *name;
    const char *bytes;
    apr_size_t length;
    const char *dump;
} selftest_vectors[] = {
#define VECTOR(name, bytes, dump)           \
    {                                       \
        name, bytes, sizeof bytes - 1, dump \
    }
    VECTOR("the root on another page than the first",
           "\x03\x01\x6a\x00"
           "\x00\x07\x56\x52\x03"
           "0\x00\x01\x01",
           "<FolderSync xmlns=\"FolderHierarchy\">\n"
           "  <SyncKey>0</SyncKey>\n"
           "</FolderSync>\n"),
    VECTOR("pages, empty elements and text outside ASCII",
           "\x03\x01\x6a\x00"
           "\x45\x5c\x4f\x4b\x03"
           "{a}1\x00\x01\x13\x57\x00\x11\x45\x46\x03"
           "1\x00\x01\x01\x01\x00\x00\x56\x47\x4c\x03"
           "c\x00\x01\x5d\x00\x04\x66\x03"
           "Gr\xc3\xbc\xc3\x9f\x65 \xf0\x9f\x93\x85\x00\x01\x01\x01\x01\x01\x01\x01",
           "<Sync xmlns=\"AirSync\">\n"
           "  <Collections>\n"
           "    <Collection>\n"
           "      <SyncKey>{a}1</SyncKey>\n"
           "      <GetChanges/>\n"
           "      <Options>\n"
           "        <BodyPreference xmlns=\"AirSyncBase\">\n"
           "          <Type>1</Type>\n"
           "        </BodyPreference>\n"
           "      </Options>\n"
           "      <Commands>\n"
           "        <Add>\n"
           "          <ClientId>c</ClientId>\n"
           "          <ApplicationData>\n"
           "            <Subject xmlns=\"Calendar\">Gr\xc3\xbc\xc3\x9f\x65 "
           "\xf0\x9f\x93\x85</Subject>\n"
           "          </ApplicationData>\n"
           "        </Add>\n"
           "      </Commands>\n"
           "    </Collection>\n"
           "  </Collections>\n"
           "</Sync>\n"),
    VECTOR("an opaque with NUL first",
           "\x03\x01\x6a\x00"
           "\x00\x15\x45\x51\x03"
           "id\x00\x01\x08\x50\xc3\x06\x00"
           "From\x00\x01\x01",
           "<SendMail xmlns=\"ComposeMail\">\n"
           "  <ClientId>id</ClientId>\n"
           "  <SaveInSentItems/>\n"
           "  <Mime>[6 bytes]</Mime>\n"
           "</SendMail>\n"),
    VECTOR("tags that the library's own table lacks",
           "\x03\x01\x6a\x00"
           "\x00\x19\x45\x46\x03"
           "s\x00\x01\x00\x08\x10\x00\x0e\x3b\x00\x03\x05\x01",
           "<Find xmlns=\"Find\">\n"
           "  <SearchId>s</SearchId>\n"
           "  <ProposedStartTime xmlns=\"MeetingResponse\"/>\n"
           "  <AccountOnlyRemoteWipe xmlns=\"Provision\"/>\n"
           "  <unknown-03-05 xmlns=\"AirNotify\"/>\n"
           "</Find>\n"),
#undef VECTOR
};

static void selftest_encode_content(eas_writer_t *writer, const eas_node_t *node, apr_pool_t *pool)
{
    const char *data;
    apr_size_t length;

    if (eas_node_content(node, &data, &length, pool) != APR_SUCCESS)
        length = 0;
    if (eas_tag_is_opaque(node->tag) || !base_text_xml_legal(data, length))
        eas_writer_opaque(writer, node->tag, data, length);
    else
        eas_writer_textn(writer, node->tag, data, length);
}

void eas_selftest_encode(eas_writer_t *writer, const eas_node_t *root, apr_pool_t *pool)
{
    const eas_node_t *at = root;

    for (;;) {
        if (at->first) {
            eas_writer_start(writer, at->tag);
            at = at->first;
            continue;
        }
        selftest_encode_content(writer, at, pool);
        while (at != root && !at->next) {
            at = at->parent;
            eas_writer_end(writer);
        }
        if (at == root)
            return;
        at = at->next;
    }
}

static base_fault_t *selftest_failed(const char *name, const char *what, apr_pool_t *pool)
{
    return base_fault_make(pool, BASE_FAULT_UNSUPPORTED,
                           "libwbxml is not the one this module was built for: %s: %s", name, what);
}

static base_fault_t *selftest_vector(apr_size_t i, apr_pool_t *pool)
{
    static const eas_limits_t limits = EAS_LIMITS_DEFAULT;
    eas_reader_t *reader = eas_reader_create(&limits, NULL, pool);
    eas_spool_t *spool = eas_spool_create(NULL, pool);
    eas_writer_t *writer = eas_writer_create(spool, pool);
    const eas_node_t *root;
    const char *dump, *data;
    apr_file_t *file;
    apr_off_t length;

    BASE_TRY(eas_reader_feed(reader, selftest_vectors[i].bytes, selftest_vectors[i].length));
    BASE_TRY(eas_reader_finish(reader, &root));
    dump = eas_node_dump(root, pool);
    if (strcmp(dump, selftest_vectors[i].dump) != 0)
        return selftest_failed(selftest_vectors[i].name, dump, pool);
    eas_selftest_encode(writer, root, pool);
    BASE_TRY(eas_writer_finish(writer));
    BASE_TRY(eas_spool_content(spool, &data, &file, &length));
    if (length != (apr_off_t)selftest_vectors[i].length ||
        memcmp(data, selftest_vectors[i].bytes, selftest_vectors[i].length) != 0)
        return selftest_failed(selftest_vectors[i].name,
                               base_text_hex_encode(data, (apr_size_t)length, pool), pool);
    return NULL;
}

base_fault_t *eas_selftest_check(apr_pool_t *pool)
{
    void *library = dlopen(EAS_WBXML_SONAME, RTLD_LAZY | RTLD_NOLOAD);
    apr_size_t i;

    if (!library)
        return selftest_failed(EAS_WBXML_SONAME, "not loaded", pool);
    dlclose(library);
    for (i = 0; i < sizeof selftest_vectors / sizeof selftest_vectors[0]; i++)
        BASE_TRY(selftest_vector(i, pool));
    return NULL;
}

/* -- the child process ------------------------------------------------------- */

static void selftest_child(base_fault_t *(*check)(apr_pool_t *pool), int channel, apr_pool_t *pool)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE, SIGTERM};
    const struct rlimit none = {0, 0};
    const char *word = SELFTEST_PASSED;
    base_fault_t *fault;
    size_t i;

    /* a crash is an answer here: no core, no handler of the server's */
    setrlimit(RLIMIT_CORE, &none);
    for (i = 0; i < sizeof signals / sizeof signals[0]; i++)
        signal(signals[i], SIG_DFL);
    fault = check(pool);
    if (fault)
        word = fault->message;
    if (write(channel, word, strlen(word)) < 0)
        _exit(2);
    _exit(fault ? 1 : 0);
}

/* Reads what the child says up to its end; 0 when that did not come in time. */
static int selftest_listen(int channel, int seconds, char *word, size_t size)
{
    apr_time_t until = apr_time_now() + apr_time_from_sec(seconds);
    size_t length = 0;

    word[0] = '\0';
    for (;;) {
        struct pollfd poller = {.fd = channel, .events = POLLIN};
        apr_time_t left = until - apr_time_now();
        ssize_t count;

        if (left <= 0)
            return 0;
        if (poll(&poller, 1, (int)apr_time_as_msec(left) + 1) <= 0)
            continue;
        count = read(channel, word + length, size - 1 - length);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return 1;
        length += (size_t)count;
        word[length] = '\0';
        if (length == size - 1)
            return 1;
    }
}

base_fault_t *eas_selftest_fork(base_fault_t *(*check)(apr_pool_t *pool), int seconds,
                                apr_pool_t *pool)
{
    int channel[2], status = 0, in_time;
    char word[1024];
    pid_t child;

    if (pipe(channel) != 0)
        return base_fault_make_status(pool, BASE_FAULT_INTERNAL, errno, "starting a self-test");
    child = fork();
    if (child == 0) {
        close(channel[0]);
        selftest_child(check, channel[1], pool);
    }
    close(channel[1]);
    if (child < 0) {
        close(channel[0]);
        return base_fault_make_status(pool, BASE_FAULT_INTERNAL, errno, "starting a self-test");
    }
    in_time = selftest_listen(channel[0], seconds, word, sizeof word);
    close(channel[0]);
    if (!in_time)
        kill(child, SIGKILL);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (!in_time)
        return selftest_failed("self-test", apr_psprintf(pool, "no end after %d s", seconds), pool);
    if (strcmp(word, SELFTEST_PASSED) == 0)
        return NULL;
    if (word[0])
        return base_fault_make(pool, BASE_FAULT_UNSUPPORTED, "%s", word);
    return selftest_failed("self-test",
                           WIFSIGNALED(status)
                               ? apr_psprintf(pool, "crashed by signal %d", WTERMSIG(status))
                               : "died without a word",
                           pool);
}

base_fault_t *eas_selftest_run(apr_pool_t *pool)
{
    return eas_selftest_fork(eas_selftest_check, SELFTEST_SECONDS, pool);
}
