/* Autodiscover in XML (MS-ASCMD 2.2.1.1, 4.2; MS-OXDSCLI 2.2.4). */
#include "cmd/autodiscover.h"

#include <string.h>
#include <strings.h>
#include <apr_siphash.h>
#include <apr_strings.h>
#include <libxml/xmlwriter.h>

#include "cmd/cmd.h"

#define XML_FRAME "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"
#define XML_MOBILESYNC \
    "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006"
#define XML_CULTURE "en:us" /* what our messages are written in */

#define XML_ERROR_REQUEST 600
#define XML_ERROR_SCHEMA 601
#define XML_STATUS_PROTOCOL_ERROR 2 /* the only one that there is (2.2.3.177.1) */

typedef struct {
    xmlTextWriterPtr writer;
    xmlBufferPtr buffer;
    const cmd_autodiscover_t *service;
    cmd_autodiscover_answer_t *answer;
    apr_pool_t *pool;
} xml_answer_t;

/* -- writing ---------------------------------------------------------------- */

static void xml_open(xml_answer_t *xml, const char *name)
{
    xmlTextWriterStartElement(xml->writer, BAD_CAST name);
}

static void xml_close(xml_answer_t *xml)
{
    xmlTextWriterEndElement(xml->writer);
}

static void xml_text(xml_answer_t *xml, const char *name, const char *text)
{
    xmlTextWriterWriteElement(xml->writer, BAD_CAST name, BAD_CAST text);
}

static apr_status_t xml_free(void *baton)
{
    xml_answer_t *xml = baton;

    if (xml->writer)
        xmlFreeTextWriter(xml->writer);
    xmlBufferFree(xml->buffer);
    return APR_SUCCESS;
}

/* Up to the Response, in whose namespace everything else is. 0: no memory. */
static int xml_begin(xml_answer_t *xml, const char *schema)
{
    if (!(xml->buffer = xmlBufferCreate()))
        return 0;
    apr_pool_cleanup_register(xml->pool, xml, xml_free, apr_pool_cleanup_null);
    if (!(xml->writer = xmlNewTextWriterMemory(xml->buffer, 0)))
        return 0;
    xmlTextWriterStartDocument(xml->writer, NULL, "utf-8", NULL);
    xml_open(xml, "Autodiscover");
    xmlTextWriterWriteAttribute(xml->writer, BAD_CAST "xmlns", BAD_CAST XML_FRAME);
    xml_open(xml, "Response");
    if (schema)
        xmlTextWriterWriteAttribute(xml->writer, BAD_CAST "xmlns", BAD_CAST schema);
    return 1;
}

static void xml_finish(xml_answer_t *xml)
{
    xmlTextWriterEndDocument(xml->writer);
    xmlTextWriterFlush(xml->writer);
    xml->answer->http_status = 200;
    xml->answer->content_type = "text/xml; charset=utf-8";
    xml->answer->body = (const char *)xmlBufferContent(xml->buffer);
    xml->answer->length = (apr_size_t)xmlBufferLength(xml->buffer);
}

/* -- answers ---------------------------------------------------------------- */

/* An error of the frame (2.2.3.63), that is one before anybody looked for the address. */
static void xml_refuse(xml_answer_t *xml, int code, const char *message, const char *outcome)
{
    static const unsigned char key[APR_SIPHASH_KSIZE] = {0};
    const char *server = xml->service->server;
    apr_time_exp_t time;

    xml->answer->result = CMD_AUTODISCOVER_REFUSED;
    xml->answer->outcome = outcome;
    if (!xml_begin(xml, NULL))
        return;
    apr_time_exp_gmt(&time, xml->service->now);
    xml_open(xml, "Error");
    xmlTextWriterWriteFormatAttribute(xml->writer, BAD_CAST "Time", "%02d:%02d:%02d.%06d0",
                                      time.tm_hour, time.tm_min, time.tm_sec, time.tm_usec);
    xmlTextWriterWriteFormatAttribute(
        xml->writer, BAD_CAST "Id", "%u",
        (unsigned)(apr_siphash24(server, strlen(server), key) & APR_UINT32_MAX));
    xml_text(xml, "ErrorCode", apr_itoa(xml->pool, code));
    xml_text(xml, "Message", message);
    xml_text(xml, "DebugData", "");
    xml_finish(xml);
}

/* User and Action; returns with the Action open. */
static int xml_begin_action(xml_answer_t *xml, const char *name, const char *address)
{
    if (!xml_begin(xml, XML_MOBILESYNC))
        return 0;
    xml_text(xml, "Culture", XML_CULTURE);
    xml_open(xml, "User");
    if (name && *name)
        xml_text(xml, "DisplayName", name);
    xml_text(xml, "EMailAddress", address);
    xml_close(xml);
    xml_open(xml, "Action");
    return 1;
}

static void xml_fail(xml_answer_t *xml, const char *address, const char *message, const char *debug)
{
    xml->answer->result = CMD_AUTODISCOVER_REFUSED;
    xml->answer->outcome = message;
    if (!xml_begin_action(xml, NULL, address))
        return;
    xml_open(xml, "Error");
    xml_text(xml, "Status", apr_itoa(xml->pool, XML_STATUS_PROTOCOL_ERROR));
    xml_text(xml, "Message", message);
    xml_text(xml, "DebugData", debug);
    xml_finish(xml);
}

static void xml_redirect(xml_answer_t *xml, const cmd_autodiscover_redirect_t *redirect,
                         const char *address)
{
    const char *other = cmd_autodiscover_redirect_address(redirect, address, xml->pool);

    xml->answer->result = CMD_AUTODISCOVER_REDIRECTED;
    xml->answer->outcome = apr_pstrcat(xml->pool, "sent to ", redirect->to, NULL);
    if (!other) { /* MS-OXDSCLI 3.2.5: to another URL by HTTP */
        xml->answer->http_status = 302;
        xml->answer->location = redirect->to;
    }
    else if (xml_begin_action(xml, NULL, address)) {
        xml_text(xml, "Redirect", other);
        xml_finish(xml);
    }
}

/* NULL: it is not known, and can be left out. */
static const char *xml_name(const cmd_autodiscover_t *service, const backend_identity_t *identity,
                            apr_pool_t *pool)
{
    backend_people_found_t *found;

    if (*identity->display_name)
        return identity->display_name;
    if (!service->people ||
        backend_directory_find(service->people, identity->address, identity->address,
                               BACKEND_PEOPLE_EMAIL, 0, 1, &found, pool) ||
        !found->count)
        return NULL;
    return found->people[0].display_name;
}

static void xml_tell(xml_answer_t *xml, const backend_identity_t *identity)
{
    const char *url = xml->service->url;

    xml->answer->result = CMD_AUTODISCOVER_TOLD;
    xml->answer->outcome = "told";
    if (!xml_begin_action(xml, xml_name(xml->service, identity, xml->pool), identity->address))
        return;
    xml_open(xml, "Settings");
    xml_open(xml, "Server");
    xml_text(xml, "Type", "MobileSync");
    xml_text(xml, "Url", url);
    xml_text(xml, "Name", url); /* the same (2.2.3.120.1) */
    xml_finish(xml);
}

static int xml_is_his(const backend_identity_t *identity, const char *address)
{
    int i;

    if (strcasecmp(identity->address, address) == 0)
        return 1;
    for (i = 0; identity->aliases && i < identity->aliases->nelts; i++)
        if (strcasecmp(APR_ARRAY_IDX(identity->aliases, i, const char *), address) == 0)
            return 1;
    return 0;
}

static base_fault_t *xml_identity(const cmd_autodiscover_t *service, const char *account,
                                  backend_identity_t **identity, apr_pool_t *pool)
{
    backend_session_t *session;

    BASE_TRY(backend_session_open(service->backend, account, &session, pool));
    return backend_identity(session, identity, pool);
}

void cmd_autodiscover_xml(const cmd_autodiscover_t *service, const char *account,
                          const char *request, apr_size_t length, cmd_autodiscover_answer_t *answer,
                          apr_pool_t *pool)
{
    xml_answer_t *xml = apr_pcalloc(pool, sizeof *xml);
    const cmd_autodiscover_redirect_t *redirect;
    cmd_autodiscover_request_t asked;
    backend_identity_t *identity;
    base_fault_t *fault;

    *xml = (xml_answer_t){.service = service, .answer = answer, .pool = pool};
    *answer = (cmd_autodiscover_answer_t){.http_status = 500};
    if ((fault = cmd_autodiscover_request_parse(request, length, &asked, pool)))
        xml_refuse(xml, XML_ERROR_REQUEST, "Invalid Request", fault->message);
    else if (strcasecmp(asked.schema, XML_MOBILESYNC) != 0)
        xml_refuse(xml, XML_ERROR_SCHEMA, "Provider is not available", asked.schema);
    else if ((redirect = cmd_autodiscover_redirect_find(service, asked.address, 0, pool)))
        xml_redirect(xml, redirect, asked.address);
    else if ((fault = xml_identity(service, account, &identity, pool))) {
        base_log_write(service->log, cmd_fault_level(fault->code), "Autodiscover of %s: %s [%s]",
                       account, fault->message, base_fault_code_name(fault->code));
        xml_fail(xml, asked.address, "The directory service could not be reached", "MailUser");
    }
    else if (!xml_is_his(identity, asked.address)) /* whether it is somebody else's or nobody's */
        xml_fail(xml, asked.address, "The e-mail address cannot be found", "User");
    else
        xml_tell(xml, identity);
}
