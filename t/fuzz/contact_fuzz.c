/* A contact (vCard) as other programs may have written it: what check_kind says, with an edit of
 * elements of every kind. */
#include "t/fuzz/kind.h"

#include "item/contact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char edit[] =
        "LastName=Roe|FirstName=Ann|CompanyName=Acme, Inc.|Department=R|FileAs=Roe; Ann|JobTitle=j|"
        "Email1Address=one@example.org|Email2Address=two@example.org|MobilePhoneNumber=1|"
        "BusinessPhoneNumber=2|Business2PhoneNumber=3|HomeFaxNumber=4|"
        "HomeAddressStreet=s|OtherAddressCity=c|WebPage=http://example.org/|"
        "Birthday=1980-02-29T11:59:00.000Z|Anniversary=2005-12-31T11:59:00.000Z|Spouse=Pat|"
        "Children{Child=Kim|Child=Lee}|Categories{Category=one|Category=two}|Picture=/9j/QUJD|"
        "Body{Type=1|Data=text}";
    apr_pool_t *pool;

    fuzz_once(item_child_init);
    pool = fuzz_pool();
    check_kind(&item_contact_kind, data, size, kind_data(edit, "Contacts", pool), pool);
    apr_pool_destroy(pool);
    return 0;
}
