#include "item/quote.h"

#include <string.h>
#include <strings.h>
#include <apr_lib.h>

/* How far behind its mark a forwarded message says that it is one. */
#define QUOTE_FORWARD_WITHIN 500

/* What mail programs put before the messages that they quote. A mark that is an attribute stands for
 * the element that it is in. */
static const struct {
    const char *mark;
    int attribute;
} quote_marks[] = {
    {"class=\"gmail_quote", 1},       /* Gmail */
    {"class=\"moz-cite-prefix", 1},   /* Thunderbird */
    {"type=\"cite\"", 1},             /* Apple Mail, Thunderbird */
    {"id=\"divRplyFwdMsg", 1},        /* Outlook on the web */
    {"id=\"appendonsend", 1},         /* Outlook */
    {"id=\"ymail_android_quoted", 1}, /* Yahoo */
    {"class=\"yahoo_quoted", 1},
    {"-----Original Message-----", 0}, /* Outlook, in plain text */
    {"-----Urspr", 0},
};

/* No library finds text in bytes that may hold anything without regard to case. */
static const char *quote_find(const char *text, const char *end, const char *mark)
{
    apr_size_t length = strlen(mark);

    for (; (apr_size_t)(end - text) >= length; text++)
        if (strncasecmp(text, mark, length) == 0)
            return text;
    return NULL;
}

static const char *quote_element(const char *html, const char *at)
{
    while (at > html && *at != '<')
        at--;
    return at;
}

/* Is there anything to read? */
static int quote_has_text(const char *html, const char *end)
{
    const char *body = quote_find(html, end, "<body");
    int tag = 0;

    for (html = body ? body : html; html < end; html++) {
        if (*html == '<')
            tag = 1;
        else if (*html == '>' && tag)
            tag = 0;
        else if (!tag && !apr_isspace(*html) && strncmp(html, "&nbsp;", 6) != 0)
            return 1;
        else if (!tag && *html == '&')
            html += 5;
    }
    return 0;
}

apr_size_t item_quote_begin(const char *html, apr_size_t length)
{
    const char *end = html + length, *begin = end, *at;
    size_t i;

    for (i = 0; i < sizeof quote_marks / sizeof *quote_marks; i++) {
        at = quote_find(html, begin, quote_marks[i].mark);
        if (at)
            begin = quote_marks[i].attribute ? quote_element(html, at) : at;
    }
    if (begin == end || !quote_has_text(html, begin))
        return length;
    at = end - begin > QUOTE_FORWARD_WITHIN ? begin + QUOTE_FORWARD_WITHIN : end;
    return quote_find(begin, at, "Forwarded message") ? length : (apr_size_t)(begin - html);
}
