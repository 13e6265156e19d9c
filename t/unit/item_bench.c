/* Renders the messages that are named and says what that cost: item_bench ROUNDS FILE... */
#include "item_helpers.h"

#include <time.h>

int main(int argc, char **argv)
{
    apr_pool_t *pool, *scratch;
    item_options_t options;
    struct timespec begin, end;
    int i, round, rounds = argc > 1 ? atoi(argv[1]) : 0;
    apr_uint64_t bytes = 0;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    apr_pool_create(&scratch, pool);
    item_child_init(pool);
    options = options_prefer(EAS_VERSION_16_1, ITEM_BODY_HTML, 5120);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
    for (round = 0; round < rounds; round++)
        for (i = 2; i < argc; i++) {
            const char *wbxml;
            apr_size_t length = 0;

            apr_pool_clear(scratch);
            if (email_wbxml(blob_of_file(argv[i], scratch), 0, &options, &wbxml, &length, scratch))
                printf("fault: %s\n", argv[i]);
            bytes += length;
        }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    printf("%d messages, %llu bytes: %.3f s CPU a round\n", argc - 2, (unsigned long long)bytes,
           ((end.tv_sec - begin.tv_sec) + (end.tv_nsec - begin.tv_nsec) / 1e9) / rounds);
    apr_pool_destroy(pool);
    return 0;
}
