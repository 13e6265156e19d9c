#include "sync/key.h"

#include <string.h>
#include <apr_strings.h>

int sync_key_series_valid(const char *series)
{
    return series && strlen(series) == SYNC_SERIES_LENGTH &&
           strspn(series, "0123456789abcdef") == SYNC_SERIES_LENGTH;
}

const char *sync_key_format(const char *series, unsigned counter, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%s-%u", series, counter);
}

int sync_key_parse(const char *text, char *series, unsigned *counter)
{
    apr_uint64_t number;

    if (strlen(text) < SYNC_SERIES_LENGTH + 2 || text[SYNC_SERIES_LENGTH] != '-')
        return 0;
    memcpy(series, text, SYNC_SERIES_LENGTH);
    series[SYNC_SERIES_LENGTH] = '\0';
    text += SYNC_SERIES_LENGTH + 1;
    if (!sync_key_series_valid(series) || *text == '0' ||
        !base_text_parse_uint(text, SYNC_COUNTER_MAX, &number))
        return 0;
    *counter = (unsigned)number;
    return 1;
}

sync_key_verdict_t sync_key_judge(const sync_keys_t *keys, const char *presented,
                                  const char *digest, int *index)
{
    char series[SYNC_SERIES_LENGTH + 1];
    unsigned counter;
    int i;

    *index = -1;
    if (strcmp(presented, "0") == 0)
        return keys->series && keys->fresh ? SYNC_KEY_START_AGAIN : SYNC_KEY_START;
    if (!keys->series || !sync_key_parse(presented, series, &counter) ||
        strcmp(series, keys->series) != 0)
        return SYNC_KEY_STALE;
    for (i = keys->answer_count - 1; i >= 0; i--) {
        if (counter == keys->answers[i].counter) {
            *index = i;
            return SYNC_KEY_CONFIRM;
        }
        if (counter == keys->base && digest && strcmp(digest, keys->answers[i].digest) == 0) {
            *index = i;
            return SYNC_KEY_REPLAY;
        }
    }
    return counter == keys->base ? SYNC_KEY_BASE : SYNC_KEY_STALE;
}

unsigned sync_key_latest(const sync_keys_t *keys)
{
    return keys->answer_count ? keys->answers[keys->answer_count - 1].counter : keys->base;
}

void sync_keys_start(sync_keys_t *keys, const char *series)
{
    memset(keys, 0, sizeof *keys);
    keys->series = series;
    keys->base = 1;
    keys->next = 2;
    keys->fresh = 1;
}

void sync_keys_confirm(sync_keys_t *keys, int index)
{
    keys->base = keys->answers[index].counter;
    keys->answer_count = 0;
    keys->fresh = 0;
}

int sync_keys_room(const sync_keys_t *keys, int *forgotten)
{
    *forgotten = keys->answer_count == SYNC_ALTERNATIVES_MAX ? 0 : -1;
    return keys->next < SYNC_COUNTER_MAX;
}

unsigned sync_keys_answer(sync_keys_t *keys, int forgotten, const char *digest)
{
    sync_key_answer_t *answer;

    if (forgotten >= 0) {
        keys->answer_count--;
        memmove(keys->answers + forgotten, keys->answers + forgotten + 1,
                (size_t)(keys->answer_count - forgotten) * sizeof *keys->answers);
    }
    answer = keys->answers + keys->answer_count++;
    answer->counter = keys->next++;
    answer->digest = digest;
    keys->fresh = 0;
    return answer->counter;
}

void sync_keys_pack(const sync_keys_t *keys, base_text_buffer_t *out)
{
    int i;

    sync_pack_text(out, keys->series);
    sync_pack_uint(out, keys->base);
    sync_pack_uint(out, keys->next);
    sync_pack_uint(out, (apr_uint64_t)keys->fresh);
    sync_pack_uint(out, (apr_uint64_t)keys->answer_count);
    for (i = 0; i < keys->answer_count; i++) {
        sync_pack_uint(out, keys->answers[i].counter);
        sync_pack_text(out, keys->answers[i].digest);
    }
}

void sync_keys_unpack(sync_keys_t *keys, sync_unpack_t *in, apr_pool_t *pool)
{
    int i;

    memset(keys, 0, sizeof *keys);
    keys->series = sync_unpack_text(in, pool);
    keys->base = sync_unpack_count(in, SYNC_COUNTER_MAX);
    keys->next = sync_unpack_count(in, SYNC_COUNTER_MAX);
    keys->fresh = (int)sync_unpack_count(in, 1);
    keys->answer_count = (int)sync_unpack_count(in, SYNC_ALTERNATIVES_MAX);
    for (i = 0; i < keys->answer_count; i++) {
        sync_key_answer_t *answer = keys->answers + i;

        answer->counter = sync_unpack_count(in, SYNC_COUNTER_MAX);
        answer->digest = sync_unpack_text(in, pool);
        if (answer->counter <= keys->base || answer->counter >= keys->next ||
            (i && answer->counter <= answer[-1].counter))
            in->bad = 1;
    }
    if (!sync_key_series_valid(keys->series) || !keys->base || keys->next <= keys->base)
        in->bad = 1;
}
