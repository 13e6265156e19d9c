/* Word's Rich Text Format (RTF) Specification 1.9: "Contents of an RTF File" and the control words that
 * stand for characters. */
#include "item/rtf.h"

#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <apr_lib.h>
#include <apr_strings.h>

#define RTF_DEPTH_MAX 200
#define RTF_WORD_MAX 32
#define RTF_BYTES_MAX 64

typedef struct {
    unsigned char skip;    /* a destination that is not shown */
    unsigned char unicode; /* \uc: how many characters stand for one of \u */
} rtf_group_t;

typedef struct {
    const char *at, *end;
    item_sink_t *sink;
    rtf_group_t groups[RTF_DEPTH_MAX];
    int depth;
    int fallback;  /* characters still to be left out after a \u */
    unsigned high; /* the first half of a surrogate pair */
    iconv_t converter;
    char bytes[RTF_BYTES_MAX]; /* of the code page, not converted yet */
    apr_size_t byte_count;
} rtf_t;

/* Destinations whose text is none of the document's ("\*" marks all others). */
static const char *const rtf_hidden[] = {"fonttbl",  "colortbl", "stylesheet", "info",    "pict",
                                         "object",   "header",   "headerl",    "headerr", "headerf",
                                         "footer",   "footerl",  "footerr",    "footerf", "fldinst",
                                         "listtext", "filetbl",  "themedata",  "xmlnstbl"};

static const struct {
    const char *word;
    const char *text;
} rtf_characters[] = {{"par", "\r\n"},
                      {"line", "\r\n"},
                      {"sect", "\r\n"},
                      {"page", "\r\n"},
                      {"row", "\r\n"},
                      {"tab", "\t"},
                      {"cell", "\t"},
                      {"emdash", "\xe2\x80\x94"},
                      {"endash", "\xe2\x80\x93"},
                      {"emspace", "\xe2\x80\x83"},
                      {"enspace", "\xe2\x80\x82"},
                      {"bullet", "\xe2\x80\xa2"},
                      {"lquote", "\xe2\x80\x98"},
                      {"rquote", "\xe2\x80\x99"},
                      {"ldblquote", "\xe2\x80\x9c"},
                      {"rdblquote", "\xe2\x80\x9d"}};

static apr_status_t rtf_close(void *converter)
{
    iconv_close(converter);
    return APR_SUCCESS;
}

/* -- output ---------------------------------------------------------------------------------- */

/* Bytes of the code page that stand together; what cannot be converted becomes U+FFFD. */
static void rtf_flush(rtf_t *rtf)
{
    char out[4 * RTF_BYTES_MAX], *to = out, *from = rtf->bytes;
    apr_size_t left = rtf->byte_count, room = sizeof out;

    rtf->byte_count = 0;
    while (left && rtf->converter != (iconv_t)-1 &&
           iconv(rtf->converter, &from, &left, &to, &room) == (size_t)-1) {
        iconv(rtf->converter, NULL, NULL, NULL, NULL);
        if (room < 3)
            break;
        memcpy(to, "\xef\xbf\xbd", 3);
        to += 3;
        room -= 3;
        from++;
        left--;
    }
    item_sink_write(rtf->sink, out, (apr_size_t)(to - out));
}

/* Of one converter at a time: a text may name as many as it likes. */
static void rtf_set_code_page(rtf_t *rtf, long code_page, apr_pool_t *pool)
{
    char name[32];
    iconv_t converter;

    apr_snprintf(name, sizeof name, "CP%ld", code_page > 0 ? code_page : 1252);
    converter = iconv_open("UTF-8", name);
    if (converter == (iconv_t)-1)
        return;
    apr_pool_cleanup_register(pool, converter, rtf_close, apr_pool_cleanup_null);
    if (rtf->converter != (iconv_t)-1) {
        rtf_flush(rtf);
        apr_pool_cleanup_run(pool, rtf->converter, rtf_close);
    }
    rtf->converter = converter;
}

static int rtf_is_shown(const rtf_t *rtf)
{
    return !rtf->groups[rtf->depth].skip;
}

/* Should a character be shown, or does it stand beside a \u for programs that do not know that? */
static int rtf_takes(rtf_t *rtf)
{
    if (rtf->fallback) {
        rtf->fallback--;
        return 0;
    }
    return rtf_is_shown(rtf);
}

static void rtf_put(rtf_t *rtf, const char *text)
{
    if (!rtf_takes(rtf))
        return;
    rtf_flush(rtf);
    item_sink_puts(rtf->sink, text);
}

static void rtf_put_byte(rtf_t *rtf, char c)
{
    if (!rtf_takes(rtf))
        return;
    if (rtf->byte_count == sizeof rtf->bytes)
        rtf_flush(rtf);
    rtf->bytes[rtf->byte_count++] = c;
}

static void rtf_put_unicode(rtf_t *rtf, unsigned c)
{
    char text[5] = "";

    if (c >= 0xd800 && c < 0xdc00) {
        rtf->high = c;
        rtf->fallback = rtf->groups[rtf->depth].unicode;
        return;
    }
    if (c >= 0xdc00 && c < 0xe000)
        c = rtf->high ? 0x10000 + ((rtf->high - 0xd800) << 10) + (c - 0xdc00) : 0xfffd;
    rtf->high = 0;
    if (c < 0x80)
        text[0] = (char)c;
    else if (c < 0x800) {
        text[0] = (char)(0xc0 | c >> 6);
        text[1] = (char)(0x80 | (c & 0x3f));
    }
    else if (c < 0x10000) {
        text[0] = (char)(0xe0 | c >> 12);
        text[1] = (char)(0x80 | (c >> 6 & 0x3f));
        text[2] = (char)(0x80 | (c & 0x3f));
    }
    else {
        text[0] = (char)(0xf0 | c >> 18);
        text[1] = (char)(0x80 | (c >> 12 & 0x3f));
        text[2] = (char)(0x80 | (c >> 6 & 0x3f));
        text[3] = (char)(0x80 | (c & 0x3f));
    }
    rtf->fallback = 0;
    rtf_put(rtf, text);
    rtf->fallback = rtf->groups[rtf->depth].unicode;
}

/* -- input ----------------------------------------------------------------------------------- */

static int rtf_hex(char c)
{
    return apr_isdigit(c) ? c - '0' : apr_isxdigit(c) ? (c | 0x20) - 'a' + 10 : -1;
}

static void rtf_hide(rtf_t *rtf)
{
    rtf->groups[rtf->depth].skip = 1;
}

static void rtf_word(rtf_t *rtf, const char *word, int has_number, long number, apr_pool_t *pool)
{
    size_t i;

    if (strcmp(word, "u") == 0 && has_number)
        rtf_put_unicode(rtf, (unsigned)number & 0xffff);
    else if (strcmp(word, "uc") == 0 && has_number)
        rtf->groups[rtf->depth].unicode = (unsigned char)(number > 0 && number < 20 ? number : 0);
    else if (strcmp(word, "ansicpg") == 0 && has_number)
        rtf_set_code_page(rtf, number, pool);
    else if (strcmp(word, "bin") == 0 && number > 0)
        rtf->at += number < rtf->end - rtf->at ? number : rtf->end - rtf->at;
    else {
        for (i = 0; i < sizeof rtf_hidden / sizeof *rtf_hidden; i++)
            if (strcmp(word, rtf_hidden[i]) == 0)
                rtf_hide(rtf);
        for (i = 0; i < sizeof rtf_characters / sizeof *rtf_characters; i++)
            if (strcmp(word, rtf_characters[i].word) == 0)
                rtf_put(rtf, rtf_characters[i].text);
    }
}

/* A control symbol: one character behind the backslash. */
static void rtf_symbol(rtf_t *rtf, char c)
{
    if (c == '\'' && rtf->end - rtf->at >= 2) {
        int high = rtf_hex(rtf->at[0]), low = rtf_hex(rtf->at[1]);

        rtf->at += 2;
        if (high >= 0 && low >= 0)
            rtf_put_byte(rtf, (char)(high << 4 | low));
    }
    else if (c == '*')
        rtf_hide(rtf);
    else if (c == '~')
        rtf_put(rtf, "\xc2\xa0");
    else if (c == '_')
        rtf_put(rtf, "-");
    else if (c == '\r' || c == '\n')
        rtf_put(rtf, "\r\n");
    else if (c == '\\' || c == '{' || c == '}')
        rtf_put_byte(rtf, c);
}

static void rtf_control(rtf_t *rtf, apr_pool_t *pool)
{
    char word[RTF_WORD_MAX + 1];
    apr_size_t n = 0;
    long number = 0;
    int has_number = 0, negative = 0;

    if (rtf->at == rtf->end)
        return;
    if (!apr_isalpha(*rtf->at)) {
        rtf_symbol(rtf, *rtf->at++);
        return;
    }
    for (; rtf->at < rtf->end && apr_isalpha(*rtf->at); rtf->at++)
        if (n < RTF_WORD_MAX)
            word[n++] = *rtf->at;
    word[n] = '\0';
    if (rtf->end - rtf->at > 1 && *rtf->at == '-' && apr_isdigit(rtf->at[1])) {
        negative = 1;
        rtf->at++;
    }
    for (; rtf->at < rtf->end && apr_isdigit(*rtf->at); rtf->at++, has_number = 1)
        number = number < 100000000 ? number * 10 + (*rtf->at - '0') : number;
    if (rtf->at < rtf->end && *rtf->at == ' ')
        rtf->at++;
    rtf_word(rtf, word, has_number, negative ? -number : number, pool);
}

/* Returns 0 when it is too deep. */
static int rtf_open(rtf_t *rtf)
{
    if (rtf->depth + 1 == RTF_DEPTH_MAX)
        return 0;
    rtf->groups[rtf->depth + 1] = rtf->groups[rtf->depth];
    rtf->depth++;
    rtf->fallback = 0;
    return 1;
}

int item_rtf_text(const char *text, apr_size_t length, item_sink_t *sink, apr_pool_t *pool)
{
    rtf_t rtf = {.at = text, .end = text + length, .sink = sink, .converter = (iconv_t)-1};

    if (length < 5 || strncmp(text, "{\\rtf", 5) != 0)
        return 0;
    rtf.groups[0].unicode = 1;
    rtf_set_code_page(&rtf, 1252, pool);
    while (rtf.at < rtf.end && !item_sink_done(sink)) {
        char c = *rtf.at++;

        if (c == '\\')
            rtf_control(&rtf, pool);
        else if (c == '{' && !rtf_open(&rtf))
            return 0;
        else if (c == '}') {
            rtf.fallback = 0;
            if (--rtf.depth <= 0)
                break;
        }
        else if (c != '{' && c != '\r' && c != '\n' && c)
            rtf_put_byte(&rtf, c);
    }
    rtf_flush(&rtf);
    return 1;
}
