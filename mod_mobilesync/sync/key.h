/* Sync keys: a random series and a counter, "5f3c9a1e0b7d2c44-12". A folder state (or the
 * hierarchy) has a confirmed base and up to SYNC_ALTERNATIVES_MAX answers that were given
 * for the base's key and not yet confirmed: one for each different request. Presenting the
 * key of one of them confirms it and ends the others (MS-ASCMD 2.2.3.181.4). */
#ifndef SYNC_KEY_H
#define SYNC_KEY_H

#include <apr_pools.h>

#include "sync/pack.h"

#define SYNC_KEY_MAX 64       /* characters of a SyncKey, MS-ASCMD 2.2.3.181 */
#define SYNC_SERIES_LENGTH 16 /* [0-9a-f] */
#define SYNC_DIGEST_MAX 64
#define SYNC_ALTERNATIVES_MAX 4
#define SYNC_COUNTER_MAX 0x7fffffff

typedef struct {
    unsigned counter;
    const char *digest; /* of the request that it answers */
} sync_key_answer_t;

typedef struct {
    const char *series; /* NULL: there is no state */
    unsigned base;      /* counter of the confirmed key */
    unsigned next;      /* counter that the next answer gets; never given twice */
    int fresh;          /* 1: begun with key 0, and the key given then not presented yet */
    sync_key_answer_t answers[SYNC_ALTERNATIVES_MAX]; /* oldest first */
    int answer_count;
} sync_keys_t;

typedef enum {
    SYNC_KEY_START,       /* 0: begin a new series */
    SYNC_KEY_START_AGAIN, /* 0 again before the first key came back: give the same one */
    SYNC_KEY_BASE,        /* the base's key with a new request */
    SYNC_KEY_CONFIRM,     /* the key of an answer */
    SYNC_KEY_REPLAY,      /* the base's key with the request of an answer: it was lost */
    SYNC_KEY_STALE        /* anything else */
} sync_key_verdict_t;

/* digest NULL: the key is only looked at (GetItemEstimate, Ping); never REPLAY then. *index:
 * the answer, for CONFIRM and REPLAY. */
sync_key_verdict_t sync_key_judge(const sync_keys_t *keys, const char *presented,
                                  const char *digest, int *index);

const char *sync_key_format(const char *series, unsigned counter, apr_pool_t *pool);

/* Strict: exactly what sync_key_format writes. series needs SYNC_SERIES_LENGTH + 1 bytes. */
int sync_key_parse(const char *text, char *series, unsigned *counter);

int sync_key_series_valid(const char *series);

/* The last key returned: of the newest answer, or the base's. */
unsigned sync_key_latest(const sync_keys_t *keys);

/* A fresh series: its first key is counter 1. */
void sync_keys_start(sync_keys_t *keys, const char *series);
/* The answer becomes the base; all answers end. */
void sync_keys_confirm(sync_keys_t *keys, int index);
/* Makes room for one more answer: *forgotten is the index of the answer to be dropped first,
 * -1 when there is room. Returns 0 when the series is used up: treat as STALE. */
int sync_keys_room(const sync_keys_t *keys, int *forgotten);
/* Drops answer `forgotten` (-1: none), adds one at the end and returns its counter. */
unsigned sync_keys_answer(sync_keys_t *keys, int forgotten, const char *digest);

void sync_keys_pack(const sync_keys_t *keys, base_text_buffer_t *out);
void sync_keys_unpack(sync_keys_t *keys, sync_unpack_t *in, apr_pool_t *pool);

#endif
