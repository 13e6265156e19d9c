/* What an operation of the client does to the mailbox, and when it is in conflict with what others
 * did. Every effect can be repeated without harm: flags are set to values, what is gone is gone, and
 * what is created or moved has a name derived from the ledger's key. */
#include "cmd/collection_impl.h"

#include <string.h>
#include <apr_sha1.h>
#include <apr_strings.h>

#include "backend/blob.h"

#define OP_EDIT_TRIES 8

apr_uint64_t collection_op_mask(const collection_op_t *op)
{
    return op->mask | (op->edit ? op->edit->fields : 0);
}

apr_uint64_t collection_op_values(const collection_op_t *op, apr_uint64_t token)
{
    return (op->values & op->mask) | (op->edit ? token & op->edit->fields : 0);
}

/* What an earlier form of one of the item's Changes wrote, as far as the request has been gone
 * through; NULL: nothing. */
static const apr_uint64_t *op_written(collection_t *collection, const collection_op_t *op,
                                      const collection_claim_t *claim)
{
    const sync_ledger_result_t *written = claim->other;

    if (written)
        apr_hash_set(collection->written, &op->uid, sizeof op->uid, written);
    else
        written = apr_hash_get(collection->written, &op->uid, sizeof op->uid);
    return written ? &written->token : NULL;
}

static int op_same_property(const backend_properties_t *there, const char *wanted, int property)
{
    const char *text = there ? there->text[property] : NULL;

    return text && wanted ? strcmp(text, wanted) == 0 : !text && !wanted;
}

/* Flags differ bit by bit, the number of a property as a whole. */
static int op_marks_conflict(const sync_holding_t *device, const apr_uint64_t *written,
                             apr_uint64_t current, apr_uint64_t mask, apr_uint64_t values)
{
    int i;

    for (i = 0; i < BACKEND_PROPERTY_COUNT; i++) {
        apr_uint64_t field = mask & BACKEND_PROPERTY_MASK(i);

        if (sync_diff_flags_conflict(device, NULL, current, field, values) &&
            (!written || (current ^ *written) & field))
            return 1;
    }
    return sync_diff_flags_conflict(device, written, current, BACKEND_FLAGS_OF(mask), values);
}

/* A conflict is one of the item: when one of its Changes in the request is in conflict, none of
 * them is done, whichever comes first. */
static int op_conflict(collection_t *collection, const collection_op_t *op,
                       const collection_claim_t *claim, apr_uint64_t current)
{
    const sync_holding_t device = sync_window_holding(collection->window, op->uid);
    const collection_request_t *request = collection->request;
    const apr_uint64_t *written = op_written(collection, op, claim);
    int may = !collection->answer.options.client_wins && !claim->doubt;
    int self = (int)(op - request->ops), i;

    for (i = 0; i < request->op_count; i++) {
        const collection_op_t *each = request->ops + i;

        if (each->kind != COLLECTION_OP_CHANGE || each->uid != op->uid)
            continue;
        if (i < self ? collection->recorded[i].code == BASE_FAULT_CONFLICT
                     : may && op_marks_conflict(&device, written, current, collection_op_mask(each),
                                                collection_op_values(each, ~current)))
            return 1;
    }
    return 0;
}

/* An earlier attempt may have been made, so that a property that is not as the device had it can be
 * its own work: when it is what the operation wants. If not, somebody else may have set it. */
static base_fault_t *op_doubtful_conflict(const collection_t *collection, const collection_op_t *op,
                                          const collection_claim_t *claim,
                                          const backend_entry_t *entry, int *conflict)
{
    const sync_holding_t device = sync_window_holding(collection->window, op->uid);
    backend_update_t update = {.which = 0};
    int i;

    *conflict = 0;
    if (!claim->doubt || !op->edit || collection->answer.options.client_wins ||
        !op_marks_conflict(&device, claim->other ? &claim->other->token : NULL, entry->token,
                           op->edit->fields, ~entry->token))
        return NULL;
    BASE_TRY(op->edit->apply(op->edit, entry, &update, collection->op_pool));
    for (i = 0; i < BACKEND_PROPERTY_COUNT; i++)
        if (update.which & (1u << i) &&
            !op_same_property(entry->properties, update.properties.text[i], i))
            *conflict = 1;
    return NULL;
}

int collection_op_content_conflict(const collection_t *collection, const collection_op_t *op,
                                   const collection_claim_t *claim, apr_uint64_t current)
{
    sync_holding_t device = sync_window_holding(collection->window, op->uid);
    apr_uint64_t written = claim->other ? BACKEND_REVISION_OF(claim->other->token) : 0;

    if (!op->blob || collection->answer.options.client_wins)
        return 0;
    if (claim->doubt && op->again && BACKEND_REVISION_OF(current) == op->revision)
        return 0;
    if (device.token != SYNC_TOKEN_UNKNOWN)
        device.token = BACKEND_REVISION_OF(device.token);
    return sync_diff_content_conflict(&device, claim->other ? &written : NULL,
                                      BACKEND_REVISION_OF(current));
}

static base_fault_t *op_change_content(collection_t *collection, const collection_op_t *op,
                                       backend_entry_t *entry)
{
    apr_uint64_t flags = (BACKEND_FLAGS_OF(entry->token) & ~op->mask) | (op->values & op->mask);
    base_fault_t *fault =
        backend_item_replace(collection->env->backend, collection->request->folder_id, op->uid,
                             entry->token, flags, op->blob, entry, collection->op_pool);

    /* another program was at it at the same moment: the device asks again */
    if (base_fault_code(fault) == BASE_FAULT_CONFLICT)
        fault->code = BASE_FAULT_BUSY;
    return fault;
}

/* Flags and properties in one step. What the properties become may depend on what they are: another
 * device may be at them at the same moment. */
static base_fault_t *op_change_marks(collection_t *collection, const collection_op_t *op,
                                     backend_entry_t *entry)
{
    const char *folder_id = collection->request->folder_id;
    backend_session_t *backend = collection->env->backend;
    base_fault_t *fault;
    int tries = 0;

    if (!op->edit)
        return backend_item_set_flags(backend, folder_id, op->uid, op->mask, op->values, entry,
                                      collection->op_pool);
    for (;;) {
        backend_update_t update = {.mask = op->mask,
                                   .values = op->values,
                                   .match_mask = op->edit->fields | BACKEND_FLAG_FLAGGED,
                                   .match = entry->token};

        BASE_TRY(op->edit->apply(op->edit, entry, &update, collection->op_pool));
        fault =
            backend_item_update(backend, folder_id, op->uid, &update, entry, collection->op_pool);
        if (base_fault_code(fault) != BASE_FAULT_CONFLICT)
            return fault;
        if (++tries == OP_EDIT_TRIES) {
            fault->code = BASE_FAULT_BUSY;
            return fault;
        }
        BASE_TRY(backend_item_entry(backend, folder_id, op->uid, entry, collection->op_pool));
    }
}

/* Are these the same mail? A mailbox may keep it with other line ends. */
static int op_same_text(const char *one, apr_uint64_t one_size, const char *other,
                        apr_uint64_t other_size)
{
    apr_uint64_t i = 0, k = 0;

    for (;; i++, k++) {
        i += i + 1 < one_size && one[i] == '\r' && one[i + 1] == '\n';
        k += k + 1 < other_size && other[k] == '\r' && other[k + 1] == '\n';
        if (i >= one_size || k >= other_size)
            return i >= one_size && k >= other_size;
        if (one[i] != other[k])
            return 0;
    }
}

static base_fault_t *op_same(const collection_t *collection, const collection_op_t *op,
                             apr_uint64_t uid, int *same)
{
    const char *stored, *sent;
    backend_blob_t *blob;

    BASE_TRY(backend_item_fetch(collection->env->backend, collection->request->folder_id, uid,
                                &blob, collection->op_pool));
    BASE_TRY(backend_blob_load(blob, &stored, collection->op_pool));
    BASE_TRY(backend_blob_load(op->blob, &sent, collection->op_pool));
    *same = op_same_text(stored, blob->size, sent, op->blob->size);
    return NULL;
}

static base_fault_t *op_change(collection_t *collection, const collection_op_t *op,
                               const collection_claim_t *claim, sync_ledger_result_t *result,
                               int *begun)
{
    const sync_holding_t device = sync_window_holding(collection->window, op->uid);
    const char *folder_id = collection->request->folder_id;
    backend_session_t *backend = collection->env->backend;
    backend_entry_t entry;
    int same = 0, conflict;

    BASE_TRY(backend_item_entry(backend, folder_id, op->uid, &entry, collection->op_pool));
    BASE_TRY(op_doubtful_conflict(collection, op, claim, &entry, &conflict));
    if (conflict || op_conflict(collection, op, claim, entry.token) ||
        collection_op_content_conflict(collection, op, claim, entry.token))
        return base_fault_make(collection->op_pool, BASE_FAULT_CONFLICT,
                               "the server's version wins");
    *begun = 1;
    if (op->blob && claim->doubt)
        BASE_TRY(op_same(collection, op, op->uid, &same));
    if (op->edit || !op->blob || same)
        BASE_TRY(op_change_marks(collection, op, &entry));
    if (op->blob && !same)
        BASE_TRY(op_change_content(collection, op, &entry));
    /* of what it did not touch nothing was written: that may be another's, in conflict, and is to be
     * told */
    result->token = entry.token;
    if (device.held && device.token != SYNC_TOKEN_UNKNOWN) {
        const apr_uint64_t marks = ((apr_uint64_t)1 << BACKEND_REVISION_SHIFT) - 1;

        result->token = sync_diff_flags_applied(&device, collection_op_mask(op),
                                                collection_op_values(op, entry.token))
                            .token;
        if (op->blob)
            result->token = (entry.token & ~marks) | (result->token & marks);
    }
    return NULL;
}

base_fault_t *collection_op_plan(const collection_t *collection, const collection_op_t *op,
                                 const collection_claim_t *claim, const backend_blob_t *before,
                                 const backend_blob_t *after, const backend_blob_t **memo)
{
    const backend_blob_t *earlier = collection_claim_memo(claim, collection->op_pool);

    *memo = NULL;
    if (earlier)
        before = earlier;
    if (!op->follow || !before || before == after) /* what it was nobody knows, or it stays */
        return NULL;
    return op->follow->plan(op->follow, before, after, memo, collection->op_pool);
}

base_fault_t *collection_op_plan_added(const collection_t *collection, const collection_op_t *op,
                                       const backend_blob_t *after)
{
    const backend_blob_t *memo;

    return op->follow ? op->follow->plan(op->follow, NULL, after, &memo, collection->op_pool)
                      : NULL;
}

base_fault_t *collection_op_follow(const collection_t *collection, const collection_op_t *op,
                                   const backend_blob_t *before, const backend_blob_t *after)
{
    return op->follow ? op->follow->done(op->follow, before, after, collection->op_pool) : NULL;
}

/* What cannot be read can be removed all the same: then nobody can be told what it was. */
static base_fault_t *op_read_before(const collection_t *collection, const collection_op_t *op,
                                    const backend_blob_t **before)
{
    backend_blob_t *blob = NULL;
    base_fault_t *fault =
        backend_item_fetch(collection->env->backend, collection->request->folder_id, op->uid, &blob,
                           collection->op_pool);
    const char *data;

    if (!fault)
        fault = backend_blob_load(blob, &data, collection->op_pool);
    *before = fault ? NULL : blob;
    switch ((int)base_fault_code(fault)) {
    case BASE_FAULT_DENIED:
    case BASE_FAULT_CORRUPT:
    case BASE_FAULT_TOO_LARGE:
        base_log_write(collection->env->log, BASE_LOG_INFO, "an item that is removed: %s",
                       fault->message);
        return NULL;
    default:
        return fault;
    }
}

/* What is gone already may have been removed by an earlier attempt that nothing followed yet. */
static base_fault_t *op_follow_removed(const collection_t *collection, const collection_op_t *op,
                                       const collection_claim_t *claim, base_fault_t *fault)
{
    const backend_blob_t *memo;

    if (base_fault_code(fault) != BASE_FAULT_NOT_FOUND)
        return fault;
    BASE_TRY(collection_op_plan(collection, op, claim, NULL, NULL, &memo));
    return memo ? collection_op_follow(collection, op, memo, NULL) : fault;
}

/* Removes it for good. */
static base_fault_t *op_remove(collection_t *collection, const collection_op_t *op,
                               collection_claim_t *claim, int *begun)
{
    backend_session_t *backend = collection->env->backend;
    const char *folder_id = collection->request->folder_id;
    const backend_blob_t *before = NULL, *memo = NULL;
    base_fault_t *fault;
    const char *data;

    if (op->follow) {
        fault = op_read_before(collection, op, &before);
        if (fault)
            return op_follow_removed(collection, op, claim, fault);
        BASE_TRY(collection_op_plan(collection, op, claim, before, NULL, &memo));
    }
    if (memo) {
        BASE_TRY(backend_blob_load(memo, &data, collection->op_pool));
        BASE_TRY(collection_claim_intend(
            collection, claim, op->uid, backend_content_token(data, (apr_size_t)memo->size), memo));
    }
    *begun = 1;
    BASE_TRY(backend_item_remove(backend, folder_id, op->uid, collection->op_pool));
    return memo ? collection_op_follow(collection, op, memo, NULL) : NULL;
}

/* Deleting what is gone succeeds (and Delete beats whatever else was done, MS-ASCMD R2076). */
static base_fault_t *op_delete(collection_t *collection, const collection_op_t *op,
                               collection_claim_t *claim, sync_ledger_result_t *result, int *begun)
{
    const char *folder_id = collection->request->folder_id;
    backend_session_t *backend = collection->env->backend;
    backend_entry_t entry;
    base_fault_t *fault;
    const char *cursor;

    (void)result;
    *begun = op->trash_id != NULL;
    if (op->trash_id && strcmp(op->trash_id, folder_id) != 0)
        fault = backend_item_move(backend, folder_id, op->uid, op->trash_id,
                                  collection_claim_derived_name(collection, claim, op->trash_id),
                                  &entry, collection->op_pool);
    else
        fault = op_remove(collection, op, claim, begun);
    if (base_fault_code(fault) == BASE_FAULT_NOT_FOUND)
        return NULL;
    if (base_fault_code(fault) == BASE_FAULT_FOLDER_GONE && op->trash_id) {
        /* which of the two? The item is not removed for good when it was to be kept. */
        BASE_TRY(backend_folder_probe(backend, folder_id, &cursor, collection->op_pool));
        return base_fault_make(collection->op_pool, BASE_FAULT_DENIED, "the trash folder is gone");
    }
    return fault;
}

/* Of a mail, whichever line ends the mailbox keeps it with; never 0. */
static base_fault_t *op_hash(const backend_blob_t *blob, apr_uint64_t *hash, apr_pool_t *pool)
{
    unsigned char digest[APR_SHA1_DIGESTSIZE];
    apr_sha1_ctx_t context;
    const char *line, *next, *end;

    BASE_TRY(backend_blob_load(blob, &line, pool));
    end = line + blob->size;
    apr_sha1_init(&context);
    for (; line < end; line = next) {
        const char *feed = memchr(line, '\n', (apr_size_t)(end - line));
        apr_size_t length;

        next = feed ? feed + 1 : end;
        length = (apr_size_t)((feed ? feed : end) - line);
        apr_sha1_update(&context, line,
                        (unsigned)(feed && length && feed[-1] == '\r' ? length - 1 : length));
        if (feed)
            apr_sha1_update(&context, "\n", 1);
    }
    apr_sha1_final(digest, &context);
    memcpy(hash, digest, sizeof *hash);
    *hash |= *hash == 0;
    return NULL;
}

/* Has somebody else replaced the content of what an earlier attempt added? An attempt of which nobody
 * knows what it did has said what it was going to write over another content (op_add_again). */
static base_fault_t *op_add_overtaken(const collection_t *collection,
                                      const collection_claim_t *claim, const backend_entry_t *entry,
                                      int *overtaken)
{
    apr_uint64_t revision = claim->other ? BACKEND_REVISION_OF(claim->other->token) : 0, hash;
    backend_blob_t *blob;
    int i;

    *overtaken = 0;
    if (collection->answer.options.client_wins || (claim->doubt && !claim->held) ||
        BACKEND_REVISION_OF(entry->token) == revision)
        return NULL;
    if (claim->intent_count) {
        BASE_TRY(backend_item_fetch(collection->env->backend, collection->request->folder_id,
                                    entry->uid, &blob, collection->op_pool));
        BASE_TRY(op_hash(blob, &hash, collection->op_pool));
        for (i = 0; i < claim->intent_count; i++)
            if (claim->intents[i]->token == hash)
                return NULL;
    }
    *overtaken = 1;
    return NULL;
}

/* Is a property to be what the device wants now? One that somebody else has set since the earlier
 * attempt stays, unless the client is to win and names it. When it is not known how that attempt left
 * it, what the device names is its own. */
static int op_add_property(const collection_t *collection, const collection_op_t *op,
                           const collection_claim_t *claim, apr_uint64_t current, int property)
{
    int known = claim->other && !claim->doubt;

    if (known && !((current ^ claim->other->token) & BACKEND_PROPERTY_MASK(property)))
        return 1;
    return op->put->properties && op->put->properties->text[property] &&
           (!known || collection->answer.options.client_wins);
}

/* *result is what the device holds then: it is told of properties that stay. */
static base_fault_t *op_add_replace(collection_t *collection, const collection_op_t *op,
                                    const collection_claim_t *claim, backend_entry_t *entry,
                                    sync_ledger_result_t *result)
{
    static const backend_properties_t none;
    const backend_properties_t *wanted = op->put->properties ? op->put->properties : &none;
    const char *folder_id = collection->request->folder_id;
    backend_session_t *backend = collection->env->backend;
    backend_update_t update = {.match_mask = ~(apr_uint64_t)0};
    int i;

    for (i = 0; i < BACKEND_PROPERTY_COUNT; i++) {
        if (op_same_property(entry->properties, wanted->text[i], i))
            continue;
        if (op_add_property(collection, op, claim, entry->token, i)) {
            update.which |= 1u << i;
            update.properties.text[i] = wanted->text[i];
        }
        else
            result->token = BACKEND_FLAG_OUTDATED;
    }
    BASE_TRY(backend_item_replace(backend, folder_id, entry->uid, entry->token, op->put->flags,
                                  op->blob, entry, collection->op_pool));
    update.match = entry->token;
    return update.which ? backend_item_update(backend, folder_id, entry->uid, &update, entry,
                                              collection->op_pool)
                        : NULL;
}

/* The content is the device's; what it was put into since the device is told of. */
static void op_add_tell(const collection_op_t *op, const backend_entry_t *entry,
                        sync_ledger_result_t *result)
{
    int i;

    for (i = 0; i < BACKEND_PROPERTY_COUNT; i++)
        if (!op_same_property(entry->properties,
                              op->put->properties ? op->put->properties->text[i] : NULL, i))
            result->token = BACKEND_FLAG_OUTDATED;
}

/* An earlier attempt has added the item. When the device has altered it since, it is replaced:
 * the device knows it by one ServerId, whichever answer reaches it. When somebody else has, and the
 * server's version is to win, the device is told of that. */
static base_fault_t *op_add_again(collection_t *collection, const collection_op_t *op,
                                  collection_claim_t *claim, backend_entry_t *entry,
                                  sync_ledger_result_t *result, int *kept)
{
    apr_uint64_t hash;
    base_fault_t *fault;
    int same;

    *kept = 0;
    fault = op_same(collection, op, entry->uid, &same);
    if (!fault && same) {
        op_add_tell(op, entry, result);
        return NULL;
    }
    if (!fault)
        fault = op_add_overtaken(collection, claim, entry, kept);
    if (*kept)
        return NULL;
    if (!fault) {
        BASE_TRY(op_hash(op->blob, &hash, collection->op_pool));
        BASE_TRY(collection_claim_intend(collection, claim, entry->uid, hash, NULL));
    }
    if (!fault)
        fault = op_add_replace(collection, op, claim, entry, result);
    /* another program was at it at the same moment: that is nothing to be told of an Add */
    if (base_fault_code(fault) == BASE_FAULT_NOT_FOUND ||
        base_fault_code(fault) == BASE_FAULT_CONFLICT)
        fault->code = BASE_FAULT_BUSY;
    return fault;
}

static base_fault_t *op_add(collection_t *collection, const collection_op_t *op,
                            collection_claim_t *claim, sync_ledger_result_t *result, int *begun)
{
    backend_put_t put = *op->put;
    backend_entry_t entry;
    int existed, kept = 0;

    put.derived_name = collection_claim_derived_name(collection, claim, "");
    *begun = 1;
    BASE_TRY(backend_item_put(collection->env->backend, collection->request->folder_id, &put,
                              op->blob, &entry, &existed, collection->op_pool));
    if (existed)
        BASE_TRY(op_add_again(collection, op, claim, &entry, result, &kept));
    result->uid = entry.uid;
    result->date = entry.date;
    if (kept) {
        result->token = SYNC_TOKEN_UNKNOWN;
        return NULL;
    }
    /* what the device holds: its own flags, also when the item has got others meanwhile */
    result->token |= entry.token - BACKEND_FLAGS_OF(entry.token) + op->put->flags;
    return NULL;
}

base_fault_t *collection_op_effect(collection_t *collection, const collection_op_t *op,
                                   collection_claim_t *claim, sync_ledger_result_t *result,
                                   int *begun)
{
    result->digest = claim->digest;
    result->uid = op->uid;
    switch (op->kind) {
    case COLLECTION_OP_CHANGE:
        return op->merge ? collection_merge_change(collection, op, claim, result, begun)
                         : op_change(collection, op, claim, result, begun);
    case COLLECTION_OP_DELETE:
        return op_delete(collection, op, claim, result, begun);
    case COLLECTION_OP_ADD:
        return op->merge ? collection_merge_add(collection, op, claim, result, begun)
                         : op_add(collection, op, claim, result, begun);
    case COLLECTION_OP_FETCH:
        break;
    }
    return base_fault_make(collection->op_pool, BASE_FAULT_INTERNAL, "no such operation");
}
