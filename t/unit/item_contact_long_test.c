/* Contacts of programs that know no measure: cards of one line, or with more of something than phones
 * are shown. They are shown, and what is not shown stays. */
#include "contact_helpers.h"

#include <sys/resource.h>

#include "item/category.h"

#define MEGABYTE (1024 * 1024)

/* The unit as often as fits into size bytes. */
static const char *filled(const char *unit, apr_size_t size, apr_pool_t *pool)
{
    apr_size_t length = strlen(unit), i;
    char *text = apr_palloc(pool, size + 1);

    for (i = 0; i + length <= size; i += length)
        memcpy(text + i, unit, length);
    text[i] = '\0';
    return text;
}

static const char *card_of(const char *line, apr_pool_t *pool)
{
    return apr_pstrcat(pool, "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:x\r\n", line, "\r\nEND:VCARD\r\n",
                       NULL);
}

static long memory(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

/* ASan needs far more. */
static int is_bound(void)
{
#if defined(__SANITIZE_ADDRESS__)
    return 0;
#else
    return 1;
#endif
}

/* 16 MB in one line take less than ten times as much. */
static void test_one_line(apr_pool_t *pool)
{
    static const struct {
        const char *name, *head, *unit;
    } rows[] = {{"a name", "N:", "a"},
                {"names", "N:", "a;"},
                {"a list of names", "N:;", "a,"},
                {"an empty list", "N:;", ","},
                {"categories", "CATEGORIES:", "a,"},
                {"categories without an end", "CATEGORIES:", ","},
                {"an address", "ADR;TYPE=home:;;", "\\n"},
                {"an organisation", "ORG:", "ab;"},
                {"parameters", "TEL;TYPE=home", ";a"},
                {"values of a parameter", "TEL;TYPE=home", ",a"},
                {"a nickname", "NICKNAME:", "a,"},
                {"a URI", "IMPP:xmpp:", "%41"},
                {"a text", "TITLE:", "\xc3\xa4"}};
    apr_pool_t *own;
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        long before;
        const char *card;
        edit_t edit;

        apr_pool_create(&own, pool);
        card = card_of(apr_pstrcat(own, rows[i].head, filled(rows[i].unit, 15 * MEGABYTE, own),
                                   strchr(rows[i].head, ':') ? "" : ":1", NULL),
                       own);
        before = memory();
        ok(shown_at(card, EAS_VERSION_16_1, own) != NULL, "%s of 15 MB is shown", rows[i].name);
        edit = edit_make(1, own);
        edit_send(&edit, EAS_Contacts_WebPage, "http://a");
        ok(edit_apply(&edit, card) && edit.tell == 0, "and stays in an edit");
        before = memory() - before;
        ok(!is_bound() || before < 150 * 1024, "in %ld kB of memory", before);
        apr_pool_destroy(own);
    }
}

/* What is shown of a long text, and what becomes of it when it comes back. */
static void test_text(apr_pool_t *pool)
{
    const char *card = card_of(
        apr_pstrcat(pool, "TITLE:", filled("\xc3\xa4", 200000, pool), "\r\nN:a;b", NULL), pool);
    const char *title = property(shown_at(card, EAS_VERSION_16_1, pool), EAS_Contacts_JobTitle);
    edit_t edit = edit_make(1, pool);

    ok(title && strlen(title) == ITEM_DOCUMENT_TEXT_MAX, "the beginning of a text");
    edit_send(&edit, EAS_Contacts_JobTitle, title ? title : "");
    is_str(edit_apply(&edit, card), card, "which is kept whole when it comes back");
    edit = edit_make(1, pool);
    edit_send(&edit, EAS_Contacts_JobTitle, "t");
    is_str(edit_apply(&edit, card), card_of("TITLE:t\r\nN:a;b\r\nREV:20270115T080000Z", pool),
           "and another one is another");
}

static eas_node_t *names_sent(edit_t *edit, eas_tag_t container, eas_tag_t tag, const char *prefix,
                              int from, int to)
{
    eas_node_t *node = node_add(edit->data, container, "", edit->pool);

    for (; from < to; from++)
        node_add(node, tag, apr_psprintf(edit->pool, "%s%d", prefix, from), edit->pool);
    return node;
}

static const char *categories(int from, int to, apr_pool_t *pool)
{
    const char *text = "";

    for (; from < to; from++)
        text = apr_pstrcat(pool, text, *text ? ",c" : "c", apr_itoa(pool, from), NULL);
    return text;
}

/* A client that edits the 300 it is shown leaves the others (MS-ASCNTC 2.2.2.10: up to 300). */
static void test_categories(apr_pool_t *pool)
{
    int all = ITEM_CATEGORIES_MAX + 200, most = ITEM_CATEGORIES_MAX;
    const char *card =
        card_of(apr_pstrcat(pool, "CATEGORIES:c0\r\nCATEGORIES:", categories(1, all, pool),
                            "\r\nCATEGORIES:a\\,b,c", NULL),
                pool);
    edit_t edit = edit_make(1, pool);

    names_sent(&edit, EAS_Contacts_Categories, EAS_Contacts_Category, "c", 0, most);
    is_str(edit_apply(&edit, card), card, "the categories that are shown are no change");
    edit = edit_make(1, pool);
    names_sent(&edit, EAS_Contacts_Categories, EAS_Contacts_Category, "c", 1, most);
    is_str(edit_apply(&edit, card),
           card_of(apr_pstrcat(pool, "CATEGORIES:", categories(1, all, pool),
                               "\r\nCATEGORIES:a\\,b,c\r\nREV:20270115T080000Z", NULL),
                   pool),
           "one that is taken away is, the others stay");
    ok(edit.tell, "and the client is shown one more");
}

static void test_nickname(apr_pool_t *pool)
{
    static const struct {
        const char *name, *before, *sent, *after;
    } rows[] = {{"a list stays one", "NICKNAME:a,b", "a, c,d", "NICKNAME:a,c,d"},
                {"a text stays one", "NICKNAME:a\\,b", "a,c", "NICKNAME:a\\,c"},
                {"another nickname", "NICKNAME:a", "b,c", "NICKNAME:b\\,c"}};
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        edit_t edit = edit_make(1, pool);

        edit_send(&edit, EAS_Contacts2_NickName, rows[i].sent);
        is_str(edit_apply(&edit, card_of(rows[i].before, pool)),
               card_of(apr_pstrcat(pool, rows[i].after, "\r\nREV:20270115T080000Z", NULL), pool),
               rows[i].name);
    }
}

/* A name of more than the reader keeps in memory. */
static void test_spilled(apr_pool_t *pool)
{
    const char *name = filled("n", 20000, pool);
    backend_blob_t *file = blob_in_file(name, strlen(name), pool);
    edit_t edit = edit_make(0, pool);
    eas_node_t *child;

    child = node_add(node_add(edit.data, EAS_Contacts_Children, "", pool), EAS_Contacts_Child, "",
                     pool);
    child->file = file->file;
    child->length = strlen(name);
    ok(edit_apply(&edit, NULL) && !edit.tell, "a child with a long name is kept as it was sent");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    test_one_line(pool);
    test_text(pool);
    test_categories(pool);
    test_nickname(pool);
    test_spilled(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
