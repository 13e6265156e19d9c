/* HTML to text, text to HTML, format=flowed. */
#include "item_helpers.h"

#include "item/html.h"

/* Fed in pieces of that size, as it comes from a stream. */
static const char *html_text(const char *html, apr_size_t piece, apr_pool_t *pool)
{
    item_sink_t sink;
    item_html_text_t *converter;
    apr_size_t length = strlen(html), n;

    item_sink_init(&sink, ITEM_TRUNCATION_NONE, pool);
    converter = item_html_text_create(&sink, pool);
    for (; length; html += n, length -= n) {
        n = length < piece ? length : piece;
        item_html_text_feed(converter, html, n);
    }
    item_html_text_finish(converter);
    return sink.buffer.data ? sink.buffer.data : "";
}

static void test_html_to_text(apr_pool_t *pool)
{
    static const struct {
        const char *html, *text;
    } rows[] = {
        {"", ""},
        {"plain", "plain"},
        {"<p>one</p><p>two</p>", "one\r\n\r\ntwo"},
        {"<div>one</div><div>two</div>", "one\r\ntwo"},
        {"one<br>two<br><br>three", "one\r\ntwo\r\n\r\nthree"},
        {"  much   \n  space  ", "much space"},
        {"a&nbsp;&amp;&lt;&eacute;&#8364;&#x20AC;&bogus;", "a &<é€€&bogus;"},
        {"<b>a</b><i>b</i> <u>c</u>", "ab c"},
        {"<ul><li>a<li>b</ul>c", "* a\r\n* b\r\n\r\nc"},
        {"<ol><li>a</li><li>b</li></ol>", "1. a\r\n2. b"},
        {"<table><tr><th>a<th>b<tr><td>c<td>d</table>", "a\tb\r\nc\td"},
        {"x<blockquote>a<br>b<blockquote>c</blockquote></blockquote>y",
         "x\r\n\r\n> a\r\n> b\r\n>> c\r\n\r\ny"},
        {"<pre> a\n  b</pre>", " a\r\n  b"},
        {"<a href=\"https://e.org/a\">here</a>.", "here <https://e.org/a>."},
        {"<a href=\"https://e.org/a\">https://e.org/a</a>", "https://e.org/a"},
        {"<a href=\"mailto:x@e.org\">x@e.org</a>", "x@e.org"},
        {"<a href=\" http://e.org/\r\n a\tb\">broken</a>", "broken <http://e.org/ ab>"},
        {"<a href=\"javascript:x()\">js</a><a href=\"#top\">up</a>", "jsup"},
        {"<img alt=\"a picture\" src=x><img src=y>", "a picture"},
        {"<head><title>t</title><style>s</style></head><script>if (a<b) \"</p>\"</script>body",
         "body"},
        {"<p>open <b>and never closed", "open and never closed"},
        {"</p></div></b>stray", "stray"},
        {"a</ b>c</>d</\xef\xbf\xbd x='>'>e</", "acd'>e</"},
        {"<!-- comment > --><![CDATA[x]]>after", "after"},
        {"<p title='a>b'>quoted</p>", "quoted"},
        {"a<b=\" c=\">d\">e", "ae"},
        {"a<i \"x=1 b#=\"x c=\">d", "ad"},
        {"a<i/b=\"x>y\"/ =\"c\" 1='>'>d<br/>e", "ad\r\ne"},
        {"a<i b=c\"d>e\">f<a href=https://e.org/?a=/b/>g</a>", "ae\">fg <https://e.org/?a=/b/>"},
        {"a<hr>b", "a\r\n----------------------------------------\r\nb"},
        {"<p>\xe2\x80\x8b\xe2\x80\x8c zero \xe2\x80\x8b width</p>", "zero width"},
        {"<p>", ""},
        {"<", "<"},
        {"a<>b<3<<i>c</i>", "a<>b<3<c"},
        {"<p><![if !supportLists]>1.<![endif]>x<?xml:namespace prefix = o /><o:p>y</o:p></p>",
         "1.xy"},
        {"<!--[if mso]><p>not shown</p><![endif]-->shown<!-->, too", "shown, too"},
        {"<html><body>a</body></html><p>footer</p>", "a\r\n\r\nfooter"},
        {"<html><head><meta charset=x></head><body class=b>a</body></html>", "a"},
        {"<SCRIPT>x='</scrip';</SCRIPT >y<style media=\"a>b\">z</style>w", "yw"},
        {"<div title=\"it's > that\">a</div>", "a"},
        {"<title>t</title><textarea>u</textarea>v", "v"},
        {"a < b and c > d", "a < b and c > d"},
    };
    size_t i, piece;

    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        for (piece = 1; piece <= 1000; piece = piece * 3 + 4) {
            const char *text = html_text(rows[i].html, piece, pool);

            is_str(text, rows[i].text,
                   apr_psprintf(pool, "HTML row %d in pieces of %d", (int)i, (int)piece));
        }
}

static void test_html_bounds(apr_pool_t *pool)
{
    apr_size_t size = 2000000, n;
    char *html = apr_palloc(pool, size + 100);
    item_sink_t sink;
    item_html_text_t *converter;

    /* a picture as data: URI between two words */
    n = (apr_size_t)apr_snprintf(html, 100, "<p>before<img src=\"data:image/png;base64,");
    memset(html + n, 'A', size);
    strcpy(html + n + size, "\" alt=\"x\">after</p>");
    is_str(html_text(html, 8192, pool), "beforeafter",
           "a huge attribute is cut, its text lives on");

    item_sink_init(&sink, 10, pool);
    converter = item_html_text_create(&sink, pool);
    item_html_text_feed(converter, "<p>1234567890123</p>", 20);
    item_html_text_finish(converter);
    ok(sink.full && sink.length == 10, "the sink's limit holds");

    for (n = 0; n + 5 <= 500000; n += 5)
        memcpy(html + n, "<div>", 5);
    html[n] = '\0';
    item_sink_init(&sink, ITEM_TRUNCATION_NONE, pool);
    converter = item_html_text_create(&sink, pool);
    item_html_text_feed(converter, html, n);
    ok(!item_html_text_finish(converter), "100,000 open elements are given up, and said so");
}

static const char *plain(const char *text, int flowed, int delsp, int html, apr_size_t piece,
                         apr_pool_t *pool)
{
    item_sink_t sink;
    item_plain_t *converter;
    apr_size_t length = strlen(text), n;

    item_sink_init(&sink, ITEM_TRUNCATION_NONE, pool);
    converter = item_plain_create(&sink, flowed, delsp, html, pool);
    for (; length; text += n, length -= n) {
        n = length < piece ? length : piece;
        item_plain_feed(converter, text, n);
    }
    item_plain_finish(converter);
    return sink.buffer.data ? sink.buffer.data : "";
}

static void test_plain(apr_pool_t *pool)
{
    static const struct {
        const char *in;
        int flowed, delsp;
        const char *text, *html;
    } rows[] = {
        {"", 0, 0, "", ""},
        {"a", 0, 0, "a", "a"},
        {"a\nb\r\nc\n", 0, 0, "a\r\nb\r\nc\r\n", "a<br>\r\nb<br>\r\nc<br>\r\n"},
        {"<a & \"b\">", 0, 0, "<a & \"b\">", "&lt;a &amp; &quot;b&quot;&gt;"},
        {" x  y", 0, 0, " x  y", "&nbsp;x &nbsp;y"},
        {"\tx", 0, 0, "\tx", "&nbsp;&nbsp;&nbsp; x"},
        {"see http://e.org/a?b=1&c=2.", 0, 0, "see http://e.org/a?b=1&c=2.",
         "see <a href=\"http://e.org/a?b=1&amp;c=2\">http://e.org/a?b=1&amp;c=2</a>."},
        {"xhttp://no http:// https://y", 0, 0, "xhttp://no http:// https://y",
         "xhttp://no http:// <a href=\"https://y\">https://y</a>"},
        {"soft \nbreak\nhard\n", 1, 0, "soft break\r\nhard\r\n", "soft break<br>\r\nhard<br>\r\n"},
        {"del \nsp\n", 1, 1, "delsp\r\n", "delsp<br>\r\n"},
        {"soft \nbreak\n", 0, 0, "soft \r\nbreak\r\n", "soft <br>\r\nbreak<br>\r\n"},
        {"> q \n> q\n>> d\nx\n", 1, 0, "> q q\r\n>> d\r\nx\r\n",
         "<blockquote type=\"cite\">q q<br>\r\n<blockquote type=\"cite\">d<br>\r\n"
         "</blockquote></blockquote>x<br>\r\n"},
        {" > stuffed\n", 1, 0, "> stuffed\r\n", "&gt; stuffed<br>\r\n"},
        {"soft \n-- \nsig\n", 1, 0, "soft \r\n-- \r\nsig\r\n",
         "soft <br>\r\n-- <br>\r\nsig<br>\r\n"},
        {"soft \n> other depth\n", 1, 0, "soft \r\n> other depth\r\n",
         "soft <br>\r\n<blockquote type=\"cite\">other depth<br>\r\n</blockquote>"},
        {"ends soft \n", 1, 0, "ends soft \r\n", "ends soft <br>\r\n"},
    };
    size_t i, piece;
    char *line = apr_palloc(pool, 100001);
    const char *out;

    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        for (piece = 1; piece <= 100; piece = piece * 3 + 4) {
            is_str(plain(rows[i].in, rows[i].flowed, rows[i].delsp, 0, piece, pool), rows[i].text,
                   apr_psprintf(pool, "text row %d as text, pieces of %d", (int)i, (int)piece));
            is_str(plain(rows[i].in, rows[i].flowed, rows[i].delsp, 1, piece, pool), rows[i].html,
                   apr_psprintf(pool, "text row %d as HTML, pieces of %d", (int)i, (int)piece));
        }
    for (i = 0; i + 2 <= 100000; i += 2)
        memcpy(line + i, "\xc3\xa9", 2);
    line[i] = '\0';
    out = plain(line, 1, 0, 0, 8192, pool);
    ok(strcmp(out, line) == 0, "a line of 100 kB arrives whole");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    test_html_to_text(pool);
    test_html_bounds(pool);
    test_plain(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
