/* Watching the local store with inotify: one instance and one thread per child, made with the
 * first watch; only directories of watched folders, counted. What cannot be watched (no inotify
 * watches left, a network file system) is looked at every few seconds.
 *
 * A change is told at once, and once more after the directory has been at rest long enough for a
 * scan to be trusted: only then a removal can be reported. */
#ifndef BACKEND_LOCAL_WATCH_H
#define BACKEND_LOCAL_WATCH_H

#include "backend/local.h"

base_fault_t *local_watcher_make(local_watcher_t **watcher, local_instance_t *instance,
                                 apr_pool_t *pool);

base_fault_t *local_watch_start(void *data, const char *account,
                                const apr_array_header_t *folder_ids, backend_changed_fn changed,
                                void *baton, void **watch, apr_pool_t *pool);
void local_watch_stop(void *data, void *watch);

/* When a file of the collection was last written in place, by what inotify tells, or watching it
 * began; 0: nobody watches it. */
apr_time_t local_watcher_written(local_watcher_t *watcher, const char *account,
                                 const char *folder_id);

/* For tests: as if inotify could watch nothing from now on. */
void local_watcher_refuse(local_watcher_t *watcher);

#endif
