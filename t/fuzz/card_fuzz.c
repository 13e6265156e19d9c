/* An address book of vCards. */
#include "fuzz.h"

#include <string.h>
#include <apr_strings.h>

#include "backend/directory_local.h"
#include "base/text.h"

static void check_text(const char *text)
{
    FUZZ_ASSERT(!text || (*text && strlen(text) <= 1024 && !strpbrk(text, "\r\n\t") &&
                          base_text_xml_legal(text, strlen(text))));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    const char *text = apr_pstrmemdup(pool, (const char *)data, size), *at = text;
    directory_entry_t *entry;

    while ((entry = directory_card_next(&at, text + strlen(text), 1, pool))) {
        const backend_person_t *person = &entry->person;

        FUZZ_ASSERT(at > text && at <= text + size);
        FUZZ_ASSERT(person->display_name && person->email && strchr(person->email, '@'));
        check_text(person->display_name);
        check_text(person->email);
        check_text(person->alias);
        check_text(person->first_name);
        check_text(person->last_name);
        check_text(person->company);
        check_text(person->title);
        check_text(person->office);
        check_text(person->phone);
        check_text(person->home_phone);
        check_text(person->mobile_phone);
        FUZZ_ASSERT(person->certificates->nelts <= 10 && entry->addresses->nelts <= 20);
        FUZZ_ASSERT(strstr(entry->texts, entry->names) == entry->texts);
    }
    apr_pool_destroy(pool);
    return 0;
}
