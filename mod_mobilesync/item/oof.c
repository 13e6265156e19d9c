#include "item/oof.h"

#include <string.h>
#include <strings.h>
#include <apr_strings.h>
#include <gmime/gmime.h>
#include <jansson.h>

#include "base/text.h"
#include "base/time.h"
#include "item/header.h"
#include "item/html.h"
#include "item/letter.h"

#define OOF_SUBJECT_MAX 400

static const char *const oof_states[] = {"off", "on", "timed"};
static const char *const oof_audiences[] = {"internal", "external_known", "external_unknown"};

/* -- kept text -------------------------------------------------------------------------------- */

static apr_status_t oof_decref(void *json)
{
    json_decref(json);
    return APR_SUCCESS;
}

static apr_status_t oof_free(void *memory)
{
    free(memory);
    return APR_SUCCESS;
}

static int oof_parse_state(const char *name, item_oof_t *oof)
{
    int i;

    for (i = ITEM_OOF_OFF; name && i <= ITEM_OOF_TIMED; i++)
        if (strcmp(name, oof_states[i]) == 0) {
            oof->state = (item_oof_state_t)i;
            return 1;
        }
    return 0;
}

base_fault_t *item_oof_parse(const char *text, item_oof_t *oof, apr_pool_t *pool)
{
    json_t *root;
    int i;

    memset(oof, 0, sizeof *oof);
    for (i = 0; i < ITEM_OOF_AUDIENCES; i++)
        oof->messages[i].text = "";
    if (!text)
        return NULL;
    root = json_loads(text, 0, NULL);
    if (!root)
        return base_fault_make(pool, BASE_FAULT_CORRUPT, "the out-of-office setting is no JSON");
    apr_pool_cleanup_register(pool, root, oof_decref, apr_pool_cleanup_null);
    if (!oof_parse_state(json_string_value(json_object_get(root, "state")), oof) ||
        (oof->state == ITEM_OOF_TIMED &&
         (!base_time_parse(json_string_value(json_object_get(root, "start")), &oof->start) ||
          !base_time_parse(json_string_value(json_object_get(root, "end")), &oof->end))))
        return base_fault_make(pool, BASE_FAULT_CORRUPT, "the out-of-office setting lacks a state");
    for (i = 0; i < ITEM_OOF_AUDIENCES; i++) {
        const json_t *message = json_object_get(root, oof_audiences[i]);
        const char *reply = json_string_value(json_object_get(message, "text"));

        oof->messages[i].enabled = json_is_true(json_object_get(message, "enabled"));
        oof->messages[i].html = json_is_true(json_object_get(message, "html"));
        oof->messages[i].text = reply ? apr_pstrdup(pool, reply) : "";
    }
    return NULL;
}

const char *item_oof_format(const item_oof_t *oof, apr_pool_t *pool)
{
    json_t *root = json_object();
    char *text;
    int i;

    apr_pool_cleanup_register(pool, root, oof_decref, apr_pool_cleanup_null);
    json_object_set_new(root, "state", json_string(oof_states[oof->state]));
    if (oof->state == ITEM_OOF_TIMED) {
        json_object_set_new(root, "start", json_string(base_time_format_dashed(oof->start, pool)));
        json_object_set_new(root, "end", json_string(base_time_format_dashed(oof->end, pool)));
    }
    for (i = 0; i < ITEM_OOF_AUDIENCES; i++) {
        const item_oof_message_t *message = &oof->messages[i];
        json_t *object = json_object();

        json_object_set_new(object, "enabled", json_boolean(message->enabled));
        json_object_set_new(object, "html", json_boolean(message->html));
        json_object_set_new(object, "text", json_string(message->text));
        json_object_set_new(root, oof_audiences[i], object);
    }
    text = json_dumps(root, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
    apr_pool_cleanup_register(pool, text, oof_free, apr_pool_cleanup_null);
    return text;
}

/* -- meaning ---------------------------------------------------------------------------------- */

int item_oof_active(const item_oof_t *oof, apr_time_t now)
{
    return oof->state == ITEM_OOF_ON ||
           (oof->state == ITEM_OOF_TIMED && oof->start <= now && now < oof->end);
}

const char *item_oof_message_text(const item_oof_message_t *message, int html, apr_pool_t *pool)
{
    size_t length = strlen(message->text);
    item_sink_t sink;

    if (message->html == html || !length)
        return message->text;
    item_sink_init(&sink, ITEM_OOF_MESSAGE_MAX, pool);
    if (html) {
        item_plain_t *plain = item_plain_create(&sink, 0, 0, 1, pool);

        item_plain_feed(plain, message->text, length);
        item_plain_finish(plain);
    }
    else {
        item_html_text_t *text = item_html_text_create(&sink, pool);

        item_html_text_feed(text, message->text, length);
        item_html_text_finish(text);
    }
    return sink.buffer.data ? sink.buffer.data : "";
}

item_oof_audience_t item_oof_audience(const backend_identity_t *away, const char *sender)
{
    const char *mine = strrchr(away->address, '@'), *theirs = strrchr(sender, '@');

    return mine && theirs && strcasecmp(mine, theirs) == 0 ? ITEM_OOF_INTERNAL
                                                           : ITEM_OOF_EXTERNAL_UNKNOWN;
}

/* -- whom to answer --------------------------------------------------------------------------- */

static int oof_is_own(const backend_identity_t *away, const char *address)
{
    int i;

    if (strcasecmp(away->address, address) == 0)
        return 1;
    for (i = 0; away->aliases && i < away->aliases->nelts; i++)
        if (strcasecmp(APR_ARRAY_IDX(away->aliases, i, const char *), address) == 0)
            return 1;
    return 0;
}

/* Addresses that stand for a program (RFC 5230 4.6). */
static int oof_is_program(const char *sender)
{
    static const char *const names[] = {"mailer-daemon", "listserv", "majordomo",  "postmaster",
                                        "noreply",       "no-reply", "donotreply", "do-not-reply"};
    const char *at = strrchr(sender, '@');
    size_t length = at ? (size_t)(at - sender) : strlen(sender), i;

    if (!length || strncasecmp(sender, "owner-", 6) == 0 ||
        (length > 8 && strncasecmp(sender + length - 8, "-request", 8) == 0))
        return 1;
    for (i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == length && strncasecmp(sender, names[i], length) == 0)
            return 1;
    return 0;
}

/* Fields by which mail of programs and lists is known. */
static int oof_is_automatic(const item_mime_field_t *field)
{
    static const char *const bulk[] = {"bulk", "list", "junk"};
    size_t i;

    if (strcasecmp(field->name, "Auto-Submitted") == 0)
        return strncasecmp(field->value, "no", 2) != 0;
    if (strcasecmp(field->name, "X-Auto-Response-Suppress") == 0) /* MS-OXCMAIL */
        return strcasestr(field->value, "oof") || strcasestr(field->value, "all");
    if (strcasecmp(field->name, "Precedence") == 0)
        for (i = 0; i < sizeof bulk / sizeof *bulk; i++)
            if (strncasecmp(field->value, bulk[i], 4) == 0)
                return 1;
    return strncasecmp(field->name, "List-", 5) == 0; /* RFC 2369, RFC 2919 */
}

int item_oof_answerable(const item_mime_t *mime, const backend_identity_t *away, const char *sender,
                        apr_pool_t *pool)
{
    int i, j, named = 0;

    if (oof_is_program(sender) || oof_is_own(away, sender))
        return 0;
    for (i = 0; i < mime->fields->nelts; i++) {
        const item_mime_field_t *field = &APR_ARRAY_IDX(mime->fields, i, item_mime_field_t);
        apr_array_header_t *addresses;

        if (oof_is_automatic(field))
            return 0;
        if (named || (strcasecmp(field->name, "To") != 0 && strcasecmp(field->name, "Cc") != 0))
            continue;
        addresses = apr_array_make(pool, 4, sizeof(item_address_t));
        item_header_addresses(field->value, addresses, pool);
        for (j = 0; j < addresses->nelts; j++)
            named |= oof_is_own(away, APR_ARRAY_IDX(addresses, j, item_address_t).address);
    }
    return named;
}

/* -- the answer ------------------------------------------------------------------------------- */

static const char *oof_subject(const item_mime_t *original, apr_pool_t *pool)
{
    const char *raw = item_mime_field(original, "Subject");
    const char *subject = raw ? item_header_text(raw, pool) : "";

    subject = apr_pstrmemdup(pool, subject,
                             base_text_utf8_floor(subject, strlen(subject), OOF_SUBJECT_MAX));
    return item_letter_field(apr_pstrcat(pool, "Automatic reply: ", subject, NULL), pool);
}

const char *item_oof_compose(const item_oof_message_t *message, const item_mime_t *original,
                             const char *recipient, apr_pool_t *pool)
{
    return apr_pstrcat(pool, "To: ", recipient, "\r\nSubject: ", oof_subject(original, pool),
                       "\r\nAuto-Submitted: auto-replied\r\nX-Auto-Response-Suppress: All\r\n"
                       "MIME-Version: 1.0\r\nContent-Type: text/",
                       message->html ? "html" : "plain",
                       "; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n",
                       item_letter_base64(message->text, pool), NULL);
}
