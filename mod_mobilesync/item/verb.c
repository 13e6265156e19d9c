#include "item/verb.h"

#include <apr_strings.h>

#include "base/text.h"
#include "base/time.h"

/* "VERB TIME FLAGS": the flags as they were afterwards. */
void item_verb_apply(const backend_entry_t *entry, item_verb_t verb, apr_time_t when,
                     backend_update_t *update, apr_pool_t *pool)
{
    apr_uint64_t flag = verb == ITEM_VERB_FORWARD ? BACKEND_FLAG_FORWARDED : BACKEND_FLAG_ANSWERED;

    update->mask |= flag;
    update->values |= flag;
    update->which |= 1u << BACKEND_PROPERTY_LAST_VERB;
    update->properties.text[BACKEND_PROPERTY_LAST_VERB] =
        apr_psprintf(pool, "%d %s %d", (int)verb, base_time_format_dashed(when, pool),
                     (int)((entry->token | flag) & ITEM_VERB_FLAGS));
}

static int verb_parse(const backend_entry_t *entry, apr_uint64_t *verb, const char **when,
                      apr_uint64_t *flags, apr_pool_t *pool)
{
    const char *text =
        entry->properties ? entry->properties->text[BACKEND_PROPERTY_LAST_VERB] : NULL;
    char *words[3], *state;
    apr_time_t time;
    int i;

    if (!text)
        return 0;
    for (i = 0; i < 3; i++)
        if (!(words[i] = apr_strtok(i ? NULL : apr_pstrdup(pool, text), " ", &state)))
            return 0;
    *when = words[1];
    return base_text_parse_uint(words[0], ITEM_VERB_FORWARD, verb) &&
           base_time_parse(words[1], &time) &&
           base_text_parse_uint(words[2], ITEM_VERB_FLAGS, flags);
}

item_verb_t item_verb_of(const backend_entry_t *entry, const char **when, apr_pool_t *pool)
{
    apr_uint64_t now = entry->token & ITEM_VERB_FLAGS, then, verb, other;

    if (now && verb_parse(entry, &verb, when, &then, pool)) {
        if (then == now)
            return (item_verb_t)verb;
        other = now & ~then; /* what another program did since was the last */
        if (other && then)
            now = other;
    }
    *when = NULL;
    return now & BACKEND_FLAG_ANSWERED    ? ITEM_VERB_REPLY
           : now & BACKEND_FLAG_FORWARDED ? ITEM_VERB_FORWARD
                                          : ITEM_VERB_NONE;
}
