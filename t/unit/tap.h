/* The least that a TAP producer needs (testanything.org): ok, is, plan. Kept in
 * a header because the libraries that offer it want a runner of their own. */
#ifndef T_UNIT_TAP_H
#define T_UNIT_TAP_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int tap_count, tap_failed;

__attribute__((format(printf, 2, 3), unused)) static int ok(int passed, const char *name, ...)
{
    va_list arguments;

    tap_count++;
    tap_failed += !passed;
    printf("%sok %d - ", passed ? "" : "not ", tap_count);
    va_start(arguments, name);
    vprintf(name, arguments);
    va_end(arguments);
    printf("\n");
    fflush(stdout);
    return passed;
}

__attribute__((unused)) static int is_str(const char *got, const char *wanted, const char *name)
{
    int same = got == wanted || (got && wanted && strcmp(got, wanted) == 0);

    if (!ok(same, "%s", name))
        printf("#      got: %s\n# expected: %s\n", got ? got : "(null)",
               wanted ? wanted : "(null)");
    return same;
}

__attribute__((unused)) static int is_int(long long got, long long wanted, const char *name)
{
    if (!ok(got == wanted, "%s", name))
        printf("#      got: %lld\n# expected: %lld\n", got, wanted);
    return got == wanted;
}

/* Last statement of main: prints the plan. */
__attribute__((unused)) static int done_testing(void)
{
    printf("1..%d\n", tap_count);
    return tap_failed != 0;
}

#endif
