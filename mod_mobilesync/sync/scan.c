#include "sync/scan.h"

#include <string.h>

#define SCAN_RENEW 4

static int scan_is_empty(apr_time_t since, apr_time_t before)
{
    return since > before || (since == before && before != SYNC_TIME_MAX);
}

/* Too many pieces: one scan over everything that they span, from the top. */
static void scans_merge(sync_scans_t *scans, sync_date_kind_t dates, apr_time_t since,
                        apr_time_t before)
{
    int i;

    for (i = 0; i < scans->count; i++) {
        if (scans->scan[i].dates != dates) { /* what these span in the other dates nobody knows */
            since = SYNC_TIME_MIN;
            before = SYNC_TIME_MAX;
        }
        if (scans->scan[i].since < since)
            since = scans->scan[i].since;
        if (scans->scan[i].before > before)
            before = scans->scan[i].before;
    }
    scans->count = 1;
    scans->scan[0] = (sync_scan_t){.since = since, .before = before, .dates = dates};
}

void sync_scans_add(sync_scans_t *scans, sync_date_kind_t dates, apr_time_t since,
                    apr_time_t before, int clean)
{
    sync_scans_t old = *scans;
    int i;

    if (scan_is_empty(since, before))
        return;
    scans->count = 0;
    for (i = 0; i < old.count; i++) {
        const sync_scan_t *piece = old.scan + i;

        if (scans->count + 3 > SYNC_SCANS_MAX) { /* two pieces and the new one */
            *scans = old;
            scans_merge(scans, dates, since, before);
            return;
        }
        if (piece->dates != dates) {
            scans->scan[scans->count] = *piece;
            scans->scan[scans->count++].clean = clean = 0;
            continue;
        }
        if (scan_is_empty(piece->since > since ? piece->since : since,
                          piece->before < before ? piece->before : before)) {
            scans->scan[scans->count++] = *piece;
            continue;
        }
        /* an unfinished scan in the range: who knows what is held there */
        clean = 0;
        if (piece->since < since) {
            scans->scan[scans->count] = *piece;
            scans->scan[scans->count++].before = since;
        }
        if (piece->before > before) {
            scans->scan[scans->count] = *piece;
            scans->scan[scans->count++].since = before;
        }
    }
    scans->scan[scans->count++] =
        (sync_scan_t){.since = since, .before = before, .clean = clean, .dates = dates};
}

static int scan_covers(const sync_scan_t *scan, apr_uint64_t uid, const sync_dates_t *dates)
{
    apr_time_t date = dates->date[scan->dates];

    return scan->since <= date && (date < scan->before || scan->before == SYNC_TIME_MAX) &&
           (!scan->below || uid < scan->below);
}

int sync_scans_cover(const sync_scans_t *scans, apr_uint64_t uid, const sync_dates_t *dates)
{
    int i;

    for (i = 0; i < scans->count; i++)
        if (scan_covers(scans->scan + i, uid, dates))
            return 1;
    return 0;
}

void sync_scans_soil(sync_scans_t *scans, apr_uint64_t uid, const sync_dates_t *dates)
{
    int i;

    for (i = 0; i < scans->count; i++)
        if (scan_covers(scans->scan + i, uid, dates))
            scans->scan[i].clean = 0;
}

void sync_scans_advance(sync_scans_t *scans, int n, apr_uint64_t below)
{
    scans->count -= n;
    memmove(scans->scan, scans->scan + n, (size_t)scans->count * sizeof *scans->scan);
    if (scans->count && below)
        scans->scan[0].below = below;
}

int sync_scans_same(const sync_scans_t *one, const sync_scans_t *other)
{
    int i;

    if (one->count != other->count)
        return 0;
    for (i = 0; i < one->count; i++)
        if (one->scan[i].since != other->scan[i].since ||
            one->scan[i].before != other->scan[i].before ||
            one->scan[i].below != other->scan[i].below ||
            one->scan[i].clean != other->scan[i].clean ||
            one->scan[i].renew != other->scan[i].renew ||
            one->scan[i].dates != other->scan[i].dates)
            return 0;
    return 1;
}

void sync_scans_pack(const sync_scans_t *scans, base_text_buffer_t *out)
{
    int i;

    sync_pack_uint(out, (apr_uint64_t)scans->count);
    for (i = 0; i < scans->count; i++) {
        sync_pack_int(out, scans->scan[i].since);
        sync_pack_int(out, scans->scan[i].before);
        sync_pack_uint(out, scans->scan[i].below);
        sync_pack_uint(out, (apr_uint64_t)scans->scan[i].dates << 1 |
                                (scans->scan[i].clean ? 1 : 0) |
                                (scans->scan[i].renew ? SCAN_RENEW : 0));
    }
}

void sync_scans_unpack(sync_scans_t *scans, sync_unpack_t *in)
{
    unsigned flags;
    int i;

    memset(scans, 0, sizeof *scans);
    scans->count = (int)sync_unpack_count(in, SYNC_SCANS_MAX);
    for (i = 0; i < scans->count; i++) {
        scans->scan[i].since = sync_unpack_int(in);
        scans->scan[i].before = sync_unpack_int(in);
        scans->scan[i].below = sync_unpack_uint(in);
        flags = sync_unpack_count(in, SCAN_RENEW | SYNC_DATE_CONVERSATION << 1 | 1);
        scans->scan[i].clean = flags & 1;
        scans->scan[i].renew = (flags & SCAN_RENEW) != 0;
        scans->scan[i].dates = (sync_date_kind_t)((flags & ~(unsigned)SCAN_RENEW) >> 1);
        if (scan_is_empty(scans->scan[i].since, scans->scan[i].before))
            in->bad = 1;
    }
}
