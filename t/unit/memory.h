/* A bound for what a test may take. */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

/* From now on the process gets no more than that above what it has (ASan needs far more, and is not
 * bound). */
static void bound_memory(long bytes)
{
#if defined(__SANITIZE_ADDRESS__)
    (void)bytes;
#else
    struct rlimit limit;
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    if (file && fscanf(file, "%ld", &pages) == 1) {
        limit.rlim_cur = limit.rlim_max =
            (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + (rlim_t)bytes;
        setrlimit(RLIMIT_AS, &limit);
    }
    if (file)
        fclose(file);
#endif
}

#endif
