/* A request body: guard, libwbxml, tree, and back again.
 *
 * The first byte chooses how the document is fed and where contents go: bits 0 to 5
 * the size of the pieces (0 = whole), bit 6 a low limit for spilling. */
#include "fuzz.h"

#include "t/unit/eas_helpers.h"

static void check_round_trip(const eas_limits_t *limits, const eas_node_t *root, apr_pool_t *pool)
{
    eas_spool_t *spool = eas_spool_create(NULL, pool);
    eas_writer_t *writer = eas_writer_create(spool, pool);
    const eas_node_t *again;
    const char *bytes;
    apr_size_t length;

    eas_selftest_encode(writer, root, pool);
    FUZZ_ASSERT(!eas_writer_finish(writer));
    bytes = spool_bytes(spool, &length, pool);
    FUZZ_ASSERT(bytes);
    FUZZ_ASSERT(!decode_limited(limits, bytes, length, 0, &again, pool));
    FUZZ_ASSERT(strcmp(eas_node_dump(root, pool), eas_node_dump(again, pool)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    eas_limits_t limits = EAS_LIMITS_DEFAULT;
    const eas_node_t *whole, *pieces;
    base_fault_t *fault, *other;
    apr_pool_t *pool;

    if (!size)
        return 0;
    pool = fuzz_pool();
    if (data[0] & 0x40) {
        limits.spill_above = 24;
        limits.memory = 256;
    }
    fault = decode_limited(&limits, data + 1, size - 1, 0, &whole, pool);
    other = decode_limited(&limits, data + 1, size - 1, data[0] & 0x3f, &pieces, pool);
    FUZZ_ASSERT(base_fault_code(fault) == base_fault_code(other));
    FUZZ_ASSERT(base_fault_code(fault) == BASE_FAULT_NONE ||
                base_fault_code(fault) == BASE_FAULT_INVALID ||
                base_fault_code(fault) == BASE_FAULT_TOO_LARGE);
    FUZZ_ASSERT(fault ? !whole && !pieces : !whole == !pieces);
    if (whole) {
        FUZZ_ASSERT(strcmp(eas_node_dump(whole, pool), eas_node_dump(pieces, pool)) == 0);
        check_round_trip(&limits, whole, pool);
    }
    apr_pool_destroy(pool);
    return 0;
}
