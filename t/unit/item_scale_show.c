/* What t/bin/calendar-oracle asks: SCALE FROM TO -> the months that begin between the days (since
 * 1970), a line each: first day, number, 1 of a leap month. */
#include <apr_general.h>
#include <stdio.h>
#include <stdlib.h>

#include "item/scale.h"

int main(int argc, char **argv)
{
    long day = argc == 4 ? atol(argv[2]) : 0, end = argc == 4 ? atol(argv[3]) : 0;
    const item_scale_t *scale = argc == 4 ? item_scale_find(argv[1]) : NULL;
    item_scale_month_t month;
    int of_month;

    apr_initialize();
    for (; scale && day < end; day = month.first + month.days) {
        if (!item_scale_day(scale, day, &month, &of_month))
            return 1;
        if (of_month == 1)
            printf("%ld %d %d\n", month.first, month.number & ~ITEM_SCALE_LEAP,
                   (month.number & ITEM_SCALE_LEAP) != 0);
    }
    apr_terminate();
    return !scale;
}
