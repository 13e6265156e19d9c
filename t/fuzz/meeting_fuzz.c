/* The calendar of a message (iTIP), as MeetingRequest at every version. The input is what stands in
 * the text/calendar part. */
#include "t/fuzz/email.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char header[] = "From: bert@example.net\r\nTo: anna@example.org\r\n"
                                 "Subject: =?utf-8?Q?K=C3=B6ln?=\r\nMIME-Version: 1.0\r\n"
                                 "Content-Type: text/calendar; charset=utf-8; method=REQUEST\r\n"
                                 "Content-Transfer-Encoding: 8bit\r\n\r\n";
    apr_pool_t *pool = fuzz_pool();
    base_text_buffer_t message = {.pool = pool};

    fuzz_once(item_child_init);
    base_text_buffer_append(&message, header, strlen(header));
    base_text_buffer_append(&message, data, size);
    check_versions(blob_of(message.data, message.length, pool), 4096, pool);
    apr_pool_destroy(pool);
    return 0;
}
