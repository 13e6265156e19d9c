/* ResolveRecipients (MS-ASCMD 2.2.1.15): whom a name or address means, with certificates and
 * pictures, and when they can be met. */
#include <string.h>
#include <strings.h>
#include <apr_base64.h>
#include <apr_strings.h>

#include "base/time.h"
#include "cmd/availability.h"
#include "cmd/contacts.h"
#include "cmd/gal.h"
#include "eas/status.h"

#define RESOLVE_TO_MAX 100      /* MS-ASCMD R5655 */
#define RESOLVE_NUMBER_MAX 9999 /* R3248, R3253 */
#define RESOLVE_SUGGESTIONS 20  /* where the client does not say */
#define RESOLVE_SPAN_MIN apr_time_from_sec(30 * 60)
#define RESOLVE_SPAN_MAX (42 * BASE_TIME_DAY) /* R5175 */
#define RESOLVE_SPAN_DEFAULT (7 * BASE_TIME_DAY)
#define RESOLVE_TYPE_GAL 1 /* R4686 */
#define RESOLVE_TYPE_CONTACT 2

/* MS-ASCMD 2.2.3.177.12, children of Response and of Certificates */
enum {
    RESOLVE_STATUS_RESOLVED = 1,
    RESOLVE_STATUS_AMBIGUOUS = 2,
    RESOLVE_STATUS_AMBIGUOUS_PARTIAL = 3,
    RESOLVE_STATUS_UNKNOWN = 4,
    RESOLVE_STATUS_NO_CERTIFICATE = 7,
    RESOLVE_STATUS_CERTIFICATE_LIMIT = 8
};

static const cmd_pictures_tags_t resolve_pictures = {
    .picture = EAS_ResolveRecipients_Picture,
    .size_max = EAS_ResolveRecipients_MaxSize,
    .count_max = EAS_ResolveRecipients_MaxPictures,
    .answer = EAS_ResolveRecipients_Picture,
    .status = EAS_ResolveRecipients_Status,
    .data = EAS_ResolveRecipients_Data,
};

typedef struct {
    cmd_exchange_t *exchange;
    const char *viewer;
    int retrieval;                 /* 1 none, 2 whole certificates, 3 mini-certificates */
    apr_uint64_t certificates_max; /* that may still be given */
    apr_uint64_t suggestions;
    cmd_availability_t *availability; /* NULL: nobody asks */
    cmd_pictures_t pictures;
} resolve_t;

static base_fault_t *resolve_invalid(const resolve_t *resolve, const char *what)
{
    return base_fault_make(resolve->exchange->pool, BASE_FAULT_INVALID, "%s is not valid", what);
}

/* -- the request ------------------------------------------------------------------------------ */

static base_fault_t *resolve_uint(const resolve_t *resolve, const eas_node_t *options,
                                  eas_tag_t tag, apr_uint64_t maximum, apr_uint64_t *value)
{
    return eas_node_child_uint(options, tag, maximum, value) < 0
               ? resolve_invalid(resolve, eas_tag_name(tag))
               : NULL;
}

static base_fault_t *resolve_span(resolve_t *resolve, const eas_node_t *availability)
{
    const char *from = eas_node_child_text(availability, EAS_ResolveRecipients_StartTime);
    const char *to = eas_node_child_text(availability, EAS_ResolveRecipients_EndTime);
    apr_time_t start, end;

    if (!from || !base_time_parse(from, &start))
        return resolve_invalid(resolve, "StartTime");
    end = start + RESOLVE_SPAN_DEFAULT; /* R2265 */
    if ((to && !base_time_parse(to, &end)) || end < start + RESOLVE_SPAN_MIN ||
        end - start > RESOLVE_SPAN_MAX)
        return resolve_invalid(resolve, "EndTime");
    resolve->availability = cmd_availability_make(resolve->exchange, resolve->viewer, start, end);
    return NULL;
}

static base_fault_t *resolve_options(resolve_t *resolve, const eas_node_t *options)
{
    const eas_node_t *availability = eas_node_child(options, EAS_ResolveRecipients_Availability);
    apr_uint64_t retrieval = 1;

    resolve->certificates_max = RESOLVE_NUMBER_MAX;
    resolve->suggestions = RESOLVE_SUGGESTIONS;
    BASE_TRY(
        resolve_uint(resolve, options, EAS_ResolveRecipients_CertificateRetrieval, 3, &retrieval));
    if (!retrieval)
        return resolve_invalid(resolve, "CertificateRetrieval");
    resolve->retrieval = (int)retrieval;
    BASE_TRY(resolve_uint(resolve, options, EAS_ResolveRecipients_MaxCertificates,
                          RESOLVE_NUMBER_MAX, &resolve->certificates_max));
    BASE_TRY(resolve_uint(resolve, options, EAS_ResolveRecipients_MaxAmbiguousRecipients,
                          RESOLVE_NUMBER_MAX, &resolve->suggestions));
    if (availability && eas_tag_in_version(availability->tag, resolve->exchange->request->version))
        BASE_TRY(resolve_span(resolve, availability));
    return cmd_pictures_parse(resolve->exchange, options, &resolve_pictures, &resolve->pictures);
}

static base_fault_t *resolve_check(const resolve_t *resolve)
{
    const eas_node_t *to = eas_node_child(resolve->exchange->body, EAS_ResolveRecipients_To);
    int count = 0;

    for (; to; to = eas_node_next(to), count++)
        if (to->length > CMD_GAL_TEXT_MAX || to->file)
            return resolve_invalid(resolve, "To");
    return count && count <= RESOLVE_TO_MAX ? NULL : resolve_invalid(resolve, "the number of To");
}

/* -- the answer -------------------------------------------------------------------------------- */

/* Mini-certificates are made by Exchange alone: nobody has one here. All of a person's certificates
 * are given, or none (R3254). */
static void resolve_write_certificates(resolve_t *resolve, const backend_person_t *person)
{
    eas_writer_t *writer = resolve->exchange->writer;
    int count = resolve->retrieval == 2 ? person->certificates->nelts : 0, i;
    int status = !count ? RESOLVE_STATUS_NO_CERTIFICATE
                 : (apr_uint64_t)count > resolve->certificates_max
                     ? RESOLVE_STATUS_CERTIFICATE_LIMIT
                     : EAS_STATUS_SUCCESS;

    eas_writer_start(writer, EAS_ResolveRecipients_Certificates);
    eas_writer_uint(writer, EAS_ResolveRecipients_Status, (apr_uint64_t)status);
    eas_writer_uint(writer, EAS_ResolveRecipients_CertificateCount, (apr_uint64_t)count);
    eas_writer_uint(writer, EAS_ResolveRecipients_RecipientCount, 1);
    for (i = 0; i < count && status == EAS_STATUS_SUCCESS; i++) {
        const backend_bytes_t *bytes = &APR_ARRAY_IDX(person->certificates, i, backend_bytes_t);
        char *text = apr_palloc(resolve->exchange->pool,
                                (apr_size_t)apr_base64_encode_len((int)bytes->length));

        apr_base64_encode(text, bytes->bytes, (int)bytes->length);
        eas_writer_text(writer, EAS_ResolveRecipients_Certificate, text);
        resolve->certificates_max--;
    }
    eas_writer_end(writer);
}

/* Only of who is found without doubt (R4618). Nobody here is a distribution list. */
static void resolve_write_availability(resolve_t *resolve, const backend_person_t *person)
{
    eas_writer_t *writer = resolve->exchange->writer;
    const char *merged;
    int status = cmd_availability_find(resolve->availability, person->email, &merged);

    eas_writer_start(writer, EAS_ResolveRecipients_Availability);
    eas_writer_uint(writer, EAS_ResolveRecipients_Status, (apr_uint64_t)status);
    if (status == EAS_STATUS_SUCCESS) /* R3339 */
        eas_writer_text(writer, EAS_ResolveRecipients_MergedFreeBusy, merged);
    eas_writer_end(writer);
}

static void resolve_write_person(resolve_t *resolve, const backend_person_t *person, int type,
                                 int resolved)
{
    eas_writer_t *writer = resolve->exchange->writer;

    eas_writer_start(writer, EAS_ResolveRecipients_Recipient);
    eas_writer_uint(writer, EAS_ResolveRecipients_Type, (apr_uint64_t)type);
    eas_writer_text(writer, EAS_ResolveRecipients_DisplayName, person->display_name);
    eas_writer_text(writer, EAS_ResolveRecipients_EmailAddress, person->email);
    if (resolved && resolve->availability)
        resolve_write_availability(resolve, person);
    if (resolved && resolve->retrieval > 1)
        resolve_write_certificates(resolve, person);
    cmd_pictures_write(writer, &resolve_pictures, &resolve->pictures, person);
    eas_writer_end(writer);
}

/* Whom a To means: first those of the directory, then those of the account's own contacts. */
typedef struct {
    apr_array_header_t *people; /* backend_person_t */
    int directory;              /* how many of them are of the directory */
    int total;
} resolve_found_t;

static int resolve_has(const resolve_found_t *found, const char *email)
{
    int i;

    for (i = 0; i < found->people->nelts; i++)
        if (strcasecmp(APR_ARRAY_IDX(found->people, i, backend_person_t).email, email) == 0)
            return 1;
    return 0;
}

static base_fault_t *resolve_look(const resolve_t *resolve, const char *to, backend_people_t how,
                                  resolve_found_t *found)
{
    cmd_exchange_t *exchange = resolve->exchange;
    apr_time_t deadline = exchange->now + exchange->service->limits.response_time / 2;
    int limit = resolve->suggestions ? (int)resolve->suggestions : 1, i;
    backend_people_found_t *directory;
    apr_array_header_t *contacts;
    backend_session_t *session;

    BASE_TRY(backend_directory_find(exchange->service->people, resolve->viewer, to, how, 0, limit,
                                    &directory, exchange->pool));
    BASE_TRY(cmd_exchange_session(exchange, &session));
    BASE_TRY(cmd_contacts_find(session, to, how, deadline, &contacts, exchange->pool));
    found->people = apr_array_make(exchange->pool, directory->count + contacts->nelts + 1,
                                   sizeof(backend_person_t));
    for (i = 0; i < directory->count; i++)
        APR_ARRAY_PUSH(found->people, backend_person_t) = directory->people[i];
    found->directory = directory->count;
    found->total = directory->total;
    for (i = 0; i < contacts->nelts; i++) {
        const backend_person_t *person = &APR_ARRAY_IDX(contacts, i, backend_person_t);

        if (resolve_has(found, person->email))
            continue;
        found->total++;
        if (found->people->nelts < limit)
            APR_ARRAY_PUSH(found->people, backend_person_t) = *person;
    }
    return NULL;
}

/* An address is itself; anything else is the beginning of a name. */
static base_fault_t *resolve_find(const resolve_t *resolve, const char *to, resolve_found_t *found)
{
    BASE_TRY(resolve_look(resolve, to, BACKEND_PEOPLE_EMAIL, found));
    return found->total ? NULL : resolve_look(resolve, to, BACKEND_PEOPLE_BEGIN, found);
}

static base_fault_t *resolve_to(resolve_t *resolve, const char *to)
{
    eas_writer_t *writer = resolve->exchange->writer;
    cmd_pictures_t pictures = resolve->pictures; /* the limit is one for each To (R3291) */
    resolve_found_t found;
    int status = RESOLVE_STATUS_RESOLVED, count, i;

    BASE_TRY(resolve_find(resolve, to, &found));
    count = found.people->nelts;
    if (!found.total)
        status = RESOLVE_STATUS_UNKNOWN;
    else if (found.total > 1) {
        count = resolve->suggestions ? count : 0;
        status = count < found.total ? RESOLVE_STATUS_AMBIGUOUS_PARTIAL : RESOLVE_STATUS_AMBIGUOUS;
    }
    eas_writer_start(writer, EAS_ResolveRecipients_Response);
    eas_writer_text(writer, EAS_ResolveRecipients_To, to);
    eas_writer_uint(writer, EAS_ResolveRecipients_Status, (apr_uint64_t)status);
    eas_writer_uint(writer, EAS_ResolveRecipients_RecipientCount, (apr_uint64_t)found.total);
    for (i = 0; i < count; i++)
        resolve_write_person(resolve, &APR_ARRAY_IDX(found.people, i, backend_person_t),
                             i < found.directory ? RESOLVE_TYPE_GAL : RESOLVE_TYPE_CONTACT,
                             status == RESOLVE_STATUS_RESOLVED);
    eas_writer_end(writer);
    resolve->pictures = pictures;
    return NULL;
}

base_fault_t *cmd_resolve_recipients_run(cmd_exchange_t *exchange)
{
    resolve_t resolve = {.exchange = exchange};
    const apr_array_header_t *addresses;
    const eas_node_t *to;

    BASE_TRY(resolve_check(&resolve));
    BASE_TRY(cmd_exchange_addresses(exchange, &addresses));
    resolve.viewer = APR_ARRAY_IDX(addresses, 0, const char *);
    BASE_TRY(
        resolve_options(&resolve, eas_node_child(exchange->body, EAS_ResolveRecipients_Options)));
    eas_writer_start(exchange->writer, EAS_ResolveRecipients_ResolveRecipients);
    eas_writer_uint(exchange->writer, EAS_ResolveRecipients_Status, EAS_STATUS_SUCCESS);
    for (to = eas_node_child(exchange->body, EAS_ResolveRecipients_To); to; to = eas_node_next(to))
        BASE_TRY(resolve_to(&resolve, to->text));
    eas_writer_end(exchange->writer);
    exchange->report.status = EAS_STATUS_SUCCESS;
    exchange->outcome = "ResolveRecipients 1";
    return NULL;
}
