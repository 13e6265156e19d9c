/* Text <-> HTML. The first byte says how the rest is fed: bits 0 to 4 the characters of a piece (0:
 * whole), bits 5 and 6 how often it is repeated, so that also what is bounded by kilobytes is met;
 * bit 7, for plain text, that it is flowed. However it is fed, the same comes out. */
#include "fuzz.h"

#include <string.h>
#include <apr_strings.h>

#include "base/text.h"
#include "item/html.h"
#include "item/html_filter.h"
#include "item/item.h"

typedef struct {
    const char *text;
    apr_size_t length;
    apr_size_t piece; /* characters, 0: whole */
    apr_pool_t *pool;
} feed_t;

/* The next piece at the offset: whole characters, as item_reader_text() delivers. */
static apr_size_t feed_piece(const feed_t *feed, apr_size_t offset)
{
    apr_size_t left = feed->length - offset, n = 0, i;

    if (!feed->piece)
        return left;
    for (i = 0; i < feed->piece && n < left; i++)
        do
            n++;
        while (n < left && (feed->text[offset + n] & 0xc0) == 0x80);
    return n;
}

static void feed_append(void *baton, const char *text, apr_size_t length)
{
    base_text_buffer_append(baton, text, length);
}

static const char *feed_filter(const feed_t *feed, apr_size_t *length)
{
    base_text_buffer_t out = {.pool = feed->pool};
    item_html_filter_t filter = {0};
    apr_size_t offset, n;

    base_text_buffer_puts(&out, "");
    for (offset = 0; offset < feed->length; offset += n) {
        n = feed_piece(feed, offset);
        item_html_filter_feed(&filter, feed->text + offset, n, feed_append, &out);
    }
    item_html_filter_finish(&filter, feed_append, &out);
    *length = out.length;
    return out.data;
}

/* What came out: legal text in lines that end with CRLF. */
static const char *feed_result(item_sink_t *sink, apr_size_t *length, apr_pool_t *pool)
{
    char *text = apr_palloc(pool, (apr_size_t)sink->length + 1);
    apr_size_t n, i;

    for (*length = 0; *length < sink->length; *length += n) {
        n = (apr_size_t)sink->length - *length;
        FUZZ_ASSERT(!item_sink_read(sink, *length, text + *length, &n) && n);
    }
    text[*length] = '\0';
    FUZZ_ASSERT(base_text_xml_legal(text, *length));
    for (i = 0; i < *length; i++)
        FUZZ_ASSERT(text[i] != '\n' || (i && text[i - 1] == '\r'));
    return text;
}

static const char *feed_html(const feed_t *feed, apr_size_t *length, int *complete)
{
    item_html_text_t *html;
    apr_size_t offset, n;
    item_sink_t sink;

    item_sink_init(&sink, APR_UINT64_MAX, feed->pool);
    html = item_html_text_create(&sink, feed->pool);
    for (offset = 0; offset < feed->length; offset += n) {
        n = feed_piece(feed, offset);
        item_html_text_feed(html, feed->text + offset, n);
    }
    *complete = item_html_text_finish(html);
    return feed_result(&sink, length, feed->pool);
}

static const char *feed_plain(const feed_t *feed, int flowed, int html, apr_size_t *length)
{
    item_plain_t *plain;
    apr_size_t offset, n;
    item_sink_t sink;

    item_sink_init(&sink, APR_UINT64_MAX, feed->pool);
    plain = item_plain_create(&sink, flowed, flowed && html, html, feed->pool);
    for (offset = 0; offset < feed->length; offset += n) {
        n = feed_piece(feed, offset);
        item_plain_feed(plain, feed->text + offset, n);
    }
    item_plain_finish(plain);
    return feed_result(&sink, length, feed->pool);
}

static void check_same(const char *one, apr_size_t one_length, const char *other,
                       apr_size_t other_length)
{
    FUZZ_ASSERT(one_length == other_length && memcmp(one, other, one_length) == 0);
}

static void check_plain(const feed_t *whole, const feed_t *pieces, int flowed)
{
    apr_size_t one_length, other_length;
    const char *one, *other;
    int html;

    for (html = 0; html < 2; html++) {
        one = feed_plain(whole, flowed, html, &one_length);
        other = feed_plain(pieces, flowed, html, &other_length);
        check_same(one, one_length, other, other_length);
    }
}

static void check_html(const feed_t *whole, const feed_t *pieces)
{
    apr_size_t one_length, other_length;
    const char *one = feed_filter(whole, &one_length);
    const char *other = feed_filter(pieces, &other_length);
    int complete, complete_too;

    check_same(one, one_length, other, other_length);
    one = feed_html(whole, &one_length, &complete);
    other = feed_html(pieces, &other_length, &complete_too);
    FUZZ_ASSERT(complete == complete_too);
    check_same(one, one_length, other, other_length);
    /* a rule within the deepest lists and quotations is what grows most */
    FUZZ_ASSERT(one_length <= 40 * whole->length + 4096);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int repeats[] = {1, 2, 16, 256};
    base_text_buffer_t text = {0};
    feed_t whole, pieces;
    const char *legal;
    apr_pool_t *pool;
    int i;

    if (!size)
        return 0;
    fuzz_once(item_child_init);
    text.pool = pool = fuzz_pool();
    legal = base_text_xml_sanitize(apr_pstrmemdup(pool, (const char *)data + 1, size - 1), size - 1,
                                   pool);
    base_text_buffer_puts(&text, "");
    for (i = 0; i < repeats[data[0] >> 5 & 3]; i++)
        base_text_buffer_puts(&text, legal);
    whole = (feed_t){.text = text.data, .length = text.length, .pool = pool};
    pieces = whole;
    pieces.piece = data[0] & 0x1f;
    check_html(&whole, &pieces);
    check_plain(&whole, &pieces, data[0] >> 7);
    apr_pool_destroy(pool);
    return 0;
}
