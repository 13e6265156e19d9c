/* Preloaded into an httpd by t/e2e/quarantine.t: a message whose Content-Type says "x-poison" ends
 * the process that renders it, as long as the file named by POISON is there. */
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

__attribute__((visibility("default"))) void *g_mime_content_type_parse(void *options,
                                                                       const char *text);

void *g_mime_content_type_parse(void *options, const char *text)
{
    void *(*parse)(void *, const char *);
    const char *file = getenv("POISON");

    if (strstr(text, "x-poison") && file && access(file, F_OK) == 0)
        raise(SIGKILL);
    *(void **)&parse = dlsym(RTLD_NEXT, "g_mime_content_type_parse");
    return parse(options, text);
}
