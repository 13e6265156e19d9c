/* ValidateCert with authorities, certificates and revocation lists that are made here: every Status. */
#include "cmd_helpers.h"

#include <unistd.h>
#include <apr_base64.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#define YEAR (365 * 86400L)

/* Someone with a certificate. */
typedef struct {
    X509 *certificate;
    EVP_PKEY *key;
} party_t;

typedef struct {
    const char *basic, *usage, *extended; /* extensions; NULL: not there */
    long from, until;                     /* seconds from the world's now */
    int broken;                           /* the signature is not that of the issuer */
} kind_t;

static const kind_t kind_root = {"critical,CA:TRUE", "keyCertSign,cRLSign", NULL, -YEAR, YEAR, 0};
static const kind_t kind_mail = {"CA:FALSE", "digitalSignature", "emailProtection", -YEAR, YEAR, 0};

static world_t *world;
static const char *authorities, *revocations;

static void extend(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;

    if (!value)
        return;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    if (!extension || !X509_add_ext(certificate, extension, -1))
        abort();
    X509_EXTENSION_free(extension);
}

/* issuer NULL: by itself. Lives as long as the test. */
static party_t party(const char *name, const party_t *issuer, const kind_t *kind)
{
    static long serial = 1;
    party_t made = {X509_new(), EVP_EC_gen("P-256")};
    X509_NAME *subject = X509_get_subject_name(made.certificate);
    EVP_PKEY *key = issuer ? issuer->key : made.key;
    time_t now = (time_t)apr_time_sec(world->now);

    X509_set_version(made.certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made.certificate), serial++);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(made.certificate,
                         issuer ? X509_get_subject_name(issuer->certificate) : subject);
    X509_time_adj_ex(X509_getm_notBefore(made.certificate), 0, kind->from, &now);
    X509_time_adj_ex(X509_getm_notAfter(made.certificate), 0, kind->until, &now);
    X509_set_pubkey(made.certificate, made.key);
    extend(made.certificate, issuer ? issuer->certificate : made.certificate, NID_basic_constraints,
           kind->basic);
    extend(made.certificate, made.certificate, NID_key_usage, kind->usage);
    extend(made.certificate, made.certificate, NID_ext_key_usage, kind->extended);
    if (!X509_sign(made.certificate, kind->broken ? made.key : key, EVP_sha256()))
        abort();
    return made;
}

static const char *base64(const party_t *who)
{
    unsigned char *der = NULL;
    int length = i2d_X509(who->certificate, &der);
    char *text = apr_palloc(world->pool, (apr_size_t)apr_base64_encode_len(length));

    apr_base64_encode_binary(text, der, length);
    OPENSSL_free(der);
    return text;
}

static void write_authority(const party_t *who)
{
    FILE *file = fopen(authorities, "w");

    if (!file || !PEM_write_X509(file, who->certificate))
        abort();
    fclose(file);
}

/* Appends a list of the authority, with a revoked one or none. */
static void write_revocations(const party_t *authority, const party_t *revoked, long until)
{
    time_t now = (time_t)apr_time_sec(world->now);
    ASN1_TIME *from = X509_time_adj_ex(NULL, 0, -YEAR, &now);
    ASN1_TIME *next = X509_time_adj_ex(NULL, 0, until, &now);
    FILE *file = fopen(revocations, "a");
    X509_CRL *list = X509_CRL_new();

    X509_CRL_set_version(list, X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name(list, X509_get_subject_name(authority->certificate));
    X509_CRL_set1_lastUpdate(list, from);
    X509_CRL_set1_nextUpdate(list, next);
    if (revoked) {
        X509_REVOKED *entry = X509_REVOKED_new();

        X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(revoked->certificate));
        X509_REVOKED_set_revocationDate(entry, from);
        X509_CRL_add0_revoked(list, entry);
    }
    if (!file || !X509_CRL_sign(list, authority->key, EVP_sha256()) ||
        !PEM_write_X509_CRL(file, list))
        abort();
    fclose(file);
    X509_CRL_free(list);
    ASN1_TIME_free(from);
    ASN1_TIME_free(next);
}

/* -- asking ------------------------------------------------------------------------------------ */

static answer_t ask(eas_node_t *body)
{
    return run(world, "alice", request(world->pool, EAS_COMMAND_ValidateCert, EAS_VERSION_16_1),
               body, NULL);
}

static eas_node_t *question(void)
{
    return node(world->pool, NULL, EAS_ValidateCert_ValidateCert, NULL);
}

static void name(eas_node_t *body, eas_tag_t list, const char *certificate)
{
    eas_node_t *parent = (eas_node_t *)eas_node_child(body, list);

    if (!parent)
        parent = node(world->pool, body, list, NULL);
    node(world->pool, parent, EAS_ValidateCert_Certificate, certificate);
}

static int verdict(const answer_t *answer)
{
    const eas_node_t *certificate = eas_node_child(answer->body, EAS_ValidateCert_Certificate);
    const char *status = eas_node_child_text(certificate, EAS_ValidateCert_Status);

    return answer_status(answer) == 1 && status ? atoi(status) : -answer_status(answer);
}

/* The Status of a text; chain may be NULL. */
static int status_of(const char *text, const party_t *chain, const char *strict)
{
    eas_node_t *body = question();
    answer_t answer;

    if (chain)
        name(body, EAS_ValidateCert_CertificateChain, base64(chain));
    name(body, EAS_ValidateCert_Certificates, text);
    if (strict)
        node(world->pool, body, EAS_ValidateCert_CheckCRL, strict);
    answer = ask(body);
    return verdict(&answer);
}

static int status(const party_t *who, const party_t *chain)
{
    return status_of(base64(who), chain, NULL);
}

/* -- tests ------------------------------------------------------------------------------------- */

static void test_chains(void)
{
    party_t root = party("Root", NULL, &kind_root), stranger = party("Stranger", NULL, &kind_root);
    kind_t kind = kind_root;
    party_t middle = party("Middle", &root, &kind), other, leaf;

    write_authority(&root);
    leaf = party("anna", &root, &kind_mail);
    is_int(status(&leaf, NULL), 1, "1: by a trusted authority");
    leaf = party("anna", &middle, &kind_mail);
    is_int(status(&leaf, &middle), 1, "1: through the chain");
    is_int(status(&leaf, NULL), 4, "4: without the chain");
    leaf = party("anna", &stranger, &kind_mail);
    is_int(status(&leaf, NULL), 4, "4: by somebody unknown");
    is_int(status(&leaf, &stranger), 4, "4: whom the client sends along");
    leaf = party("anna", NULL, &kind_mail);
    is_int(status(&leaf, NULL), 4, "4: by itself");
    kind = kind_mail;
    kind.broken = 1;
    leaf = party("anna", &root, &kind);
    is_int(status(&leaf, NULL), 3, "3: the signature is wrong");
    kind = kind_mail;
    kind.usage = "keyEncipherment";
    leaf = party("anna", &root, &kind);
    is_int(status(&leaf, NULL), 6, "6: for encryption only");
    kind = kind_mail;
    kind.extended = "serverAuth";
    leaf = party("anna", &root, &kind);
    is_int(status(&leaf, NULL), 6, "6: a server's");
    kind = kind_mail;
    kind.until = -1;
    leaf = party("anna", &root, &kind);
    is_int(status(&leaf, NULL), 7, "7: expired");
    kind = kind_mail;
    kind.from = 86400;
    leaf = party("anna", &root, &kind);
    is_int(status(&leaf, NULL), 7, "7: not valid yet");
    kind = kind_root;
    kind.until = -1;
    other = party("Old", &root, &kind);
    leaf = party("anna", &other, &kind_mail);
    is_int(status(&leaf, &other), 8, "8: the authority's has expired");
    kind = kind_root;
    kind.extended = "serverAuth";
    other = party("Web", &root, &kind);
    leaf = party("anna", &other, &kind_mail);
    is_int(status(&leaf, &other), 9, "9: the authority is for servers");
    other = party("bert", &root, &kind_mail);
    leaf = party("anna", &other, &kind_mail);
    is_int(status(&leaf, &other), 11, "11: by somebody who is no authority");
    kind = kind_root;
    kind.basic = "critical,CA:TRUE,pathlen:0";
    middle = party("Short", &root, &kind);
    other = party("Below", &middle, &kind_root);
    leaf = party("anna", &other, &kind_mail);
    {
        eas_node_t *body = question();
        answer_t answer;

        name(body, EAS_ValidateCert_CertificateChain, base64(&other));
        name(body, EAS_ValidateCert_CertificateChain, base64(&middle));
        name(body, EAS_ValidateCert_Certificates, base64(&leaf));
        answer = ask(body);
        is_int(verdict(&answer), 11, "11: a chain that is longer than it may be");
    }
}

static void test_malformed(void)
{
    party_t root = party("Root", NULL, &kind_root), leaf = party("anna", &root, &kind_mail);
    const char *good = base64(&leaf);

    write_authority(&root);
    is_int(status_of("", NULL, NULL), 10, "10: empty");
    is_int(status_of("no certificate!", NULL, NULL), 10, "10: no base64");
    is_int(status_of("AAAA", NULL, NULL), 10, "10: no certificate");
    is_int(status_of(apr_pstrndup(world->pool, good, 100), NULL, NULL), 10, "10: cut");
    is_int(status_of(apr_pstrcat(world->pool, good, "AAAA", NULL), NULL, NULL), 10,
           "10: with something behind it");
    is_int(status_of(apr_psprintf(world->pool, "%.40s\r\n %s\n", good, good + 40), NULL, NULL), 1,
           "1: in lines");
}

static void test_revocation(void)
{
    party_t root = party("Root", NULL, &kind_root), middle = party("Middle", &root, &kind_root);
    party_t leaf = party("anna", &middle, &kind_mail), direct = party("anna", &root, &kind_mail);
    const char *text = base64(&leaf);

    write_authority(&root);
    unlink(revocations);
    world->service.revocations = NULL;
    is_int(status_of(text, &middle, "0"), 1, "1: no list, and nobody insists");
    is_int(status_of(text, &middle, "1"), 16, "16: no list, and the client insists");
    is_int(status_of(text, &middle, ""), 16, "16: insisting by an empty element");
    world->service.revocations = revocations;
    write_revocations(&root, NULL, YEAR);
    is_int(status_of(base64(&direct), NULL, "1"), 1, "1: on no list");
    is_int(status_of(text, &middle, "1"), 16, "16: no list of the authority in between");
    write_revocations(&middle, NULL, YEAR);
    is_int(status_of(text, &middle, "1"), 1, "1: on neither list");
    unlink(revocations);
    write_revocations(&root, NULL, YEAR);
    write_revocations(&middle, &leaf, YEAR);
    is_int(status_of(text, &middle, "0"), 13, "13: revoked, whether one insists or not");
    is_int(status_of(text, &middle, "1"), 13, "13: revoked");
    unlink(revocations);
    write_revocations(&root, &middle, YEAR);
    write_revocations(&middle, NULL, YEAR);
    is_int(status_of(text, &middle, "0"), 15, "15: the authority is revoked");
    unlink(revocations);
    write_revocations(&root, NULL, -86400);
    is_int(status_of(base64(&direct), NULL, "1"), 14, "14: the list is outdated");
    is_int(status_of(base64(&direct), NULL, "0"), 1, "1: which nobody minds");
    unlink(revocations);
    write_revocations(&root, &direct, -86400);
    is_int(status_of(base64(&direct), NULL, "0"), 13, "13: on an outdated list all the same");
}

static void test_several(void)
{
    party_t root = party("Root", NULL, &kind_root), leaf = party("anna", &root, &kind_mail);
    eas_node_t *body = question();
    const eas_node_t *certificate;
    answer_t answer;

    write_authority(&root);
    world->service.revocations = NULL;
    name(body, EAS_ValidateCert_Certificates, base64(&leaf));
    name(body, EAS_ValidateCert_Certificates, "nonsense");
    name(body, EAS_ValidateCert_Certificates, base64(&leaf));
    answer = ask(body);
    certificate = eas_node_child(answer.body, EAS_ValidateCert_Certificate);
    is_str(eas_node_child_text(certificate, EAS_ValidateCert_Status), "1", "the first");
    certificate = eas_node_next(certificate);
    is_str(eas_node_child_text(certificate, EAS_ValidateCert_Status), "10", "the second");
    certificate = eas_node_next(certificate);
    is_str(eas_node_child_text(certificate, EAS_ValidateCert_Status), "1", "the third");
    ok(!eas_node_next(certificate), "and no more");
}

static void test_refused(void)
{
    eas_node_t *body = question();
    answer_t answer = ask(body);
    int i;

    is_int(answer_status(&answer), 2, "2: no Certificates");
    node(world->pool, body, EAS_ValidateCert_Certificates, NULL);
    answer = ask(body);
    is_int(answer_status(&answer), 2, "2: empty Certificates");
    is_int(status_of("x", NULL, "2"), -2, "2: CheckCRL is no boolean");
    body = question();
    for (i = 0; i < 100; i++)
        name(body, EAS_ValidateCert_Certificates, "x");
    answer = ask(body);
    is_int(answer_status(&answer), 1, "1: 100 certificates");
    name(body, EAS_ValidateCert_Certificates, "x");
    answer = ask(body);
    is_int(answer_status(&answer), 2, "2: 101 certificates");
    body = question();
    name(body, EAS_ValidateCert_Certificates, "x");
    for (i = 0; i < 101; i++)
        name(body, EAS_ValidateCert_CertificateChain, "x");
    answer = ask(body);
    is_int(answer_status(&answer), 2, "2: a chain of 101");
    world->service.authorities = "/no/such/file";
    is_int(status_of("x", NULL, NULL), -17, "17: the authorities cannot be read");
    world->service.authorities = authorities;
    world->service.revocations = "/no/such/file";
    is_int(status_of("x", NULL, NULL), -17, "17: nor the revocation lists");
    world->service.revocations = NULL;
    world->service.authorities = NULL;
    is_int(status_of("x", NULL, NULL), 10, "10: with the authorities of the system");
}

int main(void)
{
    const char *temporary = getenv("TMPDIR");
    apr_pool_t *pool;
    char *folder;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    folder = apr_pstrcat(pool, temporary ? temporary : "/tmp", "/mobilesync-XXXXXX", NULL);
    if (!mkdtemp(folder))
        abort();
    authorities = apr_pstrcat(pool, folder, "/ca.pem", NULL);
    revocations = apr_pstrcat(pool, folder, "/crl.pem", NULL);
    world = world_create(pool);
    world->service.authorities = authorities;
    test_chains();
    test_malformed();
    test_revocation();
    test_several();
    test_refused();
    unlink(authorities);
    unlink(revocations);
    rmdir(folder);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
