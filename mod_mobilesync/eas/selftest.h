/* Proves at start-up that libwbxml behaves as eas/wbxml_abi.h declares it. */
#ifndef EAS_SELFTEST_H
#define EAS_SELFTEST_H

#include <apr_pools.h>

#include "base/fault.h"
#include "eas/node.h"
#include "eas/writer.h"

/* Runs the checks in a child process, so that a library with another binary interface
 * is a fault (UNSUPPORTED) with a clear message and not a crash. For the parent, before
 * it starts any thread. */
base_fault_t *eas_selftest_run(apr_pool_t *pool);

/* The checks themselves, in this process. */
base_fault_t *eas_selftest_check(apr_pool_t *pool);

/* Runs a check in a child process and waits for it up to a number of seconds. */
base_fault_t *eas_selftest_fork(base_fault_t *(*check)(apr_pool_t *pool), int seconds,
                                apr_pool_t *pool);

/* Writes a decoded document again; contents that are no text become opaques. A content
 * that cannot be read from the spill file is left out. */
void eas_selftest_encode(eas_writer_t *writer, const eas_node_t *root, apr_pool_t *pool);

#endif
