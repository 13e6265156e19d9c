/* Runs a fuzz target over its committed corpus, for builds without libFuzzer. The
 * corpus is t/fuzz/corpus/NAME of the source tree for a program NAME_replay, or the
 * folder in the argument. A failure is a crash, as it is under libFuzzer. */
#include "t/unit/tap.h"

#include <stdint.h>
#include <stdlib.h>
#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_lib.h>
#include <apr_strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *replay_folder(const char *program, apr_pool_t *pool)
{
    const char *name = apr_filepath_name_get(program);
    const char *suffix = strstr(name, "_replay"), *top = getenv("top_srcdir");

    if (strncmp(name, "lt-", 3) == 0) /* libtool's */
        name += 3;
    return apr_pstrcat(pool, top ? top : ".", "/t/fuzz/corpus/",
                       suffix ? apr_pstrndup(pool, name, (apr_size_t)(suffix - name)) : name, NULL);
}

static void replay_file(const char *path, const char *name, apr_pool_t *pool)
{
    apr_finfo_t info;
    apr_file_t *file;
    void *bytes;

    if (apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, 0, pool) ||
        apr_file_info_get(&info, APR_FINFO_SIZE, file)) {
        ok(0, "%s cannot be read", path);
        return;
    }
    /* memory of the very size, so that a sanitizer sees a read past it */
    bytes = malloc((size_t)info.size ? (size_t)info.size : 1);
    if (apr_file_read_full(file, bytes, (apr_size_t)info.size, NULL) == APR_SUCCESS ||
        info.size == 0)
        ok(LLVMFuzzerTestOneInput(bytes, (size_t)info.size) == 0, "%s", name);
    else
        ok(0, "%s cannot be read", path);
    free(bytes);
    apr_file_close(file);
}

int main(int argc, char **argv)
{
    apr_finfo_t entry;
    const char *folder;
    apr_pool_t *pool;
    apr_dir_t *dir;

    apr_initialize();
    atexit(apr_terminate);
    apr_pool_create(&pool, NULL);
    folder = argc > 1 ? argv[1] : replay_folder(argv[0], pool);
    if (apr_dir_open(&dir, folder, pool) != APR_SUCCESS) {
        ok(0, "the corpus %s cannot be opened", folder);
        return done_testing();
    }
    while (apr_dir_read(&entry, APR_FINFO_NAME, dir) == APR_SUCCESS)
        if (entry.name[0] != '.')
            replay_file(apr_pstrcat(pool, folder, "/", entry.name, NULL), entry.name, pool);
    apr_dir_close(dir);
    ok(tap_count > 0, "the corpus is not empty");
    return done_testing();
}
