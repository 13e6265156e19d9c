/* Contacts: what becomes of vCards that clients change. */
#include "contact_helpers.h"

/* The one element changed, all others ghosted; without REV, which tells of each change. */
static const char *edited(const char *card, eas_tag_t tag, const char *text, apr_pool_t *pool)
{
    edit_t edit = edit_make(1, pool);
    const char *after, *again, *rev;

    edit_send(&edit, tag, text);
    after = edit_apply(&edit, card);
    if (!after)
        return edit.fault->message;
    again = edit_apply(&edit, after);
    if (again != after)
        return apr_pstrcat(pool, "another one the second time: ", again, NULL);
    rev = strstr(after, "REV:20270115T080000Z\r\n");
    return rev ? apr_pstrcat(pool, apr_pstrmemdup(pool, after, (apr_size_t)(rev - after)), rev + 22,
                             NULL)
               : after;
}

/* One element of a card changed: what the card is then. */
static const struct {
    const char *name, *card;
    eas_tag_t tag;
    const char *value, *after;
} edit_rows[] = {
    {"that very line",
     CARD("3.0", "EMAIL;TYPE=home;X-A=b:a@b\r\nitem1.EMAIL:c@d\r\nitem1.X-ABLabel:x\r\n"),
     EAS_Contacts_Email2Address, "e@f",
     CARD("3.0", "EMAIL;TYPE=home;X-A=b:a@b\r\nitem1.EMAIL:e@f\r\nitem1.X-ABLabel:x\r\n")},
    {"a name in front of an address", CARD("3.0", "FN:x\r\nEMAIL:a@b\r\n"),
     EAS_Contacts_Email1Address, "\"Jane\" <a@b>", CARD("3.0", "FN:x\r\nEMAIL:a@b\r\n")},
    {"a new one keeps its number", CARD("3.0", "FN:x\r\n"), EAS_Contacts_Email3Address, "a@b",
     CARD("3.0", "FN:x\r\nEMAIL;TYPE=INTERNET;X-EVOLUTION-UI-SLOT=3:a@b\r\n")},
    {"deleted with its label", CARD("3.0", "FN:x\r\nitem1.EMAIL:c@d\r\nitem1.X-ABLabel:x\r\n"),
     EAS_Contacts_Email1Address, "", CARD("3.0", "FN:x\r\n")},
    {"deleted where there are more: nothing moves up",
     CARD("3.0", "FN:x\r\nEMAIL:1@x\r\nEMAIL:2@x\r\nEMAIL:3@x\r\nEMAIL:4@x\r\n"),
     EAS_Contacts_Email2Address, "",
     CARD("3.0", "FN:x\r\nEMAIL:1@x\r\nEMAIL:\r\nEMAIL:3@x\r\nEMAIL:4@x\r\n")},
    {"an empty one is filled",
     CARD("3.0", "FN:x\r\nEMAIL:1@x\r\nEMAIL:\r\nEMAIL:3@x\r\nEMAIL:4@x\r\n"),
     EAS_Contacts_Email2Address, "5@x",
     CARD("3.0", "FN:x\r\nEMAIL:1@x\r\nEMAIL:5@x\r\nEMAIL:3@x\r\nEMAIL:4@x\r\n")},
    {"Apple's twins", CARD("3.0", "FN:x\r\nIMPP;X-SERVICE-TYPE=AIM:aim:j\r\nX-AIM:j\r\n"),
     EAS_Contacts2_IMAddress, "k",
     CARD("3.0", "FN:x\r\nIMPP;X-SERVICE-TYPE=AIM:aim:k\r\nX-AIM:k\r\n")},
    {"2.1 stays 2.1", CARD("2.1", "FN:x\r\nN:D;J\r\n"), EAS_Contacts_JobTitle, "Größe",
     CARD("2.1", "FN:x\r\nN:D;J\r\nTITLE;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:Gr=C3=B6=C3="
                 "9Fe\r\n")},
    {"a number in 2.1", CARD("2.1", "FN:x\r\n"), EAS_Contacts_HomeFaxNumber, "1",
     CARD("2.1", "FN:x\r\nTEL;HOME;FAX:1\r\n")},
    {"a tel URI", CARD("4.0", "FN:x\r\nTEL;VALUE=uri;TYPE=cell:tel:+1\r\n"),
     EAS_Contacts_MobilePhoneNumber, "+2 (3)", CARD("4.0", "FN:x\r\nTEL;TYPE=cell:+2 (3)\r\n")},
    {"the parts of an address that phones do not see",
     CARD("3.0", "FN:x\r\nADR;TYPE=home:PO 1;ext;s;c;;;\r\n"), EAS_Contacts_HomeAddressStreet, "t",
     CARD("3.0", "FN:x\r\nADR;TYPE=home:PO 1;ext;t;c;;;\r\n")},
    {"the last part of an address", CARD("3.0", "FN:x\r\nADR;TYPE=home:;;s;;;;\r\n"),
     EAS_Contacts_HomeAddressStreet, "", CARD("3.0", "FN:x\r\n")},
    {"a new address", CARD("3.0", "FN:x\r\n"), EAS_Contacts_BusinessAddressCity, "c",
     CARD("3.0", "FN:x\r\nADR;TYPE=WORK:;;;c;;;\r\n")},
    {"the same day", CARD("3.0", "FN:x\r\nBDAY;VALUE=date-time:1980-03-01T23:30:00Z\r\n"),
     EAS_Contacts_Birthday, "1980-03-01T00:00:00.000Z",
     CARD("3.0", "FN:x\r\nBDAY;VALUE=date-time:1980-03-01T23:30:00Z\r\n")},
    {"another day", CARD("3.0", "FN:x\r\nBDAY;VALUE=date-time:1980-03-01T23:30:00Z\r\n"),
     EAS_Contacts_Birthday, "1980-03-02T11:59:00.000Z", CARD("3.0", "FN:x\r\nBDAY:1980-03-02\r\n")},
    {"its form stays", CARD("3.0", "FN:x\r\nBDAY:19800301\r\n"), EAS_Contacts_Birthday,
     "1980-03-02T11:59:00.000Z", CARD("3.0", "FN:x\r\nBDAY:19800302\r\n")},
    {"without a year", CARD("4.0", "FN:x\r\nBDAY:--0301\r\n"), EAS_Contacts_Birthday,
     "1604-03-02T11:59:00.000Z", CARD("4.0", "FN:x\r\nBDAY:--0302\r\n")},
    {"without a year in 3.0", CARD("3.0", "FN:x\r\n"), EAS_Contacts_Birthday,
     "1604-03-02T11:59:00.000Z", CARD("3.0", "FN:x\r\nBDAY;X-APPLE-OMIT-YEAR=1604:1604-03-02\r\n")},
    {"what is no day stays", CARD("4.0", "FN:x\r\nBDAY;VALUE=text:circa 1800\r\n"),
     EAS_Contacts_Birthday, "", CARD("4.0", "FN:x\r\nBDAY;VALUE=text:circa 1800\r\n")},
    {"a name follows in FN", CARD("3.0", "N:Doe;Jane;;Dr.;\r\nFN:Dr. Jane Doe\r\n"),
     EAS_Contacts_LastName, "Roe", CARD("3.0", "N:Roe;Jane;;Dr.;\r\nFN:Dr. Jane Roe\r\n")},
    {"in a name of somebody's own", CARD("3.0", "N:Doe;Jane;;;\r\nFN:Jane (work) Doe\r\n"),
     EAS_Contacts_LastName, "Roe", CARD("3.0", "N:Roe;Jane;;;\r\nFN:Jane (work) Roe\r\n")},
    {"a name that is none of these", CARD("3.0", "N:Doe;Jane;;;\r\nFN:JD\r\n"),
     EAS_Contacts_LastName, "Roe", CARD("3.0", "N:Roe;Jane;;;\r\nFN:JD\r\n")},
    {"FileAs follows",
     CARD("3.0", "N:Doe;Jane;;;\r\nFN:Jane Doe\r\nX-EVOLUTION-FILE-AS:Jane Doe\r\n"),
     EAS_Contacts_FirstName, "Ann",
     CARD("3.0", "N:Doe;Ann;;;\r\nFN:Ann Doe\r\nX-EVOLUTION-FILE-AS:Ann Doe\r\n")},
    {"FileAs that follows from the names is not stored",
     CARD("3.0", "N:Doe;Jane;;;\r\nFN:Jane Doe\r\n"), EAS_Contacts_FileAs, "Doe, Jane",
     CARD("3.0", "N:Doe;Jane;;;\r\nFN:Jane Doe\r\n")},
    {"another FileAs", CARD("3.0", "N:Doe;Jane;;;\r\nFN:Jane Doe\r\n"), EAS_Contacts_FileAs, "Boss",
     CARD("3.0", "N:Doe;Jane;;;\r\nFN:Jane Doe\r\nX-EVOLUTION-FILE-AS:Boss\r\n")},
    {"a whole name changed", CARD("4.0", "FN:Jane Doe\r\n"), EAS_Contacts_FirstName, "Ann Doe",
     CARD("4.0", "FN:Ann Doe\r\nN:;Ann Doe;;;\r\n")},
    {"a name that Evolution has elsewhere", CARD("3.0", "FN:x\r\nX-EVOLUTION-SPOUSE:a\r\n"),
     EAS_Contacts_Spouse, "b", CARD("3.0", "FN:x\r\nX-EVOLUTION-SPOUSE:b\r\n")},
    {"a new one in 4.0", CARD("4.0", "FN:x\r\n"), EAS_Contacts_Spouse, "b",
     CARD("4.0", "FN:x\r\nRELATED;TYPE=Spouse;VALUE=text:b\r\n")},
    {"a URL photo stays", CARD("3.0", "FN:x\r\nPHOTO;VALUE=uri:http://x/y\r\n"),
     EAS_Contacts_Picture, "", CARD("3.0", "FN:x\r\nPHOTO;VALUE=uri:http://x/y\r\n")},
    {"a new picture", CARD("4.0", "FN:x\r\nPHOTO:data:image/png;base64,iVBORw==\r\n"),
     EAS_Contacts_Picture, "/9j/\r\nQUJD",
     CARD("4.0", "FN:x\r\nPHOTO:data:image/jpeg;base64,/9j/QUJD\r\n")},
    {"no picture any more", CARD("3.0", "FN:x\r\nPHOTO;ENCODING=b:QUJD\r\n"), EAS_Contacts_Picture,
     "", CARD("3.0", "FN:x\r\n")},
    {"a URL", CARD("3.0", "FN:x\r\n"), EAS_Contacts_WebPage, "http://a/b?c,d;e",
     CARD("3.0", "FN:x\r\nURL:http://a/b?c,d;e\r\n")},
    {"what ends no line", CARD("3.0", "FN:x\r\n"), EAS_Contacts_JobTitle, "a\r\nEND:VCARD\r\nX:y",
     CARD("3.0", "FN:x\r\nTITLE:a\\nEND:VCARD\\nX:y\r\n")},
};

static const char unchanged[] =
    CARD("3.0", "FN:x\r\nORG:Acme;\r\n R\r\nREV:20200101T000000Z\r\nX-A;b=\"c\":d\r\n");

static void test_edit(apr_pool_t *pool)
{
    size_t i;

    for (i = 0; i < sizeof edit_rows / sizeof *edit_rows; i++)
        is_str(edited(edit_rows[i].card, edit_rows[i].tag, edit_rows[i].value, pool),
               edit_rows[i].after, edit_rows[i].name);
    is_str(edited(unchanged, EAS_Contacts_Department, "R", pool), unchanged,
           "what changes nothing leaves the card, REV included");
}

static void test_large_picture(apr_pool_t *pool)
{
    char *base64 = apr_palloc(pool, 60000);
    const char *card;
    edit_t edit = edit_make(0, pool);

    memset(base64, 'A', 60000);
    base64[ITEM_CONTACT_PICTURE_MAX] = '\0';
    card = apr_psprintf(pool, CARD("3.0", "FN:x\r\nPHOTO;ENCODING=b:%s\r\n"), base64);
    is_str(property(shown_at(card, EAS_VERSION_12_1, pool), EAS_Contacts_Picture), base64,
           "48 KB are shown");
    base64[ITEM_CONTACT_PICTURE_MAX] = 'A';
    base64[ITEM_CONTACT_PICTURE_MAX + 4] = '\0';
    card = apr_psprintf(pool, CARD("3.0", "FN:x\r\nPHOTO;ENCODING=b:%s\r\n"), base64);
    ok(!property(shown_at(card, EAS_VERSION_12_1, pool), EAS_Contacts_Picture), "more are not");
    is_str(edited(card, EAS_Contacts_Picture, "", pool), card, "and are not deleted");
    edit_send(&edit, EAS_Contacts_Picture, base64);
    edit_apply(&edit, card);
    is_int(base_fault_code(edit.fault), BASE_FAULT_INVALID, "nor taken (R384)");
    edit = edit_make(0, pool);
    edit_send(&edit, EAS_Contacts_Birthday, "soon");
    edit_apply(&edit, card);
    is_int(base_fault_code(edit.fault), BASE_FAULT_INVALID, "no date");
}

/* MS-ASCMD R5906 to R5912 */
static void test_ghosting(apr_pool_t *pool)
{
    static const char card[] = CARD("3.0", "FN:Jane\r\nN:;Jane;;;\r\nTITLE:t\r\nURL:u\r\nNOTE:n\r\n"
                                           "X-UNKNOWN:x\r\nPHOTO;ENCODING=b:QUJD\r\n");
    edit_t edit = edit_make(0, pool);

    edit_send(&edit, EAS_Contacts_FirstName, "Jane");
    is_str(edit_apply(&edit, card),
           CARD("3.0", "FN:Jane\r\nN:;Jane;;;\r\nNOTE:n\r\nX-UNKNOWN:x\r\nPHOTO;ENCODING=b:QUJD\r\n"
                       "REV:20270115T080000Z\r\n"),
           "no Supported: what is left out goes, but for the body (R461) and the picture");
    edit = edit_make(1, pool);
    edit_send(&edit, EAS_Contacts_FirstName, "Jane");
    is_str(edit_apply(&edit, card), card, "an empty one: it stays");
    APR_ARRAY_PUSH(edit.supported, eas_tag_t) = EAS_Contacts_JobTitle;
    APR_ARRAY_PUSH(edit.supported, eas_tag_t) = EAS_Contacts_Picture;
    is_str(edit_apply(&edit, card),
           CARD("3.0", "FN:Jane\r\nN:;Jane;;;\r\nURL:u\r\nNOTE:n\r\nX-UNKNOWN:x\r\n"
                       "REV:20270115T080000Z\r\n"),
           "what is named goes");
}

static void test_containers(apr_pool_t *pool)
{
    static const char card[] =
        CARD("3.0", "FN:x\r\nitem1.X-ABRELATEDNAMES:Kim\r\nitem1.X-ABLabel:_$!<Child>!$_\r\n"
                    "item2.X-ABRELATEDNAMES:Lee\r\nitem2.X-ABLabel:_$!<Child>!$_\r\n"
                    "CATEGORIES:a,b\r\n");
    edit_t edit = edit_make(1, pool);
    eas_node_t *children = node_add(edit.data, EAS_Contacts_Children, "", pool), *categories;

    node_add(children, EAS_Contacts_Child, "Lee", pool);
    node_add(children, EAS_Contacts_Child, "Max", pool);
    is_str(edit_apply(&edit, card),
           CARD("3.0", "FN:x\r\nitem1.X-ABRELATEDNAMES:Lee\r\nitem1.X-ABLabel:_$!<Child>!$_\r\n"
                       "item2.X-ABRELATEDNAMES:Max\r\nitem2.X-ABLabel:_$!<Child>!$_\r\n"
                       "CATEGORIES:a,b\r\nREV:20270115T080000Z\r\n"),
           "children");
    ok(!edit.tell, "the client knows them");
    edit = edit_make(1, pool);
    node_add(edit.data, EAS_Contacts_Children, "", pool);
    categories = node_add(edit.data, EAS_Contacts_Categories, "", pool);
    node_add(categories, EAS_Contacts_Category, "c", pool);
    is_str(edit_apply(&edit, card), CARD("3.0", "FN:x\r\nCATEGORIES:c\r\nREV:20270115T080000Z\r\n"),
           "no children any more, another category");
}

static void test_new(apr_pool_t *pool)
{
    edit_t edit = edit_make(0, pool);
    eas_node_t *body;

    edit_send(&edit, EAS_Contacts_FirstName, "Jane");
    edit_send(&edit, EAS_Contacts_LastName, "Doe");
    edit_send(&edit, EAS_Contacts_Email1Address, "a@b");
    edit_send(&edit, EAS_Contacts_FileAs, "Doe, Jane");
    body = node_add(edit.data, EAS_AirSyncBase_Body, "", pool);
    node_add(body, EAS_AirSyncBase_Type, "1", pool);
    node_add(body, EAS_AirSyncBase_Data, "one\r\ntwo", pool);
    is_str(edit_apply(&edit, NULL),
           CARD("3.0", "PRODID:-//mod_mobilesync//EN\r\nUID:key-1\r\nN:Doe;Jane;;;\r\n"
                       "EMAIL;TYPE=INTERNET:a@b\r\nNOTE:one\\ntwo\r\nFN:Jane Doe\r\n"
                       "REV:20270115T080000Z\r\n"),
           "a new contact");
    ok(!edit.tell, "is what the client believes");
    edit = edit_make(0, pool);
    edit_send(&edit, EAS_Contacts_CompanyName, "Acme");
    ok(strstr(edit_apply(&edit, NULL), "\r\nFN:Acme\r\n") != NULL, "a company");
    edit = edit_make(0, pool);
    ok(strstr(edit_apply(&edit, NULL), "\r\nFN:\r\n") != NULL, "and nothing at all");
}

static void test_tell(apr_pool_t *pool)
{
    static const char card[] = CARD("3.0", "FN:x\r\nEMAIL:1@x\r\nEMAIL:2@x\r\n");
    edit_t edit = edit_make(0, pool);

    edit_send(&edit, EAS_Contacts_Email2Address, "2@x");
    is_str(edit_apply(&edit, card),
           CARD("3.0", "FN:x\r\nEMAIL:\r\nEMAIL:2@x\r\nREV:20270115T080000Z\r\n"),
           "the second one stays the second one");
    edit = edit_make(0, pool);
    edit_send(&edit, EAS_Contacts_Email1Address, "2@x");
    is_str(edit_apply(&edit, card), CARD("3.0", "FN:x\r\nEMAIL:2@x\r\nREV:20270115T080000Z\r\n"),
           "the second one is the first one now, as the client has it");
    ok(!edit.tell, "which it is not told");
    edit = edit_make(1, pool);
    edit_send(&edit, EAS_Contacts_Email1Address, "Jane <3@x>");
    edit_apply(&edit, card);
    ok(edit.tell, "it is told of what cannot be kept as it was sent");
    edit = edit_make(1, pool);
    edit_send(&edit, EAS_Contacts_Email1Address, "2@x");
    edit_send(&edit, EAS_Contacts_Email2Address, "1@x");
    is_str(edit_apply(&edit, card),
           CARD("3.0", "FN:x\r\nEMAIL:2@x\r\nEMAIL:1@x\r\nREV:20270115T080000Z\r\n"),
           "two that change places");
    ok(!edit.tell, "of which the client knows");
}

/* One part goes and another one comes: it is the same line, and no other one. */
static void test_parts(apr_pool_t *pool)
{
    edit_t edit = edit_make(1, pool);

    edit_send(&edit, EAS_Contacts_HomeAddressStreet, "");
    edit_send(&edit, EAS_Contacts_HomeAddressPostalCode, "1");
    is_str(edit_apply(&edit, CARD("3.0", "FN:x\r\nitem1.ADR;TYPE=home;X-A=b:;;s;;;;\r\n"
                                         "ADR;TYPE=home:;;t;;;2;\r\nREV:20270115T080000Z\r\n")),
           CARD("3.0", "FN:x\r\nitem1.ADR;TYPE=home;X-A=b:;;;;;1;\r\n"
                       "ADR;TYPE=home:;;t;;;2;\r\nREV:20270115T080000Z\r\n"),
           "an address");
    ok(!edit.tell, "as the client has it");
    edit = edit_make(1, pool);
    edit_send(&edit, EAS_Contacts_CompanyName, "");
    edit_send(&edit, EAS_Contacts_Department, "d");
    is_str(
        edit_apply(&edit, CARD("3.0", "FN:x\r\nORG;X-A=b:c\r\nORG:e\r\nREV:20270115T080000Z\r\n")),
        CARD("3.0", "FN:x\r\nORG;X-A=b:;d\r\nORG:e\r\nREV:20270115T080000Z\r\n"), "a company");
}

/* What a client was given of a note, cut, comes back with the rest of the card. */
static void test_cut(apr_pool_t *pool)
{
    static const char text[] = CARD("3.0", "FN:x\r\nNOTE:one\\ntwo three\\nfour\r\n"),
                      html[] =
                          CARD("3.0", "FN:x\r\nNOTE:one two three\r\n"
                                      "X-ALT-DESC;FMTTYPE=text/html:<p>one <b>two</b> three\r\n");
    static const struct {
        const char *name, *card;
        item_body_type_t type;
        apr_uint64_t size;
    } rows[] = {{"text", text, ITEM_BODY_TEXT, 8},
                {"text cut down to nothing", text, ITEM_BODY_TEXT, 0},
                {"HTML", html, ITEM_BODY_HTML, 12}};
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        item_options_t options = options_prefer(EAS_VERSION_16_1, rows[i].type, rows[i].size);
        const eas_node_t *shown = kind_node(&item_contact_kind, blob_of_text(rows[i].card, pool),
                                            &options, pool),
                         *body = eas_node_child(shown, EAS_AirSyncBase_Body);
        const char *data = eas_node_child_text(body, EAS_AirSyncBase_Data), *after;
        edit_t edit = edit_make(1, pool);
        eas_node_t *sent = node_add(edit.data, EAS_AirSyncBase_Body, "", pool);

        is_str(eas_node_child_text(body, EAS_AirSyncBase_Truncated), "1", rows[i].name);
        node_add(sent, EAS_AirSyncBase_Type, rows[i].type == ITEM_BODY_HTML ? "2" : "1", pool);
        node_add(sent, EAS_AirSyncBase_Data, data ? data : "", pool);
        edit.options = &options;
        is_str(edit_apply(&edit, rows[i].card), rows[i].card, rows[i].name);
        edit_send(&edit, EAS_Contacts_JobTitle, "t");
        after = edit_apply(&edit, rows[i].card);
        ok(after && strstr(after, "TITLE:t\r\n") && strstr(after, "three"),
           "%s: with something else", rows[i].name);
        edit = edit_make(1, pool);
        edit.options = &options;
        sent = node_add(edit.data, EAS_AirSyncBase_Body, "", pool);
        node_add(sent, EAS_AirSyncBase_Type, "1", pool);
        node_add(sent, EAS_AirSyncBase_Data, "one", pool);
        after = edit_apply(&edit, rows[i].card);
        ok(after && strstr(after, "NOTE:one\r\n"), "%s: another text", rows[i].name);
    }
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    test_edit(pool);
    test_large_picture(pool);
    test_ghosting(pool);
    test_containers(pool);
    test_new(pool);
    test_tell(pool);
    test_cut(pool);
    test_parts(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
