#include "sync/brake.h"

#include <stdio.h>
#include <string.h>
#include <apr_strings.h>

#include "base/text.h"

#define BRAKE_DIGEST_MAX 64

static int brake_entry_parse(char *text, sync_brake_entry_t *entry, apr_pool_t *pool)
{
    char *comma = strchr(text, ','), digest[BRAKE_DIGEST_MAX + 1] = "", state;
    unsigned long long count, size;
    long long since;

    if (!comma)
        return 0;
    *comma = '\0';
    if (sscanf(comma + 1, "%c,%lld,%llu,%llu,%64s", &state, &since, &count, &size, digest) < 4 ||
        !strchr("cpa", state))
        return 0;
    *entry = (sync_brake_entry_t){.folder = base_text_percent_decode(text, pool),
                                  .state = (sync_brake_state_t)state,
                                  .since = since,
                                  .count = count,
                                  .size = size,
                                  .digest = apr_pstrdup(pool, digest)};
    return entry->folder != NULL;
}

apr_array_header_t *sync_brake_parse(const char *text, apr_pool_t *pool)
{
    apr_array_header_t *entries = apr_array_make(pool, 2, sizeof(sync_brake_entry_t));
    char *state, *each = text ? apr_strtok(apr_pstrdup(pool, text), " ", &state) : NULL;
    sync_brake_entry_t entry;

    for (; each; each = apr_strtok(NULL, " ", &state))
        if (brake_entry_parse(each, &entry, pool))
            APR_ARRAY_PUSH(entries, sync_brake_entry_t) = entry;
    return entries;
}

static int brake_is_over(const sync_brake_entry_t *entry, apr_interval_time_t window,
                         apr_time_t now)
{
    return entry->state != SYNC_BRAKE_PAUSED &&
           (now - entry->since >= window || entry->since > now);
}

const char *sync_brake_format(const apr_array_header_t *entries, apr_interval_time_t window,
                              apr_time_t now, apr_pool_t *pool)
{
    base_text_buffer_t out = {.pool = pool};
    int i;

    for (i = 0; i < entries->nelts; i++) {
        const sync_brake_entry_t *entry = &APR_ARRAY_IDX(entries, i, sync_brake_entry_t);

        if (brake_is_over(entry, window, now))
            continue;
        base_text_buffer_printf(
            &out, "%s%s,%c,%" APR_INT64_T_FMT ",%" APR_UINT64_T_FMT ",%" APR_UINT64_T_FMT ",%s",
            out.length ? " " : "", base_text_percent_encode(entry->folder, pool),
            (char)entry->state, entry->since, entry->count, entry->size, entry->digest);
    }
    return out.data;
}

sync_brake_entry_t *sync_brake_find(const apr_array_header_t *entries, const char *folder)
{
    int i;

    for (i = 0; i < entries->nelts; i++) {
        sync_brake_entry_t *entry = &APR_ARRAY_IDX(entries, i, sync_brake_entry_t);

        if (strcmp(entry->folder, folder) == 0)
            return entry;
    }
    return NULL;
}

static int brake_is_too_much(const sync_brake_entry_t *entry, const sync_brake_limits_t *limits)
{
    if (limits->items && entry->count > limits->items)
        return 1;
    return limits->share && entry->count >= SYNC_BRAKE_SHARE_LEAST &&
           entry->count * 100 > entry->size * limits->share;
}

/* One that may be used for another folder; NULL: all of so many are paused. */
static sync_brake_entry_t *brake_free_entry(apr_array_header_t *entries)
{
    int i;

    if (entries->nelts < SYNC_BRAKE_FOLDERS_MAX)
        return apr_array_push(entries);
    for (i = 0; i < entries->nelts; i++)
        if (APR_ARRAY_IDX(entries, i, sync_brake_entry_t).state != SYNC_BRAKE_PAUSED)
            return &APR_ARRAY_IDX(entries, i, sync_brake_entry_t);
    return NULL;
}

/* The folder's entry, as of the window that is running. */
static sync_brake_entry_t *brake_entry(apr_array_header_t *entries,
                                       const sync_brake_limits_t *limits, const char *folder,
                                       apr_uint64_t size, apr_time_t now)
{
    sync_brake_entry_t *entry = sync_brake_find(entries, folder);

    if (entry && !brake_is_over(entry, limits->window, now))
        return entry;
    if (!entry && !(entry = brake_free_entry(entries)))
        return NULL;
    *entry = (sync_brake_entry_t){
        .folder = folder, .state = SYNC_BRAKE_COUNTING, .since = now, .size = size, .digest = ""};
    return entry;
}

sync_brake_verdict_t sync_brake_judge(apr_array_header_t *entries,
                                      const sync_brake_limits_t *limits, const char *folder,
                                      apr_uint64_t wanted, apr_uint64_t size, const char *digest,
                                      apr_time_t now)
{
    sync_brake_entry_t *entry = sync_brake_find(entries, folder);

    if (entry && entry->state == SYNC_BRAKE_PAUSED)
        return SYNC_BRAKE_HELD;
    if (!wanted)
        return SYNC_BRAKE_FREE;
    if (!(entry = brake_entry(entries, limits, folder, size, now)))
        return SYNC_BRAKE_HELD;
    if (entry->state == SYNC_BRAKE_APPROVED || strcmp(entry->digest, digest) == 0)
        return SYNC_BRAKE_FREE;
    entry->count += wanted;
    entry->digest = digest;
    if (!brake_is_too_much(entry, limits))
        return SYNC_BRAKE_COUNTED;
    entry->state = SYNC_BRAKE_PAUSED;
    entry->since = now;
    return SYNC_BRAKE_PULLED;
}
