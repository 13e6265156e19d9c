/* Contacts: what of vCards is shown, and random ones. */
#include "contact_helpers.h"

static const char full[] =
    CARD("3.0",
         "PRODID:-//Apple//x\r\n"
         "N:Doe;Jane;M.;Dr.;Jr.\r\n"
         "FN:Dr. Jane M. Doe Jr.\r\n"
         "NICKNAME:Janey\r\n"
         "ORG:Acme\\, Inc.;Research\r\n"
         "TITLE:Chief\r\n"
         "X-EVOLUTION-OFFICE:B 12\r\n"
         "X-PHONETIC-FIRST-NAME:jein\r\nX-PHONETIC-LAST-NAME:dou\r\nX-PHONETIC-ORG:akumi\r\n"
         "EMAIL;TYPE=INTERNET,HOME:b@example.org\r\n"
         "EMAIL;TYPE=INTERNET,WORK,pref:a@example.org\r\n"
         "EMAIL:c@example.org\r\n"
         "EMAIL:d@example.org\r\n"
         "IMPP;X-SERVICE-TYPE=AIM;type=pref:aim:jane\r\n"
         "X-AIM:jane\r\n"
         "X-JABBER:jane@jabber.example.org\r\n"
         "TEL;TYPE=CELL,VOICE:1\r\nTEL;TYPE=WORK:2\r\nTEL;TYPE=WORK,VOICE:3\r\nTEL;TYPE=WORK:33\r\n"
         "TEL;TYPE=HOME:4\r\nTEL;TYPE=HOME:5\r\nTEL;TYPE=WORK,FAX:6\r\nTEL;TYPE=HOME;TYPE=FAX:7\r\n"
         "TEL;TYPE=PAGER:8\r\nTEL;TYPE=CAR:9\r\nTEL;TYPE=X-EVOLUTION-RADIO:10\r\n"
         "TEL;TYPE=X-EVOLUTION-ASSISTANT:11\r\nitem1.TEL:12\r\nitem1.X-ABLabel:_$!<Main>!$_\r\n"
         "X-MOBILESYNC-MMS:13\r\n"
         "ADR;TYPE=WORK:PO 1;;1 Main St\\nFloor 2;Springfield;IL;12345;USA\r\n"
         "ADR;TYPE=HOME:;;Home St;Hometown;HS;54321;Germany\r\n"
         "ADR;TYPE=OTHER:;;Other St;Othertown;OS;1;France\r\n"
         "URL:https://example.org/~jane?a=b,c;d\r\n"
         "BDAY:1980-02-29\r\n"
         "X-ANNIVERSARY:2005-12-31\r\n"
         "X-SPOUSE:John\r\nX-ASSISTANT:Al\r\nX-MANAGER:Max\r\n"
         "item2.X-ABRELATEDNAMES:Kim\r\nitem2.X-ABLabel:_$!<Child>!$_\r\n"
         "item3.X-ABRELATEDNAMES:Lee\r\nitem3.X-ABLabel:_$!<Child>!$_\r\n"
         "X-MOBILESYNC-CUSTOMER-ID:C1\r\nX-MOBILESYNC-GOVERNMENT-ID:G1\r\n"
         "X-MOBILESYNC-ACCOUNT-NAME:A1\r\n"
         "CATEGORIES:friends,a\\,b\r\n"
         "PHOTO;ENCODING=b;TYPE=JPEG:/9j/QUJD\r\n"
         "NOTE:one\\ntwo\r\n"
         "X-UNKNOWN;X-P=\"a;b\":kept\r\n");

static const char full_xml[] =
    "<ApplicationData xmlns=\"AirSync\">\n"
    "  <LastName xmlns=\"Contacts\">Doe</LastName>\n"
    "  <MiddleName xmlns=\"Contacts\">M.</MiddleName>\n"
    "  <Title xmlns=\"Contacts\">Dr.</Title>\n"
    "  <Suffix xmlns=\"Contacts\">Jr.</Suffix>\n"
    "  <FirstName xmlns=\"Contacts\">Jane</FirstName>\n"
    "  <YomiFirstName xmlns=\"Contacts\">jein</YomiFirstName>\n"
    "  <YomiLastName xmlns=\"Contacts\">dou</YomiLastName>\n"
    "  <YomiCompanyName xmlns=\"Contacts\">akumi</YomiCompanyName>\n"
    "  <NickName xmlns=\"Contacts2\">Janey</NickName>\n"
    "  <CompanyName xmlns=\"Contacts\">Acme, Inc.</CompanyName>\n"
    "  <Department xmlns=\"Contacts\">Research</Department>\n"
    "  <OfficeLocation xmlns=\"Contacts\">B 12</OfficeLocation>\n"
    "  <JobTitle xmlns=\"Contacts\">Chief</JobTitle>\n"
    "  <FileAs xmlns=\"Contacts\">Doe, Jane M.</FileAs>\n"
    "  <Email1Address xmlns=\"Contacts\">a@example.org</Email1Address>\n"
    "  <Email2Address xmlns=\"Contacts\">b@example.org</Email2Address>\n"
    "  <Email3Address xmlns=\"Contacts\">c@example.org</Email3Address>\n"
    "  <IMAddress xmlns=\"Contacts2\">jane</IMAddress>\n"
    "  <IMAddress2 xmlns=\"Contacts2\">jane@jabber.example.org</IMAddress2>\n"
    "  <MobilePhoneNumber xmlns=\"Contacts\">1</MobilePhoneNumber>\n"
    "  <BusinessPhoneNumber xmlns=\"Contacts\">2</BusinessPhoneNumber>\n"
    "  <Business2PhoneNumber xmlns=\"Contacts\">3</Business2PhoneNumber>\n"
    "  <HomePhoneNumber xmlns=\"Contacts\">4</HomePhoneNumber>\n"
    "  <Home2PhoneNumber xmlns=\"Contacts\">5</Home2PhoneNumber>\n"
    "  <BusinessFaxNumber xmlns=\"Contacts\">6</BusinessFaxNumber>\n"
    "  <HomeFaxNumber xmlns=\"Contacts\">7</HomeFaxNumber>\n"
    "  <PagerNumber xmlns=\"Contacts\">8</PagerNumber>\n"
    "  <CarPhoneNumber xmlns=\"Contacts\">9</CarPhoneNumber>\n"
    "  <RadioPhoneNumber xmlns=\"Contacts\">10</RadioPhoneNumber>\n"
    "  <AssistantPhoneNumber xmlns=\"Contacts\">11</AssistantPhoneNumber>\n"
    "  <CompanyMainPhone xmlns=\"Contacts2\">12</CompanyMainPhone>\n"
    "  <MMS xmlns=\"Contacts2\">13</MMS>\n"
    "  <BusinessAddressStreet xmlns=\"Contacts\">1 Main St\nFloor 2</BusinessAddressStreet>\n"
    "  <BusinessAddressCity xmlns=\"Contacts\">Springfield</BusinessAddressCity>\n"
    "  <BusinessAddressState xmlns=\"Contacts\">IL</BusinessAddressState>\n"
    "  <BusinessAddressPostalCode xmlns=\"Contacts\">12345</BusinessAddressPostalCode>\n"
    "  <BusinessAddressCountry xmlns=\"Contacts\">USA</BusinessAddressCountry>\n"
    "  <HomeAddressStreet xmlns=\"Contacts\">Home St</HomeAddressStreet>\n"
    "  <HomeAddressCity xmlns=\"Contacts\">Hometown</HomeAddressCity>\n"
    "  <HomeAddressState xmlns=\"Contacts\">HS</HomeAddressState>\n"
    "  <HomeAddressPostalCode xmlns=\"Contacts\">54321</HomeAddressPostalCode>\n"
    "  <HomeAddressCountry xmlns=\"Contacts\">Germany</HomeAddressCountry>\n"
    "  <OtherAddressStreet xmlns=\"Contacts\">Other St</OtherAddressStreet>\n"
    "  <OtherAddressCity xmlns=\"Contacts\">Othertown</OtherAddressCity>\n"
    "  <OtherAddressState xmlns=\"Contacts\">OS</OtherAddressState>\n"
    "  <OtherAddressPostalCode xmlns=\"Contacts\">1</OtherAddressPostalCode>\n"
    "  <OtherAddressCountry xmlns=\"Contacts\">France</OtherAddressCountry>\n"
    "  <WebPage xmlns=\"Contacts\">https://example.org/~jane?a=b,c;d</WebPage>\n"
    "  <Birthday xmlns=\"Contacts\">1980-02-29T11:59:00.000Z</Birthday>\n"
    "  <Anniversary xmlns=\"Contacts\">2005-12-31T11:59:00.000Z</Anniversary>\n"
    "  <Spouse xmlns=\"Contacts\">John</Spouse>\n"
    "  <AssistantName xmlns=\"Contacts\">Al</AssistantName>\n"
    "  <ManagerName xmlns=\"Contacts2\">Max</ManagerName>\n"
    "  <Children xmlns=\"Contacts\">\n"
    "    <Child>Kim</Child>\n"
    "    <Child>Lee</Child>\n"
    "  </Children>\n"
    "  <CustomerId xmlns=\"Contacts2\">C1</CustomerId>\n"
    "  <GovernmentId xmlns=\"Contacts2\">G1</GovernmentId>\n"
    "  <AccountName xmlns=\"Contacts2\">A1</AccountName>\n"
    "  <Categories xmlns=\"Contacts\">\n"
    "    <Category>friends</Category>\n"
    "    <Category>a,b</Category>\n"
    "  </Categories>\n"
    "  <Picture xmlns=\"Contacts\">/9j/QUJD</Picture>\n"
    "  <Body xmlns=\"AirSyncBase\">\n"
    "    <Type>1</Type>\n"
    "    <EstimatedDataSize>8</EstimatedDataSize>\n"
    "    <Data>one\r\ntwo</Data>\n"
    "  </Body>\n"
    "</ApplicationData>\n";

static void test_golden(apr_pool_t *pool)
{
    size_t i;

    for (i = 0; i < KIND_VERSIONS; i++)
        is_str(as_xml(shown_at(full, kind_versions[i], pool), pool), full_xml,
               eas_version_name(kind_versions[i]));
}

/* Lines of a card, and an element that they come to. */
static const struct {
    const char *name, *card;
    eas_tag_t tag;
    const char *value;
} read_rows[] = {
    {"2.1, quoted-printable",
     CARD("2.1", "N;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:M=FCller;J=F6r=\r\ng\r\n"),
     EAS_Contacts_FirstName, "Jörg"},
    {"2.1, bare types", CARD("2.1", "TEL;HOME;VOICE:1\r\nTEL;CELL:2\r\n"),
     EAS_Contacts_MobilePhoneNumber, "2"},
    {"2.1, base64", CARD("2.1", "PHOTO;JPEG;BASE64:\r\n /9j/\r\n QUJD\r\n\r\n"),
     EAS_Contacts_Picture, "/9j/QUJD"},
    {"4.0, data URI", CARD("4.0", "PHOTO:data:image/png;base64,iVBORw==\r\n"), EAS_Contacts_Picture,
     "iVBORw=="},
    {"4.0, tel URI", CARD("4.0", "TEL;VALUE=uri;TYPE=\"voice,home\":tel:+1-2\r\n"),
     EAS_Contacts_HomePhoneNumber, "+1-2"},
    {"4.0, basic date", CARD("4.0", "BDAY:19800301\r\n"), EAS_Contacts_Birthday,
     "1980-03-01T11:59:00.000Z"},
    {"4.0, no year", CARD("4.0", "BDAY:--0229\r\n"), EAS_Contacts_Birthday,
     "1604-02-29T11:59:00.000Z"},
    {"a date and time with a zone", CARD("3.0", "BDAY:1980-03-01T23:30:00-08:00\r\n"),
     EAS_Contacts_Birthday, "1980-03-01T11:59:00.000Z"},
    {"a year and month", CARD("4.0", "BDAY:1980-03\r\n"), EAS_Contacts_Birthday, NULL},
    {"no day", CARD("3.0", "BDAY:1980-02-30\r\n"), EAS_Contacts_Birthday, NULL},
    {"a date in words", CARD("4.0", "BDAY;VALUE=text:circa 1800\r\n"), EAS_Contacts_Birthday, NULL},
    {"4.0, anniversary", CARD("4.0", "ANNIVERSARY:20050102\r\n"), EAS_Contacts_Anniversary,
     "2005-01-02T11:59:00.000Z"},
    {"Apple's anniversary",
     CARD("3.0", "item1.X-ABDATE:2005-01-02\r\nitem1.X-ABLabel:_$!<Anniversary>!$_\r\n"),
     EAS_Contacts_Anniversary, "2005-01-02T11:59:00.000Z"},
    {"Apple's other dates",
     CARD("3.0", "item1.X-ABDATE:2005-01-02\r\nitem1.X-ABLabel:_$!<Other>!$_\r\n"),
     EAS_Contacts_Anniversary, NULL},
    {"Evolution's spouse", CARD("3.0", "X-EVOLUTION-SPOUSE:Pat\r\n"), EAS_Contacts_Spouse, "Pat"},
    {"KDE's manager", CARD("3.0", "X-KADDRESSBOOK-X-ManagersName:Pat\r\n"),
     EAS_Contacts2_ManagerName, "Pat"},
    {"RELATED", CARD("4.0", "RELATED;TYPE=spouse;VALUE=text:Pat\r\n"), EAS_Contacts_Spouse, "Pat"},
    {"RELATED with a URI", CARD("4.0", "RELATED;TYPE=spouse:urn:uuid:1\r\n"), EAS_Contacts_Spouse,
     NULL},
    {"a number of no type", CARD("3.0", "TEL:1\r\n"), EAS_Contacts_MobilePhoneNumber, "1"},
    {"another one", CARD("3.0", "TEL:1\r\nTEL;TYPE=VOICE:2\r\n"), EAS_Contacts_BusinessPhoneNumber,
     "2"},
    {"beside a mobile one", CARD("3.0", "TEL:1\r\nTEL;TYPE=CELL:2\r\n"),
     EAS_Contacts_BusinessPhoneNumber, "1"},
    {"Apple's label", CARD("3.0", "item4.TEL:1\r\nitem4.X-ABLabel:_$!<HomeFAX>!$_\r\n"),
     EAS_Contacts_HomeFaxNumber, "1"},
    {"telex is not shown", CARD("3.0", "TEL;TYPE=X-EVOLUTION-TELEX:1\r\n"),
     EAS_Contacts_MobilePhoneNumber, NULL},
    {"Evolution's slot", CARD("3.0", "EMAIL;X-EVOLUTION-UI-SLOT=2:a@b\r\nEMAIL:c@d\r\n"),
     EAS_Contacts_Email2Address, "a@b"},
    {"and the other", CARD("3.0", "EMAIL;X-EVOLUTION-UI-SLOT=2:a@b\r\nEMAIL:c@d\r\n"),
     EAS_Contacts_Email1Address, "c@d"},
    {"IMPP", CARD("4.0", "IMPP:xmpp:a%40b@c\r\n"), EAS_Contacts2_IMAddress, "a@b@c"},
    {"Skype", CARD("3.0", "X-SKYPE:jane\r\n"), EAS_Contacts2_IMAddress, "jane"},
    {"a name only", CARD("4.0", "FN:Jane Doe\r\n"), EAS_Contacts_FirstName, "Jane Doe"},
    {"a company only", CARD("3.0", "N:;;;;\r\nFN:Acme\r\nORG:Acme\r\n"), EAS_Contacts_FirstName,
     NULL},
    {"a company is filed", CARD("3.0", "N:;;;;\r\nFN:Acme\r\nORG:Acme\r\n"), EAS_Contacts_FileAs,
     "Acme"},
    {"an address is filed", CARD("3.0", "EMAIL:a@b\r\n"), EAS_Contacts_FileAs, "a@b"},
    {"FileAs as Evolution has it", CARD("3.0", "N:Doe;Jane;;;\r\nX-EVOLUTION-FILE-AS:Jane Doe\r\n"),
     EAS_Contacts_FileAs, "Jane Doe"},
    {"a URL photo", CARD("3.0", "PHOTO;VALUE=uri:http://x/y\r\n"), EAS_Contacts_Picture, NULL},
    {"escapes in a URL", CARD("3.0", "URL:http\\://x/y\r\n"), EAS_Contacts_WebPage, "http://x/y"},
    {"an address of no type", CARD("3.0", "ADR:;;s;;;;\r\n"), EAS_Contacts_OtherAddressStreet, "s"},
    {"in a list of names", CARD("4.0", "N:Doe;Jane,Ann;;;\r\n"), EAS_Contacts_FirstName,
     "Jane, Ann"},
};

static void test_read(apr_pool_t *pool)
{
    size_t i;

    for (i = 0; i < sizeof read_rows / sizeof *read_rows; i++)
        is_str(property(shown_at(read_rows[i].card, EAS_VERSION_14_1, pool), read_rows[i].tag),
               read_rows[i].value, read_rows[i].name);
    ok(!shown_at("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", EAS_VERSION_14_1, pool) &&
           !shown_at("nonsense", EAS_VERSION_14_1, pool),
       "what is no card");
}

static void test_describe(apr_pool_t *pool)
{
    static const struct {
        const char *card;
        int known;
    } rows[] = {{CARD("3.0", "FN:x\r\n"), 1},
                {CARD("4.0", "FN:x\r\nKIND:individual\r\n"), 1},
                {CARD("4.0", "FN:x\r\nKIND:group\r\n"), 0},
                {CARD("3.0", "FN:x\r\nX-ADDRESSBOOKSERVER-KIND:group\r\n"), 0},
                {CARD("3.0", "FN:x\r\nX-EVOLUTION-LIST:TRUE\r\n"), 0}};
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        backend_description_t description;

        ok(!item_describer.describe(blob_of_text(rows[i].card, pool), &description, pool) &&
               description.known == rows[i].known,
           "group %d", (int)i);
    }
}

/* Lines of all kinds without end: in a moment, or the test takes minutes. */
static void test_hostile(apr_pool_t *pool)
{
    static const char *const lines[] = {"item%d.TEL;TYPE=VOICE:%d\r\n",
                                        "item%d.EMAIL:%d\r\n",
                                        "item%d.IMPP:im:%d\r\n",
                                        "item%d.X-ABRELATEDNAMES:%d\r\n",
                                        "item%d.X-ABLabel:_$!<Child>!$_\r\n",
                                        "item%d.CATEGORIES:%d\r\n"};
    base_text_buffer_t card = {.pool = pool};
    edit_t edit = edit_make(0, pool);
    const eas_node_t *node;
    int i;

    base_text_buffer_puts(&card, "BEGIN:VCARD\r\nVERSION:3.0\r\n");
    for (i = 0; i < ITEM_DOCUMENT_LINES_MAX - 10; i++)
        base_text_buffer_puts(&card, apr_psprintf(pool, lines[i % 6], i / 6, i));
    base_text_buffer_puts(&card, "END:VCARD\r\n");
    node = shown_at(card.data, EAS_VERSION_16_1, pool);
    ok(eas_node_child(node, EAS_Contacts_Email3Address) != NULL, "of many lines some are shown");
    node = eas_node_child(eas_node_child(node, EAS_Contacts_Children), EAS_Contacts_Child);
    for (i = 0; node; node = eas_node_next(node))
        i++;
    is_int(i, 300, "and no more children than there may be (R194)");
    edit_send(&edit, EAS_Contacts_Email1Address, "a@b");
    ok(edit_apply(&edit, card.data) != NULL, "they are edited");
}

/* -- random contacts -- */

static const eas_tag_t random_tags[] = {
#define TAG_NONE EAS_TAG_NONE
#define CONTACT_PROPERTY(tag, access, name, n, slots, child, ghosted) EAS_##tag,
#include "item/contact.tbl"
#undef CONTACT_PROPERTY
};

static const char *random_text(eas_tag_t tag, apr_uint64_t *state, apr_pool_t *pool)
{
    static const char *const pieces[] = {
        "a", "ö",  ",", ";", "\\", "\n", " b",
        "€", "\"", "x", ":", "=",  "^n", "long words that make a line be folded"};
    const char *text = "t";
    apr_uint64_t n = next_random(state) % 6;

    if (tag == EAS_Contacts_Birthday || tag == EAS_Contacts_Anniversary)
        return apr_psprintf(pool, "%04d-%02d-%02dT11:59:00.000Z",
                            1900 + (int)(next_random(state) % 150),
                            1 + (int)(next_random(state) % 12), 1 + (int)(next_random(state) % 28));
    if (tag == EAS_Contacts_Picture)
        return next_random(state) % 2 ? "/9j/QUJD" : "iVBORw==";
    while (n--)
        text = apr_pstrcat(pool, text,
                           pieces[next_random(state) % (sizeof pieces / sizeof *pieces)], NULL);
    if (tag == EAS_Contacts_Children || tag == EAS_Contacts_Categories)
        return "";
    return apr_psprintf(pool, "%s%d", text, (int)(next_random(state) % 1000));
}

static void random_send(edit_t *edit, eas_tag_t tag, apr_uint64_t *state)
{
    eas_node_t *node = node_add(edit->data, tag, random_text(tag, state, edit->pool), edit->pool);
    int n;

    for (n = 0; n < 3 && (tag == EAS_Contacts_Children || tag == EAS_Contacts_Categories); n++)
        node_add(node, tag == EAS_Contacts_Children ? EAS_Contacts_Child : EAS_Contacts_Category,
                 apr_psprintf(edit->pool, "name, %d", n + (int)(next_random(state) % 2) * 10),
                 edit->pool);
}

/* What is shown is what was sent. */
static int random_agrees(const edit_t *edit, const char *card)
{
    const eas_node_t *node = shown_at(card, EAS_VERSION_16_1, edit->pool), *sent, *one, *other;

    for (sent = edit->data->first; sent; sent = sent->next) {
        const eas_node_t *got = eas_node_child(node, sent->tag);

        if (!got || (!sent->first && strcmp(got->text, sent->text) != 0))
            return 0;
        for (one = sent->first, other = got->first; one && other;
             one = one->next, other = other->next)
            if (strcmp(one->text, other->text) != 0)
                return 0;
        if (one || other)
            return 0;
    }
    return 1;
}

static void test_random(apr_pool_t *pool)
{
    apr_uint64_t state = 815;
    int i, told = 0, agreed = 0, kept = 0, count = 400;
    apr_pool_t *own;
    size_t k;

    apr_pool_create(&own, pool);
    for (i = 0; i < count; i++) {
        edit_t edit = edit_make(1, own), one = edit_make(1, own);
        const char *card, *after;

        for (k = 0; k < sizeof random_tags / sizeof *random_tags; k++)
            if (next_random(&state) % 3 == 0)
                random_send(&edit, random_tags[k], &state);
        card = edit_apply(&edit, NULL);
        /* phones of which the second alone is there are the first, as the client is told */
        told += edit.tell;
        agreed += edit.tell || random_agrees(&edit, card);
        if (!edit.tell && !random_agrees(&edit, card))
            printf("# %s\n# %s\n", as_xml(edit.data, own), card);
        random_send(&one,
                    random_tags[next_random(&state) % (sizeof random_tags / sizeof *random_tags)],
                    &state);
        after = edit_apply(&one, card);
        kept += after && edit_apply(&one, after) == after;
        if (after && edit_apply(&one, after) != after)
            printf("# not the same: %s\n# %s\n# %s\n", as_xml(one.data, own), after,
                   edit_apply(&one, after));
        apr_pool_clear(own);
    }
    is_int(agreed, count, "random contacts come back as they were sent");
    ok(told < count / 2, "%d of which the client had to be told", told);
    is_int(kept, count, "a Change that is repeated changes nothing");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    test_golden(pool);
    test_read(pool);
    test_describe(pool);
    test_hostile(pool);
    test_random(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
